// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package inspect reads ASTERIX records by a definition table of asterix/spec
// instead of by generated code: every item and field with its name, for people,
// scripts and tools. It is an independent second reading of what the packages
// asterix/catNNN decode, about fifty times slower.
//
// It does not choose editions, keep state between records or encode.
package inspect

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/kuroshio-watch/kuroshio/asterix/internal/wire"
	"github.com/kuroshio-watch/kuroshio/asterix/spec"
)

// Table is a definition table, made ready to read records. Reading
// does not change it.
type Table struct {
	Category byte
	Edition  string
	profile  wire.Profile
	items    map[string]*item
	re       *Table // of the reserved expansion field; nil when there is none
	// others are the profiles after the first; selector and the last part of
	// selected say which one a record has.
	others   []*Table
	selector string
	selected field
}

// item is an item or a subfield.
type item struct {
	name  string
	form  spec.Form
	rep   int // octets of the repetition factor
	parts []part
	open  bool   // the last part has no FX bit
	subs  []item // in the order of the primary subfield; Spare for a gap
}

// part is what lies between two FX bits, or all of an item.
type part struct {
	octets int
	scalar bool // one field without a name
	fields []field
}

// field is some bits. bit counts from the start of the part.
type field struct {
	path   []string // group names and the field's own
	bit    int
	bits   int
	kind   spec.Kind
	lsb    quantity
	others []reading
}

// quantity is an LSB; den is 0 when a field is none.
type quantity struct {
	num, den float64
	exact    *big.Rat // for raw values that float64 does not hold
}

// reading is an LSB that holds where the bits of another field have a value.
type reading struct {
	bit, bits int
	value     uint64
	lsb       quantity
}

// New prepares a table.
func New(c *spec.Category) (*Table, error) {
	if c.Number < 0 || c.Number > 255 || len(c.UAP) == 0 {
		return nil, fmt.Errorf("table of category %d with %d slots", c.Number, len(c.UAP))
	}
	t := &Table{Category: byte(c.Number), Edition: c.Edition, items: map[string]*item{}}
	t.profile.Category = t.Category
	if c.Expansion {
		t.profile.Fixed = (len(c.UAP) + c.SlotsPerOctet() - 1) / c.SlotsPerOctet()
	}
	for _, name := range c.UAP {
		if name == "-" {
			t.profile.Slots = append(t.profile.Slots, wire.Def{Form: wire.Spare})
			continue
		}
		def := c.Item(name)
		if def == nil {
			return nil, fmt.Errorf("table of category %d: item %s is not defined", c.Number, name)
		}
		it := compile(def)
		t.items[name] = &it
		t.profile.Slots = append(t.profile.Slots, it.def())
	}
	return t, t.addVariants(c)
}

// addVariants prepares the profiles after the first.
func (t *Table) addVariants(c *spec.Category) error {
	if len(c.Variants) == 0 {
		return nil
	}
	item, name, _ := strings.Cut(c.Select, "/")
	it := t.items[item]
	if it == nil || len(it.parts) == 0 {
		return fmt.Errorf("table of category %d: no item %s to select a profile", c.Number, item)
	}
	t.selector = item
	for _, f := range it.parts[0].fields {
		if strings.Join(f.path, "/") == name {
			t.selected = f
		}
	}
	for _, v := range c.Variants[1:] {
		x, err := New(c.Of(v.Name))
		if err != nil {
			return err
		}
		t.others = append(t.others, x)
	}
	return nil
}

// For returns the table of the profile that the record at the start of b has: t
// itself unless the category has several.
func (t *Table) For(b []byte) *Table {
	if len(t.others) == 0 {
		return t
	}
	n := uint64(0)
	// An error is told when the record is read.
	_, _ = t.profile.Walk(b, func(item string, raw []byte) bool {
		if item == t.selector {
			n = Bits(raw, t.selected.bit, t.selected.bits)
		}
		return item != t.selector
	})
	if n == 0 || n > uint64(len(t.others)) {
		return t
	}
	return t.others[n-1]
}

func compile(def *spec.Item) item {
	it := item{name: def.Name, form: def.Form, rep: def.Rep, open: def.Open}
	for n, fields := range def.Parts {
		p := part{scalar: def.Scalar()}
		at := 0
		for i := range fields {
			f := &fields[i]
			if f.Kind != spec.SpareBits {
				p.fields = append(p.fields, p.compile(f, at))
			}
			at += f.Bits
		}
		if def.FXIn(n) {
			at++
		}
		p.octets = at / 8
		it.parts = append(it.parts, p)
	}
	for i := range def.Subs {
		it.subs = append(it.subs, compile(&def.Subs[i]))
	}
	return it
}

func (p *part) compile(f *spec.Field, at int) field {
	out := field{path: strings.Split(f.Name, "/"), bit: at, bits: f.Bits, kind: f.Kind}
	if f.LSB == nil {
		return out
	}
	out.lsb = newQuantity(f.LSB)
	for _, o := range f.Others {
		for i := range p.fields {
			if before := &p.fields[i]; before.path[len(before.path)-1] == o.When {
				out.others = append(out.others, reading{before.bit, before.bits, o.Value, newQuantity(o.LSB)})
			}
		}
	}
	return out
}

func newQuantity(lsb *big.Rat) quantity {
	q := quantity{exact: lsb}
	q.num, _ = new(big.Rat).SetInt(lsb.Num()).Float64()
	q.den, _ = new(big.Rat).SetInt(lsb.Denom()).Float64()
	return q
}

// def returns what measures the item.
func (it *item) def() wire.Def {
	d := wire.Def{Name: it.name, Rep: it.rep, Open: it.open}
	switch it.form {
	case spec.Fixed:
		d.Form = wire.Fixed
	case spec.Extended:
		d.Form = wire.Extended
	case spec.Repetitive:
		d.Form = wire.Repetitive
	case spec.RepetitiveFX:
		d.Form = wire.RepetitiveFX
	case spec.Compound:
		d.Form = wire.Compound
	case spec.Explicit:
		d.Form = wire.Explicit
	case spec.RFS:
		d.Form = wire.RFS
	case spec.Spare:
		d.Form = wire.Spare
	}
	for i := range it.parts {
		d.Len = append(d.Len, it.parts[i].octets)
	}
	for i := range it.subs {
		d.Subs = append(d.Subs, it.subs[i].def())
	}
	return d
}

// Expand lets the table read item RE by the table of the category's expansion.
func (t *Table) Expand(expansion *Table) { t.re = expansion }

// Items yields name and octets of each item of the record at the start of b, in
// the order of the wire, and returns the record's length. A record that cannot
// be read is refused with an *asterix.Error that counts from the start of b,
// after its items before the bad one. When yield returns false the length is 0.
// Of a category with several profiles it reads the one of t: see For.
func (t *Table) Items(b []byte, yield func(item string, raw []byte) bool) (int, error) {
	return t.profile.Walk(b, yield)
}
