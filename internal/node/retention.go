// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"log/slog"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/tape"
)

// pruneTape drops what neither a start, nor the past that is kept, nor the
// configuration wants of the tape.
func (l *loop) pruneTape(ctx context.Context, snapshot uint64) {
	restart := l.lastSnap // the one before: where a start could fall back to
	l.lastSnap = snapshot
	first, err := l.store.FirstSnapshot(ctx)
	if err != nil {
		l.log.WarnContext(ctx, "old tape not removed", slog.Any("err", err))
		return
	}
	segs, err := l.tape.Segments()
	if err == nil {
		before, short := tapeStart(l.retention, segs, first, restart, l.clock())
		if short {
			l.log.WarnContext(ctx, "tape is at its max_bytes: the past that is kept is shorter than policy.keep_past")
		}
		err = l.tape.Prune(before)
	}
	if err != nil {
		l.log.WarnContext(ctx, "old tape not removed", slog.Any("err", err))
	}
}

// tapeStart returns the number below which the tape may go: need is the oldest
// snapshot that is kept, restart one that a start may read on from. Short says
// that the bound on the size cuts off what need asks for.
func tapeStart(c config.Tape, segs []tape.Segment, need, restart uint64, now time.Time) (before uint64, short bool) {
	before = need
	if c.Keep > 0 {
		before = min(before, youngest(segs, now.Add(-time.Duration(c.Keep))))
	}
	if c.MaxBytes == 0 {
		return before, false
	}
	var octets int64
	for _, s := range segs {
		if s.Last >= before {
			octets += s.Octets
		}
	}
	for _, s := range segs {
		if octets <= c.MaxBytes || s.Last >= restart {
			break
		}
		if s.Last >= before {
			octets -= s.Octets
			before = s.Last + 1
		}
	}
	return before, before > need
}

// youngest returns the first entry of the first segment that may hold one not
// older than since. A segment whose hour is not known is as old as the next.
func youngest(segs []tape.Segment, since time.Time) uint64 {
	for i, s := range segs {
		hour := s.Hour
		for j := i + 1; hour.IsZero() && j < len(segs); j++ {
			hour = segs[j].Hour
		}
		if hour.IsZero() || hour.Add(time.Hour).After(since) {
			return s.First
		}
	}
	return 0
}
