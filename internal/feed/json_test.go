// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/feed"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
)

// cutAll cuts a stream that comes in pieces of n octets.
func cutAll(stream string, n, longest int) (objects []string, places []int64, refused []string) {
	o := feed.Objects{Max: longest}
	emit := func(at int64, b []byte) bool {
		objects, places = append(objects, string(b)), append(places, at)
		return true
	}
	refuse := func(at int64, why string) { refused = append(refused, fmt.Sprint(why, " ", at)) }
	for piece := range slices.Chunk([]byte(stream), n) {
		o.Push(piece, emit, refuse)
	}
	o.End(refuse)
	return objects, places, refused
}

func TestObjects(t *testing.T) {
	for name, tt := range map[string]struct {
		stream  string
		want    []string
		refused []string
	}{
		"lines":                        {"{\"a\":1}\r\n\n{\"b\":[{},{}]}\n", []string{`{"a":1}`, `{"b":[{},{}]}`}, nil},
		"a document over lines":        {"{\n \"a\" : {\n  \"b\": [ 1,\n {} ]\n }\n}\n", []string{"{\n \"a\" : {\n  \"b\": [ 1,\n {} ]\n }\n}"}, nil},
		"a list":                       {`[{"a":1}, {"b":2}]`, []string{`{"a":1}`, `{"b":2}`}, nil},
		"none between":                 {`{"a":1}{"b":2}`, []string{`{"a":1}`, `{"b":2}`}, nil},
		"brackets in texts":            {`{"a":"}{\"]\\"}{"b":"\\\""}`, []string{`{"a":"}{\"]\\"}`, `{"b":"\\\""}`}, nil},
		"garbage":                      {"hello {\n{\"a\":1}", []string{`{"a":1}`}, []string{"json-framing 0"}},
		"a line cut in a number":       {"{\"a\":12\n{\"b\":2}\n", []string{`{"b":2}`}, []string{"json-framing 0"}},
		"a line cut in a text":         {"{\"a\":\"x\n{\"b\":2}\n", []string{`{"b":2}`}, []string{"json-framing 0"}},
		"a line cut after a key":       {"{\"a\":\n{\"b\":2}\n{\"c\":3}\n", []string{`{"c":3}`}, []string{"json-framing 0"}},
		"an end within":                {`{"a":1}{"b":`, []string{`{"a":1}`}, []string{"json-framing 7"}},
		"one too long with some in it": {`{"a":[{"b":"` + strings.Repeat("x", 40) + `"},{"c":3}]}{"d":4}`, []string{`{"d":4}`}, []string{"json-too-long 0"}},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			for _, n := range []int{1, 3, 1000} {
				got, places, refused := cutAll(tt.stream, n, 40)
				if !cmp.Equal(got, tt.want) || !cmp.Equal(refused, tt.refused) {
					t.Errorf("pieces of %d: %q, refused %q; want %q and %q", n, got, refused, tt.want, tt.refused)
				}
				for i, at := range places {
					if !strings.HasPrefix(tt.stream[at:], got[i]) {
						t.Errorf("object %d is not at %d", i, at)
					}
				}
			}
		})
	}
}

// FuzzObjects cuts any octets in pieces of any size: the same comes of it, each
// object is what stands at its place, and what is JSON comes whole.
func FuzzObjects(f *testing.F) {
	f.Add([]byte("{\"a\":1}\n{\"b\":[{}]}"), 3)
	f.Add([]byte(`[{"a":"\\\""},{"b":2`), 1)
	f.Fuzz(func(t *testing.T, stream []byte, n int) {
		n = max(n, 1)
		whole, places, refused := cutAll(string(stream), len(stream)+1, 100)
		parts, _, again := cutAll(string(stream), n, 100)
		if !cmp.Equal(whole, parts) || !cmp.Equal(refused, again) {
			t.Errorf("in pieces of %d: %q, refused %q; whole: %q, %q", n, parts, again, whole, refused)
		}
		for i, at := range places {
			if len(whole[i]) > 100 || !bytes.HasPrefix(stream[at:], []byte(whole[i])) {
				t.Errorf("object %d at %d is %q", i, at, whole[i])
			}
		}
		if trimmed := bytes.TrimSpace(stream); json.Valid(stream) && len(trimmed) <= 100 && trimmed[0] == '{' && (len(whole) != 1 || whole[0] != string(trimmed)) {
			t.Errorf("one object comes as %q", whole)
		}
	})
}

const (
	aircraft = `{"hex":"899001","seen":0.1}`
	document = `{ "now" : 1780000000.5, "messages": 5,
 "aircraft" : [ {"hex":"899001","seen":0.1}, {"hex":"899002","seen":2} ] }`
	seenAt = 1_780_000_000_500
)

func TestStreamsOfPrograms(t *testing.T) {
	then := time.UnixMilli(seenAt).UTC()
	withNow := func(a string) []byte { return []byte(`{"now":1780000000.5,` + a[1:]) }
	post := `{"msgs":[{"nmea":["a"],"toa":1780000000.5},{"nmea":["b"]}]}`
	delta := `{"context":"vessels.urn:mrn:imo:mmsi:416000123","updates":[{"timestamp":"2026-05-28T20:26:40.5Z","values":[]}]}`
	huge := `{"hex":"` + strings.Repeat("8", 70_000) + `"}`
	for name, tt := range map[string]struct {
		kind    feed.Kind
		marks   bool
		stream  string
		want    []frame.Frame
		refused map[string]uint64
		ignored uint64
	}{
		"SBS": {"sbs-tcp", false, "MSG,8,x\r\n\r\nSTA\r\n" + strings.Repeat("x", 600) + "\n", []frame.Frame{
			fr(frame.SBS, 1, 0, noon, []byte("MSG,8,x")), fr(frame.SBS, 2, 11, noon, []byte("STA")),
		}, map[string]uint64{feed.ReasonLine: 1}, 0},
		"aircraft on lines": {"readsb-tcp", false, aircraft + "\n" + huge + "\nx\n" + aircraft + "\n", []frame.Frame{
			fr(frame.Readsb, 1, 0, noon, []byte(aircraft)), fr(frame.Readsb, 2, int64(len(aircraft)+1+len(huge)+3), noon, []byte(aircraft)),
		}, map[string]uint64{feed.ReasonJSON: 1, feed.ReasonJSONLong: 1}, 0},
		"a document of aircraft": {"readsb-tcp", true, document + `{"aircraft":[7],"now":1}` + aircraft, []frame.Frame{
			fr(frame.Readsb, 1, int64(strings.Index(document, aircraft)), then, withNow(aircraft)),
			fr(frame.Readsb, 2, int64(strings.Index(document, `{"hex":"899002"`)), then, withNow(`{"hex":"899002","seen":2}`)),
		}, map[string]uint64{feed.ReasonJSON: 1, feed.ReasonNoTime: 1}, 0},
		"messages of AIS": {"catcher-tcp", true, post + `{"msgs":0}`, []frame.Frame{
			fr(frame.Catcher, 1, 9, then, []byte(`{"nmea":["a"],"toa":1780000000.5}`)),
		}, map[string]uint64{feed.ReasonJSON: 1, feed.ReasonNoTime: 1}, 0},
		"deltas": {"signalk-tcp", true, `{"name":"server","self":"x"}` + "\n" + delta, []frame.Frame{
			fr(frame.SignalK, 1, 29, then, []byte(delta)),
		}, map[string]uint64{}, 1},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			l := listen(t)
			r := start(t, feed.Config{Kind: tt.kind, Addr: l.Addr().String(), Marks: tt.marks}, 0)
			serve(t, l, []byte(tt.stream))
			if diff := cmp.Diff(tt.want, r.frames(len(tt.want))); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
			h := r.until("counted all", func(h feed.Health) bool {
				return h.Ignored == tt.ignored && cmp.Equal(counts(h), tt.refused)
			})
			if h.Frames != uint64(len(tt.want)) {
				t.Errorf("%d frames, want %d", h.Frames, len(tt.want))
			}
		})
	}
}

// TestPolledDocument takes each aircraft of an answer, and the next answer where
// the one before was cut short.
func TestPolledDocument(t *testing.T) {
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		body := document
		if asked.Add(1) == 1 {
			body = document[:len(document)-40]
		}
		_, _ = io.WriteString(w, body)
	}))
	defer s.Close()
	r := startRaw(t, feed.Config{Kind: "readsb-http", Addr: s.URL, Every: time.Millisecond}, 10)
	got := r.frames(2)
	if got[0].Offset != int64(len(document)-40+strings.Index(document, aircraft)) || !bytes.HasSuffix(got[1].Data, []byte(`"hex":"899002","seen":2}`)) {
		t.Errorf("frames %+v", got)
	}
	if n := counts(r.Health()); n[feed.ReasonJSON] != 1 {
		t.Errorf("refused %v, want the first answer", n)
	}
}

// TestReplacedState follows a file that a program replaces with each state: the
// feed stays up.
func TestReplacedState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "aircraft.json")
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	put(document)
	r := start(t, feed.Config{Kind: "readsb-file", Path: path, Follow: true}, 10)
	r.frames(2)
	put(strings.Replace(document, "899001", "899003", 1))
	if got := r.frames(2); !bytes.Contains(got[0].Data, []byte("899003")) || got[0].Seq != 3 {
		t.Errorf("frames %+v", got)
	}
	if h := r.Health(); h.Connects != 1 || !h.Up {
		t.Errorf("health %+v, want one that was never down", h)
	}
}

func TestKindsOfPrograms(t *testing.T) {
	var got []string
	for _, k := range feed.Kinds() {
		if slices.Contains([]feed.Content{feed.ContentSBS, feed.ContentReadsb, feed.ContentCatcher, feed.ContentSignalK}, k.Content()) {
			got = append(got, string(k))
		}
	}
	want := strings.Fields(`sbs-tcp sbs-tcp-server sbs-tls sbs-tls-server sbs-udp sbs-file sbs-stdin
		readsb-tcp readsb-tcp-server readsb-tls readsb-tls-server readsb-file readsb-http readsb-stdin readsb-mqtt
		catcher-tcp catcher-tcp-server catcher-tls catcher-tls-server catcher-udp catcher-multicast catcher-file catcher-pcap catcher-http catcher-stdin catcher-mqtt
		signalk-tcp signalk-tcp-server signalk-tls signalk-tls-server signalk-udp signalk-file signalk-http signalk-stdin`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
	if key, what := (feed.Config{Name: "a", Kind: "sbs-tcp", Addr: "127.0.0.1:1", Marks: true}).Problem(); key != "time_marks" || what == "" {
		t.Errorf("times without a zone are taken as marks: %q, %q", key, what)
	}
}
