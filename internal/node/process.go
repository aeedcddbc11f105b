// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"log/slog"
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
	if len(inputs) == 0 {
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
		return nil
	}
	l.after(outs)
	return outs
}

// note counts the frames on the tape by feed.
func (l *loop) note(in *engine.Input) {
	if in.Frame != nil {
		l.taped[in.Frame.Source] = max(l.taped[in.Frame.Source], in.Frame.Seq)
	}
}

// commit writes the outputs of all inputs through number last.
func (l *loop) commit(ctx context.Context, last uint64, inputs []*engine.Input, outs []engine.Outputs) bool {
	c := store.Commit{Tape: last, Now: l.clock()}
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
	if last-l.lastSnap >= snapshotEvery || l.finishing {
		if b, err := l.eng.Snapshot(); err == nil {
			c.Snapshot, c.SnapshotVersion = b, engine.SnapshotVersion
		}
	}
	if !l.persist(ctx, "write store", func() error { return l.store.Commit(ctx, c) }) {
		return false
	}
	if c.Snapshot != nil {
		l.pruneTape(last)
	}
	for _, to := range receivers(c.Sealed) {
		l.notify(to)
	}
	return true
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

// pruneTape drops what lies before the older of the two snapshots kept.
func (l *loop) pruneTape(snapshot uint64) {
	if err := l.tape.Prune(l.lastSnap); err != nil {
		l.log.Warn("old tape not removed", slog.Any("err", err))
	}
	l.lastSnap = snapshot
}

// persist runs write until it works or ctx ends. While it fails, the picture
// shows the problem.
func (l *loop) persist(ctx context.Context, what string, write func() error) bool {
	for {
		err := write()
		if err == nil {
			l.recovered()
			return true
		}
		if l.problem == "" {
			l.log.Error("store failed; intake stops until it works", slog.String("what", what), slog.Any("err", err))
		}
		l.problem = storeCode(err)
		l.publish(true)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(retryStore):
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
	if l.problem != "" {
		l.log.Info("store works again")
		l.problem = ""
	}
}

// after acts on what the outputs ask of the adapters.
func (l *loop) after(outs []engine.Outputs) {
	for i := range outs {
		if p := outs[i].Stop; p != "" {
			l.stop(p)
		}
		if p := outs[i].Resume; p != "" {
			l.resume(p)
		}
	}
	l.publish(false)
}

// publish makes a new view for the console: at once when forced, else at most
// every viewEvery.
func (l *loop) publish(force bool) {
	now := time.Now()
	if !force && now.Sub(l.lastView) < viewEvery {
		return
	}
	l.lastView = now
	v := l.eng.View()
	v.StoreProblem = l.problem
	l.view.Store(v)
	l.changed.send()
}

// finish tapes a last tick and keeps the state for a quick start.
func (l *loop) finish() error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	l.finishing = true
	if len(l.process(ctx, []*engine.Input{{At: l.clock(), Tick: &engine.Tick{}}})) == 0 {
		return errors.New("keep last snapshot: tape or store does not work; the next start replays the tape")
	}
	return nil
}
