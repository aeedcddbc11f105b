// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/internal/store/storetest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func start(t testing.TB) (a, b *storetest.Node) {
	t.Helper()
	n := sqlite().Start(t, store.DefaultConfig(), "tw", "jp")
	return n[0], n[1]
}

func file(n *storetest.Node) string { return filepath.Join(n.Dir, "store", store.File) }

// raw runs a statement on the file of a closed store, as an intruder would.
func raw(t testing.TB, n *storetest.Node, query string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", file(n))
	must(t, err)
	_, err = db.Exec(query, args...)
	must(t, err)
	must(t, db.Close())
}

// contains tells which files below dir hold b.
func contains(t testing.TB, dir string, b []byte) []string {
	t.Helper()
	var list []string
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, b) {
			list = append(list, path)
		}
		return err
	}))
	return list
}

func TestNothingOfTheLinkRestsReadable(t *testing.T) {
	a, b := start(t)
	planted := []string{"planted record", "planted state", "planted waiting"}
	a.Put(t, storetest.Record{Partner: "jp", Of: record.KindIncident, About: storetest.Object(1), Text: planted[0]},
		storetest.Record{Partner: "jp", Of: record.KindTrack, About: storetest.Object(2), Text: planted[1]})
	must(t, storetest.Deliver(t.Context(), a, b))
	got, err := b.Tape(t.Context())
	must(t, err)
	if got[record.LaneRecord][0] != planted[0] || got[record.LaneState][0] != planted[1] {
		t.Fatalf("delivered %v", got)
	}
	a.Put(t, storetest.Record{Partner: "jp", Of: record.KindTrack, About: storetest.Object(2), Text: planted[2]})
	items, err := a.Records(t.Context(), "jp", 0, 1)
	must(t, err)
	if contains(t, a.Dir, items[0].Ciphertext) == nil {
		t.Error("the search does not find what is there")
	}
	for _, n := range []*storetest.Node{a, b} {
		for _, text := range append(planted, string(items[0].Key)) {
			if list := contains(t, n.Dir, []byte(text)); list != nil {
				t.Errorf("%q rests readable in %v", text, list)
			}
		}
	}
}

func TestADestroyedKeyIsGoneFromTheFiles(t *testing.T) {
	a, b := start(t)
	for i := range 20 {
		a.Put(t, storetest.Incident("jp", i))
	}
	must(t, storetest.Deliver(t.Context(), a, b))
	for seq := range uint64(20) {
		db, err := sql.Open("sqlite", file(b))
		must(t, err)
		var wrapped []byte
		must(t, db.QueryRow(`SELECT wrapped FROM entries WHERE seq = $1 AND tape IS NULL`, seq+1).Scan(&wrapped))
		must(t, db.Close())
		if contains(t, b.Dir, wrapped) == nil {
			t.Fatal("the wrapped key is not where it must be")
		}
		must(t, b.Destroy(t.Context(), store.Received{Partner: "tw", Lane: record.LaneRecord, Seq: seq + 1}))
		// A part of it may lie elsewhere in the page.
		if list := contains(t, b.Dir, wrapped[20:44]); list != nil {
			t.Errorf("the wrapped key of record %d is still in %v", seq+1, list)
		}
	}
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	a, _ := start(t)
	a.Put(t, storetest.Incident("jp", 1))
	must(t, filepath.WalkDir(filepath.Join(a.Dir, "store"), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if want := fs.FileMode(0o600); err == nil && !e.IsDir() && info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode().Perm(), want)
		}
		if want := fs.FileMode(0o700); err == nil && e.IsDir() && info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode().Perm(), want)
		}
		return err
	}))
}

func TestAFullDiskLosesNothing(t *testing.T) {
	a, _ := start(t)
	s := a.Store.(*store.Store)
	for i := range 10 {
		a.Put(t, storetest.Incident("jp", i))
	}
	must(t, s.LimitPages(t.Context(), 1)) // SQLite sets it to what is in use
	large := make([]store.Outgoing, 20)
	for i := range large {
		large[i] = storetest.Record{Partner: "jp", Of: record.KindIncident, About: storetest.Object(i), Text: strings.Repeat("x", 10_000)}
	}
	full := func() error {
		return s.CommitOutgoing(t.Context(), store.Commit{Tape: 99, Now: storetest.Now()}, large)
	}
	for range 3 {
		if err := full(); !errors.Is(err, store.ErrStore) {
			t.Fatalf("on a full disk: %v, want ErrStore", err)
		}
	}
	n, err := s.Committed(t.Context())
	must(t, err)
	sent, err := s.Sent(t.Context(), "jp")
	must(t, err)
	if n != 10 || sent.Size != 10 {
		t.Errorf("after a full disk: committed %d, sent %d, want 10 and 10", n, sent.Size)
	}
	must(t, s.LimitPages(t.Context(), 0))
	must(t, full())
	sent, err = s.Sent(t.Context(), "jp")
	must(t, err)
	if sent.Size != 30 {
		t.Errorf("when there is room again: sent %d, want 30", sent.Size)
	}
	rep, err := a.Verify(t.Context(), a.Keys)
	must(t, err)
	if !rep.Verified {
		t.Errorf("journal: %+v", rep)
	}
}

func TestTwoSessionsFormOneBatch(t *testing.T) {
	a, _ := start(t)
	for i := range 10 {
		a.Put(t, storetest.State("jp", i, 0))
	}
	var wg sync.WaitGroup
	got := make([]*record.Batch, 8)
	errs := make([]error, len(got))
	for i := range got {
		wg.Go(func() { got[i], errs[i] = a.States(t.Context(), "jp", 3) })
	}
	wg.Wait()
	must(t, errors.Join(errs...))
	for _, b := range got {
		if b == nil || b.N != 1 || len(b.Items) != 3 {
			t.Errorf("batch %+v, want number 1 with three states", b)
		}
	}
}

func TestACancelledCallTakesNothing(t *testing.T) {
	a, _ := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Commit(ctx, store.Commit{Tape: 1, Now: storetest.Now()}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled Commit: %v", err)
	}
	a.Put(t, storetest.Incident("jp", 1))
}

func TestReadersAndWritersDoNotDisturbEachOther(t *testing.T) {
	a, b := start(t)
	var wg sync.WaitGroup
	ctx := t.Context()
	for i := range 30 {
		a.Put(t, storetest.Incident("jp", i), storetest.State("jp", 1, i))
	}
	work := []func() error{
		func() error { return storetest.Deliver(ctx, a, b) },
		func() error { _, err := a.Verify(ctx, a.Keys); return err },
		func() error { _, err := b.Verify(ctx, b.Keys); return err },
		func() error { _, err := a.Stats(ctx); return err },
		func() error { return a.Audit(ctx, store.AuditEntry{By: "lin", Act: "login"}) },
		func() error { return a.DigestStates(ctx, storetest.Now()) },
		func() error { _, err := b.Pending(ctx); return err },
	}
	errs := make([]error, len(work))
	for i, fn := range work {
		wg.Go(func() {
			for range 10 {
				if errs[i] = fn(); errs[i] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	must(t, errors.Join(errs...))
	for _, n := range []*storetest.Node{a, b} {
		rep, err := n.Verify(ctx, n.Keys)
		must(t, err)
		if !rep.Verified {
			t.Errorf("journal of %s: %+v", n.Self, rep)
		}
	}
}

// TestVerifyFindsWhatAnIntruderChanges changes the file of a closed store.
func TestVerifyFindsWhatAnIntruderChanges(t *testing.T) {
	const of = `log = (SELECT id FROM logs WHERE direction = 'sent')`
	tests := map[string]struct {
		change func(t *testing.T, a *storetest.Node)
		want   string
	}{
		"one byte flipped on the disk": {func(t *testing.T, a *storetest.Node) {
			items, err := a.Records(t.Context(), "jp", 4, 1)
			must(t, err)
			must(t, a.Close())
			content, err := os.ReadFile(file(a))
			must(t, err)
			at := bytes.Index(content, items[0].Ciphertext)
			if at < 0 {
				t.Fatal("the record is not in the file")
			}
			content[at+3] ^= 4
			must(t, os.WriteFile(file(a), content, 0o600))
		}, "entry 5: content or order was changed"},
		"one entry dropped": {func(t *testing.T, a *storetest.Node) {
			raw(t, a, `DELETE FROM entries WHERE seq = 4 AND `+of)
		}, "entry 5 stands where 4 must be"},
		"two entries swapped": {func(t *testing.T, a *storetest.Node) {
			raw(t, a, `UPDATE entries SET seq = 1000 WHERE seq = 3 AND `+of)
			raw(t, a, `UPDATE entries SET seq = 3 WHERE seq = 6 AND `+of)
			raw(t, a, `UPDATE entries SET seq = 6 WHERE seq = 1000 AND `+of)
		}, "entry 3: header says 6"},
		"the receipts dropped": {func(t *testing.T, a *storetest.Node) {
			raw(t, a, `DELETE FROM checkpoints`)
		}, "receipt is missing"},
		"an audit entry changed": {func(t *testing.T, a *storetest.Node) {
			raw(t, a, `UPDATE entries SET header = replace(header, 'lin', 'wu_') WHERE log = (SELECT id FROM logs WHERE direction = 'audit')`)
		}, "entry 1: content or order was changed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a, b := start(t)
			for i := range 10 {
				a.Put(t, storetest.Incident("jp", i))
			}
			must(t, a.Audit(t.Context(), store.AuditEntry{By: "lin", Act: "login"}))
			must(t, storetest.Deliver(t.Context(), a, b))
			tt.change(t, a)
			a.Reopen(t)
			p := findings(t, a)
			if !strings.Contains(p, tt.want) {
				t.Errorf("problems %q, want %q", p, tt.want)
			}
		})
	}
}

func findings(t *testing.T, n *storetest.Node) string {
	t.Helper()
	rep, err := n.Verify(t.Context(), n.Keys)
	must(t, err)
	var all []string
	for _, l := range rep.Logs {
		all = append(all, l.Problems...)
	}
	if rep.Verified != (len(all) == 0) {
		t.Errorf("verified %v with problems %q", rep.Verified, all)
	}
	return strings.Join(all, "\n")
}

// TestAnOldBackupIsFound restores the database without the keystore, which is
// not in its backups, and goes on from there.
func TestAnOldBackupIsFound(t *testing.T) {
	a, b := start(t)
	for i := range 5 {
		a.Put(t, storetest.Incident("jp", i))
	}
	must(t, storetest.Deliver(t.Context(), a, b))
	a.Reopen(t)
	backup, err := os.ReadFile(file(a))
	must(t, err)
	for i := range 5 {
		a.Put(t, storetest.Incident("jp", 5+i))
	}
	must(t, storetest.Deliver(t.Context(), a, b))
	if p := a.Problems(); len(p) != 0 {
		t.Errorf("problems %v before anything was done", p)
	}
	must(t, a.Close())
	must(t, os.WriteFile(file(a), backup, 0o600))
	a.Reopen(t)
	if p := a.Problems(); len(p) != 1 || p[0] != "jp-sent" {
		t.Errorf("Problems() = %v, want the log towards jp", p)
	}
	if p := findings(t, a); !strings.Contains(p, "old backup") {
		t.Errorf("problems %q, want an old backup", p)
	}
	if err := storetest.Deliver(t.Context(), a, b); err == nil {
		t.Error("the partner took a log that goes back")
	}
	s := a.Store.(*store.Store)
	for i := range 20 {
		must(t, s.CommitOutgoing(t.Context(), store.Commit{Tape: uint64(50 + i), Now: storetest.Now()}, []store.Outgoing{storetest.Incident("jp", 90+i)}))
	}
	a.Reopen(t)
	if p := findings(t, a); !strings.Contains(p, "witness in the keystore: root differs") {
		t.Errorf("problems %q after going on, want the witness to stand", p)
	}
	var _ journal.Witness = a.Keys
}
