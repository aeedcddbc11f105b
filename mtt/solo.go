// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import "math"

// A track that both radars and claims hold has, beside its filter, one that
// only radars move. Claims are held against it, and it takes the filter's place
// when they are not trusted: the track is then where it would be without them.

// Alone is what radars alone say of a track, on the track's plane.
type Alone struct {
	Filter Filter
	At     int64 // Unix ns
}

const (
	soloNear    = 2.0  // s between a claim and a plot that are compared
	soloNearSea = 10.0 // s

	astrayNIS  = 9.0
	astrayOf   = 12.0 // claims of whose last a radar's share of those off is kept
	astrayMost = 0.3
)

// held reports whether a radar, other than one sensor, holds a track.
func (t *Tracker) held(tr *track, at int64, but int) bool {
	if tr.Hits <= 3 {
		return false
	}
	for i := range tr.Contacts {
		c := &tr.Contacts[i]
		if c.Sensor == 0 || int(c.Sensor-1) == but {
			continue
		}
		if s := &t.sensors[c.Sensor-1]; s.Polar && at-c.Hit < 2*s.period() {
			return true
		}
	}
	return false
}

// keepAlone keeps what radars say of a track before the first claim moves it.
func (t *Tracker) keepAlone(m *Measurement, a *aim, tr *track) {
	if tr.Alone != nil || !t.sensors[m.Sensor].Self || tr.Claim.live(a.at) || !t.held(tr, a.at, m.Sensor) || t.tells(tr, a.at) {
		return
	}
	t.lend(tr)
	tr.Alone.Filter, tr.Alone.At = tr.Filter, tr.Time
}

// lend gives a track room for what radars alone say.
func (t *Tracker) lend(tr *track) {
	if n := len(t.spare); n > 0 {
		tr.Alone, t.spare = t.spare[n-1], t.spare[:n-1]
	} else {
		tr.Alone = new(Alone)
	}
	t.solos++
}

// forgo takes it back.
func (t *Tracker) forgo(tr *track) {
	if tr.Alone == nil {
		return
	}
	if len(t.spare) < 1000 {
		t.spare = append(t.spare, tr.Alone)
	}
	tr.Alone = nil
	t.solos--
}

// giveBack makes what radars alone say the track's filter.
func (t *Tracker) giveBack(tr *track) {
	if tr.Alone == nil {
		return
	}
	tr.Filter, tr.Time = tr.Alone.Filter, tr.Alone.At
	tr.Velocity = false
	t.forgo(tr)
	t.moved(tr)
}

// solo moves what radars alone say of a track that tells its place too.
func (t *Tracker) solo(tr *track, m *Measurement, a *aim) {
	if !tr.Claim.live(a.at) {
		return
	}
	if c := tr.contact(m.Sensor); c == nil || c.Shared {
		return
	}
	if tr.Alone == nil {
		t.lend(tr)
		t.foundAlone(tr, m, a)
		return
	}
	p, ok := t.lookAlone(tr, m, a)
	if !ok {
		t.foundAlone(tr, m, a)
		return
	}
	p.f.reweigh(&p.looks)
	for j := range p.f.Models {
		p.looks[j].apply(&p.f.X[j], &p.f.P[j])
	}
	if !p.f.sound() {
		t.foundAlone(tr, m, a)
		return
	}
	tr.Alone.Filter, tr.Alone.At = p.f, max(tr.Alone.At, a.at)
	// Steeply seen, an error of height is a large one of place.
	if mean := tr.Alone.Filter.mean(); a.rng >= steepest*(mean[iH]-float64(t.sensors[m.Sensor].Height)) {
		t.contrast(tr, m.Sensor)
	}
}

// lookAlone weighs a plot against what radars alone say; false when it is
// outside the gate.
func (t *Tracker) lookAlone(tr *track, m *Measurement, a *aim) (*pair, bool) {
	p := &t.lone
	p.tr, p.h = tr, false
	dt := seconds(a.at - tr.Alone.At)
	if dt < -t.cfg.MaxLate.Seconds() || dt > maxForward {
		return p, false
	}
	k := tr.motion()
	tr.Alone.Filter.predicted(&p.f, dt, &k, tr.HeightAt != 0)
	if m.Has&HasHeight != 0 && tr.Domain != Sea {
		p.takeHeight(m, a)
	}
	return p, p.look(a, &t.sensors[m.Sensor], math.Min(dt, 0), &k, false) && p.nis() <= t.cfg.GateNIS
}

// foundAlone begins what radars alone say with one plot.
func (t *Tracker) foundAlone(tr *track, m *Measurement, a *aim) {
	k := tr.motion()
	mean, cov := tr.Filter.moments()
	var x Vec
	x[iE], x[iN] = tr.frame.ground(a.pos)
	x[iH] = mean[iH]
	p := t.birthCovariance(m, a)
	p[iVE][iVE], p[iVN][iVN] = k.sigmaV*k.sigmaV, k.sigmaV*k.sigmaV
	p[iH][iH] = math.Max(p[iH][iH], cov[iH][iH])
	tr.Alone.Filter = Filter{Models: k.models, Mu: k.mu}
	for j := range k.models {
		tr.Alone.Filter.X[j], tr.Alone.Filter.P[j] = x, p
	}
	tr.Alone.At = a.at
}

// contrast holds the newest claim against what radars alone say: the model
// that is nearest counts, as in the gate, so that a turn is no one's fault.
func (t *Tracker) contrast(tr *track, sensor int) {
	c, l, s := &tr.Claim, tr.Alone, &t.sensors[sensor]
	dt, near := seconds(l.At-c.Last.At), soloNear
	if tr.Domain == Sea {
		near = soloNearSea
	}
	if math.Abs(dt) > near {
		return
	}
	e, n := tr.frame.ground(c.Last.Pos)
	mean := l.Filter.mean()
	blur, _ := s.blur(&tr.frame, &mean)
	least := math.Inf(1)
	for j := range l.Filter.Models {
		x, p := &l.Filter.X[j], &l.Filter.P[j]
		ve, vn, sv := x[iVE], x[iVN], math.Sqrt(p[iVE][iVE]+p[iVN][iVN])
		if c.Last.Moves {
			ve, vn = tr.frame.inward(e, c.Last.East, c.Last.North)
			sv = toldSigmaV
		}
		v := c.Last.Sigma*c.Last.Sigma + math.Pow(sv*dt, 2) + math.Pow(toldAccel*dt*dt/2, 2)
		cov := [2][2]float64{
			{p[iE][iE] + blur[0][0] + v, p[iE][iN] + blur[0][1]},
			{p[iN][iE] + blur[1][0], p[iN][iN] + blur[1][1] + v},
		}
		if inv, ok := inverse(&cov); ok {
			least = math.Min(least, square(&inv, [2]float64{e + ve*dt - x[iE], n + vn*dt - x[iN]}))
		}
	}
	if !c.Low {
		s.state.Astray += (sameOr(least > astrayNIS, 1, 0) - s.state.Astray) / astrayOf
	}
	// Where many claims seem off at once, the radar is.
	if s.state.Astray < astrayMost {
		c.off(s.usual(least, c.Low))
		t.grade(tr)
	}
}

// off takes in how far a claim lies off what radars say.
func (c *Claim) off(nis float64) { c.Radar += (nis - 2 - c.Radar) / plotsOf }

// widely returns tracks that radars alone may have led to a plot, by ID.
func (t *Tracker) widely(a *aim) []neighbour {
	there := newSpot(a.pos)
	t.near, t.cells = t.near[:0], t.grid.near(a.pos, searchFar+a.slop, t.cells[:0])
	for _, c := range t.cells {
		for i := range c.list {
			if e := &c.list[i]; !t.far(&there, a, e) && e.tr.Alone != nil {
				t.addNear(&there, e)
			}
		}
	}
	return t.ofCrowd()
}

// defend finds the track whose radars alone expect a plot that its claims led
// it away from.
func (t *Tracker) defend(m *Measurement, a *aim) *track {
	if t.solos == 0 || a.where != polar {
		return nil
	}
	var best *track
	least := t.cfg.GateNIS
	key, keyed := m.key()
	for _, n := range t.widely(a) {
		tr := n.tr
		own, has := tr.Identity.key()
		if tr.Phase == Lost || keyed && has && own != key || !t.fits(m, a, tr) {
			continue
		}
		if p, ok := t.lookAlone(tr, m, a); ok && p.nis() <= least {
			best, least = tr, p.nis()
		}
	}
	return best
}
