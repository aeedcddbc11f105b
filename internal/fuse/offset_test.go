// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package fuse_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/fuse"
)

// differences are what a party's places show that lie (400, -250) m off and are
// 1.5 s late, seen on aircraft in all directions.
func differences(rng *rand.Rand, n int, each func(e, n, ve, vn float64)) {
	for range n {
		sin, cos := math.Sincos(rng.Float64() * 2 * math.Pi)
		v := 150 + 100*rng.Float64()
		ve, vn := v*sin, v*cos
		each(400-1.5*ve+60*rng.NormFloat64(), -250-1.5*vn+60*rng.NormFloat64(), ve, vn)
	}
}

func TestOffsetIsLearntInPlaceAndTime(t *testing.T) {
	for seed := range uint64(5) {
		o := fuse.NewOffset(10_000, 10)
		at := int64(0)
		differences(rand.New(rand.NewPCG(seed, 3)), 60, func(e, n, ve, vn float64) {
			at += 30e9
			o.Learn(at, e, n, ve, vn, fuse.Round(60))
		})
		if math.Abs(o.X[0]-400) > 40 || math.Abs(o.X[1]+250) > 40 || math.Abs(o.X[2]-1.5) > 0.2 || o.Sights != 60 {
			t.Errorf("seed %d: offset %v after %d sights", seed, o.X, o.Sights)
		}
		_, _, c := o.Apart(200, 0)
		if c.Trace() > 2*60*60 || !c.Valid() {
			t.Errorf("seed %d: known to %v", seed, c)
		}
	}
}

func TestAWrongSightMovesAnOffsetLittle(t *testing.T) {
	o := fuse.NewOffset(10_000, 10)
	differences(rand.New(rand.NewPCG(1, 3)), 60, func(e, n, ve, vn float64) { o.Learn(1, e, n, ve, vn, fuse.Round(60)) })
	before := o.X
	o.Learn(2, 30_000, 0, 100, 100, fuse.Round(60))
	if d := math.Hypot(o.X[0]-before[0], o.X[1]-before[1]); d > 50 {
		t.Errorf("moved by %.0f m", d)
	}
}

func TestAnOffsetStaysACovariance(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := fuse.NewOffset(math.Pow(10, rapid.Float64Range(0, 5).Draw(rt, "place")), rapid.Float64Range(0.1, 100).Draw(rt, "late"))
		at := int64(0)
		for range rapid.IntRange(1, 60).Draw(rt, "sights") {
			at += rapid.Int64Range(-1e9, 1e15).Draw(rt, "pause")
			f := rapid.Float64Range(-1e5, 1e5)
			v := rapid.Float64Range(-700, 700)
			o.Learn(at, f.Draw(rt, "e"), f.Draw(rt, "n"), v.Draw(rt, "ve"), v.Draw(rt, "vn"), drawCov(rt, "noise"))
			for i := range o.P {
				if !(o.P[i][i] > 0) || math.IsNaN(o.X[i]) || math.IsInf(o.X[i], 0) {
					rt.Fatalf("offset %+v", o)
				}
			}
		}
	})
}

func TestAccuracyFollowsTheDifferences(t *testing.T) {
	tests := map[string]struct{ theirs, ours, shared, want float64 }{
		"worse than ours":                  {300, 100, 0, 300},
		"as good as ours":                  {150, 150, 0, 150},
		"better than ours is not believed": {50, 200, 0, 200},
		"our own, told back":               {0, 200, 200, 200},
	}
	for name, tt := range tests {
		rng := rand.New(rand.NewPCG(7, 7))
		a := fuse.NewAccuracy(500)
		for range 3000 {
			d := func() float64 {
				if tt.shared > 0 {
					return 0
				}
				return tt.theirs*rng.NormFloat64() - tt.ours*rng.NormFloat64() + 30*rng.NormFloat64()
			}
			a.Learn(d(), d(), fuse.Round(tt.ours), fuse.Round(30))
		}
		if got := a.Sigma(20); math.Abs(got-tt.want) > 0.1*tt.want {
			t.Errorf("%s: %.0f m, want %.0f", name, got, tt.want)
		}
	}
}
