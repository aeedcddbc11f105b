// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package trial_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/internal/trial"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// seenAt is what one second of a run showed.
type seenAt struct {
	at     float64 // s after the beginning
	tracks []mtt.Estimate
	radars []mtt.Registration
	by     map[mtt.ID]uint32 // the address that the newest claim of a track told
}

// watchAll plays a scene and returns what each second showed.
func watchAll(t *testing.T, s *scene, seed uint64) []seenAt {
	t.Helper()
	return watchRun(t, runOf(s.play(seed)), len(s.radars), begin)
}

func watchRun(t *testing.T, r *run, radars int, from float64) []seenAt {
	t.Helper()
	var out []seenAt
	by := map[mtt.ID]uint32{}
	track(t, trial.Config{Watch: func(s trial.Step) {
		for i, o := range s.Outcomes {
			if m := &s.Measurements[i]; m.Sensor == 0 && o.Track != 0 {
				by[o.Track] = m.Address
			}
		}
		now := seenAt{by: maps.Clone(by), at: float64(s.Now.UnixMilli())/1000 - from, tracks: slices.Clone(s.Tracks)}
		for i := range radars {
			reg, _ := s.Registration(i)
			now.radars = append(now.radars, reg)
		}
		out = append(out, now)
	}}, r.meta, r.inputs...)
	return out
}

// place returns where a craft is.
func (c *craft) place(t *testing.T, at float64) geo.Point {
	t.Helper()
	row, ok := c.at(at)
	if !ok {
		t.Fatalf("%s has no place at %v s", c.id, at)
	}
	return row.Pos
}

// told returns where a craft says that it is.
func (c *craft) told(t *testing.T, at float64) geo.Point {
	row, _ := c.at(at)
	row.Pos = c.place(t, at)
	if c.lie != nil {
		c.mislead(&row, at)
	}
	return row.Pos
}

// nearest returns the track nearest to a place among those that keep lets.
func (s *seenAt) nearest(p geo.Point, keep func(*mtt.Estimate) bool) (*mtt.Estimate, float64) {
	var best *mtt.Estimate
	least := math.Inf(1)
	for i := range s.tracks {
		e := &s.tracks[i]
		if d, _ := geo.Inverse(e.Pos, p); float64(d) < least && keep(e) {
			best, least = e, float64(d)
		}
	}
	return best, least
}

func believed(e *mtt.Estimate) bool { return !e.Doubted }
func doubted(e *mtt.Estimate) bool  { return e.Doubted }

// falseFlags fails for tracks that were doubted although the craft of the
// address that they told does not lie.
func falseFlags(t *testing.T, s *scene, run []seenAt) {
	t.Helper()
	liar := map[uint32]bool{}
	for _, c := range s.crafts {
		a, err := strconv.ParseUint(c.icao, 16, 24)
		if c.icao != "" && err != nil {
			t.Fatal(err)
		}
		liar[uint32(a)] = c.ghost || c.lie != nil || c.poor != nil
	}
	told := map[mtt.ID]bool{}
	for i := range run {
		for k := range run[i].tracks {
			e := &run[i].tracks[k]
			if e.Doubted && !liar[run[i].by[e.ID]] && !told[e.ID] {
				told[e.ID] = true
				t.Errorf("at %.0f s the honest track %d of %06x is doubted for %v", run[i].at, e.ID, run[i].by[e.ID], e.Reasons.Names(nil))
			}
		}
	}
}

// sameRegistration fails when biases of two runs differ by more than one standard
// deviation.
func sameRegistration(t *testing.T, with, without *seenAt) {
	t.Helper()
	for i := range with.radars {
		a, b := &with.radars[i], &without.radars[i]
		if d := math.Abs(float64(a.Bias.Azimuth - b.Bias.Azimuth)); d > float64(b.Sigma.Azimuth) {
			t.Errorf("radar %d: azimuth of the bias differs by %.4f° for the claims, σ is %.4f°", i, d, b.Sigma.Azimuth)
		}
		if d := math.Abs(float64(a.Bias.Range - b.Bias.Range)); d > float64(b.Sigma.Range) {
			t.Errorf("radar %d: range of the bias differs by %.1f m for the claims, σ is %.1f m", i, d, b.Sigma.Range)
		}
		if a.Jumps != b.Jumps {
			t.Errorf("radar %d: %d jumps of the bias, without the claims %d", i, a.Jumps, b.Jumps)
		}
	}
}

// corridor is two radars over an airway that many fly: they tell their places,
// and the radars see them.
func corridor(traffic int) *scene {
	s := &scene{seconds: 360, every: 1}
	s.radars = []station{
		{id: "A", pos: places[0], alt: 230, scan: 4, psrMax: 200_000, sr: 60, sa: 0.08, pd: 0.9, clutter: 20, cell: 120, cellDeg: 0.7},
		{id: "B", pos: places[1], alt: 120, scan: 10, phase: -4.2, psrMax: 300_000, ssrMax: 370_000, sr: 70, sa: 0.1, pd: 0.85, clutter: 20, cell: 150, cellDeg: 1},
	}
	for i := range traffic {
		p, course := geo.Direct(places[0], 80, geo.Metres(25_000+12_000*i)), 80.0
		if i%2 == 1 {
			course = 260
			p = geo.Direct(p, 170, 9000)
		}
		s.crafts = append(s.crafts, &craft{
			id: fmt.Sprintf("liner%d", i), class: "civil", pos: geo.Direct(p, 350, geo.Metres(2500*(i%5))), height: 9000 + 150*float64(i%6),
			speed: 210 + float64(i%7), course: course * math.Pi / 180, icao: fmt.Sprintf("%06x", 0x780100+i), modeA: fmt.Sprintf("%04o", 0o2101+i), adsb: []int{10, 9, 8}[i%3],
		})
	}
	return s
}

// ghost flies along the airway and is not there.
func ghost() *craft {
	return &craft{
		id: "ghost", class: "ghost", pos: geo.Direct(geo.Direct(places[0], 80, 50_000), 350, 18_000), height: 9100, from: 60,
		speed: 220, course: 80 * math.Pi / 180, icao: "899999", modeA: "4321", adsb: 9, ghost: true,
	}
}

func TestGhostIsDoubted(t *testing.T) {
	s := corridor(14)
	without := watchAll(t, s, 31)
	g := ghost()
	s.crafts = append(s.crafts, g)
	with := watchAll(t, s, 31)
	since := math.Inf(1)
	for i := range with {
		now := &with[i]
		if now.at < 70 {
			continue
		}
		e, d := now.nearest(g.place(t, now.at), func(e *mtt.Estimate) bool { return e.HasTrust })
		if d < 300 && e.Doubted && e.Reasons&mtt.Unseen != 0 {
			since = min(since, now.at)
		} else if now.at > since+5 {
			t.Fatalf("at %.0f s the ghost is believed again: trust %.2f for %v", now.at, e.Trust, e.Reasons.Names(nil))
		}
	}
	t.Logf("doubted from %.0f s on, %.0f s after it appeared", since, since-g.from)
	if since > g.from+60 {
		t.Errorf("doubted from %.0f s on, want a minute after it appeared", since)
	}
	falseFlags(t, s, with)
	sameRegistration(t, &with[len(with)-1], &without[len(without)-1])
	for i, now := range with {
		for _, c := range s.crafts[:14] {
			_, a := now.nearest(c.place(t, now.at), believed)
			if _, b := without[i].nearest(c.place(t, now.at), believed); a > b+100 {
				t.Fatalf("at %.0f s %s is held within %.0f m, without the ghost %.0f m", now.at, c.id, a, b)
			}
		}
	}
}

// How far a claim may move the track of a radar before it is found out depends
// on how fast it goes; afterwards the track is that of the radar. The accuracies
// of the radar where it flies are 60 m and 0.08° at 70 km, that is 98 m.
func TestClaimDoesNotDragARadarTrack(t *testing.T) {
	for name, tc := range map[string]drag{
		"it drifts away slowly": {func(after float64) float64 { return 8 * after }, 600},
		"it turns away":         {func(after float64) float64 { return 40 * after }, 1000},
		"it leaps":              {func(after float64) float64 { return 12_000 * math.Min(1, after) }, 100},
	} {
		t.Run(name, func(t *testing.T) { draggedAway(t, &tc) })
	}
}

// drag is how a claim leaves the track of a radar.
type drag struct {
	lie  func(after float64) float64 // m, after so many seconds
	most float64                     // m by which the track may be off on the way
}

const draggedLast = 150 // m by which it may be off at last

// draggedScene is a corridor and an aircraft whose claims leave it after two
// minutes; without claims it is silent from then on. The radar that holds it
// tells no address: PSR alone.
func draggedScene(lie func(after float64) float64, claims bool) (*scene, *craft) {
	s := corridor(14)
	c := &craft{
		id: "victim", class: "civil", pos: geo.Direct(places[0], 40, 70_000), height: 8000, speed: 200, course: 1.4,
		icao: "780777", modeA: "3333", adsb: 9,
		lie: func(at float64) (float64, float64) { return 0, lie(math.Max(0, at-120)) },
	}
	if !claims {
		c.lie, c.silent = nil, func(at float64) bool { return at > 120 }
	}
	s.crafts = append(s.crafts, c)
	s.radars[1].ssrMax = 0
	s.radars[1].psrMax = 150_000 // not there
	return s, c
}

func draggedAway(t *testing.T, tc *drag) {
	s, c := draggedScene(tc.lie, true)
	with := watchAll(t, s, 32)
	plain, _ := draggedScene(tc.lie, false)
	without := watchAll(t, plain, 32)
	worst, last, number := 0.0, 0.0, mtt.ID(0)
	for i := range with {
		now := &with[i]
		if now.at < 60 {
			continue
		}
		ref, _ := without[i].nearest(c.place(t, now.at), believed)
		// Until its next report a claim that is doubted is with the radar's track.
		e, _ := now.nearest(ref.Pos, func(e *mtt.Estimate) bool { return !e.Doubted || e.ID == number })
		if number == 0 {
			number = e.ID
		}
		if e.ID != number {
			t.Fatalf("at %.0f s the radar's track is number %d, was %d", now.at, e.ID, number)
		}
		if now.at < 120 {
			continue
		}
		d, _ := geo.Inverse(e.Pos, ref.Pos)
		worst = math.Max(worst, float64(d))
		if now.at > 330 {
			last = math.Max(last, float64(d))
		}
	}
	t.Logf("at most %.0f m from where it is without the claim, %.0f m in the last half minute", worst, last)
	if worst > tc.most || last > draggedLast {
		t.Errorf("the claim moved the radar's track by %.0f m, %.0f m at last; want at most %.0f and %d m", worst, last, tc.most, draggedLast)
	}
	end := &with[len(with)-1]
	if e, d := end.nearest(c.told(t, end.at), func(e *mtt.Estimate) bool { return e.HasTrust }); d > 500 || e.ID == number {
		t.Errorf("the claim has no track of its own: the nearest is %d at %.0f m, the radar's is %d", e.ID, d, number)
	} else if !e.Doubted {
		t.Errorf("the claim is trusted at %.2f: %v", e.Trust, e.Reasons.Names(nil))
	}
	falseFlags(t, s, with)
	sameRegistration(t, end, &without[len(without)-1])
}

// jammedScene is a corridor of which a part is jammed for two minutes: what is
// told there is poor and off by one vector. Without claims they are silent then.
func jammedScene(claims bool) *scene {
	jam := geo.Direct(places[0], 80, 90_000)
	s := corridor(14)
	for i := range 12 { // far from it
		s.crafts = append(s.crafts, &craft{
			id: fmt.Sprintf("far%d", i), class: "civil", pos: geo.Direct(places[1], geo.Degrees(60+15*i), 180_000), height: 10_000,
			speed: 220, course: 1, icao: fmt.Sprintf("%06x", 0x790000+i), modeA: fmt.Sprintf("%04o", 0o5101+i), adsb: 9,
		})
	}
	for _, c := range s.crafts {
		row := c.pos
		if d, _ := geo.Inverse(row, jam); d > 60_000 {
			continue
		}
		in := func(at float64) bool { return at > 150 && at < 280 }
		c.poor = in
		c.lie = func(at float64) (float64, float64) {
			if in(at) {
				return 3000, -2500
			}
			return 0, 0
		}
		if !claims {
			c.lie, c.poor, c.silent = nil, nil, in
		}
	}
	return s
}

func TestJammedAreaIsDoubted(t *testing.T) {
	s, clean := jammedScene(true), jammedScene(false)
	with, without := watchAll(t, s, 33), watchAll(t, clean, 33)
	victims, degraded, one := 0, 0, 0
	for k, c := range s.crafts {
		if c.poor == nil {
			continue
		}
		victims++
		why := mtt.Reasons(0)
		for i := range with {
			now := &with[i]
			if now.at > 180 && now.at < 275 {
				e, d := now.nearest(c.told(t, now.at), doubted)
				if d < 400 {
					why |= e.Reasons
				}
				p := clean.crafts[k].place(t, now.at)
				_, held := now.nearest(p, believed)
				if _, before := without[i].nearest(p, believed); held > before+700 {
					t.Fatalf("at %.0f s %s is held %.0f m off, without the jamming %.0f m", now.at, c.id, held, before)
				}
			}
		}
		if why&mtt.Degraded != 0 {
			degraded++
		}
		if why&mtt.OneError != 0 {
			one++
		}
	}
	t.Logf("%d of %d claims degraded, %d err by one vector", degraded, victims, one)
	if victims < 5 || degraded < victims || 3*one < 2*victims {
		t.Errorf("%d of %d claims degraded, %d with one error; want all and two thirds", degraded, victims, one)
	}
	falseFlags(t, s, with)
	end := &with[len(with)-1]
	for i := range end.tracks {
		if e := &end.tracks[i]; e.Doubted {
			t.Errorf("track %d is doubted a minute and more after the jamming: %v", e.ID, e.Reasons.Names(nil))
		}
	}
	sameRegistration(t, end, &without[len(without)-1])
}

// sharedScene is a corridor and one more aircraft, which tells the address of
// another.
func sharedScene() (s *scene, twin *craft) {
	s = corridor(10)
	c := *s.crafts[3]
	c.id, c.pos, c.course = "sharer", geo.Direct(places[0], 170, 90_000), 3
	s.crafts = append(s.crafts, &c)
	return s, &c
}

func TestSharedAddressIsTwoFlaggedTracks(t *testing.T) {
	s, twin := sharedScene()
	run := watchAll(t, s, 34)
	for i := range run {
		now := &run[i]
		if now.at < 60 {
			continue
		}
		a, da := now.nearest(s.crafts[3].place(t, now.at), believed)
		b, db := now.nearest(twin.place(t, now.at), believed)
		if da > 500 || db > 500 || a.ID == b.ID || !a.SameAddress || !b.SameAddress {
			t.Fatalf("at %.0f s the sharers are tracks %d (%.0f m off, flagged %v) and %d (%.0f m, %v)", now.at, a.ID, da, a.SameAddress, b.ID, db, b.SameAddress)
		}
		for k := range now.tracks {
			if e := &now.tracks[k]; e.SameAddress && e.ID != a.ID && e.ID != b.ID {
				t.Fatalf("at %.0f s track %d is flagged too", now.at, e.ID)
			}
		}
	}
	falseFlags(t, s, run)
}

func TestHonestClaimsAreBelieved(t *testing.T) {
	for seed := uint64(11); seed < 14; seed++ {
		s := network(seed, 60, 15)
		noneDoubted(t, fmt.Sprint("network ", seed), watchAll(t, s, seed))
		s.radars[0].biasR, s.radars[0].biasA = 120, 0.15
		s.radars[1].biasR, s.radars[1].biasA, s.radars[1].biasT = -80, -0.2, 0.25
		noneDoubted(t, fmt.Sprint("network with biased radars ", seed), watchAll(t, s, seed))
	}
}

func TestHonestClaimsOfTheCorpusAreBelieved(t *testing.T) {
	all := table(t)
	for _, name := range []string{"S2", "S2biased"} { // the others hold no claims
		noneDoubted(t, name, watchRun(t, all[name][0], 0, 0))
	}
	corpustest.Check(t)
}

func noneDoubted(t *testing.T, name string, run []seenAt) {
	t.Helper()
	claims, least := 0, 1.0
	for i := range run {
		for k := range run[i].tracks {
			e := &run[i].tracks[k]
			if !e.HasTrust {
				continue
			}
			claims++
			least = math.Min(least, e.Trust)
			if e.Doubted {
				t.Fatalf("%s: track %d is doubted: trust %.3f for %v", name, e.ID, e.Trust, e.Reasons.Names(nil))
			}
		}
	}
	t.Logf("%s: none of %d looks at claims doubted, least trust %.3f", name, claims, least)
}
