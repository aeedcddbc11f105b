// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

func TestTrackLeavesAsThePolicySays(t *testing.T) {
	d := newDesk(policy(t, pictureRule(gapTerms)))
	pic := &picture{tracks: []track.Track{airTrack(1, gap)}}
	got := run(t, d, start, 150, pic)
	if len(got) != 2 {
		t.Fatalf("%d reports in 150 s, want 2", len(got))
	}
	r := got[1].r
	if r.Epoch != 2 || r.Exercise || len(r.Onward) != 0 || r.Label.Retention != 720*time.Hour {
		t.Errorf("envelope = %+v, want epoch 2, live, not for others, kept 720 h", r.Envelope)
	}
	want := &record.Track{
		Domain: "air", Cell: r.Track.Cell, Bin: record.Bin{Start: start, Width: time.Minute},
		Height: &record.Band{BaseFt: 9000, SizeFt: 1000}, Callsign: "TEST1",
		Identity: &record.Identity{Standard: "unknown", Type: "BZK-005"},
	}
	if diff := cmp.Diff(want, r.Track); diff != "" {
		t.Errorf("track (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]record.Record{*r}, d.PartnerView("jp")); diff != "" {
		t.Errorf("PartnerView (-sent +got):\n%s", diff)
	}
	if h := d.Holders(record.KindTrack, 1); !cmp.Equal(h, []party.ID{"jp"}) {
		t.Errorf("Holders = %v, want jp", h)
	}
}

func TestCourseAndSpeedFollowFromCells(t *testing.T) {
	d := newDesk(policy(t, pictureRule(gapTerms)))
	pic := &picture{tracks: []track.Track{airTrack(1, gap)}}
	pic.at = func(_ track.Number, at time.Time) (geo.Point, bool) {
		return geo.Direct(gap, 90, geo.Metres(at.Sub(start).Seconds()*150)), true // 292 kt to the east
	}
	got := run(t, d, start, 400, pic)
	last := got[len(got)-1].r.Track
	if last.Course == nil || *last.Course != 90 || last.SpeedKt == nil || *last.SpeedKt%20 != 0 || *last.SpeedKt < 240 || *last.SpeedKt > 340 {
		t.Errorf("last = %+v, want about 300 kt to 90 degrees", last)
	}
	if first := got[0].r.Track; first.Course != nil || first.SpeedKt != nil {
		t.Errorf("first = %+v, want no course: the partner holds no cell yet", first)
	}
}

// TestClassStaysHome: the estimated class of a track is no field of what leaves,
// and no part of the type that people gave it.
func TestClassStaysHome(t *testing.T) {
	var got [2][]left
	for i, class := range []mtt.Class{0, mtt.SmallDrone} {
		w := airTrack(1, gap)
		w.Class, w.Confidence = class, 0.875
		w.Identity.Type = ""
		got[i] = run(t, newDesk(policy(t, pictureRule(gapTerms))), start, 200, &picture{tracks: []track.Track{w}})
	}
	if len(got[0]) == 0 {
		t.Fatal("nothing left")
	}
	if diff := cmp.Diff(got[0], got[1], cmp.AllowUnexported(left{})); diff != "" {
		t.Errorf("what leaves changes with the class:\n%s", diff)
	}
}

// TestFormerNamesStayHome: what a track went by before is no field of what leaves.
func TestFormerNamesStayHome(t *testing.T) {
	var got [2][]left
	for i, former := range [][]track.Former{nil, {{Address: 0x899124, Since: start.Add(-time.Hour), Until: start}, {MMSI: 416000124, Until: start}}} {
		w := airTrack(1, gap)
		w.Former = former
		got[i] = run(t, newDesk(policy(t, pictureRule(gapTerms))), start, 200, &picture{tracks: []track.Track{w}})
	}
	if len(got[0]) == 0 {
		t.Fatal("nothing left")
	}
	if diff := cmp.Diff(got[0], got[1], cmp.AllowUnexported(left{})); diff != "" {
		t.Errorf("what leaves changes with former names:\n%s", diff)
	}
}

// TestNothingLeaves is the list of all that may be missing or fail.
func TestNothingLeaves(t *testing.T) {
	good := pictureRule(gapTerms)
	tests := map[string]struct {
		policy string // "" is none
		change func(*picture)
		reason string
	}{
		"it handles no policy":         {"", func(*picture) {}, ""},
		"it handles a file of no rule": {head, func(*picture) {}, ""},
		"it handles no matching rule": {
			head + ruleText("sea", "allow", "jp", "track incident", `domain = "sea"`, gapTerms.text()),
			func(*picture) {}, "no-rule",
		},
		"it handles a rule for another partner": {head + ruleText("x", "allow", "cn", "track incident", "", gapTerms.text()), func(*picture) {}, "no-rule"},
		"it handles a denial beside a permit":   {good + ruleText("never", "deny", "jp", "track incident", "", ""), func(*picture) {}, "never"},
		"it handles an unknown position": {good, func(p *picture) {
			p.at = func(track.Number, time.Time) (geo.Point, bool) { return geo.Point{}, false }
		}, "error"},
		"it handles a position off the globe": {good, func(p *picture) {
			p.at = func(track.Number, time.Time) (geo.Point, bool) { return geo.Point{LatDeg: 91}, true }
		}, "error"},
		"it handles a position that is no number": {good, func(p *picture) {
			p.at = func(track.Number, time.Time) (geo.Point, bool) { return geo.Point{LatDeg: math.NaN()}, true }
		}, "error"},
		"it handles a height that is no number": {good, func(p *picture) { p.tracks[0].Height = geo.Feet(math.NaN()) }, "error"},
		"it handles a record that does not encode": {good, func(p *picture) {
			p.tracks[0].Callsign = "A\x00B"
		}, "error"},
		"it handles an unknown domain":                          {good, func(p *picture) { p.tracks[0].Domain = 0 }, "error"},
		"it handles a tentative track":                          {good, func(p *picture) { p.tracks[0].State = track.Tentative }, ""},
		"it handles a track younger than the middle of the bin": {good, func(p *picture) { p.tracks[0].FirstSeen = start.Add(time.Hour) }, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var p *release.Policy
			if tt.policy != "" {
				p = policy(t, tt.policy)
			}
			d := newDesk(p)
			pic := &picture{tracks: []track.Track{airTrack(1, gap)}}
			tt.change(pic)
			if got := run(t, d, start, 200, pic); len(got) != 0 {
				t.Errorf("%d reports left, want none: %+v", len(got), got[0].r.Track)
			}
			if tt.reason != "" && withheld(d, "jp", tt.reason) == 0 {
				t.Errorf("Stats = %+v, want the reason %q counted", d.Stats(), tt.reason)
			}
			if len(d.PartnerView("jp")) != 0 {
				t.Errorf("PartnerView holds %+v", d.PartnerView("jp"))
			}
		})
	}
}

func TestDueDecidesUnderThePolicyInForce(t *testing.T) {
	slow := gapTerms
	slow.delay = 10 * time.Minute
	coarse := gapTerms
	coarse.grid, coarse.bin = 20_000, 10*time.Minute
	tests := map[string]struct {
		policy string // "" is none
		first  int    // seconds to the first report; 0 is never
	}{
		"it handles none":          {"", 0},
		"it handles a denial":      {pictureRule(gapTerms) + ruleText("never", "deny", "jp", "track", "", ""), 0},
		"it handles a slower one":  {pictureRule(slow), 600},
		"it handles a coarser one": {pictureRule(coarse), 660},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(policy(t, pictureRule(gapTerms)))
			pic := &picture{tracks: []track.Track{airTrack(1, gap)}}
			if got := run(t, d, start, 30, pic); len(got) != 0 || d.Pending("jp") != 1 {
				t.Fatalf("%d reports and %d pending after 30 s, want 0 and 1", len(got), d.Pending("jp"))
			}
			if d.SetPolicy(nil); tt.policy != "" {
				d.SetPolicy(policy(t, tt.policy))
			}
			got := run(t, d, start.Add(30*time.Second), 800, pic)
			switch {
			case tt.first == 0 && len(got) != 0:
				t.Errorf("left at %v, want nothing", got[0].at)
			case tt.first > 0 && (len(got) == 0 || got[0].at != start.Add(time.Duration(tt.first)*time.Second)):
				t.Errorf("first of %d reports, want one after %d s: %+v", len(got), tt.first, got)
			}
		})
	}
}

// TestDenialTakesPendingBack identifies a track as a friend while its report
// waits.
func TestDenialTakesPendingBack(t *testing.T) {
	slow := gapTerms
	slow.delay = 5 * time.Minute
	d := newDesk(policy(t, pictureRule(slow)+ruleText("known", "deny", "jp", "track", `identity = ["friend"]`, "")))
	pic := &picture{tracks: []track.Track{airTrack(1, gap)}}
	run(t, d, start, 130, pic)
	if d.Pending("jp") != 3 {
		t.Fatalf("Pending = %d, want 3", d.Pending("jp"))
	}
	pic.tracks[0].Identity.Standard = "friend"
	got := run(t, d, start.Add(130*time.Second), 60, pic)
	pic.tracks = nil // and it lands
	got = append(got, run(t, d, start.Add(190*time.Second), 900, pic)...)
	if len(got) != 0 || d.Pending("jp") != 0 {
		t.Errorf("%d reports left and %d wait, want none", len(got), d.Pending("jp"))
	}
}

func TestFreezeKeepsAndResumeDecidesAgain(t *testing.T) {
	d := newDesk(policy(t, pictureRule(gapTerms)))
	d.Freeze("jp")
	pic := &picture{tracks: []track.Track{airTrack(1, gap), airTrack(2, gap)}}
	if err := d.Say("jp", record.KindDistress, 1, distress(), release.Facts{}, start); err != nil {
		t.Fatal(err)
	}
	if got := run(t, d, start, 3600, pic); len(got) != 0 {
		t.Fatalf("%d records left a frozen desk", len(got))
	}
	if !d.Frozen("jp") || d.Pending("jp") > 7 {
		t.Errorf("Frozen %t with %d pending, want no more than the newest of each track, those not due and the distress", d.Frozen("jp"), d.Pending("jp"))
	}
	d.Resume("jp")
	now := start.Add(time.Hour)
	got := due(t, d, now, pic)
	if len(got) != 3 || got[0].Kind != record.KindDistress {
		t.Fatalf("Resume released %d records, want the distress and the newest of each track", len(got))
	}
	for _, r := range got[1:] {
		if want := now.Add(-3 * time.Minute); r.Track.Bin.Start.Before(want) {
			t.Errorf("bin %v, want the newest", r.Track.Bin.Start)
		}
	}
	d.Freeze("jp")
	run(t, d, now, 120, pic)
	d.SetPolicy(nil)
	d.Resume("jp")
	if got := run(t, d, now.Add(120*time.Second), 300, pic); len(got) != 0 {
		t.Errorf("%d records left after the policy went", len(got))
	}
}

func TestPendingIsBounded(t *testing.T) {
	slow := gapTerms
	slow.delay = time.Hour
	d := release.NewDesk(release.Config{Self: "tw", Partners: []party.ID{"jp"}, IDs: ids, MaxPending: 5})
	d.SetPolicy(policy(t, pictureRule(slow)+ruleText("say", "allow", "jp", "posture", "", `delay = "1h"`)))
	pic := &picture{}
	for n := range 4 {
		pic.tracks = append(pic.tracks, airTrack(track.Number(n+1), gap))
	}
	for i := range 40 {
		step(t, d, start.Add(time.Duration(i)*time.Minute), pic)
		if d.Pending("jp") > 5 {
			t.Fatalf("Pending = %d, at most 5", d.Pending("jp"))
		}
	}
	if withheld(d, "jp", "superseded") == 0 {
		t.Errorf("Stats = %+v, want states that gave way", d.Stats())
	}
	body := record.Record{Posture: &record.Posture{Posture: "watching", Incident: []record.Ref{{Originator: "tw", ID: record.ID{1}}}}}
	if err := d.Say("jp", record.KindPosture, 1, body, release.Facts{}, start); !errors.Is(err, release.ErrWithheld) {
		t.Errorf("Say over the bound = %v, want ErrWithheld", err)
	}
	pic.tracks = append(pic.tracks, airTrack(9, gap))
	step(t, d, start.Add(41*time.Minute), pic)
	if withheld(d, "jp", "full") != 2 {
		t.Errorf("Stats = %+v, want the statement and the fifth track refused", d.Stats())
	}
}

func TestEndIsToldOnceAndForgotten(t *testing.T) {
	d := newDesk(policy(t, pictureRule(gapTerms)))
	pic := &picture{tracks: []track.Track{airTrack(1, gap), airTrack(2, gap)}}
	run(t, d, start, 130, pic)
	pic.tracks = pic.tracks[:1]
	ended := 0
	for _, l := range run(t, d, start.Add(130*time.Second), 600, pic) {
		if l.r.Track.Ended {
			ended++
			if l.r.Object != ids("jp", record.KindTrack, 2) || l.at.Before(start.Add(190*time.Second)) {
				t.Errorf("ended = %+v at %v, want track 2, not before its delay", l.r.Track, l.at)
			}
		}
	}
	if ended != 1 {
		t.Errorf("the end was told %d times, want once", ended)
	}
	if h := d.Holders(record.KindTrack, 2); len(h) != 0 {
		t.Errorf("Holders = %v, want none", h)
	}
	if n := len(d.PartnerView("jp")); n != 2 {
		t.Errorf("PartnerView holds %d, want both for a while", n)
	}
	for i := range 70 {
		step(t, d, start.Add(time.Duration(15+i)*time.Minute), pic)
	}
	if n := len(d.PartnerView("jp")); n != 1 {
		t.Errorf("PartnerView holds %d after an hour, want the track that goes on", n)
	}
}

func TestEndOutsideTheRulesIsNotTold(t *testing.T) {
	d := newDesk(policy(t, head+ruleText("unknown", "allow", "jp", "track", `identity = ["unknown"]`, gapTerms.text())))
	pic := &picture{tracks: []track.Track{airTrack(1, gap)}}
	run(t, d, start, 130, pic)
	pic.tracks[0].Identity.Standard = "neutral"
	run(t, d, start.Add(130*time.Second), 200, pic)
	pic.tracks = nil
	if got := run(t, d, start.Add(330*time.Second), 300, pic); len(got) != 0 {
		t.Errorf("the end of a track that no rule lets go was told: %+v", got[0].r.Track)
	}
}

func TestDistressNeedsNoPolicy(t *testing.T) {
	off := "version = 1\nparty = \"tw\"\ndistress = false\ndistress_reason = \"exercise without it\"\n" + head[len("version = 1\nparty = \"tw\"\n"):]
	tests := map[string]struct {
		policy string
		body   record.Record
		leaves bool
	}{
		"it handles no policy":                {"", distress(), true},
		"it handles a policy without a rule":  {head, distress(), true},
		"it handles a policy that says no":    {off, distress(), false},
		"it handles a position off the globe": {"", record.Record{Distress: &record.Distress{LatDeg: 99, Nature: "x"}}, false},
		"it handles the body of another kind": {"", record.Record{Posture: &record.Posture{}}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(nil)
			if tt.policy != "" {
				d.SetPolicy(policy(t, tt.policy))
			}
			err := d.Say("jp", record.KindDistress, 1, tt.body, release.Facts{}, start)
			got := step(t, d, start, &picture{})
			if (err == nil) != tt.leaves || (len(got) == 1) != tt.leaves {
				t.Errorf("Say = %v and %d records left, want it to leave: %t", err, len(got), tt.leaves)
			}
			if !tt.leaves && (!errors.Is(err, release.ErrWithheld) || withheld(d, "jp", "denied")+withheld(d, "jp", "error") != 1) {
				t.Errorf("Say = %v, Stats = %+v, want it counted as withheld", err, d.Stats())
			}
		})
	}
	d := newDesk(nil)
	if err := d.Say("xx", record.KindDistress, 1, distress(), release.Facts{}, start); !errors.Is(err, release.ErrWithheld) {
		t.Errorf("Say to a stranger = %v, want ErrWithheld", err)
	}
}

// TestPolicyThatForbidsDistressIsObeyedWhenDue changes the policy while a
// distress waits behind the stop switch.
func TestPolicyThatForbidsDistressIsObeyedWhenDue(t *testing.T) {
	d := newDesk(nil)
	d.Freeze("jp")
	if err := d.Say("jp", record.KindDistress, 1, distress(), release.Facts{}, start); err != nil {
		t.Fatal(err)
	}
	d.SetPolicy(policy(t, "version = 1\nparty = \"tw\"\ndistress = false\ndistress_reason = \"exercise without it\"\n"+head[len("version = 1\nparty = \"tw\"\n"):]))
	d.Resume("jp")
	if got := step(t, d, start, &picture{}); len(got) != 0 || withheld(d, "jp", "denied") != 1 {
		t.Errorf("%d records left, Stats = %+v, want it withheld and counted", len(got), d.Stats())
	}
}

func TestStatementsAreDecidedByTheirKind(t *testing.T) {
	text := head + ruleText("talk", "allow", "jp", "posture", "", `delay = "0s"`) + ruleText("picture", "allow", "jp", "track incident", "", gapTerms.text())
	posture := record.Record{Posture: &record.Posture{Posture: "watching", Incident: []record.Ref{{Originator: "tw", ID: record.ID{1}}}}}
	link := record.Record{Link: &record.Link{Ours: record.ID{1}, Theirs: record.ID{2}}}
	tests := map[string]struct {
		to     party.ID
		kind   record.Kind
		body   record.Record
		leaves bool
	}{
		"it handles a kind with a rule":     {"jp", record.KindPosture, posture, true},
		"it handles a kind without a rule":  {"jp", record.KindLink, link, false},
		"it handles a partner without one":  {"cell", record.KindPosture, posture, false},
		"it handles a bad body":             {"jp", record.KindPosture, record.Record{Posture: &record.Posture{Posture: "attack"}}, false},
		"it handles a track past the grids": {"jp", record.KindTrack, record.Record{Track: &record.Track{Domain: "air", Cell: record.Cell{GridM: 1}, Bin: record.Bin{Start: start, Width: 1}}}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(policy(t, text))
			err := d.Say(tt.to, tt.kind, 1, tt.body, release.Facts{Exercise: true}, start)
			got := step(t, d, start, &picture{})
			if (err == nil) != tt.leaves || (len(got) == 1) != tt.leaves {
				t.Fatalf("Say = %v and %d records left, want it to leave: %t", err, len(got), tt.leaves)
			}
			if tt.leaves && !got[0].Exercise {
				t.Error("the exercise mark was lost")
			}
		})
	}
}

func TestExplainNamesRuleAndDue(t *testing.T) {
	o := gapTerms
	o.slot = 90 * time.Second
	d := newDesk(policy(t, pictureRule(o)))
	pic := &picture{tracks: []track.Track{airTrack(1, gap)}}
	run(t, d, start, 1, pic)
	got := d.ExplainTrack(1, release.Facts{Domain: plot.Air}, nil)
	if len(got) != 2 || got[0].To != "cell" || got[0].Allow || got[0].Reason != "no-rule" {
		t.Fatalf("Explain = %+v, want cell refused for want of a rule", got)
	}
	jp := got[1]
	if !jp.Allow || !cmp.Equal(jp.Rules, []string{"picture"}) || jp.Due == nil || !jp.Due.Equal(start.Add(90*time.Second)) || jp.Obligations.GridM != 5000 || jp.Last != nil {
		t.Errorf("Explain = %+v, want the rule, its terms and the next slot", jp)
	}
}

// TestNumbersStayHome looks for what must never be in a record.
func TestNumbersStayHome(t *testing.T) {
	d := newDesk(policy(t, pictureRule(gapTerms)))
	tr := airTrack(0x5EC4E7, gap)
	tr.HasAddress, tr.Address, tr.HasMMSI, tr.MMSI, tr.Name, tr.Identity.By = true, 0x899123, true, 416000123, "HOME", "wang"
	pic := &picture{tracks: []track.Track{tr}}
	d.Observe(start, pic.sources())
	sealed, _ := d.Due(start.Add(time.Minute), pic.sources())
	if len(sealed) != 1 || sealed[0].To() != "jp" || sealed[0].Lane() != record.LaneState {
		t.Fatalf("sealed = %+v, want one state for jp", sealed)
	}
	for name, secret := range map[string][]byte{
		"track number": {0x5E, 0xC4, 0xE7}, "address": {0x89, 0x91, 0x23}, "person": []byte("wang"), "name": []byte("HOME"),
	} {
		if bytes.Contains(sealed[0].Plain(), secret) {
			t.Errorf("the record holds the %s", name)
		}
	}
}
