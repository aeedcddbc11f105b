// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
)

// TestOldStatementsAreForgotten keeps the desk from growing with every
// proposal and every distress that was ever told.
func TestOldStatementsAreForgotten(t *testing.T) {
	d := newDesk(policy(t, pictureRule(gapTerms)))
	for n := range uint64(50) {
		if err := d.Say("jp", record.KindDistress, n, distress(), release.Facts{}, start); err != nil {
			t.Fatal(err)
		}
	}
	if got := due(t, d, start, &picture{}); len(got) != 50 {
		t.Fatalf("%d reports left, want 50", len(got))
	}
	step(t, d, start.Add(23*time.Hour), &picture{})
	if n := len(d.PartnerView("jp")); n != 50 {
		t.Errorf("after 23 h the partner is shown to hold %d, want 50", n)
	}
	step(t, d, start.Add(40*24*time.Hour), &picture{})
	if n := len(d.PartnerView("jp")); n != 0 {
		t.Errorf("after 40 days the partner is shown to hold %d, want none", n)
	}
	if n := len(d.Snapshot().Objects["jp"]); n != 0 {
		t.Errorf("after 40 days the desk keeps %d objects, want none", n)
	}
}
