// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Why a record about a plan was refused, or an act of a person.
var (
	ErrStale    = errors.New("record of a declaration that is over, or said before")
	ErrPart     = errors.New("text is not the part that was declared")
	ErrExercise = errors.New("declaration is of exercise and live at once")
	ErrNone     = errors.New("nothing is declared")
)

// Declaration is what one side declares to the other.
type Declaration struct {
	Number   uint32            `json:"number"` // rises with each of the party
	Comment  string            `json:"comment"`
	Exercise bool              `json:"exercise"`
	Parts    []record.PlanPart `json:"parts"`
	Texts    map[string][]byte `json:"texts"`             // by name of the part
	Ends     *time.Time        `json:"ends"`              // from when on it stands no longer, UTC
	At       time.Time         `json:"at"`                // when it was declared, or when all of it was here
	Told     time.Time         `json:"told"`              // theirs: the latest time that its records bear
	Records  []record.ID       `json:"records,omitempty"` // theirs: of which it was made
}

// live reports whether the declaration has not ended.
func (d *Declaration) live(now time.Time) bool {
	return d != nil && (d.Ends == nil || now.Before(*d.Ends))
}

// whole reports whether all of the declaration is here.
func (d *Declaration) whole() bool {
	return len(d.Parts) > 0 && !slices.ContainsFunc(d.Parts, func(p record.PlanPart) bool { return d.Texts[p.Name] == nil })
}

// end notes the end; of several the earliest counts.
func (d *Declaration) end(at time.Time) bool {
	if d.Ends != nil && !at.Before(*d.Ends) {
		return false
	}
	d.Ends = &at
	return true
}

func (d *Declaration) clone() *Declaration {
	if d == nil {
		return nil
	}
	c := *d
	c.Parts, c.Texts, c.Records = slices.Clone(d.Parts), maps.Clone(d.Texts), slices.Clone(d.Records)
	if d.Ends != nil {
		at := *d.Ends
		c.Ends = &at
	}
	return &c
}

// Pair is all that is known of the plan with one partner.
type Pair struct {
	Last  uint32       `json:"last"`  // number of our last declaration, issued or not
	Ours  *Declaration `json:"ours"`  // nil: none issued
	Their *Declaration `json:"their"` // nil: none received whole
	Next  *Declaration `json:"next"`  // theirs that is not whole yet; bounded by the kinds of parts
	State string       `json:"state"` // as of the last Settle
	Since time.Time    `json:"since"` // of State
}

// The states of a plan. Only InForce has effects.
const (
	None     = "none"     // neither side declares anything
	Ours     = "ours"     // only we do
	Theirs   = "theirs"   // only the partner does
	Mismatch = "mismatch" // both do, and not the same
	InForce  = "in-force" // both do, byte for byte
	Ended    = "ended"    // it was in force; a side has ended its declaration
)

// Notice tells of a change of state.
type Notice struct {
	With   party.ID
	State  string
	Before string
}

// Desk holds the plans with all partners. It has one owner.
type Desk struct {
	pairs map[party.ID]*Pair
	next  time.Time // the earliest end that was not settled; zero: none
}

// NewDesk returns a desk without a declaration.
func NewDesk() *Desk { return &Desk{pairs: make(map[party.ID]*Pair)} }

func (d *Desk) pair(with party.ID) *Pair {
	p := d.pairs[with]
	if p == nil {
		p = &Pair{State: None}
		d.pairs[with] = p
	}
	return p
}

// Pair returns a copy of what is known of the plan with a partner.
func (d *Desk) Pair(with party.ID) Pair {
	p := d.pairs[with]
	if p == nil {
		return Pair{State: None}
	}
	c := *p
	c.Ours, c.Their, c.Next = p.Ours.clone(), p.Their.clone(), p.Next.clone()
	return c
}

// Draft numbers a declaration and returns it with the records that tell it. It
// is declared once they are on their way: see Issue.
func (d *Desk) Draft(with party.ID, texts map[string][]byte, comment string, exercise bool) (*Declaration, []record.Plan, error) {
	parts := digests(texts)
	if len(parts) == 0 {
		return nil, nil, ErrNone
	}
	p := d.pair(with)
	p.Last++
	x := &Declaration{Number: p.Last, Comment: comment, Exercise: exercise, Parts: parts, Texts: maps.Clone(texts)}
	say := []record.Plan{{Act: record.PlanDeclare, Number: x.Number, Preamble: record.PlanPreamble, Comment: comment, Parts: parts}}
	for _, l := range parts {
		say = append(say, record.Plan{Act: record.PlanText, Number: x.Number, Name: l.Name, Text: texts[l.Name]})
	}
	return x, say, nil
}

// Issue makes a draft our declaration.
func (d *Desk) Issue(with party.ID, x *Declaration, now time.Time) {
	x.At = now
	d.pair(with).Ours = x
}

// Notice returns the record that tells the end of our declaration. It is ended
// by End.
func (d *Desk) Notice(with party.ID, at, now time.Time) (record.Plan, error) {
	p := d.pair(with)
	if !p.Ours.live(now) || (p.Ours.Ends != nil && !at.Before(*p.Ours.Ends)) {
		return record.Plan{}, ErrNone
	}
	return record.Plan{Act: record.PlanEnd, Number: p.Ours.Number, Ends: &at}, nil
}

// End ends our declaration at a time.
func (d *Desk) End(with party.ID, at time.Time) {
	if o := d.pair(with).Ours; o != nil {
		o.end(at)
	}
}

// Receive takes one record of a partner. What it says in which order does not
// matter: a declaration counts once all of it is here, and until then the one
// before it stands.
func (d *Desk) Receive(from party.ID, r *record.Record, now time.Time) error {
	p, m := d.pair(from), r.Plan
	x := p.Their
	switch {
	case x != nil && m.Number < x.Number, p.Next != nil && m.Number < p.Next.Number && (x == nil || m.Number != x.Number):
		return ErrStale
	case x == nil || m.Number != x.Number:
		if p.Next == nil || p.Next.Number != m.Number {
			p.Next = &Declaration{Number: m.Number, Exercise: r.Exercise, Texts: make(map[string][]byte)}
		}
		x = p.Next
	}
	if x.Exercise != r.Exercise {
		return ErrExercise
	}
	if err := x.take(m); err != nil {
		return err
	}
	x.Records = append(x.Records, r.ID)
	if r.Time.After(x.Told) && m.Act != record.PlanEnd {
		x.Told = r.Time
	}
	if x == p.Next && x.whole() {
		x.At = now
		p.Their, p.Next = x, nil
	}
	return nil
}

// take adds one record to a declaration.
func (d *Declaration) take(m *record.Plan) error {
	switch m.Act {
	case record.PlanEnd:
		if !d.end(m.Ends.UTC()) {
			return ErrStale
		}
	case record.PlanDeclare:
		if d.Parts != nil {
			return ErrStale
		}
		d.Parts, d.Comment = slices.Clone(m.Parts), m.Comment
		maps.DeleteFunc(d.Texts, func(name string, text []byte) bool { return !fits(d.Parts, name, text) })
	case record.PlanText:
		switch {
		case d.Texts[m.Name] != nil:
			return ErrStale
		case d.Parts != nil && !fits(d.Parts, m.Name, m.Text):
			return ErrPart
		}
		d.Texts[m.Name] = bytes.Clone(m.Text)
	}
	return nil
}

// same reports whether the operative parts of both are equal, byte for byte.
func same(a, b *Declaration) bool {
	return a.Exercise == b.Exercise && maps.EqualFunc(a.Texts, b.Texts, bytes.Equal)
}

// stateAt returns the state of a plan at a time.
func (p *Pair) stateAt(now time.Time) string {
	ours, theirs := p.Ours.live(now), p.Their.live(now)
	switch {
	case ours && theirs && same(p.Ours, p.Their):
		return InForce
	case ours && theirs:
		return Mismatch
	case p.State == InForce || p.State == Ended:
		return Ended
	case ours:
		return Ours
	case theirs:
		return Theirs
	}
	return None
}

// Due reports whether a declaration has ended since the last Settle. It costs
// nothing, so that every input may ask.
func (d *Desk) Due(now time.Time) bool { return !d.next.IsZero() && !now.Before(d.next) }

// sooner notes an end that lies ahead.
func (d *Desk) sooner(x *Declaration) {
	if x != nil && x.Ends != nil && (d.next.IsZero() || x.Ends.Before(d.next)) {
		d.next = *x.Ends
	}
}

// Settle takes note of what was declared, and of declarations that have ended,
// and tells what has changed, by partner.
func (d *Desk) Settle(now time.Time) []Notice {
	var list []Notice
	d.next = time.Time{}
	for _, with := range slices.Sorted(maps.Keys(d.pairs)) {
		p := d.pairs[with]
		for _, x := range []*Declaration{p.Ours, p.Their} {
			if x.live(now) {
				d.sooner(x)
			}
		}
		state := p.stateAt(now)
		if state == p.State {
			continue
		}
		list = append(list, Notice{With: with, State: state, Before: p.State})
		p.State, p.Since = state, now
	}
	return list
}

// InForce returns the terms of the plan that is in force with a partner, as of
// the last Settle.
func (d *Desk) InForce(with party.ID) (Terms, bool) {
	p := d.pairs[with]
	if p == nil || p.State != InForce {
		return Terms{}, false
	}
	return ReadTerms(p.Ours.Texts), true
}

// Keep forgets the plans with parties that keep refuses.
func (d *Desk) Keep(keep func(party.ID) bool) {
	maps.DeleteFunc(d.pairs, func(id party.ID, _ *Pair) bool { return !keep(id) })
}

// State is a Desk as a snapshot holds it.
type State struct {
	Pairs map[party.ID]Pair `json:"pairs"`
}

// Snapshot returns a copy of the desk's state.
func (d *Desk) Snapshot() State {
	s := State{Pairs: make(map[party.ID]Pair)}
	for id := range d.pairs {
		s.Pairs[id] = d.Pair(id)
	}
	return s
}

// Restore takes the state over.
func (d *Desk) Restore(s State) {
	d.pairs = make(map[party.ID]*Pair)
	for id, p := range s.Pairs {
		p.Ours, p.Their, p.Next = p.Ours.clone(), p.Their.clone(), p.Next.clone()
		d.pairs[id] = &p
		d.sooner(p.Ours) // one that is over already is settled again, and nothing changes
		d.sooner(p.Their)
	}
}
