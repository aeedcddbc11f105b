// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// outline draws a zone that is a distance: the line on which the distance to
// its limit is zero, by marching squares. So what is drawn is what is decided.
func outline(set *zone.Set, id zone.ID) (*geometry, error) {
	z, ok := set.Zone(id)
	if !ok {
		return nil, fmt.Errorf("draw %s: no such zone", id)
	}
	g := newGrid(set, z)
	rings, err := g.trace()
	if err != nil {
		return nil, fmt.Errorf("draw %s: %w", id, err)
	}
	var parts []string
	for _, ring := range rings {
		parts = append(parts, "["+ringText(ring, 4)+"]")
	}
	return &geometry{"MultiPolygon", json.RawMessage("[" + strings.Join(parts, ",") + "]")}, nil
}

// gridStep is in degrees: an outline bends by its radius, 12 nm or more, so
// that straight edges of this length stay within some 30 m of it.
const gridStep = 0.03

type grid struct {
	west, south float64
	cols, rows  int
	depth       []float64 // metres inside, negative outside
}

func newGrid(set *zone.Set, z *zone.Zone) *grid {
	west, east, south, north := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, id := range z.From {
		base, _ := set.Zone(id)
		for _, ring := range append(slices.Clone(base.Rings), base.Line) {
			for _, p := range ring {
				west, east = min(west, p.LonDeg), max(east, p.LonDeg)
				south, north = min(south, p.LatDeg), max(north, p.LatDeg)
			}
		}
	}
	margin := z.DistanceNM/60*1.1 + 2*gridStep
	wide := margin / math.Cos(max(math.Abs(south), math.Abs(north))*math.Pi/180)
	// Half a step off round figures keeps vertices of the coast off the grid.
	g := &grid{west: west - wide + gridStep/2, south: south - margin + gridStep/2}
	g.cols = int((east+wide-g.west)/gridStep) + 1
	g.rows = int((north+margin-g.south)/gridStep) + 1
	for row := range g.rows {
		for col := range g.cols {
			p := geo.Point{LatDeg: g.south + gridStep*float64(row), LonDeg: g.west + gridStep*float64(col)}
			d, _ := set.Distance(z.ID, p)
			if !set.Contains(z.ID, p) {
				d = -d
			}
			g.depth = append(g.depth, float64(d))
		}
	}
	return g
}

func (g *grid) at(col, row int) float64 { return g.depth[row*g.cols+col] }

// side is an edge of the grid, from its node to the east or to the north.
type side struct {
	row, col int
	north    bool
}

// crossed reports whether the outline passes the side.
func (g *grid) crossed(s side) bool {
	return (g.at(s.col, s.row) >= 0) != (g.far(s) >= 0)
}

func (g *grid) far(s side) float64 {
	if s.north {
		return g.at(s.col, s.row+1)
	}
	return g.at(s.col+1, s.row)
}

// pass returns where it does, longitude first.
func (g *grid) pass(s side) [2]float64 {
	a, b := g.at(s.col, s.row), g.far(s)
	x, y := g.west+gridStep*float64(s.col), g.south+gridStep*float64(s.row)
	if s.north {
		return [2]float64{x, y + gridStep*a/(a-b)}
	}
	return [2]float64{x + gridStep*a/(a-b), y}
}

// trace links the sides that the outline passes, cell by cell, to rings.
func (g *grid) trace() ([][][2]float64, error) {
	next := map[side][]side{}
	link := func(a, b side) {
		next[a] = append(next[a], b)
		next[b] = append(next[b], a)
	}
	for row := range g.rows - 1 {
		for col := range g.cols - 1 {
			around := []side{{row, col, false}, {row, col + 1, true}, {row + 1, col, false}, {row, col, true}}
			hit := slices.DeleteFunc(slices.Clone(around), func(s side) bool { return !g.crossed(s) })
			switch len(hit) {
			case 2:
				link(hit[0], hit[1])
			case 4: // a saddle: the middle decides which corners belong together
				middle := g.at(col, row) + g.at(col+1, row) + g.at(col, row+1) + g.at(col+1, row+1)
				if (middle >= 0) == (g.at(col, row) >= 0) {
					link(hit[0], hit[1])
					link(hit[2], hit[3])
				} else {
					link(hit[0], hit[3])
					link(hit[1], hit[2])
				}
			}
		}
	}
	var starts []side
	for s := range next {
		starts = append(starts, s)
	}
	slices.SortFunc(starts, func(a, b side) int {
		return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.col, b.col), cmp.Compare(fmt.Sprint(a.north), fmt.Sprint(b.north)))
	})
	return g.walk(starts, next)
}

func (g *grid) walk(starts []side, next map[side][]side) ([][][2]float64, error) {
	var rings [][][2]float64
	done := map[side]bool{}
	for _, start := range starts {
		if done[start] {
			continue
		}
		ring := [][2]float64{g.pass(start)}
		last := start
		for s := next[start][0]; s != start; {
			done[s] = true
			ring = append(ring, g.pass(s))
			if len(next[s]) != 2 {
				return nil, errors.New("the outline leaves the grid")
			}
			following := next[s][0]
			if following == last {
				following = next[s][1]
			}
			last, s = s, following
		}
		done[start] = true
		rings = append(rings, anticlockwise(append(ring, ring[0])))
	}
	return rings, nil
}

func anticlockwise(ring [][2]float64) [][2]float64 {
	sum := 0.0
	for i := range len(ring) - 1 {
		sum += ring[i][0]*ring[i+1][1] - ring[i+1][0]*ring[i][1]
	}
	if sum < 0 {
		slices.Reverse(ring)
	}
	return ring
}

// measurable parses the files from which seas are measured, and the seas
// without outlines.
func (b *builder) measurable(seas []outFeature) (*zone.Set, error) {
	manifest, err := json.Marshal(zone.Manifest{Name: "draft", Version: "1", Zones: []string{"baselines.json", "coasts.json", "seas.json"}})
	if err != nil {
		return nil, fmt.Errorf("encode draft manifest: %w", err)
	}
	text, err := json.Marshal(map[string]any{"type": "FeatureCollection", "features": seas})
	if err != nil {
		return nil, fmt.Errorf("encode seas: %w", err)
	}
	pack := zone.Pack{Files: []zone.File{{Name: zone.ManifestName, Data: manifest}, {Name: "seas.json", Data: text}}}
	for _, name := range []string{"baselines.json", "coasts.json"} {
		data, err := os.ReadFile(filepath.Join(b.to, name))
		if err != nil {
			return nil, fmt.Errorf("read pack: %w", err)
		}
		pack.Files = append(pack.Files, zone.File{Name: name, Data: data})
	}
	set, err := zone.Parse(pack)
	if err != nil {
		return nil, fmt.Errorf("parse draft: %w", err)
	}
	return set, nil
}
