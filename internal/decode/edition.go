// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"fmt"
	"maps"
	"slices"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/spec"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
)

// Editions are the editions of categories, such as "0.23" of 21.
type Editions map[byte]string

// Problem says what is wrong with e, "" for nothing.
func (e Editions) Problem() string {
	for _, c := range slices.Sorted(maps.Keys(e)) {
		known := spec.Editions(int(c))
		switch {
		case len(known) == 0:
			return fmt.Sprintf("category %03d is not decoded", c)
		case !slices.Contains(known, e[c]):
			return fmt.Sprintf("category %03d has no edition %q here: want one of %v", c, e[c], known)
		}
	}
	return ""
}

func (s Source) badEdition() string {
	if s.Format != frame.ASTERIX && len(s.Editions)+len(s.EditionsOf) > 0 {
		return "only ASTERIX has editions"
	}
	if what := s.Editions.Problem(); what != "" {
		return what
	}
	for _, id := range slices.Sorted(maps.Keys(s.EditionsOf)) {
		if what := s.EditionsOf[id].Problem(); what != "" {
			return fmt.Sprintf("station %s: %s", id, what)
		}
	}
	return ""
}

// edition returns the edition of a block by the station that sent it; "" is the
// newest.
func (s *source) edition(b asterix.Block) string {
	if len(s.EditionsOf) > 0 {
		if id, ok := asterix.PeekSource(b.Data); ok {
			if e := s.EditionsOf[s.sensorID(id)][b.Category]; e != "" {
				return e
			}
		}
	}
	return s.Editions[b.Category]
}

// adsbReader chooses among the four layouts of category 021 that no program
// can tell apart by one block.
func (d *Decoder) adsbReader(s *source, b asterix.Block) (asterix.Decoder, taker) {
	switch s.edition(b) {
	case "0.23":
		return &d.rec21v3, (*Decoder).adsb023
	case "0.24", "0.25", "0.26":
		return &d.rec21v6, (*Decoder).adsb026
	case "2.1":
		return &d.rec21old, (*Decoder).adsb
	}
	return &d.rec21, (*Decoder).adsb
}
