// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package readsb_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/modes/readsb"
)

const airborne = `{"hex":"899001","type":"adsb_icao","flight":"KRS1    ","alt_baro":33000,"alt_geom":33425,"gs":418.5,"track":360,` +
	`"baro_rate":-64,"squawk":"7700","emergency":"general","category":"A3","lat":25.5,"lon":122.25,"nic":8,"rc":186,"seen_pos":1.5,` +
	`"version":2,"nac_p":9,"nac_v":1,"sil":3,"mlat":[],"tisb":[],"seen":0.5,"rssi":-20.1,"new_field":{"a":[1]}}`

func text(s string) (t readsb.Text) {
	copy(t[:], s)
	return t
}

var heard = time.UnixMilli(1_780_000_000_000).UTC()

func TestParse(t *testing.T) {
	now := heard.Add(500 * time.Millisecond)
	tests := map[string]struct {
		in   string
		want readsb.Aircraft
	}{
		"an airborne one": {airborne, readsb.Aircraft{
			ICAO: 0x899001, Type: text("adsb_icao"), Source: modes.SourceADSB,
			Has: readsb.HasCallsign | readsb.HasAltBaro | readsb.HasGround | readsb.HasAltGeom | readsb.HasSpeed | readsb.HasTrack | readsb.HasBaroRate |
				readsb.HasSquawk | readsb.HasEmergency | readsb.HasCategory | readsb.HasPosition | readsb.HasNIC | readsb.HasRadius | readsb.HasNACp |
				readsb.HasNACv | readsb.HasSIL | readsb.HasVersion | readsb.HasRSSI,
			Heard: heard, PositionAt: heard.Add(-time.Second), Callsign: text("KRS1"), AltBaro: 33000, AltGeom: 33425, GroundSpeed: 418.5,
			BaroRate: -64, Squawk: 0o7700, Emergency: text("general"), Category: text("A3"), Position: geo.Point{LatDeg: 25.5, LonDeg: 122.25},
			NIC: 8, NACp: 9, NACv: 1, SIL: 3, Version: 2, ContainmentRadius: 186, RSSI: -20.1,
		}},
		"one on the ground that a ground station reports": {
			`{"hex":"~899001","type":"tisb_other","alt_baro":"ground","seen":0.5,"tisb":["altitude","lat"],"rc":0,"emergency":"none","squawk":"d276"}`,
			readsb.Aircraft{ICAO: 0x899001, NonICAO: true, Type: text("tisb_other"), Source: modes.SourceTISB, Has: readsb.HasGround, TISB: readsb.HasGround, OnGround: true, Heard: heard},
		},
		"members told twice, the last of which counts, and a text with a zero octet": {
			`{"hex":"899002","\u0068ex":"899001","gs":5,"gs":null,"squawk":"7700","squawk":null,"mlat":["lat"],"mlat":null,"seen":9,"seen":0.5,` +
				`"flight":"KRS\u0000","category":"\u00413","GS":7}`,
			readsb.Aircraft{ICAO: 0x899001, Has: readsb.HasCategory, Category: text("A3"), Heard: heard},
		},
		"texts longer than they may be": {
			`{"hex":"899001","type":"adsb_icao_of_long_name","flight":"` + strings.Repeat("K", 17) + `","seen":0.5}`,
			readsb.Aircraft{ICAO: 0x899001, Source: modes.SourceADSB, Heard: heard},
		},
		"one placed by multilateration": {
			`{"hex":"899001","type":"mode_s","lat":25.5,"lon":122.25,"seen":0.5,"seen_pos":60.5,"mlat":["lat","lon","nic"]}`,
			readsb.Aircraft{ICAO: 0x899001, Type: text("mode_s"), Has: readsb.HasPosition, MLAT: readsb.HasPosition, Heard: heard, PositionAt: heard.Add(-time.Minute), Position: geo.Point{LatDeg: 25.5, LonDeg: 122.25}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			n := 0
			err := readsb.Parse(fmt.Appendf(nil, `{"aircraft":[%s],"now":%.3f}`, tc.in, float64(now.UnixMilli())/1000), func(_ int, a *readsb.Aircraft, err error) {
				n++
				want := tc.want
				want.Now = now
				if d := cmp.Diff(want, *a); d != "" || err != nil {
					t.Errorf("Parse: %v (-want +got):\n%s", err, d)
				}
			})
			var a readsb.Aircraft
			if lineErr := readsb.ParseLine([]byte(tc.in), now, &a); err != nil || lineErr != nil || n != 1 || !cmp.Equal(a, tc.want) {
				t.Errorf("Parse: %v, %d aircraft; ParseLine: %v, %+v", err, n, lineErr, a)
			}
			if want := map[bool]modes.Source{true: modes.SourceMLAT, false: tc.want.Source}[tc.want.MLAT != 0]; a.PositionSource() != want {
				t.Errorf("PositionSource = %v, want %v", a.PositionSource(), want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		in   string
		want error
	}{
		"no JSON":                {"hello", readsb.ErrSyntax},
		"another document":       {`{"now":1780000000}`, readsb.ErrSyntax},
		"a document of no time":  {`{"aircraft":[]}`, readsb.ErrTime},
		"a time before all":      {`{"now":-5,"aircraft":[]}`, readsb.ErrTime},
		"a document too long":    {strings.Repeat(" ", readsb.MaxDocument+1), readsb.ErrTooLong},
		"aircraft of no list":    {`{"now":1,"aircraft":{}}`, readsb.ErrSyntax},
		"an aircraft too long":   {`{"now":1,"aircraft":[{"hex":"899001","x":"` + strings.Repeat("x", readsb.MaxAircraft) + `"}]}`, readsb.ErrTooLong},
		"an aircraft that is 7":  {`{"now":1,"aircraft":[7]}`, readsb.ErrSyntax},
		"no address":             {`{"now":1,"aircraft":[{}]}`, readsb.ErrAddress},
		"a long address":         {`{"now":1,"aircraft":[{"hex":"8990011"}]}`, readsb.ErrAddress},
		"the address of all":     {`{"now":1,"aircraft":[{"hex":"ffffff"}]}`, readsb.ErrAddress},
		"an age below zero":      {`{"now":1,"aircraft":[{"hex":"899001","seen":-1}]}`, readsb.ErrValue},
		"a position's age":       {`{"now":1,"aircraft":[{"hex":"899001","lat":1,"lon":1,"seen_pos":1e12}]}`, readsb.ErrValue},
		"a position of no age":   {`{"now":1,"aircraft":[{"hex":"899001","lat":1,"lon":1}]}`, readsb.ErrValue},
		"a latitude alone":       {`{"now":1,"aircraft":[{"hex":"899001","lat":1}]}`, readsb.ErrValue},
		"a latitude of 91":       {`{"now":1,"aircraft":[{"hex":"899001","lat":91,"lon":1}]}`, readsb.ErrValue},
		"zero and zero":          {`{"now":1,"aircraft":[{"hex":"899001","lat":0,"lon":0}]}`, readsb.ErrValue},
		"a height of text":       {`{"now":1,"aircraft":[{"hex":"899001","alt_baro":"high"}]}`, readsb.ErrValue},
		"a speed of 1e9":         {`{"now":1,"aircraft":[{"hex":"899001","gs":1e9}]}`, readsb.ErrValue},
		"an accuracy of 12":      {`{"now":1,"aircraft":[{"hex":"899001","nac_p":12}]}`, readsb.ErrValue},
		"a callsign of a number": {`{"now":1,"aircraft":[{"hex":"899001","flight":5}]}`, readsb.ErrSyntax},
	} {
		t.Run(name, func(t *testing.T) {
			err := readsb.Parse([]byte(tc.in), func(_ int, _ *readsb.Aircraft, bad error) {
				if !errors.Is(bad, tc.want) || !errors.Is(bad, readsb.ErrRefused) {
					t.Errorf("aircraft: %v, want %v", bad, tc.want)
				}
			})
			if !strings.Contains(tc.in, "hex") && !strings.Contains(tc.in, "[7]") && !strings.Contains(tc.in, "[{}]") && !errors.Is(err, tc.want) {
				t.Errorf("Parse: %v, want %v", err, tc.want)
			}
		})
	}
	var a readsb.Aircraft
	if err := readsb.ParseLine([]byte(airborne), time.Time{}, &a); !errors.Is(err, readsb.ErrTime) {
		t.Errorf("a line without a time: %v, want %v", err, readsb.ErrTime)
	}
}

// TestCorpus reads recorded documents: all of their aircraft, and of each what a
// plain reading of the JSON gives.
func TestCorpus(t *testing.T) {
	dir := filepath.Join(corpustest.Dir(t), "json")
	total, positions := 0, 0
	for i := 1; i <= 5; i++ {
		b, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("aircraft_%d.json", i)))
		if err != nil {
			t.Fatal(err)
		}
		var plain struct {
			Now      float64
			Aircraft []map[string]any
		}
		if err := json.Unmarshal(b, &plain); err != nil {
			t.Fatal(err)
		}
		n := 0
		err = readsb.Parse(b, func(i int, a *readsb.Aircraft, err error) {
			n++
			w := plain.Aircraft[i]
			if err != nil {
				t.Errorf("%v: %v", w, err)
				return
			}
			if got := map[bool]string{true: "~"}[a.NonICAO] + a.ICAO.String(); got != w["hex"] {
				t.Errorf("address %s, want %v", got, w["hex"])
			}
			if lat, ok := w["lat"]; ok != a.Known(readsb.HasPosition) || ok && (a.Position.LatDeg != lat || a.Position.LonDeg != w["lon"]) {
				t.Errorf("position %v, want %v, %v", a.Position, lat, w["lon"])
			}
			if age, ok := w["seen_pos"].(float64); ok {
				positions++
				if d := plain.Now - age - float64(a.PositionAt.UnixMilli())/1000; d > 0.001 || d < -0.001 {
					t.Errorf("position at %v, %v s before %v", a.PositionAt, age, plain.Now)
				}
			}
			if alt, ok := w["alt_baro"].(float64); ok != a.Known(readsb.HasAltBaro) || ok && float64(a.AltBaro) != alt {
				t.Errorf("altitude %v, want %v", a.AltBaro, w["alt_baro"])
			}
			if s, ok := w["squawk"]; ok != a.Known(readsb.HasSquawk) || ok && a.Squawk.String() != s {
				t.Errorf("squawk %v, want %v", a.Squawk, s)
			}
		})
		if err != nil || n != len(plain.Aircraft) {
			t.Errorf("document %d: %v, %d aircraft of %d", i, err, n, len(plain.Aircraft))
		}
		total += n
	}
	for i := 1; i <= 3; i++ {
		b, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("json_%d.json", i)))
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(b) {
			line = bytes.Trim(line, ", \r\n")
			if len(line) < 2 || line[0] != '{' {
				continue
			}
			var a readsb.Aircraft
			if err := readsb.ParseLine(line, heard, &a); err != nil {
				t.Errorf("%s: %v", line, err)
			}
			total++
		}
	}
	if total < 400 || positions < 370 {
		t.Errorf("%d aircraft, %d positions", total, positions)
	}
	t.Logf("%d aircraft, %d positions", total, positions)
	corpustest.Check(t)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"now":1780000000.5,"aircraft":[` + airborne + `,{"hex":"~899001","alt_baro":"ground"}]}`))
	f.Add([]byte(`{"now":1,"aircraft":[{"hex":"899001","mlat":["lat"],"lat":1,"lon":2,"seen":1e300}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		_ = readsb.Parse(b, func(_ int, a *readsb.Aircraft, err error) {
			n++
			if err == nil && a.Known(readsb.HasPosition) && !a.Position.Valid() || (a.MLAT|a.TISB)&^a.Has != 0 || a.Track < 0 || a.Track >= 360 {
				t.Errorf("%+v", a)
			}
		})
		if n > len(b) {
			t.Errorf("%d aircraft of %d octets", n, len(b))
		}
	})
}

// TestMemory holds that many empty parts take no memory of many times their
// size, and no more time than the limit of parts.
func TestMemory(t *testing.T) {
	in := []byte(`{"now":1,"aircraft":[` + strings.Repeat("0,", 1<<19) + `0]}`)
	var before, held runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 0
	err := readsb.Parse(in, func(int, *readsb.Aircraft, error) {
		if n++; n == 1 {
			runtime.ReadMemStats(&held)
		}
	})
	if grown := held.TotalAlloc - before.TotalAlloc; !errors.Is(err, readsb.ErrTooLong) || n == 0 || grown > 4*uint64(len(in)) {
		t.Errorf("%d octets allocated at the first of %d parts of %d octets: %v", grown, n, len(in), err)
	}
}

// TestCut cuts a document into lines that tell the same.
func TestCut(t *testing.T) {
	document := []byte(`{"aircraft" : [ ` + airborne + `,` + "\n" + `{"hex":"~899002","now":5,"seen":1} ], "now":1780000000.5}`)
	var want, got []readsb.Aircraft
	if err := readsb.Parse(document, func(_ int, a *readsb.Aircraft, err error) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, *a)
	}); err != nil {
		t.Fatal(err)
	}
	all, err := new(readsb.Cutter).Cut(document, func(at int, line []byte) bool {
		var a readsb.Aircraft
		if err := readsb.ParseLine(line, time.Time{}, &a); err != nil || !bytes.HasSuffix(line, document[at+1:at+20]) && document[at] != '{' {
			t.Errorf("line %s at %d: %v", line, at, err)
		}
		got = append(got, a)
		return true
	})
	want[1].Now, want[1].Heard = time.Unix(5, 0).UTC(), time.Unix(4, 0).UTC() // an aircraft's own time goes before
	if d := cmp.Diff(want, got); d != "" || err != nil || !all {
		t.Errorf("Cut: %v, %v (-want +got):\n%s", all, err, d)
	}
	n := 0
	if all, err := new(readsb.Cutter).Cut(document, func(int, []byte) bool { n++; return false }); all || err != nil || n != 1 {
		t.Errorf("who has enough is called %d times: %v, %v", n, all, err)
	}
}

// TestCutHoldsNoLongLine wants the memory of a document's line back where that
// was longer than an aircraft can be. (internal/feed holds that others cost no
// allocation.)
func TestCutHoldsNoLongLine(t *testing.T) {
	long := []byte(`{"now":1780000000.5,"aircraft":[{"x":"` + strings.Repeat("x", 8<<20) + `"}]}`)
	var c readsb.Cutter
	held := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := held()
	if all, err := c.Cut(long, func(_ int, line []byte) bool { return len(line) > 8<<20 }); !all || err != nil {
		t.Fatal(all, err)
	}
	if after := held(); after > before+4<<20 {
		t.Errorf("%d octets held after a long aircraft", after-before)
	}
	runtime.KeepAlive(&c)
	runtime.KeepAlive(long)
}

func TestCutRefuses(t *testing.T) {
	for text, want := range map[string]error{
		`{"aircraft":[]}`: readsb.ErrTime, `{"now":1}`: readsb.ErrSyntax, `[]`: readsb.ErrSyntax, `{"now":1,"aircraft":{}}`: readsb.ErrSyntax,
		`{"now":1,"aircraft":[7]}`: readsb.ErrSyntax, `{"now":1,"aircraft":[{}]}`: readsb.ErrSyntax,
		`{"now":1.` + strings.Repeat("0", 99) + `,"aircraft":[{"hex":"899001"}]}`: readsb.ErrTime, `{"now":1,"aircraft":[` + strings.Repeat(" ", readsb.MaxDocument): readsb.ErrTooLong,
	} {
		if _, err := new(readsb.Cutter).Cut([]byte(text), func(int, []byte) bool { return true }); !errors.Is(err, want) {
			t.Errorf("Cut(%.40s) = %v, want %v", text, err, want)
		}
	}
	for text, want := range map[string]bool{`{"now":1780000000.5}`: true, `{"now":-1}`: false, `{}`: false, `x`: false} {
		if at, ok := readsb.Now([]byte(text)); ok != want || ok && at.UnixMilli() != 1_780_000_000_500 {
			t.Errorf("Now(%s) = %v, %v", text, at, ok)
		}
	}
}

// FuzzCut reads each line that is cut as one aircraft of the document's time, or
// refuses it: none holds more than that.
func FuzzCut(f *testing.F) {
	f.Add([]byte(`{"now":1780000000.5,"aircraft":[` + airborne + `,{"hex":"899002"}]}`))
	f.Add([]byte(`{"aircraft":[{"now":5}],"now":7,"aircraft":[{}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		n := 0
		_, _ = new(readsb.Cutter).Cut(document, func(at int, line []byte) bool {
			n++
			if at < 0 || at >= len(document) || document[at] != '{' || !json.Valid(line) {
				t.Errorf("line %q at %d", line, at)
			}
			return true
		})
		if n > len(document)/3 {
			t.Errorf("%d lines of %d octets", n, len(document))
		}
	})
}
