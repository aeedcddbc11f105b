// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package dump

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Out takes the lines of a decoder and writes those that are wanted.
type Out struct {
	w       io.Writer // nil: nothing is wanted but the counts
	sel     Selection
	line    []byte
	lines   int
	refused int
}

// NewOut returns an Out that writes the selected part of each line to w, which
// should be buffered; a nil w takes no lines.
func NewOut(w io.Writer, sel Selection) *Out { return &Out{w: w, sel: sel} }

// Wants says whether lines are written at all; a decoder that only counts need
// not make them.
func (o *Out) Wants() bool { return o.w != nil }

// Line takes one JSON object without a line end.
func (o *Out) Line(object []byte) error {
	o.lines++
	return o.write(object)
}

// Refused takes the JSON object that says what was refused and why.
func (o *Out) Refused(object []byte) error {
	o.refused++
	return o.write(object)
}

// Counts returns how many records were taken and how many refused.
func (o *Out) Counts() (lines, refused int) { return o.lines, o.refused }

func (o *Out) write(object []byte) error {
	if o.w == nil {
		return nil
	}
	var ok bool
	if o.line, ok = o.sel.apply(o.line[:0], object); !ok {
		return nil
	}
	o.line = append(o.line, '\n')
	if _, err := o.w.Write(o.line); err != nil {
		return fmt.Errorf("write line: %w", err)
	}
	return nil
}

// Selection says which lines are written, and what of them.
type Selection struct {
	where []term // all must hold
	show  []term // empty: the whole line
}

// term is a path into a line, and for a condition what is to stand there.
type term struct {
	name  string
	path  []string
	value string
}

// ParseSelection reads terms: NAME=VALUE keeps the lines in which it holds, NAME
// keeps of each line that field and others so named. A name goes into objects
// with dots, as val.040.RHO; a value is compared with the text of a JSON string
// or of another JSON value as written. A field that is absent equals nothing.
func ParseSelection(terms []string) (Selection, error) {
	var s Selection
	for _, t := range terms {
		name, value, isCondition := strings.Cut(t, "=")
		if name == "" {
			return Selection{}, fmt.Errorf("select %q: want NAME or NAME=VALUE", t)
		}
		x := term{name: name, path: strings.Split(name, "."), value: value}
		if isCondition {
			s.where = append(s.where, x)
		} else {
			s.show = append(s.show, x)
		}
	}
	return s, nil
}

// apply appends what is wanted of the object to dst; ok is false when nothing
// is.
func (s *Selection) apply(dst, object []byte) (out []byte, ok bool) {
	for i := range s.where {
		v := find(object, s.where[i].path)
		if v == nil || textOf(v) != s.where[i].value {
			return dst, false
		}
	}
	if len(s.show) == 0 {
		return append(dst, object...), true
	}
	dst = append(dst, '{')
	for i := range s.show {
		v := find(object, s.show[i].path)
		if v == nil {
			continue
		}
		if ok {
			dst = append(dst, ',')
		}
		key, err := json.Marshal(s.show[i].name)
		if err != nil {
			continue
		}
		dst = append(append(append(dst, key...), ':'), v...)
		ok = true
	}
	return append(dst, '}'), ok
}

// find returns the value at a path, nil when there is none.
func find(object json.RawMessage, path []string) json.RawMessage {
	for _, name := range path {
		var m map[string]json.RawMessage
		if json.Unmarshal(object, &m) != nil {
			return nil
		}
		object = m[name]
	}
	if bytes.Equal(object, []byte("null")) {
		return nil
	}
	return object
}

func textOf(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}
