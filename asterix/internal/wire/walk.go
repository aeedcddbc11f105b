// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"

	"github.com/kuroshio-watch/kuroshio/asterix"
)

// Form is the form of an item (part 1, 4.3.6).
type Form uint8

// The forms of items.
const (
	Spare        Form = iota // a slot without an item
	Fixed                    // a fixed number of octets
	Extended                 // parts chained by FX
	Repetitive               // REP and as many elements
	RepetitiveFX             // elements chained by FX
	Compound                 // a field specification and subfields
	Explicit                 // a length octet that counts itself, and content
	RFS                      // a count octet and pairs of field reference number and item
)

// Profile is the user application profile of a category or of an expansion.
type Profile struct {
	Category byte
	// Fixed is the number of octets of a field specification without FX, which
	// the expansions have; 0 for one with FX.
	Fixed int
	Slots []Def
}

// Def says how long an item is. It is what a generated category tells of its
// items; the fields inside are known to the generated code alone.
type Def struct {
	Name string
	Form Form
	// Len holds the octets of Fixed, of an element of Repetitive and
	// RepetitiveFX, and of each part of Extended.
	Len []int
	// Open says that the last part of an Extended ends without FX.
	Open bool
	// Rep is the number of octets of the repetition factor.
	Rep int
	// Subs are the slots of a Compound in their order.
	Subs []Def
}

// FSPEC reads the field specification at the start of b; n is 0 when it does not
// end within b or within the profile.
func (p *Profile) FSPEC(b []byte) (set uint64, n int) {
	if p.Fixed > 0 {
		return FixedFSPEC(b, p.Fixed)
	}
	return FSPEC(b, (len(p.Slots)+6)/7)
}

// Walk yields name and octets of each item of the record at the start of b, in
// the order of the wire, and returns the record's length. It stops early, with
// length 0 and no error, when yield says so.
func (p *Profile) Walk(b []byte, yield func(item string, raw []byte) bool) (int, error) {
	set, at := p.FSPEC(b)
	if at == 0 {
		return 0, p.fail(b, 0, fault{reason: asterix.ReasonFSPEC})
	}
	if set == 0 && p.Fixed == 0 {
		return 0, p.fail(b, 0, fault{reason: asterix.ReasonEmptyRecord})
	}
	for frn := 1; frn <= 63; frn++ {
		if set&Bit(frn) == 0 {
			continue
		}
		if frn > len(p.Slots) || p.Slots[frn-1].Form == Spare {
			return 0, p.fail(b, at, unused("", frn))
		}
		d := &p.Slots[frn-1]
		n, bad := p.measure(d, b[at:])
		if bad.reason != "" {
			return 0, p.fail(b, at, bad)
		}
		if !yield(d.Name, b[at:at+n:at+n]) {
			return 0, nil
		}
		at += n
	}
	return at, nil
}

// Refuse explains why the record at the start of b cannot be decoded.
func (p *Profile) Refuse(b []byte) error {
	_, err := p.Walk(b, func(string, []byte) bool { return true })
	if err == nil { // the walk and the decoder disagree
		err = p.fail(b, 0, fault{reason: asterix.ReasonDisagreement})
	}
	return err
}

// fault says which item or subfield cannot be read and why.
type fault struct {
	item   string
	reason asterix.Reason
	detail string // with numbers; empty for none
}

func unused(item string, frn int) fault {
	return fault{item, asterix.ReasonUnusedItem, fmt.Sprintf("field reference number %d is not in use", frn)}
}

// cut is a fault of an item for which octets are missing.
func cut(item, detail string) fault { return fault{item, asterix.ReasonCut, detail} }

func (p *Profile) measure(d *Def, b []byte) (n int, bad fault) {
	if d.Form == RFS {
		return p.sequence(d, b)
	}
	return d.measure(b)
}

// Sequence returns the length of a random field sequencing at the start of b: a
// count and as many pairs of field reference number and item; 0 when it cannot
// be read.
func (p *Profile) Sequence(b []byte) int {
	n, _ := p.sequence(&Def{}, b)
	return n
}

func (p *Profile) sequence(d *Def, b []byte) (n int, bad fault) {
	if len(b) == 0 {
		return 0, cut(d.Name, "no octet left for the count")
	}
	n = 1
	for range b[0] {
		if n >= len(b) {
			return 0, cut(d.Name, "no octet left for a field reference number")
		}
		frn := int(b[n])
		if frn == 0 || frn > len(p.Slots) || p.Slots[frn-1].Form == Spare || p.Slots[frn-1].Form == RFS {
			return 0, unused(d.Name, frn)
		}
		l, bad := p.Slots[frn-1].measure(b[n+1:])
		if bad.reason != "" {
			return 0, bad.within(d)
		}
		n += 1 + l
	}
	return n, fault{}
}

// within returns the fault with the name of the item around it.
func (f fault) within(d *Def) fault {
	f.item = d.Name + "/" + f.item
	return f
}

func (p *Profile) fail(b []byte, at int, bad fault) error {
	e := &asterix.Error{Category: p.Category, Offset: at, Item: bad.item, Reason: bad.reason, Detail: bad.detail}
	if p.Fixed == 0 {
		e.Source, e.SourceKnown = asterix.PeekSource(b)
	}
	return e
}

// measure returns the length of the item at the start of b, or which item or
// subfield is wrong and why.
func (d *Def) measure(b []byte) (n int, bad fault) {
	switch d.Form {
	case Fixed:
		n = d.Len[0]
	case Extended:
		n = d.parts(b)
	case RepetitiveFX:
		n = d.chain(b)
	case Repetitive:
		if len(b) < d.Rep {
			return 0, cut(d.Name, "no octet left for REP")
		}
		n = d.Rep + d.Len[0]*Rep(b, d.Rep)
	case Explicit:
		if len(b) == 0 {
			return 0, cut(d.Name, "no octet left for the length")
		}
		if n = int(b[0]); n == 0 {
			return 0, fault{d.Name, asterix.ReasonZeroLength, ""}
		}
	case Compound:
		return d.compound(b)
	case Spare, RFS:
		return 0, fault{d.Name, asterix.ReasonUnusedItem, ""}
	}
	if n == 0 {
		return 0, fault{d.Name, asterix.ReasonExtents, ""}
	}
	if n > len(b) {
		return 0, cut(d.Name, fmt.Sprintf("needs %d octets, %d left", n, len(b)))
	}
	return n, fault{}
}

// parts measures the parts of an Extended; 0 when they do not end within b.
func (d *Def) parts(b []byte) int {
	n := 0
	for i, l := range d.Len {
		n += l
		if n > len(b) {
			return 0
		}
		if b[n-1]&1 == 0 || d.Open && i == len(d.Len)-1 {
			return n
		}
	}
	more := Extents(b[n:])
	if more == 0 {
		return 0
	}
	return n + more
}

func (d *Def) chain(b []byte) int {
	for n := d.Len[0]; n <= len(b); n += d.Len[0] {
		if b[n-1]&1 == 0 {
			return n
		}
	}
	return 0
}

func (d *Def) compound(b []byte) (n int, bad fault) {
	set, n := FSPEC(b, (len(d.Subs)+6)/7)
	if n == 0 {
		return 0, fault{d.Name, asterix.ReasonSubfields, ""}
	}
	for frn := 1; frn <= 63; frn++ {
		if set&Bit(frn) == 0 {
			continue
		}
		if frn > len(d.Subs) || d.Subs[frn-1].Form == Spare {
			return 0, fault{d.Name, asterix.ReasonUnusedSub, fmt.Sprintf("subfield %d is not in use", frn)}
		}
		l, bad := d.Subs[frn-1].measure(b[n:])
		if bad.reason != "" {
			return 0, bad.within(d)
		}
		n += l
	}
	return n, fault{}
}
