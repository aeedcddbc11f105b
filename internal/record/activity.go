// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// What parties state of themselves in an area.
const (
	KindActivity   Kind = 9  // what the originator itself does in an area
	KindSearchArea Kind = 16 // datum, drift and search area of a case at sea
)

// Limits of what people state about areas and their own activity.
const (
	maxCorners   = 16
	maxExtentE5  = 6_00000  // of an area in latitude and in longitude: 6 degrees
	maxRadiusM   = 200_000  // of a circle
	minRadiusM   = 100      // of a circle
	maxAreaLatE5 = 70_00000 // nearer to a pole whole numbers of 64 bits do not hold what is computed of two areas
	maxBox       = 48 * time.Hour
	maxCount     = 99
	maxHeightFt  = 100_000
	minKHz       = 1_500   // marine medium frequency
	maxKHz       = 500_000 // beyond the ultra-high frequencies of air and sea
	maxRateE2    = 10_00   // drift, 0.01 kt
	maxErrorM    = 200_000 // of a position
)

// Corner is a position as a person states it, to about a metre.
type Corner struct {
	LatE5 int32 `cbor:"1,keyasint" json:"lat_e5"` // 1e-5 degree
	LonE5 int32 `cbor:"2,keyasint" json:"lon_e5"`
}

// Area is a polygon or a circle. A polygon's edges are straight in latitude and
// longitude, so that both parties compute the same from its whole numbers; it
// does not cross itself nor the 180th meridian. A circle is what lies within
// the radius on the ellipsoid.
type Area struct {
	Corners []Corner `cbor:"1,keyasint,omitempty" json:"corners,omitempty"` // 3 to 16
	Centre  *Corner  `cbor:"2,keyasint,omitempty" json:"centre,omitempty"`
	RadiusM uint32   `cbor:"3,keyasint,omitempty" json:"radius_m,omitempty"` // with Centre
}

// Block is a height block, in feet; the top does not belong to it.
type Block struct {
	BaseFt int32 `cbor:"1,keyasint" json:"base_ft"`
	TopFt  int32 `cbor:"2,keyasint" json:"top_ft"`
}

// Activity is an own-activity notice: what the originator itself will do, is
// doing or has done. It says where, when and how many; it holds no track and
// says nothing of what is carried.
type Activity struct {
	State      string     `cbor:"1,keyasint" json:"state"` // one of ActivityStates
	Kind       string     `cbor:"2,keyasint" json:"kind"`  // one of ActivityKinds
	Domain     string     `cbor:"3,keyasint" json:"domain"`
	From       time.Time  `cbor:"4,keyasint" json:"from"` // the time box, UTC
	To         time.Time  `cbor:"5,keyasint" json:"to"`
	Area       Area       `cbor:"6,keyasint" json:"area"`
	Height     *Block     `cbor:"7,keyasint,omitempty" json:"height,omitempty"` // air only; absent: all heights
	Count      uint16     `cbor:"8,keyasint" json:"count"`                      // of aircraft or vessels
	ContactKHz *uint32    `cbor:"9,keyasint,omitempty" json:"contact_khz,omitempty"`
	Working    *time.Time `cbor:"10,keyasint,omitempty" json:"working,omitempty"` // when the work began
	Clear      *time.Time `cbor:"11,keyasint,omitempty" json:"clear,omitempty"`   // when all were clear of the area
}

// ActivityStates lists the states of a notice, in their order.
func ActivityStates() []string { return []string{"planned", "working", "clear", "cancelled"} }

// ActivityKinds lists the kinds of activity. The list is closed and says
// nothing of what is carried.
func ActivityKinds() []string {
	return []string{
		"patrol", "transport", "training", "search-and-rescue", "survey", "coast-guard-patrol", "unmanned-survey",
		"medical-flight", "calibration", "escort", "tow",
	}
}

// SearchArea is one party's part of a search-and-rescue or escort case at sea:
// where the object was last, how it drifts, and the area that the party itself
// searches.
type SearchArea struct {
	Incident     []Ref     `cbor:"1,keyasint" json:"incident"`
	State        string    `cbor:"2,keyasint" json:"state"`  // one of SearchStates
	Object       string    `cbor:"3,keyasint" json:"object"` // one of SearchObjects
	Datum        Corner    `cbor:"4,keyasint" json:"datum"`  // last known position
	DatumAt      time.Time `cbor:"5,keyasint" json:"datum_at"`
	DatumErrorM  uint32    `cbor:"6,keyasint" json:"datum_error_m"`
	Drift        *Drift    `cbor:"7,keyasint,omitempty" json:"drift,omitempty"` // absent: not known
	Area         *Area     `cbor:"8,keyasint,omitempty" json:"area,omitempty"`  // absent: none yet
	Pattern      string    `cbor:"9,keyasint,omitempty" json:"pattern,omitempty"`
	Coordinator  party.ID  `cbor:"10,keyasint,omitempty" json:"coordinator,omitempty"` // on scene; absent: not agreed
	CoordinateOn *uint32   `cbor:"11,keyasint,omitempty" json:"coordinate_on_khz,omitempty"`
}

// Drift is the way in which an object drifts: towards Set at Rate.
type Drift struct {
	SetDeg uint16 `cbor:"1,keyasint" json:"set_deg"` // towards which, true
	RateE2 uint16 `cbor:"2,keyasint" json:"rate_e2"` // 0.01 kt
}

// SearchStates lists the states of a search area.
func SearchStates() []string { return []string{"active", "suspended", "closed"} }

// SearchObjects lists what is looked after. The words choose the leeway.
func SearchObjects() []string {
	return []string{"vessel", "fishing-vessel", "life-raft", "person-in-water", "other"}
}

// SearchPatterns lists the patterns (IAMSAR Manual, volume II, chapter 5).
func SearchPatterns() []string {
	return []string{"expanding-square", "sector", "parallel-track", "creeping-line", "track-line", "escort"}
}

// Check reports what is wrong with the area.
func (a *Area) Check() error { return a.validate() }

// Check reports what is wrong with the notice.
func (a *Activity) Check() error { return a.validate() }

func (c Corner) validate() error {
	if c.LatE5 < -maxAreaLatE5 || c.LatE5 > maxAreaLatE5 || c.LonE5 < -180_00000 || c.LonE5 > 180_00000 {
		return errors.New("position out of range")
	}
	return nil
}

func (a *Area) validate() error {
	if a.Centre != nil {
		if len(a.Corners) > 0 || a.RadiusM < minRadiusM || a.RadiusM > maxRadiusM {
			return errors.New("circle out of range")
		}
		return a.Centre.validate()
	}
	if a.RadiusM != 0 || len(a.Corners) < 3 || len(a.Corners) > maxCorners {
		return errors.New("polygon out of range")
	}
	for _, c := range a.Corners {
		if err := c.validate(); err != nil {
			return err
		}
	}
	low, high := a.Corners[0], a.Corners[0]
	for _, c := range a.Corners {
		low = Corner{min(low.LatE5, c.LatE5), min(low.LonE5, c.LonE5)}
		high = Corner{max(high.LatE5, c.LatE5), max(high.LonE5, c.LonE5)}
	}
	if high.LatE5-low.LatE5 > maxExtentE5 || high.LonE5-low.LonE5 > maxExtentE5 {
		return errors.New("polygon too large")
	}
	if !Simple(a.Corners) {
		return errors.New("polygon touches or crosses itself")
	}
	return nil
}

// Turn returns twice the signed area of the triangle a, b, c in 1e-5 degree
// squared: above zero when c lies to the left of the way from a to b, with the
// longitude to the right and the latitude upwards.
func Turn(a, b, c Corner) int64 {
	return int64(b.LonE5-a.LonE5)*int64(c.LatE5-a.LatE5) - int64(b.LatE5-a.LatE5)*int64(c.LonE5-a.LonE5)
}

// Simple reports whether the corners bound one area: no edge is empty, touches
// or crosses another, or turns back on the one before.
func Simple(list []Corner) bool {
	n := len(list)
	for i := range n {
		a, b, c := list[i], list[(i+1)%n], list[(i+2)%n]
		if a == b || (Turn(a, b, c) == 0 && (between(b, c, a) || between(a, b, c))) {
			return false
		}
		for j := i + 2; j < n; j++ {
			if (j+1)%n == i {
				continue // the edge before
			}
			if meet(a, b, list[j], list[(j+1)%n]) {
				return false
			}
		}
	}
	return true
}

// meet reports whether two edges have a point in common.
func meet(a, b, c, d Corner) bool {
	abc, abd, cda, cdb := sign(Turn(a, b, c)), sign(Turn(a, b, d)), sign(Turn(c, d, a)), sign(Turn(c, d, b))
	if abc != abd && cda != cdb {
		return true
	}
	return abc == 0 && between(a, b, c) || abd == 0 && between(a, b, d) || cda == 0 && between(c, d, a) || cdb == 0 && between(c, d, b)
}

func sign(x int64) int {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

// between reports whether p, on the line through a and b, lies between them.
func between(a, b, p Corner) bool {
	return min(a.LatE5, b.LatE5) <= p.LatE5 && p.LatE5 <= max(a.LatE5, b.LatE5) &&
		min(a.LonE5, b.LonE5) <= p.LonE5 && p.LonE5 <= max(a.LonE5, b.LonE5)
}

func (b *Block) validate() error {
	if b.BaseFt < 0 || b.TopFt > maxHeightFt || b.BaseFt >= b.TopFt {
		return errors.New("height block out of range")
	}
	return nil
}

func validKHz(f *uint32) error {
	if f != nil && (*f < minKHz || *f > maxKHz) {
		return errors.New("frequency out of range")
	}
	return nil
}

func (a *Activity) validate() error {
	switch {
	case !slices.Contains(ActivityStates(), a.State):
		return fmt.Errorf("state %q unknown", a.State)
	case !slices.Contains(ActivityKinds(), a.Kind):
		return fmt.Errorf("kind %q unknown", a.Kind)
	case a.Domain != "air" && a.Domain != "sea":
		return fmt.Errorf("domain %q unknown", a.Domain)
	case !inOurTime(a.From) || !inOurTime(a.To) || !a.To.After(a.From) || a.To.Sub(a.From) > maxBox:
		return errors.New("time box out of range")
	case a.Count == 0 || a.Count > maxCount:
		return errors.New("count out of range")
	case a.Height != nil && a.Domain != "air":
		return errors.New("height block at sea")
	}
	if a.Height != nil {
		if err := a.Height.validate(); err != nil {
			return err
		}
	}
	return errors.Join(a.Area.validate(), validKHz(a.ContactKHz), a.validTimes())
}

// validTimes holds that who works has said since when, and who is clear too.
func (a *Activity) validTimes() error {
	switch {
	case a.Working != nil && !inOurTime(*a.Working), a.Clear != nil && !inOurTime(*a.Clear):
		return errors.New("no time")
	case (a.State == "working") != (a.Working != nil && a.Clear == nil) && a.State != "cancelled":
		return errors.New("working time does not fit the state")
	case a.State == "clear" && a.Clear == nil, a.State == "planned" && a.Clear != nil:
		return errors.New("clear time does not fit the state")
	case a.Working != nil && a.Clear != nil && a.Clear.Before(*a.Working):
		return errors.New("clear before working")
	}
	return nil
}

func (s *SearchArea) validate() error { return errors.Join(s.Check(), refs(s.Incident)) }

// Check reports what is wrong with the search area, besides its references:
// they are those of one link.
func (s *SearchArea) Check() error {
	switch {
	case !slices.Contains(SearchStates(), s.State):
		return fmt.Errorf("state %q unknown", s.State)
	case !slices.Contains(SearchObjects(), s.Object):
		return fmt.Errorf("object %q unknown", s.Object)
	case s.Pattern != "" && !slices.Contains(SearchPatterns(), s.Pattern):
		return fmt.Errorf("pattern %q unknown", s.Pattern)
	case !inOurTime(s.DatumAt) || s.DatumErrorM > maxErrorM:
		return errors.New("datum out of range")
	case s.Drift != nil && (s.Drift.SetDeg >= 360 || s.Drift.RateE2 > maxRateE2):
		return errors.New("drift out of range")
	}
	if s.Area != nil {
		if err := s.Area.validate(); err != nil {
			return err
		}
	}
	if s.Coordinator != "" {
		if _, err := party.Parse(string(s.Coordinator)); err != nil {
			return err
		}
	}
	return errors.Join(s.Datum.validate(), validKHz(s.CoordinateOn))
}

// utc is Record.utc for a notice.
func (a *Activity) utc(own func(*time.Time)) {
	own(&a.From)
	own(&a.To)
	for _, t := range []*time.Time{a.Working, a.Clear} {
		if t != nil {
			own(t)
		}
	}
}
