// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"time"

	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/modes/beast"
)

// How often an aircraft sends, less than real transponders do (twice a second):
// what a track needs, and no more to carry.
const (
	positionEvery = 5 * time.Second
	velocityEvery = 10 * time.Second
	identEvery    = 30 * time.Second
)

// Signal level of the Beast message: any that is neither weak nor saturated.
const signal = 120

// addADSB adds what one receiver hears of one aircraft.
func (w *World) addADSB(r *Receiver, o *Object) {
	rng := random(w.sc.Seed, "adsb", r.ID, o.ID)
	// The phase is the aircraft's: all receivers hear it at the same moment.
	ph := phase(positionEvery, random(w.sc.Seed, "aircraft", o.ID))
	hear := func(t time.Time, s *Truth, frame []byte, send func(Emission)) {
		if rng.Float64() >= r.Pd || !visible(r.Site, r.Height, r.Range, s) {
			return
		}
		send(Emission{Party: r.Party, Feed: r.ID, Kind: TCPBeast, Time: t, Bytes: appendBeast(nil, t, frame), Frames: 1})
	}
	odd := false
	w.every(o, positionEvery, ph, func(t time.Time, s *Truth, send func(Emission)) {
		f := modes.EncodeAirbornePosition(o.Address, s.Pos, s.Height, odd)
		odd = !odd
		hear(t, s, f[:], send)
	})
	w.every(o, velocityEvery, ph+1200*time.Millisecond, func(t time.Time, s *Truth, send func(Emission)) {
		f := modes.EncodeVelocity(o.Address, s.Speed, s.Course, s.ClimbFPM)
		hear(t, s, f[:], send)
	})
	w.every(o, identEvery, ph+300*time.Millisecond, func(t time.Time, s *Truth, send func(Emission)) {
		f := modes.EncodeIdentification(o.Address, o.Callsign, o.Category)
		hear(t, s, f[:], send)
	})
	w.every(o, identEvery, ph+600*time.Millisecond, func(t time.Time, s *Truth, send func(Emission)) {
		f := modes.EncodeStatus(o.Address, 9, 3, false)
		hear(t, s, f[:], send)
	})
	w.every(o, identEvery, ph+2100*time.Millisecond, func(t time.Time, s *Truth, send func(Emission)) {
		f := modes.EncodeAllCall(o.Address)
		hear(t, s, f[:], send)
	})
	if !o.HasCode {
		return
	}
	w.every(o, identEvery, ph+2400*time.Millisecond, func(t time.Time, s *Truth, send func(Emission)) {
		f := modes.EncodeIdentityReply(o.Address, o.Squawk)
		hear(t, s, f[:], send)
	})
}

// appendBeast appends a time mark and the frame.
func appendBeast(b []byte, t time.Time, frame []byte) []byte {
	typ := byte(beast.TypeLong)
	if len(frame) == 7 {
		typ = beast.TypeShort
	}
	b = beast.AppendTime(b, t.UnixMilli())
	return beast.Append(b, beast.Message{Type: typ, Time12MHz: ticks12MHz(t), Signal: signal, Data: frame})
}

// ticks12MHz returns the counter of a receiver that began at midnight.
func ticks12MHz(t time.Time) uint64 {
	t = t.UTC()
	midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return uint64(t.Sub(midnight).Microseconds()) * 12
}
