// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Withdrawal names what of a partner's outbox loses its key as far as it is not
// receipted: the item travels, its leaf stays, and nobody can read it.
type Withdrawal struct {
	To      party.ID
	Records []record.ID // of the record lane
	Objects []record.ID // of the state lane
	All     bool        // all but recalls and their receipts
}

// errDirty says that a commit destroys what its snapshot would bring back.
var errDirty = errors.New("destroy keys: the commit has no cleansed snapshot")

// destroy removes the keys of received records.
func destroy(ctx context.Context, t *txn, list []Received) error {
	for _, x := range list {
		log, local, ok, err := place(ctx, t, x.Partner, x.Lane, x.Seq)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if _, err := t.exec(ctx, "destroy", `UPDATE `+table(x.Lane)+` SET wrapped = NULL WHERE log = $1 AND seq = $2`, log, local); err != nil {
			return err
		}
	}
	return nil
}

// withdraw removes the keys of what has not been receipted.
func withdraw(ctx context.Context, t *txn, list []Withdrawal) error {
	for _, w := range list {
		l, err := readLog(ctx, t, logKey{w.To, journal.Sent})
		if err != nil {
			return err
		}
		if w.All {
			if err := withdrawAll(ctx, t, l); err != nil {
				return err
			}
			continue
		}
		for _, id := range w.Records {
			if _, err := t.exec(ctx, "withdraw", `UPDATE entries SET wrapped = NULL WHERE log = $1 AND record = $2 AND seq > $3`,
				l.id, id[:], l.cosigned); err != nil {
				return err
			}
		}
		for _, id := range w.Objects {
			if err := withdrawState(ctx, t, l, `object = $2`, id[:]); err != nil {
				return err
			}
		}
	}
	return nil
}

func withdrawAll(ctx context.Context, t *txn, l *logRow) error {
	var seqs []uint64
	if err := each(ctx, t, func(r rows) error {
		var seq uint64
		var header []byte
		if err := r.Scan(&seq, &header); err != nil {
			return storeError(err)
		}
		if h, err := record.DecodeHeader(header); err == nil && h.Kind != record.KindRecall && h.Kind != record.KindRecallReceipt {
			seqs = append(seqs, seq)
		}
		return nil
	}, `SELECT seq, header FROM entries WHERE log = $1 AND seq > $2 AND wrapped IS NOT NULL`, l.id, l.cosigned); err != nil {
		return err
	}
	for _, seq := range seqs {
		if _, err := t.exec(ctx, "withdraw", `UPDATE entries SET wrapped = NULL WHERE log = $1 AND seq = $2`, l.id, seq); err != nil {
			return err
		}
	}
	return withdrawState(ctx, t, l, `$2 = 1`, 1)
}

// withdrawState drops waiting states and takes the key of those in flight: their
// batch keeps its number and bytes.
func withdrawState(ctx context.Context, t *txn, l *logRow, which string, arg any) error {
	if _, err := t.exec(ctx, "withdraw", `DELETE FROM states_out WHERE log = $1 AND batch IS NULL AND `+which, l.id, arg); err != nil {
		return err
	}
	_, err := t.exec(ctx, "withdraw", `UPDATE states_out SET wrapped = NULL WHERE log = $1 AND `+which, l.id, arg)
	return err
}

// Wipe empties the write-ahead log, which still holds pages as they were before
// a commit destroyed or deleted what was on them. While somebody reads the store
// it fails, and may be called again.
func (s *Store) Wipe(ctx context.Context) error {
	var busy, frames, moved int
	if _, err := one(ctx, s.w, []any{&busy, &frames, &moved}, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return fmt.Errorf("empty write-ahead log: %w", err)
	}
	if busy != 0 {
		return fmt.Errorf("empty write-ahead log: %w: somebody reads it", ErrStore)
	}
	return nil
}

// Outbox is how far what was sent to a partner has come.
type Outbox struct {
	Size           uint64 // leaves of our log
	Cosigned       uint64 // of them, receipted
	Records        map[record.ID]SentRecord
	WaitingObjects map[record.ID]bool // of the state lane: not receipted
}

// SentRecord is the place of a record in our log.
type SentRecord struct {
	Seq       uint64 // 0: in a log that has ended, receipted
	Withdrawn bool   // its key is gone
}

// OutboxView returns the numbers of all records sent to a partner, and what of
// the states is not receipted.
func (s *Store) OutboxView(ctx context.Context, to party.ID) (Outbox, error) {
	o := Outbox{Records: make(map[record.ID]SentRecord), WaitingObjects: make(map[record.ID]bool)}
	err := s.view(ctx, func(q queryer) error {
		l, err := readLog(ctx, q, logKey{to, journal.Sent})
		if err != nil {
			return err
		}
		o.Size, o.Cosigned = l.size(), l.cosigned
		if err := each(ctx, q, func(r rows) error {
			var id record.ID
			var raw []byte
			var x SentRecord
			if err := r.Scan(&raw, &x.Seq, &x.Withdrawn); err != nil {
				return storeError(err)
			}
			copy(id[:], raw)
			o.Records[id] = x
			return nil
		}, `SELECT record, 0, 0 FROM entries JOIN logs ON id = log WHERE partner = $2 AND direction LIKE 'sent/%' AND seq <= cosigned
			AND record IS NOT NULL AND wrapped IS NOT NULL
			UNION ALL SELECT record, seq, wrapped IS NULL FROM entries WHERE log = $1 AND record IS NOT NULL ORDER BY 2`, l.id, to); err != nil {
			return err
		}
		return each(ctx, q, func(r rows) error {
			var id record.ID
			var raw []byte
			if err := r.Scan(&raw); err != nil {
				return storeError(err)
			}
			copy(id[:], raw)
			o.WaitingObjects[id] = true
			return nil
		}, `SELECT object FROM states_out WHERE log = $1`, l.id)
	})
	if err != nil {
		return Outbox{}, fmt.Errorf("read outbox: %w", err)
	}
	return o, nil
}
