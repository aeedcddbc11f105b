// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// TestSnapshot stops a decoder in the middle, and goes on with another one
// that was restored from JSON: the reports and the state stay the same.
func TestSnapshot(t *testing.T) {
	s := generate(t, 7, 20)
	one := modes.NewDecoder(modes.DefaultConfig())
	two := modes.NewDecoder(modes.DefaultConfig())
	var r1, r2 modes.Report
	for i, f := range s.frames {
		if i%97 == 50 {
			b, err := json.Marshal(one.Snapshot())
			if err != nil {
				t.Fatal(err)
			}
			var st modes.State
			if err := json.Unmarshal(b, &st); err != nil {
				t.Fatal(err)
			}
			two = modes.NewDecoder(modes.DefaultConfig())
			if err := two.Restore(st); err != nil {
				t.Fatal(err)
			}
		}
		err1 := one.Decode(f.at, f.msg, &r1)
		err2 := two.Decode(f.at, f.msg, &r2)
		if i >= 50 && (!errors.Is(err1, err2) || r1 != r2) {
			t.Fatalf("frame %d: restored decoder says %+v, %v, the other %+v, %v", i, r2, err2, r1, err1)
		}
	}
	if diff := cmp.Diff(one.Snapshot(), two.Snapshot()); diff != "" {
		t.Errorf("state (-one +restored):\n%s", diff)
	}
}

func TestRestoreRefuses(t *testing.T) {
	const big = 1 << 17
	a := modes.AircraftState{ICAO: own}
	with := func(change func(*modes.AircraftState)) modes.State {
		b := a
		change(&b)
		return modes.State{Version: 1, Aircraft: []modes.AircraftState{b}}
	}
	many := modes.State{Version: 1}
	for i := range modes.ICAO(9000) {
		many.Aircraft = append(many.Aircraft, modes.AircraftState{ICAO: 1 + i})
	}
	tests := map[string]modes.State{
		"another version":       {Version: 3},
		"too many aircraft":     many,
		"one aircraft twice":    {Version: 1, Aircraft: []modes.AircraftState{a, a}},
		"address zero":          with(func(s *modes.AircraftState) { s.ICAO = 0 }),
		"an address of 25 bits": with(func(s *modes.AircraftState) { s.ICAO = 1 << 24 }),
		"an unknown origin":     with(func(s *modes.AircraftState) { s.Origin = 99 }),
		"a code of 18 bits":     with(func(s *modes.AircraftState) { s.Odd = &modes.CPRState{Lat: big} }),
		"a longitude too far":   with(func(s *modes.AircraftState) { s.Even = &modes.CPRState{Lon: big} }),
		"a speed of NaN":        with(func(s *modes.AircraftState) { s.GroundSpeed = &modes.SpeedState{Knots: geo.Knots(math.NaN())} }),
		"a track of 400":        with(func(s *modes.AircraftState) { s.GroundSpeed = &modes.SpeedState{Track: new(geo.Degrees(400))} }),
		"a height of NaN":       with(func(s *modes.AircraftState) { s.Height = &modes.HeightState{Feet: geo.Feet(math.NaN())} }),
		"no trust":              with(func(s *modes.AircraftState) { s.Position = &modes.PositionState{} }),
		"too much trust":        with(func(s *modes.AircraftState) { s.Position = &modes.PositionState{Trust: 5} }),
		"a position off the globe": with(func(s *modes.AircraftState) {
			s.Position = &modes.PositionState{Point: geo.Point{LatDeg: 99}, Trust: 1}
		}),
	}
	for name, st := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			s := start(t, nil)
			s.at(taoyuan, false, modes.RefusedUnpaired)
			before := s.d.Snapshot()
			if s.d.Restore(st) == nil {
				t.Error("Restore = nil, want an error")
			}
			if diff := cmp.Diff(before, s.d.Snapshot()); diff != "" {
				t.Errorf("a refused state changed the decoder:\n%s", diff)
			}
		})
	}
}

// TestSameFramesSameState runs a stream twice: no clock and no map order shows.
func TestSameFramesSameState(t *testing.T) {
	s := generate(t, 3, 50)
	var states [2]string
	for i := range states {
		d := modes.NewDecoder(modes.DefaultConfig())
		var r modes.Report
		for _, f := range s.frames {
			_ = d.Decode(f.at, f.msg, &r)
		}
		b, err := json.Marshal(d.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		states[i] = string(b)
	}
	if states[0] != states[1] {
		t.Error("two runs over the same frames differ")
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	s := generate(t, 1, 50)
	d := modes.NewDecoder(modes.DefaultConfig())
	var r modes.Report
	for _, f := range s.frames { // meet all aircraft
		_ = d.Decode(f.at, f.msg, &r)
	}
	i := 0
	allocs := testing.AllocsPerRun(len(s.frames), func() {
		f := &s.frames[i%len(s.frames)]
		_ = d.Decode(f.at.Add(time.Minute), f.msg, &r)
		i++
	})
	if allocs != 0 {
		t.Errorf("Decode allocates %v times a frame, want 0", allocs)
	}
}

// FuzzDecoder feeds a stream that is half sound and half not, with times that
// jump: nothing panics, memory stays bounded, positions are on the globe, and
// the state can always be stored and restored.
func FuzzDecoder(f *testing.F) {
	f.Add(uint64(1), []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Add(uint64(2), []byte{17, 17, 34, 34, 51, 51, 255, 0, 128})
	f.Fuzz(func(t *testing.T, seed uint64, script []byte) {
		rng := rand.New(rand.NewPCG(seed, 1))
		d := modes.NewDecoder(modes.Config{MaxAircraft: 4})
		now := epoch
		var r modes.Report
		for _, b := range script {
			icao := modes.ICAO(1 + b>>5)
			p := geo.Point{LatDeg: rng.Float64()*180 - 90, LonDeg: rng.Float64()*360 - 180}
			var msg []byte
			switch b & 7 {
			case 0:
				m := modes.EncodeAllCall(icao)
				msg = m[:]
			case 1, 2:
				m := modes.EncodeAirbornePosition(icao, p, 0, b&1 == 0)
				msg = m[:]
			case 3:
				m := modes.EncodeSurfacePosition(icao, p, 1, 1, b&8 == 0)
				msg = m[:]
			case 4:
				m := modes.EncodeVelocity(icao, geo.Knots(rng.Float64()*5000), 0, 0)
				msg = m[:]
			case 5:
				now = now.Add(time.Duration(rng.Int64()) - 1<<62)
			default:
				msg = make([]byte, 14)
				for i := range msg {
					msg[i] = byte(rng.UintN(256))
				}
				msg[0] = 18<<3 | msg[0]&7
				sealWith(0, msg...)
			}
			err := d.Decode(now, msg, &r)
			if d.Len() > 4 || err == nil && r.HasPosition && !r.Position.Valid() {
				t.Fatalf("%d aircraft, position %v", d.Len(), r.Position)
			}
		}
		if err := d.Restore(d.Snapshot()); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzRestore(f *testing.F) {
	s := generate(f, 5, 3)
	d := modes.NewDecoder(modes.DefaultConfig())
	var r modes.Report
	for _, fr := range s.frames {
		_ = d.Decode(fr.at, fr.msg, &r)
	}
	b, err := json.Marshal(d.Snapshot())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"version":1,"aircraft":[{"icao":1,"position":{"lat":1,"lon":2,"trust":1}}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var st modes.State
		if json.Unmarshal(b, &st) != nil {
			return
		}
		d := modes.NewDecoder(modes.DefaultConfig())
		if d.Restore(st) != nil {
			return
		}
		first := d.Snapshot()
		if err := d.Restore(first); err != nil || !cmp.Equal(first, d.Snapshot()) {
			t.Errorf("a restored state cannot be stored and restored again: %v", err)
		}
		for _, fr := range s.frames[:min(50, len(s.frames))] {
			_ = d.Decode(fr.at, fr.msg, &r)
		}
	})
}

// TestRestoreOfBefore goes on with the snapshot of a decoder that kept neither
// tracks nor heights.
func TestRestoreOfBefore(t *testing.T) {
	d := modes.NewDecoder(modes.DefaultConfig())
	speed := &modes.SpeedState{Knots: 420, TimeMS: takeoff.UnixMilli()}
	if err := d.Restore(modes.State{Version: 1, Aircraft: []modes.AircraftState{{ICAO: own, GroundSpeed: speed}}}); err != nil {
		t.Fatal(err)
	}
	if a := d.Snapshot().Aircraft; len(a) != 1 || a[0].GroundSpeed == nil || a[0].GroundSpeed.Track != nil || a[0].Height != nil {
		t.Errorf("restored %+v", a)
	}
}
