// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package incident

import (
	"fmt"
	"time"
)

// Kinds of events that other stages enter.
const (
	EventIdentity = "identity" // Text: standard identity and type
	EventDistress = "distress"
)

// Last returns the highest number given to an incident, 0 before the first.
func (b *Book) Last() Number { return b.next - 1 }

// Enter adds an event of another stage (an identity, a step of the lead
// dialogue, a posture) to an incident's time line. Event.Entered is the book's
// to set.
func (b *Book) Enter(n Number, ev Event, now time.Time) error {
	inc := b.resolve(n)
	if inc == nil {
		return fmt.Errorf("enter event in incident %d: %w", n, ErrUnknown)
	}
	ev.Entered = now
	b.addEvent(inc, ev)
	return nil
}
