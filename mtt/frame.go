// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"math"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// reanchor is the distance in metres from the origin of a track's plane at
// which the track gets a new plane.
const reanchor = 25_000

// frame is a track's tangent plane at height 0. A state's east and north are
// those of the ground point; the object stands above it on the ellipsoid's
// normal.
type frame struct {
	plane  geo.Plane
	rn, rm float64 // radii of curvature of the prime vertical and the meridian
	conv   float64 // radians by which north turns for each metre to the east
}

func newFrame(anchor geo.Point) frame {
	const e2 = geo.Flattening * (2 - geo.Flattening)
	s := math.Sin(geo.Degrees(anchor.LatDeg).Radians())
	w := 1 - e2*s*s
	rn := float64(geo.EquatorialRadius) / math.Sqrt(w)
	return frame{plane: geo.NewPlane(anchor, 0), rn: rn, rm: rn * (1 - e2) / w, conv: s / math.Sqrt(math.Max(1e-6, 1-s*s)) / rn}
}

// drop returns how far the ellipsoid lies below the plane (negative), to third
// order.
func (fr *frame) drop(e, n float64) float64 { return -(e*e/fr.rn + n*n/fr.rm) / 2 }

// point returns the position of a ground point.
func (fr *frame) point(e, n float64) geo.Point {
	p, _ := fr.plane.FromENU(geo.Metres(e), geo.Metres(n), geo.Metres(fr.drop(e, n)))
	return p
}

// ground returns east and north of a position.
func (fr *frame) ground(p geo.Point) (e, n float64) {
	x, y, _ := fr.plane.ToENU(p, 0)
	return float64(x), float64(y)
}

// inward gives a velocity east and north at a ground point on the plane's axes:
// meridians converge, so the two norths differ.
func (fr *frame) inward(e, east, north float64) (float64, float64) {
	sin, cos := math.Sincos(fr.conv * e)
	return cos*east - sin*north, cos*north + sin*east
}

// beneath gives a velocity east and north of an object at a height as that of
// its ground point on the plane's axes. The higher an object is, the longer its
// way over the same ground: at 11 km by 0.17 %.
func (fr *frame) beneath(e, h, east, north float64) (float64, float64) {
	longer := 1 + h/fr.rn
	return fr.inward(e, east/longer, north/longer)
}

// aloft is the inverse of beneath.
func (fr *frame) aloft(e, h, east, north float64) (float64, float64) {
	longer := 1 + h/fr.rn
	return fr.inward(-e, east*longer, north*longer)
}

// enu returns the object's place on the plane's axes.
func (fr *frame) enu(e, n, h float64) [3]float64 {
	te, tn := e/fr.rn, n/fr.rm
	return [3]float64{e + h*te, n + h*tn, fr.drop(e, n) + h*(1-(te*te+tn*tn)/2)}
}

// move gives the filter the plane at its own mean position.
func (fr *frame) move(f *Filter, anchor geo.Point) {
	next := newFrame(anchor)
	x := f.mean()
	// The old north, seen from the new plane, gives the rotation.
	across := func(e, n float64) (float64, float64) {
		ee, nn, _ := next.plane.ECEFToENU(fr.plane.ENUToECEF(geo.Metres(e), geo.Metres(n), geo.Metres(fr.drop(e, n))))
		return float64(ee), float64(nn)
	}
	e0, n0 := across(x[iE], x[iN]-1000)
	e1, n1 := across(x[iE], x[iN]+1000)
	length := math.Hypot(e1-e0, n1-n0)
	sin, cos := (e1-e0)/length, (n1-n0)/length
	for j := range f.Models {
		v := &f.X[j]
		v[iE], v[iN] = across(v[iE], v[iN])
		v[iVE], v[iVN] = cos*v[iVE]+sin*v[iVN], cos*v[iVN]-sin*v[iVE]
		f.P[j].rotate(sin, cos)
	}
	*fr = next
}

// rotate turns position and velocity of a covariance.
func (p *Mat) rotate(sin, cos float64) {
	for _, i := range [2]int{iE, iVE} {
		for c := range nx {
			a, b := p[i][c], p[i+1][c]
			p[i][c], p[i+1][c] = cos*a+sin*b, cos*b-sin*a
		}
	}
	for _, i := range [2]int{iE, iVE} {
		for r := range nx {
			a, b := p[r][i], p[r][i+1]
			p[r][i], p[r][i+1] = cos*a+sin*b, cos*b-sin*a
		}
	}
	p.mirror()
}

// view is the affine map from a track's plane to a sensor's plane.
type view struct {
	origin [3]float64
	col    [3][3]float64 // images of the unit vectors east, north, up
}

func newView(fr *frame, sensor *geo.Plane) view {
	const long = 1e5 // metres, so that rounding vanishes in the differences
	at := func(e, n, u geo.Metres) [3]float64 {
		x, y, z := sensor.ECEFToENU(fr.plane.ENUToECEF(e, n, u))
		return [3]float64{float64(x), float64(y), float64(z)}
	}
	v := view{origin: at(0, 0, 0)}
	for i, far := range [3][3]float64{at(long, 0, 0), at(0, long, 0), at(0, 0, long)} {
		for k := range 3 {
			v.col[i][k] = (far[k] - v.origin[k]) / long
		}
	}
	return v
}

// polar returns slant range in metres, azimuth in radians and their
// derivatives by east, north and height at a state. It is false straight above
// the sensor, where there is no azimuth.
func (v *view) polar(fr *frame, e, n, h float64) (rng, azi float64, d [2][3]float64, ok bool) {
	p := fr.enu(e, n, h)
	s := v.origin
	for i := range 3 {
		for k := range 3 {
			s[k] += v.col[i][k] * p[i]
		}
	}
	g2 := s[0]*s[0] + s[1]*s[1]
	if g2 < 100 {
		return 0, 0, d, false
	}
	rng = math.Sqrt(g2 + s[2]*s[2])
	azi = math.Atan2(s[0], s[1])
	te, tn := e/fr.rn, n/fr.rm
	steps := [3][3]float64{
		{1 + h/fr.rn, 0, -te * (1 + h/fr.rn)},
		{0, 1 + h/fr.rm, -tn * (1 + h/fr.rm)},
		{te, tn, 1 - (te*te+tn*tn)/2},
	}
	for i, step := range steps {
		var t [3]float64
		for a := range 3 {
			for k := range 3 {
				t[k] += v.col[a][k] * step[a]
			}
		}
		d[0][i] = (s[0]*t[0] + s[1]*t[1] + s[2]*t[2]) / rng
		d[1][i] = (s[1]*t[0] - s[0]*t[1]) / g2
	}
	return rng, azi, d, true
}

// wrap returns an angle in radians in [-π, π].
func wrap(a float64) float64 { return math.Remainder(a, 2*math.Pi) }
