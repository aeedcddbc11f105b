// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"math"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/sim"
)

func TestTruthKeepsTheTimetable(t *testing.T) {
	sc := parse(t, aUAV, "at 00:10 24.0 122.5 FL100", "at 00:30 24.5 122.5 FL200", "at 00:40 24.5 122.8 FL200")
	o := sc.Object("uav")
	for _, at := range []time.Duration{9*time.Minute + 59*time.Second, 40*time.Minute + time.Second} {
		if _, ok := o.Truth(sc.Start.Add(at)); ok {
			t.Errorf("there at %v", at)
		}
	}
	for at, want := range map[time.Duration]sim.Truth{
		10 * time.Minute: {Pos: geo.Point{LatDeg: 24, LonDeg: 122.5}, Height: 10_000, Speed: 89.7, Course: 0, ClimbFPM: 500},
		20 * time.Minute: {Pos: geo.Point{LatDeg: 24.25, LonDeg: 122.5}, Height: 15_000, Speed: 89.7, Course: 0, ClimbFPM: 500},
		35 * time.Minute: {Pos: geo.Point{LatDeg: 24.5, LonDeg: 122.65}, Height: 20_000, Speed: 98.6, Course: 90},
		40 * time.Minute: {Pos: geo.Point{LatDeg: 24.5, LonDeg: 122.8}, Height: 20_000, Speed: 98.6, Course: 90},
	} {
		got, ok := o.Truth(sc.Start.Add(at))
		if !ok || distance(got.Pos, want.Pos) > 30 || math.Abs(float64(got.Height-want.Height)) > 1 || math.Abs(float64(got.Speed-want.Speed)) > 0.5 ||
			math.Abs(float64((got.Course-want.Course).Norm180())) > 0.2 || got.ClimbFPM != want.ClimbFPM {
			t.Errorf("Truth(%v) = %+v, want %+v", at, got, want)
		}
	}
}

// TestMotionHasNoJumps holds that place, speed and course fit each other in
// every second, in turns too, and that turning points are passed closely.
func TestMotionHasNoJumps(t *testing.T) {
	sc := open(t, "2023-08-28.scenario")
	for i := range sc.Objects {
		o := &sc.Objects[i]
		end := o.Route[min(len(o.Route)-1, 8)].Time // the surveys only repeat themselves
		last, ok := o.Truth(o.Route[0].Time)
		if !ok {
			t.Fatalf("%s: not there at its first waypoint", o.ID)
		}
		for at := o.Route[0].Time.Add(time.Second); at.Before(end); at = at.Add(time.Second) {
			now, ok := o.Truth(at)
			d, azi := geo.Inverse(last.Pos, now.Pos)
			mean := (last.Speed + now.Speed).MetresPerSecond() / 2
			if !ok || math.Abs(float64(d)-float64(mean)) > 0.3 || math.Abs(float64(now.Speed-last.Speed)) > 10 {
				t.Fatalf("%s at %v: %.2f m in a second at %.2f m/s", o.ID, at, d, mean)
			}
			if off := (azi - now.Course).Norm180(); d > 3 && math.Abs(float64(off)) > 6 {
				t.Fatalf("%s at %v: course %.1f, moves on %.1f", o.ID, at, now.Course, azi)
			}
			last = now
		}
		for _, wp := range o.Route {
			if s, _ := o.Truth(wp.Time); distance(s.Pos, wp.Pos) > 2000 || o.Kind == sim.UAV && distance(s.Pos, wp.Pos) > 900 {
				t.Errorf("%s passes its waypoint of %v at %.0f m", o.ID, wp.Time, distance(s.Pos, wp.Pos))
			}
		}
	}
}
