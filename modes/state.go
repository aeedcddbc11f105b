// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes

import (
	"fmt"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// stateVersion is raised when State changes its meaning.
//
//	1  2026-11-25  first
//	2  2026-11-29  track and height; 1 is read as well
const (
	stateVersion  = 2
	oldestVersion = 1
)

// State is what a Decoder remembers, for a snapshot. The same frames give the
// same State, byte for byte in JSON.
type State struct {
	Version int `json:"version"`
	// Aircraft are sorted from least to most recently heard.
	Aircraft []AircraftState `json:"aircraft"`
	// Near is where an aircraft was heard airborne last (Config.NearOthers).
	Near *geo.Point `json:"near,omitempty"`
}

// AircraftState is what a Decoder remembers of one address and origin. Times
// are in milliseconds since 1970; what is absent is unknown.
type AircraftState struct {
	ICAO    ICAO   `json:"icao"`
	NonICAO bool   `json:"non_icao,omitempty"`
	Origin  Source `json:"origin,omitempty"` // SourceModeS for the aircraft's own

	HeardMS     int64  `json:"heard_ms"`
	SquitterMS  *int64 `json:"squitter_ms,omitempty"`
	ADSBVersion *uint8 `json:"adsb_version,omitempty"`
	NICSupplA   bool   `json:"nic_suppl_a,omitempty"`
	NICSupplB   bool   `json:"nic_suppl_b,omitempty"`
	NICSupplC   bool   `json:"nic_suppl_c,omitempty"`

	GroundSpeed *SpeedState    `json:"ground_speed,omitempty"`
	Even        *CPRState      `json:"even,omitempty"`
	Odd         *CPRState      `json:"odd,omitempty"`
	Position    *PositionState `json:"position,omitempty"`
	Height      *HeightState   `json:"height,omitempty"` // barometric
}

// SpeedState is a ground speed and when it was received.
type SpeedState struct {
	Knots  geo.Knots    `json:"kt"`
	TimeMS int64        `json:"time_ms"`
	Track  *geo.Degrees `json:"track,omitempty"` // that came with it
}

// HeightState is a height and when it was received.
type HeightState struct {
	Feet   geo.Feet `json:"ft"`
	TimeMS int64    `json:"time_ms"`
}

// CPRState is a coded position and when it was received.
type CPRState struct {
	Lat     uint32 `json:"lat"`
	Lon     uint32 `json:"lon"`
	Surface bool   `json:"surface,omitempty"`
	TimeMS  int64  `json:"time_ms"`
}

// PositionState is an accepted position, when it was received, and its trust.
type PositionState struct {
	geo.Point
	TimeMS int64 `json:"time_ms"`
	Trust  uint8 `json:"trust"`
}

// Snapshot returns what d remembers. It shares nothing with d.
func (d *Decoder) Snapshot() State {
	st := State{Version: stateVersion, Aircraft: make([]AircraftState, 0, len(d.index))}
	for i := d.oldest; i != none; i = d.slots[i].next {
		st.Aircraft = append(st.Aircraft, d.slots[i].state())
	}
	if d.hasNear {
		st.Near = ptr(d.near)
	}
	return st
}

// Restore replaces what d remembers. On error d is as it was.
func (d *Decoder) Restore(st State) error {
	if st.Version < oldestVersion || st.Version > stateVersion {
		return fmt.Errorf("restore decoder: version %d, want %d to %d", st.Version, oldestVersion, stateVersion)
	}
	if len(st.Aircraft) > d.cfg.MaxAircraft {
		return fmt.Errorf("restore decoder: %d aircraft, want at most %d", len(st.Aircraft), d.cfg.MaxAircraft)
	}
	fresh := Decoder{cfg: d.cfg}
	fresh.Reset()
	for i := range st.Aircraft {
		a, err := st.Aircraft[i].aircraft()
		if err != nil {
			return fmt.Errorf("restore aircraft %d: %w", i, err)
		}
		if _, twice := fresh.index[a.key]; twice {
			return fmt.Errorf("restore aircraft %d: %s is there twice", i, st.Aircraft[i].ICAO)
		}
		fresh.touch(a.key, a.heardMS).aircraft = a
	}
	if st.Near != nil {
		if !st.Near.Valid() {
			return fmt.Errorf("restore decoder: place %v is not on the globe", *st.Near)
		}
		fresh.HeardNear(*st.Near)
	}
	*d = fresh
	return nil
}

func (a *aircraft) state() AircraftState {
	st := AircraftState{
		ICAO: ICAO(a.key & 0xFFFFFF), NonICAO: a.key&nonICAOBit != 0, Origin: Source(a.key >> 24 & 0x7F),
		HeardMS:   a.heardMS,
		NICSupplA: a.supplA, NICSupplB: a.supplB, NICSupplC: a.supC,
	}
	if a.hasSquitter {
		st.SquitterMS = ptr(a.squitterMS)
	}
	if a.hasVersion {
		st.ADSBVersion = ptr(a.version)
	}
	if a.hasGS {
		st.GroundSpeed = &SpeedState{Knots: a.gs, TimeMS: a.gsMS}
		if a.hasTrack {
			st.GroundSpeed.Track = ptr(a.track)
		}
	}
	if a.hasHigh {
		st.Height = &HeightState{Feet: a.height, TimeMS: a.heightMS}
	}
	st.Even, st.Odd = a.cprState(0), a.cprState(1)
	if a.hasPos {
		st.Position = &PositionState{Point: a.pos, TimeMS: a.posMS, Trust: a.trust}
	}
	return st
}

func (a *aircraft) cprState(i int) *CPRState {
	if !a.hasCPR[i] {
		return nil
	}
	c := a.cpr[i]
	return &CPRState{Lat: c.Lat, Lon: c.Lon, Surface: c.Surface, TimeMS: a.cprMS[i]}
}

func (st *AircraftState) aircraft() (aircraft, error) {
	if !st.ICAO.valid() {
		return aircraft{}, fmt.Errorf("check address: %s cannot be", st.ICAO)
	}
	if st.Origin > SourceMLAT {
		return aircraft{}, fmt.Errorf("check origin: %d cannot be", st.Origin)
	}
	a := aircraft{
		key:     keyOf(&Frame{ICAO: st.ICAO, NonICAO: st.NonICAO, Source: st.Origin}),
		heardMS: st.HeardMS,
		supplA:  st.NICSupplA, supplB: st.NICSupplB, supC: st.NICSupplC,
	}
	if st.SquitterMS != nil {
		a.squitterMS, a.hasSquitter = *st.SquitterMS, true
	}
	if st.ADSBVersion != nil {
		a.version, a.hasVersion = *st.ADSBVersion, true
	}
	if s := st.GroundSpeed; s != nil {
		if !(s.Knots >= 0 && s.Knots <= 10000) {
			return aircraft{}, fmt.Errorf("check ground speed: %v kt cannot be", s.Knots)
		}
		a.gs, a.gsMS, a.hasGS = s.Knots, s.TimeMS, true
		if s.Track != nil {
			if !(*s.Track >= 0 && *s.Track <= 360) {
				return aircraft{}, fmt.Errorf("check track: %v cannot be", *s.Track)
			}
			a.track, a.hasTrack = *s.Track, true
		}
	}
	if s := st.Height; s != nil {
		if !(s.Feet >= -10_000 && s.Feet <= 300_000) {
			return aircraft{}, fmt.Errorf("check height: %v ft cannot be", s.Feet)
		}
		a.height, a.heightMS, a.hasHigh = s.Feet, s.TimeMS, true
	}
	for i, c := range []*CPRState{st.Even, st.Odd} {
		if c == nil {
			continue
		}
		if c.Lat >= cprScale || c.Lon >= cprScale {
			return aircraft{}, fmt.Errorf("check coded position: %d, %d are not of 17 bits", c.Lat, c.Lon)
		}
		a.cpr[i] = CPR{Lat: c.Lat, Lon: c.Lon, Odd: i == 1, Surface: c.Surface}
		a.cprMS[i], a.hasCPR[i] = c.TimeMS, true
	}
	if p := st.Position; p != nil {
		if !p.Valid() || p.Trust < 1 || p.Trust > maxTrust {
			return aircraft{}, fmt.Errorf("check position: %v with trust %d cannot be", p.Point, p.Trust)
		}
		a.pos, a.posMS, a.hasPos, a.trust = p.Point, p.TimeMS, true, p.Trust
	}
	return a, nil
}

func ptr[T any](v T) *T { return &v }
