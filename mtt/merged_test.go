// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// pairOfAircraft flies two aircraft side by side, 1500 m apart and then 600 m,
// where the radar resolves them no more.
func pairOfAircraft(t *testing.T, seed uint64, seconds int) *mtt.Tracker {
	t.Helper()
	tr := newTracker(t)
	rng := rand.New(rand.NewPCG(seed, 4))
	lead := geo.Direct(placeA, 90, 90_000)
	for n := 0; n < seconds; n += 4 {
		at := float64(n)
		aside := 600 + 900*math.Exp(-at/40)
		a := straight(lead, 90, 200, at)
		b := geo.Direct(a, 180, geo.Metres(aside))
		if aside > 800 {
			observe(tr, polarOf(at, radarA, a, 5000, rng), polarOf(at, radarA, b, 5000, rng))
		} else {
			observe(tr, polarOf(at, radarA, geo.Direct(a, 180, geo.Metres(aside/2)), 5000, rng))
		}
		tr.Advance(sec(at), nil)
	}
	return tr
}

func TestOnePlotKeepsTwoTracks(t *testing.T) {
	tr := pairOfAircraft(t, 4, 160)
	got := confirmed(tr)
	if len(got) != 2 {
		t.Fatalf("%d tracks after ten plots of both aircraft, want 2", len(got))
	}
	for _, e := range got {
		if age := sec(156).Sub(e.LastHit).Seconds(); age > 4 {
			t.Errorf("track %d has had no plot for %.0f s", e.ID, age)
		}
	}
}

// What is seen in one plot for minutes is one object for all that is known: the
// tracks are joined, or one of them is given up.
func TestTwoTracksOfOnePlotEndAsOne(t *testing.T) {
	joined := uint64(0)
	for seed := range uint64(8) {
		tr := pairOfAircraft(t, seed, 900)
		if got := confirmed(tr); len(got) != 1 {
			t.Errorf("seed %d: %d tracks after minutes of single plots, want 1", seed, len(got))
		}
		joined += tr.Stats().Merged
	}
	if joined == 0 {
		t.Error("no two tracks were joined")
	}
}

// Where two numbers may have changed aircraft, the covariance holds both
// places; an address ends the doubt.
func TestDoubtOfANumberIsInTheCovariance(t *testing.T) {
	tr := newTracker(t)
	rng := rand.New(rand.NewPCG(5, 4))
	lead := geo.Direct(placeA, 90, 90_000)
	width := func() geo.Metres {
		widest := geo.Metres(0)
		for _, e := range confirmed(tr) {
			widest = max(widest, e.SigmaPos)
		}
		return widest
	}
	var plots [2]mtt.Measurement
	alone, crossing := geo.Metres(0), geo.Metres(0)
	for n := 0; n < 200; n += 4 {
		at := float64(n)
		a := straight(lead, 90, 200, at)
		b := geo.Direct(a, 180, geo.Metres(math.Abs(2500-25*at)+400))
		plots = [2]mtt.Measurement{polarOf(at, radarA, a, 5000, rng), polarOf(at, radarA, b, 5000, rng)}
		observe(tr, plots[:]...)
		tr.Advance(sec(at), nil)
		switch {
		case n == 40:
			alone = width()
		case n > 80 && n < 130:
			crossing = max(crossing, width())
		}
	}
	if crossing < alone*3/2 {
		t.Errorf("σ = %.0f m near another track, %.0f m alone; want half as much again at least", crossing, alone)
	}
}

// The meridians converge: a velocity is measured and given out against the
// north of its own place.
func TestVelocityIsOfItsOwnPlace(t *testing.T) {
	start := geo.Point{LatDeg: 60, LonDeg: 10}
	for name, velocity := range map[string]mtt.Has{"from positions": 0, "from velocities": mtt.HasVelocity} {
		t.Run(name, func(t *testing.T) {
			tr := newTracker(t)
			for n := range 110 { // 22 km east on the first plane
				m := claimOf(float64(n), 0x899001, straight(start, 90, 200, float64(n)))
				_, back := geo.Inverse(m.Pos, start)
				m.Has |= velocity | mtt.HasHeight // 0: the velocity is that of the ground point
				m.Speed, m.Course, m.SigmaVelocity = 200, (back + 180).Norm360(), 0.1
				if n == 0 {
					m.Course = 90
				}
				if velocity != 0 {
					m.SigmaPos = 500
				}
				observe(tr, m)
				e, _ := tr.Estimate(1)
				course := geo.Degrees(math.Atan2(float64(e.East), float64(e.North)) * 180 / math.Pi)
				if off := math.Abs(float64((course - m.Course).Norm180())); n > 20 && off > 0.05 {
					t.Fatalf("course %.3f° after %d s, want %.3f°", course, n, m.Course)
				}
				if d := apart(e.Pos, m.Pos); d > 5 {
					t.Fatalf("%.1f m off after %d s", d, n)
				}
			}
		})
	}
}
