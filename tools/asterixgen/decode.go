// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/kuroshio-watch/kuroshio/asterix/spec"
)

// slotsPerOctet is the number of presence bits in an octet of the primary
// subfield of a compound item.
const slotsPerOctet = 7

// writeDecode writes the decoder of the record.
func writeDecode(s *source, c *spec.Category) {
	octets, chunks := chunksOf(c)
	s.p("// Decode reads the record at the start of b and returns its length. What r held")
	s.p("// before is gone, but its slices are used again: a copy of r shares them. On an")
	s.p("// error, an *asterix.Error, r.Has names the items before the refused one.")
	s.p("func (r *Record) Decode(b []byte) (int, error) {")
	writeReset(s, c)
	if c.Expansion {
		s.p("set, at := wire.FixedFSPEC(b, %d)", octets)
		s.p("if at == 0 {")
	} else {
		s.p("set, at := wire.FSPEC(b, %d)", octets)
		s.p("if at == 0 || set == 0 {")
	}
	s.p("return 0, forms.Refuse(b)")
	s.p("}")
	s.p("r.FSPECLen = uint8(at)")
	s.p("todo := Items(wire.Before(set, knownItems))")
	for _, i := range chunks {
		s.p("if todo&%#016x != 0 {", slotMask(c, i))
		s.p("if at = r.decode%d(b, at, todo); at == 0 {", i+1)
		s.p("return 0, forms.Refuse(b)")
		s.p("}")
		s.p("}")
	}
	s.p("if uint64(todo) != set {")
	s.p("return 0, forms.Refuse(b)")
	s.p("}")
	s.p("r.Raw = b[:at:at]")
	s.p("return at, nil")
	s.p("}")
	for _, i := range chunks {
		writeChunk(s, c, i)
	}
}

// writeReset empties the record but for the slices that survive from one record
// to the next. Clearing in place and putting them back costs less than copying
// a literal.
func writeReset(s *source, c *spec.Category) {
	var kept []string
	keep := func(f spec.Form, path string) {
		if f == spec.Repetitive || f == spec.RepetitiveFX {
			kept = append(kept, path)
		}
	}
	for i := range c.Items {
		it := &c.Items[i]
		keep(it.Form, it.GoName())
		for k := range it.Subs {
			keep(it.Subs[k].Form, it.GoName()+"."+it.Subs[k].Name)
		}
	}
	for i, path := range kept {
		s.p("kept%d := r.%s[:0]", i+1, path)
	}
	s.p("*r = Record{}")
	for i, path := range kept {
		s.p("r.%s = kept%d", path, i+1)
	}
}

// chunksOf returns how many octets the FSPEC has at most, and the indices of
// those that have an item.
func chunksOf(c *spec.Category) (octets int, used []int) {
	octets = (len(c.UAP) + c.SlotsPerOctet() - 1) / c.SlotsPerOctet()
	for i := range octets {
		if slotMask(c, i) != 0 {
			used = append(used, i)
		}
	}
	return octets, used
}

func slotMask(c *spec.Category, chunk int) uint64 {
	var m uint64
	slots := c.SlotsPerOctet()
	for k := chunk * slots; k < min((chunk+1)*slots, len(c.UAP)); k++ {
		if c.UAP[k] != "-" {
			m |= 1 << (63 - k)
		}
	}
	return m
}

// writeChunk writes the decoder of the items of one FSPEC octet.
func writeChunk(s *source, c *spec.Category, chunk int) {
	s.p("")
	s.p("// decode%d reads the items of FSPEC octet %d from b[at:] and returns the offset", chunk+1, chunk+1)
	s.p("// behind them, or 0 when an item does not fit.")
	s.p("func (r *Record) decode%d(b []byte, at int, todo Items) int {", chunk+1)
	slots := c.SlotsPerOctet()
	for k := chunk * slots; k < min((chunk+1)*slots, len(c.UAP)); k++ {
		n := c.UAP[k]
		if n == "-" {
			continue
		}
		s.p("if todo&Item%s != 0 {", n)
		writeCall(s, c.Item(n), c.Item(n).GoName(), "r."+c.Item(n).GoName(), "b[at:]", "return 0", "at += n")
		s.p("r.Has |= Item%s", n)
		s.p("}")
	}
	s.p("return at")
	s.p("}")
}

// writeCall writes the call of an item's decoder; fail runs when it returns 0.
func writeCall(s *source, it *spec.Item, name, dst, src, fail, advance string) {
	switch it.Form {
	case spec.Explicit:
		s.p("n := wire.ReadExplicit(&%s, %s)", dst, src)
	case spec.RFS:
		s.p("n := wire.ReadSequence(&%s, %s, &forms)", dst, src)
	case spec.Repetitive, spec.RepetitiveFX:
		s.p("n := decode%s(&%s, %s)", name, dst, src)
	default:
		s.p("n := %s.decode(%s)", dst, src)
	}
	s.p("if n == 0 {")
	s.p("%s", fail)
	s.p("}")
	s.p("%s", advance)
}

func writeItemDecode(s *source, it *spec.Item, name string) {
	switch it.Form {
	case spec.Fixed:
		s.p("")
		s.p("func (v *%s) decode(b []byte) int {", name)
		writePart(s, it, 0, name)
		s.p("return %d", octets(it, 0))
		s.p("}")
	case spec.Extended:
		writeExtendedDecode(s, it, name)
	case spec.Repetitive, spec.RepetitiveFX:
		writeRepetitiveDecode(s, it, name)
	case spec.Compound:
		writeCompoundDecode(s, it, name)
	}
}

// writePart writes the length check and the fields of one part.
func writePart(s *source, it *spec.Item, part int, name string) {
	s.p("if len(b) < %d {", octets(it, part))
	s.p("return 0")
	s.p("}")
	for _, pl := range layouts(it)[part] {
		target, typ := "v"+pl.expr, fieldType(pl.Field)
		if pl.isInt && pl.expr == "" {
			target, typ = "*v", name
		}
		writeField(s, &pl, target, typ)
	}
}

// writeField writes the assignment of a field from the slice b.
func writeField(s *source, pl *place, target, typ string) {
	if pl.isInt {
		s.p("%s = %s", target, extract(pl, typ))
	} else {
		s.p("copy(%s[:], b[%d:%d])", target, pl.bit/8, (pl.bit+pl.Bits)/8)
	}
}

// extract returns the expression of an integer field as the type.
func extract(pl *place, typ string) string {
	first, last := pl.bit/8, (pl.bit+pl.Bits-1)/8
	n := last - first + 1
	w := intBits(8 * n)
	low := (last+1)*8 - pl.bit - pl.Bits
	word := load(first, n)
	if pl.Kind == spec.Signed {
		if up := w - low - pl.Bits; up > 0 {
			word = fmt.Sprintf("%s << %d", word, up)
		}
		word = fmt.Sprintf("int%d(%s)", w, word)
		if down := w - pl.Bits; down > 0 {
			word = fmt.Sprintf("%s >> %d", word, down)
		}
		if typ == fmt.Sprintf("int%d", w) {
			return word
		}
		return fmt.Sprintf("%s(%s)", typ, word)
	}
	if low > 0 {
		word = fmt.Sprintf("%s >> %d", word, low)
	}
	if low+pl.Bits < 8*n {
		word = fmt.Sprintf("%s & %#x", word, uint64(1)<<pl.Bits-1)
	}
	if typ == fmt.Sprintf("uint%d", w) {
		return word
	}
	return fmt.Sprintf("%s(%s)", typ, word)
}

// load returns the expression of n octets as the next larger unsigned integer.
func load(first, n int) string {
	switch n {
	case 1:
		return fmt.Sprintf("b[%d]", first)
	case 2, 4, 8:
		return fmt.Sprintf("binary.BigEndian.Uint%d(b[%d:])", 8*n, first)
	}
	var terms []string
	for i := range n {
		t := fmt.Sprintf("uint%d(b[%d])", intBits(8*n), first+i)
		if sh := 8 * (n - 1 - i); sh > 0 {
			t = fmt.Sprintf("%s<<%d", t, sh)
		}
		terms = append(terms, t)
	}
	return "(" + strings.Join(terms, " | ") + ")"
}

func writeExtendedDecode(s *source, it *spec.Item, name string) {
	s.p("")
	s.p("func (v *%s) decode(b []byte) int {", name)
	s.p("all := b")
	for i := range it.Parts {
		n := octets(it, i)
		writePart(s, it, i, name)
		s.p("v.Extents = %d", i+1)
		s.p("if b[%d]&1 == 0 {", n-1)
		s.p("return len(all) - len(b) + %d", n)
		s.p("}")
		s.p("b = b[%d:]", n)
	}
	s.p("n := wire.Extents(b)")
	s.p("if n == 0 {")
	s.p("return 0")
	s.p("}")
	s.p("v.More = b[:n:n]")
	s.p("return len(all) - len(b) + n")
	s.p("}")
}

func writeRepetitiveDecode(s *source, it *spec.Item, name string) {
	typ := strings.TrimPrefix(elemType(it, name), "[]")
	n := octets(it, 0)
	s.p("")
	s.p("func decode%s(v *[]%s, b []byte) int {", name, typ)
	s.p("list := *v")
	if it.Form == spec.RepetitiveFX {
		s.p("for at := 0; ; {")
		s.p("b := b[at:]")
		s.p("if len(b) < %d {", n)
		s.p("return 0")
		s.p("}")
	} else {
		s.p("if len(b) < %d {", it.Rep)
		s.p("return 0")
		s.p("}")
		s.p("rep := wire.Rep(b, %d)", it.Rep)
		s.p("size := %d + rep*%d", it.Rep, n)
		s.p("if len(b) < size {")
		s.p("return 0")
		s.p("}")
		s.p("for i := range rep {")
		s.p("b := b[%d+i*%d:][:%d]", it.Rep, n, n)
	}
	if part := layouts(it)[0]; it.Scalar() && part[0].isInt {
		s.p("e := %s", extract(&part[0], typ))
	} else {
		s.p("var e %s", typ)
		for _, pl := range part {
			writeField(s, &pl, "e"+pl.expr, fieldType(pl.Field))
		}
	}
	s.p("list = append(list, e)")
	if it.Form == spec.RepetitiveFX {
		s.p("at += %d", n)
		s.p("if b[%d]&1 == 0 {", n-1)
		s.p("*v = list")
		s.p("return at")
		s.p("}")
		s.p("}")
	} else {
		s.p("}")
		s.p("*v = list")
		s.p("return size")
	}
	s.p("}")
}

func writeCompoundDecode(s *source, it *spec.Item, name string) {
	s.p("")
	s.p("func (v *%s) decode(b []byte) int {", name)
	s.p("set, at := wire.FSPEC(b, %d)", (len(it.Subs)+slotsPerOctet-1)/slotsPerOctet)
	s.p("if at == 0 || set&^known%s != 0 {", name)
	s.p("return 0")
	s.p("}")
	s.p("v.Has, v.FSPECLen = %sSubs(set), uint8(at)", name)
	for i := range it.Subs {
		sub := &it.Subs[i]
		if sub.Form == spec.Spare {
			continue
		}
		s.p("if v.Has&%sHas%s != 0 {", name, sub.Name)
		writeCall(s, sub, name+sub.Name, "v."+sub.Name, "b[at:]", "return 0", "at += n")
		s.p("}")
	}
	s.p("return at")
	s.p("}")
}
