// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package recall keeps what a node holds of its partners' records, by id, until
// it is recalled or its retention ends (Shelf), and what the node itself has
// taken back, with the receipts that are there and that are missing (Ledger). It
// holds no content, destroys nothing and sends nothing: it says what is to be
// destroyed and what the receipt says.
package recall

import (
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// State is what has become of a received record.
type State string

// The states.
const (
	Held    State = "held"
	Gone    State = "gone"    // recalled, its key destroyed
	Kept    State = "kept"    // recalled, sealed as evidence
	Expired State = "expired" // its retention ended, its key destroyed
)

// Received is one record of a partner's record lane.
type Received struct {
	ID       record.ID   `json:"id"`
	Seq      uint64      `json:"seq"` // its number in the partner's log
	Kind     record.Kind `json:"kind"`
	Object   record.ID   `json:"object"`             // the thing that it is about
	Incident uint32      `json:"incident,omitempty"` // ours, that it was about
	Until    time.Time   `json:"until"`              // the end of its retention
	Relied   string      `json:"relied,omitempty"`   // one of record.KeptReasons: an act of ours rests on it
	State    State       `json:"state"`
	Open     bool        `json:"open,omitempty"` // kept, and still shown: its distress case is open
}

// maxReceived bounds the records of one partner on the shelf. Those that are
// over leave it first, then the oldest expire before their time: a partner
// that sends more loses its own.
const maxReceived = 10_000

// maxFloors bounds the objects of one partner whose recall is remembered.
const maxFloors = 5000

// Counts are a partner's counters.
type Counts struct {
	Recalled uint64 `json:"recalled"` // records and objects gone by recall
	Sealed   uint64 `json:"sealed"`   // recalled and kept as evidence
	Expired  uint64 `json:"expired"`
	Early    uint64 `json:"early"`   // of those, for want of room
	Unknown  uint64 `json:"unknown"` // ids in recalls that were not held
}

type pile struct {
	list   []Received    // in order of arrival
	floors []record.Past // recalled objects of the state lane, oldest first
	counts Counts
	minute time.Time // of the last recall
	worked int       // recalls in it
}

// maxRecalls bounds the recalls of one partner that are worked in a minute: each
// costs a snapshot. It is two acts that each take back maxReceived records.
const maxRecalls = 2 * (maxReceived/record.MaxRecalled + 1)

// Shelf holds what was received, by partner. It has one owner.
type Shelf struct {
	piles map[party.ID]*pile
	next  time.Time // the earliest end of a retention; zero: look
}

// NewShelf returns an empty shelf.
func NewShelf() *Shelf { return &Shelf{piles: make(map[party.ID]*pile)} }

func (s *Shelf) pile(from party.ID) *pile {
	p := s.piles[from]
	if p == nil {
		p = &pile{}
		s.piles[from] = p
	}
	return p
}

// Take notes a record that was taken. The record that it displaces, if any,
// must be destroyed.
func (s *Shelf) Take(from party.ID, r Received) (early Received, displaced bool) {
	p := s.pile(from)
	r.State, r.Open = Held, false
	p.list = append(p.list, r)
	if s.next.IsZero() || r.Until.Before(s.next) {
		s.next = r.Until
	}
	if len(p.list) <= maxReceived {
		return Received{}, false
	}
	i := slices.IndexFunc(p.list, func(x Received) bool { return x.State == Gone || x.State == Expired })
	if i < 0 {
		i = 0
		early, displaced = p.list[0], true
		p.counts.Early++
		p.counts.Expired++
	}
	p.list = slices.Delete(p.list, i, i+1)
	return early, displaced
}

// Rely notes that an act of ours rests on what a partner told: it is kept as
// evidence when the partner takes it back.
func (s *Shelf) Rely(from party.ID, why string, on func(Received) bool) {
	p := s.piles[from]
	if p == nil {
		return
	}
	for i := range p.list {
		if r := &p.list[i]; r.State == Held && r.Relied == "" && on(*r) {
			r.Relied = why
		}
	}
}

// RelyOn is Rely for one record.
func (s *Shelf) RelyOn(from party.ID, why string, id record.ID) {
	p := s.piles[from]
	if p == nil {
		return
	}
	for i := range p.list {
		if r := &p.list[i]; r.ID == id && r.State == Held && r.Relied == "" {
			r.Relied = why
		}
	}
}

// Result is what a recall does.
type Result struct {
	Gone    []Received // to be destroyed
	Kept    []Received // to be sealed
	Objects []record.Past
	named   map[record.ID]bool // answered already
	unknown []record.ID
	kept    []record.KeptRecord
	gone    []record.ID
	others  uint32
}

// Allow counts a partner's recall and reports whether it may still be worked in
// this minute.
func (s *Shelf) Allow(from party.ID, now time.Time) bool {
	p := s.pile(from)
	if at := now.Truncate(time.Minute); !at.Equal(p.minute) {
		p.minute, p.worked = at, 0
	}
	if p.worked >= maxRecalls {
		return false
	}
	p.worked++
	return true
}

// Recall takes a partner's recall, which stands at number seq of its log. It
// reaches only what came before it, from that partner; open reports whether an
// incident is a distress case that people still work on. Recalling twice changes
// nothing.
func (s *Shelf) Recall(from party.ID, seq uint64, r *record.Recall, open func(incident uint32) bool) *Result {
	p := s.pile(from)
	res := &Result{named: make(map[record.ID]bool), Objects: slices.Clone(r.Objects)}
	names := make(map[record.ID]bool, len(r.Records))
	for _, id := range r.Records {
		names[id] = true
	}
	for i := range p.list {
		x := &p.list[i]
		if x.Seq >= seq || x.State == Gone || x.State == Expired || !(r.All || names[x.ID]) {
			continue
		}
		switch {
		case x.State == Kept:
		case x.Relied != "":
			x.State, x.Open = Kept, x.Relied == "distress" && open(x.Incident)
			p.counts.Sealed++
			res.Kept = append(res.Kept, *x)
		default:
			x.State = Gone
			p.counts.Recalled++
			res.Gone = append(res.Gone, *x)
		}
		res.answer(x, names[x.ID])
	}
	for _, id := range r.Records {
		if !res.named[id] {
			p.counts.Unknown++
			res.unknown = append(res.unknown, id)
		}
	}
	for _, o := range r.Objects {
		p.bar(o)
		p.counts.Recalled++
	}
	return res
}

// answer puts a record into the receipt.
func (res *Result) answer(x *Received, named bool) {
	if res.named[x.ID] {
		return
	}
	res.named[x.ID] = true
	switch {
	case x.State == Kept:
		res.kept = append(res.kept, record.KeptRecord{ID: x.ID, Reason: x.Relied})
	case named:
		res.gone = append(res.gone, x.ID)
	default:
		res.others++
	}
}

// Receipts returns what is answered to the recall of that id: one record, or
// more where it kept more than one holds.
func (res *Result) Receipts(id record.ID) []record.RecallReceipt {
	first := record.RecallReceipt{Recall: id, Gone: res.gone, Unknown: res.unknown, Others: res.others}
	for _, o := range res.Objects {
		first.Objects = append(first.Objects, o.Object)
	}
	list := []record.RecallReceipt{first}
	for i, kept := range slices.Collect(slices.Chunk(res.kept, record.MaxRecalled)) {
		if i > 0 {
			list = append(list, record.RecallReceipt{Recall: id})
		}
		list[i].Kept = kept
	}
	return list
}

// bar remembers that an object of the state lane was recalled up to an epoch.
func (p *pile) bar(o record.Past) {
	if i := slices.IndexFunc(p.floors, func(f record.Past) bool { return f.Object == o.Object }); i >= 0 {
		o.Epoch = max(o.Epoch, p.floors[i].Epoch)
		p.floors = slices.Delete(p.floors, i, i+1)
	}
	p.floors = append(p.floors, o)
	p.floors = slices.Delete(p.floors, 0, max(0, len(p.floors)-maxFloors))
}

// Barred reports whether a state was recalled before it came: the lanes overtake
// each other.
func (s *Shelf) Barred(from party.ID, object record.ID, epoch uint32) bool {
	p := s.piles[from]
	return p != nil && slices.ContainsFunc(p.floors, func(f record.Past) bool { return f.Object == object && epoch <= f.Epoch })
}

// Of is a record with the partner that it came from.
type Of struct {
	From party.ID
	Received
}

// keepOver is how long the shelf remembers a record whose retention has ended.
const keepOver = 7 * 24 * time.Hour

// Expire takes out what may be held no longer, evidence too, by partner and in
// order.
func (s *Shelf) Expire(now time.Time) []Of {
	if !s.next.IsZero() && now.Before(s.next) {
		return nil
	}
	s.next = now.Add(24 * time.Hour)
	var list []Of
	for _, from := range slices.Sorted(maps.Keys(s.piles)) {
		p := s.piles[from]
		p.list = slices.DeleteFunc(p.list, func(r Received) bool { return now.Sub(r.Until) > keepOver })
		for i := range p.list {
			r := &p.list[i]
			switch {
			case r.State == Gone || r.State == Expired:
			case !now.Before(r.Until):
				r.State, r.Open = Expired, false
				p.counts.Expired++
				list = append(list, Of{from, *r})
			case r.Until.Before(s.next):
				s.next = r.Until
			}
		}
	}
	return list
}

// Close seals the evidence of distress cases that have ended and returns it.
func (s *Shelf) Close(open func(incident uint32) bool) []Of {
	var list []Of
	for _, from := range slices.Sorted(maps.Keys(s.piles)) {
		for i := range s.piles[from].list {
			if r := &s.piles[from].list[i]; r.Open && !open(r.Incident) {
				r.Open = false
				list = append(list, Of{from, *r})
			}
		}
	}
	return list
}

// Newer reports whether a record of the same kind about the same thing came
// after r and is held.
func (s *Shelf) Newer(from party.ID, r Received) bool {
	return slices.ContainsFunc(s.pile(from).list, func(x Received) bool {
		return x.Kind == r.Kind && x.Object == r.Object && x.Seq > r.Seq && x.State == Held
	})
}

// Find returns the newest record of that id that the shelf knows.
func (s *Shelf) Find(from party.ID, id record.ID) (Received, bool) {
	p := s.piles[from]
	if p == nil {
		return Received{}, false
	}
	for _, r := range slices.Backward(p.list) {
		if r.ID == id {
			return r, true
		}
	}
	return Received{}, false
}

// List returns what the shelf knows of a partner, in order of arrival.
func (s *Shelf) List(from party.ID) []Received {
	if p := s.piles[from]; p != nil {
		return slices.Clone(p.list)
	}
	return nil
}

// Counts returns a partner's counters.
func (s *Shelf) Counts(from party.ID) Counts {
	if p := s.piles[from]; p != nil {
		return p.counts
	}
	return Counts{}
}

// ShelfState is a Shelf as a snapshot holds it.
type ShelfState struct {
	Piles []PileState `json:"piles,omitempty"` // by partner
}

// PileState is what a snapshot holds of one partner.
type PileState struct {
	From   party.ID      `json:"from"`
	List   []Received    `json:"list"`
	Floors []record.Past `json:"floors,omitempty"`
	Counts Counts        `json:"counts"`
	Minute time.Time     `json:"minute,omitzero"`
	Worked int           `json:"worked,omitempty"`
}

// Snapshot returns a copy of the state.
func (s *Shelf) Snapshot() ShelfState {
	var st ShelfState
	for _, from := range slices.Sorted(maps.Keys(s.piles)) {
		p := s.piles[from]
		st.Piles = append(st.Piles, PileState{from, slices.Clone(p.list), slices.Clone(p.floors), p.counts, p.minute, p.worked})
	}
	return st
}

// Restore takes the state over.
func (s *Shelf) Restore(st ShelfState) {
	*s = *NewShelf()
	for _, p := range st.Piles {
		s.piles[p.From] = &pile{
			list: slices.Clone(p.List), floors: slices.Clone(p.Floors), counts: p.Counts, minute: p.Minute, worked: p.Worked,
		}
	}
}
