// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// LogEntry is one entry of the watch log. Entries are only added; a correction
// strikes an entry through, and its text stays.
type LogEntry struct {
	N        uint64    `json:"n"`
	At       time.Time `json:"at"`      // of the event
	Entered  time.Time `json:"entered"` // of the entry
	Desk     string    `json:"desk,omitempty"`
	By       string    `json:"by"`
	Text     string    `json:"text"`
	Incident Number    `json:"incident,omitempty"`
	Struck   *Strike   `json:"struck,omitempty"`
	Code     string    `json:"code,omitempty"`  // EventRecalled or EventExpired: an entry of the node's, or one whose text is gone
	Record   record.ID `json:"record,omitzero"` // of a partner, that it rests on
}

// Strike says who struck an entry through, when and why.
type Strike struct {
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// Note adds an entry to the watch log and returns its number. Number, time of
// entry and strike are the book's to set.
func (b *Book) Note(e LogEntry, now time.Time) (uint64, error) {
	if e.At.IsZero() {
		e.At = now
	}
	if err := checkAct(e.By, e.Text, true); err != nil {
		return 0, fmt.Errorf("write watch log: %w", err)
	}
	if e.At.After(now) {
		return 0, fmt.Errorf("write watch log: event time lies ahead: %w", ErrRefused)
	}
	if e.Incident != 0 && b.find(e.Incident) == nil {
		return 0, fmt.Errorf("write watch log: incident %d: %w", e.Incident, ErrUnknown)
	}
	return b.write(e, now), nil
}

func (b *Book) write(e LogEntry, now time.Time) uint64 {
	e.N, e.Entered, e.Struck, e.Record = b.nextEntry, now, nil, b.source
	b.nextEntry++
	b.log = append(b.log, e)
	return e.N
}

// Strike strikes an entry through. An entry is struck once.
func (b *Book) Strike(n uint64, by, reason string, now time.Time) error {
	if err := checkAct(by, reason, true); err != nil {
		return fmt.Errorf("strike log entry %d: %w", n, err)
	}
	i := slices.IndexFunc(b.log, func(e LogEntry) bool { return e.N == n })
	switch {
	case i < 0:
		return fmt.Errorf("strike log entry %d: no such entry: %w", n, ErrUnknown)
	case b.log[i].Struck != nil:
		return fmt.Errorf("strike log entry %d: it is struck: %w", n, ErrState)
	}
	b.log[i].Struck = &Strike{By: by, At: now, Reason: reason}
	return nil
}

// Log returns the watch log in order of entry.
func (b *Book) Log() []LogEntry { return cloneLog(b.log) }

func cloneLog(log []LogEntry) []LogEntry {
	list := copyOf(log)
	for i := range list {
		if s := list[i].Struck; s != nil {
			c := *s
			list[i].Struck = &c
		}
	}
	return list
}
