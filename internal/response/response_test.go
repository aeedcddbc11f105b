// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package response_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/response"
)

const (
	incident = 7
	sector   = "gap_c"
)

var start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func desk(self party.ID) *response.Desk {
	return response.NewDesk(response.Config{
		Self: self, Sectors: map[string]party.ID{sector: "jp", "gap_n": "tw"}, T1: 2 * time.Minute, T2: 5 * time.Minute,
	})
}

// pair is two desks and the line between them: in order and without loss, as
// the record lane is, but as late as the test likes, and with repeats.
type pair struct {
	t     testingT
	desks map[party.ID]*response.Desk
	line  map[party.ID][]response.Out // to → waiting
	now   time.Time
	where string // the incident's sector
	joint bool   // ticks know that both hold the incident
	// holders is who led in each epoch, as either side ever held it.
	holders map[uint32]party.ID
}

type testingT interface {
	Helper()
	Fatalf(string, ...any)
}

func newPair(t testingT) *pair {
	return &pair{
		t: t, now: start, where: sector, holders: make(map[uint32]party.ID), line: make(map[party.ID][]response.Out),
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
	outs, _, _ := p.desks[to].Receive(other(to), incident, p.where, o.Dialogue, p.now)
	p.send(outs...)
}

func (p *pair) cases(id party.ID) []response.Case {
	if !p.joint {
		return nil
	}
	return []response.Case{{Incident: incident, Sector: p.where, Partners: []party.ID{other(id)}}}
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
		outs, _ := p.desks[id].Tick(p.now, p.cases(id))
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
			p.must(p.desks["tw"].Propose(incident, "jp", lead, response.Meeting{}, "officer", p.now))
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
	p.must(p.desks["tw"].Propose(incident, "jp", "tw", response.Meeting{}, "officer", p.now))
	p.drain()
	p.accept("jp")
	p.drain()                                                                                 // tw leads in epoch 1
	p.must(p.desks["tw"].Propose(incident, "jp", "jp", response.Meeting{}, "officer", p.now)) // and offers it
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
	p.now = p.now.Add(time.Minute)
	p.must(p.desks["tw"].Propose(incident, "jp", "jp", response.Meeting{}, "officer", p.now))
	p.drain()
	outs, err := p.desks["jp"].Reject(incident, "officer", "no ship near", p.now)
	if err != nil {
		t.Fatal(err)
	}
	p.send(outs...)
	p.drain()
	if l := p.desks["tw"].Lead(incident); l.State != response.Local || l.Holder != "tw" || !l.Since.Equal(start) {
		t.Errorf("tw after REJECT = %+v, want its local lead", l)
	}
	p.must(p.desks["tw"].Propose(incident, "jp", "jp", response.Meeting{}, "officer", p.now))
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
	tests := map[string]struct {
		sector string
		wins   party.ID
	}{
		"it handles the sector of the lower id":  {"gap_c", "jp"},
		"it handles the sector of the higher id": {"gap_n", "tw"},
		"it handles a sector of nobody":          {"gap_s", "jp"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			p.where = tt.sector
			p.must(p.desks["tw"].Propose(incident, "jp", "tw", response.Meeting{}, "officer", p.now))
			p.must(p.desks["jp"].Propose(incident, "tw", "jp", response.Meeting{}, "officer", p.now))
			p.drain()
			if l := p.desks[tt.wins].Lead(incident); !l.ByUs || l.State != response.Proposed {
				t.Errorf("%s = %+v, want its own proposal to stand", tt.wins, l)
			}
			loser := other(tt.wins)
			if l := p.desks[loser].Lead(incident); l.ByUs || l.Proposed != tt.wins {
				t.Errorf("%s = %+v, want the proposal of %s", loser, l, tt.wins)
			}
			p.accept(loser)
			p.drain()
			for id, d := range p.desks {
				if l := d.Lead(incident); l.Holder != tt.wins || l.State != response.Confirmed {
					t.Errorf("%s = %+v, want %s confirmed", id, l, tt.wins)
				}
			}
		})
	}
}

func TestStepsOfStrangersAreRefused(t *testing.T) {
	p := newPair(t)
	p.must(p.desks["tw"].Propose(incident, "jp", "tw", response.Meeting{}, "officer", p.now))
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
		p.where = rapid.SampledFrom([]string{"gap_c", "gap_n", ""}).Draw(rt, "sector")
		p.joint = rapid.Bool().Draw(rt, "joint")
		ids := rapid.SampledFrom([]party.ID{"tw", "jp"})
		for range rapid.IntRange(1, 80).Draw(rt, "acts") {
			id := ids.Draw(rt, "party")
			switch rapid.SampledFrom([]string{"take", "propose", "propose", "accept", "accept", "reject", "deliver", "deliver", "deliver", "repeat", "tick", "tick", "withdraw", "restart"}).Draw(rt, "act") {
			case "take":
				_ = p.desks[id].Take(incident, "officer", p.now)
			case "propose":
				if o, err := p.desks[id].Propose(incident, other(id), ids.Draw(rt, "lead"), response.Meeting{}, "officer", p.now); err == nil {
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
			case "withdraw":
				p.desks[id].Withdraw(incident)
			case "deliver":
				p.deliver(id, false)
			case "repeat":
				p.deliver(id, true)
			case "tick":
				p.tick(time.Duration(rapid.SampledFrom([]int{1, 60, 170, 310}).Draw(rt, "seconds")) * time.Second)
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

// oneLead holds that no epoch ever had two leads, at any time and on either
// side, and that the two never both lead once there is a joint record.
func oneLead(t testingT, p *pair) {
	for _, id := range []party.ID{"jp", "tw"} {
		l := p.desks[id].Lead(incident)
		if l.Epoch == 0 {
			continue
		}
		if had, ok := p.holders[l.Epoch]; ok && had != l.Holder {
			t.Fatalf("epoch %d was led by %s and is led by %s at %s", l.Epoch, had, l.Holder, id)
		}
		p.holders[l.Epoch] = l.Holder
	}
	a, b := p.desks["tw"].Lead(incident), p.desks["jp"].Lead(incident)
	if a.Holder == "tw" && b.Holder == "jp" && a.Epoch+b.Epoch > 0 {
		t.Fatalf("both lead:\n%+v\n%+v", a, b)
	}
}

func TestMergeKeepsTheLeadFurtherAlong(t *testing.T) {
	d := desk("tw")
	if err := d.Take(1, "officer", start); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Propose(2, "jp", "tw", response.Meeting{}, "officer", start); err != nil {
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

func TestMergeIsTheSameEitherWayRound(t *testing.T) {
	tests := map[string]struct {
		before func(d *response.Desk)
		want   party.ID
	}{
		"it handles two confirmed leads": {func(d *response.Desk) {
			handOver(t, d, 1, "tw", 1)
			handOver(t, d, 2, "jp", 1)
		}, "jp"},
		"it handles leads of other epochs": {func(d *response.Desk) {
			handOver(t, d, 1, "jp", 1)
			handOver(t, d, 2, "jp", 1)
			handOver(t, d, 2, "tw", 2)
		}, "tw"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			one, two := desk("tw"), desk("tw")
			tt.before(one)
			tt.before(two)
			one.Merge(1, 2)
			two.Merge(2, 1)
			if a, b := one.Lead(1), two.Lead(2); a.Holder != tt.want || b.Holder != tt.want || a.Epoch != b.Epoch {
				t.Errorf("2 into 1: %s in epoch %d; 1 into 2: %s in epoch %d; want %s", a.Holder, a.Epoch, b.Holder, b.Epoch, tt.want)
			}
		})
	}
}

// handOver leads an incident at tw to a confirmed lead.
func handOver(t *testing.T, d *response.Desk, n uint32, lead party.ID, epoch uint32) {
	t.Helper()
	if _, err := d.Propose(n, "jp", lead, response.Meeting{}, "officer", start); err != nil {
		t.Fatal(err)
	}
	giver := other(lead)
	steps := []string{"accept", "assume"}
	if lead == "tw" {
		steps[1] = "confirm"
	}
	for _, s := range steps {
		if _, _, err := d.Receive("jp", n, sector, &record.Dialogue{Step: s, Epoch: epoch, Lead: lead, Giver: giver}, start); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if l := d.Lead(n); l.Holder != lead || l.Epoch != epoch {
		t.Fatalf("Lead = %+v, want %s in epoch %d", l, lead, epoch)
	}
}

// TestStepsOutOfOrderAreRefused sends each step into each state where it does
// not belong; nothing may change.
func TestStepsOutOfOrderAreRefused(t *testing.T) {
	offer := func(d *response.Desk) { // we give, they shall lead
		_, _ = d.Propose(incident, "jp", "jp", response.Meeting{}, "officer", start)
	}
	request := func(d *response.Desk) { // we shall lead
		_, _ = d.Propose(incident, "jp", "tw", response.Meeting{}, "officer", start)
	}
	asked := func(d *response.Desk) { // they offer us the lead
		_, _, _ = d.Receive("jp", incident, sector, &record.Dialogue{Step: "propose", Epoch: 1, Lead: "tw", Giver: "jp"}, start)
	}
	agreed := func(d *response.Desk) { // they offered and we said yes: ASSUME is out
		asked(d)
		_, _ = d.Accept(incident, "officer", start)
	}
	send := func(step string, epoch uint32, lead party.ID) *record.Dialogue {
		return &record.Dialogue{Step: step, Epoch: epoch, Lead: lead, Giver: other(lead)}
	}
	tests := map[string]struct {
		before func(*response.Desk)
		step   *record.Dialogue
		want   error
	}{
		"it handles CONFIRM before ACCEPT":             {request, send("confirm", 1, "tw"), response.ErrOrder},
		"it handles CONFIRM to who was only asked":     {asked, send("confirm", 1, "tw"), response.ErrOrder},
		"it handles ASSUME by the giver":               {agreed, send("assume", 1, "tw"), response.ErrOrder},
		"it handles ACCEPT of their own proposal":      {asked, send("accept", 1, "tw"), response.ErrOrder},
		"it handles ACCEPT of another epoch":           {request, send("accept", 2, "tw"), response.ErrOrder},
		"it handles ACCEPT without a proposal":         {func(*response.Desk) {}, send("accept", 1, "tw"), response.ErrOrder},
		"it handles a second proposal of theirs":       {asked, send("propose", 1, "jp"), response.ErrOrder},
		"it handles an epoch that uses all up":         {func(*response.Desk) {}, send("propose", 1<<32-1, "jp"), response.ErrOrder},
		"it handles epoch 0":                           {func(*response.Desk) {}, send("propose", 0, "jp"), response.ErrStale},
		"it handles a proposal by who is not the lead": {func(d *response.Desk) { handOver(t, d, incident, "tw", 1) }, send("propose", 2, "tw"), response.ErrOrder},
		"it handles one that crosses ours and is by who is not the lead": {func(d *response.Desk) {
			handOver(t, d, incident, "tw", 1)
			offer(d)
		}, send("propose", 2, "tw"), response.ErrOrder},
		"it handles REJECT after the hand-over": {func(d *response.Desk) { handOver(t, d, incident, "jp", 1) }, send("reject", 1, "jp"), response.ErrStale},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := desk("tw")
			tt.before(d)
			before := d.Lead(incident)
			before.Number = max(before.Number, 1) // a lead has a number once something came
			outs, notices, err := d.Receive("jp", incident, sector, tt.step, start)
			if !errors.Is(err, tt.want) || len(outs) != 1 || len(notices) != 0 {
				t.Fatalf("Receive = %v, %v, %v, want %v and its REFUSE alone", outs, notices, err, tt.want)
			}
			if a := outs[0].Dialogue; a.Step != "refuse" || a.Of != tt.step.Step || a.Epoch != tt.step.Epoch || a.Reason == "" {
				t.Errorf("the answer is %+v, want a REFUSE with its reason", a)
			}
			if diff := cmp.Diff(before, d.Lead(incident)); diff != "" {
				t.Errorf("the refused step changed the lead:\n%s", diff)
			}
		})
	}
}

// TestTakerWaitsAfterAssume lets every timer run out at a taker whose ASSUME
// nobody answers.
func TestTakerWaitsAfterAssume(t *testing.T) {
	d := desk("tw")
	if _, _, err := d.Receive("jp", incident, sector, &record.Dialogue{Step: "propose", Epoch: 1, Lead: "tw", Giver: "jp"}, start); err != nil {
		t.Fatal(err)
	}
	outs, err := d.Accept(incident, "officer", start)
	if err != nil || len(outs) != 2 || outs[1].Dialogue.Step != "assume" {
		t.Fatalf("Accept = %+v, %v, want ACCEPT and ASSUME", outs, err)
	}
	var notices []response.Notice
	sent := 0
	for i := range 60 {
		o, n := d.Tick(start.Add(time.Duration(i)*time.Minute), nil)
		notices = append(notices, n...)
		for _, again := range o {
			sent++
			if m := again.Dialogue; m.Step != "assume" || m.Epoch != 1 || again.Number != outs[1].Number || sent > 6 {
				t.Fatalf("after %d min it sent %+v, for the %dth time", i, m, sent)
			}
		}
	}
	if sent != 6 {
		t.Errorf("it sent its ASSUME again %d times, want 6", sent)
	}
	if len(notices) != 1 || notices[0].Kind != "lead-alarm" {
		t.Errorf("notices = %+v, want one alarm", notices)
	}
	if l := d.Lead(incident); l.State != response.Accepted || !l.Alarm || l.Holder == "tw" {
		t.Errorf("Lead = %+v, want it to wait with its alarm and not to lead", l)
	}
}

// A taker whose ASSUME was receipted and whose CONFIRM never came asks again
// when the line is back: the explorer found it waiting for ever.
func TestTakerAsksAgainWhenTheLineIsBack(t *testing.T) {
	p := newPair(t)
	p.must(p.desks["jp"].Propose(incident, "tw", "tw", response.Meeting{}, "officer", p.now))
	p.deliver("tw", false)
	p.deliver("jp", false)
	p.accept("tw")
	for range 60 { // no CONFIRM comes through, and what says so is used up
		p.deliver("jp", false)
		p.line["tw"] = slices.DeleteFunc(p.line["tw"], func(o response.Out) bool { return o.Dialogue.Step == "confirm" })
		p.deliver("tw", false)
		p.tick(time.Minute)
	}
	p.line["tw"], p.line["jp"] = nil, nil
	if l := p.desks["tw"].Lead(incident); l.State != response.Accepted || !l.Assumed {
		t.Fatalf("tw holds %+v, want it to wait for CONFIRM", l)
	}
	p.desks["tw"].Line("jp", false, p.now)
	p.desks["tw"].Line("jp", true, p.now)
	p.tick(time.Minute)
	p.drain()
	for id, d := range p.desks {
		if l := d.Lead(incident); l.State != response.Confirmed || l.Holder != "tw" {
			t.Errorf("%s holds %+v, want tw's confirmed lead", id, l)
		}
	}
}

// A counter-proposal and a proposal that was numbered anew may bear one epoch.
// What the partner's machine says of the first must not end the second: the
// explorer found a lead that the giver held for confirmed and the taker not.
func TestRefusalOfACounterEndsNoOtherProposal(t *testing.T) {
	tw, jp := desk("tw"), desk("jp")
	give := func(to *response.Desk, from party.ID, o response.Out) []response.Out {
		t.Helper()
		outs, _, _ := to.Receive(from, incident, sector, o.Dialogue, start)
		return outs
	}
	find := func(outs []response.Out, step string) response.Out {
		t.Helper()
		i := slices.IndexFunc(outs, func(o response.Out) bool { return o.Dialogue.Step == step })
		if i < 0 {
			t.Fatalf("no %s in %+v", step, outs)
		}
		return outs[i]
	}
	first, err := jp.Propose(incident, "tw", "tw", response.Meeting{}, "officer", start)
	if err != nil {
		t.Fatal(err)
	}
	give(tw, "jp", first)
	countered, err := tw.Counter(incident, "jp", response.Meeting{}, "officer", start)
	if err != nil {
		t.Fatal(err)
	}
	stale := find(give(tw, "jp", first), "refuse") // a repeat of the first
	anew := find(give(jp, "tw", stale), "propose")
	give(tw, "jp", anew)
	if c := find(countered, "counter").Dialogue; c.Epoch != anew.Dialogue.Epoch {
		t.Fatalf("the counter bears epoch %d and the proposal %d: this test needs one", c.Epoch, anew.Dialogue.Epoch)
	}
	refusal := find(give(jp, "tw", find(countered, "counter")), "refuse")
	accepted, err := tw.Accept(incident, "officer", start)
	if err != nil {
		t.Fatal(err)
	}
	confirm := find(give(jp, "tw", find(accepted, "assume")), "confirm")
	give(tw, "jp", refusal)
	give(tw, "jp", confirm)
	for id, d := range map[party.ID]*response.Desk{"tw": tw, "jp": jp} {
		if l := d.Lead(incident); l.State != response.Confirmed || l.Holder != "tw" {
			t.Errorf("%s holds %+v, want tw's confirmed lead", id, l)
		}
	}
}

// TestLateAnswerDoesNotFitANewProposal answers the first proposal after the
// second was made.
func TestLateAnswerDoesNotFitANewProposal(t *testing.T) {
	p := newPair(t)
	p.must(p.desks["tw"].Propose(incident, "jp", "tw", response.Meeting{}, "officer", p.now)) // tw shall lead
	p.deliver("jp", false)
	p.accept("jp") // and jp agrees, but its answer is late
	p.now = p.now.Add(6 * time.Minute)
	outs, _ := p.desks["tw"].Tick(p.now, p.cases("tw"))
	p.send(outs...)
	p.must(p.desks["tw"].Propose(incident, "jp", "jp", response.Meeting{}, "officer", p.now)) // now jp shall
	p.deliver("tw", false)
	if l := p.desks["tw"].Lead(incident); l.State != response.Proposed || l.Proposed != "jp" {
		t.Errorf("tw = %+v, want the new proposal still open", l)
	}
	p.drain()
	oneLead(t, p)
}

// TestRoguePartnerMovesNothingAlone sends any steps at all: the lead moves only
// where a person here agreed or proposed.
func TestRoguePartnerMovesNothingAlone(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := desk("tw")
		if rapid.Bool().Draw(rt, "local lead") {
			if err := d.Take(incident, "officer", start); err != nil {
				rt.Fatal(err)
			}
		}
		now := start
		for range 40 {
			now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(rt, "seconds")) * time.Second)
			before := d.Lead(incident)
			step := ""
			switch rapid.IntRange(0, 9).Draw(rt, "who") {
			case 0:
				_, _ = d.Propose(incident, "jp", rapid.SampledFrom([]party.ID{"tw", "jp"}).Draw(rt, "to lead"), response.Meeting{}, "officer", now)
				continue
			case 1:
				_, _ = d.Accept(incident, "officer", now)
				continue
			case 2:
				d.Tick(now, nil)
			default:
				lead := rapid.SampledFrom([]party.ID{"tw", "jp"}).Draw(rt, "lead")
				m := &record.Dialogue{Step: rapid.SampledFrom(record.Steps()).Draw(rt, "step"), Epoch: rapid.Uint32Range(0, 6).Draw(rt, "epoch"), Lead: lead, Giver: other(lead)}
				step = m.Step
				if step == "notify" {
					m.Claim, m.Seq = rapid.SampledFrom(record.Claims()).Draw(rt, "claim"), rapid.Uint32Range(0, 9).Draw(rt, "seq")
				}
				_, _, err := d.Receive("jp", incident, sector, m, now)
				before.Number = max(before.Number, 1) // a lead has a number once something came
				if err != nil && !cmp.Equal(before, d.Lead(incident)) {
					rt.Fatalf("a refused %s (%v) changed the lead", m.Step, err)
				}
			}
			after := d.Lead(incident)
			if after.State == response.Accepted && before.State != response.Accepted && !before.ByUs {
				rt.Fatalf("accepted without a person here:\n%+v\n%+v", before, after)
			}
			agreed := before.State == response.Accepted || (before.State == response.Proposed && before.ByUs)
			if step == "notify" { // its own word about itself; what was confirmed it may only give up
				agreed = before.State != response.Confirmed || after.Holder == ""
			}
			if after.Holder != before.Holder && !agreed {
				rt.Fatalf("the lead moved without agreement:\n%+v\n%+v", before, after)
			}
			if after.Epoch < before.Epoch || after.Closed < before.Closed {
				rt.Fatalf("an epoch went back:\n%+v\n%+v", before, after)
			}
		}
	})
}

func TestPostureIsEachSidesOwn(t *testing.T) {
	d := desk("tw")
	if _, err := d.SetPosture(incident, "attack", "officer", []party.ID{"jp"}, start); !errors.Is(err, response.ErrPosture) {
		t.Errorf("SetPosture of an unknown word = %v, want ErrPosture", err)
	}
	outs, err := d.SetPosture(incident, "going-to-look", "officer", []party.ID{"jp", "cell"}, start)
	if err != nil || len(outs) != 2 || outs[0].Posture.Posture != "going-to-look" {
		t.Fatalf("SetPosture = %+v, %v", outs, err)
	}
	d.PartnerPosture("jp", incident, "watching", start)
	d.PartnerPosture("jp", incident, "on-scene", start)
	s := d.Snapshot()
	fresh := desk("tw")
	fresh.Restore(s)
	want := []response.Stance{{Party: "tw", Posture: "going-to-look", By: "officer", At: start}, {Party: "jp", Posture: "on-scene", At: start}}
	if diff := cmp.Diff(want, fresh.Postures(incident)); diff != "" {
		t.Errorf("Postures after a restore (-want +got):\n%s", diff)
	}
}

func TestWithdrawEndsWhatCouldNotBeTold(t *testing.T) {
	d := desk("tw")
	if err := d.Take(incident, "officer", start); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Propose(incident, "jp", "jp", response.Meeting{}, "officer", start); err != nil {
		t.Fatal(err)
	}
	d.Withdraw(incident)
	if l := d.Lead(incident); l.State != response.Local || l.Holder != "tw" || l.Closed != 1 {
		t.Errorf("Lead = %+v, want the local lead and the epoch used up", l)
	}
}

// TestWhoWaitsForAnEndedDialogueIsTold accepts a proposal that was withdrawn
// meanwhile.
func TestWhoWaitsForAnEndedDialogueIsTold(t *testing.T) {
	p := newPair(t)
	p.must(p.desks["tw"].Propose(incident, "jp", "jp", response.Meeting{}, "officer", p.now))
	p.drain()
	p.desks["tw"].Withdraw(incident)
	p.accept("jp")
	if l := p.desks["jp"].Lead(incident); l.State != response.Accepted {
		t.Fatalf("jp = %+v, want it to wait", l)
	}
	p.drain()
	for id, d := range p.desks {
		if l := d.Lead(incident); l.State != response.None {
			t.Errorf("%s = %+v, want the dialogue over", id, l)
		}
	}
}

// TestBothCountTheSameEpoch proposes after dialogues that the partner never
// heard of.
func TestBothCountTheSameEpoch(t *testing.T) {
	p := newPair(t)
	for range 3 {
		if _, err := p.desks["tw"].Propose(incident, "jp", "tw", response.Meeting{}, "officer", p.now); err != nil {
			t.Fatal(err)
		}
		p.desks["tw"].Withdraw(incident)
	}
	p.must(p.desks["tw"].Propose(incident, "jp", "tw", response.Meeting{}, "officer", p.now))
	p.drain()
	p.accept("jp")
	p.drain()
	for id, d := range p.desks {
		if l := d.Lead(incident); l.State != response.Confirmed || l.Holder != "tw" || l.Epoch != 4 {
			t.Errorf("%s = %+v, want tw confirmed in epoch 4", id, l)
		}
	}
}

func TestKeepForgetsWhatTheBookForgot(t *testing.T) {
	d := desk("tw")
	for _, n := range []uint32{1, 2} {
		if err := d.Take(n, "officer", start); err != nil {
			t.Fatal(err)
		}
		if _, err := d.SetPosture(n, "watching", "officer", nil, start); err != nil {
			t.Fatal(err)
		}
		d.PartnerPosture("jp", n, "watching", start)
	}
	d.Keep(func(n uint32) bool { return n == 2 })
	s := d.Snapshot()
	if len(s.Leads) != 1 || len(s.Own) != 1 || len(s.Their) != 1 || !d.HasLead(2) {
		t.Errorf("after Keep(2) the desk holds %+v, want incident 2 alone", s)
	}
}
