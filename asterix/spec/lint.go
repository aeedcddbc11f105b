// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"math/big"
	"regexp"
	"sort"
	"strings"
)

// Lint returns what is wrong with a table, in the order of its lines; nothing
// when it is sound. Besides names and widths it compares each quantity's full
// scale, bits x LSB, with the largest value that the document states: published
// tables have been wrong there.
func Lint(c *Category) []error {
	l := linter{cat: c}
	names := map[string]bool{}
	for i := range c.Items {
		it := &c.Items[i]
		if names[it.Name] {
			l.add(it.Line, "item %s is defined twice", it.Name)
		}
		names[it.Name] = true
		l.item(it, it.Name)
	}
	for i := range c.Earlier {
		it := &c.Earlier[i]
		l.check(names[it.Name], it.Line, "item %s until %s is not in a later edition", it.Name, it.Until)
		l.item(it, it.Name)
	}
	l.uaps(names)
	sort.SliceStable(l.found, func(i, j int) bool { return l.found[i].line < l.found[j].line })
	errs := make([]error, 0, len(l.found))
	for _, f := range l.found {
		errs = append(errs, fmt.Errorf("line %d: %s", f.line, f.text))
	}
	return errs
}

type finding struct {
	line int
	text string
}

type linter struct {
	cat   *Category
	found []finding
}

func (l *linter) add(line int, format string, args ...any) {
	l.found = append(l.found, finding{line, fmt.Sprintf(format, args...)})
}

// maxSlots is what a left-aligned set of 64 bits takes, seven an octet.
const maxSlots = 63

func (l *linter) uaps(names map[string]bool) {
	used := map[string]bool{}
	if len(l.cat.Variants) == 0 {
		l.uap(l.cat.UAP, names, used)
	}
	for _, v := range l.cat.Variants {
		l.uap(v.UAP, names, used)
	}
	item, field, ok := strings.Cut(l.cat.Select, "/")
	if len(l.cat.Variants) > 0 && (!ok || !names[item] || field == "") {
		l.add(0, "select names %q, which is no field of an item", l.cat.Select)
	}
	for _, it := range l.cat.Items {
		if !used[it.Name] {
			l.add(it.Line, "item %s is not in the UAP", it.Name)
		}
	}
}

// uap checks one profile and adds the items that it names to used.
func (l *linter) uap(slots []string, names, used map[string]bool) {
	most := maxSlots
	if l.cat.Expansion {
		most = l.cat.SlotsPerOctet()
	}
	if len(slots) == 0 || len(slots) > most {
		l.add(0, "UAP has %d slots", len(slots))
	}
	here := map[string]bool{}
	for _, n := range slots {
		if n == "-" {
			continue
		}
		if !names[n] {
			l.add(0, "UAP names %s, which is not defined", n)
		}
		if here[n] {
			l.add(0, "UAP names %s twice", n)
		}
		here[n], used[n] = true, true
	}
}

var goName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

func (l *linter) item(it *Item, path string) {
	if it.Title == "" && it.Form != Spare {
		l.add(it.Line, "%s has no title", path)
	}
	if it.Form == Compound {
		l.subs(it, path)
		return
	}
	names := map[string]bool{}
	for n, part := range it.Parts {
		bits := PartBits(part)
		if it.FXIn(n) {
			bits++
		}
		if bits%8 != 0 {
			l.add(it.Line, "%s: part %d has %d bits, not whole octets", path, n+1, bits)
		}
		at := 0
		for i := range part {
			l.field(&part[i], it, path, names, at)
			at += part[i].Bits
		}
	}
}

func (l *linter) subs(it *Item, path string) {
	if len(it.Subs) == 0 || len(it.Subs) > maxSlots {
		l.add(it.Line, "%s has %d subfields", path, len(it.Subs))
	}
	names := map[string]bool{"Has": true, "FSPECLen": true}
	for i := range it.Subs {
		s := &it.Subs[i]
		if s.Form == Spare {
			continue
		}
		if names[s.Name] || !goName.MatchString(s.Name) {
			l.add(s.Line, "%s: subfield name %s is used or no identifier", path, s.Name)
		}
		names[s.Name] = true
		l.item(s, path+"/"+s.Name)
	}
}

func (l *linter) field(f *Field, it *Item, path string, names map[string]bool, at int) {
	if f.Kind == SpareBits {
		return
	}
	path += "/" + f.Name
	switch {
	case f.Name == "." && !it.Scalar():
		l.add(f.Line, "%s is not the only field", path)
	case f.Name != "." && (names[f.GoName] || !goName.MatchString(f.GoName)):
		l.add(f.Line, "%s: name %q is used or no identifier", path, f.GoName)
	}
	names[f.GoName] = true
	if f.Doc == "" {
		l.add(f.Line, "%s has no description", path)
	}
	switch f.Kind {
	case Octal:
		l.check(f.Bits%3 == 0, f.Line, "%s: %d bits are no octal digits", path, f.Bits)
	case ICAO:
		l.check(f.Bits%6 == 0, f.Line, "%s: %d bits are no 6-bit characters", path, f.Bits)
	case Octets, ASCII:
		l.check(f.Bits%8 == 0 && at%8 == 0, f.Line, "%s: not whole octets", path)
	}
	if !f.Kind.IsOctets() {
		l.check(at%8+f.Bits <= 64, f.Line, "%s: %d bits do not fit an integer", path, f.Bits)
	}
	if f.LSB == nil {
		return
	}
	l.method(f, f.Method, path, names)
	l.scale(f, path)
	for _, o := range f.Others {
		l.method(f, o.Method, path, names)
		l.check(names[o.When], f.Line, "%s: no field %s before it", path, o.When)
		other := *f
		other.LSB, other.Unit, other.Limit, other.Strict = o.LSB, o.Unit, o.Limit, o.Strict
		other.Wide = o.Wide
		l.scale(&other, path)
	}
}

func (l *linter) method(f *Field, name, path string, names map[string]bool) {
	if name == f.GoName || names[name] || !goName.MatchString(name) {
		l.add(f.Line, "%s: method %q is used or no identifier", path, name)
	}
	names[name] = true
}

func (l *linter) check(ok bool, line int, format string, args ...any) {
	if !ok {
		l.add(line, format, args...)
	}
}

// scale compares full scale with the stated limit. Less than the limit means a
// wrong LSB, sign or width; more than twice the limit means that a bit would
// never be used, which is as suspicious unless the table says that the document
// has it so.
func (l *linter) scale(f *Field, path string) {
	if f.Kind != Unsigned && f.Kind != Signed {
		l.add(f.Line, "%s: kind %s has no LSB", path, f.Kind)
		return
	}
	full := FullScale(f)
	least := new(big.Rat).Set(f.Limit)
	if !f.Strict && f.Kind == Unsigned {
		// 2^n LSB is one LSB more than the field can say; a limit that is
		// stated as inclusive is commonly meant so.
		least.Sub(least, f.LSB)
	}
	// A latitude in the width of a longitude is the one usual case of twice.
	most := new(big.Rat).Mul(f.Limit, big.NewRat(2, 1))
	wasted := full.Cmp(most) > 0 || f.Kind == Unsigned && full.Cmp(most) == 0
	if full.Cmp(least) < 0 || wasted != f.Wide {
		l.add(f.Line, "%s: full scale %s %s against a limit of %s", path, full.FloatString(6), f.Unit, f.Limit.FloatString(6))
	}
}

// FullScale returns the magnitude just beyond the field's range: 2^bits LSB, or
// 2^(bits-1) LSB for a signed field.
func FullScale(f *Field) *big.Rat {
	bits := f.Bits
	if f.Kind == Signed {
		bits--
	}
	steps := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	return new(big.Rat).Mul(f.LSB, new(big.Rat).SetInt(steps))
}
