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

// referenceTracker has a sensor of satellite positions.
func referenceTracker(t *testing.T) *mtt.Tracker {
	t.Helper()
	cfg := testConfig()
	cfg.Sensors[adsb].Reference = true
	tr, err := mtt.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// tellsAll is a self-report of an aircraft that flies north at a speed and a
// height: its ground point is slower.
func tellsAll(at float64, address uint32, start geo.Point, v, h float64) (mtt.Measurement, geo.Point) {
	over := v / (1 + h/float64(geo.EquatorialRadius))
	p := straight(start, 0, over, at)
	m := claimOf(at, address, p)
	m.Has |= mtt.HasVelocity | mtt.HasHeight
	m.Speed, m.Height, m.SigmaHeight = geo.MetresPerSecond(v), geo.Metres(h), 10
	return m, p
}

// The velocity of an aircraft at 18 km is 0.28 % above that of its ground
// point: at 500 m/s taking the one for the other is an error of 1.4 m/s.
func TestVelocityIsThatAtHeight(t *testing.T) {
	tr := referenceTracker(t)
	const v, h = 500.0, 18_000.0
	var p geo.Point
	for k := range 60 {
		m, at := tellsAll(float64(k), 0x780001, placeA, v, h)
		m.SigmaVelocity, p = 0.1, at
		observe(tr, m)
		tr.Advance(m.Time, nil)
	}
	list := confirmed(tr)
	if len(list) != 1 {
		t.Fatalf("%d tracks, want 1", len(list))
	}
	e := list[0]
	if off := apart(e.Pos, p); off > 0.5 {
		t.Errorf("%.2f m off the truth, want none", off)
	}
	if got := math.Hypot(float64(e.East), float64(e.North)); math.Abs(got-v) > 0.05 {
		t.Errorf("speed %.2f m/s, want %.2f as told", got, v)
	}
}

// Errors and covariances of aircraft that tell place and velocity must agree:
// the mean normalised square of errors is 1. What they tell of the velocity is
// good to 1 m/s and comes without its accuracy; their own velocity wanders by
// 0.03 m²/s³.
func TestSelfReportsHaveHonestCovariances(t *testing.T) {
	tr := referenceTracker(t)
	const crafts, h, seconds = 60, 9000.0, 120
	wander := math.Sqrt(0.03)
	rng := rand.New(rand.NewPCG(3, 4))
	type flight struct {
		at     geo.Point
		ve, vn float64
	}
	flights := make([]flight, crafts)
	for i := range flights {
		flights[i] = flight{straight(placeB, geo.Degrees(6*i), 1, 30_000+2000*float64(i)), 200 * math.Sin(float64(i)), 200 * math.Cos(float64(i))}
	}
	sum, n := 0.0, 0
	for k := range seconds {
		at := float64(k)
		var ms []mtt.Measurement
		for i := range flights {
			f := &flights[i]
			m := claimOf(at, 0x780001+uint32(i), straight(straight(f.at, 0, 1, rng.NormFloat64()*10), 90, 1, rng.NormFloat64()*10))
			e, n := f.ve+rng.NormFloat64(), f.vn+rng.NormFloat64()
			m.Has |= mtt.HasVelocity | mtt.HasHeight
			m.Speed, m.Course = geo.MetresPerSecond(math.Hypot(e, n)), geo.Degrees(math.Atan2(e, n)*180/math.Pi)
			m.Height, m.SigmaHeight = h, 10
			ms = append(ms, m)
		}
		observe(tr, ms...)
		tr.Advance(sec(at), nil)
		for i := range flights {
			f := &flights[i]
			if k >= 20 {
				sum += normalised(t, tr, 0x780001+uint32(i), sec(at), f.at)
				n++
			}
			down := 1 / (1 + h/float64(geo.EquatorialRadius))
			f.at = geo.Direct(f.at, geo.Degrees(math.Atan2(f.ve, f.vn)*180/math.Pi), geo.Metres(math.Hypot(f.ve, f.vn)*down))
			f.ve, f.vn = f.ve+rng.NormFloat64()*wander, f.vn+rng.NormFloat64()*wander
		}
	}
	if got := sum / float64(n); got < 0.8 || got > 1.2 {
		t.Errorf("mean normalised square of %d errors is %.2f, want 0.8 to 1.2", n, got)
	}
}

// normalised returns the square of an address's error over its covariance, over
// two.
func normalised(t *testing.T, tr *mtt.Tracker, address uint32, at time.Time, truth geo.Point) float64 {
	t.Helper()
	ids := tr.Lookup(address, false, nil)
	if len(ids) != 1 {
		t.Fatalf("%06x has %d tracks, want 1", address, len(ids))
	}
	e, _ := tr.EstimateAt(ids[0], at)
	x, y, _ := geo.NewPlane(truth, 0).ToENU(e.Pos, 0)
	de, dn := float64(x), float64(y)
	ee, en, nn := e.Cov[0], e.Cov[1], e.Cov[2]
	return (de*de*nn - 2*de*dn*en + dn*dn*ee) / (ee*nn - en*en) / 2
}

// Those that tell an address begin few of their turns at 6 g.
func TestAddressedAircraftAreExpectedToTurnGently(t *testing.T) {
	spread := func(address uint32) float64 {
		tr := newTracker(t)
		for k := range 30 {
			at := 4 * float64(k)
			m := polarOf(at, radarA, straight(placeA, 30, 150, at+200), 9000, nil)
			m.Has |= mtt.HasHeight
			m.Height, m.SigmaHeight = 9000, 10
			if address != 0 {
				m.Has, m.Address = m.Has|mtt.HasAddress, address
			}
			observe(tr, m)
			tr.Advance(sec(at), nil)
		}
		list := confirmed(tr)
		if len(list) != 1 {
			t.Fatalf("%d tracks, want 1", len(list))
		}
		e, _ := tr.EstimateAt(list[0].ID, sec(4*29+12))
		return float64(e.SigmaPos)
	}
	with, without := spread(0x780001), spread(0)
	if with > without*2/3 {
		t.Errorf("12 s ahead with an address ± %.0f m, without ± %.0f m: want at most two thirds", with, without)
	}
}
