// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// ways names the directions over a line, left to right and right to left seen
// along its vertices. "in" leads to the East or South China Sea.
var ways = map[string][2]string{
	"gate_yonaguni_taiwan":   {"out", "in"},
	"gate_yonaguni_iriomote": {"out", "in"},
	"gate_miyako":            {"out", "in"},
	"gate_amami_yokoate":     {"out", "in"},
	"gate_tokara":            {"in", "out"},
	"gate_osumi":             {"in", "out"},
	"gate_bashi":             {"in", "out"},
	"gate_lanyu":             {"in", "out"},
	"gate_balintang":         {"in", "out"},
	"gate_strait_n":          {"southward", "northward"},
	"gate_strait_s":          {"southward", "northward"},
	"gate_hateruma_s":        {"westward", "eastward"},
	"median_2019":            {"westward", "eastward"},
	"median_ext_n":           {"westward", "eastward"},
	"median_ext_s":           {"westward", "eastward"},
	// median_3pt has none: it is there to show the disagreement.
}

// leads is the agreed plan's default lead in each gap sector, first match
// first. It is meant to be edited.
var leads = [][2]string{{"gap_overlap", "jp"}, {"gap_n", "jp"}, {"gap_c", "jp"}, {"gap_s", "tw"}}

// Sources that more than one file quotes.
const (
	baselineSource = "ROC straight baseline of 1999/2009 (features T1-T24 by name; coordinates approximated)"
	coastSource    = "Natural Earth 1:10m, public domain, and discs for islets missing there, simplified to about 300 m; stands for the low-water line"
)

func (b *builder) adiz() error {
	in, err := b.read("adiz.geojson")
	if err != nil {
		return err
	}
	var list []outFeature
	for i := range in {
		p, g := in[i].out()
		list = append(list, outFeature{Properties: p, Geometry: &g})
		if p.ID == "adiz_tw" {
			working, err := b.workingADIZ()
			if err != nil {
				return err
			}
			list = append(list, working)
		}
	}
	return b.zones("adiz.json", list)
}

// workingADIZ is the part of Taiwan's ADIZ in which it identifies: east of the
// median line and its south-western extension, south of 27°N, as the Ministry
// of National Defense draws it.
func (b *builder) workingADIZ() (outFeature, error) {
	in, err := b.read("median_line.geojson")
	if err != nil {
		return outFeature{}, err
	}
	var ring [][2]float64
	for _, id := range []string{"median_2019", "median_ext_s"} {
		i := slices.IndexFunc(in, func(f inFeature) bool { return f.Properties.ID == id })
		if i < 0 {
			return outFeature{}, fmt.Errorf("read geography: no %s", id)
		}
		var line [][2]float64
		if err := json.Unmarshal(in[i].Geometry.Coordinates, &line); err != nil {
			return outFeature{}, fmt.Errorf("read geography %s: %w", id, err)
		}
		ring = append(ring, line...)
	}
	corners := [][2]float64{{117.5, 22.5}, {117.5, 21}, {121.5, 21}, {123, 22.5}, {123, 27}, {122, 27}}
	ring = append(ring, rhumb(corners, 10)...)
	return outFeature{
		Properties: properties{
			ID: "adiz_tw_working", Kind: "adiz_working", Party: "tw",
			Names: map[string]string{
				"en":      "Taiwan ADIZ as worked (east of the median line, south of 27N)",
				"zh-Hant": "中華民國防空識別區實際執行範圍（海峽中線以東、北緯27度以南）",
				"ja":      "台湾防空識別圏の実際の運用範囲（中間線以東・北緯27度以南）",
			},
			PrecisionM: 4000,
			Source:     "Taiwan ADIZ cut by the median line of 2004/2019, its south-western extension and 27N, as the MND's maps draw them; identification is exercised east of the median line (MND to the Legislative Yuan, Dec 2013)",
		},
		Geometry: &geometry{"Polygon", json.RawMessage("[" + ringText(ring, 6) + "]")},
	}, nil
}

// rhumb adds vertices to straight lines of a Mercator chart, at most stepNM
// apart.
func rhumb(line [][2]float64, stepNM float64) [][2]float64 {
	merc := func(lat float64) float64 { return math.Asinh(math.Tan(lat * math.Pi / 180)) }
	var out [][2]float64
	for i := range len(line) - 1 {
		a, b := line[i], line[i+1]
		dx, dy := (b[0]-a[0])*math.Cos((a[1]+b[1])/2*math.Pi/180), b[1]-a[1]
		n := math.Ceil(60 * math.Hypot(dx, dy) / stepNM)
		for k := range int(n) {
			f := float64(k) / n
			y := merc(a[1]) + (merc(b[1])-merc(a[1]))*f
			out = append(out, [2]float64{a[0] + (b[0]-a[0])*f, math.Atan(math.Sinh(y)) * 180 / math.Pi})
		}
	}
	return append(out, line[len(line)-1])
}

func (b *builder) median() error { return b.lines("median_line.geojson", "median_line.json") }
func (b *builder) gates() error  { return b.lines("gates.geojson", "gates.json") }

func (b *builder) lines(from, to string) error {
	in, err := b.read(from)
	if err != nil {
		return err
	}
	var list []outFeature
	for i := range in {
		p, g := in[i].out()
		w := ways[p.ID]
		p.LeftToRight, p.RightToLeft = w[0], w[1]
		list = append(list, outFeature{Properties: p, Geometry: &g})
	}
	return b.zones(to, list)
}

// fir keeps the Taipei FIR alone: the other outlines of the folder are
// display cuts or go back to data that may not be shipped.
func (b *builder) fir() error {
	in, err := b.read("fir.geojson")
	if err != nil {
		return err
	}
	var list []outFeature
	for i := range in {
		if p, g := in[i].out(); p.ID == "fir_rcaa" {
			p.Source = "corners as in ICAO and ROC AIP practice: one degree east of the ADIZ"
			p.Party = "tw"
			list = append(list, outFeature{Properties: p, Geometry: &g})
		}
	}
	return b.zones("fir.json", list)
}

func (b *builder) sectors() error {
	in, err := b.read("gap_sectors.geojson")
	if err != nil {
		return err
	}
	var list []outFeature
	for i := range in {
		p, g := in[i].out()
		list = append(list, outFeature{Properties: p, Geometry: &g})
	}
	if err := b.zones("gap_sectors.json", list); err != nil {
		return err
	}
	type row struct {
		Zone string `json:"zone"`
		Lead string `json:"lead"`
	}
	var table struct {
		Sectors []row `json:"sectors"`
	}
	for _, l := range leads {
		table.Sectors = append(table.Sectors, row{l[0], l[1]})
	}
	return b.saveJSON("sectors.json", table)
}

// bases writes the straight base lines; a closed one is an area.
func (b *builder) bases() error {
	in, err := b.read("baselines.geojson")
	if err != nil {
		return err
	}
	var list []outFeature
	for i := range in {
		p, g := in[i].out()
		p.Source = strings.TrimPrefix(p.Source, "see territorial_seas")
		var line [][2]float64
		if err := json.Unmarshal(g.Coordinates, &line); err != nil {
			return fmt.Errorf("read geography %s: %w", p.ID, err)
		}
		if line[0] == line[len(line)-1] {
			g = geometry{"Polygon", json.RawMessage("[" + string(g.Coordinates) + "]")}
			p.Source = baselineSource
			p.Note = "load the official T-point list before operational use"
		}
		list = append(list, outFeature{Properties: p, Geometry: &g})
	}
	return b.zones("baselines.json", list)
}

// seas writes the 12 and 24 nm zones with what they are measured from and an
// outline to draw.
func (b *builder) seas() error {
	in, err := b.read("territorial_seas.geojson")
	if err != nil {
		return err
	}
	var list []outFeature
	for i := range in {
		p, _ := in[i].out()
		group := strings.TrimPrefix(strings.TrimSuffix(strings.TrimSuffix(p.ID, "_12"), "_24"), "ts_")
		p.Source = "distance from the coast (" + coastSource + ")"
		switch group {
		case "taiwan":
			p.From = []string{"baseline_tw_reconstructed", "coast_taiwan"}
			p.Source = "distance from the " + baselineSource + ", and from the coast"
		case "taiwan_coast":
			p.From = []string{"coast_taiwan"}
		default:
			p.From = []string{"coast_" + group}
		}
		list = append(list, outFeature{Type: "Feature", Properties: p})
	}
	set, err := b.measurable(list)
	if err != nil {
		return err
	}
	for i, z := range list {
		if list[i].Geometry, err = outline(set, zone.ID(z.Properties.(properties).ID)); err != nil {
			return err
		}
	}
	return b.zones("territorial_seas.json", list)
}
