// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes

import (
	"encoding/binary"
	"math"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// A Comm-B reply (DF20, DF21) holds one register of the transponder and does not
// say which: the interrogator knows what it asked for, an overhearing receiver
// does not. What follows guesses it from the layout of each register (ICAO Doc
// 9871, tables A-2-16 to A-2-96) and from what the aircraft said in squitters.

// HintField is a set of fields of a [Hint].
type HintField uint16

// The fields of a Hint.
const (
	HintSelectedAltitude HintField = 1 << iota // on the mode control panel
	HintFMSAltitude
	HintPressure
	HintRoll
	HintTrack
	HintTrackRate
	HintGroundSpeed
	HintTAS
	HintHeading
	HintIAS
	HintMach
	HintBaroRate
	HintInertialRate
	HintWind
	HintTemperature
)

// Hint is what a Comm-B reply seems to say: a guess by its structure, never a
// report, and never a position. A field whose bit in Has is not set is unknown.
type Hint struct {
	// Register is the guessed register, 0x50 for BDS 5,0; 0 is no guess.
	Register uint8
	Has      HintField

	SelectedAltitude geo.Feet
	FMSAltitude      geo.Feet
	PressureHPa      float64
	Roll             geo.Degrees // right wing down is positive
	Track            geo.Degrees // over ground, true
	TrackRate        float64     // degrees a second
	GroundSpeed      geo.Knots
	TAS              geo.Knots
	Heading          geo.Degrees // magnetic
	IAS              geo.Knots
	Mach             float64
	BaroRate         int // feet a minute, up is positive
	InertialRate     int
	WindSpeed        geo.Knots
	WindFrom         geo.Degrees
	TemperatureC     float64
}

// Known reports whether all of these fields are known.
func (h *Hint) Known(f HintField) bool { return h.Has&f == f }

// known is what an aircraft said of itself in squitters a short while ago, and
// the height of the reply.
type known struct {
	speed, track, height          float64
	hasSpeed, hasTrack, hasHeight bool
}

const (
	hintFreshMS = 30_000
	// How far a guess may be from what the aircraft said, in a turn and with wind.
	hintSpeedOff   = 40  // kt
	hintTrackOff   = 25  // degrees
	hintWind       = 200 // kt
	hintCrab       = 50  // degrees, heading to track, with the magnetic variation
	hintIASOff     = 20  // kt, between what Mach and height give and what is told
	hintISAOff     = 25  // K
	hintHighest    = 50_000
	hintSteepest   = 6000 // feet a minute
	hintRateSpread = 2000
)

// payload is the 56 bits of a Comm-B reply.
type payload uint64

func payloadOf(b []byte) payload {
	return payload(uint64(binary.BigEndian.Uint32(b))<<24 | uint64(be24(b[4:])))
}

// bits returns n bits from the first on, which is counted from 1.
func (p payload) bits(first, n uint) uint32 { return uint32(p >> (57 - first - n) & (1<<n - 1)) }

// hint guesses the register of the 56 bits of a Comm-B reply. Where two fit it
// is none.
func hint(mb payload, k *known) (found Hint) {
	var h Hint
	for _, register := range [...]uint8{0x10, 0x17, 0x20, 0x30, 0x40, 0x44, 0x50, 0x60} {
		h.Register = register
		fits := h.fits(mb, k)
		switch {
		case fits && found.Register != 0:
			return Hint{}
		case fits:
			found = h
		}
		if fits || h.Has != 0 {
			h = Hint{}
		}
	}
	return found
}

// fits reads the register that h names, and reports whether it can be that.
func (h *Hint) fits(mb payload, k *known) bool {
	switch h.Register {
	case 0x10:
		return capability10(mb)
	case 0x17:
		return capability17(mb)
	case 0x20:
		return identification20(mb)
	case 0x30:
		return advisory30(mb)
	case 0x40:
		return h.intention40(mb)
	case 0x44:
		return h.weather44(mb, k)
	case 0x50:
		return h.turn50(mb, k)
	}
	return h.heading60(mb, k)
}

// item reads a field behind its status bit. Without the status the field must be
// zero: ok is false where it is not.
func item(mb payload, status, first, n uint) (v uint32, has, ok bool) {
	v, has = mb.bits(first, n), mb.bits(status, 1) != 0
	return v, has, has || v == 0
}

// signedItem reads a field in two's complement behind its status bit.
func signedItem(mb payload, status, n uint) (v int, has, ok bool) {
	u, has, ok := item(mb, status, status+1, n)
	v = int(u)
	if u>>(n-1) != 0 {
		v -= 1 << n
	}
	return v, has, ok
}

// put keeps a value that lies within bounds; it reports whether it does or is
// absent.
func (h *Hint) put(f HintField, has bool, v, low, high float64, set func(float64)) bool {
	if !has {
		return true
	}
	h.Has |= f
	set(v)
	return v >= low && v <= high
}

// capability10 is the data link capability report, table A-2-16.
func capability10(mb payload) bool {
	overlay, version := mb.bits(15, 1), mb.bits(17, 7)
	return mb.bits(1, 8) == 0x10 && mb.bits(10, 5) == 0 && (overlay == 1) == (version >= 5)
}

// capability17 is the common usage capability report, table A-2-23: bit 7 stands
// for register 2,0, which all have, and the last four octets are reserved.
func capability17(mb payload) bool {
	return mb.bits(7, 1) == 1 && mb.bits(25, 32) == 0
}

// identification20 is the callsign, table A-2-32.
func identification20(mb payload) bool {
	if mb.bits(1, 8) != 0x20 {
		return false
	}
	var f Frame
	var octets [8]byte
	binary.BigEndian.PutUint64(octets[:], uint64(mb))
	return f.callsign(octets[1:])
}

// advisory30 is an active resolution advisory, Annex 10 volume IV, 4.3.8.4.2.2.1.
func advisory30(mb payload) bool {
	if mb.bits(1, 8) != 0x30 || mb.bits(16, 7) != 0 {
		return false
	}
	switch mb.bits(29, 2) { // what tells the threat
	case 0:
		return mb.bits(31, 26) == 0
	case 1:
		return mb.bits(55, 2) == 0 && mb.bits(31, 24) != 0
	case 2:
		return true
	}
	return false
}

// intention40 is the selected vertical intention, table A-2-64.
func (h *Hint) intention40(mb payload) bool {
	panel, has1, ok1 := item(mb, 1, 2, 12)
	fms, has2, ok2 := item(mb, 14, 15, 12)
	pressure, has3, ok3 := item(mb, 27, 28, 12)
	_, _, ok4 := item(mb, 48, 49, 3)
	_, _, ok5 := item(mb, 54, 55, 2)
	if !(ok1 && ok2 && ok3 && ok4 && ok5) || mb.bits(40, 8) != 0 || mb.bits(52, 2) != 0 || !(has1 || has2 || has3) {
		return false
	}
	return h.put(HintSelectedAltitude, has1, float64(panel)*16, 1, hintHighest, func(v float64) { h.SelectedAltitude = geo.Feet(v) }) &&
		h.put(HintFMSAltitude, has2, float64(fms)*16, 1, hintHighest, func(v float64) { h.FMSAltitude = geo.Feet(v) }) &&
		h.put(HintPressure, has3, 800+float64(pressure)/10, 850, 1100, func(v float64) { h.PressureHPa = v })
}

// weather44 is the routine meteorological report, table A-2-68. It is believed
// only where it holds wind and a temperature of the height, and nothing else:
// its other items are rare, and its layout has little that could be wrong.
func (h *Hint) weather44(mb payload, k *known) bool {
	source := mb.bits(1, 4)
	wind, has, _ := item(mb, 5, 6, 9)
	celsius := float64(mb.bits(25, 10)) / 4
	if mb.bits(24, 1) != 0 {
		celsius -= 256
	}
	if source < 1 || source > 4 || !has || mb.bits(35, 22) != 0 || !k.hasHeight || math.Abs(celsius-isaCelsius(k.height)) > hintISAOff {
		return false
	}
	h.Has, h.WindFrom, h.TemperatureC = HintWind|HintTemperature, geo.Degrees(float64(mb.bits(15, 9))*180/256), celsius
	return h.put(HintWind, true, float64(wind), 0, 250, func(v float64) { h.WindSpeed = geo.Knots(v) })
}

// turn50 is the track and turn report, table A-2-80. It is believed only of an
// aircraft whose ground speed is known.
func (h *Hint) turn50(mb payload, k *known) bool {
	roll, has1, ok1 := signedItem(mb, 1, 10)
	track, has2, ok2 := signedItem(mb, 12, 11)
	speed, has3, ok3 := item(mb, 24, 25, 10)
	rate, has4, ok4 := signedItem(mb, 35, 10)
	tas, has5, ok5 := item(mb, 46, 47, 10)
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && has3 && has5) || !has1 && !has2 || !k.hasSpeed {
		return false
	}
	course := float64(track) * 90 / 512
	if has2 && k.hasTrack && apart(course, k.track) > hintTrackOff {
		return false
	}
	return h.put(HintRoll, has1, float64(roll)*45/256, -50, 50, func(v float64) { h.Roll = geo.Degrees(v) }) &&
		h.put(HintTrack, has2, course, -180, 180, func(v float64) { h.Track = geo.Degrees(v).Norm360() }) &&
		h.put(HintGroundSpeed, true, float64(speed)*2, k.speed-hintSpeedOff, k.speed+hintSpeedOff, func(v float64) { h.GroundSpeed = geo.Knots(v) }) &&
		h.put(HintTrackRate, has4, float64(rate)*8/256, -8, 8, func(v float64) { h.TrackRate = v }) &&
		h.put(HintTAS, true, float64(tas)*2, k.speed-hintWind, k.speed+hintWind, func(v float64) { h.TAS = geo.Knots(v) })
}

// heading60 is the heading and speed report, table A-2-96. It is believed only
// where speed and Mach number fit each other at a height that is known.
func (h *Hint) heading60(mb payload, k *known) bool {
	heading, has1, ok1 := signedItem(mb, 1, 11)
	ias, has2, ok2 := item(mb, 13, 14, 10)
	mach, has3, ok3 := item(mb, 24, 25, 10)
	baro, has4, ok4 := signedItem(mb, 35, 10)
	inertial, has5, ok5 := signedItem(mb, 46, 10)
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && has2 && has3) || !k.hasHeight {
		return false
	}
	number := float64(mach) * 2.048 / 512
	if math.Abs(calibrated(number, k.height)-float64(ias)) > hintIASOff {
		return false
	}
	nose := float64(heading) * 90 / 512
	if has1 && k.hasTrack && apart(nose, k.track) > hintCrab || k.hasSpeed && math.Abs(number*soundKnots(k.height)-k.speed) > hintWind {
		return false
	}
	if has4 && has5 && math.Abs(float64(baro-inertial))*32 > hintRateSpread {
		return false
	}
	return h.put(HintHeading, has1, nose, -180, 180, func(v float64) { h.Heading = geo.Degrees(v).Norm360() }) &&
		h.put(HintIAS, true, float64(ias), 40, 500, func(v float64) { h.IAS = geo.Knots(v) }) &&
		h.put(HintMach, true, number, 0.05, 1, func(v float64) { h.Mach = v }) &&
		h.put(HintBaroRate, has4, float64(baro)*32, -hintSteepest, hintSteepest, func(v float64) { h.BaroRate = int(v) }) &&
		h.put(HintInertialRate, has5, float64(inertial)*32, -hintSteepest, hintSteepest, func(v float64) { h.InertialRate = int(v) })
}

// apart returns how far two directions are from each other, in degrees.
func apart(a, b float64) float64 { return math.Abs(math.Remainder(a-b, 360)) }

// The standard atmosphere (ISO 2533) up to 20 km.
const (
	seaKelvin    = 288.15
	lapse        = 0.0065 // K a metre
	tropopause   = 11_000 // m
	topKelvin    = 216.65
	seaSound     = 661.47 // kt
	topRatio     = 0.22336
	scaleMetres  = 6341.62 // above the tropopause
	metresOfFoot = 0.3048
)

func isaKelvin(feet float64) float64 {
	return max(seaKelvin-lapse*feet*metresOfFoot, topKelvin)
}

func isaCelsius(feet float64) float64 { return isaKelvin(feet) - 273.15 }

func soundKnots(feet float64) float64 { return seaSound * math.Sqrt(isaKelvin(feet)/seaKelvin) }

// calibrated returns the airspeed that an instrument shows at a Mach number and
// a pressure altitude, in knots.
func calibrated(mach, feet float64) float64 {
	ratio := math.Pow(isaKelvin(feet)/seaKelvin, 5.2559)
	if m := feet * metresOfFoot; m > tropopause {
		ratio = topRatio * math.Exp((tropopause-m)/scaleMetres)
	}
	impact := ratio * (math.Pow(1+0.2*mach*mach, 3.5) - 1)
	return seaSound * math.Sqrt(5*(math.Pow(impact+1, 2.0/7)-1))
}
