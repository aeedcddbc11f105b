// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes

import (
	"math"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// parseME reads the 56-bit message of an extended squitter by its type code
// (DO-260B 2.2.3.2.2). Type codes without a case carry nothing we use.
func (f *Frame) parseME(me []byte) {
	f.TC = me[0] >> 3
	f.Subtype = me[0] & 7
	f.set(FieldTC)
	switch tc := f.TC; {
	case tc == 0:
		f.airborneAltitude(me, HeightBaro)
	case tc <= 4:
		f.identification(me)
	case tc <= 8:
		f.surfacePosition(me)
	case tc <= 18:
		f.airborneAltitude(me, HeightBaro)
		f.airbornePosition(me)
	case tc == 19:
		f.velocity(me)
	case tc <= 22:
		f.airborneAltitude(me, HeightGNSS)
		f.airbornePosition(me)
	case tc == 28 && f.Subtype == 1:
		f.Emergency = Emergency(bits(me, 9, 3))
		f.set(FieldEmergency)
		f.Squawk = identity13(bits(me, 12, 13))
		f.set(FieldSquawk)
	case tc == 29:
		f.targetState(me)
	case tc == 31 && f.Subtype <= 1:
		f.operationalStatus(me)
	}
}

// identification reads TC1 to TC4 (DO-260B 2.2.3.2.5).
func (f *Frame) identification(me []byte) {
	// TC4 is set A, TC1 is set D.
	f.Category = (0xE-f.TC)<<4 | f.Subtype
	f.set(FieldCategory)
	if f.callsign(me) {
		f.set(FieldCallsign)
	}
}

// callsign reads eight six-bit characters after the first byte, and reports
// whether they are a callsign (Annex 10 volume IV, table 3-9).
func (f *Frame) callsign(me []byte) bool {
	var text [8]byte
	blank := true
	for i := range text {
		c := byte(bits(me, uint(9+6*i), 6))
		switch {
		case c >= 1 && c <= 26:
			c += 'A' - 1
		case c == ' ', c >= '0' && c <= '9':
		default:
			return false
		}
		text[i] = c
		blank = blank && c == ' '
	}
	if blank {
		return false
	}
	f.Callsign = text
	return true
}

func (f *Frame) airborneAltitude(me []byte, kind HeightKind) {
	if ft, ok := altitude12(bits(me, 9, 12)); ok {
		f.Altitude, f.AltitudeKind = ft, kind
		f.set(FieldAltitude)
	}
}

// airbornePosition reads TC9 to TC18 and TC20 to TC22 (DO-260B 2.2.3.2.3).
func (f *Frame) airbornePosition(me []byte) {
	status := bits(me, 6, 2) // surveillance status
	f.Alert = status == 1 || status == 2
	f.Ident = status == 3
	f.set(FieldAlert | FieldIdent)
	if f.Source == SourceADSB || f.Source == SourceADSBNonTransp {
		f.NICSupplB = bits(me, 8, 1) != 0
		f.set(FieldNICSupplB)
	}
	f.OnGround = false
	f.set(FieldGround)
	f.cpr(me, false)
}

func (f *Frame) cpr(me []byte, surface bool) {
	f.CPR = CPR{
		Lat: bits(me, 23, 17), Lon: bits(me, 40, 17),
		Odd: bits(me, 22, 1) != 0, Surface: surface,
	}
	f.set(FieldCPR)
}

// surfacePosition reads TC5 to TC8 (DO-260B 2.2.3.2.4).
func (f *Frame) surfacePosition(me []byte) {
	f.OnGround = true
	f.set(FieldGround)
	if kt, ok := movement(bits(me, 6, 7)); ok {
		f.GroundSpeed = kt
		f.set(FieldSpeed)
	}
	if bits(me, 13, 1) != 0 {
		f.Track = geo.Degrees(bits(me, 14, 7)) * 360 / 128
		f.set(FieldTrack)
	}
	f.cpr(me, true)
}

// movement decodes the speed on the surface (DO-260B table 2-23) to the middle
// of the range that the code stands for. Codes 2 to 8 are those of versions 0
// and 1; version 2 differs from them by an eighth of a knot at most.
func movement(code uint32) (geo.Knots, bool) {
	m := float64(code)
	switch {
	case code == 0 || code > 124:
		return 0, false
	case code == 1:
		return 0, true
	case code <= 8:
		return geo.Knots(0.125 + (m-1.5)*0.125), true
	case code <= 12:
		return geo.Knots(1 + (m-8.5)*0.25), true
	case code <= 38:
		return geo.Knots(2 + (m-12.5)*0.5), true
	case code <= 93:
		return geo.Knots(15 + (m - 38.5)), true
	case code <= 108:
		return geo.Knots(70 + (m-93.5)*2), true
	case code <= 123:
		return geo.Knots(100 + (m-108.5)*5), true
	}
	return 175, true
}

// velocity reads TC19 (DO-260B 2.2.3.2.6).
func (f *Frame) velocity(me []byte) {
	if f.Subtype < 1 || f.Subtype > 4 {
		return
	}
	if f.Source != SourceTISB { // which has other bits there
		f.NACv = uint8(bits(me, 11, 3))
		f.set(FieldNACv)
	}
	step := 1.0
	if f.Subtype == 2 || f.Subtype == 4 { // supersonic
		step = 4
	}
	if f.Subtype <= 2 {
		f.velocityOverGround(me, step)
	} else {
		f.airVelocity(me, step)
	}
	if v := bits(me, 38, 9); v != 0 {
		f.VerticalRateFPM = signed(bits(me, 37, 1), int(v-1)*64)
		f.VerticalRateKind = HeightGNSS
		if bits(me, 36, 1) != 0 {
			f.VerticalRateKind = HeightBaro
		}
		f.set(FieldVerticalRate)
	}
	if v := bits(me, 50, 7); v != 0 {
		f.GNSSDelta = geo.Feet(signed(bits(me, 49, 1), int(v-1)*25))
		f.set(FieldGNSSDelta)
	}
}

func signed(sign uint32, v int) int {
	if sign != 0 {
		return -v
	}
	return v
}

func (f *Frame) velocityOverGround(me []byte, step float64) {
	ew, ns := bits(me, 15, 10), bits(me, 26, 10)
	if ew == 0 || ns == 0 {
		return
	}
	east := float64(signed(bits(me, 14, 1), int(ew)-1)) * step
	north := float64(signed(bits(me, 25, 1), int(ns)-1)) * step
	f.GroundSpeed = geo.Knots(math.Sqrt(east*east + north*north))
	f.set(FieldSpeed)
	if east != 0 || north != 0 { // a hovering aircraft has no track
		f.Track = geo.Degrees(math.Atan2(east, north) * 180 / math.Pi).Norm360()
		f.set(FieldTrack)
	}
}

func (f *Frame) airVelocity(me []byte, step float64) {
	if bits(me, 14, 1) != 0 {
		f.Heading = geo.Degrees(bits(me, 15, 10)) * 360 / 1024
		f.set(FieldHeading)
	}
	v := bits(me, 26, 10)
	if v == 0 {
		return
	}
	f.Airspeed = geo.Knots(float64(v-1) * step)
	if bits(me, 25, 1) != 0 {
		f.set(FieldTAS)
	} else {
		f.set(FieldIAS)
	}
}

// targetState reads what TC29 subtype 1 says of quality (DO-260B 2.2.3.2.7.1).
func (f *Frame) targetState(me []byte) {
	f.Subtype = uint8(bits(me, 6, 2))
	if f.Subtype != 1 {
		return
	}
	f.NACp = uint8(bits(me, 40, 4))
	f.SIL = uint8(bits(me, 45, 2))
	f.set(FieldNACp | FieldSIL)
}

// operationalStatus reads what TC31 says of version and quality
// (DO-260B 2.2.3.2.7.2). Version 0 has only the version.
func (f *Frame) operationalStatus(me []byte) {
	f.Version = uint8(bits(me, 41, 3))
	f.set(FieldVersion)
	if f.Version == 0 {
		return
	}
	f.NICSupplA = bits(me, 44, 1) != 0
	f.NACp = uint8(bits(me, 45, 4))
	f.SIL = uint8(bits(me, 51, 2))
	f.set(FieldNICSupplA | FieldNACp | FieldSIL)
	if f.Subtype == 1 && f.Version >= 2 {
		f.NICSupplC = bits(me, 20, 1) != 0
		f.set(FieldNICSupplC)
	}
}
