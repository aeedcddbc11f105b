// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// A million steps of prediction and measurement, of no time and of 10,000 s,
// with errors tiny and huge.
func TestCovariancesStayPositiveDefinite(t *testing.T) {
	seed := uint64(1)
	for _, class := range []mtt.Class{mtt.Aircraft, mtt.Helicopter, mtt.SmallDrone, mtt.LargeDrone, mtt.Balloon, mtt.Vessel} {
		domain := mtt.Air
		if class == mtt.Vessel {
			domain = mtt.Sea
		}
		for range 20 {
			rng := rand.New(rand.NewPCG(seed, 9))
			if at := mtt.FilterWalk(10_000, domain, class, rng.Float64); at >= 0 {
				t.Fatalf("class %q, seed %d: covariance spoilt at step %d", class, seed, at)
			}
			seed++
		}
	}
}

// wildly draws measurements that are allowed but unlikely.
func wildly(t *rapid.T, at float64) mtt.Measurement {
	p := geo.Direct(placeA, geo.Degrees(rapid.Float64Range(0, 360).Draw(t, "azimuth")), geo.Metres(rapid.Float64Range(10, 390_000).Draw(t, "range")))
	sigma := rapid.SampledFrom([]float64{0, 1e-6, 1, 1e4}).Draw(t, "sigma")
	var m mtt.Measurement
	if rapid.Bool().Draw(t, "tells") {
		m = claimOf(at, rapid.Uint32Range(0, 3).Draw(t, "address"), p)
		m.SigmaPos = geo.Metres(sigma)
	} else {
		m = polarOf(at, rapid.IntRange(radarA, radarB).Draw(t, "sensor"), p, 5000, nil)
		m.SigmaRange = geo.Metres(sigma)
		m.SigmaAzimuth = geo.Degrees(rapid.SampledFrom([]float64{0, 1e-9, 0.1, 9}).Draw(t, "sigma of azimuth"))
	}
	m.Has |= rapid.SampledFrom([]mtt.Has{0, mtt.HasHeight, mtt.HasVelocity, mtt.HasHeight | mtt.HasVelocity}).Draw(t, "has")
	m.Height = geo.Metres(rapid.Float64Range(-900, 59_000).Draw(t, "height"))
	m.Speed, m.Course = geo.MetresPerSecond(rapid.Float64Range(0, 2900).Draw(t, "speed")), geo.Degrees(rapid.Float64Range(0, 360).Draw(t, "course"))
	m.Domain = rapid.SampledFrom([]mtt.Domain{0, mtt.Air, mtt.Sea}).Draw(t, "domain")
	return m
}

func TestEstimatesAreFiniteWhateverComes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr, err := mtt.New(registered())
		if err != nil {
			t.Fatal(err)
		}
		at := 0.0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			at += rapid.SampledFrom([]float64{0, 0, 1e-6, 1, 4, 10_000}).Draw(t, "dt")
			observe(tr, wildly(t, at))
			if rapid.Bool().Draw(t, "advance") {
				tr.Advance(sec(at), nil)
			}
			for _, id := range tr.IDs(nil) {
				for _, later := range []float64{0, 1, 10_000} {
					e, _ := tr.EstimateAt(id, sec(at+later))
					sum := e.Pos.LatDeg + e.Pos.LonDeg + float64(e.SigmaPos) + e.Cov[0] + e.Cov[1] + e.Cov[2] + float64(e.East+e.North) + float64(e.Height)
					if math.IsNaN(sum) || math.IsInf(sum, 0) || !(e.Existence >= 0 && e.Existence <= 1) || !(e.Cov[0]*e.Cov[2] > e.Cov[1]*e.Cov[1]) {
						t.Fatalf("%v s later: %+v", later, e)
					}
				}
			}
		}
		if !tr.Sound() {
			t.Fatal("a filter is spoilt")
		}
	})
}

// Plots of one sector have no order.
func TestAPermutedSectorGivesTheSameTracks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var trackers [2]*mtt.Tracker
		for i := range trackers {
			var err error
			if trackers[i], err = mtt.New(registered()); err != nil {
				t.Fatal(err)
			}
		}
		n := rapid.IntRange(2, 8).Draw(t, "objects")
		lead := geo.Direct(placeA, 90, 90_000)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		for scan := range 8 {
			at := 4 * float64(scan)
			ms := make([]mtt.Measurement, n)
			for i := range ms {
				p := straight(geo.Direct(lead, 180, geo.Metres(700*i)), 90, 200, at)
				ms[i] = polarOf(at, radarA, p, 5000, rng)
			}
			observe(trackers[0], ms...)
			if scan > 0 { // the first scan gives the numbers
				ms = rapid.Permutation(ms).Draw(t, "order")
			}
			observe(trackers[1], ms...)
			for i := range trackers {
				trackers[i].Advance(sec(at), nil)
			}
		}
		for id := mtt.ID(1); int(id) <= n; id++ {
			a, okA := trackers[0].Estimate(id)
			b, okB := trackers[1].Estimate(id)
			if a != b || okA != okB {
				t.Fatalf("track %d is %+v, in another order %+v", id, a, b)
			}
		}
	})
}

// 10,000 false plots a scan must cost no more memory than was configured for,
// and what is shed must be counted.
func TestAFloodIsBoundedAndCounted(t *testing.T) {
	cfg := registered()
	cfg.MaxTracks = 2000
	tr, err := mtt.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(6, 6))
	given := uint64(0)
	for scan := range 3 {
		at := 4 * float64(scan)
		ms := make([]mtt.Measurement, 10_000)
		for i := range ms {
			ms[i] = mtt.Measurement{
				Time: sec(at + 4*float64(i)/10_000), Sensor: radarA, Domain: mtt.Air, Has: mtt.HasPolar | mtt.HasAddress,
				Range: geo.Metres(5000 + 390_000*rng.Float64()), Azimuth: geo.Degrees(360 * float64(i) / 10_000), Address: uint32(1 + i%5000),
			}
		}
		given += uint64(len(ms))
		observe(tr, ms...)
		tr.Advance(sec(at+4), nil)
		if tr.Len() > cfg.MaxTracks {
			t.Fatalf("%d tracks, want at most %d", tr.Len(), cfg.MaxTracks)
		}
	}
	st, sum := tr.Stats(), uint64(0)
	for _, n := range st.Verdicts {
		sum += n
	}
	if sum != given || st.Verdicts[mtt.TableFull] == 0 {
		t.Errorf("%d of %d plots counted, %d of them shed", sum, given, st.Verdicts[mtt.TableFull])
	}
	if s := tr.Snapshot(); len(s.Biases.Sights) > 4096 || len(s.Events) > 3*10_000 {
		t.Errorf("%d sights, %d events", len(s.Biases.Sights), len(s.Events))
	}
}

// Sights that wait are bounded, and those shed are counted.
func TestSightsAreBoundedAndCounted(t *testing.T) {
	cfg := registered()
	cfg.Sensors[radarA].Period = 100 * time.Millisecond
	tr, err := mtt.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	start := geo.Direct(placeA, 45, 100_000)
	for n := range 5000 {
		at := float64(n) / 8
		m := claimOf(at, 1, straight(start, 90, 200, at))
		m.Has |= mtt.HasHeight | mtt.HasVelocity
		m.Height, m.Speed, m.Course = 9000, 200, 90
		observe(tr, m, polarOf(at, radarA, m.Pos, 9000, nil))
	}
	if got, shed := len(tr.Snapshot().Biases.Sights), tr.Stats().SightsShed; got != 4096 || shed == 0 {
		t.Errorf("%d sights wait, %d were shed; want 4096 and some", got, shed)
	}
}
