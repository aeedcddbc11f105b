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
	"github.com/kuroshio-watch/kuroshio/internal/cputime"
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

// crowd is objects that fly straight over a square, what they tell of
// themselves, and radars that see what is within 300 km.
type crowd struct {
	cfg     mtt.Config
	rng     *rand.Rand
	starts  []geo.Point
	courses []geo.Degrees
	clutter int                  // false plots of a radar a second; a turn takes 10 s
	late    float64              // share of measurements that come 0.3 to 3 s late
	waiting [4][]mtt.Measurement // of the next seconds
}

// newCrowd makes a crowd over a square of side m, with six radars.
func newCrowd(objects, clutter int, side float64) *crowd {
	c := &crowd{cfg: registered(), rng: rand.New(rand.NewPCG(1, 2)), clutter: clutter}
	corner := geo.Point{LatDeg: 18, LonDeg: 118}
	at := func(east, north float64) geo.Point {
		return geo.Direct(geo.Direct(corner, 0, geo.Metres(north*side)), 90, geo.Metres(east*side))
	}
	c.cfg.Sensors = c.cfg.Sensors[:1]
	for i := range 6 {
		s := polarSensor(fmt.Sprint("radar", i), at((0.5+float64(i%3))/3, (0.8+1.4*float64(i/3))/3))
		s.Period, s.MaxRange = 10*time.Second, 300_000
		c.cfg.Sensors = append(c.cfg.Sensors, s)
	}
	for range objects {
		c.starts = append(c.starts, at(c.rng.Float64(), c.rng.Float64()))
		c.courses = append(c.courses, geo.Degrees(c.rng.Float64()*360))
	}
	return c
}

// inFours makes flights of four of the objects, 600 m apart.
func (c *crowd) inFours() *crowd {
	for i := range c.starts {
		lead := i - i%4
		c.starts[i], c.courses[i] = geo.Direct(c.starts[lead], c.courses[lead]+90, geo.Metres(600*(i%4))), c.courses[lead]
	}
	return c
}

// second returns the measurements of a second: 60 % of the objects tell where
// they are.
func (c *crowd) second(n int) []mtt.Measurement {
	var ms []mtt.Measurement
	now := float64(n)
	sensors := c.cfg.Sensors
	for i, p := range c.starts {
		p = straight(p, c.courses[i], 100, now)
		if i%5 < 3 {
			m := claimOf(now, uint32(i+1), p)
			m.Has |= mtt.HasVelocity
			m.Speed, m.Course = 100, c.courses[i]
			ms = append(ms, m)
		}
		for k := 1; k < len(sensors); k++ {
			if i%10 == n%10 && apart(sensors[k].Pos, p) < 295_000 {
				ms = append(ms, measured(&sensors[k], k, now+float64(k)/10, p, c.rng))
			}
		}
	}
	for k := 1; k < len(sensors); k++ {
		for range c.clutter {
			p := geo.Direct(sensors[k].Pos, geo.Degrees(c.rng.Float64()*360), geo.Metres(5000+290_000*c.rng.Float64()))
			ms = append(ms, measured(&sensors[k], k, now+float64(k)/10, p, c.rng))
		}
	}
	return c.delay(ms)
}

// delay holds measurements back that come late, and lets those come that did.
func (c *crowd) delay(ms []mtt.Measurement) []mtt.Measurement {
	out := c.waiting[0]
	copy(c.waiting[:], c.waiting[1:])
	c.waiting[3] = nil
	for i := range ms {
		if c.late == 0 || c.rng.Float64() >= c.late {
			out = append(out, ms[i])
			continue
		}
		seconds := int(float64(ms[i].Time.Nanosecond())/1e9 + 0.3 + 2.7*c.rng.Float64())
		if seconds == 0 {
			out = append(out, ms[i])
		} else {
			c.waiting[seconds-1] = append(c.waiting[seconds-1], ms[i])
		}
	}
	return out
}

// run measures seconds of a crowd, after a minute in which the tracks begin,
// and reports CPU time: the clock counts what else the machine does.
func (c *crowd) run(b *testing.B) {
	before := heap()
	tr, err := mtt.New(c.cfg)
	if err != nil {
		b.Fatal(err)
	}
	var outcomes []mtt.Outcome
	var events []mtt.Event
	n, plots := 0, 0
	step := func(ms []mtt.Measurement) {
		outcomes = tr.Observe(ms, outcomes[:0])
		events = tr.Advance(sec(float64(n)+0.95), events[:0])
		n++
		plots += len(ms)
	}
	for n < 60 {
		step(c.second(n))
	}
	b.ReportAllocs()
	plots = 0
	from := n
	var used time.Duration
	for b.Loop() {
		b.StopTimer()
		ms := c.second(n)
		b.StartTimer()
		begun := cputime.Used(b)
		step(ms)
		used += cputime.Used(b) - begun
	}
	outcomes, events = nil, nil
	b.ReportMetric(used.Seconds()/float64(n-from)*100, "%core")
	b.ReportMetric(float64(used.Nanoseconds())/1000/float64(plots), "cpu-µs/measurement")
	b.ReportMetric(float64(plots)/float64(n-from), "measurements/s")
	b.ReportMetric(float64(heap()-before)/1e6, "MB")
	b.ReportMetric(float64(tr.Len()), "tracks")
}

// BenchmarkTrack10k measures a second of 10,000 objects over 1,500 km square,
// with a hundred false plots a turn of each radar.
func BenchmarkTrack10k(b *testing.B) { newCrowd(10_000, 10, 1.5e6).run(b) }

// BenchmarkFormations measures the same in flights of four, with and without
// looking for formations.
func BenchmarkFormations(b *testing.B) {
	for _, on := range []bool{false, true} {
		b.Run(fmt.Sprintf("formations=%t", on), func(b *testing.B) {
			c := newCrowd(10_000, 10, 1.5e6).inFours()
			c.cfg.Formations = on
			c.run(b)
		})
	}
}

// BenchmarkTrack10kLate is the same with one measurement in twenty 0.3 to 3 s
// late.
func BenchmarkTrack10kLate(b *testing.B) {
	c := newCrowd(10_000, 10, 1.5e6)
	c.late = 0.05
	c.run(b)
}

// BenchmarkGrowth measures how the cost grows with objects, at one density and
// in one square, and with false plots.
func BenchmarkGrowth(b *testing.B) {
	for _, objects := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("objects=%d", objects), newCrowd(objects, 10, 1.5e6).run)
		b.Run(fmt.Sprintf("dense-objects=%d", objects), newCrowd(objects, 10, 0.5e6).run)
	}
	for _, turn := range []int{100, 500, 2000} {
		b.Run(fmt.Sprintf("clutter=%d", turn), newCrowd(1000, turn/10, 1.5e6).run)
	}
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

// BenchmarkTrack10kWorkers is the same with predictions ahead, by the clock as
// well as by the CPU time.
func BenchmarkTrack10kWorkers(b *testing.B) {
	for _, workers := range []int{0, 1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			c := newCrowd(10_000, 10, 1.5e6)
			if workers > 0 {
				c.cfg.Do = pool(workers)
			}
			c.run(b)
		})
	}
}
