// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/kuroshio-watch/kuroshio/asterix/spec"
)

// writeEncode writes the encoder of the record.
func writeEncode(s *source, c *spec.Category) {
	octets, chunks := chunksOf(c)
	s.p("// Append appends the record to dst: the items in Has, the field specification")
	s.p("// and extents at least as long as FSPECLen and Extents say, spare bits as they")
	s.p("// are. What Decode has read gives the same octets again. It refuses, with an")
	s.p("// *asterix.Error and dst as it was, what does not fit its bits.")
	s.p("func (r *Record) Append(dst []byte) ([]byte, error) {")
	empty := "r.Has == 0 || "
	if c.Expansion {
		empty = ""
	}
	s.p("if %sr.Has&^knownItems != 0 || r.FSPECLen > %d {", empty, octets)
	s.p("return dst, &asterix.Error{Category: Category, Reason: asterix.ReasonUAP}")
	s.p("}")
	if c.Expansion {
		s.p("out := wire.AppendFixedFSPEC(dst, uint64(r.Has), %d)", octets)
	} else {
		s.p("out := wire.AppendFSPEC(dst, uint64(r.Has), r.FSPECLen)")
	}
	s.p("var item, bad string")
	for _, i := range chunks {
		s.p("if r.Has&%#016x != 0 {", slotMask(c, i))
		s.p("if out, item, bad = r.append%d(out); bad != \"\" {", i+1)
		s.p("return dst, &asterix.Error{Category: Category, Item: item, Reason: asterix.ReasonNoFit, Detail: bad + \" does not fit\"}")
		s.p("}")
		s.p("}")
	}
	s.p("return out, nil")
	s.p("}")
	for _, i := range chunks {
		writeAppendChunk(s, c, i)
	}
	s.p("")
	s.p("// Items yields the octets of each item of Raw in the order of the wire, until")
	s.p("// yield returns false.")
	s.p("func (r *Record) Items(yield func(item string, raw []byte) bool) {")
	s.p("_, _ = forms.Walk(r.Raw, yield) // Raw was decoded before")
	s.p("}")
}

func writeAppendChunk(s *source, c *spec.Category, chunk int) {
	s.p("")
	s.p("// append%d appends the items of FSPEC octet %d; bad names what does not fit.", chunk+1, chunk+1)
	s.p("func (r *Record) append%d(dst []byte) (out []byte, item, bad string) {", chunk+1)
	slots := c.SlotsPerOctet()
	for k := chunk * slots; k < min((chunk+1)*slots, len(c.UAP)); k++ {
		n := c.UAP[k]
		if n == "-" {
			continue
		}
		s.p("if r.Has&Item%s != 0 {", n)
		s.p("if dst, bad = %s; bad != \"\" {", appendCall(c.Item(n), c.Item(n).GoName(), "r."+c.Item(n).GoName()))
		s.p("return dst, %q, bad", n)
		s.p("}")
		s.p("}")
	}
	s.p("return dst, \"\", \"\"")
	s.p("}")
}

func appendCall(it *spec.Item, name, src string) string {
	switch it.Form {
	case spec.Explicit:
		return fmt.Sprintf("wire.AppendExplicit(dst, %s)", src)
	case spec.RFS:
		return fmt.Sprintf("wire.AppendSequence(dst, %s, &forms)", src)
	case spec.Repetitive, spec.RepetitiveFX:
		return fmt.Sprintf("append%s(dst, %s)", name, src)
	}
	return src + ".append(dst)"
}

func writeItemAppend(s *source, it *spec.Item, name string) {
	switch it.Form {
	case spec.Fixed:
		s.p("")
		s.p("func (v *%s) append(dst []byte) ([]byte, string) {", name)
		writeRange(s, layouts(it)[0], deref(it))
		writeOctets(s, it, 0, deref(it), "")
		s.p("return dst, \"\"")
		s.p("}")
	case spec.Extended:
		writeExtendedAppend(s, it, name)
	case spec.Repetitive, spec.RepetitiveFX:
		writeRepetitiveAppend(s, it, name)
	case spec.Compound:
		writeCompoundAppend(s, it, name)
	}
}

// deref is the receiver as an expression: scalars are integers, *v.
func deref(it *spec.Item) string {
	if it.Scalar() && !it.Parts[0][0].Kind.IsOctets() {
		return "*v"
	}
	return "v"
}

// writeRange writes the check that each field fits its bits.
func writeRange(s *source, part []place, recv string) {
	var cases []string
	for _, pl := range part {
		x := recv + pl.expr
		label := pl.Name
		if pl.Kind == spec.SpareBits {
			label = pl.expr[1:]
		}
		if label == "." {
			label = "value"
		}
		switch w := intBits(pl.Bits); {
		case !pl.isInt || w == pl.Bits:
			continue
		case pl.Kind == spec.Signed:
			half := int64(1) << (pl.Bits - 1)
			cases = append(cases, fmt.Sprintf("case %s < %d || %s > %d:\nreturn dst, %q", x, -half, x, half-1, label))
		default:
			cases = append(cases, fmt.Sprintf("case %s > %#x:\nreturn dst, %q", x, uint64(1)<<pl.Bits-1, label))
		}
	}
	if len(cases) > 0 {
		s.p("switch {\n%s\n}", strings.Join(cases, "\n"))
	}
}

// writeOctets writes the append of one part; fx is the expression of its FX bit.
func writeOctets(s *source, it *spec.Item, part int, recv, fx string) {
	n := octets(it, part)
	terms := make([]string, n)
	for _, pl := range layouts(it)[part] {
		if !pl.isInt {
			for i := range pl.Bits / 8 {
				terms[pl.bit/8+i] = fmt.Sprintf("%s%s[%d]", recv, pl.expr, i)
			}
			continue
		}
		for o := pl.bit / 8; o <= (pl.bit+pl.Bits-1)/8; o++ {
			addTerm(&terms[o], octetOf(&pl, recv+pl.expr, o))
		}
	}
	if fx != "" {
		addTerm(&terms[n-1], fx)
	}
	s.p("dst = append(dst, %s)", strings.Join(terms, ", "))
}

func addTerm(sum *string, t string) {
	if *sum != "" {
		t = *sum + " | " + t
	}
	*sum = t
}

// octetOf returns the bits of a field that lie in octet o, in their place.
func octetOf(pl *place, x string, o int) string {
	end := pl.bit + pl.Bits
	down := end - (o+1)*8 // bits of the field behind this octet
	first := max(pl.bit, o*8)
	width := min(end, (o+1)*8) - first
	if pl.Kind == spec.Signed {
		x = fmt.Sprintf("uint%d(%s)", intBits(pl.Bits), x)
	}
	switch {
	case down > 0:
		x = fmt.Sprintf("byte(%s>>%d)", x, down)
	case intBits(pl.Bits) != 8 || pl.expr == "":
		x = fmt.Sprintf("byte(%s)", x)
	}
	masked := width < 8 && (pl.Kind == spec.Signed || first > pl.bit)
	if masked {
		x = fmt.Sprintf("%s&%#x", x, 1<<width-1)
	}
	if down < 0 {
		x = fmt.Sprintf("%s<<%d", x, -down)
	}
	return x
}

func writeExtendedAppend(s *source, it *spec.Item, name string) {
	parts := layouts(it)
	s.p("")
	s.p("// parts returns how many parts it takes to hold what is set.")
	s.p("func (v *%s) parts() int {", name)
	s.p("switch {")
	for i := len(parts) - 1; i > 0; i-- {
		var terms []string
		if i == len(parts)-1 {
			terms = append(terms, "len(v.More) != 0")
		}
		for _, pl := range parts[i] {
			terms = append(terms, fmt.Sprintf("v%s != 0", pl.expr))
		}
		s.p("case %s:", strings.Join(terms, " || "))
		s.p("return max(%d, int(v.Extents))", i+1)
	}
	s.p("}")
	s.p("return max(1, int(v.Extents))")
	s.p("}")
	s.p("")
	s.p("func (v *%s) append(dst []byte) ([]byte, string) {", name)
	s.p("n := v.parts()")
	s.p("if n > %d {", len(parts))
	s.p("return dst, \"Extents\"")
	s.p("}")
	s.p("if !wire.Chained(v.More) {")
	s.p("return dst, \"More\"")
	s.p("}")
	for i, part := range parts {
		writeRange(s, part, "v")
		if i == len(parts)-1 {
			writeOctets(s, it, i, "v", "wire.FX(len(v.More) != 0)")
			break
		}
		writeOctets(s, it, i, "v", fmt.Sprintf("wire.FX(n > %d)", i+1))
		s.p("if n == %d {", i+1)
		s.p("return dst, \"\"")
		s.p("}")
	}
	s.p("return append(dst, v.More...), \"\"")
	s.p("}")
}

func writeRepetitiveAppend(s *source, it *spec.Item, name string) {
	typ := strings.TrimPrefix(elemType(it, name), "[]")
	s.p("")
	s.p("func append%s(dst []byte, v []%s) ([]byte, string) {", name, typ)
	fx := ""
	if it.Form == spec.RepetitiveFX {
		fx = "wire.FX(i < len(v)-1)"
		s.p("if len(v) == 0 {")
		s.p("return dst, \"empty list\"")
		s.p("}")
		s.p("for i := range v {")
	} else {
		s.p("if len(v) > %#x {", 1<<(8*it.Rep)-1)
		s.p("return dst, \"list\"")
		s.p("}")
		if it.Rep == 2 {
			s.p("dst = append(dst, byte(len(v)>>8))")
		}
		s.p("dst = append(dst, byte(len(v)))")
		s.p("for i := range v {")
	}
	part := layouts(it)[0]
	if it.Scalar() {
		s.p("e := v[i]")
	} else {
		s.p("e := &v[i]")
	}
	writeRange(s, part, "e")
	writeOctets(s, it, 0, "e", fx)
	s.p("}")
	s.p("return dst, \"\"")
	s.p("}")
}

func writeCompoundAppend(s *source, it *spec.Item, name string) {
	s.p("")
	s.p("func (v *%s) append(dst []byte) (out []byte, bad string) {", name)
	s.p("if v.Has&^known%s != 0 || v.FSPECLen > %d {", name, (len(it.Subs)+slotsPerOctet-1)/slotsPerOctet)
	s.p("return dst, \"Has\"")
	s.p("}")
	s.p("dst = wire.AppendFSPEC(dst, uint64(v.Has), v.FSPECLen)")
	for i := range it.Subs {
		sub := &it.Subs[i]
		if sub.Form == spec.Spare {
			continue
		}
		s.p("if v.Has&%sHas%s != 0 {", name, sub.Name)
		s.p("if dst, bad = %s; bad != \"\" {", appendCall(sub, name+sub.Name, "v."+sub.Name))
		s.p("return dst, \"%s/\" + bad", sub.Name)
		s.p("}")
		s.p("}")
	}
	s.p("return dst, \"\"")
	s.p("}")
}
