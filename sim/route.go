// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"slices"
	"sort"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Truth is where an object is and how it moves.
type Truth struct {
	Pos       geo.Point
	Height    geo.Feet
	Speed     geo.Knots
	Course    geo.Degrees
	ClimbFPM  int // feet per minute, up is positive
	Remaining time.Duration
}

// Truth returns the state at t, and false before the first and after the last
// waypoint.
func (o *Object) Truth(t time.Time) (Truth, bool) {
	n := len(o.Route)
	if n < 2 || t.Before(o.Route[0].Time) || t.After(o.Route[n-1].Time) {
		return Truth{}, false
	}
	i := sort.Search(n-2, func(i int) bool { return t.Before(o.Route[i+1].Time) })
	a, b := &o.Route[i], &o.Route[i+1]
	leg := b.Time.Sub(a.Time)
	f := float64(t.Sub(a.Time)) / float64(leg)
	dist, azi := geo.Inverse(a.Pos, b.Pos)
	s := Truth{
		Pos:       a.Pos,
		Height:    a.Height + geo.Feet(f)*(b.Height-a.Height),
		Speed:     geo.MetresPerSecond(float64(dist) / leg.Seconds()).Knots(),
		Course:    azi,
		ClimbFPM:  int(float64(b.Height-a.Height) / leg.Minutes()),
		Remaining: o.Route[n-1].Time.Sub(t),
	}
	if dist > 0 && f > 0 {
		s.Pos = geo.Direct(a.Pos, azi, geo.Metres(f)*dist)
		if rest, onward := geo.Inverse(s.Pos, b.Pos); rest > 1 {
			s.Course = onward
		}
	}
	return s, true
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
