// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/replay"
)

func TestTheServerDescribesItself(t *testing.T) {
	want, err := console.Description()
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t)
	w := d.get("/api/openapi.json", d.login("viewer"))
	if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), want) {
		t.Errorf("the server does not describe itself: %d", w.Code)
	}
	wantCode(t, "nobody asks for the description", d.get("/api/openapi.json", nil), http.StatusUnauthorized, "unauthenticated")
}

// operations reads the file itself: "METHOD path" of each operation.
func operations(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	b, err := os.ReadFile("../../docs/protocol/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatalf("read docs/protocol/openapi.json: %v: run make gen, or go generate ./tools/openapi", err)
	}
	list := make(map[string]json.RawMessage)
	for p, methods := range doc.Paths {
		for m, o := range methods {
			list[strings.ToUpper(m)+" "+p] = o
		}
	}
	return list
}

func TestEveryRouteIsDescribedAndEveryDescriptionIsARoute(t *testing.T) {
	described := operations(t)
	for _, r := range console.Routes() {
		if described[r] == nil {
			t.Errorf("%s is not described: run make gen, or go generate ./tools/openapi", r)
		}
	}
	d := newDesk(t)
	admin := d.login("administrator")
	for r := range described {
		method, path, _ := strings.Cut(r, " ")
		w := d.do(path, ask{method: method, body: `{}`, cookie: admin})
		if w.Code == http.StatusMethodNotAllowed || code(w) == "not-found" {
			t.Errorf("%s is described and answers %d %s", r, w.Code, code(w))
		}
		if method == http.MethodPost && path == "/api/logout" {
			admin = d.login("administrator")
		}
	}
	for _, r := range console.Routes() {
		if !slices.Contains(console.Described(), r) {
			t.Errorf("%s has no words in described(): say what it takes and gives", r)
		}
	}
	for _, r := range console.Described() {
		if !slices.Contains(console.Routes(), r) {
			t.Errorf("described() has words for %s, which is no route", r)
		}
	}
}

// The roles in the file are those that the server lets in.
func TestTheDescribedRolesAreTheServers(t *testing.T) {
	for r, raw := range operations(t) {
		var o struct {
			Roles []string `json:"x-roles"`
		}
		if err := json.Unmarshal(raw, &o); err != nil {
			t.Fatal(err)
		}
		method, path, _ := strings.Cut(r, " ")
		for _, role := range engine.Roles() {
			d := newDesk(t)
			w := d.do(path, ask{method: method, body: `{"verb":"acknowledge"}`, cookie: d.login(role)})
			if o.Roles == nil || path == "/api/command" {
				continue // open to all, or decided by the verb
			}
			if got := code(w) != "forbidden"; got != slices.Contains(o.Roles, role) {
				t.Errorf("%s as %s: let in %v, described %v", r, role, got, o.Roles)
			}
		}
	}
}

// filled is a desk whose node has something of everything to answer.
func filled(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	now := time.Date(2026, 11, 28, 1, 2, 3, 0, time.UTC)
	eng, err := replay.NewEngine("tw", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := eng.Tick(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	d.node.view = eng.View()
	r := record.Record{Envelope: record.Envelope{Version: 1, Kind: record.KindPosture, Originator: "tw", Time: now}, Posture: &record.Posture{
		Incident: []record.Ref{{Originator: "tw"}}, Posture: "watching",
	}}
	d.node.records = []record.Record{r}
	d.node.explained = []release.Explanation{{
		To: "jp", Allow: true, Rules: []string{"r"}, Reason: "allowed", Due: &now, Last: &r,
		Obligations: &release.ObligationsView{Fields: []string{"height"}, Onward: []party.ID{}},
	}}
	d.node.stats = []release.Stat{{To: "jp", Rule: "r", Released: 1}}
	return d
}

func TestAnswersAreAsDescribed(t *testing.T) {
	types, paths, err := console.Types()
	if err != nil {
		t.Fatal(err)
	}
	d := filled(t)
	asks := append(routes, struct {
		method, path, body string
		roles              []string
	}{"GET", "/api/info", "", nil}, struct {
		method, path, body string
		roles              []string
	}{"GET", "/api/openapi.json", "", nil})
	for _, r := range asks {
		role := "viewer"
		if r.roles != nil {
			role = r.roles[len(r.roles)-1]
		}
		path, _, _ := strings.Cut(r.path, "?")
		o := paths[path][strings.ToLower(r.method)]
		w := d.do(r.path, ask{method: r.method, body: r.body, cookie: d.login(role)})
		if w.Code != http.StatusOK {
			t.Errorf("%s %s: %d %s", r.method, r.path, w.Code, code(w))
			continue
		}
		if err := types.Check(o.Responses["200"].Content["application/json"].Schema, w.Body.Bytes()); err != nil {
			t.Errorf("%s %s answers what is not described: %v", r.method, r.path, err)
		}
		if o.RequestBody != nil {
			if err := types.Check(o.RequestBody.Content["application/json"].Schema, []byte(r.body)); err != nil {
				t.Errorf("%s %s takes what is not described: %v", r.method, r.path, err)
			}
		}
		refused := d.do(r.path, ask{method: r.method, body: r.body, header: map[string]string{"X-Kuroshio": ""}})
		if path != "/api/info" {
			if err := types.Check(o.Responses["default"].Content["application/json"].Schema, refused.Body.Bytes()); err != nil {
				t.Errorf("%s %s refuses in a way that is not described: %v", r.method, r.path, err)
			}
		}
	}
}
