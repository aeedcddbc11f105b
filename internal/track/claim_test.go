// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track_test

import (
	"testing"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// claims plays self-reports of aircraft for a minute and returns their tracks.
func claims(t *testing.T, cfg track.Config, aircraft int, change func(p *plot.Plot, i, sec int)) []track.Track {
	t.Helper()
	tb := track.NewTable(cfg)
	for sec := range 60 {
		var plots []plot.Plot
		for i := range aircraft {
			p := told(float64(sec), uint32(0x780000+i), straight(geo.Direct(start, geo.Degrees(90*i), 10_000), 90, 400, float64(sec)))
			p.Has |= plot.HasHeight
			p.Height, p.HeightKind = 30_000, plot.Barometric
			change(&p, i, sec)
			plots = append(plots, p)
		}
		tb.Update(plots, nil, stamp(float64(sec)+0.5))
	}
	return tb.All(nil)
}

func TestClaimsCarryTrust(t *testing.T) {
	far := track.DefaultConfig()
	far.Receivers = []track.Receiver{{Source: "other", Pos: start}, {Source: "adsb", Pos: geo.Direct(start, 0, 1_500_000)}}
	near := track.DefaultConfig()
	near.Receivers = []track.Receiver{{Source: "adsb", Pos: start}}
	tests := map[string]struct {
		cfg      track.Config
		aircraft int
		change   func(p *plot.Plot, i, sec int)
		why      mtt.Reasons
		none     bool // no trust at all
	}{
		"it believes what nothing speaks against": {near, 1, func(*plot.Plot, int, int) {}, 0, false},
		"it gives each feed its receiver":         {far, 1, func(*plot.Plot, int, int) {}, mtt.Horizon, false},
		"it passes NACp on": {track.DefaultConfig(), 3, func(p *plot.Plot, _, sec int) {
			p.Has, p.NACp = p.Has|plot.HasNACp, uint8(9*(1-sec/30))
		}, mtt.Degraded, false},
		"it passes NIC on": {track.DefaultConfig(), 3, func(p *plot.Plot, _, sec int) {
			p.Has, p.NIC = p.Has|plot.HasNIC, uint8(8*(1-sec/30))
		}, mtt.Degraded, false},
		"it judges vessels": {far, 1, func(p *plot.Plot, _, _ int) {
			p.Kind, p.Domain, p.Has, p.MMSI = plot.AIS, plot.Sea, plot.HasPosition|plot.HasMMSI, 416000001
			p.Pos = start
		}, mtt.Horizon, false},
		"it judges Remote ID": {far, 1, func(p *plot.Plot, _, _ int) { p.Kind = plot.RemoteID }, mtt.Horizon, false},
		"it judges no MLAT":   {far, 1, func(p *plot.Plot, _, _ int) { p.Kind = plot.MLAT }, 0, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			all := claims(t, tc.cfg, tc.aircraft, tc.change)
			if len(all) != tc.aircraft {
				t.Fatalf("%d tracks of %d aircraft", len(all), tc.aircraft)
			}
			for _, w := range all {
				doubted := w.Flags&track.Doubted != 0
				if w.HasTrust == tc.none || w.Reasons != tc.why || doubted != (tc.why != 0) || tc.why == 0 && !tc.none && w.Trust != 1 || tc.why != 0 && w.Trust >= 0.2 {
					t.Errorf("track %d: trust %v %.3f, doubted %v for %v; want %v", w.Number, w.HasTrust, w.Trust, doubted, w.Reasons.Names(nil), tc.why.Names(nil))
				}
			}
		})
	}
}

func TestOneAddressAtTwoPlacesIsFlagged(t *testing.T) {
	all := claims(t, track.DefaultConfig(), 3, func(p *plot.Plot, i, _ int) {
		if i == 2 {
			p.Address = 0x780000
			p.Pos = geo.Direct(p.Pos, 90, 150_000)
		}
	})
	if len(all) != 3 {
		t.Fatalf("%d tracks, want 3", len(all))
	}
	for _, w := range all {
		if same := w.Flags&track.SameAddress != 0; same != (w.Address == 0x780000) || w.Flags&track.Doubted != 0 {
			t.Errorf("track %d of %06x: flags %b", w.Number, w.Address, w.Flags)
		}
	}
}
