// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes

import (
	"math"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// writeBits sets n bits of the 56-bit message in msg, from the bit numbered
// first, counting from 1 as the standards do.
func writeBits(msg []byte, first, n uint, v uint32) {
	for k := range n {
		bit := first - 1 + k
		if v>>(n-1-k)&1 != 0 {
			msg[4+bit/8] |= 0x80 >> (bit % 8)
		}
	}
}

func squitter(icao ICAO, ca, tc, subtype uint8) (msg [14]byte) {
	msg[0] = 17<<3 | ca
	msg[1], msg[2], msg[3] = byte(icao>>16), byte(icao>>8), byte(icao)
	msg[4] = tc<<3 | subtype&7
	return msg
}

func sealed(msg [14]byte) [14]byte {
	seal(msg[:], 0)
	return msg
}

// EncodeIdentification returns a DF17 identification. The callsign is cut to
// eight characters; what the alphabet lacks becomes a space. The category is
// as in Frame.Category, 0xA3 for A3; another set than A to D gives A.
func EncodeIdentification(icao ICAO, callsign string, category byte) [14]byte {
	set := category >> 4
	if set < 0xA || set > 0xD {
		set = 0xA
	}
	msg := squitter(icao, 5, 0xE-set, category&7)
	for i := range 8 {
		c := uint32(' ')
		if i < len(callsign) {
			switch b := callsign[i]; {
			case b >= 'A' && b <= 'Z':
				c = uint32(b - 'A' + 1)
			case b >= '0' && b <= '9':
				c = uint32(b)
			}
		}
		writeBits(msg[:], uint(9+6*i), 6, c)
	}
	return sealed(msg)
}

// EncodeAirbornePosition returns a DF17 airborne position of type code 11 with
// the pressure altitude in steps of 25 ft, cut to what the field holds
// (-1,000 to 50,175 ft); NaN is sent as unknown.
func EncodeAirbornePosition(icao ICAO, p geo.Point, alt geo.Feet, odd bool) [14]byte {
	msg := squitter(icao, 5, 11, 0)
	if alt == alt {
		ac := altitudeBits(alt)
		writeBits(msg[:], 9, 12, ac&0x1F80>>1|ac&0x3F)
	}
	writeCPR(msg[:], EncodeCPR(p, odd, false))
	return sealed(msg)
}

// EncodeSurfacePosition returns a DF17 surface position of type code 7. The
// speed goes to the nearest code; a negative or NaN speed is sent as unknown,
// and so is a NaN track.
func EncodeSurfacePosition(icao ICAO, p geo.Point, gs geo.Knots, track geo.Degrees, odd bool) [14]byte {
	msg := squitter(icao, 4, 7, 0)
	writeBits(msg[:], 6, 7, movementCode(gs))
	if track == track {
		writeBits(msg[:], 13, 1, 1)
		writeBits(msg[:], 14, 7, uint32(math.Round(float64(track.Norm360())*128/360))&127)
	}
	writeCPR(msg[:], EncodeCPR(p, odd, true))
	return sealed(msg)
}

func movementCode(gs geo.Knots) uint32 {
	var best uint32
	if gs >= 0 {
		miss := math.Inf(1)
		for code := uint32(1); code <= 124; code++ {
			kt, _ := movement(code)
			if m := math.Abs(float64(kt - gs)); m < miss {
				best, miss = code, m
			}
		}
	}
	return best
}

func writeCPR(msg []byte, c CPR) {
	writeBits(msg, 22, 1, uint32(parityIndex(c.Odd)))
	writeBits(msg, 23, 17, c.Lat)
	writeBits(msg, 40, 17, c.Lon)
}

// altitudeBits returns the 13-bit AC field in steps of 25 ft.
func altitudeBits(alt geo.Feet) uint32 {
	n := uint32(min(max(math.Round((float64(alt)+1000)/25), 0), 2047))
	return n<<2&0x1F80 | n<<1&0x20 | 0x10 | n&0xF
}

// EncodeVelocity returns a DF17 velocity over ground (type code 19 subtype 1,
// or 2 above 1,000 kt). The vertical rate is barometric, in feet per minute.
// NaN speed or track is sent as unknown.
func EncodeVelocity(icao ICAO, gs geo.Knots, track geo.Degrees, fpm int) [14]byte {
	sin, cos := math.Sincos(track.Radians())
	east, north := float64(gs)*sin, float64(gs)*cos
	subtype, step := uint8(1), 1.0
	if math.Abs(east) > 1021 || math.Abs(north) > 1021 {
		subtype, step = 2, 4
	}
	msg := squitter(icao, 5, 19, subtype)
	if !math.IsNaN(east) && !math.IsNaN(north) {
		writeSigned(msg[:], 14, 10, east/step)
		writeSigned(msg[:], 25, 10, north/step)
	}
	writeBits(msg[:], 36, 1, 1)
	writeSigned(msg[:], 37, 9, float64(fpm)/64)
	return sealed(msg)
}

// writeSigned writes a sign bit and n bits that hold the magnitude plus one.
func writeSigned(msg []byte, first, n uint, v float64) {
	if v < 0 {
		writeBits(msg, first, 1, 1)
	}
	writeBits(msg, first+1, n, uint32(min(math.Round(math.Abs(v))+1, float64(uint32(1)<<n-1))))
}

// EncodeAllCall returns a DF11 acquisition squitter.
func EncodeAllCall(icao ICAO) [7]byte {
	msg := [7]byte{11<<3 | 5, byte(icao >> 16), byte(icao >> 8), byte(icao)}
	seal(msg[:], 0)
	return msg
}

// EncodeSquawk returns a DF17 aircraft status (type code 28 subtype 1).
func EncodeSquawk(icao ICAO, squawk Squawk, emergency Emergency) [14]byte {
	msg := squitter(icao, 5, 28, 1)
	writeBits(msg[:], 9, 3, uint32(emergency))
	writeBits(msg[:], 12, 13, identityBits(squawk))
	return sealed(msg)
}

// EncodeStatus returns a DF17 operational status of ADS-B version 2 for an
// airborne aircraft (type code 31 subtype 0).
func EncodeStatus(icao ICAO, nacp, sil uint8, supplA bool) [14]byte {
	msg := squitter(icao, 5, 31, 0)
	writeBits(msg[:], 41, 3, 2)
	if supplA {
		writeBits(msg[:], 44, 1, 1)
	}
	writeBits(msg[:], 45, 4, uint32(nacp))
	writeBits(msg[:], 51, 2, uint32(sil))
	return sealed(msg)
}

// EncodeAltitudeReply returns a DF4 reply of an airborne aircraft; the address
// is only in the parity.
func EncodeAltitudeReply(icao ICAO, alt geo.Feet) [7]byte {
	return reply(4, altitudeBits(alt), icao)
}

// EncodeIdentityReply returns a DF5 reply of an airborne aircraft; the address
// is only in the parity.
func EncodeIdentityReply(icao ICAO, squawk Squawk) [7]byte {
	return reply(5, identityBits(squawk), icao)
}

func reply(df uint8, field uint32, icao ICAO) [7]byte {
	msg := [7]byte{df << 3, 0, byte(field >> 8), byte(field)}
	seal(msg[:], uint32(icao))
	return msg
}
