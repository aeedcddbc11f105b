// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package mtt is a multi-target tracker: measurements of many sensors in,
// tracks out. Measurements are native (slant range and azimuth of a sensor
// with known place) or positions; each may carry a height, a velocity and
// identity keys, which count as evidence.
//
// Each track is an interacting-multiple-model Kalman filter of two or three
// constant-velocity models that differ in process noise, over east and north
// position and velocity on the track's own tangent plane and a height. Slant
// ranges are predicted from the track's own height, known or not: an unknown
// height stays in the covariance and is never learnt from a range. Measurements are
// given to tracks by global nearest neighbour within a gate; a track's
// existence is a log-likelihood ratio that hits raise and that a miss lowers
// only where a sensor really swept.
//
// The bias of each radar in range, azimuth and time is estimated from aircraft
// that tell their place and from what two radars both see, and plots are
// corrected by it. What is not known of it yet is noise in gates and updates of
// tracks that self-reports hold.
//
// What objects tell of themselves is trusted as long as nothing speaks against
// it: see Reasons. A claim of low trust moves no track that a radar holds, and
// no radar is registered by it.
//
// A track has a probability for each Class, by what its object tells and does.
// One whose class is probable moves by the models of that class.
//
// Tracks that fly together are a Formation: information that changes no track.
//
// What comes late, but within Config.Rollback, ends in the state that it would
// have led to in order of time, but for the numbers of tracks.
//
// It does no input or output, reads no clock, starts no goroutine and uses no
// chance: the same calls give the same tracks, bit for bit, also after
// Snapshot and Restore. It does not number tracks for people, does not hold
// names. A Tracker is not safe for concurrent use.
package mtt

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// ID names a track of one Tracker. IDs count from 1 and are never reused.
type ID uint32

// Domain is where an object moves; the zero Domain is unknown and agrees with
// both others.
type Domain uint8

// The domains.
const (
	Air Domain = iota + 1
	Sea
)

// Has tells which fields of a Measurement are present.
type Has uint16

// The fields that may be absent.
const (
	HasPolar    Has = 1 << iota // Range and Azimuth of the Sensor
	HasPosition                 // Pos
	HasHeight
	HasVelocity
	HasAddress
	HasModeA
	HasCallsign
	HasMMSI
	HasNACp
	HasNIC
	HasClass
)

// Measurement is one measurement of one object. One without polar or position
// can only refine the height or velocity of the track that holds its address
// or MMSI.
type Measurement struct {
	Time   time.Time // of applicability
	Sensor int       // index in Config.Sensors
	Domain Domain
	Group  uint8 // measurements of different groups never make one track
	Has    Has

	Range        geo.Metres  // slant range
	Azimuth      geo.Degrees // from true north, in the sensor's tangent plane
	SigmaRange   geo.Metres  // one standard deviation; 0 takes the sensor's
	SigmaAzimuth geo.Degrees // one standard deviation; 0 takes the sensor's

	Pos      geo.Point
	SigmaPos geo.Metres // one standard deviation, each axis; 0 takes the sensor's

	Height      geo.Metres // above the WGS84 ellipsoid, or pressure height taken as such
	SigmaHeight geo.Metres // one standard deviation; 0 takes 30 m
	Geometric   bool       // the height is geometric, not barometric

	Speed         geo.MetresPerSecond // over ground, at the object's height
	Course        geo.Degrees
	SigmaVelocity geo.MetresPerSecond // one standard deviation, each axis; 0 takes 1 m/s of a Reference sensor, else 3 m/s

	Address  uint32 // 24-bit ICAO address
	ModeA    uint16
	Callsign string
	MMSI     uint32
	Class    Classes // those that what it tells of its kind leaves

	// Of a self-report.
	NACp     uint8 // navigation accuracy category for position, 0–11
	NIC      uint8 // navigation integrity category, 0–11
	Receiver uint8 // index in Config.Receivers plus 1; 0 for unknown
}

// Sweep says that a rotating sensor's beam passed an azimuth.
type Sweep struct {
	Time    time.Time
	Sensor  int
	Azimuth geo.Degrees
	Period  time.Duration // of one turn; 0 when unknown
}

// Sensor describes a source of measurements.
type Sensor struct {
	Name         string      // unique; a snapshot finds its sensors by it
	Polar        bool        // measures slant range and azimuth from Pos
	Pos          geo.Point   // with Polar
	Height       geo.Metres  // of the antenna above the ellipsoid; with Polar
	MaxRange     geo.Metres  // with Polar
	MaxElevation geo.Degrees // with Polar: above it lies the cone of silence; 0 takes 40°
	Period       time.Duration
	SigmaRange   geo.Metres
	SigmaAzimuth geo.Degrees
	SigmaPos     geo.Metres
	CellRange    geo.Metres    // two objects nearer than this in range
	CellAzimuth  geo.Degrees   // and in azimuth give one plot; 0 is taken from the accuracy
	Reference    bool          // its positions come from satellites: radars are registered by them
	Self         bool          // its positions are the objects' own word, and are trusted as far as evidence lets them
	PD           float64       // probability that an object in range gives a plot
	Clutter      float64       // false plots a scan to begin with; learnt by range afterwards
	CoastAfter   time.Duration // without a hit, a track that lives by this sensor coasts
	LostAfter    time.Duration // without a hit, a track that lives by this sensor is lost
}

// Config sets up a Tracker.
type Config struct {
	Sensors      []Sensor
	Receivers    []Receiver    // of self-reports, at most 255
	MaxTracks    int           // tentative and lost tracks included; more are refused
	LostFor      time.Duration // a lost track is kept so long, and resumes if its address is heard again
	MaxLate      time.Duration // until a rollback, older measurements confirm existence and identity but move nothing
	Rollback     time.Duration // input so late still ends in the state of input in order; 0 for none, at most a minute
	MaxLog       int           // measurements and sweeps kept for Rollback; when more come, the oldest can no longer be taken back
	GateNIS      float64       // χ² gate on two degrees of freedom
	ConfirmScore float64       // log odds of existence
	ConfirmHits  int           // of the last ConfirmOf opportunities
	ConfirmOf    int           // at most 8
	MaxAirSpeed  geo.MetresPerSecond
	MaxSeaSpeed  geo.MetresPerSecond
	ClassFrom    float64 // probability of its class from which a track moves by the models of that class; 0 for never
	Formations   bool    // tracks that fly together are found; it changes no track
	Bias         Bias    // one standard deviation of a radar's bias before any is learnt; zero learns none
	// Do runs f(0) to f(n-1), in any order and at the same time or not, and
	// returns when all are done. The tracks are the same with any; nil does
	// without.
	Do func(n int, f func(i int))
}

// DefaultConfig returns a configuration without sensors.
func DefaultConfig() Config {
	return Config{
		MaxTracks:    20_000,
		LostFor:      10 * time.Minute,
		MaxLate:      3 * time.Second,
		Rollback:     10 * time.Second,
		MaxLog:       100_000,
		GateNIS:      16,  // 99.97 % of two degrees of freedom
		ConfirmScore: 4.6, // existence 0.99
		ConfirmHits:  3,
		ConfirmOf:    5,
		MaxAirSpeed:  650,
		MaxSeaSpeed:  40,
		ClassFrom:    0.9,
		Formations:   true,
		Bias:         Bias{Range: 100, Gain: 1e-4, Azimuth: 0.15, Time: 200 * time.Millisecond},
	}
}

// maxSensors bounds Config.Sensors.
const maxSensors = 1000

// Validate reports the first thing that is wrong with c.
func (c Config) Validate() error {
	switch {
	case len(c.Sensors) == 0 || len(c.Sensors) > maxSensors:
		return fmt.Errorf("tracker: want 1 to %d sensors, have %d", maxSensors, len(c.Sensors))
	case c.MaxTracks < 1:
		return errors.New("tracker: maximum of tracks is not positive")
	case c.LostFor < 0 || c.MaxLate < 0 || c.MaxLate > time.Minute:
		return errors.New("tracker: time limit out of range")
	case c.Rollback < 0 || c.Rollback > time.Minute || c.Rollback > 0 && (c.MaxLog < 1 || c.MaxLog > 10_000_000):
		return errors.New("tracker: rollback or size of log out of range")
	case !(c.GateNIS > 0 && c.GateNIS < 1000) || !(c.ConfirmScore > 0 && c.ConfirmScore < scoreMax):
		return errors.New("tracker: gate or score out of range")
	case c.ConfirmOf < 1 || c.ConfirmOf > 8 || c.ConfirmHits < 1 || c.ConfirmHits > c.ConfirmOf:
		return errors.New("tracker: hits to confirm out of range")
	case !(c.MaxAirSpeed > 0 && c.MaxAirSpeed < 10_000) || !(c.MaxSeaSpeed > 0 && c.MaxSeaSpeed < 10_000):
		return errors.New("tracker: maximum speed out of range")
	case c.ClassFrom != 0 && !(c.ClassFrom >= shownFrom && c.ClassFrom < 1):
		return fmt.Errorf("tracker: probability of a class is not between %v and 1", shownFrom)
	case !c.Bias.plausible():
		return errors.New("tracker: uncertainty of bias out of range")
	}
	if len(c.Receivers) > math.MaxUint8 {
		return fmt.Errorf("tracker: more than %d receivers", math.MaxUint8)
	}
	for i, r := range c.Receivers {
		if !r.Pos.Valid() || !(r.Height > -1000 && r.Height < 50_000) {
			return fmt.Errorf("tracker: place of receiver %d out of range", i)
		}
	}
	names := make(map[string]bool, len(c.Sensors))
	for i, s := range c.Sensors {
		if err := s.validate(); err != nil {
			return fmt.Errorf("tracker: sensor %d (%s): %w", i, s.Name, err)
		}
		if names[s.Name] {
			return fmt.Errorf("tracker: sensor %d: name %q is used twice", i, s.Name)
		}
		names[s.Name] = true
	}
	return nil
}

func (s Sensor) validate() error {
	switch {
	case s.Name == "":
		return errors.New("no name")
	case s.CoastAfter <= 0 || s.LostAfter < s.CoastAfter || s.LostAfter > 24*time.Hour:
		return errors.New("coasting or loss time out of range")
	case !(s.PD > 0 && s.PD < 1):
		return errors.New("probability of detection is not between 0 and 1")
	case !(s.SigmaPos > 0 && s.SigmaPos < 1e6):
		return errors.New("standard deviation of position out of range")
	case !s.Polar:
		return nil
	case !s.Pos.Valid() || !(s.Height > -1000 && s.Height < 20_000):
		return errors.New("place out of range")
	case !(s.MaxRange > 0 && s.MaxRange <= 1_000_000):
		return errors.New("maximum range out of range")
	case !(s.MaxElevation >= 0 && s.MaxElevation <= 90):
		return errors.New("maximum elevation out of range")
	case s.Period < 100*time.Millisecond || s.Period > time.Minute:
		return errors.New("period out of range")
	case !(s.SigmaRange > 0 && s.SigmaRange < 1e5) || !(s.SigmaAzimuth > 0 && s.SigmaAzimuth < 10):
		return errors.New("standard deviation of range or azimuth out of range")
	case !(s.Clutter >= 0 && s.Clutter < 1e6):
		return errors.New("clutter out of range")
	}
	return nil
}

// Phase is a track's stage of life.
type Phase uint8

// The phases.
const (
	Tentative Phase = iota + 1
	Confirmed
	Coasting // confirmed, without a hit for longer than its sensors explain
	Lost     // ended; kept for Config.LostFor
)

// Estimate is what a Tracker holds of one track.
type Estimate struct {
	ID          ID
	Phase       Phase
	Domain      Domain
	Group       uint8
	FirstSeen   time.Time
	Time        time.Time // of Pos and velocity: the last measurement that moved the track
	LastHit     time.Time
	Pos         geo.Point
	SigmaPos    geo.Metres // root of the mean of the two axes' variances
	Cov         [3]float64 // variances and covariance ee, en, nn of the position, m²
	East, North geo.MetresPerSecond
	HasVelocity bool // the velocity is better known than the spread it began with
	SigmaSpeed  geo.MetresPerSecond
	CovVelocity [3]float64 // variances and covariance ee, en, nn of the velocity, m²/s²
	HasHeight   bool
	Height      geo.Metres
	Hits        uint32
	Existence   float64     // probability
	SameAddress bool        // another confirmed track claims the same address or MMSI elsewhere
	HasTrust    bool        // the object tells its place
	Trust       float64     // in what it tells, 0 to 1; 1 where nothing speaks against it
	Reasons     Reasons     // what speaks against it
	Doubted     bool        // the trust is so low that what it tells moves no track of a radar
	Class       Class       // 0 for unknown
	Confidence  float64     // in Class: its probability
	Formation   FormationID // 0 for none
}

// EventKind says what happened to a track.
type EventKind uint8

// The kinds of event.
const (
	Started EventKind = iota + 1
	NowConfirmed
	NowCoasting
	Resumed // a coasting or lost track has a hit again
	NowLost
	Dropped
	Merged     // Track was the same object as Into and is gone
	BiasJumped // the bias of Sensor changed at once; there is no Track
)

// Event is one change in the life of a track.
type Event struct {
	Track  ID
	Kind   EventKind
	Into   ID  // with Merged
	Sensor int // with BiasJumped
}

// Verdict says what became of a measurement.
type Verdict uint8

// The verdicts.
const (
	Updated     Verdict = iota + 1 // it moved Outcome.Track
	NewTrack                       // it began Outcome.Track
	TooLate                        // it confirmed Outcome.Track (0 if none) but moved nothing
	NoPosition                     // nothing to say where, and no track for its identity
	Malformed                      // a field is out of range
	OutOfRange                     // farther than the sensor can see
	TableFull                      // no room for another track
	TooManySame                    // its address is already claimed in too many places
)

// String returns the verdict in words.
func (v Verdict) String() string {
	switch v {
	case Updated:
		return "updated"
	case NewTrack:
		return "new track"
	case TooLate:
		return "too late"
	case NoPosition:
		return "no position"
	case Malformed:
		return "malformed"
	case OutOfRange:
		return "out of range"
	case TableFull:
		return "table full"
	case TooManySame:
		return "identity in too many places"
	}
	return "invalid"
}

// Outcome is what became of one measurement.
type Outcome struct {
	Verdict Verdict
	Track   ID // 0 when none
}
