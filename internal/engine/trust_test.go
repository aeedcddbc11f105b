// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// What an aircraft tells of itself is shown with its trust: that of a receiver
// too far off to hear it is doubted, with the reason, and rule A19 says so.
func TestViewShowsTrustInClaims(t *testing.T) {
	over := geo.Point{LatDeg: 24.4, LonDeg: 122.9}
	for name, tt := range map[string]struct {
		receiver *geo.Point
		flags    []string
		doubts   []string
		rules    []string
	}{
		"it believes what nothing speaks against": {&over, nil, nil, nil},
		"it knows no horizon without a receiver":  {nil, nil, nil, nil},
		"it doubts what is beyond the horizon":    {&geo.Point{LatDeg: 38, LonDeg: 122.9}, []string{"doubted"}, []string{"horizon"}, []string{"A19 air"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(t)
			cfg.Feeds = []engine.FeedConfig{{Name: "adsb", Kind: "mode-s", Source: decode.Source{Format: frame.ModeS, Receiver: tt.receiver}}}
			e := engine.New("tw", ids)
			if out := e.Step(1, &engine.Input{At: start, Config: cfg}); out.Reply.Code != "" {
				t.Fatalf("Config refused: %+v", out)
			}
			for n := range 40 {
				at := start.Add(time.Duration(n+1) * time.Second)
				f := frame.Frame{Source: "adsb", Seq: uint64(n + 1), Received: at, Format: frame.ModeS}
				raw := modes.EncodeAirbornePosition(0x899100, geo.Direct(over, 90, geo.Metres(100*n)), 30_000, n%2 == 1)
				f.Data = raw[:]
				e.Step(uint64(2*n+2), &engine.Input{At: at, Frame: &f})
				e.Step(uint64(2*n+3), &engine.Input{At: at.Add(time.Second / 2), Tick: &engine.Tick{}})
			}
			tracks := e.View().Tracks
			if len(tracks) != 1 || tracks[0].Trust == nil {
				t.Fatalf("tracks %+v, want one with trust", tracks)
			}
			if rules := rulesOf(e.View().Incidents); !slices.Equal(rules, tt.rules) {
				t.Errorf("incidents by %v, want %v", rules, tt.rules)
			}
			v := tracks[0]
			if !slices.Equal(v.Flags, tt.flags) || !slices.Equal(v.Doubts, tt.doubts) || (*v.Trust == 1) != (tt.doubts == nil) {
				t.Errorf("trust %v, flags %v, doubts %v; want %v for %v", *v.Trust, v.Flags, v.Doubts, tt.flags, tt.doubts)
			}
		})
	}
}

// rulesOf returns the rules of the alerts that incidents hold, with the domain.
func rulesOf(list []engine.IncidentView) (rules []string) {
	for _, inc := range list {
		for _, ev := range inc.Events {
			if ev.Kind == "alert" {
				rules = append(rules, ev.Rule+" "+inc.Domain)
			}
		}
	}
	return rules
}
