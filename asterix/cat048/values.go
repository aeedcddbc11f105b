// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cat048

import "github.com/kuroshio-watch/kuroshio/asterix"

// Detection is I048/020/TYP: what the sensor detected.
type Detection uint8

// The values of I048/020/TYP.
const (
	NoDetection      Detection = iota // a coasted track, not a plot
	PSR                               // primary alone
	SSR                               // secondary alone
	SSRPSR                            // secondary and primary
	ModeSAllCall                      // Mode S all-call alone
	ModeSRollCall                     // Mode S roll-call alone
	ModeSAllCallPSR                   // Mode S all-call and primary
	ModeSRollCallPSR                  // Mode S roll-call and primary
)

// HasPSR says whether the primary radar saw the target.
func (d Detection) HasPSR() bool {
	return d == PSR || d == SSRPSR || d == ModeSAllCallPSR || d == ModeSRollCallPSR
}

// HasSSR says whether the target answered an interrogation.
func (d Detection) HasSSR() bool { return d >= SSR }

// Source returns the radar station, I048/010.
func (r *Record) Source() (asterix.Source, bool) {
	return asterix.Source{SAC: r.I010.SAC, SIC: r.I010.SIC}, r.Has&Item010 != 0
}

// TimeOfDaySeconds returns UTC since midnight, I048/140. asterix.TimeOfDay makes
// an instant of it.
func (r *Record) TimeOfDaySeconds() (float64, bool) {
	return r.I140.Seconds(), r.Has&Item140 != 0
}

// Detection returns I048/020/TYP.
func (r *Record) Detection() (Detection, bool) {
	return Detection(r.I020.TYP), r.Has&Item020 != 0
}

// Simulated says whether I048/020/SIM marks the report as simulated.
func (r *Record) Simulated() bool { return r.Has&Item020 != 0 && r.I020.SIM != 0 }

// Test says whether I048/020/TST marks a test target.
func (r *Record) Test() bool { return r.Has&Item020 != 0 && r.I020.TST != 0 }

// FieldMonitor says whether the report is of a fixed transponder, I048/020/RAB.
func (r *Record) FieldMonitor() bool { return r.Has&Item020 != 0 && r.I020.RAB != 0 }

// SPI says whether the special position identification is on: I048/020/SPI, or
// the flight status of I048/230.
func (r *Record) SPI() bool {
	status, ok := r.FlightStatus()
	return r.Has&Item020 != 0 && r.I020.SPI != 0 || ok && (status == AlertSPI || status == NoAlertSPI)
}

// MilitaryEmergency says whether I048/020/ME is set.
func (r *Record) MilitaryEmergency() bool { return r.Has&Item020 != 0 && r.I020.ME != 0 }

// RhoNM returns the slant range in NM, I048/040. With RangeExceeded it is the
// end of the item's range and not the target's.
func (r *Record) RhoNM() (float64, bool) { return r.I040.RhoNM(), r.Has&Item040 != 0 }

// ThetaDeg returns the azimuth in degrees from the sensor's north, I048/040.
func (r *Record) ThetaDeg() (float64, bool) { return r.I040.ThetaDeg(), r.Has&Item040 != 0 }

// RangeExceeded says whether the target is beyond the range of I048/040; the
// true range is in the reserved expansion field, I048/020/ERR.
func (r *Record) RangeExceeded() bool { return r.Has&Item020 != 0 && r.I020.ERR != 0 }

// CartesianNM returns the calculated position in the sensor's plane, east and
// north in NM, I048/042.
func (r *Record) CartesianNM() (x, y float64, ok bool) {
	return r.I042.XNM(), r.I042.YNM(), r.Has&Item042 != 0
}

// Mode3A returns the Mode 3/A code, I048/070, twelve bits to be printed with
// %04o. valid is false when the code is marked as not validated, garbled or not
// extracted in the last scan.
func (r *Record) Mode3A() (code uint16, valid, ok bool) {
	v := &r.I070
	return v.MODE3A, v.V|v.G|v.L == 0, r.Has&Item070 != 0
}

// EmergencyMode3A returns a valid 7500 (unlawful interference), 7600 (radio
// failure) or 7700 (emergency).
func (r *Record) EmergencyMode3A() (code uint16, ok bool) {
	code, valid, ok := r.Mode3A()
	emergency := code == 0o7500 || code == 0o7600 || code == 0o7700
	if !ok || !valid || !emergency {
		return 0, false
	}
	return code, true
}

// FlightLevelFeet returns the flight level in feet at 1013.25 hPa, I048/090,
// negative on the ground under high pressure. valid is false when the code is
// marked as not validated or garbled.
func (r *Record) FlightLevelFeet() (feet float64, valid, ok bool) {
	v := &r.I090
	return v.FlightLevel() * 100, v.V|v.G == 0, r.Has&Item090 != 0
}

// HeightFeet returns the height above mean sea level that a 3D radar measured,
// I048/110.
func (r *Record) HeightFeet() (float64, bool) { return r.I110.HeightFeet(), r.Has&Item110 != 0 }

// Address returns the 24-bit aircraft address, I048/220.
func (r *Record) Address() (uint32, bool) { return uint32(r.I220), r.Has&Item220 != 0 }

// Callsign returns the aircraft identification, I048/240, without blanks at the
// end. An item without a character is no callsign; '?' is an undefined code.
func (r *Record) Callsign() (string, bool) {
	if r.Has&Item240 == 0 {
		return "", false
	}
	s := asterix.Identification(uint64(r.I240), 8)
	return s, s != ""
}

// TrackNumber returns the number in the sensor's track file, I048/161.
func (r *Record) TrackNumber() (uint16, bool) { return r.I161.TRN, r.Has&Item161 != 0 }

// EndOfTrack says whether this is the last report for the track, I048/170/TRE.
func (r *Record) EndOfTrack() bool { return r.Has&Item170 != 0 && r.I170.TRE != 0 }

// GroundSpeedKt returns the calculated ground speed in knots, I048/200.
func (r *Record) GroundSpeedKt() (float64, bool) {
	return float64(r.I200.GSP) * (3600.0 / 16384), r.Has&Item200 != 0
}

// HeadingDeg returns the calculated heading from geographical north, I048/200.
func (r *Record) HeadingDeg() (float64, bool) { return r.I200.HeadingDeg(), r.Has&Item200 != 0 }

// FlightStatus is I048/230/STAT.
type FlightStatus uint8

// The values of I048/230/STAT; 6 is not defined.
const (
	Airborne      FlightStatus = 0
	OnGround      FlightStatus = 1
	AlertAirborne FlightStatus = 2
	AlertOnGround FlightStatus = 3
	AlertSPI      FlightStatus = 4
	NoAlertSPI    FlightStatus = 5
	StatusUnknown FlightStatus = 7
)

// FlightStatus returns I048/230/STAT; an undefined value is absent.
func (r *Record) FlightStatus() (FlightStatus, bool) {
	s := FlightStatus(r.I230.STAT)
	return s, r.Has&Item230 != 0 && s != StatusUnknown && s != 6
}

// OnGround says whether the transponder reports the ground; ok is false when it
// does not tell.
func (r *Record) OnGround() (ground, ok bool) {
	switch s, has := r.FlightStatus(); {
	case !has:
		return false, false
	case s == OnGround || s == AlertOnGround:
		return true, true
	case s == Airborne || s == AlertAirborne:
		return false, true
	}
	return false, false
}
