// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"strconv"
)

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
