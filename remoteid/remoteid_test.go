// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package remoteid_test

import (
	"encoding/hex"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/remoteid"
)

func octets(t *testing.T, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// By hand from the tables of F3411-22a.
func TestLocationByHand(t *testing.T) {
	b := octets(t, "12"+"23"+"12"+"8f"+"3c"+"e0b19f0f"+"13d5f04d"+"9716"+"5627"+"3e09"+"22"+"42"+"b250"+"02"+"00")
	var got remoteid.Message
	if err := remoteid.Decode(b, &got); err != nil {
		t.Fatal(err)
	}
	want := remoteid.Message{
		Type: remoteid.TypeLocation, Version: 2,
		Has: remoteid.HasPosition | remoteid.HasTrack | remoteid.HasSpeed | remoteid.HasVerticalSpeed | remoteid.HasPressureAltitude |
			remoteid.HasGeodeticAltitude | remoteid.HasHeight | remoteid.HasTimeInHour,
		Status: remoteid.StatusAirborne, Track: 198, SpeedMS: 0x8f*0.75 + 63.75, VerticalMS: 30,
		LatRaw: 262124000, LonRaw: 1307628819, Position: geo.Point{LatDeg: 26.2124, LonDeg: 130.7628819},
		PressureAltitude: 1891.5, GeodeticAltitude: 4035, Height: 183,
		HorizontalCode: 2, VerticalCode: 2, PressureCode: 4, SpeedCode: 2, TimeCode: 2, TimeInHour: 2065*time.Second + 800*time.Millisecond,
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(remoteid.Text{})); d != "" {
		t.Error(d)
	}
}

func TestUnknownIsAbsent(t *testing.T) {
	// track 361, speed 255 of the coarse scale, climb 63 m/s, no place, no heights, no time.
	b := octets(t, "12"+"03"+"b5"+"ff"+"7e"+"00000000"+"00000000"+"0000"+"0000"+"0000"+"00"+"00"+"ffff"+"00"+"00")
	var got remoteid.Message
	if err := remoteid.Decode(b, &got); err != nil || got.Has != 0 {
		t.Errorf("Has %b, %v; want nothing known", got.Has, err)
	}
	b = octets(t, "42"+"04"+"00000000"+"00000000"+"0100"+"00"+"0000"+"0000"+"12"+"0000"+"00000000"+"00")
	if err := remoteid.Decode(b, &got); err != nil || got.Has != 0 || got.CategoryEU != 1 || got.ClassEU != 2 || got.Count != 1 {
		t.Errorf("system: %+v, %v", got, err)
	}
}

func TestRefused(t *testing.T) {
	place := "12" + "00" + "00" + "00" + "00"
	rest := "0000" + "0000" + "0000" + "00" + "00" + "0000" + "00" + "00"
	for _, c := range []struct {
		name, hex string
		want      error
	}{
		{"nothing", "", remoteid.ErrLength},
		{"an octet too few", "0212" + "00000000000000000000000000000000000000000000", remoteid.ErrLength},
		{"a reserved type", "6" + "2" + "000000000000000000000000000000000000000000000000", remoteid.ErrReserved},
		{"latitude above the pole", place + "ffffff7f" + "00000000" + rest, remoteid.ErrValue},
		{"longitude beyond 180", place + "00000000" + "ffffff7f" + rest, remoteid.ErrValue},
		{"a time beyond the hour", place + "00000000" + "00000000" + "0000" + "0000" + "0000" + "00" + "00" + "a18c" + "00" + "00", remoteid.ErrValue},
		{"a page of 17", "22" + "00" + "10" + "00000000000000000000000000000000000000000000", remoteid.ErrValue},
		{"a pack of none", "f21900", remoteid.ErrLength},
		{"a pack of ten", "f2190a", remoteid.ErrLength},
		{"a pack of other sizes", "f21a01" + "02120000000000000000000000000000000000000000000000", remoteid.ErrLength},
		{"a pack cut", "f21904" + "02120000000000000000000000000000000000000000000000", remoteid.ErrLength},
		{"a pack in a pack", "f21901" + "f2190100000000000000000000000000000000000000000000", remoteid.ErrNested},
	} {
		var list [remoteid.MaxPack]remoteid.Message
		n, err := remoteid.DecodeAll(octets(t, c.hex), &list)
		if n != 0 || !errors.Is(err, c.want) || !errors.Is(err, remoteid.ErrRefused) {
			t.Errorf("%s: %d messages, %v; want %v", c.name, n, err, c.want)
		}
	}
}

func TestBadMessageInAPackLeavesTheOthers(t *testing.T) {
	good, bad := "02120000000000000000000000000000000000000000000000", "62120000000000000000000000000000000000000000000000"
	var list [remoteid.MaxPack]remoteid.Message
	n, err := remoteid.DecodeAll(octets(t, "f21903"+good+bad+good), &list)
	if n != 2 || !errors.Is(err, remoteid.ErrReserved) {
		t.Errorf("%d messages, %v; want 2 and the reserved type", n, err)
	}
}

func TestTimeIsTheNearestHour(t *testing.T) {
	for _, c := range []struct {
		received, want string
		in             time.Duration
		ok             bool
	}{
		{"2026-03-01T10:00:05Z", "2026-03-01T10:00:03Z", 3 * time.Second, true},
		{"2026-03-01T10:00:01Z", "2026-03-01T09:59:59Z", 3599 * time.Second, true},
		{"2026-03-01T10:59:59Z", "2026-03-01T11:00:01Z", time.Second, true},
		{"2026-03-01T10:30:00Z", "", time.Second, false},
	} {
		at, err := time.Parse(time.RFC3339, c.received)
		if err != nil {
			t.Fatal(err)
		}
		m := remoteid.Message{Has: remoteid.HasTimeInHour, TimeInHour: c.in}
		got, ok := m.Time(at, 10*time.Second)
		if ok != c.ok || (ok && got.Format(time.RFC3339) != c.want) {
			t.Errorf("%v received at %s: %v, %v; want %s, %v", c.in, c.received, got, ok, c.want, c.ok)
		}
	}
}

func TestAccuracies(t *testing.T) {
	if m, ok := remoteid.HorizontalAccuracy(10); m != 10 || !ok {
		t.Errorf("horizontal code 10: %v, %v", m, ok)
	}
	if m, ok := remoteid.VerticalAccuracy(1); m != 150 || !ok {
		t.Errorf("vertical code 1: %v, %v", m, ok)
	}
	if v, ok := remoteid.SpeedAccuracy(4); v != 0.3 || !ok {
		t.Errorf("speed code 4: %v, %v", v, ok)
	}
	for _, code := range []uint8{0, 13, 255} {
		if _, ok := remoteid.HorizontalAccuracy(code); ok {
			t.Errorf("horizontal code %d is known", code)
		}
	}
}

// genMessage draws a message on the grid of the format.
func genMessage() *rapid.Generator[remoteid.Message] {
	return rapid.Custom(func(t *rapid.T) remoteid.Message {
		n := func(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, name) }
		var m remoteid.Message
		known := func(h remoteid.Has, set func()) {
			if rapid.Bool().Draw(t, "known") {
				m.Has |= h
				set()
			}
		}
		half := func(h remoteid.Has, dst *geo.Metres) {
			known(h, func() { *dst = geo.Metres(n("half metres", 1, 65535))*0.5 - 1000 })
		}
		place := func(h remoteid.Has, lat, lon *int32, p *geo.Point) {
			known(h, func() {
				*lat, *lon = int32(n("lat", -900_000_000, 900_000_000)), int32(n("lon", -1_800_000_000, 1_800_000_000))
				if *lat == 0 && *lon == 0 {
					*lat = 1
				}
				*p = geo.Point{LatDeg: float64(*lat) / 1e7, LonDeg: float64(*lon) / 1e7}
			})
		}
		text := func(most int) remoteid.Text {
			return remoteid.NewText(rapid.StringMatching(`[ -~]{0,22}[!-~]`).Filter(func(s string) bool { return len(s) <= most }).Draw(t, "text"))
		}
		at := func() time.Time {
			return time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n("seconds", 1, math.MaxUint32)) * time.Second)
		}
		nibble := func() uint8 { return uint8(n("code", 0, 15)) }
		m.Type = rapid.SampledFrom([]remoteid.Type{0, 1, 2, 3, 4, 5}).Draw(t, "type")
		m.Version = nibble()
		switch m.Type {
		case remoteid.TypeBasicID:
			m.IDType, m.UAType, m.ID = nibble(), nibble(), text(20)
		case remoteid.TypeLocation:
			m.Status, m.AboveGround = remoteid.Status(nibble()), rapid.Bool().Draw(t, "above ground")
			place(remoteid.HasPosition, &m.LatRaw, &m.LonRaw, &m.Position)
			known(remoteid.HasTrack, func() { m.Track = geo.Degrees(n("track", 0, 359)) })
			known(remoteid.HasSpeed, func() {
				if m.SpeedMS = float64(n("fine", 0, 255)) * 0.25; rapid.Bool().Draw(t, "fast") {
					m.SpeedMS = float64(n("coarse", 1, 254))*0.75 + 63.75
				}
			})
			known(remoteid.HasVerticalSpeed, func() { m.VerticalMS = float64(n("climb", -124, 124)) * 0.5 })
			half(remoteid.HasPressureAltitude, &m.PressureAltitude)
			half(remoteid.HasGeodeticAltitude, &m.GeodeticAltitude)
			half(remoteid.HasHeight, &m.Height)
			m.HorizontalCode, m.VerticalCode, m.PressureCode, m.SpeedCode, m.TimeCode = nibble(), nibble(), nibble(), nibble(), nibble()
			known(remoteid.HasTimeInHour, func() { m.TimeInHour = time.Duration(n("tenths", 0, 36000)) * 100 * time.Millisecond })
		case remoteid.TypeAuth:
			a := &m.Auth
			a.Type, a.Page, a.Octets = nibble(), nibble(), 23
			if a.Page == 0 {
				a.LastPage, a.Length, a.Time, a.Octets = nibble(), uint8(n("length", 0, 255)), at(), 17
			}
			for i := range a.Octets {
				a.Data[i] = uint8(n("octet", 0, 255))
			}
		case remoteid.TypeSelfID:
			m.TextType, m.Description = uint8(n("kind", 0, 255)), text(23)
		case remoteid.TypeSystem:
			m.OperatorPlace, m.Classification = uint8(n("place", 0, 3)), uint8(n("class", 0, 7))
			place(remoteid.HasOperatorPosition, &m.OperatorLatRaw, &m.OperatorLonRaw, &m.OperatorPosition)
			m.Count, m.Radius = uint16(n("count", 0, 65535)), geo.Metres(n("radius", 0, 255))*10
			half(remoteid.HasCeiling, &m.Ceiling)
			half(remoteid.HasFloor, &m.Floor)
			half(remoteid.HasOperatorAltitude, &m.OperatorAltitude)
			m.CategoryEU, m.ClassEU = nibble(), nibble()
			known(remoteid.HasSystemTime, func() { m.SystemTime = at() })
		case remoteid.TypeOperatorID:
			m.OperatorIDType, m.OperatorID = uint8(n("kind", 0, 255)), text(20)
		}
		return m
	})
}

func TestDecodeIsTheInverseOfEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(genMessage(), 1, remoteid.MaxPack).Draw(t, "messages")
		b, err := remoteid.EncodePack(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		var list [remoteid.MaxPack]remoteid.Message
		n, err := remoteid.DecodeAll(b, &list)
		if err != nil {
			t.Fatalf("DecodeAll(%x): %v", b, err)
		}
		if d := cmp.Diff(want, list[:n], cmp.AllowUnexported(remoteid.Text{})); d != "" {
			t.Fatal(d)
		}
	})
}

func TestEncodeRefuses(t *testing.T) {
	for _, m := range []remoteid.Message{
		{Type: remoteid.TypePack},
		{Type: remoteid.TypeBasicID, ID: remoteid.NewText("123456789012345678901")},
		{Type: remoteid.TypeBasicID, IDType: 16},
		{Type: remoteid.TypeLocation, Has: remoteid.HasSpeed, SpeedMS: 300},
		{Type: remoteid.TypeLocation, Has: remoteid.HasSpeed, SpeedMS: math.NaN()},
		{Type: remoteid.TypeLocation, Has: remoteid.HasTrack, Track: 400},
		{Type: remoteid.TypeLocation, Has: remoteid.HasHeight, Height: -1000},
		{Type: remoteid.TypeLocation, Has: remoteid.HasPosition, Position: geo.Point{LatDeg: 91}},
		{Type: remoteid.TypeSystem, Radius: 3000},
		{Type: remoteid.TypeSystem, Has: remoteid.HasSystemTime},
		{Type: remoteid.TypeAuth, Auth: remoteid.AuthPage{LastPage: 16, Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}},
	} {
		if b, err := remoteid.Encode(nil, &m); err == nil || len(b) != 0 {
			t.Errorf("Encode(%+v) = %x, %v; want a refusal and nothing", m, b, err)
		}
	}
	if _, err := remoteid.EncodePack(nil, nil); !errors.Is(err, remoteid.ErrLength) {
		t.Errorf("a pack of none: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{0x12})
	f.Add([]byte("\xf2\x19\x0a"))
	f.Add(append([]byte("\xf2\x19\x01"), make([]byte, 25)...))
	f.Add(append([]byte("\xf2\x19\x01\x12"), make([]byte, 24)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		var list, again [remoteid.MaxPack]remoteid.Message
		n, err := remoteid.DecodeAll(b, &list)
		if err != nil {
			if !errors.Is(err, remoteid.ErrRefused) {
				t.Fatalf("an error without its kind: %v", err)
			}
			return
		}
		for i := range list[:n] {
			m := &list[i]
			out, err := remoteid.Encode(nil, m)
			if err != nil {
				continue // a reserved value that was let pass
			}
			if err := remoteid.Decode(out, &again[i]); err != nil || again[i] != *m {
				t.Fatalf("%x is read as\n%+v and again as\n%+v, %v", b, *m, again[i], err)
			}
		}
	})
}
