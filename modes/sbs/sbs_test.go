// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sbs_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/modes/sbs"
)

func TestParse(t *testing.T) {
	at := time.Date(2026, 5, 28, 20, 26, 40, 123_000_000, time.UTC)
	base := sbs.Message{Has: sbs.HasGenerated | sbs.HasLogged, ICAO: 0x899001, Generated: at, Logged: at.Add(time.Second)}
	with := func(typ uint8, has sbs.Has, change func(*sbs.Message)) sbs.Message {
		m := base
		m.Type, m.Has = typ, m.Has|has
		if change != nil {
			change(&m)
		}
		return m
	}
	const times = "2026/05/28,20:26:40.123,2026/05/28,20:26:41.123"
	tests := map[string]struct {
		line string
		want sbs.Message
	}{
		"an identification": {"MSG,1,1,1,899001,1," + times + ",KRS1 ,,,,,,,,,,,\r\n", with(1, sbs.HasCallsign, func(m *sbs.Message) {
			m.Callsign = [8]byte([]byte("KRS1    "))
		})},
		"an airborne position": {"MSG,3,1,1,899001,1," + times + ",,33000,,,25.5,-122.25,,,0,-1,0,0", with(3,
			sbs.HasAltitude|sbs.HasPosition|sbs.HasAlert|sbs.HasEmergency|sbs.HasIdent|sbs.HasGround, func(m *sbs.Message) {
				m.Altitude, m.Position, m.Emergency = 33000, geo.Point{LatDeg: 25.5, LonDeg: -122.25}, true
			})},
		"a velocity": {"MSG,4,1,1,899001,1," + times + ",,,418.5,360,,,-64,,,,,", with(4, sbs.HasSpeed|sbs.HasTrack|sbs.HasVerticalRate, func(m *sbs.Message) {
			m.GroundSpeed, m.VerticalRateFPM = 418.5, -64
		})},
		"a squawk without its zeros": {"MSG,6,1,1,899001,1," + times + ",,,,,,,,21,1,0,0,1", with(6,
			sbs.HasSquawk|sbs.HasAlert|sbs.HasEmergency|sbs.HasIdent|sbs.HasGround, func(m *sbs.Message) {
				m.Squawk, m.Alert, m.OnGround = 0o21, true, true
			})},
		"a short line": {"MSG,8,1,1,899001,1," + times, with(8, 0, nil)},
		"no times":     {"MSG,8,,,~899001,,,,,,,,,,,,,,,,,", sbs.Message{Type: 8, ICAO: 0x899001, NonICAO: true}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got sbs.Message
			if err := sbs.Parse([]byte(tc.line), &got); err != nil {
				t.Fatalf("Parse(%q): %v", tc.line, err)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", tc.line, d)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	const head, times = "MSG,3,1,1,899001,1,", "2026/05/28,20:26:40.123,2026/05/28,20:26:41.123"
	tests := map[string]struct {
		line   string
		field  int
		reason sbs.Reason
	}{
		"a long line":            {"MSG" + strings.Repeat(",", sbs.MaxLine), 0, sbs.ReasonTooLong},
		"another text":           {"hello", 1, sbs.ReasonStart},
		"too few fields":         {"MSG,3,1,1,899001", 5, sbs.ReasonFields},
		"a type of nine":         {"MSG,9,1,1,899001,1," + times, 2, sbs.ReasonType},
		"an address of five":     {"MSG,3,1,1,89900,1," + times, 5, sbs.ReasonAddress},
		"an address of no digit": {"MSG,3,1,1,89900G,1," + times, 5, sbs.ReasonAddress},
		"the address zero":       {"MSG,3,1,1,000000,1," + times, 5, sbs.ReasonAddress},
		"a month of thirteen":    {head + "2026/13/28,20:26:40.123,,", 7, sbs.ReasonTime},
		"the 31st of April":      {head + ",,2026/04/31,20:26:40.123", 9, sbs.ReasonTime},
		"a date alone":           {head + "2026/05/28,,,", 7, sbs.ReasonTime},
		"a callsign of nine":     {head + times + ",ABCDEFGHI", 11, sbs.ReasonCharacter},
		"a callsign with a dot":  {head + times + ",AB.D", 11, sbs.ReasonCharacter},
		"an altitude of letters": {head + times + ",,high", 12, sbs.ReasonNumber},
		"a speed below zero":     {head + times + ",,,-1", 13, sbs.ReasonNumber},
		"a track of 361":         {head + times + ",,,,361", 14, sbs.ReasonNumber},
		"a latitude of 91":       {head + times + ",,,,,91,1", 15, sbs.ReasonNumber},
		"a longitude of digits":  {head + times + ",,,,,1,1234567890123456", 16, sbs.ReasonNumber},
		"a latitude alone":       {head + times + ",,,,,1,", 15, sbs.ReasonPosition},
		"zero and zero":          {head + times + ",,,,,0,0.0", 15, sbs.ReasonPosition},
		"a squawk with an eight": {head + times + ",,,,,,,,0800", 18, sbs.ReasonSquawk},
		"a flag of two":          {head + times + ",,,,,,,,,0,0,2,0", 21, sbs.ReasonFlag},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var m sbs.Message
			var got *sbs.Error
			if err := sbs.Parse([]byte(tc.line), &m); !errors.As(err, &got) || got.Field != tc.field || got.Reason != tc.reason {
				t.Errorf("Parse(%q) = %v, want field %d: %s", tc.line, err, tc.field, tc.reason)
			}
		})
	}
	var m sbs.Message
	for _, line := range []string{"", " \r\n", "AIR,,1,1,899001,1,2026/05/28,20:26:40.123,,"} {
		if err := sbs.Parse([]byte(line), &m); !errors.Is(err, sbs.ErrOther) {
			t.Errorf("Parse(%q) = %v, want %v", line, err, sbs.ErrOther)
		}
	}
}

func TestAppendThenParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := sbs.Message{
			Type: rapid.Uint8Range(1, 8).Draw(t, "type"), Has: sbs.Has(rapid.Uint16Range(0, 1<<13-1).Draw(t, "has")),
			ICAO: modes.ICAO(rapid.Uint32Range(1, 0xFFFFFE).Draw(t, "icao")), NonICAO: rapid.Bool().Draw(t, "anonymous"),
		}
		is := want.Known
		at := func(name string) time.Time {
			return time.UnixMilli(rapid.Int64Range(0, 4_000_000_000_000).Draw(t, name)).UTC()
		}
		if is(sbs.HasGenerated) {
			want.Generated = at("generated")
		}
		if is(sbs.HasLogged) {
			want.Logged = at("logged")
		}
		if is(sbs.HasCallsign) {
			copy(want.Callsign[:], rapid.StringMatching(`[A-Z0-9]{1,8}`).Draw(t, "callsign")+"        ")
		}
		if is(sbs.HasAltitude) {
			want.Altitude = geo.Feet(rapid.IntRange(-2000, 60000).Draw(t, "altitude"))
		}
		if is(sbs.HasSpeed) {
			want.GroundSpeed = geo.Knots(float64(rapid.IntRange(0, 9000).Draw(t, "speed")) / 10)
		}
		if is(sbs.HasTrack) {
			want.Track = geo.Degrees(float64(rapid.IntRange(0, 3599).Draw(t, "track")) / 10)
		}
		if is(sbs.HasPosition) {
			want.Position.LatDeg = float64(rapid.IntRange(-90_000_000, 90_000_000).Draw(t, "lat")) / 1e6
			want.Position.LonDeg = float64(rapid.IntRange(1, 180_000_000).Draw(t, "lon")) / 1e6
		}
		if is(sbs.HasVerticalRate) {
			want.VerticalRateFPM = rapid.IntRange(-30000, 30000).Draw(t, "rate")
		}
		if is(sbs.HasSquawk) {
			want.Squawk = modes.Squawk(rapid.IntRange(0, 0o7777).Draw(t, "squawk"))
		}
		want.Alert = is(sbs.HasAlert) && rapid.Bool().Draw(t, "alert")
		want.Emergency = is(sbs.HasEmergency) && rapid.Bool().Draw(t, "emergency")
		want.Ident = is(sbs.HasIdent) && rapid.Bool().Draw(t, "ident")
		want.OnGround = is(sbs.HasGround) && rapid.Bool().Draw(t, "ground")
		line := sbs.Append(nil, &want)
		var got sbs.Message
		if err := sbs.Parse(line, &got); err != nil {
			t.Fatalf("Parse(%q): %v", line, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", line, d)
		}
	})
}

func TestNoAllocation(t *testing.T) {
	line := []byte("MSG,3,1,1,899001,1,2026/05/28,20:26:40.123,2026/05/28,20:26:41.123,KRS1,33000,418.5,90,25.5,122.25,-64,1200,0,0,0,0")
	var m sbs.Message
	if n := testing.AllocsPerRun(100, func() { _ = sbs.Parse(line, &m) }); n > 0 {
		t.Errorf("%v allocations a line", n)
	}
}

// TestCorpus reads the lines that another decoder made of the minute of ulss7,
// and holds them against what the aircraft are agreed to have said.
func TestCorpus(t *testing.T) {
	dir := filepath.Join(corpustest.Dir(t), "modes")
	var want map[string]struct {
		Callsigns []string   `json:"cs"`
		Squawks   []string   `json:"sq"`
		Alt       [2]float64 `json:"alt"`
	}
	if err := json.Unmarshal(unzip(t, filepath.Join(dir, "expected", "aircraft-ulss7.json.gz")), &want); err != nil {
		t.Fatal(err)
	}
	lines, known, positions := 0, map[string]bool{}, 0
	for line := range bytes.Lines(unzip(t, filepath.Join(dir, "ulss7.sbs.gz"))) {
		var m sbs.Message
		err := sbs.Parse(line, &m)
		if errors.Is(err, sbs.ErrOther) {
			continue
		}
		if err != nil {
			if bytes.HasPrefix(line, []byte("MSG")) { // not the producer's last words
				t.Errorf("%s: %v", line, err)
			}
			continue
		}
		lines++
		w, agreed := want[m.ICAO.String()]
		if !agreed {
			continue
		}
		known[m.ICAO.String()] = true
		if s := m.CallsignText(); s != "" && !strings.Contains(strings.Join(w.Callsigns, ","), s) {
			t.Errorf("%s: callsign, want one of %v", line, w.Callsigns)
		}
		if m.Known(sbs.HasSquawk) && len(w.Squawks) > 0 && w.Squawks[0] != m.Squawk.String() {
			t.Errorf("%s: squawk, want one of %v", line, w.Squawks)
		}
		if m.Known(sbs.HasAltitude) && (float64(m.Altitude) < w.Alt[0] || float64(m.Altitude) > w.Alt[1]) {
			t.Errorf("%s: altitude, want %v", line, w.Alt)
		}
		if m.Known(sbs.HasPosition) {
			positions++
		}
	}
	if lines < 8000 || len(known) != len(want) || positions < 200 {
		t.Errorf("%d lines of %d agreed aircraft of %d, %d positions", lines, len(known), len(want), positions)
	}
	t.Logf("%d lines, %d aircraft, %d positions", lines, len(known), positions)
	corpustest.Check(t)
}

func unzip(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("MSG,3,1,1,899001,1,2026/05/28,20:26:40.123,2026/05/28,20:26:41.123,KRS1,33000,418.5,90,25.5,122.25,-64,1200,0,0,0,0"))
	f.Add([]byte("MSG,8,,,~899001,,,,,,,,,,,,,,,,,"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var m, again sbs.Message
		if sbs.Parse(b, &m) != nil {
			return
		}
		if m.Known(sbs.HasPosition) && !m.Position.Valid() || m.Squawk > 0o7777 || m.Track >= 360 {
			t.Errorf("%+v", m)
		}
		line := sbs.Append(nil, &m)
		if err := sbs.Parse(line, &again); err != nil && !errors.Is(err, sbs.ErrOther) {
			var e *sbs.Error
			if errors.As(err, &e) && e.Reason == sbs.ReasonPosition {
				return // less than a millionth of a degree from zero
			}
			t.Errorf("Parse(%q): %v", line, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	line := []byte("MSG,3,1,1,899001,1,2026/05/28,20:26:40.123,2026/05/28,20:26:41.123,,33000,,,25.5,122.25,,,0,0,0,0\r\n")
	var m sbs.Message
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if err := sbs.Parse(line, &m); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "lines/s")
}
