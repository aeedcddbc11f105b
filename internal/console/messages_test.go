// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// fakeMessages answers and keeps what was asked.
type fakeMessages struct {
	with party.ID
	day  time.Time
	lang string
	err  error
}

func (f *fakeMessages) Messages(_ context.Context, with party.ID) ([]engine.MessageView, error) {
	f.with = with
	return []engine.MessageView{{N: 4, Party: "jp", Text: "x"}}, f.err
}

func (f *fakeMessages) Card(_ context.Context, _ party.ID, day time.Time, lang string) ([]byte, error) {
	f.day, f.lang = day, lang
	return []byte("<!doctype html><title>card</title>"), f.err
}

func withMessages(t *testing.T) (*desk, *fakeMessages) {
	t.Helper()
	d, f := newDesk(t), &fakeMessages{}
	d.cfg.Messages = f
	d.cfg.Now = func() time.Time { return time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC) }
	var err error
	if d.handler, err = console.NewHandler(d.cfg, d.node, d.users, d.node, d.journal); err != nil {
		t.Fatal(err)
	}
	return d, f
}

func TestMessagesAreThoseOfTheNode(t *testing.T) {
	d, f := withMessages(t)
	viewer := d.login("viewer")
	if w := d.get("/api/messages?party=jp", viewer); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"n":4`) || f.with != "jp" {
		t.Errorf("messages = %d %s, asked for %q", w.Code, w.Body, f.with)
	}
	wantCode(t, "messages with a stranger", d.get("/api/messages?party=kr", viewer), http.StatusNotFound, "no-such-partner")
	f.err = errors.New("x")
	wantCode(t, "messages of a node that stops", d.get("/api/messages", viewer), http.StatusServiceUnavailable, "stopping")
}

func TestFallbackCardIsAPageOfItsOwn(t *testing.T) {
	d, f := withMessages(t)
	officer := d.login("officer")
	w := d.get("/api/fallback-card?party=jp&lang=ja", officer)
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || f.lang != "ja" || f.day.Day() != 1 {
		t.Errorf("card = %d %v in %q of %v", w.Code, w.Header(), f.lang, f.day)
	}
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "style-src 'sha256-") || strings.Contains(csp, "script") {
		t.Errorf("CSP = %q, want its own style and no script", csp)
	}
	if l := d.journal.acts(); l[len(l)-1] != "officer card" {
		t.Errorf("the card that was taken out is not audited: %v", l)
	}
	if d.get("/api/fallback-card?party=jp&date=2026-04-05", officer); f.day.Format(time.DateOnly) != "2026-04-05" {
		t.Errorf("card of %v, want the day that was asked for", f.day)
	}
	wantCode(t, "a card for a stranger", d.get("/api/fallback-card?party=kr", officer), http.StatusNotFound, "no-such-partner")
	wantCode(t, "a card of no day", d.get("/api/fallback-card?party=jp&date=today", officer), http.StatusBadRequest, "bad-time")
	wantCode(t, "a card in no language", d.get("/api/fallback-card?party=jp&lang=fr", officer), http.StatusBadRequest, "bad-request")
	for _, role := range []string{"viewer", "auditor", "administrator"} {
		wantCode(t, "a card for the "+role, d.get("/api/fallback-card?party=jp", d.login(role)), http.StatusForbidden, "forbidden")
	}
	f.err = errors.New("x")
	wantCode(t, "a card that cannot be written", d.get("/api/fallback-card?party=jp", officer), http.StatusServiceUnavailable, "store-failed")
}
