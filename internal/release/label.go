// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Limits of a policy's tables.
const (
	maxPlaces      = 64
	maxEquivalents = 256
	maxHandling    = 16
	maxWord        = 100 // characters of a label's word or a place's name
	maxReason      = 200
)

// equivalentFile is one line of the table that turns a partner's label into
// our word.
type equivalentFile struct {
	Party          string `toml:"party"`
	Policy         string `toml:"policy"`
	Classification string `toml:"classification"`
	Ours           string `toml:"ours"`
}

type equivalentKey struct {
	party                  party.ID
	policy, classification string
}

// placeFile is a named place that reports may be told from.
type placeFile struct {
	Name string   `toml:"name"`
	Lat  *float64 `toml:"lat"`
	Lon  *float64 `toml:"lon"`
}

type namedPlace struct {
	name string
	pos  geo.Point
}

// Handling is how a partner's record is handled here.
type Handling struct {
	Ours  string `json:"ours,omitempty"`  // our equivalent of the partner's words; "" where we have no words
	Known bool   `json:"known,omitempty"` // the table has the partner's words; else Ours is our strictest
}

// Equivalent returns our equivalent of a partner's label. A label that the
// table does not have is handled by our strictest word.
func (p *Policy) Equivalent(from party.ID, l record.Label) Handling {
	if p == nil {
		return Handling{}
	}
	if ours, ok := p.equal[equivalentKey{from, l.Policy, l.Classification}]; ok {
		return Handling{Ours: ours, Known: true}
	}
	return Handling{Ours: p.handling[len(p.handling)-1]}
}

// Distress reports whether distress leaves, and if not why.
func (p *Policy) Distress() (leaves bool, why string) {
	if p == nil {
		return true, ""
	}
	return p.distress, p.whyNot
}

// word checks one short text of a policy.
func word(s string, longest int) error {
	if s == "" || utf8.RuneCountInString(s) > longest || !utf8.ValidString(s) {
		return fmt.Errorf("want 1 to %d characters", longest)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control) }) {
		return errors.New("control characters are not taken")
	}
	return nil
}

func (c *compiler) distress(f *policyFile) error {
	c.key = "distress_reason"
	if f.WhyNot != "" && c.p.distress {
		return errors.New("distress_reason: distress leaves")
	}
	if !c.p.distress {
		if err := word(f.WhyNot, maxReason); err != nil {
			return fmt.Errorf("distress_reason: say why distress does not leave: %w", err)
		}
	}
	c.p.whyNot = f.WhyNot
	return nil
}

func (c *compiler) places(list []placeFile) error {
	c.key = "place"
	if len(list) > maxPlaces {
		return fmt.Errorf("%d places, at most %d", len(list), maxPlaces)
	}
	for i, f := range list {
		c.table, c.index, c.key = "place", i, "name"
		if err := word(f.Name, maxWord); err != nil {
			return fmt.Errorf("place: name: %w", err)
		}
		if f.Lat == nil || f.Lon == nil {
			return fmt.Errorf("place %q: say lat and lon", f.Name)
		}
		pos := geo.Point{LatDeg: *f.Lat, LonDeg: *f.Lon}
		if !pos.Valid() {
			return fmt.Errorf("place %q: no such position", f.Name)
		}
		if slices.ContainsFunc(c.p.places, func(o namedPlace) bool { return o.name == f.Name }) {
			return fmt.Errorf("place %q stands twice", f.Name)
		}
		c.p.places = append(c.p.places, namedPlace{f.Name, pos})
	}
	c.table, c.index = "", 0
	return nil
}

// equivalents reads our words and the table. Without a list of words the
// policy's own word is the only one.
func (c *compiler) equivalents(f *policyFile) error {
	c.key = "handling"
	c.p.handling = f.Label.Handling
	if f.Label.Handling == nil {
		c.p.handling = []string{f.Label.Classification}
	}
	if n := len(c.p.handling); n == 0 || n > maxHandling || !slices.Contains(c.p.handling, f.Label.Classification) {
		return fmt.Errorf("handling: want 1 to %d words, %q among them", maxHandling, f.Label.Classification)
	}
	for i, w := range c.p.handling {
		if err := word(w, maxWord); err != nil {
			return fmt.Errorf("handling: %w", err)
		}
		if slices.Contains(c.p.handling[:i], w) {
			return fmt.Errorf("handling: %q stands twice", w)
		}
	}
	c.key = "equivalent"
	if len(f.Equivalents) > maxEquivalents {
		return fmt.Errorf("%d equivalents, at most %d", len(f.Equivalents), maxEquivalents)
	}
	c.p.equal = make(map[equivalentKey]string, len(f.Equivalents))
	for i, e := range f.Equivalents {
		c.table, c.index, c.key = "equivalent", i, "ours"
		from, err := party.Parse(e.Party)
		if err != nil {
			return fmt.Errorf("equivalent: %w", err)
		}
		if err := errors.Join(word(e.Policy, maxWord), word(e.Classification, maxWord)); err != nil {
			return fmt.Errorf("equivalent: policy and classification of %s: %w", from, err)
		}
		if !slices.Contains(c.p.handling, e.Ours) {
			return fmt.Errorf("equivalent: ours %q: want one of %s", e.Ours, strings.Join(c.p.handling, ", "))
		}
		key := equivalentKey{from, e.Policy, e.Classification}
		if _, twice := c.p.equal[key]; twice {
			return fmt.Errorf("equivalent: %s %s of %s stands twice", e.Policy, e.Classification, from)
		}
		c.p.equal[key] = e.Ours
	}
	c.table, c.index = "", 0
	return nil
}

// nearest says where a cell lies from the nearest of the places. It follows from
// the cell and is no finer: the distance is a multiple of the grid, the bearing
// one of eight points. What was in the cell may be 1.21 grids nearer or farther
// than the words say: half a grid by the rounding and half a diagonal by the
// cell. Half a grid alone, as for a cell, must not be shown beside them.
func nearest(c record.Cell, places []namedPlace) *record.Near {
	var near *record.Near
	best := geo.Metres(math.Inf(1))
	for _, p := range places {
		dist, azi := geo.Inverse(p.pos, centre(c))
		if dist >= best {
			continue
		}
		best = dist
		steps := math.Round(float64(dist) / float64(c.GridM))
		near = &record.Near{Place: p.name, DistanceM: uint32(steps) * c.GridM}
		if steps > 0 {
			b := uint16(math.Round(float64(azi)/courseStep)) * courseStep % 360
			near.Bearing = &b
		}
	}
	return near
}
