// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package dump

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
)

// object makes one JSON object, field by field, in memory that is used again.
// A number that JSON has no word for is left out.
type object struct{ b []byte }

func (o *object) begin() { o.b = append(o.b[:0], '{') }

// end returns the object, good until the next begin.
func (o *object) end() []byte {
	o.b = append(o.b, '}')
	return o.b
}

func (o *object) key(k string) {
	if o.b[len(o.b)-1] != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, '"'), k...), '"', ':')
}

func (o *object) int(k string, v int64) {
	o.key(k)
	o.b = strconv.AppendInt(o.b, v, 10)
}

// float writes v with a number of decimals.
func (o *object) float(k string, v float64, decimals int) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	o.key(k)
	o.b = strconv.AppendFloat(o.b, v, 'f', decimals, 64)
}

func (o *object) bool(k string, v bool) {
	o.key(k)
	o.b = strconv.AppendBool(o.b, v)
}

// bit writes 1 or 0.
func (o *object) bit(k string, v bool) {
	n := int64(0)
	if v {
		n = 1
	}
	o.int(k, n)
}

// text writes a string that may hold anything.
func (o *object) text(k, v string) {
	o.key(k)
	for i := range len(v) {
		if c := v[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			o.quote(v)
			return
		}
	}
	o.b = append(append(append(o.b, '"'), v...), '"')
}

func (o *object) quote(v string) {
	b, err := json.Marshal(v)
	if err != nil { // no string is refused
		b = []byte(`""`)
	}
	o.b = append(o.b, b...)
}

// octets writes hexadecimal digits.
func (o *object) octets(k string, v []byte) {
	o.key(k)
	o.b = append(hex.AppendEncode(append(o.b, '"'), v), '"')
}

// upperOctets writes them in capitals, as Mode S frames are written.
func (o *object) upperOctets(k string, v []byte) {
	const digits = "0123456789ABCDEF"
	o.key(k)
	o.b = append(o.b, '"')
	for _, c := range v {
		o.b = append(o.b, digits[c>>4], digits[c&15])
	}
	o.b = append(o.b, '"')
}
