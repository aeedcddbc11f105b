// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// coneTracker has one radar that loses patience after 24 s.
func coneTracker(t *testing.T) *mtt.Tracker {
	t.Helper()
	cfg := testConfig()
	cfg.Sensors[radarA].LostAfter = 24 * time.Second
	tr, err := mtt.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

const overHeight = 10_000.0

// over is a plot of an aircraft that passes over the radar, seen below 42° of
// elevation; false in the cone above.
func over(at float64, p geo.Point, rng *rand.Rand) (mtt.Measurement, bool) {
	m := polarOf(at, radarA, p, overHeight, rng)
	m.Has |= mtt.HasHeight
	m.Height, m.SigmaHeight = overHeight, 10
	return m, math.Asin((overHeight-300)/float64(m.Range)) < 42*math.Pi/180
}

// pass flies over the radar, 2 km aside, until a time: 220 m/s, beside the radar
// after 240 s, and from there on as onward says. Another aircraft keeps the
// radar busy.
func pass(t *testing.T, seed uint64, until int, onward func(geo.Point, float64) geo.Point) *mtt.Tracker {
	t.Helper()
	tr := coneTracker(t)
	rng := rand.New(rand.NewPCG(seed, 9))
	start := geo.Direct(geo.Direct(placeA, 250, 220*240), 340, 2000)
	for n := 0; n < until; n += 4 {
		at := float64(n)
		p := straight(start, 70, 220, at)
		if n > 240 {
			p = onward(straight(start, 70, 220, 240), at-240)
		}
		ms := []mtt.Measurement{polarOf(at, radarA, straight(placeB, 0, 200, at), 8000, rng)}
		if m, seen := over(at, p, rng); seen {
			ms = append(ms, m)
		}
		observe(tr, ms...)
		tr.Advance(sec(at), nil)
	}
	return tr
}

func onwards(p geo.Point, dt float64) geo.Point  { return straight(p, 70, 220, dt) }
func bent(p geo.Point, dt float64) geo.Point     { return straight(p, 100, 220, dt) }
func sideways(p geo.Point, dt float64) geo.Point { return geo.Direct(onwards(p, dt), 160, 9000) }

// near returns the tracks within 60 km of the radar.
func near(tr *mtt.Tracker) (ids []mtt.ID) {
	for _, e := range confirmed(tr) {
		if apart(e.Pos, placeA) < 60_000 {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

func TestTrackPassesTheConeOfSilence(t *testing.T) {
	for name, onward := range map[string]func(geo.Point, float64) geo.Point{"straight": onwards, "in a turn": bent} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(10) {
				before := near(pass(t, seed, 160, onward))
				inside, after := near(pass(t, seed, 276, onward)), near(pass(t, seed, 400, onward))
				if len(before) != 1 || len(inside) != 1 || len(after) != 1 || before[0] != inside[0] || inside[0] != after[0] {
					t.Errorf("seed %d: numbers %v before the cone, %v inside and %v after it, want one and the same", seed, before, inside, after)
				}
			}
		})
	}
}

// What comes out of the cone where the track cannot be is another object.
func TestStrangerBesideTheConeIsAnotherTrack(t *testing.T) {
	for seed := range uint64(10) {
		before, after := near(pass(t, seed, 160, sideways)), near(pass(t, seed, 400, sideways))
		if len(before) != 1 || len(after) != 1 || before[0] == after[0] {
			t.Errorf("seed %d: numbers %v before the cone and %v 9 km aside after it, want two", seed, before, after)
		}
	}
}

// A track that does not come out is lost soon after it should have; a single
// plot inside the cone is no reason to wait.
func TestConeOfSilenceIsNoRefuge(t *testing.T) {
	tr := pass(t, 1, 200, onwards)
	for n := 200; n < 400; n += 4 {
		at := float64(n)
		observe(tr, polarOf(at, radarA, straight(placeB, 0, 200, at), 8000, nil))
		if n == 204 {
			m, _ := over(at, geo.Direct(placeA, 200, 3000), nil)
			observe(tr, m)
		}
		tr.Advance(sec(at), nil)
		live, young := 0, 0
		for _, id := range tr.IDs(nil) {
			e, _ := tr.Estimate(id)
			switch {
			case apart(e.Pos, placeA) > 60_000:
			case e.Phase == mtt.Tentative:
				young++
			case e.Phase != mtt.Lost:
				live++
			}
		}
		// The cone of 40° ends 11.6 km from the radar: after 291 s.
		if n <= 284 && live != 1 || n >= 328 && live != 0 {
			t.Fatalf("%d tracks after %d s", live, n)
		}
		if n >= 224 && young > 0 {
			t.Fatalf("%d tentative tracks after %d s", young, n)
		}
	}
}

// An aircraft that stands cannot have come 250 m in a scan: it keeps its number
// when another one appears there, also where that one's plot comes in an earlier
// batch than its own.
func TestStandingAircraftKeepsItsNumber(t *testing.T) {
	tr := coneTracker(t)
	rng := rand.New(rand.NewPCG(2, 9))
	stands := []geo.Point{geo.Direct(placeA, 236.3, 2120), geo.Direct(placeA, 237.6, 1880)}
	numbers := make([]mtt.ID, len(stands))
	for n := range 120 {
		for i, p := range stands {
			if i == 0 && n < 60 {
				continue
			}
			at := 4*float64(n) + float64(i)/100
			m := polarOf(at, radarA, p, 300, nil)
			m.Range += geo.Metres(rng.NormFloat64() * 7)
			m.Azimuth += geo.Degrees(rng.NormFloat64() * 0.05)
			m.SigmaRange, m.SigmaAzimuth = 40, 0.08
			m.Has |= mtt.HasHeight
			m.Height, m.SigmaHeight = 300, 10
			switch id := observe(tr, m)[0].Track; {
			case n < 20:
			case numbers[i] == 0:
				numbers[i] = id
			case numbers[i] != id:
				t.Fatalf("aircraft %d is number %d, then %d after %.0f s", i, numbers[i], id, at)
			}
			tr.Advance(sec(at), nil)
		}
	}
	if numbers[0] == numbers[1] || numbers[0] == 0 {
		t.Errorf("numbers %v, want two", numbers)
	}
}
