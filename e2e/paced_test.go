// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/demo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
)

// A demonstration for people says nothing of an end before it, lets time go on
// after it, and stops at Ctrl-C.
func TestTimeGoesOnAfterTheScenario(t *testing.T) {
	t.Parallel()
	const until = 3 * time.Minute
	ctx, cancel := context.WithCancel(timeLimit(t))
	defer cancel()
	p := openPaced(t, ctx, demo.Config{Scenario: "short", Speed: 60, Until: until})
	if text := p.out.String(); strings.Contains(text, "has ended") {
		t.Errorf("the end is told at the beginning:\n%s", text)
	}
	c := p.demo.Consoles()[0]
	viewer := login(t, ctx, c, engine.Viewer)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for begin := time.Date(2023, 8, 28, 2, 0, 0, 0, time.UTC); ; {
		var v engine.View
		if _, err := get(ctx, viewer, c.URL+"api/picture", &v); err != nil {
			t.Fatal(err)
		}
		if v.Now.Sub(begin) >= until+time.Second {
			break
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("time stands at %s: %v", v.Now, context.Cause(ctx))
		}
	}
	if text := p.out.String(); !strings.Contains(text, "has ended") {
		t.Errorf("nobody is told of the end:\n%s", text)
	}
	cancel() // Ctrl-C
	if err := <-p.ended; err != nil {
		t.Errorf("Ctrl-C: %v", err)
	}
}

// paced is a demonstration for people, whose consoles are open.
type paced struct {
	demo  *demo.Demo
	out   *screen
	ended chan error
}

// openPaced starts a demonstration for people and waits until it has shown
// where the consoles are. The end of ctx is its Ctrl-C.
func openPaced(t *testing.T, ctx context.Context, cfg demo.Config) *paced { //nolint:revive // t first, as in all helpers here
	t.Helper()
	p := &paced{out: &screen{shown: make(chan struct{})}, ended: make(chan error, 1)}
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	cfg.Exe, cfg.Out, cfg.Log = place.exe, p.out, slog.New(slog.DiscardHandler)
	d, err := demo.Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.demo = d
	go func() { p.ended <- d.Run(ctx) }()
	select {
	case <-p.out.shown:
	case err := <-p.ended:
		t.Fatalf("%v\n%s", err, logs(&run{dir: d.Dir()}))
	}
	return p
}

// screen is where a demonstration writes; it tells when the text that says
// that the consoles are open is there.
type screen struct {
	mu    sync.Mutex
	text  strings.Builder
	once  sync.Once
	shown chan struct{}
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.text.Write(b)
	if strings.Contains(s.text.String(), "Ctrl-C stops all nodes") {
		s.once.Do(func() { close(s.shown) })
	}
	return n, err
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
