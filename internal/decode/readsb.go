// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"errors"
	"strconv"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/modes/readsb"
)

// readsb decodes the state of one aircraft to at most one plot. Where its place
// is new the plot is of that moment and has what came by the same way beside it;
// else, where it was heard again, what it says of itself alone: nothing tells how
// old a height or a speed is.
func (d *Decoder) readsb(s *source, f *frame.Frame, dst []plot.Plot) ([]plot.Plot, *Refusal) {
	a := &d.told
	if err := readsb.ParseLine(f.Data, f.Received.UTC(), a); err != nil {
		return dst, &Refusal{Reason: readsbReason(err), Cause: err}
	}
	if !a.Now.IsZero() {
		s.heard(stationClock, "readsb", f.Received.UTC(), f.Received.Sub(a.Now))
	}
	p := s.base(f)
	way := a.PositionSource()
	p.Kind, p.Domain = modesKind(way), plot.Air
	last := s.places.find(aircraftKey(uint32(a.ICAO), a.NonICAO, uint8(ownWay(way))), p.Received)
	if last == nil {
		return dst, &Refusal{Reason: ToldTooMany}
	}
	news := last.news(a.Heard)
	refused := s.readsbPlace(&p, last, a)
	placed := p.Has&plot.HasPosition != 0
	switch {
	case placed:
		readsbMotion(&p, a)
	case !news:
		return dst, refused
	default:
		p.Kind = modesKind(a.Source)
		if why := applies(&p, a.Heard, placeFresh); why != "" {
			return dst, refused.and(&Refusal{Reason: why})
		}
	}
	d.readsbIdentity(&p, a)
	if !placed && p.Has&^plot.HasAddress == 0 {
		return dst, refused
	}
	return append(dst, p), refused
}

// ownWay joins the ways by which an aircraft tells its place itself.
func ownWay(s modes.Source) modes.Source {
	switch s {
	case modes.SourceADSB, modes.SourceADSBNonTransp:
		return modes.SourceModeS
	}
	return s
}

// readsbPlace adds a place that is new and the time at which it held.
func (s *source) readsbPlace(p *plot.Plot, last *place, a *readsb.Aircraft) *Refusal {
	if !a.Known(readsb.HasPosition) {
		return nil
	}
	if s.beyond(a.Position) {
		return &Refusal{Reason: ToldRange}
	}
	fresh, why := last.moved(a.Position, a.PositionAt, aircraftSpeed)
	if fresh {
		why = applies(p, a.PositionAt, placeFresh)
	}
	switch {
	case why != "":
		return &Refusal{Reason: why}
	case !fresh:
		return nil
	}
	p.Pos, p.SigmaPos = a.Position, readsbSigma(a)
	p.Has |= plot.HasPosition
	if computed(a) {
		return nil // the categories are those that the aircraft told of its own
	}
	if own(a, readsb.HasNACp) {
		p.Has, p.NACp = p.Has|plot.HasNACp, a.NACp
	}
	if own(a, readsb.HasNIC) {
		p.Has, p.NIC = p.Has|plot.HasNIC, a.NIC
	}
	return nil
}

// computed reports whether others than the aircraft told its place.
func computed(a *readsb.Aircraft) bool {
	way := a.PositionSource()
	return way == modes.SourceMLAT || way == modes.SourceTISB
}

// own reports whether the aircraft itself told these fields.
func own(a *readsb.Aircraft, h readsb.Has) bool { return a.Known(h) && (a.MLAT|a.TISB)&h == 0 }

// readsbSigma returns one standard deviation of a place, as of a Mode S frame.
// Of a computed one, and of one whose way is not told, nothing says how good it
// is.
func readsbSigma(a *readsb.Aircraft) geo.Metres {
	if way := a.PositionSource(); way == modes.SourceMLAT || way == modes.SourceModeS {
		return toldSigma
	}
	if own(a, readsb.HasNACp) && !computed(a) {
		if epu := uncertainty(a.NACp); epu > 0 {
			return min(max(epu/toSigma, minSigma), maxSigma)
		}
	}
	if a.Known(readsb.HasRadius) {
		return min(max(a.ContainmentRadius/containmentToSigma, minSigma), maxSigma)
	}
	return unknownSigma
}

// readsbMotion adds height and velocity to a place. What was computed goes with
// a place that came by the same way alone; the aircraft's own height goes with
// any.
func readsbMotion(p *plot.Plot, a *readsb.Aircraft) {
	same := func(h readsb.Has) bool {
		whole := func(set readsb.Has) bool {
			return set&(h|readsb.HasPosition) == 0 || set&(h|readsb.HasPosition) == h|readsb.HasPosition
		}
		return a.Known(h) && whole(a.MLAT) && whole(a.TISB)
	}
	setHeight(p, float64(a.AltBaro), plot.Barometric, same(readsb.HasAltBaro) || own(a, readsb.HasAltBaro))
	setHeight(p, float64(a.AltGeom), plot.Geometric, same(readsb.HasAltGeom) || own(a, readsb.HasAltGeom))
	if same(readsb.HasSpeed | readsb.HasTrack) {
		p.Speed, p.Course = a.GroundSpeed, a.Track
		p.Has |= plot.HasVelocity
	}
}

// readsbIdentity adds what an aircraft says of itself.
func (d *Decoder) readsbIdentity(p *plot.Plot, a *readsb.Aircraft) {
	setAddress(p, uint32(a.ICAO), !a.NonICAO)
	setModeA(p, uint16(a.Squawk), own(a, readsb.HasSquawk))
	if own(a, readsb.HasCallsign) && readable(a.Callsign.Bytes()) {
		p.Callsign = d.text.text(a.Callsign.Bytes())
		p.Has |= plot.HasCallsign
	}
	if own(a, readsb.HasCategory) {
		if c, err := strconv.ParseUint(string(a.Category.Bytes()), 16, 8); err == nil && c&0x0F != 0 {
			p.Has, p.Category = p.Has|plot.HasCategory, uint8(c)
		}
	}
	p.Emergency = emergency(p) || own(a, readsb.HasEmergency) && string(a.Emergency.Bytes()) != "reserved"
}

func readsbReason(err error) string {
	switch {
	case errors.Is(err, readsb.ErrAddress):
		return ReadsbAddress
	case errors.Is(err, readsb.ErrValue):
		return ReadsbValue
	case errors.Is(err, readsb.ErrTime):
		return ImplausibleTime
	}
	return ReadsbSyntax
}
