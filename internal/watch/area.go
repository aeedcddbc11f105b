// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// square is a degree of latitude and longitude, named by its south-west corner.
// Areas of rule A20 are made of them, as the tracker's are.
type square struct {
	lat, lon int
	exercise bool
}

func squareOf(t *track.Track) square {
	lat := max(-90, min(89, int(math.Floor(t.Pos.LatDeg))))
	return square{lat, wrapped(int(math.Floor(t.Pos.LonDeg))), t.Exercise}
}

func wrapped(lon int) int { return (lon+540)%360 - 180 }

func (q square) compare(o square) int { return cmp.Or(q.lat-o.lat, q.lon-o.lon) }

// id names the square as a zone: "N25E122".
func (q square) id() zone.ID {
	ns, ew, lat, lon := "N", "E", q.lat, q.lon
	if lat < 0 {
		ns, lat = "S", -lat
	}
	if lon < 0 {
		ew, lon = "W", -lon
	}
	id := fmt.Sprintf("%s%02d%s%03d", ns, lat, ew, lon)
	if q.exercise {
		id += "/exercise"
	}
	return zone.ID(id)
}

// around returns the square and those that touch it.
func (q square) around() (list []square) {
	for lat := max(-90, q.lat-1); lat <= min(89, q.lat+1); lat++ {
		for lon := q.lon - 1; lon <= q.lon+1; lon++ {
			list = append(list, square{lat, wrapped(lon), q.exercise})
		}
	}
	return list
}

// areas is rule A20: in an area the accuracy of several claims fell together,
// or they err by one vector. It is one alert for all of them, named by the
// square where most are when it begins, and goes on while as many are in that
// square or beside it. The result is the tracks of such areas.
func (w *Watch) areas(out *collector, list []track.Track, held map[Key]bool) map[track.Number]bool {
	in := make(map[track.Number]bool)
	r, ok := w.rules[DoubtedArea]
	if !ok {
		return in
	}
	members := make(map[square][]track.Number)
	for i := range list {
		if t := &list[i]; t.Reasons&asOne != 0 {
			q := squareOf(t)
			members[q] = append(members[q], t.Number)
		}
	}
	for _, area := range connected(members) {
		n := 0
		for _, q := range area {
			n += len(members[q])
		}
		if n < r.Params.Claims {
			continue
		}
		for _, q := range area {
			for _, t := range members[q] {
				in[t] = true
			}
		}
		w.area(out, r, area, members, held)
	}
	return in
}

// connected returns the squares with members in groups that touch, each sorted.
func connected(members map[square][]track.Number) [][]square {
	var groups [][]square
	seen := make(map[square]bool)
	exercises := func(a, b square) int {
		if a.exercise != b.exercise && b.exercise {
			return -1
		} else if a.exercise != b.exercise {
			return 1
		}
		return a.compare(b)
	}
	for _, first := range slices.SortedFunc(maps.Keys(members), exercises) {
		if seen[first] {
			continue
		}
		seen[first] = true
		group := []square{first}
		for i := 0; i < len(group); i++ {
			for _, q := range group[i].around() {
				if members[q] != nil && !seen[q] {
					seen[q] = true
					group = append(group, q)
				}
			}
		}
		slices.SortFunc(group, square.compare)
		groups = append(groups, group)
	}
	return groups
}

// area holds the alerts that stand for an area, or begins one.
func (w *Watch) area(out *collector, r Rule, area []square, members map[square][]track.Number, held map[Key]bool) {
	near := make(map[zone.ID]bool)
	most := area[0]
	for _, q := range area {
		for _, o := range q.around() {
			near[o.id()] = true
		}
		if len(members[q]) > len(members[most]) {
			most = q
		}
	}
	slots := w.slots(func(k Key) bool { return k.Rule == r.ID && near[k.Zone] })
	if len(slots) == 0 {
		slots = []Key{{Rule: r.ID, Zone: most.id()}}
	}
	for _, slot := range slots {
		held[slot] = true
		w.hold(out, slot, out.now, r.Params.Hold, true, func() Alert {
			return Alert{
				Key: slot, Priority: r.Priority, Domain: r.Domain, Exercise: most.exercise, HasPos: true,
				Pos:         geo.Point{LatDeg: float64(most.lat) + 0.5, LonDeg: float64(most.lon) + 0.5},
				Originators: []party.ID{w.cfg.Self},
			}
		})
	}
}
