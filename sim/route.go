// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"math"
	"slices"
	"sort"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Truth is where an object is and how it moves.
type Truth struct {
	Pos      geo.Point
	Height   geo.Feet
	Speed    geo.Knots
	Course   geo.Degrees
	ClimbFPM int // feet per minute, up is positive
}

// turn is how long before a turning point an object leaves the straight, and
// how long after it it is on the next.
func (o *Object) turn() time.Duration {
	if o.Kind == Vessel {
		return time.Minute
	}
	return 20 * time.Second
}

// Truth returns the state at t, and false before the first and after the last
// waypoint. The object cuts its corners: place and velocity never jump.
func (o *Object) Truth(t time.Time) (Truth, bool) {
	n := len(o.Route)
	if n < 2 || t.Before(o.Route[0].Time) || t.After(o.Route[n-1].Time) {
		return Truth{}, false
	}
	i := sort.Search(n-2, func(i int) bool { return t.Before(o.Route[i+1].Time) })
	if i > 0 && t.Sub(o.Route[i].Time) < o.half(i) {
		return o.corner(i, t), true
	}
	if i+1 < n-1 && o.Route[i+1].Time.Sub(t) < o.half(i+1) {
		return o.corner(i+1, t), true
	}
	return o.straight(i, t), true
}

// half returns half of the time that the turn at waypoint i takes.
func (o *Object) half(i int) time.Duration {
	before, at, after := o.Route[i-1].Time, o.Route[i].Time, o.Route[i+1].Time
	return min(o.turn(), at.Sub(before)/3, after.Sub(at)/3)
}

// straight returns the state on the leg from waypoint i to the next.
func (o *Object) straight(i int, t time.Time) Truth {
	a, b := &o.Route[i], &o.Route[i+1]
	leg := b.Time.Sub(a.Time)
	f := float64(t.Sub(a.Time)) / float64(leg)
	dist, azi := geo.Inverse(a.Pos, b.Pos)
	s := Truth{
		Pos:      a.Pos,
		Height:   a.Height + geo.Feet(f)*(b.Height-a.Height),
		Speed:    geo.MetresPerSecond(float64(dist) / leg.Seconds()).Knots(),
		Course:   azi,
		ClimbFPM: int(float64(b.Height-a.Height) / leg.Minutes()),
	}
	if dist > 0 && f > 0 {
		s.Pos = geo.Direct(a.Pos, azi, geo.Metres(f)*dist)
		if rest, onward := geo.Inverse(s.Pos, b.Pos); rest > 1 {
			s.Course = onward
		}
	}
	return s
}

// corner returns the state in the turn at waypoint i: on the parabola that
// touches both straights with their velocities (a quadratic Bézier curve with
// the waypoint as its middle control point).
func (o *Object) corner(i int, t time.Time) Truth {
	wp := &o.Route[i]
	half := o.half(i)
	in, out := o.straight(i-1, wp.Time.Add(-half)), o.straight(i, wp.Time.Add(half))
	s := o.straight(i, t)
	if t.Before(wp.Time) {
		s = o.straight(i-1, t)
	}
	plane := geo.NewPlane(wp.Pos, 0)
	e0, n0, u0 := plane.ToENU(in.Pos, 0)
	e2, n2, u2 := plane.ToENU(out.Pos, 0)
	f := float64(t.Sub(wp.Time)+half) / float64(2*half)
	a, b := geo.Metres((1-f)*(1-f)), geo.Metres(f*f)
	s.Pos, _ = plane.FromENU(a*e0+b*e2, a*n0+b*n2, a*u0+b*u2)
	east := (f*float64(e2) - (1-f)*float64(e0)) / half.Seconds()
	north := (f*float64(n2) - (1-f)*float64(n0)) / half.Seconds()
	s.Speed = geo.MetresPerSecond(math.Hypot(east, north)).Knots()
	s.Course = geo.Degrees(math.Atan2(east, north) * 180 / math.Pi).Norm360()
	return s
}

// SeenBy reports whether the sensors of a party can see the object at all.
func (o *Object) SeenBy(p party.ID) bool { return slices.Contains(o.Seen, p) }

// mast is how high a vessel's antenna and most of its echo stand above the sea.
const mast geo.Metres = 20

// visible reports whether an object at s is within rng and above the horizon of
// an antenna, h above the sea.
func visible(site geo.Point, h geo.Metres, rng geo.Metres, s *Truth) bool {
	d, _ := geo.Inverse(site, s.Pos)
	return d <= rng && d <= geo.RadarHorizon(h, max(s.Height.Metres(), mast))
}
