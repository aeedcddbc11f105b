// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// mover is an object of a made scene: where it is at a time, in s.
type mover struct {
	from   geo.Point
	course geo.Degrees
	speed  float64 // m/s
	until  float64 // s; 0 for ever
	height geo.Metres
	domain mtt.Domain // 0 for air

	changesAt float64 // s; 0 for never
	turn      geo.Degrees
	then      float64 // m/s
}

func (o *mover) at(s float64) geo.Point {
	if o.changesAt == 0 || s < o.changesAt {
		return straight(o.from, o.course, o.speed, s)
	}
	return straight(straight(o.from, o.course, o.speed, o.changesAt), o.course+o.turn, o.then, s-o.changesAt)
}

// scene plays objects to a radar that turns in 4 s, or with claims each second.
type scene struct {
	tr      *mtt.Tracker
	rng     *rand.Rand
	objects []mover
	claims  bool
	now     float64
}

func newScene(t testing.TB, claims bool, objects ...mover) *scene {
	return &scene{tr: newTracker(t), rng: rand.New(rand.NewPCG(8, 1)), objects: objects, claims: claims}
}

// play goes on until a time and returns the formations then.
func (s *scene) play(until float64) []mtt.Formation {
	for ; s.now < until; s.now++ {
		var ms []mtt.Measurement
		for i := range s.objects {
			o := &s.objects[i]
			switch {
			case o.until != 0 && s.now > o.until:
			case s.claims:
				m := claimOf(s.now, uint32(0x899001+i), o.at(s.now))
				m.Has |= mtt.HasHeight
				if m.Height = o.height; o.domain != 0 {
					m.Domain = o.domain
				}
				ms = append(ms, m)
			case int(s.now)%4 == 0:
				ms = append(ms, polarOf(s.now, radarA, o.at(s.now), 5000, s.rng))
			}
		}
		observe(s.tr, ms...)
		s.tr.Advance(sec(s.now+0.9), nil)
	}
	return s.tr.Formations(sec(s.now), nil)
}

// abreast is n aircraft, each so far behind and to the side of the one before.
func abreast(n int, lead geo.Point, course geo.Degrees, speed, behind, aside float64) []mover {
	var out []mover
	for i := range n {
		p := geo.Direct(lead, course+180, geo.Metres(behind*float64(i)))
		out = append(out, mover{from: geo.Direct(p, course+90, geo.Metres(aside*float64(i))), course: course, speed: speed, height: 5000})
	}
	return out
}

func TestWhoFliesTogetherIsAFormation(t *testing.T) {
	lead := geo.Direct(placeA, 90, 90_000)
	scenes := map[string]struct {
		claims  bool
		objects []mover
		n       int
	}{
		"a line abreast by radar":          {false, abreast(4, lead, 90, 200, 0, 1500), 4},
		"a trail by radar":                 {false, abreast(3, lead, 90, 220, 2000, 0), 3},
		"a tight one that tells its place": {true, abreast(4, lead, 90, 200, 100, 150), 4},
	}
	for name, s := range scenes {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, s.claims, s.objects...)
			if got := sc.play(14); len(got) != 0 {
				t.Errorf("formations %+v after few looks", got)
			}
			got := sc.play(120)
			if len(got) != 1 || len(got[0].Members) != s.n || got[0].Most != s.n || got[0].Seen != s.n {
				t.Fatalf("formations %+v, want one of %d", got, s.n)
			}
			f := got[0]
			if f.Unresolved || f.Least != s.n {
				t.Errorf("at least %d, unresolved %t; want all %d told apart", f.Least, f.Unresolved, s.n)
			}
			var truth, east float64
			for i := range s.objects {
				for k := range i {
					truth = math.Max(truth, apart(s.objects[i].at(120), s.objects[k].at(120)))
				}
				east += s.objects[i].speed / float64(s.n)
			}
			if off := math.Abs(float64(f.Extent) - truth); off > 3*float64(f.SigmaExtent) || f.SigmaExtent <= 0 {
				t.Errorf("extent %.0f ± %.0f m, truth %.0f m", f.Extent, f.SigmaExtent, truth)
			}
			if math.Abs(float64(f.East)-east) > 10 || math.Abs(float64(f.North)) > 10 {
				t.Errorf("velocity %.0f, %.0f m/s, want %.0f, 0", f.East, f.North, east)
			}
			if d := apart(f.Pos, s.objects[0].at(120)); d > truth {
				t.Errorf("centroid is %.0f m from the leader, extent %.0f m", d, truth)
			}
			for _, id := range f.Members {
				if e, _ := sc.tr.Estimate(id); e.Formation != f.ID {
					t.Errorf("track %d is of formation %d, want %d", id, e.Formation, f.ID)
				}
			}
		})
	}
}

func TestWhoDoesNotFlyTogetherIsNone(t *testing.T) {
	lead := geo.Direct(placeA, 90, 90_000)
	cross := func(angle geo.Degrees) []mover {
		// Both are at one place after 60 s.
		meet := geo.Direct(lead, 90, 12_000)
		return []mover{
			{from: lead, course: 90, speed: 200, height: 5000},
			{from: geo.Direct(meet, 90+angle+180, 12_000), course: 90 + angle, speed: 200, height: 5000},
		}
	}
	level := abreast(2, lead, 90, 200, 1000, 0)
	level[1].height += 305
	ships := abreast(4, lead, 90, 0.3, 300, 300)
	for i := range ships {
		ships[i].domain, ships[i].height = mtt.Sea, 0
	}
	scenes := map[string]struct {
		claims  bool
		objects []mover
	}{
		"crossing at 90°, radar":          {false, cross(90)},
		"crossing at 30°, radar":          {false, cross(30)},
		"crossing at 20°, claims":         {true, cross(20)},
		"against each other":              {false, cross(180)},
		"airways 5 NM apart, radar":       {false, abreast(3, lead, 90, 230, 0, 9260)},
		"airways 5 NM apart, claims":      {true, abreast(3, lead, 90, 230, 0, 9260)},
		"one above the other by 1,000 ft": {true, level},
		"drones that hover":               {true, abreast(4, lead, 90, 0, 100, 100)},
		"hovering, seen by radar":         {false, abreast(4, lead, 90, 0, 0, 1500)},
		"ships at anchor":                 {true, ships},
	}
	for name, s := range scenes {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, s.claims, s.objects...)
			for until := 10.0; until <= 180; until += 5 {
				if got := sc.play(until); len(got) != 0 {
					t.Fatalf("formations after %.0f s: %+v", until, got)
				}
			}
			if n := len(confirmed(sc.tr)); n < 2 {
				t.Errorf("%d tracks, want at least 2", n)
			}
		})
	}
}

func TestOneLeavesAFormation(t *testing.T) {
	objects := abreast(4, geo.Direct(placeA, 90, 60_000), 90, 200, 0, 1500)
	objects[3].changesAt, objects[3].turn, objects[3].then = 100, 40, 200
	sc := newScene(t, true, objects...)
	before := sc.play(95)
	after := sc.play(200)
	if len(before) != 1 || len(before[0].Members) != 4 || len(after) != 1 || len(after[0].Members) != 3 || after[0].ID != before[0].ID {
		t.Fatalf("before %+v, after %+v; want one of 4, then of 3", before, after)
	}
	if after[0].Most != 3 {
		t.Errorf("at most %d after one was seen to leave, want 3", after[0].Most)
	}
}

// Two tracks of one object are not two that fly together.
func TestTwoTracksOfOneObjectAreNoFormation(t *testing.T) {
	for seed := range uint64(8) {
		tr := newTracker(t)
		start := geo.Direct(placeA, 70, 200_000)
		rng := rand.New(rand.NewPCG(seed, 1))
		both := 0
		for i := range 150 {
			at := float64(i)
			truth := straight(start, 250, 150, at)
			if i%4 == 0 {
				observe(tr, polarOf(at, radarA, truth, 5000, rng))
			}
			if i >= 30 { // beside the object at first, then closing in
				observe(tr, claimOf(at, 0x780001, geo.Direct(truth, 160, geo.Metres(max(0, 6000-150*(i-30))))))
			}
			tr.Advance(sec(at), nil)
			if len(confirmed(tr)) == 2 {
				both++
			}
			if got := tr.Formations(sec(at), nil); len(got) != 0 {
				t.Fatalf("seed %d, %d s: %+v", seed, i, got)
			}
		}
		if both < 20 {
			t.Errorf("seed %d: two tracks for %d s, want 20 at least", seed, both)
		}
	}
}

// Who is away for a moment has not left.
func TestAMomentAwayIsNoDeparture(t *testing.T) {
	objects := abreast(3, geo.Direct(placeA, 90, 60_000), 90, 200, 0, 1000)
	sc := newScene(t, true, objects...)
	before := sc.play(90)
	aside := &sc.objects[2]
	straightOn := *aside
	aside.changesAt, aside.turn, aside.then = 90, 40, 200
	sc.play(98)
	// It turns back and flies on beside its old way.
	aside.from = straight(aside.at(98), 270, 200, 98)
	aside.changesAt = 0
	for until := 100.0; until <= 160; until += 5 {
		if got := sc.play(until); len(got) != 1 || len(got[0].Members) != 3 || got[0].ID != before[0].ID {
			t.Fatalf("after %.0f s: %+v, want all 3", until, got)
		}
	}
	if d := apart(straightOn.at(160), aside.at(160)); d < 500 {
		t.Errorf("it was %.0f m away, want 500 m at least", d)
	}
}

// The velocities are alike, but the way between grows.
func TestWhoDrawsAwayHasLeft(t *testing.T) {
	objects := abreast(2, geo.Direct(placeA, 90, 60_000), 90, 200, 0, 1000)
	objects[1].changesAt, objects[1].then = 60, 218
	sc := newScene(t, true, objects...)
	if before, after := sc.play(200), sc.play(460); len(before) != 1 || len(after) != 0 {
		t.Errorf("before %+v, after %+v; want one, then none at 7 km", before, after)
	}
}

func TestAFormationOutlivesItsLeader(t *testing.T) {
	for n := range 3 {
		objects := abreast(3, geo.Direct(placeA, 90, 60_000), 90, 200, 2000, 0)
		objects[n].until = 100
		sc := newScene(t, true, objects...)
		before := sc.play(95)
		after := sc.play(400)
		if len(before) != 1 || len(before[0].Members) != 3 || len(after) != 1 || len(after[0].Members) != 2 || after[0].ID != before[0].ID {
			t.Errorf("member %d ends: before %+v, after %+v; want one of 3, then of 2", n, before, after)
		}
	}
}

// Where a radar gives one plot of several, there may be more of them.
func TestAFormationOfOnePlotIsUnresolved(t *testing.T) {
	tr := pairOfAircraft(t, 4, 80)
	got := tr.Formations(sec(80), nil)
	if len(got) != 1 || len(got[0].Members) != 2 || !got[0].Unresolved || got[0].Most != 2 {
		t.Errorf("%+v, want an unresolved formation of 2", got)
	}
}

// An end is not seen to be a departure: for some minutes it may be hidden.
func TestWhoIsGoneMayBeHidden(t *testing.T) {
	objects := abreast(3, geo.Direct(placeA, 90, 60_000), 90, 200, 1500, 0)
	objects[2].until = 100
	sc := newScene(t, true, objects...)
	sc.play(95)
	soon := sc.play(250)
	later := sc.play(600)
	if len(soon) != 1 || soon[0].Most != 3 || len(soon[0].Members) != 2 {
		t.Errorf("soon after: %+v, want at most 3", soon)
	}
	if len(later) != 1 || later[0].Most != 2 {
		t.Errorf("minutes later: %+v, want at most 2", later)
	}
}

func TestTwoFormationsMerge(t *testing.T) {
	a := abreast(3, geo.Direct(placeA, 90, 60_000), 90, 200, 0, 1000)
	b := abreast(2, geo.Direct(placeA, 90, 52_000), 90, 240, 0, 1000)
	for i := range b {
		b[i].changesAt, b[i].then = 150, 200 // 2 km behind
	}
	sc := newScene(t, true, append(a, b...)...)
	two, one := sc.play(100), sc.play(220)
	if len(two) != 2 || len(two[0].Members) != 3 || len(two[1].Members) != 2 {
		t.Fatalf("%+v, want two formations", two)
	}
	if len(one) != 1 || len(one[0].Members) != 5 || one[0].ID != two[0].ID {
		t.Fatalf("%+v, want one of 5, formation %d", one, two[0].ID)
	}
}

// A formation has at most 32 members: who comes beyond is counted.
func TestAFormationIsBounded(t *testing.T) {
	sc := newScene(t, true, abreast(40, geo.Direct(placeA, 90, 60_000), 90, 200, 50, 100)...)
	for _, f := range sc.play(120) {
		if len(f.Members) > 32 {
			t.Errorf("a formation of %d, want at most 32", len(f.Members))
		}
	}
	if n := sc.tr.Stats().MatesShed; n == 0 {
		t.Error("nothing was counted as shed")
	}
}

// flights is a minute and a half of flights of four that a radar sees and of which
// half tell their place, and of clutter, by seconds in which it comes: up to late s
// after it was measured.
func flights(seed, order uint64, late float64) [140][]mtt.Measurement {
	rng, delays := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(order, 2))
	var objects []mover
	for n := range 3 {
		lead := geo.Direct(placeA, geo.Degrees(40+60*float64(n)), 80_000)
		objects = append(objects, abreast(4, lead, geo.Degrees(rng.Float64()*360), 200, 0, 700+500*float64(n))...)
	}
	var batches [140][]mtt.Measurement
	add := func(at float64, m mtt.Measurement) {
		n := int(math.Ceil(at + late*delays.Float64()))
		batches[n] = append(batches[n], m)
	}
	for s := 0.0; s < 90; s++ {
		for i := range objects {
			if o := &objects[i]; i%2 == 0 {
				add(s, claimOf(s, uint32(0x899001+i), o.at(s)))
			} else if at := s + float64(i)/1000; int(s)%4 == i/4 {
				add(at, polarOf(at, radarA, o.at(s), 5000, rng))
			}
		}
		far := geo.Metres(60_000 + 60_000*rng.Float64())
		add(s+0.5, polarOf(s+0.5, radarA, geo.Direct(placeA, geo.Degrees(rng.Float64()*360), far), 5000, rng))
	}
	for i := range batches {
		if b := batches[i]; late > 0 {
			delays.Shuffle(len(b), func(i, k int) { b[i], b[k] = b[k], b[i] })
		}
	}
	return batches
}

// fly plays flights; each, unless nil, sees every second and says who goes on.
func fly(t *testing.T, cfg mtt.Config, batches [140][]mtt.Measurement, each func(tr *mtt.Tracker, now int) *mtt.Tracker) *mtt.Tracker {
	t.Helper()
	tr, err := mtt.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for now, b := range batches {
		tr.Observe(b, nil)
		tr.Advance(sec(float64(now)), nil)
		if each != nil {
			tr = each(tr, now)
		}
	}
	return tr
}

// Formations of late data are those of data in order, whatever the workers, also
// if they were founded by a track that began anew.
func TestFormationsHaveNoOrderOfArrival(t *testing.T) {
	for seed := range uint64(4) {
		for _, late := range []float64{9, 45} {
			cfg := patient(time.Minute)
			ordered := fly(t, cfg, flights(seed, 0, 0), nil)
			cfg.Do = pool(2)
			shuffled := fly(t, cfg, flights(seed, seed+1, late), nil)
			if diff := cmp.Diff(essence(t, ordered), essence(t, shuffled)); diff != "" {
				t.Fatalf("seed %d, late by %v s:\n%s", seed, late, diff)
			}
			found := shuffled.Formations(sec(139), nil)
			if shuffled.Stats().Log.Rollbacks == 0 || len(found) == 0 {
				t.Errorf("seed %d, late by %v s: no rollback or no formation", seed, late)
			}
			for _, f := range found {
				if given := shuffled.Snapshot().Given; mtt.ID(f.ID) > given {
					t.Errorf("seed %d, late by %v s: formation %d, want a number that a track had, at most %d", seed, late, f.ID, given)
				}
			}
		}
	}
}

func TestFormationsGoThroughASnapshot(t *testing.T) {
	for cut := 5; cut < 100; cut += 30 {
		restore := func(tr *mtt.Tracker, now int) *mtt.Tracker {
			if now != cut {
				return tr
			}
			raw, err := json.Marshal(tr.Snapshot())
			if err != nil {
				t.Fatal(err)
			}
			var s mtt.State
			if err := json.Unmarshal(raw, &s); err != nil {
				t.Fatal(err)
			}
			other, err := mtt.Restore(patient(10*time.Second), s)
			if err != nil {
				t.Fatal(err)
			}
			return other
		}
		for _, late := range []float64{0, 9} {
			want := fly(t, patient(10*time.Second), flights(1, 2, late), nil)
			got := fly(t, patient(10*time.Second), flights(1, 2, late), restore)
			if diff := cmp.Diff(want.Formations(sec(139), nil), got.Formations(sec(139), nil)); diff != "" {
				t.Fatalf("cut at %d, late %v:\n%s", cut, late, diff)
			}
			if diff := cmp.Diff(want.Snapshot(), got.Snapshot()); diff != "" {
				t.Fatalf("cut at %d, late %v:\n%s", cut, late, diff)
			}
		}
	}
}

// Formations are information: without them every track is the same, to the bit.
func TestFormationsChangeNoTrack(t *testing.T) {
	for seed := range uint64(3) {
		for _, late := range []float64{0, 9} {
			var states [2]mtt.State
			found := 0
			for i, on := range []bool{false, true} {
				cfg := patient(10 * time.Second)
				cfg.Formations = on
				tr := fly(t, cfg, flights(seed, seed+1, late), nil)
				found += len(tr.Formations(sec(139), nil))
				states[i] = tr.Snapshot()
				withoutFlights(&states[i])
				withoutFlights(&states[i].Log.Base)
			}
			if diff := cmp.Diff(states[0], states[1]); diff != "" {
				t.Fatalf("seed %d, late %v:\n%s", seed, late, diff)
			}
			if found == 0 {
				t.Errorf("seed %d, late %v: no formation", seed, late)
			}
		}
	}
}

func withoutFlights(s *mtt.State) {
	s.Stats.MatesShed = 0
	for i := range s.Tracks {
		s.Tracks[i].Flight = mtt.Flight{}
	}
}
