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

// Table is a definition table, made ready to read records. It is not changed by
// reading and may be shared.
type Table struct {
	Category byte
	Edition  string
	uap      []wire.Def
	items    map[string]*item
}

// item is an item or a subfield.
type item struct {
	name  string
	form  spec.Form
	rep   int // octets of the repetition factor
	parts []part
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
	path     []string // group names and the field's own
	bit      int
	bits     int
	kind     spec.Kind
	num, den float64  // of the LSB; den is 0 when it is no quantity
	lsb      *big.Rat // for raw values that float64 does not hold
}

// New prepares a table.
func New(c *spec.Category) (*Table, error) {
	if c.Number < 0 || c.Number > 255 || len(c.UAP) == 0 {
		return nil, fmt.Errorf("table of category %d with %d slots", c.Number, len(c.UAP))
	}
	t := &Table{Category: byte(c.Number), Edition: c.Edition, items: map[string]*item{}}
	for _, name := range c.UAP {
		if name == "-" {
			t.uap = append(t.uap, wire.Def{Form: wire.Spare})
			continue
		}
		def := c.Item(name)
		if def == nil {
			return nil, fmt.Errorf("table of category %d: item %s is not defined", c.Number, name)
		}
		it := compile(def)
		t.items[name] = &it
		t.uap = append(t.uap, it.def())
	}
	return t, nil
}

func compile(def *spec.Item) item {
	it := item{name: def.Name, form: def.Form, rep: def.Rep}
	for _, fields := range def.Parts {
		p := part{scalar: def.Scalar()}
		at := 0
		for i := range fields {
			f := &fields[i]
			if f.Kind != spec.SpareBits {
				p.fields = append(p.fields, compileField(f, at))
			}
			at += f.Bits
		}
		if def.Form.HasFX() {
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

func compileField(f *spec.Field, at int) field {
	out := field{path: strings.Split(f.Name, "/"), bit: at, bits: f.Bits, kind: f.Kind}
	if f.LSB != nil {
		out.lsb = f.LSB
		out.num, _ = new(big.Rat).SetInt(f.LSB.Num()).Float64()
		out.den, _ = new(big.Rat).SetInt(f.LSB.Denom()).Float64()
	}
	return out
}

// def returns what measures the item.
func (it *item) def() wire.Def {
	d := wire.Def{Name: it.name, Rep: it.rep}
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

// Items yields name and octets of each item of the record at the start of b, in
// the order of the wire, and returns the record's length. A record that cannot
// be read is refused with an *asterix.Error that counts from the start of b,
// after its items before the bad one. When yield returns false the length is 0.
func (t *Table) Items(b []byte, yield func(item string, raw []byte) bool) (int, error) {
	return wire.Walk(t.Category, t.uap, b, yield)
}
