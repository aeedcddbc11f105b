// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// How much of long lists the picture holds.
const (
	maxLogShown    = 500
	maxClosedShown = 200
)

// View makes the picture that people see.
func (e *Engine) View() *View {
	v := &View{
		Seq: e.seq, Now: e.now, Party: e.self,
		Tracks: []TrackView{}, PartnerTracks: []PartnerView{}, Incidents: []IncidentView{}, Alarms: []AlarmView{},
		Links: []LinkView{}, Feeds: []FeedView{}, OutOfService: []OutOfService{}, Log: []LogView{}, Plans: []PlanView{},
		Recalls: []RecallView{}, Holdings: []HoldingView{}, StopCases: []StopCase{},
		Support:  newSupportView(),
		Messages: MessagesView{Partners: []ThreadsView{}},
	}
	if !e.up {
		return v
	}
	v.PolicyVersion, v.ZoneVersion = e.release.Policy().ID(), e.zones.Version()
	v.Policy = e.viewPolicy()
	assoc := e.tracks.Associations()
	e.viewTracks(v, assoc)
	e.viewPartners(v, assoc)
	e.viewIncidents(v)
	e.viewAlarms(v)
	for _, id := range e.cfg.Partners {
		l := *e.links[id]
		l.Held = e.outboxFull(id)
		v.Links = append(v.Links, l)
	}
	for i := range e.cfg.Feeds {
		f := &e.cfg.Feeds[i]
		state := e.feeds.get(f.Name)
		fv := state.view(f, e.decoder.Clocks(f.Name, e.now), e.now)
		if since, ok := e.watch.SilentSince(state.heard(f), e.now); ok {
			fv.Silent = &since
		}
		fv.Merged = e.decoder.Merged(f.Name)
		for _, r := range e.decoder.Heard(f.Name) {
			fv.Receivers = append(fv.Receivers, ReceiverView{r.ID, r.Frames, r.Copies, r.Last})
		}
		v.Feeds = append(v.Feeds, fv)
		v.Exercise = v.Exercise || f.Source.Exercise
	}
	for _, o := range e.watch.OutOfService() {
		v.OutOfService = append(v.OutOfService, OutOfService{string(o.Rule), o.Reason})
	}
	v.RadarsLeftOut = e.tracks.LeftOut()
	e.viewActivity(v)
	e.viewLog(v)
	e.viewPlans(v)
	e.viewRecalls(v)
	e.viewSupport(v)
	v.Messages = e.viewMessages()
	return v
}

func (e *Engine) viewTracks(v *View, assoc []track.Association) {
	partners := make(map[track.Number][]track.PartnerKey)
	for _, a := range assoc {
		if a.Own != 0 {
			partners[a.Own] = append(partners[a.Own], a.Partner)
		}
	}
	formations := e.viewFormations()
	for _, t := range e.tracks.All(nil) {
		tv := trackView(&t)
		tv.Formation = formations[t.Number]
		if keys := partners[t.Number]; keys != nil {
			for _, k := range keys {
				tv.Partners = append(tv.Partners, PartnerKey(k))
			}
			tv.Fused = e.fusedView(track.Object{Own: t.Number, Partners: keys})
		}
		if n, ok := e.book.Holding(t.Number); ok {
			tv.Incident = uint32(n)
		}
		tv.Released = e.release.Holders(record.KindTrack, uint64(t.Number))
		tv.Identity.Party = e.self
		if t.HasAddress {
			tv.Receivers = e.decoder.Receivers(t.Address, e.now)
		}
		v.Tracks = append(v.Tracks, tv)
		v.Exercise = v.Exercise || t.Exercise
	}
}

// viewFormations returns the formation of each track that is of one.
func (e *Engine) viewFormations() map[track.Number]*FormationView {
	of := make(map[track.Number]*FormationView)
	for _, f := range e.tracks.Formations(e.now, nil) {
		v := &FormationView{N: uint32(f.ID), Least: f.Least, Most: f.Most, Unresolved: f.Unresolved}
		for _, id := range f.Members {
			of[track.Number(id)] = v
		}
	}
	return of
}

// fusedView is where an object is by everybody's evidence, nil where our track
// stands as it is.
func (e *Engine) fusedView(o track.Object) *FusedView {
	f, ok := e.tracks.Fuse(o, e.now)
	if !ok || len(f.From) == 0 {
		return nil
	}
	v := &FusedView{Method: f.Method.String(), From: f.From}
	v.Pos.LatDeg, v.Pos.LonDeg = round(f.Pos.LatDeg, 5), round(f.Pos.LonDeg, 5)
	v.EllipseView = ellipseView(f.Cov.Axes())
	if f.HasVelocity {
		m := f.Velocity
		speed := round(float64(geo.MetresPerSecond(math.Hypot(m.E, m.N)).Knots()), 1)
		course := round(float64(geo.Degrees(math.Atan2(m.E, m.N)*180/math.Pi).Norm360()), 1)
		sigma := round(float64(geo.MetresPerSecond(math.Sqrt(m.Cov.Trace()/2)).Knots()), 1)
		v.SpeedKt, v.CourseDeg, v.SigmaKt = &speed, &course, &sigma
	}
	if f.HasHeight {
		h := round(float64(f.Height), 0)
		v.HeightFt, v.BandFt = &h, float64(f.HeightWide)
	}
	return v
}

func ellipseView(major, minor, axis float64) EllipseView {
	return EllipseView{round(major, 0), round(minor, 0), math.Mod(round(axis, 0), 180)}
}

func round(x float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(x*p) / p
}

func trackView(t *track.Track) TrackView {
	v := TrackView{
		N: uint32(t.Number), Domain: t.Domain.String(), State: t.State.String(), SigmaM: round(float64(t.SigmaPos), 0),
		Callsign: t.Callsign, Name: t.Name, Sources: sourceNames(t.Sources), Emergency: t.Emergency, Exercise: t.Exercise,
		Identity:  IdentityView{Standard: t.Identity.Standard, Type: t.Identity.Type, Presumed: t.Identity.Presumed, By: t.Identity.By, At: t.Identity.At},
		FirstSeen: t.FirstSeen, Time: t.LastPlot, Plots: t.Plots,
	}
	v.Pos.LatDeg, v.Pos.LonDeg = round(t.Pos.LatDeg, 5), round(t.Pos.LonDeg, 5)
	if t.Cov.Valid() {
		e := ellipseView(t.Cov.Axes())
		v.Ellipse = &e
	}
	if t.HasHeight {
		h := round(float64(t.Height), 0)
		v.HeightFt = &h
	}
	if t.HasVelocity {
		s, c := round(float64(t.Speed), 1), round(float64(t.Course), 1)
		v.SpeedKt, v.CourseDeg = &s, &c
	}
	if t.HasAddress {
		v.Address = fmt.Sprintf("%06X", t.Address)
	}
	if t.HasModeA {
		v.ModeA = fmt.Sprintf("%04o", t.ModeA)
	}
	if t.HasMMSI {
		v.MMSI = fmt.Sprintf("%09d", t.MMSI)
	}
	for _, f := range t.Former {
		v.Former = append(v.Former, formerView(f))
	}
	if t.Flags&track.SameAddress != 0 {
		v.Flags = append(v.Flags, "same-address")
	}
	if t.Flags&track.Doubted != 0 {
		v.Flags = append(v.Flags, "doubted")
	}
	if t.HasTrust {
		trust := round(t.Trust, 2)
		v.Trust, v.Doubts = &trust, t.Reasons.Names(nil)
	}
	if t.Class != 0 {
		c := round(t.Confidence, 2)
		v.Class, v.Confidence = t.Class.String(), &c
	}
	return v
}

func formerView(f track.Former) FormerView {
	v := FormerView{Since: f.Since, Until: f.Until}
	if f.Address != 0 {
		v.Address = fmt.Sprintf("%06X", f.Address)
	}
	if f.MMSI != 0 {
		v.MMSI = fmt.Sprintf("%09d", f.MMSI)
	}
	return v
}

func sourceNames(bits uint8) []string {
	list := []string{}
	for _, k := range plot.Kinds() {
		if bits&(1<<k) != 0 {
			list = append(list, k.String())
		}
	}
	return list
}

func (e *Engine) viewPartners(v *View, assoc []track.Association) {
	held := e.tracks.Partner()
	for i := range held {
		t := &held[i]
		pv := PartnerView{
			PartnerKey: PartnerKey(t.Key), Track: t.Body, Exercise: t.Exercise, Received: t.Received, State: t.State.String(),
			Label: e.labels[t.Key].Label, Handling: e.release.Policy().Equivalent(t.Key.Party, e.labels[t.Key].Label),
		}
		for _, a := range assoc {
			switch {
			case a.Own != 0 && a.Partner == t.Key:
				pv.Own = uint32(a.Own)
			case a.Own == 0 && a.Partner == t.Key:
				pv.Others = append(pv.Others, PartnerKey(a.Second))
			case a.Own == 0 && a.Second == t.Key:
				pv.Others = append(pv.Others, PartnerKey(a.Partner))
			}
		}
		if n, ok := e.book.HoldingPartner(t.Key); ok {
			pv.Incident = uint32(n)
		}
		v.PartnerTracks = append(v.PartnerTracks, pv)
		v.Exercise = v.Exercise || t.Exercise
	}
}

func (e *Engine) viewIncidents(v *View) {
	closed := 0
	all := e.book.All()
	for i := len(all) - 1; i >= 0; i-- {
		inc := &all[i]
		if inc.State == incident.Closed {
			closed++
			if closed > maxClosedShown {
				continue
			}
		}
		iv := e.incidentView(inc)
		v.Incidents = append(v.Incidents, iv)
		v.Exercise = v.Exercise || inc.Exercise
		if inc.State == incident.Open {
			v.Counts.add(iv.Alarm)
		}
	}
}

func (c *AlarmCounts) add(state string) {
	switch incident.AlarmState(state) {
	case incident.Unacknowledged:
		c.Unacknowledged++
	case incident.Acknowledged:
		c.Acknowledged++
	case incident.Returned:
		c.Returned++
	}
}

func (e *Engine) incidentView(inc *incident.Incident) IncidentView {
	v := IncidentView{
		N: uint32(inc.Number), State: inc.State, Outcome: inc.Outcome, Opened: inc.Opened, Updated: inc.Updated,
		Priority: inc.Priority, Domain: inc.Domain, Sector: string(inc.Sector), Exercise: inc.Exercise, ByHand: inc.ByHand,
		Alarm: string(inc.Alarm), AckBy: inc.AckBy,
		Tracks: []uint32{}, Partners: []PartnerPart{}, References: []ReferenceView{}, Identities: []IdentityView{},
		Events: []EventView{}, Postures: []PostureView{},
	}
	if !inc.AckAt.IsZero() {
		at := inc.AckAt
		v.AckAt = &at
	}
	for _, n := range inc.Tracks {
		v.Tracks = append(v.Tracks, uint32(n))
	}
	for _, p := range inc.Partner {
		v.Partners = append(v.Partners, PartnerPart{
			Party: p.Party, ID: p.ID, Body: p.Body, Received: p.Received,
			Label: p.Label, Handling: e.release.Policy().Equivalent(p.Party, p.Label), Onward: p.Onward,
		})
	}
	for _, r := range inc.References {
		v.References = append(v.References, ReferenceView{r.Party, r.Ref})
	}
	for _, ev := range inc.Events {
		v.Events = append(v.Events, eventView(&ev))
	}
	v.Identities = e.identitiesOf(inc)
	v.Lead = e.leadView(uint32(inc.Number), e.partnersOf(inc))
	for _, s := range e.responses.Postures(uint32(inc.Number)) {
		v.Postures = append(v.Postures, PostureView(s))
	}
	v.Search = e.viewSearch(inc)
	v.Can = e.can(inc)
	return v
}

func eventView(ev *incident.Event) EventView {
	return EventView{
		At: ev.At, Entered: ev.Entered, Kind: ev.Kind, Rule: string(ev.Rule), Zone: string(ev.Zone), ZoneVersion: ev.ZoneVersion,
		Direction: ev.Direction, Track: uint32(ev.Track), Originators: ev.Originators, By: ev.By, Text: ev.Text, Cleared: ev.Cleared,
	}
}

// identitiesOf returns our identity of an incident's object and those of the
// partners, side by side and never merged. A partner's comes from its newest
// part that has one.
func (e *Engine) identitiesOf(inc *incident.Incident) []IdentityView {
	list := []IdentityView{}
	if id, ok := e.identities[inc.Number]; ok && len(inc.Tracks) > 0 {
		list = append(list, IdentityView{Party: e.self, Standard: id.Standard, Type: id.Type, Presumed: id.Presumed, By: id.By, At: id.At})
	}
	newest := make(map[party.ID]*incident.PartnerPart)
	for i := range inc.Partner {
		p := &inc.Partner[i]
		if have := newest[p.Party]; p.Body.Identity != nil && (have == nil || p.Received.After(have.Received)) {
			newest[p.Party] = p
		}
	}
	for _, id := range e.cfg.Partners {
		if p := newest[id]; p != nil {
			list = append(list, IdentityView{Party: id, Standard: p.Body.Identity.Standard, Type: p.Body.Identity.Type, Presumed: p.Body.Identity.Presumed, At: p.Received})
		}
	}
	return list
}

// can returns the verbs that fit an incident now, with the partners that they
// may address.
func (e *Engine) can(inc *incident.Incident) map[string][]string {
	can := make(map[string][]string)
	none := []string{}
	if inc.State != incident.Open {
		can["reopen"] = none
		return can
	}
	can["close"], can["posture"], can["search-area"] = none, none, none
	if inc.Alarm == incident.Unacknowledged || inc.Alarm == incident.Returned {
		can["acknowledge"] = none
	}
	e.canLead(uint32(inc.Number), e.partnersOf(inc), can)
	return can
}

func (e *Engine) viewAlarms(v *View) {
	for _, a := range e.book.Alarms() {
		v.Alarms = append(v.Alarms, AlarmView{Key: a.Key, Rule: a.Rule, Subject: a.Subject, Priority: a.Priority, State: string(a.State), At: a.At, AckBy: a.AckBy})
		v.Counts.add(string(a.State))
	}
}

func (e *Engine) viewLog(v *View) {
	log := e.book.Log()
	for _, l := range log[max(0, len(log)-maxLogShown):] {
		lv := LogView{N: l.N, At: l.At, Entered: l.Entered, Desk: l.Desk, By: l.By, Text: l.Text, Code: l.Code}
		if l.Struck != nil {
			lv.Struck = l.Struck.By + ": " + l.Struck.Reason
		}
		v.Log = append(v.Log, lv)
	}
}

// ExplainTrack says what of a track goes to whom and why.
func (e *Engine) ExplainTrack(n track.Number) ([]release.Explanation, bool) {
	t, ok := e.tracks.Get(n)
	if !ok {
		return nil, false
	}
	f := release.Facts{
		Domain: t.Domain, Standard: t.Identity.Standard, Sources: t.Sources, Exercise: t.Exercise, Emergency: t.Emergency,
		Age: e.now.Sub(t.FirstSeen), Zones: e.zones.At(t.Pos, nil),
	}
	cases := e.cases()
	return e.release.ExplainTrack(n, f, cases), true
}

// ExplainIncident says what of an incident goes to whom and why.
func (e *Engine) ExplainIncident(n incident.Number) ([]release.Explanation, bool) {
	inc, ok := e.book.Get(n)
	if !ok {
		return nil, false
	}
	c := e.caseOf(&inc)
	return e.release.ExplainCase(e.now, &c), true
}

// PartnerRecords returns what a partner was told last, one record for each of
// our things.
func (e *Engine) PartnerRecords(to party.ID) []record.Record { return e.release.PartnerView(to) }

// ReleaseStats returns what each rule released and withheld.
func (e *Engine) ReleaseStats() []release.Stat { return e.release.Stats() }

// RuleView is a rule as people see it.
type RuleView struct {
	ID       string            `json:"id"`
	Names    map[string]string `json:"names"`
	Priority int               `json:"priority"`
	Domain   string            `json:"domain"`
}

// Rules returns the rules, by id.
func (e *Engine) Rules() []RuleView {
	list := []RuleView{}
	for _, r := range e.rules {
		list = append(list, RuleView{string(r.ID), r.Names, r.Priority, r.Domain})
	}
	slices.SortFunc(list, func(a, b RuleView) int { return cmp.Compare(a.ID, b.ID) })
	return list
}
