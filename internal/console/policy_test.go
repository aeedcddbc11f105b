// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/release"
)

func TestPolicyIsShownToWhoMayChangeOrCheckIt(t *testing.T) {
	d := newDesk(t)
	d.node.policy = "version = 3"
	d.node.proposal = &engine.PolicyProposal{ID: "abcd", By: "lin", Text: "version = 4"}
	d.node.versions = []engine.KeptPolicy{{PolicyVersion: engine.PolicyVersion{Number: 1, By: "node"}, Signed: true}}
	for role, want := range map[string]int{"viewer": 403, "officer": 403, "supervisor": 200, "administrator": 200, "auditor": 200} {
		w := d.get("/api/policy", d.login(role))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", role, w.Code, want)
		}
		if w.Code != 200 {
			continue
		}
		var got struct {
			Text     string
			Proposal *engine.PolicyProposal
			Versions []engine.KeptPolicy
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Text != "version = 3" || got.Proposal.Text != "version = 4" || !got.Versions[0].Signed {
			t.Errorf("%s: %s, %v", role, w.Body, err)
		}
	}
}

func TestDryRunIsTheSupervisors(t *testing.T) {
	d := newDesk(t)
	boss := d.login("supervisor")
	ask := func(long time.Duration, text string) string {
		from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		return fmt.Sprintf(`{"from": %q, "to": %q, "text": %q}`, from.Format(time.RFC3339), from.Add(long).Format(time.RFC3339), text)
	}
	const path = "/api/policy/dry-run"
	wantCode(t, "an officer", d.post(path, ask(time.Hour, "x"), d.login("officer")), http.StatusForbidden, "forbidden")
	wantCode(t, "no time", d.post(path, ask(0, "x"), boss), http.StatusBadRequest, "bad-time")
	wantCode(t, "more than a day", d.post(path, ask(25*time.Hour, "x"), boss), http.StatusBadRequest, "bad-time")
	wantCode(t, "no proposal", d.post(path, ask(time.Hour, ""), boss), http.StatusNotFound, "no-such-policy")
	d.node.proposal = &engine.PolicyProposal{Text: "proposed"}
	for text, want := range map[string]string{"": "proposed", "x": "x"} {
		w := d.post(path, ask(24*time.Hour, text), boss)
		var got struct {
			Changed string            `json:"changed"`
			GeoJSON engine.Collection `json:"geojson"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || got.Changed != want || got.GeoJSON.Type != "FeatureCollection" {
			t.Errorf("dry run of %q: %d %s, %v", text, w.Code, w.Body, err)
		}
	}
	d.node.dryErr = engine.ErrPast
	wantCode(t, "the far past", d.post(path, ask(time.Hour, "x"), boss), http.StatusNotFound, "past")
	d.node.dryErr = &release.Fault{Line: 7, Key: "grid"}
	w := d.post(path, ask(time.Hour, "x"), boss)
	wantCode(t, "a bad policy", w, http.StatusBadRequest, "bad-policy")
	var refused struct {
		Params struct {
			Line int
			Key  string
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &refused); err != nil || refused.Params.Line != 7 || refused.Params.Key != "grid" {
		t.Errorf("params = %s, %v", w.Body, err)
	}
}
