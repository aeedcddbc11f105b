// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import "slices"

// checkpoint is the whole state after a tick and all inputs up to it. Its
// memory is used again.
type checkpoint struct {
	at      int64 // ns
	state   Core
	stats   Stats
	sensors []SensorState
	tracks  []track
	alone   []Alone // of the tracks that have one, in their order
	regAt   int64
	regX    []float64
	regP    []float64
	sights  []Sight
	lows    int
}

// save puts a checkpoint of the state into the log.
func (t *Tracker) save(at int64) { t.log.points = append(t.log.points, t.copied(at)) }

// copied returns a checkpoint of the state.
func (t *Tracker) copied(at int64) *checkpoint {
	l := &t.log
	var c *checkpoint
	if n := len(l.spare); n > 0 {
		c, l.spare = l.spare[n-1], l.spare[:n-1]
	} else {
		c = new(checkpoint)
	}
	c.at, c.state, c.stats, c.lows = at, t.state, t.stats, t.lows
	if n := len(t.tracks); n > cap(c.tracks) {
		c.tracks = make([]track, n, n+n/16) // what was there is of no use
	}
	c.tracks, c.alone = c.tracks[:len(t.tracks)], c.alone[:0]
	for i, tr := range t.tracks {
		c.tracks[i] = *tr
		if tr.Alone != nil {
			c.alone = append(c.alone, *tr.Alone)
		}
	}
	c.sensors = slices.Grow(c.sensors[:0], len(t.sensors))[:len(t.sensors)]
	for i := range t.sensors {
		copyState(&c.sensors[i], &t.sensors[i].state)
	}
	c.regAt, c.regX, c.regP = t.reg.at, append(c.regX[:0], t.reg.x...), append(c.regP[:0], t.reg.p...)
	c.sights = append(c.sights[:0], t.sights...)
	return c
}

// copyState copies a sensor's state into memory that to has already.
func copyState(to, from *SensorState) {
	history := to.Bias.History
	*to = *from
	to.Bias.History = append(history[:0], from.Bias.History...)
}

// load makes the state that of a checkpoint. Tracks that are in both stay where
// they are.
func (t *Tracker) load(c *checkpoint) {
	t.state, t.stats, t.lows = c.state, c.stats, c.lows
	for i := range t.sensors {
		copyState(&t.sensors[i].state, &c.sensors[i])
	}
	t.reg.at = c.regAt
	copy(t.reg.x, c.regX)
	copy(t.reg.p, c.regP)
	t.sights = append(t.sights[:0], c.sights...)
	t.correctSensors()
	t.closeGroups()
	t.loadTracks(c)
}

// movesAs reports whether the grid knows of a track what it would of another: it
// is in the same cell, and all that entry.set reads is the same.
func (tr *track) movesAs(o *track) bool {
	return tr.Time == o.Time && tr.Cell == o.Cell && tr.pos == o.pos && tr.Anchor == o.Anchor && tr.Domain == o.Domain &&
		tr.Identity.Has == o.Identity.Has && tr.Class.Moves == o.Class.Moves && tr.Window == o.Window && tr.Chances == o.Chances &&
		tr.Filter == o.Filter
}

func (t *Tracker) loadTracks(c *checkpoint) {
	l := &t.log
	// Keys first: a key has room for four.
	old := append(l.redo.old[:0], t.tracks...)
	n := 0
	for _, tr := range old {
		for n < len(c.tracks) && c.tracks[n].ID < tr.ID {
			n++
		}
		if n < len(c.tracks) && c.tracks[n].ID == tr.ID {
			if c.tracks[n].Identity != tr.Identity {
				t.disclaim(tr)
			}
			continue
		}
		t.disclaim(tr)
		t.grid.put(tr, noCell)
		t.forgo(tr)
		l.redo.orphans = append(l.redo.orphans, tr.Number)
		t.recycle(tr)
	}
	t.tracks = t.tracks[:0]
	alone := c.alone
	for i := range c.tracks {
		s := &c.tracks[i]
		tr := t.byID[s.ID]
		if tr == nil {
			tr = t.blank()
			t.byID[s.ID], t.numbers[s.Number] = tr, tr
		}
		key, cell, slot, own, known := tr.Cell, tr.cell, tr.slot, tr.Alone, tr.movesAs(s)
		*tr = *s
		tr.Cell, tr.cell, tr.slot, tr.Alone = key, cell, slot, own
		if !known {
			t.grid.put(tr, s.Cell)
		}
		switch {
		case s.Alone == nil:
			t.forgo(tr)
		case tr.Alone == nil:
			t.lend(tr)
		}
		if s.Alone != nil {
			*tr.Alone, alone = alone[0], alone[1:]
		}
		t.tracks = append(t.tracks, tr)
		t.claim(tr)
	}
	clear(old)
	l.redo.old = old
}
