// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package zone

import (
	"cmp"
	"math"
	"slices"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// candidates is the room for found zones that needs no allocation.
const candidates = 64

// At appends the areas that contain p to dst, by ID. Coasts, base lines and
// hidden zones are left out. A point that is not valid lies nowhere.
func (s *Set) At(p geo.Point, dst []ID) []ID {
	if !p.Valid() {
		return dst
	}
	var room [candidates]int32
	found := s.areas.search(box{p.LatDeg, p.LatDeg, p.LonDeg, p.LonDeg}, room[:0])
	v, first := unit(p), len(dst)
	for _, i := range found {
		if s.inside(int(i), p, v) && !s.zones[i].Hidden {
			dst = append(dst, s.zones[i].ID)
		}
	}
	slices.SortFunc(dst[first:], compareIDs)
	return dst
}

// inside reports whether zone i contains p, whose unit vector is v.
func (s *Set) inside(i int, p geo.Point, v vec) bool {
	sh := &s.shapes[i]
	if len(sh.bases) == 0 {
		return sh.area != nil && sh.area.contains(p.LonDeg, v)
	}
	for _, j := range sh.bases {
		if a := s.shapes[j].area; a != nil && a.contains(p.LonDeg, v) {
			return true
		}
	}
	e := ecefVec(geo.ToECEF(p, 0))
	for _, j := range sh.bases {
		if s.shapes[j].chain.within(p, e, sh.limit) {
			return true
		}
	}
	return false
}

// Contains reports whether the area id contains p, hidden or not. Lines contain
// nothing.
func (s *Set) Contains(id ID, p geo.Point) bool {
	i, ok := s.find(id)
	return ok && p.Valid() && s.inside(i, p, unit(p))
}

// Distance returns the geodesic distance from p to the boundary of the area or
// to the line id, whichever side p is on; false if there is no such zone. Seen
// from inside a zone that is itself a distance it is a lower bound: from inside
// the coast, that of crossing the nearest shore.
func (s *Set) Distance(id ID, p geo.Point) (geo.Metres, bool) {
	i, ok := s.find(id)
	if !ok || !p.Valid() {
		return 0, false
	}
	sh := &s.shapes[i]
	e := ecefVec(geo.ToECEF(p, 0))
	if len(sh.bases) == 0 {
		return sh.chain.distance(p, e), true
	}
	v := unit(p)
	deepest := geo.Metres(math.Inf(-1)) // how far inside, negative outside
	for _, j := range sh.bases {
		base := &s.shapes[j]
		d := base.chain.distance(p, e)
		if base.area != nil && base.area.contains(p.LonDeg, v) {
			d = -d
		}
		deepest = max(deepest, sh.limit-d)
	}
	return geo.Metres(math.Abs(float64(deepest))), true
}

// Crossings appends the passages of the step from a to b over gates and other
// lines that have ways over them to dst, in the order of the step; two at one
// point by ID. A zigzag over one line is all of its passages, but over and back
// within a tenth of a metre is a touch and none. Steps over 2,000 km cross
// nothing: they are no steps.
func (s *Set) Crossings(a, b geo.Point, dst []Crossing) []Crossing {
	if !a.Valid() || !b.Valid() || a == b {
		return dst
	}
	dLon := float64(geo.Degrees(b.LonDeg - a.LonDeg).Norm180())
	step := box{
		min(a.LatDeg, b.LatDeg), max(a.LatDeg, b.LatDeg),
		min(a.LonDeg, a.LonDeg+dLon), max(a.LonDeg, a.LonDeg+dLon),
	}.grown(bulge(dLon), 1e-6)
	var room [candidates]int32
	found := s.lines.search(step, room[:0])
	first := len(dst)
	for _, i := range found {
		z := &s.zones[i]
		if z.Hidden {
			continue
		}
		near := step.grown(s.shapes[i].slack, 1e-6)
		for j := range len(z.Line) - 1 {
			if near.misses(z.Line[j], z.Line[j+1]) {
				continue
			}
			x, dir := geo.Cross(a, b, z.Line[j], z.Line[j+1])
			switch dir {
			case 1:
				dst = append(dst, Crossing{Zone: z.ID, At: x, Fraction: fraction(a, b, x), Way: z.LeftToRight})
			case -1:
				dst = append(dst, Crossing{Zone: z.ID, At: x, Fraction: fraction(a, b, x), Way: z.RightToLeft})
			}
		}
	}
	slices.SortFunc(dst[first:], func(x, y Crossing) int {
		return cmp.Or(cmp.Compare(x.Fraction, y.Fraction), compareIDs(x.Zone, y.Zone), cmp.Compare(x.Way, y.Way))
	})
	if len(dst)-first < 2 {
		return dst
	}
	length, _ := geo.Inverse(a, b)
	return dropTouches(dst, first, 0.1/float64(length))
}

// dropTouches removes from dst[first:] pairs of opposite passages over one line
// that are no farther apart than that fraction of the step: there the rounding
// decides in which order they come.
func dropTouches(dst []Crossing, first int, apart float64) []Crossing {
	for i := first; i < len(dst); i++ {
		for j := i + 1; j < len(dst) && dst[j].Fraction-dst[i].Fraction <= apart; j++ {
			if dst[j].Zone == dst[i].Zone && dst[j].Way != dst[i].Way {
				dst = slices.Delete(dst, j, j+1)
				dst = slices.Delete(dst, i, i+1)
				i--
				break
			}
		}
	}
	return dst
}

func fraction(a, b, x geo.Point) float64 {
	whole, _ := geo.Inverse(a, b)
	part, _ := geo.Inverse(a, x)
	return min(1, float64(part/whole))
}

// misses reports whether the edge p–q is clear of the box.
func (b box) misses(p, q geo.Point) bool {
	if max(p.LatDeg, q.LatDeg) < b.south || min(p.LatDeg, q.LatDeg) > b.north {
		return true
	}
	d := float64(geo.Degrees(q.LonDeg - p.LonDeg).Norm180())
	west := min(p.LonDeg, p.LonDeg+d)
	// Turn the edge to within half a turn of the box.
	mid := (b.west + b.east) / 2
	west += 360 * math.Round((mid-west)/360)
	return west > b.east || west+math.Abs(d) < b.west
}

// LeadAt returns the first sector of the lead table that contains p, and the
// party that leads there unless agreed otherwise. Hiding a sector does not
// change who leads.
func (s *Set) LeadAt(p geo.Point) (Sector, bool) {
	for _, sector := range s.sectors {
		if s.Contains(sector.Zone, p) {
			return sector, true
		}
	}
	return Sector{}, false
}

// Nearest returns the place of that kind, and of that party unless it is empty,
// that is nearest to p, with p's distance and azimuth seen from it: "40 km NE
// of Yonaguni". Hidden places are left out.
func (s *Set) Nearest(p geo.Point, kind Kind, party string) (Place, geo.Metres, geo.Degrees, bool) {
	best, dist, azi := -1, geo.Metres(math.Inf(1)), geo.Degrees(0)
	for i := range s.places {
		pl := &s.places[i]
		if pl.Kind != kind || pl.Hidden || (party != "" && pl.Party != party) {
			continue
		}
		if d, a := geo.Inverse(pl.At, p); d < dist {
			best, dist, azi = i, d, a
		}
	}
	if best < 0 {
		return Place{}, 0, 0, false
	}
	return s.places[best], dist, azi, true
}
