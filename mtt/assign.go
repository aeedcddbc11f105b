// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"math"
	"slices"
)

// assigner gives measurements to tracks so that the sum of gains is greatest.
// A measurement may stay without a track at gain 0. It keeps its memory
// between calls.
type assigner struct {
	cost     []float64 // rows × columns
	u, v     []float64
	match    []int // column → row, 1-based
	way      []int
	shortest []float64
	used     []bool
}

// link is one possible pairing.
type link struct {
	row, col int
	gain     float64
}

// solve writes the column of each row, or -1, to out. It is the shortest
// augmenting path method (Kuhn 1955, Jonker and Volgenant 1987), O(rows² ·
// columns). Rows are the measurements; each row has a column of its own for
// "no track".
func (a *assigner) solve(rows, cols int, links []link, out []int) {
	if rows == 1 {
		out[0] = best(links)
		return
	}
	wide := cols + rows
	a.lay(rows, cols, links)
	a.augment(rows, wide)
	for r := range rows {
		out[r] = -1
	}
	for c := 1; c <= cols; c++ {
		if r := a.match[c]; r > 0 && a.cost[(r-1)*wide+c-1] < 0 {
			out[r-1] = c - 1
		}
	}
}

const never = 1e9 // the cost of what cannot be

// lay fills the costs: each row may have one of the columns that it is linked
// with, or one of its own that costs nothing.
func (a *assigner) lay(rows, cols int, links []link) {
	wide := cols + rows
	a.cost = resize(a.cost, rows*wide)
	for i := range a.cost {
		a.cost[i] = never
	}
	for r := range rows {
		a.cost[r*wide+cols+r] = 0
	}
	for _, l := range links {
		at := l.row*wide + l.col
		a.cost[at] = math.Min(a.cost[at], -l.gain)
	}
}

// best returns the column of the greatest positive gain of a single row.
func best(links []link) int {
	col, gain := -1, 0.0
	for _, l := range links {
		if l.gain > gain {
			col, gain = l.col, l.gain
		}
	}
	return col
}

func (a *assigner) augment(rows, wide int) {
	a.u, a.v = resize(a.u, rows+1), resize(a.v, wide+1)
	a.match, a.way = resize(a.match, wide+1), resize(a.way, wide+1)
	clear(a.u)
	clear(a.v)
	clear(a.match)
	a.shortest, a.used = resize(a.shortest, wide+1), resize(a.used, wide+1)
	for row := 1; row <= rows; row++ {
		a.match[0] = row
		for c := range a.shortest {
			a.shortest[c] = math.Inf(1)
		}
		clear(a.used)
		at := 0
		for a.match[at] != 0 {
			at = a.step(at, wide)
		}
		for at != 0 {
			a.match[at] = a.match[a.way[at]]
			at = a.way[at]
		}
	}
}

// step adds the nearest column to the tree of alternating paths and returns it.
func (a *assigner) step(at, wide int) int {
	a.used[at] = true
	row, delta, next := a.match[at], math.Inf(1), 0
	for c := 1; c <= wide; c++ {
		if a.used[c] {
			continue
		}
		reduced := a.cost[(row-1)*wide+c-1] - a.u[row] - a.v[c]
		if reduced < a.shortest[c] {
			a.shortest[c], a.way[c] = reduced, at
		}
		if a.shortest[c] < delta {
			delta, next = a.shortest[c], c
		}
	}
	for c := range wide + 1 {
		if a.used[c] {
			a.u[a.match[c]] += delta
			a.v[c] -= delta
		} else {
			a.shortest[c] -= delta
		}
	}
	return next
}

// resize returns s with length n; the content is undefined.
func resize[T any](s []T, n int) []T {
	return slices.Grow(s[:0], n)[:n]
}
