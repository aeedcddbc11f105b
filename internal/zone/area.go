// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package zone

import (
	"errors"
	"fmt"
	"math"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// vec is a vector; of length 1 it is a position on the sphere of geodetic
// latitude, in metres it is Earth-centred.
type vec struct{ x, y, z float64 }

func unit(p geo.Point) vec {
	sinLat, cosLat := math.Sincos(p.LatDeg * math.Pi / 180)
	sinLon, cosLon := math.Sincos(p.LonDeg * math.Pi / 180)
	return vec{cosLat * cosLon, cosLat * sinLon, sinLat}
}

func (a vec) cross(b vec) vec {
	return vec{a.y*b.z - a.z*b.y, a.z*b.x - a.x*b.z, a.x*b.y - a.y*b.x}
}

func (a vec) dot(b vec) float64 { return a.x*b.x + a.y*b.y + a.z*b.z }

// area tells inside from outside by counting the edges that a meridian meets
// north of a point. Buckets of longitude hold the edges that touch them, so
// that a point meets a handful of edges, however many there are.
type area struct {
	west, east float64    // degrees, unwrapped; west is in [-180, 180)
	perDegree  float64    // buckets
	start      []int32    // of each bucket in edges, and the end
	edges      []areaEdge // by bucket; a long edge is in several
}

// areaEdge runs from west to east on a great circle with normal n.
type areaEdge struct {
	west, east float64 // degrees, unwrapped
	n          vec
}

const (
	maxLat      = 89 // degrees; the pole is on no boundary and in no area
	maxEdgeKM   = 2000
	earthRadius = 6371.0 // km, for the rough check of edges
)

// checkEdge refuses vertices that are no positions and edges whose course
// nobody could have meant.
func checkEdge(a, b geo.Point) error {
	switch {
	case !a.Valid() || !b.Valid():
		return errors.New("a vertex is not a position")
	case math.Abs(a.LatDeg) > maxLat || math.Abs(b.LatDeg) > maxLat:
		return fmt.Errorf("a vertex lies beyond %d degrees of latitude", maxLat)
	case a == b:
		return errors.New("a vertex is repeated")
	case unit(a).dot(unit(b)) < math.Cos(maxEdgeKM/earthRadius):
		return fmt.Errorf("an edge is longer than %d km", maxEdgeKM)
	}
	return nil
}

func checkRing(ring []geo.Point) error {
	if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
		return errors.New("a ring needs four positions, the last equal to the first")
	}
	turned := 0.0
	for i := range len(ring) - 1 {
		if err := checkEdge(ring[i], ring[i+1]); err != nil {
			return err
		}
		turned += float64(geo.Degrees(ring[i+1].LonDeg - ring[i].LonDeg).Norm180())
	}
	if math.Abs(turned) > 1 {
		return errors.New("the ring goes around a pole")
	}
	return nil
}

// newArea indexes rings that have passed checkRing.
func newArea(rings [][]geo.Point) (*area, error) {
	a := &area{west: math.Inf(1), east: math.Inf(-1)}
	n := 0
	for _, ring := range rings {
		n += len(ring) - 1
	}
	a.edges = make([]areaEdge, 0, n)
	for _, ring := range rings {
		// Each ring starts within half a turn of the first.
		lon := rings[0][0].LonDeg + float64(geo.Degrees(ring[0].LonDeg-rings[0][0].LonDeg).Norm180())
		for i := range len(ring) - 1 {
			next := lon + float64(geo.Degrees(ring[i+1].LonDeg-ring[i].LonDeg).Norm180())
			if lon < next {
				a.edges = append(a.edges, areaEdge{lon, next, unit(ring[i]).cross(unit(ring[i+1]))})
			} else if next < lon {
				a.edges = append(a.edges, areaEdge{next, lon, unit(ring[i+1]).cross(unit(ring[i]))})
			}
			a.west, a.east = min(a.west, lon), max(a.east, lon)
			lon = next
		}
	}
	if !(a.west < a.east) || a.east-a.west >= 360 {
		return nil, errors.New("the rings enclose nothing or span all longitudes")
	}
	turn := 360 * math.Floor((a.west+180)/360)
	a.west -= turn
	a.east -= turn
	for i := range a.edges {
		a.edges[i].west -= turn
		a.edges[i].east -= turn
	}
	a.fill()
	return a, nil
}

// fill sorts the edges into buckets.
func (a *area) fill() {
	buckets := max(1, len(a.edges)/2)
	a.perDegree = float64(buckets) / (a.east - a.west)
	a.start = make([]int32, buckets+1)
	for _, e := range a.edges {
		for b := a.bucket(e.west); b <= a.bucket(e.east); b++ {
			a.start[b+1]++
		}
	}
	for b := range buckets {
		a.start[b+1] += a.start[b]
	}
	sorted := make([]areaEdge, a.start[buckets])
	next := append([]int32(nil), a.start...)
	for _, e := range a.edges {
		for b := a.bucket(e.west); b <= a.bucket(e.east); b++ {
			sorted[next[b]] = e
			next[b]++
		}
	}
	a.edges = sorted
}

func (a *area) bucket(lon float64) int {
	return max(0, min(len(a.start)-2, int((lon-a.west)*a.perDegree)))
}

// contains reports whether the point with longitude lon and unit vector v is
// inside.
func (a *area) contains(lon float64, v vec) bool {
	if lon < a.west {
		lon += 360
	} else if lon >= a.east {
		lon -= 360
	}
	if !(lon >= a.west && lon < a.east) {
		return false
	}
	b := a.bucket(lon)
	inside := false
	bucket := a.edges[a.start[b]:a.start[b+1]]
	for i := range bucket {
		e := &bucket[i]
		// Half open, so that a vertex counts once; the edge is to the north
		// when the point is south of it.
		if e.west <= lon && lon < e.east && e.n.dot(v) < 0 {
			inside = !inside
		}
	}
	return inside
}
