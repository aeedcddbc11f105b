// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package geo_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
)

func TestUnits(t *testing.T) {
	tests := map[string]struct{ got, want float64 }{
		"feet to metres":            {float64(geo.Feet(1000).Metres()), 304.8},
		"metres to feet":            {float64(geo.Metres(304.8).Feet()), 1000},
		"miles to metres":           {float64(geo.FromNM(12)), 22224},
		"metres to miles":           {geo.Metres(22224).NM(), 12},
		"knots to metres a second":  {float64(geo.Knots(100).MetresPerSecond()), 51.444444444444},
		"metres a second to knots":  {float64(geo.MetresPerSecond(100).Knots()), 194.384449244},
		"a negative angle":          {float64(geo.Degrees(-10).Norm360()), 350},
		"a tiny negative angle":     {float64(geo.Degrees(-1e-20).Norm360()), 0},
		"a large angle":             {float64(geo.Degrees(725).Norm360()), 5},
		"half a turn to the west":   {float64(geo.Degrees(180).Norm180()), -180},
		"three quarters of a turn":  {float64(geo.Degrees(270).Norm180()), -90},
		"degrees to radians":        {geo.Degrees(180).Radians(), math.Pi},
		"horizon of a 100 m radar":  {float64(geo.RadarHorizon(100, 0)) / 1000, 41.22},
		"horizon to 30,000 ft":      {float64(geo.RadarHorizon(0, 9144)) / 1000, 394.1455},
		"horizon from below ground": {float64(geo.RadarHorizon(-5, 0)), 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if math.Abs(test.got-test.want) > 1e-4*math.Max(1, math.Abs(test.want)) {
				t.Errorf("got %v, want %v", test.got, test.want)
			}
		})
	}
}

func TestPointValid(t *testing.T) {
	tests := map[string]struct {
		p    geo.Point
		want bool
	}{
		"a place at sea":    {geo.Point{LatDeg: 24.5, LonDeg: 122.5}, true},
		"the pole":          {geo.Point{LatDeg: 90, LonDeg: 180}, true},
		"past the pole":     {geo.Point{LatDeg: 90.1}, false},
		"AIS not available": {geo.Point{LatDeg: 91, LonDeg: 181}, false},
		"no number":         {geo.Point{LatDeg: math.NaN()}, false},
		"infinity":          {geo.Point{LonDeg: math.Inf(1)}, false},
	}
	for name, test := range tests {
		if got := test.p.Valid(); got != test.want {
			t.Errorf("%s: Valid() = %v, want %v", name, got, test.want)
		}
	}
}

func TestECEFKnown(t *testing.T) {
	a, b := float64(geo.EquatorialRadius), float64(geo.PolarRadius)
	tests := map[string]struct {
		p    geo.Point
		h    geo.Metres
		want geo.ECEF
	}{
		"the Gulf of Guinea": {geo.Point{}, 0, geo.ECEF{X: a}},
		"90 degrees east":    {geo.Point{LonDeg: 90}, 100, geo.ECEF{Y: a + 100}},
		"the north pole":     {geo.Point{LatDeg: 90}, 10, geo.ECEF{Z: b + 10}},
		"the south pole":     {geo.Point{LatDeg: -90}, 0, geo.ECEF{Z: -b}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := geo.ToECEF(test.p, test.h)
			if got.Sub(test.want).Norm() > 1e-6 {
				t.Errorf("ToECEF(%v, %v) = %v, want %v", test.p, test.h, got, test.want)
			}
			p, h := test.want.Geodetic()
			if math.Abs(p.LatDeg-test.p.LatDeg) > 1e-12 || math.Abs(float64(h-test.h)) > 1e-6 {
				t.Errorf("%v.Geodetic() = %v, %v", test.want, p, h)
			}
		})
	}
	// Where normals meet there is no one answer, but still a position.
	const evolute = geo.Flattening * (2 - geo.Flattening) * float64(geo.EquatorialRadius)
	for _, e := range []geo.ECEF{{}, {X: evolute}, {Y: -evolute}, {X: 1}, {Z: 1}, {Z: -40_000}} {
		if p, h := e.Geodetic(); !p.Valid() || math.IsNaN(float64(h)) {
			t.Errorf("deep in the Earth, %v is %v at %v m", e, p, h)
		}
	}
}

func TestECEFRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPoint(t, "p", 90)
		h := geo.Metres(rapid.Float64Range(-100_000, 1_000_000).Draw(t, "h"))
		q, k := geo.ToECEF(p, h).Geodetic()
		if !q.Valid() || apart(p, q) > 1e-6 || math.Abs(float64(h-k)) > 1e-6 {
			t.Fatalf("%v at %v m comes back as %v at %v m", p, h, q, k)
		}
	})
}

func TestPlaneRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pl := geo.NewPlane(drawPoint(t, "origin", 90), geo.Metres(rapid.Float64Range(0, 4000).Draw(t, "h0")))
		d := func(n string) geo.Metres { return geo.Metres(rapid.Float64Range(-5e5, 5e5).Draw(t, n)) }
		e, n, u := d("e"), d("n"), d("u")/10
		p, h := pl.FromENU(e, n, u)
		e2, n2, u2 := pl.ToENU(p, h)
		if math.Abs(float64(e-e2))+math.Abs(float64(n-n2))+math.Abs(float64(u-u2)) > 1e-5 {
			t.Fatalf("(%v %v %v) comes back as (%v %v %v)", e, n, u, e2, n2, u2)
		}
	})
}

// TestPlaneAxes ties the axes to the geodesic: a short step north on the plane
// is a short geodesic with azimuth 0.
func TestPlaneAxes(t *testing.T) {
	origin := geo.Point{LatDeg: 24.3, LonDeg: 124.2}
	pl := geo.NewPlane(origin, 0)
	for name, test := range map[string]struct {
		e, n geo.Metres
		azi  geo.Degrees
	}{
		"north": {0, 1000, 0}, "east": {1000, 0, 90}, "south": {0, -1000, 180}, "west": {-1000, 0, 270},
	} {
		p, _ := pl.FromENU(test.e, test.n, 0)
		want := geo.Direct(origin, test.azi, 1000)
		if e := apart(p, want); e > 1e-3 {
			t.Errorf("%s: %v, want %v: %.4f m", name, p, want, e)
		}
	}
}

func TestFromPolarUndoesSlantRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		radar := drawPoint(t, "radar", 85)
		radarH := geo.Metres(rapid.Float64Range(0, 3500).Draw(t, "radarH"))
		h := geo.Metres(rapid.Float64Range(0, 20_000).Draw(t, "h"))
		want := geo.Direct(radar, geo.Degrees(rapid.Float64Range(0, 360).Draw(t, "azi")), geo.Metres(rapid.Float64Range(10, 500_000).Draw(t, "ground")))
		rng, azi := geo.SlantRange(radar, radarH, want, h)
		got, ok := geo.FromPolar(radar, radarH, rng, azi, h)
		if !ok {
			t.Fatalf("FromPolar(%v, %v, %v, %v, %v) refused", radar, radarH, rng, azi, h)
		}
		// Right overhead a small error of range is a large one of place.
		ground, _ := geo.Inverse(radar, want)
		tol := 1e-3 * math.Max(1, float64(rng/ground))
		if e := apart(got, want); e > tol {
			t.Fatalf("FromPolar = %v, want %v: %.6f m", got, want, e)
		}
	})
}

func TestFromPolarRefuses(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	tests := map[string]struct{ rng, azi, h float64 }{
		"no range":                     {0, 0, 0},
		"a negative range":             {-1, 0, 0},
		"a range below the height":     {9_000, 0, 10_000},
		"a range past all radars":      {2_000_001, 0, 10_000},
		"a range that is no number":    {nan, 0, 0},
		"a height that is no number":   {1000, 0, nan},
		"an azimuth that is no number": {1000, nan, 0},
		"an endless azimuth":           {1000, inf, 0},
		"an endless range":             {inf, 0, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if p, ok := geo.FromPolar(geo.Point{LatDeg: 24, LonDeg: 123}, 0, geo.Metres(test.rng), geo.Degrees(test.azi), geo.Metres(test.h)); ok {
				t.Errorf("FromPolar = %v, want a refusal", p)
			}
		})
	}
}

func BenchmarkFromPolar(b *testing.B) {
	pl := geo.NewPlane(geo.Point{LatDeg: 24.37, LonDeg: 124.2}, 320)
	b.ReportAllocs()
	for b.Loop() {
		pl.FromPolar(320, 250_000, 240, 9000)
	}
}

func BenchmarkGeodetic(b *testing.B) {
	e := geo.ToECEF(geo.Point{LatDeg: 24.37, LonDeg: 124.2}, 9000)
	b.ReportAllocs()
	for b.Loop() {
		e.Geodetic()
	}
}

func TestAxesAreThoseOfThePlane(t *testing.T) {
	for _, origin := range []geo.Point{{LatDeg: 25, LonDeg: 123}, {LatDeg: -60, LonDeg: -170}, {}, {LatDeg: 90}} {
		pl := geo.NewPlane(origin, 300)
		zero := pl.ENUToECEF(0, 0, 0)
		for i, got := range pl.Axes() {
			var far [3]geo.Metres
			far[i] = 1e6
			want := pl.ENUToECEF(far[0], far[1], far[2]).Sub(zero)
			if off := math.Hypot(math.Hypot(got.X-want.X/1e6, got.Y-want.Y/1e6), got.Z-want.Z/1e6); !(off < 1e-12) {
				t.Errorf("axis %d at %v is %v, want %v over 1e6", i, origin, got, want)
			}
		}
	}
}
