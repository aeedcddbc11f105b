// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package activity

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
)

// Tolerances of a mismatch: noise at the border is none. What is explained has
// no tolerance.
const (
	strayMargin  = geo.Metres(2000)
	strayFeet    = 500
	nearArea     = geo.Metres(55_560) // 30 nm: farther off, what the issuer calls its own is on its way
	overlapAir   = 1                  // priority: flight safety
	overlapSea   = 2
	mismatchRank = 2
)

// Object is one thing in the picture, as the notices look at it.
type Object struct {
	Own      track.Number
	Partner  track.PartnerKey   // where Own is 0
	Same     []track.PartnerKey // partners' tracks of the same object
	Domain   string
	Pos      geo.Point
	Slack    geo.Metres // a partner's: how far from Pos it may be
	HasSpan  bool       // whether the height is known
	LowFt    float64    // of what is known of the height
	HighFt   float64
	Standard string // as our people hold an own track to be, or the issuer its own
	ByPerson bool   // a person here set it
	Exercise bool
}

// Holdable lists the rules whose alerts a partner's notice may keep from
// alarming: those that ask who passes by. No other is ever held back: an
// emergency (A11), distress, the approach to and the entry into territorial
// airspace or sea (A04, S08), coordination (C…) and our own systems concern
// people's safety, or what no partner's word can settle. A rule that is added
// later is not held back until it stands here.
func Holdable() []watch.RuleID {
	return []watch.RuleID{watch.ADIZEntry, watch.LineCrossing, watch.GateTransit, watch.UncrewedInGap, watch.HeldByBoth}
}

// Found is an own track that a partner's notice explains for the first time.
type Found struct {
	Notice Key
	Track  track.Number
}

// Look compares the picture with the partners' notices. barred says of an
// object inside a notice that nothing of it may be held back: it declares an
// emergency, or is inside a territorial sea.
func (d *Desk) Look(objects []Object, barred func(*Object) bool, now time.Time) []Found {
	standards := make(map[track.PartnerKey]string)
	for i := range objects {
		if o := &objects[i]; o.Own == 0 {
			standards[o.Partner] = o.Standard
		}
	}
	var found []Found
	for _, n := range d.notices {
		if n.Party != d.cfg.Self {
			d.look(n, objects, standards, barred, now)
			found = append(found, n.noteNew()...)
		}
	}
	return found
}

// noteNew returns the own tracks that are inside for the first time.
func (n *Notice) noteNew() []Found {
	var found []Found
	for _, m := range n.Matched {
		i, had := slices.BinarySearch(n.Noted, m.Own)
		if m.Own != 0 && !had && len(n.Noted) < maxMatched {
			n.Noted = slices.Insert(n.Noted, i, m.Own)
			found = append(found, Found{n.Key, m.Own})
		}
	}
	return found
}

func (d *Desk) look(n *Notice, objects []Object, standards map[track.PartnerKey]string, barred func(*Object) bool, now time.Time) {
	before := n.Matched
	n.Matched = nil
	if !n.Active(now) {
		n.Strayed = nil
		d.setWrong(n, nil, now)
		return
	}
	var strayed []Match
	for i := range objects {
		o := &objects[i]
		if !n.concerns(o, standards) {
			continue
		}
		m := Match{Own: o.Own, Partner: o.Partner}
		switch {
		case n.holds(o):
			m.Barred = barred(o)
			n.Matched = append(n.Matched, m)
		case n.strays(o, &m, before):
			strayed = append(strayed, m)
		}
	}
	slices.SortFunc(n.Matched, compareMatch)
	slices.SortFunc(strayed, compareMatch)
	n.Matched = n.Matched[:min(len(n.Matched), maxMatched)]
	n.Strayed = strayed[:min(len(strayed), maxMatched)]
	var wrong []string
	for _, m := range n.Strayed {
		wrong = append(wrong, m.Why)
	}
	if n.counted(objects) > int(n.Body.Count) {
		wrong = append(wrong, "count")
	}
	slices.Sort(wrong)
	d.setWrong(n, slices.Compact(wrong), now)
}

// concerns reports whether the object may be part of the notice at all.
func (n *Notice) concerns(o *Object, standards map[track.PartnerKey]string) bool {
	if o.Domain != n.Body.Domain || o.Exercise != n.Exercise {
		return false
	}
	if o.Own == 0 {
		return o.Partner.Party == n.Party && issuers(o.Standard)
	}
	switch o.Standard {
	case "neutral", "suspect", "friend":
		return false
	}
	return !slices.ContainsFunc(o.Same, func(k track.PartnerKey) bool {
		s, held := standards[k]
		return held && k.Party == n.Party && !issuers(s)
	})
}

// issuers reports whether the issuer holds the object to be its own, or says
// nothing of what it is.
func issuers(standard string) bool {
	return standard == "" || standard == "friend" || standard == "assumed-friend"
}

// holds reports whether the object is inside area and height block.
func (n *Notice) holds(o *Object) bool {
	if h := n.Body.Height; h != nil && (!o.HasSpan || o.LowFt < float64(h.BaseFt) || o.HighFt > float64(h.TopFt)) {
		return false
	}
	return Contains(&n.Body.Area, o.Pos)
}

// strays reports whether the object is outside of what the notice says, though
// it was inside or its issuer calls it its own, and why.
func (n *Notice) strays(o *Object, m *Match, before []Match) bool {
	same := func(b Match) bool { return b.Own == m.Own && b.Partner == m.Partner }
	was := slices.ContainsFunc(before, same) || slices.ContainsFunc(n.Strayed, same)
	declared := o.Own == 0 && o.Standard == "friend" && n.Body.State == "working"
	if !was && !declared {
		return false
	}
	switch off := Distance(&n.Body.Area, o.Pos); {
	case off > nearArea:
		return false
	case off > max(strayMargin, o.Slack):
		m.Why = "area"
	case n.offHeight(o):
		m.Why = "height"
	default:
		return false
	}
	return true
}

func (n *Notice) offHeight(o *Object) bool {
	h := n.Body.Height
	return h != nil && o.HasSpan && (o.HighFt < float64(h.BaseFt-strayFeet) || o.LowFt > float64(h.TopFt+strayFeet))
}

// counted returns how many objects are inside: an own track and the issuer's
// report of the same object are one.
func (n *Notice) counted(objects []Object) int {
	inside := make(map[track.Number]bool)
	for _, m := range n.Matched {
		if m.Own != 0 {
			inside[m.Own] = true
		}
	}
	twice := make(map[track.PartnerKey]bool)
	for i := range objects {
		if o := &objects[i]; inside[o.Own] {
			for _, k := range o.Same {
				twice[k] = true
			}
		}
	}
	c := len(inside)
	for _, m := range n.Matched {
		if m.Own == 0 && !twice[m.Partner] {
			c++
		}
	}
	return c
}

func (d *Desk) setWrong(n *Notice, wrong []string, now time.Time) {
	for _, w := range wrong {
		if !slices.Contains(n.Wrong, w) {
			d.note(Entry{At: now, What: "mismatch", Notice: n.Key, Wrong: w})
		}
	}
	for _, w := range n.Wrong {
		if !slices.Contains(wrong, w) {
			d.note(Entry{At: now, What: "mismatch-over", Notice: n.Key, Wrong: w})
		}
	}
	n.Wrong = wrong
}

// covering returns the notice that holds alerts of an own track back.
func (d *Desk) covering(n track.Number, now time.Time) (Key, bool) {
	if !d.cfg.Hold || n == 0 {
		return Key{}, false
	}
	for _, x := range d.notices {
		if !x.Active(now) || x.Aside || slices.Contains(x.Wrong, "count") {
			continue
		}
		i, ok := slices.BinarySearchFunc(x.Matched, n, func(m Match, n track.Number) int { return cmp.Compare(m.Own, n) })
		if ok && !x.Matched[i].Barred {
			return x.Key, true
		}
	}
	return Key{}, false
}

// Hold takes an alert that a partner's notice explains and reports whether it
// did: then it must not alarm. The end of one that is held is held as well.
func (d *Desk) Hold(a watch.Alert, now time.Time) bool {
	i, held := slices.BinarySearchFunc(d.held, a.Key, func(h Held, k watch.Key) int { return h.Alert.Compare(k) })
	if !a.Active {
		if held {
			d.note(Entry{At: now, What: "ended", Notice: d.held[i].Notice, Rule: string(a.Rule), Track: a.Track})
			d.held = slices.Delete(d.held, i, i+1)
		}
		return held
	}
	if held {
		return true
	}
	k, ok := d.covering(a.Track, now)
	if !ok || !slices.Contains(Holdable(), a.Rule) || len(d.held) >= maxHeld {
		return false
	}
	d.held = slices.Insert(d.held, i, Held{Alert: a, Notice: k, Since: now})
	d.note(Entry{At: now, What: "held", Notice: k, Rule: string(a.Rule), Track: a.Track})
	return true
}

// Lift returns the alerts that no notice explains any more: they alarm now. A
// passage that a notice explained when it happened stays explained once the
// notice has come to its end.
func (d *Desk) Lift(now time.Time) []watch.Alert {
	var out []watch.Alert
	var keep []Held
	for _, h := range d.held {
		k, ok := d.covering(h.Alert.Track, now)
		what := "lifted"
		switch {
		case ok && (k == h.Notice || !h.Alert.Event):
			h.Notice = k
			keep = append(keep, h)
			continue
		case h.Alert.Event && d.settled(h, now):
			what = "ended"
		default:
			out = append(out, h.Alert)
		}
		d.note(Entry{At: now, What: what, Notice: h.Notice, Rule: string(h.Alert.Rule), Track: h.Alert.Track})
	}
	d.held = keep
	return out
}

// settled reports whether a passage stays explained: its notice has ended, or
// still stands while the object has gone on.
func (d *Desk) settled(h Held, now time.Time) bool {
	i, ok := d.find(h.Notice)
	if !ok {
		return false
	}
	n := d.notices[i]
	if n.Aside || len(n.Wrong) > 0 {
		return false
	}
	return !n.Active(now) || !slices.ContainsFunc(n.Matched, func(m Match) bool { return m.Own == h.Alert.Track })
}

// Alarm is a condition of the notices that people must take note of.
type Alarm struct {
	Rule     string    `json:"rule"` // "activity-overlap", "activity-mismatch"
	Subject  string    `json:"subject"`
	Priority int       `json:"priority"`
	Since    time.Time `json:"since"`
}

// Change is an alarm that began or ended.
type Change struct {
	Key string
	Alarm
	Active bool
}

// Tick lets time pass: boxes end, overlaps begin and end. It returns the alarms
// that changed, by key.
func (d *Desk) Tick(now time.Time) []Change {
	for _, n := range d.notices {
		if n.Ended.IsZero() && !n.live(now) {
			n.Ended, d.changed = now, true
			if !n.over() {
				d.note(Entry{At: now, What: "expired", Notice: n.Key})
			}
		}
	}
	d.notices = slices.DeleteFunc(d.notices, func(n *Notice) bool { return !n.Ended.IsZero() && now.Sub(n.Ended) >= keepEnded })
	d.meet(now)
	want := make(map[string]Alarm)
	for i := range d.overlaps {
		o := &d.overlaps[i]
		want[o.Alarm()] = Alarm{
			Rule: "activity-overlap", Subject: d.others(o), Priority: overlapPriority(o.Domain), Since: now,
		}
	}
	for _, n := range d.notices {
		for _, w := range n.Wrong {
			want["activity-mismatch/"+n.String()+"/"+w] = Alarm{Rule: "activity-mismatch", Subject: string(n.Party), Priority: mismatchRank, Since: now}
		}
	}
	return d.raise(want)
}

// Alarm returns the key of the overlap's alarm.
func (o *Overlap) Alarm() string { return "activity-overlap/" + o.A.String() + "/" + o.B.String() }

func overlapPriority(domain string) int {
	if domain == "air" {
		return overlapAir
	}
	return overlapSea
}

// others names the partners of an overlap.
func (d *Desk) others(o *Overlap) string {
	switch d.cfg.Self {
	case o.A.Party:
		return string(o.B.Party)
	case o.B.Party:
		return string(o.A.Party)
	}
	return string(o.A.Party) + " " + string(o.B.Party)
}

func (d *Desk) raise(want map[string]Alarm) []Change {
	var out []Change
	keys := slices.Sorted(maps.Keys(d.raised))
	for _, k := range keys {
		if _, ok := want[k]; !ok {
			out = append(out, Change{Key: k, Alarm: d.raised[k]})
			delete(d.raised, k)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if _, ok := d.raised[k]; !ok {
			d.raised[k] = want[k]
			out = append(out, Change{Key: k, Alarm: want[k], Active: true})
		}
	}
	return out
}

// meet computes the overlaps of all notices that can still matter.
func (d *Desk) meet(now time.Time) {
	if !d.changed && !slices.ContainsFunc(d.overlaps, func(o Overlap) bool { return !now.Before(o.To) }) {
		return
	}
	d.changed = false
	before := d.overlaps
	d.overlaps = nil
	for i, x := range d.notices {
		for _, y := range d.notices[i+1:] {
			if !x.live(now) || !y.live(now) || x.Exercise != y.Exercise {
				continue
			}
			o, ok := Meet(Stated{x.Party, &x.Body}, Stated{y.Party, &y.Body})
			if !ok || !now.Before(o.To) {
				continue
			}
			o.A, o.B, o.Exercise = x.Key, y.Key, x.Exercise // sorted: x is of the lower party
			d.overlaps = append(d.overlaps, o)
			if !slices.ContainsFunc(before, o.same) {
				d.note(Entry{At: now, What: "overlap", Notice: o.A, Other: o.B})
			}
		}
	}
	for i := range before {
		if o := &before[i]; !slices.ContainsFunc(d.overlaps, o.same) {
			d.note(Entry{At: now, What: "overlap-over", Notice: o.A, Other: o.B})
		}
	}
}

func (o *Overlap) same(p Overlap) bool { return o.A == p.A && o.B == p.B }

// Covers returns the notices of partners that explain an own track now, by key.
func (d *Desk) Covers(n track.Number) []Key {
	var list []Key
	for _, x := range d.notices {
		if n != 0 && slices.ContainsFunc(x.Matched, func(m Match) bool { return m.Own == n }) {
			list = append(list, x.Key)
		}
	}
	return list
}

// Watching reports whether some partner's notice explains objects now, and of
// which parties' tracks.
func (d *Desk) Watching(now time.Time) []party.ID {
	var list []party.ID
	for _, n := range d.notices {
		if n.Party != d.cfg.Self && n.Active(now) && !slices.Contains(list, n.Party) {
			list = append(list, n.Party)
		}
	}
	return list
}

// Span returns what is known of a height as a band tells it.
func Span(b *record.Band) (low, high float64, ok bool) {
	if b == nil {
		return 0, 0, false
	}
	return float64(b.BaseFt), float64(b.BaseFt) + float64(b.SizeFt), true
}
