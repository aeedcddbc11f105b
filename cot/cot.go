// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cot reads and writes Cursor on Target events: as XML (version 0) and
// as TAK protobuf (version 1), in streams and in datagrams, with the limits of
// the clients that speak it. Unknown stays unknown both ways, and labels
// (access, caveat, releasableTo) are never stripped.
//
// It is for awareness. It writes no event of the family of strike types, and
// reads none. It opens no socket and knows no clock.
package cot

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// MaxEvent is the longest event in octets that the widespread clients take:
// their receive buffer.
const MaxEvent = 64 << 10

// Unknown is how the format writes that an error or a height is not known.
const Unknown = 9999999.0

// Has says which fields of an [Event] are known.
type Has uint16

// The fields that may be absent.
const (
	HasPosition Has = 1 << iota
	HasHeight
	HasCE
	HasLE
	HasCourse
	HasSpeed
	HasBattery
)

// Text is a text in UTF-8; an empty one is absent.
type Text []byte

// String returns the text.
func (t Text) String() string { return string(t) }

// Event is one event. A field whose bit in Has is not set is unknown and of no
// meaning.
type Event struct {
	UID, Type, How       Text
	Time, Start, Stale   time.Time // UTC, to the millisecond
	Access, QoS, Opex    Text
	Caveat, ReleasableTo Text
	Has                  Has
	Position             geo.Point
	Height               geo.Metres // above the ellipsoid
	CE, LE               geo.Metres // circular and linear error, one sigma
	Callsign, Endpoint   Text       // contact
	Group, Role          Text       // __group
	GeoSource, AltSource Text       // precisionlocation
	Battery              uint32     // status, per cent
	Device, Platform     Text       // takv
	OS, Version          Text       //
	Course               geo.Degrees
	SpeedMS              float64 // metres a second over the ground
	// Detail holds the other elements of <detail> as they came, in XML.
	Detail Text
}

// The errors. All wrap ErrRefused.
var (
	ErrRefused   = errors.New("cot event refused")
	ErrSyntax    = fmt.Errorf("%w: not well formed", ErrRefused)
	ErrTooLong   = fmt.Errorf("%w: longer than 64 KiB", ErrRefused)
	ErrMissing   = fmt.Errorf("%w: uid, type or time missing", ErrRefused)
	ErrValue     = fmt.Errorf("%w: value out of bounds", ErrRefused)
	ErrForbidden = fmt.Errorf("%w: strike types are neither read nor written", ErrRefused)
)

// forbidden reports whether a type is of the family that tasks a strike.
func forbidden(kind Text) bool {
	return string(kind) == "t-k" || bytes.HasPrefix(kind, []byte("t-k-"))
}

// maxWord bounds each short text in octets.
const maxWord = 512

// Validate reports what is wrong with e, wrapping ErrRefused.
func (e *Event) Validate() error {
	switch {
	case len(e.UID) == 0 || len(e.Type) == 0 || e.Time.IsZero() || e.Start.IsZero() || e.Stale.IsZero():
		return ErrMissing
	case forbidden(e.Type):
		return ErrForbidden
	case e.Stale.Before(e.Start):
		return fmt.Errorf("%w: stale before it starts", ErrValue)
	case e.Has&HasPosition != 0 && !e.Position.Valid():
		return fmt.Errorf("%w: position", ErrValue)
	case len(e.Detail) > MaxEvent:
		return ErrTooLong
	case !wellFormed(e.Detail):
		return fmt.Errorf("%w: detail", ErrSyntax)
	}
	for _, t := range [...]time.Time{e.Time, e.Start, e.Stale} {
		if y := t.Year(); y < 1970 || y > 9999 {
			return fmt.Errorf("%w: time", ErrValue)
		}
	}
	for _, v := range [...]struct {
		has    Has
		x      float64
		lo, hi float64
	}{
		{HasHeight, float64(e.Height), -20_000, 1e6},
		{HasCE, float64(e.CE), 0, 4e7},
		{HasLE, float64(e.LE), 0, 4e7},
		{HasCourse, float64(e.Course), 0, 360},
		{HasSpeed, e.SpeedMS, 0, 1e5},
	} {
		if e.Has&v.has != 0 && !(v.x >= v.lo && v.x <= v.hi) {
			return ErrValue
		}
	}
	for _, s := range e.words() {
		if len(s) > maxWord || !utf8.Valid(s) || bytes.ContainsFunc(s, control) {
			return fmt.Errorf("%w: text", ErrValue)
		}
	}
	return nil
}

// words lists the short texts.
func (e *Event) words() [18]Text {
	return [...]Text{
		e.UID, e.Type, e.How, e.Access, e.QoS, e.Opex, e.Caveat, e.ReleasableTo, e.Callsign, e.Endpoint, e.Group, e.Role,
		e.GeoSource, e.AltSource, e.Device, e.Platform, e.OS, e.Version,
	}
}

// control reports what XML can't carry in an attribute as it is.
func control(r rune) bool { return r < ' ' || r == 0x7F || r == 0xFFFE || r == 0xFFFF }

// known takes a number that may be written as unknown. Zero is unknown too
// where zero can't be: no position is free of error.
func (e *Event) known(h Has, dst *geo.Metres, v float64, zeroIsUnknown bool) {
	if math.IsNaN(v) || v >= 999999 || (zeroIsUnknown && v == 0) {
		return
	}
	*dst, e.Has = geo.Metres(v), e.Has|h
}
