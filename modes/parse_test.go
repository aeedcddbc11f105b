// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes_test

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/modes"
)

const own modes.ICAO = 0x899123

// remainder divides the frame by the Mode S generator bit by bit, the way the
// standard writes it, to hold the table against it.
func remainder(msg []byte) uint32 {
	const generator = 0x1FFF409
	var r uint32
	for _, b := range msg {
		for k := 7; k >= 0; k-- {
			r = r<<1 | uint32(b)>>k&1
			if r&0x1000000 != 0 {
				r ^= generator
			}
		}
	}
	return r
}

// sealWith writes the parity so that overlay remains.
func sealWith(overlay uint32, msg ...byte) []byte {
	n := len(msg) - 3
	msg[n], msg[n+1], msg[n+2] = 0, 0, 0
	r := remainder(msg) ^ overlay
	msg[n], msg[n+1], msg[n+2] = byte(r>>16), byte(r>>8), byte(r)
	return msg
}

// long returns a frame of 14 bytes with the given head and overlay.
func long(overlay uint32, head ...byte) []byte {
	return sealWith(overlay, append(head, make([]byte, 14-len(head))...)...)
}

func short(overlay uint32, head ...byte) []byte {
	return sealWith(overlay, append(head, make([]byte, 7-len(head))...)...)
}

// me returns a DF17 or DF18 frame of own address around a 56-bit message.
func me(first byte, bits uint64) []byte {
	msg := []byte{first, byte(own >> 16), byte(own >> 8 & 0xFF), byte(own & 0xFF)}
	for k := 48; k >= 0; k -= 8 {
		msg = append(msg, byte(bits>>k))
	}
	return long(0, msg...)
}

// field places v so that its last bit is the bit numbered last, from 1.
func field(last uint, v uint64) uint64 { return v << (56 - last) }

func TestParseRefuses(t *testing.T) {
	position := modes.EncodeAirbornePosition(own, geo.Point{LatDeg: 25, LonDeg: 121}, 3000, false)
	broken := position
	broken[5] ^= 0x10
	tests := map[string]struct {
		msg  []byte
		want error
	}{
		"nothing":                     {nil, modes.ErrLength},
		"8 bytes":                     {make([]byte, 8), modes.ErrLength},
		"a long format of 7 bytes":    {position[:7], modes.ErrLength},
		"a short format of 14 bytes":  {long(0, 11<<3), modes.ErrLength},
		"DF17 with a wrong bit":       {broken[:], modes.ErrParity},
		"DF11 with a wrong bit":       {short(0x80, 11<<3, 1, 2, 3), modes.ErrParity},
		"DF18 with a wrong bit":       {long(1, 18<<3, 1, 2, 3), modes.ErrParity},
		"DF11 of address zero":        {short(0, 11<<3), modes.ErrAddress},
		"DF17 of address zero":        {long(0, 17<<3), modes.ErrAddress},
		"DF17 of address all ones":    {long(0, 17<<3, 0xFF, 0xFF, 0xFF), modes.ErrAddress},
		"DF18 of address zero":        {long(0, 18<<3), modes.ErrAddress},
		"coarse TIS-B, address zero":  {long(0, 18<<3|3), modes.ErrAddress},
		"DF4 of address zero":         {short(0, 4<<3), modes.ErrAddress},
		"DF18 CF4, TIS-B management":  {long(0, 18<<3|4, 1, 2, 3), modes.ErrUnsupported},
		"DF18 CF7, reserved":          {long(0, 18<<3|7, 1, 2, 3), modes.ErrUnsupported},
		"DF19, military":              {long(0, 19<<3, 1, 2, 3), modes.ErrUnsupported},
		"DF24, long data":             {long(0, 0xC0, 1, 2, 3), modes.ErrUnsupported},
		"DF1, reserved, of 7 bytes":   {short(0, 1<<3, 1, 2, 3), modes.ErrUnsupported},
		"DF22, reserved, of 14 bytes": {long(0, 22<<3, 1, 2, 3), modes.ErrUnsupported},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			f, err := modes.Parse(tt.msg)
			if !errors.Is(err, tt.want) || f != (modes.Frame{}) {
				t.Errorf("Parse(%x) = %+v, %v, want nothing and %v", tt.msg, f, err, tt.want)
			}
		})
	}
}

func TestParse(t *testing.T) {
	const squitter = 17<<3 | 5
	airborne := modes.Frame{DF: 17, CA: 5, ICAO: own, Source: modes.SourceADSB, Fields: modes.FieldTC | modes.FieldGround}
	with := func(f modes.Frame, fields modes.Field, change func(*modes.Frame)) modes.Frame {
		f.Fields |= fields
		change(&f)
		return f
	}
	reply := func(df uint8, fields modes.Field, change func(*modes.Frame)) modes.Frame {
		return with(modes.Frame{DF: df, ICAO: own, AddressFromParity: true}, fields, change)
	}
	sent := func(msg [14]byte) []byte { return msg[:] }
	tests := map[string]struct {
		msg  []byte
		want modes.Frame
	}{
		"DF0 on the ground": {
			short(uint32(own), 0<<3|4, 0, 0x05, 0x90),
			reply(0, modes.FieldGround|modes.FieldAltitude, func(f *modes.Frame) { f.OnGround, f.Altitude = true, 7800 }),
		},
		"DF16 without altitude": {
			long(uint32(own), 16<<3),
			reply(16, modes.FieldGround, func(*modes.Frame) {}),
		},
		"DF4 with a metric altitude": {
			short(uint32(own), 4<<3, 0, 0x05, 0xD0),
			reply(4, modes.FieldGround|modes.FieldAlert|modes.FieldIdent, func(*modes.Frame) {}),
		},
		"DF4 with alert on the ground": {
			short(uint32(own), 4<<3|3, 0, 0x05, 0x90),
			reply(4, modes.FieldGround|modes.FieldAlert|modes.FieldIdent|modes.FieldAltitude, func(f *modes.Frame) {
				f.OnGround, f.Alert, f.Altitude = true, true, 7800
			}),
		},
		"DF5 with identification, air or ground": {
			short(uint32(own), 5<<3|5, 0, 0x0A, 0xAA),
			reply(5, modes.FieldAlert|modes.FieldIdent|modes.FieldSquawk, func(f *modes.Frame) { f.Ident, f.Squawk = true, 0o7700 }),
		},
		"DF20 with BDS 2,0": {
			long(uint32(own), append([]byte{20 << 3, 0, 0x05, 0x90}, sent(modes.EncodeIdentification(own, "KRS1", 0xA0))[4:11]...)...),
			reply(20, modes.FieldGround|modes.FieldAlert|modes.FieldIdent|modes.FieldAltitude|modes.FieldCommBCall, func(f *modes.Frame) {
				f.Altitude, f.Callsign = 7800, [8]byte([]byte("KRS1    "))
			}),
		},
		"DF11 to an interrogator": {
			short(0x2A, 11<<3|4, byte(own>>16), byte(own>>8&0xFF), byte(own&0xFF)),
			modes.Frame{DF: 11, CA: 4, IID: 0x2A, ICAO: own, Fields: modes.FieldGround, OnGround: true},
		},
		"a helicopter's identification": {
			sent(modes.EncodeIdentification(own, "KRS 12", 0xA7)),
			with(airborne, modes.FieldCategory|modes.FieldCallsign, func(f *modes.Frame) {
				f.TC, f.Subtype, f.Category, f.Callsign = 4, 7, 0xA7, [8]byte([]byte("KRS 12  "))
			}),
		},
		"a blank callsign": {
			sent(modes.EncodeIdentification(own, "", 0xB1)),
			with(airborne, modes.FieldCategory, func(f *modes.Frame) { f.TC, f.Subtype, f.Category = 3, 1, 0xB1 }),
		},
		"a callsign with a character that is none": {
			me(squitter, field(5, 4)|field(14, 11)|field(20, 63)|field(26, 32)|field(32, 32)|field(38, 32)|field(44, 32)|field(50, 32)|field(56, 32)),
			with(airborne, modes.FieldCategory, func(f *modes.Frame) { f.TC, f.Category = 4, 0xA0 }),
		},
		"no position, with altitude": {
			me(squitter, field(20, 0x558)),
			with(airborne, modes.FieldAltitude, func(f *modes.Frame) { f.Altitude = 16000 }),
		},
		"a GNSS height": {
			me(squitter, field(5, 20)|field(20, 0x2D0)|field(22, 1)|field(39, 5)|field(56, 7)),
			with(airborne, modes.FieldAltitude|modes.FieldCPR|modes.FieldAlert|modes.FieldIdent|modes.FieldNICSupplB, func(f *modes.Frame) {
				f.TC, f.Altitude, f.AltitudeKind = 20, 7800, modes.HeightGNSS
				f.CPR = modes.CPR{Lat: 5, Lon: 7, Odd: true}
			}),
		},
		"a surface position at rest": {
			me(17<<3|4, field(5, 7)|field(12, 1)|field(13, 1)|field(20, 32)|field(39, 5)|field(56, 7)),
			with(airborne, modes.FieldSpeed|modes.FieldTrack|modes.FieldCPR, func(f *modes.Frame) {
				f.CA, f.TC, f.OnGround, f.Track = 4, 7, true, 90
				f.CPR = modes.CPR{Lat: 5, Lon: 7, Surface: true}
			}),
		},
		"a climb over ground": {
			// 300 kt east, 400 kt south, +640 ft/min barometric, GNSS 125 ft below
			me(squitter, field(5, 19)|field(8, 1)|field(13, 2)|field(24, 301)|field(25, 1)|field(35, 401)|
				field(36, 1)|field(46, 11)|field(49, 1)|field(56, 6)),
			with(airborne, modes.FieldSpeed|modes.FieldTrack|modes.FieldVerticalRate|modes.FieldGNSSDelta|modes.FieldNACv, func(f *modes.Frame) {
				f.TC, f.Subtype, f.GroundSpeed, f.Track = 19, 1, 500, 143.13010235415598
				f.VerticalRateFPM, f.GNSSDelta, f.NACv = 640, -125, 2
			}),
		},
		"a supersonic descent": {
			me(squitter, field(5, 19)|field(8, 2)|field(24, 301)|field(35, 1)|field(37, 1)|field(46, 11)),
			with(airborne, modes.FieldSpeed|modes.FieldTrack|modes.FieldVerticalRate|modes.FieldNACv, func(f *modes.Frame) {
				f.TC, f.Subtype, f.GroundSpeed, f.Track = 19, 2, 1200, 90
				f.VerticalRateFPM, f.VerticalRateKind = -640, modes.HeightGNSS
			}),
		},
		"no movement and no velocity of use": {
			me(squitter, field(5, 19)|field(8, 1)|field(24, 301)),
			with(airborne, modes.FieldNACv, func(f *modes.Frame) { f.TC, f.Subtype = 19, 1 }),
		},
		"a hover": {
			me(squitter, field(5, 19)|field(8, 1)|field(24, 1)|field(35, 1)),
			with(airborne, modes.FieldNACv|modes.FieldSpeed, func(f *modes.Frame) { f.TC, f.Subtype = 19, 1 }),
		},
		"an indicated airspeed": {
			me(squitter, field(5, 19)|field(8, 3)|field(14, 1)|field(24, 256)|field(35, 201)),
			with(airborne, modes.FieldNACv|modes.FieldHeading|modes.FieldIAS, func(f *modes.Frame) {
				f.TC, f.Subtype, f.Heading, f.Airspeed = 19, 3, 90, 200
			}),
		},
		"a supersonic true airspeed": {
			me(squitter, field(5, 19)|field(8, 4)|field(25, 1)|field(35, 201)),
			with(airborne, modes.FieldNACv|modes.FieldTAS, func(f *modes.Frame) { f.TC, f.Subtype, f.Airspeed = 19, 4, 800 }),
		},
		"a reserved velocity": {
			me(squitter, field(5, 19)|field(8, 5)|field(24, 301)|field(35, 301)),
			with(airborne, 0, func(f *modes.Frame) { f.TC, f.Subtype = 19, 5 }),
		},
		"an emergency": {
			sent(modes.EncodeSquawk(own, 0o7600, modes.EmergencyNoCommunications)),
			with(airborne, modes.FieldSquawk|modes.FieldEmergency, func(f *modes.Frame) {
				f.TC, f.Subtype, f.Squawk, f.Emergency = 28, 1, 0o7600, modes.EmergencyNoCommunications
			}),
		},
		"a target state": {
			me(squitter, field(5, 29)|field(7, 1)|field(43, 9)|field(46, 3)),
			with(airborne, modes.FieldNACp|modes.FieldSIL, func(f *modes.Frame) { f.TC, f.Subtype, f.NACp, f.SIL = 29, 1, 9, 3 }),
		},
		"an operational status": {
			sent(modes.EncodeStatus(own, 10, 3, true)),
			with(airborne, modes.FieldVersion|modes.FieldNACp|modes.FieldSIL|modes.FieldNICSupplA, func(f *modes.Frame) {
				f.TC, f.Version, f.NACp, f.SIL, f.NICSupplA = 31, 2, 10, 3, true
			}),
		},
		"a status on the surface": {
			me(squitter, field(5, 31)|field(8, 1)|field(20, 1)|field(43, 2)),
			with(airborne, modes.FieldVersion|modes.FieldNACp|modes.FieldSIL|modes.FieldNICSupplA|modes.FieldNICSupplC, func(f *modes.Frame) {
				f.TC, f.Subtype, f.Version, f.NICSupplC = 31, 1, 2, true
			}),
		},
		"a status of version 0": {
			me(squitter, field(5, 31)|field(48, 9)),
			with(airborne, modes.FieldVersion, func(f *modes.Frame) { f.TC = 31 }),
		},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			got, err := modes.Parse(tt.msg)
			if err != nil {
				t.Fatalf("Parse(%x): %v", tt.msg, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Parse(%x) (-want +got):\n%s", tt.msg, diff)
			}
		})
	}
}

func TestParseOrigin(t *testing.T) {
	tests := map[string]struct {
		msg     []byte
		want    modes.Source
		nonICAO bool
	}{
		"DF17":                        {me(17<<3, 0), modes.SourceADSB, false},
		"CF0":                         {me(18<<3, 0), modes.SourceADSBNonTransp, false},
		"CF1, anonymous":              {me(18<<3|1, 0), modes.SourceADSBNonTransp, true},
		"CF2, identification":         {me(18<<3|2, field(5, 4)|field(56, 1)), modes.SourceTISB, false},
		"CF2, surface":                {me(18<<3|2, field(5, 7)), modes.SourceTISB, false},
		"CF2, surface, track file":    {me(18<<3|2, field(5, 7)|field(21, 1)), modes.SourceTISB, true},
		"CF2, airborne, track file":   {me(18<<3|2, field(5, 11)|field(8, 1)), modes.SourceTISB, true},
		"CF2, velocity, track file":   {me(18<<3|2, field(5, 19)|field(9, 1)), modes.SourceTISB, true},
		"CF3, coarse":                 {me(18<<3|3, 0), modes.SourceTISB, false},
		"CF3, coarse, track file":     {me(18<<3|3, field(1, 1)), modes.SourceTISB, true},
		"CF5, anonymous":              {me(18<<3|5, 0), modes.SourceTISB, true},
		"CF6, rebroadcast":            {me(18<<3|6, field(5, 31)), modes.SourceADSR, false},
		"CF6, status, anonymous":      {me(18<<3|6, field(5, 31)|field(56, 1)), modes.SourceADSR, true},
		"CF6, target, anonymous":      {me(18<<3|6, field(5, 29)|field(51, 1)), modes.SourceADSR, true},
		"CF6, GNSS height, anonymous": {me(18<<3|6, field(5, 21)|field(8, 1)), modes.SourceADSR, true},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			f, err := modes.Parse(tt.msg)
			if err != nil || f.Source != tt.want || f.NonICAO != tt.nonICAO || f.ICAO != own {
				t.Errorf("Parse(%x) = %v, non-ICAO %v, %v, want %v, %v", tt.msg, f.Source, f.NonICAO, err, tt.want, tt.nonICAO)
			}
		})
	}
}

// TestModeC counts through all Mode C codes by reflecting, as the standard
// builds its table, and compares.
func TestModeC(t *testing.T) {
	hundreds := [5]uint16{0b001, 0b011, 0b010, 0b110, 0b100} // C1 C2 C4
	known := 0
	for n := range 256 {
		gray := uint16(n ^ n>>1) // D2 D4 A1 A2 A4 B1 B2 B4
		for k := range 5 {
			c := hundreds[k]
			if n%2 == 1 {
				c = hundreds[4-k]
			}
			pulse := func(v uint16, from, to uint) uint16 { return v >> from & 1 << to }
			// C1 A1 C2 A2 C4 A4 M B1 Q B2 D2 B4 D4
			ac := pulse(c, 2, 12) | pulse(gray, 5, 11) | pulse(c, 1, 10) | pulse(gray, 4, 9) | pulse(c, 0, 8) |
				pulse(gray, 3, 7) | pulse(gray, 2, 5) | pulse(gray, 1, 3) | pulse(gray, 7, 2) | pulse(gray, 0, 1) | pulse(gray, 6, 0)
			f, err := modes.Parse(short(uint32(own), 4<<3, 0, byte(ac>>8), byte(ac)))
			want := geo.Feet(n*500 + k*100 - 1200)
			if err != nil || !f.Has(modes.FieldAltitude) || f.Altitude != want {
				t.Fatalf("altitude code %#x = %v (%v), want %v", ac, f.Altitude, err, want)
			}
			known++
		}
	}
	all := 0
	for ac := range uint16(1 << 13) {
		if ac&0x50 != 0 { // metric or 25 ft
			continue
		}
		f, err := modes.Parse(short(uint32(own), 4<<3, 0, byte(ac>>8), byte(ac)))
		if err == nil && f.Has(modes.FieldAltitude) {
			all++
		}
	}
	if all != known {
		t.Errorf("%d Mode C codes have an altitude, want %d", all, known)
	}
}

func TestSteps(t *testing.T) {
	for ft := geo.Feet(-1000); ft <= 50175; ft += 25 {
		msg := modes.EncodeAltitudeReply(own, ft)
		pos := modes.EncodeAirbornePosition(own, geo.Point{}, ft, false)
		for _, m := range [][]byte{msg[:], pos[:]} {
			if f, err := modes.Parse(m); err != nil || !f.Has(modes.FieldAltitude) || f.Altitude != ft {
				t.Fatalf("Parse(%x) = %v, %v, want %v", m, f.Altitude, err, ft)
			}
		}
	}
	for s := range modes.Squawk(0o10000) {
		msg, own28 := modes.EncodeIdentityReply(own, s), modes.EncodeSquawk(own, s, 0)
		for _, m := range [][]byte{msg[:], own28[:]} {
			if f, err := modes.Parse(m); err != nil || f.Squawk != s {
				t.Fatalf("Parse(%x) = %v, %v, want %v", m, f.Squawk, err, s)
			}
		}
	}
	last := geo.Knots(-1)
	for code := uint64(1); code <= 124; code++ { // each faster than the one before
		f, err := modes.Parse(me(17<<3, field(5, 7)|field(12, code)))
		if err != nil || !f.Has(modes.FieldSpeed) || f.GroundSpeed <= last {
			t.Fatalf("movement %d = %v, %v after %v", code, f.GroundSpeed, err, last)
		}
		last = f.GroundSpeed
	}
	for _, code := range []uint64{0, 125, 126, 127} {
		if f, err := modes.Parse(me(17<<3, field(5, 7)|field(12, code))); err != nil || f.Has(modes.FieldSpeed) {
			t.Errorf("movement %d = %v, %v, want unknown", code, f.GroundSpeed, err)
		}
	}
}

func TestVelocityRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gs := geo.Knots(rapid.Float64Range(0, 4000).Draw(t, "gs"))
		track := geo.Degrees(rapid.Float64Range(0, 360).Draw(t, "track"))
		fpm := rapid.IntRange(-32000, 32000).Draw(t, "fpm")
		msg := modes.EncodeVelocity(own, gs, track, fpm)
		f, err := modes.Parse(msg[:])
		if err != nil || !f.Has(modes.FieldSpeed|modes.FieldVerticalRate) {
			t.Fatalf("Parse(%x) = %+v, %v", msg, f, err)
		}
		sin, cos := math.Sincos(track.Radians())
		gotSin, gotCos := math.Sincos(f.Track.Radians())
		miss := math.Hypot(float64(gs)*sin-float64(f.GroundSpeed)*gotSin, float64(gs)*cos-float64(f.GroundSpeed)*gotCos)
		if limit := map[uint8]float64{1: 0.75, 2: 3}[f.Subtype]; miss > limit {
			t.Errorf("%v kt %v° came back as %v kt %v°", gs, track, f.GroundSpeed, f.Track)
		}
		if d := f.VerticalRateFPM - fpm; d < -32 || d > 32 {
			t.Errorf("%d ft/min came back as %d", fpm, f.VerticalRateFPM)
		}
	})
}

func TestUnknownIsAbsent(t *testing.T) {
	nan := math.NaN()
	velocity := modes.EncodeVelocity(own, geo.Knots(nan), 90, 0)
	position := modes.EncodeAirbornePosition(own, geo.Point{LatDeg: nan}, geo.Feet(nan), true)
	surface := modes.EncodeSurfacePosition(own, geo.Point{}, geo.Knots(nan), geo.Degrees(nan), true)
	for _, msg := range [][14]byte{velocity, position, surface} {
		f, err := modes.Parse(msg[:])
		if err != nil || f.Fields&(modes.FieldSpeed|modes.FieldTrack|modes.FieldAltitude) != 0 {
			t.Errorf("Parse(%x) = %+v, %v, want nothing made of NaN", msg, f, err)
		}
	}
}

// TestNoFlipPasses flips up to five bits of a squitter: the parity finds all.
func TestNoFlipPasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		msg := modes.EncodeAirbornePosition(own, geo.Point{LatDeg: 25, LonDeg: 121}, 3000, false)
		flips := rapid.SliceOfNDistinct(rapid.IntRange(5, 111), 1, 5, rapid.ID[int]).Draw(t, "bits")
		for _, b := range flips {
			msg[b/8] ^= 0x80 >> (b % 8)
		}
		if _, err := modes.Parse(msg[:]); !errors.Is(err, modes.ErrParity) {
			t.Errorf("Parse with bits %v flipped: %v, want %v", flips, err, modes.ErrParity)
		}
	})
}

func TestText(t *testing.T) {
	if got := own.String() + " " + modes.Squawk(0o0021).String(); got != "899123 0021" {
		t.Errorf("text is %q", got)
	}
	if a, err := modes.ParseICAO("899123"); a != own || err != nil {
		t.Errorf("ParseICAO = %v, %v", a, err)
	}
	if s, err := modes.ParseSquawk("7700"); s != 0o7700 || err != nil {
		t.Errorf("ParseSquawk = %v, %v", s, err)
	}
	for _, bad := range []string{"", "89912", "8991234", "89912g", "+99123"} {
		if a, err := modes.ParseICAO(bad); err == nil {
			t.Errorf("ParseICAO(%q) = %v, want an error", bad, a)
		}
	}
	for _, bad := range []string{"", "770", "77000", "7780", "+770"} {
		if s, err := modes.ParseSquawk(bad); err == nil {
			t.Errorf("ParseSquawk(%q) = %v, want an error", bad, s)
		}
	}
}

func FuzzParse(f *testing.F) {
	position := modes.EncodeAirbornePosition(own, geo.Point{LatDeg: 25, LonDeg: 121}, 3000, false)
	velocity := modes.EncodeVelocity(own, 300, 45, 640)
	call := modes.EncodeAllCall(own)
	f.Add(position[:])
	f.Add(velocity[:])
	f.Add(call[:])
	f.Add(long(uint32(own), 20<<3, 0, 0x05, 0x90, 0x20))
	f.Fuzz(func(t *testing.T, msg []byte) {
		// Most inputs fail the parity; the second go reads their fields all the same.
		sealed := append([]byte(nil), msg...)
		if len(sealed) == 7 || len(sealed) == 14 {
			sealWith(0, sealed...)
		}
		for _, m := range [][]byte{msg, sealed} {
			got, err := modes.Parse(m)
			if err != nil {
				continue
			}
			if got.ICAO == 0 || got.ICAO >= 0xFFFFFF || got.Squawk > 0o7777 || got.Track < 0 || got.Track >= 360 ||
				got.CPR.Lat >= 1<<17 || got.CPR.Lon >= 1<<17 || got.GroundSpeed < 0 {
				t.Errorf("Parse(%x) = %+v", m, got)
			}
		}
	})
}
