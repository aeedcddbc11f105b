// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/response"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// act does one verb and returns the reply's code, "" for done.
type act func(e *Engine, c *Command, out *Outputs) string

func acts() map[string]act {
	return map[string]act{
		"identify": (*Engine).actIdentify, "acknowledge": (*Engine).actAcknowledge,
		"acknowledge-alarm": (*Engine).actAcknowledgeAlarm, "open": (*Engine).actOpen, "merge": (*Engine).actMerge,
		"split": (*Engine).actSplit, "close": (*Engine).actClose, "reopen": (*Engine).actReopen,
		"take": (*Engine).actTake, "propose": (*Engine).actPropose, "accept": (*Engine).actAccept,
		"notify": (*Engine).actNotify, "standby": (*Engine).actStandby, "counter": (*Engine).actCounter, "cancel": (*Engine).actCancel,
		"assume": (*Engine).actAssume, "voice": (*Engine).actVoice, "countersign": (*Engine).actCountersign,
		"reject": (*Engine).actReject, "posture": (*Engine).actPosture, "log": (*Engine).actLog,
		"strike": (*Engine).actStrike, "distress": (*Engine).actDistress, "plan-declare": (*Engine).actPlanDeclare, "plan-end": (*Engine).actPlanEnd,
		"stop": (*Engine).actStop, "resume": (*Engine).actResume,
		"stop-all": (*Engine).actStopAll, "stop-case": (*Engine).actStopCase, "recall": (*Engine).actRecall, "lift-recall": (*Engine).actLiftRecall,
		"policy-propose": (*Engine).actPolicyPropose, "policy-activate": (*Engine).actPolicyActivate, "policy-withdraw": (*Engine).actPolicyWithdraw,
		"activity": (*Engine).actActivity, "activity-amend": (*Engine).actActivityAmend, "activity-state": (*Engine).actActivityState,
		"activity-set-aside": (*Engine).actActivitySetAside, "search-area": (*Engine).actSearchArea, "search-state": (*Engine).actSearchState,
		"message": (*Engine).actMessage, "message-read": (*Engine).actMessageRead,
		"hotline": (*Engine).actHotline, "hotline-acknowledge": (*Engine).actHotlineAcknowledge,
	}
}

// command does what a person asks, if the person's role may, and writes it to
// the audit log either way.
func (e *Engine) command(c *Command, out *Outputs) {
	code := "unknown-verb"
	all := acts()
	maps.Copy(all, supportActs())
	if do, ok := all[c.Verb]; ok {
		code = "forbidden"
		if Allowed(c.Role, c.Verb) {
			code = e.checkText(c)
			if code == "" {
				code = do(e, c, out)
			}
		}
	}
	out.Reply.Code = code
	result := "done"
	if code != "" {
		result = code
	}
	out.Audit = append(out.Audit, Audit{e.now, c.By, "act-" + c.Verb, c.subject() + ": " + result})
	if code == "" {
		e.followMergers()
		e.identify()
		e.releaseDue(out)
	}
}

// subject says what an act was about, for the audit log: numbers and words of
// fixed lists, no free text and no place.
func (c *Command) subject() string {
	s := fmt.Sprintf("incident %d track %d partner %s", c.Incident, c.Track, clip(string(c.Partner), maxSubject))
	for _, n := range []struct {
		name   string
		number uint64
	}{{"from", uint64(c.From)}, {"entry", c.Entry}} {
		if n.number != 0 {
			s += fmt.Sprintf(" %s %d", n.name, n.number)
		}
	}
	if n := len(c.Tracks); n > 0 {
		s += fmt.Sprintf(" tracks %d", c.Tracks[:min(n, maxSubject)])
	}
	for _, w := range []struct{ name, word string }{
		{"standard", c.Standard}, {"posture", c.Posture}, {"outcome", c.Outcome}, {"lead", string(c.Lead)}, {"alarm", c.Alarm},
	} {
		if w.word != "" {
			s += " " + w.name + " " + clip(w.word, maxSubject)
		}
	}
	if c.Policy != nil && c.Policy.ID != "" {
		s += " policy " + clip(c.Policy.ID, maxSubject)
	}
	if c.Presumed {
		s += " presumed"
	}
	return s + c.Support.subject() + c.Activity.subject() + c.Area.subject() + c.Message.subject()
}

// How long the texts of a person may be, in characters.
const (
	maxText = 1000
	maxWord = 200 // what a record holds

	maxSubject = 64 // of one part of an audit entry
)

// checkText refuses what no person writes. Only Text has lines.
func (e *Engine) checkText(c *Command) string {
	if code := checkWords(maxText, "\n", c.Text); code != "" {
		return code
	}
	if code := checkPolicy(c.Policy); code != "" {
		return code
	}
	if code := checkWords(maxWord, "", c.Support.words()...); code != "" {
		return code
	}
	if code := checkMessage(c.Message); code != "" {
		return code
	}
	return checkWords(maxWord, "", c.Type, c.Contact, c.Desk, string(c.Partner), string(c.Lead), c.Standard, c.Posture,
		c.Outcome, c.Domain, c.Time, c.Alarm)
}

func checkWords(longest int, allowed string, list ...string) string {
	for _, s := range list {
		if utf8.RuneCountInString(s) > longest {
			return "text-too-long"
		}
		if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
			return (unicode.IsControl(r) && !strings.ContainsRune(allowed, r)) || unicode.In(r, unicode.Bidi_Control)
		}) {
			return "bad-request"
		}
	}
	return ""
}

// codeOf turns an error of a stage into the reply's code.
func codeOf(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, incident.ErrUnknown):
		return "no-such-incident"
	case errors.Is(err, response.ErrNoProposal):
		return "no-proposal"
	case errors.Is(err, response.ErrPosture):
		return "bad-posture"
	case errors.Is(err, response.ErrTerms):
		return "bad-time"
	case errors.Is(err, incident.ErrState), errors.Is(err, response.ErrNotNow), errors.Is(err, response.ErrAssumed):
		return "not-now"
	}
	return "bad-request"
}

func (e *Engine) actIdentify(c *Command, _ *Outputs) string {
	n := track.Number(c.Track)
	if _, ok := e.tracks.Get(n); !ok {
		return "no-such-track"
	}
	if !slices.Contains(record.Standards(), c.Standard) {
		return "bad-identity"
	}
	id := track.Identity{Standard: c.Standard, Type: c.Type, Presumed: c.Presumed, By: c.By, At: e.now}
	if err := e.tracks.SetIdentity(n, id); err != nil {
		return "bad-identity"
	}
	if inc, ok := e.book.Holding(n); ok {
		text := c.Standard
		if c.Type != "" {
			text += " " + c.Type
		}
		e.enter(inc, incident.Event{Kind: incident.EventIdentity, Track: n, By: c.By, Text: text, Originators: []party.ID{e.self}})
	}
	return ""
}

func (e *Engine) actAcknowledge(c *Command, _ *Outputs) string {
	return codeOf(e.book.Acknowledge(incident.Number(c.Incident), c.By, e.now))
}

func (e *Engine) actAcknowledgeAlarm(c *Command, _ *Outputs) string {
	return codeOf(e.book.AcknowledgeAlarm(c.Alarm, c.By, e.now))
}

// place reads a position that a person gave.
func (c *Command) place() (p geo.Point, has bool, code string) {
	if c.Lat == nil && c.Lon == nil {
		return p, false, ""
	}
	if c.Lat == nil || c.Lon == nil {
		return p, false, "bad-position"
	}
	p = geo.Point{LatDeg: *c.Lat, LonDeg: *c.Lon}
	if !p.Valid() {
		return p, false, "bad-position"
	}
	return p, true, ""
}

// when reads the time of an event that a person gave; now where none was.
func (e *Engine) when(c *Command) (time.Time, string) {
	if c.Time == "" {
		return e.now, ""
	}
	t, err := time.Parse(time.RFC3339, c.Time)
	if err != nil || t.After(e.now) || t.Year() < 2000 { // a record takes no earlier year
		return t, "bad-time"
	}
	return t.UTC(), ""
}

func (e *Engine) actOpen(c *Command, out *Outputs) string {
	p, has, code := c.place()
	if code != "" {
		return code
	}
	at, code := e.when(c)
	if code != "" {
		return code
	}
	if c.Text == "" {
		return "text-missing"
	}
	tracks := make([]track.Number, 0, len(c.Tracks))
	for _, n := range c.Tracks {
		tracks = append(tracks, track.Number(n))
	}
	n, err := e.book.OpenByHand(incident.Opening{
		Text: c.Text, Domain: c.Domain, Pos: p, HasPos: has, Tracks: tracks, By: c.By, Desk: c.Desk, Exercise: c.Exercise, At: at,
	}, e.now, e.tracks)
	out.Reply.Incident = uint32(n)
	return codeOf(err)
}

func (e *Engine) actMerge(c *Command, _ *Outputs) string {
	return codeOf(e.book.Merge(incident.Number(c.Incident), incident.Number(c.From), c.By, e.now))
}

func (e *Engine) actSplit(c *Command, out *Outputs) string {
	var list []track.Number
	for _, n := range c.Tracks {
		list = append(list, track.Number(n))
	}
	n, err := e.book.Split(incident.Number(c.Incident), list, c.By, e.now)
	out.Reply.Incident = uint32(n)
	return codeOf(err)
}

func (e *Engine) actClose(c *Command, _ *Outputs) string {
	if !slices.Contains(incident.Outcomes(), c.Outcome) {
		return "bad-outcome"
	}
	err := e.book.Close(incident.Number(c.Incident), c.Outcome, c.Text, c.By, e.now)
	if err == nil {
		e.endDistress(c.Incident)
	}
	return codeOf(err)
}

func (e *Engine) actReopen(c *Command, _ *Outputs) string {
	return codeOf(e.book.Reopen(incident.Number(c.Incident), c.By, e.now))
}

// open returns an incident that can be worked on.
func (e *Engine) openIncident(n uint32) (incident.Incident, string) {
	inc, ok := e.book.Get(incident.Number(n))
	if !ok {
		return inc, "no-such-incident"
	}
	if inc.State != incident.Open {
		return inc, "incident-closed"
	}
	return inc, ""
}

func (e *Engine) actTake(c *Command, _ *Outputs) string {
	if _, code := e.openIncident(c.Incident); code != "" {
		return code
	}
	if err := e.responses.Take(c.Incident, c.By, e.now); err != nil {
		return codeOf(err)
	}
	e.enter(incident.Number(c.Incident), incident.Event{Kind: "lead-taken", By: c.By, Text: string(e.self), Originators: []party.ID{e.self}})
	return ""
}

// clip cuts a text to what a record holds.
func clip(s string, n int) string {
	r := []rune(strings.ReplaceAll(s, "\n", " "))
	if len(r) > n {
		r = r[:n]
	}
	return string(r)
}

func (e *Engine) actPosture(c *Command, out *Outputs) string {
	inc, code := e.openIncident(c.Incident)
	if code != "" {
		return code
	}
	outs, err := e.responses.SetPosture(c.Incident, c.Posture, c.By, e.partnersOf(&inc), e.now)
	if err != nil {
		return codeOf(err)
	}
	e.enter(inc.Number, incident.Event{Kind: "posture", By: c.By, Text: c.Posture, Originators: []party.ID{e.self}})
	e.sayAll(outs, out)
	return ""
}

func (e *Engine) actLog(c *Command, out *Outputs) string {
	at, code := e.when(c)
	if code != "" {
		return code
	}
	if c.Text == "" {
		return "text-missing"
	}
	n, err := e.book.Note(incident.LogEntry{At: at, Desk: c.Desk, By: c.By, Text: c.Text, Incident: incident.Number(c.Incident)}, e.now)
	out.Reply.Entry = n
	return codeOf(err)
}

func (e *Engine) actStrike(c *Command, _ *Outputs) string {
	if c.Text == "" {
		return "text-missing"
	}
	return codeOf(e.book.Strike(c.Entry, c.By, c.Text, e.now))
}

// actDistress tells a partner of people in danger. It needs no policy; where
// it can't leave, the person is told to pass it by voice.
func (e *Engine) actDistress(c *Command, out *Outputs) string {
	p, has, code := c.place()
	if code != "" || !has {
		return "bad-position"
	}
	if c.Text == "" {
		return "text-missing"
	}
	if utf8.RuneCountInString(c.Text) > maxWord {
		return "text-too-long" // cut short it might miss what counts
	}
	if e.links[c.Partner] == nil {
		return "no-such-partner"
	}
	n, err := e.book.OpenByHand(incident.Opening{
		Text: c.Text, Domain: "sea", Pos: p, HasPos: true, Priority: 1, By: c.By, Desk: c.Desk, Exercise: c.Exercise, At: e.now,
	}, e.now, e.tracks)
	if err != nil {
		return codeOf(err)
	}
	out.Reply.Incident = uint32(n)
	e.enter(n, incident.Event{Kind: incident.EventDistress, By: c.By, Originators: []party.ID{e.self}})
	r := record.Record{Distress: &record.Distress{
		LatDeg: p.LatDeg, LonDeg: p.LonDeg, Nature: clip(c.Text, maxWord), Contact: c.Contact, Persons: c.Persons,
	}}
	facts := release.Facts{Exercise: c.Exercise}
	if err := e.release.Say(c.Partner, record.KindDistress, uint64(n), r, facts, e.now); err != nil || e.release.Frozen(c.Partner) {
		return "pass-by-voice"
	}
	return ""
}
