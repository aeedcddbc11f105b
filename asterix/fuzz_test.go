// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package asterix_test

import (
	"bytes"
	"errors"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/asterix/inspect"
	"github.com/kuroshio-watch/kuroshio/asterix/spec"
)

// FuzzCategories lets the first octet choose a package and the others be a
// record: what is accepted is encoded to the same octets, the walk and the
// decoder agree, no list has more elements than the record has octets, and the
// table reads the same items.
func FuzzCategories(f *testing.F) {
	all := categories(f)
	names := slices.Sorted(maps.Keys(all))
	tables := map[string]*inspect.Table{}
	for i, name := range names {
		x, err := inspect.New(all[name].table)
		if err != nil {
			f.Fatal(err)
		}
		tables[name] = x
		for _, seed := range badRecords {
			f.Add(append([]byte{byte(i)}, seed...))
		}
		for _, seed := range overlongCompounds(all[name].table) {
			f.Add(append([]byte{byte(i)}, seed...))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		name := names[int(b[0])%len(names)]
		rec, b := all[name].fresh(), b[1:]
		n, err := rec.Decode(b)
		var items []byte
		m, err2 := tables[name].Items(b, func(_ string, raw []byte) bool {
			items = append(items, raw...)
			return true
		})
		if n != m || (err == nil) != (err2 == nil) {
			t.Fatalf("%s: Decode(%x) = %d, %v; the table reads %d, %v", name, b, n, err, m, err2)
		}
		if err != nil {
			if e := (*asterix.Error)(nil); !errors.As(err, &e) || e.Reason == asterix.ReasonDisagreement || !slices.Contains(asterix.Reasons(), e.Reason) || e.Offset > len(b) {
				t.Fatalf("%s: Decode(%x): %v", name, b, err)
			}
			return
		}
		if !bytes.Equal(items, b[fspecLen(rec):n]) {
			t.Fatalf("%s: items %x of %x", name, items, b[:n])
		}
		checkLists(t, elem(rec), n)
		again, err := rec.Append(nil)
		if err != nil || !bytes.Equal(again, b[:n]) {
			t.Fatalf("%s: Append = %x, %v, want %x", name, again, err, b[:n])
		}
	})
}

// Every reason of the list is met, and none that is not in it.
func TestReasonsAreAClosedList(t *testing.T) {
	left := map[asterix.Reason]bool{}
	for _, r := range asterix.Reasons() {
		if left[r] {
			t.Errorf("%q is twice in the list", r)
		}
		left[r] = true
	}
	met := func(err error) {
		t.Helper()
		var e *asterix.Error
		if !errors.As(err, &e) {
			return
		}
		if !slices.Contains(asterix.Reasons(), e.Reason) {
			t.Fatalf("%q is not in the list", e.Reason)
		}
		delete(left, e.Reason)
	}
	rng := rand.New(rand.NewPCG(48, 62))
	for _, c := range categories(t) {
		rec := c.fresh()
		for range 2000 {
			b := make([]byte, rng.IntN(24))
			for i := range b {
				b[i] = byte(rng.Uint32() & rng.Uint32())
			}
			_, err := rec.Decode(b)
			met(err)
			for _, err := range asterix.Blocks(b) {
				met(err)
			}
		}
		elem(rec).FieldByName("Has").SetUint(1)
		_, err := rec.Append(nil)
		met(err)
	}
	for _, err := range asterix.Blocks([]byte{48, 0, 3}) {
		met(err)
	}
	_, err := asterix.AppendBlock(nil, 48, make([]byte, asterix.MaxBlockLen))
	met(err)
	_, err = (&cat048.Record{Has: cat048.Item220, I220: 1 << 24}).Append(nil)
	met(err)
	delete(left, asterix.ReasonCategory)     // of programs that read by tables
	delete(left, asterix.ReasonDisagreement) // a bug
	if len(left) > 0 {
		t.Errorf("not met: %v", slices.Sorted(maps.Keys(left)))
	}
}

// badRecords are records that decoders have fallen over.
var badRecords = [][]byte{
	{0xff, 0xff, 0xff, 0xfe},       // an FSPEC that outgrows every profile
	{0x80, 1, 2},                   // a source alone
	{0x81, 0x01, 0x01, 0x06, 1, 2}, // lists at the end
	{0x01, 0x01, 0x01, 0x01, 0x01, 0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}, // a compound of more subfields than defined
	bytes.Repeat([]byte{0xff}, 200), // every presence and extension bit
	append([]byte{0x01, 0x01, 0x01, 0x04, 0x00}, bytes.Repeat([]byte{0xff}, 40)...), // a REP of 255 in few octets
	{0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
}

// overlongCompounds returns for each compound item of a table a record that
// begins with it, and with a primary subfield that names more subfields than
// the item has.
func overlongCompounds(c *spec.Category) [][]byte {
	var out [][]byte
	for i, name := range c.UAP {
		if name == "-" || c.Item(name).Form != spec.Compound {
			continue
		}
		fspec := bytes.Repeat([]byte{1}, i/7+1)
		fspec[i/7] = 0x80 >> (i % 7)
		if c.Expansion {
			fspec = []byte{0x80 >> i}
		}
		out = append(out, slices.Concat(fspec, bytes.Repeat([]byte{0xff}, 9), []byte{0xfe}, make([]byte, 40)))
	}
	return out
}

// A public decoder fell over such a record in every block that it was given.
func TestCompoundOfMoreSubfieldsThanDefined(t *testing.T) {
	n := 0
	for name, c := range categories(t) {
		for _, b := range overlongCompounds(c.table) {
			_, err := c.fresh().Decode(b)
			var e *asterix.Error
			if !errors.As(err, &e) || e.Item == "" || e.Reason != asterix.ReasonSubfields && e.Reason != asterix.ReasonUnusedSub {
				t.Errorf("%s: Decode(%x) = %v, want a refusal of the compound", name, b, err)
			}
			n++
		}
	}
	if n < 20 {
		t.Errorf("%d compounds", n)
	}
}

// checkLists holds that no list of a record has more elements than the octets
// that it came from.
func checkLists(t *testing.T, v reflect.Value, octets int) {
	t.Helper()
	for i := range v.NumField() {
		f := v.Field(i)
		switch f.Kind() {
		case reflect.Slice:
			if f.Len() > octets || f.Cap() > 2*octets+8 {
				t.Fatalf("%s has %d elements, room for %d, of %d octets", v.Type().Field(i).Name, f.Len(), f.Cap(), octets)
			}
		case reflect.Struct:
			checkLists(t, f, octets)
		}
	}
}

// TestNoAllocation holds that a record is decoded and encoded without
// allocation once its lists have grown.
func TestNoAllocation(t *testing.T) {
	for name, c := range categories(t) {
		rec := c.fresh()
		b, err := sample(c).Append(nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		dst := make([]byte, 0, 2*len(b))
		if n := testing.AllocsPerRun(20, func() {
			if _, err := rec.Decode(b); err != nil {
				t.Fatal(err)
			}
			if _, err := rec.Append(dst[:0]); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: Decode and Append allocate %v times, want 0", name, n)
		}
	}
}

// BenchmarkCategories decodes a record with every item of each category.
func BenchmarkCategories(b *testing.B) {
	all := categories(b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.Run(name, func(b *testing.B) {
			rec := all[name].fresh()
			wire, err := sample(all[name]).Append(nil)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.SetBytes(int64(len(wire)))
			for b.Loop() {
				if _, err := rec.Decode(wire); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
