// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package gospa

import "math"

// assign returns for each row the column, or -1, such that the sum of gains is
// greatest. Rows and columns may stay free at no cost; only positive gains
// join. It solves each connected part alone.
func assign(gain [][]float64) []int {
	out := make([]int, len(gain))
	for i := range out {
		out[i] = -1
	}
	if len(gain) == 0 || len(gain[0]) == 0 {
		return out
	}
	for _, p := range parts(gain) {
		p.solve(gain, out)
	}
	return out
}

// part is a connected set of rows and columns.
type part struct{ rows, cols []int }

// parts finds the connected sets that have both rows and columns, in order of
// their first row.
func parts(gain [][]float64) []part {
	n, m := len(gain), len(gain[0])
	rowSeen, colSeen := make([]bool, n), make([]bool, m)
	var out []part
	for start := range gain {
		if rowSeen[start] {
			continue
		}
		rowSeen[start] = true
		p := part{rows: []int{start}}
		for k := 0; k < len(p.rows); k++ {
			for j, g := range gain[p.rows[k]] {
				if g <= 0 || colSeen[j] {
					continue
				}
				colSeen[j] = true
				p.cols = append(p.cols, j)
				for i := range gain {
					if gain[i][j] > 0 && !rowSeen[i] {
						rowSeen[i] = true
						p.rows = append(p.rows, i)
					}
				}
			}
		}
		if len(p.cols) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// solve is the method of shortest augmenting paths (Kuhn 1955, Jonker and
// Volgenant 1987). Each row has a column of its own, beyond the part's, in
// which it stays free at cost 0.
func (p *part) solve(gain [][]float64, out []int) {
	if len(p.rows) == 1 {
		out[p.rows[0]] = p.best(gain[p.rows[0]])
		return
	}
	s := newPaths(len(p.rows), len(p.cols))
	for a, i := range p.rows {
		for b, j := range p.cols {
			if g := gain[i][j]; g > 0 {
				s.cost[a][b] = -g
			}
		}
	}
	for row := range p.rows {
		s.augment(row)
	}
	for b, a := range s.rowOf[:len(p.cols)] {
		if a >= 0 {
			out[p.rows[a]] = p.cols[b]
		}
	}
}

func (p *part) best(gains []float64) int {
	at := p.cols[0]
	for _, j := range p.cols {
		if gains[j] > gains[at] {
			at = j
		}
	}
	return at
}

// paths is the state of the method: a dual price for each row and column, and
// the matching so far.
type paths struct {
	cost       [][]float64
	rowPrice   []float64
	colPrice   []float64
	rowOf      []int // by column; -1 is free
	from       []int // by column: the column before it on the path; -1 is the start
	shortest   []float64
	inTree     []bool
	cols, rows int
}

func newPaths(rows, cols int) *paths {
	wide := cols + rows
	s := &paths{
		cost: make([][]float64, rows), rowPrice: make([]float64, rows), colPrice: make([]float64, wide),
		rowOf: make([]int, wide), from: make([]int, wide), shortest: make([]float64, wide), inTree: make([]bool, wide),
		cols: cols, rows: rows,
	}
	for i := range s.cost {
		s.cost[i] = make([]float64, wide)
		for j := range s.cost[i] {
			s.cost[i][j] = math.Inf(1)
		}
		s.cost[i][cols+i] = 0
	}
	for j := range s.rowOf {
		s.rowOf[j] = -1
	}
	return s
}

// augment gives row a column, moving others where that is cheaper.
func (s *paths) augment(row int) {
	for j := range s.shortest {
		s.shortest[j], s.inTree[j], s.from[j] = math.Inf(1), false, -1
	}
	at, last := row, -1
	far := 0.0 // length of the path to row at
	for {
		next := -1
		for j := range s.shortest {
			if s.inTree[j] {
				continue
			}
			if c := s.cost[at][j]; !math.IsInf(c, 1) {
				if d := far + c - s.rowPrice[at] - s.colPrice[j]; d < s.shortest[j] {
					s.shortest[j], s.from[j] = d, last
				}
			}
			if next < 0 || s.shortest[j] < s.shortest[next] {
				next = j
			}
		}
		far, last = s.shortest[next], next
		if s.rowOf[next] < 0 {
			break
		}
		s.inTree[next], at = true, s.rowOf[next]
	}
	s.reprice(row, far)
	for j := last; j >= 0; {
		before := s.from[j]
		if before < 0 {
			s.rowOf[j] = row
		} else {
			s.rowOf[j] = s.rowOf[before]
		}
		j = before
	}
}

// reprice keeps reduced costs non-negative after a path of length far.
func (s *paths) reprice(row int, far float64) {
	s.rowPrice[row] += far
	for j := range s.inTree {
		if s.inTree[j] {
			s.rowPrice[s.rowOf[j]] += far - s.shortest[j]
			s.colPrice[j] -= far - s.shortest[j]
		}
	}
}
