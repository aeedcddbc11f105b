// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import "math"

// In a formation the best assignment is often hardly better than the one with
// two plots exchanged. The tracks go on well, but their numbers may have
// changed objects. The probability of that is kept and given out as a spread
// of the position: it is where the object of this number may be.

const (
	rivalNear  = 1500.0 // m: two tracks farther apart are no longer taken for each other
	leastDoubt = 0.01
)

// Rival is the track whose object this one may follow by now.
type Rival struct {
	Track ID
	Doubt float64 // probability that the two were exchanged, at most one half
}

// doubtNumbers notes for each two tracks of a cluster how likely they exchanged
// their objects in this assignment: how likely the plot of the one is the
// other's.
func (t *Tracker) doubtNumbers(cluster []int, rows, cols int) {
	if cols < 2 {
		return
	}
	for n, i := range cluster {
		t.links[n].gain = math.Max(-mostGain, t.pairs[i].odds)
	}
	t.weighLinks(rows, cols)
	for n, i := range cluster {
		p := &t.pairs[i]
		if t.aims[p.aim].pair != i || !p.settled() {
			continue
		}
		row := t.links[n].row
		for m, k := range cluster {
			o := &t.pairs[k]
			if t.links[m].row != row || o.tr == p.tr || !o.settled() || t.shared(p, o.tr) || t.counted(cluster, p, o.tr) {
				continue
			}
			q := math.Min(0.5, t.likely[m])
			p.tr.Rival.doubt(o.tr.ID, q)
			o.tr.Rival.doubt(p.tr.ID, q)
		}
	}
}

const (
	bestWays = 8 // that doubts are taken from
	mostRows = 8 // of a cluster whose best ways are looked for
)

// weighLinks finds the probability of each link of a cluster: from the best ways
// of a small one, by belief propagation of a large one.
func (t *Tracker) weighLinks(rows, cols int) {
	if rows > mostRows {
		t.likely = append(t.likely[:0], t.joint.solve(rows, cols, t.links)...)
		return
	}
	t.likely = resize(t.likely, len(t.links))
	clear(t.likely)
	ways := t.ranks.solve(rows, cols, t.links, bestWays)
	t.weights = odds(ways, t.weights[:0])
	for w := range ways {
		for n, l := range t.links {
			if ways[w].way[l.row] == l.col {
				t.likely[n] += t.weights[w]
			}
		}
	}
}

// counted reports whether a track has a plot before that of p: the two were
// compared with it, if they are at all.
func (t *Tracker) counted(cluster []int, p *pair, tr *track) bool {
	for _, i := range cluster {
		if q := &t.pairs[i]; q.tr == tr && t.aims[q.aim].pair == i {
			return q.aim < p.aim
		}
	}
	return false
}

// shared reports whether tr shares the plot of p.
func (t *Tracker) shared(p *pair, tr *track) bool {
	for ; p != nil; p = t.next(p) {
		if p.tr == tr {
			return true
		}
	}
	return false
}

// doubt takes another chance of an exchange into account.
func (r *Rival) doubt(other ID, q float64) {
	switch {
	case r.Track == other:
		r.Doubt += q - 2*r.Doubt*q
	case q > r.Doubt:
		r.Track, r.Doubt = other, q
	}
	r.Doubt = math.Min(r.Doubt, 0.5)
}

// spread adds to the covariance of a position what the doubt of a track's
// number makes of it at a time.
func (t *Tracker) spread(tr *track, x *Vec, p *Mat, at int64) {
	o := t.byID[tr.Rival.Track]
	if tr.Rival.Doubt < leastDoubt || o == nil || o.Phase != Confirmed && o.Phase != Coasting {
		return
	}
	y := o.Filter.mean()
	dt := seconds(at - o.Time)
	e, n := tr.frame.ground(o.frame.point(y[iE]+dt*y[iVE], y[iN]+dt*y[iVN]))
	d := [2]float64{e - x[iE], n - x[iN]}
	if math.Hypot(d[0], d[1]) > rivalNear {
		return
	}
	for r := range 2 {
		for c := range 2 {
			p[r][c] += tr.Rival.Doubt * d[r] * d[c]
		}
	}
}
