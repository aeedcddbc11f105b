// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/activity"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/message"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plan"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/recall"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/response"
	"github.com/kuroshio-watch/kuroshio/internal/search"
	"github.com/kuroshio-watch/kuroshio/internal/support"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
)

// SnapshotVersion is the version of the snapshot's format.
//
//	1  2026-11-25  first
const SnapshotVersion = 1

// state is everything that inputs changed, besides the configuration.
type state struct {
	Decoder    decode.State                             `json:"decoder"`
	Tracks     track.Snapshot                           `json:"tracks"`
	Watch      watch.Snapshot                           `json:"watch"`
	Book       incident.Snapshot                        `json:"book"`
	Responses  response.State                           `json:"responses"`
	Release    release.State                            `json:"release"`
	Joint      plan.State                               `json:"joint"`
	Plots      []plot.Plot                              `json:"plots"`
	Sweeps     []plot.Sweep                             `json:"sweeps"`
	Feeds      []feedState                              `json:"feeds"`
	Links      []LinkView                               `json:"links"`
	Labels     []labelState                             `json:"labels"`
	Identities map[incident.Number]release.CaseIdentity `json:"identities"`
	Sensors    map[incident.Number]uint8                `json:"sensors"`
	Shelf      recall.ShelfState                        `json:"shelf"`
	Ledger     recall.LedgerState                       `json:"ledger"`
	StopCases  []StopCase                               `json:"stop_cases,omitempty"`
	Swept      time.Time                                `json:"swept,omitzero"`
	Early      []recall.Of                              `json:"early,omitempty"`
	Barred     bool                                     `json:"barred,omitempty"`
	Support    support.State                            `json:"support"`
	Facilities []heldFacility                           `json:"facilities"` // of partners
	Policies   policyState                              `json:"policies"`
	Activities activity.State                           `json:"activities"`
	Searches   search.State                             `json:"searches"`
	Messages   message.State                            `json:"messages"`
}

type labelState struct {
	Key   track.PartnerKey `json:"key"`
	Label heldLabel        `json:"label"`
}

// snapshot is a whole engine.
type snapshot struct {
	Version int       `json:"version"`
	Self    party.ID  `json:"self"`
	Seq     uint64    `json:"seq"`
	Now     time.Time `json:"now"`
	Config  Config    `json:"config"`
	State   *state    `json:"state"`
}

// state returns a copy of the engine's state, nil before the first Config.
func (e *Engine) state() *state {
	if !e.up {
		return nil
	}
	s := &state{
		Decoder: e.decoder.Snapshot(), Tracks: e.tracks.Snapshot(), Watch: e.watch.Snapshot(), Book: e.book.Snapshot(),
		Responses: e.responses.Snapshot(), Release: e.release.Snapshot(), Joint: e.joint.Snapshot(),
		Plots: slices.Clone(e.plots), Sweeps: slices.Clone(e.sweeps), Identities: maps.Clone(e.identities), Sensors: maps.Clone(e.sensors),
		Shelf: e.shelf.Snapshot(), Ledger: e.ledger.Snapshot(), StopCases: slices.Clone(e.stopCases), Swept: e.swept,
		Early: slices.Clone(e.early), Barred: e.barred,
		Support: e.support.Snapshot(), Facilities: slices.Clone(e.facilities),
		Activities: e.activities.Snapshot(), Searches: e.searches.Snapshot(),
		Messages: e.messages.Snapshot(),
	}
	s.Policies = e.policies
	for _, name := range slices.Sorted(maps.Keys(e.feeds.byName)) {
		f := *e.feeds.byName[name]
		f.Rate = f.Rate.clone()
		s.Feeds = append(s.Feeds, f)
	}
	for _, id := range slices.Sorted(maps.Keys(e.links)) {
		s.Links = append(s.Links, *e.links[id])
	}
	for k, l := range e.labels {
		s.Labels = append(s.Labels, labelState{k, l})
	}
	slices.SortFunc(s.Labels, func(a, b labelState) int { return a.Key.Compare(b.Key) })
	return s
}

// carry puts a state into the parts that adopt has just made.
func (e *Engine) carry(s *state, p *parts) error {
	if err := e.decoder.Restore(s.Decoder); err != nil {
		return fmt.Errorf("restore decoder: %w", err)
	}
	t, err := track.Restore(p.tracks, s.Tracks)
	if err != nil {
		return fmt.Errorf("restore tracks: %w", err)
	}
	e.tracks = t
	for _, pt := range t.Partner() {
		if !slices.Contains(e.cfg.Partners, pt.Key.Party) { // no partner any more
			t.PartnerForget(pt.Key.Party)
		}
	}
	e.watch.Restore(s.Watch)
	e.book.Restore(s.Book)
	e.responses.Restore(s.Responses)
	e.release.Restore(s.Release)
	e.joint.Restore(s.Joint)
	e.joint.Keep(func(id party.ID) bool { return slices.Contains(e.cfg.Partners, id) })
	e.carrySupport(s)
	e.activities.Restore(s.Activities)
	e.searches.Restore(s.Searches)
	e.messages.Restore(s.Messages)
	e.plots, e.sweeps = slices.Clone(s.Plots), slices.Clone(s.Sweeps)
	e.feeds = newFeedTable()
	for _, f := range s.Feeds {
		if !f.Rate.sound() {
			return fmt.Errorf("restore feed %s: rates are not of %d hours", f.Name, hours)
		}
		if f.Refused == nil {
			f.Refused = make(map[string]*RefusedFor)
		}
		e.feeds.byName[f.Name] = &f
	}
	e.feeds.configure(e.cfg.Feeds)
	for _, l := range s.Links {
		e.links[l.Party] = &l
	}
	for _, l := range s.Labels {
		e.labels[l.Key] = l.Label
	}
	e.identities = make(map[incident.Number]release.CaseIdentity)
	maps.Copy(e.identities, s.Identities)
	e.sensors = make(map[incident.Number]uint8)
	maps.Copy(e.sensors, s.Sensors)
	e.shelf.Restore(s.Shelf)
	e.ledger.Restore(s.Ledger)
	e.stopCases, e.swept, e.early, e.barred = slices.Clone(s.StopCases), s.Swept, slices.Clone(s.Early), s.Barred
	e.goByPlans()
	e.policies = s.Policies
	return nil
}

// Snapshot returns the whole engine. Equal engines give equal bytes.
func (e *Engine) Snapshot() ([]byte, error) {
	b, err := json.Marshal(snapshot{Version: SnapshotVersion, Self: e.self, Seq: e.seq, Now: e.now, Config: e.cfg, State: e.state()})
	if err != nil {
		return nil, fmt.Errorf("encode snapshot: %w", err)
	}
	return b, nil
}

// Restore returns the engine that Snapshot saw. It goes on as if it had never
// stopped.
func Restore(self party.ID, ids IDs, b []byte) (*Engine, error) {
	var s snapshot
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	if s.Version != SnapshotVersion {
		return nil, fmt.Errorf("read snapshot: version %d, this program reads %d", s.Version, SnapshotVersion)
	}
	if s.Self != self {
		return nil, fmt.Errorf("read snapshot: it is of party %q, this node is %q", s.Self, self)
	}
	e := New(self, ids)
	e.seq, e.now = s.Seq, s.Now
	if s.State == nil {
		return e, nil
	}
	p, err := s.Config.build(self)
	if err != nil {
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	if err := e.adopt(&s.Config, p); err != nil {
		return nil, err
	}
	if err := e.carry(s.State, p); err != nil {
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	return e, nil
}
