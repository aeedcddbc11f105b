// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package ais

import "encoding/binary"

// maxBits is how much of a message is read: the longest one that is decoded
// has 424 bits (type 5). What follows is of no interest.
const maxBits = 432

// bits is an unarmoured message. Bit 0 is the first one sent.
type bits struct {
	b [maxBits/8 + 8]byte // zeros behind the end, so that uint reads eight bytes
	n int                 // length of the message in bits, may be more than maxBits
}

// sixBit maps an armour character to its value (IEC 61162-1), 255 for none.
var sixBit = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for v := range byte(64) {
		t[armour(v)] = v
	}
	return t
}()

// armour returns the character for a six-bit value.
func armour(v byte) byte {
	if v < 40 {
		return '0' + v
	}
	return '`' + v - 40
}

// unarmour fills b from an armoured payload.
func (b *bits) unarmour(payload []byte, fill int) (err error) {
	b.n, err = unarmour(b.b[:], payload, fill, maxBits/6)
	return err
}

// unarmour writes the bits of an armoured payload, of at most limit characters,
// to dst and returns how many the whole payload has.
func unarmour(dst, payload []byte, fill, limit int) (int, error) {
	if fill < 0 || fill > 5 || 6*len(payload) < fill {
		return 0, &Error{Bit: 6 * len(payload), Reason: ReasonFill}
	}
	n := min(len(payload), limit)
	i, o := 0, 0
	for ; i+4 <= n; i, o = i+4, o+3 {
		p := (*[4]byte)(payload[i:])
		v0, v1, v2, v3 := sixBit[p[0]], sixBit[p[1]], sixBit[p[2]], sixBit[p[3]]
		if v0|v1|v2|v3 > 63 {
			return 0, badArmour(payload, i)
		}
		w := uint32(v0)<<18 | uint32(v1)<<12 | uint32(v2)<<6 | uint32(v3)
		binary.BigEndian.PutUint32(dst[o:], w<<8)
	}
	var w, left uint32
	for ; i < n; i++ {
		v := sixBit[payload[i]]
		if v > 63 {
			return 0, badArmour(payload, i)
		}
		w, left = w<<6|uint32(v), left+6
		if left >= 8 {
			left -= 8
			dst[o] = byte(w >> left)
			o++
		}
	}
	if left > 0 {
		dst[o] = byte(w << (8 - left))
	}
	return 6*len(payload) - fill, nil
}

func badArmour(payload []byte, from int) error {
	for i := from; i < len(payload); i++ {
		if sixBit[payload[i]] > 63 {
			return &Error{Bit: 6 * i, Reason: ReasonArmour}
		}
	}
	return nil
}

// uint returns width bits, at most 32, at off. Off+width is at most maxBits.
func (b *bits) uint(off, width int) uint32 { return uintAt(b.b[:], off, width) }

// int is uint of a two's-complement number.
func (b *bits) int(off, width int) int32 { return intAt(b.b[:], off, width) }

// uintAt returns width bits, at most 32, at off of b, which goes on for eight
// bytes from there.
func uintAt(b []byte, off, width int) uint32 {
	w := binary.BigEndian.Uint64(b[off>>3:])
	return uint32(w << (off & 7) >> (64 - width))
}

func intAt(b []byte, off, width int) int32 {
	w := binary.BigEndian.Uint64(b[off>>3:])
	return int32(int64(w<<(off&7)) >> (64 - width))
}

func (b *bits) bool(off int) bool { return b.b[off>>3]>>(7-off&7)&1 == 1 }

// writer appends bits as armour characters.
type writer struct {
	dst  []byte
	acc  uint64
	left int
}

// put appends the low width bits of v, at most 32.
func (w *writer) put(v uint32, width int) {
	w.acc = w.acc<<width | uint64(v)&(1<<width-1)
	w.left += width
	for w.left >= 6 {
		w.left -= 6
		w.dst = append(w.dst, armour(byte(w.acc>>w.left)&63))
	}
}

func (w *writer) putBool(v bool) {
	if v {
		w.put(1, 1)
	} else {
		w.put(0, 1)
	}
}

// finish pads the last character and returns the number of fill bits.
func (w *writer) finish() (payload []byte, fill int) {
	if w.left > 0 {
		fill = 6 - w.left
		w.put(0, fill)
	}
	return w.dst, fill
}
