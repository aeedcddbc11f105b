// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package keystore_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// rolling returns two keystores that are paired; that of "tw" rolls over.
func rolling(t testing.TB) (tw, jp *keystore.Store, signed []byte) {
	t.Helper()
	tw, jp = open(t, filepath.Join(t.TempDir(), "tw")), open(t, filepath.Join(t.TempDir(), "jp"))
	pair(t, tw, jp)
	if err := tw.Roll("jp"); err != nil {
		t.Fatal(err)
	}
	signed, err := tw.Offer("jp")
	if err != nil {
		t.Fatal(err)
	}
	return tw, jp, signed
}

// pair makes keys for tw and jp and keeps them at both.
func pair(t testing.TB, tw, jp *keystore.Store) {
	t.Helper()
	var pairs [2]*keystore.Pair
	for i := range pairs {
		var err error
		if pairs[i], err = keystore.NewPair(); err != nil {
			t.Fatal(err)
		}
	}
	keep := func(s *keystore.Store, partner party.ID, own, theirs *keystore.Pair) {
		pin, err := theirs.Pin()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Add(partner, own, keystore.Peer{Pin: pin, Journal: theirs.Journal()}); err != nil {
			t.Fatal(err)
		}
	}
	keep(tw, "jp", pairs[0], pairs[1])
	keep(jp, "tw", pairs[1], pairs[0])
}

func TestOldJournalKeysStillVerifyAndNoMoreSign(t *testing.T) {
	tw, jp, signed := rolling(t)
	old, err := tw.JournalSigner("jp")
	if err != nil {
		t.Fatal(err)
	}
	n, err := jp.TakeRoll("tw", signed)
	if err != nil || n != 1 {
		t.Fatalf("TakeRoll = %d, %v", n, err)
	}
	if err := tw.Promote("jp", n); err != nil {
		t.Fatal(err)
	}
	own, err := tw.Certificate("jp")
	if err != nil {
		t.Fatal(err)
	}
	pin := keystore.PinOf(own.Leaf)
	if err := errors.Join(tw.Settle("jp", pin, tw.Pins("jp")[0]), jp.Settle("tw", jp.Pins("tw")[0], pin)); err != nil {
		t.Fatal(err)
	}
	for what, s := range map[string]*keystore.Store{"jp": jp} {
		_, theirs, err := s.Verifiers("tw")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := theirs.Verifier(old.Name(), old.KeyHash()); err != nil {
			t.Errorf("%s can't verify what was signed before: %v", what, err)
		}
		_, current, err := s.Current("tw")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := current.Verifier(old.Name(), old.KeyHash()); err == nil {
			t.Errorf("%s still takes signatures of the old key on the link", what)
		}
	}
	if again, err := jp.TakeRoll("tw", signed); err != nil || again != 1 {
		t.Errorf("the same rollover told again = %d, %v; want 1: the answer was lost", again, err)
	}
	if err := tw.Roll("jp"); err != nil {
		t.Errorf("a second rollover: %v", err)
	}
}

// FuzzTakeRoll lets a partner send anything as new keys.
func FuzzTakeRoll(f *testing.F) {
	_, jp, good := rolling(f)
	_, _, other := rolling(f)
	text, _, _ := bytes.Cut(good, []byte("\n\n")) // the order of the two signatures is free
	f.Add(good)
	f.Add(other)
	f.Add([]byte("kuroshio roll 1\n1\n\n\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := jp.TakeRoll("tw", b); err == nil && !bytes.HasPrefix(b, text) {
			t.Errorf("new keys were taken from %q", b)
		}
	})
}
