// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat001"
	"github.com/kuroshio-watch/kuroshio/asterix/cat002"
	"github.com/kuroshio-watch/kuroshio/asterix/cat010"
	"github.com/kuroshio-watch/kuroshio/asterix/cat020"
	"github.com/kuroshio-watch/kuroshio/asterix/cat021"
	"github.com/kuroshio-watch/kuroshio/asterix/cat034"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

// taken is what came of a datagram.
type taken struct {
	plots   []plot.Plot
	first   int // of the datagram's own among plots
	sweeps  []plot.Sweep
	refused *Refusal
}

// plot adds a plot and numbers it.
func (t *taken) plot(p *plot.Plot) {
	p.Index = len(t.plots) - t.first
	t.plots = append(t.plots, *p)
}

// taker makes plots and sweeps of the record that was decoded last, or says why
// not; the offset is filled in by who calls it.
type taker func(d *Decoder, s *source, f *frame.Frame) *Refusal

// asterix decodes the blocks of a datagram. A bad block or record is refused
// and the next block goes on.
func (d *Decoder) asterix(s *source, f *frame.Frame, dst []plot.Plot, sweeps []plot.Sweep) ([]plot.Plot, []plot.Sweep, *Refusal) {
	t := &d.taken
	*t = taken{plots: dst, first: len(dst), sweeps: sweeps}
	for b, err := range asterix.Blocks(f.Data) {
		if err != nil {
			t.refused = t.refused.and(blockRefusal(err))
			continue
		}
		rec, take := d.reader(s, b)
		if rec == nil {
			t.refused = t.refused.and(&Refusal{Offset: int64(b.Offset), Item: category(b.Category), Reason: unread(b.Category)})
			continue
		}
		d.records(s, f, b, rec, take)
	}
	out := *t
	*t = taken{} // what is in it is the caller's
	return out.plots, out.sweeps, out.refused
}

// reader returns what decodes a block's records and makes plots of them, nil
// for a category of which none are made.
func (d *Decoder) reader(s *source, b asterix.Block) (asterix.Decoder, taker) {
	switch b.Category {
	case cat048.Category:
		return &d.rec48, (*Decoder).target
	case cat034.Category:
		return &d.rec34, (*Decoder).service
	case cat001.Category:
		d.rec1.Begin()
		return &d.rec1, (*Decoder).oldTarget
	case cat002.Category:
		return &d.rec2, (*Decoder).oldService
	case cat010.Category:
		return &d.rec10, (*Decoder).surface
	case cat020.Category:
		return &d.rec20, (*Decoder).multilaterated
	case cat021.Category:
		return d.adsbReader(s, b)
	}
	return nil, nil
}

// unread says why no plots are made of a category. A system track (CAT062,
// CAT011) is what a neighbour's tracker holds to be true: its errors hang
// together in time, it may rest on what we have too, and a plot has no field
// for either. Taken as a measurement it would count the same evidence twice,
// and would leave this node as our own.
func unread(c byte) string {
	switch c {
	case 11, 62:
		return AsterixSystemTrack
	case 19, 23, 25, 63, 65:
		return AsterixService
	}
	return AsterixCategory
}

func (d *Decoder) records(s *source, f *frame.Frame, b asterix.Block, rec asterix.Decoder, take taker) {
	for at, err := range asterix.Records(b, rec) {
		if err != nil {
			d.taken.refused = d.taken.refused.and(recordRefusal(err))
			continue
		}
		if r := take(d, s, f); r != nil {
			r.Offset = int64(at)
			d.taken.refused = d.taken.refused.and(r)
		}
	}
}

func refuse(item, reason string) *Refusal { return &Refusal{Item: item, Reason: reason} }

// marks are what a station itself says against taking a report as one of an
// object out there.
type marks struct {
	simulated, test bool
	monitor         bool // a fixed transponder
	coasted         bool // extrapolated, not measured
	vehicle         bool // on an aerodrome; plots have no domain for it
}

// against returns the reason of refusal, "" for none.
func (m marks) against(s *source) string {
	switch {
	case m.simulated && !s.Exercise:
		return SimulatedOnLive
	case m.monitor, m.test && !s.Exercise:
		return AsterixTest
	case m.coasted:
		return AsterixNoTarget
	case m.vehicle:
		return AsterixVehicle
	}
	return ""
}

// when sets a plot's time from a station's time of day, which may be absent.
func (s *source) when(p *plot.Plot, id asterix.Source, seconds float64, has bool) (ok bool) {
	if has {
		p.Time, ok = s.timeOfDay(id, p.Received, seconds)
		return ok
	}
	return true
}

// setHeight sets a height unless there is one.
func setHeight(p *plot.Plot, feet float64, kind plot.HeightKind, has bool) {
	if has && p.Has&plot.HasHeight == 0 {
		p.Height, p.HeightKind = geo.Feet(feet), kind
		p.Has |= plot.HasHeight
	}
}

func setModeA(p *plot.Plot, code uint16, has bool) {
	if has {
		p.ModeA = code
		p.Has |= plot.HasModeA
	}
}

func setAddress(p *plot.Plot, a uint32, has bool) {
	if has && a != 0 && a != 0xFFFFFF {
		p.Address = a
		p.Has |= plot.HasAddress
	}
}

// setCallsign sets eight characters of six bits each. One with an undefined
// character is none.
func setCallsign(p *plot.Plot, raw uint64, has bool) {
	if !has {
		return
	}
	if c := asterix.Identification(raw, 8); c != "" && !strings.Contains(c, "?") {
		p.Callsign = c
		p.Has |= plot.HasCallsign
	}
}

// setPlace sets a position that the receiver can have heard; ok is false for
// one that it cannot, or that is not on the globe.
func (s *source) setPlace(p *plot.Plot, at geo.Point, sigma geo.Metres) (ok bool) {
	if !at.Valid() || s.beyond(at) {
		return false
	}
	p.Pos, p.SigmaPos = at, sigma
	p.Has |= plot.HasPosition
	return true
}

func category(c byte) string { return fmt.Sprintf("CAT%03d", c) }

func blockRefusal(err error) *Refusal {
	r := &Refusal{Reason: AsterixBlock, Cause: err}
	var e *asterix.Error
	if errors.As(err, &e) {
		r.Offset = int64(e.Offset)
		r.Item = category(e.Category)
	}
	return r
}

func recordRefusal(err error) *Refusal {
	r := &Refusal{Reason: AsterixRecord, Cause: err}
	var e *asterix.Error
	if errors.As(err, &e) {
		r.Offset = int64(e.Offset)
		r.Item = category(e.Category)
		if e.Item != "" {
			r.Item = fmt.Sprintf("I%03d/%s", e.Category, e.Item)
		}
	}
	return r
}

// How far a station's clock may be from the time of receipt. A node whose time
// is stepped stamps receipt with the last step, so plots may be ahead.
const (
	maxTargetLate  = 10 * time.Minute
	maxTargetAhead = 5 * time.Minute
)

// timeOfDay turns a station's time of day into an instant, and measures its
// clock by it. ok is false for one that is too far from the time of receipt.
func (s *source) timeOfDay(id asterix.Source, received time.Time, seconds float64) (t time.Time, ok bool) {
	t = asterix.TimeOfDay(received, seconds)
	if t.IsZero() {
		return t, false
	}
	s.heard(stationClock, s.sensorID(id), received, received.Sub(t))
	return t, plausible(received, t)
}

func plausible(received, t time.Time) bool {
	late := received.Sub(t)
	return late <= maxTargetLate && late >= -maxTargetAhead
}

// sensorID returns "SAC/SIC" in three digits each.
func (s *source) sensorID(id asterix.Source) string {
	if t, ok := s.ids[id]; ok { // at most 65536 of them
		return t
	}
	t := fmt.Sprintf("%03d/%03d", id.SAC, id.SIC)
	s.ids[id] = t
	return t
}
