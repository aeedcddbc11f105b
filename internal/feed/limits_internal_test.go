// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/frame"
)

const patience = 20 * time.Second // that a test has

// runShort runs a feed with shorter limits than a node's until the test ends.
func runShort(t *testing.T, cfg Config) *Feed {
	t.Helper()
	cfg.Name, cfg.Retry = "in", time.Millisecond
	f := New(cfg, make(chan frame.Frame, 10))
	f.asking, f.idle = 20*time.Millisecond, 20*time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	return f
}

// TestServerThatNeverAnswers gives up on it and asks again.
func TestServerThatNeverAnswers(t *testing.T) {
	given := make(chan struct{}, 100)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		given <- struct{}{}
	}))
	t.Cleanup(s.Close)
	runShort(t, Config{Kind: "nmea-http", Addr: s.URL, Every: time.Millisecond})
	for range 2 {
		select {
		case <-given:
		case <-time.After(patience):
			t.Fatal("the server is still waited for")
		}
	}
}

// TestServerThatDripsItsAnswer bounds the whole answer, not the pauses in it.
func TestServerThatDripsItsAnswer(t *testing.T) {
	given := make(chan struct{}, 100)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte("!AIVDM,1\n"))
			_ = http.NewResponseController(w).Flush()
		}
		given <- struct{}{}
	}))
	t.Cleanup(s.Close)
	f := runShort(t, Config{Kind: "nmea-http", Addr: s.URL, Every: time.Millisecond})
	select {
	case <-given:
	case <-time.After(patience):
		t.Fatal("the server is still listened to")
	}
	if h := f.Health(); h.Frames != 0 {
		t.Errorf("%d frames of half an answer", h.Frames)
	}
}

// TestPlaceOfASilentSender is given up where the configuration says nothing.
func TestPlaceOfASilentSender(t *testing.T) {
	up := make(chan bool, 10)
	f := runShort(t, Config{Kind: "nmea-tcp-server", Addr: "127.0.0.1:0", OnState: func(is bool) { up <- is }})
	select {
	case <-up:
	case <-time.After(patience):
		t.Fatal("the feed does not listen")
	}
	c, err := net.Dial("tcp", f.Health().LocalAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("read = %v, want the connection closed", err)
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

// TestLimits are those of a node.
func TestLimits(t *testing.T) {
	f := New(Config{Kind: "nmea-tcp-server"}, nil)
	if f.asking != 10*time.Second || f.idle != 10*time.Minute {
		t.Errorf("an answer has %v, a silent sender %v", f.asking, f.idle)
	}
	if f := New(Config{Kind: "nmea-tcp-server", Stale: time.Minute}, nil); f.idle != time.Minute {
		t.Errorf("a sender that is stale after a minute has %v", f.idle)
	}
}
