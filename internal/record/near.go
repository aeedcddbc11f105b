// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package record

import "errors"

// Near says where a cell lies, seen from a named place. It follows from the
// cell alone and is no finer.
type Near struct {
	Place     string  `cbor:"1,keyasint" json:"place"`
	Bearing   *uint16 `cbor:"2,keyasint,omitempty" json:"bearing_deg,omitempty"` // from the place, one of eight points; absent in the place's own cell
	DistanceM uint32  `cbor:"3,keyasint" json:"distance_m"`                      // rounded to the grid
}

// maxDistanceM is half of the Earth's circumference and a bit.
const maxDistanceM = 20_100_000

func (n *Near) validate() error {
	switch {
	case n == nil:
		return nil
	case n.Place == "":
		return errors.New("near no place")
	case n.DistanceM > maxDistanceM:
		return errors.New("distance out of range")
	case n.Bearing != nil && (*n.Bearing >= 360 || *n.Bearing%45 != 0):
		return errors.New("bearing is none of the eight points")
	}
	return texts(n.Place)
}
