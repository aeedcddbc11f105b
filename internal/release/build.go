// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"reflect"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// distressLabel marks distress, which needs no policy.
func distressLabel() record.Label {
	return record.Label{Policy: "kuroshio", Classification: "distress", Purpose: "safety-of-life", Retention: 30 * 24 * time.Hour}
}

// build makes the record of a due release. changed is false where the partner
// already holds the same, or where nothing is left to tell.
func (d *Desk) build(now time.Time, p *pending, dec Decision, src Sources) (r *record.Record, changed bool) {
	r = &record.Record{}
	switch {
	case p.Body != nil:
		*r = *p.Body
		r.Message = coarse(r.Message, dec.Then.GridM)
		r.Dialogue = coarseStep(r.Dialogue, dec.Then)
	case p.Kind == record.KindTrack:
		r.Track = d.trackBody(p, dec.Then)
	case p.Kind == record.KindIncident:
		i := slices.IndexFunc(src.Cases, func(c Case) bool { return c.Number == p.Number })
		if i < 0 {
			return nil, false
		}
		cutoff := floor(now.Add(-dec.Then.Delay), dec.Then.Bin)
		r.Incident = d.project(p.To, &src.Cases[i], &p.Known, dec.Then, cutoff)
		if r.Incident == nil || d.same(p, r.Incident) {
			return nil, false
		}
	case p.Kind == record.KindFacility:
		if r.Facility = d.facilityDue(p, dec.Then, src); r.Facility == nil {
			return nil, false
		}
	}
	d.envelope(r, p, dec)
	return r, true
}

func (d *Desk) envelope(r *record.Record, p *pending, dec Decision) {
	d.records++
	r.Envelope = record.Envelope{
		Version: record.Protocol, Kind: p.Kind, ID: d.cfg.IDs(p.To, 0, d.records), Object: d.cfg.IDs(p.To, p.Kind, p.Number),
		Epoch: 1, Originator: d.cfg.Self, Exercise: p.Facts.Exercise, Time: floor(p.Due, time.Second),
	}
	if o := d.objects[p.To][objectKey{p.Kind, p.Number}]; o != nil {
		r.Epoch = o.Epoch + 1
	}
	switch dec.Reason {
	case Distress:
		r.Label = distressLabel()
		return
	case Control:
		r.Label = controlLabel()
		return
	}
	r.Label = d.policy.labelFor(dec.Then)
	r.Onward = d.policy.Onward(dec.Then)
}

// trackBody coarsens a sample. Everything in it follows from the cell, the bin
// and the cells told before.
func (d *Desk) trackBody(p *pending, o Obligations) *record.Track {
	s := p.Sample
	t := &record.Track{Domain: s.Domain.String(), Cell: cellOf(s.Pos, o.GridM), Bin: binOf(s.Mid, o.Bin), Ended: s.Ended}
	if o.Fields&FieldNear != 0 {
		t.Near = nearest(t.Cell, d.policy.places)
	}
	if s.HasHeight && o.Fields&FieldHeight != 0 {
		t.Height = bandOf(s.Height, o.BandFt)
	}
	if obj := d.objects[p.To][objectKey{p.Kind, p.Number}]; obj != nil {
		course, speed := movement(obj.Told, past{t.Cell, t.Bin})
		if o.Fields&FieldCourse != 0 {
			t.Course = course
		}
		if o.Fields&FieldSpeed != 0 {
			t.SpeedKt = speed
		}
	}
	if o.Fields&FieldIdentity != 0 && s.Standard != "" {
		t.Identity = &record.Identity{Standard: s.Standard}
		if o.Fields&FieldType != 0 {
			t.Identity.Type, t.Identity.Presumed = s.Type, s.Presumed
		}
	}
	if o.Fields&FieldCallsign != 0 {
		t.Callsign = s.Callsign
	}
	if o.Fields&FieldName != 0 {
		t.Name = s.Name
	}
	if o.Fields&FieldAddress != 0 {
		t.Address = s.Address
	}
	if o.Fields&FieldMMSI != 0 {
		t.MMSI = s.MMSI
	}
	return t
}

// caseFacts returns what a decision about an incident rests on: our own part.
func (d *Desk) caseFacts(now time.Time, to party.ID, c *Case) (Facts, bool) {
	f := Facts{To: to, Kind: record.KindIncident, Domain: c.Domain, Sources: c.Sources, Exercise: c.Exercise, Rescue: c.RescueFor(d.cfg.Self, to), Age: now.Sub(c.Opened)}
	if c.Identity != nil {
		f.Standard = c.Identity.Standard
	}
	if c.Sector != "" {
		f.Zones = append(f.Zones, c.Sector)
	}
	any := false
	for i := range c.Events {
		ev := &c.Events[i]
		if !ev.releasable(d.cfg.Self, to) {
			continue
		}
		any = true
		if ev.Zone != "" && !slices.Contains(f.Zones, ev.Zone) {
			f.Zones = append(f.Zones, ev.Zone)
		}
		f.Emergency = f.Emergency || ev.Rule == "A11"
	}
	slices.Sort(f.Zones)
	return f, any
}

// observeCase puts an incident to the pending releases when what the partner
// may know of it has changed.
func (d *Desk) observeCase(now time.Time, to party.ID, c *Case, src Sources) {
	f, any := d.caseFacts(now, to, c)
	if !any {
		return
	}
	key := objectKey{record.KindIncident, c.Number}
	o := d.object(to, key)
	if o == nil || o.HeldBack {
		return
	}
	dec := d.policy.Decide(&f)
	if !dec.Allow {
		if !o.Denied { // once, not at every look
			o.Denied, o.Noted = true, nil
			d.withhold(to, dec)
			d.drop(to, key, dec)
		}
		return
	}
	o.Denied = false
	d.approach(now, o, c, dec.Then, src)
	k := known{Count: len(c.Tracks), Near: o.Near}
	if c.Identity != nil {
		id := c.Identity.Identity
		k.Identity = &id
	}
	body := d.project(to, c, &k, dec.Then, now.Add(time.Nanosecond))
	if body == nil || reflect.DeepEqual(o.Noted, body) {
		return
	}
	p := pending{To: to, Kind: key.kind, Number: key.number, Made: now, Facts: f, Known: k}
	p.Due = d.turnAt(&p, dec.Then)
	if dec.Then.Rate > 0 {
		d.relieve(&p)
	}
	if _, ok := d.push(p); ok {
		o.Noted = body
	}
}

// same reports whether the partner holds this body, or will once what is
// pending has left.
func (d *Desk) same(p *pending, body *record.Incident) bool {
	o := d.objects[p.To][objectKey{p.Kind, p.Number}]
	return o != nil && o.Last != nil && !o.Recalled && reflect.DeepEqual(o.Last.Incident, body)
}

// project returns our own part of an incident as it was known before cutoff,
// or nil where there was none. It opened for the partner with the first thing
// of ours in it.
func (d *Desk) project(to party.ID, c *Case, k *known, o Obligations, cutoff time.Time) *record.Incident {
	var opened, last time.Time
	var events []record.Event
	for i := range c.Events {
		ev := &c.Events[i]
		if !ev.Entered.Before(cutoff) || !ev.releasable(d.cfg.Self, to) || d.policy.outside(o, ev.Zone) {
			continue
		}
		if opened.IsZero() || ev.At.Before(opened) {
			opened = ev.At
		}
		last = later(last, ev.At)
		events = append(events, eventBody(ev, o))
	}
	if len(events) == 0 {
		return nil
	}
	body := &record.Incident{
		State: "open", Opened: binOf(opened, o.Bin), Domain: c.Domain.String(),
		Events: events[max(0, len(events)-maxEvents):],
	}
	if o.Fields&FieldZone != 0 && !d.policy.outside(o, c.Sector) {
		body.Sector = string(c.Sector)
	}
	if o.Fields&FieldWindow != 0 {
		bin := binOf(last, o.Bin)
		body.Last = &bin
	}
	if o.Fields&FieldNear != 0 {
		body.Near = k.Near
	}
	if c.Closed && c.ClosedAt.Before(cutoff) {
		body.State, body.Outcome = "closed", c.Outcome
	}
	body.Identity = identityBody(c, k, o, cutoff)
	for _, n := range c.Tracks {
		if t := d.objects[to][objectKey{record.KindTrack, uint64(n)}]; t != nil && t.Last != nil && !t.Recalled && len(body.Tracks) < maxEvents {
			body.Tracks = append(body.Tracks, t.Last.Object)
		}
	}
	if o.CountOnly {
		body.Events, body.Tracks = nil, nil
	}
	if o.Fields&FieldCount != 0 && k.Count > 0 && k.Count < 1<<16 {
		n := uint16(k.Count)
		body.Count = &n
	}
	return body
}

// outside reports whether an area cuts away what happened in a zone. Without a
// zone it is not known to be inside.
func (p *Policy) outside(o Obligations, z zone.ID) bool {
	return o.cut && p.zoneBit[z]&o.area == 0
}

// approach notes how near to a named place the tracks of an incident come, by
// the cells that they are in.
func (d *Desk) approach(now time.Time, o *object, c *Case, then Obligations, src Sources) {
	at := floor(now, maxLook)
	if then.Fields&FieldNear == 0 || !at.After(o.Looked) {
		return
	}
	o.Looked = at
	for _, n := range c.Tracks {
		pos, ok := src.Tracks.At(n, at)
		if !ok || !pos.Valid() {
			continue
		}
		if then.cut && !slices.ContainsFunc(src.Zones.At(pos, nil), func(z zone.ID) bool { return !d.policy.outside(then, z) }) {
			continue
		}
		near := nearest(cellOf(pos, then.GridM), d.policy.places)
		if o.Near == nil || near.DistanceM < o.Near.DistanceM {
			o.Near = near
		}
	}
}

// identityBody returns the newest identity that is old enough to be told.
func identityBody(c *Case, k *known, o Obligations, cutoff time.Time) *record.Identity {
	id := k.Identity
	if c.Identity != nil && c.Identity.At.Before(cutoff) {
		id = &c.Identity.Identity
	}
	if id == nil || o.Fields&FieldIdentity == 0 {
		return nil
	}
	told := &record.Identity{Standard: id.Standard}
	if o.Fields&FieldType != 0 {
		told.Type, told.Presumed = id.Type, id.Presumed
	}
	return told
}

// maxEvents is how many events (the newest) and tracks one report of an
// incident holds.
const maxEvents = 64

func eventBody(ev *CaseEvent, o Obligations) record.Event {
	e := record.Event{Rule: "event", Bin: binOf(ev.At, o.Bin), Cleared: ev.Cleared}
	if o.Fields&FieldRule != 0 {
		e.Rule = ev.Rule
	}
	if o.Fields&FieldZone != 0 {
		e.Zone, e.ZoneVersion = string(ev.Zone), ev.ZoneVersion
		// Of a rule without a zone it says what is wrong with a name: that stays home.
		if ev.Zone != "" {
			e.Direction = ev.Direction
		}
	}
	return e
}

// zonesOf returns the zones of an explanation, sorted.
func zonesOf(list []zone.ID) []string {
	var out []string
	for _, z := range list {
		out = append(out, string(z))
	}
	slices.Sort(out)
	return out
}
