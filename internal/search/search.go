// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package search holds the search areas of cases at sea: for each case and
// party where the object was last, how it drifts, and the area that the party
// itself searches. It estimates where the object has drifted to. It assigns
// nobody to anything and sends nothing.
package search

import (
	"cmp"
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// leeway is what part of the wind's speed an object drifts downwind: the mean
// downwind slopes of Allen and Plourde, Review of Leeway (US Coast Guard
// CG-D-08-99, 1999), as OpenDrift's table of leeway properties has them:
// FISHING-VESSEL-1, LIFE-RAFT-NB-1, PIW-1. To which side of the wind an object
// goes nobody knows beforehand; on the mean it goes downwind.
var leeway = map[string]float64{
	"fishing-vessel":  0.0247,
	"life-raft":       0.0370,
	"person-in-water": 0.0096,
}

// driftError is the probable error of a drift velocity: 0.3 kt for the water's
// current and 0.3 kt for the leeway where nothing better is known (after the
// IAMSAR Manual, volume II, worksheets for the total probable error).
var driftError = geo.Knots(math.Hypot(0.3, 0.3))

// maxDrift bounds how long an estimate is carried on: what wind and current did
// for a day says nothing of the day after.
const maxDrift = 24 * time.Hour

// Wind is where the wind comes from and how strong it is.
type Wind struct {
	FromDeg float64
	Speed   geo.Knots
}

// Current is where the water goes and how fast.
type Current struct {
	SetDeg float64
	Rate   geo.Knots
}

// HasLeeway reports whether a leeway is published for the object.
func HasLeeway(object string) bool { return leeway[object] > 0 }

// DriftOf returns how an object drifts in a current and, where a leeway is
// published for it, in a wind.
func DriftOf(object string, c Current, w Wind) record.Drift {
	add := func(deg float64, rate float64) (east, north float64) {
		s, k := math.Sincos(deg * math.Pi / 180)
		return rate * s, rate * k
	}
	e1, n1 := add(c.SetDeg, float64(c.Rate))
	e2, n2 := add(w.FromDeg+180, float64(w.Speed)*leeway[object])
	e, n := e1+e2, n1+n2
	rate := min(math.Round(math.Hypot(e, n)*100), math.MaxUint16)
	set := math.Round(float64(geo.Degrees(math.Atan2(e, n) * 180 / math.Pi).Norm360()))
	return record.Drift{SetDeg: uint16(math.Mod(set, 360)), RateE2: uint16(rate)}
}

// Estimate is where an object has probably drifted to.
type Estimate struct {
	Pos    geo.Point  `json:"pos"`
	ErrorM geo.Metres `json:"error_m"` // probable error: one half of such objects are nearer
	At     time.Time  `json:"at"`
	Old    bool       `json:"old,omitempty"` // the datum is older than an estimate can be carried on
}

// At returns where the object of a search area is estimated to be: the datum
// moved by drift times time. The error grows with the time; without a drift the
// datum itself stands, and its error grows by the same.
func At(a *record.SearchArea, now time.Time) Estimate {
	dt := max(now.Sub(a.DatumAt), 0)
	old := dt > maxDrift
	dt = min(dt, maxDrift)
	e := Estimate{
		Pos: geo.Point{LatDeg: float64(a.Datum.LatE5) / 1e5, LonDeg: float64(a.Datum.LonE5) / 1e5}, At: a.DatumAt.Add(dt), Old: old,
		ErrorM: geo.Metres(math.Hypot(float64(a.DatumErrorM), way(driftError, dt))),
	}
	if a.Drift != nil && dt > 0 {
		e.Pos = geo.Direct(e.Pos, geo.Degrees(a.Drift.SetDeg), geo.Metres(way(geo.Knots(a.Drift.RateE2)/100, dt)))
	}
	return e
}

func way(k geo.Knots, dt time.Duration) float64 {
	return float64(k.MetresPerSecond()) * dt.Seconds()
}

// The errors of acts and records. None changes anything.
var (
	ErrStale = errors.New("an older version of a search area")
	ErrNone  = errors.New("no search area is open")
)

// Case is one party's search area in an incident.
type Case struct {
	Party  party.ID          `json:"party"`
	Number uint64            `json:"number,omitempty"` // ours: never reused
	Object record.ID         `json:"object,omitzero"`  // a partner's
	Epoch  uint32            `json:"epoch,omitempty"`  // a partner's: of the record
	Record record.ID         `json:"record,omitzero"`  // a partner's: that said so last
	Body   record.SearchArea `json:"body"`
	At     time.Time         `json:"at"`            // stated or received
	By     string            `json:"by,omitempty"`  // own people; stays home
	Told   time.Time         `json:"told,omitzero"` // a partner's: the record's own time
}

// Out is a search area for a partner; the incident's references are filled in
// by whoever knows them.
type Out struct {
	To       party.ID
	Incident uint32
	Number   uint64
	Body     record.SearchArea
}

// Desk holds the search areas of all incidents: one of each party in each.
type Desk struct {
	self  party.ID
	cases map[uint32][]Case // by incident, sorted by party
	next  uint64
}

// NewDesk returns an empty Desk.
func NewDesk(self party.ID) *Desk { return &Desk{self: self, cases: make(map[uint32][]Case)} }

// Cases returns the search areas of an incident, by party.
func (d *Desk) Cases(incident uint32) []Case {
	list := slices.Clone(d.cases[incident])
	for i := range list {
		list[i].Body = clone(list[i].Body)
	}
	return list
}

func (d *Desk) find(incident uint32, p party.ID) (int, bool) {
	return slices.BinarySearchFunc(d.cases[incident], p, func(c Case, p party.ID) int { return cmp.Compare(c.Party, p) })
}

func (d *Desk) put(incident uint32, c Case) {
	i, found := d.find(incident, c.Party)
	if found {
		d.cases[incident][i] = c
		return
	}
	d.cases[incident] = slices.Insert(d.cases[incident], i, c)
}

// State takes our own search area, or a newer version of it, for the partners
// given.
func (d *Desk) State(incident uint32, body record.SearchArea, by string, to []party.ID, now time.Time) []Out {
	c := Case{Party: d.self, Body: clone(body), At: now, By: by}
	if i, ok := d.find(incident, d.self); ok {
		c.Number = d.cases[incident][i].Number
	} else {
		d.next++
		c.Number = d.next
	}
	c.Body.State = "active"
	d.put(incident, c)
	return outs(incident, &c, to)
}

func outs(incident uint32, c *Case, to []party.ID) []Out {
	var list []Out
	for _, p := range to {
		list = append(list, Out{To: p, Incident: incident, Number: c.Number, Body: clone(c.Body)})
	}
	return list
}

// Move suspends, closes or takes up our own search area again.
func (d *Desk) Move(incident uint32, state, by string, to []party.ID, now time.Time) ([]Out, error) {
	i, ok := d.find(incident, d.self)
	if !ok || !slices.Contains(record.SearchStates(), state) || d.cases[incident][i].Body.State == state {
		return nil, ErrNone
	}
	c := &d.cases[incident][i]
	c.Body.State, c.By, c.At = state, by, now
	return outs(incident, c, to), nil
}

// Receive takes a partner's search area. A partner has one in each incident: a
// second object replaces the first where it was told later.
func (d *Desk) Receive(from party.ID, incident uint32, r *record.Record, now time.Time) error {
	if i, ok := d.find(incident, from); ok {
		c := &d.cases[incident][i]
		if (c.Object == r.Object && r.Epoch <= c.Epoch) || (c.Object != r.Object && !r.Time.After(c.Told)) {
			return ErrStale
		}
	}
	d.put(incident, Case{Party: from, Object: r.Object, Epoch: r.Epoch, Record: r.ID, Body: clone(*r.SearchArea), At: now, Told: r.Time})
	return nil
}

// Merge hands the search areas of one incident to another into which it was
// merged. Where a party has one in both, the newer stands.
func (d *Desk) Merge(into, from uint32) {
	for _, c := range d.cases[from] {
		if i, ok := d.find(into, c.Party); !ok || d.cases[into][i].At.Before(c.At) {
			d.put(into, c)
		}
	}
	delete(d.cases, from)
}

// Keep forgets the search areas of the incidents that keep refuses.
func (d *Desk) Keep(keep func(incident uint32) bool) {
	maps.DeleteFunc(d.cases, func(n uint32, _ []Case) bool { return !keep(n) })
}

// Forget drops what a record of a partner told, where it is what is held.
func (d *Desk) Forget(from party.ID, rec record.ID) {
	for n := range d.cases {
		d.cases[n] = slices.DeleteFunc(d.cases[n], func(c Case) bool { return c.Party == from && from != d.self && c.Record == rec })
		if len(d.cases[n]) == 0 {
			delete(d.cases, n)
		}
	}
}

// clone returns a copy of a body that shares no memory with it. References are
// those of one link and are not kept.
func clone(b record.SearchArea) record.SearchArea {
	b.Incident = nil
	b.Drift, b.Area, b.CoordinateOn = copied(b.Drift), copied(b.Area), copied(b.CoordinateOn)
	if b.Area != nil {
		b.Area.Corners, b.Area.Centre = slices.Clone(b.Area.Corners), copied(b.Area.Centre)
	}
	return b
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// State is a Desk as a snapshot holds it.
type State struct {
	Cases map[uint32][]Case `json:"cases,omitempty"`
	Next  uint64            `json:"next"`
}

// Snapshot returns a copy of the desk's state.
func (d *Desk) Snapshot() State {
	s := State{Cases: make(map[uint32][]Case), Next: d.next}
	for n := range d.cases {
		s.Cases[n] = d.Cases(n)
	}
	return s
}

// Restore takes the state over.
func (d *Desk) Restore(s State) {
	*d = *NewDesk(d.self)
	d.next = s.Next
	for n, list := range s.Cases {
		for _, c := range list {
			c.Body = clone(c.Body)
			d.put(n, c)
		}
	}
}
