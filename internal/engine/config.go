// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/activity"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/message"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plan"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/response"
	"github.com/kuroshio-watch/kuroshio/internal/search"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// Text is a configured file: its name, for errors, and its content.
type Text struct {
	Name string `cbor:"1,keyasint" json:"name"`
	Data []byte `cbor:"2,keyasint" json:"data"`
}

// FeedConfig is what the engine knows of a feed.
type FeedConfig struct {
	Name   string        `cbor:"1,keyasint" json:"name"`
	Kind   string        `cbor:"2,keyasint" json:"kind"`
	Source decode.Source `cbor:"3,keyasint" json:"source"`
}

// Config is everything that shapes the output, as texts and plain values, so
// that the tape holds it whole. Two engines with equal Configs give equal
// outputs for equal inputs.
type Config struct {
	Partners  []party.ID      `cbor:"1,keyasint" json:"partners"`
	Pack      zone.Pack       `cbor:"2,keyasint" json:"pack"`
	Overrides []zone.Override `cbor:"3,keyasint" json:"overrides"`
	Rules     Text            `cbor:"4,keyasint" json:"rules"`
	Plans     *Text           `cbor:"5,keyasint,omitempty" json:"plans"`  // nil: no plan feed
	Policy    *Text           `cbor:"6,keyasint,omitempty" json:"policy"` // nil: nothing leaves but distress
	Feeds     []FeedConfig    `cbor:"7,keyasint" json:"feeds"`
	Sensors   []track.Sensor  `cbor:"8,keyasint" json:"sensors"`
	ADIZ      zone.ID         `cbor:"9,keyasint" json:"adiz"`
	T1        time.Duration   `cbor:"10,keyasint" json:"t1"`
	T2        time.Duration   `cbor:"11,keyasint" json:"t2"`
	Joint     *Text           `cbor:"16,keyasint,omitempty" json:"joint"`   // our side of joint plans; nil: we declare none
	Support   *SupportConfig  `cbor:"15,keyasint,omitempty" json:"support"` // nil: no agreements, no register
	// TwoPersons lets nobody activate a policy that he proposed himself.
	TwoPersons bool `cbor:"18,keyasint,omitempty" json:"two_persons,omitempty"`

	// NoHold keeps partners' own-activity notices from holding alerts back.
	NoHold bool `cbor:"23,keyasint,omitempty" json:"no_hold,omitempty"`

	Phrasebook *Text         `cbor:"13,keyasint,omitempty" json:"phrasebook,omitempty"` // nil: no coded messages
	Hotline    HotlineConfig `cbor:"14,keyasint,omitempty" json:"hotline"`
}

// parts is what a Config describes, built.
type parts struct {
	zones   *zone.Set
	rules   []watch.Rule
	plans   []watch.Plan
	policy  *release.Policy
	joint   *plan.File
	tracks  track.Config
	decoder *decode.Decoder
	support supportParts
	phrases *message.Book
}

// Check builds everything that the configuration describes and says what is
// wrong; errors of the texts name file and line.
func (c *Config) Check(self party.ID) error {
	_, err := c.build(self)
	return err
}

func (c *Config) build(self party.ID) (*parts, error) {
	var p parts
	set, err := zone.Parse(c.Pack)
	if err == nil {
		set, err = set.WithOverrides(c.Overrides)
	}
	if err != nil {
		return nil, fmt.Errorf("read zones: %w", err)
	}
	p.zones = set
	if p.rules, err = watch.ParseRules(c.Rules.Name, c.Rules.Data); err != nil {
		return nil, err
	}
	if c.Plans != nil {
		if p.plans, err = watch.ParsePlans(c.Plans.Name, c.Plans.Data); err != nil {
			return nil, err
		}
	}
	if c.Policy != nil {
		known := func(id zone.ID) bool { _, ok := set.Zone(id); return ok }
		if p.policy, err = release.Parse(c.Policy.Name, c.Policy.Data, known); err != nil {
			return nil, err
		}
		if p.policy.Party != self {
			return nil, fmt.Errorf("%s: the policy is of party %q, this node is %q", c.Policy.Name, p.policy.Party, self)
		}
	}
	if c.Phrasebook != nil {
		if p.phrases, err = message.Parse(c.Phrasebook.Name, c.Phrasebook.Data); err != nil {
			return nil, err
		}
	}
	if p.joint, err = c.parseJoint(self, &p); err != nil {
		return nil, err
	}
	if c.ADIZ != "" {
		if _, ok := set.Zone(c.ADIZ); !ok {
			return nil, fmt.Errorf("watch.adiz: no zone is called %q", c.ADIZ)
		}
	}
	p.tracks = track.DefaultConfig()
	p.tracks.Sensors, p.tracks.Receivers = c.Sensors, c.receivers()
	if err := p.tracks.Validate(); err != nil {
		return nil, err
	}
	if p.support, err = c.Support.build(self); err != nil {
		return nil, err
	}
	if p.decoder, err = decode.New(c.decodeConfig()); err != nil {
		return nil, err
	}
	return &p, nil
}

// maxReceivers is how many antennas the tracker knows; those of further feeds
// have no horizon.
const maxReceivers = 255

func (c *Config) receivers() []track.Receiver {
	var list []track.Receiver
	for _, f := range c.Feeds {
		if f.Source.Receiver != nil && len(list) < maxReceivers {
			list = append(list, track.Receiver{Source: f.Name, Pos: *f.Source.Receiver})
		}
	}
	return list
}

func (c *Config) decodeConfig() decode.Config {
	d := decode.Config{Sources: make(map[string]decode.Source, len(c.Feeds))}
	for _, f := range c.Feeds {
		d.Sources[f.Name] = f.Source
	}
	return d
}

// errNoIDs is a bug in the caller of New.
var errNoIDs = errors.New("engine needs a function for ids")

// configure takes a configuration. A wrong one is refused whole and the
// present one stays.
func (e *Engine) configure(c *Config, out *Outputs) {
	p, err := c.build(e.self)
	if err != nil {
		out.Reply.Code = "bad-request"
		out.Audit = append(out.Audit, Audit{e.now, "node", "configuration-refused", err.Error()})
		return
	}
	before := e.cfg.Policy
	if err := e.adopt(c, p); err != nil {
		out.Reply.Code = "bad-request"
		out.Audit = append(out.Audit, Audit{e.now, "node", "configuration-refused", err.Error()})
		return
	}
	e.followPolicy(before, p.policy, out)
	out.Audit = append(out.Audit, Audit{e.now, "node", "configured", fmt.Sprintf("zones %s, policy %s", p.zones.Version(), p.policy.ID())})
}

// adopt puts the built parts in place and carries the state over.
func (e *Engine) adopt(c *Config, p *parts) error {
	if e.ids == nil {
		return errNoIDs
	}
	old := e.state()
	e.cfg, e.zones, e.decoder, e.rules = *c, p.zones, p.decoder, p.rules
	e.tracks = track.NewTable(p.tracks)
	e.watch = watch.New(watch.Config{
		Self: e.self, Rules: p.rules, Zones: p.zones, ADIZ: c.ADIZ, Plans: p.plans, HasPlanFeed: c.Plans != nil,
		Hotline: c.Hotline.Every,
	})
	e.book = incident.NewBook(e.bookConfig(c, p))
	e.joint, e.intents = plan.NewDesk(), p.joint.Plans
	e.responses = response.NewDesk(e.responseConfig())
	e.activities = activity.NewDesk(activity.Config{Self: e.self, Partners: c.Partners, Hold: !c.NoHold})
	e.searches = search.NewDesk(e.self)
	e.release = release.NewDesk(release.Config{Self: e.self, Partners: c.Partners, IDs: e.ids})
	e.release.SetPolicy(p.policy)
	e.adoptSupport(&p.support)
	e.phrases, e.messages = p.phrases, message.NewDesk(c.messageConfig(e.self, p.rules))
	e.feeds.configure(c.Feeds)
	for _, id := range c.Partners {
		if e.links[id] == nil {
			e.links[id] = &LinkView{Party: id, State: "down", Since: e.now}
		}
	}
	e.up = true
	if old == nil {
		return nil
	}
	return e.carry(old, p)
}

func (e *Engine) bookConfig(c *Config, p *parts) incident.Config {
	b := incident.DefaultConfig()
	b.Self, b.Partners, b.IDs = e.self, c.Partners, e.ids
	b.Priorities = make(map[watch.RuleID]int)
	for _, r := range p.rules {
		b.Priorities[r.ID] = r.Priority
	}
	b.Sector = func(pt geo.Point) zone.ID {
		s, ok := p.zones.LeadAt(pt)
		if !ok {
			return ""
		}
		return s.Zone
	}
	return b
}

// responseConfig returns our own sectors and timers, and over them, for each
// partner, those of the plan that is in force with it.
func (e *Engine) responseConfig() response.Config {
	r := response.Config{
		Self: e.self, Sectors: make(map[string]party.ID), T1: e.cfg.T1, T2: e.cfg.T2, Agreed: make(map[party.ID]response.Terms),
	}
	for _, s := range e.zones.Sectors() {
		r.Sectors[string(s.Zone)] = party.ID(s.Lead)
	}
	for _, id := range e.cfg.Partners {
		if t, ok := e.agreed(id); ok {
			r.Agreed[id] = t
		}
	}
	return r
}

func domainOf(s string) plot.Domain {
	for _, d := range []plot.Domain{plot.Air, plot.Sea} {
		if d.String() == s {
			return d
		}
	}
	return 0
}
