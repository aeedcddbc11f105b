// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

const theClaim = 0x899999

// flight makes the claims of a straight flight once a second and gives each to
// change.
func flight(address uint32, start geo.Point, from, to int, change func(m *mtt.Measurement, at int)) []mtt.Measurement {
	var out []mtt.Measurement
	for at := from; at < to; at++ {
		m := claimOf(float64(at), address, straight(start, 90, 200, float64(at)))
		m.Has |= mtt.HasVelocity | mtt.HasHeight
		m.Speed, m.Course, m.Height = 200, 90, 9000
		if change != nil {
			change(&m, at)
		}
		out = append(out, m)
	}
	return out
}

// radarOf makes a radar's plots of a straight flight, without address.
func radarOf(sensor int, start geo.Point, from, to int, rng *rand.Rand) []mtt.Measurement {
	var out []mtt.Measurement
	for at := from; at < to; at += 4 {
		m := polarOf(float64(at)+0.5, sensor, straight(start, 90, 200, float64(at)+0.5), 9000, rng)
		m.Has, m.Height = m.Has|mtt.HasHeight, 9000
		out = append(out, m)
	}
	return out
}

// playAll gives measurements to a tracker second by second.
func playAll(tr *mtt.Tracker, ms []mtt.Measurement, each func(at int)) {
	slices.SortStableFunc(ms, func(a, b mtt.Measurement) int { return a.Time.Compare(b.Time) })
	for at := 0; len(ms) > 0; at++ {
		n := 0
		for n < len(ms) && ms[n].Time.Before(sec(float64(at+1))) {
			n++
		}
		tr.Observe(ms[:n], nil)
		tr.Advance(sec(float64(at+1)), nil)
		ms = ms[n:]
		if each != nil {
			each(at)
		}
	}
}

// claimed returns the newest track that holds an address.
func claimed(t *testing.T, tr *mtt.Tracker, address uint32) mtt.Estimate {
	t.Helper()
	ids := tr.Lookup(address, false, nil)
	if len(ids) == 0 {
		t.Fatalf("no track holds %06x", address)
	}
	e, _ := tr.Estimate(ids[len(ids)-1])
	return e
}

func withReceiver(p geo.Point, h geo.Metres) mtt.Config {
	cfg := testConfig()
	cfg.Receivers = []mtt.Receiver{{Pos: p, Height: h}}
	return cfg
}

func newOf(t *testing.T, cfg mtt.Config) *mtt.Tracker {
	t.Helper()
	tr, err := mtt.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// What a claim tells alone, without any radar.
func TestClaimsAreJudged(t *testing.T) {
	start := geo.Direct(placeA, 45, 100_000)
	far := geo.Direct(placeA, 45, 900_000)
	rng := rand.New(rand.NewPCG(8, 8))
	tests := map[string]struct {
		start  geo.Point
		change func(m *mtt.Measurement, at int)
		why    mtt.Reasons
	}{
		"it believes an honest claim":               {start, nil, 0},
		"it takes what is not told for nothing":     {start, func(m *mtt.Measurement, _ int) { m.Has = mtt.HasPosition | mtt.HasAddress }, 0},
		"it believes a claim within the horizon":    {start, func(m *mtt.Measurement, _ int) { m.Receiver = 1 }, 0},
		"it doubts a claim beyond the horizon":      {far, func(m *mtt.Measurement, _ int) { m.Receiver = 1 }, mtt.Horizon},
		"it knows no horizon without a height":      {far, func(m *mtt.Measurement, _ int) { m.Receiver, m.Has = 1, m.Has&^mtt.HasHeight }, 0},
		"it knows no horizon without a receiver":    {far, nil, 0},
		"it lets the sea carry farther":             {geo.Direct(placeA, 45, 300_000), func(m *mtt.Measurement, _ int) { m.Receiver, m.Domain, m.Speed = 1, mtt.Sea, 10 }, 0},
		"it doubts velocities that the places deny": {start, func(m *mtt.Measurement, _ int) { m.Course = 270 }, mtt.Kinematics | mtt.Innovation},
		"it bears a turn of 3 g":                    {start, turning, 0},
		"it doubts places that scatter": {start, func(m *mtt.Measurement, _ int) {
			m.Pos = geo.Direct(m.Pos, geo.Degrees(360*rng.Float64()), 900)
			m.Has &^= mtt.HasVelocity
		}, mtt.Innovation},
		"it believes a poor accuracy of one alone":     {start, func(m *mtt.Measurement, at int) { m.Has, m.NACp = m.Has|mtt.HasNACp, nacp(at > 30) }, 0},
		"it believes an accuracy that was always poor": {start, func(m *mtt.Measurement, _ int) { m.Has, m.NIC = m.Has|mtt.HasNIC, 0 }, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			tr := newOf(t, withReceiver(placeA, 100))
			ms := flight(theClaim, tc.start, 0, 60, tc.change)
			if ms[0].Domain == mtt.Sea {
				for i := range ms {
					ms[i].Pos = straight(tc.start, 90, 10, float64(i))
				}
			}
			playAll(tr, ms, nil)
			e := claimed(t, tr, theClaim)
			if !e.HasTrust || e.Reasons != tc.why || e.Doubted != (tc.why != 0) || tc.why == 0 && e.Trust < 0.9 || tc.why != 0 && e.Trust >= 0.2 {
				t.Errorf("trust %.3f (%v), doubted %v for %v, want %v", e.Trust, e.HasTrust, e.Doubted, e.Reasons.Names(nil), tc.why.Names(nil))
			}
		})
	}
}

func TestOneImpossibleStepIsBorne(t *testing.T) {
	tr := newTracker(t)
	start := geo.Direct(placeA, 45, 100_000)
	playAll(tr, flight(theClaim, start, 0, 30, func(m *mtt.Measurement, at int) {
		if at == 20 {
			m.Course = 270
		}
	}), func(at int) {
		if e := claimed(t, tr, theClaim); e.Doubted || at >= 20 && at < 24 && (e.Reasons != mtt.Kinematics || e.Trust > 0.9) {
			t.Errorf("at %d s trust %.3f, doubted %v for %v", at, e.Trust, e.Doubted, e.Reasons.Names(nil))
		}
	})
}

// nacp is a good category, or a poor one.
func nacp(poor bool) uint8 {
	if poor {
		return 0
	}
	return 9
}

// turning moves a claim to a circle at 200 m/s and 3 g.
func turning(m *mtt.Measurement, at int) {
	const v, rate = 200.0, 3 * 9.81 / 200
	a := rate * float64(at)
	p := geo.Direct(geo.Direct(placeA, 45, 100_000), 90, geo.Metres(v/rate*math.Sin(a)))
	m.Pos = geo.Direct(p, 180, geo.Metres(v/rate*(1-math.Cos(a))))
	m.Course = geo.Degrees(90 + a*180/math.Pi).Norm360()
}

// taught plays flights that radar A sees and that tell their places, and a
// claim along the same way that it does not see.
func taught(t *testing.T, more ...mtt.Measurement) mtt.Estimate {
	t.Helper()
	tr := newTracker(t)
	rng := rand.New(rand.NewPCG(3, 3))
	start := geo.Direct(placeA, 20, 120_000)
	ms := slices.Clone(more)
	for i := range 5 {
		p := geo.Direct(start, 270, geo.Metres(10_000*i))
		ms = append(ms, flight(uint32(1000+i), p, 0, 140, nil)...)
		ms = append(ms, radarOf(radarA, p, 0, 140, rng)...)
	}
	playAll(tr, ms, nil)
	return claimed(t, tr, theClaim)
}

func TestClaimIsDoubtedWhereRadarsSeeOthers(t *testing.T) {
	beside := geo.Direct(geo.Direct(placeA, 20, 120_000), 0, 8000)
	radarOnly := radarOf(radarA, geo.Direct(beside, 0, 1500), 0, 140, nil)
	tests := map[string]struct {
		ms  []mtt.Measurement
		why mtt.Reasons
	}{
		"it doubts what a radar should see":            {flight(theClaim, beside, 80, 140, nil), mtt.Unseen},
		"it expects nothing where none was seen":       {flight(theClaim, geo.Direct(placeA, 200, 120_000), 80, 140, nil), 0},
		"it expects nothing lower than was seen":       {flight(theClaim, beside, 80, 140, func(m *mtt.Measurement, _ int) { m.Height = 4000 }), 0},
		"it expects nothing without a height":          {flight(theClaim, beside, 80, 140, func(m *mtt.Measurement, _ int) { m.Has &^= mtt.HasHeight }), 0},
		"it bears a biased radar's track beside":       {append(flight(theClaim, beside, 80, 140, nil), radarOnly...), 0},
		"it believes what the radar sees":              {append(flight(theClaim, beside, 80, 140, nil), radarOf(radarA, beside, 80, 140, nil)...), 0},
		"it bears some seconds before the radar looks": {flight(theClaim, beside, 132, 140, nil), 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			e := taught(t, tc.ms...)
			if e.Reasons != tc.why || e.Doubted != (tc.why != 0) {
				t.Errorf("trust %.3f, doubted %v for %v, want %v", e.Trust, e.Doubted, e.Reasons.Names(nil), tc.why.Names(nil))
			}
		})
	}
}

func TestAccuracyThatFallsOverAnAreaIsDoubted(t *testing.T) {
	near := func(i int) geo.Point { return geo.Direct(placeA, geo.Degrees(40*i), geo.Metres(7000*(1+i%3))) }
	far := func(i int) geo.Point { return geo.Direct(placeA, geo.Degrees(40*i), geo.Metres(400_000*(1+i%3))) }
	tests := map[string]struct {
		fall, good int
		place      func(i int) geo.Point
		doubted    bool
	}{
		"it doubts three that fell together":         {3, 2, near, true},
		"it believes two":                            {2, 0, near, false},
		"it believes three among many that are well": {3, 9, near, false},
		"it believes three far apart":                {3, 0, far, false},
		"it believes two here and one far away": {3, 0, func(i int) geo.Point {
			if i == 2 {
				return far(i)
			}
			return near(i)
		}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			tr := newTracker(t)
			var ms []mtt.Measurement
			for i := range tc.fall + tc.good {
				ms = append(ms, flight(uint32(100+i), tc.place(i), 0, 90, func(m *mtt.Measurement, at int) {
					m.Has, m.NACp = m.Has|mtt.HasNACp, nacp(i < tc.fall && at > 40)
				})...)
			}
			playAll(tr, ms, nil)
			for i := range tc.fall + tc.good {
				e := claimed(t, tr, uint32(100+i))
				if want := tc.doubted && i < tc.fall; e.Doubted != want || (e.Reasons == mtt.Degraded) != want {
					t.Errorf("claim %d: trust %.3f, doubted %v for %v, want %v", i, e.Trust, e.Doubted, e.Reasons.Names(nil), want)
				}
			}
		})
	}
}

func TestOneErrorOfManyIsDoubted(t *testing.T) {
	for name, tc := range map[string]struct {
		errors []geo.Degrees // the direction of each
		want   bool
	}{
		"it doubts three with one error":                {[]geo.Degrees{45, 45, 45}, true},
		"it believes two":                               {[]geo.Degrees{45, 45}, false},
		"it believes two beside one with another":       {[]geo.Degrees{45, 45, 135}, false},
		"it believes three with errors of their own":    {[]geo.Degrees{45, 135, 225}, false},
		"it doubts four with one error, south-westerly": {[]geo.Degrees{225, 225, 225, 225}, true},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTracker(t)
			rng := rand.New(rand.NewPCG(4, 4))
			var ms []mtt.Measurement
			for i, direction := range tc.errors {
				p := geo.Direct(placeA, geo.Degrees(30+40*i), 90_000)
				ms = append(ms, flight(uint32(100+i), p, 0, 90, func(m *mtt.Measurement, at int) {
					if at > 40 {
						m.Pos = geo.Direct(m.Pos, direction, 6000)
					}
				})...)
				for _, m := range radarOf(radarA, p, 0, 90, rng) {
					m.Has, m.Address = m.Has|mtt.HasAddress, uint32(100+i)
					ms = append(ms, m)
				}
			}
			playAll(tr, ms, nil)
			for i := range tc.errors {
				if e := claimed(t, tr, uint32(100+i)); (e.Reasons&mtt.OneError != 0) != tc.want || tc.want && !e.Doubted {
					t.Errorf("claim %d: trust %.3f, doubted %v for %v, want %v", i, e.Trust, e.Doubted, e.Reasons.Names(nil), tc.want)
				}
			}
		})
	}
}

// away makes the claims of a flight that leave it sideways at a speed from a
// second on.
func away(start geo.Point, from int, speed float64, to int) []mtt.Measurement {
	return flight(theClaim, start, 0, to, func(m *mtt.Measurement, at int) {
		m.Pos = geo.Direct(m.Pos, 180, geo.Metres(speed*float64(max(0, at-from))))
	})
}

func TestDoubtedClaimMovesNoRadarTrack(t *testing.T) {
	start := geo.Direct(placeA, 20, 80_000)
	const end = 240
	tr, plain := newTracker(t), newTracker(t)
	first, want, last := mtt.ID(0), map[int]geo.Point{}, geo.Point{}
	playAll(plain, radarOf(radarA, start, 0, end, rand.New(rand.NewPCG(5, 5))), func(at int) {
		for _, e := range confirmed(plain) {
			want[at], last = e.Pos, e.Pos
		}
	})
	playAll(tr, append(away(start, 60, 20, end), radarOf(radarA, start, 0, end, rand.New(rand.NewPCG(5, 5)))...), func(at int) {
		if at == 50 {
			first = claimed(t, tr, theClaim).ID
		}
		if e, _ := tr.Estimate(first); at > 50 && e.Doubted && apart(e.Pos, want[at]) > 100 {
			t.Errorf("at %d s the claim is doubted and the radar's track still %.0f m off", at, apart(e.Pos, want[at]))
		}
	})
	e, ok := tr.Estimate(first)
	if !ok || apart(e.Pos, last) > 30 || e.HasTrust {
		t.Fatalf("the radar's track is %.0f m off the one without the claim, trust %v", apart(e.Pos, last), e.HasTrust)
	}
	c := claimed(t, tr, theClaim)
	if c.ID == first || !c.Doubted || c.Reasons&mtt.Innovation == 0 {
		t.Errorf("the claim is track %d (the radar's is %d), doubted %v for %v", c.ID, first, c.Doubted, c.Reasons.Names(nil))
	}
}

// What was doubted and comes back to what the radar sees is believed again and
// joins its track.
func TestClaimThatComesBackIsBelieved(t *testing.T) {
	start := geo.Direct(placeA, 20, 80_000)
	tr := newTracker(t)
	ms := flight(theClaim, start, 0, 400, func(m *mtt.Measurement, at int) {
		m.Pos = geo.Direct(m.Pos, 180, geo.Metres(20*max(0, min(at-60, 220-at))))
	})
	doubted := false
	playAll(tr, append(ms, radarOf(radarA, start, 0, 400, rand.New(rand.NewPCG(6, 6)))...), func(at int) {
		if at == 150 {
			doubted = claimed(t, tr, theClaim).Doubted // a kilometre and more off
		}
	})
	all := confirmed(tr)
	if !doubted || len(all) != 1 || all[0].Doubted || !all[0].HasTrust || all[0].Trust < 0.9 {
		t.Errorf("doubted %v, then %d tracks: %+v", doubted, len(all), all)
	}
}

// A doubted claim along the way of a true aircraft neither takes its plots nor
// becomes one track with it, whichever was first.
func TestDoubtedClaimTakesNoPlots(t *testing.T) {
	start := geo.Direct(placeA, 20, 80_000)
	for name, from := range map[string][2]int{"it comes first": {0, 30}, "it comes later": {30, 0}} {
		t.Run(name, func(t *testing.T) {
			tr := newOf(t, withReceiver(geo.Direct(placeA, 0, 1_500_000), 10))
			ms := flight(theClaim, start, from[0], 200, func(m *mtt.Measurement, _ int) { m.Receiver = 1 })
			playAll(tr, append(ms, radarOf(radarA, start, from[1], 200, rand.New(rand.NewPCG(2, 6)))...), nil)
			c, all := claimed(t, tr, theClaim), confirmed(tr)
			if len(all) != 2 || !c.Doubted || c.Reasons != mtt.Horizon || tr.Stats().Merged > 0 {
				t.Errorf("%d tracks, want 2, %d merged; doubted %v for %v", len(all), tr.Stats().Merged, c.Doubted, c.Reasons.Names(nil))
			}
		})
	}
}

// What a claim was doubted for does not keep later ones from a radar's track.
func TestRadarTrackIsFreeAgain(t *testing.T) {
	tr := newOf(t, withReceiver(geo.Direct(placeA, 0, 1_500_000), 10))
	start := geo.Direct(placeA, 20, 80_000)
	ms := flight(theClaim, start, 20, 60, func(m *mtt.Measurement, _ int) {
		m.Receiver, m.Has = 1, m.Has&^mtt.HasAddress // of no stream: the doubt stays with the track
	})
	ms = append(ms, flight(theClaim, start, 160, 200, nil)...)
	first := mtt.ID(0)
	playAll(tr, append(ms, radarOf(radarA, start, 0, 200, rand.New(rand.NewPCG(2, 6)))...), func(at int) {
		if at == 19 {
			first = confirmed(tr)[0].ID
		}
	})
	if e, ok := tr.Estimate(first); !ok || !e.HasTrust || e.Trust < 0.9 {
		t.Errorf("the radar's track (%v) has trust %.2f (%v) in a later claim", ok, e.Trust, e.HasTrust)
	}
}

func TestDoubtedClaimIsNoReference(t *testing.T) {
	for name, tc := range map[string]struct {
		receiver geo.Metres
		want     bool
	}{
		"it is one while it is believed": {10_000, true},
		"it is none while it is doubted": {1_500_000, false},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := registered()
			cfg.Receivers = []mtt.Receiver{{Pos: geo.Direct(placeA, 0, tc.receiver), Height: 10}}
			tr := newOf(t, cfg)
			playAll(tr, flight(theClaim, geo.Direct(placeA, 20, 80_000), 0, 30, func(m *mtt.Measurement, _ int) { m.Receiver = 1 }), nil)
			if got := tr.IsReference(claimed(t, tr, theClaim).ID); got != tc.want {
				t.Errorf("a reference for radars: %v, want %v", got, tc.want)
			}
		})
	}
}

func TestDoubtedClaimDoesNotRegisterARadar(t *testing.T) {
	start := geo.Direct(placeA, 20, 120_000)
	run := func(lies bool) mtt.Registration {
		tr := newOf(t, registered())
		rng := rand.New(rand.NewPCG(7, 7))
		var ms []mtt.Measurement
		for i := range 4 {
			p := geo.Direct(placeA, geo.Degrees(70*i), 120_000)
			ms = append(ms, flight(uint32(100+i), p, 0, 300, nil)...)
			ms = append(ms, radarOf(radarA, p, 0, 300, rng)...)
		}
		if lies {
			ms = append(ms, away(start, 100, 15, 300)...)
		} else {
			ms = append(ms, flight(theClaim, start, 0, 100, nil)...)
		}
		playAll(tr, append(ms, radarOf(radarA, start, 0, 300, rng)...), nil)
		r, _ := tr.Registration(radarA)
		return r
	}
	with, without := run(true), run(false)
	if d := math.Abs(float64(with.Bias.Azimuth - without.Bias.Azimuth)); d > float64(without.Sigma.Azimuth)/2 {
		t.Errorf("the azimuth's bias differs by %.4f°, σ %.4f°", d, without.Sigma.Azimuth)
	}
	if d := math.Abs(float64(with.Bias.Range - without.Bias.Range)); d > float64(without.Sigma.Range)/2 {
		t.Errorf("the range's bias differs by %.1f m, σ %.1f m", d, without.Sigma.Range)
	}
	if with.Sights > without.Sights+20 {
		t.Errorf("%d comparisons, without the lies %d: those of a doubted claim count", with.Sights, without.Sights)
	}
}

// Where a radar sees the lesser part of what is there, nothing is expected of
// it.
func TestLittleIsExpectedOfAPoorRadar(t *testing.T) {
	tr := newTracker(t)
	start := geo.Direct(placeA, 20, 120_000)
	ms := flight(theClaim, geo.Direct(start, 0, 8000), 120, 400, nil)
	for i := range 5 {
		p := geo.Direct(start, 270, geo.Metres(10_000*i))
		ms = append(ms, flight(uint32(1000+i), p, 0, 400, nil)...)
		for n, m := range radarOf(radarA, p, 0, 400, nil) {
			if (n+i)%5 < 2 {
				ms = append(ms, m)
			}
		}
	}
	playAll(tr, ms, nil)
	if e := claimed(t, tr, theClaim); e.Doubted || e.Reasons != 0 {
		t.Errorf("trust %.3f, doubted %v for %v", e.Trust, e.Doubted, e.Reasons.Names(nil))
	}
}

// A radar whose north mark jumps makes no claim untrue.
func TestJumpOfARadarIsNotTheClaimsFault(t *testing.T) {
	for _, jump := range []geo.Degrees{0.3, 0.4, 0.5} {
		radarJumps(t, jump)
	}
}

func radarJumps(t *testing.T, jump geo.Degrees) {
	t.Helper()
	tr := newOf(t, registered())
	rng := rand.New(rand.NewPCG(9, 9))
	var ms []mtt.Measurement
	for i := range 6 {
		p := geo.Direct(placeA, geo.Degrees(60*i), 120_000)
		ms = append(ms, flight(uint32(100+i), p, 0, 300, nil)...)
		for _, m := range radarOf(radarA, p, 0, 300, rng) {
			m.Has, m.Address = m.Has|mtt.HasAddress, uint32(100+i)
			if m.Time.After(sec(150)) {
				m.Azimuth += jump
			}
			ms = append(ms, m)
		}
	}
	playAll(tr, ms, func(at int) {
		for i := range 6 {
			if e := claimed(t, tr, uint32(100+i)); e.Doubted {
				t.Fatalf("jump of %v°: at %d s claim %d is doubted for %v", jump, at, i, e.Reasons.Names(nil))
			}
		}
	})
	if r, _ := tr.Registration(radarA); r.Jumps != 1 {
		t.Errorf("jump of %v°: %d noticed, want 1", jump, r.Jumps)
	}
}

// A radar that sees all claims off to one side is wrong itself, also where
// nothing is learnt of its bias.
func TestBiasOfARadarIsNotTheClaimsFault(t *testing.T) {
	cfg := testConfig()
	cfg.Bias = mtt.Bias{}
	tr := newOf(t, cfg)
	rng := rand.New(rand.NewPCG(9, 9))
	var ms []mtt.Measurement
	for i := range 6 {
		p := geo.Direct(placeA, geo.Degrees(60*i), 120_000)
		ms = append(ms, flight(uint32(100+i), p, 0, 200, nil)...)
		for _, m := range radarOf(radarA, p, 0, 200, rng) {
			m.Azimuth += 0.35
			ms = append(ms, m)
		}
	}
	playAll(tr, ms, func(at int) {
		for i := range 6 {
			if e := claimed(t, tr, uint32(100+i)); e.Doubted {
				t.Fatalf("at %d s claim %d is doubted for %v", at, i, e.Reasons.Names(nil))
			}
		}
	})
}

// Whatever claims and radars say, trust is a probability, the books are right,
// and a Tracker goes on from its state bit for bit.
func TestTrustGoesOnFromItsState(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		speed := rapid.Float64Range(0, 60).Draw(rt, "speed")
		cut := rapid.IntRange(20, 110).Draw(rt, "cut")
		start := geo.Direct(placeA, geo.Degrees(360*rng.Float64()), geo.Metres(30_000+90_000*rng.Float64()))
		ms := append(away(start, 30, speed, 120), radarOf(radarA, start, 0, 120, rng)...)
		ms = append(ms, radarOf(radarB, start, 1, 120, rng)...)
		for i := range ms {
			if rng.Float64() < 0.1 && ms[i].Has&mtt.HasPosition != 0 {
				ms[i].Has, ms[i].NACp, ms[i].NIC = ms[i].Has|mtt.HasNACp|mtt.HasNIC, uint8(rng.IntN(12)), uint8(rng.IntN(12))
				ms[i].Pos = geo.Direct(ms[i].Pos, 0, geo.Metres(3000*rng.Float64()))
			}
		}
		a := newTracker(t)
		var b *mtt.Tracker
		second := func(tr *mtt.Tracker, at int) {
			var now []mtt.Measurement
			for _, m := range ms {
				if !m.Time.Before(sec(float64(at))) && m.Time.Before(sec(float64(at+1))) {
					now = append(now, m)
				}
			}
			tr.Observe(now, nil)
			tr.Advance(sec(float64(at+1)), nil)
		}
		for at := range 120 {
			if at == cut {
				var err error
				if b, err = mtt.Restore(testConfig(), a.Snapshot()); err != nil {
					rt.Fatal(err)
				}
			}
			second(a, at)
			if b != nil {
				second(b, at)
			}
			if problem := a.ClaimBooks(); problem != "" {
				rt.Fatalf("at %d s: %s", at, problem)
			}
			for _, e := range confirmed(a) {
				if !(e.Trust >= 0 && e.Trust <= 1) || e.Trust == 1 && e.Reasons != 0 {
					rt.Fatalf("at %d s: trust %v for %v", at, e.Trust, e.Reasons.Names(nil))
				}
			}
		}
		if diff := cmp.Diff(a.Snapshot(), b.Snapshot()); diff != "" {
			rt.Fatalf("after a restore at %d s:\n%s", cut, diff)
		}
	})
}

func TestReasonsHaveNames(t *testing.T) {
	all := mtt.Innovation | mtt.Unseen | mtt.Kinematics | mtt.Horizon | mtt.Degraded | mtt.OneError
	if all != mtt.AllReasons {
		t.Errorf("all reasons are %b, want %b", mtt.AllReasons, all)
	}
	want := []string{"innovation", "unseen", "kinematics", "horizon", "degraded", "one-error"}
	if got := all.Names(nil); !slices.Equal(got, want) {
		t.Errorf("names %v, want %v", got, want)
	}
	if got := (mtt.Unseen | mtt.OneError).Names(nil); !slices.Equal(got, []string{"unseen", "one-error"}) {
		t.Errorf("names %v of two reasons", got)
	}
}

func TestQualityAndReceiverAreChecked(t *testing.T) {
	for name, change := range map[string]func(m *mtt.Measurement){
		"it refuses an accuracy that is none":  func(m *mtt.Measurement) { m.Has, m.NACp = m.Has|mtt.HasNACp, 12 },
		"it refuses an integrity that is none": func(m *mtt.Measurement) { m.Has, m.NIC = m.Has|mtt.HasNIC, 12 },
		"it refuses an unknown receiver":       func(m *mtt.Measurement) { m.Receiver = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			tr := newOf(t, withReceiver(placeA, 10))
			m := claimOf(1, theClaim, placeB)
			change(&m)
			if out := observe(tr, m); out[0].Verdict != mtt.Malformed {
				t.Errorf("verdict %v, want malformed", out[0].Verdict)
			}
		})
	}
	cfg := withReceiver(geo.Point{LatDeg: 91}, 10)
	if cfg.Validate() == nil {
		t.Error("a receiver off the Earth is accepted")
	}
	cfg.Receivers = make([]mtt.Receiver, 256)
	if cfg.Validate() == nil {
		t.Error("256 receivers are accepted")
	}
}
