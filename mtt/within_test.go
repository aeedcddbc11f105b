// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// The shortcut before the gate must never refuse what the gate would take.
func TestTheShortcutIsWiderThanTheGate(t *testing.T) {
	skipped, all := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		tr, err := mtt.New(registered())
		if err != nil {
			t.Fatal(err)
		}
		centre := geo.Direct(placeA, geo.Degrees(rapid.Float64Range(0, 360).Draw(t, "azimuth")), geo.Metres(rapid.Float64Range(2000, 300_000).Draw(t, "range")))
		somewhere := func() geo.Point {
			far := rapid.SampledFrom([]int{3000, 30_000}).Draw(t, "most")
			return geo.Direct(centre, geo.Degrees(rapid.Float64Range(0, 360).Draw(t, "course")), geo.Metres(float64(rapid.IntRange(0, far).Draw(t, "far"))))
		}
		plot := func(at float64) mtt.Measurement {
			p := somewhere()
			m := polarOf(at, rapid.IntRange(radarA, radarB).Draw(t, "sensor"), p, geo.Metres(rapid.Float64Range(0, 15_000).Draw(t, "height")), nil)
			if rapid.Bool().Draw(t, "tells height") {
				m.Has, m.Height = m.Has|mtt.HasHeight, geo.Metres(rapid.Float64Range(0, 15_000).Draw(t, "told"))
			}
			return m
		}
		at := 0.0
		for range 30 {
			at += rapid.Float64Range(0, 3).Draw(t, "dt")
			m := plot(at)
			n, wrong := tr.GateShortcut(m)
			if wrong > 0 {
				t.Fatalf("%d tracks inside the gate of %+v left out", wrong, m)
			}
			skipped, all = skipped+n, all+tr.Len()
			observe(tr, m)
			if rapid.Bool().Draw(t, "tells") {
				observe(tr, claimOf(at, rapid.Uint32Range(1, 3).Draw(t, "address"), somewhere()))
			}
		}
		tr.Advance(sec(at), nil)
	})
	if skipped < all/20 {
		t.Errorf("only %d of %d pairs were left out", skipped, all)
	}
}
