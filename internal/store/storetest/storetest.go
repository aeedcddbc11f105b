// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package storetest is the contract that every driver of the store keeps: what
// is acknowledged is kept, nothing is numbered or accepted twice, nothing can be
// read without its key. It is for tests alone and holds no driver.
package storetest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// Store is what a driver offers.
type Store interface {
	Committed(ctx context.Context) (uint64, error)
	Commit(ctx context.Context, c store.Commit) error
	Snapshot(ctx context.Context) (uint64, int, []byte, error)
	SnapshotBefore(ctx context.Context, before uint64) (uint64, int, []byte, error)
	Audit(ctx context.Context, entries ...store.AuditEntry) error
	AuditLog(ctx context.Context, after uint64, limit int) ([]store.AuditEntry, uint64, error)

	Sent(ctx context.Context, to party.ID) (journal.LogState, error)
	SentAt(ctx context.Context, to party.ID, size uint64) ([32]byte, error)
	Records(ctx context.Context, to party.ID, after uint64, limit int) ([]record.Item, error)
	Acknowledged(ctx context.Context, to party.ID, size uint64, cosigned []byte) error
	States(ctx context.Context, to party.ID, limit int) (*record.Batch, error)
	StatesAcknowledged(ctx context.Context, to party.ID, n uint64) error
	DigestStates(ctx context.Context, now time.Time) error
	Unattested(ctx context.Context, to party.ID) (*journal.Attestation, error)
	Attested(ctx context.Context, to party.ID, cosigned []byte) error
	AttestFrom(ctx context.Context, to party.ID, first uint64) error
	Attestable(ctx context.Context, from party.ID, first, last uint64) (*journal.Attestation, uint64, error)
	KeepAttested(ctx context.Context, from party.ID, cosigned []byte) error
	Pressure(ctx context.Context, to party.ID) (store.Pressure, error)
	Today(ctx context.Context, partner party.ID) (sent, received store.Traffic, err error)
	Beat(ctx context.Context, to party.ID, now time.Time, every time.Duration) (bool, error)
	Flow(ctx context.Context, partner party.ID) (store.Flow, error)

	OrderReopen(ctx context.Context, to party.ID) error
	OrderAgree(ctx context.Context, from party.ID) error
	Orders(ctx context.Context, partner party.ID) (store.Orders, error)
	Reopen(ctx context.Context, to party.ID, quote *journal.Succession, states uint64) (journal.LogState, bool, error)
	Receipt(ctx context.Context, from party.ID) ([]byte, error)
	NextEpoch(ctx context.Context, from party.ID, epoch uint32, quote *journal.Succession) (journal.LogState, error)
	Adopt(ctx context.Context, partner party.ID, pairing string) (bool, error)
	Room(ctx context.Context, from party.ID) (bool, error)

	Received(ctx context.Context, from party.ID) (journal.LogState, error)
	TakeRecords(ctx context.Context, from party.ID, epoch uint32, items []record.Item) (journal.LogState, error)
	Checkpoint(ctx context.Context, from party.ID, size uint64, cosigned []byte) error
	TakeStates(ctx context.Context, from party.ID, b *record.Batch) error
	LastStates(ctx context.Context, from party.ID) (uint64, error)
	Pending(ctx context.Context) ([]store.Received, error)
	Body(ctx context.Context, from party.ID, lane record.Lane, seq uint64) ([]byte, bool, error)
	Taped(ctx context.Context, list ...store.Taped) error
	Destroy(ctx context.Context, x store.Received) error
	Wipe(ctx context.Context) error
	OutboxView(ctx context.Context, to party.ID) (store.Outbox, error)

	User(ctx context.Context, name string) (store.User, error)
	Users(ctx context.Context) ([]store.User, error)
	PutUser(ctx context.Context, u store.User) error
	DeleteUser(ctx context.Context, name string) error

	Verify(ctx context.Context, keys journal.Keyring) (journal.Report, error)
	Proof(ctx context.Context, partner party.ID, d journal.Direction, size, n uint64) ([]journal.Hash, journal.Hash, error)
	Entry(ctx context.Context, partner party.ID, d journal.Direction, seq uint64) (record.Item, error)
	Prove(ctx context.Context, partner party.ID, d journal.Direction, seq uint64, content bool) (*journal.Proof, error)
	Problems() []string
	Stats(ctx context.Context) (store.Stats, error)
	Close() error
}

// Driver is a driver under test.
type Driver struct {
	Open func(ctx context.Context, dir string, keys store.Keys, cfg store.Config) (Store, error)
	// Commit is Store.Commit with records that the test made in place of those
	// that only a policy can let out.
	Commit func(ctx context.Context, s Store, c store.Commit, out []Record) error
}

// Record stands for a release.Sealed.
type Record struct {
	Partner party.ID
	Of      record.Kind
	About   record.ID
	Text    string
}

// To returns the partner.
func (r Record) To() party.ID { return r.Partner }

// Kind returns the kind.
func (r Record) Kind() record.Kind { return r.Of }

// Lane returns the lane of the kind.
func (r Record) Lane() record.Lane { return r.Of.Lane() }

// ID returns an id that follows from the text.
func (r Record) ID() (id record.ID) {
	sum := sha256.Sum256([]byte(r.Text))
	copy(id[:], sum[:])
	return id
}

// Object returns what it is about.
func (r Record) Object() record.ID { return r.About }

// Plain returns the text, in place of an encoded record.
func (r Record) Plain() []byte { return []byte(r.Text) }

// Now is the time at which the tests take place.
func Now() time.Time { return time.Date(2026, 8, 28, 3, 4, 5, 0, time.UTC) }

// Object returns the n-th object.
func Object(n int) record.ID { return record.ID{15: byte(n), 14: byte(n >> 8), 0: 1} }

// Incident returns a record of the record lane.
func Incident(to party.ID, n int) Record {
	return Record{to, record.KindIncident, Object(n), fmt.Sprintf("incident %d", n)}
}

// State returns a record of the state lane about object n.
func State(to party.ID, n, version int) Record {
	return Record{to, record.KindTrack, Object(n), fmt.Sprintf("track %d version %d", n, version)}
}

// Node is a store with its keystore.
type Node struct {
	Store
	Self party.ID
	Dir  string
	Keys *keystore.Store
	cfg  store.Config
	d    Driver
	tape uint64

	ownClock bool // cfg.Now is the test's
}

// Start makes nodes that are paired with each other.
func (d Driver) Start(t testing.TB, cfg store.Config, names ...party.ID) []*Node {
	t.Helper()
	var nodes []*Node
	for _, name := range names {
		n := &Node{Self: name, Dir: t.TempDir(), d: d, cfg: cfg}
		keys, err := keystore.OpenKDF(filepath.Join(n.Dir, "keys"), []byte("current"), keystore.KDF{Passes: 1, MemoryKiB: 64, Lanes: 1})
		must(t, err)
		t.Cleanup(func() { must(t, keys.Close()) })
		n.Keys = keys
		nodes = append(nodes, n)
	}
	for i, a := range nodes {
		for _, b := range nodes[:i] {
			pair(t, a, b)
		}
	}
	for _, n := range nodes {
		n.Reopen(t)
	}
	return nodes
}

func pair(t testing.TB, a, b *Node) {
	t.Helper()
	ka, err := keystore.NewPair()
	must(t, err)
	kb, err := keystore.NewPair()
	must(t, err)
	pa, err := ka.Pin()
	must(t, err)
	pb, err := kb.Pin()
	must(t, err)
	must(t, a.Keys.Add(b.Self, ka, keystore.Peer{Pin: pb, Journal: kb.Journal(), Address: "127.0.0.1:1"}))
	must(t, b.Keys.Add(a.Self, kb, keystore.Peer{Pin: pa, Journal: ka.Journal(), Address: "127.0.0.1:1"}))
}

// Reopen closes the store, when it is open, and opens it again.
func (n *Node) Reopen(t testing.TB) {
	t.Helper()
	if n.Store != nil {
		must(t, n.Close())
	}
	audit, err := n.Keys.AuditSigner()
	must(t, err)
	n.cfg.Audit, n.cfg.Witness = audit, n.Keys
	if n.cfg.Now == nil || !n.ownClock {
		n.cfg.Now = Now
	}
	s, err := n.d.Open(context.Background(), filepath.Join(n.Dir, "store"), n.Keys, n.cfg)
	must(t, err)
	n.Store = s
	t.Cleanup(func() { _ = s.Close() })
}

// Put commits records as the outcome of the next tape number.
func (n *Node) Put(t testing.TB, out ...Record) {
	t.Helper()
	n.tape++
	must(t, n.d.Commit(context.Background(), n.Store, store.Commit{Tape: n.tape, Now: Now()}, out))
}

// Deliver does what a link does: it carries everything that a has for b, with
// checkpoints and receipts. An error leaves off in the middle, as a cut does.
func Deliver(ctx context.Context, a, b *Node) error {
	if err := deliverRecords(ctx, a, b); err != nil {
		return err
	}
	for {
		batch, err := a.States(ctx, b.Self, 100)
		if err != nil || batch == nil {
			return err
		}
		if err := b.TakeStates(ctx, a.Self, batch); err != nil {
			return err
		}
		if err := a.StatesAcknowledged(ctx, b.Self, batch.N); err != nil {
			return err
		}
	}
}

func deliverRecords(ctx context.Context, a, b *Node) error {
	sign, cosign, err := signers(a, b)
	if err != nil {
		return err
	}
	for {
		held, err := b.Received(ctx, a.Self)
		if err != nil {
			return err
		}
		items, err := a.Records(ctx, b.Self, held.Size, 100)
		if err != nil {
			return err
		}
		ours, err := a.Sent(ctx, b.Self)
		if err != nil {
			return err
		}
		if held, err = b.TakeRecords(ctx, a.Self, ours.Epoch, items); err != nil {
			return err
		}
		root, err := a.SentAt(ctx, b.Self, held.Size)
		if err != nil {
			return err
		}
		signed, err := journal.Sign(journal.LogState{Epoch: ours.Epoch, Size: held.Size, Root: root}, Now(), sign)
		if err != nil {
			return err
		}
		_, sender, err := b.Keys.Verifiers(a.Self)
		if err != nil {
			return err
		}
		cosigned, err := journal.Cosign(signed, sender, held, cosign)
		if err != nil {
			return err
		}
		if err := b.Checkpoint(ctx, a.Self, held.Size, cosigned); err != nil {
			return err
		}
		if err := a.Acknowledged(ctx, b.Self, held.Size, cosigned); err != nil {
			return err
		}
		if held.Size >= ours.Size {
			return nil
		}
	}
}

func signers(a, b *Node) (sender, receiver note.Signer, err error) {
	if sender, err = a.Keys.ReceiptSigner(b.Self); err != nil {
		return nil, nil, err
	}
	receiver, err = b.Keys.ReceiptSigner(a.Self)
	return sender, receiver, err
}

// Tape does what a node does with its inbox: it takes every pending record, in
// order, as the outcome of the next tape number, and returns the texts by lane.
func (n *Node) Tape(ctx context.Context) (map[record.Lane][]string, error) {
	got := map[record.Lane][]string{}
	list, err := n.Pending(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		body, ok, err := n.Body(ctx, x.Partner, x.Lane, x.Seq)
		if err != nil {
			return nil, err
		}
		if ok {
			got[x.Lane] = append(got[x.Lane], string(body))
		}
		n.tape++
		if err := n.d.Commit(ctx, n.Store, store.Commit{Tape: n.tape, Now: Now(), Taped: []store.Taped{{Received: x, Tape: n.tape}}}, nil); err != nil {
			n.tape--
			return nil, err
		}
	}
	return got, nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
