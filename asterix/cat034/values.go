// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cat034

import "github.com/kuroshio-watch/kuroshio/asterix"

// MessageType is I034/000.
type MessageType uint8

// The values of I034/000.
const (
	NorthMarker        MessageType = 1
	SectorCrossing     MessageType = 2
	GeographicalFilter MessageType = 3
	JammingStrobe      MessageType = 4
	SolarStorm         MessageType = 5
	SSRJammingStrobe   MessageType = 6
	ModeSJammingStrobe MessageType = 7
)

// Source returns the radar station, I034/010.
func (r *Record) Source() (asterix.Source, bool) {
	return asterix.Source{SAC: r.I010.SAC, SIC: r.I010.SIC}, r.Has&Item010 != 0
}

// MessageType returns I034/000.
func (r *Record) MessageType() (MessageType, bool) {
	return MessageType(r.I000), r.Has&Item000 != 0
}

// TimeOfDaySeconds returns UTC since midnight, I034/030. asterix.TimeOfDay makes
// an instant of it.
func (r *Record) TimeOfDaySeconds() (float64, bool) {
	return r.I030.Seconds(), r.Has&Item030 != 0
}

// SectorDeg returns the azimuth of the antenna at the start of the sector in
// degrees, I034/020.
func (r *Record) SectorDeg() (float64, bool) { return r.I020.Deg(), r.Has&Item020 != 0 }

// RotationSeconds returns the antenna rotation period, I034/041. A period of 0
// is none.
func (r *Record) RotationSeconds() (float64, bool) {
	return r.I041.Seconds(), r.Has&Item041 != 0 && r.I041 != 0
}

// Inhibited says whether the station forbids the operational use of its data,
// I034/050/COM/NOGO.
func (r *Record) Inhibited() bool {
	return r.Has&Item050 != 0 && r.I050.Has&I050HasCOM != 0 && r.I050.COM.NOGO != 0
}

// TimeInvalid says whether the station marks its time source as invalid,
// I034/050/COM/TSV.
func (r *Record) TimeInvalid() bool {
	return r.Has&Item050 != 0 && r.I050.Has&I050HasCOM != 0 && r.I050.COM.TSV != 0
}

// Position returns where the station says it is, WGS 84, I034/120.
func (r *Record) Position() (latDeg, lonDeg, heightMetres float64, ok bool) {
	v := &r.I120
	return v.LatDeg(), v.LonDeg(), v.HeightMetres(), r.Has&Item120 != 0
}
