// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/strict"
)

// Control leaves are written by the nodes themselves and hold numbers alone. In
// the header of one the lane is that of states, the kind is absent and the first
// octet of the object is 0xff; the second octet says which it is. It has no key:
// its ciphertext is the plain body in deterministic CBOR. A node that does not
// know one counts it as refused and keeps the leaf.
const (
	controlMark       = 0xff
	controlBeat       = 1
	controlSuccession = 2
)

var (
	// ErrNotAgreed is wrapped when a partner begins its log anew and no person has
	// agreed to it.
	ErrNotAgreed = errors.New("nobody has agreed to a new epoch")
	// ErrQuota is wrapped when a partner has used up its share of the day.
	ErrQuota = errors.New("the day's share is used up")
)

// maxControl is the size of the largest body of a control leaf.
const maxControl = maxNote + 256

// Beat is the heartbeat of a node's engine, not of its line: what it has taken
// of the partner's records by then. Nothing else is told: what was withheld or
// refused stays home.
type Beat struct {
	Time    int64  `cbor:"1,keyasint"` // seconds since 1970, by the sender's clock
	Epoch   uint32 `cbor:"2,keyasint"` // of the partner's log, 0 when none is held
	Records uint64 `cbor:"3,keyasint"` // of it, taken in by the engine
	Batches uint64 `cbor:"4,keyasint"` // of states, taken in by the engine
}

// At returns the sender's time.
func (b Beat) At() time.Time { return time.Unix(b.Time, 0).UTC() }

// Succession is the first leaf of a log that follows one which its sender lost
// in part: it quotes what the receiver holds of the old one.
type Succession struct {
	Epoch   uint32 `cbor:"1,keyasint"` // of the old log
	Size    uint64 `cbor:"2,keyasint"` // that the receiver has cosigned, 0 when it never did
	Root    []byte `cbor:"3,keyasint"` // at that size
	Receipt []byte `cbor:"4,keyasint"` // the cosigned checkpoint; empty when Size is 0
}

// Quotes reports whether the succession quotes exactly that state.
func (s *Succession) Quotes(l LogState) bool {
	return s.Epoch == l.Epoch && s.Size == l.Size && Hash(s.Root) == l.Root
}

var (
	controlEnc = strict.Encoding()
	controlDec = strict.Decoding(strict.Limits{Nested: 4, Array: 16, Pairs: 16})
)

// Leaf returns the beat as leaf seq of a log.
func (b Beat) Leaf(epoch uint32, seq uint64) (*record.Item, error) {
	return controlLeaf(controlBeat, epoch, seq, b)
}

// Leaf returns the succession as the first leaf of the log of that epoch.
func (s *Succession) Leaf(epoch uint32) (*record.Item, error) {
	return controlLeaf(controlSuccession, epoch, 1, s)
}

func controlLeaf(what byte, epoch uint32, seq uint64, body any) (*record.Item, error) {
	header, err := record.EncodeHeader(record.Header{
		Version: record.Protocol, Lane: record.LaneState, Object: record.ID{controlMark, what}, LogEpoch: epoch, Seq: seq,
	})
	if err != nil {
		return nil, fmt.Errorf("encode control leaf: %w", err)
	}
	b, err := controlEnc.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode control leaf: %w", err)
	}
	return &record.Item{Seq: seq, Header: header, Ciphertext: b}, nil
}

// ReadBeat returns the beat in an item; ok is false when it is none.
func ReadBeat(it *record.Item) (b Beat, ok bool) {
	if !isControl(it, controlBeat, &b) || b.Time < 0 || b.Records > math.MaxInt64 || b.Batches > math.MaxInt64 {
		return Beat{}, false
	}
	return b, true
}

// ReadSuccession returns the succession in an item. The error wraps
// ErrMalformed when it is none.
func ReadSuccession(it *record.Item) (*Succession, error) {
	var s Succession
	if it.Seq != 1 || !isControl(it, controlSuccession, &s) {
		return nil, fmt.Errorf("%w: no succession", ErrMalformed)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("%w: succession: %w", ErrMalformed, err)
	}
	return &s, nil
}

// check compares what is quoted with the receipt, whose signatures are someone
// else's to check.
func (s *Succession) check() error {
	if len(s.Root) != len(Hash{}) {
		return errors.New("root out of range")
	}
	if s.Size == 0 && len(s.Receipt) == 0 {
		return nil
	}
	c, err := Unverified(s.Receipt)
	if err != nil {
		return err
	}
	if !s.Quotes(c.LogState) {
		return errors.New("not what was cosigned")
	}
	return nil
}

func isControl(it *record.Item, what byte, body any) bool {
	h, err := record.DecodeHeader(it.Header)
	if err != nil || h.Version != record.Protocol || h.Lane != record.LaneState || h.Kind != 0 ||
		h.Object != (record.ID{controlMark, what}) || h.Seq != it.Seq || len(it.Key) != 0 || len(it.Ciphertext) > maxControl {
		return false
	}
	return controlDec.Unmarshal(it.Ciphertext, body) == nil
}
