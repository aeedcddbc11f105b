// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package ais decodes and encodes the messages by which ships, aircraft in
// search and rescue, base stations and aids to navigation report themselves
// (ITU-R M.1371-5), types 1 to 27: what a station reports of itself goes to a
// Message, the rest beside it to an Extra. Its Gate refuses what cannot be true,
// and its Decoder goes from a received line to a checked message.
//
// It does not decide whether a plausible report is honest, correlates nothing
// with other sensors, and reads no port, clock or file. The data of binary
// messages is kept as it came.
package ais

import (
	"math"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// Has says which fields of a [Message] are known.
type Has uint32

// The fields that may be absent.
const (
	HasPosition Has = 1 << iota
	HasSOG
	HasCOG
	HasHeading
	HasNavStatus
	HasROT
	HasSecond
	HasAltitude
	HasUTC
	HasName
	HasCallsign
	HasDestination
	HasIMO
	HasShipType
	HasDimensions
	HasDraught
	HasETADate
	HasETATime
	HasVendor
	HasMotherShip
	HasEPFD
	HasAtoN
	HasSent
	// HasRawPosition says that the message carried a position, whether or
	// not it is one on the Earth: LatRaw and LonRaw are set.
	HasRawPosition
)

// Message is one decoded message. A field whose bit in Has is not set is
// unknown and of no meaning. It holds no reference to the input and can be
// compared with ==.
type Message struct {
	Type   uint8 // message identifier, 1 to 27
	Repeat uint8 // how often it was repeated on its way
	MMSI   MMSI
	Has    Has

	Position geo.Point
	// LatRaw and LonRaw are the position as sent, in 1/10 000 minute (type
	// 27: in 1/10 minute), also where it is none on the Earth.
	LatRaw, LonRaw int32
	Accuracy       bool // position better than 10 m (or DGNSS), Table 47
	RAIM           bool // receiver checks the integrity of its position
	Latency        bool // type 27: position older than 5 s
	SOG            geo.Knots
	COG            geo.Degrees
	Heading        geo.Degrees
	NavStatus      NavStatus
	ROT            int8  // rate of turn as sent; see RateOfTurn
	Second         uint8 // UTC second of the position, 0 to 59; see FixTime
	Fix            FixMode
	Altitude       geo.Metres // type 9; 4094 m is 4094 m or more
	UTC            time.Time  // types 4 and 11

	Name        Text
	Callsign    Text
	Destination Text
	IMO         uint32
	ShipType    uint8 // Table 53, as sent
	Dimensions  Dimensions
	Draught     geo.Metres
	ETA         ETA
	Part        Part  // type 24
	Vendor      Text  // type 24 B: three letters
	MotherShip  MMSI  // type 24 B of a craft of a mother ship
	EPFD        uint8 // kind of position-fixing device, Table 47, 1 to 15
	AtoN        AtoN  // type 21

	// What the sentence and its tag block add; set by Decoder.
	Own     bool      // VDO: the receiving station's own message
	Channel byte      // 'A', 'B', '1', '2' …; 0 when absent
	Station string    // who received it, by the tag block; may be empty
	Sent    time.Time // time in the tag block (HasSent)
}

// Known reports whether all of these fields are known.
func (m *Message) Known(h Has) bool { return m.Has&h == h }

// MaxSOG is the highest speed that types 1 to 3, 18 and 19 can state: it
// means this speed or more.
const MaxSOG geo.Knots = 102.2

// RateOfTurn returns the rate of turn in degrees per minute, positive to
// starboard, in tenths: the sign of ROT and (ROT/4.733)². It is not known
// when there is no turn indicator (ROT ±127 says only which way).
func (m *Message) RateOfTurn() (degPerMin float64, known bool) {
	if !m.Known(HasROT) || m.ROT == 127 || m.ROT == -127 {
		return 0, false
	}
	r := float64(m.ROT) / 4.733
	return math.Copysign(math.Round(r*r*10)/10, r), true
}

// FixTime returns the time of the position: the moment nearest to received
// with this UTC second. It is right when the message took less than half a
// minute; satellite feeds take longer, so compare with Sent or distrust it
// when the two are more than about ten seconds apart.
func (m *Message) FixTime(received time.Time) (at time.Time, known bool) {
	if !m.Known(HasSecond) {
		return time.Time{}, false
	}
	received = received.UTC()
	at = received.Truncate(time.Minute).Add(time.Duration(m.Second) * time.Second)
	switch d := at.Sub(received); {
	case d > 30*time.Second:
		at = at.Add(-time.Minute)
	case d < -30*time.Second:
		at = at.Add(time.Minute)
	}
	return at, true
}

// Dimensions are the distances from the reference point of the position to
// the ends of the ship, in whole metres. When only length and beam are known,
// Bow and Port are 0.
type Dimensions struct {
	Bow, Stern      uint16 // metres, 511 is 511 or more
	Port, Starboard uint8  // metres, 63 is 63 or more
}

// Length returns the length over all.
func (d Dimensions) Length() geo.Metres { return geo.Metres(int(d.Bow) + int(d.Stern)) }

// Beam returns the beam.
func (d Dimensions) Beam() geo.Metres { return geo.Metres(int(d.Port) + int(d.Starboard)) }

// ETA is the estimated time of arrival that the crew entered, UTC, without a
// year.
type ETA struct {
	Month, Day   uint8 // HasETADate
	Hour, Minute uint8 // HasETATime
}

// AtoN is what an aid to navigation says of itself.
type AtoN struct {
	Type        uint8 // Table 74, 0 is not specified
	OffPosition bool  // floating aid adrift
	Virtual     bool  // exists in charts only
}

// Part is the part of a type 24 message.
type Part uint8

// The parts of a type 24 message. Part numbers 2 and 3 are not defined and not
// decoded; other decoders take them for part B, three of 49,000 recorded
// messages.
const (
	PartA Part = 1 // name
	PartB Part = 2 // the rest
)

// FixMode says how the position was made (the values above 59 of the
// second).
type FixMode uint8

// Fix modes. FixUnknown is a message without a second of any kind.
const (
	FixUnknown       FixMode = iota
	FixTimed                 // by a position-fixing device, time in Second
	FixUntimed               // by such a device, second not available
	FixManual                // entered by hand
	FixDeadReckoning         // estimated
	FixInoperative           // the device does not work
)

// NavStatus is the navigational status (M.1371-5 Table 47).
type NavStatus uint8

// Navigational statuses. 15, not defined, is absent.
const (
	UnderWayUsingEngine       NavStatus = 0
	AtAnchor                  NavStatus = 1
	NotUnderCommand           NavStatus = 2
	RestrictedManoeuvrability NavStatus = 3
	ConstrainedByDraught      NavStatus = 4
	Moored                    NavStatus = 5
	Aground                   NavStatus = 6
	Fishing                   NavStatus = 7
	UnderWaySailing           NavStatus = 8
	PowerDrivenTowingAstern   NavStatus = 11
	PowerDrivenPushingAhead   NavStatus = 12
	SARTActive                NavStatus = 14 // AIS-SART, MOB or EPIRB calls for help

	navStatusUndefined = 15
)
