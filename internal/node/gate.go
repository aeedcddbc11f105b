// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"sync/atomic"

	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// gate is an outbox that shows a session nothing new while it is shut. With
// stepped time the conductor opens it between steps, so that what a partner
// receives in a step does not depend on how fast the line is. A live node's
// gate is always open.
type gate struct {
	link.Outbox
	open atomic.Bool
}

func newGate(o link.Outbox, open bool) *gate {
	g := &gate{Outbox: o}
	g.open.Store(open)
	return g
}

// Records is Outbox.Records, or nothing while the gate is shut.
func (g *gate) Records(ctx context.Context, to party.ID, after uint64, limit int) ([]record.Item, error) {
	if !g.open.Load() {
		return nil, nil
	}
	return g.Outbox.Records(ctx, to, after, limit)
}

// States is Outbox.States, or link.ErrLater while the gate is shut.
func (g *gate) States(ctx context.Context, to party.ID, limit int) (*record.Batch, error) {
	if !g.open.Load() {
		return nil, link.ErrLater
	}
	return g.Outbox.States(ctx, to, limit)
}
