// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/kuroshio-watch/kuroshio/asterix/spec"
)

// writeTypes writes the record, its items and their conversions.
func writeTypes(s *source, c *spec.Category) {
	s.p("// Category is the category number.")
	s.p("const Category = %d", c.Number)
	s.p("")
	s.p("// Edition is the edition of the document that the package follows.")
	s.p("const Edition = %q", c.Edition)
	s.p("")
	s.p("// Items is a set of items: the presence bits of the field specification.")
	s.p("type Items uint64")
	s.p("")
	s.p("// The items in the order of the user application profile.")
	s.p("const (")
	for i, n := range c.UAP {
		if n != "-" {
			s.p("Item%s Items = 1 << %d // FRN %d: %s", n, 63-i, i+1, c.Item(n).Title)
		}
	}
	s.p(")")
	s.p("")
	s.p("const knownItems = %#016x", uapMask(c))
	s.p("")
	s.p("// Record is one record. Has says which items are present; the others are")
	s.p("// zero and mean nothing. Integers are as received: multiply by the unit in")
	s.p("// the item's comment or use its methods.")
	s.p("type Record struct {")
	s.p("// Raw is the record as received; it aliases the input of Decode.")
	s.p("Raw []byte")
	s.p("// Has is the set of items that are present.")
	s.p("Has Items")
	s.p("// FSPECLen is the least number of octets of the field specification.")
	s.p("FSPECLen uint8")
	s.p("")
	for i := range c.Items {
		it := &c.Items[i]
		s.p("%s %s // %s", it.GoName(), elemType(it, it.GoName()), it.Title)
	}
	s.p("}")
	each(c, func(it *spec.Item, name, path string) {
		s.p("")
		writeType(s, c, it, name, path)
	})
}

// writeType writes the type of one item or subfield, if it needs one.
func writeType(s *source, c *spec.Category, it *spec.Item, name, path string) {
	title := fmt.Sprintf("// %s is I%03d/%s, %s.", name, c.Number, path, it.Title)
	switch {
	case it.Form == spec.Explicit, it.Form == spec.RFS, strings.HasPrefix(elemType(it, name), "[]") && it.Scalar():
		return
	case it.Form == spec.Compound:
		writeCompound(s, it, name, title)
	case it.Scalar():
		f := &it.Parts[0][0]
		s.p("%s", title)
		s.p("// It holds: %s.", describe(f))
		s.p("type %s %s", name, fieldType(f))
		writeMethod(s, f, name, "")
	default:
		s.p("%s", title)
		s.p("type %s struct {", name)
		if it.Form == spec.Extended {
			s.p("// Extents is the least number of parts to write, and how many were read.")
			s.p("Extents uint8")
		}
		parts := layouts(it)
		for i, part := range parts {
			if i > 0 {
				s.p("")
			}
			for _, pl := range part {
				if pl.Kind == spec.SpareBits {
					s.p("%s %s // spare, %d bits", pl.expr[1:], fieldType(pl.Field), pl.Bits)
				} else {
					s.p("%s %s // %s", pl.GoName, fieldType(pl.Field), describe(pl.Field))
				}
			}
		}
		if it.Form == spec.Extended {
			s.p("")
			s.p("// More holds octets beyond the parts that the edition defines.")
			s.p("More []byte")
		}
		s.p("}")
		for _, part := range parts {
			for _, pl := range part {
				writeMethod(s, pl.Field, name, pl.expr)
			}
		}
	}
}

func writeCompound(s *source, it *spec.Item, name, title string) {
	s.p("%s", title)
	s.p("type %s struct {", name)
	s.p("// Has is the set of subfields that are present.")
	s.p("Has %sSubs", name)
	s.p("// FSPECLen is the least number of octets of the primary subfield.")
	s.p("FSPECLen uint8")
	s.p("")
	for i := range it.Subs {
		if sub := &it.Subs[i]; sub.Form != spec.Spare {
			s.p("%s %s // %s", sub.Name, elemType(sub, name+sub.Name), sub.Title)
		}
	}
	s.p("}")
	s.p("")
	s.p("// %sSubs is a set of subfields of %s.", name, name)
	s.p("type %sSubs uint64", name)
	s.p("")
	s.p("// The subfields of %s.", name)
	s.p("const (")
	for i := range it.Subs {
		if sub := &it.Subs[i]; sub.Form != spec.Spare {
			s.p("%sHas%s %sSubs = 1 << %d", name, sub.Name, name, 63-i)
		}
	}
	s.p(")")
	s.p("")
	s.p("const known%s = %#016x", name, subMask(it))
}

func describe(f *spec.Field) string {
	text := f.Doc
	if f.LSB != nil {
		sign := "<="
		if f.Strict {
			sign = "<"
		}
		limit := strings.TrimRight(strings.TrimRight(f.Limit.FloatString(6), "0"), ".")
		text += fmt.Sprintf("; unit %s %s, %s %s", lsb(f.LSB), f.Unit, sign, limit)
	} else if f.Bits > 1 {
		text += fmt.Sprintf("; %d bits", f.Bits)
	}
	return text
}

// lsb writes an exact rational as Go and people write it.
func lsb(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	return r.RatString()
}

// writeMethod writes the conversions of a quantity.
func writeMethod(s *source, f *spec.Field, typ, expr string) {
	if f.LSB == nil {
		return
	}
	writeProduct(s, f.LSB, typ, expr, fmt.Sprintf("// %s returns the value in %s: %s.", f.Method, f.Unit, f.Doc), f.Method)
	for _, o := range f.Others {
		text := fmt.Sprintf("// %s returns the value in %s where %s is %d.", o.Method, o.Unit, o.When, o.Value)
		writeProduct(s, o.LSB, typ, expr, text, o.Method)
	}
}

// writeProduct writes a conversion: the exact product, rounded once.
func writeProduct(s *source, unit *big.Rat, typ, expr, text, method string) {
	s.p("")
	s.p("%s", text)
	s.p("func (v %s) %s() float64 {", typ, method)
	x := "float64(v" + expr + ")"
	num, den := unit.Num().String(), unit.Denom()
	isPower := den.TrailingZeroBits() == uint(den.BitLen()-1)
	switch {
	case unit.IsInt() && num == "1":
		s.p("return %s", x)
	case unit.IsInt():
		s.p("return %s * %s", x, num)
	case isPower: // the constant is exact
		s.p("return %s * (%s.0 / %s)", x, num, den)
	default: // the product is exact, the division rounds
		s.p("return %s * %s / %s", x, num, den)
	}
	s.p("}")
}
