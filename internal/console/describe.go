// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/openapi"
	"github.com/kuroshio-watch/kuroshio/internal/recall"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/internal/support"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
	"github.com/kuroshio-watch/kuroshio/web"
)

// Zones is what /api/zones answers.
type Zones struct {
	Version string             `json:"version"`
	Zones   []Zone             `json:"zones"`
	Places  []Place            `json:"places"`
	Sectors map[zone.ID]string `json:"sectors"` // the party that leads there
}

// Zone is one zone with its shape as GeoJSON.
type Zone struct {
	ID       zone.ID           `json:"id"`
	Kind     zone.Kind         `json:"kind"`
	Party    string            `json:"party,omitempty"`
	Names    map[string]string `json:"names"`
	Version  string            `json:"version"`
	Geometry json.RawMessage   `json:"geometry"`
}

// Place is a named point.
type Place struct {
	ID    zone.ID           `json:"id"`
	Names map[string]string `json:"names"`
	Kind  zone.Kind         `json:"kind"`
	Class string            `json:"class,omitempty"`
	Lat   float64           `json:"lat"`
	Lon   float64           `json:"lon"`
}

// collection is GeoJSON as far as it is held to it.
type collection struct {
	Type     string            `json:"type"`
	Features []json.RawMessage `json:"features"`
}

// words says of one method of one path what the table of routes cannot. Values
// of takes and gives stand for their types.
type words struct {
	text   string
	query  []openapi.Parameter
	takes  any
	gives  any
	status int  // of the answer where it is not 200
	page   bool // the answer is HTML
}

// described is by method and path. A route without an entry is in the
// description all the same, with no more than its roles.
func described() map[string]words {
	text, count := &openapi.Schema{Type: "string"}, &openapi.Schema{Type: "integer"}
	ask := func(name, says string, s *openapi.Schema) openapi.Parameter {
		return openapi.Parameter{Name: name, In: "query", Description: says, Schema: s}
	}
	return map[string]words{
		"GET /api/openapi.json": {text: "This description.", gives: map[string]any{}},
		"GET /api/info":         {text: "Which node this is.", gives: about{}},
		"POST /api/login":       {text: "Begin a session; the answer sets the cookie.", takes: loginRequest{}, gives: identity{}},
		"POST /api/logout":      {text: "End the session.", gives: struct{}{}},
		"GET /api/me":           {text: "Who is logged in.", gives: identity{}},
		"POST /api/lang":        {text: "Choose one's language.", takes: langRequest{}, gives: identity{}},
		"GET /api/picture":      {text: "The picture as it is now.", gives: engine.View{}},
		"GET /api/stream":       {text: "WebSocket: each text message is a picture as /api/picture answers it; clients say nothing.", status: http.StatusSwitchingProtocols},
		"GET /api/zones":        {text: "Zones, places and sectors of the zone pack.", gives: Zones{}},
		"GET /api/rules":        {text: "The watch rules in force.", gives: []engine.RuleView{}},
		"GET /api/land":         {text: "The base map, GeoJSON.", gives: collection{}},
		"GET /api/phrasebook":   {text: "The coded messages, their parameters and the precedences.", gives: Phrasebook{}},
		"GET /api/messages": {
			text: "The messages with one partner, or with all; ask again when the picture's messages.rev has changed.", gives: []engine.MessageView{},
			query: []openapi.Parameter{ask("party", "the partner; all where it is left out", text)},
		},
		"GET /api/fallback-card": {
			text: "The fallback card of a partner and a day, a page to print.", page: true,
			query: []openapi.Parameter{ask("party", "the partner", text), ask("date", "UTC, as 2006-01-02; today where it is left out", text), ask("lang", "zh-Hant, ja or en", text)},
		},
		"GET /api/release": {
			text: "What of one track or one incident goes to whom, and why.", gives: []release.Explanation{},
			query: []openapi.Parameter{ask("track", "number of a track; this or incident", count), ask("incident", "number of an incident", count)},
		},
		"GET /api/partner-view": {
			text: "What a partner was told last.", gives: told{}, query: []openapi.Parameter{ask("party", "the partner", text)},
		},
		"GET /api/peer-view": {
			text:  "What a partner holds of ours now: record numbers, receipts, what is recalled, expired or withdrawn.",
			gives: engine.PeerView{}, query: []openapi.Parameter{ask("party", "the partner", text)},
		},
		"GET /api/received": {
			text: "What we hold of a partner's records: their ids and what became of them.", gives: []recall.Received{},
			query: []openapi.Parameter{ask("party", "the partner", text)},
		},
		"GET /api/evidence": {
			text: "A recalled record that was sealed as evidence; reading it is audited.", gives: record.Record{},
			query: []openapi.Parameter{ask("party", "the partner", text), ask("id", "of the record", text)},
		},
		"GET /api/release-stats": {text: "What each rule released and withheld.", gives: []release.Stat{}},
		"GET /api/registration":  {text: "The bias of each radar as it is learnt, with its history.", gives: []engine.RegistrationView{}},
		"GET /api/agreements":    {text: "Our copies of the agreements on support.", gives: []support.Agreement{}},
		"GET /api/support/match": {
			text: "What our copies of the agreements say of a request for support that nobody has made yet.", gives: engine.SupportMatchView{},
			query: []openapi.Parameter{
				ask("partner", "who shall give", text), ask("situation", "in which it is needed", text), ask("category", "of supplies or services", text),
				ask("unit", "in which the amount counts", text), ask("amount", "whole units", count), ask("from", "RFC 3339", text),
				ask("until", "RFC 3339", text), ask("settlement", "empty: any", text), ask("exercise", "true or false", text),
			},
		},
		"POST /api/command": {
			text: "Do an act: x-verbs says which role may do which; the engine refuses what does not fit now.", takes: engine.Command{}, gives: done{},
		},
		"GET /api/policy": {text: "The policy in force, what is proposed, and every version with its signature.", gives: policyAnswer{}},
		"POST /api/policy/dry-run": {
			text:  "What a changed policy would have released in the past that the present one does not, and the reverse.",
			takes: dryRequest{}, gives: dryAnswer{},
		},
		"GET /api/journal": {text: "Recompute all logs of what passed.", gives: journal.Report{}},
		"GET /api/proof": {
			text: "The proof of a record for a third person, where both parties declared in the joint plan that it may be made.", gives: journal.Proof{},
			query: []openapi.Parameter{
				ask("record", "its id, or its place: PARTNER/sent/NUMBER or PARTNER/received/NUMBER", text),
				ask("content", "1: with the key of its content", text),
			},
		},
		"GET /api/audit": {
			text: "The audit log, up to 500 entries.", gives: []auditItem{}, query: []openapi.Parameter{ask("after", "the entries after this number", count)},
		},
		"GET /api/feeds": {text: "How the feeds are.", gives: []FeedStatus{}},
		"POST /api/feeds": {
			text: "Add a feed, pause one, let it go on, change its secrets, remove it, or test what comes of it.", takes: FeedRequest{}, gives: FeedResult{},
		},
		"POST /api/link":  {text: "Let our log begin anew, agree that the partner's does, or roll our keys over.", takes: linkRequest{}, gives: struct{}{}},
		"GET /api/users":  {text: "The people who may log in.", gives: []store.User{}},
		"POST /api/users": {text: "Add a person or change the one of that name; what is left out stays.", takes: userRequest{}, gives: store.User{}},
	}
}

func (c *console) openAPI(w http.ResponseWriter, r *http.Request, _ person) {
	w.Header().Set("Cache-Control", "private, no-cache")
	c.api31.serve(w, r)
}

// Description returns the OpenAPI file of the API.
func Description() ([]byte, error) { return (&console{}).describe() }

// describe writes the description from the table of routes and the Go types.
func (c *console) describe() ([]byte, error) {
	doc, err := c.document()
	if err != nil {
		return nil, fmt.Errorf("describe the API: %w", err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(doc); err != nil {
		return nil, fmt.Errorf("describe the API: %w", err)
	}
	return b.Bytes(), nil
}

func (c *console) document() (*openapi.Document, error) {
	codes, err := errorCodes()
	if err != nil {
		return nil, err
	}
	doc := &openapi.Document{
		OpenAPI: "3.1.0",
		Info: openapi.Info{
			Title: "Kuroshio console", Version: "1", License: openapi.License{Name: "Apache 2.0", Identifier: "Apache-2.0"},
			Description: "The API of one node for its own people. Times are RFC 3339 in UTC, durations whole nanoseconds; what is unknown is absent.",
		},
		Paths: make(map[string]map[string]*openapi.Operation),
		Components: openapi.Components{
			Schemas: make(openapi.Types),
			SecuritySchemes: map[string]openapi.Security{"session": {
				Type: "apiKey", In: "cookie", Name: "kuroshio_session_PARTY", Description: "set by /api/login; PARTY is the node's own",
			}},
		},
		Verbs: make(map[string][]string),
	}
	types := doc.Components.Schemas
	failed := types.Of(reflect.TypeFor[refusal]())
	types.Find(failed).Properties["error"].Enum = codes
	all := described()
	for p, methods := range c.routeTable() {
		doc.Paths[p] = make(map[string]*openapi.Operation)
		for m, rt := range methods {
			doc.Paths[p][strings.ToLower(m)] = operation(types, failed, m, rt, all[m+" "+p])
		}
	}
	for _, role := range engine.Roles() {
		for _, v := range engine.Verbs(role) {
			doc.Verbs[v] = append(doc.Verbs[v], role)
		}
	}
	command := types.Find(types.Of(reflect.TypeFor[engine.Command]()))
	for v := range doc.Verbs {
		command.Properties["verb"].Enum = append(command.Properties["verb"].Enum, v)
	}
	slices.Sort(command.Properties["verb"].Enum)
	return doc, nil
}

func operation(types openapi.Types, failed *openapi.Schema, method string, rt route, w words) *openapi.Operation {
	o := &openapi.Operation{
		Summary: w.text, Roles: rt.by, Parameters: w.query, Security: []map[string][]string{},
		Responses: map[string]*openapi.Response{"default": {Description: "not done; error says why", Content: openapi.JSON(failed)}},
	}
	if !rt.open {
		o.Security = append(o.Security, map[string][]string{"session": {}})
	}
	if method == http.MethodPost {
		o.Parameters = append(o.Parameters, openapi.Parameter{
			Name: "X-Kuroshio", In: "header", Required: true, Schema: &openapi.Schema{Type: "string", Enum: []string{"1"}},
		})
	}
	if w.takes != nil {
		o.RequestBody = &openapi.Body{Required: true, Content: openapi.JSON(types.Of(reflect.TypeOf(w.takes)))}
	}
	if w.text == "" {
		o.Summary = "Not described further."
	}
	status := http.StatusOK
	answer := &openapi.Response{Description: "done"}
	switch {
	case w.status != 0:
		status = w.status
	case w.page:
		answer.Content = map[string]openapi.Media{"text/html": {Schema: &openapi.Schema{Type: "string"}}}
	case w.gives != nil:
		answer.Content = openapi.JSON(types.Of(reflect.TypeOf(w.gives)))
	default:
		answer.Content = openapi.JSON(&openapi.Schema{})
	}
	o.Responses[strconv.Itoa(status)] = answer
	return o
}

// errorCodes lists the codes that the page has a text for: all there are.
func errorCodes() ([]string, error) {
	texts, err := web.Texts("en")
	if err != nil {
		return nil, err
	}
	var list []string
	for k := range texts {
		if code, ok := strings.CutPrefix(k, "errors."); ok {
			list = append(list, code)
		}
	}
	slices.Sort(list)
	return list, nil
}
