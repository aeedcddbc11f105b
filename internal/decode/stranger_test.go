// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/cot"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
)

// telling is a feed whose senders tell the time.
type telling struct {
	t      *testing.T
	d      *decode.Decoder
	source string
	format frame.Format
	now    time.Time
}

func newTelling(t *testing.T, source string) *telling {
	cfg := config()
	s := cfg.Sources[source]
	s.ClockLimit, s.Receiver = decode.DefaultClockLimit, nil
	cfg.Sources[source] = s
	d, err := decode.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &telling{t, d, source, s.Format, noon}
}

// minutes lets six minutes pass with three messages in each of what say makes.
func (f *telling) minutes(say func(now time.Time) []byte) {
	f.t.Helper()
	for range 18 {
		if _, _, err := f.d.Decode(&frame.Frame{Source: f.source, Format: f.format, Received: f.now, Data: say(f.now)}, nil, nil); err != nil {
			f.t.Fatal(err)
		}
		f.now = f.now.Add(20 * time.Second)
	}
}

func (f *telling) clocks() []decode.Clock { return f.d.Clocks(f.source, f.now) }

// want checks a clock by its station.
func (f *telling) want(station string, offset time.Duration, off, foreign bool) {
	f.t.Helper()
	for _, c := range f.clocks() {
		if c.Station != station {
			continue
		}
		if (c.Offset-offset).Abs() > time.Second || c.Off != off || c.Foreign != foreign {
			f.t.Errorf("clock %+v, want %v, off %v, foreign %v", c, offset, off, foreign)
		}
		return
	}
	f.t.Errorf("no clock of %s in %+v", station, f.clocks())
}

// base is the report of a base station that shows a time, with a tag block of a
// receiver where sent is not zero.
func base(t *testing.T, mmsi ais.MMSI, shows, sent time.Time) []byte {
	t.Helper()
	payload, fill, err := ais.Encode(nil, &ais.Message{Type: 4, MMSI: mmsi, UTC: shows, Has: ais.HasUTC | ais.HasPosition, Position: coast})
	if err != nil {
		t.Fatal(err)
	}
	h := nmea.Header{Channel: 'A'}
	if !sent.IsZero() {
		h.Tag = nmea.Tag{Source: []byte("r1"), Time: sent, HasTime: true}
	}
	line, _ := nmea.Next(nmea.Format(nil, h, payload, fill))
	return line
}

// TestReceiversClockByItsTag takes a tag block that is late for delay, and one
// that is ahead for a false clock.
func TestReceiversClockByItsTag(t *testing.T) {
	for name, tt := range map[string]struct {
		late time.Duration
		off  bool
	}{"ten minutes late by satellite": {10 * time.Minute, false}, "ahead": {-5 * time.Second, true}, "a little ahead": {-time.Second, false}} {
		t.Run("it handles one "+name, func(t *testing.T) {
			f := newTelling(t, "ais")
			f.minutes(func(now time.Time) []byte { return base(t, 4310001, now.Add(-tt.late), now.Add(-tt.late)) })
			f.want("r1", tt.late, tt.off, false)
			f.want("004310001", 0, false, true) // held against the tag's time
			if got := decode.ClocksOff(f.clocks()); got != tt.off {
				t.Errorf("ClocksOff() = %v, want %v", got, tt.off)
			}
		})
	}
}

// TestClocksThatJSONTells judges readsb's by both sides, as it writes what it has
// just heard, and a source's of Signal K ahead alone.
func TestClocksThatJSONTells(t *testing.T) {
	const limit = decode.DefaultClockLimit
	stateOf := func(now, at time.Time) []byte {
		return state(changed{"now": float64(at.UnixMilli()) / 1000, "seen": 0, "seen_pos": 0})
	}
	deltaOf := func(now, at time.Time) []byte { return delta(at, position) }
	for name, tt := range map[string]struct {
		source, station string
		say             func(now, at time.Time) []byte
		late            time.Duration
		off             bool
	}{
		"readsb in time":                {"state", "readsb", stateOf, time.Second, false},
		"readsb late":                   {"state", "readsb", stateOf, 4 * limit, true},
		"readsb ahead":                  {"state", "readsb", stateOf, -4 * limit, true},
		"readsb a day late, refused":    {"state", "readsb", stateOf, 24 * time.Hour, true},
		"Signal K in time":              {"ship", "ais", deltaOf, time.Second, false},
		"Signal K late":                 {"ship", "ais", deltaOf, 4 * limit, false},
		"Signal K ahead":                {"ship", "ais", deltaOf, -4 * limit, true},
		"Signal K a day ahead, refused": {"ship", "ais", deltaOf, -24 * time.Hour, true},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			f := newTelling(t, tt.source)
			for range 18 { // six minutes; what is refused tells of the clock too
				_, _, _ = f.d.Decode(&frame.Frame{Source: f.source, Format: f.format, Received: f.now, Data: tt.say(f.now, f.now.Add(-tt.late))}, nil, nil)
				f.now = f.now.Add(20 * time.Second)
			}
			f.want(tt.station, tt.late, tt.off, false)
			if got := decode.ClocksOff(f.clocks()); got != tt.off {
				t.Errorf("ClocksOff() = %v, want %v", got, tt.off)
			}
		})
	}
}

// TestNoTimeNoClock measures nothing where readsb's line tells no time or Signal K's
// update no source.
func TestNoTimeNoClock(t *testing.T) {
	f := newTelling(t, "state")
	f.minutes(func(time.Time) []byte { return state(changed{"now": nil}) })
	g := newTelling(t, "ship")
	g.minutes(func(now time.Time) []byte {
		return bytes.Replace(delta(now, position), []byte(`"$source":"ais",`), nil, 1)
	})
	if a, b := f.clocks(), g.clocks(); len(a)+len(b) != 0 {
		t.Errorf("clocks %+v, %+v", a, b)
	}
}

// TestClocksOfStrangers alarms when most of three or more are off alike, and not
// for one alone.
func TestClocksOfStrangers(t *testing.T) {
	const late = 8 * time.Second
	for name, tt := range map[string]struct {
		late []time.Duration // of each base station
		off  bool
	}{
		"one of three":               {[]time.Duration{0, 0, late}, false},
		"two of three":               {[]time.Duration{0, late, late}, true},
		"two of three on both sides": {[]time.Duration{0, late, -late}, false},
		"two of four":                {[]time.Duration{0, late, late, 0}, false},
		"both of two":                {[]time.Duration{late, late}, false},
		"three of three, all ahead":  {[]time.Duration{-late, -late, -late}, true},
		"three sound ones":           {[]time.Duration{time.Second, 0, time.Second}, false},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			f := newTelling(t, "ais")
			for i, late := range tt.late {
				f.now = noon // all at the same time
				f.minutes(func(now time.Time) []byte { return base(t, ais.MMSI(4310001+i), now.Add(-late), time.Time{}) })
			}
			for i, late := range tt.late {
				f.want(fmt.Sprintf("%09d", 4310001+i), late, late.Abs() > decode.DefaultClockLimit, true)
			}
			if got := decode.ClocksOff(f.clocks()); got != tt.off {
				t.Errorf("ClocksOff() = %v, want %v", got, tt.off)
			}
		})
	}
}

// TestClocksOfDevices measures those that say what they are themselves.
func TestClocksOfDevices(t *testing.T) {
	counter := uint8(0)
	for name, tt := range map[string]struct {
		source, station string
		say             func(now time.Time) []byte
	}{
		"a device of Cursor on Target": {"mesh", "one", func(now time.Time) []byte {
			at := now.Add(-20 * time.Second)
			e := cot.Event{UID: cot.Text("one"), Type: cot.Text("a-u-A"), How: cot.Text("m-g"), Time: at, Start: at, Stale: now.Add(time.Minute), Has: cot.HasPosition, Position: taxi}
			b, err := cot.AppendXML(nil, &e)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}},
		"a drone": {"drone", "903ae65bc8a8", func(now time.Time) []byte {
			counter++
			m := place()
			at := now.Add(-20 * time.Second)
			m.TimeInHour = at.Sub(at.Truncate(time.Hour))
			return heard(t, "903ae65bc8a8", counter, m)
		}},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			f := newTelling(t, tt.source)
			f.minutes(tt.say)
			f.want(tt.station, 20*time.Second, true, true)
			if decode.ClocksOff(f.clocks()) {
				t.Error("one device asks for a person")
			}
			again := newTelling(t, tt.source)
			again.now = f.now
			if err := again.d.Restore(f.d.Snapshot()); err != nil {
				t.Fatal(err)
			}
			again.want(tt.station, 20*time.Second, true, true)
		})
	}
}

// TestFalseTimeOfADrone lets a drone whose clock is off keep the time of receipt.
func TestFalseTimeOfADrone(t *testing.T) {
	m := place()
	m.TimeInHour = 30 * time.Minute
	plots, _, _ := run(t, newDecoder(t), "drone", frame.RemoteID, heard(t, "903ae65bc8a8", 1, m))
	if len(plots) != 1 || !plots[0].Time.Equal(noon) {
		t.Errorf("plots = %+v, want one at the time of receipt", plots)
	}
}

// TestLongNamesHaveNoClock keeps a name out that a sender makes to fill memory.
func TestLongNamesHaveNoClock(t *testing.T) {
	f := newTelling(t, "mesh")
	f.minutes(func(now time.Time) []byte {
		e := cot.Event{UID: fmt.Appendf(nil, "%065d", 1), Type: cot.Text("a-u-A"), How: cot.Text("m-g"), Time: now, Start: now, Stale: now.Add(time.Minute), Has: cot.HasPosition, Position: taxi}
		b, err := cot.AppendXML(nil, &e)
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
	if list := f.clocks(); len(list) != 0 {
		t.Errorf("clocks %+v", list)
	}
}
