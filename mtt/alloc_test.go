// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

// A tracker starts no goroutine, and the counts say nothing under the detector.

package mtt_test

import (
	"runtime"
	"testing"

	"github.com/kuroshio-watch/kuroshio/mtt"
)

// What a measurement needs is made once and used again. After a minute, what is
// left is ten allocations a second, or one in a hundred measurements: tracks that
// are more than ever before, and cells of the grid and copies that grow with them.
func TestMeasurementsDoNotAllocateAfterAMinute(t *testing.T) {
	crowds := map[string]struct {
		objects, clutter int
		side             float64
		late             float64
		inFours          bool
	}{
		"few objects":                {200, 10, 6e5, 0, false},
		"few, all of it late":        {200, 10, 6e5, 1, false},
		"many, a share late":         {1000, 10, 7e5, 0.05, false},
		"a dense square":             {500, 10, 1.1e5, 0, false},
		"2,000 false plots, late":    {100, 200, 1.5e6, 0.3, false},
		"flights of four, some late": {800, 10, 7e5, 0.05, true},
	}
	for name, s := range crowds {
		t.Run(name, func(t *testing.T) {
			c := newCrowd(s.objects, s.clutter, s.side)
			if c.late = s.late; s.inFours {
				c.inFours()
			}
			tr, err := mtt.New(c.cfg)
			if err != nil {
				t.Fatal(err)
			}
			outcomes, events := make([]mtt.Outcome, 0, 10_000), make([]mtt.Event, 0, 10_000)
			var formations []mtt.Formation
			plots, made := 0, uint64(0)
			for n := range 70 {
				ms := c.second(n)
				before := mallocs()
				outcomes = tr.Observe(ms, outcomes[:0])
				events = tr.Advance(sec(float64(n)+0.95), events[:0])
				formations = tr.Formations(sec(float64(n)+0.95), formations[:0])
				if n >= 60 {
					plots, made = plots+len(ms), made+mallocs()-before
				}
			}
			if s.inFours && len(formations) < 50 {
				t.Errorf("%d formations, want 50 at least", len(formations))
			}
			if most := max(10*10, uint64(plots)/100); made > most || plots < 2000 {
				t.Errorf("%d allocations of %d measurements in ten seconds, want at most %d", made, plots, most)
			}
		})
	}
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}
