// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package remoteid

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// epoch is where the times of system and authentication messages count from.
var epoch = time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)

// Values that say that something is unknown, F3411-22a Tables 7 and 11.
const (
	unknownTrack    = 361
	unknownSpeed    = 255
	unknownVertical = 126 // 63 m/s
	unknownHeight   = 0   // -1000 m
	unknownTime     = 0xFFFF
	tenthsInHour    = 36000
	lastAuthPage    = 15
)

// location reads 5.4.5.8.
func (m *Message) location(b []byte) error {
	m.Status, m.AboveGround = Status(b[1]>>4), b[1]&0x04 != 0
	track := int(b[2])
	if b[1]&0x02 != 0 {
		track += 180
	}
	switch {
	case track < 360:
		m.Track, m.Has = geo.Degrees(track), m.Has|HasTrack
	case track != unknownTrack && track != 360:
		return ErrValue
	}
	switch {
	case b[3] == unknownSpeed && b[1]&0x01 != 0:
	case b[1]&0x01 != 0:
		m.SpeedMS, m.Has = float64(b[3])*0.75+255*0.25, m.Has|HasSpeed
	default:
		m.SpeedMS, m.Has = float64(b[3])*0.25, m.Has|HasSpeed
	}
	if v := int8(b[4]); v != unknownVertical {
		m.VerticalMS, m.Has = float64(v)*0.5, m.Has|HasVerticalSpeed
	}
	m.LatRaw, m.LonRaw = signed(b[5:]), signed(b[9:])
	if !m.position(m.LatRaw, m.LonRaw, &m.Position, HasPosition) {
		return ErrValue
	}
	m.height(b[13:], &m.PressureAltitude, HasPressureAltitude)
	m.height(b[15:], &m.GeodeticAltitude, HasGeodeticAltitude)
	m.height(b[17:], &m.Height, HasHeight)
	m.VerticalCode, m.HorizontalCode = b[19]>>4, b[19]&0xF
	m.PressureCode, m.SpeedCode = b[20]>>4, b[20]&0xF
	switch t := binary.LittleEndian.Uint16(b[21:]); {
	case t <= tenthsInHour:
		m.TimeInHour, m.Has = time.Duration(t)*100*time.Millisecond, m.Has|HasTimeInHour
	case t != unknownTime:
		return ErrValue
	}
	m.TimeCode = b[23] & 0xF
	return nil
}

func signed(b []byte) int32 { return int32(binary.LittleEndian.Uint32(b)) }

// position takes a place in 1e-7 degree. Zero and zero is unknown; it reports
// false for one that is not on the Earth.
func (m *Message) position(lat, lon int32, p *geo.Point, h Has) bool {
	if lat == 0 && lon == 0 {
		return true
	}
	at := geo.Point{LatDeg: float64(lat) / 1e7, LonDeg: float64(lon) / 1e7}
	if !at.Valid() {
		return false
	}
	*p, m.Has = at, m.Has|h
	return true
}

// height takes a height in half metres above -1000 m.
func (m *Message) height(b []byte, dst *geo.Metres, h Has) {
	if raw := binary.LittleEndian.Uint16(b); raw != unknownHeight {
		*dst, m.Has = geo.Metres(raw)*0.5-1000, m.Has|h
	}
}

// auth reads one page, 5.4.5.12.
func (m *Message) auth(b []byte) error {
	a := &m.Auth
	a.Type, a.Page = b[1]>>4, b[1]&0xF
	if a.Page != 0 {
		a.Octets = uint8(copy(a.Data[:], b[2:]))
		return nil
	}
	if b[2] > lastAuthPage {
		return ErrValue
	}
	a.LastPage, a.Length = b[2], b[3]
	a.Time = epoch.Add(time.Duration(binary.LittleEndian.Uint32(b[4:])) * time.Second)
	a.Octets = uint8(copy(a.Data[:], b[8:]))
	return nil
}

// system reads 5.4.5.19.
func (m *Message) system(b []byte) error {
	m.OperatorPlace, m.Classification = b[1]&0x3, b[1]>>2&0x7
	m.OperatorLatRaw, m.OperatorLonRaw = signed(b[2:]), signed(b[6:])
	if !m.position(m.OperatorLatRaw, m.OperatorLonRaw, &m.OperatorPosition, HasOperatorPosition) {
		return ErrValue
	}
	m.Count, m.Radius = binary.LittleEndian.Uint16(b[10:]), geo.Metres(b[12])*10
	m.height(b[13:], &m.Ceiling, HasCeiling)
	m.height(b[15:], &m.Floor, HasFloor)
	m.CategoryEU, m.ClassEU = b[17]>>4, b[17]&0xF
	m.height(b[18:], &m.OperatorAltitude, HasOperatorAltitude)
	if s := binary.LittleEndian.Uint32(b[20:]); s != 0 {
		m.SystemTime, m.Has = epoch.Add(time.Duration(s)*time.Second), m.Has|HasSystemTime
	}
	return nil
}

// Encode appends m as 25 octets to dst. Values between two steps go to the
// nearer one. It refuses what a message can't hold.
func Encode(dst []byte, m *Message) ([]byte, error) { return encode(dst, m, false) }

// encode is Encode. With asHeard it also writes what may be received but not
// sent.
func encode(dst []byte, m *Message, asHeard bool) ([]byte, error) {
	var b [Size]byte
	b[0] = uint8(m.Type)<<4 | m.Version&0xF
	e := encoder{b: &b, m: m, fastest: fastestClimb}
	if asHeard {
		e.fastest = math.MaxInt8 + 1
	}
	switch m.Type {
	case TypeBasicID:
		b[1] = e.nibbles(m.IDType, m.UAType)
		e.text(2, 20, m.ID)
	case TypeLocation:
		e.location()
	case TypeAuth:
		e.auth()
	case TypeSelfID:
		b[1] = m.TextType
		e.text(2, 23, m.Description)
	case TypeSystem:
		e.system()
	case TypeOperatorID:
		b[1] = m.OperatorIDType
		e.text(2, 20, m.OperatorID)
	default:
		return dst, fmt.Errorf("encode %s: %w", m.Type, ErrReserved)
	}
	if e.bad != "" {
		return dst, fmt.Errorf("encode %s: %s: %w", m.Type, e.bad, ErrValue)
	}
	return append(dst, b[:]...), nil
}

// EncodePack appends a pack of messages to dst.
func EncodePack(dst []byte, list []Message) ([]byte, error) {
	if len(list) == 0 || len(list) > MaxPack {
		return dst, fmt.Errorf("encode pack of %d: %w", len(list), ErrLength)
	}
	out := append(dst, uint8(TypePack)<<4|list[0].Version&0xF, Size, uint8(len(list)))
	var err error
	for i := range list {
		if out, err = Encode(out, &list[i]); err != nil {
			return dst, err
		}
	}
	return out, nil
}

// encoder writes the fields of one message and remembers the first that does
// not fit.
type encoder struct {
	b   *[Size]byte
	m   *Message
	bad string

	fastest int // climb or descent, in half metres a second
}

// fastestClimb is 62 m/s (5.4.5.8).
const fastestClimb = 124

func (e *encoder) refuse(field string) {
	if e.bad == "" {
		e.bad = field
	}
}

func (e *encoder) nibbles(high, low uint8) uint8 {
	if high > 0xF || low > 0xF {
		e.refuse("code")
	}
	return high<<4 | low&0xF
}

func (e *encoder) text(at, n int, t Text) {
	if int(t.n) > n {
		e.refuse("text")
	}
	copy(e.b[at:at+n], t.Bytes())
}

// steps returns x in steps, and refuses one outside lo to hi.
func (e *encoder) steps(field string, x, step float64, lo, hi int) int {
	n := math.Round(x / step)
	if !(n >= float64(lo) && n <= float64(hi)) {
		e.refuse(field)
		return lo
	}
	return int(n)
}

func (e *encoder) height(field string, at int, v geo.Metres, h Has) {
	raw := unknownHeight
	if e.m.Has&h != 0 {
		raw = e.steps(field, float64(v)+1000, 0.5, 1, math.MaxUint16)
	}
	binary.LittleEndian.PutUint16(e.b[at:], uint16(raw))
}

func (e *encoder) position(at int, p geo.Point, h Has) {
	if e.m.Has&h == 0 {
		return
	}
	if !p.Valid() {
		e.refuse("position")
		return
	}
	binary.LittleEndian.PutUint32(e.b[at:], uint32(int32(math.Round(p.LatDeg*1e7))))
	binary.LittleEndian.PutUint32(e.b[at+4:], uint32(int32(math.Round(p.LonDeg*1e7))))
}

func (e *encoder) location() {
	m, b := e.m, e.b
	b[1] = e.nibbles(uint8(m.Status), 0)
	if m.AboveGround {
		b[1] |= 0x04
	}
	track := unknownTrack
	if m.Has&HasTrack != 0 {
		track = e.steps("track", float64(m.Track), 1, 0, 360) % 360
	}
	if track >= 180 {
		b[1] |= 0x02
		track -= 180
	}
	b[2] = uint8(track)
	e.speed()
	b[4] = unknownVertical
	if m.Has&HasVerticalSpeed != 0 {
		b[4] = uint8(int8(e.steps("vertical speed", m.VerticalMS, 0.5, -e.fastest, min(e.fastest, math.MaxInt8))))
	}
	e.position(5, m.Position, HasPosition)
	e.height("pressure altitude", 13, m.PressureAltitude, HasPressureAltitude)
	e.height("geodetic altitude", 15, m.GeodeticAltitude, HasGeodeticAltitude)
	e.height("height", 17, m.Height, HasHeight)
	b[19], b[20] = e.nibbles(m.VerticalCode, m.HorizontalCode), e.nibbles(m.PressureCode, m.SpeedCode)
	t := unknownTime
	if m.Has&HasTimeInHour != 0 {
		t = e.steps("time", m.TimeInHour.Seconds(), 0.1, 0, tenthsInHour)
	}
	binary.LittleEndian.PutUint16(b[21:], uint16(t))
	b[23] = e.nibbles(0, m.TimeCode)
}

// speed has a fine scale below 63.75 m/s and a coarse one above.
func (e *encoder) speed() {
	const coarseFrom = 255 * 0.25
	m, b := e.m, e.b
	switch {
	case m.Has&HasSpeed == 0:
		b[1] |= 0x01
		b[3] = unknownSpeed
	case m.SpeedMS <= coarseFrom:
		b[3] = uint8(e.steps("speed", m.SpeedMS, 0.25, 0, 255))
	default:
		b[1] |= 0x01
		b[3] = uint8(e.steps("speed", m.SpeedMS-coarseFrom, 0.75, 0, 254))
	}
}

func (e *encoder) auth() {
	a, b := &e.m.Auth, e.b
	b[1] = e.nibbles(a.Type, a.Page)
	if a.Page != 0 {
		copy(b[2:], a.Data[:])
		return
	}
	if a.LastPage > lastAuthPage {
		e.refuse("last page")
	}
	b[2], b[3] = a.LastPage, a.Length
	e.seconds(4, a.Time)
	copy(b[8:], a.Data[:17])
}

func (e *encoder) seconds(at int, t time.Time) {
	s := t.Sub(epoch) / time.Second
	if s < 0 || s > math.MaxUint32 {
		e.refuse("time")
		return
	}
	binary.LittleEndian.PutUint32(e.b[at:], uint32(s))
}

func (e *encoder) system() {
	m, b := e.m, e.b
	if m.OperatorPlace > 3 || m.Classification > 7 {
		e.refuse("code")
	}
	b[1] = m.Classification<<2 | m.OperatorPlace&0x3
	e.position(2, m.OperatorPosition, HasOperatorPosition)
	binary.LittleEndian.PutUint16(b[10:], m.Count)
	b[12] = uint8(e.steps("radius", float64(m.Radius), 10, 0, 255))
	e.height("ceiling", 13, m.Ceiling, HasCeiling)
	e.height("floor", 15, m.Floor, HasFloor)
	b[17] = e.nibbles(m.CategoryEU, m.ClassEU)
	e.height("operator altitude", 18, m.OperatorAltitude, HasOperatorAltitude)
	if m.Has&HasSystemTime != 0 {
		e.seconds(20, m.SystemTime)
	}
}
