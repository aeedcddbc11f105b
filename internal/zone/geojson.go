// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package zone

import (
	"encoding/json"
	"fmt"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// GeoJSON returns the zone's outline as a GeoJSON geometry (RFC 7946): a
// LineString, a MultiPolygon, or null for a zone that has nothing to draw.
func (s *Set) GeoJSON(id ID) (json.RawMessage, error) {
	i, ok := s.find(id)
	if !ok {
		return nil, fmt.Errorf("draw zone %q: it is not in pack %s", id, s.name)
	}
	z := &s.zones[i]
	var geometry any
	switch {
	case len(z.Line) > 0:
		geometry = struct {
			Type        string       `json:"type"`
			Coordinates [][2]float64 `json:"coordinates"`
		}{"LineString", positions(z.Line)}
	case len(z.Rings) > 0:
		polygons, err := nest(z.Rings)
		if err != nil {
			return nil, fmt.Errorf("draw zone %q: %w", id, err)
		}
		geometry = struct {
			Type        string           `json:"type"`
			Coordinates [][][][2]float64 `json:"coordinates"`
		}{"MultiPolygon", polygons}
	}
	return json.Marshal(geometry)
}

func positions(line []geo.Point) [][2]float64 {
	out := make([][2]float64, len(line))
	for i, p := range line {
		out[i] = [2]float64{p.LonDeg, p.LatDeg}
	}
	return out
}

// nest puts each ring that an odd number of others enclose, a hole, into the
// polygon of a ring around it.
func nest(rings [][]geo.Point) ([][][][2]float64, error) {
	alone := make([]*area, len(rings))
	for i := range rings {
		a, err := newArea(rings[i : i+1])
		if err != nil {
			return nil, err
		}
		alone[i] = a
	}
	around := make([][]int, len(rings))
	for i, ring := range rings {
		v := unit(ring[0])
		for j := range rings {
			if i != j && alone[j].contains(ring[0].LonDeg, v) {
				around[i] = append(around[i], j)
			}
		}
	}
	polygons := make([][][][2]float64, 0, len(rings))
	at := make(map[int]int)
	for i, ring := range rings {
		if len(around[i])%2 == 0 {
			at[i] = len(polygons)
			polygons = append(polygons, [][][2]float64{positions(ring)})
		}
	}
	for i, ring := range rings {
		if len(around[i])%2 == 0 {
			continue
		}
		for _, j := range around[i] {
			if len(around[j]) == len(around[i])-1 {
				polygons[at[j]] = append(polygons[at[j]], positions(ring))
				break
			}
		}
	}
	return polygons, nil
}
