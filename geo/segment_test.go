// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package geo_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
)

func drawNear(t *rapid.T, name string, c geo.Point, far float64) geo.Point {
	return geo.Direct(c, geo.Degrees(rapid.Float64Range(0, 360).Draw(t, name+" azi")),
		geo.Metres(rapid.Float64Range(0, far).Draw(t, name+" dist")))
}

// searched finds the distance to a segment by ternary search along it.
func searched(p, a, b geo.Point) float64 {
	length, azi := geo.Inverse(a, b)
	at := func(s float64) float64 {
		d, _ := geo.Inverse(p, geo.Direct(a, azi, geo.Metres(s)))
		return float64(d)
	}
	lo, hi := 0.0, float64(length)
	for range 120 {
		m1, m2 := lo+(hi-lo)/3, hi-(hi-lo)/3
		if at(m1) < at(m2) {
			hi = m2
		} else {
			lo = m1
		}
	}
	return math.Min(at((lo+hi)/2), math.Min(at(0), at(float64(length))))
}

func TestDistanceToSegmentIsTheLeast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawPoint(t, "a", 80)
		b := drawNear(t, "b", a, 500_000)
		p := drawNear(t, "p", a, 500_000)
		got, want := float64(geo.DistanceToSegment(p, a, b)), searched(p, a, b)
		if math.Abs(got-want) > 0.01 {
			t.Fatalf("DistanceToSegment(%v, %v, %v) = %.4f, want %.4f", p, a, b, got, want)
		}
		q, d := geo.NearestOnSegment(p, a, b)
		pq, _ := geo.Inverse(p, q)
		if math.Abs(float64(d)-got) > 0 || math.Abs(float64(pq)-got) > 1e-3 {
			t.Fatalf("NearestOnSegment(%v, %v, %v) = %v, %v; distance %v", p, a, b, q, d, pq)
		}
	})
}

func TestDistanceToSegmentOfPointsOnIt(t *testing.T) {
	a, b := geo.Point{LatDeg: 24.6, LonDeg: 121.9}, geo.Point{LatDeg: 24.45, LonDeg: 122.95}
	length, azi := geo.Inverse(a, b)
	for _, s := range []float64{0, 0.1, 0.5, 0.9, 1} {
		if d := geo.DistanceToSegment(geo.Direct(a, azi, length*geo.Metres(s)), a, b); d > 1e-3 {
			t.Errorf("at %v of the segment: %v m", s, d)
		}
	}
	if d := geo.DistanceToSegment(b, a, a); math.Abs(float64(d-length)) > 1e-6 {
		t.Errorf("segment of one point: %v m, want %v", d, length)
	}
	beyond := geo.Direct(b, azi, 5000)
	if d := geo.DistanceToSegment(beyond, a, b); math.Abs(float64(d)-5000) > 1e-3 {
		t.Errorf("beyond the end: %v m, want 5000", d)
	}
}

func TestIntersectFindsThePlantedCrossing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawPoint(t, "x", 80)
		azi := geo.Degrees(rapid.Float64Range(0, 360).Draw(t, "azi"))
		turn := geo.Degrees(rapid.Float64Range(5, 175).Draw(t, "turn"))
		leg := func(n string) geo.Metres { return geo.Metres(rapid.Float64Range(10, 300_000).Draw(t, n)) }
		a1, a2 := geo.Direct(x, azi+180, leg("a1")), geo.Direct(x, azi, leg("a2"))
		b1, b2 := geo.Direct(x, azi+turn+180, leg("b1")), geo.Direct(x, azi+turn, leg("b2"))
		got, ok := geo.Intersect(a1, a2, b1, b2)
		if !ok {
			t.Fatalf("no crossing of %v–%v and %v–%v at %v", a1, a2, b1, b2, x)
		}
		if e := apart(got, x); e > 1 {
			t.Fatalf("crossing at %v, want %v: %.3f m", got, x, e)
		}
		if geo.LeftOf(a1, b1, b2) || !geo.LeftOf(a2, b1, b2) {
			t.Fatal("b turns right from a, so that a goes from its right to its left, but LeftOf says otherwise")
		}
		if _, dir := geo.Cross(a1, a2, b1, b2); dir != -1 {
			t.Fatalf("Cross direction = %d, want -1 (right to left)", dir)
		}
		if _, dir := geo.Cross(a2, a1, b1, b2); dir != 1 {
			t.Fatalf("Cross direction of the way back = %d, want 1", dir)
		}
		if _, ok := geo.Intersect(a1, geo.Direct(x, azi+180, 5), b1, b2); ok {
			t.Fatal("crossing reported 5 m before it")
		}
	})
}

// TestIntersectCountsAChainOnce walks over a line of segments, by steps that
// may end on it or pass through its vertices.
func TestIntersectCountsAChainOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grid := func(n string) float64 { return float64(rapid.IntRange(-3, 3).Draw(t, n)) / 10 }
		chain := []geo.Point{{LatDeg: 26, LonDeg: 123}}
		for i := range 5 {
			chain = append(chain, geo.Point{LatDeg: 25.6 - 0.4*float64(i), LonDeg: 123 + grid("vertex")})
		}
		path := []geo.Point{{LatDeg: 24.8 + grid("start"), LonDeg: 122}}
		if rapid.Bool().Draw(t, "through a vertex") {
			path = append(path, chain[rapid.IntRange(1, 4).Draw(t, "which")])
		} else {
			path = append(path, geo.Point{LatDeg: 24.8 + grid("lat"), LonDeg: 123 + grid("lon")})
		}
		path = append(path, geo.Point{LatDeg: 24.8 + grid("end"), LonDeg: 124})
		net := 0
		for i := range len(path) - 1 {
			for j := range len(chain) - 1 {
				_, dir := geo.Cross(path[i], path[i+1], chain[j], chain[j+1])
				net -= dir
			}
		}
		if net != 1 {
			t.Fatalf("net crossings = %d, want 1\npath %v\nchain %v", net, path, chain)
		}
	})
}

func TestIntersectRefuses(t *testing.T) {
	p := func(lat, lon float64) geo.Point { return geo.Point{LatDeg: lat, LonDeg: lon} }
	tests := map[string][4]geo.Point{
		"parallel segments":      {p(24, 122), p(25, 122), p(24, 123), p(25, 123)},
		"a segment of no length": {p(24, 122), p(24, 122), p(23, 122), p(25, 122)},
		"far apart":              {p(24, 122), p(25, 122), p(-24, 2), p(-24, 3)},
		"antipodes of crossing":  {p(1, 0), p(-1, 0), p(0, 179), p(0, -179)},
		"longer than 2,000 km":   {p(0, 0), p(0, 40), p(-1, 20), p(1, 20)},
		"no number":              {p(math.NaN(), 0), p(0, 40), p(-1, 20), p(1, 20)},
	}
	for name, test := range tests {
		if x, ok := geo.Intersect(test[0], test[1], test[2], test[3]); ok {
			t.Errorf("%s: crossing at %v", name, x)
		}
	}
}

func BenchmarkDistanceToSegment(b *testing.B) {
	p, q := geo.Point{LatDeg: 24.45, LonDeg: 122.95}, geo.Point{LatDeg: 24.8, LonDeg: 121.9}
	r := geo.Point{LatDeg: 24.2, LonDeg: 122.3}
	b.ReportAllocs()
	for b.Loop() {
		geo.DistanceToSegment(r, p, q)
	}
}

func BenchmarkIntersect(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		geo.Intersect(geo.Point{LatDeg: 24.45, LonDeg: 122.95}, geo.Point{LatDeg: 24.8, LonDeg: 121.9},
			geo.Point{LatDeg: 24, LonDeg: 122.4}, geo.Point{LatDeg: 25, LonDeg: 122.5})
	}
}
