// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"slices"
	"strconv"
	"strings"
)

// At returns the table as an earlier edition has it: what came later is spare,
// parts and items that came later are gone, and items that were laid out in
// another way are so.
func (c *Category) At(edition string) *Category {
	out := *c
	out.Edition, out.Items, out.Earlier = edition, nil, nil
	gone := map[string]bool{}
	for _, it := range c.Items {
		if later(it.Since, edition) {
			gone[it.Name] = true
			continue
		}
		for _, e := range c.Earlier {
			if e.Name == it.Name && later(e.Until, edition) {
				it = e
			}
		}
		out.Items = append(out.Items, it.at(edition))
	}
	out.UAP = without(c.UAP, gone)
	out.Variants = nil
	for _, v := range c.Variants {
		out.Variants = append(out.Variants, Variant{v.Name, without(v.UAP, gone)})
	}
	return &out
}

// without returns the profile with spare slots for items that are gone.
func without(uap []string, gone map[string]bool) []string {
	out := slices.Clone(uap)
	for i := range out {
		if gone[out[i]] {
			out[i] = "-"
		}
	}
	return out
}

func (it Item) at(edition string) Item {
	parts := it.Parts
	it.Parts = nil
	for _, p := range parts {
		own := false
		fields := slices.Clone(p)
		for i := range fields {
			if later(fields[i].Since, edition) {
				fields[i] = Field{Kind: SpareBits, Bits: fields[i].Bits, Line: fields[i].Line}
			}
			own = own || fields[i].Kind != SpareBits
		}
		if own || len(it.Parts) == 0 {
			it.Parts = append(it.Parts, fields)
		}
	}
	it.Subs = slices.Clone(it.Subs)
	for i := range it.Subs {
		sub := it.Subs[i].at(edition)
		if later(sub.Since, edition) {
			if sub.Was == "" {
				sub = Item{Name: "-", Form: Spare, Line: sub.Line}
			} else {
				sub.Go, sub.Name = sub.Name, sub.Was
			}
		}
		it.Subs[i] = sub
	}
	return it
}

// later says whether an edition came after another; editions are numbers with a
// dot, 1.9 before 1.10. The empty one is the first.
func later(a, b string) bool {
	if a == "" {
		return false
	}
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		m, err1 := strconv.Atoi(x[i])
		n, err2 := strconv.Atoi(y[i])
		if err1 != nil || err2 != nil || m != n {
			return m > n
		}
	}
	return len(x) > len(y)
}
