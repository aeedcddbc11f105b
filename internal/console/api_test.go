// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
)

// routes lists the whole API with the roles that may use each route; nil is
// everybody who is logged in. The stream is tested with its own client.
var routes = []struct {
	method, path, body string
	roles              []string
}{
	{"GET", "/api/me", "", nil},
	{"POST", "/api/lang", `{"lang":"en"}`, nil},
	{"GET", "/api/picture", "", nil},
	{"GET", "/api/zones", "", nil},
	{"GET", "/api/rules", "", nil},
	{"GET", "/api/land", "", nil},
	{"GET", "/api/phrasebook", "", nil},
	{"GET", "/api/messages", "", nil},
	{"GET", "/api/messages?party=jp", "", nil},
	{"GET", "/api/release?track=7", "", nil},
	{"GET", "/api/release?incident=7", "", nil},
	{"GET", "/api/partner-view?party=jp", "", nil},
	{"GET", "/api/peer-view?party=jp", "", nil},
	{"GET", "/api/received?party=jp", "", []string{"officer", "supervisor", "administrator", "auditor"}},
	{"GET", "/api/evidence?party=jp&id=01000000000000000000000000000000", "", []string{"supervisor", "auditor"}},
	{"GET", "/api/release-stats", "", []string{"officer", "supervisor", "administrator", "auditor"}},
	{"GET", "/api/proof?record=jp/sent/1", "", []string{"supervisor", "auditor"}},
	{"GET", "/api/policy", "", []string{"supervisor", "administrator", "auditor"}},
	{"POST", "/api/policy/dry-run", `{"text":"version = 1","from":"2026-11-28T00:00:00Z","to":"2026-11-28T01:00:00Z"}`, []string{"supervisor"}},
	{"GET", "/api/agreements", "", nil},
	{"GET", "/api/support/match?partner=jp&situation=disaster&category=fuel&unit=litre&amount=1&from=2026-11-28T00:00:00Z&until=2026-11-29T00:00:00Z", "", nil},
	{"GET", "/api/journal", "", []string{"auditor", "supervisor", "administrator"}},
	{"GET", "/api/audit", "", []string{"auditor", "administrator"}},
	{"GET", "/api/feeds", "", []string{"supervisor", "administrator", "auditor"}},
	{"GET", "/api/registration", "", []string{"supervisor", "administrator", "auditor"}},
	{"POST", "/api/feeds", `{"name":"a","act":"pause"}`, []string{"administrator"}},
	{"GET", "/api/users", "", []string{"administrator"}},
	{"POST", "/api/users", `{"name":"new","role":"viewer","password":"tide and wind 5"}`, []string{"administrator"}},
	{"POST", "/api/command", `{"verb":"log","text":"x"}`, []string{"officer", "supervisor"}},
	{"POST", "/api/command", `{"verb":"stop","partner":"jp"}`, []string{"supervisor"}},
	{"POST", "/api/logout", `{}`, nil},
}

func TestRoutesByRole(t *testing.T) {
	for _, r := range routes {
		d := newDesk(t)
		w := d.do(r.path, ask{method: r.method, body: r.body})
		wantCode(t, r.method+" "+r.path+" without login", w, http.StatusUnauthorized, "unauthenticated")
		for _, role := range engine.Roles() {
			d := newDesk(t)
			w := d.do(r.path, ask{method: r.method, body: r.body, cookie: d.login(role)})
			what := fmt.Sprintf("%s %s %s as %s", r.method, r.path, r.body, role)
			if r.roles == nil || slices.Contains(r.roles, role) {
				wantCode(t, what, w, http.StatusOK, "")
			} else {
				wantCode(t, what, w, http.StatusForbidden, "forbidden")
			}
		}
	}
}

func TestCommandByVerbAndRole(t *testing.T) {
	for _, role := range engine.Roles() {
		d := newDesk(t)
		cookie := d.login(role)
		for _, verb := range engine.Verbs(engine.Supervisor) {
			d.node.got = nil
			w := d.post("/api/command", fmt.Sprintf(`{"verb":%q,"incident":3,"text":"t"}`, verb), cookie)
			if !engine.Allowed(role, verb) {
				wantCode(t, role+" "+verb, w, http.StatusForbidden, "forbidden")
				if len(d.node.got) != 0 {
					t.Errorf("%s %s reached the node", role, verb)
				}
				if l := d.journal.acts(); l[len(l)-1] != role+" act-"+verb {
					t.Errorf("%s %s: not audited: %v", role, verb, l)
				}
				continue
			}
			wantCode(t, role+" "+verb, w, http.StatusOK, "")
			if len(d.node.got) != 1 || d.node.got[0].By != role || d.node.got[0].Role != role || d.node.got[0].Incident != 3 {
				t.Errorf("%s %s: node got %+v", role, verb, d.node.got)
			}
		}
	}
}

func TestWhoActsIsTheSessionsWord(t *testing.T) {
	d := newDesk(t)
	cookie := d.login("officer")
	for _, body := range []string{
		`{"verb":"log","text":"x","by":"supervisor"}`, `{"verb":"log","text":"x","By":"supervisor"}`,
		`{"verb":"log","text":"x","Role":"supervisor"}`, `{"verb":"log","text":"x","role":"supervisor"}`,
	} {
		wantCode(t, body, d.post("/api/command", body, cookie), http.StatusBadRequest, "bad-request")
	}
	if len(d.node.got) != 0 {
		t.Errorf("node got %+v", d.node.got)
	}
}

func TestCommandReplies(t *testing.T) {
	tests := map[string]struct {
		reply  engine.Reply
		err    error
		status int
		code   string
	}{
		"an incident that is not there": {reply: engine.Reply{Code: "no-such-incident"}, status: 404, code: "no-such-incident"},
		"an act that is not due":        {reply: engine.Reply{Code: "not-now"}, status: 409, code: "not-now"},
		"a wrong word":                  {reply: engine.Reply{Code: "bad-posture"}, status: 400, code: "bad-posture"},
		"a full disk":                   {reply: engine.Reply{Code: "store-failed"}, status: 503, code: "store-failed"},
		"a code it does not know":       {reply: engine.Reply{Code: "withheld"}, status: 409, code: "withheld"},
		"a node that stops":             {err: errSecret, status: 503, code: "stopping"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.node.reply, d.node.err = tt.reply, tt.err
			wantCode(t, "answer", d.post("/api/command", `{"verb":"log","text":"x"}`, d.login("officer")), tt.status, tt.code)
		})
	}
	t.Run("an act that is done", func(t *testing.T) {
		d := newDesk(t)
		d.node.reply = engine.Reply{Incident: 12, Entry: 34}
		w := d.post("/api/command", `{"verb":"log","text":"x"}`, d.login("officer"))
		if got := strings.TrimSpace(w.Body.String()); got != `{"ok":true,"incident":12,"entry":34}` {
			t.Errorf("got %s", got)
		}
	})
	t.Run("a refusal that leaves an incident", func(t *testing.T) {
		d := newDesk(t)
		d.node.reply = engine.Reply{Code: "pass-by-voice", Incident: 12}
		w := d.post("/api/command", `{"verb":"distress","text":"x"}`, d.login("officer"))
		if got := w.Body.String(); got != `{"error":"pass-by-voice","params":{"incident":12}}` {
			t.Errorf("got %s", got)
		}
	})
	t.Run("a verb that nobody has", func(t *testing.T) {
		d := newDesk(t)
		cookie := d.login("supervisor")
		wantCode(t, "answer", d.post("/api/command", `{"verb":"erase"}`, cookie), http.StatusBadRequest, "unknown-verb")
		wantCode(t, "answer", d.post("/api/command", `{}`, cookie), http.StatusBadRequest, "unknown-verb")
	})
}

func TestPostsComeFromOurPage(t *testing.T) {
	tests := map[string]struct {
		header map[string]string
		want   int
	}{
		"our page":                   {nil, 200},
		"a program without Origin":   {map[string]string{"Origin": ""}, 200},
		"our host in capitals":       {map[string]string{"Origin": "http://CONSOLE.test"}, 200},
		"no header":                  {map[string]string{"X-Kuroshio": ""}, 403},
		"another value":              {map[string]string{"X-Kuroshio": "2"}, 403},
		"another host":               {map[string]string{"Origin": "http://evil.test"}, 403},
		"another port":               {map[string]string{"Origin": "http://console.test:81"}, 403},
		"another scheme":             {map[string]string{"Origin": "https://console.test"}, 403},
		"a sandboxed page":           {map[string]string{"Origin": "null"}, 403},
		"a host that starts as ours": {map[string]string{"Origin": "http://console.test.evil.test"}, 403},
		"an Origin that is no URL":   {map[string]string{"Origin": "http://%zz"}, 403},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			cookie := d.login("officer")
			w := d.do("/api/command", ask{method: "POST", body: `{"verb":"log","text":"x"}`, cookie: cookie, header: tt.header})
			if w.Code != tt.want || (tt.want == 403) != (code(w) == "forbidden") {
				t.Errorf("command: got %d %q, want %d", w.Code, code(w), tt.want)
			}
			if tt.want == 403 && len(d.node.got) != 0 {
				t.Error("the node got it")
			}
			w = d.do("/api/login", ask{method: "POST", body: `{"name":"officer","password":"` + password + `"}`, header: tt.header})
			if w.Code != tt.want {
				t.Errorf("login: got %d, want %d", w.Code, tt.want)
			}
		})
	}
	t.Run("our page over TLS", func(t *testing.T) {
		d := newDesk(t, func(c *console.Config) { c.TLS = true })
		for origin, want := range map[string]int{"https://console.test": 200, "http://console.test": 403} {
			w := d.do("/api/login", ask{
				method: "POST", body: `{"name":"officer","password":"` + password + `"}`, header: map[string]string{"Origin": origin},
			})
			if w.Code != want {
				t.Errorf("%s: got %d, want %d", origin, w.Code, want)
			}
		}
	})
}

func TestBodies(t *testing.T) {
	tests := map[string]struct {
		body, kind string
		status     int
	}{
		"an empty body":       {"", "application/json", 400},
		"half a value":        {`{"verb":"log"`, "application/json", 400},
		"two values":          {`{"verb":"log","text":"x"}{}`, "application/json", 400},
		"rubbish at the end":  {`{"verb":"log","text":"x"} x`, "application/json", 400},
		"an unknown field":    {`{"verb":"log","texts":"x"}`, "application/json", 400},
		"a wrong type":        {`{"verb":"log","incident":"1"}`, "application/json", 400},
		"a number too large":  {`{"verb":"log","incident":4294967296}`, "application/json", 400},
		"a negative number":   {`{"verb":"log","incident":-1}`, "application/json", 400},
		"a list":              {`[]`, "application/json", 400},
		"a form":              {`verb=log`, "application/x-www-form-urlencoded", 415},
		"text":                {`{"verb":"log","text":"x"}`, "text/plain", 415},
		"no type":             {`{"verb":"log","text":"x"}`, "", 415},
		"a type with charset": {`{"verb":"log","text":"x"}`, "application/json; charset=utf-8", 200},
		"a body too long":     {`{"verb":"log","text":"` + strings.Repeat("x", 64<<10) + `"}`, "application/json", 413},
		"deep nesting":        {strings.Repeat("[", 60_000), "application/json", 400},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			w := d.do("/api/command", ask{
				method: "POST", body: tt.body, cookie: d.login("officer"), header: map[string]string{"Content-Type": tt.kind},
			})
			want := "bad-request"
			if tt.status == 200 {
				want = ""
			}
			wantCode(t, "answer", w, tt.status, want)
		})
	}
}

func TestMethodsAndPaths(t *testing.T) {
	d := newDesk(t)
	cookie := d.login("administrator")
	for path, allow := range map[string]string{
		"/api/info": "GET", "/api/picture": "GET", "/api/stream": "GET", "/api/zones": "GET", "/api/journal": "GET",
		"/api/login": "POST", "/api/logout": "POST", "/api/command": "POST", "/api/lang": "POST", "/api/users": "GET, POST",
	} {
		for _, m := range []string{"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"} {
			if strings.Contains(allow, m) {
				continue
			}
			w := d.do(path, ask{method: m, cookie: cookie})
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != allow {
				t.Errorf("%s %s: got %d, Allow %q, want 405 and %q", m, path, w.Code, w.Header().Get("Allow"), allow)
			}
		}
	}
	for _, path := range []string{"/api", "/api/", "/api/nothing", "/api/picture/", "/api//picture", "/api/../api/info"} {
		wantCode(t, path, d.get(path, cookie), http.StatusNotFound, "not-found")
	}
}

func FuzzCommand(f *testing.F) {
	for _, s := range []string{
		`{"verb":"log","text":"x"}`, `{"verb":"open","lat":24.5,"lon":122.7,"time":"2026-01-01T00:00:00Z"}`,
		`{"verb":"split","incident":1,"tracks":[1,2]}`, `{"verb":"stop"}`, `{}`, `null`, `[]`, `{"verb":"\ud800"}`,
		`{"verb":"log","persons":70000}`, `{"verb":"log","lat":1e999}`, "\x00", `{"verb":"log","By":"x"}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		d := newDesk(t)
		w := d.post("/api/command", body, d.login("officer"))
		switch w.Code {
		case 200, 400, 403, 413:
		default:
			t.Errorf("got %d %s", w.Code, w.Body)
		}
		for _, c := range d.node.got {
			if c.By != "officer" || c.Role != "officer" || !engine.Allowed("officer", c.Verb) {
				t.Errorf("node got %+v", c)
			}
		}
	})
}
