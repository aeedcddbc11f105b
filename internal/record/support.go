// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Kinds of records about support.
const (
	KindSupport  Kind = 11 // one party's side of a request for support
	KindFacility Kind = 12 // a port, an airfield, a unit: what it can give
)

// Limits of a request. Amounts are whole units, prices whole minor units of a
// currency; the product of the two, summed over all requests, fits 64 bits.
const (
	MaxAmount  = 100_000_000
	MaxPrice   = 10_000_000
	MaxEntries = 32 // deliveries, or settlements, of one request
	MaxSpan    = 366 * 24 * time.Hour
	maxDays    = 3660
	maxFailed  = 16
	maxCaps    = 16 // capacities of a facility
)

// Support is everything that its sender has said about one request: its whole
// side, with what is new named by Step. So a later record stands for all before
// it, and one that comes twice or late changes nothing.
type Support struct {
	Request   Ref              `cbor:"1,keyasint" json:"request"` // who asks, and its id of the request
	Step      string           `cbor:"2,keyasint" json:"step"`
	Rev       uint32           `cbor:"3,keyasint" json:"rev"`                       // rises with each statement of the sender about the request
	Ask       *SupportAsk      `cbor:"4,keyasint,omitempty" json:"ask,omitempty"`   // of who asks, in every record
	Match     *SupportMatch    `cbor:"5,keyasint,omitempty" json:"match,omitempty"` // by the sender's own copies
	Approval  *SupportApproval `cbor:"6,keyasint,omitempty" json:"approval,omitempty"`
	Offer     *SupportOffer    `cbor:"7,keyasint,omitempty" json:"offer,omitempty"`
	Accepted  bool             `cbor:"8,keyasint,omitempty" json:"accepted,omitempty"`
	Stated    []SupportEntry   `cbor:"9,keyasint,omitempty" json:"stated,omitempty"`     // of who gives: deliveries; of who asks: settlements
	Confirmed []SupportEntry   `cbor:"10,keyasint,omitempty" json:"confirmed,omitempty"` // of the other's Stated
	Ended     string           `cbor:"11,keyasint,omitempty" json:"ended,omitempty"`     // "declined", "cancelled"
	Reason    string           `cbor:"12,keyasint,omitempty" json:"reason,omitempty"`
}

// SupportAsk is what is asked for.
type SupportAsk struct {
	Situation  string    `cbor:"1,keyasint" json:"situation"`
	Category   string    `cbor:"2,keyasint" json:"category"`
	Unit       string    `cbor:"3,keyasint" json:"unit"`
	Amount     uint64    `cbor:"4,keyasint" json:"amount"` // whole units
	From       time.Time `cbor:"5,keyasint" json:"from"`   // UTC, to the second
	Until      time.Time `cbor:"6,keyasint" json:"until"`
	Place      string    `cbor:"7,keyasint,omitempty" json:"place,omitempty"`
	Note       string    `cbor:"8,keyasint,omitempty" json:"note,omitempty"`
	Settlement string    `cbor:"9,keyasint,omitempty" json:"settlement,omitempty"`
}

// SupportMatch is what one party's copies of the agreements say of a request:
// the clause that allows it, or the nearest with the conditions that fail. No
// agreement at all leaves all but Failed empty.
type SupportMatch struct {
	Agreement string   `cbor:"1,keyasint,omitempty" json:"agreement,omitempty"`
	Clause    string   `cbor:"2,keyasint,omitempty" json:"clause,omitempty"`
	Text      string   `cbor:"3,keyasint,omitempty" json:"text,omitempty"` // hash of the sender's copy
	Failed    []string `cbor:"4,keyasint,omitempty" json:"failed,omitempty"`
}

// Allows reports whether a clause allows the request.
func (m *SupportMatch) Allows() bool { return m != nil && m.Agreement != "" && len(m.Failed) == 0 }

// SupportApproval reserves an amount under a clause. The role is that which the
// agreement names; who it was stays home.
type SupportApproval struct {
	Agreement string    `cbor:"1,keyasint" json:"agreement"`
	Clause    string    `cbor:"2,keyasint" json:"clause"`
	Amount    uint64    `cbor:"3,keyasint" json:"amount"`
	Role      string    `cbor:"4,keyasint" json:"role"`
	At        time.Time `cbor:"5,keyasint" json:"at"`
}

// SupportOffer is what the giving party will give and how it is settled.
type SupportOffer struct {
	Amount     uint64 `cbor:"1,keyasint" json:"amount"`
	Settlement string `cbor:"2,keyasint" json:"settlement"`
	Currency   string `cbor:"3,keyasint,omitempty" json:"currency,omitempty"` // ISO 4217; none for settlement in kind
	Price      uint64 `cbor:"4,keyasint,omitempty" json:"price,omitempty"`    // minor units of Currency for one unit
	Days       uint32 `cbor:"5,keyasint,omitempty" json:"days,omitempty"`     // from delivery to when it is to be settled
	Note       string `cbor:"6,keyasint,omitempty" json:"note,omitempty"`
}

// SupportEntry is one delivery or settlement, or the other side's confirmation
// of it. Numbers rise by one from 1 among the stated ones; a confirmation
// carries the number of what it confirms and the amount that arrived.
type SupportEntry struct {
	N      uint32    `cbor:"1,keyasint" json:"n"`
	Amount uint64    `cbor:"2,keyasint" json:"amount"`
	At     time.Time `cbor:"3,keyasint" json:"at"`
	Agreed bool      `cbor:"4,keyasint,omitempty" json:"agreed,omitempty"` // stated: the other side's lower amount stands
}

// Facility is a place or unit that can give support, as coarse as the
// originator's policy makes it.
type Facility struct {
	Kind       string     `cbor:"1,keyasint" json:"kind"`
	Name       string     `cbor:"2,keyasint,omitempty" json:"name,omitempty"`
	Cell       *Cell      `cbor:"3,keyasint,omitempty" json:"cell,omitempty"`
	Capacities []Capacity `cbor:"4,keyasint,omitempty" json:"capacities,omitempty"`
	Services   []string   `cbor:"5,keyasint,omitempty" json:"services,omitempty"` // categories
	Contact    string     `cbor:"6,keyasint,omitempty" json:"contact,omitempty"`
	Gone       bool       `cbor:"7,keyasint,omitempty" json:"gone,omitempty"` // no longer in the register
}

// Capacity is how many or how much of something a facility has.
type Capacity struct {
	What  string `cbor:"1,keyasint" json:"what"`
	Count uint64 `cbor:"2,keyasint" json:"count"`
}

// SupportSteps lists what a record about a request can add.
func SupportSteps() []string {
	return []string{"request", "match", "approve", "offer", "decline", "accept", "deliver", "confirm", "agree", "settle", "cancel", "repeat"}
}

// SupportSituations lists the situations in which support is asked for (after
// the published agreements on reciprocal provision of supplies and services).
func SupportSituations() []string {
	return []string{
		"training", "peacekeeping", "humanitarian", "disaster", "evacuation", "search-and-rescue", "routine",
		"important-influence", "armed-attack", "other-law",
	}
}

// SupportCategories lists the categories of supplies and services. The list is
// closed: what is not in it can't be put into an agreement or asked for.
func SupportCategories() []string {
	return []string{
		"food", "water", "billeting", "transport", "fuel", "clothing", "communications", "medical", "base-support", "storage",
		"facilities", "training-services", "spare-parts", "repair", "airport-seaport", "search-and-rescue-units",
	}
}

// SupportUnits lists the units in which amounts are counted.
func SupportUnits() []string {
	return []string{"litre", "kilogram", "item", "person-day", "berth-day", "hour", "flight-hour"}
}

// SupportSettlements lists the ways in which support is settled.
func SupportSettlements() []string { return []string{"pay", "in-kind", "equal-value", "free-loan"} }

// SupportRoles lists the roles that may approve.
func SupportRoles() []string { return []string{"officer", "supervisor"} }

// SupportConditions lists what a clause asks for, in the order in which a
// request is held against it.
func SupportConditions() []string {
	return []string{"parties", "dates", "situation", "category", "exclusion", "unit", "amount", "quota", "settlement"}
}

// FacilityKinds lists the kinds of facilities and units.
func FacilityKinds() []string {
	return []string{"port", "airfield", "heliport", "anchorage", "shipyard", "depot", "hospital", "unit"}
}

// FacilityCapacities lists what a facility's capacity is counted in.
func FacilityCapacities() []string {
	return []string{
		"berth", "stand", "bed", "crane", "boat", "helicopter", "person", "fuel-litre", "water-litre", "runway-metre", "depth-decimetre",
	}
}

func oneOf(name, word string, list []string) error {
	if !slices.Contains(list, word) {
		return fmt.Errorf("%s %q unknown", name, word)
	}
	return nil
}

func (s *Support) validate() error {
	if _, err := party.Parse(string(s.Request.Originator)); err != nil {
		return err
	}
	switch {
	case s.Request.ID.IsZero():
		return errors.New("no id")
	case s.Rev == 0:
		return errors.New("revisions count from 1")
	case s.Ended != "" && s.Ended != "declined" && s.Ended != "cancelled":
		return fmt.Errorf("end %q unknown", s.Ended)
	case s.Ended == "" && s.Reason != "":
		return errors.New("reason without end")
	}
	if s.Ask == nil {
		if s.Accepted || s.Match == nil {
			return errors.New("a side that neither asks nor answers")
		}
	} else if s.Approval != nil || s.Offer != nil || s.Match == nil {
		return errors.New("who asks neither approves nor offers")
	}
	return errors.Join(oneOf("step", s.Step, SupportSteps()), s.Ask.validate(), s.Match.validate(), s.Approval.validate(), s.Offer.validate(),
		stated(s.Stated), confirmed(s.Confirmed), texts(s.Reason))
}

func (a *SupportAsk) validate() error {
	if a == nil {
		return nil
	}
	switch {
	case a.Amount == 0 || a.Amount > MaxAmount:
		return errors.New("amount out of range")
	case !inOurTime(a.From) || a.Until.Before(a.From) || a.Until.Sub(a.From) > MaxSpan:
		return errors.New("time of need out of range")
	}
	if a.Settlement != "" {
		if err := oneOf("settlement", a.Settlement, SupportSettlements()); err != nil {
			return err
		}
	}
	return errors.Join(oneOf("situation", a.Situation, SupportSituations()), oneOf("category", a.Category, SupportCategories()),
		oneOf("unit", a.Unit, SupportUnits()), texts(a.Place, a.Note))
}

func (m *SupportMatch) validate() error {
	if m == nil {
		return nil
	}
	if len(m.Failed) > maxFailed || (m.Agreement == "") != (m.Clause == "") || (m.Agreement == "" && len(m.Failed) == 0) {
		return errors.New("match out of range")
	}
	for _, f := range m.Failed {
		if err := oneOf("condition", f, SupportConditions()); err != nil {
			return err
		}
	}
	return texts(m.Agreement, m.Clause, m.Text)
}

func (a *SupportApproval) validate() error {
	if a == nil {
		return nil
	}
	if a.Agreement == "" || a.Clause == "" {
		return errors.New("approval without clause")
	}
	if a.Amount == 0 || a.Amount > MaxAmount || !inOurTime(a.At) {
		return errors.New("approval out of range")
	}
	return errors.Join(oneOf("role", a.Role, SupportRoles()), texts(a.Agreement, a.Clause))
}

func (o *SupportOffer) validate() error {
	if o == nil {
		return nil
	}
	money := o.Settlement == "pay" || o.Settlement == "equal-value"
	switch {
	case o.Amount == 0 || o.Amount > MaxAmount || o.Days > maxDays || o.Price > MaxPrice:
		return errors.New("offer out of range")
	case money != (o.Price > 0) || money != Currency(o.Currency):
		return errors.New("what is settled in money, and nothing else, has a price and a currency")
	}
	return errors.Join(oneOf("settlement", o.Settlement, SupportSettlements()), texts(o.Currency, o.Note))
}

// Currency reports whether s has the form of a currency's code (ISO 4217).
func Currency(s string) bool {
	return len(s) == 3 && !slices.ContainsFunc([]byte(s), func(c byte) bool { return c < 'A' || c > 'Z' })
}

func stated(list []SupportEntry) error {
	if len(list) > MaxEntries {
		return errors.New("too many entries")
	}
	for i, e := range list {
		if int(e.N) != i+1 || e.Amount == 0 {
			return errors.New("entry out of order, or of nothing")
		}
		if err := e.validate(); err != nil {
			return err
		}
	}
	return nil
}

func confirmed(list []SupportEntry) error {
	if len(list) > MaxEntries {
		return errors.New("too many confirmations")
	}
	for i, e := range list {
		if e.N == 0 || (i > 0 && e.N <= list[i-1].N) || e.Agreed {
			return errors.New("confirmation out of order")
		}
		if err := e.validate(); err != nil {
			return err
		}
	}
	return nil
}

// maxValue is what one request can be worth, in minor units of a currency.
const maxValue = MaxAmount * MaxPrice

func (e SupportEntry) validate() error {
	if e.Amount > maxValue || !inOurTime(e.At) {
		return errors.New("entry out of range")
	}
	return nil
}

func (f *Facility) validate() error {
	if len(f.Capacities) > maxCaps || len(f.Services) > maxList {
		return errors.New("list too long")
	}
	for i, c := range f.Capacities {
		if err := oneOf("capacity", c.What, FacilityCapacities()); err != nil {
			return err
		}
		if c.Count > MaxAmount || (i > 0 && c.What <= f.Capacities[i-1].What) {
			return errors.New("capacity out of order or range")
		}
	}
	for i, s := range f.Services {
		if err := oneOf("service", s, SupportCategories()); err != nil {
			return err
		}
		if i > 0 && s <= f.Services[i-1] {
			return errors.New("services out of order")
		}
	}
	if f.Cell != nil {
		if err := f.Cell.validate(); err != nil {
			return err
		}
	}
	return errors.Join(oneOf("facility", f.Kind, FacilityKinds()), texts(f.Name, f.Contact))
}

// Latest returns the latest time at which something of it is said to have
// happened. The time of need is none of them.
func (s *Support) Latest() (t time.Time) {
	if s.Approval != nil {
		t = s.Approval.At
	}
	for _, list := range [][]SupportEntry{s.Stated, s.Confirmed} {
		for _, e := range list {
			if e.At.After(t) {
				t = e.At
			}
		}
	}
	return t
}

// utc puts the times of a request into UTC, as Record.utc does.
func (s *Support) utc(own func(*time.Time)) {
	if s.Ask != nil {
		own(&s.Ask.From)
		own(&s.Ask.Until)
	}
	if s.Approval != nil {
		own(&s.Approval.At)
	}
	for i := range s.Stated {
		own(&s.Stated[i].At)
	}
	for i := range s.Confirmed {
		own(&s.Confirmed[i].At)
	}
}
