// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"math"
	"slices"

	"github.com/kuroshio-watch/kuroshio/geo"
)

type place uint8

const (
	nowhere place = iota
	polar         // slant range and azimuth
	fixed         // a position
)

// aim is a measurement made ready for association.
type aim struct {
	refused Verdict
	where   place
	at      int64
	pos     geo.Point // for polar: at the height taken
	height  float64   // that height
	sigmaH  float64
	slop    float64 // metres by which pos may be off for lack of a height
	stray   float64 // metres by which it may be off for the radar's bias
	sr, sa  float64 // standard deviations: metres; radians (polar)
	rng     float64 // m, radians, s: range, azimuth and lateness after registration (polar)
	azi     float64
	late    float64
	pair    int    // chosen, or -1
	again   *track // its identity's track, if it is outside the gate but within reach
	owned   bool   // a track of its identity is within reach
	tooLate bool   // too old for every track that it fits
}

// pair is a measurement and a track within the gate of each other.
type pair struct {
	aim   int
	tr    *track
	f     Filter // predicted to the measurement, with its height
	looks [maxModels]look
	gain  float64 // log likelihood ratio, with identity and existence
	ratio float64 // log likelihood ratio of the measurement alone
	odds  float64 // log likelihood ratio to the plot and the object apart
	old   bool    // too late to move the track
	h     bool    // the height was used
	anew  bool    // after the cone of silence: the track begins anew here
	also  int     // the next pair that shares the plot, plus 1
	off   float64 // normalised innovation squared, before an identity widened it
	meanY [2]float64
	meanC [2][2]float64
}

// limits of what a measurement may say.
const (
	minHeight   = -1000   // m
	maxHeight   = 60_000  // m
	maxSpeed    = 3000    // m/s
	minUnix     = 0       // s
	maxUnix     = 1 << 33 // s, the year 2242
	maxBackward = 60      // s

	// After so long a prediction is worth nothing: only identity can resume it.
	maxForward    = 180.0    // s
	maxForwardSea = 1800.0   // s
	insideGate    = 20       // gain of a pair before its likelihood
	youngLoss     = 3        // what a tentative track gives way to a confirmed one
	idGate        = 50       // χ² for a match of address or MMSI
	idNear        = 1500     // m; a match of identity within it is not doubted
	fixedFalse    = 1e-12    // false positions for each m², with identity
	fixedBare     = 1e-10    // false positions for each m², without
	maxNear       = 32       // tracks weighed for one measurement
	maxGroup      = 64       // measurements given to tracks together
	searchFar     = 14_000.0 // m: gate of a young track and motion since its cell was found
)

// aimOf checks a measurement and prepares it.
func (t *Tracker) aimOf(m *Measurement) aim {
	a := aim{pair: -1}
	if !m.sane(len(t.sensors)) || int(m.Receiver) > len(t.cfg.Receivers) {
		a.refused = Malformed
		return a
	}
	a.at = m.Time.UnixNano()
	s := &t.sensors[m.Sensor]
	k := motion(m.Domain)
	a.height, a.sigmaH = k.height, k.sigmaH
	if m.Has&HasHeight != 0 && m.Domain != Sea {
		a.height, a.sigmaH = float64(m.Height), sigmaOr(float64(m.SigmaHeight), 30)
	}
	switch {
	case m.Has&HasPosition != 0:
		a.where, a.pos = fixed, m.Pos
		a.sr = math.Max(5, sigmaOr(float64(m.SigmaPos), float64(s.SigmaPos)))
	case m.Has&HasPolar != 0:
		t.aimPolar(m, s, &a)
	}
	return a
}

func (t *Tracker) aimPolar(m *Measurement, s *sensor, a *aim) {
	if !s.Polar {
		a.refused = Malformed
		return
	}
	r := float64(m.Range)
	if m.Range > s.MaxRange+5*s.SigmaRange {
		a.refused = OutOfRange
		return
	}
	a.where = polar
	a.rng = math.Max(1, r-s.bias[bRange]-s.bias[bGain]*r)
	a.azi, a.late = m.Azimuth.Radians()-s.bias[bAzimuth], s.bias[bTime]
	a.stray = 3 * (math.Sqrt(s.biasP[bRange][bRange]) + r*math.Sqrt(s.biasP[bAzimuth][bAzimuth]))
	r = a.rng
	a.sr = math.Max(0.1, sigmaOr(float64(m.SigmaRange), float64(s.SigmaRange)))
	a.sa = math.Max(1e-6, geo.Degrees(sigmaOr(float64(m.SigmaAzimuth), float64(s.SigmaAzimuth))).Radians())
	if m.Has&HasHeight == 0 && m.Domain != Sea {
		// A target cannot be higher than the slant range allows.
		a.height = math.Min(a.height, float64(s.Height)+r/2)
		a.sigmaH = math.Min(a.sigmaH, r/2)
		a.slop = math.Min(r, 2e8/r)
	}
	rise := a.height - float64(s.Height)
	if math.Abs(rise) > 0.95*r {
		a.height = float64(s.Height) + math.Copysign(0.95*r, rise)
	}
	p, ok := s.plane.FromPolar(s.Height, geo.Metres(a.rng), geo.Degrees(a.azi*180/math.Pi), geo.Metres(a.height))
	if !ok {
		a.refused = Malformed
		return
	}
	a.pos = p
}

func sigmaOr(given, otherwise float64) float64 {
	if given > 0 {
		return given
	}
	return otherwise
}

// One standard deviation of a velocity that comes without its accuracy, m/s.
// Satellite receivers measure it by Doppler: in recordings of aircraft what
// they tell differs from the way between their positions by 0.4 m/s. Their
// accuracy category says nothing: nearly all tell "better than 10 m/s".
const (
	satelliteSigmaV = 1.0
	otherSigmaV     = 3.0
)

// sigmaVelocity returns one standard deviation of m's velocity, each axis.
func (t *Tracker) sigmaVelocity(m *Measurement) float64 {
	if t.sensors[m.Sensor].Reference {
		return sigmaOr(float64(m.SigmaVelocity), satelliteSigmaV)
	}
	return sigmaOr(float64(m.SigmaVelocity), otherSigmaV)
}

// sane reports whether every field that is present is finite and in range.
func (m *Measurement) sane(sensors int) bool {
	within := func(v, lo, hi float64) bool { return v >= lo && v <= hi } // false for NaN
	unix := m.Time.Unix()
	switch {
	case m.Sensor < 0 || m.Sensor >= sensors, m.Domain > Sea, unix < minUnix || unix > maxUnix:
		return false
	case m.Has&HasPolar != 0 && !(within(float64(m.Range), 1, 2e6) && within(float64(m.Azimuth), -360, 720) &&
		within(float64(m.SigmaRange), 0, 1e5) && within(float64(m.SigmaAzimuth), 0, 10)):
		return false
	case m.Has&HasPosition != 0 && !(m.Pos.Valid() && within(float64(m.SigmaPos), 0, 1e6)):
		return false
	case m.Has&HasHeight != 0 && !(within(float64(m.Height), minHeight, maxHeight) && within(float64(m.SigmaHeight), 0, 1e4)):
		return false
	case m.Has&HasVelocity != 0 && !(within(float64(m.Speed), 0, maxSpeed) && within(float64(m.Course), -360, 720) &&
		within(float64(m.SigmaVelocity), 0, maxSpeed)):
		return false
	case m.Has&HasClass != 0 && (m.Class == 0 || m.Class >= 1<<classes):
		return false
	case m.Has&HasNACp != 0 && m.NACp > 11, m.Has&HasNIC != 0 && m.NIC > 11:
		return false
	}
	return true
}

// gather finds the tracks that measurement i may belong to.
func (t *Tracker) gather(i int) {
	m, a := t.group[i], &t.aims[i]
	if a.where == nowhere {
		return
	}
	key, keyed := m.key()
	if keyed {
		c := t.ids[key]
		for _, id := range c.id[:c.n] {
			t.gatherOwn(i, t.byID[id])
		}
		if a.owned {
			return
		}
	}
	there := newSpot(a.pos)
	t.near, t.cells = t.near[:0], t.grid.near(a.pos, searchFar+a.slop, t.cells[:0])
	for _, c := range t.cells {
		for n := range c.list {
			e := &c.list[n]
			if !t.within(&there, m, a, e) {
				continue
			}
			// Of a track with an identity, another one cannot be; the same one
			// was refused by gatherOwn.
			if _, has := e.tr.Identity.key(); has && keyed || !t.fits(m, a, e.tr) {
				continue
			}
			t.addNear(&there, e)
		}
	}
	for _, n := range t.ofCrowd() {
		t.tryPair(i, n.tr, t.cfg.GateNIS, false)
	}
}

// gatherOwn weighs a measurement against a track of the same identity.
func (t *Tracker) gatherOwn(i int, tr *track) {
	m, a := t.group[i], &t.aims[i]
	if !t.fits(m, a, tr) || !t.reaches(a, tr) && !t.follows(a, tr) {
		return
	}
	a.owned = true
	gate, held := float64(idGate), t.guarded(m, tr)
	if held {
		gate = t.cfg.GateNIS
	}
	if tr.Phase != Lost && t.tryPair(i, tr, gate, true) {
		return
	}
	switch {
	case a.at < tr.Time-int64(t.cfg.MaxLate):
		a.tooLate = true
	case held:
		// A radar sees the object elsewhere: the claim must stand alone.
		a.owned = false
	case a.again == nil:
		a.again = tr
	}
}

// fits reports whether group, domain and scan let m belong to tr.
func (t *Tracker) fits(m *Measurement, a *aim, tr *track) bool {
	if tr.Group != m.Group || tr.Domain != 0 && m.Domain != 0 && tr.Domain != m.Domain || t.barred(m, tr) {
		return false
	}
	s := &t.sensors[m.Sensor]
	if !s.Polar {
		return true
	}
	c := tr.contact(m.Sensor)
	// One object gives a scanning sensor one plot a scan.
	return c == nil || absInt(a.at-c.Hit) > s.period()/2
}

func absInt(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// reaches reports whether an object can have come from where tr was.
func (t *Tracker) reaches(a *aim, tr *track) bool {
	v, spare := t.cfg.MaxAirSpeed, 100.0
	if tr.Domain == Sea {
		v, spare = t.cfg.MaxSeaSpeed, 10
	}
	limit := float64(v)
	x := tr.Filter.mean()
	if tr.Velocity {
		limit = math.Min(limit, 1.5*math.Hypot(x[iVE], x[iVN])+spare)
	}
	dt := math.Max(1, math.Abs(seconds(a.at-tr.Time)))
	return between(tr.pos, a.pos) <= limit*dt+6*a.sr+a.slop+a.stray+500
}

// follows reports whether a vessel can have come here from where it last told to
// be. The speed that it tells is a claim like any other: alone it splits no track
// of one MMSI. Aircraft reach farther than that anyway.
func (t *Tracker) follows(a *aim, tr *track) bool {
	last, l := &tr.Claim.Last, t.limitsOf(Sea)
	dt := absInt(a.at - last.At)
	return dt <= leftWithin && between(last.Pos, a.pos) <= l.speed*(seconds(dt)+l.delay)+6*a.sr
}

// guarded reports whether another sensor that measures for itself holds tr
// where it is.
func (t *Tracker) guarded(m *Measurement, tr *track) bool {
	return t.held(tr, m.Time.UnixNano(), m.Sensor)
}

// between returns the distance of two positions in metres, good to a per cent
// over a few hundred kilometres.
func between(a, b geo.Point) float64 {
	const perDegree = 111_195
	dlon := math.Remainder(b.LonDeg-a.LonDeg, 360)
	cos := math.Cos(geo.Degrees((a.LatDeg + b.LatDeg) / 2).Radians())
	return perDegree * math.Hypot(b.LatDeg-a.LatDeg, dlon*cos)
}

// tryPair adds a pair if the measurement is inside the gate.
func (t *Tracker) tryPair(i int, tr *track, gate float64, own bool) bool {
	m, a := t.group[i], &t.aims[i]
	dt, speed, limit := t.since(a, tr)
	if tr.Phase == Lost || dt < -maxBackward || dt > limit {
		return false
	}
	if !own && between(tr.pos, a.pos) > speed*math.Abs(dt)+searchFar+a.slop {
		return false
	}
	t.pairs = slices.Grow(t.pairs, 1)
	t.pairs = t.pairs[:len(t.pairs)+1]
	p := &t.pairs[len(t.pairs)-1] // filter, looks and likelihoods are written by weigh
	p.aim, p.tr, p.old = i, tr, a.at < tr.Time-int64(t.cfg.MaxLate)
	p.h, p.anew, p.also = false, false, 0
	if !t.weigh(p, m, a, dt, gate, own) {
		t.pairs = t.pairs[:len(t.pairs)-1]
		return false
	}
	return true
}

// since returns the time from a track's to a measurement's, how fast the track
// may be, and after which time a prediction is worth nothing.
func (t *Tracker) since(a *aim, tr *track) (dt, speed, limit float64) {
	speed, limit = float64(t.cfg.MaxAirSpeed), maxForward
	if tr.Domain == Sea {
		speed, limit = float64(t.cfg.MaxSeaSpeed), maxForwardSea
	}
	return seconds(a.at - tr.Time), speed, limit
}

// foresee predicts the pair's filter and computes its looks, and returns what
// identity and height say. It hangs on the track's TrackState and on nothing that
// changes between two calls of Advance or Sweep, and changes the pair alone.
func (t *Tracker) foresee(p *pair, m *Measurement, a *aim, dt float64) (evidence float64, ok bool) {
	k := p.tr.motion()
	p.tr.Filter.predicted(&p.f, dt, &k, p.tr.HeightAt != 0)
	evidence = p.tr.Identity.agree(m)
	if m.Has&HasHeight != 0 && p.tr.Domain != Sea {
		evidence += p.takeHeight(m, a)
	}
	tells := false
	if a.where == polar {
		tells = t.tells(p.tr, a.at)
	} else {
		p.doubt(t.doubt(p.tr, a.at, &p.f.X[0]))
	}
	return evidence, p.look(a, &t.sensors[m.Sensor], math.Min(dt, 0), &k, tells)
}

// weigh predicts the pair's filter and computes its gain; false when the
// measurement is outside the gate.
func (t *Tracker) weigh(p *pair, m *Measurement, a *aim, dt, gate float64, own bool) bool {
	evidence, ok := t.foreseen(p, m, a, dt)
	if !ok {
		return false
	}
	s, nis := &t.sensors[m.Sensor], p.nis()
	p.off = nis
	if own && nis > 9 {
		if nis > gate && (between(p.place(), a.pos) > idNear+a.slop+a.stray || p.tr.denied()) {
			return false
		}
		if nis > gate {
			p.widen()
		}
	} else if nis > gate {
		return false
	}
	density := fixedBare
	switch {
	case a.where == polar:
		density = s.density(float64(m.Range))
	case own:
		density = fixedFalse
	}
	pd := s.pd(p.tr)
	p.ratio = logSum(&p.f, &p.looks) + math.Log(pd/density)
	miss := math.Log(1 - pd)
	p.odds = p.ratio + evidence - miss
	// After the cone of silence the gate is wide: what lies in it must be more
	// likely this object than a false plot, and a gain by small steps does not
	// hold for so far.
	c := p.tr.contact(m.Sensor)
	silent := c != nil && c.Silent > p.tr.Hit
	p.anew = silent && m.Has&HasHeight != 0
	if (evidence < 0 || silent) && p.ratio+evidence < 0 {
		return false
	}
	// Inside the gate any track is a better explanation than none: a young one
	// could not be born otherwise.
	p.gain = math.Max(1, insideGate+p.ratio+evidence+s.logMiss-miss)
	if p.tr.Phase == Tentative {
		p.gain = math.Max(0.5, p.gain-youngLoss)
	}
	if own {
		p.gain += insideGate
	}
	return !math.IsNaN(p.gain)
}

// doubt widens the predicted position.
func (p *pair) doubt(v [2][2]float64) {
	if v[0][0] == 0 {
		return
	}
	for j := range p.f.Models {
		for r := range 2 {
			for c := range 2 {
				p.f.P[j][r][c] += v[r][c]
			}
		}
	}
}

// place returns where the pair's filter expects the object.
func (p *pair) place() geo.Point {
	x := p.f.mean()
	return p.tr.frame.point(x[iE], x[iN])
}

// takeHeight updates the predicted filter with the measurement's height and
// returns what the height says about the pairing.
func (p *pair) takeHeight(m *Measurement, a *aim) float64 {
	known := p.tr.HeightAt != 0
	// Pressure height and geometric height differ by up to a few hundred
	// metres and must not be mixed; pressure height is what all others tell.
	if known && m.Geometric != p.tr.Geometric {
		if m.Geometric && absInt(a.at-p.tr.HeightAt) < 60e9 {
			return 0
		}
		p.f.setHeight(a.height, a.sigmaH)
		p.h = true
		return 0
	}
	h, variance := p.f.heightMoments()
	if known && math.Abs(h-a.height) > 600+5*math.Sqrt(variance+a.sigmaH*a.sigmaH) {
		return -4
	}
	p.f.height(a.height, a.sigmaH)
	p.h = true
	return 0
}

// look computes innovations and Jacobians for each model; back ≤ 0 is how many
// seconds the measurement lies before the filter's time. With tells, the track
// is held by self-reports, and the radar's bias is noise to it.
func (p *pair) look(a *aim, s *sensor, back float64, k *kinematics, tells bool) bool {
	fr := &p.tr.frame
	var v view
	var ze, zn float64
	if a.where == polar {
		v = newView(fr, &s.plane)
	} else {
		ze, zn = fr.ground(a.pos)
	}
	for j := range p.f.Models {
		l, x := &p.looks[j], &p.f.X[j]
		e, n := x[iE]+back*x[iVE], x[iN]+back*x[iVN]
		q3 := k.q[j] * -back * back * back / 3
		if a.where == fixed {
			l.y = [2]float64{ze - e, zn - n}
			l.h = [2]Vec{{iE: 1, iVE: back}, {iN: 1, iVN: back}}
			l.r = [2][2]float64{{a.sr*a.sr + q3, 0}, {0, a.sr*a.sr + q3}}
		} else {
			lag := back - a.late
			rng, azi, d, ok := v.polar(fr, x[iE]+lag*x[iVE], x[iN]+lag*x[iVN], x[iH])
			if !ok {
				return false
			}
			l.y = [2]float64{a.rng - rng, wrap(a.azi - azi)}
			for c := range 2 {
				l.h[c] = Vec{d[c][0], d[c][1], lag * d[c][0], lag * d[c][1], d[c][2]}
			}
			l.r = [2][2]float64{}
			if tells && s.slot >= 0 {
				g := biasGain(&d, rng, x[iVE], x[iVN])
				l.r = s.biasNoise(&g)
			}
			l.r[0][0] += a.sr*a.sr + q3*(d[0][0]*d[0][0]+d[0][1]*d[0][1])
			l.r[1][1] += a.sa*a.sa + q3*(d[1][0]*d[1][0]+d[1][1]*d[1][1])
		}
		if !l.weigh(&p.f.P[j]) {
			return false
		}
	}
	return true
}

// nis returns the smallest normalised innovation of the models that are in
// play: the gate is that of the widest.
func (p *pair) nis() float64 {
	least := math.Inf(1)
	for j := range p.f.Models {
		if p.f.Mu[j] > 0.01 {
			least = math.Min(least, p.looks[j].nis)
		}
	}
	return least
}

// widen raises the noise so that a measurement that belongs here by identity
// moves the track without being trusted.
func (p *pair) widen() {
	for j := range p.f.Models {
		l := &p.looks[j]
		l.r[0][0] += l.y[0] * l.y[0] / 4
		l.r[1][1] += l.y[1] * l.y[1] / 4
		l.weigh(&p.f.P[j])
	}
}

// agree returns the log likelihood ratio of the soft identity keys.
func (k *Keys) agree(m *Measurement) float64 {
	both := k.Has & m.Has
	sum := 0.0
	if both&HasModeA != 0 {
		// A code is shared by many and changes on request.
		sum += sameOr(k.ModeA == m.ModeA, 3, -5)
	}
	if both&HasCallsign != 0 {
		sum += sameOr(k.Callsign == m.Callsign, 3, -3)
	}
	return sum
}

func sameOr(same bool, yes, no float64) float64 {
	if same {
		return yes
	}
	return no
}
