// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package zone_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/golang/geo/s2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

func names(s string) map[string]string {
	return map[string]string{"en": s, "zh-Hant": "區" + s, "ja": "区" + s}
}

// star returns a closed ring of n vertices around c, between half the radius
// and the radius away.
func star(rng *rand.Rand, c geo.Point, radius geo.Metres, n int) []geo.Point {
	ring := make([]geo.Point, 0, n+1)
	for i := range n {
		azi := geo.Degrees(-360 * float64(i) / float64(n))
		ring = append(ring, geo.Direct(c, azi.Norm360(), radius*geo.Metres(0.5+0.5*rng.Float64())))
	}
	return append(ring, ring[0])
}

// generated returns n areas of 50 to 500 vertices in 117–132E 19–31N, of a size
// that lays about 2.4 over any point.
func generated(rng *rand.Rand, n int) []zone.Zone {
	const areaM2 = 15 * 101_000 * 12 * 111_000.0
	radius := geo.Metres(math.Sqrt(2.4*areaM2/float64(n)/math.Pi) / 0.764)
	zones := make([]zone.Zone, n)
	for i := range zones {
		c := at(19+12*rng.Float64(), 117+15*rng.Float64())
		zones[i] = zone.Zone{
			ID: zone.ID(fmt.Sprintf("z%05d", i)), Kind: "test", Names: names("z"),
			Rings: [][]geo.Point{star(rng, c, radius, 50+rng.IntN(451))},
		}
	}
	return zones
}

func newSet(t testing.TB, zones ...zone.Zone) *zone.Set {
	t.Helper()
	set, err := zone.New(zone.Contents{Name: "test", Version: "1", Zones: zones})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// s2Area gives the answers of another implementation.
func s2Area(z *zone.Zone) func(geo.Point) bool {
	var loops []*s2.Loop
	for _, ring := range z.Rings {
		var pts []s2.Point
		for _, q := range ring[1:] {
			pts = append(pts, s2.PointFromLatLng(s2.LatLngFromDegrees(q.LatDeg, q.LonDeg)))
		}
		loop := s2.LoopFromPoints(pts)
		loop.Normalize()
		loops = append(loops, loop)
	}
	return func(p geo.Point) bool {
		inside := false
		for _, loop := range loops {
			if loop.ContainsPoint(s2.PointFromLatLng(s2.LatLngFromDegrees(p.LatDeg, p.LonDeg))) {
				inside = !inside
			}
		}
		return inside
	}
}

func TestAtAgreesWithS2(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		// The middle may lie on the date line or far north.
		c := at(rapid.Float64Range(-80, 80).Draw(t, "lat"), rapid.SampledFrom([]float64{123, 179.9, -179.9, 0, -60}).Draw(t, "lon"))
		var zones []zone.Zone
		for i := range 12 {
			mid := geo.Direct(c, geo.Degrees(360*rng.Float64()), geo.Metres(400_000*rng.Float64()))
			z := zone.Zone{ID: zone.ID(fmt.Sprintf("z%d", i)), Kind: "test", Names: names("z"), Rings: [][]geo.Point{star(rng, mid, 300_000, 8+rng.IntN(60))}}
			if i%3 == 0 { // a hole
				z.Rings = append(z.Rings, star(rng, mid, 120_000, 12))
			}
			zones = append(zones, z)
		}
		set, err := zone.New(zone.Contents{Name: "test", Version: "1", Zones: zones})
		if err != nil {
			t.Fatal(err)
		}
		areas := make([]func(geo.Point) bool, len(set.Zones()))
		for i := range areas {
			areas[i] = s2Area(&set.Zones()[i])
		}
		for range 30 {
			p := geo.Direct(c, geo.Degrees(360*rng.Float64()), geo.Metres(700_000*rng.Float64()))
			var want []zone.ID
			for i, z := range set.Zones() {
				inside := areas[i](p)
				if inside {
					want = append(want, z.ID)
				}
				if set.Contains(z.ID, p) != inside {
					t.Fatalf("Contains(%s, %v) = %v, and S2 says otherwise", z.ID, p, !inside)
				}
			}
			if diff := cmp.Diff(want, set.At(p, nil)); diff != "" {
				t.Fatalf("At(%v), S2 less ours:\n%s", p, diff)
			}
		}
	})
}

func bruteDistance(z *zone.Zone, p geo.Point) geo.Metres {
	d := geo.Metres(math.Inf(1))
	for _, part := range append(slices.Clone(z.Rings), z.Line) {
		for i := range len(part) - 1 {
			d = min(d, geo.DistanceToSegment(p, part[i], part[i+1]))
		}
	}
	return d
}

func TestDistanceIsTheLeastOfAllEdges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		c := at(rapid.Float64Range(-80, 80).Draw(t, "lat"), rapid.SampledFrom([]float64{123, 179.9}).Draw(t, "lon"))
		z := zone.Zone{ID: "z", Kind: "test", Names: names("z"), Rings: [][]geo.Point{star(rng, c, geo.Metres(1000+400_000*rng.Float64()), 3+rng.IntN(100))}}
		set, err := zone.New(zone.Contents{Name: "test", Version: "1", Zones: []zone.Zone{z}})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			p := geo.Direct(c, geo.Degrees(360*rng.Float64()), geo.Metres(800_000*rng.Float64()))
			got, ok := set.Distance("z", p)
			if want := bruteDistance(&z, p); !ok || math.Abs(float64(got-want)) > 0.01 {
				t.Fatalf("Distance(z, %v) = %v, %v, want %v", p, got, ok, want)
			}
		}
	})
}

// TestWithinIsADistance puts points a few metres on either side of the limit.
func TestWithinIsADistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		c := at(rapid.Float64Range(-75, 75).Draw(t, "lat"), rapid.SampledFrom([]float64{123, 179.9}).Draw(t, "lon"))
		nm := rapid.SampledFrom([]float64{3, 12, 24, 200}).Draw(t, "nm")
		coast := zone.Zone{ID: "coast", Kind: zone.Coast, Names: names("c"), Rings: [][]geo.Point{star(rng, c, geo.Metres(500+60_000*rng.Float64()), 3+rng.IntN(60))}}
		if rapid.Bool().Draw(t, "long edges") {
			coast.Rings = [][]geo.Point{star(rng, c, 600_000, 4)}
		}
		sea := zone.Zone{ID: "sea", Kind: zone.TerritorialSea, Names: names("s"), DistanceNM: nm, From: []zone.ID{"coast"}}
		set, err := zone.New(zone.Contents{Name: "test", Version: "1", Zones: []zone.Zone{coast, sea}})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			away := geo.Direct(c, geo.Degrees(360*rng.Float64()), 2_000_000)
			far, _ := geo.Inverse(away, c)
			_, azi := geo.Inverse(c, away)
			// Find by bisection where the way out passes the limit.
			lo, hi := geo.Metres(0), far
			for range 45 {
				mid := (lo + hi) / 2
				p := geo.Direct(c, azi, mid)
				if set.Contains("coast", p) || bruteDistance(&coast, p) <= geo.FromNM(nm) {
					lo = mid
				} else {
					hi = mid
				}
			}
			in, out := geo.Direct(c, azi, lo-3), geo.Direct(c, azi, hi+3)
			if bruteDistance(&coast, in) < geo.FromNM(nm) && !set.Contains("sea", in) {
				t.Fatalf("%v, %.2f m from the coast, is not within %v nm", in, bruteDistance(&coast, in), nm)
			}
			if bruteDistance(&coast, out) > geo.FromNM(nm) && set.Contains("sea", out) {
				t.Fatalf("%v, %.2f m from the coast, is within %v nm", out, bruteDistance(&coast, out), nm)
			}
			if got := set.At(in, nil); len(got) != 1 || got[0] != "sea" {
				t.Fatalf("At(%v) = %v, want [sea]", in, got)
			}
			if d, _ := set.Distance("sea", out); d > 3.1 {
				t.Fatalf("3 m outside the limit is %v m from it", d)
			}
		}
	})
}

func TestDistanceZoneHoldsItsCoastAndLine(t *testing.T) {
	island := zone.Zone{ID: "island", Kind: zone.Coast, Names: names("i"), Rings: [][]geo.Point{{at(24, 123), at(24, 124), at(25, 124), at(25, 123), at(24, 123)}}}
	line := zone.Zone{ID: "base", Kind: zone.Baseline, Names: names("b"), Line: []geo.Point{at(24, 126), at(25, 126)}}
	sea := zone.Zone{ID: "sea", Kind: zone.TerritorialSea, Names: names("s"), DistanceNM: 12, From: []zone.ID{"base", "island"}}
	set := newSet(t, island, line, sea)
	for p, want := range map[geo.Point]bool{
		at(24.5, 123.5): true,  // 30 nm inland
		at(24.5, 124.2): true,  // 11 nm off
		at(24.5, 124.3): false, // 16 nm off
		at(24.5, 126.1): true,  // near the line
		at(24.5, 125.9): true,  // its other side
		at(25.3, 126):   false,
	} {
		if got := set.Contains("sea", p); got != want {
			t.Errorf("Contains(sea, %v) = %v, want %v", p, got, want)
		}
	}
	if got := set.At(at(24.5, 123.5), nil); !slices.Equal(got, []zone.ID{"sea"}) {
		t.Errorf("At inland = %v: coasts are for measuring", got)
	}
	if !set.Contains("island", at(24.5, 123.5)) || set.Contains("base", at(24.5, 126)) {
		t.Error("a coast asked by its ID is an area, and a line holds nothing")
	}
	d, ok := set.Distance("sea", at(24.5, 123.5))
	if shore, _ := set.Distance("island", at(24.5, 123.5)); !ok || math.Abs(float64(d-shore-geo.FromNM(12))) > 1e-6 {
		t.Errorf("from inland the limit is %v away, want the shore's %v and 12 nm", d, shore)
	}
	if _, ok := set.Distance("nowhere", at(24, 123)); ok || set.Contains("nowhere", at(24, 123)) {
		t.Error("a zone that does not exist has no distance")
	}
}

func gate(id zone.ID, line ...geo.Point) zone.Zone {
	return zone.Zone{ID: id, Kind: zone.Gate, Names: names("g"), Line: line, LeftToRight: zone.Out, RightToLeft: zone.In}
}

func TestCrossings(t *testing.T) {
	g := gate("g", at(24, 121), at(24.2, 122), at(24, 123))
	far := gate("far", at(24, 179.5), at(24, -179.5))
	zigzag := gate("zigzag", at(10, 120), at(11, 120.5), at(10, 121), at(11, 121.5))
	plain := zone.Zone{ID: "plain", Kind: "median_line_variant", Names: names("p"), Line: []geo.Point{at(23.9, 121), at(23.9, 123)}}
	hidden := gate("hidden", at(23.8, 121), at(23.8, 123))
	hidden.Hidden = true
	set := newSet(t, g, far, zigzag, plain, hidden)
	tests := map[string]struct {
		a, b geo.Point
		want []zone.Crossing
	}{
		"a step south":                     {at(24.6, 121.5), at(23.5, 121.5), []zone.Crossing{{Zone: "g", Way: zone.Out}}},
		"a step north":                     {at(23.5, 121.5), at(24.6, 121.5), []zone.Crossing{{Zone: "g", Way: zone.In}}},
		"a step beside it":                 {at(24.6, 120.5), at(23.5, 120.5), nil},
		"a step that ends short":           {at(24.6, 121.5), at(24.2, 121.5), nil},
		"no step":                          {at(24.1, 121.5), at(24.1, 121.5), nil},
		"a step across the date line":      {at(23.5, 179.9), at(24.5, -179.8), []zone.Crossing{{Zone: "far", Way: zone.In}}},
		"the same from 180 east":           {at(24.5, 180), at(23.5, 180), []zone.Crossing{{Zone: "far", Way: zone.Out}}},
		"a step wholly beyond it":          {at(23.5, -179.8), at(24.5, -179.7), []zone.Crossing{{Zone: "far", Way: zone.In}}},
		"a zigzag, each passage":           {at(10.5, 119), at(10.5, 122), []zone.Crossing{{Zone: "zigzag", Way: zone.Out}, {Zone: "zigzag", Way: zone.In}, {Zone: "zigzag", Way: zone.Out}}},
		"a step from no position":          {at(math.NaN(), 121.5), at(23.5, 121.5), nil},
		"a leap over half the world":       {at(24.6, 121.5), at(-40, -60), nil},
		"lines without ways, and hidden":   {at(23.95, 122), at(23.7, 122), nil},
		"a step through the middle vertex": {at(24.4, 122), at(24, 122), []zone.Crossing{{Zone: "g", Way: zone.Out}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := set.Crossings(test.a, test.b, nil)
			last := 0.0
			for i := range got {
				c := &got[i]
				if d, _ := set.Distance(c.Zone, c.At); d > 1 {
					t.Errorf("crossing of %s at %v is %.2f m off the line", c.Zone, c.At, d)
				}
				if d := geo.DistanceToSegment(c.At, test.a, test.b); d > 1 {
					t.Errorf("crossing of %s at %v is %.2f m off the step", c.Zone, c.At, d)
				}
				if c.Fraction < last || c.Fraction > 1 {
					t.Errorf("fraction %v after %v", c.Fraction, last)
				}
				last, c.At, c.Fraction = c.Fraction, geo.Point{}, 0
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Crossings(%v, %v), want less got:\n%s", test.a, test.b, diff)
			}
		})
	}
}

// TestLongEdgesBendPolewards asks between a parallel and the great circle over
// it, where neither the area's nor the line's vertices reach.
func TestLongEdgesBendPolewards(t *testing.T) {
	set := newSet(t,
		zone.Zone{ID: "a", Kind: "test", Names: names("a"), Rings: [][]geo.Point{{at(50, 0), at(50, 25), at(60, 25), at(60, 0), at(50, 0)}}},
		gate("g", at(60, 0), at(60, 25)))
	if got := set.At(at(60.5, 12.5), nil); !slices.Equal(got, []zone.ID{"a"}) {
		t.Errorf("At under the great circle = %v, want [a]", got)
	}
	if got := set.Crossings(at(60.9, 12.5), at(60.3, 12.5), nil); len(got) != 1 {
		t.Errorf("Crossings of the great circle = %v, want one", got)
	}
	if got := set.Crossings(at(60.5, 2), at(60.5, 23), nil); len(got) != 0 {
		t.Errorf("Crossings of a step beyond it = %v, want none", got)
	}
}

// TestCrossingsOfAWalk holds the invariant that In and Out alternate, and that
// the net count is that of the sides, however the walk is cut into steps.
func TestCrossingsOfAWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		line := []geo.Point{at(26, 123)} // from north to south, far longer than the walk is wide
		for i := range 20 {
			line = append(line, at(25.9-0.2*float64(i), 123+0.3*rng.Float64()))
		}
		set, err := zone.New(zone.Contents{Name: "test", Version: "1", Zones: []zone.Zone{gate("g", line...)}})
		if err != nil {
			t.Fatal(err)
		}
		p := at(24+rng.Float64(), 122)
		west := true
		var got []zone.Crossing
		for range 60 {
			q := at(23.5+2*rng.Float64(), 122.6+rng.Float64())
			if rng.IntN(4) == 0 {
				q = line[1+rng.IntN(len(line)-2)] // step on a vertex
				if q.LatDeg < 23 {
					continue
				}
			}
			got = set.Crossings(p, q, got[:0])
			for _, c := range got {
				want := zone.Out
				if west {
					want = zone.In // the left of a line that leads south is east
				}
				if c.Way != want {
					t.Fatalf("from %v to %v: %s crossed %s while west is %v", p, q, c.Zone, c.Way, west)
				}
				west = !west
			}
			p = q
		}
		if end := set.Crossings(p, at(24.5, 125), nil); (len(end)%2 == 1) != west {
			t.Fatalf("walked to %v, west is %v, yet the way east crosses %d times", p, west, len(end))
		}
	})
}

func TestNothingIsAllocated(t *testing.T) {
	set := shipped(t)
	ids := make([]zone.ID, 0, 32)
	crossings := make([]zone.Crossing, 0, 32)
	p, q := at(24.6, 122.79), at(24.4, 122.79)
	for name, f := range map[string]func(){
		"At":        func() { ids = set.At(p, ids[:0]) },
		"Contains":  func() { set.Contains("ts_taiwan_12", p) },
		"Distance":  func() { set.Distance("gap_c", p) },
		"Crossings": func() { crossings = set.Crossings(p, q, crossings[:0]) },
		"LeadAt":    func() { set.LeadAt(p) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
	if len(ids) == 0 || len(crossings) == 0 {
		t.Errorf("nothing was found: %v, %v", ids, crossings)
	}
}

func TestOverrides(t *testing.T) {
	set := shipped(t)
	const sea, place = "ts_senkaku_12", "place_senkaku_diaoyutai_islands"
	uotsuri := at(25.745, 123.48)
	ours, err := set.WithOverrides([]zone.Override{
		{ID: sea, Names: map[string]string{"zh-Hant": "釣魚臺12浬"}},
		{ID: place, Hide: true},
		{ID: "ts_senkaku_24", Hide: true},
		{ID: "gate_yonaguni_taiwan", Hide: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	before, _ := set.Zone(sea)
	after, _ := ours.Zone(sea)
	if after.Names["zh-Hant"] != "釣魚臺12浬" || after.Names["ja"] != before.Names["ja"] || after.Names["ja"] == "" {
		t.Errorf("names are %v", after.Names)
	}
	if before.Names["zh-Hant"] == "釣魚臺12浬" {
		t.Error("the override changed the set that it was made from")
	}
	if after.Version != before.Version {
		t.Errorf("renaming changed the zone's version from %s to %s", before.Version, after.Version)
	}
	if ours.Version() == set.Version() {
		t.Error("the set's version does not tell of the overrides")
	}
	if got := ours.At(uotsuri, nil); !slices.Contains(got, sea) || slices.Contains(got, "ts_senkaku_24") {
		t.Errorf("At = %v: ts_senkaku_24 is hidden", got)
	}
	if got := set.At(uotsuri, nil); !slices.Contains(got, "ts_senkaku_24") {
		t.Errorf("At without overrides = %v", got)
	}
	if got := ours.Crossings(at(24.7, 122.4), at(24.3, 122.4), nil); len(got) != 0 {
		t.Errorf("hidden gate crossed: %v", got)
	}
	if i := slices.IndexFunc(ours.Places(), func(p zone.Place) bool { return p.ID == place }); i < 0 || !ours.Places()[i].Hidden {
		t.Errorf("%s is not hidden", place)
	}
	if same, err := set.WithOverrides(nil); err != nil || same.Version() != set.Version() {
		t.Errorf("no overrides: version %s, %v", same.Version(), err)
	}
	for name, o := range map[string]zone.Override{
		"a zone that does not exist":   {ID: "gate_nowhere", Hide: true},
		"a language that is not shown": {ID: sea, Names: map[string]string{"fr": "Senkaku"}},
		"a blank name":                 {ID: sea, Names: map[string]string{"en": "  "}},
		"a name with a line break":     {ID: sea, Names: map[string]string{"en": "a\nb"}},
	} {
		if _, err := set.WithOverrides([]zone.Override{o}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestVersions(t *testing.T) {
	base := []zone.Zone{gate("a", at(24, 121), at(24, 122)), gate("b", at(25, 121), at(25, 122))}
	one := newSet(t, base...)
	base[1].Line = []geo.Point{at(25, 121), at(25, 122.000001)}
	two := newSet(t, base...)
	if one.Zones()[0].Version != two.Zones()[0].Version || one.Zones()[1].Version == two.Zones()[1].Version {
		t.Errorf("versions %v and %v: only b was changed", one.Zones(), two.Zones())
	}
	if one.Version() == two.Version() {
		t.Error("the set's version does not tell the change of b")
	}
	slices.Reverse(base)
	if again := newSet(t, base...); again.Version() != two.Version() {
		t.Error("the order of the contents changes the version")
	}
}
