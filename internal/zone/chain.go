// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package zone

import (
	"math"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// chain finds the nearest of many edges. A binary tree of Earth-centred boxes
// over runs of neighbouring edges bounds the straight distance from below; the
// few edges that remain are measured on the ellipsoid.
type chain struct {
	edges  []edge
	boxes  []cube // 1 is the root, 2i and 2i+1 the children of i
	leaves int
	maxSag float64 // metres
}

type edge struct {
	a, b   geo.Point
	va, vb vec     // metres
	sag    float64 // metres from the chord to the surface, at most
}

type cube struct{ min, max vec }

const (
	edgesPerLeaf = 4
	leastRadius  = 6_335_000 // metres, a little less than any radius of curvature
)

func newChain(parts ...[]geo.Point) chain {
	var c chain
	for _, part := range parts {
		for i := range len(part) - 1 {
			c.add(part[i], part[i+1])
		}
	}
	c.leaves = 1
	for c.leaves*edgesPerLeaf < len(c.edges) {
		c.leaves *= 2
	}
	c.boxes = make([]cube, 2*c.leaves)
	for i := range c.boxes {
		inf := math.Inf(1)
		c.boxes[i] = cube{vec{inf, inf, inf}, vec{-inf, -inf, -inf}}
	}
	for i, e := range c.edges {
		leaf := &c.boxes[c.leaves+i/edgesPerLeaf]
		leaf.add(e.va)
		leaf.add(e.vb)
	}
	for i := c.leaves - 1; i > 0; i-- {
		for _, child := range c.boxes[2*i : 2*i+2] {
			c.boxes[i].add(child.min)
			c.boxes[i].add(child.max)
		}
	}
	return c
}

func (c *chain) add(a, b geo.Point) {
	ea, eb := geo.ToECEF(a, 0), geo.ToECEF(b, 0)
	length := float64(eb.Sub(ea).Norm())
	e := edge{a: a, b: b, va: ecefVec(ea), vb: ecefVec(eb), sag: length * length / (8 * leastRadius)}
	e.sag *= 1.01 // the arc over the chord, to the next order and more
	c.maxSag = max(c.maxSag, e.sag)
	c.edges = append(c.edges, e)
}

func ecefVec(e geo.ECEF) vec { return vec{e.X, e.Y, e.Z} }

func (b *cube) add(v vec) {
	b.min = vec{min(b.min.x, v.x), min(b.min.y, v.y), min(b.min.z, v.z)}
	b.max = vec{max(b.max.x, v.x), max(b.max.y, v.y), max(b.max.z, v.z)}
}

// distance2 is the squared distance of v from the box, infinite if it is empty.
func (b *cube) distance2(v vec) float64 {
	dx := max(b.min.x-v.x, 0, v.x-b.max.x)
	dy := max(b.min.y-v.y, 0, v.y-b.max.y)
	dz := max(b.min.z-v.z, 0, v.z-b.max.z)
	return dx*dx + dy*dy + dz*dz
}

// chord is the straight distance of v from the edge's chord.
func (e *edge) chord(v vec) float64 {
	dx, dy, dz := e.vb.x-e.va.x, e.vb.y-e.va.y, e.vb.z-e.va.z
	px, py, pz := v.x-e.va.x, v.y-e.va.y, v.z-e.va.z
	t := (dx*px + dy*py + dz*pz) / (dx*dx + dy*dy + dz*dz)
	t = max(0, min(1, t))
	px, py, pz = px-t*dx, py-t*dy, pz-t*dz
	return math.Sqrt(px*px + py*py + pz*pz)
}

// arc returns an upper bound of the geodesic distance of two points that are a
// straight distance d apart.
func arc(d float64) float64 {
	return 2 * leastRadius * math.Asin(min(1, d/(2*leastRadius)))
}

// bound returns an upper bound of the straight distance from v to the nearest
// edge's surface line; the true one is less by at most twice maxSag.
func (c *chain) bound(v vec) float64 { return c.lower(1, v, math.Inf(1)) }

func (c *chain) lower(node int, v vec, best float64) float64 {
	if d := c.boxes[node].distance2(v); !(d < best*best) {
		return best
	}
	if node >= c.leaves {
		first := (node - c.leaves) * edgesPerLeaf
		for i := first; i < min(first+edgesPerLeaf, len(c.edges)); i++ {
			best = min(best, c.edges[i].chord(v)+c.edges[i].sag)
		}
		return best
	}
	left, right := 2*node, 2*node+1
	if c.boxes[right].distance2(v) < c.boxes[left].distance2(v) {
		left, right = right, left
	}
	best = c.lower(left, v, best)
	return c.lower(right, v, best)
}

// within reports whether p, at v in metres, is at most limit from the chain.
func (c *chain) within(p geo.Point, v vec, limit geo.Metres) bool {
	bound := c.bound(v)
	switch {
	case arc(bound) <= float64(limit):
		return true
	case bound-2*c.maxSag > float64(limit):
		return false
	}
	return c.measure(1, p, v, reach(bound), geo.Metres(math.Inf(1))) <= limit
}

// distance returns the geodesic distance of p from the nearest edge.
func (c *chain) distance(p geo.Point, v vec) geo.Metres {
	return c.measure(1, p, v, reach(c.bound(v)), geo.Metres(math.Inf(1)))
}

// reach is the straight distance up to which an edge may be the nearest, given
// an upper bound of the least: arcs over equal chords differ a little with
// their course, by some hundredths of what they exceed the chord.
func reach(bound float64) float64 { return bound + 0.05*(arc(bound)-bound) + 1e-3 }

func (c *chain) measure(node int, p geo.Point, v vec, reach float64, best geo.Metres) geo.Metres {
	if d := math.Sqrt(c.boxes[node].distance2(v)); !(d-c.maxSag <= reach) {
		return best
	}
	if node >= c.leaves {
		first := (node - c.leaves) * edgesPerLeaf
		for i := first; i < min(first+edgesPerLeaf, len(c.edges)); i++ {
			if e := &c.edges[i]; e.chord(v)-e.sag <= reach {
				best = min(best, geo.DistanceToSegment(p, e.a, e.b))
			}
		}
		return best
	}
	best = c.measure(2*node, p, v, reach, best)
	return c.measure(2*node+1, p, v, reach, best)
}
