// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/strict"
)

// ErrFile is wrapped by every error of Parse.
var ErrFile = errors.New("plan refused")

// File is what a node would declare, to whom.
type File struct{ Plans []Intent }

// Intent is what the node would declare to one partner.
type Intent struct {
	With    party.ID
	Comment string
	Texts   map[string][]byte
}

// Uses tells what a plan may name, as the node itself uses it: a declaration
// can't say one thing while the node does another.
type Uses struct {
	Zone func(id string) (version string, ok bool)
	Rule func(id string) (parameters map[string]string, ok bool) // compact JSON by name
	// Phrasebook is the edition of the phrasebook; "" for none.
	Phrasebook string
}

type fileText struct {
	Version int        `toml:"version"`
	Party   string     `toml:"party"`
	Plans   []planText `toml:"plan"`
}

type planText struct {
	With       string        `toml:"with"`
	Comment    string        `toml:"comment"`
	Lines      []string      `toml:"lines"`
	Rules      []string      `toml:"rules"`
	Phrasebook bool          `toml:"phrasebook"`
	Proof      *bool         `toml:"proof"`
	Timers     *timersText   `toml:"timers"`
	Sectors    []leadText    `toml:"sector"`
	Broken     []leadText    `toml:"broken"`
	Contacts   []contactText `toml:"contact"`
}

type timersText struct {
	T1      string `toml:"t1"`
	T2      string `toml:"t2"`
	Hotline string `toml:"hotline"`
}

type leadText struct {
	Zone string `toml:"zone"`
	Lead string `toml:"lead"`
}

type contactText struct {
	From string `toml:"from"`
	To   string `toml:"to"`
	How  string `toml:"how"`
}

// Bounds of a plan.
const (
	maxPlans    = 32
	maxItems    = 64
	maxComment  = 200
	shortestT1  = 10 * time.Second
	longestTime = 7 * 24 * time.Hour
)

// Parse reads the plans that a party would declare. It refuses unknown keys and
// whatever the node does not use itself; the error says file and line.
func Parse(name string, b []byte, self party.ID, uses Uses) (*File, error) {
	var f fileText
	if err := strict.TOML(name, b, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	head := func(key string, format string, args ...any) error {
		return fmt.Errorf("%w: %s:%d: %s: %s", ErrFile, name, strict.Line(b, "", 0, key), key, fmt.Sprintf(format, args...))
	}
	switch {
	case f.Version != 1:
		return nil, head("version", "want 1")
	case party.ID(f.Party) != self:
		return nil, head("party", "the plan is of party %q, this node is %q", f.Party, self)
	case len(f.Plans) > maxPlans:
		return nil, head("version", "%d plans, at most %d", len(f.Plans), maxPlans)
	}
	var out File
	for i := range f.Plans {
		c := compiler{self: self, uses: uses, seen: &out}
		in, err := c.plan(&f.Plans[i])
		if err != nil {
			return nil, fmt.Errorf("%w: %s:%d: plan with %q: %s: %w", ErrFile, name, strict.Line(b, "plan", i, c.key), f.Plans[i].With, c.key, err)
		}
		out.Plans = append(out.Plans, in)
	}
	return &out, nil
}

// compiler reads one plan. key is what it looks at, for errors.
type compiler struct {
	self, with party.ID
	uses       Uses
	seen       *File
	key        string
}

func (c *compiler) plan(t *planText) (Intent, error) {
	c.key = "with"
	with, err := party.Parse(t.With)
	if err != nil {
		return Intent{}, err
	}
	if c.with = with; with == c.self {
		return Intent{}, errors.New("a plan is with another party")
	}
	if slices.ContainsFunc(c.seen.Plans, func(p Intent) bool { return p.With == with }) {
		return Intent{}, errors.New("there is a plan with that party already")
	}
	c.key = "comment"
	if len([]rune(t.Comment)) > maxComment {
		return Intent{}, fmt.Errorf("%d characters at most", maxComment)
	}
	var terms Terms
	for _, step := range []struct {
		key string
		run func(*planText, *Terms) error
	}{
		{"sector", c.sectors},
		{"lines", c.lines},
		{"rules", c.rules},
		{"timers", c.timers},
		{"contact", c.contacts},
	} {
		c.key = step.key
		if err := step.run(t, &terms); err != nil {
			return Intent{}, err
		}
	}
	c.key = "phrasebook"
	if t.Phrasebook {
		if terms.Phrasebook = c.uses.Phrasebook; terms.Phrasebook == "" {
			return Intent{}, errors.New("this node has no phrasebook")
		}
	}
	terms.Proof = t.Proof
	c.key = "with"
	texts, err := terms.Texts()
	if err == nil && len(texts) == 0 {
		err = errors.New("it declares nothing")
	}
	return Intent{With: with, Comment: t.Comment, Texts: texts}, err
}

func (c *compiler) sectors(t *planText, out *Terms) error {
	var err error
	if out.Sectors, err = c.leads(t.Sectors); err != nil {
		return err
	}
	c.key = "broken"
	out.Broken, err = c.leads(t.Broken)
	return err
}

func (c *compiler) leads(list []leadText) ([]Lead, error) {
	var out []Lead
	for _, l := range list {
		version, ok := c.uses.Zone(l.Zone)
		switch {
		case !ok:
			return nil, fmt.Errorf("no zone is called %q", l.Zone)
		case party.ID(l.Lead) != c.self && party.ID(l.Lead) != c.with:
			return nil, fmt.Errorf("%q leads in %s: want %q or %q", l.Lead, l.Zone, c.self, c.with)
		case slices.ContainsFunc(out, func(o Lead) bool { return o.Zone == l.Zone }):
			return nil, fmt.Errorf("%s is named twice", l.Zone)
		}
		out = append(out, Lead{Zone: l.Zone, Version: version, Lead: party.ID(l.Lead)})
	}
	slices.SortFunc(out, func(a, b Lead) int { return cmp.Compare(a.Zone, b.Zone) })
	return out, tooMany(len(out))
}

func tooMany(n int) error {
	if n > maxItems {
		return fmt.Errorf("%d entries, at most %d", n, maxItems)
	}
	return nil
}

func (c *compiler) lines(t *planText, out *Terms) error {
	for _, id := range t.Lines {
		version, ok := c.uses.Zone(id)
		if !ok {
			return fmt.Errorf("no zone is called %q", id)
		}
		out.Lines = append(out.Lines, Line{Zone: id, Version: version})
	}
	slices.SortFunc(out.Lines, func(a, b Line) int { return cmp.Compare(a.Zone, b.Zone) })
	out.Lines = slices.Compact(out.Lines)
	return tooMany(len(out.Lines))
}

func (c *compiler) rules(t *planText, out *Terms) error {
	ids := slices.Compact(slices.Sorted(slices.Values(t.Rules)))
	for _, id := range ids {
		parameters, ok := c.uses.Rule(id)
		if !ok {
			return fmt.Errorf("no rule is called %q", id)
		}
		for _, name := range slices.Sorted(maps.Keys(parameters)) {
			out.Thresholds = append(out.Thresholds, Threshold{Rule: id, Parameter: name, Value: parameters[name]})
		}
	}
	return tooMany(len(ids))
}

func (c *compiler) timers(t *planText, out *Terms) error {
	if t.Timers == nil {
		return nil
	}
	var d [3]time.Duration
	for i, s := range []string{t.Timers.T1, t.Timers.T2, t.Timers.Hotline} {
		if s == "" && i == 2 {
			continue // not agreed
		}
		v, err := time.ParseDuration(s)
		if err != nil {
			return fmt.Errorf("%q is no duration", s)
		}
		d[i] = v
	}
	if d[0] < shortestT1 || d[1] <= d[0] || d[1] > longestTime || d[2] < 0 || d[2] > longestTime {
		return fmt.Errorf("want %v <= t1 < t2 and none over %v", shortestT1, longestTime)
	}
	out.Timers = &Timers{T1: d[0], T2: d[1], Hotline: d[2]}
	return nil
}

func (c *compiler) contacts(t *planText, out *Terms) error {
	for _, w := range t.Contacts {
		for _, s := range []string{w.From, w.To} {
			if _, err := time.Parse("15:04", s); err != nil || len(s) != 5 {
				return fmt.Errorf("%q: want a time of day such as 06:30, UTC", s)
			}
		}
		if w.How == "" || len([]rune(w.How)) > maxComment {
			return fmt.Errorf("how: want a text of up to %d characters", maxComment)
		}
		out.Contacts = append(out.Contacts, Contact(w))
	}
	slices.SortFunc(out.Contacts, func(a, b Contact) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.How, b.How))
	})
	return tooMany(len(out.Contacts))
}
