// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
)

// Commit is what the engine put out for the tape through number Tape.
type Commit struct {
	Tape            uint64
	Now             time.Time // the engine's; names the day of the records' keys
	Sealed          []release.Sealed
	Audit           []AuditEntry
	Taped           []Taped // partner records that stand on the tape up to Tape
	Snapshot        []byte  // of the engine after Tape; nil: none
	SnapshotVersion int

	// What recalls and ends of retention ask for: with Cleanse no older snapshot
	// is kept, nor any state that only one of them would need. Destroy names
	// received records whose keys go then, Withdraw what of the outbox nobody may
	// read. Wipe must follow.
	Cleanse  bool
	Destroy  []Received
	Withdraw []Withdrawal

	// Declared tells for which partners the joint plan in force lets records be
	// proved to a third person, after Tape. Partners that are not named stay as they
	// were.
	Declared map[party.ID]bool
}

// AuditEntry is an act in the local audit log. It names no position and no
// content.
type AuditEntry struct {
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Role    string    `json:"role,omitempty"`
	Act     string    `json:"act"`
	Subject string    `json:"subject,omitempty"`
	Partner party.ID  `json:"partner,omitempty"`
	Rule    string    `json:"rule,omitempty"`
	Text    string    `json:"text,omitempty"`
}

// Committed returns the tape number through which outputs are committed.
func (s *Store) Committed(ctx context.Context) (uint64, error) {
	var n uint64
	if _, err := one(ctx, s.r, []any{&n}, `SELECT tape FROM progress`); err != nil {
		return 0, fmt.Errorf("read progress: %w", err)
	}
	return n, nil
}

// Commit puts everything in c on the disk in one transaction. When c.Tape is
// committed already it does nothing: a replay of the tape commits nothing
// twice. ErrOutboxFull says that a partner's outbox would pass its bound;
// nothing was committed then and the same call may be made again.
func (s *Store) Commit(ctx context.Context, c Commit) error {
	out := make([]outgoing, len(c.Sealed))
	for i, x := range c.Sealed {
		out[i] = x
	}
	return s.commitAll(ctx, c, out)
}

func (s *Store) commitAll(ctx context.Context, c Commit, out []outgoing) error {
	err := s.update(ctx, fmt.Sprintf("commit %d", c.Tape), func(t *txn) error {
		var done uint64
		if _, err := one(ctx, t, []any{&done}, `SELECT tape FROM progress`); err != nil {
			return err
		}
		if c.Tape <= done {
			return nil
		}
		if _, err := t.exec(ctx, "progress", `UPDATE progress SET tape = $1`, c.Tape); err != nil {
			return err
		}
		return s.commit(ctx, t, c, out)
	})
	if err == nil {
		s.renewWitness(ctx, s.cfg.WitnessEvery)
	}
	return err
}

// outgoing is what Commit reads of a release.Sealed.
type outgoing interface {
	To() party.ID
	Kind() record.Kind
	Lane() record.Lane
	ID() record.ID
	Object() record.ID
	Plain() []byte
}

func (s *Store) commit(ctx context.Context, t *txn, c Commit, out []outgoing) error {
	if err := t.declare(ctx, c.Declared, false); err != nil { // before what may not be attested
		return err
	}
	for _, x := range out {
		if _, err := party.Parse(string(x.To())); err != nil {
			return err
		}
		var err error
		if x.Lane() == record.LaneState {
			err = s.appendState(ctx, t, x.To(), x.Kind(), x.Object(), x.Plain(), c.Now)
		} else {
			err = s.appendRecord(ctx, t, x, c.Now)
		}
		if err != nil {
			return fmt.Errorf("%s for %s: %w", x.Kind(), x.To(), err)
		}
	}
	if err := t.declare(ctx, c.Declared, true); err != nil { // after what may not be
		return err
	}
	if err := s.boundStates(ctx, t); err != nil {
		return err
	}
	if err := appendAudit(ctx, t, c.Tape, c.Audit); err != nil {
		return err
	}
	if err := markTaped(ctx, t, c.Taped); err != nil {
		return err
	}
	if err := withdraw(ctx, t, c.Withdraw); err != nil {
		return err
	}
	switch {
	case c.Snapshot != nil:
	case c.Cleanse || len(c.Destroy) > 0:
		return errDirty
	default:
		return nil
	}
	if err := s.keepSnapshot(ctx, t, &c); err != nil {
		return err
	}
	return destroy(ctx, t, c.Destroy)
}

// day names the key under which a record of that time rests.
func day(at time.Time) string { return at.UTC().Format(time.DateOnly) }

// appendRecord encrypts a record, gives it the next number of the partner's log
// and writes row and leaf.
func (s *Store) appendRecord(ctx context.Context, t *txn, x outgoing, now time.Time) error {
	to, kind, plain, id := x.To(), x.Kind(), x.Plain(), x.ID()
	l, err := t.log(ctx, logKey{to, journal.Sent})
	if err != nil {
		return err
	}
	if err := s.room(l, kind, len(plain)); err != nil {
		return err
	}
	it, err := seal(record.Header{
		Version: record.Protocol, Lane: record.LaneRecord, Kind: kind, Object: x.Object(),
		LogEpoch: l.epoch, Seq: l.size() + 1,
	}, plain)
	if err != nil {
		return err
	}
	wrapped, err := s.keys.Wrap(to, day(now), it.Key)
	if err != nil {
		return fmt.Errorf("wrap record key: %w", err)
	}
	l.queuedBytes += itemBytes(it)
	t.passed(l.logKey, 1, itemBytes(it))
	return t.append(ctx, l, entry{tape: taped(0), day: day(now), wrapped: wrapped, header: it.Header, ciphertext: it.Ciphertext, record: id[:]})
}

func itemBytes(it *record.Item) uint64 { return uint64(len(it.Header) + len(it.Ciphertext)) }

// room refuses a record that would pass the bound of the outbox. People in
// danger have a tenth of it to themselves.
func (s *Store) room(l *logRow, kind record.Kind, size int) error {
	rows, octets := s.cfg.OutboxRows, s.cfg.OutboxBytes
	if kind == record.KindDistress {
		rows, octets = rows+max(1, rows/10), octets+max(record.MaxBytes, octets/10)
	}
	if l.size()-l.cosigned >= rows || l.queuedBytes+uint64(size) > octets {
		return fmt.Errorf("%w: %d records, %d octets", ErrOutboxFull, l.size()-l.cosigned, l.queuedBytes)
	}
	return nil
}

// appendState replaces the waiting state of an object by a newer one.
func (s *Store) appendState(ctx context.Context, t *txn, to party.ID, kind record.Kind, object record.ID, plain []byte, now time.Time) error {
	l, err := t.log(ctx, logKey{to, journal.Sent})
	if err != nil {
		return err
	}
	l.stateSeq++
	l.newStates = true
	it, err := seal(record.Header{
		Version: record.Protocol, Lane: record.LaneState, Kind: kind, Object: object,
		LogEpoch: l.epoch, Seq: l.stateSeq,
	}, plain)
	if err != nil {
		return err
	}
	wrapped, err := s.keys.Wrap(to, day(now), it.Key)
	if err != nil {
		return fmt.Errorf("wrap record key: %w", err)
	}
	n, err := t.exec(ctx, "state", `DELETE FROM states_out WHERE log = $1 AND object = $2 AND batch IS NULL`, l.id, object[:])
	if err != nil {
		return err
	}
	l.replaced += uint64(n)
	_, err = t.exec(ctx, "state", `INSERT INTO states_out (log, seq, object, day, wrapped, header, ciphertext)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, l.id, l.stateSeq, object[:], day(now), wrapped, it.Header, it.Ciphertext)
	return err
}

// boundStates gives up the oldest waiting states beyond the bound: of states
// only the newest matter, and what waits longest is the stalest.
func (s *Store) boundStates(ctx context.Context, t *txn) error {
	for _, l := range t.used() {
		if !l.newStates {
			continue
		}
		n, err := t.exec(ctx, "state", `DELETE FROM states_out WHERE log = $1 AND batch IS NULL AND seq IN (
			SELECT seq FROM states_out WHERE log = $1 AND batch IS NULL ORDER BY seq DESC LIMIT -1 OFFSET $2)`,
			l.id, s.cfg.OutboxStates)
		if err != nil {
			return err
		}
		l.dropped += uint64(n)
	}
	return nil
}

// Audit adds entries to the audit log that do not come from the engine: logins,
// changes of users, pairing.
func (s *Store) Audit(ctx context.Context, entries ...AuditEntry) error {
	err := s.update(ctx, "write audit log", func(t *txn) error { return appendAudit(ctx, t, 0, entries) })
	if err == nil {
		s.renewWitness(ctx, s.cfg.WitnessEvery)
	}
	return err
}

func appendAudit(ctx context.Context, t *txn, tape uint64, entries []AuditEntry) error {
	if len(entries) == 0 {
		return nil
	}
	l, err := t.log(ctx, auditKey)
	if err != nil {
		return err
	}
	for _, e := range entries {
		e.At = e.At.UTC()
		body, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("encode audit entry: %w", err)
		}
		if err := t.append(ctx, l, entry{tape: taped(tape), header: body}); err != nil {
			return err
		}
	}
	return nil
}

// AuditLog returns up to limit entries of the audit log after number after,
// with the number of the last one returned.
func (s *Store) AuditLog(ctx context.Context, after uint64, limit int) (list []AuditEntry, last uint64, err error) {
	last = after
	err = each(ctx, s.r, func(r rows) error {
		var body []byte
		if err := r.Scan(&last, &body); err != nil {
			return storeError(err)
		}
		var e AuditEntry
		if err := json.Unmarshal(body, &e); err != nil {
			return fmt.Errorf("entry %d: %w", last, err)
		}
		list = append(list, e)
		return nil
	}, `SELECT base + seq, header FROM entries JOIN logs ON id = log WHERE (direction = 'audit' OR direction LIKE 'audit/%')
		AND base + seq > $1 ORDER BY base + seq LIMIT $2`, after, limit)
	if err != nil {
		return nil, after, fmt.Errorf("read audit log: %w", err)
	}
	return list, last, nil
}

// keepSnapshot stores a snapshot and forgets all but the newest two, of the
// past that is kept the last of each hour, and the partners' states that only a
// forgotten one would need. With Cleanse it forgets all others. The tape that the
// past needs is the node's to keep.
func (s *Store) keepSnapshot(ctx context.Context, t *txn, c *Commit) error {
	kept, since := 2, c.Now.Add(-s.cfg.KeepPast).Unix()
	if c.Cleanse {
		kept, since = 1, math.MaxInt64
	}
	newest := fmt.Sprintf(`SELECT tape FROM snapshots ORDER BY tape DESC LIMIT %d`, kept)
	for _, q := range []struct {
		query string
		args  []any
	}{
		{`INSERT INTO snapshots (tape, version, body, at) VALUES ($1, $2, $3, $4)`, []any{c.Tape, c.SnapshotVersion, c.Snapshot, c.Now.Unix()}},
		{`DELETE FROM snapshots WHERE tape NOT IN (` + newest + `)
			AND (at <= $1 OR tape NOT IN (SELECT max(tape) FROM snapshots GROUP BY at / 3600))`, []any{since}},
		{`DELETE FROM states_in WHERE tape IS NOT NULL AND (SELECT count(*) FROM snapshots) >= $1
			AND tape <= (SELECT min(tape) FROM (` + newest + `) AS kept)`, []any{kept}},
	} {
		if _, err := t.exec(ctx, "snapshot", q.query, q.args...); err != nil {
			return err
		}
	}
	return nil
}

// Snapshot returns the newest snapshot: the state of the engine after tape
// number tape. ErrNotFound says that there is none.
func (s *Store) Snapshot(ctx context.Context) (tape uint64, version int, body []byte, err error) {
	return s.SnapshotBefore(ctx, 1<<62)
}

// FirstSnapshot returns the tape number of the oldest snapshot, 0 when there is
// none.
func (s *Store) FirstSnapshot(ctx context.Context) (tape uint64, err error) {
	if _, err = one(ctx, s.r, []any{&tape}, `SELECT min(tape) FROM snapshots HAVING count(*) > 0`); err != nil {
		return 0, fmt.Errorf("read snapshot: %w", err)
	}
	return tape, nil
}

// SnapshotAt returns the newest snapshot that is not newer than a time.
// ErrNotFound says that there is none.
func (s *Store) SnapshotAt(ctx context.Context, at time.Time) (tape uint64, body []byte, err error) {
	ok, err := one(ctx, s.r, []any{&tape, &body}, `SELECT tape, body FROM snapshots WHERE at <= $1 ORDER BY tape DESC LIMIT 1`, at.Unix())
	if err == nil && !ok {
		err = ErrNotFound
	}
	if err != nil {
		return 0, nil, fmt.Errorf("read snapshot: %w", err)
	}
	return tape, body, nil
}

// SnapshotBefore returns the newest snapshot of a smaller tape number: the one
// to fall back to when the newest cannot be restored.
func (s *Store) SnapshotBefore(ctx context.Context, before uint64) (tape uint64, version int, body []byte, err error) {
	ok, err := one(ctx, s.r, []any{&tape, &version, &body},
		`SELECT tape, version, body FROM snapshots WHERE tape < $1 ORDER BY tape DESC LIMIT 1`, before)
	if err == nil && !ok {
		err = ErrNotFound
	}
	if err != nil {
		return 0, 0, nil, fmt.Errorf("read snapshot: %w", err)
	}
	return tape, version, body, nil
}
