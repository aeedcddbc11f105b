// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package incident_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
	"github.com/kuroshio-watch/kuroshio/packs"
)

// flight is one object's way, as a track table would show it.
type flight struct {
	number track.Number
	from   time.Time
	speed  geo.Knots
	way    []geo.Point
}

// at returns where the flight is, and its course; false before and after.
func (f *flight) at(now time.Time) (geo.Point, geo.Degrees, bool) {
	left := geo.Metres(float64(f.speed.MetresPerSecond()) * now.Sub(f.from).Seconds())
	for i := 1; i < len(f.way) && left >= 0; i++ {
		d, azi := geo.Inverse(f.way[i-1], f.way[i])
		if left <= d {
			return geo.Direct(f.way[i-1], azi, left), azi, true
		}
		left -= d
	}
	return geo.Point{}, 0, false
}

// floor is one watch floor with the shipped zones and rules, and an officer
// who acknowledges after a minute and closes when all is over.
type floor struct {
	t      testing.TB
	watch  *watch.Watch
	book   *incident.Book
	tracks table
	rng    *rand.Rand
	sounds []sound
}

// sound is an incident's alarm going off, or becoming more urgent.
type sound struct {
	at       time.Time
	incident incident.Number
	priority int
}

func newFloor(t testing.TB, adiz zone.ID) *floor {
	t.Helper()
	pack, err := packs.Load("taiwan-ryukyu")
	must(t, err)
	zones, err := zone.Parse(pack.Zones)
	must(t, err)
	rules, err := watch.ParseRules("rules.json", pack.Rules)
	must(t, err)
	w := watch.New(watch.Config{
		Self: "tw", Rules: rules, Zones: zones, ADIZ: adiz, HasPlanFeed: true, Plans: []watch.Plan{{Callsign: "NONE"}},
	})
	if out := w.OutOfService(); len(out) > 0 {
		t.Fatalf("out of service: %+v", out)
	}
	return &floor{t: t, watch: w, book: newBook("tw", "jp"), tracks: table{}, rng: rand.New(rand.NewPCG(1, 2))}
}

func (f *floor) run(flights []flight, from, to time.Time, step time.Duration) {
	for now := from; now.Before(to); now = now.Add(step) {
		var changes []track.Change
		for i := range flights {
			if c, ok := f.move(&flights[i], now); ok {
				changes = append(changes, c)
			}
		}
		f.book.Follow(changes, f.tracks)
		alerts := f.watch.Observe(now, f, changes)
		alerts = append(alerts, f.watch.Tick(now, f, nil, nil)...)
		f.watch.Proposals()
		for _, a := range alerts {
			f.raise(a, now)
		}
		f.officer(now)
	}
}

func (f *floor) Get(n track.Number) (track.Track, bool) { return f.tracks.Get(n) }
func (f *floor) Associations() []track.Association      { return nil }

func (f *floor) move(fl *flight, now time.Time) (track.Change, bool) {
	p, course, flying := fl.at(now)
	old, known := f.tracks[fl.number]
	switch {
	case !flying && known:
		delete(f.tracks, fl.number)
		return track.Change{Number: fl.number, Kind: track.Dropped}, true
	case !flying:
		return track.Change{}, false
	case !known:
		old = track.Track{Number: fl.number, Domain: plot.Air, State: track.Confirmed, FirstSeen: now, Sources: 1 << plot.Radar}
	}
	old.Time, old.HasVelocity, old.Course = now, true, course
	old.Pos = geo.Direct(p, geo.Degrees(360*f.rng.Float64()), geo.Metres(200*f.rng.NormFloat64()))
	old.Speed = fl.speed + geo.Knots(3*f.rng.NormFloat64())
	f.tracks[fl.number] = old
	return track.Change{Number: fl.number, Kind: track.Updated}, true
}

func (f *floor) raise(a watch.Alert, now time.Time) {
	before := make(map[incident.Number]incident.Incident)
	for _, inc := range f.book.Open() {
		before[inc.Number] = inc
	}
	n, _ := f.book.Raise(a, now, f.tracks)
	inc, ok := f.book.Get(n)
	if !ok || inc.Alarm != incident.Unacknowledged {
		return
	}
	if old, known := before[n]; !known || old.Alarm != incident.Unacknowledged || inc.Priority < old.Priority {
		f.sounds = append(f.sounds, sound{now, n, inc.Priority})
	}
}

func (f *floor) officer(now time.Time) {
	for _, inc := range f.book.Open() {
		switch {
		case inc.Alarm == incident.Unacknowledged || inc.Alarm == incident.Returned:
			if now.Sub(inc.Updated) >= time.Minute {
				must(f.t, f.book.Acknowledge(inc.Number, "lin", now))
			}
		case len(inc.Active) == 0 && now.Sub(inc.Updated) > 10*time.Minute:
			must(f.t, f.book.Close(inc.Number, "left-area", "", "lin", now))
		}
	}
}

// TestSlowFlightRoundTaiwan flies the published way of 28 August 2023, its
// turning points rounded to 0.1 degree; times and speed are invented.
func TestSlowFlightRoundTaiwan(t *testing.T) {
	f := newFloor(t, "adiz_tw_working")
	uav := flight{number: 1, from: t0, speed: 95, way: []geo.Point{
		{LatDeg: 25.9, LonDeg: 120.8},
		{LatDeg: 26.2, LonDeg: 121.8},
		{LatDeg: 25.6, LonDeg: 122.6},
		{LatDeg: 24.2, LonDeg: 122.5},
		{LatDeg: 23.4, LonDeg: 123.2},
		{LatDeg: 21.9, LonDeg: 122.4},
		{LatDeg: 20.7, LonDeg: 120.7},
		{LatDeg: 23.2, LonDeg: 117.9},
	}}
	f.run([]flight{uav}, t0, t0.Add(10*time.Hour), 12*time.Second)
	all := f.book.All()
	if len(all) != 1 {
		t.Fatalf("%d incidents, want one: %+v", len(all), all)
	}
	var got []string
	for _, e := range all[0].Events {
		if e.Kind == incident.EventAlert && !e.Cleared {
			got = append(got, string(e.Rule)+" "+string(e.Zone)+" "+e.Direction)
			if e.ZoneVersion == "" {
				t.Errorf("event %+v quotes no zone version", e)
			}
		}
	}
	slices.Sort(got)
	want := []string{
		// It leaves the ADIZ twice on its way, for more than five minutes.
		"A01 adiz_tw_working ", "A01 adiz_tw_working ", "A01 adiz_tw_working ", "A02 median_2019 eastward",
		"A06 gate_bashi in", "A06 gate_yonaguni_taiwan out", "A13 gap_n ",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("time line (-want +got):\n%s", d)
	}
}

// sorties makes waves of aircraft that come over the median line in one of
// five places, stay for a while and return: groups of about six, as the
// bulletins' areas have them.
func sorties(rng *rand.Rand, aircraft int, from, to time.Time) []flight {
	places := []geo.Point{
		{LatDeg: 26.4, LonDeg: 120.9},
		{LatDeg: 25.3, LonDeg: 119.9},
		{LatDeg: 24.4, LonDeg: 119.0},
		{LatDeg: 23.6, LonDeg: 118.2},
		{LatDeg: 22.4, LonDeg: 117.2},
	}
	var list []flight
	for len(list) < aircraft {
		start := from.Add(time.Duration(rng.Float64() * float64(to.Sub(from))))
		home := places[rng.IntN(len(places))]
		turn := geo.Direct(home, 110, geo.FromNM(60+30*rng.Float64()))
		for range min(4+rng.IntN(5), aircraft-len(list)) {
			side := geo.FromNM(3 * rng.Float64())
			a, b := geo.Direct(home, 20, side), geo.Direct(turn, 20, side)
			c := geo.Direct(b, 20, geo.FromNM(30))
			list = append(list, flight{
				number: track.Number(len(list) + 1), from: start.Add(time.Duration(rng.IntN(20)) * time.Second),
				speed: 420, way: []geo.Point{a, b, c, b, c, b, a},
			})
		}
	}
	return list
}

// TestAlarmBudget holds the budget of the operating concept: at most 6 alarms
// of priority 1 a watch on a normal day, at most 10 in 10 minutes on a day like
// 14 October 2024 with its 153 aircraft. The ways and times are made up.
func TestAlarmBudget(t *testing.T) {
	tests := map[string]struct {
		aircraft  int
		perWatch  int // of 12 hours; 0 for no limit
		perTenMin int
	}{
		"on a normal day":  {aircraft: 15, perWatch: 6, perTenMin: 6},
		"on the worst day": {aircraft: 153, perTenMin: 10},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFloor(t, "adiz_tw_working")
			flights := sorties(rand.New(rand.NewPCG(3, 4)), tc.aircraft, t0, t0.Add(10*time.Hour))
			f.run(flights, t0, t0.Add(12*time.Hour), 12*time.Second)
			first := 0
			for _, s := range f.sounds {
				if s.priority == 1 {
					first++
				}
			}
			worst := 0
			for i, s := range f.sounds {
				n := 0
				for _, o := range f.sounds[i:] {
					if o.priority == 1 && o.at.Sub(s.at) < 10*time.Minute {
						n++
					}
				}
				worst = max(worst, n)
			}
			t.Logf("%d aircraft: %d incidents, %d alarms, %d of priority 1, at most %d of them in 10 min",
				tc.aircraft, len(f.book.All()), len(f.sounds), first, worst)
			if first == 0 {
				t.Error("no alarm at all: the day tests nothing")
			}
			if (tc.perWatch > 0 && first > tc.perWatch) || worst > tc.perTenMin {
				t.Errorf("%d alarms of priority 1, %d in 10 min; want at most %d, %d", first, worst, tc.perWatch, tc.perTenMin)
			}
			held := make(map[track.Number]bool)
			for _, inc := range f.book.All() {
				for _, n := range inc.Tracks {
					held[n] = true
				}
			}
			if len(held) != tc.aircraft {
				t.Errorf("%d of %d aircraft are in an incident", len(held), tc.aircraft)
			}
		})
	}
}
