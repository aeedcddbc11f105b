// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package keystore

import (
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
	s.mu.Lock()
	defer s.mu.Unlock()
	had, ok, err := s.witness(log)
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
	return writeFile(s.witnessPath(log), append(b, s.mac(log, b)...))
}

// Witness returns the state last noted for a log; ok is false when there is
// none.
func (s *Store) Witness(log string) (state journal.LogState, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.witness(log)
}

func (s *Store) witness(log string) (state journal.LogState, ok bool, err error) {
	if s.master == nil {
		return state, false, fmt.Errorf("read witness: %w", os.ErrClosed)
	}
	b, err := readFile(s.witnessPath(log))
	if errors.Is(err, os.ErrNotExist) {
		return state, false, nil
	}
	if err != nil {
		return state, false, fmt.Errorf("read witness: %w", err)
	}
	if len(b) != witnessBytes+sha256.Size || !hmac.Equal(b[witnessBytes:], s.mac(log, b[:witnessBytes])) {
		return state, false, errors.New("read witness: damaged")
	}
	state.Epoch = binary.BigEndian.Uint32(b)
	state.Size = binary.BigEndian.Uint64(b[4:])
	copy(state.Root[:], b[12:])
	return state, true, nil
}

// mac is over the name, behind its length, and the note.
func (s *Store) mac(log string, b []byte) []byte {
	h := hmac.New(sha256.New, s.macKey)
	h.Write(binary.BigEndian.AppendUint32([]byte("note"), uint32(len(log))))
	h.Write([]byte(log))
	h.Write(b)
	return h.Sum(nil)
}

// witnessPath names the file by a keyed hash, so that the name of a log stays
// inside and cannot leave the folder.
func (s *Store) witnessPath(log string) string {
	h := hmac.New(sha256.New, s.macKey)
	h.Write([]byte("name"))
	h.Write([]byte(log))
	return filepath.Join(s.dir, hex.EncodeToString(h.Sum(nil)[:8])+".witness")
}
