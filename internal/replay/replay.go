// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package replay plays recordings through the engine by their own clock, at
// any speed, and writes what came out as JSON lines (docs/tracks-jsonl.md).
// The speed paces and changes nothing else: the same recordings give the same
// bytes.
//
// It does not decode or track itself, and records nothing: the tape of a node
// is another thing (internal/tape).
package replay

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

// Stepper takes what is replayed. Calls come in order from one goroutine. An
// error ends the replay.
type Stepper interface {
	// Frame takes one frame at the recordings' time now, which never goes back
	// though a frame's own time of receipt may.
	Frame(ctx context.Context, now time.Time, f *frame.Frame) error
	// Tick says that all frames up to now were given.
	Tick(ctx context.Context, now time.Time) error
	// Tracks returns the tracks by number. It is called after a tick and only
	// if they are written.
	Tracks() []engine.TrackView
}

// Config sets up a replay.
type Config struct {
	Feeds   []Feed
	Speed   float64 // 1 is as fast as it happened, 0 as fast as it can
	Stepper Stepper
	Tracks  io.Writer // JSON lines; nil writes none
	// Detail adds a line for each plot, each AIS message and each refusal.
	Detail bool
	// Wait waits until so much time has passed since Run began; nil does so by
	// this machine's clock.
	Wait func(ctx context.Context, since time.Duration) error
}

// Validate reports the first thing that is wrong with c.
func (c *Config) Validate() error {
	switch {
	case len(c.Feeds) == 0:
		return errors.New("replay: no feed")
	case c.Stepper == nil:
		return errors.New("replay: nothing to play to")
	case !(c.Speed >= 0) || math.IsInf(c.Speed, 0):
		return errors.New("replay: speed is no positive number")
	}
	return decode.Config{Sources: Sources(c.Feeds)}.Validate()
}

// Count is how often one reason refused something of a feed.
type Count struct {
	Feed   string `json:"feed"`
	Reason string `json:"reason"`
	Count  uint64 `json:"count"`
	Offset int64  `json:"offset"` // octets from the recording's start, of the last
}

// Stats is what a replay did.
type Stats struct {
	First   time.Time         `json:"first"` // frame's time of receipt
	Last    time.Time         `json:"last"`
	Frames  map[string]uint64 `json:"frames"` // by feed
	Plots   map[string]uint64 `json:"plots"`  // by feed
	Ticks   uint64            `json:"ticks"`
	Refused []Count           `json:"refused"` // by feed and reason
}

const (
	tick = time.Second
	// maxGap is how long ticks go on without a frame; the rest of a gap in the
	// recordings is skipped.
	maxGap = 10 * time.Minute
	// paceStep is how far the replay may run ahead of the wall.
	paceStep = 20 * time.Millisecond
)

// player is a running replay.
type player struct {
	cfg     Config
	decoder *decode.Decoder
	out     *writer
	stats   Stats
	counts  map[[2]string]*Count

	now    time.Time // never goes back
	ticked time.Time
	begun  time.Time // time of the first frame
	paced  time.Duration
	plots  []plot.Plot
	sweeps []plot.Sweep
}

// Run plays the recordings to their end, merged by time.
func Run(ctx context.Context, cfg Config) (*Stats, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	p := &player{cfg: cfg, counts: make(map[[2]string]*Count)}
	p.stats.Frames, p.stats.Plots = make(map[string]uint64), make(map[string]uint64)
	var err error
	if p.decoder, err = decode.New(decode.Config{Sources: Sources(cfg.Feeds)}); err != nil {
		return nil, err
	}
	if cfg.Wait == nil {
		p.cfg.Wait = wallWait(time.Now())
	}
	var buffered *bufio.Writer
	if cfg.Tracks != nil {
		buffered = bufio.NewWriterSize(cfg.Tracks, 64<<10)
		p.out = newWriter(buffered, cfg.Detail)
	}
	err = p.play(ctx)
	if buffered != nil {
		if flushErr := buffered.Flush(); flushErr != nil {
			err = errors.Join(err, fmt.Errorf("write tracks: %w", flushErr))
		}
	}
	if err != nil {
		return nil, err
	}
	p.stats.Refused = p.sortedCounts()
	return &p.stats, nil
}

func (p *player) play(ctx context.Context) error {
	m, err := newMerger(p.cfg.Feeds, p.bad)
	if err != nil {
		return err
	}
	defer m.close()
	for {
		f, err := m.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := p.frame(ctx, f); err != nil {
			return err
		}
	}
	if p.begun.IsZero() {
		return nil
	}
	return p.tick(ctx, p.now.Add(tick))
}

// frame lets time pass up to the frame and gives it on.
func (p *player) frame(ctx context.Context, f *frame.Frame) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.begun.IsZero() {
		p.begun, p.now, p.ticked = f.Received, f.Received, f.Received.Truncate(tick)
		p.stats.First = f.Received
	}
	if err := p.tick(ctx, f.Received); err != nil {
		return err
	}
	if f.Received.After(p.now) {
		p.now = f.Received
	}
	if err := p.pace(ctx); err != nil {
		return err
	}
	p.stats.Frames[f.Source]++
	p.stats.Last = p.now
	if err := p.decode(f); err != nil {
		return err
	}
	return p.cfg.Stepper.Frame(ctx, p.now, f)
}

// tick gives the ticks before t.
func (p *player) tick(ctx context.Context, t time.Time) error {
	gapEnds := p.now.Add(maxGap)
	for next := p.ticked.Add(tick); next.Before(t); next = p.ticked.Add(tick) {
		if next.After(gapEnds) { // straight to the last one before t
			next = t.Add(-1).Truncate(tick)
		}
		p.ticked = next
		p.now = later(p.now, next)
		if err := p.pace(ctx); err != nil {
			return err
		}
		p.stats.Ticks++
		if err := p.cfg.Stepper.Tick(ctx, next); err != nil {
			return err
		}
		if p.out == nil {
			continue
		}
		if err := p.out.tracks(next, p.cfg.Stepper.Tracks()); err != nil {
			return err
		}
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// pace waits until the wall has come as far as the recording.
func (p *player) pace(ctx context.Context) error {
	if p.cfg.Speed == 0 {
		return nil
	}
	due := time.Duration(float64(p.now.Sub(p.begun)) / p.cfg.Speed)
	if due < p.paced+paceStep {
		return nil
	}
	p.paced = due
	return p.cfg.Wait(ctx, due)
}

func wallWait(start time.Time) func(context.Context, time.Duration) error {
	return func(ctx context.Context, since time.Duration) error {
		wait := time.NewTimer(since - time.Since(start))
		defer wait.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wait.C:
			return nil
		}
	}
}

// decode writes down what a frame holds, apart from what the engine makes of
// it.
func (p *player) decode(f *frame.Frame) error {
	var err error
	p.plots, p.sweeps, err = p.decoder.Decode(f, p.plots[:0], p.sweeps[:0])
	p.stats.Plots[f.Source] += uint64(len(p.plots))
	var refusal *decode.Refusal
	var refused []*decode.Refusal
	if errors.As(err, &refusal) {
		refused = refusal.All()
	}
	for _, r := range refused {
		p.count(f.Source, r.Reason, f.Offset+r.Offset)
	}
	if p.out == nil {
		return nil
	}
	return p.out.frame(f, p.plots, p.decoder.Detail(), refused)
}

func (p *player) bad(feed string, b *Bad) error {
	p.count(feed, b.Reason, b.Offset)
	if p.out == nil {
		return nil
	}
	return p.out.bad(feed, b)
}

func (p *player) count(feed, reason string, offset int64) {
	c := p.counts[[2]string{feed, reason}]
	if c == nil {
		c = &Count{Feed: feed, Reason: reason}
		p.counts[[2]string{feed, reason}] = c
	}
	c.Count++
	c.Offset = offset
}
