// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package dump_test

import (
	"bytes"
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/internal/dump"
)

func sentences(t testing.TB, h nmea.Header, m ais.Message) []byte {
	t.Helper()
	payload, fill, err := ais.Encode(nil, &m)
	if err != nil {
		t.Fatal(err)
	}
	return nmea.Format(nil, h, payload, fill)
}

func text(t testing.TB, s string) ais.Text {
	t.Helper()
	v, err := ais.NewText(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// vessel is a report with a place, and a voyage.
func vessel(t testing.TB) (report, voyage ais.Message) {
	t.Helper()
	report = ais.Message{
		Type: 1, MMSI: 416_000_001, Has: ais.HasPosition | ais.HasSOG | ais.HasCOG | ais.HasROT | ais.HasSecond,
		Position: geo.Point{LatDeg: 25.5, LonDeg: 122.25}, SOG: 12.3, COG: 45.6, ROT: -6, Second: 7, Accuracy: true,
	}
	voyage = ais.Message{
		Type: 5, MMSI: 416_000_001, Has: ais.HasName | ais.HasDestination | ais.HasDraught | ais.HasDimensions | ais.HasETADate,
		Name: text(t, "HAI LUNG"), Destination: text(t, "NAHA"), Draught: 4.5,
		Dimensions: ais.Dimensions{Bow: 80, Stern: 20, Port: 8, Starboard: 9}, ETA: ais.ETA{Month: 3, Day: 4},
	}
	return report, voyage
}

func TestNMEA(t *testing.T) {
	report, voyage := vessel(t)
	at := time.UnixMilli(1_780_000_000_000).UTC()
	tagged := nmea.Header{Channel: 'A', Seq: 3, Tag: nmea.Tag{HasTime: true, Time: at, Source: []byte("rST1"), Group: nmea.Group{ID: 7}}}
	safety, fill, err := ais.EncodeExtra(nil, &ais.Message{Type: 14, MMSI: 970_000_001}, &ais.Extra{Text: []byte("SART TEST")})
	if err != nil {
		t.Fatal(err)
	}
	const reportTail = `"channel":"B","lat":25.500000,"lon":122.250000,"sog":12.3,"cog":45.6,"hdg":511,"sec":7,"acc":1,"raim":0,"status":15,"turn":-1.6,"rot":-6}` + "\n"
	for name, tt := range map[string]struct {
		file string
		want string
	}{
		"a report": {
			string(sentences(t, nmea.Header{Channel: 'B'}, report)),
			`{"i":0,"type":1,"mmsi":416000001,"talker":"AI",` + reportTail,
		},
		"a logger's time": {
			"[2026-05-28 20:26:40] " + string(sentences(t, nmea.Header{Channel: 'B'}, report)),
			`{"i":0,"t":1780000000000,"type":1,"mmsi":416000001,"talker":"AI",` + reportTail,
		},
		"AIS-catcher's JSON": {
			`{"rxuxtime":1780000000,"nmea":["` + strings.TrimSpace(string(sentences(t, nmea.Header{Channel: 'B'}, report))) + `"]}` + "\n{}\n",
			`{"i":0,"t":1780000000000,"type":1,"mmsi":416000001,"talker":"AI",` + reportTail +
				`{"i":1,"off":83,"error":"AIS-catcher JSON refused: no sentences in it"}` + "\n",
		},
		"two parts with tag blocks, and a position of an own instrument between": {
			strings.Replace(string(sentences(t, tagged, voyage)), "\r\n", "\r\n$GPRMC,,V*00\r\n", 1),
			`{"i":0,"t":1780000000000,"s":"rST1","type":5,"mmsi":416000001,"talker":"AI","channel":"A","name":"HAI LUNG","callsign":"","imo":0,"shiptype":0,` +
				`"dest":"NAHA","draught":4.5,"bow":80,"stern":20,"port":8,"starboard":9,"eta_date":"03-04"}` + "\n",
		},
		"a safety text": {
			string(nmea.Format(nil, nmea.Header{}, safety, fill)),
			`{"i":0,"type":14,"mmsi":970000001,"talker":"AI","text":"SART TEST"}` + "\n",
		},
		"what is refused, in its place": {
			"!AIVDM,1,1,,A,15M,0*00\r\n" + string(nmea.Format(nil, nmea.Header{}, []byte("15M67F@"), 0)) + string(nmea.Format(nil, nmea.Header{}, safety, fill)),
			`{"i":0,"off":0,"error":"wrong checksum"}` + "\n" + `{"i":0,"type":1,"mmsi":366053209,"error":"message too short"}` + "\n" +
				`{"i":1,"type":14,"mmsi":970000001,"talker":"AI","text":"SART TEST"}` + "\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, dumped(t, "nmea", dump.Options{}, nil, []byte(tt.file))); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNMEAStats(t *testing.T) {
	report, voyage := vessel(t)
	d, err := dump.New("nmea", dump.Options{})
	if err != nil {
		t.Fatal(err)
	}
	file := append(sentences(t, nmea.Header{}, report), sentences(t, nmea.Header{}, voyage)...)
	file = append(file, "$GPRMC,,V*00\r\n!AIVDM,1,1,,A,15M,0*00\r\n"...)
	if err := d.Decode(bytes.NewReader(file), dump.NewOut(nil, dump.Selection{})); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(d.Stats())
	want := `{"sentences":5,"messages":2,"senders":1,"types":{"1":1,"5":1},"errors":{"wrong checksum":1},"other_sentences":1,"incomplete":0}`
	if err != nil || string(b) != want {
		t.Errorf("Stats = %s, %v, want %s", b, err, want)
	}
}

// TestCorpusNMEA holds the lines against the consensus: each value of each
// message, in its place.
func TestCorpusNMEA(t *testing.T) {
	for name, file := range map[string]string{
		"zenju_japan": "zenju_japan.log", "aislib_stream": "", "goais": "", "gpsd_sample": "", "libais_tagblock": "", "libais_types": "",
		"noaadata2006": "", "risky_amsa": "", "risky_exactearth": "", "risky_exactearth2": "", "risky_exactearth3": "",
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(corpustest.Dir(t), "ais")
			if file == "" {
				file = name + ".nmea"
			}
			got := dumped(t, "nmea", dump.Options{}, nil, unpack(t, filepath.Join(dir, file+".gz")))
			var lines []map[string]any
			for l := range strings.Lines(got) {
				var m map[string]any
				if err := json.Unmarshal([]byte(l), &m); err != nil {
					t.Fatal(err)
				}
				if m["off"] == nil { // of a message, not of a sentence
					lines = append(lines, m)
				}
			}
			i, fields, apart := 0, 0, 0
			for b := range bytes.Lines(unpack(t, filepath.Join(dir, "expected", "ais_consensus-"+name+".jsonl.gz"))) {
				var w map[string]any
				if err := json.Unmarshal(b, &w); err != nil || i >= len(lines) {
					t.Fatalf("message %d of %d: %v", i, len(lines), err)
				}
				for k, v := range w {
					// A plain file of sentences has no time.
					if v == nil || k == "t" && (lines[i]["t"] == nil && name != "zenju_japan") {
						continue
					}
					fields++
					if !sameValue(k, lines[i][k], v) {
						if apart++; apart < 20 && !readOn(k, w) {
							t.Logf("message %d: %s = %v, want %v", i, k, lines[i][k], v)
						}
					}
				}
				i++
			}
			// Texts that others read on after '@', two messages of type 24 with a part
			// that there is not.
			if i != len(lines) || apart > 11 {
				t.Errorf("%d messages, want %d; %d of %d values differ", len(lines), i, apart, fields)
			}
			t.Logf("%d messages, %d of %d values equal", i, fields-apart, fields)
			corpustest.Check(t)
		})
	}
}

// readOn is true of fields that are texts.
func readOn(k string, w map[string]any) bool {
	_, isText := w[k].(string)
	return isText
}

// sameValue compares numbers to a millionth, and rates of turn, which others
// round to whole degrees, to a half.
func sameValue(k string, got, want any) bool {
	a, ok1 := got.(float64)
	b, ok2 := want.(float64)
	if !ok1 || !ok2 {
		return got == want
	}
	if k == "turn" {
		return math.Abs(a-b) <= 0.55
	}
	return math.Abs(a-b) <= 1e-6
}

func FuzzNMEA(f *testing.F) {
	report, voyage := vessel(f)
	f.Add(append(sentences(f, nmea.Header{}, voyage), sentences(f, nmea.Header{Tag: nmea.Tag{Source: []byte("x")}}, report)...))
	f.Add([]byte("[2026-05-28 20:26:40] !AIVDM,1,1,,A,15M,0*00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := dump.New("nmea", dump.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := d.Decode(bytes.NewReader(b), dump.NewOut(&out, dump.Selection{})); err != nil {
			t.Fatal(err)
		}
		for l := range bytes.Lines(out.Bytes()) {
			if !json.Valid(l) {
				t.Fatalf("line %s", l)
			}
		}
	})
}
