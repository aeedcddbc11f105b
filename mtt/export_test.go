// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"math"
	"testing"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// Assign exposes the assignment for its property test: gains by row and
// column, 0 for no pair.
func Assign(gains [][]float64) []int {
	var links []link
	for r, row := range gains {
		for c, g := range row {
			if g > 0 {
				links = append(links, link{row: r, col: c, gain: g})
			}
		}
	}
	out := make([]int, len(gains))
	var a assigner
	a.solve(len(gains), len(gains[0]), links, out)
	return out
}

// Polar exposes the measurement model: slant range in metres, azimuth in
// degrees and the Jacobian's slant range row by east, north and height.
func Polar(anchor, at geo.Point, h geo.Metres, radar geo.Point, radarH geo.Metres) (float64, float64, [3]float64) {
	fr := newFrame(anchor)
	plane := geo.NewPlane(radar, radarH)
	v := newView(&fr, &plane)
	e, n := fr.ground(at)
	rng, azi, d, _ := v.polar(&fr, e, n, float64(h))
	return rng, float64(geo.Degrees(azi * 180 / 3.141592653589793).Norm360()), d[0]
}

// Reanchor moves a state to another plane and back to positions, for the test
// of the rotation.
func Reanchor(from, to geo.Point, x Vec) (before, after geo.Point, v Vec) {
	fr := newFrame(from)
	f := Filter{Models: 1, Mu: [maxModels]float64{1}, X: [maxModels]Vec{x}}
	before = fr.point(x[iE], x[iN])
	fr.move(&f, to)
	return before, fr.point(f.X[0][iE], f.X[0][iN]), f.X[0]
}

// Sound reports whether every filter is finite and every variance positive,
// and every correlation in [-1, 1].
func (t *Tracker) Sound() bool {
	for _, tr := range t.tracks {
		if !tr.Filter.sound() {
			return false
		}
		for j := range tr.Filter.Models {
			p := &tr.Filter.P[j]
			for r := range nx {
				for c := range nx {
					if p[r][c] != p[c][r] || p[r][c]*p[r][c] > p[r][r]*p[c][c]*(1+1e-6)+1e-9 {
						return false
					}
				}
			}
		}
	}
	return true
}

// GateShortcut holds a measurement against all tracks: how many the shortcut
// leaves out, and of those how many the whole gate would have taken.
func (t *Tracker) GateShortcut(m Measurement) (skipped, wrong int) {
	a := t.aimOf(&m)
	if a.refused != 0 || a.where == nowhere {
		return 0, 0
	}
	t.group, t.aims, t.pairs = append(t.group[:0], &m), append(t.aims[:0], a), t.pairs[:0]
	there := newSpot(a.pos)
	for _, tr := range t.tracks {
		if tr.Cell == noCell || t.within(&there, &m, &a, &tr.cell.list[tr.slot]) {
			continue
		}
		skipped++
		if t.tryPair(0, tr, t.cfg.GateNIS, false) {
			wrong++
		}
	}
	return skipped, wrong
}

// FilterWalk takes a filter through steps of prediction, polar and plain
// measurements, heights and velocities that pick draws, and returns the first
// step after which a covariance is not symmetric and positive definite, or -1. A
// class that has models moves by them.
func FilterWalk(steps int, domain Domain, class Class, pick func() float64) int {
	k := motion(domain)
	if own, has := classMotion(class); has {
		k = own
	}
	span := func(lo, hi float64) float64 { return lo * math.Pow(hi/lo, pick()) }
	fr := newFrame(geo.Point{LatDeg: 25, LonDeg: 123})
	plane := geo.NewPlane(geo.Point{LatDeg: 24.5, LonDeg: 122}, 300)
	s := sensor{plane: plane, slot: -1}
	f := Filter{Models: k.models, Mu: k.mu}
	for j := range f.Models {
		for r := range nx {
			f.P[j][r][r] = span(1, 1e6)
		}
		f.X[j][iH] = k.height
	}
	for n := range steps {
		f.predict([]float64{0, span(1e-3, 1), span(0.1, 60), span(0.1, 60), 10_000}[int(pick()*4.01)], &k, pick() < 0.5)
		tr := &track{frame: fr}
		p := pair{tr: tr, f: f}
		x := f.mean()
		switch kind := pick(); {
		case kind < 0.4:
			v := newView(&fr, &s.plane)
			rng, azi, _, ok := v.polar(&fr, x[iE], x[iN], x[iH])
			a := aim{where: polar, rng: rng + 3*span(0.1, 1e3), azi: azi + 0.01*(pick()-0.5), sr: span(0.1, 1e4), sa: span(1e-6, 0.2)}
			if ok && p.look(&a, &s, -3*math.Floor(1.1*pick()), &k, false) {
				p.f.reweigh(&p.looks)
				for j := range f.Models {
					p.looks[j].apply(&p.f.X[j], &p.f.P[j])
				}
			}
		case kind < 0.7:
			a := aim{where: fixed, pos: fr.point(x[iE]+100*(pick()-0.5), x[iN]), sr: span(0.1, 1e5)}
			if p.look(&a, &s, 0, &k, false) {
				p.f.reweigh(&p.looks)
				for j := range f.Models {
					p.looks[j].apply(&p.f.X[j], &p.f.P[j])
				}
			}
		case kind < 0.85:
			p.f.height(x[iH]+100*(pick()-0.5), span(0.1, 1e4))
		default:
			p.f.velocity(x[iVE]+pick()-0.5, x[iVN], span(0.1, 1e3))
		}
		for j := range p.f.Models {
			if !definite(&p.f.P[j]) {
				return n
			}
		}
		f = p.f
		if m := f.mean(); math.Hypot(m[iE], m[iN]) > 3e5 || math.Hypot(m[iVE], m[iVN]) > 700 {
			for j := range f.Models { // another object
				f.X[j] = Vec{iH: k.height}
				f.P[j] = Mat{}
				for r := range nx {
					f.P[j][r][r] = span(1, 1e6)
				}
			}
		}
	}
	return -1
}

// definite tries a Cholesky decomposition of the correlations; a millionth is
// left to rounding.
func definite(p *Mat) bool {
	var l Mat
	for r := range nx {
		for c := range r + 1 {
			if p[r][c] != p[c][r] || !(p[r][r] > 0) {
				return false
			}
			sum := p[r][c] / math.Sqrt(p[r][r]*p[c][c])
			if r == c {
				sum += 1e-6
			}
			for k := range c {
				sum -= l[r][k] * l[c][k]
			}
			if r == c {
				if !(sum > 0) {
					return false
				}
				l[r][r] = math.Sqrt(sum)
			} else {
				l[r][c] = sum / l[c][c]
			}
		}
	}
	return true
}

// ClaimBooks returns what is wrong with the counters of claims, "" for nothing.
func (t *Tracker) ClaimBooks() string {
	low, solos := 0, 0
	for _, tr := range t.tracks {
		if tr.Claim.Low {
			low++
		}
		if tr.Alone != nil {
			solos++
			if !tr.Alone.Filter.sound() {
				return "a filter of radars alone is not sound"
			}
		}
	}
	switch {
	case t.lows < low:
		return "more claims are doubted than counted"
	case t.solos != solos:
		return "filters of radars alone are not counted"
	}
	return ""
}

// IsReference reports whether radars are registered by what a track tells.
func (t *Tracker) IsReference(id ID) bool { return t.numbers[id].Told.At != 0 }

// Ahead takes measurements and returns how many pairs were found ahead and hold
// still at their turn, and how many were not found.
func (t *Tracker) Ahead(ms []Measurement) (held, not int) {
	t.lookAhead(ms, 0)
	for i := range min(len(ms), aheadOf) {
		m := &ms[i]
		a := t.aimOf(m)
		t.group, t.index, t.aims, t.pairs = append(t.group[:0], m), append(t.index[:0], i), append(t.aims[:0], a), t.pairs[:0]
		t.gather(0)
		for n := range t.pairs {
			if _, ok := t.ahead.of[i].find(t.pairs[n].tr); ok {
				held++
			} else {
				not++
			}
		}
	}
	t.ahead.until = 0
	return held, not
}

// linksOf makes links of gains by row and column; NaN is none.
func linksOf(gains [][]float64) (links []link) {
	for r, row := range gains {
		for c, g := range row {
			if !math.IsNaN(g) {
				links = append(links, link{row: r, col: c, gain: g})
			}
		}
	}
	return links
}

// Marginals exposes the probabilities of pairings, with belief by propagation
// also where few ways are to be counted.
func Marginals(gains [][]float64, belief bool) [][]float64 {
	var m marginals
	links := linksOf(gains)
	p := m.solve(len(gains), len(gains[0]), links)
	if belief {
		m.believe(len(gains), len(gains[0]), links)
	}
	out := make([][]float64, len(gains))
	for r := range out {
		out[r] = make([]float64, len(gains[0]))
	}
	for i, l := range links {
		out[l.row][l.col] = p[i]
	}
	return out
}

// KBest exposes the k best assignments and their gains.
func KBest(gains [][]float64, k int) (ways [][]int, sums []float64) {
	var r ranker
	for _, p := range r.solve(len(gains), len(gains[0]), linksOf(gains), k) {
		ways, sums = append(ways, p.way), append(sums, p.gain)
	}
	return ways, sums
}

// JointAllocations counts the allocations of one cluster, after the first.
func JointAllocations() float64 {
	gains := [][]float64{{3, 2, 1}, {2, 3, 1}, {1, 2, 3}, {0, 1, -1}}
	var m marginals
	var r ranker
	links := linksOf(gains)
	once := func() {
		m.solve(4, 3, links)
		m.believe(4, 3, links)
		r.solve(4, 3, links, 8)
	}
	once()
	return testing.AllocsPerRun(10, once)
}

// GridKnows reports whether cells know of their tracks what is so.
func (t *Tracker) GridKnows() bool {
	for _, tr := range t.tracks {
		if tr.Cell == noCell {
			continue
		}
		var e entry
		if e.set(tr); e != tr.cell.list[tr.slot] {
			return false
		}
	}
	return true
}

// GoBack takes the state back to the oldest checkpoint.
func (t *Tracker) GoBack() { t.load(t.log.points[0]) }
