// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package support

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/strict"
)

// Facility is a port, an airfield or a unit of ours, as precise as we know it.
type Facility struct {
	ID         string            `json:"id"`
	Kind       string            `json:"kind"`
	Name       string            `json:"name"`
	Pos        geo.Point         `json:"pos"`
	Capacities []record.Capacity `json:"capacities"` // sorted by word
	Services   []string          `json:"services"`   // sorted
	Contact    string            `json:"contact"`
	Exercise   bool              `json:"exercise"`
}

// Number is what names the facility in records and snapshots: it follows from
// the id alone, so that a register can be edited.
func (f *Facility) Number() uint64 {
	sum := sha256.Sum256([]byte(f.ID))
	return binary.BigEndian.Uint64(sum[:])
}

// maxFacilities bounds a register.
const maxFacilities = 256

type registerFile struct {
	Facilities []facilityFile `toml:"facility"`
}

type facilityFile struct {
	ID         string            `toml:"id"`
	Kind       string            `toml:"kind"`
	Name       string            `toml:"name"`
	Lat        *float64          `toml:"lat"`
	Lon        *float64          `toml:"lon"`
	Capacities map[string]uint64 `toml:"capacities"`
	Services   []string          `toml:"services"`
	Contact    string            `toml:"contact"`
	Exercise   bool              `toml:"exercise"`
}

// ParseRegister reads a register of facilities and units. The error says file,
// line and what is wrong.
func ParseRegister(name string, b []byte) ([]Facility, error) {
	var f registerFile
	if err := strict.TOML(name, b, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrText, err)
	}
	if len(f.Facilities) > maxFacilities {
		return nil, located(name, b, "facility", maxFacilities, wrong("id", "at most %d facilities", maxFacilities))
	}
	var list []Facility
	for i := range f.Facilities {
		v, p := f.Facilities[i].take()
		if p == nil && slices.ContainsFunc(list, func(o Facility) bool { return o.ID == v.ID }) {
			p = wrong("id", "%q stands twice", v.ID)
		}
		if p != nil {
			return nil, located(name, b, "facility", i, p)
		}
		list = append(list, v)
	}
	return list, nil
}

func (f *facilityFile) take() (Facility, *fault) {
	v := Facility{ID: f.ID, Kind: f.Kind, Name: f.Name, Services: slices.Sorted(slices.Values(f.Services)), Contact: f.Contact, Exercise: f.Exercise}
	p := first(word("id", f.ID), words("kind", []string{f.Kind}, record.FacilityKinds(), true), text("name", f.Name, true),
		text("contact", f.Contact, false), words("services", f.Services, record.SupportCategories(), false))
	if p != nil {
		return v, p
	}
	if f.Lat == nil || f.Lon == nil {
		return v, wrong("lat", "give lat and lon in degrees")
	}
	if v.Pos = (geo.Point{LatDeg: *f.Lat, LonDeg: *f.Lon}); !v.Pos.Valid() {
		return v, wrong("lat", "position out of bounds")
	}
	for _, what := range slices.Sorted(maps.Keys(f.Capacities)) {
		n := f.Capacities[what]
		if !slices.Contains(record.FacilityCapacities(), what) || n > record.MaxAmount {
			return v, wrong("capacities", "%q: want one of %v, and at most %d", what, record.FacilityCapacities(), uint64(record.MaxAmount))
		}
		v.Capacities = append(v.Capacities, record.Capacity{What: what, Count: n})
	}
	return v, nil
}
