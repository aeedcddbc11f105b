// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// group is a set of islands whose coasts bound one territorial sea: the land
// polygons whose middle lies in one of the boxes (west, south, east, north).
type group struct {
	id, party  string
	en, zh, ja string
	boxes      [][4]float64
	// islets are discs for islands that the base map lacks: longitude,
	// latitude, radius in metres.
	islets [][3]float64
}

// Rocks that the base map has in the wrong place (east of Uotsuri) and
// Qixingyan, which is a base point but no coast, are left out by the boxes.
var groups = []group{
	{"yonaguni", "jp", "Coast of Yonaguni", "與那國海岸", "与那国島の海岸", [][4]float64{{122.9, 24.4, 123.1, 24.5}}, nil},
	{"yaeyama", "jp", "Coasts of Yaeyama", "八重山海岸", "八重山の海岸", [][4]float64{{123.5, 24, 124.5, 24.7}}, nil},
	{"miyako", "jp", "Coasts of Miyako and Tarama", "宮古海岸", "宮古の海岸", [][4]float64{{124.6, 24.5, 125.6, 25.1}}, nil},
	{"senkaku", "jp", "Coasts of the Senkaku Islands", "釣魚臺列嶼（尖閣）海岸", "尖閣諸島の海岸", [][4]float64{{123.44, 25.72, 123.52, 25.77}, {123.66, 25.9, 123.7, 25.95}, {124.55, 25.91, 124.57, 25.93}}, [][3]float64{{123.55, 25.72, 400}}},
	{"okinawa", "jp", "Coasts of Okinawa", "沖繩海岸", "沖縄の海岸", [][4]float64{{126.6, 25.9, 128.8, 27.6}}, nil},
	{"amami", "jp", "Coasts of Amami", "奄美海岸", "奄美の海岸", [][4]float64{{128.1, 27.65, 130.1, 28.6}}, nil},
	{"tokara", "jp", "Coasts of Tokara", "吐噶喇海岸", "トカラの海岸", [][4]float64{{128.9, 28.7, 130.1, 30.1}}, nil},
	{"daito", "jp", "Coasts of Daito", "大東海岸", "大東の海岸", [][4]float64{{131, 24.3, 131.5, 26.1}}, nil},
	{"batanes", "ph", "Coasts of Batanes", "巴丹群島海岸", "バタネスの海岸", [][4]float64{{121.7, 20.2, 122.1, 21.2}}, nil},
	{"taiwan", "tw", "Coasts of Taiwan and its near islands", "臺灣及鄰近島嶼海岸", "台湾と周辺の島の海岸", [][4]float64{{120, 21.85, 122.2, 25.7}, {119.2, 23.1, 119.8, 23.9}}, nil},
}

func outerRings(land []inFeature) ([][][2]float64, error) {
	var rings [][][2]float64
	for i := range land {
		var polygon [][][2]float64
		if err := json.Unmarshal(land[i].Geometry.Coordinates, &polygon); err != nil {
			return nil, fmt.Errorf("read land polygon %d: %w", i+1, err)
		}
		rings = append(rings, polygon[0])
	}
	return rings, nil
}

// coasts writes the coast lines from which territorial seas are measured.
func (b *builder) coasts(land []inFeature) error {
	rings, err := outerRings(land)
	if err != nil {
		return err
	}
	var list []outFeature
	for _, g := range groups {
		var parts []string
		for _, ring := range rings {
			if g.holds(ring) {
				parts = append(parts, "["+ringText(ring, 5)+"]")
			}
		}
		for _, islet := range g.islets {
			parts = append(parts, "["+ringText(disc(islet), 5)+"]")
		}
		if len(parts) == 0 {
			return fmt.Errorf("coast of %s: no land in its boxes", g.id)
		}
		list = append(list, outFeature{
			Properties: properties{
				ID: "coast_" + g.id, Kind: "coast", Party: g.party,
				Names:      map[string]string{"en": g.en, "zh-Hant": g.zh, "ja": g.ja},
				PrecisionM: 1500,
				Source:     coastSource,
			},
			Geometry: &geometry{"MultiPolygon", json.RawMessage("[" + strings.Join(parts, ",") + "]")},
		})
	}
	return b.zones("coasts.json", list)
}

func (g *group) holds(ring [][2]float64) bool {
	var x, y float64
	for _, p := range ring[1:] {
		x += p[0] / float64(len(ring)-1)
		y += p[1] / float64(len(ring)-1)
	}
	for _, box := range g.boxes {
		if box[0] <= x && x <= box[2] && box[1] <= y && y <= box[3] {
			return true
		}
	}
	return false
}

func disc(islet [3]float64) [][2]float64 {
	centre := geo.Point{LonDeg: islet[0], LatDeg: islet[1]}
	var ring [][2]float64
	for azi := 360; azi >= 0; azi -= 30 {
		p := geo.Direct(centre, geo.Degrees(azi%360), geo.Metres(islet[2]))
		ring = append(ring, [2]float64{p.LonDeg, p.LatDeg})
	}
	return ring
}

// land writes the base map for the console, to about ten metres.
func (b *builder) land(land []inFeature) error {
	rings, err := outerRings(land)
	if err != nil {
		return err
	}
	var list []outFeature
	for _, ring := range rings {
		if text := ringText(ring, 4); strings.Count(text, ",[") >= 3 {
			list = append(list, outFeature{
				Properties: map[string]string{"kind": "land"},
				Geometry:   &geometry{"Polygon", json.RawMessage("[" + text + "]")},
			})
		}
	}
	return b.write("land.json", list)
}
