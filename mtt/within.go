// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"cmp"
	"math"
	"slices"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// A plot in clutter has many young tracks around it and is in the gate of none.
// What follows finds that out from what the grid knows, without a look at the
// tracks.

// spot is a place, made ready for comparison with many others.
type spot struct {
	lat, lon float64
	sin, cos float64 // of the latitude
}

func newSpot(p geo.Point) spot {
	sin, cos := math.Sincos(geo.Degrees(p.LatDeg).Radians())
	return spot{p.LatDeg, p.LonDeg, sin, cos}
}

// from returns how many metres east and north of an entry's place the spot is,
// good to 1 % over some ten kilometres.
func (s *spot) from(e *entry) (east, north float64) {
	const perDegree = 111_195
	dlat, dlon := s.lat-e.lat, s.lon-e.lon
	if dlon > 180 {
		dlon -= 360
	} else if dlon < -180 {
		dlon += 360
	}
	middle := s.cos + s.sin*geo.Degrees(dlat/2).Radians()
	return perDegree * dlon * middle, perDegree * dlat
}

const (
	flatError  = 0.01 // of a distance
	leastCos   = 0.1  // nearer to a pole, places are not compared so
	maxRise    = 0.4  // rise over slant range up to which 1.2 times it bounds how much of an error of height is one of place
	speedSlack = 1000 // m/s: the speed at which a late stamp moves an object

	earthAcross = 1.2e7 // m, less than the Earth's diameter: how far the ground falls away
)

// far reports whether a measurement is surely too far from an entry for any
// speed.
func (t *Tracker) far(there *spot, a *aim, e *entry) bool {
	east, north := there.from(e)
	speed := math.Max(float64(t.cfg.MaxAirSpeed), float64(t.cfg.MaxSeaSpeed))
	most := 1.05 * (speed*math.Abs(seconds(a.at-e.at)) + searchFar + a.slop)
	return east*east+north*north > most*most && there.cos > leastCos
}

// within is false when a measurement is surely outside the gate of a track.
func (t *Tracker) within(there *spot, m *Measurement, a *aim, e *entry) bool {
	if t.far(there, a, e) {
		return false
	}
	dt := seconds(a.at - e.at)
	if dt < 0 || a.where == fixed || m.Has&HasHeight != 0 || there.cos <= leastCos {
		return true // late, or with what moves the track
	}
	east, north := there.from(e)
	slack := flatError * (math.Abs(east) + math.Abs(north))
	east, north = east-dt*e.ve, north-dt*e.vn
	apart := math.Sqrt(east*east + north*north)
	// A height moves the ground range by itself times rise over range, as seen
	// from where the track is.
	off := math.Abs(e.h - a.height)
	rise := math.Abs(e.h) + off + math.Abs(float64(t.sensors[m.Sensor].Height)) + a.rng*a.rng/earthAcross
	near := a.rng - apart - slack
	if rise > maxRise*near {
		return true
	}
	steep := 1.2 * rise / near
	sigma := math.Sqrt(e.v[0]+dt*(e.v[1]+dt*(e.v[2]+dt*e.v[3]))) + math.Sqrt(e.vh)*steep
	noise := math.Max(a.sr, a.rng*a.sa) + math.Hypot(e.ve, e.vn)*math.Sqrt(t.sensors[m.Sensor].biasP[bTime][bTime])
	reach := math.Sqrt(t.cfg.GateNIS*(sigma*sigma+noise*noise)) + e.off + dt*e.drift + off*steep
	slack += speedSlack * math.Abs(a.late)
	if apart <= seenWide(reach, a.rng)+slack {
		return true
	}
	// Where claims hold the track, the radar's bias is noise.
	return apart <= seenWide(reach+2*a.stray, a.rng)+slack && t.tells(e.tr, a.at)
}

// seenWide returns a distance from where the track is that is seen under the same angle
// as reach from where the plot is.
func seenWide(reach, rng float64) float64 {
	if reach > rng/2 {
		return math.Inf(1)
	}
	return reach * rng / (rng - reach)
}

// neighbour is a track around a place.
type neighbour struct {
	tr     *track
	square float64 // m²: of the distance of its last place
}

func byDistance(a, b neighbour) int {
	return cmp.Or(cmp.Compare(a.square, b.square), byIdentity(a.tr, b.tr))
}

// addNear adds a track to those around a spot.
func (t *Tracker) addNear(there *spot, e *entry) {
	east, north := there.from(e)
	t.near = append(t.near, neighbour{e.tr, east*east + north*north})
}

// nearest returns the tracks around a place by ID: of a crowd, those whose last
// place is nearest.
func (t *Tracker) nearest(p geo.Point, radius float64) []neighbour {
	there := newSpot(p)
	t.near, t.cells = t.near[:0], t.grid.near(p, radius, t.cells[:0])
	for _, c := range t.cells {
		for i := range c.list {
			t.addNear(&there, &c.list[i])
		}
	}
	return t.ofCrowd()
}

// ofCrowd returns those of near that are nearest, by ID.
func (t *Tracker) ofCrowd() []neighbour {
	if len(t.near) > maxNear {
		slices.SortFunc(t.near, byDistance)
		t.near = t.near[:maxNear]
	}
	slices.SortFunc(t.near, func(a, b neighbour) int { return byIdentity(a.tr, b.tr) })
	return t.near
}
