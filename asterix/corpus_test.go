// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package asterix_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/pcap"
	"github.com/kuroshio-watch/kuroshio/asterix/spec"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
)

// expected is a line of an expected/NAME.jsonl.gz.
type expected struct {
	Pkt   int               `json:"pkt"`
	Off   int               `json:"off"`
	Cat   byte              `json:"cat"`
	Ed    string            `json:"ed"`
	FSPEC string            `json:"fspec"`
	Raw   map[string]string `json:"raw"`
	Val   map[string]any    `json:"val"`
	N     int               `json:"n"`
}

// summary is the part of expected/NAME.summary.json that is compared.
type summary struct {
	Records map[string]int            `json:"records"`
	SHA256  string                    `json:"sha256_raw_items_all_records"`
	Items   map[string]map[string]int `json:"items"`
}

// TestCorpus compares recorded data with what independent decoders agree on:
// the octets of every item of every record by one digest, and the physical
// values of the records that are listed. Every record is encoded again to the
// same octets.
func TestCorpus(t *testing.T) {
	for name, source := range map[string]string{
		"bcn_cat048_first11000": "bcn_cat048_first11000.ast.gz",
		"cat034":                "cat034.raw",
		"cat048":                "cat048.raw",
		"cat_034_048":           "cat_034_048.pcap",
		"cat_062_065":           "cat_062_065.pcap",
		"cat062cat065":          "cat062cat065.raw",
		"cat21_re":              "cat21_re.ast",
		"alicante_cat021_v24":   "alicante_cat021_v24.ast.gz",
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(corpustest.Dir(t), "asterix")
			c := newComparison(t, filepath.Join(dir, "expected", name))
			forEachDatagram(t, filepath.Join(dir, source), c.datagram)
			c.finish()
			corpustest.Check(t)
		})
	}
}

// comparison is one data set on its way through the decoders.
type comparison struct {
	t          *testing.T
	cats       map[byte]category
	records    map[byte]record
	expansions map[string]category
	want       map[int]expected
	sum        summary
	got        summary
	digest     io.Writer
	sha        interface{ Sum([]byte) []byte }
	n          int
	values     int
}

func newComparison(t *testing.T, prefix string) *comparison {
	c := &comparison{t: t, cats: byNumber(t), expansions: categories(t), records: map[byte]record{}, want: map[int]expected{}}
	for n, cat := range c.cats {
		c.records[n] = cat.fresh()
	}
	sha := sha256.New()
	c.digest, c.sha = sha, sha
	c.got.Records, c.got.Items = map[string]int{}, map[string]map[string]int{}
	b, err := os.ReadFile(prefix + ".summary.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &c.sum); err != nil {
		t.Fatalf("parse summary: %v", err)
	}
	d := json.NewDecoder(bytes.NewReader(readAll(t, prefix+".jsonl.gz")))
	d.UseNumber()
	for {
		var e expected
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			return c
		} else if err != nil {
			t.Fatalf("parse expected values: %v", err)
		}
		c.want[e.N] = e
	}
}

func (c *comparison) datagram(pkt int, d []byte) {
	for b, err := range asterix.Blocks(d) {
		if err != nil {
			c.t.Fatalf("packet %d: %v", pkt, err)
		}
		rec := c.records[b.Category]
		for off, err := range asterix.Records(b, rec) {
			if err != nil {
				c.t.Fatalf("packet %d: %v", pkt, err)
			}
			c.record(pkt, off, b.Category, rec)
		}
	}
}

func (c *comparison) record(pkt, off int, cat byte, rec record) {
	raw := rawOf(rec)
	elem(rec).FieldByName("Raw").SetBytes(nil) // so that nothing is taken from it
	again, err := rec.Append(nil)
	elem(rec).FieldByName("Raw").SetBytes(raw)
	if err != nil || !bytes.Equal(again, raw) {
		c.t.Fatalf("record %d: Append = %x, %v, want %x", c.n, again, err, raw)
	}
	key := fmt.Sprint(cat)
	c.got.Records[key]++
	if c.got.Items[key] == nil {
		c.got.Items[key] = map[string]int{}
	}
	var items []string
	byName := map[string]string{}
	rec.Items(func(item string, raw []byte) bool {
		c.got.Items[key][item]++
		byName[item] = hex.EncodeToString(raw)
		items = append(items, item+"="+byName[item])
		return true
	})
	fspec := hex.EncodeToString(raw[:fspecLen(rec)])
	fmt.Fprintf(c.digest, "%d|%d|%s|%s\n", pkt, off, fspec, strings.Join(items, ";"))
	if e, ok := c.want[c.n]; ok {
		if e.Pkt != pkt || e.Off != off || e.Cat != cat || e.FSPEC != fspec || !reflect.DeepEqual(e.Raw, byName) {
			c.t.Fatalf("record %d at %d|%d: raw items (-want +got):\n%s", c.n, pkt, off, cmp.Diff(e.Raw, byName))
		}
		c.compare(e, c.cats[cat].table.At(e.Ed), elem(rec))
		delete(c.want, c.n)
	}
	c.n++
}

func (c *comparison) finish() {
	c.got.SHA256 = hex.EncodeToString(c.sha.Sum(nil))
	if diff := cmp.Diff(c.sum, c.got); diff != "" {
		c.t.Errorf("summary (-want +got):\n%s", diff)
	}
	if len(c.want) > 0 {
		c.t.Errorf("%d expected records were not met", len(c.want))
	}
	c.t.Logf("%d records encoded again, %d values within 1 ulp, digest %.16s", c.n, c.values, c.got.SHA256)
}

// compare compares the physical values of a record.
func (c *comparison) compare(e expected, table *spec.Category, rec reflect.Value) {
	has := rec.FieldByName("Has").Uint()
	for i, name := range table.UAP {
		val, ok := e.Val[name]
		if ok != (has&slot(i) != 0) {
			c.t.Errorf("record %d: item %s present %v, want %v", e.N, name, !ok, ok)
		}
		if !ok {
			continue
		}
		path, v := fmt.Sprintf("record %d: %s", e.N, name), rec.FieldByName(table.Item(name).GoName())
		if name == "RE" {
			c.expansion(e, v.Bytes(), val)
			continue
		}
		c.item(path, table.Item(name), v, val)
	}
}

// expansion compares what the reserved expansion field holds, and encodes it
// again.
func (c *comparison) expansion(e expected, content []byte, val any) {
	x := c.expansions[fmt.Sprintf("cat%03dre", e.Cat)]
	rec := x.fresh()
	n, err := rec.Decode(content)
	if err != nil || n != len(content) {
		c.t.Fatalf("record %d: RE %x: Decode = %d, %v", e.N, content, n, err)
	}
	elem(rec).FieldByName("Raw").SetBytes(nil)
	if again, err := rec.Append(nil); err != nil || !bytes.Equal(again, content) {
		c.t.Fatalf("record %d: RE: Append = %x, %v, want %x", e.N, again, err, content)
	}
	group, _ := val.(map[string]any)
	c.compare(expected{N: e.N, Cat: e.Cat, Val: group}, x.table, elem(rec))
}

func (c *comparison) item(path string, it *spec.Item, v reflect.Value, val any) {
	switch it.Form {
	case spec.Compound:
		group, _ := val.(map[string]any)
		for i := range it.Subs {
			sub := &it.Subs[i]
			w, ok := group[sub.Name]
			if sub.Form != spec.Spare && ok != (v.FieldByName("Has").Uint()&slot(i) != 0) {
				c.t.Errorf("%s/%s: presence differs, want %v", path, sub.Name, ok)
			}
			if ok {
				c.item(path+"/"+sub.Name, sub, v.FieldByName(sub.GoName()), w)
			}
		}
	case spec.Repetitive, spec.RepetitiveFX:
		list, _ := val.([]any)
		if len(list) != v.Len() {
			c.t.Errorf("%s: %d elements, want %d", path, v.Len(), len(list))
			return
		}
		for i, w := range list {
			c.fields(fmt.Sprintf("%s[%d]", path, i), it, it.Parts, v.Index(i), w)
		}
	case spec.Extended:
		c.fields(path, it, it.Parts[:min(len(it.Parts), int(v.FieldByName("Extents").Uint()))], v, val)
	case spec.Fixed:
		c.fields(path, it, it.Parts, v, val)
	default:
		c.t.Errorf("%s: form %s has no values to compare", path, it.Form)
	}
}

func (c *comparison) fields(path string, it *spec.Item, parts [][]spec.Field, v reflect.Value, val any) {
	met := map[string]bool{}
	for _, part := range parts {
		for i := range part {
			f := &part[i]
			if f.Kind == spec.SpareBits {
				continue
			}
			w := val
			if !it.Scalar() {
				for _, key := range strings.Split(f.Name, "/") {
					group, _ := w.(map[string]any)
					w = group[key]
				}
			}
			top, _, _ := strings.Cut(f.Name, "/")
			met[top] = true
			c.field(path+"/"+f.Name, f, v, w)
		}
	}
	if group, ok := val.(map[string]any); ok && it.Form == spec.Fixed && len(group) != len(met) {
		c.t.Errorf("%s: %d fields, want %d", path, len(met), len(group))
	}
}

func (c *comparison) field(path string, f *spec.Field, item reflect.Value, val any) {
	c.values++
	v := goField(item, f)
	var got string
	switch {
	case f.LSB != nil:
		number, _ := val.(json.Number)
		want, err := number.Float64()
		if err != nil || !within1ULP(physical(v, f), want) {
			c.t.Errorf("%s = %v, want %v", path, physical(v, f), val)
		}
		if err := checkMethod(item, f); err != nil {
			c.t.Errorf("%s: %v", path, err)
		}
		return
	case f.Kind == spec.Octal:
		got = fmt.Sprintf("%0*o", f.Bits/3, v.Uint())
	case f.Kind == spec.ICAO:
		text, _ := val.(string)
		val = strings.TrimRight(strings.ReplaceAll(text, "?", " "), " ")
		got = strings.ReplaceAll(asterix.Identification(v.Uint(), f.Bits/6), "?", " ")
	case f.Kind == spec.ASCII:
		for i := range v.Len() {
			got += string(rune(v.Index(i).Uint()))
		}
	case f.Kind == spec.Octets:
		n := uint64(0)
		for i := range v.Len() {
			n = n<<8 | v.Index(i).Uint()
		}
		got = fmt.Sprint(n)
	default:
		got = fmt.Sprint(v.Interface())
	}
	if want := fmt.Sprint(val); got != want {
		c.t.Errorf("%s = %s, want %s", path, got, want)
	}
}

// forEachDatagram calls f with the packet number and the datagrams of a file: a
// recording counts from 1, a file of blocks is one datagram with number 0.
func forEachDatagram(t testing.TB, path string, f func(pkt int, d []byte)) {
	t.Helper()
	b := readAll(t, path)
	if !strings.HasSuffix(path, ".pcap") {
		f(0, b)
		return
	}
	r := pcap.NewReader(bytes.NewReader(b))
	for {
		_, d, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("read %s: %v", path, err)
		}
		f(r.Packets(), d)
	}
}

func readAll(t testing.TB, path string) []byte {
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
	b, err = io.ReadAll(z)
	if err != nil {
		t.Fatalf("unzip %s: %v", path, err)
	}
	return b
}

// TestOlderEditions decodes and encodes blocks of editions before ours, one file
// an edition.
func TestOlderEditions(t *testing.T) {
	dir := filepath.Join(corpustest.Dir(t), "asterix", "blocks")
	paths, err := filepath.Glob(filepath.Join(dir, "cat*.bin"))
	if err != nil || len(paths) < 15 {
		t.Fatalf("blocks: %v, %v", paths, err)
	}
	all, records := categories(t), 0
	for _, p := range paths {
		name := filepath.Base(p)
		c, ok := all[name[:len("cat000")]]
		switch {
		case name == "cat021ed0.26.bin":
			c = all["cat021v026"]
		case name == "cat001ed1.1.bin":
			c, ok = all["cat001plot"], true
		case name == "cat010ed0.24_sensis.bin": // a maker's own
			continue
		}
		if !ok {
			continue
		}
		for b, err := range asterix.Blocks(readAll(t, p)) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			rec := c.fresh()
			for _, err := range asterix.Records(b, rec) {
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				raw := rawOf(rec)
				elem(rec).FieldByName("Raw").SetBytes(nil)
				if again, err := rec.Append(nil); err != nil || !bytes.Equal(again, raw) {
					t.Errorf("%s: Append = %x, %v, want %x", name, again, err, raw)
				}
				records++
			}
		}
	}
	if records < 17 {
		t.Errorf("%d records, want 17", records)
	}
	corpustest.Check(t)
}

// BenchmarkCorpus decodes the recorded reports of one radar.
func BenchmarkCorpus(b *testing.B) {
	d := readAll(b, filepath.Join(corpustest.Dir(b), "asterix", "bcn_cat048_first11000.ast.gz"))
	rec := byNumber(b)[48].fresh()
	b.ReportAllocs()
	records := 0
	for b.Loop() {
		for blk, err := range asterix.Blocks(d) {
			if err != nil {
				b.Fatal(err)
			}
			for _, err := range asterix.Records(blk, rec) {
				if err != nil {
					b.Fatal(err)
				}
				records++
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/record")
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}
