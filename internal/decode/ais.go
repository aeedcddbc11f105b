// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"errors"
	"strconv"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

func gateConfig(s Source) ais.GateConfig {
	cfg := ais.DefaultGateConfig()
	if s.Receiver != nil {
		cfg.Receiver, cfg.Horizon = *s.Receiver, ais.DefaultHorizon
		if s.RangeNM > 0 {
			cfg.Horizon = geo.FromNM(s.RangeNM)
		}
	}
	return cfg
}

// nmea decodes one line, which may complete a message, to one plot.
func (d *Decoder) nmea(s *source, f *frame.Frame, dst []plot.Plot) ([]plot.Plot, *Refusal) {
	complete, err := s.ais.Decode(f.Received, f.Source, f.Data, &d.vessel)
	return d.vesselPlot(s, f, complete, err, dst)
}

// vesselPlot makes a plot of the message that a line has completed, or says why
// it was refused.
func (d *Decoder) vesselPlot(s *source, f *frame.Frame, complete bool, err error, dst []plot.Plot) ([]plot.Plot, *Refusal) {
	m := &d.vessel
	switch {
	case errors.Is(err, nmea.ErrOther): // the receiver's own instruments
		return dst, nil
	case err != nil:
		return dst, aisRefusal(err)
	case !complete:
		return dst, nil
	}
	d.timeAIS(s, m, f.Received)
	at, ok := messageTime(m, f.Received)
	if !ok {
		return dst, &Refusal{Reason: ImplausibleTime}
	}
	d.detail.AIS = m
	if !moves(m) {
		return dst, nil
	}
	p := s.base(f)
	p.Time = at
	d.fill(&p, m)
	return append(dst, p), nil
}

// How far a tag block's time may be from that of receipt: satellite feeds are
// late, clocks are never far ahead.
const (
	maxTagLate  = time.Hour
	maxTagAhead = time.Minute
	// maxFixOff bounds how far the UTC second can be from the time of the
	// message before it is taken for another minute's.
	maxFixOff = 10 * time.Second
)

// timeAIS measures clocks: a receiver's by the time in its tag block, and that of
// a base station, which tells UTC (M.1371-5, table 51). Where a message was long
// under way, the tag block says when it was heard.
func (d *Decoder) timeAIS(s *source, m *ais.Message, received time.Time) {
	heard := received
	if m.Known(ais.HasSent) {
		heard = m.Sent
		s.heard(receiverClock, m.Station, received, received.Sub(m.Sent))
	}
	if m.Type == 4 && m.Known(ais.HasUTC) {
		var buf [20]byte
		nine := strconv.AppendUint(buf[:0], 1_000_000_000+uint64(m.MMSI), 10)[1:] // with the zeros before it
		s.heard(strangerClock, d.text.text(nine), received, heard.Sub(m.UTC))
	}
}

// messageTime returns when the position was measured: the UTC second of the
// message, in the minute that is nearest to the tag block's time or else to
// that of receipt.
func messageTime(m *ais.Message, received time.Time) (time.Time, bool) {
	base := received.UTC()
	if m.Known(ais.HasSent) {
		if lateOrAhead(base.Sub(m.Sent)) {
			return time.Time{}, false
		}
		base = m.Sent.UTC()
	}
	at, known := m.FixTime(base)
	if !known || at.After(base) || base.Sub(at) > maxFixOff {
		return base, true
	}
	return at, true
}

// lateOrAhead reports whether a station's time is so far from that of receipt
// that it is none.
func lateOrAhead(late time.Duration) bool { return late > maxTagLate || late < -maxTagAhead }

// moves reports whether the sender is an object to follow: base stations and
// aids to navigation stand still or are none at all.
func moves(m *ais.Message) bool {
	switch m.Type {
	case 4, 11, 21:
		return false
	}
	c := m.MMSI.Class()
	return c != ais.ClassCoast && c != ais.ClassAtoN
}

// Positions of AIS: better than 10 m with the accuracy flag (M.1371-5
// table 47), tenths of a minute in type 27.
const (
	sigmaAccurate  = geo.Metres(10)
	sigmaPlain     = geo.Metres(30)
	sigmaLongRange = geo.Metres(100)
)

// fill sets the plot's fields from a message.
func (d *Decoder) fill(p *plot.Plot, m *ais.Message) {
	p.Kind, p.Domain = plot.AIS, plot.Sea
	if m.Type == 9 || m.MMSI.Class() == ais.ClassSARAircraft {
		p.Domain = plot.Air
	}
	p.MMSI = uint32(m.MMSI)
	p.Has |= plot.HasMMSI
	if m.Known(ais.HasPosition) {
		p.Pos, p.SigmaPos = m.Position, sigmaPlain
		switch {
		case m.Type == 27:
			p.SigmaPos = sigmaLongRange
		case m.Accuracy:
			p.SigmaPos = sigmaAccurate
		}
		p.Has |= plot.HasPosition
	}
	if m.Known(ais.HasSOG | ais.HasCOG) {
		p.Speed, p.Course = m.SOG, m.COG
		p.Has |= plot.HasVelocity
	}
	if m.Known(ais.HasAltitude) {
		p.Height, p.HeightKind = m.Altitude.Feet(), plot.Geometric
		p.Has |= plot.HasHeight
	}
	if m.Known(ais.HasName) {
		p.Name = d.text.text(m.Name.Bytes())
		p.Has |= plot.HasName
	}
	if m.Known(ais.HasCallsign) {
		p.Callsign = d.text.text(m.Callsign.Bytes())
		p.Has |= plot.HasCallsign
	}
	if m.Known(ais.HasShipType) {
		p.ShipType = m.ShipType
		p.Has |= plot.HasShipType
	}
	// A search and rescue transmitter, a person overboard or a distress beacon
	// (M.585-9), or a vessel with the status of one.
	switch m.MMSI.Class() {
	case ais.ClassSART, ais.ClassMOB, ais.ClassEPIRB:
		p.Emergency = true
	}
	if m.Known(ais.HasNavStatus) && m.NavStatus == ais.SARTActive {
		p.Emergency = true
	}
}
