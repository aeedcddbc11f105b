// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package watch_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

var t0 = time.Date(2023, 8, 28, 0, 0, 0, 0, time.UTC)

const pack = "../../packs/taiwan-ryukyu/rules.json"

func shippedRules(t testing.TB) []watch.Rule {
	t.Helper()
	b, err := os.ReadFile(pack)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := watch.ParseRules("rules.json", b)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// flatZones are boxes between two meridians and lines along a meridian, south
// of 30N and north of 20N.
type flatZones struct {
	areas map[zone.ID][2]float64
	lines map[zone.ID]float64
	ways  map[zone.ID][2]zone.Direction // eastward, westward
}

func someZones() *flatZones {
	return &flatZones{
		areas: map[zone.ID][2]float64{"adiz": {120, 123}, "gap_c": {123, 124}, "gap_s": {124, 124.5}},
		lines: map[zone.ID]float64{"median_2019": 119.5, "gate_yonaguni_taiwan": 122.5, "gate_miyako": 125.5},
		ways: map[zone.ID][2]zone.Direction{
			"median_2019":          {zone.Eastward, zone.Westward},
			"gate_yonaguni_taiwan": {zone.Out, zone.In},
			"gate_miyako":          {zone.Out, zone.In},
		},
	}
}

func (z *flatZones) Contains(id zone.ID, p geo.Point) bool {
	a, ok := z.areas[id]
	return ok && p.LonDeg >= a[0] && p.LonDeg < a[1] && p.LatDeg > 20 && p.LatDeg < 30
}

func (z *flatZones) Distance(id zone.ID, p geo.Point) (geo.Metres, bool) {
	edges := []float64{}
	if a, ok := z.areas[id]; ok {
		edges = a[:]
	}
	if l, ok := z.lines[id]; ok {
		edges = []float64{l}
	}
	best, found := geo.Metres(0), false
	for _, lon := range edges {
		d, _ := geo.Inverse(p, geo.Point{LatDeg: p.LatDeg, LonDeg: lon})
		if !found || d < best {
			best, found = d, true
		}
	}
	return best, found
}

func (z *flatZones) Crossings(a, b geo.Point, dst []zone.Crossing) []zone.Crossing {
	for _, id := range []zone.ID{"gate_miyako", "gate_yonaguni_taiwan", "median_2019"} {
		lon := z.lines[id]
		if (a.LonDeg < lon) == (b.LonDeg < lon) {
			continue
		}
		f := (lon - a.LonDeg) / (b.LonDeg - a.LonDeg)
		way := z.ways[id][0]
		if b.LonDeg < a.LonDeg {
			way = z.ways[id][1]
		}
		dst = append(dst, zone.Crossing{
			Zone: id, Fraction: f, Way: way,
			At: geo.Point{LatDeg: a.LatDeg + f*(b.LatDeg-a.LatDeg), LonDeg: lon},
		})
	}
	slices.SortStableFunc(dst, func(x, y zone.Crossing) int { return int(1e6 * (x.Fraction - y.Fraction)) })
	return dst
}

func (z *flatZones) Zones() []zone.Zone {
	var list []zone.Zone
	for _, id := range []zone.ID{"adiz", "gap_c", "gap_s", "gate_miyako", "gate_yonaguni_taiwan", "median_2019"} {
		list = append(list, zone.Zone{ID: id, Version: "test/1#" + string(id)})
	}
	return list
}

// table is a track table that a test fills by hand.
type table struct {
	tracks map[track.Number]track.Track
	assoc  []track.Association
}

func newTable() *table { return &table{tracks: make(map[track.Number]track.Track)} }

func (tb *table) Get(n track.Number) (track.Track, bool) {
	t, ok := tb.tracks[n]
	return t, ok
}

func (tb *table) Associations() []track.Association { return tb.assoc }

// rig flies tracks before a watch.
type rig struct {
	t      testing.TB
	w      *watch.Watch
	tb     *table
	alerts []watch.Alert
}

func newRig(t testing.TB, change ...func(*watch.Config)) *rig {
	t.Helper()
	cfg := watch.Config{Self: "tw", Rules: shippedRules(t), Zones: someZones(), ADIZ: "adiz", HasPlanFeed: true, Plans: somePlans(t)}
	for _, c := range change {
		c(&cfg)
	}
	return &rig{t: t, w: watch.New(cfg), tb: newTable()}
}

func somePlans(t testing.TB) []watch.Plan {
	t.Helper()
	plans, err := watch.ParsePlans("plans.csv", []byte("callsign,icao24,depart,arrive,route\n"+
		"EVA198,899001,2023-08-28T00:00:00Z,2023-08-28T02:00:00Z,25 119;25 125\n"))
	if err != nil {
		t.Fatal(err)
	}
	return plans
}

// uav is a slow aircraft without ADS-B at 25N, first seen at t0.
func uav(n track.Number, lon float64) track.Track {
	return track.Track{
		Number: n, Domain: plot.Air, State: track.Confirmed, FirstSeen: t0, Time: t0,
		Pos: geo.Point{LatDeg: 25, LonDeg: lon}, SigmaPos: 100, HasHeight: true, Height: 16000,
		HasVelocity: true, Speed: 95, Course: 90, Sources: 1 << plot.Radar, Exercise: true,
	}
}

// see puts a state of a track before the watch and returns what it raised.
func (r *rig) see(tr track.Track) []watch.Alert {
	r.tb.tracks[tr.Number] = tr
	got := r.w.Observe(tr.Time, r.tb, []track.Change{{Number: tr.Number, Kind: track.Updated}})
	r.alerts = append(r.alerts, got...)
	return got
}

// fly moves a track from one meridian to another with its speed (or, for a
// step of zero degrees, holds it there for hold), one update in 12 s.
func (r *rig) fly(tr *track.Track, toLon float64) {
	const dt = 12 * time.Second
	step := float64(tr.Speed.MetresPerSecond()) * dt.Seconds() / 100_950 // metres of a degree at 25N
	for (toLon-tr.Pos.LonDeg)*(toLon-tr.Pos.LonDeg) > step*step {
		tr.Time = tr.Time.Add(dt)
		if toLon > tr.Pos.LonDeg {
			tr.Pos.LonDeg += step
		} else {
			tr.Pos.LonDeg -= step
		}
		r.see(*tr)
	}
}

func (r *rig) hold(tr *track.Track, d time.Duration) {
	for end := tr.Time.Add(d); tr.Time.Before(end); {
		tr.Time = tr.Time.Add(12 * time.Second)
		r.see(*tr)
	}
}

// of returns the alerts of one rule.
func (r *rig) of(id watch.RuleID) []watch.Alert {
	var list []watch.Alert
	for _, a := range r.alerts {
		if a.Rule == id {
			list = append(list, a)
		}
	}
	return list
}

// want fails unless the rule raised and cleared as given, e.g. "+-" for once.
func (r *rig) want(id watch.RuleID, signs string) {
	r.t.Helper()
	got := ""
	for _, a := range r.of(id) {
		if a.Active {
			got += "+"
		} else {
			got += "-"
		}
	}
	if got != signs {
		r.t.Errorf("%s raised and cleared %q, want %q", id, got, signs)
	}
}
