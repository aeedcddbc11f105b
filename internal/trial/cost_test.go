// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package trial_test

import (
	"cmp"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/internal/cputime"
	"github.com/kuroshio-watch/kuroshio/internal/trial"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// kind is what a measurement came from.
type kind int

const (
	primary kind = iota
	secondary
	claimed
	kinds
)

func (k kind) String() string { return [...]string{"PSR", "SSR", "ADS-B"}[k] }

// kindOf tells secondary plots by their address, code or height, and by the
// accuracy that primary ones leave to the sensor.
func kindOf(m *mtt.Measurement) kind {
	switch {
	case m.Has&mtt.HasPosition != 0:
		return claimed
	case m.Has&(mtt.HasAddress|mtt.HasModeA|mtt.HasHeight) != 0 || m.SigmaRange > 0:
		return secondary
	}
	return primary
}

// second is what came within a second, by time, and how much of each kind.
type second struct {
	now time.Time
	ms  []mtt.Measurement
	of  [kinds]float64
}

// secondsOf cuts measurements as a run does: at whole seconds, by their times
// or as they arrived.
func secondsOf(all []trial.Given, arrival bool) []second {
	came := func(g *trial.Given) int64 {
		if arrival {
			return g.Came
		}
		return g.Time.UnixNano()
	}
	slices.SortStableFunc(all, func(a, b trial.Given) int { return cmp.Compare(came(&a), came(&b)) })
	var out []second
	now := came(&all[0]) / 1e9 * 1e9
	for n := 0; n < len(all); now += 1e9 {
		s := second{now: time.Unix(0, now)}
		for ; n < len(all) && came(&all[n]) <= now; n++ {
			s.ms = append(s.ms, all[n].Measurement)
			s.of[kindOf(&all[n].Measurement)]++
		}
		slices.SortStableFunc(s.ms, func(a, b mtt.Measurement) int { return a.Time.Compare(b.Time) })
		out = append(out, s)
	}
	return out
}

// cost is what measurements after the first minute cost.
type cost struct {
	used, passing time.Duration // CPU time in all, and that of Advance
	allocations   uint64
	seconds       []second
	each          []time.Duration // of Observe in each second
}

// costOf runs seconds through a tracker. It takes the time of each second only
// where kinds must be told apart: to ask for it takes some microseconds.
func costOf(tb testing.TB, cfg mtt.Config, all []second, apart bool) cost {
	tb.Helper()
	tr, err := mtt.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	const first = 60
	var outcomes []mtt.Outcome
	var events []mtt.Event
	c := cost{seconds: all[first:], each: make([]time.Duration, 0, len(all))}
	for _, s := range all[:first] {
		outcomes = tr.Observe(s.ms, outcomes[:0])
		events = tr.Advance(s.now, events[:0])
	}
	outcomes, events = slices.Grow(outcomes, 100_000), slices.Grow(events, 100_000)
	runtime.GC()
	allocated := allocations()
	begun := cputime.Used(tb)
	for at, n := begun, 0; n < len(c.seconds); n++ {
		s := &c.seconds[n]
		outcomes = tr.Observe(s.ms, outcomes[:0])
		if apart {
			now := cputime.Used(tb)
			c.each = append(c.each, now-at)
			at = now
		}
		events = tr.Advance(s.now, events[:0])
		if apart {
			now := cputime.Used(tb)
			c.passing += now - at
			at = now
		}
	}
	c.used = cputime.Used(tb) - begun
	c.allocations = allocations() - allocated
	return c
}

func allocations() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// split returns what a measurement of each kind costs in µs. All kinds of a
// second are given to the tracker together, and plots of one sector of a radar's
// two parts are associated together. So their shares of Observe are those that
// explain the seconds best (least squares); that of Advance is the same for
// all.
func split(runs []cost) [kinds]float64 {
	var a [kinds][kinds + 1]float64
	var passing, n float64
	for _, r := range runs {
		passing += float64(r.passing.Nanoseconds()) / 1000
		for i, each := range r.each {
			of := &r.seconds[i].of
			for k := range kinds {
				for j := range kinds {
					a[k][j] += of[k] * of[j]
				}
				a[k][kinds] += of[k] * float64(each.Nanoseconds()) / 1000
				n += of[k]
			}
		}
	}
	for k := range kinds { // the matrix is positive definite where all kinds occur
		for j := range kinds {
			if f := a[j][k] / a[k][k]; j != k {
				for i := range a[j] {
					a[j][i] -= f * a[k][i]
				}
			}
		}
	}
	var out [kinds]float64
	for k := range kinds {
		out[k] = a[k][kinds]/a[k][k] + passing/n
	}
	return out
}

// What a measurement needs is made once and used again: what is left is that
// tables grow.
func TestMeasurementsDoNotAllocate(t *testing.T) {
	r := table(t)["S2"][0]
	for name, arrival := range map[string]bool{"time": false, "arrival": true} {
		cfg, all := trial.Read(t, r.meta, r.inputs...)
		c, plots := costOf(t, cfg, secondsOf(all, arrival), false), 0
		for i := range c.seconds {
			plots += len(c.seconds[i].ms)
		}
		if each := float64(c.allocations) / float64(plots); !(each < 0.02) || plots < 50_000 {
			t.Errorf("by %s: %.3f allocations a measurement over %d, want less than 0.02", name, each, plots)
		}
	}
	corpustest.Check(t)
}

// BenchmarkCost measures what a measurement costs on one core after the first
// minute, in CPU time and in allocations, without reading the file and with
// Advance every second. CPU time is that of the whole process.
func BenchmarkCost(b *testing.B) {
	dir := filepath.Join(corpustest.Dir(b), "tracking")
	for _, name := range []string{"S1", "S2", "S3"} {
		files := []string{"meas-1.jsonl.gz", "meas-2.jsonl.gz", "meas-3.jsonl.gz"}
		if name == "S2" {
			files = []string{"meas.jsonl.gz"}
		}
		for _, arrival := range []bool{false, true} {
			way := "/by=time"
			if arrival {
				way = "/by=arrival"
			}
			b.Run(name+way, func(b *testing.B) {
				var cfg mtt.Config
				var scenes [][]second
				for _, f := range files {
					r := corpusRun(b, filepath.Join(dir, name), "meta.json", f)
					setup, all := trial.Read(b, r.meta, r.inputs...)
					cfg, scenes = setup, append(scenes, secondsOf(all, arrival))
				}
				reportCost(b, cfg, scenes, name == "S2")
			})
		}
	}
}

func reportCost(b *testing.B, cfg mtt.Config, scenes [][]second, apart bool) {
	b.Helper()
	var runs []cost
	var used time.Duration
	var allocated uint64
	plots := 0
	for b.Loop() {
		for _, s := range scenes {
			c := costOf(b, cfg, s, apart)
			runs = append(runs, c)
			used, allocated = used+c.used, allocated+c.allocations
			for i := range c.seconds {
				plots += len(c.seconds[i].ms)
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(used.Nanoseconds())/1000/float64(plots), "cpu-µs/measurement")
	b.ReportMetric(float64(allocated)/float64(plots), "allocs/measurement")
	if apart {
		for k, each := range split(runs) {
			b.ReportMetric(each, "cpu-µs/"+kind(k).String())
		}
	}
}
