// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// StopCase is an open distress case that a stop concerns. A person says for
// each whether it is passed by voice or held.
type StopCase struct {
	Party    party.ID `json:"party"`
	Incident uint32   `json:"incident"`
	Theirs   bool     `json:"theirs,omitempty"` // the partner told it us
	Answer   string   `json:"answer"`           // "asked", "pass", "hold"
}

// Answers of a StopCase.
const (
	caseAsked = "asked"
	casePass  = "pass"
	caseHold  = "hold"
)

func (e *Engine) actStop(c *Command, out *Outputs) string {
	if e.links[c.Partner] == nil {
		return "no-such-partner"
	}
	e.stop(c.Partner, out)
	return ""
}

// actStopAll stops release to every partner in one act.
func (e *Engine) actStopAll(_ *Command, out *Outputs) string {
	for _, p := range e.cfg.Partners {
		e.stop(p, out)
	}
	return ""
}

// stop freezes what is pending for a partner, has its link closed, and names the
// open distress cases.
func (e *Engine) stop(p party.ID, out *Outputs) {
	e.release.Freeze(p)
	if l := e.links[p]; l.State != "stopped" {
		l.State, l.Since = "stopped", e.now
		e.lineOf(l)
	}
	out.Stop = append(out.Stop, p)
	for _, c := range e.distressWith(p) {
		if i, found := e.stopCase(p, c.Incident); found {
			c = e.stopCases[i]
		} else {
			e.stopCases = slices.Insert(e.stopCases, i, c)
			e.stopAlarm(&c)
		}
		out.Reply.Distress = append(out.Reply.Distress, c)
	}
}

// distressWith lists the open distress cases with a partner: those that it told
// us, and those of ours that it was told or that wait for it.
func (e *Engine) distressWith(p party.ID) []StopCase {
	var list []StopCase
	waits := e.release.Waiting(p, record.KindDistress)
	for _, inc := range e.book.Open() {
		n := uint64(inc.Number)
		theirs := slices.ContainsFunc(inc.Events, func(ev incident.Event) bool {
			return ev.Kind == incident.EventDistress && slices.Contains(ev.Originators, p)
		})
		if theirs || slices.Contains(waits, n) || slices.Contains(e.release.Holders(record.KindDistress, n), p) {
			list = append(list, StopCase{Party: p, Incident: uint32(inc.Number), Theirs: theirs, Answer: caseAsked})
		}
	}
	return list
}

func (e *Engine) stopCase(p party.ID, n uint32) (int, bool) {
	return slices.BinarySearchFunc(e.stopCases, StopCase{Party: p, Incident: n}, func(a, b StopCase) int {
		return cmp.Or(cmp.Compare(a.Party, b.Party), cmp.Compare(a.Incident, b.Incident))
	})
}

// stopAlarm holds until a person has answered.
func (e *Engine) stopAlarm(c *StopCase) {
	key := "stop-case/" + string(c.Party) + "/" + strconv.FormatUint(uint64(c.Incident), 10)
	e.system(key, "stop-case", string(c.Party), 1, c.Answer == caseAsked)
}

// actStopCase answers for one distress case: passed by voice, so that it waits
// no longer here, or held until release is resumed.
func (e *Engine) actStopCase(c *Command, _ *Outputs) string {
	if c.Recall == nil || (c.Recall.Answer != casePass && c.Recall.Answer != caseHold) {
		return "bad-request"
	}
	i, found := e.stopCase(c.Partner, c.Incident)
	if !found {
		return "no-such-incident"
	}
	s := &e.stopCases[i]
	s.Answer = c.Recall.Answer
	e.stopAlarm(s)
	if s.Answer == casePass {
		e.release.DropStatement(c.Partner, record.KindDistress, uint64(c.Incident))
	}
	e.enter(incident.Number(c.Incident), incident.Event{
		Kind: "distress-" + s.Answer, By: c.By, Text: string(c.Partner), Originators: []party.ID{e.self},
	})
	return ""
}

// actResume lets release go on. Where something waits, the person says what is
// to become of it.
func (e *Engine) actResume(c *Command, out *Outputs) string {
	l := e.links[c.Partner]
	if l == nil {
		return "no-such-partner"
	}
	var choice string
	if c.Recall != nil {
		choice = c.Recall.Pending
	}
	switch {
	case choice == "" && l.State == "stopped" && e.release.Pending(c.Partner) > 0:
		return "pending-undecided"
	case choice != "" && choice != "release" && choice != "discard":
		return "bad-request"
	case choice == "discard":
		out.Reply.Named = e.release.Discard(c.Partner)
		out.Withdraw = append(out.Withdraw, Withdrawal{To: c.Partner, All: true})
	}
	if !e.outboxFull(c.Partner) {
		e.release.Resume(c.Partner)
	}
	if l.State == "stopped" {
		l.State, l.Since = "down", e.now
		e.lineOf(l)
	}
	e.stopCases = slices.DeleteFunc(e.stopCases, func(s StopCase) bool {
		if s.Party != c.Partner {
			return false
		}
		s.Answer = caseHold // nobody needs to answer any more
		e.stopAlarm(&s)
		return true
	})
	out.Resume = c.Partner
	return ""
}
