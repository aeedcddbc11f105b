// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
)

// How often a vessel reports, less than real ones do at sea (every 10 s).
const (
	shipEvery   = 30 * time.Second
	staticEvery = 6 * time.Minute
)

// addAIS adds what one receiver hears of one vessel. Reports fall on whole
// seconds, as the tag block of the line tells them.
func (w *World) addAIS(r *Receiver, o *Object) {
	rng := random(w.sc.Seed, "ais", r.ID, o.ID)
	ph := phase(shipEvery, random(w.sc.Seed, "vessel", o.ID)).Truncate(time.Second)
	seq := 0
	hear := func(t time.Time, s *Truth, send func(Emission), payloads ...payload) {
		if rng.Float64() >= r.Pd || !visible(r.Site, r.Height, r.Range, s) {
			return
		}
		for _, p := range payloads {
			tag := nmea.Tag{HasTime: true, Time: t, Source: []byte(r.ID)}
			b := nmea.Format(nil, nmea.Header{Seq: seq, Channel: 'A' + byte(seq%2), Tag: tag}, p.armour, p.fill)
			seq = (seq + 1) % 10
			send(Emission{Party: r.Party, Feed: r.ID, Kind: UDPNMEA, Time: t, Bytes: b, Frames: lines(b)})
		}
	}
	w.every(o, shipEvery, ph, func(t time.Time, s *Truth, send func(Emission)) {
		hear(t, s, send, positionReport(o, s, t))
	})
	w.every(o, staticEvery, ph+5*time.Second, func(t time.Time, s *Truth, send func(Emission)) {
		hear(t, s, send, staticReport(o)...)
	})
}

// payload is an armoured AIS message.
type payload struct {
	armour []byte
	fill   int
}

func positionReport(o *Object, s *Truth, t time.Time) payload {
	m := ais.Message{
		Type: 1, MMSI: o.MMSI, Position: s.Pos, SOG: s.Speed, COG: s.Course,
		Second: uint8(t.UTC().Second()), Fix: ais.FixTimed, Accuracy: true,
		Has: ais.HasPosition | ais.HasSOG | ais.HasCOG | ais.HasSecond,
	}
	if o.ClassB {
		m.Type = 18
	} else {
		m.Has |= ais.HasNavStatus // 0, under way using engine
	}
	b, fill, err := ais.EncodePosition(nil, &m)
	return encoded(b, fill, err)
}

// staticReport returns what a vessel says of itself: one message for class A,
// two for class B.
func staticReport(o *Object) []payload {
	name, err := ais.NewText(o.Name)
	if err != nil {
		panic("sim: name of a vessel: " + err.Error()) // as in encoded
	}
	m := ais.Message{Type: 5, MMSI: o.MMSI, Name: name, ShipType: o.ShipType, Has: ais.HasShipType}
	if o.Name != "" {
		m.Has |= ais.HasName
	}
	if !o.ClassB {
		b, fill, err := ais.EncodeStatic5(nil, &m)
		return []payload{encoded(b, fill, err)}
	}
	a, fillA, b, fillB, err := ais.EncodeStatic24(&m)
	return []payload{encoded(a, fillA, err), encoded(b, fillB, err)}
}

func encoded(b []byte, fill int, err error) payload {
	if err != nil {
		panic("sim: encode AIS message: " + err.Error()) // Parse bounds every value: a bug in this file
	}
	return payload{b, fill}
}

// lines counts the sentences in b.
func lines(b []byte) int {
	n := 0
	for len(b) > 0 {
		var line []byte
		if line, b = nmea.Next(b); len(line) > 0 {
			n++
		}
	}
	return n
}
