// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package keystore

import (
	"bytes"
	"cmp"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// receiptKey is what two journal keys have in common: both sides compute it, and
// nobody else can. Receipts are made under it; see journal.PairKey.
type receiptKey struct {
	Own    string `cbor:"1,keyasint"` // our journal key, as verifier
	Theirs string `cbor:"2,keyasint"`
	Secret []byte `cbor:"3,keyasint"`
}

// ErrJournalKey is wrapped when a journal key is none that secrets can be agreed
// with.
var ErrJournalKey = errors.New("unfit journal key")

// agree computes the common secret of our journal key (a signer key of
// golang.org/x/mod/sumdb/note) and the partner's (a verifier key): X25519 (RFC
// 7748) on the points that the two Ed25519 keys stand for, through HKDF-SHA-256
// (RFC 5869).
func agree(signer, own, theirs string) (receiptKey, error) {
	private, err := agreeing(signer)
	if err != nil {
		return receiptKey{}, err
	}
	public, err := agreeable(theirs)
	if err != nil {
		return receiptKey{}, err
	}
	shared, err := private.ECDH(public)
	if err != nil {
		return receiptKey{}, fmt.Errorf("%w: %w", ErrJournalKey, err)
	}
	secret, err := hkdf.Key(sha256.New, shared, nil, "kuroshio receipts 1", journal.PairSecret)
	if err != nil {
		return receiptKey{}, fmt.Errorf("derive key of receipts: %w", err)
	}
	return receiptKey{Own: own, Theirs: theirs, Secret: secret}, nil
}

// agreeing returns the private key of X25519 that belongs to a signer key: the
// first half of SHA-512 of its seed (RFC 8032 §5.1.5).
func agreeing(signer string) (*ecdh.PrivateKey, error) {
	parts := strings.SplitN(signer, "+", 5) // PRIVATE+KEY+name+hash+base64
	b, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(b) != 1+32 {
		return nil, fmt.Errorf("%w: our own", ErrJournalKey)
	}
	h := sha512.Sum512(b[1:])
	clear(b)
	key, err := ecdh.X25519().NewPrivateKey(h[:32])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrJournalKey, err)
	}
	return key, nil
}

// agreeable returns the public key of X25519 that belongs to a verifier key: u =
// (1+y)/(1-y) (RFC 7748 §4.1).
func agreeable(verifier string) (*ecdh.PublicKey, error) {
	parts := strings.SplitN(verifier, "+", 3) // name+hash+base64
	b, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(b) != 1+32 {
		return nil, fmt.Errorf("%w: the partner's", ErrJournalKey)
	}
	y := bytes.Clone(b[1:])
	y[31] &= 0x7f // the sign of x
	slices.Reverse(y)
	v := new(big.Int).SetBytes(y)
	inverse := new(big.Int).ModInverse(new(big.Int).Mod(new(big.Int).Sub(big.NewInt(1), v), field), field)
	if v.Cmp(field) >= 0 || inverse == nil {
		return nil, fmt.Errorf("%w: the partner's", ErrJournalKey)
	}
	u := v.Add(v, big.NewInt(1))
	u.Mul(u, inverse).Mod(u, field)
	out := u.FillBytes(make([]byte, 32))
	slices.Reverse(out)
	key, err := ecdh.X25519().NewPublicKey(out)
	if err == nil {
		_, err = probe.ECDH(key) // a point of low order gives nothing with any key
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrJournalKey, err)
	}
	return key, nil
}

// probe is a private key that guards nothing.
var probe, _ = ecdh.X25519().NewPrivateKey(make([]byte, 32))

// field is 2^255 − 19.
var field = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))

// receiptKey returns the common secret of our present journal key and one of the
// partner's. The caller holds the store's mu.
func (b *pairBody) receiptKey(theirs string) (receiptKey, error) {
	return agree(b.JournalSigner, b.JournalVerifier, theirs)
}

// peerKeys returns the partner's journal keys that count today: the present one,
// and that which it rolls over to.
func (b *pairBody) peerKeys() []string {
	keys := []string{b.Peer.Journal}
	if b.Peer.Next != nil {
		keys = append(keys, b.Peer.Next.Journal)
	}
	return keys
}

// noteReceipts keeps the secrets of the journal keys in use before one of them
// goes.
func (b *pairBody) noteReceipts() error {
	list := slices.Clone(b.Receipts)
	for _, theirs := range b.peerKeys() {
		k, err := b.receiptKey(theirs)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(list, k.same) {
			list = append(list, k)
		}
	}
	b.Receipts = list[max(0, len(list)-maxPast):]
	return nil
}

// same reports whether two are of the same journal keys.
func (k receiptKey) same(other receiptKey) bool {
	return k.Own == other.Own && k.Theirs == other.Theirs
}

// cloneReceipts copies the keys of receipts, which outlive the pairing.
func (b *pairBody) cloneReceipts() []receiptKey {
	list := slices.Clone(b.Receipts)
	for i := range list {
		list[i].Secret = bytes.Clone(list[i].Secret)
	}
	return list
}

// ReceiptSigner returns the key that makes checkpoints and receipts towards the
// partner such that they convince the two parties alone.
func (s *Store) ReceiptSigner(partner party.ID) (note.Signer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil {
		return nil, err
	}
	k, err := p.body.receiptKey(p.body.Peer.Journal)
	if err != nil {
		return nil, err
	}
	return journal.NewPairKey(k.Secret, k.Own, k.Theirs)
}

// CurrentReceipts is Current for what ReceiptSigner makes. While keys are rolled
// over, those from before count besides.
func (s *Store) CurrentReceipts(partner party.ID) (own, theirs note.Verifiers, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil {
		return nil, nil, err
	}
	b := &p.body
	var list []receiptKey
	for _, theirs := range b.peerKeys() {
		k, err := b.receiptKey(theirs)
		if err != nil {
			return nil, nil, err
		}
		list = append(list, k)
	}
	if b.Prev != nil && len(b.Past) > 0 {
		for _, k := range b.Receipts {
			if k.Own == b.Past[len(b.Past)-1] && k.Theirs == b.Peer.Journal {
				list = append(list, k)
			}
		}
	}
	return receiptVerifiers(list)
}

// bothForms returns what checks signatures and receipts, our own and the
// partner's. A list of notes' keys refuses none twice, so each is in it once.
func bothForms(ours, others []string, receipts []receiptKey) (own, theirs note.Verifiers, err error) {
	receipts = slices.CompactFunc(slices.SortedFunc(slices.Values(receipts), func(a, b receiptKey) int {
		return cmp.Or(strings.Compare(a.Own, b.Own), strings.Compare(a.Theirs, b.Theirs))
	}), receiptKey.same)
	signedOwn, errOwn := verifiers(ours...)
	signedTheirs, errTheirs := verifiers(others...)
	pairedOwn, pairedTheirs, errPaired := receiptVerifiers(receipts)
	if err := errors.Join(errOwn, errTheirs, errPaired); err != nil {
		return nil, nil, err
	}
	return anyOf{signedOwn, pairedOwn}, anyOf{signedTheirs, pairedTheirs}, nil
}

// receiptVerifiers returns what checks our own notes and the partner's.
func receiptVerifiers(list []receiptKey) (own, theirs note.Verifiers, err error) {
	var ours, others []note.Verifier
	for _, k := range list {
		a, errA := journal.NewPairKey(k.Secret, k.Own, k.Theirs)
		b, errB := journal.NewPairKey(k.Secret, k.Theirs, k.Own)
		if err := errors.Join(errA, errB); err != nil {
			return nil, nil, fmt.Errorf("read key of receipts: %w", err)
		}
		ours, others = append(ours, a), append(others, b)
	}
	return note.VerifierList(ours...), note.VerifierList(others...), nil
}

// anyOf looks a key up in several lists.
type anyOf []note.Verifiers

// Verifier implements note.Verifiers.
func (a anyOf) Verifier(name string, hash uint32) (note.Verifier, error) {
	var err error
	for _, list := range a {
		var v note.Verifier
		if v, err = list.Verifier(name, hash); err == nil {
			return v, nil
		}
	}
	return nil, err
}
