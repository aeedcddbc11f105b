// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"bytes"
	"errors"
	"time"

	"github.com/kuroshio-watch/kuroshio/cot"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

// How far an event's time may be from its receipt.
const (
	maxEventLate  = 10 * time.Minute
	maxEventAhead = 5 * time.Minute // as that of a plot
)

// cot decodes one event to one plot. It takes the reports of machines on what
// moves in the air or on the sea, and of the type the dimension alone: whom the
// sender takes for friend or anything else is a person's word elsewhere and none
// here. Places that a hand has set, and all other events, tell no measurement.
func (d *Decoder) cot(s *source, f *frame.Frame, dst []plot.Plot) ([]plot.Plot, *Refusal) {
	e, err := d.event.Datagram(f.Data)
	switch {
	case err != nil:
		return dst, &Refusal{Reason: cotReason(err), Cause: err}
	case e == nil: // a control message
		return dst, nil
	case labelled(e):
		return dst, &Refusal{Reason: CoTLabel}
	case simulated(e) && !s.Exercise:
		return dst, &Refusal{Reason: SimulatedOnLive}
	}
	domain := dimension(e.Type)
	if domain == 0 || !bytes.HasPrefix(e.How, []byte("m")) || e.Has&cot.HasPosition == 0 {
		return dst, nil
	}
	p := s.base(f)
	switch late := p.Received.Sub(e.Time); {
	case late > maxEventLate || late < -maxEventAhead:
		return dst, &Refusal{Reason: ImplausibleTime}
	case e.Stale.Before(p.Received.Add(-maxFixOff)):
		return dst, &Refusal{Reason: CoTStale}
	}
	s.heard(strangerClock, d.text.text(e.UID), p.Received, p.Received.Sub(e.Time))
	p.Time, p.Kind, p.Domain = e.Time.UTC(), plot.CoT, domain
	d.fillEvent(&p, e)
	return append(dst, p), nil
}

// fillEvent sets what an event tells of its object.
func (d *Decoder) fillEvent(p *plot.Plot, e *cot.Event) {
	p.Pos, p.SigmaPos = e.Position, unknownSigma
	p.Has |= plot.HasPosition
	if e.Has&cot.HasCE != 0 {
		p.SigmaPos = min(max(e.CE, minSigma), maxSigma)
	}
	if e.Has&cot.HasHeight != 0 && p.Domain == plot.Air {
		p.Height, p.HeightKind = e.Height.Feet(), plot.Geometric
		p.Has |= plot.HasHeight
	}
	if e.Has&cot.HasSpeed != 0 && e.Has&cot.HasCourse != 0 {
		p.Speed, p.Course = geo.MetresPerSecond(e.SpeedMS).Knots(), e.Course
		p.Has |= plot.HasVelocity
	}
	if name := bytes.TrimSpace(e.Callsign); len(name) > 0 && len(name) <= maxCallsign {
		p.Callsign = d.text.text(name)
		p.Has |= plot.HasCallsign
	}
}

// maxCallsign bounds the name that a device gives itself, in octets.
const maxCallsign = 32

// dimension returns where an object of a type moves: the third part of an atom,
// "a-f-A-M-F". 0 is all the rest: on land, under water, no object.
func dimension(kind cot.Text) plot.Domain {
	if len(kind) < 5 || !bytes.HasPrefix(kind, []byte("a-")) || kind[3] != '-' || len(kind) > 5 && kind[5] != '-' {
		return 0
	}
	switch kind[4] {
	case 'A':
		return plot.Air
	case 'S':
		return plot.Sea
	}
	return 0
}

// labelled reports whether the event may not go to everybody. Its label would be
// lost on a plot, and what is released from the track would not know of it.
func labelled(e *cot.Event) bool {
	free := len(e.Access) == 0 || bytes.EqualFold(e.Access, []byte("Undefined")) || bytes.EqualFold(e.Access, []byte("Unrestricted"))
	return !free || len(e.Caveat) > 0 || len(e.ReleasableTo) > 0
}

// simulated reports whether the event says that it is of an exercise or of a
// simulation (opex "e" or "s", with a name behind).
func simulated(e *cot.Event) bool {
	return bytes.HasPrefix(e.Opex, []byte("e")) || bytes.HasPrefix(e.Opex, []byte("s"))
}

func cotReason(err error) string {
	switch {
	case errors.Is(err, cot.ErrForbidden):
		return CoTForbidden
	case errors.Is(err, cot.ErrMissing), errors.Is(err, cot.ErrValue):
		return CoTValue
	}
	return CoTSyntax
}
