// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Orders are what people have ordered for the logs of one partner.
type Orders struct {
	Reopen bool `json:"reopen"` // our log begins anew at the next session
	Agree  bool `json:"agree"`  // the partner's next epoch may be taken
}

// OrderReopen lets our log towards the partner begin anew at the next session,
// after an old backup was restored. The audit log, which was restored with it,
// begins anew at once.
func (s *Store) OrderReopen(ctx context.Context, to party.ID) error {
	return errors.Join(s.order(ctx, to, "reopen"), s.reopenAudit(ctx))
}

// reopenAudit ends an audit log that is behind its witness. The first entry of
// the next one says what the witness had seen.
func (s *Store) reopenAudit(ctx context.Context) error {
	name := (&logRow{logKey: auditKey}).name()
	s.witness.mu.Lock()
	behind := s.witness.behind[name]
	s.witness.mu.Unlock()
	if !behind {
		return nil
	}
	seen, _, err := s.cfg.Witness.Witness(name)
	if err != nil {
		return fmt.Errorf("read witness: %w", err)
	}
	var state journal.LogState
	err = s.update(ctx, "begin new audit log", func(t *txn) error {
		old, _, err := t.endLog(ctx, auditKey)
		if err != nil {
			return err
		}
		if err := appendAudit(ctx, t, 0, []AuditEntry{{
			At: s.cfg.Now(), By: "node", Act: "audit-reopened",
			Text: fmt.Sprintf("an old backup was restored: the witness had seen %d entries with root %x, the log that ended has %d", seen.Size, seen.Root, old.size()),
		}}); err != nil {
			return err
		}
		l, err := t.log(ctx, auditKey)
		if err == nil {
			state = l.state()
		}
		return err
	})
	if err == nil {
		s.forgiveWitness(auditKey, state)
	}
	return err
}

// OrderAgree lets the partner begin its log anew, once.
func (s *Store) OrderAgree(ctx context.Context, from party.ID) error {
	return s.order(ctx, from, "agree")
}

func (s *Store) order(ctx context.Context, partner party.ID, column string) error {
	return s.update(ctx, "order "+column, func(t *txn) error {
		_, err := t.exec(ctx, "order", `INSERT INTO pairings (partner, `+column+`) VALUES ($1, 1)
			ON CONFLICT (partner) DO UPDATE SET `+column+` = 1`, partner)
		return err
	})
}

// Orders returns what people have ordered and has not been done yet.
func (s *Store) Orders(ctx context.Context, partner party.ID) (Orders, error) {
	return orders(ctx, s.r, partner)
}

func orders(ctx context.Context, q queryer, partner party.ID) (o Orders, err error) {
	_, err = one(ctx, q, []any{&o.Reopen, &o.Agree}, `SELECT reopen, agree FROM pairings WHERE partner = $1`, partner)
	return o, err
}

// endLog puts a log aside and returns the empty one that follows it. What waits
// in its state lane goes over to the new one.
func (t *txn) endLog(ctx context.Context, k logKey) (old, next *logRow, err error) {
	if old, err = t.log(ctx, k); err != nil {
		return nil, nil, err
	}
	var ended int
	if _, err := one(ctx, t, []any{&ended}, `SELECT count(*) FROM logs WHERE partner = $1 AND direction LIKE $2`,
		k.partner, string(k.direction)+"/%"); err != nil {
		return nil, nil, err
	}
	if err := t.saveLogs(ctx); err != nil {
		return nil, nil, err
	}
	if _, err := t.exec(ctx, "log", `UPDATE logs SET direction = $1, queued_bytes = 0 WHERE id = $2`,
		fmt.Sprintf("%s/%d", k.direction, ended+1), old.id); err != nil {
		return nil, nil, err
	}
	delete(t.logs, k)
	if next, err = t.log(ctx, k); err != nil {
		return nil, nil, err
	}
	next.epoch, next.base = old.epoch+1, old.base+old.size()
	next.batch, next.stateSeq = old.batch, old.stateSeq
	next.refused, next.replaced, next.dropped = old.refused, old.replaced, old.dropped
	for _, q := range []string{
		`DELETE FROM batches WHERE log = $1`,
		`DELETE FROM beats WHERE log = $1`,
	} {
		if _, err := t.exec(ctx, "log", q, old.id); err != nil {
			return nil, nil, err
		}
	}
	_, err = t.exec(ctx, "log", `UPDATE states_in SET log = $1 WHERE log = $2`, next.id, old.id)
	return old, next, err
}

// Reopen begins a new epoch of our log towards the partner where OrderReopen
// wants it: its first leaf quotes what the partner has cosigned last, then
// follows again, sealed anew, what has no receipt. Batches of states go on after
// the number that the partner holds.
func (s *Store) Reopen(ctx context.Context, to party.ID, quote *journal.Succession, states uint64) (state journal.LogState, ok bool, err error) {
	if o, err := s.Orders(ctx, to); err != nil || !o.Reopen {
		return state, false, err
	}
	k := logKey{to, journal.Sent}
	err = s.update(ctx, "begin new epoch", func(t *txn) error {
		o, err := orders(ctx, t, to)
		if ok = o.Reopen; err != nil || !ok {
			return err
		}
		old, next, err := t.endLog(ctx, k)
		if err != nil {
			return err
		}
		next.epoch = max(old.epoch, quote.Epoch) + 1
		next.batch = max(old.batch, min(states, maxNumber))
		first, err := quote.Leaf(next.epoch)
		if err != nil {
			return err
		}
		if err := t.append(ctx, next, entry{tape: taped(0), header: first.Header, ciphertext: first.Ciphertext}); err != nil {
			return err
		}
		next.queuedBytes += itemBytes(first)
		if err := s.sendAnew(ctx, t, old, next); err != nil {
			return err
		}
		state = next.state()
		_, err = t.exec(ctx, "order", `UPDATE pairings SET reopen = 0 WHERE partner = $1`, to)
		return err
	})
	if err == nil && ok {
		s.forgiveWitness(k, state)
	}
	return state, ok, err
}

// sendAnew puts what the partner gave no receipt for into the new log. Some of
// it may be there already: it has its old id and says nothing new.
func (s *Store) sendAnew(ctx context.Context, t *txn, old, next *logRow) error {
	var waiting []unsent
	if err := each(ctx, t, func(r rows) error {
		var x unsent
		var wrapped []byte
		if err := r.Scan(&x.Seq, &x.day, &wrapped, &x.Header, &x.Ciphertext, &x.record); err != nil {
			return storeError(err)
		}
		var err error
		x.Key, err = s.unwrap(old.partner, x.day, wrapped)
		waiting = append(waiting, x) // bounded as the outbox is
		return err
	}, `SELECT seq, coalesce(day, ''), wrapped, header, ciphertext, record FROM entries
		WHERE log = $1 AND seq > $2 ORDER BY seq`, old.id, old.cosigned); err != nil {
		return err
	}
	for i := range waiting {
		if err := s.sealAnew(ctx, t, next, &waiting[i]); err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, "state", `UPDATE states_out SET log = $1, batch = NULL WHERE log = $2 AND seq IN (
		SELECT max(seq) FROM states_out WHERE log = $2 GROUP BY object)`, next.id, old.id)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, "state", `DELETE FROM states_out WHERE log = $1`, old.id)
	return err
}

// unsent is a record of an ended log that has no receipt.
type unsent struct {
	record.Item
	day    string
	record []byte // its id
}

// sealAnew seals a record for its place in the new log. One without a key (a
// control leaf, or content that was recalled) is left out.
func (s *Store) sealAnew(ctx context.Context, t *txn, next *logRow, it *unsent) error {
	h, err := record.DecodeHeader(it.Header)
	if err != nil || it.Key == nil {
		return nil //nolint:nilerr // our own old log: what cannot be read has nothing to say
	}
	plain, err := unseal(it.Header, it.Ciphertext, it.Key)
	if err != nil {
		return nil //nolint:nilerr // likewise
	}
	h.LogEpoch, h.Seq = next.epoch, next.size()+1
	fresh, err := seal(h, plain)
	if err != nil {
		return err
	}
	wrapped, err := s.keys.Wrap(next.partner, it.day, fresh.Key)
	if err != nil {
		return fmt.Errorf("wrap record key: %w", err)
	}
	next.queuedBytes += itemBytes(fresh)
	return t.append(ctx, next, entry{
		tape: taped(0), day: it.day, wrapped: wrapped, header: fresh.Header, ciphertext: fresh.Ciphertext, record: it.record,
	})
}

// Receipt returns the last checkpoint of the partner's log that we cosigned, nil
// when there is none.
func (s *Store) Receipt(ctx context.Context, from party.ID) ([]byte, error) {
	return receipt(ctx, s.r, from)
}

func receipt(ctx context.Context, q queryer, from party.ID) (b []byte, err error) {
	_, err = one(ctx, q, []any{&b}, `SELECT note FROM checkpoints WHERE log = (SELECT id FROM logs WHERE partner = $1
		AND direction = 'received') ORDER BY size DESC LIMIT 1`, from)
	return b, err
}

// NextEpoch ends the partner's log and begins that of a later epoch. The quote
// must be exactly the last receipt that we gave (else the error wraps
// journal.ErrRoot), and a person must have agreed (journal.ErrNotAgreed).
func (s *Store) NextEpoch(ctx context.Context, from party.ID, epoch uint32, quote *journal.Succession) (state journal.LogState, err error) {
	k := logKey{from, journal.Received}
	err = s.update(ctx, "take new epoch", func(t *txn) error {
		last, err := receipt(ctx, t, from)
		if err != nil {
			return err
		}
		l, err := t.log(ctx, k)
		if err != nil {
			return err
		}
		if !bytes.Equal(last, quote.Receipt) || epoch <= l.epoch {
			return fmt.Errorf("%w: the new epoch %d quotes size %d of %d, cosigned is %d of %d", journal.ErrRoot, epoch, quote.Size, quote.Epoch, l.cosigned, l.epoch)
		}
		o, err := orders(ctx, t, from)
		if err != nil {
			return err
		}
		if !o.Agree {
			return journal.ErrNotAgreed
		}
		_, next, err := t.endLog(ctx, k)
		if err != nil {
			return err
		}
		next.epoch = epoch
		state = next.state()
		_, err = t.exec(ctx, "order", `UPDATE pairings SET agree = 0 WHERE partner = $1`, from)
		return err
	})
	if err == nil {
		s.forgiveWitness(k, state)
	}
	return state, err
}

// Adopt tells of which pairing the logs with a partner are from now on. Those of
// an earlier pairing (the partner lost its node and was paired anew) end and
// stay; it returns true when there were any.
func (s *Store) Adopt(ctx context.Context, partner party.ID, pairing string) (ended bool, err error) {
	var had string
	known, err := one(ctx, s.r, []any{&had}, `SELECT id FROM pairings WHERE partner = $1`, partner)
	if err != nil || known && had == pairing {
		return false, err
	}
	both := []logKey{{partner, journal.Sent}, {partner, journal.Received}}
	if had != "" && s.cfg.Witness != nil {
		// First: a witness of a log that has ended would look like an old backup.
		for _, k := range both {
			if err := s.cfg.Witness.DropWitness((&logRow{logKey: k}).name()); err != nil {
				return false, fmt.Errorf("drop witness: %w", err)
			}
		}
	}
	err = s.update(ctx, "adopt pairing", func(t *txn) error {
		for _, k := range both {
			var there bool
			if _, err := one(ctx, t, []any{&there}, `SELECT EXISTS (SELECT 1 FROM logs WHERE partner = $1 AND direction = $2)`, k.partner, k.direction); err != nil {
				return err
			}
			if had == "" || !there {
				continue
			}
			if err := t.retire(ctx, k); err != nil {
				return err
			}
			ended = true
		}
		_, err := t.exec(ctx, "order", `INSERT INTO pairings (partner, id) VALUES ($1, $2)
			ON CONFLICT (partner) DO UPDATE SET id = excluded.id, reopen = 0, agree = 0`, partner, pairing)
		return err
	})
	if err == nil && ended {
		for _, k := range both {
			s.forgiveWitness(k, journal.LogState{})
		}
	}
	return ended, err
}

// retire ends a log whose keys are gone: nothing of it can be sent any more.
func (t *txn) retire(ctx context.Context, k logKey) error {
	old, next, err := t.endLog(ctx, k)
	if err != nil {
		return err
	}
	next.batch = 0
	if k.direction == journal.Received {
		next.epoch = 0 // that of the new node's log, whichever it is
	}
	for _, q := range []struct {
		query string
		log   int64
	}{
		{`DELETE FROM states_out WHERE log = $1`, old.id},
		{`UPDATE entries SET wrapped = NULL WHERE log = $1`, old.id},
		{`UPDATE states_in SET wrapped = NULL WHERE log = $1`, next.id},
	} {
		if _, err := t.exec(ctx, "state", q.query, q.log); err != nil {
			return err
		}
	}
	return nil
}

// receivedLog returns the log in which the tape's number seq of the partner's
// records is, and the number in it.
func receivedLog(ctx context.Context, q queryer, from party.ID, seq uint64) (log int64, local uint64, ok bool, err error) {
	var base uint64
	ok, err = one(ctx, q, []any{&log, &base}, `SELECT id, base FROM logs WHERE partner = $1
		AND (direction = 'received' OR direction LIKE 'received/%') AND base < $2 ORDER BY base DESC, id DESC LIMIT 1`, from, seq)
	return log, seq - base, ok, err
}

// place returns where a received record rests: its log and the number there.
func place(ctx context.Context, q queryer, from party.ID, lane record.Lane, seq uint64) (log int64, local uint64, ok bool, err error) {
	if lane != record.LaneState {
		return receivedLog(ctx, q, from, seq)
	}
	ok, err = one(ctx, q, []any{&log}, `SELECT id FROM logs WHERE partner = $1 AND direction = 'received'`, from)
	return log, seq, ok, err
}
