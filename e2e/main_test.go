// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package e2e_test plays whole demonstrations: the binary is built once, nodes
// run as processes of it, sensors send over real sockets, links are real, and
// what people see and do goes through the HTTP API of their consoles. It looks
// at what comes out, and for what must not; how a part works is tested beside
// the part. All input is generated: nothing here reads a recording.
package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/demo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// The parties of the demonstration.
const (
	tw   = party.ID("tw")
	jp   = party.ID("jp")
	cell = demo.Cell
)

// place is where binary and nodes lie; set by TestMain.
var place struct{ dir, exe string }

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "kuroshio-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
		place.dir, place.exe = dir, filepath.Join(dir, "kuroshio")
		build := exec.Command("go", "build", "-o", place.exe, "github.com/kuroshio-watch/kuroshio/cmd/kuroshio")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build kuroshio: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// limit bounds one demonstration on a busy machine.
var limit = func() time.Duration {
	if os.Getenv("KUROSHIO_SOAK") != "" { // nodes that die a hundred times
		return 15 * time.Minute
	}
	return 10 * time.Minute
}()

// way is from whom to whom something is said.
type way struct{ from, to party.ID }

// run is a demonstration that has ended.
type run struct {
	dir      string
	report   *demo.Report
	raw      []byte // the report as it was written
	views    map[party.ID][]*engine.View
	said     map[way][][]byte    // every record that a party was told, as it goes over the link
	metrics  map[party.ID]string // at the last sample
	consoles []demo.Console
	deaths   map[party.ID][]time.Time
	text     string // what people read
}

// watcher samples a run.
type watcher struct {
	every int // steps; 0: no samples
	steps int
	run   *run
	seen  map[way]map[string]bool
}

// step looks at all consoles.
func (w *watcher) step(ctx context.Context, d *demo.Demo, _ time.Time) error {
	w.steps++
	if w.every == 0 || w.steps%w.every != 0 {
		return nil
	}
	for _, c := range d.Consoles() {
		var v engine.View
		if err := d.Get(ctx, c.Party, engine.Viewer, "/api/picture", &v); err != nil {
			return err
		}
		var err error
		if w.run.metrics[c.Party], err = metricsOf(ctx, c); err != nil {
			return err
		}
		w.run.views[c.Party] = append(w.run.views[c.Party], &v)
		for _, l := range v.Links {
			if err := w.listen(ctx, d, way{c.Party, l.Party}); err != nil {
				return err
			}
		}
	}
	return nil
}

// listen keeps what one party has told another so far.
func (w *watcher) listen(ctx context.Context, d *demo.Demo, p way) error {
	var said struct{ Records []record.Record }
	if err := d.Get(ctx, p.from, engine.Viewer, "/api/partner-view?party="+string(p.to), &said); err != nil {
		return err
	}
	for i := range said.Records {
		b, err := record.Encode(&said.Records[i])
		if err != nil {
			return err
		}
		if w.seen[p] == nil {
			w.seen[p] = make(map[string]bool)
		}
		if !w.seen[p][string(b)] {
			w.seen[p][string(b)] = true
			w.run.said[p] = append(w.run.said[p], b)
		}
	}
	return nil
}

// play runs a demonstration without consoles to its end, looking at it every
// so many steps.
func play(cfg demo.Config, every int) (*run, error) {
	dir, err := os.MkdirTemp(place.dir, "run-")
	if err != nil {
		return nil, err
	}
	return playIn(dir, cfg, every, nil)
}

// playIn plays in a folder; prepare may change it before the nodes start.
func playIn(dir string, cfg demo.Config, every int, prepare func() error) (*run, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	r := &run{dir: filepath.Join(dir, "nodes"), views: make(map[party.ID][]*engine.View), said: make(map[way][][]byte), metrics: make(map[party.ID]string)}
	w := &watcher{every: every, run: r, seen: make(map[way]map[string]bool)}
	var text strings.Builder
	cfg.Dir, cfg.Exe, cfg.Headless, cfg.Report = r.dir, place.exe, true, filepath.Join(dir, "report.json")
	cfg.Out, cfg.Log = &text, slog.New(slog.DiscardHandler)
	cfg.OnStep = w.step
	d, err := demo.Open(ctx, cfg)
	if err != nil {
		return r, err
	}
	if prepare != nil {
		if err := prepare(); err != nil {
			return r, err
		}
	}
	err = d.Run(ctx)
	r.consoles, r.deaths, r.text = d.Consoles(), d.Deaths(), text.String()
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return r, err
	}
	if r.raw, err = os.ReadFile(cfg.Report); err != nil {
		return r, err
	}
	return r, json.Unmarshal(r.raw, &r.report)
}

// The demonstrations that several tests look at.
var (
	full       = sync.OnceValues(func() (*run, error) { return play(demo.Config{Scenario: "2023-08-28"}, 3) })
	fullAlone  = sync.OnceValues(func() (*run, error) { return play(demo.Config{Scenario: "2023-08-28", NoLink: true}, 3) })
	short      = sync.OnceValues(func() (*run, error) { return play(demo.Config{Scenario: "short"}, 1) })
	shortAlone = sync.OnceValues(func() (*run, error) { return play(demo.Config{Scenario: "short", NoLink: true}, 1) })
	excerpt    = sync.OnceValues(func() (*run, error) { return play(demo.Config{Scenario: "short", Until: excerptEnd}, 0) })
)

// excerptEnd is when the excerpt ends: the lead is confirmed by then.
const excerptEnd = 11 * time.Minute

// of returns a demonstration, or fails the test with what its nodes logged.
func of(t *testing.T, get func() (*run, error)) *run {
	t.Helper()
	r, err := get()
	if err != nil {
		t.Fatalf("%v\n%s", err, logs(r))
	}
	return r
}

func logs(r *run) string {
	if r == nil {
		return ""
	}
	var b strings.Builder
	for _, id := range []party.ID{tw, jp, cell} {
		text, err := os.ReadFile(filepath.Join(r.dir, string(id), "node.log"))
		if err != nil {
			continue
		}
		fmt.Fprintf(&b, "== %s\n%s", id, text[max(0, len(text)-3000):])
	}
	return b.String()
}

// open returns the open incidents of a picture.
func open(list []engine.IncidentView) []*engine.IncidentView {
	var found []*engine.IncidentView
	for i := range list {
		if list[i].State == "open" {
			found = append(found, &list[i])
		}
	}
	return found
}

// theOne returns the one open incident that a node ends with.
func theOne(t *testing.T, r *run, id party.ID) *engine.IncidentView {
	t.Helper()
	list := open(r.report.Nodes[id].Incidents)
	if len(list) != 1 {
		t.Fatalf("%s ends with %d open incidents, want one", id, len(list))
	}
	return list[0]
}

// events returns the events of a rule in a zone that rest on a party's own
// evidence.
func events(inc *engine.IncidentView, rule, zone string, by party.ID) []engine.EventView {
	var found []engine.EventView
	for _, e := range inc.Events {
		if e.Rule == rule && e.Zone == zone && slices.Equal(e.Originators, []party.ID{by}) {
			found = append(found, e)
		}
	}
	return found
}

// crossing returns the first such event that is not a clearing one.
func crossing(t *testing.T, inc *engine.IncidentView, rule, zone string, by party.ID) engine.EventView {
	t.Helper()
	for _, e := range events(inc, rule, zone, by) {
		if !e.Cleared {
			return e
		}
	}
	t.Fatalf("incident %d has no %s of %s by %s: %s", inc.N, rule, zone, by, timeline(inc))
	return engine.EventView{}
}

func timeline(inc *engine.IncidentView) string {
	var b strings.Builder
	for _, e := range inc.Events {
		fmt.Fprintf(&b, "\n  %s %s %s %s %s %v", e.At.Format(time.TimeOnly), e.Kind, e.Rule, e.Zone, e.Direction, e.Originators)
	}
	return b.String()
}

// identityOf returns what an incident shows of one party's identity.
func identityOf(inc *engine.IncidentView, id party.ID) engine.IdentityView {
	i := slices.IndexFunc(inc.Identities, func(v engine.IdentityView) bool { return v.Party == id })
	if i < 0 {
		return engine.IdentityView{}
	}
	return inc.Identities[i]
}

// reference returns the spoken reference of an incident with a partner.
func reference(inc *engine.IncidentView, with party.ID) string {
	i := slices.IndexFunc(inc.References, func(v engine.ReferenceView) bool { return v.Party == with })
	if i < 0 {
		return ""
	}
	return inc.References[i].Ref
}

// verified fails the test where a journal does not verify.
func verified(t *testing.T, r *run) {
	t.Helper()
	for _, id := range slices.Sorted(maps.Keys(r.report.Nodes)) {
		j := r.report.Nodes[id].Journal
		for _, l := range j.Logs {
			if !l.Verified {
				t.Errorf("%s: log %s %s does not verify: %v", id, l.Partner, l.Direction, l.Problems)
			}
		}
		if !j.Verified {
			t.Errorf("%s: journal does not verify", id)
		}
	}
}

// timeLimit returns a context that ends before the test's own limit.
func timeLimit(t *testing.T) context.Context {
	t.Helper()
	end := time.Now().Add(limit)
	if d, ok := t.Deadline(); ok && d.Before(end) {
		end = d.Add(-time.Second)
	}
	ctx, cancel := context.WithDeadlineCause(context.Background(), end, errors.New("the test takes too long"))
	t.Cleanup(cancel)
	return ctx
}
