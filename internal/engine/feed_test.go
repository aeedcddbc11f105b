// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// radarEngine returns an engine with one feed of ASTERIX, after input 1.
func radarEngine(t testing.TB) *engine.Engine {
	t.Helper()
	cfg := config(t)
	cfg.Feeds = []engine.FeedConfig{{Name: "radar", Kind: "asterix-udp", Source: decode.Source{Format: frame.ASTERIX, ClockLimit: decode.DefaultClockLimit}}}
	e := engine.New("tw", ids)
	if out := e.Step(1, &engine.Input{At: start, Config: cfg}); out.Reply.Code != "" {
		t.Fatalf("Config refused: %+v", out)
	}
	return e
}

// TestRefusedItems counts what no plots are made of by category, and survives a
// snapshot; a flood of categories does not grow it.
func TestRefusedItems(t *testing.T) {
	e := radarEngine(t)
	seq := uint64(1)
	send := func(b []byte) {
		seq++
		e.Step(seq, &engine.Input{At: start, Frame: &frame.Frame{Source: "radar", Seq: seq, Format: frame.ASTERIX, Received: start, Data: b}})
	}
	send([]byte{62, 0, 4, 0x80, 62, 0, 4, 0x80, 240, 0, 4, 0x80})
	send([]byte{247, 0, 4, 0x80})
	again, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if e, err = engine.Restore("tw", ids, again); err != nil {
		t.Fatal(err)
	}
	want := []engine.RefusedFor{
		{Reason: decode.AsterixCategory, Count: 2, At: start, Item: "CAT247", Items: []engine.RefusedItem{{Item: "CAT240", Count: 1}, {Item: "CAT247", Count: 1}}},
		{Reason: decode.AsterixSystemTrack, Count: 2, At: start, Offset: 4, Item: "CAT062", Items: []engine.RefusedItem{{Item: "CAT062", Count: 2}}},
	}
	if diff := cmp.Diff(want, e.View().Feeds[0].Refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	for c := range 40 {
		send([]byte{byte(100 + c), 0, 4, 0x80})
	}
	r := e.View().Feeds[0].Refused[0]
	if r.Count != 42 || len(r.Items) != 16 || r.Item != fmt.Sprintf("CAT%d", 139) {
		t.Errorf("after a flood of categories: %d counted, %d items, last %s", r.Count, len(r.Items), r.Item)
	}
}

// radarFloor is an engine with a radar that sends so often and so late.
type radarFloor struct {
	t   *testing.T
	e   *engine.Engine
	now time.Time
	seq uint64
	n   uint64 // frames
}

func newRadarFloor(t *testing.T) *radarFloor {
	return &radarFloor{t: t, e: radarEngine(t), now: start, seq: 1}
}

func (f *radarFloor) step(in engine.Input) {
	f.seq++
	in.At = f.now
	f.e.Step(f.seq, &in)
}

// send takes a plot that bears a time so long before.
func (f *radarFloor) send(late time.Duration) {
	f.t.Helper()
	at := f.now.Add(-late)
	r := cat048.Record{Has: cat048.Item010 | cat048.Item140 | cat048.Item040, I010: cat048.I010{SAC: 25, SIC: 10}}
	r.I140 = cat048.I140(at.Sub(at.Truncate(24*time.Hour)).Seconds() * 128)
	b, err := r.Append(nil)
	if err == nil {
		b, err = asterix.AppendBlock(nil, cat048.Category, b)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	f.n++
	f.step(engine.Input{Frame: &frame.Frame{Source: "radar", Seq: f.n, Format: frame.ASTERIX, Received: f.now, Data: b}})
}

func (f *radarFloor) tick() { f.step(engine.Input{Tick: &engine.Tick{}}) }

func (f *radarFloor) restart() {
	f.t.Helper()
	b, err := f.e.Snapshot()
	if err != nil {
		f.t.Fatal(err)
	}
	if f.e, err = engine.Restore("tw", ids, b); err != nil {
		f.t.Fatal(err)
	}
	if again, err := f.e.Snapshot(); err != nil || string(again) != string(b) {
		f.t.Errorf("a restart changed the snapshot: %v", err)
	}
}

func (f *radarFloor) minutes(n int, late time.Duration) {
	for range n {
		for range 6 {
			f.send(late)
			f.tick()
			f.now = f.now.Add(10 * time.Second)
		}
	}
}

func (f *radarFloor) alarm(rule string) (a engine.AlarmView, ok bool) {
	for _, a := range f.e.View().Alarms {
		if a.Rule == rule && a.State != "returned" {
			return a, true
		}
	}
	return a, false
}

// TestClockAlarm raises the alarm of a radar whose clock is off, keeps it over a
// restart, and ends it when the clock is back.
func TestClockAlarm(t *testing.T) {
	f := newRadarFloor(t)
	f.minutes(6, time.Second)
	if a, ok := f.alarm("clock"); ok {
		t.Fatalf("alarm %+v of a sound clock", a)
	}
	if s := f.e.View().Feeds[0].Silent; s != nil {
		t.Errorf("a radar that sends is silent since %v", s)
	}
	f.minutes(6, 26*time.Minute)
	a, ok := f.alarm("clock")
	if !ok || a.Subject != "radar" || a.Priority != 2 {
		t.Fatalf("alarm %+v, %v, want one of the radar", a, ok)
	}
	v := f.e.View().Feeds[0]
	if len(v.Clocks) != 1 || v.Clocks[0].Station != "025/010" || v.Clocks[0].OffsetS < 1559 || v.Clocks[0].OffsetS > 1561 || !v.Clocks[0].Off {
		t.Errorf("clocks %+v, want one 1560 s late", v.Clocks)
	}
	f.restart()
	f.tick()
	if _, ok := f.alarm("clock"); !ok {
		t.Error("the alarm is gone after a restart")
	}
	f.minutes(6, time.Second)
	if a, ok := f.alarm("clock"); ok {
		t.Errorf("alarm %+v of a clock that came back", a)
	}
}

// TestClockAlarmOfJSON raises the alarm of a feed of JSON by its octets alone.
func TestClockAlarmOfJSON(t *testing.T) {
	for name, tt := range map[string]struct {
		format frame.Format
		say    func(at time.Time) []byte
	}{
		"readsb": {frame.Readsb, func(at time.Time) []byte {
			return fmt.Appendf(nil, `{"now":%d,"hex":"899123","seen":0,"flight":"EXR101"}`, at.Unix())
		}},
		"Signal K": {frame.SignalK, func(at time.Time) []byte {
			return fmt.Appendf(nil, `{"context":"vessels.urn:mrn:imo:mmsi:416000123","updates":[{"$source":"ais","timestamp":%q,"values":[{"path":"name","value":"ONE"}]}]}`, at.Format(time.RFC3339))
		}},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			cfg := config(t)
			cfg.Feeds = []engine.FeedConfig{{Name: "json", Source: decode.Source{Format: tt.format, ClockLimit: decode.DefaultClockLimit}}}
			f := &radarFloor{t: t, e: engine.New("tw", ids), now: start}
			f.step(engine.Input{Config: cfg})
			for i, ahead := range []time.Duration{0, time.Minute, 0} {
				for range 36 {
					f.n++
					f.step(engine.Input{Frame: &frame.Frame{Source: "json", Seq: f.n, Format: tt.format, Received: f.now, Data: tt.say(f.now.Add(ahead))}})
					f.tick()
					f.now = f.now.Add(10 * time.Second)
				}
				if a, ok := f.alarm("clock"); ok != (i == 1) || ok && a.Subject != "json" {
					t.Errorf("%v ahead: alarm %+v, %v", ahead, a, ok)
				}
			}
		})
	}
}

// TestClockAlarmOfAFeedThatIsGone ends the alarm of a feed that is no longer
// configured.
func TestClockAlarmOfAFeedThatIsGone(t *testing.T) {
	f := newRadarFloor(t)
	f.minutes(6, time.Hour)
	if _, ok := f.alarm("clock"); !ok {
		t.Fatal("no alarm")
	}
	f.step(engine.Input{Config: config(t)})
	f.tick()
	if a, ok := f.alarm("clock"); ok {
		t.Errorf("alarm %+v of a feed that is gone", a)
	}
}

// TestReceiversInThePicture shows who heard an aircraft, and what was merged.
func TestReceiversInThePicture(t *testing.T) {
	cfg := config(t)
	for _, name := range []string{"east", "west"} {
		cfg.Feeds = append(cfg.Feeds, engine.FeedConfig{Name: name, Kind: "beast-tcp", Source: decode.Source{Format: frame.ModeS}})
	}
	e := engine.New("tw", ids)
	seq, now := uint64(1), start
	e.Step(seq, &engine.Input{At: now, Config: cfg})
	for i := range 8 {
		b := modes.EncodeAirbornePosition(0x899123, geo.Point{LatDeg: 24.4, LonDeg: 122.9 + 0.001*float64(i)}, 16000, i%2 == 1)
		for _, name := range []string{"east", "west"} {
			seq++
			e.Step(seq, &engine.Input{At: now, Frame: &frame.Frame{Source: name, Seq: uint64(i + 1), Format: frame.ModeS, Received: now, Data: b[:]}})
		}
		seq++
		now = now.Add(time.Second)
		e.Step(seq, &engine.Input{At: now, Tick: &engine.Tick{}})
	}
	v := e.View()
	if len(v.Tracks) != 1 || v.Tracks[0].Plots > 8 {
		t.Fatalf("tracks %+v, want one of 8 plots at most", v.Tracks)
	}
	if diff := cmp.Diff([]string{"east", "west"}, v.Tracks[0].Receivers); diff != "" {
		t.Errorf("receivers (-want +got):\n%s", diff)
	}
	if r := v.Feeds[1].Receivers; len(r) != 1 || r[0].ID != "" || r[0].Frames != 8 || r[0].Merged != 8 {
		t.Errorf("receivers of the second feed: %+v", r)
	}
	if v.Feeds[0].Merged != 0 || v.Feeds[1].Merged != 8 || v.Feeds[0].Plots != 8 {
		t.Errorf("feeds %+v, want 8 copies of the second merged", v.Feeds)
	}
}

// TestFeedThatIsRemoved forgets a feed while the node runs: its alarms end, its
// health goes, and the tracks that it fed age as any others.
func TestFeedThatIsRemoved(t *testing.T) {
	f := newRadarFloor(t)
	f.minutes(6, 9*time.Second) // a clock that is off
	f.now = f.now.Add(10 * time.Minute)
	f.tick()
	active := func() (list []string) {
		for _, a := range f.e.View().Alarms {
			if a.State != "returned" {
				list = append(list, a.Key)
			}
		}
		return list
	}
	if diff := cmp.Diff([]string{"C06/radar"}, active()); diff != "" {
		t.Fatalf("active alarms of a silent radar (-want +got):\n%s", diff)
	}
	if v := f.e.View().Feeds[0]; v.Silent == nil || !v.Silent.Equal(*v.Last) {
		t.Errorf("the radar is silent since %v, want its last frame, %v", v.Silent, v.Last)
	}
	f.step(engine.Input{Config: config(t)})
	f.tick()
	if l := active(); len(l) > 0 {
		t.Errorf("alarms %v are active after the removal", l)
	}
	if v := f.e.View(); len(v.Feeds) > 0 || len(f.e.LastSeqs()) > 0 {
		t.Errorf("after the removal: %+v", v.Feeds)
	}
	f.restart()
}
