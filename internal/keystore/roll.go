// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package keystore

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// A rollover replaces the keys of transport and journal that we made for one
// partner, while the link works on. Each step is one file that is replaced at
// once, and in each state between them both sides still understand each other:
//
//	1 Roll makes the next keys (a file of their own: "offered")
//	2 the partner keeps them beside the present ones (TakeRoll)
//	3 we go over to them and keep the old transport key for callers who do not
//	  know yet (Promote)
//	4 the first session on the new keys ends the old ones at both sides (Settle)
var (
	// ErrRolling is returned by Roll while an earlier rollover is not over.
	ErrRolling = errors.New("keys are being rolled over")
	// ErrRoll is wrapped when a partner's rollover is not signed as it must be.
	ErrRoll = errors.New("rollover is not signed by the present key")
)

const (
	nextSuffix = ".next"
	pastSuffix = ".past"
	maxRoll    = 2 << 10 // octets of a signed rollover
	maxPast    = 64      // old journal keys kept of each side, the newest
)

// transport is a transport key.
type transport struct {
	Key         []byte `cbor:"1,keyasint"` // Ed25519 seed
	Certificate []byte `cbor:"2,keyasint"` // DER
}

// nextKeys are keys of our own that are offered to a partner.
type nextKeys struct {
	N         uint64    `cbor:"1,keyasint"` // of the rollover, rising
	Transport transport `cbor:"2,keyasint"`
	Signer    string    `cbor:"3,keyasint"`
	Verifier  string    `cbor:"4,keyasint"`
}

// PeerKeys are public keys of a partner.
type PeerKeys struct {
	Pin     [32]byte `cbor:"1,keyasint"`
	Journal string   `cbor:"2,keyasint"`
}

// past are the journal keys of pairings that are over: public ones, and those of
// receipts, which open nothing that passed.
type past struct {
	Partner party.ID `cbor:"1,keyasint"`
	Own     []string `cbor:"2,keyasint"`
	Theirs  []string `cbor:"3,keyasint"`

	Receipts []receiptKey `cbor:"4,keyasint,omitempty"` // what receipts were made under
}

// Roll makes new keys of our own for the partner. They are used when the
// partner has them; see Offer. It writes a file of its own, so that it may be
// called beside a node that runs.
func (s *Store) Roll(partner party.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil {
		return err
	}
	if p.next != nil {
		return fmt.Errorf("roll keys for %s: %w", partner, ErrRolling)
	}
	own, err := NewPair()
	if err != nil {
		return err
	}
	defer own.Discard()
	next := &nextKeys{
		N: p.body.Rolls + 1, Transport: transport{own.body.TransportKey, own.body.Certificate},
		Signer: own.body.JournalSigner, Verifier: own.body.JournalVerifier,
	}
	if err := s.save(p.nextFile(), next); err != nil {
		return err
	}
	return s.loadNext(p)
}

func (p *pairing) nextFile() string { return strings.TrimSuffix(p.file, pairSuffix) + nextSuffix }

// loadNext reads the offered keys of a pairing. Those that are in use already
// are what a crash left behind. The caller holds mu.
func (s *Store) loadNext(p *pairing) error {
	var next nextKeys
	err := s.load(p.nextFile(), &next)
	if errors.Is(err, os.ErrNotExist) {
		p.next = nil
		return nil
	}
	if err != nil {
		return err
	}
	if next.N <= p.body.Rolls {
		return removeFile(filepath.Join(s.dir, p.nextFile()))
	}
	p.next = &next
	return nil
}

// Rolling reports whether keys are offered to the partner that it may not have
// yet.
func (s *Store) Rolling(partner party.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pairs[partner]
	return p != nil && p.next != nil
}

// Offer returns the signed rollover that the partner must be told, nil when
// there is none. It bears the signatures of the present journal key and of the
// new one.
func (s *Store) Offer(partner party.ID) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil || p.next == nil {
		return nil, err
	}
	cert, err := p.next.Transport.certificate()
	if err != nil {
		return nil, err
	}
	text := rollText(p.next.N, PeerKeys{Pin: PinOf(cert.Leaf), Journal: p.next.Verifier})
	old, err := note.NewSigner(p.body.JournalSigner)
	if err != nil {
		return nil, fmt.Errorf("read journal key: %w", err)
	}
	fresh, err := note.NewSigner(p.next.Signer)
	if err != nil {
		return nil, fmt.Errorf("read journal key: %w", err)
	}
	b, err := note.Sign(&note.Note{Text: text}, old, fresh)
	if err != nil {
		return nil, fmt.Errorf("sign rollover: %w", err)
	}
	return b, nil
}

func rollText(n uint64, k PeerKeys) string {
	return fmt.Sprintf("kuroshio roll 1\n%d\n%x\n%s\n", n, k.Pin, k.Journal)
}

// parseRoll reads the text of a rollover.
func parseRoll(text string) (n uint64, k PeerKeys, err error) {
	bad := fmt.Errorf("%w: malformed", ErrRoll)
	lines := strings.Split(text, "\n")
	if len(lines) != 5 {
		return 0, k, bad
	}
	n, errN := strconv.ParseUint(lines[1], 10, 62)
	pin, errPin := hex.DecodeString(lines[2])
	if errN != nil || errPin != nil || len(pin) != sha256.Size || n == 0 {
		return 0, k, bad
	}
	k = PeerKeys{Pin: [32]byte(pin), Journal: lines[3]}
	if text != rollText(n, k) || k.Pin == [32]byte{} {
		return 0, k, bad
	}
	return n, k, nil
}

// TakeRoll keeps the partner's new keys beside its present ones, if the present
// journal key signed them, and returns the number of the rollover. What is kept
// already may come again.
func (s *Store) TakeRoll(partner party.ID, signed []byte) (n uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil {
		return 0, err
	}
	if len(signed) > maxRoll {
		return 0, fmt.Errorf("%w: %d octets", ErrRoll, len(signed))
	}
	text, _, _ := bytes.Cut(signed, []byte("\n\n"))
	n, k, err := parseRoll(string(text) + "\n")
	if err != nil {
		return 0, err
	}
	peer := p.body.Peer
	if peer.Pin == k.Pin && peer.Journal == k.Journal && n == peer.Rolls {
		return n, nil // over already: it was told before we could answer
	}
	for _, key := range []string{peer.Journal, k.Journal} {
		known, err := verifiers(key)
		if err != nil {
			return 0, fmt.Errorf("%w: %w", ErrRoll, err)
		}
		if opened, err := note.Open(signed, known); err != nil || len(opened.Sigs) != 1 || len(opened.UnverifiedSigs) != 1 {
			return 0, fmt.Errorf("%w", ErrRoll)
		}
	}
	if n <= peer.Rolls {
		return 0, fmt.Errorf("%w: number %d after %d", ErrRoll, n, peer.Rolls)
	}
	changed := p.body
	changed.Peer.Next, changed.Peer.NextN = &k, n
	return n, s.put(p, changed)
}

// Promote goes over to the keys of rollover n, which the partner has told that
// it holds.
func (s *Store) Promote(partner party.ID, n uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil || p.next == nil || p.next.N != n {
		return err
	}
	return s.promote(p)
}

// promote goes over to the offered keys. The caller holds mu.
func (s *Store) promote(p *pairing) error {
	changed := p.body
	if err := changed.noteReceipts(); err != nil {
		return err
	}
	changed.Prev = &transport{p.body.TransportKey, p.body.Certificate}
	changed.Past = keepPast(p.body.Past, p.body.JournalVerifier)
	changed.TransportKey, changed.Certificate = p.next.Transport.Key, p.next.Transport.Certificate
	changed.JournalSigner, changed.JournalVerifier, changed.Rolls = p.next.Signer, p.next.Verifier, p.next.N
	if err := s.put(p, changed); err != nil {
		return err
	}
	p.next = nil
	return removeFile(filepath.Join(s.dir, p.nextFile()))
}

// Settle notes with which keys a session was opened: ours and the partner's. A
// side that is seen to use its new key needs the old one no more.
func (s *Store) Settle(partner party.ID, own, theirs [32]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil {
		return err
	}
	if p.next != nil {
		next, err := p.next.Transport.certificate()
		if err != nil {
			return err
		}
		if PinOf(next.Leaf) == own { // the partner asked for it
			if err := s.promote(p); err != nil {
				return err
			}
		}
	}
	changed, settled := p.body, false
	if p.body.Prev != nil {
		cert, err := p.body.certificate()
		if err != nil {
			return err
		}
		if PinOf(cert.Leaf) == own {
			changed.Prev, settled = nil, true
		}
	}
	if next := p.body.Peer.Next; next != nil && next.Pin == theirs {
		if err := changed.noteReceipts(); err != nil {
			return err
		}
		changed.Peer.Past = keepPast(p.body.Peer.Past, p.body.Peer.Journal)
		changed.Peer.Pin, changed.Peer.Journal, changed.Peer.Rolls = next.Pin, next.Journal, p.body.Peer.NextN
		changed.Peer.Next, changed.Peer.NextN, settled = nil, 0, true
	}
	if !settled {
		return nil
	}
	return s.put(p, changed)
}

func keepPast(list []string, key string) []string {
	list = append(slices.Clone(list), key)
	return list[max(0, len(list)-maxPast):]
}

// put replaces a pairing's file and what is held of it. The caller holds mu.
func (s *Store) put(p *pairing, changed pairBody) error {
	if err := s.save(p.file, &changed); err != nil {
		return err
	}
	p.body, p.cert = changed, certCache{}
	return nil
}

// Certificates returns the transport keys by which the partner may know us, the
// one to call with first.
func (s *Store) Certificates(partner party.ID) ([]tls.Certificate, error) {
	first, err := s.Certificate(partner)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil {
		return nil, err
	}
	list := []tls.Certificate{first}
	for _, t := range []*transport{p.offered(), p.body.Prev} {
		if t == nil {
			continue
		}
		c, err := t.certificate()
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

func (p *pairing) offered() *transport {
	if p.next == nil {
		return nil
	}
	return &p.next.Transport
}

func (t *transport) certificate() (tls.Certificate, error) {
	b := pairBody{TransportKey: t.Key, Certificate: t.Certificate}
	if len(t.Key) != ed25519.SeedSize {
		return tls.Certificate{}, errors.New("read transport key: malformed")
	}
	return b.certificate()
}

// Pins returns the keys by which we know the partner, the one to ask for first;
// none when it is not paired.
func (s *Store) Pins(partner party.ID) [][32]byte {
	p, err := s.Peer(partner)
	switch {
	case err != nil:
		return nil
	case p.Next != nil:
		return [][32]byte{p.Next.Pin, p.Pin}
	}
	return [][32]byte{p.Pin}
}

// Current returns the keys whose signatures the link takes: our own and the
// partner's, each with the one that is being rolled to.
func (s *Store) Current(partner party.ID) (own, theirs note.Verifiers, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil {
		return nil, nil, err
	}
	if own, err = verifiers(p.body.JournalVerifier); err != nil {
		return nil, nil, err
	}
	theirs, err = verifiers(p.body.peerKeys()...)
	return own, theirs, err
}

// Pairing returns what tells this pairing with the partner from an earlier or
// later one. It says nothing else.
func (s *Store) Pairing(partner party.ID) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pair(partner)
	if err != nil {
		return "", err
	}
	h := sha256.Sum256(append([]byte("kuroshio pairing id 1"), p.body.IDSecret...))
	return hex.EncodeToString(h[:8]), nil
}

// keepPublic keeps the public journal keys of a pairing that ends, so that an
// auditor can check its journal later. The caller holds mu.
func (s *Store) keepPublic(p *pairing) error {
	b := &p.body
	if err := b.noteReceipts(); err != nil {
		return err
	}
	x := &past{
		Partner: b.Partner,
		Own:     append(slices.Clone(b.Past), b.JournalVerifier),
		Theirs:  append(slices.Clone(b.Peer.Past), b.Peer.Journal),

		Receipts: b.cloneReceipts(),
	}
	if b.Peer.Next != nil {
		x.Theirs = append(x.Theirs, b.Peer.Next.Journal)
	}
	if err := s.save(randomName()+pastSuffix, x); err != nil {
		return err
	}
	s.addPast(x)
	return nil
}

func (s *Store) addPast(x *past) {
	have := s.past[x.Partner]
	if have == nil {
		have = &past{Partner: x.Partner}
		s.past[x.Partner] = have
	}
	have.Own, have.Theirs = append(have.Own, x.Own...), append(have.Theirs, x.Theirs...)
	have.Receipts = append(have.Receipts, x.Receipts...)
}

// loadPast reads the public keys of pairings that are over. The caller holds
// mu.
func (s *Store) loadPast(entries []fs.DirEntry) error {
	s.past = make(map[party.ID]*past)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), pastSuffix) {
			continue
		}
		var x past
		if err := s.load(e.Name(), &x); err != nil {
			return err
		}
		s.addPast(&x)
	}
	return nil
}
