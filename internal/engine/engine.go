// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package engine chains the stages: decode, track, watch, incident, response,
// release. Step is the whole node without I/O: the live node, replay, the
// simulator and the tests all call it and nothing else. It knows no clock, no
// disk, no network, and not whether it is a demonstration.
package engine

import (
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/activity"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/message"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plan"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/recall"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/response"
	"github.com/kuroshio-watch/kuroshio/internal/search"
	"github.com/kuroshio-watch/kuroshio/internal/support"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// IDs gives the id under which a partner knows one of our things: a keyed hash
// under a secret that is never taped. Equal arguments give equal ids.
type IDs func(to party.ID, kind record.Kind, number uint64) record.ID

// Outputs is what one step produced.
type Outputs struct {
	Sealed  []release.Sealed // for the outbox
	Audit   []Audit          // for the local audit log
	Reply   Reply            // to a command
	Refused []Refusal        // frames and records that were not taken
	Stop    []party.ID       // the links to close at once
	Resume  party.ID         // the link to open again, if any

	Destroy  []Destroyed     // keys of received records
	Cleanse  bool            // a snapshot must be kept now, and no older one
	Withdraw []Withdrawal    // from the outbox
	Policies []PolicyVersion // that came in force, to be kept and signed
}

// Audit is one entry for the local audit log. It stays home.
type Audit struct {
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"` // a login, or "node"
	Act    string    `json:"act"`
	Detail string    `json:"detail"`
}

// Refusal is one bad input.
type Refusal struct {
	Source string // feed or "partner:ID"
	Offset int64
	Reason string
}

// Engine holds the state of all stages. It has one owner.
type Engine struct {
	self party.ID
	ids  IDs

	seq uint64
	now time.Time
	cfg Config
	up  bool // a Config was taken

	decoder   *decode.Decoder
	zones     *zone.Set
	rules     []watch.Rule
	tracks    *track.Table
	watch     *watch.Watch
	book      *incident.Book
	responses *response.Desk
	release   *release.Desk
	joint     *plan.Desk
	intents   []plan.Intent // what our plan file would declare
	support   *support.Desk

	agreements []*support.Agreement
	own        []support.Facility // our register
	register   []release.Facility // the same, as release sees it
	facilities []heldFacility     // of partners, sorted
	policies   policyState

	activities *activity.Desk
	searches   *search.Desk
	messages   *message.Desk
	phrases    *message.Book

	plots      []plot.Plot  // decoded, waiting for the tick
	sweeps     []plot.Sweep // as plots
	feeds      feedTable
	links      map[party.ID]*LinkView
	labels     map[track.PartnerKey]heldLabel
	identities map[incident.Number]release.CaseIdentity // ours, of each incident's object
	sensors    map[incident.Number]uint8                // kinds of sensors that saw its objects, bits by plot.Kind
	known      map[party.ID]map[record.ID]incident.Number
	knownTo    map[party.ID]incident.Number // known holds all numbers up to it

	shelf     *recall.Shelf
	ledger    *recall.Ledger
	stopCases []StopCase      // by party and incident
	swept     time.Time       // the minute in which retentions were looked at last
	early     []recall.Of     // displaced from the shelf, to be destroyed at the next sweep
	barred    bool            // a state came that had been recalled: the inbox holds it
	concerns  incident.Number // the incident of the record that is being taken
}

// heldLabel is the label of the report that is held of a partner's object.
type heldLabel struct {
	record.Label
	Epoch uint32    `json:"epoch"`
	Until time.Time `json:"until"`
}

// maxWaiting bounds the plots that wait for a tick. Over it the engine takes
// the tick at once.
const maxWaiting = 200_000

// New returns an engine that refuses everything but a Config.
func New(self party.ID, ids IDs) *Engine {
	return &Engine{
		self: self, ids: ids,
		feeds:      newFeedTable(),
		links:      make(map[party.ID]*LinkView),
		labels:     make(map[track.PartnerKey]heldLabel),
		identities: make(map[incident.Number]release.CaseIdentity),
		sensors:    make(map[incident.Number]uint8),
		known:      make(map[party.ID]map[record.ID]incident.Number),
		knownTo:    make(map[party.ID]incident.Number),
		shelf:      recall.NewShelf(), ledger: recall.NewLedger(),
	}
}

// Now returns the engine's time: that of its latest input.
func (e *Engine) Now() time.Time { return e.now }

// Seq returns the number of its latest input.
func (e *Engine) Seq() uint64 { return e.seq }

// Configured reports whether a Config was taken.
func (e *Engine) Configured() bool { return e.up }

// Step takes in input number n. Numbers rise by one.
func (e *Engine) Step(n uint64, in *Input) (out Outputs) {
	e.seq = n
	if in.At.After(e.now) {
		e.now = in.At.UTC()
	}
	if in.Config == nil && !e.up {
		out.Reply.Code = "not-now"
		return out
	}
	if e.up && e.joint.Due(e.now) {
		e.settlePlans(&out)
	}
	switch {
	case in.Config != nil:
		e.configure(in.Config, &out)
	case in.Frame != nil:
		e.frame(in, &out)
	case in.Partner != nil:
		e.partner(in.Partner, &out)
	case in.Command != nil:
		e.command(in.Command, &out)
	case in.Event != nil:
		e.event(in.Event, &out)
	case in.Tick != nil:
		e.tick(&out)
	}
	return out
}

// Config returns the configuration in force.
func (e *Engine) Config() Config { return e.cfg }
