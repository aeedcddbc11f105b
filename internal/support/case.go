// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package support

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// need returns what is asked for.
func (c *Case) need() *record.SupportAsk { return c.askSide().Ask }

// askSide returns the side of who asks. It is never nil.
func (c *Case) askSide() *record.Support {
	if c.Ours {
		return c.Own
	}
	return c.Theirs
}

// giveSide returns the side of who gives; nil before it has answered.
func (c *Case) giveSide() *record.Support {
	if c.Ours {
		return c.Theirs
	}
	return c.Own
}

// Sides returns the sides of who asks and of who gives; the latter is nil before
// it has answered.
func (c *Case) Sides() (asks, gives *record.Support) { return c.askSide(), c.giveSide() }

func (c *Case) approval() *record.SupportApproval {
	if g := c.giveSide(); g != nil {
		return g.Approval
	}
	return nil
}

// Ended reports whether one of the parties has ended the request.
func (c *Case) Ended() bool {
	g := c.giveSide()
	return c.askSide().Ended != "" || (g != nil && g.Ended != "")
}

func sameClause(a, b *record.SupportMatch) bool {
	return a.Allows() && b.Allows() && a.Agreement == b.Agreement && a.Clause == b.Clause
}

// Differs reports whether the two copies of the agreements say different
// things of the request.
func (c *Case) Differs() bool {
	a, g := c.askSide(), c.giveSide()
	if g == nil {
		return false
	}
	if a.Match.Allows() != g.Match.Allows() {
		return true
	}
	if ap := g.Approval; ap != nil && (ap.Agreement != a.Match.Agreement || ap.Clause != a.Match.Clause) {
		return true
	}
	return a.Match.Allows() && !sameClause(a.Match, g.Match)
}

// The states of a request. They follow from the two sides, so that both
// parties see the same once they hold the same.
const (
	Requested  = "requested"   // told, the partner's node has not answered
	NotCovered = "not-covered" // one copy has no clause for it
	Differing  = "differs"     // the copies name different clauses
	Matched    = "matched"     // both name the same clause; it waits for approval
	Approved   = "approved"    // an amount is reserved
	Offered    = "offered"
	Accepted   = "accepted"
	Delivering = "delivering"
	Delivered  = "delivered" // all is delivered; a confirmation is missing or differs
	Settling   = "settling"
	Settled    = "settled"
	Declined   = "declined"
	Cancelled  = "cancelled"
)

// States lists the states.
func States() []string {
	return []string{
		Requested, NotCovered, Differing, Matched, Approved, Offered, Accepted, Delivering, Delivered, Settling, Settled, Declined, Cancelled,
	}
}

// State returns where a request stands.
func (c *Case) State() string {
	a, g := c.askSide(), c.giveSide()
	if c.Ended() && (g == nil || len(g.Stated) == 0) {
		if a.Ended == "" && g.Ended == "declined" {
			return Declined
		}
		return Cancelled
	}
	switch {
	case !a.Match.Allows() || (g != nil && !g.Match.Allows()):
		return NotCovered
	case g == nil:
		return Requested
	case c.Differs():
		return Differing
	case g.Approval == nil:
		return Matched
	case g.Offer == nil:
		return Approved
	case !a.Accepted:
		return Offered
	case len(g.Stated) == 0:
		return Accepted
	case !c.complete():
		return Delivering
	case !booked(g.Stated, a.Confirmed):
		return Delivered
	case c.Settled() < c.Owed():
		return Settling
	}
	return Settled
}

// complete reports whether no more is to come.
func (c *Case) complete() bool {
	g := c.giveSide()
	return c.Ended() || (g != nil && g.Offer != nil && sum(g.Stated) >= g.Offer.Amount)
}

// reserved returns how much of a quota the request takes.
func (c *Case) reserved() uint64 {
	a, g := c.askSide(), c.giveSide()
	switch {
	case g == nil || g.Approval == nil:
		return 0
	case c.complete():
		return effective(g.Stated, a.Confirmed)
	case g.Offer != nil:
		return g.Offer.Amount
	}
	return g.Approval.Amount
}

// Can lists the steps that are ours to take now.
func (c *Case) Can() []string {
	a, g := c.askSide(), c.giveSide()
	list := []string{}
	add := func(step string, can bool) {
		if can {
			list = append(list, step)
		}
	}
	if c.Ours {
		add("accept", g != nil && g.Offer != nil && !a.Accepted && !c.Ended() && !c.Differs())
		add("settle", g != nil && g.Offer != nil && len(a.Stated) < record.MaxEntries && effective(a.Stated, g.Confirmed) < c.Owed())
		add("cancel", !c.complete())
	} else {
		add("approve", g.Approval == nil && !c.Ended() && c.askSide().Match.Allows() && g.Match.Allows())
		add("offer", g.Approval != nil && g.Offer == nil && !c.Ended() && !c.Differs())
		add("decline", !a.Accepted && !c.Ended())
		add("deliver", a.Accepted && len(g.Stated) < record.MaxEntries && !c.complete())
		add("cancel", a.Accepted && !c.complete())
	}
	if c.Theirs != nil {
		add("confirm", slices.ContainsFunc(c.Theirs.Stated, func(e record.SupportEntry) bool { return find(c.Own.Confirmed, e.N) == nil }))
		add("agree", slices.ContainsFunc(c.Own.Stated, func(e record.SupportEntry) bool {
			k := find(c.Theirs.Confirmed, e.N)
			return k != nil && k.Amount != e.Amount && !e.Agreed
		}))
	}
	add("repeat", true)
	return list
}

// find returns the entry of that number.
func find(list []record.SupportEntry, n uint32) *record.SupportEntry {
	i := slices.IndexFunc(list, func(e record.SupportEntry) bool { return e.N == n })
	if i < 0 {
		return nil
	}
	return &list[i]
}

func sum(list []record.SupportEntry) (n uint64) {
	for _, e := range list {
		n += e.Amount
	}
	return n
}

// standing returns what of a stated entry both hold, and whether they do: the
// whole where the other side confirmed the whole, the lower amount where who
// stated it let that stand.
func standing(e *record.SupportEntry, confirmed []record.SupportEntry) (uint64, bool) {
	k := find(confirmed, e.N)
	if k == nil || (k.Amount != e.Amount && !e.Agreed) {
		return 0, false
	}
	return k.Amount, true
}

// effective sums what stands and, of what does not yet, the stated amount: the
// most that it can become.
func effective(stated, confirmed []record.SupportEntry) (n uint64) {
	for i := range stated {
		if v, ok := standing(&stated[i], confirmed); ok {
			n += v
			continue
		}
		n += stated[i].Amount
	}
	return n
}

// booked reports whether both hold the same of every entry.
func booked(stated, confirmed []record.SupportEntry) bool {
	return !slices.ContainsFunc(stated, func(e record.SupportEntry) bool { _, ok := standing(&e, confirmed); return !ok })
}

// both sums what both hold.
func both(stated, confirmed []record.SupportEntry) (n uint64) {
	for i := range stated {
		v, _ := standing(&stated[i], confirmed)
		n += v
	}
	return n
}

// worth turns an amount delivered into what is to be settled for it: minor
// units of the currency, or the amount itself where it is settled in kind.
func worth(o *record.SupportOffer, amount uint64) uint64 {
	if money(o.Settlement) {
		return amount * o.Price
	}
	return amount
}

// Owed returns what is to be settled for all that both hold to be delivered.
func (c *Case) Owed() uint64 {
	g := c.giveSide()
	if g == nil || g.Offer == nil {
		return 0
	}
	return worth(g.Offer, both(g.Stated, c.askSide().Confirmed))
}

// Settled returns what both hold to be settled.
func (c *Case) Settled() uint64 {
	g := c.giveSide()
	if g == nil {
		return 0
	}
	return both(c.askSide().Stated, g.Confirmed)
}

// Delivered returns what both hold to be delivered.
func (c *Case) Delivered() uint64 {
	g := c.giveSide()
	if g == nil {
		return 0
	}
	return both(g.Stated, c.askSide().Confirmed)
}

// Due returns when the first delivery that is not settled yet is to be settled.
func (c *Case) Due() (time.Time, bool) {
	g := c.giveSide()
	if g == nil || g.Offer == nil {
		return time.Time{}, false
	}
	left := c.Settled()
	for i := range g.Stated {
		v, _ := standing(&g.Stated[i], c.askSide().Confirmed)
		w := worth(g.Offer, v)
		if w > left {
			return g.Stated[i].At.AddDate(0, 0, int(g.Offer.Days)), true
		}
		left -= w
	}
	return time.Time{}, false
}

// finished reports whether nothing more can come of a request and its quota's
// period is over.
func (d *Desk) finished(c *Case, now time.Time) bool {
	switch c.State() {
	case Settled, Declined, Cancelled:
	default:
		return false
	}
	end := c.need().Until
	if a := c.approval(); a != nil {
		if k := d.clause(a); k != nil && k.Quota != nil {
			_, end = k.Quota.span(c.need().From)
		}
	}
	return now.After(end)
}

// room reports whether one more request of a partner's can be kept, forgetting
// the one that was finished first where there is none.
func (d *Desk) room(partner party.ID, now time.Time) bool {
	n := 0
	var oldest *Case
	for _, k := range slices.Sorted(maps.Keys(d.cases)) {
		c := d.cases[k]
		if c.Partner != partner {
			continue
		}
		n++
		if d.finished(c, now) && (oldest == nil || c.Changed.Before(oldest.Changed)) {
			oldest = c
		}
	}
	if n < MaxCases {
		return true
	}
	if oldest == nil {
		return false
	}
	delete(d.cases, oldest.Number)
	return true
}

// Line is one line of a ledger.
type Line struct {
	Number  uint64     `json:"number"` // of the request, at home
	Request record.ID  `json:"request"`
	What    string     `json:"what"` // "delivered", "settled"
	N       uint32     `json:"n"`    // of the entry
	At      time.Time  `json:"at"`
	Due     *time.Time `json:"due,omitempty"`
	Amount  int64      `json:"amount"`  // positive: in favour of the account's First
	Balance int64      `json:"balance"` // after this line
}

// Account is a ledger with its running balance: one agreement, two parties, one
// way of settlement, one currency or one unit.
type Account struct {
	Agreement  string   `json:"agreement"`
	First      party.ID `json:"first"` // the lower code word of the two
	Second     party.ID `json:"second"`
	Exercise   bool     `json:"exercise,omitempty"`
	Settlement string   `json:"settlement"`
	Unit       string   `json:"unit"`    // a currency's code, or category and unit
	Balance    int64    `json:"balance"` // positive: Second owes First
	Lines      []Line   `json:"lines"`
}

func (a *Account) compare(b *Account) int {
	x := 0
	if a.Exercise != b.Exercise {
		x = 1
		if b.Exercise {
			x = -1
		}
	}
	return cmp.Or(cmp.Compare(a.Agreement, b.Agreement), cmp.Compare(a.First, b.First), cmp.Compare(a.Second, b.Second), x,
		cmp.Compare(a.Settlement, b.Settlement), cmp.Compare(a.Unit, b.Unit))
}

// Ledger returns the accounts: what both parties hold to be delivered and
// settled, and nothing else. Both sides have the same, line for line, once they
// hold the same.
func (d *Desk) Ledger() []Account {
	var list []Account
	for _, c := range d.Cases() {
		key, lines := d.lines(c)
		if len(lines) == 0 {
			continue
		}
		i, found := slices.BinarySearchFunc(list, key, func(a, b Account) int { return a.compare(&b) })
		if !found {
			list = slices.Insert(list, i, key)
		}
		list[i].Lines = append(list[i].Lines, lines...)
	}
	for i := range list {
		a := &list[i]
		slices.SortFunc(a.Lines, func(x, y Line) int {
			return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.Request.String(), y.Request.String()), cmp.Compare(x.What, y.What), cmp.Compare(x.N, y.N))
		})
		for j := range a.Lines {
			a.Balance += a.Lines[j].Amount
			a.Lines[j].Balance = a.Balance
		}
	}
	return list
}

// lines returns the lines of one request and the account that they are of.
func (d *Desk) lines(c *Case) (Account, []Line) {
	a, g := c.askSide(), c.giveSide()
	if g == nil || g.Offer == nil {
		return Account{}, nil
	}
	asker, giver := d.asker(c), d.giver(c)
	acc := Account{
		Agreement: g.Approval.Agreement, First: min(asker, giver), Second: max(asker, giver), Exercise: c.Exercise,
		Settlement: g.Offer.Settlement, Unit: g.Offer.Currency,
	}
	if !money(g.Offer.Settlement) {
		acc.Unit = a.Ask.Category + "/" + a.Ask.Unit
	}
	sign := int64(1)
	if giver == acc.Second {
		sign = -1
	}
	var lines []Line
	add := func(what string, e *record.SupportEntry, amount int64) *Line {
		lines = append(lines, Line{Number: c.Number, Request: c.ID, What: what, N: e.N, At: e.At, Amount: amount})
		return &lines[len(lines)-1]
	}
	for i := range g.Stated {
		if v, ok := standing(&g.Stated[i], a.Confirmed); ok {
			due := g.Stated[i].At.AddDate(0, 0, int(g.Offer.Days))
			add("delivered", &g.Stated[i], sign*int64(worth(g.Offer, v))).Due = &due
		}
	}
	for i := range a.Stated {
		if v, ok := standing(&a.Stated[i], g.Confirmed); ok {
			add("settled", &a.Stated[i], -sign*int64(v))
		}
	}
	return acc, lines
}

// Waits reports whether a step waits for one of our people: to approve, to
// offer, to accept, or to say what arrived.
func (c *Case) Waits() bool {
	return slices.ContainsFunc(c.Can(), func(s string) bool { return s == "approve" || s == "offer" || s == "accept" || s == "confirm" })
}
