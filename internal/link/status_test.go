// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"testing"
	"time"
)

// TestStatusMayBeAskedWhilePingsAreAnswered holds the order of the locks: each
// answered ping notes the round trip in the link's status, and the status asks
// the session what is queued.
func TestStatusMayBeAskedWhilePingsAreAnswered(t *testing.T) {
	timing := quick()
	timing.Ping = 5 * time.Millisecond
	timing.Dead = patience // a busy machine is no dead line
	a, _, _ := twoNodes(t, 0, timing)
	waitQuiet(t, a)
	const trips = 60
	done := make(chan struct{})
	go func() {
		defer close(done)
		var last time.Duration
		for seen := 0; seen < trips; {
			if rtt := a.link.Status().RTT; rtt != last {
				last = rtt
				seen++
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("no %d round trips seen in %s: Status waits for the session, and the session for Status", trips, patience)
	}
}
