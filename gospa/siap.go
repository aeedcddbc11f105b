// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package gospa

import (
	"cmp"
	"math"
	"slices"
)

// SIAP holds the measures of Votruba et al., "Single Integrated Air Picture
// (SIAP) Metrics Implementation" (2001). Each track belongs to the nearest
// truth; many may belong to one.
type SIAP struct {
	Completeness   float64 // truths that have a track
	Ambiguity      float64 // tracks of a truth that has one; 1 is ideal
	Spuriousness   float64 // tracks that belong to none
	Position       float64 // mean distance, m
	Velocity       float64 // mean difference of velocity, m/s
	ChangeRate     float64 // changes of track number a second of tracked time
	LongestSegment float64 // share of a truth's life under its longest span
}

// span is an unbroken time in which a track belongs to a truth: frames from
// to last. A track that is absent for a while does not break it.
type span struct {
	truth, track string
	from, last   int
}

// belonging is the hysteresis of one track.
type belonging struct {
	id         string
	truth      string // it belongs to; "" is none
	from, last int
	failed     int    // frames in a row without truth
	next       string // candidate
	nextFrom   int
	nextCount  int
}

// see takes what a track is nearest to in frame k and returns a span that
// ended there.
func (b *belonging) see(nearest string, k int, p *Params) (span, bool) {
	if b.truth != "" && nearest == b.truth {
		b.failed, b.last = 0, k
		b.next, b.nextCount = "", 0
		return span{}, false
	}
	switch {
	case nearest == "":
		b.next, b.nextCount = "", 0
	case nearest == b.next:
		b.nextCount++
	default:
		b.next, b.nextFrom, b.nextCount = nearest, k, 1
	}
	var ended span
	over := false
	if b.truth != "" {
		if b.failed++; b.failed < p.Misses {
			return span{}, false
		}
		ended, over = span{b.truth, b.id, b.from, b.last}, true
		b.truth = ""
	}
	if b.next != "" && b.nextCount >= p.Confirm {
		b.truth, b.from, b.last = b.next, b.nextFrom, k
		b.next, b.nextCount = "", 0
	}
	b.failed = 0
	return ended, over
}

// spans follows all tracks through all frames.
func (p *Params) spans(fs []Frame, ds [][][]float64) []span {
	state := make(map[string]*belonging)
	var order []*belonging
	var out []span
	for k := range fs {
		for j := range fs[k].Tracks {
			id := fs[k].Tracks[j].ID
			b := state[id]
			if b == nil {
				b = &belonging{id: id}
				state[id] = b
				order = append(order, b)
			}
			nearest, least := "", float64(p.Assoc)
			for i := range fs[k].Truth {
				if d := ds[k][i][j]; d < least {
					nearest, least = fs[k].Truth[i].ID, d
				}
			}
			if s, ended := b.see(nearest, k, p); ended {
				out = append(out, s)
			}
		}
	}
	for _, b := range order {
		if b.truth != "" {
			out = append(out, span{b.truth, b.id, b.from, b.last})
		}
	}
	return out
}

func (p *Params) siap(fs []Frame, ds [][][]float64) SIAP {
	spans := p.spans(fs, ds)
	at := make([][]span, len(fs))
	byTruth := make(map[string][]span)
	for _, s := range spans {
		byTruth[s.truth] = append(byTruth[s.truth], s)
		for k := s.from; k <= s.last; k++ {
			at[k] = append(at[k], s)
		}
	}
	var truths, tracks, covered, belong, position, velocity float64
	for k := range fs {
		f := &fs[k]
		truths += float64(len(f.Truth))
		tracks += float64(len(f.Tracks))
		rows, cols := index(f.Truth), index(f.Tracks)
		hasTrack, hasTruth := make(map[string]bool), make(map[string]bool)
		for _, s := range at[k] {
			i, ok := rows[s.truth]
			j, there := cols[s.track]
			if !ok || !there {
				continue // a gap that the hysteresis bridges
			}
			hasTrack[s.truth], hasTruth[s.track] = true, true
			position += ds[k][i][j]
			velocity += velocityError(&f.Truth[i], &f.Tracks[j])
		}
		covered += float64(len(hasTrack))
		belong += float64(len(hasTruth))
	}
	out := SIAP{
		Completeness: ratio(covered, truths, 0), Ambiguity: ratio(belong, covered, 1), Spuriousness: ratio(tracks-belong, tracks, 0),
		Position: ratio(position, belong, 0), Velocity: ratio(velocity, belong, 0),
	}
	out.ChangeRate, out.LongestSegment = continuity(fs, byTruth)
	return out
}

// continuity returns the changes of track number a second and the share of
// the longest spans.
func continuity(fs []Frame, byTruth map[string][]span) (rate, longest float64) {
	life := make(map[string][]int) // frames of each truth
	var order []string
	for k := range fs {
		for i := range fs[k].Truth {
			id := fs[k].Truth[i].ID
			if life[id] == nil {
				order = append(order, id)
			}
			life[id] = append(life[id], k)
		}
	}
	var changes, tracked, best, lived float64
	for _, id := range order {
		ks, spans := life[id], byTruth[id]
		lived += fs[ks[len(ks)-1]].Time - fs[ks[0]].Time
		if len(spans) == 0 {
			continue
		}
		slices.SortStableFunc(spans, func(a, b span) int { return cmp.Compare(b.last, a.last) })
		changes += float64(fewest(ks, spans) - 1)
		top := 0.0
		for _, s := range spans {
			top = math.Max(top, fs[s.last].Time-fs[s.from].Time)
		}
		best += top
		for x := range len(ks) - 1 {
			if slices.ContainsFunc(spans, func(s span) bool { return s.from <= ks[x] && s.last >= ks[x+1] }) {
				tracked += fs[ks[x+1]].Time - fs[ks[x]].Time
			}
		}
	}
	return ratio(changes, tracked, 0), ratio(best, lived, 0)
}

// fewest returns the smallest number of spans that cover all frames that can
// be covered; spans are sorted by their end, latest first.
func fewest(frames []int, spans []span) int {
	n := 0
	for x := 0; x < len(frames); {
		at := slices.IndexFunc(spans, func(s span) bool { return s.from <= frames[x] && frames[x] <= s.last })
		if at < 0 {
			x++
			continue
		}
		n++
		for x < len(frames) && frames[x] <= spans[at].last {
			x++
		}
	}
	return n
}

func index(list []State) map[string]int {
	out := make(map[string]int, len(list))
	for i := range list {
		out[list[i].ID] = i
	}
	return out
}

func velocityError(a, b *State) float64 {
	return math.Hypot(float64(b.East-a.East), float64(b.North-a.North))
}

func ratio(a, b, otherwise float64) float64 {
	if b == 0 {
		return otherwise
	}
	return a / b
}
