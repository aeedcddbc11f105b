// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes

import "github.com/kuroshio-watch/kuroshio/geo"

// altitude13 decodes the AC field of DF0, 4, 16 and 20
// (Annex 10 volume IV, 3.1.2.6.5.4). Metric codes have no agreed scale and are
// left unknown.
func altitude13(ac uint32) (geo.Feet, bool) {
	const mBit, qBit = 0x40, 0x10
	switch {
	case ac == 0 || ac&mBit != 0:
		return 0, false
	case ac&qBit != 0: // 25 ft steps from -1000 ft
		n := ac&0x1F80>>2 | ac&0x20>>1 | ac&0xF
		return geo.Feet(int(n)*25 - 1000), true
	}
	return gillham(identity13(ac))
}

// altitude12 decodes the altitude of an airborne position squitter: the AC
// field without the M bit (Doc 9871, table A-2-5).
func altitude12(ac uint32) (geo.Feet, bool) {
	return altitude13(ac&0xFC0<<1 | ac&0x3F)
}

// identity13 reorders the pulses C1 A1 C2 A2 C4 A4 X B1 D1 B2 D2 B4 D4 into the
// code A B C D (Annex 10 volume IV, 3.1.2.6.7.1).
func identity13(id uint32) Squawk {
	bit := func(from, to uint) uint32 { return id >> from & 1 << to }
	return Squawk(bit(11, 9) | bit(9, 10) | bit(7, 11) | // A1 A2 A4
		bit(5, 6) | bit(3, 7) | bit(1, 8) | // B1 B2 B4
		bit(12, 3) | bit(10, 4) | bit(8, 5) | // C1 C2 C4
		bit(4, 0) | bit(2, 1) | bit(0, 2)) // D1 D2 D4
}

// identityBits is the inverse of identity13.
func identityBits(s Squawk) uint32 {
	bit := func(from, to uint) uint32 { return uint32(s) >> from & 1 << to }
	return bit(9, 11) | bit(10, 9) | bit(11, 7) |
		bit(6, 5) | bit(7, 3) | bit(8, 1) |
		bit(3, 12) | bit(4, 10) | bit(5, 8) |
		bit(0, 4) | bit(1, 2) | bit(2, 0)
}

// gillham decodes a Mode C code: 500 ft steps in reflected binary by
// D2 D4 A1 A2 A4 B1 B2 B4, 100 ft steps by C1 C2 C4
// (Annex 10 volume IV, appendix to chapter 3).
func gillham(code Squawk) (geo.Feet, bool) {
	pulse := func(digit, weight uint) uint32 { return uint32(code) >> (3*digit + weight) & 1 }
	const a, b, c, d = 3, 2, 1, 0
	if pulse(d, 0) != 0 { // D1 is not used below 62,000 ft and is the Q bit
		return 0, false
	}
	gray500 := pulse(d, 1)<<7 | pulse(d, 2)<<6 | pulse(a, 0)<<5 | pulse(a, 1)<<4 |
		pulse(a, 2)<<3 | pulse(b, 0)<<2 | pulse(b, 1)<<1 | pulse(b, 2)
	gray100 := pulse(c, 0)<<2 | pulse(c, 1)<<1 | pulse(c, 2)
	n500, n100 := fromGray(gray500), fromGray(gray100)
	switch n100 {
	case 0, 5, 6:
		return 0, false
	case 7:
		n100 = 5
	}
	if n500&1 != 0 {
		n100 = 6 - n100
	}
	return geo.Feet(int(n500)*500 + int(n100)*100 - 1300), true
}

func fromGray(g uint32) uint32 {
	g ^= g >> 4
	g ^= g >> 2
	return g ^ g>>1
}
