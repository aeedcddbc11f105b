// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package response holds who leads the coordination of each incident, the
// dialogue by which the lead is handed over (after AIDC and OLDI), and each
// party's own posture. It addresses people, never units: it assigns nothing
// and guides nobody. It sends nothing itself.
//
// # The dialogue
//
// The giver is who leads now, or, where nobody does yet, the party that shall
// not lead. The taker is who shall.
//
//	proposer  → PROPOSE → responder     a person offers or asks for the lead
//	responder → ACCEPT  → proposer      a person agrees
//	taker     → ASSUME  → giver         by machine, once both have agreed
//	giver     → CONFIRM → taker         by machine; the lead has moved
//	responder → REJECT  → proposer      a person declines; nothing changes
//	either    → TIMEOUT → the other     nobody answered; nothing changes
//
// The giver leads until it holds the ASSUME. A taker that has sent ASSUME never
// falls back by itself: it waits for CONFIRM or TIMEOUT, with an alarm. So the
// joint record never holds two confirmed leads. Both propose at once: the
// proposal of the sector's party stands; without one, that of the lower party
// id.
package response

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// The states of a Lead.
const (
	None      = "none"      // nobody leads
	Local     = "local"     // we lead what we alone know, or what is not agreed yet
	Proposed  = "proposed"  // PROPOSE is out or in, no person has answered
	Accepted  = "accepted"  // agreed; the machine steps are under way
	Confirmed = "confirmed" // in the joint record
)

// The errors of a person's act.
var (
	ErrNotNow     = errors.New("another dialogue is open, or the lead is already there")
	ErrNoProposal = errors.New("no proposal waits for our answer")
	ErrPosture    = errors.New("posture unknown")
)

// Config sets up a Desk.
type Config struct {
	Self    party.ID
	Sectors map[string]party.ID // who leads by default, by gap sector
	T1      time.Duration       // no answer: alarm at both
	T2      time.Duration       // no answer: falls back to the giver
	// Agreed holds what is agreed with a partner and stands over the above.
	Agreed map[party.ID]Terms
}

// Lead is who leads an incident, and the open step of the dialogue.
type Lead struct {
	State    string    `json:"state"`
	Holder   party.ID  `json:"holder"` // who leads now; "" for nobody
	Epoch    uint32    `json:"epoch"`  // of Holder: rises with each hand-over
	Before   string    `json:"before"` // State to which a failed dialogue falls back
	Proposed party.ID  `json:"proposed"`
	Giver    party.ID  `json:"giver"`
	With     party.ID  `json:"with"`
	ByUs     bool      `json:"by_us"` // we made the open proposal
	Assumed  bool      `json:"assumed"`
	By       string    `json:"by"`    // the person here who acted; stays home
	Since    time.Time `json:"since"` // when Holder took the lead
	Open     time.Time `json:"open"`  // when the open step began
	Alarm    bool      `json:"alarm"`
	Closed   uint32    `json:"closed"` // the highest epoch whose dialogue ended without a hand-over
	Number   uint64    `json:"number"` // of the dialogue, never reused
}

// Stance is a party's posture about an incident.
type Stance struct {
	Party   party.ID  `json:"party"`
	Posture string    `json:"posture"`
	By      string    `json:"by"` // own people only
	At      time.Time `json:"at"`
}

// Out is a statement for a partner. Exactly one body is set; the incident's
// references are filled in by whoever knows them.
type Out struct {
	To       party.ID
	Incident uint32
	Number   uint64 // of the dialogue
	Dialogue *record.Dialogue
	Posture  *record.Posture
}

// Notice is something for the incident's time line.
type Notice struct {
	Incident uint32
	Kind     string // "lead-proposed", "lead-accepted", "lead-confirmed", "lead-rejected", "lead-timeout", "lead-alarm", "posture"
	From     party.ID
	Lead     party.ID
	By       string
	Text     string
}

// Desk holds the leads and postures of all incidents.
type Desk struct {
	cfg   Config
	leads map[uint32]*Lead
	own   map[uint32]Stance
	their map[uint32][]Stance // sorted by party
	next  uint64
}

// NewDesk returns a Desk that knows no incident.
func NewDesk(cfg Config) *Desk {
	return &Desk{cfg: cfg, leads: make(map[uint32]*Lead), own: make(map[uint32]Stance), their: make(map[uint32][]Stance)}
}

// SetConfig changes timers and sectors; dialogues go on.
func (d *Desk) SetConfig(cfg Config) { d.cfg = cfg }

// Lead returns who leads an incident.
func (d *Desk) Lead(incident uint32) Lead {
	if l, ok := d.leads[incident]; ok {
		return *l
	}
	return Lead{State: None}
}

// HasLead reports whether somebody leads the incident.
func (d *Desk) HasLead(incident uint32) bool { return d.Lead(incident).Holder != "" }

// Deadline returns when the open step times out, and whether one is open.
func (d *Desk) Deadline(l Lead) (time.Time, bool) {
	if l.State != Proposed && l.State != Accepted {
		return time.Time{}, false
	}
	return l.Open.Add(d.cfg.t2(l.With)), true
}

func (d *Desk) lead(incident uint32) *Lead {
	l, ok := d.leads[incident]
	if !ok {
		l = &Lead{State: None}
		d.leads[incident] = l
	}
	return l
}

// Take makes us the lead of an incident that nobody leads.
func (d *Desk) Take(incident uint32, by string, now time.Time) error {
	l := d.lead(incident)
	if l.State != None {
		return ErrNotNow
	}
	l.State, l.Holder, l.By, l.Since = Local, d.cfg.Self, by, now
	return nil
}

// Propose opens a dialogue: lead, we or the partner, shall lead.
func (d *Desk) Propose(incident uint32, with, lead party.ID, by string, now time.Time) (Out, error) {
	l := d.lead(incident)
	joint := l.State == Confirmed
	if l.State == Proposed || l.State == Accepted || (lead != d.cfg.Self && lead != with) || with == d.cfg.Self {
		return Out{}, ErrNotNow
	}
	if joint && (l.Holder == lead || (l.Holder != d.cfg.Self && l.Holder != with)) {
		return Out{}, ErrNotNow
	}
	d.next++
	l.open(d.giver(l, with, lead), lead, with, now)
	l.ByUs, l.By, l.Number = true, by, d.next
	return d.out(incident, l, "propose", ""), nil
}

// giver returns who leads until it holds the ASSUME.
func (d *Desk) giver(l *Lead, with, lead party.ID) party.ID {
	if l.State == Confirmed {
		return l.Holder
	}
	if lead == d.cfg.Self {
		return with
	}
	return d.cfg.Self
}

func (l *Lead) open(giver, lead, with party.ID, now time.Time) {
	l.Before = l.State
	l.State, l.Giver, l.Proposed, l.With = Proposed, giver, lead, with
	l.Open, l.Alarm, l.Assumed = now, false, false
}

// epoch returns the epoch that the open dialogue would bring. It is above
// every epoch that ended without a hand-over, so that a late answer to an old
// proposal never fits a new one.
func (l *Lead) epoch() uint32 { return max(l.Epoch, l.Closed) + 1 }

func (d *Desk) out(incident uint32, l *Lead, step, reason string) Out {
	return Out{To: l.With, Incident: incident, Number: l.Number, Dialogue: &record.Dialogue{
		Step: step, Epoch: l.epoch(), Lead: l.Proposed, Giver: l.Giver, Reason: reason,
	}}
}

// Accept agrees to the partner's proposal.
func (d *Desk) Accept(incident uint32, by string, now time.Time) ([]Out, error) {
	l := d.lead(incident)
	if l.State != Proposed || l.ByUs {
		return nil, ErrNoProposal
	}
	l.State, l.By, l.Open, l.Alarm = Accepted, by, now, false
	outs := []Out{d.out(incident, l, "accept", "")}
	if l.Proposed == d.cfg.Self {
		l.Assumed = true
		outs = append(outs, d.out(incident, l, "assume", ""))
	}
	return outs, nil
}

// Reject declines the partner's proposal.
func (d *Desk) Reject(incident uint32, by, reason string, _ time.Time) ([]Out, error) {
	l := d.lead(incident)
	if l.State != Proposed || l.ByUs {
		return nil, ErrNoProposal
	}
	out := d.out(incident, l, "reject", reason)
	l.By = by
	l.fallBack()
	return []Out{out}, nil
}

// fallBack ends the dialogue without a hand-over.
func (l *Lead) fallBack() {
	l.Closed = l.epoch()
	l.State, l.Alarm, l.Assumed = l.Before, false, false // Since stays: the lead never moved
	l.Proposed, l.Giver, l.With, l.ByUs = "", "", "", false
}

// confirm moves the lead.
func (l *Lead) confirm(now time.Time) {
	l.Epoch, l.Holder = l.epoch(), l.Proposed
	l.State, l.Alarm, l.Assumed, l.Since = Confirmed, false, false, now
}

// SetPosture states what we do about an incident, to each partner given.
func (d *Desk) SetPosture(incident uint32, posture, by string, to []party.ID, now time.Time) ([]Out, error) {
	if !slices.Contains(record.Postures(), posture) {
		return nil, ErrPosture
	}
	d.own[incident] = Stance{Party: d.cfg.Self, Posture: posture, By: by, At: now}
	var outs []Out
	for _, p := range to {
		outs = append(outs, Out{To: p, Incident: incident, Posture: &record.Posture{Posture: posture}})
	}
	return outs, nil
}

// PartnerPosture keeps what a partner says that it does.
func (d *Desk) PartnerPosture(from party.ID, incident uint32, posture string, now time.Time) Notice {
	list := slices.DeleteFunc(d.their[incident], func(s Stance) bool { return s.Party == from })
	list = append(list, Stance{Party: from, Posture: posture, At: now})
	slices.SortFunc(list, func(a, b Stance) int { return cmp.Compare(a.Party, b.Party) })
	d.their[incident] = list
	return Notice{Incident: incident, Kind: "posture", From: from, Text: posture}
}

// Postures returns our posture, if we stated one, and then the partners'.
func (d *Desk) Postures(incident uint32) []Stance {
	var list []Stance
	if s, ok := d.own[incident]; ok {
		list = append(list, s)
	}
	return append(list, d.their[incident]...)
}

// Merge hands the lead and the postures of one incident to another into which
// it was merged. Where both have a lead, the one further along stays; the rule
// is the same whichever way round the partner merges.
func (d *Desk) Merge(into, from uint32) {
	if l, ok := d.leads[from]; ok {
		closed := l.Closed
		if cur, had := d.leads[into]; had {
			closed = max(closed, cur.Closed)
			if compareLeads(cur, l) >= 0 {
				l = cur
			}
		}
		if l.State != Proposed && l.State != Accepted { // an open dialogue keeps its epoch
			l.Closed = closed
		}
		d.leads[into] = l
		delete(d.leads, from)
	}
	if s, ok := d.own[from]; ok {
		if _, had := d.own[into]; !had {
			d.own[into] = s
		}
		delete(d.own, from)
	}
	for _, s := range d.their[from] {
		if !slices.ContainsFunc(d.their[into], func(o Stance) bool { return o.Party == s.Party }) {
			d.PartnerPosture(s.Party, into, s.Posture, s.At)
		}
	}
	delete(d.their, from)
}

// compareLeads orders leads by how far along they are: by state, epoch, and, so
// that both sides keep the same, by the lower holder.
func compareLeads(a, b *Lead) int {
	return cmp.Or(cmp.Compare(rank(a.State), rank(b.State)), cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(b.Holder, a.Holder))
}

func rank(state string) int {
	return slices.Index([]string{None, Local, Proposed, Accepted, Confirmed}, state)
}

// Withdraw ends a proposal of ours that could not be told to the partner.
func (d *Desk) Withdraw(incident uint32, _ time.Time) {
	if l := d.lead(incident); l.State == Proposed && l.ByUs {
		l.fallBack()
	}
}

// Keep forgets the leads and postures of the incidents that keep refuses.
func (d *Desk) Keep(keep func(incident uint32) bool) {
	gone := func(n uint32) bool { return !keep(n) }
	maps.DeleteFunc(d.leads, func(n uint32, _ *Lead) bool { return gone(n) })
	maps.DeleteFunc(d.own, func(n uint32, _ Stance) bool { return gone(n) })
	maps.DeleteFunc(d.their, func(n uint32, _ []Stance) bool { return gone(n) })
}
