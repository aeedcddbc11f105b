// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package ais

import (
	"fmt"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// Extra holds what a message says that is not a station's report of itself:
// types 6 to 8, 10, 12 to 17, 20, 22, 23, 25 and 26. Fields that the type has
// not are zero. Its slices are overwritten by the next use.
type Extra struct {
	// Seq is the number of an addressed message, 0 to 3 (types 6 and 12).
	Seq uint8
	// Resent says that an addressed message is sent again (types 6 and 12).
	Resent bool
	// To holds the stations that are addressed, asked, acknowledged or
	// assigned (types 6, 7, 10, 12, 13, 15, 16, 22, 25, 26).
	To []Addressee
	// HasApplication says that DAC and FI are known: the application that
	// Data belongs to (types 6, 8, 25, 26).
	HasApplication bool
	DAC            uint16 // designated area code, 10 bits
	FI             uint8  // function identifier, 6 bits
	// Data holds DataBits bits for an application or of differential
	// corrections (type 17), the first in the high bit of the first byte.
	Data     []byte
	DataBits int
	// Text is the safety text up to the first '@', without the spaces around it
	// (types 12 and 14).
	Text []byte
	// HasPosition says that Position is known: of a reference station
	// (type 17), in steps of 1/10 minute.
	HasPosition bool
	Position    geo.Point
	// HasArea says that NorthEast and SouthWest are known: where a command
	// holds (types 22 and 23).
	HasArea              bool
	NorthEast, SouthWest geo.Point
	// Slots are reserved by a base station (type 20).
	Slots []Reservation

	ChannelA, ChannelB uint16 // ITU-R M.1084 numbers, 12 bits (type 22)
	LowPower           bool   // type 22
	TxRx               uint8  // type 22: 4 bits, type 23: 2 bits
	ZoneSize           uint8  // type 22, nautical miles less one
	StationType        uint8  // type 23, Table 72
	ShipType           uint8  // type 23, Table 53
	Interval           uint8  // type 23, Table 77
	Quiet              uint8  // type 23, minutes of silence

	used bool
	bits [maxWide/8 + 8]byte // zeros behind the end, so that uintAt reads eight bytes
}

// Addressee is one station of [Extra.To].
type Addressee struct {
	MMSI MMSI
	Seq  uint8 // of what is acknowledged (types 7 and 13)
	// Ask holds the types that are asked for, 0 for none, and the slot offset
	// of the answers (type 15).
	Ask    [2]uint8
	Offset [2]uint16 // also type 16: the slot that is assigned
	// Increment is the distance of the slots that are assigned (type 16).
	Increment uint16
}

// Reservation is one entry of [Extra.Slots].
type Reservation struct {
	Offset    uint16 // slots from here, 12 bits
	Number    uint8  // slots in a row
	Timeout   uint8  // minutes
	Increment uint16 // to the next, 11 bits
}

// maxWide is the longest message in bits that DecodeExtra reads.
const maxWide = 6 * 512

// DecodeExtra reads an armoured payload as [Decode] does, of the types that
// Decode does not: it returns [ErrUnsupported] for those that it does. It sets
// Type, Repeat and MMSI of m. In steady state it does not allocate.
func DecodeExtra(payload []byte, fill int, m *Message, x *Extra) error {
	*m = Message{}
	x.reset()
	x.used = true
	n, err := unarmour(x.bits[:], payload, fill, maxWide/6)
	if err != nil {
		return err
	}
	if n < 38 {
		return &Error{Bit: n, Reason: ReasonShort}
	}
	m.Type, m.Repeat, m.MMSI = uint8(x.uint(0, 6)), uint8(x.uint(6, 2)), MMSI(x.uint(8, 30))
	if m.Type < 1 || m.Type > 27 {
		return &Error{Type: m.Type, Bit: 0, Reason: ReasonType}
	}
	need := shortestExtra(m.Type)
	if need == 0 {
		return ErrUnsupported
	}
	if n < need {
		return &Error{Type: m.Type, Bit: n, Reason: ReasonShort}
	}
	x.decode(m.Type, min(n, maxWide))
	return nil
}

// shortestExtra returns the least length in bits of a message of this type
// that says anything, 0 for a type that Decode reads.
func shortestExtra(typ uint8) int {
	switch typ {
	case 6:
		return 88
	case 7, 13, 12:
		return 72
	case 8:
		return 56
	case 10, 20:
		return 70
	case 14, 25:
		return 40
	case 15:
		return 88
	case 16:
		return 92
	case 17:
		return 75
	case 22:
		return 145
	case 23:
		return 154
	case 26:
		return 60
	}
	return 0
}

// reset empties x but for its memory.
func (x *Extra) reset() {
	if !x.used {
		return
	}
	to, data, text, slots := x.To[:0], x.Data[:0], x.Text[:0], x.Slots[:0]
	*x = Extra{To: to, Data: data, Text: text, Slots: slots}
}

func (x *Extra) uint(off, width int) uint32 { return uintAt(x.bits[:], off, width) }

func (x *Extra) bool(off int) bool { return x.uint(off, 1) == 1 }

func (x *Extra) decode(typ uint8, n int) {
	switch typ {
	case 6:
		x.addressed()
		x.application(72)
		x.data(88, n)
	case 7, 13:
		for off := 40; off+32 <= n && len(x.To) < 4; off += 32 {
			x.To = append(x.To, Addressee{MMSI: MMSI(x.uint(off, 30)), Seq: uint8(x.uint(off+30, 2))})
		}
	case 8:
		x.application(40)
		x.data(56, n)
	case 10:
		x.to(40)
	case 12:
		x.addressed()
		x.text(72, n)
	case 14:
		x.text(40, n)
	case 15:
		x.interrogation(n)
	case 16:
		x.assignment(n)
	case 17:
		x.Position, x.HasPosition = x.point(40, 58)
		x.data(80, n)
	case 20:
		for off := 40; off+30 <= n && len(x.Slots) < 4; off += 30 {
			r := Reservation{
				Offset: uint16(x.uint(off, 12)), Number: uint8(x.uint(off+12, 4)),
				Timeout: uint8(x.uint(off+16, 3)), Increment: uint16(x.uint(off+19, 11)),
			}
			if r.Offset != 0 { // not available
				x.Slots = append(x.Slots, r)
			}
		}
	case 22:
		x.channels()
	case 23:
		x.area(40)
		x.StationType, x.ShipType = uint8(x.uint(110, 4)), uint8(x.uint(114, 8))
		x.TxRx, x.Interval, x.Quiet = uint8(x.uint(144, 2)), uint8(x.uint(146, 4)), uint8(x.uint(150, 4))
	case 25:
		x.binary(n)
	case 26:
		x.binary(n - 20) // the state of the radio stands at the end
	}
}

func (x *Extra) to(off int) { x.To = append(x.To, Addressee{MMSI: MMSI(x.uint(off, 30))}) }

func (x *Extra) addressed() {
	x.Seq, x.Resent = uint8(x.uint(38, 2)), x.bool(70)
	x.to(40)
}

func (x *Extra) application(off int) {
	x.HasApplication = true
	x.DAC, x.FI = uint16(x.uint(off, 10)), uint8(x.uint(off+10, 6))
}

func (x *Extra) data(from, n int) {
	for off := from; off < n; off += 8 {
		b := byte(x.uint(off, 8))
		if left := n - off; left < 8 {
			b &= 0xFF << (8 - left)
		}
		x.Data = append(x.Data, b)
	}
	x.DataBits = max(n-from, 0)
}

func (x *Extra) text(from, n int) {
	for off := from; off+6 <= n; off += 6 {
		c := byte(x.uint(off, 6))
		if c == 0 { // '@' ends a text
			break
		}
		if c < 32 {
			c += '@'
		}
		if c != ' ' || len(x.Text) > 0 {
			x.Text = append(x.Text, c)
		}
	}
	for len(x.Text) > 0 && x.Text[len(x.Text)-1] == ' ' {
		x.Text = x.Text[:len(x.Text)-1]
	}
}

// interrogation reads type 15, which asks one station for one or two types, or
// two stations for one each besides (Table 62).
func (x *Extra) interrogation(n int) {
	a := Addressee{MMSI: MMSI(x.uint(40, 30)), Ask: [2]uint8{uint8(x.uint(70, 6))}, Offset: [2]uint16{uint16(x.uint(76, 12))}}
	if n >= 108 {
		a.Ask[1], a.Offset[1] = uint8(x.uint(90, 6)), uint16(x.uint(96, 12))
	}
	x.To = append(x.To, a)
	if n >= 158 {
		x.To = append(x.To, Addressee{
			MMSI: MMSI(x.uint(110, 30)), Ask: [2]uint8{uint8(x.uint(140, 6))}, Offset: [2]uint16{uint16(x.uint(146, 12))},
		})
	}
}

func (x *Extra) assignment(n int) {
	for off := 40; off+52 <= n && len(x.To) < 2; off += 52 {
		x.To = append(x.To, Addressee{
			MMSI: MMSI(x.uint(off, 30)), Offset: [2]uint16{uint16(x.uint(off+30, 12))}, Increment: uint16(x.uint(off+42, 10)),
		})
	}
}

func (x *Extra) channels() {
	x.ChannelA, x.ChannelB = uint16(x.uint(40, 12)), uint16(x.uint(52, 12))
	x.TxRx, x.LowPower, x.ZoneSize = uint8(x.uint(64, 4)), x.bool(68), uint8(x.uint(142, 3))
	if x.bool(139) {
		x.to(69)
		x.to(104)
		return
	}
	x.area(69)
}

func (x *Extra) area(off int) {
	var ok1, ok2 bool
	x.NorthEast, ok1 = x.point(off, off+18)
	x.SouthWest, ok2 = x.point(off+35, off+53)
	if x.HasArea = ok1 && ok2; !x.HasArea {
		x.NorthEast, x.SouthWest = geo.Point{}, geo.Point{}
	}
}

// point reads a position in steps of 1/10 minute.
func (x *Extra) point(lon, lat int) (geo.Point, bool) {
	p := geo.Point{LatDeg: float64(intAt(x.bits[:], lat, 17)) / 600, LonDeg: float64(intAt(x.bits[:], lon, 18)) / 600}
	if !p.Valid() {
		return geo.Point{}, false
	}
	return p, true
}

// binary reads types 25 and 26 up to bit n.
func (x *Extra) binary(n int) {
	off := 40
	if x.bool(38) && off+30 <= n {
		x.to(off)
		off += 30
	}
	if x.bool(39) && off+16 <= n {
		x.application(off)
		off += 16
	}
	x.data(off, n)
}

// EncodeExtra appends the armoured payload of types 6, 8, 12 and 14 to dst. Of
// m it takes Type, Repeat and MMSI. A text goes in the six-bit set of [NewText]
// without its limit.
func EncodeExtra(dst []byte, m *Message, x *Extra) (payload []byte, fill int, err error) {
	e := encoder{m: m, w: writer{dst: dst}}
	e.put("type", uint64(m.Type), 6)
	e.put("repeat", uint64(m.Repeat), 2)
	e.put("MMSI", uint64(m.MMSI), 30)
	switch m.Type {
	case 6:
		e.addressed(x)
		e.application(x)
	case 8:
		e.w.put(0, 2)
		e.application(x)
	case 12:
		e.addressed(x)
		e.safety(x.Text)
	case 14:
		e.w.put(0, 2)
		e.safety(x.Text)
	default:
		return nil, 0, fmt.Errorf("encode AIS message type %d: %w", m.Type, ErrUnsupported)
	}
	if e.err != nil {
		return nil, 0, fmt.Errorf("encode AIS message type %d: %w", m.Type, e.err)
	}
	payload, fill = e.w.finish()
	return payload, fill, nil
}

func (e *encoder) addressed(x *Extra) {
	if len(x.To) != 1 {
		e.err = fmt.Errorf("%d addressees, want one", len(x.To))
		return
	}
	e.put("sequence", uint64(x.Seq), 2)
	e.put("addressee", uint64(x.To[0].MMSI), 30)
	e.w.putBool(x.Resent)
	e.w.put(0, 1)
}

func (e *encoder) application(x *Extra) {
	e.put("area code", uint64(x.DAC), 10)
	e.put("function", uint64(x.FI), 6)
	if x.DataBits < 0 || x.DataBits > 8*len(x.Data) || x.DataBits > maxWide-88 {
		e.err = fmt.Errorf("%d bits of data in %d bytes", x.DataBits, len(x.Data))
		return
	}
	for i := range x.DataBits {
		e.w.put(uint32(x.Data[i/8]>>(7-i%8)), 1)
	}
}

func (e *encoder) safety(text []byte) {
	if 6*len(text) > maxWide-72 {
		e.err = fmt.Errorf("text of %d characters", len(text))
		return
	}
	for i, c := range text {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c < ' ' || c > '_' || c == '@' {
			e.err = fmt.Errorf("character %d is not in the six-bit set", i)
			return
		}
		e.w.put(uint32(c)&63, 6)
	}
}
