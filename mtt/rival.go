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
// their objects in this assignment.
func (t *Tracker) doubtNumbers(cluster []int) {
	for n, i := range cluster {
		p := &t.pairs[i]
		if t.aims[p.aim].pair != i || !p.settled() {
			continue
		}
		for _, k := range t.sameAim(cluster, n) {
			o := &t.pairs[k]
			if o.tr == p.tr || !o.settled() || t.shared(p, o.tr) {
				continue
			}
			gain, ok := t.exchange(cluster, p, o)
			if ok {
				q := 1 / (1 + math.Exp(-gain))
				p.tr.Rival.doubt(o.tr.ID, q)
				o.tr.Rival.doubt(p.tr.ID, q)
			}
		}
	}
}

// sameAim returns the part of a cluster, which is in order of measurements,
// with the measurement of its n-th pair.
func (t *Tracker) sameAim(cluster []int, n int) []int {
	aim := t.pairs[cluster[n]].aim
	from, to := n, n+1
	for from > 0 && t.pairs[cluster[from-1]].aim == aim {
		from--
	}
	for to < len(cluster) && t.pairs[cluster[to]].aim == aim {
		to++
	}
	return cluster[from:to]
}

// exchange returns the log odds of giving p's plot to the track of o, and the
// plot of that to p's track, if it has one; false when that cannot be or was
// counted with the other plot.
func (t *Tracker) exchange(cluster []int, p, o *pair) (float64, bool) {
	gain := o.ratio - p.ratio
	for n, i := range cluster {
		q := &t.pairs[i]
		if q.tr != o.tr || t.aims[q.aim].pair != i {
			continue
		}
		if q.aim < p.aim {
			return 0, false
		}
		for _, k := range t.sameAim(cluster, n) {
			if back := &t.pairs[k]; back.tr == p.tr {
				return gain + back.ratio - q.ratio, true
			}
		}
		return 0, false
	}
	return gain, true
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
