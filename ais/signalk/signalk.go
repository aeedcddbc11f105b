// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package signalk reads deltas of Signal K (specification 1.7, "Data Model: the
// Delta Format"), by which servers on ships and shores pass on what they hold
// of other vessels: values by path, in SI units, with a time and a source.
//
// The raw AIS message is lost in it and the time may be the server's, so it is
// the least of the ways to get AIS. The package opens no connection and knows no
// clock.
package signalk

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/jsonread"
)

// MaxDelta is the longest delta that is read, in octets; MaxParts is how many
// updates of it, and values of an update, are.
const (
	MaxDelta = 1 << 20
	MaxParts = 1 << 14
)

// The errors. All wrap ErrRefused.
var (
	ErrRefused = errors.New("signal k delta refused")
	ErrTooLong = fmt.Errorf("%w: delta is too long", ErrRefused)
	ErrSyntax  = fmt.Errorf("%w: not a delta", ErrRefused)
	ErrContext = fmt.Errorf("%w: context without an MMSI", ErrRefused)
	ErrTime    = fmt.Errorf("%w: no time", ErrRefused)
	ErrValue   = fmt.Errorf("%w: value out of bounds", ErrRefused)
)

// Kind is what a context speaks of.
type Kind uint8

// The kinds. Their words are those of the specification.
const (
	Vessels Kind = iota
	AtoN
	SAR
	Shore
	Aircraft
)

// Update is what one source said of one object at one time.
type Update struct {
	Kind   Kind
	Time   time.Time // UTC
	Source []byte    // "$source", or label and talker; empty where not said, good as long as the delta and the Update are
	// Message holds the values in the units of package ais, its MMSI, and in Has
	// which are known. It has no type.
	Message ais.Message
	// Withdrawn are the fields whose value is null or an empty text: what was
	// held of them is no longer so.
	Withdrawn ais.Has
	// Ignored counts values of other paths.
	Ignored int

	name []byte // memory of a Source
}

// Parse reads a delta and each of its updates that holds values into u, and calls
// fn after each, or with the error that refuses it. The error of Parse itself
// refuses the whole delta. A delta of the own ship by its UUID, which is no AIS
// station, is refused with ErrContext. The memory of u is used again: Parse
// allocates for errors alone, and for texts that are written with escapes.
func Parse(b []byte, u *Update, fn func(err error)) error {
	if len(b) > MaxDelta {
		return ErrTooLong
	}
	d, err := jsonread.Parse(b)
	if err != nil {
		return refused(err)
	}
	members, err := d.Object()
	if err != nil {
		return refused(err)
	}
	var about []byte
	var updates jsonread.Value
	for members.Next() {
		switch string(members.Key) {
		case "context":
			if !jsonread.TakeText(&about, members.Value) {
				return fmt.Errorf("%w: context", ErrSyntax)
			}
		case "updates":
			updates = members.Value
		}
	}
	if updates == nil {
		return ErrSyntax
	}
	kind, mmsi, err := context(about)
	if err != nil {
		return err
	}
	_, err = updates.Each(MaxParts, func(_ int, raw jsonread.Value) (bool, error) {
		*u = Update{Kind: kind, Message: ais.Message{MMSI: mmsi}, name: u.name[:0]}
		var in update
		values, err := in.read(raw)
		switch {
		case err != nil:
			fn(refused(err))
		case values != nil: // else metadata alone
			fn(refused(u.take(&in, values)))
		}
		return true, nil
	})
	return refused(err)
}

// refused wraps an error of package jsonread.
func refused(err error) error {
	switch {
	case err == nil || errors.Is(err, ErrRefused):
		return err
	case errors.Is(err, jsonread.ErrTooMany):
		return ErrTooLong
	}
	return fmt.Errorf("%w: %w", ErrSyntax, err)
}

// update is an update as it stands in the delta. The last of several members of
// one name counts.
type update struct {
	timestamp, ref     []byte
	label, talker, src []byte
}

// read reads the members of an update, and returns its values, nil for none.
func (in *update) read(raw jsonread.Value) (values jsonread.Value, err error) {
	p, err := raw.Object()
	for p.Next() {
		ok := true
		switch string(p.Key) {
		case "timestamp":
			ok = jsonread.TakeText(&in.timestamp, p.Value)
		case "$source":
			ok = jsonread.TakeText(&in.ref, p.Value)
		case "source":
			ok = in.source(p.Value)
		case "values":
			values = p.Value
		}
		if !ok {
			return nil, fmt.Errorf("%w: %.20q", ErrSyntax, p.Key)
		}
	}
	return values, err
}

// source reads the older way to name a source, and reports whether v is one.
func (in *update) source(v jsonread.Value) bool {
	p, err := v.Object()
	for p.Next() {
		ok := true
		switch string(p.Key) {
		case "label":
			ok = jsonread.TakeText(&in.label, p.Value)
		case "talker":
			ok = jsonread.TakeText(&in.talker, p.Value)
		case "src":
			ok = jsonread.TakeText(&in.src, p.Value)
		}
		if !ok {
			return false
		}
	}
	return err == nil
}

// context reads "vessels.urn:mrn:imo:mmsi:431004000".
func context(s []byte) (kind Kind, mmsi ais.MMSI, err error) {
	root, id, _ := bytes.Cut(s, []byte{'.'})
	switch string(root) {
	case "vessels":
		kind = Vessels
	case "atons":
		kind = AtoN
	case "sar":
		kind = SAR
	case "shore":
		kind = Shore
	case "aircraft":
		kind = Aircraft
	default:
		return 0, 0, ErrContext
	}
	at := bytes.LastIndex(id, []byte("mmsi:"))
	if at < 0 {
		return 0, 0, ErrContext
	}
	digits := id[at+len("mmsi:"):]
	n, err := strconv.ParseUint(string(digits), 10, 32)
	if err != nil || len(digits) > 9 || n == 0 {
		return 0, 0, ErrContext
	}
	return kind, ais.MMSI(n), nil
}

func (u *Update) take(in *update, values jsonread.Value) error {
	t, err := time.Parse(time.RFC3339Nano, string(in.timestamp))
	if err != nil || t.Year() < 1970 {
		return ErrTime
	}
	u.Time, u.Source = t.UTC(), in.ref
	if len(u.Source) == 0 {
		u.name = append(append(append(append(u.name, in.label...), '.'), in.talker...), in.src...)
		u.Source = bytes.Trim(u.name, ".")
	}
	if len(u.Source) > 256 {
		u.Source = nil
	}
	_, err = values.Each(MaxParts, func(_ int, raw jsonread.Value) (bool, error) {
		p, err := raw.Object()
		var path []byte
		var value jsonread.Value
		for p.Next() {
			switch string(p.Key) {
			case "path":
				if !jsonread.TakeText(&path, p.Value) {
					return false, fmt.Errorf("%w: path", ErrSyntax)
				}
			case "value":
				value = p.Value
			}
		}
		if err != nil {
			return false, err
		}
		return true, u.value(path, value)
	})
	return err
}

// value takes one value. A later one of the same path goes before.
func (u *Update) value(path []byte, raw jsonread.Value) error {
	if len(path) == 0 {
		return u.names(raw)
	}
	has := field(path)
	if has == 0 || has == ais.HasNavStatus && otherState(raw) {
		u.Ignored++
		return nil
	}
	if raw.Null() || string(raw) == `""` {
		u.Message.Has &^= has
		u.Withdrawn |= has
		return nil
	}
	if !u.set(has, raw) {
		return fmt.Errorf("%w: %.60q", ErrValue, string(path)) // so that path need not outlive the call
	}
	u.Message.Has |= has
	u.Withdrawn &^= has
	return nil
}

// names takes the value without a path: an object with the names of the vessel.
func (u *Update) names(raw jsonread.Value) error {
	p, err := raw.Object()
	if err != nil {
		return fmt.Errorf("%w: value without a path", ErrValue)
	}
	var name, communication jsonread.Value
	for p.Next() {
		switch string(p.Key) {
		case "name":
			name = p.Value
		case "communication":
			communication = p.Value
		}
	}
	if name != nil {
		if err := u.value([]byte("name"), name); err != nil {
			return err
		}
	}
	callsign, _, err := communication.Field("callsignVhf")
	if err != nil || callsign == nil {
		return nil
	}
	return u.value([]byte("communication.callsignVhf"), callsign)
}

// field returns the field of a path, 0 for none.
func field(path []byte) ais.Has {
	switch string(path) {
	case "navigation.position":
		return ais.HasPosition
	case "navigation.speedOverGround":
		return ais.HasSOG
	case "navigation.courseOverGroundTrue":
		return ais.HasCOG
	case "navigation.headingTrue":
		return ais.HasHeading
	case "navigation.state":
		return ais.HasNavStatus
	case "name":
		return ais.HasName
	case "communication.callsignVhf":
		return ais.HasCallsign
	case "navigation.destination.commonName":
		return ais.HasDestination
	case "registrations.imo":
		return ais.HasIMO
	case "design.aisShipType":
		return ais.HasShipType
	case "design.draft":
		return ais.HasDraught
	}
	return 0
}

// set sets a field to a value that is not null, and reports whether it can be so.
func (u *Update) set(field ais.Has, raw jsonread.Value) (ok bool) {
	m := &u.Message
	switch field {
	case ais.HasPosition:
		return u.position(raw)
	case ais.HasSOG:
		const metresPerSecondOfKnot = 1852.0 / 3600
		v, ok := number(raw, 0, 600)
		m.SOG = geo.Knots(v / metresPerSecondOfKnot)
		return ok
	case ais.HasCOG:
		m.COG, ok = angle(raw)
	case ais.HasHeading:
		m.Heading, ok = angle(raw)
	case ais.HasNavStatus:
		s, isText := raw.Text()
		m.NavStatus, ok = states[string(s)], isText
	case ais.HasName:
		m.Name, ok = text(raw, 20)
	case ais.HasCallsign:
		m.Callsign, ok = text(raw, 7)
	case ais.HasDestination:
		m.Destination, ok = text(raw, 20)
	case ais.HasIMO:
		m.IMO, ok = imo(raw)
	case ais.HasShipType:
		m.ShipType, ok = shipType(raw)
	case ais.HasDraught:
		m.Draught, ok = draught(raw)
	}
	return ok
}

// number reads a number within bounds.
func number(raw jsonread.Value, low, high float64) (v float64, ok bool) {
	v, ok = raw.Number()
	return v, ok && v >= low && v <= high
}

// angle reads radians.
func angle(raw jsonread.Value) (geo.Degrees, bool) {
	v, ok := number(raw, -2*math.Pi, 2*math.Pi+1e-6)
	return geo.Degrees(v * 180 / math.Pi).Norm360(), ok
}

func text(raw jsonread.Value, longest int) (ais.Text, bool) {
	b, ok := raw.Text()
	b = bytes.TrimSpace(b)
	t, err := ais.NewText(string(b[:min(len(b), longest)]))
	return t, ok && err == nil
}

func (u *Update) position(raw jsonread.Value) bool {
	var lat, lon jsonread.Number
	if !members(raw, "latitude", &lat, "longitude", &lon) || !lat.Known || !lon.Known {
		return false
	}
	u.Message.Position = geo.Point{LatDeg: lat.Float, LonDeg: lon.Float}
	return u.Message.Position.Valid() && u.Message.Position != geo.Point{}
}

// members reads two numbers of an object, and reports whether they are that.
func members(raw jsonread.Value, a string, first *jsonread.Number, b string, second *jsonread.Number) bool {
	p, err := raw.Object()
	for p.Next() {
		ok := true
		switch string(p.Key) {
		case a:
			ok = first.Take(p.Value)
		case b:
			ok = second.Take(p.Value)
		}
		if !ok {
			return false
		}
	}
	return err == nil
}

// states are the words of the specification for the navigational status.
var states = map[string]ais.NavStatus{
	"motoring": ais.UnderWayUsingEngine, "anchored": ais.AtAnchor, "not under command": ais.NotUnderCommand,
	"restricted manouverability": ais.RestrictedManoeuvrability, "constrained by draft": ais.ConstrainedByDraught,
	"moored": ais.Moored, "aground": ais.Aground, "fishing": ais.Fishing, "sailing": ais.UnderWaySailing, "ais-sart": ais.SARTActive,
}

// otherState is true of a word that AIS has not, as "parked".
func otherState(raw jsonread.Value) bool {
	s, ok := raw.Text()
	_, known := states[string(s)]
	return ok && !known
}

// imo reads "IMO 9074729".
func imo(raw jsonread.Value) (uint32, bool) {
	s, ok := raw.Text()
	n, err := strconv.ParseUint(string(bytes.TrimSpace(bytes.TrimPrefix(s, []byte("IMO")))), 10, 30)
	return uint32(n), ok && err == nil && n > 0
}

func shipType(raw jsonread.Value) (uint8, bool) {
	id, _, err := raw.Field("id")
	v, ok := number(id, 1, 255)
	return uint8(v), ok && err == nil
}

func draught(raw jsonread.Value) (geo.Metres, bool) {
	var current, maximum jsonread.Number
	if !members(raw, "current", &current, "maximum", &maximum) {
		return 0, false
	}
	for _, d := range [...]jsonread.Number{current, maximum} {
		if d.Known && d.Float > 0 && d.Float < 100 {
			return geo.Metres(d.Float), true
		}
	}
	return 0, false
}
