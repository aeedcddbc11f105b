// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package plan holds the joint plan of each pair of parties: what each side
// declares, without prejudice to any claim, and whether the two declarations
// are one. The plan is in force while the operative parts of both are equal,
// byte for byte, and neither has ended. The package sends nothing, decides
// nothing about incidents, and never takes one side's words for both.
package plan

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/strict"
)

// Lead says who leads in a zone.
type Lead struct {
	Zone    string   `cbor:"1,keyasint"`
	Version string   `cbor:"2,keyasint"`
	Lead    party.ID `cbor:"3,keyasint"`
}

// Line is a zone or line that texts name, in the version that is meant.
type Line struct {
	Zone    string `cbor:"1,keyasint"`
	Version string `cbor:"2,keyasint"`
}

// Threshold is one parameter of a watch rule that both use.
type Threshold struct {
	Rule      string `cbor:"1,keyasint"`
	Parameter string `cbor:"2,keyasint"`
	Value     string `cbor:"3,keyasint"` // compact JSON
}

// Timers are those of the lead dialogue and of the hotline test.
type Timers struct {
	T1      time.Duration `cbor:"1,keyasint"`
	T2      time.Duration `cbor:"2,keyasint"`
	Hotline time.Duration `cbor:"3,keyasint,omitempty"` // 0: not agreed
}

// Contact is when and how a watch floor is reached.
type Contact struct {
	From string `cbor:"1,keyasint"` // "15:04", UTC
	To   string `cbor:"2,keyasint"` // "15:04", UTC; at or before From: the next day
	How  string `cbor:"3,keyasint"`
}

// Terms are the operative parts of a declaration. A part that is nil is not
// declared.
type Terms struct {
	Sectors    []Lead // by zone
	Lines      []Line // by zone
	Thresholds []Threshold
	Timers     *Timers
	Broken     []Lead // who leads while the line is down, by zone
	Phrasebook string // edition; "": not declared
	Contacts   []Contact
	Proof      *bool // whether records may be proved to a third person
}

var (
	enc = strict.Encoding()
	dec = strict.Decoding(strict.Limits{Nested: 4, Array: 1024, Pairs: 16})
)

// Texts returns the canonical text of each part that is declared, by name.
// Equal terms give equal bytes.
func (t *Terms) Texts() (map[string][]byte, error) {
	m := make(map[string][]byte)
	for _, p := range []struct {
		name string
		has  bool
		v    any
	}{
		{"sectors", t.Sectors != nil, t.Sectors},
		{"lines", t.Lines != nil, t.Lines},
		{"thresholds", t.Thresholds != nil, t.Thresholds},
		{"timers", t.Timers != nil, t.Timers},
		{"broken-line", t.Broken != nil, t.Broken},
		{"phrasebook", t.Phrasebook != "", t.Phrasebook},
		{"contacts", t.Contacts != nil, t.Contacts},
		{"proof", t.Proof != nil, t.Proof},
	} {
		if !p.has {
			continue
		}
		b, err := enc.Marshal(p.v)
		if err != nil {
			return nil, fmt.Errorf("encode part %s: %w", p.name, err)
		}
		if len(b) > record.MaxPlanText {
			return nil, fmt.Errorf("part %s has %d octets, at most %d", p.name, len(b), record.MaxPlanText)
		}
		m[p.name] = b
	}
	return m, nil
}

// ReadTerms reads the parts that it can. A part in a form that it does not know
// is as if it were not declared.
func ReadTerms(texts map[string][]byte) Terms {
	var t Terms
	for name, v := range map[string]any{
		"sectors": &t.Sectors, "lines": &t.Lines, "thresholds": &t.Thresholds, "timers": &t.Timers,
		"broken-line": &t.Broken, "phrasebook": &t.Phrasebook, "contacts": &t.Contacts, "proof": &t.Proof,
	} {
		if b, ok := texts[name]; ok {
			_ = dec.Unmarshal(b, v) // what was read of a bad one counts for nothing below
		}
	}
	again, err := t.Texts()
	if err != nil {
		return Terms{}
	}
	for name := range texts {
		if string(again[name]) != string(texts[name]) {
			t.drop(name)
		}
	}
	return t
}

func (t *Terms) drop(name string) {
	switch name {
	case "sectors":
		t.Sectors = nil
	case "lines":
		t.Lines = nil
	case "thresholds":
		t.Thresholds = nil
	case "timers":
		t.Timers = nil
	case "broken-line":
		t.Broken = nil
	case "phrasebook":
		t.Phrasebook = ""
	case "contacts":
		t.Contacts = nil
	case "proof":
		t.Proof = nil
	}
}

// Item is one line of a part as people read it.
type Item struct{ Key, Value string }

// Items returns the lines of one part, sorted by key.
func (t *Terms) Items(part string) []Item {
	var list []Item
	add := func(key, value string) { list = append(list, Item{key, value}) }
	switch part {
	case "sectors", "broken-line":
		leads := t.Sectors
		if part == "broken-line" {
			leads = t.Broken
		}
		for _, l := range leads {
			add(l.Zone, string(l.Lead)+" · "+l.Version)
		}
	case "lines":
		for _, l := range t.Lines {
			add(l.Zone, l.Version)
		}
	case "thresholds":
		for _, l := range t.Thresholds {
			add(l.Rule+" "+l.Parameter, l.Value)
		}
	case "timers":
		if t.Timers != nil {
			add("hotline", t.Timers.Hotline.String())
			add("t1", t.Timers.T1.String())
			add("t2", t.Timers.T2.String())
		}
	case "phrasebook":
		if t.Phrasebook != "" {
			add("edition", t.Phrasebook)
		}
	case "contacts":
		for _, c := range t.Contacts {
			add(c.From+"–"+c.To+"Z", c.How)
		}
	case "proof":
		if t.Proof != nil {
			add("third-person", strconv.FormatBool(*t.Proof))
		}
	}
	return list
}

// digests lists the parts of the texts in order.
func digests(texts map[string][]byte) []record.PlanPart {
	var list []record.PlanPart
	for _, name := range record.PlanParts() {
		if b, ok := texts[name]; ok {
			list = append(list, record.PlanPart{Name: name, Digest: sha256.Sum256(b)})
		}
	}
	return list
}

// fits reports whether a text is the part that the declaration names.
func fits(parts []record.PlanPart, name string, text []byte) bool {
	return slices.Contains(parts, record.PlanPart{Name: name, Digest: sha256.Sum256(text)})
}
