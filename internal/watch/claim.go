// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"fmt"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// What an object tells of itself is a claim. The tracker says which claims are
// not confirmed, and why; the rules here say it to people: of one stream (A19,
// S02), of an area where many are wrong together (A20), and of names that do
// not fit (A10, S03). Each is a remark on a stream, not on who is there.

// Told is the names that an object gave itself.
type Told struct {
	Address  uint32 `json:"address,omitempty"`
	Callsign string `json:"callsign,omitempty"`
	MMSI     uint32 `json:"mmsi,omitempty"`
}

// What Alert.Direction says with A10 and S03: which name changed, or that one is
// told at two places.
const (
	otherAddress  = "address"
	otherCallsign = "callsign"
	otherMMSI     = "mmsi"
	twoPlaces     = "two-places"
)

// asOne are the reasons that an area gives rather than one stream.
const asOne = mtt.Degraded | mtt.OneError

// learn takes in names that were not known yet.
func (n *Told) learn(t *track.Track) {
	if n.Address == 0 && t.HasAddress {
		n.Address = t.Address
	}
	if n.Callsign == "" {
		n.Callsign = t.Callsign
	}
	if n.MMSI == 0 && t.HasMMSI {
		n.MMSI = t.MMSI
	}
}

// change returns which name of the track is no longer the one that was told, ""
// for none.
func (n *Told) change(t *track.Track) string {
	switch {
	case t.HasAddress && t.Address != n.Address:
		return otherAddress
	case t.HasMMSI && t.MMSI != n.MMSI:
		return otherMMSI
	case t.Domain == plot.Air && t.Callsign != n.Callsign:
		return otherCallsign
	}
	return ""
}

// against returns the name that changed, as it was and as it is; "" for none.
func (n *Told) against(t *track.Track, why string) string {
	switch why {
	case otherAddress:
		return fmt.Sprintf("%06X → %06X", n.Address, t.Address)
	case otherMMSI:
		return fmt.Sprintf("%09d → %09d", n.MMSI, t.MMSI)
	case otherCallsign:
		return n.Callsign + " → " + t.Callsign
	}
	return ""
}

// remarkable reports whether the rules of claims have to look at a track, and
// takes in what it tells.
func (s *trackState) remarkable(t *track.Track) bool {
	if t.State != track.Confirmed && t.State != track.Coasting || !t.Pos.Valid() {
		return false
	}
	s.Told.learn(t)
	return t.Flags != 0 || t.Reasons&asOne != 0 || s.Told.change(t) != ""
}

// claims runs the rules of claims on the tracks that are remarkable, by number.
func (w *Watch) claims(out *collector, list []track.Track) {
	held := make(map[Key]bool)
	inArea := w.areas(out, list, held)
	w.doubts(out, list, inArea, held)
	w.names(out, list, held)
	for _, id := range []RuleID{IdentityChange, DoubtedAircraft, DoubtedArea, DoubtedVessel, IdentityConflict} {
		r, ok := w.rules[id]
		if !ok {
			continue
		}
		for _, slot := range w.slots(func(k Key) bool { return k.Rule == id && !held[k] }) {
			delay := r.Params.Clear
			if inArea[slot.Track] && (id == DoubtedAircraft || id == DoubtedVessel) {
				delay = 0 // the area's alert stands for it
			}
			w.release(out, slot, out.now, delay)
		}
	}
}

// doubts are rules A19 and S02: the claims of one aircraft or vessel are not
// confirmed. Those of an area are one alert, not one for each; so are the tracks
// that a stream leaves behind where it jumps.
func (w *Watch) doubts(out *collector, list []track.Track, inArea map[track.Number]bool, held map[Key]bool) {
	told := make(map[name]track.Number) // which track has the alert of a name
	for _, active := range []bool{true, false} {
		for i := range list {
			t := &list[i]
			r, ok := w.byDomain(t, DoubtedAircraft, DoubtedVessel)
			slot := Key{Rule: r.ID, Track: t.Number}
			if !ok || t.Flags&track.Doubted == 0 || inArea[t.Number] || w.isActive(slot) != active {
				continue
			}
			who := nameOf(t)
			if told[who] != 0 && !active {
				continue
			}
			held[slot] = true
			w.hold(out, slot, out.now, r.Params.Hold, true, func() Alert { return w.alert(r, t, "") })
			if who.number != 0 && w.isActive(slot) {
				told[who] = t.Number
			}
		}
	}
}

func (w *Watch) byDomain(t *track.Track, air, sea RuleID) (Rule, bool) {
	id := air
	switch t.Domain {
	case plot.Air:
	case plot.Sea:
		id = sea
	default:
		return Rule{}, false
	}
	r, ok := w.rules[id]
	return r, ok
}

// names are rules A10 and S03: a track tells another name than before, or
// another track tells its name elsewhere. The newest of those that share a name
// has the alert. An address or MMSI changes on one track where a radar sees one
// object all the while; else our tracker begins a new track for another one.
func (w *Watch) names(out *collector, list []track.Track, held map[Key]bool) {
	shared := sharers(list)
	for i := range list {
		t := &list[i]
		r, ok := w.byDomain(t, IdentityChange, IdentityConflict)
		if !ok {
			continue
		}
		s := w.tracks[t.Number]
		why := s.Told.change(t)
		if why == "" && elsewhere(shared[nameOf(t)], t, r.Params.Apart) {
			why = twoPlaces
		}
		if why == "" {
			continue
		}
		slot := Key{Rule: r.ID, Track: t.Number}
		held[slot] = true
		w.hold(out, slot, out.now, r.Params.Hold, true, func() Alert {
			a := w.alert(r, t, "")
			a.Direction, a.Names = why, s.Told.against(t, why)
			return a
		})
		if w.isActive(slot) {
			s.Told = Told{}
			s.Told.learn(t)
		}
	}
}

// name is an address or MMSI that tracks share. Exercise and live share none.
type name struct {
	domain   plot.Domain
	exercise bool
	number   uint32
}

func nameOf(t *track.Track) name {
	if t.Domain == plot.Sea {
		return name{t.Domain, t.Exercise, t.MMSI}
	}
	return name{t.Domain, t.Exercise, t.Address}
}

// sharers returns the tracks that the tracker flags for their name, by name.
func sharers(list []track.Track) map[name][]*track.Track {
	by := make(map[name][]*track.Track)
	for i := range list {
		if t := &list[i]; t.Flags&track.SameAddress != 0 {
			by[nameOf(t)] = append(by[nameOf(t)], t)
		}
	}
	return by
}

// elsewhere reports whether a track is the newest of those that share its name
// and lies so far from another one.
func elsewhere(shared []*track.Track, t *track.Track, apart geo.Metres) bool {
	if t.Flags&track.SameAddress == 0 || shared[len(shared)-1] != t {
		return false
	}
	for _, o := range shared {
		if d, _ := geo.Inverse(o.Pos, t.Pos); o != t && d >= apart {
			return true
		}
	}
	return false
}
