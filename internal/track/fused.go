// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track

import (
	"math"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/fuse"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// Fused is where an object is by everybody's evidence. It is made anew of the
// newest local track and the newest reports whenever it is asked for: nothing of
// it goes back into a track, and nothing of it is released.
type Fused struct {
	Time   time.Time
	Pos    geo.Point
	Cov    fuse.Cov
	Method fuse.Method
	From   []party.ID // partners whose reports were weighed; none where our track stands as it is

	HasVelocity bool
	Velocity    fuse.Estimate // m/s east and north, with its covariance
	HasHeight   bool
	Height      geo.Feet
	HeightWide  geo.Feet // of the band that a partner told; 0 where the height is ours
}

// Fuse returns where an object is at a time, which should be now; false where
// nothing fresh says so. A track that we lost says nothing any more.
func (t *Table) Fuse(o Object, now time.Time) (Fused, bool) {
	out := Fused{Time: now}
	var sources []fuse.Source
	var told []*foreign
	w := t.tracks[o.Own]
	if w != nil && w.State == Lost {
		w = nil
	}
	if w != nil {
		e, ok := t.tracker.EstimateAt(mtt.ID(o.Own), now)
		c := fuse.Cov{EE: e.Cov[0], EN: e.Cov[1], NN: e.Cov[2]}
		if !ok || !c.Valid() {
			return out, false
		}
		out.Pos, out.Time = e.Pos, e.Time
		out.moves(&e, w)
		sources = append(sources, fuse.Source{Estimate: fuse.Estimate{Cov: c}, Pedigree: fuse.Pedigree{Self: w.self()}})
	}
	for _, k := range o.Partners {
		f := t.partners.objects[k]
		if f == nil || f.State != Fresh || w != nil && !f.tells(w) {
			continue
		}
		pos, s, ok := t.source(f, w, out.Time)
		if !ok {
			continue
		}
		if len(sources) == 0 {
			out.Pos = pos
		}
		s.E, s.N = between(out.Pos, pos)
		sources = append(sources, s)
		out.From, told = append(out.From, k.Party), append(told, f)
	}
	if len(sources) == 0 {
		return out, false
	}
	ours := sources[0].Estimate
	e, method := fuse.Combine(sources)
	out.Cov, out.Method = e.Cov, method
	if w != nil && e == ours {
		out.From = nil
		return out, true
	}
	out.Pos = shifted(out.Pos, e.E, e.N)
	out.learn(w, told)
	return out, out.Pos.Valid()
}

// tells reports whether a partner's track tells more than ours does.
func (f *foreign) tells(w *own) bool {
	v := f.ballot(w.Number)
	return v != nil && v.Proven
}

// How far an object may go astray in t seconds from where its velocity takes
// it: turnAir t²/2 metres, at most the way itself.
const (
	turnAir = 5.0 // m/s²
	turnSea = 0.05
)

// source makes an estimate of the newest report of a partner's object, moved on
// to a time by our velocity if we hold the object, else by that which the
// reports show.
//
// Its covariance is that of how good the partner's places are, of its offset,
// of its cell, and of the way since. What the policy added stays the same from
// report to report, so that nothing is averaged over time: one report is all
// there is.
func (t *Table) source(f *foreign, w *own, at time.Time) (geo.Point, fuse.Source, bool) {
	b := &f.bins[len(f.bins)-1]
	m := f.motion(w)
	age := at.Sub(time.Unix(0, b.At)).Seconds()
	pos, offset := t.corrected(f, b, m.east, m.north)
	pos = shifted(pos, m.east*age, m.north*age)
	astray := turnAir
	if f.Body.Domain == plot.Sea.String() {
		astray = turnSea
	}
	astray = math.Min(astray*age*age/2, m.speed*math.Abs(age))
	policy := b.rounding().Add(fuse.Round(math.Hypot(astray, m.sigma*age)))
	sigma := float64(t.cfg.Partner.accuracy(f.Body.Domain))
	if p := t.partners.peer(f); p != nil {
		sigma = p.accuracy(f).Sigma(float64(leastAccuracy))
	}
	base := fuse.Round(sigma).Add(offset)
	s := fuse.Source{Pedigree: fuse.Pedigree{Self: f.self(), Degraded: policy.Trace() > degraded*base.Trace()}}
	s.Cov = base.Add(policy)
	return pos, s, pos.Valid() && s.Cov.Valid()
}

// degraded is the share of what grid and delay add, beside the variance of the
// place itself, from which on a report counts as degraded by policy.
const degraded = 0.25

// motion is a velocity with one standard deviation of each axis, in m/s.
type motion struct{ east, north, speed, sigma float64 }

// shortestWay is the least time in s over which reports show a velocity.
const shortestWay = 15

// motion returns how an object moves: as our track of it says, or as the
// partner's reports show.
func (f *foreign) motion(w *own) motion {
	if w != nil && w.HasVelocity {
		p := w.present()
		e, n := float64(p.East), float64(p.North)
		return motion{e, n, math.Hypot(e, n), 10}
	}
	last := &f.bins[len(f.bins)-1]
	usual := last.speed(f.Body.Domain)
	if i := f.begin(); i >= 0 {
		if m := way(&f.bins[i], last); m.sigma <= usual {
			return m
		}
	}
	return motion{speed: usual, sigma: usual}
}

// begin returns from which bin on a velocity is made of reports: the last two or
// three of them, or half a minute; -1 for none.
func (f *foreign) begin() int {
	n := len(f.bins) - 1
	span := math.Max(shortestWay, 2.5*float64(f.bins[n].Width)/1e9)
	for i := range n {
		if float64(f.bins[n].At-f.bins[i].At)/1e9 <= 2*span {
			return i
		}
	}
	return -1
}

// jitter is what two places of one track differ by noise, in m.
const jitter = 50

// way is the velocity that two reports show.
func way(first, last *Bin) motion {
	dt := float64(last.At-first.At) / 1e9
	e, n := between(first.Pos, last.Pos)
	e, n = e/dt, n/dt
	return motion{e, n, math.Hypot(e, n), math.Hypot(last.Grid/math.Sqrt(6), jitter) / dt}
}
