// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package incident

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Alarm is a system alarm: a feed, a link, the store. It is no incident.
type Alarm struct {
	Key      string     `json:"key"`
	Rule     string     `json:"rule"`
	Subject  string     `json:"subject"`
	Priority int        `json:"priority"`
	State    AlarmState `json:"state"`
	At       time.Time  `json:"at"` // since when the condition holds
	Active   bool       `json:"active"`
	AckBy    string     `json:"ack_by,omitempty"`
	AckAt    time.Time  `json:"ack_at,omitzero"`
}

// SystemAlarm says that a condition of the system began or ended.
type SystemAlarm struct {
	Key      string // unique, e.g. "C06/radar-1"
	Rule     string
	Subject  string
	Priority int
	At       time.Time
	Active   bool
}

// System takes a system alarm. An alarm that returned and was acknowledged is
// forgotten.
func (b *Book) System(s SystemAlarm) {
	i, found := b.alarmAt(s.Key)
	switch {
	case !found && s.Active:
		b.alarms = slices.Insert(b.alarms, i, Alarm{
			Key: s.Key, Rule: s.Rule, Subject: s.Subject, Priority: s.Priority, State: Unacknowledged, At: s.At, Active: true,
		})
	case !found:
	case s.Active && !b.alarms[i].Active:
		a := &b.alarms[i]
		a.State, a.Active, a.At = Unacknowledged, true, s.At
	case !s.Active && b.alarms[i].State == Acknowledged:
		b.alarms = slices.Delete(b.alarms, i, i+1)
	case !s.Active:
		b.alarms[i].State, b.alarms[i].Active = Returned, false
	}
}

// AcknowledgeAlarm takes note of a system alarm by name.
func (b *Book) AcknowledgeAlarm(key, by string, now time.Time) error {
	i, found := b.alarmAt(key)
	if !found {
		return fmt.Errorf("acknowledge alarm %q: no such alarm: %w", key, ErrUnknown)
	}
	if err := checkAct(by, "", false); err != nil {
		return fmt.Errorf("acknowledge alarm %q: %w", key, err)
	}
	a := &b.alarms[i]
	next, ok := acknowledge(a.State, a.Active)
	switch {
	case !ok:
		return fmt.Errorf("acknowledge alarm %q: nothing to acknowledge: %w", key, ErrState)
	case next == Normal:
		b.alarms = slices.Delete(b.alarms, i, i+1)
	default:
		a.State, a.AckBy, a.AckAt = next, by, now
	}
	return nil
}

// Alarms returns the system alarms by key.
func (b *Book) Alarms() []Alarm { return slices.Clone(b.alarms) }

func (b *Book) alarmAt(key string) (int, bool) {
	return slices.BinarySearchFunc(b.alarms, key, func(a Alarm, key string) int { return cmp.Compare(a.Key, key) })
}
