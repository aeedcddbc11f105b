// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// Snapshot is the whole state of a Watch besides its Config. Equal states give
// equal snapshots.
type Snapshot struct {
	Tracks   []TrackSnapshot `json:"tracks,omitempty"`
	Latches  []LatchSnapshot `json:"latches,omitempty"`
	Feeds    []FeedSnapshot  `json:"feeds,omitempty"`
	Proposed []Proposal      `json:"proposed,omitempty"`
}

// TrackSnapshot is what the rules remember of a track.
type TrackSnapshot struct {
	Number    track.Number `json:"number"`
	Run       time.Time    `json:"run,omitzero"`
	Last      time.Time    `json:"last,omitzero"`
	Pos       geo.Point    `json:"pos"`
	Positions int          `json:"positions"`
	Pending   []Pending    `json:"pending,omitempty"`
	Planned   bool         `json:"planned,omitempty"`
	PlannedAt time.Time    `json:"planned_at,omitzero"`
	Callsign  string       `json:"callsign,omitempty"`
	Address   uint32       `json:"address,omitempty"`
	Told      Told         `json:"told,omitzero"`
}

// LatchSnapshot is a condition that holds or has held.
type LatchSnapshot struct {
	Slot   Key       `json:"slot"`
	Since  time.Time `json:"since"`
	Gone   time.Time `json:"gone,omitzero"`
	Active bool      `json:"active"`
	Alert  Alert     `json:"alert"`
}

// FeedSnapshot is since when a feed is known.
type FeedSnapshot struct {
	Name  string    `json:"name"`
	Since time.Time `json:"since"`
}

// Snapshot returns the state, sorted and without shared memory.
func (w *Watch) Snapshot() Snapshot {
	var s Snapshot
	for _, n := range sortedNumbers(w.tracks) {
		t := w.tracks[n]
		s.Tracks = append(s.Tracks, TrackSnapshot{
			n, t.Run, t.Last, t.Pos, t.Positions, copyOf(t.Pending), t.Planned, t.PlannedAt, t.Callsign, t.Address, t.Told,
		})
	}
	for _, k := range w.slots(func(Key) bool { return true }) {
		l := w.latches[k]
		a := l.alert
		a.Originators = copyOf(a.Originators)
		s.Latches = append(s.Latches, LatchSnapshot{k, l.since, l.gone, l.active, a})
	}
	for _, name := range slices.Sorted(maps.Keys(w.feeds)) {
		s.Feeds = append(s.Feeds, FeedSnapshot{name, w.feeds[name]})
	}
	s.Proposed = copyOf(w.proposed)
	return s
}

// Restore replaces the state by a snapshot's. The Config stays; alerts of
// rules that it no longer has stay active until their track is dropped.
func (w *Watch) Restore(s Snapshot) {
	w.tracks = make(map[track.Number]*trackState, len(s.Tracks))
	for _, t := range s.Tracks {
		w.tracks[t.Number] = &trackState{
			t.Run, t.Last, t.Pos, t.Positions, copyOf(t.Pending), t.Planned, t.PlannedAt, t.Callsign, t.Address, t.Told,
		}
	}
	w.latches = make(map[Key]*latch, len(s.Latches))
	for _, l := range s.Latches {
		a := l.Alert
		a.Originators = copyOf(a.Originators)
		w.latches[l.Slot] = &latch{l.Since, l.Gone, l.Active, a}
	}
	w.feeds = make(map[string]time.Time, len(s.Feeds))
	for _, f := range s.Feeds {
		w.feeds[f.Name] = f.Since
	}
	w.proposed = copyOf(s.Proposed)
}

// copyOf returns a copy without shared memory, nil for an empty list: empty and
// absent are equal states.
func copyOf[T any](list []T) []T { return append([]T(nil), list...) }
