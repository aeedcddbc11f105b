// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// fleet flies straight, tells its place once a second and is seen by two
// radars with a bias.
type fleet struct {
	rng      *rand.Rand
	start    []geo.Point
	course   []geo.Degrees
	bias     map[int]mtt.Bias // by sensor
	silent   bool             // tells no place
	height   bool             // the radars measure finely and hear a height and an address
	mute     bool             // they hear no address
	alone    bool             // there is one radar
	lag      float64          // s by which the velocity comes before the place, in a message of its own; 0: with it
	brief    bool             // it comes in the first seconds alone
	tracker  *mtt.Tracker
	events   []mtt.Event
	outcomes []mtt.Outcome
}

func registered() mtt.Config {
	cfg := testConfig()
	cfg.Sensors[adsb].Reference = true
	return cfg
}

func newFleet(t testing.TB, n int, bias map[int]mtt.Bias) *fleet {
	t.Helper()
	tr, err := mtt.New(registered())
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{rng: rand.New(rand.NewPCG(8, 3)), bias: bias, tracker: tr}
	centre := geo.Point{LatDeg: 25, LonDeg: 123}
	for range n {
		f.start = append(f.start, geo.Direct(centre, geo.Degrees(f.rng.Float64()*360), geo.Metres(150_000*f.rng.Float64())))
		f.course = append(f.course, geo.Degrees(f.rng.Float64()*360))
	}
	return f
}

const fleetSpeed = 220

func (f *fleet) plot(at float64, sensor, i int) mtt.Measurement {
	b := f.bias[sensor]
	m := polarOf(at, sensor, straight(f.start[i], f.course[i], fleetSpeed, at-b.Time.Seconds()), 9000, nil)
	sr, sa := 60.0, 0.1
	if f.height {
		sr, sa = 30, 0.05
	}
	m.Range += geo.Metres(sr * f.rng.NormFloat64())
	m.Azimuth += geo.Degrees(sa * f.rng.NormFloat64())
	m.Range += b.Range + geo.Metres(b.Gain)*m.Range
	m.Azimuth += b.Azimuth
	if f.height {
		m.SigmaRange, m.SigmaAzimuth = 30, 0.05
		m.Has, m.Height = m.Has|mtt.HasHeight, 9000
	}
	if f.height && !f.mute {
		m.Has, m.Address = m.Has|mtt.HasAddress, uint32(0x890000+i)
	}
	return m
}

// second gives the tracker one second: a quarter of each radar's plots.
func (f *fleet) second(n int) {
	var ms []mtt.Measurement
	for i := range f.start {
		at := float64(n) + float64(i)/float64(len(f.start))
		if !f.silent {
			m := claimOf(at, uint32(0x890000+i), straight(f.start[i], f.course[i], fleetSpeed, at))
			m.Has |= mtt.HasHeight | mtt.HasVelocity
			m.Height, m.Speed, m.Course = 9000, fleetSpeed, f.course[i]
			if f.lag != 0 {
				v := m
				v.Time, v.Has = sec(at-f.lag), mtt.HasAddress|mtt.HasVelocity
				m.Has &^= mtt.HasVelocity
				if n < 3 || !f.brief {
					ms = append(ms, v)
				}
			}
			ms = append(ms, m)
		}
		for k, sensor := range []int{radarA, radarB} {
			if (i+2*k)%4 == n%4 && (k == 0 || !f.alone) {
				ms = append(ms, f.plot(at, sensor, i))
			}
		}
	}
	slices.SortStableFunc(ms, func(a, b mtt.Measurement) int { return a.Time.Compare(b.Time) })
	f.outcomes = f.tracker.Observe(ms, f.outcomes[:0])
	f.events = f.tracker.Advance(sec(float64(n+1)), f.events)
}

func (f *fleet) registration(t *testing.T, sensor int) mtt.Registration {
	t.Helper()
	r, ok := f.tracker.Registration(sensor)
	if !ok {
		t.Fatalf("sensor %d is not registered", sensor)
	}
	return r
}

// off is the greatest part of the difference of two biases, in limits.
func off(a, b, limit mtt.Bias) float64 {
	return max(
		math.Abs(float64(a.Range-b.Range))/float64(limit.Range), math.Abs(a.Gain-b.Gain)/limit.Gain,
		math.Abs(float64(a.Azimuth-b.Azimuth))/float64(limit.Azimuth), math.Abs((a.Time-b.Time).Seconds())/limit.Time.Seconds(),
	)
}

func TestARadarIsRegisteredByWhatAircraftTell(t *testing.T) {
	bias := map[int]mtt.Bias{
		radarA: {Range: 120, Azimuth: 0.2, Time: -200 * time.Millisecond},
		radarB: {Range: -60, Gain: 2e-4, Azimuth: -0.15, Time: 250 * time.Millisecond},
	}
	f := newFleet(t, 30, bias)
	for n := range 120 {
		f.second(n)
	}
	for sensor, want := range bias {
		r := f.registration(t, sensor)
		if d := off(r.Bias, want, mtt.Bias{Range: 30, Gain: 2e-4, Azimuth: 0.02, Time: 50 * time.Millisecond}); d > 1 {
			t.Errorf("bias of sensor %d = %+v after %d sights, want %+v", sensor, r.Bias, r.Sights, want)
		}
		if d := off(r.Bias, want, r.Sigma); d > 4 {
			t.Errorf("bias of sensor %d = %+v is %.1f standard deviations %+v from %+v", sensor, r.Bias, d, r.Sigma, want)
		}
		if r.Jumps != 0 {
			t.Errorf("%d jumps of a bias that did not change", r.Jumps)
		}
	}
	if n := len(confirmed(f.tracker)); n != 30 || f.tracker.Len() != 30 {
		t.Errorf("%d tracks, %d of them confirmed, of 30 aircraft", f.tracker.Len(), n)
	}
}

// While nothing is known of a radar, its plots must find the aircraft that
// tell their place, and the first report of an aircraft the radar's track.
func TestABiasMakesNoSecondTrack(t *testing.T) {
	for name, tc := range map[string]struct {
		silent              int // s before the first report
		height, alone, mute bool
	}{
		"primary radars that see what tells its place":  {},
		"secondary radars that see what told its place": {height: true},
		"what secondary radars hold tells its place":    {height: true, silent: 40},
		"what one radar holds tells its place":          {height: true, silent: 40, mute: true, alone: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t, 12, map[int]mtt.Bias{radarA: {Range: 150, Azimuth: 0.25}, radarB: {Range: 150, Azimuth: 0.25}})
			f.height, f.mute, f.alone = tc.height, tc.mute, tc.alone
			for n := range tc.silent + 60 {
				f.silent = n < tc.silent
				f.second(n)
			}
			if got := f.tracker.Stats().Started; got != 12 {
				t.Errorf("%d tracks begun, want 12", got)
			}
		})
	}
}

// Radars for which there is no room are counted, and said to be left out.
func TestRadarsBeyondThoseRegistered(t *testing.T) {
	cfg := registered()
	for n := len(cfg.Sensors); n < 20; n++ {
		more := cfg.Sensors[radarA]
		more.Name = fmt.Sprint("radar ", n)
		cfg.Sensors = append(cfg.Sensors, more)
	}
	radars := 0
	for _, s := range cfg.Sensors {
		if s.Polar {
			radars++
		}
	}
	tr, err := mtt.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	restored, err := mtt.Restore(cfg, tr.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	for name, tr := range map[string]*mtt.Tracker{"new": tr, "restored": restored} {
		left := 0
		for i, s := range cfg.Sensors {
			if r, ok := tr.Registration(i); ok != s.Polar {
				t.Errorf("%s: Registration(%d) of %q: %v", name, i, s.Name, ok)
			} else if r.LeftOut {
				left++
			}
		}
		if last, _ := tr.Registration(len(cfg.Sensors) - 1); left != radars-16 || tr.Stats().LeftOut != left || !last.LeftOut {
			t.Errorf("%s: of %d radars %d say that they are left out, Stats %d, the last %v", name, radars, left, tr.Stats().LeftOut, last.LeftOut)
		}
	}
	cfg.Bias = mtt.Bias{}
	if tr, err = mtt.New(cfg); err != nil || tr.Stats().LeftOut != 0 {
		t.Errorf("where none is registered: %d left out, %v", tr.Stats().LeftOut, err)
	}
}

// Radars that stand apart are registered by what both see: no other place of
// the two makes all their plots agree.
func TestRadarsAreRegisteredByEachOther(t *testing.T) {
	bias := map[int]mtt.Bias{radarA: {Azimuth: 0.15}, radarB: {Range: 80, Azimuth: -0.1}}
	f := newFleet(t, 30, bias)
	f.silent, f.height = true, true
	for n := range 200 {
		f.second(n)
	}
	for sensor, want := range bias {
		r := f.registration(t, sensor)
		if d := off(r.Bias, want, mtt.Bias{Range: 40, Gain: 2e-4, Azimuth: 0.02, Time: 60 * time.Millisecond}); d > 1 || r.Sights == 0 {
			t.Errorf("bias of sensor %d = %+v ± %+v after %d sights, want %+v", sensor, r.Bias, r.Sigma, r.Sights, want)
		}
	}
}

func TestAJumpIsToldAndLearnt(t *testing.T) {
	f := newFleet(t, 30, map[int]mtt.Bias{})
	f.height = true
	n := 0
	for ; n < 100; n++ {
		f.second(n)
	}
	f.bias[radarB] = mtt.Bias{Azimuth: 0.6}
	for ; n < 200; n++ {
		f.second(n)
	}
	r := f.registration(t, radarB)
	if math.Abs(float64(r.Bias.Azimuth)-0.6) > 0.03 || r.Jumps == 0 || r.Jumped.Before(sec(100)) || r.Jumped.After(sec(110)) {
		t.Errorf("bias %+v, %d jumps, the last at %v; want 0.6° at %v", r.Bias, r.Jumps, r.Jumped, sec(100))
	}
	if !slices.ContainsFunc(r.History, func(p mtt.Past) bool { return p.Jump }) {
		t.Errorf("history %+v holds no jump", r.History)
	}
	if !slices.ContainsFunc(f.events, func(e mtt.Event) bool { return e.Kind == mtt.BiasJumped && e.Sensor == radarB && e.Track == 0 }) {
		t.Error("no event tells of the jump")
	}
	if other := f.registration(t, radarA); other.Jumps != 0 {
		t.Errorf("%d jumps of the radar that stayed", other.Jumps)
	}
}

// One aircraft that tells a false place is no jump of the radar.
func TestOneLiarIsNoJump(t *testing.T) {
	f := newFleet(t, 1, map[int]mtt.Bias{})
	f.height = true
	for n := range 100 {
		f.second(n)
	}
	f.bias[radarA] = mtt.Bias{Azimuth: 0.25} // as seen from its reports
	for n := range 100 {
		f.second(100 + n)
	}
	if r := f.registration(t, radarA); r.Jumps != 0 {
		t.Errorf("%d jumps told by a single aircraft", r.Jumps)
	}
}

func TestHistoryIsKeptAndBounded(t *testing.T) {
	f := newFleet(t, 4, map[int]mtt.Bias{radarA: {Range: 50}})
	for n := range 10 {
		f.second(n)
	}
	for n := range 200 {
		f.events = f.tracker.Advance(sec(100+float64(n)*900), f.events[:0])
	}
	h := f.registration(t, radarA).History
	if len(h) != 96 || !slices.IsSortedFunc(h, func(a, b mtt.Past) int { return a.At.Compare(b.At) }) {
		t.Errorf("%d entries, want 96 in order of time", len(h))
	}
}

// What is learnt must not depend on how late plots come, within the limit.
func TestRegistrationLearnsBehindThePresent(t *testing.T) {
	f := newFleet(t, 10, map[int]mtt.Bias{radarA: {Range: 100}})
	late := int(registered().MaxLate / time.Second)
	for n := range 10 {
		f.second(n)
	}
	// Sights up to seven seconds are learnt at ten; nothing newer moves it.
	before := f.registration(t, radarA)
	f.tracker.Advance(sec(10), nil)
	if got := f.registration(t, radarA); got.Bias != before.Bias || len(f.tracker.Snapshot().Biases.Sights) == 0 {
		t.Errorf("bias %+v became %+v, %d sights wait", before.Bias, got.Bias, len(f.tracker.Snapshot().Biases.Sights))
	}
	for _, q := range f.tracker.Snapshot().Biases.Sights {
		if q.At <= sec(float64(10-late)).UnixNano() {
			t.Errorf("a sight of %d waits", q.At)
		}
	}
	f.tracker.Advance(sec(float64(11+late)), nil)
	if got := f.registration(t, radarA); got.Bias == before.Bias || len(f.tracker.Snapshot().Biases.Sights) != 0 {
		t.Error("sights behind the present were not learnt")
	}
}

func TestARestoredRegistrationGoesOn(t *testing.T) {
	f := newFleet(t, 20, map[int]mtt.Bias{radarA: {Range: 100, Azimuth: 0.2}, radarB: {Azimuth: -0.1}})
	for n := range 50 {
		f.second(n)
	}
	raw, err := json.Marshal(f.tracker.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var s mtt.State
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	again := *f
	if again.tracker, err = mtt.Restore(registered(), s); err != nil {
		t.Fatal(err)
	}
	for n := 50; n < 70; n++ {
		f.rng, again.rng = rand.New(rand.NewPCG(uint64(n), 1)), rand.New(rand.NewPCG(uint64(n), 1))
		f.second(n)
		again.second(n)
	}
	if d := cmp.Diff(f.tracker.Snapshot(), again.tracker.Snapshot()); d != "" {
		t.Errorf("the restored tracker differs (-kept +restored):\n%s", d)
	}
	t.Run("a radar less", func(t *testing.T) {
		cfg := registered()
		cfg.Sensors = []mtt.Sensor{cfg.Sensors[adsb], cfg.Sensors[radarB]}
		less, err := mtt.Restore(cfg, f.tracker.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		want := f.registration(t, radarB)
		if got, ok := less.Registration(1); !ok || got.Bias != want.Bias || got.Sigma != want.Sigma {
			t.Errorf("registration %+v, want %+v", got, want)
		}
	})
}

func TestARestoreRefusesForgedBiases(t *testing.T) {
	f := newFleet(t, 5, map[int]mtt.Bias{})
	for n := range 10 {
		f.second(n)
	}
	for name, forge := range map[string]func(*mtt.Biases){
		"it refuses too few numbers":        func(b *mtt.Biases) { b.X = b.X[1:] },
		"it refuses a negative variance":    func(b *mtt.Biases) { b.P[0] = -1 },
		"it refuses a bias without value":   func(b *mtt.Biases) { b.X[2] = math.NaN() },
		"it refuses a sight of no radar":    func(b *mtt.Biases) { b.Sights = []mtt.Sight{{Slot: 2, Other: -1}} },
		"it refuses a sight of no other":    func(b *mtt.Biases) { b.Sights = []mtt.Sight{{Other: 7}} },
		"it refuses more sights than there": func(b *mtt.Biases) { b.Sights = make([]mtt.Sight, 5000) },
	} {
		t.Run(name, func(t *testing.T) {
			s := f.tracker.Snapshot()
			forge(&s.Biases)
			if _, err := mtt.Restore(registered(), s); err == nil {
				t.Error("no error")
			}
		})
	}
}

// Mode S tells velocities in messages of their own. They make a reference of the
// place that follows, unless they are old.
func TestAVelocityMayComeByItself(t *testing.T) {
	for name, tc := range map[string]struct {
		lag   float64
		brief bool
		want  bool
	}{
		"with the place":         {0, false, true},
		"half a second before":   {0.5, false, true},
		"in the beginning alone": {0.5, true, false},
	} {
		f := newFleet(t, 12, map[int]mtt.Bias{radarA: {Azimuth: 0.3}})
		f.lag, f.brief, f.alone = tc.lag, tc.brief, true
		for n := range 60 {
			f.second(n)
		}
		if r := f.registration(t, radarA); (r.Sights > 20) != tc.want || tc.want && math.Abs(float64(r.Bias.Azimuth)-0.3) > 0.05 {
			t.Errorf("velocities %s: %d sights, azimuth %.3f°; want sights %v", name, r.Sights, r.Bias.Azimuth, tc.want)
		}
	}
}
