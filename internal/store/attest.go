// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// declare notes for which partners both sides declare in their joint plan that
// there may be proof for a third person. What is put into the logs after that
// may be attested, and nothing from before; where it ends, nothing more is.
func (t *txn) declare(ctx context.Context, declared map[party.ID]bool, which bool) error {
	for _, partner := range slices.Sorted(maps.Keys(declared)) {
		is := declared[partner]
		if is != which {
			continue
		}
		for _, k := range []logKey{{partner, journal.Sent}, {partner, journal.Received}} {
			l, err := readLog(ctx, t, k)
			if err != nil {
				return err
			}
			if t.logs[k] == nil && (l.attest != 0) == is {
				continue
			}
			if l, err = t.log(ctx, k); err != nil {
				return err
			}
			switch {
			case !is:
				l.attest = 0
			case l.attest == 0:
				l.attest = l.size() + 1
			}
		}
	}
	return nil
}

// Unattested returns the next leaves of our log that the partner has receipted,
// that may be attested and are not yet; nil when there are none.
func (s *Store) Unattested(ctx context.Context, to party.ID) (a *journal.Attestation, err error) {
	err = s.view(ctx, func(q queryer) error {
		l, err := readLog(ctx, q, logKey{to, journal.Sent})
		if err != nil || l.attest == 0 || l.attest > l.cosigned {
			return err
		}
		a, err = attestation(ctx, q, l, l.attest, min(l.cosigned, l.attest+journal.MaxAttested-1))
		return err
	})
	return a, err
}

func attestation(ctx context.Context, q queryer, l *logRow, first, last uint64) (*journal.Attestation, error) {
	a, err := journal.Attest(nodes(ctx, q, l.id), l.epoch, first, last)
	if err != nil {
		return nil, fmt.Errorf("attest log %s: %w", l.name(), err)
	}
	return &a, nil
}

// Attestable returns what we hold of leaves first to last of the partner's log;
// nil when they must not be attested, with the first leaf that may be, 0 for
// none.
func (s *Store) Attestable(ctx context.Context, from party.ID, first, last uint64) (held *journal.Attestation, start uint64, err error) {
	err = s.view(ctx, func(q queryer) error {
		l, err := readLog(ctx, q, logKey{from, journal.Received})
		if err != nil {
			return err
		}
		if last > l.size() {
			return fmt.Errorf("%w: leaf %d, we hold %d", journal.ErrRoot, last, l.size())
		}
		if start = l.attest; start == 0 || first < start {
			return nil
		}
		held, err = attestation(ctx, q, l, first, last)
		return err
	})
	return held, start, err
}

// AttestFrom notes that the partner attests nothing of our log before that leaf.
func (s *Store) AttestFrom(ctx context.Context, to party.ID, first uint64) error {
	return s.update(ctx, "note where attestation begins", func(t *txn) error {
		l, err := t.log(ctx, logKey{to, journal.Sent})
		if err == nil && l.attest != 0 {
			l.attest = max(l.attest, min(first, l.size()+1))
		}
		return err
	})
}

// Attested keeps what both sides signed of our log.
func (s *Store) Attested(ctx context.Context, to party.ID, cosigned []byte) error {
	return s.keepAttestation(ctx, logKey{to, journal.Sent}, cosigned)
}

// KeepAttested keeps what both sides signed of the partner's log.
func (s *Store) KeepAttested(ctx context.Context, from party.ID, cosigned []byte) error {
	return s.keepAttestation(ctx, logKey{from, journal.Received}, cosigned)
}

// keepAttestation stores an attestation after comparing it with the log.
func (s *Store) keepAttestation(ctx context.Context, k logKey, cosigned []byte) error {
	a, err := journal.UnverifiedAttestation(cosigned)
	if err != nil {
		return err
	}
	return s.update(ctx, "keep attestation", func(t *txn) error {
		l, err := t.log(ctx, k)
		if err != nil {
			return err
		}
		held, err := attestation(ctx, t, l, a.First, a.Last)
		if err != nil {
			return err
		}
		if held.Root != a.Root || held.Epoch != a.Epoch || l.attest == 0 {
			return fmt.Errorf("%w: attestation of leaves %d to %d", journal.ErrRoot, a.First, a.Last)
		}
		if k.direction == journal.Sent {
			l.attest = max(l.attest, a.Last+1)
		}
		_, err = t.exec(ctx, "attestation", `INSERT INTO attestations (log, first, last, note) VALUES ($1, $2, $3, $4)
			ON CONFLICT (log, first) DO UPDATE SET last = excluded.last, note = excluded.note
			WHERE excluded.last > attestations.last`, l.id, a.First, a.Last, cosigned)
		return err
	})
}

// Prove returns the proof for a third person that a record passed: what both
// sides signed of it, where it stands in that, and, with content, its key.
// ErrNotFound says that there is no such record, that nothing of it is attested,
// or that the content is gone.
func (s *Store) Prove(ctx context.Context, partner party.ID, d journal.Direction, seq uint64, content bool) (*journal.Proof, error) {
	it, err := s.Entry(ctx, partner, d, seq)
	if err != nil {
		return nil, err
	}
	p := &journal.Proof{Format: journal.ProofFormat, Seq: seq, Header: it.Header, Ciphertext: it.Ciphertext, Inclusion: [][]byte{}}
	if content {
		if it.Key == nil {
			return nil, fmt.Errorf("prove record %d: its content is gone: %w", seq, ErrNotFound)
		}
		p.Key = it.Key
	}
	err = s.view(ctx, func(q queryer) error {
		l, err := readLog(ctx, q, logKey{partner, d})
		if err != nil {
			return err
		}
		var first, last uint64
		ok, err := one(ctx, q, []any{&first, &last, &p.Attestation}, `SELECT first, last, note FROM attestations
			WHERE log = $1 AND first <= $2 AND last >= $2 ORDER BY first LIMIT 1`, l.id, seq)
		if err == nil && !ok {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		path, err := journal.ProveAttested(nodes(ctx, q, l.id), first, last, seq)
		for _, h := range path {
			p.Inclusion = append(p.Inclusion, h[:])
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("prove record %d: %w", seq, err)
	}
	return p, nil
}
