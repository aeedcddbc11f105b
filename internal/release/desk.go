// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// Config sets up a Desk.
type Config struct {
	Self     party.ID
	Partners []party.ID
	// IDs gives the id under which a partner knows one of our things: a keyed
	// hash, the same for the same arguments.
	IDs func(to party.ID, kind record.Kind, number uint64) record.ID
	// MaxPending bounds what waits for one partner. A state over it gives way
	// to newer ones; a record over it is refused and counted.
	MaxPending int
}

// DefaultMaxPending is what MaxPending is where it is 0.
const DefaultMaxPending = 50_000

// sample is a track at the middle of one time bin, as precise as we know it.
// It never leaves.
type sample struct {
	Pos       geo.Point   `json:"pos"`
	Mid       time.Time   `json:"mid"`
	End       time.Time   `json:"end"`
	Domain    plot.Domain `json:"domain"`
	HasHeight bool        `json:"has_height"`
	Height    geo.Feet    `json:"height"`
	Standard  string      `json:"standard"`
	Type      string      `json:"type"`
	Presumed  bool        `json:"presumed"`
	Callsign  string      `json:"callsign"`
	Address   *uint32     `json:"address"`
	MMSI      *uint32     `json:"mmsi"`
	Name      string      `json:"name"`
	Ended     bool        `json:"ended"`
}

// pending waits for its slot. When it is due the policy then in force decides
// again.
type pending struct {
	ID     uint64         `json:"id"`
	To     party.ID       `json:"to"`
	Kind   record.Kind    `json:"kind"`
	Number uint64         `json:"number"` // track, incident or dialogue
	Made   time.Time      `json:"made"`   // in the bin whose end the delay runs from; a statement: when said
	Due    time.Time      `json:"due"`
	Facts  Facts          `json:"facts"`
	Sample *sample        `json:"sample"` // track
	Known  known          `json:"known"`  // incident
	Body   *record.Record `json:"body"`   // dialogue, posture, link, distress
}

// known is what an incident's release may tell, though it carries no time of
// its own: as it was when the release was put to the pending ones.
type known struct {
	Count    int              `json:"count"`
	Identity *record.Identity `json:"identity"`
	Near     *record.Near     `json:"near,omitempty"`
}

// object is what one partner was told of one of our things.
type object struct {
	Kind      record.Kind    `json:"kind"`
	Number    uint64         `json:"number"`
	Epoch     uint32         `json:"epoch"`
	LastBin   time.Time      `json:"last_bin"` // track: end of the last sampled bin
	Told      []past         `json:"told"`
	Sample    *sample        `json:"sample"` // the last, for the report that it ended
	Facts     Facts          `json:"facts"`
	Last      *record.Record `json:"last"`
	Rules     []string       `json:"rules"` // of the last report
	Seen      bool           `json:"seen"`  // in this round
	Denied    bool           `json:"denied"`
	First     time.Time      `json:"first,omitzero"`       // state lane: when the first report left
	ToldRules []string       `json:"told_rules,omitempty"` // state lane: of all reports since then, sorted
	Recalled  bool           `json:"recalled,omitempty"`   // what was told last was taken back
	Recall    uint64         `json:"recall,omitempty"`     // state lane: by this recall
	Fate      Fate           `json:"fate,omitempty"`       // state lane: as the partner's receipt says
	HeldBack  bool           `json:"held_back,omitempty"`  // not told again until Lift
	// Noted is the projection of an incident for which a release was last put
	// to the pending ones.
	Noted *record.Incident `json:"noted"`
	// Facility is the same of a facility.
	Facility *record.Facility `json:"facility,omitempty"`
	// Near is the nearest that an incident's tracks came to a named place, by
	// their cells, up to Looked.
	Near   *record.Near `json:"near,omitempty"`
	Looked time.Time    `json:"looked"`
}

// Entry is what happened to one release, for the audit log. It stays home.
type Entry struct {
	To     party.ID
	Kind   record.Kind
	Number uint64
	Rules  []string
	Reason Reason
}

// Stat counts what one rule did towards one partner.
type Stat struct {
	To       party.ID `json:"to"`
	Rule     string   `json:"rule"`
	Released uint64   `json:"released"`
	Withheld uint64   `json:"withheld"`
}

// Desk holds what waits to be released and what was. It is part of the
// engine's state and has one owner.
type Desk struct {
	cfg      Config
	policy   *Policy
	pendings []pending        // sorted by Due, then ID
	waiting  map[party.ID]int // how many of them are whose
	objects  map[party.ID]map[objectKey]*object
	stats    map[statKey]*Stat
	frozen   map[party.ID]bool
	left     map[party.ID][]Told // in order
	unlisted map[party.ID]uint64
	nextID   uint64
	records  uint64 // numbers record ids
	checked  time.Time
	place    place         // scratch
	tracks   []track.Track // scratch
}

type objectKey struct {
	kind   record.Kind
	number uint64
}

type statKey struct {
	to   party.ID
	rule string
}

// NewDesk returns a Desk without a policy: nothing leaves but distress.
func NewDesk(cfg Config) *Desk {
	if cfg.MaxPending == 0 {
		cfg.MaxPending = DefaultMaxPending
	}
	d := &Desk{
		cfg: cfg, waiting: make(map[party.ID]int), objects: make(map[party.ID]map[objectKey]*object),
		stats: make(map[statKey]*Stat), frozen: make(map[party.ID]bool),
		left: make(map[party.ID][]Told), unlisted: make(map[party.ID]uint64),
	}
	for _, p := range cfg.Partners {
		d.objects[p] = make(map[objectKey]*object)
	}
	return d
}

// SetPolicy changes the policy. What is pending is decided again when due, and
// every incident is looked at afresh.
func (d *Desk) SetPolicy(p *Policy) {
	d.policy = p
	for _, m := range d.objects {
		for _, o := range m {
			o.Noted, o.Facility, o.Denied = nil, nil, false
			o.Near, o.Looked = nil, time.Time{} // of another grid and other places
		}
	}
}

// Policy returns the policy in force; nil when there is none.
func (d *Desk) Policy() *Policy { return d.policy }

// Freeze keeps what is for a partner pending, distress included: the person
// who stops the release is asked about open cases apart. Of each track and
// incident the newest report is kept.
func (d *Desk) Freeze(to party.ID) { d.frozen[to] = true }

// Resume lets pending releases be decided again. What is overdue leaves at the
// next step, not at a slot.
func (d *Desk) Resume(to party.ID) { delete(d.frozen, to) }

// Frozen reports whether release to the partner is stopped.
func (d *Desk) Frozen(to party.ID) bool { return d.frozen[to] }

// Pending returns how many releases wait for the partner.
func (d *Desk) Pending(to party.ID) int { return d.waiting[to] }

// object returns what a partner was told of one of our things, making it
// where needed; nil for a party that is no partner.
func (d *Desk) object(to party.ID, key objectKey) *object {
	m := d.objects[to]
	if m == nil {
		return nil
	}
	o := m[key]
	if o == nil {
		o = &object{Kind: key.kind, Number: key.number}
		m[key] = o
	}
	return o
}

func sortedKeys(m map[objectKey]*object) []objectKey {
	keys := make([]objectKey, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b objectKey) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.number, b.number))
	})
	return keys
}

func (d *Desk) stat(to party.ID, rule string) *Stat {
	k := statKey{to, rule}
	s, ok := d.stats[k]
	if !ok {
		s = &Stat{To: to, Rule: rule}
		d.stats[k] = s
	}
	return s
}

// withhold counts what did not leave: for each rule that denied it, or else
// for the reason.
func (d *Desk) withhold(to party.ID, dec Decision) {
	if dec.Reason != DeniedByRule || dec.rules == 0 {
		d.stat(to, dec.Reason.String()).Withheld++
		return
	}
	for i := range d.policy.rules {
		if dec.rules&(1<<i) != 0 {
			d.stat(to, d.policy.rules[i].id).Withheld++
		}
	}
}

// Stats returns what each rule released and withheld, sorted.
func (d *Desk) Stats() []Stat {
	list := make([]Stat, 0, len(d.stats))
	for _, s := range d.stats {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b Stat) int { return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(a.Rule, b.Rule)) })
	return list
}

// PartnerView returns the records that the partner was told last, one for each
// of our things, sorted by kind and object.
func (d *Desk) PartnerView(to party.ID) []record.Record {
	var list []record.Record
	for _, key := range sortedKeys(d.objects[to]) {
		if o := d.objects[to][key]; o.Last != nil && !o.Recalled {
			list = append(list, *o.Last)
		}
	}
	slices.SortStableFunc(list, func(a, b record.Record) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), bytes.Compare(a.Object[:], b.Object[:]))
	})
	return list
}

// Holders returns the partners that were told of one of our things and that
// it has not ended.
func (d *Desk) Holders(kind record.Kind, number uint64) []party.ID {
	var list []party.ID
	for _, to := range d.cfg.Partners {
		if o := d.objects[to][objectKey{kind, number}]; o != nil && o.Last != nil && !o.Recalled && (o.Last.Track == nil || !o.Last.Track.Ended) {
			list = append(list, to)
		}
	}
	return list
}
