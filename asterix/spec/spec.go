// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package spec reads the definition tables of the ASTERIX categories, the *.def
// files beside it, and checks them. The head of each table says what it was
// written from; tools/asterixgen turns them into the packages asterix/catNNN.
// It decodes no data.
package spec

import (
	"math/big"
	"slices"
)

// Form is the form of an item or subfield (EUROCONTROL-SPEC-0149 part 1).
type Form string

// The forms, as they are written in a table.
const (
	Fixed        Form = "fixed"    // a fixed number of octets
	Extended     Form = "ext"      // parts that end with an FX bit
	Repetitive   Form = "rep"      // a repetition factor and elements
	RepetitiveFX Form = "repfx"    // elements that end with an FX bit
	Compound     Form = "compound" // a field specification and subfields
	Explicit     Form = "explicit" // a length and content
	RFS          Form = "rfs"      // random field sequencing: a count and pairs of FRN and item
	Spare        Form = "-"        // an unused slot of a compound
)

// Kind is how the bits of a field are read.
type Kind string

// The kinds, as they are written in a table.
const (
	Unsigned  Kind = "u"
	Signed    Kind = "i"      // two's complement
	Octal     Kind = "oct"    // octal digits of 3 bits
	ICAO      Kind = "icao"   // characters of 6 bits
	Octets    Kind = "octets" // octets that are handed on as they are
	ASCII     Kind = "ascii"  // characters of 8 bits, handed on as they are
	SpareBits Kind = "spare"
)

// IsOctets says whether the bits are handed on as octets and not as an integer.
func (k Kind) IsOctets() bool { return k == Octets || k == ASCII }

// Category is one table: a category, or what a category's reserved expansion
// field holds.
type Category struct {
	Number  int
	Edition string
	// Reads names other editions whose records the table reads as well.
	Reads []string
	// Shows names editions that the table describes, with items of another
	// layout, but that the generated package does not read.
	Shows []string
	Title string
	// Expansion says that the table is of a reserved expansion field: its
	// field specification is one octet of eight slots without FX.
	Expansion bool
	// Variants are the user application profiles of a category that has more
	// than one; UAP is then the first of them.
	Variants []Variant
	// Select is item/field whose value, a number from 0, says which variant a
	// record has. What stands before it in a record is the same in all.
	Select string
	Items  []Item
	// Earlier holds items as editions before theirs lay them out: see
	// Item.Until.
	Earlier []Item
	UAP     []string // item names in the order of field reference numbers; "-" is unused
}

// Variant is one of several user application profiles.
type Variant struct {
	Name string
	UAP  []string
}

// Of returns the table with one user application profile and the items that it
// names; nil when there is none of that name.
func (c *Category) Of(variant string) *Category {
	for i := range c.Variants {
		v := &c.Variants[i]
		if v.Name != variant {
			continue
		}
		out := *c
		out.UAP, out.Variants, out.Items = v.UAP, nil, nil
		for _, it := range c.Items {
			if slices.Contains(v.UAP, it.Name) {
				out.Items = append(out.Items, it)
			}
		}
		return &out
	}
	return nil
}

// SlotsPerOctet returns the presence bits in an octet of the field
// specification.
func (c *Category) SlotsPerOctet() int {
	if c.Expansion {
		return 8
	}
	return 7
}

// Item returns the item with the name, or nil.
func (c *Category) Item(name string) *Item {
	for i := range c.Items {
		if c.Items[i].Name == name {
			return &c.Items[i]
		}
	}
	return nil
}

// Item is one data item or one subfield of a compound item.
type Item struct {
	Name  string
	Title string
	Form  Form
	Rep   int       // octets of the repetition factor
	Parts [][]Field // Extended has one for each FX bit, others one or none
	Subs  []Item    // of a Compound
	Since string    // the edition that brought the item or its name; empty: the first
	Was   string    // the item's name before; empty: there was none
	Until string    // the edition that brought another layout; empty: none did
	Open  bool      // the last part of an Extended has no FX bit
	Go    string    // name of the generated field where Name is an earlier one
	Line  int
}

// GoName returns the name of the item's Go type and field: RE and SP as they
// are, I before a number.
func (it *Item) GoName() string {
	if it.Go != "" {
		return it.Go
	}
	if it.Name != "" && it.Name[0] >= '0' && it.Name[0] <= '9' {
		return "I" + it.Name
	}
	return it.Name
}

// Scalar says whether the item is one field without a name of its own.
func (it *Item) Scalar() bool {
	return len(it.Parts) == 1 && len(it.Parts[0]) == 1 && it.Parts[0][0].Name == "."
}

// PartBits returns the bits of a part without its FX bit.
func PartBits(part []Field) int {
	n := 0
	for i := range part {
		n += part[i].Bits
	}
	return n
}

// FXIn says whether a part of the item ends with an FX bit.
func (it *Item) FXIn(part int) bool {
	return it.Form.HasFX() && !(it.Open && part == len(it.Parts)-1)
}

// HasFX says whether the parts of the form end with an FX bit.
func (f Form) HasFX() bool { return f == Extended || f == RepetitiveFX }

// Field is one line: some bits with one meaning.
type Field struct {
	Name   string // as in the document, group/name; "." for the only field
	GoName string
	Bits   int
	Kind   Kind
	LSB    *big.Rat // value of one bit in Unit; nil for what is no quantity
	Unit   string
	Limit  *big.Rat // largest magnitude in Unit that the document states
	Strict bool     // the limit itself is excluded
	Wide   bool     // the document's own limit leaves at least a bit unused
	Method string   // name of the generated conversion
	Doc    string
	Since  string // the edition that brought the field; empty: the first
	// Others are how to read the field where another one says so.
	Others []Reading
	Line   int
}

// Reading is a quantity that a field holds when a field before it, of the same
// part, has a value.
type Reading struct {
	When   string
	Value  uint64
	LSB    *big.Rat
	Unit   string
	Limit  *big.Rat
	Strict bool
	Wide   bool
	Method string
}
