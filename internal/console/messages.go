// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/card"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/message"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// Messages answers what passed between the watch floors.
type Messages interface {
	// Messages returns those with a partner, or all where with is "".
	Messages(ctx context.Context, with party.ID) ([]engine.MessageView, error)
	// Card writes the fallback card of a partner and a day (UTC) as a page.
	Card(ctx context.Context, partner party.ID, day time.Time, lang string) ([]byte, error)
}

// Phrasebook is what /api/phrasebook answers.
type Phrasebook struct {
	Edition   string             `json:"edition"`
	Groups    []string           `json:"groups"`
	Phrases   []message.Phrase   `json:"phrases"`
	Handlings []message.Handling `json:"handlings"` // of the precedences
	Desks     []string           `json:"desks"`     // words that a partner may be told
}

func (c *console) messages(w http.ResponseWriter, r *http.Request, _ person) {
	with := party.ID(r.URL.Query().Get("party"))
	if with != "" && !slices.Contains(c.cfg.Partners, with) {
		refuse(w, "no-such-partner")
		return
	}
	if c.cfg.Messages == nil {
		answer(w, []engine.MessageView{})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	l, err := c.cfg.Messages.Messages(ctx, with)
	if err != nil {
		c.fail(w, r, ctx, err, "stopping")
		return
	}
	answer(w, list(l))
}

// fallbackCard answers a page to print. It holds the day's challenges: whoever
// takes it out is in the audit log.
func (c *console) fallbackCard(w http.ResponseWriter, r *http.Request, who person) {
	q := r.URL.Query()
	partner, lang, day := party.ID(q.Get("party")), q.Get("lang"), c.cfg.Now()
	if s := q.Get("date"); s != "" {
		t, err := time.Parse(time.DateOnly, s)
		if err != nil {
			refuse(w, "bad-time")
			return
		}
		day = t
	}
	switch {
	case !slices.Contains(c.cfg.Partners, partner):
		refuse(w, "no-such-partner")
		return
	case lang == "":
		lang = "en"
	case !slices.Contains(Languages(), lang):
		refuse(w, "bad-request")
		return
	}
	if c.cfg.Messages == nil {
		refuse(w, "not-found")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	page, err := c.cfg.Messages.Card(ctx, partner, day, lang)
	if err != nil {
		c.fail(w, r, ctx, err, "store-failed")
		return
	}
	c.note(r.Context(), store.AuditEntry{By: who.Name, Role: who.Role, Act: "card", Partner: partner, Text: day.UTC().Format(time.DateOnly)})
	w.Header().Set("Content-Security-Policy", card.Policy())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout)) // a recorder has none
	_, _ = w.Write(page)                                                             // the client is gone: nobody to tell
}
