// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"log/slog"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/recall"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// cleanse puts into a commit what recalls and ends of retention ask for. Keys
// are destroyed in the transaction that keeps a snapshot without the content
// and no older one: a crash leaves both or neither.
func (l *loop) cleanse(c *store.Commit, outs []engine.Outputs) {
	for i := range outs {
		o := &outs[i]
		c.Cleanse = c.Cleanse || o.Cleanse
		for _, d := range o.Destroy {
			c.Destroy = append(c.Destroy, store.Received{Partner: d.From, Lane: record.LaneRecord, Seq: d.Seq})
		}
		for _, w := range o.Withdraw {
			c.Withdraw = append(c.Withdraw, store.Withdrawal(w))
		}
	}
}

// wipe takes the pages that held what is gone out of the write-ahead log. While
// somebody reads the store it is tried again.
func (l *loop) wipe(ctx context.Context) {
	if !l.scrub {
		return
	}
	if err := l.store.Wipe(context.WithoutCancel(ctx)); err != nil {
		l.log.DebugContext(ctx, "write-ahead log not emptied; tried again", slog.Any("err", err))
		return
	}
	l.scrub = false
}

// PeerView returns what a partner holds of ours, with record numbers and
// receipts.
func (n *Node) PeerView(ctx context.Context, to party.ID) (v engine.PeerView, err error) {
	if err := n.loop.ask(ctx, func(e *engine.Engine) { v = e.PeerView(to) }); err != nil {
		return v, err
	}
	o, err := n.store.OutboxView(ctx, to)
	if err != nil {
		return v, err
	}
	v.Records, v.Cosigned = o.Size, o.Cosigned
	for i := range v.Items {
		it := &v.Items[i]
		if it.Lane == "state" {
			it.Receipt = !o.WaitingObjects[it.Object]
			continue
		}
		r, ok := o.Records[it.ID]
		if !ok {
			continue
		}
		it.Record, it.Receipt = r.Seq, r.Seq <= o.Cosigned
		if it.State == "held" && r.Withdrawn {
			it.State = "withdrawn"
		}
	}
	return v, nil
}

// Received returns what this node holds of a partner's records, in order.
func (n *Node) Received(ctx context.Context, from party.ID) (list []recall.Received, err error) {
	err = n.loop.ask(ctx, func(e *engine.Engine) { list = e.Received(from) })
	return list, err
}

// Evidence returns a recalled record that was sealed; ok is false where there is
// none.
func (n *Node) Evidence(ctx context.Context, from party.ID, id record.ID) (r *record.Record, ok bool, err error) {
	var seq uint64
	if err := n.loop.ask(ctx, func(e *engine.Engine) { seq, ok = e.Evidence(from, id) }); err != nil || !ok {
		return nil, false, err
	}
	body, ok, err := n.store.Body(ctx, from, record.LaneRecord, seq)
	if err != nil || !ok {
		return nil, false, err
	}
	r, err = record.Decode(body)
	return r, err == nil, err
}
