// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import "slices"

// associate chooses pairs: global nearest neighbour in each cluster of
// measurements and tracks that share pairs.
func (t *Tracker) associate() {
	if len(t.pairs) == 0 {
		return
	}
	t.number()
	order := t.order()
	for len(order) > 0 {
		root := t.find(t.pairs[order[0]].aim)
		n := 1
		for n < len(order) && t.find(t.pairs[order[n]].aim) == root {
			n++
		}
		t.solve(order[:n])
		order = order[n:]
	}
	for _, tr := range t.colOf {
		tr.mark = 0
	}
}

// number gives each track in a pair a column and joins the clusters.
func (t *Tracker) number() {
	t.colOf, t.root = t.colOf[:0], t.root[:0]
	for i := range t.aims {
		t.root = append(t.root, i)
	}
	for i := range t.pairs {
		p := &t.pairs[i]
		if p.tr.mark == 0 {
			t.colOf = append(t.colOf, p.tr)
			p.tr.mark = len(t.colOf)
			t.root = append(t.root, len(t.root))
		}
		a, b := t.find(p.aim), t.find(len(t.aims)+p.tr.mark-1)
		t.root[max(a, b)] = min(a, b)
	}
}

func (t *Tracker) find(i int) int {
	for t.root[i] != i {
		t.root[i] = t.root[t.root[i]]
		i = t.root[i]
	}
	return i
}

// order returns the pairs' indexes by cluster.
func (t *Tracker) order() []int {
	t.rowOf = resize(t.rowOf, len(t.pairs))
	for i := range t.rowOf {
		t.rowOf[i] = i
	}
	slices.SortFunc(t.rowOf, func(a, b int) int {
		if d := t.find(t.pairs[a].aim) - t.find(t.pairs[b].aim); d != 0 {
			return d
		}
		return a - b
	})
	return t.rowOf
}

// solve assigns one cluster, given as pairs in order of their measurements.
func (t *Tracker) solve(cluster []int) {
	t.links = t.links[:0]
	cols := 0
	for _, i := range cluster {
		p := &t.pairs[i]
		if p.tr.mark > 0 {
			cols++
			p.tr.mark = -cols // columns of this cluster count down
		}
	}
	rows, row := 0, -1
	for _, i := range cluster {
		p := &t.pairs[i]
		if p.aim != row {
			row = p.aim
			rows++
		}
		t.links = append(t.links, link{row: rows - 1, col: -p.tr.mark - 1, gain: p.gain})
	}
	t.out = resize(t.out, rows)
	t.assigns.solve(rows, cols, t.links, t.out)
	for n, i := range cluster {
		l := t.links[n]
		if t.out[l.row] == l.col {
			t.aims[t.pairs[i].aim].pair = i
		}
	}
	if cols > rows || len(cluster) > rows {
		t.share(cluster)
		t.doubtNumbers(cluster, rows, cols)
	}
}
