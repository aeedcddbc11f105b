// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package ais

import (
	"errors"
	"fmt"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// ErrUnsupported marks a message of a type (or a part of type 24) that the
// function called does not decode. Type and MMSI are set. It is not malformed.
var ErrUnsupported = errors.New("message type not decoded")

// Reason says why a message was refused. There is a fixed set of them.
type Reason string

// The reasons of an [Error].
const (
	ReasonArmour Reason = "bad payload character"
	ReasonFill   Reason = "bad number of fill bits"
	ReasonShort  Reason = "message too short"
	ReasonType   Reason = "no such message type"
)

// Error refuses a payload. It holds nothing of the message but its type.
type Error struct {
	Type   uint8 // 0 when not even that could be read
	Bit    int   // offset in the message; for a short one, where it ends
	Reason Reason
}

// Error returns the text of the refusal.
func (e *Error) Error() string {
	if e.Type == 0 {
		return fmt.Sprintf("decode AIS message: bit %d: %s", e.Bit, e.Reason)
	}
	return fmt.Sprintf("decode AIS message type %d: bit %d: %s", e.Type, e.Bit, e.Reason)
}

// Decode reads an armoured payload with its number of fill bits (M.1371-5
// Annex 8). It returns [ErrUnsupported] for a message of another type and an
// *[Error] for a malformed one. Bits behind the last field are ignored, and
// those of the radio's state may be missing. It does not allocate.
func Decode(payload []byte, fill int, m *Message) error {
	*m = Message{}
	var b bits
	if err := b.unarmour(payload, fill); err != nil {
		return err
	}
	if b.n < 38 {
		return &Error{Bit: b.n, Reason: ReasonShort}
	}
	m.Type = uint8(b.uint(0, 6))
	m.Repeat = uint8(b.uint(6, 2))
	m.MMSI = MMSI(b.uint(8, 30))
	if m.Type < 1 || m.Type > 27 {
		return &Error{Type: m.Type, Bit: 0, Reason: ReasonType}
	}
	need := shortest(m.Type)
	if need == 0 {
		return ErrUnsupported
	}
	if b.n < need {
		return &Error{Type: m.Type, Bit: b.n, Reason: ReasonShort}
	}
	switch m.Type { // no table of functions: b would escape to the heap
	case 1, 2, 3:
		decodeClassA(&b, m)
	case 4, 11:
		decodeBase(&b, m)
	case 5:
		decodeStatic5(&b, m)
	case 9:
		decodeSAR(&b, m)
	case 18:
		decodeClassB(&b, m)
	case 19:
		decodeClassBExtended(&b, m)
	case 21:
		decodeAtoN(&b, m)
	case 24:
		return decodeStatic24(&b, m)
	case 27:
		decodeLongRange(&b, m)
	}
	return nil
}

// shortest returns the least length in bits of a message of this type that
// holds all its fields, 0 for a type that is not decoded.
func shortest(typ uint8) int {
	switch typ {
	case 1, 2, 3, 4, 11:
		return 149
	case 5:
		return 422
	case 9, 18:
		return 148
	case 19:
		return 306
	case 21:
		return 270
	case 24:
		return 40 // to the part number
	case 27:
		return 95
	default:
		return 0
	}
}

func decodeClassA(b *bits, m *Message) {
	navStatus(m, b.uint(38, 4))
	if v := b.int(42, 8); v != rotUnknown {
		m.ROT = int8(v)
		m.Has |= HasROT
	}
	sog(m, b.uint(50, 10))
	m.Accuracy = b.bool(60)
	position(m, b.int(89, 27), b.int(61, 28))
	cog(m, b.uint(116, 12))
	heading(m, b.uint(128, 9))
	second(m, b.uint(137, 6))
	m.RAIM = b.bool(148)
}

func decodeBase(b *bits, m *Message) {
	year, month, day := int(b.uint(38, 14)), int(b.uint(52, 4)), int(b.uint(56, 5))
	hour, minute, sec := int(b.uint(61, 5)), int(b.uint(66, 6)), int(b.uint(72, 6))
	if year > 0 && year <= 9999 && month > 0 && month <= 12 && day > 0 && hour < 24 && minute < 60 && sec < 60 {
		m.UTC = time.Date(year, time.Month(month), day, hour, minute, sec, 0, time.UTC)
		if m.UTC.Day() == day { // no 31 February
			m.Has |= HasUTC
		} else {
			m.UTC = time.Time{}
		}
	}
	second(m, uint32(sec))
	m.Accuracy = b.bool(78)
	position(m, b.int(107, 27), b.int(79, 28))
	epfd(m, b.uint(134, 4))
	m.RAIM = b.bool(148)
}

func decodeStatic5(b *bits, m *Message) {
	if m.IMO = b.uint(40, 30); m.IMO != 0 {
		m.Has |= HasIMO
	}
	text(m, &m.Callsign, HasCallsign, b, 70, 7)
	text(m, &m.Name, HasName, b, 112, 20)
	shipType(m, b.uint(232, 8))
	dimensions(m, b, 240)
	epfd(m, b.uint(270, 4))
	eta(m, b)
	if d := b.uint(294, 8); d != 0 {
		m.Draught = geo.Metres(d) / 10
		m.Has |= HasDraught
	}
	text(m, &m.Destination, HasDestination, b, 302, 20)
}

func decodeSAR(b *bits, m *Message) {
	if a := b.uint(38, 12); a != altitudeUnknown {
		m.Altitude = geo.Metres(a)
		m.Has |= HasAltitude
	}
	if v := b.uint(50, 10); v != sogUnknown { // whole knots in this type
		m.SOG = geo.Knots(v)
		m.Has |= HasSOG
	}
	m.Accuracy = b.bool(60)
	position(m, b.int(89, 27), b.int(61, 28))
	cog(m, b.uint(116, 12))
	second(m, b.uint(128, 6))
	m.RAIM = b.bool(147)
}

func decodeClassB(b *bits, m *Message) {
	classB(b, m)
	m.RAIM = b.bool(147)
}

// classB reads what types 18 and 19 have in common.
func classB(b *bits, m *Message) {
	sog(m, b.uint(46, 10))
	m.Accuracy = b.bool(56)
	position(m, b.int(85, 27), b.int(57, 28))
	cog(m, b.uint(112, 12))
	heading(m, b.uint(124, 9))
	second(m, b.uint(133, 6))
}

func decodeClassBExtended(b *bits, m *Message) {
	classB(b, m)
	text(m, &m.Name, HasName, b, 143, 20)
	shipType(m, b.uint(263, 8))
	dimensions(m, b, 271)
	epfd(m, b.uint(301, 4))
	m.RAIM = b.bool(305)
}

func decodeAtoN(b *bits, m *Message) {
	m.AtoN = AtoN{Type: uint8(b.uint(38, 5)), OffPosition: b.bool(259), Virtual: b.bool(269)}
	m.Has |= HasAtoN
	m.Accuracy = b.bool(163)
	position(m, b.int(192, 27), b.int(164, 28))
	dimensions(m, b, 219)
	epfd(m, b.uint(249, 4))
	second(m, b.uint(253, 6))
	m.RAIM = b.bool(268)
	text(m, &m.Name, HasName, b, 43, 20)
	if extra := min((b.n-272)/6, MaxText-20); extra > 0 && m.Name.n == 20 {
		text(m, &m.Name, HasName, b, 272, extra)
	}
}

func decodeStatic24(b *bits, m *Message) error {
	switch part := b.uint(38, 2); {
	case part == 0 && b.n < 160, part == 1 && b.n < 162:
		return &Error{Type: m.Type, Bit: b.n, Reason: ReasonShort}
	case part == 0:
		m.Part = PartA
		text(m, &m.Name, HasName, b, 40, 20)
	case part == 1:
		m.Part = PartB
		shipType(m, b.uint(40, 8))
		text(m, &m.Vendor, HasVendor, b, 48, 3)
		text(m, &m.Callsign, HasCallsign, b, 90, 7)
		if m.MMSI/10_000_000 == 98 { // auxiliary craft: Table 79
			if m.MotherShip = MMSI(b.uint(132, 30)); m.MotherShip != 0 {
				m.Has |= HasMotherShip
			}
		} else {
			dimensions(m, b, 132)
		}
		epfd(m, b.uint(162, 4)) // zero, so absent, in the shorter message of earlier editions
	default:
		return ErrUnsupported
	}
	return nil
}

func decodeLongRange(b *bits, m *Message) {
	m.Accuracy = b.bool(38)
	m.RAIM = b.bool(39)
	navStatus(m, b.uint(40, 4))
	m.LonRaw, m.LatRaw = b.int(44, 18), b.int(62, 17)
	if m.LonRaw != 181*600 || m.LatRaw != 91*600 {
		m.Has |= HasRawPosition
		p := geo.Point{LatDeg: float64(m.LatRaw) / 600, LonDeg: float64(m.LonRaw) / 600}
		if p.Valid() {
			m.Position = p
			m.Has |= HasPosition
		}
	}
	if v := b.uint(79, 6); v != 63 {
		m.SOG = geo.Knots(v)
		m.Has |= HasSOG
	}
	if v := b.uint(85, 9); v < 360 {
		m.COG = geo.Degrees(v)
		m.Has |= HasCOG
	}
	m.Latency = b.bool(94)
}

// Bits returns width bits, at most 32, at offset off of an armoured payload as
// they were sent, for those who need the codes that [Decode] takes for unknown.
// It is false where the payload does not reach so far or is no armour.
func Bits(payload []byte, off, width int) (v uint32, ok bool) {
	if off < 0 || width < 0 || width > 32 || 6*len(payload) < off+width {
		return 0, false
	}
	var acc uint64 // of at most 42 bits
	n := 0
	for i := off / 6; n < off%6+width; i++ {
		c := sixBit[payload[i]]
		if c > 63 {
			return 0, false
		}
		acc, n = acc<<6|uint64(c), n+6
	}
	return uint32(acc >> (n - off%6 - width) & (1<<width - 1)), true
}
