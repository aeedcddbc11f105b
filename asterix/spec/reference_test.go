// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package spec_test

import (
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/asterix/spec"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
)

// TestAgainstReference compares each table, bit by bit and for each edition that
// it reads, with the machine readable definition that others have written. Where
// the reference is known to be wrong, the data decides: known says so.
func TestAgainstReference(t *testing.T) {
	dir := filepath.Join(corpustest.Dir(t), "asterix", "specs")
	paths, err := filepath.Glob("*.def")
	if err != nil || len(paths) < 20 {
		t.Fatalf("tables: %v, %v", paths, err)
	}
	for _, p := range paths {
		f, err := os.Open(p)
		if err != nil {
			t.Fatal(err)
		}
		c, err := spec.Parse(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		kind := "cat"
		if c.Expansion {
			kind = "ref"
		}
		if c.Number == 129 { // the reference has no definition of it
			continue
		}
		for _, edition := range slices.Concat([]string{c.Edition}, c.Reads, c.Shows) {
			name := fmt.Sprintf("%s/%s-%s", p[:len("cat000")], kind, edition)
			t.Run(name, func(t *testing.T) {
				ref, err := os.ReadFile(filepath.Join(dir, name+".ast"))
				if err != nil {
					t.Fatal(err)
				}
				want, got := flattenReference(string(ref)), flatten(c.At(edition))
				if len(want) < 15 {
					t.Fatalf("reference has %d lines: %q", len(want), want)
				}
				for i := range want {
					want[i] = corrected(c, edition, want[i])
				}
				if diff := cmp.Diff(joinSpares(want), joinSpares(got)); diff != "" {
					t.Errorf("table (-reference +table):\n%s", diff)
				}
				corpustest.Check(t)
			})
		}
	}
}

// joinSpares makes one line of spare bits that follow each other.
func joinSpares(lines []string) []string {
	var out []string
	for i, l := range lines {
		if strings.HasPrefix(l, "uap") {
			l = strings.TrimRight(l, " -") // an unused slot at the end is none
		}
		if strings.HasSuffix(l, "/-") && (i == len(lines)-1 || !strings.HasPrefix(lines[i+1], l[:len(l)-1])) {
			for len(out) > 0 && out[len(out)-1] == l {
				out = out[:len(out)-1]
			}
			continue
		}
		prefix, bits, isSpare := strings.Cut(l, "/spare ")
		if n := len(out); n > 0 && isSpare {
			if before, had, ok := strings.Cut(out[n-1], "/spare "); ok && before == prefix {
				var x, y int
				if _, err := fmt.Sscan(had+" "+bits, &x, &y); err == nil {
					out[n-1] = fmt.Sprintf("%s/spare %d", prefix, x+y)
					continue
				}
			}
		}
		out = append(out, l)
	}
	return out
}

// known holds what the reference says otherwise than recordings, other peers or
// its own limits do, by category and edition: a line and what it should be.
var known = map[string]map[string]string{
	"010": {
		"202/VX 16 i 1/16 m/s": "202/VX 16 i 1/4 m/s", "202/VY 16 i 1/16 m/s": "202/VY 16 i 1/4 m/s",
		"210/AX 8 i 1/16 m/s2": "210/AX 8 i 1/4 m/s2", "210/AY 8 i 1/16 m/s2": "210/AY 8 i 1/4 m/s2",
	},
	"020": {"500/DOP/XY 16 u 1/4 1": "500/DOP/XY 16 i 1/4 1", "500/SDP/XY 16 u 1/4 1": "500/SDP/XY 16 i 1/4 1"},
	"025": {"600/LON 32 i 45/1073741824 deg": "600/LON 32 i 45/536870912 deg"},
	// Signed in the newest edition, and in the data.
	"048": {"090/FL 14 u 1/4 FL": "090/FL 14 i 1/4 FL"},
	"062": {"340/HEIGHT/. 16 u 25 ft": "340/HEIGHT/. 16 i 25 ft"},
}

// corrected returns a line of the reference as it should be. Names that changed
// without a change of the bits are those of the newest edition.
func corrected(c *spec.Category, edition, line string) string {
	if l, ok := known[fmt.Sprintf("%03d", c.Number)][line]; ok {
		return l
	}
	if c.Number == 20 && edition != c.Edition {
		line = strings.Replace(line, "250/BDSREGISTER", "250/BDSDATA", 1)
		line = strings.Replace(line, "250/MBDATA", "250/BDSDATA", 1)
	}
	return strings.Replace(line, "TAO/spare", "spare", 1)
}

// flatten writes a table as one line a field.
func flatten(c *spec.Category) []string {
	var out []string
	var one func(path string, it *spec.Item)
	one = func(path string, it *spec.Item) {
		out = append(out, strings.TrimSpace(path+" "+form(it)))
		for i := range it.Subs {
			s := &it.Subs[i]
			if s.Form == spec.Spare {
				out = append(out, path+"/-")
				continue
			}
			one(path+"/"+s.Name, s)
		}
		for n, part := range it.Parts {
			for i := range part {
				out = append(out, path+flattenField(&part[i]))
			}
			if it.Form == spec.Extended && it.FXIn(n) {
				out = append(out, path+"/fx")
			}
		}
	}
	for i := range c.Items {
		if c.Items[i].Form != spec.RFS { // a slot, no item, in the reference
			one(c.Items[i].Name, &c.Items[i])
		}
	}
	for _, v := range c.Variants {
		out = append(out, "uap "+v.Name+" "+strings.Join(v.UAP, " "))
	}
	if len(c.Variants) > 0 {
		return out
	}
	return append(out, "uap "+strings.Join(c.UAP, " "))
}

func form(it *spec.Item) string {
	switch it.Form {
	case spec.Fixed:
		return ""
	case spec.Repetitive:
		return fmt.Sprintf("rep %d", it.Rep)
	}
	return string(it.Form)
}

func flattenField(f *spec.Field) string {
	switch f.Kind {
	case spec.SpareBits:
		return fmt.Sprintf("/spare %d", f.Bits)
	case spec.Octets:
		return fmt.Sprintf("/%s %d u", f.Name, f.Bits)
	}
	s := fmt.Sprintf("/%s %d %s", f.Name, f.Bits, f.Kind)
	if f.LSB != nil {
		s += " " + f.LSB.RatString() + " " + f.Unit
	}
	return s
}

// node is a line of the reference and what is indented below it.
type node struct {
	text     string
	children []*node
}

func parseTree(text string) *node {
	root := &node{}
	stack, indents := []*node{root}, []int{-1}
	for l := range strings.Lines(text) {
		trimmed := strings.TrimSpace(l)
		if trimmed == "" {
			continue
		}
		indent := len(l) - len(strings.TrimLeft(l, " "))
		for indents[len(indents)-1] >= indent {
			stack, indents = stack[:len(stack)-1], indents[:len(indents)-1]
		}
		n := &node{text: trimmed}
		parent := stack[len(stack)-1]
		parent.children = append(parent.children, n)
		stack, indents = append(stack, n), append(indents, indent)
	}
	return root
}

// flattenReference writes the reference in the form of flatten.
func flattenReference(text string) []string {
	var out []string
	root := parseTree(text)
	for _, section := range root.children {
		switch section.text {
		case "compound 1":
			var names []string
			for _, it := range section.children {
				name, _, _ := strings.Cut(it.text, " ")
				names = append(names, name)
				if name != "-" {
					out = append(out, reference(name, it.children)...)
				}
			}
			out = append(out, "uap "+strings.Join(names, " "))
		case "uaps":
			for _, v := range section.children[0].children {
				out = append(out, "uap "+v.text+" "+slots(v))
			}
		case "items":
			for _, it := range section.children {
				name, _, _ := strings.Cut(it.text, " ")
				out = append(out, reference(name, it.children)...)
			}
		case "uap":
			out = append(out, "uap "+slots(section))
		}
	}
	return out
}

func slots(n *node) string {
	var names []string
	for _, c := range n.children {
		names = append(names, strings.Replace(c.text, "rfs", "RFS", 1))
	}
	return strings.Join(names, " ")
}

// reference writes an item or subfield, from the nodes below its name.
func reference(path string, nodes []*node) []string {
	for _, n := range nodes {
		word, arg, _ := strings.Cut(n.text, " ")
		switch word {
		case "element":
			if len(n.children) > 0 && n.children[0].text == "bds" {
				return []string{path, path + "/MBDATA 56 u", path + "/BDS1 4 u", path + "/BDS2 4 u"}
			}
			return []string{path, path + "/. " + content(arg, n.children)}
		case "group":
			return append([]string{path}, fields(path+"/", n.children)...)
		case "extended":
			return append([]string{path + " ext"}, fields(path+"/", n.children)...)
		case "repetitive":
			form := "rep " + arg
			if arg == "fx" {
				form = "repfx"
			}
			// What repeats is written like an item without a name.
			return append([]string{path + " " + form}, reference(path, n.children)[1:]...)
		case "compound":
			out := []string{path + " compound"}
			for _, sub := range n.children {
				name, _, _ := strings.Cut(sub.text, " ")
				if name == "-" {
					out = append(out, path+"/-")
				} else {
					out = append(out, reference(path+"/"+name, sub.children)...)
				}
			}
			return out
		case "explicit":
			return []string{path + " explicit"}
		}
	}
	return []string{path + " ?"}
}

func fields(prefix string, nodes []*node) []string {
	var out []string
	for _, n := range nodes {
		name, _, _ := strings.Cut(n.text, " ")
		switch {
		case name == "-":
			out = append(out, prefix+"fx")
		case name == "spare":
			out = append(out, prefix+n.text)
		default:
			for _, c := range n.children {
				word, arg, _ := strings.Cut(c.text, " ")
				switch word {
				case "element":
					out = append(out, prefix+name+" "+content(arg, c.children))
				case "case": // differs in names alone
					out = append(out, prefix+name+" 3 u")
				case "group":
					out = append(out, fields(prefix+name+"/", c.children)...)
				}
			}
		}
	}
	return out
}

// content writes bits, kind, LSB and unit.
func content(bits string, nodes []*node) string {
	if len(nodes) == 0 {
		return bits + " ?"
	}
	w := strings.Fields(nodes[0].text)
	if w[0] == "case" { // the first reading
		return content(bits, nodes[0].children[0].children)
	}
	switch {
	case w[0] == "string":
		return bits + map[string]string{"octal": " oct", "icao": " icao", "ascii": " ascii"}[w[1]]
	case len(w) > 1 && w[1] == "quantity":
		kind := map[string]string{"signed": " i ", "unsigned": " u "}[w[0]]
		unit := strings.Trim(w[3], "\"")
		unit = strings.NewReplacer("°", "deg", "²", "2", "ALTFL", "FL").Replace(unit)
		if unit == "" {
			unit = "1"
		}
		return bits + kind + rational(w[2]) + " " + unit
	}
	if w[0] == "signed" {
		return bits + " i"
	}
	return bits + " u"
}

func rational(s string) string {
	num, den, _ := strings.Cut(strings.Replace(s, "10^6", "1000000", 1), "/")
	if exp, ok := strings.CutPrefix(den, "2^"); ok {
		var n uint
		if _, err := fmt.Sscan(exp, &n); err != nil {
			return s
		}
		den = new(big.Int).Lsh(big.NewInt(1), n).String()
	}
	if den == "" {
		den = "1"
	}
	r, ok := new(big.Rat).SetString(num + "/" + den)
	if !ok {
		return s
	}
	return r.RatString()
}
