// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/activity"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// ActivityArgs are the arguments of the verbs about own-activity notices.
type ActivityArgs struct {
	Number uint32    `cbor:"1,keyasint,omitempty" json:"number,omitempty"` // of ours; absent in a new one
	Object record.ID `cbor:"2,keyasint,omitempty" json:"object,omitzero"`  // of a partner's; Command.Partner says whose

	To         []party.ID  `cbor:"3,keyasint,omitempty" json:"to,omitempty"`
	Kind       string      `cbor:"4,keyasint,omitempty" json:"kind,omitempty"`
	Domain     string      `cbor:"5,keyasint,omitempty" json:"domain,omitempty"`
	From       string      `cbor:"6,keyasint,omitempty" json:"from,omitempty"` // RFC 3339
	Until      string      `cbor:"7,keyasint,omitempty" json:"until,omitempty"`
	Corners    []geo.Point `cbor:"8,keyasint,omitempty" json:"corners,omitempty"` // 3 to 16, or a circle
	Centre     *geo.Point  `cbor:"9,keyasint,omitempty" json:"centre,omitempty"`
	RadiusM    float64     `cbor:"10,keyasint,omitempty" json:"radius_m,omitempty"`
	BaseFt     *int32      `cbor:"11,keyasint,omitempty" json:"base_ft,omitempty"` // both, or neither for all heights
	TopFt      *int32      `cbor:"12,keyasint,omitempty" json:"top_ft,omitempty"`
	Count      uint16      `cbor:"13,keyasint,omitempty" json:"count,omitempty"`
	ContactKHz *uint32     `cbor:"14,keyasint,omitempty" json:"contact_khz,omitempty"`

	State string `cbor:"15,keyasint,omitempty" json:"state,omitempty"` // working, clear, cancelled
	Aside bool   `cbor:"16,keyasint,omitempty" json:"aside,omitempty"` // set aside, or honour again
}

// subject is what of the arguments an audit entry names: no place and no time.
func (a *ActivityArgs) subject() string {
	if a == nil {
		return ""
	}
	s := fmt.Sprintf(" notice %d", a.Number)
	if !a.Object.IsZero() {
		s = " notice " + activity.Short(a.Object)
	}
	for _, w := range []string{a.Kind, a.State} {
		if w != "" {
			s += " " + clip(w, maxSubject)
		}
	}
	if a.Aside {
		s += " aside"
	}
	return s
}

// areaOf reads a circle or the corners of a polygon.
func areaOf(corners []geo.Point, centre *geo.Point, radiusM float64) (record.Area, bool) {
	var a record.Area
	for _, p := range corners {
		if !p.Valid() || len(a.Corners) > maxSubject {
			return a, false
		}
		a.Corners = append(a.Corners, activity.CornerOf(p))
	}
	if centre != nil {
		if !centre.Valid() || !(radiusM >= 0 && radiusM < 1e7) {
			return a, false
		}
		c := activity.CornerOf(*centre)
		a.Centre, a.RadiusM = &c, uint32(radiusM)
	}
	return a, a.Check() == nil
}

// body reads what a notice says, to the second.
func (a *ActivityArgs) body() (record.Activity, string) {
	b := record.Activity{State: "planned", Kind: a.Kind, Domain: a.Domain, Count: a.Count, ContactKHz: a.ContactKHz}
	for _, t := range []struct {
		text string
		to   *time.Time
	}{{a.From, &b.From}, {a.Until, &b.To}} {
		at, err := time.Parse(time.RFC3339, t.text)
		if err != nil {
			return b, "bad-time"
		}
		*t.to = at.UTC().Truncate(time.Second)
	}
	var ok bool
	if b.Area, ok = areaOf(a.Corners, a.Centre, a.RadiusM); !ok {
		return b, "bad-area"
	}
	switch {
	case a.BaseFt != nil && a.TopFt != nil:
		b.Height = &record.Block{BaseFt: *a.BaseFt, TopFt: *a.TopFt}
	case a.BaseFt != nil || a.TopFt != nil:
		return b, "bad-notice"
	}
	if b.Check() != nil {
		return b, "bad-notice"
	}
	return b, ""
}

func activityCode(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, activity.ErrUnknown):
		return "no-such-notice"
	case errors.Is(err, activity.ErrTime):
		return "bad-time"
	case errors.Is(err, activity.ErrFull):
		return "too-many-notices"
	}
	return "not-now"
}

// chosen reports whether all parties are partners.
func (e *Engine) chosen(list []party.ID) bool {
	return !slices.ContainsFunc(list, func(p party.ID) bool { return !slices.Contains(e.cfg.Partners, p) })
}

// actActivity enters a notice of our own and tells it to the partners chosen.
// A notice that is withheld from one of them stands here all the same, and
// overlaps are still found: the person is told.
func (e *Engine) actActivity(c *Command, out *Outputs) string {
	if c.Activity == nil {
		return "bad-request"
	}
	body, code := c.Activity.body()
	switch {
	case code != "":
		return code
	case !e.chosen(c.Activity.To):
		return "no-such-partner"
	}
	n, outs, err := e.activities.Enter(body, c.Exercise, c.Activity.To, c.By, e.now)
	if err != nil {
		return activityCode(err)
	}
	out.Reply.Activity = n
	return e.sayActivities(outs, out)
}

func (e *Engine) actActivityAmend(c *Command, out *Outputs) string {
	if c.Activity == nil {
		return "bad-request"
	}
	body, code := c.Activity.body()
	switch {
	case code != "":
		return code
	case !e.chosen(c.Activity.To):
		return "no-such-partner"
	}
	outs, err := e.activities.Amend(c.Activity.Number, body, c.Activity.To, c.By, e.now)
	if err != nil {
		return activityCode(err)
	}
	out.Reply.Activity = c.Activity.Number
	return e.sayActivities(outs, out)
}

func (e *Engine) actActivityState(c *Command, out *Outputs) string {
	if c.Activity == nil {
		return "bad-request"
	}
	outs, err := e.activities.SetState(c.Activity.Number, c.Activity.State, c.By, e.now)
	if err != nil {
		return activityCode(err)
	}
	out.Reply.Activity = c.Activity.Number
	return e.sayActivities(outs, out)
}

// actActivitySetAside keeps a partner's notice from holding alerts back, or
// takes that back. The partner is not told.
func (e *Engine) actActivitySetAside(c *Command, out *Outputs) string {
	if c.Activity == nil {
		return "bad-request"
	}
	k := activity.Key{Party: c.Partner, Object: c.Activity.Object}
	if err := e.activities.SetAside(k, c.Activity.Aside, c.By, e.now); err != nil {
		return activityCode(err)
	}
	e.followActivities(out)
	return ""
}

// sayActivities puts notices to the pending releases.
func (e *Engine) sayActivities(outs []activity.Out, out *Outputs) string {
	code := ""
	for _, o := range outs {
		f := release.Facts{Domain: domainOf(o.Body.Domain), Exercise: o.Exercise, Zones: e.zonesOf(&o.Body.Area)}
		if err := e.release.Say(o.To, record.KindActivity, uint64(o.Number), record.Record{Activity: &o.Body}, f, e.now); err != nil {
			out.Audit = append(out.Audit, Audit{e.now, "node", "release-withheld", err.Error()})
			e.activities.Withhold(o.Number, o.To, e.now)
			code = "withheld-kept"
		}
	}
	e.auditActivities(out)
	return code
}

// zonesOf returns the zones at an area's middle and corners, for the rules.
func (e *Engine) zonesOf(a *record.Area) []zone.ID {
	list := e.zones.At(activity.Middle(a), nil)
	for _, c := range a.Corners {
		list = e.zones.At(activity.Point(c), list)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// lookAtActivities compares the picture with the partners' notices.
func (e *Engine) lookAtActivities() {
	parties := e.activities.Watching(e.now)
	var objects []activity.Object
	if len(parties) > 0 {
		objects = e.objectsFor(parties)
	}
	for _, f := range e.activities.Look(objects, e.unheld, e.now) {
		n, ok := e.activities.Get(f.Notice)
		inc, held := e.book.Holding(f.Track)
		if ok && held {
			e.enter(inc, incident.Event{
				Kind: "activity-match", Track: f.Track, Text: n.Body.Kind, Originators: []party.ID{n.Party}, Record: n.Record,
			})
		}
	}
}

// halfDiagonal is how far from a cell's centre its corners are, in parts of its
// edge.
const halfDiagonal = 0.7072

// objectsFor returns our tracks and those of the parties.
func (e *Engine) objectsFor(parties []party.ID) []activity.Object {
	same := make(map[track.Number][]track.PartnerKey)
	for _, a := range e.tracks.Associations() {
		if a.Own != 0 {
			same[a.Own] = append(same[a.Own], a.Partner)
		}
	}
	var list []activity.Object
	for _, t := range e.tracks.All(nil) {
		if (t.State != track.Confirmed && t.State != track.Coasting) || !t.Pos.Valid() {
			continue
		}
		o := activity.Object{
			Own: t.Number, Same: same[t.Number], Domain: t.Domain.String(), Pos: t.Pos, HasSpan: t.HasHeight,
			Standard: t.Identity.Standard, Exercise: t.Exercise,
		}
		o.LowFt, o.HighFt = float64(t.Height), float64(t.Height)
		list = append(list, o)
	}
	held := e.tracks.Partner()
	for i := range held {
		t := &held[i]
		if t.State != track.Fresh || !slices.Contains(parties, t.Key.Party) {
			continue
		}
		o := activity.Object{
			Partner: t.Key, Domain: t.Body.Domain, Slack: geo.Metres(halfDiagonal * float64(t.Body.Cell.GridM)), Exercise: t.Exercise,
			Pos: activity.Point(record.Corner{LatE5: t.Body.Cell.LatE5, LonE5: t.Body.Cell.LonE5}),
		}
		o.LowFt, o.HighFt, o.HasSpan = activity.Span(t.Body.Height)
		if t.Body.Identity != nil {
			o.Standard = t.Body.Identity.Standard
		}
		list = append(list, o)
	}
	return list
}

// unheld reports whether no notice may hold anything of an object back: it
// declares an emergency, or it is inside a territorial sea, whosever: what
// happens there is for people to judge.
func (e *Engine) unheld(o *activity.Object) bool {
	if t, ok := e.tracks.Get(o.Own); ok && t.Emergency {
		return true
	}
	return slices.ContainsFunc(e.zones.Zones(), func(z zone.Zone) bool {
		return z.Kind == zone.TerritorialSea && e.zones.Contains(z.ID, o.Pos)
	})
}

// followActivities lets time pass for the notices: what is no longer explained
// alarms, overlaps and mismatches begin and end.
func (e *Engine) followActivities(out *Outputs) {
	for _, a := range e.activities.Lift(e.now) {
		e.book.Raise(a, e.now, e.tracks)
	}
	for _, c := range e.activities.Tick(e.now) {
		e.system(c.Key, c.Rule, c.Subject, c.Priority, c.Active)
	}
	e.auditActivities(out)
}

// auditActivities writes what happened to the notices to the audit log: keys,
// rules and numbers, no place and no time of a box.
func (e *Engine) auditActivities(out *Outputs) {
	for _, en := range e.activities.Entries() {
		actor, detail := "node", en.Notice.String()
		if en.By != "" {
			actor = en.By
		}
		if en.Other.Party != "" {
			detail += " " + en.Other.String()
		}
		if en.Rule != "" {
			detail += fmt.Sprintf(" %s of track %d", en.Rule, en.Track)
		}
		if en.Wrong != "" {
			detail += " " + en.Wrong
		}
		out.Audit = append(out.Audit, Audit{en.At, actor, "activity-" + en.What, detail})
	}
}
