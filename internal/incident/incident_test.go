// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package incident_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
)

func TestFormationIsOneIncident(t *testing.T) {
	b, tb := newBook("tw"), table{}
	opened := 0
	for i := range 30 { // line astern, 4 nm apart, the last 116 nm behind the first
		n := track.Number(i + 1)
		tb.put(n, -4*float64(i), t0)
		if _, isNew := b.Raise(tb.alert("A02", n, t0), t0.Add(time.Duration(i)*time.Second), tb); isNew {
			opened++
		}
	}
	if opened != 1 || len(b.Open()) != 1 {
		t.Errorf("opened %d incidents, %d are open, want 1", opened, len(b.Open()))
	}
	inc := b.Open()[0]
	if len(inc.Tracks) != 30 || len(inc.Events) != 30 || len(inc.Active) != 30 {
		t.Errorf("it has %d tracks, %d events, %d active alerts, want 30 each", len(inc.Tracks), len(inc.Events), len(inc.Active))
	}
}

func TestGrouping(t *testing.T) {
	tests := map[string]struct {
		second func(tb table) watch.Alert
		after  time.Duration
		want   int // incidents
	}{
		"takes in a near aircraft":  {second: func(tb table) watch.Alert { tb.put(2, 4.9, t0); return tb.alert("A01", 2, t0) }, want: 1},
		"leaves out a far aircraft": {second: func(tb table) watch.Alert { tb.put(2, 5.1, t0); return tb.alert("A01", 2, t0) }, want: 2},
		"leaves out an emergency":   {second: func(tb table) watch.Alert { tb.put(2, 1, t0); return tb.alert("A11", 2, t0) }, want: 2},
		"leaves out an area of claims": {second: func(tb table) watch.Alert {
			tb.put(2, 1, t0)
			a := tb.alert("A20", 2, t0)
			a.Track = 0
			return a
		}, want: 2},
		"takes in its own emergency": {second: func(tb table) watch.Alert { return tb.alert("A11", 1, t0) }, want: 1},
		"leaves out a vessel": {second: func(tb table) watch.Alert {
			tb.put(2, 1, t0)
			a := tb.alert("A01", 2, t0)
			a.Domain = "sea"
			return a
		}, want: 2},
		"keeps exercise and live apart": {second: func(tb table) watch.Alert {
			tb.put(2, 1, t0)
			a := tb.alert("A01", 2, t0)
			a.Exercise = true
			return a
		}, want: 2},
		"leaves out what has no position": {second: func(tb table) watch.Alert {
			a := tb.alert("A01", 2, t0)
			a.HasPos = false
			return a
		}, want: 2},
		"takes in the same track anywhere": {second: func(tb table) watch.Alert { tb.put(1, 200, t0); return tb.alert("A06", 1, t0) }, want: 1},
		"takes in a track found again on its course": {second: func(tb table) watch.Alert {
			delete(tb, 1)
			at := t0.Add(6 * time.Minute)
			tb.put(2, 9.5+8, at) // 95 kt for 6 min, and some drift
			return tb.alert("A01", 2, at)
		}, after: 6 * time.Minute, want: 1},
		"leaves out a track off that course": {second: func(tb table) watch.Alert {
			delete(tb, 1)
			at := t0.Add(6 * time.Minute)
			tb.put(2, -4, at)
			return tb.alert("A01", 2, at)
		}, after: 6 * time.Minute, want: 2},
		"leaves out a track after the time is over": {second: func(tb table) watch.Alert {
			delete(tb, 1)
			at := t0.Add(11 * time.Minute)
			tb.put(2, 95.0*11/60, at)
			return tb.alert("A01", 2, at)
		}, after: 11 * time.Minute, want: 2},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b, tb := newBook("tw"), table{}
			tb.put(1, 0, t0)
			first := tb[1]
			first.HasVelocity, first.Speed, first.Course = true, 95, 90
			tb[1] = first
			b.Raise(tb.alert("A01", 1, t0), t0, tb)
			b.Follow(nil, tb)
			b.Raise(tc.second(tb), t0.Add(tc.after), tb)
			if got := len(b.Open()); got != tc.want {
				t.Errorf("%d incidents, want %d", got, tc.want)
			}
		})
	}
}

func TestGroupingTakesTheNearest(t *testing.T) {
	b, tb := newBook("tw"), table{}
	tb.put(1, 0, t0)
	tb.put(2, 8, t0)
	tb.put(3, 5, t0)
	b.Raise(tb.alert("A01", 1, t0), t0, tb)
	second, _ := b.Raise(tb.alert("A01", 2, t0), t0, tb)
	if got, _ := b.Raise(tb.alert("A01", 3, t0), t0, tb); got != second {
		t.Errorf("went to incident %d, want %d", got, second)
	}
}

func TestAlarmStates(t *testing.T) {
	tests := map[string]struct {
		acts string // r raise, c clear, a acknowledge, e another event, s the same alert of another aircraft, x close, o reopen
		want incident.AlarmState
	}{
		"raised":                           {"r", incident.Unacknowledged},
		"raised and acknowledged":          {"ra", incident.Acknowledged},
		"raised and cleared":               {"rc", incident.Returned},
		"acknowledged, then cleared":       {"rac", incident.Normal},
		"cleared, then acknowledged":       {"rca", incident.Normal},
		"one event":                        {"e", incident.Unacknowledged},
		"one event, acknowledged":          {"ea", incident.Normal},
		"acknowledged, then news":          {"rae", incident.Unacknowledged},
		"acknowledged, then more aircraft": {"ras", incident.Acknowledged},
		"closed":                           {"rx", incident.Normal},
		"reopened while active":            {"raxo", incident.Acknowledged},
		"reopened after clearing":          {"raxco", incident.Normal},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b, tb := newBook("tw"), table{}
			tb.put(1, 0, t0)
			tb.put(2, 1, t0)
			a := tb.alert("A01", 1, t0)
			for _, act := range tc.acts {
				switch act {
				case 'r':
					b.Raise(a, t0, tb)
				case 'c':
					b.Raise(cleared(a, t0), t0, tb)
				case 'e':
					b.Raise(transit(a, "gate_miyako", "out"), t0, tb)
				case 's':
					b.Raise(tb.alert("A01", 2, t0), t0, tb)
				case 'a':
					must(t, b.Acknowledge(1, "lin", t0))
				case 'x':
					must(t, b.Close(1, "left-area", "", "lin", t0))
				case 'o':
					must(t, b.Reopen(1, "sato", t0))
				}
			}
			if got := get(t, b, 1).Alarm; got != tc.want {
				t.Errorf("alarm after %q is %s, want %s", tc.acts, got, tc.want)
			}
		})
	}
}

func TestAcknowledgedByName(t *testing.T) {
	b, tb := newBook("tw"), table{}
	tb.put(1, 0, t0)
	b.Raise(tb.alert("A01", 1, t0), t0, tb)
	if err := b.Acknowledge(1, "", t0); !errors.Is(err, incident.ErrRefused) {
		t.Errorf("without a name: %v", err)
	}
	at := t0.Add(time.Minute)
	must(t, b.Acknowledge(1, "lin", at))
	if inc := get(t, b, 1); inc.AckBy != "lin" || !inc.AckAt.Equal(at) {
		t.Errorf("acknowledged by %q at %v", inc.AckBy, inc.AckAt)
	}
	if err := b.Acknowledge(1, "sato", at); !errors.Is(err, incident.ErrState) {
		t.Errorf("twice: %v", err)
	}
	if err := b.Acknowledge(9, "sato", at); !errors.Is(err, incident.ErrUnknown) {
		t.Errorf("an unknown one: %v", err)
	}
}

func TestWithoutLeadSoundsInItsIncident(t *testing.T) {
	b, tb := newBook("tw"), table{}
	tb.put(1, 0, t0)
	n, _ := b.Raise(tb.alert("A01", 1, t0), t0, tb)
	must(t, b.Acknowledge(n, "lin", t0))
	late := watch.Alert{
		Key: watch.Key{Rule: watch.WithoutLead, Incident: uint32(n)}, At: t0, Priority: 1, Domain: "coord",
		Active: true, Originators: []party.ID{"tw"},
	}
	if got, opened := b.Raise(late, t0, tb); got != n || opened {
		t.Errorf("went to incident %d (opened: %v), want %d", got, opened, n)
	}
	inc := get(t, b, n)
	if inc.Alarm != incident.Unacknowledged || inc.Priority != 1 || inc.Domain != "air" {
		t.Errorf("incident is %s, priority %d, domain %q", inc.Alarm, inc.Priority, inc.Domain)
	}
	// Its number is followed through a merge, and nothing opens for a closed one.
	hand, err := b.OpenByHand(incident.Opening{Text: "call", By: "lin"}, t0, tb)
	must(t, err)
	must(t, b.Merge(hand, n, "lin", t0))
	if got, _ := b.Raise(cleared(late, t0), t0, tb); got != hand {
		t.Errorf("cleared in incident %d, want %d", got, hand)
	}
	must(t, b.Close(hand, "identified", "", "lin", t0))
	if got, opened := b.Raise(late, t0, tb); got != 0 || opened {
		t.Errorf("for a closed incident: %d, %v", got, opened)
	}
}

func TestOpenByHand(t *testing.T) {
	b, tb := newBook("jp", "tw"), table{}
	pos := geo.Point{LatDeg: 24.5, LonDeg: 123}
	now := t0.Add(10 * time.Minute)
	n, err := b.OpenByHand(incident.Opening{
		Text: "漁船より電話、低空の小型機", Domain: "air", Pos: pos, HasPos: true, By: "sato", Desk: "watch-1", At: t0.Add(5 * time.Minute),
	}, now, tb)
	must(t, err)
	inc := get(t, b, n)
	if !inc.ByHand || inc.Alarm != incident.Normal || inc.AckBy != "sato" || !inc.Opened.Equal(t0.Add(5*time.Minute)) || inc.Priority != 2 {
		t.Errorf("incident is %+v", inc)
	}
	if log := b.Log(); len(log) != 1 || log[0].Incident != n || log[0].Desk != "watch-1" || !log[0].Entered.Equal(now) {
		t.Errorf("watch log is %+v", log)
	}
	// The aircraft that was seen turns up near by: one incident.
	tb.put(1, 0, now)
	tr := tb[1]
	tr.Pos = geo.Direct(pos, 10, geo.FromNM(3))
	tb[1] = tr
	if got, opened := b.Raise(tb.alert("A13", 1, now), now, tb); got != n || opened {
		t.Errorf("alert near the reported place went to %d (opened: %v)", got, opened)
	}
}

func TestOpenByHandRefuses(t *testing.T) {
	tests := map[string]func(*incident.Opening){
		"a report without text":    func(o *incident.Opening) { o.Text = " " },
		"a report without name":    func(o *incident.Opening) { o.By = "" },
		"an endless text":          func(o *incident.Opening) { o.Text = strings.Repeat("x", 1001) },
		"broken UTF-8":             func(o *incident.Opening) { o.Text = "\xff" },
		"control characters":       func(o *incident.Opening) { o.Text = "a\x1b[2J" },
		"text that runs backwards": func(o *incident.Opening) { o.Text = "a\u202eb" },
		"an unknown domain":        func(o *incident.Opening) { o.Domain = "space" },
		"a position off the globe": func(o *incident.Opening) { o.HasPos, o.Pos = true, geo.Point{LatDeg: 99} },
		"an event yet to come":     func(o *incident.Opening) { o.At = t0.Add(time.Hour) },
		"a priority out of range":  func(o *incident.Opening) { o.Priority = 4 },
		"a track of another":       func(o *incident.Opening) { o.Tracks = []track.Number{1} },
		"a track that is gone":     func(o *incident.Opening) { o.Tracks = []track.Number{5} },
		"a live track in a drill":  func(o *incident.Opening) { o.Tracks, o.Exercise = []track.Number{2}, true },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			b, tb := newBook("tw"), table{}
			tb.put(1, 0, t0)
			tb.put(2, 0, t0)
			b.Raise(tb.alert("A01", 1, t0), t0, tb)
			o := incident.Opening{Text: "call", By: "lin"}
			change(&o)
			if n, err := b.OpenByHand(o, t0, tb); err == nil || n != 0 {
				t.Errorf("opened %d, error %v", n, err)
			}
			if len(b.All()) != 1 || len(b.Log()) != 0 {
				t.Error("something was left behind")
			}
		})
	}
}

func TestCloseAndReopen(t *testing.T) {
	b, tb := newBook("tw"), table{}
	tb.put(1, 0, t0)
	n, _ := b.Raise(tb.alert("A01", 1, t0), t0, tb)
	for _, bad := range []struct{ outcome, text string }{{"shot-down", ""}, {incident.Merged, ""}, {"", ""}, {"other", ""}} {
		if err := b.Close(n, bad.outcome, bad.text, "lin", t0); !errors.Is(err, incident.ErrRefused) {
			t.Errorf("closed with outcome %q: %v", bad.outcome, err)
		}
	}
	must(t, b.Close(n, "other", "a weather balloon", "lin", t0))
	inc := get(t, b, n)
	if inc.State != incident.Closed || inc.Outcome != "other" || inc.OutcomeText != "a weather balloon" || inc.AckBy != "lin" {
		t.Errorf("incident is %+v", inc)
	}
	if err := b.Close(n, "identified", "", "lin", t0); !errors.Is(err, incident.ErrState) {
		t.Errorf("closed twice: %v", err)
	}
	// A new alert of its track is a new incident; reopening leaves it the track.
	second, opened := b.Raise(tb.alert("A02", 1, t0), t0, tb)
	if !opened || second == n {
		t.Errorf("alert after closing went to %d", second)
	}
	must(t, b.Reopen(n, "sato", t0))
	if got := get(t, b, n); len(got.Tracks) != 0 || got.Outcome != "" || got.State != incident.Open {
		t.Errorf("reopened as %+v", got)
	}
	if err := b.Reopen(n, "sato", t0); !errors.Is(err, incident.ErrState) {
		t.Errorf("reopened an open one: %v", err)
	}
	if held, _ := b.Holding(1); held != second {
		t.Errorf("track 1 belongs to %d, want %d", held, second)
	}
}

func TestMerge(t *testing.T) {
	b, tb := newBook("tw"), table{}
	tb.put(1, 0, t0)
	tb.put(2, 50, t0)
	one, _ := b.Raise(tb.alert("A01", 1, t0.Add(time.Minute)), t0, tb)
	second := tb.alert("A13", 2, t0)
	second.Priority = 1
	two, _ := b.Raise(second, t0, tb)
	must(t, b.Acknowledge(one, "lin", t0))
	must(t, b.Merge(one, two, "lin", t0.Add(2*time.Minute)))

	got, gone := get(t, b, one), get(t, b, two)
	if d := cmp.Diff([]track.Number{1, 2}, got.Tracks); d != "" {
		t.Errorf("tracks (-want +got):\n%s", d)
	}
	if got.Alarm != incident.Unacknowledged || got.Priority != 1 || !got.Opened.Equal(t0) || len(got.Active) != 2 {
		t.Errorf("merged as %+v", got)
	}
	if gone.State != incident.Closed || gone.Outcome != incident.Merged || gone.MergedInto != one {
		t.Errorf("the other is %+v", gone)
	}
	if n, _ := b.Raise(cleared(second, t0), t0, tb); n != one {
		t.Errorf("cleared in %d, want %d", n, one)
	}
	if err := b.Reopen(two, "lin", t0); !errors.Is(err, incident.ErrState) {
		t.Errorf("reopened a merged one: %v", err)
	}
}

func TestMergeRefuses(t *testing.T) {
	b, tb := newBook("tw"), table{}
	tb.put(1, 0, t0)
	one, _ := b.Raise(tb.alert("A01", 1, t0), t0, tb)
	drill, err := b.OpenByHand(incident.Opening{Text: "drill", By: "lin", Exercise: true}, t0, tb)
	must(t, err)
	tests := map[string]struct {
		into, from incident.Number
		by         string
		want       error
	}{
		"into itself":           {one, one, "lin", incident.ErrRefused},
		"unknown":               {one, 77, "lin", incident.ErrUnknown},
		"exercise into live":    {one, drill, "lin", incident.ErrRefused},
		"without anyone's name": {one, drill, "", incident.ErrRefused},
	}
	for name, tc := range tests {
		if err := b.Merge(tc.into, tc.from, tc.by, t0); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

func TestSplit(t *testing.T) {
	b, tb := newBook("tw", "jp"), table{}
	tb.put(1, 0, t0)
	tb.put(2, 1, t0)
	b.Associate([]track.Association{same(2, 7)}, t0, tb)
	one, _ := b.Raise(tb.alert("A01", 1, t0), t0, tb)
	b.Raise(tb.alert("A01", 2, t0), t0, tb)
	must(t, b.Acknowledge(one, "lin", t0))
	for name, tracks := range map[string][]track.Number{"nothing": nil, "everything": {1, 2}, "a stranger": {3}} {
		if _, err := b.Split(one, tracks, "lin", t0); !errors.Is(err, incident.ErrRefused) {
			t.Errorf("split off %s: %v", name, err)
		}
	}
	two, err := b.Split(one, []track.Number{2}, "lin", t0)
	must(t, err)
	rest, out := get(t, b, one), get(t, b, two)
	if d := cmp.Diff([][]track.Number{{1}, {2}}, [][]track.Number{rest.Tracks, out.Tracks}); d != "" {
		t.Errorf("tracks (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]track.PartnerKey{theirs(7)}, out.Objects); d != "" || len(rest.Objects) > 0 {
		t.Errorf("objects %v, %v", rest.Objects, out.Objects)
	}
	if len(rest.Active) != 1 || len(out.Active) != 1 || out.Alarm != incident.Acknowledged {
		t.Errorf("active %v, %v; alarm %s", rest.Active, out.Active, out.Alarm)
	}
	// The machine does not merge them again, a person does.
	b.Associate([]track.Association{same(1, 7), same(2, 7)}, t0, tb)
	if len(b.Open()) != 2 {
		t.Error("merged again by the machine")
	}
	must(t, b.Merge(one, two, "lin", t0))
}

func TestToldApartOutlivesAMerge(t *testing.T) {
	b, tb := newBook("tw", "jp"), table{}
	tb.put(1, 0, t0)
	tb.put(2, 1, t0)
	tb.put(3, 90, t0)
	one, _ := b.Raise(tb.alert("A01", 1, t0), t0, tb)
	b.Raise(tb.alert("A01", 2, t0), t0, tb)
	two, err := b.Split(one, []track.Number{2}, "lin", t0)
	must(t, err)
	three, _ := b.Raise(tb.alert("A01", 3, t0), t0, tb)
	must(t, b.Merge(three, one, "lin", t0))
	b.Associate([]track.Association{same(1, 7), same(2, 7)}, t0, tb)
	if open := b.Open(); len(open) != 2 || open[0].Number != two {
		t.Errorf("open: %+v", open)
	}
}

func TestSucceedingTrackStaysInItsIncident(t *testing.T) {
	b, tb := newBook("tw"), table{}
	tb.put(1, 0, t0)
	n, _ := b.Raise(tb.alert("A01", 1, t0), t0, tb)
	delete(tb, 1)
	tb.put(2, 40, t0)
	b.Follow([]track.Change{{Number: 1, Kind: track.Dropped, Into: 2}}, tb)
	if got, _ := b.Holding(2); got != n {
		t.Errorf("track 2 belongs to %d, want %d", got, n)
	}
}

func TestSectorOfTheFirstPosition(t *testing.T) {
	cfg := incident.DefaultConfig()
	cfg.Self, cfg.IDs = "tw", ids("tw")
	cfg.Sector = sectorOf
	must(t, cfg.Validate())
	b, tb := incident.NewBook(cfg), table{}
	tb.put(1, 0, t0)
	n, _ := b.Raise(tb.alert("A01", 1, t0), t0, tb)
	if got := get(t, b, n).Sector; got != "gap_c" {
		t.Errorf("sector %q, want gap_c", got)
	}
	must(t, b.SetSector(n, "gap_s", "lin", t0))
	b.Raise(tb.alert("A02", 1, t0), t0, tb)
	if got := get(t, b, n).Sector; got != "gap_s" {
		t.Errorf("sector %q, want gap_s as set by a person", got)
	}
}

func TestConfigValidate(t *testing.T) {
	tests := map[string]func(*incident.Config){
		"own party":       func(c *incident.Config) { c.Self = "" },
		"ids":             func(c *incident.Config) { c.IDs = nil },
		"distance":        func(c *incident.Config) { c.GroupDistance = -1 },
		"closed":          func(c *incident.Config) { c.KeepClosed = 0 },
		"partners' limit": func(c *incident.Config) { c.MaxPartner = 0 },
	}
	for name, change := range tests {
		cfg := incident.DefaultConfig()
		cfg.Self, cfg.IDs = "tw", ids("tw")
		must(t, cfg.Validate())
		change(&cfg)
		if cfg.Validate() == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestPrune(t *testing.T) {
	b, tb := newBook("tw"), table{}
	tb.put(1, 0, t0)
	n, _ := b.Raise(tb.alert("A01", 1, t0), t0, tb)
	must(t, b.Close(n, "left-area", "", "lin", t0))
	b.Prune(t0.Add(30 * 24 * time.Hour))
	if len(b.All()) != 1 {
		t.Error("forgotten too soon")
	}
	b.Prune(t0.Add(31 * 24 * time.Hour))
	if len(b.All()) != 0 {
		t.Error("not forgotten")
	}
	if again, _ := b.Raise(tb.alert("A01", 1, t0), t0, tb); again == n {
		t.Errorf("number %d is used again", n)
	}
}

func TestSystemAlarms(t *testing.T) {
	b, tb := newBook("tw"), table{}
	lost := watch.Alert{Key: watch.Key{Rule: watch.FeedLost, Feed: "radar-1"}, At: t0, Priority: 2, Domain: "system", Active: true}
	if n, opened := b.Raise(lost, t0, tb); n != 0 || opened || len(b.All()) != 0 {
		t.Error("a lost feed opened an incident")
	}
	want := []incident.Alarm{{Key: "C06/radar-1", Rule: "C06", Subject: "radar-1", Priority: 2, State: incident.Unacknowledged, At: t0, Active: true}}
	if d := cmp.Diff(want, b.Alarms()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	must(t, b.AcknowledgeAlarm("C06/radar-1", "lin", t0))
	if a := b.Alarms()[0]; a.State != incident.Acknowledged || a.AckBy != "lin" {
		t.Errorf("alarm is %+v", a)
	}
	if err := b.AcknowledgeAlarm("C06/radar-1", "lin", t0); !errors.Is(err, incident.ErrState) {
		t.Errorf("acknowledged twice: %v", err)
	}
	b.Raise(cleared(lost, t0), t0, tb)
	if len(b.Alarms()) != 0 {
		t.Errorf("alarms after all is well: %+v", b.Alarms())
	}
	b.Raise(lost, t0, tb)
	b.Raise(cleared(lost, t0), t0, tb)
	if a := b.Alarms()[0]; a.State != incident.Returned || a.Active {
		t.Errorf("alarm is %+v, want returned", a)
	}
	b.Raise(lost, t0.Add(time.Minute), tb) // and again: it sounds anew
	if a := b.Alarms()[0]; a.State != incident.Unacknowledged || !a.Active {
		t.Errorf("alarm is %+v, want unacknowledged", a)
	}
	b.Raise(cleared(lost, t0), t0, tb)
	must(t, b.AcknowledgeAlarm("C06/radar-1", "lin", t0))
	if err := b.AcknowledgeAlarm("C06/radar-1", "lin", t0); !errors.Is(err, incident.ErrUnknown) {
		t.Errorf("acknowledged a gone one: %v", err)
	}
}

func TestWatchLog(t *testing.T) {
	b := newBook("tw")
	now := t0.Add(time.Hour)
	n, err := b.Note(incident.LogEntry{N: 99, At: t0, Desk: "1", By: "lin", Text: "hotline tested", Struck: &incident.Strike{By: "x"}}, now)
	must(t, err)
	if _, err := b.Note(incident.LogEntry{By: "lin", Text: "second"}, now); err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]incident.LogEntry{
		"no name": {Text: "x"}, "no text": {By: "lin"}, "a time to come": {By: "lin", Text: "x", At: now.Add(1)}, "no such incident": {By: "lin", Text: "x", Incident: 5},
	} {
		if _, err := b.Note(e, now); err == nil {
			t.Errorf("took an entry with %s", name)
		}
	}
	must(t, b.Strike(n, "sato", "wrong line", now))
	if err := b.Strike(n, "sato", "again", now); !errors.Is(err, incident.ErrState) {
		t.Errorf("struck twice: %v", err)
	}
	if err := b.Strike(9, "sato", "x", now); !errors.Is(err, incident.ErrUnknown) {
		t.Errorf("struck nothing: %v", err)
	}
	if err := b.Strike(2, "sato", "", now); !errors.Is(err, incident.ErrRefused) {
		t.Errorf("struck without reason: %v", err)
	}
	want := []incident.LogEntry{
		{N: 1, At: t0, Entered: now, Desk: "1", By: "lin", Text: "hotline tested", Struck: &incident.Strike{By: "sato", At: now, Reason: "wrong line"}},
		{N: 2, At: now, Entered: now, By: "lin", Text: "second"},
	}
	if d := cmp.Diff(want, b.Log()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	b.Log()[0].Text = "forged"
	b.Log()[0].Struck.Reason = "forged"
	if d := cmp.Diff(want, b.Log()); d != "" {
		t.Errorf("the log changed from outside:\n%s", d)
	}
}

func TestGetSharesNoMemory(t *testing.T) {
	b, tb := newBook("tw"), table{}
	tb.put(1, 0, t0)
	b.Associate([]track.Association{same(1, 7)}, t0, tb)
	n, _ := b.Raise(tb.alert("A01", 1, t0), t0, tb)
	_, err := b.Partner("jp", told(1, 1, uavBody(7, gateEvent("A06", "a", "in"))), t0)
	must(t, err)
	encode := func() string {
		text, err := json.Marshal(get(t, b, n))
		must(t, err)
		return string(text)
	}
	before := encode()
	inc := get(t, b, n)
	inc.Partner[0].Body.Events[0].Rule, inc.Partner[0].Body.Tracks[0] = "x", record.ID{}
	inc.Tracks[0], inc.Events[0].Text, inc.Events[0].Originators[0], inc.Seen[0].Track, inc.Active[0].Track = 9, "x", "x", 9, 9
	if d := cmp.Diff(before, encode()); d != "" {
		t.Errorf("changed from outside:\n%s", d)
	}
}

var _ incident.Positions = (*track.Table)(nil)
