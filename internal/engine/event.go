// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
)

// event takes what the node saw of its own adapters.
func (e *Engine) event(ev *Event, out *Outputs) {
	switch ev.Kind {
	case "link":
		e.linkEvent(ev, out)
	case "feed":
		e.feeds.up(ev.Feed, ev.State == "up")
	case "refused":
		e.feeds.refused(ev.Feed, RefusedFor{Reason: ev.Reason, Offset: ev.Offset, Count: ev.Count, At: e.now})
	case "store":
		e.system("store", "store", "", 1, ev.State != "ok")
	case "sent":
		e.messages.Sent(ev.Partner, ev.Count, e.now)
	case "pressure":
		e.pressure(ev)
	case "flow":
		e.flow(ev, out)
	}
}

func (e *Engine) linkEvent(ev *Event, out *Outputs) {
	l, ok := e.links[ev.Partner]
	if !ok {
		return
	}
	// A stop is over when a person ends it, not when the line says so.
	stopped := l.State == "stopped" && e.release.Frozen(ev.Partner)
	if l.State != ev.State && !stopped {
		l.State, l.Since = ev.State, e.now
		out.Audit = append(out.Audit, Audit{e.now, "node", "link-" + ev.State, string(ev.Partner)})
	}
	l.Problem = ev.Problem
	l.Seen = l.Seen || ev.State == "up"
	e.lineOf(l)
	broken := l.Seen && !stopped && (ev.State == "down" || ev.State == "degraded") // not the wait for the first connection
	journal := ev.Problem != "" && !slices.Contains(lineProblems(), ev.Problem)
	e.system("link/"+string(ev.Partner), "link", string(ev.Partner), 2, broken || (ev.Problem != "" && !journal))
	e.system("journal/"+string(ev.Partner), "journal", string(ev.Partner), 1, journal)
}

// lineProblems lists the problems of a link that say nothing about a journal.
// Any other, known or not, is taken as one of the journal.
func lineProblems() []string {
	return []string{"protocol", "store", "keys", "pin", "clock", "quota", "roll"}
}

// pressure freezes release to a partner whose outbox is nearly full: records
// wait here, and are refused by count, before any is lost.
func (e *Engine) pressure(ev *Event) {
	full := ev.State == "full"
	e.system("outbox/"+string(ev.Partner), "outbox", string(ev.Partner), 2, full)
	switch {
	case full:
		e.release.Freeze(ev.Partner)
	case e.links[ev.Partner] != nil && e.links[ev.Partner].State != "stopped":
		e.release.Resume(ev.Partner)
	}
}

// outboxFull reports whether release to the partner waits for its outbox.
func (e *Engine) outboxFull(to party.ID) bool {
	return slices.ContainsFunc(e.book.Alarms(), func(a incident.Alarm) bool { return a.Key == "outbox/"+string(to) && a.Active })
}

func (e *Engine) system(key, rule, subject string, priority int, active bool) {
	e.book.System(incident.SystemAlarm{Key: key, Rule: rule, Subject: subject, Priority: priority, At: e.now, Active: active})
}

// LinkStates returns the state of each link as the engine knows it.
func (e *Engine) LinkStates() map[party.ID]string {
	m := make(map[party.ID]string, len(e.links))
	for id, l := range e.links {
		m[id] = l.State
	}
	return m
}

// feedTable counts what each feed delivered.
type feedTable struct{ byName map[string]*feedState }

type feedState struct {
	Name    string                 `json:"name"`
	Up      bool                   `json:"up"`
	Has     bool                   `json:"has"`
	Last    time.Time              `json:"last"`
	Frames  uint64                 `json:"frames"`
	LastSeq uint64                 `json:"last_seq"`
	Plots   uint64                 `json:"plots"`
	Refused map[string]*RefusedFor `json:"refused"`
	Rate    rateState              `json:"rate"`
}

// maxReasons bounds the reasons kept for one feed; a decoder has a closed list
// of fewer.
const maxReasons = 64

func newFeedTable() feedTable { return feedTable{make(map[string]*feedState)} }

func (t *feedTable) configure(list []FeedConfig) {
	for _, f := range list {
		t.get(f.Name)
	}
	for name := range t.byName {
		if !slices.ContainsFunc(list, func(f FeedConfig) bool { return f.Name == name }) {
			delete(t.byName, name)
		}
	}
}

func (t *feedTable) get(name string) *feedState {
	f, ok := t.byName[name]
	if !ok {
		f = &feedState{Name: name, Refused: make(map[string]*RefusedFor)}
		t.byName[name] = f
	}
	return f
}

func (t *feedTable) took(f *frame.Frame, at time.Time, plots int) {
	s := t.get(f.Source)
	s.Rate.look(at, true)
	s.Rate.took()
	s.Frames++
	s.LastSeq = max(s.LastSeq, f.Seq)
	s.Plots += uint64(max(plots, 0))
	s.Has, s.Up, s.Last = true, true, at
	if f.Received.After(s.Last) {
		s.Last = f.Received
	}
}

// refused adds what was refused to what was before.
func (t *feedTable) refused(name string, more RefusedFor) {
	s, ok := t.byName[name]
	if !ok {
		return
	}
	r := s.Refused[more.Reason]
	if r == nil {
		if len(s.Refused) == maxReasons {
			return
		}
		r = &RefusedFor{Reason: more.Reason}
		s.Refused[more.Reason] = r
	}
	r.Count += more.Count
	r.Offset, r.At, r.Item = more.Offset, more.At, more.Item
	r.countItem(more.Item, more.Count)
}

// maxItems bounds the items counted for one reason: bad input must not grow
// what is kept.
const maxItems = 16

func (r *RefusedFor) countItem(item string, n uint64) {
	if item == "" {
		return
	}
	i := slices.IndexFunc(r.Items, func(x RefusedItem) bool { return x.Item == item })
	switch {
	case i >= 0:
		r.Items[i].Count += n
	case len(r.Items) < maxItems:
		r.Items = append(r.Items, RefusedItem{item, n})
	}
}

func (t *feedTable) up(name string, up bool) {
	if s, ok := t.byName[name]; ok {
		s.Up = up
	}
}

// health returns the feeds for the rule of lost feeds, by name.
func (t *feedTable) health(cfg []FeedConfig, now time.Time) []watch.Feed {
	list := make([]watch.Feed, 0, len(cfg))
	for i := range cfg {
		s := t.get(cfg[i].Name)
		h := s.heard(&cfg[i])
		h.RatePct, h.HasRate = s.Rate.percent(now)
		list = append(list, h)
	}
	slices.SortFunc(list, func(a, b watch.Feed) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// heard returns when the feed last gave something.
func (f *feedState) heard(cfg *FeedConfig) watch.Feed {
	return watch.Feed{Name: cfg.Name, LastMessage: f.Last, Has: f.Has, Exercise: cfg.Source.Exercise}
}

// look lets time pass for all feeds.
func (t *feedTable) look(now time.Time) {
	for _, s := range t.byName {
		s.Rate.look(now, s.Up)
	}
}

// lookAtClocks alarms for each feed whose clocks are off, and ends the alarm of
// one whose clocks are sound again.
func (e *Engine) lookAtClocks() {
	feeds := make(map[string]bool, len(e.cfg.Feeds))
	for _, f := range e.cfg.Feeds {
		feeds[f.Name] = true
		e.system(clockAlarm+"/"+f.Name, clockAlarm, f.Name, 2, decode.ClocksOff(e.decoder.Clocks(f.Name, e.now)))
	}
	for _, a := range slices.Clone(e.book.Alarms()) {
		if a.Rule == clockAlarm && !feeds[a.Subject] { // a feed that is no longer configured
			e.system(a.Key, clockAlarm, a.Subject, a.Priority, false)
		}
	}
}

const clockAlarm = "clock"

// LastSeqs returns the number of the last frame of each feed, so that a feed
// goes on counting after a restart.
func (e *Engine) LastSeqs() map[string]uint64 {
	m := make(map[string]uint64, len(e.feeds.byName))
	for _, name := range slices.Sorted(maps.Keys(e.feeds.byName)) {
		m[name] = e.feeds.byName[name].LastSeq
	}
	return m
}

// maxClockViews bounds the clocks that a feed shows.
const maxClockViews = 24

// clockViews returns those that are off first, then by station.
func clockViews(list []decode.Clock) (views []ClockView, more int) {
	slices.SortStableFunc(list, func(a, b decode.Clock) int {
		switch {
		case a.Off == b.Off:
			return 0
		case a.Off:
			return -1
		}
		return 1
	})
	shown := list[:min(len(list), maxClockViews)]
	for _, c := range shown {
		views = append(views, ClockView{c.Station, c.Offset.Seconds(), c.Spread.Seconds(), c.Minutes, c.Off, c.Foreign})
	}
	return views, len(list) - len(shown)
}

func (f *feedState) view(cfg *FeedConfig, clocks []decode.Clock, now time.Time) FeedView {
	v := FeedView{Name: f.Name, Up: f.Up, Frames: f.Frames, Plots: f.Plots, Kind: cfg.Kind, Exercise: cfg.Source.Exercise, Refused: []RefusedFor{}}
	if f.Has {
		last := f.Last
		v.Last = &last
	}
	if rate, ok := f.Rate.rate(); ok {
		v.Rate = &rate
	}
	if usual, ok := f.Rate.usual(now); ok {
		v.Usual = &usual
	}
	v.Clocks, v.Unshown = clockViews(clocks)
	for _, reason := range slices.Sorted(maps.Keys(f.Refused)) {
		r := *f.Refused[reason]
		r.Items = slices.Clone(r.Items)
		v.Refused = append(v.Refused, r)
	}
	return v
}
