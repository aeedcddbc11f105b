// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package record_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// goodSupport is the side of a party that asks.
func goodSupport() *record.Support {
	return &record.Support{
		Request: record.Ref{Originator: "jp", ID: record.ID{9}}, Step: "accept", Rev: 3,
		Ask: &record.SupportAsk{
			Situation: "disaster", Category: "fuel", Unit: "litre", Amount: 20_000, From: at, Until: at.Add(48 * time.Hour),
			Place: "Hualien", Note: "one patrol ship", Settlement: "pay",
		},
		Match: &record.SupportMatch{Agreement: "ag-1", Clause: "a4", Text: "00ff", Failed: []string{"quota"}}, Accepted: true,
		Stated:    []record.SupportEntry{{N: 1, Amount: 5, At: at, Agreed: true}, {N: 2, Amount: 6, At: at}},
		Confirmed: []record.SupportEntry{{N: 1, Amount: 0, At: at}, {N: 3, Amount: 7, At: at}},
		Ended:     "cancelled", Reason: "weather",
	}
}

// givingSupport is the side of a party that gives.
func givingSupport() *record.Support {
	s := goodSupport()
	s.Step, s.Ask, s.Accepted = "offer", nil, false
	s.Approval = &record.SupportApproval{Agreement: "ag-1", Clause: "a4", Amount: 100, Role: "supervisor", At: at}
	s.Offer = &record.SupportOffer{Amount: 90, Settlement: "pay", Currency: "JPY", Price: 120, Days: 90, Note: "at berth 3"}
	return s
}

func goodFacility() *record.Facility {
	return &record.Facility{
		Kind: "port", Name: "花蓮港", Cell: &record.Cell{LatE5: 23_98000, LonE5: 121_62000, GridM: 2000},
		Capacities: []record.Capacity{{What: "berth", Count: 25}, {What: "crane", Count: 0}},
		Services:   []string{"fuel", "water"}, Contact: "VHF 14", Gone: true,
	}
}

func drawSupport(t *rapid.T, s *record.Support, text *rapid.Generator[string]) {
	if rapid.Bool().Draw(t, "gives") {
		*s = *givingSupport()
		s.Offer.Note = text.Draw(t, "note")
		s.Offer.Price = rapid.Uint64Range(1, record.MaxPrice).Draw(t, "price")
		return
	}
	s.Ask.Note = text.Draw(t, "note")
	s.Ask.Amount = rapid.Uint64Range(1, record.MaxAmount).Draw(t, "amount")
	s.Ask.Category = rapid.SampledFrom(record.SupportCategories()).Draw(t, "category")
	s.Step = rapid.SampledFrom(record.SupportSteps()).Draw(t, "step")
}

func TestValidateRefusesSupport(t *testing.T) {
	long := strings.Repeat("長", 201)
	tests := map[string]struct {
		gives bool
		spoil func(*record.Support)
	}{
		"no id":                     {false, func(s *record.Support) { s.Request.ID = record.ID{} }},
		"nobody's":                  {false, func(s *record.Support) { s.Request.Originator = "" }},
		"a step that is none":       {false, func(s *record.Support) { s.Step = "seize" }},
		"revision 0":                {false, func(s *record.Support) { s.Rev = 0 }},
		"no match":                  {false, func(s *record.Support) { s.Match = nil }},
		"a giver without match":     {true, func(s *record.Support) { s.Match = nil }},
		"an asker that approves":    {false, func(s *record.Support) { s.Approval = givingSupport().Approval }},
		"an asker that offers":      {false, func(s *record.Support) { s.Offer = givingSupport().Offer }},
		"a giver that accepts":      {true, func(s *record.Support) { s.Accepted = true }},
		"an end that is none":       {false, func(s *record.Support) { s.Ended = "lost" }},
		"a reason without end":      {false, func(s *record.Support) { s.Ended = "" }},
		"a long reason":             {false, func(s *record.Support) { s.Reason = long }},
		"a category that is none":   {false, func(s *record.Support) { s.Ask.Category = "rockets" }},
		"ammunition":                {false, func(s *record.Support) { s.Ask.Category = "ammunition" }},
		"a situation that is none":  {false, func(s *record.Support) { s.Ask.Situation = "parade" }},
		"a unit that is none":       {false, func(s *record.Support) { s.Ask.Unit = "round" }},
		"nothing":                   {false, func(s *record.Support) { s.Ask.Amount = 0 }},
		"more than there is":        {false, func(s *record.Support) { s.Ask.Amount = record.MaxAmount + 1 }},
		"no time of need":           {false, func(s *record.Support) { s.Ask.From = time.Time{} }},
		"an end before the start":   {false, func(s *record.Support) { s.Ask.Until = at.Add(-time.Second) }},
		"more than a year":          {false, func(s *record.Support) { s.Ask.Until = at.Add(367 * 24 * time.Hour) }},
		"a settlement that is none": {false, func(s *record.Support) { s.Ask.Settlement = "gift" }},
		"a long place":              {false, func(s *record.Support) { s.Ask.Place = long }},
		"a condition that is none":  {false, func(s *record.Support) { s.Match.Failed = []string{"mood"} }},
		"too many conditions":       {false, func(s *record.Support) { s.Match.Failed = make([]string, 17) }},
		"a clause of no agreement":  {false, func(s *record.Support) { s.Match.Agreement = "" }},
		"an agreement, no clause":   {false, func(s *record.Support) { s.Match.Clause = "" }},
		"nothing matched":           {false, func(s *record.Support) { s.Match = &record.SupportMatch{} }},
		"an approval, no clause":    {true, func(s *record.Support) { s.Approval.Clause = "" }},
		"an approval of nothing":    {true, func(s *record.Support) { s.Approval.Amount = 0 }},
		"an approval by nobody":     {true, func(s *record.Support) { s.Approval.Role = "viewer" }},
		"an approval at no time":    {true, func(s *record.Support) { s.Approval.At = time.Time{} }},
		"an offer of nothing":       {true, func(s *record.Support) { s.Offer.Amount = 0 }},
		"pay without price":         {true, func(s *record.Support) { s.Offer.Price = 0 }},
		"pay without currency":      {true, func(s *record.Support) { s.Offer.Currency = "" }},
		"a currency that is none":   {true, func(s *record.Support) { s.Offer.Currency = "yen" }},
		"a loan at a price":         {true, func(s *record.Support) { s.Offer.Settlement = "free-loan" }},
		"a price beyond reason":     {true, func(s *record.Support) { s.Offer.Price = record.MaxPrice + 1 }},
		"days beyond reason":        {true, func(s *record.Support) { s.Offer.Days = 3661 }},
		"an entry out of order":     {true, func(s *record.Support) { s.Stated[1].N = 3 }},
		"an entry of nothing":       {true, func(s *record.Support) { s.Stated[1].Amount = 0 }},
		"an entry beyond reason":    {true, func(s *record.Support) { s.Stated[1].Amount = 1<<50 + 1 }},
		"an entry at no time":       {true, func(s *record.Support) { s.Stated[1].At = time.Time{} }},
		"too many entries":          {true, func(s *record.Support) { s.Stated = make([]record.SupportEntry, 33) }},
		"a confirmation of nothing": {true, func(s *record.Support) { s.Confirmed[0].N = 0 }},
		"confirmations mixed up":    {true, func(s *record.Support) { s.Confirmed[1].N = 1 }},
		"a confirmation that gives": {true, func(s *record.Support) { s.Confirmed[1].Agreed = true }},
		"too many confirmations":    {true, func(s *record.Support) { s.Confirmed = make([]record.SupportEntry, 33) }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := good(record.KindSupport)
			if tt.gives {
				r.Support = givingSupport()
			}
			if err := r.Validate(); err != nil {
				t.Fatalf("it was wrong before: %v", err)
			}
			tt.spoil(r.Support)
			if err := r.Validate(); !errors.Is(err, record.ErrMalformed) {
				t.Errorf("Validate = %v, want ErrMalformed", err)
			}
		})
	}
}

func TestValidateRefusesFacilities(t *testing.T) {
	for name, spoil := range map[string]func(*record.Facility){
		"a kind that is none":     func(f *record.Facility) { f.Kind = "silo" },
		"a capacity that is none": func(f *record.Facility) { f.Capacities[0].What = "tube" },
		"capacities out of order": func(f *record.Facility) { f.Capacities[1].What = "bed" },
		"a capacity twice":        func(f *record.Facility) { f.Capacities[1].What = "berth" },
		"a capacity beyond all":   func(f *record.Facility) { f.Capacities[1].Count = record.MaxAmount + 1 },
		"too many capacities":     func(f *record.Facility) { f.Capacities = make([]record.Capacity, 17) },
		"a service that is none":  func(f *record.Facility) { f.Services[0] = "ammunition" },
		"services out of order":   func(f *record.Facility) { f.Services[1] = "communications" },
		"too many services":       func(f *record.Facility) { f.Services = make([]string, 65) },
		"a place without grid":    func(f *record.Facility) { f.Cell.GridM = 0 },
		"a name that turns round": func(f *record.Facility) { f.Name = "a\u202eb" },
		"a contact with a line":   func(f *record.Facility) { f.Contact = "a\nb" },
	} {
		t.Run(name, func(t *testing.T) {
			r := good(record.KindFacility)
			spoil(r.Facility)
			if err := r.Validate(); !errors.Is(err, record.ErrMalformed) {
				t.Errorf("Validate = %v, want ErrMalformed", err)
			}
		})
	}
}

func TestAMatchAllows(t *testing.T) {
	for name, tt := range map[string]struct {
		m    *record.SupportMatch
		want bool
	}{
		"no match":             {nil, false},
		"nothing":              {&record.SupportMatch{}, false},
		"a clause":             {&record.SupportMatch{Agreement: "a", Clause: "1"}, true},
		"a clause that nearly": {&record.SupportMatch{Agreement: "a", Clause: "1", Failed: []string{"dates"}}, false},
	} {
		if got := tt.m.Allows(); got != tt.want {
			t.Errorf("%s: Allows = %t", name, got)
		}
	}
}
