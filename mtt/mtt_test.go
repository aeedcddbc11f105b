// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

const (
	adsb = iota
	radarA
	radarB
)

var (
	placeA = geo.Point{LatDeg: 24.5, LonDeg: 122}
	placeB = geo.Point{LatDeg: 25.5, LonDeg: 124}
	t0     = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
)

func polarSensor(name string, p geo.Point) mtt.Sensor {
	return mtt.Sensor{
		Name: name, Polar: true, Pos: p, Height: 300, MaxRange: 400_000, Period: 4 * time.Second,
		SigmaRange: 60, SigmaAzimuth: 0.1, SigmaPos: 100, PD: 0.9, Clutter: 5,
		CoastAfter: 10 * time.Second, LostAfter: time.Minute,
	}
}

func testConfig() mtt.Config {
	cfg := mtt.DefaultConfig()
	cfg.Sensors = []mtt.Sensor{
		{Name: "adsb", Self: true, SigmaPos: 30, PD: 0.95, CoastAfter: 15 * time.Second, LostAfter: time.Minute},
		polarSensor("a", placeA),
		polarSensor("b", placeB),
	}
	return cfg
}

func newTracker(t testing.TB) *mtt.Tracker {
	t.Helper()
	tr, err := mtt.New(testConfig())
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func sec(s float64) time.Time { return t0.Add(time.Duration(s * float64(time.Second))) }

// polarOf measures a place exactly, or with errors when rng is given.
func polarOf(at float64, sensor int, p geo.Point, h geo.Metres, rng *rand.Rand) mtt.Measurement {
	s := testConfig().Sensors[sensor]
	r, a := geo.SlantRange(s.Pos, s.Height, p, h)
	if rng != nil {
		r += geo.Metres(rng.NormFloat64()) * s.SigmaRange
		a += geo.Degrees(rng.NormFloat64()) * s.SigmaAzimuth
	}
	return mtt.Measurement{Time: sec(at), Sensor: sensor, Domain: mtt.Air, Has: mtt.HasPolar, Range: r, Azimuth: a}
}

func claimOf(at float64, address uint32, p geo.Point) mtt.Measurement {
	return mtt.Measurement{
		Time: sec(at), Sensor: adsb, Domain: mtt.Air, Has: mtt.HasPosition | mtt.HasAddress, Pos: p, SigmaPos: 10, Address: address,
	}
}

// straight is a place on a flight at a speed in m/s.
func straight(start geo.Point, course geo.Degrees, v, at float64) geo.Point {
	return geo.Direct(start, course, geo.Metres(v*at))
}

func observe(tr *mtt.Tracker, ms ...mtt.Measurement) []mtt.Outcome {
	return tr.Observe(ms, nil)
}

func confirmed(tr *mtt.Tracker) []mtt.Estimate {
	var out []mtt.Estimate
	for _, id := range tr.IDs(nil) {
		if e, ok := tr.Estimate(id); ok && (e.Phase == mtt.Confirmed || e.Phase == mtt.Coasting) {
			out = append(out, e)
		}
	}
	return out
}

func apart(a, b geo.Point) float64 {
	d, _ := geo.Inverse(a, b)
	return float64(d)
}

func TestConfigIsChecked(t *testing.T) {
	tests := map[string]func(*mtt.Config){
		"it needs a sensor":              func(c *mtt.Config) { c.Sensors = nil },
		"it needs room":                  func(c *mtt.Config) { c.MaxTracks = 0 },
		"it needs a gate":                func(c *mtt.Config) { c.GateNIS = math.NaN() },
		"it needs hits":                  func(c *mtt.Config) { c.ConfirmHits = 9 },
		"it needs speeds":                func(c *mtt.Config) { c.MaxAirSpeed = 0 },
		"it needs short lateness":        func(c *mtt.Config) { c.MaxLate = time.Hour },
		"names differ":                   func(c *mtt.Config) { c.Sensors[1].Name = "adsb" },
		"a sensor has a name":            func(c *mtt.Config) { c.Sensors[1].Name = "" },
		"a sensor stands on Earth":       func(c *mtt.Config) { c.Sensors[1].Pos.LatDeg = 91 },
		"a sensor has a range":           func(c *mtt.Config) { c.Sensors[1].MaxRange = 0 },
		"a sensor turns":                 func(c *mtt.Config) { c.Sensors[1].Period = 0 },
		"a sensor errs":                  func(c *mtt.Config) { c.Sensors[1].SigmaRange = 0 },
		"a sensor detects":               func(c *mtt.Config) { c.Sensors[1].PD = 1 },
		"a sensor's clutter is a number": func(c *mtt.Config) { c.Sensors[1].Clutter = math.NaN() },
		"a sensor has patience":          func(c *mtt.Config) { c.Sensors[0].LostAfter = 0 },
		"a position errs":                func(c *mtt.Config) { c.Sensors[0].SigmaPos = 0 },
	}
	if _, err := mtt.New(testConfig()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig()
			spoil(&cfg)
			if _, err := mtt.New(cfg); err == nil {
				t.Error("New accepted it")
			}
		})
	}
}

func TestAssignmentIsBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols := rapid.IntRange(1, 5).Draw(t, "rows"), rapid.IntRange(1, 5).Draw(t, "cols")
		gains := make([][]float64, rows)
		for r := range gains {
			for range cols {
				gains[r] = append(gains[r], max(0, rapid.Float64Range(-5, 30).Draw(t, "gain")))
			}
		}
		got, used, sum := mtt.Assign(gains), map[int]bool{}, 0.0
		for r, c := range got {
			if c < 0 {
				continue
			}
			if used[c] || gains[r][c] <= 0 {
				t.Fatalf("assignment %v of %v", got, gains)
			}
			used[c] = true
			sum += gains[r][c]
		}
		if want := bestSum(gains, 0, map[int]bool{}); math.Abs(sum-want) > 1e-9 {
			t.Fatalf("assignment %v of %v has sum %v, want %v", got, gains, sum, want)
		}
	})
}

func bestSum(gains [][]float64, row int, used map[int]bool) float64 {
	if row == len(gains) {
		return 0
	}
	best := bestSum(gains, row+1, used)
	for c, g := range gains[row] {
		if g > 0 && !used[c] {
			used[c] = true
			best = max(best, g+bestSum(gains, row+1, used))
			used[c] = false
		}
	}
	return best
}

func TestPolarModelIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		radar := geo.Point{LatDeg: rapid.Float64Range(-70, 70).Draw(t, "lat"), LonDeg: rapid.Float64Range(-180, 180).Draw(t, "lon")}
		at := geo.Direct(radar, geo.Degrees(rapid.Float64Range(0, 360).Draw(t, "azi")), geo.Metres(rapid.Float64Range(5_000, 400_000).Draw(t, "dist")))
		anchor := geo.Direct(at, geo.Degrees(rapid.Float64Range(0, 360).Draw(t, "off")), geo.Metres(rapid.Float64Range(0, 25_000).Draw(t, "away")))
		h := geo.Metres(rapid.Float64Range(0, 18_000).Draw(t, "height"))
		rng, azi, d := mtt.Polar(anchor, at, h, radar, 300)
		wantR, wantA := geo.SlantRange(radar, 300, at, h)
		if math.Abs(rng-float64(wantR)) > 0.5 || math.Abs(float64((geo.Degrees(azi)-wantA).Norm180())) > 1e-4 {
			t.Fatalf("polar = %.2f m, %.6f°, want %.2f m, %.6f°", rng, azi, wantR, wantA)
		}
		higher, _ := geo.SlantRange(radar, 300, at, h+1)
		if math.Abs(d[2]-float64(higher-wantR)) > 1e-3 {
			t.Fatalf("dr/dh = %v, want %v", d[2], higher-wantR)
		}
	})
}

func TestNewPlaneKeepsTheState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := geo.Point{LatDeg: rapid.Float64Range(-80, 80).Draw(t, "lat"), LonDeg: rapid.Float64Range(-180, 180).Draw(t, "lon")}
		x := mtt.Vec{rapid.Float64Range(-3e4, 3e4).Draw(t, "e"), rapid.Float64Range(-3e4, 3e4).Draw(t, "n"), 200, 30, 9000}
		to := geo.Direct(from, 77, 26_000)
		before, after, v := mtt.Reanchor(from, to, x)
		if d := apart(before, after); d > 0.5 {
			t.Fatalf("moved by %v m", d)
		}
		if math.Abs(math.Hypot(v[2], v[3])-math.Hypot(200, 30)) > 1e-6 {
			t.Fatalf("speed became %v", v)
		}
		// A hundred seconds of flight end in the same place from either plane.
		x[0], x[1] = x[0]+100*x[2], x[1]+100*x[3]
		then, _, _ := mtt.Reanchor(from, to, x)
		v[0], v[1] = v[0]+100*v[2], v[1]+100*v[3]
		again, _, _ := mtt.Reanchor(to, to, v)
		if d := apart(then, again); d > 5 {
			t.Fatalf("later the places are %v m apart", d)
		}
	})
}

func TestExactPlotsGiveTheExactTrack(t *testing.T) {
	tests := map[string]struct {
		sensor int
		height geo.Metres
	}{
		"by radar at 300 km": {radarA, 11_000},
		"by radar near":      {radarB, 9_000},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			tr := newTracker(t)
			start := geo.Direct(placeA, 60, 250_000)
			var last geo.Point
			for i := range 40 {
				at := float64(i * 4)
				last = straight(start, 100, 230, at)
				m := polarOf(at, tc.sensor, last, tc.height, nil)
				m.Has, m.Height = m.Has|mtt.HasHeight, tc.height
				observe(tr, m)
			}
			got := confirmed(tr)
			if len(got) != 1 {
				t.Fatalf("%d confirmed tracks, want 1", len(got))
			}
			e := got[0]
			if d := apart(e.Pos, last); d > 5 {
				t.Errorf("track is %.1f m off", d)
			}
			if v := math.Hypot(float64(e.East), float64(e.North)); math.Abs(v-230) > 0.5 || !e.HasVelocity {
				t.Errorf("speed is %.2f m/s, want 230", v)
			}
			if !e.HasHeight || math.Abs(float64(e.Height-tc.height)) > 1 {
				t.Errorf("height is %v, want %v", e.Height, tc.height)
			}
		})
	}
}

// The filter's covariance must be about the size of its errors.
func TestErrorsAreAsLargeAsTheFilterSays(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	var sum float64
	n := 0
	for range 40 {
		tr := newTracker(t)
		start := geo.Direct(placeA, geo.Degrees(rng.Float64()*360), 80_000+geo.Metres(rng.Float64()*200_000))
		course := geo.Degrees(rng.Float64() * 360)
		for i := range 30 {
			p := straight(start, course, 120, float64(i*4))
			m := polarOf(float64(i*4), radarA, p, 8000, rng)
			m.Has, m.Height = m.Has|mtt.HasHeight, 8000
			observe(tr, m)
			if got := confirmed(tr); i > 10 && len(got) == 1 {
				d := apart(got[0].Pos, p)
				sum += d * d / (2 * float64(got[0].SigmaPos*got[0].SigmaPos))
				n++
			}
		}
	}
	if mean := sum / float64(n); n < 600 || mean < 0.3 || mean > 1.5 {
		t.Errorf("mean of squared error over variance = %.2f over %d, want 0.3 to 1.5", mean, n)
	}
}

func TestLatePlotsMoveNothingBack(t *testing.T) {
	tr := newTracker(t)
	start := geo.Point{LatDeg: 24, LonDeg: 123}
	for i := range 20 {
		observe(tr, claimOf(float64(i), 0x899001, straight(start, 90, 200, float64(i))))
	}
	before := confirmed(tr)[0]
	out := observe(tr, claimOf(18, 0x899001, straight(start, 90, 200, 18)), claimOf(5, 0x899001, straight(start, 90, 200, 5)))
	if out[0].Verdict != mtt.Updated || out[1].Verdict != mtt.TooLate || out[1].Track != before.ID {
		t.Errorf("outcomes %+v, want updated and too late", out)
	}
	after := confirmed(tr)[0]
	if !after.Time.Equal(before.Time) {
		t.Errorf("time went from %v to %v", before.Time, after.Time)
	}
	if d := apart(after.Pos, before.Pos); d > 15 {
		t.Errorf("late plots moved the track by %.1f m", d)
	}
	if after.Hits != before.Hits+2 {
		t.Errorf("hits = %d, want %d", after.Hits, before.Hits+2)
	}
}

func TestOneAddressInTwoPlacesIsTwoTracks(t *testing.T) {
	tr := newTracker(t)
	a, b := geo.Point{LatDeg: 24, LonDeg: 122}, geo.Point{LatDeg: 26, LonDeg: 125}
	for i := range 20 {
		at := float64(i)
		observe(tr, claimOf(at, 0x899001, straight(a, 90, 200, at)), claimOf(at, 0x899001, straight(b, 0, 200, at)))
		tr.Advance(sec(at), nil)
	}
	got := confirmed(tr)
	if len(got) != 2 || !got[0].SameAddress || !got[1].SameAddress {
		t.Fatalf("tracks %+v, want two that are marked", got)
	}
	if d := apart(got[0].Pos, straight(a, 90, 200, 19)); d > 50 {
		t.Errorf("the first is %.0f m off", d)
	}
	out := observe(tr, claimOf(20, 0x899001, geo.Point{LatDeg: 20, LonDeg: 120}), claimOf(20, 0x899001, geo.Point{LatDeg: 10, LonDeg: 120}))
	out = append(out, observe(tr, claimOf(20.1, 0x899001, geo.Point{LatDeg: 0, LonDeg: 120}))...)
	if out[2].Verdict != mtt.TooManySame {
		t.Errorf("a fifth place is %v, want %v", out[2].Verdict, mtt.TooManySame)
	}
}

func TestOneWildPositionMarksNothing(t *testing.T) {
	tr := newTracker(t)
	a := geo.Point{LatDeg: 24, LonDeg: 122}
	for i := range 200 {
		at := float64(i)
		observe(tr, claimOf(at, 0x899001, straight(a, 90, 200, at)))
		if i == 10 {
			observe(tr, claimOf(at, 0x899001, geo.Point{LatDeg: 46.56, LonDeg: -83.89}))
		}
		tr.Advance(sec(at), nil)
	}
	got := confirmed(tr)
	if len(got) != 1 || got[0].SameAddress || tr.Len() != 1 {
		t.Fatalf("tracks %+v of %d, want one that is not marked", got, tr.Len())
	}
}

func TestAClaimDoesNotDragARadarTrack(t *testing.T) {
	tests := map[string]struct {
		aside func(sec int) geo.Metres // of the claim
		every int                      // s, between claims
		one   bool                     // the number stays with the object
	}{
		"a claim that jumps":                        {aside: func(int) geo.Metres { return 5000 }, every: 1, one: true},
		"a claim that jumps so far as it could fly": {aside: func(int) geo.Metres { return 2200 }, every: 10, one: true},
		"a claim that leaves at 60 m/s":             {aside: func(sec int) geo.Metres { return geo.Metres(60 * sec) }, every: 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			tr := newTracker(t)
			start := geo.Direct(placeA, 45, 120_000)
			rng := rand.New(rand.NewPCG(3, 1))
			var truth geo.Point
			for i := range 120 {
				at := float64(i)
				truth = straight(start, 120, 100, at)
				claim := truth
				if i > 30 {
					claim = geo.Direct(truth, 30, tc.aside(i-30))
				}
				if i%tc.every == 0 {
					observe(tr, claimOf(at, 0x780001, claim))
				}
				if i%4 == 0 {
					m := polarOf(at, radarA, truth, 6000, rng)
					m.Has, m.Height = m.Has|mtt.HasHeight, 6000
					observe(tr, m)
				}
				tr.Advance(sec(at), nil)
			}
			nearest, id := math.Inf(1), mtt.ID(0)
			for _, e := range confirmed(tr) {
				if d := apart(e.Pos, truth); d < nearest {
					nearest, id = d, e.ID
				}
			}
			if nearest > 500 || tc.one && id != 1 {
				t.Errorf("nearest track is %d, %.0f m from the object", id, nearest)
			}
			if n := len(confirmed(tr)); n != 2 {
				t.Errorf("%d tracks, want the radar's and the claim's", n)
			}
		})
	}
}

func TestMissesCountOnlyWhereTheSensorSwept(t *testing.T) {
	tests := map[string]struct {
		sweeps bool
		others bool // plots of other objects show that the sensor lives
		want   mtt.Phase
	}{
		"a sensor that went silent proves nothing":        {want: mtt.Coasting},
		"a sensor whose sweeps pass by proves absence":    {sweeps: true, want: mtt.Lost},
		"a sensor that sees others at its time does, too": {others: true, want: mtt.Lost},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig()
			cfg.Sensors[radarA].PD = 0.99
			tr, err := mtt.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			start := geo.Direct(placeA, 45, 120_000)
			for i := range 80 {
				at := float64(i)
				if tc.sweeps || i < 40 {
					tr.Sweep(mtt.Sweep{Time: sec(at), Sensor: radarA, Azimuth: geo.Degrees(i % 4 * 90), Period: 4 * time.Second})
				}
				if i%4 == 2 && i < 40 {
					observe(tr, polarOf(at, radarA, straight(start, 90, 100, at), 6000, nil))
				}
				if i%4 == 3 && (i < 40 || tc.others) {
					m := polarOf(at, radarA, geo.Direct(placeA, 200, 90_000), 6000, nil)
					m.Has, m.Address = m.Has|mtt.HasAddress, 0x111111
					observe(tr, m)
				}
				tr.Advance(sec(at), nil)
			}
			if e, _ := tr.Estimate(1); e.Phase != tc.want {
				t.Errorf("phase = %d (existence %.4f), want %d", e.Phase, e.Existence, tc.want)
			}
		})
	}
}

func TestALostTrackResumesByItsAddress(t *testing.T) {
	tr := newTracker(t)
	start := geo.Point{LatDeg: 24, LonDeg: 122}
	var kinds []mtt.EventKind
	for i := range 400 {
		at := float64(i)
		if i < 20 || i > 300 {
			observe(tr, claimOf(at, 0x899001, straight(start, 90, 200, at)))
		}
		for _, e := range tr.Advance(sec(at), nil) {
			kinds = append(kinds, e.Kind)
		}
	}
	want := []mtt.EventKind{mtt.Started, mtt.NowConfirmed, mtt.NowCoasting, mtt.NowLost, mtt.Resumed}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("events differ (-want +got):\n%s", diff)
	}
	if got := confirmed(tr); len(got) != 1 || got[0].ID != 1 {
		t.Errorf("tracks %+v, want number 1", got)
	}
}

func TestTwoTracksOfOneObjectBecomeOne(t *testing.T) {
	tr := newTracker(t)
	start := geo.Direct(placeA, 70, 200_000)
	rng := rand.New(rand.NewPCG(5, 1))
	merged := false
	for i := range 150 {
		at := float64(i)
		truth := straight(start, 250, 150, at)
		if i%4 == 0 {
			observe(tr, polarOf(at, radarA, truth, 5000, rng))
		}
		if i >= 30 { // beside the object at first, then closing in
			observe(tr, claimOf(at, 0x780001, geo.Direct(truth, 160, geo.Metres(max(0, 6000-150*(i-30))))))
		}
		for _, e := range tr.Advance(sec(at), nil) {
			merged = merged || e.Kind == mtt.Merged
		}
	}
	if got := confirmed(tr); len(got) != 1 || !merged || got[0].ID != 1 {
		t.Errorf("%d tracks (merged: %v), want number 1 alone: %+v", len(got), merged, got)
	}
	if ids := tr.Lookup(0x780001, false, nil); !slices.Equal(ids, []mtt.ID{1}) {
		t.Errorf("the address belongs to %v, want 1", ids)
	}
}

func TestARadarNeverLearnsAHeightFromRanges(t *testing.T) {
	tr := newTracker(t)
	rng := rand.New(rand.NewPCG(8, 1))
	start := geo.Direct(placeA, 45, 40_000)
	for i := range 200 {
		observe(tr, polarOf(float64(i*4), radarA, straight(start, 100, 60, float64(i*4)), 2000, rng))
	}
	got := confirmed(tr)
	if len(got) != 1 || got[0].HasHeight || math.Abs(float64(got[0].Height-5000)) > 1e-6 {
		t.Errorf("tracks %+v, want one with the height it began with, marked unknown", got)
	}
}
