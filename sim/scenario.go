// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// Scenario is a parsed scenario text; see scenarios/README.md for the format.
type Scenario struct {
	Name       string // the file's, without path, for errors and reports
	Title      string
	Start, End time.Time // UTC
	Seed       uint64
	Notes      []string            // what is a fact and what is invented
	Parties    []party.ID          // in the order of the text
	Plans      map[party.ID]string // file with the flight plans, beside the scenario
	Policies   map[party.ID]string // shipped policy by which it releases, where not that of the demonstration
	Sensors    []Sensor
	Receivers  []Receiver
	Objects    []Object
	Acts       []Act
	Faults     []Fault
	Cuts       []Cut
}

// Sensor is one radar. It turns clockwise and is at north at the start.
type Sensor struct {
	ID           string // also the feed's name
	Party        party.ID
	Source       asterix.Source
	Site         geo.Point
	Height       geo.Metres // above the ellipsoid
	Range        geo.Metres
	Period       time.Duration // of one scan
	Sectors      int           // sector messages per scan
	SigmaRange   geo.Metres
	SigmaAzimuth geo.Degrees
	SigmaHeight  geo.Feet // of the height that it measures; 0: it measures none
	PdPrimary    float64  // probability that an echo is found in one scan
	PdSecondary  float64  // probability that a transponder is heard in one scan
	Clutter      float64  // mean number of false plots in one scan
}

// ReceiverKind says what a receiver hears.
type ReceiverKind string

// The kinds of receivers.
const (
	ReceiverADSB ReceiverKind = "adsb"
	ReceiverAIS  ReceiverKind = "ais"
)

// Receiver is one antenna for reports that objects send themselves.
type Receiver struct {
	ID     string // also the feed's name
	Kind   ReceiverKind
	Party  party.ID
	Site   geo.Point
	Height geo.Metres // above the ellipsoid
	Range  geo.Metres
	Pd     float64 // probability that a message is received
}

// ObjectKind is what an object is.
type ObjectKind string

// The kinds of objects.
const (
	UAV      ObjectKind = "uav"
	Airliner ObjectKind = "airliner"
	Vessel   ObjectKind = "vessel"
)

// RadarKind says how radars see an object.
type RadarKind string

// The ways to be seen by radar. A transponder does not hide the echo.
const (
	RadarNone RadarKind = "none"
	RadarPSR  RadarKind = "psr"   // echo only
	RadarSSR  RadarKind = "ssr"   // Mode A and C
	RadarMode RadarKind = "modes" // Mode S
)

// Object is one thing as its parties published it. What two parties published
// of one aircraft is two objects, each seen by its own side.
type Object struct {
	ID       string
	Kind     ObjectKind
	Seen     []party.ID // the parties whose sensors can see it
	Radar    RadarKind
	ADSB     bool
	Address  modes.ICAO
	Callsign string
	Squawk   modes.Squawk
	HasCode  bool // Squawk is set
	Category byte // ADS-B emitter category, 0xA3 for A3

	MMSI     ais.MMSI
	Name     string
	ShipType uint8
	ClassB   bool

	Route []Waypoint // at least two, in the order of time
}

// Waypoint is where an object is at a time. It moves between two of them at a
// constant speed along the geodesic, and cuts the corner within a few hundred
// metres.
type Waypoint struct {
	Time   time.Time
	Pos    geo.Point
	Height geo.Feet // above the ellipsoid, also the pressure altitude; 0 for vessels
}

// Act is what a person does. A conductor does it.
type Act struct {
	Line   int // in the scenario's text
	When   When
	Party  party.ID
	Login  string
	Verb   string
	Object string       // the id of the object whose track is meant; "" for none
	Args   []engine.Arg // in the order of the text
}

// Arg returns the value of an argument, "" when it is absent.
func (a *Act) Arg(key string) string {
	for _, x := range a.Args {
		if x.Key == key {
			return x.Value
		}
	}
	return ""
}

// Command returns what the act does at a node. Where an argument is $track or
// $incident, the numbers that the node gave to the act's object stand for it.
func (a *Act) Command(track, incident uint32) (engine.Command, error) {
	args := slices.Clone(a.Args)
	for i := range args {
		switch args[i].Value {
		case "$track":
			args[i].Value = strconv.FormatUint(uint64(track), 10)
		case "$incident":
			args[i].Value = strconv.FormatUint(uint64(incident), 10)
		}
	}
	return engine.Compose(a.Verb, args)
}

// Needs reports whether an argument stands for a number of the object.
func (a *Act) Needs(number string) bool {
	return slices.ContainsFunc(a.Args, func(x engine.Arg) bool { return x.Value == number })
}

// When says when an act is done: at a time, or Delay after Condition first
// held.
type When struct {
	At        time.Time // with a zero Condition
	Condition Condition
	Delay     time.Duration
}

// Condition is something that a party's console shows, such as
// "jp.incident.joint".
type Condition struct {
	Party   party.ID
	Subject string // see Conditions
	State   string
}

// String returns the condition as it is written.
func (c Condition) String() string {
	if c == (Condition{}) {
		return ""
	}
	return string(c.Party) + "." + c.Subject + "." + c.State
}

// Conditions lists the subjects of conditions with their states:
//
//   - track: one confirmed track, or one that was lost
//   - incident: one that is open, joint (a partner's part is in it),
//     acknowledged or closed
//   - identity: a partner's identity is shown in an incident
//   - lead: the dialogue on an incident is proposed, confirmed or rejected
//   - link: up or down
//
// If the act names an object, the track or incident is that of the object.
func Conditions() map[string][]string {
	return map[string][]string{
		"track":    {"confirmed", "lost"},
		"incident": {"open", "joint", "acknowledged", "closed"},
		"identity": {"partner"},
		"lead":     {"proposed", "confirmed", "rejected"},
		"link":     {"up", "down"},
	}
}

// Cut is a time during which the line between two parties is down. A conductor
// cuts it.
type Cut struct {
	From, To time.Time
	Between  [2]party.ID
}

// joins reports whether the cut is between the two.
func (c *Cut) joins(a, b party.ID) bool {
	return c.Between == [2]party.ID{a, b} || c.Between == [2]party.ID{b, a}
}

// Cutting reports whether the line between two parties is ever cut.
func (s *Scenario) Cutting(a, b party.ID) bool {
	return slices.ContainsFunc(s.Cuts, func(c Cut) bool { return c.joins(a, b) })
}

// IsCut reports whether the line between two parties is down at a time.
func (s *Scenario) IsCut(a, b party.ID, now time.Time) bool {
	return slices.ContainsFunc(s.Cuts, func(c Cut) bool { return c.joins(a, b) && !now.Before(c.From) && now.Before(c.To) })
}

// Fault is something that goes wrong with a feed.
type Fault struct {
	Feed     string
	Kind     FaultKind
	From, To time.Time // To is for FaultCut only
	Count    int       // of malformed frames, or octets of garbage
}

// FaultKind is what goes wrong.
type FaultKind string

// The kinds of faults.
const (
	FaultCut       FaultKind = "cut"       // the feed is silent
	FaultGarbage   FaultKind = "garbage"   // octets that are no frame
	FaultMalformed FaultKind = "malformed" // frames that a decoder refuses
)

// Feed describes one feed for whoever configures its receiver.
type Feed struct {
	ID       string
	Party    party.ID
	Kind     Kind
	Sensor   *Sensor   // of UDPASTERIX
	Receiver *Receiver // of the others
}

// Feeds lists the feeds: sensors, then receivers, in the order of the text.
func (s *Scenario) Feeds() []Feed {
	feeds := make([]Feed, 0, len(s.Sensors)+len(s.Receivers))
	for i := range s.Sensors {
		feeds = append(feeds, Feed{ID: s.Sensors[i].ID, Party: s.Sensors[i].Party, Kind: UDPASTERIX, Sensor: &s.Sensors[i]})
	}
	for i := range s.Receivers {
		kind := TCPBeast
		if s.Receivers[i].Kind == ReceiverAIS {
			kind = UDPNMEA
		}
		feeds = append(feeds, Feed{ID: s.Receivers[i].ID, Party: s.Receivers[i].Party, Kind: kind, Receiver: &s.Receivers[i]})
	}
	return feeds
}

// Object returns the object of that id, nil when there is none.
func (s *Scenario) Object(id string) *Object {
	for i := range s.Objects {
		if s.Objects[i].ID == id {
			return &s.Objects[i]
		}
	}
	return nil
}

// SensorID returns how a node names a radar within its feed: SAC and SIC in
// three digits each, as in "025/010".
func SensorID(s asterix.Source) string { return fmt.Sprintf("%03d/%03d", s.SAC, s.SIC) }
