// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"log/slog"
	"slices"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/feed"
)

// watched is a feed with what the engine was told of it.
type watched struct {
	name    string
	feed    *feed.Feed
	up      bool
	refused map[string]uint64
}

// startFeeds starts the configured feeds. Each goes on counting where the tape
// ends.
func (n *Node) startFeeds(g *group) error {
	taped := n.loop.eng.LastSeqs() // before the loop takes its first input of them
	told := make(map[string]bool)
	for _, f := range n.loop.eng.View().Feeds {
		told[f.Name] = f.Up
	}
	for _, f := range n.cfg.Feeds {
		cfg := feed.Config{
			Name: f.Name, Kind: feed.Kind(f.Kind), Addr: f.Addr, Marks: f.Marks, StartSeq: taped[f.Name],
			Now: n.clock.now, Log: n.opt.Log,
		}
		if err := cfg.Validate(); err != nil {
			return err
		}
		w := &watched{name: f.Name, feed: feed.New(cfg, n.loop.frames), up: told[f.Name], refused: make(map[string]uint64)}
		n.loop.feeds = append(n.loop.feeds, w)
		g.start("feed "+f.Name, w.feed.Run)
	}
	return nil
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
			l.log.InfoContext(ctx, "feed changed", slog.String("feed", w.name), slog.String("state", state))
			add(engine.Event{Kind: "feed", Feed: w.name, State: state})
		}
		slices.SortFunc(h.Refused, func(a, b feed.Counted) int { return cmp.Compare(a.Reason, b.Reason) })
		for _, r := range h.Refused {
			if more := r.Count - w.refused[r.Reason]; more > 0 {
				w.refused[r.Reason] = r.Count
				add(engine.Event{Kind: "refused", Feed: w.name, Reason: r.Reason, Offset: r.Offset, Count: more})
			}
		}
	}
	l.process(ctx, inputs)
}
