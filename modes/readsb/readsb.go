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
	"bytes"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/jsonread"
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

// maxNow bounds a document's time in octets, as Cut writes it before every
// aircraft.
const maxNow = 64

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

// Text is a text of at most 16 octets, filled up with zeros.
type Text [16]byte

// Bytes returns the text.
func (t *Text) Bytes() []byte { return bytes.TrimRight(t[:], "\x00") }

// String returns the text.
func (t Text) String() string { return string(t.Bytes()) }

// take takes a text without the space around it, and reports whether there is
// one that fits.
func (t *Text) take(b []byte) bool {
	if b = bytes.TrimSpace(b); len(b) == 0 || len(b) > len(t) || bytes.IndexByte(b, 0) >= 0 {
		return false
	}
	*t = Text{}
	copy(t[:], b)
	return true
}

// Aircraft is what is known of one aircraft. A field whose bit in Has is not set
// is unknown and of no meaning.
type Aircraft struct {
	ICAO    modes.ICAO
	NonICAO bool // written with a '~' before it
	// Type is the best way by which it was heard, as written; Source is the
	// same in our words where it is one of them.
	Type   Text
	Source modes.Source
	Has    Has
	// MLAT and TISB are the fields that were computed by multilateration and
	// sent by a ground station.
	MLAT, TISB Has
	// Now is when this was written by the writer's clock, zero where nothing says
	// so; Heard is when the aircraft was heard last, PositionAt when its position
	// was.
	Now               time.Time
	Heard, PositionAt time.Time

	Callsign          Text
	AltBaro, AltGeom  geo.Feet
	OnGround          bool
	GroundSpeed       geo.Knots
	Track             geo.Degrees
	BaroRate          int // feet per minute
	GeomRate          int
	Squawk            modes.Squawk
	Emergency         Text // as written, never "none"
	Category          Text
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
	list, _, now, err := parts(document)
	if err != nil {
		return err
	}
	t, ok, err := clock(now)
	switch {
	case err != nil:
		return err
	case !ok:
		return ErrTime
	}
	var a Aircraft
	i := 0
	_, err = list.Each(MaxCount, func(_ int, raw jsonread.Value) (bool, error) {
		bad := a.parse(raw, t)
		a.Now = t
		fn(i, &a, bad)
		i++
		return true, nil
	})
	return refused(err)
}

// parts returns the list of aircraft of a document, the octets before it, and the
// document's time, nil for none.
func parts(document []byte) (list jsonread.Value, at int, now jsonread.Value, err error) {
	if len(document) > MaxDocument {
		return nil, 0, nil, ErrTooLong
	}
	d, err := jsonread.Parse(document)
	if err != nil {
		return nil, 0, nil, refused(err)
	}
	if list, at, err = d.Field("aircraft"); err != nil || list == nil {
		return nil, 0, nil, ErrSyntax
	}
	now, _, _ = d.Field("now") // it is an object
	return list, jsonread.Lead(document) + at, now, nil
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

// ParseLine reads one object of one aircraft. Its own "now" goes before the time
// given, which may be zero where each line has one. It allocates for errors alone,
// and for texts that are written with escapes.
func ParseLine(line []byte, now time.Time, a *Aircraft) error {
	if len(line) > MaxAircraft {
		return ErrTooLong
	}
	v, err := jsonread.Parse(line)
	if err != nil {
		return refused(err)
	}
	own, _, err := v.Field("now")
	if err != nil {
		return refused(err)
	}
	t, ok, err := clock(own)
	switch {
	case err != nil:
		return err
	case ok:
		now = t
	}
	if now.IsZero() {
		return ErrTime
	}
	err = a.parse(v, now)
	a.Now = t
	return err
}

// Now returns the time that a document, or an aircraft on a line of its own, says
// it is of. ok is false where it says none.
func Now(b []byte) (t time.Time, ok bool) {
	v, err := jsonread.Parse(b)
	if err != nil {
		return time.Time{}, false
	}
	now, _, _ := v.Field("now")
	t, ok, _ = clock(now)
	return t, ok
}

// Cutter cuts documents into lines. Its zero value is ready.
type Cutter struct {
	line []byte // of at most a few times MaxAircraft between two documents
}

// Cut cuts a document into lines that ParseLine reads, each with the document's
// "now" before all that the aircraft has, and calls fn with each, good until fn
// returns, and with the octets before it in the document, until that returns
// false. It reports whether fn took all, and refuses what is no document.
func (c *Cutter) Cut(document []byte, fn func(offset int, line []byte) bool) (all bool, err error) {
	list, start, now, err := parts(document)
	switch {
	case err != nil:
		return true, err
	case now == nil || len(now) > maxNow:
		return true, ErrTime
	}
	all, err = list.Each(MaxCount, func(at int, raw jsonread.Value) (bool, error) {
		if p, err := raw.Object(); err != nil || !p.Next() {
			return false, ErrSyntax
		}
		c.line = append(append(append(c.line[:0], `{"now":`...), now...), ',')
		c.line = append(c.line, raw[1:]...)
		return fn(start+at, c.line), nil
	})
	if cap(c.line) > 4*MaxAircraft {
		c.line = nil
	}
	return all, refused(err)
}

// clock turns seconds since 1970 into a time, to the millisecond. ok is false
// where there are none.
func clock(seconds jsonread.Value) (t time.Time, ok bool, err error) {
	const year9999 = 253_402_300_799
	var n jsonread.Number
	if !n.Take(seconds) {
		return time.Time{}, false, fmt.Errorf("%w: now", ErrSyntax)
	}
	if !n.Known || !(n.Float > 0 && n.Float < year9999) {
		return time.Time{}, false, nil
	}
	return time.UnixMilli(int64(math.Round(n.Float * 1000))).UTC(), true, nil
}

// written is an aircraft as it stands in the document. The last of several
// members of one name counts.
type written struct {
	hex, typ, flight, squawk, emergency, category []byte

	altBaro jsonread.Value // a number or "ground"

	altGeom, gs, track, baroRate, geomRate, lat, lon, seenPos, seen, rssi jsonread.Number

	nic, rc, nacP, nacV, sil, version jsonread.Number

	mlat, tisb Has
}

// read takes the members of an object, and reports whether each is what it has to
// be. Other names are passed over.
func (w *written) read(p *jsonread.Parts) bool {
	for p.Next() {
		if !w.member(p.Key, p.Value) {
			return false
		}
	}
	return true
}

func (w *written) member(key []byte, v jsonread.Value) bool {
	switch string(key) {
	case "hex":
		return jsonread.TakeText(&w.hex, v)
	case "type":
		return jsonread.TakeText(&w.typ, v)
	case "flight":
		return jsonread.TakeText(&w.flight, v)
	case "squawk":
		return jsonread.TakeText(&w.squawk, v)
	case "emergency":
		return jsonread.TakeText(&w.emergency, v)
	case "category":
		return jsonread.TakeText(&w.category, v)
	case "alt_baro":
		w.altBaro = v
	case "mlat":
		return readFields(&w.mlat, v)
	case "tisb":
		return readFields(&w.tisb, v)
	}
	if n := w.number(key); n != nil {
		return n.Take(v)
	}
	return true
}

// number returns where a number of that name goes, nil for nowhere.
func (w *written) number(key []byte) *jsonread.Number {
	switch string(key) {
	case "alt_geom":
		return &w.altGeom
	case "gs":
		return &w.gs
	case "track":
		return &w.track
	case "baro_rate":
		return &w.baroRate
	case "geom_rate":
		return &w.geomRate
	case "lat":
		return &w.lat
	case "lon":
		return &w.lon
	case "seen_pos":
		return &w.seenPos
	case "seen":
		return &w.seen
	case "rssi":
		return &w.rssi
	case "nic":
		return &w.nic
	case "rc":
		return &w.rc
	case "nac_p":
		return &w.nacP
	case "nac_v":
		return &w.nacV
	case "sil":
		return &w.sil
	case "version":
		return &w.version
	}
	return nil
}

func (a *Aircraft) parse(raw jsonread.Value, now time.Time) error {
	*a = Aircraft{}
	if len(raw) > MaxAircraft {
		return ErrTooLong
	}
	members, err := raw.Object()
	if err != nil {
		return refused(err)
	}
	var w written
	if !w.read(&members) {
		return fmt.Errorf("%w: %.20q", ErrSyntax, members.Key)
	}
	hex, anonymous := bytes.CutPrefix(w.hex, []byte{'~'})
	if a.ICAO, err = modes.ParseICAO(string(hex)); err != nil || a.ICAO == 0 || a.ICAO == 0xFFFFFF {
		return ErrAddress
	}
	a.NonICAO, a.Source = anonymous, sourceOf(w.typ)
	a.Type.take(w.typ)
	var ok bool
	if a.Heard, ok = before(now, w.seen); !ok {
		return fmt.Errorf("%w: seen", ErrValue)
	}
	if err := a.numbers(&w); err != nil {
		return err
	}
	if err := a.position(&w, now); err != nil {
		return err
	}
	a.texts(&w)
	a.MLAT, a.TISB = w.mlat&a.Has, w.tisb&a.Has
	return nil
}

// before returns the moment that lies an age of seconds before now. An absent
// age is none.
func before(now time.Time, age jsonread.Number) (time.Time, bool) {
	if !age.Known {
		return now, true
	}
	const tenYears = 10 * 365 * 86400
	if !(age.Float >= 0 && age.Float < tenYears) {
		return time.Time{}, false
	}
	return now.Add(-time.Duration(math.Round(age.Float*1000)) * time.Millisecond), true
}

func sourceOf(typ []byte) modes.Source {
	prefix, _, _ := bytes.Cut(typ, []byte{'_'})
	switch string(prefix) {
	case "adsb":
		if bytes.HasSuffix(typ, []byte("_nt")) || bytes.HasSuffix(typ, []byte("_other")) {
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
	for _, n := range [...]struct {
		name      string
		has       Has
		in        jsonread.Number
		low, high float64
	}{
		{"alt_geom", HasAltGeom, w.altGeom, -2000, 200_000},
		{"gs", HasSpeed, w.gs, 0, 10_000},
		{"track", HasTrack, w.track, 0, 360},
		{"baro_rate", HasBaroRate, w.baroRate, -100_000, 100_000},
		{"geom_rate", HasGeomRate, w.geomRate, -100_000, 100_000},
		{"rssi", HasRSSI, w.rssi, -200, 0},
		{"rc", 0, w.rc, 0, 1e6},
		{"nic", HasNIC, w.nic, 0, 11},
		{"nac_p", HasNACp, w.nacP, 0, 11},
		{"nac_v", HasNACv, w.nacV, 0, 7},
		{"sil", HasSIL, w.sil, 0, 3},
		{"version", HasVersion, w.version, 0, 7},
	} {
		if !n.in.Known {
			continue
		}
		if !(n.in.Float >= n.low && n.in.Float <= n.high) {
			return fmt.Errorf("%w: %s", ErrValue, n.name)
		}
		a.Has |= n.has
	}
	if w.rc.Float > 0 { // else unknown
		a.ContainmentRadius, a.Has = geo.Metres(w.rc.Float), a.Has|HasRadius
	}
	a.AltGeom, a.GroundSpeed, a.Track = geo.Feet(w.altGeom.Float), geo.Knots(w.gs.Float), geo.Degrees(w.track.Float).Norm360()
	a.BaroRate, a.GeomRate, a.RSSI = int(math.Round(w.baroRate.Float)), int(math.Round(w.geomRate.Float)), w.rssi.Float
	a.NIC, a.NACp, a.NACv = uint8(w.nic.Float), uint8(w.nacP.Float), uint8(w.nacV.Float)
	a.SIL, a.Version = uint8(w.sil.Float), uint8(w.version.Float)
	return a.height(w.altBaro)
}

func (a *Aircraft) height(raw jsonread.Value) error {
	switch {
	case raw.Null():
		return nil
	case string(raw) == `"ground"`:
		a.OnGround, a.Has = true, a.Has|HasGround
		return nil
	}
	v, ok := raw.Number()
	if !ok || !(v >= -2000 && v <= 200_000) {
		return fmt.Errorf("%w: alt_baro", ErrValue)
	}
	a.AltBaro, a.Has = geo.Feet(v), a.Has|HasAltBaro|HasGround // not "ground", so in the air
	return nil
}

func (a *Aircraft) position(w *written, now time.Time) error {
	if !w.lat.Known && !w.lon.Known {
		return nil
	}
	p := geo.Point{LatDeg: w.lat.Float, LonDeg: w.lon.Float}
	if !w.lat.Known || !w.lon.Known || p == (geo.Point{}) || !p.Valid() {
		return fmt.Errorf("%w: lat, lon", ErrValue)
	}
	at, ok := before(now, w.seenPos)
	if !ok || !w.seenPos.Known { // of no known age
		return fmt.Errorf("%w: seen_pos", ErrValue)
	}
	a.Position, a.PositionAt, a.Has = p, at, a.Has|HasPosition
	return nil
}

// texts takes what is sound; a squawk with other than octal digits, as some
// producers write, is unknown.
func (a *Aircraft) texts(w *written) {
	if a.Callsign.take(w.flight) {
		a.Has |= HasCallsign
	}
	if a.Category.take(w.category) {
		a.Has |= HasCategory
	}
	if string(w.emergency) != "none" && a.Emergency.take(w.emergency) {
		a.Has |= HasEmergency
	}
	if s, err := modes.ParseSquawk(string(w.squawk)); w.squawk != nil && err == nil {
		a.Squawk, a.Has = s, a.Has|HasSquawk
	}
}

// readFields takes the names of fields, or null for none; those that we don't
// take are left out. It reports whether v is such a list.
func readFields(dst *Has, v jsonread.Value) bool {
	*dst = 0
	if v.Null() {
		return true
	}
	names, err := v.List()
	for names.Next() {
		name, ok := names.Value.Text()
		if !ok && !names.Value.Null() {
			return false
		}
		*dst |= fieldOf(name)
	}
	return err == nil
}

func fieldOf(name []byte) Has {
	switch string(name) {
	case "callsign", "flight":
		return HasCallsign
	case "altitude", "alt_baro":
		return HasAltBaro | HasGround
	case "alt_geom":
		return HasAltGeom
	case "gs":
		return HasSpeed
	case "track":
		return HasTrack
	case "baro_rate":
		return HasBaroRate
	case "geom_rate":
		return HasGeomRate
	case "squawk":
		return HasSquawk
	case "emergency":
		return HasEmergency
	case "category":
		return HasCategory
	case "lat", "lon":
		return HasPosition
	case "nic":
		return HasNIC
	case "rc":
		return HasRadius
	case "nac_p":
		return HasNACp
	case "nac_v":
		return HasNACv
	case "sil":
		return HasSIL
	case "version":
		return HasVersion
	}
	return 0
}
