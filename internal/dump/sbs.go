// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package dump

import (
	"errors"
	"fmt"
	"io"

	"github.com/kuroshio-watch/kuroshio/modes/sbs"
)

// sbsLines turns BaseStation lines into lines with the names of the other Mode S
// formats; t is the generated time in the producer's own zone, taken as UTC, and
// msg the transmission type.
type sbsLines struct {
	msg   sbs.Message
	i     int64
	obj   object
	stats sbsStats
	seen  map[uint32]bool
}

type sbsStats struct {
	Messages int            `json:"messages"`
	Aircraft int            `json:"aircraft"`
	Types    map[string]int `json:"types"`
	Other    int            `json:"other_lines"`
	Errors   map[string]int `json:"errors"`
	types    [9]int
}

func newSBS(Options) (Decoder, error) {
	return &sbsLines{seen: map[uint32]bool{}, stats: sbsStats{Errors: map[string]int{}}}, nil
}

// Decode implements Decoder.
func (l *sbsLines) Decode(r io.Reader, out *Out) error {
	text := newTextLines(r)
	for {
		line, off, err := text.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, errLongLine) {
			return fmt.Errorf("read lines: %w", err)
		}
		if err == nil {
			err = sbs.Parse(line, &l.msg)
		}
		var bad *sbs.Error
		switch {
		case errors.Is(err, sbs.ErrOther):
			l.stats.Other++
			continue
		case errors.As(err, &bad):
			err = l.refuse(off, bad.Field, string(bad.Reason), out)
		case err != nil:
			err = l.refuse(off, 0, err.Error(), out)
		default:
			err = l.message(out)
		}
		if err != nil {
			return err
		}
	}
}

func (l *sbsLines) refuse(off int64, field int, reason string, out *Out) error {
	l.stats.Errors[reason]++
	l.obj.begin()
	l.obj.int("i", l.i)
	l.obj.int("off", off)
	if field > 0 {
		l.obj.int("field", int64(field))
	}
	l.obj.text("error", reason)
	return out.Refused(l.obj.end())
}

func (l *sbsLines) message(out *Out) error {
	o, m := &l.obj, &l.msg
	l.stats.Messages++
	l.stats.types[m.Type]++
	if !l.seen[uint32(m.ICAO)] && len(l.seen) < maxNames {
		l.seen[uint32(m.ICAO)] = true
	}
	o.begin()
	o.int("i", l.i)
	l.i++
	if m.Known(sbs.HasGenerated) {
		o.int("t", m.Generated.UnixMilli())
	}
	o.int("msg", int64(m.Type))
	if m.NonICAO {
		o.text("icao", "1"+m.ICAO.String())
	} else {
		o.text("icao", m.ICAO.String())
	}
	if m.Known(sbs.HasAltitude) {
		o.float("alt", float64(m.Altitude), 0)
	}
	if m.Known(sbs.HasGround) {
		o.bool("ground", m.OnGround)
	}
	if m.Known(sbs.HasSquawk) {
		o.text("squawk", m.Squawk.String())
	}
	if m.Known(sbs.HasCallsign) {
		o.text("callsign", m.CallsignText())
	}
	if m.Known(sbs.HasSpeed) {
		o.float("gs", float64(m.GroundSpeed), 1)
	}
	if m.Known(sbs.HasTrack) {
		o.float("track", float64(m.Track), 1)
	}
	if m.Known(sbs.HasPosition) {
		o.float("lat", m.Position.LatDeg, 6)
		o.float("lon", m.Position.LonDeg, 6)
	}
	if m.Known(sbs.HasVerticalRate) {
		o.int("rate", int64(m.VerticalRateFPM))
	}
	for _, f := range [...]struct {
		key string
		v   bool
	}{{"alert", m.Alert}, {"emergency", m.Emergency}, {"ident", m.Ident}} {
		if f.v {
			o.bool(f.key, true)
		}
	}
	return out.Line(o.end())
}

// Stats implements Decoder.
func (l *sbsLines) Stats() any {
	s := &l.stats
	s.Aircraft, s.Types = len(l.seen), map[string]int{}
	for typ, n := range s.types {
		if n > 0 {
			s.Types[fmt.Sprint(typ)] = n
		}
	}
	return s
}
