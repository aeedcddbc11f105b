// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

// Other programs publish what they hold of an object, again and again, whether
// there is something new or not.
const (
	// sameWithin is how far two times of one place can be apart: its age is
	// rounded, and so is the time that it is counted from.
	sameWithin = 500 * time.Millisecond
	// placeFresh is how old a place may be when it comes. The programs show it
	// for a minute and longer.
	placeFresh = time.Minute
	toldAhead  = time.Minute // how far the program's clock may be ahead
	toldFor    = 10 * time.Minute
	maxPlaces  = maxAircraft
	// maxDoubts is how many places in a row are refused as too far away before
	// the next one is believed.
	maxDoubts = 3
	// aircraftSpeed and placeSlack bound how far an object comes from one place to
	// the next.
	aircraftSpeed = geo.Knots(900)
	placeSlack    = geo.Metres(1000)
)

// place is what was told last of an object. Times are in milliseconds since
// 1970.
type place struct {
	pos      geo.Point
	at       int64 // of pos
	has      bool  // pos is there
	doubts   uint8
	heard    int64 // when the program heard it, by its clock
	received int64 // when the program told us
}

// places knows what was told last of each object. One more than it has room for
// is refused, until others have been forgotten.
type places struct {
	of    map[uint32]*place // at most maxPlaces
	swept int64             // when some were looked for that can be forgotten
}

func newPlaces() *places { return &places{of: make(map[uint32]*place)} }

// find returns what was told of an object, made if need be, or nil where there
// is no room.
func (l *places) find(id uint32, received time.Time) *place {
	now := received.UnixMilli()
	p := l.of[id]
	if p == nil {
		if len(l.of) >= maxPlaces && !l.forget(now) {
			return nil
		}
		p = new(place)
		l.of[id] = p
	}
	p.received = now
	return p
}

// forget makes room. It looks once in a while, as copies does.
func (l *places) forget(now int64) bool {
	if age(now, l.swept) < toldFor/8 {
		return false
	}
	l.swept = now
	before := len(l.of)
	for id, p := range l.of {
		if age(now, p.received) > toldFor {
			delete(l.of, id)
		}
	}
	return len(l.of) < before
}

func age(now, at int64) time.Duration { return time.Duration(now-at) * time.Millisecond }

// news reports whether the program has heard the object since it told of it
// last.
func (p *place) news(heard time.Time) bool {
	at := heard.UnixMilli()
	if p.heard != 0 && repeated(at, p.heard) {
		return false
	}
	p.heard = at
	return true
}

// moved reports whether a place is another than the last or a newer one. It is
// taken as the last unless the object cannot have come there; why says so.
func (p *place) moved(pos geo.Point, at time.Time, speed geo.Knots) (fresh bool, why string) {
	ms := at.UnixMilli()
	since := age(ms, p.at)
	switch {
	case p.has && pos == p.pos && repeated(ms, p.at):
		return false, ""
	case p.has && p.doubts < maxDoubts && beyondReach(p.pos, pos, since, speed):
		p.doubts++
		return false, ToldSpeed
	}
	p.pos, p.at, p.has, p.doubts = pos, ms, true, 0
	return true, ""
}

// repeated reports whether a time says nothing newer than the last. A clock that
// was set back far tells a new one.
func repeated(at, last int64) bool {
	d := age(at, last)
	return d <= sameWithin && d > -placeFresh
}

func beyondReach(from, to geo.Point, d time.Duration, speed geo.Knots) bool {
	reach := placeSlack + geo.Metres(float64(speed.MetresPerSecond())*(d.Abs()+2*time.Second).Seconds())
	far, _ := geo.Inverse(from, to)
	return far > reach
}

// applies sets the time of a plot of what was told to hold at a time, or says
// why it is not to be believed.
func applies(p *plot.Plot, at time.Time, late time.Duration) (why string) {
	switch off := p.Received.Sub(at); {
	case off < -toldAhead:
		return ImplausibleTime
	case off > late:
		return ToldStale
	case off > 0: // what is ahead is the clocks' doing
		p.Time = at.UTC()
	}
	return ""
}

// PlaceState is what was told last of an object.
type PlaceState struct {
	ID         uint32     `json:"id"`
	Position   *geo.Point `json:"position,omitempty"`
	AtMS       int64      `json:"at_ms,omitempty"` // since 1970
	Doubts     uint8      `json:"doubts,omitempty"`
	HeardMS    int64      `json:"heard_ms,omitempty"`
	ReceivedMS int64      `json:"received_ms"`
}

func (l *places) snapshot() []PlaceState {
	list := make([]PlaceState, 0, len(l.of))
	for id, p := range l.of {
		st := PlaceState{ID: id, Doubts: p.doubts, HeardMS: p.heard, ReceivedMS: p.received}
		if p.has {
			pos := p.pos
			st.Position, st.AtMS = &pos, p.at
		}
		list = append(list, st)
	}
	slices.SortFunc(list, func(a, b PlaceState) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

func (l *places) restore(list []PlaceState) error {
	if len(list) > maxPlaces {
		return errors.New("too many objects")
	}
	for _, in := range list {
		p := &place{doubts: in.Doubts, heard: in.HeardMS, received: in.ReceivedMS}
		if in.Position != nil {
			if !in.Position.Valid() {
				return errors.New("an object is not on the globe")
			}
			p.pos, p.at, p.has = *in.Position, in.AtMS, true
		}
		if _, twice := l.of[in.ID]; twice || in.Doubts > maxDoubts {
			return errors.New("what was told of an object is malformed")
		}
		l.of[in.ID] = p
	}
	return nil
}
