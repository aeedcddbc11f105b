// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package zone

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// Pack is a data pack's files: a manifest and what it lists.
type Pack struct {
	Files []File `cbor:"1,keyasint"`
}

// File is one file of a pack.
type File struct {
	Name string `cbor:"1,keyasint"`
	Data []byte `cbor:"2,keyasint"`
}

// ManifestName is the file that lists the others.
const ManifestName = "pack.json"

const (
	maxFileBytes = 16 << 20
	maxFiles     = 64
)

// Manifest is the file pack.json.
type Manifest struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Zones lists the GeoJSON files of zones and places.
	Zones []string `json:"zones"`
	// Sectors is the file of the lead table, if there is one.
	Sectors string `json:"sectors,omitempty"`
}

// Files returns the names of the files that a Pack holds besides the manifest.
func (m *Manifest) Files() []string {
	files := slices.Clone(m.Zones)
	if m.Sectors != "" {
		files = append(files, m.Sectors)
	}
	return files
}

// ParseManifest reads pack.json.
func ParseManifest(data []byte) (*Manifest, error) {
	var m Manifest
	if err := strict(data, &m); err != nil {
		return nil, fmt.Errorf("%s:%w", ManifestName, err)
	}
	switch {
	case len(m.Zones) == 0:
		return nil, errors.New(ManifestName + ": no file of zones is listed")
	case len(m.Files()) > maxFiles:
		return nil, fmt.Errorf("%s: more than %d files are listed", ManifestName, maxFiles)
	}
	return &m, nil
}

// Parse makes a Set of a pack. It is strict: unknown fields, files that are not
// listed and outlines that cross themselves are errors, which name the file and
// the line of the feature.
func Parse(pack Pack) (*Set, error) {
	files := make(map[string][]byte, len(pack.Files))
	for _, f := range pack.Files {
		if _, twice := files[f.Name]; twice {
			return nil, fmt.Errorf("%s: the file is in the pack twice", f.Name)
		}
		if len(f.Data) > maxFileBytes {
			return nil, fmt.Errorf("%s: the file is larger than %d octets", f.Name, maxFileBytes)
		}
		files[f.Name] = f.Data
	}
	data, ok := files[ManifestName]
	if !ok {
		return nil, errors.New(ManifestName + ": the file is missing")
	}
	m, err := ParseManifest(data)
	if err != nil {
		return nil, err
	}
	delete(files, ManifestName)
	return parseFiles(m, pack, files)
}

func parseFiles(m *Manifest, pack Pack, files map[string][]byte) (*Set, error) {
	c := Contents{Name: m.Name, Version: m.Version}
	where := make(map[ID]string) // the first place of an ID, for errors
	for _, name := range m.Zones {
		data, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("%s: the file is listed but missing, or listed twice", name)
		}
		delete(files, name)
		if err := readFeatures(name, data, &c, where); err != nil {
			return nil, err
		}
	}
	if m.Sectors != "" {
		data, ok := files[m.Sectors]
		if !ok {
			return nil, fmt.Errorf("%s: the file is listed but missing, or listed twice", m.Sectors)
		}
		delete(files, m.Sectors)
		var table struct {
			Sectors []Sector `json:"sectors"`
		}
		if err := strict(data, &table); err != nil {
			return nil, fmt.Errorf("%s:%w", m.Sectors, err)
		}
		c.Sectors = table.Sectors
		for _, sector := range table.Sectors {
			if _, known := where[sector.Zone]; !known {
				where[sector.Zone] = m.Sectors
			}
		}
	}
	for _, f := range pack.Files {
		if _, left := files[f.Name]; left {
			return nil, fmt.Errorf("%s: the file is not listed in %s", f.Name, ManifestName)
		}
	}
	s, bad := build(c)
	if bad == nil {
		return s, nil
	}
	if at := where[bad.id]; at != "" {
		return nil, fmt.Errorf("%s: %s: %w", at, bad.id, bad.err)
	}
	return nil, fmt.Errorf("%s: %w", ManifestName, bad.err)
}

// feature is one GeoJSON feature (RFC 7946) with our properties.
type feature struct {
	Type       string          `json:"type"`
	Properties json.RawMessage `json:"properties"`
	Geometry   *geometry       `json:"geometry"`
}

type geometry struct {
	Type        string          `json:"type"`
	Coordinates json.RawMessage `json:"coordinates"`
}

type properties struct {
	ID          ID                `json:"id"`
	Kind        Kind              `json:"kind"`
	Class       string            `json:"class"`
	Party       string            `json:"party"`
	Names       map[string]string `json:"names"`
	NM          float64           `json:"nm"`
	From        []ID              `json:"from"`
	LeftToRight Direction         `json:"left_to_right"`
	RightToLeft Direction         `json:"right_to_left"`
	Source      string            `json:"source"`
	PrecisionM  float64           `json:"precision_m"`
	Note        string            `json:"note"`
}

// readFeatures adds the zones and places of one file to c.
func readFeatures(name string, data []byte, c *Contents, where map[ID]string) error {
	var top struct {
		Type     string            `json:"type"`
		Features []json.RawMessage `json:"features"`
	}
	if err := strict(data, &top); err != nil {
		return fmt.Errorf("%s:%w", name, err)
	}
	if top.Type != "FeatureCollection" {
		return fmt.Errorf("%s:1: type is %q: want FeatureCollection", name, top.Type)
	}
	// RawMessages are copies in order, so each is found after the one before.
	offset, line := 0, 1
	for i, raw := range top.Features {
		at := bytes.Index(data[offset:], raw)
		if at < 0 {
			return fmt.Errorf("%s: feature %d is not plain JSON", name, i+1)
		}
		line += bytes.Count(data[offset:offset+at], []byte{'\n'})
		here := fmt.Sprintf("%s:%d", name, line)
		offset += at + len(raw)
		line += bytes.Count(raw, []byte{'\n'})
		id, err := addFeature(raw, c)
		if err != nil {
			return fmt.Errorf("%s: feature %d %s: %w", here, i+1, id, err)
		}
		if before, taken := where[id]; taken {
			return fmt.Errorf("%s: %s: the ID is used already at %s", here, id, before)
		}
		where[id] = here
	}
	return nil
}

func addFeature(raw []byte, c *Contents) (ID, error) {
	var f feature
	if err := strict(raw, &f); err != nil {
		return "", errors.Unwrap(err)
	}
	var p properties
	if err := strict(f.Properties, &p); err != nil {
		return "", errors.Unwrap(err)
	}
	if f.Type != "Feature" {
		return p.ID, fmt.Errorf("type is %q: want Feature", f.Type)
	}
	if p.PrecisionM < 0 {
		return p.ID, errors.New("precision_m is negative")
	}
	if f.Geometry != nil && bytes.Contains(f.Geometry.Coordinates, []byte("null")) {
		return p.ID, errors.New("a coordinate is null")
	}
	if f.Geometry != nil && f.Geometry.Type == "Point" {
		at, err := readPoint(f.Geometry.Coordinates)
		if err != nil {
			return p.ID, err
		}
		if p.NM != 0 || p.From != nil || p.LeftToRight != "" || p.RightToLeft != "" {
			return p.ID, errors.New("a place has no distance and no ways")
		}
		c.Places = append(c.Places, Place{ID: p.ID, Kind: p.Kind, Class: p.Class, Party: p.Party, Names: p.Names, At: at})
		return p.ID, nil
	}
	z := Zone{
		ID: p.ID, Kind: p.Kind, Party: p.Party, Names: p.Names, DistanceNM: p.NM, From: p.From,
		LeftToRight: p.LeftToRight, RightToLeft: p.RightToLeft,
		Source: p.Source, PrecisionM: p.PrecisionM, Note: p.Note,
	}
	if p.Class != "" {
		return p.ID, errors.New("only a place has a class")
	}
	if f.Geometry != nil {
		if err := readOutline(f.Geometry, &z); err != nil {
			return p.ID, err
		}
	}
	c.Zones = append(c.Zones, z)
	return p.ID, nil
}

func readPoint(raw []byte) (geo.Point, error) {
	var pos []float64
	if err := strict(raw, &pos); err != nil {
		return geo.Point{}, errors.Unwrap(err)
	}
	list, err := points([][]float64{pos})
	if err != nil {
		return geo.Point{}, err
	}
	return list[0], nil
}

func readOutline(g *geometry, z *Zone) error {
	var err error
	switch g.Type {
	case "LineString":
		var pos [][]float64
		if err := strict(g.Coordinates, &pos); err != nil {
			return errors.Unwrap(err)
		}
		z.Line, err = points(pos)
	case "Polygon":
		var pos [][][]float64
		if err := strict(g.Coordinates, &pos); err != nil {
			return errors.Unwrap(err)
		}
		err = addRings(pos, z)
	case "MultiPolygon":
		var pos [][][][]float64
		if err := strict(g.Coordinates, &pos); err != nil {
			return errors.Unwrap(err)
		}
		for _, polygon := range pos {
			if err := addRings(polygon, z); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("geometry is %q: want Point, LineString, Polygon or MultiPolygon", g.Type)
	}
	return err
}

func addRings(pos [][][]float64, z *Zone) error {
	for _, ring := range pos {
		list, err := points(ring)
		if err != nil {
			return fmt.Errorf("ring %d: %w", len(z.Rings)+1, err)
		}
		z.Rings = append(z.Rings, list)
	}
	return nil
}

// points turns positions, longitude first (RFC 7946 section 3.1.1), to points.
func points(pos [][]float64) ([]geo.Point, error) {
	list := make([]geo.Point, len(pos))
	for i, p := range pos {
		if len(p) != 2 {
			return nil, fmt.Errorf("position %d has %d numbers: want longitude and latitude", i+1, len(p))
		}
		list[i] = geo.Point{LatDeg: p[1], LonDeg: p[0]}
		if !list[i].Valid() {
			return nil, fmt.Errorf("position %d is not longitude and latitude", i+1)
		}
	}
	return list, nil
}

// lineError is an error with its line; the text starts with the line.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("%d: %v", e.line, e.err) }
func (e *lineError) Unwrap() error { return e.err }

// strict decodes exactly one JSON value without unknown fields.
func strict(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	at := dec.InputOffset()
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &kind):
		at = kind.Offset
	case err == nil:
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more after the end")
		}
	}
	if err == nil {
		return nil
	}
	at = max(0, min(at, int64(len(data))))
	return &lineError{1 + bytes.Count(data[:at], []byte{'\n'}), err}
}
