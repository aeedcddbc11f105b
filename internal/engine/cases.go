// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"

	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/response"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// cases returns the incidents as release sees them.
func (e *Engine) cases() []release.Case {
	all := e.book.All()
	list := make([]release.Case, 0, len(all))
	for i := range all {
		list = append(list, e.caseOf(&all[i]))
	}
	return list
}

// caseOf returns the part of an incident that is ours: what rests on a
// partner's word (its sector, its domain, when it began) is left out, so that
// it can't reach a third party.
func (e *Engine) caseOf(inc *incident.Incident) release.Case {
	c := release.Case{
		Number: uint64(inc.Number), Closed: inc.State == incident.Closed, Outcome: inc.Outcome, Opened: inc.Entered,
		ClosedAt: inc.Closed, Exercise: inc.Exercise, Tracks: e.ownTracks(inc), Sources: e.sensors[inc.Number],
	}
	if inc.SectorFrom == "" {
		c.Sector = inc.Sector
	}
	if inc.DomainFrom == "" {
		c.Domain = domainOf(inc.Domain)
	}
	for i := range inc.Events {
		ev := &inc.Events[i]
		if ev.Kind == incident.EventDistress {
			c.Danger = append(c.Danger, ev.Originators...)
		}
		if !e.releasable(ev) {
			continue
		}
		c.Events = append(c.Events, caseEvent(ev))
		if ev.At.Before(c.Opened) && e.ours(ev) {
			c.Opened = ev.At
		}
	}
	if id, ok := e.identities[inc.Number]; ok {
		c.Identity = &id
	}
	return c
}

// ownTracks returns the tracks that are in an incident for our own reasons. One
// that is there because a partner holds the object as well, and of which we
// have nothing else to say, is left out.
func (e *Engine) ownTracks(inc *incident.Incident) []track.Number {
	var list []track.Number
	for _, n := range inc.Tracks {
		joined, own := false, false
		for i := range inc.Events {
			if ev := &inc.Events[i]; ev.Track == n {
				joined = joined || ev.Kind == incident.EventAssociated
				own = own || (e.releasable(ev) && e.ours(ev))
			}
		}
		if own || !joined {
			list = append(list, n)
		}
	}
	return list
}

// releasable reports whether an event can be part of what a partner is told:
// alerts about the object itself and reports by hand; never notes, acts of
// people, or alarms of our own coordination.
func (e *Engine) releasable(ev *incident.Event) bool {
	if ev.Kind != incident.EventAlert {
		return ev.Kind == incident.EventOpened
	}
	r, ok := e.watch.Rule(ev.Rule)
	return ok && domainOf(r.Domain) != 0
}

// ours reports whether an event rests on our evidence alone.
func (e *Engine) ours(ev *incident.Event) bool {
	return len(ev.Originators) == 1 && ev.Originators[0] == e.self
}

func caseEvent(ev *incident.Event) release.CaseEvent {
	rule := string(ev.Rule)
	if rule == "" {
		rule = "report"
	}
	c := release.CaseEvent{
		Rule: rule, Zone: ev.Zone, ZoneVersion: ev.ZoneVersion, Direction: ev.Direction,
		At: ev.At, Entered: ev.Entered, Cleared: ev.Cleared, Originators: ev.Originators,
	}
	if ev.Kind == incident.EventOpened {
		c.Onward = ev.Originators // a partner's report by hand may go back to it, and to nobody else
	}
	return c
}

// say puts a statement about an incident to the pending releases. What the
// policy does not allow is counted there and noted in the time line.
func (e *Engine) say(to party.ID, kind record.Kind, number uint64, about incident.Number, body record.Record, out *Outputs) bool {
	inc, ok := e.book.Get(about)
	if !ok {
		return false
	}
	if err := e.release.Say(to, kind, number, body, e.factsFor(&inc, to), e.now); err != nil {
		out.Audit = append(out.Audit, Audit{e.now, "node", "release-withheld", err.Error()})
		return false
	}
	return true
}

// factsFor returns what a decision about a statement to a partner rests on: our
// part, and where and in which domain the partner itself says that it is.
func (e *Engine) factsFor(inc *incident.Incident, to party.ID) release.Facts {
	c := e.caseOf(inc)
	c.Events = slices.DeleteFunc(c.Events, func(ev release.CaseEvent) bool {
		return slices.ContainsFunc(ev.Originators, func(o party.ID) bool { return o != e.self && o != to })
	})
	if inc.SectorFrom == to {
		c.Sector = inc.Sector
	}
	if inc.DomainFrom == to {
		c.Domain = domainOf(inc.Domain)
	}
	f := c.Facts()
	f.Rescue = c.RescueFor(e.self, to)
	return f
}

// sayAll puts the dialogue's steps and postures to the pending releases.
func (e *Engine) sayAll(outs []response.Out, out *Outputs) bool {
	all := true
	for _, o := range outs {
		n := incident.Number(o.Incident)
		refs := e.book.Refs(n, o.To)
		r := record.Record{Dialogue: o.Dialogue, Posture: o.Posture}
		kind := record.KindPosture
		number := uint64(o.Incident)
		if o.Dialogue != nil {
			kind, number = record.KindDialogue, o.Number
			o.Dialogue.Incident = refs
			if slices.Contains(record.KeptReasons(), o.Dialogue.Step) {
				e.rely(o.To, o.Dialogue.Step, n)
			}
		} else {
			o.Posture.Incident = refs
		}
		all = e.say(o.To, kind, number, n, r, out) && all
	}
	return all
}

// incidentOf returns the incident that a partner's references name.
func (e *Engine) incidentOf(from party.ID, refs []record.Ref) (incident.Number, bool) {
	for _, r := range refs {
		switch r.Originator {
		case e.self:
			if n, ok := e.ownIncident(from, r.ID); ok {
				return e.book.Resolve(n)
			}
		case from:
			if n, ok := e.book.OfPartner(from, r.ID); ok {
				return e.book.Resolve(n)
			}
		}
	}
	return 0, false
}

// ownIncident returns the number of our incident that a partner knows by id.
func (e *Engine) ownIncident(from party.ID, id record.ID) (incident.Number, bool) {
	m := e.known[from]
	if m == nil {
		m = make(map[record.ID]incident.Number)
		e.known[from] = m
	}
	for n := e.knownTo[from] + 1; n <= e.book.Last(); n++ {
		m[e.ids(from, record.KindIncident, uint64(n))] = n
		e.knownTo[from] = n
	}
	n, ok := m[id]
	return n, ok
}

// partnersOf returns the partners that hold our part of an incident or whose
// part it holds.
func (e *Engine) partnersOf(inc *incident.Incident) []party.ID {
	list := e.release.Holders(record.KindIncident, uint64(inc.Number))
	for i := range inc.Partner {
		if p := inc.Partner[i].Party; !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	slices.Sort(list)
	return list
}
