// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package geo

import "math"

const (
	vincentyRounds = 20
	vincentyLimit  = 1e-13 // radians, less than a micrometre
)

// Inverse returns the length of the shortest geodesic from a to b on WGS84 and
// its azimuth at a, in [0, 360). The length is good to 0.5 mm everywhere. For
// coincident points both are 0; for points that several shortest geodesics
// join (poles, exact antipodes) the azimuth is that of one of them.
//
// Method: Vincenty (Survey Review 176, 1975). Nearly antipodal points, where
// that does not converge, are solved by bisection on the azimuth over exact
// integrals, which always ends.
func Inverse(a, b Point) (Metres, Degrees) {
	lon := (b.LonDeg - a.LonDeg)
	if lon > 180 || lon < -180 {
		lon = math.Remainder(lon, 360)
	}
	lon *= radPerDeg
	sinU1, cosU1 := reduced(a.LatDeg)
	sinU2, cosU2 := reduced(b.LatDeg)
	lambda := lon
	for range vincentyRounds {
		sinLambda, cosLambda := math.Sincos(lambda)
		t1 := cosU2 * sinLambda
		t2 := cosU1*sinU2 - sinU1*cosU2*cosLambda
		sinSigma := math.Sqrt(t1*t1 + t2*t2)
		cosSigma := sinU1*sinU2 + cosU1*cosU2*cosLambda
		if sinSigma == 0 {
			if cosSigma > 0 {
				return 0, 0
			}
			break
		}
		sigma := math.Atan2(sinSigma, cosSigma)
		sinAlpha := cosU1 * cosU2 * sinLambda / sinSigma
		cos2Alpha := 1 - sinAlpha*sinAlpha
		cos2Mid := 0.0 // on the equator there is no cos²α to divide by
		if cos2Alpha > 1e-15 {
			cos2Mid = cosSigma - 2*sinU1*sinU2/cos2Alpha
		}
		next := lon + longitudeExcess(sinAlpha, cos2Alpha, sigma, sinSigma, cosSigma, cos2Mid)
		if !(math.Abs(next) <= math.Pi) {
			break
		}
		if math.Abs(next-lambda) < vincentyLimit {
			s := arcLength(cos2Alpha, sigma, sinSigma, cosSigma, cos2Mid)
			return Metres(s), Degrees(math.Atan2(t1, t2) * degPerRad).Norm360()
		}
		lambda = next
	}
	return inverseNearAntipodal(sinU1, cosU1, sinU2, cosU2, lon)
}

// Direct returns the point at distance dist from p along the geodesic that
// leaves p with azimuth azi, good to 0.5 mm. Longitude is in [-180, 180).
// Method: Vincenty (Survey Review 176, 1975).
func Direct(p Point, azi Degrees, dist Metres) Point {
	sinAlpha1, cosAlpha1 := math.Sincos(azi.Radians())
	sinU1, cosU1 := reduced(p.LatDeg)
	sigma1 := math.Atan2(sinU1, cosU1*cosAlpha1)
	sinAlpha := cosU1 * sinAlpha1
	cos2Alpha := 1 - sinAlpha*sinAlpha
	bigA, bigB := vincentyAB(cos2Alpha)
	first := float64(dist) / (semiMinor * bigA)
	sigma := first
	var sinSigma, cosSigma, cos2Mid float64
	for range vincentyRounds {
		cos2Mid = math.Cos(2*sigma1 + sigma)
		sinSigma, cosSigma = math.Sincos(sigma)
		next := first + deltaSigma(bigB, sinSigma, cosSigma, cos2Mid)
		done := math.Abs(next-sigma) < vincentyLimit
		sigma = next
		if done {
			break
		}
	}
	cos2Mid = math.Cos(2*sigma1 + sigma)
	sinSigma, cosSigma = math.Sincos(sigma)
	t := sinU1*sinSigma - cosU1*cosSigma*cosAlpha1
	lat := math.Atan2(sinU1*cosSigma+cosU1*sinSigma*cosAlpha1,
		(1-Flattening)*math.Sqrt(sinAlpha*sinAlpha+t*t))
	lambda := math.Atan2(sinSigma*sinAlpha1, cosU1*cosSigma-sinU1*sinSigma*cosAlpha1)
	lon := lambda - longitudeExcess(sinAlpha, cos2Alpha, sigma, sinSigma, cosSigma, cos2Mid)
	return Point{
		LatDeg: lat * degPerRad,
		LonDeg: float64(Degrees(p.LonDeg + lon*degPerRad).Norm180()),
	}
}

// reduced returns sine and cosine of the reduced (parametric) latitude.
func reduced(latDeg float64) (sin, cos float64) {
	s, c := math.Sincos(latDeg * radPerDeg)
	s *= 1 - Flattening
	r := math.Sqrt(s*s + c*c)
	return s / r, c / r
}

// longitudeExcess is Vincenty's equation 11: longitude on the auxiliary sphere
// less longitude on the ellipsoid, in radians.
func longitudeExcess(sinAlpha, cos2Alpha, sigma, sinSigma, cosSigma, cos2Mid float64) float64 {
	c := Flattening / 16 * cos2Alpha * (4 + Flattening*(4-3*cos2Alpha))
	return (1 - c) * Flattening * sinAlpha *
		(sigma + c*sinSigma*(cos2Mid+c*cosSigma*(2*cos2Mid*cos2Mid-1)))
}

// vincentyAB returns the series A and B, equations 3 and 4.
func vincentyAB(cos2Alpha float64) (a, b float64) {
	u2 := cos2Alpha * eccPrime2
	a = 1 + u2/16384*(4096+u2*(-768+u2*(320-175*u2)))
	b = u2 / 1024 * (256 + u2*(-128+u2*(74-47*u2)))
	return a, b
}

// deltaSigma is Vincenty's equation 6.
func deltaSigma(b, sinSigma, cosSigma, cos2Mid float64) float64 {
	return b * sinSigma * (cos2Mid + b/4*(cosSigma*(2*cos2Mid*cos2Mid-1)-
		b/6*cos2Mid*(4*sinSigma*sinSigma-3)*(4*cos2Mid*cos2Mid-3)))
}

func arcLength(cos2Alpha, sigma, sinSigma, cosSigma, cos2Mid float64) float64 {
	a, b := vincentyAB(cos2Alpha)
	return semiMinor * a * (sigma - deltaSigma(b, sinSigma, cosSigma, cos2Mid))
}
