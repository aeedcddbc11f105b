// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track_test

import (
	"math"
	"testing"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// A radar whose north mark slips is registered anew; that is no track's
// change.
func TestARadarsBiasIsKnown(t *testing.T) {
	r := makeRadar("a", start)
	tb := track.NewTable(config(r))
	slip := geo.Degrees(0.1)
	for i := range 400 {
		var plots []plot.Plot
		if i == 250 {
			slip = 1
		}
		at := float64(i)
		for k := range 12 {
			p := straight(geo.Direct(start, geo.Degrees(30*k), 60_000), geo.Degrees(77*k), 300, at)
			one := told(at, uint32(0x899001+k), p)
			one.Has |= plot.HasHeight | plot.HasVelocity
			one.Height, one.HeightKind, one.Speed, one.Course = 30_000, plot.Barometric, 300, geo.Degrees(77*k).Norm360()
			plots = append(plots, one)
			if k != i%12 {
				continue
			}
			rng, azi := geo.SlantRange(r.Pos, r.Height, p, geo.Feet(30_000).Metres())
			plots = append(plots, plot.Plot{
				Time: stamp(at), Source: r.Source, Sensor: r.ID, Seq: uint64(i), Kind: plot.Radar, Domain: plot.Air,
				Has: plot.HasPolar | plot.HasAddress, SlantRange: rng, Azimuth: azi + slip, Address: one.Address,
			})
		}
		for _, c := range tb.Update(plots, nil, stamp(at)) {
			if c.Number == 0 {
				t.Fatalf("change %+v of no track", c)
			}
		}
		if got, ok := tb.Registration(r.Source, r.ID); i == 249 && (!ok || math.Abs(float64(got.Bias.Azimuth)-0.1) > 0.05 || got.Jumps != 0) {
			t.Errorf("registration %+v before the slip, want 0.1°", got)
		}
	}
	if got, ok := tb.Registration(r.Source, r.ID); !ok || math.Abs(float64(got.Bias.Azimuth)-1) > 0.1 || got.Jumps == 0 {
		t.Errorf("registration %+v after the slip, want 1° and a jump", got)
	}
	if _, ok := tb.Registration(r.Source, "b"); ok {
		t.Error("a radar that is not listed is registered")
	}
}
