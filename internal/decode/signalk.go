// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"errors"
	"math"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/signalk"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

const (
	maxUpdates = 64 // of one delta
	// updateFresh is how old an update may be when it comes: a server sends what it
	// holds to whoever connects.
	updateFresh = maxEventLate
)

// signalK decodes a delta to one plot for each update that tells something new.
func (d *Decoder) signalK(s *source, f *frame.Frame, dst []plot.Plot) ([]plot.Plot, *Refusal) {
	var refused *Refusal
	n, first := 0, len(dst)
	u := &d.delta
	err := signalk.Parse(f.Data, u, func(err error) {
		n++
		switch {
		case n > maxUpdates:
		case err != nil:
			refused = refused.and(&Refusal{Reason: signalKReason(err), Cause: err})
		default:
			var bad *Refusal
			dst, bad = d.update(s, f, u, dst)
			if bad != nil {
				refused = refused.and(bad)
			}
		}
	})
	if err != nil {
		refused = refused.and(&Refusal{Reason: signalKReason(err), Cause: err})
	}
	if n > maxUpdates {
		refused = refused.and(&Refusal{Reason: SignalKSyntax})
	}
	for i := first; i < len(dst); i++ {
		dst[i].Index = i - first
	}
	return dst, refused
}

// update decodes what one source said of one object.
func (d *Decoder) update(s *source, f *frame.Frame, u *signalk.Update, dst []plot.Plot) ([]plot.Plot, *Refusal) {
	// A server sends what it holds to whoever connects, so only what is ahead tells
	// of a clock.
	s.heard(receiverClock, d.text.text(u.Source), f.Received.UTC(), f.Received.Sub(u.Time))
	m := &u.Message
	if u.Kind == signalk.AtoN || u.Kind == signalk.Shore || !moves(m) {
		return dst, nil
	}
	p := s.base(f)
	if why := applies(&p, u.Time, updateFresh); why != "" {
		return dst, &Refusal{Reason: why}
	}
	if m.Known(ais.HasPosition) {
		last := s.places.find(uint32(m.MMSI), p.Received)
		if last == nil {
			return dst, &Refusal{Reason: ToldTooMany}
		}
		const unit = 600_000 // of a degree; the gate looks whether it is 0 N 0 E
		m.LatRaw, m.LonRaw = int32(math.Round(m.Position.LatDeg*unit)), int32(math.Round(m.Position.LonDeg*unit))
		m.Has |= ais.HasRawPosition
		// The gate below measures the way between two places.
		if fresh, _ := last.moved(m.Position, u.Time, math.MaxInt32); !fresh {
			return dst, nil
		}
	} else { // a speed alone may have been told before
		m.Has &^= ais.HasSOG | ais.HasCOG
	}
	if err := s.gate.Check(p.Time, m); err != nil {
		return dst, aisRefusal(err)
	}
	d.fill(&p, m)
	if u.Kind == signalk.Aircraft {
		p.Domain = plot.Air
	}
	if p.Has&^plot.HasMMSI == 0 {
		return dst, nil
	}
	return append(dst, p), nil
}

func signalKReason(err error) string {
	switch {
	case errors.Is(err, signalk.ErrContext):
		return SignalKContext
	case errors.Is(err, signalk.ErrValue):
		return SignalKValue
	}
	return SignalKSyntax
}
