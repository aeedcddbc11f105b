// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package ais_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/geo"
)

// traffic writes the sentences of n ships near Tokyo Bay over some minutes:
// position reports of class A and B, static data and other instruments'
// sentences, as a receiver would give them.
func traffic(t testing.TB, n, rounds int) (lines [][]byte, want []ais.Message) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range rounds {
		for ship := range n {
			m := ais.Message{
				Type: 1, MMSI: ais.MMSI(431000000 + ship), SOG: geo.Knots(rng.IntN(200)) / 10, COG: geo.Degrees(rng.IntN(3600)) / 10,
				Heading: geo.Degrees(rng.IntN(360)), Second: uint8(round * 10 % 60),
				LatRaw: int32(35.3*600_000) + int32(ship*900+round*20), LonRaw: int32(139.7*600_000) + int32(ship*700),
				Has: ais.HasPosition | ais.HasSOG | ais.HasCOG | ais.HasHeading | ais.HasSecond,
			}
			m.Position = geo.Point{LatDeg: float64(m.LatRaw) / 600_000, LonDeg: float64(m.LonRaw) / 600_000}
			payload, fill, err := ais.EncodePosition(nil, &m)
			switch {
			case ship%5 == 4:
				m.Type = 18
				payload, fill, err = ais.EncodePosition(nil, &m)
			case (ship+round)%7 == 6:
				if m.Name, err = ais.NewText(fmt.Sprintf("SHIP %d", ship)); err != nil {
					t.Fatal(err)
				}
				m.Has |= ais.HasName
				payload, fill, err = ais.EncodeStatic5(nil, &m)
			}
			if err != nil {
				t.Fatal(err)
			}
			h := nmea.Header{Channel: "AB"[ship%2], Seq: ship % 10}
			for rest := nmea.Format(nil, h, payload, fill); len(rest) > 0; {
				var line []byte
				line, rest = nmea.Next(rest)
				lines = append(lines, line)
			}
			var got ais.Message
			if err := ais.Decode(payload, fill, &got); err != nil {
				t.Fatal(err)
			}
			got.Channel = h.Channel
			want = append(want, got)
		}
		lines = append(lines, []byte("$GPRMC,000000.000,V,,,,,,,010126,,,N*4E"))
	}
	return lines, want
}

func gateNear() ais.GateConfig {
	cfg := ais.DefaultGateConfig()
	cfg.Receiver, cfg.Horizon = tokyoBay, ais.DefaultHorizon
	return cfg
}

// at is when line i of traffic arrives.
func at(i int) time.Time {
	return time.Unix(1_780_000_000, 0).Add(time.Duration(i) * 100 * time.Millisecond)
}

func TestDecoderTraffic(t *testing.T) {
	lines, want := traffic(t, 50, 12)
	d, other := ais.NewDecoder(gateNear()), 0
	var got []ais.Message
	for i, line := range lines {
		var m ais.Message
		complete, err := d.Decode(at(i), "x", line, &m)
		switch {
		case errors.Is(err, nmea.ErrOther):
			other++
		case err != nil:
			t.Fatalf("Decode(%q): %v", line, err)
		case complete:
			got = append(got, m)
		}
		if i%100 == 50 { // a restart changes nothing
			d = restart(t, d)
		}
	}
	if other != 12 || len(got) != len(want) {
		t.Fatalf("%d messages and %d other sentences, want %d and 12", len(got), other, len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("message %d =\n%+v, want\n%+v", i, got[i], want[i])
		}
	}
}

func restart(t *testing.T, d *ais.Decoder) *ais.Decoder {
	t.Helper()
	raw, err := json.Marshal(d.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var st ais.State
	if err := json.Unmarshal(raw, &st); err != nil {
		t.Fatal(err)
	}
	next := ais.NewDecoder(gateNear())
	if err := next.Restore(st); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(next.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(raw, again) {
		t.Fatalf("snapshot after restore differs: %s", cmp.Diff(string(raw), string(again)))
	}
	return next
}

func TestDecoderRestoreRefuses(t *testing.T) {
	d := ais.NewDecoder(gateNear())
	bad := ais.State{Assembler: nmea.AssemblerState{Pending: make([]nmea.Pending, 1)}}
	bad.Gate.Senders = []ais.SenderState{{MMSI: 431000001, Position: tokyoBay}}
	if err := d.Restore(bad); err == nil {
		t.Error("Restore took a message without fragments")
	}
	if st := d.Snapshot(); len(st.Gate.Senders) != 0 {
		t.Errorf("a refused Restore left %+v", st)
	}
	bad = ais.State{Gate: ais.GateState{Senders: make([]ais.SenderState, 2)}}
	if err := d.Restore(bad); err == nil {
		t.Error("Restore took a sender twice")
	}
}

func TestDecoderKeepsWhatTheSentenceSays(t *testing.T) {
	payload, fill, err := ais.EncodePosition(nil, report(431000001, 35.4, 139.9))
	if err != nil {
		t.Fatal(err)
	}
	sent := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	h := nmea.Header{Formatter: nmea.VDO, Channel: 'B', Tag: nmea.Tag{HasTime: true, Time: sent, Source: []byte("rSTN1")}}
	var m ais.Message
	line := nmea.Format(nil, h, payload, fill)
	complete, err := ais.NewDecoder(gateNear()).Decode(at(0), "x", line, &m)
	if err != nil || !complete {
		t.Fatal(complete, err)
	}
	clear(line) // m holds nothing of it
	if !m.Own || m.Channel != 'B' || m.Station != "rSTN1" || !m.Known(ais.HasSent) || !m.Sent.Equal(sent) {
		t.Errorf("message = %+v, want own, channel B, station rSTN1, sent %v", m, sent)
	}
}

func TestDecoderRefuses(t *testing.T) {
	line := func(m *ais.Message) []byte {
		payload, fill, err := ais.Encode(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		return nmea.Format(nil, nmea.Header{}, payload, fill)
	}
	good := line(report(431000001, 35.4, 139.9))
	broken := bytes.Replace(good, []byte(","), []byte("x"), 1)
	short := nmea.Format(nil, nmea.Header{}, []byte("16<f`0@vQs"), 0)
	safety := nmea.Format(nil, nmea.Header{}, []byte("><f`0@vQs"), 0)
	tests := map[string]struct {
		line     []byte
		complete bool
		is       func(error) bool
	}{
		"a broken sentence": {broken, false, func(err error) bool { var e *nmea.Error; return errors.As(err, &e) }},
		"a short message":   {short, true, func(err error) bool { var e *ais.Error; return errors.As(err, &e) && e.Type == 1 }},
		"another type":      {safety, true, func(err error) bool { return errors.Is(err, ais.ErrUnsupported) }},
		"a far ship":        {line(report(431000001, 46.56, -83.89)), true, func(err error) bool { return errors.Is(err, ais.ErrHorizon) }},
		"a group's number":  {line(report(61400001, 46.56, -83.89)), true, func(err error) bool { return errors.Is(err, ais.ErrMMSI) }},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			d := ais.NewDecoder(gateNear())
			var m ais.Message
			complete, err := d.Decode(at(0), "x", tc.line, &m)
			if complete != tc.complete || !tc.is(err) {
				t.Errorf("Decode = %v, %v, want %v and another error", complete, err, tc.complete)
			}
			if complete, err := d.Decode(at(1), "x", good, &m); !complete || err != nil { // the sender is kept
				t.Errorf("Decode of a good line afterwards = %v, %v", complete, err)
			}
		})
	}
}

func TestDecoderDoesNotAllocate(t *testing.T) {
	lines, _ := traffic(t, 20, 3)
	payload, fill, err := ais.EncodePosition(nil, report(431000001, 35.3025, 139.701))
	if err != nil {
		t.Fatal(err)
	}
	h := nmea.Header{Tag: nmea.Tag{HasTime: true, Time: at(0), Source: []byte("rSTN1")}}
	lines = append(lines, nmea.Format(nil, h, payload, fill))
	d := ais.NewDecoder(gateNear())
	var m ais.Message
	now := at(0)
	round := func() {
		now = now.Add(time.Minute)
		for _, line := range lines {
			if _, err := d.Decode(now, "x", line, &m); err != nil && !errors.Is(err, nmea.ErrOther) {
				t.Fatal(err)
			}
		}
	}
	round()
	if got := testing.AllocsPerRun(20, round); got != 0 {
		t.Errorf("%v allocations in %d lines, want none", got, len(lines))
	}
}

// TestDecoderGateTakesSentTime keeps what a satellite feed delivers at once
// from looking like jumps.
func TestDecoderGateTakesSentTime(t *testing.T) {
	d := ais.NewDecoder(gateNear())
	var m ais.Message
	for i, lat := range []float64{35.3, 35.4} { // 11 km in ten minutes
		payload, fill, err := ais.EncodePosition(nil, report(431000001, lat, 139.9))
		if err != nil {
			t.Fatal(err)
		}
		h := nmea.Header{Tag: nmea.Tag{HasTime: true, Time: at(0).Add(time.Duration(i) * 10 * time.Minute)}}
		if _, err := d.Decode(at(0), "x", nmea.Format(nil, h, payload, fill), &m); err != nil {
			t.Errorf("report %d: %v", i, err)
		}
	}
}

// TestDecoderIsBounded sends more station names than are kept.
func TestDecoderIsBounded(t *testing.T) {
	payload, fill, err := ais.EncodePosition(nil, report(431000001, 35.4, 139.9))
	if err != nil {
		t.Fatal(err)
	}
	d := ais.NewDecoder(gateNear())
	heap := func() uint64 {
		var st runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&st)
		return st.HeapAlloc
	}
	before := heap()
	var m ais.Message
	var line []byte
	for i := range 50_000 {
		h := nmea.Header{Tag: nmea.Tag{Source: fmt.Appendf(nil, "%064d", i)}}
		line = nmea.Format(line[:0], h, payload, fill)
		if _, err := d.Decode(at(0), "x", line, &m); err != nil {
			t.Fatal(err)
		}
	}
	if after := heap(); after > before+2<<20 {
		t.Errorf("50,000 station names take %d bytes, want at most 2 MiB", after-before)
	}
	runtime.KeepAlive(d)
}

func BenchmarkDecoder(b *testing.B) {
	lines, _ := traffic(b, 200, 6)
	d := ais.NewDecoder(gateNear())
	var m ais.Message
	b.ReportAllocs()
	n, now := 0, at(0)
	for b.Loop() {
		now = now.Add(time.Minute)
		for _, line := range lines {
			if _, err := d.Decode(now, "x", line, &m); err != nil && !errors.Is(err, nmea.ErrOther) {
				b.Fatal(err)
			}
		}
		n += len(lines)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "sentences/s")
	b.ReportMetric(b.Elapsed().Seconds()/float64(n)*1e6, "s/Msentences")
}

func BenchmarkDecode(b *testing.B) {
	payload, fill, err := ais.EncodePosition(nil, report(431000001, 35.4, 139.9))
	if err != nil {
		b.Fatal(err)
	}
	var m ais.Message
	b.ReportAllocs()
	for b.Loop() {
		if err := ais.Decode(payload, fill, &m); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

func FuzzDecoder(f *testing.F) {
	lines, _ := traffic(f, 8, 1)
	f.Add(bytes.Join(lines, []byte("\r\n")))
	f.Add(bytes.Join(lines, nil))
	f.Fuzz(func(t *testing.T, in []byte) {
		d := ais.NewDecoder(gateNear())
		var m ais.Message
		for i := 0; len(in) > 0; i++ {
			var line []byte
			line, in = nmea.Next(in)
			_, _ = d.Decode(at(i), "f", line, &m)
		}
		if err := ais.NewDecoder(gateNear()).Restore(d.Snapshot()); err != nil {
			t.Fatalf("Restore(Snapshot): %v", err)
		}
	})
}
