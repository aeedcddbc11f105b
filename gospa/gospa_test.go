// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package gospa_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/gospa"
)

func at(id string, x, y geo.Metres) gospa.State { return gospa.State{ID: id, X: x, Y: y} }

func planar() gospa.Params {
	return gospa.Params{Cutoff: 10, Order: 2, Assoc: 10, Confirm: 1, Misses: 1, Planar: true}
}

func near(t *testing.T, name string, got, want float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > 1e-9*math.Max(1, math.Abs(want)) {
		t.Errorf("%s = %v, want %v", name, got, want)
	}
}

// Totals worked out by hand with c = 10, p = 2.
func TestAt(t *testing.T) {
	tests := map[string]struct {
		truth, tracks       []gospa.State
		total, ospa         float64
		hits, misses, extra int
	}{
		"it adds a hit 5 m off, a miss and a false track": {
			[]gospa.State{at("a", 0, 0), at("b", 100, 0)},
			[]gospa.State{at("1", 3, 4), at("2", 500, 0)},
			math.Sqrt(25 + 50 + 50), math.Sqrt((25 + 100) / 2.0), 1, 1, 1,
		},
		"it takes a pair at the cut-off as missed and false": {
			[]gospa.State{at("a", 0, 0)}, []gospa.State{at("1", 10, 0)}, 10, 10, 0, 1, 1,
		},
		"it counts truths without any track": {
			[]gospa.State{at("a", 0, 0), at("b", 1, 0), at("c", 2, 0)}, nil, math.Sqrt(150), 10, 0, 3, 0,
		},
		"it counts tracks without any truth": {nil, []gospa.State{at("1", 0, 0)}, math.Sqrt(50), 10, 0, 0, 1},
		"it gives 0 for nothing at all":      {nil, nil, 0, 0, 0, 0, 0},
		// In order the squares are 16 and 25; crosswise 65 and 0, though the sum
		// of the distances is shorter.
		"it takes powers before it assigns": {
			[]gospa.State{at("a", 0, 0), at("b", 4, 0)},
			[]gospa.State{at("1", 4, 0), at("2", 7, 4)},
			math.Sqrt(41), math.Sqrt(41 / 2.0), 2, 0, 0,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			d := gospa.At(planar(), gospa.Frame{Truth: tc.truth, Tracks: tc.tracks})
			near(t, "total", d.Total, tc.total)
			near(t, "OSPA", d.OSPA, tc.ospa)
			near(t, "square of the total", d.Total*d.Total, d.Localisation+d.Missed+d.False)
			if d.Hits != tc.hits || d.Misses != tc.misses || d.Extra != tc.extra {
				t.Errorf("hits, misses, extra = %d, %d, %d, want %d, %d, %d", d.Hits, d.Misses, d.Extra, tc.hits, tc.misses, tc.extra)
			}
		})
	}
}

func cloud(rng *rand.Rand, name string, n int) []gospa.State {
	var out []gospa.State
	for i := range n {
		out = append(out, at(fmt.Sprintf("%s%d", name, i), geo.Metres(rng.Float64()*20), geo.Metres(rng.Float64()*20)))
	}
	return out
}

// brute tries every partial assignment.
func brute(p gospa.Params, truth, tracks []gospa.State) float64 {
	cp := math.Pow(float64(p.Cutoff), p.Order)
	var try func(i int, used int) float64
	try = func(i, used int) float64 {
		if i == len(truth) {
			free := len(tracks)
			for u := used; u > 0; u &= u - 1 {
				free--
			}
			return float64(free) * cp / 2
		}
		least := cp/2 + try(i+1, used)
		for j := range tracks {
			d := math.Hypot(float64(truth[i].X-tracks[j].X), float64(truth[i].Y-tracks[j].Y))
			if used&(1<<j) == 0 && d < float64(p.Cutoff) {
				least = min(least, math.Pow(d, p.Order)+try(i+1, used|1<<j))
			}
		}
		return least
	}
	return math.Pow(try(0, 0), 1/p.Order)
}

func TestAtIsTheLeastOfAllAssignments(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 1500 {
		p := planar()
		p.Order = float64(1 + n%3)
		truth, tracks := cloud(rng, "t", rng.IntN(6)), cloud(rng, "k", rng.IntN(6))
		got := gospa.At(p, gospa.Frame{Truth: truth, Tracks: tracks})
		near(t, "total", got.Total, brute(p, truth, tracks))
	}
}

// A metric: 0 for equal sets, symmetric, and no detour is shorter.
func TestAtIsAMetric(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	p := planar()
	dist := func(a, b []gospa.State) float64 { return gospa.At(p, gospa.Frame{Truth: a, Tracks: b}).Total }
	for range 500 {
		a, b, c := cloud(rng, "a", rng.IntN(8)), cloud(rng, "b", rng.IntN(8)), cloud(rng, "c", rng.IntN(8))
		near(t, "distance to itself", dist(a, a), 0)
		near(t, "distance back", dist(b, a), dist(a, b))
		if way := dist(a, b) + dist(b, c); dist(a, c) > way+1e-9 {
			t.Fatalf("distance %v is longer than the way %v over a third set", dist(a, c), way)
		}
	}
}

func TestGeographicDistanceIsThatOfTheEllipsoid(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	p := gospa.DefaultParams()
	p.Cutoff = 20_000
	for range 200 {
		a := geo.Point{LatDeg: rng.Float64()*120 - 60, LonDeg: rng.Float64()*360 - 180}
		want := geo.Metres(rng.Float64() * 5000)
		b := geo.Direct(a, geo.Degrees(rng.Float64()*360), want)
		d := gospa.At(p, gospa.Frame{Truth: []gospa.State{{ID: "a", Pos: a}}, Tracks: []gospa.State{{ID: "1", Pos: b}}})
		if math.Abs(d.Total-float64(want)) > 0.01 {
			t.Errorf("distance from %v to %v = %v, want %v", a, b, d.Total, want)
		}
	}
}

// One truth for eight seconds: track 1 holds it for three, nothing for one,
// track 2 for four, of which one time both.
func story() []gospa.Frame {
	var fs []gospa.Frame
	for k := range 8 {
		f := gospa.Frame{Time: float64(k), Truth: []gospa.State{at("a", 0, 0)}}
		if k < 3 || k == 5 {
			s := at("1", 3, 0)
			s.HasCov, s.Cov = true, [3]float64{9, 0, 9}
			f.Tracks = append(f.Tracks, s)
		}
		if k > 3 {
			s := at("2", 0, 4)
			s.East = 2
			f.Tracks = append(f.Tracks, s)
		}
		fs = append(fs, f)
	}
	return fs
}

func TestEvaluateByHand(t *testing.T) {
	r, err := gospa.Evaluate(story(), planar(), func(string) string { return "kite" })
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string][2]float64{
		"completeness":    {r.SIAP.Completeness, 7.0 / 8},
		"ambiguity":       {r.SIAP.Ambiguity, 8.0 / 7},
		"spuriousness":    {r.SIAP.Spuriousness, 0},
		"position":        {r.SIAP.Position, (4*3 + 4*4) / 8.0},
		"velocity":        {r.SIAP.Velocity, 4 * 2 / 8.0},
		"change rate":     {r.SIAP.ChangeRate, 1.0 / 7},
		"longest segment": {r.SIAP.LongestSegment, 5.0 / 7},
		"switches":        {float64(r.Clear.Switches), 1},
		"breaks":          {float64(r.Clear.Breaks), 1},
		"matches":         {float64(r.Clear.TP), 7},
		"false":           {float64(r.Clear.FP), 1},
		"missed":          {float64(r.Clear.FN), 1},
		"MOTA":            {r.Clear.MOTA, 1 - 3.0/8},
		"MOTP":            {r.Clear.MOTP, (3*3 + 4*4) / 7.0},
		"ANEES":           {r.Clear.ANEES, 0.5},
		"IDF1":            {r.Clear.IDF1, 2 * 4.0 / (8 + 8)},
		"delay":           {r.Clear.Delay, 0},
		"class":           {r.Classes["kite"].Completeness, 7.0 / 8},
		"false per time":  {r.GOSPA.FalseMean, 1.0 / 8},
		"GOSPA mean":      {r.GOSPA.Mean, (3*3 + math.Sqrt(50) + 3*4 + math.Sqrt(9+50)) / 8},
	} {
		near(t, name, v[0], v[1])
	}
}

func TestHysteresisBridgesAGap(t *testing.T) {
	p := planar()
	p.Misses = 2
	var fs []gospa.Frame
	for k := range 6 {
		x := geo.Metres(0)
		if k == 3 {
			x = 50
		}
		fs = append(fs, gospa.Frame{Time: float64(k), Truth: []gospa.State{at("a", 0, 0)}, Tracks: []gospa.State{at("1", x, 0)}})
	}
	for misses, want := range map[int]float64{1: 2.0 / 5, 2: 1} {
		p.Misses = misses
		r, err := gospa.Evaluate(fs, p, nil)
		if err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprintf("longest segment with %d misses", misses), r.SIAP.LongestSegment, want)
	}
}

func TestSampleTakesTheNewestRow(t *testing.T) {
	truth := []gospa.Row{{Time: 10, State: at("a", 0, 0)}, {Time: 12, State: at("a", 0, 0)}, {Time: 20, State: at("a", 0, 0)}}
	row := gospa.Row{Time: 9, State: at("1", 5, 5), HasVelocity: true}
	row.East, row.HasCov = 2, true
	old := row
	old.Time, old.X = 1, -100
	fs := gospa.Sample(truth, []gospa.Row{row, old, {Time: 11, State: gospa.State{ID: "2"}}, {Time: 12, State: gospa.State{ID: "2"}, End: true}}, 5, true)
	if len(fs) != 3 || len(fs[0].Tracks) != 1 || len(fs[1].Tracks) != 1 || len(fs[2].Tracks) != 0 {
		t.Fatalf("frames = %+v, want one track, one track, none", fs)
	}
	if got := fs[0].Tracks[0]; got.X != 7 || got.Y != 5 || got.HasCov {
		t.Errorf("track at 10 s = %+v, want it at (7, 5) without covariance", got)
	}
	if got := fs[1].Tracks[0].X; got != 11 {
		t.Errorf("track at 12 s is at %v, want 11", got)
	}
}

func TestEvaluateRefuses(t *testing.T) {
	good := []gospa.Frame{{Time: 1, Truth: []gospa.State{at("a", 0, 0)}}}
	tests := map[string]struct {
		frames []gospa.Frame
		change func(*gospa.Params)
	}{
		"it refuses a cut-off of 0":       {good, func(p *gospa.Params) { p.Cutoff = 0 }},
		"it refuses an order below 1":     {good, func(p *gospa.Params) { p.Order = 0.5 }},
		"it refuses a hysteresis of 0":    {good, func(p *gospa.Params) { p.Misses = 0 }},
		"it refuses times that stand":     {[]gospa.Frame{good[0], good[0]}, func(*gospa.Params) {}},
		"it refuses a truth twice a time": {[]gospa.Frame{{Truth: []gospa.State{at("a", 0, 0), at("a", 1, 0)}}}, func(*gospa.Params) {}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			p := planar()
			tc.change(&p)
			if _, err := gospa.Evaluate(tc.frames, p, nil); err == nil {
				t.Error("no error")
			}
		})
	}
}
