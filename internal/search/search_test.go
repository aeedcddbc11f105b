// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package search_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/search"
)

var epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func TestDriftOf(t *testing.T) {
	tests := map[string]struct {
		object  string
		current search.Current
		wind    search.Wind
		want    record.Drift
	}{
		"a current alone":                       {"vessel", search.Current{SetDeg: 20, Rate: 2.1}, search.Wind{}, record.Drift{SetDeg: 20, RateE2: 210}},
		"a wind alone":                          {"fishing-vessel", search.Current{}, search.Wind{FromDeg: 180, Speed: 20}, record.Drift{SetDeg: 0, RateE2: 49}},
		"a northerly against the current":       {"life-raft", search.Current{Rate: 2}, search.Wind{FromDeg: 0, Speed: 20}, record.Drift{SetDeg: 0, RateE2: 126}},
		"a wind across":                         {"person-in-water", search.Current{Rate: 1}, search.Wind{FromDeg: 270, Speed: 25}, record.Drift{SetDeg: 13, RateE2: 103}},
		"a wind on what has no leeway":          {"vessel", search.Current{SetDeg: 20, Rate: 2}, search.Wind{FromDeg: 0, Speed: 40}, record.Drift{SetDeg: 20, RateE2: 200}},
		"a set that rounds to a whole circle":   {"vessel", search.Current{SetDeg: 359.8, Rate: 1}, search.Wind{}, record.Drift{SetDeg: 0, RateE2: 100}},
		"nothing at all":                        {"vessel", search.Current{}, search.Wind{}, record.Drift{}},
		"a wind from where the current goes to": {"fishing-vessel", search.Current{SetDeg: 90, Rate: 0.494}, search.Wind{FromDeg: 90, Speed: 20}, record.Drift{SetDeg: 0, RateE2: 0}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := search.DriftOf(tt.object, tt.current, tt.wind)
			if got.RateE2 == 0 {
				got.SetDeg = 0
			}
			if got != tt.want {
				t.Errorf("DriftOf = %+v, want %+v", got, tt.want)
			}
		})
	}
	if search.HasLeeway("vessel") || !search.HasLeeway("life-raft") {
		t.Error("HasLeeway is the other way round")
	}
}

func drifting() *record.SearchArea {
	return &record.SearchArea{
		State: "active", Object: "vessel", Datum: record.Corner{LatE5: 24_00000, LonE5: 122_00000}, DatumAt: epoch, DatumErrorM: 1000,
		Drift: &record.Drift{SetDeg: 0, RateE2: 2_00},
	}
}

func TestAt(t *testing.T) {
	a := drifting()
	e := search.At(a, epoch.Add(3*time.Hour))
	way, azi := geo.Inverse(geo.Point{LatDeg: 24, LonDeg: 122}, e.Pos)
	if math.Abs(way.NM()-6) > 0.001 || math.Abs(float64(azi.Norm180())) > 0.001 {
		t.Errorf("2 kt for 3 h went %v nm towards %v, want 6 towards 0", way.NM(), azi)
	}
	if want := math.Hypot(1000, 3*1852*math.Hypot(0.3, 0.3)); math.Abs(float64(e.ErrorM)-want) > 1 {
		t.Errorf("error %v m, want %v", e.ErrorM, want)
	}
	if e := search.At(a, epoch.Add(-time.Hour)); e.Pos != (geo.Point{LatDeg: 24, LonDeg: 122}) || e.ErrorM != 1000 {
		t.Errorf("before the datum: %+v, want the datum", e)
	}
	day, week := search.At(a, epoch.Add(24*time.Hour)), search.At(a, epoch.Add(7*24*time.Hour))
	if day.Old || !week.Old || week.Pos != day.Pos {
		t.Errorf("an estimate is carried on for a week: %+v", week)
	}
	a.Drift = nil
	if e := search.At(a, epoch.Add(time.Hour)); e.Pos != (geo.Point{LatDeg: 24, LonDeg: 122}) || e.ErrorM <= 1000 {
		t.Errorf("without a drift: %+v, want the datum with a larger error", e)
	}
}

// The uncertainty never shrinks, and the object is never farther from the
// datum than its drift carries it.
func TestTheUncertaintyGrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drifting()
		a.Datum = record.Corner{LatE5: rapid.Int32Range(-70_00000, 70_00000).Draw(t, "lat"), LonE5: rapid.Int32Range(-180_00000, 180_00000).Draw(t, "lon")}
		a.Drift = &record.Drift{SetDeg: rapid.Uint16Range(0, 359).Draw(t, "set"), RateE2: rapid.Uint16Range(0, 10_00).Draw(t, "rate")}
		a.DatumErrorM = rapid.Uint32Range(0, 200_000).Draw(t, "error")
		x := time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "x"))
		y := time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "y"))
		near, far := search.At(a, epoch.Add(min(x, y))), search.At(a, epoch.Add(max(x, y)))
		if far.ErrorM < near.ErrorM || near.ErrorM < geo.Metres(a.DatumErrorM) {
			t.Fatalf("error %v after %v, %v after %v", near.ErrorM, min(x, y), far.ErrorM, max(x, y))
		}
		way, _ := geo.Inverse(geo.Point{LatDeg: float64(a.Datum.LatE5) / 1e5, LonDeg: float64(a.Datum.LonE5) / 1e5}, far.Pos)
		if limit := float64(a.Drift.RateE2) / 100 * min(max(x, y), 24*time.Hour).Hours(); way.NM() > limit+0.01 {
			t.Fatalf("went %v nm, at most %v", way.NM(), limit)
		}
	})
}

func area(n byte, epochOf uint32, told time.Time) *record.Record {
	r := &record.Record{SearchArea: drifting()}
	r.ID, r.Object, r.Epoch, r.Time = record.ID{0: 9, 15: n}, record.ID{15: n}, epochOf, told
	return r
}

func TestEachPartyHasOneAreaInACase(t *testing.T) {
	d := search.NewDesk("tw")
	outs := d.State(7, *drifting(), "WANG", []party.ID{"cell", "jp"}, epoch)
	if len(outs) != 2 || outs[0].To != "cell" || outs[1].Number != 1 || outs[1].Incident != 7 || outs[1].Body.State != "active" {
		t.Fatalf("State = %+v", outs)
	}
	if outs := d.State(7, *drifting(), "LIN", []party.ID{"jp"}, epoch); len(outs) != 1 || outs[0].Number != 1 {
		t.Errorf("a newer version = %+v, want the same number", outs)
	}
	if outs := d.State(8, *drifting(), "LIN", []party.ID{"jp"}, epoch); outs[0].Number != 2 {
		t.Errorf("another case = %+v, want another number", outs)
	}
	for _, step := range []struct {
		r    *record.Record
		want error
	}{
		{area(1, 2, epoch), nil},
		{area(1, 2, epoch.Add(time.Minute)), search.ErrStale},
		{area(1, 1, epoch.Add(time.Minute)), search.ErrStale},
		{area(1, 3, epoch.Add(time.Minute)), nil},
		{area(2, 1, epoch), search.ErrStale},
		{area(2, 1, epoch.Add(time.Hour)), nil},
	} {
		if err := d.Receive("jp", 7, step.r, epoch); !errors.Is(err, step.want) {
			t.Errorf("Receive(%v, %d) = %v, want %v", step.r.Object, step.r.Epoch, err, step.want)
		}
	}
	list := d.Cases(7)
	if len(list) != 2 || list[0].Party != "jp" || list[1].Party != "tw" || list[1].By != "LIN" {
		t.Errorf("cases = %+v, want both parties' by party", list)
	}
	if _, err := d.Move(9, "closed", "WANG", nil, epoch); !errors.Is(err, search.ErrNone) {
		t.Errorf("closing nothing = %v, want ErrNone", err)
	}
	if _, err := d.Move(7, "gone", "WANG", nil, epoch); !errors.Is(err, search.ErrNone) {
		t.Errorf("another state = %v, want ErrNone", err)
	}
	outs, err := d.Move(7, "closed", "WANG", []party.ID{"jp"}, epoch)
	if err != nil || len(outs) != 1 || outs[0].Body.State != "closed" {
		t.Errorf("Move = %+v, %v", outs, err)
	}
	if _, err := d.Move(7, "closed", "WANG", nil, epoch); !errors.Is(err, search.ErrNone) {
		t.Errorf("closing twice = %v, want ErrNone", err)
	}
}

func TestSearchAreasFollowTheirIncidents(t *testing.T) {
	d := search.NewDesk("tw")
	d.State(1, *drifting(), "WANG", nil, epoch)
	d.State(2, *drifting(), "LIN", nil, epoch.Add(time.Minute))
	if err := d.Receive("jp", 2, area(1, 1, epoch), epoch); err != nil {
		t.Fatal(err)
	}
	d.Merge(1, 2)
	if list := d.Cases(1); len(list) != 2 || list[1].By != "LIN" || len(d.Cases(2)) != 0 {
		t.Errorf("after the merger: %+v, %+v", list, d.Cases(2))
	}
	b, err := json.Marshal(d.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var s search.State
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	back := search.NewDesk("tw")
	back.Restore(s)
	if diff := cmp.Diff(d.Cases(1), back.Cases(1)); diff != "" {
		t.Errorf("cases differ after a restart: %s", diff)
	}
	if outs := back.State(3, *drifting(), "WANG", []party.ID{"jp"}, epoch); outs[0].Number != 3 {
		t.Errorf("number %d is used twice", outs[0].Number)
	}
	d.Forget("jp", record.ID{0: 9, 15: 1})
	if list := d.Cases(1); len(list) != 1 || list[0].Party != "tw" {
		t.Errorf("after jp took it back: %+v", list)
	}
	d.Keep(func(uint32) bool { return false })
	if len(d.Cases(1)) != 0 {
		t.Error("search areas outlive their incident")
	}
}
