// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// stateVersion is the version of State.
//
//	1  2026-11-25  first
//	2  2026-11-29  biases of radars; a state of version 1 begins without any
//	3  2026-11-29  trust in claims; an older state begins with none doubted
//	4  2026-11-29  classes; in an older state none is known
//	5  2026-11-29  the log; an older state begins without one
//	6  2026-11-29  probability of detection by place; in an older state, as configured
//	7  2026-11-30  pauses of identities; in an older state none is known
//	8  2026-11-30  formations; an older state begins with none
const stateVersion = 8

// State is the whole state of a Tracker, fit for JSON or CBOR. It does not
// share memory with the Tracker.
type State struct {
	Version int
	Core    Core
	Stats   Stats
	Sensors []SensorState
	Tracks  []TrackState
	Events  []Event // not yet given out by Advance
	Biases  Biases
	Given   ID        // the last number given to a track; 0 when that is Core.Next
	Log     *LogState // nil without a Config.Rollback
}

// Biases is what a Tracker has learnt of the biases of its radars.
type Biases struct {
	At     int64     // Unix ns
	Radars []string  // in the order of X
	X      []float64 // four of each radar: see Bias
	P      []float64 // covariance of X, rows after each other
	Sights []Sight   // not yet learnt from
}

// Snapshot returns the state.
func (t *Tracker) Snapshot() State {
	c := t.copied(t.log.ticked)
	s := t.stateOf(c)
	t.log.spare = append(t.log.spare, c)
	s.Stats.Log, s.Events, s.Given = t.log.stats, slices.Clone(t.events), t.given
	if t.logs() {
		s.Log = t.logState()
	}
	return s
}

// stateOf returns a checkpoint as a State.
func (t *Tracker) stateOf(c *checkpoint) State {
	s := State{Version: stateVersion, Core: c.state, Stats: c.stats}
	for i := range c.sensors {
		one := c.sensors[i]
		one.Bias.History = slices.Clone(one.Bias.History)
		s.Sensors = append(s.Sensors, one)
	}
	alone := slices.Clone(c.alone)
	for i := range c.tracks {
		one := c.tracks[i].TrackState
		if one.Alone != nil {
			one.Alone, alone = &alone[0], alone[1:]
		}
		s.Tracks = append(s.Tracks, one)
	}
	s.Biases = Biases{At: c.regAt, X: slices.Clone(c.regX), P: slices.Clone(c.regP), Sights: append([]Sight(nil), c.sights...)}
	for _, i := range t.slots {
		s.Biases.Radars = append(s.Biases.Radars, t.sensors[i].Name)
	}
	return s
}

// Restore returns a Tracker that goes on where the state was taken, bit for
// bit if the configuration is the same. Sensors are found by name: what tracks
// had from sensors that are no longer configured is forgotten.
func Restore(cfg Config, s State) (*Tracker, error) {
	t, err := restore(cfg, &s)
	if err != nil || !t.logs() {
		return t, err
	}
	if s.Log != nil && slices.EqualFunc(t.sensors, s.Sensors, func(a sensor, b SensorState) bool { return a.Name == b.Name }) && len(s.Log.Measurements)+len(s.Log.Sweeps) <= cfg.MaxLog {
		if err := t.restoreLog(cfg, s.Log); err != nil {
			return nil, fmt.Errorf("restore tracker: log: %w", err)
		}
		return t, nil
	}
	// A log of other sensors is no good: a new one begins here.
	t.log.ticked = t.state.Sweep
	t.rebase()
	return t, nil
}

// restore restores all but the log.
func restore(cfg Config, s *State) (*Tracker, error) {
	t, err := New(cfg)
	if err != nil {
		return nil, err
	}
	if s.Version < 1 || s.Version > stateVersion {
		return nil, fmt.Errorf("restore tracker: version %d, want %d", s.Version, stateVersion)
	}
	index := make(map[int32]int32) // old index + 1 → new
	for i, old := range s.Sensors {
		at := slices.IndexFunc(t.sensors, func(x sensor) bool { return x.Name == old.Name })
		if at < 0 {
			continue
		}
		index[int32(i+1)] = int32(at + 1)
		t.sensors[at].state = old
		t.sensors[at].state.Bias.History = slices.Clone(old.Bias.History)
		t.sensors[at].jumps = old.Bias.Jumps
	}
	if err := t.restoreBiases(&s.Biases); err != nil {
		return nil, fmt.Errorf("restore tracker: %w", err)
	}
	t.state, t.stats, t.events = s.Core, s.Stats, slices.Clone(s.Events)
	t.log.stats, t.stats.Log = s.Stats.Log, LogStats{}
	if t.given = s.Given; t.given == 0 {
		t.given = s.Core.Next
	}
	for i := range s.Tracks {
		if err := t.restoreTrack(&s.Tracks[i], index); err != nil {
			return nil, fmt.Errorf("restore tracker: track %d: %w", s.Tracks[i].ID, err)
		}
	}
	return t, nil
}

func (t *Tracker) restoreTrack(s *TrackState, index map[int32]int32) error {
	switch {
	case s.ID == 0 || s.ID > t.state.Next || len(t.tracks) > 0 && s.ID <= t.tracks[len(t.tracks)-1].ID:
		return errors.New("number out of order")
	case s.Phase < Tentative || s.Phase > Lost || s.Domain > Sea:
		return errors.New("phase or domain unknown")
	case !s.Class.sound():
		return errors.New("class out of range")
	case ID(s.Flight.Formation) > t.given || !s.Flight.sound(t.state.Next):
		return errors.New("formation out of range")
	case !s.Anchor.Valid() || s.Filter.Models != motion(s.Domain).models || !s.Filter.sound():
		return errors.New("filter out of range")
	case s.Alone != nil && (s.Alone.Filter.Models != s.Filter.Models || !s.Alone.Filter.sound()):
		return errors.New("filter of radars alone out of range")
	case len(t.tracks) >= t.cfg.MaxTracks:
		return errors.New("more tracks than configured")
	}
	tr := &track{TrackState: *s}
	if tr.Number == 0 {
		tr.Number = tr.ID
	}
	if t.numbers[tr.Number] != nil || tr.Number > t.given {
		return errors.New("number given twice or never")
	}
	if tr.Alone = nil; s.Alone != nil {
		t.lend(tr)
		*tr.Alone = *s.Alone
	}
	if tr.Claim.Low {
		t.lows++
	}
	tr.frame = newFrame(s.Anchor)
	x := s.Filter.mean()
	tr.pos = tr.frame.point(x[iE], x[iN])
	for i := range tr.Contacts {
		c := &tr.Contacts[i]
		if c.Sensor = index[c.Sensor]; c.Sensor == 0 {
			*c = Contact{}
		}
	}
	for i := range tr.Claim.Watches {
		if w := &tr.Claim.Watches[i]; w.Sensor != 0 {
			w.Sensor = index[w.Sensor]
		}
	}
	tr.Cell = noCell
	if s.Phase != Lost {
		t.grid.put(tr, s.Cell)
	}
	t.add(tr)
	return nil
}

// restoreBiases takes over what is known of radars that are still there.
func (t *Tracker) restoreBiases(s *Biases) error {
	n, old := len(t.reg.x), nb*len(s.Radars)
	if len(s.X) != old || len(s.P) != old*old || len(s.Sights) > maxSights {
		return errors.New("biases do not match their radars")
	}
	to := make([]int, len(s.Radars)) // slot, or -1
	for i, name := range s.Radars {
		to[i] = slices.IndexFunc(t.slots, func(k int) bool { return t.sensors[k].Name == name })
	}
	for r := range old {
		if to[r/nb] < 0 {
			continue
		}
		row := to[r/nb]*nb + r%nb
		if v := s.P[r*old+r]; !(v >= 0) || !finite(v) || !finite(s.X[r]) {
			return errors.New("bias out of range")
		}
		t.reg.x[row] = s.X[r]
		for c := range old {
			if to[c/nb] >= 0 {
				t.reg.p[row*n+to[c/nb]*nb+c%nb] = s.P[r*old+c]
			}
		}
	}
	t.reg.at = s.At
	for _, q := range s.Sights {
		if q.Slot < 0 || q.Slot >= len(to) || q.Other < -1 || q.Other >= len(to) {
			return errors.New("sight of no radar")
		}
		q.Slot = to[q.Slot]
		if q.Other >= 0 {
			if q.Other = to[q.Other]; q.Other < 0 {
				continue
			}
		}
		if q.Slot >= 0 {
			t.sights = append(t.sights, q)
		}
	}
	t.correctSensors()
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
