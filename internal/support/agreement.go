// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package support holds what agreements allow: it matches a request for
// supplies or services with the clause that allows it, carries the request from
// approval to settlement between two parties, and keeps the ledger. Agreements
// and the register of facilities are data. Categories are a closed list. It
// sends nothing, decides nothing about release, and takes time as an argument.
package support

import (
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Agreement is one agreement on support, as data.
type Agreement struct {
	ID         string            `json:"id"`
	Version    int               `json:"version"`
	Text       string            `json:"text"` // hash of the file: equal at both sides when the copies are
	Titles     map[string]string `json:"titles"`
	Invented   bool              `json:"invented,omitempty"` // made up for a demonstration
	Citation   string            `json:"citation"`
	Parties    []party.ID        `json:"parties"`
	From       time.Time         `json:"from"`         // in force, UTC
	To         *time.Time        `json:"to,omitempty"` // until this moment; nil: until ended
	Clauses    []Clause          `json:"clauses"`
	Exclusions []Exclusion       `json:"exclusions,omitempty"`
}

// Clause is one thing that an agreement allows.
type Clause struct {
	ID          string     `json:"id"`
	Citation    string     `json:"citation"`
	Situations  []string   `json:"situations"`
	Categories  []string   `json:"categories"`
	Units       []string   `json:"units"`
	Givers      []party.ID `json:"givers,omitempty"` // who may give under it; every party where empty
	Max         uint64     `json:"max,omitempty"`    // of one request; 0: no limit
	Quota       *Quota     `json:"quota,omitempty"`
	Settlements []string   `json:"settlements"` // the first is proposed where none is named
	Days        uint32     `json:"days"`        // from delivery to when it is to be settled
	Price       *Price     `json:"price,omitempty"`
	Approvers   []string   `json:"approvers"` // roles
	Conditions  string     `json:"conditions,omitempty"`
}

// Quota bounds what one party gives another under a clause within a period of
// the calendar (UTC). A request counts in the period in which its need begins.
type Quota struct {
	Amount uint64 `json:"amount"`
	Period string `json:"period"` // one of Periods
}

// Price is what one unit costs.
type Price struct {
	Currency string `json:"currency"` // ISO 4217
	Minor    uint64 `json:"minor"`    // minor units of Currency for one unit
}

// Exclusion is what an agreement forbids, whatever its clauses say. An empty
// list means any.
type Exclusion struct {
	ID         string   `json:"id"`
	Citation   string   `json:"citation"`
	Situations []string `json:"situations,omitempty"`
	Categories []string `json:"categories,omitempty"`
}

// Periods lists the periods of quotas.
func Periods() []string { return []string{"day", "month", "year", "whole"} }

// has reports whether the exclusion covers what is asked for.
func (x *Exclusion) has(q *Query) bool {
	return (len(x.Situations) == 0 || slices.Contains(x.Situations, q.Situation)) &&
		(len(x.Categories) == 0 || slices.Contains(x.Categories, q.Category))
}

// between reports whether both are parties of the agreement.
func (a *Agreement) between(p, q party.ID) bool {
	return p != q && slices.Contains(a.Parties, p) && slices.Contains(a.Parties, q)
}

// InForce reports whether the agreement is in force from one moment to another.
func (a *Agreement) InForce(from, until time.Time) bool {
	return !from.Before(a.From) && (a.To == nil || until.Before(*a.To))
}

// clause returns a clause by its id.
func (a *Agreement) clause(id string) *Clause {
	i := slices.IndexFunc(a.Clauses, func(c Clause) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return &a.Clauses[i]
}

// span returns the period, of the quota's kind, in which t lies.
func (q *Quota) span(t time.Time) (start, end time.Time) {
	t = t.UTC()
	y, m, d := t.Date()
	switch q.Period {
	case "day":
		start = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		return start, start.AddDate(0, 0, 1)
	case "month":
		start = time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
		return start, start.AddDate(0, 1, 0)
	case "year":
		start = time.Date(y, time.January, 1, 0, 0, 0, 0, time.UTC)
		return start, start.AddDate(1, 0, 0)
	}
	return time.Time{}, time.Date(9999, time.January, 1, 0, 0, 0, 0, time.UTC)
}

// money reports whether what is settled so is counted in a currency.
func money(settlement string) bool { return settlement == "pay" || settlement == "equal-value" }

// civil gives, for each category, the way that needs no agreement.
var civil = map[string]string{
	"food": "ship-supplier", "water": "ship-supplier", "fuel": "ship-supplier", "clothing": "ship-supplier",
	"billeting": "lodging", "base-support": "lodging",
	"transport": "carrier", "communications": "telecom",
	"medical": "medical-rescue-centre", "search-and-rescue-units": "rescue-centre",
	"storage": "warehouse", "facilities": "port-call", "airport-seaport": "port-call",
	"training-services": "associations", "spare-parts": "yard", "repair": "yard",
}

// Civil returns the civil way for a need that no agreement covers: one of
// CivilWays. People in danger come before everything, then whole situations.
func Civil(situation, category string) string {
	switch situation {
	case "search-and-rescue":
		if category == "medical" {
			return "medical-rescue-centre"
		}
		return "rescue-centre"
	case "humanitarian", "disaster":
		return "relief"
	case "evacuation":
		return "associations"
	}
	if w, ok := civil[category]; ok {
		return w
	}
	return "associations"
}

// CivilWays lists the civil ways. The texts are the console's, in three
// languages.
func CivilWays() []string {
	return []string{
		"ship-supplier", "lodging", "carrier", "telecom", "medical-rescue-centre", "rescue-centre", "warehouse", "port-call", "associations", "yard", "relief",
	}
}
