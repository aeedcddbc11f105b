// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package remoteid decodes and encodes what small uncrewed aircraft broadcast
// of themselves (ASTM F3411-19 and F3411-22a: messages of 25 octets, alone or
// in packs), reads them as receivers and autopilots pass them on (JSON lines,
// MAVLink OPEN_DRONE_ID), and joins the messages of one transmitter.
//
// Everything in it is self-declared: the sender says who and where it is, and
// anybody can send anything. The package says what was said, never that it is
// true. It reads no port, clock or file.
package remoteid

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// Size is the length of one message in octets (F3411-22a, 5.4.5.2).
const Size = 25

// MaxPack is how many messages a pack holds at most (5.4.5.21).
const MaxPack = 9

// Type is the kind of a message, Table 4.
type Type uint8

// The types. Those between are reserved.
const (
	TypeBasicID    Type = 0x0
	TypeLocation   Type = 0x1
	TypeAuth       Type = 0x2
	TypeSelfID     Type = 0x3
	TypeSystem     Type = 0x4
	TypeOperatorID Type = 0x5
	TypePack       Type = 0xF
)

// String returns the type's name.
func (t Type) String() string {
	switch t {
	case TypeBasicID:
		return "basic-id"
	case TypeLocation:
		return "location"
	case TypeAuth:
		return "auth"
	case TypeSelfID:
		return "self-id"
	case TypeSystem:
		return "system"
	case TypeOperatorID:
		return "operator-id"
	case TypePack:
		return "pack"
	}
	return fmt.Sprintf("reserved-%d", uint8(t))
}

// Has says which fields of a [Message] are known.
type Has uint32

// The fields that may be absent.
const (
	HasPosition Has = 1 << iota
	HasTrack
	HasSpeed
	HasVerticalSpeed
	HasPressureAltitude
	HasGeodeticAltitude
	HasHeight
	HasTimeInHour
	HasOperatorPosition
	HasOperatorAltitude
	HasCeiling
	HasFloor
	HasSystemTime
)

// Text is a text of at most 23 octets as it was sent.
type Text struct {
	raw [23]byte
	n   uint8
}

// NewText returns s as a message holds it, cut to 23 octets.
func NewText(s string) Text {
	var t Text
	t.n = uint8(copy(t.raw[:], s))
	return t
}

// String returns the text.
func (t Text) String() string { return string(t.raw[:t.n]) }

// Bytes returns the octets, which are those of t.
func (t *Text) Bytes() []byte { return t.raw[:t.n:t.n] }

// Status is what the aircraft says it does, Table 7.
type Status uint8

// The states.
const (
	StatusUndeclared Status = iota
	StatusGround
	StatusAirborne
	StatusEmergency
	StatusFailure // of the remote identification itself
)

// Kinds of an identity, Table 5. A serial number is after ANSI/CTA-2063-A; a
// UTM number and a session number may be binary.
const (
	IDNone = iota
	IDSerial
	IDRegistration
	IDUTM
	IDSession
)

// Message is one decoded message. Fields of other types than Type are zero; a
// field whose bit in Has is not set is unknown and of no meaning. It holds no
// reference to the input and can be compared with ==.
type Message struct {
	Type    Type
	Version uint8 // of the protocol: 0 F3411-19, 1 F3411-19 amended, 2 F3411-22a
	Has     Has

	// Basic ID
	IDType, UAType uint8 // Tables 5 and 6
	ID             Text  // 20 octets, trailing zeros cut

	// Location
	Status           Status
	Position         geo.Point
	LatRaw, LonRaw   int32       // as sent, 1e-7 degree, also where it is none on the Earth
	Track            geo.Degrees // over the ground, true, 0 to 359
	SpeedMS          float64     // over the ground, metres a second
	VerticalMS       float64     // up is positive, metres a second
	PressureAltitude geo.Metres  // above 1013.25 hPa
	GeodeticAltitude geo.Metres  // above the ellipsoid
	Height           geo.Metres
	AboveGround      bool // Height is above the ground, else above the place of take-off
	// Codes of accuracy, Tables 8 to 10; see HorizontalAccuracy and its like.
	HorizontalCode, VerticalCode, PressureCode, SpeedCode, TimeCode uint8
	TimeInHour                                                      time.Duration // since the full hour UTC, to 0.1 s; see Location.Time

	// Authentication, one page
	Auth AuthPage

	// Self ID
	TextType    uint8
	Description Text

	// System
	OperatorPlace    uint8 // Table 12: 0 place of take-off, 1 live, 2 fixed
	Classification   uint8 // 0 undeclared, 1 European Union
	OperatorPosition geo.Point
	OperatorLatRaw   int32
	OperatorLonRaw   int32
	Count            uint16 // aircraft in the area
	Radius           geo.Metres
	Ceiling, Floor   geo.Metres // above the ellipsoid
	CategoryEU       uint8      // as sent; of a meaning where Classification is 1
	ClassEU          uint8
	OperatorAltitude geo.Metres // above the ellipsoid
	SystemTime       time.Time

	// Operator ID
	OperatorIDType uint8
	OperatorID     Text
}

// AuthPage is one page of an authentication message, 5.4.5.12. What it proves
// depends on a national scheme; this package checks nothing.
type AuthPage struct {
	Type, Page uint8
	LastPage   uint8     // page 0
	Length     uint8     // page 0: octets of all pages together
	Time       time.Time // page 0
	Data       [23]byte
	Octets     uint8 // of Data that this page holds
}

// The errors of Decode. All wrap ErrRefused.
var (
	ErrRefused  = errors.New("remote id message refused")
	ErrLength   = fmt.Errorf("%w: wrong length", ErrRefused)
	ErrReserved = fmt.Errorf("%w: reserved type", ErrRefused)
	ErrValue    = fmt.Errorf("%w: value out of bounds", ErrRefused)
	ErrNested   = fmt.Errorf("%w: pack within a pack", ErrRefused)
)

// Decode reads one message of 25 octets into m. It refuses other lengths,
// reserved types, packs, and values that the standard forbids.
func Decode(b []byte, m *Message) error {
	*m = Message{}
	if len(b) != Size {
		return ErrLength
	}
	m.Type, m.Version = Type(b[0]>>4), b[0]&0xF
	switch m.Type {
	case TypeBasicID:
		m.IDType, m.UAType = b[1]>>4, b[1]&0xF
		m.ID = textOf(b[2:22])
	case TypeLocation:
		return m.location(b)
	case TypeAuth:
		return m.auth(b)
	case TypeSelfID:
		m.TextType, m.Description = b[1], textOf(b[2:25])
	case TypeSystem:
		return m.system(b)
	case TypeOperatorID:
		m.OperatorIDType, m.OperatorID = b[1], textOf(b[2:22])
	case TypePack:
		return ErrNested
	default:
		return ErrReserved
	}
	return nil
}

// DecodeAll reads a message, or all messages of a pack, into dst, which must
// have room for MaxPack. It returns how many it read. A pack whose length does
// not fit its count is refused whole; a bad message within a pack is left out,
// and its error, the first, returned beside the others.
func DecodeAll(b []byte, dst *[MaxPack]Message) (n int, err error) {
	if len(b) == 0 || Type(b[0]>>4) != TypePack {
		if err := Decode(b, &dst[0]); err != nil {
			return 0, err
		}
		return 1, nil
	}
	if len(b) < 3 || b[1] != Size || b[2] == 0 || b[2] > MaxPack || len(b) != 3+Size*int(b[2]) {
		return 0, ErrLength
	}
	for b = b[3:]; len(b) > 0; b = b[Size:] {
		if e := Decode(b[:Size], &dst[n]); e != nil {
			if err == nil {
				err = e
			}
			continue
		}
		n++
	}
	return n, err
}

func textOf(b []byte) Text {
	var t Text
	t.n = uint8(copy(t.raw[:], bytes.TrimRight(b, "\x00")))
	return t
}

// HorizontalAccuracy returns the bound of Table 8 that holds for 95 %.
func HorizontalAccuracy(code uint8) (geo.Metres, bool) {
	return bound(code, []geo.Metres{18520, 7408, 3704, 1852, 926, 555.6, 185.2, 92.6, 30, 10, 3, 1})
}

// VerticalAccuracy returns the bound of Table 9 that holds for 95 %.
func VerticalAccuracy(code uint8) (geo.Metres, bool) {
	return bound(code, []geo.Metres{150, 45, 25, 10, 3, 1})
}

// SpeedAccuracy returns the bound of Table 10 that holds for 95 %, in metres a
// second.
func SpeedAccuracy(code uint8) (float64, bool) {
	m, ok := bound(code, []geo.Metres{10, 3, 1, 0.3})
	return float64(m), ok
}

func bound(code uint8, table []geo.Metres) (geo.Metres, bool) {
	if code == 0 || int(code) > len(table) {
		return 0, false
	}
	return table[code-1], true
}

// Time returns when a location was true: the time within an hour that lies
// nearest to its arrival. It reports false where the message has none, or where
// it lies more than slack away.
func (m *Message) Time(received time.Time, slack time.Duration) (time.Time, bool) {
	if m.Has&HasTimeInHour == 0 {
		return time.Time{}, false
	}
	t := received.UTC().Truncate(time.Hour).Add(m.TimeInHour)
	switch d := t.Sub(received); {
	case d > 30*time.Minute:
		t = t.Add(-time.Hour)
	case d < -30*time.Minute:
		t = t.Add(time.Hour)
	}
	if d := t.Sub(received); d > slack || d < -slack {
		return time.Time{}, false
	}
	return t, true
}
