// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package support_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/support"
)

// pair is a party that asks, tw, and one that gives, jp, on a perfect line.
type pair struct {
	t        testing.TB
	ask, giv *support.Desk
	now      time.Time
	n        uint64 // of the request, at both
}

func newPair(t testing.TB, ask, give string) *pair {
	return &pair{t: t, ask: desk("tw", agreement(t, ask)), giv: desk("jp", agreement(t, give)), now: t0}
}

// carry takes a statement through the codec to the other side, and what that
// says by itself back.
func (p *pair) carry(o support.Out) error {
	p.t.Helper()
	to, from := p.ask, party.ID("jp")
	if o.To == "jp" {
		to, from = p.giv, "tw"
	}
	outs, err := to.Receive(from, record.ID{1}, wire(p.t, o, from), o.Exercise, p.now)
	for _, back := range outs {
		if err := p.carry(back); err != nil {
			p.t.Errorf("carry %s: %v", back.Body.Step, err)
		}
	}
	return err
}

// wire takes a statement through the codec.
func wire(t testing.TB, o support.Out, from party.ID) *record.Support {
	t.Helper()
	r := &record.Record{Envelope: record.Envelope{
		Version: record.Protocol, Kind: record.KindSupport, ID: record.ID{1}, Object: record.ID{2}, Originator: from,
		Label: record.Label{Policy: "p", Classification: "c", Purpose: "u", Retention: time.Hour}, Time: t0,
	}, Support: o.Body}
	b, err := record.Encode(r)
	if err != nil {
		t.Fatalf("encode %s: %v", o.Body.Step, err)
	}
	back, err := record.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return back.Support
}

// must does one act and carries it.
func (p *pair) must(o support.Out, err error) {
	p.t.Helper()
	if err == nil {
		err = p.carry(o)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.n = 1
	p.now = p.now.Add(time.Minute)
}

func (p *pair) wantState(want string) {
	p.t.Helper()
	a, g := p.ask.Cases()[0], p.giv.Cases()[0]
	if a.State() != want || g.State() != want {
		p.t.Errorf("state %q at who asks, %q at who gives; want %q", a.State(), g.State(), want)
	}
}

func (p *pair) toOffer() {
	p.t.Helper()
	p.must(p.ask.Request("jp", fuel(50), false, "wang", p.now))
	p.must(p.giv.Approve(1, 0, "supervisor", "sato", p.now))
	p.must(p.giv.Offer(1, support.Terms{Amount: 40, Note: "berth 3"}, "ito", p.now))
}

func TestARequestGoesFromAskToSettlement(t *testing.T) {
	p := newPair(t, plain, plain)
	p.must(p.ask.Request("jp", fuel(50), false, "wang", p.now))
	p.wantState(support.Matched)
	p.must(p.giv.Approve(1, 45, "supervisor", "sato", p.now))
	p.wantState(support.Approved)
	p.must(p.giv.Offer(1, support.Terms{Amount: 40}, "ito", p.now))
	p.wantState(support.Offered)
	p.must(p.ask.Accept(1, "wang", p.now))
	p.wantState(support.Accepted)
	p.must(p.giv.Deliver(1, 25, "ito", p.now))
	p.wantState(support.Delivering)
	p.must(p.ask.Confirm(1, 1, 25, "lin", p.now))
	p.must(p.giv.Deliver(1, 15, "ito", p.now))
	p.wantState(support.Delivered)
	// Ten arrived; who gave lets that stand.
	p.must(p.ask.Confirm(1, 2, 10, "lin", p.now))
	p.wantState(support.Delivered)
	if got := p.giv.Cases()[0].Owed(); got != 25*120 {
		t.Errorf("owed %d while the second delivery is open, want %d", got, 25*120)
	}
	p.must(p.giv.Agree(1, 2, "ito", p.now))
	p.wantState(support.Settling)
	if got := p.giv.Cases()[0].Owed(); got != 35*120 {
		t.Errorf("owed %d, want %d", got, 35*120)
	}
	if _, err := p.ask.Settle(1, 35*120+1, "wang", p.now); !errors.Is(err, support.ErrAmount) {
		t.Errorf("Settle above what is owed = %v", err)
	}
	p.must(p.ask.Settle(1, 4000, "wang", p.now))
	p.wantState(support.Settling)
	p.must(p.giv.Confirm(1, 1, 4000, "sato", p.now))
	p.must(p.ask.Settle(1, 200, "wang", p.now))
	p.must(p.giv.Confirm(1, 2, 200, "sato", p.now))
	p.wantState(support.Settled)
	for _, d := range []*support.Desk{p.ask, p.giv} {
		l := d.Ledger()
		if len(l) != 1 || len(l[0].Lines) != 4 || l[0].Balance != 0 || l[0].Unit != "JPY" || l[0].First != "jp" {
			t.Fatalf("ledger %+v", l)
		}
		var balances []int64
		for _, line := range l[0].Lines {
			balances = append(balances, line.Balance)
		}
		if want := []int64{3000, 4200, 200, 0}; !slices.Equal(balances, want) {
			t.Errorf("running balance %v, want %v", balances, want)
		}
	}
	if got := p.giv.Cases()[0].Acts; len(got) != 7 || got[0] != (support.Act{Step: "approve", By: "sato", At: t0.Add(time.Minute)}) {
		t.Errorf("acts at home %+v", got)
	}
	for _, d := range []*support.Desk{p.ask, p.giv} {
		b, err := json.Marshal(d.Cases()[0].Theirs)
		if err != nil || slices.ContainsFunc([]string{"sato", "wang", "ito", "lin"}, func(s string) bool { return strings.Contains(string(b), s) }) {
			t.Errorf("a name was told to the partner: %s, %v", b, err)
		}
	}
}

func TestNoClauseNoApproval(t *testing.T) {
	parade := fuel(50)
	parade.Situation = "routine"
	p := newPair(t, plain, plain)
	p.must(p.ask.Request("jp", parade, false, "wang", p.now))
	p.wantState(support.NotCovered)
	if _, err := p.giv.Approve(1, 0, "supervisor", "sato", p.now); !errors.Is(err, support.ErrState) {
		t.Errorf("Approve without clause = %v", err)
	}
	m := p.ask.Cases()[0].Theirs.Match
	if m.Agreement != "ag-1" || m.Clause != "fuel" || !slices.Equal(m.Failed, []string{"situation"}) {
		t.Errorf("the partner's copy says %+v", m)
	}
	// Nothing between the two at all.
	q := newPair(t, strings.Replace(plain, `"jp", "tw", "cell"`, `"cell", "us"`, 1), plain)
	q.must(q.ask.Request("jp", fuel(1), false, "wang", q.now))
	q.wantState(support.NotCovered)
	if m := q.ask.Cases()[0].Own.Match; m.Agreement != "" || !slices.Equal(m.Failed, []string{"parties"}) {
		t.Errorf("the record names what others agreed: %+v", m)
	}
	if !q.ask.Cases()[0].Differs() {
		t.Error("the copies say different things and it is not shown")
	}
	if _, err := q.giv.Approve(1, 0, "supervisor", "sato", q.now); !errors.Is(err, support.ErrState) {
		t.Errorf("Approve where who asks has no clause = %v", err)
	}
}

func TestApprovalWantsRoleRoomAndTheSameClause(t *testing.T) {
	p := newPair(t, plain, plain)
	p.must(p.ask.Request("jp", fuel(60), false, "wang", p.now))
	p.must(p.ask.Request("jp", fuel(60), false, "wang", p.now))
	for _, role := range []string{"officer", "viewer", "administrator", ""} {
		if _, err := p.giv.Approve(1, 0, role, "x", p.now); !errors.Is(err, support.ErrRole) {
			t.Errorf("Approve by %q = %v, want ErrRole", role, err)
		}
	}
	if _, err := p.giv.Approve(1, 61, "supervisor", "sato", p.now); !errors.Is(err, support.ErrAmount) {
		t.Errorf("Approve of more than asked = %v", err)
	}
	p.must(p.giv.Approve(1, 0, "supervisor", "sato", p.now))
	if _, err := p.giv.Approve(2, 0, "supervisor", "sato", p.now); !errors.Is(err, support.ErrQuota) {
		t.Errorf("Approve beyond the quota = %v", err)
	}
	if _, err := p.giv.Approve(2, 41, "supervisor", "sato", p.now); !errors.Is(err, support.ErrQuota) {
		t.Errorf("Approve one more than is left = %v", err)
	}
	p.must(p.giv.Approve(2, 40, "supervisor", "sato", p.now))
	r := p.ask.Match(query("tw", "jp", fuel(1)), false)
	if r.Left == nil || *r.Left != 0 || !slices.Equal(r.Failed, []string{"quota"}) {
		t.Errorf("who asks sees %+v left of the quota", r)
	}
	// The next month, the other direction and an exercise have quotas of their own.
	later := fuel(60)
	later.From, later.Until = t0.AddDate(0, 1, 0), t0.AddDate(0, 1, 1)
	if r := p.giv.Match(query("tw", "jp", later), false); !r.Allowed() {
		t.Errorf("next month: %v", r.Failed)
	}
	if r := p.giv.Match(query("jp", "tw", fuel(60)), false); !r.Allowed() {
		t.Errorf("other direction: %v", r.Failed)
	}
	if r := p.giv.Match(query("tw", "jp", fuel(60)), true); !r.Allowed() {
		t.Errorf("exercise: %v", r.Failed)
	}
	// Declined, the amount is free again, at both.
	p.must(p.giv.End(1, "no ship", "sato", p.now))
	for _, d := range []*support.Desk{p.ask, p.giv} {
		if r := d.Match(query("tw", "jp", fuel(1)), false); *r.Left != 60 {
			t.Errorf("%d left after a refusal, want 60", *r.Left)
		}
	}
	// Copies that name different clauses.
	q := newPair(t, plain, strings.Replace(plain, `id = "fuel"`, `id = "gas"`, 1))
	q.must(q.ask.Request("jp", fuel(50), false, "wang", q.now))
	q.wantState(support.Differing)
	if _, err := q.giv.Approve(1, 0, "supervisor", "sato", q.now); !errors.Is(err, support.ErrDiffers) {
		t.Errorf("Approve under another clause = %v", err)
	}
}

func TestOffersKeepTheClausesTerms(t *testing.T) {
	open := strings.Replace(plain, `price = { currency = "JPY", minor_per_unit = 120 }`, "", 1)
	for name, tt := range map[string]struct {
		text  string
		terms support.Terms
		want  error
	}{
		"the clause's price":                {plain, support.Terms{}, nil},
		"the same price":                    {plain, support.Terms{Price: 120, Currency: "JPY"}, nil},
		"another price":                     {plain, support.Terms{Price: 119, Currency: "JPY"}, support.ErrPrice},
		"another currency":                  {plain, support.Terms{Price: 120, Currency: "TWD"}, support.ErrPrice},
		"more than approved":                {plain, support.Terms{Amount: 51}, support.ErrAmount},
		"a price where none is written":     {open, support.Terms{Price: 7, Currency: "TWD"}, nil},
		"no price where none is written":    {open, support.Terms{}, support.ErrPrice},
		"a price without currency":          {open, support.Terms{Price: 7}, support.ErrPrice},
		"a price beyond what can be summed": {open, support.Terms{Price: record.MaxPrice + 1, Currency: "TWD"}, support.ErrPrice},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, tt.text, tt.text)
			p.must(p.ask.Request("jp", fuel(50), false, "wang", p.now))
			p.must(p.giv.Approve(1, 0, "supervisor", "sato", p.now))
			o, err := p.giv.Offer(1, tt.terms, "ito", p.now)
			if !errors.Is(err, tt.want) {
				t.Fatalf("Offer = %v, want %v", err, tt.want)
			}
			if err == nil {
				p.must(o, nil)
				p.wantState(support.Offered)
			} else if p.giv.Cases()[0].Own.Offer != nil {
				t.Error("a refused offer stands")
			}
		})
	}
}

func TestALoanIsReturnedInKind(t *testing.T) {
	p := newPair(t, plain, plain)
	beds := record.SupportAsk{Situation: "disaster", Category: "medical", Unit: "item", Amount: 20, From: t0, Until: t0.Add(time.Hour)}
	p.must(p.ask.Request("jp", beds, true, "wang", p.now))
	if got := p.ask.Cases()[0].Own.Ask.Settlement; got != "free-loan" {
		t.Errorf("settlement %q, want the clause's", got)
	}
	p.must(p.giv.Approve(1, 0, "officer", "ito", p.now))
	p.must(p.giv.Offer(1, support.Terms{}, "ito", p.now))
	p.must(p.ask.Accept(1, "wang", p.now))
	p.must(p.giv.Deliver(1, 20, "ito", p.now))
	p.must(p.ask.Confirm(1, 1, 20, "lin", p.now))
	l := p.ask.Ledger()
	if len(l) != 1 || l[0].Unit != "medical/item" || l[0].Balance != 20 || !l[0].Exercise || l[0].Settlement != "free-loan" {
		t.Fatalf("ledger %+v", l)
	}
	if due, ok := p.ask.Cases()[0].Due(); !ok || due.After(p.now) {
		t.Errorf("due %v, %t", due, ok)
	}
	p.must(p.ask.Settle(1, 20, "lin", p.now))
	p.must(p.giv.Confirm(1, 1, 20, "ito", p.now))
	p.wantState(support.Settled)
	if _, ok := p.ask.Cases()[0].Due(); ok {
		t.Error("something is due after all is settled")
	}
}

// The written rules of ending: before acceptance either side, after it either
// side for what is not delivered yet, never what was delivered.
func TestEndingInEachState(t *testing.T) {
	steps := []struct {
		name string
		do   func(p *pair)
		asks string // state after who asks has ended it; "" refused
		give string // the same for who gives
	}{
		{"matched", func(p *pair) { p.must(p.ask.Request("jp", fuel(50), false, "w", p.now)) }, support.Cancelled, support.Declined},
		{"approved", func(p *pair) { p.must(p.giv.Approve(1, 0, "supervisor", "s", p.now)) }, support.Cancelled, support.Declined},
		{"offered", func(p *pair) { p.must(p.giv.Offer(1, support.Terms{}, "s", p.now)) }, support.Cancelled, support.Declined},
		{"accepted", func(p *pair) { p.must(p.ask.Accept(1, "w", p.now)) }, support.Cancelled, support.Cancelled},
		{"delivering", func(p *pair) { p.must(p.giv.Deliver(1, 20, "s", p.now)) }, support.Delivered, support.Delivered},
		{"delivered", func(p *pair) { p.must(p.giv.Deliver(1, 30, "s", p.now)) }, "", ""},
	}
	for i := range steps {
		for _, who := range []string{"asks", "gives"} {
			t.Run(steps[i].name+", who "+who, func(t *testing.T) {
				p := newPair(t, plain, plain)
				for _, s := range steps[:i+1] {
					s.do(p)
				}
				d, want := p.ask, steps[i].asks
				if who == "gives" {
					d, want = p.giv, steps[i].give
				}
				o, err := d.End(1, "weather", "x", p.now)
				if want == "" {
					if !errors.Is(err, support.ErrState) {
						t.Errorf("End = %v, want ErrState", err)
					}
					return
				}
				p.must(o, err)
				p.wantState(want)
				if _, err := d.End(1, "again", "x", p.now); !errors.Is(err, support.ErrState) {
					t.Errorf("End twice = %v", err)
				}
				if _, err := p.giv.Deliver(1, 1, "x", p.now); !errors.Is(err, support.ErrState) {
					t.Errorf("Deliver after the end = %v", err)
				}
				left := uint64(100)
				if want == support.Delivered {
					left = 80
				}
				if r := p.giv.Match(query("tw", "jp", fuel(1)), false); *r.Left != left {
					t.Errorf("%d left, want %d", *r.Left, left)
				}
			})
		}
	}
}

// A cancellation that crosses a delivery: what was delivered stays.
func TestACancellationCrossesADelivery(t *testing.T) {
	p := newPair(t, plain, plain)
	p.toOffer()
	p.must(p.ask.Accept(1, "w", p.now))
	cancel, err1 := p.ask.End(1, "weather", "w", p.now)
	deliver, err2 := p.giv.Deliver(1, 10, "s", p.now)
	if err := errors.Join(err1, err2, p.carry(cancel), p.carry(deliver)); err != nil {
		t.Fatal(err)
	}
	p.wantState(support.Delivered)
	p.must(p.ask.Confirm(1, 1, 10, "w", p.now))
	p.wantState(support.Settling)
}

func TestReceiveRefuses(t *testing.T) {
	type spoil = func(s *record.Support)
	tests := map[string]struct {
		steps int // of toOffer and acceptance that were carried before
		asks  bool
		spoil spoil
		want  error
	}{
		"the same again":                     {3, false, func(*record.Support) {}, support.ErrStale},
		"another ask":                        {3, true, func(s *record.Support) { s.Rev++; s.Ask.Amount++ }, support.ErrOrder},
		"an ask that is gone":                {3, true, func(s *record.Support) { s.Rev++; s.Ask = nil }, support.ErrParty},
		"an acceptance taken back":           {4, true, func(s *record.Support) { s.Rev++; s.Accepted = false }, support.ErrOrder},
		"an acceptance of no offer":          {2, true, func(s *record.Support) { s.Rev++; s.Accepted = true }, support.ErrOrder},
		"another approval":                   {3, false, func(s *record.Support) { s.Rev++; s.Approval.Amount++ }, support.ErrOrder},
		"an approval of more than asked":     {1, false, func(s *record.Support) { s.Rev++; s.Approval = approval(51) }, support.ErrOrder},
		"an approval by another clause":      {1, false, func(s *record.Support) { s.Rev++; s.Approval = approval(5); s.Approval.Clause = "loan" }, support.ErrOrder},
		"an approval without clause":         {1, false, func(s *record.Support) { s.Rev++; s.Approval = approval(5); s.Match.Failed = []string{"dates"} }, support.ErrOrder},
		"an offer without approval":          {1, false, func(s *record.Support) { s.Rev++; s.Offer = offer(5) }, support.ErrOrder},
		"an offer of more than approved":     {2, false, func(s *record.Support) { s.Rev++; s.Offer = offer(51) }, support.ErrOrder},
		"an offer settled otherwise":         {2, false, func(s *record.Support) { s.Rev++; s.Offer = offer(5); s.Offer.Settlement = "equal-value" }, support.ErrOrder},
		"a delivery that nobody accepted":    {3, false, func(s *record.Support) { s.Rev++; s.Stated = entries(5) }, support.ErrOrder},
		"a delivery of more than offered":    {4, false, func(s *record.Support) { s.Rev++; s.Stated = entries(30, 11) }, support.ErrOrder},
		"a confirmation of nothing":          {4, true, func(s *record.Support) { s.Rev++; s.Confirmed = entries(5) }, support.ErrOrder},
		"a settlement of nothing":            {4, true, func(s *record.Support) { s.Rev++; s.Stated = entries(5) }, support.ErrOrder},
		"a lower amount nobody confirmed":    {4, false, func(s *record.Support) { s.Rev++; s.Stated = entries(5); s.Stated[0].Agreed = true }, support.ErrOrder},
		"somebody else's request":            {3, false, func(s *record.Support) { s.Rev++; s.Request.Originator = "cell" }, support.ErrParty},
		"a request of ours that is none":     {3, false, func(s *record.Support) { s.Rev++; s.Request.ID = record.ID{7} }, support.ErrUnknown},
		"an end that is no longer said":      {5, false, func(s *record.Support) { s.Rev++; s.Ended = ""; s.Reason = "" }, support.ErrOrder},
		"a delivery after its end":           {5, false, func(s *record.Support) { s.Rev++; s.Stated = entries(5) }, support.ErrOrder},
		"another match after the approval":   {3, false, func(s *record.Support) { s.Rev++; s.Match.Clause = "loan" }, support.ErrOrder},
		"another match of who asks":          {3, true, func(s *record.Support) { s.Rev++; s.Match.Failed = []string{"dates"} }, support.ErrOrder},
		"a new request that has been agreed": {3, true, func(s *record.Support) { s.Request.ID = record.ID{7}; s.Accepted = true }, support.ErrOrder},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, plain, plain)
			for _, do := range []func(){
				func() { p.must(p.ask.Request("jp", fuel(50), false, "w", p.now)) },
				func() { p.must(p.giv.Approve(1, 0, "supervisor", "s", p.now)) },
				func() { p.must(p.giv.Offer(1, support.Terms{Amount: 40}, "s", p.now)) },
				func() { p.must(p.ask.Accept(1, "w", p.now)) },
				func() { p.must(p.giv.End(1, "storm", "s", p.now)) },
			}[:tt.steps] {
				do()
			}
			to, from, side := p.ask, party.ID("jp"), p.giv.Cases()[0].Own
			if tt.asks {
				to, from, side = p.giv, "tw", p.ask.Cases()[0].Own
			}
			before := to.Snapshot()
			s := wire(t, support.Out{Body: side}, from)
			tt.spoil(s)
			outs, err := to.Receive(from, record.ID{1}, s, false, p.now)
			if !errors.Is(err, tt.want) || len(outs) > 0 {
				t.Errorf("Receive = %v, %v; want %v", outs, err, tt.want)
			}
			if d := cmp.Diff(before, to.Snapshot()); d != "" {
				t.Errorf("a refused record changed something: %s", d)
			}
		})
	}
}

func approval(n uint64) *record.SupportApproval {
	return &record.SupportApproval{Agreement: "ag-1", Clause: "fuel", Amount: n, Role: "supervisor", At: t0}
}

func offer(n uint64) *record.SupportOffer {
	return &record.SupportOffer{Amount: n, Settlement: "pay", Currency: "JPY", Price: 120, Days: 30}
}

func entries(amounts ...uint64) (list []record.SupportEntry) {
	for i, a := range amounts {
		list = append(list, record.SupportEntry{N: uint32(i + 1), Amount: a, At: t0})
	}
	return list
}

func TestExerciseAndLiveNeverMix(t *testing.T) {
	p := newPair(t, plain, plain)
	p.must(p.ask.Request("jp", fuel(50), true, "w", p.now))
	o, err := p.giv.Approve(1, 0, "supervisor", "s", p.now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.ask.Receive("jp", record.ID{1}, wire(t, o, "jp"), false, p.now); !errors.Is(err, support.ErrExercise) {
		t.Errorf("a live answer to an exercise = %v", err)
	}
	if r := p.giv.Match(query("tw", "jp", fuel(60)), false); *r.Left != 100 {
		t.Errorf("an exercise took %d of the live quota", 100-*r.Left)
	}
}

func TestWhatIsWithheldDidNotHappen(t *testing.T) {
	p := newPair(t, plain, plain)
	o, err := p.ask.Request("jp", fuel(50), false, "w", p.now)
	if err != nil {
		t.Fatal(err)
	}
	p.ask.Withheld(&o)
	if len(p.ask.Cases()) != 0 {
		t.Error("a request that did not leave stands")
	}
	o, err = p.ask.Request("jp", fuel(50), false, "w", p.now)
	if err != nil || o.Number != 2 {
		t.Fatalf("the number of a withheld request was given again: %+v, %v", o, err)
	}
	outs, err := p.giv.Receive("tw", record.ID{1}, wire(t, o, "tw"), false, p.now)
	if err != nil || len(outs) != 1 {
		t.Fatal(outs, err)
	}
	p.giv.Withheld(&outs[0])
	if c := p.giv.Cases()[0]; !c.Unsent || c.State() != support.Matched {
		t.Errorf("the answer that did not leave: unsent %t, state %s", c.Unsent, c.State())
	}
	before := p.giv.Snapshot()
	ap, err := p.giv.Approve(1, 0, "supervisor", "s", p.now)
	if err != nil {
		t.Fatal(err)
	}
	p.giv.Withheld(&ap)
	if d := cmp.Diff(before, p.giv.Snapshot()); d != "" {
		t.Errorf("a withheld approval stands: %s", d)
	}
	p.must(p.giv.Approve(1, 0, "supervisor", "s", p.now))
	if p.giv.Cases()[0].Unsent {
		t.Error("still marked unsent")
	}
	if got := p.ask.Cases()[0].State(); got != support.Approved {
		t.Errorf("state %s: the approval does not carry the answer that was withheld", got)
	}
}

func TestWhoAsksHoldsTheQuotaToo(t *testing.T) {
	p := newPair(t, plain, strings.Replace(plain, "amount = 100", "amount = 1000", 1))
	for range 2 {
		p.must(p.ask.Request("jp", fuel(60), false, "w", p.now))
	}
	for n := uint64(1); n <= 2; n++ {
		p.must(p.giv.Approve(n, 0, "supervisor", "s", p.now))
		p.must(p.giv.Offer(n, support.Terms{}, "s", p.now))
	}
	p.must(p.ask.End(1, "x", "w", p.now))
	p.must(p.ask.Accept(2, "w", p.now))
	q := newPair(t, plain, strings.Replace(plain, "amount = 100", "amount = 1000", 1))
	for range 2 {
		q.must(q.ask.Request("jp", fuel(60), false, "w", q.now))
	}
	for n := uint64(1); n <= 2; n++ {
		q.must(q.giv.Approve(n, 0, "supervisor", "s", q.now))
		q.must(q.giv.Offer(n, support.Terms{}, "s", q.now))
	}
	if _, err := q.ask.Accept(2, "w", q.now); !errors.Is(err, support.ErrQuota) {
		t.Errorf("Accept beyond the quota of our own copy = %v", err)
	}
}

func TestRequestRefuses(t *testing.T) {
	d := desk("tw", agreement(t, plain))
	for name, tt := range map[string]struct {
		spoil func(*record.SupportAsk)
		want  error
	}{
		"a category that is none":  {func(a *record.SupportAsk) { a.Category = "ammunition" }, support.ErrWord},
		"a situation that is none": {func(a *record.SupportAsk) { a.Situation = "" }, support.ErrWord},
		"a unit that is none":      {func(a *record.SupportAsk) { a.Unit = "round" }, support.ErrWord},
		"a settlement of none":     {func(a *record.SupportAsk) { a.Settlement = "gift" }, support.ErrWord},
		"nothing":                  {func(a *record.SupportAsk) { a.Amount = 0 }, support.ErrAmount},
		"too much":                 {func(a *record.SupportAsk) { a.Amount = record.MaxAmount + 1 }, support.ErrAmount},
		"a need that is over":      {func(a *record.SupportAsk) { a.From, a.Until = t0.Add(-2*time.Hour), t0.Add(-time.Hour) }, support.ErrTime},
		"a need without end":       {func(a *record.SupportAsk) { a.Until = t0.AddDate(1, 1, 0) }, support.ErrTime},
		"a need the wrong way":     {func(a *record.SupportAsk) { a.Until = a.From.Add(-1) }, support.ErrTime},
		"a need in ten years":      {func(a *record.SupportAsk) { a.From, a.Until = t0.AddDate(10, 0, 0), t0.AddDate(10, 0, 1) }, support.ErrTime},
	} {
		a := fuel(1)
		tt.spoil(&a)
		if _, err := d.Request("jp", a, false, "w", t0); !errors.Is(err, tt.want) {
			t.Errorf("%s: Request = %v, want %v", name, err, tt.want)
		}
	}
	if _, err := d.Request("tw", fuel(1), false, "w", t0); err == nil {
		t.Error("asked itself")
	}
}

func TestAPartnerHasAShareAndNoMore(t *testing.T) {
	giv := desk("jp", agreement(t, plain))
	s := func(i int) *record.Support {
		a := fuel(1)
		return &record.Support{
			Request: record.Ref{Originator: "tw", ID: record.ID{1, byte(i), byte(i >> 8)}}, Step: "request", Rev: 1, Ask: &a,
			Match: &record.SupportMatch{Failed: []string{"parties"}},
		}
	}
	for i := range support.MaxCases {
		if _, err := giv.Receive("tw", record.ID{1}, s(i), false, t0); err != nil {
			t.Fatal(i, err)
		}
	}
	if _, err := giv.Receive("tw", record.ID{1}, s(support.MaxCases), false, t0); !errors.Is(err, support.ErrFlood) {
		t.Fatalf("Receive beyond the share = %v", err)
	}
	if _, err := giv.Request("cell", fuel(1), false, "s", t0); err != nil {
		t.Errorf("another partner pays for it: %v", err)
	}
	// One that was ended gives way once its time is over.
	end := s(3)
	end.Rev, end.Step, end.Ended = 2, "cancel", "cancelled"
	if _, err := giv.Receive("tw", record.ID{1}, end, false, t0); err != nil {
		t.Fatal(err)
	}
	if _, err := giv.Receive("tw", record.ID{1}, s(support.MaxCases), false, t0); !errors.Is(err, support.ErrFlood) {
		t.Errorf("forgotten before its time is over: %v", err)
	}
	if _, err := giv.Receive("tw", record.ID{1}, s(support.MaxCases), false, t0.AddDate(0, 0, 2)); err != nil {
		t.Errorf("Receive after one was over = %v", err)
	}
	if n := len(giv.Cases()); n != support.MaxCases+1 {
		t.Errorf("%d requests are kept", n)
	}
}

func TestSnapshotsHoldEverything(t *testing.T) {
	p := newPair(t, plain, plain)
	p.toOffer()
	p.must(p.ask.Accept(1, "w", p.now))
	p.must(p.giv.Deliver(1, 20, "s", p.now))
	s := p.giv.Snapshot()
	other := desk("jp", agreement(t, plain))
	other.Restore(s)
	p.must(p.giv.Deliver(1, 5, "s", p.now))
	if len(s.Cases[0].Own.Stated) != 1 {
		t.Error("the snapshot goes on changing")
	}
	if d := cmp.Diff(s, other.Snapshot(), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("restored desk differs: %s", d)
	}
}

// What a partner takes back goes, but for what both have agreed, delivered and
// settled: that is our own record too.
func TestForgetTakesTheTextsAndLeavesTheAmounts(t *testing.T) {
	p := newPair(t, plain, plain)
	ask := fuel(50)
	ask.Note = "SECRET note"
	o, err := p.ask.Request("jp", ask, false, "w", p.now)
	if err != nil {
		t.Fatal(err)
	}
	take := func(id byte, o support.Out) {
		t.Helper()
		outs, err := p.giv.Receive("tw", record.ID{id}, wire(t, o, "tw"), false, p.now)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range outs {
			if err := p.carry(o); err != nil {
				t.Fatal(err)
			}
		}
	}
	gone := func(id byte) func(record.ID) bool { return func(r record.ID) bool { return r == record.ID{id} } }
	take(5, o)
	p.giv.Forget("tw", gone(6))
	p.giv.Forget("cell", gone(5))
	if len(p.giv.Cases()) != 1 {
		t.Fatal("forgot what nobody took back")
	}
	p.giv.Forget("tw", gone(5))
	if len(p.giv.Cases()) != 0 {
		t.Fatal("a request that was taken back, and on which nothing rests, stands")
	}
	again, err := p.ask.Repeat(1, "w", p.now)
	if err != nil {
		t.Fatal(err)
	}
	// The node's answer counts anew after it; the asker holds the old one.
	if _, err := p.giv.Receive("tw", record.ID{7}, wire(t, again, "tw"), false, p.now); err != nil {
		t.Fatal(err)
	}
	n := p.giv.Cases()[0].Number
	p.must(p.giv.Approve(n, 0, "supervisor", "s", p.now))
	p.must(p.giv.Offer(n, support.Terms{Amount: 40}, "s", p.now))
	if got := p.ask.Cases()[0].State(); got != support.Offered {
		t.Fatalf("state %s at who asks", got)
	}
	p.giv.Forget("tw", gone(7))
	c := p.giv.Cases()[0]
	b, err := json.Marshal(p.giv.Snapshot())
	if err != nil || strings.Contains(string(b), "SECRET") || c.Theirs.Ask.Place != "" {
		t.Errorf("the texts are still there (%v): %s", err, b)
	}
	if c.State() != support.Offered || c.Own.Offer.Amount != 40 {
		t.Errorf("state %s", c.State())
	}
	if r := p.giv.Match(query("tw", "jp", fuel(1)), false); *r.Left != 60 {
		t.Errorf("%d left of the quota, want 60", *r.Left)
	}
	// It goes on: the next record brings the whole side again.
	o, err = p.ask.Accept(1, "w", p.now)
	if err != nil {
		t.Fatal(err)
	}
	take(8, o)
	if got := p.giv.Cases()[0].State(); got != support.Accepted {
		t.Errorf("state %s after the acceptance", got)
	}
	// Of ours, the partner's answer goes while nothing rests on it.
	q := newPair(t, plain, plain)
	q.must(q.ask.Request("jp", fuel(50), false, "w", q.now))
	q.ask.Forget("jp", gone(1))
	if c := q.ask.Cases()[0]; c.Theirs != nil || c.State() != support.Requested {
		t.Errorf("state %s, theirs %v", c.State(), c.Theirs)
	}
}
