// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/modes/sbs"
)

// toldSigma stands for a position of which nothing says how good it is or who
// made it, the aircraft or a computation: NACp 5.
const toldSigma = geo.Metres(926 / toSigma)

// sbs decodes one line to one plot.
func (d *Decoder) sbs(s *source, f *frame.Frame, dst []plot.Plot) ([]plot.Plot, *Refusal) {
	m := &d.line
	err := sbs.Parse(f.Data, m)
	switch {
	case errors.Is(err, sbs.ErrOther):
		return dst, nil
	case err != nil:
		return dst, sbsRefusal(f.Data, err)
	}
	p := s.base(f)
	// The times have no zone, but both are of one clock.
	if m.Known(sbs.HasGenerated|sbs.HasLogged) && m.Logged.After(m.Generated) {
		if why := applies(&p, p.Received.Add(m.Generated.Sub(m.Logged)), placeFresh); why != "" {
			return dst, &Refusal{Reason: why}
		}
	}
	p.Kind, p.Domain = plot.ADSB, plot.Air
	setAddress(&p, uint32(m.ICAO), !m.NonICAO)
	setHeight(&p, float64(m.Altitude), plot.Barometric, m.Known(sbs.HasAltitude) && !m.OnGround)
	if m.Known(sbs.HasSpeed | sbs.HasTrack) {
		p.Speed, p.Course = m.GroundSpeed, m.Track
		p.Has |= plot.HasVelocity
	}
	setModeA(&p, uint16(m.Squawk), m.Known(sbs.HasSquawk))
	if m.Known(sbs.HasCallsign) {
		p.Callsign = d.text.text(bytes.TrimRight(m.Callsign[:], " "))
		p.Has |= plot.HasCallsign
	}
	p.Emergency = emergency(&p) || m.Known(sbs.HasEmergency) && m.Emergency
	var refused *Refusal
	if m.Known(sbs.HasPosition) {
		refused = s.tellPlace(&p, aircraftKey(uint32(m.ICAO), m.NonICAO, 0), m.Position)
	}
	if m.Known(sbs.HasPosition) && p.Has&^plot.HasAddress == 0 { // nothing but a place that was told before
		return dst, refused
	}
	return append(dst, p), refused
}

// aircraftKey keeps apart what must not be mixed: addresses that ICAO gave and
// others, and the ways by which a place came.
func aircraftKey(address uint32, anonymous bool, way uint8) uint32 {
	const anonymousBit = 1 << 31
	key := address | uint32(way)<<24
	if anonymous {
		key |= anonymousBit
	}
	return key
}

// tellPlace adds a place that holds at the plot's time, unless it was told
// before or cannot be.
func (s *source) tellPlace(p *plot.Plot, id uint32, at geo.Point) *Refusal {
	last := s.places.find(id, p.Received)
	if last == nil {
		return &Refusal{Reason: ToldTooMany}
	}
	if s.beyond(at) {
		return &Refusal{Reason: ToldRange}
	}
	fresh, why := last.moved(at, p.Time, aircraftSpeed)
	switch {
	case why != "":
		return &Refusal{Reason: why}
	case fresh:
		p.Pos, p.SigmaPos = at, toldSigma
		p.Has |= plot.HasPosition
	}
	return nil
}

// sbsRefusal names what is wrong with a line, and where its field begins.
func sbsRefusal(line []byte, err error) *Refusal {
	r := &Refusal{Reason: SBSLine, Cause: err}
	var bad *sbs.Error
	if !errors.As(err, &bad) || bad.Field == 0 {
		return r
	}
	r.Item = fmt.Sprintf("field %d", bad.Field)
	for range bad.Field - 1 {
		n := bytes.IndexByte(line[r.Offset:], ',')
		if n < 0 {
			break
		}
		r.Offset += int64(n) + 1
	}
	return r
}
