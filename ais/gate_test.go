// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package ais_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/geo"
)

var tokyoBay = geo.Point{LatDeg: 35.5, LonDeg: 139.8}

// report is a position report; lat 91 and lon 181 stand for unknown.
func report(mmsi ais.MMSI, lat, lon float64) *ais.Message {
	m := &ais.Message{
		Type: 1, MMSI: mmsi, LatRaw: int32(math.Round(lat * 600_000)), LonRaw: int32(math.Round(lon * 600_000)),
		Position: geo.Point{LatDeg: lat, LonDeg: lon},
	}
	if lat != 91 || lon != 181 {
		m.Has |= ais.HasRawPosition
		if m.Position.Valid() {
			m.Has |= ais.HasPosition
		}
	}
	return m
}

func TestGateAlone(t *testing.T) {
	near, all := ais.DefaultGateConfig(), ais.DefaultGateConfig()
	near.Receiver, near.Horizon = tokyoBay, ais.DefaultHorizon
	odd := near
	odd.AllowOddMMSI = true
	tests := map[string]struct {
		cfg  ais.GateConfig
		m    *ais.Message
		want error
	}{
		"a ship nearby":                  {near, report(431000001, 35.4, 139.9), nil},
		"a ship abroad":                  {near, report(431000001, 46.56, -83.89), ais.ErrHorizon},
		"a ship abroad for any receiver": {all, report(431000001, 46.56, -83.89), nil},
		"a group's number abroad":        {near, report(61400001, 46.56, -83.89), ais.ErrMMSI},
		"a group's number":               {near, report(61400001, 35.4, 139.9), ais.ErrMMSI},
		"a group's number where allowed": {odd, report(61400001, 35.4, 139.9), nil},
		"the same abroad":                {odd, report(61400001, 46.56, -83.89), ais.ErrHorizon},
		"a buoy's number":                {near, report(9123456, 35.4, 139.9), ais.ErrMMSI},
		"a buoy's number where allowed":  {odd, report(9123456, 35.4, 139.9), nil},
		"no number where odd ones are":   {odd, report(0, 35.4, 139.9), ais.ErrMMSI},
		"ten digits where odd ones are":  {odd, report(1_000_000_000, 35.4, 139.9), ais.ErrMMSI},
		"an unknown position":            {near, report(431000001, 91, 181), nil},
		"a number alone":                 {near, &ais.Message{Type: 5, MMSI: 1}, ais.ErrMMSI},
		"a latitude unknown alone":       {all, report(431000001, 91, 10), ais.ErrPosition},
		"a latitude over the pole":       {all, report(431000001, 100, 10), ais.ErrPosition},
		"the pole":                       {all, report(431000001, 90, 180), ais.ErrPosition},
		"zero":                           {all, report(431000001, 0, 0), ais.ErrPosition},
		"the equator":                    {all, report(431000001, 0, 100), nil},
		"a base station":                 {near, report(4310001, 35.4, 139.9), nil},
		"an emergency transmitter":       {near, report(970000001, 35.4, 139.9), nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := ais.NewGate(tc.cfg).Check(time.Unix(0, 0), tc.m)
			var g *ais.GateError
			if !errors.Is(err, tc.want) || err != nil && (!errors.As(err, &g) || g.MMSI != tc.m.MMSI) {
				t.Errorf("Check = %v, want %v", err, tc.want)
			}
			if err != nil && (strings.Contains(err.Error(), "35.4") || strings.Contains(err.Error(), "46.5")) {
				t.Errorf("error %q gives the position", err)
			}
		})
	}
}

// step is a report some seconds after the start, so many kilometres north.
type step struct {
	sec  int
	km   float64
	want error
}

func TestGateJumps(t *testing.T) {
	tests := map[string]struct {
		aircraft bool
		steps    []step
	}{
		"a ship under way":              {steps: []step{{0, 0, nil}, {10, 0.1, nil}, {20, 0.2, nil}}},
		"a fast ferry":                  {steps: []step{{0, 0, nil}, {60, 2.7, nil}}}, // 87 kn
		"a jump":                        {steps: []step{{0, 0, nil}, {10, 5, ais.ErrJump}, {20, 0.1, nil}}},
		"an aircraft":                   {aircraft: true, steps: []step{{0, 0, nil}, {60, 15, nil}}}, // 490 kn
		"a jump of an aircraft":         {aircraft: true, steps: []step{{0, 0, nil}, {60, 30, ais.ErrJump}}},
		"a wrong first position":        {steps: []step{{0, 50, nil}, {10, 0, ais.ErrJump}, {20, 0.1, ais.ErrJump}, {30, 0.2, nil}, {40, 0.3, nil}, {50, 50, ais.ErrJump}}},
		"two ships of one number":       {steps: []step{{0, 0, nil}, {5, 50, ais.ErrJump}, {10, 0, nil}, {15, 50, ais.ErrJump}, {20, 0, nil}, {25, 50, ais.ErrJump}}},
		"jumps here and there":          {steps: []step{{0, 0, nil}, {5, 50, ais.ErrJump}, {10, 90, ais.ErrJump}, {15, 50, ais.ErrJump}, {20, 90, ais.ErrJump}}},
		"a long silence":                {steps: []step{{0, 0, nil}, {1801, 500, nil}}},
		"a jump after half of it":       {steps: []step{{0, 0, nil}, {900, 500, ais.ErrJump}}},
		"a late report":                 {steps: []step{{100, 5, nil}, {10, 0.5, nil}, {110, 5.5, nil}}},
		"a late report kept from moves": {steps: []step{{100, 5, nil}, {10, 0.5, nil}, {110, 1, ais.ErrJump}}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			g := ais.NewGate(ais.DefaultGateConfig())
			for i, s := range tc.steps {
				m := report(431000001, 35+s.km/111.195, 139.8)
				if tc.aircraft {
					m.Type, m.MMSI = 9, 111431001
				}
				if err := g.Check(time.Unix(int64(s.sec), 0), m); !errors.Is(err, s.want) {
					t.Errorf("step %d: %v, want %v", i, err, s.want)
				}
				g = restored(t, g)
			}
		})
	}
}

// restored returns a gate after a snapshot, JSON and a restore.
func restored(t *testing.T, g *ais.Gate) *ais.Gate {
	t.Helper()
	raw, err := json.Marshal(g.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var st ais.GateState
	if err := json.Unmarshal(raw, &st); err != nil {
		t.Fatal(err)
	}
	next := ais.NewGate(ais.DefaultGateConfig())
	if err := next.Restore(st); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(g.Snapshot(), next.Snapshot()); d != "" {
		t.Fatalf("after restore (-want +got):\n%s", d)
	}
	return next
}

// TestGateIsBounded checks the order of forgetting against a plain list.
func TestGateIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := ais.DefaultGateConfig()
		cfg.MaxSenders = rapid.IntRange(1, 5).Draw(t, "size")
		g := ais.NewGate(cfg)
		var want []ais.MMSI
		for i, n := range rapid.SliceOfN(rapid.IntRange(0, 8), 1, 40).Draw(t, "senders") {
			m := report(ais.MMSI(431000000+n), 35, 139)
			if err := g.Check(time.Unix(int64(i), 0), m); err != nil {
				t.Fatal(err)
			}
			for j, old := range want {
				if old == m.MMSI {
					want = append(want[:j], want[j+1:]...)
					break
				}
			}
			want = append(want, m.MMSI)
			want = want[max(0, len(want)-cfg.MaxSenders):]
			var got []ais.MMSI
			for _, s := range g.Snapshot().Senders {
				got = append(got, s.MMSI)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("senders kept (-want +got):\n%s", d)
			}
		}
	})
}

func TestGateRestoreRefuses(t *testing.T) {
	good := ais.SenderState{MMSI: 431000001, Position: tokyoBay}
	tests := map[string][]ais.SenderState{
		"a sender twice":            {good, good},
		"a position of none":        {{MMSI: 431000001, Position: geo.Point{LatDeg: 91}}},
		"a candidate without place": {{MMSI: 431000001, Position: tokyoBay, Candidates: 1}},
		"too many candidates":       {{MMSI: 431000001, Position: tokyoBay, Candidates: 3, Candidate: &tokyoBay, CandidateAt: &time.Time{}}},
		"too many senders":          make([]ais.SenderState, 20_001),
	}
	for name, senders := range tests {
		t.Run(name, func(t *testing.T) {
			g := ais.NewGate(ais.DefaultGateConfig())
			if err := g.Check(time.Unix(0, 0), report(431000009, 35, 139)); err != nil {
				t.Fatal(err)
			}
			if err := g.Restore(ais.GateState{Senders: senders}); err == nil {
				t.Error("Restore took it")
			}
			if st := g.Snapshot(); len(st.Senders) != 1 || st.Senders[0].MMSI != 431000009 {
				t.Errorf("a refused Restore left %+v", st)
			}
		})
	}
}

func TestGateConfigValidate(t *testing.T) {
	if err := ais.DefaultGateConfig().Validate(); err != nil {
		t.Errorf("DefaultGateConfig: %v", err)
	}
	nan := math.NaN()
	tests := map[string]func(*ais.GateConfig){
		"a negative horizon":   func(c *ais.GateConfig) { c.Horizon = -1 },
		"a horizon of nowhere": func(c *ais.GateConfig) { c.Horizon, c.Receiver = 1, geo.Point{LatDeg: nan} },
		"no speed":             func(c *ais.GateConfig) { c.MaxSpeed = 0 },
		"no aircraft speed":    func(c *ais.GateConfig) { c.MaxAircraftSpeed = geo.Knots(nan) },
		"a negative slack":     func(c *ais.GateConfig) { c.Slack = -1 },
		"a negative delay":     func(c *ais.GateConfig) { c.Delay = -1 },
		"no reanchor":          func(c *ais.GateConfig) { c.Reanchor = 0 },
		"no forgetting":        func(c *ais.GateConfig) { c.Forget = 0 },
		"no senders":           func(c *ais.GateConfig) { c.MaxSenders = 0 },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			c := ais.DefaultGateConfig()
			change(&c)
			if c.Validate() == nil {
				t.Errorf("Validate of %+v found nothing wrong", c)
			}
		})
	}
}
