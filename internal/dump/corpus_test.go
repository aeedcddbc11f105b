// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package dump_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/internal/dump"
)

// line is a line of the dump and of an expected/NAME.jsonl.gz.
type line struct {
	N     int             `json:"n"`
	Pkt   int             `json:"pkt"`
	Off   int             `json:"off"`
	Cat   int             `json:"cat"`
	Ed    string          `json:"ed"`
	FSPEC string          `json:"fspec"`
	Raw   json.RawMessage `json:"raw"`
	Val   map[string]any  `json:"val"`
	Error string          `json:"error"`
}

// summary is the part of expected/NAME.summary.json that is compared.
type summary struct {
	Editions map[string]string         `json:"editions"`
	Records  map[string]int            `json:"records"`
	Errors   map[string]int            `json:"errors"`
	SHA256   string                    `json:"sha256_raw_items_all_records,omitempty"`
	Items    map[string]map[string]int `json:"items"`
	Sources  map[string]map[string]int `json:"sources"`
}

// corpusSets are the recordings of which all that is expected is compared.
var corpusSets = map[string]struct {
	source, format string
	editions       map[byte]string
}{
	"bcn_cat048_first11000": {"bcn_cat048_first11000.ast.gz", "asterix", nil},
	"cat034":                {"cat034.raw", "asterix", nil},
	"cat048":                {"cat048.raw", "asterix", nil},
	"cat_034_048":           {"cat_034_048.pcap", "pcap", nil},
	"cat_062_065":           {"cat_062_065.pcap", "pcap", nil},
	"cat062cat065":          {"cat062cat065.raw", "asterix", nil},
	"cat21_re":              {"cat21_re.ast", "asterix", map[byte]string{21: "2.4"}},
	"alicante_cat021_v24":   {"alicante_cat021_v24.ast.gz", "asterix", map[byte]string{21: "2.4"}},
}

// TestCorpus dumps recordings and compares octets and order of the items of all
// records by a digest, the counts, and every value that is listed.
func TestCorpus(t *testing.T) {
	for name, set := range corpusSets {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(corpustest.Dir(t), "asterix")
			prefix := filepath.Join(dir, "expected", name)
			d, err := dump.New(set.format, dump.Options{Editions: set.editions})
			if err != nil {
				t.Fatal(err)
			}
			c := &comparer{t: t, sha: sha256.New(), want: expectedLines(t, prefix)}
			listed := len(c.want)
			if err := d.Decode(bytes.NewReader(unpack(t, filepath.Join(dir, set.source))), dump.NewOut(c, dump.Selection{})); err != nil {
				t.Fatal(err)
			}
			var want, got summary
			parse(t, unpack(t, prefix+".summary.json"), &want)
			stats, err := json.Marshal(d.Stats())
			if err != nil {
				t.Fatal(err)
			}
			parse(t, stats, &got)
			got.SHA256 = hex.EncodeToString(c.sha.Sum(nil))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
			if len(c.want) != 0 || listed == 0 {
				t.Errorf("%d of %d expected records were not met", len(c.want), listed)
			}
			corpustest.Check(t)
		})
	}
}

// comparer takes the lines of a dump.
type comparer struct {
	t    *testing.T
	sha  hash.Hash
	want map[int]line
}

func (c *comparer) Write(b []byte) (int, error) {
	var got line
	parse(c.t, b, &got)
	if got.Error != "" {
		c.t.Errorf("refused: %s", b)
	}
	var items []string
	raw := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(got.Raw)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if name, ok := token.(string); ok {
			value, _ := d.Token()
			raw[name] = value.(string)
			items = append(items, name+"="+raw[name])
		}
	}
	fmt.Fprintf(c.sha, "%d|%d|%s|%s\n", got.Pkt, got.Off, got.FSPEC, strings.Join(items, ";"))
	if want, ok := c.want[got.N]; ok {
		delete(c.want, got.N)
		var wantRaw map[string]string
		parse(c.t, want.Raw, &wantRaw)
		if diff := cmp.Diff(wantRaw, raw); diff != "" {
			c.t.Errorf("record %d: raw items (-want +got):\n%s", got.N, diff)
		}
		want.Raw, got.Raw = nil, nil
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), numbers); diff != "" {
			c.t.Errorf("record %d (-want +got):\n%s", got.N, diff)
		}
	}
	return len(b), nil
}

// numbers compares numbers to one unit in the last place.
var numbers = cmp.Comparer(func(a, b json.Number) bool {
	x, err := a.Float64()
	y, err2 := b.Float64()
	return errors.Join(err, err2) == nil && (a == b || x == y || math.Nextafter(x, y) == y)
})

func expectedLines(t *testing.T, prefix string) map[int]line {
	t.Helper()
	lines := map[int]line{}
	for b := range bytes.Lines(unpack(t, prefix+".jsonl.gz")) {
		var l line
		parse(t, b, &l)
		lines[l.N] = l
	}
	return lines
}

func parse(t *testing.T, b []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		t.Fatalf("parse %.80s: %v", b, err)
	}
}

func unpack(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(path, ".gz") {
		return b
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if b, err = io.ReadAll(z); err != nil {
		t.Fatalf("unzip %s: %v", path, err)
	}
	return b
}

// BenchmarkASTERIX dumps the recorded reports of one radar.
func BenchmarkASTERIX(b *testing.B) {
	d := unpack(b, filepath.Join(corpustest.Dir(b), "asterix", "bcn_cat048_first11000.ast.gz"))
	b.ReportAllocs()
	records := 0
	for b.Loop() {
		dec, err := dump.New("asterix", dump.Options{})
		if err != nil {
			b.Fatal(err)
		}
		out := dump.NewOut(io.Discard, dump.Selection{})
		if err := dec.Decode(bytes.NewReader(d), out); err != nil {
			b.Fatal(err)
		}
		n, _ := out.Counts()
		records += n
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/record")
	b.ReportMetric(0, "ns/op")
}
