// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/drawing"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// LastErrors returns the GOSPA values that the picture of a run holds.
func LastErrors(tb testing.TB, meta, in, truth []byte) []drawing.Point {
	tb.Helper()
	m, err := readMeta(bytes.NewReader(meta))
	if err != nil {
		tb.Fatal(err)
	}
	cfg := Config{Meta: bytes.NewReader(meta), Inputs: []io.Reader{bytes.NewReader(in)}, Truth: bytes.NewReader(truth), Every: time.Second}
	p, err := newPicture(&cfg, m)
	if err != nil {
		tb.Fatal(err)
	}
	cfg.Watch = func(s Step) {
		if err := p.step(s.Now, s.Measurements, s.Tracks); err != nil {
			tb.Error(err)
		}
	}
	if _, err := Run(cfg); err != nil {
		tb.Fatal(err)
	}
	if err := p.write(io.Discard, &Stats{}); err != nil {
		tb.Fatal(err)
	}
	return p.errors.gospa
}

// DrawPlots draws plots in one step, without a tracker.
func DrawPlots(tb testing.TB, meta []byte, ms []mtt.Measurement) string {
	tb.Helper()
	m, err := readMeta(bytes.NewReader(meta))
	if err != nil {
		tb.Fatal(err)
	}
	p, err := newPicture(&Config{Every: time.Second}, m)
	if err != nil {
		tb.Fatal(err)
	}
	if err := p.step(time.Unix(1000, 0), ms, nil); err != nil {
		tb.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.write(&b, &Stats{}); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// Given is a measurement and when it came, in Unix ns.
type Given struct {
	mtt.Measurement
	Came int64
}

// Read returns what a run would give a tracker, by arrival, and the tracker's
// configuration.
func Read(tb testing.TB, meta []byte, in ...[]byte) (mtt.Config, []Given) {
	tb.Helper()
	m, err := readMeta(bytes.NewReader(meta))
	if err != nil {
		tb.Fatal(err)
	}
	cfg := Config{Arrival: true}
	for _, b := range in {
		cfg.Inputs = append(cfg.Inputs, bytes.NewReader(b))
	}
	all, err := readAll(&cfg, m, &Stats{Refused: make(map[string]int)})
	if err != nil {
		tb.Fatal(err)
	}
	var out []Given
	for i := range all {
		out = append(out, Given{all[i].Measurement, all[i].counts})
	}
	return m.config(), out
}
