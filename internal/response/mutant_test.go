// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package response_test

import (
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/response"
)

// change is what a step did: the state before and after it, the step that came
// or nil, and what was sent. A mutant changes the last two.
type change struct {
	self   party.ID
	now    time.Time
	kind   string // of the move; "receive" for a step that came
	m      *record.Dialogue
	before response.Lead
	after  *response.Lead
	outs   *[]response.Out
}

// mutant is a fault put in from outside: into messages as they come, or into
// the state that a step leaves and the messages that it sends.
type mutant struct {
	name    string
	plan    plan
	message func(l response.Lead, m *record.Dialogue)
	after   func(c *change)
}

func (mu *mutant) change(p *plan, w *world, i int, before *response.Desk, kind string, m *record.Dialogue, outs *[]response.Out) {
	if mu.after == nil {
		return
	}
	s := w.desks[i].Snapshot()
	l, ok := s.Leads[incident]
	if !ok {
		return
	}
	mu.after(&change{p.parties[i], p.clock(w, i), kind, m, before.Lead(incident), &l, outs})
	s.Leads[incident] = l
	w.desks[i] = p.desk(i)
	w.desks[i].Restore(s)
}

func (c *change) came(step string) bool { return c.m != nil && c.m.Step == step }

func open(l *response.Lead) bool { return l.State == response.Proposed || l.State == response.Accepted }

// confirmed moves the lead as the package does, where it must not.
func (c *change) confirmed(lead, with party.ID, epoch uint32) {
	l := c.after
	l.State, l.Holder, l.Epoch, l.Peer, l.Before = response.Confirmed, lead, epoch, with, ""
	l.Offer, l.Proposed, l.Giver, l.With, l.Assumed, l.ByUs, l.Voice, l.Alarm = 0, "", "", "", false, false, false, false
}

func (c *change) fellBack() {
	l := c.after
	l.Closed = max(l.Closed, l.Offer)
	l.State, l.Before = l.Before, ""
	l.Offer, l.Proposed, l.Giver, l.With, l.Assumed, l.ByUs, l.Alarm = 0, "", "", "", false, false, false
}

func mutants() []mutant {
	two := func(max int, acts ...string) plan {
		return plan{name: "mutant", parties: both, sectors: sectors("gap_c", "gap_c"), max: max, acts: acts}
	}
	noted := func(p plan, cuts bool) plan {
		p.noted, p.cuts = true, cuts
		return p
	}
	agreed := two(0)
	agreed.prefix, agreed.late = agree(), 4 // ACCEPT and ASSUME are under way
	anew := two(1, "propose")
	anew.prefix, anew.late = []move{{kind: "propose", nth: 1}, {kind: "deliver"}, {kind: "deliver"}, {kind: "accept", who: 1}}, 3 // jp gives, tw may propose again
	early := noted(two(2, "propose", "accept"), false)
	early.prefix = []move{{kind: "take"}, {kind: "tick"}} // its NOTIFY is under way
	return []mutant{
		{name: "the giver confirms before it holds the ASSUME", plan: two(2, "propose", "accept"), after: func(c *change) {
			if l := c.after; l.State == response.Accepted && c.before.State == response.Proposed && l.Giver == c.self {
				c.confirmed(l.Proposed, l.With, l.Offer)
			}
		}},
		{name: "the epoch is ignored", plan: anew, message: func(l response.Lead, m *record.Dialogue) {
			if open(&l) && m.Step != "propose" {
				m.Epoch = l.Offer
			}
		}},
		{name: "the timer is not restored", plan: two(1, "propose"), after: func(c *change) {
			if open(c.after) {
				c.after.Open = c.now
			}
		}},
		{name: "the alarm is not restored", plan: two(2, "take", "propose"), after: func(c *change) { c.after.Alarm = false }},
		{name: "crossing proposals both stand", plan: two(2, "propose"), after: func(c *change) {
			if c.came("propose") && c.before.State == response.Proposed && c.before.ByUs && c.after.State == response.Proposed {
				*c.after = c.before
				c.after.State, *c.outs = response.Accepted, nil
				if c.after.Assumed = c.before.Proposed == c.self; c.after.Assumed {
					m := record.Dialogue{Step: "assume", Epoch: c.before.Offer, Lead: c.before.Proposed, Giver: c.before.Giver}
					*c.outs = []response.Out{{To: c.before.With, Dialogue: &m}}
				}
			}
		}},
		{name: "a late ACCEPT is taken", plan: agreed, after: func(c *change) {
			if l := c.after; c.came("accept") && !open(l) && c.m.Epoch == l.Closed && c.m.Giver == c.self {
				l.Before, l.State, l.Offer, l.Proposed, l.Giver, l.With, l.ByUs = l.State, response.Accepted, c.m.Epoch, c.m.Lead, c.self, c.m.Lead, true
				l.Open, *c.outs = c.now, nil
			}
		}},
		{name: "the taker falls back after its ASSUME", plan: agreed, after: func(c *change) {
			if l := c.after; c.kind == "tick" && l.Assumed && c.now.Sub(l.Open) >= t2 {
				c.fellBack()
			}
		}},
		{name: "the giver falls back after it held the ASSUME", plan: two(2, "propose", "accept"), after: func(c *change) {
			if l := c.after; c.kind == "tick" && l.State == response.Confirmed && l.Sent.Body.Step == "confirm" && l.Sent.Word != "receipt" {
				l.Holder = c.self
			}
		}},
		{name: "a repeated ASSUME is refused as ended", plan: agreed, after: func(c *change) {
			if c.came("assume") && c.before.State == response.Confirmed {
				m := record.Dialogue{Step: "refuse", Of: "assume", Reason: "ended", Epoch: c.m.Epoch, Lead: c.m.Lead, Giver: c.m.Giver}
				*c.outs = []response.Out{{To: c.before.Peer, Dialogue: &m}}
			}
		}},
		{name: "nobody watches whether the CONFIRM came", plan: two(3, "propose", "accept"), after: func(c *change) {
			if c.after.State == response.Confirmed {
				c.after.Alarm = false
			}
		}},
		{name: "a one-sided voice agreement is confirmed", plan: two(1, "voice"), after: func(c *change) {
			if l := c.after; c.kind == "voice" {
				c.confirmed(l.Proposed, l.With, l.Offer)
			}
		}},
		{name: "a countersignature is taken without a voice entry", plan: two(3, "voice", "countersign", "cancel"), after: func(c *change) {
			if c.came("countersign") && !open(c.after) && c.after.State != response.Confirmed {
				c.confirmed(c.m.Lead, map[party.ID]party.ID{"tw": "jp", "jp": "tw"}[c.self], c.m.Epoch)
				*c.outs = nil
			}
		}},
		{name: "the table leads over a confirmed lead", plan: noted(two(3, "propose", "accept"), true), after: func(c *change) {
			if c.kind == "tick" && c.before.Table == "" && c.after.State == response.Confirmed && len(c.after.Claims) == 0 {
				c.after.Table = "jp"
			}
		}},
		{name: "NOTIFY overwrites a confirmed lead", plan: early, after: func(c *change) {
			if c.came("notify") && c.m.Claim == "leads" && c.after.State == response.Confirmed {
				c.after.Holder = c.m.Lead
			}
		}},
	}
}

// TestExplorerCatchesMutants puts each fault in and wants the explorer to find
// a path to where it shows.
func TestExplorerCatchesMutants(t *testing.T) {
	for _, mu := range mutants() {
		t.Run(mu.name, func(t *testing.T) {
			x := &explorer{plan: &mu.plan, mutant: &mu, limit: 400_000}
			err := x.run()
			if err == nil {
				t.Fatalf("not caught in %d states", len(x.parent))
			}
			t.Logf("caught in %d states: %v", len(x.parent), err)
		})
	}
}
