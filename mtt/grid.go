// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"math"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// grid finds tracks by place: a hash of cells of a quarter degree of latitude
// and about the same length of longitude. What a search compares lies in the
// cells, side by side: tracks are far apart in memory.
type grid struct {
	cells map[uint32]*cell
	spare []*cell
	belts [180 * bandsPerDegree]belt
}

// belt is a band of latitude.
type belt struct {
	columns int
	width   float64 // m, of a cell at the poleward edge
}

type cell struct{ list []entry }

// entry is a track as the grid knows it: where it is expected, and how far from
// there a measurement may be. It follows the filter.
type entry struct {
	tr       *track
	at       int64 // ns, of the filter
	lat, lon float64
	ve, vn   float64    // m/s
	v        [4]float64 // m², by powers of the time in s: see set
	off      float64    // m
	drift    float64    // m/s
	h, vh    float64    // m, m²: height and its variance
}

const (
	bandsPerDegree = 4
	metresPerBand  = 111_000.0 / bandsPerDegree // a little short, so that searches are a little wide
	noCell         = math.MaxUint32
	maxSpareCells  = 10_000
)

func newGrid() grid {
	g := grid{cells: make(map[uint32]*cell)}
	for b := range g.belts {
		south := float64(b)/bandsPerDegree - 90
		north := south + 1.0/bandsPerDegree
		g.belts[b].columns = max(1, int(360*bandsPerDegree*cosDeg((south+north)/2)))
		edge := math.Max(0, math.Min(cosDeg(south), cosDeg(north)))
		g.belts[b].width = 360 * bandsPerDegree * metresPerBand * edge / float64(g.belts[b].columns)
	}
	return g
}

func cosDeg(d float64) float64 { return math.Cos(geo.Degrees(d).Radians()) }

func band(lat float64) int {
	return max(0, min(180*bandsPerDegree-1, int(math.Floor((lat+90)*bandsPerDegree))))
}

func column(lon float64, n int) int {
	c := int(math.Floor((lon + 180) / 360 * float64(n)))
	return max(0, min(n-1, c))
}

func (g *grid) cellOf(p geo.Point) uint32 {
	b := band(p.LatDeg)
	return uint32(b)<<11 | uint32(column(p.LonDeg, g.belts[b].columns))
}

// put moves a track to a cell, or renews what its cell knows of it; noCell
// takes it out.
func (g *grid) put(t *track, key uint32) {
	g.place(t, key)
	g.renew(t)
}

// place moves a track to a cell, which knows of it what renew tells.
func (g *grid) place(t *track, key uint32) {
	if t.Cell == key {
		return
	}
	g.remove(t)
	if key == noCell {
		return
	}
	c := g.cells[key]
	if c == nil {
		c = g.newCell()
		g.cells[key] = c
	}
	t.Cell, t.cell, t.slot = key, c, len(c.list)
	c.list = append(c.list, entry{tr: t})
}

// newCell returns an empty cell; those that became empty are used again.
func (g *grid) newCell() *cell {
	n := len(g.spare)
	if n == 0 {
		return new(cell)
	}
	c := g.spare[n-1]
	g.spare = g.spare[:n-1]
	return c
}

// renew brings what a track's cell knows of it up to its filter.
func (g *grid) renew(t *track) {
	if t.Cell != noCell {
		t.cell.list[t.slot].set(t)
	}
}

func (g *grid) remove(t *track) {
	if t.Cell == noCell {
		return
	}
	c := t.cell
	last := len(c.list) - 1
	c.list[t.slot] = c.list[last]
	c.list[t.slot].tr.slot = t.slot
	c.list[last] = entry{}
	c.list = c.list[:last]
	if last == 0 {
		delete(g.cells, t.Cell)
		if len(g.spare) < maxSpareCells {
			g.spare = append(g.spare, c)
		}
	}
	t.Cell, t.cell, t.slot = noCell, nil, 0
}

// near appends the cells that touch the circle, in no useful order.
func (g *grid) near(p geo.Point, radius float64, dst []*cell) []*cell {
	dlat := radius / metresPerBand / bandsPerDegree
	for b := band(p.LatDeg - dlat); b <= band(p.LatDeg+dlat); b++ {
		n := g.belts[b].columns
		reach := radius / g.belts[b].width // +Inf at a pole
		if 2*reach+2 >= float64(n) {
			for c := range n {
				dst = g.cell(b, c, dst)
			}
			continue
		}
		x := (p.LonDeg + 180) / 360 * float64(n)
		for c := int(math.Floor(x - reach)); c <= int(math.Floor(x+reach)); c++ {
			dst = g.cell(b, (c+n)%n, dst)
		}
	}
	return dst
}

func (g *grid) cell(band, column int, dst []*cell) []*cell {
	if c := g.cells[uint32(band)<<11|uint32(column)]; c != nil {
		dst = append(dst, c)
	}
	return dst
}

// set takes over a track. The polynomial v bounds, at a time after the filter's,
// the variance of every model in every direction; off and drift how far and how
// fast its mean leaves that of all.
func (e *entry) set(tr *track) {
	k, f, x := tr.motion(), &tr.Filter, tr.Filter.mean()
	*e = entry{tr: tr, at: tr.Time, lat: tr.pos.LatDeg, lon: tr.pos.LonDeg, h: f.X[0][iH], vh: f.P[0][iH][iH]}
	e.ve, e.vn = tr.frame.inward(-x[iE], x[iVE], x[iVN])
	for j := range f.Models {
		y, p := &f.X[j], &f.P[j]
		e.v[0] = max(e.v[0], widest(p[iE][iE], p[iN][iN], p[iE][iN]))
		e.v[1] = max(e.v[1], widest(2*p[iE][iVE], 2*p[iN][iVN], p[iE][iVN]+p[iN][iVE]))
		e.v[2] = max(e.v[2], widest(p[iVE][iVE], p[iVN][iVN], p[iVE][iVN]))
		e.v[3] = max(e.v[3], k.q[j]/3)
		de, dn, dve, dvn := y[iE]-x[iE], y[iN]-x[iN], y[iVE]-x[iVE], y[iVN]-x[iVN]
		e.off, e.drift = max(e.off, de*de+dn*dn), max(e.drift, dve*dve+dvn*dvn)
	}
	e.off, e.drift = math.Sqrt(e.off), math.Sqrt(e.drift)
	// Means that are mixed are at most twice as far from each other.
	e.v[0] += 4 * e.off * e.off
	e.v[1] += 8 * e.off * e.drift
	e.v[2] += 4 * e.drift * e.drift
}

// widest returns the greatest eigenvalue of a symmetric matrix.
func widest(a, b, c float64) float64 {
	d := (a - b) / 2
	return (a+b)/2 + math.Sqrt(d*d+c*c)
}
