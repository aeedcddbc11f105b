// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/support"
)

// fakeSupport allows a request of 10 and knows the partner jp.
type fakeSupport struct{ last engine.SupportArgs }

func (*fakeSupport) Agreements(context.Context) ([]support.Agreement, error) {
	return []support.Agreement{{ID: "ag-1", Invented: true}}, nil
}

func (f *fakeSupport) MatchSupport(_ context.Context, to party.ID, a engine.SupportArgs, exercise bool) (engine.SupportMatchView, string, error) {
	f.last = a
	if to != "jp" {
		return engine.SupportMatchView{}, "no-such-partner", nil
	}
	return engine.SupportMatchView{Allowed: *a.Amount == 10 && exercise, Failed: []string{}}, "", nil
}

func TestSupportIsMatchedWhileItIsWritten(t *testing.T) {
	f := &fakeSupport{}
	d := newDesk(t, func(c *console.Config) { c.Support = f })
	viewer := d.login("viewer")
	const q = "/api/support/match?situation=disaster&category=fuel&unit=litre&from=2026-03-01T00:00:00Z&until=2026-03-02T00:00:00Z&settlement=pay"
	if v := in[engine.SupportMatchView](t, d.get(q+"&partner=jp&amount=10&exercise=true", viewer)); !v.Allowed {
		t.Errorf("match = %+v", v)
	}
	if a := f.last; a.Situation != "disaster" || a.Category != "fuel" || a.Unit != "litre" || a.From == "" || a.Until == "" || a.Settlement != "pay" {
		t.Errorf("asked %+v", a)
	}
	wantCode(t, "another partner", d.get(q+"&partner=us&amount=10", viewer), http.StatusNotFound, "no-such-partner")
	for _, amount := range []string{"", "-1", "1.5", "many"} {
		wantCode(t, "amount "+amount, d.get(q+"&partner=jp&amount="+amount, viewer), http.StatusBadRequest, "bad-amount")
	}
	wantCode(t, "nobody", d.get(q+"&partner=jp&amount=10", nil), http.StatusUnauthorized, "unauthenticated")
	if l := in[[]support.Agreement](t, d.get("/api/agreements", viewer)); len(l) != 1 || !l[0].Invented {
		t.Errorf("agreements = %+v", l)
	}
	wantCode(t, "a viewer asks", d.post("/api/command", `{"verb":"support-request","partner":"jp","support":{"amount":1}}`, viewer), http.StatusForbidden, "forbidden")
}

func TestWithoutAgreementsNothingIsCovered(t *testing.T) {
	d := newDesk(t)
	viewer := d.login("viewer")
	v := in[engine.SupportMatchView](t, d.get("/api/support/match?partner=jp&amount=10&situation=routine&category=fuel", viewer))
	if v.Allowed || v.Civil != "ship-supplier" || len(v.Failed) != 1 {
		t.Errorf("match = %+v", v)
	}
	if l := in[[]support.Agreement](t, d.get("/api/agreements", viewer)); l == nil || len(l) != 0 {
		t.Errorf("agreements = %v, want an empty list", l)
	}
}
