// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// BenchmarkEngineStep steps the frames of all feeds of one party in ten minutes
// of a scenario, with their ticks: decode, track, watch, incident, release.
func BenchmarkEngineStep(b *testing.B) {
	p := film(b, "tw", 10*time.Minute, time.Second)
	e := p.begin(b)
	snap, err := e.Snapshot()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		if e, err = engine.Restore("tw", ids, snap); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		for _, list := range p.ticks {
			for _, in := range list {
				e.Step(e.Seq()+1, in)
			}
		}
	}
	b.ReportMetric(float64(p.frames*b.N)/b.Elapsed().Seconds(), "frames/s")
	b.ReportMetric(float64(len(p.ticks)*b.N)/b.Elapsed().Seconds(), "ticks/s")
}

// crowd returns an engine that holds n ADS-B aircraft, and what each of them
// sends at a time.
func crowd(b testing.TB, n int) (*engine.Engine, func(at time.Time)) {
	b.Helper()
	c := config(b)
	c.Feeds = []engine.FeedConfig{{Name: "adsb", Kind: "beast-tcp", Source: decode.Source{Format: frame.ModeS}}}
	e := engine.New("tw", ids)
	if out := e.Step(1, &engine.Input{At: start, Config: c}); out.Reply.Code != "" {
		b.Fatalf("configuration refused: %+v", out)
	}
	seq, odd := uint64(0), false
	send := func(at time.Time) {
		for i := range n {
			seq++
			p := geo.Point{LatDeg: 18.03 + 0.12*float64(i%100), LonDeg: 112.03 + 0.2*float64(i/100)}
			f := modes.EncodeAirbornePosition(modes.ICAO(0x700000+i), p, 30000, odd)
			e.Step(e.Seq()+1, &engine.Input{At: at, Frame: &frame.Frame{Source: "adsb", Seq: seq, Format: frame.ModeS, Received: at, Data: f[:]}})
		}
		odd = !odd
		e.Step(e.Seq()+1, &engine.Input{At: at, Tick: &engine.Tick{}})
	}
	for i := range 4 {
		send(start.Add(time.Duration(i) * 4 * time.Second))
	}
	return e, send
}

const tenThousand = 10_000

// BenchmarkView10k makes the picture of 10,000 tracks.
func BenchmarkView10k(b *testing.B) {
	e, _ := crowd(b, tenThousand)
	b.ReportAllocs()
	for b.Loop() {
		e.View()
	}
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/view")
}

// BenchmarkTick10k takes one position of each of 10,000 aircraft and the tick
// after them.
func BenchmarkTick10k(b *testing.B) {
	_, send := crowd(b, tenThousand)
	at := start.Add(16 * time.Second)
	b.ReportAllocs()
	for b.Loop() {
		at = at.Add(4 * time.Second)
		send(at)
	}
	b.ReportMetric(float64(tenThousand*b.N)/b.Elapsed().Seconds(), "frames/s")
}

// BenchmarkSnapshot10k keeps the state of 10,000 tracks.
func BenchmarkSnapshot10k(b *testing.B) {
	e, _ := crowd(b, tenThousand)
	var size int
	b.ReportAllocs()
	for b.Loop() {
		s, err := e.Snapshot()
		if err != nil {
			b.Fatal(err)
		}
		size = len(s)
	}
	b.ReportMetric(float64(size)/1e6, "MB")
}
