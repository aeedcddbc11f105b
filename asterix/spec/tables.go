// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"slices"
	"strings"
)

//go:generate go run ../../tools/asterixgen -tables . -out .

// table is the text of a *.def file, for programs that read tables when they
// run. tables_gen.go holds all of them.
type table struct {
	number    int
	expansion bool
	editions  []string // the table's own first, then others that it reads
	shows     []string // editions that it describes beside those
	text      string
}

// NoTableError says that no table reads a category, or an edition of it.
type NoTableError struct {
	Category int
	Edition  string // empty when the category has no table at all
	Editions []string
}

// Error implements error.
func (e *NoTableError) Error() string {
	if e.Edition == "" {
		return fmt.Sprintf("no table for category %03d", e.Category)
	}
	return fmt.Sprintf("no table for category %03d edition %s; there are %s", e.Category, e.Edition, strings.Join(e.Editions, ", "))
}

// Editions returns the editions of a category that are read, the one that is
// read by default first; none when the category has no table. Those that Record
// of a generated package does not read by itself are the last: see
// cat021.Edition21.
func Editions(category int) []string {
	var out []string
	for i := range tables {
		if tables[i].number == category && !tables[i].expansion {
			out = append(append(out, tables[i].editions...), tables[i].shows...)
		}
	}
	return out
}

// Categories returns the categories that have a table, in order.
func Categories() []int {
	var out []int
	for i := range tables {
		out = append(out, tables[i].number)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Load parses the table that reads an edition of a category; an empty edition
// means the default. The error is an *NoTableError when there is none.
func Load(category int, edition string) (*Category, error) {
	return load(category, edition, false)
}

// LoadExpansion parses the newest table of what item RE of a category holds. The
// error is a *NoTableError when there is none.
func LoadExpansion(category int) (*Category, error) { return load(category, "", true) }

func load(category int, edition string, expansion bool) (*Category, error) {
	for i := range tables {
		t := &tables[i]
		if t.number == category && t.expansion == expansion && (edition == "" || slices.Contains(t.editions, edition) || slices.Contains(t.shows, edition)) {
			c, err := Parse(strings.NewReader(t.text))
			if err != nil {
				return nil, fmt.Errorf("table of category %03d: %w", category, err)
			}
			if edition != "" && edition != c.Edition {
				c = c.At(edition)
			}
			return c, nil
		}
	}
	e := &NoTableError{Category: category, Editions: Editions(category)}
	if len(e.Editions) > 0 {
		e.Edition = edition
	}
	return nil, e
}
