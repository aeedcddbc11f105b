// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package response_test

import (
	"fmt"

	"github.com/kuroshio-watch/kuroshio/internal/response"
)

// wrong holds the invariants of every state. m is the move that led to it.
func (p *plan) wrong(w *world, m move) string {
	for i := range w.desks {
		for j := range i {
			if what := twoLeads(p, w, i, j); what != "" {
				return what
			}
		}
	}
	if m.kind == "tick" {
		return p.silent(w, int(m.who))
	}
	return ""
}

// base is the state beneath an open dialogue.
func base(l *response.Lead) string {
	if l.State == response.Proposed || l.State == response.Accepted {
		return l.Before
	}
	return l.State
}

// twoLeads holds that the joint record never has two confirmed leads: no two
// parties each hold themselves for the confirmed lead, no epoch that two
// parties confirmed with each other has two holders, and no party holds itself
// for the lead while its partner holds itself for the one confirmed with it.
func twoLeads(p *plan, w *world, i, j int) string {
	a, b := w.desks[i].Lead(incident), w.desks[j].Lead(incident)
	ai, bj := p.parties[i], p.parties[j]
	ca, cb := base(&a) == response.Confirmed, base(&b) == response.Confirmed
	switch {
	case ca && cb && a.Holder == ai && b.Holder == bj:
		return "two confirmed leads"
	case ca && cb && a.Epoch == b.Epoch && a.Peer == bj && b.Peer == ai && a.Holder != b.Holder:
		return "one epoch with two leads"
	case a.Holder == ai && b.Holder == bj && ((ca && a.Peer == bj) || (cb && b.Peer == ai)):
		return "a lead beside the confirmed one"
	}
	return ""
}

// silent holds that a party whose store or clock shows that something is wrong
// with the lead has an alarm. Its store shows it when it holds nobody for the
// lead: no holder, no sector table, no agreement by voice. Its clock shows it
// when a person, or the machine that it gave the lead to, has not answered
// for T1 (twice T1 once a person said that it is looking; from the agreed time
// where there is one). An alarm is the lead's own, or rule C01's, which stands
// exactly where HasLead is false.
func (p *plan) silent(w *world, i int) string {
	l, now := w.desks[i].Lead(incident), p.clock(w, i)
	open := l.State == response.Proposed || l.State == response.Accepted
	from := l.Open
	if l.State == response.Accepted && !l.Assumed && l.Meeting.At.After(from) {
		from = l.Meeting.At
	}
	patience := t1
	if l.State == response.Proposed && l.Standby {
		patience = 2 * t1
	}
	nobody := l.Holder == "" && l.Table == "" && !(open && l.Voice)
	late := open && now.Sub(from) >= patience
	gave := l.Sent.Body.Step == "confirm" && l.Sent.Body.Epoch == l.Epoch && l.Sent.Word != "receipt" && now.Sub(l.Sent.First) >= t1 && !open
	alarm := l.Alarm || !w.desks[i].HasLead(incident)
	if (nobody || late || gave) && !alarm {
		return fmt.Sprintf("%s has no alarm (nobody %t, late %t, gave %t)", p.parties[i], nobody, late, gave)
	}
	if !open && l.Table != "" && l.State == response.Confirmed {
		return "the sector table stands over a confirmed lead"
	}
	if open && !l.Voice && !l.Assumed && now.Sub(from) >= t2 {
		return "an open dialogue past T2"
	}
	return ""
}

// settled holds what must be where everything came and every timer ran out:
// who is held for the lead holds itself for it, confirmed leads are the same at
// both, two that lead know it, and where nobody leads each party has an alarm.
func (p *plan) settled(w *world) string {
	leader := false
	for i, d := range w.desks {
		leader = leader || d.Lead(incident).Holder == p.parties[i]
	}
	for i, d := range w.desks {
		l := d.Lead(incident)
		if !leader && d.HasLead(incident) && !l.Alarm {
			return "nobody leads and " + string(p.parties[i]) + " has no alarm"
		}
		if l.Holder == "" || l.Holder == p.parties[i] {
			continue
		}
		o := w.desks[p.index(l.Holder)].Lead(incident)
		if l.State == response.Confirmed && l.Peer == l.Holder && o.Epoch < l.Epoch {
			return fmt.Sprintf("%s holds a lead for confirmed that %s never took", p.parties[i], l.Holder)
		}
		if o.Holder != l.Holder && !l.Alarm && !o.Alarm {
			return fmt.Sprintf("%s holds %s for the lead, which does not", p.parties[i], l.Holder)
		}
		if l.State == response.Confirmed && l.Peer == l.Holder && o.Peer == p.parties[i] && l.Epoch != o.Epoch {
			return "the joint record differs"
		}
	}
	return ""
}
