// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package incident

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// Errors on which a caller branches.
var (
	ErrUnknown = errors.New("no such incident")
	ErrState   = errors.New("not possible in this state")
	ErrRefused = errors.New("refused")
)

// Config is what a Book works with.
type Config struct {
	Self          party.ID
	Partners      []party.ID // with whom incidents have a spoken reference
	GroupDistance geo.Metres
	GroupTime     time.Duration
	KeepClosed    time.Duration        // after which Prune forgets a closed incident
	MaxPartner    int                  // parts of one partner in open incidents
	MaxKept       int                  // incidents, closed ones too, that rest on one partner's word alone
	MaxEvents     int                  // of one partner in one incident
	MaxLinks      int                  // with one partner's incidents, of one incident
	Priorities    map[watch.RuleID]int // of a partner's events; 2 when absent

	// IDs gives the opaque id of one of our objects on the link to a partner.
	// It must be a pure function.
	IDs func(to party.ID, kind record.Kind, number uint64) record.ID
	// Sector gives the sector of a place, "" for none; nil for no sectors.
	Sector func(geo.Point) zone.ID
}

// DefaultConfig groups within 5 nm (alert_rules A08) and 10 minutes.
func DefaultConfig() Config {
	return Config{
		GroupDistance: geo.FromNM(5),
		GroupTime:     10 * time.Minute,
		KeepClosed:    30 * 24 * time.Hour,
		MaxPartner:    256,
		MaxKept:       1024,
		MaxEvents:     1000,
		MaxLinks:      32, // half of what a record's references hold
	}
}

// Validate reports what is wrong with the configuration.
func (c *Config) Validate() error {
	switch {
	case c.Self == "":
		return errors.New("incident: no own party")
	case c.IDs == nil:
		return errors.New("incident: no function for ids")
	case !(c.GroupDistance >= 0) || c.GroupTime < 0:
		return errors.New("incident: negative grouping distance or time")
	case c.KeepClosed <= 0 || c.MaxPartner <= 0 || c.MaxKept <= 0 || c.MaxEvents <= 0 || c.MaxLinks <= 0:
		return errors.New("incident: no limit for closed or partners' incidents")
	}
	return nil
}

// Positions is what the book needs of the track table.
type Positions interface {
	Get(track.Number) (track.Track, bool)
}

// Book holds all incidents, system alarms and the watch log of a node. It is
// owned by one goroutine.
type Book struct {
	cfg       Config
	next      Number
	nextEvent uint64
	nextEntry uint64
	incidents []*Incident // by number
	assoc     []track.Association
	apart     []Apart
	alarms    []Alarm // by key
	log       []LogEntry
	said      []LinkStatement
	source    record.ID // see Source; zero between two inputs
}

// Apart says that the machine must not merge two incidents.
type Apart struct {
	A Number `json:"a"` // the lower
	B Number `json:"b"`
}

// NewBook returns an empty book. The Config must be valid.
func NewBook(cfg Config) *Book {
	return &Book{cfg: cfg, next: 1, nextEvent: 1, nextEntry: 1}
}

// Raise takes an alert, raised or cleared, and returns the incident it went to
// and whether it opened it. System alerts go to Alarms and return 0.
func (b *Book) Raise(a watch.Alert, now time.Time, pos Positions) (Number, bool) {
	switch {
	case a.Domain == "system":
		b.System(SystemAlarm{
			Key: string(a.Rule) + "/" + a.Feed, Rule: string(a.Rule), Subject: a.Feed,
			Priority: a.Priority, At: a.At, Active: a.Active,
		})
		return 0, false
	case !a.Active:
		return b.cleared(a, now), false
	}
	inc := b.placeFor(a, now, pos)
	opened := inc == nil
	if opened {
		if a.Incident != 0 {
			return 0, false // its incident is closed
		}
		inc = b.open(a.At, now, a.Exercise)
		inc.Priority = a.Priority
	}
	b.take(inc, a, now, pos)
	return inc.Number, opened
}

// placeFor finds the open incident where an alert belongs, nil for none.
func (b *Book) placeFor(a watch.Alert, now time.Time, pos Positions) *Incident {
	if a.Incident != 0 {
		if inc := b.resolve(Number(a.Incident)); inc != nil && inc.State == Open {
			return inc
		}
		return nil
	}
	if inc := b.holderOf(a.Track, a.Exercise); inc != nil {
		return inc
	}
	for _, k := range append(b.sameAs(a.Track), a.Partner) {
		if inc := b.holderOfObject(k, a.Exercise); inc != nil {
			return inc
		}
	}
	if a.Rule == watch.Emergency || a.Rule == watch.HeldByBoth || a.Rule == watch.DoubtedArea || !a.HasPos {
		return nil
	}
	return b.group(a, now, pos)
}

// take puts an active alert into an incident.
func (b *Book) take(inc *Incident, a watch.Alert, now time.Time, pos Positions) {
	e := Event{
		At: a.At, Entered: now, Kind: EventAlert, Rule: a.Rule, Zone: a.Zone, ZoneVersion: a.ZoneVersion,
		Direction: a.Direction, Text: a.Names, Track: a.Track, Originators: slices.Clone(a.Originators), Record: a.Partner.Object,
	}
	news := a.Rule == watch.Emergency || a.Rule == watch.WithoutLead || inc.isNews(&e)
	b.addEvent(inc, e)
	if !a.Event {
		inc.Active = insert(inc.Active, a.Key, watch.Key.Compare)
	}
	inc.Priority = min(inc.Priority, a.Priority)
	from := b.whose(a.Originators)
	if a.Domain == "air" || a.Domain == "sea" {
		inc.setDomain(a.Domain, from)
	}
	b.locate(inc, a.Pos, a.HasPos, from)
	if a.Track != 0 {
		b.addTrack(inc, a.Track, pos)
	}
	if a.Partner.Party != "" {
		inc.Objects = insert(inc.Objects, a.Partner, track.PartnerKey.Compare)
	}
	if news {
		inc.Alarm = Unacknowledged
	}
	b.sayLinks(inc)
	b.refer(inc)
}

func (b *Book) locate(inc *Incident, p geo.Point, has bool, from party.ID) {
	if has && b.cfg.Sector != nil {
		inc.setSector(b.cfg.Sector(p), from)
	}
}

// whose returns the partner on whose word something rests, "" where our own
// evidence alone does.
func (b *Book) whose(originators []party.ID) party.ID {
	for _, p := range originators {
		if p != b.cfg.Self {
			return p
		}
	}
	return ""
}

// setSector sets the sector where none is known, or where our own evidence
// (from "") says more than a partner's word.
func (inc *Incident) setSector(s zone.ID, from party.ID) {
	if s != "" && (inc.Sector == "" || (from == "" && inc.SectorFrom != "")) {
		inc.Sector, inc.SectorFrom = s, from
	}
}

// setDomain is setSector for the domain.
func (inc *Incident) setDomain(d string, from party.ID) {
	if d != "" && (inc.Domain == "" || (from == "" && inc.DomainFrom != "")) {
		inc.Domain, inc.DomainFrom = d, from
	}
}

func (b *Book) addTrack(inc *Incident, n track.Number, pos Positions) {
	inc.Tracks = insert(inc.Tracks, n, cmp.Compare)
	for _, k := range b.sameAs(n) {
		inc.Objects = insert(inc.Objects, k, track.PartnerKey.Compare)
	}
	inc.look(n, pos)
}

// cleared takes an alert whose condition has ended.
func (b *Book) cleared(a watch.Alert, now time.Time) Number {
	for _, inc := range b.incidents {
		i, held := slices.BinarySearchFunc(inc.Active, a.Key, watch.Key.Compare)
		if !held {
			continue
		}
		inc.Active = slices.Delete(inc.Active, i, i+1)
		b.addEvent(inc, Event{
			At: a.At, Entered: now, Kind: EventAlert, Rule: a.Rule, Zone: a.Zone, ZoneVersion: a.ZoneVersion,
			Direction: a.Direction, Track: a.Track, Originators: slices.Clone(a.Originators), Cleared: true,
			Record: a.Partner.Object,
		})
		inc.settle()
		return inc.Number
	}
	return 0
}

// isNews reports whether the incident holds no event of the same rule, zone
// and direction yet, be it our own or a partner's.
func (inc *Incident) isNews(e *Event) bool {
	return !slices.ContainsFunc(inc.Events, func(o Event) bool {
		return o.Rule == e.Rule && o.Zone == e.Zone && o.Direction == e.Direction && !o.Cleared
	})
}

// isActive reports whether some condition of the incident still holds.
func (inc *Incident) isActive() bool {
	return len(inc.Active) > 0 || slices.ContainsFunc(inc.Partner, func(p PartnerPart) bool {
		return p.Body.State == Open
	})
}

// settle moves the alarm on when nothing is active any more.
func (inc *Incident) settle() {
	switch {
	case inc.isActive():
	case inc.Alarm == Unacknowledged:
		inc.Alarm = Returned
	case inc.Alarm == Acknowledged:
		inc.Alarm = Normal
	}
}

// open makes an incident. It is not an alarm until something says so.
func (b *Book) open(at, now time.Time, exercise bool) *Incident {
	inc := &Incident{
		Number: b.next, State: Open, Opened: at, Entered: now, Updated: now,
		Priority: 3, Exercise: exercise, Alarm: Normal,
	}
	b.next++
	b.incidents = append(b.incidents, inc)
	return inc
}

func (b *Book) addEvent(inc *Incident, e Event) {
	e.Seq = b.nextEvent
	if e.Record.IsZero() {
		e.Record = b.source
	}
	b.nextEvent++
	inc.Events = insertEvent(inc.Events, e)
	inc.Updated = e.Entered
	if e.Kind == EventAlert && e.At.Before(inc.Opened) {
		inc.Opened = e.At
	}
}

func insertEvent(list []Event, e Event) []Event {
	return insert(list, e, func(a, b Event) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Seq, b.Seq))
	})
}

// insert puts v into a sorted list unless it is there.
func insert[T any](list []T, v T, compare func(a, b T) int) []T {
	i, found := slices.BinarySearchFunc(list, v, compare)
	if found {
		return list
	}
	return slices.Insert(list, i, v)
}

func (b *Book) find(n Number) *Incident {
	i, ok := slices.BinarySearchFunc(b.incidents, n, func(inc *Incident, n Number) int { return cmp.Compare(inc.Number, n) })
	if !ok {
		return nil
	}
	return b.incidents[i]
}

// resolve follows merges to the incident that stands for n now.
func (b *Book) resolve(n Number) *Incident {
	inc := b.find(n)
	for range len(b.incidents) {
		if inc == nil || inc.MergedInto == 0 {
			break
		}
		inc = b.find(inc.MergedInto)
	}
	return inc
}

// holderOf returns the open incident that holds an own track.
func (b *Book) holderOf(n track.Number, exercise bool) *Incident {
	if n == 0 {
		return nil
	}
	return b.firstOpen(exercise, func(inc *Incident) bool {
		_, held := slices.BinarySearch(inc.Tracks, n)
		return held
	})
}

// holderOfObject returns the open incident that holds a partner's object.
func (b *Book) holderOfObject(k track.PartnerKey, exercise bool) *Incident {
	if k.Party == "" {
		return nil
	}
	return b.firstOpen(exercise, func(inc *Incident) bool { return inc.holdsObject(k) })
}

func (inc *Incident) holdsObject(k track.PartnerKey) bool {
	if _, held := slices.BinarySearchFunc(inc.Objects, k, track.PartnerKey.Compare); held {
		return true
	}
	return slices.ContainsFunc(inc.Partner, func(p PartnerPart) bool {
		return p.Party == k.Party && slices.Contains(p.Body.Tracks, k.Object)
	})
}

func (b *Book) firstOpen(exercise bool, fits func(*Incident) bool) *Incident {
	for _, inc := range b.incidents {
		if inc.State == Open && inc.Exercise == exercise && fits(inc) {
			return inc
		}
	}
	return nil
}

// Get returns an incident.
func (b *Book) Get(n Number) (Incident, bool) {
	inc := b.find(n)
	if inc == nil {
		return Incident{}, false
	}
	return inc.clone(), true
}

// Open returns the open incidents by number.
func (b *Book) Open() []Incident { return b.list(true) }

// All returns all incidents by number.
func (b *Book) All() []Incident { return b.list(false) }

func (b *Book) list(openOnly bool) []Incident {
	list := make([]Incident, 0, len(b.incidents))
	for _, inc := range b.incidents {
		if inc.State == Open || !openOnly {
			list = append(list, inc.clone())
		}
	}
	return list
}

// Holding returns the open incident that holds an own track.
func (b *Book) Holding(n track.Number) (Number, bool) {
	for _, inc := range b.incidents {
		if _, held := slices.BinarySearch(inc.Tracks, n); held && inc.State == Open {
			return inc.Number, true
		}
	}
	return 0, false
}

// HoldingPartner returns the open incident that holds a partner's object.
func (b *Book) HoldingPartner(k track.PartnerKey) (Number, bool) {
	for _, inc := range b.incidents {
		if inc.State == Open && inc.holdsObject(k) {
			return inc.Number, true
		}
	}
	return 0, false
}

// OfPartner returns the incident that holds a partner's incident, or that the
// partner has told us is one with it.
func (b *Book) OfPartner(from party.ID, id record.ID) (Number, bool) {
	if inc, _ := b.part(from, id); inc != nil {
		return inc.Number, true
	}
	if inc := b.linked(from, id); inc != nil {
		return inc.Number, true
	}
	return 0, false
}

// Resolve follows merges to the number of the incident that stands for n now.
func (b *Book) Resolve(n Number) (Number, bool) {
	inc := b.resolve(n)
	if inc == nil {
		return 0, false
	}
	return inc.Number, true
}

// Merger is an incident that became part of another.
type Merger struct{ From, Into Number }

// Mergers returns the incidents that became part of others, by number, with
// the one that stands for each now.
func (b *Book) Mergers() []Merger {
	var list []Merger
	for _, inc := range b.incidents {
		if inc.MergedInto == 0 {
			continue
		}
		if into := b.resolve(inc.Number); into != nil {
			list = append(list, Merger{inc.Number, into.Number})
		}
	}
	return list
}

// Prune forgets incidents that were closed longer than KeepClosed ago.
func (b *Book) Prune(now time.Time) {
	b.incidents = slices.DeleteFunc(b.incidents, func(inc *Incident) bool {
		return inc.State == Closed && now.Sub(inc.Closed) > b.cfg.KeepClosed
	})
	b.apart = slices.DeleteFunc(b.apart, func(x Apart) bool { return b.find(x.A) == nil || b.find(x.B) == nil })
}

func (b *Book) mustOpen(n Number) (*Incident, error) {
	inc := b.find(n)
	if inc == nil {
		return nil, fmt.Errorf("incident %d: %w", n, ErrUnknown)
	}
	if inc.State != Open {
		return nil, fmt.Errorf("incident %d is closed: %w", n, ErrState)
	}
	return inc, nil
}
