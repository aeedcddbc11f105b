// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// maxBatchBytes bounds a batch of states, so that it fits one frame of the link.
const maxBatchBytes = 96 << 10

// Sent returns our own log towards the partner.
func (s *Store) Sent(ctx context.Context, to party.ID) (journal.LogState, error) {
	return s.logState(ctx, logKey{to, journal.Sent})
}

func (s *Store) logState(ctx context.Context, k logKey) (journal.LogState, error) {
	l, err := readLog(ctx, s.r, k)
	if err != nil {
		return journal.LogState{}, fmt.Errorf("read log: %w", err)
	}
	return l.state(), nil
}

// SentAt returns the root of our log when it had size leaves. ErrNotFound says
// that it never had so many.
func (s *Store) SentAt(ctx context.Context, to party.ID, size uint64) (root [32]byte, err error) {
	err = s.view(ctx, func(q queryer) error {
		l, err := readLog(ctx, q, logKey{to, journal.Sent})
		if err == nil {
			root, err = rootAt(ctx, q, l, size)
		}
		return err
	})
	if err != nil {
		return root, fmt.Errorf("read log: %w", err)
	}
	return root, nil
}

// Records returns up to limit records after seq, in order, with their keys. A
// record whose key was destroyed comes without one.
func (s *Store) Records(ctx context.Context, to party.ID, after uint64, limit int) ([]record.Item, error) {
	var list []record.Item
	err := each(ctx, s.r, func(r rows) error {
		it, err := s.scanItem(r, to)
		list = append(list, it)
		return err
	}, `SELECT seq, day, wrapped, header, ciphertext FROM entries
		WHERE log = (SELECT id FROM logs WHERE partner = $1 AND direction = 'sent') AND seq > $2 ORDER BY seq LIMIT $3`,
		to, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	return list, nil
}

// Waiting counts the records of a kind in the partner's outbox behind number
// after that have no receipt.
func (s *Store) Waiting(ctx context.Context, to party.ID, kind record.Kind, after uint64) (n uint64, err error) {
	err = each(ctx, s.r, func(r rows) error {
		var b []byte
		if err := r.Scan(&b); err != nil {
			return storeError(err)
		}
		if h, err := record.DecodeHeader(b); err == nil && h.Kind == kind {
			n++
		}
		return nil
	}, `SELECT e.header FROM entries e JOIN logs l ON l.id = e.log
		WHERE l.partner = $1 AND l.direction = 'sent' AND e.seq > $2 AND e.seq > l.cosigned`, to, after)
	if err != nil {
		return 0, fmt.Errorf("read outbox: %w", err)
	}
	return n, nil
}

func (s *Store) scanItem(r rows, partner party.ID) (record.Item, error) {
	var it record.Item
	var day string
	var wrapped []byte
	if err := r.Scan(&it.Seq, &day, &wrapped, &it.Header, &it.Ciphertext); err != nil {
		return it, storeError(err)
	}
	var err error
	it.Key, err = s.unwrap(partner, day, wrapped)
	return it, err
}

// unwrap returns the key of a record, nil when it was destroyed.
func (s *Store) unwrap(partner party.ID, day string, wrapped []byte) ([]byte, error) {
	if wrapped == nil {
		return nil, nil
	}
	key, err := s.keys.Unwrap(partner, day, wrapped)
	if errors.Is(err, keystore.ErrDayForgotten) || errors.Is(err, keystore.ErrNotPaired) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("unwrap record key: %w", err)
	}
	return key, nil
}

// Acknowledged notes the partner's cosigned checkpoint: records up to size are
// receipted and will not be sent again. The signatures are the link's to check;
// a checkpoint that is not of this log is refused with journal.ErrRoot.
func (s *Store) Acknowledged(ctx context.Context, to party.ID, size uint64, cosigned []byte) error {
	err := s.update(ctx, "keep receipt", func(t *txn) error {
		l, err := t.log(ctx, logKey{to, journal.Sent})
		if err != nil || size <= l.cosigned {
			return err
		}
		if err := t.keepCheckpoint(ctx, l, size, cosigned); err != nil {
			return err
		}
		var octets uint64
		if _, err := one(ctx, t, []any{&octets}, `SELECT coalesce(sum(length(header) + length(ciphertext)), 0)
			FROM entries WHERE log = $1 AND seq > $2 AND seq <= $3`, l.id, l.cosigned, size); err != nil {
			return err
		}
		l.cosigned, l.queuedBytes = size, l.queuedBytes-min(octets, l.queuedBytes)
		return nil
	})
	if err == nil {
		s.receiptWitness(ctx)
	}
	return err
}

// States returns the batch in flight, or forms a new one from up to limit of
// the states that wait, oldest first; nil when there is none. The same batch,
// number and bytes, comes until StatesAcknowledged.
func (s *Store) States(ctx context.Context, to party.ID, limit int) (*record.Batch, error) {
	k := logKey{to, journal.Sent}
	b, l, err := s.inFlight(ctx, k)
	if err != nil || b != nil || l.id == 0 {
		return b, err
	}
	var waiting bool
	if _, err := one(ctx, s.r, []any{&waiting}, `SELECT EXISTS (SELECT 1 FROM states_out WHERE log = $1)`, l.id); err != nil || !waiting {
		return nil, err
	}
	if err := s.formBatch(ctx, k, limit); err != nil {
		return nil, err
	}
	b, _, err = s.inFlight(ctx, k)
	return b, err
}

func (s *Store) formBatch(ctx context.Context, k logKey, limit int) error {
	return s.update(ctx, "form batch", func(t *txn) error {
		l, err := t.log(ctx, k)
		if err != nil {
			return err
		}
		var formed bool // by another call since we looked
		if _, err := one(ctx, t, []any{&formed}, `SELECT EXISTS (SELECT 1 FROM states_out WHERE log = $1 AND batch IS NOT NULL)`, l.id); err != nil || formed {
			return err
		}
		last, err := batchEnd(ctx, t, l.id, limit)
		if err != nil || last == 0 {
			return err
		}
		var n, octets uint64
		if _, err := one(ctx, t, []any{&n, &octets}, `SELECT count(*), coalesce(sum(length(header) + length(ciphertext)), 0)
			FROM states_out WHERE log = $1 AND seq <= $2`, l.id, last); err != nil {
			return err
		}
		t.passed(k, n, octets)
		l.batch++
		_, err = t.exec(ctx, "batch", `UPDATE states_out SET batch = $1 WHERE log = $2 AND seq <= $3`, l.batch, l.id, last)
		return err
	})
}

// batchEnd returns the number of the last waiting state that a batch takes, 0
// when it takes none.
func batchEnd(ctx context.Context, t *txn, log int64, limit int) (last uint64, err error) {
	octets := 0
	err = each(ctx, t, func(r rows) error {
		var seq uint64
		var size int
		if err := r.Scan(&seq, &size); err != nil {
			return storeError(err)
		}
		if octets += size; last == 0 || octets <= maxBatchBytes {
			last = seq
		}
		return nil
	}, `SELECT seq, length(header) + length(ciphertext) + 64 FROM states_out
		WHERE log = $1 AND batch IS NULL ORDER BY seq LIMIT $2`, log, limit)
	return last, err
}

func (s *Store) inFlight(ctx context.Context, k logKey) (b *record.Batch, l *logRow, err error) {
	err = s.view(ctx, func(q queryer) error {
		if l, err = readLog(ctx, q, k); err != nil {
			return err
		}
		b, err = s.readBatch(ctx, q, l)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read batch: %w", err)
	}
	return b, l, nil
}

func (s *Store) readBatch(ctx context.Context, q queryer, l *logRow) (*record.Batch, error) {
	b := record.Batch{N: l.batch}
	err := each(ctx, q, func(r rows) error {
		it, err := s.scanItem(r, l.partner)
		b.Items = append(b.Items, it)
		return err
	}, `SELECT seq, day, wrapped, header, ciphertext FROM states_out
		WHERE log = $1 AND batch = $2 ORDER BY seq`, l.id, l.batch)
	if err != nil || len(b.Items) == 0 {
		return nil, err
	}
	return &b, nil
}

// StatesAcknowledged notes that the partner has batch n; its hash waits for the
// next digest.
func (s *Store) StatesAcknowledged(ctx context.Context, to party.ID, n uint64) error {
	return s.update(ctx, "keep receipt of batch", func(t *txn) error {
		l, err := t.log(ctx, logKey{to, journal.Sent})
		if err != nil {
			return err
		}
		if n > l.batch {
			return fmt.Errorf("batch %d, but the last is %d: %w", n, l.batch, ErrGap)
		}
		b, err := s.readBatch(ctx, t, l)
		if err != nil || b == nil || b.N != n {
			return err
		}
		if _, err := t.exec(ctx, "batch", `INSERT INTO batches (log, n, hash) VALUES ($1, $2, $3)`, l.id, n, batchHash(b)); err != nil {
			return err
		}
		_, err = t.exec(ctx, "batch", `DELETE FROM states_out WHERE log = $1 AND batch = $2`, l.id, n)
		return err
	})
}

// DigestStates writes a leaf over the batches of states that each partner has
// acknowledged since the last, and signs the head of the audit log. The node
// calls it each minute; it does nothing where nothing was acknowledged.
func (s *Store) DigestStates(ctx context.Context, now time.Time) error {
	err := s.update(ctx, "write digests", func(t *txn) error {
		logs, err := readLogs(ctx, t)
		if err != nil {
			return err
		}
		for _, l := range logs {
			switch l.direction {
			case journal.Sent:
				err = digest(ctx, t, l.logKey)
			case journal.Audit:
				err = s.signAudit(ctx, t, now)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.renewWitness(ctx, 1)
	}
	return err
}

func digest(ctx context.Context, t *txn, k logKey) error {
	l, err := t.log(ctx, k)
	if err != nil {
		return err
	}
	first, last, sum, err := sumBatches(ctx, t, l.id, 1, 1<<62)
	if err != nil || first == 0 {
		return err
	}
	header, err := record.EncodeHeader(digestHeader(l.epoch, l.size()+1, first, last))
	if err != nil {
		return fmt.Errorf("encode digest: %w", err)
	}
	l.queuedBytes += uint64(len(header) + len(sum))
	if err := t.append(ctx, l, entry{tape: taped(0), header: header, ciphertext: sum}); err != nil {
		return err
	}
	_, err = t.exec(ctx, "digest", `DELETE FROM batches WHERE log = $1 AND n <= $2`, l.id, last)
	return err
}

// sumBatches hashes the hashes of the batches from..to that are there and
// returns the first and last of them, 0 when there is none.
func sumBatches(ctx context.Context, q queryer, log int64, from, to uint64) (first, last uint64, sum []byte, err error) {
	h := sha256.New()
	err = each(ctx, q, func(r rows) error {
		var hash []byte
		if err := r.Scan(&last, &hash); err != nil {
			return storeError(err)
		}
		if first == 0 {
			first = last
		}
		h.Write(hash)
		return nil
	}, `SELECT n, hash FROM batches WHERE log = $1 AND n >= $2 AND n <= $3 ORDER BY n`, log, from, to)
	return first, last, h.Sum(nil), err
}

// signAudit keeps a signed head of the audit log, when it has grown.
func (s *Store) signAudit(ctx context.Context, t *txn, now time.Time) error {
	l, err := t.log(ctx, auditKey)
	if err != nil || s.cfg.Audit == nil || l.size() == l.cosigned {
		return err
	}
	signed, err := journal.Sign(l.state(), now, s.cfg.Audit)
	if err != nil {
		return err
	}
	l.cosigned = l.size()
	return t.keepCheckpoint(ctx, l, l.size(), signed)
}

// Pressure is how full a partner's outbox is, and how much of what may leave
// for it today has left.
type Pressure struct {
	Rows     uint64  `json:"rows"`
	MaxRows  uint64  `json:"max_rows"`
	Bytes    uint64  `json:"bytes"`
	MaxBytes uint64  `json:"max_bytes"`
	Today    Traffic `json:"today"`
}

// Fill returns how full the outbox or the day is, from 0 to 1 (a little more
// when only distress reports found room).
func (p Pressure) Fill() float64 {
	return max(float64(p.Rows)/float64(p.MaxRows), float64(p.Bytes)/float64(p.MaxBytes), p.Today.Fill())
}

// Pressure tells how full the partner's outbox is, so that records can be
// refused before they are lost.
func (s *Store) Pressure(ctx context.Context, to party.ID) (Pressure, error) {
	l, err := readLog(ctx, s.r, logKey{to, journal.Sent})
	if err != nil {
		return Pressure{}, fmt.Errorf("read log: %w", err)
	}
	today, err := s.readTraffic(ctx, s.r, logKey{to, journal.Sent})
	if err != nil {
		return Pressure{}, fmt.Errorf("read traffic: %w", err)
	}
	return Pressure{
		Today: today,
		Rows:  l.size() - l.cosigned, MaxRows: s.cfg.OutboxRows,
		Bytes: l.queuedBytes, MaxBytes: s.cfg.OutboxBytes,
	}, nil
}
