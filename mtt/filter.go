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
	if dt <= 0 {
		return
	}
	f.mix(dt, k)
	for j := range f.Models {
		x, p := &f.X[j], &f.P[j]
		x[iE] += dt * x[iVE]
		x[iN] += dt * x[iVN]
		for c := range nx {
			p[iE][c] += dt * p[iVE][c]
			p[iN][c] += dt * p[iVN][c]
		}
		for r := range nx {
			p[r][iE] += dt * p[r][iVE]
			p[r][iN] += dt * p[r][iVN]
		}
		q := k.q[j]
		q3, q2 := q*dt*dt*dt/3, q*dt*dt/2
		p[iE][iE] += q3
		p[iN][iN] += q3
		p[iE][iVE] += q2
		p[iVE][iE] += q2
		p[iN][iVN] += q2
		p[iVN][iN] += q2
		p[iVE][iVE] += q * dt
		p[iVN][iVN] += q * dt
		// What is not known does not become less known than at birth.
		if heightKnown && p[iH][iH] < k.sigmaH*k.sigmaH {
			p[iH][iH] += k.heightQ * dt
		}
		p.mirror()
	}
}

// mirror makes the covariance symmetric to the last bit.
func (p *Mat) mirror() {
	for r := range nx {
		for c := r + 1; c < nx; c++ {
			p[c][r] = p[r][c]
		}
	}
}

// mix is the interaction step: each model begins from the mixture that leads
// to it.
func (f *Filter) mix(dt float64, k *kinematics) {
	n := f.Models
	if n < 2 {
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
	var x [maxModels]Vec
	var p [maxModels]Mat
	for j := range n {
		for i := range n {
			w[i][j] /= c[j]
			for r := range nx {
				x[j][r] += w[i][j] * f.X[i][r]
			}
		}
		for i := range n {
			accumulate(&p[j], w[i][j], &f.P[i], &f.X[i], &x[j])
		}
		p[j].mirror()
		f.Mu[j] = c[j]
	}
	f.X, f.P = x, p
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

// accumulate adds w·(P + (x-mean)(x-mean)ᵀ) to the upper half of sum.
func accumulate(sum *Mat, w float64, p *Mat, x, mean *Vec) {
	var d Vec
	for r := range nx {
		d[r] = x[r] - mean[r]
	}
	for r := range nx {
		for c := r; c < nx; c++ {
			sum[r][c] += w * (p[r][c] + d[r]*d[c])
		}
	}
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
		accumulate(&p, f.Mu[j], &f.P[j], &f.X[j], &x)
	}
	p.mirror()
	return x, p
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
	nis float64        // normalised innovation squared
	log float64        // log likelihood
	ph  [nx][2]float64 // P hᵀ
}

// weigh fills si, nis, log and ph from y, h and r. It is false when the
// innovation's covariance is not positive.
func (l *look) weigh(p *Mat) bool {
	for a := range 2 {
		for r := range nx {
			s := 0.0
			for c := range nx {
				s += p[r][c] * l.h[a][c]
			}
			l.ph[r][a] = s
		}
	}
	var s [2][2]float64
	for a := range 2 {
		for b := range 2 {
			s[a][b] = l.r[a][b]
			for r := range nx {
				s[a][b] += l.h[a][r] * l.ph[r][b]
			}
		}
	}
	det := s[0][0]*s[1][1] - s[0][1]*s[1][0]
	if !(det > 0) || !(s[0][0] > 0) {
		return false
	}
	l.si = [2][2]float64{{s[1][1] / det, -s[0][1] / det}, {-s[1][0] / det, s[0][0] / det}}
	l.nis = l.y[0]*(l.si[0][0]*l.y[0]+l.si[0][1]*l.y[1]) + l.y[1]*(l.si[1][0]*l.y[0]+l.si[1][1]*l.y[1])
	l.log = -0.5*l.nis - math.Log(2*math.Pi) - 0.5*math.Log(det)
	return !math.IsNaN(l.nis)
}

// apply updates one model. With consider, the height keeps its value and its
// variance and only its correlations change (Schmidt, 1966); the Joseph form
// holds for that gain too.
func (l *look) apply(x *Vec, p *Mat, consider bool) {
	var k [nx][2]float64
	for r := range nx {
		if consider && r == iH {
			continue
		}
		for a := range 2 {
			k[r][a] = l.ph[r][0]*l.si[0][a] + l.ph[r][1]*l.si[1][a]
		}
	}
	for r := range nx {
		x[r] += k[r][0]*l.y[0] + k[r][1]*l.y[1]
	}
	// A P Aᵀ with A = I - K H is P - K (PHᵀ)ᵀ - PHᵀ Kᵀ + K (H P Hᵀ) Kᵀ.
	var s [2][2]float64
	for a := range 2 {
		for b := range 2 {
			s[a][b] = l.r[a][b]
			for r := range nx {
				s[a][b] += l.h[a][r] * l.ph[r][b]
			}
		}
	}
	for r := range nx {
		for c := r; c < nx; c++ {
			v := p[r][c]
			for a := range 2 {
				v -= k[r][a]*l.ph[c][a] + l.ph[r][a]*k[c][a]
				for b := range 2 {
					v += k[r][a] * s[a][b] * k[c][b]
				}
			}
			p[r][c], p[c][r] = v, v
		}
	}
	mend(p)
}

// mend keeps variances positive, correlations within ±1 and the whole positive
// definite where rounding broke them.
func mend(p *Mat) {
	const floor = 1e-6
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

// definite tries the Cholesky decomposition of the correlations.
func (p *Mat) definite() bool {
	const least = 1e-9
	var l Mat
	for c := range nx {
		pivot := p[c][c]
		for k := range c {
			pivot -= l[c][k] * l[c][k]
		}
		if !(pivot > least*p[c][c]) {
			return false
		}
		l[c][c] = math.Sqrt(pivot)
		for r := c + 1; r < nx; r++ {
			sum := p[r][c]
			for k := range c {
				sum -= l[r][k] * l[c][k]
			}
			l[r][c] = sum / l[c][c]
		}
	}
	return true
}

// reweigh sets the models' probabilities from the likelihoods of one
// measurement and returns the log likelihood of the mixture.
func (f *Filter) reweigh(looks *[maxModels]look) float64 {
	total := logSum(f, looks)
	sum := 0.0
	for j := range f.Models {
		// A model is never quite given up: it must be able to come back.
		f.Mu[j] = math.Max(1e-4, f.Mu[j]*math.Exp(looks[j].log-total))
		sum += f.Mu[j]
	}
	for j := range f.Models {
		f.Mu[j] /= sum
	}
	return total
}

// logSum returns the log likelihood of the mixture.
func logSum(f *Filter, looks *[maxModels]look) float64 {
	top := math.Inf(-1)
	for j := range f.Models {
		top = math.Max(top, looks[j].log+math.Log(f.Mu[j]))
	}
	sum := 0.0
	for j := range f.Models {
		sum += math.Exp(looks[j].log + math.Log(f.Mu[j]) - top)
	}
	return top + math.Log(sum)
}

// height updates all models with a height.
func (f *Filter) height(h, sigma float64) {
	for j := range f.Models {
		x, p := &f.X[j], &f.P[j]
		s := p[iH][iH] + sigma*sigma
		var k Vec
		for r := range nx {
			k[r] = p[r][iH] / s
		}
		y := h - x[iH]
		col := p.column(iH)
		for r := range nx {
			x[r] += k[r] * y
		}
		for r := range nx {
			for c := r; c < nx; c++ {
				v := p[r][c] - k[r]*col[c] - col[r]*k[c] + k[r]*s*k[c]
				p[r][c], p[c][r] = v, v
			}
		}
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

func (p *Mat) column(c int) Vec {
	var v Vec
	for r := range nx {
		v[r] = p[r][c]
	}
	return v
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
		looks[j].apply(&f.X[j], &f.P[j], true)
	}
	return true
}
