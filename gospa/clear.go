// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package gospa

import (
	"math"
	"slices"
)

// Clear holds the CLEAR MOT counts and the errors of the pairs that they are
// made of. A pair that was joined stays joined while it is near enough.
type Clear struct {
	TP, FP, FN     int
	Switches       int     // a truth is matched by another track than last time, also after a gap
	Breaks         int     // a truth is matched again after a miss
	MOTA           float64 // 1 - (FN + FP + Switches) / truths
	MOTP           float64 // mean distance, m
	RMSPosition    float64
	MedianPosition float64
	P95Position    float64
	RMSVelocity    float64
	MedianVelocity float64
	ANEES          float64 // mean of eᵀP⁻¹e / 2; 1 is ideal
	Delay          float64 // mean time from birth to the first match, of truths that had one
	NeverTracked   int
	IDF1           float64 // of the best one-to-one matching of whole identities
}

// clearRun is the state of the comparison.
type clearRun struct {
	p        *Params
	out      Clear
	joined   map[string]string // truth → track, while unbroken
	last     map[string]string // truth → the last track ever
	matched  map[string]bool   // in the frame before
	birth    map[string]float64
	order    []string // truths by birth
	position []float64
	velocity []float64
	nees     []float64
	sum      float64
	delay    float64
	groups   map[string]*sums
}

type sums struct {
	n, hit             int
	position, velocity float64
}

func (p *Params) clear(fs []Frame, ds [][][]float64, class func(string) string) (Clear, map[string]Class) {
	r := &clearRun{
		p: p, joined: make(map[string]string), last: make(map[string]string), matched: make(map[string]bool),
		birth: make(map[string]float64), groups: make(map[string]*sums),
	}
	truths := 0
	for k := range fs {
		truths += len(fs[k].Truth)
		r.frame(&fs[k], ds[k], class)
	}
	r.finish(truths)
	r.out.IDF1 = p.idf1(fs, ds)
	return r.out, r.classes()
}

// match joins the truths of a frame with tracks: first those that were joined
// and are still near enough, then as many others as can be, the nearest.
func (r *clearRun) match(f *Frame, d [][]float64) []int {
	assoc := float64(r.p.Assoc)
	cols, used := index(f.Tracks), make([]bool, len(f.Tracks))
	match := make([]int, len(f.Truth))
	for i := range f.Truth {
		match[i] = -1
		j, there := cols[r.joined[f.Truth[i].ID]]
		if there && r.joined[f.Truth[i].ID] != "" && d[i][j] < assoc && !used[j] {
			match[i], used[j] = j, true
		}
	}
	gain := make([][]float64, len(f.Truth))
	for i := range gain {
		gain[i] = make([]float64, len(f.Tracks))
		for j := range gain[i] {
			if match[i] < 0 && !used[j] && d[i][j] < assoc {
				gain[i][j] = 100*assoc - d[i][j]
			}
		}
	}
	for i, j := range assign(gain) {
		if j >= 0 {
			match[i], used[j] = j, true
		}
	}
	for _, u := range used {
		if !u {
			r.out.FP++
		}
	}
	return match
}

func (r *clearRun) frame(f *Frame, d [][]float64, class func(string) string) {
	match := r.match(f, d)
	for i := range f.Truth {
		t := &f.Truth[i]
		if _, ok := r.birth[t.ID]; !ok {
			r.birth[t.ID] = f.Time
			r.order = append(r.order, t.ID)
		}
		g := r.group(t.ID, class)
		g.n++
		if match[i] < 0 {
			r.out.FN++
			delete(r.joined, t.ID)
			r.matched[t.ID] = false
			continue
		}
		r.hit(t, &f.Tracks[match[i]], d[i][match[i]], f.Time, g)
	}
}

func (r *clearRun) group(id string, class func(string) string) *sums {
	name := ""
	if class != nil {
		name = class(id)
	}
	if r.groups[name] == nil {
		r.groups[name] = &sums{}
	}
	return r.groups[name]
}

func (r *clearRun) hit(truth, track *State, d, at float64, g *sums) {
	before, ever := r.last[truth.ID]
	switch {
	case !ever:
		r.delay += at - r.birth[truth.ID]
	default:
		if before != track.ID {
			r.out.Switches++
		}
		if !r.matched[truth.ID] {
			r.out.Breaks++
		}
	}
	r.joined[truth.ID], r.last[truth.ID], r.matched[truth.ID] = track.ID, track.ID, true
	r.out.TP++
	g.hit++
	v := velocityError(truth, track)
	r.sum += d
	g.position += d * d
	g.velocity += v * v
	r.position, r.velocity = append(r.position, d), append(r.velocity, v)
	if !track.HasCov {
		return
	}
	e, n := r.p.offset(truth, track)
	ee, en, nn := track.Cov[0], track.Cov[1], track.Cov[2]
	if det := ee*nn - en*en; det > 0 {
		r.nees = append(r.nees, (e*e*nn-2*e*n*en+n*n*ee)/det/2)
	}
}

func (r *clearRun) finish(truths int) {
	c := &r.out
	c.MOTA = ratio(float64(truths-c.FN-c.FP-c.Switches), float64(truths), 0)
	c.MOTP = ratio(r.sum, float64(c.TP), 0)
	c.RMSPosition, c.MedianPosition, c.P95Position = spread(r.position)
	c.RMSVelocity, c.MedianVelocity, _ = spread(r.velocity)
	c.ANEES = math.NaN()
	if len(r.nees) > 0 {
		sum := 0.0
		for _, x := range r.nees {
			sum += x
		}
		c.ANEES = sum / float64(len(r.nees))
	}
	c.NeverTracked = len(r.order) - len(r.last)
	c.Delay = ratio(r.delay, float64(len(r.last)), 0)
}

func (r *clearRun) classes() map[string]Class {
	out := make(map[string]Class, len(r.groups))
	for name, g := range r.groups {
		c := Class{N: g.n, Completeness: float64(g.hit) / float64(g.n), RMSPosition: math.NaN(), RMSVelocity: math.NaN()}
		if g.hit > 0 {
			c.RMSPosition = math.Sqrt(g.position / float64(g.hit))
			c.RMSVelocity = math.Sqrt(g.velocity / float64(g.hit))
		}
		out[name] = c
	}
	return out
}

// idf1 matches whole identities one to one such that they agree in most
// frames.
func (p *Params) idf1(fs []Frame, ds [][][]float64) float64 {
	rows, cols := make(map[string]int), make(map[string]int)
	both := make(map[[2]int]float64)
	total := 0
	number := func(m map[string]int, id string) int {
		n, ok := m[id]
		if !ok {
			n = len(m)
			m[id] = n
		}
		return n
	}
	for k := range fs {
		f := &fs[k]
		total += len(f.Truth) + len(f.Tracks)
		for i := range f.Truth {
			row := number(rows, f.Truth[i].ID)
			for j := range f.Tracks {
				if ds[k][i][j] < float64(p.Assoc) {
					both[[2]int{row, number(cols, f.Tracks[j].ID)}]++
				}
			}
		}
	}
	gain := make([][]float64, len(rows))
	for i := range gain {
		gain[i] = make([]float64, len(cols))
	}
	for k, n := range both {
		gain[k[0]][k[1]] = n
	}
	agree := 0.0
	for i, j := range assign(gain) {
		if j >= 0 {
			agree += gain[i][j]
		}
	}
	return ratio(2*agree, float64(total), 0)
}

// spread returns root mean square, median and 95th percentile.
func spread(x []float64) (rms, median, p95 float64) {
	if len(x) == 0 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	y := slices.Sorted(slices.Values(x))
	at := func(share float64) float64 { return y[min(len(y)-1, int(share*float64(len(y))))] }
	return math.Sqrt(sum / float64(len(x))), at(0.5), at(0.95)
}
