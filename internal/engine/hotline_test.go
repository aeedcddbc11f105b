// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

func TestHotlineTestShowsAgeRoundTripAndClock(t *testing.T) {
	n := newTrio(t)
	n.delay, n.skew["jp"] = 250*time.Millisecond, 3*time.Second
	line := func(p, q party.ID) engine.HotlineView {
		for _, th := range n.e[p].View().Messages.Partners {
			if th.Party == q {
				return th.Line
			}
		}
		t.Fatalf("%s shows no line to %s", p, q)
		return engine.HotlineView{}
	}
	n.do("tw", engine.Command{Verb: "hotline", Partner: "jp"})
	if r := n.try("tw", engine.Command{Verb: "hotline", Partner: "jp"}); r.Code != "test-open" {
		t.Errorf("a second test = %q, want test-open", r.Code)
	}
	n.now = n.now.Add(n.delay)
	n.deliver()
	if i := slices.IndexFunc(n.line, func(p parcel) bool { return p.from == "jp" }); i < 0 {
		t.Error("the answer waits for a tick: the round trip would not be the line's")
	}
	n.pass(time.Second, 50*time.Millisecond)
	l := line("tw", "jp")
	if l.RTTMs == nil || *l.RTTMs != 500 || l.OffsetMs == nil || *l.OffsetMs != 3000 {
		t.Errorf("round trip %v, offset %v; want 500 ms and 3000 ms", l.RTTMs, l.OffsetMs)
	}
	if l.Tested != nil || l.Asked == nil {
		t.Errorf("tw shows %+v: a machine's answer is no test", l)
	}
	if line("jp", "tw").Waits == nil {
		t.Error("jp does not show that a test waits for a person")
	}
	if a, ok := n.alarm("jp", "hotline/tw"); !ok || a.Priority != 3 {
		t.Errorf("jp's alarm = %+v, %t", a, ok)
	}
	n.do("jp", engine.Command{Verb: "hotline-acknowledge", Partner: "tw", Desk: "WANG"})
	n.pass(time.Second, 50*time.Millisecond)
	for p, q := range map[party.ID]party.ID{"tw": "jp", "jp": "tw"} {
		if l := line(p, q); l.Tested == nil || l.Overdue || l.Due == nil || l.Due.Sub(*l.Tested) != 8*time.Hour {
			t.Errorf("%s shows %+v, want a test done and the next due in 8 h", p, l)
		}
	}
	if bytes.Contains(n.raw["tw"], []byte("WANG")) {
		t.Error("a desk's free word was sent")
	}
}

func TestUntestedHotlineIsAlarmedAtBothSides(t *testing.T) {
	n := newTrio(t)
	n.pass(7*time.Hour+20*time.Minute, 10*time.Minute)
	if v := n.e["tw"].View(); v.Messages.Partners[1].Line.Asked != nil {
		t.Error("a test was begun too early")
	}
	n.pass(30*time.Minute, 10*time.Minute)
	if v := n.e["jp"].View(); v.Messages.Partners[1].Line.Waits == nil && v.Messages.Partners[1].Line.Asked == nil {
		t.Error("no node began a test by itself")
	}
	n.pass(20*time.Minute, 10*time.Minute)
	for p, q := range map[party.ID]party.ID{"tw": "jp", "jp": "tw"} {
		if a, ok := n.alarm(p, "C04/"+string(q)); !ok || a.Priority != 2 || a.Subject != string(q) {
			t.Errorf("%s's alarm after 8 h = %+v, %t; want C04, priority 2", p, a, ok)
		}
	}
	for _, p := range []party.ID{"tw", "jp"} {
		for _, q := range []party.ID{"jp", "tw"} {
			if p != q {
				n.try(p, engine.Command{Verb: "hotline-acknowledge", Partner: q})
			}
		}
	}
	n.pass(10*time.Minute, 10*time.Minute)
	for p, q := range map[party.ID]party.ID{"tw": "jp", "jp": "tw"} {
		if a, ok := n.alarm(p, "C04/"+string(q)); ok && a.State != "returned" {
			t.Errorf("%s's alarm stays %s after a person answered", p, a.State)
		}
	}
	// Who stopped a line is not reminded to test it.
	n.step("tw", &engine.Input{Command: &engine.Command{Verb: "stop", Partner: "cell", By: "WANG", Role: engine.Supervisor}})
	n.pass(10*time.Minute, 10*time.Minute)
	if a, ok := n.alarm("tw", "C04/cell"); ok && a.State != "returned" {
		t.Errorf("a stopped line is overdue: %+v", a)
	}
}

func TestOneParameterSaysHowOftenAndWhenOverdue(t *testing.T) {
	n := newTrio(t)
	cfg := trioConfig(t, "tw", `grid = "5km"`)
	cfg.Hotline = engine.HotlineConfig{Every: 2 * time.Hour}
	n.step("tw", &engine.Input{Config: cfg})
	n.pass(2*time.Hour+10*time.Minute, 10*time.Minute)
	if _, ok := n.alarm("tw", "C04/jp"); !ok {
		t.Error("no alarm after the two hours that were configured")
	}
	if _, ok := n.alarm("jp", "C04/tw"); ok {
		t.Error("the other side is alarmed by our parameter")
	}
	if v := n.e["tw"].View(); v.Messages.Partners[1].Line.Asked != nil {
		t.Error("a test began though only people begin them here")
	}
}
