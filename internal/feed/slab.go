// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

// slabSize is how much is allocated at once for octets that are handed on.
const slabSize = 64 << 10

// slab copies octets into pieces of large allocations: a frame of 14 octets
// costs no allocation of its own. Whoever holds on to one piece holds at most
// slabSize with it.
type slab struct{ free []byte }

// keep returns a copy of b; what is appended to it moves elsewhere.
func (s *slab) keep(b []byte) []byte {
	if len(b) > slabSize/16 {
		return append([]byte(nil), b...)
	}
	if len(b) > len(s.free) {
		s.free = make([]byte, slabSize)
	}
	out := s.free[:len(b):len(b)]
	s.free = s.free[len(b):]
	copy(out, b)
	return out
}
