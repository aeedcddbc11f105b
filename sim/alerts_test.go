// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
	"github.com/kuroshio-watch/kuroshio/packs"
	"github.com/kuroshio-watch/kuroshio/scenarios"
	"github.com/kuroshio-watch/kuroshio/sim"
)

func newWatch(t *testing.T, sc *sim.Scenario, p party.ID) *watch.Watch {
	t.Helper()
	pack, err := packs.Load(packs.Default)
	if err != nil {
		t.Fatal(err)
	}
	zones, err := zone.Parse(pack.Zones)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := watch.ParseRules("rules.json", pack.Rules)
	if err != nil {
		t.Fatal(err)
	}
	b, err := fs.ReadFile(scenarios.FS, sc.Plans[p])
	if err != nil {
		t.Fatal(err)
	}
	plans, err := watch.ParsePlans(sc.Plans[p], b)
	if err != nil {
		t.Fatal(err)
	}
	adiz := map[party.ID]zone.ID{"tw": "adiz_tw_working", "jp": "adiz_jp"}[p]
	return watch.New(watch.Config{Self: p, Rules: rules, Zones: zones, ADIZ: adiz, Plans: plans, HasPlanFeed: true})
}

// alerts runs a scenario through one side alone and lists its alerts by object:
// the rule, the zone, the direction.
func alerts(t *testing.T, sc *sim.Scenario, p party.ID) []string {
	t.Helper()
	s, wa, w := newSide(t, sc, p), newWatch(t, sc, p), sim.New(sc)
	var out []string
	for now := sc.Start; !w.Done(); now = now.Add(4 * time.Second) {
		w.Until(now, func(e sim.Emission) {
			if e.Party == p {
				s.take(e)
			}
		})
		changes := s.tick(now)
		found := wa.Observe(now, s.table, changes)
		for _, x := range wa.Proposals() {
			if err := s.table.SetIdentity(x.Track, track.Identity{Standard: x.Standard, At: now}); err != nil {
				t.Fatal(err)
			}
		}
		for _, a := range found {
			if !a.Active && !a.Event {
				continue
			}
			text := fmt.Sprintf("%s %s %s %s", s.near(sc, p, a), a.Rule, a.Zone, a.Direction)
			if !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	slices.Sort(out)
	return out
}

func (s *side) near(sc *sim.Scenario, p party.ID, a watch.Alert) string {
	tr, _ := s.table.Get(a.Key.Track)
	for i := range sc.Objects {
		if at, ok := sc.Objects[i].Truth(tr.Time); ok && sc.Objects[i].SeenBy(p) && distance(at.Pos, tr.Pos) < 8000 {
			return sc.Objects[i].ID
		}
	}
	return "?"
}

// TestTheScenarioDecidesTheAlerts holds what each side alone is told: of the
// uncrewed aircraft and nothing else, and of the gate only where and when the
// route passes it.
func TestTheScenarioDecidesTheAlerts(t *testing.T) {
	passage := map[party.ID][]string{
		"tw": {"uav-tw A01 adiz_tw_working ", "uav-tw A06 gate_yonaguni_taiwan out", "uav-tw A13 gap_c "},
		"jp": {"uav-jp A06 gate_yonaguni_taiwan out", "uav-jp A13 gap_c "},
	}
	for name, want := range map[string]map[party.ID][]string{
		"short":      passage,
		"other-hour": passage,
		"other-route": {
			"tw": {"uav-tw A01 adiz_tw_working ", "uav-tw A13 gap_n "},
			"jp": {"uav-jp A01 adiz_jp ", "uav-jp A13 gap_n "},
		},
		"2023-08-28": {
			"tw": {
				"uav-tw A01 adiz_tw_working ", "uav-tw A02 median_2019 eastward", "uav-tw A06 gate_bashi in",
				"uav-tw A06 gate_yonaguni_taiwan out", "uav-tw A13 gap_n ",
			},
			"jp": {"uav-jp A01 adiz_jp ", "uav-jp A06 gate_yonaguni_taiwan out", "uav-jp A13 gap_n "},
		},
	} {
		sc := open(t, name+".scenario")
		for _, p := range sc.Parties {
			if diff := cmp.Diff(want[p], alerts(t, sc, p)); diff != "" {
				t.Errorf("%s at %s (-want +got):\n%s", name, p, diff)
			}
		}
	}
}
