// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package keystore holds the keys that a node made for each partner alone, in
// a folder outside the database and its backups: transport, journal, ids, and
// the day keys under which the keys of records rest. Everything in the folder
// is sealed under a passphrase. It opens no connection, decides nothing about
// release, and writes no log.
//
// Forgetting a key overwrites its file before it is removed. On media that
// move blocks, or in a copy made earlier, a sealed file can outlive that; the
// passphrase still guards it.
package keystore

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Errors a caller branches on.
var (
	ErrPassphrase   = errors.New("wrong passphrase or damaged keystore")
	ErrNotPaired    = errors.New("not paired")
	ErrPaired       = errors.New("already paired")
	ErrDayForgotten = errors.New("day key does not exist")
	ErrNoCard       = errors.New("no secret is shared; pair again")
)

const (
	headerFile = "keystore"
	auditFile  = "audit.key"
	policyFile = "policy.key"
	pairSuffix = ".pair"
)

// Store is an unlocked keystore. Its methods may be called from any goroutine.
type Store struct {
	dir string

	witnessMu sync.Mutex // one note at a time; a slow disk holds up no key

	mu     sync.Mutex
	master cipher.AEAD           // nil when closed
	macKey []byte                // authenticates witness files
	pairs  map[party.ID]*pairing // by partner
	past   map[party.ID]*past    // public keys of pairings that are over
	audit  *ownKey
	policy *ownKey
}

// pairing is one partner's entry and the file it rests in.
type pairing struct {
	file string
	body pairBody
	next *nextKeys // offered to the partner; nil when none are
	cert certCache
	days map[string]cipher.AEAD
}

// ownKey is a key that the node signs its own notes with: of the audit log, or
// of the versions of its policy.
type ownKey struct {
	Signer   string `cbor:"1,keyasint"`
	Verifier string `cbor:"2,keyasint"`
}

// Open unlocks the keystore in dir, and creates it where there is none.
func Open(dir string, passphrase []byte) (*Store, error) {
	return OpenKDF(dir, passphrase, DefaultKDF())
}

// OpenKDF is Open with the cost of the passphrase for a keystore that has yet
// to be created; an existing one keeps its own.
func OpenKDF(dir string, passphrase []byte, kdf KDF) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create keystore: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil { // MkdirAll leaves an existing folder as it is
		return nil, fmt.Errorf("restrict keystore: %w", err)
	}
	master, macKey, err := openHeader(filepath.Join(dir, headerFile), passphrase, kdf)
	if err != nil {
		return nil, fmt.Errorf("open keystore %s: %w", dir, err)
	}
	s := &Store{dir: dir, master: master, macKey: macKey}
	if err := s.Reload(); err != nil {
		return nil, err
	}
	return s, nil
}

// Reload reads the folder again, after another process paired.
func (s *Store) Reload() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.master == nil {
		return fmt.Errorf("read keystore: %w", os.ErrClosed)
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("read keystore: %w", err)
	}
	pairs := make(map[party.ID]*pairing)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), pairSuffix) {
			continue
		}
		p := &pairing{file: e.Name(), days: make(map[string]cipher.AEAD)}
		if err := s.load(e.Name(), &p.body); err != nil {
			return err
		}
		if err := p.body.validate(); err != nil {
			return fmt.Errorf("read keystore file %s: %w", e.Name(), err)
		}
		if _, twice := pairs[p.body.Partner]; twice {
			return fmt.Errorf("read keystore file %s: a second file for one partner", e.Name())
		}
		if err := s.loadNext(p); err != nil {
			return err
		}
		pairs[p.body.Partner] = p
	}
	if err := s.loadPast(entries); err != nil {
		return err
	}
	s.pairs = pairs
	if s.audit, err = s.loadOwn(auditFile); err != nil {
		return err
	}
	s.policy, err = s.loadOwn(policyFile)
	return err
}

// loadOwn reads one of the node's own keys, and makes it the first time.
func (s *Store) loadOwn(file string) (*ownKey, error) {
	var k ownKey
	err := s.load(file, &k)
	if errors.Is(err, os.ErrNotExist) {
		k.Signer, k.Verifier, err = newNoteKey()
		if err == nil {
			err = s.save(file, &k)
		}
	}
	if err != nil {
		return nil, err
	}
	return &k, nil
}

// Close forgets all keys in memory; the Store cannot be used afterwards.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.pairs {
		p.body.wipe()
	}
	clear(s.macKey)
	s.master, s.pairs, s.audit, s.policy = nil, nil, nil, nil
	return nil
}

// Partners returns who is paired, in order.
func (s *Store) Partners() []party.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]party.ID, 0, len(s.pairs))
	for id := range s.pairs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// AuditSigner returns the key that signs the node's own audit log.
func (s *Store) AuditSigner() (note.Signer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.audit == nil {
		return nil, fmt.Errorf("read audit key: %w", os.ErrClosed)
	}
	return note.NewSigner(s.audit.Signer)
}

// PolicySigner returns the key that signs the versions of the node's policy.
func (s *Store) PolicySigner() (note.Signer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.policy == nil {
		return nil, fmt.Errorf("read policy key: %w", os.ErrClosed)
	}
	return note.NewSigner(s.policy.Signer)
}

// PolicyVerifier returns the public half of the policy key.
func (s *Store) PolicyVerifier() (note.Verifier, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.policy == nil {
		return nil, fmt.Errorf("read policy key: %w", os.ErrClosed)
	}
	return note.NewVerifier(s.policy.Verifier)
}

// pair returns the entry of a partner. The caller holds mu.
func (s *Store) pair(partner party.ID) (*pairing, error) {
	if p := s.pairs[partner]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("keys for %s: %w", partner, ErrNotPaired)
}

// newNoteKey makes a key for signed notes whose name says nothing.
func newNoteKey() (signer, verifier string, err error) {
	signer, verifier, err = note.GenerateKey(rand.Reader, randomName())
	if err != nil {
		return "", "", fmt.Errorf("make journal key: %w", err)
	}
	return signer, verifier, nil
}
