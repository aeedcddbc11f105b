// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// TestShippedPackIsBuiltByThisProgram rebuilds the pack and compares.
func TestShippedPackIsBuiltByThisProgram(t *testing.T) {
	to := t.TempDir()
	if err := run(filepath.Join(corpustest.Dir(t), "geo"), to); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(to)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < 15 {
		t.Errorf("only %d files were built", len(entries))
	}
	for _, e := range entries {
		got, err := os.ReadFile(filepath.Join(to, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("..", "..", "packs", "taiwan-ryukyu", e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from the shipped file: run zonepack and raise the version", e.Name())
		}
	}
	corpustest.Check(t)
}

// TestOutline draws the sea around two islands: one ring where the seas meet,
// two where they do not, and a lagoon as a ring of its own.
func TestOutline(t *testing.T) {
	island := func(lon float64) []geo.Point {
		var ring []geo.Point
		for azi := 360; azi >= 0; azi -= 30 {
			ring = append(ring, geo.Direct(geo.Point{LatDeg: 24, LonDeg: lon}, geo.Degrees(azi%360), 3000))
		}
		return ring
	}
	var atoll [][]geo.Point
	for lon := 121.0; lon <= 123; lon += 0.25 {
		for _, lat := range []float64{23, 25} {
			atoll = append(atoll, moved(island(lon), lat-24))
		}
	}
	for lat := -0.75; lat < 1; lat += 0.25 {
		atoll = append(atoll, moved(island(121), lat), moved(island(123), lat))
	}
	tests := map[string]struct {
		rings [][]geo.Point
		want  int
	}{
		"seas that meet":       {[][]geo.Point{island(122), island(122.3)}, 1},
		"seas that do not":     {[][]geo.Point{island(122), island(123)}, 2},
		"a ring with a lagoon": {atoll, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			names := map[string]string{"en": "x", "zh-Hant": "x", "ja": "x"}
			set, err := zone.New(zone.Contents{Name: "t", Version: "1", Zones: []zone.Zone{
				{ID: "coast", Kind: zone.Coast, Names: names, Rings: test.rings},
				{ID: "sea", Kind: zone.TerritorialSea, Names: names, DistanceNM: 12, From: []zone.ID{"coast"}},
			}})
			if err != nil {
				t.Fatal(err)
			}
			z, _ := set.Zone("sea")
			rings, err := newGrid(set, z).trace()
			if err != nil || len(rings) != test.want {
				t.Fatalf("%d rings, %v, want %d", len(rings), err, test.want)
			}
			for _, ring := range rings {
				if ring[0] != ring[len(ring)-1] || len(ring) < 8 {
					t.Errorf("a ring of %d positions from %v to %v", len(ring), ring[0], ring[len(ring)-1])
				}
				for _, p := range ring {
					if d, _ := set.Distance("sea", geo.Point{LatDeg: p[1], LonDeg: p[0]}); d > 1000 {
						t.Errorf("%v is %.0f m off", p, d)
					}
				}
			}
		})
	}
}

func moved(ring []geo.Point, lat float64) []geo.Point {
	for i := range ring {
		ring[i].LatDeg += lat
	}
	return ring
}

func TestRhumbKeepsParallelsAndSteps(t *testing.T) {
	line := rhumb([][2]float64{{121, 24}, {123, 24}, {123, 27}}, 10)
	for i := range len(line) - 1 {
		a := geo.Point{LonDeg: line[i][0], LatDeg: line[i][1]}
		b := geo.Point{LonDeg: line[i+1][0], LatDeg: line[i+1][1]}
		if d, _ := geo.Inverse(a, b); d.NM() > 10.1 {
			t.Errorf("step %d is %.1f nm", i, d.NM())
		}
		if a.LonDeg < 122.99 && math.Abs(b.LatDeg-24) > 1e-9 {
			t.Errorf("the parallel bends to %v", b)
		}
	}
	if line[0] != [2]float64{121, 24} || line[len(line)-1] != [2]float64{123, 27} {
		t.Errorf("the line runs from %v to %v", line[0], line[len(line)-1])
	}
}

func TestRunRefusesAFolderWithoutGeography(t *testing.T) {
	if err := run(t.TempDir(), t.TempDir()); err == nil {
		t.Error("an empty folder makes a pack")
	}
}
