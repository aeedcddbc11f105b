// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Verify recomputes all journal logs from the rows of one moment; see
// journal.Verify.
func (s *Store) Verify(ctx context.Context, keys journal.Keyring) (rep journal.Report, err error) {
	err = s.view(ctx, func(q queryer) error {
		rep, err = journal.Verify(ctx, reader{q}, keys, s.cfg.Witness)
		return err
	})
	return rep, err
}

// reader reads the rows of one read transaction; it implements journal.Reader.
type reader struct{ q queryer }

func (r reader) Logs(ctx context.Context) ([]journal.Log, error) {
	logs, err := readAllLogs(ctx, r.q)
	if err != nil {
		return nil, err
	}
	var list []journal.Log
	for _, l := range logs {
		x := journal.Log{Partner: l.partner, Direction: l.direction, State: l.state(), Cosigned: l.cosigned, Ended: l.ended}
		if err := each(ctx, r.q, func(r rows) error {
			var text string
			if err := r.Scan(&text); err != nil {
				return storeError(err)
			}
			x.Problems = append(x.Problems, text)
			return nil
		}, `SELECT text FROM problems WHERE log = $1 ORDER BY id LIMIT 20`, l.id); err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

// stored returns what the rows have as the log's direction.
func stored(l journal.Log) string {
	if l.Ended > 0 {
		return fmt.Sprintf("%s/%d", l.Direction, l.Ended)
	}
	return string(l.Direction)
}

func (r reader) Rows(ctx context.Context, l journal.Log, fn func(journal.Row) error) error {
	return each(ctx, r.q, func(r rows) error {
		var row journal.Row
		var flat []byte
		if err := r.Scan(&row.Seq, &flat, &row.Header, &row.Ciphertext); err != nil {
			return storeError(err)
		}
		row.Nodes = unflatten(flat)
		return fn(row)
	}, `SELECT seq, nodes, header, ciphertext FROM entries
		WHERE log = (SELECT id FROM logs WHERE partner = $1 AND direction = $2) ORDER BY seq`, l.Partner, stored(l))
}

func (r reader) Checkpoints(ctx context.Context, l journal.Log) ([][]byte, error) {
	var list [][]byte
	err := each(ctx, r.q, func(r rows) error {
		var b []byte
		err := r.Scan(&b)
		list = append(list, b)
		return storeError(err)
	}, `SELECT note FROM checkpoints
		WHERE log = (SELECT id FROM logs WHERE partner = $1 AND direction = $2) ORDER BY size`, l.Partner, stored(l))
	return list, err
}

// Proof returns the proof that record n, counted from 1, is in our log towards
// the partner (or, received, in the partner's) when it had size leaves, with
// the hash of its leaf; check it with journal.CheckInclusion(proof, size, root,
// n-1, leaf).
func (s *Store) Proof(ctx context.Context, partner party.ID, d journal.Direction, size, n uint64) (proof []journal.Hash, leaf journal.Hash, err error) {
	err = s.view(ctx, func(q queryer) error {
		l, err := readLog(ctx, q, logKey{partner, d})
		if err != nil {
			return err
		}
		if n == 0 || n > size || size > l.size() {
			return fmt.Errorf("record %d of %d, log has %d: %w", n, size, l.size(), ErrNotFound)
		}
		src := nodes(ctx, q, l.id)
		own, err := src(n - 1)
		if err != nil {
			return err
		}
		leaf = own[0]
		proof, err = journal.ProveInclusion(src, size, n-1)
		return err
	})
	if err != nil {
		return nil, leaf, fmt.Errorf("prove record: %w", err)
	}
	return proof, leaf, nil
}

// Entry returns a record of our log towards the partner, or of the partner's
// towards us, as it travelled. Its key is nil where it was destroyed. Digests
// are no records: ErrNotFound.
func (s *Store) Entry(ctx context.Context, partner party.ID, d journal.Direction, seq uint64) (record.Item, error) {
	var it record.Item
	err := each(ctx, s.r, func(r rows) error {
		var err error
		it, err = s.scanItem(r, partner)
		return err
	}, `SELECT seq, day, wrapped, header, ciphertext FROM entries
		WHERE log = (SELECT id FROM logs WHERE partner = $1 AND direction = $2) AND seq = $3`, partner, d, seq)
	if _, _, digest := digestRange(&it); err == nil && (it.Seq == 0 || digest) {
		err = ErrNotFound
	}
	if err != nil {
		return record.Item{}, fmt.Errorf("read record %d of %s %s: %w", seq, partner, d, err)
	}
	return it, nil
}

// openWitness compares the logs with the witness: a log that is behind it was
// restored from an old backup. The store works on, but Problems tells of it and
// the witness is left as evidence.
func (s *Store) openWitness(ctx context.Context) error {
	s.witness.noted, s.witness.behind = map[string]uint64{}, map[string]bool{}
	if s.cfg.Witness == nil {
		return nil
	}
	logs, err := readLogs(ctx, s.r)
	if err != nil {
		return err
	}
	for _, l := range logs {
		w, ok, err := s.cfg.Witness.Witness(l.name())
		if err != nil {
			return fmt.Errorf("read witness of log %s: %w", l.name(), err)
		}
		if !ok {
			continue
		}
		same := w.Epoch == l.epoch && w.Size <= l.size()
		if w.Epoch < l.epoch { // begun anew since: no backup has a later epoch
			continue
		}
		if same {
			root, err := rootAt(ctx, s.r, l, w.Size)
			if err != nil {
				return err
			}
			same = root == w.Root
		}
		if !same {
			s.witness.behind[l.name()] = true
			s.witness.problems = append(s.witness.problems, l.name())
		}
		s.witness.noted[l.name()] = w.Size
	}
	return nil
}

// witnessPause is the least time between two renewals at receipts. Each writes
// and syncs a file a log; a busy link would spend more time on them than on its
// records.
const witnessPause = time.Second

// receiptWitness renews the witness after a receipt, but not more often than
// witnessPause.
func (s *Store) receiptWitness(ctx context.Context) {
	s.witness.mu.Lock()
	soon := time.Since(s.witness.renewed) < witnessPause
	if !soon {
		s.witness.renewed = time.Now()
	}
	s.witness.mu.Unlock()
	if soon {
		s.renewWitness(ctx, s.cfg.WitnessEvery)
		return
	}
	s.renewWitness(ctx, 1)
}

// renewWitness notes the heads of the logs that have grown by every leaves. It
// is called after a commit, so that the witness is never ahead of the store. A
// failure is counted and tried again; it takes nothing back.
func (s *Store) renewWitness(ctx context.Context, every uint64) {
	if s.cfg.Witness == nil || s.r == nil {
		return
	}
	s.witness.mu.Lock()
	defer s.witness.mu.Unlock()
	logs, err := readLogs(ctx, s.r)
	if err != nil {
		s.witness.failures++
		return
	}
	for _, l := range logs {
		noted := s.witness.noted[l.name()]
		if s.witness.behind[l.name()] || l.size() < noted+every {
			continue
		}
		if err := s.cfg.Witness.SetWitness(l.name(), l.state()); err != nil {
			s.witness.failures++
			continue
		}
		s.witness.noted[l.name()] = l.size()
	}
}

// forgiveWitness makes the present state of a log what the witness knows: a
// person has begun it anew. A witness that could not be written is renewed later.
func (s *Store) forgiveWitness(k logKey, state journal.LogState) {
	if s.cfg.Witness == nil {
		return
	}
	name := (&logRow{logKey: k}).name()
	s.witness.mu.Lock()
	defer s.witness.mu.Unlock()
	delete(s.witness.behind, name)
	delete(s.witness.noted, name)
	s.witness.problems = slices.DeleteFunc(s.witness.problems, func(p string) bool { return p == name })
	if state.Size == 0 {
		return
	}
	if err := s.cfg.Witness.SetWitness(name, state); err != nil {
		s.witness.failures++
		return
	}
	s.witness.noted[name] = state.Size
}

// Problems lists the names of logs that are older than what the witness in the
// keystore has seen: an old backup was restored. Their link must not send.
func (s *Store) Problems() []string {
	s.witness.mu.Lock()
	defer s.witness.mu.Unlock()
	return slices.Clone(s.witness.problems)
}
