// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

// encoding/json keeps its scanners in a sync.Pool, which forgets at random under
// the race detector.

package decode_test

import (
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

// TestDecodeAllocatesNothing holds it of each format by itself.
func TestDecodeAllocatesNothing(t *testing.T) {
	of := make(map[frame.Format][]frame.Frame)
	for _, f := range steady(t) {
		of[f.Format] = append(of[f.Format], f)
	}
	for format := frame.ModeS; format <= frame.SignalK; format++ {
		t.Run(format.String(), func(t *testing.T) {
			d, got := newDecoder(t), 0
			plots, sweeps := make([]plot.Plot, 0, 16), make([]plot.Sweep, 0, 16)
			allocs := testing.AllocsPerRun(200, func() {
				for i := range of[format] {
					var err error
					if plots, sweeps, err = d.Decode(&of[format][i], plots[:0], sweeps[:0]); err != nil {
						t.Fatal(err)
					}
					got += len(plots)
				}
			})
			if allocs != 0 || got < 200 {
				t.Errorf("%v allocations in %d frames, %d plots", allocs, len(of[format]), got)
			}
		})
	}
}
