// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package demo is the conductor of a demonstration: it sets up a folder with
// ordinary nodes, pairs them, starts them as processes, plays a scenario into
// their feeds in scenario time, and, without consoles, does through their HTTP
// API what the scenario says that people do. The nodes know nothing of it.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/scenarios"
	"github.com/kuroshio-watch/kuroshio/sim"
)

// Config is a demonstration.
type Config struct {
	Scenario string        // a shipped scenario's name, or a file
	Dir      string        // folder for the nodes; empty: a new temporary one
	Exe      string        // the kuroshio binary; each node is a process of it
	Speed    float64       // scenario seconds a second; 0: as fast as it goes
	At       time.Duration // skip so much of the scenario before the consoles open
	Until    time.Duration // end after so much of it; 0: its own end
	Headless bool          // no consoles: the scenario's acts are done by the conductor
	NoLink   bool          // the nodes are not paired: two separate pictures
	Report   string        // file for the report of a headless run
	Out      io.Writer     // for people
	Log      *slog.Logger

	// For tests.

	// KillAt makes a node die, as in a power cut, before that write to its tape
	// or store; it is started again, sent what its tape lacks, and dies before
	// the next number, counted from its new start.
	KillAt map[party.ID][]Kill
	// Lose tells of an emission that it is lost on the way.
	Lose func(sim.Emission) bool
	// OnStep is called after each step of a headless run; its error ends the run.
	OnStep func(ctx context.Context, d *Demo, now time.Time) error
}

// Kill is one death of a node: before its Nth write since its start, or, where
// Op is named, before its Nth write of that kind ("append" and "sync" of the
// tape, "commit" of the store).
type Kill struct {
	N  int
	Op string
}

// Cell is the third party: it has no sensors and sees what both release to it.
const Cell party.ID = "cell"

// Step is how much scenario time one step of a headless run takes, and the
// most that one step of a paced run takes.
const Step = 20 * time.Second

// pace is how often a paced run steps.
const pace = 250 * time.Millisecond

// Demo is a demonstration that is set up. Run plays it.
type Demo struct {
	cfg     Config
	world   *sim.World
	dir     string
	nodes   []*member // in the order of the scenario, cell last
	lines   []*line
	sender  *sim.Sender
	expect  map[string]map[string]uint64 // by party and feed
	acts    []pendingAct
	sent    []sentFrame // in this step, for a node that dies in it
	ports   []int       // of all that listen, for this run alone
	started time.Time
	steps   int
}

// sentFrame is an emission with the number of its feed's frames before it.
type sentFrame struct {
	sim.Emission
	before uint64
}

// Open parses the scenario and sets up the folder: keys, stores, people,
// policies and configurations. It starts nothing.
func Open(ctx context.Context, cfg Config) (*Demo, error) {
	world, err := openScenario(cfg.Scenario)
	if err != nil {
		return nil, err
	}
	d := &Demo{cfg: cfg, world: world, dir: cfg.Dir, expect: make(map[string]map[string]uint64)}
	if d.dir == "" {
		if d.dir, err = os.MkdirTemp("", "kuroshio-demo-"); err != nil {
			return nil, fmt.Errorf("make folder: %w", err)
		}
	}
	if old, err := os.ReadDir(d.dir); err == nil && len(old) > 0 {
		return nil, fmt.Errorf("folder %s is not empty: name a new one, or none for a temporary one", d.dir)
	}
	for _, a := range world.Scenario().Acts {
		d.acts = append(d.acts, pendingAct{Act: a})
	}
	if err := d.setUp(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("set up demonstration in %s: %w", d.dir, err), d.abandon())
	}
	return d, nil
}

// openScenario finds a shipped scenario by name, or reads a file.
func openScenario(name string) (*sim.World, error) {
	if _, err := os.Stat(name); err == nil {
		return sim.Open(os.DirFS(filepath.Dir(name)), filepath.Base(name))
	}
	if !strings.HasSuffix(name, ".scenario") {
		name += ".scenario"
	}
	return sim.Open(scenarios.FS, name)
}

// Dir returns the folder of the nodes.
func (d *Demo) Dir() string { return d.dir }

// readyTimeout is how long the nodes may take to start and to link.
const readyTimeout = 2 * time.Minute

// Run starts the nodes, plays the scenario and stops the nodes again.
func (d *Demo) Run(ctx context.Context) (err error) {
	d.started = time.Now()
	defer func() {
		err = errors.Join(err, d.stop())
		d.free()
	}()
	ready, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := d.start(ready); err != nil {
		return err
	}
	if !d.cfg.Headless {
		d.welcome()
	}
	end, err := d.play(ctx)
	if err != nil || ctx.Err() != nil {
		return err
	}
	if !d.cfg.Headless {
		return d.linger(ctx, end)
	}
	return d.report(ctx)
}

// linger lets time go on at life's own pace after the scenario's end, with
// what its sensors still see, until Ctrl-C: people at the consoles need not be
// done when the story is.
func (d *Demo) linger(ctx context.Context, now time.Time) error {
	fmt.Fprintf(d.cfg.Out, "\nThe scenario has ended. The consoles stay open and time goes on at x1; Ctrl-C stops the nodes.\n")
	d.cfg.Speed = 1
	for {
		var err error
		if now, err = d.stride(ctx, now, now.Add(Step)); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// play steps the scenario to its end, and returns the time there.
func (d *Demo) play(ctx context.Context) (time.Time, error) {
	sc := d.world.Scenario()
	end := sc.End
	if d.cfg.Until > 0 && sc.Start.Add(d.cfg.Until).Before(end) {
		end = sc.Start.Add(d.cfg.Until)
	}
	now := sc.Start
	if err := d.drive(ctx, now); err != nil { // the nodes' clocks begin
		return now, err
	}
	for now.Before(end) && ctx.Err() == nil {
		var err error
		if now, err = d.stride(ctx, now, end); err != nil {
			return now, err
		}
	}
	return now, nil
}

// stride plays one step from now, at most to end, waits for as long as it
// should take, and returns the time after it. Ctrl-C ends it, that is no
// failure.
func (d *Demo) stride(ctx context.Context, now, end time.Time) (time.Time, error) {
	dt, wait := d.rate(now)
	begun := time.Now()
	now = now.Add(dt)
	if now.After(end) {
		now = end
	}
	if err := d.step(ctx, now); err != nil {
		if ctx.Err() != nil {
			return now, nil //nolint:nilerr // see above
		}
		return now, fmt.Errorf("step to %s: %w", now.Format(time.TimeOnly), err)
	}
	sleep(ctx, wait-time.Since(begun))
	return now, nil
}

// rate returns how far the next step goes and how long it should take: at
// the configured speed, at life's own while a dialogue is open.
func (d *Demo) rate(now time.Time) (dt, wait time.Duration) {
	if d.cfg.Speed <= 0 || now.Before(d.world.Scenario().Start.Add(d.cfg.At)) {
		return Step, 0
	}
	speed := d.cfg.Speed
	if speed > 1 && d.dialogueOpen() {
		speed = 1
	}
	dt = time.Duration(float64(pace) * speed)
	return min(dt, Step), time.Duration(float64(min(dt, Step)) / speed)
}

// sleep waits for d, and reports false when ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// step plays the scenario up to now into the feeds, steps every node there,
// lets the links carry what is due, and does what people do.
func (d *Demo) step(ctx context.Context, now time.Time) error {
	if err := d.cutLines(ctx, now); err != nil {
		return fmt.Errorf("cut line: %w", err)
	}
	if err := d.emit(ctx, now); err != nil {
		return err
	}
	if err := d.drive(ctx, now); err != nil {
		return err
	}
	if err := d.flush(ctx); err != nil {
		return err
	}
	d.steps++
	if !d.cfg.Headless {
		return nil
	}
	did := false
	err := d.surviving(ctx, func(ctx context.Context) error {
		ok, err := d.act(ctx, now)
		did = did || ok
		return err
	})
	if err != nil {
		return err
	}
	if did {
		if err := d.flush(ctx); err != nil {
			return err
		}
	}
	if d.cfg.OnStep != nil {
		return d.cfg.OnStep(ctx, d, now)
	}
	return nil
}

// drive steps every node to now.
func (d *Demo) drive(ctx context.Context, now time.Time) error {
	return d.surviving(ctx, func(ctx context.Context) error {
		return d.each(func(m *member) error {
			if m.at.Equal(now) {
				return nil // it was before another one died
			}
			if err := m.step(ctx, now, d.expect[string(m.id)]); err != nil {
				return err
			}
			m.at = now
			return nil
		})
	})
}

// flush lets all links carry what is due.
func (d *Demo) flush(ctx context.Context) error {
	return d.surviving(ctx, func(ctx context.Context) error {
		ctx, cancel := d.untilDeath(ctx) // the partners of one that is gone would wait for it
		defer cancel()
		return d.each(func(m *member) error { return m.flush(ctx) })
	})
}

// emit sends what the sensors see up to now and counts it by feed.
func (d *Demo) emit(ctx context.Context, now time.Time) error {
	d.sent = d.sent[:0]
	var failed error
	d.world.Until(now, func(e sim.Emission) {
		if failed != nil {
			return
		}
		by := d.expect[string(e.Party)]
		if by == nil {
			by = make(map[string]uint64)
			d.expect[string(e.Party)] = by
		}
		if len(d.cfg.KillAt) > 0 {
			d.sent = append(d.sent, sentFrame{e, by[e.Feed]})
		}
		by[e.Feed] += uint64(e.Frames)
		if d.cfg.Lose == nil || !d.cfg.Lose(e) {
			failed = d.send(ctx, e)
		}
	})
	return failed
}

// each runs fn for all nodes at once and joins the errors.
func (d *Demo) each(fn func(*member) error) error {
	errs := make([]error, len(d.nodes))
	done := make(chan struct{})
	for i, m := range d.nodes {
		go func() {
			errs[i] = fn(m)
			done <- struct{}{}
		}()
	}
	for range d.nodes {
		<-done
	}
	return errors.Join(errs...)
}

// member returns the node of a party.
func (d *Demo) member(id party.ID) *member {
	for _, m := range d.nodes {
		if m.id == id {
			return m
		}
	}
	return nil
}
