// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"encoding/hex"
	"math"
	"math/big"
	"strconv"

	"github.com/kuroshio-watch/kuroshio/asterix/internal/wire"
	"github.com/kuroshio-watch/kuroshio/asterix/spec"
)

// UnknownExtents is the name under which the octets of an extended item beyond
// its definition are written, in hexadecimal.
const UnknownExtents = "_unknownExtents"

// AppendValue appends the values of an item as JSON: quantities are raw x LSB
// in the unit of the table, octal codes and characters are strings, octets are
// one integer, lists are arrays. raw must be what Items yielded; an item that
// the table does not have is null.
func (t *Table) AppendValue(dst []byte, name string, raw []byte) []byte {
	it := t.items[name]
	switch {
	case it == nil:
		return append(dst, "null"...)
	case it.form == spec.RFS:
		return t.appendSequence(dst, raw)
	case name == "RE" && t.re != nil:
		if out, ok := t.re.appendExpansion(dst, raw[1:]); ok {
			return out
		}
	}
	dst, _ = it.appendJSON(dst, raw)
	return dst
}

// appendExpansion appends the content of a reserved expansion field; ok is false
// when the table cannot read it.
func (t *Table) appendExpansion(dst, b []byte) (out []byte, ok bool) {
	out = append(dst, '{')
	n, err := t.Items(b, func(item string, raw []byte) bool {
		out = appendKey(appendComma(out), item)
		out = t.AppendValue(out, item, raw)
		return true
	})
	if err != nil {
		return dst, false
	}
	if n < len(b) {
		out = appendHex(appendKey(appendComma(out), UnknownExtents), b[n:])
	}
	return append(out, '}'), true
}

// appendSequence appends a random field sequencing: an object an item.
func (t *Table) appendSequence(dst, b []byte) []byte {
	dst = append(dst, '[')
	for at := 1; at < len(b); {
		if at > 1 {
			dst = append(dst, ',')
		}
		it := t.items[t.profile.Slots[b[at]-1].Name]
		dst = appendKey(append(dst, '{'), it.name)
		var n int
		dst, n = it.appendJSON(dst, b[at+1:])
		dst = append(dst, '}')
		at += 1 + n
	}
	return append(dst, ']')
}

// appendJSON appends the item at the start of b and returns its length. The
// octets were measured before.
func (it *item) appendJSON(dst, b []byte) ([]byte, int) {
	switch it.form {
	case spec.Fixed:
		return it.parts[0].appendJSON(dst, b), it.parts[0].octets
	case spec.Extended:
		return it.appendExtended(dst, b)
	case spec.Repetitive:
		return it.appendList(dst, b)
	case spec.RepetitiveFX:
		return it.appendChain(dst, b)
	case spec.Compound:
		return it.appendCompound(dst, b)
	case spec.Explicit:
		n := int(b[0])
		return appendHex(dst, b[1:n]), n
	}
	return append(dst, "null"...), 0
}

func appendHex(dst, b []byte) []byte {
	dst = hex.AppendEncode(append(dst, '"'), b)
	return append(dst, '"')
}

func (it *item) appendExtended(dst, b []byte) ([]byte, int) {
	at, more := 0, true
	dst = append(dst, '{')
	for i := 0; more && i < len(it.parts); i++ {
		p := &it.parts[i]
		dst = p.appendFields(dst, b[at:])
		at += p.octets
		more = b[at-1]&1 != 0 && !(it.open && i == len(it.parts)-1)
	}
	if more {
		n := wire.Extents(b[at:])
		dst = appendKey(appendComma(dst), UnknownExtents)
		dst = appendHex(dst, b[at:at+n])
		at += n
	}
	return append(dst, '}'), at
}

// appendComma appends a comma unless an object has just been opened.
func appendComma(dst []byte) []byte {
	if dst[len(dst)-1] == '{' {
		return dst
	}
	return append(dst, ',')
}

func appendKey(dst []byte, name string) []byte {
	dst = append(dst, '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}

func (it *item) appendList(dst, b []byte) ([]byte, int) {
	n, at := wire.Rep(b, it.rep), it.rep
	dst = append(dst, '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = it.parts[0].appendJSON(dst, b[at:])
		at += it.parts[0].octets
	}
	return append(dst, ']'), at
}

func (it *item) appendChain(dst, b []byte) ([]byte, int) {
	dst = append(dst, '[')
	for at := 0; ; {
		dst = it.parts[0].appendJSON(dst, b[at:])
		at += it.parts[0].octets
		if b[at-1]&1 == 0 {
			return append(dst, ']'), at
		}
		dst = append(dst, ',')
	}
}

func (it *item) appendCompound(dst, b []byte) ([]byte, int) {
	set, at := wire.FSPEC(b, wire.MaxFSPEC)
	dst = append(dst, '{')
	for i := range it.subs {
		if set&wire.Bit(i+1) == 0 {
			continue
		}
		dst = appendKey(appendComma(dst), it.subs[i].name)
		var n int
		dst, n = it.subs[i].appendJSON(dst, b[at:])
		at += n
	}
	return append(dst, '}'), at
}

// appendJSON appends the part as one value: an object, or the only field.
func (p *part) appendJSON(dst, b []byte) []byte {
	if p.scalar {
		return p.fields[0].appendJSON(dst, b)
	}
	return append(p.appendFields(append(dst, '{'), b), '}')
}

// appendFields appends name and value of each field; groups are objects.
func (p *part) appendFields(dst, b []byte) []byte {
	var open []string // groups that are open
	for i := range p.fields {
		path := p.fields[i].path
		group := path[:len(path)-1]
		same := 0
		for same < len(open) && same < len(group) && open[same] == group[same] {
			same++
		}
		for range open[same:] {
			dst = append(dst, '}')
		}
		dst = appendComma(dst)
		for _, g := range group[same:] {
			dst = append(appendKey(dst, g), '{')
		}
		open = group
		dst = p.fields[i].appendJSON(appendKey(dst, path[len(path)-1]), b)
	}
	for range open {
		dst = append(dst, '}')
	}
	return dst
}

// Bits returns n bits, at most 64, from a bit counted from the start of b.
func Bits(b []byte, bit, n int) uint64 {
	v := uint64(0)
	for n > 0 {
		free := 8 - bit%8
		take := min(free, n)
		o := uint64(b[bit/8]) >> (free - take) & (1<<take - 1)
		v = v<<take | o
		bit, n = bit+take, n-take
	}
	return v
}

func (f *field) appendJSON(dst, b []byte) []byte {
	if f.kind == spec.ASCII {
		return appendText(dst, b[f.bit/8:(f.bit+f.bits)/8])
	}
	if f.bits > 64 {
		n := new(big.Int).SetBytes(b[f.bit/8 : (f.bit+f.bits)/8])
		return n.Append(dst, 10)
	}
	raw := Bits(b, f.bit, f.bits)
	switch {
	case f.lsb.den != 0:
		return appendFloat(dst, f.value(raw, f.quantity(b)))
	case f.kind == spec.Signed:
		return strconv.AppendInt(dst, signed(raw, f.bits), 10)
	case f.kind == spec.Octal:
		dst = append(dst, '"')
		for shift := f.bits - 3; shift >= 0; shift -= 3 {
			dst = append(dst, '0'+byte(raw>>shift&7))
		}
		return append(dst, '"')
	case f.kind == spec.ICAO:
		dst = append(dst, '"')
		for shift := f.bits - 6; shift >= 0; shift -= 6 {
			dst = append(dst, character(byte(raw>>shift&0x3f)))
		}
		return append(dst, '"')
	}
	return strconv.AppendUint(dst, raw, 10)
}

func signed(raw uint64, bits int) int64 { return int64(raw<<(64-bits)) >> (64 - bits) }

// character returns a 6-bit character of ICAO Annex 10, '?' where none is
// defined: here, unlike in a callsign, a zero must be seen.
func character(code byte) byte {
	switch {
	case code >= 1 && code <= 26:
		return 'A' + code - 1
	case code >= '0' && code <= '9', code == ' ':
		return code
	}
	return '?'
}

// exact is how far float64 holds every integer.
const exact = 1 << 53

// quantity returns the LSB that holds in b.
func (f *field) quantity(b []byte) *quantity {
	for i := range f.others {
		if o := &f.others[i]; Bits(b, o.bit, o.bits) == o.value {
			return &o.lsb
		}
	}
	return &f.lsb
}

// value returns raw x LSB, rounded once.
func (f *field) value(raw uint64, q *quantity) float64 {
	x := float64(raw)
	if f.kind == spec.Signed {
		x = float64(signed(raw, f.bits))
	}
	if product := x * q.num; math.Abs(x) < exact && math.Abs(product) < exact {
		return product / q.den
	}
	n := new(big.Rat)
	if f.kind == spec.Signed {
		n.SetInt64(signed(raw, f.bits))
	} else {
		n.SetInt(new(big.Int).SetUint64(raw))
	}
	y, _ := n.Mul(n, q.exact).Float64()
	return y
}

// appendFloat writes a finite number as encoding/json does.
func appendFloat(dst []byte, x float64) []byte {
	format := byte('f')
	if a := math.Abs(x); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, x, format, -1, 64)
}

// appendText writes octets as a JSON string, each as the character of that
// number.
func appendText(dst, b []byte) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for _, o := range b {
		switch {
		case o == '"' || o == '\\':
			dst = append(dst, '\\', o)
		case o < ' ' || o > '~':
			dst = append(dst, `\u00`...)
			dst = append(dst, digits[o>>4], digits[o&15])
		default:
			dst = append(dst, o)
		}
	}
	return append(dst, '"')
}
