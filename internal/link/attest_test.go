// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
)

// versions lets two links meet of which the first speaks up to that version.
func versions(t testing.TB, highest uint16) (a, b *node) {
	t.Helper()
	ka, kb := linktest.Paired(t, "tw", "jp")
	b = run(t, sideConfig{self: "jp", partner: "tw", keys: kb, memory: linktest.NewMemory(1), listener: listen(t)})
	a = run(t, sideConfig{
		self: "tw", partner: "jp", keys: ka, memory: linktest.NewMemory(1), listener: listen(t), dial: b.addr,
		versions: link.Versions{Lowest: 1, Highest: highest},
	})
	return a, b
}

// said lets tw say one thing more and waits for its receipt.
func said(t testing.TB, a *node, n uint64) {
	t.Helper()
	a.memory.AddRecord(linktest.Body(n, 20))
	a.link.Notify()
	eventually(t, "the receipt", func() bool { _, _, got := a.memory.Counts(); return got == n })
}

// public are the two journal keys that a third person may be given.
func public(t testing.TB, keys *keystore.Store) (own, theirs note.Verifiers) {
	t.Helper()
	own, theirs, err := keys.Current("jp")
	if err != nil {
		t.Fatal(err)
	}
	return own, theirs
}

// Receipts convince the two and tell a third person nothing; with a partner that
// is older they are signed as it knows it.
func TestReceiptsBearNoSignatureForAThirdPerson(t *testing.T) {
	for version, signed := range map[uint16]bool{1: true, 2: false} {
		a, b := versions(t, version)
		said(t, a, 1)
		receipt, err := b.memory.Receipt(t.Context(), "tw")
		if err != nil {
			t.Fatal(err)
		}
		own, theirs := public(t, a.keys)
		for who, keys := range map[string]note.Verifiers{"sender": own, "receiver": theirs} {
			if _, err := note.Open(receipt, keys); (err == nil) != signed {
				t.Errorf("version %d: the %s's public key opens the receipt: %v", version, who, err == nil)
			}
		}
		all, others, err := a.keys.Verifiers("jp")
		if err != nil {
			t.Fatal(err)
		}
		if cp, err := journal.OpenCosigned(receipt, all, others); err != nil || cp.Size != 1 {
			t.Errorf("version %d: the sender can't check its receipt: %v", version, err)
		}
	}
}

// Leaves are attested from where both sides declare it, and by no older protocol.
func TestLeavesAreAttestedWhereBothDeclareIt(t *testing.T) {
	a, b := versions(t, link.Protocol)
	said(t, a, 1)
	a.memory.Declare(true) // from 2
	said(t, a, 2)
	said(t, a, 3)
	b.memory.Declare(true) // from 4
	said(t, a, 4)
	eventually(t, "the first attestation", func() bool { ours, _ := a.memory.Attestations(); return len(ours) == 1 })
	said(t, a, 5)
	eventually(t, "the second", func() bool { ours, _ := a.memory.Attestations(); return len(ours) == 2 })
	b.memory.Declare(false)
	said(t, a, 6)
	ours, theirs := a.memory.Attestations()
	_, kept := b.memory.Attestations()
	if len(theirs) != 0 || !slices.EqualFunc(ours, kept, slices.Equal[[]byte]) {
		t.Errorf("the two sides hold other attestations: %q and %q", ours, kept)
	}
	own, receiver := public(t, a.keys)
	for i, b := range ours {
		got, err := journal.OpenCosignedAttestation(b, own, receiver)
		if want := uint64(4 + i); err != nil || got.First != want || got.Last != want {
			t.Errorf("attestation %d: leaves %d to %d, %v; want leaf %d", i, got.First, got.Last, err, want)
		}
	}
}

func TestAnOlderPartnerIsNotAskedToAttest(t *testing.T) {
	a, b := versions(t, 1)
	a.memory.Declare(true)
	b.memory.Declare(true)
	said(t, a, 1)
	said(t, a, 2)
	if ours, _ := a.memory.Attestations(); len(ours) != 0 {
		t.Errorf("attested by version 1: %q", ours)
	}
	if st := b.link.Status(); st.Version != 1 || st.Refused != 0 {
		t.Errorf("status %+v", st)
	}
}

// attest returns what a hostile partner asks to be signed of its log.
func (h *hostile) attest(a journal.Attestation, signer note.Signer) link.Frame {
	h.t.Helper()
	b, err := journal.SignAttestation(a, time.Now(), signer)
	if err != nil {
		h.t.Fatal(err)
	}
	return link.Frame{Attest: &link.Attest{Signed: b}}
}

// What is asked to be attested must be signed, held, and of this log.
func TestAFalseAttestationIsRefused(t *testing.T) {
	root := func(h *hostile) journal.Hash { return journal.Hash(h.records(1, 1, nil).Records.Items[0].Leaf()) }
	for _, test := range []struct {
		name    string
		key     func(h *hostile) (note.Signer, error)
		change  func(*journal.Attestation)
		problem link.Problem // "": refused as out of order
	}{
		{"under the key of receipts", func(h *hostile) (note.Signer, error) { return h.keys.ReceiptSigner("jp") }, func(*journal.Attestation) {}, link.ProblemSignature},
		{"another root", func(h *hostile) (note.Signer, error) { return h.keys.JournalSigner("jp") }, func(*journal.Attestation) {}, link.ProblemRoot},
		{"more than is held", func(h *hostile) (note.Signer, error) { return h.keys.JournalSigner("jp") }, func(a *journal.Attestation) { a.Last = 9 }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, keys := victim(t)
			b.memory.Declare(true)
			h := attack(t, keys, b)
			h.open(link.Hello{})
			h.frame(h.records(1, 3, nil))
			eventually(t, "the records", func() bool { return len(b.memory.Taken()) == 3 })
			signer, err := test.key(h)
			if err != nil {
				t.Fatal(err)
			}
			a := journal.Attestation{Epoch: 1, First: 1, Last: 3, Root: root(h)}
			test.change(&a)
			h.frame(h.attest(a, signer))
			h.stopped()
			if test.problem == "" {
				eventually(t, "the refusal", func() bool { return b.link.Status().Refusal == link.RefusedOrder })
			} else {
				eventually(t, "the problem", func() bool { return slices.Equal(b.Problems(), []link.Problem{test.problem}) })
			}
			if _, kept := b.memory.Attestations(); len(kept) != 0 {
				t.Errorf("signed %q", kept)
			}
		})
	}
}

// An answer that would have the same asked again, or that nobody asked for, ends
// the session; what it says is not kept.
func TestAFalseAnswerToAnAttestationIsRefused(t *testing.T) {
	for name, answer := range map[string]func(h *hostile, asked []byte) link.Attested{
		"begins where it was asked": func(*hostile, []byte) link.Attested { return link.Attested{First: 1} },
		"not cosigned":              func(_ *hostile, asked []byte) link.Attested { return link.Attested{Cosigned: asked} },
		"of other leaves": func(h *hostile, asked []byte) link.Attested {
			signer, err := h.keys.JournalSigner("jp")
			if err != nil {
				h.t.Fatal(err)
			}
			a, err := journal.UnverifiedAttestation(asked)
			if err != nil {
				h.t.Fatal(err)
			}
			a.Last++
			return link.Attested{Cosigned: h.attest(a, signer).Attest.Signed}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, keys := victim(t)
			b.memory.Declare(true)
			b.memory.AddRecord(linktest.Body(1, 20))
			h := attack(t, keys, b)
			h.open(link.Hello{})
			h.receipt()
			var asked []byte
			for asked == nil {
				f, ok := <-h.frames
				if !ok {
					t.Fatal("the session ended before anything was asked")
				}
				if f.Attest != nil {
					asked = f.Attest.Signed
				}
			}
			x := answer(h, asked)
			h.frame(link.Frame{Attested: &x})
			h.stopped()
			if ours, _ := b.memory.Attestations(); len(ours) != 0 {
				t.Errorf("kept %q", ours)
			}
			eventually(t, "that it is told", func() bool { return b.link.Status().Refusal == link.RefusedOrder || len(b.Problems()) > 0 })
		})
	}
}

func TestAnAnswerThatNobodyAskedForIsRefused(t *testing.T) {
	b, keys := victim(t)
	h := attack(t, keys, b)
	h.open(link.Hello{})
	h.frame(link.Frame{Attested: &link.Attested{First: 5}})
	h.stopped()
	eventually(t, "the refusal", func() bool { return b.link.Status().Refusal == link.RefusedOrder })
}
