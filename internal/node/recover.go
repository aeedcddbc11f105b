// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// recover brings the engine to where the tape ends: the newest snapshot, then
// the tape after it. Outputs through number committed were committed before
// the stop and are not made again; those after it are committed now.
func (l *loop) recover(ctx context.Context, self party.ID, ids engine.IDs, committed uint64) error {
	l.opening = true
	defer func() { l.opening = false }()
	l.eng = engine.New(self, ids)
	n, _, body, err := l.store.Snapshot(ctx)
	switch {
	case err == nil:
		if l.eng, err = engine.Restore(self, ids, body); err != nil {
			return err
		}
		l.lastSnap = n
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	var inputs []*engine.Input
	var outs []engine.Outputs
	last := n
	err = l.tape.Read(n+1, func(i uint64, b []byte) error {
		in, err := engine.UnmarshalInput(b)
		if err != nil {
			return fmt.Errorf("input %d: %w", i, err)
		}
		if in.Partner != nil {
			if err := l.fill(ctx, in.Partner); err != nil {
				return err
			}
		}
		out := l.eng.Step(i, in)
		last = i
		if i > committed {
			inputs, outs = append(inputs, in), append(outs, out)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("replay tape: %w", err)
	}
	if now := l.eng.Now(); !now.IsZero() {
		l.now.set(now) // names the day of what is committed next
		l.tape.Roll(now)
	}
	if len(outs) > 0 && !l.commit(ctx, last, inputs, outs) {
		return fmt.Errorf("commit what the tape holds: %w", l.failure)
	}
	for feed, seq := range l.eng.LastSeqs() {
		l.taped[feed] = seq
	}
	l.log.InfoContext(ctx, "engine restored", slog.Uint64("snapshot", n), slog.Uint64("tape", last), slog.Int("committed_now", len(outs)))
	return l.reconfigure(ctx)
}

// reconfigure tapes the configuration where it is new or has changed. A policy
// that people activated stands over the file's.
func (l *loop) reconfigure(ctx context.Context) error {
	if text, activated := l.eng.ActivatedPolicy(); activated {
		if l.config.Policy == nil || !bytes.Equal(text.Data, l.config.Policy.Data) {
			l.log.WarnContext(ctx, "the policy that was activated at the console stands over the configuration's file")
		}
		l.config.Policy = text
	}
	if l.eng.Configured() && sameConfig(l.eng.Config(), *l.config) {
		l.publish(true)
		return nil
	}
	outs := l.process(ctx, []*engine.Input{{At: l.clock(), Config: l.config}})
	if len(outs) != 1 {
		return fmt.Errorf("take configuration: %w", l.failure)
	}
	if code := outs[0].Reply.Code; code != "" {
		return fmt.Errorf("take configuration: %s", code)
	}
	l.publish(true)
	return nil
}

// sameConfig compares two configurations as the tape would hold them.
func sameConfig(a, b engine.Config) bool {
	x, errX := engine.MarshalInput(&engine.Input{Config: &a})
	y, errY := engine.MarshalInput(&engine.Input{Config: &b})
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
