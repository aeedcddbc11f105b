// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package plot holds one measurement of one object by one sensor. It does not
// decode and does not track.
package plot

import (
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// Kind says what made the measurement.
type Kind uint8

// The kinds. The zero Kind is invalid.
const (
	Radar    Kind = iota + 1 // primary or secondary radar: slant range and azimuth
	ADSB                     // the aircraft's own report
	TISB                     // ground station's report of a radar track
	MLAT                     // multilateration
	AIS                      // the vessel's own report
	RemoteID                 // an uncrewed aircraft's own broadcast
	CoT                      // a device's own report in Cursor on Target
)

// Kinds lists the kinds. Sets of them are kept in an octet: 1 << kind.
func Kinds() []Kind { return []Kind{Radar, ADSB, TISB, MLAT, AIS, RemoteID, CoT} }

// String returns the kind's name in lower case.
func (k Kind) String() string {
	switch k {
	case Radar:
		return "radar"
	case ADSB:
		return "adsb"
	case TISB:
		return "tisb"
	case MLAT:
		return "mlat"
	case AIS:
		return "ais"
	case RemoteID:
		return "remoteid"
	case CoT:
		return "cot"
	}
	return "invalid"
}

// Domain is where the object moves.
type Domain uint8

// The domains. The zero Domain is unknown.
const (
	Air Domain = iota + 1
	Sea
)

// String returns the domain's name in lower case, "" for unknown.
func (d Domain) String() string {
	switch d {
	case Air:
		return "air"
	case Sea:
		return "sea"
	}
	return ""
}

// HeightKind says from where a height is measured.
type HeightKind uint8

// The height kinds. The zero HeightKind means that there is no height.
const (
	Barometric HeightKind = iota + 1 // Mode C or flight level, ISA
	Geometric                        // above the WGS84 ellipsoid
)

// Has tells which fields of a Plot are present. Absent fields are unknown,
// never zero.
type Has uint16

// The fields that may be absent.
const (
	HasPolar Has = 1 << iota
	HasPosition
	HasHeight
	HasVelocity
	HasAddress
	HasModeA
	HasCallsign
	HasMMSI
	HasName
	HasShipType
	HasNACp
	HasNIC
	HasCategory
)

// Plot is one measurement. It is a value and is not changed after decoding.
type Plot struct {
	Time     time.Time // of applicability, UTC
	Received time.Time // of arrival at the feed, UTC
	Source   string    // the feed's name
	Sensor   string    // the sensor within the feed, e.g. "025/010" (SAC/SIC); may be empty
	Seq      uint64    // the frame's number within the source
	Index    int       // the measurement's place within the frame
	Kind     Kind
	Domain   Domain
	Has      Has

	SlantRange   geo.Metres // from the sensor; with HasPolar
	Azimuth      geo.Degrees
	SigmaRange   geo.Metres // one standard deviation
	SigmaAzimuth geo.Degrees

	Pos      geo.Point  // with HasPosition
	SigmaPos geo.Metres // one standard deviation, each axis

	Height     geo.Feet // with HasHeight
	HeightKind HeightKind

	Speed  geo.Knots // over ground; with HasVelocity
	Course geo.Degrees

	Address  uint32 // 24-bit ICAO address; with HasAddress
	ModeA    uint16 // four octal digits, 0o0000–0o7777; with HasModeA
	Callsign string // trimmed; with HasCallsign
	MMSI     uint32 // with HasMMSI
	Name     string // vessel's name; with HasName
	ShipType uint8  // ITU-R M.1371 table 53; with HasShipType
	NACp     uint8  // navigation accuracy category of an aircraft's position, 0–11; with HasNACp
	NIC      uint8  // navigation integrity category of it, 0–11; with HasNIC
	// Category is what kind of object it says that it is, with HasCategory: the
	// emitter category of ADS-B as written, 0xA3 for A3, or the type of an uncrewed
	// aircraft in Remote ID (ASTM F3411-22a, table 6).
	Category uint8

	Emergency bool // 7500, 7600, 7700 or an emergency state
	Exercise  bool // the feed is configured as simulated
}

// Sweep says that a rotating sensor's beam passed an azimuth (north marker or
// sector message, CAT034). Misses count only where a sensor really swept.
type Sweep struct {
	Time    time.Time
	Source  string
	Sensor  string
	Azimuth geo.Degrees // the azimuth reached
	Period  time.Duration
}

// Less orders plots by time, then source, sequence number and index. It is a
// total order over the plots of one node.
func Less(a, b *Plot) bool {
	if !a.Time.Equal(b.Time) {
		return a.Time.Before(b.Time)
	}
	if a.Source != b.Source {
		return a.Source < b.Source
	}
	if a.Seq != b.Seq {
		return a.Seq < b.Seq
	}
	return a.Index < b.Index
}
