// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// takeInbox processes what came in. What is more than a batch holds is taken
// in another turn, so that feeds and people get theirs between.
func (l *loop) takeInbox(ctx context.Context) {
	inputs, more := l.partnerInputs(ctx, l.clock())
	if l.process(ctx, inputs); more {
		l.received()
	}
}

// partnerInputs returns the records that came in and are not on the tape yet,
// ordered by partner, lane and number, up to a batch; more reports that others
// wait.
func (l *loop) partnerInputs(ctx context.Context, at time.Time) (inputs []*engine.Input, more bool) {
	list, err := l.store.Pending(ctx)
	if err != nil {
		l.log.WarnContext(ctx, "inbox not read; tried again", slog.Any("err", err))
		l.again = true
		return nil, false
	}
	slices.SortFunc(list, func(a, b store.Received) int {
		return cmp.Or(cmp.Compare(a.Partner, b.Partner), cmp.Compare(a.Lane, b.Lane), cmp.Compare(a.Seq, b.Seq))
	})
	if more = len(list) > maxBatch; more {
		list = list[:maxBatch]
	}
	for _, r := range list {
		p := &engine.Partner{From: r.Partner, Lane: r.Lane, Seq: r.Seq}
		if err := l.fill(ctx, p); err != nil {
			l.log.WarnContext(ctx, "record not read; tried again", slog.Any("err", err))
			l.again = true
			return inputs, false
		}
		inputs = append(inputs, &engine.Input{At: at, Partner: p})
	}
	return inputs, more
}

// fill reads the content that the tape only refers to. Content whose key was
// destroyed stays nil: a tombstone.
func (l *loop) fill(ctx context.Context, p *engine.Partner) error {
	body, ok, err := l.store.Body(ctx, p.From, p.Lane, p.Seq)
	if err != nil {
		return err
	}
	if ok {
		p.Body = body
	}
	return nil
}

// housekeep looks at the feeds, digests the state lane each minute and tells
// the engine of outboxes that fill up.
func (l *loop) housekeep(ctx context.Context) {
	l.lookAtFeeds(ctx)
	l.tellSent(ctx)
	l.wipe(ctx)
	l.keys(ctx)
	now := l.clock()
	if at := now.Truncate(time.Minute); at.After(l.minute) {
		if err := l.store.DigestStates(ctx, now); err != nil {
			l.log.WarnContext(ctx, "states not digested; tried again", slog.Any("err", err))
		} else {
			l.minute = at
		}
		for _, p := range l.partners {
			l.notify(p)
		}
	}
	figures := make(map[party.ID]engine.LinkFigures, len(l.partners))
	for _, p := range l.partners {
		l.press(ctx, p)
		l.pulse(ctx, p, now)
		figures[p] = l.figuresOf(ctx, p)
	}
	l.figures.Store(&figures)
}

// How full an outbox is when release to that partner waits, and goes on.
const (
	pressureHigh = 0.9
	pressureLow  = 0.7
)

// resumePressure takes up the alarms of full outboxes from before the start.
func (l *loop) resumePressure() {
	for _, a := range l.eng.View().Alarms {
		if a.Rule == "outbox" && a.State != string(incident.Returned) {
			l.pressure[party.ID(a.Subject)] = true
		}
	}
}

func (l *loop) press(ctx context.Context, p party.ID) {
	pr, err := l.store.Pressure(ctx, p)
	if err != nil {
		return // the store's own alarm tells
	}
	full := l.pressure[p]
	switch {
	case !full && pr.Fill() >= pressureHigh:
		full = true
	case full && pr.Fill() <= pressureLow:
		full = false
	default:
		return
	}
	l.pressure[p] = full
	state := "ok"
	if full {
		state = "full"
	}
	l.process(ctx, []*engine.Input{{At: l.clock(), Event: &engine.Event{Kind: "pressure", Partner: p, State: state}}})
}
