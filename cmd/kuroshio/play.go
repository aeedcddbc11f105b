// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/scenarios"
	"github.com/kuroshio-watch/kuroshio/sim"
)

type simCmd struct {
	Scenario string            `arg:"" help:"A shipped scenario, or a file."`
	Addr     map[string]string `required:"" help:"Address of each feed: NAME=HOST:PORT. UDP feeds are sent there, Beast feeds listen there."`
	Speed    float64           `default:"1" help:"Scenario seconds a second."`
}

// Run plays a scenario's feeds.
func (c *simCmd) Run(ctx context.Context, s streams) error {
	if !(c.Speed > 0 && c.Speed <= 1e6) {
		return fmt.Errorf("--speed %g: want a number above 0 and up to 1000000", c.Speed)
	}
	if err := checkScenario(c.Scenario); err != nil {
		return err
	}
	fsys, name := os.DirFS(filepath.Dir(c.Scenario)), filepath.Base(c.Scenario)
	if _, err := os.Stat(c.Scenario); err != nil {
		fsys, name = scenarios.FS, shipped(c.Scenario)
	}
	w, err := sim.Open(fsys, name)
	if err != nil {
		return err
	}
	for feed := range c.Addr {
		if !slices.ContainsFunc(w.Scenario().Feeds(), func(f sim.Feed) bool { return f.ID == feed }) {
			return fmt.Errorf("--addr %s: the scenario has no feed of that name", feed)
		}
	}
	var feeds []sim.Feed
	for _, f := range w.Scenario().Feeds() {
		if c.Addr[f.ID] != "" {
			feeds = append(feeds, f)
		}
	}
	sender, err := sim.OpenSender(feeds, c.Addr)
	if err != nil {
		return err
	}
	defer sender.Close() //nolint:errcheck // sockets of a program that ends
	begun := time.Now()
	for now := w.Now(); !w.Done(); {
		now = now.Add(time.Second)
		var failed error
		w.Until(now, func(e sim.Emission) {
			if c.Addr[e.Feed] != "" && failed == nil {
				failed = sender.Send(ctx, e)
			}
		})
		if failed != nil {
			return failed
		}
		due := time.Duration(float64(now.Sub(w.Scenario().Start)) / c.Speed)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(due - time.Since(begun)):
		}
	}
	for _, n := range sender.Counts() {
		fmt.Fprintf(s.out, "%-16s %d frames\n", n.Feed, n.Frames)
	}
	return nil
}

// shipped returns the file of a scenario that is shipped with the program.
func shipped(name string) string { return strings.TrimSuffix(name, ".scenario") + ".scenario" }

// checkScenario says what may be named where a name is wrong.
func checkScenario(name string) error {
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	if _, err := fs.Stat(scenarios.FS, shipped(name)); err == nil {
		return nil
	}
	files, err := fs.Glob(scenarios.FS, "*.scenario")
	if err != nil {
		return err
	}
	for i := range files {
		files[i] = strings.TrimSuffix(files[i], ".scenario")
	}
	return fmt.Errorf("scenario %q: no file, and none of the shipped ones: %s", name, strings.Join(files, ", "))
}
