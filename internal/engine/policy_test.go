// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// numbered is a policy of a higher version that tells jp alone.
func numbered(version string) string {
	return strings.Replace(policyHead, "version = 1", "version = "+version, 1) + policyRule("jp-only", `"jp"`, `"track", "incident"`, "")
}

func (f *floor) policy(verb, by string, a engine.PolicyAct) (engine.Reply, engine.Outputs) {
	f.t.Helper()
	out := f.step(&engine.Input{Command: &engine.Command{Verb: verb, By: by, Role: engine.Supervisor, Policy: &a}})
	return out.Reply, out
}

// twoFloor is a floor whose policy needs two persons.
func twoFloor(t *testing.T) *floor {
	f := newFloor(t, openPolicy())
	cfg := *f.cfg
	cfg.TwoPersons = true
	f.cfg = &cfg
	f.step(&engine.Input{Config: &cfg})
	return f
}

func TestPolicyNeedsTwoPersons(t *testing.T) {
	f := twoFloor(t)
	if r, _ := f.policy("policy-propose", "lin", engine.PolicyAct{Text: numbered("2"), Reason: "less to the cell"}); r.Code != "" {
		t.Fatalf("propose: %+v", r)
	}
	prop := f.e.View().Policy.Proposal
	if prop == nil || prop.By != "lin" || prop.Reason != "less to the cell" || f.e.View().Policy.InForce.Number != 1 {
		t.Fatalf("policy = %+v, want a proposal by lin and version 1 in force", f.e.View().Policy)
	}
	id := engine.PolicyAct{ID: prop.ID}
	if r, _ := f.policy("policy-activate", "lin", id); r.Code != "second-person" {
		t.Errorf("activated by who proposed it: %+v, want second-person", r)
	}
	if r, _ := f.policy("policy-activate", "wang", engine.PolicyAct{ID: "0123456789abcdef"}); r.Code != "no-such-policy" {
		t.Errorf("another text activated: %+v, want no-such-policy", r)
	}
	r, out := f.policy("policy-activate", "wang", id)
	if r.Code != "" || len(out.Policies) != 1 {
		t.Fatalf("activate: %+v with %d versions", r, len(out.Policies))
	}
	v := out.Policies[0]
	if v.Number != 2 || v.By != "lin" || v.Second != "wang" || v.Text != numbered("2") || !v.Distress || v.Reason != "less to the cell" {
		t.Errorf("version = %+v", v)
	}
	if got := f.e.View(); got.Policy.Proposal != nil || got.Policy.InForce.Number != 2 || got.PolicyVersion != v.Policy {
		t.Errorf("view = %+v, want version 2 and no proposal", got.Policy)
	}
	if !slices.ContainsFunc(out.Audit, func(a engine.Audit) bool {
		return a.Act == "policy-in-force" && a.Actor == "wang" && strings.Contains(a.Detail, v.SHA256) && strings.Contains(a.Detail, "lin")
	}) {
		t.Errorf("audit = %+v, want who put which text in force", out.Audit)
	}
	if string(f.e.Config().Policy.Data) != numbered("2") {
		t.Error("the configuration in force has another policy")
	}
	if r, _ := f.policy("policy-activate", "wang", id); r.Code != "no-such-policy" {
		t.Errorf("activated twice: %+v", r)
	}
}

func TestOnePersonMayWhereTheConfigurationLetsHim(t *testing.T) {
	f := newFloor(t, openPolicy())
	f.policy("policy-propose", "lin", engine.PolicyAct{Text: numbered("2")})
	if r, _ := f.policy("policy-activate", "lin", engine.PolicyAct{ID: f.e.View().Policy.Proposal.ID}); r.Code != "" {
		t.Errorf("activate: %+v", r)
	}
	text, ok := f.e.ActivatedPolicy()
	if !ok || string(text.Data) != numbered("2") {
		t.Error("the node is not told that people activated it")
	}
}

func TestBadPoliciesAreRefused(t *testing.T) {
	f := twoFloor(t)
	other := strings.Replace(numbered("2"), `party = "tw"`, `party = "xx"`, 1)
	silent := strings.Replace(numbered("2"), "distress = true", "distress = false", 1)
	tests := map[string]struct {
		act  engine.PolicyAct
		code string
		line int
		key  string
	}{
		"it handles no text":                 {engine.PolicyAct{}, "text-missing", 0, ""},
		"it handles a bad key":               {engine.PolicyAct{Text: strings.Replace(numbered("2"), "distress", "colour", 1)}, "bad-policy", 3, ""},
		"it handles a bad grid":              {engine.PolicyAct{Text: strings.Replace(numbered("2"), "5km", "5", 1)}, "bad-policy", 18, "grid"},
		"it handles another party's":         {engine.PolicyAct{Text: other}, "bad-policy", 0, ""},
		"it handles the same version":        {engine.PolicyAct{Text: numbered("1")}, "old-policy", 0, ""},
		"it handles a long text":             {engine.PolicyAct{Text: numbered("2") + strings.Repeat("# and so on\n", 6000)}, "text-too-long", 0, ""},
		"it handles distress off, unexcused": {engine.PolicyAct{Text: silent}, "bad-policy", 1, "distress_reason"},
		"it handles a reason with a bell":    {engine.PolicyAct{Text: numbered("2"), Reason: "\a"}, "bad-request", 0, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, _ := f.policy("policy-propose", "lin", tt.act)
			if r.Code != tt.code || r.Line != tt.line || r.Key != tt.key {
				t.Errorf("reply = %+v, want %s at line %d, %s", r, tt.code, tt.line, tt.key)
			}
			if f.e.View().Policy.Proposal != nil {
				t.Error("it was taken as a proposal")
			}
		})
	}
	for _, role := range []string{engine.Viewer, engine.Officer, engine.Administrator, engine.Auditor} {
		c := engine.Command{Verb: "policy-propose", By: "x", Role: role, Policy: &engine.PolicyAct{Text: numbered("2")}}
		if out := f.step(&engine.Input{Command: &c}); out.Reply.Code != "forbidden" {
			t.Errorf("a %s may propose: %+v", role, out.Reply)
		}
	}
}

func TestDistressOffIsAuditedWithItsReason(t *testing.T) {
	f := twoFloor(t)
	silent := strings.Replace(numbered("2"), "distress = true", "distress = false\ndistress_reason = \"drill of the voice line\"", 1)
	f.policy("policy-propose", "lin", engine.PolicyAct{Text: silent})
	_, out := f.policy("policy-activate", "wang", engine.PolicyAct{ID: f.e.View().Policy.Proposal.ID})
	if !slices.ContainsFunc(out.Audit, func(a engine.Audit) bool {
		return a.Act == "distress-disabled" && a.Actor == "wang" && a.Detail == "drill of the voice line"
	}) {
		t.Errorf("audit = %+v, want the reason", out.Audit)
	}
	if v := f.e.View().Policy.InForce; v.Distress || v.WhyNot == "" {
		t.Errorf("the picture shows %+v", v)
	}
	lat, lon := 24.5, 122.5
	if r := f.try(engine.Command{Verb: "distress", Partner: "jp", Text: "fire", Lat: &lat, Lon: &lon, By: "lin", Role: engine.Officer}); r.Code != "pass-by-voice" {
		t.Errorf("distress: %+v, want pass-by-voice", r)
	}
}

func TestProposalIsWithdrawnAndOutlivesARestart(t *testing.T) {
	f := twoFloor(t)
	f.policy("policy-propose", "lin", engine.PolicyAct{Text: numbered("2")})
	b, err := f.e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if f.e, err = engine.Restore("tw", idOf, b); err != nil {
		t.Fatal(err)
	}
	prop := f.e.View().Policy.Proposal
	if prop == nil || prop.By != "lin" {
		t.Fatalf("proposal after a restart = %+v", prop)
	}
	if r, _ := f.policy("policy-withdraw", "wang", engine.PolicyAct{ID: prop.ID}); r.Code != "" || f.e.View().Policy.Proposal != nil {
		t.Errorf("withdraw: %+v, then %+v", r, f.e.View().Policy.Proposal)
	}
}

// TestChangedPolicyDecidesAtOnce holds that a policy that takes a partner away
// holds for what is pending too.
func TestChangedPolicyDecidesAtOnce(t *testing.T) {
	f := newFloor(t, openPolicy())
	f.fly(0x780001, geo.Point{LatDeg: 24.4, LonDeg: 122.2}, 90, 0, 3*time.Minute)
	if len(f.kinds("cell", record.KindTrack)) == 0 {
		t.Fatal("cell was told of no track")
	}
	f.policy("policy-propose", "lin", engine.PolicyAct{Text: numbered("2")})
	f.policy("policy-activate", "wang", engine.PolicyAct{ID: f.e.View().Policy.Proposal.ID})
	cell, jp := len(f.sent["cell"]), len(f.kinds("jp", record.KindTrack))
	f.fly(0x780001, geo.Point{LatDeg: 24.4, LonDeg: 122.5}, 90, 0, 3*time.Minute)
	if len(f.sent["cell"]) != cell || len(f.kinds("jp", record.KindTrack)) == jp {
		t.Errorf("cell got %d records more, jp %d tracks more", len(f.sent["cell"])-cell, len(f.kinds("jp", record.KindTrack))-jp)
	}
}

// tapedFloor records what a floor is given.
func (f *floor) tape(t *testing.T, from []byte, present, changed string, at, to time.Time, inputs []*engine.Input) engine.DryResult {
	t.Helper()
	text := func(s string) *engine.Text { return &engine.Text{Name: "p", Data: []byte(s)} }
	d, err := engine.NewDryRun("tw", idOf, from, text(present), text(changed), at, to)
	if err != nil {
		t.Fatal(err)
	}
	for i, in := range inputs {
		d.Step(uint64(i+1), in)
	}
	return d.Result()
}

func TestDryRunShowsTheDifferenceBothWays(t *testing.T) {
	f := newFloor(t, openPolicy())
	f.taped = []*engine.Input{{At: start, Config: f.cfg}}
	half := f.now.Add(3 * time.Minute)
	f.fly(0x780001, geo.Point{LatDeg: 24.4, LonDeg: 122.2}, 90, 0, 3*time.Minute)
	snap, err := f.e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	before := len(f.taped)
	f.fly(0x780001, geo.Point{LatDeg: 24.4, LonDeg: 122.4}, 90, 0, 6*time.Minute)
	end := f.now.Add(time.Nanosecond)                          // what leaves at the last tick counts
	coarse := strings.ReplaceAll(numbered("2"), "5km", "20km") // tells jp alone, and coarser

	same := f.tape(t, nil, openPolicy(), openPolicy(), start, end, f.taped)
	if len(same.Rows) != 0 || len(same.Sums) == 0 || same.Sums[0].Same == 0 {
		t.Fatalf("one policy twice: %d rows, sums %+v", len(same.Rows), same.Sums)
	}
	got := f.tape(t, nil, openPolicy(), coarse, start, end, f.taped)
	sums := make(map[string]engine.DrySum)
	for _, s := range got.Sums {
		sums[string(s.To)+" "+s.Kind] = s
	}
	told := len(f.kinds("cell", record.KindTrack))
	if s := sums["cell track"]; s.Present != told || s.Changed != 0 || s.Same != 0 || told == 0 {
		t.Errorf("cell = %+v, want the %d tracks that the present policy tells alone", s, told)
	}
	if s := sums["jp track"]; s.Present == 0 || s.Changed == 0 || s.Same != 0 {
		t.Errorf("jp = %+v, want other cells by each", s)
	}
	for _, r := range got.Rows {
		if r.Kind == "track" && (r.Record.Track.Cell.GridM == 20_000) != (r.Only == "changed") {
			t.Errorf("row %+v is by the wrong policy", r)
		}
		if r.Kind == "track" && r.Number == 0 || !r.Record.ID.IsZero() {
			t.Errorf("row %+v, want our number and no id", r)
		}
	}
	reverse := f.tape(t, nil, coarse, openPolicy(), start, end, f.taped)
	if len(reverse.Rows) != len(got.Rows) {
		t.Errorf("the reverse has %d rows, want %d", len(reverse.Rows), len(got.Rows))
	}
	geojson := got.GeoJSON()
	tracks := 0
	for _, r := range got.Rows {
		if r.Kind == "track" {
			tracks++
		}
	}
	if len(geojson.Features) != tracks || geojson.Features[0].Geometry.Type != "Polygon" || len(geojson.Features[0].Geometry.Coordinates[0]) != 5 {
		t.Errorf("GeoJSON has %d features, want %d", len(geojson.Features), tracks)
	}

	// From a snapshot the second half is the same as from the beginning.
	late := f.tape(t, nil, openPolicy(), coarse, half.Add(2*time.Minute), end, f.taped)
	text := &engine.Text{Name: "p", Data: []byte(openPolicy())}
	d, err := engine.NewDryRun("tw", idOf, snap, text, &engine.Text{Name: "p", Data: []byte(coarse)}, half.Add(2*time.Minute), end)
	if err != nil {
		t.Fatal(err)
	}
	for i, in := range f.taped[before:] {
		d.Step(uint64(before+i+1), in)
	}
	fromSnap := d.Result()
	cells := func(rows []engine.DryRow) (list []string) {
		for _, r := range rows {
			if tr := r.Record.Track; tr != nil { // course and speed follow from what was told before
				list = append(list, fmt.Sprint(r.Only, r.At, r.To, r.Number, tr.Cell, tr.Bin))
			}
		}
		return list
	}
	if diff := cmp.Diff(cells(late.Rows), cells(fromSnap.Rows)); diff != "" || len(cells(late.Rows)) == 0 {
		t.Errorf("%d rows; from the beginning and from the snapshot differ: %s", len(late.Rows), diff)
	}
}
