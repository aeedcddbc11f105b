// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package catcher_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/ais/catcher"
)

const sentence = "!AIVDM,1,1,,B,16K2N?P001awhp`DHtka1`Nt08Av,0*03"

var at = time.UnixMilli(1_780_000_000_250).UTC()

func TestParse(t *testing.T) {
	one := catcher.Report{Sentences: [][]byte{[]byte(sentence)}}
	with := func(change func(*catcher.Report)) catcher.Report {
		r := one
		change(&r)
		return r
	}
	tests := map[string]struct {
		in   string
		want []catcher.Report
	}{
		"a bare message": {`{"nmea":["` + sentence + `"]}`, []catcher.Report{one}},
		"a full message": {
			`{"class":"AIS","device":"AIS-catcher","rxtime":"20260528202640","rxuxtime":1780000000,"toa":1780000000.25,"scaled":true,"channel":"B","nmea":["` +
				sentence + `"],"signalpower":-31.5,"ppm":0.3,"station_id":7,"type":1,"repeat":0,"mmsi":431004000,"lat":35.6}`,
			[]catcher.Report{with(func(r *catcher.Report) {
				r.Received, r.HasReceived, r.Station, r.Channel, r.LevelDB, r.HasLevel = at, true, []byte("7"), 'B', -31.5, true
			})},
		},
		"the older time": {`{"rxuxtime":1780000000,"nmea":["` + sentence + `"]}`, []catcher.Report{with(func(r *catcher.Report) {
			r.Received, r.HasReceived = at.Truncate(time.Second), true
		})}},
		"the oldest time": {`{"rxtime":"20260528202640","nmea":["` + sentence + `"],"signalpower":null}`, []catcher.Report{with(func(r *catcher.Report) {
			r.Received, r.HasReceived = at.Truncate(time.Second), true
		})}},
		"a post": {
			`{"protocol":"jsonaiscatcher","stationid":"naha","msgs":[{"nmea":["` + sentence + `"]},{"station":"own","nmea":["` + sentence + `","` + sentence + `"]}]}`,
			[]catcher.Report{
				with(func(r *catcher.Report) { r.Station = []byte("naha") }),
				{Station: []byte("own"), Sentences: [][]byte{[]byte(sentence), []byte(sentence)}},
			},
		},
		"stations with names that are too long": {
			`{"station":"` + strings.Repeat("x", 65) + `","station_id":"` + strings.Repeat("y", 65) + `","nmea":["` + sentence + `"]}`, []catcher.Report{one},
		},
		"a post of none": {`{"msgs":[]}`, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []catcher.Report
			var r catcher.Report
			err := catcher.Parse([]byte(tc.in), &r, func(err error) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, r)
				got[len(got)-1].Sentences = slices.Clone(r.Sentences)
			})
			if d := cmp.Diff(tc.want, got); d != "" || err != nil {
				t.Errorf("Parse: %v (-want +got):\n%s", err, d)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		in   string
		want error
	}{
		"no JSON":             {"hello", catcher.ErrSyntax},
		"a list":              {"[]", catcher.ErrSyntax},
		"no sentences":        {`{"type":1,"mmsi":431004000}`, catcher.ErrNoNMEA},
		"a long document":     {strings.Repeat(" ", catcher.MaxDocument+1), catcher.ErrTooLong},
		"a long sentence":     {`{"nmea":["` + strings.Repeat("!", 2000) + `"]}`, catcher.ErrSentence},
		"a long message":      {`{"nmea":["` + sentence + `"],"x":"` + strings.Repeat("!", catcher.MaxMessage) + `"}`, catcher.ErrTooLong},
		"messages of no list": {`{"msgs":{}}`, catcher.ErrSyntax},
		"a message that is 7": {`{"msgs":[7]}`, catcher.ErrSyntax},
	} {
		t.Run(name, func(t *testing.T) {
			var last error
			err := catcher.Parse([]byte(tc.in), new(catcher.Report), func(bad error) { last = bad })
			if got := errors.Join(err, last); !errors.Is(got, tc.want) || !errors.Is(got, catcher.ErrRefused) {
				t.Errorf("Parse: %v, want %v", got, tc.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"toa":1780000000.25,"nmea":["` + sentence + `"],"station_id":7}`))
	f.Add([]byte(`{"stationid":"x","msgs":[{"nmea":["a"]},7]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		var r catcher.Report
		_ = catcher.Parse(b, &r, func(err error) {
			n++
			if err == nil && (len(r.Sentences) == 0 || len(r.Sentences) > len(b) || r.HasReceived && r.Received.Year() > 9999) {
				t.Errorf("%+v", r)
			}
		})
		if n > len(b)+1 {
			t.Errorf("%d messages of %d octets", n, len(b))
		}
	})
}

// TestMemory holds that many empty parts take no memory of many times their
// size, and no more time than the limit of parts.
func TestMemory(t *testing.T) {
	in := []byte(`{"msgs":[` + strings.Repeat("0,", 1<<19) + `0]}`)
	var before, held runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 0
	err := catcher.Parse(in, new(catcher.Report), func(error) {
		if n++; n == 1 {
			runtime.ReadMemStats(&held)
		}
	})
	if grown := held.TotalAlloc - before.TotalAlloc; !errors.Is(err, catcher.ErrTooLong) || n == 0 || grown > 4*uint64(len(in)) {
		t.Errorf("%d octets allocated at the first of %d parts of %d octets: %v", grown, n, len(in), err)
	}
}

// TestCut cuts a post into messages that tell the same.
func TestCut(t *testing.T) {
	document := []byte(`{"protocol":"jsonaiscatcher","msgs":[ {"nmea":["` + sentence + `"]},` + "\n" + `{"station":"own","nmea":["` + sentence + `"]},7 ]}`)
	var got []string
	all, err := catcher.Cut(document, func(at int, b []byte) bool {
		if !bytes.HasPrefix(document[at:], b) {
			t.Errorf("%s is not at %d", b, at)
		}
		got = append(got, string(b))
		return true
	})
	if want := []string{`{"nmea":["` + sentence + `"]}`, `{"station":"own","nmea":["` + sentence + `"]}`, "7"}; !slices.Equal(got, want) || err != nil || !all {
		t.Errorf("Cut = %q, %v, %v", got, all, err)
	}
	n := 0
	if all, err := catcher.Cut(document, func(int, []byte) bool { n++; return false }); all || err != nil || n != 1 {
		t.Errorf("who has enough is called %d times: %v, %v", n, all, err)
	}
	for text, want := range map[string]error{
		`{}`: catcher.ErrSyntax, `[]`: catcher.ErrSyntax, `{"msgs":{}}`: catcher.ErrSyntax, `{"msgs":[` + strings.Repeat("1,", catcher.MaxMessages) + `1]}`: catcher.ErrTooLong,
		strings.Repeat(" ", catcher.MaxDocument+1): catcher.ErrTooLong,
	} {
		if _, err := catcher.Cut([]byte(text), func(int, []byte) bool { return true }); !errors.Is(err, want) {
			t.Errorf("Cut(%.40s) = %v, want %v", text, err, want)
		}
	}
}

func FuzzCut(f *testing.F) {
	f.Add([]byte(`{"msgs":[{"nmea":["` + sentence + `"]},7]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		_, _ = catcher.Cut(document, func(at int, b []byte) bool {
			if at < 0 || !bytes.HasPrefix(document[at:], b) || !json.Valid(b) {
				t.Errorf("%q at %d", b, at)
			}
			return true
		})
	})
}
