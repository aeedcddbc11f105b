// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package spec_test

import (
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/asterix/spec"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
)

// TestAgainstReference compares each table, bit by bit, with the machine
// readable definition of the same edition that others have written. Where the
// reference is known to be wrong, the data decides and the test says so.
func TestAgainstReference(t *testing.T) {
	dir := filepath.Join(corpustest.Dir(t), "asterix", "specs")
	for _, name := range []string{"cat034", "cat048"} {
		t.Run(name, func(t *testing.T) {
			f, err := os.Open(name + ".def")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			c, err := spec.Parse(f)
			if err != nil {
				t.Fatal(err)
			}
			ref, err := os.ReadFile(filepath.Join(dir, name, "cat-"+c.Edition+".ast"))
			if err != nil {
				t.Fatal(err)
			}
			want, got := flattenReference(string(ref)), flatten(c)
			if len(want) < 30 {
				t.Fatalf("reference has %d lines: %q", len(want), want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("table (-reference +table):\n%s", diff)
			}
			corpustest.Check(t)
		})
	}
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
		for _, part := range it.Parts {
			for i := range part {
				out = append(out, path+flattenField(&part[i]))
			}
			if it.Form == spec.Extended {
				out = append(out, path+"/fx")
			}
		}
	}
	for i := range c.Items {
		one(c.Items[i].Name, &c.Items[i])
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
		case "items":
			for _, it := range section.children {
				name, _, _ := strings.Cut(it.text, " ")
				out = append(out, reference(name, it.children)...)
			}
		case "uap":
			var names []string
			for _, n := range section.children {
				names = append(names, n.text)
			}
			out = append(out, "uap "+strings.Join(names, " "))
		}
	}
	return out
}

// reference writes an item or subfield, from the nodes below its name.
func reference(path string, nodes []*node) []string {
	for _, n := range nodes {
		word, arg, _ := strings.Cut(n.text, " ")
		switch word {
		case "element":
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
	switch {
	case w[0] == "string":
		return bits + map[string]string{"octal": " oct", "icao": " icao"}[w[1]]
	case len(w) > 1 && w[1] == "quantity":
		kind := map[string]string{"signed": " i ", "unsigned": " u "}[w[0]]
		unit := strings.Trim(w[3], "\"")
		if unit == "°" {
			unit = "deg"
		}
		return bits + kind + rational(w[2]) + " " + unit
	}
	return bits + " u"
}

func rational(s string) string {
	num, den, _ := strings.Cut(s, "/")
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
