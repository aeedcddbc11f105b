// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import "math"

// begin sets a track's filter to one measurement.
func (t *Tracker) begin(tr *track, m *Measurement, a *aim) {
	k := motion(m.Domain)
	if m.Domain == 0 {
		k = motion(tr.Domain)
	}
	t.forgo(tr)
	tr.Anchor, tr.frame = a.pos, newFrame(a.pos)
	tr.pos = tr.frame.point(0, 0) // as Restore computes it
	tr.Time, tr.Velocity = a.at, false
	var x Vec
	x[iH] = a.height
	p := t.birthCovariance(m, a)
	p[iVE][iVE], p[iVN][iVN] = k.sigmaV*k.sigmaV, k.sigmaV*k.sigmaV
	if m.Has&HasVelocity != 0 && !tr.denied() {
		s := t.sigmaVelocity(m)
		ve, vn := m.components()
		x[iVE], x[iVN] = tr.frame.beneath(0, a.height, ve, vn)
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
	t.grid.put(tr, t.grid.cellOf(a.pos))
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
	inv, regular := ground(&d)
	if !ok || !regular {
		r := float64(m.Range)
		p[iE][iE], p[iN][iN] = r*r, r*r
		return p
	}
	// (range, azimuth) = D (e, n) + dh h, so (e, n) = D⁻¹ ((range, azimuth) - dh h).
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
	t.emit(tr, Started, nil)
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
		t.emit(tr, Resumed, nil)
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
	if t.barred(m, tr) {
		return Outcome{Verdict: NoPosition}
	}
	if m.Has&HasVelocity != 0 && t.sensors[m.Sensor].Self {
		tr.Claim.East, tr.Claim.North = m.components()
		tr.Claim.MovesAt = m.Time.UnixNano()
	}
	at := m.Time.UnixNano()
	dt := seconds(at - tr.Time)
	if tr.Group != m.Group || tr.Domain != 0 && m.Domain != 0 && tr.Domain != m.Domain {
		return Outcome{Verdict: NoPosition}
	}
	if tr.Phase == Lost || dt < -t.cfg.MaxLate.Seconds() || dt > 30 {
		return Outcome{TooLate, tr.ID}
	}
	k := tr.motion()
	f := tr.Filter
	f.predict(dt, &k, tr.HeightAt != 0)
	p := pair{tr: tr, f: f}
	if m.Has&HasHeight != 0 && tr.Domain != Sea {
		a := aim{at: at, height: float64(m.Height), sigmaH: sigmaOr(float64(m.SigmaHeight), 30)}
		p.takeHeight(m, &a)
	}
	tr.Class.hear(m)
	velocity := false
	if m.Has&HasVelocity != 0 && dt >= 0 {
		ve, vn := m.components()
		ve, vn = tr.frame.beneath(p.f.X[0][iE], p.f.X[0][iH], ve, vn)
		velocity = p.f.velocity(ve, vn, t.sigmaVelocity(m))
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
