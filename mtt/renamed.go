// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

// An object that changes its address or MMSI begins a new track: another
// identity is first taken for another object. Where a radar sees one object all
// the while, the two tracks are one, and the older goes on with the new identity.

const (
	quietAtLeast = int64(15e9) // silence of an identity after which another may stand for it
	quietGaps    = 3           // and at least so many of the longest pauses that it made
	renameLooks  = 4           // as twinLooks: without plots the older track ends soon after
)

// mayRename reports whether the object of an older track may have taken the
// identity of a younger one: the old identity was not told again since the new
// one was first, a radar that saw the older track sees one of the two now, and
// the new identity is told nowhere else.
func (t *Tracker) mayRename(old, young *track) bool {
	key, _ := young.Identity.key()
	return old.KeyGap > 0 && old.KeyAt < young.First && t.ids[key].n == 1 && t.bridged(old, young)
}

// lookedAtEnough reports whether a track was found to be one with an older track
// often enough, and, with another identity, after that one was silent for much
// longer than its pauses are.
func (tr *track) lookedAtEnough(old *track) bool {
	own, has := tr.Identity.key()
	if key, ok := old.Identity.key(); !ok || !has || own == key {
		return tr.Twin >= twinLooks
	}
	return tr.Twin >= renameLooks && tr.KeyAt-old.KeyAt >= max(quietAtLeast, quietGaps*old.KeyGap)
}

// bridged reports whether a radar that saw the older track sees one of the two
// now. What it missed for long is no contact of the track any more.
func (t *Tracker) bridged(old, young *track) bool {
	for i := range old.Contacts {
		c := &old.Contacts[i]
		if c.Sensor == 0 || !t.sensors[c.Sensor-1].Polar {
			continue
		}
		last := c.Hit
		if d := young.contact(int(c.Sensor - 1)); d != nil {
			last = max(last, d.Hit)
		}
		if last > young.KeyAt-2*t.sensors[c.Sensor-1].period() {
			return true
		}
	}
	return false
}

// rekey gives a track the address or MMSI of one that was joined to it.
func (t *Tracker) rekey(tr *track, keys *Keys) {
	key, ok := keyOf(keys.Has, keys.Address, keys.MMSI)
	if own, has := tr.Identity.key(); !ok || has && own == key {
		return
	}
	t.disclaim(tr)
	before := tr.Identity
	tr.Identity.Has = tr.Identity.Has&^(HasAddress|HasMMSI) | keys.Has&(HasAddress|HasMMSI)
	tr.Identity.Address, tr.Identity.MMSI = keys.Address, keys.MMSI
	if !t.claim(tr) {
		tr.Identity = before
		t.claim(tr)
	}
}
