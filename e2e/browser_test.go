// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/demo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
)

// TestBrowserStory lets two officers in two browsers go through the story on
// live nodes at x60: web/e2e/story.mjs does what they do.
func TestBrowserStory(t *testing.T) {
	web := browser(t)
	t.Parallel()
	ctx, cancel := context.WithCancel(timeLimit(t))
	defer cancel()
	dir, err := os.MkdirTemp(place.dir, "browser-")
	if err != nil {
		t.Fatal(err)
	}
	p := openPaced(t, ctx, demo.Config{Scenario: "short", Dir: filepath.Join(dir, "nodes"), Speed: 60})
	d := p.demo
	awaitJoint(t, ctx, d)

	cmd := exec.CommandContext(ctx, "node", "e2e/story.mjs")
	cmd.Dir = web
	cmd.Env = append(os.Environ(), "KUROSHIO_E2E="+consoleFile(t, dir, d))
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("the story: %v\n%s\n%s", err, text, logs(&run{dir: d.Dir()}))
	} else {
		t.Logf("%s", text)
	}
	cancel() // Ctrl-C
	if err := <-p.ended; err != nil {
		t.Errorf("Ctrl-C: %v", err)
	}
}

// awaitJoint waits until each neighbour shows one open incident that both hold.
func awaitJoint(t *testing.T, ctx context.Context, d *demo.Demo) { //nolint:revive // t first, as in all helpers here
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for _, c := range d.Consoles()[:2] {
		viewer := login(t, ctx, c, engine.Viewer)
		for {
			var v engine.View
			if _, err := get(ctx, viewer, c.URL+"api/picture", &v); err != nil {
				t.Fatal(err)
			}
			if list := open(v.Incidents); len(list) == 1 && len(list[0].Tracks) > 0 && len(list[0].Partners) > 0 {
				break
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				t.Fatalf("%s shows no joint incident: %v", c.Party, context.Cause(ctx))
			}
		}
	}
}

// browser returns the folder of the console's sources, or skips the test where
// there is nothing to run a browser with.
func browser(t *testing.T) string {
	t.Helper()
	if os.Getenv("KUROSHIO_NO_BROWSER") != "" {
		t.Skip("KUROSHIO_NO_BROWSER is set")
	}
	chromium := os.Getenv("CHROMIUM")
	if chromium == "" {
		chromium = "/usr/bin/chromium"
	}
	if _, err := os.Stat(chromium); err != nil {
		t.Skipf("no Chromium: %v; set CHROMIUM, or run make tools", err)
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skipf("no Node.js: %v", err)
	}
	web, err := filepath.Abs(filepath.Join("..", "web"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(web, "node_modules", "playwright-core")); err != nil {
		t.Skipf("no npm packages: %v; run make tools", err)
	}
	return web
}

// consoleFile writes what story.mjs reads: where the consoles are and who may
// log in.
func consoleFile(t *testing.T, dir string, d *demo.Demo) string {
	t.Helper()
	type login struct {
		Name     string `json:"name"`
		Password string `json:"password"`
	}
	type console struct {
		URL    string           `json:"url"`
		Logins map[string]login `json:"logins"`
	}
	consoles := make(map[string]console)
	for _, c := range d.Consoles() {
		logins := make(map[string]login)
		for name, pass := range c.Logins {
			logins[name] = login{name, pass}
		}
		consoles[string(c.Party)] = console{c.URL, logins}
	}
	b, err := json.Marshal(map[string]any{"consoles": consoles})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "consoles.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
