// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"net/http"
	"strconv"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/support"
)

func (c *console) agreements(w http.ResponseWriter, r *http.Request, _ person) {
	if c.cfg.Support == nil {
		answer(w, []support.Agreement{})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	l, err := c.cfg.Support.Agreements(ctx)
	if err != nil {
		c.fail(w, r, ctx, err, "stopping")
		return
	}
	answer(w, list(l))
}

// matchSupport answers while a person writes a request. It changes nothing.
func (c *console) matchSupport(w http.ResponseWriter, r *http.Request, _ person) {
	q := r.URL.Query()
	a := engine.SupportArgs{
		Situation: q.Get("situation"), Category: q.Get("category"), Unit: q.Get("unit"), From: q.Get("from"), Until: q.Get("until"),
		Settlement: q.Get("settlement"),
	}
	n, err := strconv.ParseUint(q.Get("amount"), 10, 64)
	if err != nil {
		refuse(w, "bad-amount")
		return
	}
	a.Amount = &n
	if c.cfg.Support == nil {
		answer(w, engine.SupportMatchView{Failed: []string{"parties"}, Civil: support.Civil(a.Situation, a.Category)})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	v, code, err := c.cfg.Support.MatchSupport(ctx, party.ID(q.Get("partner")), a, q.Get("exercise") == "true")
	switch {
	case err != nil:
		c.fail(w, r, ctx, err, "stopping")
	case code != "":
		refuse(w, code)
	default:
		answer(w, v)
	}
}
