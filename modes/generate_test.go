// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// sky is a generated stream with the truth in the form of the consensus.
type sky struct {
	frames   []timed
	truth    []agreed
	aircraft map[string]heard
}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// flight is one generated aircraft that flies straight on.
type flight struct {
	icao   modes.ICAO
	call   string
	squawk modes.Squawk
	at     geo.Point
	alt    geo.Feet
	gs     geo.Knots
	track  geo.Degrees
	odd    bool
}

func (f *flight) fly(dt time.Duration) {
	m := float64(f.gs.MetresPerSecond()) * dt.Seconds()
	sin, cos := math.Sincos(f.track.Radians())
	f.at.LatDeg += m * cos / 111195
	f.at.LonDeg += m * sin / 111195 / math.Cos(geo.Degrees(f.at.LatDeg).Radians())
	f.at.LonDeg = float64(geo.Degrees(f.at.LonDeg).Norm180())
}

// generate flies n aircraft for a minute. A fifth of the frames is noise, in
// which every parity-overlaid format gives some address.
func generate(t testing.TB, seed uint64, n int) sky {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 2026))
	flights := make([]flight, n)
	for i := range flights {
		flights[i] = flight{
			icao: modes.ICAO(0x100000 + i*0x123), call: fmt.Sprintf("KRS%d", 100+i),
			squawk: modes.Squawk(rng.UintN(0o10000)),
			at:     geo.Point{LatDeg: rng.Float64()*160 - 80, LonDeg: rng.Float64()*360 - 180},
			alt:    geo.Feet(rng.IntN(1600) * 25), gs: geo.Knots(100 + rng.IntN(400)), track: geo.Degrees(rng.IntN(360)),
			odd: rng.IntN(2) == 0,
		}
	}
	var s sky
	const step = 500 * time.Millisecond
	for tick := range 120 {
		now := epoch.Add(time.Duration(tick) * step)
		for i := range flights {
			f := &flights[i]
			f.fly(step)
			s.send(now, f, tick, rng)
			if rng.IntN(4) == 0 {
				s.noise(now, rng)
			}
		}
	}
	s.aircraft = map[string]heard{}
	for i, w := range s.truth {
		if w.DF != nil {
			h := s.aircraft[w.ICAO]
			h.take(s.frames[i].at, *w.DF, deref(w.Callsign), deref(w.Squawk), w.Alt)
			s.aircraft[w.ICAO] = h
		}
	}
	return s
}

func (s *sky) send(now time.Time, f *flight, tick int, rng *rand.Rand) {
	w := agreed{ICAO: f.icao.String(), DF: new(uint8)}
	var msg []byte
	switch kind := rng.IntN(10); {
	case tick == 0:
		*w.DF = 11
		m := modes.EncodeAllCall(f.icao)
		msg = m[:]
	case kind < 4:
		*w.DF = 17
		m := modes.EncodeAirbornePosition(f.icao, f.at, f.alt, f.odd)
		msg, w.Alt = m[:], ptr(float64(f.alt))
		if tick > 40 { // by then there was a pair
			w.Lat, w.Lon = ptr(f.at.LatDeg), ptr(f.at.LonDeg)
		}
		f.odd = !f.odd
	case kind < 6:
		*w.DF = 17
		m := modes.EncodeVelocity(f.icao, f.gs, f.track, -640)
		msg = m[:]
	case kind == 6:
		*w.DF = 17
		m := modes.EncodeIdentification(f.icao, f.call, 0xA3)
		msg, w.Callsign, w.Cat = m[:], ptr(f.call), ptr("A3")
	case kind == 7:
		*w.DF = 17
		m := modes.EncodeSquawk(f.icao, f.squawk, modes.EmergencyNone)
		msg, w.Squawk = m[:], ptr(f.squawk.String())
	case kind == 8:
		*w.DF = 4
		m := modes.EncodeAltitudeReply(f.icao, f.alt)
		msg, w.Alt = m[:], ptr(float64(f.alt))
	default:
		*w.DF = 5
		m := modes.EncodeIdentityReply(f.icao, f.squawk)
		msg, w.Squawk = m[:], ptr(f.squawk.String())
	}
	w.I = len(s.frames)
	s.frames = append(s.frames, timed{now, msg})
	s.truth = append(s.truth, w)
}

func (s *sky) noise(now time.Time, rng *rand.Rand) {
	msg := make([]byte, 7)
	df := []byte{0, 4, 5, 16, 20, 21}[rng.IntN(6)]
	if df >= 16 {
		msg = make([]byte, 14)
	}
	for i := range msg {
		msg[i] = byte(rng.UintN(256))
	}
	msg[0] = df<<3 | msg[0]&7
	s.frames = append(s.frames, timed{now, msg})
	s.truth = append(s.truth, agreed{I: len(s.frames) - 1})
}

func ptr[T any](v T) *T { return &v }

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func TestGenerated(t *testing.T) {
	for seed := range uint64(3) {
		s := generate(t, seed, 60)
		if n := checkConsensus(t, modes.DefaultConfig(), s.frames, s.truth, s.aircraft); n > 0 {
			t.Errorf("seed %d: %d positions refused as too fast", seed, n)
		}
	}
}

// TestGeneratedWithoutFilter shows what the address filter is for: without it
// the noise would make thousands of aircraft.
func TestGeneratedWithoutFilter(t *testing.T) {
	s := generate(t, 1, 60)
	seen := map[modes.ICAO]bool{}
	for _, f := range s.frames {
		if r, err := modes.Parse(f.msg); err == nil {
			seen[r.ICAO] = true
		}
	}
	if got := len(slices.Collect(maps.Keys(seen))); got < 10*len(s.aircraft) {
		t.Errorf("Parse alone shows %d aircraft of %d, so the noise tests nothing", got, len(s.aircraft))
	}
}
