// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package keystore

import (
	"bytes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// pairBody is what rests of one partner.
type pairBody struct {
	Partner         party.ID          `cbor:"1,keyasint"`
	TransportKey    []byte            `cbor:"2,keyasint"` // Ed25519 seed
	Certificate     []byte            `cbor:"3,keyasint"` // DER
	JournalSigner   string            `cbor:"4,keyasint"`
	JournalVerifier string            `cbor:"5,keyasint"`
	IDSecret        []byte            `cbor:"6,keyasint"`
	DayKeys         map[string][]byte `cbor:"7,keyasint"`
	Peer            Peer              `cbor:"8,keyasint"`
	Rolls           uint64            `cbor:"9,keyasint,omitempty"`  // own rollovers that are over
	Prev            *transport        `cbor:"10,keyasint,omitempty"` // the transport key before the last, until it is needed no more
	Past            []string          `cbor:"11,keyasint,omitempty"` // verifier keys of our journal before the present one
	Card            []byte            `cbor:"12,keyasint,omitempty"` // secret of the fallback card, that both sides derived
	Receipts        []receiptKey      `cbor:"13,keyasint,omitempty"` // of journal keys of which one is gone, the newest last
}

type certCache struct {
	cert tls.Certificate
	set  bool
}

// Peer is what is known of a partner from the pairing: public keys and where
// its link listens.
type Peer struct {
	Pin     [32]byte `cbor:"1,keyasint"` // SHA-256 of the SubjectPublicKeyInfo of its transport key
	Journal string   `cbor:"2,keyasint"` // verifier key of its journal, as golang.org/x/mod/sumdb/note writes it
	Address string   `cbor:"3,keyasint"` // host:port; empty when only the partner dials

	Next  *PeerKeys `cbor:"4,keyasint,omitempty"` // to which it rolls over
	NextN uint64    `cbor:"5,keyasint,omitempty"` // the number of that rollover
	Rolls uint64    `cbor:"6,keyasint,omitempty"` // its last rollover that is over
	Past  []string  `cbor:"7,keyasint,omitempty"` // verifier keys of its journal before the present one
}

// Validate reports what is wrong with p.
func (p Peer) Validate() error {
	if p.Pin == [32]byte{} {
		return errors.New("peer without transport key")
	}
	if _, err := note.NewVerifier(p.Journal); err != nil {
		return errors.New("peer without journal key")
	}
	_, err := agreeable(p.Journal)
	return err
}

// Pair is a set of own keys made for one partner and not kept yet.
type Pair struct{ body pairBody }

// NewPair makes keys for one partner. They carry no name and are lost unless
// Store.Add keeps them.
func NewPair() (*Pair, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make transport key: %w", err)
	}
	der, err := certificate(public, private)
	if err != nil {
		return nil, err
	}
	signer, verifier, err := newNoteKey()
	if err != nil {
		return nil, err
	}
	return &Pair{body: pairBody{
		TransportKey: private.Seed(), Certificate: der,
		JournalSigner: signer, JournalVerifier: verifier,
		IDSecret: random(32), DayKeys: map[string][]byte{},
	}}, nil
}

// certificate returns a self-signed certificate that names nobody and tells no
// time of making.
func certificate(public ed25519.PublicKey, private ed25519.PrivateKey) ([]byte, error) {
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(random(16)),
		Subject:      pkix.Name{CommonName: randomName()},
		NotBefore:    time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), // RFC 5280 §4.1.2.5: no well-defined expiry
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	return der, nil
}

// Certificate returns the transport key and its certificate.
func (p *Pair) Certificate() (tls.Certificate, error) { return p.body.certificate() }

// Pin returns the hash by which the partner will know the transport key.
func (p *Pair) Pin() ([32]byte, error) {
	c, err := p.body.certificate()
	if err != nil {
		return [32]byte{}, err
	}
	return PinOf(c.Leaf), nil
}

// Journal returns the verifier key of the journal.
func (p *Pair) Journal() string { return p.body.JournalVerifier }

// Share keeps the secret of the fallback card, of 32 octets, that both sides
// derived from the pairing.
func (p *Pair) Share(secret []byte) { p.body.Card = bytes.Clone(secret) }

// Discard forgets the keys; a copy that Store.Add kept stays.
func (p *Pair) Discard() { p.body.wipe() }

// PinOf returns the SHA-256 of a certificate's SubjectPublicKeyInfo.
func PinOf(c *x509.Certificate) [32]byte { return sha256.Sum256(c.RawSubjectPublicKeyInfo) }

func (b *pairBody) certificate() (tls.Certificate, error) {
	leaf, err := x509.ParseCertificate(b.Certificate)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read own certificate: %w", err)
	}
	return tls.Certificate{
		Certificate: [][]byte{b.Certificate},
		PrivateKey:  ed25519.NewKeyFromSeed(b.TransportKey),
		Leaf:        leaf,
	}, nil
}

func (b *pairBody) validate() error {
	if _, err := party.Parse(string(b.Partner)); err != nil {
		return err
	}
	if len(b.TransportKey) != ed25519.SeedSize || len(b.IDSecret) != 32 {
		return errors.New("incomplete keys")
	}
	if len(b.Card) != 0 && len(b.Card) != cardSecret {
		return errors.New("incomplete secret of the card")
	}
	for _, k := range b.DayKeys {
		if len(k) != 32 {
			return errors.New("incomplete day key")
		}
	}
	for _, k := range b.Receipts {
		if len(k.Secret) != journal.PairSecret {
			return errors.New("incomplete key of receipts")
		}
	}
	return b.Peer.Validate()
}

// clone copies the keys, so that the original may be wiped.
func (b *pairBody) clone() pairBody {
	c := *b
	c.TransportKey, c.IDSecret, c.Card = bytes.Clone(b.TransportKey), bytes.Clone(b.IDSecret), bytes.Clone(b.Card)
	c.DayKeys = make(map[string][]byte)
	return c
}

func (b *pairBody) wipe() {
	clear(b.Card)
	for _, k := range b.Receipts {
		clear(k.Secret)
	}
	clear(b.TransportKey)
	clear(b.IDSecret)
	if b.Prev != nil {
		clear(b.Prev.Key)
	}
	for _, k := range b.DayKeys {
		clear(k)
	}
	*b = pairBody{}
}

// Add keeps the keys made for a partner and what the pairing told of it.
func (s *Store) Add(partner party.ID, own *Pair, peer Peer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pairs[partner] != nil {
		return fmt.Errorf("keep keys for %s: %w", partner, ErrPaired)
	}
	p := &pairing{file: randomName() + pairSuffix, body: own.body.clone(), days: make(map[string]cipher.AEAD)}
	p.body.Partner, p.body.Peer = partner, peer
	if err := p.body.validate(); err != nil {
		return fmt.Errorf("keep keys for %s: %w", partner, err)
	}
	if err := s.save(p.file, &p.body); err != nil {
		return err
	}
	s.pairs[partner] = p
	return nil
}

// Forget destroys all keys of a partner and its pin. What rests of its records
// cannot be read afterwards. Forgetting twice is no error.
func (s *Store) Forget(partner party.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pairs[partner]
	if p == nil {
		return nil
	}
	if err := s.keepPublic(p); err != nil {
		return fmt.Errorf("forget keys for %s: %w", partner, err)
	}
	for _, name := range []string{p.nextFile(), p.file} {
		if err := removeFile(filepath.Join(s.dir, name)); err != nil {
			return fmt.Errorf("forget keys for %s: %w", partner, err)
		}
	}
	p.body.wipe()
	delete(s.pairs, partner)
	return nil
}

// SetAddress changes where the partner's link listens.
func (s *Store) SetAddress(partner party.ID, address string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil {
		return err
	}
	changed := p.body
	changed.Peer.Address = address
	if err := s.save(p.file, &changed); err != nil {
		return err
	}
	p.body = changed
	return nil
}

// Certificate returns the transport key made for the partner.
func (s *Store) Certificate(partner party.ID) (tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil {
		return tls.Certificate{}, err
	}
	if !p.cert.set {
		if p.cert.cert, err = p.body.certificate(); err != nil {
			return tls.Certificate{}, err
		}
		p.cert.set = true
	}
	return p.cert.cert, nil
}

// Peer returns what is known of the partner.
func (s *Store) Peer(partner party.ID) (Peer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil {
		return Peer{}, err
	}
	return p.body.Peer, nil
}

// Pin returns the hash of the partner's transport key, and false when the
// partner is not paired.
func (s *Store) Pin(partner party.ID) ([32]byte, bool) {
	p, err := s.Peer(partner)
	return p.Pin, err == nil
}

// JournalSigner returns the key that signs our journal towards the partner and
// cosigns its.
func (s *Store) JournalSigner(partner party.ID) (note.Signer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil {
		return nil, err
	}
	return note.NewSigner(p.body.JournalSigner)
}

// Verifiers returns the keys that check our own signatures and receipts and the
// partner's, those of earlier rollovers and pairings included; with an empty
// partner, those of the local audit log. The error wraps journal.ErrNoKeys when
// there are none, or none any more. For what a link may take see Current and
// CurrentReceipts.
func (s *Store) Verifiers(partner party.ID) (own, theirs note.Verifiers, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if partner == "" {
		if s.audit == nil {
			return nil, nil, journal.ErrNoKeys
		}
		own, err = verifiers(s.audit.Verifier)
		return own, nil, err
	}
	p, err := s.pair(partner)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", journal.ErrNoKeys, err)
	}
	ours := append([]string{p.body.JournalVerifier}, p.body.Past...)
	others := append([]string{p.body.Peer.Journal}, p.body.Peer.Past...)
	receipts := p.body.Receipts
	for _, journalKey := range p.body.peerKeys() {
		k, err := p.body.receiptKey(journalKey)
		if err != nil {
			return nil, nil, err
		}
		receipts = append(slices.Clip(receipts), k)
	}
	if p.body.Peer.Next != nil {
		others = append(others, p.body.Peer.Next.Journal)
	}
	if old := s.past[partner]; old != nil {
		ours, others = append(ours, old.Own...), append(others, old.Theirs...)
		receipts = append(slices.Clip(receipts), old.Receipts...)
	}
	return bothForms(ours, others, receipts)
}

// JournalKeys returns the public keys that check the checkpoints of a pair, our
// own and the partner's, the present one first, as golang.org/x/mod/sumdb/note
// writes them: for a third person who is to check a proof.
func (s *Store) JournalKeys(partner party.ID) (own, theirs []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil {
		return nil, nil, err
	}
	own = append([]string{p.body.JournalVerifier}, p.body.Past...)
	return own, append([]string{p.body.Peer.Journal}, p.body.Peer.Past...), nil
}

func verifiers(keys ...string) (note.Verifiers, error) {
	list := make([]note.Verifier, len(keys))
	for i, key := range keys {
		v, err := note.NewVerifier(key)
		if err != nil {
			return nil, fmt.Errorf("read journal key: %w", err)
		}
		list[i] = v
	}
	return note.VerifierList(list...), nil
}

// cardSecret is the length of the secret of the fallback card, in octets.
const cardSecret = 32

// CardSecret returns what both sides derived from the pairing, for the table of
// challenges on the fallback card. It stays the same over a rollover. The error
// wraps ErrNoCard for a partner that was paired without.
func (s *Store) CardSecret(partner party.ID) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil {
		return nil, err
	}
	if len(p.body.Card) == 0 {
		return nil, fmt.Errorf("read secret of the card for %s: %w", partner, ErrNoCard)
	}
	return bytes.Clone(p.body.Card), nil
}

// ID returns the identifier under which the partner knows our thing of that
// kind and number: a keyed hash that only this node can link to the number.
func (s *Store) ID(partner party.ID, kind record.Kind, number uint64) (record.ID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil {
		return record.ID{}, err
	}
	h := hmac.New(sha256.New, p.body.IDSecret)
	var in [9]byte
	in[0] = byte(kind)
	binary.BigEndian.PutUint64(in[1:], number)
	h.Write(in[:])
	var id record.ID
	copy(id[:], h.Sum(nil))
	return id, nil
}

func randomName() string { return hex.EncodeToString(random(8)) }
