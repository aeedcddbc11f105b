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
//	responder → STANDBY → proposer      a person is looking; T1 is longer, once
//	responder → COUNTER → proposer      a person answers with another proposal
//	responder → ACCEPT  → proposer      a person agrees
//	taker     → ASSUME  → giver         by machine, once both have agreed
//	giver     → CONFIRM → taker         by machine; the lead has moved
//	responder → REJECT  → proposer      a person declines; nothing changes
//	proposer  → CANCEL  → responder     a person takes it back; nothing changes
//	either    → TIMEOUT → the other     nobody answered; nothing changes
//	either    → NOTIFY  → the other     says that it leads, means to, or no longer does
//	either    → VOICE   → the other     a person enters what was agreed by voice
//	the other → COUNTERSIGN             a person there confirms it; then ASSUME
//	machine   → RECEIPT or REFUSE       each step but these two has one answer
//
// The giver leads until it holds the ASSUME. A taker that has sent ASSUME never
// falls back by itself: it waits for CONFIRM, for TIMEOUT or for REFUSE
// ("ended"), with an alarm. So the joint record never holds two confirmed
// leads. Both propose at once: the proposal of the sector's party stands;
// without one, that of the lower party id.
package response

import (
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
	Told      = "told"      // a partner says that it leads; nothing is agreed
	Proposed  = "proposed"  // PROPOSE or VOICE is out or in, no person has answered
	Accepted  = "accepted"  // agreed; the machine steps are under way
	Confirmed = "confirmed" // in the joint record
)

// The errors of a person's act.
var (
	ErrNotNow     = errors.New("another dialogue is open, or the lead is already there")
	ErrNoProposal = errors.New("no proposal waits for our answer")
	ErrPosture    = errors.New("posture unknown")
	ErrTerms      = errors.New("agreed time or place out of range")
	ErrAssumed    = errors.New("our ASSUME is out; the giver decides")
)

// Config sets up a Desk.
type Config struct {
	Self    party.ID
	Sectors map[string]party.ID // who leads by default, by gap sector
	T1      time.Duration       // no answer: alarm at both
	T2      time.Duration       // no answer: falls back to the giver
	// Agreed holds what is agreed with a partner and stands over the above.
	Agreed map[party.ID]Terms
	// Tries is how often a step is sent again that the partner's machine has
	// not answered, a quarter of T1 apart, while the line is up; DefaultTries
	// where it is 0.
	Tries uint8
}

// DefaultTries is what Config.Tries is where it is 0.
const DefaultTries = 6

// Meeting is where and when an agreed hand-over is. A place needs a time.
type Meeting struct {
	At    time.Time    `json:"at"`
	Place string       `json:"place,omitempty"` // its id in the zone pack
	Cell  *record.Cell `json:"cell,omitempty"`  // or a place of its own; never changed in place
}

// Lead is who leads an incident, and the open step of the dialogue.
type Lead struct {
	State    string    `json:"state"`
	Holder   party.ID  `json:"holder"` // who leads now; "" for nobody
	Epoch    uint32    `json:"epoch"`  // of the last confirmed lead: rises with each hand-over
	Peer     party.ID  `json:"peer"`   // with whom Epoch was confirmed
	Before   string    `json:"before"` // State to which a failed dialogue falls back
	Offer    uint32    `json:"offer"`  // epoch that the open dialogue would bring
	Proposed party.ID  `json:"proposed"`
	Giver    party.ID  `json:"giver"`
	With     party.ID  `json:"with"`
	ByUs     bool      `json:"by_us"` // we made the open proposal
	Assumed  bool      `json:"assumed"`
	Voice    bool      `json:"voice"`   // it was agreed by voice; one-sided until countersigned
	Spoken   time.Time `json:"spoken"`  // when
	Standby  bool      `json:"standby"` // a person at the responder is looking
	Rounds   uint8     `json:"rounds"`  // proposals of this dialogue after the first
	Meeting  Meeting   `json:"meeting"`
	By       string    `json:"by"`    // the person here who acted; stays home
	Since    time.Time `json:"since"` // when Holder took the lead
	Open     time.Time `json:"open"`  // when the open step began
	Alarm    bool      `json:"alarm"`
	Closed   uint32    `json:"closed"` // the highest epoch whose dialogue ended without a hand-over
	Number   uint64    `json:"number"` // of the dialogue, never reused
	Sent     Sent      `json:"sent"`   // our latest step

	Rival   party.ID `json:"rival"` // who claims to lead besides Holder
	Means   party.ID `json:"means"` // a partner that said it means to lead
	Claims  []Claim  `json:"claims"`
	Heard   []Heard  `json:"heard"`
	Claimed uint32   `json:"claimed"` // numbers our claims

	Table      party.ID  `json:"table"` // who leads by the sector table; "" where it does not apply
	TableSince time.Time `json:"table_since"`
	TableEnd   time.Time `json:"table_end"` // when the line came back
}

// Sent is the latest step that we sent and what the partner's machine said.
type Sent struct {
	To     party.ID        `json:"to"`
	Body   record.Dialogue `json:"body"`
	Number uint64          `json:"number"`
	First  time.Time       `json:"first"`
	Last   time.Time       `json:"last"`
	Tries  uint8           `json:"tries"` // times it was sent again
	Word   string          `json:"word"`  // "" for none yet, "receipt", "withheld", or why it was refused
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
	Kind     string // "lead-…", one word for each thing that may happen, or "posture"
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
	down  map[party.ID]time.Time
	next  uint64
}

// NewDesk returns a Desk that knows no incident.
func NewDesk(cfg Config) *Desk {
	return &Desk{
		cfg: cfg.whole(), leads: make(map[uint32]*Lead), own: make(map[uint32]Stance), their: make(map[uint32][]Stance),
		down: make(map[party.ID]time.Time),
	}
}

// SetConfig changes timers and sectors; dialogues go on.
func (d *Desk) SetConfig(cfg Config) { d.cfg = cfg.whole() }

func (c Config) whole() Config {
	if c.Tries == 0 {
		c.Tries = DefaultTries
	}
	return c
}

// Lead returns who leads an incident.
func (d *Desk) Lead(incident uint32) Lead {
	if l, ok := d.leads[incident]; ok {
		return l.clone()
	}
	return Lead{State: None}
}

// HasLead reports whether somebody leads the incident: by the joint record, by
// what a party says, by a voice agreement, or by the sector table.
func (d *Desk) HasLead(incident uint32) bool {
	l, ok := d.leads[incident]
	return ok && (l.Holder != "" || l.Table != "" || (l.open() && l.Voice))
}

// TwoLead reports whether a party claims to lead besides the one that we hold
// for the lead. Two postures are no two leads.
func (d *Desk) TwoLead(incident uint32) bool {
	l, ok := d.leads[incident]
	return ok && l.Rival != ""
}

// Deadline returns when the open step times out, and whether it does: a voice
// agreement stands until a person answers, a taker waits for the giver.
func (d *Desk) Deadline(l Lead) (time.Time, bool) {
	switch {
	case !l.open() || l.Assumed || (l.Voice && l.State == Proposed):
		return time.Time{}, false
	default:
		return l.from().Add(d.cfg.t2(l.With)), true
	}
}

// alarmAt returns when nobody has answered for too long.
func (d *Desk) alarmAt(l *Lead) time.Time {
	t1 := d.cfg.t1(l.With)
	at := l.from().Add(t1)
	if l.Standby && l.State == Proposed {
		at = at.Add(t1)
	}
	return at
}

// from returns when the timers of the open step began: what is agreed for later
// is not late before.
func (l *Lead) from() time.Time {
	if l.State == Accepted && !l.Assumed && l.Meeting.At.After(l.Open) {
		return l.Meeting.At
	}
	return l.Open
}

func (l *Lead) open() bool { return l.State == Proposed || l.State == Accepted }

// base returns the state beneath an open dialogue.
func (l *Lead) base() *string {
	if l.open() {
		return &l.Before
	}
	return &l.State
}

// known is the highest epoch that was ever confirmed or ended. A new dialogue
// goes above it, so that a late answer to an old proposal never fits a new one.
func (l *Lead) known() uint32 { return max(l.Epoch, l.Closed) }

func (l *Lead) clone() Lead {
	c := *l
	c.Claims, c.Heard = slices.Clone(l.Claims), slices.Clone(l.Heard)
	return c
}

func (d *Desk) lead(incident uint32) *Lead {
	l, ok := d.leads[incident]
	if !ok {
		d.next++
		l = &Lead{State: None, Number: d.next}
		d.leads[incident] = l
	}
	return l
}

// start opens a dialogue or the next round of one.
func (l *Lead) start(with, lead, giver party.ID, t Meeting, now time.Time) {
	if !l.open() {
		l.Before, l.Rounds = l.State, 0
	}
	l.State, l.With, l.Proposed, l.Giver, l.Meeting, l.Open = Proposed, with, lead, giver, t, now
	l.Alarm, l.Assumed, l.Standby, l.Voice, l.Spoken = false, false, false, false, time.Time{}
}

// fallBack ends the dialogue without a hand-over.
func (l *Lead) fallBack() {
	l.Closed = max(l.Closed, l.Offer)
	l.State = l.Before // Since stays: the lead never moved
	l.endDialogue()
}

func (l *Lead) endDialogue() {
	l.Before, l.Proposed, l.Giver, l.With, l.ByUs, l.Offer, l.Rounds, l.Meeting = "", "", "", "", false, 0, 0, Meeting{}
	l.Alarm, l.Assumed, l.Standby, l.Voice, l.Spoken, l.Open = false, false, false, false, time.Time{}, time.Time{}
}

// confirm moves the lead.
func (d *Desk) confirm(l *Lead, now time.Time) {
	l.Epoch, l.Holder, l.Peer, l.State, l.Since = l.Offer, l.Proposed, l.With, Confirmed, now
	l.Means = ""
	if l.Rival == l.With || l.Rival == l.Holder {
		l.Rival = ""
	}
	l.settle(l.With, l.Holder == d.cfg.Self)
	l.endTable()
	l.endDialogue()
}

// giver returns who leads until it holds the ASSUME.
func (d *Desk) giver(l *Lead, with, lead party.ID) party.ID {
	if *l.base() == Confirmed {
		return l.Holder
	}
	if lead == d.cfg.Self {
		return with
	}
	return d.cfg.Self
}

// out makes a step of the open dialogue.
func (d *Desk) out(incident uint32, l *Lead, step, reason string) Out {
	m := &record.Dialogue{Step: step, Epoch: l.Offer, Lead: l.Proposed, Giver: l.Giver, Reason: reason}
	switch step {
	case "propose", "counter":
		m.Base, m.Place, m.Cell = l.Epoch, l.Meeting.Place, l.Meeting.Cell
		if !l.Meeting.At.IsZero() {
			at := l.Meeting.At
			m.At = &at
		}
	case "voice":
		spoken := l.Spoken
		m.Base, m.Spoken = l.Epoch, &spoken
	}
	return Out{To: l.With, Incident: incident, Number: l.Number, Dialogue: m}
}

// send makes a step and keeps it until the partner's machine has answered.
func (d *Desk) send(incident uint32, l *Lead, step, reason string, now time.Time) Out {
	o := d.out(incident, l, step, reason)
	l.Sent = Sent{To: o.To, Body: *o.Dialogue, Number: o.Number, First: now, Last: now}
	return o
}

// Merge hands the lead and the postures of one incident to another into which
// it was merged. Where both have a lead, the one further along stays; the rule
// is the same whichever way round the partner merges.
func (d *Desk) Merge(into, from uint32) {
	if l, ok := d.leads[from]; ok {
		if cur, had := d.leads[into]; had {
			l = mergeLeads(cur, l)
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

// Withdraw ends a proposal of ours that could not be told to the partner. A
// voice agreement stands all the same: it was made by voice.
func (d *Desk) Withdraw(incident uint32) {
	l := d.lead(incident)
	if l.State != Proposed || !l.ByUs {
		return
	}
	l.Sent.Word = "withheld"
	if !l.Voice {
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

// State is a Desk as a snapshot holds it.
type State struct {
	Leads map[uint32]Lead        `json:"leads"`
	Own   map[uint32]Stance      `json:"own"`
	Their map[uint32][]Stance    `json:"their"`
	Down  map[party.ID]time.Time `json:"down"`
	Next  uint64                 `json:"next"`
}

// Snapshot returns a copy of the desk's state.
func (d *Desk) Snapshot() State {
	s := State{
		Leads: make(map[uint32]Lead, len(d.leads)), Own: maps.Clone(d.own), Their: make(map[uint32][]Stance, len(d.their)),
		Down: maps.Clone(d.down), Next: d.next,
	}
	for k, l := range d.leads {
		s.Leads[k] = l.clone()
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
		c := l.clone()
		d.leads[k] = &c
	}
	maps.Copy(d.own, s.Own)
	maps.Copy(d.down, s.Down)
	for k, l := range s.Their {
		d.their[k] = slices.Clone(l)
	}
}
