// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"math"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/activity"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/search"
)

// AreaArgs are the arguments of the verbs about search areas.
type AreaArgs struct {
	State  string `cbor:"1,keyasint,omitempty" json:"state,omitempty"` // suspended, closed, active
	Object string `cbor:"2,keyasint,omitempty" json:"object,omitempty"`

	Datum   *geo.Point `cbor:"3,keyasint,omitempty" json:"datum,omitempty"`
	DatumAt string     `cbor:"4,keyasint,omitempty" json:"datum_at,omitempty"` // RFC 3339; absent: now
	ErrorM  float64    `cbor:"5,keyasint,omitempty" json:"error_m,omitempty"`

	// The drift: the water's current and, where a leeway is published for the
	// object, the wind. Without both it is not known.
	CurrentSetDeg *float64 `cbor:"6,keyasint,omitempty" json:"current_set_deg,omitempty"`
	CurrentKt     *float64 `cbor:"7,keyasint,omitempty" json:"current_kt,omitempty"`
	WindFromDeg   *float64 `cbor:"8,keyasint,omitempty" json:"wind_from_deg,omitempty"`
	WindKt        *float64 `cbor:"9,keyasint,omitempty" json:"wind_kt,omitempty"`

	Corners      []geo.Point `cbor:"10,keyasint,omitempty" json:"corners,omitempty"`
	Centre       *geo.Point  `cbor:"11,keyasint,omitempty" json:"centre,omitempty"`
	RadiusM      float64     `cbor:"12,keyasint,omitempty" json:"radius_m,omitempty"`
	Pattern      string      `cbor:"13,keyasint,omitempty" json:"pattern,omitempty"`
	Coordinator  party.ID    `cbor:"14,keyasint,omitempty" json:"coordinator,omitempty"`
	CoordinateOn *uint32     `cbor:"15,keyasint,omitempty" json:"coordinate_on_khz,omitempty"`
}

func (a *AreaArgs) subject() string {
	if a == nil {
		return ""
	}
	s := " search area"
	for _, w := range []string{a.Object, a.Pattern, a.State} {
		if w != "" {
			s += " " + clip(w, maxSubject)
		}
	}
	return s
}

// searchBody reads what a search area says; the references are filled in for each
// partner.
func (e *Engine) searchBody(a *AreaArgs) (record.SearchArea, string) {
	b := record.SearchArea{State: "active", Object: a.Object, Pattern: a.Pattern, Coordinator: a.Coordinator, CoordinateOn: a.CoordinateOn}
	if a.Datum == nil || !a.Datum.Valid() || !(a.ErrorM >= 0 && a.ErrorM < 1e6) {
		return b, "bad-position"
	}
	b.Datum, b.DatumErrorM = activity.CornerOf(*a.Datum), uint32(a.ErrorM)
	at, code := e.when(&Command{Time: a.DatumAt})
	if code != "" {
		return b, code
	}
	b.DatumAt = at.Truncate(time.Second)
	if b.Drift, code = a.drift(); code != "" {
		return b, code
	}
	if len(a.Corners) > 0 || a.Centre != nil {
		area, ok := areaOf(a.Corners, a.Centre, a.RadiusM)
		if !ok {
			return b, "bad-area"
		}
		b.Area = &area
	}
	if a.Coordinator != "" && a.Coordinator != e.self && !e.chosen([]party.ID{a.Coordinator}) {
		return b, "no-such-partner"
	}
	if b.Check() != nil {
		return b, "bad-search-area"
	}
	return b, ""
}

// drift reads current and wind, and returns how the object drifts.
func (a *AreaArgs) drift() (*record.Drift, string) {
	current, okC := vector(a.CurrentSetDeg, a.CurrentKt, 10)
	wind, okW := vector(a.WindFromDeg, a.WindKt, 150)
	if !okC || !okW {
		return nil, "bad-drift"
	}
	if a.CurrentKt == nil && (a.WindKt == nil || !search.HasLeeway(a.Object)) {
		return nil, ""
	}
	d := search.DriftOf(a.Object, search.Current{SetDeg: current[0], Rate: geo.Knots(current[1])}, search.Wind{FromDeg: wind[0], Speed: geo.Knots(wind[1])})
	return &d, ""
}

// vector reads a direction and a speed of at most limit: both, or neither.
func vector(deg, kt *float64, limit float64) (v [2]float64, ok bool) {
	if deg == nil && kt == nil {
		return v, true
	}
	if deg == nil || kt == nil || math.IsNaN(*deg) || *deg < 0 || *deg > 360 || !(*kt >= 0 && *kt <= limit) {
		return v, false
	}
	return [2]float64{*deg, *kt}, true
}

// actSearchArea states our own search area of a case, or a newer version of it.
func (e *Engine) actSearchArea(c *Command, out *Outputs) string {
	inc, code := e.openIncident(c.Incident)
	if code != "" {
		return code
	}
	if c.Area == nil {
		return "bad-request"
	}
	body, code := e.searchBody(c.Area)
	if code != "" {
		return code
	}
	outs := e.searches.State(c.Incident, body, c.By, e.partnersOf(&inc), e.now)
	e.enter(inc.Number, incident.Event{Kind: "search-area", By: c.By, Text: "active", Originators: []party.ID{e.self}})
	return e.saySearches(outs, out)
}

func (e *Engine) actSearchState(c *Command, out *Outputs) string {
	inc, code := e.openIncident(c.Incident)
	if code != "" {
		return code
	}
	if c.Area == nil {
		return "bad-request"
	}
	outs, err := e.searches.Move(c.Incident, c.Area.State, c.By, e.partnersOf(&inc), e.now)
	if err != nil {
		return "not-now"
	}
	e.enter(inc.Number, incident.Event{Kind: "search-area", By: c.By, Text: c.Area.State, Originators: []party.ID{e.self}})
	return e.saySearches(outs, out)
}

// saySearches puts search areas to the pending releases. One that is withheld
// stands here all the same; the person is told.
func (e *Engine) saySearches(outs []search.Out, out *Outputs) string {
	code := ""
	for _, o := range outs {
		o.Body.Incident = e.book.Refs(incident.Number(o.Incident), o.To)
		if !e.say(o.To, record.KindSearchArea, o.Number, incident.Number(o.Incident), record.Record{SearchArea: &o.Body}, out) {
			code = "withheld-kept"
		}
	}
	return code
}

func (e *Engine) takeSearchArea(p *Partner, r *record.Record) error {
	inc, err := e.about(p, r, r.SearchArea.Incident)
	if err != nil {
		return err
	}
	if err := e.searches.Receive(p.From, uint32(inc.Number), r, e.now); err != nil {
		return err
	}
	e.enter(inc.Number, incident.Event{Kind: "search-area", Text: r.SearchArea.State, Originators: []party.ID{p.From}, Record: r.ID})
	return nil
}
