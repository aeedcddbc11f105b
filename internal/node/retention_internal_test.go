// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/tape"
)

// TestTapeStart holds what of a tape may go. Its segments hold ten entries and
// 100 octets each, from 6 o'clock on; it is a quarter past 10.
func TestTapeStart(t *testing.T) {
	six := time.Date(2026, 11, 28, 6, 0, 0, 0, time.UTC)
	segs := make([]tape.Segment, 5)
	for i := range segs {
		n := uint64(10*i + 1)
		segs[i] = tape.Segment{First: n, Last: n + 9, Octets: 100, Hour: six.Add(time.Duration(i) * time.Hour)}
	}
	unknown := append([]tape.Segment(nil), segs...)
	unknown[0].Hour, unknown[1].Hour = time.Time{}, time.Time{}
	hours := func(n float64) config.Duration { return config.Duration(n * float64(time.Hour)) }
	tests := map[string]struct {
		cfg           config.Tape
		segs          []tape.Segment
		need, restart uint64
		want          uint64
		short         bool
	}{
		"no bound but what the past needs":         {segs: segs, need: 25, restart: 45, want: 25},
		"an age above what the past needs":         {cfg: config.Tape{Keep: hours(3)}, segs: segs, need: 45, restart: 48, want: 11},
		"an age below what the past needs":         {cfg: config.Tape{Keep: hours(1)}, segs: segs, need: 25, restart: 45, want: 25},
		"an age that all is within":                {cfg: config.Tape{Keep: hours(72)}, segs: segs, need: 45, restart: 48, want: 1},
		"hours that are not known":                 {cfg: config.Tape{Keep: hours(2.5)}, segs: unknown, need: 45, restart: 48, want: 11 - 10},
		"a size that is kept to":                   {cfg: config.Tape{MaxBytes: 300}, segs: segs, need: 25, restart: 45, want: 25},
		"a size that cuts the past":                {cfg: config.Tape{MaxBytes: 200}, segs: segs, need: 5, restart: 45, want: 31, short: true},
		"a size that cuts the age":                 {cfg: config.Tape{Keep: hours(72), MaxBytes: 300}, segs: segs, need: 45, restart: 45, want: 21},
		"a size that a start's tape is above":      {cfg: config.Tape{MaxBytes: 10}, segs: segs, need: 5, restart: 25, want: 21, short: true},
		"a size before there are two snapshots":    {cfg: config.Tape{MaxBytes: 10}, segs: segs, need: 0, restart: 0, want: 0},
		"an age before there is a snapshot":        {cfg: config.Tape{Keep: hours(1)}, segs: segs, need: 0, restart: 0, want: 0},
		"a tape with nothing but its last segment": {cfg: config.Tape{MaxBytes: 1, Keep: hours(1)}, segs: segs[4:], need: 45, restart: 48, want: 41},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			got, short := tapeStart(tt.cfg, tt.segs, tt.need, tt.restart, six.Add(4*time.Hour+15*time.Minute))
			if got != tt.want || short != tt.short {
				t.Errorf("tapeStart = %d, %v, want %d, %v", got, short, tt.want, tt.short)
			}
		})
	}
}
