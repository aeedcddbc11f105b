// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// The category of an aircraft's identification becomes the class of its track,
// as an estimate with its confidence.
func TestViewShowsTheEstimatedClass(t *testing.T) {
	over := geo.Point{LatDeg: 24.4, LonDeg: 122.9}
	for name, tt := range map[string]struct {
		category byte
		want     string
	}{
		"it shows a rotorcraft":     {0xA7, "helicopter"},
		"it knows no category zero": {0xA0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(t)
			cfg.Feeds = []engine.FeedConfig{{Name: "adsb", Kind: "mode-s", Source: decode.Source{Format: frame.ModeS, Receiver: &over}}}
			e := engine.New("tw", ids)
			if out := e.Step(1, &engine.Input{At: start, Config: cfg}); out.Reply.Code != "" {
				t.Fatalf("Config refused: %+v", out)
			}
			for n := range 30 {
				at := start.Add(time.Duration(n+1) * time.Second)
				raw := modes.EncodeAirbornePosition(0x899100, geo.Direct(over, 90, geo.Metres(50*n)), 2000, n%2 == 1)
				if n%5 == 4 {
					raw = modes.EncodeIdentification(0x899100, "EXR101", tt.category)
				}
				f := frame.Frame{Source: "adsb", Seq: uint64(n + 1), Received: at, Format: frame.ModeS, Data: raw[:]}
				e.Step(uint64(2*n+2), &engine.Input{At: at, Frame: &f})
				e.Step(uint64(2*n+3), &engine.Input{At: at.Add(time.Second / 2), Tick: &engine.Tick{}})
			}
			tracks := e.View().Tracks
			if len(tracks) != 1 {
				t.Fatalf("%d tracks, want 1", len(tracks))
			}
			v := tracks[0]
			if v.Class != tt.want || (v.Confidence != nil) != (tt.want != "") || v.Confidence != nil && *v.Confidence < 0.7 || v.Identity.Type != "" {
				t.Errorf("class %q with %v, type %q; want %q", v.Class, v.Confidence, v.Identity.Type, tt.want)
			}
		})
	}
}
