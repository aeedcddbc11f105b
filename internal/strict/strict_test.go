// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package strict_test

import (
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/strict"
)

const text = `version = 1 # of this file
[label]
policy = "p"

[[rule]]
id = "a"
[rule.when]
zone = "x"

[[rule]] # the second
id = "b"
to = ["jp"]
[rule.then]
grid = "5km"

[other]
grid = 1
`

func TestLine(t *testing.T) {
	for _, c := range []struct {
		table string
		index int
		key   string
		want  int
	}{
		{"", 0, "version", 1},
		{"", 0, "policy", 3},
		{"", 0, "label", 2},
		{"", 0, "grid", 1}, // stands in a list only
		{"rule", 0, "id", 6},
		{"rule", 0, "zone", 8},
		{"rule", 0, "grid", 5}, // absent there: the rule's own line
		{"rule", 1, "to", 12},
		{"rule", 1, "grid", 14},
		{"rule", 1, "then", 13},
		{"rule", 1, "", 10},
		{"other", 0, "grid", 17},
		{"none", 0, "grid", 1},
	} {
		if got := strict.Line([]byte(text), c.table, c.index, c.key); got != c.want {
			t.Errorf("Line(%q, %d, %q) = %d, want %d", c.table, c.index, c.key, got, c.want)
		}
	}
}

func TestTOMLSaysWhere(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a = 1\n", ""},
		{"a = 1\n[t]\nb = 2\n", "f.toml:2:2: unknown key t"},
		{"\nb = 2\n", "f.toml:2:1: unknown key b"},
		{"a = \n", "f.toml:1:5: toml: unexpected character U+000A at start of value"},
	} {
		var v struct {
			A int `toml:"a"`
		}
		got := ""
		if err := strict.TOML("f.toml", []byte(c.text), &v); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("TOML(%q): %q, want %q", c.text, got, c.want)
		}
	}
}

func TestDecodingRefuses(t *testing.T) {
	type inner struct {
		N int `cbor:"1,keyasint,omitempty"`
	}
	type value struct {
		A  int    `cbor:"1,keyasint,omitempty"`
		S  string `cbor:"2,keyasint,omitempty"`
		L  []int  `cbor:"3,keyasint,omitempty"`
		In *inner `cbor:"4,keyasint,omitempty"`
	}
	dec := strict.Decoding(strict.Limits{Nested: 4, Array: 16, Pairs: 16})
	for _, c := range []struct {
		name string
		b    []byte
		ok   bool
	}{
		{"as written", []byte{0xa1, 0x01, 0x05}, true},
		{"an unknown key", []byte{0xa1, 0x09, 0x05}, false},
		{"a key twice", []byte{0xa2, 0x01, 0x05, 0x01, 0x06}, false},
		{"an indefinite map", []byte{0xbf, 0x01, 0x05, 0xff}, false},
		{"a tag", []byte{0xa1, 0x01, 0xc1, 0x05}, false},
		{"invalid UTF-8", []byte{0xa1, 0x02, 0x61, 0xff}, false},
		{"a list over the limit", append([]byte{0xa1, 0x03, 0x91}, make([]byte, 17)...), false},
		{"something behind", []byte{0xa1, 0x01, 0x05, 0x00}, false},
	} {
		var v value
		if err := dec.Unmarshal(c.b, &v); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	b, err := strict.Encoding().Marshal(value{A: 5})
	if err != nil || string(b) != "\xa1\x01\x05" {
		t.Errorf("Encoding gave %x, %v", b, err)
	}
}
