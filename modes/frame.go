// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes

import (
	"strings"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// Field is a set of optional fields of a Frame. A field whose bit is not set
// is unknown, whatever value it holds.
type Field uint32

// Optional fields of a Frame.
const (
	FieldTC           Field = 1 << iota // TC, Subtype
	FieldAltitude                       // Altitude, AltitudeKind
	FieldGround                         // OnGround
	FieldSquawk                         // Squawk
	FieldCallsign                       // Callsign, from a squitter
	FieldCommBCall                      // Callsign, inferred from a Comm-B reply: a hint only
	FieldCategory                       // Category
	FieldSpeed                          // GroundSpeed
	FieldTrack                          // Track, over ground
	FieldHeading                        // Heading, magnetic or true
	FieldIAS                            // Airspeed, indicated
	FieldTAS                            // Airspeed, true
	FieldVerticalRate                   // VerticalRateFPM, VerticalRateKind
	FieldGNSSDelta                      // GNSSDelta
	FieldCPR                            // CPR
	FieldEmergency                      // Emergency
	FieldVersion                        // Version
	FieldNIC                            // NIC (Decoder only)
	FieldRadius                         // ContainmentRadius (Decoder only)
	FieldNICSupplA                      // NICSupplA
	FieldNICSupplB                      // NICSupplB
	FieldNICSupplC                      // NICSupplC
	FieldNACp                           // NACp
	FieldNACv                           // NACv
	FieldSIL                            // SIL
	FieldAlert                          // Alert
	FieldIdent                          // Ident
)

// CPR is a position in compact position reporting, as sent
// (DO-260B appendix A.1.7): 17 bits each.
type CPR struct {
	Lat, Lon uint32
	Odd      bool
	Surface  bool
}

// Frame holds the fields of one downlink frame. It is a plain value; see Has
// for which of them are known.
type Frame struct {
	DF uint8 // downlink format
	CF uint8 // control field, DF18 only
	CA uint8 // capability, DF11 and DF17 only
	// IID is the interrogator that a DF11 answers; 0 is an unsolicited squitter.
	IID    uint8
	Source Source
	ICAO   ICAO
	// NonICAO says that ICAO is not an ICAO address (DF18 CF1, CF5, IMF bit).
	NonICAO bool
	// AddressFromParity says that ICAO is the parity of the frame: any noise
	// gives some address, so it means nothing before a Decoder has let it pass.
	AddressFromParity bool

	Fields  Field
	TC      uint8 // type code of the extended squitter, 0 to 31
	Subtype uint8

	OnGround     bool
	Altitude     geo.Feet
	AltitudeKind HeightKind
	// GNSSDelta is GNSS height minus pressure altitude.
	GNSSDelta geo.Feet

	Squawk    Squawk
	Emergency Emergency
	Alert     bool
	Ident     bool // special position identification

	Callsign [8]byte // padded with spaces
	// Category is the emitter category as written, 0xA3 for A3.
	Category uint8

	GroundSpeed      geo.Knots
	Track            geo.Degrees
	Heading          geo.Degrees
	Airspeed         geo.Knots
	VerticalRateFPM  int // feet per minute, up is positive
	VerticalRateKind HeightKind

	CPR CPR

	Version                         uint8 // ADS-B version, 0 to 7
	NIC                             uint8 // navigation integrity category, 0 to 11
	NACp                            uint8 // navigation accuracy category, position
	NACv                            uint8 // navigation accuracy category, velocity
	SIL                             uint8 // source integrity level
	NICSupplA, NICSupplB, NICSupplC bool
	// QualityFromTC says that NACp and SIL were not sent: the aircraft is of
	// version 0, or never said its version, and they are what its type code
	// stands for (Decoder only).
	QualityFromTC bool
	// ContainmentRadius is Rc: the true position is within it but for SIL.
	ContainmentRadius geo.Metres
}

// Has reports whether all of the given fields are known.
func (f *Frame) Has(fields Field) bool { return f.Fields&fields == fields }

// CallsignText returns the callsign without padding, and "" if unknown.
func (f *Frame) CallsignText() string {
	if f.Fields&(FieldCallsign|FieldCommBCall) == 0 {
		return ""
	}
	return strings.TrimRight(string(f.Callsign[:]), " ")
}

func (f *Frame) set(field Field) { f.Fields |= field }
