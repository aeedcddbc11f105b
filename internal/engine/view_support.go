// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/support"
)

// SupportView is what people see of support: requests, ledger and register.
type SupportView struct {
	Requests   []RequestView        `json:"requests"` // newest first
	Accounts   []support.Account    `json:"accounts"` // with their last lines
	Facilities []FacilityView       `json:"facilities"`
	Partners   []PartnerFacility    `json:"partner_facilities"`
	Agreements []AgreementBriefView `json:"agreements"`
}

// AgreementBriefView names an agreement.
type AgreementBriefView struct {
	ID       string            `json:"id"`
	Titles   map[string]string `json:"titles"`
	Invented bool              `json:"invented,omitempty"`
	Parties  []party.ID        `json:"parties"`
	InForce  bool              `json:"in_force"` // now
}

// RequestView is one request for support.
type RequestView struct {
	N          uint64                  `json:"n"`
	Partner    party.ID                `json:"partner"`
	Ours       bool                    `json:"ours"` // we ask
	ID         record.ID               `json:"id"`   // as both know it
	Exercise   bool                    `json:"exercise,omitempty"`
	State      string                  `json:"state"` // one of support.States
	Ask        record.SupportAsk       `json:"ask"`
	OwnMatch   record.SupportMatch     `json:"own_match"`
	TheirMatch *record.SupportMatch    `json:"their_match,omitempty"`
	Differs    bool                    `json:"differs,omitempty"` // the two copies say different things
	Citation   string                  `json:"citation,omitempty"`
	Civil      string                  `json:"civil,omitempty"` // the civil way where a copy covers nothing
	Approval   *record.SupportApproval `json:"approval,omitempty"`
	Offer      *record.SupportOffer    `json:"offer,omitempty"`
	Accepted   bool                    `json:"accepted,omitempty"`
	Deliveries []EntryView             `json:"deliveries"`
	Settled    []EntryView             `json:"settlements"`
	Delivered  uint64                  `json:"delivered"` // both hold it
	Owed       uint64                  `json:"owed"`      // minor units, or units in kind
	Paid       uint64                  `json:"settled"`
	Due        *time.Time              `json:"due,omitempty"`
	Overdue    bool                    `json:"overdue,omitempty"`
	EndedBy    party.ID                `json:"ended_by,omitempty"`
	Reason     string                  `json:"reason,omitempty"`
	Can        []string                `json:"can"`  // steps that are ours to take
	Acts       []support.Act           `json:"acts"` // of our people
	Waits      bool                    `json:"waits,omitempty"`
	Unsent     bool                    `json:"unsent,omitempty"`
	Made       time.Time               `json:"made"`
	Changed    time.Time               `json:"changed"`
}

// EntryView is one delivery or settlement.
type EntryView struct {
	N         uint32    `json:"n"`
	Amount    uint64    `json:"amount"`
	At        time.Time `json:"at"`
	Confirmed *uint64   `json:"confirmed,omitempty"` // what the other side says arrived
	Agreed    bool      `json:"agreed,omitempty"`    // the lower amount stands
}

// FacilityView is a facility of ours and who was told of it.
type FacilityView struct {
	ID         string            `json:"id"`
	Kind       string            `json:"kind"`
	Name       string            `json:"name"`
	Pos        geo.Point         `json:"pos"`
	Capacities []record.Capacity `json:"capacities"`
	Services   []string          `json:"services"`
	Contact    string            `json:"contact,omitempty"`
	Exercise   bool              `json:"exercise,omitempty"`
	Released   []party.ID        `json:"released"`
}

// PartnerFacility is a facility as a partner released it.
type PartnerFacility struct {
	Party    party.ID         `json:"party"`
	Object   record.ID        `json:"object"`
	Body     record.Facility  `json:"body"`
	Exercise bool             `json:"exercise,omitempty"`
	Received time.Time        `json:"received"`
	Label    record.Label     `json:"label"`
	Handling release.Handling `json:"handling"` // our equivalent of the label
}

// How much of long lists the picture holds.
const (
	maxOverShown  = 100 // requests that are over
	maxLinesShown = 50  // of one account
)

func (e *Engine) viewSupport(v *View) {
	s := &v.Support
	cases := e.support.Cases()
	over := 0
	for _, c := range slices.Backward(cases) {
		if len(c.Can()) == 1 { // to say it again is all that is left
			if over++; over > maxOverShown {
				continue
			}
		}
		s.Requests = append(s.Requests, e.requestView(c))
		v.Exercise = v.Exercise || c.Exercise
	}
	for _, a := range e.support.Ledger() {
		a.Lines = a.Lines[max(0, len(a.Lines)-maxLinesShown):]
		s.Accounts = append(s.Accounts, a)
	}
	for i := range e.own {
		f := &e.own[i]
		fv := FacilityView{
			ID: f.ID, Kind: f.Kind, Name: f.Name, Pos: f.Pos, Capacities: f.Capacities, Services: f.Services, Contact: f.Contact, Exercise: f.Exercise,
			Released: []party.ID{},
		}
		fv.Released = append(fv.Released, e.release.Holders(record.KindFacility, f.Number())...)
		fv.Capacities = append([]record.Capacity{}, fv.Capacities...)
		fv.Services = append([]string{}, fv.Services...)
		s.Facilities = append(s.Facilities, fv)
		v.Exercise = v.Exercise || f.Exercise
	}
	for _, f := range e.facilities {
		s.Partners = append(s.Partners, PartnerFacility{
			Party: f.Party, Object: f.Object, Body: f.Body, Exercise: f.Exercise, Received: f.Received, Label: f.Label,
			Handling: e.release.Policy().Equivalent(f.Party, f.Label),
		})
	}
	slices.SortStableFunc(s.Partners, func(a, b PartnerFacility) int {
		return cmp.Or(cmp.Compare(a.Party, b.Party), cmp.Compare(a.Body.Name, b.Body.Name))
	})
	for _, a := range e.agreements {
		s.Agreements = append(s.Agreements, AgreementBriefView{
			ID: a.ID, Titles: a.Titles, Invented: a.Invented, Parties: a.Parties, InForce: a.InForce(e.now, e.now),
		})
	}
}

func newSupportView() SupportView {
	return SupportView{
		Requests: []RequestView{}, Accounts: []support.Account{}, Facilities: []FacilityView{}, Partners: []PartnerFacility{}, Agreements: []AgreementBriefView{},
	}
}

func (e *Engine) requestView(c *support.Case) RequestView {
	asks, gives := c.Sides()
	v := RequestView{
		N: c.Number, Partner: c.Partner, Ours: c.Ours, ID: c.ID, Exercise: c.Exercise, State: c.State(), Ask: *asks.Ask,
		OwnMatch: *c.Own.Match, Differs: c.Differs(), Accepted: asks.Accepted, Deliveries: []EntryView{}, Settled: []EntryView{},
		Delivered: c.Delivered(), Owed: c.Owed(), Paid: c.Settled(), Can: c.Can(), Acts: append([]support.Act{}, c.Acts...),
		Waits: c.Waits(), Unsent: c.Unsent, Made: c.Made, Changed: c.Changed,
	}
	if c.Theirs != nil {
		v.TheirMatch = c.Theirs.Match
	}
	v.Citation = e.citation(c.Own.Match)
	if v.State == support.NotCovered {
		v.Civil = support.Civil(asks.Ask.Situation, asks.Ask.Category)
	}
	if gives != nil {
		v.Approval, v.Offer = gives.Approval, gives.Offer
		v.Deliveries = entryViews(gives.Stated, asks.Confirmed)
		v.Settled = entryViews(asks.Stated, gives.Confirmed)
	}
	if due, ok := c.Due(); ok {
		v.Due, v.Overdue = &due, e.now.After(due)
	}
	v.EndedBy, v.Reason = e.endedBy(c)
	return v
}

func (e *Engine) endedBy(c *support.Case) (party.ID, string) {
	if c.Own.Ended != "" {
		return e.self, c.Own.Reason
	}
	if c.Theirs != nil && c.Theirs.Ended != "" {
		return c.Partner, c.Theirs.Reason
	}
	return "", ""
}

// citation returns how our copy cites the clause of a match.
func (e *Engine) citation(m *record.SupportMatch) string {
	for _, a := range e.agreements {
		for i := range a.Clauses {
			if a.ID == m.Agreement && a.Clauses[i].ID == m.Clause {
				return a.Clauses[i].Citation
			}
		}
	}
	return ""
}

func entryViews(stated, confirmed []record.SupportEntry) []EntryView {
	list := []EntryView{}
	for _, s := range stated {
		v := EntryView{N: s.N, Amount: s.Amount, At: s.At, Agreed: s.Agreed}
		for _, c := range confirmed {
			if c.N == s.N {
				v.Confirmed = &c.Amount
			}
		}
		list = append(list, v)
	}
	return list
}

// SupportMatchView is what our copies of the agreements say of a request that
// nobody has made yet.
type SupportMatchView struct {
	Allowed   bool            `json:"allowed"`
	Agreement string          `json:"agreement,omitempty"`
	Clause    *support.Clause `json:"clause,omitempty"`    // that allows it, or nearly
	Failed    []string        `json:"failed"`              // conditions, of record.SupportConditions
	Exclusion string          `json:"exclusion,omitempty"` // citation of what forbids it
	Left      *uint64         `json:"left,omitempty"`      // of the quota
	Civil     string          `json:"civil,omitempty"`
	Invented  bool            `json:"invented,omitempty"`
}

// MatchSupport holds a request against our copies of the agreements, with what
// is used of their quotas. The code is that of a command.
func (e *Engine) MatchSupport(to party.ID, a SupportArgs, exercise bool) (SupportMatchView, string) {
	v := SupportMatchView{Failed: []string{}}
	if !slices.Contains(e.cfg.Partners, to) {
		return v, "no-such-partner"
	}
	if code := checkWords(maxWord, "", a.words()...); code != "" {
		return v, code
	}
	ask, code := a.ask("")
	if code != "" {
		return v, code
	}
	r := e.support.Match(&support.Query{
		Asker: e.self, Giver: to, Situation: ask.Situation, Category: ask.Category, Unit: ask.Unit, Amount: ask.Amount,
		From: ask.From, Until: ask.Until, Settlement: ask.Settlement,
	}, exercise)
	v.Allowed, v.Clause, v.Left, v.Civil = r.Allowed(), r.Clause, r.Left, r.Civil
	v.Failed = append(v.Failed, r.Failed...)
	if r.Agreement != nil {
		v.Agreement, v.Invented = r.Agreement.ID, r.Agreement.Invented
	}
	if r.Exclusion != nil {
		v.Exclusion = r.Exclusion.Citation
	}
	return v, ""
}

// Agreements returns our copies of the agreements.
func (e *Engine) Agreements() []support.Agreement {
	list := []support.Agreement{}
	for _, a := range e.agreements {
		list = append(list, *a)
	}
	return list
}
