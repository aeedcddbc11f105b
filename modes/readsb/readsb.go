// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package readsb reads the state of aircraft that readsb and the programs after
// it publish as JSON: the document aircraft.json, and lines with one aircraft
// each (README-json.md of readsb describes the fields).
//
// It is a state and no message: each field is as old as it may be, and only the
// last contact and the position have an age. The document says by which way
// every field came; that is kept by field. The package reads no file and no
// clock, and fetches nothing.
package readsb

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/jsonlist"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// MaxDocument is the longest document that is read, MaxAircraft the longest
// object of one aircraft, in octets; MaxCount is how many aircraft of a document
// are read.
const (
	MaxDocument = 64 << 20
	MaxAircraft = 64 << 10
	MaxCount    = 1 << 17
)

// The errors. All wrap ErrRefused.
var (
	ErrRefused = errors.New("readsb JSON refused")
	ErrTooLong = fmt.Errorf("%w: document or aircraft is too long", ErrRefused)
	ErrSyntax  = fmt.Errorf("%w: not JSON of this kind", ErrRefused)
	ErrTime    = fmt.Errorf("%w: no time", ErrRefused)
	ErrAddress = fmt.Errorf("%w: no address of six digits", ErrRefused)
	ErrValue   = fmt.Errorf("%w: value out of bounds", ErrRefused)
)

// Has is a set of fields of an [Aircraft].
type Has uint32

// The fields that may be absent.
const (
	HasCallsign Has = 1 << iota
	HasAltBaro
	HasGround
	HasAltGeom
	HasSpeed
	HasTrack
	HasBaroRate
	HasGeomRate
	HasSquawk
	HasEmergency
	HasCategory
	HasPosition
	HasNIC
	HasRadius
	HasNACp
	HasNACv
	HasSIL
	HasVersion
	HasRSSI
)

// Aircraft is what is known of one aircraft. A field whose bit in Has is not set
// is unknown and of no meaning.
type Aircraft struct {
	ICAO    modes.ICAO
	NonICAO bool // written with a '~' before it
	// Type is the best way by which it was heard, as written; Source is the
	// same in our words where it is one of them.
	Type   string
	Source modes.Source
	Has    Has
	// MLAT and TISB are the fields that were computed by multilateration and
	// sent by a ground station.
	MLAT, TISB Has
	// Heard is when it was heard last, PositionAt when its position was.
	Heard, PositionAt time.Time

	Callsign          string
	AltBaro, AltGeom  geo.Feet
	OnGround          bool
	GroundSpeed       geo.Knots
	Track             geo.Degrees
	BaroRate          int // feet per minute
	GeomRate          int
	Squawk            modes.Squawk
	Emergency         string // as written, never "none"
	Category          string
	Position          geo.Point
	NIC, NACp, NACv   uint8
	SIL, Version      uint8
	ContainmentRadius geo.Metres
	RSSI              float64 // dBFS
}

// Known reports whether all of these fields are known.
func (a *Aircraft) Known(h Has) bool { return a.Has&h == h }

// PositionSource returns the way by which the position came.
func (a *Aircraft) PositionSource() modes.Source {
	switch {
	case a.MLAT&HasPosition != 0:
		return modes.SourceMLAT
	case a.TISB&HasPosition != 0:
		return modes.SourceTISB
	}
	return a.Source
}

// Parse reads a document and calls fn with each aircraft, good until fn returns,
// or with the error that refuses it; its place among the aircraft is i. The
// error of Parse itself refuses the whole document.
func Parse(document []byte, fn func(i int, a *Aircraft, err error)) error {
	if len(document) > MaxDocument {
		return ErrTooLong
	}
	var d struct {
		Now      *float64        `json:"now"`
		Aircraft json.RawMessage `json:"aircraft"` // as text, a slice of its parts would be many times longer
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	if d.Aircraft == nil {
		return ErrSyntax
	}
	now, ok := clock(d.Now)
	if !ok {
		return ErrTime
	}
	i := 0
	err := jsonlist.Each(d.Aircraft, MaxCount, func(raw json.RawMessage) error {
		var a Aircraft
		fn(i, &a, a.parse(raw, now))
		i++
		return nil
	})
	switch {
	case errors.Is(err, jsonlist.ErrTooMany):
		return ErrTooLong
	case err != nil:
		return fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return nil
}

// ParseLine reads one object of one aircraft. Its own "now" goes before the time
// given, which may be zero where each line has one.
func ParseLine(line []byte, now time.Time, a *Aircraft) error {
	if len(line) > MaxAircraft {
		return ErrTooLong
	}
	var d struct {
		Now *float64 `json:"now"`
	}
	if err := json.Unmarshal(line, &d); err != nil {
		return fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	if at, ok := clock(d.Now); ok {
		now = at
	}
	if now.IsZero() {
		return ErrTime
	}
	return a.parse(line, now)
}

// Now returns the time that a document, or an aircraft on a line of its own, says
// it is of. ok is false where it says none.
func Now(b []byte) (t time.Time, ok bool) {
	var d struct {
		Now *float64 `json:"now"`
	}
	if json.Unmarshal(b, &d) != nil {
		return time.Time{}, false
	}
	return clock(d.Now)
}

// Cut cuts a document into lines that ParseLine reads, each with the document's
// "now" before all that the aircraft has, and calls fn with each, good until fn
// returns, and with the octets before it in the document, until that returns
// false. It reports whether fn took all, and refuses what is no document.
func Cut(document []byte, fn func(offset int, line []byte) bool) (all bool, err error) {
	if len(document) > MaxDocument {
		return true, ErrTooLong
	}
	list, start, err := jsonlist.Field(document, "aircraft")
	if err != nil || list == nil {
		return true, ErrSyntax
	}
	now, _, err := jsonlist.Field(document, "now")
	if err != nil || now == nil {
		return true, ErrTime
	}
	var line []byte
	all, err = jsonlist.Walk(list, MaxCount, func(offset int, raw json.RawMessage) (bool, error) {
		if len(raw) < 3 || raw[0] != '{' {
			return false, ErrSyntax
		}
		line = append(append(append(line[:0], `{"now":`...), now...), ',')
		line = append(line, raw[1:]...)
		return fn(start+offset, line), nil
	})
	switch {
	case errors.Is(err, jsonlist.ErrTooMany):
		return true, ErrTooLong
	case err != nil:
		return true, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return all, nil
}

// clock turns seconds since 1970 into a time, to the millisecond.
func clock(seconds *float64) (time.Time, bool) {
	const year9999 = 253_402_300_799
	if seconds == nil || !(*seconds > 0 && *seconds < year9999) {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(math.Round(*seconds * 1000))).UTC(), true
}

// written is an aircraft as it stands in the document.
type written struct {
	Hex       string          `json:"hex"`
	Type      string          `json:"type"`
	Flight    *string         `json:"flight"`
	AltBaro   json.RawMessage `json:"alt_baro"` // a number or "ground"
	AltGeom   *float64        `json:"alt_geom"`
	GS        *float64        `json:"gs"`
	Track     *float64        `json:"track"`
	BaroRate  *float64        `json:"baro_rate"`
	GeomRate  *float64        `json:"geom_rate"`
	Squawk    *string         `json:"squawk"`
	Emergency *string         `json:"emergency"`
	Category  *string         `json:"category"`
	Lat       *float64        `json:"lat"`
	Lon       *float64        `json:"lon"`
	NIC       *float64        `json:"nic"`
	RC        *float64        `json:"rc"`
	NACp      *float64        `json:"nac_p"`
	NACv      *float64        `json:"nac_v"`
	SIL       *float64        `json:"sil"`
	Version   *float64        `json:"version"`
	SeenPos   *float64        `json:"seen_pos"`
	Seen      *float64        `json:"seen"`
	RSSI      *float64        `json:"rssi"`
	MLAT      []string        `json:"mlat"`
	TISB      []string        `json:"tisb"`
}

func (a *Aircraft) parse(raw []byte, now time.Time) error {
	*a = Aircraft{}
	if len(raw) > MaxAircraft {
		return ErrTooLong
	}
	var w written
	if err := json.Unmarshal(raw, &w); err != nil {
		return fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	hex, anonymous := strings.CutPrefix(w.Hex, "~")
	var err error
	if a.ICAO, err = modes.ParseICAO(hex); err != nil || a.ICAO == 0 || a.ICAO == 0xFFFFFF {
		return ErrAddress
	}
	a.NonICAO, a.Type, a.Source = anonymous, w.Type, sourceOf(w.Type)
	var ok bool
	if a.Heard, ok = before(now, w.Seen); !ok {
		return fmt.Errorf("%w: seen", ErrValue)
	}
	if err := a.numbers(&w); err != nil {
		return err
	}
	if err := a.position(&w, now); err != nil {
		return err
	}
	a.texts(&w)
	a.MLAT, a.TISB = fieldsOf(w.MLAT)&a.Has, fieldsOf(w.TISB)&a.Has
	return nil
}

// before returns the moment that lies an age of seconds before now. An absent
// age is none.
func before(now time.Time, age *float64) (time.Time, bool) {
	if age == nil {
		return now, true
	}
	const tenYears = 10 * 365 * 86400
	if !(*age >= 0 && *age < tenYears) {
		return time.Time{}, false
	}
	return now.Add(-time.Duration(math.Round(*age*1000)) * time.Millisecond), true
}

func sourceOf(typ string) modes.Source {
	switch prefix, _, _ := strings.Cut(typ, "_"); prefix {
	case "adsb":
		if strings.HasSuffix(typ, "_nt") || strings.HasSuffix(typ, "_other") {
			return modes.SourceADSBNonTransp
		}
		return modes.SourceADSB
	case "adsr":
		return modes.SourceADSR
	case "tisb":
		return modes.SourceTISB
	case "mlat":
		return modes.SourceMLAT
	}
	return modes.SourceModeS
}

func (a *Aircraft) numbers(w *written) error {
	var small [5]float64
	for _, n := range [...]struct {
		name      string
		has       Has
		v         *float64
		low, high float64
		set       func(float64)
	}{
		{"alt_geom", HasAltGeom, w.AltGeom, -2000, 200_000, func(v float64) { a.AltGeom = geo.Feet(v) }},
		{"gs", HasSpeed, w.GS, 0, 10_000, func(v float64) { a.GroundSpeed = geo.Knots(v) }},
		{"track", HasTrack, w.Track, 0, 360, func(v float64) { a.Track = geo.Degrees(v).Norm360() }},
		{"baro_rate", HasBaroRate, w.BaroRate, -100_000, 100_000, func(v float64) { a.BaroRate = int(math.Round(v)) }},
		{"geom_rate", HasGeomRate, w.GeomRate, -100_000, 100_000, func(v float64) { a.GeomRate = int(math.Round(v)) }},
		{"rssi", HasRSSI, w.RSSI, -200, 0, func(v float64) { a.RSSI = v }},
		{"rc", 0, w.RC, 0, 1e6, func(v float64) {
			if v > 0 { // else unknown
				a.ContainmentRadius, a.Has = geo.Metres(v), a.Has|HasRadius
			}
		}},
		{"nic", HasNIC, w.NIC, 0, 11, func(v float64) { small[0] = v }},
		{"nac_p", HasNACp, w.NACp, 0, 11, func(v float64) { small[1] = v }},
		{"nac_v", HasNACv, w.NACv, 0, 7, func(v float64) { small[2] = v }},
		{"sil", HasSIL, w.SIL, 0, 3, func(v float64) { small[3] = v }},
		{"version", HasVersion, w.Version, 0, 7, func(v float64) { small[4] = v }},
	} {
		if n.v == nil {
			continue
		}
		if !(*n.v >= n.low && *n.v <= n.high) {
			return fmt.Errorf("%w: %s", ErrValue, n.name)
		}
		n.set(*n.v)
		a.Has |= n.has
	}
	a.NIC, a.NACp, a.NACv, a.SIL, a.Version = uint8(small[0]), uint8(small[1]), uint8(small[2]), uint8(small[3]), uint8(small[4])
	return a.height(w.AltBaro)
}

func (a *Aircraft) height(raw json.RawMessage) error {
	var v float64
	switch {
	case raw == nil || string(raw) == "null":
		return nil
	case string(raw) == `"ground"`:
		a.OnGround, a.Has = true, a.Has|HasGround
		return nil
	case json.Unmarshal(raw, &v) != nil || !(v >= -2000 && v <= 200_000):
		return fmt.Errorf("%w: alt_baro", ErrValue)
	}
	a.AltBaro, a.Has = geo.Feet(v), a.Has|HasAltBaro|HasGround // not "ground", so in the air
	return nil
}

func (a *Aircraft) position(w *written, now time.Time) error {
	if w.Lat == nil && w.Lon == nil {
		return nil
	}
	if w.Lat == nil || w.Lon == nil || *w.Lat == 0 && *w.Lon == 0 || !(geo.Point{LatDeg: *w.Lat, LonDeg: *w.Lon}).Valid() {
		return fmt.Errorf("%w: lat, lon", ErrValue)
	}
	at, ok := before(now, w.SeenPos)
	if !ok || w.SeenPos == nil { // of no known age
		return fmt.Errorf("%w: seen_pos", ErrValue)
	}
	a.Position, a.PositionAt, a.Has = geo.Point{LatDeg: *w.Lat, LonDeg: *w.Lon}, at, a.Has|HasPosition
	return nil
}

// texts takes what is sound; a squawk with other than octal digits, as some
// producers write, is unknown.
func (a *Aircraft) texts(w *written) {
	const longest = 16
	take := func(h Has, v *string, dst *string) {
		if v == nil {
			return
		}
		if s := strings.TrimSpace(*v); s != "" && len(s) <= longest {
			*dst, a.Has = s, a.Has|h
		}
	}
	take(HasCallsign, w.Flight, &a.Callsign)
	take(HasCategory, w.Category, &a.Category)
	if w.Emergency != nil && *w.Emergency != "none" {
		take(HasEmergency, w.Emergency, &a.Emergency)
	}
	if w.Squawk != nil {
		if s, err := modes.ParseSquawk(*w.Squawk); err == nil {
			a.Squawk, a.Has = s, a.Has|HasSquawk
		}
	}
}

// fieldsOf translates names of fields; those that we don't take are left out.
func fieldsOf(names []string) (h Has) {
	for _, n := range names {
		switch n {
		case "callsign", "flight":
			h |= HasCallsign
		case "altitude", "alt_baro":
			h |= HasAltBaro | HasGround
		case "alt_geom":
			h |= HasAltGeom
		case "gs":
			h |= HasSpeed
		case "track":
			h |= HasTrack
		case "baro_rate":
			h |= HasBaroRate
		case "geom_rate":
			h |= HasGeomRate
		case "squawk":
			h |= HasSquawk
		case "emergency":
			h |= HasEmergency
		case "category":
			h |= HasCategory
		case "lat", "lon":
			h |= HasPosition
		case "nic":
			h |= HasNIC
		case "rc":
			h |= HasRadius
		case "nac_p":
			h |= HasNACp
		case "nac_v":
			h |= HasNACv
		case "sil":
			h |= HasSIL
		case "version":
			h |= HasVersion
		}
	}
	return h
}
