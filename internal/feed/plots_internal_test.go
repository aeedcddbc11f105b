// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/modes/beast"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// intake takes octets as a socket has them through a feed and a decoder.
type intake struct {
	push    func() error
	frames  chan frame.Frame
	frame   frame.Frame
	decoder *decode.Decoder
	plots   []plot.Plot
	sweeps  []plot.Sweep
	got     int // plots
	records int // in what is pushed
}

// fill is how often a record is pushed at once: what a socket gives under load.
const fill = 256

func newIntake(tb testing.TB, kind Kind, records int, data []byte) *intake {
	tb.Helper()
	frames := make(chan frame.Frame, fill*records)
	f := New(Config{Name: "in", Kind: kind, Addr: "127.0.0.1:0", Now: func() time.Time { return noon }}, frames)
	source := decode.Source{Format: f.content.Format()}
	if f.content == ContentASTERIX {
		source.Sensors = map[string]decode.Sensor{"025/010": {SigmaRange: 80, SigmaAzimuth: 0.1}}
	}
	d, err := decode.New(decode.Config{Sources: map[string]decode.Source{"in": source}})
	if err != nil {
		tb.Fatal(err)
	}
	l := &intake{frames: frames, decoder: d, records: fill * records}
	s := &sender{now: func() time.Time { return noon }}
	if f.transport == UDP {
		var in slab
		l.push = func() error {
			for range fill {
				f.datagram(tb.Context(), s, 0, in.keep(data))
			}
			return nil
		}
		return l
	}
	cut := f.cutter(tb.Context(), s)
	stream := bytes.Repeat(data, fill)
	l.push = func() error { return cut.push(stream) }
	return l
}

// take pushes once and decodes all frames.
func (l *intake) take(tb testing.TB) {
	if err := l.push(); err != nil {
		tb.Fatal(err)
	}
	for len(l.frames) > 0 {
		l.frame = <-l.frames
		var err error
		if l.plots, l.sweeps, err = l.decoder.Decode(&l.frame, l.plots[:0], l.sweeps[:0]); err != nil {
			tb.Fatal(err)
		}
		l.got += len(l.plots)
	}
}

// intakes returns one of each kind, with what its sender sends all day.
func intakes(tb testing.TB) map[string]*intake {
	tb.Helper()
	place := geo.Point{LatDeg: 24.25, LonDeg: 122.5}
	var squitters []byte
	for _, odd := range []bool{false, true} {
		m := modes.EncodeAirbornePosition(0x899123, place, 16000, odd)
		squitters = beast.Append(squitters, beast.Message{Type: beast.TypeLong, Time12MHz: 0x1A, Data: m[:]})
	}
	payload, bits, err := ais.Encode(nil, &ais.Message{
		Type: 1, MMSI: 416000123, Has: ais.HasPosition | ais.HasRawPosition | ais.HasSOG | ais.HasCOG | ais.HasSecond,
		Position: place, SOG: 12.5, COG: 45.5, Second: 58, Fix: ais.FixTimed,
	})
	if err != nil {
		tb.Fatal(err)
	}
	sentence := nmea.Format(nil, nmea.Header{Channel: 'A'}, payload, bits)
	if !bytes.HasSuffix(sentence, []byte("\n")) {
		sentence = append(sentence, "\r\n"...)
	}
	r := cat048.Record{Has: cat048.Item010 | cat048.Item140 | cat048.Item020 | cat048.Item040 | cat048.Item070 | cat048.Item090}
	r.I010 = cat048.I010{SAC: 25, SIC: 10}
	r.I140 = cat048.I140((12*3600 - 2) * 128)
	r.I020.TYP = uint8(cat048.ModeSRollCall)
	r.I040 = cat048.I040{RHO: 100 * 256, THETA: 0x4000}
	record, err := r.Append(nil)
	if err != nil {
		tb.Fatal(err)
	}
	block, err := asterix.AppendBlock(nil, cat048.Category, record, record, record, record)
	if err != nil {
		tb.Fatal(err)
	}
	return map[string]*intake{
		"beast":      newIntake(tb, BeastTCP, 2, squitters),
		"nmea":       newIntake(tb, NMEATCP, 1, sentence),
		"cat048-udp": newIntake(tb, ASTERIXUDP, 4, block),
	}
}

// From the socket's buffer to the plot a record costs no allocation: its octets
// lie with others in a slab, of which some thousand records need one.
func TestRecordAllocatesNothing(t *testing.T) {
	for name, l := range intakes(t) {
		t.Run(name, func(t *testing.T) {
			l.take(t)
			l.got = 0
			n := testing.AllocsPerRun(20, func() { l.take(t) })
			if per := n / float64(l.records); per > 0.02 {
				t.Errorf("%v allocations a record", per)
			}
			if l.got < 21*l.records/2 {
				t.Errorf("%d plots of %d records", l.got, 21*l.records)
			}
		})
	}
}

func BenchmarkPlots(b *testing.B) {
	all := intakes(b)
	for _, name := range []string{"beast", "nmea", "cat048-udp"} {
		b.Run(name, func(b *testing.B) {
			l := all[name]
			l.take(b)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				l.take(b)
				n += l.records
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/record")
			b.ReportMetric(float64(l.records), "records/op")
		})
	}
}

// Pieces of a slab are apart, whatever is done with one.
func TestSlabKeepsPiecesApart(t *testing.T) {
	var s slab
	var got, want [][]byte
	for i := range 20_000 {
		b := bytes.Repeat([]byte{byte(i)}, i%40)
		if i%1000 == 0 {
			b = bytes.Repeat([]byte{byte(i)}, slabSize/16+i)
		}
		kept := s.keep(b)
		want, got = append(want, slices.Clone(b)), append(got, kept)
		clear(b)
		_ = append(got[max(0, i-1)], 0xFF, 0xFF) // not into the piece behind it
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("piece %d = %x, want %x", i, got[i], want[i])
		}
	}
}
