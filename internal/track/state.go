// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/mtt"
)

// stateVersion is the version of Snapshot.
//
//	1  2026-11-25  first
//	2  2026-11-29  what was learnt of partners' places; a state of version 1 begins without any
//	3  2026-11-29  classes; in an older state none is known
//	4  2026-11-30  former addresses and MMSIs; in an older state none is known
const stateVersion = 4

// Snapshot is the whole state of a Table, fit for JSON or CBOR. It does not
// share memory with the Table.
type Snapshot struct {
	Version  int
	Tracker  mtt.State
	Tracks   []SavedTrack
	Heard    []Heard
	Partners []SavedPartner
	Pairs    []SavedPair
	Peers    []Peer
	Stats    Stats
	Checked  time.Time
	HeardAt  time.Time
}

// SavedTrack is one of our tracks in a Snapshot.
type SavedTrack struct {
	Track       Track
	History     []Past
	EmergencyAt time.Time
	Jump        float32
	Addressed   Spell
	Numbered    Spell
}

// SavedPartner is a partner's track in a Snapshot.
type SavedPartner struct {
	Track PartnerTrack
	Bins  []Bin
	Votes []Ballot
	Own   Number
	Since time.Time
	// Sighted is the time of the last bin that something was learnt from, ns.
	Sighted int64
}

// SavedPair is what is held about two partners' tracks in a Snapshot.
type SavedPair struct {
	First, Second PartnerKey
	Ballot        Ballot
}

// Snapshot returns the state.
func (t *Table) Snapshot() Snapshot {
	s := Snapshot{
		Version: stateVersion, Tracker: t.tracker.Snapshot(), Heard: t.heard.all(nil), Stats: t.Stats(),
		Checked: t.partners.checked, HeardAt: t.heard.checked,
	}
	for _, w := range t.order {
		s.Tracks = append(s.Tracks, SavedTrack{w.Track, slices.Clone(w.history), w.emergencyAt, w.jump, w.addressed, w.numbered})
	}
	for _, f := range t.partners.order {
		s.Partners = append(s.Partners, SavedPartner{f.PartnerTrack, slices.Clone(f.bins), slices.Clone(f.votes), f.own, f.since, f.sighted})
	}
	for k, b := range t.partners.pairs {
		s.Pairs = append(s.Pairs, SavedPair{k[0], k[1], *b})
	}
	s.Peers = t.Peers()
	slices.SortFunc(s.Pairs, func(a, b SavedPair) int {
		return cmp.Or(a.First.Compare(b.First), a.Second.Compare(b.Second))
	})
	return s
}

// Restore returns a Table that goes on where the snapshot was taken. With the
// same configuration it goes on bit for bit; with others, what came from
// radars that are no longer listed ends.
func Restore(cfg Config, s Snapshot) (*Table, error) {
	t, err := newTable(cfg)
	if err != nil {
		return nil, err
	}
	if s.Version < 1 || s.Version > stateVersion {
		return nil, fmt.Errorf("restore tracks: version %d, want %d", s.Version, stateVersion)
	}
	m, _, err := cfg.tracker()
	if err != nil {
		return nil, err
	}
	if t.tracker, err = mtt.Restore(m, s.Tracker); err != nil {
		return nil, fmt.Errorf("restore tracks: %w", err)
	}
	for _, st := range s.Tracks {
		n := st.Track.Number
		if len(t.order) > 0 && n <= t.order[len(t.order)-1].Number {
			return nil, errors.New("restore tracks: numbers out of order")
		}
		w := &own{Track: st.Track, history: slices.Clone(st.History), emergencyAt: st.EmergencyAt, jump: st.Jump, addressed: st.Addressed, numbered: st.Numbered}
		t.tracks[n], t.order = w, append(t.order, w)
	}
	if ids := t.tracker.IDs(nil); !slices.EqualFunc(ids, t.order, func(id mtt.ID, w *own) bool { return Number(id) == w.Number }) {
		return nil, errors.New("restore tracks: tracks and filters do not match")
	}
	for _, h := range s.Heard {
		t.heard.byAddress[h.Address] = &h
	}
	t.restorePartners(&s)
	t.heard.checked, t.partners.checked = s.HeardAt, s.Checked
	t.stats.Plots, t.stats.Partner = s.Stats.Plots, s.Stats.Partner
	for k, n := range s.Stats.Refused {
		t.stats.Refused[k] = n
	}
	return t, nil
}

func (t *Table) restorePartners(s *Snapshot) {
	for _, sp := range s.Partners {
		f := &foreign{PartnerTrack: sp.Track, bins: slices.Clone(sp.Bins), votes: slices.Clone(sp.Votes), own: sp.Own, since: sp.Since, sighted: sp.Sighted}
		if t.tracks[f.own] == nil {
			f.own, f.since = 0, time.Time{}
		}
		t.partners.objects[f.Key] = f
		t.partners.order = append(t.partners.order, f)
	}
	slices.SortFunc(t.partners.order, func(a, b *foreign) int { return a.Key.Compare(b.Key) })
	for _, p := range s.Peers {
		t.partners.peers = append(t.partners.peers, &p)
	}
	slices.SortFunc(t.partners.peers, (*Peer).compare)
	for _, sp := range s.Pairs {
		b := sp.Ballot
		t.partners.pairs[pairOf(sp.First, sp.Second)] = &b
	}
}
