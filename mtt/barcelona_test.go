// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"compress/gzip"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// reply is a plot of the recording.
type reply struct {
	mtt.Measurement
	address  uint32
	speed    geo.MetresPerSecond // over ground as the aircraft tells it
	hasSpeed bool
}

// told returns the ground speed of BDS 5,0 (ICAO Doc 9871, table A-2-80): bit
// 24 is its status, 25 to 34 hold 2 kt each.
func told(r *cat048.Record) (geo.MetresPerSecond, bool) {
	for _, b := range r.I250 {
		if b.BDS1 == 5 && b.BDS2 == 0 && b.MBDATA[2]&1 != 0 {
			return geo.Knots(2 * (int(b.MBDATA[3])<<2 | int(b.MBDATA[4])>>6)).MetresPerSecond(), true
		}
	}
	return 0, false
}

func readReplies(t *testing.T, path string) (out []reply) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var r cat048.Record
	for b, err := range asterix.Blocks(raw) {
		if err != nil {
			t.Fatal(err)
		}
		if b.Category != 48 {
			continue
		}
		for _, err := range asterix.Records(b, &r) {
			if err != nil {
				t.Fatal(err)
			}
			sec, okT := r.TimeOfDaySeconds()
			rng, okR := r.RhoNM()
			azi, _ := r.ThetaDeg()
			if !okT || !okR || rng == 0 {
				continue
			}
			p := reply{Measurement: mtt.Measurement{
				Time: time.Unix(1_577_836_800, int64(sec*1e9)).UTC(), Domain: mtt.Air, Has: mtt.HasPolar,
				Range: geo.FromNM(rng), Azimuth: geo.Degrees(azi),
			}}
			if feet, valid, ok := r.FlightLevelFeet(); ok && valid {
				p.Has, p.Height = p.Has|mtt.HasHeight, geo.Feet(feet).Metres()
			}
			p.address, _ = r.Address()
			p.speed, p.hasSpeed = told(&r)
			out = append(out, p)
		}
	}
	return out
}

// flown is what the tracker made of one address.
type flown struct {
	first, last time.Time
	plots       map[mtt.ID]int
}

// A real radar, once without and once with identities. Without, one that stood
// and was silent for two minutes and two that flew low behind hills change
// numbers.
func TestBarcelona(t *testing.T) {
	lines := readReplies(t, filepath.Join(corpustest.Dir(t), "asterix", "bcn_cat048_first11000.ast.gz"))
	for name, want := range map[string]struct {
		hidden    bool
		one, pure float64
	}{
		"identities hidden": {hidden: true, one: 0.95, pure: 0.98},
		"identities told":   {one: 0.95, pure: 0.98},
	} {
		t.Run(name, func(t *testing.T) {
			flights, owners, speeds, double := playBarcelona(t, lines, want.hidden)
			one, all, pure, given := 0, 0, 0, 0
			for a, f := range flights {
				if f.last.Sub(f.first) < time.Minute {
					continue
				}
				all++
				held := 0
				for id, n := range f.plots {
					given += n
					if owners[id] == a {
						pure += n
					}
					if n > 3 {
						held++
					}
				}
				if held == 1 {
					one++
				}
			}
			slices.Sort(speeds)
			t.Logf("%d of %d addresses are one track, purity %.4f, %d speeds, median %.1f m/s off, %d addresses with two tracks",
				one, all, float64(pure)/float64(given), len(speeds), speeds[len(speeds)/2], double)
			if float64(one) < want.one*float64(all) || float64(pure) < want.pure*float64(given) || all < 50 {
				t.Errorf("%d of %d addresses are one track, %d of %d plots their own", one, all, pure, given)
			}
			if len(speeds) < 1000 || speeds[len(speeds)/2] > 5 {
				t.Errorf("speed is %.1f m/s off in the median of %d, want at most 5", speeds[len(speeds)/2], len(speeds))
			}
			if double > 0 {
				t.Errorf("%d addresses have two live tracks", double)
			}
		})
	}
	corpustest.Check(t)
}

func playBarcelona(t *testing.T, lines []reply, hidden bool) (flights map[uint32]*flown, owners map[mtt.ID]uint32, speeds []float64, double int) {
	t.Helper()
	cfg := mtt.DefaultConfig()
	cfg.Sensors = []mtt.Sensor{{
		Name: "bcn", Polar: true, Pos: geo.Point{LatDeg: 41.3007022, LonDeg: 2.1020582}, Height: 50, MaxRange: 474_000, Period: 4 * time.Second,
		SigmaRange: 40, SigmaAzimuth: 0.08, SigmaPos: 200, PD: 0.9, Clutter: 5, CoastAfter: 10 * time.Second, LostAfter: 24 * time.Second,
	}}
	tr, err := mtt.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	flights, owners = map[uint32]*flown{}, map[mtt.ID]uint32{}
	byTrack := map[mtt.ID]map[uint32]int{}
	two := map[uint32]bool{}
	for len(lines) > 0 {
		// As a node does: what came in half a second, by time.
		n := 1
		for n < len(lines) && lines[n].Time.Sub(lines[0].Time) < time.Second/2 {
			n++
		}
		batch := slices.Clone(lines[:n])
		lines = lines[n:]
		slices.SortStableFunc(batch, func(a, b reply) int { return a.Time.Compare(b.Time) })
		var ms []mtt.Measurement
		for _, r := range batch {
			if !hidden && r.address != 0 {
				r.Has, r.Address = r.Has|mtt.HasAddress, r.address
			}
			ms = append(ms, r.Measurement)
		}
		outcomes := tr.Observe(ms, nil)
		tr.Advance(batch[n-1].Time, nil)
		for i, out := range outcomes {
			r := &batch[i]
			if r.address == 0 || out.Track == 0 {
				continue
			}
			f := flights[r.address]
			if f == nil {
				f = &flown{first: r.Time, plots: map[mtt.ID]int{}}
				flights[r.address] = f
			}
			f.last = r.Time
			f.plots[out.Track]++
			if byTrack[out.Track] == nil {
				byTrack[out.Track] = map[uint32]int{}
			}
			byTrack[out.Track][r.address]++
			if n := byTrack[out.Track]; n[r.address] >= n[owners[out.Track]] {
				owners[out.Track] = r.address
			}
			e, _ := tr.Estimate(out.Track)
			if r.hasSpeed && e.Hits > 5 && e.Phase == mtt.Confirmed {
				speeds = append(speeds, math.Abs(math.Hypot(float64(e.East), float64(e.North))-float64(r.speed)))
			}
			two[r.address] = two[r.address] || liveTracks(tr, r.address) > 1
		}
	}
	for _, yes := range two {
		if yes {
			double++
		}
	}
	return flights, owners, speeds, double
}

// liveTracks returns how many confirmed tracks hold an address.
func liveTracks(tr *mtt.Tracker, address uint32) (live int) {
	for _, id := range tr.Lookup(address, false, nil) {
		if e, _ := tr.Estimate(id); e.Phase == mtt.Confirmed || e.Phase == mtt.Coasting {
			live++
		}
	}
	return live
}
