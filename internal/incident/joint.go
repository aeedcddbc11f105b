// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package incident

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
)

// Partner takes a partner's incident: into the incident that is linked to it
// or holds one of its objects, else into a new one that has only the partner's
// part. An epoch that is not newer changes nothing.
func (b *Book) Partner(from party.ID, r *record.Record, now time.Time) (Number, error) {
	if r.Kind != record.KindIncident || r.Incident == nil {
		return 0, fmt.Errorf("take partner's incident: record is a %s: %w", r.Kind, ErrRefused)
	}
	next := PartnerPart{
		Party: from, ID: r.Object, Epoch: r.Epoch, Body: cloneBody(*r.Incident), Label: r.Label,
		Onward: slices.Clone(r.Onward), Received: now, Exercise: r.Exercise, Record: r.ID,
	}
	inc, part := b.part(from, r.Object)
	switch {
	case inc == nil:
		return b.newPart(next, now)
	case r.Exercise != part.Exercise:
		return 0, fmt.Errorf("take partner's incident: exercise and live: %w", ErrRefused)
	case r.Epoch <= part.Epoch:
		return inc.Number, nil
	case b.full(inc, from, fresh(&next.Body, &part.Body)):
		return 0, fmt.Errorf("take partner's incident: %s fills incident %d: %w", from, inc.Number, ErrRefused)
	}
	before := part.Body
	*part = next
	inc.restamp(&next)
	b.news(inc, next, before, now)
	return inc.Number, nil
}

func (b *Book) newPart(p PartnerPart, now time.Time) (Number, error) {
	if b.openParts(p.Party) >= b.cfg.MaxPartner {
		return 0, fmt.Errorf("take partner's incident: %d of %s are open: %w", b.cfg.MaxPartner, p.Party, ErrRefused)
	}
	inc := b.placeForPart(p)
	switch {
	case inc == nil:
		b.makeRoom(p.Party)
		inc = b.open(p.Body.Opened.Start, now, p.Exercise)
		inc.Priority = 2
		inc.Alarm = Unacknowledged
	case b.full(inc, p.Party, 1+len(p.Body.Events)):
		return 0, fmt.Errorf("take partner's incident: %s fills incident %d: %w", p.Party, inc.Number, ErrRefused)
	}
	inc.setDomain(p.Body.Domain, p.Party)
	inc.Partner = insert(inc.Partner, p, comparePartOrder)
	b.addEvent(inc, Event{
		At: p.Body.Opened.Start, Entered: now, Kind: EventPartnerState, Text: Open, Originators: []party.ID{p.Party},
	})
	b.news(inc, p, record.Incident{State: Open}, now)
	return inc.Number, nil
}

// placeForPart finds the open incident that a partner's new incident is one
// with: by what was said on the link, then by its objects.
func (b *Book) placeForPart(p PartnerPart) *Incident {
	if inc := b.linked(p.Party, p.ID); inc != nil && inc.State == Open && inc.Exercise == p.Exercise {
		return inc
	}
	for _, id := range p.Body.Tracks {
		k := track.PartnerKey{Party: p.Party, Object: id}
		if inc := b.holderOfObject(k, p.Exercise); inc != nil {
			return inc
		}
		for _, a := range b.assoc {
			if a.Partner != k && a.Second != k {
				continue
			}
			if inc := b.holderOf(a.Own, p.Exercise); inc != nil {
				return inc
			}
			other := a.Partner
			if other == k {
				other = a.Second
			}
			if inc := b.holderOfObject(other, p.Exercise); inc != nil {
				return inc
			}
		}
	}
	return nil
}

// openParts counts a partner's parts in open incidents.
func (b *Book) openParts(from party.ID) int {
	n := 0
	for _, inc := range b.incidents {
		if inc.State != Open {
			continue
		}
		for i := range inc.Partner {
			if inc.Partner[i].Party == from {
				n++
			}
		}
	}
	return n
}

// makeRoom forgets the oldest closed incidents that rest on one partner's word
// alone, so that it can't fill the book by opening and closing.
func (b *Book) makeRoom(from party.ID) {
	kept := 0
	for _, inc := range b.incidents {
		if inc.restsOn(from) {
			kept++
		}
	}
	b.incidents = slices.DeleteFunc(b.incidents, func(inc *Incident) bool {
		if kept < b.cfg.MaxKept || inc.State != Closed || !inc.restsOn(from) {
			return false
		}
		kept--
		return true
	})
}

// restsOn reports whether nobody but the partner said anything in an incident,
// our closing of it apart.
func (inc *Incident) restsOn(from party.ID) bool {
	return !inc.ownEvidence() && slices.ContainsFunc(inc.Events, func(e Event) bool { return slices.Contains(e.Originators, from) })
}

// full reports whether so many more events of a partner do not fit an incident.
func (b *Book) full(inc *Incident, from party.ID, more int) bool {
	for i := range inc.Events {
		if e := &inc.Events[i]; len(e.Originators) == 1 && e.Originators[0] == from {
			more++
		}
	}
	return more > b.cfg.MaxEvents
}

// Full reports whether a partner has said as much in an incident as it may.
func (b *Book) Full(n Number, from party.ID) bool {
	inc := b.resolve(n)
	return inc != nil && b.full(inc, from, 1)
}

// fresh counts the events that a partner's new body adds.
func fresh(body, before *record.Incident) int {
	n := 0
	for _, pe := range body.Events {
		if !slices.Contains(before.Events, pe) {
			n++
		}
	}
	if body.State != before.State {
		n++
	}
	return n
}

// news puts what is new in a partner's part on the time line, and sounds the
// alarm for what the incident did not hold yet.
func (b *Book) news(inc *Incident, p PartnerPart, before record.Incident, now time.Time) {
	sounds := false
	for _, pe := range p.Body.Events {
		if slices.Contains(before.Events, pe) {
			continue
		}
		e := partnerEvent(p.Party, pe, now)
		if !e.Cleared && inc.isNews(&e) {
			sounds = true
			inc.Priority = min(inc.Priority, b.priority(e.Rule))
		}
		b.addEvent(inc, e)
	}
	inc.setSector(zoneID(p.Body.Sector), p.Party)
	if p.Body.State != before.State {
		b.addEvent(inc, Event{
			At: now, Entered: now, Kind: EventPartnerState, Text: p.Body.State, Originators: []party.ID{p.Party},
		})
	}
	inc.Updated = now
	switch {
	case inc.State == Closed && sounds && p.Body.State == Open && inc.MergedInto == 0:
		b.reopen(inc, "", now)
		inc.Alarm = Unacknowledged
	case inc.State == Open && sounds:
		inc.Alarm = Unacknowledged
	}
	if inc.State == Open && p.Body.Outcome == Merged && !inc.isActive() && !inc.ownEvidence() {
		// Its objects go on in another of the partner's incidents.
		b.shut(inc, Merged, "", "", now)
	}
	inc.settle()
	b.sayLinks(inc)
	b.refer(inc)
}

func partnerEvent(from party.ID, pe record.Event, now time.Time) Event {
	return Event{
		At: pe.Bin.Start, Entered: now, Kind: EventPartner, Rule: watch.RuleID(pe.Rule), Zone: zoneID(pe.Zone),
		ZoneVersion: pe.ZoneVersion, Direction: pe.Direction, Originators: []party.ID{from}, Cleared: pe.Cleared,
	}
}

func (b *Book) priority(rule watch.RuleID) int {
	if p, ok := b.cfg.Priorities[rule]; ok {
		return p
	}
	return 2
}

// Associate takes the associations of tracks that hold now. Incidents that
// hold one object merge (see the package comment); an own track joins the
// incident of a partner's object that is the same. It returns what partners
// must be told, with what earlier calls left (see Statements).
func (b *Book) Associate(list []track.Association, now time.Time, pos Positions) []LinkStatement {
	b.assoc = slices.Clone(list)
	for _, a := range b.assoc {
		if a.Own == 0 {
			b.joinObjects(a, now)
			continue
		}
		b.joinTrack(a, now, pos)
	}
	return b.Statements()
}

// joinObjects joins the incidents of two partners' objects that are one.
func (b *Book) joinObjects(a track.Association, now time.Time) {
	for _, exercise := range []bool{false, true} {
		first, second := b.holderOfObject(a.Partner, exercise), b.holderOfObject(a.Second, exercise)
		if first != nil && second != nil {
			b.join(first, second, now)
		}
	}
}

func (b *Book) joinTrack(a track.Association, now time.Time, pos Positions) {
	t, ok := pos.Get(a.Own)
	if !ok {
		return
	}
	own, theirs := b.holderOf(a.Own, t.Exercise), b.holderOfObject(a.Partner, t.Exercise)
	switch {
	case own != nil && theirs != nil && own != theirs:
		b.join(own, theirs, now)
	case own == nil && theirs != nil:
		b.addTrack(theirs, a.Own, pos)
		b.addEvent(theirs, Event{
			At: a.Since, Entered: now, Kind: EventAssociated, Track: a.Own, Originators: b.both(a.Partner.Party),
			Record: a.Partner.Object,
		})
		b.sayLinks(theirs)
		b.refer(theirs)
	case own != nil:
		if !own.holdsObject(a.Partner) {
			own.Updated = now
		}
		own.Objects = insert(own.Objects, a.Partner, track.PartnerKey.Compare)
	}
}

func (b *Book) both(p party.ID) []party.ID {
	list := []party.ID{b.cfg.Self, p}
	slices.Sort(list)
	return list
}

// join merges two open incidents that hold one object, unless they were told
// apart.
func (b *Book) join(x, y *Incident, now time.Time) {
	if x == y || b.areApart(x.Number, y.Number) {
		return
	}
	if b.yields(x, y) {
		x, y = y, x
	}
	b.merge(x, y, "", now)
}

// yields reports whether x becomes part of y and not y of x. What we have told
// others of must not end because a partner knew of the object before us.
func (b *Book) yields(x, y *Incident) bool {
	if x.ownEvidence() != y.ownEvidence() {
		return y.ownEvidence()
	}
	return x.Number > y.Number
}

// Link takes a partner's statement that our incident and theirs are one, or,
// with apart, that they are not.
func (b *Book) Link(from party.ID, ours Number, theirs record.ID, apart bool, now time.Time) error {
	inc := b.resolve(ours)
	if inc == nil {
		return fmt.Errorf("take link of %s to incident %d: %w", from, ours, ErrUnknown)
	}
	if b.full(inc, from, 1) {
		return fmt.Errorf("take link of %s: it fills incident %d: %w", from, inc.Number, ErrRefused)
	}
	if apart {
		b.takeApart(inc, from, theirs, now)
		return nil
	}
	if b.linksWith(inc, from) >= b.cfg.MaxLinks && !inc.hasLink(from, ours, theirs) {
		return fmt.Errorf("take link of %s: incident %d has %d: %w", from, inc.Number, b.cfg.MaxLinks, ErrRefused)
	}
	holder, part := b.part(from, theirs)
	switch {
	case holder != nil && part.Exercise != inc.Exercise:
		return fmt.Errorf("take link of %s to incident %d: exercise and live: %w", from, ours, ErrRefused)
	case holder == nil || holder == inc:
	case b.areApart(inc.Number, holder.Number) || (inc.ownEvidence() && holder.ownEvidence()):
		b.addEvent(inc, Event{
			At: now, Entered: now, Kind: EventDisputed, Incident: holder.Number, Originators: []party.ID{from},
		})
		return nil
	case inc.State == Open && holder.State == Open:
		b.join(inc, holder, now)
		inc = b.resolve(inc.Number)
	}
	l := inc.link(from, ours, theirs)
	if !l.Told {
		l.Told = true
		b.addEvent(inc, Event{At: now, Entered: now, Kind: EventLinked, Originators: []party.ID{from}})
	}
	b.refer(inc)
	return nil
}

func (b *Book) linksWith(inc *Incident, from party.ID) int {
	n := 0
	for _, l := range inc.Links {
		if l.Party == from {
			n++
		}
	}
	return n
}

func (inc *Incident) hasLink(p party.ID, ours Number, theirs record.ID) bool {
	_, found := slices.BinarySearchFunc(inc.Links, JointLink{Party: p, Ours: ours, Theirs: theirs}, compareLinks)
	return found
}

// takeApart removes a partner's incident from ours; its part goes on alone.
func (b *Book) takeApart(inc *Incident, from party.ID, theirs record.ID, now time.Time) {
	holder, part := b.part(from, theirs)
	linked := slices.ContainsFunc(inc.Links, func(l JointLink) bool { return l.Party == from && l.Theirs == theirs })
	if holder != inc && !linked {
		return // they are apart
	}
	inc.Links = slices.DeleteFunc(inc.Links, func(l JointLink) bool { return l.Party == from && l.Theirs == theirs })
	if holder == inc && inc.ownEvidence() {
		b.partOff(inc, *part, now)
	}
	b.addEvent(inc, Event{At: now, Entered: now, Kind: EventApart, Originators: []party.ID{from}})
	b.refer(inc)
}

// partOff gives a partner's part an incident of its own.
func (b *Book) partOff(inc *Incident, p PartnerPart, now time.Time) *Incident {
	inc.Partner = slices.DeleteFunc(inc.Partner, func(o PartnerPart) bool { return o.Party == p.Party && o.ID == p.ID })
	inc.Objects = slices.DeleteFunc(inc.Objects, func(k track.PartnerKey) bool {
		return k.Party == p.Party && slices.Contains(p.Body.Tracks, k.Object)
	})
	alone := b.open(p.Body.Opened.Start, now, p.Exercise)
	alone.Priority = inc.Priority
	alone.setDomain(p.Body.Domain, p.Party)
	alone.setSector(zoneID(p.Body.Sector), p.Party)
	alone.Partner = []PartnerPart{p}
	alone.Alarm = inc.Alarm
	b.addEvent(alone, Event{At: now, Entered: now, Kind: EventSplit, Incident: inc.Number, Originators: []party.ID{p.Party}})
	for _, pe := range p.Body.Events {
		e := partnerEvent(p.Party, pe, now)
		e.Record = p.Record
		b.addEvent(alone, e)
	}
	b.setApart(inc.Number, alone.Number)
	inc.settle()
	alone.settle()
	b.refer(alone)
	return alone
}

// Statements returns what partners must be told since the last call, oldest
// first.
func (b *Book) Statements() []LinkStatement {
	list := b.said
	b.said = nil
	return list
}

// Keep notes that a statement did not leave. The partner does not know our id
// then, and the spoken reference does not rest on it.
func (b *Book) Keep(s LinkStatement) {
	inc := b.resolve(s.OwnIncident)
	if inc == nil || s.Apart || !inc.hasLink(s.To, s.OwnIncident, s.Theirs) {
		return
	}
	inc.link(s.To, s.OwnIncident, s.Theirs).Kept = true
	b.refer(inc)
}

// sayLinks states once, to each partner whose part the incident holds, that
// both are one. An incident without own evidence says nothing: the partner
// knows its own.
func (b *Book) sayLinks(inc *Incident) {
	if inc.State != Open || !inc.ownEvidence() {
		return
	}
	for _, p := range inc.Partner {
		l := inc.link(p.Party, inc.Number, p.ID)
		if l.Said || l.Told {
			continue
		}
		l.Said = true
		b.said = append(b.said, LinkStatement{To: p.Party, OwnIncident: inc.Number, Theirs: p.ID})
	}
}

// ownEvidence reports whether the incident rests on more than partners' words.
func (inc *Incident) ownEvidence() bool { return len(inc.Tracks) > 0 || inc.ByHand }

// part returns the incident that holds a partner's incident, and the part.
func (b *Book) part(from party.ID, id record.ID) (*Incident, *PartnerPart) {
	for _, inc := range b.incidents {
		for i := range inc.Partner {
			if p := &inc.Partner[i]; p.Party == from && p.ID == id {
				return inc, p
			}
		}
	}
	return nil, nil
}

// linked returns the incident that was linked to a partner's.
func (b *Book) linked(from party.ID, id record.ID) *Incident {
	for _, inc := range b.incidents {
		if slices.ContainsFunc(inc.Links, func(l JointLink) bool { return l.Party == from && l.Theirs == id }) {
			return inc
		}
	}
	return nil
}

// link returns the link of an incident, which it adds where it is missing.
func (inc *Incident) link(p party.ID, ours Number, theirs record.ID) *JointLink {
	inc.Links = insert(inc.Links, JointLink{Party: p, Ours: ours, Theirs: theirs}, compareLinks)
	i, _ := slices.BinarySearchFunc(inc.Links, JointLink{Party: p, Ours: ours, Theirs: theirs}, compareLinks)
	return &inc.Links[i]
}

func compareLinks(a, b JointLink) int {
	return cmp.Or(cmp.Compare(a.Party, b.Party), cmp.Compare(a.Ours, b.Ours), bytes.Compare(a.Theirs[:], b.Theirs[:]))
}

func comparePartOrder(a, b PartnerPart) int {
	return cmp.Or(cmp.Compare(a.Party, b.Party), bytes.Compare(a.ID[:], b.ID[:]))
}

func (b *Book) areApart(x, y Number) bool { return slices.Contains(b.apart, pair(x, y)) }

func (b *Book) setApart(x, y Number) {
	b.apart = insert(b.apart, pair(x, y), func(p, q Apart) int {
		return cmp.Or(cmp.Compare(p.A, q.A), cmp.Compare(p.B, q.B))
	})
}

func pair(x, y Number) Apart { return Apart{min(x, y), max(x, y)} }
