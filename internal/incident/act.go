// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package incident

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// maxText is the longest text of a person, in characters.
const maxText = 1000

// Opening is a report by hand: a telephone call, a sighting.
type Opening struct {
	Text     string
	Domain   string // "air", "sea" or ""
	Pos      geo.Point
	HasPos   bool
	Priority int // 1 to 3; 0 for 2
	Tracks   []track.Number
	By       string
	Desk     string
	Exercise bool
	At       time.Time // of the event; zero for now
	From     party.ID  // the partner that reports it; "" where our own people do
}

// OpenByHand opens an incident that a person reports and writes the report
// into the watch log. Who opens it has taken note of it: it is no alarm.
func (b *Book) OpenByHand(o Opening, now time.Time, pos Positions) (Number, error) {
	if o.At.IsZero() {
		o.At = now
	}
	if err := b.checkOpening(&o, now, pos); err != nil {
		return 0, fmt.Errorf("open incident: %w", err)
	}
	inc := b.open(o.At, now, o.Exercise)
	inc.ByHand, inc.Pos, inc.HasPos = true, o.Pos, o.HasPos
	inc.setDomain(o.Domain, o.From)
	originators := b.self()
	if o.From != "" {
		originators = []party.ID{o.From}
	}
	inc.Priority = o.Priority
	if inc.Priority == 0 {
		inc.Priority = 2
	}
	inc.AckBy, inc.AckAt = o.By, now
	for _, n := range o.Tracks {
		b.addTrack(inc, n, pos)
	}
	b.locate(inc, o.Pos, o.HasPos, o.From)
	b.addEvent(inc, Event{
		At: o.At, Entered: now, Kind: EventOpened, By: o.By, Text: o.Text, Originators: originators,
	})
	b.write(LogEntry{At: o.At, Desk: o.Desk, By: o.By, Text: o.Text, Incident: inc.Number}, now)
	b.refer(inc)
	return inc.Number, nil
}

func (b *Book) checkOpening(o *Opening, now time.Time, pos Positions) error {
	if err := checkAct(o.By, o.Text, true); err != nil {
		return err
	}
	switch {
	case o.Domain != "" && o.Domain != "air" && o.Domain != "sea":
		return fmt.Errorf("domain %q unknown: %w", o.Domain, ErrRefused)
	case o.HasPos && !o.Pos.Valid():
		return fmt.Errorf("position out of range: %w", ErrRefused)
	case o.Priority < 0 || o.Priority > 3:
		return fmt.Errorf("priority %d, want 1 to 3: %w", o.Priority, ErrRefused)
	case o.At.After(now):
		return fmt.Errorf("event time lies ahead: %w", ErrRefused)
	}
	for _, n := range o.Tracks {
		if held, ok := b.Holding(n); ok {
			return fmt.Errorf("track %d belongs to incident %d: %w", n, held, ErrState)
		}
		if t, ok := pos.Get(n); !ok || t.Exercise != o.Exercise {
			return fmt.Errorf("track %d is gone, or exercise and live: %w", n, ErrRefused)
		}
	}
	return nil
}

func (b *Book) self() []party.ID { return []party.ID{b.cfg.Self} }

// checkAct refuses acts without a name and texts that no person writes.
func checkAct(by, text string, needsText bool) error {
	switch {
	case by == "":
		return fmt.Errorf("nobody's name is given: %w", ErrRefused)
	case needsText && strings.TrimSpace(text) == "":
		return fmt.Errorf("no text: %w", ErrRefused)
	case !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxText:
		return fmt.Errorf("text is longer than %d characters or not UTF-8: %w", maxText, ErrRefused)
	}
	for _, c := range text {
		if (unicode.IsControl(c) && c != '\n' && c != '\t') || unicode.In(c, unicode.Bidi_Control) {
			return fmt.Errorf("text holds the control character %U: %w", c, ErrRefused)
		}
	}
	return nil
}

// Merge makes an incident part of another, by a person's word. The incident
// into stays.
func (b *Book) Merge(into, from Number, by string, now time.Time) error {
	if err := checkAct(by, "", false); err != nil {
		return fmt.Errorf("merge incidents: %w", err)
	}
	x, errX := b.mustOpen(into)
	y, errY := b.mustOpen(from)
	if err := errors.Join(errX, errY); err != nil {
		return fmt.Errorf("merge incidents: %w", err)
	}
	switch {
	case x == y:
		return fmt.Errorf("merge incident %d into itself: %w", into, ErrRefused)
	case x.Exercise != y.Exercise:
		return fmt.Errorf("merge incidents: exercise and live: %w", ErrRefused)
	}
	b.merge(x, y, by, now)
	return nil
}

func (b *Book) merge(into, from *Incident, by string, now time.Time) {
	alarm := joinAlarms(into.Alarm, from.Alarm)
	for _, e := range from.Events {
		into.Events = insertEvent(into.Events, e)
	}
	for _, n := range from.Tracks {
		into.Tracks = insert(into.Tracks, n, cmp.Compare)
	}
	for _, s := range from.Seen {
		into.Seen = insert(into.Seen, s, func(a, b Seen) int { return cmp.Compare(a.Track, b.Track) })
	}
	for _, k := range from.Objects {
		into.Objects = insert(into.Objects, k, track.PartnerKey.Compare)
	}
	for _, p := range from.Partner {
		into.Partner = insert(into.Partner, p, comparePartOrder)
	}
	for _, l := range from.Links {
		into.Links = insert(into.Links, l, compareLinks)
	}
	for _, k := range from.Active {
		into.Active = insert(into.Active, k, watch.Key.Compare)
	}
	into.Priority = min(into.Priority, from.Priority)
	into.ByHand = into.ByHand || from.ByHand
	if !into.HasPos {
		into.Pos, into.HasPos = from.Pos, from.HasPos
	}
	into.setSector(from.Sector, from.SectorFrom)
	into.setDomain(from.Domain, from.DomainFrom)
	if from.Opened.Before(into.Opened) {
		into.Opened = from.Opened
	}
	into.Alarm = alarm
	into.settle()
	from.Partner, from.Links, from.Active = nil, nil, nil
	from.MergedInto = into.Number
	b.shut(from, Merged, "", by, now)
	b.addEvent(into, Event{At: now, Entered: now, Kind: EventMerged, Incident: from.Number, By: by, Originators: b.self()})
	b.inheritApart(from.Number, into.Number)
	b.sayLinks(into)
	b.refer(into)
	b.refer(from)
}

// joinAlarms returns the more pressing of two alarm states.
func joinAlarms(x, y AlarmState) AlarmState {
	for _, s := range []AlarmState{Unacknowledged, Returned, Acknowledged} {
		if x == s || y == s {
			if s == Returned && (x == Acknowledged || y == Acknowledged) {
				return Unacknowledged // one is active, one is unacknowledged
			}
			return s
		}
	}
	return Normal
}

func (b *Book) inheritApart(from, into Number) {
	for _, x := range slices.Clone(b.apart) {
		if x.A != from && x.B != from {
			continue
		}
		if other := x.A + x.B - from; other != into {
			b.setApart(other, into)
		}
	}
	b.apart = slices.DeleteFunc(b.apart, func(x Apart) bool { return x.A == from || x.B == from })
}

// Split takes tracks out of an incident into a new one.
func (b *Book) Split(n Number, tracks []track.Number, by string, now time.Time) (Number, error) {
	inc, err := b.mustOpen(n)
	if err == nil {
		err = checkAct(by, "", false)
	}
	if err != nil {
		return 0, fmt.Errorf("split incident: %w", err)
	}
	moved := make(map[track.Number]bool, len(tracks))
	for _, t := range tracks {
		if !slices.Contains(inc.Tracks, t) {
			return 0, fmt.Errorf("split incident %d: track %d is not in it: %w", n, t, ErrRefused)
		}
		moved[t] = true
	}
	rest := len(inc.Tracks) - len(moved)
	if len(moved) == 0 || (rest == 0 && len(inc.Partner) == 0 && !inc.ByHand) {
		return 0, fmt.Errorf("split incident %d: one part would be empty: %w", n, ErrRefused)
	}
	out := b.open(now, now, inc.Exercise)
	out.Priority = inc.Priority
	out.setDomain(inc.Domain, inc.DomainFrom)
	out.setSector(inc.Sector, inc.SectorFrom)
	out.Alarm, out.AckBy, out.AckAt = inc.Alarm, inc.AckBy, inc.AckAt
	b.moveTracks(inc, out, moved)
	b.addEvent(out, Event{At: now, Entered: now, Kind: EventSplit, Incident: inc.Number, By: by, Originators: b.self()})
	b.addEvent(inc, Event{At: now, Entered: now, Kind: EventSplit, Incident: out.Number, By: by, Originators: b.self()})
	b.setApart(inc.Number, out.Number)
	inc.settle()
	out.settle()
	b.refer(inc)
	b.refer(out)
	return out.Number, nil
}

func (b *Book) moveTracks(from, to *Incident, moved map[track.Number]bool) {
	from.Tracks, to.Tracks = divide(from.Tracks, func(n track.Number) bool { return moved[n] })
	from.Seen, to.Seen = divide(from.Seen, func(s Seen) bool { return moved[s.Track] })
	from.Events, to.Events = divide(from.Events, func(e Event) bool { return moved[e.Track] })
	from.Active, to.Active = divide(from.Active, func(k watch.Key) bool { return moved[k.Track] })
	from.Objects, to.Objects = divide(from.Objects, func(k track.PartnerKey) bool {
		return slices.ContainsFunc(b.assoc, func(a track.Association) bool { return moved[a.Own] && a.Partner == k })
	})
	for i := range to.Events {
		if e := &to.Events[i]; e.At.Before(to.Opened) {
			to.Opened = e.At
		}
	}
}

// divide returns the elements that stay and those that fit, each in order.
func divide[T any](list []T, fits func(T) bool) (stay, out []T) {
	for _, v := range list {
		if fits(v) {
			out = append(out, v)
		} else {
			stay = append(stay, v)
		}
	}
	return stay, out
}

// SplitPartner takes a partner's part out of an incident into a new one, and
// tells the partner.
func (b *Book) SplitPartner(n Number, from party.ID, theirs record.ID, by string, now time.Time) (Number, error) {
	inc, err := b.mustOpen(n)
	if err == nil {
		err = checkAct(by, "", false)
	}
	if err != nil {
		return 0, fmt.Errorf("split incident: %w", err)
	}
	holder, part := b.part(from, theirs)
	if holder != inc || (len(inc.Partner) == 1 && !inc.ownEvidence()) {
		return 0, fmt.Errorf("split incident %d: not a part of it, or its only one: %w", n, ErrRefused)
	}
	var said []Number
	inc.Links = slices.DeleteFunc(inc.Links, func(l JointLink) bool {
		if l.Party != from || l.Theirs != theirs {
			return false
		}
		said = append(said, l.Ours)
		return true
	})
	out := b.partOff(inc, *part, now)
	for _, ours := range said {
		b.said = append(b.said, LinkStatement{To: from, OwnIncident: ours, Theirs: theirs, Apart: true})
	}
	b.addEvent(inc, Event{At: now, Entered: now, Kind: EventSplit, Incident: out.Number, By: by, Originators: b.self()})
	b.refer(inc)
	return out.Number, nil
}

// Close ends an incident with one of the Outcomes.
func (b *Book) Close(n Number, outcome, text, by string, now time.Time) error {
	inc, err := b.mustOpen(n)
	if err == nil {
		err = checkAct(by, text, outcome == "other")
	}
	if err == nil && !slices.Contains(Outcomes(), outcome) {
		err = fmt.Errorf("outcome %q unknown: %w", outcome, ErrRefused)
	}
	if err != nil {
		return fmt.Errorf("close incident %d: %w", n, err)
	}
	if inc.Alarm == Unacknowledged || inc.Alarm == Returned {
		inc.AckBy, inc.AckAt = by, now
	}
	b.shut(inc, outcome, text, by, now)
	return nil
}

func (b *Book) shut(inc *Incident, outcome, text, by string, now time.Time) {
	kind := EventClosed
	if inc.MergedInto != 0 {
		kind = EventMerged
	}
	inc.State, inc.Outcome, inc.OutcomeText, inc.Closed, inc.Alarm = Closed, outcome, text, now, Normal
	b.addEvent(inc, Event{
		At: now, Entered: now, Kind: kind, Incident: inc.MergedInto, By: by, Text: strings.TrimSpace(outcome + " " + text),
		Originators: b.self(),
	})
}

// Reopen opens a closed incident again. What was merged stays merged; tracks
// that belong to another open incident by now stay there.
func (b *Book) Reopen(n Number, by string, now time.Time) error {
	inc := b.find(n)
	switch {
	case inc == nil:
		return fmt.Errorf("reopen incident %d: %w", n, ErrUnknown)
	case by == "":
		return fmt.Errorf("reopen incident %d: nobody's name is given: %w", n, ErrRefused)
	case inc.State == Open || inc.MergedInto != 0:
		return fmt.Errorf("reopen incident %d: it is open or merged: %w", n, ErrState)
	}
	b.reopen(inc, by, now)
	return nil
}

func (b *Book) reopen(inc *Incident, by string, now time.Time) {
	inc.Tracks = slices.DeleteFunc(inc.Tracks, func(t track.Number) bool {
		_, elsewhere := b.Holding(t)
		return elsewhere
	})
	inc.Seen = slices.DeleteFunc(inc.Seen, func(s Seen) bool { return !slices.Contains(inc.Tracks, s.Track) })
	inc.State, inc.Outcome, inc.OutcomeText, inc.Closed = Open, "", "", time.Time{}
	inc.Alarm = Acknowledged // by who reopens it
	inc.settle()
	b.addEvent(inc, Event{At: now, Entered: now, Kind: EventReopened, By: by, Originators: b.self()})
	b.sayLinks(inc)
	b.refer(inc)
}

// Acknowledge takes note of an incident's alarm by name.
func (b *Book) Acknowledge(n Number, by string, now time.Time) error {
	inc, err := b.mustOpen(n)
	if err == nil {
		err = checkAct(by, "", false)
	}
	if err != nil {
		return fmt.Errorf("acknowledge incident %d: %w", n, err)
	}
	next, ok := acknowledge(inc.Alarm, inc.isActive())
	if !ok {
		return fmt.Errorf("acknowledge incident %d: nothing to acknowledge: %w", n, ErrState)
	}
	inc.Alarm, inc.AckBy, inc.AckAt = next, by, now
	b.addEvent(inc, Event{At: now, Entered: now, Kind: EventAcknowledged, By: by, Originators: b.self()})
	return nil
}

// acknowledge returns the state after an acknowledgement, and whether there
// was anything to acknowledge.
func acknowledge(s AlarmState, active bool) (AlarmState, bool) {
	switch {
	case s != Unacknowledged && s != Returned:
		return s, false
	case active:
		return Acknowledged, true
	}
	return Normal, true
}

// SetSector sets the sector whose table says who leads by default.
func (b *Book) SetSector(n Number, sector zone.ID, by string, now time.Time) error {
	inc, err := b.mustOpen(n)
	if err == nil {
		err = checkAct(by, string(sector), false)
	}
	if err != nil {
		return fmt.Errorf("set sector of incident %d: %w", n, err)
	}
	inc.Sector, inc.SectorFrom = sector, ""
	b.addEvent(inc, Event{At: now, Entered: now, Kind: EventSector, Zone: sector, By: by, Originators: b.self()})
	return nil
}

// Remark writes a person's remark on an incident's time line.
func (b *Book) Remark(n Number, text, by string, at, now time.Time) error {
	inc := b.find(n)
	if inc == nil {
		return fmt.Errorf("remark on incident %d: %w", n, ErrUnknown)
	}
	if err := checkAct(by, text, true); err != nil {
		return fmt.Errorf("remark on incident %d: %w", n, err)
	}
	b.addEvent(inc, Event{At: at, Entered: now, Kind: EventNote, By: by, Text: text, Originators: b.self()})
	return nil
}

func zoneID(s string) zone.ID { return zone.ID(s) }
