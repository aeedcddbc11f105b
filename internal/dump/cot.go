// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package dump

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/cot"
)

// cotLines turns events into lines. The names are those of the format's
// attributes; detail holds in XML what no other field does.
type cotLines struct {
	i     int64
	obj   object
	stats cotStats
	seen  map[string]bool
}

type cotStats struct {
	Events  int            `json:"events"`
	Objects int            `json:"objects"`
	Types   map[string]int `json:"types"`
	Errors  map[string]int `json:"errors"`
	Garbage uint64         `json:"garbage_octets,omitempty"`
	TooLong uint64         `json:"too_long,omitempty"`
}

func newCoT(Options) (Decoder, error) {
	return &cotLines{seen: map[string]bool{}, stats: cotStats{Types: map[string]int{}, Errors: map[string]int{}}}, nil
}

// Decode implements Decoder.
func (l *cotLines) Decode(r io.Reader, out *Out) error {
	var s cot.Stream
	garbage, tooLong := l.stats.Garbage, l.stats.TooLong
	buf := make([]byte, 1<<14)
	for {
		n, err := r.Read(buf)
		var failed error
		s.Feed(buf[:n], func(e *cot.Event, bad error) {
			switch {
			case failed != nil:
			case bad != nil:
				failed = l.refuse(bad, out)
			default:
				failed = l.event(e, out)
			}
		})
		l.stats.Garbage, l.stats.TooLong = garbage+s.Garbage, tooLong+s.TooLong
		switch {
		case failed != nil:
			return failed
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read events: %w", err)
		}
	}
}

func (l *cotLines) refuse(err error, out *Out) error {
	reason := cot.ErrRefused.Error()
	for _, known := range []error{cot.ErrSyntax, cot.ErrTooLong, cot.ErrMissing, cot.ErrValue, cot.ErrForbidden} {
		if errors.Is(err, known) {
			reason = strings.TrimPrefix(known.Error(), reason+": ")
			break
		}
	}
	l.stats.Errors[reason]++
	l.obj.begin()
	l.obj.int("i", l.i)
	l.obj.text("error", reason)
	return out.Refused(l.obj.end())
}

func (l *cotLines) event(e *cot.Event, out *Out) error {
	o := &l.obj
	l.stats.Events++
	if kind := e.Type.String(); l.stats.Types[kind] > 0 || len(l.stats.Types) < maxTypes {
		l.stats.Types[kind]++
	}
	if uid := e.UID.String(); !l.seen[uid] && len(l.seen) < maxNames/16 {
		l.seen[uid] = true
	}
	o.begin()
	o.int("i", l.i)
	l.i++
	o.int("t", e.Time.UnixMilli())
	o.text("uid", e.UID.String())
	o.text("type", e.Type.String())
	l.word("how", e.How)
	for _, t := range [...]struct {
		key string
		at  time.Time
	}{{"time", e.Time}, {"start", e.Start}, {"stale", e.Stale}} {
		o.text(t.key, t.at.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	if e.Has&cot.HasPosition != 0 {
		o.float("lat", e.Position.LatDeg, 7)
		o.float("lon", e.Position.LonDeg, 7)
	}
	for _, v := range [...]struct {
		has cot.Has
		key string
		x   float64
	}{
		{cot.HasHeight, "hae", float64(e.Height)},
		{cot.HasCE, "ce", float64(e.CE)},
		{cot.HasLE, "le", float64(e.LE)},
		{cot.HasCourse, "course", float64(e.Course)},
		{cot.HasSpeed, "speed", e.SpeedMS},
		{cot.HasBattery, "battery", float64(e.Battery)},
	} {
		if e.Has&v.has != 0 {
			o.float(v.key, v.x, 2)
		}
	}
	for _, w := range [...]struct {
		key string
		v   cot.Text
	}{
		{"access", e.Access},
		{"caveat", e.Caveat},
		{"releasableTo", e.ReleasableTo},
		{"qos", e.QoS},
		{"opex", e.Opex},
		{"callsign", e.Callsign},
		{"endpoint", e.Endpoint},
		{"group", e.Group},
		{"role", e.Role},
		{"geopointsrc", e.GeoSource},
		{"altsrc", e.AltSource},
		{"device", e.Device},
		{"platform", e.Platform},
		{"os", e.OS},
		{"version", e.Version},
		{"detail", e.Detail},
	} {
		l.word(w.key, w.v)
	}
	return out.Line(o.end())
}

// maxTypes bounds how many types are counted apart.
const maxTypes = 1 << 12

func (l *cotLines) word(key string, v cot.Text) {
	if len(v) > 0 {
		l.obj.text(key, v.String())
	}
}

// Stats implements Decoder.
func (l *cotLines) Stats() any {
	l.stats.Objects = len(l.seen)
	return &l.stats
}
