// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/activity"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/message"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plan"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/response"
	"github.com/kuroshio-watch/kuroshio/internal/search"
	"github.com/kuroshio-watch/kuroshio/internal/support"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// partner takes one record that came off a link. A bad one is refused and
// counted; it never blocks the lane.
func (e *Engine) partner(p *Partner, out *Outputs) {
	l, known := e.links[p.From]
	if !known || !slices.Contains(e.cfg.Partners, p.From) { // it was a partner once
		return
	}
	if p.Body == nil { // recalled: a tombstone
		return
	}
	l.Received++
	if err := e.takeRecord(p, out); err != nil {
		l.Refused++
		out.Refused = append(out.Refused, Refusal{Source: "partner:" + string(p.From), Offset: int64(p.Seq), Reason: refusalCode(err)})
		out.Audit = append(out.Audit, Audit{e.now, "node", "record-refused", fmt.Sprintf("from %s: %s", p.From, refusalCode(err))})
	}
}

var (
	errOriginator = errors.New("originator is not the partner")
	errNoIncident = errors.New("no incident fits its references")
	errKind       = errors.New("kind not taken here")
	errFlood      = errors.New("too much of one partner")
	errExercise   = errors.New("exercise and live do not mix")
	errAhead      = errors.New("it lies ahead")
)

// refusalCode is a stable word for why a record was refused; it holds nothing
// of the record.
func refusalCode(err error) string {
	for _, c := range []struct {
		err  error
		code string
	}{
		{record.ErrMalformed, "malformed"},
		{errOriginator, "originator"},
		{errNoIncident, "no-incident"},
		{errKind, "kind"},
		{errFlood, "flood"},
		{errExercise, "exercise"},
		{errAhead, "time"},
		{errRecalled, "recalled"},
		{errForged, "forged-receipt"},
		{response.ErrStale, "stale"},
		{plan.ErrStale, "stale"},
		{plan.ErrPart, "part"},
		{plan.ErrExercise, "exercise"},
		{activity.ErrStale, "stale"},
		{search.ErrStale, "stale"},
		{activity.ErrFull, "flood"},
		{activity.ErrMixed, "exercise"},
		{activity.ErrTime, "time"},
		{response.ErrParty, "party"},
		{response.ErrOrder, "order"},
		{response.ErrEnded, "ended"},
		{response.ErrBusy, "busy"},
		{response.ErrAcross, "across"},
		{support.ErrStale, "stale"},
		{support.ErrParty, "party"},
		{support.ErrOrder, "order"},
		{support.ErrFlood, "flood"},
		{support.ErrExercise, "exercise"},
		{support.ErrUnknown, "no-request"},
		{errAddressed, "addressed"},
		{message.ErrFlood, "flood"},
		{message.ErrRead, "stale"},
		{message.ErrUnknown, "stale"},
		{message.ErrTesting, "flood"},
		{message.ErrNoTest, "stale"},
		{incident.ErrRefused, "refused"},
		{incident.ErrUnknown, "no-incident"},
	} {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return "refused"
}

func (e *Engine) takeRecord(p *Partner, out *Outputs) error {
	r, err := record.Decode(p.Body)
	if err != nil {
		e.shelve(p, nil)
		return err
	}
	if r.Originator != p.From {
		e.shelve(p, nil)
		return errOriginator
	}
	e.begin(r)
	defer e.shelve(p, r)
	if r.Kind.Lane() != p.Lane {
		return errKind
	}
	if e.ahead(r) {
		return errAhead
	}
	switch r.Kind {
	case record.KindTrack:
		return e.takeTrack(p, r)
	case record.KindIncident:
		n, err := e.book.Partner(p.From, r, e.now)
		e.concern(n)
		return err
	case record.KindLink:
		return e.takeLink(p, r)
	case record.KindDialogue:
		return e.takeDialogue(p, r, out)
	case record.KindPosture:
		inc, err := e.about(p, r, r.Posture.Incident)
		if err != nil {
			return err
		}
		e.notices([]response.Notice{e.responses.PartnerPosture(p.From, uint32(inc.Number), r.Posture.Posture, e.now)})
		return nil
	case record.KindDistress:
		return e.takeDistress(p, r)
	case record.KindPlan:
		return e.takePlan(p, r, out)
	case record.KindRecall:
		return e.takeRecall(p, r, out)
	case record.KindRecallReceipt:
		return e.takeReceipt(p, r)
	case record.KindSupport:
		return e.takeSupport(p, r, out)
	case record.KindFacility:
		return e.takeFacility(p, r)
	case record.KindActivity:
		return e.activities.Receive(p.From, r, e.now)
	case record.KindSearchArea:
		return e.takeSearchArea(p, r)
	case record.KindMessage:
		return e.takeMessage(p, r, out)
	case record.KindMessageState:
		return e.messages.Tell(p.From, r.MessageState, e.now)
	case record.KindHotline:
		return e.takeHotline(p, r, out)
	}
	return errKind
}

// maxAhead is how far a partner's clock may run before ours.
const maxAhead = time.Hour

// ahead reports whether a record speaks of what has not happened yet: it would
// stand above all others for ever.
func (e *Engine) ahead(r *record.Record) bool {
	limit := e.now.Add(maxAhead)
	switch {
	case r.Time.After(limit):
		return true
	case r.Track != nil:
		return r.Track.Bin.Start.After(limit)
	case r.Incident != nil:
		return r.Incident.Opened.Start.After(limit) ||
			slices.ContainsFunc(r.Incident.Events, func(ev record.Event) bool { return ev.Bin.Start.After(limit) })
	case r.Support != nil:
		return r.Support.Latest().After(limit)
	case r.SearchArea != nil:
		return r.SearchArea.DatumAt.After(limit)
	}
	return false
}

func (e *Engine) takeTrack(p *Partner, r *record.Record) error {
	key := track.PartnerKey{Party: p.From, Object: r.Object}
	if held, ok := e.tracks.PartnerOf(key); ok && held.Exercise != r.Exercise {
		return errExercise
	}
	if e.shelf.Barred(p.From, r.Object, r.Epoch) {
		e.barred = true
		return errRecalled
	}
	e.tracks.PartnerUpdate(p.From, r.Object, r.Track, r.Exercise, e.now)
	// The label is that of the report that is held.
	if held, ok := e.tracks.PartnerOf(key); ok && held.Body == *r.Track {
		e.labels[key] = heldLabel{r.Label, r.Epoch, e.until(r)}
	}
	return nil
}

// about returns the incident that a partner's statement names, if the partner
// may still say something about it.
func (e *Engine) about(p *Partner, r *record.Record, refs []record.Ref) (incident.Incident, error) {
	n, ok := e.incidentOf(p.From, refs)
	if !ok {
		return incident.Incident{}, errNoIncident
	}
	inc, ok := e.book.Get(n)
	switch {
	case !ok:
		return inc, errNoIncident
	case inc.Exercise != r.Exercise:
		return inc, errExercise
	case e.book.Full(n, p.From):
		return inc, errFlood
	}
	e.concern(n)
	return inc, nil
}

func (e *Engine) takeLink(p *Partner, r *record.Record) error {
	n, ok := e.ownIncident(p.From, r.Link.Theirs)
	if !ok {
		return errNoIncident
	}
	if into, ok := e.book.Resolve(n); ok {
		e.concern(into)
		if inc, ok := e.book.Get(into); ok && inc.Exercise != r.Exercise {
			return errExercise
		}
	}
	if err := e.book.Link(p.From, n, r.Link.Ours, r.Link.Apart, e.now); err != nil {
		return err
	}
	e.followMergers()
	return nil
}

func (e *Engine) takeDialogue(p *Partner, r *record.Record, out *Outputs) error {
	inc, err := e.about(p, r, r.Dialogue.Incident)
	if err != nil {
		return err
	}
	outs, notices, err := e.responses.Receive(p.From, uint32(inc.Number), string(inc.Sector), r.Dialogue, e.now)
	e.notices(notices)
	e.sayAll(outs, out)
	return err
}

// maxDistress bounds the distress cases of one partner that are open at once.
// Beyond it they are refused: nobody could work them, and a flood must not
// grow the state.
const maxDistress = 200

// takeDistress opens an incident and a priority 1 alarm: people are in danger.
func (e *Engine) takeDistress(p *Partner, r *record.Record) error {
	open := 0
	for _, a := range e.book.Alarms() {
		if a.Rule == "distress" && a.Subject == string(p.From) {
			open++
		}
	}
	if open >= maxDistress {
		return errFlood
	}
	d := r.Distress
	text := d.Nature
	if d.Contact != "" {
		text += " · " + d.Contact
	}
	if d.Persons != nil {
		text += " · " + strconv.Itoa(int(*d.Persons))
	}
	n, err := e.book.OpenByHand(incident.Opening{
		Text: text, Domain: "sea", Pos: geo.Point{LatDeg: d.LatDeg, LonDeg: d.LonDeg}, HasPos: true, Priority: 1,
		By: string(p.From), Desk: "link", Exercise: r.Exercise, At: earlier(r.Time, e.now), From: p.From,
	}, e.now, e.tracks)
	if err != nil {
		return err
	}
	e.concern(n)
	e.distress(p.From, uint32(n), true)
	e.enter(n, incident.Event{Kind: incident.EventDistress, Originators: []party.ID{p.From}})
	return nil
}

// distress raises or ends the alarm of a partner's distress case.
func (e *Engine) distress(from party.ID, n uint32, active bool) {
	e.system("distress/"+string(from)+"/"+strconv.FormatUint(uint64(n), 10), "distress", string(from), 1, active)
}

// endDistress ends the alarm with the case.
func (e *Engine) endDistress(n uint32) {
	for _, id := range e.cfg.Partners {
		e.distress(id, n, false)
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// forgetLabels drops the labels of partner tracks that are gone.
func (e *Engine) forgetLabels() {
	if len(e.labels) == 0 {
		return
	}
	held := make(map[track.PartnerKey]bool)
	for _, t := range e.tracks.Partner() {
		held[t.Key] = true
	}
	maps.DeleteFunc(e.labels, func(k track.PartnerKey, _ heldLabel) bool { return !held[k] })
}
