// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track_test

import (
	"encoding/json"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// What plots tell of the kind of an object is evidence for its class.
func TestCategoriesAreEvidence(t *testing.T) {
	tests := map[string]struct {
		change func(p *plot.Plot, sec int)
		want   mtt.Class
	}{
		"it is told nothing":      {func(*plot.Plot, int) {}, 0},
		"it knows a rotorcraft":   {func(p *plot.Plot, _ int) { p.Has, p.Category = p.Has|plot.HasCategory, 0xA7 }, mtt.Helicopter},
		"it needs the bit":        {func(p *plot.Plot, _ int) { p.Category = 0xA7 }, 0},
		"it takes A0 for nothing": {func(p *plot.Plot, _ int) { p.Has, p.Category = p.Has|plot.HasCategory, 0xA0 }, 0},
		"it needs no place with it": {func(p *plot.Plot, sec int) {
			if sec%2 == 1 {
				p.Has, p.Category = plot.HasAddress|plot.HasCategory, 0xB2
			}
		}, mtt.Balloon},
		"it reads types of drones": {func(p *plot.Plot, _ int) {
			p.Kind, p.Has, p.Category = plot.RemoteID, p.Has|plot.HasCategory, 2
		}, mtt.SmallDrone},
		"it knows vessels": {func(p *plot.Plot, _ int) {
			p.Kind, p.Domain, p.Has, p.MMSI, p.Pos = plot.AIS, plot.Sea, plot.HasPosition|plot.HasMMSI, 416000001, start
		}, mtt.Vessel},
		"it knows persons overboard": {func(p *plot.Plot, _ int) {
			p.Kind, p.Domain, p.Has, p.MMSI, p.Pos = plot.AIS, plot.Sea, plot.HasPosition|plot.HasMMSI, 972000001, start
		}, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			all := claims(t, track.DefaultConfig(), 1, func(p *plot.Plot, _, sec int) { tc.change(p, sec) })
			if len(all) != 1 {
				t.Fatalf("%d tracks, want 1", len(all))
			}
			w := all[0]
			if w.Class != tc.want || (w.Confidence >= 0.7) != (tc.want != 0) {
				t.Errorf("class %q (%.2f), want %q", w.Class, w.Confidence, tc.want)
			}
		})
	}
}

// What people hold an object to be stands beside the estimate, which changes
// none of it.
func TestAClassChangesNoIdentity(t *testing.T) {
	tb := track.NewTable(track.DefaultConfig())
	set := track.Identity{Standard: "unknown", Type: "seen from the ground as a drone", Presumed: true, By: "a"}
	for sec := range 200 {
		p := told(float64(sec), 0x780001, straight(start, 90, 30, float64(sec)))
		p.Has, p.Height, p.HeightKind, p.Category = p.Has|plot.HasHeight|plot.HasCategory, 60_000, plot.Barometric, 0xB2
		tb.Update([]plot.Plot{p}, nil, stamp(float64(sec)+0.5))
		if sec == 10 {
			if err := tb.SetIdentity(1, set); err != nil {
				t.Fatal(err)
			}
		}
	}
	w, _ := tb.Get(1)
	if w.Class != mtt.Balloon || w.Confidence < 0.9 || w.Identity != set {
		t.Errorf("class %q (%.2f), identity %+v; want a balloon and %+v", w.Class, w.Confidence, w.Identity, set)
	}
	raw, err := json.Marshal(tb.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var s track.Snapshot
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	out, err := track.Restore(track.DefaultConfig(), s)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := out.Get(1); again.Class != w.Class || again.Confidence != w.Confidence {
		t.Errorf("restored class %q (%.2f), want %q (%.2f)", again.Class, again.Confidence, w.Class, w.Confidence)
	}
}

// The state of a node from before classes is still read.
func TestAnOlderStateHasNoClass(t *testing.T) {
	tb := track.NewTable(track.DefaultConfig())
	tb.Update([]plot.Plot{told(0, 0x780001, start), told(1, 0x780001, start)}, nil, stamp(2))
	s := tb.Snapshot()
	s.Version, s.Tracker.Version = 2, 3
	for i := range s.Tracker.Tracks {
		s.Tracker.Tracks[i].Class = mtt.ClassState{}
	}
	out, err := track.Restore(track.DefaultConfig(), s)
	if err != nil {
		t.Fatal(err)
	}
	if w, ok := out.Get(1); !ok || w.Class != 0 {
		t.Errorf("class %q, want none", w.Class)
	}
}
