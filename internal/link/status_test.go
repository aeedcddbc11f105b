// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"context"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
	"github.com/kuroshio-watch/kuroshio/internal/party"
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

// TestALinkThatBeginsStoppedSaysWhy holds that a problem found before the link
// began stands until a person resumes it: its first report must not clear it.
func TestALinkThatBeginsStoppedSaysWhy(t *testing.T) {
	ka, _ := linktest.Paired(t, "tw", "jp")
	told := make(chan link.Status, 16)
	l, err := link.New(link.Config{
		Self: "tw", Partner: "jp", Keys: ka, Outbox: linktest.NewMemory(1), Inbox: linktest.NewMemory(1), Now: time.Now, Timing: quick(),
		Stopped: true, Problem: link.ProblemBackup,
		OnStatus: func(_ party.ID, s link.Status) { told <- s },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- l.Run(ctx) }()
	if s := <-told; s.State != link.Stopped || s.Problem != link.ProblemBackup {
		t.Errorf("the first report is %s, %q", s.State, s.Problem)
	}
	l.Resume()
	for s := range told {
		if s.State == link.Down {
			if s.Problem != "" {
				t.Errorf("resumed, and still %q", s.Problem)
			}
			break
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
