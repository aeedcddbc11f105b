// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"math"
	"math/bits"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// Log odds of existence.
const (
	scoreMax  = 10.0
	scoreGone = -6.9 // existence 0.001
	ratioMax  = 8.0  // one measurement proves no more than this
	ratioMin  = -2.0
)

const (
	birthsPerScan = 0.3 // new objects that a sensor finds, for the score at birth
	lookEvery     = int64(5 * time.Second)
	tendEvery     = int64(time.Second)
	twinLooks     = 6      // looks in a row before two tracks are one
	twinNear      = 3000.0 // m
	twinApart     = -20    // looks that a scan with both adds
)

// update moves a track with its measurement.
func (t *Tracker) update(m *Measurement, a *aim, p *pair, shared bool) Outcome {
	tr := p.tr
	if p.old {
		t.hit(tr, m, a)
		return Outcome{TooLate, tr.ID}
	}
	if p.anew && !shared {
		t.reacquire(tr, m, a)
		return Outcome{Updated, tr.ID}
	}
	if shared {
		p.ratio = math.Min(0, p.ratio) // it proves no more than one of them
	}
	f := p.f
	f.reweigh(&p.looks)
	for j := range f.Models {
		p.looks[j].apply(&f.X[j], &f.P[j])
	}
	if m.Has&HasVelocity != 0 && a.at >= tr.Time {
		ve, vn := m.components()
		ve, vn = tr.frame.beneath(f.X[0][iE], f.X[0][iH], ve, vn)
		if f.velocity(ve, vn, t.sigmaVelocity(m)) {
			tr.Velocity = true
		}
	}
	if !f.sound() {
		t.reacquire(tr, m, a)
		return Outcome{Updated, tr.ID}
	}
	tr.Filter = f
	tr.Time = max(tr.Time, a.at)
	if p.h {
		tr.HeightAt, tr.Geometric = max(tr.HeightAt, a.at), m.Geometric
	}
	tr.Score = math.Min(scoreMax, tr.Score+math.Max(ratioMin, math.Min(ratioMax, p.ratio)))
	t.relocate(tr)
	t.hit(tr, m, a)
	if c := tr.contact(m.Sensor); shared {
		c.Shared, c.Plot = true, Plot{}
	}
	return Outcome{Updated, tr.ID}
}

func (m *Measurement) components() (ve, vn float64) {
	sin, cos := math.Sincos(m.Course.Radians())
	return float64(m.Speed) * sin, float64(m.Speed) * cos
}

// sound reports whether every number of the filter is finite and sensible.
func (f *Filter) sound() bool {
	for j := range f.Models {
		for r := range nx {
			if !(math.Abs(f.X[j][r]) < 1e9) || !(f.P[j][r][r] > 0 && f.P[j][r][r] < 1e15) {
				return false
			}
		}
		if !(f.Mu[j] >= 0 && f.Mu[j] <= 1) {
			return false
		}
	}
	return true
}

// moved brings place, plane and cell of a track up to its filter, and what the
// cell knows of it.
func (t *Tracker) moved(tr *track) {
	t.relocate(tr)
	t.grid.renew(tr)
}

// relocate is moved, but what the cell knows of the track is left to hit.
func (t *Tracker) relocate(tr *track) {
	x := tr.Filter.mean()
	tr.pos = tr.frame.point(x[iE], x[iN])
	if math.Hypot(x[iE], x[iN]) > reanchor {
		tr.Anchor = tr.pos
		if tr.Alone != nil {
			old := tr.frame
			old.move(&tr.Alone.Filter, tr.Anchor)
		}
		tr.frame.move(&tr.Filter, tr.Anchor)
		x = tr.Filter.mean()
		tr.pos = tr.frame.point(x[iE], x[iN]) // as Restore computes it
	}
	tr.Bucketed = tr.Time
	t.grid.place(tr, t.grid.cellOf(tr.pos))
}

// hit notes a measurement in the track's life.
func (t *Tracker) hit(tr *track, m *Measurement, a *aim) {
	tr.Hits++
	tr.Hit = max(tr.Hit, a.at)
	tr.Window = tr.Window<<1 | 1
	tr.Chances = min(8, tr.Chances+1)
	s := &t.sensors[m.Sensor]
	if s.Polar {
		s.seen(tr, m.Sensor)
		s.state.Heard = max(s.state.Heard, a.at)
	}
	tr.touch(m.Sensor, a.at)
	t.tell(tr, m, a)
	if _, ok := m.key(); ok {
		tr.Rival = Rival{}
	}
	if c := tr.contact(m.Sensor); a.where == polar && a.at >= c.Plot.At {
		c.Plot = Plot{a.at, float64(m.Range), m.Azimuth.Radians(), a.sr, a.sa}
	}
	if tr.Domain == 0 && m.Domain != 0 {
		tr.settleIn(m.Domain)
		t.forgo(tr)
	}
	t.learn(tr, m, a)
	switch tr.Phase {
	case Coasting:
		tr.Phase = Confirmed
		t.emit(tr, Resumed, nil)
	case Tentative:
		if t.proven(tr) {
			tr.Phase = Confirmed
			t.emit(tr, NowConfirmed, nil)
		}
	}
	t.rivals(tr, a)
	t.grid.renew(tr) // domain and identity tell how it moves
}

// proven reports whether a tentative track is confirmed: M of the last N, or
// two measurements that carry the same identity.
func (t *Tracker) proven(tr *track) bool {
	hits := bits.OnesCount8(tr.Window & (1<<t.cfg.ConfirmOf - 1))
	need := t.cfg.ConfirmHits
	if _, ok := tr.Identity.key(); ok {
		need = min(need, 2)
	}
	return hits >= need && tr.Score >= t.cfg.ConfirmScore
}

// learn adds what a measurement says of the identity.
func (t *Tracker) learn(tr *track, m *Measurement, a *aim) {
	id := &tr.Identity
	if _, ok := m.key(); ok {
		if gap := a.at - tr.KeyAt; tr.KeyAt != 0 && gap > 0 {
			tr.KeyGap = max(gap, tr.KeyGap-tr.KeyGap/8)
		}
		tr.KeyAt = max(tr.KeyAt, a.at)
		if _, has := id.key(); !has {
			before := *id
			id.Has |= m.Has & (HasAddress | HasMMSI)
			id.Address, id.MMSI = m.Address, m.MMSI
			if !t.claim(tr) {
				*id = before
			}
		}
	}
	tr.Class.hear(m)
	if m.Has&HasModeA != 0 {
		id.Has, id.ModeA = id.Has|HasModeA, m.ModeA
	}
	if m.Has&HasCallsign != 0 {
		id.Has, id.Callsign = id.Has|HasCallsign, m.Callsign
	}
}

// rivals compares a track with others of the same identity: those that are
// still heard are marked with it, those that are not lose the identity.
func (t *Tracker) rivals(tr *track, a *aim) {
	key, ok := tr.Identity.key()
	if !ok || tr.KeyAt != a.at || tr.Phase != Confirmed {
		return
	}
	c := t.ids[key]
	for _, id := range c.id[:c.n] {
		o := t.byID[id]
		if o == tr || o.Phase != Confirmed && o.Phase != Coasting {
			continue
		}
		switch {
		case o.KeyAt >= tr.First:
			o.Same, tr.Same = true, true
		case tr.Hits > 3 && !t.mayTell(o, a.at):
			t.disclaim(o)
			o.Identity.Has &^= HasAddress | HasMMSI
			o.Same = false
		}
	}
}

// settleIn gives a track of unknown domain its domain.
func (tr *track) settleIn(d Domain) {
	tr.Domain = d
	k := motion(d)
	f := &tr.Filter
	if f.Models == k.models {
		return
	}
	f.Models, f.Mu = k.models, k.mu
	f.setHeight(k.height, k.sigmaH)
	clear(f.X[f.Models:])
	clear(f.P[f.Models:])
	tr.HeightAt = 0
}

// note counts a plot that belongs to no track as clutter.
func (t *Tracker) note(m *Measurement, a *aim) {
	if s := &t.sensors[m.Sensor]; a.where == polar {
		s.falsePlot(float64(m.Range), a.at)
	}
}

// contact returns what a sensor has seen of the track, or nil.
func (tr *track) contact(index int) *Contact {
	for i := range tr.Contacts {
		if int(tr.Contacts[i].Sensor) == index+1 {
			return &tr.Contacts[i]
		}
	}
	return nil
}

// touch notes a hit by a sensor. The contact that was silent longest gives way
// where there is no free place.
func (tr *track) touch(index int, at int64) {
	c := tr.contact(index)
	if c == nil {
		c = &tr.Contacts[0]
		for i := range tr.Contacts {
			if tr.Contacts[i].Sensor == 0 {
				c = &tr.Contacts[i]
				break
			}
			if tr.Contacts[i].Hit < c.Hit {
				c = &tr.Contacts[i]
			}
		}
		*c = Contact{Sensor: int32(index + 1)}
	}
	c.Hit, c.Chance, c.Misses, c.Shared = max(c.Hit, at), max(c.Chance, at), 0, false
}

// Advance lets time pass: misses, coasting, loss, doubles. It puts right what
// input that came late within Config.Rollback led to, if now is not before the
// last call. It appends the events since
// the last call, those of Observe included, to dst.
func (t *Tracker) Advance(now time.Time, dst []Event) []Event {
	at := now.UnixNano()
	if unix := now.Unix(); unix < minUnix || unix > maxUnix {
		at = t.state.Watched
	}
	if t.logs() {
		t.advanceLogged(at)
	} else {
		t.pass(at)
	}
	return t.Events(dst)
}

// pass lets time pass.
func (t *Tracker) pass(at int64) {
	t.state.Watched = max(t.state.Watched, at)
	t.enrol(at)
	if at-t.state.Sweep >= tendEvery {
		t.state.Sweep = at
		for _, tr := range t.tracks {
			t.tend(tr, at)
		}
		t.sweepOut()
	}
	if at-t.state.Looked >= lookEvery {
		t.state.Looked = at
		for _, tr := range t.tracks {
			t.lookForTwin(tr)
		}
		t.sweepOut()
		t.form()
		t.weighClaims(at)
	}
}

// Events appends the events since the last call of Events or Advance to dst.
func (t *Tracker) Events(dst []Event) []Event {
	dst = append(dst, t.events...)
	t.events = t.events[:0]
	return dst
}

// tend ages one track.
func (t *Tracker) tend(tr *track, now int64) {
	if tr.Phase == Lost {
		if now-tr.Ended > int64(t.cfg.LostFor) {
			t.forget(tr, Dropped, nil)
		}
		return
	}
	coasting, gone := true, true
	window, chances := tr.Window, tr.Chances
	self := false // a fresh contact that does not scan
	for i := range tr.Contacts {
		c := &tr.Contacts[i]
		if c.Sensor == 0 {
			continue
		}
		s := &t.sensors[c.Sensor-1]
		age := now - c.Hit
		coasting = coasting && age > int64(s.CoastAfter)
		if s.Polar {
			t.count(tr, c, s, now)
			if age > int64(s.CoastAfter) && s.overhead(tr, now) {
				c.Silent = now
			}
		}
		gone = gone && s.exhausts(tr, min(age, now-c.Silent))
		self = self || !s.Polar && age <= int64(s.CoastAfter)
	}
	switch {
	case tr.Phase == Tentative && (gone || !self && t.hopeless(tr)):
		t.forget(tr, Dropped, nil)
		return
	case tr.Phase != Tentative && (gone || !self && tr.Score < scoreGone):
		tr.Phase, tr.Ended = Lost, now
		t.grid.put(tr, noCell)
		t.stats.Lost++
		t.emit(tr, NowLost, nil)
		return
	case tr.Phase == Confirmed && coasting:
		tr.Phase = Coasting
		t.emit(tr, NowCoasting, nil)
	}
	moves := tr.Class.Moves
	if t.classify(tr); moves != tr.Class.Moves || moves != 0 && (window != tr.Window || chances != tr.Chances) {
		t.grid.renew(tr) // class and misses tell how the track moves
	}
	if now-tr.Bucketed >= lookEvery {
		tr.Bucketed = now
		x := tr.Filter.mean()
		dt := math.Min(300, seconds(now-tr.Time))
		t.grid.put(tr, t.grid.cellOf(tr.frame.point(x[iE]+dt*x[iVE], x[iN]+dt*x[iVN])))
	}
}

// exhausts reports whether a sensor's silence is longer than is borne: a
// tentative track of a scanning sensor is not worth more than a few scans.
func (s *sensor) exhausts(tr *track, silence int64) bool {
	if tr.Phase == Tentative && s.Polar {
		return silence > min(int64(s.LostAfter), 7*s.period()/2)
	}
	return silence > int64(s.LostAfter) && silence > int64(float64(s.LostAfter)*s.longer(tr))
}

// hopeless reports whether a tentative track missed too often.
func (t *Tracker) hopeless(tr *track) bool {
	n := min(int(tr.Chances), t.cfg.ConfirmOf)
	misses := n - bits.OnesCount8(tr.Window&(1<<n-1))
	return misses > t.cfg.ConfirmOf-t.cfg.ConfirmHits || tr.Score < -12
}

// count lowers the track's score for each time a scanning sensor should have
// seen it and did not.
func (t *Tracker) count(tr *track, c *Contact, s *sensor, now int64) {
	for range 8 {
		chance, ok := s.chance(tr, c, now)
		if !ok {
			return
		}
		c.Chance = chance
		if c.Hit > chance-s.period()/2 || !s.sees(tr) || s.overhead(tr, chance) {
			continue
		}
		s.missed(tr)
		c.Misses = min(200, c.Misses+1)
		if c.Misses > 5 && tr.Hit > c.Hit+2*s.period() {
			*c = Contact{} // others still see it: it left this sensor's view
			return
		}
		tr.Score = math.Max(-15, tr.Score+math.Log(1-s.pd(tr)))
		tr.Window <<= 1
		tr.Chances = min(8, tr.Chances+1)
	}
}

// forget takes a track out of every index; sweepOut removes it.
func (t *Tracker) forget(tr *track, kind EventKind, into *track) {
	t.grid.put(tr, noCell)
	t.disclaim(tr)
	t.forgo(tr)
	tr.Phase = 0
	t.emit(tr, kind, into)
}

// sees reports whether the track is in the sensor's range and above its
// horizon.
func (s *sensor) sees(tr *track) bool {
	x := tr.Filter.mean()
	d := between(s.Pos, tr.pos)
	return d <= float64(s.MaxRange) && d <= float64(geo.RadarHorizon(s.Height, geo.Metres(math.Max(x[iH], 10))))
}

// overhead reports whether a track should be in the sensor's cone of silence
// at a time: one that is no mere attempt, of known height, and seen not too long
// ago to say where it is.
func (s *sensor) overhead(tr *track, at int64) bool {
	dt := seconds(at - tr.Time)
	if tr.Phase == Tentative || tr.HeightAt == 0 || dt > maxForward {
		return false
	}
	x := tr.Filter.mean()
	dt = math.Max(0, dt)
	p := tr.frame.point(x[iE]+dt*x[iVE], x[iN]+dt*x[iVN])
	return x[iH]-float64(s.Height) > between(s.Pos, p)*s.ceiling
}
