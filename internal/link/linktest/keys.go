// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package linktest

import (
	"crypto/tls"
	"sync"
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

// KeepPeer stores new keys of our own for a partner that does not know them.
func KeepPeer(t testing.TB, s *keystore.Store, partner party.ID, peer keystore.Peer) {
	t.Helper()
	if err := s.Add(partner, newPair(t), peer); err != nil {
		t.Fatal(err)
	}
}

// Impostor returns the address of a TLS server that shows a key of its own to
// whoever asks.
func Impostor(t testing.TB) string {
	t.Helper()
	cert, err := newPair(t).Certificate()
	if err != nil {
		t.Fatal(err)
	}
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 1)) // the handshake; its end is what is tested
			_ = c.Close()
		}
	})
	t.Cleanup(func() {
		_ = ln.Close() // ends the goroutine
		wg.Wait()
	})
	return ln.Addr().String()
}
