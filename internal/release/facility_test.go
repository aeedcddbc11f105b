// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

func port() release.Facility {
	return release.Facility{
		Number: 7, Pos: geo.Point{LatDeg: 23.98, LonDeg: 121.62}, Domain: plot.Sea, Zones: []zone.ID{"gap_s"}, Body: record.Facility{
			Kind: "port", Name: "Hualien", Contact: "VHF 14", Services: []string{"fuel", "water"},
			Capacities: []record.Capacity{{What: "berth", Count: 4}},
		},
	}
}

// A facility leaves like anything else: by a rule, with its fields, on its
// grid, in its slot.
func TestFacilitiesLeaveAsTheRuleSays(t *testing.T) {
	rule := func(then string) string {
		return head + ruleText("ports", "allow", "jp", "facility", `zones = ["gap_s"]`, "delay = \"0s\"\n"+then)
	}
	const all = `fields = ["name", "contact", "services", "capacity"]`
	whole := port().Body
	whole.Cell = &record.Cell{GridM: 10_000}
	for name, tt := range map[string]struct {
		policy string
		spoil  func(*release.Facility)
		want   *record.Facility // nil: nothing
	}{
		"no rule":                {head, nil, nil},
		"a rule for tracks":      {pictureRule(gapTerms), nil, nil},
		"the bare rule":          {rule(""), nil, &record.Facility{Kind: "port"}},
		"a name":                 {rule(`fields = ["name"]`), nil, &record.Facility{Kind: "port", Name: "Hualien"}},
		"a contact":              {rule(`fields = ["contact"]`), nil, &record.Facility{Kind: "port", Contact: "VHF 14"}},
		"services":               {rule(`fields = ["services"]`), nil, &record.Facility{Kind: "port", Services: whole.Services}},
		"capacities":             {rule(`fields = ["capacity"]`), nil, &record.Facility{Kind: "port", Capacities: whole.Capacities}},
		"everything, on a grid":  {rule(all + "\ngrid = \"10km\""), nil, &whole},
		"another zone":           {rule(all), func(f *release.Facility) { f.Zones = nil }, nil},
		"an area that cuts it":   {rule(all + "\narea = [\"gap_n\"]"), nil, nil},
		"an area that holds it":  {rule("area = [\"gap_s\"]"), nil, &record.Facility{Kind: "port"}},
		"the stricter of two":    {rule(all) + ruleText("more", "allow", "jp", "facility", "", "delay = \"0s\"\nfields = [\"name\"]"), nil, &record.Facility{Kind: "port", Name: "Hualien"}},
		"a rule that denies":     {rule(all) + ruleText("no", "deny", "jp", "facility", `domain = "sea"`, ""), nil, nil},
		"live by exercise rules": {head + ruleText("ports", "allow", "jp", "facility", "exercise = true", `delay = "0s"`), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := port()
			if tt.spoil != nil {
				tt.spoil(&f)
			}
			d := newDesk(policy(t, tt.policy))
			list := step(t, d, start, &picture{ports: []release.Facility{f}})
			if tt.want == nil {
				if len(list) > 0 {
					t.Fatalf("leaves: %+v", list[0].Facility)
				}
				return
			}
			if len(list) != 1 || list[0].Kind.Lane() != record.LaneRecord {
				t.Fatalf("%d records leave, want one", len(list))
			}
			got := list[0].Facility
			if d := cmp.Diff(tt.want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(record.Cell{}, "LatE5", "LonE5")); d != "" {
				t.Errorf("tells %s", d)
			}
			if c := got.Cell; c != nil && (c.LatE5 == 23_98000 || c.LonE5 == 121_62000) {
				t.Errorf("the place is not on the grid: %+v", c)
			}
		})
	}
}

func TestFacilitiesAreToldOnceAndAgainWhenTheyChange(t *testing.T) {
	text := head + ruleText("ports", "allow", "jp", "facility", "", "delay = \"0s\"\nslot = \"60s\"\nfields = [\"capacity\"]")
	d := newDesk(policy(t, text))
	pic := &picture{ports: []release.Facility{port()}}
	for i := range 50 { // it waits for its slot once, not anew at each look
		if step(t, d, start.Add(time.Duration(i+1)*time.Second), pic); d.Pending("jp") != 1 {
			t.Fatalf("%d releases wait", d.Pending("jp"))
		}
	}
	if got := run(t, d, start.Add(51*time.Second), 250, pic); len(got) != 1 || got[0].r.Epoch != 1 {
		t.Fatalf("told %d times", len(got))
	}
	now := start.Add(301 * time.Second)
	pic.ports[0].Body.Name = "another name" // which no rule lets go
	if got := run(t, d, now, 120, pic); len(got) != 0 {
		t.Errorf("told again for what it may not know: %+v", got[0].r.Facility)
	}
	now = now.Add(121 * time.Second)
	pic.ports[0].Body.Capacities = []record.Capacity{{What: "berth", Count: 5}}
	got := run(t, d, now, 120, pic)
	if len(got) != 1 || got[0].r.Epoch != 2 || got[0].at.Second() != 0 {
		t.Fatalf("after a change: %+v", got)
	}
	// A snapshot in between changes nothing.
	b, err := json.Marshal(d.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var s release.State
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	d.Restore(s)
	now = now.Add(121 * time.Second)
	if got := run(t, d, now, 120, pic); len(got) != 0 {
		t.Errorf("told again after a restart: %+v", got[0].r.Facility)
	}
	now = now.Add(121 * time.Second)
	pic.ports = nil
	if got := run(t, d, now, 120, pic); len(got) != 1 || !got[0].r.Facility.Gone || got[0].r.Facility.Capacities != nil {
		t.Errorf("left the register: %+v", got)
	}
	now = now.Add(121 * time.Second)
	if got := run(t, d, now, 120, pic); len(got) != 0 {
		t.Errorf("told twice that it left: %+v", got[0].r.Facility)
	}
}

// Who no longer may know of a facility is told nothing more, not even that it
// left the register.
func TestFacilitiesUnderAChangedPolicy(t *testing.T) {
	allow := policy(t, head+ruleText("ports", "allow", "jp", "facility", "", "delay = \"10s\""))
	d := newDesk(allow)
	pic := &picture{ports: []release.Facility{port()}}
	if got := step(t, d, start, pic); len(got) != 0 {
		t.Fatal("leaves before its delay")
	}
	d.SetPolicy(policy(t, head))
	if got := run(t, d, start.Add(time.Second), 60, pic); len(got) != 0 {
		t.Errorf("leaves under a policy that has no rule for it: %+v", got[0].r)
	}
	d.SetPolicy(allow)
	if got := run(t, d, start.Add(2*time.Minute), 60, pic); len(got) != 1 {
		t.Errorf("told %d times once it may go again", len(got))
	}
	d.SetPolicy(policy(t, head))
	pic.ports = nil
	if got := run(t, d, start.Add(4*time.Minute), 60, pic); len(got) != 0 {
		t.Errorf("leaves: %+v", got[0].r)
	}
}

func TestFacilitiesAreNoStatements(t *testing.T) {
	d := newDesk(policy(t, head+ruleText("ports", "allow", "jp", "facility", "", `delay = "0s"`)))
	body := port().Body
	err := d.Say("jp", record.KindFacility, 7, record.Record{Facility: &body}, release.Facts{}, start)
	if !errors.Is(err, release.ErrWithheld) {
		t.Errorf("Say of a facility = %v: it would go round the grid", err)
	}
}
