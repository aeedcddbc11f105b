// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"testing"
	"time"
)

// TestPace lets ten frames a second come, then none.
func TestPace(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	var p pace
	if got := p.now(now); got != 0 {
		t.Errorf("pace of nothing = %v", got)
	}
	for range 6000 {
		now = now.Add(100 * time.Millisecond)
		p.add(now)
	}
	if got := p.now(now); got < 9.9 || got > 10.1 {
		t.Errorf("pace = %v, want 10", got)
	}
	if got := p.now(now.Add(-time.Hour)); got > 10.1 {
		t.Errorf("pace by a clock that was put back = %v", got)
	}
	if got := p.now(now.Add(10 * time.Minute)); got > 0.001 {
		t.Errorf("pace after ten minutes of silence = %v", got)
	}
}
