// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package support_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/support"
	"github.com/kuroshio-watch/kuroshio/packs/agreements"
)

var t0 = time.Date(2026, 3, 10, 4, 0, 0, 0, time.UTC)

// plain is an agreement with small numbers.
const plain = `version = 1
id = "ag-1"
citation = "test, art. 1"
parties = ["jp", "tw", "cell"]
from = "2026-01-01"
to = "2026-12-31"
[title]
en = "t"
ja = "t"
zh-Hant = "t"
[[clause]]
id = "fuel"
citation = "art. 4"
situations = ["disaster", "search-and-rescue"]
categories = ["fuel"]
units = ["litre"]
max_per_request = 60
quota = { amount = 100, period = "month" }
settlement = ["pay", "in-kind"]
settle_days = 30
price = { currency = "JPY", minor_per_unit = 120 }
approvers = ["supervisor"]
[[clause]]
id = "loan"
citation = "art. 5"
situations = ["disaster"]
categories = ["medical", "billeting"]
units = ["item", "person-day"]
settlement = ["free-loan"]
approvers = ["officer", "supervisor"]
[[exclusion]]
id = "none"
citation = "art. 8"
situations = ["armed-attack"]
`

func agreement(t testing.TB, text string) *support.Agreement {
	t.Helper()
	a, err := support.ParseAgreement("a.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func shipped(t testing.TB, name string) []byte {
	t.Helper()
	b, ok := agreements.Text(name)
	if !ok {
		t.Fatalf("no text is called %q", name)
	}
	return b
}

// ids of one party, as a keyed hash would give them.
func ids(self party.ID) func(party.ID, uint64) record.ID {
	return func(to party.ID, n uint64) (id record.ID) {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", self, to, n))
		copy(id[:], sum[:])
		return id
	}
}

func desk(self party.ID, list ...*support.Agreement) *support.Desk {
	return support.NewDesk(support.Config{Self: self, Agreements: list, IDs: ids(self)})
}

// fuel asks for litres of fuel on day n of the month.
func fuel(litres uint64) record.SupportAsk {
	return record.SupportAsk{
		Situation: "disaster", Category: "fuel", Unit: "litre", Amount: litres, From: t0, Until: t0.Add(24 * time.Hour),
		Place: "Hualien", Settlement: "pay",
	}
}

func query(asker, giver party.ID, a record.SupportAsk) *support.Query {
	return &support.Query{
		Asker: asker, Giver: giver, Situation: a.Situation, Category: a.Category, Unit: a.Unit, Amount: a.Amount,
		From: a.From, Until: a.Until, Settlement: a.Settlement,
	}
}
