// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/trial"
)

type trackCmd struct {
	Meta         string        `required:"" help:"Description of the sensors: JSON."`
	In           []string      `required:"" sep:"none" help:"Measurements: JSON lines, gzip or plain; several times to merge."`
	Out          string        `required:"" help:"Write the tracks there as JSON lines; - is standard output."`
	Until        string        `default:"t" enum:"t,rx" help:"A row holds what was measured until its time (t), or what had arrived by then (rx)."`
	HideIdentity bool          `help:"Ignore addresses and codes."`
	Every        time.Duration `default:"1s" help:"Spacing of the rows."`
	Plot         string        `help:"Draw the run there as SVG: plots, tracks, and errors over time where a truth is given."`
	Truth        string        `help:"Where objects really were: JSON lines, gzip or plain; for the drawing alone."`
}

// Run tracks.
func (c *trackCmd) Run(s streams) (err error) {
	meta, err := os.Open(c.Meta)
	if err != nil {
		return fmt.Errorf("read description: %w", err)
	}
	defer meta.Close() //nolint:errcheck // only read
	cfg := trial.Config{Meta: meta, Arrival: c.Until == "rx", HideIdentity: c.HideIdentity, Every: c.Every}
	for _, name := range c.In {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("read measurements: %w", err)
		}
		defer f.Close() //nolint:errcheck // only read
		cfg.Inputs = append(cfg.Inputs, f)
	}
	if c.Truth != "" {
		f, err := os.Open(c.Truth)
		if err != nil {
			return fmt.Errorf("read truth: %w", err)
		}
		defer f.Close() //nolint:errcheck // only read
		cfg.Truth = f
	}
	var done func() error
	if cfg.Out, done, err = create(c.Out, s.out); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	if c.Plot != "" {
		var drawn func() error
		if cfg.Picture, drawn, err = create(c.Plot, s.out); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, drawn()) }()
	}
	st, err := trial.Run(cfg)
	if err != nil {
		return err
	}
	return printTrial(s.err, &st)
}

func printTrial(w io.Writer, st *trial.Stats) error {
	each := 0.0
	if st.Measurements > 0 {
		each = float64(st.Used.Microseconds()) / float64(st.Measurements)
	}
	fmt.Fprintf(w, "%d measurements, %d tracks, %d rows; %.1f µs a measurement in the tracker\n", st.Measurements, st.Tracks, st.Rows, each)
	for _, reason := range slices.Sorted(maps.Keys(st.Refused)) {
		fmt.Fprintf(w, "refused %d: %s\n", st.Refused[reason], reason)
	}
	return nil
}
