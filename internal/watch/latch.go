// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// collector gathers the alerts of one call.
type collector struct {
	now    time.Time
	alerts []Alert
}

func (c *collector) add(a Alert) {
	a.Raised = c.now
	c.alerts = append(c.alerts, a)
}

// latch is a condition with an on-delay and an off-delay (ISA-18.2 §5.5.2).
type latch struct {
	since  time.Time // the condition holds since; zero when it does not
	gone   time.Time // an active alert's condition is gone since; zero when it is not
	active bool
	alert  Alert // as raised
}

// hold tells a latch that its condition holds at a time. It raises the alert
// once the condition has held for delay and ready is true.
func (w *Watch) hold(out *collector, slot Key, at time.Time, delay time.Duration, ready bool, alert func() Alert) {
	l := w.latches[slot]
	if l == nil {
		l = &latch{since: at}
		w.latches[slot] = l
	}
	l.gone = time.Time{}
	if l.active || !ready || at.Sub(l.since) < delay {
		return
	}
	a := alert()
	if a.At.IsZero() {
		a.At = l.since
	}
	a.Active = true
	l.active, l.alert = true, a
	out.add(a)
}

// release tells a latch that its condition does not hold at a time. An active
// alert clears once that has been so for delay.
func (w *Watch) release(out *collector, slot Key, at time.Time, delay time.Duration) {
	l := w.latches[slot]
	switch {
	case l == nil:
		return
	case !l.active:
		delete(w.latches, slot)
		return
	case l.gone.IsZero():
		l.gone = at
	}
	if at.Sub(l.gone) >= delay {
		w.clear(out, slot, at)
	}
}

func (w *Watch) clear(out *collector, slot Key, at time.Time) {
	l := w.latches[slot]
	delete(w.latches, slot)
	if l == nil || !l.active {
		return
	}
	a := l.alert
	a.Active = false
	a.At = at
	out.add(a)
}

func (w *Watch) isActive(slot Key) bool {
	l := w.latches[slot]
	return l != nil && l.active
}

// drop forgets a track and clears what it held up. Where the object goes on as
// another track, that one takes the alerts over.
func (w *Watch) drop(out *collector, n, into track.Number) {
	delete(w.tracks, n)
	for _, k := range w.slots(func(k Key) bool { return k.Track == n }) {
		l := w.latches[k]
		w.clear(out, k, out.now)
		k.Track = into
		if into == 0 || !l.active || w.isActive(k) {
			continue
		}
		l.alert.Track = into
		w.latches[k] = l
		out.add(l.alert)
	}
}

// slots returns the latches' keys that fit, sorted.
func (w *Watch) slots(fits func(Key) bool) []Key {
	var list []Key
	for k := range w.latches {
		if fits(k) {
			list = append(list, k)
		}
	}
	slices.SortFunc(list, Key.Compare)
	return list
}

func sortedNumbers(m map[track.Number]*trackState) []track.Number {
	return slices.Sorted(maps.Keys(m))
}
