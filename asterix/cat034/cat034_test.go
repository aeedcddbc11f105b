// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cat034_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat034"
)

// status is a made-up sector message that tells all about its station.
func status() cat034.Record {
	return cat034.Record{
		Has: cat034.Item010 | cat034.Item000 | cat034.Item030 | cat034.Item020 | cat034.Item041 |
			cat034.Item050 | cat034.Item060 | cat034.Item070 | cat034.Item090 | cat034.Item120,
		I010: cat034.I010{SAC: 250, SIC: 7},
		I000: cat034.I000(cat034.SectorCrossing),
		I030: 12*3600*128 + 64,
		I020: 0x40,
		I041: 512,
		I050: cat034.I050{
			Has: cat034.I050HasCOM | cat034.I050HasMDS,
			COM: cat034.I050COM{NOGO: 1},
			MDS: cat034.I050MDS{CHAB: 2, OVLDLF: 1},
		},
		I060: cat034.I060{Has: cat034.I060HasPSR, PSR: cat034.I060PSR{POL: 1, STC: 3}},
		I070: []cat034.I070{{TYP: 1, COUNT: 2047}, {TYP: 20, COUNT: 1}},
		I090: cat034.I090{RNG: -128, AZM: 127},
		I120: cat034.I120{HGT: -12, LAT: 1 << 21, LON: -(1 << 23)},
	}
}

// statusHex is the message, worked out by hand from the document.
const statusHex = "ff98" + // FSPEC: 010 000 030 020 041 050 060, 070 - - 120 090
	"fa07" + "02" + "546040" + "40" + "0200" + "84" + "80" + "4080" + "10" + "8c" +
	"02" + "0fff" + "a001" + "fff4" + "200000" + "800000" + "807f"

func TestEncode(t *testing.T) {
	rec := status()
	got, err := rec.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := statusHex
	if hex.EncodeToString(got) != want {
		t.Errorf("Append = %x,\nwant     %s", got, want)
	}
}

func list(v ...any) []any { return v }

func TestValues(t *testing.T) {
	b, err := hex.DecodeString(statusHex)
	if err != nil {
		t.Fatal(err)
	}
	var r cat034.Record
	if n, err := r.Decode(b); err != nil || n != len(b) {
		t.Fatalf("Decode = %d, %v", n, err)
	}
	lat, lon, height, ok := r.Position()
	for name, tt := range map[string]struct {
		got  []any
		want string
	}{
		"source":      {list(r.Source()), "[250/7 true]"},
		"type":        {list(r.MessageType()), "[2 true]"},
		"time of day": {list(r.TimeOfDaySeconds()), "[43200.5 true]"},
		"sector":      {list(r.SectorDeg()), "[90 true]"},
		"rotation":    {list(r.RotationSeconds()), "[4 true]"},
		"health":      {list(r.Inhibited(), r.TimeInvalid()), "[true false]"},
		"position":    {list(lat, lon, height, ok), "[45 -180 -12 true]"},
		"collimation": {list(r.I090.RangeNM(), r.I090.AzimuthDeg()), "[-1 2.79052734375]"},
		"counters":    {list(r.I070), "[[{1 2047} {20 1}]]"},
	} {
		if got := fmt.Sprint(tt.got); got != tt.want {
			t.Errorf("%s = %s, want %s", name, got, tt.want)
		}
	}
}

// TestAbsent holds that nothing is told that was not received, whatever the
// record held before.
func TestAbsent(t *testing.T) {
	r := status()
	if _, err := r.Decode([]byte{0x84, 1, 2, 0x10, 0x00}); err != nil {
		t.Fatal(err)
	}
	_, _, _, position := r.Position()
	for name, ok := range map[string]bool{
		"Inhibited": r.Inhibited(), "TimeInvalid": r.TimeInvalid(), "Position": position,
		"MessageType": second(r.MessageType()), "TimeOfDaySeconds": second(r.TimeOfDaySeconds()),
		"SectorDeg": second(r.SectorDeg()), "RotationSeconds": second(r.RotationSeconds()),
	} {
		if ok {
			t.Errorf("%s is present in a record without it", name)
		}
	}
	r.Has, r.I041 = r.Has|cat034.Item041, 0
	if s, ok := r.RotationSeconds(); ok {
		t.Errorf("RotationSeconds = %v for a period of 0", s)
	}
}

func second[T any](_ T, ok bool) bool { return ok }

func TestDecodeRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"a slot of a subfield that is not in use": {"84148140", "octet 3, item 050, source 20/129: subfield 2 is not in use"},
		"half a subfield":                         {"841481" + "8400" + "40", "octet 3, item 050/MDS, source 20/129: needs 2 octets, 1 left"},
		"a longer FSPEC than the UAP":             {"81010080", "octet 0: FSPEC does not end within the record or the UAP"},
		"fewer counters than promised":            {"8180148103" + "0001", "octet 4, item 070, source 20/129: needs 7 octets, 3 left"},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := hex.DecodeString(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			var r cat034.Record
			if n, err := r.Decode(b); err == nil || err.Error() != "asterix cat 034 at "+tt.want {
				t.Errorf("Decode = %d, %v, want %s", n, err, tt.want)
			}
		})
	}
}

// FuzzDecode: what is accepted is encoded to the same octets, and the walk and
// the decoder agree on its items.
func FuzzDecode(f *testing.F) {
	b, err := hex.DecodeString(statusHex)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{0xff, 0xff, 0xff, 0xfe})
	f.Fuzz(func(t *testing.T, b []byte) {
		var r cat034.Record
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
		if at != n || cap(r.I070) > n {
			t.Fatalf("items end at %d, record at %d, list of %d", at, n, cap(r.I070))
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	rec := status()
	d, err := rec.Append(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	records := 0
	for b.Loop() {
		if _, err := rec.Decode(d); err != nil {
			b.Fatal(err)
		}
		records++
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}
