// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
)

// messagesRule lets messages go to jp, with the lines of the obligations.
func messagesRule(then string) string {
	return head + ruleText("words", "allow", "jp", "message", "", then+"\ndelay = \"60s\"")
}

// at is a message about a place, as fine as a metre.
func at(p geo.Point) record.Record {
	cell := release.CellOf(p, 1)
	return record.Record{Message: &record.Message{To: "jp", Precedence: "routine", Phrase: &record.Phrase{
		Edition: "1", Code: "204", Params: []record.Param{{Name: "where", Place: &record.Place{Cell: &cell}}},
	}}}
}

// A place in a message is as coarse as the policy in force when it leaves,
// whoever made the message, and never finer than that of when it was said.
func TestPlacesInMessagesAreNeverFinerThanTheGrid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := geo.Point{LatDeg: rapid.Float64Range(-89, 89).Draw(t, "lat"), LonDeg: rapid.Float64Range(-180, 180).Draw(t, "lon")}
		grids := map[string]uint32{`grid = "1km"`: 1000, `grid = "5km"`: 5000, `grid = "100km"`: 100_000}
		later := rapid.SampledFrom([]string{`grid = "1km"`, `grid = "5km"`, `grid = "100km"`}).Draw(t, "later")
		d := release.NewDesk(release.Config{Self: "tw", Partners: []party.ID{"jp"}, IDs: ids})
		d.SetPolicy(policy(t, messagesRule(`grid = "5km"`)))
		said := at(p)
		if err := d.Say("jp", record.KindMessage, 1, said, release.Facts{}, start); err != nil {
			t.Fatal(err)
		}
		d.SetPolicy(policy(t, messagesRule(later)))
		sealed, _ := d.Due(start.Add(time.Hour), release.Sources{})
		if len(sealed) != 1 {
			t.Fatalf("%d records leave, want 1", len(sealed))
		}
		r, err := record.Decode(sealed[0].Plain())
		if err != nil {
			t.Fatal(err)
		}
		got := *r.Message.Phrase.Params[0].Place.Cell
		if want := release.CellOf(geo.Point{LatDeg: float64(said.Message.Phrase.Params[0].Place.Cell.LatE5) / 1e5, LonDeg: float64(said.Message.Phrase.Params[0].Place.Cell.LonE5) / 1e5}, grids[later]); got != want {
			t.Errorf("cell = %+v, want %+v", got, want)
		}
	})
}

func TestPositionsDoNotLeaveUnderARuleWithoutGrid(t *testing.T) {
	d := release.NewDesk(release.Config{Self: "tw", Partners: []party.ID{"jp"}, IDs: ids})
	d.SetPolicy(policy(t, messagesRule("")))
	if err := d.Say("jp", record.KindMessage, 1, at(geo.Point{LatDeg: 24.5, LonDeg: 122.5}), release.Facts{}, start); !errors.Is(err, release.ErrWithheld) {
		t.Errorf("Say = %v, want ErrWithheld", err)
	}
	if _, ok := d.Grid("jp", record.KindMessage, release.Facts{}); !ok {
		t.Error("Grid says that no message may go")
	}
	if _, ok := d.Grid("cell", record.KindMessage, release.Facts{}); ok {
		t.Error("Grid says that a message may go to a stranger")
	}
	// What was said under a grid does not leave under none.
	d.SetPolicy(policy(t, messagesRule(`grid = "5km"`)))
	if err := d.Say("jp", record.KindMessage, 2, at(geo.Point{LatDeg: 24.5, LonDeg: 122.5}), release.Facts{}, start); err != nil {
		t.Fatal(err)
	}
	d.SetPolicy(policy(t, messagesRule("")))
	sealed, entries := d.Due(start.Add(time.Hour), release.Sources{})
	if len(sealed) != 0 || len(entries) != 1 || entries[0].Reason != release.NoFields {
		t.Errorf("Due = %d records, %+v; want it withheld for want of a grid", len(sealed), entries)
	}
	named := at(geo.Point{})
	named.Message.Phrase.Params[0].Place = &record.Place{Name: "gap_c"}
	if err := d.Say("jp", record.KindMessage, 3, named, release.Facts{}, start); err != nil {
		t.Errorf("a named place is withheld: %v", err)
	}
}
