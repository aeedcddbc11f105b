// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"bytes"
	"slices"
	"strings"

	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// How the two sides of a part stand to each other.
const (
	Equal      = "equal"
	Different  = "different"
	OnlyOurs   = "only-ours"
	OnlyTheirs = "only-theirs"
)

// Row is one line of a part, side by side; "" where a side does not have it.
type Row struct {
	Key    string `json:"key"`
	Ours   string `json:"ours,omitempty"`
	Theirs string `json:"theirs,omitempty"`
	Equal  bool   `json:"equal"`
}

// Part is one part side by side.
type Part struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Rows  []Row  `json:"rows"` // empty where neither side's text can be read
}

// Compare returns the parts of which one side or the other has one. Either
// declaration may be nil.
func Compare(ours, theirs *Declaration) []Part {
	list := []Part{}
	a, b := textsOf(ours), textsOf(theirs)
	at, bt := ReadTerms(a), ReadTerms(b)
	for _, name := range record.PlanParts() {
		x, y := a[name], b[name]
		p := Part{Name: name, Rows: rows(at.Items(name), bt.Items(name))}
		switch {
		case x == nil && y == nil:
			continue
		case y == nil:
			p.State = OnlyOurs
		case x == nil:
			p.State = OnlyTheirs
		case bytes.Equal(x, y):
			p.State = Equal
		default:
			p.State = Different
		}
		list = append(list, p)
	}
	return list
}

func textsOf(d *Declaration) map[string][]byte {
	if d == nil {
		return nil
	}
	return d.Texts
}

func rows(ours, theirs []Item) []Row {
	list := []Row{}
	for _, i := range ours {
		r := Row{Key: i.Key, Ours: i.Value}
		if n := slices.IndexFunc(theirs, func(t Item) bool { return t.Key == i.Key }); n >= 0 {
			r.Theirs = theirs[n].Value
		}
		list = append(list, r)
	}
	for _, i := range theirs {
		if !slices.ContainsFunc(ours, func(o Item) bool { return o.Key == i.Key }) {
			list = append(list, Row{Key: i.Key, Theirs: i.Value})
		}
	}
	for n := range list {
		list[n].Equal = list[n].Ours == list[n].Theirs
	}
	slices.SortStableFunc(list, func(x, y Row) int { return strings.Compare(x.Key, y.Key) })
	return list
}
