// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package remoteid_test

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/remoteid"
)

func TestParseLine(t *testing.T) {
	at := time.Date(2023, 4, 1, 16, 15, 30, 415058438, time.UTC)
	for _, c := range []struct {
		name, line string
		want       remoteid.Beacon
	}{
		{"columns", "a.pcapng\t1680365730415058438\t903ae65bc8a8\t91\tf019", remoteid.Beacon{Transmitter: []byte("903ae65bc8a8"), Counter: 91, HasCounter: true, Received: at, Payload: []byte{0xf0, 0x19}}},
		{"an object", `{"mac":"90:3A:E6:5B:C8:A8","counter":91,"rssi":-61,"time":"2023-04-01T16:15:30.415058438Z","hex":"F019"}`, remoteid.Beacon{Transmitter: []byte("903ae65bc8a8"), Counter: 91, HasCounter: true, RSSI: -61, Received: at, Payload: []byte{0xf0, 0x19}}},
		{"other keys", `{"transmitter":"903ae65bc8a8","ts":1680365730.4,"raw":"f019","x":[1]}`, remoteid.Beacon{Transmitter: []byte("903ae65bc8a8"), Received: at.Truncate(100 * time.Millisecond), Payload: []byte{0xf0, 0x19}}},
		{"milliseconds", `{"mac":"903ae65bc8a8","ts":1680365730415,"data":"f019"}`, remoteid.Beacon{Transmitter: []byte("903ae65bc8a8"), Received: at.Truncate(time.Millisecond), Payload: []byte{0xf0, 0x19}}},
		{"no time", `{"mac":"903ae65bc8a8","hex":"f019"}`, remoteid.Beacon{Transmitter: []byte("903ae65bc8a8"), Payload: []byte{0xf0, 0x19}}},
	} {
		got := remoteid.Beacon{Transmitter: []byte("before"), RSSI: 1, HasCounter: true, Payload: []byte{1}}
		err := remoteid.ParseLine([]byte(c.line), &got)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

func TestParseLineRefuses(t *testing.T) {
	for _, line := range []string{
		"", "{", "{}", "null", `{"mac":"903ae65bc8a8"}`, `{"mac":"903ae65bc8","hex":"f019"}`, `{"mac":"903ae65bc8a8","hex":"f01"}`,
		`{"mac":"903ae65bc8a8","hex":"f019","counter":256}`, `{"mac":"903ae65bc8a8","hex":"f019","ts":-5}`,
		`{"mac":"903ae65bc8a8","hex":"f019","ts":" 5"}`, `{"mac":"903ae65bc8a8","hex":"f019","ts":"x"}`, `{"mac":"903ae65bc8a8","hex":"f019","ts":1e999}`, "a\tb", "a\t-1\t903ae65bc8a8\t1\tf019",
		"a\t1\t903ae65bc8a8\t999\tf019", `{"mac":"903ae65bc8a8","hex":"` + strings.Repeat("f0", 2000) + `"}`,
	} {
		var b remoteid.Beacon
		if err := remoteid.ParseLine([]byte(line), &b); !errors.Is(err, remoteid.ErrRefused) {
			t.Errorf("ParseLine(%.60q) = %+v, %v; want a refusal", line, b, err)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte("a\t1\t903ae65bc8a8\t91\tf019"))
	f.Add([]byte(`{"mac":"90:3A:E6:5B:C8:A8","counter":91,"rssi":-61,"ts":1e400,"hex":"F019"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var b remoteid.Beacon
		err := remoteid.ParseLine(line, &b)
		if err == nil && (len(b.Transmitter) != 12 || len(b.Payload) == 0 || len(b.Payload) > len(line)) {
			t.Fatalf("ParseLine(%q) = %+v", line, b)
		}
	})
}

func TestJoin(t *testing.T) {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	j := remoteid.NewJoiner(30*time.Second, 2)
	beacon := func(mac string, counter uint8, payload string) *remoteid.Beacon {
		return &remoteid.Beacon{Transmitter: []byte(mac), Counter: counter, HasCounter: true, Payload: []byte(payload)}
	}
	serial := remoteid.Message{Type: remoteid.TypeBasicID, IDType: remoteid.IDSerial, ID: remoteid.NewText("1588E040445AC004418")}
	session := remoteid.Message{Type: remoteid.TypeBasicID, IDType: remoteid.IDSession, ID: remoteid.NewText("s")}
	none := remoteid.Message{Type: remoteid.TypeBasicID, IDType: remoteid.IDNone}
	where := remoteid.Message{Type: remoteid.TypeLocation, Has: remoteid.HasPosition, Position: geo.Point{LatDeg: 24, LonDeg: 123}}

	a, fresh := j.Take(beacon("aa", 1, "x"), []remoteid.Message{session, serial, none}, at)
	if !fresh || len(a.IDs) != 3 || a.IDs[0].IDType != remoteid.IDNone || a.IDs[1].ID.String() != "1588E040445AC004418" || a.IDs[2] != session {
		t.Errorf("first: %+v, fresh %v", a, fresh)
	}
	if _, fresh = j.Take(beacon("aa", 1, "x"), []remoteid.Message{serial}, at.Add(time.Second)); fresh {
		t.Error("the same counter and octets are fresh")
	}
	a, fresh = j.Take(beacon("aa", 2, "y"), []remoteid.Message{where}, at.Add(2*time.Second))
	if !fresh || a.Location.Position != where.Position || len(a.IDs) != 3 {
		t.Errorf("a location is not joined with its identity: %+v", a)
	}
	if a, _ = j.Take(beacon("bb", 2, "y"), []remoteid.Message{where}, at.Add(3*time.Second)); len(a.IDs) != 0 {
		t.Errorf("another transmitter took over an identity: %+v", a)
	}
	a, _ = j.Take(beacon("aa", 3, "z"), []remoteid.Message{where}, at.Add(31*time.Second))
	if len(a.IDs) != 1 || a.IDs[0] != serial { // heard last at 1 s
		t.Errorf("after 31 s: %+v", a.IDs)
	}
	j.Take(beacon("cc", 1, "x"), nil, at.Add(40*time.Second)) // bb was heard least lately
	if j.Evicted() != 1 {
		t.Errorf("%d evicted, want 1", j.Evicted())
	}
	if a, fresh = j.Take(beacon("aa", 4, "q"), nil, at.Add(41*time.Second)); !fresh || a.LocationAt.IsZero() {
		t.Errorf("the one heard lately was evicted: %+v", a)
	}
}

// TestJoinerGoesOn hands what is remembered of odd messages to another joiner.
func TestJoinerGoesOn(t *testing.T) {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	r := rand.New(rand.NewPCG(1, 2))
	one := remoteid.NewJoiner(10*time.Minute, 50)
	for i := range 5000 {
		b := remoteid.Beacon{Transmitter: fmt.Appendf(nil, "%012x", r.IntN(60)), Counter: uint8(i), HasCounter: i%3 > 0, Payload: make([]byte, remoteid.Size)}
		for j := range b.Payload {
			b.Payload[j] = uint8(r.Uint32())
		}
		b.Payload[0] = uint8(r.IntN(6)) << 4
		var list [remoteid.MaxPack]remoteid.Message
		n, _ := remoteid.DecodeAll(b.Payload, &list) // what is refused is not taken
		at = at.Add(time.Duration(r.IntN(2000)) * time.Millisecond)
		one.Take(&b, list[:n], at)
	}
	text, err := json.Marshal(one.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var state remoteid.JoinerState
	if err := json.Unmarshal(text, &state); err != nil {
		t.Fatal(err)
	}
	other := remoteid.NewJoiner(10*time.Minute, 50)
	if err := other.Restore(state); err != nil {
		t.Fatal(err)
	}
	known := 0
	for i := range 60 {
		b := remoteid.Beacon{Transmitter: fmt.Appendf(nil, "%012x", i), Payload: []byte("x")}
		want, wantFresh := one.Take(&b, nil, at)
		got, gotFresh := other.Take(&b, nil, at)
		if d := cmp.Diff(want, got, cmp.AllowUnexported(remoteid.Text{}), cmpopts.EquateEmpty()); d != "" || gotFresh != wantFresh {
			t.Fatalf("transmitter %d (-want +got):\n%s", i, d)
		}
		if !want.LocationAt.IsZero() {
			known++
		}
	}
	if known == 0 || one.Evicted() != other.Evicted() {
		t.Errorf("%d places known; evicted %d and %d", known, one.Evicted(), other.Evicted())
	}
	state.Transmitters = append(state.Transmitters, make([]remoteid.TransmitterState, 50)...)
	if err := other.Restore(state); err == nil {
		t.Error("more transmitters than it may hold are taken")
	}
}

// mavFrame packs a payload as an autopilot would.
func mavFrame(id uint32, seed uint8, payload string, t *testing.T) []byte {
	t.Helper()
	p, err := hex.DecodeString(strings.ReplaceAll(payload, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	f := append([]byte{0xFD, uint8(len(p)), 0, 0, 7, 1, 1, uint8(id), uint8(id >> 8), uint8(id >> 16)}, p...)
	return binary.LittleEndian.AppendUint16(f, crc16(append(f[1:len(f):len(f)], seed)))
}

// crc16 is CRC-16/MCRF4XX bit by bit.
func crc16(b []byte) uint16 {
	crc := uint16(0xFFFF)
	for _, c := range b {
		crc ^= uint16(c)
		for range 8 {
			if crc&1 != 0 {
				crc = crc>>1 ^ 0x8408
			} else {
				crc >>= 1
			}
		}
	}
	return crc
}

const mac = "903ae65bc8a8 0000000000000000000000000000"

// mavSamples are payloads whose fields stand where common.xml puts them, with
// the zeros at the end cut.
func mavSamples(t *testing.T) map[string][]byte {
	return map[string][]byte{
		"basic":    mavFrame(12900, 114, "01 02"+mac+"01 02 3132", t),
		"location": mavFrame(12901, 254, "20b7630e e0b09a49 0000c842 00004843 00002041 0000a042 2823 e803 38ff 01 02"+mac+"02 01 0a 04 03 02 01", t),
		"self":     mavFrame(12903, 249, "01 02"+mac+"00 68656c6c6f", t),
		"system":   mavFrame(12904, 77, "20b7630e e0b09a49 0000c842 00004843 00002041 04030201 0300 6400 01 02"+mac+"01 01 02 05", t),
		"operator": mavFrame(12905, 49, "01 02"+mac+"00 6f70", t),
		"auth":     mavFrame(12902, 140, "04030201 01 02"+mac+"03 00 01 11 ee0102dd", t),
		"pack":     mavFrame(12915, 94, "01 02"+mac+"19 02 0212"+"3132"+strings.Repeat("00", 21)+"3200"+"6869", t),
	}
}

func TestMAVLink(t *testing.T) {
	var r remoteid.MAVLink
	got := make(map[string]remoteid.Message)
	for name, f := range mavSamples(t) {
		r.Feed(f, func(from string, list []remoteid.Message, err error) {
			if err != nil || from != "903ae65bc8a8" || len(list) == 0 {
				t.Errorf("%s: from %s, %d messages, %v", name, from, len(list), err)
				return
			}
			got[name] = list[0]
			if name == "pack" && (len(list) != 2 || list[1].Description.String() != "hi") {
				t.Errorf("pack: %+v", list)
			}
		})
	}
	if m := got["basic"]; m.IDType != 1 || m.UAType != 2 || m.ID.String() != "12" {
		t.Errorf("basic: %+v", m)
	}
	want := remoteid.Message{
		Type: remoteid.TypeLocation, Version: 2,
		Has: remoteid.HasPosition | remoteid.HasTrack | remoteid.HasSpeed | remoteid.HasVerticalSpeed | remoteid.HasPressureAltitude |
			remoteid.HasGeodeticAltitude | remoteid.HasHeight | remoteid.HasTimeInHour,
		Status: remoteid.StatusAirborne, AboveGround: true, LatRaw: 241415968, LonRaw: 1234874592,
		Position: geo.Point{LatDeg: 24.1415968, LonDeg: 123.4874592}, Track: 90, SpeedMS: 10, VerticalMS: -2,
		PressureAltitude: 100, GeodeticAltitude: 200, Height: 10, TimeInHour: 80 * time.Second,
		HorizontalCode: 10, VerticalCode: 4, PressureCode: 3, SpeedCode: 2, TimeCode: 1,
	}
	if d := cmp.Diff(want, got["location"], cmp.AllowUnexported(remoteid.Text{})); d != "" {
		t.Error(d)
	}
	if m := got["self"]; m.Description.String() != "hello" {
		t.Errorf("self: %+v", m)
	}
	if m := got["system"]; m.OperatorPlace != 1 || m.Classification != 1 || m.CategoryEU != 2 || m.ClassEU != 5 || m.Count != 3 || m.Radius != 100 || m.Ceiling != 100 || m.Floor != 200 || m.OperatorAltitude != 10 || m.SystemTime.Unix() != 1546300800+0x01020304 {
		t.Errorf("system: %+v", m)
	}
	if m := got["operator"]; m.OperatorID.String() != "op" {
		t.Errorf("operator: %+v", m)
	}
	if a := got["auth"].Auth; a.Type != 3 || a.Page != 0 || a.LastPage != 1 || a.Length != 17 || a.Octets != 17 || a.Data[3] != 0xdd || a.Time.Unix() != 1546300800+0x01020304 {
		t.Errorf("auth: %+v", a)
	}
	if r.Garbage != 0 || r.Failed != 0 {
		t.Errorf("%d garbage, %d failed", r.Garbage, r.Failed)
	}
}

func TestMAVLinkStream(t *testing.T) {
	basic := mavFrame(12900, 114, "01 02"+mac+"01 02 3132", t)
	other := mavFrame(0, 50, "00000000", t) // a heartbeat of no interest
	wrong := append([]byte(nil), basic...)
	wrong[12]++
	future := append([]byte(nil), basic...)
	future[2] = 0x02 // an incompatible flag
	place := mavFrame(12901, 254, "ffffff7f 00000000", t)
	stream := []byte{1, 2, 3}
	for _, f := range [][]byte{basic, other, wrong, {9}, basic, place} {
		stream = append(stream, f...)
	}
	var r remoteid.MAVLink
	taken, refused := 0, 0
	for i := range stream { // octet by octet
		r.Feed(stream[i:i+1], func(_ string, list []remoteid.Message, err error) {
			taken += len(list)
			if err != nil {
				refused++
			}
		})
	}
	if taken != 2 || refused != 1 || r.Failed != 1 || r.Garbage != 4 {
		t.Errorf("%d taken, %d refused, %d failed, %d garbage; want 2, 1, 1, 4", taken, refused, r.Failed, r.Garbage)
	}
	r.Feed(future, func(string, []remoteid.Message, error) { t.Error("a frame with an unknown flag was read") })
	if r.Garbage < 5 {
		t.Errorf("%d garbage", r.Garbage)
	}
	var nameless remoteid.MAVLink
	nameless.Feed(mavFrame(12900, 114, "01 02"+strings.Repeat("00", 20)+"01 02 3132", t), func(from string, _ []remoteid.Message, _ error) {
		if from != "000000000001" {
			t.Errorf("from %s, want the system's number", from)
		}
	})
}

func FuzzMAVLink(f *testing.F) {
	f.Add([]byte{0xFD, 3, 0, 0, 7, 1, 1, 0x64, 0x32, 0, 1, 2, 3, 4, 5}, 3)
	f.Add([]byte("\xfd\xff\x01\x00\x00\x00\x00\x65\x32\x00"), 1)
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		count := func(parts ...[]byte) (s string) {
			var r remoteid.MAVLink
			n := 0
			for _, p := range parts {
				r.Feed(p, func(_ string, list []remoteid.Message, _ error) { n += len(list) })
			}
			return strconv.Itoa(n) + "/" + strconv.FormatUint(r.Failed, 10)
		}
		if len(b) == 0 {
			return
		}
		i := (cut%len(b) + len(b)) % len(b)
		if whole, parts := count(b), count(b[:i], b[i:]); whole != parts {
			t.Fatalf("%x: %s in one, %s in two", b, whole, parts)
		}
	})
}
