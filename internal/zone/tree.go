// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package zone

import (
	"cmp"
	"math"
	"slices"
)

// box is a range of latitude and longitude in degrees; west is in [-180, 180),
// and east may lie beyond 180.
type box struct{ south, north, west, east float64 }

func emptyBox() box {
	return box{south: math.Inf(1), north: math.Inf(-1), west: math.Inf(1), east: math.Inf(-1)}
}

func (b box) union(o box) box {
	return box{min(b.south, o.south), max(b.north, o.north), min(b.west, o.west), max(b.east, o.east)}
}

func (b box) overlaps(o box) bool {
	return b.south <= o.north && o.south <= b.north && b.west <= o.east && o.west <= b.east
}

// shifted returns b moved by whole turns so that west is in [-180, 180).
func (b box) shifted() box {
	turn := 360 * math.Floor((b.west+180)/360)
	b.west -= turn
	b.east -= turn
	return b
}

// grown returns b with dLat and dLon degrees added on each side.
func (b box) grown(dLat, dLon float64) box {
	return box{b.south - dLat, b.north + dLat, b.west - dLon, b.east + dLon}
}

const fanOut = 8

// tree is a packed R-tree over boxes. Level 0 holds the entries; node i of
// level k+1 bounds the fanOut nodes from i·fanOut of level k.
type tree struct {
	items  []int32
	levels [][]box
}

type entry struct {
	box
	item int32
}

// newTree packs the entries by sort-tile-recursive.
func newTree(entries []entry) tree {
	if len(entries) == 0 {
		return tree{}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.west+a.east, b.west+b.east), cmp.Compare(a.item, b.item))
	})
	leaves := (len(entries) + fanOut - 1) / fanOut
	strip := fanOut * int(math.Ceil(math.Sqrt(float64(leaves))))
	for part := range slices.Chunk(entries, strip) {
		slices.SortFunc(part, func(a, b entry) int {
			return cmp.Or(cmp.Compare(a.south+a.north, b.south+b.north), cmp.Compare(a.item, b.item))
		})
	}
	t := tree{levels: [][]box{make([]box, len(entries))}, items: make([]int32, len(entries))}
	for i, e := range entries {
		t.levels[0][i], t.items[i] = e.box, e.item
	}
	for below := t.levels[0]; len(below) > 1; {
		var level []box
		for part := range slices.Chunk(below, fanOut) {
			b := emptyBox()
			for _, c := range part {
				b = b.union(c)
			}
			level = append(level, b)
		}
		t.levels = append(t.levels, level)
		below = level
	}
	return t
}

// search appends the items whose boxes overlap q, once each, to dst.
func (t *tree) search(q box, dst []int32) []int32 {
	if len(t.levels) == 0 {
		return dst
	}
	q = q.shifted()
	dst = t.visit(len(t.levels)-1, 0, q, dst)
	// Boxes over the date line reach past 180, and so may q.
	for _, turn := range [2]float64{360, -360} {
		moved := box{q.south, q.north, q.west + turn, q.east + turn}
		if t.levels[len(t.levels)-1][0].overlaps(moved) {
			first := len(dst)
			dst = t.visit(len(t.levels)-1, 0, moved, dst)
			dst = dropRepeated(dst, first)
		}
	}
	return dst
}

// visit needs no bound on the depth: a level more is eight times the entries.
func (t *tree) visit(level, node int, q box, dst []int32) []int32 {
	if !t.levels[level][node].overlaps(q) {
		return dst
	}
	if level == 0 {
		return append(dst, t.items[node])
	}
	first := node * fanOut
	for child := first; child < min(first+fanOut, len(t.levels[level-1])); child++ {
		dst = t.visit(level-1, child, q, dst)
	}
	return dst
}

// dropRepeated removes from dst[first:] what stands before it.
func dropRepeated(dst []int32, first int) []int32 {
	kept := dst[:first]
	for _, item := range dst[first:] {
		if !slices.Contains(kept[:first], item) {
			kept = append(kept, item)
		}
	}
	return kept
}
