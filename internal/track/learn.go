// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track

import (
	"slices"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// emergencyFor is how long an emergency stands after it was last told.
const emergencyFor = time.Minute

// identify adds what a plot tells of the identity to a measurement.
func identify(m *mtt.Measurement, p *plot.Plot) {
	if p.Has&plot.HasAddress != 0 && usableAddress(p) {
		m.Has, m.Address = m.Has|mtt.HasAddress, p.Address
	}
	if p.Has&plot.HasMMSI != 0 && p.MMSI != 0 {
		m.Has, m.MMSI = m.Has|mtt.HasMMSI, p.MMSI
	}
	// Codes that end in 00 are conspicuity and emergency codes: many share them.
	if p.Has&plot.HasModeA != 0 && p.ModeA&0o77 != 0 {
		m.Has, m.ModeA = m.Has|mtt.HasModeA, p.ModeA
	}
	if usableCallsign(p) {
		m.Has, m.Callsign = m.Has|mtt.HasCallsign, p.Callsign
	}
	if m.Class = toldClass(p); m.Class != 0 {
		m.Has |= mtt.HasClass
	}
}

// toldClass returns the classes that what a plot tells of its kind leaves, 0 for
// all.
func toldClass(p *plot.Plot) mtt.Classes {
	switch {
	case p.Kind == plot.AIS && p.Has&plot.HasMMSI != 0:
		return mtt.OfVessel(p.MMSI, mtt.Domain(p.Domain))
	case p.Has&plot.HasCategory == 0:
		return 0
	case p.Kind == plot.RemoteID:
		return mtt.OfUAType(p.Category)
	}
	return mtt.OfEmitter(p.Category)
}

// usableAddress refuses addresses that transponders send when none is set
// (ICAO Annex 10 vol. III, 9.1: all zeros and all ones are not assigned).
func usableAddress(p *plot.Plot) bool { return p.Address > 0 && p.Address < 0xFFFFFF }

func usableCallsign(p *plot.Plot) bool {
	return p.Has&plot.HasCallsign != 0 && strings.Trim(p.Callsign, "?0 ") != ""
}

// learn notes what a plot told besides place and motion.
func (w *own) learn(p *plot.Plot) {
	w.Plots++
	w.Sources |= 1 << p.Kind
	if p.Kind != plot.Radar && p.Has&plot.HasPosition != 0 && !p.Time.Before(w.ReportedAt) {
		w.HasReported, w.Reported, w.ReportedAt = true, p.Pos, p.Time
	}
	if p.Has&plot.HasHeight != 0 && (w.HeightKind == 0 || p.HeightKind == plot.Barometric) {
		w.HasHeight, w.Height, w.HeightKind = true, p.Height, p.HeightKind
	}
	if p.Has&plot.HasAddress != 0 && usableAddress(p) {
		w.name(Former{Address: p.Address, Since: p.Time, Until: p.Time})
	}
	if p.Has&plot.HasModeA != 0 {
		w.HasModeA, w.ModeA = true, p.ModeA
	}
	if usableCallsign(p) {
		w.Callsign = p.Callsign
	}
	if p.Has&plot.HasMMSI != 0 && p.MMSI != 0 {
		w.name(Former{MMSI: p.MMSI, Since: p.Time, Until: p.Time})
	}
	if p.Has&plot.HasName != 0 && p.Name != "" {
		w.Name = p.Name
	}
	if p.Has&plot.HasShipType != 0 {
		w.HasShipType, w.ShipType = true, p.ShipType
	}
	if p.Emergency {
		w.Emergency, w.emergencyAt = true, p.Time
	} else if p.Time.Sub(w.emergencyAt) > emergencyFor {
		w.Emergency = false
	}
}

// names returns the addresses and MMSIs that a track goes and went by.
func (w *own) names() []Former {
	list := slices.Clone(w.Former)
	if w.HasAddress {
		list = append(list, Former{w.Address, 0, w.addressed.Since, w.addressed.Until})
	}
	if w.HasMMSI {
		list = append(list, Former{0, w.MMSI, w.numbered.Since, w.numbered.Until})
	}
	return list
}

// name takes in an address or MMSI. Another one than was told last is the
// track's from then on, and that one is kept; one that was told before it is
// kept alone.
func (w *own) name(f Former) {
	has, value, told, spell := &w.HasAddress, &w.Address, f.Address, &w.addressed
	now := Former{w.Address, 0, w.addressed.Since, w.addressed.Until}
	if f.MMSI != 0 {
		has, value, told, spell = &w.HasMMSI, &w.MMSI, f.MMSI, &w.numbered
		now = Former{0, w.MMSI, w.numbered.Since, w.numbered.Until}
	}
	switch {
	case !*has:
		*spell = Spell{f.Since, f.Until}
	case *value == told:
		if f.Since.Before(spell.Since) {
			spell.Since = f.Since
		}
		if f.Until.After(spell.Until) {
			spell.Until = f.Until
		}
	case f.Until.Before(spell.Until):
		w.keep(f)
		return
	default:
		w.keep(now)
		*spell = Spell{f.Since, f.Until}
	}
	*has, *value = true, told
}

// keep notes a name that the track went by, at its place in time. Copies of the
// track share the list, so that it is made anew.
func (w *own) keep(f Former) {
	list := append(slices.Clone(w.Former), f)
	slices.SortStableFunc(list, func(a, b Former) int { return a.Until.Compare(b.Until) })
	w.Former = list[max(0, len(list)-MostFormer):]
}

// inherit takes over what was known of a track that proved to be the same
// object.
func (w *own) inherit(o *own) {
	w.Plots += o.Plots
	w.Sources |= o.Sources
	if o.HasReported && o.ReportedAt.After(w.ReportedAt) {
		w.HasReported, w.Reported, w.ReportedAt = true, o.Reported, o.ReportedAt
	}
	if !w.HasHeight {
		w.HasHeight, w.Height, w.HeightKind = o.HasHeight, o.Height, o.HeightKind
	}
	for _, f := range o.names() {
		w.name(f)
	}
	if !w.HasModeA {
		w.HasModeA, w.ModeA = o.HasModeA, o.ModeA
	}
	if !w.HasShipType {
		w.HasShipType, w.ShipType = o.HasShipType, o.ShipType
	}
	if w.Callsign == "" {
		w.Callsign = o.Callsign
	}
	if w.Name == "" {
		w.Name = o.Name
	}
	if w.Identity.Standard == "" {
		w.Identity = o.Identity
	}
	if o.emergencyAt.After(w.emergencyAt) {
		w.Emergency, w.emergencyAt = o.Emergency, o.emergencyAt
	}
}
