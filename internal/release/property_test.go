// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// centreOf returns the centre of the cell that a position is reported in.
func centreOf(t testingT, grid uint32, pos geo.Point) geo.Point {
	t.Helper()
	d := newDesk(policy(t, pictureRule(terms{grid: grid, bin: time.Minute, slot: 0, delay: 0})))
	r := step(t, d, start, &picture{tracks: []track.Track{airTrack(1, pos)}})
	if len(r) != 1 {
		t.Fatalf("one track gave %d reports at %v", len(r), pos)
	}
	c := r[0].Track.Cell
	return geo.Point{LatDeg: float64(c.LatE5) / 1e5, LonDeg: float64(c.LonE5) / 1e5}
}

// within moves a centre to somewhere inside its cell.
func within(rt *rapid.T, c geo.Point, grid uint32) geo.Point {
	edge := float64(grid)
	north := rapid.Float64Range(-0.48, 0.48).Draw(rt, "north") * edge
	east := rapid.Float64Range(-0.48, 0.48).Draw(rt, "east") * edge
	return geo.Direct(geo.Direct(c, 0, geo.Metres(north)), 90, geo.Metres(east))
}

func anywhere(rt *rapid.T, label string) geo.Point {
	return geo.Point{
		LatDeg: rapid.Float64Range(-70, 70).Draw(rt, label+" lat"), LonDeg: rapid.Float64Range(-179, 179).Draw(rt, label+" lon"),
	}
}

// TestReportDependsOnCellAndBinAlone flies two tracks that share the cells at
// the middle of each bin and nothing else.
func TestReportDependsOnCellAndBinAlone(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := gapTerms
		o.grid = rapid.SampledFrom([]uint32{500, 5000, 20_000}).Draw(rt, "grid")
		o.bin = rapid.SampledFrom([]time.Duration{time.Minute, 10 * time.Minute}).Draw(rt, "bin")
		p := policy(rt, pictureRule(o))
		bins := rapid.IntRange(1, 6).Draw(rt, "bins")
		mid := make(map[time.Time]geo.Point)
		at := anywhere(rt, "first")
		for i := range bins {
			at = geo.Direct(at, geo.Degrees(rapid.IntRange(0, 359).Draw(rt, "course")), geo.Metres(rapid.IntRange(0, 60_000).Draw(rt, "way")))
			mid[start.Add(time.Duration(i)*o.bin+o.bin/2)] = centreOf(rt, o.grid, at)
		}
		var bodies [2][]byte
		for i := range bodies {
			path := make(map[time.Time]geo.Point)
			for k := range bins {
				m := start.Add(time.Duration(k)*o.bin + o.bin/2)
				path[m] = within(rt, mid[m], o.grid)
			}
			band := rapid.Float64Range(9000, 9999).Draw(rt, "height")
			p := fly(rt, p, path, time.Duration(bins+2)*o.bin, band)
			bodies[i] = p
		}
		if !bytes.Equal(bodies[0], bodies[1]) {
			rt.Fatalf("reports differ though cells and bins are the same")
		}
		if len(bodies[0]) == 0 {
			rt.Fatalf("nothing was reported")
		}
	})
}

// fly returns all that leaves about one track that is where path says at its
// times, and anywhere at others.
func fly(rt *rapid.T, p *release.Policy, path map[time.Time]geo.Point, long time.Duration, height float64) []byte {
	d := newDesk(p)
	wild := anywhere(rt, "wild")
	tr := airTrack(1, wild)
	tr.FirstSeen = start
	tr.Height = geo.Feet(height)
	tr.HasVelocity, tr.Speed, tr.Course = true, geo.Knots(rapid.Float64Range(0, 900).Draw(rt, "speed")), geo.Degrees(rapid.Float64Range(0, 359).Draw(rt, "heading"))
	pic := &picture{tracks: []track.Track{tr}, at: func(_ track.Number, t time.Time) (geo.Point, bool) {
		if pos, ok := path[t]; ok {
			return pos, true
		}
		return wild, t.Before(start) // a sample at another time is an error
	}}
	var all []byte
	for s := time.Duration(0); s < long; s += 10 * time.Second {
		pic.tracks[0].Pos = geo.Direct(wild, 90, geo.Metres(s.Seconds()*200))
		d.Observe(start.Add(s), pic.sources())
		sealed, _ := d.Due(start.Add(s), pic.sources())
		for _, x := range sealed {
			all = append(all, x.Plain()...)
		}
	}
	return all
}

// TestCellIsNeverSmallerThanItsGrid holds the lattice far to the north and
// south: a square of the grid's size round a cell's centre is all inside it.
func TestCellIsNeverSmallerThanItsGrid(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		grid := rapid.SampledFrom([]uint32{1000, 5000, 20_000}).Draw(rt, "grid")
		c := centreOf(rt, grid, geo.Point{
			LatDeg: rapid.Float64Range(-84, 84).Draw(rt, "lat"), LonDeg: rapid.Float64Range(-179, 179).Draw(rt, "lon"),
		})
		for _, corner := range [][2]float64{{0.495, 0.495}, {0.495, -0.495}, {-0.495, 0.495}, {-0.495, -0.495}} {
			in := geo.Direct(geo.Direct(c, 0, geo.Metres(corner[0]*float64(grid))), 90, geo.Metres(corner[1]*float64(grid)))
			if got := centreOf(rt, grid, in); got != c {
				rt.Fatalf("%v is inside the %d m square round %v, but is reported round %v", in, grid, c, got)
			}
		}
	})
}

func TestCornersAreThoseOfTheCell(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		grid := rapid.SampledFrom([]uint32{1000, 5000, 20_000, 50_000}).Draw(rt, "grid")
		c := centreOf(rt, grid, geo.Point{
			LatDeg: rapid.Float64Range(-84, 84).Draw(rt, "lat"), LonDeg: rapid.Float64Range(-178, 178).Draw(rt, "lon"),
		})
		a, b := release.Corners(record.Cell{LatE5: int32(math.Round(c.LatDeg * 1e5)), LonE5: int32(math.Round(c.LonDeg * 1e5)), GridM: grid})
		const hair = 2e-5 // degrees: corners and centres are rounded to half of it
		for _, lat := range []float64{a.LatDeg, b.LatDeg} {
			for _, lon := range []float64{a.LonDeg, b.LonDeg} {
				for _, in := range []bool{true, false} {
					towards := func(x, middle float64) float64 {
						if (x < middle) == in {
							return x + hair
						}
						return x - hair
					}
					p := geo.Point{LatDeg: towards(lat, c.LatDeg), LonDeg: towards(lon, c.LonDeg)}
					if got := centreOf(rt, grid, p); (got == c) != in {
						rt.Fatalf("%v lies inside the corners %v and %v of the cell round %v: %v; but is reported round %v", p, a, b, c, in, got)
					}
				}
			}
		}
	})
}

func drawTerms(rt *rapid.T, label string) terms {
	seconds := func(name string, of ...int) time.Duration {
		return time.Duration(rapid.SampledFrom(of).Draw(rt, label+name)) * time.Second
	}
	return terms{
		grid: rapid.SampledFrom([]uint32{1000, 5000, 20_000}).Draw(rt, label+"grid"),
		bin:  seconds("bin", 10, 30, 60, 90, 600), slot: seconds("slot", 0, 7, 30, 60), delay: seconds("delay", 0, 5, 60, 300),
	}
}

func slotOf(t time.Time, slot time.Duration) bool {
	return slot == 0 || t.UnixNano()%int64(slot) == 0
}

// hold checks that a record that left keeps to the terms.
func hold(t testingT, l left, o terms) {
	t.Helper()
	bins := []record.Bin{}
	if tr := l.r.Track; tr != nil {
		bins = append(bins, tr.Bin)
		if tr.Cell.GridM != o.grid {
			t.Fatalf("grid %d m, want %d", tr.Cell.GridM, o.grid)
		}
	}
	if inc := l.r.Incident; inc != nil {
		bins = append(bins, inc.Opened)
		for _, e := range inc.Events {
			bins = append(bins, e.Bin)
		}
	}
	for _, b := range bins {
		if b.Width != o.bin || b.Start.UnixNano()%int64(o.bin) != 0 {
			t.Fatalf("bin %+v, want whole ones of %v", b, o.bin)
		}
		if end := b.Start.Add(b.Width).Add(o.delay); l.at.Before(end) {
			t.Fatalf("left at %v, sooner than %v after bin %+v", l.at, o.delay, b)
		}
	}
	if !slotOf(l.r.Time, o.slot) || l.r.Time.After(l.at) {
		t.Fatalf("slot %v of a report that left at %v, want whole multiples of %v", l.r.Time, l.at, o.slot)
	}
}

// TestNeverSoonerFinerOrTwice runs the desk under a policy and then under
// another, with the clock in uneven steps.
func TestNeverSoonerFinerOrTwice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		first, second := drawTerms(rt, "first "), drawTerms(rt, "second ")
		change := rapid.IntRange(0, 60).Draw(rt, "change at step")
		d := newDesk(policy(rt, pictureRule(first)))
		pic := &picture{tracks: []track.Track{airTrack(1, gap), airTrack(2, geo.Point{LatDeg: 26, LonDeg: 124})}}
		inForce, now := first, start.Add(time.Duration(rapid.IntRange(0, 599).Draw(rt, "phase"))*time.Second)
		type key struct {
			object record.ID
			bin    record.Bin
		}
		seen := make(map[key]bool)
		for i := range 80 {
			if i == change {
				inForce = second
				d.SetPolicy(policy(rt, pictureRule(second)))
			}
			now = now.Add(time.Duration(rapid.IntRange(1, 70).Draw(rt, "seconds")) * time.Second)
			if rapid.IntRange(0, 9).Draw(rt, "event") == 0 {
				pic.cases = happen(pic.cases, now)
			}
			for k := range pic.tracks {
				pic.tracks[k].Pos = geo.Direct(pic.tracks[k].Pos, 60, 2000)
			}
			for _, r := range step(rt, d, now, pic) {
				hold(rt, left{now, r}, inForce)
				if r.Track == nil {
					continue
				}
				k := key{r.Object, r.Track.Bin}
				if seen[k] {
					rt.Fatalf("bin %+v was reported twice", k.bin)
				}
				seen[k] = true
			}
			if again := step(rt, d, now, pic); len(again) != 0 {
				rt.Fatalf("a second look at %v gave %d reports more", now, len(again))
			}
		}
		if released(d, "jp", "picture") == 0 {
			rt.Skip("the clock did not run long enough for the delay")
		}
	})
}

// happen adds an event of ours to the one incident.
func happen(cases []release.Case, now time.Time) []release.Case {
	c := release.Case{Number: 1, Opened: now, Domain: 1, Sector: "gap_c"}
	if len(cases) > 0 {
		c = cases[0]
	}
	c.Events = append(slices.Clone(c.Events), release.CaseEvent{Rule: "A06", Zone: "gap_c", At: now, Entered: now, Originators: []party.ID{"tw"}})
	return []release.Case{c}
}

// TestSnapshotGoesOnAsIfItHadNeverStopped takes one desk through a snapshot in
// JSON after any step and leaves its twin alone.
func TestSnapshotGoesOnAsIfItHadNeverStopped(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		texts := []string{pictureRule(drawTerms(rt, "first ")), pictureRule(drawTerms(rt, "second "))}
		twin := [2]*release.Desk{newDesk(policy(rt, texts[0])), newDesk(policy(rt, texts[0]))}
		pic := &picture{tracks: []track.Track{airTrack(1, gap), airTrack(2, gap)}}
		now := start
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 200).Draw(rt, "seconds")) * time.Second)
			act := rapid.SampledFrom([]string{"", "", "event", "freeze", "resume", "policy", "end", "restore", "distress"}).Draw(rt, "act")
			text := rapid.SampledFrom(texts).Draw(rt, "text")
			switch act {
			case "event":
				pic.cases = happen(pic.cases, now)
			case "end":
				pic.tracks = pic.tracks[:rapid.IntRange(0, len(pic.tracks)).Draw(rt, "tracks")]
			}
			var out [2][]string
			for i, d := range twin {
				switch act {
				case "freeze":
					d.Freeze("jp")
				case "resume":
					d.Resume("jp")
				case "policy":
					d.SetPolicy(policy(rt, text))
				case "distress":
					if err := d.Say("jp", record.KindDistress, 1, distress(), release.Facts{}, now); err != nil {
						rt.Fatalf("distress: %v", err)
					}
				case "restore":
					if i == 1 {
						twin[i] = throughJSON(rt, d)
					}
				}
				for _, r := range step(rt, twin[i], now, pic) {
					out[i] = append(out[i], fmt.Sprintf("%s %d %d", r.ID, r.Kind, r.Epoch))
				}
			}
			if diff := cmp.Diff(out[0], out[1]); diff != "" {
				rt.Fatalf("outputs differ (-never stopped +restored):\n%s", diff)
			}
			if diff := cmp.Diff(twin[0].Stats(), twin[1].Stats()); diff != "" {
				rt.Fatalf("counts differ (-never stopped +restored):\n%s", diff)
			}
			if a, b := twin[0].Pending("jp"), twin[1].Pending("jp"); a != b {
				rt.Fatalf("pending %d and %d", a, b)
			}
		}
	})
}

func throughJSON(t testingT, d *release.Desk) *release.Desk {
	t.Helper()
	b, err := json.Marshal(d.Snapshot())
	if err != nil {
		t.Fatalf("marshal: %v", err)
	}
	var s release.State
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatalf("unmarshal: %v", err)
	}
	fresh := newDesk(d.Policy())
	fresh.Restore(s)
	return fresh
}

// TestZonesDecideWhereTheSampleIs holds that a track's place at the moment of
// the look decides nothing.
func TestZonesDecideWhereTheSampleIs(t *testing.T) {
	in, out := gap, geo.Point{LatDeg: 10, LonDeg: 110}
	text := head + ruleText("gap", "allow", "jp", "track", `zones = ["gap_c"]`, gapTerms.text())
	tests := map[string]struct {
		mid, now geo.Point
		want     int
	}{
		"it handles a track that was in the zone and left":     {in, out, 1},
		"it handles a track that was not in the zone and came": {out, in, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(policy(t, text))
			pic := &picture{
				tracks: []track.Track{airTrack(1, tt.now)},
				at:     func(track.Number, time.Time) (geo.Point, bool) { return tt.mid, true },
				zones: func(p geo.Point) []zone.ID {
					if p == in {
						return []zone.ID{"gap_c"}
					}
					return nil
				},
			}
			if got := run(t, d, start, 61, pic); len(got) != tt.want {
				t.Errorf("%d reports, want %d", len(got), tt.want)
			}
		})
	}
}
