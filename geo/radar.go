// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package geo

import "math"

// SlantRange returns the straight-line distance from a radar to a target at
// height h, and the azimuth of the target in the radar's tangent plane, in
// [0, 360). Both heights are above the ellipsoid. Refraction is not modelled.
func SlantRange(radar Point, radarH Metres, p Point, h Metres) (Metres, Degrees) {
	e, n, u := NewPlane(radar, radarH).ToENU(p, h)
	east, north, up := float64(e), float64(n), float64(u)
	rng := math.Sqrt(east*east + north*north + up*up)
	return Metres(rng), Degrees(math.Atan2(east, north) * degPerRad).Norm360()
}

// FromPolar returns the position at slant range rng and azimuth azi from a
// radar whose height above the ellipsoid is h: the inverse of SlantRange, to a
// millimetre. It is false where there is none: the range is shorter than the
// difference of heights, not finite, not positive, or longer than 2,000 km.
func FromPolar(radar Point, radarH Metres, rng Metres, azi Degrees, h Metres) (Point, bool) {
	return NewPlane(radar, radarH).FromPolar(radarH, rng, azi, h)
}

// maxSlant bounds the range for which height grows with elevation.
const maxSlant = 2_000_000 // metres

// FromPolar is the function of that name with the plane made beforehand;
// radarH must be the height with which the plane was made.
func (pl Plane) FromPolar(radarH Metres, rng Metres, azi Degrees, h Metres) (Point, bool) {
	r, rise := float64(rng), float64(h-radarH)
	if !(r > 0 && r <= maxSlant) || !(math.Abs(rise) <= r) || math.IsNaN(float64(azi)) || math.IsInf(float64(azi), 0) {
		return Point{}, false
	}
	sinAzi, cosAzi := math.Sincos(azi.Radians())
	// First guess on the sphere, by the law of cosines:
	// (R+h)² = (R+h0)² + r² + 2 r (R+h0) sin(elevation).
	base := meanR + float64(radarH)
	sinEl := (rise*(2*base+rise) - r*r) / (2 * r * base)
	var p Point
	for range 8 {
		sinEl = math.Max(-1, math.Min(1, sinEl))
		ground := r * math.Sqrt(1-sinEl*sinEl)
		var got Metres
		p, got = pl.FromENU(Metres(ground*sinAzi), Metres(ground*cosAzi), Metres(r*sinEl))
		miss := float64(h - got)
		if math.Abs(miss) < 1e-4 {
			return p, true
		}
		// dh/d(sin el) on the sphere is r (R+h0)/(R+h): a quasi-Newton step.
		sinEl += miss * (meanR + float64(h)) / (r * base)
	}
	return Point{}, false
}

// RadarHorizon returns the distance over the sea at which a target at height
// hTarget rises above the horizon of a radar at height hRadar, by the usual 4/3
// Earth radius for refraction (ITU-R P.834). Heights below 0 count as 0.
func RadarHorizon(hRadar, hTarget Metres) Metres {
	k := 2 * meanR * 4 / 3
	return Metres(math.Sqrt(k*math.Max(0, float64(hRadar))) + math.Sqrt(k*math.Max(0, float64(hTarget))))
}
