// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link

import (
	"errors"
	"fmt"

	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/strict"
)

// Protocol is the highest version of the link protocol that this program
// speaks, and Oldest the lowest. Two sides use the highest that both speak.
//
//	1  2026-11-25  first
//	2  2026-11-29  checkpoints and receipts convince the two parties alone; attestations
const (
	Protocol = 2
	Oldest   = 1
)

// versionPaired is the first version whose checkpoints and receipts are made
// under keys that both sides hold.
const versionPaired = 2

// Limits of one frame. Whatever exceeds them is refused.
const (
	MaxFrame   = 256 << 10 // octets of one frame, as read
	MaxRecords = 500       // records in one frame
	MaxStates  = 256       // states in one batch

	softFrame     = 128 << 10            // octets of items after which a frame is closed
	maxHeader     = 256                  // octets of a record's header
	maxCiphertext = record.MaxBytes + 16 // AES-GCM adds a tag of 16 octets
	maxNote       = 2 << 10              // octets of a signed checkpoint
	keyBytes      = 32
)

// ErrMalformed is wrapped by every error of DecodeFrame.
var ErrMalformed = errors.New("malformed link frame")

// Frame is the closed set of what crosses a link: exactly one part is present.
// None has a field for text.
type Frame struct {
	Hello     *Hello     `cbor:"1,keyasint,omitempty"`
	Records   *Records   `cbor:"2,keyasint,omitempty"`
	Ack       *Ack       `cbor:"3,keyasint,omitempty"`
	States    *States    `cbor:"4,keyasint,omitempty"`
	StatesAck *StatesAck `cbor:"5,keyasint,omitempty"`
	Ping      *Ping      `cbor:"6,keyasint,omitempty"`
	Pong      *Ping      `cbor:"7,keyasint,omitempty"`
	Stop      *Stop      `cbor:"8,keyasint,omitempty"`
	Roll      *Roll      `cbor:"9,keyasint,omitempty"`
	Rolled    *Rolled    `cbor:"10,keyasint,omitempty"`
	Attest    *Attest    `cbor:"11,keyasint,omitempty"`
	Attested  *Attested  `cbor:"12,keyasint,omitempty"`
}

// Hello opens a session, from each side: which one it is, and what the sender
// of the frame holds of the other's log and states. A reader passes over keys
// that it does not know, so that versions can be told to a partner that is older
// than they are.
type Hello struct {
	Protocol uint16 `cbor:"1,keyasint"` // the highest version that the sender speaks
	Session  uint64 `cbor:"2,keyasint"` // a higher number fences a lower one
	Epoch    uint32 `cbor:"3,keyasint"` // of the log held; 0 when none is
	Size     uint64 `cbor:"4,keyasint"`
	Root     []byte `cbor:"5,keyasint"`
	States   uint64 `cbor:"6,keyasint"`           // the last batch of states held
	Lowest   uint16 `cbor:"7,keyasint,omitempty"` // version that the sender accepts; absent: only Protocol
	Receipt  []byte `cbor:"8,keyasint,omitempty"` // the last checkpoint of the log held that the sender has cosigned
}

// versions returns what the sender speaks.
func (h *Hello) versions() Versions {
	if h.Lowest == 0 {
		return Versions{h.Protocol, h.Protocol}
	}
	return Versions{h.Lowest, h.Protocol}
}

// Records carries records that follow each other without a gap, and the signed
// checkpoint of the log after the last. It has no items when it only asks for
// the receipt of what the receiver holds.
type Records struct {
	Epoch      uint32        `cbor:"1,keyasint"`
	Items      []record.Item `cbor:"2,keyasint"`
	Checkpoint []byte        `cbor:"3,keyasint"`
}

// Ack is the receipt for all records up to Size: the sender's checkpoint with
// the receiver's cosignature.
type Ack struct {
	Size     uint64 `cbor:"1,keyasint"`
	Cosigned []byte `cbor:"2,keyasint"`
}

// States carries one part of a batch of states.
type States struct {
	N     uint64        `cbor:"1,keyasint"`
	Items []record.Item `cbor:"2,keyasint"`
	Last  bool          `cbor:"3,keyasint"` // the batch is complete
}

// StatesAck tells that batch N was committed.
type StatesAck struct {
	N uint64 `cbor:"1,keyasint"`
}

// Ping asks for a Pong of the same number.
type Ping struct {
	N uint64 `cbor:"1,keyasint"`
}

// Stop ends a session.
type Stop struct {
	Reason  StopReason `cbor:"1,keyasint"`
	Session uint64     `cbor:"2,keyasint"`           // the number that a next session must exceed
	Lowest  uint16     `cbor:"3,keyasint,omitempty"` // StopProtocol: what the sender would speak
	Highest uint16     `cbor:"4,keyasint,omitempty"`
}

// Roll tells of new keys of the sender's, signed by the present one.
type Roll struct {
	Signed []byte `cbor:"1,keyasint"`
}

// Rolled tells that the sender holds the keys of rollover N.
type Rolled struct {
	N uint64 `cbor:"1,keyasint"`
}

// Attest asks the receiver to sign leaves of the sender's log that it holds, for
// a third person. One is on its way at most.
type Attest struct {
	Signed []byte `cbor:"1,keyasint"`
}

// Attested answers an Attest: with both signatures, or with the first leaf that
// the receiver would attest, or with neither when it attests nothing.
type Attested struct {
	Cosigned []byte `cbor:"1,keyasint,omitempty"`
	First    uint64 `cbor:"2,keyasint,omitempty"`
}

// StopReason says why a session is ended.
type StopReason uint8

// The reasons.
const (
	StopBusy      StopReason = iota + 1 // another session is, or will be, the one
	StopProtocol                        // another protocol version
	StopJournal                         // the logs of the two sides do not agree
	StopMalformed                       // too much that was malformed or out of place
)

var (
	encMode   = strict.Encoding()
	decMode   = strict.Decoding(strict.Limits{Nested: 6, Array: MaxRecords, Pairs: 16})
	helloMode = strict.Decoding(strict.Limits{Nested: 6, Array: MaxRecords, Pairs: 32, Unknown: true})
)

// isHello reports whether b is a map of one pair whose key is that of Hello.
func isHello(b []byte) bool { return len(b) > 2 && b[0] == 0xa1 && b[1] == 0x01 }

// EncodeFrame returns f in deterministic CBOR (RFC 8949 §4.2).
func EncodeFrame(f *Frame) ([]byte, error) {
	b, err := encMode.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("encode link frame: %w", err)
	}
	if len(b) > MaxFrame {
		return nil, fmt.Errorf("encode link frame: %d octets, at most %d", len(b), MaxFrame)
	}
	return b, nil
}

// DecodeFrame reads one frame that came off a link. It keeps nothing of b.
func DecodeFrame(b []byte) (Frame, error) {
	if len(b) > MaxFrame {
		return Frame{}, fmt.Errorf("%w: %d octets, at most %d", ErrMalformed, len(b), MaxFrame)
	}
	var f Frame
	mode := decMode
	if isHello(b) {
		mode = helloMode
	}
	if err := mode.Unmarshal(b, &f); err != nil {
		return Frame{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := f.validate(); err != nil {
		return Frame{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return f, nil
}

func (f *Frame) validate() error {
	parts := 0
	for _, present := range []bool{
		f.Hello != nil, f.Records != nil, f.Ack != nil, f.States != nil,
		f.StatesAck != nil, f.Ping != nil, f.Pong != nil, f.Stop != nil, f.Roll != nil, f.Rolled != nil,
		f.Attest != nil, f.Attested != nil,
	} {
		if present {
			parts++
		}
	}
	switch {
	case parts != 1:
		return fmt.Errorf("%d parts, want 1", parts)
	case f.Hello != nil:
		return f.Hello.validate()
	case f.Records != nil:
		return f.Records.validate()
	case f.Ack != nil:
		if f.Ack.Size == 0 || len(f.Ack.Cosigned) == 0 || len(f.Ack.Cosigned) > maxNote {
			return errors.New("receipt out of range")
		}
	case f.States != nil:
		return f.States.validate()
	case f.Stop != nil:
		if f.Stop.Reason < StopBusy || f.Stop.Reason > StopMalformed || f.Stop.Lowest > f.Stop.Highest {
			return errors.New("reason out of range")
		}
	case f.Roll != nil:
		if len(f.Roll.Signed) == 0 || len(f.Roll.Signed) > maxNote {
			return errors.New("rollover out of range")
		}
	case f.Rolled != nil:
		if f.Rolled.N == 0 {
			return errors.New("rollover out of range")
		}
	case f.Attest != nil:
		if len(f.Attest.Signed) == 0 || len(f.Attest.Signed) > maxNote {
			return errors.New("attestation out of range")
		}
	case f.Attested != nil:
		if len(f.Attested.Cosigned) > maxNote || len(f.Attested.Cosigned) > 0 && f.Attested.First > 0 {
			return errors.New("attestation out of range")
		}
	}
	return nil
}

func (h *Hello) validate() error {
	if h.Session == 0 || len(h.Root) != 32 || h.Lowest > h.Protocol || len(h.Receipt) > maxNote {
		return errors.New("hello out of range")
	}
	return nil
}

func (r *Records) validate() error {
	if len(r.Items) > MaxRecords || len(r.Checkpoint) == 0 || len(r.Checkpoint) > maxNote {
		return errors.New("records out of range")
	}
	for i := range r.Items {
		if err := validateItem(&r.Items[i]); err != nil {
			return fmt.Errorf("record %d: %w", i, err)
		}
		if i > 0 && r.Items[i].Seq != r.Items[i-1].Seq+1 {
			return fmt.Errorf("record %d: gap after number %d", i, r.Items[i-1].Seq)
		}
	}
	return nil
}

func (s *States) validate() error {
	if s.N == 0 || len(s.Items) > MaxStates {
		return errors.New("states out of range")
	}
	for i := range s.Items {
		if err := validateItem(&s.Items[i]); err != nil {
			return fmt.Errorf("state %d: %w", i, err)
		}
	}
	return nil
}

// validateItem bounds an item. What is in it is for the inbox and its reader:
// a record that they refuse stays a leaf of the log.
func validateItem(it *record.Item) error {
	switch {
	case it.Seq == 0:
		return errors.New("no number")
	case len(it.Header) == 0 || len(it.Header) > maxHeader:
		return errors.New("header out of range")
	case len(it.Ciphertext) == 0 || len(it.Ciphertext) > maxCiphertext:
		return errors.New("ciphertext out of range")
	case len(it.Key) != 0 && len(it.Key) != keyBytes:
		return errors.New("key out of range")
	}
	return nil
}

// itemSize is about what an item takes in a frame.
func itemSize(it *record.Item) int {
	return len(it.Header) + len(it.Ciphertext) + len(it.Key) + 24
}

// cut returns how many of items go into one frame: at least one, at most
// limit, until softFrame is reached.
func cut(items []record.Item, limit int) int {
	size := 0
	for i := range items {
		size += itemSize(&items[i])
		if i == limit || i > 0 && size > softFrame {
			return i
		}
	}
	return len(items)
}
