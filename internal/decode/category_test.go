// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat001"
	"github.com/kuroshio-watch/kuroshio/asterix/cat001plot"
	"github.com/kuroshio-watch/kuroshio/asterix/cat001track"
	"github.com/kuroshio-watch/kuroshio/asterix/cat002"
	"github.com/kuroshio-watch/kuroshio/asterix/cat010"
	"github.com/kuroshio-watch/kuroshio/asterix/cat020"
	"github.com/kuroshio-watch/kuroshio/asterix/cat021"
	"github.com/kuroshio-watch/kuroshio/asterix/cat021v023"
	"github.com/kuroshio-watch/kuroshio/asterix/cat021v026"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

// written is a record that can be written.
type written interface {
	Append(dst []byte) ([]byte, error)
}

// blockOf returns a block of a category.
func blockOf(t testing.TB, category byte, records ...written) []byte {
	t.Helper()
	var raw [][]byte
	for _, r := range records {
		b, err := r.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, b)
	}
	b, err := asterix.AppendBlock(nil, category, raw...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	secondsOfNoon = 12 * 3600
	turnOfNoon    = secondsOfNoon % 512 // as CAT001 tells it
)

func oldPlot(change func(*cat001plot.Record)) *cat001plot.Record {
	r := &cat001plot.Record{Has: cat001plot.Item010 | cat001plot.Item020 | cat001plot.Item040 | cat001plot.Item070 | cat001plot.Item090 | cat001plot.Item141}
	r.I010 = cat001plot.I010{SAC: 25, SIC: 10}
	r.I020.SSRPSR = 3
	r.I040 = cat001plot.I040{RHO: 100 * 128, THETA: 0x4000}
	r.I070.MODE3A, r.I090.HGT, r.I141 = 0o7700, 400, (turnOfNoon-2)*128
	if change != nil {
		change(r)
	}
	return r
}

func TestCAT001(t *testing.T) {
	heir := oldPlot(func(r *cat001plot.Record) { r.Has &^= cat001plot.Item010 })
	doubtful := oldPlot(func(r *cat001plot.Record) { r.I070.G, r.I090.V, r.I020.SSRPSR = 1, 1, 1 })
	track := &cat001track.Record{Has: cat001track.Item010 | cat001track.Item020 | cat001track.Item161 | cat001track.Item040 | cat001track.Item042 | cat001track.Item141}
	track.I010, track.I020.TYP, track.I020.SSRPSR = cat001track.I010{SAC: 25, SIC: 10}, 1, 2
	track.I040, track.I141 = cat001track.I040{RHO: 100 * 128, THETA: 0x4000}, (turnOfNoon-3)*128
	datagram := slices.Concat(blockOf(t, cat001.Category, oldPlot(nil), heir, doubtful, track), blockOf(t, cat001.Category, heir))
	plots, _, refused := run(t, newDecoder(t), "radar", frame.ASTERIX, datagram)
	if len(plots) != 4 {
		t.Fatalf("%d plots, refused %v, want 4", len(plots), refused)
	}
	if diff := cmp.Diff([]string{decode.AsterixNoSource}, reasons(refused)); diff != "" {
		t.Errorf("the next block's source: refused (-want +got):\n%s", diff)
	}
	for i, p := range plots {
		if p.Kind != plot.Radar || p.Sensor != "025/010" || p.SlantRange != 185200 || p.Azimuth != 90 || p.SigmaRange != 80 || p.Index != i {
			t.Errorf("plot %d = %+v", i, p)
		}
		if late := []time.Duration{2, 2, 2, 3}[i] * time.Second; !p.Time.Equal(noon.Add(-late)) {
			t.Errorf("plot %d at %v, want the turn of 512 s nearest to receipt", i, p.Time)
		}
	}
	if p := plots[1]; p.Has != plot.HasPolar|plot.HasModeA|plot.HasHeight || p.Height != 10_000 || !p.Emergency || p.Domain != plot.Air {
		t.Errorf("plot of the block's source = %+v", p)
	}
	if p := plots[2]; p.Has != plot.HasPolar || p.Domain != 0 || p.Emergency {
		t.Errorf("plot without valid codes = %+v", p)
	}
	if p := plots[3]; p.Has != plot.HasPolar || p.Domain != plot.Air {
		t.Errorf("plot of a track = %+v", p)
	}
}

// TestTurnsOf512 sends CAT001 over the end of a turn and over midnight.
func TestTurnsOf512(t *testing.T) {
	midnight := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct{ received, want time.Time }{
		"the end of a turn":   {noon.Truncate(24 * time.Hour).Add(85*512*time.Second + time.Second), noon.Truncate(24 * time.Hour).Add(85*512*time.Second - time.Second)},
		"midnight":            {midnight.Add(time.Second), midnight.Add(-time.Second)},
		"a clock a bit ahead": {midnight.Add(-time.Second), midnight.Add(time.Second)},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			seconds := int(tt.want.Sub(tt.want.Truncate(24*time.Hour))/time.Second) % 512
			b := blockOf(t, cat001.Category, oldPlot(func(r *cat001plot.Record) { r.I141 = cat001plot.I141(seconds * 128) }))
			f := frame.Frame{Source: "radar", Seq: 1, Format: frame.ASTERIX, Received: tt.received, Data: b}
			plots, _, err := newDecoder(t).Decode(&f, nil, nil)
			if err != nil || len(plots) != 1 || !plots[0].Time.Equal(tt.want) {
				t.Errorf("Decode() = %+v, %v, want a plot at %v", plots, err, tt.want)
			}
		})
	}
}

func TestCAT002(t *testing.T) {
	record := func(change func(*cat002.Record)) *cat002.Record {
		r := &cat002.Record{Has: cat002.Item010 | cat002.Item000 | cat002.Item030 | cat002.Item041}
		r.I010, r.I000, r.I030, r.I041 = cat002.I010{SAC: 25, SIC: 10}, 1, (secondsOfNoon-1)*128, 4*128
		change(r)
		return r
	}
	north := record(func(*cat002.Record) {})
	sector := record(func(r *cat002.Record) { r.I000, r.I020, r.Has = 2, 0x40, r.Has&^cat002.Item041|cat002.Item020 })
	south := record(func(r *cat002.Record) { r.I000 = 3 })
	nowhere := record(func(r *cat002.Record) { r.I000 = 2 })
	late := record(func(r *cat002.Record) { r.I030 = 0 })
	nobody := record(func(r *cat002.Record) { r.Has &^= cat002.Item010 })
	_, sweeps, refused := run(t, newDecoder(t), "radar", frame.ASTERIX, blockOf(t, cat002.Category, north, sector, south, nowhere, late, nobody))
	at := noon.Add(-time.Second)
	want := []plot.Sweep{
		{Time: at, Source: "radar", Sensor: "025/010", Period: 4 * time.Second},
		{Time: at, Source: "radar", Sensor: "025/010", Azimuth: 90},
	}
	if diff := cmp.Diff(want, sweeps); diff != "" {
		t.Errorf("sweeps (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{decode.AsterixService, decode.AsterixNoRange, decode.ImplausibleTime, decode.AsterixNoSource}, reasons(refused)); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
}

func seen(change func(*cat010.Record)) *cat010.Record {
	r := &cat010.Record{Has: cat010.Item010 | cat010.Item000 | cat010.Item020 | cat010.Item140 | cat010.Item040 | cat010.Item041 | cat010.Item202 | cat010.Item500}
	r.I010, r.I000, r.I020.TYP, r.I140 = cat010.I010{SAC: 25, SIC: 10}, 1, 3, (secondsOfNoon-1)*128
	r.I040 = cat010.I040{RHO: 1500, TH: 0x4000}
	r.I041 = cat010.I041{LAT: int32(taxi.LatDeg * 536870912 / 45), LON: int32(taxi.LonDeg * 536870912 / 45)}
	r.I500 = cat010.I500{DEVX: 80, DEVY: 100}
	if change != nil {
		change(r)
	}
	return r
}

func TestCAT010(t *testing.T) {
	mlat := seen(func(r *cat010.Record) {
		r.I020.TYP = 1
		r.Has |= cat010.Item060 | cat010.Item220 | cat010.Item090 | cat010.Item245
		r.I060.MODE3A, r.I220, r.I090.FL, r.I245.CHR = 0o1234, 0x899123, 8, 0x04_54_92_C7_1C_20
	})
	plots, _, refused := run(t, newDecoder(t), "radar", frame.ASTERIX, blockOf(t, cat010.Category, seen(nil), mlat))
	if len(refused) > 0 || len(plots) != 2 {
		t.Fatalf("%d plots, refused %v, want 2 and nothing", len(plots), refused)
	}
	if p := plots[0]; p.Kind != plot.Radar || p.Has != plot.HasPolar || p.SlantRange != 1500 || p.Azimuth != 90 || p.Domain != 0 || !p.Time.Equal(noon.Add(-time.Second)) {
		t.Errorf("plot of a surface radar = %+v", p)
	}
	p := plots[1]
	if p.Kind != plot.MLAT || p.Has != plot.HasPosition|plot.HasModeA|plot.HasAddress|plot.HasHeight|plot.HasCallsign || p.SigmaPos != 25 || p.Domain != plot.Air {
		t.Errorf("plot of multilateration = %+v", p)
	}
	if d, _ := geo.Inverse(p.Pos, taxi); d > 0.1 {
		t.Errorf("it lies %v m off", d)
	}
}

func fixed(change func(*cat020.Record)) *cat020.Record {
	r := &cat020.Record{Has: cat020.Item010 | cat020.Item020 | cat020.Item140 | cat020.Item041 | cat020.Item220 | cat020.Item105 | cat020.Item070 | cat020.Item245 | cat020.Item500}
	r.I010, r.I140 = cat020.I010{SAC: 25, SIC: 10}, (secondsOfNoon-1)*128
	r.I041 = cat020.I041{LAT: int32(taxi.LatDeg * 8388608 / 45), LON: int32(taxi.LonDeg * 8388608 / 45)}
	r.I220, r.I105, r.I070.MODE3A = 0x899123, 1600, 0o7500
	r.I245.STI, r.I245.CHR = 2, 0x04_54_92_C7_1C_20
	r.I500.Has, r.I500.SDP = cat020.I500HasSDP, cat020.I500SDP{X: 200, Y: 100}
	if change != nil {
		change(r)
	}
	return r
}

func TestCAT020(t *testing.T) {
	typed := fixed(func(r *cat020.Record) { r.I245.STI, r.Has = 0, r.Has&^cat020.Item500 })
	plots, _, refused := run(t, newDecoder(t), "radar", frame.ASTERIX, blockOf(t, cat020.Category, fixed(nil), typed))
	if len(refused) > 0 || len(plots) != 2 {
		t.Fatalf("%d plots, refused %v, want 2 and nothing", len(plots), refused)
	}
	p := plots[0]
	if p.Kind != plot.MLAT || p.Has != plot.HasPosition|plot.HasModeA|plot.HasAddress|plot.HasHeight|plot.HasCallsign || p.SigmaPos != 50 ||
		p.Height != 10_000 || p.HeightKind != plot.Geometric || !p.Emergency || p.Sensor != "025/010" {
		t.Errorf("plot = %+v", p)
	}
	if d, _ := geo.Inverse(p.Pos, taxi); d > 1 {
		t.Errorf("it lies %v m off", d)
	}
	if p := plots[1]; p.Has&plot.HasCallsign != 0 || p.SigmaPos != 0 {
		t.Errorf("plot without a downlinked callsign and an accuracy = %+v", p)
	}
}

func squawker(change func(*cat021.Record)) *cat021.Record {
	r := &cat021.Record{Has: cat021.Item010 | cat021.Item040 | cat021.Item071 | cat021.Item130 | cat021.Item080 | cat021.Item145 | cat021.Item140 |
		cat021.Item170 | cat021.Item160 | cat021.Item090 | cat021.Item210 | cat021.Item077}
	r.I010, r.I071, r.I077 = cat021.I010{SAC: 25, SIC: 10}, (secondsOfNoon-2)*128, (secondsOfNoon-1)*128
	r.I130 = cat021.I130{LAT: int32(taxi.LatDeg * 2097152 / 45), LON: int32(taxi.LonDeg * 2097152 / 45)}
	r.I080, r.I145, r.I140, r.I170 = 0x899123, 1400, 5800, 0x04_54_92_C7_1C_20
	r.I160 = cat021.I160{GS: 2048, TA: 0x4000}
	r.I090.NUCPNIC, r.I090.NACP, r.I090.Extents, r.I210.VN = 7, 8, 2, 2
	if change != nil {
		change(r)
	}
	return r
}

func TestCAT021(t *testing.T) {
	fine := squawker(func(r *cat021.Record) {
		r.Has |= cat021.Item131 | cat021.Item200
		r.I131 = cat021.I131{LAT: int32(coast.LatDeg * 268435456 / 45), LON: int32(coast.LonDeg * 268435456 / 45)}
		r.I200.PS, r.I210.VN, r.I090.NUCPNIC = 1, 0, 6
	})
	received := squawker(func(r *cat021.Record) {
		r.Has = r.Has&^(cat021.Item071|cat021.Item130|cat021.Item145) | cat021.Item073
		r.I073, r.I040.ATP, r.I160.RE = (secondsOfNoon-3)*128, 1, 1
	})
	plots, _, refused := run(t, newDecoder(t), "radar", frame.ASTERIX, blockOf(t, cat021.Category, squawker(nil), fine, received))
	if len(refused) > 0 || len(plots) != 3 {
		t.Fatalf("%d plots, refused %v, want 3 and nothing", len(plots), refused)
	}
	p := plots[0]
	if p.Kind != plot.ADSB || p.Has != plot.HasPosition|plot.HasAddress|plot.HasHeight|plot.HasCallsign|plot.HasVelocity|plot.HasNACp|plot.HasNIC || p.NACp != 8 || p.NIC != 7 || !p.Time.Equal(noon.Add(-2*time.Second)) ||
		p.Height != 35_000 || p.HeightKind != plot.Barometric || p.Speed != 450 || p.Course != 90 || p.Emergency {
		t.Errorf("plot = %+v", p)
	}
	if d, _ := geo.Inverse(p.Pos, taxi); d > 3 || p.SigmaPos < 37 || p.SigmaPos > 38 { // NACp 8: 92.6 m
		t.Errorf("it lies %v m off, σ %v m", d, p.SigmaPos)
	}
	p = plots[1]
	if d, _ := geo.Inverse(p.Pos, coast); d > 0.1 || !p.Emergency || p.Has&(plot.HasNACp|plot.HasNIC) != 0 || p.SigmaPos < 75 || p.SigmaPos > 76 { // NUCp 6: 185.2 m
		t.Errorf("plot of a fine position %v m off = %+v", d, p)
	}
	p = plots[2]
	if p.Has != plot.HasHeight|plot.HasCallsign || p.HeightKind != plot.Geometric || !p.Time.Equal(noon.Add(-3*time.Second)) {
		t.Errorf("plot of a duplicate address without position = %+v", p)
	}
}

// TestADSBPlaces refuses positions and keeps the rest.
func TestADSBPlaces(t *testing.T) {
	for name, change := range map[string]func(*cat021.Record){
		"a failed range check":    func(r *cat021.Record) { r.I040.RCF, r.I040.Extents = 1, 3 },
		"a failed CPR validation": func(r *cat021.Record) { r.I040.CPR, r.I040.Extents = 1, 3 },
		"a failed own check":      func(r *cat021.Record) { r.I040.IPC, r.I040.Extents = 1, 3 },
		"a NOGO":                  func(r *cat021.Record) { r.I040.NOGO, r.I040.Extents = 1, 3 },
		"a suspect report":        func(r *cat021.Record) { r.I040.CL, r.I040.Extents = 1, 2 },
		"a CPR not yet checked":   func(r *cat021.Record) { r.I040.RC = 1 },
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			plots, _, refused := run(t, newDecoder(t), "radar", frame.ASTERIX, blockOf(t, cat021.Category, squawker(change)))
			if diff := cmp.Diff([]string{decode.AsterixDoubtful}, reasons(refused)); diff != "" || len(plots) != 1 || plots[0].Has&plot.HasPosition != 0 || plots[0].Address != 0x899123 {
				t.Errorf("plots %+v, refused (-want +got):\n%s", plots, diff)
			}
		})
	}
	cfg := config()
	radar := cfg.Sources["radar"]
	radar.Receiver, radar.RangeNM = &coast, 20
	cfg.Sources["radar"] = radar
	d, err := decode.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	plots, _, refused := run(t, d, "radar", frame.ASTERIX, blockOf(t, cat021.Category, squawker(nil)))
	if diff := cmp.Diff([]string{decode.AsterixPosition}, reasons(refused)); diff != "" || plots[0].Has&plot.HasPosition != 0 {
		t.Errorf("a position beyond the range: refused (-want +got):\n%s", diff)
	}
}

func early(has cat021v026.Items) *cat021v026.Record {
	r := &cat021v026.Record{Has: has | cat021v026.Item010 | cat021v026.Item040 | cat021v026.Item030 | cat021v026.Item130 | cat021v026.Item080 |
		cat021v026.Item140 | cat021v026.Item145 | cat021v026.Item160 | cat021v026.Item170 | cat021v026.Item200}
	r.I010, r.I030, r.I040.ATP = cat021v026.I010{SAC: 25, SIC: 26}, (secondsOfNoon-2)*128, 1
	r.I130 = cat021v026.I130{LAT: int32(taxi.LatDeg * 8388608 / 45), LON: int32(taxi.LonDeg * 8388608 / 45)}
	r.I080, r.I140, r.I145, r.I160, r.I170, r.I200 = 0x899123, 5800, 1400, cat021v026.I160{GS: 2048, TA: 0x4000}, 0x04_54_92_C7_1C_20, 5
	r.I070.MODE3A = 0o1234
	return r
}

func earliest() *cat021v023.Record {
	o := early(0)
	r := &cat021v023.Record{Has: cat021v023.Item010 | cat021v023.Item040 | cat021v023.Item030 | cat021v023.Item130 | cat021v023.Item080 |
		cat021v023.Item140 | cat021v023.Item145 | cat021v023.Item160 | cat021v023.Item170 | cat021v023.Item200}
	r.I010, r.I030, r.I040 = cat021v023.I010{SAC: 25, SIC: 23}, cat021v023.I030(o.I030), cat021v023.I040(o.I040)
	r.I130 = cat021v023.I130{LAT: o.I130.LAT / 4, LON: o.I130.LON / 4}
	r.I080, r.I140, r.I145, r.I160 = cat021v023.I080(o.I080), cat021v023.I140(o.I140), cat021v023.I145(o.I145), cat021v023.I160(o.I160)
	r.I170, r.I200 = cat021v023.I170(o.I170), cat021v023.I200(o.I200)
	return r
}

// TestEmitterCategories reads I021/020 of all editions as aircraft write it.
func TestEmitterCategories(t *testing.T) {
	cfg := config()
	radar := cfg.Sources["radar"]
	radar.EditionsOf = map[string]decode.Editions{"025/023": {21: "0.23"}, "025/026": {21: "0.26"}}
	cfg.Sources["radar"] = radar
	for ecat, want := range map[uint8]uint8{
		0: 0, 1: 0xA1, 5: 0xA5, 6: 0xA6, 7: 0, 10: 0xA7, 11: 0xB1, 12: 0xB2, 13: 0xB6, 14: 0xB7, 15: 0xB4, 16: 0xB3, 20: 0xC1, 24: 0xC5, 25: 0, 255: 0,
	} {
		d, err := decode.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		newest := squawker(func(r *cat021.Record) { r.Has, r.I020 = r.Has|cat021.Item020, cat021.I020(ecat) })
		old, oldest := early(cat021v026.Item020), earliest()
		old.I020 = cat021v026.I020(ecat)
		oldest.Has, oldest.I020 = oldest.Has|cat021v023.Item020, cat021v023.I020(ecat)
		plots, _, refused := run(t, d, "radar", frame.ASTERIX, slices.Concat(blockOf(t, 21, oldest), blockOf(t, 21, old), blockOf(t, 21, newest)))
		if len(refused) > 0 || len(plots) != 3 {
			t.Fatalf("%d plots, refused %v, want 3 and nothing", len(plots), refused)
		}
		for i, p := range plots {
			if has := p.Has&plot.HasCategory != 0; p.Category != want || has != (want != 0) {
				t.Errorf("plot %d of category %d: %X (%v), want %X", i, ecat, p.Category, has, want)
			}
		}
	}
}

// TestEditionsOfStations has three stations with three editions in one feed.
func TestEditionsOfStations(t *testing.T) {
	cfg := config()
	radar := cfg.Sources["radar"]
	radar.Editions = decode.Editions{21: "0.26"}
	radar.EditionsOf = map[string]decode.Editions{"025/023": {21: "0.23"}, "025/010": {21: "2.4"}}
	cfg.Sources["radar"] = radar
	d, err := decode.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	datagram := slices.Concat(blockOf(t, 21, early(cat021v026.Item070)), blockOf(t, 21, earliest()), blockOf(t, 21, squawker(nil)))
	plots, _, refused := run(t, d, "radar", frame.ASTERIX, datagram)
	if len(refused) > 0 || len(plots) != 3 {
		t.Fatalf("%d plots, refused %v, want 3 and nothing", len(plots), refused)
	}
	for i, p := range plots {
		if d, _ := geo.Inverse(p.Pos, taxi); d > 3 || p.Address != 0x899123 || p.Height != 35_000 || p.Speed != 450 || p.Course != 90 ||
			!p.Time.Equal(noon.Add(-2*time.Second)) || p.Callsign != plots[0].Callsign || p.Emergency != (i < 2) {
			t.Errorf("plot %d, %v m off = %+v", i, d, p)
		}
	}
	if plots[0].ModeA != 0o1234 || plots[1].Has&plot.HasModeA != 0 {
		t.Errorf("Mode A %+v; edition 0.23 has none", plots)
	}
}

func TestReportsRefused(t *testing.T) {
	service := func(t testing.TB, c byte) []byte { return []byte{c, 0, 4, 0x80} }
	for name, tt := range map[string]struct {
		block  func(testing.TB) []byte
		reason string
		item   string
	}{
		"a system track":          {func(t testing.TB) []byte { return service(t, 62) }, decode.AsterixSystemTrack, "CAT062"},
		"the status of a tracker": {func(t testing.TB) []byte { return service(t, 65) }, decode.AsterixService, "CAT065"},
		"an unknown category":     {func(t testing.TB) []byte { return service(t, 240) }, decode.AsterixCategory, "CAT240"},
		"an old simulated plot": {func(t testing.TB) []byte {
			return blockOf(t, 1, oldPlot(func(r *cat001plot.Record) { r.I020.SIM = 1 }))
		}, decode.SimulatedOnLive, "I001/020"},
		"an old coasted track": {func(t testing.TB) []byte {
			return blockOf(t, 1, oldPlot(func(r *cat001plot.Record) { r.I020.SSRPSR = 0 }))
		}, decode.AsterixNoTarget, "I001/020"},
		"an old plot without place": {func(t testing.TB) []byte {
			return blockOf(t, 1, oldPlot(func(r *cat001plot.Record) { r.Has &^= cat001plot.Item040 }))
		}, decode.AsterixNoRange, "I001/040"},
		"an old plot of nobody": {func(t testing.TB) []byte {
			return blockOf(t, 1, oldPlot(func(r *cat001plot.Record) { r.Has &^= cat001plot.Item010 }))
		}, decode.AsterixNoSource, "I001/010"},
		"the start of a cycle": {func(t testing.TB) []byte { return blockOf(t, 10, seen(func(r *cat010.Record) { r.I000 = 2 })) }, decode.AsterixService, "I010/000"},
		"a magnetic loop":      {func(t testing.TB) []byte { return blockOf(t, 10, seen(func(r *cat010.Record) { r.I020.TYP = 4 })) }, decode.AsterixKind, "I010/020"},
		"an unsaid sensor": {func(t testing.TB) []byte {
			return blockOf(t, 10, seen(func(r *cat010.Record) { r.Has &^= cat010.Item020 }))
		}, decode.AsterixKind, "I010/020"},
		"a vehicle": {func(t testing.TB) []byte {
			return blockOf(t, 10, seen(func(r *cat010.Record) { r.I020.TOT, r.I020.Extents = 2, 2 }))
		}, decode.AsterixVehicle, "I010/020"},
		"a coasted surface track": {func(t testing.TB) []byte {
			return blockOf(t, 10, seen(func(r *cat010.Record) { r.Has, r.I170.CST = r.Has|cat010.Item170, 1 }))
		}, decode.AsterixNoTarget, "I010/020"},
		"a ghost": {func(t testing.TB) []byte {
			return blockOf(t, 10, seen(func(r *cat010.Record) { r.Has, r.I170.GHO, r.I170.Extents = r.Has|cat010.Item170, 1, 3 }))
		}, decode.AsterixDoubtful, "I010/170"},
		"a place in a plane": {func(t testing.TB) []byte {
			return blockOf(t, 10, seen(func(r *cat010.Record) { r.Has = r.Has&^(cat010.Item040|cat010.Item041) | cat010.Item042 }))
		}, decode.AsterixNoRange, "I010/041"},
		"a surface clock far off": {func(t testing.TB) []byte { return blockOf(t, 10, seen(func(r *cat010.Record) { r.I140 = 0 })) }, decode.ImplausibleTime, "I010/140"},
		"a multilaterated vehicle": {func(t testing.TB) []byte {
			return blockOf(t, 20, fixed(func(r *cat020.Record) { r.Has |= cat020.Item300 }))
		}, decode.AsterixVehicle, "I020/020"},
		"a multilaterated ghost": {func(t testing.TB) []byte {
			return blockOf(t, 20, fixed(func(r *cat020.Record) { r.Has, r.I170.GHO, r.I170.Extents = r.Has|cat020.Item170, 1, 2 }))
		}, decode.AsterixDoubtful, "I020/170"},
		"a multilaterated place nowhere": {func(t testing.TB) []byte {
			return blockOf(t, 20, fixed(func(r *cat020.Record) { r.Has &^= cat020.Item041 }))
		}, decode.AsterixNoRange, "I020/041"},
		"a place that is not on the globe": {func(t testing.TB) []byte {
			return blockOf(t, 20, fixed(func(r *cat020.Record) { r.I041.LAT = 1 << 30 }))
		}, decode.AsterixPosition, "I020/041"},
		"a multilateration clock far off": {func(t testing.TB) []byte { return blockOf(t, 20, fixed(func(r *cat020.Record) { r.I140 = 0 })) }, decode.ImplausibleTime, "I020/140"},
		"a surface vehicle":               {func(t testing.TB) []byte { return blockOf(t, 21, squawker(func(r *cat021.Record) { r.I040.ATP = 2 })) }, decode.AsterixVehicle, "I021/040"},
		"a simulated aircraft": {func(t testing.TB) []byte {
			return blockOf(t, 21, squawker(func(r *cat021.Record) { r.I040.SIM, r.I040.Extents = 1, 2 }))
		}, decode.SimulatedOnLive, "I021/040"},
		"an aircraft's clock far off": {func(t testing.TB) []byte { return blockOf(t, 21, squawker(func(r *cat021.Record) { r.I071 = 0 })) }, decode.ImplausibleTime, "I021/071"},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			plots, _, refused := run(t, newDecoder(t), "radar", frame.ASTERIX, tt.block(t))
			if len(plots) != 0 || len(refused) != 1 || refused[0].Reason != tt.reason || refused[0].Item != tt.item {
				t.Errorf("%d plots, refused %v, want %s of %s", len(plots), refused, tt.reason, tt.item)
			}
		})
	}
}

// TestEdition21OfADSB reads a record whose length and width later editions take
// for an extension: its position is lost to them.
func TestEdition21OfADSB(t *testing.T) {
	r := squawker(nil)
	r.Has |= cat021.Item271 | cat021.Item132
	r.I271.Extents, r.I132 = 2, -10
	b := blockOf(t, 21, r)
	b[len(b)-2] = 0x0B // an odd length and width, before item 132
	for edition, want := range map[string]int{"2.1": 1, "2.4": 0} {
		cfg := config()
		radar := cfg.Sources["radar"]
		radar.Editions = decode.Editions{21: edition}
		cfg.Sources["radar"] = radar
		d, err := decode.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		plots, _, refused := run(t, d, "radar", frame.ASTERIX, b)
		if len(plots) != want || len(refused) != 1-want {
			t.Errorf("edition %s: %d plots, refused %v, want %d plots", edition, len(plots), refused, want)
		}
	}
}

func TestEditionsAreChecked(t *testing.T) {
	for name, tt := range map[string]struct {
		source decode.Source
		bad    bool
	}{
		"a known edition":             {decode.Source{Format: frame.ASTERIX, Editions: decode.Editions{21: "0.25", 48: "1.27"}}, false},
		"an unknown edition":          {decode.Source{Format: frame.ASTERIX, Editions: decode.Editions{21: "2.0"}}, true},
		"a category without a table":  {decode.Source{Format: frame.ASTERIX, Editions: decode.Editions{99: "1.0"}}, true},
		"a station's unknown edition": {decode.Source{Format: frame.ASTERIX, EditionsOf: map[string]decode.Editions{"025/010": {21: "9.9"}}}, true},
		"editions of another format":  {decode.Source{Format: frame.NMEA, Editions: decode.Editions{21: "0.23"}}, true},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			err := decode.Config{Sources: map[string]decode.Source{"x": tt.source}}.Validate()
			if (err != nil) != tt.bad {
				t.Errorf("Validate() = %v, want a fault: %v", err, tt.bad)
			}
		})
	}
}
