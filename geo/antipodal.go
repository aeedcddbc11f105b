// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package geo

import "math"

const bisections = 64

// inverseNearAntipodal solves the inverse problem by bisection on the azimuth
// at the point that is farther from the equator. There, with that point in the
// south, the longitude reached when the other latitude is met grows with the
// azimuth from 0 to 180° (Karney, J. Geodesy 87, 2013, section 4), so the
// search cannot miss. Arguments are sines and cosines of reduced latitudes and
// the difference of longitude in radians.
func inverseNearAntipodal(sinU1, cosU1, sinU2, cosU2, lon float64) (Metres, Degrees) {
	if math.IsNaN(sinU1 + cosU1 + sinU2 + cosU2 + lon) {
		return Metres(math.NaN()), Degrees(math.NaN())
	}
	lonSign := 1.0
	if lon < 0 {
		lonSign, lon = -1, -lon
	}
	swapped := math.Abs(sinU1) < math.Abs(sinU2)
	if swapped {
		sinU1, cosU1, sinU2, cosU2 = sinU2, cosU2, sinU1, cosU1
	}
	latSign := 1.0
	if sinU1 > 0 {
		latSign, sinU1, sinU2 = -1, -sinU1, -sinU2
	}
	lo, hi := 0.0, math.Pi
	var t triangle
	for range bisections {
		mid := (lo + hi) / 2
		t = solveTriangle(mid, sinU1, cosU1, sinU2, cosU2)
		if t.lon < lon {
			lo = mid
		} else {
			hi = mid
		}
	}
	s := semiMinor * integrate(t.sigma1, t.sigma2, func(sigma float64) float64 {
		sin := math.Sin(sigma)
		return math.Sqrt(1 + t.k2*sin*sin)
	})
	sin, cos := lonSign*t.sinAlpha1, latSign*t.cosAlpha1
	if swapped {
		sin, cos = lonSign*t.sinAlpha2, -latSign*t.cosAlpha2
	}
	return Metres(s), Degrees(math.Atan2(sin, cos) * degPerRad).Norm360()
}

// triangle is a geodesic on the auxiliary sphere, angles in radians.
type triangle struct {
	sinAlpha1, cosAlpha1 float64
	sinAlpha2, cosAlpha2 float64
	sigma1, sigma2, lon  float64
	k2                   float64
}

// solveTriangle follows the geodesic that leaves point 1 with azimuth alpha1
// to the first northward crossing of latitude 2.
func solveTriangle(alpha1, sinU1, cosU1, sinU2, cosU2 float64) triangle {
	var t triangle
	t.sinAlpha1, t.cosAlpha1 = math.Sincos(alpha1)
	sinAlpha0 := t.sinAlpha1 * cosU1
	cosAlpha0 := math.Hypot(t.cosAlpha1, t.sinAlpha1*sinU1)
	t.k2 = eccPrime2 * cosAlpha0 * cosAlpha0
	north1 := t.cosAlpha1 * cosU1
	// cos²β2 - cos²β1 as a product keeps its digits.
	d := (sinU1 - sinU2) * (sinU1 + sinU2)
	north2 := math.Sqrt(math.Max(0, north1*north1+d))
	t.sinAlpha2, t.cosAlpha2 = sinAlpha0, north2 // both scaled by cosU2
	t.sigma1 = math.Atan2(sinU1, north1)
	t.sigma2 = math.Atan2(sinU2, north2)
	if t.sigma2 < t.sigma1 {
		t.sigma2 += 2 * math.Pi
	}
	omega := math.Atan2(sinAlpha0*sinU2, north2) - math.Atan2(sinAlpha0*sinU1, north1)
	if omega < 0 {
		omega += 2 * math.Pi
	}
	t.lon = omega - Flattening*sinAlpha0*integrate(t.sigma1, t.sigma2, func(sigma float64) float64 {
		sin := math.Sin(sigma)
		return (2 - Flattening) / (1 + (1-Flattening)*math.Sqrt(1+t.k2*sin*sin))
	})
	return t
}

// integrate integrates a smooth function over at most one turn: Gauss-Legendre
// with five nodes on each of eight panels, exact to the last digits for the
// nearly constant integrands here.
func integrate(from, to float64, f func(float64) float64) float64 {
	const panels = 8
	const (
		x1, w1 = 0.538469310105683091036314420700, 0.478628670499366468041291514836
		x2, w2 = 0.906179845938663992797626878299, 0.236926885056189087514264040720
		w0     = 128.0 / 225
	)
	half := (to - from) / (2 * panels)
	sum := 0.0
	for i := range panels {
		mid := from + half*float64(2*i+1)
		sum += w0*f(mid) + w1*(f(mid-x1*half)+f(mid+x1*half)) + w2*(f(mid-x2*half)+f(mid+x2*half))
	}
	return sum * half
}
