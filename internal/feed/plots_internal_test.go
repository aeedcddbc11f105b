// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/cot"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/modes/beast"
	"github.com/kuroshio-watch/kuroshio/remoteid"
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
	line := bytes.TrimSpace(sentence)
	aircraft := func(lon string) string {
		return `{"hex":"899123","type":"adsb_icao","flight":"EXR101  ","r":"EX-101","t":"A359","alt_baro":38000,"alt_geom":39025,"gs":481.2,"ias":262,` +
			`"tas":478,"mach":0.836,"track":88.12,"baro_rate":0,"geom_rate":-32,"squawk":"3471","emergency":"none","category":"A5","nav_qnh":1013.6,` +
			`"lat":24.25,"lon":` + lon + `,"nic":8,"rc":186,"seen_pos":0.4,"version":2,"nac_p":9,"nac_v":1,"sil":3,"sil_type":"perhour","mlat":[],"tisb":[],` +
			`"messages":5431,"seen":0.1,"rssi":-17.4}`
	}
	delta := func(lat string) string {
		return `{"context":"vessels.urn:mrn:imo:mmsi:416000123","updates":[{"$source":"ais.AI","timestamp":"2026-06-01T11:59:59.500Z","values":[` +
			`{"path":"navigation.position","value":{"latitude":` + lat + `,"longitude":122.5}},{"path":"navigation.speedOverGround","value":5},` +
			`{"path":"navigation.courseOverGroundTrue","value":1},{"path":"","value":{"name":"EXERCISE ONE"}}]}]}` + "\n"
	}
	pack, err := remoteid.EncodePack(nil, []remoteid.Message{
		{Type: remoteid.TypeBasicID, Version: 2, IDType: remoteid.IDSerial, ID: remoteid.NewText("1588E040445AC004418")},
		{Type: remoteid.TypeLocation, Version: 2, Status: remoteid.StatusAirborne, Has: remoteid.HasPosition, Position: place},
	})
	if err != nil {
		tb.Fatal(err)
	}
	beacon := func(counter int) string {
		return fmt.Sprintf(`{"mac":"90:3a:e6:5b:c8:a8","counter":%d,"rssi":-61,"hex":"%x"}`+"\n", counter, pack)
	}
	event := `<event version="2.0" uid="ANDROID-1" type="a-f-S-X" how="m-g" time="2026-06-01T11:59:59.000Z" start="2026-06-01T11:59:59.000Z" ` +
		`stale="2026-06-01T12:01:00.000Z"><point lat="24.25" lon="122.5" hae="3" ce="12" le="9999999"/><detail><contact callsign="PATROL 2"/>` +
		`<track course="45" speed="5"/></detail></event>`
	e, err := cot.ParseXML([]byte(event))
	if err != nil {
		tb.Fatal(err)
	}
	message, err := cot.AppendFrame(nil, e)
	if err != nil {
		tb.Fatal(err)
	}
	datagram, err := cot.AppendDatagram(nil, e)
	if err != nil {
		tb.Fatal(err)
	}
	now := strconv.FormatInt(noon.Unix(), 10)
	return map[string]*intake{
		"beast":           newIntake(tb, BeastTCP, 2, squitters),
		"avr":             newIntake(tb, AVRTCP, 1, fmt.Appendf(nil, "*%X;\n", modes.EncodeAirbornePosition(0x899123, place, 16000, false))),
		"sbs":             newIntake(tb, "sbs-tcp", 1, []byte("MSG,3,1,1,899123,1,,,,,EXR1,33000,418,170,24.25,122.5,,4321,0,0,0,0\n")),
		"nmea":            newIntake(tb, NMEATCP, 1, sentence),
		"cat048-udp":      newIntake(tb, ASTERIXUDP, 4, block),
		"remoteid":        newIntake(tb, "remoteid-tcp", 2, []byte(beacon(1)+beacon(2))),
		"readsb":          newIntake(tb, "readsb-tcp", 2, []byte(`{"now":`+now+`,`+aircraft("122.5")[1:]+"\n"+`{"now":`+now+`,`+aircraft("122.501")[1:]+"\n")),
		"readsb-document": newIntake(tb, "readsb-http", 2, []byte(`{"now":`+now+`,"messages":1,"aircraft":[`+aircraft("122.5")+",\n"+aircraft("122.501")+"]}\n")),
		"catcher":         newIntake(tb, "catcher-tcp", 1, fmt.Appendf(nil, `{"class":"AIS","device":"AIS-catcher","rxuxtime":%s,"channel":"A","nmea":["%s"],"signalpower":-31.5,"station_id":7,"type":1,"mmsi":416000123}`+"\n", now, line)),
		"catcher-post":    newIntake(tb, "catcher-http", 2, fmt.Appendf(nil, `{"protocol":"jsonaiscatcher","stationid":"naha","msgs":[{"rxuxtime":%s,"nmea":["%s"]},{"nmea":["%s"]}]}`, now, line, line)),
		"signalk":         newIntake(tb, "signalk-tcp", 2, []byte(delta("24.25")+delta("24.2501"))),
		"cot-xml":         newIntake(tb, "cot-tcp", 1, []byte(event)),
		"cot-xml-udp":     newIntake(tb, "cot-udp", 1, []byte(event)),
		"cot-proto":       newIntake(tb, "cot-tcp", 1, message),
		"cot-proto-udp":   newIntake(tb, "cot-udp", 1, datagram),
	}
}

func BenchmarkPlots(b *testing.B) {
	all := intakes(b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
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
