// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// onGlobe draws positions, and every so often one where something changes: the
// poles, the equator, the date line, the bounds of zones.
func onGlobe() *rapid.Generator[geo.Point] {
	edges := []float64{0, 180, -180, 179.99999, -179.99999, 90, -90, 89.9999, -89.9999, 87, -87, 86.9, 60, 10.47047, 59.95459, 1e-7, -1e-7}
	lat := rapid.OneOf(rapid.Float64Range(-90, 90), rapid.SampledFrom(edges).Filter(func(v float64) bool { return math.Abs(v) <= 90 }))
	lon := rapid.OneOf(rapid.Float64Range(-180, 180), rapid.SampledFrom(edges))
	return rapid.Custom(func(t *rapid.T) geo.Point {
		return geo.Point{LatDeg: lat.Draw(t, "lat"), LonDeg: lon.Draw(t, "lon")}
	})
}

// TestPairAnywhere finds any position from an even and an odd frame, airborne
// or, near the receiver, on the surface; the one place it may not is where the
// two rounded latitudes lie in different zones.
func TestPairAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := onGlobe().Draw(t, "position")
		surface := rapid.Bool().Draw(t, "surface") && math.Abs(p.LatDeg) < 89
		oddFirst := rapid.Bool().Draw(t, "odd first")
		cfg := modes.DefaultConfig()
		cfg.HasReceiver = true
		cfg.Receiver.Pos = geo.Point{
			LatDeg: min(max(p.LatDeg+rapid.Float64Range(-0.4, 0.4).Draw(t, "north"), -90), 90),
			LonDeg: float64(geo.Degrees(p.LonDeg + rapid.Float64Range(-0.4, 0.4).Draw(t, "east")).Norm180()),
		}
		d := modes.NewDecoder(cfg)
		var r modes.Report
		for i := range 2 {
			odd := oddFirst != (i == 1)
			msg := modes.EncodeAirbornePosition(own, p, 0, odd)
			if surface {
				msg = modes.EncodeSurfacePosition(own, p, 3, 0, odd)
			}
			if err := d.Decode(epoch.Add(time.Duration(i)*time.Second), msg[:], &r); err != nil {
				t.Fatal(err)
			}
			if r.Refusal == modes.RefusedZero {
				return // not to be told from faulty equipment
			}
		}
		if !r.HasPosition {
			if r.Refusal != modes.RefusedZones {
				t.Fatalf("no position for %v: %v", p, r.Refusal)
			}
			return
		}
		limit := 4.5
		if math.Abs(p.LatDeg) > 84 { // few zones around, so wide ones
			limit = 9
		}
		if miss := apart(r.Position, p); miss > limit || !r.Position.Valid() {
			t.Errorf("%v came back as %v, %.1f m off", p, r.Position, miss)
		}
	})
}

// TestPairSeldomFails counts the refusals that TestPairAnywhere allows.
func TestPairSeldomFails(t *testing.T) {
	failed := 0
	const n = 20000
	for i := range n {
		p := geo.Point{LatDeg: -89.9 + 179.8*float64(i)/n, LonDeg: math.Mod(float64(i)*77.7, 360) - 180}
		d := modes.NewDecoder(modes.DefaultConfig())
		var r modes.Report
		even := modes.EncodeAirbornePosition(own, p, 0, false)
		odd := modes.EncodeAirbornePosition(own, p, 0, true)
		if d.Decode(epoch, even[:], &r) != nil || d.Decode(epoch, odd[:], &r) != nil || !r.HasPosition {
			failed++
		}
	}
	if failed > n/500 {
		t.Errorf("%d of %d positions are not found", failed, n)
	}
}

// TestRelativeAnywhere follows an aircraft by frames of one parity only.
func TestRelativeAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := geo.Point{
			LatDeg: rapid.Float64Range(-80, 80).Draw(t, "lat"),
			LonDeg: rapid.Float64Range(-180, 180).Draw(t, "lon"),
		}
		f := flight{icao: own, at: p, gs: 450, track: geo.Degrees(rapid.Float64Range(0, 360).Draw(t, "track"))}
		d := modes.NewDecoder(modes.DefaultConfig())
		var r modes.Report
		now := epoch
		send := func(odd bool) {
			msg := modes.EncodeAirbornePosition(own, f.at, 0, odd)
			if err := d.Decode(now, msg[:], &r); err != nil {
				t.Fatal(err)
			}
		}
		send(false)
		send(true)
		if !r.HasPosition {
			t.Skip("on a bound of zones")
		}
		odd := rapid.Bool().Draw(t, "odd")
		for range 20 {
			dt := time.Duration(rapid.IntRange(11, 60).Draw(t, "gap")) * time.Second
			now = now.Add(dt)
			f.fly(dt)
			if math.Abs(f.at.LatDeg) > 84 {
				return // nearer to a pole the code gets coarser than 5 m
			}
			send(odd)
			if !r.HasPosition || r.PositionKind != modes.PositionRelative || apart(r.Position, f.at) > 5 {
				t.Fatalf("%v is found at %v (%v)", f.at, r.Position, r.Refusal)
			}
		}
	})
}

func TestEncodeCPRRefuses(t *testing.T) {
	for _, p := range []geo.Point{{LatDeg: 91}, {LonDeg: 181}, {LatDeg: math.NaN()}, {LonDeg: math.Inf(1)}} {
		if got := modes.EncodeCPR(p, true, true); got != (modes.CPR{Odd: true, Surface: true}) {
			t.Errorf("EncodeCPR(%v) = %+v, want zeros", p, got)
		}
	}
}
