// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package geo holds WGS84 positions, geodesics, Earth-centred and local
// tangent-plane coordinates, and units as types. It draws nothing, knows no
// zones and does no map projections.
package geo

import "math"

// Degrees is an angle in degrees. Azimuths are clockwise from true north.
type Degrees float64

// Metres is a length in metres.
type Metres float64

// Feet is a height in international feet.
type Feet float64

// Knots is a speed in international knots.
type Knots float64

// MetresPerSecond is a speed in metres per second.
type MetresPerSecond float64

// Conversion factors, exact by definition (SI brochure, 9th edition, table 8).
const (
	MetresPerFoot          = 0.3048
	MetresPerNauticalMile  = 1852
	MetresPerSecondPerKnot = 1852.0 / 3600
)

// Metres returns the length in metres.
func (f Feet) Metres() Metres { return Metres(f * MetresPerFoot) }

// Feet returns the length in feet.
func (m Metres) Feet() Feet { return Feet(m / MetresPerFoot) }

// NM returns the length in nautical miles.
func (m Metres) NM() float64 { return float64(m) / MetresPerNauticalMile }

// FromNM returns the length of nm nautical miles.
func FromNM(nm float64) Metres { return Metres(nm * MetresPerNauticalMile) }

// MetresPerSecond returns the speed in metres per second.
func (k Knots) MetresPerSecond() MetresPerSecond {
	return MetresPerSecond(float64(k) * MetresPerSecondPerKnot)
}

// Knots returns the speed in knots.
func (v MetresPerSecond) Knots() Knots { return Knots(float64(v) / MetresPerSecondPerKnot) }

// Radians returns the angle in radians.
func (d Degrees) Radians() float64 { return float64(d) * math.Pi / 180 }

// Norm360 returns the angle in [0, 360).
func (d Degrees) Norm360() Degrees {
	r := math.Mod(float64(d), 360)
	if r < 0 {
		r += 360
	}
	if r >= 360 { // -1e-20 + 360 rounds up
		r = 0
	}
	return Degrees(r)
}

// Norm180 returns the angle in [-180, 180).
func (d Degrees) Norm180() Degrees {
	r := (d + 180).Norm360() - 180
	return r
}

// Point is a position on the WGS84 ellipsoid.
type Point struct {
	LatDeg float64 `json:"lat"`
	LonDeg float64 `json:"lon"`
}

// Valid reports whether p is a finite position with latitude in [-90, 90] and
// longitude in [-180, 180].
func (p Point) Valid() bool {
	return p.LatDeg >= -90 && p.LatDeg <= 90 && p.LonDeg >= -180 && p.LonDeg <= 180
}
