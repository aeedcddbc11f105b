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
)

// ErrWitnessAhead is wrapped when a log is smaller than, or differs from, what
// the witness saw: the database is an older copy.
var ErrWitnessAhead = errors.New("the witness has seen more of this log")

// SetWitness notes the size and root that a log has reached. The note lies
// outside the database, so that an old backup of the database is found. It
// never goes back: a smaller size, or another root at the same size, is an
// error that wraps ErrWitnessAhead.
func (s *Store) SetWitness(log string, size uint64, root [32]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.master == nil {
		return fmt.Errorf("write witness: %w", os.ErrClosed)
	}
	had, hadRoot, err := s.witness(log)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	case had > size, had == size && hadRoot != root:
		return fmt.Errorf("write witness of size %d, had %d: %w", size, had, ErrWitnessAhead)
	case had == size:
		return nil
	}
	b := make([]byte, 40, 72)
	binary.BigEndian.PutUint64(b, size)
	copy(b[8:], root[:])
	return writeFile(s.witnessPath(log), append(b, s.mac(log, b)...))
}

// Witness returns the size and root last noted for a log; the error wraps
// os.ErrNotExist when there is no note.
func (s *Store) Witness(log string) (size uint64, root [32]byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.master == nil {
		return 0, root, fmt.Errorf("read witness: %w", os.ErrClosed)
	}
	return s.witness(log)
}

func (s *Store) witness(log string) (size uint64, root [32]byte, err error) {
	b, err := readFile(s.witnessPath(log))
	if err != nil {
		return 0, root, fmt.Errorf("read witness: %w", err)
	}
	if len(b) != 72 || !hmac.Equal(b[40:], s.mac(log, b[:40])) {
		return 0, root, errors.New("read witness: damaged")
	}
	copy(root[:], b[8:40])
	return binary.BigEndian.Uint64(b), root, nil
}

func (s *Store) mac(log string, b []byte) []byte {
	h := hmac.New(sha256.New, s.macKey)
	h.Write([]byte(log))
	h.Write([]byte{0})
	h.Write(b)
	return h.Sum(nil)
}

// witnessPath names the file by a keyed hash, so that the name of a log stays
// inside and cannot leave the folder.
func (s *Store) witnessPath(log string) string {
	h := hmac.New(sha256.New, s.macKey)
	h.Write([]byte("name "))
	h.Write([]byte(log))
	return filepath.Join(s.dir, hex.EncodeToString(h.Sum(nil)[:8])+".witness")
}
