// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package incident turns alerts, partners' incidents and reports by hand into
// incidents with a time line, and keeps their alarm state and the watch log.
//
// # Grouping
//
// An alert goes to the open incident that holds its track, or the partner's
// object that is the same as its track; else to the nearest open incident of
// the same domain that has an object within GroupDistance now, or had one
// within GroupTime, carried on by its last course and speed; else it opens a
// new one. An emergency (A11) and an area in which claims are wrong together
// (A20) are never grouped by distance: they are another matter than the
// formation that flies by. Exercise and live never share an
// incident.
//
// # Merge
//
// By the machine (two incidents hold one object): the one with own evidence
// stays, so that what others were told of it goes on; else the lower number. By a
// person: the one named stays. The other is closed as merged, for good; its
// events, tracks, partner parts, links and active alerts are the remaining
// one's. Two incidents that were told apart, by a person here or by a partner,
// are never merged by the machine again. A partner's word alone never merges
// two incidents that both rest on own evidence: it is noted as disputed.
//
// # Split
//
// The named tracks take their events, active alerts and associations with them
// into a new incident; what concerns no track, and the partners' parts, stay.
// A partner's part can be split off as well; the partner is told. No event is
// ever lost, no number is used twice.
//
// # Alarms (ISA-18.2)
//
// An incident is one alarm. Once acknowledged it sounds again only for news: a
// rule, zone and direction that it did not hold yet, an emergency, or a missing
// lead; not for each further aircraft.
//
// # Whose word
//
// Each event says whose evidence it is. Where an incident is and in which
// domain is ours as soon as anything of ours says so; until then it is a
// partner's word, and SectorFrom and DomainFrom say whose, so that no third
// party is told of it.
//
// # Bounds
//
// A partner has a share of the book: so many parts in open incidents, so many
// incidents in all, so many links and events in one incident. What goes beyond
// is refused.
//
// The package does not decide who leads, what is released or what the objects
// are. It has no field for weapons and no word for enemies.
package incident

import (
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// Number is an incident's number at this node. It is never reused.
type Number uint32

// States of an incident, as record.Incident has them.
const (
	Open   = "open"
	Closed = "closed"
)

// AlarmState is the state of an alarm after ISA-18.2.
type AlarmState string

// The alarm states.
const (
	Unacknowledged AlarmState = "unacknowledged"
	Acknowledged   AlarmState = "acknowledged"
	Returned       AlarmState = "returned" // to normal, and still unacknowledged
	Normal         AlarmState = "normal"
)

// Outcomes lists the words with which a person closes an incident; "other"
// needs a text.
func Outcomes() []string {
	return []string{"identified", "left-area", "false-alarm", "handed-over", "other"}
}

// Merged is the outcome of an incident that became part of another.
const Merged = "merged"

// Incident is one event that concerns people, with all that belongs to it.
type Incident struct {
	Number      Number     `json:"number"`
	State       string     `json:"state"`
	Outcome     string     `json:"outcome,omitempty"`
	OutcomeText string     `json:"outcome_text,omitempty"`
	MergedInto  Number     `json:"merged_into,omitempty"`
	Opened      time.Time  `json:"opened"` // of its first event
	Entered     time.Time  `json:"entered"`
	Updated     time.Time  `json:"updated"`
	Closed      time.Time  `json:"closed,omitzero"` // zero while open
	Priority    int        `json:"priority"`
	Domain      string     `json:"domain,omitempty"` // "air", "sea"
	Sector      zone.ID    `json:"sector,omitempty"`
	DomainFrom  party.ID   `json:"domain_from,omitempty"` // the partner whose word it is; "" for ours
	SectorFrom  party.ID   `json:"sector_from,omitempty"` // as DomainFrom
	Exercise    bool       `json:"exercise,omitempty"`
	ByHand      bool       `json:"by_hand,omitempty"`
	Pos         geo.Point  `json:"pos"` // as reported by hand; with HasPos
	HasPos      bool       `json:"has_pos,omitempty"`
	Alarm       AlarmState `json:"alarm"`
	AckBy       string     `json:"ack_by,omitempty"`
	AckAt       time.Time  `json:"ack_at,omitzero"`

	Tracks     []track.Number     `json:"tracks,omitempty"`  // sorted
	Seen       []Seen             `json:"seen,omitempty"`    // where they were last, by track
	Objects    []track.PartnerKey `json:"objects,omitempty"` // partners' objects that are the same as our tracks, sorted
	Partner    []PartnerPart      `json:"partner,omitempty"` // sorted by party and id
	Links      []JointLink        `json:"links,omitempty"`   // sorted
	References []SpokenReference  `json:"references,omitempty"`
	Active     []watch.Key        `json:"active,omitempty"` // alerts that have not cleared, sorted
	Events     []Event            `json:"events"`           // the time line, by event time, then entry
}

// Seen is where a track of an incident was last.
type Seen struct {
	Track       track.Number `json:"track"`
	At          time.Time    `json:"at"`
	Pos         geo.Point    `json:"pos"`
	Speed       geo.Knots    `json:"speed"`
	Course      geo.Degrees  `json:"course"`
	HasVelocity bool         `json:"has_velocity,omitempty"`
}

// PartnerPart is a partner's own incident that is one with ours.
type PartnerPart struct {
	Party    party.ID        `json:"party"`
	ID       record.ID       `json:"id"`
	Epoch    uint32          `json:"epoch"`
	Body     record.Incident `json:"body"`
	Label    record.Label    `json:"label"`
	Onward   []party.ID      `json:"onward,omitempty"`
	Received time.Time       `json:"received"`
	Exercise bool            `json:"exercise,omitempty"`
	Record   record.ID       `json:"record"` // that said so last
}

// JointLink is a statement that one of our incidents and one of a partner's
// are one. Ours may be the number of an incident that was merged since.
type JointLink struct {
	Party  party.ID  `json:"party"`
	Ours   Number    `json:"ours"`
	Theirs record.ID `json:"theirs"`
	Said   bool      `json:"said,omitempty"` // by us
	Told   bool      `json:"told,omitempty"` // by the partner
	Kept   bool      `json:"kept,omitempty"` // ours did not leave: the partner does not know our id
}

// SpokenReference is what both desks of one link call the incident.
type SpokenReference struct {
	Party party.ID `json:"party"`
	Ref   string   `json:"ref"`
}

// Kinds of events.
const (
	EventAlert        = "alert"
	EventOpened       = "opened"
	EventAcknowledged = "acknowledged"
	EventMerged       = "merged"
	EventSplit        = "split"
	EventClosed       = "closed"
	EventReopened     = "reopened"
	EventSector       = "sector"
	EventNote         = "note"
	EventAssociated   = "associated" // an own track is the partner's object
	EventPartner      = "partner"    // an alert as a partner reports it
	EventPartnerState = "partner-state"
	EventLinked       = "linked"
	EventApart        = "apart"
	EventDisputed     = "link-disputed"
)

// Event is one entry of a time line.
type Event struct {
	Seq         uint64       `json:"seq"` // unique at this node
	At          time.Time    `json:"at"`
	Entered     time.Time    `json:"entered"`
	Kind        string       `json:"kind"`
	Rule        watch.RuleID `json:"rule,omitempty"`
	Zone        zone.ID      `json:"zone,omitempty"`
	ZoneVersion string       `json:"zone_version,omitempty"`
	Direction   string       `json:"direction,omitempty"`
	Track       track.Number `json:"track,omitempty"`
	Incident    Number       `json:"incident,omitempty"`    // the other one of a merge or split
	Originators []party.ID   `json:"originators,omitempty"` // whose evidence it is, sorted
	By          string       `json:"by,omitempty"`          // the person; stays home
	Text        string       `json:"text,omitempty"`
	Cleared     bool         `json:"cleared,omitempty"`
	Record      record.ID    `json:"record,omitzero"` // of a partner: the record, or the object of the state lane, that it rests on
}

// LinkStatement is to be told to a partner: our incident and theirs are one,
// or are no longer.
type LinkStatement struct {
	To          party.ID  `json:"to"`
	OwnIncident Number    `json:"own_incident"`
	Theirs      record.ID `json:"theirs"`
	Apart       bool      `json:"apart,omitempty"`
}
