// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

func event(rule string, at time.Time, from ...party.ID) release.CaseEvent {
	return release.CaseEvent{Rule: rule, Zone: "gap_c", ZoneVersion: "v1", Direction: "in", At: at, Entered: at, Originators: from}
}

func openCase(events ...release.CaseEvent) release.Case {
	return release.Case{Number: 7, Opened: start.Add(-time.Hour), Sector: "gap_c", Domain: plot.Air, Events: events}
}

func TestIncidentHoldsOurOwnPart(t *testing.T) {
	d := newDesk(policy(t, pictureRule(gapTerms)))
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	marked := event("A04", at(6), "cell", "tw")
	marked.Onward = []party.ID{"jp"}
	other := event("A05", at(7), "cell")
	other.Onward = []party.ID{"xx"}
	c := openCase(event("A01", at(1), "cell"), event("A02", at(5), "tw"), event("A03", at(5), "tw", "cell"), marked, other, event("A06", at(8)))
	c.Tracks = []track.Number{1, 2}
	c.Identity = &release.CaseIdentity{Identity: record.Identity{Standard: "suspect", Type: "BZK-005"}, At: at(5), ByPerson: true, By: "wang"}
	pic := &picture{cases: []release.Case{c}, tracks: []track.Track{airTrack(1, gap)}}
	var got []*record.Record
	for _, l := range run(t, d, at(10), 200, pic) {
		if l.r.Incident != nil {
			got = append(got, l.r)
		}
	}
	if len(got) == 0 {
		t.Fatal("the incident was not told")
	}
	bin := record.Bin{Start: start, Width: time.Minute}
	two := uint16(2)
	want := &record.Incident{
		State: "open", Opened: bin, Sector: "gap_c", Domain: "air",
		Identity: &record.Identity{Standard: "suspect", Type: "BZK-005"}, Count: &two,
		Tracks: []record.ID{ids("jp", record.KindTrack, 1)},
		Events: []record.Event{
			{Rule: "A02", Zone: "gap_c", ZoneVersion: "v1", Direction: "in", Bin: bin},
			{Rule: "A04", Zone: "gap_c", ZoneVersion: "v1", Direction: "in", Bin: bin},
		},
	}
	if diff := cmp.Diff(want, got[len(got)-1].Incident); diff != "" {
		t.Errorf("incident (-want +got):\n%s", diff)
	}
}

// Of a rule without a zone the direction says what is wrong with a name.
func TestWhatIsWrongWithANameStaysHome(t *testing.T) {
	d := newDesk(policy(t, pictureRule(gapTerms)))
	ev := release.CaseEvent{Rule: "A10", Direction: "callsign", At: start, Entered: start, Originators: []party.ID{"tw"}}
	told := 0
	for _, l := range run(t, d, start, 200, &picture{cases: []release.Case{openCase(ev)}}) {
		if l.r.Incident == nil {
			continue
		}
		for _, e := range l.r.Incident.Events {
			told++
			if e.Direction != "" {
				t.Errorf("event %+v left with %q", e, e.Direction)
			}
		}
	}
	if told == 0 {
		t.Error("the event was not told")
	}
}

func TestIncidentOfOthersStaysHome(t *testing.T) {
	d := newDesk(policy(t, pictureRule(gapTerms)))
	pic := &picture{cases: []release.Case{openCase(event("A01", start, "cell"))}}
	if got := run(t, d, start, 300, pic); len(got) != 0 {
		t.Errorf("an incident that rests on another's word left: %+v", got[0].r.Incident)
	}
	e := d.ExplainCase(start, &pic.cases[0])
	if len(e) != 2 || e[1].Allow || e[1].Reason != "not-ours" {
		t.Errorf("ExplainCase = %+v, want not-ours", e)
	}
}

// TestIncidentKeepsFieldsThatWereNotGranted grants nothing but that it is.
func TestIncidentKeepsFieldsThatWereNotGranted(t *testing.T) {
	d := newDesk(policy(t, head+ruleText("bare", "allow", "jp", "incident", "", `time_bin = "60s"
slot = "30s"
delay = "0s"`)))
	c := openCase(event("A02", start, "tw"))
	c.Tracks = []track.Number{1}
	c.Identity = &release.CaseIdentity{Identity: record.Identity{Standard: "suspect"}, At: start}
	got := run(t, d, start, 100, &picture{cases: []release.Case{c}})
	if len(got) != 1 {
		t.Fatalf("%d records, want 1", len(got))
	}
	bin := record.Bin{Start: start, Width: time.Minute}
	want := &record.Incident{State: "open", Opened: bin, Domain: "air", Events: []record.Event{{Rule: "event", Bin: bin}}}
	if diff := cmp.Diff(want, got[0].r.Incident); diff != "" {
		t.Errorf("incident (-want +got):\n%s", diff)
	}
}

func TestIncidentIsToldAgainOnlyWhenItChanged(t *testing.T) {
	d := newDesk(policy(t, pictureRule(gapTerms)))
	pic := &picture{cases: []release.Case{openCase(event("A02", start, "tw"))}}
	first := run(t, d, start, 600, pic)
	if len(first) != 1 || first[0].r.Epoch != 1 {
		t.Fatalf("%d records in ten minutes, want one of epoch 1", len(first))
	}
	now := start.Add(10 * time.Minute)
	pic.cases[0].Events = append(pic.cases[0].Events, event("A01", now, "cell")) // another's word changes nothing
	if got := run(t, d, now, 300, pic); len(got) != 0 {
		t.Errorf("another's event made %d records", len(got))
	}
	now = now.Add(5 * time.Minute)
	pic.cases[0].Closed, pic.cases[0].ClosedAt, pic.cases[0].Outcome = true, now, "identified"
	got := run(t, d, now, 300, pic)
	if len(got) != 1 || got[0].r.Epoch != 2 || got[0].r.Incident.State != "closed" || got[0].r.Incident.Outcome != "identified" {
		t.Errorf("records after closing = %+v, want one of epoch 2", got)
	}
	d.SetPolicy(policy(t, pictureRule(gapTerms))) // the same again
	if got := run(t, d, now.Add(5*time.Minute), 300, pic); len(got) != 0 {
		t.Errorf("a policy of the same words made %d records", len(got))
	}
}

// TestIncidentTellsNothingSooner lets everything about an incident change at
// any time and looks at what each record shows when it leaves.
func TestIncidentTellsNothingSooner(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := drawTerms(rt, "")
		d := newDesk(policy(rt, pictureRule(o)))
		c := openCase()
		pic := &picture{cases: []release.Case{c}}
		counted := make(map[uint16]time.Time) // when there were so many tracks
		became := make(map[string]time.Time)
		now := start
		for range 60 {
			now = now.Add(time.Duration(rapid.IntRange(1, 90).Draw(rt, "seconds")) * time.Second)
			c := &pic.cases[0]
			switch rapid.SampledFrom([]string{"", "", "ours", "theirs", "track", "identity", "close"}).Draw(rt, "happens") {
			case "ours":
				c.Events = append(c.Events, event("A02", now, "tw"))
			case "theirs":
				c.Events = append(c.Events, event("A99", now, "cell"))
			case "track":
				c.Tracks = append(c.Tracks, track.Number(len(c.Tracks)+1))
				counted[uint16(len(c.Tracks))] = now
			case "identity":
				word := rapid.SampledFrom([]string{"unknown", "suspect", "friend"}).Draw(rt, "word")
				if c.Identity == nil || c.Identity.Standard != word {
					became[word] = now
				}
				c.Identity = &release.CaseIdentity{Identity: record.Identity{Standard: word}, At: now}
			case "close":
				if !c.Closed {
					c.Closed, c.ClosedAt = true, now
				}
			}
			for _, r := range step(rt, d, now, pic) {
				hold(rt, left{now, r}, o)
				inc := r.Incident
				latest := now.Add(-o.delay)
				if inc.Count != nil && counted[*inc.Count].After(latest) {
					rt.Fatalf("count %d left at %v, but was reached at %v", *inc.Count, now, counted[*inc.Count])
				}
				if id := inc.Identity; id != nil && became[id.Standard].After(latest) && pic.cases[0].Identity.At == became[id.Standard] && first(became, id.Standard) {
					rt.Fatalf("identity %s left at %v, but was set at %v", id.Standard, now, became[id.Standard])
				}
				if inc.State == "closed" && pic.cases[0].ClosedAt.After(latest) {
					rt.Fatalf("the closing left at %v, but was at %v", now, pic.cases[0].ClosedAt)
				}
				for _, e := range inc.Events {
					if e.Rule != "A02" {
						rt.Fatalf("event %s of another party left", e.Rule)
					}
				}
			}
		}
	})
}

// first is true while only one identity was ever set, so that the time that it
// was set is sure.
func first(became map[string]time.Time, _ string) bool { return len(became) == 1 }

func TestIncidentOfManyEventsKeepsTheNewest(t *testing.T) {
	d := newDesk(policy(t, pictureRule(terms{grid: 1000, bin: time.Second, slot: 0, delay: 0})))
	var events []release.CaseEvent
	for i := range 200 {
		events = append(events, event("A02", start.Add(time.Duration(i)*time.Second), "tw"))
	}
	got := run(t, d, start.Add(200*time.Second), 3, &picture{cases: []release.Case{openCase(events...)}})
	if len(got) != 1 || len(got[0].r.Incident.Events) != 64 {
		t.Fatalf("records = %+v, want one of 64 events", got)
	}
	inc := got[0].r.Incident
	if last := inc.Events[63].Bin.Start; !last.Equal(start.Add(199*time.Second)) || !inc.Opened.Start.Equal(start) {
		t.Errorf("last event %v, opened %v, want the newest event and the first's time", last, inc.Opened.Start)
	}
}

// TestIncidentIsToldOnceAPolicyComesBack loses a pending release to the want of
// a policy.
func TestIncidentIsToldOnceAPolicyComesBack(t *testing.T) {
	d := newDesk(policy(t, pictureRule(gapTerms)))
	pic := &picture{cases: []release.Case{openCase(event("A02", start, "tw"))}}
	run(t, d, start, 10, pic)
	d.SetPolicy(nil)
	if got := run(t, d, start.Add(10*time.Second), 300, pic); len(got) != 0 || d.Pending("jp") != 0 {
		t.Fatalf("%d records without a policy and %d pending", len(got), d.Pending("jp"))
	}
	d.SetPolicy(policy(t, pictureRule(gapTerms)))
	if got := run(t, d, start.Add(310*time.Second), 300, pic); len(got) != 1 {
		t.Errorf("%d records after the policy came back, want 1", len(got))
	}
}
