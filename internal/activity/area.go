// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package activity

import (
	"math"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// metresLat is the shortest degree of latitude on WGS84, rounded down.
const metresLat = 110_570

// Polygon is a convex area, counter-clockwise.
type Polygon []record.Corner

// Point returns a corner as a position.
func Point(c record.Corner) geo.Point {
	return geo.Point{LatDeg: float64(c.LatE5) / 1e5, LonDeg: float64(c.LonE5) / 1e5}
}

// CornerOf returns a position as a corner, to the nearest 1e-5 degree.
func CornerOf(p geo.Point) record.Corner {
	return record.Corner{LatE5: int32(math.Round(p.LatDeg * 1e5)), LonE5: int32(math.Round(p.LonDeg * 1e5))}
}

// Contains reports whether a position lies inside the area. The border of a
// polygon belongs to it on one side only.
func Contains(a *record.Area, p geo.Point) bool {
	if a.Centre != nil {
		c := Point(*a.Centre)
		if math.Abs(p.LatDeg-c.LatDeg)*metresLat > float64(a.RadiusM) {
			return false // most of a picture is far off
		}
		d, _ := geo.Inverse(c, p)
		return d <= geo.Metres(a.RadiusM)
	}
	inside := false
	n := len(a.Corners)
	for i, c := range a.Corners {
		x, y := Point(c), Point(a.Corners[(i+1)%n])
		if (x.LatDeg > p.LatDeg) == (y.LatDeg > p.LatDeg) {
			continue
		}
		if at := x.LonDeg + (p.LatDeg-x.LatDeg)/(y.LatDeg-x.LatDeg)*(y.LonDeg-x.LonDeg); p.LonDeg < at {
			inside = !inside
		}
	}
	return inside
}

// Distance returns how far a position is outside the area; 0 inside. It serves
// for tolerances: the edges are taken as geodesics.
func Distance(a *record.Area, p geo.Point) geo.Metres {
	if Contains(a, p) {
		return 0
	}
	if a.Centre != nil {
		d, _ := geo.Inverse(Point(*a.Centre), p)
		return d - geo.Metres(a.RadiusM)
	}
	best := geo.Metres(math.Inf(1))
	for i, c := range a.Corners {
		best = min(best, geo.DistanceToSegment(p, Point(c), Point(a.Corners[(i+1)%len(a.Corners)])))
	}
	return best
}

// Middle returns a place that stands for the area: the middle of its extent.
func Middle(a *record.Area) geo.Point {
	if a.Centre != nil {
		return Point(*a.Centre)
	}
	low, high := extent(a.Corners)
	return Point(record.Corner{LatE5: (low.LatE5 + high.LatE5) / 2, LonE5: (low.LonE5 + high.LonE5) / 2})
}

func extent(list []record.Corner) (low, high record.Corner) {
	low, high = list[0], list[0]
	for _, c := range list[1:] {
		low = record.Corner{LatE5: min(low.LatE5, c.LatE5), LonE5: min(low.LonE5, c.LonE5)}
		high = record.Corner{LatE5: max(high.LatE5, c.LatE5), LonE5: max(high.LonE5, c.LonE5)}
	}
	return low, high
}

// Intersect returns what two areas have in common as convex pieces, none where
// they only touch. The caller gives the areas in an order that both parties
// agree on (that of their ids): then both compute the same whole numbers.
func Intersect(a, b *record.Area) []Polygon {
	var list []Polygon
	for _, p := range pieces(a) {
		for _, q := range pieces(b) {
			if !near(p, q) {
				continue
			}
			if r := clip(p, q); len(r) >= 3 && doubled(r) > 0 {
				list = append(list, r)
			}
		}
	}
	return list
}

// near reports whether the extents of two polygons meet. It also bounds the
// numbers in share.
func near(p, q Polygon) bool {
	pl, ph := extent(p)
	ql, qh := extent(q)
	return pl.LatE5 < qh.LatE5 && ql.LatE5 < ph.LatE5 && pl.LonE5 < qh.LonE5 && ql.LonE5 < ph.LonE5
}

// pieces cuts an area into convex polygons.
func pieces(a *record.Area) []Polygon {
	if a.Centre != nil {
		return []Polygon{round(a)}
	}
	p := Polygon(slices.Clone(a.Corners))
	if doubled(p) < 0 {
		slices.Reverse(p)
	}
	if convex(p) {
		return []Polygon{p}
	}
	return triangles(p)
}

// doubled returns twice the signed area, in 1e-5 degree squared.
func doubled(p Polygon) int64 {
	var sum int64
	for i := 2; i < len(p); i++ {
		sum += record.Turn(p[0], p[i-1], p[i])
	}
	return sum
}

func convex(p Polygon) bool {
	n := len(p)
	for i := range n {
		if record.Turn(p[i], p[(i+1)%n], p[(i+2)%n]) < 0 {
			return false
		}
	}
	return true
}

// triangles cuts the ears off a simple counter-clockwise polygon (Meisters'
// theorem: there is always one).
func triangles(p Polygon) []Polygon {
	var list []Polygon
	for rest := slices.Clone(p); len(rest) >= 3; {
		i := slices.IndexFunc(rest, func(c record.Corner) bool { return isEar(rest, slices.Index(rest, c)) })
		if i < 0 {
			return list // only straight corners are left
		}
		n := len(rest)
		list = append(list, Polygon{rest[(i+n-1)%n], rest[i], rest[(i+1)%n]})
		rest = slices.Delete(rest, i, i+1)
	}
	return list
}

func isEar(p Polygon, i int) bool {
	n := len(p)
	a, b, c := p[(i+n-1)%n], p[i], p[(i+1)%n]
	if record.Turn(a, b, c) <= 0 {
		return false
	}
	return !slices.ContainsFunc(p, func(q record.Corner) bool {
		return q != a && q != b && q != c && record.Turn(a, b, q) >= 0 && record.Turn(b, c, q) >= 0 && record.Turn(c, a, q) >= 0
	})
}

// roundCorners is how many corners stand for a circle.
const roundCorners = 48

// unitCircle holds the corners of a polygon around the unit circle, in parts of
// a million, so that no machine's sine decides.
var unitCircle = [roundCorners / 8][2]int64{ // east, north; the first eighth
	{1_002_146, 0},
	{993_573, 130_807},
	{967_999, 259_375},
	{925_862, 383_505},
	{867_884, 501_073},
	{795_056, 610_068},
}

// round returns the polygon that stands for a circle where areas are compared.
// It holds the circle and is a little larger: near misses are shown rather than
// lost.
func round(a *record.Area) Polygon {
	// Lengths of a degree at the circle's edge towards the pole: the longitude's
	// is shortest there, so that the polygon holds the circle.
	edge := math.Abs(float64(a.Centre.LatE5)/1e5) + float64(a.RadiusM)/metresLat
	north := int64(math.Ceil(float64(a.RadiusM)/metresLat*1e5)) + 1
	east := int64(math.Ceil(float64(a.RadiusM)/(metresLat*math.Cos(edge*math.Pi/180))*1e5)) + 1
	p := make(Polygon, 0, roundCorners)
	for i := range roundCorners {
		x, y := onCircle(i)
		p = append(p, record.Corner{
			LatE5: a.Centre.LatE5 + int32(y*north/1_000_000), LonE5: a.Centre.LonE5 + int32(x*east/1_000_000),
		})
	}
	return p
}

// onCircle returns the i-th corner by the circle's symmetry.
func onCircle(i int) (x, y int64) {
	const eighth, quarter = roundCorners / 8, roundCorners / 4
	q, r := i/quarter, i%quarter
	switch {
	case r < eighth:
		x, y = unitCircle[r][0], unitCircle[r][1]
	case r == eighth:
		x, y = 708_624, 708_624
	default:
		x, y = unitCircle[quarter-r][1], unitCircle[quarter-r][0]
	}
	switch q {
	case 1:
		return -y, x
	case 2:
		return -x, -y
	case 3:
		return y, -x
	}
	return x, y
}

// clip returns what two convex polygons have in common (Sutherland and Hodgman
// 1974), in whole numbers.
func clip(p, by Polygon) Polygon {
	for i := range by {
		if len(p) == 0 {
			return nil
		}
		p = cut(p, by[i], by[(i+1)%len(by)])
	}
	return slices.Compact(p)
}

// cut keeps what of p lies to the left of the line from a to b.
func cut(p Polygon, a, b record.Corner) Polygon {
	out := make(Polygon, 0, len(p)+1)
	for i, c := range p {
		d := p[(i+1)%len(p)]
		left, next := record.Turn(a, b, c), record.Turn(a, b, d)
		if left >= 0 {
			out = append(out, c)
		}
		if (left > 0 && next < 0) || (left < 0 && next > 0) {
			out = append(out, record.Corner{
				LatE5: c.LatE5 + share(int64(d.LatE5-c.LatE5), left, next), LonE5: c.LonE5 + share(int64(d.LonE5-c.LonE5), left, next),
			})
		}
	}
	return out
}

// share returns the part left/(left-next) of way, rounded. left and next have
// opposite signs. The largest circle spans 1.2e6 at 70 degrees, a turn of two
// of them 5.4e12: their product fits.
func share(way, left, next int64) int32 {
	part, whole := left, left-next
	if whole < 0 {
		part, whole = -part, -whole
	}
	n := way * part
	if n < 0 {
		return -int32((-n + whole/2) / whole)
	}
	return int32((n + whole/2) / whole)
}

// Overlap is what two notices have in common: time, area, heights; nothing else
// and no advice.
type Overlap struct {
	A        Key           `json:"a"` // of the lower party
	B        Key           `json:"b"`
	Domain   string        `json:"domain"`
	From     time.Time     `json:"from"`
	To       time.Time     `json:"to"`
	Height   *record.Block `json:"height,omitempty"` // absent: all heights, or at sea
	Area     []Polygon     `json:"area"`
	Exercise bool          `json:"exercise,omitempty"`
}

// Stated is a notice with whose it is, as much as an overlap depends on.
type Stated struct {
	Party party.ID
	Body  *record.Activity
}

// Meet returns what two parties' notices have in common. The result is the same
// whichever comes first; false where it is nothing.
func Meet(x, y Stated) (Overlap, bool) {
	if y.Party < x.Party {
		x, y = y, x
	}
	a, b := x.Body, y.Body
	if x.Party == y.Party || a.Domain != b.Domain {
		return Overlap{}, false
	}
	o := Overlap{Domain: a.Domain, From: a.From, To: a.To}
	if b.From.After(o.From) {
		o.From = b.From
	}
	if b.To.Before(o.To) {
		o.To = b.To
	}
	if !o.From.Before(o.To) {
		return Overlap{}, false
	}
	switch {
	case a.Height == nil:
		o.Height = b.Height
	case b.Height == nil:
		o.Height = a.Height
	default:
		o.Height = &record.Block{BaseFt: max(a.Height.BaseFt, b.Height.BaseFt), TopFt: min(a.Height.TopFt, b.Height.TopFt)}
		if o.Height.BaseFt >= o.Height.TopFt {
			return Overlap{}, false
		}
	}
	o.Area = Intersect(&a.Area, &b.Area)
	return o, len(o.Area) > 0
}
