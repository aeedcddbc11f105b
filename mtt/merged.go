// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import "math"

// Two objects nearer than a radar can resolve give one plot between them. A
// track without a plot of its own shares that of a neighbour then (Koch and
// van Keuk, 1997), instead of missing; otherwise tracks of a formation
// take turns at the plot and are drawn together.

// share finds the tracks of one cluster that got no plot and lie in the same
// resolution cell as one that did.
func (t *Tracker) share(cluster []int) {
	for _, i := range cluster {
		p := &t.pairs[i]
		chosen := t.aims[p.aim].pair
		if chosen < 0 || chosen == i || t.group[p.aim].Has&HasAddress != 0 || t.aims[p.aim].where != polar || t.served(cluster, p.tr) {
			continue
		}
		q := &t.pairs[chosen]
		if !p.settled() || !q.settled() || !t.unresolved(p, q) {
			continue
		}
		p.tr.shares = true
		p.also, q.also = q.also, i+1
	}
	for _, i := range cluster {
		t.pairs[i].tr.shares = false
	}
}

// served reports whether a track has a plot, of its own or shared.
func (t *Tracker) served(cluster []int, tr *track) bool {
	if tr.shares {
		return true
	}
	for _, i := range cluster {
		if p := &t.pairs[i]; p.tr == tr && t.aims[p.aim].pair == i {
			return true
		}
	}
	return false
}

func (p *pair) settled() bool {
	return (p.tr.Phase == Confirmed || p.tr.Phase == Coasting) && !p.old
}

// unresolved reports whether the plot of q is more likely one of both objects
// than of the one alone.
func (t *Tracker) unresolved(p, q *pair) bool {
	m, a := t.group[p.aim], &t.aims[p.aim]
	s := &t.sensors[m.Sensor]
	yp, cp := p.expected()
	yq, cq := q.expected()
	cellR, cellA := s.cell()
	if math.Abs(yp[0]-yq[0]) > cellR || math.Abs(yp[1]-yq[1]) > cellA {
		return false
	}
	var one, both [2][2]float64
	for r := range 2 {
		for c := range 2 {
			one[r][c], both[r][c] = cq[r][c], (cp[r][c]+cq[r][c])/4
		}
	}
	one[0][0], both[0][0] = one[0][0]+a.sr*a.sr, both[0][0]+a.sr*a.sr
	one[1][1], both[1][1] = one[1][1]+a.sa*a.sa, both[1][1]+a.sa*a.sa
	mean := [2]float64{(yp[0] + yq[0]) / 2, (yp[1] + yq[1]) / 2}
	pd := s.pd(p.tr)
	return math.Log(pd)+logNormal(&both, mean) > math.Log(1-pd)+logNormal(&one, yq)
}

// expected returns the mean innovation and the covariance of the predicted
// measurement.
func (p *pair) expected() (y [2]float64, c [2][2]float64) {
	f := &p.f
	for j := range f.Models {
		for a := range 2 {
			y[a] += f.Mu[j] * p.looks[j].y[a]
		}
	}
	for j := range f.Models {
		l := &p.looks[j]
		for a := range 2 {
			for b := range 2 {
				v := (l.y[a] - y[a]) * (l.y[b] - y[b])
				for r := range nx {
					v += l.h[a][r] * l.ph[r][b]
				}
				c[a][b] += f.Mu[j] * v
			}
		}
	}
	return y, c
}

// logNormal returns the log density of y, or a number below all others when v
// is no covariance.
func logNormal(v *[2][2]float64, y [2]float64) float64 {
	inv, ok := inverse(v)
	if !ok {
		return -math.MaxFloat64
	}
	return -0.5*square(&inv, y) - math.Log(2*math.Pi) + 0.5*math.Log(inv[0][0]*inv[1][1]-inv[0][1]*inv[1][0])
}

// divide turns the looks of the pairs that share a plot into looks at the mean
// of their objects: each moves by its part.
func (t *Tracker) divide(first *pair) {
	n, sumY, sumC := 0.0, [2]float64{}, [2][2]float64{}
	for p := first; p != nil; p = t.next(p) {
		p.meanY, p.meanC = p.expected()
		n++
		for a := range 2 {
			sumY[a] += p.meanY[a]
			for b := range 2 {
				sumC[a][b] += p.meanC[a][b]
			}
		}
	}
	for p := first; p != nil; p = t.next(p) {
		for j := range p.f.Models {
			l := &p.looks[j]
			for a := range 2 {
				l.y[a] = (sumY[a] - p.meanY[a] + l.y[a]) / n
				for r := range nx {
					l.h[a][r] /= n
				}
				for b := range 2 {
					l.r[a][b] += (sumC[a][b] - p.meanC[a][b]) / (n * n)
				}
			}
			l.weigh(&p.f.P[j])
		}
	}
}

func (t *Tracker) next(p *pair) *pair {
	if p.also == 0 {
		return nil
	}
	return &t.pairs[p.also-1]
}
