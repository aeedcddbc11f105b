// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package strict reads without forgiveness: configuration texts in TOML, whose
// errors name file and line, and bytes in deterministic CBOR that come from
// others. It opens nothing.
package strict

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"github.com/pelletier/go-toml/v2"
)

// TOML reads b into v. It refuses keys that v does not have. The error says
// "name:line:column: what".
func TOML(name string, b []byte, v any) error {
	err := toml.NewDecoder(bytes.NewReader(b)).DisallowUnknownFields().Decode(v)
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
		row, col := unknown.Errors[0].Position()
		return fmt.Errorf("%s:%d:%d: unknown key %s", name, row, col, strings.Join(unknown.Errors[0].Key(), "."))
	}
	var wrong *toml.DecodeError
	if errors.As(err, &wrong) {
		row, col := wrong.Position()
		return fmt.Errorf("%s:%d:%d: %s", name, row, col, wrong.Error())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Line returns the line, from 1, of a key in the index-th table of that name
// and in the tables within it; the table's own line where the key is absent,
// and 1 where the table is. Table "" is everything before the first table of a
// list.
func Line(b []byte, table string, index int, key string) int {
	at, n, in := 1, -1, table == ""
	if in {
		n = index
	}
	for i, raw := range strings.Split(string(b), "\n") {
		line := strings.TrimSpace(raw)
		if name, ok := header(line); ok {
			switch {
			case table == "" && strings.HasPrefix(line, "[["):
				return at
			case table == "":
			case name == table:
				n++
				in = true
				if n == index {
					at = i + 1
				}
			default:
				in = strings.HasPrefix(name, table+".")
			}
			if in && n == index && key != "" && (name == key || strings.HasSuffix(name, "."+key)) {
				return i + 1
			}
			continue
		}
		k, _, found := strings.Cut(line, "=")
		if in && n == index && found && key != "" && strings.TrimSpace(k) == key {
			return i + 1
		}
	}
	return at
}

// header returns the name of a table where the line begins one.
func header(line string) (string, bool) {
	if !strings.HasPrefix(line, "[") {
		return "", false
	}
	line, _, _ = strings.Cut(line, "#")
	return strings.Trim(line, "[] \t"), true
}

// Encoding returns the one way in which values are written: core
// deterministic (RFC 8949 §4.2), times as seconds with microseconds. Equal
// values give equal bytes.
func Encoding() cbor.EncMode {
	return must(cbor.EncOptions{
		Sort:          cbor.SortCoreDeterministic,
		Time:          cbor.TimeUnixMicro,
		IndefLength:   cbor.IndefLengthForbidden,
		ShortestFloat: cbor.ShortestFloat16,
	}.EncMode())
}

// Limits bounds what a reader takes.
type Limits struct {
	Nested, Array, Pairs int
	Unknown              bool // unknown fields are passed over: for what a newer version may have grown
}

// Decoding returns a reader that refuses unknown fields (but see Limits),
// duplicate keys, tags, indefinite lengths, invalid UTF-8, and whatever exceeds
// the limits.
func Decoding(l Limits) cbor.DecMode {
	unknown := cbor.ExtraDecErrorUnknownField
	if l.Unknown {
		unknown = cbor.ExtraDecErrorNone
	}
	return must(cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: unknown,
		MaxNestedLevels:   l.Nested,
		MaxArrayElements:  l.Array,
		MaxMapPairs:       l.Pairs,
		UTF8:              cbor.UTF8RejectInvalid,
	}.DecMode())
}

func must[M any](m M, err error) M {
	if err != nil {
		panic(err) // options that no program should have: a bug in the caller
	}
	return m
}
