// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Harness is an accepting link over a stream in memory, for the fuzz target of
// what a partner says.
type Harness struct{ link *Link }

// ports is an outbox and an inbox.
type ports interface {
	Outbox
	Inbox
}

// NewHarness returns a link that runs without a server.
func NewHarness(t testing.TB, m ports) *Harness {
	l, err := New(Config{Self: "jp", Partner: "tw", Keys: oneKey(t), Outbox: m, Inbox: m, Now: time.Now, Timing: DefaultTiming()})
	if err != nil {
		t.Fatal(err)
	}
	l.running = true // without Run: nothing dials
	return &Harness{link: l}
}

// Talk hands the frames to the link as one session and hangs up.
func (h *Harness) Talk(frames ...[]byte) {
	ours, theirs := net.Pipe()
	st := &fuzzStream{frames: frames}
	_ = h.link.accept(context.Background(), st, ours, pins{})
	_ = theirs.Close()
}

// fuzzStream gives the frames, then the end, and takes whatever is sent.
type fuzzStream struct{ frames [][]byte }

func (s *fuzzStream) Send(*message) error { return nil }

func (s *fuzzStream) Receive() (*message, error) {
	if len(s.frames) == 0 {
		return nil, io.EOF
	}
	var m message
	b := s.frames[0]
	s.frames = s.frames[1:]
	return &m, codec{}.Unmarshal(b, &m)
}

// keyring is one journal key pair for both sides.
type keyring struct {
	signer   note.Signer
	verifier note.Verifier
	other    note.Verifier
}

func oneKey(t testing.TB) Keys {
	skey, vkey, err := note.GenerateKey(rand.Reader, "a")
	if err != nil {
		t.Fatal(err)
	}
	_, otherKey, err := note.GenerateKey(rand.Reader, "b")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	other, err := note.NewVerifier(otherKey)
	if err != nil {
		t.Fatal(err)
	}
	return &keyring{signer, verifier, other}
}

func (k *keyring) Certificates(party.ID) ([]tls.Certificate, error) {
	return nil, errors.New("none")
}
func (k *keyring) Pins(party.ID) [][32]byte                    { return nil }
func (k *keyring) Settle(party.ID, [32]byte, [32]byte) error   { return nil }
func (k *keyring) Offer(party.ID) ([]byte, error)              { return nil, nil }
func (k *keyring) TakeRoll(party.ID, []byte) (uint64, error)   { return 0, errors.New("none") }
func (k *keyring) Promote(party.ID, uint64) error              { return nil }
func (k *keyring) JournalSigner(party.ID) (note.Signer, error) { return k.signer, nil }
func (k *keyring) Forget(party.ID) error                       { return nil }

func (k *keyring) Verifiers(party.ID) (own, theirs note.Verifiers, err error) {
	return note.VerifierList(k.verifier), note.VerifierList(k.other), nil
}

func (k *keyring) Current(p party.ID) (own, theirs note.Verifiers, err error) { return k.Verifiers(p) }

func (k *keyring) ReceiptSigner(party.ID) (note.Signer, error) { return k.signer, nil }

func (k *keyring) CurrentReceipts(p party.ID) (own, theirs note.Verifiers, err error) {
	return k.Verifiers(p)
}
