// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import "math"

// The probability of each pairing of a cluster, over all ways to give its plots
// to its tracks: each track has one plot or none, each plot one track or none.
// Few ways are counted one by one; many by loopy belief propagation, which
// converges for this graph (Williams and Lau, 2014).

const (
	maxWays    = 4096 // that are counted one by one: the product over plots of their links and one
	beliefEnds = 1e-4 // relative change of all messages at which the rounds end
	maxRounds  = 100
	mostGain   = 300.0 // what follows is taken for certain, and does not overflow
)

// marginals computes probabilities of pairings. Its slices are kept.
type marginals struct {
	weight []float64 // of each link, beside the free plot
	free   []float64 // of each row without a link
	first  []int     // link of each row, and their number
	used   []bool    // columns
	toRow  []float64 // messages
	toCol  []float64
	rowSum []float64
	colSum []float64
	prob   []float64
	total  float64
}

// solve returns the probability of each link; links are in order of rows, and
// their gains are log likelihood ratios to a plot and a track apart.
func (m *marginals) solve(rows, cols int, links []link) []float64 {
	m.prepare(rows, links)
	ways := 1.0
	for r := range rows {
		ways *= float64(m.first[r+1] - m.first[r] + 1)
	}
	m.prob = resize(m.prob, len(links))
	clear(m.prob)
	if ways > maxWays {
		m.believe(rows, cols, links)
		return m.prob
	}
	m.used = resize(m.used, cols)
	clear(m.used)
	m.total = m.count(0, 1, links)
	for i := range m.prob {
		m.prob[i] /= m.total
	}
	return m.prob
}

// prepare scales each row to its greatest weight: a way has one of each row.
func (m *marginals) prepare(rows int, links []link) {
	m.first, m.free, m.weight = resize(m.first, rows+1), resize(m.free, rows), resize(m.weight, len(links))
	i := 0
	for r := range rows {
		m.first[r] = i
		top := 0.0
		for ; i < len(links) && links[i].row == r; i++ {
			top = math.Max(top, math.Min(mostGain, links[i].gain))
		}
		m.free[r] = math.Exp(-top)
		for k := m.first[r]; k < i; k++ {
			m.weight[k] = math.Exp(math.Max(-mostGain, math.Min(mostGain, links[k].gain)) - top)
		}
	}
	m.first[rows] = i
}

// count adds up the ways for the rows from r on, of which those before have a
// weight, and returns their sum.
func (m *marginals) count(r int, weight float64, links []link) float64 {
	if r+1 == len(m.first) {
		return weight
	}
	sum := m.count(r+1, weight*m.free[r], links)
	for i := m.first[r]; i < m.first[r+1]; i++ {
		if c := links[i].col; !m.used[c] {
			m.used[c] = true
			w := m.count(r+1, weight*m.weight[i], links)
			m.used[c] = false
			m.prob[i] += w
			sum += w
		}
	}
	return sum
}

// believe approximates the probabilities by loopy belief propagation.
func (m *marginals) believe(rows, cols int, links []link) {
	n := len(links)
	m.toRow, m.toCol = resize(m.toRow, n), resize(m.toCol, n)
	m.rowSum, m.colSum = resize(m.rowSum, rows), resize(m.colSum, cols)
	for i := range n {
		m.toCol[i] = 1
	}
	for range maxRounds {
		clear(m.colSum)
		for i, l := range links {
			m.colSum[l.col] += m.ratio(i, l.row) * m.toCol[i]
		}
		clear(m.rowSum)
		for i, l := range links {
			psi := m.ratio(i, l.row)
			m.toRow[i] = psi / (1 + math.Max(0, m.colSum[l.col]-psi*m.toCol[i]))
			m.rowSum[l.row] += m.toRow[i]
		}
		change := 0.0
		for i, l := range links {
			next := 1 / (1 + math.Max(0, m.rowSum[l.row]-m.toRow[i]))
			change = math.Max(change, math.Abs(next-m.toCol[i])/next)
			m.toCol[i] = next
		}
		if change < beliefEnds {
			break
		}
	}
	clear(m.colSum)
	for i, l := range links {
		m.colSum[l.col] += m.ratio(i, l.row) * m.toCol[i]
	}
	for i, l := range links {
		m.prob[i] = m.ratio(i, l.row) * m.toCol[i] / (1 + m.colSum[l.col])
	}
}

// ratio is the likelihood ratio of a link.
func (m *marginals) ratio(i, row int) float64 { return m.weight[i] / m.free[row] }
