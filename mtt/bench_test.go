// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"math/rand/v2"
	"testing"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// BenchmarkObserve measures one turn of a radar and a second of claims over
// and over: 200 objects by radar, 800 that tell where they are.
func BenchmarkObserve(b *testing.B) {
	tr := newTracker(b)
	rng := rand.New(rand.NewPCG(1, 1))
	starts := make([]geo.Point, 1000)
	courses := make([]geo.Degrees, len(starts))
	for i := range starts {
		starts[i] = geo.Direct(placeA, geo.Degrees(rng.Float64()*360), geo.Metres(20_000+rng.Float64()*350_000))
		courses[i] = geo.Degrees(rng.Float64() * 360)
	}
	second := func(n int) []mtt.Measurement {
		var ms []mtt.Measurement
		at := float64(n)
		for i, p := range starts {
			p = straight(p, courses[i], 100, at)
			switch {
			case i >= 200:
				ms = append(ms, claimOf(at, uint32(i), p))
			case i%4 == n%4:
				ms = append(ms, polarOf(at, radarA, p, 5000, rng))
			}
		}
		return ms
	}
	var outcomes []mtt.Outcome
	var events []mtt.Event
	n, plots := 0, 0
	step := func(ms []mtt.Measurement) {
		outcomes = tr.Observe(ms, outcomes[:0])
		events = tr.Advance(sec(float64(n)), events[:0])
		n++
		plots += len(ms)
	}
	for n < 40 {
		step(second(n))
	}
	b.ReportAllocs()
	plots = 0
	for b.Loop() {
		b.StopTimer()
		ms := second(n)
		b.StartTimer()
		step(ms)
	}
	b.ReportMetric(float64(plots)/b.Elapsed().Seconds(), "plots/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(plots), "ns/plot")
}
