// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/demo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

const (
	gateYonaguni = "gate_yonaguni_taiwan"
	gateBashi    = "gate_bashi"
	median       = "median_2019"
)

func clock(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// within fails the test where at is not between two times.
func within(t *testing.T, what string, at time.Time, from, to string) {
	t.Helper()
	if at.Before(clock(t, from)) || at.After(clock(t, to)) {
		t.Errorf("%s at %s, want between %s and %s", what, at.Format(time.RFC3339), from, to)
	}
}

// sightings returns a track as a party's pictures show it through a run.
func sightings(views []*engine.View, n uint32) []*engine.TrackView {
	var list []*engine.TrackView
	for _, v := range views {
		for i := range v.Tracks {
			if v.Tracks[i].N == n {
				list = append(list, &v.Tracks[i])
			}
		}
	}
	return list
}

// uncrewed returns the sightings of the track that a party's one incident is
// about.
func uncrewed(t *testing.T, r *run, id party.ID) []*engine.TrackView {
	t.Helper()
	inc := theOne(t, r, id)
	if len(inc.Tracks) == 0 {
		t.Fatalf("the incident of %s has no track", id)
	}
	list := sightings(r.views[id], inc.Tracks[0])
	if len(list) == 0 {
		t.Fatalf("no picture of %s shows track %d", id, inc.Tracks[0])
	}
	return list
}

// TestWithoutTheLinkTwoSeparatePictures plays the published day with nodes that
// are not paired.
func TestWithoutTheLinkTwoSeparatePictures(t *testing.T) {
	t.Parallel()
	r := of(t, fullAlone)

	t.Run("jp alone holds an unknown slow aircraft that passes the Taiwan-Yonaguni gate and is lost in the south", func(t *testing.T) {
		inc := theOne(t, r, jp)
		if e := crossing(t, inc, "A06", gateYonaguni, jp); e.Direction != "out" {
			t.Errorf("the gate is passed %q, want out", e.Direction)
		}
		crossing(t, inc, "A13", "gap_n", jp)
		if got := identityOf(inc, jp); got.Standard != "unknown" || got.Type != "" {
			t.Errorf("jp holds it as %+v, want unknown without a type", got)
		}
		list := uncrewed(t, r, jp)
		for _, s := range list {
			if s.SpeedKt != nil && *s.SpeedKt > 180 {
				t.Errorf("at %s it makes %.0f kt, want a slow aircraft", s.Time, *s.SpeedKt)
			}
			if s.Callsign != "" || s.Address != "" || s.Identity.Type != "" || (s.Identity.Standard != "unknown" && s.Identity.Standard != "pending") {
				t.Errorf("at %s it has an identity: %+v", s.Time, s.Identity)
			}
		}
		last := list[len(list)-1]
		within(t, "jp's last plot", last.Time, "2023-08-28T04:25:00Z", "2023-08-28T04:31:00Z")
		if last.Pos.LatDeg > 22.3 || last.State != "lost" {
			t.Errorf("jp ends with it %s at %v, want it lost south of 22.3", last.State, last.Pos)
		}
	})
	t.Run("tw alone holds the whole circuit and its officer's identity, BZK-005", func(t *testing.T) {
		inc := theOne(t, r, tw)
		east, gate, bashi := crossing(t, inc, "A02", median, tw), crossing(t, inc, "A06", gateYonaguni, tw), crossing(t, inc, "A06", gateBashi, tw)
		if east.Direction != "eastward" || gate.Direction != "out" || bashi.Direction != "in" {
			t.Errorf("directions %s, %s, %s; want eastward, out, in", east.Direction, gate.Direction, bashi.Direction)
		}
		all := events(inc, "A02", median, tw)
		west := all[len(all)-1]
		if !west.Cleared {
			t.Error("it never comes back over the median line")
		}
		if !east.At.Before(gate.At) || !gate.At.Before(bashi.At) || !bashi.At.Before(west.At) {
			t.Errorf("the circuit is out of order:%s", timeline(inc))
		}
		if got := identityOf(inc, tw); got.Standard != "suspect" || got.Type != "BZK-005" || got.By != "officer" {
			t.Errorf("tw holds it as %+v, want suspect BZK-005 by its officer", got)
		}
		list := uncrewed(t, r, tw)
		if first, last := list[0], list[len(list)-1]; first.Pos.LonDeg > 121.2 || last.Pos.LonDeg > 119 {
			t.Errorf("tw holds it from %v to %v, want from and to the west of the line", first.Pos, last.Pos)
		}
		for _, s := range list {
			if s.N != list[0].N {
				t.Errorf("the track changes its number: %d, %d", list[0].N, s.N)
			}
		}
	})
	t.Run("neither knows what the other does", func(t *testing.T) {
		for _, id := range []party.ID{tw, jp, cell} {
			other := map[party.ID]party.ID{tw: jp, jp: tw, cell: tw}[id]
			for _, v := range r.views[id] {
				if len(v.PartnerTracks) > 0 || len(v.Links) > 0 {
					t.Fatalf("%s has %d partner tracks and %d links", id, len(v.PartnerTracks), len(v.Links))
				}
				for _, inc := range v.Incidents {
					if len(inc.Partners) > 0 || len(inc.References) > 0 || identityOf(&inc, other).Party != "" || inc.Lead.State != "none" {
						t.Fatalf("%s's incident %d knows of a partner: %+v", id, inc.N, inc)
					}
				}
			}
		}
		if n := len(r.report.Nodes[cell].Incidents) + len(r.report.Nodes[cell].Tracks); n > 0 {
			t.Errorf("cell holds %d things without any sensor", n)
		}
		if got := events(theOne(t, r, jp), "A02", median, jp); len(got) > 0 {
			t.Error("jp alone sees the median line crossed")
		}
	})
}

// TestOneAircraftTwoWatchFloors plays the published day as it is shipped.
func TestOneAircraftTwoWatchFloors(t *testing.T) {
	t.Parallel()
	r := of(t, full)
	story(t, r, clock(t, "2023-08-28T02:58:00Z")) // the lead goes to jp and back in the second act
	verified(t, r)
	for _, a := range r.report.Acts {
		if !a.Done {
			t.Errorf("the act of line %d, %s %s, was not done: %s", a.Line, a.Party, a.Verb, a.Code)
		}
	}
	t.Run("the gate transit stands in both time lines, with the partner's beside", func(t *testing.T) {
		for id, other := range map[party.ID]party.ID{tw: jp, jp: tw} {
			inc := theOne(t, r, id)
			for _, by := range []party.ID{id, other} {
				e := crossing(t, inc, "A06", gateYonaguni, by)
				if e.Direction != "out" {
					t.Errorf("%s's time line: %s says the gate is passed %q", id, by, e.Direction)
				}
				within(t, string(id)+"'s gate transit by "+string(by), e.At, "2023-08-28T02:20:00Z", "2023-08-28T02:35:00Z")
			}
		}
		crossing(t, theOne(t, r, jp), "A06", gateBashi, tw) // jp never saw it there
	})
	t.Run("what each side holds by its own sensors is what it holds alone", func(t *testing.T) {
		alone := of(t, fullAlone)
		for _, id := range []party.ID{tw, jp} {
			a, b := uncrewed(t, alone, id), uncrewed(t, r, id)
			if len(a) != len(b) {
				t.Fatalf("%s shows it %d times alone and %d times linked", id, len(a), len(b))
			}
			for i := range a {
				if a[i].Pos != b[i].Pos || a[i].Plots != b[i].Plots || !slices.Equal(a[i].Sources, b[i].Sources) {
					t.Fatalf("%s's track at %s: %v alone, %v linked", id, a[i].Time, a[i].Pos, b[i].Pos)
				}
			}
		}
	})
}

// story holds what both scenarios of that day come to: one incident, both
// identities, one reference, one lead, which nobody else has before until.
func story(t *testing.T, r *run, until time.Time) {
	t.Run("each node shows ONE incident with BOTH identities side by side", func(t *testing.T) {
		for _, id := range []party.ID{tw, jp} {
			inc := theOne(t, r, id)
			own, other := map[party.ID]party.ID{tw: jp, jp: tw}, identityOf(inc, tw)
			if other.Standard != "suspect" || other.Type != "BZK-005" {
				t.Errorf("%s shows tw's identity as %+v", id, other)
			}
			if got := identityOf(inc, jp); got.Standard != "unknown" || got.Type != "" {
				t.Errorf("%s shows jp's identity as %+v", id, got)
			}
			if inc.Identities[0].Party != id || len(inc.Identities) != 2 {
				t.Errorf("%s shows %+v, want its own first and both apart", id, inc.Identities)
			}
			if len(inc.Partners) != 1 || inc.Partners[0].Party != own[id] || len(inc.Tracks) != 1 {
				t.Errorf("%s's incident has tracks %v and partners %v", id, inc.Tracks, inc.Partners)
			}
			if !inc.Exercise {
				t.Errorf("%s's incident is not marked exercise", id)
			}
		}
	})
	t.Run("the same spoken reference on both", func(t *testing.T) {
		a, b := reference(theOne(t, r, tw), jp), reference(theOne(t, r, jp), tw)
		if a == "" || a != b {
			t.Errorf("tw calls it %q with jp, jp calls it %q with tw", a, b)
		}
		for _, id := range []party.ID{tw, jp} {
			if a, b := reference(theOne(t, r, id), cell), reference(theOne(t, r, cell), id); a == "" || a != b {
				t.Errorf("%s calls it %q with cell, cell calls it %q", id, a, b)
			}
		}
	})
	t.Run("one confirmed lead after the accepted offer: same holder, same epoch", func(t *testing.T) {
		a, b := theOne(t, r, tw).Lead, theOne(t, r, jp).Lead
		if a.State != "confirmed" || a.Holder != tw || b.State != "confirmed" || b.Holder != tw || a.Epoch != b.Epoch || a.Epoch == 0 {
			t.Errorf("lead at tw %+v, at jp %+v; want one, tw's, confirmed at both", a, b)
		}
		for _, id := range []party.ID{tw, jp} {
			for _, v := range r.views[id] {
				if !until.IsZero() && v.Now.After(until) {
					break
				}
				for _, inc := range v.Incidents {
					if inc.Lead.State == "confirmed" && inc.Lead.Holder != tw {
						t.Fatalf("at %s %s shows %s as the confirmed lead", v.Now, id, inc.Lead.Holder)
					}
				}
			}
		}
	})
	t.Run("postures stand beside the lead", func(t *testing.T) {
		for _, id := range []party.ID{tw, jp} {
			if !slices.ContainsFunc(theOne(t, r, id).Postures, func(p engine.PostureView) bool { return p.Party == tw && p.Posture == "watching" }) {
				t.Errorf("%s does not show tw's posture: %+v", id, theOne(t, r, id).Postures)
			}
		}
	})
	t.Run("never two open incidents about what is one, once they are linked", func(t *testing.T) {
		for _, id := range []party.ID{tw, jp} {
			joint := false
			for _, v := range r.views[id] {
				list := open(v.Incidents)
				joint = joint || slices.ContainsFunc(list, func(i *engine.IncidentView) bool { return len(i.Tracks) > 0 && len(i.Partners) > 0 })
				if joint && len(list) != 1 {
					t.Fatalf("at %s %s shows %d open incidents", v.Now, id, len(list))
				}
			}
			if !joint {
				t.Errorf("%s never shows a joint incident", id)
			}
		}
	})
	t.Run("cell holds the coarser versions that the policies allow and nothing finer", func(t *testing.T) { cellHolds(t, r) })
	t.Run("what a neighbour holds is as coarse and as late as the policy says", func(t *testing.T) {
		for id, other := range map[party.ID]party.ID{tw: jp, jp: tw} {
			coarse(t, r, id, other, policy{grid: 5000, bin: time.Minute, delay: time.Minute, band: 1000, air: true})
		}
	})
}

// cellHolds checks the third party's picture.
func cellHolds(t *testing.T, r *run) {
	inc := theOne(t, r, cell)
	if len(inc.Tracks) > 0 || len(r.report.Nodes[cell].Tracks) > 0 {
		t.Error("cell has tracks of its own and no sensor")
	}
	if a, b := identityOf(inc, tw), identityOf(inc, jp); a.Type != "BZK-005" || b.Standard != "unknown" || b.Type != "" {
		t.Errorf("cell shows tw's identity as %+v and jp's as %+v", a, b)
	}
	for _, by := range []party.ID{tw, jp} {
		crossing(t, inc, "A06", gateYonaguni, by)
		coarse(t, r, cell, by, policy{grid: 20_000, bin: 10 * time.Minute, delay: 5 * time.Minute})
	}
	for _, p := range inc.Partners {
		if p.Body.Opened.Width < 10*time.Minute {
			t.Errorf("%s tells cell the opening within %s", p.Party, p.Body.Opened.Width)
		}
		for _, e := range p.Body.Events {
			if e.Bin.Width < 10*time.Minute {
				t.Errorf("%s tells cell %s within %s", p.Party, e.Rule, e.Bin.Width)
			}
		}
	}
	if inc.Lead.State != "none" {
		t.Errorf("cell, which takes no part, shows the lead %+v", inc.Lead)
	}
}

// policy is what a shipped policy lets a partner have of a track.
type policy struct {
	grid       uint32
	bin, delay time.Duration
	band       uint32 // feet; 0: no height
	air        bool   // course and speed may stand
}

// coarse checks everything that id ever held of a partner's tracks.
func coarse(t *testing.T, r *run, id, from party.ID, p policy) {
	t.Helper()
	held := 0
	for _, v := range r.views[id] {
		for i := range v.PartnerTracks {
			o := &v.PartnerTracks[i]
			if o.Party != from {
				continue
			}
			held++
			if problem := finer(&o.Track, p); problem != "" {
				t.Fatalf("at %s %s holds of %s %s", v.Now, id, from, problem)
			}
			if late := o.Received.Sub(o.Bin.Start.Add(o.Bin.Width)); late < p.delay {
				t.Fatalf("%s's report of %s reached %s after %s, want %s at least", from, o.Bin.Start, id, late, p.delay)
			}
			if !o.Exercise {
				t.Fatalf("%s's report to %s is not marked exercise", from, id)
			}
		}
	}
	if held == 0 {
		t.Errorf("%s never held a track of %s", id, from)
	}
}

// finer tells what of a released track is finer than the policy, "" for
// nothing.
func finer(o *record.Track, p policy) string {
	switch {
	case o.Cell.GridM < p.grid:
		return "a position finer than its grid"
	case o.Bin.Width < p.bin || o.Bin.Start.Truncate(p.bin) != o.Bin.Start:
		return "a time finer than its bin"
	case o.Height != nil && (p.band == 0 || o.Height.SizeFt < p.band || o.Height.BaseFt%int32(p.band) != 0): //nolint:gosec // below 2^31
		return "a height finer than its band"
	case !p.air && (o.SpeedKt != nil || o.Course != nil):
		return "a course or speed"
	case o.Callsign != "" || o.Address != nil || o.MMSI != nil || o.Name != "":
		return "an identity by transponder"
	case o.Domain != "air":
		return "a vessel"
	}
	return ""
}

// TestFinerFindsWhatIsTooFine holds the check itself.
func TestFinerFindsWhatIsTooFine(t *testing.T) {
	p := policy{grid: 5000, bin: time.Minute, band: 1000}
	bin := record.Bin{Start: time.Unix(1693188000, 0), Width: time.Minute}
	address, speed := uint32(1), uint16(80)
	good := record.Track{Domain: "air", Cell: record.Cell{GridM: 5000}, Bin: bin, Height: &record.Band{BaseFt: 16000, SizeFt: 1000}}
	if got := finer(&good, p); got != "" {
		t.Errorf("what the policy allows is %s", got)
	}
	for name, change := range map[string]func(*record.Track){
		"grid":    func(o *record.Track) { o.Cell.GridM = 10 },
		"bin":     func(o *record.Track) { o.Bin.Width = time.Second },
		"start":   func(o *record.Track) { o.Bin.Start = o.Bin.Start.Add(time.Second) },
		"band":    func(o *record.Track) { o.Height = &record.Band{BaseFt: 16400, SizeFt: 1000} },
		"speed":   func(o *record.Track) { o.SpeedKt = &speed },
		"address": func(o *record.Track) { o.Address = &address },
		"vessel":  func(o *record.Track) { o.Domain = "sea" },
	} {
		o := good
		change(&o)
		if finer(&o, p) == "" {
			t.Errorf("%s: a report that is too fine passes", name)
		}
	}
}

// TestTheGateAlone plays the short scenario, which comes to the same.
func TestTheGateAlone(t *testing.T) {
	t.Parallel()
	r := of(t, short)
	story(t, r, time.Time{})
	verified(t, r)
	for _, id := range []party.ID{tw, jp} {
		within(t, "the gate transit at "+string(id), crossing(t, theOne(t, r, id), "A06", gateYonaguni, id).At, "2023-08-28T02:20:00Z", "2023-08-28T02:35:00Z")
	}
}

// The three tests below hold "a test changes the scenario (another route,
// another hour, a refusal) and the outcome follows".

func TestAnotherRouteAndTheOutcomeFollows(t *testing.T) {
	t.Parallel()
	r := of(t, func() (*run, error) { return play(demo.Config{Scenario: "other-route"}, 3) })
	story := theOne(t, r, jp)
	crossing(t, story, "A13", "gap_n", jp)
	crossing(t, story, "A01", "adiz_jp", jp) // in the published day only after the gate
	for _, id := range []party.ID{tw, jp, cell} {
		for _, inc := range r.report.Nodes[id].Incidents {
			if i := slices.IndexFunc(inc.Events, func(e engine.EventView) bool { return e.Rule == "A06" }); i >= 0 {
				t.Errorf("%s shows a gate passed: %+v", id, inc.Events[i])
			}
		}
	}
	for _, id := range []party.ID{tw, jp} {
		if l := theOne(t, r, id).Lead; l.State != "confirmed" || l.Holder != tw {
			t.Errorf("the lead at %s is %+v", id, l)
		}
		for _, s := range uncrewed(t, r, id) {
			if s.Pos.LatDeg < 25.5 {
				t.Fatalf("%s holds it at %v, want it in the north", id, s.Pos)
			}
		}
	}
	verified(t, r)
}

func TestAnotherHourAndTheOutcomeFollows(t *testing.T) {
	t.Parallel()
	r := of(t, func() (*run, error) { return play(demo.Config{Scenario: "other-hour"}, 1) })
	story(t, r, time.Time{})
	for _, id := range []party.ID{tw, jp} {
		inc := theOne(t, r, id)
		within(t, "the opening at "+string(id), inc.Opened, "2023-08-28T23:38:00Z", "2023-08-28T23:50:00Z")
		within(t, "the gate transit at "+string(id), crossing(t, inc, "A06", gateYonaguni, id).At, "2023-08-29T00:00:00Z", "2023-08-29T00:12:00Z")
	}
	verified(t, r)
}

func TestARefusalAndTheOutcomeFollows(t *testing.T) {
	t.Parallel()
	r := of(t, func() (*run, error) { return play(demo.Config{Scenario: "refusal"}, 3) })
	for _, id := range []party.ID{tw, jp} {
		inc := theOne(t, r, id)
		if inc.Lead.State == "confirmed" || inc.Lead.State == "accepted" || inc.Lead.Epoch != 0 {
			t.Errorf("the lead at %s is %+v after a refusal", id, inc.Lead)
		}
		i := slices.IndexFunc(inc.Events, func(e engine.EventView) bool { return e.Kind == "lead-rejected" })
		if i < 0 || !strings.Contains(inc.Events[i].Text, "jp keeps its own watch here") {
			t.Errorf("%s does not show the refusal with its reason:%s", id, timeline(inc))
		}
		if slices.ContainsFunc(inc.Events, func(e engine.EventView) bool { return e.Kind == "lead-confirmed" }) {
			t.Errorf("%s shows a lead confirmed", id)
		}
		if identityOf(inc, tw).Type != "BZK-005" || identityOf(inc, jp).Standard != "unknown" {
			t.Errorf("%s lost an identity by the refusal: %+v", id, inc.Identities)
		}
		crossing(t, inc, "A06", gateYonaguni, id)
	}
	for _, id := range []party.ID{tw, jp} { // an incident without a lead keeps its alarm
		if !slices.ContainsFunc(theOne(t, r, id).Events, func(e engine.EventView) bool { return e.Rule == "C01" && !e.Cleared }) {
			t.Errorf("%s: no alarm of an incident without a lead", id)
		}
	}
	verified(t, r)
}
