// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package asterix

// Identification returns the n characters of 6 bits (ICAO Annex 10 volume IV,
// table 3-9) in the low 6n bits of raw, blanks at the end removed. A zero code
// is no character and becomes a blank, an undefined one becomes '?'. n is at
// most 10.
func Identification(raw uint64, n int) string {
	var buf [10]byte
	n = max(0, min(n, len(buf)))
	end := 0
	for i := range n {
		c := character(byte(raw>>(6*(n-1-i))) & 0x3f)
		if buf[i] = c; c != ' ' {
			end = i + 1
		}
	}
	return string(buf[:end])
}

// PackIdentification is the reverse of Identification. ok is false when text is
// longer than n characters or holds another character than A to Z, 0 to 9 and
// blank.
func PackIdentification(text string, n int) (raw uint64, ok bool) {
	if n > 10 || len(text) > n {
		return 0, false
	}
	for i := range n {
		c := byte(' ')
		if i < len(text) {
			c = text[i]
		}
		raw <<= 6
		switch {
		case c >= 'A' && c <= 'Z':
			raw |= uint64(c - 'A' + 1)
		case c >= '0' && c <= '9', c == ' ':
			raw |= uint64(c)
		default:
			return 0, false
		}
	}
	return raw, true
}

func character(code byte) byte {
	switch {
	case code >= 1 && code <= 26:
		return 'A' + code - 1
	case code >= '0' && code <= '9':
		return code
	case code == 0 || code == ' ':
		return ' '
	}
	return '?'
}
