// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// Languages lists the languages of the page.
func Languages() []string { return []string{"zh-Hant", "ja", "en"} }

// about says which node this is.
type about struct {
	Party     party.ID   `json:"party"`
	Name      string     `json:"name"`
	Version   string     `json:"version"`
	Exercise  bool       `json:"exercise"`
	Languages []string   `json:"languages"`
	TimeMode  string     `json:"time_mode"` // "live", "stepped"
	Parties   []party.ID `json:"parties"`
}

func (c *console) info(w http.ResponseWriter, _ *http.Request, _ person) {
	v := c.node.View()
	answer(w, about{c.cfg.Self, c.cfg.Name, c.cfg.Version, v != nil && v.Exercise, Languages(), c.cfg.TimeMode, list(c.cfg.Partners)})
}

// prepared serves a body that stays the same while the node runs.
func (c *console) prepared(a *asset) func(http.ResponseWriter, *http.Request, person) {
	return func(w http.ResponseWriter, r *http.Request, _ person) {
		w.Header().Set("Cache-Control", "private, no-cache")
		a.serve(w, r)
	}
}

func (c *console) picture(w http.ResponseWriter, _ *http.Request, _ person) {
	p := c.current()
	if p.body == nil {
		refuseWith(w, http.StatusServiceUnavailable, "not-now", nil)
		return
	}
	sendBytes(w, http.StatusOK, p.body)
}

// queryTimeout bounds a question to the engine, and verifyTimeout the
// verification of all logs.
const (
	queryTimeout  = 5 * time.Second
	verifyTimeout = 5 * time.Minute
)

// fail answers that the node could not be asked.
func (c *console) fail(w http.ResponseWriter, r *http.Request, ctx context.Context, err error, otherwise string) {
	code := otherwise
	if ctx.Err() != nil {
		code = "timeout"
	}
	c.cfg.Log.WarnContext(r.Context(), "request not answered", slog.String("path", r.URL.Path), slog.String("code", code), slog.Any("err", err))
	refuse(w, code)
}

// number reads a query parameter that counts from 1.
func number(r *http.Request, name string) (n uint32, given, ok bool) {
	values, given := r.URL.Query()[name]
	if !given {
		return 0, false, true
	}
	v, err := strconv.ParseUint(values[0], 10, 32)
	return uint32(v), true, err == nil && v > 0 && len(values) == 1
}

func (c *console) explain(w http.ResponseWriter, r *http.Request, _ person) {
	track, isTrack, okTrack := number(r, "track")
	incident, isIncident, okIncident := number(r, "incident")
	if !okTrack || !okIncident || isTrack == isIncident {
		refuse(w, "bad-request")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	l, ok, err := c.releases.Explain(ctx, track, incident)
	switch {
	case err != nil:
		c.fail(w, r, ctx, err, "stopping")
		return
	case !ok && isTrack:
		refuse(w, "no-such-track")
		return
	case !ok:
		refuse(w, "no-such-incident")
		return
	}
	answer(w, list(l))
}

// told is what a partner was told last.
type told struct {
	Party         party.ID        `json:"party"`
	PolicyVersion string          `json:"policy_version"`
	Records       []record.Record `json:"records"`
}

func (c *console) partnerView(w http.ResponseWriter, r *http.Request, _ person) {
	to := party.ID(r.URL.Query().Get("party"))
	if !slices.Contains(c.cfg.Partners, to) {
		refuse(w, "no-such-partner")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	l, err := c.releases.PartnerView(ctx, to)
	if err != nil {
		c.fail(w, r, ctx, err, "stopping")
		return
	}
	var policy string
	if v := c.node.View(); v != nil {
		policy = v.PolicyVersion
	}
	answer(w, told{to, policy, list(l)})
}

func (c *console) releaseStats(w http.ResponseWriter, r *http.Request, _ person) {
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	l, err := c.releases.ReleaseStats(ctx)
	if err != nil {
		c.fail(w, r, ctx, err, "stopping")
		return
	}
	answer(w, list(l))
}

// verify recomputes the journal, one request at a time: it reads every row.
func (c *console) verify(w http.ResponseWriter, r *http.Request, who person) {
	ctx, cancel := context.WithTimeout(r.Context(), verifyTimeout)
	defer cancel()
	select {
	case c.checking <- struct{}{}:
		defer func() { <-c.checking }()
	case <-ctx.Done():
		refuse(w, "timeout")
		return
	}
	rep, err := c.journal.Verify(ctx)
	if err != nil {
		c.fail(w, r, ctx, err, "store-failed")
		return
	}
	answer(w, rep)
}

// prove makes the proof of a record for a third person. It is audited before it
// is given: once out it can't be called back.
func (c *console) prove(w http.ResponseWriter, r *http.Request, who person) {
	name, content := r.URL.Query().Get("record"), r.URL.Query().Get("content") == "1"
	if name == "" {
		refuse(w, "bad-request")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), verifyTimeout)
	defer cancel()
	select {
	case c.checking <- struct{}{}:
		defer func() { <-c.checking }()
	case <-ctx.Done():
		refuse(w, "timeout")
		return
	}
	p, code, err := c.releases.Prove(ctx, name, content)
	said := store.AuditEntry{By: who.Name, Role: who.Role, Act: "proof-made", Subject: clip(name), Text: code}
	switch {
	case err != nil:
		c.fail(w, r, ctx, err, "store-failed")
		return
	case code != "":
		said.Act = "proof-refused"
		c.note(ctx, said)
		refuse(w, code)
		return
	}
	if content {
		said.Text = "with content"
	}
	if err := c.entry(ctx, said); err != nil {
		c.fail(w, r, ctx, err, "store-failed")
		return
	}
	answer(w, p)
}

// clip bounds what a person typed for the audit log.
func clip(s string) string {
	if len(s) > maxName {
		s = s[:maxName]
	}
	return strings.ToValidUTF8(s, "")
}

// auditPage is how many entries one answer holds.
const auditPage = 500

// auditItem is an entry of the audit log as the page shows it.
type auditItem struct {
	N      uint64    `json:"n"`
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`
	Act    string    `json:"act"`
	Detail string    `json:"detail"`
}

func (c *console) audit(w http.ResponseWriter, r *http.Request, _ person) {
	var after uint64
	if s := r.URL.Query().Get("after"); s != "" {
		n, err := strconv.ParseUint(s, 10, 63)
		if err != nil {
			refuse(w, "bad-request")
			return
		}
		after = n
	}
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	entries, last, err := c.journal.AuditLog(ctx, after, auditPage)
	if err != nil {
		c.fail(w, r, ctx, err, "store-failed")
		return
	}
	items := make([]auditItem, len(entries))
	for i, e := range entries {
		n := last - uint64(len(entries)-1-i) // they are numbered without gaps
		items[i] = auditItem{N: n, At: e.At, Actor: e.By, Act: e.Act, Detail: detail(e)}
	}
	answer(w, items)
}

// detail puts what an entry says beyond who did what into one line.
func detail(e store.AuditEntry) string {
	var part []string
	for _, s := range []string{e.Role, e.Subject, string(e.Partner), e.Rule, e.Text} {
		if s != "" {
			part = append(part, s)
		}
	}
	return strings.Join(part, " · ")
}
