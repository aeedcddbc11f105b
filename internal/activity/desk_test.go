// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package activity_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/activity"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
)

func config() activity.Config {
	return activity.Config{Self: "tw", Partners: []party.ID{"cell", "jp"}, Hold: true}
}

// patrol is a notice over one square degree, from now for two hours.
func patrol() *record.Activity {
	return &record.Activity{
		State: "working", Kind: "patrol", Domain: "air", From: epoch, To: epoch.Add(2 * time.Hour), Area: box(2400, 12200, 2500, 12300),
		Height: &record.Block{BaseFt: 1000, TopFt: 3000}, Count: 2, Working: &epoch,
	}
}

func notice(n byte, body *record.Activity) *record.Record {
	r := &record.Record{Activity: body}
	r.Kind, r.ID, r.Object, r.Epoch = record.KindActivity, record.ID{0: 9, 15: n}, record.ID{15: n}, 1
	return r
}

func key(n byte) activity.Key { return activity.Key{Party: "jp", Object: record.ID{15: n}} }

// flying is an own track in the middle of the patrol.
func flying(n track.Number, change func(*activity.Object)) activity.Object {
	o := activity.Object{Own: n, Domain: "air", Pos: at(24.5, 122.5), HasSpan: true, LowFt: 2000, HighFt: 2000, Standard: "unknown"}
	if change != nil {
		change(&o)
	}
	return o
}

func reported(n byte, standard string, p geo.Point) activity.Object {
	return activity.Object{
		Partner: track.PartnerKey{Party: "jp", Object: record.ID{14: n}}, Domain: "air", Pos: p, Slack: 3500, HasSpan: true,
		LowFt: 2000, HighFt: 2900, Standard: standard,
	}
}

func never(*activity.Object) bool { return false }

func alert(rule watch.RuleID, n track.Number) watch.Alert {
	return watch.Alert{Key: watch.Key{Rule: rule, Track: n}, Active: true, Event: rule == watch.GateTransit}
}

func receive(t testing.TB, d *activity.Desk, r *record.Record, now time.Time) {
	t.Helper()
	if err := d.Receive("jp", r, now); err != nil {
		t.Fatal(err)
	}
}

func TestWhatANoticeExplains(t *testing.T) {
	tests := map[string]struct {
		object activity.Object
		after  time.Duration
		others []activity.Object
		want   bool
	}{
		"an unknown aircraft inside":                   {object: flying(1, nil), want: true},
		"one without identity":                         {object: flying(1, func(o *activity.Object) { o.Standard = "" }), want: true},
		"one that our people take for a friend's":      {object: flying(1, func(o *activity.Object) { o.Standard = "assumed-friend" }), want: true},
		"one outside the area":                         {object: flying(1, func(o *activity.Object) { o.Pos = at(25.01, 122.5) })},
		"one above the block":                          {object: flying(1, func(o *activity.Object) { o.LowFt, o.HighFt = 3001, 3001 })},
		"one below it":                                 {object: flying(1, func(o *activity.Object) { o.LowFt, o.HighFt = 999, 999 })},
		"one whose height nobody knows":                {object: flying(1, func(o *activity.Object) { o.HasSpan = false })},
		"a vessel":                                     {object: flying(1, func(o *activity.Object) { o.Domain = "sea" })},
		"a simulated one":                              {object: flying(1, func(o *activity.Object) { o.Exercise = true })},
		"one that our people hold to be suspect":       {object: flying(1, func(o *activity.Object) { o.Standard = "suspect" })},
		"one that is our own":                          {object: flying(1, func(o *activity.Object) { o.Standard = "friend" })},
		"an airliner":                                  {object: flying(1, func(o *activity.Object) { o.Standard = "neutral" })},
		"one before the time box":                      {object: flying(1, nil), after: -time.Second},
		"one at its end":                               {object: flying(1, nil), after: 2 * time.Hour},
		"one a second before its end":                  {object: flying(1, nil), after: 2*time.Hour - time.Second, want: true},
		"one that the issuer does not know either":     {object: flying(1, sameAs(1)), others: []activity.Object{reported(1, "unknown", at(24.5, 122.5))}},
		"one that the issuer holds to be its own":      {object: flying(1, sameAs(1)), others: []activity.Object{reported(1, "friend", at(24.5, 122.5))}, want: true},
		"one that the issuer reports without a word":   {object: flying(1, sameAs(1)), others: []activity.Object{reported(1, "", at(24.5, 122.5))}, want: true},
		"one of three where the notice says two":       {object: flying(1, nil), others: []activity.Object{flying(2, nil), flying(3, nil)}},
		"one of two and a third that is an airliner":   {object: flying(1, nil), others: []activity.Object{flying(2, nil), flying(3, func(o *activity.Object) { o.Standard = "neutral" })}, want: true},
		"one of two of which one is reported by both":  {object: flying(1, nil), others: []activity.Object{flying(2, sameAs(7)), reported(7, "friend", at(24.5, 122.5))}, want: true},
		"one of two and a third that another reports":  {object: flying(1, nil), others: []activity.Object{flying(2, nil), ofCell(reported(7, "friend", at(24.5, 122.5)))}, want: true},
		"one of two and a third that only they report": {object: flying(1, nil), others: []activity.Object{flying(2, nil), reported(7, "friend", at(24.5, 122.5))}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := activity.NewDesk(config())
			receive(t, d, notice(1, patrol()), epoch.Add(-time.Minute))
			now := epoch.Add(tt.after)
			d.Tick(now)
			d.Look(append(tt.others, tt.object), never, now)
			if got := d.Hold(alert(watch.UncrewedInGap, 1), now); got != tt.want {
				t.Errorf("Hold = %v, want %v", got, tt.want)
			}
		})
	}
}

func ofCell(o activity.Object) activity.Object {
	o.Partner.Party = "cell"
	return o
}

// The end of the box counts when an alert comes, whenever the picture was last
// looked at.
func TestNothingIsHeldAfterTheBox(t *testing.T) {
	d := activity.NewDesk(config())
	receive(t, d, notice(1, patrol()), epoch)
	d.Look([]activity.Object{flying(1, nil)}, never, epoch.Add(2*time.Hour-time.Second))
	if d.Hold(alert(watch.ADIZEntry, 1), epoch.Add(2*time.Hour)) {
		t.Error("held back at the end of the box")
	}
}

func sameAs(n byte) func(*activity.Object) {
	return func(o *activity.Object) { o.Same = []track.PartnerKey{{Party: "jp", Object: record.ID{14: n}}} }
}

// Of a list of all rules that there are or will be, only those that ask who
// passes by are ever held back.
func TestWhatIsNeverHeldBack(t *testing.T) {
	held := map[watch.RuleID]bool{"A01": true, "A02": true, "A06": true, "A13": true, "A17": true}
	for _, group := range []string{"A", "S", "C", "X"} {
		for i := range 30 {
			rule := watch.RuleID(fmt.Sprintf("%s%02d", group, i))
			d := activity.NewDesk(config())
			receive(t, d, notice(1, patrol()), epoch)
			d.Look([]activity.Object{flying(1, nil)}, never, epoch)
			if got := d.Hold(alert(rule, 1), epoch); got != held[rule] {
				t.Errorf("%s held back = %v, want %v", rule, got, held[rule])
			}
		}
	}
	d := activity.NewDesk(config())
	receive(t, d, notice(1, patrol()), epoch)
	d.Look([]activity.Object{flying(1, nil)}, func(*activity.Object) bool { return true }, epoch)
	if d.Hold(alert(watch.ADIZEntry, 1), epoch) {
		t.Error("an alert of an aircraft in an emergency, or in territorial airspace, is held back")
	}
	d.Look([]activity.Object{flying(1, nil)}, never, epoch)
	if d.Hold(alert(watch.ADIZEntry, 0), epoch) {
		t.Error("an alert about no track is held back")
	}
}

func TestWhatWasHeldBackAlarmsAtTheEnd(t *testing.T) {
	inside := []activity.Object{flying(1, nil)}
	tests := map[string]struct {
		act   func(d *activity.Desk) error
		look  []activity.Object
		after time.Duration
		bar   bool
		event bool // the passage alarms too
	}{
		"the box ends":               {after: 2 * time.Hour, look: inside},
		"the issuer is clear":        {act: func(d *activity.Desk) error { return d.Receive("jp", newer(1, "clear"), epoch.Add(time.Minute)) }, look: inside},
		"the issuer cancels":         {act: func(d *activity.Desk) error { return d.Receive("jp", newer(1, "cancelled"), epoch.Add(time.Minute)) }, look: inside},
		"the aircraft leaves":        {look: []activity.Object{flying(1, func(o *activity.Object) { o.Pos = at(26, 122.5) })}},
		"it climbs":                  {look: []activity.Object{flying(1, func(o *activity.Object) { o.LowFt, o.HighFt = 3200, 3200 })}},
		"it climbs far":              {look: []activity.Object{flying(1, func(o *activity.Object) { o.LowFt, o.HighFt = 9000, 9000 })}, event: true},
		"there are too many":         {look: []activity.Object{flying(1, nil), flying(2, nil), flying(3, nil)}, event: true},
		"a person sets it aside":     {act: func(d *activity.Desk) error { return d.SetAside(key(1), true, "WANG", epoch) }, look: inside, event: true},
		"it declares an emergency":   {look: inside, bar: true, event: true},
		"a person calls it suspect":  {look: []activity.Object{flying(1, func(o *activity.Object) { o.Standard = "suspect" })}},
		"what it told is taken back": {act: func(d *activity.Desk) error { d.Forget("jp", record.ID{0: 9, 15: 1}); return nil }, look: inside, event: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := activity.NewDesk(config())
			receive(t, d, notice(1, patrol()), epoch)
			d.Look(inside, never, epoch)
			state, passage := alert(watch.ADIZEntry, 1), alert(watch.GateTransit, 1)
			if !d.Hold(state, epoch) || !d.Hold(passage, epoch) {
				t.Fatal("nothing is held back")
			}
			if list := d.Lift(epoch); len(list) != 0 {
				t.Fatalf("lifted at once: %v", list)
			}
			if tt.act != nil {
				if err := tt.act(d); err != nil {
					t.Fatal(err)
				}
			}
			now := epoch.Add(max(tt.after, 2*time.Minute))
			d.Look(tt.look, func(*activity.Object) bool { return tt.bar }, now)
			want := []watch.Alert{state}
			if tt.event {
				want = append(want, passage)
			}
			if diff := cmp.Diff(want, d.Lift(now)); diff != "" {
				t.Errorf("lifted alerts differ: %s", diff)
			}
			if len(d.Held()) != 0 {
				t.Errorf("still held: %+v", d.Held())
			}
			if list := d.Lift(now); len(list) != 0 {
				t.Errorf("lifted twice: %v", list)
			}
		})
	}
}

func newer(n byte, state string) *record.Record {
	b := patrol()
	b.State = state
	if end := epoch.Add(time.Minute); state == "clear" {
		b.Clear = &end
	}
	r := notice(n, b)
	r.Epoch = 2
	return r
}

func TestTheEndOfAnAlertThatIsHeldIsHeldToo(t *testing.T) {
	d := activity.NewDesk(config())
	receive(t, d, notice(1, patrol()), epoch)
	d.Look([]activity.Object{flying(1, nil)}, never, epoch)
	a := alert(watch.ADIZEntry, 1)
	for range 2 {
		if !d.Hold(a, epoch) || len(d.Held()) != 1 {
			t.Fatalf("held: %+v, want one", d.Held())
		}
	}
	a.Active = false
	if !d.Hold(a, epoch) || len(d.Held()) != 0 {
		t.Error("the end of a held alert goes on to the incidents")
	}
	if d.Hold(a, epoch) {
		t.Error("the end of an alert that is not held is kept")
	}
}

func TestAnotherNoticeTakesOver(t *testing.T) {
	d := activity.NewDesk(config())
	receive(t, d, notice(1, patrol()), epoch)
	receive(t, d, notice(2, patrol()), epoch)
	d.Look([]activity.Object{flying(1, nil)}, never, epoch)
	if !d.Hold(alert(watch.ADIZEntry, 1), epoch) {
		t.Fatal("not held")
	}
	receive(t, d, newer(1, "clear"), epoch)
	d.Look([]activity.Object{flying(1, nil)}, never, epoch)
	if list := d.Lift(epoch); len(list) != 0 {
		t.Errorf("lifted though a second notice explains it: %v", list)
	}
	if h := d.Held(); len(h) != 1 || h[0].Notice != key(2) {
		t.Errorf("held by %+v, want the second notice", h)
	}
}

func TestNothingIsHeldWhereTheNodeSaysSo(t *testing.T) {
	cfg := config()
	cfg.Hold = false
	d := activity.NewDesk(cfg)
	receive(t, d, notice(1, patrol()), epoch)
	d.Look([]activity.Object{flying(1, nil)}, never, epoch)
	if d.Hold(alert(watch.ADIZEntry, 1), epoch) {
		t.Error("held back")
	}
	if n, _ := d.Get(key(1)); len(n.Matched) != 1 {
		t.Error("the match is not shown")
	}
}

func TestMismatches(t *testing.T) {
	inside, friend := flying(1, nil), reported(1, "friend", at(24.5, 122.5))
	tests := map[string]struct {
		first, then []activity.Object
		state       string
		want        []string
	}{
		"nothing is there":                         {},
		"two where two are told":                   {then: []activity.Object{inside, flying(2, nil)}},
		"three where two are told":                 {then: []activity.Object{inside, flying(2, nil), flying(3, nil)}, want: []string{"count"}},
		"one that has left the area":               {first: []activity.Object{inside}, then: []activity.Object{flying(1, func(o *activity.Object) { o.Pos = at(25.1, 122.5) })}, want: []string{"area"}},
		"one at the border":                        {first: []activity.Object{inside}, then: []activity.Object{flying(1, func(o *activity.Object) { o.Pos = at(25.005, 122.5) })}},
		"one that is far on its way home":          {first: []activity.Object{inside}, then: []activity.Object{flying(1, func(o *activity.Object) { o.Pos = at(26.5, 122.5) })}},
		"one that has climbed":                     {first: []activity.Object{inside}, then: []activity.Object{flying(1, func(o *activity.Object) { o.LowFt, o.HighFt = 4000, 4000 })}, want: []string{"height"}},
		"one that has climbed a little":            {first: []activity.Object{inside}, then: []activity.Object{flying(1, func(o *activity.Object) { o.LowFt, o.HighFt = 3400, 3400 })}},
		"a stranger who was never inside":          {then: []activity.Object{flying(1, func(o *activity.Object) { o.Pos = at(25.1, 122.5) })}},
		"the issuer's own outside the area":        {then: []activity.Object{friend, reported(2, "friend", at(25.2, 122.5))}, want: []string{"area"}},
		"the issuer's own in a cell at the border": {then: []activity.Object{reported(2, "friend", at(25.03, 122.5))}},
		"the issuer's own far away":                {then: []activity.Object{reported(2, "friend", at(26.5, 122.5))}},
		"the issuer's own on its way there":        {then: []activity.Object{reported(2, "friend", at(25.2, 122.5))}, state: "planned"},
		"the issuer's own at another height":       {then: []activity.Object{highUp(reported(2, "friend", at(24.5, 122.5)))}, want: []string{"height"}},
		"what the issuer does not know":            {then: []activity.Object{reported(2, "unknown", at(25.2, 122.5))}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := activity.NewDesk(config())
			b := patrol()
			if tt.state == "planned" {
				b.State, b.Working = "planned", nil
			}
			receive(t, d, notice(1, b), epoch)
			d.Look(tt.first, never, epoch)
			d.Look(tt.then, never, epoch.Add(time.Minute))
			changes := d.Tick(epoch.Add(time.Minute))
			n, _ := d.Get(key(1))
			if diff := cmp.Diff(tt.want, n.Wrong); diff != "" {
				t.Errorf("mismatch differs: %s", diff)
			}
			if len(changes) != len(tt.want) || (len(changes) > 0 && (!changes[0].Active || changes[0].Rule != "activity-mismatch" || changes[0].Subject != "jp")) {
				t.Errorf("alarms %+v, want one for each of %v", changes, tt.want)
			}
			d.Look(nil, never, epoch.Add(2*time.Minute))
			for _, c := range d.Tick(epoch.Add(2 * time.Minute)) {
				if c.Active {
					t.Errorf("alarm %+v goes on", c)
				}
			}
			if n, _ := d.Get(key(1)); len(n.Wrong) > 0 {
				t.Errorf("mismatch %v goes on after all are gone", n.Wrong)
			}
		})
	}
}

func highUp(o activity.Object) activity.Object {
	o.LowFt, o.HighFt = 8000, 9000
	return o
}

func TestOverlapsAlarmOnceAndEnd(t *testing.T) {
	d := activity.NewDesk(config())
	n, outs, err := d.Enter(*patrol(), false, []party.ID{"jp"}, "WANG", epoch)
	if err != nil || n != 1 || len(outs) != 1 || outs[0].To != "jp" || outs[0].Body.State != "planned" {
		t.Fatalf("Enter = %d, %+v, %v", n, outs, err)
	}
	receive(t, d, notice(1, patrol()), epoch)
	changes := d.Tick(epoch)
	want := []activity.Change{{
		Key: "activity-overlap/jp-00000001/tw-1", Active: true,
		Alarm: activity.Alarm{Rule: "activity-overlap", Subject: "jp", Priority: 1, Since: epoch},
	}}
	if diff := cmp.Diff(want, changes); diff != "" {
		t.Fatalf("alarms differ: %s", diff)
	}
	if len(d.Overlaps()) != 1 || len(d.Tick(epoch)) != 0 {
		t.Errorf("overlaps %+v; or the alarm comes again", d.Overlaps())
	}
	if _, err := d.SetState(1, "clear", "WANG", epoch.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if c := d.Tick(epoch.Add(time.Minute)); len(c) != 1 || c[0].Active || len(d.Overlaps()) != 0 {
		t.Errorf("after we are clear: %+v, %+v", c, d.Overlaps())
	}
}

func TestAnOverlapEndsWithTheBox(t *testing.T) {
	d := activity.NewDesk(config())
	if _, _, err := d.Enter(*patrol(), false, nil, "WANG", epoch); err != nil {
		t.Fatal(err)
	}
	b := patrol()
	b.To = epoch.Add(time.Hour)
	receive(t, d, notice(1, b), epoch)
	d.Tick(epoch)
	if c := d.Tick(epoch.Add(time.Hour)); len(c) != 1 || c[0].Active {
		t.Errorf("at the end of one box: %+v, want the end of the alarm", c)
	}
}

// An overlap of two partners' notices concerns this desk alone, and exercise
// and live notices never meet.
func TestOverlapsOfOthers(t *testing.T) {
	d := activity.NewDesk(config())
	receive(t, d, notice(1, patrol()), epoch)
	if err := d.Receive("cell", notice(2, patrol()), epoch); err != nil {
		t.Fatal(err)
	}
	if c := d.Tick(epoch); len(c) != 1 || c[0].Subject != "cell jp" {
		t.Errorf("alarms %+v, want one that names both", c)
	}
	exercise := notice(3, patrol())
	exercise.Exercise = true
	receive(t, d, exercise, epoch)
	if c := d.Tick(epoch); len(c) != 0 {
		t.Errorf("an exercise meets what is live: %+v", c)
	}
}

func TestReceiveRefuses(t *testing.T) {
	tests := map[string]struct {
		spoil func(*record.Record)
		after time.Duration
		want  error
	}{
		"the same version again":   {func(*record.Record) {}, 0, activity.ErrStale},
		"an older version":         {func(r *record.Record) { r.Epoch = 0 }, 0, activity.ErrStale},
		"another exercise mark":    {func(r *record.Record) { r.Epoch, r.Exercise = 2, true }, 0, activity.ErrMixed},
		"one that is over":         {func(r *record.Record) { r.Object[15] = 9 }, 2 * time.Hour, activity.ErrTime},
		"one that was cancelled":   {func(r *record.Record) { r.Object[15], r.Activity.State = 9, "cancelled" }, 0, activity.ErrTime},
		"one far ahead":            {func(r *record.Record) { r.Object[15] = 9; later(r.Activity) }, 0, activity.ErrTime},
		"a version that is far":    {func(r *record.Record) { r.Epoch = 2; later(r.Activity) }, 0, activity.ErrTime},
		"more than a partner's 64": {func(r *record.Record) { r.Object[15] = 99 }, 0, activity.ErrFull},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := activity.NewDesk(config())
			receive(t, d, notice(1, patrol()), epoch)
			if errors.Is(tt.want, activity.ErrFull) {
				for i := range byte(63) {
					receive(t, d, notice(100+i, patrol()), epoch)
				}
			}
			before := d.Snapshot()
			r := notice(1, patrol())
			tt.spoil(r)
			if err := d.Receive("jp", r, epoch.Add(tt.after)); !errors.Is(err, tt.want) {
				t.Errorf("Receive = %v, want %v", err, tt.want)
			}
			if diff := cmp.Diff(before, d.Snapshot()); diff != "" {
				t.Errorf("a refused record changed something: %s", diff)
			}
		})
	}
}

func later(b *record.Activity) {
	b.From, b.To = b.From.AddDate(0, 0, 8), b.To.AddDate(0, 0, 8)
}

func TestOwnActs(t *testing.T) {
	d := activity.NewDesk(config())
	over := patrol()
	over.To = epoch
	if _, _, err := d.Enter(*over, false, nil, "WANG", epoch); !errors.Is(err, activity.ErrTime) {
		t.Errorf("a notice that is over = %v, want ErrTime", err)
	}
	if _, err := d.Amend(1, *patrol(), nil, "WANG", epoch); !errors.Is(err, activity.ErrUnknown) {
		t.Errorf("Amend of nothing = %v, want ErrUnknown", err)
	}
	if _, err := d.SetState(1, "clear", "WANG", epoch); !errors.Is(err, activity.ErrUnknown) {
		t.Errorf("SetState of nothing = %v, want ErrUnknown", err)
	}
	n, _, err := d.Enter(*patrol(), true, []party.ID{"jp", "jp"}, "WANG", epoch)
	if err != nil {
		t.Fatal(err)
	}
	outs, err := d.Amend(n, *patrol(), []party.ID{"cell"}, "LIN", epoch)
	if err != nil || len(outs) != 2 || outs[0].To != "cell" || outs[1].To != "jp" || !outs[0].Exercise || outs[0].Body.State != "planned" {
		t.Errorf("Amend = %+v, %v; want the notice for cell and jp", outs, err)
	}
	for _, step := range []struct {
		state string
		want  error
	}{{"planned", activity.ErrState}, {"working", nil}, {"working", activity.ErrState}, {"clear", nil}, {"cancelled", activity.ErrState}} {
		outs, err := d.SetState(n, step.state, "WANG", epoch.Add(time.Minute))
		if !errors.Is(err, step.want) || (err == nil && (len(outs) != 2 || outs[0].Body.State != step.state)) {
			t.Errorf("SetState(%s) = %+v, %v; want %v", step.state, outs, err, step.want)
		}
	}
	if err := d.SetAside(activity.Key{Party: "tw", Number: n}, true, "WANG", epoch); !errors.Is(err, activity.ErrUnknown) {
		t.Errorf("setting our own aside = %v, want ErrUnknown", err)
	}
	for range 64 {
		if _, _, err := d.Enter(*patrol(), false, nil, "WANG", epoch); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := d.Enter(*patrol(), false, nil, "WANG", epoch); !errors.Is(err, activity.ErrFull) {
		t.Errorf("the 65th notice = %v, want ErrFull", err)
	}
	d.Tick(epoch.Add(2 * time.Hour))
	evening := patrol()
	evening.To = epoch.Add(3 * time.Hour)
	if _, _, err := d.Enter(*evening, false, nil, "WANG", epoch.Add(2*time.Hour)); err != nil {
		t.Errorf("after the others have ended = %v", err)
	}
	d.Tick(epoch.Add(3 * time.Hour))
	d.Tick(epoch.Add(4 * time.Hour))
	if len(d.Notices()) != 0 {
		t.Errorf("%d notices are shown hours after their end", len(d.Notices()))
	}
}

// The state is bounded whatever comes, and goes over a snapshot unchanged.
func TestTheDeskIsBoundedAndRestores(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := activity.NewDesk(config())
		now := epoch
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			n := rapid.ByteRange(1, 4).Draw(rt, "n")
			switch rapid.IntRange(0, 6).Draw(rt, "act") {
			case 0:
				_, _, _ = d.Enter(*drawBody(rt, "own"), false, []party.ID{"jp"}, "WANG", now)
			case 1:
				r := notice(n, drawBody(rt, "their"))
				r.Epoch = rapid.Uint32Range(1, 9).Draw(rt, "epoch")
				_ = d.Receive(rapid.SampledFrom([]party.ID{"jp", "cell"}).Draw(rt, "from"), r, now)
			case 2:
				_, _ = d.SetState(uint32(n), rapid.SampledFrom(record.ActivityStates()).Draw(rt, "state"), "WANG", now)
			case 3:
				_ = d.SetAside(key(n), rapid.Bool().Draw(rt, "aside"), "WANG", now)
			case 4:
				now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(rt, "minutes")) * time.Minute)
			case 5:
				d.Hold(alert(rapid.SampledFrom(activity.Holdable()).Draw(rt, "rule"), track.Number(n)), now)
			case 6:
				var list []activity.Object
				for i := range track.Number(rapid.IntRange(0, 6).Draw(rt, "objects")) {
					list = append(list, drawObject(rt, i+1))
				}
				d.Look(list, func(o *activity.Object) bool { return o.Own == 3 }, now)
				d.Lift(now) // what was held before and is not explained any more
				check(rt, d, list, now)
			}
			d.Lift(now)
			d.Tick(now)
		}
		b, err := json.Marshal(d.Snapshot())
		if err != nil {
			rt.Fatal(err)
		}
		var s activity.State
		if err := json.Unmarshal(b, &s); err != nil {
			rt.Fatal(err)
		}
		back := activity.NewDesk(config())
		back.Restore(s)
		again, err := json.Marshal(back.Snapshot())
		if err != nil || string(again) != string(b) {
			rt.Fatalf("snapshot changes over a restart (%v):\n%s\n%s", err, b, again)
		}
		later := now.Add(time.Minute)
		if diff := cmp.Diff(d.Tick(later), back.Tick(later)); diff != "" {
			rt.Fatalf("goes on otherwise after a restart: %s", diff)
		}
		if len(d.Journal()) > 300 || len(d.Held()) > 256 {
			rt.Fatal("more is kept than fits")
		}
	})
}

func drawObject(t *rapid.T, n track.Number) activity.Object {
	o := activity.Object{
		Own: n, Domain: rapid.SampledFrom([]string{"air", "sea"}).Draw(t, "domain"), HasSpan: rapid.Bool().Draw(t, "span"),
		Pos:      at(rapid.Float64Range(23, 26).Draw(t, "lat"), rapid.Float64Range(121, 124).Draw(t, "lon")),
		Standard: rapid.SampledFrom(record.Standards()).Draw(t, "standard"),
	}
	o.LowFt = float64(rapid.IntRange(0, 50_000).Draw(t, "feet"))
	o.HighFt = o.LowFt
	return o
}

// check holds that nothing is held back of what lies outside box, area or
// block of every notice.
func check(t *rapid.T, d *activity.Desk, objects []activity.Object, now time.Time) {
	for i := range objects {
		o := &objects[i]
		explained := slices.ContainsFunc(d.Notices(), func(n activity.Notice) bool {
			b := &n.Body
			h := b.Height
			return n.Party != "tw" && !n.Aside && !now.Before(b.From) && now.Before(b.To) && b.Domain == o.Domain &&
				(b.State == "planned" || b.State == "working") && activity.Contains(&b.Area, o.Pos) &&
				(h == nil || (o.HasSpan && o.LowFt >= float64(h.BaseFt) && o.HighFt <= float64(h.TopFt)))
		})
		held := d.Hold(alert(watch.UncrewedInGap, o.Own), now)
		if held && (!explained || o.Own == 3 || slices.Contains([]string{"suspect", "neutral", "friend"}, o.Standard)) {
			t.Fatalf("%+v is held back and nothing explains it", o)
		}
		d.Hold(watch.Alert{Key: watch.Key{Rule: watch.UncrewedInGap, Track: o.Own}}, now) // its end
		for _, rule := range []watch.RuleID{watch.Emergency, watch.WithoutLead, watch.FeedLost, "A04", "S08"} {
			if d.Hold(alert(rule, o.Own), now) {
				t.Fatalf("%s is held back", rule)
			}
		}
	}
}
