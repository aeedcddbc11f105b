// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package jsonread takes JSON apart where it lies, without a copy and without an
// allocation. Whether a text is JSON, package encoding/json says; what is here
// only finds the parts of a text that is. It knows no Go types: who reads a value
// says what it has to be.
package jsonread

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf8"
)

var (
	// ErrSyntax is returned for a text that is no JSON value.
	ErrSyntax = errors.New("not JSON")
	// ErrNoList is returned for a JSON value that is no list.
	ErrNoList = errors.New("not a JSON list")
	// ErrNoObject is returned for a JSON value that is no object.
	ErrNoObject = errors.New("not a JSON object")
	// ErrTooMany is returned for a list with more parts than the caller takes.
	ErrTooMany = errors.New("list has too many parts")
)

// Value is a sound JSON value as it is written, without space around it; nil is
// none. It comes from Parse alone and aliases what that was given.
type Value []byte

// Parse returns the one value that a text is.
func Parse(text []byte) (Value, error) {
	if !json.Valid(text) {
		return nil, ErrSyntax
	}
	return bytes.Trim(text, space), nil
}

const space = " \t\r\n"

// Lead returns how many octets stand before the value that a text is.
func Lead(text []byte) int { return len(text) - len(bytes.TrimLeft(text, space)) }

// Null reports whether nothing is there, or null.
func (v Value) Null() bool { return len(v) == 0 || v[0] == 'n' }

// Number returns a number; ok is false for all else, and for one beyond float64.
func (v Value) Number() (f float64, ok bool) {
	if len(v) == 0 || v[0] != '-' && (v[0] < '0' || v[0] > '9') {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(v), 64)
	return f, err == nil
}

// Text returns what a text says, in UTF-8; ok is false for all else. It is a
// part of v, but a text with escapes or of no UTF-8 is a copy.
func (v Value) Text() (text []byte, ok bool) {
	if len(v) < 2 || v[0] != '"' {
		return nil, false
	}
	if inner := v[1 : len(v)-1]; bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return inner, true
	}
	var s string
	err := json.Unmarshal(v, &s)
	return []byte(s), err == nil
}

// Number is a number that may be absent.
type Number struct {
	Float float64
	Known bool
}

// Take takes a number, or null for none, and reports whether v is either.
func (n *Number) Take(v Value) (ok bool) {
	if v.Null() {
		*n = Number{}
		return true
	}
	n.Float, n.Known = v.Number()
	return n.Known
}

// TakeText takes a text, or null for none, and reports whether v is either.
func TakeText(dst *[]byte, v Value) (ok bool) {
	if v.Null() {
		*dst = nil
		return true
	}
	*dst, ok = v.Text()
	return ok
}

// Parts walks through the parts of a list or the members of an object.
type Parts struct {
	Key   []byte // of a member, in UTF-8
	Value Value
	At    int // octets before Value in the list or object

	text Value
	next int // octet behind the last part
}

// List returns the parts of a list.
func (v Value) List() (Parts, error) {
	if len(v) == 0 || v[0] != '[' {
		return Parts{}, ErrNoList
	}
	return Parts{text: v, next: 1}, nil
}

// Object returns the members of an object; null has none.
func (v Value) Object() (Parts, error) {
	switch {
	case len(v) > 0 && v[0] == '{':
		return Parts{text: v, next: 1}, nil
	case len(v) > 0 && v[0] == 'n':
		return Parts{}, nil
	}
	return Parts{}, ErrNoObject
}

// Next goes to the next part and reports whether there is one.
func (p *Parts) Next() bool {
	if len(p.text) == 0 {
		return false
	}
	if i := p.text.gap(p.next); i < len(p.text)-1 { // else at the closing bracket
		if p.text[0] == '{' {
			end := p.text.end(i)
			p.Key, _ = p.text[i:end].Text()
			i = p.text.gap(end)
		}
		p.At, p.next = i, p.text.end(i)
		p.Value = p.text[i:p.next:p.next]
		return true
	}
	p.text = nil
	return false
}

// gap returns where space, commas and colons end that begin at i.
func (v Value) gap(i int) int {
	for v[i] == ' ' || v[i] == ',' || v[i] == ':' || v[i] == '\n' || v[i] == '\r' || v[i] == '\t' {
		i++
	}
	return i
}

// end returns where the value ends that begins at i.
func (v Value) end(i int) int {
	for depth := 0; ; {
		switch v[i] {
		case '"':
			i = v.closing(i)
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		default:
			if depth == 0 { // a number or a word: up to what ends it
				for !terminal(v[i]) {
					i++
				}
				return i
			}
		}
		if i++; depth == 0 {
			return i
		}
	}
}

// closing returns where the quotation mark is that closes the one at i.
func (v Value) closing(i int) int {
	for i++; v[i] != '"'; i++ {
		if v[i] == '\\' {
			i++
		}
	}
	return i
}

func terminal(c byte) bool {
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t'
}

// Each calls fn with each part of a list and the octets before it in the list, in
// order, until fn wants no more or returns an error, but with no more than limit.
// It reports whether fn took all.
func (v Value) Each(limit int, fn func(at int, part Value) (more bool, err error)) (all bool, err error) {
	p, err := v.List()
	if err != nil {
		return true, err
	}
	for n := 0; p.Next(); n++ {
		if n == limit {
			return true, ErrTooMany
		}
		if more, err := fn(p.At, p.Value); err != nil || !more {
			return err != nil, err
		}
	}
	return true, nil
}

// Field returns the value of a key of an object, of several the last, and how
// many octets stand before it; nil where there is none.
func (v Value) Field(key string) (value Value, at int, err error) {
	p, err := v.Object()
	for p.Next() {
		if string(p.Key) == key {
			value, at = p.Value, p.At
		}
	}
	return value, at, err
}
