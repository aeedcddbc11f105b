// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plan"
)

// at returns the first picture of a party from a time of the published day on.
func at(t *testing.T, r *run, id party.ID, hour string) *engine.View {
	t.Helper()
	from := clock(t, "2023-08-28T"+hour+":00Z")
	for _, v := range r.views[id] {
		if !v.Now.Before(from) {
			return v
		}
	}
	t.Fatalf("no picture of %s from %s on", id, hour)
	return nil
}

// leadAt returns who leads the one incident in a party's picture.
func leadAt(t *testing.T, r *run, id party.ID, hour string) engine.LeadView {
	t.Helper()
	list := open(at(t, r, id, hour).Incidents)
	if len(list) != 1 {
		t.Fatalf("%s has %d open incidents at %s", id, len(list), hour)
	}
	return list[0].Lead
}

func linkAt(t *testing.T, r *run, id, to party.ID, hour string) engine.LinkView {
	t.Helper()
	v := at(t, r, id, hour)
	i := slices.IndexFunc(v.Links, func(l engine.LinkView) bool { return l.Party == to })
	if i < 0 {
		t.Fatalf("%s has no link to %s", id, to)
	}
	return v.Links[i]
}

func planAt(t *testing.T, r *run, id, with party.ID, hour string) engine.PlanView {
	t.Helper()
	v := at(t, r, id, hour)
	i := slices.IndexFunc(v.Plans, func(p engine.PlanView) bool { return p.Party == with })
	if i < 0 {
		t.Fatalf("%s has no plan with %s", id, with)
	}
	return v.Plans[i]
}

// other is the neighbour.
var other = map[party.ID]party.ID{tw: jp, jp: tw}

// TestSecondAct looks at what the two watch floors say to each other, agree and
// settle in the published day's second act.
func TestSecondAct(t *testing.T) {
	t.Parallel()
	r := of(t, full)

	t.Run("the joint plan is in force once both have declared it", func(t *testing.T) {
		for _, id := range []party.ID{tw, jp} {
			for hour, state := range map[string]string{"02:29": "none", "02:35": "in-force", "07:59": "in-force"} {
				p := planAt(t, r, id, other[id], hour)
				if p.State != state || p.Applies != (state == "in-force") || p.T1S != 180 || p.T2S != 600 {
					t.Errorf("%s at %s: %+v, want %s with timers of 3 and 10 minutes", id, hour, p, state)
				}
			}
			var names []string
			p := planAt(t, r, id, other[id], "02:35")
			for _, part := range p.Parts {
				if names = append(names, part.Name); part.State != plan.Equal {
					t.Errorf("%s: %+v", id, part)
				}
			}
			if want := "sectors lines thresholds timers phrasebook contacts proof"; strings.Join(names, " ") != want || p.Changed {
				t.Errorf("%s compares %v, want %s; changed: %v", id, names, want, p.Changed)
			}
			if p.Ours == nil || p.Theirs == nil || !p.Ours.Exercise || !p.Theirs.Exercise {
				t.Errorf("%s: a declaration is missing or no exercise: %+v", id, p)
			}
			if p := planAt(t, r, id, cell, "07:59"); p.State != "none" || p.Prepared {
				t.Errorf("%s with cell: %+v", id, p)
			}
		}
	})
	t.Run("a coded question and its answer, each in the reader's language", func(t *testing.T) {
		for _, id := range []party.ID{tw, jp} {
			list := r.report.Nodes[id].Messages
			i := slices.IndexFunc(list, func(m engine.MessageView) bool { return m.Code == "202" })
			if i < 0 {
				t.Fatalf("%s holds no question: %+v", id, list)
			}
			m := list[i]
			for lang, word := range map[string]string{"en": "Do you hold", "ja": "捕捉", "zh-Hant": "掌握"} {
				if !strings.Contains(m.Texts[lang], word) {
					t.Errorf("%s reads the question in %s as %q", id, lang, m.Texts[lang])
				}
			}
			if m.Precedence != "priority" || !m.Exercise || m.Ours != (id == jp) || m.State != "read" {
				t.Errorf("%s holds the question as %+v", id, m)
			}
		}
	})
	t.Run("a test of the line that the other desk acknowledged", func(t *testing.T) {
		for _, id := range []party.ID{tw, jp} {
			for _, p := range at(t, r, id, "02:39").Messages.Partners {
				if p.Party == other[id] && (p.Line.Tested == nil || p.Line.Overdue) {
					t.Errorf("%s: %+v", id, p.Line)
				}
			}
		}
	})
	t.Run("own activities overlap: an alarm at both desks, until one is clear", func(t *testing.T) {
		a, b := at(t, r, tw, "02:46").Activity.Overlaps, at(t, r, jp, "02:46").Activity.Overlaps
		if len(a) != 1 || len(b) != 1 {
			t.Fatalf("%d overlaps at tw, %d at jp", len(a), len(b))
		}
		for id, o := range map[party.ID]engine.OverlapView{tw: a[0], jp: b[0]} {
			if !o.From.Equal(clock(t, "2023-08-28T02:45:00Z")) || !o.To.Equal(clock(t, "2023-08-28T03:30:00Z")) || o.Height == nil || o.Height.BaseFt != 3000 || o.Height.TopFt != 5000 {
				t.Errorf("%s: %+v, want 02:45 to 03:30 between 3,000 and 5,000 ft", id, o)
			}
			i := slices.IndexFunc(at(t, r, id, "02:46").Alarms, func(x engine.AlarmView) bool { return x.Key == o.Alarm })
			if i < 0 || at(t, r, id, "02:46").Alarms[i].Priority != 1 {
				t.Errorf("%s has no alarm of priority 1 for it", id)
			}
		}
		if d := cmp.Diff(a[0].Area, b[0].Area); d != "" {
			t.Errorf("the two sides see another area: %s", d)
		}
		for _, id := range []party.ID{tw, jp} {
			if n := len(at(t, r, id, "02:54").Activity.Overlaps); n != 0 {
				t.Errorf("%s still shows %d overlaps after one is clear", id, n)
			}
		}
	})
	t.Run("a hand-over with a counter-offer during a line cut", func(t *testing.T) {
		for _, id := range []party.ID{tw, jp} {
			if l := linkAt(t, r, id, other[id], "03:02"); l.State == "up" {
				t.Errorf("the line of %s is up at 03:02", id)
			}
			if l := linkAt(t, r, id, other[id], "03:07"); l.State != "up" {
				t.Errorf("the line of %s is %s at 03:07", id, l.State)
			}
			if l := leadAt(t, r, id, "03:10"); l.Holder != tw {
				t.Errorf("at %s %q leads before the agreed hour", id, l.Holder)
			}
			if l := leadAt(t, r, id, "03:17"); l.State != "confirmed" || l.Holder != jp {
				t.Errorf("at %s after the agreed hour: %+v", id, l)
			}
		}
		if a, b := leadAt(t, r, tw, "03:17"), leadAt(t, r, jp, "03:17"); a.Epoch != b.Epoch {
			t.Errorf("epoch %d at tw, %d at jp", a.Epoch, b.Epoch)
		}
	})
	t.Run("a request that one article allows, and one that none does", func(t *testing.T) {
		for _, id := range []party.ID{tw, jp} {
			requests := r.report.Nodes[id].Support.Requests
			if len(requests) != 2 {
				t.Fatalf("%s holds %d requests", id, len(requests))
			}
			slices.SortFunc(requests, func(a, b engine.RequestView) int { return int(a.N) - int(b.N) })
			fuel, training := requests[0], requests[1]
			if fuel.State != "settled" || !strings.Contains(fuel.Citation, "art. 4(1)") || fuel.Delivered != 20_000 || fuel.Paid != 2_400_000 || fuel.Differs {
				t.Errorf("%s: the fuel: %+v", id, fuel)
			}
			if training.State != "not-covered" || training.Civil == "" || training.Approval != nil {
				t.Errorf("%s: the training: %+v", id, training)
			}
		}
	})
	t.Run("a recall with its receipt", func(t *testing.T) {
		recalls := r.report.Nodes[tw].Recalls
		if len(recalls) != 1 || recalls[0].Missing != 0 || recalls[0].Gone == 0 || recalls[0].How != "rule" {
			t.Fatalf("tw's recalls: %+v", recalls)
		}
		for _, m := range r.report.Nodes[jp].Messages {
			if !m.Ours && m.Party == tw && (m.Code != "" || m.Text != "" || len(m.Texts) > 0) {
				t.Errorf("jp still holds what was recalled: %+v", m)
			}
		}
	})
	t.Run("a stop, and going on", func(t *testing.T) {
		if l := linkAt(t, r, jp, tw, "04:05"); l.State != "stopped" {
			t.Errorf("jp's link to tw is %s at 04:05", l.State)
		}
		if l := linkAt(t, r, tw, jp, "04:05"); l.State == "up" {
			t.Error("tw's link to jp is up while jp has stopped")
		}
		for _, id := range []party.ID{tw, jp} {
			if l := linkAt(t, r, id, other[id], "04:13"); l.State != "up" {
				t.Errorf("the link of %s is %s at 04:13", id, l.State)
			}
		}
	})
	t.Run("none of it reaches the third party", func(t *testing.T) {
		n := r.report.Nodes[cell]
		if len(n.Messages)+len(n.Activity.Notices)+len(n.Support.Requests) > 0 {
			t.Errorf("cell holds %d messages, %d notices, %d requests", len(n.Messages), len(n.Activity.Notices), len(n.Support.Requests))
		}
	})
}
