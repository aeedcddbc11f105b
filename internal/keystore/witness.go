// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package keystore

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
)

const witnessBytes = 4 + 8 + 32 // epoch, size, root

// ErrWitnessAhead is wrapped when a log is smaller than, or differs from, what
// the witness saw: the database is an older copy.
var ErrWitnessAhead = errors.New("the witness has seen more of this log")

// SetWitness notes the state that a log has reached. The note lies outside the
// database, so that an old backup of the database is found. Within an epoch it
// never goes back: an older epoch, a smaller size, or another root at the same
// size, is an error that wraps ErrWitnessAhead.
func (s *Store) SetWitness(log string, state journal.LogState) error {
	s.witnessMu.Lock()
	defer s.witnessMu.Unlock()
	key, err := s.witnessKey()
	if err != nil {
		return err
	}
	had, ok, err := s.witness(key, log)
	switch {
	case err != nil:
		return err
	case ok && had == state:
		return nil
	case ok && (state.Epoch < had.Epoch || state.Epoch == had.Epoch && state.Size <= had.Size):
		return fmt.Errorf("write witness of size %d in epoch %d, had %d in %d: %w",
			state.Size, state.Epoch, had.Size, had.Epoch, ErrWitnessAhead)
	}
	b := make([]byte, 0, witnessBytes+sha256.Size)
	b = binary.BigEndian.AppendUint32(b, state.Epoch)
	b = binary.BigEndian.AppendUint64(b, state.Size)
	b = append(b, state.Root[:]...)
	return replaceFile(s.witnessPath(key, log), append(b, mac(key, log, b)...)) // not writeFile: it holds no secret, and an older one does no harm
}

// Witness returns the state last noted for a log; ok is false when there is
// none.
func (s *Store) Witness(log string) (state journal.LogState, ok bool, err error) {
	s.witnessMu.Lock()
	defer s.witnessMu.Unlock()
	key, err := s.witnessKey()
	if err != nil {
		return state, false, err
	}
	return s.witness(key, log)
}

// DropWitness removes the note of a log that has ended.
func (s *Store) DropWitness(log string) error {
	s.witnessMu.Lock()
	defer s.witnessMu.Unlock()
	key, err := s.witnessKey()
	if err != nil {
		return err
	}
	if err := os.Remove(s.witnessPath(key, log)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove witness: %w", err)
	}
	return syncDir(s.dir)
}

// witnessKey returns the key that authenticates witness files.
func (s *Store) witnessKey() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.master == nil {
		return nil, fmt.Errorf("use witness: %w", os.ErrClosed)
	}
	return bytes.Clone(s.macKey), nil
}

func (s *Store) witness(key []byte, log string) (state journal.LogState, ok bool, err error) {
	b, err := readFile(s.witnessPath(key, log))
	if errors.Is(err, os.ErrNotExist) {
		return state, false, nil
	}
	if err != nil {
		return state, false, fmt.Errorf("read witness: %w", err)
	}
	if len(b) != witnessBytes+sha256.Size || !hmac.Equal(b[witnessBytes:], mac(key, log, b[:witnessBytes])) {
		return state, false, errors.New("read witness: damaged")
	}
	state.Epoch = binary.BigEndian.Uint32(b)
	state.Size = binary.BigEndian.Uint64(b[4:])
	copy(state.Root[:], b[12:])
	return state, true, nil
}

// mac is over the name, behind its length, and the note.
func mac(key []byte, log string, b []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(binary.BigEndian.AppendUint32([]byte("note"), uint32(len(log))))
	h.Write([]byte(log))
	h.Write(b)
	return h.Sum(nil)
}

// witnessPath names the file by a keyed hash, so that the name of a log stays
// inside and cannot leave the folder.
func (s *Store) witnessPath(key []byte, log string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("name"))
	h.Write([]byte(log))
	return filepath.Join(s.dir, hex.EncodeToString(h.Sum(nil)[:8])+".witness")
}
