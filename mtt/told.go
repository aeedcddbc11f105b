// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

const noClass Class = 0 // none of the classes

// OfEmitter returns the classes that an emitter category of ADS-B leaves, as
// written: 0xA3 for A3 (ICAO Doc 9871, register 08). It is 0 where the category
// tells nothing.
func OfEmitter(category uint8) Classes {
	switch category {
	case 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xB1:
		return ClassesOf(Aircraft)
	case 0xA7:
		return ClassesOf(Helicopter)
	case 0xB2:
		return ClassesOf(Balloon)
	case 0xB4: // ultralights are small aircraft, hang gliders and paragliders none
		return ClassesOf(noClass, Aircraft)
	case 0xB6:
		return ClassesOf(SmallDrone, LargeDrone)
	case 0xB3, 0xB7, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5: // parachutists, rockets, vehicles, obstacles
		return ClassesOf(noClass)
	}
	return 0
}

// OfUAType returns the classes that the type of an uncrewed aircraft leaves
// (ASTM F3411-22a, table 6). Remote ID is what drones carry that are too small
// for a transponder; of wings and rotors the type does not tell the size, but the
// broadcast does. It is 0 where the type tells nothing.
func OfUAType(t uint8) Classes {
	switch t {
	case 1, 2, 3, 4, 5, 6, 13: // wings, rotors, both, a tether with power
		return ClassesOf(SmallDrone)
	case 8, 9, 10: // balloons, free and captive, and airships
		return ClassesOf(Balloon)
	case 7, 11, 12, 14: // kite, parachute, rocket, obstacle
		return ClassesOf(noClass)
	}
	return 0
}

// OfVessel returns the classes that a station of AIS leaves by its MMSI and the
// domain: stations on aircraft of search and rescue, and transmitters of
// distress, which are no vessels (ITU-R M.585-9).
func OfVessel(mmsi uint32, d Domain) Classes {
	switch mmsi / 1_000_000 {
	case 970, 972, 974: // transmitter of search and rescue, person overboard, distress beacon
		return ClassesOf(noClass)
	}
	if d == Air {
		return ClassesOf(Aircraft, Helicopter)
	}
	return ClassesOf(Vessel)
}
