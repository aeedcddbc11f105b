// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package zone holds the zones, lines, gates, sectors and places of a data
// pack, each with a version, and answers where a position lies and what a step
// crosses. It raises no alert, keeps no track and reads no file: the pack's
// bytes are handed in.
//
// Areas are bounded by great circles between their vertices, on geodetic
// latitude; an area of several rings holds what an odd number of them encloses.
// Distances are ellipsoidal. A territorial sea is the distance to its coast or
// base line, of at most 12 nm; its rings are for drawing only.
package zone

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// ID names a zone or a place within a pack, such as "gate_miyako".
type ID string

// Kind says what a zone or a place is. Packs may use others than those here.
type Kind string

// The kinds of the shipped pack.
const (
	ADIZ               Kind = "adiz"
	ADIZWorking        Kind = "adiz_working" // where its party identifies in practice
	MedianLine         Kind = "median_line"
	Gate               Kind = "gate"
	TerritorialSea     Kind = "territorial_sea"
	ContiguousZone     Kind = "contiguous_zone"
	GapSector          Kind = "gap_sector"
	FIR                Kind = "fir"
	Baseline           Kind = "baseline" // measured from, never entered
	Coast              Kind = "coast"    // measured from, never entered
	KindPlace          Kind = "place"
	KindReferencePoint Kind = "reference_point"
	KindIsland         Kind = "island"
	KindAirport        Kind = "airport"
)

// Direction is the way in which a line is crossed.
type Direction string

// Directions. In leads towards the East or South China Sea, Out to the Pacific.
const (
	In        Direction = "in"
	Out       Direction = "out"
	Eastward  Direction = "eastward"
	Westward  Direction = "westward"
	Northward Direction = "northward"
	Southward Direction = "southward"
)

var directions = []Direction{In, Out, Eastward, Westward, Northward, Southward}

// Languages lists the languages of names, by their BCP 47 tags.
var Languages = [...]string{"en", "zh-Hant", "ja"}

// Zone is an area, a line, or all that is nearer than DistanceNM to others.
type Zone struct {
	ID    ID     `json:"id"`
	Kind  Kind   `json:"kind"`
	Party string `json:"party,omitempty"` // who declares it, as the pack says
	// Names by language.
	Names map[string]string `json:"names"`
	// Version is the pack's name and version and a hash of the zone's content.
	// Equal versions are equal zones; renaming or hiding leaves it.
	Version string `json:"version"`
	// Rings bound an area; each is closed. For a zone with DistanceNM they are
	// the outline to draw.
	Rings [][]geo.Point `json:"rings,omitempty"`
	// Line is a line's vertices.
	Line []geo.Point `json:"line,omitempty"`
	// DistanceNM, in nautical miles, and From: the zone is what lies within
	// that distance of one of them or inside it.
	DistanceNM float64 `json:"distance_nm,omitempty"`
	From       []ID    `json:"from,omitempty"`
	// LeftToRight and RightToLeft name the ways over the line, seen along its
	// vertices. A line without them is for measuring and drawing only.
	LeftToRight Direction `json:"left_to_right,omitempty"`
	RightToLeft Direction `json:"right_to_left,omitempty"`
	// Hidden zones are neither shown nor found by At and Crossings.
	Hidden bool `json:"hidden,omitempty"`
	// Source and Note are for people; PrecisionM, in metres, is the pack
	// maker's estimate of how well the outline is known, absent if unknown.
	Source     string  `json:"source,omitempty"`
	PrecisionM float64 `json:"precision_m,omitempty"`
	Note       string  `json:"note,omitempty"`
}

// measured reports whether z only serves to measure from.
func (z *Zone) measured() bool { return z.Kind == Baseline || z.Kind == Coast }

// Place is a named position.
type Place struct {
	ID      ID                `json:"id"`
	Kind    Kind              `json:"kind"`
	Class   string            `json:"class,omitempty"` // city, town, strait, sea, islands
	Party   string            `json:"party,omitempty"` // whose bulletins refer to it
	Names   map[string]string `json:"names"`
	Version string            `json:"version"`
	At      geo.Point         `json:"at"`
	Hidden  bool              `json:"hidden,omitempty"`
}

// Sector says who leads, unless agreed otherwise, in a gap sector.
type Sector struct {
	Zone ID     `json:"zone"`
	Lead string `json:"lead"` // party
}

// Override renames or hides a zone or a place for one party.
type Override struct {
	ID    ID                `json:"id" cbor:"1,keyasint"`
	Names map[string]string `json:"names,omitempty" cbor:"2,keyasint,omitempty"` // languages not named stay
	Hide  bool              `json:"hide,omitempty" cbor:"3,keyasint,omitempty"`
}

// Crossing is one passage over a line.
type Crossing struct {
	Zone ID
	At   geo.Point
	// Fraction of the step at which it happens, from 0 to 1.
	Fraction float64
	Way      Direction
}

// Set is a pack made ready for questions. It never changes: any number of
// goroutines may ask it.
type Set struct {
	name    string
	version string
	zones   []Zone // by ID
	places  []Place
	sectors []Sector
	shapes  []shape // of the zones
	areas   tree
	lines   tree
}

// Name returns the pack's name.
func (s *Set) Name() string { return s.name }

// Version returns the pack's name and version, a hash of its content, and,
// after a plus sign, one of the overrides if there are any.
func (s *Set) Version() string { return s.version }

// Zones returns all zones, hidden ones too, by ID. It must not be changed.
func (s *Set) Zones() []Zone { return s.zones }

// Places returns all places, hidden ones too, by ID. It must not be changed.
func (s *Set) Places() []Place { return s.places }

// Sectors returns the lead table, first match first. It must not be changed.
func (s *Set) Sectors() []Sector { return s.sectors }

// Zone returns the zone id.
func (s *Set) Zone(id ID) (*Zone, bool) {
	i, ok := s.find(id)
	if !ok {
		return nil, false
	}
	return &s.zones[i], true
}

func (s *Set) find(id ID) (int, bool) {
	return slices.BinarySearchFunc(s.zones, id, func(z Zone, id ID) int { return strings.Compare(string(z.ID), string(id)) })
}

func (s *Set) findPlace(id ID) (int, bool) {
	return slices.BinarySearchFunc(s.places, id, func(p Place, id ID) int { return strings.Compare(string(p.ID), string(id)) })
}

// WithOverrides returns the set with zones and places renamed or hidden. The
// later of two overrides of one name wins.
func (s *Set) WithOverrides(list []Override) (*Set, error) {
	if len(list) == 0 {
		return s, nil
	}
	t := *s
	t.zones, t.places = slices.Clone(s.zones), slices.Clone(s.places)
	for i, o := range list {
		if err := checkNames(o.Names); err != nil {
			return nil, fmt.Errorf("override %d of zone %q: %w", i+1, o.ID, err)
		}
		var names *map[string]string
		var hidden *bool
		if j, ok := t.find(o.ID); ok {
			names, hidden = &t.zones[j].Names, &t.zones[j].Hidden
		} else if j, ok := t.findPlace(o.ID); ok {
			names, hidden = &t.places[j].Names, &t.places[j].Hidden
		} else {
			return nil, fmt.Errorf("override %d: pack %s has no zone or place %q", i+1, s.name, o.ID)
		}
		renamed := maps.Clone(*names)
		maps.Copy(renamed, o.Names)
		*names, *hidden = renamed, *hidden || o.Hide
	}
	t.version = s.version + "+" + hashOverrides(list)
	return &t, nil
}

var (
	idPattern   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,47}$`)
	wordPattern = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	packPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,31}$`)
)

const maxName = 120 // characters

// checkNames refuses languages and texts that the console cannot show.
func checkNames(names map[string]string) error {
	for _, lang := range slices.Sorted(maps.Keys(names)) {
		text := names[lang]
		switch {
		case !slices.Contains(Languages[:], lang):
			return fmt.Errorf("name in language %q: want one of %v", lang, Languages)
		case strings.TrimSpace(text) == "" || !utf8.ValidString(text):
			return fmt.Errorf("name in language %q is blank or not UTF-8", lang)
		case utf8.RuneCountInString(text) > maxName:
			return fmt.Errorf("name in language %q is longer than %d characters", lang, maxName)
		case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }):
			return fmt.Errorf("name in language %q holds a control character", lang)
		}
	}
	return nil
}
