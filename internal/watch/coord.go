// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// associations is rule A17: one alert for each association of an own track
// with a partner's, unless the aircraft is explained. Vessels that both see are
// no news: coast guards share whole pictures of them.
func (w *Watch) associations(out *collector, tracks Tracks) {
	r, ok := w.rules[HeldByBoth]
	if !ok {
		return
	}
	held := make(map[Key]bool)
	for _, a := range tracks.Associations() {
		t, ok := tracks.Get(a.Own) // there is no track 0
		if !ok || t.Domain == plot.Sea || w.explained(&t, w.stateOf(a.Own)) {
			continue
		}
		slot := Key{Rule: r.ID, Track: a.Own, Partner: a.Partner}
		held[slot] = true
		w.hold(out, slot, out.now, 0, true, func() Alert { return w.heldByBoth(r, &t, a) })
	}
	for _, slot := range w.slots(func(k Key) bool { return k.Rule == r.ID && !held[k] }) {
		w.release(out, slot, out.now, 0)
	}
}

func (w *Watch) heldByBoth(r Rule, t *track.Track, as track.Association) Alert {
	a := w.alert(r, t, "")
	a.Partner, a.At = as.Partner, as.Since
	a.Originators = []party.ID{w.cfg.Self, as.Partner.Party}
	slices.Sort(a.Originators)
	return a
}

func (w *Watch) stateOf(n track.Number) *trackState {
	if s := w.tracks[n]; s != nil {
		return s
	}
	return &trackState{}
}

// leads is rule C01, and rule C02, which is about two leads, not two postures:
// it counts from when two parties were first seen to lead.
func (w *Watch) leads(out *collector, incidents []OpenIncident) {
	if r, ok := w.rules[WithoutLead]; ok {
		w.leadRule(out, r, 0, incidents, func(inc *OpenIncident) (time.Time, bool) {
			due := inc.Opened.Add(r.Params.Max)
			return due, !inc.HasLead && !out.now.Before(due)
		})
	}
	if r, ok := w.rules[TwoLead]; ok {
		w.leadRule(out, r, r.Params.Max, incidents, func(inc *OpenIncident) (time.Time, bool) { return time.Time{}, inc.TwoLead })
	}
}

// leadRule holds one alert for each incident where holds says so, for delay.
func (w *Watch) leadRule(out *collector, r Rule, delay time.Duration, incidents []OpenIncident, holds func(*OpenIncident) (time.Time, bool)) {
	held := make(map[Key]bool)
	for i := range incidents {
		inc := &incidents[i]
		slot := Key{Rule: r.ID, Incident: inc.Number}
		at, wrong := holds(inc)
		if !wrong {
			continue
		}
		held[slot] = true
		w.hold(out, slot, out.now, delay, true, func() Alert {
			return Alert{
				Key: slot, At: at, Priority: r.Priority, Domain: r.Domain,
				Originators: []party.ID{w.cfg.Self}, Exercise: inc.Exercise,
			}
		})
	}
	for _, slot := range w.slots(func(k Key) bool { return k.Rule == r.ID && !held[k] }) {
		w.release(out, slot, out.now, 0)
	}
}

// feedsLost is rule C06. A feed that never spoke counts from when it was first
// heard of.
func (w *Watch) feedsLost(out *collector, feeds []Feed) {
	r, ok := w.rules[FeedLost]
	if !ok {
		return
	}
	known := make(map[string]bool, len(feeds))
	for _, f := range feeds {
		known[f.Name] = true
		if _, ok := w.feeds[f.Name]; !ok {
			w.feeds[f.Name] = out.now
		}
		w.feedLost(out, r, f)
	}
	for _, name := range slices.Sorted(maps.Keys(w.feeds)) {
		if !known[name] {
			delete(w.feeds, name)
			w.clear(out, Key{Rule: r.ID, Feed: name}, out.now)
		}
	}
}

// silence returns since when a feed has given nothing, and whether that is too
// long.
func (w *Watch) silence(r Rule, f Feed, now time.Time) (since time.Time, lost bool) {
	since = w.feeds[f.Name]
	if f.Has && f.LastMessage.After(since) {
		since = f.LastMessage
	}
	return since, now.Sub(since) >= r.Params.Silent
}

// SilentSince returns since when a feed that is silent for too long by rule C06
// has given nothing; ok is false of any other, and of one that no tick has seen.
func (w *Watch) SilentSince(f Feed, now time.Time) (since time.Time, ok bool) {
	r, ruled := w.rules[FeedLost]
	if _, seen := w.feeds[f.Name]; !ruled || !seen {
		return time.Time{}, false
	}
	since, ok = w.silence(r, f, now)
	return since, ok
}

func (w *Watch) feedLost(out *collector, r Rule, f Feed) {
	slot := Key{Rule: r.ID, Feed: f.Name}
	last, silent := w.silence(r, f, out.now)
	if !silent && !(f.HasRate && f.RatePct < r.Params.RatePct) {
		w.release(out, slot, out.now, r.Params.Clear)
		return
	}
	at := out.now
	if silent {
		at = last.Add(r.Params.Silent)
	}
	w.hold(out, slot, out.now, 0, true, func() Alert {
		return Alert{
			Key: slot, At: at, Priority: r.Priority, Domain: r.Domain,
			Originators: []party.ID{w.cfg.Self}, Exercise: f.Exercise,
		}
	})
}

// Hotlines is rule C04: a line that nobody has tested for too long. A line that
// is not in the list is not overdue.
func (w *Watch) Hotlines(now time.Time, lines []Line) []Alert {
	r, ok := w.rules[HotlineUntested]
	if !ok {
		return nil
	}
	every := r.Params.Max
	if w.cfg.Hotline > 0 {
		every = w.cfg.Hotline
	}
	out := collector{now: now}
	overdue := make(map[Key]bool)
	for _, l := range lines {
		slot := Key{Rule: r.ID, Feed: string(l.Partner)}
		due := l.Tested.Add(cmp.Or(l.Every, every))
		if now.Before(due) {
			continue
		}
		overdue[slot] = true
		w.hold(&out, slot, now, 0, true, func() Alert {
			return Alert{Key: slot, At: due, Priority: r.Priority, Domain: "system", Originators: []party.ID{w.cfg.Self}}
		})
	}
	for _, slot := range w.slots(func(k Key) bool { return k.Rule == r.ID && !overdue[k] }) {
		w.release(&out, slot, now, 0)
	}
	return out.alerts
}

// Proposal is an identity that the machine proposes for a track. It is never
// stronger than neutral and never touches what a person set.
type Proposal struct {
	Track    track.Number
	Standard string // "pending", "unknown", "neutral"
	Reason   string // "new", "unidentified", "plan", "ais"
}

// pendingFor is how long a new track may be pending (operating concept §4.1).
const pendingFor = 60 * time.Second

// Proposals returns what was proposed since the last call, in order of track
// number within each Observe or Tick.
func (w *Watch) Proposals() []Proposal {
	list := w.proposed
	w.proposed = nil
	return list
}
