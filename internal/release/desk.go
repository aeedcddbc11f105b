// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
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
	Made   time.Time      `json:"made"`
	Due    time.Time      `json:"due"`
	Facts  Facts          `json:"facts"`
	Sample *sample        `json:"sample"`
	Body   *record.Record `json:"body"` // dialogue, posture, link, distress
}

// object is what one partner was told of one of our things.
type object struct {
	Kind    record.Kind    `json:"kind"`
	Number  uint64         `json:"number"`
	Epoch   uint32         `json:"epoch"`
	LastBin time.Time      `json:"last_bin"` // track: end of the last sampled bin
	Told    []past         `json:"told"`
	Sample  *sample        `json:"sample"` // the last, for the report that it ended
	Facts   Facts          `json:"facts"`
	Last    *record.Record `json:"last"`
	Rules   []string       `json:"rules"` // of the last report
	Seen    bool           `json:"seen"`  // in this round
	Denied  bool           `json:"denied"`
	// Noted is the projection of an incident for which a release was last put
	// to the pending ones.
	Noted *record.Incident `json:"noted"`
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
	pendings []pending // sorted by Due, then ID
	objects  map[party.ID]map[objectKey]*object
	stats    map[statKey]*Stat
	frozen   map[party.ID]bool
	nextID   uint64
	records  uint64 // numbers record ids
	checked  time.Time
	zones    []zone.ID     // scratch
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
	d := &Desk{cfg: cfg, objects: make(map[party.ID]map[objectKey]*object), stats: make(map[statKey]*Stat), frozen: make(map[party.ID]bool)}
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
			o.Noted, o.Denied = nil, false
		}
	}
}

// Policy returns the policy in force; nil when there is none.
func (d *Desk) Policy() *Policy { return d.policy }

// Freeze keeps everything for a partner pending, distress included: the
// person who stops the release is asked about open cases apart.
func (d *Desk) Freeze(to party.ID) { d.frozen[to] = true }

// Resume lets pending releases be decided again.
func (d *Desk) Resume(to party.ID) { delete(d.frozen, to) }

// Frozen reports whether release to the partner is stopped.
func (d *Desk) Frozen(to party.ID) bool { return d.frozen[to] }

// Pending returns how many releases wait for the partner.
func (d *Desk) Pending(to party.ID) int {
	n := 0
	for i := range d.pendings {
		if d.pendings[i].To == to {
			n++
		}
	}
	return n
}

// Observe looks at the local picture once for each finished time bin, and at
// the incidents, and puts what the policy allows to the pending releases.
func (d *Desk) Observe(now time.Time, src Sources) {
	if d.policy != nil && d.policy.minBin > 0 {
		if at := floor(now, d.policy.minBin); at.After(d.checked) {
			d.checked = at
			d.observeTracks(now, src)
		}
	}
	if d.policy == nil {
		return
	}
	for i := range src.Cases {
		for _, to := range d.cfg.Partners {
			d.observeCase(now, to, &src.Cases[i])
		}
	}
}

func (d *Desk) observeTracks(now time.Time, src Sources) {
	d.tracks = src.Tracks.All(d.tracks[:0])
	for _, to := range d.cfg.Partners {
		for i := range d.tracks {
			t := &d.tracks[i]
			if t.State == track.Confirmed || t.State == track.Coasting {
				d.observeTrack(now, to, t, src)
			}
		}
		d.observeEnded(now, to)
	}
}

func (d *Desk) observeTrack(now time.Time, to party.ID, t *track.Track, src Sources) {
	key := objectKey{record.KindTrack, uint64(t.Number)}
	o := d.objects[to][key]
	if o != nil {
		o.Seen = true
	}
	f := Facts{
		To: to, Kind: record.KindTrack, Domain: t.Domain, Standard: t.Identity.Standard, Sources: t.Sources,
		Exercise: t.Exercise, Emergency: t.Emergency, Age: now.Sub(t.FirstSeen),
	}
	d.zones = src.Zones.At(t.Pos, d.zones[:0])
	f.Zones = d.zones
	dec := d.policy.Decide(&f)
	if !dec.Allow {
		d.withhold(to, dec)
		return
	}
	end := floor(now, dec.Then.Bin)
	mid := end.Add(-dec.Then.Bin / 2)
	if (o != nil && !end.After(o.LastBin)) || mid.Before(t.FirstSeen) {
		return
	}
	pos, ok := src.Tracks.At(t.Number, mid)
	if !ok || !pos.Valid() {
		d.withhold(to, Decision{Reason: Failed})
		return
	}
	f.Zones = slices.Clone(src.Zones.At(pos, d.zones[:0]))
	if o == nil {
		o = d.object(to, key)
		o.Seen = true
	}
	o.LastBin, o.Sample, o.Facts = end, sampleOf(t, pos, mid, end), f
	d.push(pending{To: to, Kind: key.kind, Number: key.number, Made: end, Due: slotAt(end.Add(dec.Then.Delay), dec.Then.Slot), Facts: f, Sample: o.Sample})
}

func sampleOf(t *track.Track, pos geo.Point, mid, end time.Time) *sample {
	s := &sample{
		Pos: pos, Mid: mid, End: end, Domain: t.Domain, HasHeight: t.HasHeight, Height: t.Height,
		Standard: t.Identity.Standard, Type: t.Identity.Type, Presumed: t.Identity.Presumed,
		Callsign: t.Callsign, Name: t.Name,
	}
	if t.HasAddress {
		a := t.Address
		s.Address = &a
	}
	if t.HasMMSI {
		m := t.MMSI
		s.MMSI = &m
	}
	return s
}

// observeEnded tells partners that a track they were told of is gone.
func (d *Desk) observeEnded(now time.Time, to party.ID) {
	for _, key := range sortedKeys(d.objects[to]) {
		o := d.objects[to][key]
		if key.kind != record.KindTrack || o.Seen || o.Sample == nil || o.Sample.Ended {
			o.Seen = false
			continue
		}
		o.Seen = false
		gone := *o.Sample
		gone.Ended = true
		o.Sample = &gone
		f := o.Facts
		dec := d.policy.Decide(&f)
		if !dec.Allow {
			d.withhold(to, dec)
			continue
		}
		d.push(pending{To: to, Kind: key.kind, Number: key.number, Made: now, Due: slotAt(now.Add(dec.Then.Delay), dec.Then.Slot), Facts: f, Sample: &gone})
	}
}

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

// Say puts a statement by a person or by the dialogue's machine steps to the
// pending releases: a body of kind dialogue, posture or link. It is decided by
// the rules of its kind when due.
func (d *Desk) Say(to party.ID, kind record.Kind, number uint64, body record.Record, f Facts, now time.Time) error {
	f.To, f.Kind = to, kind
	f.Zones = slices.Clone(f.Zones)
	body.Kind = kind
	due := now
	if kind != record.KindDistress {
		dec := d.policy.Decide(&f)
		if !dec.Allow {
			d.withhold(to, dec)
			return fmt.Errorf("release %s to %s: %s", kind, to, dec.Reason)
		}
		due = slotAt(now.Add(dec.Then.Delay), dec.Then.Slot)
	}
	if !d.push(pending{To: to, Kind: kind, Number: number, Made: now, Due: due, Facts: f, Body: &body}) {
		return errors.New("release: too much is pending")
	}
	return nil
}

// push adds a pending release in order. It reports false when there is no
// room: records are refused before they are lost.
func (d *Desk) push(p pending) bool {
	if _, known := d.objects[p.To]; !known {
		d.withhold(p.To, Decision{Reason: NoPolicy})
		return false
	}
	if d.Pending(p.To) >= d.cfg.MaxPending {
		d.withhold(p.To, Decision{Reason: Full})
		return false
	}
	d.nextID++
	p.ID = d.nextID
	i, _ := slices.BinarySearchFunc(d.pendings, p, byDue)
	d.pendings = slices.Insert(d.pendings, i, p)
	return true
}

func byDue(a, b pending) int {
	return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID))
}

// Due decides again about everything whose slot has come and returns what
// leaves, in order.
func (d *Desk) Due(now time.Time, src Sources) ([]Sealed, []Entry) {
	n := 0
	for n < len(d.pendings) && !d.pendings[n].Due.After(now) {
		n++
	}
	due := slices.Clone(d.pendings[:n])
	d.pendings = slices.Delete(d.pendings, 0, n)
	newest := make(map[party.ID]map[objectKey]uint64)
	for i := range due {
		p := &due[i]
		if newest[p.To] == nil {
			newest[p.To] = make(map[objectKey]uint64)
		}
		if p.Body == nil {
			newest[p.To][objectKey{p.Kind, p.Number}] = p.ID
		}
	}
	var out []Sealed
	var log []Entry
	for i := range due {
		p := due[i]
		switch id, stateful := newest[p.To][objectKey{p.Kind, p.Number}]; {
		case d.frozen[p.To]:
			d.keep(p)
		case p.Body == nil && stateful && id != p.ID:
			d.withhold(p.To, Decision{Reason: Superseded})
		default:
			s, e := d.decideAgain(now, p, src)
			out = append(out, s...)
			log = append(log, e...)
		}
	}
	return out, log
}

// keep puts a pending release back as it is.
func (d *Desk) keep(p pending) {
	i, _ := slices.BinarySearchFunc(d.pendings, p, byDue)
	d.pendings = slices.Insert(d.pendings, i, p)
}

func (d *Desk) decideAgain(now time.Time, p pending, src Sources) ([]Sealed, []Entry) {
	dec := d.decide(&p)
	if !dec.Allow {
		d.withhold(p.To, dec)
		return nil, []Entry{{p.To, p.Kind, p.Number, d.policy.Rules(dec), dec.Reason}}
	}
	if due := slotAt(p.Made.Add(dec.Then.Delay), dec.Then.Slot); due.After(now) {
		p.Due = due // the policy in force is slower than the one before
		d.keep(p)
		return nil, nil
	}
	r, changed, err := d.build(now, &p, dec, src)
	if err != nil {
		d.withhold(p.To, Decision{Reason: Failed})
		return nil, []Entry{{p.To, p.Kind, p.Number, nil, Failed}}
	}
	if !changed {
		return nil, nil
	}
	plain, err := record.Encode(r)
	if err != nil {
		d.withhold(p.To, Decision{Reason: Failed})
		return nil, []Entry{{p.To, p.Kind, p.Number, nil, Failed}}
	}
	d.told(&p, r, dec)
	return []Sealed{{to: p.To, kind: p.Kind, object: r.Object, plain: plain}}, []Entry{{p.To, p.Kind, p.Number, d.rulesOf(dec), dec.Reason}}
}

// decide is the policy's decision, but for distress, which ships enabled and
// needs no policy.
func (d *Desk) decide(p *pending) Decision {
	if p.Kind != record.KindDistress {
		return d.policy.Decide(&p.Facts)
	}
	if d.policy != nil && !d.policy.distress {
		return Decision{Reason: DeniedByRule}
	}
	return Decision{Allow: true, Reason: Distress}
}

func (d *Desk) rulesOf(dec Decision) []string {
	if dec.Reason == Distress {
		return []string{"distress"}
	}
	return d.policy.Rules(dec)
}

// told notes what the partner now holds.
func (d *Desk) told(p *pending, r *record.Record, dec Decision) {
	key := objectKey{p.Kind, p.Number}
	o := d.object(p.To, key)
	o.Epoch, o.Last, o.Rules = r.Epoch, r, d.rulesOf(dec)
	if r.Track != nil {
		o.Told = append(o.Told, past{r.Track.Cell, r.Track.Bin})
		o.Told = slices.Delete(o.Told, 0, max(0, len(o.Told)-pastCells))
	}
	for _, rule := range o.Rules {
		d.stat(p.To, rule).Released++
	}
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

func (d *Desk) withhold(to party.ID, dec Decision) {
	if dec.Reason == DeniedByRule && d.policy != nil {
		for _, rule := range d.policy.Rules(dec) {
			d.stat(to, rule).Withheld++
		}
		return
	}
	d.stat(to, dec.Reason.String()).Withheld++
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
		if o := d.objects[to][key]; o.Last != nil {
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
		if o := d.objects[to][objectKey{kind, number}]; o != nil && o.Last != nil && (o.Last.Track == nil || !o.Last.Track.Ended) {
			list = append(list, to)
		}
	}
	return list
}
