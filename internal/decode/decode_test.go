// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat034"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/modes"
)

var (
	noon  = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	taxi  = geo.Point{LatDeg: 24.4, LonDeg: 122.9}
	coast = geo.Point{LatDeg: 24.5, LonDeg: 122.0}
)

func config() decode.Config {
	return decode.Config{Sources: map[string]decode.Source{
		"adsb":  {Format: frame.ModeS},
		"near":  {Format: frame.ModeS, Receiver: &coast, RangeNM: 20},
		"ais":   {Format: frame.NMEA, Receiver: &coast},
		"radar": {Format: frame.ASTERIX, Sensors: map[string]decode.Sensor{"025/010": {SigmaRange: 80, SigmaAzimuth: 0.1}}},
		"drill": {Format: frame.ASTERIX, Exercise: true},
		"drone": {Format: frame.RemoteID, Receiver: &coast, RangeNM: 100},
		"mesh":  {Format: frame.CoT},
		"game":  {Format: frame.CoT, Exercise: true},
		"lines": {Format: frame.SBS, Receiver: &coast, RangeNM: 200},
		"state": {Format: frame.Readsb, Receiver: &coast, RangeNM: 200},
		"shore": {Format: frame.Catcher, Receiver: &coast},
		"ship":  {Format: frame.SignalK, Receiver: &coast},
	}}
}

func newDecoder(t testing.TB) *decode.Decoder {
	t.Helper()
	d, err := decode.New(config())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// kept returns what d remembers as a node keeps it.
func kept(t testing.TB, d *decode.Decoder) (st decode.State) {
	t.Helper()
	b, err := json.Marshal(d.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &st); err != nil {
		t.Fatal(err)
	}
	return st
}

// run decodes frames of one source, which are numbered from 1, a second apart.
func run(t testing.TB, d *decode.Decoder, source string, format frame.Format, data ...[]byte) (plots []plot.Plot, sweeps []plot.Sweep, refused []*decode.Refusal) {
	t.Helper()
	at := int64(0)
	for i, b := range data {
		var err error
		f := frame.Frame{
			Source: source, Seq: uint64(i + 1), Format: format, Offset: at, Data: b,
			Received: noon.Add(time.Duration(i) * time.Second),
		}
		plots, sweeps, err = d.Decode(&f, plots, sweeps)
		var r *decode.Refusal
		switch {
		case errors.As(err, &r):
			refused = append(refused, r.All()...)
		case err != nil:
			t.Fatalf("Decode() = %v, which is no refusal", err)
		}
		at += int64(len(b))
	}
	return plots, sweeps, refused
}

func long(b [14]byte) []byte { return b[:] }

func reasons(refused []*decode.Refusal) []string {
	var list []string
	for _, r := range refused {
		list = append(list, r.Reason)
	}
	return list
}

func TestModeS(t *testing.T) {
	const icao = 0x899123
	short := modes.EncodeAllCall(icao)
	plots, _, refused := run(
		t, newDecoder(t), "adsb", frame.ModeS,
		short[:],
		long(modes.EncodeIdentification(icao, "EXR101", 0xA3)),
		long(modes.EncodeAirbornePosition(icao, taxi, 16000, false)),
		long(modes.EncodeAirbornePosition(icao, taxi, 16000, true)),
		long(modes.EncodeVelocity(icao, 240, 170, 0)),
		long(modes.EncodeSquawk(icao, 0o7700, modes.EmergencyGeneral)),
	)
	if len(refused) > 0 {
		t.Fatalf("refused: %v", refused)
	}
	if len(plots) != 6 {
		t.Fatalf("%d plots, want 6", len(plots))
	}
	want := []plot.Has{
		plot.HasAddress, plot.HasAddress | plot.HasCallsign | plot.HasCategory, plot.HasAddress | plot.HasHeight,
		plot.HasAddress | plot.HasHeight | plot.HasPosition | plot.HasNIC, plot.HasAddress | plot.HasVelocity, plot.HasAddress | plot.HasModeA,
	}
	for i, p := range plots {
		if p.Has != want[i] || p.Address != icao || p.Kind != plot.ADSB || p.Domain != plot.Air || p.Seq != uint64(i+1) {
			t.Errorf("plot %d = %+v, want fields %b", i, p, want[i])
		}
		if !p.Time.Equal(p.Received) || !p.Time.Equal(noon.Add(time.Duration(i)*time.Second)) {
			t.Errorf("plot %d at %v", i, p.Time)
		}
	}
	if plots[1].Callsign != "EXR101" || plots[1].Category != 0xA3 || plots[3].Height != 16000 || plots[3].HeightKind != plot.Barometric {
		t.Errorf("callsign %q, category %X, height %v %v", plots[1].Callsign, plots[1].Category, plots[3].Height, plots[3].HeightKind)
	}
	if d, _ := geo.Inverse(plots[3].Pos, taxi); d > 5 {
		t.Errorf("position is %v m off", d)
	}
	if math.Abs(float64(plots[4].Speed)-240) > 1 || math.Abs(float64(plots[4].Course)-170) > 1 {
		t.Errorf("speed %v kt, course %v", plots[4].Speed, plots[4].Course)
	}
	if plots[4].Emergency || !plots[5].Emergency || plots[5].ModeA != 0o7700 {
		t.Errorf("emergency of the plots: %v, then %v with %04o", plots[4].Emergency, plots[5].Emergency, plots[5].ModeA)
	}
}

func TestModeSRefusals(t *testing.T) {
	good := modes.EncodeAirbornePosition(0x899123, taxi, 16000, false)
	bad := good
	bad[5] ^= 1
	reply := []byte{0x20, 0, 5, 0x30, 1, 2, 3}
	tests := map[string]struct {
		source string
		data   [][]byte
		want   []string
		plots  int
	}{
		"wrong parity":           {"adsb", [][]byte{bad[:]}, []string{decode.ModesParity}, 0},
		"a wrong length":         {"adsb", [][]byte{good[:13]}, []string{decode.ModesLength}, 0},
		"noise":                  {"adsb", [][]byte{reply}, []string{decode.ModesUnknownAddress}, 0},
		"an unsupported format":  {"adsb", [][]byte{append([]byte{0xC0}, good[1:]...)}, []string{decode.ModesUnsupported}, 0},
		"a place out of range":   {"near", [][]byte{good[:], long(modes.EncodeAirbornePosition(0x899123, taxi, 16000, true))}, []string{decode.ModesRange}, 2},
		"an unknown feed":        {"none", [][]byte{good[:]}, []string{decode.UnknownFeed}, 0},
		"a feed of other format": {"ais", [][]byte{good[:]}, []string{decode.WrongFormat}, 0},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			plots, _, refused := run(t, newDecoder(t), tt.source, frame.ModeS, tt.data...)
			if diff := cmp.Diff(tt.want, reasons(refused)); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
			if len(plots) != tt.plots {
				t.Errorf("%d plots, want %d", len(plots), tt.plots)
			}
			for _, p := range plots {
				if p.Has&plot.HasPosition != 0 {
					t.Errorf("plot %d has a position", p.Seq)
				}
			}
		})
	}
}

func sentence(t testing.TB, m ais.Message, tag *time.Time) []byte {
	t.Helper()
	payload, fill, err := ais.Encode(nil, &m)
	if err != nil {
		t.Fatal(err)
	}
	h := nmea.Header{Channel: 'A'}
	if tag != nil {
		h.Tag.HasTime, h.Tag.Time = true, *tag
	}
	line, rest := nmea.Next(nmea.Format(nil, h, payload, fill))
	if len(rest) > 0 {
		t.Fatalf("message of type %d takes more than a line", m.Type)
	}
	return line
}

func armoured(payload string) []byte {
	line, _ := nmea.Next(nmea.Format(nil, nmea.Header{Channel: 'A'}, []byte(payload), 0))
	return line
}

func vessel() ais.Message {
	return ais.Message{
		Type: 1, MMSI: 416000123, Has: ais.HasPosition | ais.HasRawPosition | ais.HasSOG | ais.HasCOG | ais.HasSecond,
		Position: geo.Point{LatDeg: 24.25, LonDeg: 122.5}, SOG: 12.5, COG: 45.5, Second: 58, Fix: ais.FixTimed,
	}
}

func TestAIS(t *testing.T) {
	tag := noon.Add(-5 * time.Minute)
	late := vessel()
	late.Accuracy, late.Second = true, 3
	name, err := ais.NewText("EXERCISE ONE")
	if err != nil {
		t.Fatal(err)
	}
	static := ais.Message{Type: 24, Part: ais.PartA, MMSI: 416000123, Has: ais.HasName, Name: name}
	base := ais.Message{Type: 4, MMSI: 4160001, Has: ais.HasPosition | ais.HasRawPosition, Position: coast}
	plots, _, refused := run(
		t, newDecoder(t), "ais", frame.NMEA,
		sentence(t, vessel(), nil), sentence(t, late, &tag), sentence(t, static, nil), sentence(t, base, nil),
		[]byte("$GPZDA,120000.00,25,11,2026,00,00*60"),
	)
	if len(refused) > 0 {
		t.Fatalf("refused: %v", refused)
	}
	if len(plots) != 3 {
		t.Fatalf("%d plots, want 3: neither a base station nor an instrument is one", len(plots))
	}
	a, b, c := plots[0], plots[1], plots[2]
	if a.Kind != plot.AIS || a.Domain != plot.Sea || a.MMSI != 416000123 || a.SigmaPos != 30 || a.Speed != 12.5 || a.Course != 45.5 {
		t.Errorf("plot = %+v", a)
	}
	if want := noon.Add(-2 * time.Second); !a.Time.Equal(want) || !a.Received.Equal(noon) {
		t.Errorf("applies at %v, want the second 58 before %v", a.Time, noon)
	}
	if want := tag; !b.Time.Equal(want) || b.SigmaPos != 10 {
		t.Errorf("applies at %v ± %v m, want the tag block's %v: its second is ahead of the tag", b.Time, b.SigmaPos, want.Add(3*time.Second))
	}
	if c.Has != plot.HasMMSI|plot.HasName || c.Name != "EXERCISE ONE" {
		t.Errorf("static plot = %+v", c)
	}
}

func TestAISRefusals(t *testing.T) {
	far := vessel()
	far.Position = geo.Point{LatDeg: 35, LonDeg: 139}
	odd := vessel()
	odd.MMSI = 61442893
	jump := vessel()
	jump.Position.LatDeg++
	ancient, future := noon.Add(-2*time.Hour), noon.Add(2*time.Minute)
	good := sentence(t, vessel(), nil)
	broken := slices.Clone(good)
	broken[20] ^= 1
	tests := map[string]struct {
		lines  [][]byte
		want   []string
		offset int64
	}{
		"a wrong checksum":           {[][]byte{broken}, []string{decode.NMEAChecksum}, int64(len(good)) - 2},
		"no sentence":                {[][]byte{[]byte("hello")}, []string{decode.NMEAStart}, 0},
		"an endless line":            {[][]byte{make([]byte, 4000)}, []string{decode.NMEATooLong}, 1024},
		"a type that is not decoded": {[][]byte{armoured("803OnB000000000000000")}, []string{decode.AISUnsupported}, 0},
		"a short message":            {[][]byte{armoured("103OnB00")}, []string{decode.AISShort}, 0},
		"a place out of range":       {[][]byte{sentence(t, far, nil)}, []string{decode.AISHorizon}, 0},
		"an impossible identity":     {[][]byte{sentence(t, odd, nil)}, []string{decode.AISMMSI}, 0},
		"a jump":                     {[][]byte{good, sentence(t, jump, nil)}, []string{decode.AISJump}, 0},
		"an old tag":                 {[][]byte{sentence(t, vessel(), &ancient)}, []string{decode.ImplausibleTime}, 0},
		"a tag from the future":      {[][]byte{sentence(t, vessel(), &future)}, []string{decode.ImplausibleTime}, 0},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			_, _, refused := run(t, newDecoder(t), "ais", frame.NMEA, tt.lines...)
			if diff := cmp.Diff(tt.want, reasons(refused)); diff != "" {
				t.Fatalf("refused %v (-want +got):\n%s", refused, diff)
			}
			if refused[0].Offset != tt.offset {
				t.Errorf("offset %d, want %d", refused[0].Offset, tt.offset)
			}
		})
	}
}

// target returns a CAT048 record of station 25/10 two seconds before noon.
func target(change func(*cat048.Record)) cat048.Record {
	r := cat048.Record{Has: cat048.Item010 | cat048.Item140 | cat048.Item020 | cat048.Item040}
	r.I010 = cat048.I010{SAC: 25, SIC: 10}
	r.I140 = cat048.I140((12*3600 - 2) * 128)
	r.I020.TYP = uint8(cat048.ModeSRollCall)
	r.I040 = cat048.I040{RHO: 100 * 256, THETA: 0x4000}
	if change != nil {
		change(&r)
	}
	return r
}

func block(t testing.TB, records ...cat048.Record) []byte {
	t.Helper()
	var raw [][]byte
	for i := range records {
		b, err := records[i].Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, b)
	}
	b, err := asterix.AppendBlock(nil, cat048.Category, raw...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCAT048(t *testing.T) {
	full := target(func(r *cat048.Record) {
		r.Has |= cat048.Item070 | cat048.Item090 | cat048.Item220 | cat048.Item240 | cat048.Item200
		r.I070.MODE3A, r.I090.FL, r.I220 = 0o7600, -3, 0x899123
		r.I240 = 0x04_54_92_C7_1C_20 // 6-bit letters
		r.I200.GSP = 100
	})
	doubtful := target(func(r *cat048.Record) {
		r.Has |= cat048.Item070 | cat048.Item090 | cat048.Item110
		r.I070.MODE3A, r.I070.V, r.I090.FL, r.I090.G, r.I110.Height3D = 0o1234, 1, 400, 1, 640
	})
	echo := target(func(r *cat048.Record) { r.I020.TYP = uint8(cat048.PSR) })
	low := target(func(r *cat048.Record) {
		r.I020.TYP = uint8(cat048.PSR)
		r.Has |= cat048.Item110
		r.I110.Height3D = 10
	})
	plots, _, refused := run(t, newDecoder(t), "radar", frame.ASTERIX, block(t, full, doubtful, echo, low))
	if len(refused) > 0 || len(plots) != 4 {
		t.Fatalf("%d plots and %v, want 4 and nothing refused", len(plots), refused)
	}
	for i, p := range plots {
		if p.Sensor != "025/010" || p.Index != i || p.Kind != plot.Radar || p.SigmaRange != 80 || p.SigmaAzimuth != 0.1 || p.Exercise {
			t.Errorf("plot %d = %+v", i, p)
		}
		if p.SlantRange != 185200 || p.Azimuth != 90 || !p.Time.Equal(noon.Add(-2*time.Second)) {
			t.Errorf("plot %d: %v m at %v°, %v", i, p.SlantRange, p.Azimuth, p.Time)
		}
	}
	p := plots[0]
	if p.Has != plot.HasPolar|plot.HasModeA|plot.HasHeight|plot.HasAddress|plot.HasCallsign {
		t.Errorf("fields %b; the station's own velocity is no measurement", p.Has)
	}
	if p.Height != -75 || p.HeightKind != plot.Barometric || p.ModeA != 0o7600 || !p.Emergency || p.Address != 0x899123 {
		t.Errorf("plot = %+v", p)
	}
	if p := plots[1]; p.Has != plot.HasPolar|plot.HasHeight || p.HeightKind != plot.Geometric || p.Height != 16000 {
		t.Errorf("plot without valid codes = %+v", p)
	}
	for i, want := range []plot.Domain{plot.Air, plot.Air, 0, 0} {
		if plots[i].Domain != want {
			t.Errorf("plot %d in domain %q, want %q", i, plots[i].Domain, want)
		}
	}
}

func TestCAT048Refusals(t *testing.T) {
	good := target(nil)
	tests := map[string]struct {
		change func(*cat048.Record)
		drill  bool
		want   []string
		item   string
	}{
		"a simulated target on a live feed": {func(r *cat048.Record) { r.I020.SIM = 1 }, false, []string{decode.SimulatedOnLive}, "I048/020"},
		"a simulated target in an exercise": {func(r *cat048.Record) { r.I020.SIM = 1 }, true, nil, ""},
		"a real target in an exercise":      {nil, true, nil, ""},
		"a test target":                     {func(r *cat048.Record) { r.I020.TST, r.I020.Extents = 1, 2 }, false, []string{decode.AsterixTest}, "I048/020"},
		"a fixed transponder":               {func(r *cat048.Record) { r.I020.RAB = 1 }, true, []string{decode.AsterixTest}, "I048/020"},
		"no detection":                      {func(r *cat048.Record) { r.I020.TYP = 0 }, false, []string{decode.AsterixNoTarget}, "I048/020"},
		"no descriptor":                     {func(r *cat048.Record) { r.Has &^= cat048.Item020 }, false, nil, ""},
		"no source":                         {func(r *cat048.Record) { r.Has &^= cat048.Item010 }, false, []string{decode.AsterixNoSource}, "I048/010"},
		"no place":                          {func(r *cat048.Record) { r.Has &^= cat048.Item040 }, false, []string{decode.AsterixNoRange}, "I048/040"},
		"a range beyond the item":           {func(r *cat048.Record) { r.I020.ERR, r.I020.Extents = 1, 2 }, false, []string{decode.AsterixNoRange}, "I048/040"},
		"no time":                           {func(r *cat048.Record) { r.Has &^= cat048.Item140 }, false, nil, ""},
		"a clock an hour late":              {func(r *cat048.Record) { r.I140 -= 3600 * 128 }, false, []string{decode.ImplausibleTime}, "I048/140"},
		"a clock ahead":                     {func(r *cat048.Record) { r.I140 += 600 * 128 }, false, []string{decode.ImplausibleTime}, "I048/140"},
		"a time after midnight":             {func(r *cat048.Record) { r.I140 = 86402 * 128 }, false, []string{decode.ImplausibleTime}, "I048/140"},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			source := map[bool]string{false: "radar", true: "drill"}[tt.drill]
			b := block(t, good, target(tt.change), good)
			plots, _, refused := run(t, newDecoder(t), source, frame.ASTERIX, b)
			if diff := cmp.Diff(tt.want, reasons(refused)); diff != "" {
				t.Fatalf("refused %v (-want +got):\n%s", refused, diff)
			}
			if len(plots) != 3-len(tt.want) {
				t.Errorf("%d plots, want all but the refused", len(plots))
			}
			for _, p := range plots {
				if p.Exercise != tt.drill {
					t.Errorf("plot %d of feed %s: exercise %v", p.Index, source, p.Exercise)
				}
			}
			for _, r := range refused {
				one, err := good.Append(nil)
				if want := int64(3 + len(one)); err != nil || r.Offset != want || r.Item != tt.item {
					t.Errorf("refused %s at %d, want %s at %d", r.Item, r.Offset, tt.item, want)
				}
			}
		})
	}
}

func TestDatagramKeepsItsGoodBlocks(t *testing.T) {
	good := block(t, target(nil))
	bad := []byte{cat048.Category, 0, 6, 0xFF, 1, 2}
	other := []byte{62, 0, 4, 0x80}
	datagram := slices.Concat(good, bad, other, good, []byte{1, 2})
	plots, _, refused := run(t, newDecoder(t), "radar", frame.ASTERIX, []byte{}, datagram)
	if len(plots) != 2 || plots[0].Index != 0 || plots[1].Index != 1 {
		t.Errorf("%d plots, want both good ones, numbered", len(plots))
	}
	n := int64(len(good))
	want := []decode.Refusal{
		{Offset: n + 6, Item: "I048/010", Reason: decode.AsterixRecord},
		{Offset: n + 6, Item: "CAT062", Reason: decode.AsterixSystemTrack},
		{Offset: 2*n + 10, Item: "CAT000", Reason: decode.AsterixBlock},
	}
	if len(refused) != len(want) {
		t.Fatalf("refused %v, want %d", refused, len(want))
	}
	for i, r := range refused {
		if r.Reason != want[i].Reason || r.Item != want[i].Item || r.Offset != want[i].Offset {
			t.Errorf("refused %+v, want %+v", r, want[i])
		}
	}
}

func service(t testing.TB, change func(*cat034.Record)) []byte {
	t.Helper()
	r := cat034.Record{Has: cat034.Item010 | cat034.Item000 | cat034.Item030 | cat034.Item041}
	r.I010 = cat034.I010{SAC: 25, SIC: 10}
	r.I000 = cat034.I000(cat034.NorthMarker)
	r.I030 = cat034.I030((12*3600 - 1) * 128)
	r.I041 = 4 * 128
	if change != nil {
		change(&r)
	}
	b, err := r.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err = asterix.AppendBlock(nil, cat034.Category, b)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCAT034(t *testing.T) {
	north := service(t, nil)
	sector := service(t, func(r *cat034.Record) {
		r.I000, r.I020, r.Has = cat034.I000(cat034.SectorCrossing), 0x40, r.Has&^cat034.Item041|cat034.Item020
	})
	strobe := service(t, func(r *cat034.Record) { r.I000 = cat034.I000(cat034.JammingStrobe) })
	late := service(t, func(r *cat034.Record) { r.I030 = 0 })
	nowhere := service(t, func(r *cat034.Record) { r.I000 = cat034.I000(cat034.SectorCrossing) })
	_, sweeps, refused := run(t, newDecoder(t), "radar", frame.ASTERIX, slices.Concat(north, sector, strobe, late, nowhere))
	at := noon.Add(-time.Second)
	want := []plot.Sweep{
		{Time: at, Source: "radar", Sensor: "025/010", Period: 4 * time.Second},
		{Time: at, Source: "radar", Sensor: "025/010", Azimuth: 90},
	}
	if diff := cmp.Diff(want, sweeps); diff != "" {
		t.Errorf("sweeps (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{decode.AsterixService, decode.ImplausibleTime, decode.AsterixNoRange}, reasons(refused)); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
}

// TestSnapshot stops in the middle of everything: a pair of positions, a
// message of two lines, an accuracy.
func TestSnapshot(t *testing.T) {
	long5 := vessel()
	name, err := ais.NewText("EXERCISE ONE")
	if err != nil {
		t.Fatal(err)
	}
	long5.Type, long5.Name, long5.Has = 5, name, ais.HasName
	payload, fill, err := ais.Encode(nil, &long5)
	if err != nil {
		t.Fatal(err)
	}
	first, rest := nmea.Next(nmea.Format(nil, nmea.Header{Channel: 'A', Seq: 3}, payload, fill))
	second, _ := nmea.Next(rest)
	before := func(d *decode.Decoder) {
		run(t, d, "adsb", frame.ModeS, long(modes.EncodeAirbornePosition(0x899123, taxi, 16000, false)))
		run(t, d, "ais", frame.NMEA, sentence(t, vessel(), nil), first)
	}
	after := func(d *decode.Decoder) (plots []plot.Plot) {
		p, _, _ := run(t, d, "adsb", frame.ModeS, long(modes.EncodeAirbornePosition(0x899123, taxi, 16000, true)))
		q, _, _ := run(t, d, "ais", frame.NMEA, second)
		return append(p, q...)
	}
	d := newDecoder(t)
	before(d)
	st := d.Snapshot()
	codecs := map[string]func(in, out any) error{
		"JSON": func(in, out any) error {
			b, err := json.Marshal(in)
			return errors.Join(err, json.Unmarshal(b, out))
		},
		"CBOR": func(in, out any) error {
			b, err := cbor.Marshal(in)
			return errors.Join(err, cbor.Unmarshal(b, out))
		},
	}
	want := after(d)
	if len(want) != 2 || want[0].Has&plot.HasPosition == 0 || want[1].Name == "" {
		t.Fatalf("plots = %+v, want a position and a name", want)
	}
	for name, pass := range codecs {
		t.Run(name, func(t *testing.T) {
			var back decode.State
			if err := pass(st, &back); err != nil {
				t.Fatal(err)
			}
			e := newDecoder(t)
			if err := e.Restore(back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(st, e.Snapshot()); diff != "" {
				t.Errorf("snapshot of the restored (-first +second):\n%s", diff)
			}
			if diff := cmp.Diff(want, after(e)); diff != "" {
				t.Errorf("plots after a restore (-without +with):\n%s", diff)
			}
		})
	}
}

func TestRestoreRefuses(t *testing.T) {
	d := newDecoder(t)
	run(t, d, "adsb", frame.ModeS, long(modes.EncodeAirbornePosition(0x899123, taxi, 16000, false)))
	st := d.Snapshot()
	st.Version++
	if d.Restore(st) == nil {
		t.Error("Restore() took a version of the future")
	}
	st = d.Snapshot()
	for i := range st.Sources {
		if st.Sources[i].ModeS != nil {
			st.Sources[i].ModeS.Version = 99
		}
	}
	if d.Restore(st) == nil {
		t.Error("Restore() took a state that modes refuses")
	}
	st = d.Snapshot()
	other, err := decode.New(decode.Config{Sources: map[string]decode.Source{"adsb": {Format: frame.NMEA}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Restore(st); err != nil {
		t.Errorf("Restore() = %v, want what is not configured left out", err)
	}
}

func TestValidate(t *testing.T) {
	nowhere := geo.Point{LatDeg: 91}
	tests := map[string]struct {
		name string
		s    decode.Source
		ok   bool
	}{
		"a plain feed":           {"a", decode.Source{Format: frame.ModeS}, true},
		"no name":                {"", decode.Source{Format: frame.ModeS}, false},
		"no format":              {"a", decode.Source{}, false},
		"an unknown format":      {"a", decode.Source{Format: frame.SignalK + 1}, false},
		"a receiver off the map": {"a", decode.Source{Format: frame.ModeS, Receiver: &nowhere}, false},
		"a range without sense":  {"a", decode.Source{Format: frame.ModeS, RangeNM: math.NaN()}, false},
		"a negative deviation":   {"a", decode.Source{Format: frame.ASTERIX, Sensors: map[string]decode.Sensor{"1": {SigmaRange: -1}}}, false},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			cfg := decode.Config{Sources: map[string]decode.Source{tt.name: tt.s}}
			if err := cfg.Validate(); (err == nil) != tt.ok {
				t.Errorf("Validate() = %v", err)
			}
			if _, err := decode.New(cfg); (err == nil) != tt.ok {
				t.Errorf("New() = %v", err)
			}
		})
	}
}

func TestReasonsAreUnique(t *testing.T) {
	list := decode.Reasons()
	slices.Sort(list)
	if n := len(slices.Compact(list)); n != len(decode.Reasons()) {
		t.Errorf("%d different reasons of %d", n, len(decode.Reasons()))
	}
}
