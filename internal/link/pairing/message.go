// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package pairing

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/kuroshio-watch/kuroshio/internal/strict"
)

// protocol is the version of the ceremony.
//
//	1  2026-11-25  first
const protocol = 1

const (
	maxMessage    = 2 << 10
	maxAddress    = 255
	maxJournalKey = 200
)

// Message is one step of the ceremony: exactly one part is present.
type Message struct {
	Commit  *Commit `cbor:"1,keyasint,omitempty"`
	Reveal  *Reveal `cbor:"2,keyasint,omitempty"`
	Confirm []byte  `cbor:"3,keyasint,omitempty"` // the officer typed the right code
	End     bool    `cbor:"4,keyasint,omitempty"` // the pairing is over
}

// Commit binds its sender to what it will reveal.
type Commit struct {
	Protocol uint16 `cbor:"1,keyasint"`
	Hash     []byte `cbor:"2,keyasint"`
}

// Reveal is who the sender is and the public keys that it made for the pair.
type Reveal struct {
	Nonce   []byte `cbor:"1,keyasint"`
	Pin     []byte `cbor:"2,keyasint"` // SHA-256 of the SubjectPublicKeyInfo of its transport key
	Journal string `cbor:"3,keyasint"` // verifier key of its journal
	Party   string `cbor:"4,keyasint"` // who it is
	Partner string `cbor:"5,keyasint"` // with whom it means to pair
	Address string `cbor:"6,keyasint"` // of its link
}

var (
	encMode = strict.Encoding()
	decMode = strict.Decoding(strict.Limits{Nested: 4, Array: 16, Pairs: 16})
)

func encodeMessage(m *Message) ([]byte, error) {
	b, err := encMode.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode pairing message: %w", err)
	}
	return b, nil
}

// DecodeMessage reads one message that came from the other side; errors wrap
// ErrProtocol.
func DecodeMessage(b []byte) (*Message, error) {
	if len(b) > maxMessage {
		return nil, fmt.Errorf("%w: message of %d octets", ErrProtocol, len(b))
	}
	var m Message
	if err := decMode.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if err := m.validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return &m, nil
}

func (m *Message) validate() error {
	parts := 0
	for _, present := range []bool{m.Commit != nil, m.Reveal != nil, m.Confirm != nil, m.End} {
		if present {
			parts++
		}
	}
	switch {
	case parts != 1:
		return fmt.Errorf("%d parts, want 1", parts)
	case m.Commit != nil && len(m.Commit.Hash) != sha256.Size:
		return errors.New("commitment out of range")
	case m.Confirm != nil && len(m.Confirm) != sha256.Size:
		return errors.New("confirmation out of range")
	case m.Reveal != nil:
		return m.Reveal.validate()
	}
	return nil
}

// commitment is what the sender in that role commits to.
func (r *Reveal) commitment(role byte) []byte {
	b, err := encMode.Marshal(r)
	if err != nil {
		panic(err) // octets and text always encode
	}
	h := sha256.New()
	h.Write([]byte("kuroshio pairing 1 commitment"))
	h.Write([]byte{role})
	h.Write(b)
	return h.Sum(nil)
}
