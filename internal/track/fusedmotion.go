// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track

import (
	"math"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/fuse"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// moves takes over how our own track moves and how high it is.
func (f *Fused) moves(e *mtt.Estimate, w *own) {
	c := fuse.Cov{EE: e.CovVelocity[0], EN: e.CovVelocity[1], NN: e.CovVelocity[2]}
	if e.HasVelocity && c.Valid() {
		f.HasVelocity, f.Velocity = true, fuse.Estimate{E: float64(e.East), N: float64(e.North), Cov: c}
	}
	if w.HasHeight {
		f.HasHeight, f.Height = true, w.Height
	}
}

// learn takes of partners what our track does not know: the velocity by the
// rules of places, and the narrowest height.
//
// A velocity of ours stands as it is while plots come. Partners tell places
// alone; what these show is a mean over half a minute, and weighed with ours it
// made the velocities of objects that turn worse. In one dimension either
// intersection gives the better of two as it stands, and a band is never better
// than a height of ours.
func (f *Fused) learn(w *own, told []*foreign) {
	var sources []fuse.Source
	stands := f.HasVelocity && w.State != Coasting
	for _, o := range told {
		if s, ok := o.velocity(f.Time); ok && !stands {
			sources = append(sources, s)
		}
		if b := o.Body.Height; b != nil && (!f.HasHeight || f.HeightWide > geo.Feet(b.SizeFt)) {
			f.HasHeight, f.Height, f.HeightWide = true, geo.Feet(b.BaseFt)+geo.Feet(b.SizeFt)/2, geo.Feet(b.SizeFt)
		}
	}
	if len(sources) == 0 {
		return
	}
	if f.HasVelocity {
		sources = append(sources, fuse.Source{Estimate: f.Velocity, Pedigree: fuse.Pedigree{Self: w.self()}})
	}
	f.Velocity, _ = fuse.Combine(sources)
	f.HasVelocity = true
}

// How fast a velocity goes astray, in m/s² of each axis: one standard deviation
// over objects of which most go straight.
const (
	veerAir = 2.0
	veerSea = 0.02
)

// velocity makes an estimate of the velocity at a time of what the newest
// reports show. They show the mean over a while; since its middle the object
// may have turned. What the policy's grid adds is no noise: see source.
func (f *foreign) velocity(at time.Time) (fuse.Source, bool) {
	i, last := f.begin(), &f.bins[len(f.bins)-1]
	if i < 0 {
		return fuse.Source{}, false
	}
	m := way(&f.bins[i], last)
	if m.sigma > last.speed(f.Body.Domain) {
		return fuse.Source{}, false
	}
	veer := veerAir
	if f.Body.Domain == plot.Sea.String() {
		veer = veerSea
	}
	dt := float64(last.At-f.bins[i].At) / 1e9
	age := math.Abs(at.Sub(time.Unix(0, last.At)).Seconds()) + dt/2
	base := fuse.Round(jitter / dt)
	policy := fuse.Round(math.Hypot(last.Grid/math.Sqrt(6)/dt, math.Min(veer*age, m.speed)))
	s := fuse.Source{Pedigree: fuse.Pedigree{Self: f.self(), Degraded: policy.Trace() > degraded*base.Trace()}}
	s.Estimate = fuse.Estimate{E: m.east, N: m.north, Cov: base.Add(policy)}
	return s, s.Cov.Valid()
}
