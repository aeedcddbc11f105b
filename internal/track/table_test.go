// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// seen is a position without identity.
func seen(at float64, p geo.Point) plot.Plot {
	return plot.Plot{
		Time: stamp(at), Source: "mlat", Seq: uint64(at * 10), Kind: plot.MLAT, Domain: plot.Air,
		Has: plot.HasPosition, Pos: p, SigmaPos: 30,
	}
}

// told is an aircraft's own report.
func told(at float64, address uint32, p geo.Point) plot.Plot {
	return plot.Plot{
		Time: stamp(at), Source: "adsb", Seq: uint64(at*1000) + uint64(address), Kind: plot.ADSB, Domain: plot.Air,
		Has: plot.HasPosition | plot.HasAddress, Pos: p, SigmaPos: 10, Address: address,
	}
}

func straight(start geo.Point, course geo.Degrees, knots geo.Knots, at float64) geo.Point {
	return geo.Direct(start, course, geo.Metres(float64(knots.MetresPerSecond())*at))
}

var start = geo.Point{LatDeg: 24.2, LonDeg: 122.4}

func TestConfigIsChecked(t *testing.T) {
	tests := map[string]func(*track.Config){
		"it needs history":           func(c *track.Config) { c.History = 0 },
		"it needs a step":            func(c *track.Config) { c.HistoryStep = 0 },
		"it needs a gate":            func(c *track.Config) { c.Partner.Gate = math.NaN() },
		"it needs votes":             func(c *track.Config) { c.Partner.Votes = 6 },
		"it needs a course":          func(c *track.Config) { c.Partner.MaxCourse = 0 },
		"it needs limits":            func(c *track.Config) { c.Partner.MaxTracks = 0 },
		"a radar is listed once":     func(c *track.Config) { c.Sensors = append(c.Sensors, c.Sensors[0]) },
		"a radar turns":              func(c *track.Config) { c.Sensors[0].Period = 0 },
		"a radar has a range":        func(c *track.Config) { c.Sensors[0].MaxRange = 0 },
		"a radar stands on Earth":    func(c *track.Config) { c.Sensors[0].Pos.LatDeg = 100 },
		"a lost track is kept a bit": func(c *track.Config) { c.LostFor = -1 },
	}
	good := func() track.Config { return config(makeRadar("a", start)) }
	if err := good().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := good()
			spoil(&cfg)
			if cfg.Validate() == nil {
				t.Error("Validate accepted it")
			}
		})
	}
}

func TestUpdateTellsALife(t *testing.T) {
	tb := track.NewTable(track.DefaultConfig())
	var got []track.Change
	last := track.Change{}
	for i := range 60 * 45 {
		var plots []plot.Plot
		if i < 10 || i >= 200 && i < 203 {
			p := told(float64(i), 0x899123, straight(start, 90, 400, float64(i)))
			p.Has |= plot.HasCallsign | plot.HasHeight | plot.HasModeA
			p.Callsign, p.Height, p.HeightKind, p.ModeA = "EVA123", 31_000, plot.Barometric, 0o7700
			p.Emergency = i < 5
			plots = append(plots, p)
		}
		for _, c := range tb.Update(plots, nil, stamp(float64(i)+0.5)) {
			if c != last {
				got, last = append(got, c), c
			}
		}
		if i == 9 {
			tr, ok := tb.Get(1)
			if !ok || tr.State != track.Confirmed || tr.Address != 0x899123 || tr.Callsign != "EVA123" || tr.HeightKind != plot.Barometric ||
				math.Abs(float64(tr.Height-31_000)) > 1 || tr.Sources != 1<<plot.ADSB || !tr.Emergency || tr.Plots != 10 || tr.ModeA != 0o7700 {
				t.Errorf("track %+v", tr)
			}
			if math.Abs(float64(tr.Speed-400)) > 20 || math.Abs(float64((tr.Course-90).Norm180())) > 3 {
				t.Errorf("speed %.0f kt, course %.0f°", tr.Speed, tr.Course)
			}
			if tr.Reported != straight(start, 90, 400, 9) {
				t.Errorf("reported %v", tr.Reported)
			}
		}
	}
	want := []track.Change{
		{Number: 1, Kind: track.New},
		{Number: 1, Kind: track.NowConfirmed},
		{Number: 1, Kind: track.Updated},
		{Number: 1, Kind: track.NowCoasting},
		{Number: 1, Kind: track.NowLost},
		{Number: 1, Kind: track.NowConfirmed},
		{Number: 1, Kind: track.Updated},
		{Number: 1, Kind: track.NowCoasting},
		{Number: 1, Kind: track.NowLost},
		{Number: 1, Kind: track.Dropped},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes differ (-want +got):\n%s", diff)
	}
	if _, ok := tb.Get(1); ok || tb.Len() != 0 {
		t.Error("the dropped track is still there")
	}
}

func TestAtTellsThePast(t *testing.T) {
	tb := track.NewTable(track.DefaultConfig())
	truth := func(at float64) geo.Point { return straight(start, 140, 95, at) }
	kept := map[int]geo.Point{}
	for i := range 3600 {
		if i%12 == 0 {
			tb.Update([]plot.Plot{seen(float64(i), truth(float64(i)))}, nil, stamp(float64(i)+1))
		}
		if i%300 == 100 && i > 100 {
			p, ok := tb.At(1, stamp(float64(i-60)))
			if !ok {
				t.Fatalf("At %d s is unknown at %d s", i-60, i)
			}
			kept[i-60] = p
		}
	}
	for at, want := range kept {
		got, ok := tb.At(1, stamp(float64(at)))
		if at < 3600-1900 {
			continue // beyond the history
		}
		if !ok || got != want {
			t.Errorf("At %d s = %v, %v; it was %v before", at, got, ok, want)
		}
		if d, _ := geo.Inverse(got, truth(float64(at))); d > 60 {
			t.Errorf("At %d s is %.0f m off", at, d)
		}
	}
	tests := map[string]struct {
		at float64
		ok bool
	}{
		"long before it began":     {at: -600},
		"before the history":       {at: 300},
		"now":                      {at: 3588, ok: true},
		"soon":                     {at: 3650, ok: true},
		"long after its last plot": {at: 4000},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			p, ok := tb.At(1, stamp(tc.at))
			if ok != tc.ok {
				t.Fatalf("At = %v, %v", p, ok)
			}
			if d, _ := geo.Inverse(p, truth(tc.at)); ok && d > 100 {
				t.Errorf("it is %.0f m off", d)
			}
		})
	}
	if _, ok := tb.At(77, stamp(100)); ok {
		t.Error("At knows a track that is not there")
	}
}

func TestAtCrossesTheDateLine(t *testing.T) {
	tb := track.NewTable(track.DefaultConfig())
	truth := func(at float64) geo.Point { return straight(geo.Point{LatDeg: 10, LonDeg: 179.9}, 90, 300, at) }
	for i := range 300 {
		tb.Update([]plot.Plot{seen(float64(i), truth(float64(i)))}, nil, stamp(float64(i)+1))
	}
	for i := 10; i < 300; i += 7 {
		p, ok := tb.At(1, stamp(float64(i)+0.5))
		if d, _ := geo.Inverse(p, truth(float64(i)+0.5)); !ok || d > 60 {
			t.Fatalf("At %d s = %v, %v: %.0f m off", i, p, ok, d)
		}
	}
}

func TestABarometricHeightIsNotOverwritten(t *testing.T) {
	tb := track.NewTable(track.DefaultConfig())
	for i := range 10 {
		p := told(float64(i), 0x899123, straight(start, 90, 400, float64(i)))
		p.Has |= plot.HasHeight
		p.Height, p.HeightKind = 31_000, plot.Barometric
		if i == 0 || i > 7 {
			p.Height, p.HeightKind = 31_900, plot.Geometric
		}
		tb.Update([]plot.Plot{p}, nil, stamp(float64(i)))
		want := plot.Barometric
		if i == 0 {
			want = plot.Geometric
		}
		if tr, _ := tb.Get(1); tr.HeightKind != want {
			t.Errorf("at %d s the height is %.0f ft of kind %d, want kind %d", i, tr.Height, tr.HeightKind, want)
		}
	}
	if tr, _ := tb.Get(1); math.Abs(float64(tr.Height-31_000)) > 500 {
		t.Errorf("height is %.0f ft, want about 31000", tr.Height)
	}
}

func TestLiveAndExerciseNeverMix(t *testing.T) {
	tb := track.NewTable(track.DefaultConfig())
	for i := range 10 {
		p := told(float64(i), 0x899123, straight(start, 90, 400, float64(i)))
		q := p
		q.Source, q.Exercise = "sim", true
		tb.Update([]plot.Plot{p, q}, nil, stamp(float64(i)+0.5))
	}
	all := tb.All(nil)
	if len(all) != 2 || all[0].Exercise == all[1].Exercise || all[0].Flags != 0 && all[0].Exercise {
		t.Errorf("tracks %+v, want one live and one of the exercise", all)
	}
}

// Plots that come seconds late must end in the tracks of plots in order, and be
// told as changes.
func TestLatePlotsPutTracksRight(t *testing.T) {
	play := func(late float64) (*track.Table, int) {
		tb := track.NewTable(track.DefaultConfig())
		changes := 0
		for n := range 30 {
			now := float64(n)
			var plots []plot.Plot
			plots = append(plots, told(now, 1, straight(start, 90, 400, now)))
			if from := now - late; n%5 == 4 && from >= 0 {
				plots = append(plots, told(from+0.5, 1, straight(start, 90, 400, from+0.6))) // a little ahead
			}
			for _, c := range tb.Update(plots, nil, stamp(now+0.9)) {
				if c.Kind == track.Updated {
					changes++
				}
			}
		}
		for n := 30; n < 36; n++ {
			tb.Tick(stamp(float64(n)))
		}
		return tb, changes
	}
	late, changes := play(3)
	if changes != 29 {
		t.Errorf("%d changes, want one a second after the first", changes)
	}
	inOrder := track.NewTable(track.DefaultConfig())
	var all []plot.Plot
	for n := range 30 {
		now := float64(n)
		all = append(all, told(now, 1, straight(start, 90, 400, now)))
		if n%5 == 4 {
			all = append(all, told(now-2.5, 1, straight(start, 90, 400, now-2.4)))
		}
	}
	slices.SortFunc(all, func(a, b plot.Plot) int { return a.Time.Compare(b.Time) })
	for n := range 30 {
		i := 0
		for i < len(all) && !all[i].Time.After(stamp(float64(n)+0.9)) {
			i++
		}
		inOrder.Update(all[:i], nil, stamp(float64(n)+0.9))
		all = all[i:]
	}
	a, b := late.All(nil), inOrder.All(nil)
	if len(a) != 1 || len(b) != 1 || a[0].Pos != b[0].Pos || a[0].SigmaPos != b[0].SigmaPos {
		t.Errorf("late: %+v\nin order: %+v", a, b)
	}
}

func TestIdentityIsAPersons(t *testing.T) {
	tb := track.NewTable(track.DefaultConfig())
	for i := range 3 {
		tb.Update([]plot.Plot{seen(float64(i), start)}, nil, stamp(float64(i)))
	}
	id := track.Identity{Standard: "suspect", Type: "BZK-005", Presumed: true, By: "lin", At: stamp(5)}
	if err := tb.SetIdentity(1, id); err != nil {
		t.Fatal(err)
	}
	if tr, _ := tb.Get(1); tr.Identity != id {
		t.Errorf("identity = %+v", tr.Identity)
	}
	if tb.SetIdentity(2, id) == nil {
		t.Error("a track that is not there took it")
	}
	if tb.SetIdentity(1, track.Identity{Standard: "enemy"}) == nil {
		t.Error("a word that is not a standard identity was taken")
	}
}

func TestWhoTellsNoPositionIsHeard(t *testing.T) {
	tb := track.NewTable(track.DefaultConfig())
	p := plot.Plot{Time: stamp(1), Source: "adsb", Seq: 1, Kind: plot.ADSB, Domain: plot.Air, Has: plot.HasAddress | plot.HasModeA, Address: 0x4d2023, ModeA: 0o0112}
	q := p
	q.Seq, q.Time, q.Has, q.Callsign = 2, stamp(2), plot.HasAddress|plot.HasCallsign, "AMC421"
	none := p
	none.Seq, none.Address = 3, 0
	tb.Update([]plot.Plot{q, p, none}, nil, stamp(3))
	want := []track.Heard{{Address: 0x4d2023, FirstSeen: stamp(1), Time: stamp(2), HasModeA: true, ModeA: 0o0112, Callsign: "AMC421", Plots: 2}}
	if diff := cmp.Diff(want, tb.Heard(nil)); diff != "" {
		t.Errorf("heard differs (-want +got):\n%s", diff)
	}
	tb.Update([]plot.Plot{told(4, 0x4d2023, start)}, nil, stamp(5))
	if got := tb.Heard(nil); len(got) != 0 || tb.Len() != 1 {
		t.Errorf("heard %+v and %d tracks, want one track", got, tb.Len())
	}
	// What it tells without a position then goes to its track.
	q.Time, q.Seq = stamp(6), 9
	tb.Update([]plot.Plot{q}, nil, stamp(7))
	if tr, _ := tb.Get(1); tr.Callsign != "AMC421" || tr.Plots != 2 {
		t.Errorf("track %+v", tr)
	}
}

func TestAnUnknownRadarIsRefusedAndCounted(t *testing.T) {
	r := makeRadar("a", start)
	tb := track.NewTable(config(r))
	w := &world{rng: rand.New(rand.NewPCG(1, 1))}
	p := w.plot(&r, 1, 50_000, 30)
	p.Sensor = "b"
	q := w.plot(&r, 2, 500_000, 30)
	bad := plot.Plot{Time: stamp(3), Kind: 99}
	tb.Update([]plot.Plot{p, q, bad}, nil, stamp(3))
	want := map[string]uint64{"unknown sensor": 2, "out of range": 1}
	if diff := cmp.Diff(want, tb.Stats().Refused); diff != "" || tb.Len() != 0 {
		t.Errorf("refused differs (-want +got):\n%s", diff)
	}
}

// script is a stretch of all kinds of input in steps of two seconds.
func script(seed uint64) (track.Config, [][]plot.Plot, [][]plot.Sweep) {
	w := &world{rng: rand.New(rand.NewPCG(seed, 2)), objects: traffic(), radars: []radar{makeRadar("a", start), makeRadar("b", geo.Point{LatDeg: 24.4, LonDeg: 123.1})}}
	var plots [][]plot.Plot
	var sweeps [][]plot.Sweep
	for sec := 0; sec < 300; sec += 2 {
		p, s := w.second(sec)
		q, r := w.second(sec + 1)
		plots, sweeps = append(plots, append(p, q...)), append(sweeps, append(s, r...))
	}
	return config(w.radars...), plots, sweeps
}

type playback struct {
	Changes []track.Change
	Tracks  []track.Track
	Joined  []track.Association
}

// play runs a script; each step's plots are shuffled with shuffle, and the
// table goes through a snapshot in JSON after step cut.
func play(t *rapid.T, seed uint64, shuffle *rand.Rand, cut int) playback {
	cfg, plots, sweeps := script(seed)
	tb := track.NewTable(cfg)
	var out playback
	f := flight{bias: 6000}
	for i := range plots {
		now := stamp(float64(2*i + 2))
		if shuffle != nil {
			shuffle.Shuffle(len(plots[i]), func(a, b int) { plots[i][a], plots[i][b] = plots[i][b], plots[i][a] })
		}
		if i%15 == 0 {
			body := f.body(float64(2*i), 30)
			tb.PartnerUpdate("jp", objectID(1), &body, false, now)
		}
		out.Changes = append(out.Changes, tb.Update(plots[i], sweeps[i], now)...)
		if i == cut {
			tb = throughJSON(t, cfg, tb)
		}
	}
	out.Tracks, out.Joined = tb.All(nil), tb.Associations()
	return out
}

func throughJSON(t *rapid.T, cfg track.Config, tb *track.Table) *track.Table {
	raw, err := json.Marshal(tb.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var s track.Snapshot
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	out, err := track.Restore(cfg, s)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tb.Snapshot(), out.Snapshot()); diff != "" {
		t.Fatalf("snapshot of the restored differs:\n%s", diff)
	}
	return out
}

func TestReplayOrderAndRestoreGiveTheSame(t *testing.T) {
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		if n++; n > 8 {
			return // each case is a whole stretch of traffic
		}
		seed, cut := rapid.Uint64().Draw(t, "seed"), rapid.IntRange(0, 140).Draw(t, "cut")
		want := play(t, seed, nil, -1)
		if len(want.Tracks) < 5 {
			t.Fatalf("only %d tracks", len(want.Tracks))
		}
		if diff := cmp.Diff(want, play(t, seed, nil, -1)); diff != "" {
			t.Fatalf("replay differs:\n%s", diff)
		}
		if diff := cmp.Diff(want, play(t, seed, rand.New(rand.NewPCG(seed, 3)), -1)); diff != "" {
			t.Fatalf("another order of plots differs:\n%s", diff)
		}
		if diff := cmp.Diff(want, play(t, seed, nil, cut)); diff != "" {
			t.Fatalf("restored after step %d it differs:\n%s", cut, diff)
		}
	})
}

func TestRestoreRefusesWhatIsSpoilt(t *testing.T) {
	tb := track.NewTable(track.DefaultConfig())
	for i := range 5 {
		tb.Update([]plot.Plot{told(float64(i), 1, start), told(float64(i), 2, geo.Point{LatDeg: 26, LonDeg: 122})}, nil, stamp(float64(i)))
	}
	tests := map[string]func(*track.Snapshot){
		"another version":      func(s *track.Snapshot) { s.Version = 0 },
		"numbers out of order": func(s *track.Snapshot) { slices.Reverse(s.Tracks) },
		"a track without one":  func(s *track.Snapshot) { s.Tracks = s.Tracks[:1] },
		"a spoilt tracker":     func(s *track.Snapshot) { s.Tracker.Version = 0 },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			s := tb.Snapshot()
			spoil(&s)
			if _, err := track.Restore(track.DefaultConfig(), s); err == nil {
				t.Error("Restore accepted it")
			}
		})
	}
}

func TestNumbersAreNeverUsedAgain(t *testing.T) {
	cfg := track.DefaultConfig()
	cfg.LostFor = 0
	tb := track.NewTable(cfg)
	used := map[track.Number]bool{}
	for round := range 20 {
		base := float64(round * 600)
		for _, c := range tb.Update([]plot.Plot{seen(base, start)}, nil, stamp(base)) {
			if c.Kind == track.New {
				if used[c.Number] {
					t.Fatalf("number %d came again", c.Number)
				}
				used[c.Number] = true
			}
		}
		tb.Tick(stamp(base + 300))
		tb.Tick(stamp(base + 400))
	}
	if len(used) != 20 || tb.Len() != 0 {
		t.Errorf("%d numbers, %d tracks left", len(used), tb.Len())
	}
}

func BenchmarkUpdate(b *testing.B) {
	w := &world{rng: rand.New(rand.NewPCG(1, 1)), radars: []radar{makeRadar("a", start), makeRadar("b", geo.Point{LatDeg: 24.4, LonDeg: 123.1})}}
	for i := range 300 {
		p := geo.Direct(start, geo.Degrees(w.rng.Float64()*360), geo.Metres(w.rng.Float64()*350_000))
		o := object{kind: plot.ADSB, height: 9000, knots: 400, address: uint32(i + 1)}
		if i%3 == 0 {
			o.kind = plot.Radar
		}
		w.objects = append(w.objects, fly(p, geo.Degrees(w.rng.Float64()*360), o, leg{seconds: 121}))
	}
	var plots [][]plot.Plot
	var sweeps [][]plot.Sweep
	total := 0
	for sec := range 120 {
		p, s := w.second(sec)
		plots, sweeps, total = append(plots, p), append(sweeps, s), total+len(p)
	}
	b.ReportAllocs()
	for b.Loop() {
		tb := track.NewTable(config(w.radars...))
		for i := range plots {
			tb.Update(plots[i], sweeps[i], stamp(float64(i+1)))
		}
	}
	b.ReportMetric(float64(total)*float64(b.N)/b.Elapsed().Seconds(), "plots/s")
}
