// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/strict"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// ErrPolicy is wrapped by every error of Parse.
var ErrPolicy = errors.New("policy refused")

// Fault says where in its text a policy is wrong. It wraps ErrPolicy.
type Fault struct {
	Line int    // from 1; 0: not known
	Key  string // "" where the text is no policy at all
	err  error
}

// Error names file, line and what is wrong.
func (f *Fault) Error() string { return f.err.Error() }

// Unwrap returns what is wrong.
func (f *Fault) Unwrap() error { return f.err }

type policyFile struct {
	Version     int              `toml:"version"`
	Party       string           `toml:"party"`
	Distress    *bool            `toml:"distress"`
	WhyNot      string           `toml:"distress_reason"`
	Label       labelFile        `toml:"label"`
	Places      []placeFile      `toml:"place"`
	Equivalents []equivalentFile `toml:"equivalent"`
	Rules       []ruleFile       `toml:"rule"`
}

type labelFile struct {
	Policy         string `toml:"policy"`
	Classification string `toml:"classification"`
	Purpose        string `toml:"purpose"`
	Retention      string `toml:"retention"`
	// Handling lists our classification words, from the loosest to the strictest.
	Handling []string `toml:"handling"`
}

type ruleFile struct {
	ID     string   `toml:"id"`
	Effect string   `toml:"effect"`
	To     []string `toml:"to"`
	Kinds  []string `toml:"kinds"`
	When   whenFile `toml:"when"`
	Then   thenFile `toml:"then"`
}

type whenFile struct {
	Zones     []string `toml:"zones"`
	Domain    string   `toml:"domain"`
	Identity  []string `toml:"identity"`
	Source    []string `toml:"source"`
	Emergency bool     `toml:"emergency"`
	Rescue    bool     `toml:"rescue"`
	Exercise  *bool    `toml:"exercise"`
	MinAge    string   `toml:"min_age"`
	MaxAge    string   `toml:"max_age"`
}

type thenFile struct {
	Grid       string   `toml:"grid"`
	HeightBand string   `toml:"height_band"`
	TimeBin    string   `toml:"time_bin"`
	Slot       string   `toml:"slot"`
	Delay      string   `toml:"delay"`
	Rate       string   `toml:"rate"`
	Area       []string `toml:"area"`
	CountOnly  bool     `toml:"count_only"`
	Fields     []string `toml:"fields"`
	Onward     []string `toml:"onward"`
	Retention  string   `toml:"retention"`
}

// Parse reads a policy. It refuses unknown keys, unknown words and rules
// without their obligations; the error says file, line and what is wrong.
// known tells whether a zone exists; nil takes any.
func Parse(name string, b []byte, known func(zone.ID) bool) (*Policy, error) {
	var f policyFile
	if err := strict.TOML(name, b, &f); err != nil {
		line := 0
		_, _ = fmt.Sscanf(strings.TrimPrefix(err.Error(), name+":"), "%d", &line) // 0 where the error names none
		return nil, &Fault{Line: line, err: fmt.Errorf("%w: %w", ErrPolicy, err)}
	}
	c := compiler{known: known, p: &Policy{
		Version: f.Version, Party: party.ID(f.Party), hash: hashOf(b),
		distress: f.Distress == nil || *f.Distress, zoneBit: make(map[zone.ID]uint64),
	}}
	if err := c.head(&f); err != nil {
		line := strict.Line(b, c.table, c.index, c.key)
		return nil, &Fault{Line: line, Key: c.key, err: fmt.Errorf("%w: %s:%d: %w", ErrPolicy, name, line, err)}
	}
	for i := range f.Rules {
		if err := c.rule(&f.Rules[i]); err != nil {
			line := strict.Line(b, "rule", i, c.key)
			return nil, &Fault{Line: line, Key: c.key, err: fmt.Errorf("%w: %s:%d: rule %q: %s: %w", ErrPolicy, name, line, f.Rules[i].ID, c.key, err)}
		}
	}
	return c.p, nil
}

// compiler turns a file into bits. key is what it looks at, for errors.
type compiler struct {
	p         *Policy
	known     func(zone.ID) bool
	key       string
	table     string // of a list, "" before the first
	index     int
	retention time.Duration
}

func (c *compiler) head(f *policyFile) error {
	c.key = "version"
	if f.Version < 1 {
		return errors.New("version: want a number above zero")
	}
	c.key = "party"
	if _, err := party.Parse(f.Party); err != nil {
		return err
	}
	c.key = "retention"
	r, err := span(f.Label.Retention)
	if err != nil {
		return fmt.Errorf("label.retention: %w", err)
	}
	c.retention = r
	c.p.label = record.Label{Policy: f.Label.Policy, Classification: f.Label.Classification, Purpose: f.Label.Purpose, Retention: r}
	c.key = "label"
	if !c.p.label.Valid() {
		return errors.New("label: policy, classification, purpose and retention are all needed: without a label nothing leaves")
	}
	if err := c.distress(f); err != nil {
		return err
	}
	if err := c.places(f.Places); err != nil {
		return err
	}
	if err := c.equivalents(f); err != nil {
		return err
	}
	c.key = "rule"
	if len(f.Rules) > maxRules {
		return fmt.Errorf("%d rules, at most %d", len(f.Rules), maxRules)
	}
	return nil
}

func (c *compiler) rule(f *ruleFile) error {
	var r rule
	steps := []struct {
		key string
		run func(*ruleFile, *rule) error
	}{
		{"id", c.id},
		{"effect", c.effect},
		{"to", c.to},
		{"kinds", c.kinds},
		{"zones", c.zones},
		{"domain", c.domain},
		{"identity", c.identity},
		{"source", c.source},
		{"exercise", c.flags},
		{"min_age", c.ages},
		{"grid", c.grid},
		{"height_band", c.band},
		{"time_bin", c.bin},
		{"slot", c.slot},
		{"delay", c.delay},
		{"rate", c.rate},
		{"area", c.area},
		{"fields", c.fields},
		{"count_only", c.countOnly},
		{"onward", c.onward},
		{"retention", c.keep},
		{"kinds", c.written},
	}
	for _, s := range steps {
		c.key = s.key
		if err := s.run(f, &r); err != nil {
			return err
		}
	}
	c.p.rules = append(c.p.rules, r)
	if !r.deny && r.then.Bin > 0 && (c.p.minBin == 0 || r.then.Bin < c.p.minBin) {
		c.p.minBin = r.then.Bin
	}
	return nil
}

var ruleID = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

func (c *compiler) id(f *ruleFile, r *rule) error {
	r.id = f.ID
	if !ruleID.MatchString(f.ID) {
		return errors.New("want a letter, then up to 31 letters, digits or hyphens")
	}
	if slices.ContainsFunc(c.p.rules, func(o rule) bool { return o.id == f.ID }) {
		return errors.New("stands twice")
	}
	return nil
}

func (c *compiler) effect(f *ruleFile, r *rule) error {
	r.deny = f.Effect == "deny"
	if f.Effect != "deny" && f.Effect != "allow" {
		return fmt.Errorf("%q: want allow or deny", f.Effect)
	}
	return nil
}

// peer returns the bit of a party, noting it when it is new.
func (c *compiler) peer(s string) (uint32, error) {
	id, err := party.Parse(s)
	if err != nil {
		return 0, err
	}
	i := slices.Index(c.p.parties, id)
	if i < 0 {
		if len(c.p.parties) == maxPeers {
			return 0, fmt.Errorf("more than %d parties", maxPeers)
		}
		i = len(c.p.parties)
		c.p.parties = append(c.p.parties, id)
	}
	return 1 << i, nil
}

func (c *compiler) to(f *ruleFile, r *rule) error {
	if len(f.To) == 0 {
		return errors.New("name the partners")
	}
	for _, s := range f.To {
		if party.ID(s) == c.p.Party {
			return errors.New("the policy's own party is no partner")
		}
		bit, err := c.peer(s)
		if err != nil {
			return err
		}
		r.to |= bit
	}
	return nil
}

func (c *compiler) kinds(f *ruleFile, r *rule) error {
	if len(f.Kinds) == 0 {
		return errors.New("name the kinds of record")
	}
	for _, s := range f.Kinds {
		i := slices.IndexFunc(RuleKinds(), func(k record.Kind) bool { return k.String() == s })
		if i < 0 {
			return fmt.Errorf("%q: want one of %s", s, strings.Join(kindNames(^uint32(0)), ", "))
		}
		r.kinds |= 1 << RuleKinds()[i]
	}
	return nil
}

// errEmpty refuses a condition without a word: one that is left out means any,
// so a list that somebody emptied must not open the rule.
var errEmpty = errors.New("an empty list; leave it out to mean any")

func empty(list []string) bool { return list != nil && len(list) == 0 }

func (c *compiler) zones(f *ruleFile, r *rule) error {
	if empty(f.When.Zones) {
		return errEmpty
	}
	var err error
	r.zones, err = c.zoneBits(f.When.Zones)
	return err
}

// zoneBits returns the bits of zones, noting those that are new.
func (c *compiler) zoneBits(names []string) (bits uint64, err error) {
	for _, s := range names {
		if c.known != nil && !c.known(zone.ID(s)) {
			return 0, fmt.Errorf("no zone is called %q", s)
		}
		bit, ok := c.p.zoneBit[zone.ID(s)]
		if !ok {
			if len(c.p.zones) == maxZones {
				return 0, fmt.Errorf("more than %d zones", maxZones)
			}
			bit = 1 << len(c.p.zones)
			c.p.zones = append(c.p.zones, zone.ID(s))
			c.p.zoneBit[zone.ID(s)] = bit
		}
		bits |= bit
	}
	return bits, nil
}

func (c *compiler) domain(f *ruleFile, r *rule) error {
	switch f.When.Domain {
	case "":
	case "air":
		r.domain = plot.Air
	case "sea":
		r.domain = plot.Sea
	default:
		return fmt.Errorf("%q: want air or sea", f.When.Domain)
	}
	return nil
}

func (c *compiler) identity(f *ruleFile, r *rule) error {
	if empty(f.When.Identity) {
		return errEmpty
	}
	for _, s := range f.When.Identity {
		i := slices.Index(standards, s)
		if i < 0 {
			return fmt.Errorf("%q: want one of %s", s, strings.Join(standards, ", "))
		}
		r.identities |= 1 << i
	}
	return nil
}

func (c *compiler) source(f *ruleFile, r *rule) error {
	if empty(f.When.Source) {
		return errEmpty
	}
	for _, s := range f.When.Source {
		found := false
		for _, k := range plot.Kinds() {
			if k.String() == s {
				r.sources |= 1 << k
				found = true
			}
		}
		if !found {
			return fmt.Errorf("%q: want radar, adsb, tisb, mlat, ais, remoteid or cot", s)
		}
	}
	return nil
}

func (c *compiler) flags(f *ruleFile, r *rule) error {
	r.emergency, r.rescue = f.When.Emergency, f.When.Rescue
	if e := f.When.Exercise; e != nil {
		r.exercise = -1
		if *e {
			r.exercise = 1
		}
	}
	return nil
}

func (c *compiler) ages(f *ruleFile, r *rule) (err error) {
	if r.minAge, err = optionalSpan(f.When.MinAge); err != nil {
		return err
	}
	c.key = "max_age"
	r.maxAge, err = optionalSpan(f.When.MaxAge)
	return err
}

var quantity = regexp.MustCompile(`^(\d{1,7}) ?(m|km|nm|ft)$`)

// length returns metres, or feet for the unit ft.
func length(s string, units ...string) (float64, error) {
	m := quantity.FindStringSubmatch(s)
	if m == nil || !slices.Contains(units, m[2]) {
		return 0, fmt.Errorf("%q: want a whole number and one of %s", s, strings.Join(units, ", "))
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("%q: want a number above zero", s)
	}
	return n * map[string]float64{"m": 1, "km": 1000, "nm": 1852, "ft": 1}[m[2]], nil
}

func (c *compiler) grid(f *ruleFile, r *rule) error {
	if f.Then.Grid == "" {
		if !r.deny && r.kinds&(1<<record.KindTrack) != 0 {
			return errors.New("a rule that allows tracks needs a position grid")
		}
		return nil
	}
	m, err := length(f.Then.Grid, "m", "km", "nm")
	if err == nil && (m < 10 || m > 500_000) {
		return errors.New("want 10 m to 500 km")
	}
	r.then.GridM = uint32(m)
	return err
}

func (c *compiler) band(f *ruleFile, r *rule) error {
	if f.Then.HeightBand == "" {
		return nil
	}
	ft, err := length(f.Then.HeightBand, "ft")
	if err == nil && (ft < 100 || ft > 100_000) {
		return errors.New("want 100 ft to 100000 ft")
	}
	r.then.BandFt = uint32(ft)
	return err
}

func (c *compiler) bin(f *ruleFile, r *rule) (err error) {
	needs := r.kinds&(1<<record.KindTrack|1<<record.KindIncident) != 0
	if f.Then.TimeBin == "" {
		if !r.deny && needs {
			return errors.New("a rule that allows tracks or incidents needs a time bin")
		}
		return nil
	}
	r.then.Bin, err = span(f.Then.TimeBin)
	if err == nil && (r.then.Bin < time.Second || r.then.Bin > 24*time.Hour) {
		return errors.New("want 1s to 24h")
	}
	return err
}

func (c *compiler) slot(f *ruleFile, r *rule) (err error) {
	r.then.Slot, err = optionalSpan(f.Then.Slot)
	if err == nil && !r.deny && f.Then.Slot == "" && r.kinds&(1<<record.KindTrack|1<<record.KindIncident) != 0 {
		return errors.New(`a rule that allows tracks or incidents needs a sending slot ("0s" for none)`)
	}
	return err
}

func (c *compiler) delay(f *ruleFile, r *rule) (err error) {
	if f.Then.Delay == "" && !r.deny {
		return errors.New(`say the delay ("0s" for none)`)
	}
	r.then.Delay, err = optionalSpan(f.Then.Delay)
	return err
}

func (c *compiler) fields(f *ruleFile, r *rule) error {
	for _, s := range f.Then.Fields {
		i := slices.Index(FieldNames(), s)
		if i < 0 {
			return fmt.Errorf("%q: want one of %s", s, strings.Join(FieldNames(), ", "))
		}
		r.then.Fields |= 1 << i
	}
	if r.then.Fields&FieldHeight != 0 && r.then.BandFt == 0 {
		return errors.New("the field height needs a height band")
	}
	if r.then.Fields&FieldNear != 0 && (r.then.GridM == 0 || len(c.p.places) == 0) {
		return errors.New("the field near needs a position grid and a [[place]]")
	}
	return nil
}

func (c *compiler) rate(f *ruleFile, r *rule) (err error) {
	r.then.Rate, err = optionalSpan(f.Then.Rate)
	if err == nil && r.then.Rate > 48*time.Hour {
		return errors.New("want up to 48h")
	}
	return err
}

func (c *compiler) area(f *ruleFile, r *rule) (err error) {
	if empty(f.Then.Area) {
		return errEmpty
	}
	r.then.cut = f.Then.Area != nil
	r.then.area, err = c.zoneBits(f.Then.Area)
	return err
}

func (c *compiler) countOnly(f *ruleFile, r *rule) error {
	r.then.CountOnly = f.Then.CountOnly
	if r.then.CountOnly && r.then.Fields&FieldCount == 0 {
		return errors.New("count only needs the field count")
	}
	return nil
}

// asWritten reports whether a set of kinds holds one that leaves as the officer
// wrote it or not at all. Both parties compute overlaps and estimates from the
// same words: a coarser area would have them see different things.
func asWritten(kinds uint32) bool {
	return kinds&(1<<record.KindActivity|1<<record.KindSearchArea) != 0
}

func (c *compiler) written(_ *ruleFile, r *rule) error {
	if o := &r.then; asWritten(r.kinds) && (o.GridM > 0 || o.BandFt > 0 || o.Bin > 0 || o.cut || o.Rate > 0 || o.CountOnly) {
		return errors.New("an activity or a search area leaves as the officer wrote it or not at all: no grid, height band, time bin, area, rate or count only")
	}
	return nil
}

func (c *compiler) onward(f *ruleFile, r *rule) error {
	for _, s := range f.Then.Onward {
		bit, err := c.peer(s)
		if err != nil {
			return err
		}
		r.then.onward |= bit
	}
	return nil
}

func (c *compiler) keep(f *ruleFile, r *rule) (err error) {
	r.then.Retention = c.retention
	if f.Then.Retention != "" {
		r.then.Retention, err = span(f.Then.Retention)
	}
	return err
}

// maxSpan keeps times far from the end of the clock: a delay that wrapped
// around would be none.
const maxSpan = 10 * 365 * 24 * time.Hour

// span reads a duration above zero.
func span(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 || d > maxSpan {
		return 0, fmt.Errorf("%q: want a duration above zero and up to ten years, as 60s, 10m or 24h", s)
	}
	return d, nil
}

// optionalSpan reads a duration of zero or more; "" is zero.
func optionalSpan(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > maxSpan {
		return 0, fmt.Errorf("%q: want a duration up to ten years, as 0s, 60s or 10m", s)
	}
	return d, nil
}
