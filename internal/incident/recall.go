// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package incident

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
)

// Kinds of events that stand for what is gone; each is the outcome, too, of an
// incident that held nothing else.
const (
	EventRecalled = "recalled" // Text: how many entries
	EventExpired  = "expired"  // as EventRecalled
)

// Source says on which record of a partner rests what is entered from here on,
// so that it can be taken out again; the zero id ends that.
func (b *Book) Source(id record.ID) { b.source = id }

// rests reports whether an entry rests on that record of a partner.
func (e *Event) rests(from party.ID, id record.ID) bool {
	return e.Record == id && slices.Contains(e.Originators, from)
}

// IDs is a set of a partner's records.
type IDs map[record.ID]bool

// Forget takes out what records of a partner said: its parts, its entries in
// time lines and in the watch log, and what followed from them. Kind, one of
// EventRecalled and EventExpired, is what stands there instead. It returns the
// incidents that held something of it.
func (b *Book) Forget(from party.ID, ids IDs, kind string, now time.Time) []Number {
	var list []Number
	ids = maps.Clone(ids)
	delete(ids, record.ID{}) // that of what is ours
	for _, inc := range b.incidents {
		n := len(inc.Events) + len(inc.Partner)
		inc.Events = slices.DeleteFunc(inc.Events, func(e Event) bool { return ids[e.Record] && e.rests(from, e.Record) })
		inc.Partner = slices.DeleteFunc(inc.Partner, func(p PartnerPart) bool { return p.Party == from && ids[p.Record] })
		n -= len(inc.Events) + len(inc.Partner)
		if n == 0 {
			continue
		}
		list = append(list, inc.Number)
		b.forgetPlace(inc, from)
		b.bury(inc, from, kind, n, now)
	}
	for i := range b.log {
		if e := &b.log[i]; ids[e.Record] && e.By == string(from) {
			e.Text, e.Code = "", kind
		}
	}
	return list
}

// forgetPlace takes out where and in which domain an incident is on a partner's
// word, as far as no other word is there.
func (b *Book) forgetPlace(inc *Incident, from party.ID) {
	if inc.SectorFrom == from {
		inc.Sector, inc.SectorFrom = "", ""
	}
	if inc.DomainFrom == from {
		inc.Domain, inc.DomainFrom = "", ""
	}
	for _, p := range inc.Partner {
		inc.setSector(zoneID(p.Body.Sector), p.Party)
		inc.setDomain(p.Body.Domain, p.Party)
	}
	if !slices.ContainsFunc(inc.Events, func(e Event) bool { return e.Kind == EventOpened }) {
		inc.Pos, inc.HasPos = geo.Point{}, false // it was the partner's report
	}
}

// bury enters what stands for entries that are gone, and closes an incident that
// held nothing else.
func (b *Book) bury(inc *Incident, from party.ID, kind string, entries int, now time.Time) {
	opened := now
	for i := range inc.Events {
		if e := &inc.Events[i]; e.At.Before(opened) {
			opened = e.At
		}
	}
	inc.Opened = opened
	b.addEvent(inc, Event{At: now, Entered: now, Kind: kind, Text: strconv.Itoa(entries), Originators: []party.ID{from}})
	if inc.State == Open && len(inc.Partner) == 0 && len(inc.Tracks) == 0 && !inc.heldByOthers(from) {
		b.shut(inc, kind, "", "", now)
	}
	inc.settle()
	b.refer(inc)
}

// heldByOthers reports whether anybody but the partner said anything in an
// incident.
func (inc *Incident) heldByOthers(from party.ID) bool {
	return slices.ContainsFunc(inc.Events, func(e Event) bool {
		return (e.Kind == EventOpened || e.Kind == EventAlert || e.Kind == EventNote || e.Kind == EventPartner) &&
			!slices.Contains(e.Originators, from)
	})
}

// ForgetObject takes out that an object of a partner's is one of our tracks.
func (b *Book) ForgetObject(k track.PartnerKey, kind string, now time.Time) []Number {
	var list []Number
	b.assoc = slices.DeleteFunc(b.assoc, func(a track.Association) bool { return a.Partner == k || a.Second == k })
	for _, inc := range b.incidents {
		before := len(inc.Events)
		inc.Active = slices.DeleteFunc(inc.Active, func(w watch.Key) bool { return w.Partner == k })
		inc.Events = slices.DeleteFunc(inc.Events, func(e Event) bool { return e.rests(k.Party, k.Object) })
		held := len(inc.Objects)
		inc.Objects = slices.DeleteFunc(inc.Objects, func(o track.PartnerKey) bool { return o == k })
		if n := before - len(inc.Events) + held - len(inc.Objects); n > 0 {
			list = append(list, inc.Number)
			b.addEvent(inc, Event{At: now, Entered: now, Kind: kind, Text: strconv.Itoa(n), Originators: []party.ID{k.Party}})
		}
	}
	return list
}

// Entomb writes into the watch log that a partner recalled so many records, or
// that their retention ended.
func (b *Book) Entomb(from party.ID, kind string, records int, now time.Time) {
	b.write(LogEntry{At: now, Desk: "link", By: string(from), Text: strconv.Itoa(records), Code: kind}, now)
}

// restamp lets entries that a newer version of a partner's incident says again
// rest on the newer record.
func (inc *Incident) restamp(p *PartnerPart) {
	for i := range inc.Events {
		e := &inc.Events[i]
		if !slices.Equal(e.Originators, []party.ID{p.Party}) || e.Record.IsZero() {
			continue
		}
		said := e.Kind == EventPartnerState && e.Text == Open && e.At.Equal(p.Body.Opened.Start)
		said = said || (e.Kind == EventPartner && slices.ContainsFunc(p.Body.Events, func(pe record.Event) bool {
			o := partnerEvent(p.Party, pe, e.Entered)
			return o.Rule == e.Rule && o.Zone == e.Zone && o.ZoneVersion == e.ZoneVersion && o.Direction == e.Direction &&
				o.Cleared == e.Cleared && o.At.Equal(e.At)
		}))
		if said {
			e.Record = p.Record
		}
	}
}
