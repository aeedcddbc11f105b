// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

func traffic() []object {
	hours := []leg{{seconds: 4 * 3600}}
	out := []object{
		uav(),
		fly(geo.Point{LatDeg: 26.2, LonDeg: 121.8}, 150, object{kind: plot.ADSB, height: 11_000, knots: 450, address: 0x899001}, leg{seconds: 2400}),
		fly(geo.Point{LatDeg: 23.0, LonDeg: 124.6}, 310, object{kind: plot.ADSB, height: 10_000, knots: 470, address: 0x899002}, leg{seconds: 2400}),
		fly(geo.Point{LatDeg: 24.3, LonDeg: 123.0}, 90, object{kind: plot.AIS, knots: 14, mmsi: 431000001}, hours...),
		fly(geo.Point{LatDeg: 24.9, LonDeg: 122.6}, 200, object{kind: plot.AIS, knots: 9, mmsi: 416000002}, hours...),
	}
	return out
}

type result struct {
	objects []score
	ghosts  map[track.Number]bool // confirmed tracks that were never near a truth
	table   *track.Table
}

func run(w *world, cfg track.Config, seconds int) result {
	tb := track.NewTable(cfg)
	r := result{objects: make([]score, len(w.objects)), ghosts: map[track.Number]bool{}, table: tb}
	near := map[track.Number]bool{}
	var all []track.Track
	for sec := range seconds {
		plots, sweeps := w.second(sec)
		now := t0.Add(time.Duration(sec+1) * time.Second)
		tb.Update(plots, sweeps, now)
		if sec%4 != 0 {
			continue
		}
		all = tb.All(all[:0])
		for i := range w.objects {
			if p, ok := w.objects[i].at(float64(sec + 1)); ok {
				r.objects[i].add(all, tb, &w.objects[i], p, now)
			}
			for _, n := range r.objects[i].numbers {
				near[n] = true
			}
		}
		for _, tr := range all {
			if tr.State == track.Confirmed {
				r.ghosts[tr.Number] = true
			}
		}
	}
	for n := range near {
		delete(r.ghosts, n)
	}
	return r
}

func TestOneRadarHoldsASlowAircraft(t *testing.T) {
	for seed := range uint64(3) {
		w := &world{rng: rand.New(rand.NewPCG(seed, 1)), objects: traffic(), radars: []radar{makeRadar("a", geo.Point{LatDeg: 24.5, LonDeg: 121.6})}}
		r := run(w, config(w.radars...), 4*3600-600)
		for i := range r.objects {
			logf(t, fmt.Sprintf("seed %d object %d", seed, i), &r.objects[i])
			if s := r.objects[i].share(); s < 0.95 {
				t.Errorf("seed %d object %d: one track for %.1f %% of the time, want 95", seed, i, 100*s)
			}
		}
		if n := len(r.objects[0].numbers); n != 1 {
			t.Errorf("seed %d: the aircraft had %d numbers, want 1", seed, n)
		}
		if len(r.ghosts) > 1 {
			t.Errorf("seed %d: %d confirmed tracks of nothing, want at most 1", seed, len(r.ghosts))
		}
	}
}

func TestTwoRadarsHoldOneTrack(t *testing.T) {
	w := &world{rng: rand.New(rand.NewPCG(7, 1)), objects: traffic(), radars: []radar{
		makeRadar("a", geo.Point{LatDeg: 24.5, LonDeg: 121.6}),
		makeRadar("b", geo.Point{LatDeg: 24.4, LonDeg: 123.1}),
	}}
	r := run(w, config(w.radars...), 4*3600-600)
	for i := range r.objects {
		logf(t, fmt.Sprintf("object %d", i), &r.objects[i])
		if s := r.objects[i].share(); s < 0.95 {
			t.Errorf("object %d: one track for %.1f %% of the time, want 95", i, 100*s)
		}
	}
	if n := len(r.objects[0].numbers); n != 1 {
		t.Errorf("the aircraft had %d numbers, want 1", n)
	}
	if len(r.ghosts) > 1 {
		t.Errorf("%d confirmed tracks of nothing, want at most 1", len(r.ghosts))
	}
	if tr, ok := r.table.Get(r.objects[3].numbers[0]); !ok || !tr.HasMMSI || tr.Domain != plot.Sea {
		t.Errorf("the vessel's track is %+v", tr)
	}
	all := r.table.All(nil)
	if !slices.IsSortedFunc(all, func(a, b track.Track) int { return int(a.Number) - int(b.Number) }) {
		t.Error("All is not sorted by number")
	}
}
