// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package remoteid

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// The MAVLink 2 messages that carry remote identification (common.xml of the
// MAVLink project): number, CRC seed, length.
const (
	mavBasicID    = 12900
	mavLocation   = 12901
	mavAuth       = 12902
	mavSelfID     = 12903
	mavSystem     = 12904
	mavOperatorID = 12905
	mavPack       = 12915
)

// mavKind is how a message looks on the wire: the seed of its checksum, its
// length, and where the sender's address stands in it.
type mavKind struct {
	seed       uint8
	size       int
	address    int
	read       func(m *Message, p []byte)
	readsThere int // where the part of read begins
}

var mavKinds = map[uint32]mavKind{
	mavBasicID:    {114, 44, 2, (*Message).mavBasic, 22},
	mavLocation:   {254, 59, 32, (*Message).mavLocation, 0},
	mavAuth:       {140, 53, 6, (*Message).mavAuth, 0},
	mavSelfID:     {249, 46, 2, (*Message).mavSelf, 22},
	mavSystem:     {77, 54, 30, (*Message).mavSystem, 0},
	mavOperatorID: {49, 43, 2, (*Message).mavOperator, 22},
	mavPack:       {94, 249, 2, nil, 22},
}

const (
	mavMagic    = 0xFD
	mavHeader   = 10
	mavChecksum = 2
	mavSigned   = 0x01
	mavTail     = 13 // of a signed frame
	mavVersion  = 2  // the messages are those of F3411-22a
)

// MAVLink reads MAVLink 2 frames out of a stream or a datagram. It keeps at
// most one frame that is cut.
type MAVLink struct {
	rest []byte
	// Garbage counts octets that belong to no frame, Failed frames whose
	// checksum is wrong. Frames of other messages are passed over silently.
	Garbage, Failed uint64
}

// Feed takes octets as they came and calls fn for each whole OPEN_DRONE_ID
// frame with the address that it names (the frame's system number where it
// names none) and its messages; err is the first error among them.
func (r *MAVLink) Feed(b []byte, fn func(transmitter string, list []Message, err error)) {
	data := append(r.rest, b...)
	for len(data) > 0 {
		n, ok := mavFrame(data)
		switch {
		case !ok && n == 0: // cut
			r.rest = append(r.rest[:0:0], data...)
			return
		case !ok:
			r.Garbage += uint64(n)
		default:
			r.take(data[:n], fn)
		}
		data = data[n:]
	}
	r.rest = r.rest[:0]
}

// mavFrame returns the length of the frame at the start of data: 0, false
// where it is cut, and how much to pass over, false, where there is none.
func mavFrame(data []byte) (n int, ok bool) {
	for n < len(data) && data[n] != mavMagic {
		n++
	}
	if n > 0 {
		return n, false
	}
	if len(data) < mavHeader {
		return 0, false
	}
	if data[2]&^mavSigned != 0 { // what a reader does not know it must not read
		return 1, false
	}
	n = mavHeader + int(data[1]) + mavChecksum
	if data[2]&mavSigned != 0 {
		n += mavTail
	}
	if len(data) < n {
		return 0, false
	}
	return n, true
}

func (r *MAVLink) take(f []byte, fn func(string, []Message, error)) {
	id := uint32(f[7]) | uint32(f[8])<<8 | uint32(f[9])<<16
	k, ok := mavKinds[id]
	if !ok {
		return
	}
	payload := f[mavHeader : mavHeader+int(f[1])]
	sum := checksum(f[1:mavHeader+len(payload)], k.seed)
	if sum != binary.LittleEndian.Uint16(f[mavHeader+len(payload):]) || len(payload) > k.size {
		r.Failed++
		return
	}
	var whole [256]byte // trailing zeros are cut on the wire
	copy(whole[:], payload)
	p := whole[:k.size]
	var list [MaxPack]Message
	n, err := 1, error(nil)
	if k.read == nil {
		n, err = mavMessages(p[k.readsThere:], &list)
	} else {
		list[0].Version = mavVersion
		k.read(&list[0], p[k.readsThere:])
		if err = list[0].sound(); err != nil {
			n = 0
		}
	}
	fn(mavAddress(p[k.address:k.address+20], f[5]), list[:n], err)
}

// mavAddress returns the radio address that a message quotes, or the sending
// system's number where it quotes none.
func mavAddress(b []byte, system uint8) string {
	if a := b[:6]; [6]byte(a) != [6]byte{} {
		return hex.EncodeToString(a)
	}
	return fmt.Sprintf("%012x", system)
}

func mavMessages(p []byte, list *[MaxPack]Message) (int, error) {
	if p[0] != Size || p[1] == 0 || p[1] > MaxPack {
		return 0, ErrLength
	}
	pack := append([]byte{uint8(TypePack)<<4 | mavVersion, Size, p[1]}, p[2:2+Size*int(p[1])]...)
	return DecodeAll(pack, list)
}

// checksum is CRC-16/MCRF4XX over the frame and the message's seed.
func checksum(b []byte, seed uint8) uint16 {
	crc := uint16(0xFFFF)
	add := func(c uint8) {
		t := c ^ uint8(crc)
		t ^= t << 4
		crc = crc>>8 ^ uint16(t)<<8 ^ uint16(t)<<3 ^ uint16(t)>>4
	}
	for _, c := range b {
		add(c)
	}
	add(seed)
	return crc
}

func float(b []byte) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))) }

func (m *Message) mavBasic(p []byte) {
	m.Type, m.IDType, m.UAType, m.ID = TypeBasicID, p[0], p[1], textOf(p[2:22])
}

func (m *Message) mavSelf(p []byte) {
	m.Type, m.TextType, m.Description = TypeSelfID, p[0], textOf(p[1:24])
}

func (m *Message) mavOperator(p []byte) {
	m.Type, m.OperatorIDType, m.OperatorID = TypeOperatorID, p[0], textOf(p[1:21])
}

// Values that say that something is unknown in MAVLink.
const (
	mavNoTrack    = 36100 // hundredths of a degree
	mavNoSpeed    = 25500 // centimetres a second
	mavNoVertical = 6300
	mavNoHeight   = -1000 // metres
)

func (m *Message) mavLocation(p []byte) {
	m.Type, m.Status, m.AboveGround = TypeLocation, Status(p[52]), p[53] == 1
	m.LatRaw, m.LonRaw = signed(p[0:]), signed(p[4:])
	m.mavPlace(m.LatRaw, m.LonRaw, &m.Position, HasPosition)
	m.mavHeight(p[8:], &m.PressureAltitude, HasPressureAltitude)
	m.mavHeight(p[12:], &m.GeodeticAltitude, HasGeodeticAltitude)
	m.mavHeight(p[16:], &m.Height, HasHeight)
	if t := float(p[20:]); t >= 0 && t <= 3600 {
		m.TimeInHour, m.Has = time.Duration(math.Round(t*10))*100*time.Millisecond, m.Has|HasTimeInHour
	}
	if v := binary.LittleEndian.Uint16(p[24:]); v < mavNoTrack && v < 36000 {
		m.Track, m.Has = geo.Degrees(v)/100, m.Has|HasTrack
	}
	if v := binary.LittleEndian.Uint16(p[26:]); v != mavNoSpeed {
		m.SpeedMS, m.Has = float64(v)/100, m.Has|HasSpeed
	}
	if v := int16(binary.LittleEndian.Uint16(p[28:])); v != mavNoVertical {
		m.VerticalMS, m.Has = float64(v)/100, m.Has|HasVerticalSpeed
	}
	m.HorizontalCode, m.VerticalCode, m.PressureCode, m.SpeedCode, m.TimeCode = p[54], p[55], p[56], p[57], p[58]
}

// mavPlace takes a position; one that is not on the Earth stays in its raw
// fields for sound to refuse.
func (m *Message) mavPlace(lat, lon int32, p *geo.Point, h Has) { _ = m.position(lat, lon, p, h) }

func (m *Message) mavHeight(b []byte, dst *geo.Metres, h Has) {
	if v := float(b); v > mavNoHeight && v <= math.MaxUint16*0.5-1000 {
		*dst, m.Has = geo.Metres(v), m.Has|h
	}
}

func (m *Message) mavAuth(p []byte) {
	a := &m.Auth
	m.Type, a.Type, a.Page = TypeAuth, p[26], p[27]
	if a.Page != 0 {
		a.Octets = uint8(copy(a.Data[:], p[30:53]))
		return
	}
	a.LastPage, a.Length = p[28], p[29]
	a.Time = epoch.Add(time.Duration(binary.LittleEndian.Uint32(p)) * time.Second)
	a.Octets = uint8(copy(a.Data[:17], p[30:53]))
}

func (m *Message) mavSystem(p []byte) {
	m.Type, m.OperatorPlace, m.Classification = TypeSystem, p[50], p[51]
	m.OperatorLatRaw, m.OperatorLonRaw = signed(p[0:]), signed(p[4:])
	m.mavPlace(m.OperatorLatRaw, m.OperatorLonRaw, &m.OperatorPosition, HasOperatorPosition)
	m.mavHeight(p[8:], &m.Ceiling, HasCeiling)
	m.mavHeight(p[12:], &m.Floor, HasFloor)
	m.mavHeight(p[16:], &m.OperatorAltitude, HasOperatorAltitude)
	if s := binary.LittleEndian.Uint32(p[20:]); s != 0 {
		m.SystemTime, m.Has = epoch.Add(time.Duration(s)*time.Second), m.Has|HasSystemTime
	}
	m.Count, m.Radius = binary.LittleEndian.Uint16(p[24:]), geo.Metres(binary.LittleEndian.Uint16(p[26:]))
	m.CategoryEU, m.ClassEU = p[52], p[53]
}

// sound refuses what the 25 octets could not say.
func (m *Message) sound() error {
	for _, p := range []struct {
		lat, lon int32
		has      Has
	}{{m.LatRaw, m.LonRaw, HasPosition}, {m.OperatorLatRaw, m.OperatorLonRaw, HasOperatorPosition}} {
		if (p.lat != 0 || p.lon != 0) && m.Has&p.has == 0 {
			return ErrValue
		}
	}
	for _, code := range []uint8{m.IDType, m.UAType, uint8(m.Status), m.HorizontalCode, m.VerticalCode, m.PressureCode, m.SpeedCode, m.TimeCode, m.Auth.Type, m.Auth.Page, m.Auth.LastPage, m.CategoryEU, m.ClassEU} {
		if code > 0xF {
			return ErrValue
		}
	}
	if m.OperatorPlace > 3 || m.Classification > 7 {
		return ErrValue
	}
	return nil
}
