// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"bufio"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// Parse reads a table. Each line is one of
//
//	# comment
//	category NUMBER EDITION "TITLE"
//	reads EDITION...                        other editions that the table reads as well
//	shows EDITION...                        editions that it describes and generated code does not read by itself: see until
//	expansion NUMBER EDITION "TITLE"        instead of category: what its item RE holds
//	item NAME FORM "TITLE"                  FORM: fixed ext repfx compound explicit rfs, rep N
//	sub NAME FORM "TITLE"                   a subfield of the compound item above; "sub -" skips a slot
//	NAME[=GONAME] BITS KIND [LSB UNIT <LIMIT|<=LIMIT -> METHOD] | DOC
//	or NAME=VALUE LSB UNIT <LIMIT -> METHOD another reading of the field above, when field NAME has VALUE
//	spare BITS
//	fx                                      ends a part of an ext item
//	end                                     ends the last part of an ext item that has no FX bit there
//	until EDITION                           the item above is as editions before that one lay it out
//	uap NAME...                             "-" skips a field reference number
//	uap PROFILE: NAME...                    of a category with several profiles
//	select ITEM/FIELD                       whose value is the number of the profile, from 0
//
// KIND is u, i, oct, icao, ascii or octets. LSB is a product like 360/2^16. The
// limit bounds the magnitude; LIMIT! says that the document itself leaves bits
// unused. A name of an item, subfield or field that ends in
// @EDITION came with that edition; for an earlier one it is spare, or with
// @EDITION<NAME a subfield of another name. Indentation is for the reader. The error names the line.
func Parse(r io.Reader) (*Category, error) {
	p := parser{cat: &Category{Number: -1}}
	s := bufio.NewScanner(r)
	for s.Scan() {
		p.line++
		if err := p.parseLine(strings.TrimSpace(s.Text())); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.line, err)
		}
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read table: %w", err)
	}
	if p.cat.Number < 0 {
		return nil, fmt.Errorf("line %d: no category line", p.line)
	}
	if err := p.closeParts(); err != nil {
		return nil, fmt.Errorf("line %d: %w", p.line, err)
	}
	return p.cat, nil
}

type parser struct {
	cat  *Category
	line int
	cur  *Item // the item or subfield that takes fields
	part []Field
}

func (p *parser) parseLine(l string) error {
	word, rest, _ := strings.Cut(l, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case l == "" || l[0] == '#':
		return nil
	case word == "category", word == "expansion":
		p.cat.Expansion = word == "expansion"
		return p.category(rest)
	case word == "reads":
		p.cat.Reads = append(p.cat.Reads, strings.Fields(rest)...)
		return nil
	case word == "shows":
		p.cat.Shows = append(p.cat.Shows, strings.Fields(rest)...)
		return nil
	case word == "item":
		return p.item(rest)
	case word == "sub":
		return p.sub(rest)
	case word == "uap":
		return p.uap(strings.Fields(rest))
	case word == "select":
		p.cat.Select = rest
		return nil
	case word == "or":
		if len(p.part) == 0 {
			return fmt.Errorf("or without a field above")
		}
		return parseReading(&p.part[len(p.part)-1], strings.Fields(rest))
	case l == "fx", l == "end":
		if p.cur == nil || p.cur.Form != Extended || len(p.part) == 0 || p.cur.Open {
			return fmt.Errorf("%s outside an ext item or behind its end", l)
		}
		p.cur.Parts, p.part, p.cur.Open = append(p.cur.Parts, p.part), nil, l == "end"
		return nil
	case word == "until":
		return p.until(rest)
	}
	if p.cur == nil || !p.cur.Form.hasFields() {
		return fmt.Errorf("field %q outside an item that takes fields", word)
	}
	f, err := parseField(l)
	if err != nil {
		return err
	}
	f.Line = p.line
	p.part = append(p.part, f)
	return nil
}

// until takes the item above out of the table's own edition.
func (p *parser) until(edition string) error {
	if err := p.closeParts(); err != nil {
		return err
	}
	n := len(p.cat.Items) - 1
	if edition == "" || n < 0 {
		return fmt.Errorf("want: until EDITION, below an item")
	}
	it := p.cat.Items[n]
	it.Until = edition
	p.cat.Items, p.cat.Earlier = p.cat.Items[:n], append(p.cat.Earlier, it)
	return nil
}

func (p *parser) category(rest string) error {
	head, title, err := titled(rest)
	if err != nil || len(head) != 2 {
		return fmt.Errorf("want: category NUMBER EDITION \"TITLE\"")
	}
	n, err := strconv.Atoi(head[0])
	if err != nil || n < 0 || n > 255 {
		return fmt.Errorf("category number %q", head[0])
	}
	p.cat.Number, p.cat.Edition, p.cat.Title = n, head[1], title
	return nil
}

// uap takes a line of a user application profile.
func (p *parser) uap(names []string) error {
	if len(names) == 0 || !strings.HasSuffix(names[0], ":") {
		if len(p.cat.Variants) > 0 {
			return fmt.Errorf("uap without a profile beside others")
		}
		p.cat.UAP = append(p.cat.UAP, names...)
		return nil
	}
	profile := strings.TrimSuffix(names[0], ":")
	if len(p.cat.Variants) == 0 && len(p.cat.UAP) > 0 {
		return fmt.Errorf("uap of profile %s beside one without", profile)
	}
	i := slices.IndexFunc(p.cat.Variants, func(v Variant) bool { return v.Name == profile })
	if i < 0 {
		i = len(p.cat.Variants)
		p.cat.Variants = append(p.cat.Variants, Variant{Name: profile})
	}
	p.cat.Variants[i].UAP = append(p.cat.Variants[i].UAP, names[1:]...)
	p.cat.UAP = p.cat.Variants[0].UAP
	return nil
}

func (p *parser) item(rest string) error {
	if err := p.closeParts(); err != nil {
		return err
	}
	it, err := parseItem(rest)
	if err != nil {
		return err
	}
	it.Line = p.line
	p.cat.Items = append(p.cat.Items, it)
	p.cur = &p.cat.Items[len(p.cat.Items)-1]
	return nil
}

func (p *parser) sub(rest string) error {
	if err := p.closeParts(); err != nil {
		return err
	}
	if len(p.cat.Items) == 0 || p.cat.Items[len(p.cat.Items)-1].Form != Compound {
		return fmt.Errorf("sub outside a compound item")
	}
	parent := &p.cat.Items[len(p.cat.Items)-1]
	it := Item{Name: "-", Form: Spare}
	if rest != "-" {
		var err error
		if it, err = parseItem(rest); err != nil {
			return err
		}
		if it.Form == Compound {
			return fmt.Errorf("compound within a compound")
		}
	}
	it.Line = p.line
	parent.Subs = append(parent.Subs, it)
	p.cur = &parent.Subs[len(parent.Subs)-1]
	return nil
}

// closeParts ends the fields of the item that is being read.
func (p *parser) closeParts() error {
	if p.cur == nil {
		return nil
	}
	if p.cur.Form == Extended {
		if len(p.part) > 0 {
			return fmt.Errorf("item %s: the last part has no fx", p.cur.Name)
		}
	} else if len(p.part) > 0 {
		p.cur.Parts = [][]Field{p.part}
	}
	if p.cur.Form.hasFields() && len(p.cur.Parts) == 0 {
		return fmt.Errorf("item %s has no field", p.cur.Name)
	}
	p.cur, p.part = nil, nil
	return nil
}

func parseItem(rest string) (Item, error) {
	head, title, err := titled(rest)
	if err != nil || len(head) < 2 {
		return Item{}, fmt.Errorf("want: item NAME FORM \"TITLE\"")
	}
	it := Item{Title: title, Form: Form(head[1])}
	it.Name, it.Since, _ = strings.Cut(head[0], "@")
	it.Since, it.Was, _ = strings.Cut(it.Since, "<")
	switch it.Form {
	case Fixed, Extended, RepetitiveFX, Compound, Explicit, RFS:
		if len(head) != 2 {
			return Item{}, fmt.Errorf("item %s: form %s takes no number", it.Name, it.Form)
		}
	case Repetitive:
		if len(head) != 3 {
			return Item{}, fmt.Errorf("item %s: rep needs the octets of its factor", it.Name)
		}
		if it.Rep, err = strconv.Atoi(head[2]); err != nil || it.Rep < 1 || it.Rep > 2 {
			return Item{}, fmt.Errorf("item %s: repetition factor of %q octets", it.Name, head[2])
		}
	default:
		return Item{}, fmt.Errorf("item %s: unknown form %q", it.Name, it.Form)
	}
	return it, nil
}

// titled splits words from a quoted title.
func titled(s string) (head []string, title string, err error) {
	before, quoted, ok := strings.Cut(s, "\"")
	if !ok || !strings.HasSuffix(quoted, "\"") {
		return nil, "", fmt.Errorf("no quoted title")
	}
	return strings.Fields(before), strings.TrimSuffix(quoted, "\""), nil
}

func parseField(l string) (Field, error) {
	def, doc, _ := strings.Cut(l, "|")
	w := strings.Fields(def)
	if len(w) == 2 && w[0] == "spare" {
		bits, err := strconv.Atoi(w[1])
		if err != nil || bits < 1 || bits > 64 {
			return Field{}, fmt.Errorf("spare of %q bits", w[1])
		}
		return Field{Kind: SpareBits, Bits: bits}, nil
	}
	if len(w) != 3 && len(w) != 8 {
		return Field{}, fmt.Errorf("field %q: want NAME BITS KIND [LSB UNIT <LIMIT -> METHOD]", l)
	}
	f := Field{Kind: Kind(w[2]), Doc: strings.TrimSpace(doc)}
	name, since, _ := strings.Cut(w[0], "@")
	f.Since = since
	f.Name, f.GoName, _ = strings.Cut(name, "=")
	if f.GoName == "" && f.Name != "." {
		f.GoName = strings.ReplaceAll(f.Name, "/", "")
	}
	var err error
	if f.Bits, err = strconv.Atoi(w[1]); err != nil || f.Bits < 1 || f.Bits > 1024 {
		return Field{}, fmt.Errorf("field %s: %q bits", f.Name, w[1])
	}
	switch f.Kind {
	case Unsigned, Signed, Octal, ICAO, Octets, ASCII:
	default:
		return Field{}, fmt.Errorf("field %s: unknown kind %q", f.Name, f.Kind)
	}
	if len(w) == 8 {
		var q Reading
		if q, err = parseQuantity(f.Name, w[3:]); err != nil {
			return Field{}, err
		}
		f.LSB, f.Unit, f.Limit, f.Strict, f.Wide, f.Method = q.LSB, q.Unit, q.Limit, q.Strict, q.Wide, q.Method
	}
	return f, nil
}

// parseReading reads NAME=VALUE LSB UNIT <LIMIT -> METHOD.
func parseReading(f *Field, w []string) error {
	if len(w) != 6 || f.LSB == nil {
		return fmt.Errorf("want: or NAME=VALUE LSB UNIT <LIMIT -> METHOD, below a quantity")
	}
	q, err := parseQuantity(f.Name, w[1:])
	if err != nil {
		return err
	}
	when, value, _ := strings.Cut(w[0], "=")
	if q.Value, err = strconv.ParseUint(value, 10, 64); err != nil {
		return fmt.Errorf("field %s: value %q of %s", f.Name, value, when)
	}
	q.When = when
	f.Others = append(f.Others, q)
	return nil
}

// parseQuantity reads LSB UNIT <LIMIT -> METHOD; the limit sign is one word
// with its number.
func parseQuantity(name string, w []string) (Reading, error) {
	var q Reading
	var err error
	if q.LSB, err = parseLSB(w[0]); err != nil {
		return q, fmt.Errorf("field %s: %w", name, err)
	}
	q.Unit = w[1]
	limit, ok := strings.CutPrefix(w[2], "<")
	if !ok || w[3] != "->" {
		return q, fmt.Errorf("field %s: want LSB UNIT <LIMIT -> METHOD", name)
	}
	limit, inclusive := strings.CutPrefix(limit, "=")
	q.Strict = !inclusive
	limit, q.Wide = strings.CutSuffix(limit, "!")
	if q.Limit, err = parseLSB(limit); err != nil {
		return q, fmt.Errorf("field %s: %w", name, err)
	}
	q.Method = w[4]
	return q, nil
}

// parseLSB reads N, N.N, N/N or N/2^N exactly.
func parseLSB(s string) (*big.Rat, error) {
	num, den, hasDen := strings.Cut(s, "/")
	base, exp, isPower := strings.Cut(den, "^")
	if !hasDen {
		base = "1"
	}
	if len(num) > 20 || len(base) > 20 {
		return nil, fmt.Errorf("number %q is too long", s)
	}
	n, ok1 := new(big.Rat).SetString(num)
	d, ok2 := new(big.Rat).SetString(base)
	if !ok1 || !ok2 || strings.ContainsAny(num+base, "eEpP/_") || n.Sign() <= 0 || d.Sign() <= 0 {
		return nil, fmt.Errorf("number %q is not N or N/2^N", s)
	}
	if isPower {
		e, err := strconv.ParseUint(exp, 10, 6)
		if err != nil || base != "2" {
			return nil, fmt.Errorf("number %q is not N or N/2^N", s)
		}
		d = new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(e)))
	}
	return n.Quo(n, d), nil
}

// hasFields says whether lines of fields follow an item of the form.
func (f Form) hasFields() bool {
	switch f {
	case Compound, Explicit, RFS, Spare:
		return false
	}
	return true
}
