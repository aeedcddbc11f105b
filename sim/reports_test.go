// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/modes/beast"
	"github.com/kuroshio-watch/kuroshio/sim"
)

// stream joins what a feed sends, as a client reads it.
func stream(es []sim.Emission) (b []byte, frames int) {
	for _, e := range es {
		b = append(b, e.Bytes...)
		frames += e.Frames
	}
	return b, frames
}

func TestADSBTellsTheTruth(t *testing.T) {
	const hears = "receiver a kind=adsb party=tw site=25.0,121.5 height=300m range=100NM pd=0.9"
	const flies = "object exr1 kind=airliner seen=tw radar=none adsb=yes address=f00001 callsign=EXR1 squawk=2101\nat 00:05 25.1 121.2 FL350\nat 00:25 25.3 124.0 FL370"
	sc := parse(t, hears, flies)
	r := &sc.Receivers[0]
	b, frames := stream(all(sc))
	rd := beast.NewReader(bytes.NewReader(b))
	dec := modes.NewDecoder(modes.Config{Receiver: modes.Receiver{Pos: r.Site, RangeNM: 100}, HasReceiver: true})
	n, positions, speeds, calls, codes := 0, 0, 0, 0, 0
	var rep modes.Report
	for {
		m, err := rd.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || !m.HasSynthetic {
			t.Fatalf("message %d: %v, mark %v", n, err, m.HasSynthetic)
		}
		n++
		at := time.UnixMilli(m.SyntheticMillis).UTC()
		if err := dec.Decode(at, m.Data, &rep); err != nil {
			t.Fatalf("%x: %v", m.Data, err)
		}
		want := truth(t, sc, "exr1", at)
		if rep.ICAO != 0xf00001 || distance(r.Site, want.Pos) > r.Range {
			t.Fatalf("address %v at %v", rep.ICAO, at)
		}
		if rep.HasPosition {
			positions++
			if d := distance(rep.Position, want.Pos); d > 10 || math.Abs(float64(rep.Altitude-want.Height)) > 13 {
				t.Fatalf("%.1f m and %.0f ft off at %v", d, rep.Altitude-want.Height, at)
			}
		} else if rep.Has(modes.FieldCPR) && rep.Refusal != modes.RefusedUnpaired {
			t.Fatalf("position refused: %v", rep.Refusal)
		}
		if rep.Has(modes.FieldSpeed) {
			speeds++
			if math.Abs(float64(rep.GroundSpeed-want.Speed)) > 1 || math.Abs(float64((rep.Track-want.Course).Norm180())) > 0.3 || rep.VerticalRateFPM != 128 && rep.VerticalRateFPM != 64 {
				t.Fatalf("%v kt on %v, %d ft/min", rep.GroundSpeed, rep.Track, rep.VerticalRateFPM)
			}
		}
		if rep.Has(modes.FieldCallsign) {
			if calls++; rep.CallsignText() != "EXR1" {
				t.Fatalf("callsign %q", rep.CallsignText())
			}
		}
		if rep.Has(modes.FieldSquawk) {
			if codes++; rep.Squawk != 0o2101 {
				t.Fatalf("squawk %v", rep.Squawk)
			}
		}
	}
	if n != frames || positions < 100 || speeds < 50 || calls < 15 || codes < 15 {
		t.Errorf("%d messages (%d told), %d positions, %d speeds, %d callsigns, %d squawks", n, frames, positions, speeds, calls, codes)
	}
	if st := rd.Stats(); st.Garbage != 0 || st.Cut != 0 || st.Marks != uint64(n) {
		t.Errorf("stream %+v", st)
	}
}

func TestAISTellsTheTruth(t *testing.T) {
	const hears = "receiver a kind=ais party=tw site=24.6,121.9 height=500m range=50NM pd=1"
	sc := parse(
		t, hears,
		`object va kind=vessel seen=tw mmsi=416999101 name="EXERCISE A" type=70`, "at 00:00 24.6 122.0", "at 01:00 24.8 122.1",
		`object vb kind=vessel seen=tw mmsi=416999102 name="EXERCISE B" type=30 class=B`, "at 00:10 24.4 122.0", "at 00:50 24.4 122.05",
		`object far kind=vessel seen=tw mmsi=416999103`, "at 00:00 24.6 124.0", "at 01:00 24.8 124.1",
	)
	r := &sc.Receivers[0]
	dec := ais.NewDecoder(ais.DefaultGateConfig())
	seen := map[ais.MMSI]string{416999101: "va", 416999102: "vb"}
	types := map[ais.MMSI]map[uint8]int{416999101: {}, 416999102: {}}
	for _, e := range all(sc) {
		count := 0
		for rest := e.Bytes; len(rest) > 0; {
			var line []byte
			line, rest = nmea.Next(rest)
			count++
			var s nmea.Sentence
			if err := nmea.Parse(line, &s); err != nil || !s.Tag.HasTime && s.Number == 1 {
				t.Fatalf("%q: %v, time %v", line, err, s.Tag.HasTime)
			}
			if s.Tag.HasTime && !s.Tag.Time.Equal(e.Time) {
				t.Fatalf("tag time %v, sent at %v", s.Tag.Time, e.Time)
			}
			var m ais.Message
			complete, err := dec.Decode(e.Time, "a", line, &m)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			if !complete {
				continue
			}
			id, ok := seen[m.MMSI]
			if !ok || distance(r.Site, truth(t, sc, id, e.Time).Pos) > r.Range {
				t.Fatalf("MMSI %v at %v", m.MMSI, e.Time)
			}
			types[m.MMSI][m.Type]++
			checkAIS(t, sc, id, e.Time, &m)
		}
		if count != e.Frames {
			t.Fatalf("%d lines, %d frames told", count, e.Frames)
		}
	}
	if n := types[416999101]; n[1] != 120 || n[5] != 10 || len(n) != 2 {
		t.Errorf("class A: messages by type %v", n)
	}
	if n := types[416999102]; n[18] < 79 || n[24] < 12 || len(n) != 2 {
		t.Errorf("class B: messages by type %v", n)
	}
}

func checkAIS(t *testing.T, sc *sim.Scenario, id string, at time.Time, m *ais.Message) {
	t.Helper()
	o, want := sc.Object(id), truth(t, sc, id, at)
	if m.Known(ais.HasPosition) {
		if d := distance(m.Position, want.Pos); d > 0.3 {
			t.Fatalf("%.2f m off", d)
		}
		if math.Abs(float64(m.SOG-want.Speed)) > 0.051 || math.Abs(float64((m.COG-want.Course).Norm180())) > 0.051 {
			t.Fatalf("%v kt on %v", m.SOG, m.COG)
		}
		if int(m.Second) != at.Second() || m.Fix != ais.FixTimed {
			t.Fatalf("second %d at %v", m.Second, at)
		}
	}
	if m.Known(ais.HasName) && m.Name.String() != o.Name || m.Known(ais.HasShipType) && m.ShipType != o.ShipType {
		t.Fatalf("name %q, type %d", m.Name, m.ShipType)
	}
}
