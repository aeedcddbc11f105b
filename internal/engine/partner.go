// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/response"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// partner takes one record that came off a link. A bad one is refused and
// counted; it never blocks the lane.
func (e *Engine) partner(p *Partner, out *Outputs) {
	l, known := e.links[p.From]
	if !known {
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
		{response.ErrStale, "stale"},
		{response.ErrParty, "party"},
		{response.ErrOrder, "order"},
		{response.ErrAcross, "across"},
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
		return err
	}
	if r.Originator != p.From {
		return errOriginator
	}
	if r.Kind.Lane() != p.Lane {
		return errKind
	}
	switch r.Kind {
	case record.KindTrack:
		key := track.PartnerKey{Party: p.From, Object: r.Object}
		e.tracks.PartnerUpdate(p.From, r.Object, r.Track, r.Exercise, e.now)
		e.labels[key] = r.Label
		return nil
	case record.KindIncident:
		_, err := e.book.Partner(p.From, r, e.now)
		return err
	case record.KindLink:
		return e.takeLink(p, r)
	case record.KindDialogue:
		return e.takeDialogue(p, r, out)
	case record.KindPosture:
		n, ok := e.incidentOf(p.From, r.Posture.Incident)
		if !ok {
			return errNoIncident
		}
		e.notices([]response.Notice{e.responses.PartnerPosture(p.From, uint32(n), r.Posture.Posture, e.now)})
		return nil
	case record.KindDistress:
		return e.takeDistress(p, r)
	}
	return errKind
}

func (e *Engine) takeLink(p *Partner, r *record.Record) error {
	n, ok := e.ownIncident(p.From, r.Link.Theirs)
	if !ok {
		return errNoIncident
	}
	return e.book.Link(p.From, n, r.Link.Ours, r.Link.Apart, e.now)
}

func (e *Engine) takeDialogue(p *Partner, r *record.Record, out *Outputs) error {
	n, ok := e.incidentOf(p.From, r.Dialogue.Incident)
	if !ok {
		return errNoIncident
	}
	inc, ok := e.book.Get(n)
	if !ok {
		return errNoIncident
	}
	outs, notices, err := e.responses.Receive(p.From, uint32(n), string(inc.Sector), r.Dialogue, e.now)
	e.notices(notices)
	e.sayAll(outs, out)
	return err
}

// takeDistress opens an incident and a priority 1 alarm: people are in danger.
func (e *Engine) takeDistress(p *Partner, r *record.Record) error {
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
		By: string(p.From), Desk: "link", Exercise: r.Exercise, At: earlier(r.Time, e.now),
	}, e.now, e.tracks)
	if err != nil {
		return err
	}
	e.book.System(incident.SystemAlarm{
		Key: "distress/" + string(p.From) + "/" + strconv.Itoa(int(n)), Rule: "distress", Subject: string(p.From), Priority: 1, At: e.now, Active: true,
	})
	e.enter(n, incident.Event{Kind: incident.EventDistress, Originators: []partyID{p.From}})
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// forgetLabels drops the labels of partner tracks that are gone.
func (e *Engine) forgetLabels(held []track.PartnerTrack) {
	if len(e.labels) <= len(held) {
		return
	}
	for k := range e.labels {
		if !slices.ContainsFunc(held, func(t track.PartnerTrack) bool { return t.Key == k }) {
			delete(e.labels, k)
		}
	}
}
