// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// Speeds above which a step between two positions is not plausible.
// alert_rules A10 (air) and S02 (sea).
const (
	maxSpeedAir = geo.Knots(1200)
	maxSpeedSea = geo.Knots(50)
	stepSlack   = geo.Metres(500) // what noise may add to a step
)

// trackState is what the rules remember of one track.
type trackState struct {
	Run       time.Time // the run of plausible positions began
	Last      time.Time // of the last plausible position
	Pos       geo.Point
	Positions int // of the run
	Pending   []Pending

	Planned   bool
	PlannedAt time.Time // of the last look at the plans
	Callsign  string    // with which it was looked up
	Address   uint32

	Told Told // by which names it goes
}

// Pending is a crossing whose aircraft has not yet left the line's margin.
type Pending struct {
	Rule      RuleID    `json:"rule"`
	Zone      zone.ID   `json:"zone"`
	Direction string    `json:"direction"`
	At        time.Time `json:"at"`
	Pos       geo.Point `json:"pos"`
}

// observe runs the rules of one track whose state changed.
func (w *Watch) observe(out *collector, t *track.Track) {
	s := w.tracks[t.Number]
	if s == nil {
		s = &trackState{}
		w.tracks[t.Number] = s
	}
	w.plan(t, s)
	w.propose(t, s, out.now)
	if t.State != track.Confirmed || t.Domain != plot.Air || !t.Pos.Valid() {
		return
	}
	from, fromTime, stepped, fresh := s.step(t)
	if !fresh {
		return
	}
	w.emergency(out, t)
	if s.Positions < 2 {
		return
	}
	w.adizEntry(out, t, s)
	w.uncrewedInGap(out, t, s)
	if stepped {
		w.cross(t, s, from, fromTime)
	}
	w.passages(out, t, s)
}

// step takes the track's new position into the run of plausible positions. It
// returns the position before it and whether the step between both is
// plausible; fresh is false when the position is not newer.
func (s *trackState) step(t *track.Track) (from geo.Point, fromTime time.Time, stepped, fresh bool) {
	if s.Positions > 0 && !t.Time.After(s.Last) {
		return from, fromTime, false, false
	}
	from, fromTime = s.Pos, s.Last
	if s.Positions > 0 {
		stepped = plausible(from, t.Pos, t.Time.Sub(fromTime), t)
	}
	if !stepped {
		s.Run, s.Positions, s.Pending = t.Time, 0, nil
	}
	s.Pos, s.Last = t.Pos, t.Time
	s.Positions = min(s.Positions+1, 1<<20)
	return from, fromTime, stepped, true
}

func plausible(a, b geo.Point, dt time.Duration, t *track.Track) bool {
	limit := maxSpeedAir
	if t.Domain == plot.Sea {
		limit = maxSpeedSea
	}
	d, _ := geo.Inverse(a, b)
	reach := geo.Metres(float64(limit.MetresPerSecond())*dt.Seconds()) + stepSlack + 3*max(t.SigmaPos, 0)
	return d <= reach // false for NaN
}

// span returns for how long the run of plausible positions has lasted.
func (s *trackState) span() time.Duration { return s.Last.Sub(s.Run) }

// explained reports whether the aircraft needs no watching: a person holds it
// to be friendly or neutral, or, where no person has said anything, a plan
// explains it.
func (w *Watch) explained(t *track.Track, s *trackState) bool {
	if t.Identity.By != "" {
		switch t.Identity.Standard {
		case "friend", "assumed-friend", "neutral":
			return true
		}
		return false
	}
	return s.Planned
}

// passesUnwatched is explained, or, without a plan feed, that the aircraft
// reports itself and nobody has said anything else.
func (w *Watch) passesUnwatched(t *track.Track, s *trackState) bool {
	return w.explained(t, s) || (!w.cfg.HasPlanFeed && t.Identity.By == "" && sees(t, plot.ADSB))
}

// sees reports whether a kind of source contributes to the track.
func sees(t *track.Track, k plot.Kind) bool { return t.Sources&(1<<k) != 0 }

func (w *Watch) alert(r Rule, t *track.Track, z zone.ID) Alert {
	return Alert{
		Key:         Key{Rule: r.ID, Track: t.Number, Zone: z},
		Priority:    r.Priority,
		Domain:      t.Domain.String(),
		ZoneVersion: w.versions[z],
		Pos:         t.Pos,
		HasPos:      true,
		Originators: []party.ID{w.cfg.Self},
		Exercise:    t.Exercise,
	}
}

// emergency is rule A11.
func (w *Watch) emergency(out *collector, t *track.Track) {
	r, ok := w.rules[Emergency]
	if !ok {
		return
	}
	slot := Key{Rule: r.ID, Track: t.Number}
	if !t.Emergency {
		w.release(out, slot, t.Time, r.Params.Clear)
		return
	}
	w.hold(out, slot, t.Time, r.Params.Hold, true, func() Alert { return w.alert(r, t, "") })
}

// adizEntry is rule A01. An identity set by a person, or a plan, ends it.
func (w *Watch) adizEntry(out *collector, t *track.Track, s *trackState) {
	r, ok := w.rules[ADIZEntry]
	if !ok || w.problem(r) != "" {
		return
	}
	p, slot := &r.Params, Key{Rule: r.ID, Track: t.Number}
	if s.Planned || t.Identity.By != "" {
		w.release(out, slot, t.Time, 0)
		return
	}
	inside := w.cfg.Zones.Contains(w.cfg.ADIZ, t.Pos)
	if !inside && w.isActive(slot) {
		d, ok := w.cfg.Zones.Distance(w.cfg.ADIZ, t.Pos)
		inside = ok && d < p.Hysteresis
	}
	if !inside {
		w.release(out, slot, t.Time, p.Clear)
		return
	}
	ready := s.span() >= p.MinConfirmed && t.Time.Sub(t.FirstSeen) >= p.Grace
	w.hold(out, slot, t.Time, p.MinConfirmed, ready, func() Alert { return w.alert(r, t, w.cfg.ADIZ) })
}

// uncrewedInGap is rule A13. Once raised it stays until the aircraft has left
// the sectors, whatever its speed seems to be meanwhile.
func (w *Watch) uncrewedInGap(out *collector, t *track.Track, s *trackState) {
	r, ok := w.rules[UncrewedInGap]
	if !ok || w.cfg.Zones == nil {
		return
	}
	p, slot := &r.Params, Key{Rule: r.ID, Track: t.Number}
	if w.explained(t, s) {
		w.release(out, slot, t.Time, 0)
		return
	}
	sector, inside := w.within(p.Zones, t.Pos)
	if !inside {
		w.release(out, slot, t.Time, p.Clear)
		return
	}
	if !w.isActive(slot) && !slowUncrewed(p, t) {
		w.release(out, slot, t.Time, 0)
		return
	}
	w.hold(out, slot, t.Time, p.MinConfirmed, s.span() >= p.MinConfirmed, func() Alert { return w.alert(r, t, sector) })
}

func slowUncrewed(p *Params, t *track.Track) bool {
	if t.Identity.By != "" && slices.Contains(p.Types, t.Identity.Type) {
		return true
	}
	return !sees(t, plot.ADSB) &&
		t.HasVelocity && t.Speed >= p.MinSpeed && t.Speed <= p.MaxSpeed &&
		(!t.HasHeight || t.Height >= p.MinHeight)
}

func (w *Watch) within(ids []zone.ID, p geo.Point) (zone.ID, bool) {
	for _, id := range ids {
		if w.cfg.Zones.Contains(id, p) {
			return id, true
		}
	}
	return "", false
}

// cross notes the lines and gates that the last step crossed (A02, A06). A
// crossing back takes a pending one away: the aircraft flew along the line.
func (w *Watch) cross(t *track.Track, s *trackState, from geo.Point, fromTime time.Time) {
	if w.cfg.Zones == nil || from == t.Pos {
		return
	}
	if w.passesUnwatched(t, s) {
		s.Pending = nil
		return
	}
	w.crossings = w.cfg.Zones.Crossings(from, t.Pos, w.crossings[:0])
	for _, c := range w.crossings {
		rule, ok := w.crossingRule(c.Zone)
		if !ok {
			continue
		}
		at := fromTime.Add(time.Duration(c.Fraction * float64(t.Time.Sub(fromTime))))
		s.note(Pending{Rule: rule, Zone: c.Zone, Direction: string(c.Way), At: at, Pos: c.At})
	}
}

func (w *Watch) crossingRule(id zone.ID) (RuleID, bool) {
	for _, rule := range []RuleID{LineCrossing, GateTransit} {
		if r, ok := w.rules[rule]; ok && slices.Contains(r.Params.Zones, id) {
			return rule, true
		}
	}
	return "", false
}

func (s *trackState) note(p Pending) {
	for i, q := range s.Pending {
		if q.Rule != p.Rule || (q.Rule == GateTransit && q.Zone != p.Zone) {
			continue
		}
		if q.Direction != p.Direction {
			s.Pending = slices.Delete(s.Pending, i, i+1)
		}
		return
	}
	s.Pending = append(s.Pending, p)
}

// passages raises the pending crossings that have left the margin, and clears
// a line crossing whose aircraft has been back long enough.
func (w *Watch) passages(out *collector, t *track.Track, s *trackState) {
	keep := s.Pending[:0]
	for _, p := range s.Pending {
		r := w.rules[p.Rule]
		d, ok := w.cfg.Zones.Distance(p.Zone, t.Pos)
		if !ok || d < r.Params.Margin || s.span() < r.Params.MinConfirmed {
			keep = append(keep, p)
			continue
		}
		w.passed(out, r, t, p)
	}
	s.Pending = keep
	r, ok := w.rules[LineCrossing]
	if !ok {
		return
	}
	slot := Key{Rule: r.ID, Track: t.Number}
	switch l := w.latches[slot]; {
	case l == nil:
	case w.explained(t, s):
		w.release(out, slot, t.Time, 0)
	case !l.gone.IsZero():
		w.release(out, slot, t.Time, r.Params.Clear)
	}
}

func (w *Watch) passed(out *collector, r Rule, t *track.Track, p Pending) {
	a := w.alert(r, t, p.Zone)
	a.At, a.Pos, a.Direction = p.At, p.Pos, p.Direction
	if r.ID == GateTransit {
		a.Active, a.Event = true, true
		out.add(a)
		return
	}
	slot := Key{Rule: r.ID, Track: t.Number}
	if slices.Contains(r.Params.Directions, p.Direction) {
		w.hold(out, slot, t.Time, 0, true, func() Alert { return a })
		return
	}
	w.release(out, slot, p.At, r.Params.Clear)
}
