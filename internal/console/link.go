// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"net/http"
	"slices"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// The acts of an administrator on the link to a partner.
const (
	LinkReopen = "reopen" // our log begins anew at the next session
	LinkAgree  = "agree"  // the partner's next epoch may be taken
	LinkRoll   = "roll"   // new keys of our own
)

// Links does what an administrator does with links. The code is "" when it was
// done.
type Links interface {
	LinkAct(ctx context.Context, partner party.ID, act string) (code string, err error)
}

// linkRequest asks for one act on one link.
type linkRequest struct {
	Party party.ID `json:"party"`
	Act   string   `json:"act"` // "reopen", "agree" or "roll"
}

func (c *console) linkAct(w http.ResponseWriter, r *http.Request, who person) {
	var req linkRequest
	if !read(w, r, &req) {
		return
	}
	switch {
	case !slices.Contains([]string{LinkReopen, LinkAgree, LinkRoll}, req.Act):
		refuse(w, "bad-request")
		return
	case !slices.Contains(c.cfg.Partners, req.Party) || c.cfg.Links == nil:
		refuse(w, "no-such-partner")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	code, err := c.cfg.Links.LinkAct(ctx, req.Party, req.Act)
	if err == nil && code == "" {
		err = c.journal.Audit(ctx, store.AuditEntry{At: c.cfg.Now(), By: who.Name, Role: engine.Administrator, Act: "link-" + req.Act, Partner: req.Party})
	}
	switch {
	case err != nil:
		c.fail(w, r, ctx, err, "store-failed")
	case code != "":
		refuse(w, code)
	default:
		answer(w, struct{}{})
	}
}
