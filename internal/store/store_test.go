// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"context"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/internal/store/storetest"
)

var (
	_ link.Outbox = (*store.Store)(nil)
	_ link.Inbox  = (*store.Store)(nil)
)

func sqlite() storetest.Driver {
	return storetest.Driver{
		Open: func(ctx context.Context, dir string, keys store.Keys, cfg store.Config) (storetest.Store, error) {
			s, err := store.Open(ctx, dir, keys, cfg)
			if err != nil {
				return nil, err
			}
			return s, nil
		},
		Commit: func(ctx context.Context, s storetest.Store, c store.Commit, out []storetest.Record) error {
			list := make([]store.Outgoing, len(out))
			for i, x := range out {
				list[i] = x
			}
			return s.(*store.Store).CommitOutgoing(ctx, c, list)
		},
	}
}

func TestContract(t *testing.T) { storetest.Run(t, sqlite()) }
