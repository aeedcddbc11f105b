// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package response

import (
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// wait is how long the partner's machine has to answer before a step is sent
// again. A line that comes back starts anew.
func (d *Desk) wait(with party.ID) time.Duration { return d.cfg.t1(with) / 4 }

// Tick lets time pass. It applies the sector table to the open incidents given,
// raises the alarm of every dialogue past T1, ends those past T2, takes the lead
// where the agreed time has come, and sends again what was not answered. A taker
// that has sent ASSUME keeps waiting, with its alarm.
func (d *Desk) Tick(now time.Time, cases []Case) ([]Out, []Notice) {
	var outs []Out
	var notices []Notice
	open := make(map[uint32]bool, len(cases))
	for i := range cases {
		open[cases[i].Incident] = true
		if _, ok := d.leads[cases[i].Incident]; ok || len(d.down) > 0 {
			notices = append(notices, d.table(&cases[i], d.lead(cases[i].Incident), now)...)
		}
	}
	for _, incident := range slices.Sorted(maps.Keys(d.leads)) {
		if !open[incident] {
			d.leads[incident].endTable()
		}
		o, n := d.timers(incident, d.leads[incident], now)
		outs, notices = append(outs, o...), append(notices, n...)
	}
	for i := range cases {
		if l, ok := d.leads[cases[i].Incident]; ok {
			outs = append(outs, d.claims(&cases[i], l, now)...)
		}
	}
	return outs, notices
}

func (d *Desk) timers(incident uint32, l *Lead, now time.Time) (outs []Out, notices []Notice) {
	if d.due(l, now) {
		outs = append(outs, d.assume(incident, l, now))
	}
	if !l.Alarm && d.overdue(l, now) {
		l.Alarm = true
		with, lead := l.With, l.Proposed
		if !l.open() {
			with, lead = l.Sent.To, l.Holder
		}
		notices = append(notices, Notice{Incident: incident, Kind: "lead-alarm", From: with, Lead: lead})
	}
	if at, ends := d.Deadline(*l); ends && !now.Before(at) {
		outs = append(outs, d.send(incident, l, "timeout", "no-answer", now))
		notices = append(notices, Notice{Incident: incident, Kind: "lead-timeout", From: l.With, Lead: l.Proposed})
		l.fallBack()
		return outs, notices
	}
	if d.unanswered(l, now) {
		outs = append(outs, d.resend(incident, l, now))
	}
	return outs, notices
}

// overdue reports whether somebody should have answered: a person in an open
// dialogue, or the taker's machine when we gave the lead.
func (d *Desk) overdue(l *Lead, now time.Time) bool {
	if l.open() {
		return !now.Before(d.alarmAt(l))
	}
	s := &l.Sent
	return s.Body.Step == "confirm" && s.Body.Epoch == l.Epoch && s.Word != "receipt" && now.Sub(s.First) >= d.cfg.t1(s.To)
}

func (d *Desk) unanswered(l *Lead, now time.Time) bool {
	s := &l.Sent
	if s.To == "" || s.Tries >= d.cfg.Tries || !d.up(s.To) || now.Sub(s.Last) < d.wait(s.To) {
		return false
	}
	return s.Word == "" || (s.Word == "receipt" && l.waitsForConfirm())
}

// waitsForConfirm reports whether our ASSUME is out: that the partner's machine
// has it ends nothing, only its CONFIRM does.
func (l *Lead) waitsForConfirm() bool { return l.Sent.Body.Step == "assume" && l.Assumed }

// resend sends our latest step again: the same id and epoch.
func (d *Desk) resend(incident uint32, l *Lead, now time.Time) Out {
	s := &l.Sent
	s.Tries++
	s.Last = now
	body := s.Body
	return Out{To: s.To, Incident: incident, Number: s.Number, Dialogue: &body}
}
