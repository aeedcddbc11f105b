// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track_test

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
	"github.com/kuroshio-watch/kuroshio/gospa"
	"github.com/kuroshio-watch/kuroshio/internal/fuse"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// side is one party: its own sensors, its own tracker, its own picture.
type side struct {
	id    party.ID
	world world
	table *track.Table
	off   geo.Metres    // its places lie so far to the east
	late  time.Duration // its clock is so late
}

func newSide(id party.ID, seed uint64, objects []object, r radar) *side {
	return &side{
		id: id, world: world{rng: rand.New(rand.NewPCG(seed, 31)), objects: objects, radars: []radar{r}},
		table: track.NewTable(config(r)),
	}
}

// heardWithin is how far self-reports are heard.
const heardWithin = 280_000

// step lets one second pass.
func (s *side) step(sec int) {
	plots, sweeps := s.world.second(sec)
	plots = slices.DeleteFunc(plots, func(p plot.Plot) bool {
		if p.Kind == plot.Radar {
			return false
		}
		d, _ := geo.Inverse(s.world.radars[0].Pos, p.Pos)
		return d > heardWithin
	})
	s.table.Update(plots, sweeps, stamp(float64(sec+1)))
}

// policy is how a side rounds what it tells.
type policy struct {
	grid uint32
	bin  int // s
}

// tell gives the newest bin of every track to another side, as package release
// would: the place at the middle of the bin, on a grid.
func (s *side) tell(to *side, sec int, p policy) {
	if (sec+1)%p.bin != 0 {
		return
	}
	from := stamp(float64(sec + 1 - p.bin))
	for _, tr := range s.table.All(nil) {
		if tr.State != track.Confirmed && tr.State != track.Coasting {
			continue
		}
		pos, ok := s.table.At(tr.Number, from.Add(time.Duration(p.bin)*time.Second/2))
		if !ok {
			continue
		}
		if s.off != 0 {
			pos = geo.Direct(pos, 90, s.off)
		}
		body := record.Track{
			Domain: tr.Domain.String(), Cell: cell(pos, p.grid),
			Bin: record.Bin{Start: from.Add(s.late), Width: time.Duration(p.bin) * time.Second},
		}
		if tr.HasAddress {
			body.Address = &tr.Address
		}
		id := record.ID{0: 1, 14: byte(tr.Number >> 8), 15: byte(tr.Number)}
		to.table.PartnerUpdate(s.id, id, &body, false, stamp(float64(sec+1)))
	}
}

// cell rounds to the middle of a cell.
func cell(p geo.Point, grid uint32) record.Cell {
	high := float64(grid) / 110_570
	lat := (math.Floor(p.LatDeg/high) + 0.5) * high
	wide := high / math.Cos(lat*math.Pi/180)
	lon := (math.Floor(p.LonDeg/wide) + 0.5) * wide
	return record.Cell{LatE5: int32(math.Round(lat * 1e5)), LonE5: int32(math.Round(lon * 1e5)), GridM: grid}
}

// local and fused are the two pictures of a side at a time, as rows for gospa.
func (s *side) local(now time.Time) []gospa.Row {
	var out []gospa.Row
	for _, o := range s.table.Objects() {
		if o.Own != 0 {
			out = s.row(out, track.Object{Own: o.Own}, now)
		}
	}
	return out
}

func (s *side) fused(now time.Time) []gospa.Row {
	var out []gospa.Row
	for _, o := range s.table.Objects() {
		out = s.row(out, o, now)
	}
	return out
}

func (s *side) row(out []gospa.Row, o track.Object, now time.Time) []gospa.Row {
	id := fmt.Sprint(o.Own)
	if o.Own == 0 {
		id = o.Partners[0].Object.String()
	}
	f, ok := s.table.Fuse(o, now)
	if !ok {
		return out
	}
	r := gospa.Row{Time: now.Sub(t0).Seconds()}
	r.ID, r.Pos, r.HasCov, r.Cov = id, f.Pos, true, [3]float64{f.Cov.EE, f.Cov.EN, f.Cov.NN}
	return append(out, r)
}

// gap is a scene of two radars 245 km apart: aircraft that tell their place,
// airliners that tell nothing, aircraft that turn hard.
func gap(seed uint64) ([]object, [2]radar) {
	rng := rand.New(rand.NewPCG(seed, 30))
	var radars [2]radar
	for i, p := range [2]geo.Point{{LatDeg: 24.4, LonDeg: 123.0}, {LatDeg: 24.9, LonDeg: 125.35}} {
		r := makeRadar(string(rune('A'+i)), p)
		r.MaxRange, r.Period, r.SigmaRange, r.SigmaAzimuth = 250_000, [2]time.Duration{10 * time.Second, 6 * time.Second}[i], 80, 0.12
		radars[i] = r
	}
	middle := geo.Point{LatDeg: 24.65, LonDeg: 124.2}
	var out []object
	for i := range 36 {
		o := object{kind: plot.Radar, height: geo.Metres(7000 + 4000*rng.Float64()), knots: geo.Knots(380 + 100*rng.Float64())}
		legs := []leg{{seconds: 200 + 200*rng.Float64()}, {seconds: 60, turn: geo.Degrees(rng.Float64()*180 - 90)}, {seconds: 900}}
		switch {
		case i%3 == 0:
			o.kind, o.address = plot.ADSB, uint32(0x780100+i)
		case i%6 == 1:
			legs = nil
			for range 12 {
				legs = append(legs, leg{seconds: 30 + 60*rng.Float64()}, leg{seconds: 12, turn: geo.Degrees(rng.Float64()*240 - 120)})
			}
		}
		start := geo.Direct(middle, geo.Degrees(360*rng.Float64()), geo.Metres(230_000*math.Sqrt(rng.Float64())))
		out = append(out, fly(start, geo.Degrees(360*rng.Float64()), o, legs...))
	}
	return out, radars
}

// pictures are the rows of one run.
type pictures struct {
	truth        []gospa.Row
	local, fused [2][]gospa.Row
	sides        [2]*side
	// Squared errors of ours and of the fused place, m², where a report was
	// weighed with a live track of ours and both lie within 2 km of the truth.
	weighed          int
	ours, everybodys float64
	moves            motions
}

const (
	runFor = 600 // s
	warmUp = 120 // s until pictures count
)

func exchange(seed uint64, p policy, change func(*side)) *pictures {
	objects, radars := gap(seed)
	out := &pictures{}
	for i := range out.sides {
		out.sides[i] = newSide(party.ID([]string{"tw", "jp"}[i]), seed*2+uint64(i), objects, radars[i])
	}
	if change != nil {
		change(out.sides[1])
	}
	for sec := range runFor {
		for i, s := range out.sides {
			s.step(sec)
			s.tell(out.sides[1-i], sec, p)
		}
		if now := stamp(float64(sec + 1)); sec >= warmUp && (sec+1)%5 == 0 {
			out.look(objects, radars, now)
		}
	}
	return out
}

func (p *pictures) look(objects []object, radars [2]radar, now time.Time) {
	sec := now.Sub(t0).Seconds()
	for i := range objects {
		pos, ok := objects[i].at(sec)
		if !ok || !slices.ContainsFunc(radars[:], func(r radar) bool { d, _ := geo.Inverse(r.Pos, pos); return d < 240_000 }) {
			continue
		}
		r := gospa.Row{Time: sec}
		r.ID, r.Pos = fmt.Sprint(i), pos
		p.truth = append(p.truth, r)
	}
	for i, s := range p.sides {
		p.local[i] = append(p.local[i], s.local(now)...)
		p.fused[i] = append(p.fused[i], s.fused(now)...)
		for _, o := range s.table.Objects() {
			f, ok := s.table.Fuse(o, now)
			ours, live := s.table.Fuse(track.Object{Own: o.Own}, now)
			if ok {
				p.moves.look(objects, sec, &f, &ours)
			}
			if !ok || !live || len(f.From) == 0 {
				continue
			}
			near := func(q geo.Point) float64 {
				d := math.Inf(1)
				for i := range objects {
					if pos, ok := objects[i].at(sec); ok {
						x, _ := geo.Inverse(pos, q)
						d = min(d, float64(x))
					}
				}
				return d
			}
			if a, b := near(ours.Pos), near(f.Pos); max(a, b) < 2000 {
				p.weighed, p.ours, p.everybodys = p.weighed+1, p.ours+a*a, p.everybodys+b*b
			}
		}
	}
}

func (p *pictures) report(t testing.TB, rows []gospa.Row) gospa.Report {
	t.Helper()
	r, err := gospa.Evaluate(gospa.Sample(p.truth, rows, 0.5, false), gospa.DefaultParams(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// figures are means over seeds of one side under one policy.
type figures struct {
	local, fused, missed, missedFused, false, falseFused, anees, aneesFused float64
}

func (f *figures) add(local, fused gospa.Report, n float64) {
	f.local += local.GOSPA.Mean / n
	f.fused += fused.GOSPA.Mean / n
	f.missed += local.GOSPA.MissedMean / n
	f.missedFused += fused.GOSPA.MissedMean / n
	f.false += local.GOSPA.FalseMean / n
	f.falseFused += fused.GOSPA.FalseMean / n
	f.anees += local.Clear.ANEES / n
	f.aneesFused += fused.Clear.ANEES / n
}

// Two parties with overlapping radars tell each other their local tracks. In
// every run the fused picture of each must be better than the local picture of
// either.
func TestTheFusedPictureIsBetterThanEither(t *testing.T) {
	const seeds = 3
	for _, p := range []policy{{10, 2}, {100, 4}} {
		var sum [2]figures
		var ours, everybodys, weighed float64
		var moves motions
		for seed := uint64(41); seed < 41+seeds; seed++ {
			pic := exchange(seed, p, nil)
			moves.add(&pic.moves)
			ours, everybodys, weighed = ours+pic.ours, everybodys+pic.everybodys, weighed+float64(pic.weighed)
			best := math.Inf(1)
			for i := range pic.local {
				best = min(best, pic.report(t, pic.local[i]).GOSPA.Mean)
			}
			for i := range pic.fused {
				local, fused := pic.report(t, pic.local[i]), pic.report(t, pic.fused[i])
				sum[i].add(local, fused, seeds)
				if fused.GOSPA.Mean >= best {
					t.Errorf("grid %d m, seed %d, %s: GOSPA of the fused picture %.0f m, of the better local one %.0f m", p.grid, seed, pic.sides[i].id, fused.GOSPA.Mean, best)
				}
			}
		}
		moves.check(t, p.grid)
		a, b := math.Sqrt(ours/weighed), math.Sqrt(everybodys/weighed)
		t.Logf("grid %3d m: %.0f times a report was weighed with a track of ours: RMS %.0f → %.0f m", p.grid, weighed, a, b)
		if weighed < 100 || b > 0.9*a {
			t.Errorf("grid %d m: RMS of what was weighed %.0f m, before %.0f m, %.0f times", p.grid, b, a, weighed)
		}
		for i, f := range sum {
			t.Logf("grid %3d m, bin %d s, party %d: GOSPA %.0f → %.0f m, missed %.1f → %.1f, false %.1f → %.1f, ANEES %.2f → %.2f",
				p.grid, p.bin, i+1, f.local, f.fused, f.missed, f.missedFused, f.false, f.falseFused, f.anees, f.aneesFused)
			if f.aneesFused < 0.8 || f.aneesFused > 1.5 {
				t.Errorf("grid %d m, party %d: ANEES of the fused picture %.2f, want 0.8 to 1.5", p.grid, i+1, f.aneesFused)
			}
		}
	}
}

// What comes back must change nothing, bit for bit: neither a track nor where
// an object is held to be.
func TestOwnTracksToldBackChangeNothing(t *testing.T) {
	for _, p := range []policy{{10, 2}, {10, 10}, {1000, 10}} {
		objects, radars := gap(51)
		alone, echoed := newSide("tw", 1, objects, radars[0]), newSide("tw", 1, objects, radars[0])
		seen, joined := 0, 0
		for sec := range 300 {
			alone.step(sec)
			echoed.step(sec)
			echo := *echoed
			echo.id = "jp"
			echo.tell(echoed, sec, p)
			now := stamp(float64(sec + 1))
			for _, o := range echoed.table.Objects() {
				if o.Own == 0 {
					continue
				}
				seen++
				if len(o.Partners) > 0 {
					joined++
				}
				want, live := alone.table.Fuse(track.Object{Own: o.Own}, now)
				if got, _ := echoed.table.Fuse(o, now); live && !cmp.Equal(want, got) {
					t.Fatalf("grid %d m, second %d: track %d told back moved: %v", p.grid, sec, o.Own, cmp.Diff(want, got))
				}
			}
		}
		if joined < seen/2 {
			t.Errorf("grid %d m: only %d of %d were joined with what came back", p.grid, joined, seen)
		}
		a, b := alone.table.Snapshot(), echoed.table.Snapshot()
		if !cmp.Equal(a.Tracker, b.Tracker) || !cmp.Equal(a.Tracks, b.Tracks) {
			t.Error("tracks differ")
		}
	}
}

// A partner's clock that is late and places that lie off are learnt from the
// aircraft that both know by address, and taken out.
func TestWhatAPartnersPlacesAreOffIsTakenOut(t *testing.T) {
	const off, late = 700, 2 * time.Second
	pic := exchange(61, policy{10, 2}, func(s *side) { s.off, s.late = off, late })
	peers := pic.sides[0].table.Peers()
	if len(peers) != 1 || peers[0].Party != "jp" || peers[0].Domain != "air" {
		t.Fatalf("peers %+v", peers)
	}
	x := peers[0].Offset.X
	if math.Abs(x[0]-off) > 60 || math.Abs(x[1]) > 60 || math.Abs(x[2]-late.Seconds()) > 0.4 {
		t.Errorf("offset %.0f m, %.0f m, %.2f s; want %d m, 0 m, %v", x[0], x[1], x[2], off, late)
	}
	local, fused := pic.report(t, pic.local[0]), pic.report(t, pic.fused[0])
	if fused.GOSPA.Mean >= local.GOSPA.Mean || fused.Clear.ANEES > 1.5 {
		t.Errorf("GOSPA %.0f → %.0f m, ANEES %.2f", local.GOSPA.Mean, fused.GOSPA.Mean, fused.Clear.ANEES)
	}
	joinsByAddressFarOff(t, pic.sides[0].table)
	// What is taken back takes along what it taught.
	pic.sides[0].table.PartnerForgetObject(pic.sides[0].table.Partner()[0].Key)
	if got := pic.sides[0].table.Peers(); len(got) != 0 {
		t.Errorf("after a recall %+v", got)
	}
}

// What objects of an exercise teach of a partner's places is not used for live
// ones.
func TestExercisesTeachTheirOwnKindAlone(t *testing.T) {
	objects, radars := gap(61)
	s := newSide("tw", 1, objects, radars[0])
	for sec := range 300 {
		plots, sweeps := s.world.second(sec)
		for i := range plots {
			plots[i].Exercise = true
		}
		s.table.Update(plots, sweeps, stamp(float64(sec+1)))
		if sec%10 != 9 {
			continue
		}
		from := stamp(float64(sec - 9))
		for _, tr := range s.table.All(nil) {
			pos, ok := s.table.At(tr.Number, from.Add(5*time.Second))
			if !ok || !tr.HasAddress {
				continue
			}
			body := record.Track{
				Domain: "air", Address: &tr.Address, Cell: cell(geo.Direct(pos, 90, 700), 10), Bin: record.Bin{Start: from, Width: 10 * time.Second},
			}
			s.table.PartnerUpdate("jp", record.ID{15: byte(tr.Number)}, &body, true, stamp(float64(sec+1)))
		}
	}
	if got := s.table.Peers(); len(got) != 1 || !got[0].Exercise || math.Abs(got[0].Offset.X[0]-700) > 100 {
		t.Fatalf("learnt %+v", got)
	}
	live := record.Track{Domain: "air", Cell: record.Cell{LatE5: 2_450_000, LonE5: 12_450_000, GridM: 10}, Bin: record.Bin{Start: stamp(295), Width: 10 * time.Second}}
	key := track.PartnerKey{Party: "jp", Object: record.ID{14: 1}}
	s.table.PartnerUpdate(key.Party, key.Object, &live, false, stamp(300))
	f, ok := s.table.Fuse(track.Object{Partners: []track.PartnerKey{key}}, stamp(300))
	if d, _ := geo.Inverse(f.Pos, geo.Point{LatDeg: 24.5, LonDeg: 124.5}); !ok || d > 1 || f.Cov.EE < 1e8 {
		t.Errorf("a live object was moved by %.0f m and is known to %v", d, f.Cov)
	}
}

// A claim that is not confirmed teaches nothing of a partner's places.
func TestDoubtedClaimsTeachNoOffset(t *testing.T) {
	for name, receiver := range map[string]geo.Point{
		"it learns of what is believed":        start,
		"it learns nothing of what is doubted": geo.Direct(start, 0, 1_500_000),
	} {
		t.Run(name, func(t *testing.T) {
			cfg := track.DefaultConfig()
			cfg.Receivers = []track.Receiver{{Source: "adsb", Pos: receiver}}
			tb := track.NewTable(cfg)
			for sec := range 300 {
				at := float64(sec)
				p := told(at, 0x780000, straight(start, 90, 400, at))
				p.Has, p.Height, p.HeightKind = p.Has|plot.HasHeight, 30_000, plot.Barometric
				tb.Update([]plot.Plot{p}, nil, stamp(at+0.5))
				if sec < 60 || sec%10 != 9 {
					continue
				}
				pos, address := straight(start, 90, 400, at-5), uint32(0x780000)
				tb.PartnerUpdate("jp", record.ID{15: 1}, &record.Track{
					Domain: "air", Address: &address, Cell: cell(geo.Direct(pos, 0, 700), 10),
					Bin: record.Bin{Start: stamp(at - 10), Width: 10 * time.Second},
				}, false, stamp(at+0.6))
			}
			doubted := tb.All(nil)[0].Flags&track.Doubted != 0
			peers := tb.Peers()
			if len(peers) != 1 || doubted != (receiver != start) || (peers[0].Offset.Sights == 0) != doubted {
				t.Errorf("doubted %v, learnt %+v", doubted, peers)
			}
		})
	}
}

// joinsByAddressFarOff tells an object 8 km from ours of the same address, which
// is far outside of what was learnt of the partner.
func joinsByAddressFarOff(t *testing.T, tb *track.Table) {
	t.Helper()
	all := tb.All(nil)
	i := slices.IndexFunc(all, func(tr track.Track) bool { return tr.HasAddress && tr.State == track.Confirmed })
	pos, _ := tb.At(all[i].Number, stamp(runFor-1))
	body := record.Track{
		Domain: "air", Address: &all[i].Address, Cell: cell(geo.Direct(pos, 0, 8000), 10),
		Bin: record.Bin{Start: stamp(runFor - 2), Width: 2 * time.Second},
	}
	tb.PartnerUpdate("jp", record.ID{15: 99}, &body, false, stamp(runFor))
	tb.Tick(stamp(runFor + 3))
	key := track.PartnerKey{Party: "jp", Object: record.ID{15: 99}}
	if !slices.ContainsFunc(tb.Associations(), func(a track.Association) bool { return a.Own == all[i].Number && a.Partner == key }) {
		t.Errorf("track %d is not joined with its address 8 km off", all[i].Number)
	}
}

// What a policy rounded is weighed by covariance intersection alone.
func TestARoundedReportIsNotAveraged(t *testing.T) {
	const seed = 42
	objects, radars := gap(seed)
	s, other := newSide("tw", 1, objects, radars[0]), newSide("jp", 2, objects, radars[1])
	methods := map[fuse.Method]int{}
	for sec := range runFor {
		s.step(sec)
		other.step(sec)
		other.tell(s, sec, policy{1000, 4})
		for _, o := range s.table.Objects() {
			if f, ok := s.table.Fuse(o, stamp(float64(sec+1))); ok && o.Own != 0 && len(f.From) > 0 {
				methods[f.Method]++
			}
		}
	}
	if methods[fuse.Inverse] > 0 || methods[fuse.Careful] == 0 {
		t.Errorf("methods %v", methods)
	}
}

// However often a coarse place is told, it is known no better than its cell.
func TestACoarseReportStaysAsCoarse(t *testing.T) {
	const grid = 5000
	least := grid * grid / 12.0
	pic := exchange(62, policy{grid, 20}, nil)
	s := pic.sides[0]
	alone, both := 0, 0
	for _, o := range s.table.Objects() {
		f, ok := s.table.Fuse(o, stamp(runFor))
		switch {
		case !ok:
		case o.Own == 0:
			alone++
			if f.Cov.EE < least || f.Cov.NN < least {
				t.Errorf("%v is known to %v", o.Partners, f.Cov)
			}
		case len(o.Partners) > 0:
			both++
			if f.Method == fuse.Inverse {
				t.Errorf("track %d is averaged with a coarse report", o.Own)
			}
		}
	}
	if alone < 3 || both < 3 {
		t.Errorf("%d of the partner alone, %d of both", alone, both)
	}
}

func TestWhatWasLearntOfPartnersSurvivesARestart(t *testing.T) {
	pic := exchange(41, policy{10, 2}, nil)
	s := pic.sides[0]
	raw, err := json.Marshal(s.table.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var snap track.Snapshot
	if err := json.Unmarshal(raw, &snap); err != nil {
		t.Fatal(err)
	}
	again, err := track.Restore(config(s.world.radars...), snap)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.table.Peers(), again.Peers()); diff != "" || len(again.Peers()) == 0 {
		t.Errorf("peers differ (-want +got):\n%s", diff)
	}
	weighed := 0
	for _, o := range s.table.Objects() {
		want, _ := s.table.Fuse(o, stamp(runFor))
		if got, _ := again.Fuse(o, stamp(runFor)); !cmp.Equal(want, got) {
			t.Errorf("object %+v: %v", o, cmp.Diff(want, got))
		}
		if o.Own != 0 && len(want.From) > 0 {
			weighed++
		}
	}
	if weighed == 0 {
		t.Error("no report was weighed")
	}
}
