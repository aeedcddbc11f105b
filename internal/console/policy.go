// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// policyAnswer is what people who may change the policy see of it.
type policyAnswer struct {
	Text     string                 `json:"text"` // of the one in force, TOML; "" where there is none
	Proposal *engine.PolicyProposal `json:"proposal,omitempty"`
	Versions []engine.KeptPolicy    `json:"versions"` // oldest first
}

func (c *console) policy(w http.ResponseWriter, r *http.Request, _ person) {
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	text, prop, err := c.releases.PolicyText(ctx)
	if err != nil {
		c.fail(w, r, ctx, err, "stopping")
		return
	}
	versions, err := c.releases.PolicyVersions()
	if err != nil {
		c.fail(w, r, ctx, err, "store-failed")
		return
	}
	answer(w, policyAnswer{text, prop, list(versions)})
}

// dryRequest asks what a policy would have released in the past.
type dryRequest struct {
	Text string    `json:"text,omitempty"` // TOML; left out: the proposal
	From time.Time `json:"from"`
	To   time.Time `json:"to"` // up to a day after From
}

// dryAnswer is the result as a table and for a map.
type dryAnswer struct {
	engine.DryResult
	GeoJSON engine.Collection `json:"geojson"`
}

// How much of the past one dry run may take, and how long.
const (
	maxDryRun     = 24 * time.Hour
	dryRunTimeout = 10 * time.Minute
)

// dryRun replays the past under another policy, one request at a time: it takes
// a core as long as it lasts.
func (c *console) dryRun(w http.ResponseWriter, r *http.Request, who person) {
	var req dryRequest
	if !read(w, r, &req) {
		return
	}
	if long := req.To.Sub(req.From); long <= 0 || long > maxDryRun {
		refuse(w, "bad-time")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), dryRunTimeout)
	defer cancel()
	if req.Text == "" {
		_, prop, err := c.releases.PolicyText(ctx)
		if err != nil {
			c.fail(w, r, ctx, err, "stopping")
			return
		}
		if prop == nil {
			refuse(w, "no-such-policy")
			return
		}
		req.Text = prop.Text
	}
	select {
	case c.drying <- struct{}{}:
		defer func() { <-c.drying }()
	case <-ctx.Done():
		refuse(w, "timeout")
		return
	}
	c.note(r.Context(), store.AuditEntry{By: who.Name, Role: who.Role, Act: "policy-dry-run", Text: req.From.Format(time.RFC3339) + " to " + req.To.Format(time.RFC3339)})
	res, err := c.releases.DryRun(ctx, req.Text, req.From, req.To)
	var fault *release.Fault
	switch {
	case errors.As(err, &fault):
		refuseWith(w, http.StatusBadRequest, "bad-policy", params{"line": fault.Line, "key": fault.Key})
	case errors.Is(err, engine.ErrPast):
		refuse(w, "past")
	case err != nil:
		c.fail(w, r, ctx, err, "bad-policy")
	default:
		answer(w, dryAnswer{res, res.GeoJSON()})
	}
}
