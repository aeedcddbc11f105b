// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// placed is head with two places that reports are told from.
const placed = head + `[[place]]
name = "Yonaguni-jima"
lat = 24.4667
lon = 123.0
[[place]]
name = "Su-ao"
lat = 24.5944
lon = 121.8664
`

// TestRateLetsOneReportAWindow runs a moving track and an incident that changes
// under a rate, and under none.
func TestRateLetsOneReportAWindow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := drawTerms(rt, "")
		rate := time.Duration(rapid.SampledFrom([]int{60, 300, 420, 3600}).Draw(rt, "rate")) * time.Second
		d := newDesk(policy(rt, head+ruleText("picture", "allow", "jp", "track incident", "", o.text()+fmt.Sprintf("\nrate = %q", rate))))
		pic := &picture{tracks: []track.Track{airTrack(1, gap)}}
		last := make(map[record.ID]time.Time)
		now := start.Add(time.Duration(rapid.IntRange(0, 3599).Draw(rt, "phase")) * time.Second)
		var newest *record.Track
		for range 150 {
			now = now.Add(time.Duration(rapid.IntRange(5, 70).Draw(rt, "seconds")) * time.Second)
			pic.tracks[0].Pos = geo.Direct(pic.tracks[0].Pos, 60, 3000)
			if rapid.IntRange(0, 9).Draw(rt, "event") == 0 {
				pic.cases = happen(pic.cases, now)
			}
			for _, r := range step(rt, d, now, pic) {
				hold(rt, left{now, r}, o)
				window := r.Time.Add(-time.Duration(r.Time.UnixNano() % int64(rate)))
				if had, ok := last[r.Object]; ok && !window.After(had) {
					rt.Fatalf("two reports of one %s in the window of %v from %v", r.Kind, rate, had)
				}
				last[r.Object] = window
				if r.Track == nil {
					continue
				}
				if newest != nil && !r.Track.Bin.Start.After(newest.Bin.Start) {
					rt.Fatalf("an older report left after a newer one")
				}
				newest = r.Track
			}
		}
		if n := d.Pending("jp"); n > int((o.delay+2*o.bin+rate)/o.bin)*2+4 {
			rt.Fatalf("%d releases wait", n)
		}
	})
}

// TestRateTellsTheEndLater holds that the last word is not lost.
func TestRateTellsTheEndLater(t *testing.T) {
	d := newDesk(policy(t, head+ruleText("picture", "allow", "jp", "track", "", terms{grid: 5000, bin: time.Minute}.text()+"\nrate = \"10m\"")))
	pic := &picture{tracks: []track.Track{airTrack(1, gap)}}
	got := run(t, d, start, 300, pic)
	if len(got) != 1 {
		t.Fatalf("%d reports in five minutes, want one", len(got))
	}
	pic.tracks = nil
	got = run(t, d, start.Add(5*time.Minute), 600, pic)
	if len(got) != 1 || !got[0].r.Track.Ended || !got[0].at.Equal(start.Add(10*time.Minute)) {
		t.Errorf("after the end: %+v, want one report that it ended, at the next window", got)
	}
}

func TestAreaCutsAwayWhatIsOutside(t *testing.T) {
	then := gapTerms.text() + "\narea = [\"gap_c\", \"gap_s\"]"
	d := newDesk(policy(t, head+ruleText("a", "allow", "jp", "track incident", "", then)+
		ruleText("b", "allow", "jp", "track incident", "", gapTerms.text()+"\narea = [\"gap_c\", \"gap_n\"]")))
	north := geo.Point{LatDeg: 26, LonDeg: 122.5}
	pic := &picture{
		tracks: []track.Track{airTrack(1, gap), airTrack(2, north)},
		zones: func(p geo.Point) []zone.ID {
			if p == gap {
				return []zone.ID{"gap_c"}
			}
			return []zone.ID{"gap_n"} // in one of the rules' areas only
		},
	}
	outside := event("A06", start, "tw")
	outside.Zone = "gap_n"
	nowhere := event("A08", start, "tw")
	nowhere.Zone = ""
	pic.cases = []release.Case{openCase(outside, event("A04", start, "tw"), nowhere)}
	pic.cases[0].Sector = "gap_n"
	var tracks []record.ID
	var inc *record.Incident
	for _, l := range run(t, d, start, 300, pic) {
		if l.r.Track != nil {
			tracks = append(tracks, l.r.Object)
		} else {
			inc = l.r.Incident
		}
	}
	slices.SortFunc(tracks, func(a, b record.ID) int { return strings.Compare(a.String(), b.String()) })
	if got := slices.Compact(tracks); len(got) != 1 || got[0] != ids("jp", record.KindTrack, 1) {
		t.Errorf("tracks %v left, want the one in the area of both rules", got)
	}
	if withheld(d, "jp", "outside-area") == 0 {
		t.Error("what was cut away is not counted")
	}
	bin := record.Bin{Start: start, Width: time.Minute}
	want := &record.Incident{State: "open", Opened: bin, Domain: "air", Events: []record.Event{{Rule: "A04", Zone: "gap_c", ZoneVersion: "v1", Direction: "in", Bin: bin}}}
	if diff := cmp.Diff(want, inc); diff != "" {
		t.Errorf("incident (-want +got):\n%s", diff)
	}
}

func TestCountOnlyTellsNoTrackAndNoEvent(t *testing.T) {
	d := newDesk(policy(t, placed+ruleText("bulletin", "allow", "jp", "track incident", "", `grid = "10km"
time_bin = "1h"
slot = "1h"
delay = "0s"
fields = ["identity", "type", "zone", "count", "near", "window"]
count_only = true`)))
	pic := &picture{
		tracks: []track.Track{airTrack(1, gap), airTrack(2, geo.Point{LatDeg: 24.4, LonDeg: 122.8})},
		cases:  []release.Case{openCase(event("A04", start, "tw"), event("A06", start.Add(30*time.Minute), "tw"))},
	}
	pic.cases[0].Tracks = []track.Number{1, 2}
	pic.cases[0].Events[1].Entered = start // known before, told of later
	got := run(t, d, start, 3700, pic)
	if len(got) != 1 {
		t.Fatalf("%d records, want the one of the hour", len(got))
	}
	bin, two, southwest := record.Bin{Start: start, Width: time.Hour}, uint16(2), uint16(225)
	want := &record.Incident{
		State: "open", Opened: bin, Last: &bin, Sector: "gap_c", Domain: "air", Count: &two,
		Near: &record.Near{Place: "Yonaguni-jima", Bearing: &southwest, DistanceM: 20_000},
	}
	if diff := cmp.Diff(want, got[0].r.Incident); diff != "" {
		t.Errorf("incident (-want +got):\n%s", diff)
	}
	if withheld(d, "jp", "counts-only") == 0 {
		t.Error("the tracks that stayed home are not counted")
	}
}

// TestCountOnlyNamesNoTrackThatIsTold lets tracks leave by a rule of their own.
func TestCountOnlyNamesNoTrackThatIsTold(t *testing.T) {
	d := newDesk(policy(t, head+ruleText("tracks", "allow", "jp", "track", "", gapTerms.text())+
		ruleText("count", "allow", "jp", "incident", "", gapTerms.text()+"\ncount_only = true")))
	pic := &picture{tracks: []track.Track{airTrack(1, gap)}, cases: []release.Case{openCase(event("A04", start, "tw"))}}
	pic.cases[0].Tracks = []track.Number{1}
	told := false
	for _, l := range run(t, d, start, 300, pic) {
		told = told || l.r.Track != nil
		if inc := l.r.Incident; inc != nil && (inc.Tracks != nil || inc.Events != nil || *inc.Count != 1) {
			t.Errorf("incident = %+v, want a count alone", inc)
		}
	}
	pic.cases[0].Events = append(pic.cases[0].Events, event("A06", start.Add(5*time.Minute), "tw"))
	pic.cases[0].Tracks = []track.Number{1, 2} // a new count once the track is told
	after := 0
	for _, l := range run(t, d, start.Add(5*time.Minute), 300, pic) {
		if inc := l.r.Incident; inc != nil {
			after++
			if inc.Tracks != nil || inc.Events != nil {
				t.Errorf("incident = %+v, want a count alone", inc)
			}
		}
	}
	if !told || after == 0 {
		t.Fatalf("track told %t, incident told again %d times", told, after)
	}
}

// TestIdentityWithoutTypeTellsNoType grants identity and not type.
func TestIdentityWithoutTypeTellsNoType(t *testing.T) {
	d := newDesk(policy(t, head+ruleText("a", "allow", "jp", "track incident", "", `grid = "5km"
time_bin = "60s"
slot = "0s"
delay = "0s"
fields = ["identity"]`)))
	pic := &picture{tracks: []track.Track{airTrack(1, gap)}, cases: []release.Case{openCase(event("A04", start, "tw"))}}
	pic.cases[0].Identity = &release.CaseIdentity{Identity: record.Identity{Standard: "suspect", Type: "BZK-005", Presumed: true}, At: start}
	kinds := make(map[record.Kind]bool)
	for _, l := range run(t, d, start, 300, pic) {
		kinds[l.r.Kind] = true
		for _, id := range []*record.Identity{trackIdentity(l.r), caseIdentity(l.r)} {
			if id != nil && (id.Type != "" || id.Presumed || id.Standard == "") {
				t.Errorf("%s tells %+v, want the standard alone", l.r.Kind, id)
			}
		}
	}
	if len(kinds) != 2 {
		t.Fatalf("told %v, want a track and an incident", kinds)
	}
}

func trackIdentity(r *record.Record) *record.Identity {
	if r.Track == nil {
		return nil
	}
	return r.Track.Identity
}

func caseIdentity(r *record.Record) *record.Identity {
	if r.Incident == nil {
		return nil
	}
	return r.Incident.Identity
}

// TestNearFollowsFromTheCell compares two places in one cell, and the told
// distance with the true one.
func TestNearFollowsFromTheCell(t *testing.T) {
	p := policy(t, placed+ruleText("near", "allow", "jp", "track", "", `grid = "10km"
time_bin = "60s"
slot = "0s"
delay = "0s"
fields = ["near"]`))
	at := func(t testingT, pos geo.Point) *record.Track {
		got := step(t, newDesk(p), start, &picture{tracks: []track.Track{airTrack(1, pos)}})
		if len(got) != 1 {
			t.Fatalf("%d reports, want one", len(got))
		}
		return got[0].Track
	}
	rapid.Check(t, func(rt *rapid.T) {
		a := at(rt, anywhere(rt, "at"))
		c := geo.Point{LatDeg: float64(a.Cell.LatE5) / 1e5, LonDeg: float64(a.Cell.LonE5) / 1e5}
		b := at(rt, within(rt, c, 10_000))
		if !cmp.Equal(a, b) {
			rt.Fatalf("one cell, two reports: %+v and %+v", a.Near, b.Near)
		}
		if a.Near.DistanceM%10_000 != 0 || (a.Near.Bearing != nil) != (a.Near.DistanceM > 0) {
			rt.Fatalf("near = %+v, want whole grids and a bearing where there is a distance", a.Near)
		}
		yonaguni, suao := geo.Point{LatDeg: 24.4667, LonDeg: 123.0}, geo.Point{LatDeg: 24.5944, LonDeg: 121.8664}
		y, _ := geo.Inverse(yonaguni, c)
		s, _ := geo.Inverse(suao, c)
		// The words hold for whatever was in the cell: 1.21 grids, and a little for columns that are not square.
		place := yonaguni
		if a.Near.Place == "Su-ao" {
			place = suao
		}
		truth, _ := geo.Inverse(place, within(rt, c, 10_000))
		if d := float64(truth) - float64(a.Near.DistanceM); d > 12_300 || d < -12_300 {
			rt.Fatalf("near = %+v, but it was %.0f m from there", a.Near, truth)
		}
		if d := float64(min(y, s)) - float64(a.Near.DistanceM); d > 5000 || d < -5000 || (a.Near.Place == "Su-ao") != (s < y) {
			rt.Fatalf("near = %+v, but it is %.0f m from Yonaguni and %.0f m from Su-ao", a.Near, y, s)
		}
	})
	if got := at(t, geo.Point{LatDeg: 24.4667, LonDeg: 123.0}).Near; got.Bearing != nil || got.DistanceM != 0 || got.Place != "Yonaguni-jima" {
		t.Errorf("near over the place = %+v, want the place alone", got)
	}
	if got := at(t, geo.Point{LatDeg: 23.9, LonDeg: 122.4}).Near; got.Place != "Yonaguni-jima" || *got.Bearing != 225 || got.DistanceM != 80_000 {
		t.Errorf("near to the southwest = %+v, want 80 km at 225", got)
	}
}

// TestChangeOfCellTellsNoMoment lets two tracks cross from one cell to another
// at any two moments between the middles of adjacent bins, at any speed. All
// that leaves, and when, is the same.
func TestChangeOfCellTellsNoMoment(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := drawTerms(rt, "")
		rule := o.text()
		if rapid.Bool().Draw(rt, "with a rate") {
			rule += "\nrate = \"5m\""
		}
		p := policy(rt, placed+ruleText("picture", "allow", "jp", "track", "", strings.Replace(rule, `"identity"`, `"near", "identity"`, 1)))
		from := centreOf(rt, o.grid, anywhere(rt, "from"))
		to := centreOf(rt, o.grid, geo.Direct(from, geo.Degrees(rapid.IntRange(0, 359).Draw(rt, "course")), geo.Metres(o.grid)*3/2))
		bin := rapid.IntRange(1, 4).Draw(rt, "crosses after bin")
		middle := start.Add(time.Duration(bin)*o.bin + o.bin/2)
		var out [2]string
		for i := range out {
			moment := middle.Add(time.Duration(rapid.Int64Range(1, int64(o.bin)).Draw(rt, "moment")))
			tr := airTrack(1, from)
			tr.FirstSeen = start
			pic := &picture{tracks: []track.Track{tr}, at: func(_ track.Number, at time.Time) (geo.Point, bool) {
				if at.Before(moment) {
					return from, true
				}
				return to, true
			}}
			d := newDesk(p)
			for s := time.Duration(0); s < 8*o.bin+o.delay; s += o.bin / 7 {
				now := start.Add(s)
				if now.After(moment) {
					pic.tracks[0].Pos = to
				}
				d.Observe(now, pic.sources())
				sealed, _ := d.Due(now, pic.sources())
				for _, x := range sealed {
					out[i] += fmt.Sprintf("%s %x\n", now, x.Plain())
				}
			}
		}
		if out[0] != out[1] {
			rt.Fatalf("the moment of the crossing shows:\n%s\n%s", out[0], out[1])
		}
		if out[0] == "" {
			rt.Fatalf("nothing left")
		}
	})
}

// TestRescueOpensTheCaseAndNothingElse has a track in a distress case, one in
// another case and one in none.
func TestRescueOpensTheCaseAndNothingElse(t *testing.T) {
	d := newDesk(policy(t, head+ruleText("rescue", "allow", "jp", "track incident posture", "rescue = true", gapTerms.text())))
	pic := &picture{tracks: []track.Track{airTrack(1, gap), airTrack(2, gap), airTrack(3, gap)}}
	case1, case2 := openCase(event("A04", start, "tw")), openCase(event("A04", start, "tw"))
	case1.Danger, case1.Tracks = []party.ID{"tw"}, []track.Number{1}
	case2.Number, case2.Danger, case2.Tracks = 8, []party.ID{"cell"}, []track.Number{2} // as another partner says
	pic.cases = []release.Case{case1, case2}
	objects := make(map[record.ID]bool)
	for _, l := range run(t, d, start, 300, pic) {
		objects[l.r.Object] = true
	}
	want := map[record.ID]bool{ids("jp", record.KindTrack, 1): true, ids("jp", record.KindIncident, 7): true}
	if diff := cmp.Diff(want, objects); diff != "" {
		t.Errorf("objects told (-want +got):\n%s", diff)
	}
	posture := record.Record{Posture: &record.Posture{Incident: []record.Ref{{Originator: "tw", ID: record.ID{1}}}, Posture: "on-scene"}}
	facts := func(c release.Case) release.Facts {
		f := c.Facts()
		f.Rescue = c.RescueFor("tw", "jp")
		return f
	}
	if err := d.Say("jp", record.KindPosture, 7, posture, facts(case1), start); err != nil {
		t.Errorf("posture about the case: %v", err)
	}
	if err := d.Say("jp", record.KindPosture, 8, posture, facts(case2), start); err == nil {
		t.Error("posture about another case left")
	}
	pic.cases[0].Closed = true
	d.Observe(start.Add(10*time.Minute), pic.sources())
	f := release.Facts{To: "jp", Kind: record.KindTrack, Domain: plot.Air}
	if d.Policy().Decide(&f).Allow {
		t.Error("a track without a case left")
	}
}

func TestEquivalentIsOursOrTheStrictest(t *testing.T) {
	text := strings.Replace(head, "retention = \"720h\"\n", `retention = "720h"
handling = ["open", "releasable", "close-hold"]
[[equivalent]]
party = "jp"
policy = "jp-demo"
classification = "releasable"
ours = "open"
`, 1)
	p := policy(t, text)
	tests := map[string]struct {
		from  party.ID
		label record.Label
		want  release.Handling
	}{
		"it handles a label of the table":     {"jp", record.Label{Policy: "jp-demo", Classification: "releasable"}, release.Handling{Ours: "open", Known: true}},
		"it handles another word":             {"jp", record.Label{Policy: "jp-demo", Classification: "secret"}, release.Handling{Ours: "close-hold"}},
		"it handles another policy":           {"jp", record.Label{Policy: "jp-2", Classification: "releasable"}, release.Handling{Ours: "close-hold"}},
		"it handles another partner's words":  {"cell", record.Label{Policy: "jp-demo", Classification: "releasable"}, release.Handling{Ours: "close-hold"}},
		"it handles a label that is not said": {"jp", record.Label{}, release.Handling{Ours: "close-hold"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := p.Equivalent(tt.from, tt.label); got != tt.want {
				t.Errorf("Equivalent = %+v, want %+v", got, tt.want)
			}
		})
	}
	var none *release.Policy
	if got := none.Equivalent("jp", record.Label{Policy: "x"}); got.Known {
		t.Error("no policy knows a label")
	}
	if got := policy(t, head).Equivalent("jp", record.Label{}); got.Ours != "releasable" || got.Known {
		t.Errorf("without a list our own word is the strictest, got %+v", got)
	}
}
