// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package geo

import "math"

// Plane is a local tangent plane with axes east, north and up at its origin.
// The zero Plane is not valid; use NewPlane.
type Plane struct {
	origin         ECEF
	sinLat, cosLat float64
	sinLon, cosLon float64
}

// NewPlane returns the tangent plane at origin, h above the ellipsoid.
func NewPlane(origin Point, h Metres) Plane {
	var pl Plane
	pl.origin = ToECEF(origin, h)
	pl.sinLat, pl.cosLat = math.Sincos(origin.LatDeg * radPerDeg)
	pl.sinLon, pl.cosLon = math.Sincos(origin.LonDeg * radPerDeg)
	return pl
}

// ENUToECEF returns the Earth-centred position of east, north, up.
func (pl Plane) ENUToECEF(e, n, u Metres) ECEF {
	east, north, up := float64(e), float64(n), float64(u)
	// out is the component away from the Earth's axis.
	out := pl.cosLat*up - pl.sinLat*north
	return ECEF{
		X: pl.origin.X + pl.cosLon*out - pl.sinLon*east,
		Y: pl.origin.Y + pl.sinLon*out + pl.cosLon*east,
		Z: pl.origin.Z + pl.sinLat*up + pl.cosLat*north,
	}
}

// ECEFToENU returns the position of x on the plane's axes.
func (pl Plane) ECEFToENU(x ECEF) (e, n, u Metres) {
	d := x.Sub(pl.origin)
	out := pl.cosLon*d.X + pl.sinLon*d.Y
	return Metres(pl.cosLon*d.Y - pl.sinLon*d.X),
		Metres(pl.cosLat*d.Z - pl.sinLat*out),
		Metres(pl.sinLat*d.Z + pl.cosLat*out)
}

// Axes returns the directions of the plane's axes east, north and up,
// Earth-centred and of length 1.
func (pl Plane) Axes() [3]ECEF {
	return [3]ECEF{
		{X: -pl.sinLon, Y: pl.cosLon},
		{X: -pl.sinLat * pl.cosLon, Y: -pl.sinLat * pl.sinLon, Z: pl.cosLat},
		{X: pl.cosLat * pl.cosLon, Y: pl.cosLat * pl.sinLon, Z: pl.sinLat},
	}
}

// FromENU returns the position and height above the ellipsoid of east, north,
// up.
func (pl Plane) FromENU(e, n, u Metres) (Point, Metres) {
	return pl.ENUToECEF(e, n, u).Geodetic()
}

// ToENU returns the position of p, at height h above the ellipsoid, on the
// plane's axes.
func (pl Plane) ToENU(p Point, h Metres) (e, n, u Metres) {
	return pl.ECEFToENU(ToECEF(p, h))
}
