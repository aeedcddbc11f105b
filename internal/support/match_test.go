// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package support_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/support"
)

func TestMatchNamesTheClauseOrTheNearest(t *testing.T) {
	a := agreement(t, plain)
	jpOnly := agreement(t, strings.Replace(strings.Replace(plain, "ag-1", "ag-2", 1), `id = "fuel"`, "id = \"fuel\"\ngivers = [\"jp\"]", 1))
	tests := map[string]struct {
		change func(*support.Query)
		clause string
		failed []string
		civil  string
	}{
		"all is met":                   {func(*support.Query) {}, "ag-1 fuel", nil, ""},
		"no settlement is named":       {func(q *support.Query) { q.Settlement = "" }, "ag-1 fuel", nil, ""},
		"the last second":              {func(q *support.Query) { q.Until = time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC) }, "ag-1 fuel", nil, ""},
		"a second too late":            {func(q *support.Query) { q.Until = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) }, "ag-1 fuel", []string{"dates"}, "relief"},
		"before it was in force":       {func(q *support.Query) { q.From = time.Date(2025, 12, 31, 23, 59, 59, 0, time.UTC) }, "ag-1 fuel", []string{"dates"}, "relief"},
		"another situation":            {func(q *support.Query) { q.Situation = "routine" }, "ag-1 fuel", []string{"situation"}, "ship-supplier"},
		"another category":             {func(q *support.Query) { q.Category = "repair" }, "ag-1 fuel", []string{"category"}, "relief"},
		"an excluded situation":        {func(q *support.Query) { q.Situation = "armed-attack" }, "ag-1 fuel", []string{"situation", "exclusion"}, "ship-supplier"},
		"another unit":                 {func(q *support.Query) { q.Unit = "kilogram" }, "ag-1 fuel", []string{"unit"}, "relief"},
		"the most at once":             {func(q *support.Query) { q.Amount = 60 }, "ag-1 fuel", nil, ""},
		"more than at once":            {func(q *support.Query) { q.Amount = 61 }, "ag-1 fuel", []string{"amount"}, "relief"},
		"more than the quota":          {func(q *support.Query) { q.Amount = 101 }, "ag-1 fuel", []string{"amount", "quota"}, "relief"},
		"nothing":                      {func(q *support.Query) { q.Amount = 0 }, "ag-1 fuel", []string{"amount"}, "relief"},
		"a settlement not agreed":      {func(q *support.Query) { q.Settlement = "free-loan" }, "ag-1 fuel", []string{"settlement"}, "relief"},
		"a party of nothing":           {func(q *support.Query) { q.Giver = "us" }, "", []string{"parties"}, "relief"},
		"a word that is none":          {func(q *support.Query) { q.Category = "rockets" }, "ag-1 fuel", []string{"category"}, "relief"},
		"fewest failures win":          {func(q *support.Query) { q.Category, q.Unit, q.Settlement = "medical", "kilogram", "" }, "ag-1 loan", []string{"unit"}, "relief"},
		"rescue comes before all else": {func(q *support.Query) { q.Situation, q.Category = "search-and-rescue", "repair" }, "ag-1 fuel", []string{"category"}, "rescue-centre"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			q := query("tw", "jp", fuel(20))
			tt.change(q)
			r := support.Match([]*support.Agreement{jpOnly, a}, q, nil)
			got := ""
			if r.Clause != nil {
				got = r.Agreement.ID + " " + r.Clause.ID
			}
			if got != tt.clause || !slices.Equal(r.Failed, tt.failed) || r.Civil != tt.civil || r.Allowed() != (tt.failed == nil) {
				t.Errorf("Match = %q failing %v, civil %q; want %q failing %v, civil %q", got, r.Failed, r.Civil, tt.clause, tt.failed, tt.civil)
			}
			if slices.Contains(r.Failed, "exclusion") != (r.Exclusion != nil) {
				t.Errorf("exclusion %v", r.Exclusion)
			}
		})
	}
	// The same clause with one giver only fails on the parties when the other shall give.
	if r := support.Match([]*support.Agreement{jpOnly}, query("jp", "tw", fuel(20)), nil); !slices.Equal(r.Failed, []string{"parties"}) {
		t.Errorf("fails %v, want parties", r.Failed)
	}
	// What others agreed on is not told.
	if r := support.Match([]*support.Agreement{a}, query("tw", "us", fuel(20)), nil); r.Agreement != nil || r.Clause != nil {
		t.Errorf("names %v between others", r.Agreement)
	}
}

// Whatever is asked, the answer is a clause, or the reasons and a civil way,
// and the same whichever way the agreements are ordered.
func TestMatchIsTotalAndDeterministic(t *testing.T) {
	list := []*support.Agreement{agreement(t, plain), agreement(t, strings.Replace(plain, "ag-1", "ag-0", 1)), agreement(t, string(shipped(t, "demo-tw-jp")))}
	rapid.Check(t, func(t *rapid.T) {
		word := func(name string, list []string) string { return rapid.SampledFrom(append(list, "", "x")).Draw(t, name) }
		p := rapid.SampledFrom([]party.ID{"tw", "jp", "cell", "us"})
		q := &support.Query{
			Asker: p.Draw(t, "asker"), Giver: p.Draw(t, "giver"), Situation: word("situation", record.SupportSituations()),
			Category: word("category", record.SupportCategories()), Unit: word("unit", record.SupportUnits()),
			Settlement: word("settlement", record.SupportSettlements()), Amount: rapid.Uint64().Draw(t, "amount"),
			From: t0.Add(time.Duration(rapid.Int64Range(-1e6, 1e6).Draw(t, "from")) * time.Minute),
		}
		q.Until = q.From.Add(time.Hour)
		used := func(*support.Agreement, *support.Clause, time.Time) uint64 { return q.Amount % 200 }
		r := support.Match(list, q, used)
		if r.Allowed() {
			if r.Civil != "" || !slices.Contains(r.Clause.Categories, q.Category) || !slices.Contains(r.Clause.Situations, q.Situation) ||
				!slices.Contains(r.Agreement.Parties, q.Asker) || q.Amount == 0 || (r.Left != nil && q.Amount > *r.Left) {
				t.Fatalf("allows %+v by %s %s", q, r.Agreement.ID, r.Clause.ID)
			}
		} else if !slices.Contains(support.CivilWays(), r.Civil) || len(r.Failed) == 0 {
			t.Fatalf("says neither yes nor why not: %+v", r)
		}
		other := support.Match([]*support.Agreement{list[2], list[0], list[1]}, q, used)
		if d := cmp.Diff(r, other); d != "" {
			t.Errorf("another order gives another answer: %s", d)
		}
	})
}

func TestEveryCategoryHasACivilWay(t *testing.T) {
	for _, s := range record.SupportSituations() {
		for _, c := range record.SupportCategories() {
			if w := support.Civil(s, c); !slices.Contains(support.CivilWays(), w) {
				t.Errorf("Civil(%s, %s) = %q, which is none", s, c, w)
			}
		}
	}
}

// The two requests of the demonstration's second act, made of its invented
// agreement: one that a clause allows and one that none does.
func TestTheDemonstrationsRequests(t *testing.T) {
	a := agreement(t, string(shipped(t, "demo-tw-jp")))
	day := time.Date(2023, 8, 28, 6, 0, 0, 0, time.UTC)
	ask := func(situation, category, unit string, n uint64) support.Result {
		return support.Match([]*support.Agreement{a}, &support.Query{
			Asker: "tw", Giver: "jp", Situation: situation, Category: category, Unit: unit, Amount: n, From: day, Until: day.Add(12 * time.Hour),
		}, nil)
	}
	if r := ask("search-and-rescue", "fuel", "litre", 20_000); !r.Allowed() || r.Clause.ID != "art-4-1" {
		t.Errorf("fuel for a search: fails on %v", r.Failed)
	}
	r := ask("search-and-rescue", "repair", "hour", 40)
	if r.Allowed() || r.Clause.ID != "art-6" || !slices.Equal(r.Failed, []string{"category"}) || r.Civil != "rescue-centre" {
		t.Errorf("repair: allowed %t, nearest %+v, fails on %v, civil %s", r.Allowed(), r.Clause, r.Failed, r.Civil)
	}
	r = ask("routine", "repair", "hour", 40)
	if r.Allowed() || r.Civil != "yard" {
		t.Errorf("repair on a routine day: allowed %t, fails on %v, civil %s", r.Allowed(), r.Failed, r.Civil)
	}
}
