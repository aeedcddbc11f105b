// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/feed"
)

// watched is a feed with what the engine was told of it.
type watched struct {
	settings config.Feed
	added    bool            // through the API
	sensors  []config.Sensor // its radars
	feed     *feed.Feed
	run      *feedRun // nil while it is paused; guarded by intake.mu

	// owned by loop
	up      bool
	refused map[string]uint64
}

// feedSettings returns what a feed runs on, with what the files that it names
// hold, or says what is wrong with them.
func feedSettings(f *config.Feed, stdin io.Reader) (feed.Config, error) {
	cfg := f.Settings()
	if cfg.Kind.Transport() == feed.Stdin {
		cfg.Stdin = stdin
	}
	if f.PasswordFile != "" {
		b, err := readSecret(f.PasswordFile)
		if err != nil {
			return cfg, fmt.Errorf("feed %s: read password: %w", f.Name, err)
		}
		cfg.Password = b
	}
	if f.TLS() {
		var err error
		if cfg.TLS, err = feedTLS(f); err != nil {
			return cfg, fmt.Errorf("feed %s: %w", f.Name, err)
		}
	}
	return cfg, cfg.Validate()
}

const maxSecret = 4096 // octets

// readSecret returns a file's one line.
func readSecret(path string) (string, error) {
	b, err := os.ReadFile(path)
	s := strings.TrimSpace(string(b))
	switch {
	case err != nil:
		return "", err
	case s == "" || len(s) > maxSecret || strings.ContainsFunc(s, unicode.IsControl):
		return "", fmt.Errorf("%s: want one line of text", path)
	}
	return s, nil
}

// feedTLS returns whom a feed trusts and who it is.
func feedTLS(f *config.Feed) (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.Cert != "" {
		pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
		if err != nil {
			return nil, fmt.Errorf("read certificate: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	if f.CA == "" {
		return t, nil
	}
	b, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, fmt.Errorf("read authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("read authorities: %s holds no certificate", f.CA)
	}
	t.RootCAs = pool
	if feed.Kind(f.Kind).Transport() == feed.TLSServer {
		t.ClientCAs, t.ClientAuth = pool, tls.RequireAndVerifyClientCert
	}
	return t, nil
}

// startFeeds starts the configured feeds that are not paused. Each goes on
// counting where the tape ends.
func (n *Node) startFeeds(g *group) error {
	taped := n.loop.eng.LastSeqs() // before the loop takes its first input of them
	told := make(map[string]bool)
	for _, f := range n.loop.eng.View().Feeds {
		told[f.Name] = f.Up
	}
	n.feeds.mu.Lock()
	defer n.feeds.mu.Unlock()
	n.feeds.group = g
	for _, f := range n.cfg.Feeds {
		seq, added := taped[f.Name], n.feeds.kept.find(f.Name) >= 0
		if added && seq == 0 {
			seq = n.feeds.kept.Numbered
		}
		w, err := n.newFeed(f, seq)
		if err != nil {
			return err
		}
		w.up, w.added = told[f.Name], added
		w.sensors = slices.DeleteFunc(slices.Clone(n.cfg.Sensors), func(s config.Sensor) bool { return s.Feed != f.Name })
		n.loop.feeds = append(n.loop.feeds, w)
		n.feeds.list = append(n.feeds.list, w)
		if !slices.Contains(n.feeds.kept.Paused, f.Name) {
			n.feeds.start(w)
		}
	}
	return nil
}

// newFeed makes a feed that goes on after frame seq.
func (n *Node) newFeed(f config.Feed, seq uint64) (*watched, error) {
	cfg, err := feedSettings(&f, n.opt.Stdin)
	if err != nil {
		return nil, err
	}
	cfg.StartSeq, cfg.Now, cfg.Log = seq, n.clock.now, n.opt.Log
	return &watched{settings: f, feed: feed.New(cfg, n.loop.frames), refused: make(map[string]uint64)}, nil
}

// lookAtFeeds tells the engine what the feeds themselves refused, and which of
// them came up or went down, since the last look.
func (l *loop) lookAtFeeds(ctx context.Context) {
	var inputs []*engine.Input
	add := func(ev engine.Event) {
		inputs = append(inputs, &engine.Input{At: l.clock(), Event: &ev})
	}
	for _, w := range l.feeds {
		h := w.feed.Health()
		if h.Up != w.up {
			w.up = h.Up
			state := "down"
			if h.Up {
				state = "up"
			}
			l.log.InfoContext(ctx, "feed changed", slog.String("feed", w.settings.Name), slog.String("state", state))
			add(engine.Event{Kind: "feed", Feed: w.settings.Name, State: state})
		}
		slices.SortFunc(h.Refused, func(a, b feed.Counted) int { return cmp.Compare(a.Reason, b.Reason) })
		for _, r := range h.Refused {
			if more := r.Count - w.refused[r.Reason]; more > 0 {
				w.refused[r.Reason] = r.Count
				add(engine.Event{Kind: "refused", Feed: w.settings.Name, Reason: r.Reason, Offset: r.Offset, Count: more})
			}
		}
	}
	l.process(ctx, inputs)
}
