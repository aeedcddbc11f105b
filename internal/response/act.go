// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package response

import (
	"cmp"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// maxRounds bounds the proposals of one dialogue after the first.
const maxRounds = 8

// maxAgreed is how far ahead a hand-over may be agreed for.
const maxAgreed = 48 * time.Hour

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
func (d *Desk) Propose(incident uint32, with, lead party.ID, t Meeting, by string, now time.Time) (Out, error) {
	l := d.lead(incident)
	if l.open() || !d.movable(l, with, lead) {
		return Out{}, ErrNotNow
	}
	if !t.fit(now) {
		return Out{}, ErrTerms
	}
	d.begin(l, with, lead, t, by, now)
	return d.send(incident, l, "propose", "", now), nil
}

// movable reports whether the lead may go to lead in a dialogue with a partner.
func (d *Desk) movable(l *Lead, with, lead party.ID) bool {
	if with == d.cfg.Self || (lead != d.cfg.Self && lead != with) {
		return false
	}
	return *l.base() != Confirmed || (l.Holder != lead && (l.Holder == d.cfg.Self || l.Holder == with))
}

func (t *Meeting) fit(now time.Time) bool {
	if t.At.IsZero() {
		return t.Place == "" && t.Cell == nil
	}
	return t.At.After(now) && t.At.Sub(now) <= maxAgreed && (t.Place == "" || t.Cell == nil)
}

func (d *Desk) begin(l *Lead, with, lead party.ID, t Meeting, by string, now time.Time) {
	giver := d.giver(l, with, lead)
	d.next++
	l.start(with, lead, giver, t, now)
	l.Offer, l.ByUs, l.By, l.Number = l.known()+1, true, by, d.next
}

// Accept agrees to the partner's proposal.
func (d *Desk) Accept(incident uint32, by string, now time.Time) ([]Out, error) {
	return d.agree(incident, false, by, now)
}

// Countersign confirms what the partner entered as agreed by voice.
func (d *Desk) Countersign(incident uint32, by string, now time.Time) ([]Out, error) {
	return d.agree(incident, true, by, now)
}

func (d *Desk) agree(incident uint32, voice bool, by string, now time.Time) ([]Out, error) {
	l := d.lead(incident)
	if l.State != Proposed || l.ByUs || l.Voice != voice {
		return nil, ErrNoProposal
	}
	l.By = by
	return d.agreed(incident, l, now), nil
}

// agreed tells the partner that we agree, and that we take the lead where it
// comes to us now.
func (d *Desk) agreed(incident uint32, l *Lead, now time.Time) []Out {
	step := "accept"
	if l.Voice {
		step = "countersign"
	}
	l.State, l.Open, l.Alarm = Accepted, now, false
	outs := []Out{d.send(incident, l, step, "", now)}
	if d.due(l, now) {
		outs = append(outs, d.assume(incident, l, now))
	}
	return outs
}

// due reports whether our ASSUME goes out: the lead comes to us, and the agreed
// time, if there is one, has come.
func (d *Desk) due(l *Lead, now time.Time) bool {
	return l.State == Accepted && !l.Assumed && l.Proposed == d.cfg.Self && !l.Meeting.At.After(now)
}

func (d *Desk) assume(incident uint32, l *Lead, now time.Time) Out {
	l.Assumed, l.Open, l.Alarm = true, now, false
	return d.send(incident, l, "assume", "", now)
}

// Assume takes the agreed lead before its time: the person says so.
func (d *Desk) Assume(incident uint32, by string, now time.Time) ([]Out, error) {
	l := d.lead(incident)
	if l.State != Accepted || l.Assumed || l.Proposed != d.cfg.Self {
		return nil, ErrNoProposal
	}
	l.By = by
	return []Out{d.assume(incident, l, now)}, nil
}

// Reject declines the partner's proposal or what it entered as agreed by voice.
func (d *Desk) Reject(incident uint32, by, reason string, now time.Time) ([]Out, error) {
	l := d.lead(incident)
	if l.State != Proposed || l.ByUs {
		return nil, ErrNoProposal
	}
	return d.close(incident, l, "reject", by, reason, now), nil
}

// Cancel takes our own proposal or voice entry back. What is agreed for later
// may be taken back until the taker has sent its ASSUME.
func (d *Desk) Cancel(incident uint32, by, reason string, now time.Time) ([]Out, error) {
	l := d.lead(incident)
	if !l.open() || !l.ByUs || l.Assumed {
		return nil, ErrNoProposal
	}
	return d.close(incident, l, "cancel", by, reason, now), nil
}

func (d *Desk) close(incident uint32, l *Lead, step, by, reason string, now time.Time) []Out {
	out := d.send(incident, l, step, reason, now)
	l.By = by
	l.fallBack()
	return []Out{out}
}

// Standby tells the partner that a person is looking. It makes T1 longer once.
func (d *Desk) Standby(incident uint32, by string, now time.Time) ([]Out, error) {
	l := d.lead(incident)
	if l.State != Proposed || l.ByUs || l.Standby {
		return nil, ErrNoProposal
	}
	l.By = by
	d.stand(l, now)
	return []Out{d.send(incident, l, "standby", "", now)}, nil
}

func (d *Desk) stand(l *Lead, now time.Time) {
	l.Standby = true
	l.Alarm = l.Alarm && !now.Before(d.alarmAt(l))
}

// Counter answers a proposal with another: the other lead, or another time or
// place. It is a proposal of ours in the same dialogue, under an epoch of its
// own.
func (d *Desk) Counter(incident uint32, lead party.ID, t Meeting, by string, now time.Time) ([]Out, error) {
	l := d.lead(incident)
	switch {
	case l.State != Proposed || l.ByUs || l.Voice:
		return nil, ErrNoProposal
	case l.Rounds >= maxRounds || !d.movable(l, l.With, lead) || (lead == l.Proposed && t.same(&l.Meeting)):
		return nil, ErrNotNow
	case !t.fit(now):
		return nil, ErrTerms
	}
	answers := l.Offer
	d.nextRound(l, lead, d.giver(l, l.With, lead), t, now)
	l.Offer, l.ByUs, l.By = l.known()+1, true, by
	o := d.send(incident, l, "counter", "", now)
	o.Dialogue.Answers, l.Sent.Body.Answers = answers, answers
	return []Out{o}, nil
}

func (t *Meeting) same(o *Meeting) bool {
	cell := t.Cell == o.Cell || (t.Cell != nil && o.Cell != nil && *t.Cell == *o.Cell)
	return t.At.Equal(o.At) && t.Place == o.Place && cell
}

// nextRound ends the present round of a dialogue and opens the next.
func (d *Desk) nextRound(l *Lead, lead, giver party.ID, t Meeting, now time.Time) {
	l.Closed = max(l.Closed, l.Offer)
	l.start(l.With, lead, giver, t, now)
	l.Rounds++
}

// Voice enters what was agreed by voice with a partner. It stands beside the
// confirmed lead, as one-sided, until a person there countersigns. It takes
// precedence over an open dialogue with that partner. One with the same words
// that the partner entered is countersigned by it.
func (d *Desk) Voice(incident uint32, with, lead party.ID, spoken time.Time, by string, now time.Time) ([]Out, error) {
	l := d.lead(incident)
	if !d.movable(l, with, lead) {
		return nil, ErrNotNow
	}
	if l.open() {
		switch {
		case l.With != with || (l.Voice && l.ByUs && l.Proposed == lead):
			return nil, ErrNotNow
		case l.Assumed:
			return nil, ErrAssumed
		case l.Voice && l.State == Accepted:
			return nil, ErrNotNow // countersigned; the machine steps finish
		case l.Voice && l.Proposed == lead:
			return d.Countersign(incident, by, now)
		}
		l.fallBack() // the partner learns it from the higher epoch
	}
	d.begin(l, with, lead, Meeting{}, by, now)
	l.Voice, l.Spoken = true, spoken
	return []Out{d.send(incident, l, "voice", "", now)}, nil
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

// mergeLeads returns the lead that stays where two incidents become one.
func mergeLeads(a, b *Lead) *Lead {
	keep, other := a, b
	if compareLeads(a, b) < 0 {
		keep, other = b, a
	}
	keep.Closed = max(keep.Closed, other.Closed, other.Epoch)
	for _, c := range other.Claims {
		if keep.claim(c.Party) == nil {
			keep.Claims = append(keep.Claims, c)
		}
	}
	slices.SortFunc(keep.Claims, func(a, b Claim) int { return cmp.Compare(a.Party, b.Party) })
	keep.Claimed = max(keep.Claimed, other.Claimed)
	return keep
}

// compareLeads orders leads by how far along they are: by state, epoch, and, so
// that both sides keep the same, by the lower holder.
func compareLeads(a, b *Lead) int {
	return cmp.Or(cmp.Compare(rank(a.State), rank(b.State)), cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(b.Holder, a.Holder))
}

func rank(state string) int {
	return slices.Index([]string{None, Told, Local, Proposed, Accepted, Confirmed}, state)
}
