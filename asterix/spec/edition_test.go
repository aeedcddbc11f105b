// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package spec_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/asterix/spec"
)

// TestAt holds that an earlier edition has spare bits, slots and extents where
// later ones brought something, and subfields under their old names.
func TestAt(t *testing.T) {
	c, err := spec.Parse(strings.NewReader(`category 254 1.10 "T"
reads 1.2 1.9
item 010 ext "T"
A 6 u | d
B@1.9 1 u | d
fx
C@1.10 7 u | d
fx
item 020@1.9 fixed "T"
. 8 u | d
item 030 compound "T"
sub D@1.10<E fixed "T"
. 8 u | d
sub F@1.9 fixed "T"
. 8 u | d
item 040 fixed "T"
G 8 u | d
item 040 ext "T"
H 7 u | d
fx
I 4 u | d
spare 4
end
until 1.9
uap 010 020 030 040`))
	if err != nil {
		t.Fatal(err)
	}
	for edition, want := range map[string][]string{
		"1.2":  {"010 ext", "010/A 6 u", "010/spare 1", "010/fx", "030 compound", "030/E", "030/E/. 8 u", "030/-", "040 ext", "040/H 7 u", "040/fx", "040/I 4 u", "040/spare 4", "uap 010 - 030 040"},
		"1.9":  {"010 ext", "010/A 6 u", "010/B 1 u", "010/fx", "020", "020/. 8 u", "030 compound", "030/E", "030/E/. 8 u", "030/F", "030/F/. 8 u", "040", "040/G 8 u", "uap 010 020 030 040"},
		"1.10": {"010 ext", "010/A 6 u", "010/B 1 u", "010/fx", "010/C 7 u", "010/fx", "020", "020/. 8 u", "030 compound", "030/D", "030/D/. 8 u", "030/F", "030/F/. 8 u", "040", "040/G 8 u", "uap 010 020 030 040"},
	} {
		if diff := cmp.Diff(want, flatten(c.At(edition))); diff != "" {
			t.Errorf("edition %s (-want +got):\n%s", edition, diff)
		}
	}
	if got := c.At("1.2").Item("030").Subs[0].GoName(); got != "D" {
		t.Errorf("GoName of the renamed subfield = %s, want D", got)
	}
}

// TestProfilesAndReadings holds the lint and the parser to profiles, wide fields
// and other readings.
func TestProfilesAndReadings(t *testing.T) {
	for name, tt := range map[string]struct{ table, want string }{
		"a wide field that is not": {head + "fixed \"T\"\nA 8 u 1 s <256! -> S | d", "full scale 256.000000"},
		"a reading of no field":    {head + "fixed \"T\"\nA 8 u 1 s <256 -> S | d\nor B=1 1 m <256 -> M", "no field B before it"},
		"a reading out of scale":   {head + "fixed \"T\"\nB 8 u | d\nA 8 u 1 s <256 -> S | d\nor B=1 1/4 m <256 -> M", "full scale 64.000000 m"},
		"an earlier item alone":    {"category 1 1 \"T\"\nitem 020 fixed \"T\"\n. 8 u | d\nitem 010 fixed \"T\"\n. 8 u | d\nuntil 0.9\nuap 020", "item 010 until 0.9 is not in a later edition"},
		"an open part of 7 bits":   {"category 1 1 \"T\"\nitem 010 ext \"T\"\nA 7 u | d\nfx\nB 7 u | d\nend\nuap 010", "part 2 has 7 bits"},
		"profiles without select":  {"category 1 1 \"T\"\nitem 010 fixed \"T\"\n. 8 u | d\nuap a: 010\nuap b: 010", `select names ""`},
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
			if !strings.Contains(strings.Join(all, "\n"), tt.want) {
				t.Errorf("Lint found %q, want %s", all, tt.want)
			}
		})
	}
	for name, table := range map[string]string{
		"a profile beside a UAP":       head + "fixed \"T\"\nA 8 u | d\nuap a: 010",
		"a reading below no quantity":  head + "fixed \"T\"\nA 8 u | d\nor A=1 1 m <256 -> M",
		"a reading below no field":     head + "fixed \"T\"\nor A=1 1 m <256 -> M",
		"a reading without a value":    head + "fixed \"T\"\nA 8 u 1 s <256 -> S | d\nor A 1 m <256 -> M",
		"a field below an rfs item":    head + "rfs \"T\"\nA 8 u | d",
		"a part behind the end":        head + "ext \"T\"\nA 7 u | d\nfx\nB 8 u | d\nend\nC 7 u | d\nfx",
		"an end of a fixed item":       head + "fixed \"T\"\nB 8 u | d\nend",
		"a layout until no edition":    head + "fixed \"T\"\nA 8 u | d\nuntil",
		"a layout of no item":          "category 1 1 \"T\"\nuntil 1.1",
		"a UAP line beside a profile":  "category 1 1 \"T\"\nuap a: 010\nuap 010",
		"a reading with too few words": head + "fixed \"T\"\nA 8 u 1 s <256 -> S | d\nor A=1 1 m",
	} {
		if c, err := spec.Parse(strings.NewReader(table)); err == nil {
			t.Errorf("%s: Parse = %+v", name, c)
		}
	}
}
