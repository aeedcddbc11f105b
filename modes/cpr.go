// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes

import (
	"math"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// Compact position reporting, DO-260B appendix A.1.7. The globe is cut into
// zones, 15 between equator and pole and up to 59 around; a frame carries the
// place within a zone, an even and an odd frame together say which zone.
const (
	cprScale  = 1 << 17
	cprZones  = 60 // even latitude zones around the globe
	airSpan   = 360.0
	surfSpan  = 90.0 // surface positions repeat each 90 degrees
	poleBound = 90.0
)

// zoneBounds[n] is the latitude up to which there are n longitude zones
// (DO-260B A.1.7.2, solved for latitude).
var zoneBounds = makeZoneBounds()

func makeZoneBounds() (b [60]float64) {
	for n := 2; n < 60; n++ {
		x := (1 - math.Cos(math.Pi/30)) / (1 - math.Cos(2*math.Pi/float64(n)))
		b[n] = math.Acos(math.Sqrt(x)) * 180 / math.Pi
	}
	return b
}

// longitudeZones is NL: how many longitude zones there are at a latitude.
func longitudeZones(latDeg float64) int {
	lat := math.Abs(latDeg)
	low, high := 1, 59 // the answer is within
	for low < high {
		mid := (low + high + 1) / 2
		if lat < zoneBounds[mid] {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low
}

func span(surface bool) float64 {
	if surface {
		return surfSpan
	}
	return airSpan
}

func parityIndex(odd bool) int {
	if odd {
		return 1
	}
	return 0
}

// mod is the remainder with the sign of the divisor.
func mod(a, b float64) float64 { return a - b*math.Floor(a/b) }

// EncodeCPR returns the position as sent in an even or odd frame. A position
// that is not valid gives zeros, which decoders refuse.
func EncodeCPR(p geo.Point, odd, surface bool) CPR {
	if !p.Valid() {
		return CPR{Odd: odd, Surface: surface}
	}
	i := parityIndex(odd)
	sp := span(surface)
	dLat := sp / float64(cprZones-i)
	yz := math.Floor(cprScale*mod(p.LatDeg, dLat)/dLat + 0.5)
	rLat := dLat * (yz/cprScale + math.Floor(p.LatDeg/dLat))
	dLon := sp / float64(max(longitudeZones(rLat)-i, 1))
	xz := math.Floor(cprScale*mod(p.LonDeg, dLon)/dLon + 0.5)
	return CPR{
		Lat: uint32(yz) & (cprScale - 1), Lon: uint32(xz) & (cprScale - 1),
		Odd: odd, Surface: surface,
	}
}

// pairCPR returns the position of the latest of an even and an odd frame. The
// frames must be of one kind and near in time, which the caller has seen to.
// Surface positions are the candidate nearest to ref; airborne ones ignore it.
func pairCPR(even, odd CPR, latestOdd bool, ref geo.Point) (geo.Point, bool) {
	i := parityIndex(latestOdd)
	sp := span(even.Surface)
	yz := [2]float64{float64(even.Lat) / cprScale, float64(odd.Lat) / cprScale}
	j := math.Floor((cprZones-1)*yz[0] - cprZones*yz[1] + 0.5)
	var lat [2]float64
	for k := range lat {
		zones := float64(cprZones - k)
		lat[k] = sp / zones * (mod(j, zones) + yz[k])
		if even.Surface {
			lat[k] = nearestLat(lat[k], ref.LatDeg)
		} else if lat[k] >= 270 {
			lat[k] -= 360
		}
		if lat[k] < -poleBound || lat[k] > poleBound {
			return geo.Point{}, false
		}
	}
	nl := longitudeZones(lat[0])
	if nl != longitudeZones(lat[1]) {
		return geo.Point{}, false // the aircraft crossed a zone between the frames
	}
	xz := [2]float64{float64(even.Lon) / cprScale, float64(odd.Lon) / cprScale}
	m := math.Floor(xz[0]*float64(nl-1) - xz[1]*float64(nl) + 0.5)
	ni := float64(max(nl-i, 1))
	lon := sp / ni * (mod(m, ni) + xz[i])
	if even.Surface {
		lon += surfSpan * math.Round((ref.LonDeg-lon)/surfSpan)
	}
	return geo.Point{LatDeg: lat[i], LonDeg: float64(geo.Degrees(lon).Norm180())}, true
}

// nearestLat chooses between the hemispheres.
func nearestLat(lat, ref float64) float64 {
	if math.Abs(lat-surfSpan-ref) < math.Abs(lat-ref) {
		return lat - surfSpan
	}
	return lat
}

// relativeCPR returns the position of one frame, given a position less than
// half a zone away: 180 NM airborne, 45 NM on the surface.
func relativeCPR(c CPR, ref geo.Point) (geo.Point, bool) {
	i := parityIndex(c.Odd)
	sp := span(c.Surface)
	dLat := sp / float64(cprZones-i)
	lat := nearestInZone(dLat, float64(c.Lat)/cprScale, ref.LatDeg)
	if lat < -poleBound || lat > poleBound {
		return geo.Point{}, false
	}
	dLon := sp / float64(max(longitudeZones(lat)-i, 1))
	lon := nearestInZone(dLon, float64(c.Lon)/cprScale, ref.LonDeg)
	return geo.Point{LatDeg: lat, LonDeg: float64(geo.Degrees(lon).Norm180())}, true
}

// nearestInZone returns the angle nearest to ref that lies at fraction f of
// some zone of the given size.
func nearestInZone(size, f, ref float64) float64 {
	return size * (f + math.Round(ref/size-f))
}

// distance is the great-circle distance on a sphere, within 0.6 % of the
// geodesic: enough to refuse what cannot be.
func distance(a, b geo.Point) geo.Metres {
	const radius = 6371008.8 // mean radius of WGS84
	la, lb := geo.Degrees(a.LatDeg).Radians(), geo.Degrees(b.LatDeg).Radians()
	sLat := math.Sin((lb - la) / 2)
	sLon := math.Sin(geo.Degrees(b.LonDeg-a.LonDeg).Radians() / 2)
	h := sLat*sLat + math.Cos(la)*math.Cos(lb)*sLon*sLon
	return geo.Metres(2 * radius * math.Asin(math.Sqrt(min(h, 1))))
}
