// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package dump_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/dump"
)

// dumped returns the lines of a file.
func dumped(t *testing.T, format string, o dump.Options, sel []string, file []byte) string {
	t.Helper()
	s, err := dump.ParseSelection(sel)
	if err != nil {
		t.Fatal(err)
	}
	d, err := dump.New(format, o)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := d.Decode(bytes.NewReader(file), dump.NewOut(&out, s)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func octets(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const northMarker = `{"n":0,"pkt":0,"off":3,"cat":34,"ed":"1.29","fspec":"e0","raw":{"010":"0102","000":"01","030":"000080"},"val":{"010":{"SAC":1,"SIC":2},"000":1,"030":1}}
`

func TestASTERIX(t *testing.T) {
	for name, tt := range map[string]struct {
		in, want string
	}{
		"nothing":  {"", ""},
		"a record": {"22 000a e0 0102 01 000080", northMarker},
		"a record and what is refused": {
			"22 000a e0 0102 01 000080  fe 0005 80 01  30 0007 90 0102 07  30 0001",
			northMarker +
				`{"n":1,"pkt":0,"off":10,"cat":254,"error":"no table for category 254"}` + "\n" +
				`{"n":1,"pkt":0,"off":21,"cat":48,"item":"040","source":"1/2","error":"needs 4 octets, 1 left"}` + "\n" +
				`{"n":1,"pkt":0,"off":22,"cat":48,"error":"LEN 1 is shorter than the header"}` + "\n",
		},
		"a block that is cut off": {
			"22 000a e0 01",
			`{"n":0,"pkt":0,"off":0,"cat":34,"error":"LEN 10 exceeds the 5 octets left"}` + "\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := dumped(t, "asterix", dump.Options{}, nil, octets(t, tt.in))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSelection(t *testing.T) {
	file := octets(t, "22 000a e0 0102 01 000080 22 000a e0 0103 02 000100")
	for name, tt := range map[string]struct {
		terms []string
		want  string
	}{
		"fields":              {[]string{"n", "val.030"}, "{\"n\":0,\"val.030\":1}\n{\"n\":1,\"val.030\":2}\n"},
		"a condition":         {[]string{"val.010.SIC=3", "off"}, "{\"off\":13}\n"},
		"a text":              {[]string{"raw.030=000080", "n"}, "{\"n\":0}\n"},
		"conditions that end": {[]string{"cat=34", "n=7"}, ""},
		"an absent field":     {[]string{"raw.070"}, ""},
		"an absent condition": {[]string{"raw.070="}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, dumped(t, "asterix", dump.Options{}, tt.terms, file)); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := dump.ParseSelection([]string{"=3"}); err == nil {
		t.Error("a condition without a name was taken")
	}
}

func TestStats(t *testing.T) {
	d, err := dump.New("asterix", dump.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := dump.NewOut(nil, dump.Selection{})
	file := octets(t, "22 000a e0 0102 01 000080 30 0007 90 0102 07 22 0008 c0 0102 01 ff")
	if err := d.Decode(bytes.NewReader(file), out); err != nil {
		t.Fatal(err)
	}
	if lines, refused := out.Counts(); lines != 2 || refused != 2 {
		t.Errorf("Counts = %d, %d, want 2, 2", lines, refused)
	}
	b, err := json.Marshal(d.Stats())
	want := `{"editions":{"34":"1.29"},"records":{"34":2},"errors":{"FSPEC does not end within the record or the UAP":1,"item exceeds the octets left":1},` +
		`"items":{"34":{"000":2,"010":2,"030":1}},"sources":{"34":{"1/2":2}}}`
	if err != nil || string(b) != want {
		t.Errorf("Stats = %s, %v, want %s", b, err, want)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		format   string
		editions map[byte]string
		want     string
	}{
		"an unknown format":   {"ast", nil, `no format is called "ast"`},
		"an unknown edition":  {"asterix", map[byte]string{48: "9.9"}, "no table for category 048 edition 9.9; there are 1.32"},
		"an unknown category": {"pcap", map[byte]string{254: "1.0"}, "no table for category 254"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := dump.New(tt.format, dump.Options{Editions: tt.editions}); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("New: %v, want %s", err, tt.want)
			}
		})
	}
}

// TestOlderEdition holds that the edition asked for is named in the lines.
func TestOlderEdition(t *testing.T) {
	o := dump.Options{Editions: map[byte]string{34: "1.27"}}
	if got := dumped(t, "asterix", o, []string{"ed"}, octets(t, "22 000a e0 0102 01 000080")); got != "{\"ed\":\"1.27\"}\n" {
		t.Errorf("lines %s", got)
	}
}

// TestNoRecording holds that a file of another kind ends the reading.
func TestNoRecording(t *testing.T) {
	d, err := dump.New("pcap", dump.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Decode(strings.NewReader("no recording"), dump.NewOut(io.Discard, dump.Selection{})); err == nil {
		t.Error("a text was taken for a recording")
	}
}

type brokenDisk struct{}

func (brokenDisk) Write([]byte) (int, error) { return 0, errDisk }
func (brokenDisk) Read([]byte) (int, error)  { return 0, errDisk }

var errDisk = errors.New("disk")

// TestFaults holds that faults of reading and writing are told.
func TestFaults(t *testing.T) {
	for _, format := range []string{"asterix", "pcap"} {
		d, err := dump.New(format, dump.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Decode(brokenDisk{}, dump.NewOut(io.Discard, dump.Selection{})); !errors.Is(err, errDisk) {
			t.Errorf("%s: Decode of a broken disk: %v", format, err)
		}
	}
	d, err := dump.New("asterix", dump.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = d.Decode(bytes.NewReader(octets(t, "22 000a e0 0102 01 000080")), dump.NewOut(brokenDisk{}, dump.Selection{}))
	if !errors.Is(err, errDisk) {
		t.Errorf("Decode to a broken disk: %v", err)
	}
}

// FuzzASTERIX: whatever the octets, each line is a JSON object and nothing
// panics.
func FuzzASTERIX(f *testing.F) {
	f.Add([]byte{34, 0, 10, 0xe0, 1, 2, 1, 0, 0, 0x80})
	f.Add([]byte{48, 0, 7, 0x90, 1, 2, 7})
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := dump.New("asterix", dump.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := d.Decode(bytes.NewReader(b), dump.NewOut(&out, dump.Selection{})); err != nil {
			t.Fatal(err)
		}
		for l := range bytes.Lines(out.Bytes()) {
			var v map[string]any
			if err := json.Unmarshal(l, &v); err != nil {
				t.Fatalf("line %s: %v", l, err)
			}
		}
	})
}
