// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

const planText = `version = 1
party = "%s"
[[plan]]
with = "%s"
lines = ["median_2019"]
rules = ["A01"]
proof = true
[plan.timers]
t1 = "%s"
t2 = "9m"
hotline = "3h"
[[plan.sector]]
zone = "gap_n"
lead = "tw"
[[plan.broken]]
zone = "gap_n"
lead = "jp"
`

// desks are two parties' engines and the line between them.
type desks struct {
	t     testing.TB
	eng   map[party.ID]*engine.Engine
	now   time.Time
	wire  map[party.ID][][]byte // waits for that party
	audit map[party.ID][]string
	last  map[party.ID]*engine.Config
}

func other(id party.ID) party.ID {
	if id == "tw" {
		return "jp"
	}
	return "tw"
}

func planConfig(t testing.TB, id party.ID, text string) *engine.Config {
	t.Helper()
	c := config(t)
	c.Partners = []party.ID{other(id)}
	if text != "" {
		c.Joint = &engine.Text{Name: "plan.toml", Data: []byte(text)}
	}
	c.Policy = &engine.Text{Name: "policy.toml", Data: []byte(fmt.Sprintf("version = 1\nparty = %q\n", id) +
		"[label]\npolicy = \"p\"\nclassification = \"c\"\npurpose = \"u\"\nretention = \"24h\"\n" +
		fmt.Sprintf("[[rule]]\nid = \"say\"\neffect = \"allow\"\nto = [%q]\nkinds = [\"plan\"]\n[rule.then]\ndelay = \"0s\"\n", other(id)))}
	return c
}

func newDesks(t testing.TB, twText, jpText string) *desks {
	t.Helper()
	d := &desks{
		t: t, eng: make(map[party.ID]*engine.Engine), now: start, wire: make(map[party.ID][][]byte),
		audit: make(map[party.ID][]string), last: make(map[party.ID]*engine.Config),
	}
	for id, text := range map[party.ID]string{"tw": twText, "jp": jpText} {
		d.eng[id] = engine.New(id, idOf)
		d.step(id, &engine.Input{Config: planConfig(t, id, text)})
	}
	return d
}

func (d *desks) step(id party.ID, in *engine.Input) engine.Outputs {
	d.t.Helper()
	in.At = d.now
	e := d.eng[id]
	out := e.Step(e.Seq()+1, in)
	for _, s := range out.Sealed {
		d.wire[s.To()] = append(d.wire[s.To()], s.Plain())
	}
	for _, a := range out.Audit {
		d.audit[id] = append(d.audit[id], a.Act)
	}
	return out
}

// act does a verb and returns its code.
func (d *desks) act(id party.ID, c engine.Command) string {
	d.t.Helper()
	c.By, c.Role, c.Partner = "lin", engine.Supervisor, other(id)
	return d.step(id, &engine.Input{Command: &c}).Reply.Code
}

func (d *desks) must(id party.ID, c engine.Command) {
	d.t.Helper()
	if code := d.act(id, c); code != "" {
		d.t.Fatalf("%s %s: %s", id, c.Verb, code)
	}
}

// pass lets time pass and everything arrive that waits.
func (d *desks) pass(by time.Duration) {
	d.t.Helper()
	d.now = d.now.Add(by)
	for _, id := range []party.ID{"tw", "jp"} {
		d.step(id, &engine.Input{Tick: &engine.Tick{}})
	}
	d.deliver()
}

func (d *desks) deliver() {
	d.t.Helper()
	for _, id := range []party.ID{"tw", "jp"} {
		list := d.wire[id]
		d.wire[id] = nil
		for i, b := range list {
			if out := d.step(id, &engine.Input{Partner: &engine.Partner{From: other(id), Lane: record.LaneRecord, Seq: uint64(i + 1), Body: b}}); out.Refused != nil {
				d.t.Errorf("%s refused a record: %+v", id, out.Refused)
			}
		}
	}
}

func (d *desks) plan(id party.ID) engine.PlanView { return d.eng[id].View().Plans[0] }

func (d *desks) want(state string) {
	d.t.Helper()
	for _, id := range []party.ID{"tw", "jp"} {
		if p := d.plan(id); p.State != state {
			d.t.Errorf("%v: %s shows %s, want %s", d.now.Format(time.TimeOnly), id, p.State, state)
		}
	}
}

func (d *desks) alarm(id party.ID, key string) string {
	for _, a := range d.eng[id].View().Alarms {
		if a.Key == key {
			return a.State
		}
	}
	return ""
}

// testedEvery returns how often the line is to be tested.
func (d *desks) testedEvery(id party.ID) time.Duration {
	l := d.eng[id].View().Messages.Partners[0].Line
	if l.Due == nil {
		return 0
	}
	return l.Due.Sub(l.Since)
}

// overdue counts the alarms of rule C04 that are up.
func (d *desks) overdue(id party.ID) (n int) {
	for _, a := range d.eng[id].View().Alarms {
		if a.Rule == "C04" && (a.State == string(incident.Unacknowledged) || a.State == string(incident.Acknowledged)) {
			n++
		}
	}
	return n
}

func files(tw, jp string) (string, string) {
	return fmt.Sprintf(planText, "tw", "jp", tw), fmt.Sprintf(planText, "jp", "tw", jp)
}

func TestAPlanComesIntoForceAndEnds(t *testing.T) {
	d := newDesks(t, "", "")
	d.want("none")
	tw, jp := files("3m", "3m")
	d = newDesks(t, tw, jp)
	if p := d.plan("tw"); p.State != "none" || !p.Prepared || !slices.Equal(p.Can, []string{"plan-declare"}) || p.Applies || p.T1S != 120 {
		t.Errorf("before: %+v", p)
	}
	d.must("tw", engine.Command{Verb: "plan-declare"})
	d.pass(time.Second)
	if a, b := d.plan("tw").State, d.plan("jp").State; a != "ours" || b != "theirs" {
		t.Errorf("one has declared: %s and %s", a, b)
	}
	if code := d.act("tw", engine.Command{Verb: "plan-declare"}); code != "not-now" {
		t.Errorf("declared again: %q", code)
	}
	d.must("jp", engine.Command{Verb: "plan-declare"})
	d.pass(time.Second)
	d.want("in-force")
	for _, id := range []party.ID{"tw", "jp"} {
		p := d.plan(id)
		if !p.Applies || p.T1S != 180 || p.T2S != 540 || len(p.Parts) != 6 {
			t.Errorf("%s in force: %+v", id, p)
		}
	}
	// The line is tested as often as agreed, and overdue when that has passed.
	if got := d.testedEvery("tw"); got != 3*time.Hour {
		t.Errorf("the line is tested every %v, agreed are 3h", got)
	}
	d.pass(3 * time.Hour)
	if d.overdue("tw") == 0 {
		t.Error("a line that was not tested for the time agreed is no alert")
	}
	ends := d.now.Add(time.Minute)
	d.must("tw", engine.Command{Verb: "plan-end", Plan: &engine.PlanArgs{Ends: ends.Format(time.RFC3339)}})
	d.pass(time.Second)
	d.now = ends.Add(-time.Nanosecond)
	d.pass(0)
	d.want("in-force")
	if p := d.plan("jp"); p.Theirs.Ends == nil || !p.Theirs.Ends.Equal(ends) {
		t.Errorf("the date is not shown: %+v", p.Theirs)
	}
	// At the date it ends with whatever input comes first, not only with a tick.
	d.now = ends
	for _, id := range []party.ID{"tw", "jp"} {
		d.step(id, &engine.Input{Event: &engine.Event{Kind: "store", State: "ok"}})
		if p := d.plan(id); p.State != "ended" || p.Applies || p.T1S != 120 || !p.Since.Equal(ends) {
			t.Errorf("%s at the date: %+v", id, p)
		}
		if a := d.alarm(id, "plan-ended/"+string(other(id))); a != string(incident.Returned) {
			t.Errorf("%s: alarm of the end is %q", id, a)
		}
	}
	d.pass(time.Second)
	if got := d.testedEvery("tw"); got <= 3*time.Hour || d.overdue("tw") != 0 {
		t.Errorf("after the end the line is tested every %v, %d overdue", got, d.overdue("tw"))
	}
	// Declared anew it is in force again, once both have.
	d.must("tw", engine.Command{Verb: "plan-declare"})
	d.pass(time.Second)
	d.want("in-force")
	// At once, by the other.
	d.must("jp", engine.Command{Verb: "plan-end"})
	if got := d.plan("jp").State; got != "ended" {
		t.Errorf("at once: %s", got)
	}
	d.pass(time.Second)
	d.want("ended")
}

func TestAMismatchIsShownPartByPartAndAlarmed(t *testing.T) {
	tw, jp := files("3m", "4m")
	d := newDesks(t, tw, jp)
	d.must("tw", engine.Command{Verb: "plan-declare"})
	d.must("jp", engine.Command{Verb: "plan-declare"})
	d.pass(time.Second)
	d.want("mismatch")
	for _, id := range []party.ID{"tw", "jp"} {
		p := d.plan(id)
		for _, part := range p.Parts {
			if want := map[bool]string{true: "different", false: "equal"}[part.Name == "timers"]; part.State != want {
				t.Errorf("%s: part %s is %s, want %s", id, part.Name, part.State, want)
			}
		}
		if p.Applies || p.T1S != 120 || d.alarm(id, "plan/"+string(other(id))) != string(incident.Unacknowledged) {
			t.Errorf("%s: %+v, alarm %q", id, p, d.alarm(id, "plan/"+string(other(id))))
		}
	}
	// A file that is put right and declared again ends the alarm.
	d.step("jp", &engine.Input{Config: planConfig(t, "jp", strings.Replace(jp, "4m", "3m", 1))})
	if p := d.plan("jp"); !p.Changed || !slices.Contains(p.Can, "plan-declare") {
		t.Errorf("a changed file is not shown: %+v", p)
	}
	d.want("mismatch")
	d.must("jp", engine.Command{Verb: "plan-declare"})
	d.pass(time.Second)
	d.want("in-force")
	if a := d.alarm("tw", "plan/jp"); a != string(incident.Returned) {
		t.Errorf("alarm is %q", a)
	}
	if diff := gocmp.Diff([]string{"plan-ours", "plan-mismatch", "plan-in-force"}, planActs(d.audit["tw"])); diff != "" {
		t.Errorf("audit:\n%s", diff)
	}
}

func planActs(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !strings.HasPrefix(s, "plan-") })
}

// jointOf returns the plans in a snapshot.
func jointOf(t testing.TB, snapshot []byte) json.RawMessage {
	t.Helper()
	var s struct {
		State struct{ Joint json.RawMessage }
	}
	if err := json.Unmarshal(snapshot, &s); err != nil {
		t.Fatal(err)
	}
	return s.State.Joint
}

// What was agreed stands while the line is down and over a restart.
func TestAPlanStandsWithoutTheLineAndOverARestart(t *testing.T) {
	tw, jp := files("3m", "3m")
	d := newDesks(t, tw, jp)
	d.must("tw", engine.Command{Verb: "plan-declare"})
	d.must("jp", engine.Command{Verb: "plan-declare"})
	d.pass(time.Second)
	since := *d.plan("tw").Since
	d.step("tw", &engine.Input{Event: &engine.Event{Kind: "link", Partner: "jp", State: "up"}})
	d.step("tw", &engine.Input{Event: &engine.Event{Kind: "link", Partner: "jp", State: "down"}})
	d.now = d.now.Add(time.Hour)
	d.step("tw", &engine.Input{Tick: &engine.Tick{}})
	saved := state(t, d.eng["tw"])
	again, err := engine.Restore("tw", idOf, saved)
	if err != nil {
		t.Fatal(err)
	}
	d.eng["tw"] = again
	if p := d.plan("tw"); p.State != "in-force" || !p.Since.Equal(since) || !p.Applies || p.T1S != 180 {
		t.Errorf("after the restart: %+v", p)
	}
	if !bytes.Equal(jointOf(t, saved), jointOf(t, state(t, again))) {
		t.Error("the plans differ after a restart")
	}
	d.must("tw", engine.Command{Verb: "plan-end", Plan: &engine.PlanArgs{Ends: d.now.Add(time.Minute).Format(time.RFC3339)}})
	if again, err = engine.Restore("tw", idOf, state(t, d.eng["tw"])); err != nil {
		t.Fatal(err)
	}
	d.eng["tw"] = again
	d.now = d.now.Add(time.Minute)
	d.step("tw", &engine.Input{Event: &engine.Event{Kind: "store", State: "ok"}})
	if p := d.plan("tw"); p.State != "ended" {
		t.Errorf("an end noted before the restart: %+v", p)
	}
	// Partners that are no longer ours are forgotten.
	c := planConfig(t, "tw", "")
	c.Partners, c.Policy = []party.ID{"cell"}, nil
	d.step("tw", &engine.Input{Config: c})
	if got := jointOf(t, state(t, d.eng["tw"])); string(got) != `{"pairs":{}}` {
		t.Errorf("the plan with a former partner is kept: %s", got)
	}
}

// What is in force decides whose proposal stands where both propose at once,
// and how long a proposal waits; without it the pack and the node's own timers
// do. By the pack the North sector is jp's.
func TestAPlanInForceSetsSectorsAndTimers(t *testing.T) {
	for _, inForce := range []bool{false, true} {
		tw, jp := files("3m", "3m")
		d := newDesks(t, tw, jp)
		policy := string(planConfig(t, "tw", tw).Policy.Data)
		c := planConfig(t, "tw", tw)
		c.Policy.Data = []byte(strings.Replace(policy, `"plan"`, `"plan", "dialogue", "link", "incident"`, 1) + "time_bin = \"60s\"\nslot = \"1s\"\nfields = [\"zone\"]\n")
		d.step("tw", &engine.Input{Config: c})
		if inForce {
			d.must("tw", engine.Command{Verb: "plan-declare"})
			d.must("jp", engine.Command{Verb: "plan-declare"})
			d.pass(time.Second)
			d.want("in-force")
			again, err := engine.Restore("tw", idOf, state(t, d.eng["tw"])) // a restart changes nothing of it
			if err != nil {
				t.Fatal(err)
			}
			d.eng["tw"] = again
		}
		// jp tells of an incident in the North sector; both propose at once.
		envelope := func(kind record.Kind, object byte) record.Envelope {
			return record.Envelope{
				Version: 1, Kind: kind, ID: record.ID{9, object}, Object: record.ID{8, object}, Epoch: 1, Originator: "jp", Time: d.now,
				Label: record.Label{Policy: "p", Classification: "c", Purpose: "u", Retention: time.Hour},
			}
		}
		take := func(seq uint64, r *record.Record) engine.Outputs {
			return d.step("tw", &engine.Input{Partner: &engine.Partner{From: "jp", Lane: record.LaneRecord, Seq: seq, Body: forge(t, r)}})
		}
		take(1, &record.Record{Envelope: envelope(record.KindIncident, 1), Incident: &record.Incident{
			State: "open", Domain: "air", Sector: "gap_n", Opened: record.Bin{Start: d.now, Width: time.Minute},
			Events: []record.Event{{Rule: "A06", Bin: record.Bin{Start: d.now, Width: time.Minute}}},
		}})
		if n := len(d.eng["tw"].View().Incidents); n != 1 {
			t.Fatalf("%d incidents", n)
		}
		if code := d.act("tw", engine.Command{Verb: "propose", Incident: 1, Lead: "tw"}); code != "" {
			t.Fatalf("propose: %s", code)
		}
		v := d.eng["tw"].View().Incidents[0].Lead
		if want := map[bool]time.Duration{false: 5 * time.Minute, true: 9 * time.Minute}[inForce]; v.Deadline == nil || v.Deadline.Sub(d.now) != want {
			t.Errorf("in force %v: deadline %v after the proposal, want %v", inForce, v.Deadline, want)
		}
		out := take(2, &record.Record{Envelope: envelope(record.KindDialogue, 2), Dialogue: &record.Dialogue{
			Incident: []record.Ref{{Originator: "jp", ID: record.ID{8, 1}}}, Step: "propose", Epoch: 1, Lead: "jp", Giver: "tw",
		}})
		if stood := out.Refused != nil; stood != inForce {
			t.Errorf("in force %v: our proposal stood %v (%+v)", inForce, stood, out.Refused)
		}
	}
}

func TestPlanActsAreRefused(t *testing.T) {
	tw, jp := files("3m", "3m")
	d := newDesks(t, tw, jp)
	for name, c := range map[string]struct {
		do   func() string
		want string
	}{
		"end of nothing": {func() string { return d.act("tw", engine.Command{Verb: "plan-end"}) }, "no-plan"},
		"an officer declares": {func() string {
			return d.step("tw", &engine.Input{Command: &engine.Command{Verb: "plan-declare", Partner: "jp", By: "wu", Role: engine.Officer}}).Reply.Code
		}, "forbidden"},
		"to nobody": {func() string {
			return d.step("tw", &engine.Input{Command: &engine.Command{Verb: "plan-declare", Partner: "xx", By: "wu", Role: engine.Supervisor}}).Reply.Code
		}, "no-such-partner"},
		"an end for nobody": {func() string {
			return d.step("tw", &engine.Input{Command: &engine.Command{Verb: "plan-end", Partner: "xx", By: "wu", Role: engine.Supervisor}}).Reply.Code
		}, "no-such-partner"},
	} {
		if got := c.do(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	d.must("tw", engine.Command{Verb: "plan-declare"})
	for _, bad := range []string{"tomorrow", d.now.Add(-time.Minute).Format(time.RFC3339), "2999-01-01T00:00:00Z"} {
		if code := d.act("tw", engine.Command{Verb: "plan-end", Plan: &engine.PlanArgs{Ends: bad}}); code != "bad-time" {
			t.Errorf("end at %s: %q", bad, code)
		}
	}
	// Where the policy says nothing of plans, nothing is declared, and an end is told by voice.
	d.must("jp", engine.Command{Verb: "plan-declare"})
	d.pass(time.Second)
	d.want("in-force")
	c := planConfig(t, "tw", strings.Replace(tw, `t1 = "3m"`, `t1 = "4m"`, 1))
	c.Policy = nil
	d.step("tw", &engine.Input{Config: c})
	if code := d.act("tw", engine.Command{Verb: "plan-declare"}); code != "withheld" || d.plan("tw").State != "in-force" {
		t.Errorf("without a policy: %q, %s", code, d.plan("tw").State)
	}
	if code := d.act("tw", engine.Command{Verb: "plan-end"}); code != "pass-by-voice" || d.plan("tw").State != "ended" {
		t.Errorf("end without a policy: %q, %s", code, d.plan("tw").State)
	}
	for name, text := range map[string]string{
		"a wrong file":           strings.Replace(tw, "gap_n", "gap_x", 1),
		"a plan with no partner": strings.Replace(tw, `with = "jp"`, `with = "cell"`, 1),
	} {
		bad := planConfig(t, "tw", strings.ReplaceAll(text, `lead = "jp"`, `lead = "tw"`))
		if err := bad.Check("tw"); err == nil || !strings.Contains(err.Error(), "plan.toml") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A plan of an exercise has no effect where anything live feeds the node.
func TestAnExercisePlanCountsInExercisesOnly(t *testing.T) {
	for _, live := range []bool{true, false} {
		tw, jp := files("3m", "3m")
		d := newDesks(t, tw, jp)
		if !live {
			c := planConfig(t, "tw", tw)
			c.Feeds = []engine.FeedConfig{{Name: "f", Kind: "beast-tcp"}}
			c.Feeds[0].Source.Exercise = true
			c.Feeds[0].Source.Format = 2
			d.step("tw", &engine.Input{Config: c})
		}
		for _, id := range []party.ID{"tw", "jp"} {
			d.must(id, engine.Command{Verb: "plan-declare", Exercise: true})
		}
		d.pass(time.Second)
		if p := d.plan("tw"); p.State != "in-force" || p.Applies == live || !p.Ours.Exercise {
			t.Errorf("live %v: %+v", live, p)
		}
	}
}
