// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package modes decodes Mode S replies and ADS-B, TIS-B and ADS-R squitters
// (downlink formats 0, 4, 5, 11, 16, 17, 18, 20 and 21) and encodes those that
// a test or a simulator needs. A Decoder adds what one frame cannot say: which
// parity-overlaid addresses are real, and where an aircraft is.
//
// Sources: ICAO Annex 10 volume IV, ICAO Doc 9871, RTCA DO-260B, and the open
// book "The 1090 Megahertz Riddle" (mode-s.org).
//
// It does not demodulate, repair bits, read streams (see modes/beast and
// modes/avr), infer Comm-B registers other than an aircraft identification, or
// say what an aircraft is or intends. Time is an argument; nothing here reads a
// clock.
package modes

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ICAO is a 24-bit aircraft address (Annex 10 volume III, chapter 9). Where
// Frame.NonICAO is set it is an anonymous address or a track file number.
type ICAO uint32

// String returns the address as six lower-case hexadecimal digits.
func (a ICAO) String() string { return fmt.Sprintf("%06x", uint32(a)) }

// ParseICAO reads six hexadecimal digits.
func ParseICAO(s string) (ICAO, error) {
	v, err := strconv.ParseUint(s, 16, 24)
	if err != nil || len(s) != 6 {
		return 0, fmt.Errorf("parse ICAO address %q: want 6 hexadecimal digits", strings.Clone(s)) // so that s need not outlive the call
	}
	return ICAO(v), nil
}

// valid reports whether an aircraft can hold the address: all zeros and all
// ones are never assigned (Annex 10 volume III, 9.2.1).
func (a ICAO) valid() bool { return a > 0 && a < 0xFFFFFF }

// Squawk is a Mode A identity code: four octal digits in twelve bits.
type Squawk uint16

// String returns the four octal digits.
func (s Squawk) String() string { return fmt.Sprintf("%04o", uint16(s)) }

// ParseSquawk reads four octal digits.
func ParseSquawk(s string) (Squawk, error) {
	v, err := strconv.ParseUint(s, 8, 12)
	if err != nil || len(s) != 4 {
		return 0, fmt.Errorf("parse squawk %q: want 4 octal digits", strings.Clone(s))
	}
	return Squawk(v), nil
}

// Reasons for refusing a frame. They are returned as they are, so that a
// caller may compare with == and no frame costs an allocation.
var (
	// ErrLength refuses a frame that has not the length of its format: 7 bytes
	// below DF16, 14 bytes from DF16 on.
	ErrLength = errors.New("modes: frame has not the length of its downlink format")
	// ErrParity refuses a DF11, DF17 or DF18 frame whose parity is wrong.
	ErrParity = errors.New("modes: parity is wrong")
	// ErrUnsupported refuses a downlink format or a DF18 control field that
	// carries no address for civil use (DF19, DF24, reserved ones).
	ErrUnsupported = errors.New("modes: downlink format is not supported")
	// ErrAddress refuses the addresses that no aircraft can hold.
	ErrAddress = errors.New("modes: address is all zeros or all ones")
	// ErrUnknownAddress refuses a reply whose address is only known by its
	// parity and was not heard in a squitter lately (Decoder only).
	ErrUnknownAddress = errors.New("modes: address was not heard in a squitter lately")
)

// Source says how the content of a frame came to be.
type Source uint8

// Sources, from the downlink format and, in DF18, the control field
// (DO-260B 2.2.3.2.1.2 and table 2-13).
const (
	SourceModeS         Source = iota // reply or all-call of a transponder
	SourceADSB                        // DF17, the aircraft's own squitter
	SourceADSBNonTransp               // DF18 CF0 and CF1, not from a transponder
	SourceTISB                        // DF18 CF2, CF3, CF5, a ground station's track
	SourceADSR                        // DF18 CF6, rebroadcast of another link
	SourceMLAT                        // computed by multilateration, put into a frame
)

// String names the source.
func (s Source) String() string {
	switch s {
	case SourceModeS:
		return "mode-s"
	case SourceADSB:
		return "ads-b"
	case SourceADSBNonTransp:
		return "ads-b-nt"
	case SourceTISB:
		return "tis-b"
	case SourceADSR:
		return "ads-r"
	case SourceMLAT:
		return "mlat"
	}
	return "unknown"
}

// HeightKind says what a height or a vertical rate is measured by.
type HeightKind uint8

// Kinds of height.
const (
	HeightBaro HeightKind = iota // pressure altitude, 1013.25 hPa
	HeightGNSS                   // height above the WGS84 ellipsoid
)

// String names the kind.
func (k HeightKind) String() string {
	if k == HeightGNSS {
		return "gnss"
	}
	return "baro"
}

// Emergency is the emergency or priority status of TC28 (DO-260B table 2-80).
type Emergency uint8

// Emergency states.
const (
	EmergencyNone Emergency = iota
	EmergencyGeneral
	EmergencyMedical
	EmergencyMinimumFuel
	EmergencyNoCommunications
	EmergencyUnlawfulInterference
	EmergencyDowned
	EmergencyReserved
)
