// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package gospa compares tracks with ground truth: the GOSPA metric and its
// parts (Rahmathullah, García-Fernández and Svensson, 2017, with α = 2), OSPA
// (Schuhmacher, Vo and Vo, 2008), the SIAP measures (Votruba, 2001), the CLEAR
// MOT counts (Bernardin and Stiefelhagen, 2008), IDF1 (Ristani et al., 2016)
// and the normalised estimation error.
//
// All distances are horizontal. It does no input or output, does not smooth
// and does not look ahead: what counts at a time is what a tracker had said by
// then (Sample).
package gospa

import (
	"errors"
	"math"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// State is where one truth or one track is at one time. Geographic states use
// Pos, planar ones X and Y; see Params.Planar.
type State struct {
	ID          string
	Pos         geo.Point
	X, Y        geo.Metres // east and north on a plane
	East, North geo.MetresPerSecond
	HasCov      bool
	Cov         [3]float64 // variances and covariance ee, en, nn of the position, m²
}

// Frame is everything that exists at one time. IDs are unique within Truth and
// within Tracks.
type Frame struct {
	Time   float64 // s
	Truth  []State
	Tracks []State
}

// Params sets up the comparison.
type Params struct {
	Cutoff  geo.Metres // c of GOSPA and OSPA
	Order   float64    // p of GOSPA and OSPA
	Assoc   geo.Metres // a track can belong to a truth only when nearer (SIAP, CLEAR, IDF1)
	Confirm int        // SIAP: associations in a row that begin a span
	Misses  int        // SIAP: failures in a row that end one
	Planar  bool       // use X and Y in place of Pos
}

// DefaultParams returns c = 1000 m, p = 2, and spans without hysteresis.
func DefaultParams() Params {
	return Params{Cutoff: 1000, Order: 2, Assoc: 1000, Confirm: 1, Misses: 1}
}

// Validate reports the first thing that is wrong with p.
func (p Params) Validate() error {
	switch {
	case !(p.Cutoff > 0 && p.Cutoff < 1e9) || !(p.Assoc > 0 && p.Assoc < 1e9):
		return errors.New("gospa: cut-off or association distance out of range")
	case !(p.Order >= 1 && p.Order <= 100):
		return errors.New("gospa: order out of range")
	case p.Confirm < 1 || p.Misses < 1:
		return errors.New("gospa: hysteresis is not positive")
	}
	return nil
}

// offset returns how far a track lies east and north of a truth, in metres: on
// the ellipsoid's radii of curvature at the latitude between them, which is
// exact to a millimetre over a few kilometres.
func (p *Params) offset(truth, track *State) (e, n float64) {
	if p.Planar {
		return float64(track.X - truth.X), float64(track.Y - truth.Y)
	}
	mid := geo.Degrees((truth.Pos.LatDeg + track.Pos.LatDeg) / 2)
	rn, rm := radii(mid)
	dlon := math.Mod(track.Pos.LonDeg-truth.Pos.LonDeg+540, 360) - 180
	e = geo.Degrees(dlon).Radians() * rn * math.Cos(mid.Radians())
	return e, geo.Degrees(track.Pos.LatDeg-truth.Pos.LatDeg).Radians() * rm
}

// radii returns the radii of curvature of the prime vertical and the meridian.
func radii(lat geo.Degrees) (rn, rm float64) {
	const e2 = geo.Flattening * (2 - geo.Flattening)
	s := math.Sin(lat.Radians())
	w := math.Sqrt(1 - e2*s*s)
	return float64(geo.EquatorialRadius) / w, float64(geo.EquatorialRadius) * (1 - e2) / (w * w * w)
}

// distances returns the distance of each truth and track of a frame.
func (p *Params) distances(f *Frame) [][]float64 {
	d := make([][]float64, len(f.Truth))
	flat := make([]float64, len(f.Truth)*len(f.Tracks))
	for i := range f.Truth {
		d[i], flat = flat[:len(f.Tracks)], flat[len(f.Tracks):]
		for j := range f.Tracks {
			d[i][j] = math.Hypot(p.offset(&f.Truth[i], &f.Tracks[j]))
		}
	}
	return d
}

// Distance is the metric at one time. Parts are sums of p-th powers of metres:
// Total^p = Localisation + Missed + False.
type Distance struct {
	Total                       float64 // GOSPA, m
	Localisation, Missed, False float64
	Hits, Misses, Extra         int     // truths with a track, truths without, tracks without
	OSPA                        float64 // m
}

// At returns the metric of one frame. Params must be valid.
func At(p Params, f Frame) Distance {
	return p.at(&f, p.distances(&f))
}

// at takes the assignment that saves most: a pair at distance d saves c^p - d^p
// against one missed and one extra, which cost c^p/2 each. The same assignment
// is the best for OSPA.
func (p *Params) at(f *Frame, d [][]float64) Distance {
	cp := math.Pow(float64(p.Cutoff), p.Order)
	gain := make([][]float64, len(d))
	for i := range d {
		gain[i] = make([]float64, len(d[i]))
		for j, x := range d[i] {
			if x < float64(p.Cutoff) {
				gain[i][j] = cp - math.Pow(x, p.Order)
			}
		}
	}
	var out Distance
	saved := 0.0
	for i, j := range assign(gain) {
		if j >= 0 {
			out.Hits++
			out.Localisation += math.Pow(d[i][j], p.Order)
			saved += gain[i][j]
		}
	}
	out.Misses, out.Extra = len(f.Truth)-out.Hits, len(f.Tracks)-out.Hits
	out.Missed, out.False = cp/2*float64(out.Misses), cp/2*float64(out.Extra)
	out.Total = math.Pow(out.Localisation+out.Missed+out.False, 1/p.Order)
	if n := float64(max(len(f.Truth), len(f.Tracks))); n > 0 {
		out.OSPA = math.Pow(math.Max(0, n*cp-saved)/n, 1/p.Order)
	}
	return out
}
