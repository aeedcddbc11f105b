// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package linktest

import (
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Paired returns the keystores of two parties that are paired with each other,
// without the ceremony.
func Paired(t testing.TB, a, b party.ID) (*keystore.Store, *keystore.Store) {
	t.Helper()
	ka, kb := Keystore(t), Keystore(t)
	pa, pb := newPair(t), newPair(t)
	Keep(t, ka, b, pa, pb)
	Keep(t, kb, a, pb, pa)
	return ka, kb
}

// Keystore returns an empty keystore that is cheap to open.
func Keystore(t testing.TB) *keystore.Store {
	t.Helper()
	s, err := keystore.OpenKDF(t.TempDir(), []byte("test"), keystore.KDF{Passes: 1, MemoryKiB: 64, Lanes: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func newPair(t testing.TB) *keystore.Pair {
	t.Helper()
	p, err := keystore.NewPair()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Keep stores own keys for a partner that holds theirs.
func Keep(t testing.TB, s *keystore.Store, partner party.ID, own, theirs *keystore.Pair) {
	t.Helper()
	pin, err := theirs.Pin()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Add(partner, own, keystore.Peer{Pin: pin, Journal: theirs.Journal()}); err != nil {
		t.Fatal(err)
	}
}
