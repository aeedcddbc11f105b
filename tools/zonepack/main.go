// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Command zonepack builds the data pack taiwan-ryukyu from a folder of public
// geography in GeoJSON. The pack is checked in; this program is for changing
// it. It decides nothing about the facts: those are in the folder, with their
// sources, and in the tables of this package.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: zonepack <geography folder> <pack folder>")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "zonepack:", err)
		os.Exit(1)
	}
}

// version is raised by hand when the content changes.
const version = "1"

func run(from, to string) error {
	b := &builder{from: from, to: to}
	land, err := b.read("basemap_land_medium.geojson")
	if err != nil {
		return err
	}
	steps := []func() error{
		b.adiz, b.median, b.gates, b.fir, b.sectors, b.bases,
		func() error { return b.coasts(land) },
		b.seas, b.places,
		func() error { return b.land(land) },
		b.manifest,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

type builder struct {
	from, to string
	files    []string // of zones and places, in order
}

// inFeature is a feature of the geography folder.
type inFeature struct {
	Properties struct {
		ID         string  `json:"id"`
		Kind       string  `json:"kind"`
		Party      string  `json:"party"`
		UsedBy     string  `json:"used_by"`
		NM         float64 `json:"nm"`
		NameEn     string  `json:"name_en"`
		NameZh     string  `json:"name_zh"`
		NameJa     string  `json:"name_ja"`
		Source     string  `json:"source"`
		PrecisionM float64 `json:"precision_m"`
		Note       string  `json:"note"`
	} `json:"properties"`
	Geometry geometry `json:"geometry"`
}

type geometry struct {
	Type        string          `json:"type"`
	Coordinates json.RawMessage `json:"coordinates"`
}

// outFeature is a feature of the pack; see package zone.
type outFeature struct {
	Type       string    `json:"type"`
	Properties any       `json:"properties"`
	Geometry   *geometry `json:"geometry"`
}

type properties struct {
	ID          string            `json:"id"`
	Kind        string            `json:"kind"`
	Class       string            `json:"class,omitempty"`
	Party       string            `json:"party,omitempty"`
	Names       map[string]string `json:"names"`
	NM          float64           `json:"nm,omitempty"`
	From        []string          `json:"from,omitempty"`
	LeftToRight string            `json:"left_to_right,omitempty"`
	RightToLeft string            `json:"right_to_left,omitempty"`
	PrecisionM  float64           `json:"precision_m,omitempty"`
	Source      string            `json:"source,omitempty"`
	Note        string            `json:"note,omitempty"`
}

func (b *builder) read(name string) ([]inFeature, error) {
	data, err := os.ReadFile(filepath.Join(b.from, name))
	if err != nil {
		return nil, fmt.Errorf("read geography: %w", err)
	}
	var c struct{ Features []inFeature }
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("read geography %s: %w", name, err)
	}
	return c.Features, nil
}

func (f *inFeature) out() (properties, geometry) {
	p := &f.Properties
	return properties{
		ID: p.ID, Kind: p.Kind, Party: p.Party, NM: p.NM,
		Names:      map[string]string{"en": p.NameEn, "zh-Hant": p.NameZh, "ja": p.NameJa},
		PrecisionM: p.PrecisionM, Source: p.Source, Note: p.Note,
	}, f.Geometry
}

// tidy leaves out positions that repeat the one before.
func tidy(g geometry) (geometry, error) {
	var text string
	var err error
	switch g.Type {
	case "LineString":
		var line [][2]float64
		err = json.Unmarshal(g.Coordinates, &line)
		text = ringText(line, 6)
	case "Polygon":
		var polygon [][][2]float64
		err = json.Unmarshal(g.Coordinates, &polygon)
		text = polygonText(polygon)
	case "MultiPolygon":
		var list [][][][2]float64
		err = json.Unmarshal(g.Coordinates, &list)
		var parts []string
		for _, polygon := range list {
			parts = append(parts, polygonText(polygon))
		}
		text = "[" + strings.Join(parts, ",") + "]"
	default:
		return g, nil
	}
	return geometry{g.Type, json.RawMessage(text)}, err
}

func polygonText(polygon [][][2]float64) string {
	var parts []string
	for _, ring := range polygon {
		parts = append(parts, ringText(ring, 6))
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// write writes features one a line, so that errors and changes have lines.
func (b *builder) write(name string, list []outFeature) error {
	var out bytes.Buffer
	out.WriteString("{\"type\":\"FeatureCollection\",\"features\":[\n")
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for i, f := range list {
		f.Type = "Feature"
		g, err := tidy(*f.Geometry)
		if err != nil {
			return fmt.Errorf("tidy feature %d of %s: %w", i+1, name, err)
		}
		f.Geometry = &g
		if err := enc.Encode(f); err != nil {
			return fmt.Errorf("encode %s: %w", name, err)
		}
		if i < len(list)-1 {
			out.Truncate(out.Len() - 1)
			out.WriteString(",\n")
		}
	}
	out.WriteString("]}\n")
	return b.save(name, out.Bytes())
}

func (b *builder) zones(name string, list []outFeature) error {
	b.files = append(b.files, name)
	return b.write(name, list)
}

func (b *builder) save(name string, data []byte) error {
	if err := os.WriteFile(filepath.Join(b.to, name), data, 0o644); err != nil {
		return fmt.Errorf("write pack: %w", err)
	}
	return nil
}

func (b *builder) saveJSON(name string, v any) error {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	return b.save(name, out.Bytes())
}

func (b *builder) manifest() error {
	return b.saveJSON("pack.json", struct {
		Name    string   `json:"name"`
		Version string   `json:"version"`
		Zones   []string `json:"zones"`
		Sectors string   `json:"sectors"`
	}{"taiwan-ryukyu", version, b.files, "sectors.json"})
}

// number prints a coordinate with the given decimals and no trailing zeros.
func number(x float64, decimals int) string {
	scale := math.Pow(10, float64(decimals))
	s := fmt.Sprintf("%.*f", decimals, math.Round(x*scale)/scale)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// ringText prints positions, leaving out repeated ones.
func ringText(ring [][2]float64, decimals int) string {
	var parts []string
	for _, p := range ring {
		s := "[" + number(p[0], decimals) + "," + number(p[1], decimals) + "]"
		if len(parts) == 0 || parts[len(parts)-1] != s {
			parts = append(parts, s)
		}
	}
	return "[" + strings.Join(parts, ",") + "]"
}
