// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package modes_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/internal/cputime"
	"github.com/kuroshio-watch/kuroshio/modes"
)

func BenchmarkDecodeCorpus(b *testing.B) {
	dir := corpustest.Dir(b)
	for _, name := range []string{"toulouse", "ulss7"} {
		b.Run(name, func(b *testing.B) {
			path := filepath.Join(dir, "modes", name+".tsv.gz")
			if _, err := os.Stat(path); err != nil {
				b.Skip(err)
			}
			cfg := modes.DefaultConfig()
			cfg.Receiver, cfg.HasReceiver = modes.Receiver{Pos: toulouse}, name == "toulouse"
			benchmarkDecode(b, cfg, readFrames(b, path))
		})
	}
}

func BenchmarkDecodeGenerated(b *testing.B) {
	sky := generate(b, 1, 200)
	benchmarkDecode(b, modes.DefaultConfig(), sky.frames)
}

// benchmarkDecode decodes the frames over and over, each round later than the
// one before, as a recording in a loop with honest times.
func benchmarkDecode(b *testing.B, cfg modes.Config, frames []timed) {
	d := modes.NewDecoder(cfg)
	span := frames[len(frames)-1].at.Sub(frames[0].at) + time.Second
	var r modes.Report
	var shift time.Duration
	var positions, n int
	b.ReportAllocs()
	before := cputime.Used(b)
	for b.Loop() {
		f := &frames[n%len(frames)]
		if d.Decode(f.at.Add(shift), f.msg, &r) == nil && r.HasPosition {
			positions++
		}
		if n++; n%len(frames) == 0 {
			shift += span
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "frames/s")
	b.ReportMetric((cputime.Used(b)-before).Seconds()/float64(n)*1e6, "CPU-s/Mframes")
	b.ReportMetric(float64(positions)/float64(n)*100, "%positions")
}
