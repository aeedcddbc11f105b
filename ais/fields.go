// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package ais

import "github.com/kuroshio-watch/kuroshio/geo"

// Codes for "not available" (M.1371-5 Table 47 and those of each message).
const (
	latUnknown      = 91 * 600_000
	lonUnknown      = 181 * 600_000
	sogUnknown      = 1023
	cogUnknown      = 3600
	headingUnknown  = 511
	rotUnknown      = -128
	altitudeUnknown = 4095
)

func navStatus(m *Message, v uint32) {
	if v != navStatusUndefined {
		m.NavStatus = NavStatus(v)
		m.Has |= HasNavStatus
	}
}

func sog(m *Message, v uint32) {
	if v != sogUnknown {
		m.SOG = geo.Knots(v) / 10
		m.Has |= HasSOG
	}
}

func cog(m *Message, v uint32) {
	if v < cogUnknown {
		m.COG = geo.Degrees(v) / 10
		m.Has |= HasCOG
	}
}

func heading(m *Message, v uint32) {
	if v < 360 {
		m.Heading = geo.Degrees(v)
		m.Has |= HasHeading
	}
}

// position takes the raw latitude and longitude. A pair of which only one is
// the code for unknown is kept raw, for the gate to refuse.
func position(m *Message, lat, lon int32) {
	m.LatRaw, m.LonRaw = lat, lon
	if lat == latUnknown && lon == lonUnknown {
		return
	}
	m.Has |= HasRawPosition
	p := geo.Point{LatDeg: float64(lat) / 600_000, LonDeg: float64(lon) / 600_000}
	if p.Valid() {
		m.Position = p
		m.Has |= HasPosition
	}
}

func second(m *Message, v uint32) {
	switch {
	case v < 60:
		m.Second, m.Fix = uint8(v), FixTimed
		m.Has |= HasSecond
	case v == 60:
		m.Fix = FixUntimed
	case v == 61:
		m.Fix = FixManual
	case v == 62:
		m.Fix = FixDeadReckoning
	default:
		m.Fix = FixInoperative
	}
}

func epfd(m *Message, v uint32) {
	if v != 0 {
		m.EPFD = uint8(v)
		m.Has |= HasEPFD
	}
}

func shipType(m *Message, v uint32) {
	if v != 0 {
		m.ShipType = uint8(v)
		m.Has |= HasShipType
	}
}

func dimensions(m *Message, b *bits, off int) {
	d := Dimensions{
		Bow: uint16(b.uint(off, 9)), Stern: uint16(b.uint(off+9, 9)),
		Port: uint8(b.uint(off+18, 6)), Starboard: uint8(b.uint(off+24, 6)),
	}
	if d != (Dimensions{}) {
		m.Dimensions = d
		m.Has |= HasDimensions
	}
}

func eta(m *Message, b *bits) {
	month, day := uint8(b.uint(274, 4)), uint8(b.uint(278, 5))
	hour, minute := uint8(b.uint(283, 5)), uint8(b.uint(288, 6))
	if month >= 1 && month <= 12 && day >= 1 {
		m.ETA.Month, m.ETA.Day = month, day
		m.Has |= HasETADate
	}
	if hour < 24 && minute < 60 {
		m.ETA.Hour, m.ETA.Minute = hour, minute
		m.Has |= HasETATime
	}
}

func text(m *Message, t *Text, h Has, b *bits, off, n int) {
	t.read(b, off, n)
	if !t.empty() { // what stands behind an '@' is kept all the same
		m.Has |= h
	}
}
