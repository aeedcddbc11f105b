// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track

import (
	"math"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

// Past is where a track was.
type Past struct {
	At     int64 // Unix time in ns
	Lat    float64
	Lon    float64
	East   float32 // m/s
	North  float32
	Sigma  float32 // m
	Jump   float32 // m, the farthest that plots moved the track from where it was expected since the position before
	Motion bool    // the velocity is known
}

func (p Past) pos() geo.Point { return geo.Point{LatDeg: p.Lat, LonDeg: p.Lon} }

func (w *own) present() Past {
	p := Past{At: w.Time.UnixNano(), Lat: w.Pos.LatDeg, Lon: w.Pos.LonDeg, Sigma: float32(w.SigmaPos), Motion: w.HasVelocity}
	if w.HasVelocity {
		v := float64(w.Speed.MetresPerSecond())
		sin, cos := math.Sincos(w.Course.Radians())
		p.East, p.North = float32(v*sin), float32(v*cos)
	}
	return p
}

// remember adds the present position to the history once a step has passed.
func (t *Table) remember(w *own) {
	p := w.present()
	if n := len(w.history); n > 0 && p.At < w.history[n-1].At+int64(t.cfg.HistoryStep) {
		return
	}
	if limit := int(t.cfg.History/t.cfg.HistoryStep) + 2; len(w.history) >= limit+32 {
		w.history = append(w.history[:0], w.history[len(w.history)-limit:]...)
	}
	p.Jump, w.jump = w.jump, 0
	w.history = append(w.history, p)
}

// correct copies the tracker's estimate after plots and notes how far they moved
// the track.
func (t *Table) correct(w *own) {
	old := w.present()
	t.refresh(w)
	if now := w.present(); old.Lat != 0 || old.Lon != 0 {
		w.jump = max(w.jump, float32(old.moved(now.At).near(now)))
	}
}

// near returns the distance of two places that lie close, in m.
func (p Past) near(q Past) float64 {
	const perDegree = 111_320
	return perDegree * math.Hypot(q.Lat-p.Lat, math.Remainder(q.Lon-p.Lon, 360)*math.Cos(p.Lat*math.Pi/180))
}

// loose returns by how much a copy of our track, taken while a step of the
// history was not complete, may differ from what the history now says of that
// time: by what later plots corrected, and by the sagitta of a turn, of which a
// straight line between two positions knows nothing (the change of velocity
// times an eighth of the step; here twice that).
func (t *Table) loose(w *own, at int64) float64 {
	step := int64(t.cfg.HistoryStep)
	jump, bend := float64(0), float64(0)
	mid, _ := t.at(w.Number, time.Unix(0, at))
	for _, d := range [2]int64{-step, step} {
		if p, ok := t.at(w.Number, time.Unix(0, at+d)); ok {
			bend = max(bend, math.Hypot(float64(p.East-mid.East), float64(p.North-mid.North)))
		}
	}
	for i := len(w.history) - 1; i >= 0 && w.history[i].At > at-step; i-- {
		if w.history[i].At <= at+3*step {
			jump = max(jump, float64(w.history[i].Jump))
		}
	}
	if w.Time.UnixNano() <= at+3*step {
		jump = max(jump, float64(w.jump))
	}
	return jump + bend*t.cfg.HistoryStep.Seconds()/4
}

// How far a position is carried beyond the plots that support it.
const (
	ahead    = 3 * time.Minute
	aheadSea = 10 * time.Minute
	before   = 30 * time.Second
)

// At returns where a track was at a time: between two positions of its
// history, or moved on by its velocity for a few minutes after its last plot.
// It is false for a time before the track or its history, or too long after
// it. Once the track has moved HistoryStep past the time, the answer stays.
func (t *Table) At(n Number, at time.Time) (geo.Point, bool) {
	p, ok := t.at(n, at)
	return p.pos(), ok
}

func (t *Table) at(n Number, at time.Time) (Past, bool) {
	w := t.tracks[n]
	if w == nil || w.Time.IsZero() {
		return Past{}, false
	}
	when, now := at.UnixNano(), w.present()
	if when >= now.At {
		limit := ahead
		if w.Domain == plot.Sea {
			limit = aheadSea
		}
		return now.moved(when), when-now.At <= int64(limit)
	}
	if now.At-when > int64(t.cfg.History) {
		return Past{}, false
	}
	i, found := slices.BinarySearchFunc(w.history, when, func(p Past, at int64) int {
		switch {
		case p.At < at:
			return -1
		case p.At > at:
			return 1
		}
		return 0
	})
	switch {
	case found:
		return w.history[i], true
	case i == 0 && len(w.history) == 0:
		return now.moved(when), now.At-when <= int64(before)
	case i == 0:
		first := w.history[0]
		return first.moved(when), first.At-when <= int64(before)
	case i == len(w.history):
		return blend(w.history[i-1], now, when), true
	}
	return blend(w.history[i-1], w.history[i], when), true
}

// moved returns p moved by its velocity.
func (p Past) moved(when int64) Past {
	dt := float64(when-p.At) / 1e9
	p.At = when
	if !p.Motion || dt == 0 {
		return p
	}
	east, north := float64(p.East)*dt, float64(p.North)*dt
	dist := math.Hypot(east, north)
	if dist > 1 {
		q := geo.Direct(p.pos(), geo.Degrees(math.Atan2(east, north)*180/math.Pi).Norm360(), geo.Metres(dist))
		p.Lat, p.Lon = q.LatDeg, q.LonDeg
	}
	// The error of the velocity is about that of two positions a minute apart.
	p.Sigma = float32(math.Hypot(float64(p.Sigma), float64(p.Sigma)*dt/30))
	return p
}

// blend returns the place between two.
func blend(a, b Past, when int64) Past {
	f := float64(when-a.At) / float64(b.At-a.At)
	out := a
	out.At = when
	out.Lat += f * (b.Lat - a.Lat)
	out.Lon += f * math.Remainder(b.Lon-a.Lon, 360)
	out.Lon = math.Remainder(out.Lon, 360)
	g := float32(f)
	out.East += g * (b.East - a.East)
	out.North += g * (b.North - a.North)
	out.Sigma = max(a.Sigma, b.Sigma)
	out.Motion = a.Motion && b.Motion
	return out
}
