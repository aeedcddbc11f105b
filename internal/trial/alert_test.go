// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package trial_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/plot"
	tracks "github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
	"github.com/kuroshio-watch/kuroshio/mtt"
	"github.com/kuroshio-watch/kuroshio/packs"
)

// pictureOf is a picture of the tracker's estimates, as the rules see it.
type pictureOf map[tracks.Number]tracks.Track

func (p pictureOf) Get(n tracks.Number) (tracks.Track, bool) {
	t, ok := p[n]
	return t, ok
}

func (pictureOf) Associations() []tracks.Association { return nil }

func (s *seenAt) picture() pictureOf {
	out := make(pictureOf)
	for i := range s.tracks {
		e := &s.tracks[i]
		t := tracks.Track{
			Number: tracks.Number(e.ID), Domain: plot.Air, State: tracks.State(e.Phase), FirstSeen: e.FirstSeen, Time: e.Time, Pos: e.Pos,
			HasTrust: e.HasTrust, Trust: e.Trust, Reasons: e.Reasons,
		}
		if a, told := s.by[e.ID]; told {
			t.HasAddress, t.Address = true, a
		}
		if e.Doubted {
			t.Flags |= tracks.Doubted
		}
		if e.SameAddress {
			t.Flags |= tracks.SameAddress
		}
		out[t.Number] = t
	}
	return out
}

// alertsOf puts a run before the shipped rules and returns what was raised.
func alertsOf(t *testing.T, run []seenAt) []watch.Alert {
	t.Helper()
	pack, err := packs.Load(packs.Default)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := watch.ParseRules("rules.json", pack.Rules)
	if err != nil {
		t.Fatal(err)
	}
	w := watch.New(watch.Config{Self: "tw", Rules: rules})
	var out []watch.Alert
	for i := range run {
		now, p := time.Unix(int64(begin+run[i].at), 0).UTC(), run[i].picture()
		var changes []tracks.Change
		for _, n := range slices.Sorted(maps.Keys(p)) {
			changes = append(changes, tracks.Change{Number: n, Kind: tracks.Updated})
		}
		for _, a := range append(w.Observe(now, p, changes), w.Tick(now, p, nil, nil)...) {
			if a.Active {
				out = append(out, a)
				t.Logf("at %.0f s %s %s track %d %s", run[i].at, a.Rule, a.Zone, a.Track, a.Direction)
			}
		}
	}
	return out
}

// What the tracker doubts in the scenes of claims is told once, by the rule that
// it concerns; where all is honest, nothing is.
func TestTheScenesOfClaimsRaiseOneAlertEach(t *testing.T) {
	haunted := corridor(14)
	haunted.crafts = append(haunted.crafts, ghost())
	shared, _ := sharedScene()
	for name, tc := range map[string]struct {
		scene *scene
		seed  uint64
		want  []watch.RuleID
	}{
		"a ghost":                     {haunted, 31, []watch.RuleID{watch.DoubtedAircraft}},
		"a jammed area":               {jammedScene(true), 33, []watch.RuleID{watch.DoubtedArea}},
		"an address at two places":    {shared, 34, []watch.RuleID{watch.IdentityChange}},
		"an honest corridor":          {corridor(14), 31, nil},
		"the jammed area, all silent": {jammedScene(false), 33, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []watch.RuleID
			for _, a := range alertsOf(t, watchAll(t, tc.scene, tc.seed)) {
				got = append(got, a.Rule)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("alerts (-want +got):\n%s", d)
			}
		})
	}
}

// A claim that leaves the track of a radar is told as doubted.
func TestADraggedTrackRaisesADoubt(t *testing.T) {
	s, c := draggedScene(func(after float64) float64 { return 40 * after }, true)
	run := watchAll(t, s, 32)
	alerts := alertsOf(t, run)
	doubts := 0
	for _, a := range alerts {
		if a.Rule == watch.DoubtedAircraft {
			doubts++
		}
	}
	end := &run[len(run)-1]
	e, _ := end.nearest(c.told(t, end.at), func(e *mtt.Estimate) bool { return e.HasTrust })
	if doubts != 1 || alerts[len(alerts)-1].Track != tracks.Number(e.ID) {
		t.Errorf("alerts %+v, want one of A19 about track %d", alerts, e.ID)
	}
}
