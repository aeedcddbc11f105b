// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

type logKey struct {
	partner   party.ID
	direction journal.Direction
}

var auditKey = logKey{direction: journal.Audit}

// logRow is a row of the table logs.
type logRow struct {
	logKey
	id       int64 // 0: not there yet
	ended    int   // running number of an ended log, 0 of the one in use
	frontier journal.Frontier
	counters
	was       counters // as stored
	wasSize   uint64
	newStates bool // in this transaction
}

type counters struct {
	epoch       uint32
	cosigned    uint64
	queuedBytes uint64
	batch       uint64
	stateSeq    uint64
	refused     uint64
	replaced    uint64
	dropped     uint64
	base        uint64 // entries of the ended logs before it
	attest      uint64 // first leaf that may be attested, 0 for none
}

func (l *logRow) size() uint64 { return l.frontier.Size() }

func (l *logRow) state() journal.LogState {
	return journal.LogState{Epoch: l.epoch, Size: l.frontier.Size(), Root: l.frontier.Root()}
}

// name is the log's name with the witness.
func (l *logRow) name() string {
	return journal.Log{Partner: l.partner, Direction: l.direction}.Name()
}

const logColumns = `id, partner, direction, epoch, size, frontier, cosigned, queued_bytes, batch, state_seq, refused, replaced, dropped, base, attest`

func scanLog(scan func(...any) error) (*logRow, error) {
	var l logRow
	var size uint64
	var frontier []byte
	if err := scan(&l.id, &l.partner, &l.direction, &l.epoch, &size, &frontier, &l.cosigned,
		&l.queuedBytes, &l.batch, &l.stateSeq, &l.refused, &l.replaced, &l.dropped, &l.base, &l.attest); err != nil {
		return nil, err
	}
	direction, number, ended := strings.Cut(string(l.direction), "/")
	var err error
	if l.direction = journal.Direction(direction); ended {
		if l.ended, err = strconv.Atoi(number); err != nil {
			return nil, storeError(fmt.Errorf("read log %s: %w", l.name(), err))
		}
	}
	if l.frontier, err = journal.ParseFrontier(size, frontier); err != nil {
		return nil, storeError(fmt.Errorf("read log %s: %w", l.name(), err))
	}
	l.was, l.wasSize = l.counters, size
	return &l, nil
}

// readLog returns a log; one that is not there is empty, of epoch 1, with id 0.
func readLog(ctx context.Context, q queryer, k logKey) (*logRow, error) {
	l, err := scanLog(q.QueryRowContext(ctx, `SELECT `+logColumns+` FROM logs WHERE partner = $1 AND direction = $2`,
		k.partner, k.direction).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return &logRow{logKey: k, counters: counters{epoch: 1}}, nil
	}
	return l, storeError(err)
}

// readLogs returns the logs in use, in order.
func readLogs(ctx context.Context, q queryer) ([]*logRow, error) {
	list, err := readAllLogs(ctx, q)
	return slices.DeleteFunc(list, func(l *logRow) bool { return l.ended > 0 }), err
}

// readAllLogs returns all logs in order, ended ones before the one in use.
func readAllLogs(ctx context.Context, q queryer) ([]*logRow, error) {
	var list []*logRow
	err := each(ctx, q, func(r rows) error {
		l, err := scanLog(r.Scan)
		list = append(list, l)
		return storeError(err)
	}, `SELECT `+logColumns+` FROM logs ORDER BY partner, direction`)
	slices.SortStableFunc(list, func(a, b *logRow) int {
		const last = 1 << 30
		number := func(l *logRow) int { return cmp.Or(l.ended, last) }
		return cmp.Or(cmp.Compare(a.partner, b.partner), cmp.Compare(a.direction, b.direction), cmp.Compare(number(a), number(b)))
	})
	return list, err
}

// log returns a log to change; update writes it at the end.
func (t *txn) log(ctx context.Context, k logKey) (*logRow, error) {
	if l := t.logs[k]; l != nil {
		return l, nil
	}
	l, err := readLog(ctx, t, k)
	if err != nil {
		return nil, err
	}
	if l.id == 0 {
		if err := t.before("log"); err != nil {
			return nil, err
		}
		if _, err := one(ctx, t, []any{&l.id}, `INSERT INTO logs (partner, direction, epoch, frontier)
			VALUES ($1, $2, $3, $4) RETURNING id`, k.partner, k.direction, l.epoch, []byte{}); err != nil {
			return nil, err
		}
		l.was = l.counters
	}
	t.logs[k] = l
	return l, nil
}

func (t *txn) saveLogs(ctx context.Context) error {
	for _, l := range t.used() {
		if l.counters == l.was && l.size() == l.wasSize {
			continue
		}
		if _, err := t.exec(ctx, "log", `UPDATE logs SET epoch = $1, size = $2, frontier = $3, cosigned = $4,
			queued_bytes = $5, batch = $6, state_seq = $7, refused = $8, replaced = $9, dropped = $10, base = $11, attest = $12 WHERE id = $13`,
			l.epoch, l.size(), l.frontier.Marshal(), l.cosigned, l.queuedBytes, l.batch, l.stateSeq,
			l.refused, l.replaced, l.dropped, l.base, l.attest, l.id); err != nil {
			return err
		}
		l.was, l.wasSize = l.counters, l.size()
	}
	return nil
}

// used lists the logs of the transaction in order.
func (t *txn) used() []*logRow {
	var list []*logRow
	for _, l := range t.logs {
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b *logRow) int { return int(a.id - b.id) })
	return list
}

// entry is a row of the table entries without its place.
type entry struct {
	tape       sql.NullInt64
	day        string
	wrapped    []byte
	header     []byte
	ciphertext []byte
	record     []byte // sent: the record's id
}

func taped(n uint64) sql.NullInt64 { return sql.NullInt64{Int64: int64(n), Valid: true} }

// append adds an entry as the next leaf of the log.
func (t *txn) append(ctx context.Context, l *logRow, e entry) error {
	row := journal.Row{Header: e.header, Ciphertext: e.ciphertext}
	nodes := l.frontier.Append(row.Leaf(l.direction))
	flat := make([]byte, 0, 32*len(nodes))
	for _, n := range nodes {
		flat = append(flat, n[:]...)
	}
	_, err := t.exec(ctx, "entry", `INSERT INTO entries (log, seq, tape, day, wrapped, nodes, header, ciphertext, record)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, l.id, l.size(), e.tape, e.day, e.wrapped, flat, e.header, e.ciphertext, e.record)
	return err
}

// nodes reads the tree of a log: what the frontier returned for each leaf.
func nodes(ctx context.Context, q queryer, log int64) journal.NodesFunc {
	return func(leaf uint64) ([]journal.Hash, error) {
		var flat []byte
		ok, err := one(ctx, q, []any{&flat}, `SELECT nodes FROM entries WHERE log = $1 AND seq = $2`, log, leaf+1)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("leaf %d: %w", leaf, ErrNotFound)
		}
		return unflatten(flat), nil
	}
}

func unflatten(flat []byte) []journal.Hash {
	var out []journal.Hash
	for ; len(flat) >= 32; flat = flat[32:] {
		out = append(out, journal.Hash(flat[:32]))
	}
	return out
}

// rootAt returns the root that the log had with size leaves.
func rootAt(ctx context.Context, q queryer, l *logRow, size uint64) (journal.Hash, error) {
	if size > l.size() {
		return journal.Hash{}, fmt.Errorf("root of log %s at %d of %d: %w", l.name(), size, l.size(), ErrNotFound)
	}
	if size == l.size() {
		return l.frontier.Root(), nil
	}
	return journal.RootAt(nodes(ctx, q, l.id), size)
}

// keepEvery is the span of leaves in which only the last checkpoint is kept: a
// later receipt covers all earlier ones.
const keepEvery = 1024

// keepCheckpoint stores a checkpoint after comparing it with the log.
func (t *txn) keepCheckpoint(ctx context.Context, l *logRow, size uint64, signed []byte) error {
	c, err := journal.Unverified(signed)
	if err != nil {
		return err
	}
	if c.Size != size || c.Epoch != l.epoch || size > l.size() {
		return fmt.Errorf("%w: size %d of epoch %d, log has %d of %d", journal.ErrRoot, c.Size, c.Epoch, l.size(), l.epoch)
	}
	root, err := rootAt(ctx, t, l, size)
	if err != nil {
		return err
	}
	if root != c.Root {
		return fmt.Errorf("%w: root at size %d", journal.ErrRoot, size)
	}
	if _, err := t.exec(ctx, "checkpoint", `DELETE FROM checkpoints WHERE log = $1 AND size <= $2 AND size > $3`,
		l.id, size, size/keepEvery*keepEvery); err != nil {
		return err
	}
	_, err = t.exec(ctx, "checkpoint", `INSERT INTO checkpoints (log, size, note) VALUES ($1, $2, $3)
		ON CONFLICT (log, size) DO UPDATE SET note = excluded.note`, l.id, size, signed)
	return err
}
