// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// backup copies the store of n; the function that it returns puts the copy back.
func (n *Node) backup(t testing.TB) (restore func()) {
	t.Helper()
	must(t, n.Close())
	dir := filepath.Join(n.Dir, "store")
	kept := filepath.Join(t.TempDir(), "backup")
	must(t, os.CopyFS(kept, os.DirFS(dir)))
	n.Store = nil
	n.Reopen(t)
	return func() {
		must(t, n.Close())
		must(t, os.RemoveAll(dir))
		must(t, os.CopyFS(dir, os.DirFS(kept)))
		must(t, os.Chmod(filepath.Join(dir, store.File), 0o600))
		n.Store = nil
		n.Reopen(t)
	}
}

// quoteOf returns what a node must quote to its partner.
func quoteOf(t testing.TB, b *Node, from *Node) *journal.Succession {
	t.Helper()
	receipt, err := b.Receipt(t.Context(), from.Self)
	must(t, err)
	cp, err := journal.Unverified(receipt)
	must(t, err)
	return &journal.Succession{Epoch: cp.Epoch, Size: cp.Size, Root: cp.Root[:], Receipt: receipt}
}

func backupGoesOn(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	a.Put(t, Incident("jp", 1), Incident("jp", 2), State("jp", 1, 1))
	must(t, Deliver(t.Context(), a, b))
	restore := a.backup(t)
	a.Put(t, Incident("jp", 3), Incident("jp", 4), State("jp", 1, 2))
	must(t, Deliver(t.Context(), a, b))
	takes(t, b, record.LaneRecord, "incident 1", "incident 2", "incident 3", "incident 4")
	restore()
	if len(a.Problems()) == 0 {
		t.Error("the witness did not find the old backup")
	}
	a.tape = 100
	a.Put(t, Incident("jp", 5)) // committed before anybody noticed

	quote := quoteOf(t, b, a)
	if _, ok, err := a.Store.Reopen(t.Context(), "jp", quote, 2); ok || err != nil {
		t.Fatalf("Reopen without an order = %v, %v", ok, err)
	}
	must(t, a.OrderReopen(t.Context(), "jp"))
	state, ok, err := a.Store.Reopen(t.Context(), "jp", quote, 2)
	must(t, err)
	if !ok || state.Epoch != 2 || state.Size != 2 {
		t.Fatalf("Reopen = %+v, %v; want epoch 2 with the quote and the record without a receipt", state, ok)
	}
	if _, ok, err := a.Store.Reopen(t.Context(), "jp", quote, 2); ok || err != nil {
		t.Errorf("an order was done twice: %v, %v", ok, err)
	}
	equal(t, "problems after the new epoch", a.Problems(), []string{})

	wrong := *quote
	wrong.Receipt = nil
	_, err = b.NextEpoch(t.Context(), "tw", 2, &wrong)
	refused(t, "another quote", err, journal.ErrRoot)
	_, err = b.NextEpoch(t.Context(), "tw", 2, quote)
	refused(t, "without a person", err, journal.ErrNotAgreed)
	must(t, b.OrderAgree(t.Context(), "tw"))
	_, err = b.NextEpoch(t.Context(), "tw", 1, quote)
	refused(t, "the same epoch", err, journal.ErrRoot)
	_, err = b.NextEpoch(t.Context(), "tw", 2, quote)
	must(t, err)
	a.Put(t, Incident("jp", 6), State("jp", 1, 3))
	must(t, Deliver(t.Context(), a, b))
	takes(t, b, record.LaneRecord, "incident 5", "incident 6")

	// What the tape named before still means the same, also after a restart.
	for range 2 {
		for seq, want := range map[uint64]string{1: "incident 1", 4: "incident 4", 6: "incident 5", 7: "incident 6"} {
			body, ok, err := b.Body(t.Context(), "tw", record.LaneRecord, seq)
			if !ok || err != nil || string(body) != want {
				t.Errorf("Body of tape's number %d = %q, %v, %v; want %q", seq, body, ok, err, want)
			}
		}
		verified(t, a, b)
		a.Reopen(t)
		b.Reopen(t)
		equal(t, "problems after a restart", append(a.Problems(), b.Problems()...), []string(nil))
	}
	rep, err := a.Verify(t.Context(), a.Keys)
	must(t, err)
	noted := false
	for _, l := range rep.Logs {
		noted = noted || l.Ended == 1 && l.Direction == journal.Sent && strings.Contains(strings.Join(l.Notes, " "), "were lost here")
	}
	if !noted {
		t.Errorf("the report does not say what was lost: %+v", rep.Logs)
	}
	must(t, b.Destroy(t.Context(), store.Received{Partner: "tw", Lane: record.LaneRecord, Seq: 4}))
	if _, ok, err := b.Body(t.Context(), "tw", record.LaneRecord, 4); ok || err != nil {
		t.Errorf("content of an ended log outlived its key: %v, %v", ok, err)
	}
}

func lostNodePairedAnew(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	adopt := func(n *Node, other *Node) bool {
		t.Helper()
		id, err := n.Keys.Pairing(other.Self)
		must(t, err)
		ended, err := n.Adopt(t.Context(), other.Self, id)
		must(t, err)
		return ended
	}
	if adopt(a, b) || adopt(b, a) {
		t.Error("a first pairing ended something")
	}
	a.Put(t, Incident("jp", 1), Incident("jp", 2), State("jp", 1, 1))
	b.Put(t, Incident("tw", 1))
	must(t, Deliver(t.Context(), a, b))
	must(t, Deliver(t.Context(), b, a))
	takes(t, b, record.LaneRecord, "incident 1", "incident 2")
	if adopt(b, a) {
		t.Error("the same pairing ended something")
	}

	must(t, b.Keys.Forget("tw")) // the partner lost its node: revoke
	c := d.Start(t, small(), "tw")[0]
	pair(t, c, b)
	if !adopt(b, c) || adopt(c, b) {
		t.Error("want jp's logs to end, and nothing at the new node")
	}
	b.Reopen(t)
	equal(t, "problems", b.Problems(), []string(nil))
	c.Put(t, Incident("jp", 7), State("jp", 7, 1))
	b.Put(t, Incident("tw", 8))
	must(t, Deliver(t.Context(), c, b))
	must(t, Deliver(t.Context(), b, c))
	takes(t, b, record.LaneRecord, "incident 7")
	takes(t, c, record.LaneRecord, "incident 8")
	if _, ok, err := b.Body(t.Context(), "tw", record.LaneRecord, 1); ok || err != nil {
		t.Errorf("content under destroyed keys: %v, %v", ok, err)
	}
	rep, err := b.Verify(t.Context(), b.Keys)
	must(t, err)
	ended := 0
	for _, l := range rep.Logs {
		if l.Ended > 0 {
			ended++
			if l.NoKeys || l.CosignedSize != l.Size {
				t.Errorf("ended log %+v: want its receipts checked with the old public keys", l)
			}
		}
	}
	if !rep.Verified || ended != 2 {
		t.Errorf("report %+v: want two ended logs, verified", rep)
	}
}

func dayBounded(t *testing.T, d Driver) {
	cfg := small()
	cfg.Quota = store.Quota{ReceivedRecords: 4, SentRecords: 10}
	now := Now()
	cfg.Now = func() time.Time { return now }
	a, b := two(t, d, cfg)
	for _, n := range []*Node{a, b} {
		n.ownClock, n.cfg.Now = true, cfg.Now
		n.Reopen(t)
	}
	for i := range 6 {
		a.Put(t, Incident("jp", i))
	}
	items, err := a.Records(t.Context(), "jp", 0, 10)
	must(t, err)
	_, err = b.TakeRecords(t.Context(), "tw", 1, items)
	refused(t, "six of four", err, journal.ErrQuota)
	held, err := b.TakeRecords(t.Context(), "tw", 1, items[:4])
	must(t, err)
	equal(t, "held", held.Size, uint64(4))
	if room, err := b.Room(t.Context(), "tw"); room || err != nil {
		t.Errorf("Room = %v, %v; want none", room, err)
	}
	_, err = b.TakeRecords(t.Context(), "tw", 1, items[:4]) // a resend takes nothing of the day
	must(t, err)
	_, err = b.TakeRecords(t.Context(), "tw", 1, items[4:])
	refused(t, "the fifth", err, journal.ErrQuota)
	a.Put(t, State("jp", 1, 1))
	batch, err := a.States(t.Context(), "jp", 10)
	must(t, err)
	refused(t, "states", b.TakeStates(t.Context(), "tw", batch), journal.ErrQuota)
	b.Reopen(t) // the count outlives a restart
	_, err = b.TakeRecords(t.Context(), "tw", 1, items[4:])
	refused(t, "the fifth, after a restart", err, journal.ErrQuota)

	p, err := a.Pressure(t.Context(), "jp")
	must(t, err)
	if p.Today.Records != 7 || p.Fill() < 0.69 || p.Fill() > 0.71 {
		t.Errorf("pressure %+v, fill %v; want 7 of today's 10", p, p.Fill())
	}
	now = now.Add(24 * time.Hour)
	if room, err := b.Room(t.Context(), "tw"); !room || err != nil {
		t.Errorf("Room the day after = %v, %v", room, err)
	}
	_, err = b.TakeRecords(t.Context(), "tw", 1, items[4:])
	must(t, err)
	sent, _, err := a.Today(t.Context(), "jp")
	must(t, err)
	equal(t, "sent the day after", sent.Records, uint64(0))
}

func beatsTell(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	const every = time.Minute
	beat := func(n *Node, to *Node, at time.Duration, want bool) {
		t.Helper()
		wrote, err := n.Beat(t.Context(), to.Self, Now().Add(at), every)
		must(t, err)
		equal(t, "a heartbeat at "+at.String(), wrote, want)
	}
	beat(b, a, 0, false) // begins to count
	beat(b, a, 30*time.Second, false)
	a.Put(t, Incident("jp", 1), Incident("jp", 2), State("jp", 1, 1))
	must(t, Deliver(t.Context(), a, b))
	beat(b, a, time.Minute, true)
	beat(b, a, 2*time.Minute, false) // the last is not receipted: one waits, no more
	must(t, Deliver(t.Context(), b, a))
	f, err := a.Flow(t.Context(), "jp")
	must(t, err)
	if f.Records != 2 || f.TookRecords != 0 || f.Batches != 1 || f.TookBatches != 0 || f.Heard.IsZero() {
		t.Errorf("flow %+v: jp's link holds all, its engine has taken nothing", f)
	}
	takes(t, b, record.LaneRecord, "incident 1", "incident 2")
	b.Reopen(t)
	beat(b, a, 3*time.Minute, true)
	must(t, Deliver(t.Context(), b, a))
	f, err = a.Flow(t.Context(), "jp")
	must(t, err)
	if f.TookRecords != 2 || f.TookBatches != 1 {
		t.Errorf("flow %+v: jp's engine has taken all", f)
	}
	list, err := a.Pending(t.Context())
	must(t, err)
	equal(t, "for the tape of tw", len(list), 0)
	verified(t, a, b)
}
