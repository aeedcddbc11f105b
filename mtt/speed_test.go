// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"math"
	"testing"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

const theBoat = 416000001

// boat tells its place every few seconds, at a speed, and tells another speed.
func boat(places func(at float64) geo.Point, told geo.MetresPerSecond, from, to, every int) []mtt.Measurement {
	var ms []mtt.Measurement
	for at := from; at < to; at += every {
		ms = append(ms, mtt.Measurement{
			Time: sec(float64(at)), Sensor: adsb, Domain: mtt.Sea, Has: mtt.HasPosition | mtt.HasMMSI | mtt.HasVelocity,
			MMSI: theBoat, Pos: places(float64(at)), SigmaPos: 10, Speed: told, Course: 90,
		})
	}
	return ms
}

// A speed that a vessel tells is a claim: one that its places deny costs it its
// trust, and does not split its track. Places that no boat can reach do.
func TestASpeedThatPlacesDenySplitsNoTrack(t *testing.T) {
	start := geo.Direct(placeA, 45, 100_000)
	run := func(v float64) func(float64) geo.Point {
		return func(at float64) geo.Point { return straight(start, 90, v, at) }
	}
	leap := func(at float64) geo.Point { // 2.2 km at once
		if at >= 100 {
			return geo.Direct(straight(start, 90, 6, at), 0, 2200)
		}
		return straight(start, 90, 6, at)
	}
	const fast, slow, end = 36, 6.2, 300
	tests := map[string]struct {
		ms     []mtt.Measurement
		tracks uint64
		speed  float64 // 0 is not looked at
		why    mtt.Reasons
	}{
		"70 kn are believed":                           {boat(run(fast), fast, 0, end, 5), 1, fast, 0},
		"70 kn that are told to be 12 are one boat":    {boat(run(fast), slow, 0, end, 5), 1, fast, mtt.Kinematics},
		"and where it tells them every ten seconds":    {boat(run(fast), slow, 0, end, 10), 1, fast, mtt.Kinematics},
		"and where it tells them each half minute":     {boat(run(fast), slow, 0, 2*end, 30), 1, fast, mtt.Kinematics},
		"12 kn that are told to be 70 are one boat":    {boat(run(slow), fast, 0, end, 5), 1, slow, mtt.Kinematics},
		"a leap that no boat makes is another":         {boat(leap, 6, 0, end, 5), 2, 0, 0},
		"what turns up far off after long is another":  {append(boat(run(slow), slow, 0, 100, 5), boat(run(20), slow, 190, 195, 5)...), 2, 0, 0},
		"what tells the same far beside it is another": {append(boat(run(slow), slow, 0, end, 5), boat(func(at float64) geo.Point { return geo.Direct(run(slow)(at), 0, 2200) }, slow, 2, end, 5)...), 2, 0, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			tr := newTracker(t)
			settled := 30 + 2*int(tc.ms[1].Time.Sub(tc.ms[0].Time).Seconds())
			playAll(tr, tc.ms, func(at int) {
				e, _ := tr.Estimate(1)
				v := math.Hypot(float64(e.East), float64(e.North))
				if off := apart(e.Pos, straight(start, 90, tc.speed, e.LastHit.Sub(t0).Seconds())); tc.speed != 0 && at >= settled && (off > 30 || math.Abs(v-tc.speed) > 1) {
					t.Errorf("at %d s it is %.0f m from where it told to be, at %.1f m/s; want %v m/s", at, off, v, tc.speed)
				}
			})
			if got := tr.Stats().Started; got != tc.tracks {
				t.Errorf("%d tracks, want %d", got, tc.tracks)
			}
			if e, _ := tr.Estimate(1); tc.tracks == 1 && (e.Reasons != tc.why || e.Doubted != (tc.why != 0)) {
				t.Errorf("doubted %v for %v, want %v", e.Doubted, e.Reasons.Names(nil), tc.why.Names(nil))
			}
		})
	}
}
