// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"encoding/json"
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

func TestAnotherModeAIsAnotherAircraft(t *testing.T) {
	tests := map[string]struct {
		code uint16
		want mtt.Verdict
	}{
		"the same code at the edge of the gate": {0o1234, mtt.Updated},
		"another code at the edge of the gate":  {0o4321, mtt.NewTrack},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			tr := newTracker(t)
			start := geo.Direct(placeA, 45, 100_000)
			plot := func(at float64, p geo.Point, code uint16) mtt.Measurement {
				m := polarOf(at, radarA, p, 6000, nil)
				m.Has, m.ModeA, m.Height = m.Has|mtt.HasModeA|mtt.HasHeight, code, 6000
				return m
			}
			for i := range 20 {
				observe(tr, plot(float64(i*4), straight(start, 100, 200, float64(i*4)), 0o1234))
			}
			aside := geo.Direct(straight(start, 100, 200, 80), 45, 800)
			if out := observe(tr, plot(80, aside, tc.code)); out[0].Verdict != tc.want {
				t.Errorf("verdict = %v, want %v", out[0].Verdict, tc.want)
			}
		})
	}
}

func TestRestoredEstimatesAreEqualToTheBit(t *testing.T) {
	tr := newTracker(t)
	start := geo.Point{LatDeg: 24, LonDeg: 122}
	for i := range 400 { // 80 km: the plane moves three times
		observe(tr, claimOf(float64(i), 0x899001, straight(start, 70, 200, float64(i))))
		again, err := mtt.Restore(testConfig(), tr.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		want, _ := tr.Estimate(1)
		if got, _ := again.Estimate(1); got != want {
			t.Fatalf("at %d s the restored track is %+v, want %+v", i, got, want)
		}
	}
}

func TestOneScanGivesATrackOnePlot(t *testing.T) {
	tr := newTracker(t)
	start := geo.Direct(placeA, 45, 100_000)
	at := 0.0
	for range 10 {
		observe(tr, polarOf(at, radarA, straight(start, 90, 200, at), 6000, nil))
		at += 4
	}
	first := observe(tr, polarOf(at, radarA, straight(start, 90, 200, at), 6000, nil))
	second := observe(tr, polarOf(at+0.1, radarA, straight(start, 90, 200, at), 6000, nil))
	other := observe(tr, polarOf(at+0.2, radarB, straight(start, 90, 200, at), 6000, nil))
	if first[0].Verdict != mtt.Updated || second[0].Verdict != mtt.NewTrack || other[0].Verdict != mtt.Updated || other[0].Track != first[0].Track {
		t.Errorf("outcomes %+v %+v %+v", first, second, other)
	}
}

// A flood of plots in one place must not cost more than its size.
func TestACrowdIsBounded(t *testing.T) {
	tr := newTracker(t)
	rng := rand.New(rand.NewPCG(4, 1))
	for i := range 5 {
		var ms []mtt.Measurement
		for range 1000 {
			p := geo.Direct(placeB, geo.Degrees(rng.Float64()*360), 30_000+geo.Metres(rng.Float64()*4000))
			ms = append(ms, polarOf(float64(i*4), radarA, p, 5000, rng))
		}
		observe(tr, ms...)
		tr.Advance(sec(float64(i*4)), nil)
	}
	if n := tr.Len(); n > testConfig().MaxTracks || !tr.Sound() {
		t.Errorf("%d tracks, sound: %v", n, tr.Sound())
	}
}

func TestGroupsNeverMix(t *testing.T) {
	tr := newTracker(t)
	start := geo.Point{LatDeg: 24, LonDeg: 122}
	for i := range 20 {
		a := claimOf(float64(i), 0x899001, straight(start, 90, 200, float64(i)))
		b := a
		b.Group = 1
		observe(tr, a, b)
	}
	got := confirmed(tr)
	if len(got) != 2 || got[0].Group == got[1].Group {
		t.Errorf("tracks %+v, want one of each group", got)
	}
}

func TestRefusesWhatCannotBe(t *testing.T) {
	nan := math.NaN()
	p := geo.Point{LatDeg: 24, LonDeg: 122}
	good := polarOf(0, radarA, p, 6000, nil)
	tests := map[string]struct {
		spoil func(*mtt.Measurement)
		want  mtt.Verdict
	}{
		"a sensor that is not there":   {func(m *mtt.Measurement) { m.Sensor = 9 }, mtt.Malformed},
		"a negative sensor":            {func(m *mtt.Measurement) { m.Sensor = -1 }, mtt.Malformed},
		"no range":                     {func(m *mtt.Measurement) { m.Range = 0 }, mtt.Malformed},
		"a range that is no number":    {func(m *mtt.Measurement) { m.Range = geo.Metres(nan) }, mtt.Malformed},
		"an azimuth without end":       {func(m *mtt.Measurement) { m.Azimuth = geo.Degrees(math.Inf(1)) }, mtt.Malformed},
		"a range beyond the sensor's":  {func(m *mtt.Measurement) { m.Range = 500_000 }, mtt.OutOfRange},
		"a time before all":            {func(m *mtt.Measurement) { m.Time = time.Time{} }, mtt.Malformed},
		"a time after all":             {func(m *mtt.Measurement) { m.Time = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC) }, mtt.Malformed},
		"polar of a sensor that isn't": {func(m *mtt.Measurement) { m.Sensor = adsb }, mtt.Malformed},
		"a domain that is not there":   {func(m *mtt.Measurement) { m.Domain = 7 }, mtt.Malformed},
		"a height above all": {func(m *mtt.Measurement) {
			m.Has, m.Height = m.Has|mtt.HasHeight, 1e6
		}, mtt.Malformed},
		"a speed that is no number": {func(m *mtt.Measurement) {
			m.Has, m.Speed = m.Has|mtt.HasVelocity, geo.MetresPerSecond(nan)
		}, mtt.Malformed},
		"a position off Earth": {func(m *mtt.Measurement) {
			m.Has, m.Pos = mtt.HasPosition, geo.Point{LatDeg: 91}
		}, mtt.Malformed},
		"nothing that says where": {func(m *mtt.Measurement) { m.Has = mtt.HasAddress; m.Address = 5 }, mtt.NoPosition},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			tr := newTracker(t)
			m := good
			tc.spoil(&m)
			if out := observe(tr, m); out[0].Verdict != tc.want {
				t.Errorf("verdict = %v, want %v", out[0].Verdict, tc.want)
			}
			if tr.Len() != 0 {
				t.Error("it began a track")
			}
		})
	}
	t.Run("more tracks than there is room", func(t *testing.T) {
		cfg := testConfig()
		cfg.MaxTracks = 3
		tr, err := mtt.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			out := observe(tr, claimOf(0, uint32(i+1), geo.Point{LatDeg: float64(i), LonDeg: 120}))
			if got, want := out[0].Verdict == mtt.TableFull, i >= 3; got != want {
				t.Errorf("track %d: verdict %v", i, out[0].Verdict)
			}
		}
	})
}

// chaos makes measurements of a few objects, clutter and nonsense.
func chaos(rng *rand.Rand, at float64) mtt.Measurement {
	p := geo.Point{LatDeg: 24 + rng.Float64()*2, LonDeg: 122 + rng.Float64()*2}
	switch rng.IntN(6) {
	case 0:
		return mtt.Measurement{
			Time: sec(at), Sensor: radarA + rng.IntN(2), Has: mtt.HasPolar,
			Range: geo.Metres(rng.Float64() * 4e5), Azimuth: geo.Degrees(rng.Float64() * 360), Domain: mtt.Domain(rng.IntN(3)),
		}
	case 1:
		m := claimOf(at-rng.Float64()*10, uint32(rng.IntN(4)), p)
		m.Has |= mtt.HasVelocity | mtt.HasHeight
		m.Speed, m.Course = geo.MetresPerSecond(rng.Float64()*900), geo.Degrees(rng.Float64()*360)
		m.Height, m.Geometric = geo.Metres(rng.Float64()*2e4), rng.IntN(2) == 0
		return m
	case 2:
		return mtt.Measurement{Time: sec(at), Sensor: adsb, Domain: mtt.Sea, Has: mtt.HasPosition | mtt.HasMMSI, MMSI: uint32(rng.IntN(4)), Pos: p, SigmaPos: 1e-6}
	case 3:
		m := polarOf(at, radarA, straight(geo.Direct(placeA, 45, 50_000), 90, 200, at), 6000, rng)
		m.Has, m.ModeA, m.Height = m.Has|mtt.HasModeA|mtt.HasHeight, uint16(rng.IntN(3)), 6000
		return m
	case 4:
		return mtt.Measurement{
			Time: sec(at), Sensor: adsb, Has: mtt.HasAddress | mtt.HasVelocity | mtt.HasHeight, Address: uint32(rng.IntN(4)),
			Speed: geo.MetresPerSecond(rng.Float64() * 300), Height: geo.Metres(rng.Float64() * 1e4),
		}
	}
	return polarOf(at, radarB, straight(geo.Direct(placeA, 45, 50_000), 90, 200, at), 6000, rng)
}

func TestWhateverComesFiltersStaySound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr, err := mtt.New(testConfig())
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		at := 0.0
		for range 300 {
			at += rng.ExpFloat64() * rng.ExpFloat64() * 5
			if rng.IntN(60) == 0 {
				at += 1e4
			}
			observe(tr, chaos(rng, at), chaos(rng, at))
			tr.Sweep(mtt.Sweep{Time: sec(at), Sensor: rng.IntN(3), Azimuth: geo.Degrees(rng.Float64() * 360), Period: 4 * time.Second})
			tr.Advance(sec(at), nil)
			if !tr.Sound() {
				t.Fatalf("a filter is not sound at %v s", at)
			}
			for _, id := range tr.IDs(nil) {
				if e, _ := tr.EstimateAt(id, sec(at+1000)); !e.Pos.Valid() || !(e.SigmaPos > 0) {
					t.Fatalf("estimate %+v", e)
				}
			}
		}
	})
}

func TestReplayAndRestoreAreEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, cut := rapid.Uint64().Draw(t, "seed"), rapid.IntRange(0, 199).Draw(t, "cut")
		run := func(restore bool) mtt.State {
			tr, err := mtt.New(testConfig())
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(seed, 1))
			for i := range 200 {
				at := float64(i) * 2
				observe(tr, chaos(rng, at), chaos(rng, at), chaos(rng, at))
				tr.Advance(sec(at), nil)
				if restore && i == cut {
					tr = throughJSON(t, tr)
				}
			}
			return tr.Snapshot()
		}
		want := run(false)
		if diff := cmp.Diff(want, run(false)); diff != "" {
			t.Fatalf("replay differs:\n%s", diff)
		}
		if diff := cmp.Diff(want, run(true)); diff != "" {
			t.Fatalf("restored at %d it differs:\n%s", cut, diff)
		}
	})
}

func throughJSON(t *rapid.T, tr *mtt.Tracker) *mtt.Tracker {
	raw, err := json.Marshal(tr.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var s mtt.State
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	out, err := mtt.Restore(testConfig(), s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRestoreRefusesWhatIsSpoilt(t *testing.T) {
	tr := newTracker(t)
	for i := range 5 {
		observe(tr, claimOf(float64(i), 1, geo.Point{LatDeg: 24, LonDeg: 122}), claimOf(float64(i), 2, geo.Point{LatDeg: 25, LonDeg: 122}))
	}
	tests := map[string]func(*mtt.State){
		"another version":      func(s *mtt.State) { s.Version = 9 },
		"numbers out of order": func(s *mtt.State) { s.Tracks[0], s.Tracks[1] = s.Tracks[1], s.Tracks[0] },
		"a number not given":   func(s *mtt.State) { s.Tracks[1].ID = 99 },
		"no phase":             func(s *mtt.State) { s.Tracks[0].Phase = 0 },
		"no variance":          func(s *mtt.State) { s.Tracks[0].Filter.P[0][0][0] = -1 },
		"no number":            func(s *mtt.State) { s.Tracks[0].Filter.X[0][0] = math.NaN() },
		"no place":             func(s *mtt.State) { s.Tracks[0].Anchor.LatDeg = 100 },
		"a formation to be":    func(s *mtt.State) { s.Tracks[0].Flight.Formation = 99 },
		"a mate to be":         func(s *mtt.State) { s.Tracks[0].Flight.Mates[0] = mtt.Mate{ID: 99, Looks: 1} },
		"no models":            func(s *mtt.State) { s.Tracks[0].Filter.Models = 17 },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			s := tr.Snapshot()
			spoil(&s)
			if _, err := mtt.Restore(testConfig(), s); err == nil {
				t.Error("Restore accepted it")
			}
		})
	}
	t.Run("a sensor that is gone is forgotten", func(t *testing.T) {
		cfg := testConfig()
		cfg.Sensors = slices.Delete(cfg.Sensors, 0, 1)
		got, err := mtt.Restore(cfg, tr.Snapshot())
		if err != nil || got.Len() != 2 {
			t.Fatalf("Restore = %v tracks, %v", got, err)
		}
	})
}

func FuzzObserve(f *testing.F) {
	f.Add(uint16(3), uint8(1), 0.0, 24.0, 122.0, 100_000.0, 45.0, 6000.0, uint32(5))
	f.Add(uint16(0xffff), uint8(0), 1e9, 90.0, 180.0, 0.0, -1.0, -1e9, uint32(0xffffffff))
	f.Fuzz(func(t *testing.T, has uint16, sensor uint8, at, lat, lon, rng, azi, h float64, key uint32) {
		tr := newTracker(t)
		m := mtt.Measurement{
			Time: sec(math.Mod(at, 1e6)), Sensor: int(sensor % 4), Domain: mtt.Domain(sensor % 5), Has: mtt.Has(has),
			Range: geo.Metres(rng), Azimuth: geo.Degrees(azi), SigmaRange: geo.Metres(azi), SigmaAzimuth: geo.Degrees(h),
			Pos: geo.Point{LatDeg: lat, LonDeg: lon}, SigmaPos: geo.Metres(rng), Height: geo.Metres(h), Speed: geo.MetresPerSecond(h),
			Course: geo.Degrees(azi), Address: key, MMSI: key, ModeA: uint16(key), SigmaVelocity: geo.MetresPerSecond(lat),
		}
		for i := range 4 {
			tr.Observe([]mtt.Measurement{m, m}, nil)
			m.Time = m.Time.Add(time.Duration(i*i) * 3 * time.Second)
			m.Pos.LatDeg += 0.01
			tr.Advance(m.Time, nil)
		}
		if !tr.Sound() {
			t.Fatal("a filter is not sound")
		}
	})
}
