// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package geo_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
)

func drawPoint(t *rapid.T, name string, maxLat float64) geo.Point {
	return geo.Point{
		LatDeg: rapid.Float64Range(-maxLat, maxLat).Draw(t, name+" lat"),
		LonDeg: rapid.Float64Range(-180, 179.999999).Draw(t, name+" lon"),
	}
}

// TestInverseKnown holds the solver to published lines.
func TestInverseKnown(t *testing.T) {
	tests := map[string]struct {
		a, b    geo.Point
		dist    float64 // metres
		azi     float64 // degrees
		distTol float64
		aziTol  float64
	}{
		// Karney, Algorithms for geodesics (2013), table 3 and table 4.
		"a nearly antipodal pair": {geo.Point{LatDeg: -30}, geo.Point{LatDeg: 29.9, LonDeg: 179.8}, 19989832.827610, 161.890524736, 1e-3, 1e-5},
		// GeographicLib manual, examples of GeodSolve.
		"New York to Singapore": {
			geo.Point{LatDeg: 40 + 38.0/60 + 23.0/3600, LonDeg: -(73 + 46.0/60 + 44.0/3600)},
			geo.Point{LatDeg: 1 + 21.0/60 + 33.0/3600, LonDeg: 103 + 59.0/60 + 22.0/3600},
			15347628, 3 + 18.0/60 + 29.9/3600, 0.5, 2e-5,
		},
		"New York to London":       {geo.Point{LatDeg: 40.6, LonDeg: -73.8}, geo.Point{LatDeg: 51.6, LonDeg: -0.5}, 5551759.400, 51.198882845579, 1e-3, 1e-6},
		"pole to pole":             {geo.Point{LatDeg: 90}, geo.Point{LatDeg: -90}, 20003931.4586, 180, 1e-3, 360},
		"half the equator":         {geo.Point{}, geo.Point{LonDeg: 180}, 20003931.4586, 0, 1e-3, 360},
		"one degree of equator":    {geo.Point{}, geo.Point{LonDeg: 1}, 111319.4908, 90, 1e-3, 1e-9},
		"over the date line":       {geo.Point{LonDeg: 179.5}, geo.Point{LonDeg: -179.5}, 111319.4908, 90, 1e-3, 1e-9},
		"a quarter of a meridian":  {geo.Point{LonDeg: 7}, geo.Point{LatDeg: 90, LonDeg: 7}, 10001965.7293, 0, 1e-3, 1e-9},
		"the same point":           {geo.Point{LatDeg: 24, LonDeg: 123}, geo.Point{LatDeg: 24, LonDeg: 123}, 0, 0, 0, 0},
		"the same place, 360 over": {geo.Point{LatDeg: 24, LonDeg: 180}, geo.Point{LatDeg: 24, LonDeg: -180}, 0, 0, 1e-8, 360},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d, azi := geo.Inverse(test.a, test.b)
			if math.Abs(float64(d)-test.dist) > test.distTol {
				t.Errorf("Inverse(%v, %v) distance = %.4f, want %.4f", test.a, test.b, d, test.dist)
			}
			if math.Abs(float64((azi - geo.Degrees(test.azi)).Norm180())) > test.aziTol {
				t.Errorf("Inverse(%v, %v) azimuth = %.9f, want %.9f", test.a, test.b, azi, test.azi)
			}
		})
	}
}

// follow integrates the differential equations of the geodesic (Runge-Kutta,
// fourth order), which shares nothing with the series under test.
func follow(p geo.Point, azi geo.Degrees, dist geo.Metres) geo.Point {
	const steps = 4000
	f := geo.Flattening
	a, e2 := float64(geo.EquatorialRadius), f*(2-f)
	slope := func(y [3]float64) [3]float64 {
		sin, cos := math.Sincos(y[0])
		w := math.Sqrt(1 - e2*sin*sin)
		n, m := a/w, a*(1-e2)/(w*w*w)
		return [3]float64{math.Cos(y[2]) / m, math.Sin(y[2]) / (n * cos), math.Sin(y[2]) * sin / (n * cos)}
	}
	add := func(y, k [3]float64, h float64) [3]float64 {
		return [3]float64{y[0] + h*k[0], y[1] + h*k[1], y[2] + h*k[2]}
	}
	y := [3]float64{p.LatDeg * math.Pi / 180, p.LonDeg * math.Pi / 180, azi.Radians()}
	h := float64(dist) / steps
	for range steps {
		k1 := slope(y)
		k2 := slope(add(y, k1, h/2))
		k3 := slope(add(y, k2, h/2))
		k4 := slope(add(y, k3, h))
		for i := range y {
			y[i] += h / 6 * (k1[i] + 2*k2[i] + 2*k3[i] + k4[i])
		}
	}
	return geo.Point{LatDeg: y[0] * 180 / math.Pi, LonDeg: float64(geo.Degrees(y[1] * 180 / math.Pi).Norm180())}
}

// apart is the straight distance, which needs no geodesic.
func apart(a, b geo.Point) float64 {
	return float64(geo.ToECEF(a, 0).Sub(geo.ToECEF(b, 0)).Norm())
}

func TestDirectFollowsTheEquations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPoint(t, "p", 60)
		azi := geo.Degrees(rapid.Float64Range(0, 360).Draw(t, "azi"))
		dist := geo.Metres(rapid.Float64Range(0, 3e6).Draw(t, "dist"))
		got, want := geo.Direct(p, azi, dist), follow(p, azi, dist)
		if math.Abs(want.LatDeg) > 85 {
			t.Skip("the equations are stiff at the poles")
		}
		if e := apart(got, want); e > 5e-4 {
			t.Fatalf("Direct(%v, %v, %v) = %v, want %v: %.6f m away", p, azi, dist, got, want, e)
		}
	})
}

func TestInverseUndoesDirect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPoint(t, "p", 89.9)
		azi := geo.Degrees(rapid.Float64Range(0, 359.999).Draw(t, "azi"))
		dist := geo.Metres(rapid.Float64Range(0, 1.9e7).Draw(t, "dist"))
		q := geo.Direct(p, azi, dist)
		got, gotAzi := geo.Inverse(p, q)
		if math.Abs(float64(got-dist)) > 1e-3 {
			t.Fatalf("Inverse(%v, %v) = %.6f, want %.6f", p, q, got, dist)
		}
		if e := apart(geo.Direct(p, gotAzi, got), q); e > 1e-3 {
			t.Fatalf("azimuth %.12f misses by %.6f m", gotAzi, e)
		}
	})
}

// TestInverseReaches holds for every pair, antipodal ones above all: the line
// that Inverse gives ends at the target, is the same length both ways, and is
// no longer than a detour.
func TestInverseReaches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawPoint(t, "a", 90)
		b := drawPoint(t, "b", 90)
		if rapid.Bool().Draw(t, "near antipode") {
			d := func(n string) float64 { return rapid.Float64Range(-0.6, 0.6).Draw(t, n) }
			b.LatDeg = math.Max(-90, math.Min(90, -a.LatDeg+d("dlat")))
			b.LonDeg = float64(geo.Degrees(a.LonDeg + 180 + d("dlon")).Norm180())
		}
		d, azi := geo.Inverse(a, b)
		if e := apart(geo.Direct(a, azi, d), b); e > 2e-3 {
			t.Fatalf("Inverse(%v, %v) = %.6f, %.9f: ends %.6f m beside the target", a, b, d, azi, e)
		}
		back, _ := geo.Inverse(b, a)
		if math.Abs(float64(back-d)) > 1e-3 {
			t.Fatalf("Inverse(%v, %v) = %.6f, back %.6f", a, b, d, back)
		}
		c := drawPoint(t, "c", 90)
		ac, _ := geo.Inverse(a, c)
		cb, _ := geo.Inverse(c, b)
		if d > ac+cb+2e-3 {
			t.Fatalf("detour over %v is shorter: %.4f < %.4f", c, ac+cb, d)
		}
	})
}

// TestInverseNearHalfTheEquator: there the shortest line leaves the equator, by
// either side, and a hair beside the equator the answer is all but the same.
func TestInverseNearHalfTheEquator(t *testing.T) {
	for lon := 179.0; lon <= 180; lon += 0.05 {
		a, b := geo.Point{}, geo.Point{LonDeg: lon}
		d, azi := geo.Inverse(a, b)
		if e := apart(geo.Direct(a, azi, d), b); e > 2e-3 {
			t.Errorf("to %v east: %.6f, %.9f ends %.3f m beside it", lon, d, azi, e)
		}
		if along := lon * math.Pi / 180 * float64(geo.EquatorialRadius); float64(d) > along+1e-3 {
			t.Errorf("to %v east: %.3f is longer than the equator's %.3f", lon, d, along)
		}
		beside, _ := geo.Inverse(geo.Point{LatDeg: -1e-9}, b)
		if math.Abs(float64(d-beside)) > 2e-3 {
			t.Errorf("to %v east: %.6f, and from a hair south %.6f", lon, d, beside)
		}
	}
}

func TestInverseOfNonsenseEnds(t *testing.T) {
	bad := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -91, 400}
	for _, x := range bad {
		for _, y := range bad {
			geo.Inverse(geo.Point{LatDeg: x, LonDeg: y}, geo.Point{LatDeg: y, LonDeg: 1})
			geo.Direct(geo.Point{LatDeg: x, LonDeg: y}, geo.Degrees(x), geo.Metres(y))
			geo.DistanceToSegment(geo.Point{LatDeg: x}, geo.Point{LonDeg: y}, geo.Point{LatDeg: y, LonDeg: x})
			if p, ok := geo.FromPolar(geo.Point{LatDeg: x, LonDeg: y}, 0, 1e4, 0, 1000); ok && !p.Valid() {
				t.Errorf("FromPolar at %v, %v says %v is a position", x, y, p)
			}
		}
	}
}

func BenchmarkInverse(b *testing.B) {
	p, q := geo.Point{LatDeg: 24.45, LonDeg: 122.95}, geo.Point{LatDeg: 24.8, LonDeg: 121.9}
	b.ReportAllocs()
	for b.Loop() {
		geo.Inverse(p, q)
	}
}

func BenchmarkInverseAntipodal(b *testing.B) {
	p, q := geo.Point{LatDeg: -30}, geo.Point{LatDeg: 29.9, LonDeg: 179.8}
	b.ReportAllocs()
	for b.Loop() {
		geo.Inverse(p, q)
	}
}

func BenchmarkDirect(b *testing.B) {
	p := geo.Point{LatDeg: 24.45, LonDeg: 122.95}
	b.ReportAllocs()
	for b.Loop() {
		geo.Direct(p, 251, 110_000)
	}
}
