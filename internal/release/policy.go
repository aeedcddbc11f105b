// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// Limits of a policy, so that a decision is a walk over a few words.
const (
	maxRules = 64
	maxZones = 64
	maxPeers = 32
)

// Fields is a set of fields that a report may hold.
type Fields uint32

// The fields. Place and time always go, as coarse as the rule says.
const (
	FieldIdentity Fields = 1 << iota
	FieldType
	FieldCourse
	FieldSpeed
	FieldHeight
	FieldCallsign
	FieldAddress
	FieldMMSI
	FieldName
	FieldZone
	FieldRule
	FieldCount
	FieldNear   // bearing and distance from the nearest of the policy's places
	FieldWindow // when the newest event of an incident was
	FieldContact
	FieldServices
	FieldCapacity
)

// FieldNames lists the fields as policies write them, in the order of the bits.
func FieldNames() []string {
	return []string{"identity", "type", "course", "speed", "height", "callsign", "address", "mmsi", "name", "zone", "rule", "count", "near", "window", "contact", "services", "capacity"}
}

// Names returns the names of the set's fields.
func (f Fields) Names() []string {
	var list []string
	for i, n := range FieldNames() {
		if f&(1<<i) != 0 {
			list = append(list, n)
		}
	}
	return list
}

// Obligations say how coarse and how late a report is. Combining two rules
// takes the stricter of each.
type Obligations struct {
	GridM     uint32        // edge of the position grid, metres
	BandFt    uint32        // height band, feet; 0: no height
	Bin       time.Duration // width of a time bin
	Slot      time.Duration // reports leave only at whole multiples of it; 0: at once
	Delay     time.Duration // nothing leaves sooner than this after it happened
	Retention time.Duration // how long the partner may keep it
	Rate      time.Duration // at most one report of an object in each window of this width; 0: no limit
	CountOnly bool          // of an incident its count and no event or track; of tracks nothing
	Fields    Fields
	onward    uint32 // bit set over the policy's parties
	cut       bool   // what lies outside area is cut away
	area      uint64 // bit set over the policy's zones
}

// tighten takes the stricter of each obligation of two.
func (o *Obligations) tighten(p *Obligations) {
	o.GridM = max(o.GridM, p.GridM)
	o.Bin, o.Slot, o.Delay = max(o.Bin, p.Bin), max(o.Slot, p.Slot), max(o.Delay, p.Delay)
	o.Retention = min(o.Retention, p.Retention)
	o.Rate, o.CountOnly = max(o.Rate, p.Rate), o.CountOnly || p.CountOnly
	o.Fields &= p.Fields
	o.onward &= p.onward
	if p.cut {
		if o.cut {
			o.area &= p.area
		} else {
			o.area = p.area
		}
		o.cut = true
	}
	if o.BandFt == 0 || p.BandFt == 0 {
		o.BandFt = 0
		o.Fields &^= FieldHeight
		return
	}
	o.BandFt = max(o.BandFt, p.BandFt)
}

// rule is one compiled line of the table. A zero mask means "any".
type rule struct {
	id         string
	deny       bool
	to         uint32 // bits over Policy.parties
	kinds      uint32 // bits by record.Kind
	zones      uint64 // bits over Policy.zones
	identities uint32 // bits over record.Standards
	sources    uint8  // bits by plot.Kind
	domain     plot.Domain
	exercise   int8 // 0 any, 1 exercise only, -1 live only
	emergency  bool
	rescue     bool
	minAge     time.Duration
	maxAge     time.Duration // 0: no limit
	then       Obligations
}

// Policy is a checked release policy. The zero Policy and the nil Policy
// release nothing but distress.
type Policy struct {
	Version  int
	Party    party.ID
	label    record.Label
	distress bool
	whyNot   string // why distress does not leave
	places   []namedPlace
	handling []string // our classification words, from the loosest to the strictest
	equal    map[equivalentKey]string
	rules    []rule
	zones    []zone.ID
	zoneBit  map[zone.ID]uint64 // of zones
	parties  []party.ID
	minBin   time.Duration
	hash     string
}

// RuleKinds lists the kinds of record that rules are about. The others need
// none.
func RuleKinds() []record.Kind {
	return []record.Kind{
		record.KindTrack, record.KindIncident, record.KindLink, record.KindDialogue, record.KindPosture, record.KindSupport, record.KindFacility,
		record.KindMessage, record.KindMessageState, record.KindHotline, record.KindPlan,
		record.KindActivity, record.KindSearchArea,
	}
}

// ID returns version and content hash, as incidents and audits quote it.
func (p *Policy) ID() string {
	if p == nil {
		return "none"
	}
	return fmt.Sprintf("v%d-%s", p.Version, p.hash)
}

// Zones returns the zones that the rules name.
func (p *Policy) Zones() []zone.ID { return slices.Clone(p.zones) }

// Onward returns the parties of an obligation's onward mark.
func (p *Policy) Onward(o Obligations) []party.ID {
	var list []party.ID
	for i, id := range p.parties {
		if o.onward&(1<<i) != 0 {
			list = append(list, id)
		}
	}
	return list
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:4])
}

// Facts is what a decision is made on. It is total: every field always has a
// value, and an unknown one matches no rule that asks for it.
type Facts struct {
	To        party.ID
	Kind      record.Kind
	Domain    plot.Domain
	Standard  string // a word of record.Standards; "" unknown
	Sources   uint8  // bits by plot.Kind
	Zones     []zone.ID
	Exercise  bool
	Emergency bool
	Rescue    bool // a distress case, or a track in one
	Age       time.Duration
}

// compact is Facts in the policy's own bits.
type compact struct {
	to        uint32
	kind      uint32
	zones     uint64
	identity  uint32
	sources   uint8
	domain    plot.Domain
	exercise  int8
	emergency bool
	rescue    bool
	age       time.Duration
}

func (p *Policy) compact(f *Facts) compact {
	c := compact{kind: 1 << f.Kind, sources: f.Sources, domain: f.Domain, emergency: f.Emergency, rescue: f.Rescue, age: f.Age, exercise: -1}
	if f.Exercise {
		c.exercise = 1
	}
	if i := slices.Index(p.parties, f.To); i >= 0 {
		c.to = 1 << i
	}
	if i := slices.Index(standards, f.Standard); i >= 0 {
		c.identity = 1 << i
	}
	for _, z := range f.Zones {
		c.zones |= p.zoneBit[z]
	}
	return c
}

var standards = record.Standards()

func (r *rule) matches(c *compact) bool {
	return r.to&c.to != 0 && r.kinds&c.kind != 0 &&
		(r.zones == 0 || r.zones&c.zones != 0) &&
		(r.identities == 0 || r.identities&c.identity != 0) &&
		(r.sources == 0 || r.sources&c.sources != 0) &&
		(r.domain == 0 || r.domain == c.domain) &&
		(r.exercise == 0 || r.exercise == c.exercise) &&
		(!r.emergency || c.emergency) &&
		(!r.rescue || c.rescue) &&
		c.age >= r.minAge && (r.maxAge == 0 || c.age <= r.maxAge)
}

// Why a decision is as it is.
type Reason uint8

// The reasons. The zero Reason is denial for want of a policy.
const (
	NoPolicy Reason = iota
	NoRule
	DeniedByRule
	NoFields // the matching rules have no field, grid or bin in common
	AllowedByRule
	Distress
	Failed // an error on the way: nothing leaves
	Full   // more pending than fits
	Superseded
	NotOurs // it rests on what others told us
	Control // a recall or its receipt: it holds ids that the partner knows
	Recalled
	Discarded
	OutsideArea
	CountsOnly // single tracks do not leave
)

// String returns the reason's code.
func (r Reason) String() string {
	names := [...]string{"no-policy", "no-rule", "denied", "no-obligations", "allowed", "distress", "error", "full", "superseded", "not-ours", "control", "recalled", "discarded", "outside-area", "counts-only"}
	if int(r) < len(names) {
		return names[r]
	}
	return "error"
}

// Decision is what a policy says of some Facts. The zero Decision is a denial.
type Decision struct {
	Allow  bool
	Reason Reason
	rules  uint64 // bits of the rules that matched
	Then   Obligations
}

// Decide applies the rules: a matching deny wins, no matching allow is a
// denial, several allows combine to the strictest. It allocates nothing.
func (p *Policy) Decide(f *Facts) Decision {
	if p == nil || len(p.rules) == 0 || !p.label.Valid() {
		return Decision{Reason: NoPolicy}
	}
	c := p.compact(f)
	var allow, deny uint64
	var then Obligations
	for i := range p.rules {
		r := &p.rules[i]
		switch {
		case !r.matches(&c):
		case r.deny:
			deny |= 1 << i
		case allow == 0:
			then, allow = r.then, 1<<i
		default:
			then.tighten(&r.then)
			allow |= 1 << i
		}
	}
	switch {
	case deny != 0:
		return Decision{Reason: DeniedByRule, rules: deny}
	case allow == 0:
		return Decision{Reason: NoRule}
	case f.Kind == record.KindTrack && (then.GridM == 0 || then.Bin <= 0):
		return Decision{Reason: NoFields, rules: allow}
	case f.Kind == record.KindTrack && then.CountOnly:
		return Decision{Reason: CountsOnly, rules: allow}
	case then.cut && pictured(f.Kind) && c.zones&then.area == 0:
		return Decision{Reason: OutsideArea, rules: allow}
	}
	return Decision{Allow: true, Reason: AllowedByRule, rules: allow, Then: then}
}

// pictured reports whether records of the kind come from the picture; all
// others are said by people or by their machine steps.
func pictured(k record.Kind) bool {
	return k == record.KindTrack || k == record.KindIncident || k == record.KindFacility
}

// Rules returns the ids of the rules that decided.
func (p *Policy) Rules(d Decision) []string {
	if p == nil {
		return nil
	}
	var list []string
	for i := range p.rules {
		if d.rules&(1<<i) != 0 {
			list = append(list, p.rules[i].id)
		}
	}
	return list
}

// labelFor returns the label of a report under the obligations.
func (p *Policy) labelFor(o Obligations) record.Label {
	l := p.label
	l.Retention = o.Retention
	return l
}
