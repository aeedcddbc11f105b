// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package record holds the wire types of the link: what one party tells
// another. Records are made by package release alone; a record has no field
// for a track number, a sensor or a person's name. It sends nothing.
package record

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Protocol is the version of the record format.
//
//	1  2026-11-25  first
const Protocol = 1

// ID is an opaque identifier, different for each partner: a keyed hash that
// tells nothing about order or number.
type ID [16]byte

// IsZero reports whether the ID is absent.
func (id ID) IsZero() bool { return id == ID{} }

// Compare orders ids by their octets.
func (id ID) Compare(other ID) int { return bytes.Compare(id[:], other[:]) }

// String returns the ID as 32 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText returns the ID as 32 hexadecimal digits.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads 32 hexadecimal digits.
func (id *ID) UnmarshalText(b []byte) error {
	if len(b) != 2*len(id) {
		return fmt.Errorf("id: want %d hexadecimal digits, got %d characters", 2*len(id), len(b))
	}
	_, err := hex.Decode(id[:], b)
	return err
}

// Kind says what a record is about.
type Kind uint8

// The kinds. New kinds are added at the end; a number is never reused.
const (
	KindTrack    Kind = iota + 1 // state lane: where an object is, as precisely as the policy allows
	KindIncident                 // an incident as the originator's own evidence shows it
	KindLink                     // two incidents are, or are not, one
	KindDialogue                 // a step of the lead dialogue
	KindPosture                  // what the originator itself does about an incident
	KindDistress                 // position, nature and contact of people in danger
)

// Lane says how a record travels.
type Lane uint8

// The lanes.
const (
	LaneRecord Lane = iota + 1 // every one, in order, once; journalled
	LaneState                  // the newest by object; numbered batches
)

// Lane returns the lane of the kind.
func (k Kind) Lane() Lane {
	if k == KindTrack {
		return LaneState
	}
	return LaneRecord
}

// String returns the kind's name as policies write it.
func (k Kind) String() string {
	switch k {
	case KindTrack:
		return "track"
	case KindIncident:
		return "incident"
	case KindLink:
		return "link"
	case KindDialogue:
		return "dialogue"
	case KindPosture:
		return "posture"
	case KindDistress:
		return "distress"
	case KindActivity:
		return "activity"
	case KindSearchArea:
		return "search-area"
	case KindPlan:
		return "plan"
	case KindRecall:
		return "recall"
	case KindRecallReceipt:
		return "recall-receipt"
	case KindSupport:
		return "support"
	case KindFacility:
		return "facility"
	case KindMessage:
		return "message"
	case KindMessageState:
		return "message-state"
	case KindHotline:
		return "hotline"
	}
	return "invalid"
}

// Kinds lists the kinds in the order of their numbers.
func Kinds() []Kind {
	return []Kind{
		KindTrack, KindIncident, KindLink, KindDialogue, KindPosture, KindDistress,
		KindMessage, KindMessageState, KindActivity, KindHotline,
		KindSupport, KindFacility, KindPlan,
		KindRecall, KindRecallReceipt, KindSearchArea,
	}
}

// Label says how the receiver must handle a record (after STANAG 4774: policy,
// classification, category). Without a label nothing leaves.
type Label struct {
	Policy         string        `cbor:"1,keyasint" json:"policy"`         // the originator's marking policy
	Classification string        `cbor:"2,keyasint" json:"classification"` // the originator's word
	Purpose        string        `cbor:"3,keyasint" json:"purpose"`
	Retention      time.Duration `cbor:"4,keyasint" json:"retention"` // 0 is refused: a retention is always stated
}

// Valid reports whether every part of the label is present.
func (l Label) Valid() bool {
	return l.Policy != "" && l.Classification != "" && l.Purpose != "" && l.Retention > 0
}

// Envelope is common to all records and fixed from the first release.
type Envelope struct {
	Version    uint8      `cbor:"1,keyasint" json:"version"`
	Kind       Kind       `cbor:"2,keyasint" json:"kind"`
	ID         ID         `cbor:"3,keyasint" json:"id"`     // of this record
	Object     ID         `cbor:"4,keyasint" json:"object"` // of what it is about: a track, an incident, a dialogue
	Epoch      uint32     `cbor:"5,keyasint" json:"epoch"`  // rises with each version of Object that replaces another
	Originator party.ID   `cbor:"6,keyasint" json:"originator"`
	Label      Label      `cbor:"7,keyasint" json:"label"`
	Exercise   bool       `cbor:"8,keyasint" json:"exercise"`
	Onward     []party.ID `cbor:"9,keyasint,omitempty" json:"onward,omitempty"` // parties it may be passed on to; none when empty
	Time       time.Time  `cbor:"10,keyasint" json:"time"`                      // UTC, quantised as the policy says
}

// Record is an envelope with exactly one body, that of its kind.
type Record struct {
	Envelope
	Track    *Track    `cbor:"20,keyasint,omitempty" json:"track,omitempty"`
	Incident *Incident `cbor:"21,keyasint,omitempty" json:"incident,omitempty"`
	Link     *Link     `cbor:"22,keyasint,omitempty" json:"link,omitempty"`
	Dialogue *Dialogue `cbor:"23,keyasint,omitempty" json:"dialogue,omitempty"`
	Posture  *Posture  `cbor:"24,keyasint,omitempty" json:"posture,omitempty"`
	Distress *Distress `cbor:"25,keyasint,omitempty" json:"distress,omitempty"`

	Plan          *Plan          `cbor:"32,keyasint,omitempty" json:"plan,omitempty"`
	Recall        *Recall        `cbor:"33,keyasint,omitempty" json:"recall,omitempty"`
	RecallReceipt *RecallReceipt `cbor:"34,keyasint,omitempty" json:"recall_receipt,omitempty"`
	Support       *Support       `cbor:"30,keyasint,omitempty" json:"support,omitempty"`
	Facility      *Facility      `cbor:"31,keyasint,omitempty" json:"facility,omitempty"`
	Message       *Message       `cbor:"26,keyasint,omitempty" json:"message,omitempty"`
	MessageState  *MessageState  `cbor:"27,keyasint,omitempty" json:"message_state,omitempty"`
	Hotline       *Hotline       `cbor:"29,keyasint,omitempty" json:"hotline,omitempty"`

	Activity   *Activity   `cbor:"28,keyasint,omitempty" json:"activity,omitempty"`
	SearchArea *SearchArea `cbor:"35,keyasint,omitempty" json:"search_area,omitempty"`
}

// Cell is a place as coarse as a policy makes it: the centre of a grid cell.
type Cell struct {
	LatE5 int32  `cbor:"1,keyasint" json:"lat_e5"` // centre, 1e-5 degree
	LonE5 int32  `cbor:"2,keyasint" json:"lon_e5"`
	GridM uint32 `cbor:"3,keyasint" json:"grid_m"` // edge of the cell in metres
}

// Bin is a time as coarse as a policy makes it.
type Bin struct {
	Start time.Time     `cbor:"1,keyasint" json:"start"` // UTC
	Width time.Duration `cbor:"2,keyasint" json:"width"`
}

// Band is a height as coarse as a policy makes it.
type Band struct {
	BaseFt int32  `cbor:"1,keyasint" json:"base_ft"`
	SizeFt uint32 `cbor:"2,keyasint" json:"size_ft"`
}

// Identity is what the originator holds an object to be. Standard is one of
// the words of Standards; "hostile" is not among them.
type Identity struct {
	Standard string `cbor:"1,keyasint" json:"standard"`
	Type     string `cbor:"2,keyasint,omitempty" json:"type,omitempty"` // nature or type, e.g. "BZK-005"
	Presumed bool   `cbor:"3,keyasint,omitempty" json:"presumed,omitempty"`
}

// Standards lists the standard identities (after APP-6), in order of strength.
func Standards() []string {
	return []string{"pending", "unknown", "assumed-friend", "friend", "neutral", "suspect"}
}

// Track is where an object was in one time bin. Course and speed follow from
// released cells alone.
type Track struct {
	Domain   string    `cbor:"1,keyasint" json:"domain"` // "air", "sea"
	Cell     Cell      `cbor:"2,keyasint" json:"cell"`
	Bin      Bin       `cbor:"3,keyasint" json:"bin"`
	Height   *Band     `cbor:"4,keyasint,omitempty" json:"height,omitempty"`
	SpeedKt  *uint16   `cbor:"5,keyasint,omitempty" json:"speed_kt,omitempty"`
	Course   *uint16   `cbor:"6,keyasint,omitempty" json:"course_deg,omitempty"`
	Identity *Identity `cbor:"7,keyasint,omitempty" json:"identity,omitempty"`
	Callsign string    `cbor:"8,keyasint,omitempty" json:"callsign,omitempty"`
	Address  *uint32   `cbor:"9,keyasint,omitempty" json:"address,omitempty"` // ICAO 24-bit
	MMSI     *uint32   `cbor:"10,keyasint,omitempty" json:"mmsi,omitempty"`
	Name     string    `cbor:"11,keyasint,omitempty" json:"name,omitempty"` // vessel
	Ended    bool      `cbor:"12,keyasint,omitempty" json:"ended,omitempty"`
	Near     *Near     `cbor:"13,keyasint,omitempty" json:"near,omitempty"` // the same cell in words
}

// Event is one thing that happened in an incident: an alert by a rule, seen
// with the originator's own sensors.
type Event struct {
	Rule        string `cbor:"1,keyasint" json:"rule"` // e.g. "A06"
	Zone        string `cbor:"2,keyasint,omitempty" json:"zone,omitempty"`
	ZoneVersion string `cbor:"3,keyasint,omitempty" json:"zone_version,omitempty"`
	Direction   string `cbor:"4,keyasint,omitempty" json:"direction,omitempty"` // "in", "out", "west-east", "east-west"
	Bin         Bin    `cbor:"5,keyasint" json:"bin"`
	Cleared     bool   `cbor:"6,keyasint,omitempty" json:"cleared,omitempty"`
}

// Incident is an incident as the originator's own evidence shows it.
type Incident struct {
	State    string    `cbor:"1,keyasint" json:"state"` // "open", "closed"
	Outcome  string    `cbor:"2,keyasint,omitempty" json:"outcome,omitempty"`
	Opened   Bin       `cbor:"3,keyasint" json:"opened"`
	Sector   string    `cbor:"4,keyasint,omitempty" json:"sector,omitempty"`
	Events   []Event   `cbor:"5,keyasint,omitempty" json:"events,omitempty"`
	Identity *Identity `cbor:"6,keyasint,omitempty" json:"identity,omitempty"`
	Tracks   []ID      `cbor:"7,keyasint,omitempty" json:"tracks,omitempty"` // objects of KindTrack
	Count    *uint16   `cbor:"8,keyasint,omitempty" json:"count,omitempty"`
	Domain   string    `cbor:"9,keyasint,omitempty" json:"domain,omitempty"`
	Last     *Bin      `cbor:"10,keyasint,omitempty" json:"last,omitempty"` // of its newest event: Opened to Last is its window
	Near     *Near     `cbor:"11,keyasint,omitempty" json:"near,omitempty"` // the nearest that its tracks came to a named place
}

// Link says that two incidents are one, or are no longer. Ours is the
// originator's id, Theirs the receiver's, as each knows them on this link.
type Link struct {
	Ours   ID   `cbor:"1,keyasint" json:"ours"`
	Theirs ID   `cbor:"2,keyasint" json:"theirs"`
	Apart  bool `cbor:"3,keyasint,omitempty" json:"apart,omitempty"`
}

// Ref names one incident of one party, as known on this link.
type Ref struct {
	Originator party.ID `cbor:"1,keyasint" json:"originator"`
	ID         ID       `cbor:"2,keyasint" json:"id"`
}

// Posture is what the originator itself does about an incident.
type Posture struct {
	Incident []Ref  `cbor:"1,keyasint" json:"incident"`
	Posture  string `cbor:"2,keyasint" json:"posture"`
}

// Postures lists the postures.
func Postures() []string {
	return []string{"watching", "going-to-look", "on-scene", "returning", "none", "not-saying"}
}

// Distress is the one report that ships enabled: people are in danger.
type Distress struct {
	LatDeg  float64 `cbor:"1,keyasint" json:"lat_deg"`
	LonDeg  float64 `cbor:"2,keyasint" json:"lon_deg"`
	Nature  string  `cbor:"3,keyasint" json:"nature"`
	Contact string  `cbor:"4,keyasint,omitempty" json:"contact,omitempty"`
	Persons *uint16 `cbor:"5,keyasint,omitempty" json:"persons,omitempty"`
}
