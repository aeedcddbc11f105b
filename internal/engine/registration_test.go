// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// slipping is an engine with a radar and twelve airliners around it that tell
// their places.
type slipping struct {
	radarFloor
	radar track.Sensor
	at    time.Duration
	north geo.Degrees // by which the radar's azimuths are off
}

// floorRadar turns in four seconds in the middle of the gap.
var floorRadar = track.Sensor{Source: "radar", ID: "025/010", Pos: geo.Point{LatDeg: 24.4, LonDeg: 122.9}, MaxRange: geo.FromNM(200), Period: 4 * time.Second}

func newSlipping(t *testing.T) *slipping {
	t.Helper()
	f := &slipping{radarFloor: radarFloor{t: t, e: engine.New("tw", ids), now: start, seq: 1}, north: 0.2}
	f.radar = floorRadar
	cfg := config(t)
	cfg.Sensors = []track.Sensor{f.radar}
	cfg.Feeds = []engine.FeedConfig{
		{Name: "adsb", Kind: "mode-s", Source: decode.Source{Format: frame.ModeS}},
		{Name: "radar", Kind: "asterix-udp", Source: decode.Source{Format: frame.ASTERIX, Sensors: map[string]decode.Sensor{
			f.radar.ID: {SigmaRange: 100, SigmaAzimuth: 0.12},
		}}},
	}
	if out := f.e.Step(1, &engine.Input{At: start, Config: cfg}); out.Reply.Code != "" {
		t.Fatalf("Config refused: %+v", out)
	}
	return f
}

const airliners, airlinerFeet, airlinerKnots = 12, 30_000, 300

// fly lets time pass: each second all tell where they are, and each is seen once
// a turn.
func (f *slipping) fly(d time.Duration) {
	f.t.Helper()
	for end := f.at + d; f.at < end; {
		f.at += time.Second
		f.now = start.Add(f.at)
		n := int(f.at / time.Second)
		for k := range airliners {
			icao, course := modes.ICAO(0x899001+k), geo.Degrees(77*k).Norm360()
			pos := geo.Direct(geo.Direct(f.radar.Pos, geo.Degrees(30*k), 60_000), course, geo.Metres(float64(geo.Knots(airlinerKnots).MetresPerSecond())*f.at.Seconds()))
			place := modes.EncodeAirbornePosition(icao, pos, airlinerFeet, n%2 == 1)
			speed := modes.EncodeVelocity(icao, airlinerKnots, course, 0)
			status := modes.EncodeStatus(icao, 9, 3, false)
			for _, raw := range [][]byte{status[:], speed[:], place[:]} {
				f.frame("adsb", frame.ModeS, raw)
			}
			if k%4 == n%4 {
				f.seen(icao, pos)
			}
		}
		f.tick()
	}
}

func (f *slipping) frame(source string, format frame.Format, b []byte) {
	f.n++
	f.step(engine.Input{Frame: &frame.Frame{Source: source, Seq: f.n, Format: format, Received: f.now, Data: b}})
}

// seen sends what the radar measures of an aircraft.
func (f *slipping) seen(icao modes.ICAO, pos geo.Point) {
	f.t.Helper()
	rng, azi := geo.SlantRange(f.radar.Pos, f.radar.Height, pos, geo.Feet(airlinerFeet).Metres())
	r := f.measured(rng, azi)
	r.Has, r.I220 = r.Has|cat048.Item220, cat048.I220(icao)
	r.I020.TYP = 5 // one reply to an all-call
	f.plot(&r)
}

func (f *slipping) measured(rng geo.Metres, azi geo.Degrees) cat048.Record {
	return cat048.Record{
		Has:  cat048.Item010 | cat048.Item140 | cat048.Item020 | cat048.Item040,
		I010: cat048.I010{SAC: 25, SIC: 10},
		I140: cat048.I140(f.now.Sub(f.now.Truncate(24*time.Hour)).Seconds() * 128),
		I040: cat048.I040{RHO: uint16(rng.NM() * 256), THETA: uint16(float64((azi + f.north).Norm360()) * 65536 / 360)},
	}
}

func (f *slipping) plot(r *cat048.Record) {
	f.t.Helper()
	b, err := r.Append(nil)
	if err == nil {
		b, err = asterix.AppendBlock(nil, cat048.Category, b)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	f.frame("radar", frame.ASTERIX, b)
}

// alarm returns the state of the alarm of the radar's bias, "" for none.
func (f *slipping) alarm() string {
	for _, a := range f.e.View().Alarms {
		if a.Key == "registration/radar 025/010" && a.Rule == "registration" && a.Subject == "radar 025/010" && a.Priority == 2 {
			return a.State
		}
	}
	return ""
}

// Radars for which registration has no room are shown without a bias.
func TestRadarsThatAreLeftOutAreShown(t *testing.T) {
	f := &radarFloor{t: t, e: engine.New("tw", ids), now: start, seq: 1}
	cfg := config(t)
	cfg.Sensors = nil
	for i := range 18 {
		s := floorRadar
		s.ID = fmt.Sprintf("025/%03d", i)
		cfg.Sensors = append(cfg.Sensors, s)
	}
	if out := f.e.Step(1, &engine.Input{At: start, Config: cfg}); out.Reply.Code != "" {
		t.Fatalf("Config refused: %+v", out)
	}
	list := f.e.Registration()
	if len(list) != 18 || f.e.View().RadarsLeftOut != 2 {
		t.Fatalf("%d radars, the picture says that %d are left out; want 18 and 2", len(list), f.e.View().RadarsLeftOut)
	}
	for i, r := range list {
		if out := i >= 16; r.LeftOut != out || (r.Bias == nil) != out || (r.Sigma == nil) != out {
			t.Errorf("radar %d: %+v", i, r)
		}
	}
}

// The bias of a radar is shown with its history, and a slip of its north mark
// alarms, also over a restart, until it is registered anew.
func TestARadarThatSlipsAlarms(t *testing.T) {
	f := newSlipping(t)
	f.fly(3 * time.Minute)
	before := f.e.Registration()
	if len(before) != 1 || before[0].Source != "radar" || before[0].Sensor != "025/010" || before[0].Sights == 0 || before[0].Jumped != nil ||
		math.Abs(before[0].Bias.AzimuthDeg-0.2) > 0.05 || before[0].Sigma.AzimuthDeg > 0.05 {
		t.Errorf("registration %+v, want 0.2°", before)
	}
	if got := f.alarm(); got != "" {
		t.Errorf("the alarm is %s before the slip", got)
	}
	f.north = 1.2
	f.fly(2 * time.Minute)
	after := f.e.Registration()[0]
	if after.Jumps == 0 || after.Jumped == nil || after.Jumped.Before(start.Add(3*time.Minute)) || math.Abs(after.Bias.AzimuthDeg-1.2) > 0.1 {
		t.Errorf("registration %+v, want a jump to 1.2°", after)
	}
	if h := after.History; len(h) < 2 || h[0].Jump || !h[len(h)-1].Jump {
		t.Errorf("history %+v, want what was learnt before and the jump", h)
	}
	if got := f.alarm(); got != "unacknowledged" {
		t.Errorf("the alarm is %q after the slip", got)
	}
	f.restart()
	if d := cmp.Diff(after, f.e.Registration()[0]); d != "" {
		t.Errorf("after a restart (-before +after):\n%s", d)
	}
	f.now = after.Jumped.Add(10*time.Minute + time.Second)
	f.tick()
	if got := f.alarm(); got != "returned" {
		t.Errorf("the alarm is %q when it is registered anew", got)
	}
}
