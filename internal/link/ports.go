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

var (
	// ErrQuota is wrapped by Inbox.TakeRecords and TakeStates when the partner has
	// used up its share of the day. Nothing was taken.
	ErrQuota = journal.ErrQuota
	// ErrNotAgreed is wrapped by Inbox.NextEpoch when no person has agreed that the
	// partner begins its log anew.
	ErrNotAgreed = journal.ErrNotAgreed
)

// Outbox is what a session reads to send. The store implements it; only
// sealed records are in it.
type Outbox interface {
	// Sent returns our own log towards the partner.
	Sent(ctx context.Context, to party.ID) (LogState, error)
	// SentAt returns the root of our log when it had size leaves.
	SentAt(ctx context.Context, to party.ID, size uint64) ([32]byte, error)
	// Reopen begins a new epoch of our log, if a person has ordered it, which quotes
	// what the partner holds: the state that it has cosigned last with its receipt,
	// and its last batch of states. ok is false when nobody has ordered it.
	Reopen(ctx context.Context, to party.ID, quote *journal.Succession, states uint64) (s LogState, ok bool, err error)
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
	// Unattested returns the next leaves of our log that are receipted, that the
	// joint plan lets be attested and that are not yet; nil when there are none.
	Unattested(ctx context.Context, to party.ID) (*journal.Attestation, error)
	// Attested keeps an attestation that both sides have signed.
	Attested(ctx context.Context, to party.ID, cosigned []byte) error
	// AttestFrom notes that the partner attests nothing before that leaf.
	AttestFrom(ctx context.Context, to party.ID, first uint64) error
}

// Inbox is where a session puts what it received. Take* return after the
// commit: only then is an acknowledgement sent.
type Inbox interface {
	// Received returns the partner's log as we hold it.
	Received(ctx context.Context, from party.ID) (LogState, error)
	// Receipt returns the last checkpoint of the partner's log that we cosigned, nil
	// when there is none.
	Receipt(ctx context.Context, from party.ID) ([]byte, error)
	// NextEpoch ends the partner's log and begins that of a later epoch, if the quote
	// is exactly of what we have cosigned and a person has agreed (ErrNotAgreed). A
	// wrong quote is an error that wraps journal.ErrRoot.
	NextEpoch(ctx context.Context, from party.ID, epoch uint32, quote *journal.Succession) (LogState, error)
	// Room reports whether the partner's share of the day is not used up.
	Room(ctx context.Context, from party.ID) (bool, error)
	// TakeRecords commits items that follow the log without a gap and returns
	// the new state. Items at or below the present size are skipped. See ErrQuota.
	TakeRecords(ctx context.Context, from party.ID, epoch uint32, items []record.Item) (LogState, error)
	// Checkpoint keeps the partner's signed checkpoint with our cosignature.
	Checkpoint(ctx context.Context, from party.ID, size uint64, cosigned []byte) error
	// TakeStates commits a batch of states; a batch already held is skipped.
	TakeStates(ctx context.Context, from party.ID, b *record.Batch) error
	// LastStates returns the number of the last batch held.
	LastStates(ctx context.Context, from party.ID) (uint64, error)
	// Attestable returns what is held of leaves first to last of the partner's log;
	// nil when the joint plan does not let them be attested, with the first leaf
	// that may be, 0 for none. Leaves that are not held are an error that wraps
	// journal.ErrRoot.
	Attestable(ctx context.Context, from party.ID, first, last uint64) (held *journal.Attestation, start uint64, err error)
	// KeepAttested keeps an attestation that both sides have signed.
	KeepAttested(ctx context.Context, from party.ID, cosigned []byte) error
}
