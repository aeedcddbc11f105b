// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package ais_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/geo"
)

// genMessage draws a message of one of the types that are decoded, with any
// of its fields unknown, on the grid of the format.
func genMessage() *rapid.Generator[ais.Message] {
	types := []uint8{1, 2, 3, 4, 5, 9, 11, 18, 19, 21, 24, 27}
	return rapid.Custom(func(t *rapid.T) ais.Message {
		g := gen{t: t}
		m := &g.m
		m.Type = rapid.SampledFrom(types).Draw(t, "type")
		m.Repeat = uint8(g.n("repeat", 0, 3))
		m.MMSI = ais.MMSI(g.n("mmsi", 1, 999_999_999))
		switch m.Type {
		case 1, 2, 3:
			g.dynamic(600_000)
			g.has(ais.HasNavStatus, func() { m.NavStatus = ais.NavStatus(g.n("status", 0, 14)) })
			g.has(ais.HasROT, func() { m.ROT = int8(g.n("rot", -127, 127)) })
		case 4, 11:
			g.position(600_000)
			m.Second, m.Fix = 0, ais.FixUntimed
			g.has(ais.HasUTC, func() {
				m.UTC = time.Unix(int64(g.n("utc", 0, 4_000_000_000)), 0).UTC()
				m.Second, m.Fix = uint8(m.UTC.Second()), ais.FixTimed
				m.Has |= ais.HasSecond
			})
			g.epfd()
		case 5:
			g.static5()
		case 9:
			g.dynamic(600_000)
			g.has(ais.HasAltitude, func() { m.Altitude = geo.Metres(g.n("altitude", 0, 4094)) })
		case 18:
			g.dynamic(600_000)
		case 19:
			g.dynamic(600_000)
			g.text(ais.HasName, &m.Name, 20)
			g.dimensions()
			g.shipType()
			g.epfd()
		case 21:
			g.position(600_000)
			g.second()
			m.Has |= ais.HasAtoN
			m.AtoN = ais.AtoN{Type: uint8(g.n("aid", 0, 31)), OffPosition: g.bool("off"), Virtual: g.bool("virtual")}
			g.text(ais.HasName, &m.Name, ais.MaxText)
			g.dimensions()
			g.epfd()
		case 24:
			g.static24()
		case 27:
			g.position(600)
			m.Latency = g.bool("latency")
			g.has(ais.HasSOG, func() { m.SOG = geo.Knots(g.n("sog", 0, 62)) })
			g.has(ais.HasCOG, func() { m.COG = geo.Degrees(g.n("cog", 0, 359)) })
			g.has(ais.HasNavStatus, func() { m.NavStatus = ais.NavStatus(g.n("status", 0, 14)) })
		}
		return *m
	})
}

type gen struct {
	t *rapid.T
	m ais.Message
}

func (g *gen) n(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(g.t, name) }
func (g *gen) bool(name string) bool         { return rapid.Bool().Draw(g.t, name) }

func (g *gen) has(h ais.Has, set func()) {
	if g.bool("known") {
		g.m.Has |= h
		set()
	}
}

func (g *gen) position(perDegree int) {
	m := &g.m
	m.Accuracy, m.RAIM = g.bool("accuracy"), g.bool("raim")
	m.LatRaw, m.LonRaw = int32(91*perDegree), int32(181*perDegree)
	g.has(ais.HasPosition|ais.HasRawPosition, func() {
		m.LatRaw = int32(g.n("lat", -90*perDegree, 90*perDegree))
		m.LonRaw = int32(g.n("lon", -180*perDegree, 180*perDegree))
		m.Position = geo.Point{LatDeg: float64(m.LatRaw) / float64(perDegree), LonDeg: float64(m.LonRaw) / float64(perDegree)}
	})
}

func (g *gen) second() {
	g.m.Fix = ais.FixMode(g.n("fix", int(ais.FixTimed), int(ais.FixInoperative)))
	if g.m.Fix == ais.FixTimed {
		g.m.Second = uint8(g.n("second", 0, 59))
		g.m.Has |= ais.HasSecond
	}
}

func (g *gen) dynamic(perDegree int) {
	m := &g.m
	g.position(perDegree)
	g.second()
	g.has(ais.HasSOG, func() {
		if m.SOG = geo.Knots(g.n("sog", 0, 1022)); m.Type != 9 {
			m.SOG /= 10
		}
	})
	g.has(ais.HasCOG, func() { m.COG = geo.Degrees(g.n("cog", 0, 3599)) / 10 })
	if m.Type != 9 {
		g.has(ais.HasHeading, func() { m.Heading = geo.Degrees(g.n("heading", 0, 359)) })
	}
}

func (g *gen) text(h ais.Has, dst *ais.Text, n int) {
	g.has(h, func() {
		s := rapid.StringMatching(`[A-Z0-9][ !-?A-Z\[\\\]^_]*`).Filter(func(s string) bool { return len(s) <= n }).Draw(g.t, "text")
		text, err := ais.NewText(s)
		if err != nil {
			g.t.Fatal(err)
		}
		*dst = text
	})
}

func (g *gen) epfd() { g.has(ais.HasEPFD, func() { g.m.EPFD = uint8(g.n("epfd", 1, 15)) }) }
func (g *gen) shipType() {
	g.has(ais.HasShipType, func() { g.m.ShipType = uint8(g.n("kind", 1, 255)) })
}

func (g *gen) dimensions() {
	g.has(ais.HasDimensions, func() {
		g.m.Dimensions = ais.Dimensions{
			Bow: uint16(g.n("bow", 1, 511)), Stern: uint16(g.n("stern", 0, 511)),
			Port: uint8(g.n("port", 0, 63)), Starboard: uint8(g.n("starboard", 0, 63)),
		}
	})
}

func (g *gen) static5() {
	m := &g.m
	g.has(ais.HasIMO, func() { m.IMO = uint32(g.n("imo", 1, 1<<30-1)) })
	g.text(ais.HasCallsign, &m.Callsign, 7)
	g.text(ais.HasName, &m.Name, 20)
	g.text(ais.HasDestination, &m.Destination, 20)
	g.shipType()
	g.dimensions()
	g.epfd()
	g.has(ais.HasDraught, func() { m.Draught = geo.Metres(g.n("draught", 1, 255)) / 10 })
	g.has(ais.HasETADate, func() { m.ETA.Month, m.ETA.Day = uint8(g.n("month", 1, 12)), uint8(g.n("day", 1, 31)) })
	g.has(ais.HasETATime, func() { m.ETA.Hour, m.ETA.Minute = uint8(g.n("hour", 0, 23)), uint8(g.n("minute", 0, 59)) })
}

func (g *gen) static24() {
	m := &g.m
	m.Part = ais.PartA
	if g.bool("part A") {
		g.text(ais.HasName, &m.Name, 20)
		return
	}
	m.Part = ais.PartB
	g.shipType()
	g.text(ais.HasVendor, &m.Vendor, 3)
	g.text(ais.HasCallsign, &m.Callsign, 7)
	g.epfd()
	if m.MMSI/10_000_000 == 98 {
		g.has(ais.HasMotherShip, func() { m.MotherShip = ais.MMSI(g.n("mother", 1, 999_999_999)) })
	} else {
		g.dimensions()
	}
}

func TestDecodeIsTheInverseOfEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := genMessage().Draw(t, "message")
		payload, fill, err := ais.Encode(nil, &want)
		if err != nil {
			t.Fatalf("Encode: %v", err)
		}
		var got ais.Message
		if err := ais.Decode(payload, fill, &got); err != nil {
			t.Fatalf("Decode(%q, %d): %v", payload, fill, err)
		}
		if got != want {
			t.Fatalf("Decode(%q) =\n%+v, want\n%+v", payload, got, want)
		}
	})
}

func TestNoTruncationPanicsOrInvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := genMessage().Draw(t, "message")
		payload, _, err := ais.Encode(nil, &want)
		if err != nil {
			t.Fatal(err)
		}
		cut := rapid.IntRange(0, len(payload)-1).Draw(t, "cut")
		if want.Type == 24 && 6*cut == 162 { // the whole of a part B of earlier editions, which know no EPFD
			want.EPFD, want.Has = 0, want.Has&^ais.HasEPFD
		}
		var got ais.Message
		var e *ais.Error
		err = ais.Decode(payload[:cut], 0, &got)
		if errors.As(err, &e) && (e.Bit < 0 || e.Bit > 6*cut) {
			t.Fatalf("Decode of %d bits: %v", 6*cut, err)
		}
		if err == nil && want.Type != 21 && got != want { // a name of type 21 may end anywhere
			t.Fatalf("Decode of %d bits =\n%+v, want\n%+v or a refusal", 6*cut, got, want)
		}
	})
}

// field is a number and its width in bits.
type field struct{ v, width int }

// six returns a text as six-bit fields, filled with '@'.
func six(s string, n int) []field {
	out := make([]field, 0, n)
	for i := range n {
		f := field{0, 6}
		if i < len(s) {
			f.v = int(s[i]) % 64
		}
		out = append(out, f)
	}
	return out
}

// pack writes a message bit by bit as the tables of M.1371-5 say, with
// nothing of the package under test.
func pack(groups ...[]field) (payload []byte, fill int) {
	bits := ""
	for _, f := range slices.Concat(groups...) {
		bits += fmt.Sprintf("%0*b", f.width, f.v&(1<<f.width-1))
	}
	for len(bits)%6 != 0 {
		bits += "0"
		fill++
	}
	const digits = "0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw"
	for i := 0; i < len(bits); i += 6 {
		v, err := strconv.ParseUint(bits[i:i+6], 2, 6)
		if err != nil {
			panic(err)
		}
		payload = append(payload, digits[v])
	}
	return payload, fill
}

func head(typ, mmsi int) []field { return []field{{typ, 6}, {0, 2}, {mmsi, 30}} }

// TestLayouts reads and writes messages put together by hand.
func TestLayouts(t *testing.T) {
	const lat, lon = 25.5, 122.25
	text := func(s string) ais.Text {
		v, err := ais.NewText(s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	known := ais.HasPosition | ais.HasRawPosition | ais.HasSOG | ais.HasCOG | ais.HasSecond
	at := func(m ais.Message) ais.Message {
		m.MMSI, m.Position = 416000001, geo.Point{LatDeg: lat, LonDeg: lon}
		m.LatRaw, m.LonRaw = lat*600_000, lon*600_000
		m.SOG, m.COG, m.Second, m.Fix, m.Has = 12.3, 45.6, 17, ais.FixTimed, m.Has|known
		return m
	}
	tests := map[string]struct {
		groups [][]field
		want   ais.Message
	}{
		"a class A report": {
			[][]field{head(1, 416000001), {
				{7, 4},
				{-6, 8},
				{123, 10},
				{1, 1},
				{lon * 600_000, 28},
				{lat * 600_000, 27},
				{456, 12},
				{44, 9},
				{17, 6},
				{0, 2},
				{0, 3},
				{0, 1},
				{0, 19},
			}},
			at(ais.Message{
				Type: 1, NavStatus: ais.Fishing, ROT: -6, Accuracy: true, Heading: 44,
				Has: ais.HasNavStatus | ais.HasROT | ais.HasHeading,
			}),
		},
		"an empty class A report": {
			[][]field{head(3, 416000001), {
				{15, 4},
				{-128, 8},
				{1023, 10},
				{0, 1},
				{181 * 600_000, 28},
				{91 * 600_000, 27},
				{3600, 12},
				{511, 9},
				{60, 6},
				{0, 2},
				{0, 3},
				{0, 1},
				{0, 19},
			}},
			ais.Message{Type: 3, MMSI: 416000001, LatRaw: 91 * 600_000, LonRaw: 181 * 600_000, Fix: ais.FixUntimed},
		},
		"a class B report": {
			[][]field{head(18, 416000001), {
				{0, 8},
				{123, 10},
				{0, 1},
				{lon * 600_000, 28},
				{lat * 600_000, 27},
				{456, 12},
				{511, 9},
				{17, 6},
				{0, 2},
				{0b101110, 6},
				{1, 1},
				{1, 1},
				{0b1100000000000000110, 19},
			}},
			at(ais.Message{Type: 18, RAIM: true}),
		},
		"static and voyage data": {
			slices.Concat([][]field{head(5, 416000001), {{2, 2}, {9074729, 30}}}, [][]field{
				six("BVAB", 7), six("HAI XUN 6", 20),
				{{55, 8}, {60, 9}, {20, 9}, {7, 6}, {8, 6}, {1, 4}, {7, 4}, {31, 5}, {23, 5}, {59, 6}, {43, 8}},
				six("KEELUNG", 20),
				{{0, 1}, {0, 1}},
			}),
			ais.Message{
				Type: 5, MMSI: 416000001, IMO: 9074729, Callsign: text("BVAB"), Name: text("HAI XUN 6"), Destination: text("KEELUNG"),
				ShipType: 55, Dimensions: ais.Dimensions{Bow: 60, Stern: 20, Port: 7, Starboard: 8}, EPFD: 1, Draught: 4.3,
				ETA: ais.ETA{Month: 7, Day: 31, Hour: 23, Minute: 59},
				Has: ais.HasIMO | ais.HasCallsign | ais.HasName | ais.HasDestination | ais.HasShipType | ais.HasDimensions |
					ais.HasEPFD | ais.HasDraught | ais.HasETADate | ais.HasETATime,
			},
		},
		"a name of class B": {
			[][]field{head(24, 416000001), {{0, 2}}, six("LITTLE BOAT", 20)},
			ais.Message{Type: 24, MMSI: 416000001, Part: ais.PartA, Name: text("LITTLE BOAT"), Has: ais.HasName},
		},
		"the rest of class B": {
			[][]field{head(24, 416000001), {{1, 2}, {37, 8}}, six("ABC", 3), {{0, 24}}, six("BM1", 7), {{5, 9}, {6, 9}, {1, 6}, {2, 6}, {1, 4}, {0, 2}}},
			ais.Message{
				Type: 24, MMSI: 416000001, Part: ais.PartB, ShipType: 37, Vendor: text("ABC"), Callsign: text("BM1"), EPFD: 1,
				Dimensions: ais.Dimensions{Bow: 5, Stern: 6, Port: 1, Starboard: 2},
				Has:        ais.HasShipType | ais.HasVendor | ais.HasCallsign | ais.HasDimensions | ais.HasEPFD,
			},
		},
		"a boat of a ship": {
			[][]field{head(24, 984160001), {{1, 2}, {0, 8}}, six("", 3), {{0, 24}}, six("", 7), {{416000001, 30}, {0, 4}, {0, 2}}},
			ais.Message{Type: 24, MMSI: 984160001, Part: ais.PartB, MotherShip: 416000001, Has: ais.HasMotherShip},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			payload, fill := pack(tc.groups...)
			var got ais.Message
			if err := ais.Decode(payload, fill, &got); err != nil || got != tc.want {
				t.Errorf("Decode(%q) = %v\n%+v, want\n%+v", payload, err, got, tc.want)
			}
			again, againFill, err := ais.Encode(nil, &tc.want)
			if err != nil || string(again) != string(payload) || againFill != fill {
				t.Errorf("Encode = %q, %d, %v, want %q, %d", again, againFill, err, payload, fill)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	tests := map[string]struct {
		payload string
		fill    int
		want    ais.Error
	}{
		"nothing":                 {"", 0, ais.Error{Bit: 0, Reason: ais.ReasonShort}},
		"fill without a payload":  {"", 2, ais.Error{Bit: 0, Reason: ais.ReasonFill}},
		"six fill bits":           {"100000000", 6, ais.Error{Bit: 54, Reason: ais.ReasonFill}},
		"a header cut off":        {"1000000", 5, ais.Error{Bit: 37, Reason: ais.ReasonShort}},
		"no armour":               {"1000000,0", 0, ais.Error{Bit: 42, Reason: ais.ReasonArmour}},
		"no armour at the end":    {"10000000X", 0, ais.Error{Bit: 48, Reason: ais.ReasonArmour}},
		"type 0":                  {"00000000", 0, ais.Error{Bit: 0, Reason: ais.ReasonType}},
		"type 28":                 {"L0000000", 0, ais.Error{Type: 28, Bit: 0, Reason: ais.ReasonType}},
		"a report cut off":        {"16<f`0@vQs`gWKP>Um`1j1HR", 0, ais.Error{Type: 1, Bit: 144, Reason: ais.ReasonShort}},
		"type 24 without a part":  {"H000000", 3, ais.Error{Type: 24, Bit: 39, Reason: ais.ReasonShort}},
		"part A cut off":          {"H0000000000000000000", 0, ais.Error{Type: 24, Bit: 120, Reason: ais.ReasonShort}},
		"part B cut off":          {"H000004000000000000000000", 0, ais.Error{Type: 24, Bit: 150, Reason: ais.ReasonShort}},
		"type 5 in one short one": {"5000000000000000000000000000", 0, ais.Error{Type: 5, Bit: 168, Reason: ais.ReasonShort}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var m ais.Message
			err := ais.Decode([]byte(tc.payload), tc.fill, &m)
			var got *ais.Error
			if !errors.As(err, &got) || *got != tc.want {
				t.Errorf("Decode(%q, %d) = %v, want %v", tc.payload, tc.fill, err, &tc.want)
			}
		})
	}
}

func TestDecodeUnsupported(t *testing.T) {
	for _, rest := range [][]field{head(8, 416000001), head(14, 416000001), append(head(24, 416000001), field{2, 2}), append(head(24, 416000001), field{3, 2})} {
		payload, fill := pack(rest, []field{{0, 128}})
		var m ais.Message
		if err := ais.Decode(payload, fill, &m); !errors.Is(err, ais.ErrUnsupported) || int(m.Type) != rest[0].v || m.MMSI != 416000001 {
			t.Errorf("Decode(%q) = %v with type %d, want %v", payload, err, m.Type, ais.ErrUnsupported)
		}
	}
}

// TestRawPosition holds positions that are none apart from unknown ones.
func TestRawPosition(t *testing.T) {
	for _, p := range [][2]int{{91 * 600_000, 10}, {10, 181 * 600_000}, {90*600_000 + 1, 0}, {0, -180*600_000 - 1}, {-1 << 26, -1 << 27}} {
		payload, fill := pack(head(18, 416000001), []field{{0, 8}, {0, 10}, {0, 1}, {p[1], 28}, {p[0], 27}, {0, 56}})
		var got ais.Message
		if err := ais.Decode(payload, fill, &got); err != nil {
			t.Fatal(err)
		}
		if got.Known(ais.HasPosition) || !got.Known(ais.HasRawPosition) || got.Position != (geo.Point{}) ||
			int(got.LatRaw) != p[0] || int(got.LonRaw) != p[1] {
			t.Errorf("Decode of raw position %v = %+v, want a raw position alone", p, got)
		}
	}
}

// TestOutOfRange holds codes that no table gives a meaning as unknown.
func TestOutOfRange(t *testing.T) {
	payload, fill := pack(head(1, 416000001), []field{
		{15, 4},
		{-128, 8},
		{1023, 10},
		{0, 1},
		{181 * 600_000, 28},
		{91 * 600_000, 27},
		{3700, 12},
		{400, 9},
		{63, 6},
		{0, 25},
	})
	var m ais.Message
	if err := ais.Decode(payload, fill, &m); err != nil {
		t.Fatal(err)
	}
	if m.Has != 0 || m.COG != 0 || m.Heading != 0 || m.Fix != ais.FixInoperative {
		t.Errorf("Decode = %+v, want nothing known and an inoperative device", m)
	}
	for _, date := range [][3]int{{2026, 2, 31}, {0, 1, 1}, {2026, 13, 1}, {2026, 0, 1}, {2026, 1, 0}, {10000, 1, 1}} {
		payload, fill := pack(head(4, 4160001), []field{
			{date[0], 14},
			{date[1], 4},
			{date[2], 5},
			{1, 5},
			{2, 6},
			{3, 6},
			{0, 1},
			{181 * 600_000, 28},
			{91 * 600_000, 27},
			{0, 34},
		})
		if err := ais.Decode(payload, fill, &m); err != nil {
			t.Fatal(err)
		}
		if m.Known(ais.HasUTC) || !m.UTC.IsZero() || !m.Known(ais.HasSecond) {
			t.Errorf("Decode of date %v = %+v, want no date", date, m)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	nan := math.NaN()
	long, err := ais.NewText("EIGHT123")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]ais.Message{
		"a type of no layout":       {Type: 8},
		"an MMSI of ten digits":     {Type: 1, MMSI: 1 << 30},
		"a speed that is no number": {Type: 1, SOG: geo.Knots(nan), Has: ais.HasSOG},
		"a negative speed":          {Type: 1, SOG: -1, Has: ais.HasSOG},
		"a course of no number":     {Type: 1, COG: geo.Degrees(nan), Has: ais.HasCOG},
		"a latitude over":           {Type: 1, Position: geo.Point{LatDeg: 91}, Has: ais.HasPosition},
		"a status over":             {Type: 1, NavStatus: 16, Has: ais.HasNavStatus},
		"a second over":             {Type: 18, Second: 60, Has: ais.HasSecond},
		"a long callsign":           {Type: 5, Callsign: long, Has: ais.HasCallsign},
		"a deep draught":            {Type: 5, Draught: 25.6, Has: ais.HasDraught},
		"a long ship":               {Type: 5, Dimensions: ais.Dimensions{Bow: 512}, Has: ais.HasDimensions},
		"no part":                   {Type: 24},
		"a year over":               {Type: 4, UTC: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), Has: ais.HasUTC},
	}
	for name, m := range tests {
		t.Run(name, func(t *testing.T) {
			if payload, _, err := ais.Encode(nil, &m); err == nil || payload != nil {
				t.Errorf("Encode = %q, %v, want an error", payload, err)
			}
		})
	}
	if _, _, err := ais.EncodePosition(nil, &ais.Message{Type: 5}); !errors.Is(err, ais.ErrUnsupported) {
		t.Errorf("EncodePosition of type 5: %v, want %v", err, ais.ErrUnsupported)
	}
}

func TestEncodeStatic(t *testing.T) {
	name, err := ais.NewText("Hai Xun 6")
	if err != nil {
		t.Fatal(err)
	}
	want := ais.Message{
		MMSI: 416000001, Name: name, ShipType: 55, Dimensions: ais.Dimensions{Bow: 60, Stern: 20, Port: 7, Starboard: 8},
		Has: ais.HasName | ais.HasShipType | ais.HasDimensions,
	}
	payload, fill, err := ais.EncodeStatic5(nil, &want)
	if err != nil {
		t.Fatal(err)
	}
	var five, a, b ais.Message
	if err := ais.Decode(payload, fill, &five); err != nil {
		t.Fatal(err)
	}
	partA, fillA, partB, fillB, err := ais.EncodeStatic24(&want)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ais.Decode(partA, fillA, &a), ais.Decode(partB, fillB, &b)); err != nil {
		t.Fatal(err)
	}
	if five.Name.String() != "HAI XUN 6" || five.ShipType != 55 || five.Dimensions != want.Dimensions || five.Has != want.Has {
		t.Errorf("type 5 = %+v, want the fields of %+v", five, want)
	}
	if a.Name != name || a.Part != ais.PartA || b.ShipType != 55 || b.Dimensions != want.Dimensions || b.Part != ais.PartB {
		t.Errorf("type 24 = %+v and %+v, want the fields of %+v", a, b, want)
	}
	if l, beam := five.Dimensions.Length(), five.Dimensions.Beam(); l != 80 || beam != 15 {
		t.Errorf("length and beam = %v, %v, want 80, 15", l, beam)
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{"": "", " A B ": "A B", "ab": "AB", "   ": ""} {
		text, err := ais.NewText(in)
		if err != nil || text.String() != want {
			t.Errorf("NewText(%q) = %q, %v, want %q", in, text, err, want)
		}
	}
	for _, in := range []string{"a@b", "é", "a\n", "{", "0123456789012345678901234567890123456"} {
		if text, err := ais.NewText(in); err == nil {
			t.Errorf("NewText(%q) = %q, want an error", in, text)
		}
	}
	// As sent: the text ends at '@', the rest is kept.
	payload, fill := pack(head(24, 1), []field{{0, 2}}, six("AB@CD", 20))
	var m ais.Message
	if err := ais.Decode(payload, fill, &m); err != nil {
		t.Fatal(err)
	}
	if m.Name.String() != "AB" || m.Name.Raw() != "AB@CD" {
		t.Errorf("name = %q, raw %q, want AB and AB@CD", m.Name, m.Name.Raw())
	}
}

func TestRateOfTurn(t *testing.T) {
	tests := map[int8]struct {
		want  float64
		known bool
	}{0: {0, true}, -6: {-1.6, true}, 6: {1.6, true}, 126: {708.7, true}, 127: {0, false}, -127: {0, false}}
	for rot, tc := range tests {
		m := ais.Message{ROT: rot, Has: ais.HasROT}
		if got, known := m.RateOfTurn(); got != tc.want || known != tc.known {
			t.Errorf("RateOfTurn of %d = %v, %v, want %v, %v", rot, got, known, tc.want, tc.known)
		}
	}
	if _, known := (&ais.Message{}).RateOfTurn(); known {
		t.Error("RateOfTurn is known without a rate")
	}
}

func TestFixTime(t *testing.T) {
	at := func(h, m, s, ms int) time.Time { return time.Date(2026, 1, 2, h, m, s, ms*1e6, time.UTC) }
	tests := map[string]struct {
		received time.Time
		second   uint8
		want     time.Time
	}{
		"the same second":       {at(3, 4, 5, 600), 5, at(3, 4, 5, 0)},
		"seconds before":        {at(3, 4, 5, 0), 2, at(3, 4, 2, 0)},
		"the minute before":     {at(3, 4, 5, 0), 55, at(3, 3, 55, 0)},
		"a receiver's lag":      {at(3, 4, 58, 0), 1, at(3, 5, 1, 0)},
		"the day before":        {at(0, 0, 1, 0), 58, time.Date(2026, 1, 1, 23, 59, 58, 0, time.UTC)},
		"half a minute at most": {at(3, 4, 40, 0), 10, at(3, 4, 10, 0)},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			m := ais.Message{Second: tc.second, Has: ais.HasSecond}
			if got, known := m.FixTime(tc.received); !known || !got.Equal(tc.want) {
				t.Errorf("FixTime(%v) = %v, %v, want %v", tc.received, got, known, tc.want)
			}
		})
	}
	if _, known := (&ais.Message{}).FixTime(at(1, 2, 3, 0)); known {
		t.Error("FixTime is known without a second")
	}
}

func TestMMSI(t *testing.T) {
	tests := map[ais.MMSI]struct {
		class ais.Class
		mid   uint16
		text  string
	}{
		416000001:  {ais.ClassShip, 416, "416000001"},
		41600001:   {ais.ClassGroup, 416, "041600001"},
		61442893:   {ais.ClassGroup, 614, "061442893"},
		4310001:    {ais.ClassCoast, 431, "004310001"},
		111431001:  {ais.ClassSARAircraft, 431, "111431001"},
		843100001:  {ais.ClassHandheld, 431, "843100001"},
		984310001:  {ais.ClassCraft, 431, "984310001"},
		994310001:  {ais.ClassAtoN, 431, "994310001"},
		970000001:  {ais.ClassSART, 0, "970000001"},
		972000001:  {ais.ClassMOB, 0, "972000001"},
		974000001:  {ais.ClassEPIRB, 0, "974000001"},
		0:          {ais.ClassOdd, 0, "000000000"},
		9123456:    {ais.ClassOdd, 0, "009123456"},
		111999001:  {ais.ClassOdd, 0, "111999001"},
		123456789:  {ais.ClassOdd, 0, "123456789"},
		800000001:  {ais.ClassOdd, 0, "800000001"},
		776000000:  {ais.ClassOdd, 0, "776000000"},
		971000001:  {ais.ClassOdd, 0, "971000001"},
		990000001:  {ais.ClassOdd, 0, "990000001"},
		1021648591: {ais.ClassOdd, 0, "1021648591"},
	}
	for m, tc := range tests {
		mid, ok := m.MID()
		if m.Class() != tc.class || mid != tc.mid || ok != (mid != 0) || m.String() != tc.text {
			t.Errorf("%s: class %d, MID %d, %v, want %s: class %d, MID %d", m, m.Class(), mid, ok, tc.text, tc.class, tc.mid)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("16<f`0@vQs`gWKP>Um`1j1HR0000"), 0)
	f.Add([]byte("H000004000000000000000000000"), 0)
	f.Add([]byte("L0000000"), 2)
	for _, typ := range []uint8{4, 5, 9, 18, 19, 21, 27} {
		payload, fill, err := ais.Encode(nil, &ais.Message{Type: typ, MMSI: 416000001})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload, fill)
	}
	f.Fuzz(func(t *testing.T, payload []byte, fill int) {
		var m ais.Message
		if err := ais.Decode(payload, fill, &m); err != nil {
			return
		}
		// What was read can be written and read again.
		again, fill, err := ais.Encode(nil, &m)
		if err != nil {
			t.Fatalf("Encode(%+v): %v", m, err)
		}
		var got ais.Message
		if err := ais.Decode(again, fill, &got); err != nil {
			t.Fatalf("Decode(%q): %v", again, err)
		}
		if m.Known(ais.HasRawPosition) && !m.Known(ais.HasPosition) {
			return // a position that is none cannot be written
		}
		for h, text := range map[ais.Has]*ais.Text{
			ais.HasName: &m.Name, ais.HasCallsign: &m.Callsign, ais.HasDestination: &m.Destination, ais.HasVendor: &m.Vendor,
		} {
			if !m.Known(h) {
				*text = ais.Text{} // what stands behind an '@' is not written
			}
		}
		if got != m {
			t.Fatalf("read again\n%+v, want\n%+v", got, m)
		}
	})
}
