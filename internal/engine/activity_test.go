// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// statePolicy is openPolicy with own activity and search areas.
func statePolicy() string {
	return openPolicy() + `
[[rule]]
id = "own-activity"
effect = "allow"
to = ["jp", "cell"]
kinds = ["activity", "search-area"]
[rule.then]
delay = "0s"
`
}

func ptr[T any](v T) *T { return &v }

// gap is an area in the middle of the gap, seaward of all territorial seas.
func gap() []geo.Point {
	return []geo.Point{{LatDeg: 23.2, LonDeg: 122}, {LatDeg: 23.2, LonDeg: 124}, {LatDeg: 24, LonDeg: 124}, {LatDeg: 24, LonDeg: 122}}
}

// notice is a notice of jp's over the gap from now for an hour.
func (f *floor) noticeFrom(p party.ID, n uint64) *record.Record {
	r := f.from(p, record.KindActivity, n)
	r.Activity = &record.Activity{
		State: "working", Kind: "unmanned-survey", Domain: "air", From: f.now, To: f.now.Add(time.Hour), Count: 2,
		Height: &record.Block{BaseFt: 8000, TopFt: 10_000}, ContactKHz: ptr(uint32(123_100)), Working: ptr(f.now),
	}
	for _, c := range gap() {
		r.Activity.Area.Corners = append(r.Activity.Area.Corners, record.Corner{LatE5: int32(c.LatDeg * 1e5), LonE5: int32(c.LonDeg * 1e5)})
	}
	return r
}

// ownNotice is what an officer enters over the same area.
func (f *floor) ownNotice(to ...party.ID) engine.Command {
	return engine.Command{Verb: "activity", Activity: &engine.ActivityArgs{
		To: to, Kind: "patrol", Domain: "air", From: f.now.Format(time.RFC3339), Until: f.now.Add(2 * time.Hour).Format(time.RFC3339),
		Corners: gap(), BaseFt: ptr(int32(9000)), TopFt: ptr(int32(20_000)), Count: 1,
	}}
}

// drone flies an aircraft that our people call uncrewed and unknown, which is
// what rule A13 asks for, and returns its track.
func (f *floor) drone(from geo.Point, squawk modes.Squawk, d time.Duration) uint32 {
	f.t.Helper()
	pos := f.fly(0x780001, from, 90, squawk, 30*time.Second)
	v := f.e.View()
	if len(v.Tracks) != 1 {
		f.t.Fatalf("%d tracks, want one", len(v.Tracks))
	}
	n := v.Tracks[0].N
	f.do(engine.Command{Verb: "identify", Track: n, Standard: "unknown", Type: "CH-4"})
	f.fly(0x780001, pos, 90, squawk, d)
	return n
}

func (f *floor) alarm(rule string) *engine.AlarmView {
	f.t.Helper()
	v := f.e.View()
	i := slices.IndexFunc(v.Alarms, func(a engine.AlarmView) bool { return a.Rule == rule && a.State == "unacknowledged" })
	if i < 0 {
		return nil
	}
	return &v.Alarms[i]
}

var inTheGap = geo.Point{LatDeg: 23.6, LonDeg: 122.6}

func TestAPartnersNoticeKeepsItsAircraftFromAlarming(t *testing.T) {
	f := newFloor(t, statePolicy())
	f.must("jp", f.noticeFrom("jp", 1))
	n := f.drone(inTheGap, 0, 3*time.Minute)
	v := f.e.View()
	if len(v.Incidents) != 0 {
		t.Fatalf("incidents %+v, want none", v.Incidents)
	}
	a := v.Activity
	if len(a.Held) != 1 || a.Held[0].Rule != "A13" || a.Held[0].Track != n || a.Held[0].Party != "jp" {
		t.Fatalf("held %+v, want A13 of track %d by jp's notice", a.Held, n)
	}
	if len(a.Notices) != 1 || !slices.Equal(a.Notices[0].Tracks, []uint32{n}) || a.Notices[0].State != "working" {
		t.Errorf("notices %+v, want jp's with the track", a.Notices)
	}
	if !slices.ContainsFunc(a.Journal, func(e engine.ActivityEntry) bool { return e.What == "held" && e.Rule == "A13" && e.Track == n }) {
		t.Errorf("journal %+v does not say that A13 is held back", a.Journal)
	}

	// It goes over a restart.
	back, err := engine.Restore("tw", idOf, state(t, f.e))
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff(v, back.View()); d != "" {
		t.Errorf("picture differs after a restart: %s", d)
	}
	f.e = back

	// The issuer is clear: what is still there alarms.
	r := f.noticeFrom("jp", 1)
	r.Activity.State, r.Activity.Clear = "clear", ptr(f.now)
	f.must("jp", r)
	f.pass(10 * time.Second)
	if inc := f.incident(1); inc.Alarm != "unacknowledged" || !slices.ContainsFunc(inc.Events, func(e engine.EventView) bool { return e.Rule == "A13" && e.Track == n }) {
		t.Errorf("incident %+v, want the alarm of A13", inc)
	}
	if v := f.e.View().Activity; len(v.Held) != 0 || !slices.ContainsFunc(v.Journal, func(e engine.ActivityEntry) bool { return e.What == "lifted" }) {
		t.Errorf("held %+v after the end; or the journal does not say that it was lifted", v.Held)
	}
}

func TestTheEndOfTheTimeBoxLiftsWhatWasHeld(t *testing.T) {
	f := newFloor(t, statePolicy())
	r := f.noticeFrom("jp", 1)
	r.Activity.To = f.now.Add(2 * time.Minute)
	f.must("jp", r)
	f.drone(inTheGap, 0, 75*time.Second)
	if v := f.e.View(); len(v.Incidents) != 0 || len(v.Activity.Held) != 1 {
		t.Fatalf("incidents %+v, held %+v", v.Incidents, v.Activity.Held)
	}
	f.pass(20 * time.Second)
	if inc := f.incident(1); inc.Alarm != "unacknowledged" {
		t.Errorf("incident %+v, want an alarm", inc)
	}
	if s := f.e.View().Activity.Notices[0].State; s != "expired" {
		t.Errorf("notice is %s, want expired", s)
	}
	f.pass(2 * time.Hour)
	if n := len(f.e.View().Activity.Notices); n != 0 {
		t.Errorf("%d notices two hours later", n)
	}
}

func TestWhatNoNoticeHoldsBack(t *testing.T) {
	yonaguni := geo.Point{LatDeg: 24.38, LonDeg: 122.9}
	tests := map[string]struct {
		from   geo.Point
		squawk modes.Squawk
		spoil  func(*record.Record)
		before func(*floor)
		rule   string
	}{
		"it handles an emergency":                 {from: inTheGap, squawk: 0o7700, rule: "A11"},
		"it handles all else of one in emergency": {from: inTheGap, squawk: 0o7600, rule: "A13"},
		"it handles a territorial sea":            {from: yonaguni, spoil: wide, rule: "A13"},
		"it handles another area":                 {from: geo.Point{LatDeg: 24.2, LonDeg: 122.5}, rule: "A13"},
		"it handles another height":               {from: inTheGap, spoil: func(r *record.Record) { r.Activity.Height.BaseFt = 9500 }, rule: "A13"},
		"it handles a box that has not begun":     {from: inTheGap, spoil: func(r *record.Record) { r.Activity.From = r.Activity.From.Add(30 * time.Minute) }, rule: "A13"},
		"it handles vessels' notices":             {from: inTheGap, spoil: func(r *record.Record) { r.Activity.Domain, r.Activity.Height = "sea", nil }, rule: "A13"},
		"it handles an exercise":                  {from: inTheGap, spoil: func(r *record.Record) { r.Exercise = true }, rule: "A13"},
		"it handles one that is set aside": {from: inTheGap, rule: "A13", before: func(f *floor) {
			f.do(engine.Command{Verb: "activity-set-aside", Partner: "jp", Activity: &engine.ActivityArgs{Object: theirID("jp", record.KindActivity, 1), Aside: true}})
		}},
		"it handles a node that lets nothing be held": {from: inTheGap, rule: "A13", before: func(f *floor) {
			c := *f.cfg
			c.NoHold = true
			if out := f.step(&engine.Input{Config: &c}); out.Reply.Code != "" {
				f.t.Fatalf("Config refused: %+v", out)
			}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFloor(t, statePolicy())
			r := f.noticeFrom("jp", 1)
			if tt.spoil != nil {
				tt.spoil(r)
			}
			f.must("jp", r)
			if tt.before != nil {
				tt.before(f)
			}
			f.drone(tt.from, tt.squawk, 90*time.Second)
			v := f.e.View()
			if len(v.Incidents) != 1 || v.Incidents[0].Alarm != "unacknowledged" || !slices.ContainsFunc(v.Incidents[0].Events, func(e engine.EventView) bool { return e.Rule == tt.rule }) {
				t.Errorf("incidents %+v, want the alarm of %s; held %+v", v.Incidents, tt.rule, v.Activity.Held)
			}
		})
	}
}

// wide makes a notice that holds the whole theatre.
func wide(r *record.Record) {
	r.Activity.Area = record.Area{Corners: []record.Corner{
		{LatE5: 22_00000, LonE5: 121_00000},
		{LatE5: 22_00000, LonE5: 125_00000},
		{LatE5: 26_00000, LonE5: 125_00000},
		{LatE5: 26_00000, LonE5: 121_00000},
	}}
}

func TestDistressComesThroughAnyNotice(t *testing.T) {
	f := newFloor(t, statePolicy())
	r := f.noticeFrom("jp", 1)
	wide(r)
	r.Activity.Domain, r.Activity.Height = "sea", nil
	f.must("jp", r)
	d := f.from("jp", record.KindDistress, 2)
	d.Distress = &record.Distress{LatDeg: 23.5, LonDeg: 122.5, Nature: "fire"}
	f.must("jp", d)
	if a := f.alarm("distress"); a == nil || a.Priority != 1 {
		t.Errorf("alarm %+v, want distress", a)
	}
}

func TestAMismatchAlarms(t *testing.T) {
	f := newFloor(t, statePolicy())
	r := f.noticeFrom("jp", 1)
	r.Activity.Height = nil
	r.Activity.Count = 1
	f.must("jp", r)
	f.fly(0x780001, inTheGap, 90, 0, time.Minute)
	if a := f.alarm("activity-mismatch"); a != nil {
		t.Fatalf("alarm %+v for one aircraft where one is told", a)
	}
	f.fly(0x780002, geo.Point{LatDeg: 23.4, LonDeg: 122.4}, 90, 0, time.Minute)
	if a := f.alarm("activity-mismatch"); a == nil || a.Subject != "jp" || !strings.HasSuffix(a.Key, "/count") {
		t.Errorf("alarm %+v, want a second aircraft", a)
	}
	if m := f.e.View().Activity.Notices[0].Mismatch; !slices.Equal(m, []string{"count"}) {
		t.Errorf("mismatch %v, want count", m)
	}
}

func TestTheTimeLineSaysThatANoticeMatches(t *testing.T) {
	f := newFloor(t, statePolicy())
	f.drone(inTheGap, 0, 90*time.Second)
	f.incident(1)
	f.must("jp", f.noticeFrom("jp", 1))
	f.fly(0x780001, geo.Point{LatDeg: 23.6, LonDeg: 122.9}, 90, 0, 10*time.Second)
	if !slices.ContainsFunc(f.incident(1).Events, func(e engine.EventView) bool {
		return e.Kind == "activity-match" && e.Text == "unmanned-survey" && slices.Equal(e.Originators, []party.ID{"jp"})
	}) {
		t.Errorf("events %+v do not say that jp's notice matches", f.incident(1).Events)
	}
}

// theOtherEnd is the node at the other end: what was sent to it comes in there.
func theOtherEnd(t testing.TB, id party.ID, f *floor) *engine.Engine {
	t.Helper()
	c := *f.cfg
	c.Partners = []party.ID{"tw"}
	c.Policy = nil
	e := engine.New(id, idOf)
	if out := e.Step(1, &engine.Input{At: f.now, Config: &c}); out.Reply.Code != "" {
		t.Fatalf("Config refused: %+v", out)
	}
	for i, r := range f.sent[id] {
		b, err := record.Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		out := e.Step(e.Seq()+1, &engine.Input{At: f.now, Partner: &engine.Partner{From: "tw", Lane: r.Kind.Lane(), Seq: uint64(i), Body: b}})
		if len(out.Refused) > 0 {
			t.Fatalf("%s refused %s: %+v", id, r.Kind, out.Refused)
		}
	}
	return e
}

// Both desks alarm by themselves, and show the same.
func TestAnOverlapAlarmsBothDesks(t *testing.T) {
	f := newFloor(t, statePolicy())
	theirs := f.noticeFrom("jp", 1)
	n := f.do(f.ownNotice("jp")).Activity
	f.pass(10 * time.Second)
	if n != 1 || len(f.kinds("jp", record.KindActivity)) != 1 || len(f.sent["cell"]) != 0 {
		t.Fatalf("notice %d; jp was sent %d notices, cell %d records", n, len(f.kinds("jp", record.KindActivity)), len(f.sent["cell"]))
	}
	jp := theOtherEnd(t, "jp", f)
	b := theirs.Activity
	mine := engine.Command{Verb: "activity", By: "SATO", Role: engine.Officer, Activity: &engine.ActivityArgs{
		Kind: b.Kind, Domain: b.Domain, From: b.From.Format(time.RFC3339), Until: b.To.Format(time.RFC3339), Corners: gap(),
		BaseFt: &b.Height.BaseFt, TopFt: &b.Height.TopFt, Count: b.Count, ContactKHz: b.ContactKHz,
	}}
	if out := jp.Step(jp.Seq()+1, &engine.Input{At: f.now, Command: &mine}); out.Reply.Code != "" {
		t.Fatalf("jp's notice: %+v", out.Reply)
	}
	jp.Step(jp.Seq()+1, &engine.Input{At: f.now.Add(time.Second), Tick: &engine.Tick{}})
	f.must("jp", theirs)
	f.pass(10 * time.Second)

	here, there := f.e.View(), jp.View()
	for name, v := range map[string]*engine.View{"tw": here, "jp": there} {
		i := slices.IndexFunc(v.Alarms, func(a engine.AlarmView) bool { return a.Rule == "activity-overlap" })
		if i < 0 || v.Alarms[i].Priority != 1 || v.Alarms[i].State != "unacknowledged" {
			t.Errorf("%s has the alarms %+v, want an overlap of priority 1", name, v.Alarms)
		}
	}
	if len(here.Activity.Overlaps) != 1 || len(there.Activity.Overlaps) != 1 {
		t.Fatalf("overlaps: tw %+v, jp %+v", here.Activity.Overlaps, there.Activity.Overlaps)
	}
	x, y := here.Activity.Overlaps[0], there.Activity.Overlaps[0]
	x.A, x.B, x.Alarm = y.A, y.B, y.Alarm // each side names its own notice by its number
	if d := gocmp.Diff(x, y); d != "" {
		t.Errorf("the two desks see different overlaps: %s", d)
	}
	if h := x.Height; h == nil || h.BaseFt != 9000 || h.TopFt != 10_000 || !x.To.Equal(b.To) {
		t.Errorf("overlap %+v, want 9000 to 10000 ft until %s", x, b.To)
	}
	if got := here.Activity.Notices[0]; got.Party != "tw" || len(got.Told) != 1 || got.Told[0].State != "told" || got.Told[0].Ref != there.Activity.Notices[1].Ref {
		t.Errorf("our notice %+v, want it told to jp under the name that jp shows (%s)", got, there.Activity.Notices[1].Ref)
	}
	if f.do(engine.Command{Verb: "activity-state", Activity: &engine.ActivityArgs{Number: n, State: "cancelled"}}); f.e.View().Activity.Notices[0].State != "cancelled" {
		t.Error("the notice is not cancelled")
	}
	f.pass(10 * time.Second)
	if f.alarm("activity-overlap") != nil {
		t.Error("the overlap alarms though our notice is cancelled")
	}
	last := f.kinds("jp", record.KindActivity)
	if r := last[len(last)-1]; len(last) != 2 || r.Activity.State != "cancelled" || r.Epoch != 2 || r.Object != last[0].Object {
		t.Errorf("jp was sent %+v, want the same notice cancelled", r)
	}
}

// What one partner told goes to no other, and an overlap of two partners'
// notices concerns this desk alone.
func TestNoticesOfTwoPartnersAlarmHereOnly(t *testing.T) {
	f := newFloor(t, statePolicy())
	a, b := f.noticeFrom("jp", 1), f.noticeFrom("cell", 2)
	f.must("jp", a)
	f.must("cell", b)
	f.drone(inTheGap, 0, time.Minute)
	f.pass(time.Minute)
	if al := f.alarm("activity-overlap"); al == nil || al.Subject != "cell jp" {
		t.Fatalf("alarm %+v, want one about cell and jp", al)
	}
	for _, p := range []party.ID{"jp", "cell"} {
		if n := len(f.kinds(p, record.KindActivity)); n != 0 {
			t.Errorf("%s was sent %d notices", p, n)
		}
		if n := len(f.kinds(p, record.KindIncident)); n != 0 {
			t.Errorf("%s was sent an incident that a notice explains", p)
		}
		for name, id := range map[string]record.ID{"jp's": a.Object, "cell's": b.Object, "jp's record": a.ID, "cell's record": b.ID} {
			if bytes.Contains(f.raw[p], id[:]) {
				t.Errorf("%s got the id of %s notice", p, name)
			}
		}
	}
}

func TestANoticeIsWithheldWhereNoRuleAllowsIt(t *testing.T) {
	f := newFloor(t, openPolicy())
	if r := f.try(f.ownNotice("jp")); r.Code != "withheld-kept" || r.Activity != 1 {
		t.Errorf("activity = %+v, want withheld, and the notice kept here", r)
	}
	f.pass(time.Minute)
	if n := len(f.kinds("jp", record.KindActivity)); n != 0 {
		t.Errorf("jp was sent %d notices", n)
	}
	v := f.e.View().Activity.Notices
	if len(v) != 1 || len(v[0].Told) != 1 || v[0].Told[0].State != "withheld" {
		t.Errorf("notices %+v, want one that is withheld from jp", v)
	}
	f.must("jp", f.noticeFrom("jp", 1))
	f.pass(10 * time.Second)
	if f.alarm("activity-overlap") == nil {
		t.Error("an overlap with a notice that the partner does not hold is not found")
	}
}

func TestNoticesThatAreRefused(t *testing.T) {
	tests := map[string]struct {
		spoil func(*engine.Command)
		want  string
	}{
		"it handles no arguments": {func(c *engine.Command) { c.Activity = nil }, "bad-request"},
		"it handles a stranger":   {func(c *engine.Command) { c.Activity.To = []party.ID{"xx"} }, "no-such-partner"},
		"it handles ourselves":    {func(c *engine.Command) { c.Activity.To = []party.ID{"tw"} }, "no-such-partner"},
		"it handles no time":      {func(c *engine.Command) { c.Activity.From = "" }, "bad-time"},
		"it handles a box that is over": {func(c *engine.Command) {
			c.Activity.Until = start.Add(-time.Minute).Format(time.RFC3339)
			c.Activity.From = start.Add(-time.Hour).Format(time.RFC3339)
		}, "bad-time"},
		"it handles a box of three days":  {func(c *engine.Command) { c.Activity.Until = start.Add(72 * time.Hour).Format(time.RFC3339) }, "bad-notice"},
		"it handles a kind that is none":  {func(c *engine.Command) { c.Activity.Kind = "strike" }, "bad-notice"},
		"it handles no kind":              {func(c *engine.Command) { c.Activity.Kind = "" }, "bad-notice"},
		"it handles nobody":               {func(c *engine.Command) { c.Activity.Count = 0 }, "bad-notice"},
		"it handles half a block":         {func(c *engine.Command) { c.Activity.TopFt = nil }, "bad-notice"},
		"it handles a block upside down":  {func(c *engine.Command) { c.Activity.BaseFt = ptr(int32(30_000)) }, "bad-notice"},
		"it handles a telephone number":   {func(c *engine.Command) { c.Activity.ContactKHz = ptr(uint32(118)) }, "bad-notice"},
		"it handles no area":              {func(c *engine.Command) { c.Activity.Corners = nil }, "bad-area"},
		"it handles a bow tie":            {func(c *engine.Command) { p := c.Activity.Corners; p[1], p[2] = p[2], p[1] }, "bad-area"},
		"it handles a corner on no globe": {func(c *engine.Command) { c.Activity.Corners[0].LatDeg = 95 }, "bad-area"},
		"it handles a hundred corners":    {func(c *engine.Command) { c.Activity.Corners = make([]geo.Point, 100) }, "bad-area"},
		"it handles a circle without radius": {func(c *engine.Command) {
			c.Activity.Corners, c.Activity.Centre = nil, &geo.Point{LatDeg: 24, LonDeg: 122}
		}, "bad-area"},
		"it handles a notice that is not": {func(c *engine.Command) { c.Verb, c.Activity.Number = "activity-amend", 9 }, "no-such-notice"},
		"it handles the state of none":    {func(c *engine.Command) { c.Verb, c.Activity.Number, c.Activity.State = "activity-state", 9, "clear" }, "no-such-notice"},
		"it handles setting none aside":   {func(c *engine.Command) { c.Verb, c.Partner, c.Activity.Aside = "activity-set-aside", "jp", true }, "no-such-notice"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFloor(t, statePolicy())
			c := f.ownNotice("jp")
			tt.spoil(&c)
			if r := f.try(c); r.Code != tt.want {
				t.Errorf("%s = %q, want %q", c.Verb, r.Code, tt.want)
			}
			if n := len(f.e.View().Activity.Notices); n != 0 {
				t.Errorf("%d notices stand", n)
			}
		})
	}
	f := newFloor(t, statePolicy())
	for range 64 {
		f.do(f.ownNotice("jp"))
	}
	if r := f.try(f.ownNotice("jp")); r.Code != "too-many-notices" {
		t.Errorf("the 65th notice = %q", r.Code)
	}
	if r := f.try(engine.Command{Verb: "activity-state", Activity: &engine.ActivityArgs{Number: 1, State: "planned"}}); r.Code != "not-now" {
		t.Errorf("back to planned = %q, want not-now", r.Code)
	}
}

// A partner that floods the desk with notices is refused, and what others
// told stands.
func TestAPartnerHasOnlyItsShareOfTheNotices(t *testing.T) {
	f := newFloor(t, statePolicy())
	f.must("cell", f.noticeFrom("cell", 1))
	refused := map[string]int{}
	for i := range uint64(200) {
		refused[f.take("jp", f.noticeFrom("jp", i))]++
	}
	if refused[""] != 64 || refused["flood"] != 136 {
		t.Errorf("taken and refused: %v, want 64 and 136 for flood", refused)
	}
	if n := len(f.e.View().Activity.Notices); n != 65 {
		t.Errorf("%d notices stand, want 65", n)
	}
	for want, spoil := range map[string]func(*record.Record){
		"stale":    func(r *record.Record) { r.Epoch = 1 },
		"exercise": func(r *record.Record) { r.Exercise = true },
		"time": func(r *record.Record) {
			r.Activity.From, r.Activity.To = f.now.AddDate(0, 0, 8), f.now.AddDate(0, 0, 9)
		},
	} {
		r := f.noticeFrom("jp", 1)
		spoil(r)
		if why := f.take("jp", r); why != want {
			t.Errorf("refused for %q, want %q", why, want)
		}
	}
}

// boat opens a case at sea that jp holds as well.
func (f *floor) boat() uint32 {
	f.t.Helper()
	lat, lon := 24.0, 122.5
	n := f.do(engine.Command{Verb: "open", Text: "engine failed", Domain: "sea", Lat: &lat, Lon: &lon}).Incident
	f.pass(2 * time.Minute)
	if len(f.kinds("jp", record.KindIncident)) == 0 {
		f.t.Fatal("jp does not hold the incident")
	}
	return n
}

func ownArea(n uint32) engine.Command {
	return engine.Command{Verb: "search-area", Incident: n, Area: &engine.AreaArgs{
		Object: "fishing-vessel", Datum: &geo.Point{LatDeg: 24, LonDeg: 122.5}, DatumAt: start.Format(time.RFC3339), ErrorM: 1000,
		CurrentSetDeg: ptr(10.0), CurrentKt: ptr(2.0), WindFromDeg: ptr(200.0), WindKt: ptr(20.0),
		Centre: &geo.Point{LatDeg: 24.1, LonDeg: 122.5}, RadiusM: 9000, Pattern: "expanding-square", Coordinator: "jp",
		CoordinateOn: ptr(uint32(156_800)),
	}}
}

func TestSearchAreasOfBothSidesAreShown(t *testing.T) {
	f := newFloor(t, statePolicy())
	n := f.boat()
	f.do(ownArea(n))
	f.pass(10 * time.Second)
	sent := f.kinds("jp", record.KindSearchArea)
	if len(sent) != 1 || sent[0].SearchArea.Drift == nil || sent[0].SearchArea.Drift.RateE2 != 249 || len(sent[0].SearchArea.Incident) == 0 {
		t.Fatalf("jp was sent %+v, want our area with current and leeway", sent)
	}
	r := f.from("jp", record.KindSearchArea, 1)
	own := *sent[0].SearchArea
	own.Area = nil
	r.SearchArea = &own
	r.SearchArea.Incident = []record.Ref{{Originator: "tw", ID: idOf("jp", record.KindIncident, uint64(n))}}
	f.must("jp", r)
	f.pass(10 * time.Minute)
	inc := f.incident(n)
	if len(inc.Search) != 2 || inc.Search[0].Party != "jp" || inc.Search[1].Party != "tw" || inc.Search[1].Area == nil || inc.Search[0].Area != nil {
		t.Fatalf("search areas %+v, want jp's and ours", inc.Search)
	}
	if d := gocmp.Diff(inc.Search[0].Estimate, inc.Search[1].Estimate); d != "" {
		t.Errorf("equal data give other estimates: %s", d)
	}
	if e := inc.Search[1].Estimate; e.Pos.LatDeg <= 24 || e.ErrorM <= 1000 || !e.At.Equal(f.now) {
		t.Errorf("estimate %+v, want it north of the datum, less certain, now", e)
	}
	for _, who := range []party.ID{"tw", "jp"} {
		if !slices.ContainsFunc(inc.Events, func(e engine.EventView) bool {
			return e.Kind == "search-area" && slices.Equal(e.Originators, []party.ID{who})
		}) {
			t.Errorf("the time line does not tell of %s's area", who)
		}
	}
	back, err := engine.Restore("tw", idOf, state(t, f.e))
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff(f.e.View(), back.View()); d != "" {
		t.Errorf("picture differs after a restart: %s", d)
	}
	if why := f.take("jp", r); why != "stale" {
		t.Errorf("the same again is refused for %q, want stale", why)
	}
	f.do(engine.Command{Verb: "search-state", Incident: n, Area: &engine.AreaArgs{State: "closed"}})
	f.pass(10 * time.Second)
	if list := f.kinds("jp", record.KindSearchArea); len(list) != 2 || list[1].SearchArea.State != "closed" || list[1].Epoch != 2 {
		t.Errorf("jp was sent %+v, want the area closed", list)
	}
	if n := len(f.kinds("cell", record.KindSearchArea)); n != 2 { // it holds the incident too
		t.Errorf("cell was sent %d search areas of ours, want 2", n)
	}
	for _, r := range f.kinds("cell", record.KindSearchArea) {
		for _, ref := range r.SearchArea.Incident {
			if ref.Originator == "jp" {
				t.Error("cell was told of jp's part of the case")
			}
		}
	}
}

func TestSearchAreasThatAreRefused(t *testing.T) {
	tests := map[string]struct {
		spoil func(*engine.Command)
		want  string
	}{
		"it handles no arguments":           {func(c *engine.Command) { c.Area = nil }, "bad-request"},
		"it handles no case":                {func(c *engine.Command) { c.Incident = 9 }, "no-such-incident"},
		"it handles no datum":               {func(c *engine.Command) { c.Area.Datum = nil }, "bad-position"},
		"it handles an error below zero":    {func(c *engine.Command) { c.Area.ErrorM = -1 }, "bad-position"},
		"it handles a datum that is ahead":  {func(c *engine.Command) { c.Area.DatumAt = start.AddDate(0, 0, 1).Format(time.RFC3339) }, "bad-time"},
		"it handles an object that is none": {func(c *engine.Command) { c.Area.Object = "submarine" }, "bad-search-area"},
		"it handles a pattern that is none": {func(c *engine.Command) { c.Area.Pattern = "zigzag" }, "bad-search-area"},
		"it handles half a current":         {func(c *engine.Command) { c.Area.CurrentKt = nil }, "bad-drift"},
		"it handles a hurricane":            {func(c *engine.Command) { c.Area.WindKt = ptr(200.0) }, "bad-drift"},
		"it handles a bow tie":              {func(c *engine.Command) { p := gap(); p[1], p[2] = p[2], p[1]; c.Area.Centre, c.Area.Corners = nil, p }, "bad-area"},
		"it handles a stranger":             {func(c *engine.Command) { c.Area.Coordinator = "xx" }, "no-such-partner"},
		"it handles a state without area":   {func(c *engine.Command) { c.Verb = "search-state"; c.Area = &engine.AreaArgs{State: "closed"} }, "not-now"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFloor(t, statePolicy())
			c := ownArea(f.boat())
			tt.spoil(&c)
			if r := f.try(c); r.Code != tt.want {
				t.Errorf("%s = %q, want %q", c.Verb, r.Code, tt.want)
			}
			if n := len(f.kinds("jp", record.KindSearchArea)); n != 0 {
				t.Errorf("jp was sent %d search areas", n)
			}
		})
	}
}

// Without a leeway that is published for the object the wind tells nothing.
func TestADriftThatNobodyKnowsIsNotTold(t *testing.T) {
	f := newFloor(t, statePolicy())
	c := ownArea(f.boat())
	c.Area.Object, c.Area.CurrentSetDeg, c.Area.CurrentKt = "vessel", nil, nil
	f.do(c)
	f.pass(10 * time.Second)
	if r := f.kinds("jp", record.KindSearchArea); len(r) != 1 || r[0].SearchArea.Drift != nil {
		t.Errorf("jp was sent %+v, want no drift", r)
	}
}

// What the audit log holds of a notice are names and numbers.
func TestTheAuditLogHoldsNoPlaceOfANotice(t *testing.T) {
	f := newFloor(t, statePolicy())
	c := f.ownNotice("jp")
	c.By, c.Role = "WANG", engine.Officer
	out := f.step(&engine.Input{Command: &c})
	text := fmt.Sprintf("%+v", out.Audit)
	if !strings.Contains(text, "activity-entered") || !strings.Contains(text, "tw-1") || !strings.Contains(text, "patrol") {
		t.Errorf("audit %s does not tell of the notice", text)
	}
	for _, bad := range []string{"23.2", "232000", "122", c.Activity.Until} {
		if strings.Contains(text, bad) {
			t.Errorf("audit %s holds %q", text, bad)
		}
	}
}

// What a partner takes back holds nothing back any more, and is gone.
func TestANoticeThatIsTakenBackIsGone(t *testing.T) {
	f := newFloor(t, statePolicy())
	r := f.noticeFrom("jp", 1)
	f.must("jp", r)
	f.drone(inTheGap, 0, 90*time.Second)
	if v := f.e.View(); len(v.Incidents) != 0 || len(v.Activity.Held) != 1 {
		t.Fatalf("incidents %+v, held %+v", v.Incidents, v.Activity.Held)
	}
	back := f.from("jp", record.KindRecall, 1)
	back.Recall = &record.Recall{Records: []record.ID{r.ID}}
	f.must("jp", back)
	f.pass(10 * time.Second)
	if v := f.e.View().Activity; len(v.Notices) != 0 || len(v.Held) != 0 {
		t.Errorf("notices %+v, held %+v after the recall", v.Notices, v.Held)
	}
	if inc := f.incident(1); inc.Alarm != "unacknowledged" {
		t.Errorf("incident %+v, want an alarm", inc)
	}
	if b := state(t, f.e); bytes.Contains(b, []byte("unmanned-survey")) {
		t.Error("the snapshot still holds what was taken back")
	}
}

// A report by hand may be about a track that is seen.
func TestAReportByHandHoldsItsTrack(t *testing.T) {
	f := newFloor(t, statePolicy())
	f.fly(0x780001, inTheGap, 90, 0, 30*time.Second)
	n := f.e.View().Tracks[0].N
	inc := f.do(engine.Command{Verb: "open", Text: "engine failed", Tracks: []uint32{n}}).Incident
	if got := f.incident(inc).Tracks; !slices.Equal(got, []uint32{n}) {
		t.Errorf("incident holds the tracks %v, want %d", got, n)
	}
	if r := f.try(engine.Command{Verb: "open", Text: "again", Tracks: []uint32{n}}); r.Code != "not-now" {
		t.Errorf("a second report about it = %q, want not-now", r.Code)
	}
	if r := f.try(engine.Command{Verb: "open", Text: "a ghost", Tracks: []uint32{999}}); r.Code != "bad-request" {
		t.Errorf("a report about no track = %q, want bad-request", r.Code)
	}
}
