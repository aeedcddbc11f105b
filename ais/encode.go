// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package ais

import (
	"fmt"
	"math"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// EncodePosition appends the armoured payload of a position report of class A
// (types 1 to 3) or class B (type 18) to dst, and returns it with its number
// of fill bits. It is for simulators and tests; fields that are not known are
// sent as not available. Decode gives back the same message, to the
// resolution of the format.
func EncodePosition(dst []byte, m *Message) (payload []byte, fill int, err error) {
	switch m.Type {
	case 1, 2, 3, 18:
		return Encode(dst, m)
	default:
		return nil, 0, fmt.Errorf("encode AIS position: type %d: %w", m.Type, ErrUnsupported)
	}
}

// EncodeStatic5 appends the armoured payload of a type 5 message (static and
// voyage data of class A) to dst, whatever m.Type says.
func EncodeStatic5(dst []byte, m *Message) (payload []byte, fill int, err error) {
	c := *m
	c.Type = 5
	return Encode(dst, &c)
}

// EncodeStatic24 returns the armoured payloads of both parts of a type 24
// message (static data of class B), whatever m.Type says. Both have no fill
// bits but those returned.
func EncodeStatic24(m *Message) (partA []byte, fillA int, partB []byte, fillB int, err error) {
	c := *m
	c.Type, c.Part = 24, PartA
	if partA, fillA, err = Encode(nil, &c); err != nil {
		return nil, 0, nil, 0, err
	}
	c.Part = PartB
	if partB, fillB, err = Encode(nil, &c); err != nil {
		return nil, 0, nil, 0, err
	}
	return partA, fillA, partB, fillB, nil
}

// Encode appends the armoured payload of a message of any type that Decode
// reads to dst. It refuses a field that does not fit.
func Encode(dst []byte, m *Message) (payload []byte, fill int, err error) {
	if shortest(m.Type) == 0 {
		return nil, 0, fmt.Errorf("encode AIS message type %d: %w", m.Type, ErrUnsupported)
	}
	e := encoder{m: m, w: writer{dst: dst}}
	e.put("type", uint64(m.Type), 6)
	e.put("repeat", uint64(m.Repeat), 2)
	e.put("MMSI", uint64(m.MMSI), 30)
	switch m.Type {
	case 1, 2, 3:
		e.classA()
	case 4, 11:
		e.base()
	case 5:
		e.static5()
	case 9:
		e.sar()
	case 18:
		e.classB()
		e.w.put(0, 2)
		e.w.put(0b101110, 6) // as of a common unit: carrier sense, DSC, whole band, message 22
		e.w.putBool(m.RAIM)
		e.w.put(1<<19|0x60006, 20) // M.1371-5 Annex 7: state of a carrier-sense unit
	case 19:
		e.classBExtended()
	case 21:
		e.aton()
	case 24:
		e.static24()
	case 27:
		e.longRange()
	}
	if e.err != nil {
		return nil, 0, fmt.Errorf("encode AIS message type %d: %w", m.Type, e.err)
	}
	payload, fill = e.w.finish()
	return payload, fill, nil
}

// encoder keeps the first error, so that the layouts below read as in the
// standard.
type encoder struct {
	m   *Message
	w   writer
	err error
}

func (e *encoder) put(field string, v uint64, width int) {
	if v >= 1<<width && e.err == nil {
		e.err = fmt.Errorf("%s %d does not fit into %d bits", field, v, width)
	}
	e.w.put(uint32(v), width)
}

// opt puts v where the field is known and else the code for unknown.
func (e *encoder) opt(h Has, field string, v, unknown uint64, width int) {
	if !e.m.Known(h) {
		v = unknown
	}
	e.put(field, v, width)
}

// scaled puts v*scale rounded, in [0, limit).
func (e *encoder) scaled(h Has, field string, v, scale float64, limit, unknown uint64, width int) {
	if !e.m.Known(h) {
		e.w.put(uint32(unknown), width)
		return
	}
	r := math.Round(v * scale)
	if !(r >= 0 && r < float64(limit)) { // also not a number
		if e.err == nil {
			e.err = fmt.Errorf("%s %v out of range", field, v)
		}
		return
	}
	e.w.put(uint32(r), width)
}

// angle puts an angle as a fraction of the circle of n steps.
func (e *encoder) angle(h Has, field string, a geo.Degrees, n, unknown uint64, width int) {
	v := float64(a.Norm360())
	if math.Round(v*float64(n)/360) == float64(n) {
		v = 0 // rounded up to north
	}
	e.scaled(h, field, v, float64(n)/360, n, unknown, width)
}

func (e *encoder) position() {
	lat, lon := int32(latUnknown), int32(lonUnknown)
	if e.m.Known(HasPosition) {
		lat, lon = e.raw(600_000)
	}
	e.w.put(uint32(lon), 28)
	e.w.put(uint32(lat), 27)
}

func (e *encoder) raw(perDegree float64) (lat, lon int32) {
	p := e.m.Position
	if !p.Valid() {
		if e.err == nil {
			e.err = fmt.Errorf("position out of range")
		}
		return 0, 0
	}
	return int32(math.Round(p.LatDeg * perDegree)), int32(math.Round(p.LonDeg * perDegree))
}

func (e *encoder) second() { e.w.put(e.secondCode(), 6) }

func (e *encoder) secondCode() uint32 {
	switch {
	case e.m.Known(HasSecond) && e.m.Second < 60:
		return uint32(e.m.Second)
	case e.m.Known(HasSecond):
		if e.err == nil {
			e.err = fmt.Errorf("second %d out of range", e.m.Second)
		}
	case e.m.Fix >= FixManual && e.m.Fix <= FixInoperative:
		return 61 + uint32(e.m.Fix-FixManual)
	}
	return 60
}

func (e *encoder) navStatus() {
	e.opt(HasNavStatus, "navigational status", uint64(e.m.NavStatus), navStatusUndefined, 4)
}

// sog puts tenths of a knot; more than can be said is said as the most.
func (e *encoder) sog() {
	e.scaled(HasSOG, "speed", math.Min(float64(e.m.SOG), float64(MaxSOG)), 10, sogUnknown, sogUnknown, 10)
}

func (e *encoder) text(h Has, t Text, n int) {
	if !e.m.Known(h) {
		t = Text{}
	}
	if int(t.n) > n && e.err == nil {
		e.err = fmt.Errorf("text of %d characters, at most %d", t.n, n)
	}
	for _, c := range t.raw[:n] {
		e.w.put(uint32(c)&63, 6) // the zero bytes behind the end are '@'
	}
}

func (e *encoder) dimensions() {
	d := e.m.Dimensions
	e.opt(HasDimensions, "bow", uint64(d.Bow), 0, 9)
	e.opt(HasDimensions, "stern", uint64(d.Stern), 0, 9)
	e.opt(HasDimensions, "port", uint64(d.Port), 0, 6)
	e.opt(HasDimensions, "starboard", uint64(d.Starboard), 0, 6)
}

func (e *encoder) epfd() { e.opt(HasEPFD, "position-fixing device", uint64(e.m.EPFD), 0, 4) }

func (e *encoder) classA() {
	m := e.m
	e.navStatus()
	rot := m.ROT
	if !m.Known(HasROT) {
		rot = rotUnknown
	}
	e.w.put(uint32(uint8(rot)), 8)
	e.sog()
	e.w.putBool(m.Accuracy)
	e.position()
	e.angle(HasCOG, "course", m.COG, 3600, cogUnknown, 12)
	e.angle(HasHeading, "heading", m.Heading, 360, headingUnknown, 9)
	e.second()
	e.w.put(0, 2+3) // no special manoeuvre, spare
	e.w.putBool(m.RAIM)
	e.w.put(0, 19) // communication state
}

func (e *encoder) base() {
	m := e.m
	year, month, day, hour, minute, sec := 0, 0, 0, 24, 60, int(e.secondCode())
	if m.Known(HasUTC) {
		t := m.UTC.UTC()
		year, month, day = t.Year(), int(t.Month()), t.Day()
		hour, minute, sec = t.Hour(), t.Minute(), t.Second()
	}
	if year < 0 || year > 9999 {
		e.err = fmt.Errorf("year %d out of range", year)
		return
	}
	e.put("year", uint64(year), 14)
	e.put("month", uint64(month), 4)
	e.put("day", uint64(day), 5)
	e.put("hour", uint64(hour), 5)
	e.put("minute", uint64(minute), 6)
	e.put("second", uint64(sec), 6)
	e.w.putBool(m.Accuracy)
	e.position()
	e.epfd()
	e.w.put(0, 10)
	e.w.putBool(m.RAIM)
	e.w.put(0, 19)
}

func (e *encoder) static5() {
	m := e.m
	e.w.put(2, 2) // station complies with M.1371-5
	e.opt(HasIMO, "IMO number", uint64(m.IMO), 0, 30)
	e.text(HasCallsign, m.Callsign, 7)
	e.text(HasName, m.Name, 20)
	e.opt(HasShipType, "ship type", uint64(m.ShipType), 0, 8)
	e.dimensions()
	e.epfd()
	e.opt(HasETADate, "month", uint64(m.ETA.Month), 0, 4)
	e.opt(HasETADate, "day", uint64(m.ETA.Day), 0, 5)
	e.opt(HasETATime, "hour", uint64(m.ETA.Hour), 24, 5)
	e.opt(HasETATime, "minute", uint64(m.ETA.Minute), 60, 6)
	e.scaled(HasDraught, "draught", float64(m.Draught), 10, 256, 0, 8)
	e.text(HasDestination, m.Destination, 20)
	e.w.put(0, 2) // terminal ready, spare
}

func (e *encoder) sar() {
	m := e.m
	e.scaled(HasAltitude, "altitude", math.Min(float64(m.Altitude), 4094), 1, altitudeUnknown, altitudeUnknown, 12)
	e.scaled(HasSOG, "speed", math.Min(float64(m.SOG), 1022), 1, sogUnknown, sogUnknown, 10)
	e.w.putBool(m.Accuracy)
	e.position()
	e.angle(HasCOG, "course", m.COG, 3600, cogUnknown, 12)
	e.second()
	e.w.put(0, 8)      // altitude by GNSS, spare
	e.w.put(0b1000, 4) // no terminal, spare
	e.w.put(0, 1)
	e.w.putBool(m.RAIM)
	e.w.put(0, 20)
}

// classB writes what types 18 and 19 have in common.
func (e *encoder) classB() {
	m := e.m
	e.w.put(0, 8)
	e.sog()
	e.w.putBool(m.Accuracy)
	e.position()
	e.angle(HasCOG, "course", m.COG, 3600, cogUnknown, 12)
	e.angle(HasHeading, "heading", m.Heading, 360, headingUnknown, 9)
	e.second()
}

func (e *encoder) classBExtended() {
	m := e.m
	e.classB()
	e.w.put(0, 4)
	e.text(HasName, m.Name, 20)
	e.opt(HasShipType, "ship type", uint64(m.ShipType), 0, 8)
	e.dimensions()
	e.epfd()
	e.w.putBool(m.RAIM)
	e.w.put(0b10_0000, 6) // no terminal, autonomous, spare
}

func (e *encoder) aton() {
	m := e.m
	name, extension := m.Name, Text{}
	if name.n > 20 {
		extension.n = uint8(copy(extension.raw[:], name.raw[20:name.n]))
		name.n = 20
	}
	e.opt(HasAtoN, "kind of aid", uint64(m.AtoN.Type), 0, 5)
	e.text(HasName, name, 20)
	e.w.putBool(m.Accuracy)
	e.position()
	e.dimensions()
	e.epfd()
	e.second()
	e.w.putBool(m.AtoN.OffPosition)
	e.w.put(0, 8)
	e.w.putBool(m.RAIM)
	e.w.putBool(m.AtoN.Virtual)
	e.w.put(0, 2)
	if m.Known(HasName) {
		e.text(HasName, extension, int(extension.n))
	}
}

func (e *encoder) static24() {
	m := e.m
	if m.Part == PartA {
		e.w.put(0, 2)
		e.text(HasName, m.Name, 20)
		return
	}
	if m.Part != PartB {
		e.err = fmt.Errorf("part %d: %w", m.Part, ErrUnsupported)
		return
	}
	e.w.put(1, 2)
	e.opt(HasShipType, "ship type", uint64(m.ShipType), 0, 8)
	e.text(HasVendor, m.Vendor, 3)
	e.w.put(0, 24) // model and serial number
	e.text(HasCallsign, m.Callsign, 7)
	if m.MMSI/10_000_000 == 98 {
		e.opt(HasMotherShip, "MMSI of the mother ship", uint64(m.MotherShip), 0, 30)
	} else {
		e.dimensions()
	}
	e.epfd()
	e.w.put(0, 2)
}

func (e *encoder) longRange() {
	m := e.m
	e.w.putBool(m.Accuracy)
	e.w.putBool(m.RAIM)
	e.navStatus()
	lat, lon := int32(91*600), int32(181*600)
	if m.Known(HasPosition) {
		lat, lon = e.raw(600)
	}
	e.w.put(uint32(lon), 18)
	e.w.put(uint32(lat), 17)
	e.scaled(HasSOG, "speed", math.Min(float64(m.SOG), 62), 1, 63, 63, 6)
	e.angle(HasCOG, "course", m.COG, 360, 511, 9)
	e.w.putBool(m.Latency)
	e.w.put(0, 1)
}
