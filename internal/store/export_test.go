// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"strconv"

	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// CheckItem is what Take looks at before it takes an item.
func CheckItem(it *record.Item, lane record.Lane, epoch uint32) (digest bool, err error) {
	if err := checkSize(it); err != nil {
		return false, err
	}
	if _, _, ok := digestRange(it); ok {
		return true, nil
	}
	return false, checkItem(it, lane, epoch)
}

// CommitOutgoing is Commit with records that the test made: only package
// release can make a release.Sealed, and only from what a policy lets out.
func (s *Store) CommitOutgoing(ctx context.Context, c Commit, out []Outgoing) error {
	return s.commitAll(ctx, c, out)
}

// Outgoing is what CommitOutgoing takes.
type Outgoing = outgoing

// LimitPages makes the disk full for the database at n pages; 0 takes the limit
// away.
func (s *Store) LimitPages(ctx context.Context, n int) error {
	if n == 0 {
		n = 1 << 30
	}
	var got int
	return s.w.QueryRowContext(ctx, "PRAGMA max_page_count="+strconv.Itoa(n)).Scan(&got)
}
