// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"math"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// Class is what kind of object a track is. It is an estimate from what the
// object tells and does, and no word on whose it is. The zero Class is unknown.
type Class uint8

// The classes.
const (
	Aircraft   Class = iota + 1 // with fixed wings and people on board, gliders too
	Helicopter                  // with people on board
	SmallDrone                  // uncrewed, below some 25 kg
	LargeDrone                  // uncrewed, heavier, with fixed wings
	Balloon                     // airships too
	Vessel

	classes = iota + 1 // with the one for none of these
)

// String returns the class in words, "" for unknown.
func (c Class) String() string {
	if c < classes {
		return [classes]string{"", "aircraft", "helicopter", "small-drone", "large-drone", "balloon", "vessel"}[c]
	}
	return "invalid"
}

// Classes is a set of classes: those that what an object tells leaves. A set may
// hold the zero Class: none of these.
type Classes uint8

// ClassesOf returns a set.
func ClassesOf(list ...Class) Classes {
	var s Classes
	for _, c := range list {
		s |= 1 << c
	}
	return s
}

// ClassState is what is held of a track's class. Times are Unix times in ns.
type ClassState struct {
	P      [classes]float64 // probability of each class; first that of none of them
	Held   Class            // given out
	Moves  Class            // whose models move the track
	Told   Classes          // 0 for nothing
	ToldAt int64
	Seen   [acts]uint8 // in how many looks it did what
	Marks  [2]Mark     // of the look at hand
	Marked uint8       // how many of Marks there are
	Tries  uint8       // how often the next mark was not good enough
	Low    float64     // m, about the lowest that it lately was
	HasLow bool
	Fresh  bool   // something is not yet in P
	Domain Domain // with which P was found
	Mute   bool   // P was found without Told
}

// Mark is where an object was in a look.
type Mark struct {
	At        int64
	Pos       geo.Point
	Sigma     float64 // m, each axis
	Height    float64 // m
	HasHeight bool
	Aloft     bool // well above the lowest of the last minutes
}

const (
	shownFrom = 0.7  // probability from which a class is given out
	toldRight = 0.95 // share of what is told that is right
	doubtful  = 0.02 // share of objects that do not keep to the tables
)

// priors is the share of each class, by domain, before anything is seen. It is
// a choice: wide enough that what an object does over a minute or two decides.
var priors = [Sea + 1][classes]float64{
	0:   {0.13, 0.35, 0.07, 0.08, 0.06, 0.06, 0.25},
	Air: {0.14, 0.44, 0.11, 0.13, 0.1, 0.08, 0},
	Sea: {0.2, 0, 0, 0, 0, 0, 0.8},
}

// hear takes in what a measurement tells of the class.
func (c *ClassState) hear(m *Measurement) {
	if at := m.Time.UnixNano(); m.Has&HasClass != 0 && at >= c.ToldAt {
		c.Fresh = c.Fresh || c.Told != m.Class
		c.Told, c.ToldAt = m.Class, at
	}
}

// unhear forgets what was told: a claim that told it left the track.
func (c *ClassState) unhear() { c.Told, c.ToldAt, c.Fresh = 0, 0, true }

// inherit takes over what was told to a track that proved to be the same object.
func (c *ClassState) inherit(o *ClassState) {
	if o.Told != 0 && o.ToldAt > c.ToldAt {
		c.Told, c.ToldAt, c.Fresh = o.Told, o.ToldAt, true
	}
}

// classify looks at what a track does, and judges anew where something changed.
// A claim that is doubted tells no class, and what a track does that nothing
// but such a claim moves is not looked at.
func (t *Tracker) classify(tr *track) {
	c, doubted := &tr.Class, tr.Claim.Low
	alone := doubted && !t.held(tr, tr.Time, -1)
	switch {
	case tr.Phase == Tentative:
		return
	case tr.Phase != Confirmed || alone:
		c.Marked = 0
	case c.look(tr):
		c.Fresh = true
	}
	if c.Fresh || c.Domain != tr.Domain || c.Mute != doubted {
		c.judge(tr.Domain, doubted)
		c.Moves = 0
		if t.cfg.ClassFrom > 0 && c.Held != 0 && c.P[c.Held] >= t.cfg.ClassFrom {
			c.Moves = c.Held
		}
	}
	if alone {
		c.Held, c.Moves = 0, 0
	}
}

// judge finds the probabilities and the class that is given out.
func (c *ClassState) judge(d Domain, mute bool) {
	c.Fresh, c.Domain, c.Mute = false, d, mute
	clear(c.P[:])
	for i := range conduct {
		k := &conduct[i]
		c.P[k.class] += priors[d][k.class] * k.share * c.likelihood(k)
	}
	sum := 0.0
	for k := range Class(classes) {
		c.P[k] *= c.tells(k)
		sum += c.P[k]
	}
	best := 0
	for k := range classes {
		c.P[k] = (1-doubtful)*c.P[k]/sum + doubtful*priors[d][k]
		if c.P[k] > c.P[best] {
			best = k
		}
	}
	c.Held = 0
	if c.P[best] >= shownFrom && c.evident() {
		c.Held = Class(best)
	}
}

// evident reports whether anything was seen or told.
func (c *ClassState) evident() bool {
	return c.Seen != [acts]uint8{} || c.Told != 0 && !c.Mute
}

// likelihood is that of all that was seen, for one kind of object.
func (c *ClassState) likelihood(k *kind) float64 {
	product := 1.0
	for i, n := range c.Seen {
		if n > 0 {
			product *= math.Pow(k.shows[i], pieces(n))
		}
	}
	return product
}

// tells is the likelihood of what was told, for a class.
func (c *ClassState) tells(k Class) float64 {
	if c.Told == 0 || c.Mute {
		return 1
	}
	n := 0.0
	for other := range Class(classes) {
		if c.Told&ClassesOf(other) != 0 {
			n++
		}
	}
	if c.Told&ClassesOf(k) != 0 {
		return toldRight / n
	}
	return (1 - toldRight) / (classes - n)
}

// pieces is how much evidence the same behaviour is in n looks: the first is a
// whole piece, each further one half of the one before. However long it goes on,
// it is less than two.
func pieces(n uint8) float64 { return 2 - math.Exp2(1-float64(n)) }

// count notes that a look saw something.
func (c *ClassState) count(act int) {
	if c.Seen[act] < mostLooks {
		c.Seen[act]++
	}
}

const mostLooks = 20 // more would not change the evidence

// A look is two halves of at least half a minute: where the object is badly
// known they are longer, until its speed can be told.
const (
	halfLook  = int64(30e9)
	mostTries = 4
	lookGap   = int64(600e9) // from one mark to the next
)

// look takes the next mark when it is time. It is true when a look is complete.
func (c *ClassState) look(tr *track) bool {
	age := int64(0)
	if c.Marked > 0 {
		age = tr.Time - c.Marks[c.Marked-1].At
		if age < halfLook*int64(1+c.Tries) {
			return false
		}
	}
	x, p := tr.Filter.moments()
	m := Mark{
		At: tr.Time, Pos: tr.pos, Sigma: math.Sqrt((p[iE][iE] + p[iN][iN]) / 2),
		Height: x[iH], HasHeight: tr.HeightAt != 0 && tr.Time-tr.HeightAt < halfLook,
	}
	if c.Marked == 0 || age > lookGap {
		c.loft(&m)
		c.Marks[0], c.Marked, c.Tries = m, 1, 0
		return false
	}
	last := &c.Marks[c.Marked-1]
	v := newStride(last, &m)
	if v.sigma > 1.5+v.speed()/20 && c.Tries+1 < mostTries {
		c.Tries++
		return false
	}
	c.loft(&m)
	c.Tries = 0
	if c.Marked == 1 {
		c.Marks[1], c.Marked = m, 2
		return false
	}
	c.saw(&c.Marks[0], &c.Marks[1], &m)
	c.Marks[0], c.Marked = m, 1
	return true
}

// stride is the mean motion between two marks.
type stride struct{ east, north, sigma float64 } // m/s

func newStride(a, b *Mark) stride {
	d, azimuth := geo.Inverse(a.Pos, b.Pos)
	dt := seconds(b.At - a.At)
	sin, cos := math.Sincos(azimuth.Radians())
	return stride{float64(d) * sin / dt, float64(d) * cos / dt, math.Hypot(a.Sigma, b.Sigma) / dt}
}

func (s stride) speed() float64 { return math.Hypot(s.east, s.north) }

// saw counts what a look shows.
func (c *ClassState) saw(a, b, m *Mark) {
	v, w := newStride(a, b), newStride(b, m)
	speed, sigma := (v.speed()+w.speed())/2, math.Max(v.sigma, w.sigma)
	if sigma < 2+speed/10 {
		c.count(actSpeed + interval(speed, speeds[:]))
	}
	hovers := false
	if m.HasHeight {
		c.count(actHeight + interval(m.Height, heights[:]))
		hovers = b.Aloft && m.Aloft && math.Max(v.speed(), w.speed()) < speeds[0] && sigma < 2
	}
	if a.HasHeight && m.HasHeight {
		c.count(actClimb + interval(math.Abs(m.Height-a.Height)/seconds(m.At-a.At), climbs[:]))
	}
	change := math.Hypot(w.east-v.east, w.north-v.north)
	switch {
	case hovers:
		c.count(actHover)
	case sigma < 1.5 || change > 5*sigma:
		c.count(actChange + interval(change, changes[:]))
	}
}

// loft notes whether an object is well above the lowest of the last minutes: what
// stands there does not stand on the ground. An hour after it began at the sea an
// aircraft may land on a plateau, so the lowest rises.
func (c *ClassState) loft(m *Mark) {
	const well, rise = 100, 20 // m; m for each mark
	if !m.HasHeight {
		return
	}
	if !c.HasLow {
		c.Low, c.HasLow = m.Height, true
	}
	c.Low = math.Min(m.Height, c.Low+rise)
	m.Aloft = m.Height > c.Low+well
}

// interval returns the number of limits that v reaches.
func interval(v float64, limits []float64) int {
	n := 0
	for n < len(limits) && v >= limits[n] {
		n++
	}
	return n
}

// given returns the class that is given out and its probability: none until it was
// found with the claim trusted as it is.
func (c *ClassState) given(doubted bool) (Class, float64) {
	if c.Held == 0 || c.Mute != doubted {
		return 0, 0
	}
	return c.Held, c.P[c.Held]
}

// sound reports whether a restored state can be gone on with.
func (c *ClassState) sound() bool {
	for _, p := range c.P {
		if !(p >= 0 && p <= 1) {
			return false
		}
	}
	for _, m := range c.Marks {
		if !m.Pos.Valid() || !(m.Sigma >= 0) || !finite(m.Height) {
			return false
		}
	}
	return c.Held < classes && c.Moves < classes && c.Told < 1<<classes && int(c.Marked) <= len(c.Marks) &&
		c.Tries < mostTries && c.Domain <= Sea && finite(c.Low)
}
