// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/asterix/cat034"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// squitter builds an extended squitter with its parity (Annex 10 volume IV,
// 3.1.2.3.3) from the first byte, the address and the message.
func squitter(first byte, icao uint32, me [7]byte) []byte {
	b := append([]byte{first, byte(icao >> 16), byte(icao >> 8), byte(icao)}, me[:]...)
	var crc uint32
	for _, c := range b {
		crc ^= uint32(c) << 16
		for range 8 {
			crc <<= 1
			if crc&0x1000000 != 0 {
				crc ^= 0x1FFF409
			}
		}
	}
	return append(b, byte(crc>>16), byte(crc>>8), byte(crc))
}

// status is an operational status of version 2 with a NACp (DO-260B
// 2.2.3.2.7.2).
func status(icao uint32, nacp byte) []byte {
	return squitter(0x8D, icao, [7]byte{31 << 3, 0, 0, 0, 0, 2<<5 | nacp, 0})
}

func TestAccuracy(t *testing.T) {
	const icao = 0x899123
	at := func(i int, odd bool) frame.Frame {
		return frame.Frame{
			Source: "adsb", Format: frame.ModeS, Received: noon.Add(time.Duration(i) * time.Second),
			Data: long(modes.EncodeAirbornePosition(icao, taxi, 16000, odd)),
		}
	}
	say := func(i int, b []byte) frame.Frame {
		return frame.Frame{Source: "adsb", Format: frame.ModeS, Received: noon.Add(time.Duration(i) * time.Second), Data: b}
	}
	tests := map[string]struct {
		frames []frame.Frame
		want   geo.Metres
	}{
		// TC11 of version 0 is NUCp 7: within 0.1 NM.
		"no accuracy":               {[]frame.Frame{at(0, false), at(1, true)}, 185.2 / 5},
		"NACp 8":                    {[]frame.Frame{say(0, status(icao, 8)), at(1, false), at(2, true)}, 92.6 / 2.45},
		"NACp 11, which is floored": {[]frame.Frame{say(0, status(icao, 11)), at(1, false), at(2, true)}, 10},
		"NACp 1, which is capped":   {[]frame.Frame{say(0, status(icao, 1)), at(1, false), at(2, true)}, 5000},
		"NACp 0, which is unknown":  {[]frame.Frame{say(0, status(icao, 0)), at(1, false), at(2, true)}, 185.2 / 5},
		"one of another aircraft":   {[]frame.Frame{say(0, status(icao+1, 8)), at(1, false), at(2, true)}, 185.2 / 5},
		"an old one":                {[]frame.Frame{say(0, status(icao, 8)), at(301, false), at(302, true)}, 185.2 / 5},
		"one of the same number that is no ICAO address": {[]frame.Frame{
			say(0, squitter(18<<3|1, icao, [7]byte{31 << 3, 0, 0, 0, 0, 2<<5 | 8, 0})), at(1, false), at(2, true),
		}, 185.2 / 5},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			d := newDecoder(t)
			var plots []plot.Plot
			for i := range tt.frames {
				var err error
				if plots, _, err = d.Decode(&tt.frames[i], plots[:0], nil); err != nil {
					t.Fatal(err)
				}
			}
			if len(plots) != 1 || plots[0].Has&plot.HasPosition == 0 {
				t.Fatalf("plots = %+v, want a position", plots)
			}
			if diff := plots[0].SigmaPos - tt.want; diff < -0.01 || diff > 0.01 {
				t.Errorf("standard deviation %v m, want %v", plots[0].SigmaPos, tt.want)
			}
		})
	}
}

// TestAccuracyIsKept takes a snapshot between an accuracy and the position that
// it is of, and gives the same bytes each time.
func TestAccuracyIsKept(t *testing.T) {
	d := newDecoder(t)
	var data [][]byte
	for i := range uint32(50) {
		data = append(data, status(0x899100+i, 9))
	}
	run(t, d, "adsb", frame.ModeS, data...)
	first, err := json.Marshal(d.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if next, err := json.Marshal(d.Snapshot()); err != nil || !bytes.Equal(first, next) {
			t.Fatalf("another snapshot of the same (%v)", err)
		}
	}
	e := newDecoder(t)
	if err := e.Restore(d.Snapshot()); err != nil {
		t.Fatal(err)
	}
	plots, _, _ := run(t, e, "adsb", frame.ModeS,
		long(modes.EncodeAirbornePosition(0x899100, taxi, 16000, false)), long(modes.EncodeAirbornePosition(0x899100, taxi, 16000, true)))
	if want := geo.Metres(30 / 2.45); plots[1].SigmaPos-want > 0.01 || want-plots[1].SigmaPos > 0.01 {
		t.Errorf("standard deviation %v m after a restore, want %v", plots[1].SigmaPos, want)
	}
}

// TestAccuraciesAreBounded hears 40,000 aircraft.
func TestAccuraciesAreBounded(t *testing.T) {
	d := newDecoder(t)
	for i := range uint32(40_000) {
		run(t, d, "adsb", frame.ModeS, status(1+i, 9))
	}
	st := d.Snapshot()
	for i := range st.Sources {
		s := &st.Sources[i]
		if len(s.Accuracy) > 1<<15 || s.ModeS != nil && len(s.ModeS.Aircraft) > 1<<15 {
			t.Errorf("feed %s: %d accuracies of %d aircraft are kept", s.Name, len(s.Accuracy), len(s.ModeS.Aircraft))
		}
		for len(s.Accuracy) > 0 && len(s.Accuracy) <= 1<<15 {
			s.Accuracy = append(s.Accuracy, s.Accuracy...)
		}
	}
	if newDecoder(t).Restore(st) == nil {
		t.Error("Restore() took more than it keeps")
	}
}

func TestOddSquitters(t *testing.T) {
	gnss := squitter(0x8D, 0x899123, [7]byte{20 << 3, 0x28, 0x10, 0, 0, 0, 1}) // TC20, Q bit set
	tisb := squitter(18<<3|5, 0x012345, [7]byte{1 << 3, 1 << 2, 0, 0, 0, 0, 0})
	plots, _, refused := run(t, newDecoder(t), "adsb", frame.ModeS, gnss, tisb)
	if len(refused) > 0 || len(plots) != 2 {
		t.Fatalf("%d plots, refused %v", len(plots), refused)
	}
	if p := plots[0]; p.Has&plot.HasHeight == 0 || p.HeightKind != plot.Geometric {
		t.Errorf("plot of a GNSS height = %+v", p)
	}
	if p := plots[1]; p.Has&plot.HasAddress != 0 || p.Kind != plot.TISB {
		t.Errorf("plot of a track file number = %+v, want no address", p)
	}
}

func TestDetail(t *testing.T) {
	d := newDecoder(t)
	run(t, d, "adsb", frame.ModeS, status(0x899123, 9))
	if got := d.Detail(); got.ModeS == nil || got.ModeS.NACp != 9 || got.AIS != nil {
		t.Errorf("Detail() = %+v after a Mode S frame", got)
	}
	run(t, d, "ais", frame.NMEA, sentence(t, vessel(), nil))
	if got := d.Detail(); got.ModeS != nil || got.AIS == nil || got.AIS.MMSI != 416000123 {
		t.Errorf("Detail() = %+v after a message", got)
	}
	run(t, d, "ais", frame.NMEA, []byte("hello"))
	if got := d.Detail(); got.ModeS != nil || got.AIS != nil {
		t.Errorf("Detail() = %+v after a refusal", got)
	}
}

func TestKindsOfVessels(t *testing.T) {
	tests := map[string]struct {
		change func(*ais.Message)
		domain plot.Domain
		sigma  geo.Metres
		help   bool
	}{
		"a ship":                          {func(*ais.Message) {}, plot.Sea, 30, false},
		"an accurate position":            {func(m *ais.Message) { m.Accuracy = true }, plot.Sea, 10, false},
		"a long-range report":             {func(m *ais.Message) { m.Type, m.Has = 27, m.Has&^ais.HasSecond }, plot.Sea, 100, false},
		"an aircraft in search":           {func(m *ais.Message) { m.Type, m.SOG = 9, 120 }, plot.Air, 30, false},
		"a search and rescue transmitter": {func(m *ais.Message) { m.MMSI = 970012345 }, plot.Sea, 30, true},
		"a person overboard":              {func(m *ais.Message) { m.MMSI = 972012345 }, plot.Sea, 30, true},
		"the status of a transmitter":     {func(m *ais.Message) { m.NavStatus, m.Has = ais.SARTActive, m.Has|ais.HasNavStatus }, plot.Sea, 30, true},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			m := vessel()
			tt.change(&m)
			plots, _, refused := run(t, newDecoder(t), "ais", frame.NMEA, sentence(t, m, nil))
			if len(refused) > 0 || len(plots) != 1 {
				t.Fatalf("%d plots, refused %v", len(plots), refused)
			}
			if p := plots[0]; p.Domain != tt.domain || p.SigmaPos != tt.sigma || p.Emergency != tt.help {
				t.Errorf("domain %q ± %v m, emergency %v", p.Domain, p.SigmaPos, p.Emergency)
			}
		})
	}
}

// TestSecondOfAnotherMinute has a second that is too far from the receipt to
// be of the same moment.
func TestSecondOfAnotherMinute(t *testing.T) {
	for second, want := range map[uint8]time.Duration{50: -10 * time.Second, 49: 0, 35: 0, 20: 0} {
		m := vessel()
		m.Second = second
		plots, _, _ := run(t, newDecoder(t), "ais", frame.NMEA, sentence(t, m, nil))
		if got := plots[0].Time.Sub(noon); got != want {
			t.Errorf("second %d: applies at %v from the receipt, want %v", second, got, want)
		}
	}
}

func TestReceiversRange(t *testing.T) {
	near := geo.Point{LatDeg: 24.25, LonDeg: 122.0} // 30 NM from the ship
	for rangeNM, want := range map[float64]string{0: "", 40: "", 20: decode.AISHorizon} {
		d, err := decode.New(decode.Config{Sources: map[string]decode.Source{"ais": {Format: frame.NMEA, Receiver: &near, RangeNM: rangeNM}}})
		if err != nil {
			t.Fatal(err)
		}
		_, _, refused := run(t, d, "ais", frame.NMEA, sentence(t, vessel(), nil))
		if got := append(reasons(refused), "")[0]; got != want {
			t.Errorf("range %v NM: refused %q, want %q", rangeNM, got, want)
		}
	}
}

func TestTargetsOddities(t *testing.T) {
	noAddress := target(func(r *cat048.Record) { r.Has, r.I220 = r.Has|cat048.Item220, 0xFFFFFF })
	oddCall := target(func(r *cat048.Record) { r.Has, r.I240 = r.Has|cat048.Item240, 0x6C_00_00_00_00_00 })
	help := target(func(r *cat048.Record) { r.I020.ME, r.I020.Extents = 1, 2 })
	plots, _, refused := run(t, newDecoder(t), "radar", frame.ASTERIX, block(t, noAddress, oddCall), block(t, help))
	if len(refused) > 0 || len(plots) != 3 {
		t.Fatalf("%d plots, refused %v", len(plots), refused)
	}
	if plots[0].Has&plot.HasAddress != 0 || plots[1].Has&plot.HasCallsign != 0 || !plots[2].Emergency || plots[0].Emergency {
		t.Errorf("plots = %+v", plots)
	}
	if plots[2].Index != 0 {
		t.Errorf("first plot of a frame has index %d", plots[2].Index)
	}
}

func TestInhibitedStation(t *testing.T) {
	b := service(t, func(r *cat034.Record) {
		r.Has |= cat034.Item050
		r.I050.Has |= cat034.I050HasCOM
		r.I050.COM.NOGO = 1
	})
	_, sweeps, refused := run(t, newDecoder(t), "radar", frame.ASTERIX, b)
	if diff := cmp.Diff([]string{decode.AsterixInhibited}, reasons(refused)); diff != "" || len(sweeps) > 0 {
		t.Errorf("%d sweeps, refused (-want +got):\n%s", len(sweeps), diff)
	}
}

// TestRefusalsAreBounded sends as many bad records as a datagram holds.
func TestRefusalsAreBounded(t *testing.T) {
	var datagram []byte
	for range 10_000 {
		datagram = append(datagram, 62, 0, 4, 0x80)
	}
	_, _, err := newDecoder(t).Decode(&frame.Frame{Source: "radar", Format: frame.ASTERIX, Received: noon, Data: datagram}, nil, nil)
	var r *decode.Refusal
	if !errors.As(err, &r) || len(r.All()) != 64 {
		t.Errorf("Decode() = %v, want 64 refusals", err)
	}
}

// TestRestoreAnotherFormat keeps a feed's name and changes what it carries.
func TestRestoreAnotherFormat(t *testing.T) {
	d := newDecoder(t)
	run(t, d, "adsb", frame.ModeS, status(0x899123, 9))
	cfg := config()
	cfg.Sources["adsb"] = decode.Source{Format: frame.ASTERIX}
	e, err := decode.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Restore(d.Snapshot()); err != nil {
		t.Errorf("Restore() = %v, want it left out", err)
	}
	cfg.Sources["adsb"] = decode.Source{Format: frame.NMEA}
	if e, err = decode.New(cfg); err != nil {
		t.Fatal(err)
	}
	st := d.Snapshot()
	for i := range st.Sources {
		st.Sources[i].AIS = &ais.State{Gate: ais.GateState{Senders: []ais.SenderState{{MMSI: 1, Position: geo.Point{LatDeg: 91}}}}}
		st.Sources[i].Format = frame.ModeS
	}
	if err := e.Restore(st); err != nil {
		t.Errorf("Restore() = %v, want a state of another format left out", err)
	}
}

// Each position carries the categories that were told with it and before it.
func TestPositionsCarryTheirQuality(t *testing.T) {
	for name, tt := range map[string]struct {
		before []byte
		want   plot.Has
		nacp   uint8
	}{
		"it knows no accuracy that was not told": {nil, 0, 0},
		"it keeps an accuracy":                   {status(0x899100, 9), plot.HasNACp, 9},
		"it keeps that there is none":            {status(0x899100, 0), plot.HasNACp, 0},
		"it takes a reserved category for none":  {status(0x899100, 13), 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDecoder(t)
			if tt.before != nil {
				run(t, d, "adsb", frame.ModeS, tt.before)
			}
			plots, _, _ := run(t, d, "adsb", frame.ModeS,
				long(modes.EncodeAirbornePosition(0x899100, taxi, 16000, false)), long(modes.EncodeAirbornePosition(0x899100, taxi, 16000, true)))
			p := plots[1]
			if p.Has&plot.HasPosition == 0 || p.Has&plot.HasNACp != tt.want || p.NACp != tt.nacp || p.Has&plot.HasNIC == 0 || p.NIC != 8 {
				t.Errorf("plot %+v, want NACp %d (%b) and NIC 8", p, tt.nacp, tt.want)
			}
		})
	}
}
