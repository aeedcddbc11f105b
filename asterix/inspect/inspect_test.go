// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/asterix/inspect"
	"github.com/kuroshio-watch/kuroshio/asterix/spec"
)

// table has every form that an item can have.
const table = `category 254 0.1 "T"
item 010 fixed "T"
A/X 3 u | d
A/Y 9 i 1/10 K <=25 -> B | d
spare 4
B 8 oct | d
item 020 ext "T"
C 7 u | d
fx
D 7 i | d
fx
item 030 rep 1 "T"
. 8 i 1/2 s <=64 -> E | d
item 040 repfx "T"
F 7 u | d
item 050 compound "T"
sub G fixed "T"
. 48 icao | d
sub -
sub H rep 1 "T"
I 8 u | d
item 060 fixed "T"
. 72 octets | d
item 070 fixed "T"
. 64 u 1/3 s <=1e -> J | d
item 080 fixed "T"
IM 1 u | d
K 15 u 1/2^14 NM/s <2 -> L | d
or IM=1 1/1000 Mach <33 -> M
item 090 fixed "T"
. 32 ascii | d
item RE explicit "T"
item RFS rfs "T"
uap 010 020 030 040 050 060 RE
uap 070 080 090 RFS
`

const expansion = `expansion 254 0.1 "T"
item N fixed "T"
. 8 u | d
item O ext "T"
P 7 u | d
fx
uap - N O
`

func open(t *testing.T) *inspect.Table {
	t.Helper()
	text := strings.Replace(table, "<=1e", "<=9000000000000000000", 1)
	text = strings.Replace(text, "B 8 oct", "B 8 u", 1)
	c, err := spec.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	x, err := inspect.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = spec.Parse(strings.NewReader(expansion)); err != nil {
		t.Fatal(err)
	}
	re, err := inspect.New(c)
	if err != nil {
		t.Fatal(err)
	}
	x.Expand(re)
	return x
}

// TestAppendValue compares values with those worked out by hand.
func TestAppendValue(t *testing.T) {
	x := open(t)
	for name, tt := range map[string]struct{ item, raw, want string }{
		"groups and a negative quantity":   {"010", "bff07f", `{"A":{"X":5,"Y":-0.1},"B":127}`},
		"one extent":                       {"020", "04", `{"C":2}`},
		"all extents":                      {"020", "05fe", `{"C":2,"D":-1}`},
		"extents beyond the definition":    {"020", "05ff0302", `{"C":2,"D":-1,"_unknownExtents":"0302"}`},
		"no element":                       {"030", "00", `[]`},
		"elements":                         {"030", "02ff03", `[-0.5,1.5]`},
		"elements with FX":                 {"040", "0302", `[{"F":1},{"F":1}]`},
		"no subfield":                      {"050", "00", `{}`},
		"subfields":                        {"050", "a048f534c7583f0107", `{"G":"ROT415 ?","H":[{"I":7}]}`},
		"an octet string of nine octets":   {"060", "010000000000000000", `18446744073709551616`},
		"a number that float64 must round": {"070", "ffffffffffffffff", `6148914691236517000`},
		"content that cannot be read":      {"RE", "03aabb", `"aabb"`},
		"an expansion":                     {"RE", "0460070e", `{"N":7,"O":{"P":7}}`},
		"an expansion and more":            {"RE", "0540070eff", `{"N":7,"_unknownExtents":"0eff"}`},
		"an empty expansion":               {"RE", "0200", `{}`},
		"a sequence":                       {"RFS", "02020401bff07f", `[{"020":{"C":2}},{"010":{"A":{"X":5,"Y":-0.1},"B":127}}]`},
		"the first of two readings":        {"080", "4000", `{"IM":0,"K":1}`},
		"the other of two readings":        {"080", "8320", `{"IM":1,"K":0.8}`},
		"characters of eight bits":         {"090", "4122005c", `"A\"\u0000\\"`},
		"an item that there is not":        {"099", "00", `null`},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := hex.DecodeString(tt.raw)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(x.AppendValue(nil, tt.item, raw)); got != tt.want {
				t.Errorf("AppendValue(%s, %s) = %s, want %s", tt.item, tt.raw, got, tt.want)
			}
		})
	}
}

func TestItems(t *testing.T) {
	x := open(t)
	var got []string
	n, err := x.Items([]byte{0xc0, 1, 2, 3, 4, 9, 9}, func(item string, raw []byte) bool {
		got = append(got, item+"="+hex.EncodeToString(raw))
		return true
	})
	if want := "010=010203 020=04"; err != nil || n != 5 || strings.Join(got, " ") != want {
		t.Errorf("Items = %v, %d, %v, want %s, 5", got, n, err, want)
	}
	if n, err := x.Items([]byte{0xc0, 1, 2, 3, 5}, func(string, []byte) bool { return true }); err == nil {
		t.Errorf("Items of a record that is cut off = %d", n)
	}
}

// Until edition 2.2 the second part of item 271 of category 021 ended without
// FX; an odd last octet is then no sign of another part.
func TestItemWithoutFXAtItsEnd(t *testing.T) {
	record := []byte{0x01, 0x01, 0x01, 0x01, 0x01, 0x40, 0x03, 0x0d}
	for edition, want := range map[string]string{
		"2.1": `{"POA":0,"CDTIS":0,"B2LOW":0,"RAS":0,"IDENT":1,"LW":13}`,
		"2.2": "",
	} {
		c, err := spec.Load(21, edition)
		if err != nil {
			t.Fatal(err)
		}
		x, err := inspect.New(c)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		n, err := x.Items(record, func(item string, raw []byte) bool {
			got = string(x.AppendValue(nil, item, raw))
			return true
		})
		if got != want || (err == nil) != (want != "") || err == nil && n != len(record) {
			t.Errorf("edition %s: %s, %d, %v, want %s", edition, got, n, err, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]*spec.Category{
		"no slot":              {Number: 1},
		"an undefined item":    {Number: 1, UAP: []string{"010"}},
		"a category beyond it": {Number: 256, UAP: []string{"-"}},
	} {
		if x, err := inspect.New(c); err == nil {
			t.Errorf("%s: New = %v", name, x)
		}
	}
}
