// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cat021

// Edition21 reads records of edition 2.1 into Record, which must not be nil. In
// that edition the second octet of item 271 has no extension bit: its last four
// bits are the length and width, where later editions have the first four. An
// Edition21 keeps a copy of the octets that it read last, so that Record's
// slices are good until the next Decode. The zero value with a Record is ready.
type Edition21 struct {
	Record *Record
	octets []byte
}

const (
	frn271    = 37   // place of item 271 in the field specification
	extension = 0x01 // last bit of an octet: another follows
	common    = 2048 // octets that a record hardly ever exceeds: only these are copied at first
)

// Decode reads the record at the start of b and returns its length, as
// Record.Decode does, with its errors.
func (e *Edition21) Decode(b []byte) (int, error) {
	if len(b) > common {
		if n, err := e.decode(b[:common]); err == nil {
			return n, nil
		}
	}
	return e.decode(b)
}

func (e *Edition21) decode(b []byte) (int, error) {
	e.octets = append(e.octets[:0], b...)
	octet, bit := (frn271-1)/7, byte(0x80)>>((frn271-1)%7)
	if length := specification(b); length <= octet || b[octet]&bit == 0 {
		return e.Record.Decode(e.octets)
	}
	// Without item 271 and those behind it, the record ends where it begins.
	e.octets[octet] &^= (bit<<1 - 1) &^ extension
	for i := octet + 1; i < specification(b); i++ {
		e.octets[i] &= extension
	}
	at, err := e.Record.Decode(e.octets)
	if err != nil {
		return at, err
	}
	copy(e.octets, b[:specification(b)])
	if at+1 < len(b) && b[at]&extension != 0 {
		e.octets[at+1] = b[at+1] << 4
	}
	return e.Record.Decode(e.octets)
}

// specification returns the length of the field specification.
func specification(b []byte) int {
	for i := range b {
		if b[i]&extension == 0 {
			return i + 1
		}
	}
	return len(b)
}
