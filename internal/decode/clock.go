// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/asterix"
)

// clockKind is whose clock it is, and so what it says.
type clockKind uint8

const (
	stationClock  clockKind = iota // of a station that is part of the feed: it sends without delay
	receiverClock                  // of a receiver whose messages can be long under way, as over a satellite: only one that is ahead is off
	strangerClock                  // of somebody who sends to all: nobody here can set it, but many that are off alike say that ours is
)

// DefaultClockLimit is how far a station's clock may be off. The fastest message
// of a minute is here within 2 s of a sound radar, sector delay and line
// included; 3 s displace an airliner (250 m/s) by 750 m, about what a radar's
// azimuth is out by (3 σ of 0.08° at 100 NM).
const DefaultClockLimit = 3 * time.Second

const (
	clockSlot  = time.Minute // the fastest message of each counts: delays only add
	clockSlots = 5           // the median of so many: two slots with a false time change nothing
	clockLeast = 3           // slots before a clock is judged
	// clockFresh is how long after its last message a clock is judged. A station
	// that is silent has no clock that matters.
	clockFresh = 10 * time.Minute
	maxClocks  = 256 // stations of one feed; who is beyond is not measured
	maxStation = 64  // octets of a station's name; one with a longer name is not measured
	// fewStrangers is how many clocks of strangers say nothing of ours.
	fewStrangers = 2
)

// clock is what is known of a station's clock: how long after the time that its
// messages bear they arrive. The delay of station and line is part of it, so a
// sound clock reads a little above zero and one that is ahead below.
type clock struct {
	kind   clockKind
	slot   int64         // the minute since 1970 that is being measured
	least  time.Duration // in it
	done   []time.Duration
	offset time.Duration // of the last message
	at     time.Time     // it arrived
	off    bool
}

// Clock is how a station's clock is.
type Clock struct {
	Station string        // SAC/SIC, the receiver in a tag block, "readsb", a source of Signal K, the MMSI of a base station, a device or a transmitter
	Offset  time.Duration // median of the fastest arrivals of the last minutes; ahead of ours is below zero
	Spread  time.Duration // between the smallest and the largest of them
	Minutes int           // of them
	Off     bool          // beyond the limit, and not yet back within half of it
	Foreign bool          // it is set by somebody who sends to all, so that nobody here can mend it
}

// ClocksOff reports whether a feed's clocks ask for a person: one of the feed's
// own is off, or most of those that strangers set are off to the same side, of
// three at least, so that the feed's or ours will be.
func ClocksOff(list []Clock) bool {
	strangers, ahead, behind := 0, 0, 0
	for _, c := range list {
		switch {
		case !c.Foreign && c.Off:
			return true
		case c.Foreign:
			strangers++
		}
		switch {
		case c.Off && c.Offset < 0:
			ahead++
		case c.Off:
			behind++
		}
	}
	return strangers > fewStrangers && 2*max(ahead, behind) > strangers
}

// heard measures a message that came offset later than the time that a
// station's clock gave it.
func (s *source) heard(kind clockKind, station string, received time.Time, offset time.Duration) {
	if station == "" || len(station) > maxStation {
		return
	}
	c := s.clocks[station]
	if c == nil {
		if len(s.clocks) >= maxClocks && !s.forgetClock(received) {
			return
		}
		c = &clock{kind: kind, slot: slotOf(received), least: offset}
		s.clocks[station] = c
	}
	if slot := slotOf(received); slot > c.slot {
		c.close(s.ClockLimit)
		if received.Sub(c.at) > clockFresh { // what was then says nothing of now
			c.done, c.off = c.done[:0], false
		}
		c.slot, c.least = slot, offset
	}
	c.least = min(c.least, offset)
	if received.After(c.at) {
		c.offset, c.at = offset, received
	}
}

func slotOf(t time.Time) int64 { return t.Unix() / int64(clockSlot/time.Second) }

// close ends a slot and judges the clock.
func (c *clock) close(limit time.Duration) {
	if len(c.done) == clockSlots {
		c.done = slices.Delete(c.done, 0, 1)
	}
	c.done = append(c.done, c.least)
	if limit <= 0 || len(c.done) < clockLeast {
		c.off = false
		return
	}
	off := c.median()
	if c.kind == receiverClock {
		off = min(off, 0)
	}
	switch off = off.Abs(); {
	case off > limit:
		c.off = true
	case off < limit/2:
		c.off = false
	}
}

func (c *clock) median() time.Duration {
	var buf [clockSlots]time.Duration
	sorted := append(buf[:0], c.done...)
	slices.Sort(sorted)
	return sorted[(len(sorted)-1)/2]
}

func (c *clock) fresh(now time.Time) bool { return now.Sub(c.at) <= clockFresh }

// forgetClock makes room for another station, if one has been silent for long.
func (s *source) forgetClock(now time.Time) bool {
	n := len(s.clocks)
	for station, c := range s.clocks {
		if !c.fresh(now) {
			delete(s.clocks, station)
		}
	}
	return len(s.clocks) < n
}

// reference returns what a station's clock shows when we receive something, by
// its last message with a whole time of day.
func (s *source) reference(id asterix.Source, received time.Time) time.Time {
	const recent = 2 * time.Minute
	if c := s.clocks[s.sensorID(id)]; c != nil && received.Sub(c.at) <= recent {
		return received.Add(-c.offset)
	}
	return received
}

// Clocks returns the clocks of a feed's stations that are heard now and have
// been measured for long enough, by station.
func (d *Decoder) Clocks(feed string, now time.Time) []Clock {
	s := d.sources[feed]
	if s == nil {
		return nil
	}
	var list []Clock
	for station, c := range s.clocks {
		if len(c.done) >= clockLeast && c.fresh(now) {
			list = append(list, Clock{
				Station: station, Offset: c.median(), Spread: slices.Max(c.done) - slices.Min(c.done), Minutes: len(c.done), Off: c.off,
				Foreign: c.kind == strangerClock,
			})
		}
	}
	slices.SortFunc(list, func(a, b Clock) int { return cmp.Compare(a.Station, b.Station) })
	return list
}

// ClockState is what is remembered of a station's clock; times in nanoseconds.
type ClockState struct {
	Station string    `json:"station"`
	Kind    uint8     `json:"kind,omitempty"`
	Slot    int64     `json:"slot"`
	Least   int64     `json:"least"`
	Done    []int64   `json:"done,omitempty"`
	Offset  int64     `json:"offset"`
	At      time.Time `json:"at"`
	Off     bool      `json:"off,omitempty"`
}

func (s *source) clockStates() (list []ClockState) {
	for station, c := range s.clocks {
		out := ClockState{Station: station, Kind: uint8(c.kind), Slot: c.slot, Least: int64(c.least), Offset: int64(c.offset), At: c.at, Off: c.off}
		for _, d := range c.done {
			out.Done = append(out.Done, int64(d))
		}
		list = append(list, out)
	}
	slices.SortFunc(list, func(a, b ClockState) int { return cmp.Compare(a.Station, b.Station) })
	return list
}

func (s *source) restoreClocks(list []ClockState) error {
	if len(list) > maxClocks {
		return errors.New("too many clocks")
	}
	for _, in := range list {
		switch {
		case len(in.Done) > clockSlots:
			return errors.New("too many minutes of a clock")
		case in.Kind > uint8(strangerClock) || len(in.Station) > maxStation:
			return errors.New("clock of no known kind")
		}
		c := &clock{kind: clockKind(in.Kind), slot: in.Slot, least: time.Duration(in.Least), offset: time.Duration(in.Offset), at: in.At, off: in.Off}
		for _, d := range in.Done {
			c.done = append(c.done, time.Duration(d))
		}
		s.clocks[in.Station] = c
	}
	return nil
}
