// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package response

import (
	"errors"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Why a partner's step was refused. The sender's machine is told the word.
var (
	ErrStale  = errors.New("epoch is not above those that were used")
	ErrEnded  = errors.New("step of a dialogue that has ended")
	ErrParty  = errors.New("step names a party that is not in the dialogue")
	ErrOrder  = errors.New("step does not fit the dialogue's state")
	ErrBusy   = errors.New("another dialogue is open")
	ErrAcross = errors.New("proposals crossed; the sector's party's stands")
)

// reasons are the words of a REFUSE.
var reasons = []struct {
	err  error
	word string
}{{ErrStale, "stale"}, {ErrEnded, "ended"}, {ErrBusy, "busy"}, {ErrAcross, "across"}, {ErrOrder, "order"}}

// maxAhead is how far a partner's epoch may be ahead of what we know. The two
// sides differ by dialogues that ended unseen; more would use the epochs up.
const maxAhead = 1 << 16

// Receive takes one step from a partner and answers it with a RECEIPT or, where
// it returns an error, with a REFUSE. A step that came before gets its receipt
// again and changes nothing.
func (d *Desk) Receive(from party.ID, incident uint32, sector string, m *record.Dialogue, now time.Time) ([]Out, []Notice, error) {
	if !d.among(from, m) {
		return nil, nil, ErrParty
	}
	l := d.lead(incident)
	if m.Step == "receipt" || m.Step == "refuse" {
		outs, notices := d.word(from, incident, l, m, now)
		return outs, notices, nil
	}
	outs, notices, err := d.step(from, incident, sector, l, m, now)
	return append([]Out{d.answer(from, incident, l, m, err)}, outs...), notices, err
}

// among reports whether lead and giver are the two parties of this line.
func (d *Desk) among(from party.ID, m *record.Dialogue) bool {
	pair := []party.ID{d.cfg.Self, from}
	return from != d.cfg.Self && slices.Contains(pair, m.Lead) && slices.Contains(pair, m.Giver) && m.Lead != m.Giver
}

func (d *Desk) answer(from party.ID, incident uint32, l *Lead, m *record.Dialogue, err error) Out {
	a := &record.Dialogue{Step: "receipt", Of: m.Step, Epoch: m.Epoch, Lead: m.Lead, Giver: m.Giver, Seq: m.Seq}
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			a.Step, a.Reason, a.Known = "refuse", r.word, l.known()
		}
	}
	return Out{To: from, Incident: incident, Number: l.Number, Dialogue: a}
}

func (d *Desk) step(from party.ID, incident uint32, sector string, l *Lead, m *record.Dialogue, now time.Time) ([]Out, []Notice, error) {
	switch m.Step {
	case "notify":
		return nil, d.notified(from, incident, sector, l, m, now), nil
	case "propose", "voice":
		return d.proposed(from, incident, sector, l, m, now)
	case "counter":
		return d.countered(from, incident, l, m, now)
	}
	if !l.fits(from, m) {
		return d.late(from, incident, l, m)
	}
	switch m.Step {
	case "standby":
		return d.standing(incident, l, now)
	case "accept", "countersign":
		return d.accepted(incident, l, m, now)
	case "assume":
		return d.assumed(incident, l, now)
	case "confirm":
		return d.confirmed(incident, l, now)
	default: // "reject", "cancel", "timeout": the codec knows no others
		return d.ended(incident, l, m)
	}
}

// fits reports whether a step is of the open dialogue.
func (l *Lead) fits(from party.ID, m *record.Dialogue) bool {
	return l.open() && l.With == from && m.Epoch == l.Offer && m.Lead == l.Proposed && m.Giver == l.Giver
}

// late answers a step that is of no open dialogue.
func (d *Desk) late(from party.ID, incident uint32, l *Lead, m *record.Dialogue) ([]Out, []Notice, error) {
	mine := m.Epoch == l.Epoch && l.Epoch != 0 && l.Peer == from
	ends := m.Step == "reject" || m.Step == "cancel" || m.Step == "timeout"
	switch {
	case mine && ends:
		return nil, nil, ErrStale
	case mine && m.Step == "assume" && m.Giver == d.cfg.Self:
		c := &record.Dialogue{Step: "confirm", Epoch: m.Epoch, Lead: m.Lead, Giver: m.Giver}
		return []Out{{To: from, Incident: incident, Number: l.Number, Dialogue: c}}, nil, nil
	case mine:
		return nil, nil, nil
	case m.Epoch <= l.known() && ends:
		return nil, nil, nil
	case m.Epoch <= l.known():
		return nil, nil, ErrEnded
	case ends && !l.open() && m.Epoch-l.known() <= maxAhead:
		l.Closed = m.Epoch // its proposal is late or lost: it must not open anything
		return nil, nil, nil
	}
	return nil, nil, ErrOrder
}

// proposed takes a PROPOSE or a VOICE.
func (d *Desk) proposed(from party.ID, incident uint32, sector string, l *Lead, m *record.Dialogue, now time.Time) ([]Out, []Notice, error) {
	voice := m.Step == "voice"
	if l.fits(from, m) && !l.ByUs && l.Voice == voice {
		return nil, nil, nil
	}
	var notices []Notice
	if l.open() && l.With == from && l.Assumed && m.Base == l.Offer {
		notices = d.moved(incident, l, now) // the giver goes on from the lead that we wait for
	}
	switch {
	case m.Epoch <= l.known():
		return d.again(from, incident, l, m, now)
	case m.Epoch-l.known() > maxAhead:
		return nil, nil, ErrOrder
	}
	if l.open() {
		if err := d.gives(from, sector, l, m); err != nil {
			return nil, nil, err
		}
	}
	base, same := *l.base(), l.open() && l.ByUs && l.Voice && voice && l.Proposed == m.Lead
	if base == Confirmed && m.Giver != l.Holder {
		return nil, nil, ErrOrder
	}
	if l.open() {
		l.fallBack()
	}
	d.opened(l, from, m, now)
	kind := "lead-proposed"
	if voice {
		kind = "lead-voice"
	}
	notices = append(notices, Notice{Incident: incident, Kind: kind, From: from, Lead: m.Lead})
	if same { // a person here entered the same
		return d.agreed(incident, l, now), notices, nil
	}
	return nil, notices, nil
}

// again answers a proposal whose epoch was used: one that came before, one that
// we ended, or one made without knowing ours.
func (d *Desk) again(from party.ID, incident uint32, l *Lead, m *record.Dialogue, now time.Time) ([]Out, []Notice, error) {
	switch {
	case m.Epoch == l.Epoch && l.Peer == from:
		return nil, nil, nil
	case l.Sent.To != from || l.Sent.Body.Epoch != m.Epoch:
	case l.Sent.Word == "" && l.Sent.Tries < d.cfg.Tries:
		return []Out{d.resend(incident, l, now)}, nil, nil // what we ended it with was lost
	case l.Sent.Word == "receipt":
		return nil, nil, nil // the partner has it
	}
	return nil, nil, ErrStale
}

// opened opens a dialogue that the partner proposed.
func (d *Desk) opened(l *Lead, from party.ID, m *record.Dialogue, now time.Time) {
	d.next++
	l.start(from, m.Lead, m.Giver, meeting(m), now)
	l.Offer, l.ByUs, l.Number = m.Epoch, false, d.next
	if m.Step == "voice" && m.Spoken != nil {
		l.Voice, l.Spoken = true, *m.Spoken
	}
}

func meeting(m *record.Dialogue) Meeting {
	t := Meeting{Place: m.Place, Cell: m.Cell}
	if m.At != nil {
		t.At = *m.At
	}
	return t
}

// gives returns nil where our open dialogue gives way to the partner's new
// proposal. Voice takes precedence over what is not voice; of two of one kind
// that of the sector's party stands. A partner that proposes under a higher
// epoch has ended what was open, unless it answers nothing that it knows.
func (d *Desk) gives(from party.ID, sector string, l *Lead, m *record.Dialogue) error {
	voice := m.Step == "voice"
	switch {
	case l.With != from:
		return ErrBusy
	case l.State == Accepted || !l.ByUs:
		if m.Epoch <= l.Offer {
			return ErrOrder
		}
		return nil
	case voice != l.Voice:
		if l.Voice {
			return ErrAcross
		}
		return nil
	case d.wins(from, sector):
		return ErrAcross
	}
	return nil
}

// wins reports whether ours stands where both proposed or claimed at once.
func (d *Desk) wins(from party.ID, sector string) bool {
	if owner, ok := d.cfg.sectors(from)[sector]; ok && (owner == d.cfg.Self || owner == from) {
		return owner == d.cfg.Self
	}
	return d.cfg.Self < from
}

// countered takes the partner's answer to our proposal: another proposal.
func (d *Desk) countered(from party.ID, incident uint32, l *Lead, m *record.Dialogue, now time.Time) ([]Out, []Notice, error) {
	switch {
	case l.fits(from, m) && !l.ByUs:
		return nil, nil, nil
	case m.Epoch <= l.known():
		return d.again(from, incident, l, m, now)
	case l.State != Proposed || !l.ByUs || l.Voice || l.With != from || l.Offer != m.Answers:
		return nil, nil, ErrEnded
	case l.Rounds >= maxRounds || m.Epoch <= l.Offer || m.Epoch-l.Offer > maxAhead:
		return nil, nil, ErrOrder
	case l.Before == Confirmed && m.Giver != l.Holder:
		return nil, nil, ErrOrder
	}
	d.nextRound(l, m.Lead, m.Giver, meeting(m), now)
	l.Offer, l.ByUs = m.Epoch, false
	return nil, []Notice{{Incident: incident, Kind: "lead-countered", From: from, Lead: m.Lead}}, nil
}

func (d *Desk) standing(incident uint32, l *Lead, now time.Time) ([]Out, []Notice, error) {
	if l.State != Proposed || !l.ByUs {
		return nil, nil, nil // answered meanwhile
	}
	if l.Standby {
		return nil, nil, nil
	}
	d.stand(l, now)
	return nil, []Notice{{Incident: incident, Kind: "lead-standby", From: l.With, Lead: l.Proposed}}, nil
}

func (d *Desk) accepted(incident uint32, l *Lead, m *record.Dialogue, now time.Time) ([]Out, []Notice, error) {
	switch {
	case !l.ByUs || l.Voice != (m.Step == "countersign"):
		return nil, nil, ErrOrder
	case l.State == Accepted:
		return nil, nil, nil
	}
	l.State, l.Open, l.Alarm = Accepted, now, false
	notices := []Notice{{Incident: incident, Kind: "lead-accepted", From: l.With, Lead: l.Proposed}}
	if d.due(l, now) {
		return []Out{d.assume(incident, l, now)}, notices, nil
	}
	return nil, notices, nil // the taker's ASSUME follows
}

// assumed takes the ASSUME: the giver holds it, the lead moves. The ASSUME of
// who was asked says that it accepts, too.
func (d *Desk) assumed(incident uint32, l *Lead, now time.Time) ([]Out, []Notice, error) {
	if l.Giver != d.cfg.Self || (l.State != Accepted && !l.ByUs) {
		return nil, nil, ErrOrder
	}
	out := d.send(incident, l, "confirm", "", now)
	return []Out{out}, d.moved(incident, l, now), nil
}

func (d *Desk) confirmed(incident uint32, l *Lead, now time.Time) ([]Out, []Notice, error) {
	if l.State != Accepted || !l.Assumed {
		return nil, nil, ErrOrder
	}
	return nil, d.moved(incident, l, now), nil
}

func (d *Desk) moved(incident uint32, l *Lead, now time.Time) []Notice {
	with := l.With
	d.confirm(l, now)
	return []Notice{{Incident: incident, Kind: "lead-confirmed", From: with, Lead: l.Holder}}
}

// ended takes a REJECT, a CANCEL or a TIMEOUT.
func (d *Desk) ended(incident uint32, l *Lead, m *record.Dialogue) ([]Out, []Notice, error) {
	if (m.Step == "reject" && !l.ByUs) || (m.Step == "cancel" && l.ByUs) {
		return nil, nil, ErrOrder
	}
	kind := map[string]string{"reject": "lead-rejected", "cancel": "lead-cancelled", "timeout": "lead-timeout"}[m.Step]
	n := Notice{Incident: incident, Kind: kind, From: l.With, Lead: l.Proposed, Text: m.Reason}
	l.fallBack()
	return nil, []Notice{n}, nil
}

// word takes the answer of the partner's machine to a step of ours.
func (d *Desk) word(from party.ID, incident uint32, l *Lead, m *record.Dialogue, now time.Time) ([]Out, []Notice) {
	if m.Of == "notify" {
		if c := l.claim(from); c != nil && c.Seq == m.Seq {
			c.Acked = true
		}
		return nil, nil
	}
	s := &l.Sent
	if s.To == from && s.Body.Step == m.Of && s.Body.Epoch == m.Epoch && s.Body.Lead == m.Lead && s.Body.Giver == m.Giver && s.Word != "receipt" {
		s.Word = m.Reason
		if m.Step == "receipt" {
			s.Word = "receipt"
			l.Alarm = l.Alarm && l.open() // of a CONFIRM that nobody had answered
		}
	}
	if m.Step != "refuse" || !l.fits(from, m) || (opens(m.Of) && !l.ByUs) {
		return nil, nil // about another proposal, which may bear the same epoch
	}
	return d.refused(incident, l, m, now)
}

// opens reports whether a step is a proposal.
func opens(step string) bool { return step == "propose" || step == "voice" || step == "counter" }

// refused takes a REFUSE about the open dialogue. "ended" is the giver's word
// that it never moves the lead under this epoch.
func (d *Desk) refused(incident uint32, l *Lead, m *record.Dialogue, now time.Time) ([]Out, []Notice) {
	opening := l.State == Proposed && opens(m.Of)
	switch {
	case m.Reason == "ended":
	case !opening || m.Reason == "across":
		return nil, nil // the partner's own proposal follows, or nothing is lost
	case m.Reason == "stale" && m.Of != "counter" && l.Rounds < maxRounds && m.Known >= l.Offer && m.Known-l.Offer <= maxAhead:
		l.Closed = max(l.Closed, m.Known)
		l.Offer = l.known() + 1
		l.Rounds++
		return []Out{d.send(incident, l, m.Of, "", now)}, nil
	case l.Voice:
		return nil, nil // it was made by voice: it stands, and the word is shown
	}
	n := Notice{Incident: incident, Kind: "lead-refused", From: l.With, Lead: l.Proposed, Text: m.Reason}
	l.fallBack()
	return nil, []Notice{n}
}
