// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/activity"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/search"
)

// ActivityView is the own-activity notices of all parties.
type ActivityView struct {
	Notices  []NoticeView    `json:"notices"` // ours first, then by party
	Overlaps []OverlapView   `json:"overlaps"`
	Held     []HeldView      `json:"held"`    // alerts that a notice keeps from alarming
	Journal  []ActivityEntry `json:"journal"` // newest last
	Holding  bool            `json:"holding"` // whether notices hold alerts back at this node
}

// NoticeView is one notice.
type NoticeView struct {
	Party  party.ID  `json:"party"`
	Number uint32    `json:"number,omitempty"` // ours
	Object record.ID `json:"object,omitzero"`  // a partner's
	Ref    string    `json:"ref"`              // as people call it; a partner's is the same at the partner
	State  string    `json:"state"`            // "planned", "working", "clear", "cancelled", "expired"
	record.Activity
	Exercise bool         `json:"exercise,omitempty"`
	By       string       `json:"by,omitempty"` // own people only
	At       time.Time    `json:"at"`
	Told     []NoticeTold `json:"told,omitempty"` // ours
	Aside    bool         `json:"aside,omitempty"`
	AsideBy  string       `json:"aside_by,omitempty"`
	Tracks   []uint32     `json:"tracks,omitempty"`   // own tracks that it explains
	Others   int          `json:"others,omitempty"`   // objects inside that only its issuer reports
	Mismatch []string     `json:"mismatch,omitempty"` // "count", "area", "height"
	Strayed  []uint32     `json:"strayed,omitempty"`  // own tracks that were inside and are not
}

// NoticeTold is what became of a notice of ours at one partner.
type NoticeTold struct {
	Party party.ID `json:"party"`
	Ref   string   `json:"ref"`   // as the partner calls it
	State string   `json:"state"` // "told", "waiting", "withheld"
}

// OverlapView is what two notices have in common.
type OverlapView struct {
	A        string             `json:"a"` // refs of the notices
	B        string             `json:"b"`
	Parties  []party.ID         `json:"parties"`
	Domain   string             `json:"domain"`
	From     time.Time          `json:"from"`
	To       time.Time          `json:"to"`
	Height   *record.Block      `json:"height,omitempty"`
	Area     []activity.Polygon `json:"area"`
	Exercise bool               `json:"exercise,omitempty"`
	Alarm    string             `json:"alarm"` // key of its alarm
}

// HeldView is an alert that a notice keeps from alarming.
type HeldView struct {
	Rule   string    `json:"rule"`
	Track  uint32    `json:"track"`
	Zone   string    `json:"zone,omitempty"`
	At     time.Time `json:"at"`
	Notice string    `json:"notice"` // ref
	Party  party.ID  `json:"party"`
}

// ActivityEntry is one line of what happened to the notices. What is one of a
// closed list.
type ActivityEntry struct {
	At       time.Time `json:"at"`
	What     string    `json:"what"`
	Notice   string    `json:"notice"`
	Other    string    `json:"other,omitempty"`
	Rule     string    `json:"rule,omitempty"`
	Track    uint32    `json:"track,omitempty"`
	Mismatch string    `json:"mismatch,omitempty"`
	By       string    `json:"by,omitempty"`
}

// SearchView is one party's search area in a case.
type SearchView struct {
	Party       party.ID       `json:"party"`
	State       string         `json:"state"`
	Object      string         `json:"object"`
	Datum       geo.Point      `json:"datum"`
	DatumAt     time.Time      `json:"datum_at"`
	DatumErrorM uint32         `json:"datum_error_m"`
	SetDeg      *uint16        `json:"set_deg,omitempty"`
	RateKt      *float64       `json:"rate_kt,omitempty"`
	Estimate    SearchEstimate `json:"estimate"`
	Area        *record.Area   `json:"area,omitempty"`
	Pattern     string         `json:"pattern,omitempty"`
	Coordinator party.ID       `json:"coordinator,omitempty"`
	ContactKHz  *uint32        `json:"contact_khz,omitempty"`
	By          string         `json:"by,omitempty"`
	At          time.Time      `json:"at"`
	Told        []party.ID     `json:"told,omitempty"` // ours: partners that hold it
}

// SearchEstimate is where the object has probably drifted to, by this node's
// reckoning from what the party states.
type SearchEstimate struct {
	Pos    geo.Point `json:"pos"`
	ErrorM float64   `json:"error_m"`
	At     time.Time `json:"at"`
	Old    bool      `json:"old,omitempty"`
}

func (e *Engine) viewActivity(v *View) {
	a := ActivityView{Notices: []NoticeView{}, Overlaps: []OverlapView{}, Held: []HeldView{}, Journal: []ActivityEntry{}, Holding: !e.cfg.NoHold}
	for _, n := range e.activities.Notices() {
		a.Notices = append(a.Notices, e.noticeView(&n))
		v.Exercise = v.Exercise || n.Exercise
	}
	slices.SortStableFunc(a.Notices, func(x, y NoticeView) int {
		switch {
		case (x.Party == e.self) == (y.Party == e.self):
			return 0
		case x.Party == e.self:
			return -1
		}
		return 1
	})
	for _, o := range e.activities.Overlaps() {
		a.Overlaps = append(a.Overlaps, OverlapView{
			A: o.A.String(), B: o.B.String(), Parties: []party.ID{o.A.Party, o.B.Party}, Domain: o.Domain, From: o.From, To: o.To,
			Height: o.Height, Area: o.Area, Exercise: o.Exercise, Alarm: o.Alarm(),
		})
	}
	for _, h := range e.activities.Held() {
		a.Held = append(a.Held, HeldView{
			Rule: string(h.Alert.Rule), Track: uint32(h.Alert.Track), Zone: string(h.Alert.Zone), At: h.Alert.At,
			Notice: h.Notice.String(), Party: h.Notice.Party,
		})
	}
	for _, en := range e.activities.Journal() {
		ev := ActivityEntry{
			At: en.At, What: en.What, Notice: en.Notice.String(), Rule: en.Rule, Track: uint32(en.Track), Mismatch: en.Wrong, By: en.By,
		}
		switch {
		case en.What == "withheld":
			ev.Other = string(en.Other.Party)
		case en.Other.Party != "":
			ev.Other = en.Other.String()
		}
		a.Journal = append(a.Journal, ev)
	}
	v.Activity = a
}

func (e *Engine) noticeView(n *activity.Notice) NoticeView {
	v := NoticeView{
		Party: n.Party, Number: n.Number, Object: n.Object, Ref: n.String(), Activity: n.Body, State: n.State(e.now),
		Exercise: n.Exercise, By: n.By, At: n.At, Aside: n.Aside, AsideBy: n.AsideBy, Mismatch: n.Wrong,
	}
	holders := e.release.Holders(record.KindActivity, uint64(n.Number))
	for _, p := range n.To {
		t := NoticeTold{Party: p, Ref: activity.Key{Party: e.self, Object: e.ids(p, record.KindActivity, uint64(n.Number))}.String(), State: "waiting"}
		switch {
		case slices.Contains(n.Withheld, p):
			t.State = "withheld"
		case slices.Contains(holders, p):
			t.State = "told"
		}
		v.Told = append(v.Told, t)
	}
	for _, m := range n.Matched {
		if m.Own != 0 {
			v.Tracks = append(v.Tracks, uint32(m.Own))
		} else {
			v.Others++
		}
	}
	for _, m := range n.Strayed {
		if m.Own != 0 {
			v.Strayed = append(v.Strayed, uint32(m.Own))
		}
	}
	return v
}

func (e *Engine) viewSearch(inc *incident.Incident) []SearchView {
	var list []SearchView
	for _, c := range e.searches.Cases(uint32(inc.Number)) {
		b := &c.Body
		v := SearchView{
			Party: c.Party, State: b.State, Object: b.Object, Datum: activity.Point(b.Datum), DatumAt: b.DatumAt, DatumErrorM: b.DatumErrorM,
			Area: b.Area, Pattern: b.Pattern, Coordinator: b.Coordinator, ContactKHz: b.CoordinateOn, By: c.By, At: c.At,
		}
		if b.Drift != nil {
			set, rate := b.Drift.SetDeg, float64(b.Drift.RateE2)/100
			v.SetDeg, v.RateKt = &set, &rate
		}
		est := search.At(b, e.now)
		v.Estimate = SearchEstimate{
			Pos:    geo.Point{LatDeg: round(est.Pos.LatDeg, 5), LonDeg: round(est.Pos.LonDeg, 5)},
			ErrorM: round(float64(est.ErrorM), 0), At: est.At, Old: est.Old,
		}
		if c.Party == e.self {
			v.Told = e.release.Holders(record.KindSearchArea, c.Number)
		}
		list = append(list, v)
	}
	return list
}
