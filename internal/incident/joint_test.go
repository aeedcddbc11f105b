// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package incident_test

import (
	"errors"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// uavBody is an incident of a partner about its object id.
func uavBody(id byte, events ...record.Event) record.Incident {
	return record.Incident{Domain: "air", Sector: "gap_c", Tracks: []record.ID{theirs(id).Object}, Events: events}
}

func gateEvent(rule, zone, direction string) record.Event {
	return record.Event{Rule: rule, Zone: zone, ZoneVersion: "v1", Direction: direction, Bin: bin(t0)}
}

func TestPartnersIncidentAlone(t *testing.T) {
	b := newBook("tw", "jp")
	n, err := b.Partner("jp", told(1, 1, uavBody(7, gateEvent("A13", "gap_c", ""))), t0)
	must(t, err)
	inc := get(t, b, n)
	if inc.Alarm != incident.Unacknowledged || inc.Priority != 1 || inc.Domain != "air" || inc.Sector != "gap_c" {
		t.Errorf("incident is %+v", inc)
	}
	if said := b.Statements(); len(said) != 0 {
		t.Errorf("said %+v, without own evidence", said)
	}
	if got, _ := b.OfPartner("jp", record.ID{1}); got != n {
		t.Errorf("OfPartner = %d, want %d", got, n)
	}
	if got, _ := b.HoldingPartner(theirs(7)); got != n {
		t.Errorf("HoldingPartner = %d, want %d", got, n)
	}
	var rules []string
	for _, e := range inc.Events {
		if d := cmp.Diff([]party.ID{"jp"}, e.Originators); d != "" {
			t.Errorf("event %+v is not marked as jp's alone", e)
		}
		rules = append(rules, string(e.Rule))
	}
	if d := cmp.Diff([]string{"", "A13"}, rules); d != "" {
		t.Errorf("time line (-want +got):\n%s", d)
	}
}

func TestPartnersNews(t *testing.T) {
	b := newBook("tw", "jp")
	n, err := b.Partner("jp", told(1, 1, uavBody(7, gateEvent("A13", "gap_c", ""))), t0)
	must(t, err)
	must(t, b.Acknowledge(n, "lin", t0))
	step := func(epoch uint32, want incident.AlarmState, events int, body record.Incident) {
		t.Helper()
		if got, err := b.Partner("jp", told(1, epoch, body), t0); err != nil || got != n {
			t.Fatalf("went to %d, %v", got, err)
		}
		inc := get(t, b, n)
		if inc.Alarm != want || len(inc.Events) != events {
			t.Errorf("epoch %d: alarm %s, %d events, want %s, %d", epoch, inc.Alarm, len(inc.Events), want, events)
		}
	}
	a13, a06 := gateEvent("A13", "gap_c", ""), gateEvent("A06", "gate_yonaguni_taiwan", "out")
	step(1, incident.Acknowledged, 3, uavBody(7, a13, a06)) // an old epoch is not news
	step(2, incident.Acknowledged, 3, uavBody(7, a13))      // nor is what is known
	step(3, incident.Unacknowledged, 4, uavBody(7, a13, a06))
	must(t, b.Acknowledge(n, "lin", t0))
	closed := uavBody(7, a13, a06)
	closed.State, closed.Outcome = incident.Closed, "left-area"
	step(4, incident.Normal, 6, closed)
	if inc := get(t, b, n); inc.State != incident.Open {
		t.Error("a partner closed our incident")
	}
	must(t, b.Close(n, "left-area", "", "lin", t0))
	open := uavBody(7, a13, a06, gateEvent("A06", "gate_bashi", "in"))
	step(5, incident.Unacknowledged, 10, open)
	if inc := get(t, b, n); inc.State != incident.Open {
		t.Error("news did not open the incident again")
	}
}

func TestPartnerRefuses(t *testing.T) {
	cfg := incident.DefaultConfig()
	cfg.Self, cfg.IDs, cfg.MaxPartner = "tw", ids("tw"), 3
	b := incident.NewBook(cfg)
	if _, err := b.Partner("jp", &record.Record{Envelope: record.Envelope{Kind: record.KindTrack}}, t0); !errors.Is(err, incident.ErrRefused) {
		t.Errorf("a track: %v", err)
	}
	for i := range byte(5) {
		_, err := b.Partner("jp", told(i+1, 1, uavBody(i)), t0)
		if refused := errors.Is(err, incident.ErrRefused); refused != (i >= 3) {
			t.Errorf("incident %d of a flood: %v", i+1, err)
		}
	}
	if _, err := b.Partner("us", told(1, 1, uavBody(1)), t0); err != nil {
		t.Errorf("another partner suffers: %v", err)
	}
	if _, err := b.Partner("jp", told(1, 2, uavBody(1)), t0); err != nil {
		t.Errorf("a new version of a known one: %v", err)
	}
}

func TestOwnAlertJoinsPartnersIncident(t *testing.T) {
	b, tb := newBook("tw", "jp"), table{}
	n, err := b.Partner("jp", told(1, 1, uavBody(7)), t0)
	must(t, err)
	tb.put(4, 0, t0)
	said := b.Associate([]track.Association{same(4, 7)}, t0, tb)
	want := []incident.LinkStatement{{To: "jp", OwnIncident: n, Theirs: record.ID{1}}}
	if d := cmp.Diff(want, said); d != "" {
		t.Errorf("said (-want +got):\n%s", d)
	}
	if got, opened := b.Raise(tb.alert("A13", 4, t0), t0, tb); got != n || opened {
		t.Errorf("alert went to %d (opened: %v), want %d", got, opened, n)
	}
	inc := get(t, b, n)
	if len(inc.Tracks) != 1 || len(inc.Partner) != 1 || len(b.All()) != 1 {
		t.Errorf("incident is %+v", inc)
	}
	if said := b.Associate([]track.Association{same(4, 7)}, t0, tb); len(said) != 0 {
		t.Errorf("said again: %+v", said)
	}
}

func TestPartnersIncidentJoinsOwn(t *testing.T) {
	tests := map[string]func(b *incident.Book, tb table){
		"when the association comes first": func(b *incident.Book, tb table) {
			b.Associate([]track.Association{same(4, 7)}, t0, tb)
			b.Raise(tb.alert("A13", 4, t0), t0, tb)
			_, err := b.Partner("jp", told(1, 1, uavBody(7)), t0)
			if err != nil {
				panic(err)
			}
		},
		"when the association comes last": func(b *incident.Book, tb table) {
			b.Raise(tb.alert("A13", 4, t0), t0, tb)
			if _, err := b.Partner("jp", told(1, 1, uavBody(7)), t0); err != nil {
				panic(err)
			}
			b.Associate([]track.Association{same(4, 7)}, t0, tb)
		},
	}
	for name, run := range tests {
		t.Run(name, func(t *testing.T) {
			b, tb := newBook("tw", "jp"), table{}
			tb.put(4, 0, t0)
			run(b, tb)
			open := b.Open()
			if len(open) != 1 || open[0].Number != 1 || len(open[0].Partner) != 1 {
				t.Fatalf("open incidents: %+v", open)
			}
			if d := cmp.Diff([]incident.JointLink{{Party: "jp", Ours: 1, Theirs: record.ID{1}, Said: true}}, open[0].Links); d != "" {
				t.Errorf("links (-want +got):\n%s", d)
			}
		})
	}
}

func TestExerciseAndLiveNeverJoin(t *testing.T) {
	b, tb := newBook("tw", "jp"), table{}
	tb.put(4, 0, t0)
	b.Raise(tb.alert("A13", 4, t0), t0, tb)
	r := told(1, 1, uavBody(7))
	r.Exercise = true
	n, err := b.Partner("jp", r, t0)
	must(t, err)
	b.Associate([]track.Association{same(4, 7)}, t0, tb)
	if err := b.Link("jp", 1, record.ID{1}, false, t0); !errors.Is(err, incident.ErrRefused) {
		t.Errorf("link: %v", err)
	}
	if len(b.Open()) != 2 || !get(t, b, n).Exercise {
		t.Errorf("open: %+v", b.Open())
	}
}

func TestThirdPartyJoinsWhatItsPartnersHold(t *testing.T) {
	b, tb := newBook("cell", "jp", "tw"), table{}
	one, err := b.Partner("jp", told(1, 1, uavBody(7)), t0)
	must(t, err)
	_, err = b.Partner("tw", told(2, 1, uavBody(8)), t0)
	must(t, err)
	said := b.Associate([]track.Association{{Partner: theirs(7), Second: track.PartnerKey{Party: "tw", Object: theirs(8).Object}}}, t0, tb)
	if open := b.Open(); len(open) != 1 || open[0].Number != one || len(open[0].Partner) != 2 {
		t.Errorf("open: %+v", open)
	}
	if len(said) != 0 {
		t.Errorf("a party without own evidence said %+v", said)
	}
	// What it calls the incident towards each is what that party calls it.
	jp := incident.Reference([]record.Ref{{Originator: "jp", ID: record.ID{1}}})
	tw := incident.Reference([]record.Ref{{Originator: "tw", ID: record.ID{2}}})
	if d := cmp.Diff([]incident.SpokenReference{{Party: "jp", Ref: jp}, {Party: "tw", Ref: tw}}, get(t, b, one).References); d != "" {
		t.Errorf("references (-want +got):\n%s", d)
	}
}

func TestLinkByPartner(t *testing.T) {
	b, tb := newBook("tw", "jp"), table{}
	tb.put(4, 0, t0)
	n, _ := b.Raise(tb.alert("A13", 4, t0), t0, tb)
	if err := b.Link("jp", 77, record.ID{1}, false, t0); !errors.Is(err, incident.ErrUnknown) {
		t.Errorf("link to nothing: %v", err)
	}
	must(t, b.Link("jp", n, record.ID{1}, false, t0))
	must(t, b.Link("jp", n, record.ID{1}, false, t0)) // told twice
	if inc := get(t, b, n); len(inc.Links) != 1 || !inc.Links[0].Told || len(inc.Events) != 2 {
		t.Errorf("incident is %+v", inc)
	}
	got, err := b.Partner("jp", told(1, 1, uavBody(7)), t0) // its body comes later
	must(t, err)
	if got != n {
		t.Errorf("went to %d, want %d", got, n)
	}
	if said := b.Statements(); len(said) != 0 {
		t.Errorf("said what was told: %+v", said)
	}
}

func TestLinkMergesThePartnersOwn(t *testing.T) {
	b, tb := newBook("tw", "jp"), table{}
	_, err := b.Partner("jp", told(1, 1, uavBody(7)), t0)
	must(t, err)
	tb.put(4, 0, t0)
	n, _ := b.Raise(tb.alert("A13", 4, t0), t0, tb)
	must(t, b.Link("jp", n, record.ID{1}, false, t0))
	if open := b.Open(); len(open) != 1 || open[0].Number != n || len(open[0].Tracks) != 1 {
		t.Errorf("open: %+v", open)
	}
}

func TestPartnersWordDoesNotMergeOwnEvidence(t *testing.T) {
	b, tb := newBook("tw", "jp"), table{}
	tb.put(4, 0, t0)
	tb.put(5, 90, t0)
	four, _ := b.Raise(tb.alert("A13", 4, t0), t0, tb)
	five, _ := b.Raise(tb.alert("A13", 5, t0), t0, tb)
	must(t, b.Link("jp", four, record.ID{1}, false, t0))
	_, err := b.Partner("jp", told(1, 1, uavBody(7)), t0)
	must(t, err)
	must(t, b.Link("jp", five, record.ID{1}, false, t0))
	if len(b.Open()) != 2 {
		t.Fatal("merged by a partner's word")
	}
	inc := get(t, b, five)
	if last := inc.Events[len(inc.Events)-1]; last.Kind != incident.EventDisputed || last.Incident != four {
		t.Errorf("last event is %+v", last)
	}
}

func TestApart(t *testing.T) {
	b, tb := newBook("tw", "jp"), table{}
	tb.put(4, 0, t0)
	n, _ := b.Raise(tb.alert("A13", 4, t0), t0, tb)
	must(t, b.Link("jp", n, record.ID{1}, false, t0))
	_, err := b.Partner("jp", told(1, 1, uavBody(7, gateEvent("A13", "gap_c", ""))), t0)
	must(t, err)
	must(t, b.Link("jp", n, record.ID{1}, true, t0))
	must(t, b.Link("jp", n, record.ID{1}, true, t0)) // twice is once
	alone, ok := b.OfPartner("jp", record.ID{1})
	if !ok || alone == n || len(b.Open()) != 2 || len(get(t, b, n).Links) != 0 {
		t.Fatalf("open: %+v", b.Open())
	}
	b.Associate([]track.Association{same(4, 7)}, t0, tb)
	if len(b.Open()) != 2 {
		t.Error("the machine joined what the partner told apart")
	}
	if got, err := b.Partner("jp", told(1, 2, uavBody(7)), t0); err != nil || got != alone {
		t.Errorf("its next version went to %d, %v", got, err)
	}
}

func TestSplitPartner(t *testing.T) {
	b, tb := newBook("tw", "jp"), table{}
	tb.put(4, 0, t0)
	b.Associate([]track.Association{same(4, 7)}, t0, tb)
	n, _ := b.Raise(tb.alert("A13", 4, t0), t0, tb)
	_, err := b.Partner("jp", told(1, 1, uavBody(7)), t0)
	must(t, err)
	b.Statements()
	if _, err := b.SplitPartner(n, "us", record.ID{1}, "lin", t0); !errors.Is(err, incident.ErrRefused) {
		t.Errorf("split off a stranger: %v", err)
	}
	alone, err := b.SplitPartner(n, "jp", record.ID{1}, "lin", t0)
	must(t, err)
	if d := cmp.Diff([]incident.LinkStatement{{To: "jp", OwnIncident: n, Theirs: record.ID{1}, Apart: true}}, b.Statements()); d != "" {
		t.Errorf("said (-want +got):\n%s", d)
	}
	if _, err := b.SplitPartner(alone, "jp", record.ID{1}, "lin", t0); !errors.Is(err, incident.ErrRefused) {
		t.Errorf("split off the only part: %v", err)
	}
	b.Associate([]track.Association{same(4, 7)}, t0, tb)
	if len(b.Open()) != 2 {
		t.Error("the machine joined what a person split")
	}
}

func TestMergedByThePartner(t *testing.T) {
	b := newBook("cell", "jp")
	n, err := b.Partner("jp", told(1, 1, uavBody(7)), t0)
	must(t, err)
	body := uavBody(7)
	body.State, body.Outcome = incident.Closed, incident.Merged
	if _, err := b.Partner("jp", told(1, 2, body), t0); err != nil {
		t.Fatal(err)
	}
	if inc := get(t, b, n); inc.State != incident.Closed || inc.Outcome != incident.Merged {
		t.Errorf("incident is %+v", inc)
	}
}

func TestReference(t *testing.T) {
	a, z := record.Ref{Originator: "jp", ID: record.ID{9}}, record.Ref{Originator: "tw", ID: record.ID{1}}
	if got, again := incident.Reference([]record.Ref{a, z}), incident.Reference([]record.Ref{z, a}); got != again || got != incident.Reference([]record.Ref{a}) {
		t.Errorf("references %q and %q, want that of the smallest", got, again)
	}
	if got := incident.Reference(nil); got != "" {
		t.Errorf("reference of nothing is %q", got)
	}
	form := regexp.MustCompile(`^[FKMRUWXY]-[0-9]{3}$`)
	letters := make(map[byte]bool)
	for i := range 1000 {
		ref := incident.Reference([]record.Ref{{Originator: "tw", ID: record.ID{byte(i), byte(i >> 8), 1}}})
		if !form.MatchString(ref) {
			t.Fatalf("reference %q", ref)
		}
		letters[ref[0]] = true
	}
	if len(letters) != 8 {
		t.Errorf("%d letters are used, want 8", len(letters))
	}
}

// desk is one side of a link whose lines deliver everything in order.
type desk struct {
	b    *incident.Book
	self party.ID
	with party.ID
	sent map[incident.Number]uint32
}

func newDesk(self, with party.ID) *desk {
	return &desk{newBook(self, with), self, with, make(map[incident.Number]uint32)}
}

// exchange delivers what a has to say to b: its incidents with own evidence,
// then its links.
func exchange(t testing.TB, a, b *desk) {
	t.Helper()
	own := make(map[record.ID]incident.Number) // b's numbers by the ids a knows
	for _, inc := range b.b.All() {
		own[ids(b.self)(a.self, record.KindIncident, uint64(inc.Number))] = inc.Number
	}
	for _, inc := range a.b.All() {
		if len(inc.Tracks) == 0 {
			continue
		}
		body := record.Incident{State: inc.State, Outcome: inc.Outcome, Domain: inc.Domain, Opened: bin(inc.Opened)}
		for _, n := range inc.Tracks {
			body.Tracks = append(body.Tracks, ids(a.self)(b.self, record.KindTrack, uint64(n)))
		}
		a.sent[inc.Number]++
		r := &record.Record{Envelope: record.Envelope{
			Kind: record.KindIncident, Object: ids(a.self)(b.self, record.KindIncident, uint64(inc.Number)),
			Epoch: a.sent[inc.Number], Originator: a.self, Exercise: inc.Exercise, Label: label,
		}, Incident: &body}
		if _, err := b.b.Partner(a.self, r, t0); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range a.b.Statements() {
		n, ok := own[s.Theirs]
		if !ok {
			t.Fatalf("%s speaks of an incident that %s does not have", a.self, b.self)
		}
		ours := ids(a.self)(b.self, record.KindIncident, uint64(s.OwnIncident))
		if err := b.b.Link(a.self, n, ours, s.Apart, t0); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBothDesksSayTheSameReference holds for every order in which the two
// desks see, associate and tell.
func TestBothDesksSayTheSameReference(t *testing.T) {
	steps := []string{"tw sees", "jp sees", "tw associates", "jp associates", "tw tells", "jp tells"}
	permute(steps, func(order []string) {
		tw, jp := newDesk("tw", "jp"), newDesk("jp", "tw")
		tb := map[string]table{"tw": {}, "jp": {}}
		tb["tw"].put(4, 0, t0)
		tb["jp"].put(9, 3, t0)
		do := func(step string) {
			d, other := tw, jp
			n, m := track.Number(4), track.Number(9)
			if step[:2] == "jp" {
				d, other, n, m = jp, tw, m, n
			}
			mine := tb[string(d.self)]
			switch step[3:] {
			case "sees":
				d.b.Raise(mine.alert("A13", n, t0), t0, mine)
			case "associates":
				key := track.PartnerKey{Party: other.self, Object: ids(other.self)(d.self, record.KindTrack, uint64(m))}
				said := d.b.Associate([]track.Association{{Own: n, Partner: key, Since: t0}}, t0, mine)
				s := d.b.Snapshot() // keep what was said for the next telling
				s.Statements = said
				d.b.Restore(s)
			case "tells":
				exchange(t, d, other)
			}
		}
		for _, s := range order {
			do(s)
		}
		for range 3 { // until all is quiet
			for _, s := range []string{"tw associates", "jp associates", "tw tells", "jp tells"} {
				do(s)
			}
		}
		a, b := tw.b.Open(), jp.b.Open()
		if len(a) != 1 || len(b) != 1 {
			t.Fatalf("order %q: %d and %d open incidents, want one each", order, len(a), len(b))
		}
		if len(a[0].References) != 1 || len(b[0].References) != 1 || a[0].References[0].Ref != b[0].References[0].Ref {
			t.Errorf("order %q: tw says %v, jp says %v", order, a[0].References, b[0].References)
		}
		if d := cmp.Diff(tw.b.Refs(a[0].Number, "jp"), jp.b.Refs(b[0].Number, "tw")); d != "" {
			t.Errorf("order %q: the joint incident differs:\n%s", order, d)
		}
	})
}

func permute(list []string, visit func([]string)) {
	var rec func(k int)
	rec = func(k int) {
		if k == len(list) {
			visit(list)
			return
		}
		for i := k; i < len(list); i++ {
			list[k], list[i] = list[i], list[k]
			rec(k + 1)
			list[k], list[i] = list[i], list[k]
		}
	}
	rec(0)
}
