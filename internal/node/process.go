// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// process tapes the inputs, steps them and commits what comes out. A tape or a
// store that fails (a full disk) holds the inputs back: nothing is stepped
// that is not taped, nothing leaves that is not committed, and the picture
// says so until it works again. It returns the outputs, or nothing when ctx
// ended before the tape took the inputs.
func (l *loop) process(ctx context.Context, inputs []*engine.Input) []engine.Outputs {
	if len(inputs) == 0 || l.halted {
		return nil
	}
	bodies := make([][]byte, len(inputs))
	for i, in := range inputs {
		b, err := engine.MarshalInput(in)
		if err != nil {
			panic(err) // every caller builds inputs with one body
		}
		bodies[i] = b
	}
	var first uint64
	l.tape.Roll(l.clock())
	ok := l.persist(ctx, "write tape", func() (err error) {
		first, err = l.tape.Append(bodies)
		return err
	})
	if !ok {
		return nil
	}
	outs := make([]engine.Outputs, len(inputs))
	for i, in := range inputs {
		l.note(in)
		outs[i] = l.eng.Step(first+uint64(i), in)
	}
	if !l.commit(ctx, first+uint64(len(inputs))-1, inputs, outs) {
		l.halted = true
		return nil
	}
	l.after(outs)
	if !framesOnly(inputs) {
		l.publish(false)
	}
	l.record(ctx)
	return outs
}

// framesOnly reports whether the picture is as it was: frames wait for the
// tick.
func framesOnly(inputs []*engine.Input) bool {
	return !slices.ContainsFunc(inputs, func(in *engine.Input) bool { return in.Frame == nil })
}

// record puts it on the tape that tape or store had not worked.
func (l *loop) record(ctx context.Context) {
	if !l.mended {
		return
	}
	l.mended = false
	now := l.clock()
	l.process(ctx, []*engine.Input{
		{At: now, Event: &engine.Event{Kind: "store", State: "failed"}},
		{At: now, Event: &engine.Event{Kind: "store", State: "ok"}},
	})
	l.publish(true)
}

// note counts the frames on the tape by feed.
func (l *loop) note(in *engine.Input) {
	if in.Frame != nil {
		l.taped[in.Frame.Source] = max(l.taped[in.Frame.Source], in.Frame.Seq)
	}
}

// commit writes the outputs of all inputs through number last.
func (l *loop) commit(ctx context.Context, last uint64, inputs []*engine.Input, outs []engine.Outputs) bool {
	c := store.Commit{Tape: last, Now: l.clock(), Declared: l.declared()}
	for i := range outs {
		c.Sealed = append(c.Sealed, outs[i].Sealed...)
		for _, a := range outs[i].Audit {
			c.Audit = append(c.Audit, store.AuditEntry{At: a.At, By: a.Actor, Act: a.Act, Text: a.Detail})
		}
	}
	for i, in := range inputs {
		if p := in.Partner; p != nil {
			n := last - uint64(len(inputs)-1-i)
			c.Taped = append(c.Taped, store.Taped{Received: store.Received{Partner: p.From, Lane: p.Lane, Seq: p.Seq}, Tape: n})
		}
	}
	l.cleanse(&c, outs)
	if last-l.lastSnap >= snapshotEvery || l.finishing || c.Cleanse {
		if b, err := l.eng.Snapshot(); err != nil {
			l.log.ErrorContext(ctx, "snapshot not made, the tape grows", slog.Any("err", err))
		} else {
			c.Snapshot, c.SnapshotVersion = b, engine.SnapshotVersion
		}
	}
	ok := l.persist(ctx, "keep policy", func() error { return l.policies.keep(outs) }) && l.persist(ctx, "write store", func() error {
		// For a partner that was unpaired meanwhile there is no key to seal with.
		c.Sealed = slices.DeleteFunc(c.Sealed, func(s release.Sealed) bool { return !l.paired(s.To()) })
		return l.store.Commit(context.WithoutCancel(ctx), c) // a stop waits for it
	})
	if !ok {
		return false
	}
	if c.Snapshot != nil {
		if c.Cleanse {
			l.lastSnap = last // no older one is kept
			l.scrub = true
		}
		l.pruneTape(context.WithoutCancel(ctx), last)
	}
	l.wipe(ctx)
	for _, to := range receivers(c.Sealed) {
		l.notify(to)
	}
	return true
}

// declared says for which partners the joint plan lets be proved what passes.
func (l *loop) declared() map[party.ID]bool {
	m := make(map[party.ID]bool, len(l.partners))
	for _, p := range l.partners {
		m[p] = l.paired(p) && l.eng.ProofDeclared(p)
	}
	return m
}

func receivers(sealed []release.Sealed) []party.ID {
	var list []party.ID
	seen := make(map[party.ID]bool)
	for _, s := range sealed {
		if !seen[s.To()] {
			seen[s.To()] = true
			list = append(list, s.To())
		}
	}
	return list
}

// persist runs write until it works or ctx ends. While it fails, the picture
// shows the problem. A node that is not open yet does not wait: it can't start.
func (l *loop) persist(ctx context.Context, what string, write func() error) bool {
	for wait := retryMin; ; wait = min(2*wait, retryMax) {
		err := write()
		if err == nil {
			l.recovered()
			return true
		}
		l.failure = fmt.Errorf("%s: %w", what, err)
		if l.opening {
			return false
		}
		if l.problem == "" {
			l.log.Error("store failed; intake stops until it works", slog.String("what", what), slog.Any("err", err))
			l.since = time.Now()
		}
		l.problem = storeCode(err)
		l.publish(false)
		if !l.waitForStore(ctx, wait) {
			return false
		}
	}
}

// waitForStore waits before the next try and meanwhile answers who asks. A stop
// is kept: its link is closed already, and it goes on record when that is
// possible again. It reports false when ctx ended.
func (l *loop) waitForStore(ctx context.Context, wait time.Duration) bool {
	retry := time.NewTimer(wait)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-retry.C:
			return true
		case <-l.show.C:
			if l.stale {
				l.publish(true)
			}
		case q := <-l.queries:
			q.run(l.eng)
			close(q.done)
		case r := <-l.commands:
			if len(l.stops(&r.cmd)) > 0 {
				l.held = append(l.held, r.cmd) // bounded by the people at the consoles
			}
			r.reply <- engine.Reply{Code: "store-failed"}
		}
	}
}

func storeCode(err error) string {
	if errors.Is(err, store.ErrOutboxFull) {
		return "outbox-full"
	}
	return "store-failed"
}

func (l *loop) recovered() {
	l.failure = nil
	if l.problem == "" {
		return
	}
	l.log.Info("store works again")
	l.problem = ""
	l.mended = time.Since(l.since) >= storeAlarm
	l.publish(false)
}

// after acts on what the outputs ask of the adapters.
func (l *loop) after(outs []engine.Outputs) {
	for i := range outs {
		for _, p := range outs[i].Stop {
			l.stop(p)
		}
		if p := outs[i].Resume; p != "" && !l.stopAsked(p) {
			l.resume(p)
		}
	}
}

func (l *loop) stopAsked(p party.ID) bool {
	n := l.stopping[p]
	return n != nil && n.Load() > 0
}

// publish makes a new picture for the console: at once when forced, else when
// the last is old enough.
func (l *loop) publish(force bool) {
	begun := time.Now()
	if wait := l.viewGap - begun.Sub(l.lastView); !force && wait > 0 {
		if !l.stale {
			l.stale = true
			l.show.Reset(wait)
		}
		return
	}
	v := l.eng.View()
	v.StoreProblem = l.problem
	l.view.Store(v)
	l.changed.send()
	l.lastView, l.stale = time.Now(), false
	l.viewGap = min(max(share*l.lastView.Sub(begun), viewMin), viewMax)
}

// finishTime bounds the work of a stop.
const finishTime = 1500 * time.Millisecond

// finish tapes what the feeds left in the queue and a last tick, and keeps the
// state for a quick start.
func (l *loop) finish() {
	ctx, cancel := context.WithTimeout(context.Background(), finishTime)
	defer cancel()
	for more := !l.stepped; more && ctx.Err() == nil; {
		select {
		case f := <-l.frames:
			l.takeFrames(ctx, f)
		default:
			more = false
		}
	}
	l.finishing = true
	if len(l.process(ctx, []*engine.Input{{At: l.clock(), Tick: &engine.Tick{}}})) == 0 {
		l.log.Warn("last snapshot not kept; the next start replays the tape")
	}
}
