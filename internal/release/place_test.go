// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"errors"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
)

// The place of a hand-over leaves as coarse as the policy says; where it says
// nothing, the proposal does not leave.
func TestPlaceOfAHandOverIsCoarsened(t *testing.T) {
	at := start.Add(time.Hour)
	proposal := func(cell record.Cell) record.Record {
		return record.Record{Dialogue: &record.Dialogue{
			Incident: []record.Ref{{Originator: "tw", ID: record.ID{1}}}, Step: "propose", Epoch: 1, Lead: "tw", Giver: "jp", At: &at, Cell: &cell,
		}}
	}
	exact := record.Cell{LatE5: 24_51234, LonE5: 122_51234, GridM: 1}
	tests := map[string]struct {
		then string
		cell record.Cell
		grid uint32 // 0: does not leave
	}{
		"it handles a rule with a grid":            {"grid = \"5km\"\ndelay = \"0s\"", exact, 5000},
		"it handles a rule without one":            {`delay = "0s"`, exact, 0},
		"it handles a place that is coarser still": {"grid = \"5km\"\ndelay = \"0s\"", record.Cell{LatE5: 24_50000, LonE5: 122_50000, GridM: 20_000}, 20_000},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(policy(t, head+ruleText("talk", "allow", "jp", "dialogue", "", tt.then)))
			err := d.Say("jp", record.KindDialogue, 1, proposal(tt.cell), release.Facts{}, start)
			got := step(t, d, start, &picture{})
			if tt.grid == 0 {
				if !errors.Is(err, release.ErrWithheld) || len(got) != 0 {
					t.Fatalf("Say = %v and %d records left, want it withheld", err, len(got))
				}
				return
			}
			if err != nil || len(got) != 1 {
				t.Fatalf("Say = %v and %d records left, want one", err, len(got))
			}
			c := got[0].Dialogue.Cell
			if c == nil || c.GridM != tt.grid || (tt.cell == exact && (c.LatE5 == exact.LatE5 || c.LonE5 == exact.LonE5)) {
				t.Errorf("the place that left is %+v, want a cell of %d m", c, tt.grid)
			}
		})
	}
}
