// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package fuse_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/fuse"
)

// mat is a 2×2 matrix, rows after each other.
type mat [4]float64

func (a mat) mul(b mat) mat {
	return mat{
		a[0]*b[0] + a[1]*b[2], a[0]*b[1] + a[1]*b[3],
		a[2]*b[0] + a[3]*b[2], a[2]*b[1] + a[3]*b[3],
	}
}

func (a mat) add(b mat, f float64) mat {
	for i := range a {
		a[i] += f * b[i]
	}
	return a
}

func (a mat) t() mat { return mat{a[0], a[2], a[1], a[3]} }

func (a mat) inv() mat {
	d := a[0]*a[3] - a[1]*a[2]
	return mat{a[3] / d, -a[1] / d, -a[2] / d, a[0] / d}
}

func of(c fuse.Cov) mat { return mat{c.EE, c.EN, c.EN, c.NN} }

func (a mat) cov() fuse.Cov { return fuse.Cov{EE: a[0], EN: (a[1] + a[2]) / 2, NN: a[3]} }

// least returns the smaller eigenvalue of the symmetric part.
func (a mat) least() float64 {
	b := (a[1] + a[2]) / 2
	return (a[0]+a[3])/2 - math.Hypot((a[0]-a[3])/2, b)
}

// drawCov draws an ellipse with axes of 5 m to 20 km.
func drawCov(rt *rapid.T, name string) fuse.Cov {
	axis := func(s string) float64 { return math.Pow(10, rapid.Float64Range(0.7, 4.3).Draw(rt, name+s)) }
	a, b := axis(" major"), axis(" minor")
	sin, cos := math.Sincos(rapid.Float64Range(0, math.Pi).Draw(rt, name+" turn"))
	return fuse.Cov{EE: a*a*cos*cos + b*b*sin*sin, EN: (a*a - b*b) * sin * cos, NN: a*a*sin*sin + b*b*cos*cos}
}

func drawEstimate(rt *rapid.T, name string) fuse.Estimate {
	place := rapid.Float64Range(-1e4, 1e4)
	return fuse.Estimate{E: place.Draw(rt, name+" e"), N: place.Draw(rt, name+" n"), Cov: drawCov(rt, name)}
}

// gains finds the weights of both inputs in the place of the result: it is
// linear in them.
func gains(join func(a, b fuse.Estimate) fuse.Estimate, a, b fuse.Cov) (mat, mat, fuse.Cov) {
	const unit = 1e3
	at := func(v [4]float64) fuse.Estimate {
		return join(fuse.Estimate{E: v[0], N: v[1], Cov: a}, fuse.Estimate{E: v[2], N: v[3], Cov: b})
	}
	var k, l mat
	for i := range 4 {
		var v [4]float64
		v[i] = unit
		r := at(v)
		m := &k
		if i >= 2 {
			m = &l
		}
		m[i%2], m[2+i%2] = r.E/unit, r.N/unit
	}
	return k, l, at([4]float64{}).Cov
}

// trueError returns the covariance of the fused error when the two inputs have
// the cross-covariance x.
func trueError(k, l mat, a, b fuse.Cov, x mat) mat {
	out := k.mul(of(a)).mul(k.t()).add(l.mul(of(b)).mul(l.t()), 1)
	cross := k.mul(x).mul(l.t())
	return out.add(cross, 1).add(cross.t(), 1)
}

func holds(t interface{ Fatalf(string, ...any) }, what string, reported fuse.Cov, truth mat) {
	if least := of(reported).add(truth, -1).least(); least < -1e-6*reported.Trace() {
		t.Fatalf("%s says %v, the true error is %v: %.3g m² more in one direction", what, reported, truth, -least)
	}
}

func TestCIHoldsWhateverIsShared(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := drawCov(rt, "a"), drawCov(rt, "b")
		k, l, p := gains(fuse.CI, a, b)
		// Every admissible cross-covariance is A^½ C B^½ with C a contraction.
		x := root(a).mul(drawContraction(rt)).mul(root(b))
		holds(rt, "CI", p, trueError(k, l, a, b, x))
	})
}

func drawContraction(rt *rapid.T) mat {
	angle := rapid.Float64Range(0, 2*math.Pi)
	turn := func(s string) mat {
		sin, cos := math.Sincos(angle.Draw(rt, s))
		return mat{cos, -sin, sin, cos}
	}
	unit := rapid.Float64Range(-1, 1)
	return turn("left").mul(mat{unit.Draw(rt, "first"), 0, 0, unit.Draw(rt, "second")}).mul(turn("right"))
}

// root is the symmetric square root of a 2×2 matrix.
func root(c fuse.Cov) mat {
	s := math.Sqrt(c.EE*c.NN - c.EN*c.EN)
	f := 1 / math.Sqrt(c.Trace()+2*s)
	return mat{f * (c.EE + s), f * c.EN, f * c.EN, f * (c.NN + s)}
}

// What two tracks share is an estimate that both took in: A⁻¹ and B⁻¹ both hold
// C, and the cross-covariance of the two is A C B.
func TestICIHoldsWhateverIsTakenInByBoth(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		own, theirs, shared := drawCov(rt, "own"), drawCov(rt, "theirs"), drawCov(rt, "shared")
		common := of(shared).inv()
		a := of(own).inv().add(common, 1).inv().cov()
		b := of(theirs).inv().add(common, 1).inv().cov()
		k, l, p := gains(fuse.ICI, a, b)
		holds(rt, "ICI", p, trueError(k, l, a, b, of(a).mul(common).mul(of(b))))
		holds(rt, "ICI of independent ones", p, trueError(k, l, a, b, mat{}))
	})
}

func TestNeitherIsWorseThanTheBetterOne(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := drawEstimate(rt, "a"), drawEstimate(rt, "b")
		better := fuse.Better(a, b).Cov.Trace()
		ci, ici := fuse.CI(a, b), fuse.ICI(a, b)
		if ci.Cov.Trace() > better || ici.Cov.Trace() > better {
			rt.Fatalf("traces: CI %g, ICI %g, the better one %g", ci.Cov.Trace(), ici.Cov.Trace(), better)
		}
		if ici.Cov.Trace() > ci.Cov.Trace()*(1+1e-6) {
			rt.Fatalf("ICI %g is worse than CI %g", ici.Cov.Trace(), ci.Cov.Trace())
		}
		if !ci.Cov.Valid() || !ici.Cov.Valid() {
			rt.Fatalf("covariances %v and %v", ci.Cov, ici.Cov)
		}
	})
}

// known returns what a covariance knows in a direction.
func known(c fuse.Cov, turn float64) float64 {
	sin, cos := math.Sincos(turn)
	m := of(c).inv()
	return m[0]*sin*sin + (m[1]+m[2])*sin*cos + m[3]*cos*cos
}

func TestDegradedSourcesStayAboveTheirFloor(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var sources []fuse.Source
		for range rapid.IntRange(2, 5).Draw(rt, "sources") {
			sources = append(sources, fuse.Source{Estimate: drawEstimate(rt, "source"), Pedigree: fuse.Pedigree{Degraded: true}})
		}
		turn := rapid.Float64Range(0, math.Pi).Draw(rt, "direction")
		most := 0.0
		for _, s := range sources {
			most = max(most, known(s.Cov, turn))
		}
		got, _ := fuse.Combine(sources)
		if k := known(got.Cov, turn); k > most*(1+1e-6) {
			rt.Fatalf("known %g, no source knows more than %g", k, most)
		}
	})
}

func TestOrderOfSourcesDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var sources []fuse.Source
		for range rapid.IntRange(1, 5).Draw(rt, "sources") {
			s := fuse.Source{Estimate: drawEstimate(rt, "source")}
			s.Pedigree.Self = rapid.Uint64Range(0, 2).Draw(rt, "self")
			s.Pedigree.Degraded = rapid.Bool().Draw(rt, "degraded")
			sources = append(sources, s)
		}
		want, how := fuse.Combine(slices.Clone(sources))
		seed := rapid.Uint64().Draw(rt, "seed")
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(sources), func(i, k int) { sources[i], sources[k] = sources[k], sources[i] })
		if got, by := fuse.Combine(sources); got != want || by != how {
			rt.Fatalf("%v by %v, in another order %v by %v", want, how, got, by)
		}
	})
}

func TestTheSameTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := fuse.Source{Estimate: drawEstimate(rt, "a")}
		a.Pedigree.Degraded = rapid.Bool().Draw(rt, "degraded")
		if got, how := fuse.Combine([]fuse.Source{a, a, a}); got != a.Estimate || how != fuse.Alone {
			rt.Fatalf("%v became %v by %v", a.Estimate, got, how)
		}
	})
}

func TestCombineGoesByPedigree(t *testing.T) {
	wide := fuse.Source{Estimate: fuse.Estimate{E: 30, Cov: fuse.Cov{EE: 90000, NN: 100}}}
	tall := fuse.Source{Estimate: fuse.Estimate{N: 20, Cov: fuse.Cov{EE: 100, NN: 80000}}}
	third := fuse.Source{Estimate: fuse.Estimate{E: 5, Cov: fuse.Cov{EE: 4000, EN: 3900, NN: 4000}}}
	with := func(s fuse.Source, p fuse.Pedigree) fuse.Source { s.Pedigree = p; return s }
	tests := map[string]struct {
		sources []fuse.Source
		method  fuse.Method
		want    fuse.Estimate
	}{
		"one as it stands":                 {[]fuse.Source{wide}, fuse.Alone, wide.Estimate},
		"two of measurements of their own": {[]fuse.Source{wide, tall}, fuse.Inverse, fuse.ICI(wide.Estimate, tall.Estimate)},
		"two that heard one self-report":   {[]fuse.Source{with(wide, fuse.Pedigree{Self: 7}), with(tall, fuse.Pedigree{Self: 7})}, fuse.Alone, tall.Estimate},
		"two that heard different ones":    {[]fuse.Source{with(wide, fuse.Pedigree{Self: 7}), with(tall, fuse.Pedigree{Self: 8})}, fuse.Inverse, fuse.ICI(wide.Estimate, tall.Estimate)},
		"one that a policy rounded":        {[]fuse.Source{wide, with(tall, fuse.Pedigree{Degraded: true})}, fuse.Careful, fuse.CI(wide.Estimate, tall.Estimate)},
		"a third":                          {[]fuse.Source{wide, tall, third}, fuse.Careful, fuse.CI(fuse.ICI(third.Estimate, tall.Estimate), wide.Estimate)},
	}
	for name, tt := range tests {
		if got, how := fuse.Combine(tt.sources); got != tt.want || how != tt.method {
			t.Errorf("%s: %v by %v, want %v by %v", name, got, how, tt.want, tt.method)
		}
	}
}

// The figures of a hand calculation: equal weights by symmetry.
func TestTwoCrossedEllipses(t *testing.T) {
	a := fuse.Estimate{E: 10, Cov: fuse.Cov{EE: 400, NN: 100}}
	b := fuse.Estimate{N: 10, Cov: fuse.Cov{EE: 100, NN: 400}}
	near := func(x, y float64) bool { return math.Abs(x-y) < 1e-2 }
	// CI: (1/400 + 1/100)/2 = 1/160.
	if p := fuse.CI(a, b); !near(p.Cov.EE, 160) || !near(p.Cov.NN, 160) || !near(p.E, 2) || !near(p.N, 2) {
		t.Errorf("CI %v", p)
	}
	// ICI: 1/400 + 1/100 - 1/250 = 17/2000.
	if p := fuse.ICI(a, b); !near(p.Cov.EE, 2000.0/17) || !near(p.Cov.NN, 2000.0/17) || !near(p.E, 10*2000.0/17*(1.0/400-0.002)) {
		t.Errorf("ICI %v", p)
	}
}

func TestAxes(t *testing.T) {
	for name, tt := range map[string]struct {
		cov  fuse.Cov
		want [3]float64
	}{
		"long to the north":     {fuse.Cov{EE: 4, NN: 9}, [3]float64{3, 2, 0}},
		"long to the east":      {fuse.Cov{EE: 9, NN: 4}, [3]float64{3, 2, 90}},
		"long to the northeast": {fuse.Cov{EE: 5, EN: 4, NN: 5}, [3]float64{3, 1, 45}},
		"long to the northwest": {fuse.Cov{EE: 5, EN: -4, NN: 5}, [3]float64{3, 1, 135}},
	} {
		a, b, d := tt.cov.Axes()
		got := [3]float64{a, b, d}
		for i := range got {
			if math.Abs(got[i]-tt.want[i]) > 1e-9 {
				t.Errorf("%s: %v, want %v", name, got, tt.want)
				break
			}
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	a := fuse.Estimate{E: 30, Cov: fuse.Cov{EE: 90000, NN: 100}}
	b := fuse.Estimate{N: 20, Cov: fuse.Cov{EE: 100, NN: 80000}}
	sources := make([]fuse.Source, 3)
	n := testing.AllocsPerRun(100, func() {
		sources[0], sources[1], sources[2] = fuse.Source{Estimate: a}, fuse.Source{Estimate: b}, fuse.Source{Estimate: a}
		fuse.Combine(sources)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkICI(b *testing.B) {
	x := fuse.Estimate{E: 30, Cov: fuse.Cov{EE: 90000, NN: 100}}
	y := fuse.Estimate{N: 20, Cov: fuse.Cov{EE: 100, NN: 80000}}
	for b.Loop() {
		fuse.ICI(x, y)
	}
}
