// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

// The lines below are documented in docs/tracks-jsonl.md; what is absent is
// unknown.

// TrackLine is a track whose picture changed.
type TrackLine struct {
	N         uint32   `json:"n"`
	Domain    string   `json:"domain,omitempty"`
	State     string   `json:"state"` // a track's state, or "dropped" with nothing else
	Lat       *float64 `json:"lat,omitempty"`
	Lon       *float64 `json:"lon,omitempty"`
	SigmaM    *float64 `json:"sigma_m,omitempty"`
	HeightFt  *float64 `json:"height_ft,omitempty"`
	SpeedKt   *float64 `json:"speed_kt,omitempty"`
	CourseDeg *float64 `json:"course_deg,omitempty"`
	Address   string   `json:"address,omitempty"` // six lower-case hexadecimal digits
	Callsign  string   `json:"callsign,omitempty"`
	Squawk    string   `json:"squawk,omitempty"` // four octal digits
	MMSI      string   `json:"mmsi,omitempty"`   // nine digits
	Name      string   `json:"name,omitempty"`
	Sources   []string `json:"sources,omitempty"`
	Emergency bool     `json:"emergency,omitempty"`
	Exercise  bool     `json:"exercise,omitempty"`
	Plots     uint32   `json:"plots,omitempty"`
}

// ObjectLine is the first frame of an aircraft or a vessel.
type ObjectLine struct {
	Feed    string `json:"feed"`
	Seq     uint64 `json:"seq"`
	Address string `json:"address,omitempty"` // "~" before one that is no ICAO address
	MMSI    string `json:"mmsi,omitempty"`
}

// PlotLine is one measurement.
type PlotLine struct {
	Feed       string   `json:"feed"`
	Seq        uint64   `json:"seq"`             // of the frame in its feed, from 1
	Index      int      `json:"index,omitempty"` // in the frame
	Time       string   `json:"time"`            // of applicability
	Source     string   `json:"source"`
	Domain     string   `json:"domain,omitempty"`
	Sensor     string   `json:"sensor,omitempty"`
	Lat        *float64 `json:"lat,omitempty"`
	Lon        *float64 `json:"lon,omitempty"`
	SigmaM     *float64 `json:"sigma_m,omitempty"`
	RangeM     *float64 `json:"range_m,omitempty"` // slant
	AzimuthDeg *float64 `json:"azimuth_deg,omitempty"`
	HeightFt   *float64 `json:"height_ft,omitempty"`
	HeightKind string   `json:"height,omitempty"` // "barometric" or "geometric"
	SpeedKt    *float64 `json:"speed_kt,omitempty"`
	CourseDeg  *float64 `json:"course_deg,omitempty"`
	Address    string   `json:"address,omitempty"`
	Callsign   string   `json:"callsign,omitempty"`
	Squawk     string   `json:"squawk,omitempty"`
	MMSI       string   `json:"mmsi,omitempty"`
	Name       string   `json:"name,omitempty"`
	ShipType   *uint8   `json:"ship_type,omitempty"`
	Category   string   `json:"category,omitempty"` // "A3"; of Remote ID "UA 2"
	Emergency  bool     `json:"emergency,omitempty"`
	Exercise   bool     `json:"exercise,omitempty"`
}

// MessageLine is one AIS message that passed.
type MessageLine struct {
	Feed        string   `json:"feed"`
	Seq         uint64   `json:"seq"` // of its last line
	Type        uint8    `json:"type"`
	Part        string   `json:"part,omitempty"` // type 24: "A" or "B"
	MMSI        string   `json:"mmsi"`
	Lat         *float64 `json:"lat,omitempty"`
	Lon         *float64 `json:"lon,omitempty"`
	Accuracy    *bool    `json:"accuracy,omitempty"` // with a position
	RAIM        *bool    `json:"raim,omitempty"`
	SOGKt       *float64 `json:"sog_kt,omitempty"`
	COGDeg      *float64 `json:"cog_deg,omitempty"`
	HeadingDeg  *float64 `json:"heading_deg,omitempty"`
	NavStatus   *uint8   `json:"nav_status,omitempty"`
	ROT         *int8    `json:"rot,omitempty"` // as sent
	TurnDegMin  *float64 `json:"turn_deg_min,omitempty"`
	Second      *uint8   `json:"second,omitempty"`
	Name        string   `json:"name,omitempty"`
	Callsign    string   `json:"callsign,omitempty"`
	IMO         *uint32  `json:"imo,omitempty"`
	ShipType    *uint8   `json:"ship_type,omitempty"`
	BowM        *uint16  `json:"bow_m,omitempty"`
	SternM      *uint16  `json:"stern_m,omitempty"`
	PortM       *uint8   `json:"port_m,omitempty"`
	StarboardM  *uint8   `json:"starboard_m,omitempty"`
	DraughtM    *float64 `json:"draught_m,omitempty"`
	Destination string   `json:"destination,omitempty"`
	Station     string   `json:"station,omitempty"`
}

// RefusedLine is something that was refused.
type RefusedLine struct {
	Feed   string `json:"feed"`
	Seq    uint64 `json:"seq,omitempty"` // of the frame; absent when no frame came of it
	Offset int64  `json:"offset"`        // octets from the recording's start
	Item   string `json:"item,omitempty"`
	Reason string `json:"reason"`
}

// maxObjects bounds the aircraft and vessels that are remembered as written;
// after so many they are forgotten and may be written again.
const maxObjects = 1 << 20

// writer writes the lines.
type writer struct {
	w       io.Writer
	detail  bool
	last    map[uint32][]byte // what was written of each track, without its time
	alive   map[uint32]bool
	objects map[string]bool
	buf     bytes.Buffer
}

func newWriter(w io.Writer, detail bool) *writer {
	return &writer{w: w, detail: detail, last: make(map[uint32][]byte), alive: make(map[uint32]bool), objects: make(map[string]bool)}
}

// stamp is the form of all times: UTC, milliseconds.
const stamp = "2006-01-02T15:04:05.000Z"

// line writes {"kind":…,"t":…, and the fields of body.
func (w *writer) line(kind string, t time.Time, body []byte) error {
	w.buf.Reset()
	w.buf.WriteString(`{"kind":"` + kind + `"`)
	if !t.IsZero() {
		w.buf.WriteString(`,"t":"` + t.UTC().Format(stamp) + `"`)
	}
	w.buf.WriteByte(',')
	w.buf.Write(body[1:])
	w.buf.WriteByte('\n')
	if _, err := w.w.Write(w.buf.Bytes()); err != nil {
		return fmt.Errorf("write tracks: %w", err)
	}
	return nil
}

func (w *writer) value(kind string, t time.Time, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write tracks: %w", err)
	}
	return w.line(kind, t, body)
}

// tracks writes what changed since the last tick.
func (w *writer) tracks(now time.Time, list []engine.TrackView) error {
	clear(w.alive)
	for i := range list {
		v := &list[i]
		w.alive[v.N] = true
		body, err := json.Marshal(trackLine(v))
		if err != nil {
			return fmt.Errorf("write tracks: %w", err)
		}
		if bytes.Equal(body, w.last[v.N]) {
			continue
		}
		w.last[v.N] = append(w.last[v.N][:0], body...)
		if err := w.line("track", now, body); err != nil {
			return err
		}
	}
	var gone []uint32
	for n := range w.last {
		if !w.alive[n] {
			gone = append(gone, n)
		}
	}
	slices.Sort(gone)
	for _, n := range gone {
		delete(w.last, n)
		if err := w.value("track", now, TrackLine{N: n, State: "dropped"}); err != nil {
			return err
		}
	}
	return nil
}

func trackLine(v *engine.TrackView) TrackLine {
	l := TrackLine{
		N: v.N, Domain: v.Domain, State: v.State, Lat: &v.Pos.LatDeg, Lon: &v.Pos.LonDeg, SigmaM: &v.SigmaM,
		HeightFt: v.HeightFt, SpeedKt: v.SpeedKt, CourseDeg: v.CourseDeg,
		Address: string(bytes.ToLower([]byte(v.Address))), Callsign: v.Callsign, Squawk: v.ModeA, MMSI: v.MMSI, Name: v.Name,
		Sources: v.Sources, Emergency: v.Emergency, Exercise: v.Exercise, Plots: v.Plots,
	}
	return l
}

// frame writes what one frame held.
func (w *writer) frame(f *frame.Frame, plots []plot.Plot, d decode.Detail, refused []*decode.Refusal) error {
	if err := w.object(f, plots, d); err != nil {
		return err
	}
	if !w.detail {
		return nil
	}
	for i := range plots {
		if err := w.value("plot", f.Received, plotLine(&plots[i])); err != nil {
			return err
		}
	}
	if d.AIS != nil {
		if err := w.value("message", f.Received, messageLine(f, d.AIS)); err != nil {
			return err
		}
	}
	for _, r := range refused {
		l := RefusedLine{Feed: f.Source, Seq: f.Seq, Offset: f.Offset + r.Offset, Item: r.Item, Reason: r.Reason}
		if err := w.value("refused", f.Received, l); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) bad(feed string, b *Bad) error {
	if !w.detail {
		return nil
	}
	return w.value("refused", time.Time{}, RefusedLine{Feed: feed, Offset: b.Offset, Reason: b.Reason})
}

// object writes a line for each aircraft and vessel that is heard for the
// first time, also for those that never tell a position.
func (w *writer) object(f *frame.Frame, plots []plot.Plot, d decode.Detail) error {
	if r := d.ModeS; r != nil && r.NonICAO {
		return w.first("aircraft", "~"+r.ICAO.String(), f, ObjectLine{Address: "~" + r.ICAO.String()})
	}
	for i := range plots {
		p := &plots[i]
		var err error
		switch {
		case p.Has&plot.HasAddress != 0:
			a := fmt.Sprintf("%06x", p.Address)
			err = w.first("aircraft", a, f, ObjectLine{Address: a})
		case p.Has&plot.HasMMSI != 0:
			m := fmt.Sprintf("%09d", p.MMSI)
			err = w.first("vessel", m, f, ObjectLine{MMSI: m})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) first(kind, id string, f *frame.Frame, l ObjectLine) error {
	if w.objects[id] {
		return nil
	}
	if len(w.objects) >= maxObjects {
		clear(w.objects)
	}
	w.objects[id] = true
	l.Feed, l.Seq = f.Source, f.Seq
	return w.value(kind, f.Received, l)
}

func rounded[T ~float64](v T, digits int) *float64 {
	p := math.Pow10(digits)
	x := math.Round(float64(v)*p) / p
	return &x
}

func plotLine(p *plot.Plot) PlotLine {
	l := PlotLine{
		Feed: p.Source, Seq: p.Seq, Index: p.Index, Time: p.Time.UTC().Format(stamp), Source: p.Kind.String(),
		Domain: p.Domain.String(), Sensor: p.Sensor, Emergency: p.Emergency, Exercise: p.Exercise,
	}
	if p.Has&plot.HasPosition != 0 {
		l.Lat, l.Lon, l.SigmaM = rounded(p.Pos.LatDeg, 7), rounded(p.Pos.LonDeg, 7), rounded(p.SigmaPos, 1)
	}
	if p.Has&plot.HasPolar != 0 {
		l.RangeM, l.AzimuthDeg = rounded(p.SlantRange, 1), rounded(p.Azimuth, 4)
	}
	if p.Has&plot.HasHeight != 0 {
		l.HeightFt, l.HeightKind = rounded(p.Height, 0), "barometric"
		if p.HeightKind == plot.Geometric {
			l.HeightKind = "geometric"
		}
	}
	if p.Has&plot.HasVelocity != 0 {
		l.SpeedKt, l.CourseDeg = rounded(p.Speed, 2), rounded(p.Course, 2)
	}
	if p.Has&plot.HasAddress != 0 {
		l.Address = fmt.Sprintf("%06x", p.Address)
	}
	if p.Has&plot.HasModeA != 0 {
		l.Squawk = fmt.Sprintf("%04o", p.ModeA)
	}
	if p.Has&plot.HasMMSI != 0 {
		l.MMSI = fmt.Sprintf("%09d", p.MMSI)
	}
	if p.Has&plot.HasShipType != 0 {
		l.ShipType = &p.ShipType
	}
	switch {
	case p.Has&plot.HasCategory == 0:
	case p.Kind == plot.RemoteID:
		l.Category = fmt.Sprintf("UA %d", p.Category)
	default:
		l.Category = fmt.Sprintf("%02X", p.Category)
	}
	l.Callsign, l.Name = p.Callsign, p.Name
	return l
}

func messageLine(f *frame.Frame, m *ais.Message) MessageLine {
	l := MessageLine{Feed: f.Source, Seq: f.Seq, Type: m.Type, MMSI: m.MMSI.String(), Station: m.Station}
	if m.Known(ais.HasPosition) {
		l.Lat, l.Lon = rounded(m.Position.LatDeg, 7), rounded(m.Position.LonDeg, 7)
		l.Accuracy, l.RAIM = &m.Accuracy, &m.RAIM
	}
	l.SOGKt = known(m, ais.HasSOG, rounded(m.SOG, 1))
	l.COGDeg = known(m, ais.HasCOG, rounded(m.COG, 1))
	l.HeadingDeg = known(m, ais.HasHeading, rounded(m.Heading, 0))
	status := uint8(m.NavStatus)
	l.NavStatus = known(m, ais.HasNavStatus, &status)
	l.ROT = known(m, ais.HasROT, &m.ROT)
	if turn, ok := m.RateOfTurn(); ok {
		l.TurnDegMin = &turn
	}
	l.Second = known(m, ais.HasSecond, &m.Second)
	l.IMO = known(m, ais.HasIMO, &m.IMO)
	l.ShipType = known(m, ais.HasShipType, &m.ShipType)
	d := &m.Dimensions
	l.BowM, l.SternM = known(m, ais.HasDimensions, &d.Bow), known(m, ais.HasDimensions, &d.Stern)
	l.PortM, l.StarboardM = known(m, ais.HasDimensions, &d.Port), known(m, ais.HasDimensions, &d.Starboard)
	l.DraughtM = known(m, ais.HasDraught, rounded(m.Draught, 1))
	if m.Known(ais.HasName) {
		l.Name = m.Name.String()
	}
	if m.Known(ais.HasCallsign) {
		l.Callsign = m.Callsign.String()
	}
	if m.Known(ais.HasDestination) {
		l.Destination = m.Destination.String()
	}
	switch m.Part {
	case ais.PartA:
		l.Part = "A"
	case ais.PartB:
		l.Part = "B"
	}
	return l
}

func known[T any](m *ais.Message, h ais.Has, v *T) *T {
	if !m.Known(h) {
		return nil
	}
	return v
}
