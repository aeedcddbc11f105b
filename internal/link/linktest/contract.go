// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package linktest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Side is an outbox and an inbox.
type Side interface {
	link.Outbox
	link.Inbox
}

// Driver makes the outboxes and inboxes that Test tries. The parties are "tw"
// and "jp".
type Driver struct {
	// New returns empty ones of two parties that are paired.
	New func(t testing.TB) (tw, jp Side)
	// PutRecord puts the n-th record for "jp" into the outbox of "tw".
	PutRecord func(t testing.TB, tw Side, n uint64)
	// PutState makes version the newest state of an object for "jp". Nil when the
	// driver's own tests hold the states.
	PutState func(t testing.TB, tw Side, object, version uint64)
}

// Test holds a driver to the contract of link.Outbox and link.Inbox.
func Test(t *testing.T, d Driver) {
	for name, f := range map[string]func(*testing.T, Driver){
		"records are numbered and come in order": testOrder,
		"both sides compute the same roots":      testRoots,
		"what is held is skipped":                testSkip,
		"a gap is refused":                       testGap,
		"another epoch is refused":               testEpoch,
	} {
		t.Run(name, func(t *testing.T) { f(t, d) })
	}
	if d.PutState == nil {
		return
	}
	for name, f := range map[string]func(*testing.T, Driver){
		"a batch stays until it is acknowledged": testBatch,
		"a batch held is skipped":                testBatchTwice,
	} {
		t.Run(name, func(t *testing.T) { f(t, d) })
	}
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func fill(t testing.TB, d Driver, n uint64) (tw, jp Side) {
	t.Helper()
	tw, jp = d.New(t)
	for i := range n {
		d.PutRecord(t, tw, i+1)
	}
	return tw, jp
}

func testOrder(t *testing.T, d Driver) {
	ctx := context.Background()
	tw, _ := fill(t, d, 7)
	for after := range uint64(8) {
		items := must[[]record.Item](t)(tw.Records(ctx, "jp", after, 3))
		if want := min(3, 7-int(after)); len(items) != want {
			t.Fatalf("%d records after %d, want %d", len(items), after, want)
		}
		for i, it := range items {
			if it.Seq != after+1+uint64(i) || len(it.Key) != 32 || len(it.Header) == 0 || len(it.Ciphertext) == 0 {
				t.Errorf("record %d after %d: %d", i, after, it.Seq)
			}
		}
	}
}

func testRoots(t *testing.T, d Driver) {
	ctx := context.Background()
	tw, jp := fill(t, d, 9)
	empty := must[link.LogState](t)(jp.Received(ctx, "tw"))
	if empty.Size != 0 {
		t.Fatalf("an empty inbox holds %d", empty.Size)
	}
	sent := must[link.LogState](t)(tw.Sent(ctx, "jp"))
	items := must[[]record.Item](t)(tw.Records(ctx, "jp", 0, 100))
	var held link.LogState
	for i := range items {
		held = must[link.LogState](t)(jp.TakeRecords(ctx, "tw", sent.Epoch, items[i:i+1]))
		if root := must[[32]byte](t)(tw.SentAt(ctx, "jp", uint64(i)+1)); held.Root != root || held.Size != uint64(i)+1 {
			t.Errorf("roots differ at size %d", i+1)
		}
	}
	if d := cmp.Diff(sent, held); d != "" {
		t.Errorf("heads (-sent +held):\n%s", d)
	}
	if d := cmp.Diff(held, must[link.LogState](t)(jp.Received(ctx, "tw"))); d != "" {
		t.Errorf("Received (-returned +read):\n%s", d)
	}
	if _, err := tw.SentAt(ctx, "jp", 10); err == nil {
		t.Error("a root of more records than there are")
	}
}

func testSkip(t *testing.T, d Driver) {
	ctx := context.Background()
	tw, jp := fill(t, d, 5)
	sent := must[link.LogState](t)(tw.Sent(ctx, "jp"))
	items := must[[]record.Item](t)(tw.Records(ctx, "jp", 0, 100))
	for _, part := range [][]record.Item{items[:3], items[:3], items[1:4], items} {
		must[link.LogState](t)(jp.TakeRecords(ctx, "tw", sent.Epoch, part))
	}
	if d := cmp.Diff(sent, must[link.LogState](t)(jp.Received(ctx, "tw"))); d != "" {
		t.Errorf("heads (-sent +held):\n%s", d)
	}
}

func testGap(t *testing.T, d Driver) {
	ctx := context.Background()
	tw, jp := fill(t, d, 5)
	sent := must[link.LogState](t)(tw.Sent(ctx, "jp"))
	items := must[[]record.Item](t)(tw.Records(ctx, "jp", 0, 100))
	if _, err := jp.TakeRecords(ctx, "tw", sent.Epoch, items[1:]); err == nil {
		t.Error("a log was begun with its second record")
	}
	must[link.LogState](t)(jp.TakeRecords(ctx, "tw", sent.Epoch, items[:2]))
	if _, err := jp.TakeRecords(ctx, "tw", sent.Epoch, items[3:]); err == nil {
		t.Error("a gap was taken")
	}
	if got := must[link.LogState](t)(jp.Received(ctx, "tw")); got.Size != 2 {
		t.Errorf("%d records held, want 2", got.Size)
	}
}

func testEpoch(t *testing.T, d Driver) {
	ctx := context.Background()
	tw, jp := fill(t, d, 3)
	sent := must[link.LogState](t)(tw.Sent(ctx, "jp"))
	items := must[[]record.Item](t)(tw.Records(ctx, "jp", 0, 100))
	must[link.LogState](t)(jp.TakeRecords(ctx, "tw", sent.Epoch, items[:2]))
	if _, err := jp.TakeRecords(ctx, "tw", sent.Epoch+1, items[2:]); err == nil {
		t.Error("another epoch was taken into the log")
	}
}

func testBatch(t *testing.T, d Driver) {
	ctx := context.Background()
	tw, jp := d.New(t)
	if b := must[*record.Batch](t)(tw.States(ctx, "jp", 10)); b != nil {
		t.Fatalf("a batch of nothing: %v", b)
	}
	d.PutState(t, tw, 1, 1)
	d.PutState(t, tw, 2, 1)
	first := must[*record.Batch](t)(tw.States(ctx, "jp", 10))
	d.PutState(t, tw, 1, 2)
	d.PutState(t, tw, 1, 3)
	if d := cmp.Diff(first, must[*record.Batch](t)(tw.States(ctx, "jp", 10))); d != "" || len(first.Items) != 2 {
		t.Errorf("the batch in flight changed:\n%s", d)
	}
	if err := jp.TakeStates(ctx, "tw", first); err != nil {
		t.Fatal(err)
	}
	if n := must[uint64](t)(jp.LastStates(ctx, "tw")); n != first.N {
		t.Errorf("last batch %d, want %d", n, first.N)
	}
	if err := tw.StatesAcknowledged(ctx, "jp", first.N); err != nil {
		t.Fatal(err)
	}
	second := must[*record.Batch](t)(tw.States(ctx, "jp", 10))
	if second == nil || second.N != first.N+1 || len(second.Items) != 1 {
		t.Fatalf("second batch %+v, want one state, the newest", second)
	}
	if err := tw.StatesAcknowledged(ctx, "jp", first.N); err != nil { // late and harmless
		t.Fatal(err)
	}
	if d := cmp.Diff(second, must[*record.Batch](t)(tw.States(ctx, "jp", 10))); d != "" {
		t.Errorf("an old acknowledgement ended the batch in flight:\n%s", d)
	}
}

func testBatchTwice(t *testing.T, d Driver) {
	ctx := context.Background()
	tw, jp := d.New(t)
	d.PutState(t, tw, 1, 1)
	b := must[*record.Batch](t)(tw.States(ctx, "jp", 10))
	for range 2 {
		if err := jp.TakeStates(ctx, "tw", b); err != nil {
			t.Fatal(err)
		}
	}
	if n := must[uint64](t)(jp.LastStates(ctx, "tw")); n != b.N {
		t.Errorf("last batch %d, want %d", n, b.N)
	}
}
