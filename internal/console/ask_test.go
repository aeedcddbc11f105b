// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
)

func page() fs.FS {
	return fstest.MapFS{
		"index.html":           {Data: []byte("<!doctype html><title>Kuroshio</title>")},
		"icon.svg":             {Data: []byte("<svg/>")},
		"assets/index-AbC1.js": {Data: []byte(strings.Repeat("export const x = 1;\n", 200))},
		"assets/x-1.css":       {Data: []byte("body{}")},
		"assets/f-1.woff2":     {Data: bytes.Repeat([]byte("w"), 4000)},
		".gitkeep":             {Data: []byte("")},
	}
}

func TestPage(t *testing.T) {
	d := newDesk(t, withDist(page()))
	const keep, check = "public, max-age=31536000, immutable", "no-cache"
	for path, want := range map[string]struct{ kind, cache string }{
		"/":                     {"text/html; charset=utf-8", check},
		"/index.html":           {"text/html; charset=utf-8", check},
		"/icon.svg":             {"image/svg+xml", check},
		"/assets/index-AbC1.js": {"text/javascript; charset=utf-8", keep},
		"/assets/x-1.css":       {"text/css; charset=utf-8", keep},
		"/assets/f-1.woff2":     {"font/woff2", keep},
	} {
		w := d.get(path, nil)
		if w.Code != 200 || w.Header().Get("Content-Type") != want.kind || w.Header().Get("Cache-Control") != want.cache {
			t.Errorf("%s: got %d %v", path, w.Code, w.Header())
		}
		tag := w.Header().Get("ETag")
		again := d.do(path, ask{header: map[string]string{"If-None-Match": tag}})
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s with its ETag %s: %d", path, tag, again.Code)
		}
		head := d.do(path, ask{method: http.MethodHead})
		if head.Code != 200 || head.Body.Len() != 0 {
			t.Errorf("HEAD %s: %d, %d octets", path, head.Code, head.Body.Len())
		}
	}
	for _, path := range []string{"/nothing", "/.gitkeep", "/assets/", "/assets", "/index.html/", "/../index.html", "//"} {
		if w := d.get(path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: got %d", path, w.Code)
		}
	}
	if w := d.do("/", ask{method: http.MethodPost}); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d", w.Code)
	}
	if w := newDesk(t).get("/", nil); w.Code != http.StatusNotFound {
		t.Errorf("without a page: %d", w.Code)
	}
}

func TestGzip(t *testing.T) {
	d := newDesk(t, withDist(page()))
	plain := d.get("/assets/index-AbC1.js", nil)
	for accept, packed := range map[string]bool{"gzip": true, "br, GZIP;q=1.0": true, "": false, "br": false, "gzip;q=0": false, "gzip; q=0.0": false} {
		w := d.do("/assets/index-AbC1.js", ask{header: map[string]string{"Accept-Encoding": accept}})
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("%q: packed %v", accept, got)
			continue
		}
		if w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: Vary %q", accept, w.Header().Get("Vary"))
		}
		body := io.Reader(w.Body)
		if packed {
			if w.Header().Get("ETag") == plain.Header().Get("ETag") {
				t.Error("both forms have one ETag")
			}
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		if b, err := io.ReadAll(body); err != nil || !bytes.Equal(b, plain.Body.Bytes()) {
			t.Errorf("%q: %v, other content", accept, err)
		}
	}
	if w := d.do("/icon.svg", ask{header: map[string]string{"Accept-Encoding": "gzip"}}); w.Header().Get("Content-Encoding") != "" {
		t.Error("a file that grows is packed")
	}
}

func TestHeaders(t *testing.T) {
	d := newDesk(t, withDist(page()))
	for _, path := range []string{"/", "/nothing", "/assets/index-AbC1.js", "/api/info", "/api/picture", "/api/nothing"} {
		h := d.get(path, nil).Header()
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "connect-src 'self'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: CSP %q lacks %s", path, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") || strings.Contains(csp, "*") {
			t.Errorf("%s: CSP %q", path, csp)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cross-Origin-Opener-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", path, h)
		}
		if strings.HasPrefix(path, "/api/") && h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %q", path, h.Get("Cache-Control"))
		}
	}
}

func TestInfo(t *testing.T) {
	d := newDesk(t)
	want := `{"party":"tw","name":"Taiwan","version":"v0","exercise":false,"languages":["zh-Hant","ja","en"],"time_mode":"live","parties":["jp","cell"]}`
	if w := d.get("/api/info", nil); w.Code != 200 || w.Body.String() != want {
		t.Errorf("got %s, want %s", w.Body, want)
	}
	d.node.publish(engine.View{Exercise: true})
	if w := d.get("/api/info", nil); !strings.Contains(w.Body.String(), `"exercise":true`) {
		t.Errorf("got %s", w.Body)
	}
}

func TestPicture(t *testing.T) {
	d := newDesk(t)
	c := d.login("viewer")
	if v := in[engine.View](t, d.get("/api/picture", c)); v.Seq != 1 {
		t.Errorf("got %+v", v)
	}
	d.node.publish(engine.View{Seq: 2})
	if v := in[engine.View](t, d.get("/api/picture", c)); v.Seq != 2 {
		t.Errorf("got an old picture: %+v", v)
	}
	d.node.view, d.node.changed = nil, make(chan struct{})
	wantCode(t, "no picture yet", d.get("/api/picture", c), http.StatusServiceUnavailable, "not-now")
}

func TestPreparedBodies(t *testing.T) {
	none := map[string]string{
		"/api/zones": `{"version":"","zones":[],"places":[],"sectors":{}}`, "/api/rules": `[]`, "/api/land": `{"type":"FeatureCollection","features":[]}`,
	}
	d := newDesk(t)
	for path, want := range none {
		if w := d.get(path, d.login("viewer")); w.Body.String() != want {
			t.Errorf("%s: got %s", path, w.Body)
		}
	}
	d = newDesk(t, func(c *console.Config) {
		c.Zones, c.Rules, c.Land = json.RawMessage(`{"version":"z"}`), json.RawMessage(`[{"id":"A01"}]`), json.RawMessage(`{"type":"x"}`)
	})
	c := d.login("viewer")
	for path, want := range map[string]string{"/api/zones": `{"version":"z"}`, "/api/rules": `[{"id":"A01"}]`, "/api/land": `{"type":"x"}`} {
		w := d.get(path, c)
		if w.Body.String() != want || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "private, no-cache" {
			t.Errorf("%s: got %s %v", path, w.Body, w.Header())
		}
		if again := d.do(path, ask{cookie: c, header: map[string]string{"If-None-Match": w.Header().Get("ETag")}}); again.Code != http.StatusNotModified {
			t.Errorf("%s with its ETag: %d", path, again.Code)
		}
		if w := d.get(path, nil); w.Code != 401 {
			t.Errorf("%s without login: %d", path, w.Code)
		}
	}
}

func TestRelease(t *testing.T) {
	d := newDesk(t)
	c := d.login("officer")
	for query, status := range map[string]int{
		"track=7": 200, "incident=4294967295": 200, "": 400, "track=": 400, "track=0": 400, "track=-1": 400, "track=x": 400, "track=4294967296": 400,
		"track=1&incident=1": 400, "track=1&track=2": 400, "track=1&incident=": 400, "track=1.5": 400,
	} {
		w := d.get("/api/release?"+query, c)
		if w.Code != status {
			t.Errorf("%q: got %d, want %d", query, w.Code, status)
		}
		if status == 200 && w.Body.String() != "[]" {
			t.Errorf("%q: got %s, want an empty list", query, w.Body)
		}
	}
	d.node.explained = []release.Explanation{{To: "jp", Allow: true, Rules: []string{"r-1"}, Reason: "rule"}}
	if w := d.get("/api/release?track=1", c); w.Body.String() != `[{"to":"jp","allow":true,"rules":["r-1"],"reason":"rule"}]` {
		t.Errorf("got %s", w.Body)
	}
	d.node.known = false
	wantCode(t, "track", d.get("/api/release?track=1", c), http.StatusNotFound, "no-such-track")
	wantCode(t, "incident", d.get("/api/release?incident=1", c), http.StatusNotFound, "no-such-incident")
	d.node.err = errSecret
	for _, path := range []string{"/api/release?track=1", "/api/partner-view?party=jp", "/api/release-stats"} {
		wantCode(t, path, d.get(path, c), http.StatusServiceUnavailable, "stopping")
	}
}

func TestPartnerView(t *testing.T) {
	d := newDesk(t)
	c := d.login("viewer")
	if w := d.get("/api/partner-view?party=jp", c); w.Body.String() != `{"party":"jp","policy_version":"p-1","records":[]}` {
		t.Errorf("got %s", w.Body)
	}
	d.node.records = []record.Record{{Envelope: record.Envelope{Version: 1, Originator: "tw"}}}
	v := in[struct {
		Records []struct{ Originator party.ID }
	}](t, d.get("/api/partner-view?party=cell", c))
	if len(v.Records) != 1 || v.Records[0].Originator != "tw" {
		t.Errorf("got %+v", v)
	}
	for _, p := range []string{"", "tw", "xx", "JP", "jp%00"} {
		wantCode(t, p, d.get("/api/partner-view?party="+p, c), http.StatusNotFound, "no-such-partner")
	}
}

func TestValidate(t *testing.T) {
	for name, edit := range map[string]func(*console.Config){
		"no party":               func(c *console.Config) { c.Self = "" },
		"no log":                 func(c *console.Config) { c.Log = nil },
		"no idle time":           func(c *console.Config) { c.IdleTimeout = 0 },
		"a life below idle time": func(c *console.Config) { c.Lifetime = minute },
		"no streams":             func(c *console.Config) { c.MaxStreams = 0 },
		"zones that are no JSON": func(c *console.Config) { c.Zones = json.RawMessage("{") },
		"an empty map":           func(c *console.Config) { c.Land = json.RawMessage{} },
		"no work for a hash":     func(c *console.Config) { c.Hash = console.HashParams{} },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := console.DefaultConfig()
			cfg.Self, cfg.Hash = "tw", quick()
			if _, err := console.NewHandler(cfg, nil, nil, nil, nil); err != nil {
				t.Fatal(err)
			}
			edit(&cfg)
			if _, err := console.NewHandler(cfg, nil, nil, nil, nil); err == nil {
				t.Error("it is taken")
			}
		})
	}
}

// TestLogIsDiscreet: what people write and where things are stays out of the
// log, however a command ends.
func TestLogIsDiscreet(t *testing.T) {
	d := newDesk(t)
	c := d.login("officer")
	d.tryLogin("typed-secret", "wrong-secret", "")
	d.node.err = errSecret
	d.post("/api/command", `{"verb":"open","text":"kayak adrift","lat":24.4321,"lon":122.9876}`, c)
	d.journal.err = errSecret
	d.post("/api/command", `{"verb":"stop","text":"kayak adrift"}`, c)
	got := d.logged.String()
	if !strings.Contains(got, "command not answered") || !strings.Contains(got, "audit entry not written") {
		t.Errorf("log says too little: %s", got)
	}
	for _, s := range []string{"kayak", "24.4321", "122.9876", "secret", password, c.Value} {
		if strings.Contains(got, s) {
			t.Errorf("log holds %q: %s", s, got)
		}
	}
}

func TestProof(t *testing.T) {
	d := newDesk(t)
	c := d.login("supervisor")
	wantCode(t, "a proof of nothing", d.get("/api/proof", c), http.StatusBadRequest, "bad-request")
	w := d.get("/api/proof?record=jp/sent/1&content=1", c)
	if p := in[journal.Proof](t, w); w.Code != http.StatusOK || p.Key == nil {
		t.Errorf("with content: %d %s", w.Code, w.Body)
	}
	if l := d.journal.acts(); l[len(l)-1] != "supervisor proof-made jp/sent/1" {
		t.Errorf("not audited: %v", l)
	}
	d.node.proof = nil
	wantCode(t, "not agreed", d.get("/api/proof?record=jp/sent/1", c), http.StatusConflict, "no-proof-agreed")
	if l := d.journal.acts(); l[len(l)-1] != "supervisor proof-refused jp/sent/1" {
		t.Errorf("a refusal is not audited: %v", l)
	}
	// What cannot be audited is not given.
	d.node.proof, d.journal.err = &journal.Proof{}, errSecret
	wantCode(t, "no audit", d.get("/api/proof?record=jp/sent/1", c), http.StatusServiceUnavailable, "store-failed")
}
