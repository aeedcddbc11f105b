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
