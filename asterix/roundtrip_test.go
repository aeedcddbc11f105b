// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package asterix_test

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/asterix/spec"
)

func within1ULP(a, b float64) bool {
	return a == b || math.Nextafter(a, b) == b
}

// TestRoundTrip draws records of every category from its table: what is
// appended is decoded to the same record, the walk and the decoder agree, and
// every conversion is raw x LSB.
func TestRoundTrip(t *testing.T) {
	for name, c := range categories(t) {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { roundTrip(t, c) })
		})
	}
}

func roundTrip(t *rapid.T, c category) {
	want := c.fresh()
	drawRecord(t, c.table, elem(want))
	wire, err := want.Append(nil)
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	got := c.fresh()
	tail := rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "tail")
	n, err := got.Decode(append(bytes.Clone(wire), tail...))
	if err != nil || n != len(wire) {
		t.Fatalf("Decode(%x) = %d, %v, want %d", wire, n, err, len(wire))
	}
	elem(want).FieldByName("Raw").SetBytes(wire)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("decoded record (-want +got):\n%s", diff)
	}
	again, err := got.Append([]byte{7})
	if err != nil || !bytes.Equal(again, append([]byte{7}, wire...)) {
		t.Fatalf("Append = %x, %v, want 07%x", again, err, wire)
	}
	var items []byte
	got.Items(func(_ string, raw []byte) bool {
		items = append(items, raw...)
		return true
	})
	if !bytes.Equal(items, wire[fspecLen(got):]) {
		t.Fatalf("Items = %x, want %x", items, wire[fspecLen(got):])
	}
	checkConversions(t, c.table, elem(got))
	for cut := range wire {
		if n, err := got.Decode(wire[:cut]); err == nil {
			t.Fatalf("Decode of the first %d of %d octets = %d", cut, len(wire), n)
		}
	}
}

func checkConversions(t *rapid.T, c *spec.Category, rec reflect.Value) {
	check := func(path string, it *spec.Item, v reflect.Value) {
		for _, part := range it.Parts {
			for i := range part {
				if err := checkMethod(v, &part[i]); err != nil {
					t.Fatalf("%s: %v", path, err)
				}
			}
		}
	}
	visit(c, rec, check)
}

// visit calls f for every part of a record that has fields, list elements one
// by one.
func visit(c *spec.Category, rec reflect.Value, f func(path string, it *spec.Item, v reflect.Value)) {
	var one func(path string, it *spec.Item, v reflect.Value)
	one = func(path string, it *spec.Item, v reflect.Value) {
		switch it.Form {
		case spec.Compound:
			for i := range it.Subs {
				if s := &it.Subs[i]; s.Form != spec.Spare {
					one(path+"/"+s.Name, s, v.FieldByName(s.Name))
				}
			}
		case spec.Repetitive, spec.RepetitiveFX:
			for i := range v.Len() {
				f(path, it, v.Index(i))
			}
		case spec.Fixed, spec.Extended:
			f(path, it, v)
		}
	}
	for i := range c.Items {
		it := &c.Items[i]
		one(it.Name, it, rec.FieldByName(it.GoName()))
	}
}

func drawRecord(t *rapid.T, c *spec.Category, rec reflect.Value) {
	has := uint64(0)
	for i, name := range c.UAP {
		if name != "-" && rapid.Bool().Draw(t, name) {
			has |= slot(i)
		}
	}
	if has == 0 && !c.Expansion {
		has = slot(0)
	}
	for i, name := range c.UAP {
		if has&slot(i) != 0 {
			if name == "RFS" {
				drawSequence(t, c, rec.FieldByName(name))
				continue
			}
			drawItem(t, c.Item(name), rec.FieldByName(c.Item(name).GoName()))
		}
	}
	if c.Expansion {
		rec.FieldByName("Has").SetUint(has)
		rec.FieldByName("FSPECLen").SetUint(1)
		return
	}
	setPresence(t, rec, has, len(c.UAP))
}

// drawSequence draws pairs of field reference number and item of fixed length.
func drawSequence(t *rapid.T, c *spec.Category, v reflect.Value) {
	content := []byte{0}
	for i, name := range c.UAP {
		if name == "-" || c.Item(name).Form != spec.Fixed || !rapid.Bool().Draw(t, "sequenced") {
			continue
		}
		n := spec.PartBits(c.Item(name).Parts[0]) / 8
		content[0]++
		content = append(append(content, byte(i+1)), rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "octets")...)
	}
	v.SetBytes(content)
}

// setPresence sets Has and an FSPECLen between what is needed and what there is.
func setPresence(t *rapid.T, v reflect.Value, has uint64, slots int) {
	need := 1
	for i := range slots {
		if has&slot(i) != 0 {
			need = i/7 + 1
		}
	}
	v.FieldByName("Has").SetUint(has)
	v.FieldByName("FSPECLen").SetUint(uint64(rapid.IntRange(need, (slots+6)/7).Draw(t, "fspec")))
}

func drawItem(t *rapid.T, it *spec.Item, v reflect.Value) {
	switch it.Form {
	case spec.Fixed:
		drawFields(t, it.Parts, v)
	case spec.Extended:
		n := rapid.IntRange(1, len(it.Parts)).Draw(t, "extents")
		v.FieldByName("Extents").SetUint(uint64(n))
		drawFields(t, it.Parts[:n], v)
		if n == len(it.Parts) && rapid.Bool().Draw(t, "more") {
			more := rapid.SliceOfN(rapid.Byte(), 1, 4).Draw(t, "octets")
			for i := range more {
				more[i] |= 1
			}
			more[len(more)-1] &^= 1
			v.FieldByName("More").SetBytes(more)
		}
	case spec.Explicit:
		v.SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 254).Draw(t, "content"))
	case spec.Repetitive, spec.RepetitiveFX:
		least := 0
		if it.Form == spec.RepetitiveFX {
			least = 1
		}
		n := rapid.IntRange(least, 5).Draw(t, "rep")
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			drawFields(t, it.Parts, v.Index(i))
		}
	case spec.Compound:
		has := uint64(0)
		for i := range it.Subs {
			if s := &it.Subs[i]; s.Form != spec.Spare && rapid.Bool().Draw(t, s.Name) {
				has |= slot(i)
				drawItem(t, s, v.FieldByName(s.Name))
			}
		}
		setPresence(t, v, has, len(it.Subs))
	}
}

func drawFields(t *rapid.T, parts [][]spec.Field, v reflect.Value) {
	spares := 0
	for _, part := range parts {
		for i := range part {
			f := &part[i]
			target := reflect.Value{}
			if f.Kind == spec.SpareBits {
				spares++
				target = v.FieldByName(fmt.Sprintf("Spare%d", spares))
			} else {
				target = goField(v, f)
			}
			drawField(t, f, target)
		}
	}
}

func drawField(t *rapid.T, f *spec.Field, v reflect.Value) {
	switch f.Kind {
	case spec.Octets, spec.ASCII:
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(rapid.Byte().Draw(t, f.Name)))
		}
	case spec.Signed:
		half := int64(1) << (f.Bits - 1)
		v.SetInt(rapid.Int64Range(-half, half-1).Draw(t, f.Name))
	default:
		v.SetUint(rapid.Uint64Range(0, 1<<f.Bits-1).Draw(t, f.Name))
	}
}

// sample returns a record with every item and subfield, drawn with one seed.
func sample(c category) record {
	return rapid.Custom(func(t *rapid.T) record {
		rec := c.fresh()
		drawRecord(t, c.table, elem(rec))
		has := uint64(0)
		for i, name := range c.table.UAP {
			if name == "-" || name == "RFS" {
				continue
			}
			has |= slot(i)
			it := c.table.Item(name)
			drawItem(t, it, elem(rec).FieldByName(it.GoName()))
		}
		elem(rec).FieldByName("Has").SetUint(has)
		return rec
	}).Example(1)
}
