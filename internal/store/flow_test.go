// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// ending is a context that ends when it was looked at so many times.
type ending struct {
	context.Context
	left *atomic.Int64
	end  context.CancelFunc
}

func (e ending) Done() <-chan struct{} {
	if e.left.Add(-1) == 0 {
		e.end()
	}
	return e.Context.Done()
}

// TestFlowWhileTheNodeStops ends the reader at each of its steps: it says so and
// takes nothing for read.
func TestFlowWhileTheNodeStops(t *testing.T) {
	dir := t.TempDir()
	keys, err := keystore.OpenKDF(filepath.Join(dir, "keys"), []byte("x"), keystore.KDF{Passes: 1, MemoryKiB: 64, Lanes: 1})
	must(t, err)
	s, err := store.Open(t.Context(), filepath.Join(dir, "store"), keys, store.DefaultConfig())
	must(t, err)
	defer func() { must(t, s.Close()) }()
	failed := 0
	for n := int64(1); n <= 60; n++ {
		ctx, cancel := context.WithCancel(t.Context())
		left := new(atomic.Int64)
		left.Store(n)
		if f, err := s.Flow(ending{ctx, left, cancel}, "jp"); err != nil {
			failed++
			if f != (store.Flow{}) {
				t.Errorf("after %d looks: %+v beside %v", n, f, err)
			}
		}
		cancel()
	}
	if failed < 3 {
		t.Errorf("%d readers of 60 ended before their time, want some", failed)
	}
}
