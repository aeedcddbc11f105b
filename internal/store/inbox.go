// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"context"
	"fmt"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// maxNumber bounds numbers that a partner chooses, so that they fit every
// database.
const maxNumber = 1 << 62

// Received names a record from a partner: in the record lane its number in the
// log, counted on over logs that have ended, in the state lane our own number in
// order of arrival.
type Received struct {
	Partner party.ID
	Lane    record.Lane
	Seq     uint64
}

// Taped says that a received record stands on the tape.
type Taped struct {
	Received
	Tape uint64
}

// Received returns the partner's log as we hold it.
func (s *Store) Received(ctx context.Context, from party.ID) (journal.LogState, error) {
	return s.logState(ctx, logKey{from, journal.Received})
}

// TakeRecords commits items that follow the log without a gap and returns the
// new state. Items at or below the present size are skipped. An item that
// cannot be read is counted as refused and stays a leaf, so that one bad record
// does not block the lane. Nothing is taken with ErrGap (a gap, or another
// epoch), with ErrInboxFull and with journal.ErrQuota.
func (s *Store) TakeRecords(ctx context.Context, from party.ID, epoch uint32, items []record.Item) (journal.LogState, error) {
	var state journal.LogState
	err := s.update(ctx, "take records", func(t *txn) error {
		l, err := t.log(ctx, logKey{from, journal.Received})
		if err != nil {
			return err
		}
		if l.size() == 0 && epoch > 0 {
			l.epoch = epoch
		}
		if l.epoch != epoch {
			return fmt.Errorf("epoch %d, log has %d: %w", epoch, l.epoch, ErrGap)
		}
		before := l.size()
		records, octets := fresh(items, before)
		if err := s.take(ctx, t, l.logKey, records, octets); err != nil {
			return err
		}
		for i := range items {
			if err := s.takeRecord(ctx, t, l, &items[i]); err != nil {
				return err
			}
		}
		state = l.state()
		if l.size() == before {
			return nil
		}
		return s.inboxRoom(ctx, t, l, "entries")
	})
	if err == nil {
		s.renewWitness(ctx, s.cfg.WitnessEvery)
	}
	return state, err
}

// fresh counts the items above number size and their octets.
func fresh(items []record.Item, size uint64) (records, octets uint64) {
	for i := range items {
		if items[i].Seq > size {
			records++
			octets += itemBytes(&items[i])
		}
	}
	return records, octets
}

func (s *Store) takeRecord(ctx context.Context, t *txn, l *logRow, it *record.Item) error {
	switch {
	case it.Seq <= l.size():
		return nil
	case it.Seq != l.size()+1:
		return fmt.Errorf("record %d after %d: %w", it.Seq, l.size(), ErrGap)
	}
	if err := checkSize(it); err != nil {
		return err
	}
	e := entry{tape: taped(0), day: day(s.cfg.Now()), header: notNull(it.Header), ciphertext: notNull(it.Ciphertext)}
	if first, last, ok := digestRange(it); ok {
		if err := t.checkDigest(ctx, l, it, first, last); err != nil {
			return err
		}
		return t.append(ctx, l, e)
	}
	if known, err := s.takeControl(ctx, t, l, it); err != nil {
		return err
	} else if known {
		return t.append(ctx, l, e)
	}
	if err := checkItem(it, record.LaneRecord, l.epoch); err != nil {
		l.refused++
		return t.append(ctx, l, e)
	}
	var err error
	if e.wrapped, err = s.keys.Wrap(l.partner, e.day, it.Key); err != nil {
		return fmt.Errorf("wrap record key: %w", err)
	}
	e.tape.Valid = false
	return t.append(ctx, l, e)
}

// notNull keeps an empty part that a partner sent apart from one that is not
// there.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// checkDigest compares a digest with the batches that we hold. A difference is
// a problem for the auditor and no reason to stop the lane.
func (t *txn) checkDigest(ctx context.Context, l *logRow, it *record.Item, first, last uint64) error {
	last = min(last, maxNumber)
	f, n, sum, err := sumBatches(ctx, t, l.id, 1, last)
	if err != nil {
		return err
	}
	if f != first || n != last || !bytes.Equal(sum, it.Ciphertext) {
		if err := t.problem(ctx, l, fmt.Sprintf("digest of batches %d to %d differs from the batches that were received", first, last)); err != nil {
			return err
		}
	}
	_, err = t.exec(ctx, "digest", `DELETE FROM batches WHERE log = $1 AND n <= $2`, l.id, last)
	return err
}

// problem keeps a finding. One that repeats without end would fill the disk:
// the first hundred of a log are kept.
func (t *txn) problem(ctx context.Context, l *logRow, text string) error {
	_, err := t.exec(ctx, "problem", `INSERT INTO problems (log, size, text)
		SELECT $1, $2, $3 WHERE (SELECT count(*) FROM problems WHERE log = $1) < 100`, l.id, l.size(), text)
	return err
}

// inboxRoom refuses to let more wait for the tape than the bound allows. Table
// is entries or states_in.
func (s *Store) inboxRoom(ctx context.Context, t *txn, l *logRow, table string) error {
	var n uint64
	if _, err := one(ctx, t, []any{&n}, `SELECT count(*) FROM (SELECT 1 FROM `+table+
		` WHERE log = $1 AND tape IS NULL LIMIT $2)`, l.id, s.cfg.InboxRows+1); err != nil {
		return err
	}
	if n > s.cfg.InboxRows {
		return fmt.Errorf("%w: %d wait for the tape", ErrInboxFull, n)
	}
	return nil
}

// Checkpoint keeps the partner's signed checkpoint with our cosignature. The
// signatures are the link's to check; a checkpoint that is not of this log is
// refused with journal.ErrRoot.
func (s *Store) Checkpoint(ctx context.Context, from party.ID, size uint64, cosigned []byte) error {
	err := s.update(ctx, "keep checkpoint", func(t *txn) error {
		l, err := t.log(ctx, logKey{from, journal.Received})
		if err != nil || size <= l.cosigned {
			return err
		}
		l.cosigned = size
		return t.keepCheckpoint(ctx, l, size, cosigned)
	})
	if err == nil {
		s.receiptWitness(ctx)
	}
	return err
}

// LastStates returns the number of the last batch held.
func (s *Store) LastStates(ctx context.Context, from party.ID) (uint64, error) {
	l, err := readLog(ctx, s.r, logKey{from, journal.Received})
	if err != nil {
		return 0, fmt.Errorf("read log: %w", err)
	}
	return l.batch, nil
}

// TakeStates commits a batch of states; a batch already held is skipped. A
// state that cannot be read is counted as refused. A missing batch is a problem
// for the auditor: what it held is overtaken by newer states.
func (s *Store) TakeStates(ctx context.Context, from party.ID, b *record.Batch) error {
	if b.N == 0 || b.N > maxNumber {
		return fmt.Errorf("take batch: %w: number %d", record.ErrMalformed, b.N)
	}
	return s.update(ctx, "take batch", func(t *txn) error {
		l, err := t.log(ctx, logKey{from, journal.Received})
		if err != nil || b.N <= l.batch {
			return err
		}
		if b.N != l.batch+1 {
			if err := t.problem(ctx, l, fmt.Sprintf("batches %d to %d were never received", l.batch+1, b.N-1)); err != nil {
				return err
			}
		}
		l.batch = b.N
		records, octets := fresh(b.Items, 0)
		if err := s.take(ctx, t, l.logKey, records, octets); err != nil {
			return err
		}
		for i := range b.Items {
			if err := s.takeState(ctx, t, l, &b.Items[i]); err != nil {
				return err
			}
		}
		if _, err := t.exec(ctx, "batch", `INSERT INTO batches (log, n, hash) VALUES ($1, $2, $3)`, l.id, b.N, batchHash(b)); err != nil {
			return err
		}
		return s.inboxRoom(ctx, t, l, "states_in")
	})
}

func (s *Store) takeState(ctx context.Context, t *txn, l *logRow, it *record.Item) error {
	if err := checkSize(it); err != nil {
		return err
	}
	if err := checkItem(it, record.LaneState, l.epoch); err != nil {
		l.refused++
		return nil
	}
	today := day(s.cfg.Now())
	wrapped, err := s.keys.Wrap(l.partner, today, it.Key)
	if err != nil {
		return fmt.Errorf("wrap record key: %w", err)
	}
	l.stateSeq++
	_, err = t.exec(ctx, "state", `INSERT INTO states_in (log, seq, day, wrapped, header, ciphertext)
		VALUES ($1, $2, $3, $4, $5, $6)`, l.id, l.stateSeq, today, wrapped, it.Header, it.Ciphertext)
	return err
}

// table returns where a lane's received records are.
func table(lane record.Lane) string {
	if lane == record.LaneState {
		return "states_in"
	}
	return "entries"
}

// Pending lists the received records that do not stand on the tape yet, by
// partner and lane in order. After a start the caller must first mark as Taped
// what the tape holds beyond Committed, or it would be taped twice.
func (s *Store) Pending(ctx context.Context) ([]Received, error) {
	var list []Received
	err := each(ctx, s.r, func(r rows) error {
		var x Received
		if err := r.Scan(&x.Partner, &x.Lane, &x.Seq); err != nil {
			return storeError(err)
		}
		list = append(list, x)
		return nil
	}, `SELECT partner, 1 AS lane, base + seq FROM entries JOIN logs ON id = log WHERE tape IS NULL
		UNION ALL SELECT partner, 2, seq FROM states_in JOIN logs ON id = log WHERE tape IS NULL
		ORDER BY 1, 2, 3`)
	if err != nil {
		return nil, fmt.Errorf("read inbox: %w", err)
	}
	return list, nil
}

// Body returns the encoded record; ok is false when there is nothing to read:
// its key was destroyed, or it is a state that the kept snapshots have taken
// in.
func (s *Store) Body(ctx context.Context, from party.ID, lane record.Lane, seq uint64) (plain []byte, ok bool, err error) {
	var header, ciphertext, wrapped []byte
	var day string
	log, local, ok, err := place(ctx, s.r, from, lane, seq)
	if err != nil || !ok {
		return nil, false, err
	}
	ok, err = one(ctx, s.r, []any{&day, &wrapped, &header, &ciphertext}, `SELECT day, wrapped, header, ciphertext
		FROM `+table(lane)+` WHERE log = $1 AND seq = $2`, log, local)
	if err != nil || !ok {
		return nil, false, err
	}
	key, err := s.unwrap(from, day, wrapped)
	if err != nil || key == nil {
		return nil, false, err
	}
	plain, err = unseal(header, ciphertext, key)
	if err != nil {
		return nil, false, fmt.Errorf("read record %d of %s: %w", seq, from, err)
	}
	return plain, true, nil
}

// Taped marks received records as standing on the tape. Marking twice is no
// error; Commit can carry the same marks without a transaction of their own.
func (s *Store) Taped(ctx context.Context, list ...Taped) error {
	return s.update(ctx, "mark as taped", func(t *txn) error { return markTaped(ctx, t, list) })
}

func markTaped(ctx context.Context, t *txn, list []Taped) error {
	for _, x := range list {
		log, local, ok, err := place(ctx, t, x.Partner, x.Lane, x.Seq)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if _, err := t.exec(ctx, "taped", `UPDATE `+table(x.Lane)+` SET tape = $1 WHERE tape IS NULL AND log = $2 AND seq = $3`,
			x.Tape, log, local); err != nil {
			return err
		}
	}
	return nil
}

// Destroy destroys the key of a received record: its content is gone, its leaf
// stays. Older snapshots that hold the content are the caller's to replace
// first. It may be called again, and must be after an error: the old page may
// still rest in the write-ahead log then.
func (s *Store) Destroy(ctx context.Context, x Received) error {
	if err := s.update(ctx, "destroy key", func(t *txn) error {
		log, local, ok, err := place(ctx, t, x.Partner, x.Lane, x.Seq)
		if err != nil {
			return err
		}
		if !ok {
			return ErrNotFound
		}
		n, err := t.exec(ctx, "destroy", `UPDATE `+table(x.Lane)+` SET wrapped = NULL WHERE log = $1 AND seq = $2`, log, local)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	}); err != nil {
		return err
	}
	if err := s.Wipe(ctx); err != nil {
		return fmt.Errorf("destroy key: %w", err)
	}
	return nil
}
