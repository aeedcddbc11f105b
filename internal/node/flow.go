// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"log/slog"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// How a partner's counters move with ours.
const (
	flowOK     = "ok"
	flowSilent = "silent" // the line is up, but its engine gives no sign
	flowStuck  = "stuck"  // its engine gives signs, but takes nothing of what we send
)

// flowBeats is how many heartbeats may pass before a person is told.
const flowBeats = 3

// flow judges the counters of one partner. A line can be up while nothing gets
// through: a node whose engine hangs, a share that is used up, a record that is
// never taken.
type flow struct {
	up      time.Time  // since when the link is up; zero while it is not
	mark    store.Flow // ours, which the partner must reach
	marked  time.Time
	flowing string // as it was told last
}

// look returns how the counters move at now.
func (f *flow) look(now time.Time, up bool, c store.Flow, every time.Duration) string {
	if !up {
		f.up = time.Time{}
		return flowOK // the line's own alarm tells
	}
	limit := flowBeats * every
	if f.up.IsZero() {
		f.up, f.mark, f.marked = now, c, now
	}
	reached := c.TookRecords >= f.mark.Records && c.TookBatches >= f.mark.Batches
	if reached || c.Records < f.mark.Records { // or our log began anew
		f.mark, f.marked = c, now
	}
	heard := f.up
	if c.Heard.After(heard) {
		heard = c.Heard
	}
	switch {
	case now.Sub(heard) > limit:
		return flowSilent
	case now.Sub(f.marked) > limit:
		return flowStuck
	}
	return flowOK
}

// resumeFlow takes up the alarms from before the start.
func (l *loop) resumeFlow() {
	for _, p := range l.partners {
		l.flows[p] = &flow{flowing: flowOK}
	}
	for _, a := range l.eng.View().Alarms {
		if f := l.flows[party.ID(a.Subject)]; f != nil && a.Rule == "flow" && a.State != string(incident.Returned) {
			f.flowing = flowStuck
		}
	}
}

// pulse writes the heartbeat for the partner when it is due, and compares its
// counters with ours.
func (l *loop) pulse(ctx context.Context, p party.ID, now time.Time) {
	state := l.linkState(p)
	if state == "" || state == link.Stopped || !l.paired(p) {
		return // nothing leaves
	}
	wrote, err := l.store.Beat(ctx, p, now, l.heartbeat)
	if err != nil {
		l.log.WarnContext(ctx, "heartbeat not written; tried again", slog.Any("err", err))
		return
	}
	if wrote {
		l.notify(p)
	}
	c, err := l.store.Flow(ctx, p)
	if err != nil {
		return // the store's own alarm tells
	}
	f := l.flows[p]
	is := f.look(now, state == link.Up || state == link.Degraded, c, l.heartbeat)
	if is == f.flowing {
		return
	}
	f.flowing = is
	l.log.InfoContext(ctx, "flow changed", slog.String("partner", string(p)), slog.String("state", is))
	l.process(ctx, []*engine.Input{{At: now, Event: &engine.Event{Kind: "flow", Partner: p, State: is}}})
}
