// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/demo"
)

type demoCmd struct {
	Scenario string        `default:"2023-08-28" help:"A shipped scenario, or a file."`
	Speed    string        `default:"60" help:"Scenario seconds a second, or max."`
	At       time.Duration `help:"Begin that far into the scenario (what is before is played as fast as it goes)."`
	Until    time.Duration `help:"End that far into the scenario."`
	Dir      string        `type:"path" help:"Folder for the nodes; a new temporary one where none is named."`
	Headless bool          `help:"No consoles: play the scenario to its end, do what it says that people do, and stop."`
	Report   string        `type:"path" help:"File for the report of a headless run."`
	NoLink   bool          `help:"Leave the nodes unpaired: two separate pictures."`
}

// Run plays the demonstration.
func (c *demoCmd) Run(ctx context.Context, s streams) error {
	speed := 0.0
	if c.Speed != "max" {
		var err error
		if speed, err = strconv.ParseFloat(c.Speed, 64); err != nil || !(speed > 0 && speed <= 1000) {
			return fmt.Errorf("--speed %s: want a number above 0 and up to 1000, or max", c.Speed)
		}
	}
	if err := checkScenario(c.Scenario); err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own binary: %w", err)
	}
	d, err := demo.Open(ctx, demo.Config{
		Scenario: c.Scenario, Dir: c.Dir, Exe: exe, Speed: speed, At: c.At, Until: c.Until,
		Headless: c.Headless, NoLink: c.NoLink, Report: c.Report, Out: s.out, Log: logger(s.err, false),
	})
	if err != nil {
		return err
	}
	return d.Run(ctx)
}
