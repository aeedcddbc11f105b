// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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
	fsys, name := os.DirFS(filepath.Dir(c.Scenario)), filepath.Base(c.Scenario)
	if _, err := os.Stat(c.Scenario); err != nil {
		fsys, name = scenarios.FS, strings.TrimSuffix(c.Scenario, ".scenario")+".scenario"
	}
	w, err := sim.Open(fsys, name)
	if err != nil {
		return err
	}
	if c.Speed <= 0 {
		return fmt.Errorf("--speed %g: want a number above 0", c.Speed)
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
