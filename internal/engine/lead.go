// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"math"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/response"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// Dialogue is where and when a person proposes that the lead is handed over.
// A place of its own goes by the command's position; the policy coarsens it.
type Dialogue struct {
	At    string `cbor:"1,keyasint,omitempty" json:"at,omitempty"`    // RFC 3339
	Place string `cbor:"2,keyasint,omitempty" json:"place,omitempty"` // id of a named place of the zone pack
}

// meeting reads them.
func (e *Engine) meeting(c *Command) (t response.Meeting, code string) {
	p, has, code := c.place()
	if code != "" {
		return t, code
	}
	if has { // a metre is finer than what any policy lets out
		t.Cell = &record.Cell{LatE5: int32(math.Round(p.LatDeg * 1e5)), LonE5: int32(math.Round(p.LonDeg * 1e5)), GridM: 1}
	}
	if c.Dialogue == nil {
		return t, ""
	}
	if code := checkWords(maxWord, "", c.Dialogue.At, c.Dialogue.Place); code != "" {
		return t, code
	}
	if c.Dialogue.At != "" {
		at, err := time.Parse(time.RFC3339, c.Dialogue.At)
		if err != nil {
			return t, "bad-time"
		}
		t.At = at.UTC().Truncate(time.Second)
	}
	if t.Place = c.Dialogue.Place; t.Place != "" && !e.isPlace(t.Place) {
		return t, "bad-position"
	}
	return t, ""
}

// isPlace reports whether an id is that of a place that the party shows.
func (e *Engine) isPlace(id string) bool {
	return slices.ContainsFunc(e.zones.Places(), func(p zone.Place) bool { return string(p.ID) == id && !p.Hidden })
}

// addressed returns an open incident and reports whether the command's partner
// holds it, too.
func (e *Engine) addressed(c *Command) (incident.Incident, string) {
	inc, code := e.openIncident(c.Incident)
	if code == "" && !slices.Contains(e.partnersOf(&inc), c.Partner) {
		code = "no-such-partner"
	}
	return inc, code
}

// led writes what a person did about the lead into the time line and puts its
// steps to the pending releases.
func (e *Engine) led(c *Command, kind, text string, outs []response.Out, err error, out *Outputs) string {
	if err != nil {
		return codeOf(err)
	}
	e.enter(incident.Number(c.Incident), incident.Event{Kind: kind, By: c.By, Text: text, Originators: []party.ID{e.self}})
	if !e.sayAll(outs, out) {
		e.responses.Withdraw(c.Incident)
		return "withheld"
	}
	return ""
}

func (e *Engine) actPropose(c *Command, out *Outputs) string {
	if _, code := e.addressed(c); code != "" {
		return code
	}
	t, code := e.meeting(c)
	if code != "" {
		return code
	}
	o, err := e.responses.Propose(c.Incident, c.Partner, c.Lead, t, c.By, e.now)
	return e.led(c, "lead-proposed", string(c.Lead), []response.Out{o}, err, out)
}

func (e *Engine) actCounter(c *Command, out *Outputs) string {
	if _, code := e.openIncident(c.Incident); code != "" {
		return code
	}
	t, code := e.meeting(c)
	if code != "" {
		return code
	}
	outs, err := e.responses.Counter(c.Incident, c.Lead, t, c.By, e.now)
	return e.led(c, "lead-countered", string(c.Lead), outs, err, out)
}

func (e *Engine) actNotify(c *Command, out *Outputs) string {
	if _, code := e.addressed(c); code != "" {
		return code
	}
	o, err := e.responses.Notify(c.Incident, c.Partner, c.By, e.now)
	return e.led(c, "lead-notified", string(c.Partner), []response.Out{o}, err, out)
}

// actVoice enters what was agreed by voice. It stands here even where the
// policy keeps the partner from being told.
func (e *Engine) actVoice(c *Command, out *Outputs) string {
	if _, code := e.addressed(c); code != "" {
		return code
	}
	at, code := e.when(c)
	if code != "" {
		return code
	}
	outs, err := e.responses.Voice(c.Incident, c.Partner, c.Lead, at.Truncate(time.Second), c.By, e.now)
	return e.led(c, "lead-voice", string(c.Lead), outs, err, out)
}

func (e *Engine) actAccept(c *Command, out *Outputs) string {
	outs, err := e.responses.Accept(c.Incident, c.By, e.now)
	return e.led(c, "lead-accepted", "", outs, err, out)
}

func (e *Engine) actCountersign(c *Command, out *Outputs) string {
	outs, err := e.responses.Countersign(c.Incident, c.By, e.now)
	return e.led(c, "lead-countersigned", "", outs, err, out)
}

func (e *Engine) actReject(c *Command, out *Outputs) string {
	outs, err := e.responses.Reject(c.Incident, c.By, clip(c.Text, maxWord), e.now)
	return e.led(c, "lead-rejected", c.Text, outs, err, out)
}

func (e *Engine) actCancel(c *Command, out *Outputs) string {
	outs, err := e.responses.Cancel(c.Incident, c.By, clip(c.Text, maxWord), e.now)
	return e.led(c, "lead-cancelled", c.Text, outs, err, out)
}

func (e *Engine) actStandby(c *Command, out *Outputs) string {
	outs, err := e.responses.Standby(c.Incident, c.By, e.now)
	return e.led(c, "lead-standby", "", outs, err, out)
}

func (e *Engine) actAssume(c *Command, out *Outputs) string {
	outs, err := e.responses.Assume(c.Incident, c.By, e.now)
	return e.led(c, "lead-assumed", "", outs, err, out)
}

// leadCases returns the open incidents as the dialogue's tick sees them.
func (e *Engine) leadCases() []response.Case {
	var list []response.Case
	for _, inc := range e.book.Open() {
		if partners := e.partnersOf(&inc); len(partners) > 0 {
			list = append(list, response.Case{Incident: uint32(inc.Number), Sector: string(inc.Sector), Partners: partners})
		}
	}
	return list
}

// lineOf tells the dialogue whether the line to a partner carries anything. One
// that was never up has not broken.
func (e *Engine) lineOf(l *LinkView) {
	e.responses.Line(l.Party, !l.Seen || l.State == "up" || l.State == "degraded", e.now)
}

func (e *Engine) leadView(n uint32, partners []party.ID) LeadView {
	l := e.responses.Lead(n)
	v := LeadView{
		State: l.State, Holder: l.Holder, Epoch: l.Epoch, Proposed: l.Proposed, Giver: l.Giver, With: l.With, ByUs: l.ByUs, Alarm: l.Alarm,
		Voice: l.Voice, Standby: l.Standby, Assumed: l.Assumed, Place: l.Meeting.Place, Cell: l.Meeting.Cell,
		Rival: l.Rival, Means: l.Means, Table: l.Table,
	}
	if v.With == "" && l.State == response.Confirmed {
		v.With = l.Peer
	}
	if l.Sent.To != "" && (l.Sent.To == v.With || l.Sent.Word != "receipt") {
		v.Sent = &SentView{To: l.Sent.To, Step: l.Sent.Body.Step, Word: l.Sent.Word}
	}
	v.Since, v.At, v.Spoken, v.TableSince = stated(l.Since), stated(l.Meeting.At), stated(l.Spoken), stated(l.TableSince)
	if at, open := e.responses.Deadline(l); open {
		v.Deadline = &at
	}
	for _, p := range partners {
		if k := e.links[p]; k != nil && k.Seen && k.State != "up" && k.State != "degraded" {
			v.PartnerBelieves = append(v.PartnerBelieves, Belief{Party: p, Leads: e.responses.Believes(n, p)})
		}
	}
	return v
}

func stated(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// canLead returns the acts of the dialogue that fit now.
func (e *Engine) canLead(n uint32, partners []party.ID, can map[string][]string) {
	none, l := []string{}, e.responses.Lead(n)
	asked := l.State == response.Proposed && !l.ByUs
	open := l.State == response.Proposed || l.State == response.Accepted
	switch {
	case asked && l.Voice:
		can["countersign"], can["reject"] = none, none
	case asked:
		can["accept"], can["reject"], can["counter"] = none, none, none
	}
	if asked && !l.Standby {
		can["standby"] = none
	}
	if open && l.ByUs && !l.Assumed {
		can["cancel"] = none
	}
	if l.State == response.Accepted && !l.Assumed && l.Proposed == e.self {
		can["assume"] = none
	}
	if l.State == response.None {
		can["take"] = none
	}
	for _, p := range partners {
		if !open {
			can["propose"], can["notify"] = append(can["propose"], string(p)), append(can["notify"], string(p))
		}
		if !open || (l.With == p && !l.Assumed && !(l.Voice && l.State == response.Accepted)) {
			can["voice"] = append(can["voice"], string(p))
		}
	}
}
