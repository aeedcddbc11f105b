// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package recall

import (
	"errors"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// The errors of the ledger.
var (
	ErrFull   = errors.New("too many recalls wait for their receipts")
	ErrForged = errors.New("receipt answers no recall of ours")
)

// Act is one recall by a person: one record, or several where it names more
// than one holds. Who did it and why stays home.
type Act struct {
	Number uint64    `json:"number"`
	To     party.ID  `json:"to"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	How    string    `json:"how"` // "record", "rule", "time", "all"
	Rule   string    `json:"rule,omitempty"`
	At     time.Time `json:"at"`
	Parts  []Part    `json:"parts"`
	Late   bool      `json:"late,omitempty"` // the alarm for its receipts was raised
}

// Part is one record of a recall and what its receipt says.
type Part struct {
	Number   uint64    `json:"number"`
	ID       record.ID `json:"id"`                // of the record, once it has left
	Named    int       `json:"named"`             // records and objects
	Left     time.Time `json:"left,omitzero"`     // zero while it waits
	Answered time.Time `json:"answered,omitzero"` // zero while its receipt is missing
	Gone     int       `json:"gone"`
	Kept     int       `json:"kept"`
	Unknown  int       `json:"unknown"`
}

// Answered reports whether all receipts are there.
func (a *Act) Answered() bool {
	return !slices.ContainsFunc(a.Parts, func(p Part) bool { return p.Answered.IsZero() })
}

// Bounds of the ledger.
const (
	maxActs = 500             // of all partners; the oldest that are answered leave first
	lateBy  = 5 * time.Minute // after which a missing receipt is an alarm
)

// Ledger holds what we have taken back. It has one owner.
type Ledger struct {
	acts  []Act // by number
	next  uint64
	parts uint64
}

// NewLedger returns an empty ledger.
func NewLedger() *Ledger { return &Ledger{} }

// Next returns the number that the next act will have.
func (l *Ledger) Next() uint64 { return l.next + 1 }

// Full reports whether there is no room for another act.
func (l *Ledger) Full() bool {
	return len(l.acts) >= maxActs && !slices.ContainsFunc(l.acts, func(a Act) bool { return a.Answered() })
}

// Add notes an act of as many parts as named has elements, each the count that a
// part names, and returns the parts' numbers.
func (l *Ledger) Add(a Act, named []int) ([]uint64, error) {
	if len(l.acts) >= maxActs {
		i := slices.IndexFunc(l.acts, func(a Act) bool { return a.Answered() })
		if i < 0 {
			return nil, ErrFull
		}
		l.acts = slices.Delete(l.acts, i, i+1)
	}
	l.next++
	a.Number, a.Parts, a.Late = l.next, nil, false
	var numbers []uint64
	for _, n := range named {
		l.parts++
		a.Parts = append(a.Parts, Part{Number: l.parts, Named: n})
		numbers = append(numbers, l.parts)
	}
	l.acts = append(l.acts, a)
	return numbers, nil
}

func (l *Ledger) part(to party.ID, fits func(*Part) bool) (*Act, *Part) {
	for i := range l.acts {
		a := &l.acts[i]
		if a.To != to {
			continue
		}
		for j := range a.Parts {
			if fits(&a.Parts[j]) {
				return a, &a.Parts[j]
			}
		}
	}
	return nil, nil
}

// Left notes that the part that fits is on its way, as the record of that id.
func (l *Ledger) Left(to party.ID, fits func(number uint64) bool, id record.ID, at time.Time) {
	if _, p := l.part(to, func(p *Part) bool { return p.Left.IsZero() && fits(p.Number) }); p != nil {
		p.Left, p.ID = at, id
	}
}

// Answer takes a partner's receipt and returns the number of the act. One that
// answers nothing of ours that has left is forged. What the partner kept may come
// in further receipts; otherwise the first stands.
func (l *Ledger) Answer(from party.ID, r *record.RecallReceipt, now time.Time) (uint64, error) {
	a, p := l.part(from, func(p *Part) bool { return !p.Left.IsZero() && p.ID == r.Recall })
	if p == nil {
		return 0, ErrForged
	}
	further := len(r.Gone)+len(r.Objects)+len(r.Unknown) == 0 && r.Others == 0
	after := Part{Gone: p.Gone + len(r.Gone) + len(r.Objects) + int(r.Others), Kept: p.Kept + len(r.Kept), Unknown: p.Unknown + len(r.Unknown)}
	tooMuch := a.How != "all" && after.Gone+after.Kept+after.Unknown > p.Named
	if tooMuch || (!p.Answered.IsZero() && !further) {
		return 0, ErrForged
	}
	if p.Answered.IsZero() {
		p.Answered = now
	}
	p.Gone, p.Kept, p.Unknown = after.Gone, after.Kept, after.Unknown
	return a.Number, nil
}

// Late returns the acts whose alarm begins: a receipt is missing for too long.
func (l *Ledger) Late(now time.Time) []Act {
	var list []Act
	for i := range l.acts {
		if a := &l.acts[i]; !a.Late && !a.Answered() && now.Sub(a.At) >= lateBy {
			a.Late = true
			list = append(list, *a)
		}
	}
	return list
}

// Get returns an act.
func (l *Ledger) Get(number uint64) (Act, bool) {
	i := slices.IndexFunc(l.acts, func(a Act) bool { return a.Number == number })
	if i < 0 {
		return Act{}, false
	}
	return l.acts[i], true
}

// Acts returns all acts by number.
func (l *Ledger) Acts() []Act {
	list := slices.Clone(l.acts)
	for i := range list {
		list[i].Parts = slices.Clone(list[i].Parts)
	}
	return list
}

// LedgerState is a Ledger as a snapshot holds it.
type LedgerState struct {
	Acts  []Act  `json:"acts,omitempty"`
	Next  uint64 `json:"next"`
	Parts uint64 `json:"parts"`
}

// Snapshot returns a copy of the state.
func (l *Ledger) Snapshot() LedgerState { return LedgerState{l.Acts(), l.next, l.parts} }

// Restore takes the state over.
func (l *Ledger) Restore(s LedgerState) {
	old := Ledger{acts: s.Acts}
	*l = Ledger{acts: old.Acts(), next: s.Next, parts: s.Parts}
}
