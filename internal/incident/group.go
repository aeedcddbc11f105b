// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package incident

import (
	"cmp"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
)

// drift is the share of the way that an object not seen since may have gone
// off its course; at most GroupDistance is added for it.
const drift = 0.5

// group returns the nearest open incident whose object may be of one group
// with the alert's.
func (b *Book) group(a watch.Alert, now time.Time, pos Positions) *Incident {
	where := a.Pos
	if t, ok := pos.Get(a.Track); ok && t.Pos.Valid() {
		where = t.Pos // the alert's own place may lie minutes back
	}
	var best *Incident
	var nearest geo.Metres
	for _, inc := range b.incidents {
		if inc.State != Open || inc.Exercise != a.Exercise || inc.Domain != a.Domain {
			continue
		}
		inc.lookAll(pos)
		for _, s := range inc.anchors() {
			d, ok := b.reach(s, where, now)
			if ok && (best == nil || d < nearest) {
				best, nearest = inc, d
			}
		}
	}
	return best
}

// anchors returns where the incident's objects were last, with the place that
// a person reported.
func (inc *Incident) anchors() []Seen {
	if !inc.HasPos {
		return inc.Seen
	}
	return append(slices.Clone(inc.Seen), Seen{At: inc.Opened, Pos: inc.Pos})
}

// reach returns how far p is from where s would be now, and whether that is
// near enough.
func (b *Book) reach(s Seen, p geo.Point, now time.Time) (geo.Metres, bool) {
	age := max(0, now.Sub(s.At))
	if age > b.cfg.GroupTime {
		return 0, false
	}
	at, limit := s.Pos, b.cfg.GroupDistance
	if s.HasVelocity && age > 0 {
		way := geo.Metres(float64(s.Speed.MetresPerSecond()) * age.Seconds())
		at = geo.Direct(s.Pos, s.Course, way)
		limit += min(drift*way, b.cfg.GroupDistance)
	}
	d, _ := geo.Inverse(at, p)
	return d, d <= limit
}

// Follow notes where the tracks of open incidents are, and puts the track that
// goes on in the place of a dropped one. Call it with each update of the track
// table, before its alerts are raised: a track that is gone is remembered
// where it was last.
func (b *Book) Follow(changes []track.Change, pos Positions) {
	for _, c := range changes {
		if c.Kind == track.Dropped && c.Into != 0 {
			b.succeed(c.Number, c.Into, pos)
		}
	}
	for _, inc := range b.incidents {
		if inc.State == Open {
			inc.lookAll(pos)
		}
	}
}

// succeed adds the track that goes on to the incident of the dropped one,
// unless it belongs to another.
func (b *Book) succeed(gone, into track.Number, pos Positions) {
	if _, held := b.Holding(into); held {
		return
	}
	n, held := b.Holding(gone)
	t, ok := pos.Get(into)
	if inc := b.find(n); held && ok && t.Exercise == inc.Exercise {
		b.addTrack(inc, into, pos)
	}
}

func (inc *Incident) lookAll(pos Positions) {
	for _, n := range inc.Tracks {
		inc.look(n, pos)
	}
}

func (inc *Incident) look(n track.Number, pos Positions) {
	t, ok := pos.Get(n)
	if !ok || !t.Pos.Valid() {
		return
	}
	s := Seen{Track: n, At: t.Time, Pos: t.Pos, Speed: t.Speed, Course: t.Course, HasVelocity: t.HasVelocity}
	i, found := slices.BinarySearchFunc(inc.Seen, n, func(s Seen, n track.Number) int { return cmp.Compare(s.Track, n) })
	if found {
		inc.Seen[i] = s
		return
	}
	inc.Seen = slices.Insert(inc.Seen, i, s)
}

// sameAs returns the partners' objects that are the same as an own track.
func (b *Book) sameAs(n track.Number) []track.PartnerKey {
	if n == 0 {
		return nil
	}
	var list []track.PartnerKey
	for _, a := range b.assoc {
		if a.Own == n {
			list = append(list, a.Partner)
		}
	}
	return list
}
