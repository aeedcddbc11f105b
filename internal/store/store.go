// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package store keeps what must survive a crash in one SQLite file: how far the
// tape's outputs are committed, the outbox and inbox of each partner with their
// journal logs, the audit log, snapshots of the engine, and the people who may
// log in. What Commit and Take acknowledge is on the disk.
//
// It decides nothing: what is sent was sealed by package release, what is
// received is not looked into beyond its header and whether its key opens it.
// Content of the link rests encrypted, under a key of its own that the keystore
// wraps. It holds no passphrase, opens no connection and logs nothing.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	"golang.org/x/mod/sumdb/note"
	_ "modernc.org/sqlite" // the database/sql driver "sqlite"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

//go:embed migrations/*.sql
var migrations embed.FS

var (
	// ErrStore is wrapped when the database could not be read or written: a full
	// disk, a failing one, a fault that a test made. Nothing was half done, and
	// the same call may be made again.
	ErrStore = errors.New("store")
	// ErrOutboxFull is wrapped when records for a partner would pass the bound of
	// its outbox. Nothing was committed.
	ErrOutboxFull = errors.New("outbox is full")
	// ErrInboxFull is wrapped when a partner's records would pass the bound of
	// what may wait for the tape. Nothing was taken; it may send them again.
	ErrInboxFull = errors.New("inbox is full")
	// ErrGap is wrapped when a partner's items do not follow what is held.
	ErrGap = errors.New("items do not follow the log")
	// ErrNotFound is wrapped when there is no such user, record or snapshot.
	ErrNotFound = errors.New("not found")
)

// Keys wraps the keys of records, so that they can be destroyed by partner and
// day. The keystore implements it.
type Keys interface {
	Wrap(partner party.ID, day string, recordKey []byte) ([]byte, error)
	Unwrap(partner party.ID, day string, wrapped []byte) ([]byte, error)
}

// Faults lets a test fail or delay each write. Ops are named by what they
// write, the last of each transaction is "commit".
type Faults interface {
	BeforeWrite(op string) error
}

// Config holds what can be chosen about a store.
type Config struct {
	OutboxRows   uint64 // records by partner that wait for its receipt
	OutboxBytes  uint64 // and their octets
	OutboxStates uint64 // objects by partner whose newest state waits; beyond, the oldest are given up
	InboxRows    uint64 // records and states by partner that wait for the tape
	Quota        Quota  // of each partner that has none of its own in Quotas
	Quotas       map[party.ID]Quota
	WitnessEvery uint64 // leaves after which the witness is renewed, if no receipt did it before

	// KeepPast keeps a snapshot of each hour for so long; 0: none but the
	// newest two.
	KeepPast time.Duration

	Witness journal.Witness  // nil: none is kept
	Audit   note.Signer      // signs the audit log; nil: it is not signed
	Now     func() time.Time // names the day under whose key received records rest
	Faults  Faults           // nil outside tests
}

// DefaultConfig returns bounds for a partner that is away for a day.
func DefaultConfig() Config {
	return Config{
		OutboxRows: 100_000, OutboxBytes: 256 << 20, OutboxStates: 20_000, InboxRows: 20_000,
		WitnessEvery: 256, Now: time.Now,
	}
}

// Validate reports what is wrong with the configuration.
func (c Config) Validate() error {
	for name, n := range map[string]uint64{
		"outbox rows": c.OutboxRows, "outbox bytes": c.OutboxBytes, "outbox states": c.OutboxStates,
		"inbox rows": c.InboxRows, "witness every": c.WitnessEvery,
	} {
		if n == 0 || n > math.MaxInt32*1024 {
			return fmt.Errorf("store: %s is %d, want a bound", name, n)
		}
	}
	if c.Now == nil {
		return errors.New("store: no time")
	}
	return nil
}

// Store is an open store. Its methods may be called from any goroutine; writes
// go one after the other.
type Store struct {
	path string
	keys Keys
	cfg  Config
	w    *sql.DB // one connection
	r    *sql.DB

	witness witnesses
}

// File is the name of the database in the store's folder.
const File = "kuroshio.db"

// Open opens the store in dir and brings it to the present schema. It makes the
// folder (0700) and the file (0600) where they are missing.
func Open(ctx context.Context, dir string, keys Keys, cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Store{path: filepath.Join(dir, File), keys: keys, cfg: cfg}
	if err := s.open(ctx, dir); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", dir, err), s.release())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	// SQLite gives its -wal and -shm files the mode of the database.
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o600), f.Close()); err != nil {
		return err
	}
	if s.w, err = connect(s.path, 1, "_txlock=immediate"); err != nil {
		return err
	}
	if err := migrate(ctx, s.w); err != nil {
		return err
	}
	// A crash may have left pages in it that held what was destroyed since.
	if err = s.Wipe(ctx); err != nil {
		return err
	}
	if s.r, err = connect(s.path, 4, "_pragma=query_only(1)"); err != nil {
		return err
	}
	return s.openWitness(ctx)
}

func connect(path string, conns int, extra string) (*sql.DB, error) {
	u := url.URL{Scheme: "file", Path: path, RawQuery: "_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)" +
		"&_pragma=synchronous(full)&_pragma=secure_delete(on)&_pragma=journal_size_limit(67108864)&" + extra}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithAllowOutofOrder(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// Close renews the witness and closes the file. Everything acknowledged is on
// the disk already.
func (s *Store) Close() error {
	s.renewWitness(context.Background(), 1)
	if err := s.release(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

func (s *Store) release() error {
	var err error
	for _, db := range []*sql.DB{s.r, s.w} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return err
}

// queryer is what reads within or without a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// txn is the write transaction.
type txn struct {
	*sql.Tx
	faults Faults
	stmts  map[string]*sql.Stmt
	logs   map[logKey]*logRow // loaded and perhaps changed; written by saveLogs

	traffic map[logKey]Traffic // what passed; written by saveTraffic
}

// update runs fn in one write transaction: all of it is on the disk, or none.
func (s *Store) update(ctx context.Context, what string, fn func(*txn) error) error {
	tx, err := s.w.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", what, storeError(err))
	}
	t := &txn{Tx: tx, faults: s.cfg.Faults, stmts: map[string]*sql.Stmt{}, logs: map[logKey]*logRow{}, traffic: map[logKey]Traffic{}}
	err = fn(t)
	if err == nil {
		err = t.saveLogs(ctx)
	}
	if err == nil {
		err = t.saveTraffic(ctx, day(s.cfg.Now()))
	}
	if err == nil {
		if err = t.before("commit"); err == nil {
			err = storeError(tx.Commit())
		}
	}
	if err != nil {
		// SQLite may have rolled back by itself; the first error is what counts.
		_ = tx.Rollback()
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// exec writes; op names the write for Faults.
func (t *txn) exec(ctx context.Context, op, query string, args ...any) (int64, error) {
	if err := t.before(op); err != nil {
		return 0, err
	}
	st := t.stmts[query]
	if st == nil {
		var err error
		if st, err = t.PrepareContext(ctx, query); err != nil {
			return 0, storeError(fmt.Errorf("%s: %w", op, err))
		}
		t.stmts[query] = st
	}
	res, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, storeError(fmt.Errorf("%s: %w", op, err))
	}
	n, err := res.RowsAffected()
	return n, storeError(err)
}

func (t *txn) before(op string) error {
	if t.faults == nil {
		return nil
	}
	if err := t.faults.BeforeWrite(op); err != nil {
		return storeError(fmt.Errorf("%s: %w", op, err))
	}
	return nil
}

func storeError(err error) error {
	if err == nil || errors.Is(err, ErrStore) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrStore, err)
}

// rows is what a row is scanned from.
type rows interface{ Scan(dest ...any) error }

// each hands every row of a query to scan.
func each(ctx context.Context, q queryer, scan func(rows) error, query string, args ...any) (err error) {
	r, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return storeError(err)
	}
	defer func() {
		if cerr := r.Close(); err == nil {
			err = storeError(cerr)
		}
	}()
	for r.Next() {
		if err := scan(r); err != nil {
			return err
		}
	}
	return storeError(r.Err())
}

// one scans the one row of a query; ok is false when there is none.
func one(ctx context.Context, q queryer, dest []any, query string, args ...any) (ok bool, err error) {
	err = q.QueryRowContext(ctx, query, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, storeError(err)
}

// view runs fn in one read transaction: all that it reads is of one moment.
func (s *Store) view(ctx context.Context, fn func(queryer) error) error {
	tx, err := s.r.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return storeError(err)
	}
	err = fn(tx)
	if rerr := tx.Rollback(); err == nil && rerr != nil {
		err = storeError(rerr)
	}
	return err
}

// witnesses renews the witness now and then, outside of transactions.
type witnesses struct {
	mu       sync.Mutex
	noted    map[string]uint64 // size by log
	problems []string          // logs that are behind the witness: it is left alone
	behind   map[string]bool
	failures uint64
	renewed  time.Time // at a receipt, last
}
