// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// drifter reports a place and a height once a second.
type drifter struct {
	start  geo.Point
	speed  float64 // m/s north
	height geo.Metres
	told   mtt.Classes
}

func (d *drifter) at(t float64) mtt.Measurement {
	m := claimOf(t, 0x780001, straight(d.start, 0, d.speed, t))
	m.Has |= mtt.HasHeight
	m.Height = d.height
	if d.told != 0 {
		m.Has, m.Class = m.Has|mtt.HasClass, d.told
	}
	return m
}

// follow tracks an object from one second to another.
func (d *drifter) follow(tr *mtt.Tracker, from, to int) {
	for k := from; k < to; k++ {
		observe(tr, d.at(float64(k)))
		tr.Advance(sec(float64(k)), nil)
	}
}

func classOf(t *testing.T, tr *mtt.Tracker) (mtt.Class, float64) {
	t.Helper()
	list := confirmed(tr)
	if len(list) != 1 {
		t.Fatalf("%d tracks, want 1", len(list))
	}
	return list[0].Class, list[0].Confidence
}

func TestAClassIsFoundByWhatAnObjectDoes(t *testing.T) {
	tests := map[string]struct {
		drifter
		seconds int
		want    mtt.Class
		least   float64
	}{
		"a liner":                      {drifter{placeA, 240, 10_000, 0}, 150, mtt.Aircraft, 0.9},
		"a balloon drifts high":        {drifter{placeA, 15, 18_000, 0}, 150, mtt.Balloon, 0.9},
		"a drone of long endurance":    {drifter{placeA, 50, 5500, 0}, 300, mtt.LargeDrone, 0.7},
		"unknown until it is seen":     {drifter{placeA, 240, 10_000, 0}, 40, 0, 0},
		"unknown where many would do":  {drifter{placeA, 20, 500, 0}, 600, 0, 0},
		"what it tells":                {drifter{placeA, 45, 700, mtt.OfEmitter(0xA7)}, 20, mtt.Helicopter, 0.9},
		"what it tells leaves two":     {drifter{placeA, 45, 700, mtt.OfEmitter(0xB6)}, 20, 0, 0},
		"it does what is told of one":  {drifter{placeA, 50, 5500, mtt.OfEmitter(0xB6)}, 150, mtt.LargeDrone, 0.9},
		"it is told to be none":        {drifter{placeA, 50, 1500, mtt.OfEmitter(0xB3)}, 300, 0, 0},
		"it cannot be what it tells":   {drifter{placeA, 240, 10_000, mtt.OfEmitter(0xB2)}, 300, mtt.Aircraft, 0.9},
		"a slow class cannot be so it": {drifter{placeA, 230, 100, mtt.OfUAType(2)}, 300, mtt.Aircraft, 0.7},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			tr := newTracker(t)
			tc.follow(tr, 0, tc.seconds)
			if got, p := classOf(t, tr); got != tc.want || p < tc.least || p > 0.99 {
				t.Errorf("class %q (%.3f), want %q and %.2f to 0.99", got, p, tc.want, tc.least)
			}
		})
	}
}

// A helicopter climbs, flies, and stands in the air.
func TestWhatHoversIsAHelicopter(t *testing.T) {
	tr := newTracker(t)
	p, height := placeA, 200.0
	for k := range 400 {
		m := claimOf(float64(k), 0x780001, p)
		m.Has, m.Height = m.Has|mtt.HasHeight, geo.Metres(height)
		observe(tr, m)
		tr.Advance(m.Time, nil)
		switch {
		case k < 150:
			p, height = geo.Direct(p, 0, 65), min(800, height+4)
		case k < 180:
			p = geo.Direct(p, 0, geo.Metres(65*(180-k)/30))
		}
	}
	if got, c := classOf(t, tr); got != mtt.Helicopter || c < 0.7 {
		t.Errorf("class %q (%.2f), want a helicopter", got, c)
	}
}

// However long an object does the same, it is not more than two pieces of
// evidence.
func TestRepetitionIsNoCertainty(t *testing.T) {
	d := drifter{placeA, 50, 5500, 0}
	tr := newTracker(t)
	var seen []float64
	for minute := range 180 {
		d.follow(tr, 60*minute, 60*(minute+1))
		seen = append(seen, tr.Snapshot().Tracks[0].Class.P[mtt.LargeDrone])
	}
	prior, first, early, late := seen[0], seen[1], seen[9], seen[len(seen)-1]
	if !(first > prior+0.1) || !(early > first) {
		t.Errorf("probability %.3f, after a look %.3f, after ten minutes %.3f: it does not learn", prior, first, early)
	}
	if late > early+0.01 || late > 0.97 {
		t.Errorf("probability %.3f after ten minutes, %.3f after three hours", early, late)
	}
}

// Repeating a category does not make it more probable either, and another one
// takes its place.
func TestWhatIsToldCountsOnce(t *testing.T) {
	d := drifter{placeA, 45, 700, mtt.OfEmitter(0xA7)}
	tr := newTracker(t)
	d.follow(tr, 0, 10)
	_, early := classOf(t, tr)
	d.follow(tr, 10, 29)
	if _, late := classOf(t, tr); late != early {
		t.Errorf("probability %.4f after 10 reports, %.4f after 29", early, late)
	}
	d.told = mtt.OfEmitter(0xA1)
	d.follow(tr, 29, 31)
	if got, _ := classOf(t, tr); got != mtt.Aircraft {
		t.Errorf("class %q, want that of the newest category", got)
	}
}

// A category is often told without a place.
func TestACategoryWithoutAPlaceIsHeard(t *testing.T) {
	tr := newTracker(t)
	d := drifter{placeA, 45, 700, 0}
	d.follow(tr, 0, 10)
	m := mtt.Measurement{Time: sec(10), Sensor: adsb, Domain: mtt.Air, Has: mtt.HasAddress | mtt.HasClass, Address: 0x780001, Class: mtt.OfEmitter(0xA7)}
	observe(tr, m)
	tr.Advance(sec(11), nil)
	if got, _ := classOf(t, tr); got != mtt.Helicopter {
		t.Errorf("class %q, want a helicopter", got)
	}
}

// A claim that is doubted gives no class: not by its category, and not by the way
// that it says it goes. What a radar sees it do counts.
func TestADoubtedClaimGivesNoClass(t *testing.T) {
	for name, tc := range map[string]struct {
		radar bool
		until int
		want  mtt.Class
	}{
		"alone":                              {false, 320, 0},
		"held by the radar":                  {true, 320, mtt.Aircraft},
		"held by the radar, and then silent": {true, 106, mtt.Aircraft},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTracker(t)
			var ms []mtt.Measurement
			for i := range 3 { // their accuracy falls together
				p := geo.Direct(placeA, geo.Degrees(30+40*i), 60_000)
				ms = append(ms, flight(uint32(100+i), p, 0, tc.until, func(m *mtt.Measurement, at int) {
					m.Has, m.NACp, m.Class = m.Has|mtt.HasNACp|mtt.HasClass, nacp(at > 100), mtt.OfEmitter(0xB2)
				})...)
				for _, m := range radarOf(radarA, p, 0, 320, rand.New(rand.NewPCG(4, uint64(i)))) {
					if tc.radar {
						m.Has, m.Address = m.Has|mtt.HasAddress, uint32(100+i)
						ms = append(ms, m)
					}
				}
			}
			doubted := 0
			playAll(tr, ms, func(at int) {
				e := claimed(t, tr, 100)
				switch {
				case e.Doubted:
					doubted++
					held := tr.Snapshot().Tracks[0]
					// What it told would leave it 0.012, in spite of its speed.
					if held.Claim.Low && held.Class.Mute && (held.Class.P[mtt.Balloon] > 0.005 || !tc.radar && held.Class.Seen[5] > 1) {
						t.Errorf("at %d s what is doubted counts: %+v", at, held.Class)
					}
					if e.Class == mtt.Balloon || !tc.radar && e.Class != 0 {
						t.Errorf("at %d s a doubted claim is a %v (%.2f)", at, e.Class, e.Confidence)
					}
				case at == 30 && e.Class != mtt.Balloon:
					t.Errorf("before any doubt class %q, want that told", e.Class)
				}
			})
			first := tr.Snapshot().Tracks[0]
			if e, _ := tr.Estimate(first.ID); doubted == 0 || e.Class != tc.want || tc.radar && first.Class.Told != 0 {
				t.Errorf("doubted for %d s; class %q at the end, told %b; want %q", doubted, e.Class, first.Class.Told, tc.want)
			}
		})
	}
}

// The models of a balloon foresee it better than those of any aircraft, and one
// that does what no balloon can is kept.
func TestATrackMovesByItsClass(t *testing.T) {
	sigma := func(from float64) float64 {
		cfg := testConfig()
		cfg.ClassFrom = from
		tr, err := mtt.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		d := drifter{placeA, 15, 18_000, mtt.OfEmitter(0xB2)}
		d.follow(tr, 0, 120)
		e, _ := tr.EstimateAt(1, sec(150))
		return float64(e.SigmaPos)
	}
	with, without := sigma(mtt.DefaultConfig().ClassFrom), sigma(0)
	if with > without/2 {
		t.Errorf("30 s ahead ± %.0f m with its models and ± %.0f m without, want half", with, without)
	}
	tr := newTracker(t)
	d := drifter{placeA, 15, 18_000, mtt.OfEmitter(0xB2)}
	d.follow(tr, 0, 120)
	p := straight(placeA, 0, 15, 119)
	for k := 120; k < 420; k++ { // it goes off as an aircraft
		p = geo.Direct(p, 90, geo.Metres(min(200, 4*(k-119))))
		m := d.at(float64(k))
		m.Pos = p
		observe(tr, m)
		tr.Advance(m.Time, nil)
	}
	if list := confirmed(tr); len(list) != 1 || list[0].ID != 1 || apart(list[0].Pos, p) > 100 || list[0].Class == mtt.Balloon {
		t.Errorf("tracks %+v, want the one at %v and no balloon", list, p)
	}
}

func TestClassesOfCodes(t *testing.T) {
	none := mtt.ClassesOf(0)
	for name, tc := range map[string]struct{ got, want mtt.Classes }{
		"A0":                  {mtt.OfEmitter(0xA0), 0},
		"A1":                  {mtt.OfEmitter(0xA1), mtt.ClassesOf(mtt.Aircraft)},
		"A7":                  {mtt.OfEmitter(0xA7), mtt.ClassesOf(mtt.Helicopter)},
		"B1":                  {mtt.OfEmitter(0xB1), mtt.ClassesOf(mtt.Aircraft)},
		"B2":                  {mtt.OfEmitter(0xB2), mtt.ClassesOf(mtt.Balloon)},
		"B3":                  {mtt.OfEmitter(0xB3), none},
		"B4":                  {mtt.OfEmitter(0xB4), mtt.ClassesOf(0, mtt.Aircraft)},
		"B6":                  {mtt.OfEmitter(0xB6), mtt.ClassesOf(mtt.SmallDrone, mtt.LargeDrone)},
		"C1":                  {mtt.OfEmitter(0xC1), none},
		"UA of no type":       {mtt.OfUAType(0), 0},
		"a multirotor":        {mtt.OfUAType(2), mtt.ClassesOf(mtt.SmallDrone)},
		"a free balloon":      {mtt.OfUAType(8), mtt.ClassesOf(mtt.Balloon)},
		"a rocket":            {mtt.OfUAType(12), none},
		"a vessel":            {mtt.OfVessel(416000001, mtt.Sea), mtt.ClassesOf(mtt.Vessel)},
		"a person overboard":  {mtt.OfVessel(972000001, mtt.Sea), none},
		"an aircraft of SAR":  {mtt.OfVessel(111416001, mtt.Air), mtt.ClassesOf(mtt.Aircraft, mtt.Helicopter)},
		"the classes in turn": {mtt.ClassesOf(mtt.Aircraft, mtt.Vessel), 1<<1 | 1<<6},
	} {
		if tc.got != tc.want {
			t.Errorf("%s leaves %b, want %b", name, tc.got, tc.want)
		}
	}
	if got := mtt.Vessel.String() + mtt.Class(0).String() + mtt.Class(7).String(); got != "vesselinvalid" {
		t.Errorf("names %q", got)
	}
}

// In the middle of a look a restored tracker goes on bit for bit.
func TestARestoredClassGoesOn(t *testing.T) {
	d := drifter{placeA, 15, 18_000, mtt.OfEmitter(0xB2)}
	for _, stop := range []int{20, 50, 75, 130} {
		whole, first := newTracker(t), newTracker(t)
		d.follow(whole, 0, 200)
		d.follow(first, 0, stop)
		raw, err := json.Marshal(first.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		var s mtt.State
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		second, err := mtt.Restore(testConfig(), s)
		if err != nil {
			t.Fatal(err)
		}
		d.follow(second, stop, 200)
		if diff := cmp.Diff(whole.Snapshot(), second.Snapshot()); diff != "" {
			t.Errorf("stopped at %d s: %s", stop, diff)
		}
	}
}

// What vessels do is judged beside vessels alone.
func TestVesselsAreNoAircraft(t *testing.T) {
	tr := newTracker(t)
	for k := range 300 {
		m := claimOf(float64(k), 0, straight(placeA, 0, 8, float64(k)))
		m.Domain, m.Has, m.MMSI = mtt.Sea, mtt.HasPosition|mtt.HasMMSI, 416000001
		observe(tr, m)
		tr.Advance(m.Time, nil)
		if k != 40 {
			continue
		}
		if got, _ := classOf(t, tr); got != 0 {
			t.Errorf("class %q before anything was seen", got)
		}
	}
	if got, p := classOf(t, tr); got != mtt.Vessel || p > 0.999 {
		t.Errorf("class %q (%.4f), want a vessel", got, p)
	}
	p := tr.Snapshot().Tracks[0].Class.P
	if p[mtt.Balloon] != 0 || p[mtt.Helicopter] != 0 {
		t.Errorf("probabilities %v: a vessel may fly", p)
	}
}

func TestLooksDoNotAllocate(t *testing.T) {
	tr := newTracker(t)
	d := drifter{placeA, 15, 18_000, mtt.OfEmitter(0xB2)}
	d.follow(tr, 0, 100)
	k := 100
	ms := make([]mtt.Measurement, 1)
	var outcomes []mtt.Outcome
	var events []mtt.Event
	got := testing.AllocsPerRun(200, func() {
		ms[0] = d.at(float64(k))
		outcomes = tr.Observe(ms, outcomes[:0])
		events = tr.Advance(ms[0].Time, events[:0])
		k++
	})
	if got != 0 {
		t.Errorf("%v allocations a measurement", got)
	}
}

// The track that goes on keeps what was told to the one that was the same object.
func TestAJoinedTrackKnowsWhatWasTold(t *testing.T) {
	tr := newTracker(t)
	start := geo.Direct(placeA, 70, 200_000)
	rng := rand.New(rand.NewPCG(5, 1))
	for i := range 150 {
		at := float64(i)
		truth := straight(start, 250, 150, at)
		if i%4 == 0 {
			observe(tr, polarOf(at, radarA, truth, 5000, rng))
		}
		if i >= 30 { // beside the object at first, then closing in
			m := claimOf(at, 0x780001, geo.Direct(truth, 160, geo.Metres(max(0, 6000-150*(i-30)))))
			if tr.Stats().Merged == 0 {
				m.Has, m.Class = m.Has|mtt.HasClass, mtt.OfEmitter(0xA7)
			}
			observe(tr, m)
		}
		tr.Advance(sec(at), nil)
	}
	s := tr.Snapshot()
	if s.Stats.Merged == 0 || s.Tracks[0].Class.Told != mtt.OfEmitter(0xA7) {
		t.Errorf("%d merged, told %b, want that of a rotorcraft", s.Stats.Merged, s.Tracks[0].Class.Told)
	}
}

func TestClassesAreChecked(t *testing.T) {
	for name, class := range map[string]mtt.Classes{"no class": 0, "a class that is none": 1 << 7} {
		m := claimOf(1, 0x780001, placeB)
		m.Has, m.Class = m.Has|mtt.HasClass, class
		if out := observe(newTracker(t), m); out[0].Verdict != mtt.Malformed {
			t.Errorf("%s: verdict %v, want malformed", name, out[0].Verdict)
		}
	}
	for _, from := range []float64{-0.1, 0.3, 1} {
		cfg := testConfig()
		cfg.ClassFrom = from
		if cfg.Validate() == nil {
			t.Errorf("models of classes from %v on are accepted", from)
		}
	}
	tr := newTracker(t)
	(&drifter{placeA, 15, 18_000, 0}).follow(tr, 0, 100)
	for name, spoil := range map[string]func(c *mtt.ClassState){
		"a probability": func(c *mtt.ClassState) { c.P[1] = 2 },
		"a class":       func(c *mtt.ClassState) { c.Held = 7 },
		"a model":       func(c *mtt.ClassState) { c.Moves = 9 },
		"a mark":        func(c *mtt.ClassState) { c.Marks[0].Pos.LatDeg = 99 },
		"a count":       func(c *mtt.ClassState) { c.Marked = 3 },
	} {
		s := tr.Snapshot()
		spoil(&s.Tracks[0].Class)
		if _, err := mtt.Restore(testConfig(), s); err == nil {
			t.Errorf("Restore accepted %s out of range", name)
		}
	}
}
