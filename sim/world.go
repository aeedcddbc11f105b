// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"container/heap"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"path"
	"time"
)

// World plays a scenario. It is deterministic and not safe for concurrent use.
type World struct {
	sc      *Scenario
	sources sourceHeap
	now     time.Time
}

// source is a thing that sends at times. emit may send nothing, and returns when
// to call it next; the zero time ends it.
type source struct {
	next  time.Time
	order int // breaks ties, so that the order never depends on the heap
	emit  func(t time.Time, send func(Emission)) time.Time
}

// Open reads and checks a scenario and returns its world at the scenario's
// start. Errors name file and line.
func Open(fsys fs.FS, name string) (*World, error) {
	b, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	sc, err := Parse(path.Base(name), b)
	if err != nil {
		return nil, err
	}
	return New(sc), nil
}

// New returns the world of a scenario that Parse accepted, at its start.
func New(sc *Scenario) *World {
	w := &World{sc: sc, now: sc.Start}
	for i := range sc.Sensors {
		w.add(sc.Start, newRadar(sc, &sc.Sensors[i]).emit)
	}
	for i := range sc.Receivers {
		r := &sc.Receivers[i]
		for j := range sc.Objects {
			o := &sc.Objects[j]
			switch {
			case !o.SeenBy(r.Party):
			case r.Kind == ReceiverADSB && o.ADSB:
				w.addADSB(r, o)
			case r.Kind == ReceiverAIS && o.Kind == Vessel && o.MMSI != 0:
				w.addAIS(r, o)
			}
		}
	}
	for i := range sc.Faults {
		w.addFault(&sc.Faults[i])
	}
	heap.Init(&w.sources)
	return w
}

func (w *World) add(at time.Time, emit func(time.Time, func(Emission)) time.Time) {
	w.sources = append(w.sources, &source{next: at, order: len(w.sources), emit: emit})
}

// every adds a source that sends each period from the first multiple of it,
// shifted by phase, at which the object exists.
func (w *World) every(o *Object, period, phase time.Duration, emit func(t time.Time, s *Truth, send func(Emission))) {
	begin := w.sc.Start
	if first := o.Route[0].Time; first.After(begin) {
		begin = first
	}
	at := w.sc.Start.Add(phase)
	if late := begin.Sub(at); late > 0 {
		at = at.Add((late + period - 1) / period * period)
	}
	w.add(at, func(t time.Time, send func(Emission)) time.Time {
		s, ok := o.Truth(t)
		if !ok {
			return time.Time{}
		}
		emit(t, &s, send)
		return t.Add(period)
	})
}

// Scenario returns what the world was made from. It must not be changed.
func (w *World) Scenario() *Scenario { return w.sc }

// Now returns the time up to which everything was emitted.
func (w *World) Now() time.Time { return w.now }

// Done reports whether the scenario has ended.
func (w *World) Done() bool { return !w.now.Before(w.sc.End) }

// Until emits everything that is sent after the last call up to t, t included,
// in the order of time and, at the same time, in the order of the feeds in the
// text. After the scenario's end that is what the sensors still see.
func (w *World) Until(t time.Time, emit func(Emission)) {
	send := func(e Emission) {
		if !w.cut(e.Feed, e.Time) {
			emit(e)
		}
	}
	for len(w.sources) > 0 && !w.sources[0].next.After(t) {
		s := w.sources[0]
		s.next = s.emit(s.next, send)
		if s.next.IsZero() {
			heap.Pop(&w.sources)
		} else {
			heap.Fix(&w.sources, 0)
		}
	}
	if t.After(w.now) {
		w.now = t
	}
}

// random returns the random numbers of one part of the world: no part's
// numbers depend on how many another part drew.
func random(seed uint64, parts ...string) *rand.Rand {
	h := fnv.New64a()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// phase returns a fixed share of period for one part of the world, in whole
// milliseconds, so that not everything happens at once.
func phase(period time.Duration, rng *rand.Rand) time.Duration {
	return time.Duration(rng.Int64N(period.Milliseconds())) * time.Millisecond
}

// sourceHeap is a container/heap ordered by time, then order.
type sourceHeap []*source

func (h sourceHeap) Len() int { return len(h) }
func (h sourceHeap) Less(i, j int) bool {
	if !h[i].next.Equal(h[j].next) {
		return h[i].next.Before(h[j].next)
	}
	return h[i].order < h[j].order
}
func (h sourceHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *sourceHeap) Push(x any)   { *h = append(*h, x.(*source)) }
func (h *sourceHeap) Pop() any {
	old := *h
	s := old[len(old)-1]
	*h = old[:len(old)-1]
	return s
}
