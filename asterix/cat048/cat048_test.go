// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cat048_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
)

// plot is a made-up report with the items that Mode S radars usually send.
func plot() cat048.Record {
	id, _ := asterix.PackIdentification("KURO15", 8)
	return cat048.Record{
		Has: cat048.Item010 | cat048.Item140 | cat048.Item020 | cat048.Item040 | cat048.Item070 |
			cat048.Item090 | cat048.Item130 | cat048.Item220 | cat048.Item240 | cat048.Item250 |
			cat048.Item161 | cat048.Item042 | cat048.Item200 | cat048.Item170 | cat048.Item230,
		I010: cat048.I010{SAC: 250, SIC: 7},
		I140: 12*3600*128 + 64,
		I020: cat048.I020{TYP: uint8(cat048.ModeSRollCallPSR), SIM: 1},
		I040: cat048.I040{RHO: 100*256 + 128, THETA: 0x4000},
		I070: cat048.I070{MODE3A: 0o7700},
		I090: cat048.I090{FL: -7},
		I130: cat048.I130{
			Has: cat048.I130HasSRL | cat048.I130HasSAM | cat048.I130HasAPD,
			SRL: 16, SAM: -55, APD: -3,
		},
		I220: 0xabcdef,
		I240: cat048.I240(id),
		I250: []cat048.I250{{MBDATA: [7]byte{1, 2, 3, 4, 5, 6, 7}, BDS1: 4}, {BDS1: 6}},
		I161: cat048.I161{TRN: 1923},
		I042: cat048.I042{X: 128, Y: -256},
		I200: cat048.I200{GSP: 1820, HDG: 0x8000},
		I170: cat048.I170{RAD: 2, CDM: 1, TRE: 1},
		I230: cat048.I230{COM: 1, STAT: 1, MSSC: 1},
	}
}

// plotHex is the report, worked out by hand from the document.
const plotHex = "ffff02" + // FSPEC: 010 140 020 040 070 090 130, 220 240 250 161 042 200 170, 230
	"fa07" + "546040" + "f0" + "64804000" + "0fc0" + "3ff9" + "a210c9fd" +
	"abcdef" + "2d548fc75820" + "02" + "0102030405060740" + "0000000000000060" +
	"0783" + "0080ff00" + "071c8000" + "4380" + "2480"

func TestEncode(t *testing.T) {
	rec := plot()
	got, err := rec.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if hex.EncodeToString(got) != plotHex {
		t.Errorf("Append = %x,\nwant     %s", got, plotHex)
	}
}

func TestValues(t *testing.T) {
	b, err := hex.DecodeString(plotHex)
	if err != nil {
		t.Fatal(err)
	}
	var r cat048.Record
	if n, err := r.Decode(b); err != nil || n != len(b) {
		t.Fatalf("Decode = %d, %v", n, err)
	}
	for name, tt := range map[string]struct {
		got  []any
		want string
	}{
		"source":       {list(r.Source()), "[250/7 true]"},
		"time of day":  {list(r.TimeOfDaySeconds()), "[43200.5 true]"},
		"detection":    {list(r.Detection()), "[7 true]"},
		"simulated":    {list(r.Simulated(), r.Test(), r.FieldMonitor()), "[true false false]"},
		"range":        {list(r.RhoNM()), "[100.5 true]"},
		"azimuth":      {list(r.ThetaDeg()), "[90 true]"},
		"plane":        {list3(r.CartesianNM()), "[1 -2 true]"},
		"mode 3/A":     {list3(r.Mode3A()), "[4032 true true]"},
		"emergency":    {list(r.EmergencyMode3A()), "[4032 true]"},
		"flight level": {list3(r.FlightLevelFeet()), "[-175 true true]"},
		"3D height":    {list(r.HeightFeet()), "[0 false]"},
		"address":      {list(r.Address()), "[11259375 true]"},
		"callsign":     {list(r.Callsign()), "[KURO15 true]"},
		"track number": {list(r.TrackNumber()), "[1923 true]"},
		"speed":        {list(r.GroundSpeedKt()), "[399.90234375 true]"},
		"heading":      {list(r.HeadingDeg()), "[180 true]"},
		"end of track": {list(r.EndOfTrack(), r.SPI(), r.MilitaryEmergency(), r.RangeExceeded()), "[true false false false]"},
		"ground":       {list(r.OnGround()), "[true true]"},
		"amplitude":    {list(r.I130.SAM.DBm(), r.I130.APD.Deg()), "[-55 -0.06591796875]"},
	} {
		if got := fmt.Sprint(tt.got); got != tt.want {
			t.Errorf("%s = %s, want %s", name, got, tt.want)
		}
	}
}

func list(v ...any) []any { return v }

func list3[A, B any](a A, b B, ok bool) []any { return []any{a, b, ok} }

// TestAbsent holds that nothing is told that was not received, whatever the
// record held before.
func TestAbsent(t *testing.T) {
	r := plot()
	if _, err := r.Decode([]byte{0x80, 1, 2}); err != nil {
		t.Fatal(err)
	}
	want := cat048.Record{
		Raw: []byte{0x80, 1, 2}, Has: cat048.Item010, FSPECLen: 1, I010: cat048.I010{SAC: 1, SIC: 2},
	}
	if diff := cmp.Diff(want, r, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	for name, ok := range map[string]bool{
		"TimeOfDaySeconds": second(r.TimeOfDaySeconds()), "Detection": second(r.Detection()),
		"RhoNM": second(r.RhoNM()), "ThetaDeg": second(r.ThetaDeg()), "Address": second(r.Address()),
		"Callsign": second(r.Callsign()), "TrackNumber": second(r.TrackNumber()),
		"GroundSpeedKt": second(r.GroundSpeedKt()), "HeadingDeg": second(r.HeadingDeg()),
		"FlightStatus": second(r.FlightStatus()), "OnGround": second(r.OnGround()),
		"EmergencyMode3A": second(r.EmergencyMode3A()), "Simulated": r.Simulated(), "SPI": r.SPI(),
	} {
		if ok {
			t.Errorf("%s is present in a record of item 010 alone", name)
		}
	}
}

func second[T any](_ T, ok bool) bool { return ok }

func TestFlags(t *testing.T) {
	r := plot()
	r.I070.V = 1
	if _, valid, ok := r.Mode3A(); valid || !ok {
		t.Errorf("Mode3A valid %v, ok %v for a code that is not validated", valid, ok)
	}
	if code, ok := r.EmergencyMode3A(); ok {
		t.Errorf("EmergencyMode3A = %o for a code that is not validated", code)
	}
	r.I090.G = 1
	if _, valid, ok := r.FlightLevelFeet(); valid || !ok {
		t.Errorf("FlightLevelFeet valid %v, ok %v for a garbled code", valid, ok)
	}
	r.I240 = 0
	if s, ok := r.Callsign(); ok {
		t.Errorf("Callsign = %q for zeros", s)
	}
	r.I230.STAT = uint8(cat048.AlertSPI)
	if _, ok := r.OnGround(); ok || !r.SPI() {
		t.Errorf("OnGround ok %v, SPI %v for alert with SPI", ok, r.SPI())
	}
	for d, want := range []string{
		"false false", "true false", "false true", "true true",
		"false true", "false true", "true true", "true true",
	} {
		d := cat048.Detection(d)
		if got := fmt.Sprint(d.HasPSR(), " ", d.HasSSR()); got != want {
			t.Errorf("Detection %d: HasPSR, HasSSR = %s, want %s", d, got, want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"nothing":                       {"", "octet 0: FSPEC does not end within the record or the UAP"},
		"an endless FSPEC":              {"8181818180", "octet 0: FSPEC does not end within the record or the UAP"},
		"a record without items":        {"0100", "octet 0: record without an item"},
		"half an item":                  {"c01481aa", "octet 3, item 140, source 20/129: needs 3 octets, 1 left"},
		"an open extent":                {"a014810101", "octet 3, item 020, source 20/129: extents do not end within the record"},
		"an unknown subfield":           {"82148101", "octet 3, item 130, source 20/129: primary subfield does not end within the record or the definition"},
		"half a subfield":               {"821481c0aa", "octet 3, item 130/SRR, source 20/129: needs 1 octets, 0 left"},
		"fewer registers than promised": {"8120148102" + "0102030405060740", "octet 4, item 250, source 20/129: needs 17 octets, 9 left"},
		"no repetition factor":          {"81201481", "octet 4, item 250, source 20/129: no octet left for REP"},
		"an open list of conditions":    {"81014014810303", "octet 5, item 030, source 20/129: extents do not end within the record"},
		"a field of length 0":           {"810101041481" + "00", "octet 6, item SP, source 20/129: length 0 does not count itself"},
		"a field that is cut off":       {"810101021481" + "0401", "octet 6, item RE, source 20/129: needs 4 octets, 2 left"},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := hex.DecodeString(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			var r cat048.Record
			n, err := r.Decode(b)
			var e *asterix.Error
			if !errors.As(err, &e) || n != 0 {
				t.Fatalf("Decode = %d, %v, want an *asterix.Error", n, err)
			}
			if want := "asterix cat 048 at " + tt.want; err.Error() != want {
				t.Errorf("Decode: %v, want %s", err, want)
			}
			if e.SourceKnown != (r.Has&cat048.Item010 != 0) {
				t.Errorf("sender: error %v, record %x", e.SourceKnown, r.Has)
			}
		})
	}
}

func TestAppendRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(*cat048.Record)
		want  string
	}{
		"a record without items":    {func(r *cat048.Record) { r.Has = 0 }, "octet 0: no item or one that the UAP does not have"},
		"an item that is not there": {func(r *cat048.Record) { r.Has |= 1 }, "octet 0: no item or one that the UAP does not have"},
		"a code of 13 bits":         {func(r *cat048.Record) { r.I070.MODE3A = 0o10000 }, "octet 0, item 070: MODE3A does not fit"},
		"a level that is too low":   {func(r *cat048.Record) { r.I090.FL = -8193 }, "octet 0, item 090: FL does not fit"},
		"an address of 25 bits":     {func(r *cat048.Record) { r.I220 = 1 << 24 }, "octet 0, item 220: value does not fit"},
		"an unknown subfield":       {func(r *cat048.Record) { r.I130.Has |= 1 }, "octet 0, item 130: Has does not fit"},
		"a register number":         {func(r *cat048.Record) { r.I250[0].BDS2 = 16 }, "octet 0, item 250: BDS2 does not fit"},
		"256 registers":             {func(r *cat048.Record) { r.I250 = make([]cat048.I250, 256) }, "octet 0, item 250: list does not fit"},
		"too many extents":          {func(r *cat048.Record) { r.I020.Extents = 7 }, "octet 0, item 020: Extents does not fit"},
		"extents that do not end":   {func(r *cat048.Record) { r.I020.More = []byte{1} }, "octet 0, item 020: More does not fit"},
		"no condition":              {func(r *cat048.Record) { r.Has |= cat048.Item030 }, "octet 0, item 030: empty list does not fit"},
		"a field of 255 octets": {
			func(r *cat048.Record) { r.Has, r.SP = r.Has|cat048.ItemSP, make([]byte, 255) },
			"octet 0, item SP: content does not fit",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := plot()
			tt.spoil(&r)
			got, err := r.Append([]byte{1, 2})
			if err == nil || err.Error() != "asterix cat 048 at "+tt.want {
				t.Errorf("Append: %v, want %s", err, tt.want)
			}
			if !bytes.Equal(got, []byte{1, 2}) {
				t.Errorf("Append left %x, want dst as it was", got)
			}
		})
	}
}

func TestDecodeAllocates(t *testing.T) {
	b, err := hex.DecodeString(plotHex)
	if err != nil {
		t.Fatal(err)
	}
	var r cat048.Record
	var dst []byte
	n := testing.AllocsPerRun(100, func() {
		if _, err := r.Decode(b); err != nil {
			t.Fatal(err)
		}
		if dst, err = r.Append(dst[:0]); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("Decode and Append allocate %v times, want 0", n)
	}
}

// FuzzDecode: what is accepted is encoded to the same octets, and the walk and
// the decoder agree on its items.
func FuzzDecode(f *testing.F) {
	b, err := hex.DecodeString(plotHex)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{0x81, 0x01, 0x01, 0x06, 1, 2, 3, 9, 9, 2, 7})
	f.Add([]byte{0xff, 0xff, 0xff, 0xfe})
	f.Fuzz(func(t *testing.T, b []byte) {
		var r cat048.Record
		n, err := r.Decode(b)
		if err != nil {
			if e := (*asterix.Error)(nil); !errors.As(err, &e) || e.Reason == asterix.ReasonDisagreement || e.Offset > len(b) {
				t.Fatalf("Decode(%x): %v", b, err)
			}
			return
		}
		again, err := r.Append(nil)
		if err != nil || !bytes.Equal(again, b[:n]) {
			t.Fatalf("Append = %x, %v, want %x", again, err, b[:n])
		}
		at := int(r.FSPECLen)
		r.Items(func(_ string, raw []byte) bool {
			at += len(raw)
			return true
		})
		if at != n {
			t.Fatalf("items end at %d, record at %d", at, n)
		}
		if cap(r.I250) > n || cap(r.I030) > 2*n+8 {
			t.Fatalf("lists of %d and %d elements from %d octets", cap(r.I250), cap(r.I030), n)
		}
	})
}

// block is 100 reports in one data block.
func block(b *testing.B) asterix.Block {
	b.Helper()
	var records [][]byte
	for i := range 100 {
		r := plot()
		r.I161.TRN = uint16(i)
		rec, err := r.Append(nil)
		if err != nil {
			b.Fatal(err)
		}
		records = append(records, rec)
	}
	d, err := asterix.AppendBlock(nil, cat048.Category, records...)
	if err != nil {
		b.Fatal(err)
	}
	return asterix.Block{Category: cat048.Category, Data: d[3:]}
}

func BenchmarkDecode(b *testing.B) {
	blk := block(b)
	b.ReportAllocs()
	var r cat048.Record
	records := 0
	for b.Loop() {
		for d := blk.Data; len(d) > 0; records++ {
			n, err := r.Decode(d)
			if err != nil {
				b.Fatal(err)
			}
			d = d[n:]
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/record")
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkRecords(b *testing.B) {
	blk := block(b)
	b.ReportAllocs()
	var r cat048.Record
	records := 0
	for b.Loop() {
		for _, err := range asterix.Records(blk, &r) {
			if err != nil {
				b.Fatal(err)
			}
			records++
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/record")
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkAppend(b *testing.B) {
	r := plot()
	var dst []byte
	b.ReportAllocs()
	records := 0
	for b.Loop() {
		var err error
		if dst, err = r.Append(dst[:0]); err != nil {
			b.Fatal(err)
		}
		records++
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}
