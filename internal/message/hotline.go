// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"errors"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Errors of a test of the line.
var (
	ErrTesting = errors.New("a test is under way")
	ErrNoTest  = errors.New("no test waits for it")
)

// Line is the state of the tests of the line to one partner. A test is done
// when a person at the desk that was called has acknowledged it: a line on
// which only machines answer is not known to reach anybody.
type Line struct {
	Since  time.Time `json:"since"`  // when we first heard of the partner
	Tested time.Time `json:"tested"` // last test done, by either party; zero for none
	// Our own test that is under way.
	Number uint64    `json:"number"` // 0: none
	ID     record.ID `json:"id"`
	Asked  time.Time `json:"asked"`
	// The partner's test that waits for a person here.
	Waits   *record.Ref `json:"waits"`
	WaitsAt time.Time   `json:"waits_at"`
	Their   time.Time   `json:"their"` // its T1
	// What the last answered test of ours measured.
	Measured  time.Time     `json:"measured"` // zero for never
	RoundTrip time.Duration `json:"round_trip"`
	Offset    time.Duration `json:"offset"` // the partner's clock before ours
}

// Test is a step of a test to be sent.
type Test struct {
	To     party.ID
	Number uint64
	Body   *record.Hotline
}

func (d *Desk) line(p party.ID, now time.Time) *Line {
	l, ok := d.lines[p]
	if !ok {
		l = &Line{Since: now}
		d.lines[p] = l
	}
	return l
}

// Line returns the state of the line to a partner.
func (d *Desk) Line(p party.ID) Line {
	if l, ok := d.lines[p]; ok {
		return *l
	}
	return Line{}
}

// Age returns since when the line counts as untested.
func (l *Line) Age() time.Time {
	if l.Tested.After(l.Since) {
		return l.Tested
	}
	return l.Since
}

// lead is how much before it is due the machine begins a test: people at the
// other desk need time to acknowledge it.
func (d *Desk) lead(to party.ID) time.Duration { return d.Every(to) / 16 }

// retry is how long an unanswered test is waited for before another may begin.
const retry = time.Minute

// pause is how soon after one that waits a partner's next test is answered: a
// flood of requests must not become a flood of answers.
const pause = 10 * time.Second

// Ask begins a test. id gives the id under which the partner will know it.
func (d *Desk) Ask(to party.ID, id func(number uint64) record.ID, now time.Time) (Test, error) {
	l := d.line(to, now)
	if l.Number != 0 && now.Sub(l.Asked) < retry {
		return Test{}, ErrTesting
	}
	d.next++
	l.Number, l.ID, l.Asked = d.next, id(d.next), now
	return Test{To: to, Number: l.Number, Body: &record.Hotline{Step: "request", Asked: now}}, nil
}

// Withdraw forgets a test of ours that could not be told to the partner.
func (d *Desk) Withdraw(to party.ID, now time.Time) { d.line(to, now).Number = 0 }

// Asked answers a partner's test by machine; a person here still has to
// acknowledge it.
func (d *Desk) Asked(from party.ID, id record.ID, h *record.Hotline, now time.Time) (Test, error) {
	l := d.line(from, now)
	if l.Waits != nil && now.Sub(l.WaitsAt) < pause {
		return Test{}, ErrTesting
	}
	l.Waits, l.WaitsAt, l.Their = &record.Ref{Originator: from, ID: id}, now, h.Asked
	d.next++
	received, answered := now, now
	ref := *l.Waits
	return Test{To: from, Number: d.next, Body: &record.Hotline{
		Step: "answer", Test: &ref, Asked: h.Asked, Received: &received, Answered: &answered,
	}}, nil
}

// ours reports whether a step is about our test that is under way.
func (l *Line) ours(self party.ID, h *record.Hotline) bool {
	return l.Number != 0 && h.Test.Originator == self && h.Test.ID == l.ID && h.Asked.Equal(l.Asked.Round(time.Microsecond))
}

// Answered takes the machine's answer: round trip and the difference of the
// clocks (RFC 5905 §8).
func (d *Desk) Answered(from party.ID, h *record.Hotline, now time.Time) error {
	l := d.line(from, now)
	if !l.ours(d.cfg.Self, h) {
		return ErrNoTest
	}
	t1, t2, t3, t4 := l.Asked, *h.Received, *h.Answered, now
	l.RoundTrip = t4.Sub(t1) - t3.Sub(t2)
	l.Offset = (t2.Sub(t1) + t3.Sub(t4)) / 2
	l.Measured = now
	return nil
}

// Acknowledge is a person's act: a partner's test has reached this desk.
func (d *Desk) Acknowledge(from party.ID, desk string, now time.Time) (Test, error) {
	l := d.line(from, now)
	if l.Waits == nil {
		return Test{}, ErrNoTest
	}
	d.next++
	t := Test{To: from, Number: d.next, Body: &record.Hotline{Step: "acknowledge", Test: l.Waits, Asked: l.Their, Desk: desk}}
	l.Waits, l.Tested = nil, now
	return t, nil
}

// Acknowledged ends a test of ours: a person at the other desk has seen it.
func (d *Desk) Acknowledged(from party.ID, h *record.Hotline, now time.Time) error {
	l := d.line(from, now)
	if !l.ours(d.cfg.Self, h) {
		return ErrNoTest
	}
	l.Number, l.Tested = 0, now
	return nil
}

// Due returns the partners whose line this node should test now by itself.
func (d *Desk) Due(now time.Time) []party.ID {
	var list []party.ID
	for _, p := range d.cfg.Partners {
		l := d.line(p, now)
		open := l.Number != 0 && now.Sub(l.Asked) < max(d.lead(p), retry)
		if d.cfg.Auto && d.Every(p) > 0 && l.Waits == nil && !open && now.Sub(l.Age()) >= d.Every(p)-d.lead(p) {
			list = append(list, p)
		}
	}
	slices.Sort(list)
	return list
}
