// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/decode"
)

// TestClocksShown shows those that are off before all others, and tells how many
// it leaves out.
func TestClocksShown(t *testing.T) {
	var list []decode.Clock
	for i := range 30 {
		list = append(list, decode.Clock{Station: fmt.Sprint(i), Off: i == 7 || i == 29, Foreign: i == 29})
	}
	views, more := clockViews(list)
	if len(views) != maxClockViews || more != 30-maxClockViews {
		t.Fatalf("%d clocks, %d more", len(views), more)
	}
	for i, want := range []string{"7", "29", "0", "1"} {
		if v := views[i]; v.Station != want || v.Foreign != (want == "29") {
			t.Errorf("clock %d: %+v, want that of %s", i, v, want)
		}
	}
	if views, more := clockViews(list[:3]); len(views) != 3 || more != 0 {
		t.Errorf("%d clocks of 3, %d more", len(views), more)
	}
}
