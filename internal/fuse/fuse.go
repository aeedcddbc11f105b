// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package fuse makes one estimate of two or more that may rest on the same
// measurements, and estimates how far off one party's places lie from
// another's. It does not say which tracks are one object, holds no track, and
// what it makes is for the screen of the node that made it: nothing of it is
// released.
//
// Places are metres east and north on a plane that the caller lays; an
// estimate is a place with the covariance of its error. Velocities are joined
// the same way, in m/s: beside places, not together with them.
package fuse

import (
	"cmp"
	"math"
)

// Cov is a covariance of a place or velocity: variances east and north and what
// they have in common, m² or m²/s².
type Cov struct{ EE, EN, NN float64 }

// Round returns the covariance of an error of the same size in all directions,
// sigma metres in each axis.
func Round(sigma float64) Cov { return Cov{EE: sigma * sigma, NN: sigma * sigma} }

// Add returns the sum.
func (c Cov) Add(o Cov) Cov { return Cov{c.EE + o.EE, c.EN + o.EN, c.NN + o.NN} }

// Trace returns the sum of the two variances.
func (c Cov) Trace() float64 { return c.EE + c.NN }

// Valid reports whether c is finite, positive definite and not so thin that
// arithmetic could no longer tell.
func (c Cov) Valid() bool {
	const most, thinnest = 1e14, 1e-10
	return c.EE > 0 && c.NN > 0 && c.EE < most && c.NN < most && c.det() > thinnest*c.EE*c.NN
}

// Within reports whether the error that c describes is nowhere greater than
// that of o: o - c is positive semidefinite.
func (c Cov) Within(o Cov) bool {
	d := o.sub(c)
	return d.EE >= 0 && d.NN >= 0 && d.det() >= 0
}

// Axes returns one standard deviation along the two axes of the ellipse, the
// greater first, and the direction of the greater one in degrees from north,
// 0 to below 180.
func (c Cov) Axes() (major, minor, direction float64) {
	mean, half := c.Trace()/2, math.Hypot((c.EE-c.NN)/2, c.EN)
	direction = math.Mod(math.Atan2(2*c.EN, c.NN-c.EE)/2*180/math.Pi+180, 180)
	return math.Sqrt(mean + half), math.Sqrt(math.Max(0, mean-half)), direction
}

// Distance2 returns the squared distance of an offset in standard deviations of
// c (Mahalanobis).
func (c Cov) Distance2(e, n float64) float64 {
	return (c.NN*e*e - 2*c.EN*e*n + c.EE*n*n) / c.det()
}

func (c Cov) sub(o Cov) Cov { return Cov{c.EE - o.EE, c.EN - o.EN, c.NN - o.NN} }

func (c Cov) det() float64 { return c.EE*c.NN - c.EN*c.EN }

func (c Cov) scale(f float64) Cov { return Cov{f * c.EE, f * c.EN, f * c.NN} }

func (c Cov) inverse() Cov {
	d := c.det()
	return Cov{c.NN / d, -c.EN / d, c.EE / d}
}

// times returns the product of c with a vector.
func (c Cov) times(e, n float64) (float64, float64) { return c.EE*e + c.EN*n, c.EN*e + c.NN*n }

// Estimate is a place and the covariance of its error.
type Estimate struct {
	E, N float64 // m
	Cov  Cov
}

// compare orders estimates by how good they are, and then by whatever tells
// them apart, so that no result depends on the order of the inputs.
func compare(a, b Estimate) int {
	return cmp.Or(
		cmp.Compare(a.Cov.Trace(), b.Cov.Trace()), cmp.Compare(a.Cov.EE, b.Cov.EE), cmp.Compare(a.Cov.EN, b.Cov.EN),
		cmp.Compare(a.Cov.NN, b.Cov.NN), cmp.Compare(a.E, b.E), cmp.Compare(a.N, b.N),
	)
}

// Better returns the one with the smaller trace. It is what is done with two
// estimates that rest on the same source: their mean would know no more.
func Better(a, b Estimate) Estimate {
	if compare(a, b) <= 0 {
		return a
	}
	return b
}

// CI is covariance intersection (Julier and Uhlmann, 1997) of the smallest
// trace. It holds whatever the two errors have in common: the covariance of the
// true error is not greater than the result's. In no direction does it know
// more than the one that knows more there.
func CI(a, b Estimate) Estimate { return join(a, b, ciAt) }

// ICI is inverse covariance intersection (Noack, Sijs, Reinhardt and Hanebeck,
// Automatica 79, 2017; Nygårds et al., FUSION 2018) of the smallest trace. It
// holds where what two errors have in common comes from an estimate that both
// took in, such as a common model of motion; it is tighter than CI.
func ICI(a, b Estimate) Estimate { return join(a, b, iciAt) }

// join looks for the weight with the smallest trace. Where one error is
// nowhere greater than the other, that estimate is the answer as it stands.
func join(a, b Estimate, at func(a, b Estimate, w float64) Estimate) Estimate {
	if compare(a, b) > 0 {
		a, b = b, a
	}
	if a.Cov.Within(b.Cov) {
		return a
	}
	out := at(a, b, weight(a, b, at))
	if !out.Cov.Valid() || !(out.Cov.Trace() < a.Cov.Trace()) {
		return a
	}
	return out
}

// weight finds the weight of the smallest trace by golden sections: the trace
// is a convex function of it.
func weight(a, b Estimate, at func(a, b Estimate, w float64) Estimate) float64 {
	const golden = 0.6180339887498949
	trace := func(w float64) float64 { return at(a, b, w).Cov.Trace() }
	lo, hi := 0.0, 1.0
	x, y := hi-golden, golden
	fx, fy := trace(x), trace(y)
	for range 24 { // to 1e-5
		if fx <= fy {
			hi, y, fy = y, x, fx
			x = hi - golden*(hi-lo)
			fx = trace(x)
		} else {
			lo, x, fx = x, y, fy
			y = lo + golden*(hi-lo)
			fy = trace(y)
		}
	}
	return (lo + hi) / 2
}

// ciAt gives a the weight w and b the rest.
func ciAt(a, b Estimate, w float64) Estimate {
	ia, ib := a.Cov.inverse().scale(w), b.Cov.inverse().scale(1-w)
	return solve(a, b, ia, ib)
}

// iciAt is as Noack et al. have it: what may be known to both,
// (w A + (1-w) B)⁻¹, is taken off the sum of what both know.
func iciAt(a, b Estimate, w float64) Estimate {
	common := a.Cov.scale(w).Add(b.Cov.scale(1 - w)).inverse()
	return solve(a, b, a.Cov.inverse().sub(common.scale(w)), b.Cov.inverse().sub(common.scale(1-w)))
}

// solve returns the mean of two places weighted by matrices that add up to the
// inverse of its covariance.
func solve(a, b Estimate, ia, ib Cov) Estimate {
	p := ia.Add(ib).inverse()
	// As a correction of a, so that great coordinates cost no digits.
	de, dn := ib.times(b.E-a.E, b.N-a.N)
	e, n := p.times(de, dn)
	return Estimate{a.E + e, a.N + n, p}
}
