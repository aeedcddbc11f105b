// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package incident

import (
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// Snapshot is the whole state of a Book besides its Config. Equal books give
// equal snapshots.
type Snapshot struct {
	Next         Number              `json:"next"`
	NextEvent    uint64              `json:"next_event"`
	NextEntry    uint64              `json:"next_entry"`
	Incidents    []Incident          `json:"incidents,omitempty"`
	Associations []track.Association `json:"associations,omitempty"`
	Apart        []Apart             `json:"apart,omitempty"`
	Alarms       []Alarm             `json:"alarms,omitempty"`
	Log          []LogEntry          `json:"log,omitempty"`
	Statements   []LinkStatement     `json:"statements,omitempty"`
}

// Snapshot returns the state without shared memory.
func (b *Book) Snapshot() Snapshot {
	return Snapshot{
		Next: b.next, NextEvent: b.nextEvent, NextEntry: b.nextEntry,
		Incidents: b.All(), Associations: copyOf(b.assoc), Apart: copyOf(b.apart),
		Alarms: copyOf(b.alarms), Log: cloneLog(b.log), Statements: copyOf(b.said),
	}
}

// Restore replaces the state by a snapshot's. The Config stays.
func (b *Book) Restore(s Snapshot) {
	b.next, b.nextEvent, b.nextEntry = max(s.Next, 1), max(s.NextEvent, 1), max(s.NextEntry, 1)
	b.incidents = make([]*Incident, 0, len(s.Incidents))
	for i := range s.Incidents {
		c := s.Incidents[i].clone()
		b.incidents = append(b.incidents, &c)
	}
	b.assoc, b.apart = copyOf(s.Associations), copyOf(s.Apart)
	b.alarms, b.log, b.said = copyOf(s.Alarms), cloneLog(s.Log), copyOf(s.Statements)
}

// clone returns a copy that shares no memory with inc.
func (inc *Incident) clone() Incident {
	c := *inc
	c.Tracks, c.Seen, c.Objects = copyOf(c.Tracks), copyOf(c.Seen), copyOf(c.Objects)
	c.Links, c.References, c.Active = copyOf(c.Links), copyOf(c.References), copyOf(c.Active)
	c.Partner, c.Events = copyOf(c.Partner), copyOf(c.Events)
	for i := range c.Partner {
		p := &c.Partner[i]
		p.Body, p.Onward = cloneBody(p.Body), copyOf(p.Onward)
	}
	for i := range c.Events {
		c.Events[i].Originators = copyOf(c.Events[i].Originators)
	}
	return c
}

func cloneBody(b record.Incident) record.Incident {
	b.Events, b.Tracks = copyOf(b.Events), copyOf(b.Tracks)
	if b.Identity != nil {
		id := *b.Identity
		b.Identity = &id
	}
	if b.Count != nil {
		n := *b.Count
		b.Count = &n
	}
	return b
}

// copyOf returns a copy without shared memory, nil for an empty list: empty and
// absent are equal states.
func copyOf[T any](list []T) []T { return append([]T(nil), list...) }
