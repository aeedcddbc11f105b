// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// Tracks is the local picture: own sensors only. It is the only one that is
// ever exported.
type Tracks interface {
	// All appends the tracks, sorted by number.
	All(dst []track.Track) []track.Track
	// At returns where a track was at a time of the last minutes.
	At(n track.Number, t time.Time) (geo.Point, bool)
}

// Zones tells which zones hold a place.
type Zones interface {
	At(p geo.Point, dst []zone.ID) []zone.ID
}

// Case is an incident as release sees it.
type Case struct {
	Number   uint64
	Closed   bool
	Outcome  string
	Opened   time.Time
	ClosedAt time.Time
	Sector   zone.ID
	Domain   plot.Domain
	Exercise bool
	Events   []CaseEvent
	Tracks   []track.Number
	Identity *CaseIdentity // ours; nil while nobody and nothing set one
	Sources  uint8         // bits by plot.Kind
	Danger   []party.ID    // who says that people are in danger; nil: nobody
}

// CaseEvent is one entry of an incident's time line that a rule made.
type CaseEvent struct {
	Rule        string
	Zone        zone.ID
	ZoneVersion string
	Direction   string
	At          time.Time // when it happened
	Entered     time.Time // when we knew
	Cleared     bool
	Originators []party.ID // whose evidence it rests on
	Onward      []party.ID // to whom the originators let it be passed on
}

// CaseIdentity is our identity of an incident's object.
type CaseIdentity struct {
	record.Identity
	At       time.Time
	ByPerson bool   // a person set it; a machine's proposal does not replace it
	By       string // the person; stays home
}

// Sources is what the desk looks at.
type Sources struct {
	Tracks Tracks
	Zones  Zones
	Cases  []Case // sorted by number
	// Facilities is our register; a facility that is missing has left it.
	Facilities []Facility
}

// RescueFor reports whether a partner may know the incident as a distress case:
// we say so, or it says so itself. That another said so stays with us.
func (c *Case) RescueFor(self, to party.ID) bool {
	return slices.Contains(c.Danger, self) || slices.Contains(c.Danger, to)
}

// rescued returns the tracks of distress cases as a partner may know them; nil
// when there is none.
func (s *Sources) rescued(self, to party.ID) map[track.Number]bool {
	var m map[track.Number]bool
	for i := range s.Cases {
		if c := &s.Cases[i]; !c.Closed && c.RescueFor(self, to) {
			for _, n := range c.Tracks {
				if m == nil {
					m = make(map[track.Number]bool)
				}
				m[n] = true
			}
		}
	}
	return m
}

// releasable reports whether an event may go to a partner: our evidence alone, or
// all that others gave carries their onward mark for it.
func (ev *CaseEvent) releasable(self, to party.ID) bool {
	for _, o := range ev.Originators {
		if o == self {
			continue
		}
		if !slices.Contains(ev.Onward, to) {
			return false
		}
	}
	return len(ev.Originators) > 0
}

// Facts returns what a decision about a statement on the incident rests on.
// The zones are those of all events, since a statement names none of them.
func (c *Case) Facts() Facts {
	f := Facts{Domain: c.Domain, Sources: c.Sources, Exercise: c.Exercise}
	if c.Identity != nil {
		f.Standard = c.Identity.Standard
	}
	if c.Sector != "" {
		f.Zones = append(f.Zones, c.Sector)
	}
	for i := range c.Events {
		if z := c.Events[i].Zone; z != "" && !slices.Contains(f.Zones, z) {
			f.Zones = append(f.Zones, z)
		}
	}
	slices.Sort(f.Zones)
	return f
}
