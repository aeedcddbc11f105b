// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"testing"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// Where a radar sees an aircraft every second turn only, that is learnt from
// the misses between plots, and not from those after the last; and a silence is
// borne for longer there than elsewhere.
func TestARadarsProbabilityIsLearntByPlace(t *testing.T) {
	tr := newTracker(t)
	dim, bright, other := geo.Direct(placeA, 100, 100_000), geo.Direct(placeA, 10, 100_000), geo.Direct(placeA, 190, 100_000)
	turn := func(n int, plots ...geo.Point) {
		at := float64(4 * n)
		for _, p := range plots {
			observe(tr, polarOf(at, radarA, straight(p, 90, 50, at), 5000, nil))
		}
		for s := range 4 {
			tr.Advance(sec(at+float64(s)), nil)
		}
	}
	for n := range 60 {
		turn(n, other, bright)
		if n%2 == 0 {
			observe(tr, polarOf(float64(4*n)+0.1, radarA, straight(dim, 90, 50, float64(4*n)+0.1), 5000, nil))
		}
	}
	counts := func() (hits, gaps int) {
		s := tr.Snapshot().Sensors[radarA]
		for i := range s.Hits {
			hits, gaps = hits+int(s.Hits[i]), gaps+int(s.Gaps[i])
		}
		return hits, gaps
	}
	hits, gaps := counts()
	if gaps < 20 || gaps > 30 || hits < 120 {
		t.Fatalf("%d turns seen and %d missed, want some 140 and 25", hits, gaps)
	}
	alive := func() map[mtt.ID]bool {
		out := make(map[mtt.ID]bool)
		for _, e := range confirmed(tr) {
			out[e.ID] = true
		}
		return out
	}
	for n := 60; n < 60+18; n++ { // 72 s; the radar's patience is 60 s
		turn(n, other)
	}
	if got := alive(); !got[1] || got[2] || !got[3] {
		t.Errorf("tracks %v after 72 s, want 3 where the radar sees half, and not 2", got)
	}
	for n := 78; n < 78+8; n++ {
		turn(n, other)
	}
	if got := alive(); got[3] {
		t.Errorf("tracks %v after 104 s, want 3 to be lost", got)
	}
	if _, now := counts(); now != gaps {
		t.Errorf("%d missed turns, want %d: those after the last plot say nothing", now, gaps)
	}
}
