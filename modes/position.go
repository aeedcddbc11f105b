// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package modes

import (
	"math"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// aircraft is what is remembered of one address and origin. Times are in
// milliseconds since 1970.
type aircraft struct {
	key         uint32
	heardMS     int64
	squitterMS  int64
	hasSquitter bool

	version              uint8
	hasVersion           bool
	supplA, supplB, supC bool

	gs    geo.Knots
	gsMS  int64
	hasGS bool

	track    geo.Degrees // of the same time as gs
	hasTrack bool
	height   geo.Feet // barometric
	heightMS int64
	hasHigh  bool

	cpr    [2]CPR // even, odd
	cprMS  [2]int64
	hasCPR [2]bool

	pos    geo.Point
	posMS  int64
	hasPos bool
	trust  uint8 // pairs that agreed, less those that did not
}

const (
	maxTrust = 4

	airPairMS      = 10_000 // DO-260B A.1.7.5
	surfPairMS     = 50_000 // up to slowKnots; dump1090's measure
	surfFastPairMS = 25_000
	slowKnots      = 25

	relativeMS = 600_000 // an airliner stays within half a zone for so long
	gsFreshMS  = 60_000

	surfaceReach = geo.Metres(45 * geo.MetresPerNauticalMile) // half a surface zone
	// Two aircraft that one receiver hears are not farther apart.
	nearReach = geo.Metres(500 * geo.MetresPerNauticalMile)
)

// remember keeps of f what later frames need, and completes f with it.
func (a *aircraft) remember(now int64, f *Frame) {
	if f.Has(FieldVersion) {
		a.version, a.hasVersion = f.Version, true
	}
	if f.Has(FieldNICSupplA) {
		a.supplA = f.NICSupplA
	}
	if f.Has(FieldNICSupplB) {
		a.supplB = f.NICSupplB
	}
	if f.Has(FieldNICSupplC) {
		a.supC = f.NICSupplC
	}
	if f.Has(FieldSpeed) {
		a.gs, a.gsMS, a.hasGS = f.GroundSpeed, now, true
		a.track, a.hasTrack = f.Track, f.Has(FieldTrack)
	}
	if f.Has(FieldAltitude) && f.AltitudeKind == HeightBaro {
		a.height, a.heightMS, a.hasHigh = f.Altitude, now, true
	}
	if f.Has(FieldTC) && (!a.hasVersion || a.version == 0) {
		a.deriveAccuracy(f)
	}
	if !f.Has(FieldCPR) {
		return
	}
	c := containmentOf(f.TC, a.version, a.supplA, a.supplB, a.supC)
	f.NIC = c.nic
	f.set(FieldNIC)
	if c.radius > 0 {
		f.ContainmentRadius = c.radius
		f.set(FieldRadius)
	}
}

// known returns what a Comm-B reply can be held against.
func (a *aircraft) known(now int64) (k known) {
	if a.hasGS && abs(now-a.gsMS) <= hintFreshMS {
		k.speed, k.hasSpeed = float64(a.gs), true
		k.track, k.hasTrack = float64(a.track), a.hasTrack
	}
	if a.hasHigh && abs(now-a.heightMS) <= hintFreshMS { // that of f itself where it has one
		k.height, k.hasHeight = float64(a.height), true
	}
	return k
}

// deriveAccuracy fills in what an aircraft of version 0, which sends neither
// NACp nor SIL, says by the type code of its positions.
func (a *aircraft) deriveAccuracy(f *Frame) {
	nacp, sil, ok := accuracyV0(f.TC)
	if !ok || f.Source == SourceMLAT {
		return
	}
	f.NACp, f.SIL, f.QualityFromTC = nacp, sil, true
	f.set(FieldNACp | FieldSIL)
}

// locate finds the position of a frame with CPR.
func (d *Decoder) locate(now int64, a *aircraft, r *Report) {
	if r.CPR.Lat == 0 && r.CPR.Lon == 0 { // sent by faulty equipment
		r.Refusal = RefusedZero
		return
	}
	i := parityIndex(r.CPR.Odd)
	a.cpr[i], a.cprMS[i], a.hasCPR[i] = r.CPR, now, true
	if a.hasPos && abs(now-a.posMS) > relativeMS {
		a.hasPos, a.trust = false, 0
	}
	p, refusal := d.pair(now, a, r)
	if refusal == RefusedNot {
		d.settle(now, a, r, p, PositionPair)
		return
	}
	if a.hasPos {
		if p, ok := relativeCPR(r.CPR, a.pos); ok {
			d.settle(now, a, r, p, PositionRelative)
			return
		}
	}
	r.Refusal = refusal
}

// pair combines the frame with the last one of the other parity.
func (d *Decoder) pair(now int64, a *aircraft, r *Report) (geo.Point, Refusal) {
	other := 1 - parityIndex(r.CPR.Odd)
	if !a.hasCPR[other] || a.cpr[other].Surface != r.CPR.Surface {
		return geo.Point{}, RefusedUnpaired
	}
	window := int64(airPairMS)
	if r.CPR.Surface {
		window = surfFastPairMS
		if a.hasGS && a.gs <= slowKnots && abs(now-a.gsMS) <= gsFreshMS {
			window = surfPairMS
		}
	}
	if abs(now-a.cprMS[other]) > window {
		return geo.Point{}, RefusedUnpaired
	}
	var ref geo.Point
	reach := surfaceReach
	if r.CPR.Surface {
		switch { // never a place that has nothing to do with the aircraft
		case a.hasPos:
			ref = a.pos
		case d.cfg.HasReceiver:
			ref = d.cfg.Receiver.Pos
		case d.hasNear:
			ref, reach = d.near, nearReach
		default:
			return geo.Point{}, RefusedNoReference
		}
	}
	p, ok := pairCPR(a.cpr[0], a.cpr[1], r.CPR.Odd, ref)
	if !ok {
		return geo.Point{}, RefusedZones
	}
	if r.CPR.Surface && !a.hasPos && distance(ref, p) > reach {
		return geo.Point{}, RefusedRange
	}
	return p, RefusedNot
}

// settle accepts or refuses a position. A pair that contradicts the position
// before takes trust from it; without any trust the position before is given
// up, so that one wrong pair cannot lock an aircraft out.
func (d *Decoder) settle(now int64, a *aircraft, r *Report, p geo.Point, kind PositionKind) {
	rc := d.cfg.Receiver
	if d.cfg.HasReceiver && rc.RangeNM > 0 && distance(rc.Pos, p) > geo.FromNM(rc.RangeNM) {
		r.Refusal = RefusedRange
		return
	}
	if a.hasPos && distance(a.pos, p) > a.reach(now, r.CPR.Surface) {
		r.Refusal = RefusedSpeed
		if kind == PositionPair {
			a.trust--
			if a.trust == 0 {
				a.hasPos = false
			}
		}
		return
	}
	if kind == PositionPair && a.trust < maxTrust {
		a.trust++
	}
	if !a.hasPos || now >= a.posMS {
		a.pos, a.posMS, a.hasPos = p, now, true
	}
	if !r.CPR.Surface && a.trust >= 2 {
		d.HeardNear(p)
	}
	r.Position, r.HasPosition, r.PositionKind, r.Trust = p, true, kind, a.trust
}

// reach is how far the aircraft can be from its last position: a third above
// its speed, growing by 3 kt/s since it was known, one second of slack, and a
// base for the resolution of the code.
func (a *aircraft) reach(now int64, surface bool) geo.Metres {
	base, speed := geo.Metres(500), geo.Knots(900)
	if surface {
		base, speed = 100, 120
	}
	if age := abs(now - a.gsMS); a.hasGS && age <= gsFreshMS {
		speed = a.gs*4/3 + geo.Knots(3*float64(age)/1000)
		if surface {
			speed = max(speed, 20)
		} else {
			speed = max(speed, 200)
		}
	}
	dt := float64(abs(now-a.posMS))/1000 + 1
	return base + geo.Metres(dt*float64(speed.MetresPerSecond()))
}

func abs(v int64) int64 {
	if v == math.MinInt64 {
		return math.MaxInt64
	}
	return max(v, -v)
}
