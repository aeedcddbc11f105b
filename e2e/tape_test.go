// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/tape"
	"github.com/kuroshio-watch/kuroshio/internal/tape/reel"
)

// TestEachHourOfTheDayIsSealed opens the tapes that the nodes left behind.
func TestEachHourOfTheDayIsSealed(t *testing.T) {
	t.Parallel()
	r := of(t, full)
	hours := int(r.report.End.Sub(r.report.Start) / time.Hour)
	for _, id := range []party.ID{tw, jp, cell} {
		tp, err := tape.OpenReader(filepath.Join(r.dir, string(id), "data", "tape"))
		if err != nil {
			t.Fatal(err)
		}
		info, sealed := reel.Look(tp), 0
		for _, s := range info.Segments {
			if s.Sealed {
				sealed++
			}
			if s.To.Sub(s.From) > time.Hour+time.Minute || s.Problem != "" {
				t.Errorf("%s: %s holds %s to %s, %s", id, s.Name, s.From, s.To, s.Problem)
			}
		}
		if !info.Good || info.First != 1 || sealed < hours-1 {
			t.Errorf("%s: %d segments sealed in %d hours, from entry %d, good %v", id, sealed, hours, info.First, info.Good)
		}
	}
}
