// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// badSecrets refuses secrets without the text of the error: it names files, and
// an administrator is to hear of what is in them.
func badSecrets() console.FeedResult {
	return console.FeedResult{Key: "secrets", What: "not text, or no certificates with their key"}
}

// changeSecrets puts those that are given in the place of a feed's secrets; the
// others stay. They are kept in files of a new number before the list of feeds
// names them, so that a stop in the middle leaves the old or the new ones whole.
func (n *Node) changeSecrets(w *watched, req *console.FeedRequest) (r console.FeedResult, code string, err error) {
	switch {
	case !w.added:
		return r, "feed-configured", nil
	case len(namesOf(req.Secrets)) == 0:
		return console.FeedResult{Key: "secrets", What: "say which"}, "bad-request", nil
	}
	dir := secretsPath(n.cfg.Node.Data)
	kept := n.feeds.kept
	kept.Added = slices.Clone(kept.Added)
	one := &kept.Added[kept.find(w.settings.Name)]
	was := *one
	all, err := was.secrets(dir, req.Secrets)
	if err != nil {
		return r, "", err
	}
	one.Secrets, one.SecretsRev = namesOf(all), was.SecretsRev+1
	f := one.settings(dir)
	if key, what := f.Problem(); what != "" {
		return console.FeedResult{Key: apiKey(key), What: what}, "bad-request", nil
	}
	if err := writeSecrets(dir, one.Name, one.SecretsRev, all); err != nil {
		return r, "", err
	}
	cfg, bad := feedSettings(&f, nil)
	if bad != nil {
		return badSecrets(), "bad-request", removeSecrets(dir, one.Name, one.SecretsRev)
	}
	if err := n.keepFeeds(kept); err != nil {
		return r, "", errors.Join(err, removeSecrets(dir, one.Name, one.SecretsRev))
	}
	ran := w.halt()
	w.feed.Use(cfg.Password, cfg.TLS)
	one.Secrets.into(&w.settings, dir, one.SecretsRev) // field by field: the loop reads the name
	if ran {
		n.feeds.start(w)
	}
	n.dropSecrets(one.Name, was.SecretsRev)
	return r, "", nil
}

// removeFeed stops an added feed, and makes files and engine forget it. What it
// gave stays on the tape.
func (n *Node) removeFeed(ctx context.Context, w *watched) (code string, err error) {
	if !w.added {
		return "feed-configured", nil
	}
	ran, before := w.halt(), n.feeds.kept
	if err = n.keepFeeds(before.without(w)); err == nil {
		code, err = n.loop.change(ctx, func(ctx context.Context) string { return n.loop.forgetFeed(ctx, w) })
		if code != "" || err != nil { // a name's frames never get a number twice: the mark stays
			before.Numbered = n.feeds.kept.Numbered
			err = errors.Join(err, n.keepFeeds(before))
		}
	}
	if code != "" || err != nil {
		if ran {
			n.feeds.start(w)
		}
		return code, err
	}
	n.feeds.list = slices.DeleteFunc(n.feeds.list, func(x *watched) bool { return x == w })
	n.dropSecrets(w.settings.Name, before.Added[before.find(w.settings.Name)].SecretsRev)
	return "", nil
}

// dropSecrets removes files that nothing names any more. What fails is done by
// the next start.
func (n *Node) dropSecrets(feed string, rev uint64) {
	if err := removeSecrets(secretsPath(n.cfg.Node.Data), feed, rev); err != nil {
		n.opt.Log.Warn("secrets of a feed not removed; the next start does it", slog.String("feed", feed), slog.Any("err", err))
	}
}

// change asks the loop for a change of the configuration, and returns the code
// of its answer.
func (l *loop) change(ctx context.Context, do func(context.Context) string) (code string, err error) {
	r := changeRequest{do, make(chan string, 1)}
	select {
	case l.changes <- r:
	case <-l.done:
		return "", errStopping
	case <-ctx.Done():
		return "", ctx.Err()
	}
	// It is taken now, however long tape and store need: what is kept of the
	// feed must go with what the engine knows.
	select {
	case code = <-r.reply:
		return code, nil
	case <-l.done:
		return "", errStopping
	}
}

// changeRequest asks the loop to change what the engine knows.
type changeRequest struct {
	do    func(context.Context) string
	reply chan string // buffered, size 1
}

// addFeed steps the present configuration with one feed more.
func (l *loop) addFeed(ctx context.Context, f engine.FeedConfig, sensors []track.Sensor, w *watched) string {
	cfg := l.eng.Config()
	cfg.Feeds = append(slices.Clone(cfg.Feeds), f)
	cfg.Sensors = slices.Concat(cfg.Sensors, sensors)
	code := l.reconfigured(ctx, &cfg)
	if code == "" {
		l.feeds = append(l.feeds, w)
		l.publish(true)
	}
	return code
}

// forgetFeed steps what a feed that has stopped still has in the queue, and then
// the present configuration without it and its radars.
func (l *loop) forgetFeed(ctx context.Context, w *watched) string {
	name := w.settings.Name
	l.takeRest(ctx, name)
	cfg := l.eng.Config()
	cfg.Feeds = slices.DeleteFunc(slices.Clone(cfg.Feeds), func(f engine.FeedConfig) bool { return f.Name == name })
	cfg.Sensors = slices.DeleteFunc(slices.Clone(cfg.Sensors), func(s track.Sensor) bool { return s.Source == name })
	code := l.reconfigured(ctx, &cfg)
	if code == "" {
		l.feeds = slices.DeleteFunc(l.feeds, func(x *watched) bool { return x == w })
		delete(l.taped, name)
		l.publish(true)
	}
	return code
}

// takeRest steps the frames of a feed that wait. The others keep their order: in
// stepped time they go on waiting for the step.
func (l *loop) takeRest(ctx context.Context, name string) {
	for range len(l.frames) {
		l.waiting = append(l.waiting, <-l.frames)
	}
	var rest []*engine.Input
	l.waiting = slices.DeleteFunc(l.waiting, func(f frame.Frame) bool {
		if l.stepped && f.Source != name {
			return false
		}
		rest = append(rest, &engine.Input{At: l.clock(), Frame: &f})
		return true
	})
	for part := range slices.Chunk(rest, maxBatch) {
		l.process(ctx, part)
	}
}

// reconfigured steps a changed configuration and returns the engine's answer.
func (l *loop) reconfigured(ctx context.Context, cfg *engine.Config) string {
	outs := l.process(ctx, []*engine.Input{{At: l.clock(), Config: cfg}})
	if len(outs) != 1 {
		return "store-failed"
	}
	if outs[0].Reply.Code == "" {
		l.config = cfg
	}
	return outs[0].Reply.Code
}
