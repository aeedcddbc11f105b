// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"math"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// A plot in clutter has many young tracks around it and is in the gate of none.
// What follows finds that out without predicting their filters.

// spot is the place of a measurement, made ready for comparison with many
// tracks.
type spot struct {
	x   geo.ECEF
	cos float64 // of the latitude
}

func newSpot(a *aim) spot {
	return spot{geo.ToECEF(a.pos, 0), math.Cos(geo.Degrees(a.pos.LatDeg).Radians())}
}

// within is false when a measurement is surely outside the gate of a track.
func (t *Tracker) within(there *spot, m *Measurement, a *aim, tr *track) bool {
	dt := seconds(a.at - tr.Time)
	const perDegree = 111_195
	north := perDegree * (a.pos.LatDeg - tr.pos.LatDeg)
	east := perDegree * there.cos * math.Remainder(a.pos.LonDeg-tr.pos.LonDeg, 360)
	speed := math.Max(float64(t.cfg.MaxAirSpeed), float64(t.cfg.MaxSeaSpeed))
	far := 1.05 * (speed*math.Abs(dt) + searchFar + a.slop)
	if square := east*east + north*north; square > far*far && there.cos > 0.1 {
		return false
	}
	if dt < 0 || a.where == fixed || m.Has&HasHeight != 0 {
		return true // late, or with what moves the track
	}
	k := tr.motion()
	e, n, v := tr.Filter.span(dt, &k)
	ze, zn, _ := tr.frame.plane.ECEFToENU(there.x)
	// A height moves the ground range by itself times rise over range.
	h, vh := tr.Filter.X[0][iH], tr.Filter.P[0][iH][iH]
	rise := math.Abs(h-a.height) + math.Abs(a.height) + math.Abs(float64(t.sensors[m.Sensor].Height)) + math.Sqrt(t.cfg.GateNIS*vh)
	if rise > maxRise*a.rng {
		return true
	}
	steep := 1.2 * rise / a.rng
	reach := math.Sqrt(t.cfg.GateNIS)*(math.Sqrt(v+a.sr*a.sr+a.rng*a.rng*a.sa*a.sa)+math.Sqrt(vh)*steep) + a.stray + math.Abs(h-a.height)*steep
	// The gate is one of angles, seen from where the track is.
	if reach > a.rng/2 {
		return true
	}
	return math.Hypot(float64(ze)-e, float64(zn)-n) <= reach*a.rng/(a.rng-reach)+speedSlack*math.Abs(a.late)
}

// maxRise is the rise over slant range up to which 1.2 times it bounds how much
// of an error of height is one of place.
const maxRise = 0.4

// speedSlack is the speed in m/s at which a late stamp moves an object.
const speedSlack = 1000

// span returns where the filter will be in dt seconds, and a bound of every
// model's squared distance from there that its covariance allows: the sum of
// the variances east and north, and of the squared distance of the means.
func (f *Filter) span(dt float64, k *kinematics) (e, n, v float64) {
	for j := range f.Models {
		e += f.Mu[j] * (f.X[j][iE] + dt*f.X[j][iVE])
		n += f.Mu[j] * (f.X[j][iN] + dt*f.X[j][iVN])
	}
	widest, apart, q := 0.0, 0.0, 0.0
	for j := range f.Models {
		x, p := &f.X[j], &f.P[j]
		widest = math.Max(widest, p[iE][iE]+p[iN][iN]+2*dt*(p[iE][iVE]+p[iN][iVN])+dt*dt*(p[iVE][iVE]+p[iVN][iVN]))
		de, dn := x[iE]+dt*x[iVE]-e, x[iN]+dt*x[iVN]-n
		apart = math.Max(apart, de*de+dn*dn)
		q = math.Max(q, k.q[j])
	}
	// Mixed means are at most twice the greatest distance from each other.
	return e, n, widest + 5*apart + 2*q*dt*dt*dt/3
}
