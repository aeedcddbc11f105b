// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package track turns plots into tracks with numbers that are never reused,
// keeps what is known of each object's identity, and holds the partners'
// tracks beside our own: associated, and never over ours. Where an object is by
// everybody's evidence is worked out anew when asked for and moves no track. The
// filtering is package mtt's. It raises no alert, releases nothing and asks no
// clock: time is an argument.
package track

import (
	"bytes"
	"cmp"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/fuse"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// Number names one of our tracks. It counts from 1 and is never reused; 0
// means no track.
type Number uint32

// State is a track's stage of life.
type State uint8

// The states.
const (
	Tentative State = iota + 1
	Confirmed
	Coasting // moved on without plots
	Lost     // ended; resumes if its address is heard again before it is dropped
)

// String returns the state's name in lower case.
func (s State) String() string {
	switch s {
	case Tentative:
		return "tentative"
	case Confirmed:
		return "confirmed"
	case Coasting:
		return "coasting"
	case Lost:
		return "lost"
	}
	return "invalid"
}

// Identity is what this watch floor holds an object to be.
type Identity struct {
	Standard string    `json:"standard,omitempty"` // one of record.Standards; "" is not set
	Type     string    `json:"type,omitempty"`
	Presumed bool      `json:"presumed,omitempty"`
	By       string    `json:"by,omitempty"` // person; never leaves the node
	At       time.Time `json:"at,omitzero"`
}

// Former is an address or MMSI that a track went by before.
type Former struct {
	Address uint32    `json:"address,omitempty"` // 0 for none
	MMSI    uint32    `json:"mmsi,omitempty"`    // 0 for none
	Since   time.Time `json:"since,omitzero"`    // first told
	Until   time.Time `json:"until"`             // last told
}

// MostFormer is how many former addresses and MMSIs of a track are kept: the newest.
const MostFormer = 8

// Flags are remarks on a track.
type Flags uint8

// The flags.
const (
	// SameAddress: another track claims the same address or MMSI elsewhere.
	SameAddress Flags = 1 << iota
	// Doubted: what the object tells of itself is not confirmed. It moves no
	// track of a radar.
	Doubted
)

// Track is one object as our own sensors see it. Fields whose Has is false are
// unknown.
type Track struct {
	Number    Number
	Domain    plot.Domain // 0 is unknown
	State     State
	FirstSeen time.Time
	Time      time.Time // of Pos
	LastPlot  time.Time // newest plot, late ones included
	Pos       geo.Point
	SigmaPos  geo.Metres // one standard deviation, each axis
	Cov       fuse.Cov   // of Pos

	HasHeight  bool
	Height     geo.Feet
	HeightKind plot.HeightKind

	HasVelocity bool
	Speed       geo.Knots // over ground
	Course      geo.Degrees

	HasReported bool      // the object, or a ground station for it, told where it is
	Reported    geo.Point // that position, unfiltered
	ReportedAt  time.Time

	HasAddress  bool
	Address     uint32 // 24-bit ICAO address
	HasModeA    bool
	ModeA       uint16
	Callsign    string // "" is unknown
	HasMMSI     bool
	MMSI        uint32
	Former      []Former // addresses and MMSIs that it went by before, oldest first; at most MostFormer
	Name        string   // vessel; "" is unknown
	HasShipType bool
	ShipType    uint8

	Sources   uint8    // bit 1<<plot.Kind for each kind that contributed
	Emergency bool     // within the last minute
	Exercise  bool     // made of simulated plots alone; live and simulated never mix
	Identity  Identity // by people
	// Class is our own estimate of what kind of object it is, and changes nothing of
	// Identity; 0 is unknown. It is no part of what leaves the node.
	Class      mtt.Class
	Confidence float64 // in Class: its probability

	Plots uint32
	Flags Flags

	HasTrust bool        // the object tells its place
	Trust    float64     // in what it tells, 0 to 1; 1 where nothing speaks against it
	Reasons  mtt.Reasons // what speaks against it
}

// ChangeKind says what happened to a track.
type ChangeKind uint8

// The kinds of change.
const (
	New          ChangeKind = iota + 1
	NowConfirmed            // confirmed for the first time, or again after coasting or loss
	Updated                 // plots moved it or told something of it
	NowCoasting
	NowLost
	Dropped // gone; Into is set when it was the same object as another track
)

// String returns the kind's name in lower case.
func (k ChangeKind) String() string {
	switch k {
	case New:
		return "new"
	case NowConfirmed:
		return "confirmed"
	case Updated:
		return "updated"
	case NowCoasting:
		return "coasting"
	case NowLost:
		return "lost"
	case Dropped:
		return "dropped"
	}
	return "invalid"
}

// Change is one thing that happened to a track in a call of Update or Tick.
type Change struct {
	Number Number
	Kind   ChangeKind
	Into   Number // with Dropped: the track that goes on, 0 when none
}

// PartnerKey names a partner's object as known on its link.
type PartnerKey struct {
	Party  party.ID  `json:"party"`
	Object record.ID `json:"object"`
}

// Compare orders keys by party, then object.
func (k PartnerKey) Compare(o PartnerKey) int {
	return cmp.Or(cmp.Compare(k.Party, o.Party), bytes.Compare(k.Object[:], o.Object[:]))
}

// IsZero reports whether there is no key.
func (k PartnerKey) IsZero() bool { return k == PartnerKey{} }

// PartnerState is how current a partner's track is.
type PartnerState uint8

// The partner states.
const (
	Fresh PartnerState = iota + 1
	Stale              // nothing new for several bins
	Ended              // the partner said so
)

// String returns the state's name in lower case.
func (s PartnerState) String() string {
	switch s {
	case Fresh:
		return "fresh"
	case Stale:
		return "stale"
	case Ended:
		return "ended"
	}
	return "invalid"
}

// PartnerTrack is the newest that a partner told of one of its objects.
type PartnerTrack struct {
	Key      PartnerKey
	Body     record.Track
	Exercise bool
	Received time.Time
	State    PartnerState
}

// Association says that two tracks are held to be one object: ours and a
// partner's, or, where we have none, those of two partners.
type Association struct {
	Own     Number // 0 when we have none
	Partner PartnerKey
	Second  PartnerKey // with Own 0
	Since   time.Time
}

// Object is one object with everyone's tracks of it.
type Object struct {
	Own      Number // 0 when we have none
	Partners []PartnerKey
}

// Heard is an aircraft or vessel that was heard but has told no position yet.
type Heard struct {
	Address   uint32
	FirstSeen time.Time
	Time      time.Time
	HasModeA  bool
	ModeA     uint16
	Callsign  string
	HasHeight bool
	Height    geo.Feet
	Plots     uint32
	Exercise  bool
}

// Stats counts what was taken and refused.
type Stats struct {
	Plots   uint64            // taken
	Refused map[string]uint64 // by reason: "unknown sensor" and the words of mtt.Verdict
	Partner uint64            // partner records refused: table full or older than what is held
}
