// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// sentWatch tells the engine which messages the links have sent.
type sentWatch struct {
	through func(party.ID) uint64 // number of the last record that the link has sent
	unsent  map[party.ID]uint64   // messages that the engine was told wait in the outbox
}

// tellSent tells the engine which of the messages in each partner's outbox the
// link has sent. It looks only while some are not.
func (l *loop) tellSent(ctx context.Context) {
	for _, p := range l.partners {
		if !l.eng.Unsent(p) {
			continue
		}
		n, err := l.store.Waiting(ctx, p, record.KindMessage, l.sent.through(p))
		if err != nil {
			continue // the store's own alarm tells
		}
		if n != l.sent.unsent[p] || n == 0 {
			l.sent.unsent[p] = n
			l.process(ctx, []*engine.Input{{At: l.clock(), Event: &engine.Event{Kind: "sent", Partner: p, Count: n}}})
		}
	}
}
