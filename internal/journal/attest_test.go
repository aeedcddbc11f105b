// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
)

// What lies before or after the attested leaves is not in what is signed.
func TestAnAttestationIsOfItsLeavesAlone(t *testing.T) {
	tree, _ := grow(10)
	a, err := journal.Attest(tree, 1, 4, 8)
	if err != nil {
		t.Fatal(err)
	}
	var alone journal.Frontier
	for i := 3; i < 8; i++ {
		alone.Append(leaf(i))
	}
	if a.Root != alone.Root() || a.Size() != 5 {
		t.Errorf("root %x of %d leaves, want that of leaves 4 to 8 alone", a.Root, a.Size())
	}
	for n := uint64(1); n <= 10; n++ {
		path, err := journal.ProveAttested(tree, 4, 8, n)
		if inside := n >= 4 && n <= 8; inside != (err == nil) {
			t.Errorf("leaf %d: %v", n, err)
		} else if inside {
			err = journal.CheckInclusion(path, a.Size(), a.Root, n-4, leaf(int(n-1)))
		}
		if err != nil && n >= 4 && n <= 8 {
			t.Errorf("leaf %d: %v", n, err)
		}
	}
	for _, r := range [][2]uint64{{0, 3}, {5, 4}, {8, 11}, {1, journal.MaxAttested + 1}} {
		if _, err := journal.Attest(tree, 1, r[0], r[1]); err == nil {
			t.Errorf("leaves %d to %d attested", r[0], r[1])
		}
	}
}

// A checkpoint is no attestation and an attestation no checkpoint, though the
// same keys sign both.
func TestAttestationsAndCheckpointsAreNotTakenForEachOther(t *testing.T) {
	tree, roots := grow(10)
	a, b := newKey(t, "k1"), newKey(t, "k2")
	signed := attested(t, tree, 1, 10, a, b)
	if _, err := journal.OpenCosigned([]byte(signed), a, b); !errors.Is(err, journal.ErrMalformed) {
		t.Errorf("attestation taken for a receipt: %v", err)
	}
	state := journal.LogState{Epoch: 1, Size: 10, Root: roots[10]}
	checkpoint, err := journal.Sign(state, now, a)
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := journal.Cosign(checkpoint, a, state, b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := journal.OpenCosignedAttestation(receipt, a, b); !errors.Is(err, journal.ErrMalformed) {
		t.Errorf("receipt taken for an attestation: %v", err)
	}
}

func TestAnAttestationOfOtherLeavesIsNotCosigned(t *testing.T) {
	tree, _ := grow(10)
	a, b := newKey(t, "k1"), newKey(t, "k2")
	held, err := journal.Attest(tree, 1, 3, 9)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*journal.Attestation){
		"first": func(x *journal.Attestation) { x.First-- }, "last": func(x *journal.Attestation) { x.Last++ },
		"root": func(x *journal.Attestation) { x.Root[0] ^= 1 }, "epoch": func(x *journal.Attestation) { x.Epoch++ },
	} {
		other := held
		change(&other)
		signed, err := journal.SignAttestation(other, now, a)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := journal.CosignAttestation(signed, a, held, b); !errors.Is(err, journal.ErrRoot) {
			t.Errorf("%s: %v, want ErrRoot", name, err)
		}
	}
	signed, err := journal.SignAttestation(held, now, b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := journal.CosignAttestation(signed, a, held, b); !errors.Is(err, journal.ErrSignature) {
		t.Errorf("signed by another: %v, want ErrSignature", err)
	}
}

func FuzzAttestation(f *testing.F) {
	tree, _ := grow(10)
	a, b := newKey(f, "k1"), newKey(f, "k2")
	text, _, _ := strings.Cut(attested(f, tree, 2, 9, a, b), "\n\n")
	f.Add(text + "\n")
	f.Add("k\nattest 1 0\n\nepoch 1\ntime 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		x, err := journal.ParseAttestation(text)
		if err != nil {
			return
		}
		if x.First == 0 || x.Last < x.First || x.Size() > journal.MaxAttested {
			t.Errorf("out of range: %+v", x)
		}
		if _, err := journal.ParseCheckpoint(text); err == nil {
			t.Errorf("%q is a checkpoint too", text)
		}
	})
}

// pairOf returns the keys by which two sides make notes for each other.
func pairOf(t testing.TB, secret byte, a, b string) (*journal.PairKey, *journal.PairKey) {
	t.Helper()
	s := bytes.Repeat([]byte{secret}, journal.PairSecret)
	ka, err := journal.NewPairKey(s, a, b)
	if err != nil {
		t.Fatal(err)
	}
	kb, err := journal.NewPairKey(s, b, a)
	if err != nil {
		t.Fatal(err)
	}
	return ka, kb
}

func verifierOf(t testing.TB, name string) string {
	t.Helper()
	_, v, err := note.GenerateKey(nil, name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A receipt under pair keys holds for both, and each could have made it whole:
// it tells a third person nothing.
func TestAReceiptUnderPairKeysConvincesTheTwo(t *testing.T) {
	_, roots := grow(10)
	va, vb := verifierOf(t, "a"), verifierOf(t, "b")
	a, b := pairOf(t, 1, va, vb)
	state := journal.LogState{Epoch: 1, Size: 10, Root: roots[10]}
	signed, err := journal.Sign(state, now, a)
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := journal.Cosign(signed, note.VerifierList(a), state, b)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := journal.OpenCosigned(receipt, note.VerifierList(a), note.VerifierList(b)); err != nil || c.LogState != state {
		t.Errorf("receipt: %+v, %v", c, err)
	}
	if x, y := must(a.Sign([]byte("text"))), must(b.Sign([]byte("text"))); bytes.Equal(x, y) {
		t.Error("what one side makes is what the other would")
	}
	// The sender alone makes the same octets.
	_, forged := pairOf(t, 1, va, vb)
	again, err := journal.Cosign(signed, note.VerifierList(a), state, forged)
	if err != nil || !bytes.Equal(again, receipt) {
		t.Errorf("the sender can't make the receipt by itself: %v", err)
	}
	public, err := note.NewVerifier(vb)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(receipt, note.VerifierList(public)); err == nil {
		t.Error("a public key opens the receipt")
	}
	for name, keys := range map[string][2]note.Verifiers{
		"wrong way round": {note.VerifierList(b), note.VerifierList(a)},
		"one for both":    {note.VerifierList(a), note.VerifierList(a)},
	} {
		if _, err := journal.OpenCosigned(receipt, keys[0], keys[1]); !errors.Is(err, journal.ErrSignature) {
			t.Errorf("keys %s: %v, want ErrSignature", name, err)
		}
	}
	other, _ := pairOf(t, 2, va, vb)
	if _, err := journal.Open(signed, note.VerifierList(other)); !errors.Is(err, journal.ErrSignature) {
		t.Errorf("another secret: %v, want ErrSignature", err)
	}
}

func TestAPairKeyNeedsASecretAndTwoSides(t *testing.T) {
	va, vb := verifierOf(t, "a"), verifierOf(t, "b")
	secret := make([]byte, journal.PairSecret)
	for name, err := range map[string]error{
		"short secret": second(journal.NewPairKey(secret[:31], va, vb)),
		"no key":       second(journal.NewPairKey(secret, "x", vb)),
		"one side":     second(journal.NewPairKey(secret, va, va)),
	} {
		if err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func must(b []byte, _ error) []byte { return b }

func second(_ *journal.PairKey, err error) error { return err }
