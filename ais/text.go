// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package ais

import (
	"bytes"
	"fmt"
)

// MaxText is the longest text of a message in characters: the name of an aid
// to navigation with its extension.
const MaxText = 34

// Text is a text in the six-bit character set of M.1371-5 Table 47, as sent.
// The zero value is empty. It is compared with ==.
type Text struct {
	raw [MaxText]byte
	n   uint8
}

// NewText returns s as a text. Small letters become capitals; what the
// character set lacks, and more than [MaxText] characters, are refused.
func NewText(s string) (Text, error) {
	var t Text
	if len(s) > MaxText {
		return t, fmt.Errorf("encode text: %d characters, at most %d", len(s), MaxText)
	}
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c < ' ' || c > '_' || c == '@' {
			return Text{}, fmt.Errorf("encode text: character %d is not in the six-bit set", i)
		}
		t.raw[i] = c
	}
	t.n = uint8(len(s))
	return t, nil
}

// String returns the text up to the first '@', without the spaces around it.
//
// M.1371-5 has '@' for what is not available and fills texts with it, and gives
// it no other use; so the first ends a text, as in gpsd and AIS-catcher. Two other
// decoders read on. In 49,000 recorded messages that makes 21 texts of another
// reading: 6 would show the tail of a longer, older text (NAME@@@@@@X), and of 15
// a character seems to have been lost on the way in (P@RT), four of them the
// first, so that nothing is left. A text that is cut short is noticed; one with a
// wrong tail is believed. Raw has all of it.
func (t Text) String() string { return string(t.Bytes()) }

// Bytes returns the same as String, as a part of t.
func (t *Text) Bytes() []byte {
	b, _, _ := bytes.Cut(t.raw[:min(int(t.n), MaxText)], []byte{'@'})
	return bytes.Trim(b, " ")
}

// Raw returns all characters as sent, with what stands behind an '@'.
func (t Text) Raw() string { return string(t.raw[:min(int(t.n), MaxText)]) }

// MarshalText returns the same as String.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// empty reports whether the text says nothing.
func (t *Text) empty() bool {
	for _, c := range t.raw[:t.n] {
		if c == '@' {
			return true
		}
		if c != ' ' {
			return false
		}
	}
	return true
}

// read appends the n characters at bit off. Padding of '@' at the end is
// not kept.
func (t *Text) read(b *bits, off, n int) {
	for i := range n {
		c := byte(b.uint(off+6*i, 6))
		if c < 32 {
			c += '@'
		}
		t.raw[t.n] = c
		t.n++
	}
	for t.n > 0 && t.raw[t.n-1] == '@' {
		t.n--
		t.raw[t.n] = 0
	}
}
