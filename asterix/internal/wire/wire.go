// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package wire holds what the generated categories share: field specifications,
// extents and the walk over the items of a record by a table of their forms. It
// knows no category and converts no value.
package wire

import "math/bits"

// MaxFSPEC is the largest number of FSPEC octets that is kept: 63 items.
const MaxFSPEC = 9

// Bit returns the bit of a field reference number, counted from 1, in the
// left-aligned set that FSPEC returns.
func Bit(frn int) uint64 { return 1 << (64 - frn) }

// FSPEC reads a field specification (part 1, 4.3.5): seven presence bits an
// octet, left-aligned in set, and how many octets it has. n is 0 when it does
// not end within b or within limit octets.
func FSPEC(b []byte, limit int) (set uint64, n int) {
	limit = min(limit, MaxFSPEC)
	shift := 57
	for i, o := range b {
		if i >= limit {
			return set, 0
		}
		set |= uint64(o>>1) << shift
		if o&1 == 0 {
			return set, i + 1
		}
		shift -= 7
	}
	return set, 0
}

// FixedFSPEC reads a field specification of n octets, at most 8, without FX:
// eight presence bits an octet, left-aligned in set. Of is 0 when b is shorter.
func FixedFSPEC(b []byte, n int) (set uint64, of int) {
	if len(b) < n {
		return 0, 0
	}
	for i, o := range b[:n] {
		set |= uint64(o) << (56 - 8*i)
	}
	return set, n
}

// AppendFixedFSPEC appends a field specification of n octets without FX.
func AppendFixedFSPEC(dst []byte, set uint64, n int) []byte {
	for i := range n {
		dst = append(dst, byte(set>>(56-8*i)))
	}
	return dst
}

// AppendFSPEC appends the field specification of set with at least the given
// number of octets, so that a longer one than necessary is kept.
func AppendFSPEC(dst []byte, set uint64, atLeast uint8) []byte {
	n := max((63-bits.TrailingZeros64(set|1<<63))/7+1, min(int(atLeast), MaxFSPEC))
	for i := range n {
		dst = append(dst, byte(set>>(57-7*i))<<1|FX(i < n-1))
	}
	return dst
}

// Before returns the part of set that can be read when only the slots in known
// are defined: everything before the first other one.
func Before(set, known uint64) uint64 {
	if unknown := set &^ known; unknown != 0 {
		return set &^ (1<<bits.Len64(unknown) - 1)
	}
	return set
}

// FX returns the extension bit.
func FX(more bool) byte {
	if more {
		return 1
	}
	return 0
}

// Extents returns the length of single octets that are chained by FX, at the
// start of b; 0 when the chain does not end within b.
func Extents(b []byte) int {
	for i, o := range b {
		if o&1 == 0 {
			return i + 1
		}
	}
	return 0
}

// Chained says whether octets beyond the defined extents are a chain that ends
// with its last octet, as Extents reads it.
func Chained(more []byte) bool {
	return len(more) == 0 || Extents(more) == len(more)
}

// Rep reads the repetition factor of n octets.
func Rep(b []byte, n int) int {
	v := 0
	for _, o := range b[:n] {
		v = v<<8 | int(o)
	}
	return v
}

// ReadExplicit points content at what follows the length octet at the start of b
// and returns the length, or 0 when it does not fit.
func ReadExplicit(content *[]byte, b []byte) int {
	if len(b) == 0 || b[0] == 0 || int(b[0]) > len(b) {
		return 0
	}
	n := int(b[0])
	*content = b[1:n:n]
	return n
}

// ReadSequence points content at a random field sequencing at the start of b,
// count and pairs, and returns its length, or 0 when it cannot be read.
func ReadSequence(content *[]byte, b []byte, p *Profile) int {
	n := p.Sequence(b)
	*content = b[:n:n]
	return n
}

// AppendSequence appends what ReadSequence has read; bad is set when it is none.
func AppendSequence(dst, content []byte, p *Profile) (out []byte, bad string) {
	if len(content) == 0 || p.Sequence(content) != len(content) {
		return dst, "content"
	}
	return append(dst, content...), ""
}

// AppendExplicit appends the length octet and the content; bad is set when the
// content is too long.
func AppendExplicit(dst, content []byte) (out []byte, bad string) {
	if len(content) > 254 {
		return dst, "content"
	}
	return append(append(dst, byte(len(content)+1)), content...), ""
}
