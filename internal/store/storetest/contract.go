// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// Run holds a driver to the contract.
func Run(t *testing.T, d Driver) {
	for name, test := range map[string]func(*testing.T, Driver){
		"a tape number is committed once":             commitsOnce,
		"records arrive once, in order":               recordsArrive,
		"of states the newest arrives":                statesArrive,
		"a batch stays the same until acknowledged":   batchStays,
		"the oldest states give way at the bound":     statesBounded,
		"a full outbox refuses the whole commit":      outboxBounded,
		"a full inbox refuses the whole frame":        inboxBounded,
		"a receipt must be of the log":                receiptsChecked,
		"a gap or another epoch is refused":           gapsRefused,
		"a bad record stays a leaf":                   badRecordStays,
		"a bad state is passed over":                  badStatePasses,
		"a wrong digest is found":                     digestChecked,
		"a missing batch is found":                    missingBatch,
		"content ends with its key":                   contentEnds,
		"a recall leaves nothing to go back to":       recallCleanses,
		"what is withdrawn travels without its key":   withdrawnTravels,
		"two snapshots are kept":                      snapshotsKept,
		"users are kept":                              usersKept,
		"the audit log is a journal":                  auditKept,
		"a proof holds for its record":                proofsHold,
		"only what was declared is proved":            provedOnlyWhereDeclared,
		"attestations are checked":                    attestationsChecked,
		"logs of several partners are kept apart":     partnersApart,
		"a failed write takes nothing and is retried": faultsRetried,
		"a restored backup goes on in a new epoch":    backupGoesOn,
		"a lost node that is paired anew begins anew": lostNodePairedAnew,
		"a day's share is refused whole":              dayBounded,
		"heartbeats tell what the tape has taken":     beatsTell,
	} {
		t.Run(name, func(t *testing.T) { test(t, d) })
	}
}

func small() store.Config {
	cfg := store.DefaultConfig()
	cfg.OutboxRows, cfg.OutboxBytes, cfg.OutboxStates, cfg.InboxRows = 50, 1<<20, 20, 60
	return cfg
}

func two(t testing.TB, d Driver, cfg store.Config) (a, b *Node) {
	t.Helper()
	n := d.Start(t, cfg, "tw", "jp")
	return n[0], n[1]
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func refused(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func verified(t testing.TB, nodes ...*Node) {
	t.Helper()
	for _, n := range nodes {
		rep, err := n.Verify(t.Context(), n.Keys)
		must(t, err)
		if !rep.Verified {
			t.Errorf("journal of %s: %+v", n.Self, rep)
		}
	}
}

func problems(t testing.TB, n *Node) string {
	t.Helper()
	rep, err := n.Verify(t.Context(), n.Keys)
	must(t, err)
	var all []string
	for _, l := range rep.Logs {
		all = append(all, l.Problems...)
	}
	return strings.Join(all, "\n")
}

func takes(t testing.TB, n *Node, lane record.Lane, want ...string) {
	t.Helper()
	got, err := n.Tape(t.Context())
	must(t, err)
	equal(t, "taken by "+string(n.Self), got[lane], want)
}

func commitsOnce(t *testing.T, d Driver) {
	a, _ := two(t, d, small())
	a.Put(t, Incident("jp", 1))
	for range 2 { // a replay of the tape
		must(t, d.Commit(t.Context(), a.Store, store.Commit{Tape: 1, Now: Now()}, []Record{Incident("jp", 1)}))
	}
	a.Reopen(t)
	n, err := a.Committed(t.Context())
	must(t, err)
	equal(t, "committed", n, uint64(1))
	s, err := a.Sent(t.Context(), "jp")
	must(t, err)
	equal(t, "sent", s.Size, uint64(1))
}

func recordsArrive(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	var want []string
	for i := range 40 {
		a.Put(t, Incident("jp", i))
		want = append(want, Incident("jp", i).Text)
		if i%7 == 0 {
			must(t, Deliver(t.Context(), a, b))
			a.Reopen(t)
			b.Reopen(t)
		}
	}
	must(t, Deliver(t.Context(), a, b))
	must(t, Deliver(t.Context(), a, b)) // nothing more
	items, err := a.Records(t.Context(), "jp", 10, 3)
	must(t, err)
	for i, it := range items {
		equal(t, "number", it.Seq, uint64(11+i))
		h, err := record.DecodeHeader(it.Header)
		must(t, err)
		equal(t, "header", h, record.Header{
			Version: record.Protocol, Lane: record.LaneRecord, Kind: record.KindIncident,
			Object: Object(10 + i), LogEpoch: 1, Seq: it.Seq,
		})
	}
	equal(t, "limit", len(items), 3)
	takes(t, b, record.LaneRecord, want...)
	takes(t, b, record.LaneRecord)
	verified(t, a, b)
	sent, err := a.Sent(t.Context(), "jp")
	must(t, err)
	held, err := b.Received(t.Context(), "tw")
	must(t, err)
	equal(t, "log", held, sent)
}

func statesArrive(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	for v := range 5 {
		a.Put(t, State("jp", 1, v), State("jp", 2, v))
	}
	a.Put(t, State("jp", 3, 0))
	must(t, Deliver(t.Context(), a, b))
	takes(t, b, record.LaneState, "track 1 version 4", "track 2 version 4", "track 3 version 0")
	a.Put(t, State("jp", 1, 5))
	must(t, Deliver(t.Context(), a, b))
	takes(t, b, record.LaneState, "track 1 version 5")
	n, err := b.LastStates(t.Context(), "tw")
	must(t, err)
	equal(t, "last batch", n, uint64(2))

	must(t, a.DigestStates(t.Context(), Now()))
	must(t, a.DigestStates(t.Context(), Now()))
	sent, err := a.Sent(t.Context(), "jp")
	must(t, err)
	equal(t, "leaves for two batches", sent.Size, uint64(1))
	must(t, Deliver(t.Context(), a, b))
	takes(t, b, record.LaneRecord)
	verified(t, a, b)
}

func batchStays(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	a.Put(t, State("jp", 1, 0), State("jp", 2, 0))
	first, err := a.States(t.Context(), "jp", 1)
	must(t, err)
	a.Put(t, State("jp", 1, 1))
	a.Reopen(t)
	again, err := a.States(t.Context(), "jp", 10)
	must(t, err)
	equal(t, "batch in flight", again, first)
	must(t, b.TakeStates(t.Context(), "tw", first))
	must(t, b.TakeStates(t.Context(), "tw", again))
	takes(t, b, record.LaneState, "track 1 version 0")
	must(t, a.StatesAcknowledged(t.Context(), "jp", 1))
	must(t, a.StatesAcknowledged(t.Context(), "jp", 1))
	refused(t, "receipt of a batch that was never made", a.StatesAcknowledged(t.Context(), "jp", 2), store.ErrGap)
	next, err := a.States(t.Context(), "jp", 10)
	must(t, err)
	must(t, a.StatesAcknowledged(t.Context(), "jp", 1)) // comes late
	again, err = a.States(t.Context(), "jp", 10)
	must(t, err)
	equal(t, "batch after a late receipt", again, next)
	equal(t, "number", next.N, uint64(2))
	equal(t, "states", len(next.Items), 2)
}

func statesBounded(t *testing.T, d Driver) {
	a, _ := two(t, d, small())
	for i := range 30 {
		a.Put(t, State("jp", i, 0))
	}
	st, err := a.Stats(t.Context())
	must(t, err)
	equal(t, "waiting", st.Partners[0].StatesWaiting, uint64(20))
	equal(t, "dropped", st.Partners[0].StatesDropped, uint64(10))
	b, err := a.States(t.Context(), "jp", 100)
	must(t, err)
	h, err := record.DecodeHeader(b.Items[0].Header)
	must(t, err)
	equal(t, "oldest kept", h.Object, Object(10))

	long := strings.Repeat("x", record.MaxBytes)
	must(t, a.StatesAcknowledged(t.Context(), "jp", b.N))
	for i := range 10 {
		a.Put(t, Record{"jp", record.KindTrack, Object(i), long})
	}
	if b, err = a.States(t.Context(), "jp", 100); err != nil || len(b.Items) != 5 {
		t.Errorf("batch of %d large states (%v), want as many as fit a frame", len(b.Items), err)
	}
}

func outboxBounded(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	var all []Record
	for i := range 49 {
		all = append(all, Incident("jp", i))
	}
	a.Put(t, all...)
	before, err := a.Stats(t.Context())
	must(t, err)
	over := []Record{Incident("jp", 49), State("jp", 1, 0), Incident("jp", 50)}
	refused(t, "two records for one place", d.Commit(t.Context(), a.Store, store.Commit{Tape: 2, Now: Now()}, over), store.ErrOutboxFull)
	after, err := a.Stats(t.Context())
	must(t, err)
	before.WALBytes, before.FileBytes = after.WALBytes, after.FileBytes
	equal(t, "store after refusal", after, before)
	p, err := a.Pressure(t.Context(), "jp")
	must(t, err)
	if p.Rows != 49 || p.MaxRows != 50 || p.Fill() < 0.97 || p.Fill() > 0.99 {
		t.Errorf("pressure %+v, fill %v", p, p.Fill())
	}
	a.Put(t, Incident("jp", 49))
	for i := range 5 {
		a.Put(t, Record{"jp", record.KindDistress, Object(60 + i), "distress"})
	}
	refused(t, "even distress has a bound", d.Commit(t.Context(), a.Store, store.Commit{Tape: 99, Now: Now()},
		[]Record{{"jp", record.KindDistress, Object(70), "distress"}}), store.ErrOutboxFull)
	must(t, Deliver(t.Context(), a, b))
	p, err = a.Pressure(t.Context(), "jp")
	must(t, err)
	equal(t, "fill when all is receipted", p.Fill(), 0.0)
	must(t, d.Commit(t.Context(), a.Store, store.Commit{Tape: 99, Now: Now()}, over))

	long := strings.Repeat("x", record.MaxBytes)
	a, _ = two(t, d, func() store.Config { c := small(); c.OutboxBytes = 40_000; return c }())
	a.Put(t, Record{"jp", record.KindIncident, Object(1), long}, Record{"jp", record.KindIncident, Object(2), long})
	refused(t, "octets", d.Commit(t.Context(), a.Store, store.Commit{Tape: 9, Now: Now()},
		[]Record{{"jp", record.KindIncident, Object(3), long}}), store.ErrOutboxFull)
}

func inboxBounded(t *testing.T, d Driver) {
	cfg := small()
	cfg.InboxRows = 5
	a, b := two(t, d, cfg)
	for i := range 6 {
		a.Put(t, Incident("jp", i), State("jp", i, 0))
	}
	items, err := a.Records(t.Context(), "jp", 0, 6)
	must(t, err)
	_, err = b.TakeRecords(t.Context(), "tw", 1, items)
	refused(t, "six records", err, store.ErrInboxFull)
	batch, err := a.States(t.Context(), "jp", 6)
	must(t, err)
	refused(t, "six states", b.TakeStates(t.Context(), "tw", batch), store.ErrInboxFull)
	s, err := b.TakeRecords(t.Context(), "tw", 1, items[:5])
	must(t, err)
	equal(t, "taken", s.Size, uint64(5))
	_, err = b.TakeRecords(t.Context(), "tw", 1, items)
	refused(t, "the sixth", err, store.ErrInboxFull)
	if _, err := b.Tape(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = b.TakeRecords(t.Context(), "tw", 1, items)
	must(t, err)
}

func receiptsChecked(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	a.Put(t, Incident("jp", 1), Incident("jp", 2), Incident("jp", 3))
	sign, cosign, err := signers(a, b)
	must(t, err)
	_, sender, err := b.Keys.Verifiers("tw")
	must(t, err)
	receipt := func(s journal.LogState) []byte {
		signed, err := journal.Sign(s, Now(), sign)
		must(t, err)
		cosigned, err := journal.Cosign(signed, sender, s, cosign)
		must(t, err)
		return cosigned
	}
	s, err := a.Sent(t.Context(), "jp")
	must(t, err)
	wrong := s
	wrong.Root[0] ^= 1
	refused(t, "another root", a.Acknowledged(t.Context(), "jp", 3, receipt(wrong)), journal.ErrRoot)
	refused(t, "another size", a.Acknowledged(t.Context(), "jp", 2, receipt(s)), journal.ErrRoot)
	wrong = s
	wrong.Size = 4
	refused(t, "beyond the log", a.Acknowledged(t.Context(), "jp", 4, receipt(wrong)), journal.ErrRoot)
	wrong = s
	wrong.Epoch = 2
	refused(t, "another epoch", a.Acknowledged(t.Context(), "jp", 3, receipt(wrong)), journal.ErrRoot)
	refused(t, "no checkpoint", a.Acknowledged(t.Context(), "jp", 3, []byte("yes")), journal.ErrMalformed)
	refused(t, "a log that we do not hold", b.Checkpoint(t.Context(), "tw", 3, receipt(s)), journal.ErrRoot)
	root, err := a.SentAt(t.Context(), "jp", 2)
	must(t, err)
	must(t, a.Acknowledged(t.Context(), "jp", 2, receipt(journal.LogState{Epoch: 1, Size: 2, Root: root})))
	must(t, a.Acknowledged(t.Context(), "jp", 3, receipt(s)))
	must(t, a.Acknowledged(t.Context(), "jp", 2, receipt(journal.LogState{Epoch: 1, Size: 2, Root: root})))
	p, err := a.Pressure(t.Context(), "jp")
	must(t, err)
	equal(t, "waiting after an older receipt came late", p.Rows, uint64(0))
	if _, err = a.SentAt(t.Context(), "jp", 4); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("SentAt beyond the log: %v, want ErrNotFound", err)
	}
	verified(t, a)
}

func gapsRefused(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	for i := range 6 {
		a.Put(t, Incident("jp", i))
	}
	items, err := a.Records(t.Context(), "jp", 0, 6)
	must(t, err)
	_, err = b.TakeRecords(t.Context(), "tw", 1, items[1:])
	refused(t, "a gap at the start", err, store.ErrGap)
	_, err = b.TakeRecords(t.Context(), "tw", 1, append(slices.Clone(items[:2]), items[3]))
	refused(t, "a gap in the middle", err, store.ErrGap)
	s, err := b.Received(t.Context(), "tw")
	must(t, err)
	equal(t, "held after refusals", s.Size, uint64(0))
	_, err = b.TakeRecords(t.Context(), "tw", 1, items[:3])
	must(t, err)
	_, err = b.TakeRecords(t.Context(), "tw", 2, items[3:])
	refused(t, "another epoch", err, store.ErrGap)
	s, err = b.TakeRecords(t.Context(), "tw", 1, items) // repeats three
	must(t, err)
	equal(t, "held", s.Size, uint64(6))
	takes(t, b, record.LaneRecord, "incident 0", "incident 1", "incident 2", "incident 3", "incident 4", "incident 5")
}

func badRecordStays(t *testing.T, d Driver) {
	sealed := func(change func(*record.Header)) func(*record.Item) {
		return func(it *record.Item) {
			h := record.Header{Version: record.Protocol, Lane: record.LaneRecord, Kind: record.KindIncident, Object: Object(1), LogEpoch: 1, Seq: 2}
			change(&h)
			*it = seal(t, h, it.Seq)
		}
	}
	spoil := map[string]func(*record.Item){
		"another place":    sealed(func(h *record.Header) { h.Seq = 3 }),
		"another epoch":    sealed(func(h *record.Header) { h.LogEpoch = 2 }),
		"another version":  sealed(func(h *record.Header) { h.Version++ }),
		"another lane":     sealed(func(h *record.Header) { h.Lane = record.LaneState }),
		"a state's kind":   sealed(func(h *record.Header) { h.Kind = record.KindTrack }),
		"no object":        sealed(func(h *record.Header) { h.Object = record.ID{} }),
		"another key":      func(it *record.Item) { it.Key[0] ^= 1 },
		"no key":           func(it *record.Item) { it.Key = nil },
		"a changed text":   func(it *record.Item) { it.Ciphertext[0] ^= 1 },
		"no text":          func(it *record.Item) { it.Ciphertext = nil },
		"no header":        func(it *record.Item) { it.Header = nil },
		"a changed header": func(it *record.Item) { it.Header[len(it.Header)-1] ^= 1 },
	}
	for name, fn := range spoil {
		a, b := two(t, d, small())
		a.Put(t, Incident("jp", 0), Incident("jp", 1), Incident("jp", 2))
		items, err := a.Records(t.Context(), "jp", 0, 3)
		must(t, err)
		fn(&items[1])
		s, err := b.TakeRecords(t.Context(), "tw", 1, items)
		must(t, err)
		equal(t, name+": held", s.Size, uint64(3))
		takes(t, b, record.LaneRecord, "incident 0", "incident 2")
		if _, ok, err := b.Body(t.Context(), "tw", record.LaneRecord, 2); ok || err != nil {
			t.Errorf("%s: Body = %v, %v", name, ok, err)
		}
		st, err := b.Stats(t.Context())
		must(t, err)
		equal(t, name+": refused", st.Partners[0].ReceivedRefused, uint64(1))
		verified(t, b)
	}
	_, b := two(t, d, small())
	_, err := b.TakeRecords(t.Context(), "tw", 1, []record.Item{{Seq: 1, Ciphertext: make([]byte, 1<<20)}})
	refused(t, "a megabyte", err, record.ErrMalformed)
}

// seal encrypts a text as record.Item says.
func seal(t testing.TB, h record.Header, seq uint64) record.Item {
	t.Helper()
	header, err := record.EncodeHeader(h)
	must(t, err)
	key := bytes.Repeat([]byte{7}, 32)
	block, err := aes.NewCipher(key)
	must(t, err)
	a, err := cipher.NewGCM(block)
	must(t, err)
	return record.Item{Seq: seq, Header: header, Key: key, Ciphertext: a.Seal(nil, make([]byte, a.NonceSize()), []byte("sealed"), header)}
}

func badStatePasses(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	a.Put(t, State("jp", 1, 0), State("jp", 2, 0), Incident("jp", 3))
	batch, err := a.States(t.Context(), "jp", 10)
	must(t, err)
	batch.Items[0].Key[0] ^= 1
	items, err := a.Records(t.Context(), "jp", 0, 1)
	must(t, err)
	batch.Items = append(batch.Items, items...) // a record in the state lane
	must(t, b.TakeStates(t.Context(), "tw", batch))
	takes(t, b, record.LaneState, "track 2 version 0")
	st, err := b.Stats(t.Context())
	must(t, err)
	equal(t, "refused", st.Partners[0].ReceivedRefused, uint64(2))
	refused(t, "batch 0", b.TakeStates(t.Context(), "tw", &record.Batch{}), record.ErrMalformed)
	refused(t, "batch 2^63", b.TakeStates(t.Context(), "tw", &record.Batch{N: 1 << 63}), record.ErrMalformed)
}

func digestChecked(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	a.Put(t, State("jp", 1, 0), State("jp", 2, 0))
	batch, err := a.States(t.Context(), "jp", 10)
	must(t, err)
	other := *batch
	other.Items = other.Items[:1] // b holds something else than a digests
	must(t, b.TakeStates(t.Context(), "tw", &other))
	must(t, a.StatesAcknowledged(t.Context(), "jp", batch.N))
	must(t, a.DigestStates(t.Context(), Now()))
	must(t, Deliver(t.Context(), a, b))
	if p := problems(t, b); !strings.Contains(p, "digest of batches 1 to 1") {
		t.Errorf("problems %q, want the digest", p)
	}
	verified(t, a)
}

func missingBatch(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	a.Put(t, State("jp", 1, 0))
	must(t, Deliver(t.Context(), a, b))
	batch := &record.Batch{N: 5}
	must(t, b.TakeStates(t.Context(), "tw", batch))
	if p := problems(t, b); !strings.Contains(p, "batches 2 to 4") {
		t.Errorf("problems %q, want the missing batches", p)
	}
}

func contentEnds(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	for i := range 3 {
		a.Put(t, Incident("jp", i), State("jp", i, 0))
	}
	must(t, Deliver(t.Context(), a, b))
	for _, lane := range []record.Lane{record.LaneRecord, record.LaneState} {
		must(t, b.Destroy(t.Context(), store.Received{Partner: "tw", Lane: lane, Seq: 2}))
		for seq, want := range map[uint64]bool{1: true, 2: false, 3: true, 4: false} {
			if body, ok, err := b.Body(t.Context(), "tw", lane, seq); ok != want || err != nil {
				t.Errorf("lane %d, %d: Body = %q, %v, %v, want %v", lane, seq, body, ok, err, want)
			}
		}
	}
	refused(t, "nothing to destroy", b.Destroy(t.Context(), store.Received{Partner: "tw", Lane: record.LaneRecord, Seq: 9}), store.ErrNotFound)
	takes(t, b, record.LaneRecord, "incident 0", "incident 2")
	verified(t, a, b)

	must(t, b.Keys.ForgetDay("tw", Now().Format("2006-01-02")))
	if _, ok, err := b.Body(t.Context(), "tw", record.LaneRecord, 1); ok || err != nil {
		t.Errorf("Body without the day's key = %v, %v, want nothing", ok, err)
	}
	must(t, a.Keys.Forget("jp"))
	items, err := a.Records(t.Context(), "jp", 0, 10)
	must(t, err)
	for _, it := range items {
		equal(t, "key after unpairing", it.Key, []byte(nil))
	}
	rep, err := a.Verify(t.Context(), a.Keys)
	must(t, err)
	if !rep.Verified || !rep.Logs[len(rep.Logs)-1].NoKeys {
		t.Errorf("journal after unpairing: %+v", rep)
	}
}

func recallCleanses(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	for i := range 3 {
		a.Put(t, Incident("jp", i), State("jp", i, 0))
	}
	must(t, Deliver(t.Context(), a, b))
	takes(t, b, record.LaneRecord, "incident 0", "incident 1", "incident 2") // and the states
	gone := []store.Received{{Partner: "tw", Lane: record.LaneRecord, Seq: 2}}
	for tape := uint64(50); tape < 52; tape++ {
		must(t, b.Commit(t.Context(), store.Commit{Tape: tape, Now: Now(), Snapshot: []byte("before")}))
	}
	for _, c := range []store.Commit{{Cleanse: true}, {Destroy: gone}} {
		c.Tape, c.Now = 60, Now()
		if err := b.Commit(t.Context(), c); err == nil {
			t.Fatalf("%+v was committed without a cleansed snapshot", c)
		}
	}
	if _, ok, err := b.Body(t.Context(), "tw", record.LaneRecord, 2); !ok || err != nil {
		t.Fatalf("a commit that was refused has destroyed: %v, %v", ok, err)
	}
	must(t, b.Commit(t.Context(), store.Commit{Tape: 60, Now: Now(), Snapshot: []byte("after"), Cleanse: true, Destroy: gone}))
	must(t, b.Wipe(t.Context()))
	tape, _, body, err := b.Snapshot(t.Context())
	must(t, err)
	equal(t, "snapshot", fmt.Sprint(tape, string(body)), "60after")
	_, _, _, err = b.SnapshotBefore(t.Context(), 60)
	refused(t, "an older snapshot", err, store.ErrNotFound)
	for seq, want := range map[uint64]bool{1: true, 2: false, 3: true} {
		if _, ok, err := b.Body(t.Context(), "tw", record.LaneRecord, seq); ok != want || err != nil {
			t.Errorf("record %d is readable: %v, %v", seq, ok, err)
		}
		if _, ok, err := b.Body(t.Context(), "tw", record.LaneState, seq); ok || err != nil {
			t.Errorf("state %d, which only an older snapshot needs, is readable: %v, %v", seq, ok, err)
		}
	}
	verified(t, a, b)
}

func withdrawnTravels(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	a.Put(t, Incident("jp", 0))
	must(t, Deliver(t.Context(), a, b))
	a.Put(t, Incident("jp", 1), Incident("jp", 2), State("jp", 3, 0), State("jp", 4, 0))
	c := store.Commit{Now: Now(), Withdraw: []store.Withdrawal{{
		To: "jp", Records: []record.ID{Incident("jp", 0).ID(), Incident("jp", 1).ID()}, Objects: []record.ID{Object(3)},
	}}}
	a.tape++
	c.Tape = a.tape
	must(t, a.Commit(t.Context(), c))
	o, err := a.OutboxView(t.Context(), "jp")
	must(t, err)
	equal(t, "receipted", o.Records[Incident("jp", 0).ID()], store.SentRecord{Seq: 1})
	equal(t, "withdrawn", o.Records[Incident("jp", 1).ID()], store.SentRecord{Seq: 2, Withdrawn: true})
	equal(t, "waiting", o.WaitingObjects, map[record.ID]bool{Object(4): true})
	must(t, Deliver(t.Context(), a, b))
	got, err := b.Tape(t.Context())
	must(t, err)
	equal(t, "taken", got, map[record.Lane][]string{record.LaneRecord: {"incident 0", "incident 2"}, record.LaneState: {"track 4 version 0"}})
	verified(t, a, b)

	a.Put(t, Incident("jp", 5), Record{"jp", record.KindRecall, Object(6), "a recall"}, State("jp", 7, 0))
	a.tape++
	must(t, a.Commit(t.Context(), store.Commit{Tape: a.tape, Now: Now(), Withdraw: []store.Withdrawal{{To: "jp", All: true}}}))
	must(t, Deliver(t.Context(), a, b))
	got, err = b.Tape(t.Context())
	must(t, err)
	equal(t, "taken", got, map[record.Lane][]string{record.LaneRecord: {"a recall"}})
	verified(t, a, b)
}

func snapshotsKept(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	if _, _, _, err := b.Snapshot(t.Context()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no snapshot: %v, want ErrNotFound", err)
	}
	for i := range 4 {
		a.Put(t, State("jp", i, 0))
		must(t, Deliver(t.Context(), a, b))
		takes(t, b, record.LaneState, State("jp", i, 0).Text)
		b.tape++
		must(t, b.Commit(t.Context(), store.Commit{Tape: b.tape, Now: Now(), Snapshot: fmt.Appendf(nil, "body %d", i), SnapshotVersion: 7}))
		_, ok, err := b.Body(t.Context(), "tw", record.LaneState, 1)
		must(t, err)
		equal(t, fmt.Sprintf("first state readable with %d snapshots", i+1), ok, i == 0)
		// A second mark, as after a restart, changes nothing.
		must(t, b.Taped(t.Context(), store.Taped{Received: store.Received{Partner: "tw", Lane: record.LaneState, Seq: uint64(i + 1)}, Tape: 1000}))
	}
	b.Reopen(t)
	tape, version, body, err := b.Snapshot(t.Context())
	must(t, err)
	equal(t, "newest", []any{tape, version, string(body)}, []any{uint64(8), 7, "body 3"})
	tape, _, body, err = b.SnapshotBefore(t.Context(), tape)
	must(t, err)
	equal(t, "the one before", []any{tape, string(body)}, []any{uint64(6), "body 2"})
	if _, _, _, err := b.SnapshotBefore(t.Context(), tape); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a third snapshot: %v, want ErrNotFound", err)
	}
	// A restart from the older snapshot replays the states after it.
	for seq, want := range map[uint64]bool{1: false, 3: false, 4: true} {
		if _, ok, err := b.Body(t.Context(), "tw", record.LaneState, seq); ok != want || err != nil {
			t.Errorf("state %d: %v, %v, want %v", seq, ok, err, want)
		}
	}
}

func usersKept(t *testing.T, d Driver) {
	a, _ := two(t, d, small())
	lin := store.User{Name: "lin", Role: "officer", Hash: "$argon2id$x", Lang: "zh-Hant"}
	sato := store.User{Name: "sato", Role: "viewer", Hash: "$argon2id$y", Lang: "ja", Disabled: true}
	must(t, a.PutUser(t.Context(), sato))
	must(t, a.PutUser(t.Context(), lin))
	lin.Role = "supervisor"
	must(t, a.PutUser(t.Context(), lin))
	a.Reopen(t)
	list, err := a.Users(t.Context())
	must(t, err)
	equal(t, "users", list, []store.User{lin, sato})
	u, err := a.User(t.Context(), "sato")
	must(t, err)
	equal(t, "user", u, sato)
	must(t, a.DeleteUser(t.Context(), "sato"))
	refused(t, "deleting twice", a.DeleteUser(t.Context(), "sato"), store.ErrNotFound)
	_, err = a.User(t.Context(), "sato")
	refused(t, "reading a deleted user", err, store.ErrNotFound)
	if err := a.PutUser(t.Context(), store.User{Name: "x"}); err == nil {
		t.Error("a user without a role was taken")
	}
}

func auditKept(t *testing.T, d Driver) {
	a, _ := two(t, d, small())
	want := []store.AuditEntry{
		{At: Now(), By: "lin", Role: "officer", Act: "propose", Subject: "incident 4", Partner: "jp"},
		{At: Now(), By: "lin", Act: "login"},
	}
	must(t, a.Commit(t.Context(), store.Commit{Tape: 1, Now: Now(), Audit: want[:1]}))
	must(t, a.Audit(t.Context(), want[1]))
	a.Reopen(t)
	got, last, err := a.AuditLog(t.Context(), 0, 10)
	must(t, err)
	equal(t, "audit log", got, want)
	equal(t, "last", last, uint64(2))
	got, _, err = a.AuditLog(t.Context(), 1, 10)
	must(t, err)
	equal(t, "audit log after 1", got, want[1:])
	must(t, a.DigestStates(t.Context(), Now()))
	must(t, a.DigestStates(t.Context(), Now()))
	rep, err := a.Verify(t.Context(), a.Keys)
	must(t, err)
	if !rep.Verified || len(rep.Logs) != 1 || rep.Logs[0].CosignedSize != 2 || rep.Logs[0].Checkpoints != 1 {
		t.Errorf("audit log: %+v", rep)
	}
}

func proofsHold(t *testing.T, d Driver) {
	a, b := two(t, d, small())
	a.declare(t, "jp", true)
	b.declare(t, "tw", true)
	for i := range 9 {
		a.Put(t, Incident("jp", i))
	}
	must(t, Deliver(t.Context(), a, b))
	must(t, Attest(t.Context(), a, b))
	root, err := a.SentAt(t.Context(), "jp", 7)
	must(t, err)
	for _, n := range []*Node{a, b} {
		partner, dir := n.Keys.Partners()[0], journal.Sent
		if n == b {
			dir = journal.Received
		}
		p, leaf, err := n.Proof(t.Context(), partner, dir, 7, 5)
		must(t, err)
		must(t, journal.CheckInclusion(p, 7, root, 4, leaf))
		if journal.CheckInclusion(p, 7, root, 3, leaf) == nil {
			t.Error("the proof holds for another record")
		}
		_, _, err = n.Proof(t.Context(), partner, dir, 10, 5)
		refused(t, "a proof beyond the log", err, store.ErrNotFound)
		file, err := n.Prove(t.Context(), partner, dir, 5, false)
		must(t, err)
		checked(t, n, file, partner, dir)
		file, err = n.Prove(t.Context(), partner, dir, 5, true)
		must(t, err)
		it, err := n.Entry(t.Context(), partner, dir, 5)
		must(t, err)
		equal(t, "the key in the proof", string(file.Key), string(it.Key))
		for _, day := range n.Keys.Days(partner) {
			must(t, n.Keys.ForgetDay(partner, day))
		}
		_, err = n.Prove(t.Context(), partner, dir, 5, true)
		refused(t, "a proof of content that is gone", err, store.ErrNotFound)
		_, err = n.Prove(t.Context(), partner, dir, 5, false)
		must(t, err)
		_, err = n.Prove(t.Context(), partner, dir, 10, false)
		refused(t, "a proof of no record", err, store.ErrNotFound)
	}
	a.Put(t, Incident("jp", 9))
	_, err = a.Prove(t.Context(), "jp", journal.Sent, 10, false)
	refused(t, "a proof without an attestation", err, store.ErrNotFound)
}

func partnersApart(t *testing.T, d Driver) {
	n := d.Start(t, small(), "tw", "jp", "cell")
	tw, jp, cell := n[0], n[1], n[2]
	tw.Put(t, Incident("jp", 1), Incident("cell", 2), Incident("jp", 3), State("cell", 4, 0))
	jp.Put(t, Incident("cell", 5), Incident("tw", 6))
	for _, from := range n {
		for _, to := range n {
			if from != to {
				must(t, Deliver(t.Context(), from, to))
			}
		}
	}
	takes(t, jp, record.LaneRecord, "incident 1", "incident 3")
	takes(t, tw, record.LaneRecord, "incident 6")
	list, err := cell.Pending(t.Context())
	must(t, err)
	equal(t, "pending at cell", list, []store.Received{
		{Partner: "jp", Lane: record.LaneRecord, Seq: 1},
		{Partner: "tw", Lane: record.LaneRecord, Seq: 1},
		{Partner: "tw", Lane: record.LaneState, Seq: 1},
	})
	takes(t, cell, record.LaneRecord, "incident 5", "incident 2")
	verified(t, n...)
	if err := d.Commit(t.Context(), tw.Store, store.Commit{Tape: 9, Now: Now()}, []Record{Incident("Not a party", 1)}); err == nil {
		t.Error("a record for nobody was taken")
	}
}
