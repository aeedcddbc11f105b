// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// Told is the last self-report of a track that registration may learn from.
type Told struct {
	At          int64 // ns; 0 for none
	Pos         geo.Point
	East, North float64 // m/s
	Sigma       float64 // m, each axis
}

// Plot is what a radar measured, without correction.
type Plot struct {
	At                 int64 // ns; 0 for none
	Range, Azimuth     float64
	SigmaRange, SigmaA float64 // m, radians
}

const (
	toldSigma   = 40.0 // m: a self-report is no better a reference than this otherwise
	toldNear    = int64(2 * time.Second)
	plotsNear   = int64(6 * time.Second) // two radars' plots are compared
	toldSigmaV  = 2.0                    // m/s, of a self-report's velocity
	toldAccel   = 3.0                    // m/s², by which it may have changed since
	trackSigmaV = 10.0                   // m/s, of a steady track's velocity
	heightError = 100.0                  // m, between a pressure height and the height
	steepest    = 3                      // ranges are compared from so many heights on
	maxOff      = 3.0                    // degrees: what is farther off is another place
	maxSights   = 4096                   // that wait to be learnt from
	leastRange  = 5000                   // m
)

// tell keeps a self-report as a reference for radars. Mode S tells place and
// velocity in messages of their own: the velocity may have come lately.
func (t *Tracker) tell(tr *track, m *Measurement, a *aim) {
	if trust, _ := tr.Claim.trust(); trust < fairTrust || !t.sensors[m.Sensor].Reference || a.where != fixed || a.sr > toldSigma || a.at < tr.Told.At {
		return
	}
	ve, vn := tr.Claim.East, tr.Claim.North
	switch {
	case m.Has&HasVelocity != 0:
		ve, vn = m.components()
	case tr.Claim.MovesAt == 0 || absInt(a.at-tr.Claim.MovesAt) > toldNear:
		return
	}
	tr.Told = Told{a.at, a.pos, ve, vn, a.sr}
}

// witness compares a radar's plot with what else is known of its object: the
// track it was given to, or else the one of its address.
func (t *Tracker) witness(i int, tr *track) {
	m, a := t.group[i], &t.aims[i]
	s := &t.sensors[m.Sensor]
	if a.where != polar || s.slot < 0 {
		return
	}
	key, keyed := m.key()
	if c := t.ids[key]; tr == nil && keyed && c.n == 1 {
		tr = t.byID[c.id[0]]
	}
	if tr == nil || tr.Same || tr.Group != m.Group || tr.Hits < 4 || tr.Phase == Lost || tr.HeightAt == 0 || !keyed && !t.alone(i, tr) {
		return
	}
	x := tr.Filter.mean()
	height := x[iH]
	if m.Has&HasHeight != 0 {
		height = a.height
	}
	if r := float64(m.Range); r < leastRange || r < steepest*(height-float64(s.Height)) {
		return
	}
	q := Sight{At: a.at, Track: tr.ID, Slot: s.slot, Other: -1}
	if absInt(a.at-tr.Told.At) <= toldNear {
		dt := seconds(a.at - tr.Told.At)
		v := tr.Told.Sigma*tr.Told.Sigma + math.Pow(toldSigmaV*dt, 2) + math.Pow(toldAccel*dt*dt/2, 2)
		ref := reference{pos: tr.Told.Pos, east: tr.Told.East, north: tr.Told.North, dt: dt, height: height}
		ref.cov = [2][2]float64{{v, 0}, {0, v}}
		if q.compare(s, m, a, &ref) {
			t.keep(&q)
		}
		return
	}
	t.witnessPair(m, a, tr, &q, height)
}

// witnessPair compares the plot with those of other radars of a steady track.
func (t *Tracker) witnessPair(m *Measurement, a *aim, tr *track, q *Sight, height float64) {
	f := &tr.Filter
	if f.Mu[f.Models-1] > 0.3 || m.Has&HasHeight == 0 && absInt(a.at-tr.HeightAt) > int64(time.Minute) {
		return
	}
	x := f.mean()
	for i := range tr.Contacts {
		c := &tr.Contacts[i]
		if c.Sensor == 0 || int(c.Sensor-1) == m.Sensor || c.Plot.At == 0 || absInt(a.at-c.Plot.At) > plotsNear {
			continue
		}
		o := &t.sensors[c.Sensor-1]
		if o.slot < 0 || c.Plot.Range < steepest*(height-float64(o.Height)) {
			continue
		}
		ref := reference{east: x[iVE], north: x[iVN], dt: seconds(a.at - c.Plot.At), height: height}
		if !ref.fromPlot(o, &c.Plot) {
			continue
		}
		q.Other = o.slot
		if q.compare(&t.sensors[m.Sensor], m, a, &ref) {
			t.keep(q)
			return
		}
	}
}

// keep puts a sight with those that wait.
func (t *Tracker) keep(q *Sight) {
	if len(t.sights) >= maxSights {
		t.stats.SightsShed++
		return
	}
	t.sights = append(t.sights, *q)
}

// alone reports whether measurement i and track tr are in no other pair.
func (t *Tracker) alone(i int, tr *track) bool {
	for n := range t.pairs {
		if p := &t.pairs[n]; (p.aim == i) != (p.tr == tr) {
			return false
		}
	}
	return true
}

// reference is a place that a plot is compared with.
type reference struct {
	pos         geo.Point
	height      float64
	east, north float64 // m/s
	dt          float64 // s from pos to the plot
	cov         [2][2]float64
	gain        [2][nb]float64 // east and north by the bias of the radar that saw it
}

// fromPlot sets place, covariance and gain from another radar's plot.
func (ref *reference) fromPlot(o *sensor, p *Plot) bool {
	pos, ok := o.plane.FromPolar(o.Height, geo.Metres(p.Range), geo.Degrees(p.Azimuth*180/math.Pi), geo.Metres(ref.height))
	if !ok {
		return false
	}
	ref.pos = pos
	fr := newFrame(pos)
	v := newView(&fr, &o.plane)
	_, _, d, ok := v.polar(&fr, 0, 0, ref.height)
	inv, regular := ground(&d)
	if !ok || !regular {
		return false
	}
	g := biasGain(&d, p.Range, ref.east, ref.north)
	vr, va := p.SigmaRange*p.SigmaRange+math.Pow(heightError*d[0][2], 2), p.SigmaA*p.SigmaA
	sv := trackSigmaV * ref.dt
	for r := range 2 {
		for c := range 2 {
			ref.cov[r][c] = inv[r][0]*vr*inv[c][0] + inv[r][1]*va*inv[c][1]
		}
		ref.cov[r][r] += sv*sv + math.Pow(toldAccel*ref.dt*ref.dt/2, 2)
		for k := range nb {
			ref.gain[r][k] = inv[r][0]*g[0][k] + inv[r][1]*g[1][k]
		}
	}
	return true
}

// compare fills the sight; false when the plot is of another place.
func (q *Sight) compare(s *sensor, m *Measurement, a *aim, ref *reference) bool {
	fr := newFrame(ref.pos)
	v := newView(&fr, &s.plane)
	rng, azi, d, ok := v.polar(&fr, ref.east*ref.dt, ref.north*ref.dt, ref.height)
	if !ok {
		return false
	}
	q.Y = [2]float64{float64(m.Range) - rng, wrap(m.Azimuth.Radians() - azi)}
	if off := geo.Degrees(maxOff).Radians(); math.Abs(q.Y[1]) > off || math.Abs(q.Y[0]) > off*rng {
		return false
	}
	q.G = biasGain(&d, rng, ref.east, ref.north)
	q.R = [2][2]float64{{a.sr*a.sr + math.Pow(heightError*d[0][2], 2), 0}, {0, a.sa * a.sa}}
	for r := range 2 {
		for c := range 2 {
			for i := range 2 {
				for k := range 2 {
					q.R[r][c] += d[r][i] * ref.cov[i][k] * d[c][k]
				}
			}
		}
		for k := range nb {
			q.M[r][k] = d[r][0]*ref.gain[0][k] + d[r][1]*ref.gain[1][k]
		}
	}
	return true
}

// biasGain returns how range and azimuth change with each bias. A late stamp
// shows the object where it was before.
func biasGain(d *[2][3]float64, rng, east, north float64) (g [2][nb]float64) {
	g[0][bRange], g[0][bGain] = 1, rng
	g[1][bAzimuth] = 1
	for r := range 2 {
		g[r][bTime] = -(d[r][0]*east + d[r][1]*north)
	}
	return g
}

// ground inverts the derivatives of range and azimuth by east and north.
func ground(d *[2][3]float64) (inv [2][2]float64, ok bool) {
	det := d[0][0]*d[1][1] - d[0][1]*d[1][0]
	if math.Abs(det) < 1e-12 {
		return inv, false
	}
	return [2][2]float64{{d[1][1] / det, -d[0][1] / det}, {-d[1][0] / det, d[0][0] / det}}, true
}

// biasNoise returns the covariance that a bias gives to range and azimuth.
func (s *sensor) biasNoise(g *[2][nb]float64) (v [2][2]float64) {
	for a := range 2 {
		for i := range nb {
			if g[a][i] == 0 {
				continue
			}
			for b := range 2 {
				for k := range nb {
					v[a][b] += g[a][i] * s.biasP[i][k] * g[b][k]
				}
			}
		}
	}
	return v
}

// doubt returns the covariance of position that the biases of the radars which
// hold a track leave: that of the worst, because the track has no other
// support. It is zero when the track told its place lately.
func (t *Tracker) doubt(tr *track, at int64, x *Vec) (worst [2][2]float64) {
	for i := range tr.Contacts {
		c := &tr.Contacts[i]
		if c.Sensor == 0 {
			continue
		}
		s := &t.sensors[c.Sensor-1]
		fresh := absInt(at-c.Hit) <= int64(s.CoastAfter)
		switch {
		case fresh && !s.Polar:
			return [2][2]float64{}
		case fresh:
			if p, ok := s.blur(&tr.frame, x); ok && p[0][0]+p[1][1] > worst[0][0]+worst[1][1] {
				worst = p
			}
		}
	}
	return worst
}

// blur returns the covariance of position that a radar's bias leaves at a
// state; false where there is none.
func (s *sensor) blur(fr *frame, x *Vec) (p [2][2]float64, ok bool) {
	if s.slot < 0 {
		return p, false
	}
	v := newView(fr, &s.plane)
	rng, _, d, ok := v.polar(fr, x[iE], x[iN], x[iH])
	inv, regular := ground(&d)
	if !ok || !regular {
		return p, false
	}
	g := biasGain(&d, rng, x[iVE], x[iVN])
	n := s.biasNoise(&g)
	for r := range 2 {
		for c := range 2 {
			for i := range 2 {
				for k := range 2 {
					p[r][c] += inv[r][i] * n[i][k] * inv[c][k]
				}
			}
		}
	}
	return p, true
}

// tells reports whether a track told its place lately.
func (t *Tracker) tells(tr *track, at int64) bool {
	for i := range tr.Contacts {
		c := &tr.Contacts[i]
		if c.Sensor != 0 && !t.sensors[c.Sensor-1].Polar && absInt(at-c.Hit) <= int64(t.sensors[c.Sensor-1].CoastAfter) {
			return true
		}
	}
	return false
}

// enrol learns from the sights that lie so far behind now that no plot before
// them can still come, in the order of their times.
func (t *Tracker) enrol(now int64) {
	if t.reg.x == nil {
		return
	}
	behind := now - int64(t.cfg.MaxLate)
	slices.SortFunc(t.sights, func(a, b Sight) int {
		return cmp.Or(cmp.Compare(a.At, b.At), a.Slot-b.Slot, cmp.Compare(a.Track, b.Track), a.Other-b.Other)
	})
	n := 0
	for n < len(t.sights) && t.sights[n].At <= behind {
		t.enrolOne(&t.sights[n])
		n++
	}
	t.sights = slices.Delete(t.sights, 0, n)
	if n > 0 {
		t.reg.pass(behind)
		t.correctSensors()
	}
	for i := range t.sensors {
		s := &t.sensors[i]
		h := s.state.Bias.History
		if s.slot >= 0 && s.state.Bias.Sights > 0 && (len(h) == 0 || now-h[len(h)-1].At.UnixNano() >= pastEvery) {
			s.state.Bias.remember(s.past(now, false))
		}
	}
}

func (t *Tracker) enrolOne(q *Sight) {
	t.reg.pass(q.At)
	before, used := t.reg.take(q)
	s := &t.sensors[t.slots[q.Slot]]
	b := &s.state.Bias
	if used {
		b.Sights++
	}
	if q.Other >= 0 || !b.note(q.Track, before) {
		return
	}
	b.Jumps, b.Jumped, b.Filled = b.Jumps+1, q.At, 0
	t.reg.forget(q.Slot)
	t.correctSensors()
	b.remember(s.past(q.At, true))
	if !t.log.redo.on && s.jumps < b.Jumps {
		s.jumps = b.Jumps
		t.events = append(t.events, Event{Kind: BiasJumped, Sensor: t.slots[q.Slot]})
	}
}

// correctSensors gives the sensors what the register knows.
func (t *Tracker) correctSensors() {
	for slot, i := range t.slots {
		t.sensors[i].bias, t.sensors[i].biasP = t.reg.of(slot)
	}
}

func (s *sensor) past(at int64, jump bool) Past {
	return Past{At: stamp(at), Bias: biasOf(s.bias), Sigma: biasOf(s.sigmas()), Jump: jump}
}

func (s *sensor) sigmas() (v [nb]float64) {
	for k := range nb {
		v[k] = math.Sqrt(s.biasP[k][k])
	}
	return v
}

// Registration returns what is known of a radar's bias; false for a sensor
// that is none, or without a Config.Bias.
func (t *Tracker) Registration(index int) (Registration, bool) {
	if index < 0 || index >= len(t.sensors) || !t.sensors[index].Polar || t.cfg.Bias == (Bias{}) {
		return Registration{}, false
	}
	s := &t.sensors[index]
	if s.slot < 0 {
		return Registration{LeftOut: true}, true
	}
	r := Registration{
		Bias: biasOf(s.bias), Sigma: biasOf(s.sigmas()), Sights: s.state.Bias.Sights, Jumps: s.state.Bias.Jumps,
		History: slices.Clone(s.state.Bias.History),
	}
	if s.state.Bias.Jumped != 0 {
		r.Jumped = stamp(s.state.Bias.Jumped)
	}
	return r, true
}
