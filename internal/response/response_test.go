// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package response_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/response"
)

const (
	incident = 7
	sector   = "gap_c"
)

var start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func desk(self party.ID) *response.Desk {
	return response.NewDesk(response.Config{
		Self: self, Sectors: map[string]party.ID{sector: "jp"}, T1: 2 * time.Minute, T2: 5 * time.Minute,
	})
}

// pair is two desks and the line between them: in order and without loss, as
// the record lane is, but as late as the test likes, and with repeats.
type pair struct {
	t     testingT
	desks map[party.ID]*response.Desk
	line  map[party.ID][]response.Out // to → waiting
	now   time.Time
}

type testingT interface {
	Helper()
	Fatalf(string, ...any)
}

func newPair(t testingT) *pair {
	return &pair{
		t: t, now: start, line: make(map[party.ID][]response.Out),
		desks: map[party.ID]*response.Desk{"tw": desk("tw"), "jp": desk("jp")},
	}
}

func (p *pair) send(outs ...response.Out) {
	for _, o := range outs {
		p.line[o.To] = append(p.line[o.To], o)
	}
}

func other(id party.ID) party.ID {
	if id == "tw" {
		return "jp"
	}
	return "tw"
}

// deliver hands the next step over; a repeat stays in the line too.
func (p *pair) deliver(to party.ID, repeat bool) {
	if len(p.line[to]) == 0 {
		return
	}
	o := p.line[to][0]
	if !repeat {
		p.line[to] = p.line[to][1:]
	}
	outs, _, _ := p.desks[to].Receive(other(to), incident, sector, o.Dialogue, p.now)
	p.send(outs...)
}

func (p *pair) drain() {
	for len(p.line["tw"])+len(p.line["jp"]) > 0 {
		p.deliver("tw", false)
		p.deliver("jp", false)
	}
}

func (p *pair) tick(d time.Duration) {
	p.now = p.now.Add(d)
	for _, id := range []party.ID{"jp", "tw"} {
		outs, _ := p.desks[id].Tick(p.now)
		p.send(outs...)
	}
}

func (p *pair) must(o response.Out, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("propose: %v", err)
	}
	p.send(o)
}

func (p *pair) accept(id party.ID) {
	p.t.Helper()
	outs, err := p.desks[id].Accept(incident, "officer", p.now)
	if err != nil {
		p.t.Fatalf("%s accept: %v", id, err)
	}
	p.send(outs...)
}

func TestLeadMovesWhenBothAgree(t *testing.T) {
	tests := map[string]party.ID{"it handles an offer": "jp", "it handles a request": "tw"}
	for name, lead := range tests {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			p.must(p.desks["tw"].Propose(incident, "jp", lead, "officer", p.now))
			p.drain()
			if got := p.desks["jp"].Lead(incident); got.State != response.Proposed || got.ByUs || got.Proposed != lead {
				t.Fatalf("jp after PROPOSE = %+v, want a proposal by the partner", got)
			}
			p.accept("jp")
			p.drain()
			for id, d := range p.desks {
				if l := d.Lead(incident); l.State != response.Confirmed || l.Holder != lead || l.Epoch != 1 {
					t.Errorf("%s after the dialogue = %+v, want %s confirmed in epoch 1", id, l, lead)
				}
			}
		})
	}
}

func TestGiverLeadsUntilItHoldsAssume(t *testing.T) {
	p := newPair(t)
	p.must(p.desks["tw"].Propose(incident, "jp", "tw", "officer", p.now))
	p.drain()
	p.accept("jp")
	p.drain()                                                             // tw leads in epoch 1
	p.must(p.desks["tw"].Propose(incident, "jp", "jp", "officer", p.now)) // and offers it
	p.deliver("jp", false)
	p.accept("jp") // ACCEPT and ASSUME are in the line
	p.deliver("tw", false)
	if l := p.desks["tw"].Lead(incident); l.Holder != "tw" {
		t.Errorf("giver with ACCEPT but without ASSUME: holder %s, want tw", l.Holder)
	}
	if l := p.desks["jp"].Lead(incident); l.Holder != "tw" {
		t.Errorf("taker without CONFIRM: holder %s, want tw", l.Holder)
	}
	p.drain()
	for id, d := range p.desks {
		if l := d.Lead(incident); l.Holder != "jp" || l.Epoch != 2 {
			t.Errorf("%s = %+v, want jp in epoch 2", id, l)
		}
	}
}

func TestRejectAndTimeoutChangeNothing(t *testing.T) {
	p := newPair(t)
	if err := p.desks["tw"].Take(incident, "officer", p.now); err != nil {
		t.Fatal(err)
	}
	p.must(p.desks["tw"].Propose(incident, "jp", "jp", "officer", p.now))
	p.drain()
	outs, err := p.desks["jp"].Reject(incident, "officer", "no ship near", p.now)
	if err != nil {
		t.Fatal(err)
	}
	p.send(outs...)
	p.drain()
	if l := p.desks["tw"].Lead(incident); l.State != response.Local || l.Holder != "tw" {
		t.Errorf("tw after REJECT = %+v, want its local lead", l)
	}
	p.must(p.desks["tw"].Propose(incident, "jp", "jp", "officer", p.now))
	p.drain()
	p.tick(2 * time.Minute)
	for id, d := range p.desks {
		if l := d.Lead(incident); !l.Alarm || l.State != response.Proposed {
			t.Errorf("%s at T1 = %+v, want the alarm and an open proposal", id, l)
		}
	}
	p.tick(3 * time.Minute)
	p.drain()
	if l := p.desks["tw"].Lead(incident); l.State != response.Local || l.Holder != "tw" || l.Alarm {
		t.Errorf("tw after T2 = %+v, want its local lead without alarm", l)
	}
	if l := p.desks["jp"].Lead(incident); l.State != response.None {
		t.Errorf("jp after T2 = %+v, want none", l)
	}
}

func TestSectorsPartyWinsWhenBothPropose(t *testing.T) {
	p := newPair(t)
	p.must(p.desks["tw"].Propose(incident, "jp", "tw", "officer", p.now))
	p.must(p.desks["jp"].Propose(incident, "tw", "jp", "officer", p.now))
	p.drain()
	if l := p.desks["jp"].Lead(incident); !l.ByUs || l.State != response.Proposed {
		t.Errorf("jp, the sector's party = %+v, want its own proposal to stand", l)
	}
	if l := p.desks["tw"].Lead(incident); l.ByUs || l.Proposed != "jp" {
		t.Errorf("tw = %+v, want the proposal of jp", l)
	}
	p.accept("tw")
	p.drain()
	if l := p.desks["tw"].Lead(incident); l.Holder != "jp" || l.State != response.Confirmed {
		t.Errorf("tw = %+v, want jp confirmed", l)
	}
}

func TestStepsOfStrangersAreRefused(t *testing.T) {
	p := newPair(t)
	p.must(p.desks["tw"].Propose(incident, "jp", "tw", "officer", p.now))
	m := p.line["jp"][0].Dialogue
	if _, _, err := desk("cell").Receive("tw", incident, sector, m, p.now); !errors.Is(err, response.ErrParty) {
		t.Errorf("Receive by a third party = %v, want ErrParty", err)
	}
	if _, err := p.desks["jp"].Accept(incident, "officer", p.now); !errors.Is(err, response.ErrNoProposal) {
		t.Errorf("Accept without a proposal = %v, want ErrNoProposal", err)
	}
}

// TestNeverTwoConfirmedLeads drives two desks with any acts of people over a
// line that is as late as it likes and repeats steps.
func TestNeverTwoConfirmedLeads(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := newPair(rt)
		ids := rapid.SampledFrom([]party.ID{"tw", "jp"})
		for range rapid.IntRange(1, 60).Draw(rt, "acts") {
			id := ids.Draw(rt, "party")
			switch rapid.SampledFrom([]string{"take", "propose", "accept", "reject", "deliver", "repeat", "tick", "restart"}).Draw(rt, "act") {
			case "take":
				_ = p.desks[id].Take(incident, "officer", p.now)
			case "propose":
				if o, err := p.desks[id].Propose(incident, other(id), ids.Draw(rt, "lead"), "officer", p.now); err == nil {
					p.send(o)
				}
			case "accept":
				if outs, err := p.desks[id].Accept(incident, "officer", p.now); err == nil {
					p.send(outs...)
				}
			case "reject":
				if outs, err := p.desks[id].Reject(incident, "officer", "", p.now); err == nil {
					p.send(outs...)
				}
			case "deliver":
				p.deliver(id, false)
			case "repeat":
				p.deliver(id, true)
			case "tick":
				p.tick(time.Duration(rapid.IntRange(1, 400).Draw(rt, "seconds")) * time.Second)
			case "restart":
				s := p.desks[id].Snapshot()
				p.desks[id] = desk(id)
				p.desks[id].Restore(s)
			}
			oneLead(rt, p)
		}
		for range 4 { // everything arrives and every timer runs out
			p.drain()
			p.tick(10 * time.Minute)
		}
		p.drain()
		oneLead(rt, p)
		a, b := p.desks["tw"].Lead(incident), p.desks["jp"].Lead(incident)
		if a.State == response.Proposed || a.State == response.Accepted || b.State == response.Proposed || b.State == response.Accepted {
			rt.Fatalf("a dialogue never ends:\n%+v\n%+v", a, b)
		}
		if a.Epoch != b.Epoch {
			rt.Fatalf("the joint record differs when all has arrived:\n%+v\n%+v", a, b)
		}
	})
}

func oneLead(t testingT, p *pair) {
	a, b := p.desks["tw"].Lead(incident), p.desks["jp"].Lead(incident)
	if a.Epoch == b.Epoch && a.Epoch > 0 && a.Holder != b.Holder {
		t.Fatalf("two confirmed leads in epoch %d:\n%+v\n%+v", a.Epoch, a, b)
	}
}

func TestMergeKeepsTheLeadFurtherAlong(t *testing.T) {
	d := desk("tw")
	if err := d.Take(1, "officer", start); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Propose(2, "jp", "tw", "officer", start); err != nil {
		t.Fatal(err)
	}
	d.PartnerPosture("jp", 2, "watching", start)
	d.Merge(1, 2)
	if l := d.Lead(1); l.State != response.Proposed {
		t.Errorf("Lead after merge = %+v, want the open proposal", l)
	}
	want := []response.Stance{{Party: "jp", Posture: "watching", At: start}}
	if diff := cmp.Diff(want, d.Postures(1)); diff != "" {
		t.Errorf("Postures after merge (-want +got):\n%s", diff)
	}
	if l := d.Lead(2); l.State != response.None {
		t.Errorf("Lead of the merged incident = %+v, want none", l)
	}
}
