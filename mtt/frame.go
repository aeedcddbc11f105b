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
	var v view
	x, y, z := sensor.ECEFToENU(fr.plane.ENUToECEF(0, 0, 0))
	v.origin = [3]float64{float64(x), float64(y), float64(z)}
	to := sensor.Axes()
	for i, axis := range fr.plane.Axes() {
		for k := range 3 {
			v.col[i][k] = axis.X*to[k].X + axis.Y*to[k].Y + axis.Z*to[k].Z
		}
	}
	return v
}

// polar returns slant range in metres, azimuth in radians and their
// derivatives by east, north and height at a state. It is false straight above
// the sensor, where there is no azimuth.
func (v *view) polar(fr *frame, e, n, h float64) (rng, azi float64, d [2][3]float64, ok bool) {
	p := fr.enu(e, n, h)
	a, b, c := &v.col[0], &v.col[1], &v.col[2]
	x := v.origin[0] + a[0]*p[0] + b[0]*p[1] + c[0]*p[2]
	y := v.origin[1] + a[1]*p[0] + b[1]*p[1] + c[1]*p[2]
	z := v.origin[2] + a[2]*p[0] + b[2]*p[1] + c[2]*p[2]
	g2 := x*x + y*y
	if g2 < 100 {
		return 0, 0, d, false
	}
	rng = math.Sqrt(g2 + z*z)
	azi = math.Atan2(x, y)
	// Range and azimuth change by this along the plane's axes.
	ra, rb, rc := (x*a[0]+y*a[1]+z*a[2])/rng, (x*b[0]+y*b[1]+z*b[2])/rng, (x*c[0]+y*c[1]+z*c[2])/rng
	aa, ab, ac := (y*a[0]-x*a[1])/g2, (y*b[0]-x*b[1])/g2, (y*c[0]-x*c[1])/g2
	te, tn := e/fr.rn, n/fr.rm
	le, ln, up := 1+h/fr.rn, 1+h/fr.rm, 1-(te*te+tn*tn)/2
	d[0] = [3]float64{le * (ra - te*rc), ln * (rb - tn*rc), te*ra + tn*rb + up*rc}
	d[1] = [3]float64{le * (aa - te*ac), ln * (ab - tn*ac), te*aa + tn*ab + up*ac}
	return rng, azi, d, true
}

// wrap returns an angle in radians in [-π, π].
func wrap(a float64) float64 { return math.Remainder(a, 2*math.Pi) }
