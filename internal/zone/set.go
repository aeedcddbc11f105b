// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package zone

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// shape is a zone made ready: an area or a line, or the zones to measure from.
type shape struct {
	area  *area // of the rings; nil for lines
	chain chain // of the rings or the line
	bases []int32
	limit geo.Metres
	slack float64 // degrees of latitude by which an edge may leave its ends
}

// Contents is what New makes a Set of.
type Contents struct {
	Name, Version string // of the pack
	Zones         []Zone
	Places        []Place
	Sectors       []Sector
}

// New checks the contents and makes them ready. Errors name the zone. Versions
// in the zones and places are overwritten.
func New(c Contents) (*Set, error) {
	s, bad := build(c)
	if bad != nil {
		return nil, fmt.Errorf("zone %q: %w", bad.id, bad.err)
	}
	return s, nil
}

// fault is an error with the zone or place that has it.
type fault struct {
	id  ID
	err error
}

func build(c Contents) (*Set, *fault) {
	if !packPattern.MatchString(c.Name) || !packPattern.MatchString(c.Version) {
		return nil, &fault{"", fmt.Errorf("pack name %q and version %q: want small letters, digits, dots and hyphens", c.Name, c.Version)}
	}
	s := &Set{
		name: c.Name, sectors: slices.Clone(c.Sectors),
		zones: slices.Clone(c.Zones), places: slices.Clone(c.Places),
	}
	slices.SortFunc(s.zones, func(a, b Zone) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(s.places, func(a, b Place) int { return cmp.Compare(a.ID, b.ID) })
	prefix := c.Name + "/" + c.Version
	all := sha256.New()
	if bad := s.checkPlaces(prefix); bad != nil {
		return nil, bad
	}
	s.shapes = make([]shape, len(s.zones))
	for i := range s.zones {
		z := &s.zones[i]
		if i > 0 && s.zones[i-1].ID == z.ID {
			return nil, &fault{z.ID, errors.New("the ID is used twice")}
		}
		if _, taken := s.findPlace(z.ID); taken {
			return nil, &fault{z.ID, errors.New("the ID is used for a place too")}
		}
		if err := s.prepare(i); err != nil {
			return nil, &fault{z.ID, err}
		}
		z.Version = contentVersion(prefix, z, &z.Version)
		all.Write([]byte(z.Version))
	}
	for i := range s.zones {
		if err := s.link(i); err != nil {
			return nil, &fault{s.zones[i].ID, err}
		}
	}
	for _, sector := range s.sectors {
		if err := s.checkSector(sector); err != nil {
			return nil, &fault{sector.Zone, err}
		}
		fmt.Fprintf(all, "%s=%s;", sector.Zone, sector.Lead)
	}
	for _, p := range s.places {
		all.Write([]byte(p.Version))
	}
	s.version = prefix + "#" + hex.EncodeToString(all.Sum(nil)[:6])
	s.plant()
	return s, nil
}

// contentVersion returns the pack's name and version with a hash of what v
// points at, less the text at own.
func contentVersion(prefix string, v any, own *string) string {
	*own = ""
	b, err := json.Marshal(v)
	if err != nil {
		// Only a bug can do this: the values are strings and finite numbers.
		b = []byte(err.Error())
	}
	sum := sha256.Sum256(b)
	return prefix + "#" + hex.EncodeToString(sum[:4])
}

func hashOverrides(list []Override) string {
	b, err := json.Marshal(list)
	if err != nil {
		b = []byte(err.Error()) // strings and booleans cannot fail
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:4])
}

func (s *Set) checkPlaces(prefix string) *fault {
	for i := range s.places {
		p := &s.places[i]
		switch {
		case !idPattern.MatchString(string(p.ID)):
			return &fault{p.ID, errors.New("the ID is not a word of letters, digits and _")}
		case i > 0 && s.places[i-1].ID == p.ID:
			return &fault{p.ID, errors.New("the ID is used twice")}
		case !p.At.Valid():
			return &fault{p.ID, errors.New("the place is not a position")}
		}
		if err := checkWords(p.Kind, p.Party, p.Names); err != nil {
			return &fault{p.ID, err}
		}
		p.Version = contentVersion(prefix, p, &p.Version)
	}
	return nil
}

func checkWords(kind Kind, party string, names map[string]string) error {
	if !wordPattern.MatchString(string(kind)) {
		return fmt.Errorf("kind %q is not a word of small letters, digits and _", kind)
	}
	if party != "" && !wordPattern.MatchString(party) {
		return fmt.Errorf("party %q is not a word of small letters, digits and -", party)
	}
	for _, lang := range Languages {
		if names[lang] == "" {
			return fmt.Errorf("there is no name in language %q", lang)
		}
	}
	return checkNames(names)
}

func (s *Set) checkSector(sector Sector) error {
	i, ok := s.find(sector.Zone)
	switch {
	case !ok:
		return errors.New("the lead table names a zone that is not in the pack")
	case s.shapes[i].area == nil:
		return errors.New("the lead table names a zone that is not an area")
	case !wordPattern.MatchString(sector.Lead):
		return fmt.Errorf("lead %q is not a party", sector.Lead)
	}
	return nil
}

// prepare checks one zone by itself and makes its shape.
func (s *Set) prepare(i int) error {
	z, sh := &s.zones[i], &s.shapes[i]
	if !idPattern.MatchString(string(z.ID)) {
		return errors.New("the ID is not a word of letters, digits and _")
	}
	if err := checkWords(z.Kind, z.Party, z.Names); err != nil {
		return err
	}
	if err := checkGeometry(z); err != nil {
		return err
	}
	for n, ring := range z.Rings {
		if err := checkRing(ring); err != nil {
			return fmt.Errorf("ring %d: %w", n+1, err)
		}
		if a, b, crossed := selfCrossing(ring); crossed {
			return fmt.Errorf("ring %d: edge %d crosses edge %d", n+1, a+1, b+1)
		}
	}
	for j := range len(z.Line) - 1 {
		if err := checkEdge(z.Line[j], z.Line[j+1]); err != nil {
			return fmt.Errorf("line, vertex %d: %w", j+1, err)
		}
		sh.slack = max(sh.slack, bulge(z.Line[j+1].LonDeg-z.Line[j].LonDeg))
	}
	if len(z.Rings) > 0 {
		var err error
		if sh.area, err = newArea(z.Rings); err != nil {
			return err
		}
	}
	if z.DistanceNM == 0 {
		sh.chain = newChain(append(slices.Clone(z.Rings), z.Line)...)
	}
	return nil
}

func checkGeometry(z *Zone) error {
	ways := z.LeftToRight != "" || z.RightToLeft != ""
	switch {
	case !(z.DistanceNM >= 0 && z.DistanceNM <= 500):
		return fmt.Errorf("distance %v nm is not within 0 to 500", z.DistanceNM)
	case (z.DistanceNM > 0) != (len(z.From) > 0):
		return errors.New("a distance needs zones to measure from, and they need a distance")
	case z.DistanceNM > 0 && len(z.Line) > 0:
		return errors.New("a zone by distance has an area to draw, not a line")
	case z.DistanceNM == 0 && (len(z.Rings) > 0) == (len(z.Line) > 0):
		return errors.New("a zone is an area or a line")
	case len(z.Line) == 1:
		return errors.New("a line needs two positions")
	case ways && len(z.Line) == 0:
		return errors.New("only a line has ways over it")
	case ways && (!slices.Contains(directions, z.LeftToRight) || !slices.Contains(directions, z.RightToLeft) || z.LeftToRight == z.RightToLeft):
		return fmt.Errorf("ways over the line are %q and %q: want two of %v", z.LeftToRight, z.RightToLeft, directions)
	}
	return nil
}

// bulge returns by how many degrees of latitude, at most, a great circle leaves
// the latitudes of two points dLon degrees of longitude apart.
func bulge(dLon float64) float64 {
	d := math.Abs(float64(geo.Degrees(dLon).Norm180()))
	return d*d*math.Pi/180/16*1.1 + 1e-3
}

// link finds the zones that zone i is measured from.
func (s *Set) link(i int) error {
	z, sh := &s.zones[i], &s.shapes[i]
	sh.limit = geo.FromNM(z.DistanceNM)
	for _, id := range z.From {
		j, ok := s.find(id)
		if !ok {
			return fmt.Errorf("zone %q to measure from is not in the pack", id)
		}
		if s.zones[j].DistanceNM > 0 {
			return fmt.Errorf("zone %q to measure from is itself a distance", id)
		}
		sh.bases = append(sh.bases, int32(j))
	}
	return nil
}

// plant makes the trees that find areas and lines by their boxes.
func (s *Set) plant() {
	var areas, lines []entry
	for i := range s.zones {
		z, sh := &s.zones[i], &s.shapes[i]
		switch {
		case z.DistanceNM > 0:
			b := emptyBox()
			for _, j := range sh.bases {
				b = b.union(boxOf(s.zones[j].Rings, s.zones[j].Line))
			}
			dLat := float64(sh.limit) / 110_000
			dLon := dLat / math.Max(0.01, math.Cos((math.Max(math.Abs(b.south), math.Abs(b.north))+dLat)*math.Pi/180))
			areas = append(areas, entry{b.grown(dLat, dLon).shifted(), int32(i)})
		case sh.area != nil && !z.measured():
			areas = append(areas, entry{boxOf(z.Rings, nil), int32(i)})
		case z.LeftToRight != "":
			b := boxOf(nil, z.Line)
			lines = append(lines, entry{b.grown(sh.slack, 1e-6).shifted(), int32(i)})
		}
	}
	s.areas, s.lines = newTree(areas), newTree(lines)
}

// boxOf bounds rings or a line, great-circle edges included.
func boxOf(rings [][]geo.Point, line []geo.Point) box {
	b := emptyBox()
	var start float64
	first := true
	for _, part := range append(slices.Clone(rings), line) {
		if len(part) == 0 {
			continue
		}
		if first {
			start, first = part[0].LonDeg, false
		}
		lon := start + float64(geo.Degrees(part[0].LonDeg-start).Norm180())
		for i, p := range part {
			over := 0.0
			if i > 0 {
				d := float64(geo.Degrees(p.LonDeg - part[i-1].LonDeg).Norm180())
				lon += d
				over = bulge(d)
			}
			b = b.union(box{p.LatDeg - over, p.LatDeg + over, lon, lon})
		}
	}
	return b.shifted()
}

// selfCrossing finds two edges of a ring that cross, in latitude and longitude.
// Edges are compared only where they share a bucket of longitude.
func selfCrossing(ring []geo.Point) (a, b int, crossed bool) {
	flat := make([]geo.Point, len(ring))
	lon, west, east := 0.0, 0.0, 0.0
	for i, p := range ring {
		if i > 0 {
			lon += float64(geo.Degrees(p.LonDeg - ring[i-1].LonDeg).Norm180())
		}
		west, east = min(west, lon), max(east, lon)
		flat[i] = geo.Point{LatDeg: p.LatDeg, LonDeg: lon}
	}
	n := len(ring) - 1
	buckets := make([][]int32, max(1, n/2))
	at := func(lon float64) int {
		return max(0, min(len(buckets)-1, int((lon-west)/(east-west)*float64(len(buckets)))))
	}
	for i := range n {
		lo, hi := at(min(flat[i].LonDeg, flat[i+1].LonDeg)), at(max(flat[i].LonDeg, flat[i+1].LonDeg))
		for k := lo; k <= hi; k++ {
			for _, j := range buckets[k] {
				touching := int(j) == i-1 || (j == 0 && i == n-1)
				if !touching && properly(flat[i], flat[i+1], flat[j], flat[j+1]) {
					return int(j), i, true
				}
			}
			buckets[k] = append(buckets[k], int32(i))
		}
	}
	return 0, 0, false
}

// properly reports whether two plane segments cross inside both.
func properly(a, b, c, d geo.Point) bool {
	if max(a.LatDeg, b.LatDeg) < min(c.LatDeg, d.LatDeg) || max(c.LatDeg, d.LatDeg) < min(a.LatDeg, b.LatDeg) {
		return false
	}
	side := func(p, q, r geo.Point) float64 {
		return (q.LonDeg-p.LonDeg)*(r.LatDeg-p.LatDeg) - (q.LatDeg-p.LatDeg)*(r.LonDeg-p.LonDeg)
	}
	return side(a, b, c)*side(a, b, d) < 0 && side(c, d, a)*side(c, d, b) < 0
}

// compareIDs keeps results in the order of IDs.
func compareIDs(a, b ID) int { return strings.Compare(string(a), string(b)) }
