// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"math"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// The bias of a radar: what it adds to the truth.
const (
	bRange   = iota // m
	bGain           // share of the range
	bAzimuth        // radians
	bTime           // s by which its time stamps are late
	nb
)

// maxRegistered bounds the radars of which a bias is estimated: the first of
// Config.Sensors. Time and memory grow with its square: a sight costs 4 µs with
// 16 radars, 16 µs with 32 and 230 µs with 64.
const maxRegistered = 16

// Bias is a radar's systematic error, or one standard deviation of it.
type Bias struct {
	Range   geo.Metres    // measured less true, the same at every range
	Gain    float64       // the same as a share of the range
	Azimuth geo.Degrees   // measured less true
	Time    time.Duration // by which time stamps are late
}

func (b Bias) vector() [nb]float64 {
	return [nb]float64{float64(b.Range), b.Gain, b.Azimuth.Radians(), b.Time.Seconds()}
}

func biasOf(v [nb]float64) Bias {
	return Bias{
		Range: geo.Metres(v[bRange]), Gain: v[bGain], Azimuth: geo.Degrees(v[bAzimuth] * 180 / math.Pi),
		Time: time.Duration(v[bTime] * float64(time.Second)),
	}
}

// plausible reports whether b can be a standard deviation.
func (b Bias) plausible() bool {
	within := func(v, hi float64) bool { return v >= 0 && v <= hi } // false for NaN
	return within(float64(b.Range), 10_000) && within(b.Gain, 0.01) && within(float64(b.Azimuth), 5) && within(b.Time.Seconds(), 10)
}

// Registration is what is known of a radar's bias.
type Registration struct {
	Bias, Sigma Bias
	Sights      uint64    // comparisons that it was learnt from
	Jumps       uint32    // how often the bias changed at once
	Jumped      time.Time // the last time; zero for never
	History     []Past    // oldest first
	LeftOut     bool      // beyond the first 16 radars: nothing is learnt, and all else is zero
}

// Past is a bias as it was estimated at a time.
type Past struct {
	At          time.Time
	Bias, Sigma Bias
	Jump        bool // noted because the bias changed at once
}

// BiasState is what a Tracker remembers of how a radar's bias was learnt.
type BiasState struct {
	Sights  uint64
	Jumps   uint32
	Jumped  int64 // Unix ns, 0 for never
	Recent  [recentSights]Residual
	Filled  int // of Recent, round and round
	History []Past
}

// Residual is how far a sight lay from what was expected, in standard
// deviations.
type Residual struct {
	Track          ID
	Range, Azimuth float32
}

const (
	recentSights = 16
	jumpSigma    = 2.0 // half of the recent sights lie farther off, to one side
	jumpTracks   = 3   // and they are of so many aircraft

	pastEvery = int64(15 * time.Minute)
	maxPast   = 96 // a day
)

// drift is one standard deviation of a bias's change in an hour; floor is what
// an estimate is never believed better than.
var (
	drift = Bias{Range: 15, Gain: 3e-5, Azimuth: 0.015, Time: 15 * time.Millisecond}.vector()
	floor = Bias{Range: 2, Gain: 2e-6, Azimuth: 0.002, Time: 2 * time.Millisecond}.vector()
)

// register estimates the biases of all radars together, because radars that
// are compared with each other share their uncertainty (Lin, Bar-Shalom and
// Kirubarajan, 2005).
type register struct {
	prior [nb]float64
	at    int64     // ns, of x and p
	x     []float64 // nb for each radar
	p     []float64 // covariance of x, rows after each other
	ph    [][2]float64
}

// Sight is a plot beside a place that is known better or otherwise: a
// self-report (Other is -1), or a plot of another radar.
//
//	Y = G·bias - M·bias of the other + noise of covariance R
type Sight struct {
	At          int64
	Track       ID
	Slot, Other int        // of the radars
	Y           [2]float64 // m, radians: measured less expected, without correction
	R           [2][2]float64
	G, M        [2][nb]float64
}

func newRegister(radars int, prior Bias) register {
	n := nb * radars
	g := register{prior: prior.vector(), x: make([]float64, n), p: make([]float64, n*n), ph: make([][2]float64, n)}
	for slot := range radars {
		g.forget(slot)
	}
	return g
}

// forget sets the uncertainty of a radar back to that of the beginning.
func (g *register) forget(slot int) {
	n := len(g.x)
	for i := slot * nb; i < (slot+1)*nb; i++ {
		for c := range n {
			g.p[i*n+c], g.p[c*n+i] = 0, 0
		}
	}
	for k, s := range g.prior {
		g.p[(slot*nb+k)*(n+1)] = s * s
	}
}

// pass lets biases drift until a time.
func (g *register) pass(at int64) {
	dt := seconds(at - g.at)
	if g.at == 0 {
		dt = 0
	}
	if at <= g.at {
		return
	}
	g.at = at
	n := len(g.x)
	for i := range n {
		k := i % nb
		if v := &g.p[i*(n+1)]; *v < g.prior[k]*g.prior[k] {
			*v += drift[k] * drift[k] * dt / 3600
		}
	}
}

// take learns from one sight and returns the normalised innovations before.
// Sights that lie far off count less (Huber, 1964), very far off nothing.
func (g *register) take(s *Sight) (before [2]float64, used bool) {
	n, own, other := len(g.x), s.Slot*nb, s.Other*nb
	y, v := s.Y, s.R
	for a := range 2 {
		for k := range nb {
			y[a] -= s.G[a][k] * g.x[own+k]
			if other >= 0 {
				y[a] += s.M[a][k] * g.x[other+k]
			}
		}
		for r := range n {
			sum := 0.0
			for k := range nb {
				sum += g.p[r*n+own+k] * s.G[a][k]
				if other >= 0 {
					sum -= g.p[r*n+other+k] * s.M[a][k]
				}
			}
			g.ph[r][a] = sum
		}
	}
	var spread [2][2]float64
	for a := range 2 {
		for b := range 2 {
			for k := range nb {
				spread[a][b] += s.G[a][k] * g.ph[own+k][b]
				if other >= 0 {
					spread[a][b] -= s.M[a][k] * g.ph[other+k][b]
				}
			}
			v[a][b] += spread[a][b]
		}
	}
	inv, ok := inverse(&v)
	if !ok {
		return before, false
	}
	before = [2]float64{y[0] / math.Sqrt(v[0][0]), y[1] / math.Sqrt(v[1][1])}
	const believed, wild = 9, 400
	nis := square(&inv, y)
	if !(nis < wild) {
		return before, false
	}
	if nis > believed {
		w := math.Sqrt(nis / believed)
		for a := range 2 {
			for b := range 2 {
				v[a][b] = spread[a][b] + w*s.R[a][b]
			}
		}
		if inv, ok = inverse(&v); !ok {
			return before, false
		}
	}
	g.correct(y, &inv)
	return before, true
}

// correct applies an innovation with the gain P Hᵀ S⁻¹, P Hᵀ being in ph.
func (g *register) correct(y [2]float64, inv *[2][2]float64) {
	n := len(g.x)
	for r := range n {
		k0 := g.ph[r][0]*inv[0][0] + g.ph[r][1]*inv[1][0]
		k1 := g.ph[r][0]*inv[0][1] + g.ph[r][1]*inv[1][1]
		g.x[r] += k0*y[0] + k1*y[1]
		for c := r; c < n; c++ {
			v := g.p[r*n+c] - k0*g.ph[c][0] - k1*g.ph[c][1]
			g.p[r*n+c], g.p[c*n+r] = v, v
		}
	}
	for r := range n {
		if f := floor[r%nb]; g.p[r*(n+1)] < f*f {
			g.p[r*(n+1)] = f * f
		}
	}
}

// of returns the bias of a radar and its covariance.
func (g *register) of(slot int) (b [nb]float64, v [nb][nb]float64) {
	n := len(g.x)
	for r := range nb {
		b[r] = g.x[slot*nb+r]
		for c := range nb {
			v[r][c] = g.p[(slot*nb+r)*n+slot*nb+c]
		}
	}
	return b, v
}

// inverse is false for what is not positive definite.
func inverse(v *[2][2]float64) ([2][2]float64, bool) {
	det := v[0][0]*v[1][1] - v[0][1]*v[1][0]
	if !(det > 0) || !(v[0][0] > 0) {
		return [2][2]float64{}, false
	}
	return [2][2]float64{{v[1][1] / det, -v[0][1] / det}, {-v[1][0] / det, v[0][0] / det}}, true
}

func square(m *[2][2]float64, y [2]float64) float64 {
	return y[0]*(m[0][0]*y[0]+m[0][1]*y[1]) + y[1]*(m[1][0]*y[0]+m[1][1]*y[1])
}

// note keeps a residual and reports whether the recent ones say that the bias
// changed at once.
func (b *BiasState) note(id ID, before [2]float64) bool {
	b.Recent[b.Filled%recentSights] = Residual{id, float32(before[0]), float32(before[1])}
	b.Filled++
	if b.Filled >= 2*recentSights {
		b.Filled -= recentSights
	}
	if b.Filled < recentSights {
		return false
	}
	tracks := make([]ID, 0, recentSights)
	var off [2][recentSights]float32
	for i, r := range b.Recent {
		off[0][i], off[1][i] = r.Range, r.Azimuth
		if !slices.Contains(tracks, r.Track) {
			tracks = append(tracks, r.Track)
		}
	}
	if len(tracks) < jumpTracks {
		return false
	}
	for _, list := range off {
		slices.Sort(list[:])
		if list[recentSights/2] < -jumpSigma || list[recentSights/2-1] > jumpSigma {
			return true
		}
	}
	return false
}

// remember appends to the history, which is bounded.
func (b *BiasState) remember(p Past) {
	if len(b.History) == maxPast {
		b.History = slices.Delete(b.History, 0, 1)
	}
	b.History = append(b.History, p)
}
