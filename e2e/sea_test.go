// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"slices"
	"testing"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/demo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// TestADriftingShipBetweenTwoCoastGuards plays the third scenario through the
// HTTP API: one case that both open, drift and search area of both sides, escort,
// hand-over of the lead at sea, areas closed.
func TestADriftingShipBetweenTwoCoastGuards(t *testing.T) {
	t.Parallel()
	r, err := play(demo.Config{Scenario: "drifting-ship"}, 3)
	if err != nil {
		t.Fatalf("%v\n%s", err, logs(r))
	}
	for _, a := range r.report.Acts {
		if !a.Done {
			t.Errorf("act of line %d, %s %s, was not done: %s", a.Line, a.Party, a.Verb, a.Code)
		}
	}
	verified(t, r)
	var refs []string
	for _, id := range []party.ID{tw, jp} {
		n := r.report.Nodes[id]
		if len(open(n.Incidents)) != 0 {
			t.Errorf("%s ends with open incidents: %+v", id, n.Incidents)
		}
		i := slices.IndexFunc(n.Incidents, func(inc engine.IncidentView) bool { return len(inc.Search) == 2 })
		if i < 0 {
			t.Fatalf("%s shows no case with both search areas: %+v", id, n.Incidents)
		}
		inc := &n.Incidents[i]
		if inc.State != "closed" || !inc.Exercise || inc.Lead.Holder != jp || inc.Lead.State != "confirmed" || inc.Lead.Epoch != 2 {
			t.Errorf("%s ends with %s, lead %+v; want it closed and led by jp after a second hand-over", id, inc.State, inc.Lead)
		}
		for _, s := range inc.Search {
			if s.State != "closed" || s.SetDeg == nil {
				t.Errorf("%s shows %s's search area %s with set %v, want it closed with a drift", id, s.Party, s.State, s.SetDeg)
			}
		}
		with := tw
		if id == tw {
			with = jp
		}
		refs = append(refs, reference(inc, with))
		shipDrifts(t, r, id)
		if inc.Lead.Since == nil || inc.Lead.Since.Before(clock(t, "2026-03-14T02:45:00Z")) || !agreed(r, id) {
			t.Errorf("%s: the lead moved at %v, want it after an agreed place and time", id, inc.Lead.Since)
		}
		overlapAtSea(t, r, id)
		postures := make(map[party.ID]string)
		for _, p := range inc.Postures {
			postures[p.Party] = p.Posture
		}
		if postures[tw] != "returning" || postures[jp] != "on-scene" {
			t.Errorf("%s shows the postures %v", id, postures)
		}
	}
	if refs[0] != refs[1] || refs[0] == "" {
		t.Errorf("spoken references %v differ", refs)
	}
	if n := len(r.report.Nodes[cell].Incidents); n != 0 {
		t.Errorf("the cell was told of %d incidents", n)
	}
}

// agreed reports whether a party's pictures show the agreed place and time of
// the hand-over.
func agreed(r *run, id party.ID) bool {
	return slices.ContainsFunc(r.views[id], func(v *engine.View) bool {
		return slices.ContainsFunc(v.Incidents, func(i engine.IncidentView) bool {
			return i.Lead.Proposed == jp && i.Lead.At != nil && i.Lead.At.Format("15:04") == "02:55" && i.Lead.Cell != nil
		})
	})
}

// shipDrifts holds that the picture shows the ship drift to the north, and that
// the estimate of each side stays near to it while its area is active.
func shipDrifts(t *testing.T, r *run, id party.ID) {
	t.Helper()
	var first, last *engine.TrackView
	active := 0
	for _, v := range r.views[id] {
		i := slices.IndexFunc(v.Tracks, func(x engine.TrackView) bool { return x.Name == "EXERCISE KESTREL" })
		if i < 0 || v.Now.Before(clock(t, "2026-03-14T00:40:00Z")) {
			continue
		}
		ship := &v.Tracks[i]
		if first == nil {
			first = ship
		}
		last = ship
		for _, inc := range v.Incidents {
			for _, s := range inc.Search {
				if s.State != "active" {
					continue
				}
				active++
				if off, _ := geo.Inverse(ship.Pos, s.Estimate.Pos); float64(off) > 2*s.Estimate.ErrorM+500 {
					t.Errorf("%s at %s: %s's estimate is %.0f m off, its error is %.0f m", id, v.Now, s.Party, float64(off), s.Estimate.ErrorM)
				}
			}
		}
	}
	if first == nil || active == 0 {
		t.Fatalf("%s never shows the ship with an active search area", id)
	}
	way, course := geo.Inverse(first.Pos, last.Pos)
	if way.NM() < 4 || way.NM() > 8 || course > 30 {
		t.Errorf("%s shows the ship drift %.1f nm towards %.0f", id, way.NM(), float64(course))
	}
}

// overlapAtSea holds that the two notices were found to overlap, by each side
// for itself, and that it was over in the end.
func overlapAtSea(t *testing.T, r *run, id party.ID) {
	t.Helper()
	shown := false
	for _, v := range r.views[id] {
		if len(v.Activity.Overlaps) == 0 {
			continue
		}
		o := v.Activity.Overlaps[0]
		shown = true
		if o.Domain != "sea" || !slices.Equal(o.Parties, []party.ID{jp, tw}) || !o.Exercise || !slices.ContainsFunc(v.Alarms, func(a engine.AlarmView) bool { return a.Key == o.Alarm }) {
			t.Fatalf("%s shows the overlap %+v without an alarm of its own", id, o)
		}
	}
	end := r.views[id][len(r.views[id])-1]
	if !shown || len(end.Activity.Overlaps) != 0 {
		t.Errorf("%s: overlap shown %v, in the end %+v", id, shown, end.Activity.Overlaps)
	}
}
