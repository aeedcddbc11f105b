// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"math"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// Reasons is a set of what speaks against what an object tells of itself.
type Reasons uint8

// The reasons: a closed list.
const (
	Innovation Reasons = 1 << iota // its reports scatter, or leave what radars alone say, beyond χ²
	Unseen                         // radars that see others at its place do not see it
	Kinematics                     // its places and velocities do not go together
	Horizon                        // who received it cannot have heard it from there
	Degraded                       // its accuracy fell together with that of others around it
	OneError                       // others err by the same vector

	reasons            = iota
	AllReasons Reasons = 1<<reasons - 1
)

// Names appends the reasons in words to dst: "innovation", "unseen",
// "kinematics", "horizon", "degraded", "one-error".
func (r Reasons) Names(dst []string) []string {
	for i, name := range [reasons]string{"innovation", "unseen", "kinematics", "horizon", "degraded", "one-error"} {
		if r&(1<<i) != 0 {
			dst = append(dst, name)
		}
	}
	return dst
}

// Receiver is what hears self-reports.
type Receiver struct {
	Pos    geo.Point
	Height geo.Metres // of the antenna above the ellipsoid
}

// Claim is what is held of the self-reports of a track. Times are Unix times in
// ns, 0 for never. Each doubt is a log likelihood ratio of a false claim to a
// true one.
type Claim struct {
	Last, Base Report // the newest, and an earlier one that motion is held against
	Until      int64  // from then on it is silent
	East       float64
	North      float64 // m/s: the velocity that came by itself
	MovesAt    int64
	Own        float64
	Radar      float64 // mean of the normalised innovation squared, less 2: of its reports, and against what radars alone say
	Unseen     float64 // doubt; below 0 is credit
	Steps      float64 // doubt by kinematics, at Last
	Strike     bool    // the last step was impossible from Base
	Beyond     float64 // doubt by the horizon
	Good       int64   // when its accuracy was good
	Poor       bool    // its accuracy is poor
	Degraded   bool
	Err        [2]float64 // m east and north from where a radar sees it
	ErrAt      int64
	OneError   bool
	Left       ID // the track of a radar that it was part of
	Watches    [maxWatches]Watch
	Low        bool // not trusted
}

// Report is one self-report.
type Report struct {
	At          int64
	Pos         geo.Point
	East, North float64 // m/s
	Moves       bool    // a velocity was told
	Sigma       float64 // m, each axis
}

// Watch is when a radar should last have seen a claim.
type Watch struct {
	Sensor int32 // index + 1; 0 is a free place
	Chance int64
}

const (
	maxWatches = 4

	prior     = 0.01 // share of false claims, before any evidence
	lowTrust  = 0.2  // below it a claim moves no radar's track
	fairTrust = 0.5  // above it a claim is trusted again; below it registration does not learn from it
	tellingly = 2.3  // a doubt of ten to one is told as a reason
	certainly = 7.0  // doubt of what a whole area shows
	mostDoubt = 12.0
)

// doubts returns the doubt that each reason adds.
func (c *Claim) doubts() [reasons]float64 {
	d := [reasons]float64{scatter(math.Max(c.Own, c.Radar)), math.Max(0, c.Unseen), c.Steps, c.Beyond}
	if c.Degraded {
		d[4] = certainly
	}
	if c.OneError {
		d[5] = certainly
	}
	return d
}

// scatter is the doubt that a mean of ten normalised innovations makes: from
// the 99.9 % of χ² with twenty degrees of freedom on (45.3, so 4.53 each).
func scatter(excess float64) float64 {
	return math.Max(0, math.Min(mostDoubt, 3*(excess+2-4.53)))
}

// trust returns the probability that the claim is true, scaled to 1 where
// nothing speaks against it, and what does.
func (c *Claim) trust() (float64, Reasons) {
	sum, why := 0.0, Reasons(0)
	for i, d := range c.doubts() {
		sum += d
		if d >= tellingly {
			why |= 1 << i
		}
	}
	if sum == 0 {
		return 1, 0
	}
	return 1 / (1 + prior*math.Expm1(math.Min(sum, 30))), why
}

// live reports whether the object told something lately.
func (c *Claim) live(at int64) bool { return c.Last.At != 0 && at <= c.Until }

// vet learns from measurement i after it was given to a track.
func (t *Tracker) vet(i int, o Outcome) {
	m, a := t.group[i], &t.aims[i]
	if o.Verdict != Updated && o.Verdict != NewTrack || a.where == nowhere {
		return
	}
	tr, s := t.byID[o.Track], &t.sensors[m.Sensor]
	switch {
	case a.where == polar:
		t.solo(tr, m, a)
	case s.Self:
		t.report(i, tr, o.Verdict == NewTrack)
	}
}

// report takes a self-report into the claim of its track.
func (t *Tracker) report(i int, tr *track, first bool) {
	m, a, c := t.group[i], &t.aims[i], &tr.Claim
	if a.at <= c.Last.At {
		return
	}
	s := &t.sensors[m.Sensor]
	r := Report{At: a.at, Pos: a.pos, Sigma: a.sr, Moves: m.Has&HasVelocity != 0}
	switch {
	case r.Moves:
		r.East, r.North = m.components()
	case c.MovesAt != 0 && absInt(a.at-c.MovesAt) <= movesFor:
		r.Moves, r.East, r.North = true, c.East, c.North
	}
	switch {
	case first:
	case a.pair >= 0:
		c.Own += (s.usual(t.pairs[a.pair].off, c.Low) - 2 - c.Own) / meanOf
	default:
		c.Own += (mostNIS - 2 - c.Own) / meanOf // outside of any gate
	}
	c.step(&r, t.limitsOf(tr.Domain))
	if m.Receiver > 0 {
		c.hearing(t.beyond(m, a, tr.Domain))
	}
	c.quality(m)
	c.Last, c.Until = r, a.at+int64(s.CoastAfter)
	t.grade(tr)
}

// movesFor is how long a velocity that came by itself holds.
const movesFor = int64(2e9)

const (
	meanOf  = 10.0 // samples of an exponential mean of innovations
	plotsOf = 5.0  // the same of plots: they are fewer
	mostNIS = 20.0 // one sample proves no more
)

// usual returns a normalised innovation beside what this sensor shows of all
// objects: where its errors are greater than it says, that is no one's fault.
func (s *sensor) usual(nis float64, low bool) float64 {
	const memory, mostScale = 500, 4
	if !low {
		s.state.Usual += (math.Min(nis, mostNIS) - 2 - s.state.Usual) / memory
	}
	return math.Min(mostNIS, nis/math.Max(1, math.Min(mostScale, 1+s.state.Usual/2)))
}

// limits are what an object of a domain can do.
type limits struct {
	speed, accel float64 // m/s, m/s²
	from, to     float64 // s between the reports that are compared
	delay        float64 // s by which time stamps may be off
}

func (t *Tracker) limitsOf(d Domain) limits {
	if d == Sea {
		return limits{float64(t.cfg.MaxSeaSpeed), 0.5, 20, 400, 2}
	}
	return limits{float64(t.cfg.MaxAirSpeed), 30, 4, 30, 0.7}
}

const (
	stepDoubt  = 4.0  // of one impossible step
	stepMemory = 60.0 // s
)

// step holds the motion between two reports against what can be, and against
// the velocities that they tell.
func (c *Claim) step(r *Report, l limits) {
	if c.Steps > 0 {
		c.Steps *= math.Exp(-seconds(r.At-c.Last.At) / stepMemory)
	}
	dt := seconds(r.At - c.Base.At)
	if c.Base.At == 0 || dt > l.to {
		c.Base, c.Strike = *r, false
		return
	}
	if dt < l.from || c.Strike && dt < 2*l.from {
		return
	}
	b := &c.Base
	east, north := offset(b.Pos, r.Pos)
	spare := 5*math.Hypot(b.Sigma, r.Sigma) + 50
	wrong := math.Hypot(east, north) > l.speed*(dt+l.delay)+spare
	if b.Moves && r.Moves {
		// The mean of the velocities at both ends errs by at most a dt²/4.
		e, n := east-dt*(b.East+r.East)/2, north-dt*(b.North+r.North)/2
		v := math.Max(math.Hypot(b.East, b.North), math.Hypot(r.East, r.North))
		wrong = wrong || math.Hypot(e, n) > l.accel*dt*dt/4+l.delay*v+10*dt+spare
	}
	if wrong {
		c.Steps = math.Min(mostDoubt, c.Steps+stepDoubt)
	}
	// One wrong report is not held against those after it.
	if c.Strike = wrong && !c.Strike; !c.Strike {
		c.Base = *r
	}
}

// offset returns how far b lies east and north of a in metres, good to a per
// cent over some hundred kilometres.
func offset(a, b geo.Point) (east, north float64) {
	const perDegree = 111_195
	cos := math.Cos(geo.Degrees((a.LatDeg + b.LatDeg) / 2).Radians())
	return perDegree * cos * math.Remainder(b.LonDeg-a.LonDeg, 360), perDegree * (b.LatDeg - a.LatDeg)
}

// denied reports whether the places that a vessel tells deny the velocity that it
// tells. Its reports come too rarely for a track to keep up that each pulls back:
// places alone move it then.
func (tr *track) denied() bool { return tr.Domain == Sea && tr.Claim.Steps >= tellingly }

const hearDoubt = 2.5 // of one report from beyond the horizon

// hearing takes in whether a report came from beyond its receiver's horizon.
func (c *Claim) hearing(beyond, known bool) {
	switch {
	case !known:
	case beyond:
		c.Beyond = math.Min(mostDoubt, c.Beyond+hearDoubt)
	default:
		c.Beyond = math.Max(0, c.Beyond-hearDoubt)
	}
}

// beyond reports whether a place is beyond the receiver's horizon on an Earth
// of 4/3 radius, with room for what the air bends more. Ducts over the sea
// carry VHF for hundreds of kilometres (ITU-R P.452). Without a height it is
// not known.
func (t *Tracker) beyond(m *Measurement, a *aim, d Domain) (beyond, known bool) {
	r := &t.cfg.Receivers[m.Receiver-1]
	if d == Sea {
		const mast, duct = 30, 400_000
		return between(r.Pos, a.pos) > float64(geo.RadarHorizon(r.Height, mast))+duct, true
	}
	if m.Has&HasHeight == 0 {
		return false, false
	}
	h := geo.Metres(math.Max(10, a.height+3*a.sigmaH))
	return between(r.Pos, a.pos) > 1.3*float64(geo.RadarHorizon(r.Height, h))+30_000, true
}

// Categories of accuracy and integrity (DO-260B, tables 2-70 and 2-71).
const (
	goodNACp, goodNIC = 7, 6 // 0.1 NM and better; 0.5 NM and better
	poorNACp, poorNIC = 4, 3 // 1 NM and worse; 4 NM and worse
)

// quality notes the accuracy that a report tells; what it does not tell says
// nothing.
func (c *Claim) quality(m *Measurement) {
	if m.Has&(HasNACp|HasNIC) == 0 {
		return
	}
	nacp, nic := uint8(goodNACp), uint8(goodNIC)
	if m.Has&HasNACp != 0 {
		nacp = m.NACp
	}
	if m.Has&HasNIC != 0 {
		nic = m.NIC
	}
	if c.Poor = nacp <= poorNACp || nic <= poorNIC; !c.Poor && nacp >= goodNACp && nic >= goodNIC {
		c.Good = m.Time.UnixNano()
	}
}

// grade draws the line between claims that move a radar's track and claims
// that do not.
func (t *Tracker) grade(tr *track) {
	c := &tr.Claim
	switch v, _ := c.trust(); {
	case !c.Low && v < lowTrust:
		c.Low = true
		t.lows++
		t.distrust(tr)
	case c.Low && v > fairTrust:
		c.Low = false
		t.lows--
	}
}

// distrust takes what a claim did out of a radar's track and of what waits to
// be learnt.
func (t *Tracker) distrust(tr *track) {
	tr.Told = Told{}
	n := 0
	for _, q := range t.sights {
		if q.Track != tr.ID || q.Other >= 0 {
			t.sights[n] = q
			n++
		}
	}
	t.sights = t.sights[:n]
	if t.held(tr, tr.Time, -1) {
		t.giveBack(tr)
	}
}

// barred reports whether trust keeps a measurement from a track: a claim that
// is not trusted moves no track that a radar holds, and takes no plot without
// its address, nor one with it where a radar holds a track of that address.
func (t *Tracker) barred(m *Measurement, tr *track) bool {
	if t.lows == 0 {
		return false
	}
	key, keyed := m.key()
	s := &t.sensors[m.Sensor]
	switch {
	case s.Polar:
		at := m.Time.UnixNano()
		return tr.Claim.Low && !t.held(tr, at, -1) && (!keyed || t.heldElsewhere(tr, key, at) != nil)
	case !s.Self:
		return false
	case tr.Claim.Low:
		return t.held(tr, m.Time.UnixNano(), m.Sensor)
	case tr.Claim.Last.At != 0 || !keyed:
		return false
	}
	// A stream that is not trusted does not begin anew in another track.
	c := t.ids[key]
	for _, id := range c.id[:c.n] {
		if t.byID[id].Claim.Low {
			return true
		}
	}
	return false
}

// heldElsewhere returns the last other track of a key that a radar holds, or
// nil.
func (t *Tracker) heldElsewhere(tr *track, key uint64, at int64) *track {
	c := t.ids[key]
	for n := c.n - 1; n >= 0; n-- {
		if o := t.byID[c.id[n]]; o != tr && t.held(o, at, -1) {
			return o
		}
	}
	return nil
}

// mayTell reports whether a radar that holds a track has had no time to tell its
// address again: a claim that leaves the track tells it several times a turn.
func (t *Tracker) mayTell(tr *track, at int64) bool {
	for i := range tr.Contacts {
		c := &tr.Contacts[i]
		if c.Sensor == 0 {
			continue
		}
		if s := &t.sensors[c.Sensor-1]; s.Polar && at-min(c.Hit, tr.KeyAt) < 2*s.period() {
			return true
		}
	}
	return false
}

// stand begins a track with a measurement; a claim that left the track of a
// radar takes with it what is held of it.
func (t *Tracker) stand(m *Measurement, a *aim) Outcome {
	out := t.start(m, a)
	key, keyed := m.key()
	if out.Verdict != NewTrack || !keyed || !t.sensors[m.Sensor].Self || a.where != fixed {
		return out
	}
	tr, c := t.byID[out.Track], t.ids[key]
	for _, id := range c.id[:c.n] {
		o := t.byID[id]
		if o == tr || o.Claim.Last.At == 0 || a.at-o.Claim.Last.At > leftWithin || o.Phase == Tentative {
			continue
		}
		switch near := t.reaches(a, o); {
		case near && t.held(o, a.at, m.Sensor):
			t.giveBack(o)
			tr.Claim, o.Claim = o.Claim, Claim{}
			o.Class.unhear()
			tr.Claim.Unseen, tr.Claim.Watches = math.Max(0, tr.Claim.Unseen), [maxWatches]Watch{}
			tr.Claim.Left = o.ID
			return out
		case !near:
			tr.Claim.Steps = math.Min(mostDoubt, tr.Claim.Steps+stepDoubt)
			tr.Claim.Good = max(tr.Claim.Good, o.Claim.Good)
			if tr.Claim.Left == 0 && t.held(o, a.at, m.Sensor) {
				tr.Claim.Left = o.ID
			}
		}
	}
	return out
}

// leftWithin is how long a claim may be silent and still be the one that
// appears elsewhere.
const leftWithin = int64(60e9)
