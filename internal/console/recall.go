// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"net/http"
	"slices"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/recall"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// Holdings answers what each side holds of the other.
type Holdings interface {
	// PeerView returns what a partner holds of ours.
	PeerView(ctx context.Context, to party.ID) (engine.PeerView, error)
	// Received lists what we hold of a partner's records.
	Received(ctx context.Context, from party.ID) ([]recall.Received, error)
	// Evidence returns a recalled record that was sealed; ok is false where
	// there is none.
	Evidence(ctx context.Context, from party.ID, id record.ID) (r *record.Record, ok bool, err error)
}

// partner reads the query's party and answers where it is none.
func (c *console) partner(w http.ResponseWriter, r *http.Request) (party.ID, bool) {
	p := party.ID(r.URL.Query().Get("party"))
	if !slices.Contains(c.cfg.Partners, p) {
		refuse(w, "no-such-partner")
		return "", false
	}
	return p, true
}

func (c *console) peerView(w http.ResponseWriter, r *http.Request, _ person) {
	p, ok := c.partner(w, r)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	v, err := c.releases.PeerView(ctx, p)
	if err != nil {
		c.fail(w, r, ctx, err, "stopping")
		return
	}
	answer(w, v)
}

func (c *console) received(w http.ResponseWriter, r *http.Request, _ person) {
	p, ok := c.partner(w, r)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	l, err := c.releases.Received(ctx, p)
	if err != nil {
		c.fail(w, r, ctx, err, "stopping")
		return
	}
	answer(w, list(l))
}

// evidence shows a recalled record that an act of ours rests on. Who read it is
// in the audit log before it is shown.
func (c *console) evidence(w http.ResponseWriter, r *http.Request, who person) {
	p, ok := c.partner(w, r)
	if !ok {
		return
	}
	var id record.ID
	if id.UnmarshalText([]byte(r.URL.Query().Get("id"))) != nil {
		refuse(w, "bad-request")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	body, ok, err := c.releases.Evidence(ctx, p, id)
	if err == nil && ok {
		err = c.journal.Audit(ctx, store.AuditEntry{
			At: c.cfg.Now(), By: who.Name, Role: who.Role, Act: "evidence-read", Subject: id.String(), Partner: p,
		})
	}
	switch {
	case err != nil:
		c.fail(w, r, ctx, err, "store-failed")
	case !ok:
		refuse(w, "not-found")
	default:
		answer(w, body)
	}
}
