// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package ais_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/geo"
)

// packPairs armours fields given as pairs of value and width.
func packPairs(pairs ...int) (payload []byte, fill int) {
	var fields []field
	for i := 0; i < len(pairs); i += 2 {
		fields = append(fields, field{pairs[i], pairs[i+1]})
	}
	return pack(fields)
}

// The fields stand in the order of the tables of M.1371-5, Annex 8.
func TestDecodeExtra(t *testing.T) {
	const me, you, other = 2_311_234, 431_000_001, 416_000_002
	head := func(typ int, rest ...int) []int { return append([]int{typ, 6, 1, 2, me, 30}, rest...) }
	tests := map[string]struct {
		fields []int
		want   ais.Extra
	}{
		"6 addressed binary": {
			head(6, 2, 2, you, 30, 1, 1, 0, 1, 200, 10, 10, 6, 0xABC, 12),
			ais.Extra{
				Seq: 2, Resent: true, To: []ais.Addressee{{MMSI: you}}, HasApplication: true, DAC: 200, FI: 10,
				Data: []byte{0xAB, 0xC0}, DataBits: 12,
			},
		},
		"7 acknowledgement": {
			head(7, 0, 2, you, 30, 1, 2, other, 30, 3, 2),
			ais.Extra{To: []ais.Addressee{{MMSI: you, Seq: 1}, {MMSI: other, Seq: 3}}},
		},
		"8 broadcast binary": {
			head(8, 0, 2, 1, 10, 31, 6, 0x1234, 16),
			ais.Extra{HasApplication: true, DAC: 1, FI: 31, Data: []byte{0x12, 0x34}, DataBits: 16},
		},
		"10 inquiry": {head(10, 0, 2, you, 30, 0, 2), ais.Extra{To: []ais.Addressee{{MMSI: you}}}},
		"12 addressed safety text": {
			head(12, 3, 2, you, 30, 0, 1, 0, 1, 13, 6, 1, 6, 25, 6, '3', 6, 32, 6, 0, 6, 1, 6),
			ais.Extra{Seq: 3, To: []ais.Addressee{{MMSI: you}}, Text: []byte("MAY3")},
		},
		"13 acknowledgement": {head(13, 0, 2, you, 30, 2, 2), ais.Extra{To: []ais.Addressee{{MMSI: you, Seq: 2}}}},
		"14 safety text":     {head(14, 0, 2, 32, 6, 19, 6, 15, 6, 19, 6), ais.Extra{Text: []byte("SOS")}},
		"15 interrogation of two": {
			head(15, 0, 2, you, 30, 5, 6, 9, 12, 0, 2, 3, 6, 10, 12, 0, 2, other, 30, 24, 6, 11, 12, 0, 2),
			ais.Extra{To: []ais.Addressee{
				{MMSI: you, Ask: [2]uint8{5, 3}, Offset: [2]uint16{9, 10}},
				{MMSI: other, Ask: [2]uint8{24}, Offset: [2]uint16{11}},
			}},
		},
		"15 interrogation for one": {
			head(15, 0, 2, you, 30, 5, 6, 9, 12),
			ais.Extra{To: []ais.Addressee{{MMSI: you, Ask: [2]uint8{5}, Offset: [2]uint16{9}}}},
		},
		"16 assignment": {
			head(16, 0, 2, you, 30, 700, 12, 45, 10, other, 30, 701, 12, 46, 10),
			ais.Extra{To: []ais.Addressee{
				{MMSI: you, Offset: [2]uint16{700}, Increment: 45},
				{MMSI: other, Offset: [2]uint16{701}, Increment: 46},
			}},
		},
		"17 corrections": {
			head(17, 0, 2, 122*600, 18, -25*600, 17, 0, 5, 0xFE, 8),
			ais.Extra{HasPosition: true, Position: geo.Point{LatDeg: -25, LonDeg: 122}, Data: []byte{0xFE}, DataBits: 8},
		},
		"17 corrections from nowhere": {
			head(17, 0, 2, 181*600, 18, 91*600, 17, 0, 5),
			ais.Extra{},
		},
		"20 reserved slots": {
			head(20, 0, 2, 100, 12, 1, 4, 7, 3, 225, 11, 200, 12, 2, 4, 6, 3, 1125, 11, 0, 30),
			ais.Extra{Slots: []ais.Reservation{
				{Offset: 100, Number: 1, Timeout: 7, Increment: 225},
				{Offset: 200, Number: 2, Timeout: 6, Increment: 1125},
			}},
		},
		"22 channels in an area": {
			head(22, 0, 2, 2087, 12, 2088, 12, 1, 4, 1, 1, 123*600, 18, 26*600, 17, 122*600, 18, 25*600, 17, 0, 1, 0, 2, 4, 3, 0, 23),
			ais.Extra{
				ChannelA: 2087, ChannelB: 2088, TxRx: 1, LowPower: true, ZoneSize: 4, HasArea: true,
				NorthEast: geo.Point{LatDeg: 26, LonDeg: 123}, SouthWest: geo.Point{LatDeg: 25, LonDeg: 122},
			},
		},
		"22 channels for two": {
			head(22, 0, 2, 2087, 12, 2088, 12, 0, 4, 0, 1, you, 30, 0, 5, other, 30, 0, 5, 1, 1, 0, 2, 0, 3, 0, 23),
			ais.Extra{ChannelA: 2087, ChannelB: 2088, To: []ais.Addressee{{MMSI: you}, {MMSI: other}}},
		},
		"23 group assignment": {
			head(23, 0, 2, 123*600, 18, 26*600, 17, 122*600, 18, 25*600, 17, 6, 4, 30, 8, 0, 22, 2, 2, 9, 4, 3, 4, 0, 6),
			ais.Extra{
				HasArea: true, NorthEast: geo.Point{LatDeg: 26, LonDeg: 123}, SouthWest: geo.Point{LatDeg: 25, LonDeg: 122},
				StationType: 6, ShipType: 30, TxRx: 2, Interval: 9, Quiet: 3,
			},
		},
		"25 bare data": {head(25, 0, 1, 0, 1, 0x5A, 8), ais.Extra{Data: []byte{0x5A}, DataBits: 8}},
		"25 for one, of an application": {
			head(25, 1, 1, 1, 1, you, 30, 1, 10, 2, 6, 0x5A, 8),
			ais.Extra{To: []ais.Addressee{{MMSI: you}}, HasApplication: true, DAC: 1, FI: 2, Data: []byte{0x5A}, DataBits: 8},
		},
		"26 with the state of the radio": {
			head(26, 0, 1, 1, 1, 1, 10, 2, 6, 0x5A, 8, 0xFFFFF, 20),
			ais.Extra{HasApplication: true, DAC: 1, FI: 2, Data: []byte{0x5A}, DataBits: 8},
		},
	}
	var x ais.Extra // one for all, so that nothing is left over
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			payload, fill := packPairs(tc.fields...)
			var m ais.Message
			if err := ais.DecodeExtra(payload, fill, &m, &x); err != nil {
				t.Fatalf("DecodeExtra(%s): %v", payload, err)
			}
			if want := (ais.Message{Type: uint8(tc.fields[0]), Repeat: 1, MMSI: me}); m != want {
				t.Errorf("DecodeExtra(%s) of %+v, want %+v", payload, m, want)
			}
			if d := cmp.Diff(tc.want, x, cmpopts.IgnoreUnexported(ais.Extra{}), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("DecodeExtra(%s) (-want +got):\n%s", payload, d)
			}
		})
	}
}

func TestDecodeExtraRefuses(t *testing.T) {
	var m ais.Message
	var x ais.Extra
	for typ := range 29 {
		payload, fill := packPairs(typ, 6, 0, 2, 431_000_001, 30)
		err := ais.DecodeExtra(payload, fill, &m, &x)
		var e *ais.Error
		switch known := errors.Is(ais.Decode(payload, fill, &m), ais.ErrUnsupported); {
		case typ == 0 || typ > 27:
			if !errors.As(err, &e) || e.Reason != ais.ReasonType {
				t.Errorf("type %d: %v, want %s", typ, err, ais.ReasonType)
			}
		case known:
			if !errors.As(err, &e) || e.Reason != ais.ReasonShort || e.Bit != 38 || int(e.Type) != typ {
				t.Errorf("type %d: %v, want it too short at bit 38", typ, err)
			}
		case !errors.Is(err, ais.ErrUnsupported):
			t.Errorf("type %d: %v, want it left to Decode", typ, err)
		}
	}
}

func TestEncodeExtraThenDecode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := ais.Message{
			Type: rapid.SampledFrom([]uint8{6, 8, 12, 14}).Draw(t, "type"), Repeat: rapid.Uint8Range(0, 3).Draw(t, "repeat"),
			MMSI: ais.MMSI(rapid.Uint32Range(1, 999_999_999).Draw(t, "mmsi")),
		}
		var want, got ais.Extra
		if m.Type == 6 || m.Type == 12 {
			want.Seq, want.Resent = rapid.Uint8Range(0, 3).Draw(t, "seq"), rapid.Bool().Draw(t, "resent")
			want.To = []ais.Addressee{{MMSI: ais.MMSI(rapid.Uint32Range(0, 1<<30-1).Draw(t, "to"))}}
		}
		if m.Type <= 8 {
			want.HasApplication = true
			want.DAC, want.FI = rapid.Uint16Range(0, 1023).Draw(t, "dac"), rapid.Uint8Range(0, 63).Draw(t, "fi")
			want.Data = rapid.SliceOfN(rapid.Byte(), 0, 110).Draw(t, "data")
			want.DataBits = 8 * len(want.Data)
		} else {
			want.Text = []byte(rapid.StringMatching(`([A-Z0-9?_]( ?[A-Z0-9])*)?`).Draw(t, "text"))
			want.Text = want.Text[:min(len(want.Text), 150)]
			want.Text = []byte(strings.TrimRight(string(want.Text), " "))
		}
		payload, fill, err := ais.EncodeExtra(nil, &m, &want)
		if err != nil {
			t.Fatal(err)
		}
		var back ais.Message
		if err := ais.DecodeExtra(payload, fill, &back, &got); err != nil {
			var short *ais.Error
			if m.Type == 12 && len(want.Text) == 0 || errors.As(err, &short) && short.Reason == ais.ReasonShort && want.DataBits == 0 {
				return // a message that says nothing
			}
			t.Fatal(err)
		}
		if back != m {
			t.Errorf("read %+v, want %+v", back, m)
		}
		if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(ais.Extra{}), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

func TestEncodeExtraRefuses(t *testing.T) {
	tests := map[string]struct {
		typ uint8
		x   ais.Extra
	}{
		"a type without an encoder": {20, ais.Extra{}},
		"a ship's report":           {1, ais.Extra{}},
		"nobody addressed":          {6, ais.Extra{}},
		"two addressed":             {12, ais.Extra{To: make([]ais.Addressee, 2)}},
		"more bits than data":       {8, ais.Extra{Data: []byte{1}, DataBits: 9}},
		"an area code of 11 bits":   {8, ais.Extra{DAC: 1024}},
		"a text with '@'":           {14, ais.Extra{Text: []byte("A@B")}},
		"a text beyond the set":     {14, ais.Extra{Text: []byte("船")}},
		"a text without end":        {14, ais.Extra{Text: make([]byte, 600)}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if p, _, err := ais.EncodeExtra(nil, &ais.Message{Type: tc.typ}, &tc.x); err == nil {
				t.Errorf("EncodeExtra gave %s", p)
			}
		})
	}
}

func TestDecodeWith(t *testing.T) {
	var x ais.Extra
	m := ais.Message{Type: 14, MMSI: 970_000_001}
	payload, fill, err := ais.EncodeExtra(nil, &m, &ais.Extra{Text: []byte("SART ACTIVE")})
	if err != nil {
		t.Fatal(err)
	}
	d := ais.NewDecoder(ais.DefaultGateConfig())
	line := nmea.Format(nil, nmea.Header{Channel: 'A'}, payload, fill)
	complete, err := d.DecodeWith(time.Unix(0, 0), "x", line, &m, &x)
	if !complete || err != nil || string(x.Text) != "SART ACTIVE" || m.Channel != 'A' {
		t.Errorf("DecodeWith(%s) = %v, %v: %q of %+v", line, complete, err, x.Text, m)
	}
	if complete, err = d.Decode(time.Unix(0, 0), "x", line, &m); !complete || !errors.Is(err, ais.ErrUnsupported) {
		t.Errorf("Decode(%s) = %v, %v, want %v", line, complete, err, ais.ErrUnsupported)
	}
	report := ais.Message{Type: 18, MMSI: 416_000_001}
	payload, fill, err = ais.EncodePosition(nil, &report)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = d.DecodeWith(time.Unix(1, 0), "x", nmea.Format(nil, nmea.Header{Channel: 'A'}, payload, fill), &m, &x); err != nil || len(x.Text) > 0 {
		t.Errorf("a report after a text: %v, text %q", err, x.Text)
	}
	allocs := testing.AllocsPerRun(100, func() { _, _ = d.DecodeWith(time.Unix(0, 0), "x", line, &m, &x) })
	if allocs > 0 {
		t.Errorf("%v allocations a message", allocs)
	}
}

func FuzzDecodeExtra(f *testing.F) {
	for _, fields := range [][]int{{6, 6, 0, 2, 1, 30, 0, 2, 2, 30, 0, 2, 1, 10, 1, 6, 0xFF, 8}, {15, 6, 0, 2, 1, 30, 0, 2, 2, 30, 5, 6, 0, 12}, {26, 6, 0, 2, 1, 30, 3, 2, 2, 30}} {
		payload, fill := packPairs(fields...)
		f.Add(payload, fill)
	}
	f.Fuzz(func(t *testing.T, payload []byte, fill int) {
		var m ais.Message
		var x, again ais.Extra
		err := ais.DecodeExtra(payload, fill, &m, &x)
		if err != nil {
			return
		}
		if 8*len(x.Data) > 6*len(payload)+8 || len(x.Text) > len(payload) || len(x.To) > 4 || len(x.Slots) > 4 {
			t.Errorf("%d characters gave %d bytes, %d characters of text", len(payload), len(x.Data), len(x.Text))
		}
		if x.HasPosition && !x.Position.Valid() || x.HasArea && !(x.NorthEast.Valid() && x.SouthWest.Valid()) {
			t.Errorf("places that are none: %+v", x)
		}
		if fill == 0 && (m.Type == 8 || m.Type == 14) && len(payload) < 500 {
			p, n, err := ais.EncodeExtra(nil, &m, &x)
			if err == nil {
				err = ais.DecodeExtra(p, n, &m, &again)
			}
			if err != nil || string(again.Text) != string(x.Text) || string(again.Data) != string(x.Data) {
				t.Errorf("%+v, encoded and read: %v, %+v", x, err, again)
			}
		}
	})
}

func TestBits(t *testing.T) {
	payload := []byte("0W`w") // 0, 39, 40, 63
	for _, tc := range []struct {
		off, width int
		want       uint32
		ok         bool
	}{
		{0, 6, 0, true},
		{6, 6, 39, true},
		{10, 4, 0b1110, true},
		{18, 6, 63, true},
		{0, 24, 39<<12 | 40<<6 | 63, true},
		{23, 1, 1, true},
		{23, 2, 0, false},
		{-1, 2, 0, false},
		{0, 33, 0, false},
	} {
		if v, ok := ais.Bits(payload, tc.off, tc.width); v != tc.want || ok != tc.ok {
			t.Errorf("Bits(%d, %d) = %d, %v, want %d, %v", tc.off, tc.width, v, ok, tc.want, tc.ok)
		}
	}
	if _, ok := ais.Bits([]byte("X"), 0, 6); ok {
		t.Error("a character of no armour has bits")
	}
}
