// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package geo

import "math"

// DistanceToSegment returns the length of the shortest geodesic from p to the
// geodesic segment a–b, good to 1 m for segments and distances up to 500 km
// (to a millimetre in practice).
func DistanceToSegment(p, a, b Point) Metres {
	d, _ := nearestOnSegment(p, a, b)
	return d
}

// NearestOnSegment returns the point of the geodesic segment a–b that is
// nearest to p, and its distance, with the accuracy of DistanceToSegment.
func NearestOnSegment(p, a, b Point) (Point, Metres) {
	d, q := nearestOnSegment(p, a, b)
	return q, d
}

func nearestOnSegment(p, a, b Point) (Metres, Point) {
	length, azi := Inverse(a, b)
	da, toP := Inverse(a, p)
	if length == 0 || da == 0 {
		return da, a
	}
	along := alongTrack(da, toP-azi)
	// Move along the segment until the foot of the perpendicular stays: each
	// round leaves only the ellipsoid's departure from the sphere.
	foot, d := a, da
	for range 6 {
		along = Metres(math.Max(0, math.Min(float64(length), float64(along))))
		foot = Direct(a, azi, along)
		var toFoot Degrees
		d, toFoot = Inverse(foot, p)
		// The farther end gives the better bearing of the segment at the foot.
		var ahead Degrees
		if along < length/2 {
			_, ahead = Inverse(foot, b)
		} else {
			_, back := Inverse(foot, a)
			ahead = back + 180
		}
		step := alongTrack(d, toFoot-ahead)
		next := along + step
		if math.Abs(float64(step)) < 1e-3 || (along == 0 && next <= 0) || (along == length && next >= length) {
			break
		}
		along = next
	}
	return d, foot
}

// alongTrack returns how far along a great circle the foot of the
// perpendicular lies from a point dist away at angle turn from the circle.
func alongTrack(dist Metres, turn Degrees) Metres {
	sin, cos := math.Sincos(float64(dist) / meanR)
	return Metres(meanR * math.Atan2(sin*math.Cos(turn.Radians()), cos))
}

// LeftOf reports whether p lies to the left of the geodesic from a through b.
// A point on it (a and b among them) counts as right of it.
func LeftOf(p, a, b Point) bool {
	if p == a || p == b {
		return false
	}
	_, along := Inverse(a, b)
	return leftOf(p, a, along)
}

func leftOf(p, a Point, along Degrees) bool {
	_, toP := Inverse(a, p)
	return math.Sin((toP - along).Radians()) < 0
}

// Intersect returns the point where the geodesic segments a1–a2 and b1–b2
// cross, within a metre, and whether they do. See Cross for touches.
func Intersect(a1, a2, b1, b2 Point) (Point, bool) {
	x, dir := Cross(a1, a2, b1, b2)
	return x, dir != 0
}

// Cross returns the point where the step a1–a2 crosses the segment b1–b2,
// within a metre, and the direction: +1 from the left of b1–b2 to its right, -1
// from right to left, 0 when they do not cross. Segments up to 2,000 km are
// handled; longer ones never cross.
//
// A touch is decided so that a path over a chain of segments crosses it once
// and not twice or never: an end of the step on b1–b2 counts as right of it,
// and one that is b1 or b2 counts as lying a millimetre north-east of it.
func Cross(a1, a2, b1, b2 Point) (Point, int) {
	const longest = 2_000_000
	a1, a2 = nudge(a1, b1, b2), nudge(a2, b1, b2)
	lenA, aziA := Inverse(a1, a2)
	lenB, aziB := Inverse(b1, b2)
	if !(lenA > 0 && lenA <= longest) || !(lenB > 0 && lenB <= longest) {
		return Point{}, 0
	}
	if d, _ := Inverse(a1, b1); !(d <= lenA+lenB) {
		return Point{}, 0
	}
	left := leftOf(a1, b1, aziB)
	if left == leftOf(a2, b1, aziB) || leftOf(b1, a1, aziA) == leftOf(b2, a1, aziA) {
		return Point{}, 0
	}
	dir := -1
	if left {
		dir = 1
	}
	return crossing(a1, aziA, float64(lenA), b1, aziB, crossTrack(a1, b1, aziB), crossTrack(a2, b1, aziB)), dir
}

// nudge moves p off b1 and b2, always the same way.
func nudge(p, b1, b2 Point) Point {
	if p == b1 || p == b2 {
		p.LatDeg += 1e-8
		p.LonDeg += 3e-9
	}
	return p
}

// crossing finds, by regula falsi with the Illinois rule, where the geodesic
// from a1 meets the one from b1; fLo and fHi are the signed distances of its
// ends from that one and differ in sign.
func crossing(a1 Point, aziA Degrees, length float64, b1 Point, aziB Degrees, fLo, fHi float64) Point {
	lo, hi := 0.0, length
	x, side := a1, 0
	for range 30 {
		t := lo
		if fHi != fLo {
			t = (lo*fHi - hi*fLo) / (fHi - fLo)
		}
		x = Direct(a1, aziA, Metres(t))
		f := crossTrack(x, b1, aziB)
		if math.Abs(f) < 1e-3 || hi-lo < 1e-3 {
			break
		}
		if (f < 0) == (fHi < 0) {
			hi, fHi = t, f
			if side == 1 {
				fLo /= 2
			}
			side = 1
		} else {
			lo, fLo = t, f
			if side == -1 {
				fHi /= 2
			}
			side = -1
		}
	}
	return x
}

// crossTrack returns the signed distance of p from the geodesic through a with
// azimuth azi, by the sphere's rule, positive to the right; its zero is exact.
func crossTrack(p, a Point, azi Degrees) float64 {
	d, toP := Inverse(a, p)
	return meanR * math.Asin(math.Sin(float64(d)/meanR)*math.Sin((toP-azi).Radians()))
}
