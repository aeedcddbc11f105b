// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package support_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/support"
)

// sent is a statement on a line that loses, doubles and reorders.
type sent struct {
	from, to party.ID
	exercise bool
	body     *record.Support
}

// world is three parties that ask and give, each with its own copy.
type world struct {
	t     *rapid.T
	tb    testing.TB
	now   time.Time
	desks map[party.ID]*support.Desk
	list  map[party.ID][]*support.Agreement
	line  []sent
	acts  map[string]int // done, by step
}

var parties3 = []party.ID{"cell", "jp", "tw"}

func (w *world) say(from party.ID, outs ...support.Out) {
	for _, o := range outs {
		w.line = append(w.line, sent{from, o.To, o.Exercise, wire(w.tb, o, from)})
	}
}

func (w *world) deliver(m sent) {
	outs, err := w.desks[m.to].Receive(m.from, record.ID{1}, m.body, m.exercise, w.now)
	if err == nil {
		w.say(m.to, outs...)
	}
}

// one draws evenly from 0 to n-1; the generators of numbers favour the ends.
func one(t *rapid.T, n int, label string) int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return rapid.SampledFrom(list).Draw(t, label)
}

// act lets one party do something: mostly what can be done, at times what
// can't.
func (w *world) act() {
	t := w.t
	self := rapid.SampledFrom(parties3).Draw(t, "party")
	d := w.desks[self]
	cases := d.Cases()
	verb := "request"
	var c *support.Case
	if len(cases) > 0 && (len(cases) > 5 || one(t, 6, "new") > 0) {
		c = cases[one(t, len(cases), "case")]
		verb = rapid.SampledFrom(w.verbs(c)).Draw(t, "verb")
	}
	if verb == "request" {
		to := rapid.SampledFrom(slices.DeleteFunc(slices.Clone(parties3), func(p party.ID) bool { return p == self })).Draw(t, "to")
		a := fuel(rapid.Uint64Range(1, 70).Draw(t, "amount"))
		a.Category = rapid.SampledFrom([]string{"fuel", "fuel", "fuel", "medical"}).Draw(t, "category")
		if a.Category == "medical" {
			a.Unit, a.Settlement = "item", "free-loan"
		}
		o, err := d.Request(to, a, rapid.Bool().Draw(t, "exercise"), "x", w.now)
		w.did(self, verb, o, err)
		return
	}
	n := c.Number
	amount := rapid.SampledFrom([]uint64{1, 7, 20, 40, 0}).Draw(t, "amount")
	entry := rapid.Uint32Range(1, 3).Draw(t, "entry")
	var o support.Out
	var err error
	switch verb {
	case "approve":
		o, err = d.Approve(n, amount, rapid.SampledFrom([]string{"supervisor", "supervisor", "officer"}).Draw(t, "role"), "x", w.now)
	case "offer":
		o, err = d.Offer(n, support.Terms{Amount: amount}, "x", w.now)
	case "accept":
		o, err = d.Accept(n, "x", w.now)
	case "deliver":
		o, err = d.Deliver(n, amount, "x", w.now)
	case "confirm":
		if c.Theirs != nil && len(c.Theirs.Stated) > 0 && rapid.Bool().Draw(t, "whole") {
			e := c.Theirs.Stated[len(c.Theirs.Stated)-1]
			entry, amount = e.N, e.Amount
		}
		o, err = d.Confirm(n, entry, amount, "x", w.now)
	case "agree":
		o, err = d.Agree(n, entry, "x", w.now)
	case "settle":
		o, err = d.Settle(n, amount*60, "x", w.now)
	case "decline", "cancel":
		o, err = d.End(n, "x", "x", w.now)
	case "repeat":
		o, err = d.Repeat(n, "x", w.now)
	}
	if verb != "wait" {
		w.did(self, verb, o, err)
	}
}

// verbs returns what a party may try. What ends a request comes seldom, else no
// request gets far.
func (w *world) verbs(c *support.Case) []string {
	if one(w.t, 10, "wild") == 0 {
		return []string{"approve", "offer", "accept", "deliver", "confirm", "agree", "settle", "cancel", "repeat"}
	}
	can := slices.DeleteFunc(c.Can(), func(s string) bool { return s == "repeat" || s == "decline" || s == "cancel" })
	switch {
	case one(w.t, 40, "end") == 0:
		return c.Can()
	case len(can) == 0:
		return []string{"wait", "wait", "wait", "repeat"}
	}
	return can
}

func (w *world) did(self party.ID, verb string, o support.Out, err error) {
	if err == nil {
		w.acts[verb]++
		w.say(self, o)
	}
}

// weather loses, doubles, reorders and delivers, and now and then a node is
// started again.
func (w *world) weather() {
	t := w.t
	if len(w.line) == 0 {
		return
	}
	i := one(t, min(len(w.line), 4), "which")
	m := w.line[i]
	switch one(t, 12, "weather") {
	case 0:
		w.line = slices.Delete(w.line, i, i+1)
	case 1:
		w.line = append(w.line, m)
	case 2:
		s := w.desks[m.to].Snapshot()
		w.desks[m.to] = desk(m.to, w.list[m.to]...)
		w.desks[m.to].Restore(s)
	default:
		w.line = slices.Delete(w.line, i, i+1)
		w.deliver(m)
	}
}

// quiet lets everybody say everything again over a line that works.
func (w *world) quiet() {
	for range 3 {
		for _, p := range parties3 {
			for _, c := range w.desks[p].Cases() {
				o, err := w.desks[p].Repeat(c.Number, "x", w.now)
				if err != nil {
					w.t.Fatalf("repeat: %v", err)
				}
				w.say(p, o)
			}
		}
		for len(w.line) > 0 {
			m := w.line[0]
			w.line = w.line[1:]
			w.deliver(m)
		}
	}
}

// check holds what must be true at each moment.
func (w *world) check() {
	for self, d := range w.desks {
		used := make(map[string]uint64)
		for _, c := range d.Cases() {
			if c.Ours || c.Own.Approval == nil {
				continue
			}
			ap, a := c.Own.Approval, c.Theirs.Ask
			if !c.Own.Match.Allows() || !c.Theirs.Match.Allows() || c.Theirs.Match.Clause != ap.Clause || ap.Amount > a.Amount {
				w.t.Fatalf("%s approved %+v for %+v, whose copy says %+v", self, ap, a, c.Theirs.Match)
			}
			if a.Category == "fuel" && ap.Role != "supervisor" {
				w.t.Fatalf("%s approved by %s", self, ap.Role)
			}
			if ap.Clause == "fuel" {
				used[string(c.Partner)+map[bool]string{true: " exercise"}[c.Exercise]] += exposure(c)
			}
		}
		for k, n := range used {
			if n > 100 {
				w.t.Fatalf("%s overdrew the quota of %s: %d of 100", self, k, n)
			}
		}
		for _, a := range d.Ledger() {
			var sum int64
			for _, l := range a.Lines {
				sum += l.Amount
				if l.Balance != sum {
					w.t.Fatalf("running balance %d, sum %d: %+v", l.Balance, sum, a)
				}
			}
			if a.Balance != sum {
				w.t.Fatalf("balance %d, sum of entries %d", a.Balance, sum)
			}
		}
	}
}

// exposure is what a request can still take of a quota, reckoned from the two
// sides without the desk's help.
func exposure(c *support.Case) uint64 {
	g, a := c.Own, c.Theirs
	var given uint64
	for _, e := range g.Stated {
		n := e.Amount
		for _, k := range a.Confirmed {
			if k.N == e.N && e.Agreed {
				n = k.Amount
			}
		}
		given += n
	}
	switch {
	case g.Ended != "" || a.Ended != "":
		return given
	case g.Offer == nil:
		return g.Approval.Amount
	}
	var stated uint64
	for _, e := range g.Stated {
		stated += e.Amount
	}
	return given + g.Offer.Amount - stated
}

// same compares what two parties hold of what is between them.
func (w *world) same(p, q party.ID) {
	t := w.t
	states := func(self, other party.ID) map[record.ID]string {
		m := make(map[record.ID]string)
		for _, c := range w.desks[self].Cases() {
			if c.Partner == other {
				m[c.ID] = c.State()
			}
		}
		return m
	}
	if d := cmp.Diff(states(p, q), states(q, p)); d != "" {
		t.Fatalf("states of %s and %s differ: %s", p, q, d)
	}
	ledger := func(self, other party.ID) []support.Account {
		return slices.DeleteFunc(w.desks[self].Ledger(), func(a support.Account) bool { return a.First != other && a.Second != other })
	}
	if d := cmp.Diff(ledger(p, q), ledger(q, p), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(support.Line{}, "Number")); d != "" {
		t.Fatalf("ledgers of %s and %s differ: %s", p, q, d)
	}
	for _, pair := range [][2]party.ID{{p, q}, {q, p}} {
		a, b := w.desks[p].Match(query(pair[0], pair[1], fuel(1)), false), w.desks[q].Match(query(pair[0], pair[1], fuel(1)), false)
		if *a.Left != *b.Left {
			t.Fatalf("%s sees %d left, %s sees %d", p, *a.Left, q, *b.Left)
		}
	}
}

// Three parties ask and give at once over a bad line: no approval without a
// clause that both copies name, no quota overdrawn at any moment, balances that
// are the sum of their entries; and once the line is quiet, both sides of every
// pair hold the same states, the same ledgers and the same quotas.
func TestRequestsOverABadLine(t *testing.T) {
	a := agreement(t, plain)
	acts := make(map[string]int)
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{t: rt, tb: t, now: t0, desks: make(map[party.ID]*support.Desk), list: make(map[party.ID][]*support.Agreement), acts: acts}
		for _, p := range parties3 {
			w.list[p] = []*support.Agreement{a}
			w.desks[p] = desk(p, a)
		}
		for range 40 * (1 + one(rt, 10, "steps")) {
			w.now = w.now.Add(time.Duration(rapid.IntRange(0, 5).Draw(rt, "seconds")) * time.Second)
			if one(rt, 2, "what") == 0 {
				w.act()
			} else {
				w.weather()
			}
			w.check()
		}
		w.quiet()
		w.check()
		for i, p := range parties3 {
			for _, q := range parties3[i+1:] {
				w.same(p, q)
			}
		}
	})
	t.Logf("acts that were done: %v", acts)
}

// Two requests race for one quota: at most one of them gets it, in whatever
// order the words arrive.
func TestTwoRequestsRaceForOneQuota(t *testing.T) {
	a := agreement(t, plain)
	raced := make(map[int]int)
	rapid.Check(t, func(rt *rapid.T) {
		asks, gives := desk("tw", a), desk("jp", a)
		var line []sent
		add := func(from party.ID, o support.Out, err error) {
			if err == nil {
				line = append(line, sent{from, o.To, false, wire(t, o, from)})
			}
		}
		for range 2 {
			o, err := asks.Request("jp", fuel(60), false, "x", t0)
			add("tw", o, err)
		}
		granted := 0
		for range rapid.IntRange(20, 60).Draw(rt, "steps") {
			if len(line) > 0 && rapid.Bool().Draw(rt, "deliver") {
				i := rapid.IntRange(0, len(line)-1).Draw(rt, "which")
				m := line[i]
				if rapid.Bool().Draw(rt, "once") {
					line = slices.Delete(line, i, i+1)
				}
				to := asks
				if m.to == "jp" {
					to = gives
				}
				if outs, err := to.Receive(m.from, record.ID{1}, m.body, false, t0); err == nil {
					for _, o := range outs {
						add(m.to, o, nil)
					}
				}
				continue
			}
			n := rapid.Uint64Range(1, 2).Draw(rt, "request")
			switch rapid.IntRange(0, 2).Draw(rt, "act") {
			case 0:
				o, err := gives.Approve(n, 0, "supervisor", "x", t0)
				if err == nil {
					granted++
				}
				add("jp", o, err)
			case 1:
				o, err := gives.Offer(n, support.Terms{}, "x", t0)
				add("jp", o, err)
			case 2:
				o, err := asks.Accept(n, "x", t0)
				add("tw", o, err)
			}
		}
		raced[granted]++
		if granted > 1 {
			rt.Fatalf("%d approvals of 60 under a quota of 100", granted)
		}
	})
	t.Logf("runs by the number of approvals: %v", raced)
}
