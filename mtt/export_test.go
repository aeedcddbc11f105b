// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import "github.com/kuroshio-watch/kuroshio/geo"

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
	there := newSpot(&a)
	for _, tr := range t.tracks {
		if t.within(&there, &m, &a, tr) {
			continue
		}
		skipped++
		if t.tryPair(0, tr, t.cfg.GateNIS, false) {
			wrong++
		}
	}
	return skipped, wrong
}
