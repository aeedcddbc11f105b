// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes

// crcPoly is the Mode S generator without its leading term
// (Annex 10 volume IV, 3.1.2.3.3.1.2).
const crcPoly = 0xFFF409

var crcTable = makeCRCTable()

func makeCRCTable() (t [256]uint32) {
	for i := range t {
		c := uint32(i) << 16
		for range 8 {
			c <<= 1
			if c&0x1000000 != 0 {
				c ^= 0x1000000 | crcPoly
			}
		}
		t[i] = c & 0xFFFFFF
	}
	return t
}

// parity returns the 24 parity bits of body.
func parity(body []byte) uint32 {
	var c uint32
	for _, b := range body {
		c = (c<<8)&0xFFFFFF ^ crcTable[byte(c>>16)^b]
	}
	return c
}

// residual returns what the last three bytes differ from the parity by: zero,
// an interrogator or an address, as the format says.
func residual(msg []byte) uint32 {
	n := len(msg) - 3
	return parity(msg[:n]) ^ be24(msg[n:])
}

func be24(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }

// seal writes parity, overlaid with ap, to the last three bytes.
func seal(msg []byte, ap uint32) {
	n := len(msg) - 3
	c := parity(msg[:n]) ^ ap
	msg[n], msg[n+1], msg[n+2] = byte(c>>16), byte(c>>8), byte(c)
}
