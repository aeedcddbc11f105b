// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package support_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/support"
)

func TestShippedTextsAreGood(t *testing.T) {
	a, err := support.ParseAgreement("demo-tw-jp.toml", shipped(t, "demo-tw-jp"))
	if err != nil {
		t.Fatal(err)
	}
	if !a.Invented || !strings.Contains(a.Citation, "invented") || !strings.Contains(a.Titles["en"], "invented") ||
		!strings.Contains(a.Titles["ja"], "架空") || !strings.Contains(a.Titles["zh-Hant"], "虛構") {
		t.Errorf("the demonstration's agreement does not say in each language that it is invented: %+v", a)
	}
	for _, name := range []string{"demo-register-tw", "demo-register-jp"} {
		list, err := support.ParseRegister(name, shipped(t, name))
		if err != nil || len(list) < 2 {
			t.Errorf("%s: %d facilities, %v", name, len(list), err)
		}
		for _, f := range list {
			if !f.Exercise || !strings.Contains(f.Name, "exercise") {
				t.Errorf("%s: %s is not marked as an exercise", name, f.ID)
			}
		}
	}
	p, err := support.ParsePublished("published-categories", shipped(t, "published-categories"))
	if err != nil {
		t.Fatal(err)
	}
	if p.Source == "" || len(p.Categories) != len(record.SupportCategories()) {
		t.Errorf("published list %+v", p)
	}
	if _, err := support.ParsePublished("x", []byte("source = 's'\n[[category]]\nid = 'ammunition'\n")); err == nil {
		t.Error("a published list with another category was taken")
	}
}

func TestParseAgreementSaysFileLineAndFault(t *testing.T) {
	tests := map[string]struct{ old, now, want string }{
		"an unknown key":              {"invented", "", ""},
		"ammunition":                  {`categories = ["fuel"]`, `categories = ["fuel", "ammunition"]`, "a.toml:15: clause.categories: \"ammunition\""},
		"weapons":                     {`categories = ["fuel"]`, `categories = ["weapons"]`, "a.toml:15: clause.categories: \"weapons\""},
		"ammunition by a situation":   {`situations = ["disaster", "search-and-rescue"]`, `situations = ["ammunition"]`, "a.toml:14"},
		"rounds for a unit":           {`units = ["litre"]`, `units = ["round"]`, "a.toml:16: clause.units"},
		"no version":                  {"version = 1", "version = 0", "a.toml:1: version"},
		"an id with a space":          {`id = "ag-1"`, `id = "ag 1"`, "a.toml:2: id"},
		"no citation":                 {`citation = "test, art. 1"`, `citation = ""`, "a.toml:3: citation"},
		"one party":                   {`["jp", "tw", "cell"]`, `["jp"]`, "a.toml:4: parties"},
		"a party twice":               {`["jp", "tw", "cell"]`, `["jp", "jp"]`, "a.toml:4: parties"},
		"a party that is none":        {`["jp", "tw", "cell"]`, `["jp", "T W"]`, "a.toml:4: parties"},
		"no date":                     {`from = "2026-01-01"`, `from = "1 January"`, "a.toml:5: from"},
		"an end before the start":     {`to = "2026-12-31"`, `to = "2025-12-31"`, "a.toml:6: to"},
		"a title in one language":     {`ja = "t"`, "", "title"},
		"a title in another language": {`ja = "t"`, "ja = \"t\"\nfr = \"t\"", "title"},
		"a clause twice":              {`id = "loan"`, `id = "fuel"`, "a.toml:24: clause.id"},
		"a clause without citation":   {`citation = "art. 4"`, "", "a.toml:11: clause.citation"},
		"no situation":                {`situations = ["disaster"]`, "situations = []", "clause.situations"},
		"no unit":                     {`units = ["litre"]`, "units = []", "clause.units"},
		"a limit in two units":        {`units = ["litre"]`, `units = ["litre", "item"]`, "a.toml:16: clause.units"},
		"a quota of nothing":          {"amount = 100", "amount = 0", "a.toml:18: clause.quota"},
		"a quota below nothing":       {"amount = 100", "amount = -1", "a.toml:18"},
		"a quota with a fraction":     {"amount = 100", "amount = 1.5", "a.toml:18"},
		"a quota beyond reason":       {"amount = 100", "amount = 100000001", "a.toml:18: clause.quota"},
		"a quota for the fortnight":   {`period = "month"`, `period = "fortnight"`, "a.toml:18: clause.quota"},
		"a limit beyond reason":       {"max_per_request = 60", "max_per_request = 100000001", "a.toml:17: clause.max_per_request"},
		"a settlement that is none":   {`["pay", "in-kind"]`, `["favour"]`, "a.toml:19: clause.settlement"},
		"a settlement twice":          {`["pay", "in-kind"]`, `["pay", "pay"]`, "a.toml:19: clause.settlement"},
		"a time without end":          {"settle_days = 30", "settle_days = 4000", "a.toml:20: clause.settle_days"},
		"a price for nothing in money": {
			`settlement = ["pay", "in-kind"]`, `settlement = ["in-kind"]`, "a.toml:21: clause.price",
		},
		"a price of nothing":        {"minor_per_unit = 120", "minor_per_unit = 0", "a.toml:21: clause.price"},
		"a price in shells":         {`currency = "JPY"`, `currency = "shells"`, "a.toml:21: clause.price"},
		"an approver that is none":  {`approvers = ["supervisor"]`, `approvers = ["minister"]`, "a.toml:22: clause.approvers"},
		"no approver":               {`approvers = ["supervisor"]`, "approvers = []", "a.toml:22: clause.approvers"},
		"a giver that is no party":  {`approvers = ["supervisor"]`, "approvers = [\"supervisor\"]\ngivers = [\"us\"]", "a.toml:23: clause.givers"},
		"givers emptied":            {`approvers = ["supervisor"]`, "approvers = [\"supervisor\"]\ngivers = []", "a.toml:23: clause.givers"},
		"an exclusion of all":       {`situations = ["armed-attack"]`, "", "exclusion.id"},
		"an exclusion emptied":      {`situations = ["armed-attack"]`, "situations = []", "exclusion.situations"},
		"an exclusion of a no-word": {`situations = ["armed-attack"]`, `categories = ["rockets"]`, "exclusion.categories"},
		"a title that turns round":  {`ja = "t"`, "ja = \"t\\u202e\"", "title"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(plain, tt.old, tt.now, 1)
			if name == "an unknown key" {
				text, tt.want = "ammunition = true\n"+plain, "a.toml:1:1: unknown key ammunition"
			}
			if text == plain {
				t.Fatal("the text is as it was")
			}
			_, err := support.ParseAgreement("a.toml", []byte(text))
			if !errors.Is(err, support.ErrText) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("ParseAgreement = %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestParseRegisterSaysFileLineAndFault(t *testing.T) {
	const good = "[[facility]]\nid = \"p\"\nkind = \"port\"\nname = \"P\"\nlat = 24.0\nlon = 121.0\nservices = [\"water\", \"fuel\"]\n[facility.capacities]\nberth = 3\n"
	list, err := support.ParseRegister("r.toml", []byte(good))
	if err != nil || len(list) != 1 || list[0].Services[0] != "fuel" || list[0].Capacities[0] != (record.Capacity{What: "berth", Count: 3}) {
		t.Fatalf("ParseRegister = %+v, %v", list, err)
	}
	for name, tt := range map[string]struct{ old, now, want string }{
		"an id with a space":      {`id = "p"`, `id = "P P"`, "r.toml:2: facility.id"},
		"a kind that is none":     {`kind = "port"`, `kind = "silo"`, "r.toml:3: facility.kind"},
		"no name":                 {`name = "P"`, "", "facility.name"},
		"no position":             {"lat = 24.0\n", "", "facility.lat"},
		"a position off the map":  {"lat = 24.0", "lat = 94.0", "r.toml:5: facility.lat"},
		"a service that is none":  {`"fuel"`, `"ammunition"`, "r.toml:7: facility.services"},
		"a capacity that is none": {"berth", "tube", "facility.capacities"},
		"a capacity below zero":   {"berth = 3", "berth = -3", "r.toml:9"},
		"a capacity in parts":     {"berth = 3", "berth = 3.5", "r.toml:9"},
		"an id twice":             {"berth = 3\n", "berth = 3\n" + good, "r.toml:11: facility.id"},
		"an unknown key":          {"lon = 121.0", "lon = 121.0\ndraught = 3", "r.toml:7:1: unknown key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := support.ParseRegister("r.toml", []byte(strings.Replace(good, tt.old, tt.now, 1)))
			if !errors.Is(err, support.ErrText) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("ParseRegister = %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func FuzzParseAgreement(f *testing.F) {
	f.Add([]byte(plain))
	f.Add(shipped(f, "demo-tw-jp"))
	f.Add([]byte("version = 1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := support.ParseAgreement("f", b)
		if err != nil {
			if !errors.Is(err, support.ErrText) {
				t.Errorf("ParseAgreement = %v, want ErrText", err)
			}
			return
		}
		if len(a.Parties) < 2 || len(a.Clauses) == 0 || len(a.Text) != 16 {
			t.Errorf("took %+v", a)
		}
		for _, c := range a.Clauses {
			if len(c.Approvers) == 0 || len(c.Categories) == 0 || len(c.Situations) == 0 || len(c.Settlements) == 0 {
				t.Errorf("took the clause %+v", c)
			}
			for _, s := range c.Categories {
				if strings.Contains(s, "munition") || strings.Contains(s, "weapon") {
					t.Errorf("took the category %q", s)
				}
			}
		}
		q := query("tw", "jp", fuel(1))
		support.Match([]*support.Agreement{a}, q, nil)
	})
}
