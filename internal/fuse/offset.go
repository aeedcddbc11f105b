// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package fuse

import "math"

// Offset is how far off one party's places lie from ours, whatever the reason
// (a map datum, a radar's bias, a clock): metres east and north, and the
// seconds by which its times are late. It is a Kalman filter over the
// differences of tracks that are one object by identity.
type Offset struct {
	X      [3]float64    // east, north, s
	P      [3][3]float64 // covariance of X
	At     int64         // Unix ns of the newest sight
	Sights uint32
}

const (
	// An offset drifts: what was learnt an hour ago is driftPlace metres and
	// driftTime seconds less sure.
	driftPlace, driftTime = 50.0, 0.05
	// huber is how many standard deviations off a sight counts in full; farther
	// ones count less (Huber, 1964).
	huber = 2.5
)

// NewOffset returns an offset of which nothing is known but one standard
// deviation of it, in metres for each axis and in seconds.
func NewOffset(place, late float64) Offset {
	var o Offset
	o.P[0][0], o.P[1][1], o.P[2][2] = place*place, place*place, late*late
	return o
}

// Learn takes in that at a time a place told by the party lay (e, n) metres
// from ours of the same object, which moved with (ve, vn) m/s; noise is the
// covariance of the difference without the offset.
func (o *Offset) Learn(at int64, e, n, ve, vn float64, noise Cov) {
	if o.Sights > 0 && at > o.At {
		h := float64(at-o.At) / 3.6e12
		o.P[0][0] += driftPlace * driftPlace * h
		o.P[1][1] += driftPlace * driftPlace * h
		o.P[2][2] += driftTime * driftTime * h
	}
	o.At = max(o.At, at)
	o.Sights++
	de, dn, known := o.Apart(ve, vn)
	re, rn := e-de, n-dn
	s := known.Add(noise)
	if !s.Valid() {
		return
	}
	if far := math.Sqrt(s.Distance2(re, rn)); far > huber {
		s = known.Add(noise.scale(far / huber))
	}
	o.update(re, rn, ve, vn, s.inverse())
}

// update is the step of the filter; the rows of the measurement are
// (1 0 -ve) and (0 1 -vn).
func (o *Offset) update(re, rn, ve, vn float64, si Cov) {
	var ph [3][2]float64
	for i := range ph {
		ph[i] = [2]float64{o.P[i][0] - ve*o.P[i][2], o.P[i][1] - vn*o.P[i][2]}
	}
	var k [3][2]float64
	for i := range k {
		k[i][0], k[i][1] = si.times(ph[i][0], ph[i][1])
		o.X[i] += k[i][0]*re + k[i][1]*rn
	}
	for i := range o.P {
		for j := range o.P {
			o.P[i][j] -= k[i][0]*ph[j][0] + k[i][1]*ph[j][1]
		}
	}
	for i := range o.P {
		for j := range i {
			o.P[i][j] = (o.P[i][j] + o.P[j][i]) / 2
			o.P[j][i] = o.P[i][j]
		}
	}
}

// Apart returns by how much a place of an object that moves with (ve, vn) m/s is
// off, in metres east and north, and how well that is known.
func (o *Offset) Apart(ve, vn float64) (e, n float64, c Cov) {
	p := &o.P
	return o.X[0] - ve*o.X[2], o.X[1] - vn*o.X[2], Cov{
		EE: p[0][0] - 2*ve*p[0][2] + ve*ve*p[2][2],
		EN: p[0][1] - ve*p[1][2] - vn*p[0][2] + ve*vn*p[2][2],
		NN: p[1][1] - 2*vn*p[1][2] + vn*vn*p[2][2],
	}
}

// Accuracy is how good one party's places are, learnt from differences to ours
// of the same objects: variances of each axis in m².
type Accuracy struct {
	Theirs float64 // what the differences show beyond what is known of ours
	Ours   float64 // mean of ours
	N      float64 // differences taken in, at most mostSights
}

const (
	firstSights = 2   // what is believed at first weighs as much
	mostSights  = 500 // then older ones fade
	// A difference counts at most as mostFar variances, of which normal ones keep
	// the share kept = 1 - exp(-mostFar) (Huber's second proposal, 1964): a pair
	// that is not one object must not widen all others.
	mostFar = 3
	kept    = 0.950212931632136
)

// NewAccuracy begins with a standard deviation in metres for each axis.
func NewAccuracy(sigma float64) Accuracy {
	return Accuracy{Theirs: sigma * sigma, N: firstSights}
}

// Learn takes in a difference to ours; ours is the covariance of our place,
// known that of everything else in it.
func (a *Accuracy) Learn(e, n float64, ours, known Cov) {
	own := ours.Trace() / 2
	v := math.Min((e*e+n*n-known.Trace())/2, mostFar*(math.Max(a.Theirs, 0)+own))/kept - own
	a.N = math.Min(a.N+1, mostSights)
	a.Theirs += (v - a.Theirs) / a.N
	a.Ours += (own - a.Ours) / a.N
}

// Sigma returns one standard deviation of each axis. It is never taken to be
// better than ours on the same objects: what both share makes the differences
// look small.
func (a *Accuracy) Sigma(least float64) float64 {
	return math.Sqrt(math.Max(least*least, math.Max(a.Theirs, a.Ours)))
}
