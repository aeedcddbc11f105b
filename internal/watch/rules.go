// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// RuleID names a rule, such as "A06".
type RuleID string

// The rules that this package can apply.
const (
	ADIZEntry       RuleID = "A01" // ADIZ entry without a plan
	LineCrossing    RuleID = "A02" // crossing of the median line
	GateTransit     RuleID = "A06" // passage of a strait
	IdentityChange  RuleID = "A10" // another name on one track, or one address at two places
	Emergency       RuleID = "A11" // emergency code
	UncrewedInGap   RuleID = "A13" // slow uncrewed aircraft in a gap sector
	HeldByBoth      RuleID = "A17" // one aircraft held by both parties
	DoubtedAircraft RuleID = "A19" // claims of an aircraft not confirmed
	DoubtedArea     RuleID = "A20" // claims wrong together in an area
	WithoutLead     RuleID = "C01" // incident without lead
	TwoLead         RuleID = "C02" // two parties lead one incident
	HotlineUntested RuleID = "C04" // no test of the line to a partner
	FeedLost        RuleID = "C06" // feed lost

	DoubtedVessel    RuleID = "S02" // claims of a vessel not confirmed
	IdentityConflict RuleID = "S03" // another MMSI on one track, or one at two places
)

// Rule is one rule with its names, parameters and source.
type Rule struct {
	ID        RuleID
	Domain    string            // "air", "sea", "coord", "system"
	Names     map[string]string // by language: "en", "ja", "zh-Hant"
	Priority  int               // 1 to 3, 1 is the most urgent
	Params    Params
	Condition string // in words
	Clear     string // in words
	Source    string
}

// Params are the parameters of a rule. Each rule uses those that its id needs.
type Params struct {
	Zones        []zone.ID     // A02 lines, A06 gates, A13 sectors
	Directions   []string      // A02: the ways across that count
	MinConfirmed time.Duration // plausible positions must span it
	Grace        time.Duration // A01: after the first report
	Hysteresis   geo.Metres    // A01: outside the zone that still counts as inside
	PlanTime     time.Duration // A01: tolerance before departure and after arrival
	PlanLateral  geo.Metres    // A01: tolerance off the route
	Margin       geo.Metres    // A02, A06: beyond the line before it counts
	Clear        time.Duration // off-delay
	Hold         time.Duration // A10, A11, A19, A20, S02, S03: on-delay
	MinSpeed     geo.Knots     // A13
	MaxSpeed     geo.Knots     // A13
	MinHeight    geo.Feet      // A13
	Types        []string      // A13: types that a person sets and that are uncrewed
	Max          time.Duration // C01: open without lead; C02: with two; C04: without a test
	Silent       time.Duration // C06
	RatePct      float64       // C06: of the usual rate
	Apart        geo.Metres    // A10, S03: between two places of one name
	Claims       int           // A20: that are wrong together
}

// languages in which every rule has a name.
var languages = []string{"en", "ja", "zh-Hant"}

// parameter reads one JSON value into a field of Params.
type parameter func(p *Params, raw json.RawMessage) error

// parametersOf lists what each rule needs: no more, no less.
var parametersOf = map[RuleID]map[string]parameter{
	ADIZEntry: {
		"min_confirmed_s":            seconds(func(p *Params) *time.Duration { return &p.MinConfirmed }),
		"grace_after_first_report_s": seconds(func(p *Params) *time.Duration { return &p.Grace }),
		"hysteresis_nm":              nauticalMiles(func(p *Params) *geo.Metres { return &p.Hysteresis }),
		"plan_time_tol_min":          minutes(func(p *Params) *time.Duration { return &p.PlanTime }),
		"plan_lateral_tol_nm":        nauticalMiles(func(p *Params) *geo.Metres { return &p.PlanLateral }),
		"clear_s":                    clearAfter,
	},
	LineCrossing: {
		"lines":           zoneIDs,
		"directions":      texts(func(p *Params) *[]string { return &p.Directions }, 1),
		"min_confirmed_s": seconds(func(p *Params) *time.Duration { return &p.MinConfirmed }),
		"side_margin_nm":  nauticalMiles(func(p *Params) *geo.Metres { return &p.Margin }),
		"clear_s":         clearAfter,
	},
	GateTransit: {
		"gates":     zoneIDs,
		"margin_nm": nauticalMiles(func(p *Params) *geo.Metres { return &p.Margin }),
	},
	IdentityChange: {
		"dup_distance_nm": nauticalMiles(func(p *Params) *geo.Metres { return &p.Apart }),
		"hold_s":          holdFor,
		"clear_s":         clearAfter,
	},
	Emergency: {"hold_s": holdFor, "clear_s": clearAfter},
	UncrewedInGap: {
		"sectors":         zoneIDs,
		"speed_kt":        speedRange,
		"min_alt_ft":      number(0, 100_000, func(p *Params, v float64) { p.MinHeight = geo.Feet(v) }),
		"min_confirmed_s": seconds(func(p *Params) *time.Duration { return &p.MinConfirmed }),
		"types":           texts(func(p *Params) *[]string { return &p.Types }, 0),
		"clear_s":         clearAfter,
	},
	HeldByBoth:      {},
	DoubtedAircraft: {"hold_s": holdFor, "clear_s": clearAfter},
	DoubtedArea: {
		"min_claims": number(3, 1000, func(p *Params, v float64) { p.Claims = int(v) }),
		"hold_s":     holdFor,
		"clear_s":    clearAfter,
	},
	DoubtedVessel: {"hold_s": holdFor, "clear_s": clearAfter},
	IdentityConflict: {
		"dup_nm":  nauticalMiles(func(p *Params) *geo.Metres { return &p.Apart }),
		"hold_s":  holdFor,
		"clear_s": clearAfter,
	},
	WithoutLead:     {"max_s": seconds(func(p *Params) *time.Duration { return &p.Max })},
	TwoLead:         {"max_s": seconds(func(p *Params) *time.Duration { return &p.Max })},
	HotlineUntested: {"max_h": hours(func(p *Params) *time.Duration { return &p.Max })},
	FeedLost: {
		"silent_s": seconds(func(p *Params) *time.Duration { return &p.Silent }),
		"rate_pct": number(0, 100, func(p *Params, v float64) { p.RatePct = v }),
		"clear_s":  clearAfter,
	},
}

type ruleFile struct {
	Version string     `json:"version"`
	Rules   []ruleJSON `json:"rules"`
}

type ruleJSON struct {
	ID         RuleID                     `json:"id"`
	Domain     string                     `json:"domain"`
	Name       map[string]string          `json:"name"`
	Condition  string                     `json:"condition"`
	Parameters map[string]json.RawMessage `json:"parameters"`
	Clear      string                     `json:"clear"`
	Priority   int                        `json:"priority"`
	Source     string                     `json:"source"`
}

// ParseRules reads a rule file, sorted by id. It refuses unknown fields and
// rules, missing and unknown parameters, and missing names; the error names
// the file, the line where there is one, and the rule.
func ParseRules(name string, b []byte) ([]Rule, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	var f ruleFile
	if err := dec.Decode(&f); err != nil {
		return nil, fmt.Errorf("read rules: %s: %w", place(name, b, err), err)
	}
	if dec.More() {
		return nil, fmt.Errorf("read rules: %s: more than one JSON value", name)
	}
	if f.Version == "" || len(f.Rules) == 0 {
		return nil, fmt.Errorf("read rules: %s: no version or no rules", name)
	}
	rules := make([]Rule, 0, len(f.Rules))
	for _, j := range f.Rules {
		r, err := j.rule()
		if err != nil {
			return nil, fmt.Errorf("read rules: %s: rule %q: %w", name, j.ID, err)
		}
		if slices.ContainsFunc(rules, func(o Rule) bool { return o.ID == r.ID }) {
			return nil, fmt.Errorf("read rules: %s: rule %q twice", name, j.ID)
		}
		rules = append(rules, r)
	}
	slices.SortFunc(rules, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	return rules, nil
}

// place returns name with the line where the decoder found the fault, as far
// as it says so.
func place(name string, b []byte, err error) string {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	var offset int64
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &typ):
		offset = typ.Offset
	default:
		return name
	}
	offset = max(0, min(offset, int64(len(b))))
	return fmt.Sprintf("%s:%d", name, 1+bytes.Count(b[:offset], []byte("\n")))
}

func (j *ruleJSON) rule() (Rule, error) {
	r := Rule{
		ID: j.ID, Domain: j.Domain, Names: j.Name, Priority: j.Priority,
		Condition: j.Condition, Clear: j.Clear, Source: j.Source,
	}
	needs, ok := parametersOf[j.ID]
	switch {
	case !ok:
		return r, errors.New("unknown rule")
	case !slices.Contains([]string{"air", "sea", "coord", "system"}, j.Domain):
		return r, fmt.Errorf("domain %q unknown", j.Domain)
	case j.Priority < 1 || j.Priority > 3:
		return r, fmt.Errorf("priority %d, want 1 to 3", j.Priority)
	case j.Source == "":
		return r, errors.New("no source")
	}
	for _, lang := range languages {
		if j.Name[lang] == "" {
			return r, fmt.Errorf("no name in %s", lang)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(j.Parameters)) {
		if needs[k] == nil {
			return r, fmt.Errorf("parameter %q unknown", k)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(needs)) {
		raw, ok := j.Parameters[k]
		if !ok {
			return r, fmt.Errorf("parameter %q missing", k)
		}
		if err := needs[k](&r.Params, raw); err != nil {
			return r, fmt.Errorf("parameter %q: %w", k, err)
		}
	}
	return r, nil
}

// number reads a finite number in a range.
func number(lo, hi float64, set func(*Params, float64)) parameter {
	return func(p *Params, raw json.RawMessage) error {
		var v *float64
		if err := json.Unmarshal(raw, &v); err != nil || v == nil {
			return fmt.Errorf("%s is not a number", raw)
		}
		if math.IsNaN(*v) || *v < lo || *v > hi {
			return fmt.Errorf("%v is not between %v and %v", *v, lo, hi)
		}
		set(p, *v)
		return nil
	}
}

func seconds(field func(*Params) *time.Duration) parameter {
	return number(0, 86_400, func(p *Params, v float64) { *field(p) = time.Duration(v * float64(time.Second)) })
}

func minutes(field func(*Params) *time.Duration) parameter {
	return number(0, 1440, func(p *Params, v float64) { *field(p) = time.Duration(v * float64(time.Minute)) })
}

func hours(field func(*Params) *time.Duration) parameter {
	return number(0, 168, func(p *Params, v float64) { *field(p) = time.Duration(v * float64(time.Hour)) })
}

func nauticalMiles(field func(*Params) *geo.Metres) parameter {
	return number(0, 1000, func(p *Params, v float64) { *field(p) = geo.FromNM(v) })
}

func clearAfter(p *Params, raw json.RawMessage) error {
	return seconds(func(p *Params) *time.Duration { return &p.Clear })(p, raw)
}

func holdFor(p *Params, raw json.RawMessage) error {
	return seconds(func(p *Params) *time.Duration { return &p.Hold })(p, raw)
}

func texts(field func(*Params) *[]string, least int) parameter {
	return func(p *Params, raw json.RawMessage) error {
		list := field(p)
		if err := json.Unmarshal(raw, list); err != nil || len(*list) < least || slices.Contains(*list, "") {
			return fmt.Errorf("%s is not a list of texts", raw)
		}
		return nil
	}
}

func zoneIDs(p *Params, raw json.RawMessage) error {
	if err := json.Unmarshal(raw, &p.Zones); err != nil || len(p.Zones) == 0 || slices.Contains(p.Zones, "") {
		return fmt.Errorf("%s is not a list of zones", raw)
	}
	return nil
}

func speedRange(p *Params, raw json.RawMessage) error {
	var v []float64
	if err := json.Unmarshal(raw, &v); err != nil || len(v) != 2 || !(v[0] >= 0 && v[0] < v[1]) {
		return fmt.Errorf("%s is not a range of two speeds", raw)
	}
	p.MinSpeed, p.MaxSpeed = geo.Knots(v[0]), geo.Knots(v[1])
	return nil
}
