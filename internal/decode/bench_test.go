// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/asterix/cat001"
	"github.com/kuroshio-watch/kuroshio/asterix/cat010"
	"github.com/kuroshio-watch/kuroshio/cot"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// steady returns frames of one of each format, as they come all day.
func steady(t testing.TB) []frame.Frame {
	t.Helper()
	name, err := ais.NewText("EXERCISE ONE")
	if err != nil {
		t.Fatal(err)
	}
	device := func(e *cot.Event) { e.Callsign, e.Detail = cot.Text("A&B"), cot.Text("<remarks>a &lt; b</remarks>") }
	frames := []frame.Frame{
		{Source: "adsb", Format: frame.ModeS, Data: long(modes.EncodeAirbornePosition(0x899123, taxi, 16000, false))},
		{Source: "adsb", Format: frame.ModeS, Data: long(modes.EncodeAirbornePosition(0x899123, taxi, 16000, true))},
		{Source: "adsb", Format: frame.ModeS, Data: long(modes.EncodeVelocity(0x899123, 240, 170, 0))},
		{Source: "adsb", Format: frame.ModeS, Data: long(modes.EncodeIdentification(0x899123, "EXR101", 0xA3))},
		{Source: "ais", Format: frame.NMEA, Data: sentence(t, vessel(), nil)},
		{Source: "ais", Format: frame.NMEA, Data: sentence(t, ais.Message{Type: 24, MMSI: 416000123, Has: ais.HasName, Part: ais.PartA, Name: name}, nil)},
		{Source: "radar", Format: frame.ASTERIX, Data: block(t, target(nil), target(nil))},
		{Source: "radar", Format: frame.ASTERIX, Data: service(t, nil)},
		{Source: "radar", Format: frame.ASTERIX, Data: blockOf(t, cat001.Category, oldPlot(nil))},
		{Source: "radar", Format: frame.ASTERIX, Data: blockOf(t, cat010.Category, seen(nil))},
		{Source: "lines", Format: frame.SBS, Data: line(t, nil)},
		{Source: "drone", Format: frame.RemoteID, Data: heard(t, "903ae65bc8a8", 1, drone(), place())},
		{Source: "drone", Format: frame.RemoteID, Data: heard(t, "903ae65bc8a8", 2, place())},
		{Source: "mesh", Format: frame.CoT, Data: append([]byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`), event(t, device)...)},
		{Source: "mesh", Format: frame.CoT, Data: eventBy(t, cot.AppendDatagram, device)},
		{Source: "state", Format: frame.Readsb, Data: state(nil)},
		{Source: "state", Format: frame.Readsb, Data: state(changed{"lon": taxi.LonDeg + 0.001})},
		{Source: "shore", Format: frame.Catcher, Data: caught(t, vessel(), noon)},
		{Source: "ship", Format: frame.SignalK, Data: delta(noon, position)},
		{Source: "ship", Format: frame.SignalK, Data: delta(noon, strings.Replace(position, "24.25", "24.2501", 1))},
	}
	for i := range frames {
		frames[i].Received = noon
	}
	return frames
}

func BenchmarkDecode(b *testing.B) {
	d := newDecoder(b)
	frames := steady(b)
	plots, sweeps := make([]plot.Plot, 0, 16), make([]plot.Sweep, 0, 16)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		plots, sweeps, _ = d.Decode(&frames[n%len(frames)], plots[:0], sweeps[:0])
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "frames/s")
}

// BenchmarkTold decodes what other programs write down.
func BenchmarkTold(b *testing.B) {
	east := state(map[string]any{"lon": taxi.LonDeg + 0.001})
	for name, data := range map[string][][]byte{
		"lines": {line(b, nil)}, "state": {state(nil), east}, "shore": {caught(b, vessel(), noon)}, "mesh": {event(b, nil)},
		"drone": {heard(b, "903ae65bc8a8", 1, drone(), place()), heard(b, "903ae65bc8a8", 2, place())},
		"ship":  {delta(noon, position), delta(noon, strings.Replace(position, "24.25", "24.2501", 1))},
	} {
		b.Run(name, func(b *testing.B) {
			d := newDecoder(b)
			plots := make([]plot.Plot, 0, 16)
			f := frame.Frame{Source: name, Format: config().Sources[name].Format, Received: noon}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				f.Data = data[n%len(data)]
				plots, _, _ = d.Decode(&f, plots[:0], nil)
				n++
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "frames/s")
		})
	}
}

// FuzzDecode gives any octets as any format: every refusal is of the list, no
// plot is out of range, and what is remembered can be restored.
func FuzzDecode(f *testing.F) {
	for _, fr := range steady(f) {
		f.Add(uint8(fr.Format), fr.Data, int64(0))
	}
	f.Add(uint8(frame.ASTERIX), slices.Concat(block(f, target(nil)), []byte{48, 0, 6, 0xFF, 1, 2}, service(f, nil)), int64(1e12))
	f.Add(uint8(frame.NMEA), []byte("!AIVDM,2,1,3,A,53OnB000000000000000000000000000000000000000000000000000,0*00"), int64(-1))
	f.Add(uint8(frame.CoT), event(f, nil), int64(0))
	known := decode.Reasons()
	f.Fuzz(func(t *testing.T, format uint8, data []byte, after int64) {
		d := newDecoder(t)
		frames := append(steady(t), frame.Frame{
			Source: map[uint8]string{1: "adsb", 2: "ais", 3: "radar", 4: "drone", 5: "mesh", 6: "lines", 7: "state", 8: "shore", 9: "ship"}[format], Format: frame.Format(format), Data: data,
			Received: noon.Add(time.Duration(after)),
		})
		for i := range frames {
			plots, _, err := d.Decode(&frames[i], nil, nil)
			var r *decode.Refusal
			if errors.As(err, &r) {
				for _, r := range r.All() {
					if !slices.Contains(known, r.Reason) || r.Offset < 0 || r.Offset > int64(len(frames[i].Data)) {
						t.Errorf("refused %+v", r)
					}
				}
			} else if err != nil {
				t.Errorf("Decode() = %v, which is no refusal", err)
			}
			for _, p := range plots {
				if p.Has&plot.HasPosition != 0 && !p.Pos.Valid() || p.Has&plot.HasAddress != 0 && p.Address > 0xFFFFFF || p.Time.IsZero() {
					t.Errorf("plot = %+v", p)
				}
			}
			if len(plots) > len(frames[i].Data) {
				t.Errorf("%d plots out of %d octets", len(plots), len(frames[i].Data))
			}
		}
		if err := newDecoder(t).Restore(d.Snapshot()); err != nil {
			t.Errorf("Restore(Snapshot()) = %v", err)
		}
	})
}
