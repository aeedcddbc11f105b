// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package support

import (
	"fmt"
	"slices"

	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/strict"
)

// Published is a public list of words of agreements, beside ours.
type Published struct {
	Source      string          `toml:"source"`
	Categories  []PublishedWord `toml:"category"`
	Situations  []PublishedWord `toml:"situation"`
	Settlements []PublishedWord `toml:"settlement"`
}

// PublishedWord is one word of ours and how the source puts it; "" where it is
// not in the source.
type PublishedWord struct {
	ID   string `toml:"id"`
	Text string `toml:"published"`
}

// ParsePublished reads a public list. Each of our words stands in it once, and
// no other.
func ParsePublished(name string, b []byte) (*Published, error) {
	var p Published
	if err := strict.TOML(name, b, &p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrText, err)
	}
	if f := text("source", p.Source, true); f != nil {
		return nil, located(name, b, "", 0, f)
	}
	for _, l := range []struct {
		table string
		list  []PublishedWord
		known []string
	}{
		{"category", p.Categories, record.SupportCategories()},
		{"situation", p.Situations, record.SupportSituations()},
		{"settlement", p.Settlements, record.SupportSettlements()},
	} {
		var ids []string
		for i, w := range l.list {
			f := first(words("id", []string{w.ID}, l.known, true), text("published", w.Text, false))
			if f == nil && slices.Contains(ids, w.ID) {
				f = wrong("id", "%q stands twice", w.ID)
			}
			if f != nil {
				return nil, located(name, b, l.table, i, f)
			}
			ids = append(ids, w.ID)
		}
		if len(ids) != len(l.known) {
			return nil, located(name, b, l.table, 0, wrong("id", "want each of %v", l.known))
		}
	}
	return &p, nil
}
