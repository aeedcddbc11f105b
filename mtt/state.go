// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"errors"
	"fmt"
	"slices"
)

// stateVersion is the version of State.
//
//	1  2026-11-25  first
const stateVersion = 1

// State is the whole state of a Tracker, fit for JSON or CBOR. It does not
// share memory with the Tracker.
type State struct {
	Version int
	Core    Core
	Stats   Stats
	Sensors []SensorState
	Tracks  []TrackState
	Events  []Event // not yet given out by Advance
}

// Snapshot returns the state.
func (t *Tracker) Snapshot() State {
	s := State{Version: stateVersion, Core: t.state, Stats: t.stats, Events: slices.Clone(t.events)}
	for i := range t.sensors {
		s.Sensors = append(s.Sensors, t.sensors[i].state)
	}
	for _, tr := range t.tracks {
		s.Tracks = append(s.Tracks, tr.TrackState)
	}
	return s
}

// Restore returns a Tracker that goes on where the state was taken, bit for
// bit if the configuration is the same. Sensors are found by name: what tracks
// had from sensors that are no longer configured is forgotten.
func Restore(cfg Config, s State) (*Tracker, error) {
	t, err := New(cfg)
	if err != nil {
		return nil, err
	}
	if s.Version != stateVersion {
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
	}
	t.state, t.stats, t.events = s.Core, s.Stats, slices.Clone(s.Events)
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
	case !s.Anchor.Valid() || s.Filter.Models != motion(s.Domain).models || !s.Filter.sound():
		return errors.New("filter out of range")
	case len(t.tracks) >= t.cfg.MaxTracks:
		return errors.New("more tracks than configured")
	}
	tr := &track{TrackState: *s}
	tr.frame = newFrame(s.Anchor)
	x := s.Filter.mean()
	tr.pos = tr.frame.point(x[iE], x[iN])
	for i := range tr.Contacts {
		c := &tr.Contacts[i]
		if c.Sensor = index[c.Sensor]; c.Sensor == 0 {
			*c = Contact{}
		}
	}
	tr.Cell = noCell
	if s.Phase != Lost {
		t.grid.put(tr, s.Cell)
	}
	t.add(tr)
	return nil
}
