// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package support

import (
	"errors"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Why an act was refused.
var (
	ErrUnknown = errors.New("no such request")
	ErrState   = errors.New("not possible in this state")
	ErrCover   = errors.New("no clause covers it")
	ErrQuota   = errors.New("more than is left of the quota")
	ErrRole    = errors.New("not a role that the agreement names")
	ErrDiffers = errors.New("the two copies of the agreement name different clauses")
	ErrAmount  = errors.New("amount out of range")
	ErrPrice   = errors.New("price or currency out of range")
	ErrWord    = errors.New("word not in the list")
	ErrTime    = errors.New("time of need out of range")
	ErrFull    = errors.New("too many requests or entries")
)

// Limits of the desk. What goes beyond is refused.
const (
	MaxCases = 500 // requests between us and one partner that are kept
	maxActs  = 64  // acts of our people that are kept of one request
	maxAhead = 2 * 366 * 24 * time.Hour
)

// Config sets up a Desk.
type Config struct {
	Self       party.ID
	Agreements []*Agreement
	// IDs gives the id under which a partner knows one of our requests.
	IDs func(to party.ID, number uint64) record.ID
}

// Act is what one of our people did. It stays home.
type Act struct {
	Step string    `json:"step"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// Case is one request between us and one partner: each side as it was last
// said. Everything else follows from the two sides.
type Case struct {
	Number   uint64          `json:"number"`
	Partner  party.ID        `json:"partner"`
	Ours     bool            `json:"ours"` // we ask
	ID       record.ID       `json:"id"`   // as both know it
	Exercise bool            `json:"exercise"`
	Own      *record.Support `json:"own"`
	Theirs   *record.Support `json:"theirs"` // nil: the partner has said nothing yet
	Source   record.ID       `json:"source"` // of Theirs: the partner's record
	Blank    bool            `json:"blank"`  // the texts of Theirs were taken out
	Made     time.Time       `json:"made"`
	Changed  time.Time       `json:"changed"`
	Acts     []Act           `json:"acts"`
	Unsent   bool            `json:"unsent"` // the policy withheld what our node said by itself
}

// Out is a statement for a partner.
type Out struct {
	To       party.ID
	Number   uint64
	Exercise bool
	Body     *record.Support
	before   *Case // nil: it was made by this act
}

// Desk holds the requests. It is part of the engine's state and has one owner.
type Desk struct {
	cfg   Config
	cases map[uint64]*Case
	next  uint64
}

// NewDesk returns a Desk without requests.
func NewDesk(cfg Config) *Desk { return &Desk{cfg: cfg, cases: make(map[uint64]*Case)} }

// Cases returns the requests by number.
func (d *Desk) Cases() []*Case {
	list := make([]*Case, 0, len(d.cases))
	for n := uint64(1); n <= d.next; n++ {
		if c := d.cases[n]; c != nil {
			list = append(list, c)
		}
	}
	return list
}

// Match holds a request against our copies of the agreements, with what is used
// of their quotas.
func (d *Desk) Match(q *Query, exercise bool) Result {
	return Match(d.cfg.Agreements, q, d.used(q.Asker, q.Giver, exercise, 0))
}

// used tells what is reserved or given of a quota by one party to another,
// leaving out one request.
func (d *Desk) used(asker, giver party.ID, exercise bool, but uint64) Used {
	return func(a *Agreement, c *Clause, t time.Time) uint64 {
		if c.Quota == nil {
			return 0
		}
		from, to := c.Quota.span(t)
		var sum uint64
		for _, k := range d.cases {
			ap := k.approval()
			if k.Number == but || ap == nil || ap.Agreement != a.ID || ap.Clause != c.ID || k.Exercise != exercise ||
				d.asker(k) != asker || d.giver(k) != giver {
				continue
			}
			if need := k.need().From; !need.Before(from) && need.Before(to) {
				sum += k.reserved()
			}
		}
		return sum
	}
}

func (d *Desk) asker(c *Case) party.ID {
	if c.Ours {
		return d.cfg.Self
	}
	return c.Partner
}

func (d *Desk) giver(c *Case) party.ID {
	if c.Ours {
		return c.Partner
	}
	return d.cfg.Self
}

func (d *Desk) query(c *Case) *Query {
	a := c.need()
	return &Query{
		Asker: d.asker(c), Giver: d.giver(c), Situation: a.Situation, Category: a.Category, Unit: a.Unit, Amount: a.Amount,
		From: a.From, Until: a.Until, Settlement: a.Settlement,
	}
}

// Request asks a partner for support. A request that no clause of our copies
// allows is told as well, so that the two copies can be compared; it can't be
// approved.
func (d *Desk) Request(to party.ID, ask record.SupportAsk, exercise bool, by string, now time.Time) (Out, error) {
	switch {
	case to == d.cfg.Self:
		return Out{}, ErrUnknown
	case !known(&ask):
		return Out{}, ErrWord
	case ask.Amount == 0 || ask.Amount > record.MaxAmount:
		return Out{}, ErrAmount
	case ask.Until.Before(ask.From) || ask.Until.Sub(ask.From) > record.MaxSpan || ask.Until.Before(now) || ask.Until.Sub(now) > maxAhead:
		return Out{}, ErrTime
	case !d.room(to, now):
		return Out{}, ErrFull
	}
	now = now.UTC().Truncate(time.Second)
	ask.From, ask.Until = ask.From.UTC().Truncate(time.Second), ask.Until.UTC().Truncate(time.Second)
	c := &Case{Number: d.next + 1, Partner: to, Ours: true, Exercise: exercise, Made: now}
	c.ID = d.cfg.IDs(to, c.Number)
	c.Own = &record.Support{Request: record.Ref{Originator: d.cfg.Self, ID: c.ID}, Ask: &ask}
	r := d.Match(d.query(c), exercise)
	if r.Allowed() && ask.Settlement == "" {
		ask.Settlement = r.Clause.Settlements[0]
	}
	c.Own.Match = r.wire()
	d.next++
	d.cases[c.Number] = c
	out := d.say(c, "request", by, now)
	out.before = nil
	return out, nil
}

func known(a *record.SupportAsk) bool {
	return slices.Contains(record.SupportSituations(), a.Situation) && slices.Contains(record.SupportCategories(), a.Category) &&
		slices.Contains(record.SupportUnits(), a.Unit) && (a.Settlement == "" || slices.Contains(record.SupportSettlements(), a.Settlement))
}

// say makes the next statement of our side, which has just changed.
func (d *Desk) say(c *Case, step, by string, now time.Time) Out {
	c.Own.Step = step
	c.Own.Rev++
	c.Changed, c.Unsent = now, false
	if by != "" {
		c.Acts = append(c.Acts, Act{step, by, now})
		c.Acts = slices.Delete(c.Acts, 0, max(0, len(c.Acts)-maxActs))
	}
	return Out{To: c.Partner, Number: c.Number, Exercise: c.Exercise, Body: clone(c.Own)}
}

// Withheld takes back what an act said: it did not leave. What the node said by
// itself stays and is marked; the next statement tells it too.
func (d *Desk) Withheld(o *Out) {
	c := d.cases[o.Number]
	switch {
	case c == nil:
	case o.before != nil:
		d.cases[o.Number] = o.before
	case c.Ours && o.Body.Step == "request":
		delete(d.cases, o.Number) // its number is not given again
	default:
		c.Unsent = true
	}
}

// clone returns a copy whose lists are its own. What pointers lead to is never
// changed in place.
func clone(s *record.Support) *record.Support {
	if s == nil {
		return nil
	}
	c := *s
	c.Stated, c.Confirmed = slices.Clone(s.Stated), slices.Clone(s.Confirmed)
	return &c
}

func (c *Case) clone() *Case {
	k := *c
	k.Own, k.Theirs, k.Acts = clone(c.Own), clone(c.Theirs), slices.Clone(c.Acts)
	return &k
}

// act does one step of ours where the state allows it. Times are told to the
// second, so that both sides hold the same.
func (d *Desk) act(n uint64, step, by string, now time.Time, do func(c *Case, now time.Time) error) (Out, error) {
	c := d.cases[n]
	if c == nil {
		return Out{}, ErrUnknown
	}
	if !slices.Contains(c.Can(), step) {
		return Out{}, ErrState
	}
	before := c.clone()
	now = now.UTC().Truncate(time.Second)
	if err := do(c, now); err != nil {
		d.cases[n] = before
		return Out{}, err
	}
	out := d.say(c, step, by, now)
	out.before = before
	return out, nil
}

// Approve reserves an amount, all that was asked for where amount is 0, under
// the clause that both copies name. The role is that of the person who does it.
func (d *Desk) Approve(n, amount uint64, role, by string, now time.Time) (Out, error) {
	return d.act(n, "approve", by, now, func(c *Case, now time.Time) error {
		if amount == 0 {
			amount = c.need().Amount
		}
		if amount > c.need().Amount {
			return ErrAmount
		}
		q := d.query(c)
		q.Amount = amount
		r := d.Match(q, c.Exercise)
		switch {
		case slices.Equal(r.Failed, []string{"quota"}):
			return ErrQuota
		case !r.Allowed():
			return ErrCover
		case !sameClause(r.wire(), c.askSide().Match):
			return ErrDiffers
		case !slices.Contains(r.Clause.Approvers, role):
			return ErrRole
		}
		c.Own.Match = r.wire()
		c.Own.Approval = &record.SupportApproval{Agreement: r.Agreement.ID, Clause: r.Clause.ID, Amount: amount, Role: role, At: now}
		return nil
	})
}

// Terms are what a person says in an offer. Amount 0 is all that was approved;
// Price 0 is the clause's.
type Terms struct {
	Amount   uint64
	Price    uint64 // minor units of Currency
	Currency string
	Note     string
}

// Offer says what we will give.
func (d *Desk) Offer(n uint64, t Terms, by string, now time.Time) (Out, error) {
	return d.act(n, "offer", by, now, func(c *Case, _ time.Time) error {
		clause := d.clause(c.Own.Approval)
		if clause == nil {
			return ErrCover
		}
		o := &record.SupportOffer{Amount: t.Amount, Settlement: c.need().Settlement, Days: clause.Days, Note: t.Note}
		if o.Amount == 0 {
			o.Amount = c.Own.Approval.Amount
		}
		if o.Settlement == "" {
			o.Settlement = clause.Settlements[0]
		}
		if o.Amount > c.Own.Approval.Amount {
			return ErrAmount
		}
		c.Own.Offer = o
		return price(o, t, clause.Price)
	})
}

// price puts the price into an offer: the clause's stands where it has one.
func price(o *record.SupportOffer, t Terms, fixed *Price) error {
	if fixed != nil && t.Price == 0 {
		t.Price, t.Currency = fixed.Minor, fixed.Currency
	}
	switch {
	case !money(o.Settlement):
		if t.Price != 0 && fixed == nil {
			return ErrPrice
		}
		return nil
	case fixed != nil && (t.Price != fixed.Minor || t.Currency != fixed.Currency):
		return ErrPrice
	case t.Price == 0 || t.Price > record.MaxPrice || !record.Currency(t.Currency):
		return ErrPrice
	}
	o.Price, o.Currency = t.Price, t.Currency
	return nil
}

// clause returns our copy of the clause of an approval; nil when we have none.
func (d *Desk) clause(a *record.SupportApproval) *Clause {
	for _, g := range d.cfg.Agreements {
		if g.ID == a.Agreement {
			return g.clause(a.Clause)
		}
	}
	return nil
}

// Accept takes the partner's offer, if our own copy's quota has room for it.
func (d *Desk) Accept(n uint64, by string, now time.Time) (Out, error) {
	return d.act(n, "accept", by, now, func(c *Case, _ time.Time) error {
		clause := d.clause(c.Theirs.Approval)
		if clause == nil {
			return ErrCover
		}
		if clause.Quota != nil {
			g := &Agreement{ID: c.Theirs.Approval.Agreement}
			if c.Theirs.Offer.Amount > clause.left(g, c.need().From, d.used(d.asker(c), d.giver(c), c.Exercise, n)) {
				return ErrQuota
			}
		}
		c.Own.Accepted = true
		return nil
	})
}

// Deliver states what we have delivered.
func (d *Desk) Deliver(n, amount uint64, by string, now time.Time) (Out, error) {
	return d.act(n, "deliver", by, now, func(c *Case, now time.Time) error {
		if amount == 0 || amount > c.Own.Offer.Amount-sum(c.Own.Stated) {
			return ErrAmount
		}
		c.Own.Stated = append(c.Own.Stated, next(c.Own.Stated, amount, now))
		return nil
	})
}

// Settle states what we have paid or returned.
func (d *Desk) Settle(n, amount uint64, by string, now time.Time) (Out, error) {
	return d.act(n, "settle", by, now, func(c *Case, now time.Time) error {
		if amount == 0 || amount > c.Owed()-effective(c.Own.Stated, c.Theirs.Confirmed) {
			return ErrAmount
		}
		c.Own.Stated = append(c.Own.Stated, next(c.Own.Stated, amount, now))
		return nil
	})
}

func next(list []record.SupportEntry, amount uint64, now time.Time) record.SupportEntry {
	return record.SupportEntry{N: uint32(len(list)) + 1, Amount: amount, At: now}
}

// Confirm says how much of a delivery or settlement of the partner's arrived.
func (d *Desk) Confirm(n uint64, entry uint32, amount uint64, by string, now time.Time) (Out, error) {
	return d.act(n, "confirm", by, now, func(c *Case, now time.Time) error {
		e := find(c.Theirs.Stated, entry)
		if e == nil || find(c.Own.Confirmed, entry) != nil {
			return ErrState
		}
		if amount > e.Amount {
			return ErrAmount
		}
		c.Own.Confirmed = append(c.Own.Confirmed, record.SupportEntry{N: entry, Amount: amount, At: now})
		slices.SortFunc(c.Own.Confirmed, func(a, b record.SupportEntry) int { return int(a.N) - int(b.N) })
		return nil
	})
}

// Agree lets the lower amount stand that the partner confirmed of an entry of
// ours.
func (d *Desk) Agree(n uint64, entry uint32, by string, now time.Time) (Out, error) {
	return d.act(n, "agree", by, now, func(c *Case, _ time.Time) error {
		e, k := find(c.Own.Stated, entry), find(c.Theirs.Confirmed, entry)
		if e == nil || k == nil || k.Amount == e.Amount || e.Agreed {
			return ErrState
		}
		e.Agreed = true
		return nil
	})
}

// End cancels a request, or declines it where it has not been accepted. What
// was delivered stays and is settled.
func (d *Desk) End(n uint64, reason, by string, now time.Time) (Out, error) {
	step, word := "cancel", "cancelled"
	if c := d.cases[n]; c != nil && !c.Ours && !c.askSide().Accepted {
		step, word = "decline", "declined"
	}
	return d.act(n, step, by, now, func(c *Case, _ time.Time) error {
		c.Own.Ended, c.Own.Reason = word, reason
		return nil
	})
}

// Repeat says our whole side again.
func (d *Desk) Repeat(n uint64, by string, now time.Time) (Out, error) {
	return d.act(n, "repeat", by, now, func(*Case, time.Time) error { return nil })
}

// State is a Desk as a snapshot holds it.
type State struct {
	Cases []*Case `json:"cases"`
	Next  uint64  `json:"next"`
}

// Snapshot returns a copy of the desk's state.
func (d *Desk) Snapshot() State {
	s := State{Next: d.next}
	for _, c := range d.Cases() {
		s.Cases = append(s.Cases, c.clone())
	}
	return s
}

// Restore takes the state over.
func (d *Desk) Restore(s State) {
	*d = *NewDesk(d.cfg)
	d.next = s.Next
	for _, c := range s.Cases {
		d.cases[c.Number] = c.clone()
	}
}
