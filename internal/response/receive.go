// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package response

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Why a partner's step was refused. None of them changes anything.
var (
	ErrStale  = errors.New("step of a dialogue that has ended")
	ErrParty  = errors.New("step names a party that is not in the dialogue")
	ErrOrder  = errors.New("step does not fit the dialogue's state")
	ErrAcross = errors.New("proposals crossed; the sector's party's stands")
)

// Receive takes one step from a partner. A step that came before is refused
// with ErrStale or ErrOrder and changes nothing.
func (d *Desk) Receive(from party.ID, incident uint32, sector string, m *record.Dialogue, now time.Time) ([]Out, []Notice, error) {
	if !d.among(from, m) {
		return nil, nil, ErrParty
	}
	l := d.lead(incident)
	if m.Step == "propose" {
		return d.proposed(from, incident, sector, l, m, now)
	}
	if m.Epoch != l.epoch() || l.With != from {
		return d.late(from, incident, l, m)
	}
	switch m.Step {
	case "accept":
		return d.accepted(incident, l, now)
	case "assume":
		return d.assumed(incident, l, now)
	case "confirm":
		return d.confirmed(incident, l, now)
	default: // "reject", "timeout": the codec knows no others
		return d.ended(incident, l, m)
	}
}

// among reports whether lead and giver are the two parties of this line.
func (d *Desk) among(from party.ID, m *record.Dialogue) bool {
	pair := []party.ID{d.cfg.Self, from}
	return from != d.cfg.Self && slices.Contains(pair, m.Lead) && slices.Contains(pair, m.Giver) && m.Lead != m.Giver
}

// maxAhead is how far a proposal's epoch may be ahead of what we know. The two
// sides differ by dialogues that ended unseen; more would use the epochs up.
const maxAhead = 1 << 16

func (d *Desk) proposed(from party.ID, incident uint32, sector string, l *Lead, m *record.Dialogue, now time.Time) ([]Out, []Notice, error) {
	known, state := max(l.Epoch, l.Closed), l.State
	if state == Proposed {
		state = l.Before // what ours would give way to
	}
	switch {
	case m.Epoch <= known:
		return nil, nil, ErrStale
	case m.Epoch-known > maxAhead:
		return nil, nil, ErrOrder
	case l.State == Accepted:
		return nil, nil, ErrOrder
	case l.State == Proposed && (!l.ByUs || l.With != from):
		return nil, nil, ErrOrder
	case l.State == Proposed && d.wins(from, sector):
		return nil, nil, ErrAcross
	case state == Confirmed && m.Giver != l.Holder:
		return nil, nil, ErrOrder
	}
	l.State = state
	d.next++
	l.open(m.Giver, m.Lead, from, now)
	l.ByUs, l.Number = false, d.next
	l.Closed = max(l.Closed, m.Epoch-1) // both sides count the same epoch from here
	return nil, []Notice{{Incident: incident, Kind: "lead-proposed", From: from, Lead: m.Lead}}, nil
}

// wins reports whether our proposal stands where both proposed at once.
func (d *Desk) wins(from party.ID, sector string) bool {
	if owner, ok := d.cfg.sectors(from)[sector]; ok && (owner == d.cfg.Self || owner == from) {
		return owner == d.cfg.Self
	}
	return d.cfg.Self < from
}

// late answers a step that does not fit: a partner that still waits for us in
// a dialogue that ended here is told so.
func (d *Desk) late(from party.ID, incident uint32, l *Lead, m *record.Dialogue) ([]Out, []Notice, error) {
	if m.Epoch > l.Closed || m.Epoch <= l.Epoch || (m.Step != "accept" && m.Step != "assume") {
		return nil, nil, ErrStale
	}
	return []Out{{To: from, Incident: incident, Number: l.Number, Dialogue: &record.Dialogue{
		Step: "timeout", Epoch: m.Epoch, Lead: m.Lead, Giver: m.Giver, Reason: "ended",
	}}}, nil, ErrStale
}

func (d *Desk) accepted(incident uint32, l *Lead, now time.Time) ([]Out, []Notice, error) {
	if l.State != Proposed || !l.ByUs {
		return nil, nil, ErrOrder
	}
	l.State, l.Open, l.Alarm = Accepted, now, false
	notices := []Notice{{Incident: incident, Kind: "lead-accepted", From: l.With, Lead: l.Proposed}}
	if l.Proposed != d.cfg.Self {
		return nil, notices, nil // the taker's ASSUME follows
	}
	l.Assumed = true
	return []Out{d.out(incident, l, "assume", "")}, notices, nil
}

func (d *Desk) assumed(incident uint32, l *Lead, now time.Time) ([]Out, []Notice, error) {
	if l.State != Accepted || l.Giver != d.cfg.Self {
		return nil, nil, ErrOrder
	}
	out := d.out(incident, l, "confirm", "")
	l.confirm(now)
	return []Out{out}, []Notice{{Incident: incident, Kind: "lead-confirmed", From: l.With, Lead: l.Holder}}, nil
}

func (d *Desk) confirmed(incident uint32, l *Lead, now time.Time) ([]Out, []Notice, error) {
	if l.State != Accepted || !l.Assumed {
		return nil, nil, ErrOrder
	}
	l.confirm(now)
	return nil, []Notice{{Incident: incident, Kind: "lead-confirmed", From: l.With, Lead: l.Holder}}, nil
}

func (d *Desk) ended(incident uint32, l *Lead, m *record.Dialogue) ([]Out, []Notice, error) {
	if l.State != Proposed && l.State != Accepted {
		return nil, nil, ErrOrder
	}
	kind := "lead-rejected"
	if m.Step == "timeout" {
		kind = "lead-timeout"
	}
	n := Notice{Incident: incident, Kind: kind, From: l.With, Lead: l.Proposed, Text: m.Reason}
	l.fallBack()
	return nil, []Notice{n}, nil
}

// Tick raises the alarm of every dialogue past T1 and ends those past T2. A
// taker that has sent ASSUME keeps waiting, with its alarm.
func (d *Desk) Tick(now time.Time) ([]Out, []Notice) {
	var outs []Out
	var notices []Notice
	for _, incident := range slices.Sorted(maps.Keys(d.leads)) {
		l := d.leads[incident]
		if l.State != Proposed && l.State != Accepted {
			continue
		}
		if !l.Alarm && now.Sub(l.Open) >= d.cfg.t1(l.With) {
			l.Alarm = true
			notices = append(notices, Notice{Incident: incident, Kind: "lead-alarm", From: l.With, Lead: l.Proposed})
		}
		if !l.Assumed && now.Sub(l.Open) >= d.cfg.t2(l.With) {
			outs = append(outs, d.out(incident, l, "timeout", "no-answer"))
			notices = append(notices, Notice{Incident: incident, Kind: "lead-timeout", From: l.With, Lead: l.Proposed})
			l.fallBack()
		}
	}
	return outs, notices
}

// State is a Desk as a snapshot holds it.
type State struct {
	Leads map[uint32]Lead     `json:"leads"`
	Own   map[uint32]Stance   `json:"own"`
	Their map[uint32][]Stance `json:"their"`
	Next  uint64              `json:"next"`
}

// Snapshot returns a copy of the desk's state.
func (d *Desk) Snapshot() State {
	s := State{Leads: make(map[uint32]Lead), Own: maps.Clone(d.own), Their: make(map[uint32][]Stance), Next: d.next}
	for k, l := range d.leads {
		s.Leads[k] = *l
	}
	for k, l := range d.their {
		s.Their[k] = slices.Clone(l)
	}
	return s
}

// Restore takes the state over.
func (d *Desk) Restore(s State) {
	*d = *NewDesk(d.cfg)
	d.next = s.Next
	for k, l := range s.Leads {
		d.leads[k] = &l
	}
	maps.Copy(d.own, s.Own)
	for k, l := range s.Their {
		d.their[k] = slices.Clone(l)
	}
}
