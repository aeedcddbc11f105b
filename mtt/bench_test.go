// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

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

// BenchmarkTrack10k measures a second of 10,000 objects over 1,500 km square:
// 60 % of them tell where they are once a second, six radars that turn in 10 s
// see what is within 300 km and a hundred false plots each a turn.
func BenchmarkTrack10k(b *testing.B) {
	cfg := registered()
	cfg.Sensors = cfg.Sensors[:1]
	corner := geo.Point{LatDeg: 18, LonDeg: 118}
	at := func(east, north float64) geo.Point {
		return geo.Direct(geo.Direct(corner, 0, geo.Metres(north)), 90, geo.Metres(east))
	}
	for i := range 6 {
		s := polarSensor(fmt.Sprint("radar", i), at(250_000+500_000*float64(i%3), 400_000+700_000*float64(i/3)))
		s.Period, s.MaxRange = 10*time.Second, 300_000
		cfg.Sensors = append(cfg.Sensors, s)
	}
	before := heap()
	tr, err := mtt.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	starts, courses := make([]geo.Point, 10_000), make([]geo.Degrees, 10_000)
	for i := range starts {
		starts[i] = at(1.5e6*rng.Float64(), 1.5e6*rng.Float64())
		courses[i] = geo.Degrees(rng.Float64() * 360)
	}
	second := func(n int) []mtt.Measurement {
		var ms []mtt.Measurement
		now := float64(n)
		for i, p := range starts {
			p = straight(p, courses[i], 100, now)
			if i%5 < 3 {
				m := claimOf(now, uint32(i+1), p)
				m.Has |= mtt.HasVelocity
				m.Speed, m.Course = 100, courses[i]
				ms = append(ms, m)
			}
			for k := 1; k < len(cfg.Sensors); k++ {
				if i%10 == n%10 && apart(cfg.Sensors[k].Pos, p) < 295_000 {
					ms = append(ms, measured(&cfg.Sensors[k], k, now+float64(k)/10, p, rng))
				}
			}
		}
		for k := 1; k < len(cfg.Sensors); k++ {
			for range 10 {
				p := geo.Direct(cfg.Sensors[k].Pos, geo.Degrees(rng.Float64()*360), geo.Metres(5000+290_000*rng.Float64()))
				ms = append(ms, measured(&cfg.Sensors[k], k, now+float64(k)/10, p, rng))
			}
		}
		return ms
	}
	var outcomes []mtt.Outcome
	var events []mtt.Event
	n, plots := 0, 0
	step := func(ms []mtt.Measurement) {
		outcomes = tr.Observe(ms, outcomes[:0])
		events = tr.Advance(sec(float64(n+1)), events[:0])
		n++
		plots += len(ms)
	}
	for n < 60 {
		step(second(n))
	}
	b.ReportAllocs()
	plots = 0
	from := n
	for b.Loop() {
		b.StopTimer()
		ms := second(n)
		b.StartTimer()
		step(ms)
	}
	outcomes, events = nil, nil
	b.ReportMetric(b.Elapsed().Seconds()/float64(n-from)*100, "%core")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(plots), "ns/plot")
	b.ReportMetric(float64(heap()-before)/1e6, "MB")
	b.ReportMetric(float64(tr.Len()), "tracks")
}

func measured(s *mtt.Sensor, sensor int, at float64, p geo.Point, rng *rand.Rand) mtt.Measurement {
	r, a := geo.SlantRange(s.Pos, s.Height, p, 5000)
	r += geo.Metres(rng.NormFloat64()) * s.SigmaRange
	a += geo.Degrees(rng.NormFloat64()) * s.SigmaAzimuth
	return mtt.Measurement{Time: sec(at), Sensor: sensor, Domain: mtt.Air, Has: mtt.HasPolar, Range: r, Azimuth: a}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
