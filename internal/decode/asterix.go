// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat034"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

// asterix decodes the blocks of a datagram. A bad block or record is refused
// and the next block goes on.
func (d *Decoder) asterix(s *source, f *frame.Frame, dst []plot.Plot, sweeps []plot.Sweep) ([]plot.Plot, []plot.Sweep, *Refusal) {
	var refused *Refusal
	first := len(dst)
	for b, err := range asterix.Blocks(f.Data) {
		if err != nil {
			refused = refused.and(blockRefusal(err))
			continue
		}
		switch b.Category {
		case cat048.Category:
			for at, err := range asterix.Records(b, &d.rec48) {
				if err != nil {
					refused = refused.and(recordRefusal(err))
					continue
				}
				p, r := d.target(s, f, at)
				if r != nil {
					refused = refused.and(r)
					continue
				}
				p.Index = len(dst) - first
				dst = append(dst, p)
			}
		case cat034.Category:
			for at, err := range asterix.Records(b, &d.rec34) {
				if err != nil {
					refused = refused.and(recordRefusal(err))
					continue
				}
				sw, ok, r := d.service(s, f, at)
				if r != nil {
					refused = refused.and(r)
				}
				if ok {
					sweeps = append(sweeps, sw)
				}
			}
		default:
			refused = refused.and(&Refusal{Offset: int64(b.Offset), Item: category(b.Category), Reason: AsterixCategory})
		}
	}
	return dst, sweeps, refused
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

// target turns the record in rec48, at an offset in the datagram, into a plot.
func (d *Decoder) target(s *source, f *frame.Frame, at int) (plot.Plot, *Refusal) {
	r := &d.rec48
	refuse := func(item, reason string) (plot.Plot, *Refusal) {
		return plot.Plot{}, &Refusal{Offset: int64(at), Item: item, Reason: reason}
	}
	id, ok := r.Source()
	if !ok {
		return refuse("I048/010", AsterixNoSource)
	}
	typ, hasTyp := r.Detection()
	switch {
	case r.Simulated() && !s.Exercise:
		return refuse("I048/020", SimulatedOnLive)
	case r.FieldMonitor(), r.Test() && !s.Exercise:
		return refuse("I048/020", AsterixTest)
	case hasTyp && typ == cat048.NoDetection: // the station's own guess, no measurement
		return refuse("I048/020", AsterixNoTarget)
	}
	rho, hasRange := r.RhoNM()
	theta, _ := r.ThetaDeg()
	if !hasRange || r.RangeExceeded() {
		return refuse("I048/040", AsterixNoRange)
	}
	p := s.base(f)
	if tod, has := r.TimeOfDaySeconds(); has {
		if p.Time, ok = timeOfDay(p.Received, tod); !ok {
			return refuse("I048/140", ImplausibleTime)
		}
	}
	p.Sensor = s.sensorID(id)
	x := s.Sensors[p.Sensor]
	p.Kind, p.Has = plot.Radar, plot.HasPolar
	p.SlantRange, p.Azimuth = geo.FromNM(rho), geo.Degrees(theta)
	p.SigmaRange, p.SigmaAzimuth = x.SigmaRange, x.SigmaAzimuth
	d.describe(&p)
	p.Domain = domainOf(&p, hasTyp && typ.HasSSR())
	return p, nil
}

// describe sets what the record in rec48 says besides the place. The station's
// own track velocity (I048/200) is left out: it is no measurement of this plot.
func (d *Decoder) describe(p *plot.Plot) {
	r := &d.rec48
	if feet, valid, ok := r.FlightLevelFeet(); ok && valid {
		p.Height, p.HeightKind = geo.Feet(feet), plot.Barometric
		p.Has |= plot.HasHeight
	} else if feet, ok := r.HeightFeet(); ok {
		p.Height, p.HeightKind = geo.Feet(feet), plot.Geometric
		p.Has |= plot.HasHeight
	}
	if code, valid, ok := r.Mode3A(); ok && valid {
		p.ModeA = code
		p.Has |= plot.HasModeA
	}
	if a, ok := r.Address(); ok && a != 0 && a != 0xFFFFFF {
		p.Address = a
		p.Has |= plot.HasAddress
	}
	if r.Has&cat048.Item240 != 0 {
		if c, ok := r.Callsign(); ok && !strings.Contains(c, "?") {
			p.Callsign = c
			p.Has |= plot.HasCallsign
		}
	}
	p.Emergency = emergency(p) || r.MilitaryEmergency()
}

// lowest is the height from which something that only a radar's beam has
// measured is taken to fly. Below it may be a ship.
const lowest geo.Feet = 500

// domainOf says where the object moves. An echo of primary radar alone and
// without a height may be an aircraft or a ship: unknown.
func domainOf(p *plot.Plot, transponder bool) plot.Domain {
	height := p.Has&plot.HasHeight != 0
	if transponder || p.Has&plot.HasAddress != 0 || height && (p.HeightKind == plot.Barometric || p.Height >= lowest) {
		return plot.Air
	}
	return 0
}

// How far a station's clock may be from the time of receipt. A node whose time
// is stepped stamps receipt with the last step, so plots may be ahead.
const (
	maxTargetLate  = 10 * time.Minute
	maxTargetAhead = 5 * time.Minute
)

func timeOfDay(received time.Time, seconds float64) (time.Time, bool) {
	t := asterix.TimeOfDay(received, seconds)
	if t.IsZero() {
		return t, false
	}
	late := received.Sub(t)
	return t, late <= maxTargetLate && late >= -maxTargetAhead
}

// service turns the record in rec34 into a sweep, if it is a north marker or a
// sector crossing.
func (d *Decoder) service(s *source, f *frame.Frame, at int) (plot.Sweep, bool, *Refusal) {
	r := &d.rec34
	refuse := func(item, reason string) (plot.Sweep, bool, *Refusal) {
		return plot.Sweep{}, false, &Refusal{Offset: int64(at), Item: item, Reason: reason}
	}
	id, ok := r.Source()
	if !ok {
		return refuse("I034/010", AsterixNoSource)
	}
	kind, _ := r.MessageType()
	sw := plot.Sweep{Time: f.Received.UTC(), Source: f.Source}
	switch kind {
	case cat034.NorthMarker:
	case cat034.SectorCrossing:
		azimuth, has := r.SectorDeg()
		if !has {
			return refuse("I034/020", AsterixNoRange)
		}
		sw.Azimuth = geo.Degrees(azimuth)
	default: // filters, strobes: nothing to us
		return plot.Sweep{}, false, nil
	}
	if r.Inhibited() {
		return refuse("I034/050", AsterixInhibited)
	}
	if tod, has := r.TimeOfDaySeconds(); has {
		if sw.Time, ok = timeOfDay(sw.Time, tod); !ok {
			return refuse("I034/030", ImplausibleTime)
		}
	}
	if seconds, has := r.RotationSeconds(); has {
		sw.Period = time.Duration(seconds * float64(time.Second))
	}
	sw.Sensor = s.sensorID(id)
	return sw, true, nil
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
