// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"fmt"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

// Describe returns a policy in plain words: label, distress, and each rule
// with its conditions and obligations.
func Describe(p *Policy) string {
	if p == nil {
		return "no policy: nothing leaves but distress\n"
	}
	var b strings.Builder
	l := p.label
	fmt.Fprintf(&b, "policy %s of %s\n", p.ID(), p.Party)
	fmt.Fprintf(&b, "label: %s, %s, for %s, to be kept %s\n", l.Policy, l.Classification, l.Purpose, short(l.Retention))
	if p.distress {
		b.WriteString("distress: leaves without a rule\n")
	} else {
		fmt.Fprintf(&b, "distress: does not leave; pass it by voice (%s)\n", p.whyNot)
	}
	fmt.Fprintf(&b, "rules: %d; what none allows stays home, and one that denies wins\n", len(p.rules))
	for i := range p.rules {
		r := &p.rules[i]
		fmt.Fprintf(&b, "\n%s: %s %s to %s\n", r.id, r.effect(), strings.Join(kindNames(r.kinds), ", "), strings.Join(p.partyNames(r.to), ", "))
		if when := p.conditions(r); len(when) > 0 {
			fmt.Fprintf(&b, "  when %s\n", strings.Join(when, "; "))
		}
		if !r.deny {
			fmt.Fprintf(&b, "  then %s\n", strings.Join(p.terms(r.then), "; "))
		}
	}
	return b.String()
}

// ExplainText returns in plain words what a policy does with a case: for each
// rule whether it matches and if not why, the decision, and its obligations.
func ExplainText(p *Policy, f *Facts) string {
	var b strings.Builder
	fmt.Fprintf(&b, "case: %s\n", strings.Join(caseWords(f), "; "))
	if p != nil {
		c := p.compact(f)
		for i := range p.rules {
			r := &p.rules[i]
			if miss := r.misses(&c); len(miss) > 0 {
				fmt.Fprintf(&b, "  %s (%s) does not match: %s\n", r.id, r.effect(), strings.Join(miss, ", "))
			} else {
				fmt.Fprintf(&b, "  %s (%s) matches\n", r.id, r.effect())
			}
		}
	}
	d := p.Decide(f)
	rules := strings.Join(p.Rules(d), ", ")
	switch {
	case d.Allow:
		fmt.Fprintf(&b, "decision: leaves by %s\n", rules)
		for _, t := range p.terms(d.Then) {
			fmt.Fprintf(&b, "  %s\n", t)
		}
	case rules != "":
		fmt.Fprintf(&b, "decision: stays home (%s) by %s\n", d.Reason, rules)
	default:
		fmt.Fprintf(&b, "decision: stays home (%s)\n", d.Reason)
	}
	return b.String()
}

func (r *rule) effect() string {
	if r.deny {
		return "deny"
	}
	return "allow"
}

func kindNames(bits uint32) []string {
	var list []string
	for _, k := range RuleKinds() {
		if bits&(1<<k) != 0 {
			list = append(list, k.String())
		}
	}
	return list
}

func (p *Policy) zoneNames(bits uint64) []string {
	var list []string
	for i, z := range p.zones {
		if bits&(1<<i) != 0 {
			list = append(list, string(z))
		}
	}
	return list
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

func sourceNames(bits uint8) []string {
	var list []string
	for _, k := range plot.Kinds() {
		if bits&(1<<k) != 0 {
			list = append(list, k.String())
		}
	}
	return list
}

func (p *Policy) partyNames(bits uint32) []string {
	var list []string
	for i, id := range p.parties {
		if bits&(1<<i) != 0 {
			list = append(list, string(id))
		}
	}
	return list
}

// conditions returns what a rule asks for, in words.
func (p *Policy) conditions(r *rule) []string {
	var list []string
	add := func(name string, words []string) {
		if len(words) > 0 {
			list = append(list, name+" "+strings.Join(words, " or "))
		}
	}
	if r.domain != 0 {
		add("domain", []string{r.domain.String()})
	}
	var identities, in []string
	for i, s := range standards {
		if r.identities&(1<<i) != 0 {
			identities = append(identities, s)
		}
	}
	in = append(in, p.zoneNames(r.zones)...)
	add("identity", identities)
	add("zone", in)
	add("source", sourceNames(r.sources))
	switch r.exercise {
	case 1:
		list = append(list, "exercise")
	case -1:
		list = append(list, "live")
	}
	if r.emergency {
		list = append(list, "emergency")
	}
	if r.rescue {
		list = append(list, "distress case")
	}
	if r.minAge > 0 {
		list = append(list, "age at least "+short(r.minAge))
	}
	if r.maxAge > 0 {
		list = append(list, "age at most "+short(r.maxAge))
	}
	return list
}

// terms returns obligations in words.
func (p *Policy) terms(o Obligations) []string {
	var list []string
	if o.GridM > 0 {
		list = append(list, fmt.Sprintf("position grid %d m", o.GridM))
	}
	if o.BandFt > 0 && o.Fields&FieldHeight != 0 {
		list = append(list, fmt.Sprintf("height band %d ft", o.BandFt))
	}
	if o.Bin > 0 {
		list = append(list, "time bin "+short(o.Bin))
	}
	if o.Slot > 0 {
		list = append(list, "sending slot "+short(o.Slot))
	}
	if o.Rate > 0 {
		list = append(list, "one report each "+short(o.Rate))
	}
	if o.cut {
		list = append(list, "cut to "+orNothing(strings.Join(p.zoneNames(o.area), ", ")))
	}
	if o.CountOnly {
		list = append(list, "count only")
	}
	list = append(list, "delay "+short(o.Delay), "to be kept "+short(o.Retention))
	if f := o.Fields.Names(); len(f) > 0 {
		list = append(list, "fields "+strings.Join(f, ", "))
	}
	if on := p.partyNames(o.onward); len(on) > 0 {
		return append(list, "may be passed on to "+strings.Join(on, ", "))
	}
	return append(list, "not to be passed on")
}

// misses names the conditions that a case does not meet; it agrees with
// matches.
func (r *rule) misses(c *compact) []string {
	var list []string
	for _, m := range []struct {
		name string
		met  bool
	}{
		{"partner", r.to&c.to != 0},
		{"kind", r.kinds&c.kind != 0},
		{"domain", r.domain == 0 || r.domain == c.domain},
		{"identity", r.identities == 0 || r.identities&c.identity != 0},
		{"zones", r.zones == 0 || r.zones&c.zones != 0},
		{"source", r.sources == 0 || r.sources&c.sources != 0},
		{"exercise", r.exercise == 0 || r.exercise == c.exercise},
		{"emergency", !r.emergency || c.emergency},
		{"rescue", !r.rescue || c.rescue},
		{"min_age", c.age >= r.minAge},
		{"max_age", r.maxAge == 0 || c.age <= r.maxAge},
	} {
		if !m.met {
			list = append(list, m.name)
		}
	}
	return list
}

func caseWords(f *Facts) []string {
	list := []string{fmt.Sprintf("%s to %s", f.Kind, f.To)}
	if f.Domain != 0 {
		list = append(list, f.Domain.String())
	}
	if f.Standard != "" {
		list = append(list, "identity "+f.Standard)
	}
	if s := sourceNames(f.Sources); len(s) > 0 {
		list = append(list, "seen by "+strings.Join(s, ", "))
	}
	if len(f.Zones) > 0 {
		list = append(list, "in "+strings.Join(zonesOf(f.Zones), ", "))
	}
	list = append(list, "age "+short(f.Age))
	if f.Emergency {
		list = append(list, "emergency")
	}
	if f.Rescue {
		list = append(list, "distress case")
	}
	if f.Exercise {
		return append(list, "exercise")
	}
	return append(list, "live")
}

// short writes a duration without parts that are zero: 1m, 720h.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
