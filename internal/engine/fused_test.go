// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// lostThenTold is an aircraft that we and jp hear flying east until it turns
// south and out of our sight; jp, if it tells, goes on telling it.
func lostThenTold(t *testing.T, tells bool) (*floor, geo.Point) {
	t.Helper()
	const icao, every = 0x899123, 10 * time.Second
	f := newFloor(t, openPolicy())
	address := uint32(icao)
	pos := geo.Point{LatDeg: 24.4, LonDeg: 123.0}
	for i := range 33 {
		middle := pos
		if i < 24 {
			pos = f.fly(icao, pos, 90, 0, every)
			middle = halfway(pos, 270, every)
		} else {
			f.pass(every)
			pos = halfway(halfway(pos, 180, every), 180, every)
			middle = halfway(pos, 0, every)
		}
		if !tells {
			continue
		}
		r := f.from("jp", record.KindTrack, 7)
		r.Track = &record.Track{
			Domain: "air", Address: &address, Bin: record.Bin{Start: f.now.Add(-every), Width: every},
			Cell: record.Cell{LatE5: int32(middle.LatDeg * 1e5), LonE5: int32(middle.LonDeg * 1e5), GridM: 10},
		}
		f.must("jp", r)
	}
	f.now = f.now.Add(3 * time.Second)
	f.step(&engine.Input{Tick: &engine.Tick{}})
	return f, halfway(pos, 180, 6*time.Second)
}

// halfway is where an aircraft of 400 kt is after half of a time.
func halfway(p geo.Point, course geo.Degrees, d time.Duration) geo.Point {
	return geo.Direct(p, course, geo.Metres(float64(geo.Knots(400).MetresPerSecond())*d.Seconds()/2))
}

func TestTheViewShowsWhatAllEvidenceSays(t *testing.T) {
	f, truth := lostThenTold(t, true)
	v := f.e.View().Tracks
	if len(v) != 1 || len(v[0].Partners) != 1 || v[0].Fused == nil {
		t.Fatalf("tracks %+v", v)
	}
	got := v[0].Fused
	if len(got.From) != 1 || got.From[0] != "jp" || got.MinorM > got.MajorM || got.MinorM < 30 {
		t.Errorf("fused %+v", got)
	}
	if e := v[0].Ellipse; e == nil || e.MajorM < e.MinorM || e.MinorM < 1 || e.AxisDeg < 0 || e.AxisDeg >= 180 || math.Abs(math.Hypot(e.MajorM, e.MinorM)/math.Sqrt2-v[0].SigmaM) > 0.05*v[0].SigmaM+1 {
		t.Errorf("ellipse %+v of our track, one standard deviation is %v m", e, v[0].SigmaM)
	}
	// It flies south; ours goes on to the east as it did when it was last seen.
	if got.SpeedKt == nil || got.SigmaKt == nil || math.Abs(*got.SpeedKt-400) > 60 || math.Abs(*got.CourseDeg-180) > 30 {
		t.Errorf("fused velocity %+v", got)
	}
	if got.HeightFt != nil || got.BandFt != 0 {
		t.Errorf("fused height %v, but our track is lost and jp tells none", *got.HeightFt)
	}
	ours, _ := geo.Inverse(v[0].Pos, truth)
	all, _ := geo.Inverse(got.Pos, truth)
	if all > 2000 || ours < 5*all {
		t.Errorf("ours is %.0f m off, all evidence %.0f m", ours, all)
	}
}

// What jp tells is seen on our screen beside our track. It moves no track, and
// what others are told of the object stays the same, byte for byte.
func TestTheFusedPictureGoesNowhere(t *testing.T) {
	with, _ := lostThenTold(t, true)
	without, _ := lostThenTold(t, false)
	if len(without.raw["cell"]) == 0 || !bytes.Equal(with.raw["cell"], without.raw["cell"]) {
		t.Errorf("cell was told %d octets, without jp's word %d", len(with.raw["cell"]), len(without.raw["cell"]))
	}
	a, b := with.e.View().Tracks, without.e.View().Tracks
	for i := range a {
		a[i].Partners, a[i].Fused, a[i].Incident = nil, nil, 0 // of jp's word an incident may be made
	}
	if diff := cmp.Diff(b, a); diff != "" {
		t.Errorf("our tracks differ (-without +with jp's word):\n%s", diff)
	}
}

// Our own tracks that come back are refused as another's, and told under jp's
// name they change nothing.
func TestOwnRecordsThatComeBackChangeNothing(t *testing.T) {
	f, alone := newFloor(t, openPolicy()), newFloor(t, openPolicy())
	const icao = 0x899123
	at := geo.Point{LatDeg: 24.4, LonDeg: 123.0}
	told := 0
	for i := range 20 {
		course := geo.Degrees(90 + 20*i)
		next := f.fly(modes.ICAO(icao), at, course, 0, 30*time.Second)
		alone.fly(modes.ICAO(icao), at, course, 0, 30*time.Second)
		at = next
		for _, r := range f.kinds("jp", record.KindTrack)[told:] {
			told++
			if why := f.take("jp", r); why != "originator" {
				t.Errorf("our own record was refused for %q", why)
			}
			echo := f.from("jp", record.KindTrack, 7)
			echo.Track = r.Track
			f.must("jp", echo)
		}
		a, b := f.e.View().Tracks, alone.e.View().Tracks
		for i := range a {
			a[i].Partners, a[i].Incident = nil, 0
		}
		if diff := cmp.Diff(b, a); diff != "" {
			t.Fatalf("our tracks differ (-alone +told back):\n%s", diff)
		}
	}
	if told < 5 || len(f.e.View().Tracks[0].Partners) == 0 {
		t.Errorf("%d records were told back, partners %v", told, f.e.View().Tracks[0].Partners)
	}
}
