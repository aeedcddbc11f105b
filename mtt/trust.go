// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"math"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// What speaks against a claim and does not come with its reports: that radars
// do not see it, and what others tell at the same time.

// Where a radar sees: cells of range, azimuth and height.
const (
	coverRings   = 8
	coverSectors = 16
	coverBands   = 5 // vessels; aircraft below 1,500 m, below 5,000 m, above, and of unknown height
	coverCells   = coverRings * coverSectors * coverBands
)

const (
	unseenNear = 3000.0 // m: a radar's track so near may be the object, seen with a bias
	sameNear   = 500.0  // m: one so near speaks for it
	leastPD    = 0.5    // where a radar sees less, nothing is expected of it
	mostPD     = 0.9
	mostCredit = 5.0
	seenWithin = 5 // turns
)

// cover returns the cell of a track.
func (s *sensor) cover(tr *track) int {
	height, band := tr.Filter.X[0][iH], 0
	switch {
	case tr.Domain == Sea:
	case tr.HeightAt == 0:
		band = 4
	case height < 1500:
		band = 1
	case height < 5000:
		band = 2
	default:
		band = 3
	}
	east, north := offset(s.Pos, tr.pos)
	azi := geo.Degrees(math.Atan2(east, north) * 180 / math.Pi).Norm360()
	ring := min(coverRings-1, int(math.Hypot(east, north)/float64(s.MaxRange)*coverRings))
	sector := int(float64(azi)/360*coverSectors) % coverSectors
	return (band*coverRings+ring)*coverSectors + sector
}

// turned counts a turn in which a radar saw a track that it holds, in a cell, or
// missed it. Old counts fade.
func (s *sensor) turned(tr *track, cell int, seen bool) {
	if seen {
		tr.Claim.Unseen = math.Max(-mostCredit, tr.Claim.Unseen-1)
	}
	hits, misses := &s.state.Seen[cell], &s.state.Missed[cell]
	if seen {
		*hits++
	} else {
		*misses++
	}
	if *hits+*misses >= 100 {
		*hits, *misses = *hits/2, *misses/2
	}
}

// detects returns how likely the radar sees what is in a cell, by what it has
// seen there: nothing seen is nothing expected.
func (s *SensorState) detects(cell int) float64 {
	seen := float64(s.Seen[cell])
	return seen / (seen + float64(s.Missed[cell]) + 2)
}

// weighClaims looks at all claims.
func (t *Tracker) weighClaims(now int64) {
	t.lows = 0
	for _, tr := range t.tracks {
		if tr.Claim.Last.At == 0 {
			continue
		}
		if tr.Claim.Low {
			t.lows++
		}
		if tr.Phase == 0 || tr.Phase == Lost || !tr.Claim.live(now) {
			t.forgo(tr)
			if now-tr.Claim.Last.At > leftWithin && t.held(tr, now, -1) {
				if tr.Claim.Low {
					tr.Class.unhear()
				}
				tr.Claim = Claim{} // the radar's track is free again
			}
			continue
		}
		t.expect(tr, now)
		t.err(tr, now)
	}
	t.areas(now)
	t.errors(now)
	for _, tr := range t.tracks {
		if tr.Claim.live(now) && tr.Phase != Lost {
			t.grade(tr)
		}
	}
}

// expect counts the turns of radars that should have seen the object.
func (t *Tracker) expect(tr *track, now int64) {
	height := tr.Filter.X[0][iH]
	for i := range t.sensors {
		s := &t.sensors[i]
		if !s.Polar {
			continue
		}
		d := between(s.Pos, tr.pos)
		if d > 0.95*float64(s.MaxRange) || d < math.Max(leastRange, height) || !s.sees(tr) {
			continue
		}
		w := tr.Claim.watch(i, now)
		if w == nil || now < w.Chance+s.period()/2 {
			continue
		}
		chance, ok := s.chance(tr, &Contact{Chance: w.Chance}, now)
		if !ok {
			continue
		}
		w.Chance = chance
		if c := tr.contact(i); c != nil && now-c.Hit <= seenWithin*s.period() || t.held(tr, now, -1) {
			continue
		}
		t.missed(tr, s, now)
	}
}

// missed takes in that a radar did not see a claim, if it would have.
func (t *Tracker) missed(tr *track, s *sensor, now int64) {
	if tr.Domain != Sea && tr.HeightAt == 0 {
		return // an unknown height may be below the radar's horizon
	}
	pd := math.Min(mostPD, s.state.detects(s.cover(tr)))
	if pd < leastPD {
		return
	}
	u := &tr.Claim
	switch _, near := t.seenNear(tr, now); {
	case near < sameNear:
		u.Unseen = math.Max(0, u.Unseen-1)
	case near > unseenNear:
		u.Unseen = math.Min(mostDoubt, u.Unseen-math.Log(1-pd))
	}
}

// watch returns when a radar should last have seen the claim, beginning now; nil
// when as many radars are watched as there is room for.
func (c *Claim) watch(radar int, now int64) *Watch {
	for i := range c.Watches {
		w := &c.Watches[i]
		if w.Sensor == 0 {
			*w = Watch{int32(radar + 1), now}
		}
		if int(w.Sensor) == radar+1 {
			return w
		}
	}
	return nil
}

// seenNear returns the nearest other track that a radar holds and its distance,
// which is infinite where there is none.
func (t *Tracker) seenNear(tr *track, now int64) (best *track, least float64) {
	least = math.Inf(1)
	for _, c := range t.nearest(tr.pos, unseenNear+1000) {
		o := c.tr
		if o != tr && o.Group == tr.Group && o.Phase != Lost && t.held(o, now, -1) {
			x := o.Filter.mean()
			dt := seconds(tr.Time - o.Time)
			if d := between(tr.pos, o.frame.point(x[iE]+dt*x[iVE], x[iN]+dt*x[iVN])); d < least {
				best, least = o, d
			}
		}
	}
	return best, least
}

// err measures by which vector a claim that stands alone lies off the track
// that a radar has of it, if that is more than the radar may be wrong. A claim
// that left the track of a radar is held against it, until it is at one that no
// other claims.
func (t *Tracker) err(tr *track, now int64) {
	if t.held(tr, now, -1) {
		return
	}
	if tr.Claim.Left != 0 {
		if near, d := t.seenNear(tr, now); d < sameNear && !near.Claim.live(now) {
			tr.Claim.Left = near.ID
		}
	}
	o := t.byID[tr.Claim.Left]
	if key, ok := tr.Identity.key(); ok {
		if other := t.heldElsewhere(tr, key, now); other != nil {
			o = other
		}
	}
	if o == nil || o == tr || o.Phase == Lost || !t.held(o, now, -1) {
		return
	}
	x, p := o.Filter.moments()
	y, q := tr.Filter.moments()
	blur := t.doubt(o, now, &x)
	dt, du := seconds(now-o.Time), seconds(now-tr.Time)
	east, north := offset(o.frame.point(x[iE]+dt*x[iVE], x[iN]+dt*x[iVN]), tr.frame.point(y[iE]+du*y[iVE], y[iN]+du*y[iVN]))
	noise := math.Sqrt(p[iE][iE] + p[iN][iN] + q[iE][iE] + q[iN][iN] + dt*dt*(p[iVE][iVE]+p[iVN][iVN]) + blur[0][0] + blur[1][1])
	off := math.Hypot(east, north)
	if off > 4*noise+100 {
		tr.Claim.Err, tr.Claim.ErrAt = [2]float64{east, north}, now
	}
	if o.ID == tr.Claim.Left && off < leftNear && !o.Claim.live(now) {
		tr.Claim.off(math.Min(mostNIS, off*off/(noise*noise)))
	}
}

// leftNear is how far from the track of a radar a claim is held against it, in
// m: beyond, the two may never have been one object.
const leftNear = 5000.0

const (
	fellWithin = int64(600e9) // since its accuracy was good
	leastFell  = 3            // claims whose accuracy fell in one area
	errFor     = int64(12e9)  // an error vector holds
	leastSame  = 3            // claims that err by one vector
	maxErrors  = 64           // that are compared
	errArea    = 300_000.0    // m
)

// told counts the claims of a square degree that tell their accuracy, and of
// them those whose accuracy fell.
type told struct{ all, fell uint16 }

// areas finds areas in which the accuracy of claims fell: of three at least, and
// of half of all that tell it, in a square degree and those around it.
func (t *Tracker) areas(now int64) {
	fell := 0
	for _, tr := range t.tracks {
		c := &tr.Claim
		c.Degraded = false
		if c.fell(now) {
			fell++
		}
	}
	if fell < leastFell {
		return
	}
	if t.told == nil {
		t.told = make([]told, 180*360)
	}
	clear(t.told)
	for _, tr := range t.tracks {
		c := &tr.Claim
		if !c.live(now) || c.Good == 0 && !c.Poor {
			continue
		}
		n := &t.told[degree(c.Last.Pos, 0, 0)]
		n.all = min(n.all, math.MaxUint16-1) + 1
		if c.fell(now) {
			n.fell = min(n.fell, math.MaxUint16-1) + 1
		}
	}
	for _, tr := range t.tracks {
		c := &tr.Claim
		if !c.Poor || !c.live(now) {
			continue
		}
		all, fell := 0, 0
		for dlat := -1; dlat <= 1; dlat++ {
			for dlon := -1; dlon <= 1; dlon++ {
				n := t.told[degree(c.Last.Pos, dlat, dlon)]
				all, fell = all+int(n.all), fell+int(n.fell)
			}
		}
		c.Degraded = fell >= leastFell && 2*fell >= all
	}
}

func (c *Claim) fell(now int64) bool {
	return c.Poor && c.Good != 0 && now-c.Good <= fellWithin && c.live(now)
}

// degree returns the index of the square degree of a place, or of one beside
// it.
func degree(p geo.Point, dlat, dlon int) int {
	lat := max(0, min(179, int(math.Floor(p.LatDeg))+90+dlat))
	lon := (int(math.Floor(p.LonDeg)) + 180 + dlon + 720) % 360
	return lat*360 + lon
}

// errors finds claims that err by one vector.
func (t *Tracker) errors(now int64) {
	t.erring = t.erring[:0]
	for _, tr := range t.tracks {
		c := &tr.Claim
		c.OneError = false
		if c.ErrAt != 0 && now-c.ErrAt <= errFor && c.live(now) && len(t.erring) < maxErrors {
			t.erring = append(t.erring, tr)
		}
	}
	if len(t.erring) < leastSame {
		return
	}
	for _, tr := range t.erring {
		c, same := &tr.Claim, 0
		for _, o := range t.erring {
			e := &o.Claim.Err
			off := math.Hypot(e[0]-c.Err[0], e[1]-c.Err[1])
			if off <= 0.2*math.Hypot(c.Err[0], c.Err[1])+200 && between(tr.pos, o.pos) <= errArea {
				same++
			}
		}
		c.OneError = same >= leastSame
	}
}
