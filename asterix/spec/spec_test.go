// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package spec_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/asterix/spec"
)

// TestLint checks every table beside it.
func TestLint(t *testing.T) {
	paths, err := filepath.Glob("*.def")
	if err != nil || len(paths) < 2 {
		t.Fatalf("tables: %v, %v", paths, err)
	}
	for _, p := range paths {
		t.Run(p, func(t *testing.T) {
			f, err := os.Open(p)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			c, err := spec.Parse(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range spec.Lint(c) {
				t.Error(err)
			}
		})
	}
}

const head = "category 048 1.32 \"T\"\nuap 010\nitem 010 "

// TestLintFinds runs the lint on tables with one fault each; the first five are
// faults that published tables have or had.
func TestLintFinds(t *testing.T) {
	for name, tt := range map[string]struct{ table, want string }{
		"a speed that is four times too small": {
			head + "fixed \"T\"\nVX 16 i 1/2^4 m/s <=8192 -> VXMetresPerSecond | d",
			"010/VX: full scale 2048.000000 m/s against a limit of 8192",
		},
		"an acceleration that is four times too small": {
			head + "fixed \"T\"\nAX 8 i 1/2^4 m/s2 <=31 -> AXMetresPerSecond2 | d",
			"full scale 8.000000",
		},
		"a flight level without a sign": {
			head + "fixed \"T\"\nV 2 u | d\nFL 14 u 1/2^2 FL <=1267.5 -> FlightLevel | d",
			"full scale 4096.000000",
		},
		"a longitude of half the earth": {
			head + "fixed \"T\"\nLON 32 i 180/2^32 deg <=180 -> LonDeg | d",
			"full scale 90.000000",
		},
		"a latitude of an eighth of the earth": {
			head + "fixed \"T\"\nLAT 24 i 180/2^25 deg <=90 -> LatDeg | d",
			"full scale 45.000000",
		},
		"a broken octet":           {head + "fixed \"T\"\nA 7 u | d", "010: part 1 has 7 bits, not whole octets"},
		"half an octet":            {head + "fixed \"T\"\nA 4 u | d", "010: part 1 has 4 bits, not whole octets"},
		"a broken extent":          {head + "ext \"T\"\nA 7 u | d\nfx\nB 8 u | d\nfx", "010: part 2 has 9 bits"},
		"a name twice":             {head + "fixed \"T\"\nA 4 u | d\nA 4 u | d", `010/A: name "A" is used`},
		"a method twice":           {head + "fixed \"T\"\nA 8 u 1 s <256 -> S | d\nB 8 u 1 s <256 -> S | d", `method "S" is used`},
		"a name that Go refuses":   {head + "fixed \"T\"\n3DH 8 u | d", `name "3DH" is used or no identifier`},
		"a field without a text":   {head + "fixed \"T\"\nA 8 u", "010/A has no description"},
		"an item without a title":  {head + "fixed \"\"\nA 8 u | d", "010 has no title"},
		"a scalar among others":    {head + "fixed \"T\"\n. 4 u | d\nA 4 u | d", "010/. is not the only field"},
		"octal of 8 bits":          {head + "fixed \"T\"\n. 8 oct | d", "no octal digits"},
		"characters of 8 bits":     {head + "fixed \"T\"\n. 8 icao | d", "no 6-bit characters"},
		"octets off an octet":      {head + "fixed \"T\"\nA 4 u | d\nB 8 octets | d\nC 4 u | d", "010/B: not whole octets"},
		"an integer of 72 bits":    {head + "fixed \"T\"\n. 72 u | d", "72 bits do not fit"},
		"a scale of octets":        {head + "fixed \"T\"\n. 8 octets 1 s <256 -> S | d", "kind octets has no LSB"},
		"an item twice":            {head + "explicit \"T\"\nitem 010 explicit \"T\"", "item 010 is defined twice"},
		"an item outside the UAP":  {head + "explicit \"T\"\nitem 020 explicit \"T\"", "item 020 is not in the UAP"},
		"a UAP with nothing":       {"category 048 1.32 \"T\"\nuap 010 - 010", "UAP names 010, which is not defined"},
		"a UAP that repeats":       {head + "explicit \"T\"\nuap 010", "UAP names 010 twice"},
		"a UAP that is missing":    {"category 048 1.32 \"T\"", "UAP has 0 slots"},
		"a compound without parts": {head + "compound \"T\"", "010 has 0 subfields"},
		"a subfield twice": {
			head + "compound \"T\"\nsub A explicit \"T\"\nsub -\nsub A explicit \"T\"",
			"010: subfield name A is used",
		},
		"a fault within a subfield": {head + "compound \"T\"\nsub A fixed \"T\"\nB 7 u | d", "010/A: part 1 has 7 bits"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := spec.Parse(strings.NewReader(tt.table))
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, err := range spec.Lint(c) {
				all = append(all, err.Error())
			}
			if got := strings.Join(all, "\n"); !strings.Contains(got, tt.want) {
				t.Errorf("Lint found %q, want %q", got, tt.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ table, want string }{
		"an empty table":             {"", "line 0: no category line"},
		"a category of 256":          {"category 256 1 \"T\"", `line 1: category number "256"`},
		"a category without a title": {"category 48 1", "line 1: want: category"},
		"a field outside an item":    {"category 48 1 \"T\"\nA 8 u", `line 2: field "A" outside an item`},
		"a field in a compound":      {head + "compound \"T\"\nA 8 u", `line 4: field "A" outside an item`},
		"a field without bits":       {head + "fixed \"T\"\nA u", "line 4: field \"A u\": want NAME BITS KIND"},
		"a field of 0 bits":          {head + "fixed \"T\"\nA 0 u", `line 4: field A: "0" bits`},
		"spare bits without end":     {head + "fixed \"T\"\nspare 65", `line 4: spare of "65" bits`},
		"an unknown kind":            {head + "fixed \"T\"\nA 8 f", `line 4: field A: unknown kind "f"`},
		"an unknown form":            {head + "loop \"T\"", `line 3: item 010: unknown form "loop"`},
		"a repetition without width": {head + "rep \"T\"", "line 3: item 010: rep needs the octets"},
		"a repetition of 3 octets":   {head + "rep 3 \"T\"", "line 3: item 010: repetition factor"},
		"a number for fixed":         {head + "fixed 1 \"T\"", "line 3: item 010: form fixed takes no number"},
		"an item without fields":     {head + "fixed \"T\"\nitem 020 explicit \"T\"", "line 4: item 010 has no field"},
		"an open part":               {head + "ext \"T\"\nA 7 u", "line 4: item 010: the last part has no fx"},
		"fx in a fixed item":         {head + "fixed \"T\"\nA 7 u\nfx", "line 5: fx outside an ext item"},
		"a subfield outside":         {head + "fixed \"T\"\nA 8 u\nsub B fixed \"T\"", "line 5: sub outside a compound item"},
		"a compound in a compound":   {head + "compound \"T\"\nsub B compound \"T\"", "line 4: compound within a compound"},
		"an LSB of zero":             {head + "fixed \"T\"\nA 8 u 0 s <1 -> S", `line 4: field A: number "0"`},
		"an LSB over 3^2":            {head + "fixed \"T\"\nA 8 u 1/3^2 s <1 -> S", `line 4: field A: number "1/3^2"`},
		"an LSB in floating point":   {head + "fixed \"T\"\nA 8 u 1e-9 s <1 -> S", `line 4: field A: number "1e-9"`},
		"a quantity without a limit": {head + "fixed \"T\"\nA 8 u 1 s 256 -> S", "line 4: field A: want LSB UNIT <LIMIT"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := spec.Parse(strings.NewReader(tt.table))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("Parse: %v, want %s", err, tt.want)
			}
		})
	}
}

// FuzzParse: no table makes the parser or the lint panic.
func FuzzParse(f *testing.F) {
	f.Add(head + "ext \"T\"\nA/B=C 7 i 1/2 s <=64 -> S | d\nfx")
	f.Add(head + "compound \"T\"\nsub -\nsub A repfx \"T\"\nspare 7\n")
	f.Add("# c\nitem RE explicit \"T\"\nuap - RE\ncategory 1 1 \"T\"")
	f.Add(head + "rep 2 \"T\"\n. 8 u 1/2^63 s <=1/3 -> S | d")
	f.Fuzz(func(_ *testing.T, table string) {
		if c, err := spec.Parse(strings.NewReader(table)); err == nil {
			spec.Lint(c)
		}
	})
}
