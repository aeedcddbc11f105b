// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/internal/store/storetest"
)

// TestPastIsKeptByTheHour commits a snapshot each twenty minutes for six hours
// and keeps the past of three.
func TestPastIsKeptByTheHour(t *testing.T) {
	dir := t.TempDir()
	keys, err := keystore.OpenKDF(filepath.Join(dir, "keys"), []byte("x"), keystore.KDF{Passes: 1, MemoryKiB: 64, Lanes: 1})
	must(t, err)
	cfg := store.DefaultConfig()
	cfg.KeepPast = 3 * time.Hour
	s, err := store.Open(t.Context(), filepath.Join(dir, "store"), keys, cfg)
	must(t, err)
	defer func() { must(t, s.Close()) }()
	begin := storetest.Now().Truncate(time.Hour)
	var now time.Time
	for i := range 18 {
		now = begin.Add(time.Duration(i) * 20 * time.Minute)
		must(t, s.Commit(t.Context(), store.Commit{Tape: uint64(i + 1), Now: now, Snapshot: []byte{byte(i + 1)}, SnapshotVersion: 1}))
	}
	kept := func() (list []byte) {
		for before := uint64(1 << 62); ; {
			n, _, body, err := s.SnapshotBefore(t.Context(), before)
			if errors.Is(err, store.ErrNotFound) {
				return list
			}
			must(t, err)
			list, before = append(list, body[0]), n
		}
	}
	// The newest two, and of each whole hour within three hours of 05:40 the last.
	if got, want := string(kept()), string([]byte{18, 17, 15, 12}); got != want {
		t.Fatalf("kept %v, want %v", []byte(got), []byte(want))
	}
	n, body, err := s.SnapshotAt(t.Context(), now.Add(-2*time.Hour))
	if err != nil || n != 12 || body[0] != 12 {
		t.Errorf("two hours ago: %d %v %v, want 12", n, body, err)
	}
	if _, _, err := s.SnapshotAt(t.Context(), begin); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("six hours ago: %v, want none", err)
	}
	if first, err := s.FirstSnapshot(t.Context()); err != nil || first != 12 {
		t.Errorf("first = %d, %v, want 12", first, err)
	}
	// A recall leaves nothing of the past.
	must(t, s.Commit(t.Context(), store.Commit{Tape: 19, Now: now, Snapshot: []byte{19}, SnapshotVersion: 1, Cleanse: true}))
	if got := kept(); len(got) != 1 || got[0] != 19 {
		t.Errorf("after a recall %v are kept, want 19 alone", got)
	}
}
