// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/asterix/cat001"
	"github.com/kuroshio-watch/kuroshio/asterix/cat001plot"
	"github.com/kuroshio-watch/kuroshio/asterix/cat002"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
)

// station is a radar whose messages bear another time than ours.
type station struct {
	t   *testing.T
	d   *decode.Decoder
	now time.Time
}

func newStation(t *testing.T, limit time.Duration) *station {
	cfg := config()
	radar := cfg.Sources["radar"]
	radar.ClockLimit = limit
	cfg.Sources["radar"] = radar
	d, err := decode.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &station{t, d, noon}
}

// send takes a plot that arrives now and bears a time so long before.
func (s *station) send(sic uint8, late time.Duration) {
	s.t.Helper()
	at := s.now.Add(-late)
	b := block(s.t, target(func(r *cat048.Record) {
		r.I010.SIC = sic
		r.I140 = cat048.I140(at.Sub(at.Truncate(24*time.Hour)).Seconds() * 128)
	}))
	_, _, _ = s.d.Decode(&frame.Frame{Source: "radar", Format: frame.ASTERIX, Received: s.now, Data: b}, nil, nil) // refused when far off
}

// minutes lets so many pass, with six messages in each: delays that vary by 2 s
// above the least.
func (s *station) minutes(n int, sic uint8, least time.Duration) {
	for range n {
		for i := range 6 {
			s.send(sic, least+time.Duration(i*7%6)*400*time.Millisecond)
			s.now = s.now.Add(10 * time.Second)
		}
	}
}

func (s *station) clocks() []decode.Clock { return s.d.Clocks("radar", s.now) }

// only returns the one clock that is measured.
func (s *station) only() decode.Clock {
	s.t.Helper()
	list := s.clocks()
	if len(list) != 1 {
		s.t.Fatalf("%d clocks, want one", len(list))
	}
	return list[0]
}

func TestClockIsMeasured(t *testing.T) {
	for name, tt := range map[string]struct {
		late time.Duration
		off  bool
	}{
		"a sound clock":                 {500 * time.Millisecond, false},
		"a clock that is behind":        {4 * time.Second, true},
		"a clock that is ahead":         {-4 * time.Second, true},
		"one whose plots are refused":   {26 * time.Minute, true},
		"a clock just within the limit": {2900 * time.Millisecond, false},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			s := newStation(t, decode.DefaultClockLimit)
			s.minutes(2, 10, tt.late)
			s.send(10, tt.late)
			if list := s.clocks(); len(list) != 0 {
				t.Fatalf("judged after two minutes: %+v", list)
			}
			s.minutes(3, 10, tt.late)
			c := s.only()
			if c.Station != "025/010" || (c.Offset-tt.late).Abs() > 10*time.Millisecond || c.Off != tt.off || c.Minutes < 3 || c.Spread > 10*time.Millisecond {
				t.Errorf("clock %+v, want %v off: %v", c, tt.late, tt.off)
			}
		})
	}
}

// TestClockOutliers puts one false time into each of two minutes of five.
func TestClockOutliers(t *testing.T) {
	s := newStation(t, decode.DefaultClockLimit)
	for i := range 7 {
		if i == 3 || i == 5 {
			s.send(10, -4*time.Minute)
		}
		s.minutes(1, 10, 500*time.Millisecond)
	}
	if c := s.only(); c.Off || (c.Offset-500*time.Millisecond).Abs() > 10*time.Millisecond || c.Spread < 4*time.Minute {
		t.Errorf("clock %+v, want 0.5 s with a wide spread", c)
	}
}

// TestClockComesBack clears by itself, at half of the limit and not before.
func TestClockComesBack(t *testing.T) {
	s := newStation(t, decode.DefaultClockLimit)
	for _, step := range []struct {
		late time.Duration
		off  bool
	}{{4 * time.Second, true}, {2 * time.Second, true}, {time.Second, false}, {2 * time.Second, false}, {-4 * time.Second, true}} {
		s.minutes(6, 10, step.late)
		if c := s.only(); c.Off != step.off {
			t.Errorf("at %v: off %v, want %v", step.late, c.Off, step.off)
		}
	}
	s.now = s.now.Add(11 * time.Minute)
	if list := s.clocks(); len(list) != 0 {
		t.Errorf("a silent station's clock is judged: %+v", list)
	}
	s.minutes(2, 10, 0)
	if list := s.clocks(); len(list) != 0 {
		t.Errorf("judged by what was before the silence: %+v", list)
	}
}

func TestClockWithoutLimit(t *testing.T) {
	s := newStation(t, 0)
	s.minutes(6, 10, 8*time.Second)
	if c := s.only(); c.Off {
		t.Errorf("clock %+v is judged without a limit", c)
	}
}

// TestClocksAreBounded hears more stations than are measured; room comes when
// old ones are silent.
func TestClocksAreBounded(t *testing.T) {
	s := newStation(t, decode.DefaultClockLimit)
	send := func(sac uint8, n int) {
		for i := range n {
			b := block(t, target(func(r *cat048.Record) {
				r.I010 = cat048.I010{SAC: sac, SIC: uint8(i)}
				r.I140 = cat048.I140(s.now.Sub(noon.Truncate(24*time.Hour)).Seconds() * 128)
			}))
			if _, _, err := s.d.Decode(&frame.Frame{Source: "radar", Format: frame.ASTERIX, Received: s.now, Data: b}, nil, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	count := func() int {
		for _, src := range s.d.Snapshot().Sources {
			if src.Name == "radar" {
				return len(src.Clocks)
			}
		}
		return 0
	}
	send(1, 256)
	send(2, 100)
	if n := count(); n != 256 {
		t.Errorf("%d clocks, want 256", n)
	}
	s.now = s.now.Add(9 * time.Minute)
	send(1, 56)
	s.now = s.now.Add(90 * time.Second)
	send(2, 100)
	if n := count(); n != 156 {
		t.Errorf("%d clocks after 200 went silent, want 156", n)
	}
}

func TestClocksSurviveARestart(t *testing.T) {
	s := newStation(t, decode.DefaultClockLimit)
	s.minutes(6, 10, 4*time.Second)
	want := s.clocks()
	st := kept(t, s.d)
	again := newStation(t, decode.DefaultClockLimit)
	if err := again.d.Restore(st); err != nil {
		t.Fatal(err)
	}
	again.now = s.now
	if diff := cmp.Diff(want, again.clocks()); diff != "" || len(want) != 1 || !want[0].Off {
		t.Errorf("clocks (-want +got):\n%s", diff)
	}
	for i := range st.Sources {
		if st.Sources[i].Name == "radar" {
			st.Sources[i].Clocks[0].Done = make([]int64, 6)
		}
	}
	if err := again.d.Restore(st); err == nil {
		t.Error("Restore() took six minutes of a clock")
	}
}

// TestTurnsFollowTheStationsClock has a station whose clock is six minutes late
// by its category 002. By receipt alone its plots would be put into another turn
// of 512 s, and into our present.
func TestTurnsFollowTheStationsClock(t *testing.T) {
	s := newStation(t, 0)
	const late = 6 * time.Minute
	shown := int(noon.Add(-late).Sub(noon.Truncate(24*time.Hour)) / time.Second)
	north := &cat002.Record{Has: cat002.Item010 | cat002.Item000 | cat002.Item030, I010: cat002.I010{SAC: 25, SIC: 10}, I000: 1}
	north.I030 = cat002.I030(shown * 128)
	p := oldPlot(func(r *cat001plot.Record) { r.I141 = cat001plot.I141(shown % 512 * 128) })
	datagram := slices.Concat(blockOf(t, cat002.Category, north), blockOf(t, cat001.Category, p))
	plots, _, err := s.d.Decode(&frame.Frame{Source: "radar", Format: frame.ASTERIX, Received: noon, Data: datagram}, nil, nil)
	if err != nil || len(plots) != 1 || !plots[0].Time.Equal(noon.Add(-late)) {
		t.Errorf("Decode() = %+v, %v, want a plot at %v", plots, err, noon.Add(-late))
	}
}
