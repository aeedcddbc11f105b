// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/packs"
)

var start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func ids(to party.ID, kind record.Kind, number uint64) (id record.ID) {
	copy(id[:], to)
	id[14], id[15] = byte(kind)+1, byte(number)
	return id
}

func config(t testing.TB) *engine.Config {
	t.Helper()
	p, err := packs.Load(packs.Default)
	if err != nil {
		t.Fatal(err)
	}
	return &engine.Config{
		Partners: []party.ID{"jp"}, Pack: p.Zones, Rules: engine.Text{Name: "rules.json", Data: p.Rules},
		T1: 2 * time.Minute, T2: 5 * time.Minute, ADIZ: "adiz_tw",
	}
}

func newEngine(t testing.TB) *engine.Engine {
	t.Helper()
	e := engine.New("tw", ids)
	out := e.Step(1, &engine.Input{At: start, Config: config(t)})
	if out.Reply.Code != "" {
		t.Fatalf("Config refused: %+v", out)
	}
	return e
}

func TestNodeWithoutFeedsIsUseful(t *testing.T) {
	e := newEngine(t)
	n := uint64(1)
	do := func(c engine.Command) engine.Reply {
		n++
		c.By, c.Role = "wang", engine.Officer
		return e.Step(n, &engine.Input{At: start.Add(time.Duration(n) * time.Second), Command: &c}).Reply
	}
	lat, lon := 24.5, 122.5
	r := do(engine.Command{Verb: "open", Text: "fishing boat calls: low aircraft", Domain: "air", Lat: &lat, Lon: &lon})
	if r.Code != "" || r.Incident != 1 {
		t.Fatalf("open = %+v, want incident 1", r)
	}
	for _, c := range []engine.Command{
		{Verb: "take", Incident: 1},
		{Verb: "posture", Incident: 1, Posture: "going-to-look"},
		{Verb: "log", Text: "called the coast guard"},
		{Verb: "strike", Entry: 2, Text: "wrong number"},
		{Verb: "close", Incident: 1, Outcome: "identified"},
	} {
		if r := do(c); r.Code != "" {
			t.Errorf("%s = %+v, want done", c.Verb, r)
		}
	}
	v := e.View()
	if len(v.Incidents) != 1 || v.Incidents[0].State != "closed" || v.Incidents[0].Lead.Holder != "tw" || len(v.Log) != 2 || v.Log[1].Struck == "" {
		t.Errorf("View = %+v", v)
	}
}

func TestRolesAndBadCommandsAreRefused(t *testing.T) {
	e := newEngine(t)
	bad := 91.0
	tests := map[string]struct {
		cmd  engine.Command
		want string
	}{
		"it handles a viewer who acts":        {engine.Command{Verb: "log", Text: "x", Role: engine.Viewer}, "forbidden"},
		"it handles an officer who stops":     {engine.Command{Verb: "stop", Partner: "jp", Role: engine.Officer}, "forbidden"},
		"it handles an unknown verb":          {engine.Command{Verb: "launch", Role: engine.Supervisor}, "unknown-verb"},
		"it handles no such incident":         {engine.Command{Verb: "acknowledge", Incident: 9, Role: engine.Officer}, "no-such-incident"},
		"it handles no such track":            {engine.Command{Verb: "identify", Track: 9, Standard: "friend", Role: engine.Officer}, "no-such-track"},
		"it handles a position off the globe": {engine.Command{Verb: "open", Text: "x", Lat: &bad, Lon: &bad, Role: engine.Officer}, "bad-position"},
		"it handles half a position":          {engine.Command{Verb: "open", Text: "x", Lat: &bad, Role: engine.Officer}, "bad-position"},
		"it handles a time ahead":             {engine.Command{Verb: "log", Text: "x", Time: "2030-01-01T00:00:00Z", Role: engine.Officer}, "bad-time"},
		"it handles text that turns round":    {engine.Command{Verb: "log", Text: "a\u202eb", Role: engine.Officer}, "bad-request"},
		"it handles an unknown partner":       {engine.Command{Verb: "stop", Partner: "xx", Role: engine.Supervisor}, "no-such-partner"},
	}
	n := uint64(1)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n++
			out := e.Step(n, &engine.Input{At: start, Command: &tt.cmd})
			if out.Reply.Code != tt.want {
				t.Errorf("%s = %q, want %q", tt.cmd.Verb, out.Reply.Code, tt.want)
			}
			if len(out.Audit) != 1 {
				t.Errorf("%s wrote %d audit entries, want 1", tt.cmd.Verb, len(out.Audit))
			}
		})
	}
}

func TestSnapshotGoesOnAsIfItHadNeverStopped(t *testing.T) {
	e := newEngine(t)
	e.Step(2, &engine.Input{At: start.Add(time.Second), Command: &engine.Command{Verb: "open", Text: "x", By: "wang", Role: engine.Officer}})
	b, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	r, err := engine.Restore("tw", ids, b)
	if err != nil {
		t.Fatal(err)
	}
	for i := uint64(3); i < 200; i++ {
		in := &engine.Input{At: start.Add(time.Duration(i) * time.Second), Tick: &engine.Tick{}}
		e.Step(i, in)
		r.Step(i, in)
	}
	one, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	two, err := r.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, two) {
		t.Errorf("engines differ after a restore:\n%.2000s\n%.2000s", one, two)
	}
	if e.View().Incidents[0].Alarm != "unacknowledged" {
		t.Errorf("incident without lead after 120 s: alarm %q, want unacknowledged", e.View().Incidents[0].Alarm)
	}
}

func TestInputsComeBackFromTheTape(t *testing.T) {
	in := &engine.Input{At: start, Partner: &engine.Partner{From: "jp", Lane: record.LaneRecord, Seq: 7, Body: []byte("secret")}}
	b, err := engine.MarshalInput(in)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte("secret")) {
		t.Error("the tape holds a partner's content")
	}
	got, err := engine.UnmarshalInput(b)
	if err != nil || got.Partner == nil || got.Partner.Seq != 7 || got.Partner.Body != nil || !got.At.Equal(start) {
		t.Errorf("UnmarshalInput = %+v, %v", got, err)
	}
	if _, err := engine.MarshalInput(&engine.Input{At: start}); err == nil {
		t.Error("MarshalInput took an input without a body")
	}
}

// More plots than may wait for a tick are tracked at once; what came of them is
// watched as after any tick.
func TestFloodOfPlotsIsWatchedBeforeTheTick(t *testing.T) {
	c := config(t)
	c.Feeds = []engine.FeedConfig{{Name: "adsb", Kind: "beast-tcp", Source: decode.Source{Format: frame.ModeS}}}
	e := engine.New("tw", ids)
	if out := e.Step(1, &engine.Input{At: start, Config: c}); out.Reply.Code != "" {
		t.Fatalf("Config refused: %+v", out)
	}
	pos := geo.Point{LatDeg: 24.5, LonDeg: 122.5}
	even, odd := modes.EncodeAirbornePosition(0x780abc, pos, 30000, false), modes.EncodeAirbornePosition(0x780abc, pos, 30000, true)
	at := start
	for n := uint64(1); len(e.View().Tracks) == 0; {
		for range 1000 {
			at, n = at.Add(50*time.Microsecond), n+1
			f := even
			if n%2 == 0 {
				f = odd
			}
			e.Step(n, &engine.Input{At: at, Frame: &frame.Frame{Source: "adsb", Seq: n, Format: frame.ModeS, Received: at, Data: f[:]}})
		}
		if n > 1_000_000 {
			t.Fatal("a million plots wait for the tick")
		}
	}
	if got := e.View().Tracks[0].Identity.Standard; got == "" {
		t.Error("track that began before the tick was not watched: it has no identity")
	}
}
