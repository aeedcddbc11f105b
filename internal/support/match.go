// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package support

import (
	"cmp"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Query is what is asked of the agreements.
type Query struct {
	Asker, Giver party.ID
	Situation    string
	Category     string
	Unit         string
	Amount       uint64
	From, Until  time.Time
	Settlement   string // "" any
}

// Result says which clause allows a request, or which nearly does.
type Result struct {
	Agreement *Agreement
	Clause    *Clause    // nil: no clause is near
	Failed    []string   // words of record.SupportConditions; none: it is allowed
	Exclusion *Exclusion // that forbids it
	Left      *uint64    // of the clause's quota, before this request
	Civil     string     // the civil way, where nothing allows it
}

// Allowed reports whether a clause allows the request.
func (r *Result) Allowed() bool { return r.Clause != nil && len(r.Failed) == 0 }

// Used tells how much of a clause's quota is reserved or given in the period in
// which t lies. nil means nothing.
type Used func(a *Agreement, c *Clause, t time.Time) uint64

// Match finds the clause that allows a request: the first by the agreements'
// ids and, within one, by the order of the text. Where none does, it finds the
// nearest: that of an agreement between the two with the fewest failing
// conditions, and among equals the one that gets furthest. It is total.
func Match(list []*Agreement, q *Query, used Used) Result {
	sorted := slices.SortedFunc(slices.Values(list), func(a, b *Agreement) int { return cmp.Compare(a.ID, b.ID) })
	var best *Result
	for _, a := range sorted {
		if !a.between(q.Asker, q.Giver) {
			continue // who else has agreed on what is nobody's business here
		}
		for i := range a.Clauses {
			r := hold(a, &a.Clauses[i], q, used)
			if r.Allowed() {
				return r
			}
			if best == nil || nearer(&r, best) {
				best = &r
			}
		}
	}
	if best == nil {
		best = &Result{Failed: []string{"parties"}}
	}
	best.Civil = Civil(q.Situation, q.Category)
	return *best
}

// nearer orders what nearly allows a request.
func nearer(a, b *Result) bool {
	if c := cmp.Compare(len(a.Failed), len(b.Failed)); c != 0 {
		return c < 0
	}
	return place(a.Failed[0]) > place(b.Failed[0])
}

func place(condition string) int { return slices.Index(record.SupportConditions(), condition) }

// hold holds a request against one clause.
func hold(a *Agreement, c *Clause, q *Query, used Used) Result {
	r := Result{Agreement: a, Clause: c}
	check := func(condition string, met bool) {
		if !met {
			r.Failed = append(r.Failed, condition)
		}
	}
	check("parties", len(c.Givers) == 0 || slices.Contains(c.Givers, q.Giver))
	check("dates", a.InForce(q.From, q.Until))
	check("situation", slices.Contains(c.Situations, q.Situation))
	check("category", slices.Contains(c.Categories, q.Category))
	if i := slices.IndexFunc(a.Exclusions, func(x Exclusion) bool { return x.has(q) }); i >= 0 {
		r.Exclusion = &a.Exclusions[i]
		check("exclusion", false)
	}
	unit := slices.Contains(c.Units, q.Unit)
	check("unit", unit)
	if unit {
		check("amount", q.Amount > 0 && (c.Max == 0 || q.Amount <= c.Max))
	}
	if c.Quota != nil && unit {
		left := c.left(a, q.From, used)
		r.Left = &left
		check("quota", q.Amount <= left)
	}
	check("settlement", q.Settlement == "" || slices.Contains(c.Settlements, q.Settlement))
	return r
}

// left returns what is left of the quota in the period in which t lies.
func (c *Clause) left(a *Agreement, t time.Time, used Used) uint64 {
	if used == nil {
		return c.Quota.Amount
	}
	return c.Quota.Amount - min(used(a, c, t), c.Quota.Amount)
}

// wire returns what the other party is told of a result.
func (r *Result) wire() *record.SupportMatch {
	m := &record.SupportMatch{Failed: slices.Clone(r.Failed)}
	if r.Clause != nil {
		m.Agreement, m.Clause, m.Text = r.Agreement.ID, r.Clause.ID, r.Agreement.Text
	}
	return m
}
