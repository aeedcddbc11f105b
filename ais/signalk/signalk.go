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
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/jsonlist"
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
	Source string    // "$source", or label and talker; empty where not said
	// Message holds the values in the units of package ais, its MMSI, and in Has
	// which are known. It has no type.
	Message ais.Message
	// Withdrawn are the fields whose value is null or an empty text: what was
	// held of them is no longer so.
	Withdrawn ais.Has
	// Ignored counts values of other paths.
	Ignored int
}

type delta struct {
	Context string          `json:"context"`
	Updates json.RawMessage `json:"updates"` // as text, a slice of its parts would be many times longer
}

type update struct {
	Timestamp string `json:"timestamp"`
	Ref       string `json:"$source"`
	Source    struct {
		Label  string `json:"label"`
		Talker string `json:"talker"`
		Src    string `json:"src"`
	} `json:"source"`
	Values json.RawMessage `json:"values"`
}

type value struct {
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
}

// Parse reads a delta and calls fn with each of its updates that holds values,
// good until fn returns, or with the error that refuses it. The error of Parse
// itself refuses the whole delta. A delta of the own ship by its UUID, which is
// no AIS station, is refused with ErrContext.
func Parse(b []byte, fn func(u *Update, err error)) error {
	if len(b) > MaxDelta {
		return ErrTooLong
	}
	var d delta
	if err := json.Unmarshal(b, &d); err != nil {
		return fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	if d.Updates == nil {
		return ErrSyntax
	}
	kind, mmsi, err := context(d.Context)
	if err != nil {
		return err
	}
	return each(d.Updates, func(raw json.RawMessage) error {
		var in update
		if err := json.Unmarshal(raw, &in); err != nil {
			fn(nil, fmt.Errorf("%w: %w", ErrSyntax, err))
			return nil
		}
		if in.Values == nil { // metadata alone
			return nil
		}
		u := Update{Kind: kind}
		u.Message.MMSI = mmsi
		if err := u.take(&in); err != nil {
			fn(nil, err)
			return nil
		}
		fn(&u, nil)
		return nil
	})
}

// each calls fn with each part of a list.
func each(list json.RawMessage, fn func(part json.RawMessage) error) error {
	err := jsonlist.Each(list, MaxParts, fn)
	switch {
	case err == nil || errors.Is(err, ErrRefused):
		return err
	case errors.Is(err, jsonlist.ErrTooMany):
		return ErrTooLong
	}
	return fmt.Errorf("%w: %w", ErrSyntax, err)
}

// context reads "vessels.urn:mrn:imo:mmsi:431004000".
func context(s string) (Kind, ais.MMSI, error) {
	root, id, _ := strings.Cut(s, ".")
	kinds := map[string]Kind{"vessels": Vessels, "atons": AtoN, "sar": SAR, "shore": Shore, "aircraft": Aircraft}
	kind, known := kinds[root]
	at := strings.LastIndex(id, "mmsi:")
	if !known || at < 0 {
		return 0, 0, ErrContext
	}
	digits := id[at+len("mmsi:"):]
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || len(digits) > 9 || n == 0 {
		return 0, 0, ErrContext
	}
	return kind, ais.MMSI(n), nil
}

func (u *Update) take(in *update) error {
	t, err := time.Parse(time.RFC3339Nano, in.Timestamp)
	if err != nil || t.Year() < 1970 {
		return ErrTime
	}
	u.Time, u.Source = t.UTC(), in.Ref
	if u.Source == "" {
		u.Source = strings.Trim(in.Source.Label+"."+in.Source.Talker+in.Source.Src, ".")
	}
	if len(u.Source) > 256 {
		u.Source = ""
	}
	return each(in.Values, func(raw json.RawMessage) error {
		var v value
		if err := json.Unmarshal(raw, &v); err != nil {
			return fmt.Errorf("%w: %w", ErrSyntax, err)
		}
		return u.value(v.Path, v.Value)
	})
}

// value takes one value. A later one of the same path goes before.
func (u *Update) value(path string, raw json.RawMessage) error {
	if path == "" { // an object with the names of the vessel
		var names map[string]json.RawMessage
		if json.Unmarshal(raw, &names) != nil {
			return fmt.Errorf("%w: value without a path", ErrValue)
		}
		if v, ok := names["name"]; ok {
			if err := u.value("name", v); err != nil {
				return err
			}
		}
		var radio struct {
			Callsign json.RawMessage `json:"callsignVhf"`
		}
		if v, ok := names["communication"]; !ok || json.Unmarshal(v, &radio) != nil || radio.Callsign == nil {
			return nil
		}
		return u.value("communication.callsignVhf", radio.Callsign)
	}
	has, take := u.taker(path)
	if take == nil || has == ais.HasNavStatus && otherState(raw) {
		u.Ignored++
		return nil
	}
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) || bytes.Equal(raw, []byte(`""`)) {
		u.Message.Has &^= has
		u.Withdrawn |= has
		return nil
	}
	if !take(raw) {
		return fmt.Errorf("%w: %.60q", ErrValue, path)
	}
	u.Message.Has |= has
	u.Withdrawn &^= has
	return nil
}

const metresPerSecondOfKnot = 1852.0 / 3600

// taker returns the field of a path and what reads its value.
func (u *Update) taker(path string) (ais.Has, func(json.RawMessage) bool) {
	m := &u.Message
	switch path {
	case "navigation.position":
		return ais.HasPosition, u.position
	case "navigation.speedOverGround":
		return ais.HasSOG, number(0, 600, func(v float64) { m.SOG = geo.Knots(v / metresPerSecondOfKnot) })
	case "navigation.courseOverGroundTrue":
		return ais.HasCOG, angle(func(v geo.Degrees) { m.COG = v })
	case "navigation.headingTrue":
		return ais.HasHeading, angle(func(v geo.Degrees) { m.Heading = v })
	case "navigation.state":
		return ais.HasNavStatus, u.state
	case "name":
		return ais.HasName, text(20, &m.Name)
	case "communication.callsignVhf":
		return ais.HasCallsign, text(7, &m.Callsign)
	case "navigation.destination.commonName":
		return ais.HasDestination, text(20, &m.Destination)
	case "registrations.imo":
		return ais.HasIMO, u.imo
	case "design.aisShipType":
		return ais.HasShipType, u.shipType
	case "design.draft":
		return ais.HasDraught, u.draught
	}
	return 0, nil
}

// number reads a number within bounds.
func number(low, high float64, set func(float64)) func(json.RawMessage) bool {
	return func(raw json.RawMessage) bool {
		var v float64
		if json.Unmarshal(raw, &v) != nil || !(v >= low && v <= high) {
			return false
		}
		set(v)
		return true
	}
}

// angle reads radians.
func angle(set func(geo.Degrees)) func(json.RawMessage) bool {
	return number(-2*math.Pi, 2*math.Pi+1e-6, func(v float64) { set(geo.Degrees(v * 180 / math.Pi).Norm360()) })
}

func text(longest int, dst *ais.Text) func(json.RawMessage) bool {
	return func(raw json.RawMessage) bool {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return false
		}
		s = strings.TrimSpace(s)
		t, err := ais.NewText(s[:min(len(s), longest)])
		*dst = t
		return err == nil
	}
}

func (u *Update) position(raw json.RawMessage) bool {
	var p struct{ Latitude, Longitude *float64 }
	if json.Unmarshal(raw, &p) != nil || p.Latitude == nil || p.Longitude == nil {
		return false
	}
	u.Message.Position = geo.Point{LatDeg: *p.Latitude, LonDeg: *p.Longitude}
	return u.Message.Position.Valid() && u.Message.Position != geo.Point{}
}

// states are the words of the specification for the navigational status.
var states = map[string]ais.NavStatus{
	"motoring": ais.UnderWayUsingEngine, "anchored": ais.AtAnchor, "not under command": ais.NotUnderCommand,
	"restricted manouverability": ais.RestrictedManoeuvrability, "constrained by draft": ais.ConstrainedByDraught,
	"moored": ais.Moored, "aground": ais.Aground, "fishing": ais.Fishing, "sailing": ais.UnderWaySailing, "ais-sart": ais.SARTActive,
}

func (u *Update) state(raw json.RawMessage) bool {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return false
	}
	u.Message.NavStatus = states[s]
	return true
}

// otherState is true of a word that AIS has not, as "parked".
func otherState(raw json.RawMessage) bool {
	var s string
	if bytes.Equal(raw, []byte("null")) || json.Unmarshal(raw, &s) != nil {
		return false
	}
	_, known := states[s]
	return !known
}

// imo reads "IMO 9074729".
func (u *Update) imo(raw json.RawMessage) bool {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(strings.TrimPrefix(s, "IMO")), 10, 30)
	u.Message.IMO = uint32(n)
	return err == nil && n > 0
}

func (u *Update) shipType(raw json.RawMessage) bool {
	var v struct{ ID *float64 }
	if json.Unmarshal(raw, &v) != nil || v.ID == nil || !(*v.ID >= 1 && *v.ID <= 255) {
		return false
	}
	u.Message.ShipType = uint8(*v.ID)
	return true
}

func (u *Update) draught(raw json.RawMessage) bool {
	var v struct{ Maximum, Current *float64 }
	if json.Unmarshal(raw, &v) != nil {
		return false
	}
	for _, d := range []*float64{v.Current, v.Maximum} {
		if d != nil && *d > 0 && *d < 100 {
			u.Message.Draught = geo.Metres(*d)
			return true
		}
	}
	return false
}
