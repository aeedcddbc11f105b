// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"cmp"
	"slices"
)

// A rollback takes the whole state back to a checkpoint and processes the log
// from there: trust, registration and the maps of radars join all tracks, so
// that no part of the state can go back alone. Inside, tracks begin in the order
// of the log and have the IDs of it; the numbers by which they are known
// outside follow their measurements.

// replay is the working memory of a rollback.
type replay struct {
	on      bool
	old     []*track
	before  []known // tracks as they are known outside, by number
	now     []known
	gone    []known // of before
	orphans []ID    // numbers of tracks that began after the checkpoint
	outs    []Outcome
	begun   []birth // by provisional number
	merged  []Event
	votes   []vote
	back    []vote // numbers that are exchanged for new ones
	heirs   []vote
	revised []ID
}

// known is a track as the outside was told of it.
type known struct {
	number ID
	phase  Phase
}

// birth is a track that began during a rollback.
type birth struct {
	number ID
	lives  bool
}

// vote says how many measurements that one track had go to another.
type vote struct {
	to, from ID
	n        int
}

// provisional is where the numbers of tracks begin that have none yet.
const provisional = ID(1) << 31

// rollBack makes the state that of the log; newest asks for a checkpoint at the
// last tick too.
func (t *Tracker) rollBack(newest bool) {
	l, r := &t.log, &t.log.redo
	c := l.points[len(l.points)-1]
	first := l.after(c.at)
	r.before = t.known(r.before[:0])
	r.orphans, r.begun, r.merged = r.orphans[:0], r.begun[:0], r.merged[:0]
	r.on = true
	t.load(c)
	r.outs = resize(r.outs, len(l.ms)-first)
	kept := c.at
	at := first + t.replay(c.at, l.ticked, func(tick int64) bool {
		if age := l.ticked - tick; age == 0 && !newest || age > allOf && 2*(tick-kept) < age {
			return false // thin would not leave it
		}
		kept = tick
		return true
	}, nil)
	t.run(l.ms[at:], r.outs[at-first:])
	r.on = false
	l.stale = notStale
	l.stats.Rollbacks++
	l.stats.Replayed += uint64(len(r.outs))
	slices.Sort(r.orphans)
	t.nameBegun(c.at, l.outs[first:])
	t.tellDifference(l.outs[first:])
	for i := range r.outs {
		r.revised = append(r.revised, r.outs[i].Track)
	}
	slices.Sort(r.revised)
	r.revised = slices.Compact(r.revised)
	copy(l.outs[first:], r.outs)
}

// Revised appends the tracks to dst, by ID, whose measurements were processed
// again since the last call: what is held of them may have changed.
func (t *Tracker) Revised(dst []ID) []ID {
	r := &t.log.redo
	for _, id := range r.revised {
		if t.numbers[id] != nil {
			dst = append(dst, id)
		}
	}
	r.revised = r.revised[:0]
	return dst
}

// replay processes the log between two ticks into redo.outs and returns how
// many measurements that were. It makes checkpoints at the ticks that keep
// chooses; ran, unless nil, sees the outcomes before each tick.
func (t *Tracker) replay(from, to int64, keep func(tick int64) bool, ran func(first, n int)) int {
	l := &t.log
	first := l.after(from)
	at := first
	for _, tick := range l.ticks {
		if tick <= from || tick > to {
			continue
		}
		n := l.after(tick)
		t.run(l.ms[at:n], l.redo.outs[at-first:n-first])
		if ran != nil {
			ran(at, n)
		}
		t.tick(from, tick)
		if keep(tick) {
			t.save(tick)
		}
		at, from = n, tick
	}
	return at - first
}

// known appends the tracks as they are now, by number.
func (t *Tracker) known(dst []known) []known {
	for _, tr := range t.tracks {
		dst = append(dst, known{tr.Number, tr.Phase})
	}
	slices.SortFunc(dst, func(a, b known) int { return cmp.Compare(a.number, b.number) })
	return dst
}

func has(list []known, number ID) bool {
	_, ok := slices.BinarySearchFunc(list, number, func(k known, id ID) int { return cmp.Compare(k.number, id) })
	return ok
}

// nameBegun gives the tracks that began the numbers of those that had most of
// their measurements before; others get new ones.
func (t *Tracker) nameBegun(from int64, told []Outcome) {
	r := &t.log.redo
	for _, tr := range t.tracks {
		if tr.Number >= provisional {
			r.begun[tr.Number-provisional].lives = true
		}
	}
	r.votes = count(r.votes[:0], r.outs, told, func(to, from ID) bool {
		_, free := slices.BinarySearch(r.orphans, from)
		return to >= provisional && free
	})
	slices.SortStableFunc(r.votes, func(a, b vote) int {
		x, y := r.begun[a.to-provisional].lives, r.begun[b.to-provisional].lives
		return cmp.Or(rank(y)-rank(x), b.n-a.n)
	})
	for _, v := range r.votes {
		b := &r.begun[v.to-provisional]
		if i, free := slices.BinarySearch(r.orphans, v.from); free && b.number == 0 {
			b.number = v.from
			r.orphans = slices.Delete(r.orphans, i, i+1)
		}
	}
	for i := range r.begun {
		if b := &r.begun[i]; b.number == 0 {
			t.given++
			b.number = t.given
		}
	}
	// Whose end was told, or who was never known, comes back as another.
	r.back = r.back[:0]
	for _, tr := range t.tracks {
		if tr.Number < provisional && !has(r.before, tr.Number) {
			t.given++
			r.back = append(r.back, vote{to: t.given, from: tr.Number})
		}
	}
	t.rename(from)
}

// count appends how many measurements went from one track to another, by
// number.
func count(dst []vote, outs, told []Outcome, counts func(to, from ID) bool) []vote {
	for i := range outs {
		if to, from := outs[i].Track, told[i].Track; to != 0 && from != 0 && counts(to, from) {
			dst = append(dst, vote{to, from, 1})
		}
	}
	slices.SortFunc(dst, func(a, b vote) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	n := 0
	for i := range dst {
		if n > 0 && dst[n-1].to == dst[i].to && dst[n-1].from == dst[i].from {
			dst[n-1].n++
			continue
		}
		dst[n] = dst[i]
		n++
	}
	return dst[:n]
}

// rename exchanges provisional numbers for those that were found.
func (t *Tracker) rename(from int64) {
	r := &t.log.redo
	final := func(number *ID) {
		if *number >= provisional {
			*number = r.begun[*number-provisional].number
			return
		}
		for _, b := range r.back {
			if *number == b.from {
				*number = b.to
			}
		}
	}
	for _, tr := range t.tracks {
		old := tr.Number
		if final(&tr.Number); tr.Number != old {
			delete(t.numbers, old)
			t.numbers[tr.Number] = tr
		}
		final((*ID)(&tr.Flight.Formation))
	}
	for _, c := range t.log.points {
		if c.at > from || len(r.back) > 0 {
			for i := range c.tracks {
				final(&c.tracks[i].Number)
				final((*ID)(&c.tracks[i].Flight.Formation))
			}
		}
	}
	for i := range r.outs {
		final(&r.outs[i].Track)
	}
	for i := range r.merged {
		final(&r.merged[i].Track)
		final(&r.merged[i].Into)
	}
}

// tellDifference makes events of what is otherwise than it was told.
func (t *Tracker) tellDifference(told []Outcome) {
	r := &t.log.redo
	r.now = t.known(r.now[:0])
	r.gone = r.gone[:0]
	i := 0
	for _, k := range r.now {
		for ; i < len(r.before) && r.before[i].number < k.number; i++ {
			r.gone = append(r.gone, r.before[i])
		}
		phase := Phase(0)
		if i < len(r.before) && r.before[i].number == k.number {
			phase = r.before[i].phase
			i++
		}
		t.tellPhase(k.number, phase, k.phase)
	}
	r.gone = append(r.gone, r.before[i:]...)
	r.heirs = r.heirs[:0]
	if len(r.gone) > 0 {
		r.heirs = count(r.heirs, r.outs, told, func(_, from ID) bool { return has(r.gone, from) })
	}
	for _, k := range r.gone {
		delete(t.demoted, k.number)
		if into := t.heir(k.number); into != 0 {
			t.events = append(t.events, Event{Track: k.number, Kind: Merged, Into: into})
		} else {
			t.events = append(t.events, Event{Track: k.number, Kind: Dropped})
		}
	}
	for i := range t.sensors {
		for s := &t.sensors[i]; s.jumps < s.state.Bias.Jumps; s.jumps++ {
			t.events = append(t.events, Event{Kind: BiasJumped, Sensor: i})
		}
	}
}

// heir returns the track that goes on for one that is gone: that which it was
// joined with, or else the one that has most of its measurements; 0 for none.
func (t *Tracker) heir(number ID) ID {
	r := &t.log.redo
	for _, e := range r.merged {
		if e.Track == number && has(r.now, e.Into) {
			return e.Into
		}
	}
	best := vote{}
	i, _ := slices.BinarySearchFunc(r.heirs, number, func(v vote, id ID) int { return cmp.Compare(v.from, id) })
	for ; i < len(r.heirs) && r.heirs[i].from == number; i++ {
		if v := r.heirs[i]; v.n > best.n && has(r.now, v.to) {
			best = v
		}
	}
	return best.to
}

// tellPhase tells how a track came from one phase, 0 for none, into another.
func (t *Tracker) tellPhase(number ID, from, to Phase) {
	add := func(k EventKind) { t.events = append(t.events, Event{Track: number, Kind: k}) }
	if from == 0 {
		add(Started)
		from = Tentative
	}
	switch {
	case from == to:
		return
	case to == Tentative:
		t.demoted[number] = true // that it was confirmed is known
		return
	case from == Tentative && t.demoted[number]:
		delete(t.demoted, number)
	case from == Tentative:
		add(NowConfirmed)
	case to == Confirmed:
		add(Resumed)
	}
	switch to {
	case Coasting:
		add(NowCoasting)
	case Lost:
		add(NowLost)
	}
}

// emit tells what happens to a track. During a rollback only the difference to
// what was told counts, and who was joined with whom.
func (t *Tracker) emit(tr *track, kind EventKind, into *track) {
	e := Event{Track: tr.Number, Kind: kind}
	if into != nil {
		e.Into = into.Number
	}
	switch {
	case t.log.redo.on:
		if kind == Merged {
			t.log.redo.merged = append(t.log.redo.merged, e)
		}
		return
	case kind == NowConfirmed && t.demoted[e.Track]:
		delete(t.demoted, e.Track)
		return
	case kind == Dropped || kind == Merged:
		delete(t.demoted, e.Track)
	}
	t.events = append(t.events, e)
}

// nextNumber returns the number of a track that begins.
func (t *Tracker) nextNumber() ID {
	if r := &t.log.redo; r.on {
		r.begun = append(r.begun, birth{})
		return provisional + ID(len(r.begun)-1)
	}
	t.given++
	return t.given
}

// closeGroups lets no later plot belong to the groups of before.
func (t *Tracker) closeGroups() {
	for i := range t.sensors {
		t.sensors[i].open = OpenGroup{}
	}
}

// OpenGroup is the last group of a sensor: plots that come later may have
// belonged to it.
type OpenGroup struct {
	Begun, Last int64 // ns
	Plots       int   // 0 for none
}

// joins reports whether a plot at a time belongs to the group.
func (g *OpenGroup) joins(at int64, s *sensor) bool {
	sector, near := s.span()
	since := absInt(at - g.Begun)
	return g.Plots > 0 && g.Plots < maxGroup && since <= groupSpan && (since <= sector || absInt(at-g.Last) <= near)
}

// span returns how long after the first a plot belongs to a group in any case,
// and how long after the last.
func (s *sensor) span() (sector, near int64) {
	return min(groupSpan, s.period()/sectorsOfTurn), s.period() / closePlots
}
