// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"math"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// grid finds tracks by place: a hash of cells of a quarter degree of latitude
// and about the same length of longitude.
type grid struct {
	head map[uint32]*track
}

const (
	bandsPerDegree = 4
	metresPerBand  = 111_000.0 / bandsPerDegree // a little short, so that searches are a little wide
	noCell         = math.MaxUint32
)

// columns returns the number of cells in a band of latitude.
func columns(band int) int {
	mid := (float64(band)+0.5)/bandsPerDegree - 90
	n := int(360 * bandsPerDegree * math.Cos(geo.Degrees(mid).Radians()))
	return max(1, n)
}

func band(lat float64) int {
	return max(0, min(180*bandsPerDegree-1, int(math.Floor((lat+90)*bandsPerDegree))))
}

func column(lon float64, n int) int {
	c := int(math.Floor((lon + 180) / 360 * float64(n)))
	return max(0, min(n-1, c))
}

func cellOf(p geo.Point) uint32 {
	b := band(p.LatDeg)
	return uint32(b)<<11 | uint32(column(p.LonDeg, columns(b)))
}

// put moves a track to a cell; noCell takes it out.
func (g *grid) put(t *track, cell uint32) {
	if t.Cell == cell {
		return
	}
	g.remove(t)
	if cell == noCell {
		return
	}
	t.Cell = cell
	t.next = g.head[cell]
	if t.next != nil {
		t.next.prev = t
	}
	g.head[cell] = t
}

func (g *grid) remove(t *track) {
	if t.Cell == noCell {
		return
	}
	switch {
	case t.prev != nil:
		t.prev.next = t.next
	case t.next != nil:
		g.head[t.Cell] = t.next
	default:
		delete(g.head, t.Cell)
	}
	if t.next != nil {
		t.next.prev = t.prev
	}
	t.prev, t.next, t.Cell = nil, nil, noCell
}

// near appends the tracks in cells that touch the circle, in no useful order.
func (g *grid) near(p geo.Point, radius float64, dst []*track) []*track {
	dlat := radius / metresPerBand / bandsPerDegree
	for b := band(p.LatDeg - dlat); b <= band(p.LatDeg+dlat); b++ {
		n := columns(b)
		// A cell is a little shorter at its band's poleward edge.
		reach := int(math.Ceil(radius / (0.9 * metresPerBand)))
		if 2*reach+1 >= n {
			for c := range n {
				dst = g.cell(uint32(b)<<11|uint32(c), dst)
			}
			continue
		}
		mid := column(p.LonDeg, n)
		for c := mid - reach; c <= mid+reach; c++ {
			dst = g.cell(uint32(b)<<11|uint32((c+n)%n), dst)
		}
	}
	return dst
}

func (g *grid) cell(key uint32, dst []*track) []*track {
	for t := g.head[key]; t != nil; t = t.next {
		dst = append(dst, t)
	}
	return dst
}
