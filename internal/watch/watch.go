// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package watch applies rules to tracks, zones, plans, feeds and incidents,
// and raises and clears alerts.
//
// Rules are data (ParseRules). A positional alert needs at least two plausible
// positions of a confirmed track: positions between which no object of its
// domain would have to move faster than is possible. Every condition has an
// on-delay or a margin and an off-delay (ISA-18.2), so that noise does not
// chatter. Entry to an ADIZ is not an intrusion, and no rule says so.
//
// An aircraft that a plan explains, or that a person holds to be friend,
// assumed friend or neutral, raises no positional alert. Without a plan feed
// A01 is out of service, and A02 and A06 pass over aircraft that report
// themselves by ADS-B, since each airliner would raise them.
//
// The package does not group alerts (incident does), does not track, sets no
// identity (it proposes), and keeps no clock: time is an argument.
package watch

import (
	"cmp"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// Tracks is what the rules need of the track table.
type Tracks interface {
	Get(track.Number) (track.Track, bool)
	Associations() []track.Association
}

// Zones is what the rules need of a zone set.
type Zones interface {
	Contains(zone.ID, geo.Point) bool
	Distance(zone.ID, geo.Point) (geo.Metres, bool)
	Crossings(a, b geo.Point, dst []zone.Crossing) []zone.Crossing
	Zones() []zone.Zone
}

// Config is what a Watch works with. It is not changed by it.
type Config struct {
	Self        party.ID
	Rules       []Rule
	Zones       Zones
	ADIZ        zone.ID // the zone of rule A01
	Plans       []Plan
	HasPlanFeed bool // without one A01 is out of service
	// Hotline is how often the line to each partner is to be tested; 0: as rule
	// C04 says.
	Hotline time.Duration
}

// Key identifies one alert. Fields that do not apply are zero.
type Key struct {
	Rule     RuleID           `json:"rule"`
	Track    track.Number     `json:"track,omitempty"`
	Zone     zone.ID          `json:"zone,omitempty"`
	Feed     string           `json:"feed,omitempty"`
	Partner  track.PartnerKey `json:"partner"`
	Incident uint32           `json:"incident,omitempty"`
}

// Compare orders keys: by rule, track, zone, feed, partner, incident.
func (k Key) Compare(o Key) int {
	return cmp.Or(
		cmp.Compare(k.Rule, o.Rule),
		cmp.Compare(k.Track, o.Track),
		cmp.Compare(k.Zone, o.Zone),
		cmp.Compare(k.Feed, o.Feed),
		k.Partner.Compare(o.Partner),
		cmp.Compare(k.Incident, o.Incident),
	)
}

// Alert says that a rule's condition began or ended.
type Alert struct {
	Key
	At          time.Time  `json:"at"`     // of the event itself, UTC
	Raised      time.Time  `json:"raised"` // when the watch found it, UTC
	Priority    int        `json:"priority"`
	Domain      string     `json:"domain"` // "air", "sea", "coord", "system"
	ZoneVersion string     `json:"zone_version,omitempty"`
	Direction   string     `json:"direction,omitempty"` // of a passage; with A10 and S03 what is wrong
	Names       string     `json:"names,omitempty"`     // with A10 and S03 the name before and the one now; stays home
	Pos         geo.Point  `json:"pos"`
	HasPos      bool       `json:"has_pos,omitempty"`
	Active      bool       `json:"active"`          // false: cleared
	Event       bool       `json:"event,omitempty"` // a passage: there is nothing to clear
	Originators []party.ID `json:"originators"`     // whose evidence it rests on, sorted
	Exercise    bool       `json:"exercise,omitempty"`
}

// Feed is the health of one feed, as the node counts it.
type Feed struct {
	Name        string
	LastMessage time.Time
	Has         bool    // a message has ever come
	RatePct     float64 // of what is usual for the hour; with HasRate
	HasRate     bool
	Exercise    bool
}

// OpenIncident is what rules C01 and C02 need of an incident.
type OpenIncident struct {
	Number   uint32
	Opened   time.Time
	HasLead  bool
	TwoLead  bool // a party claims to lead besides the lead
	Exercise bool
}

// Line is what rule C04 needs of the line to one partner.
type Line struct {
	Partner party.ID
	Tested  time.Time     // or when the partner was first heard of
	Every   time.Duration // by agreement; 0: as for all
}

// OutOfService is a rule that does not work now, and why: "no-plan-feed",
// "no-plans", "no-zone".
type OutOfService struct {
	Rule   RuleID
	Reason string
}

// Watch holds the state of the rules. It is owned by one goroutine.
type Watch struct {
	cfg      Config
	rules    map[RuleID]Rule
	versions map[zone.ID]string
	plans    planIndex
	tracks   map[track.Number]*trackState
	latches  map[Key]*latch // by the key without the zone of a positional rule
	feeds    map[string]time.Time
	proposed []Proposal

	crossings []zone.Crossing // scratch
}

// New returns a watch without any alert.
func New(cfg Config) *Watch {
	w := &Watch{
		cfg:      cfg,
		rules:    make(map[RuleID]Rule, len(cfg.Rules)),
		versions: make(map[zone.ID]string),
		plans:    indexPlans(cfg.Plans),
		tracks:   make(map[track.Number]*trackState),
		latches:  make(map[Key]*latch),
		feeds:    make(map[string]time.Time),
	}
	for _, r := range cfg.Rules {
		w.rules[r.ID] = r
	}
	if cfg.Zones != nil {
		for _, z := range cfg.Zones.Zones() {
			w.versions[z.ID] = z.Version
		}
	}
	return w
}

// Rule returns the rule with an id.
func (w *Watch) Rule(id RuleID) (Rule, bool) {
	r, ok := w.rules[id]
	return r, ok
}

// OutOfService lists the rules that cannot work, sorted by id.
func (w *Watch) OutOfService() []OutOfService {
	var list []OutOfService
	for _, r := range w.cfg.Rules {
		if reason := w.problem(r); reason != "" {
			list = append(list, OutOfService{r.ID, reason})
		}
	}
	slices.SortFunc(list, func(a, b OutOfService) int { return cmp.Compare(a.Rule, b.Rule) })
	return list
}

func (w *Watch) problem(r Rule) string {
	switch r.ID {
	case ADIZEntry:
		switch {
		case !w.cfg.HasPlanFeed:
			return "no-plan-feed"
		case len(w.cfg.Plans) == 0:
			return "no-plans"
		case !w.anyZone([]zone.ID{w.cfg.ADIZ}):
			return "no-zone"
		}
	case LineCrossing, GateTransit, UncrewedInGap:
		if !w.anyZone(r.Params.Zones) {
			return "no-zone"
		}
	}
	return ""
}

func (w *Watch) anyZone(ids []zone.ID) bool {
	return slices.ContainsFunc(ids, func(id zone.ID) bool {
		_, ok := w.versions[id]
		return ok
	})
}

// Observe takes the changes of one update of the track table and returns what
// they raised and cleared, in the order of the changes.
func (w *Watch) Observe(now time.Time, tracks Tracks, changes []track.Change) []Alert {
	out := collector{now: now}
	for _, c := range changes {
		if c.Kind == track.Dropped {
			w.drop(&out, c.Number, c.Into)
			continue
		}
		if t, ok := tracks.Get(c.Number); ok {
			w.observe(&out, &t)
		}
	}
	return out.alerts
}

// Tick looks at all that changes by time alone: feeds, incidents without lead,
// associations with partners, tracks that are gone; and at what tracks tell of
// themselves, one beside the other.
func (w *Watch) Tick(now time.Time, tracks Tracks, feeds []Feed, incidents []OpenIncident) []Alert {
	out := collector{now: now}
	var remarkable []track.Track
	for _, n := range sortedNumbers(w.tracks) {
		t, ok := tracks.Get(n)
		if !ok {
			w.drop(&out, n, 0)
			continue
		}
		s := w.tracks[n]
		w.propose(&t, s, now)
		if s.remarkable(&t) {
			remarkable = append(remarkable, t)
		}
	}
	w.claims(&out, remarkable)
	w.associations(&out, tracks)
	w.leads(&out, incidents)
	w.feedsLost(&out, feeds)
	return out.alerts
}
