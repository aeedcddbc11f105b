// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"math"
	"math/bits"
	"slices"
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
func (t *Tracker) update(m *Measurement, a *aim, p *pair) Outcome {
	tr := p.tr
	if p.old {
		t.hit(tr, m, a)
		return Outcome{TooLate, tr.ID}
	}
	f := p.f
	f.reweigh(&p.looks)
	for j := range f.Models {
		// The height is never learnt from a range: a bias of the sensor or of
		// the model would go into it.
		p.looks[j].apply(&f.X[j], &f.P[j], true)
	}
	if m.Has&HasVelocity != 0 && a.at >= tr.Time {
		ve, vn := m.components()
		if f.velocity(ve, vn, sigmaOr(float64(m.SigmaVelocity), 3)) {
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
	t.moved(tr)
	t.hit(tr, m, a)
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

// moved brings place, plane and cell of a track up to its filter.
func (t *Tracker) moved(tr *track) {
	x := tr.Filter.mean()
	tr.pos = tr.frame.point(x[iE], x[iN])
	if math.Hypot(x[iE], x[iN]) > reanchor {
		tr.Anchor = tr.pos
		tr.frame.move(&tr.Filter, tr.Anchor)
		x = tr.Filter.mean()
		tr.pos = tr.frame.point(x[iE], x[iN]) // as Restore computes it
	}
	tr.Bucketed = tr.Time
	t.grid.put(tr, cellOf(tr.pos))
}

// hit notes a measurement in the track's life.
func (t *Tracker) hit(tr *track, m *Measurement, a *aim) {
	tr.Hits++
	tr.Hit = max(tr.Hit, a.at)
	tr.Window = tr.Window<<1 | 1
	tr.Chances = min(8, tr.Chances+1)
	tr.touch(m.Sensor, a.at)
	if s := &t.sensors[m.Sensor]; s.Polar {
		s.state.Heard = max(s.state.Heard, a.at)
	}
	if tr.Domain == 0 && m.Domain != 0 {
		tr.settleIn(m.Domain)
	}
	t.learn(tr, m, a)
	switch tr.Phase {
	case Coasting:
		tr.Phase = Confirmed
		t.events = append(t.events, Event{Track: tr.ID, Kind: Resumed})
	case Tentative:
		if t.proven(tr) {
			tr.Phase = Confirmed
			t.events = append(t.events, Event{Track: tr.ID, Kind: NowConfirmed})
		}
	}
	t.rivals(tr, a)
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
		case tr.Hits > 3:
			t.disclaim(o)
			o.Identity.Has &^= HasAddress | HasMMSI
			o.Same = false
		}
	}
}

// begin sets a track's filter to one measurement.
func (t *Tracker) begin(tr *track, m *Measurement, a *aim) {
	k := motion(m.Domain)
	if m.Domain == 0 {
		k = motion(tr.Domain)
	}
	tr.Anchor, tr.frame = a.pos, newFrame(a.pos)
	tr.pos = tr.frame.point(0, 0) // as Restore computes it
	tr.Time, tr.Velocity = a.at, false
	var x Vec
	x[iH] = a.height
	p := t.birthCovariance(m, a)
	p[iVE][iVE], p[iVN][iVN] = k.sigmaV*k.sigmaV, k.sigmaV*k.sigmaV
	if m.Has&HasVelocity != 0 {
		s := sigmaOr(float64(m.SigmaVelocity), 3)
		x[iVE], x[iVN] = m.components()
		p[iVE][iVE], p[iVN][iVN] = s*s, s*s
		tr.Velocity = true
	}
	tr.HeightAt = 0
	if m.Has&HasHeight != 0 && m.Domain != Sea {
		tr.HeightAt, tr.Geometric = a.at, m.Geometric
	}
	tr.Filter = Filter{Models: k.models, Mu: k.mu}
	for j := range k.models {
		tr.Filter.X[j], tr.Filter.P[j] = x, p
	}
	tr.touch(m.Sensor, a.at)
	tr.Bucketed = a.at
	t.grid.put(tr, cellOf(a.pos))
}

// birthCovariance returns the covariance of position and height of one
// measurement. A slant range ties the ground range to the height.
func (t *Tracker) birthCovariance(m *Measurement, a *aim) Mat {
	var p Mat
	p[iH][iH] = a.sigmaH * a.sigmaH
	if a.where == fixed {
		p[iE][iE], p[iN][iN] = a.sr*a.sr, a.sr*a.sr
		return p
	}
	s := &t.sensors[m.Sensor]
	fr := newFrame(a.pos)
	v := newView(&fr, &s.plane)
	_, _, d, ok := v.polar(&fr, 0, 0, a.height)
	det := d[0][0]*d[1][1] - d[0][1]*d[1][0]
	if !ok || math.Abs(det) < 1e-12 {
		r := float64(m.Range)
		p[iE][iE], p[iN][iN] = r*r, r*r
		return p
	}
	// (range, azimuth) = D (e, n) + dh h, so (e, n) = D⁻¹ ((range, azimuth) - dh h).
	inv := [2][2]float64{{d[1][1] / det, -d[0][1] / det}, {-d[1][0] / det, d[0][0] / det}}
	var g [2]float64 // derivative of e, n by height
	for r := range 2 {
		g[r] = -(inv[r][0]*d[0][2] + inv[r][1]*d[1][2])
	}
	vr, va, vh := a.sr*a.sr, a.sa*a.sa, a.sigmaH*a.sigmaH
	for r := range 2 {
		for c := range 2 {
			p[r][c] = inv[r][0]*vr*inv[c][0] + inv[r][1]*va*inv[c][1] + g[r]*vh*g[c]
		}
		p[r][iH], p[iH][r] = g[r]*vh, g[r]*vh
	}
	p.mirror()
	return p
}

// start begins a tentative track.
func (t *Tracker) start(m *Measurement, a *aim) Outcome {
	if len(t.tracks) >= t.cfg.MaxTracks {
		return Outcome{Verdict: TableFull}
	}
	if key, ok := m.key(); ok && t.ids[key].n == len(claims{}.id) {
		return Outcome{Verdict: TooManySame}
	}
	tr := t.fresh()
	tr.Phase, tr.Domain, tr.Group = Tentative, m.Domain, m.Group
	tr.First, tr.Hit, tr.Hits, tr.Window, tr.Chances = a.at, a.at, 1, 1, 1
	tr.Score = t.birthScore(m, a)
	t.begin(tr, m, a)
	t.learn(tr, m, a)
	t.add(tr)
	t.stats.Started++
	t.events = append(t.events, Event{Track: tr.ID, Kind: Started})
	return Outcome{NewTrack, tr.ID}
}

// birthScore is the log odds that a plot without a track is an object.
func (t *Tracker) birthScore(m *Measurement, a *aim) float64 {
	if a.where != polar {
		return 0
	}
	s := &t.sensors[m.Sensor]
	return math.Log(birthsPerScan / rings / s.state.Clutter[s.ring(float64(m.Range))])
}

// reacquire sets a track to a measurement that is its own by identity although
// it lies outside the gate, or brings a lost track back.
func (t *Tracker) reacquire(tr *track, m *Measurement, a *aim) {
	before, dt := tr.pos, seconds(a.at-tr.Time)
	phase := tr.Phase
	t.begin(tr, m, a)
	if m.Has&HasVelocity == 0 && dt > 0.5 && dt < 300 {
		e, n := tr.frame.ground(before)
		sigma := 2*a.sr/dt + 20
		for j := range tr.Filter.Models {
			tr.Filter.X[j][iVE], tr.Filter.X[j][iVN] = -e/dt, -n/dt
			tr.Filter.P[j][iVE][iVE], tr.Filter.P[j][iVN][iVN] = sigma*sigma, sigma*sigma
		}
	}
	if phase == Lost {
		tr.Phase, tr.Ended, tr.Score = Confirmed, 0, t.cfg.ConfirmScore
		t.events = append(t.events, Event{Track: tr.ID, Kind: Resumed})
	}
	t.hit(tr, m, a)
}

// refine uses a measurement without a place for the track of its identity.
func (t *Tracker) refine(m *Measurement) Outcome {
	key, ok := m.key()
	c := t.ids[key]
	if !ok || c.n != 1 {
		return Outcome{Verdict: NoPosition}
	}
	tr := t.byID[c.id[0]]
	at := m.Time.UnixNano()
	dt := seconds(at - tr.Time)
	if tr.Group != m.Group || tr.Domain != 0 && m.Domain != 0 && tr.Domain != m.Domain {
		return Outcome{Verdict: NoPosition}
	}
	if tr.Phase == Lost || dt < -t.cfg.MaxLate.Seconds() || dt > 30 {
		return Outcome{TooLate, tr.ID}
	}
	k := motion(tr.Domain)
	f := tr.Filter
	f.predict(dt, &k, tr.HeightAt != 0)
	p := pair{tr: tr, f: f}
	if m.Has&HasHeight != 0 && tr.Domain != Sea {
		a := aim{at: at, height: float64(m.Height), sigmaH: sigmaOr(float64(m.SigmaHeight), 30)}
		p.takeHeight(m, &a)
	}
	velocity := false
	if m.Has&HasVelocity != 0 && dt >= 0 {
		ve, vn := m.components()
		velocity = p.f.velocity(ve, vn, sigmaOr(float64(m.SigmaVelocity), 3))
	}
	if !p.f.sound() {
		return Outcome{NoPosition, tr.ID}
	}
	tr.Filter, tr.Time, tr.Velocity = p.f, max(tr.Time, at), tr.Velocity || velocity
	if p.h {
		tr.HeightAt, tr.Geometric = max(tr.HeightAt, at), m.Geometric
	}
	t.moved(tr)
	return Outcome{Updated, tr.ID}
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
	c.Hit, c.Chance, c.Misses = max(c.Hit, at), max(c.Chance, at), 0
}

// Advance lets time pass: misses, coasting, loss, doubles. It appends the
// events since the last call, those of Observe included, to dst.
func (t *Tracker) Advance(now time.Time, dst []Event) []Event {
	at := now.UnixNano()
	if unix := now.Unix(); unix < minUnix || unix > maxUnix {
		at = t.state.Watched
	}
	t.state.Watched = max(t.state.Watched, at)
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
	}
	return t.Events(dst)
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
			t.forget(tr, Event{Track: tr.ID, Kind: Dropped})
		}
		return
	}
	coasting, gone := true, true
	self := false // a fresh contact that does not scan
	for i := range tr.Contacts {
		c := &tr.Contacts[i]
		if c.Sensor == 0 {
			continue
		}
		s := &t.sensors[c.Sensor-1]
		if s.Polar {
			t.count(tr, c, s, now)
		}
		age := now - c.Hit
		coasting = coasting && age > int64(s.CoastAfter)
		gone = gone && age > t.patience(tr, s)
		self = self || !s.Polar && age <= int64(s.CoastAfter)
	}
	switch {
	case tr.Phase == Tentative && (gone || !self && t.hopeless(tr)):
		t.forget(tr, Event{Track: tr.ID, Kind: Dropped})
		return
	case tr.Phase != Tentative && (gone || !self && tr.Score < scoreGone):
		tr.Phase, tr.Ended = Lost, now
		t.grid.put(tr, noCell)
		t.stats.Lost++
		t.events = append(t.events, Event{Track: tr.ID, Kind: NowLost})
		return
	case tr.Phase == Confirmed && coasting:
		tr.Phase = Coasting
		t.events = append(t.events, Event{Track: tr.ID, Kind: NowCoasting})
	}
	if now-tr.Bucketed >= lookEvery {
		tr.Bucketed = now
		x := tr.Filter.mean()
		dt := math.Min(300, seconds(now-tr.Time))
		t.grid.put(tr, cellOf(tr.frame.point(x[iE]+dt*x[iVE], x[iN]+dt*x[iVN])))
	}
}

// patience is how long a sensor's silence is borne: a tentative track of a
// scanning sensor is not worth more than a few scans.
func (t *Tracker) patience(tr *track, s *sensor) int64 {
	if tr.Phase == Tentative && s.Polar {
		return min(int64(s.LostAfter), 7*s.period()/2)
	}
	return int64(s.LostAfter)
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
		if c.Hit > chance-s.period()/2 || !s.sees(tr) {
			continue
		}
		c.Misses = min(200, c.Misses+1)
		if c.Misses > 5 && tr.Hit > c.Hit+2*s.period() {
			*c = Contact{} // others still see it: it left this sensor's view
			return
		}
		tr.Score = math.Max(-15, tr.Score+math.Log(1-s.PD))
		tr.Window <<= 1
		tr.Chances = min(8, tr.Chances+1)
	}
}

// forget takes a track out of every index; sweepOut removes it.
func (t *Tracker) forget(tr *track, e Event) {
	t.grid.put(tr, noCell)
	t.disclaim(tr)
	tr.Phase = 0
	t.events = append(t.events, e)
}

// lookForTwin finds a younger track of the same object and joins it after
// several looks.
func (t *Tracker) lookForTwin(tr *track) {
	if tr.Phase != Confirmed && tr.Phase != Coasting {
		return
	}
	if key, ok := tr.Identity.key(); tr.Same && (!ok || t.ids[key].n < 2) {
		tr.Same = false
	}
	t.near = t.grid.near(tr.pos, twinNear, t.near[:0])
	slices.SortFunc(t.near, byIdentity)
	for _, o := range t.near {
		if o.ID <= tr.ID || o.Phase != Confirmed && o.Phase != Coasting || o.TwinOf != 0 && o.TwinOf != tr.ID {
			continue
		}
		switch alike, apart := t.alike(tr, o); {
		case apart:
			o.TwinOf, o.Twin = tr.ID, twinApart
		case alike:
			o.TwinOf = tr.ID
			if o.Twin++; o.Twin >= twinLooks {
				t.join(tr, o)
			}
		case o.TwinOf == tr.ID:
			o.TwinOf, o.Twin = 0, 0
		}
	}
	if o := t.byID[tr.TwinOf]; tr.TwinOf != 0 && (o == nil || o.Phase == 0 || o.Phase == Lost || between(o.pos, tr.pos) > 2*twinNear) {
		tr.TwinOf, tr.Twin = 0, 0
	}
}

// alike reports whether two tracks may be one object now: identities that
// agree and states that do not differ. They are apart when a sensor saw both
// in one scan.
func (t *Tracker) alike(a, b *track) (alike, apart bool) {
	if a.Group != b.Group || a.Domain != b.Domain && a.Domain != 0 && b.Domain != 0 {
		return false, false
	}
	ka, oka := a.Identity.key()
	kb, okb := b.Identity.key()
	if oka && okb && ka != kb || a.Identity.Has&b.Identity.Has&HasModeA != 0 && a.Identity.ModeA != b.Identity.ModeA {
		return false, false
	}
	for _, c := range a.Contacts {
		if c.Sensor == 0 || !t.sensors[c.Sensor-1].Polar {
			continue
		}
		s := &t.sensors[c.Sensor-1]
		if d := b.contact(int(c.Sensor - 1)); d != nil && absInt(c.Hit-d.Hit) < s.period()/2 {
			return false, true
		}
	}
	at := max(a.Time, b.Time)
	xa, pa := a.at(at)
	xb, pb := b.at(at)
	xb[iE], xb[iN] = a.frame.ground(b.frame.point(xb[iE], xb[iN]))
	if math.Hypot(xa[iE]-xb[iE], xa[iN]-xb[iN]) > twinNear {
		return false, false
	}
	far := func(i int) float64 {
		d := xa[i] - xb[i]
		return d * d / (pa[i][i] + pb[i][i])
	}
	return far(iE)+far(iN) < 9 && far(iVE)+far(iVN) < 9 && far(iH) < 9, false
}

func (tr *track) at(when int64) (Vec, Mat) {
	f := tr.Filter
	k := motion(tr.Domain)
	f.predict(seconds(when-tr.Time), &k, tr.HeightAt != 0)
	return f.moments()
}

// join makes the younger track part of the older one.
func (t *Tracker) join(old, young *track) {
	_, po := old.at(max(old.Time, young.Time))
	_, py := young.at(max(old.Time, young.Time))
	if py[iE][iE]+py[iN][iN] < po[iE][iE]+po[iN][iN] {
		old.Filter, old.frame, old.Anchor, old.Time = young.Filter, young.frame, young.Anchor, young.Time
		old.HeightAt, old.Geometric, old.Velocity = young.HeightAt, young.Geometric, young.Velocity
	}
	for _, c := range young.Contacts {
		if c.Sensor != 0 {
			if o := old.contact(int(c.Sensor - 1)); o == nil || o.Hit < c.Hit {
				old.touch(int(c.Sensor-1), c.Hit)
			}
		}
	}
	old.Hit, old.Hits = max(old.Hit, young.Hit), old.Hits+young.Hits
	old.Score, old.KeyAt = math.Max(old.Score, young.Score), max(old.KeyAt, young.KeyAt)
	keys := young.Identity
	t.forget(young, Event{Track: young.ID, Kind: Merged, Into: old.ID})
	t.stats.Merged++
	if _, ok := old.Identity.key(); !ok && keys.Has&(HasAddress|HasMMSI) != 0 {
		old.Identity.Has |= keys.Has & (HasAddress | HasMMSI)
		old.Identity.Address, old.Identity.MMSI = keys.Address, keys.MMSI
		t.claim(old)
	}
	if old.Phase == Coasting && young.Phase == Confirmed {
		old.Phase = Confirmed
	}
	t.moved(old)
}

// sees reports whether the track is in the sensor's range and above its
// horizon.
func (s *sensor) sees(tr *track) bool {
	x := tr.Filter.mean()
	d := between(s.Pos, tr.pos)
	return d <= float64(s.MaxRange) && d <= float64(geo.RadarHorizon(s.Height, geo.Metres(math.Max(x[iH], 10))))
}
