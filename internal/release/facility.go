// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"reflect"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// Facility is a port, an airfield or a unit of ours as release sees it.
type Facility struct {
	Number   uint64
	Pos      geo.Point
	Domain   plot.Domain
	Zones    []zone.ID // that it lies in, sorted
	Exercise bool
	Body     record.Facility // all that we know, without place
}

// observeFacilities puts a facility to the pending releases when what a partner
// may know of it has changed, or when it left the register.
func (d *Desk) observeFacilities(now time.Time, src Sources) {
	for _, to := range d.cfg.Partners {
		for i := range src.Facilities {
			d.observeFacility(now, to, &src.Facilities[i])
		}
		for _, key := range sortedKeys(d.objects[to]) {
			o := d.objects[to][key]
			if key.kind != record.KindFacility || o.Last == nil || o.Last.Facility.Gone || o.Recalled || src.facility(key.number) != nil {
				continue
			}
			d.putFacility(now, to, key, &o.Facts, &record.Facility{Kind: o.Last.Facility.Kind, Gone: true})
		}
	}
}

func (s *Sources) facility(number uint64) *Facility {
	i := slices.IndexFunc(s.Facilities, func(f Facility) bool { return f.Number == number })
	if i < 0 {
		return nil
	}
	return &s.Facilities[i]
}

func (d *Desk) observeFacility(now time.Time, to party.ID, f *Facility) {
	facts := Facts{To: to, Kind: record.KindFacility, Domain: f.Domain, Zones: f.Zones, Exercise: f.Exercise}
	body := facilityBody(f, d.policy.Decide(&facts).Then)
	d.putFacility(now, to, objectKey{record.KindFacility, f.Number}, &facts, body)
}

// putFacility puts what a partner may be told now to the pending releases where
// it is new and the policy lets it go.
func (d *Desk) putFacility(now time.Time, to party.ID, key objectKey, f *Facts, body *record.Facility) {
	o := d.object(to, key)
	if o == nil || o.HeldBack {
		return
	}
	dec := d.policy.Decide(f)
	if !dec.Allow {
		if !o.Denied { // once, not at every look
			o.Denied, o.Facility = true, nil
			d.withhold(to, dec)
			d.drop(to, key, dec)
		}
		return
	}
	o.Denied = false
	if reflect.DeepEqual(o.Facility, body) {
		return
	}
	p := pending{To: to, Kind: key.kind, Number: key.number, Made: now, Facts: *f}
	p.Due = d.turnAt(&p, dec.Then)
	if dec.Then.Rate > 0 {
		d.relieve(&p)
	}
	if _, ok := d.push(p); ok {
		o.Facility, o.Facts = body, *f
	}
}

// facilityDue returns what leaves of a facility when its release is due; nil
// where the partner holds it already.
func (d *Desk) facilityDue(p *pending, then Obligations, src Sources) *record.Facility {
	o := d.objects[p.To][objectKey{p.Kind, p.Number}]
	var body *record.Facility
	switch f := src.facility(p.Number); {
	case f != nil:
		body = facilityBody(f, then)
	case o != nil && o.Last != nil:
		body = &record.Facility{Kind: o.Last.Facility.Kind, Gone: true}
	}
	if body == nil || (o != nil && o.Last != nil && !o.Recalled && reflect.DeepEqual(o.Last.Facility, body)) {
		return nil
	}
	return body
}

// facilityBody returns what of a facility may be told: its kind, and what the
// fields and the grid let through.
func facilityBody(f *Facility, o Obligations) *record.Facility {
	b := &record.Facility{Kind: f.Body.Kind}
	if o.GridM > 0 {
		c := cellOf(f.Pos, o.GridM)
		b.Cell = &c
	}
	if o.Fields&FieldName != 0 {
		b.Name = f.Body.Name
	}
	if o.Fields&FieldContact != 0 {
		b.Contact = f.Body.Contact
	}
	if o.Fields&FieldServices != 0 {
		b.Services = f.Body.Services
	}
	if o.Fields&FieldCapacity != 0 {
		b.Capacities = f.Body.Capacities
	}
	return b
}
