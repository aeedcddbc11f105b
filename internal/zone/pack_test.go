// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package zone_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// readPack reads the shipped pack's files as they lie in the tree: package
// packs is above this one.
func readPack(t testing.TB) zone.Pack {
	t.Helper()
	folder := filepath.Join("..", "..", "packs", "taiwan-ryukyu")
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	manifest := read(zone.ManifestName)
	m, err := zone.ParseManifest(manifest)
	if err != nil {
		t.Fatal(err)
	}
	pack := zone.Pack{Files: []zone.File{{Name: zone.ManifestName, Data: manifest}}}
	for _, name := range m.Files() {
		pack.Files = append(pack.Files, zone.File{Name: name, Data: read(name)})
	}
	return pack
}

func shipped(t testing.TB) *zone.Set {
	t.Helper()
	set, err := zone.Parse(readPack(t))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func at(lat, lon float64) geo.Point { return geo.Point{LatDeg: lat, LonDeg: lon} }

func TestShippedPackHasWhatTheRulesNeed(t *testing.T) {
	set := shipped(t)
	for _, id := range []zone.ID{
		"adiz_tw", "adiz_tw_working", "adiz_jp", "adiz_cn_ecs", "median_2019", "median_ext_n", "median_ext_s",
		"gate_miyako", "gate_yonaguni_taiwan", "gate_yonaguni_iriomote", "gate_bashi", "gate_tokara",
		"gap_n", "gap_c", "gap_s", "gap_overlap", "ts_yonaguni_12", "ts_yonaguni_24", "ts_taiwan_12", "ts_taiwan_24",
	} {
		z, ok := set.Zone(id)
		if !ok {
			t.Errorf("pack has no %s", id)
			continue
		}
		if !strings.HasPrefix(z.Version, "taiwan-ryukyu/1#") || len(z.Version) != len("taiwan-ryukyu/1#")+8 {
			t.Errorf("%s: version %q", id, z.Version)
		}
		if z.Source == "" {
			t.Errorf("%s: no source", id)
		}
	}
	counts := map[zone.Kind]int{}
	for _, p := range set.Places() {
		counts[p.Kind]++
	}
	for kind, want := range map[zone.Kind]int{zone.KindPlace: 59, zone.KindReferencePoint: 26, zone.KindIsland: 67, zone.KindAirport: 26} {
		if counts[kind] != want {
			t.Errorf("%d places of kind %s, want %d", counts[kind], kind, want)
		}
	}
	if !slices.IsSortedFunc(set.Zones(), func(a, b zone.Zone) int { return strings.Compare(string(a.ID), string(b.ID)) }) {
		t.Error("zones are not in the order of their IDs")
	}
	for _, z := range set.Zones() {
		raw, err := set.GeoJSON(z.ID)
		var g struct{ Type string }
		if err != nil || json.Unmarshal(raw, &g) != nil || (g.Type != "LineString" && g.Type != "MultiPolygon") {
			t.Errorf("%s: geometry %.60s, %v", z.ID, raw, err)
		}
	}
}

// areaKM2 measures by the authalic sphere, which shares no code with the set:
// areas on it are those of the ellipsoid.
func areaKM2(z *zone.Zone) float64 {
	f := geo.Flattening
	e := math.Sqrt(f * (2 - f))
	q := func(sin float64) float64 {
		return (1 - e*e) * (sin/(1-e*e*sin*sin) + math.Atanh(e*sin)/e)
	}
	radius := float64(geo.EquatorialRadius) / 1000 * math.Sqrt(q(1)/2)
	total := 0.0
	for _, ring := range z.Rings {
		var pts []s2.Point
		for _, p := range ring[1:] {
			lat := math.Asin(q(math.Sin(p.LatDeg*math.Pi/180)) / q(1))
			pts = append(pts, s2.PointFromLatLng(s2.LatLng{Lat: s1.Angle(lat), Lng: s1.Angle(p.LonDeg) * s1.Degree}))
		}
		loop := s2.LoopFromPoints(pts)
		loop.Normalize()
		total += loop.Area() * radius * radius
	}
	return total
}

// TestShippedAreas holds the pack to published and measured areas.
func TestShippedAreas(t *testing.T) {
	tests := map[string]struct {
		id        zone.ID
		want, tol float64 // km²
	}{
		"Taiwan's ADIZ, 487,000 by the MND":              {"adiz_tw", 478_706, 500},
		"its part in practice, about 235,000 by the MND": {"adiz_tw_working", 247_441, 1_000}, // that figure has the median line straight in degrees
		"the half-moon of Yonaguni":                      {"gap_overlap", 1_452, 5},
		"the centre of the gap":                          {"gap_c", 29_819, 60},
		"the south of the gap":                           {"gap_s", 64_237, 130},
	}
	set := shipped(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			z, ok := set.Zone(test.id)
			if !ok {
				t.Fatalf("no zone %s", test.id)
			}
			if got := areaKM2(z); math.Abs(got-test.want) > test.tol {
				t.Errorf("area of %s = %.0f km², want %.0f ± %.0f", test.id, got, test.want, test.tol)
			}
		})
	}
}

func TestShippedWhereabouts(t *testing.T) {
	tests := map[string]struct {
		p    geo.Point
		want []zone.ID
	}{
		"the middle of the Taiwan–Yonaguni channel": {at(24.5, 122.45), []zone.ID{"adiz_tw", "adiz_tw_working", "fir_rcaa", "gap_c"}},
		"Yonaguni, 123.0 east":                      {at(24.455, 123.0), []zone.ID{"adiz_jp", "fir_rcaa", "gap_c", "ts_yonaguni_12", "ts_yonaguni_24"}},
		"8 nm west of Yonaguni, in the overlap":     {at(24.45, 122.79), []zone.ID{"adiz_jp", "adiz_jp_yonaguni_2010", "adiz_tw", "adiz_tw_working", "fir_rcaa", "gap_c", "gap_overlap", "ts_yonaguni_12", "ts_yonaguni_24"}},
		"Taipei":                                    {at(25.04, 121.56), []zone.ID{"adiz_tw", "adiz_tw_working", "fir_rcaa", "ts_taiwan_12", "ts_taiwan_24", "ts_taiwan_coast_12", "ts_taiwan_coast_24"}},
		"Fuzhou, west of the median line":           {at(26.07, 119.3), []zone.ID{"adiz_tw", "fir_rcaa"}},
		"the open Philippine Sea":                   {at(20, 128), nil},
		"no position":                               {at(math.NaN(), 121), nil},
		"the pole":                                  {at(90, 121), nil},
	}
	set := shipped(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, set.At(test.p, nil)); diff != "" {
				t.Errorf("At(%v), want less got:\n%s", test.p, diff)
			}
		})
	}
}

// route is the published route of 28 August 2023 as the ROC drew it, its
// turning points rounded to 0.1 degree, less the last leg home.
var route = []geo.Point{
	at(25.9, 120.8), at(26.2, 121.8), at(25.6, 122.6), at(24.2, 122.5), at(23.4, 123.2), at(21.9, 122.4), at(20.7, 120.7),
}

func TestRouteOfAugust28(t *testing.T) {
	set := shipped(t)
	type passage struct {
		Zone zone.ID
		Way  zone.Direction
	}
	var got []passage
	for i := range len(route) - 1 {
		for _, c := range set.Crossings(route[i], route[i+1], nil) {
			got = append(got, passage{c.Zone, c.Way})
		}
	}
	want := []passage{{"median_2019", zone.Eastward}, {"gate_yonaguni_taiwan", zone.Out}, {"gate_bashi", zone.In}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("passages, want less got:\n%s", diff)
	}
	// The channel is seen from either side, and the overlap is not entered.
	for _, p := range route {
		if set.Contains("gap_overlap", p) {
			t.Errorf("%v is in the overlap", p)
		}
	}
	if d, _ := set.Distance("coast_yonaguni", at(24.5, 122.5)); d.NM() < 20 || d.NM() > 30 {
		t.Errorf("the route passes Yonaguni at %.1f nm", d.NM())
	}
}

// TestShippedWaysOverLines crosses each line by hand, from the sea that its
// name says.
func TestShippedWaysOverLines(t *testing.T) {
	tests := map[zone.ID]struct {
		a, b geo.Point
		way  zone.Direction
	}{
		"gate_yonaguni_taiwan":   {at(24.8, 122.4), at(24.2, 122.4), zone.Out},
		"gate_yonaguni_iriomote": {at(24.7, 123.4), at(24.1, 123.4), zone.Out},
		"gate_miyako":            {at(26, 126), at(25, 127), zone.Out},
		"gate_amami_yokoate":     {at(28.6, 128.8), at(28.6, 129.3), zone.Out},
		"gate_tokara":            {at(29.8, 129), at(29.2, 130.5), zone.Out},
		"gate_osumi":             {at(30.75, 130.4), at(30.75, 131), zone.Out},
		"gate_bashi":             {at(21.2, 121.2), at(21.8, 121.7), zone.Out},
		"gate_lanyu":             {at(21.8, 121.2), at(22.3, 121.2), zone.Out},
		"gate_balintang":         {at(19.9, 121.5), at(19.9, 122.3), zone.Out},
		"gate_strait_n":          {at(25, 120.3), at(25.8, 120.6), zone.Northward},
		"gate_strait_s":          {at(23, 118.9), at(23.7, 119.1), zone.Northward},
		"gate_hateruma_s":        {at(23.2, 123.5), at(23.2, 124), zone.Eastward},
		"median_2019":            {at(25, 119.5), at(25, 120.5), zone.Eastward},
		"median_ext_n":           {at(27.2, 122.5), at(26.8, 122.5), zone.Eastward},
		"median_ext_s":           {at(22.8, 117.6), at(22.7, 117.9), zone.Eastward},
	}
	set := shipped(t)
	for _, z := range set.Zones() {
		test, ok := tests[z.ID]
		if ok != (z.LeftToRight != "") {
			t.Errorf("%s: ways %q and %q, tested: %v", z.ID, z.LeftToRight, z.RightToLeft, ok)
		}
		if !ok {
			continue
		}
		ways := func(list []zone.Crossing) []zone.Direction {
			var out []zone.Direction
			for _, c := range list {
				if c.Zone == z.ID {
					out = append(out, c.Way)
				}
			}
			return out
		}
		if got := ways(set.Crossings(test.a, test.b, nil)); !slices.Equal(got, []zone.Direction{test.way}) {
			t.Errorf("%s: crossed %v, want %s", z.ID, got, test.way)
		}
		if got := ways(set.Crossings(test.b, test.a, nil)); len(got) != 1 || got[0] == test.way {
			t.Errorf("%s: crossed back %v", z.ID, got)
		}
	}
}

// TestShippedSeasAreDrawnWhereTheyEnd: what an officer sees is what is decided.
func TestShippedSeasAreDrawnWhereTheyEnd(t *testing.T) {
	set := shipped(t)
	seas, all, rough := 0, 0, 0
	for _, z := range set.Zones() {
		if z.DistanceNM == 0 {
			continue
		}
		seas++
		if len(z.Rings) == 0 {
			t.Errorf("%s is not drawn", z.ID)
		}
		for _, ring := range z.Rings {
			for i := range len(ring) - 1 {
				mid := at((ring[i].LatDeg+ring[i+1].LatDeg)/2, (ring[i].LonDeg+ring[i+1].LonDeg)/2)
				for _, p := range []geo.Point{ring[i], mid} {
					d, _ := set.Distance(z.ID, p)
					if d > 1500 { // the inner corner where two arcs meet is cut
						t.Fatalf("%s: the drawing at %v is %.0f m off", z.ID, p, d)
					}
					all++
					if d > 100 {
						rough++
					}
				}
			}
		}
	}
	if seas != 22 {
		t.Errorf("%d zones by distance, want 22", seas)
	}
	if rough > all/20 {
		t.Errorf("%d of %d positions are drawn more than 100 m off", rough, all)
	}
}

// TestSeasAgreeWithBuffers compares with outlines that other software buffered
// on another projection from finer coasts. Those of Taiwan's coast lack some
// islands.
func TestSeasAgreeWithBuffers(t *testing.T) {
	set := shipped(t)
	data, err := os.ReadFile(filepath.Join(corpustest.Dir(t), "geo", "territorial_seas.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Features []struct {
			Properties struct{ ID zone.ID }
			Geometry   struct {
				Type        string
				Coordinates json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, f := range c.Features {
		id := f.Properties.ID
		if strings.HasPrefix(string(id), "ts_taiwan_coast") {
			continue
		}
		text := string(f.Geometry.Coordinates)
		if f.Geometry.Type == "Polygon" {
			text = "[" + text + "]"
		}
		var polygons [][][][2]float64
		if err := json.Unmarshal([]byte(text), &polygons); err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for _, polygon := range polygons {
			for _, p := range slices.Concat(polygon...) {
				d, _ := set.Distance(id, at(p[1], p[0]))
				worst = max(worst, d.NM())
				checked++
			}
		}
		if worst > 0.6 {
			t.Errorf("%s: %.2f nm from the buffer", id, worst)
		}
	}
	if checked < 3000 {
		t.Errorf("only %d vertices were compared", checked)
	}
	corpustest.Check(t)
}

func TestShippedLeads(t *testing.T) {
	tests := map[string]struct {
		p    geo.Point
		want zone.Sector
	}{
		"the overlap, which lies in the centre too": {at(24.45, 122.79), zone.Sector{Zone: "gap_overlap", Lead: "jp"}},
		"the centre": {at(24.5, 122.4), zone.Sector{Zone: "gap_c", Lead: "jp"}},
		"the north":  {at(26, 123), zone.Sector{Zone: "gap_n", Lead: "jp"}},
		"the south":  {at(22.5, 123), zone.Sector{Zone: "gap_s", Lead: "tw"}},
		"elsewhere":  {at(22, 119), zone.Sector{}},
	}
	set := shipped(t)
	for name, test := range tests {
		got, ok := set.LeadAt(test.p)
		if got != test.want || ok != (test.want.Zone != "") {
			t.Errorf("%s: LeadAt(%v) = %v, %v, want %v", name, test.p, got, ok, test.want)
		}
	}
}

func TestShippedNearest(t *testing.T) {
	set := shipped(t)
	p := geo.Direct(at(24.46, 122.99), 45, 40_000)
	got, d, azi, ok := set.Nearest(p, zone.KindReferencePoint, "jp")
	if !ok || got.ID != "ref_jp_yonagunijima" || math.Abs(float64(d)-40_000) > 1 || math.Abs(float64(azi)-45) > 0.01 {
		t.Errorf("Nearest = %s, %v, %v, %v", got.ID, d, azi, ok)
	}
	if got, _, _, ok := set.Nearest(p, zone.KindReferencePoint, "tw"); !ok || got.Party != "tw" {
		t.Errorf("Nearest of tw = %v, %v", got, ok)
	}
	if _, _, _, ok := set.Nearest(p, "lighthouse", ""); ok {
		t.Error("a kind that is not in the pack has a nearest place")
	}
}

// TestPublishedTracks asks of the published days what the bulletins say.
func TestPublishedTracks(t *testing.T) {
	set := shipped(t)
	data, err := os.ReadFile(filepath.Join(corpustest.Dir(t), "record", "2023-08-28.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Features []struct {
			Properties struct {
				Publisher string `json:"publisher"`
				Date      string `json:"bulletin_date"`
			}
			Geometry struct {
				Type        string
				Coordinates json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	passed := map[string]int{}
	for _, f := range c.Features {
		var lines [][][2]float64
		if f.Geometry.Type == "LineString" {
			lines = make([][][2]float64, 1)
			err = json.Unmarshal(f.Geometry.Coordinates, &lines[0])
		} else {
			err = json.Unmarshal(f.Geometry.Coordinates, &lines)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			for i := range len(line) - 1 {
				for _, x := range set.Crossings(at(line[i][1], line[i][0]), at(line[i+1][1], line[i+1][0]), nil) {
					if x.Zone == "gate_yonaguni_taiwan" {
						passed[f.Properties.Publisher+" "+string(x.Way)]++
					}
				}
			}
		}
	}
	// Both drew it once; the ROC's drawing of the day before ends short of the gate.
	want := map[string]int{"ROC MND out": 1, "Japan Joint Staff out": 1}
	if diff := cmp.Diff(want, passed); diff != "" {
		t.Errorf("passages of the Taiwan–Yonaguni gate, want less got:\n%s", diff)
	}
	corpustest.Check(t)
}
