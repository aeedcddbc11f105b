// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package sbs reads and writes the lines of decoded messages that BaseStation
// began with and most receivers offer (by convention on TCP port 30003): 22
// fields with commas, empty where unknown.
//
// A line does not say whether its position is the aircraft's own word, computed
// by multilateration or of a ground station, nor how good it is, and its times
// have no zone. So it is the least of the ways to get Mode S; see modes/beast.
// The package reads no port, file or clock.
package sbs

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// MaxLine is the longest line that is read, in octets.
const MaxLine = 512

// ErrOther marks an empty line, and one about the producer's own affairs: SEL,
// ID, AIR, STA and CLK.
var ErrOther = errors.New("not a line of a message")

// Reason says why a line was refused. There is a fixed set of them.
type Reason string

// The reasons of an [Error].
const (
	ReasonTooLong   Reason = "line is too long"
	ReasonStart     Reason = "line does not start with MSG"
	ReasonFields    Reason = "fields are missing"
	ReasonType      Reason = "no transmission type from 1 to 8"
	ReasonAddress   Reason = "no address of six digits"
	ReasonTime      Reason = "no date and time"
	ReasonNumber    Reason = "no number in its range"
	ReasonSquawk    Reason = "no squawk of four octal digits"
	ReasonFlag      Reason = "no flag of 0, 1 or -1"
	ReasonCharacter Reason = "character that no callsign has"
	ReasonPosition  Reason = "latitude without longitude, or zero both"
)

// Error refuses a line.
type Error struct {
	Field  int // counted from 1, 0 for the whole line
	Reason Reason
}

// Error returns the text of the refusal.
func (e *Error) Error() string {
	return fmt.Sprintf("read SBS line: field %d: %s", e.Field, e.Reason)
}

// Has says which fields of a [Message] are known.
type Has uint16

// The fields that may be absent.
const (
	HasGenerated Has = 1 << iota
	HasLogged
	HasCallsign
	HasAltitude
	HasSpeed
	HasTrack
	HasPosition
	HasVerticalRate
	HasSquawk
	HasAlert
	HasEmergency
	HasIdent
	HasGround
)

// Message is one line. A field whose bit in Has is not set is unknown and of no
// meaning. It can be compared with ==.
type Message struct {
	// Type is the transmission type: 1 identification, 2 surface position, 3
	// airborne position, 4 velocity, 5 and 6 surveillance with altitude and with
	// squawk, 7 air to air, 8 all-call.
	Type    uint8
	Has     Has
	ICAO    modes.ICAO
	NonICAO bool // written with a '~' before it
	// Generated and Logged are in the local time of the producer, which no field
	// tells; they are given as if it were UTC.
	Generated, Logged time.Time

	Callsign        [8]byte // padded with spaces
	Altitude        geo.Feet
	GroundSpeed     geo.Knots
	Track           geo.Degrees
	Position        geo.Point
	VerticalRateFPM int // feet per minute, up is positive
	Squawk          modes.Squawk
	Alert           bool
	Emergency       bool
	Ident           bool
	OnGround        bool
}

// Known reports whether all of these fields are known.
func (m *Message) Known(h Has) bool { return m.Has&h == h }

// CallsignText returns the callsign without padding, and "" if unknown.
func (m *Message) CallsignText() string {
	if !m.Known(HasCallsign) {
		return ""
	}
	return string(bytes.TrimRight(m.Callsign[:], " "))
}

const (
	fields    = 22
	minFields = 10 // the times are there; some producers end a line when nothing follows
)

// Parse reads one line, with or without its end. The error is [ErrOther] or an
// *[Error]; m is then of no use. It allocates for errors alone.
func Parse(line []byte, m *Message) error {
	*m = Message{}
	if len(line) > MaxLine {
		return &Error{0, ReasonTooLong}
	}
	if line = bytes.TrimSpace(line); len(line) == 0 {
		return ErrOther
	}
	var f [fields][]byte
	n := 0
	for rest, more := line, true; more && n < fields; n++ {
		f[n], rest, more = bytes.Cut(rest, []byte{','})
		f[n] = bytes.TrimSpace(f[n])
	}
	switch string(f[0]) {
	case "MSG":
	case "SEL", "ID", "AIR", "STA", "CLK":
		return ErrOther
	default:
		return &Error{1, ReasonStart}
	}
	if n < minFields {
		return &Error{n, ReasonFields}
	}
	return m.parse(&f)
}

func (m *Message) parse(f *[fields][]byte) error {
	if len(f[1]) != 1 || f[1][0] < '1' || f[1][0] > '8' {
		return &Error{2, ReasonType}
	}
	m.Type = f[1][0] - '0'
	if !m.address(f[4]) {
		return &Error{5, ReasonAddress}
	}
	var ok bool
	if m.Generated, ok = m.clock(HasGenerated, f[6], f[7]); !ok {
		return &Error{7, ReasonTime}
	}
	if m.Logged, ok = m.clock(HasLogged, f[8], f[9]); !ok {
		return &Error{9, ReasonTime}
	}
	if !m.callsign(f[10]) {
		return &Error{11, ReasonCharacter}
	}
	if bad := m.numbers(f); bad != 0 {
		return &Error{bad, ReasonNumber}
	}
	if m.Known(HasPosition) && m.Position == (geo.Point{}) || (len(f[14]) == 0) != (len(f[15]) == 0) {
		return &Error{15, ReasonPosition}
	}
	if !m.squawk(f[17]) {
		return &Error{18, ReasonSquawk}
	}
	for i, flag := range [...]struct {
		has Has
		v   *bool
	}{{HasAlert, &m.Alert}, {HasEmergency, &m.Emergency}, {HasIdent, &m.Ident}, {HasGround, &m.OnGround}} {
		switch string(f[18+i]) {
		case "":
			continue
		case "0":
		case "1", "-1":
			*flag.v = true
		default:
			return &Error{19 + i, ReasonFlag}
		}
		m.Has |= flag.has
	}
	return nil
}

func (m *Message) address(b []byte) bool {
	if len(b) > 0 && b[0] == '~' {
		m.NonICAO, b = true, b[1:]
	}
	if len(b) != 6 {
		return false
	}
	for _, c := range b {
		d := hexDigit(c)
		if d > 15 {
			return false
		}
		m.ICAO = m.ICAO<<4 | modes.ICAO(d)
	}
	return m.ICAO != 0 && m.ICAO != 0xFFFFFF
}

func hexDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 255
}

// clock reads "2018/04/03" and "19:02:28.136".
func (m *Message) clock(h Has, date, at []byte) (time.Time, bool) {
	if len(date) == 0 && len(at) == 0 {
		return time.Time{}, true
	}
	if len(date) != 10 || len(at) < 8 || date[4] != date[7] || date[4] != '/' && date[4] != '-' || at[2] != ':' || at[5] != ':' {
		return time.Time{}, false
	}
	var v [6]int
	for i, part := range [...][]byte{date[:4], date[5:7], date[8:], at[:2], at[3:5], at[6:8]} {
		for _, c := range part {
			if c < '0' || c > '9' {
				return time.Time{}, false
			}
			v[i] = v[i]*10 + int(c-'0')
		}
	}
	nanos := 0
	if len(at) > 8 {
		if at[8] != '.' || len(at) > 18 {
			return time.Time{}, false
		}
		scale := 100_000_000
		for _, c := range at[9:] {
			if c < '0' || c > '9' {
				return time.Time{}, false
			}
			nanos += scale * int(c-'0')
			scale /= 10
		}
	}
	t := time.Date(v[0], time.Month(v[1]), v[2], v[3], v[4], v[5], nanos, time.UTC)
	if v[1] < 1 || v[1] > 12 || t.Day() != v[2] || v[3] > 23 || v[4] > 59 || v[5] > 60 {
		return time.Time{}, false
	}
	m.Has |= h
	return t, true
}

func (m *Message) callsign(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	if len(b) > len(m.Callsign) {
		return false
	}
	m.Callsign = [8]byte{' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '}
	for i, c := range b {
		switch {
		case c >= 'a' && c <= 'z':
			c -= 'a' - 'A'
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == ' ':
		case c == '@': // how some write "no character"
			c = ' '
		default:
			return false
		}
		m.Callsign[i] = c
	}
	if m.Callsign != [8]byte{' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '} {
		m.Has |= HasCallsign
	}
	return true
}

// numbers returns the number of the first field that is none, else 0.
func (m *Message) numbers(f *[fields][]byte) int {
	var alt, gs, track, lat, lon, rate float64
	for _, n := range [...]struct {
		at        int
		has       Has
		low, high float64
		v         *float64
	}{
		{11, HasAltitude, -2000, 200_000, &alt},
		{12, HasSpeed, 0, 10_000, &gs},
		{13, HasTrack, 0, 360, &track},
		{14, 0, -90, 90, &lat},
		{15, HasPosition, -180, 180, &lon},
		{16, HasVerticalRate, -100_000, 100_000, &rate},
	} {
		if len(f[n.at]) == 0 {
			continue
		}
		v, ok := number(f[n.at])
		if !ok || v < n.low || v > n.high {
			return n.at + 1
		}
		*n.v = v
		m.Has |= n.has
	}
	m.Altitude, m.GroundSpeed, m.Track = geo.Feet(alt), geo.Knots(gs), geo.Degrees(track)
	if m.Track == 360 {
		m.Track = 0
	}
	m.Position, m.VerticalRateFPM = geo.Point{LatDeg: lat, LonDeg: lon}, int(math.Round(rate))
	return 0
}

// number reads a decimal number of at most 15 digits.
func number(b []byte) (float64, bool) {
	minus := len(b) > 0 && b[0] == '-'
	if minus || len(b) > 0 && b[0] == '+' {
		b = b[1:]
	}
	var v int64
	digits, scale, point := 0, 1.0, false
	for _, c := range b {
		switch {
		case c == '.' && !point:
			point = true
			continue
		case c < '0' || c > '9':
			return 0, false
		}
		if digits++; digits > 15 {
			return 0, false
		}
		v = v*10 + int64(c-'0')
		if point {
			scale *= 10
		}
	}
	if minus {
		v = -v
	}
	return float64(v) / scale, digits > 0
}

func (m *Message) squawk(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	if len(b) > 4 {
		return false
	}
	for _, c := range b { // some drop zeros in front
		if c < '0' || c > '7' {
			return false
		}
		m.Squawk = m.Squawk<<3 | modes.Squawk(c-'0')
	}
	m.Has |= HasSquawk
	return true
}

// Append appends m as a line with its end to dst.
func Append(dst []byte, m *Message) []byte {
	tilde := ""
	if m.NonICAO {
		tilde = "~"
	}
	dst = fmt.Appendf(dst, "MSG,%d,1,1,%s%06X,1,", m.Type, tilde, uint32(m.ICAO))
	for _, t := range [...]struct {
		has Has
		at  time.Time
	}{{HasGenerated, m.Generated}, {HasLogged, m.Logged}} {
		if m.Known(t.has) {
			dst = t.at.UTC().AppendFormat(dst, "2006/01/02,15:04:05.000,")
		} else {
			dst = append(dst, ",,"...)
		}
	}
	field := func(h Has, format string, v ...any) {
		if m.Known(h) {
			dst = fmt.Appendf(dst, format, v...)
		}
		dst = append(dst, ',')
	}
	field(HasCallsign, "%s", m.CallsignText())
	field(HasAltitude, "%.0f", float64(m.Altitude))
	field(HasSpeed, "%.1f", float64(m.GroundSpeed))
	field(HasTrack, "%.1f", float64(m.Track))
	field(HasPosition, "%.6f", m.Position.LatDeg)
	field(HasPosition, "%.6f", m.Position.LonDeg)
	field(HasVerticalRate, "%d", m.VerticalRateFPM)
	field(HasSquawk, "%s", m.Squawk)
	for i, flag := range [...]struct {
		has Has
		v   bool
	}{{HasAlert, m.Alert}, {HasEmergency, m.Emergency}, {HasIdent, m.Ident}, {HasGround, m.OnGround}} {
		if i > 0 {
			dst = append(dst, ',')
		}
		switch {
		case m.Known(flag.has) && flag.v:
			dst = append(dst, "-1"...)
		case m.Known(flag.has):
			dst = append(dst, '0')
		}
	}
	return append(dst, '\r', '\n')
}
