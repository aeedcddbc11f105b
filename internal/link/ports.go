// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"errors"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// LogState is one journal log as its holder knows it.
type LogState = journal.LogState

// ErrLater is what Outbox.States returns while it may not look: it is asked
// again after the next Notify. It differs from there being nothing, since the
// first batch of a session can be one that the partner holds already.
var ErrLater = errors.New("ask later")

// Outbox is what a session reads to send. The store implements it; only
// sealed records are in it.
type Outbox interface {
	// Sent returns our own log towards the partner.
	Sent(ctx context.Context, to party.ID) (LogState, error)
	// SentAt returns the root of our log when it had size leaves.
	SentAt(ctx context.Context, to party.ID, size uint64) ([32]byte, error)
	// Records returns up to limit records after seq, in order, with their keys.
	Records(ctx context.Context, to party.ID, after uint64, limit int) ([]record.Item, error)
	// Acknowledged notes the partner's cosigned checkpoint; records up to size
	// will not be sent again.
	Acknowledged(ctx context.Context, to party.ID, size uint64, cosigned []byte) error
	// States returns the batch in flight, or forms a new one from the newest
	// states not yet acknowledged; nil when there is none. The same batch
	// (number and bytes) comes until StatesAcknowledged. See ErrLater.
	States(ctx context.Context, to party.ID, limit int) (*record.Batch, error)
	// StatesAcknowledged notes that the partner has batch n.
	StatesAcknowledged(ctx context.Context, to party.ID, n uint64) error
}

// Inbox is where a session puts what it received. Take* return after the
// commit: only then is an acknowledgement sent.
type Inbox interface {
	// Received returns the partner's log as we hold it.
	Received(ctx context.Context, from party.ID) (LogState, error)
	// TakeRecords commits items that follow the log without a gap and returns
	// the new state. Items at or below the present size are skipped.
	TakeRecords(ctx context.Context, from party.ID, epoch uint32, items []record.Item) (LogState, error)
	// Checkpoint keeps the partner's signed checkpoint with our cosignature.
	Checkpoint(ctx context.Context, from party.ID, size uint64, cosigned []byte) error
	// TakeStates commits a batch of states; a batch already held is skipped.
	TakeStates(ctx context.Context, from party.ID, b *record.Batch) error
	// LastStates returns the number of the last batch held.
	LastStates(ctx context.Context, from party.ID) (uint64, error)
}
