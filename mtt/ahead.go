// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

// Most of the work is to predict tracks to the measurements that may be theirs.
// With Config.Do it is done ahead, for many measurements at once and on a state
// that does not change meanwhile. Measurements then take their turns as ever: what was
// found ahead counts if the track is still the same, value by value, and
// else is found again. So the results do not depend on who did what.

const (
	aheadOf     = 256 // measurements that are looked at together
	mostGuesses = 3   // tracks for each
)

// ahead is what was found ahead of the turn of measurements.
type ahead struct {
	from  int // index of the first measurement
	until int // and behind the last
	of    [aheadOf]guesses
}

// guesses are those of one measurement.
type guesses struct {
	n     int
	list  [mostGuesses]guess
	cells []*cell
}

// guess is what a track and a measurement give.
type guess struct {
	tr       *track
	was      TrackState
	f        Filter
	looks    [maxModels]look
	evidence float64
	h, ok    bool
}

// lookAhead finds what it can for measurements from one on.
func (t *Tracker) lookAhead(ms []Measurement, from int) {
	if t.cfg.Do == nil {
		return
	}
	if t.ahead == nil {
		t.ahead = new(ahead)
	}
	a := t.ahead
	a.from, a.until = from, min(len(ms), from+aheadOf)
	t.cfg.Do(a.until-from, func(i int) { t.guess(&ms[from+i], &a.of[i]) })
}

// guess fills g for a measurement. It changes nothing else.
func (t *Tracker) guess(m *Measurement, g *guesses) {
	g.n = 0
	a := t.aimOf(m)
	if a.refused != 0 || a.where == nowhere {
		return
	}
	if key, keyed := m.key(); keyed {
		c := t.ids[key]
		for _, id := range c.id[:c.n] {
			g.add(t, m, &a, t.byID[id])
		}
		return
	}
	there := newSpot(a.pos)
	g.cells = t.grid.near(a.pos, searchFar+a.slop, g.cells[:0])
	for _, c := range g.cells {
		for n := range c.list {
			if e := &c.list[n]; g.n < mostGuesses && t.within(&there, m, &a, e) && t.fits(m, &a, e.tr) {
				g.add(t, m, &a, e.tr)
			}
		}
	}
}

func (g *guesses) add(t *Tracker, m *Measurement, a *aim, tr *track) {
	dt, _, limit := t.since(a, tr)
	if g.n == mostGuesses || tr.Phase == Lost || dt < -maxBackward || dt > limit {
		return
	}
	one := &g.list[g.n]
	p := pair{tr: tr}
	one.evidence, one.ok = t.foresee(&p, m, a, dt)
	one.tr, one.was, one.f, one.looks, one.h = tr, tr.TrackState, p.f, p.looks, p.h
	g.n++
}

// find returns what was found of a track, if the track is still the same.
func (g *guesses) find(tr *track) (*guess, bool) {
	for n := range g.list[:g.n] {
		if one := &g.list[n]; one.tr == tr && one.was == tr.TrackState {
			return one, true
		}
	}
	return nil, false
}

// foreseen is foresee, or what was found ahead if it still holds.
func (t *Tracker) foreseen(p *pair, m *Measurement, a *aim, dt float64) (evidence float64, ok bool) {
	if t.ahead != nil {
		if i := t.index[p.aim]; i >= t.ahead.from && i < t.ahead.until {
			if g, still := t.ahead.of[i-t.ahead.from].find(p.tr); still {
				p.f, p.looks, p.h = g.f, g.looks, g.h
				return g.evidence, g.ok
			}
		}
	}
	return t.foresee(p, m, a, dt)
}
