// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import "math"

// lookForTwin finds a younger track of the same object and joins it after
// several looks. Its neighbours are looked at for formations too.
func (t *Tracker) lookForTwin(tr *track) {
	if tr.Phase != Confirmed && tr.Phase != Coasting {
		return
	}
	if key, ok := tr.Identity.key(); tr.Same && (!ok || t.ids[key].n < 2) {
		tr.Same = false
	}
	if tr.Claim.Low {
		return
	}
	for _, n := range t.beside(tr) {
		o := n.tr
		t.regard(tr, o, n.square)
		if o.ID <= tr.ID || o.Claim.Low || o.Phase != Confirmed && o.Phase != Coasting || o.TwinOf != 0 && o.TwinOf != tr.ID {
			continue
		}
		switch alike, apart := t.alike(tr, o); {
		case apart:
			o.TwinOf, o.Twin = tr.ID, twinApart
		case alike:
			o.TwinOf = tr.ID
			if o.Twin++; o.lookedAtEnough(tr) {
				t.join(tr, o)
			}
		case o.TwinOf == tr.ID:
			// That a scan had both is not forgotten at once.
			if o.Twin++; o.Twin >= 0 {
				o.TwinOf, o.Twin = 0, 0
			}
		}
	}
	if o := t.byID[tr.TwinOf]; tr.TwinOf != 0 && (o == nil || o.Phase == 0 || o.Phase == Lost || between(o.pos, tr.pos) > 2*twinNear) {
		tr.TwinOf, tr.Twin = 0, 0
	}
}

// beside returns younger tracks that are expected so near to a track that the
// two may be one, by ID: of a crowd, the nearest.
func (t *Tracker) beside(tr *track) []neighbour {
	here, there := &tr.cell.list[tr.slot], newSpot(tr.pos)
	t.near, t.cells = t.near[:0], t.grid.near(tr.pos, twinNear, t.cells[:0])
	for _, c := range t.cells {
		for i := range c.list {
			e := &c.list[i]
			if e.tr.ID <= tr.ID {
				continue
			}
			east, north := there.from(e)
			dt := seconds(here.at - e.at)
			after, before := math.Max(0, dt), math.Max(0, -dt)
			east, north = east-after*e.ve+before*here.ve, north-after*e.vn+before*here.vn
			if square := east*east + north*north; square < 1.1*twinNear*twinNear || there.cos <= leastCos {
				t.near = append(t.near, neighbour{e.tr, square})
			}
		}
	}
	return t.ofCrowd()
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
	switch {
	case oka && okb && ka != kb: // and perhaps another code
		if !t.mayRename(a, b) {
			return false, false
		}
	case a.Identity.Has&b.Identity.Has&HasModeA != 0 && a.Identity.ModeA != b.Identity.ModeA:
		return false, false
	}
	for _, c := range a.Contacts {
		if c.Sensor == 0 || !t.sensors[c.Sensor-1].Polar {
			continue
		}
		s := &t.sensors[c.Sensor-1]
		if d := b.contact(int(c.Sensor - 1)); d != nil && !c.Shared && !d.Shared && absInt(c.Hit-d.Hit) < s.period()/2 {
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
	k := tr.motion()
	f.predict(seconds(when-tr.Time), &k, tr.HeightAt != 0)
	return f.moments()
}

// join makes the younger track part of the older one.
func (t *Tracker) join(old, young *track) {
	_, po := old.at(max(old.Time, young.Time))
	_, py := young.at(max(old.Time, young.Time))
	if py[iE][iE]+py[iN][iN] < po[iE][iE]+po[iN][iN] {
		t.forgo(old)
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
	if young.Claim.Last.At > old.Claim.Last.At {
		old.Claim = young.Claim
	}
	old.KeyGap = max(old.KeyGap, young.KeyGap)
	old.Class.inherit(&young.Class)
	if old.Flight.Formation == 0 {
		mates := old.Flight.Mates
		old.Flight = young.Flight
		old.Flight.Mates = mates
	}
	keys := young.Identity
	t.forget(young, Merged, old)
	t.stats.Merged++
	t.rekey(old, &keys)
	if old.Phase == Coasting && young.Phase == Confirmed {
		old.Phase = Confirmed
	}
	t.moved(old)
}
