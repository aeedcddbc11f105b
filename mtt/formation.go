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

// Tracks that fly together are a formation. It is information and nothing more:
// what stands here reads tracks and writes its own fields of them, and nothing
// that moves, begins or ends a track reads those.

// FormationID names a formation: it is the ID of a track that founded it. The
// formation may outlive that track.
type FormationID ID

const (
	joinNear   = 2500.0 // m between two that may be of one formation
	stayNear   = 6000.0 // m between members that hold it together
	joinLooks  = 4      // looks, of those with new plots of both, before two are of one formation
	strayLooks = 4      // looks apart from the others after which a member has left
	levelNear  = 150.0  // m between two heights

	leastAir = 8.0 // m/s: what is slower flies nowhere
	leastSea = 1.5 // m/s

	maxMates   = 4
	maxMembers = 32
	peakKept   = int64(5 * 60e9) // ns: so long more members than now may be hidden in plots
)

// Mate is an older track, not of the same formation, with which a track may fly.
type Mate struct {
	ID    ID
	Looks int8
}

// Flight is what is held of a track's part in a formation. Times are Unix times
// in ns.
type Flight struct {
	Formation FormationID // 0 for none
	Astray    int8        // looks at which it was apart from the others
	Peak      uint8       // the most members of late
	PeakAt    int64
	Mates     [maxMates]Mate // without gaps
}

// formations is the working memory of a look at formations.
type formations struct {
	flying []*track            // with a formation
	sizes  map[FormationID]int // members of each
	body   []flyer             // of the formation at hand
	part   []int               // of each of body, the first that is connected with it
}

// flyer is a track at the time of a look. Velocities are against the north of
// its own place.
type flyer struct {
	tr             *track
	x              Vec
	p              Mat
	pos            geo.Point
	ve, vn         float64 // m/s
	speed, sigma   float64 // m/s, and the standard deviation of either axis
	moving         bool    // surely
	fresh, leveled bool    // seen since the last look; the height is known
}

// union says what a look found of two tracks.
type union int8

const (
	apart   union = iota
	unclear       // nothing speaks against it, and nothing new for it
	together
)

// flies reports whether a track can be of a formation.
func (tr *track) flies() bool {
	return (tr.Phase == Confirmed || tr.Phase == Coasting) && !tr.Claim.Low
}

// flyer returns a track as it is expected at a time.
func (t *Tracker) flyer(tr *track, at int64) flyer {
	x, p := tr.at(max(at, tr.Time))
	f := flyer{tr: tr, x: x, p: p, pos: tr.frame.point(x[iE], x[iN])}
	f.ve, f.vn = tr.frame.aloft(x[iE], x[iH], x[iVE], x[iVN])
	f.speed, f.sigma = math.Hypot(f.ve, f.vn), math.Sqrt((p[iVE][iVE]+p[iVN][iVN])/2)
	least := leastAir
	if tr.Domain == Sea {
		least = leastSea
	}
	f.moving = f.speed-f.sigma >= least
	f.fresh = tr.Hit > t.state.Looked-lookEvery
	f.leveled = tr.HeightAt != 0
	return f
}

// with says whether two fly together: near each other, on one level as far as
// heights are known, and as fast on the same course. Members of one formation
// are given more room.
func (f *flyer) with(o *flyer, members bool) union {
	near, slack, share := joinNear, 5.0, 0.05
	if members {
		near, slack, share = stayNear, 10.0, 0.1
	}
	east, north := f.tr.frame.ground(o.pos)
	if math.Hypot(east-f.x[iE], north-f.x[iN]) > near {
		return apart
	}
	if f.leveled && o.leveled && f.tr.Geometric == o.tr.Geometric {
		if math.Abs(f.x[iH]-o.x[iH]) > levelNear+2*math.Sqrt(f.p[iH][iH]+o.p[iH][iH]) {
			return apart
		}
	}
	sigma := math.Hypot(f.sigma, o.sigma)
	switch speed := math.Max(f.speed, o.speed); {
	case math.Hypot(f.ve-o.ve, f.vn-o.vn) > slack+share*speed+sigma:
		return apart
	case sigma > slack+speed/10:
		return unclear // a velocity that is hardly known
	case !f.moving || !o.moving:
		return apart
	case !f.fresh || !o.fresh:
		return unclear
	}
	return together
}

// regard looks at two neighbours of which no formation has both, the older
// first.
func (t *Tracker) regard(a, b *track, square float64) {
	if !t.cfg.Formations || square > 1.5*joinNear*joinNear || !a.flies() || !b.flies() || a.Group != b.Group ||
		a.Domain != b.Domain && a.Domain != 0 && b.Domain != 0 || a.Flight.Formation != 0 && a.Flight.Formation == b.Flight.Formation {
		return
	}
	if b.TwinOf == a.ID && b.Twin >= 0 || a.Same && b.Same {
		return // perhaps one object
	}
	here, there := &a.cell.list[a.slot], &b.cell.list[b.slot]
	if dv := math.Hypot(here.ve-there.ve, here.vn-there.vn); dv > 50+0.5*math.Hypot(here.ve, here.vn) {
		return // before a closer look
	}
	fa, fb := t.flyer(a, t.state.Looked), t.flyer(b, t.state.Looked)
	switch fa.with(&fb, false) {
	case together:
		t.meet(b, a.ID, 3)
	case unclear:
		if b.Flight.mate(a.ID) != nil {
			t.meet(b, a.ID, 2)
		}
	}
}

// mate returns what is held of another track as a mate, or nil.
func (f *Flight) mate(id ID) *Mate {
	for i := range f.Mates {
		if f.Mates[i].ID == id {
			return &f.Mates[i]
		}
	}
	return nil
}

// meet counts a look at which a track flew with another. At the end of the look
// two are taken from all.
func (t *Tracker) meet(tr *track, id ID, looks int8) {
	m := tr.Flight.mate(id)
	if m == nil {
		if m = tr.Flight.mate(0); m == nil {
			t.stats.MatesShed++
			return
		}
		m.ID = id
	}
	m.Looks += looks
}

// form looks at all formations: who stays, and who joins. Neighbours were
// regarded before.
func (t *Tracker) form() {
	if !t.cfg.Formations {
		return
	}
	w := &t.formed
	clear(w.sizes)
	w.flying = w.flying[:0]
	for _, tr := range t.tracks {
		switch {
		case !tr.flies():
			tr.Flight = Flight{}
		case tr.Flight.Formation != 0:
			w.flying = append(w.flying, tr)
		}
	}
	slices.SortFunc(w.flying, byFormation)
	for rest := w.flying; len(rest) > 0; {
		n := ofOne(rest)
		t.holdTogether(rest[:n])
		rest = rest[n:]
	}
	w.flying = slices.DeleteFunc(w.flying, func(tr *track) bool { return tr.Flight.Formation == 0 })
	for _, tr := range w.flying {
		w.sizes[tr.Flight.Formation]++
	}
	for _, tr := range t.tracks {
		t.enlist(tr)
	}
	for _, tr := range w.flying {
		f := &tr.Flight
		if n := uint8(w.sizes[f.Formation]); n >= f.Peak || t.state.Looked-f.PeakAt > peakKept {
			f.Peak, f.PeakAt = n, t.state.Looked
		}
	}
}

func byFormation(a, b *track) int {
	return cmp.Or(cmp.Compare(a.Flight.Formation, b.Flight.Formation), byIdentity(a, b))
}

// ofOne returns how many of the tracks, by formation, are of the same one as the first.
func ofOne(list []*track) int {
	n := 1
	for n < len(list) && list[n].Flight.Formation == list[0].Flight.Formation {
		n++
	}
	return n
}

// holdTogether finds the members of a formation that are still connected: the
// most of them, or those with the oldest. Who is apart from these for some looks
// has left; where less than two stay there is no formation.
func (t *Tracker) holdTogether(members []*track) {
	first := t.connect(members)
	left := 0
	for i, tr := range members {
		f := &tr.Flight
		if t.formed.part[i] == first {
			f.Astray = max(0, f.Astray-1)
		} else if f.Astray++; f.Astray >= strayLooks {
			f.leave()
			left++
		}
	}
	for _, tr := range members {
		switch f := &tr.Flight; {
		case len(members)-left < 2:
			f.leave()
		case f.Formation != 0:
			f.Peak = uint8(max(0, int(f.Peak)-left))
		}
	}
}

func (f *Flight) leave() { f.Formation, f.Astray, f.Peak, f.PeakAt = 0, 0, 0, 0 }

// connect finds the parts of a formation that hold together, and returns the
// first member of the greatest.
func (t *Tracker) connect(members []*track) int {
	w := &t.formed
	w.body, w.part = w.body[:0], w.part[:0]
	for i, tr := range members {
		w.body, w.part = append(w.body, t.flyer(tr, t.state.Looked)), append(w.part, i)
	}
	for i := range w.body {
		for k := range i {
			if from, to := w.part[i], w.part[k]; from != to && w.body[k].with(&w.body[i], true) != apart {
				from, to = max(from, to), min(from, to)
				for n := range w.part {
					if w.part[n] == from {
						w.part[n] = to
					}
				}
			}
		}
	}
	best, most := 0, 0
	for i := range w.part {
		n := 0
		for _, p := range w.part {
			if p == i {
				n++
			}
		}
		if n > most {
			best, most = i, n
		}
	}
	return best
}

// enlist makes a formation of a track and those with which it flew for some
// looks, and forgets mates with which it flies no more.
func (t *Tracker) enlist(tr *track) {
	mates, kept := tr.Flight.Mates, 0
	if mates[0].ID == 0 {
		return
	}
	tr.Flight.Mates = [maxMates]Mate{}
	for _, m := range mates {
		o := t.byID[m.ID]
		if m.Looks = min(m.Looks-2, joinLooks); m.Looks <= 0 || o == nil || !o.flies() || m.Looks == joinLooks && t.unite(o, tr) {
			continue
		}
		tr.Flight.Mates[kept] = m
		kept++
	}
}

// unite puts two tracks, the older first, and all with whom they fly into one
// formation. It is false when that has too many members, or no name is free.
func (t *Tracker) unite(a, b *track) bool {
	w := &t.formed
	to, from := a.Flight.Formation, b.Flight.Formation
	na, nb := max(1, w.sizes[to]), max(1, w.sizes[from])
	switch {
	case to != 0 && to == from:
		return true
	case na+nb > maxMembers:
		t.stats.MatesShed++
		return false
	case to == 0 && from == 0:
		if to = FormationID(a.Number); w.sizes[to] > 0 {
			to = FormationID(b.Number)
		}
		if w.sizes[to] > 0 {
			return false
		}
	case to == 0 || from != 0 && nb > na:
		to, from = from, to
	}
	for _, tr := range w.flying {
		if from != 0 && tr.Flight.Formation == from {
			tr.Flight.Formation = to
		}
	}
	for _, tr := range [2]*track{a, b} {
		if tr.Flight.Formation == 0 {
			tr.Flight.Formation = to
			w.flying = append(w.flying, tr)
		}
	}
	delete(w.sizes, from)
	w.sizes[to] = na + nb
	return true
}

// Formation is several tracks that fly together.
type Formation struct {
	ID         FormationID
	Members    []ID // by ID
	Seen       int  // members that are not coasting
	Least      int  // members but for those that may be another one's double
	Most       int  // members now, or of the last minutes as long as none was seen to leave
	Unresolved bool // a radar gave one plot of several: there may be more than Most

	Pos         geo.Point // mean of the members
	East, North geo.MetresPerSecond
	Extent      geo.Metres // the greatest distance of two members
	SigmaExtent geo.Metres // its standard deviation, of the members' places alone
}

// Formations appends the formations at a time to dst, by ID. It uses the memory
// of Members that dst has beyond its length. Who is of one is looked at every
// five seconds.
func (t *Tracker) Formations(at time.Time, dst []Formation) []Formation {
	w := &t.formed
	w.flying = w.flying[:0]
	for _, tr := range t.tracks {
		if tr.Flight.Formation != 0 && tr.flies() {
			w.flying = append(w.flying, tr)
		}
	}
	slices.SortFunc(w.flying, byFormation)
	for rest := w.flying; len(rest) > 0; {
		n := ofOne(rest)
		if n > 1 {
			dst = slices.Grow(dst, 1)[:len(dst)+1]
			t.describe(&dst[len(dst)-1], rest[:n], at.UnixNano())
		}
		rest = rest[n:]
	}
	return dst
}

// describe fills f for its members.
func (t *Tracker) describe(f *Formation, members []*track, at int64) {
	first := members[0]
	*f = Formation{ID: first.Flight.Formation, Members: f.Members[:0], Least: len(members), Most: len(members)}
	w := &t.formed
	w.body = w.body[:0]
	var e, n, ve, vn float64
	for _, tr := range members {
		one := t.flyer(tr, at)
		one.x[iE], one.x[iN] = first.frame.ground(one.pos)
		e, n, ve, vn = e+one.x[iE], n+one.x[iN], ve+one.ve, vn+one.vn
		w.body = append(w.body, one)
		f.Members = append(f.Members, tr.Number)
		f.count(t, tr)
	}
	slices.Sort(f.Members)
	many := float64(len(members))
	f.Pos = first.frame.point(e/many, n/many)
	f.East, f.North = geo.MetresPerSecond(ve/many), geo.MetresPerSecond(vn/many)
	f.measure(w.body)
}

// count adds what a member tells of the number of members.
func (f *Formation) count(t *Tracker, tr *track) {
	if tr.Phase == Confirmed {
		f.Seen++
	}
	if o := t.byID[tr.TwinOf]; tr.Twin > 0 && o != nil && o.Flight.Formation == f.ID {
		f.Least--
	}
	f.Most = max(f.Most, int(tr.Flight.Peak))
	for i := range tr.Contacts {
		f.Unresolved = f.Unresolved || tr.Contacts[i].Sensor != 0 && tr.Contacts[i].Shared
	}
}

// measure finds the extent of tracks with places on one plane.
func (f *Formation) measure(body []flyer) {
	for i := range body {
		for k := range i {
			a, b := &body[i], &body[k]
			de, dn := a.x[iE]-b.x[iE], a.x[iN]-b.x[iN]
			d := math.Hypot(de, dn)
			if d == 0 || geo.Metres(d) < f.Extent {
				continue
			}
			de, dn = de/d, dn/d
			v := de*de*(a.p[iE][iE]+b.p[iE][iE]) + 2*de*dn*(a.p[iE][iN]+b.p[iE][iN]) + dn*dn*(a.p[iN][iN]+b.p[iN][iN])
			f.Extent, f.SigmaExtent = geo.Metres(d), geo.Metres(math.Sqrt(math.Max(0, v)))
		}
	}
}

// sound reports whether what is held of a track's flight can be, with track IDs
// up to last.
func (f *Flight) sound(last ID) bool {
	for _, m := range f.Mates {
		if m.ID > last || m.Looks < 0 || m.Looks > joinLooks || (m.ID == 0) != (m.Looks == 0) {
			return false
		}
	}
	return f.Astray >= 0 && f.Astray < strayLooks && f.Peak <= maxMembers && (f.Formation != 0 || f.Peak == 0 && f.Astray == 0)
}
