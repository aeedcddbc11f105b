// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cot

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// Numbers of the fields of a TAK protobuf message, version 1 (takmessage,
// cotevent, detail and the messages within it).
const (
	takEvent = 2

	evType, evAccess, evQoS, evOpex, evUID, evSend, evStart, evStale, evHow = 1, 2, 3, 4, 5, 6, 7, 8, 9
	evLat, evLon, evHAE, evCE, evLE, evDetail, evCaveat, evReleasable       = 10, 11, 12, 13, 14, 15, 16, 17

	detXML, detContact, detGroup, detPrecision, detStatus, detTakv, detTrack = 1, 2, 3, 4, 5, 6, 7
)

// protoUnknown is how the clients write an unknown error in protobuf.
const protoUnknown = 999999.0

// The kinds of a field on the wire.
const (
	wireVarint, wireFixed64, wireBytes, wireFixed32 = 0, 1, 2, 5
)

// field is one field as it came.
type field struct {
	num  uint64
	wire uint8
	n    uint64 // varint, fixed
	b    []byte // bytes
}

// fields calls fn for each field of a message.
func fields(b []byte, fn func(f field) error) error {
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		if n <= 0 || key>>3 == 0 || key>>3 > 1<<29-1 {
			return ErrSyntax
		}
		b = b[n:]
		f := field{num: key >> 3, wire: uint8(key & 7)}
		switch f.wire {
		case wireVarint:
			f.n, n = binary.Uvarint(b)
		case wireFixed64:
			if n = 8; len(b) >= n {
				f.n = binary.LittleEndian.Uint64(b)
			}
		case wireFixed32:
			n = 4
		case wireBytes:
			size, m := binary.Uvarint(b)
			if m <= 0 || size > uint64(len(b)-m) {
				return ErrSyntax
			}
			f.b, n = b[m:m+int(size)], m+int(size)
		default:
			return ErrSyntax
		}
		if n <= 0 || n > len(b) {
			return ErrSyntax
		}
		b = b[n:]
		if err := fn(f); err != nil {
			return err
		}
	}
	return nil
}

// Proto reads the event of one TakMessage. It returns nil without an error for a
// message that holds none (a control message). Fields that it does not know are
// passed over, as the format wants.
func (r *Reader) Proto(b []byte) (*Event, error) {
	if len(b) > MaxEvent {
		return nil, ErrTooLong
	}
	r.begin()
	found := false
	err := fields(b, func(f field) error {
		if f.num != takEvent {
			return nil
		}
		if f.wire != wireBytes || found {
			return ErrSyntax
		}
		found = true
		return r.event(f.b)
	})
	if err != nil || !found {
		return nil, err
	}
	if err := r.e.Validate(); err != nil {
		return nil, err
	}
	return &r.e, nil
}

// text takes a field of text.
func (f field) text(dst *Text) error {
	if f.wire != wireBytes || !utf8.Valid(f.b) {
		return ErrSyntax
	}
	*dst = text(f.b)
	return nil
}

func (f field) double() (float64, error) {
	x := math.Float64frombits(f.n)
	if f.wire != wireFixed64 || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, ErrValue
	}
	return x, nil
}

func (f field) millis(dst *time.Time) error {
	if f.wire != wireVarint || f.n > math.MaxInt64/1000 {
		return ErrValue
	}
	if f.n != 0 { // the format has no other word for a time that is absent
		*dst = time.UnixMilli(int64(f.n)).UTC()
	}
	return nil
}

func (r *Reader) event(b []byte) error {
	var at geo.Point
	e, known := &r.e, false
	err := fields(b, func(f field) error {
		if dst := e.protoText(f.num); dst != nil {
			return f.text(dst)
		}
		switch f.num {
		case evSend:
			return f.millis(&e.Time)
		case evStart:
			return f.millis(&e.Start)
		case evStale:
			return f.millis(&e.Stale)
		case evDetail:
			if f.wire != wireBytes {
				return ErrSyntax
			}
			return r.protoDetail(f.b)
		case evLat, evLon, evHAE, evCE, evLE:
			x, err := f.double()
			if err != nil {
				return err
			}
			switch f.num {
			case evLat: // a zero is not written: where one coordinate is absent it is zero, where both are so is the position
				at.LatDeg, known = x, true
			case evLon:
				at.LonDeg, known = x, true
			case evHAE:
				e.known(HasHeight, &e.Height, x, false)
			case evCE:
				e.known(HasCE, &e.CE, x, true)
			case evLE:
				e.known(HasLE, &e.LE, x, true)
			}
		}
		return nil
	})
	if known {
		e.Position, e.Has = at, e.Has|HasPosition
	}
	return err
}

// protoText returns the text that a field of an event sets; nil for none.
func (e *Event) protoText(num uint64) *Text {
	switch num {
	case evType:
		return &e.Type
	case evAccess:
		return &e.Access
	case evQoS:
		return &e.QoS
	case evOpex:
		return &e.Opex
	case evUID:
		return &e.UID
	case evHow:
		return &e.How
	case evCaveat:
		return &e.Caveat
	case evReleasable:
		return &e.ReleasableTo
	}
	return nil
}

func (r *Reader) protoDetail(b []byte) error {
	e, xml := &r.e, false
	err := fields(b, func(f field) error {
		if f.num < detXML || f.num > detTrack {
			return nil
		}
		if f.wire != wireBytes {
			return ErrSyntax
		}
		switch f.num {
		case detXML:
			xml = true
			return f.text(&e.Detail)
		case detContact:
			return f.into(&e.Endpoint, &e.Callsign)
		case detGroup:
			return f.into(&e.Group, &e.Role)
		case detPrecision:
			return f.into(&e.GeoSource, &e.AltSource)
		case detStatus:
			return fields(f.b, func(s field) error {
				if s.num == 1 && s.wire == wireVarint && s.n <= math.MaxUint32 {
					e.Battery, e.Has = uint32(s.n), e.Has|HasBattery
				}
				return nil
			})
		case detTakv:
			return f.into(&e.Device, &e.Platform, &e.OS, &e.Version)
		}
		return e.protoTrack(f.b)
	})
	if err != nil || !xml {
		return err
	}
	return r.hoist()
}

// into takes the texts of a small message, numbered from 1.
func (f field) into(list ...*Text) error {
	return fields(f.b, func(s field) error {
		if s.num > uint64(len(list)) {
			return nil
		}
		return s.text(list[s.num-1])
	})
}

// protoTrack reads speed and course. A track without one of them stands still,
// or goes north: zero is not written.
func (e *Event) protoTrack(b []byte) error {
	var v [2]float64
	err := fields(b, func(f field) error {
		if f.num != 1 && f.num != 2 {
			return nil
		}
		x, err := f.double()
		v[f.num-1] = x
		return err
	})
	if err != nil {
		return err
	}
	if !e.setSpeed(v[0]) || !e.setCourse(v[1]) {
		return ErrValue
	}
	return nil
}

// AppendProto appends e as one TakMessage to dst.
func AppendProto(dst []byte, e *Event) ([]byte, error) {
	if err := e.Validate(); err != nil {
		return dst, fmt.Errorf("write event: %w", err)
	}
	var ev []byte
	for _, t := range []struct {
		num uint64
		s   Text
	}{
		{evType, e.Type},
		{evAccess, e.Access},
		{evQoS, e.QoS},
		{evOpex, e.Opex},
		{evUID, e.UID},
	} {
		ev = appendField(ev, t.num, t.s)
	}
	for i, t := range []time.Time{e.Time, e.Start, e.Stale} {
		ev = appendVarint(ev, evSend+uint64(i), uint64(t.UnixMilli()))
	}
	ev = appendField(ev, evHow, e.How)
	if e.Has&HasPosition != 0 {
		ev = appendDouble(ev, evLat, e.Position.LatDeg)
		ev = appendDouble(ev, evLon, e.Position.LonDeg)
	}
	for _, v := range []struct {
		num uint64
		has Has
		x   geo.Metres
	}{{evHAE, HasHeight, e.Height}, {evCE, HasCE, e.CE}, {evLE, HasLE, e.LE}} {
		x := protoUnknown
		if e.Has&v.has != 0 {
			x = float64(v.x)
		}
		ev = appendDouble(ev, v.num, x)
	}
	ev = appendBytes(ev, evDetail, e.detailProto())
	ev = appendField(ev, evCaveat, e.Caveat)
	ev = appendField(ev, evReleasable, e.ReleasableTo)
	if len(ev)+8 > MaxEvent {
		return dst, fmt.Errorf("write event: %w", ErrTooLong)
	}
	return appendBytes(dst, takEvent, ev), nil
}

func (e *Event) detailProto() []byte {
	var d []byte
	xml := e.Detail
	if e.Has&(HasCourse|HasSpeed) != 0 && e.Has&(HasCourse|HasSpeed) != HasCourse|HasSpeed { // a track message can't leave one out
		w := writer{}
		w.element("track", "course", e.or(HasCourse, float64(e.Course)), "speed", e.or(HasSpeed, e.SpeedMS))
		xml = append(xml[:len(xml):len(xml)], w.b...)
	}
	d = appendField(d, detXML, xml)
	small := func(num uint64, list ...Text) {
		var m []byte
		for i, s := range list {
			m = appendField(m, uint64(i)+1, s)
		}
		if len(m) > 0 {
			d = appendBytes(d, num, m)
		}
	}
	small(detContact, e.Endpoint, e.Callsign)
	small(detGroup, e.Group, e.Role)
	small(detPrecision, e.GeoSource, e.AltSource)
	if e.Has&HasBattery != 0 {
		d = appendBytes(d, detStatus, appendVarint(nil, 1, uint64(e.Battery)))
	}
	small(detTakv, e.Device, e.Platform, e.OS, e.Version)
	if e.Has&HasCourse != 0 && e.Has&HasSpeed != 0 {
		d = appendBytes(d, detTrack, appendDouble(appendDouble(nil, 1, e.SpeedMS), 2, float64(e.Course)))
	}
	return d
}

func appendVarint(b []byte, num, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, num<<3|wireVarint), v)
}

func appendBytes(b []byte, num uint64, v []byte) []byte {
	b = binary.AppendUvarint(b, num<<3|wireBytes)
	return append(binary.AppendUvarint(b, uint64(len(v))), v...)
}

func appendField(b []byte, num uint64, t Text) []byte {
	if len(t) == 0 {
		return b
	}
	return appendBytes(b, num, t)
}

func appendDouble(b []byte, num uint64, x float64) []byte {
	b = binary.AppendUvarint(b, num<<3|wireFixed64)
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
}
