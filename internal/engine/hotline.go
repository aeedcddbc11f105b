// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"

	"github.com/kuroshio-watch/kuroshio/internal/message"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
)

// actHotline begins a test of the line to a partner.
func (e *Engine) actHotline(c *Command, out *Outputs) string {
	if e.links[c.Partner] == nil || !slices.Contains(e.cfg.Partners, c.Partner) {
		return "no-such-partner"
	}
	return e.askHotline(c.Partner, out)
}

func (e *Engine) askHotline(to party.ID, out *Outputs) string {
	id := func(n uint64) record.ID { return e.ids(to, record.KindHotline, n) }
	t, err := e.messages.Ask(to, id, e.now)
	if err != nil {
		return "test-open"
	}
	if !e.sayTest(t, out) {
		e.messages.Withdraw(to, e.now)
		return "withheld"
	}
	return ""
}

// actHotlineAcknowledge is a person's word that a partner's test reached this
// desk.
func (e *Engine) actHotlineAcknowledge(c *Command, out *Outputs) string {
	t, err := e.messages.Acknowledge(c.Partner, deskWord(c.Desk), e.now)
	if err != nil {
		return "no-test"
	}
	e.messageAlarms()
	if !e.sayTest(t, out) {
		return "withheld"
	}
	return ""
}

func (e *Engine) sayTest(t message.Test, out *Outputs) bool {
	return e.speak(t.To, record.KindHotline, t.Number, record.Record{Hotline: t.Body}, nil, out)
}

// takeHotline takes a step of a test. A request is answered in the same step,
// so that the times are those of the line.
func (e *Engine) takeHotline(p *Partner, r *record.Record, out *Outputs) error {
	switch r.Hotline.Step {
	case "request":
		t, err := e.messages.Asked(p.From, r.Object, r.Hotline, e.now)
		if err != nil {
			return err
		}
		if e.sayTest(t, out) {
			e.releaseDue(out)
		}
		e.messageAlarms()
		return nil
	case "answer":
		return e.messages.Answered(p.From, r.Hotline, e.now)
	default: // "acknowledge": the codec knows no others
		return e.messages.Acknowledged(p.From, r.Hotline, e.now)
	}
}

// tickMessages begins the tests that are due, raises what is overdue and lets
// the alarms of messages go on. A line that a person stopped is not overdue.
func (e *Engine) tickMessages(out *Outputs) {
	for _, to := range e.messages.Due(e.now) {
		if l := e.links[to]; l != nil && l.State == "up" {
			e.askHotline(to, out)
		}
	}
	var lines []watch.Line
	for _, to := range e.cfg.Partners {
		l := e.messages.Line(to)
		if s := e.links[to]; s != nil && s.State != "stopped" {
			lines = append(lines, watch.Line{Partner: to, Tested: l.Age(), Every: e.hotlines()[to]})
		}
	}
	for _, a := range e.watch.Hotlines(e.now, lines) {
		e.raise(a)
	}
	e.messageAlarms()
}
