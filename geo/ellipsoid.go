// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package geo

import "math"

// Defining and derived constants of the WGS84 ellipsoid (NGA.STND.0036, table
// 3.1 and 3.2).
const (
	// EquatorialRadius is the semi-major axis a.
	EquatorialRadius Metres = 6378137
	// Flattening is f, without unit.
	Flattening = 1 / 298.257223563
	// PolarRadius is the semi-minor axis b = a(1-f).
	PolarRadius Metres = EquatorialRadius * (1 - Flattening)
	// MeanRadius is (2a+b)/3, the radius for estimates on a sphere.
	MeanRadius Metres = (2*EquatorialRadius + PolarRadius) / 3

	semiMajor = float64(EquatorialRadius)
	semiMinor = float64(PolarRadius)
	meanR     = float64(MeanRadius)
	ecc2      = Flattening * (2 - Flattening) // first eccentricity squared
	eccPrime2 = ecc2 / (1 - ecc2)             // second eccentricity squared
	radPerDeg = math.Pi / 180
	degPerRad = 180 / math.Pi
)

// ECEF is an Earth-centred, Earth-fixed position in metres: X to 0°N 0°E, Y to
// 0°N 90°E, Z to the north pole.
type ECEF struct{ X, Y, Z float64 }

// ToECEF returns the Earth-centred position of p at height h above the
// ellipsoid.
func ToECEF(p Point, h Metres) ECEF {
	sinLat, cosLat := math.Sincos(p.LatDeg * radPerDeg)
	sinLon, cosLon := math.Sincos(p.LonDeg * radPerDeg)
	n := semiMajor / math.Sqrt(1-ecc2*sinLat*sinLat)
	r := (n + float64(h)) * cosLat
	return ECEF{X: r * cosLon, Y: r * sinLon, Z: (n*(1-ecc2) + float64(h)) * sinLat}
}

// Geodetic returns the position and the height above the ellipsoid: within a
// micrometre from 100 km below it to 1,000 km above. Deeper than that, where
// the normals of the ellipsoid meet, the result is finite but not unique.
func (e ECEF) Geodetic() (Point, Metres) {
	p := math.Hypot(e.X, e.Y)
	lon := math.Atan2(e.Y, e.X)
	// Bowring (Survey Review 23, 1976), iterated on the parametric latitude.
	tanBeta := e.Z * semiMajor / (p * semiMinor)
	var sinLat, cosLat float64
	for range 3 {
		sinBeta, cosBeta := unitFromTan(tanBeta, p, e.Z)
		num := e.Z + eccPrime2*semiMinor*sinBeta*sinBeta*sinBeta
		den := p - ecc2*semiMajor*cosBeta*cosBeta*cosBeta
		r := math.Hypot(num, den)
		if r == 0 {
			return Point{LatDeg: 0, LonDeg: lon * degPerRad}, -EquatorialRadius
		}
		sinLat, cosLat = num/r, den/r
		tanBeta = (1 - Flattening) * num / den
	}
	if cosLat < 0 { // beyond the evolute
		cosLat = 0
		sinLat = math.Copysign(1, sinLat)
	}
	// p cos φ + z sin φ - a √(1-e² sin² φ) has no pole at the poles.
	h := p*cosLat + e.Z*sinLat - semiMajor*math.Sqrt(1-ecc2*sinLat*sinLat)
	return Point{LatDeg: math.Atan2(sinLat, cosLat) * degPerRad, LonDeg: lon * degPerRad}, Metres(h)
}

// unitFromTan returns sine and cosine of the angle in [-90°, 90°] that has the
// tangent t; at the axis (p = 0) it is the pole on the side of z.
func unitFromTan(t, p, z float64) (sin, cos float64) {
	if p == 0 || math.IsInf(t, 0) {
		return math.Copysign(1, z), 0
	}
	cos = 1 / math.Sqrt(1+t*t)
	return t * cos, cos
}

// Sub returns the vector from o to e, in metres.
func (e ECEF) Sub(o ECEF) ECEF { return ECEF{X: e.X - o.X, Y: e.Y - o.Y, Z: e.Z - o.Z} }

// Norm returns the length of e as a vector.
func (e ECEF) Norm() Metres { return Metres(math.Sqrt(e.X*e.X + e.Y*e.Y + e.Z*e.Z)) }
