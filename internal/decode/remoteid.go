// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"bytes"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/remoteid"
)

const (
	// droneHold is how long an identity holds for the places after it: it is
	// sent every three seconds at least (F3411-22a, 5.4.4), and some are lost.
	droneHold = time.Minute
	maxDrones = 2048 // transmitters of one feed
	// maxDroneOff bounds how far the time of a place can be from its receipt to
	// be believed: the standard allows it to be a second old.
	maxDroneOff = 10 * time.Second
)

// remoteID decodes one line of a receiver to one plot. Where the operator
// stands is a person's place and goes into no plot.
func (d *Decoder) remoteID(s *source, f *frame.Frame, dst []plot.Plot) ([]plot.Plot, *Refusal) {
	b := &d.beacon
	if err := remoteid.ParseLine(f.Data, b); err != nil {
		return dst, &Refusal{Reason: RemoteIDLine, Cause: err}
	}
	n, err := remoteid.DecodeAll(b.Payload, &d.drone)
	var refused *Refusal
	if err != nil {
		refused = &Refusal{Reason: RemoteIDMessage, Cause: err}
	}
	list := d.drone[:n]
	a, fresh := s.drones.Take(b, list, f.Received.UTC())
	m := placed(list)
	if m == nil || !fresh { // what was said before, or no place
		return dst, refused
	}
	if s.beyond(m.Position) {
		return dst, refused.and(&Refusal{Reason: RemoteIDRange})
	}
	p := s.base(f)
	if at, ok := m.Time(p.Received, time.Hour); ok { // the hour is not told
		off := p.Received.Sub(at)
		s.heard(strangerClock, d.text.text(b.Transmitter), p.Received, off)
		if off >= 0 && off <= maxDroneOff {
			p.Time = at
		}
	}
	p.Callsign = d.text.text(droneName(&a))
	if p.Callsign != "" {
		p.Has |= plot.HasCallsign
	}
	if t, ok := droneType(&a); ok {
		p.Has, p.Category = p.Has|plot.HasCategory, t
	}
	locate(&p, m)
	return append(dst, p), refused
}

// beyond reports whether a place is farther than the receiver can hear.
func (s *source) beyond(p geo.Point) bool {
	if s.Receiver == nil || s.RangeNM == 0 {
		return false
	}
	d, _ := geo.Inverse(*s.Receiver, p)
	return d > geo.FromNM(s.RangeNM)
}

// placed returns the last location that tells a place, nil for none.
func placed(list []remoteid.Message) *remoteid.Message {
	for i := len(list) - 1; i >= 0; i-- {
		if m := &list[i]; m.Type == remoteid.TypeLocation && m.Has&remoteid.HasPosition != 0 {
			return m
		}
	}
	return nil
}

// droneName returns the serial number, else the registration, that the aircraft
// gave itself; nil where it gave none that can be read. Other identities are of
// one flight.
func droneName(a *remoteid.Aircraft) []byte {
	for _, kind := range [...]uint8{remoteid.IDSerial, remoteid.IDRegistration} {
		for i := range a.IDs {
			if id := a.IDs[i].ID.Bytes(); a.IDs[i].IDType == kind && readable(id) {
				return bytes.TrimSpace(id)
			}
		}
	}
	return nil
}

// droneType returns the type of aircraft that came with one of its identities.
func droneType(a *remoteid.Aircraft) (uint8, bool) {
	for i := range a.IDs {
		if t := a.IDs[i].UAType; t != 0 {
			return t, true
		}
	}
	return 0, false
}

// readable reports whether a text holds printable ASCII alone.
func readable(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c < ' ' || c > '~' })
}

// locate sets what a location tells of place and motion.
func locate(p *plot.Plot, m *remoteid.Message) {
	p.Kind, p.Domain, p.Emergency = plot.RemoteID, plot.Air, m.Status == remoteid.StatusEmergency
	p.Pos, p.SigmaPos = m.Position, unknownSigma
	p.Has |= plot.HasPosition
	if bound, ok := remoteid.HorizontalAccuracy(m.HorizontalCode); ok {
		p.SigmaPos = min(max(bound/toSigma, minSigma), maxSigma)
	}
	switch {
	case m.Has&remoteid.HasGeodeticAltitude != 0:
		p.Height, p.HeightKind = m.GeodeticAltitude.Feet(), plot.Geometric
		p.Has |= plot.HasHeight
	case m.Has&remoteid.HasPressureAltitude != 0:
		p.Height, p.HeightKind = m.PressureAltitude.Feet(), plot.Barometric
		p.Has |= plot.HasHeight
	}
	if m.Has&remoteid.HasTrack != 0 && m.Has&remoteid.HasSpeed != 0 {
		p.Speed, p.Course = geo.MetresPerSecond(m.SpeedMS).Knots(), m.Track
		p.Has |= plot.HasVelocity
	}
}
