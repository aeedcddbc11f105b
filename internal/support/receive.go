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

// Why a partner's record was refused. None of them changes anything.
var (
	ErrStale    = errors.New("said before, or overtaken by a later word")
	ErrParty    = errors.New("names a party that is not of this line")
	ErrOrder    = errors.New("does not fit what was said before")
	ErrFlood    = errors.New("too many requests of one partner")
	ErrExercise = errors.New("exercise and live do not mix")
)

// Receive takes a partner's side of a request. An older one than the one that
// is held is refused with ErrStale. To a new request our node answers by itself
// what our copies of the agreements say. id is that of the record.
func (d *Desk) Receive(from party.ID, id record.ID, s *record.Support, exercise bool, now time.Time) ([]Out, error) {
	c, err := d.caseOf(from, s, exercise, now)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Exercise != exercise:
		return nil, ErrExercise
	case c.Theirs != nil && s.Rev <= c.Theirs.Rev:
		return nil, ErrStale
	case c.Theirs != nil && !c.Blank && !extends(c.Theirs, s, c.Ours):
		return nil, ErrOrder
	case c.Theirs != nil && c.Blank && !extends(c.Theirs, withoutTexts(s), c.Ours):
		return nil, ErrOrder
	}
	k := c.clone()
	k.Theirs, k.Source, k.Blank, k.Changed = clone(s), id, false, now
	if !k.legal() {
		return nil, ErrOrder
	}
	if k.Number == 0 {
		d.next++
		k.Number = d.next
	}
	d.cases[k.Number] = k
	if k.Own != nil {
		return nil, nil
	}
	r := d.Match(d.query(k), exercise)
	k.Own = &record.Support{Request: s.Request, Match: r.wire()}
	return []Out{d.say(k, "match", "", now)}, nil
}

// caseOf returns the request that a record is about: one of ours, one of the
// partner's, or a new one, which has no number yet.
func (d *Desk) caseOf(from party.ID, s *record.Support, exercise bool, now time.Time) (*Case, error) {
	ours := s.Request.Originator == d.cfg.Self
	if from == d.cfg.Self || (!ours && s.Request.Originator != from) || ours != (s.Ask == nil) {
		return nil, ErrParty
	}
	for _, c := range d.cases {
		if c.Partner == from && c.Ours == ours && c.ID == s.Request.ID {
			return c, nil
		}
	}
	if ours {
		return nil, ErrUnknown
	}
	if !d.room(from, now) {
		return nil, ErrFlood
	}
	return &Case{Partner: from, ID: s.Request.ID, Exercise: exercise, Made: now}, nil
}

// extends reports whether a side goes on from an earlier one of the same party:
// what was said stays said. gives tells that the party gives.
func extends(old, s *record.Support, gives bool) bool {
	once := sameAsk(old.Ask, s.Ask) && sameApproval(old.Approval, s.Approval) && (old.Offer == nil || (s.Offer != nil && *old.Offer == *s.Offer)) &&
		(!old.Accepted || s.Accepted) &&
		(old.Ended == "" || (old.Ended == s.Ended && old.Reason == s.Reason))
	if old.Ended != "" { // an end lets no more be promised, nor delivered
		once = once && (old.Approval != nil) == (s.Approval != nil) && (old.Offer != nil) == (s.Offer != nil) && old.Accepted == s.Accepted &&
			(!gives || len(old.Stated) == len(s.Stated))
	}
	// What the copies say may change until an amount is reserved.
	matched := old.Approval == nil || sameClause(old.Match, s.Match)
	if !gives {
		matched = matchEqual(old.Match, s.Match)
	}
	return once && matched && grown(old.Stated, s.Stated) && kept(old.Confirmed, s.Confirmed)
}

func sameAsk(old, s *record.SupportAsk) bool {
	if old == nil || s == nil {
		return old == s
	}
	o, n := *old, *s
	o.From, o.Until, n.From, n.Until = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return o == n && old.From.Equal(s.From) && old.Until.Equal(s.Until)
}

func sameApproval(old, s *record.SupportApproval) bool {
	if old == nil || s == nil {
		return old == nil
	}
	o, n := *old, *s
	o.At, n.At = time.Time{}, time.Time{}
	return o == n && old.At.Equal(s.At)
}

func matchEqual(a, b *record.SupportMatch) bool {
	return a.Agreement == b.Agreement && a.Clause == b.Clause && a.Text == b.Text && slices.Equal(a.Failed, b.Failed)
}

// grown reports whether a list of entries only grew, or let lower amounts
// stand.
func grown(old, list []record.SupportEntry) bool {
	if len(list) < len(old) {
		return false
	}
	for i, e := range old {
		n := list[i]
		if !n.At.Equal(e.At) || n.Amount != e.Amount || (e.Agreed && !n.Agreed) {
			return false
		}
	}
	return true
}

// kept reports whether every confirmation is still there.
func kept(old, list []record.SupportEntry) bool {
	return !slices.ContainsFunc(old, func(e record.SupportEntry) bool {
		n := find(list, e.N)
		return n == nil || n.Amount != e.Amount || !n.At.Equal(e.At)
	})
}

// legal reports whether the partner's side fits ours. A party knows of the
// other's side no more than that has said, so what it rests on must be there.
func (c *Case) legal() bool {
	t := c.Theirs
	for _, e := range t.Confirmed {
		if c.Own == nil {
			return false
		}
		if o := find(c.Own.Stated, e.N); o == nil || e.Amount > o.Amount {
			return false
		}
	}
	for i := range t.Stated {
		if e := &t.Stated[i]; e.Agreed {
			if c.Own == nil {
				return false
			}
			if k := find(c.Own.Confirmed, e.N); k == nil || k.Amount == e.Amount {
				return false
			}
		}
	}
	if c.Ours {
		return c.legalGiver()
	}
	return c.legalAsker()
}

func (c *Case) legalGiver() bool {
	a, g := c.Own, c.Theirs
	switch {
	case g.Approval != nil && (!g.Match.Allows() || g.Approval.Amount > a.Ask.Amount):
		return false
	case g.Approval != nil && (g.Approval.Agreement != g.Match.Agreement || g.Approval.Clause != g.Match.Clause):
		return false
	case g.Offer != nil && (g.Approval == nil || g.Offer.Amount > g.Approval.Amount):
		return false
	case g.Offer != nil && a.Ask.Settlement != "" && g.Offer.Settlement != a.Ask.Settlement:
		return false
	case len(g.Stated) > 0 && (!a.Accepted || g.Offer == nil || sum(g.Stated) > g.Offer.Amount):
		return false
	}
	return true
}

func (c *Case) legalAsker() bool {
	a, g := c.Theirs, c.Own
	switch {
	case a.Accepted && (g == nil || g.Offer == nil):
		return false
	case len(a.Stated) > 0 && g == nil:
		return false
	case len(a.Stated) > 0 && effective(a.Stated, g.Confirmed) > c.Owed():
		return false
	}
	return true
}

// withoutTexts returns a side without what its people wrote.
func withoutTexts(s *record.Support) *record.Support {
	c := clone(s)
	c.Reason = ""
	if c.Ask != nil {
		a := *c.Ask
		a.Place, a.Note = "", ""
		c.Ask = &a
	}
	if c.Offer != nil {
		o := *c.Offer
		o.Note = ""
		c.Offer = &o
	}
	return c
}

// Forget takes the content of a partner's records out: they were taken back, or
// may be held no longer. A request on which nothing rests goes with them. Of
// one with an amount that was reserved the texts go; what was approved,
// delivered and settled is our own record too, and stays.
func (d *Desk) Forget(from party.ID, gone func(record.ID) bool) {
	for _, c := range d.Cases() {
		if c.Partner != from || c.Theirs == nil || !gone(c.Source) {
			continue
		}
		switch {
		case c.approval() != nil:
			c.Theirs, c.Blank = withoutTexts(c.Theirs), true
		case c.Ours:
			c.Theirs, c.Source = nil, record.ID{}
		default:
			delete(d.cases, c.Number)
		}
	}
}

// Source returns the record on which the partner's side of a request rests, and
// whether there is one.
func (d *Desk) Source(n uint64) (party.ID, record.ID, bool) {
	c := d.cases[n]
	if c == nil || c.Theirs == nil {
		return "", record.ID{}, false
	}
	return c.Partner, c.Source, true
}
