// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import "math"

// The k best assignments of a cluster (Murty, 1968): the best of all ways is
// split into those that differ from it first in row 0, in row 1 and so on, and
// the best of each part is found; so again with the best that is left.

// part is a set of ways: the rows before fixed are as in the best way of it, and
// the row after them has none of some columns.
type part struct {
	way    []int // column of each row, or -1
	gain   float64
	fixed  int
	barred []int
}

// ranker finds the best assignments. Its slices are kept.
type ranker struct {
	assigner
	parts []part // those that are found come first
	n     int
}

// solve returns up to k ways to give rows to columns, the best first.
func (k *ranker) solve(rows, cols int, links []link, most int) []part {
	k.n = 0
	k.split(rows, cols, links, nil, 0, nil)
	for i := 0; i < k.n && i < most; i++ {
		k.bringBest(i)
		if i+1 == most {
			break
		}
		for r := k.parts[i].fixed; r < rows; r++ {
			barred := []int(nil)
			if r == k.parts[i].fixed {
				barred = k.parts[i].barred
			}
			k.split(rows, cols, links, k.parts[i].way, r, barred)
		}
	}
	return k.parts[:min(k.n, most)]
}

// bringBest swaps the best of the parts from i on to place i.
func (k *ranker) bringBest(i int) {
	best := i
	for n := i + 1; n < k.n; n++ {
		if k.parts[n].gain > k.parts[best].gain {
			best = n
		}
	}
	k.parts[i], k.parts[best] = k.parts[best], k.parts[i]
}

// split adds the best of the ways that begin as one does, and differ from it in
// the row after that, if there is any; of no way, the best of all.
func (k *ranker) split(rows, cols int, links []link, way []int, fixed int, barred []int) {
	wide := cols + rows
	k.lay(rows, cols, links)
	if way != nil {
		for r := range fixed {
			k.only(r, k.column(way[r], r, cols), wide)
		}
		k.cost[fixed*wide+k.column(way[fixed], fixed, cols)] = never
		for _, c := range barred {
			k.cost[fixed*wide+k.column(c, fixed, cols)] = never
		}
	}
	k.augment(rows, wide)
	if k.n == len(k.parts) {
		k.parts = append(k.parts, part{})
	}
	p := &k.parts[k.n]
	p.way, p.gain, p.fixed = resize(p.way, rows), 0, fixed
	p.barred = append(p.barred[:0], barred...)
	if way != nil {
		p.barred = append(p.barred, way[fixed])
	}
	for c := 1; c <= wide; c++ {
		r := k.match[c]
		if r == 0 {
			continue
		}
		cost := k.cost[(r-1)*wide+c-1]
		if cost >= never/2 {
			return // there is none
		}
		p.gain -= cost
		p.way[r-1] = -1
		if c <= cols {
			p.way[r-1] = c - 1
		}
	}
	k.n++
}

// column returns the column of the matrix for what a row has, -1 for nothing.
func (k *ranker) column(c, row, cols int) int {
	if c < 0 {
		return cols + row
	}
	return c
}

// only leaves a row one column.
func (k *ranker) only(row, col, wide int) {
	for c := range wide {
		if c != col {
			k.cost[row*wide+c] = never
		}
	}
}

// odds returns the weights of the ways, in proportion to the best.
func odds(ways []part, dst []float64) []float64 {
	sum := 0.0
	for i := range ways {
		dst = append(dst, math.Exp(ways[i].gain-ways[0].gain))
		sum += dst[i]
	}
	for i := range dst {
		dst[i] /= sum
	}
	return dst
}
