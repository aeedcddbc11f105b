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

// traffic is half a minute of two radars, of six aircraft of which two fly close
// and half tell their place, and of clutter, with sweeps.
func traffic(rng *rand.Rand) ([]mtt.Measurement, []mtt.Sweep) {
	var ms []mtt.Measurement
	var sweeps []mtt.Sweep
	for n := range 6 {
		start := geo.Direct(placeA, geo.Degrees(40+60*float64(n/2)), geo.Metres(80_000+3000*float64(n%2)))
		course, phase := geo.Degrees(rng.Float64()*360), rng.Float64()
		for at := 0.0; at < 30; at += 0.25 {
			p := straight(start, course, 200, at)
			if k := int(at*4) % 16; k == 2*n && rng.Float64() < 0.9 {
				ms = append(ms, polarOf(at+phase/20, radarA, p, 5000, rng))
			} else if k == 2*n+3 && rng.Float64() < 0.9 {
				ms = append(ms, polarOf(at+phase/20, radarB, p, 5000, rng))
			}
			if n%2 == 0 && int(at*4)%4 == 0 { // all at one time
				m := claimOf(at, uint32(n+1), p)
				m.Has |= mtt.HasVelocity | mtt.HasHeight
				m.Speed, m.Course, m.Height = 200, course, 5000
				ms = append(ms, m)
			}
		}
	}
	for range 60 {
		p := geo.Direct(placeA, geo.Degrees(rng.Float64()*360), geo.Metres(60_000+60_000*rng.Float64()))
		ms = append(ms, polarOf(30*rng.Float64(), radarA+rng.IntN(2), p, 5000, rng))
	}
	for at := 0.0; at < 30; at += 0.5 {
		sweeps = append(sweeps, mtt.Sweep{Time: sec(at), Sensor: radarA, Azimuth: geo.Degrees(math.Mod(90*at, 360)), Period: 4 * time.Second})
	}
	return ms, sweeps
}

func patient(rollback time.Duration) mtt.Config {
	cfg := registered()
	cfg.Rollback = rollback
	return cfg
}

// book is what the outside knows of tracks from events alone.
type book struct {
	phase  map[mtt.ID]mtt.Phase
	newest mtt.ID
}

func (b *book) read(t *rapid.T, events []mtt.Event) {
	for _, e := range events {
		_, had := b.phase[e.Track]
		if e.Kind == mtt.BiasJumped {
			continue
		}
		if had == (e.Kind == mtt.Started) || e.Kind == mtt.NowConfirmed && b.phase[e.Track] != mtt.Tentative {
			t.Fatalf("event %+v of a track known as %v, %v", e, b.phase[e.Track], had)
		}
		switch e.Kind {
		case mtt.Started:
			if e.Track <= b.newest {
				t.Fatalf("event %+v: numbers are not used again, the newest is %d", e, b.newest)
			}
			b.newest = e.Track
			b.phase[e.Track] = mtt.Tentative
		case mtt.NowConfirmed, mtt.Resumed:
			b.phase[e.Track] = mtt.Confirmed
		case mtt.NowCoasting:
			b.phase[e.Track] = mtt.Coasting
		case mtt.NowLost:
			b.phase[e.Track] = mtt.Lost
		case mtt.Dropped, mtt.Merged:
			if _, ok := b.phase[e.Into]; e.Kind == mtt.Merged && !ok {
				t.Fatalf("event %+v: it was joined with none", e)
			}
			delete(b.phase, e.Track)
		}
	}
}

func (b *book) check(t *rapid.T, tr *mtt.Tracker) {
	ids := tr.IDs(nil)
	if len(ids) != len(b.phase) {
		t.Fatalf("tracks %v, known are %v", ids, b.phase)
	}
	for _, id := range ids {
		e, _ := tr.Estimate(id)
		// Who was told to be confirmed is not told to be so no longer.
		if known, ok := b.phase[id]; !ok || known != e.Phase && e.Phase != mtt.Tentative {
			t.Fatalf("track %d is in phase %d, known as %d, %v", id, e.Phase, known, ok)
		}
	}
}

// play gives a scene in 45 s as it comes with a delay of up to late s, in
// an order and in batches cut at random; each, unless nil, sees every second and
// says who goes on.
func play(t *rapid.T, tr *mtt.Tracker, scene, order uint64, late float64, each func(tr *mtt.Tracker, now int) *mtt.Tracker) *mtt.Tracker {
	ms, sweeps := traffic(rand.New(rand.NewPCG(scene, 1)))
	rng := rand.New(rand.NewPCG(order, 2))
	comes := func(at time.Time) int { return int(math.Ceil(at.Sub(t0).Seconds() + late*rng.Float64())) }
	var batches [46][]mtt.Measurement
	var swept [46][]mtt.Sweep
	for _, m := range ms {
		n := comes(m.Time)
		batches[n] = append(batches[n], m)
	}
	for _, s := range sweeps {
		n := comes(s.Time)
		swept[n] = append(swept[n], s)
	}
	known := book{phase: map[mtt.ID]mtt.Phase{}}
	for now := range batches {
		for _, s := range swept[now] {
			tr.Sweep(s)
		}
		b := batches[now]
		if late > 0 {
			rng.Shuffle(len(b), func(i, k int) { b[i], b[k] = b[k], b[i] })
		}
		for len(b) > 0 {
			n := len(b)
			if late > 0 {
				n = 1 + rng.IntN(len(b))
			}
			tr.Observe(b[:n], nil)
			b = b[n:]
		}
		known.read(t, tr.Advance(sec(float64(now)), nil))
		known.check(t, tr)
		if each != nil {
			tr = each(tr, now)
		}
	}
	return tr
}

// fataler is what testing.T and rapid.T have in common.
type fataler interface{ Fatal(args ...any) }

// essence is the state but for numbers, what was told and how it came about.
func essence(t fataler, tr *mtt.Tracker) mtt.State {
	s := tr.Snapshot()
	if s.Log != nil && s.Log.Stale != math.MaxInt64 {
		t.Fatal("the state is stale")
	}
	s.Log, s.Given, s.Events, s.Stats.Log = nil, 0, nil, mtt.LogStats{}
	first := make(map[mtt.FormationID]mtt.FormationID) // formations by their oldest member
	for i := range s.Tracks {
		s.Tracks[i].Number = 0
		if f := &s.Tracks[i].Flight; f.Formation != 0 {
			if first[f.Formation] == 0 {
				first[f.Formation] = mtt.FormationID(s.Tracks[i].ID)
			}
			f.Formation = first[f.Formation]
		}
	}
	return s
}

func TestAnyOrderOfArrivalEndsInTheSameState(t *testing.T) {
	differ, rolled := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		scene, order := rapid.Uint64Range(1, 1000).Draw(t, "scene"), rapid.Uint64().Draw(t, "order")
		run := func(rollback time.Duration, late float64) *mtt.Tracker {
			tr, err := mtt.New(patient(rollback))
			if err != nil {
				t.Fatal(err)
			}
			return play(t, tr, scene, order, late, nil)
		}
		ordered, shuffled := run(10*time.Second, 0), run(10*time.Second, 9)
		if n := ordered.Stats().Log.Rollbacks; n != 0 {
			t.Fatalf("%d rollbacks of input in order", n)
		}
		if diff := cmp.Diff(essence(t, ordered), essence(t, shuffled)); diff != "" {
			t.Fatalf("in another order:\n%s", diff)
		}
		sum := uint64(0)
		for _, n := range shuffled.Stats().Verdicts {
			sum += n
		}
		if ms, _ := traffic(rand.New(rand.NewPCG(scene, 1))); int(sum) != len(ms) {
			t.Fatalf("%d of %d measurements counted", sum, len(ms))
		}
		// The test would say nothing if the order did not matter.
		if !cmp.Equal(essence(t, ordered), essence(t, run(0, 9))) {
			differ++
		}
		rolled += int(shuffled.Stats().Log.Rollbacks)
		if shuffled.GoBack(); !shuffled.GridKnows() {
			t.Fatal("the grid knows of a track what is not so any more")
		}
	})
	if differ == 0 || rolled == 0 {
		t.Errorf("without a log %d scenes differ, with it there were %d rollbacks", differ, rolled)
	}
}

// Plots of a sector that come in two batches are weighed together all the same.
func TestASectorHasNoBatches(t *testing.T) {
	for seed := uint64(1); seed <= 10; seed++ {
		rng := rand.New(rand.NewPCG(seed, 7))
		var trackers [2]*mtt.Tracker
		for i := range trackers {
			var err error
			if trackers[i], err = mtt.New(patient(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		for scan := range 10 {
			at := 4*float64(scan) + 0.5
			var ms []mtt.Measurement
			for i := range 4 {
				m := polarOf(at+0.02*float64(i), radarA, straight(geo.Direct(placeA, 90, 90_000+500*geo.Metres(i)), 0, 200, at), 5000, rng)
				ms = append(ms, m)
			}
			trackers[0].Observe(ms, nil)
			for i := range ms {
				trackers[1].Observe(ms[i:i+1], nil)
			}
			for now := 4 * scan; now < 4*scan+4; now++ {
				for _, tr := range trackers {
					tr.Advance(sec(float64(now)+1), nil)
				}
			}
		}
		a, b := trackers[0].Snapshot(), trackers[1].Snapshot()
		if n := trackers[1].Stats().Log.Rollbacks; n != 10 || trackers[0].Stats().Log.Rollbacks != 0 {
			t.Errorf("%d rollbacks, want one a scan", n)
		}
		for i := range a.Tracks {
			a.Tracks[i].Number, b.Tracks[i].Number = 0, 0
		}
		if diff := cmp.Diff(a.Tracks, b.Tracks); diff != "" {
			t.Fatalf("seed %d:\n%s", seed, diff)
		}
	}
}

func TestALogGoesThroughASnapshot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scene, order := rapid.Uint64Range(1, 1000).Draw(t, "scene"), rapid.Uint64().Draw(t, "order")
		cut := rapid.IntRange(0, 45).Draw(t, "cut")
		run := func(restore bool) mtt.State {
			tr, err := mtt.New(patient(6 * time.Second))
			if err != nil {
				t.Fatal(err)
			}
			tr = play(t, tr, scene, order, 8, func(tr *mtt.Tracker, now int) *mtt.Tracker {
				if !restore || now != cut {
					return tr
				}
				raw, err := json.Marshal(tr.Snapshot())
				if err != nil {
					t.Fatal(err)
				}
				var s mtt.State
				if err := json.Unmarshal(raw, &s); err != nil {
					t.Fatal(err)
				}
				other, err := mtt.Restore(patient(6*time.Second), s)
				if err != nil {
					t.Fatal(err)
				}
				return other
			})
			return tr.Snapshot()
		}
		if diff := cmp.Diff(run(false), run(true)); diff != "" {
			t.Fatalf("restored at %d it differs:\n%s", cut, diff)
		}
	})
}

// A log that is spoilt must not be believed.
func TestRestoreRefusesASpoiltLog(t *testing.T) {
	tr, err := mtt.New(patient(10 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	start := geo.Direct(placeA, 90, 60_000)
	for i := range 20 {
		at := float64(i)
		observe(tr, claimOf(at, 1, straight(start, 90, 200, at)), polarOf(at, radarA, straight(start, 0, 200, at), 5000, nil))
		tr.Advance(sec(at), nil)
	}
	for name, spoil := range map[string]func(*mtt.LogState){
		"lengths differ":            func(l *mtt.LogState) { l.Keys = l.Keys[1:] },
		"keys out of order":         func(l *mtt.LogState) { l.Keys[0], l.Keys[5] = l.Keys[5], l.Keys[0] },
		"a measurement is none":     func(l *mtt.LogState) { l.Measurements[0].Sensor = 9 },
		"it is stale from before":   func(l *mtt.LogState) { l.Stale = l.At },
		"a checkpoint is stale":     func(l *mtt.LogState) { l.Stale = l.Points[len(l.Points)-1] },
		"a checkpoint at no tick":   func(l *mtt.LogState) { l.Points[0]++ },
		"a sweep of no sensor":      func(l *mtt.LogState) { l.Sweeps = []mtt.KeyedSweep{{Sweep: mtt.Sweep{Sensor: 7}}} },
		"its beginning is no state": func(l *mtt.LogState) { l.Base.Version = 9 },
	} {
		t.Run(name, func(t *testing.T) {
			s := tr.Snapshot()
			if len(s.Log.Points) == 0 || len(s.Log.Keys) < 6 {
				t.Fatalf("a log of %d checkpoints", len(s.Log.Points))
			}
			spoil(s.Log)
			if _, err := mtt.Restore(patient(10*time.Second), s); err == nil {
				t.Error("Restore accepted it")
			}
		})
	}
	t.Run("other sensors begin another log", func(t *testing.T) {
		cfg := patient(10 * time.Second)
		cfg.Sensors = slices.Delete(cfg.Sensors, radarB, radarB+1)
		got, err := mtt.Restore(cfg, tr.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		if s := got.Snapshot(); got.Len() != tr.Len() || len(s.Log.Measurements) != 0 || s.Log.At != sec(19).UnixNano() {
			t.Errorf("%d tracks, a log of %d measurements from %d", got.Len(), len(s.Log.Measurements), s.Log.At)
		}
	})
}

// An aircraft keeps its number when what comes late shows that it was there
// before, and nothing is told twice.
func TestNumbersStayOverARollback(t *testing.T) {
	tr, err := mtt.New(patient(10 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	start := geo.Direct(placeA, 90, 60_000)
	var events []mtt.Event
	for i := 4; i < 12; i++ {
		at := float64(i)
		observe(tr, claimOf(at-0.1, 1, straight(start, 90, 200, at-0.1)))
		events = tr.Advance(sec(at), events)
	}
	want := []mtt.Event{{Track: 1, Kind: mtt.Started}, {Track: 1, Kind: mtt.NowConfirmed}}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Fatal(diff)
	}
	// Four more, the oldest last; as they come, each is too late for the track.
	for i := 3; i >= 0; i-- {
		at := float64(i) + 2.5
		observe(tr, claimOf(at, 1, straight(start, 90, 200, at)))
		if got := tr.Advance(sec(12.2), nil); len(got) != 0 {
			t.Errorf("events %+v", got)
		}
	}
	e, ok := tr.Estimate(1)
	if !ok || tr.Len() != 1 || e.Hits != 12 || !e.FirstSeen.Equal(sec(2.5)) || tr.Stats().Log.Rollbacks != 4 {
		t.Errorf("%d tracks, track 1 %+v, %d rollbacks", tr.Len(), e, tr.Stats().Log.Rollbacks)
	}
	if n := tr.Stats().Verdicts; n[mtt.NewTrack] != 1 || n[mtt.Updated] != 11 {
		t.Errorf("verdicts %v, want one new track and eleven updates", n)
	}
	if got := tr.Revised(nil); !slices.Equal(got, []mtt.ID{1}) || len(tr.Revised(nil)) != 0 {
		t.Errorf("revised are %v", got)
	}
}

// An aircraft turns so hard that what is seen of it next begins another track.
// When what was seen of the turn comes, that track is gone, and it is said which
// one it was.
func TestATrackThatWasNoneIsJoined(t *testing.T) {
	tr, err := mtt.New(patient(20 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	at := func(s float64) mtt.Measurement {
		const v, rate, turns = 600, 7.5 * math.Pi / 180, 8
		on := math.Max(0, s-turns) * rate
		p := geo.Direct(straight(placeB, 90, v, math.Min(s, turns)), 90, geo.Metres(v/rate*math.Sin(on)))
		m := claimOf(s, 0, geo.Direct(p, 0, geo.Metres(v/rate*(1-math.Cos(on)))))
		m.Has, m.SigmaPos = mtt.HasPosition, 60
		return m
	}
	var events []mtt.Event
	for s := 0.0; s <= 21; s++ {
		if s <= 8 || s >= 20 {
			observe(tr, at(s))
		}
		events = tr.Advance(sec(s), events)
	}
	if tr.Len() != 2 {
		t.Fatalf("%d tracks, want two", tr.Len())
	}
	for s := 19.0; s > 8; s-- {
		observe(tr, at(s))
	}
	events = tr.Advance(sec(21.5), events[:0])
	if last := events[len(events)-1]; last != (mtt.Event{Track: 2, Kind: mtt.Merged, Into: 1}) || tr.Len() != 1 {
		t.Fatalf("%d tracks, events %+v", tr.Len(), events)
	}
	if e, _ := tr.Estimate(1); e.Hits != 22 || apart(e.Pos, at(21).Pos) > 80 {
		t.Errorf("it is %+v", e)
	}
}

func TestOlderThanTheLogIsNoRollback(t *testing.T) {
	tr, err := mtt.New(patient(5 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	start := geo.Direct(placeA, 90, 60_000)
	for i := range 30 {
		at := float64(i)
		observe(tr, claimOf(at, 1, straight(start, 90, 200, at)))
		tr.Advance(sec(at), nil)
	}
	before, _ := tr.Estimate(1)
	out := observe(tr, claimOf(3, 1, straight(start, 90, 200, 3)))
	tr.Sweep(mtt.Sweep{Time: sec(3), Sensor: radarA})
	tr.Advance(sec(30), nil)
	after, _ := tr.Estimate(1)
	if st := tr.Stats(); out[0] != (mtt.Outcome{Verdict: mtt.TooLate, Track: 1}) || st.Log.Beyond != 2 || st.Log.Rollbacks != 0 || st.Verdicts[mtt.TooLate] != 1 {
		t.Errorf("outcome %+v, stats %+v", out, st)
	}
	if after.Pos != before.Pos || after.Hits != before.Hits+1 {
		t.Errorf("it was %+v, is %+v", before, after)
	}
	// It is not forgotten by the next rollback.
	observe(tr, claimOf(28.5, 1, straight(start, 90, 200, 28.5)))
	tr.Advance(sec(31), nil)
	if e, _ := tr.Estimate(1); e.Hits != before.Hits+2 || tr.Stats().Verdicts[mtt.TooLate] != 1 {
		t.Errorf("after a rollback it is %+v", e)
	}
}

func TestTheLogIsBoundedAndCounted(t *testing.T) {
	cfg := patient(10 * time.Second)
	cfg.MaxLog, cfg.MaxTracks = 500, 300
	tr, err := mtt.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(6, 6))
	given := uint64(0)
	for now := range 40 {
		n := []int{50, 400, 900}[now%3]
		ms := make([]mtt.Measurement, n)
		for i := range ms {
			p := geo.Direct(placeA, geo.Degrees(360*rng.Float64()), geo.Metres(5000+300_000*rng.Float64()))
			ms[i] = polarOf(float64(now)-3*rng.Float64(), radarA, p, 5000, rng)
			tr.Sweep(mtt.Sweep{Time: ms[i].Time, Sensor: radarA, Azimuth: 10})
		}
		given += uint64(n)
		observe(tr, ms...)
		tr.Advance(sec(float64(now)), nil)
		if l := tr.Snapshot().Log; len(l.Measurements)+len(l.Sweeps) > cfg.MaxLog || len(l.Points) > 6 || len(l.Ticks) > 20 {
			t.Fatalf("a log of %d measurements, %d sweeps, %d checkpoints, %d ticks", len(l.Measurements), len(l.Sweeps), len(l.Points), len(l.Ticks))
		}
	}
	st, sum := tr.Stats(), uint64(0)
	for _, n := range st.Verdicts {
		sum += n
	}
	if st.Log.Shed == 0 || sum != given || !tr.Sound() {
		t.Errorf("%d of %d counted, stats %+v", sum, given, st)
	}
}

// Rollbacks of a crowd wait until they are paid for by what comes in order, or
// until it is time.
func TestRollbacksCostNoMoreThanTheyMay(t *testing.T) {
	tr, err := mtt.New(patient(10 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	given := uint64(0)
	for now := range 60 {
		var ms []mtt.Measurement
		for i := range 3000 {
			at := float64(now) + 0.5
			if i == 0 && now > 3 {
				at -= 3 // one is late
			}
			p := geo.Point{LatDeg: 20 + float64(i/50)/10, LonDeg: 120 + float64(i%50)/10}
			ms = append(ms, claimOf(at, uint32(i+1), straight(p, 90, 100, at)))
		}
		given += uint64(len(ms))
		observe(tr, ms...)
		tr.Advance(sec(float64(now+1)), nil)
	}
	if st := tr.Stats().Log; st.Rollbacks < 10 || st.Replayed > 2*given+60*2000 {
		t.Errorf("%d measurements, %+v", given, st)
	}
}

// A sweep that comes late counts where it belongs.
func TestALateSweepCounts(t *testing.T) {
	run := func(late int) []mtt.SensorState {
		tr, err := mtt.New(patient(10 * time.Second))
		if err != nil {
			t.Fatal(err)
		}
		for now := range 12 {
			if now == 4 || now == late {
				tr.Sweep(mtt.Sweep{Time: sec(float64(min(now, 8)) - 0.5), Sensor: radarA, Azimuth: 10, Period: 4 * time.Second})
			}
			tr.Advance(sec(float64(now)), nil)
		}
		return tr.Snapshot().Sensors
	}
	if diff := cmp.Diff(run(8), run(11)); diff != "" || cmp.Equal(run(8), run(99)) {
		t.Errorf("late it is otherwise:\n%s", diff)
	}
}

// A track whose end was told before a report came that it was still there comes
// back under another number, and has its address.
func TestWhoComesBackIsAnother(t *testing.T) {
	cfg := patient(10 * time.Second)
	cfg.LostFor = time.Second
	cfg.Sensors[adsb].CoastAfter, cfg.Sensors[adsb].LostAfter = 2*time.Second, 3*time.Second
	tr, err := mtt.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	start := geo.Direct(placeA, 90, 60_000)
	var events []mtt.Event
	for now := range 14 {
		if at := float64(now); now <= 5 {
			observe(tr, claimOf(at, 1, straight(start, 90, 200, at)))
		}
		events = tr.Advance(sec(float64(now)), events)
	}
	if last := events[len(events)-1]; last != (mtt.Event{Track: 1, Kind: mtt.Dropped}) || tr.Len() != 0 {
		t.Fatalf("events %+v", events)
	}
	for at := 6.0; at < 13; at++ {
		observe(tr, claimOf(at, 1, straight(start, 90, 200, at)))
	}
	events = tr.Advance(sec(13.5), events[:0])
	ids := tr.Lookup(1, false, nil)
	if len(ids) != 1 || ids[0] == 1 || tr.Len() != 1 {
		t.Fatalf("%d tracks, of the address %v, events %+v", tr.Len(), ids, events)
	}
	if out := observe(tr, claimOf(14, 1, straight(start, 90, 200, 14))); out[0] != (mtt.Outcome{Verdict: mtt.Updated, Track: ids[0]}) {
		t.Errorf("outcome %+v", out)
	}
	if e, _ := tr.Estimate(ids[0]); e.Hits != 14 || !e.FirstSeen.Equal(sec(0)) {
		t.Errorf("it is %+v", e)
	}
}

// A time in the future must not keep the log from its work.
func TestTheFutureDoesNotMoveTheLog(t *testing.T) {
	tr, err := mtt.New(patient(10 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	start := geo.Direct(placeA, 90, 60_000)
	for i := range 30 {
		at := float64(i)
		if i == 10 {
			observe(tr, claimOf(1e7, 9, placeB))
		}
		observe(tr, claimOf(at, 1, straight(start, 90, 200, at)))
		tr.Advance(sec(at), nil)
	}
	observe(tr, claimOf(26.5, 1, straight(start, 90, 200, 26.5)))
	tr.Advance(sec(30), nil)
	if e, _ := tr.Estimate(1); e.Hits != 31 || tr.Stats().Log.Beyond != 0 || tr.Stats().Verdicts[mtt.TooLate] != 0 {
		t.Errorf("%+v, %+v", e, tr.Stats())
	}
	// Ticks pass by what stands 5 s ahead, and two plots were late, one of them
	// for what stands ahead alone.
	if n := tr.Stats().Log.Rollbacks; n > 7 {
		t.Errorf("%d rollbacks", n)
	}
}

// While nothing comes late, a rollback is not near, and copies of all tracks are
// few; what comes late makes them close again.
func TestCheckpointsAreFewWhileNothingIsLate(t *testing.T) {
	tr, err := mtt.New(patient(10 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	flown := func(at float64) mtt.Measurement { return claimOf(at, 1, straight(placeA, 90, 200, at)) }
	now := 0.0
	second := func(late float64) []int64 {
		now++
		observe(tr, flown(now-late))
		tr.Advance(sec(now), nil)
		return tr.Snapshot().Log.Points
	}
	for range 40 {
		points := second(0)
		for i := 1; i < len(points); i++ {
			if points[i]-points[i-1] < int64(4*time.Second) {
				t.Fatalf("at %v s, with nothing late: checkpoints at %v", now, points)
			}
		}
	}
	// The first rollback goes back farther, and leaves checkpoints behind.
	second(1.5)
	if st := tr.Stats().Log; st.Rollbacks != 1 || st.Replayed > 7 {
		t.Errorf("the first rollback: %+v", st)
	}
	for range 9 {
		if points := second(0); points[len(points)-1] != sec(now).UnixNano() {
			t.Fatalf("at %v s, soon after late data: checkpoints at %v", now, points)
		}
	}
	had := tr.Stats().Log
	second(1.5)
	if st := tr.Stats().Log; st.Rollbacks != 2 || st.Replayed-had.Replayed > 4 {
		t.Errorf("the second rollback: %+v after %+v", st, had)
	}
}

// What is late is put right as it comes, once between two calls of Advance;
// where more comes after it, that waits for Advance.
func TestALateBatchIsPutRightAtOnce(t *testing.T) {
	tr, err := mtt.New(patient(10 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	flown := func(at float64) mtt.Measurement { return claimOf(at, 1, straight(placeA, 90, 200, at)) }
	rollbacks := func(want uint64, what string) {
		t.Helper()
		if got := tr.Stats().Log.Rollbacks; got != want {
			t.Errorf("%s: %d rollbacks, want %d", what, got, want)
		}
	}
	for at := 1.0; at <= 20; at++ {
		if at != 18 {
			observe(tr, flown(at))
		}
		tr.Advance(sec(at), nil)
	}
	out := observe(tr, flown(18), claimOf(20.5, 2, placeB))
	rollbacks(1, "a late batch")
	if e, _ := tr.Estimate(1); e.Hits != 20 || out[0] != (mtt.Outcome{Verdict: mtt.Updated, Track: 1}) || out[1] != (mtt.Outcome{Verdict: mtt.NewTrack, Track: 2}) {
		t.Errorf("%d hits, outcomes %+v", e.Hits, out)
	}
	if got := tr.Advance(sec(21), nil); len(got) != 1 || got[0] != (mtt.Event{Track: 2, Kind: mtt.Started}) {
		t.Errorf("events %+v", got)
	}
	rollbacks(1, "Advance after it")

	observe(tr, flown(20.2))
	if tr, err = mtt.Restore(patient(10*time.Second), tr.Snapshot()); err != nil {
		t.Fatal(err)
	}
	observe(tr, flown(20.3))
	rollbacks(2, "two late batches")
	tr.Advance(sec(20), nil)
	rollbacks(2, "a step that ends before the last tick")
	tr.Advance(sec(22), nil)
	rollbacks(3, "Advance")
	observe(tr, flown(21.2))
	rollbacks(3, "a late batch soon after two")
	tr.Advance(sec(23), nil)
	rollbacks(4, "Advance")
	for at := 24.0; at <= 33; at++ {
		tr.Advance(sec(at), nil)
	}
	observe(tr, flown(32.2))
	rollbacks(5, "a late batch long after two")
}

// Where all is late by up to two and a half seconds, a rollback goes back by
// three or so, and leaves no more checkpoints than it must.
func TestARollbackGoesBackNoFartherThanItMust(t *testing.T) {
	tr, err := mtt.New(patient(10 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	const each = 20
	given, had := 0, mtt.LogStats{}
	for now := 1; now <= 60; now++ {
		var ms []mtt.Measurement
		for i := range each {
			at := float64(now) - 0.1 - 2.4*float64(i)/each
			ms = append(ms, claimOf(at, uint32(i+1), straight(placeA, 90, 100+10*float64(i), at)))
		}
		observe(tr, ms...)
		tr.Advance(sec(float64(now)), nil)
		if given += each; now == 20 {
			given, had = 0, tr.Stats().Log
		}
		if l := tr.Snapshot().Log; len(l.Points) > 5 || now > 20 && len(l.Measurements) > 18*each {
			t.Fatalf("%d checkpoints, a log of %d measurements", 1+len(l.Points), len(l.Measurements))
		}
	}
	st := tr.Stats().Log
	again := float64(st.Replayed-had.Replayed) / float64(given)
	if st.Rollbacks-had.Rollbacks != 40 || again > 2.4 {
		t.Errorf("%d rollbacks, each measurement processed %.1f times", st.Rollbacks-had.Rollbacks, again)
	}
}
