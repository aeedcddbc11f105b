// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package ais

import "fmt"

// MMSI is a maritime identity of nine decimal digits, leading zeros included
// (ITU-R M.585-9).
type MMSI uint32

// String returns the nine digits.
func (m MMSI) String() string { return fmt.Sprintf("%09d", uint32(m)) }

// Class is what kind of station an [MMSI] belongs to, by its form.
type Class uint8

// Classes of M.585-9. ClassOdd fits none of them; fishing-net buoys often
// have such numbers.
const (
	ClassOdd         Class = iota
	ClassShip              // MIDxxxxxx
	ClassGroup             // 0MIDxxxxx, called, but sends nothing
	ClassCoast             // 00MIDxxxx
	ClassSARAircraft       // 111MIDxxx
	ClassHandheld          // 8MIDxxxxx
	ClassCraft             // 98MIDxxxx, of a mother ship
	ClassAtoN              // 99MIDxxxx
	ClassSART              // 970xxxxxx, search and rescue transmitter
	ClassMOB               // 972xxxxxx, man overboard
	ClassEPIRB             // 974xxxxxx
)

// Class returns the class of m, with its maritime identification digits
// checked where its form has them.
func (m MMSI) Class() Class {
	switch {
	case m > 999_999_999:
		return ClassOdd
	case isMID(m / 1_000_000):
		return ClassShip
	case m >= 800_000_000 && m < 900_000_000:
		return classIf(isMID(m/100_000%1000), ClassHandheld)
	}
	switch m / 1_000_000 {
	case 111:
		return classIf(isMID(m/1000%1000), ClassSARAircraft)
	case 970:
		return ClassSART
	case 972:
		return ClassMOB
	case 974:
		return ClassEPIRB
	}
	switch m / 10_000_000 {
	case 99:
		return classIf(isMID(m/10_000%1000), ClassAtoN)
	case 98:
		return classIf(isMID(m/10_000%1000), ClassCraft)
	}
	switch {
	case m < 10_000_000:
		return classIf(isMID(m/10_000), ClassCoast)
	case m < 100_000_000:
		return classIf(isMID(m/100_000), ClassGroup)
	default:
		return ClassOdd
	}
}

// MID returns the three digits that name the country, and whether m has any.
func (m MMSI) MID() (mid uint16, ok bool) {
	switch m.Class() {
	case ClassShip:
		m /= 1_000_000
	case ClassGroup, ClassHandheld:
		m = m / 100_000 % 1000
	case ClassCoast, ClassCraft, ClassAtoN:
		m = m / 10_000 % 1000
	case ClassSARAircraft:
		m = m / 1000 % 1000
	default:
		return 0, false
	}
	return uint16(m), true
}

// isMID checks the range of the table of maritime identification digits; not
// every number in it is given to a country.
func isMID(n MMSI) bool { return n >= 201 && n <= 775 }

func classIf(ok bool, c Class) Class {
	if ok {
		return c
	}
	return ClassOdd
}
