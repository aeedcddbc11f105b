// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
)

// PairSecret is the length of the secret that two parties share, in octets.
const PairSecret = 32

// pairKind begins the octets that name a key in a note (C2SP signed-note: 0xff
// is for kinds without a number of their own, followed by a name).
const pairKind = "\xffkuroshio pair 1"

// PairKey signs notes so that they convince two parties and nobody else: an
// authentication code (HMAC-SHA-256, RFC 2104) under a secret that both hold.
// Either could have made every code of the other, so that neither can show one
// to a third person. In a note it stands where a signature does.
//
// It implements note.Signer and note.Verifier.
type PairKey struct {
	name   string
	hash   uint32
	secret []byte
}

// NewPairKey returns the key by which the holder of the journal key signer makes
// notes for the holder of the journal key reader; both are verifier keys as
// golang.org/x/mod/sumdb/note writes them. The two sides of a pair have two keys
// from one secret: what one made cannot be taken for the other's.
func NewPairKey(secret []byte, signer, reader string) (*PairKey, error) {
	if len(secret) != PairSecret {
		return nil, fmt.Errorf("make pair key: secret of %d octets, want %d", len(secret), PairSecret)
	}
	v, err := note.NewVerifier(signer)
	if err != nil {
		return nil, fmt.Errorf("make pair key: %w", err)
	}
	if signer == reader {
		return nil, errors.New("make pair key: a pair of one")
	}
	names := fmt.Sprintf("%s\n%s\n%s", pairKind, signer, reader)
	sum := sha256.Sum256([]byte(v.Name() + "\n" + names))
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(names))
	return &PairKey{name: v.Name(), hash: binary.BigEndian.Uint32(sum[:]), secret: h.Sum(nil)}, nil
}

// Name returns the name of the signer's journal key.
func (k *PairKey) Name() string { return k.name }

// KeyHash returns what tells the key from others of that name. It says nothing
// of the secret.
func (k *PairKey) KeyHash() uint32 { return k.hash }

// Sign returns the authentication code of msg.
func (k *PairKey) Sign(msg []byte) ([]byte, error) {
	h := hmac.New(sha256.New, k.secret)
	h.Write(msg)
	return h.Sum(nil), nil
}

// Verify reports whether sig is the authentication code of msg.
func (k *PairKey) Verify(msg, sig []byte) bool {
	want, _ := k.Sign(msg) // never an error
	return hmac.Equal(sig, want)
}
