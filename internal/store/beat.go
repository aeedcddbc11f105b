// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// beatRow is a row of the table beats.
type beatRow struct {
	seq, batches, records uint64
	epoch                 uint32
	at                    int64
}

func readBeat(ctx context.Context, q queryer, log int64) (b beatRow, ok bool, err error) {
	ok, err = one(ctx, q, []any{&b.seq, &b.at, &b.epoch, &b.records, &b.batches},
		`SELECT seq, at, epoch, records, batches FROM beats WHERE log = $1`, log)
	return b, ok, err
}

func (t *txn) keepBeat(ctx context.Context, log int64, b beatRow) error {
	_, err := t.exec(ctx, "beat", `INSERT INTO beats (log, seq, at, epoch, records, batches) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (log) DO UPDATE SET seq = excluded.seq, at = excluded.at, epoch = excluded.epoch,
		records = excluded.records, batches = excluded.batches`, log, b.seq, b.at, b.epoch, b.records, b.batches)
	return err
}

// Beat writes a heartbeat into our log towards the partner when the last is
// older than every and the partner has it: while a line is down one waits, not
// one a minute. It tells what the tape has taken in of the partner's log. The
// first call only begins to count. It returns whether there is something to send.
func (s *Store) Beat(ctx context.Context, to party.ID, now time.Time, every time.Duration) (bool, error) {
	due := func(l *logRow, b beatRow, begun bool) bool {
		return !begun || now.Unix() >= b.at+int64(every/time.Second) && b.seq <= l.cosigned
	}
	k := logKey{to, journal.Sent}
	l, err := readLog(ctx, s.r, k)
	if err != nil {
		return false, err
	}
	if b, ok, err := readBeat(ctx, s.r, l.id); err != nil || l.id != 0 && !due(l, b, ok) {
		return false, err
	}
	written := false
	err = s.update(ctx, "write heartbeat", func(t *txn) error {
		l, err := t.log(ctx, k)
		if err != nil {
			return err
		}
		b, begun, err := readBeat(ctx, t, l.id)
		if err != nil || !due(l, b, begun) {
			return err
		}
		if !begun {
			return t.keepBeat(ctx, l.id, beatRow{at: now.Unix()})
		}
		beat, err := taken(ctx, t, to, b.batches)
		if err != nil {
			return err
		}
		beat.Time = now.Unix()
		it, err := beat.Leaf(l.epoch, l.size()+1)
		if err != nil {
			return err
		}
		l.queuedBytes += itemBytes(it)
		if err := t.append(ctx, l, entry{tape: taped(0), header: it.Header, ciphertext: it.Ciphertext}); err != nil {
			return err
		}
		written = true
		return t.keepBeat(ctx, l.id, beatRow{seq: l.size(), at: now.Unix(), epoch: beat.Epoch, records: beat.Records, batches: beat.Batches})
	})
	return written && err == nil, err
}

// taken returns how far the tape has taken in the partner's lanes. While states
// wait for the tape, batches is as it was.
func taken(ctx context.Context, q queryer, from party.ID, batches uint64) (b journal.Beat, err error) {
	l, err := readLog(ctx, q, logKey{from, journal.Received})
	if err != nil || l.size() == 0 && l.batch == 0 {
		return b, err
	}
	b.Epoch, b.Records, b.Batches = l.epoch, l.size(), l.batch
	var first uint64
	if waits, err := one(ctx, q, []any{&first}, `SELECT seq FROM entries WHERE log = $1 AND tape IS NULL ORDER BY seq LIMIT 1`, l.id); err != nil {
		return b, err
	} else if waits {
		b.Records = first - 1
	}
	var states bool
	if _, err := one(ctx, q, []any{&states}, `SELECT EXISTS (SELECT 1 FROM states_in WHERE log = $1 AND tape IS NULL)`, l.id); err != nil {
		return b, err
	}
	if states {
		b.Batches = min(batches, l.batch)
	}
	return b, nil
}

// takeControl keeps what a control leaf of the partner says; known is false
// when it is none that we know.
func (s *Store) takeControl(ctx context.Context, t *txn, l *logRow, it *record.Item) (known bool, err error) {
	if _, err := journal.ReadSuccession(it); err == nil {
		return true, nil
	}
	b, ok := journal.ReadBeat(it)
	if !ok {
		return false, nil
	}
	return true, t.keepBeat(ctx, l.id, beatRow{seq: it.Seq, at: s.cfg.Now().Unix(), epoch: b.Epoch, records: b.Records, batches: b.Batches})
}

// Flow compares what we sent a partner with what its engine says that it took.
type Flow struct {
	Records      uint64    // of our log
	Batches      uint64    // of states that we formed
	TookRecords  uint64    // as the partner's last heartbeat has it
	TookBatches  uint64    // likewise
	Heard        time.Time // by our clock; zero when no heartbeat came in this epoch
	TheirRecords uint64    // of its log, held by us
}

// Flow returns the counters of both sides.
func (s *Store) Flow(ctx context.Context, partner party.ID) (f Flow, err error) {
	err = s.view(ctx, func(q queryer) error {
		sent, err := readLog(ctx, q, logKey{partner, journal.Sent})
		if err != nil {
			return err
		}
		got, err := readLog(ctx, q, logKey{partner, journal.Received})
		if err != nil { // as when the node stops meanwhile
			return err
		}
		b, heard, err := readBeat(ctx, q, got.id)
		if err != nil {
			return err
		}
		f.Records, f.Batches, f.TheirRecords = sent.size(), sent.batch, got.size()
		if heard {
			f.Heard = time.Unix(b.at, 0).UTC()
			f.TookBatches = b.batches
			if b.epoch == sent.epoch {
				f.TookRecords = b.records
			}
		}
		return nil
	})
	if err != nil {
		return f, fmt.Errorf("read counters: %w", err)
	}
	return f, nil
}
