// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package keystore_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// receipted lets each side sign a checkpoint that the other cosigns, as a link
// does, and returns the receipts.
func receipted(t testing.TB, tw, jp *keystore.Store) (ofTW, ofJP []byte) {
	t.Helper()
	partner := map[party.ID]*keystore.Store{"tw": tw, "jp": jp}
	one := func(from, to party.ID) []byte {
		signer, err := partner[from].ReceiptSigner(to)
		if err != nil {
			t.Fatal(err)
		}
		state := journal.LogState{Epoch: 1, Size: 3, Root: journal.Hash{3}}
		signed, err := journal.Sign(state, time.Unix(1, 0), signer)
		if err != nil {
			t.Fatal(err)
		}
		_, theirs, err := partner[to].CurrentReceipts(from)
		if err != nil {
			t.Fatal(err)
		}
		cosigner, err := partner[to].ReceiptSigner(from)
		if err != nil {
			t.Fatal(err)
		}
		cosigned, err := journal.Cosign(signed, theirs, state, cosigner)
		if err != nil {
			t.Fatalf("%s does not take the checkpoint of %s: %v", to, from, err)
		}
		own, theirs, err := partner[from].CurrentReceipts(to)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := journal.OpenCosigned(cosigned, own, theirs); err != nil {
			t.Fatalf("%s does not take the receipt of %s: %v", from, to, err)
		}
		return cosigned
	}
	return one("tw", "jp"), one("jp", "tw")
}

// At each step of a rollover the two sides take each other's receipts.
func TestReceiptsHoldThroughARollover(t *testing.T) {
	tw, jp, signed := rolling(t)
	old, _ := receipted(t, tw, jp)
	n, err := jp.TakeRoll("tw", signed)
	if err != nil {
		t.Fatal(err)
	}
	receipted(t, tw, jp)
	if err := tw.Promote("jp", n); err != nil {
		t.Fatal(err)
	}
	receipted(t, tw, jp) // jp called by the old key: it does not know yet that tw went over
	cert, err := tw.Certificate("jp")
	if err != nil {
		t.Fatal(err)
	}
	after := keystore.PinOf(cert.Leaf)
	if err := errors.Join(tw.Settle("jp", after, tw.Pins("jp")[0]), jp.Settle("tw", jp.Pins("tw")[0], after)); err != nil {
		t.Fatal(err)
	}
	receipted(t, tw, jp)

	own, theirs, err := tw.CurrentReceipts("jp")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := journal.OpenCosigned(old, own, theirs); !errors.Is(err, journal.ErrSignature) {
		t.Errorf("the link still takes a receipt of before the rollover: %v", err)
	}
	for who, open := range map[string]func() error{
		"tw": func() error { return opens(tw, "jp", old, false) },
		"jp": func() error { return opens(jp, "tw", old, true) },
	} {
		if err := open(); err != nil {
			t.Errorf("the auditor of %s can't check a receipt of before the rollover: %v", who, err)
		}
	}
}

// opens checks a receipt by all keys that an auditor has.
func opens(s *keystore.Store, partner party.ID, receipt []byte, received bool) error {
	own, theirs, err := s.Verifiers(partner)
	if err != nil {
		return err
	}
	if received {
		own, theirs = theirs, own
	}
	_, err = journal.OpenCosigned(receipt, own, theirs)
	return err
}

// Receipts outlive the keys of their pairing, on disk too.
func TestReceiptsOfAnEndedPairingCanBeChecked(t *testing.T) {
	dir := t.TempDir()
	tw, jp := open(t, filepath.Join(dir, "tw")), open(t, filepath.Join(dir, "jp"))
	pair(t, tw, jp)
	old, _ := receipted(t, tw, jp)
	if err := errors.Join(tw.Forget("jp"), jp.Forget("tw")); err != nil {
		t.Fatal(err)
	}
	pair(t, tw, jp)
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := opens(open(t, filepath.Join(dir, "tw")), "jp", old, false); err != nil {
		t.Errorf("a receipt of the pairing before: %v", err)
	}
}

// A partner whose journal key is no point that a secret can be agreed with is
// not paired: 1 has no place on the other curve, 0 is of low order, and a number
// of the field's size or more is no number of the field.
func TestAJournalKeyWithoutASecretIsRefused(t *testing.T) {
	s := open(t, t.TempDir())
	own, err := keystore.NewPair()
	if err != nil {
		t.Fatal(err)
	}
	all := make([]byte, 32)
	for i := range all {
		all[i] = 0xff
	}
	for name, y := range map[string][]byte{"one": {1}, "low order": {0}, "beyond the field": all} {
		err := s.Add("jp", own, keystore.Peer{Pin: [32]byte{1}, Journal: verifierKey(y)})
		if !errors.Is(err, keystore.ErrJournalKey) {
			t.Errorf("%s: %v, want ErrJournalKey", name, err)
		}
	}
}

// verifierKey writes an Ed25519 point as golang.org/x/mod/sumdb/note does.
func verifierKey(y []byte) string {
	key := append([]byte{1}, make([]byte, 32)...)
	copy(key[1:], y)
	h := sha256.Sum256(append([]byte("k\n"), key...))
	return fmt.Sprintf("k+%08x+%s", binary.BigEndian.Uint32(h[:]), base64.StdEncoding.EncodeToString(key))
}
