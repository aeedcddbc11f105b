// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

var errInjected = errors.New("injected")

// nth fails the n-th write alone; n 0 fails none and counts.
type nth struct{ n, count int }

func (f *nth) BeforeWrite(op string) error {
	f.count++
	if f.count == f.n {
		return fmt.Errorf("%s: %w", op, errInjected)
	}
	return nil
}

// story is a day of two nodes. Each step may fail and be made again.
func story(d Driver, a, b *Node) []func(context.Context) error {
	commit := func(n *Node, tape uint64, c store.Commit, out ...Record) func(context.Context) error {
		c.Tape, c.Now = tape, Now()
		return func(ctx context.Context) error { return d.Commit(ctx, n.Store, c, out) }
	}
	deliver := func(ctx context.Context) error { return errors.Join(Deliver(ctx, a, b), Deliver(ctx, b, a)) }
	tape := func(ctx context.Context) error {
		b.tape = 10
		list, err := b.Pending(ctx)
		if err != nil || len(list) == 0 {
			return err
		}
		c := store.Commit{Tape: 11, Now: Now()}
		for _, x := range list {
			c.Taped = append(c.Taped, store.Taped{Received: x, Tape: 11})
		}
		return d.Commit(ctx, b.Store, c, []Record{Incident("tw", 7)})
	}
	return []func(context.Context) error{
		commit(a, 1, store.Commit{Audit: []store.AuditEntry{{By: "lin", Act: "open"}}}, Incident("jp", 1), State("jp", 2, 0)),
		commit(b, 1, store.Commit{Declared: map[party.ID]bool{"tw": true}}),
		commit(a, 2, store.Commit{Snapshot: []byte("snapshot"), Declared: map[party.ID]bool{"jp": true}}, Incident("jp", 3), State("jp", 2, 1), State("jp", 4, 0)),
		deliver,
		commit(a, 3, store.Commit{}, Incident("jp", 5), State("jp", 2, 2)),
		func(ctx context.Context) error { return a.DigestStates(ctx, Now()) },
		deliver,
		tape,
		deliver,
		func(ctx context.Context) error { return Attest(ctx, a, b) },
	}
}

// faultsRetried fails each write of the story in turn. The step is made again,
// and the end must be the same as without a fault.
func faultsRetried(t *testing.T, d Driver) {
	run := func(n int) (ending string, writes int) {
		f := &nth{n: n}
		cfg := small()
		cfg.Faults = f
		a, b := two(t, d, cfg)
		failed := 0
		for i, step := range story(d, a, b) {
			err := step(t.Context())
			if err == nil {
				continue
			}
			failed++
			if !errors.Is(err, errInjected) || !errors.Is(err, store.ErrStore) {
				t.Fatalf("write %d, step %d: %v, want ErrStore and the fault", n, i, err)
			}
			if err := step(t.Context()); err != nil {
				t.Fatalf("write %d, step %d made again: %v", n, i, err)
			}
		}
		writes = f.count
		if n > 0 && failed != 1 {
			t.Fatalf("write %d failed %d steps, want one", n, failed)
		}
		verified(t, a, b)
		return end(t, a, b), writes
	}
	want, writes := run(0)
	if testing.Short() {
		t.Skip("every write of the story in turn: not in short mode")
	}
	for n := 1; n <= writes; n += stride {
		if got, _ := run(n); got != want {
			t.Errorf("with write %d of %d failing the end is\n%s\nwant\n%s", n, writes, got, want)
		}
	}
	t.Logf("failed every %d. of %d writes", stride, writes)
}

// end describes what two nodes hold, without what is random.
func end(t testing.TB, nodes ...*Node) string {
	t.Helper()
	out := ""
	for _, n := range nodes {
		st, err := n.Stats(t.Context())
		must(t, err)
		st.FileBytes, st.WALBytes = 0, 0
		list, err := n.Pending(t.Context())
		must(t, err)
		out += fmt.Sprintf("%s %+v pending %v\n", n.Self, st, list)
		for _, p := range st.Partners {
			for seq := range p.Sent {
				_, err := n.Prove(t.Context(), p.Partner, journal.Sent, seq+1, false)
				out += fmt.Sprintf("record %d to %s proved: %v\n", seq+1, p.Partner, err == nil)
			}
			for seq := range p.Received {
				body, ok, err := n.Body(t.Context(), p.Partner, record.LaneRecord, seq+1)
				must(t, err)
				out += fmt.Sprintf("record %d %q %v\n", seq+1, body, ok)
			}
			for seq := range p.ReceivedStates {
				body, ok, err := n.Body(t.Context(), p.Partner, record.LaneState, seq+1)
				must(t, err)
				out += fmt.Sprintf("state %d %q %v\n", seq+1, body, ok)
			}
		}
	}
	return out
}
