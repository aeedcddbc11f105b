// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import "math"

// The state vector: metres and metres per second on the track's tangent plane;
// the height is above the ellipsoid.
const (
	iE  = iota // east of the ground point
	iN         // north
	iVE        // velocity east
	iVN        // velocity north
	iH         // height
	nx
)

const maxModels = 3

type (
	// Vec is a state of a filter: east, north, velocity east and north, height.
	Vec [nx]float64
	// Mat is a covariance of a filter.
	Mat [nx][nx]float64
)

// Filter is an interacting-multiple-model filter (Blom and Bar-Shalom, 1988)
// whose models differ in process noise only. Its fields are exported for
// snapshots.
type Filter struct {
	Models int
	Mu     [maxModels]float64 // probability of each model
	X      [maxModels]Vec
	P      [maxModels]Mat
}

// kinematics is the motion of a class of objects: for each model the spectral
// density of the acceleration in m²/s³ and the time for which it lasts in s.
type kinematics struct {
	models  int
	q       [maxModels]float64
	tau     [maxModels]float64
	mu      [maxModels]float64 // at birth
	hard    float64            // share of manoeuvres that begin with the widest model
	sigmaV  float64            // m/s, at birth
	height  float64            // m, when unknown
	sigmaH  float64            // m, when unknown
	heightQ float64            // m²/s, random walk of a known height
}

// motion returns the kinematics of a domain. Aircraft go from straight airways
// to turns of 6 g: 59 m/s² that turn with the aircraft move it, in the 4 s of a
// scan, as far as white acceleration of some 2000 m²/s³ does. Vessels need an
// hour for what takes those a minute.
//
// The least noise is that of aircraft on their way: in recordings of 23 of
// them the velocity wanders by 0.01 to 0.2 m²/s³, across and along.
func motion(d Domain) kinematics {
	if d == Sea {
		return kinematics{
			models: 2,
			q:      [maxModels]float64{0.001, 0.05},
			tau:    [maxModels]float64{600, 120},
			mu:     [maxModels]float64{0.7, 0.3},
			sigmaV: 8,
			height: 0, sigmaH: 10, heightQ: 0,
		}
	}
	return kinematics{
		models: 3,
		q:      [maxModels]float64{0.1, 20, 2000},
		tau:    [maxModels]float64{150, 20, 15},
		mu:     [maxModels]float64{0.5, 0.35, 0.15},
		hard:   0.5,
		sigmaV: 150,
		height: 5000, sigmaH: 3000, heightQ: 600,
	}
}

// agile is the speed in m/s from which an aircraft can turn as hard as the
// widest model says; the slower it is, the less it can. What is left to one that
// stands is 3.7 m/s² in the 4 s of a scan: it brakes or takes off.
const (
	agile     = 180.0
	leastTurn = 0.02 // share of the widest model that is left to the slowest
)

// Aircraft that tell their address keep straight for longer, and most of their
// turns are those of a bank of 25°: those that tell none are the ones that pull
// 6 g.
const (
	addressedTau  = 300.0 // s
	addressedHard = 0.2
)

// motion returns the kinematics of the track: those of its class where that is
// probable, else those of its domain at its speed. What was missed twice may do
// what its class cannot.
func (tr *track) motion() kinematics {
	if missed := tr.Chances > 1 && tr.Window&3 == 0; tr.Class.Moves != 0 && tr.Domain != Sea && !missed {
		if k, has := classMotion(tr.Class.Moves); has {
			return k
		}
	}
	k := motion(tr.Domain)
	if tr.Domain == Sea {
		return k
	}
	if tr.Identity.Has&HasAddress != 0 {
		k.tau[0], k.hard = addressedTau, addressedHard
	}
	f, square := &tr.Filter, 0.0
	for j := range f.Models {
		x, p := &f.X[j], &f.P[j]
		square += f.Mu[j] * (x[iVE]*x[iVE] + x[iVN]*x[iVN] + p[iVE][iVE] + p[iVN][iVN])
	}
	k.q[k.models-1] *= math.Max(leastTurn, math.Min(1, square/(agile*agile)))
	return k
}

// predict moves the filter dt seconds forward, dt ≥ 0.
func (f *Filter) predict(dt float64, k *kinematics, heightKnown bool) {
	was := *f
	was.predicted(f, dt, k, heightKnown)
}

// predicted makes to, which is another, the filter dt seconds later, dt ≥ 0.
func (f *Filter) predicted(to *Filter, dt float64, k *kinematics, heightKnown bool) {
	if dt <= 0 {
		*to = *f
		return
	}
	f.mixed(to, dt, k)
	for j := range to.Models {
		x, p, q := &to.X[j], &to.P[j], k.q[j]
		x[iE] += dt * x[iVE]
		x[iN] += dt * x[iVN]
		p.drift(dt)
		p[iE][iE] += q * dt * dt * dt / 3
		p[iN][iN] += q * dt * dt * dt / 3
		p[iE][iVE] += q * dt * dt / 2
		p[iN][iVN] += q * dt * dt / 2
		p[iVE][iVE] += q * dt
		p[iVN][iVN] += q * dt
		// What is not known does not become less known than at birth.
		if heightKnown && p[iH][iH] < k.sigmaH*k.sigmaH {
			p[iH][iH] += k.heightQ * dt
		}
		p.mirror()
	}
}

// drift moves the upper half of a covariance dt seconds forward: F P Fᵀ, in
// which F adds dt times the velocity to the position.
func (p *Mat) drift(dt float64) {
	e, n, ve, vn := &p[iE], &p[iN], &p[iVE], &p[iVN]
	e[iE] += dt * (2*e[iVE] + dt*ve[iVE])
	e[iN] += dt * (e[iVN] + n[iVE] + dt*ve[iVN])
	n[iN] += dt * (2*n[iVN] + dt*vn[iVN])
	e[iVE] += dt * ve[iVE]
	e[iVN] += dt * ve[iVN]
	e[iH] += dt * ve[iH]
	n[iVE] += dt * ve[iVN]
	n[iVN] += dt * vn[iVN]
	n[iH] += dt * vn[iH]
}

// mirror makes the covariance symmetric to the last bit, by its upper half.
func (p *Mat) mirror() {
	p[1][0] = p[0][1]
	p[2][0], p[2][1] = p[0][2], p[1][2]
	p[3][0], p[3][1], p[3][2] = p[0][3], p[1][3], p[2][3]
	p[4][0], p[4][1], p[4][2], p[4][3] = p[0][4], p[1][4], p[2][4], p[3][4]
}

// mixed is the interaction step: each model of to begins from the mixture of
// those of f that leads to it. Of covariances it makes the upper half.
func (f *Filter) mixed(to *Filter, dt float64, k *kinematics) {
	n := f.Models
	if n < 2 {
		*to = *f
		return
	}
	var w [maxModels][maxModels]float64 // w[i][j]: probability of i then j
	var c [maxModels]float64
	for i := range n {
		stay := math.Exp(-dt / k.tau[i])
		for j := range n {
			pij := (1 - stay) * k.next(i, j)
			if i == j {
				pij = stay
			}
			w[i][j] = pij * f.Mu[i]
			c[j] += w[i][j]
		}
	}
	*to = Filter{Models: n, Mu: c}
	for j := range n {
		x, p := &to.X[j], &to.P[j]
		for i := range n {
			w[i][j] /= c[j]
			for r := range nx {
				x[r] += w[i][j] * f.X[i][r]
			}
		}
		for i := range n {
			p.accumulate(w[i][j], &f.P[i], &f.X[i], x)
		}
	}
}

// next returns the probability that model j follows when model i ends.
func (k *kinematics) next(i, j int) float64 {
	switch {
	case k.models == 2:
		return 1
	case i == 0 && j == k.models-1:
		return k.hard
	case i == 0:
		return 1 - k.hard
	}
	return 0.5
}

// accumulate adds w·(P + (x-mean)(x-mean)ᵀ) to the upper half of sum. It is
// written out, as are the other loops that most of the time goes to.
func (sum *Mat) accumulate(w float64, p *Mat, x, mean *Vec) {
	d0, d1, d2, d3, d4 := x[0]-mean[0], x[1]-mean[1], x[2]-mean[2], x[3]-mean[3], x[4]-mean[4]
	sum[0][0] += w * (p[0][0] + d0*d0)
	sum[0][1] += w * (p[0][1] + d0*d1)
	sum[0][2] += w * (p[0][2] + d0*d2)
	sum[0][3] += w * (p[0][3] + d0*d3)
	sum[0][4] += w * (p[0][4] + d0*d4)
	sum[1][1] += w * (p[1][1] + d1*d1)
	sum[1][2] += w * (p[1][2] + d1*d2)
	sum[1][3] += w * (p[1][3] + d1*d3)
	sum[1][4] += w * (p[1][4] + d1*d4)
	sum[2][2] += w * (p[2][2] + d2*d2)
	sum[2][3] += w * (p[2][3] + d2*d3)
	sum[2][4] += w * (p[2][4] + d2*d4)
	sum[3][3] += w * (p[3][3] + d3*d3)
	sum[3][4] += w * (p[3][4] + d3*d4)
	sum[4][4] += w * (p[4][4] + d4*d4)
}

// moments returns mean and covariance of the mixture.
func (f *Filter) moments() (Vec, Mat) {
	var x Vec
	var p Mat
	for j := range f.Models {
		for r := range nx {
			x[r] += f.Mu[j] * f.X[j][r]
		}
	}
	for j := range f.Models {
		p.accumulate(f.Mu[j], &f.P[j], &f.X[j], &x)
	}
	p.mirror()
	return x, p
}

// heightMoments returns mean and variance of the height.
func (f *Filter) heightMoments() (h, variance float64) {
	for j := range f.Models {
		h += f.Mu[j] * f.X[j][iH]
	}
	for j := range f.Models {
		d := f.X[j][iH] - h
		variance += f.Mu[j] * (f.P[j][iH][iH] + d*d)
	}
	return h, variance
}

// mean returns the mean of the mixture.
func (f *Filter) mean() Vec {
	var x Vec
	for j := range f.Models {
		for r := range nx {
			x[r] += f.Mu[j] * f.X[j][r]
		}
	}
	return x
}

// look is a measurement of two components as one model sees it.
type look struct {
	y   [2]float64     // innovation
	h   [2]Vec         // Jacobian
	r   [2][2]float64  // noise
	si  [2][2]float64  // inverse of the innovation's covariance
	det float64        // determinant of that covariance
	nis float64        // normalised innovation squared
	ph  [nx][2]float64 // P hᵀ
}

// weigh fills si, det, nis and ph from y, h and r. It is false when the
// innovation's covariance is not positive.
func (l *look) weigh(p *Mat) bool {
	h, g := &l.h[0], &l.h[1]
	for r := range nx {
		q := &p[r]
		l.ph[r][0] = q[0]*h[0] + q[1]*h[1] + q[2]*h[2] + q[3]*h[3] + q[4]*h[4]
		l.ph[r][1] = q[0]*g[0] + q[1]*g[1] + q[2]*g[2] + q[3]*g[3] + q[4]*g[4]
	}
	a, b, c := l.r[0][0], l.r[0][1], l.r[1][1]
	for r := range nx {
		a += h[r] * l.ph[r][0]
		b += h[r] * l.ph[r][1]
		c += g[r] * l.ph[r][1]
	}
	l.det = a*c - b*b
	if !(l.det > 0) || !(a > 0) {
		return false
	}
	l.si = [2][2]float64{{c / l.det, -b / l.det}, {-b / l.det, a / l.det}}
	l.nis = l.y[0]*(l.si[0][0]*l.y[0]+2*l.si[0][1]*l.y[1]) + l.si[1][1]*l.y[1]*l.y[1]
	return !math.IsNaN(l.nis)
}

// apply updates one model. The height keeps its value and its variance and only
// its correlations change (Schmidt, 1966): it would else be learnt from ranges,
// and take up a bias of the sensor or of the model.
func (l *look) apply(x *Vec, p *Mat) {
	for r := range iH {
		// The gain of each row is the best one, so that A P Aᵀ + K R Kᵀ with
		// A = I - K H is P - K (PHᵀ)ᵀ in all rows but the height's.
		k0 := l.ph[r][0]*l.si[0][0] + l.ph[r][1]*l.si[1][0]
		k1 := l.ph[r][0]*l.si[0][1] + l.ph[r][1]*l.si[1][1]
		x[r] += k0*l.y[0] + k1*l.y[1]
		for c := r; c < nx; c++ {
			p[r][c] -= k0*l.ph[c][0] + k1*l.ph[c][1]
		}
	}
	p.mirror()
	mend(p)
}

// mend keeps variances positive, correlations within ±1 and the whole positive
// definite where rounding broke them.
func mend(p *Mat) {
	const floor = 1e-6
	if p[iE][iE] >= floor && p[iN][iN] >= floor && p[iVE][iVE] >= floor && p[iVN][iVN] >= floor && p[iH][iH] >= floor && p.definite() {
		return
	}
	for r := range nx {
		if p[r][r] < floor {
			for c := range nx {
				p[r][c], p[c][r] = 0, 0
			}
			p[r][r] = floor
		}
	}
	for r := range nx {
		for c := r + 1; c < nx; c++ {
			if limit := p[r][r] * p[c][c]; p[r][c]*p[r][c] > limit {
				v := math.Copysign(math.Sqrt(limit), p[r][c]) * (1 - 1e-9)
				p[r][c], p[c][r] = v, v
			}
		}
	}
	// Smaller correlations claim less: a matrix is made definite by them.
	for less := 1e-6; less < 1 && !p.definite(); less *= 10 {
		for r := range nx {
			for c := range nx {
				if r != c {
					p[r][c] *= 1 - less
				}
			}
		}
	}
}

// definite tries the decomposition L D Lᵀ: what is left of each variance beside
// those before it is more than rounding.
func (p *Mat) definite() bool {
	const least = 1e-9
	left := *p
	for i := range nx {
		row := &left[i]
		if !(row[i] > least*p[i][i]) {
			return false
		}
		inverse := 1 / row[i]
		for r := i + 1; r < nx; r++ {
			f := row[r] * inverse
			for c := r; c < nx; c++ {
				left[r][c] -= f * row[c]
			}
		}
	}
	return true
}

// reweigh sets the models' probabilities from the likelihoods of one
// measurement.
func (f *Filter) reweigh(looks *[maxModels]look) {
	share, all, _ := f.shares(looks)
	sum := 0.0
	for j := range f.Models {
		// A model is never quite given up: it must be able to come back.
		f.Mu[j] = max(1e-4, share[j]/all)
		sum += f.Mu[j]
	}
	for j := range f.Models {
		f.Mu[j] /= sum
	}
}

// shares returns the likelihood of each model times its probability, and their
// sum, all but for a factor exp(-nis/2)/2π with the least of their nis.
func (f *Filter) shares(looks *[maxModels]look) (share [maxModels]float64, sum, nis float64) {
	nis = looks[0].nis
	for j := 1; j < f.Models; j++ {
		nis = min(nis, looks[j].nis)
	}
	for j := range f.Models {
		l := &looks[j]
		share[j] = f.Mu[j] / math.Sqrt(l.det)
		if l.nis != nis {
			share[j] *= math.Exp((nis - l.nis) / 2)
		}
		sum += share[j]
	}
	return share, sum, nis
}

// logTwoPi is the logarithm of 2π.
const logTwoPi = 1.8378770664093454835606594728112352797227949472755668

// logSum returns the log likelihood of the mixture.
func logSum(f *Filter, looks *[maxModels]look) float64 {
	_, sum, nis := f.shares(looks)
	return math.Log(sum) - nis/2 - logTwoPi
}

// height updates all models with a height.
func (f *Filter) height(h, sigma float64) {
	for j := range f.Models {
		x, p := &f.X[j], &f.P[j]
		col, y := p[iH], h-x[iH]
		s := col[iH] + sigma*sigma
		for r := range nx {
			k := col[r] / s
			x[r] += k * y
			for c := r; c < nx; c++ {
				p[r][c] -= k * col[c]
			}
		}
		p.mirror()
		mend(p)
	}
}

// setHeight forgets the height for another one.
func (f *Filter) setHeight(h, sigma float64) {
	for j := range f.Models {
		for r := range nx {
			f.P[j][r][iH], f.P[j][iH][r] = 0, 0
		}
		f.X[j][iH], f.P[j][iH][iH] = h, sigma*sigma
	}
}

// velocity updates all models with a velocity, unless it lies outside the
// χ² gate of every model.
func (f *Filter) velocity(ve, vn, sigma float64) bool {
	var looks [maxModels]look
	fits := false
	for j := range f.Models {
		l := &looks[j]
		l.h[0][iVE], l.h[1][iVN] = 1, 1
		l.r[0][0], l.r[1][1] = sigma*sigma, sigma*sigma
		l.y = [2]float64{ve - f.X[j][iVE], vn - f.X[j][iVN]}
		if !l.weigh(&f.P[j]) {
			return false
		}
		fits = fits || l.nis < 25
	}
	if !fits {
		return false
	}
	f.reweigh(&looks)
	for j := range f.Models {
		looks[j].apply(&f.X[j], &f.P[j])
	}
	return true
}
