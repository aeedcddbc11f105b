// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/console"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/dump"
	"github.com/kuroshio-watch/kuroshio/internal/feed"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

// maxFeeds bounds the feeds of a node that are added through the API.
const maxFeeds = 64

// intake is the feeds of a node that runs.
type intake struct {
	mu    sync.Mutex // guards all below and each watched.run; held during an act
	group *group     // nil before Run
	list  []*watched
	kept  keptFeeds
}

// feedRun is one run of a feed.
type feedRun struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// start lets a feed run. The caller holds mu, and the feed does not run.
func (i *intake) start(w *watched) {
	ctx, cancel := context.WithCancel(i.group.ctx)
	r := &feedRun{cancel, make(chan struct{})}
	w.run = r
	i.group.start("feed "+w.settings.Name, func(context.Context) error {
		defer close(r.done)
		return w.feed.Run(ctx)
	})
}

// halt stops a feed and reports whether it ran. The caller holds mu.
func (w *watched) halt() bool {
	if w.run == nil {
		return false
	}
	w.run.cancel()
	<-w.run.done
	w.run = nil
	return true
}

func (i *intake) find(name string) *watched {
	n := slices.IndexFunc(i.list, func(w *watched) bool { return w.settings.Name == name })
	if n < 0 {
		return nil
	}
	return i.list[n]
}

// FeedList returns how the feeds are, in the order of the configuration.
func (n *Node) FeedList() []console.FeedStatus {
	n.feeds.mu.Lock()
	defer n.feeds.mu.Unlock()
	var list []console.FeedStatus
	for _, w := range n.feeds.list {
		h := w.feed.Health()
		s := console.FeedStatus{
			Name: w.settings.Name, Kind: w.settings.Kind, Added: w.added, Paused: w.run == nil, Up: h.Up, Ended: h.Ended,
			Silent: h.Silent && w.run != nil, Frames: h.Frames, Rate: h.Rate, Ignored: h.Ignored, Connects: h.Connects, Senders: h.Senders, Queued: h.Queued,
			Refused: []console.FeedRefusal{},
		}
		if !h.Last.IsZero() {
			s.Last = &h.Last
		}
		for _, r := range h.Refused {
			s.Refused = append(s.Refused, console.FeedRefusal{Reason: r.Reason, Count: r.Count, Offset: r.Offset})
		}
		list = append(list, s)
	}
	return list
}

// FeedAct does what an administrator asks of a feed.
func (n *Node) FeedAct(ctx context.Context, req *console.FeedRequest) (r console.FeedResult, code string, err error) {
	n.feeds.mu.Lock()
	defer n.feeds.mu.Unlock()
	if n.feeds.group == nil {
		return r, "not-now", nil
	}
	w := n.feeds.find(req.Name)
	switch {
	case req.Act == console.FeedAdd:
		return n.addFeed(ctx, w, req)
	case req.Act == console.FeedTest && w == nil && req.Feed != nil:
		return n.tryNew(ctx, req)
	case w == nil:
		return r, "not-found", nil
	case req.Act == console.FeedTest && feed.Kind(w.settings.Kind).Transport() == feed.Stdin:
		return r, "not-now", nil // what is read is gone
	case req.Act == console.FeedTest:
		r.Test, err = n.tryFeed(ctx, w.settings, w.sensors)
		return r, "", err
	case req.Act == console.FeedPause:
		return r, "", n.pauseFeed(w)
	case req.Act == console.FeedResume:
		return r, "", n.resumeFeed(w)
	case req.Act == console.FeedSecret:
		return n.changeSecrets(w, req)
	case req.Act == console.FeedRemove:
		code, err = n.removeFeed(ctx, w)
		return r, code, err
	}
	return r, "bad-request", nil
}

// tryNew tries a feed that is not there, with secrets that are gone afterwards.
func (n *Node) tryNew(ctx context.Context, req *console.FeedRequest) (r console.FeedResult, code string, err error) {
	f, r := wanted(req)
	if r.What != "" {
		return r, "bad-request", nil
	}
	dir, err := os.MkdirTemp(n.cfg.Node.Data, trialSecrets)
	if err != nil {
		return r, "", fmt.Errorf("keep secrets of a trial: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := writeSecrets(dir, req.Name, 0, req.Secrets); err != nil {
		return r, "", err
	}
	namesOf(req.Secrets).into(&f, dir, 0)
	if _, bad := feedSettings(&f, nil); bad != nil {
		return badSecrets(), "bad-request", nil
	}
	r.Test, err = n.tryFeed(ctx, f, sensorsOf(req.Name, req.Feed))
	return r, "", err
}

// wanted returns the feed that is asked for, or what keeps it from being added.
func wanted(req *console.FeedRequest) (config.Feed, console.FeedResult) {
	f := configured(req.Name, req.Feed)
	namesOf(req.Secrets).into(&f, "", 0) // what is in the files does not matter here
	key, what := addable(&f, sensorsOf(req.Name, req.Feed))
	return f, console.FeedResult{Key: apiKey(key), What: what}
}

// pauseFeed stops a feed, and then keeps that, so that a restart does not take
// it up again. What it has sent on already counts.
func (n *Node) pauseFeed(w *watched) error {
	w.halt()
	kept := n.feeds.kept
	if slices.Contains(kept.Paused, w.settings.Name) {
		return nil
	}
	kept.Paused = append(slices.Clone(kept.Paused), w.settings.Name)
	return n.keepFeeds(kept)
}

func (n *Node) resumeFeed(w *watched) error {
	kept := n.feeds.kept
	kept.Paused = slices.DeleteFunc(slices.Clone(kept.Paused), func(s string) bool { return s == w.settings.Name })
	if err := n.keepFeeds(kept); err != nil {
		return err
	}
	if w.run == nil {
		n.feeds.start(w)
	}
	return nil
}

func (n *Node) keepFeeds(kept keptFeeds) error {
	if err := kept.write(n.cfg.Node.Data); err != nil {
		return err
	}
	n.feeds.kept = kept
	return nil
}

// addFeed keeps a new feed, makes the engine know it, and starts it.
func (n *Node) addFeed(ctx context.Context, known *watched, req *console.FeedRequest) (r console.FeedResult, code string, err error) {
	switch {
	case req.Feed == nil:
		return console.FeedResult{Key: "feed", What: "say what feed it is"}, "bad-request", nil
	case known != nil:
		return r, "name-taken", nil
	case len(n.feeds.list) >= maxFeeds:
		return r, "not-now", nil
	}
	f, r := wanted(req)
	if r.What != "" {
		return r, "bad-request", nil
	}
	dir := secretsPath(n.cfg.Node.Data)
	if err := writeSecrets(dir, req.Name, 0, req.Secrets); err != nil {
		return r, "", err
	}
	defer func() {
		if code != "" || err != nil {
			err = errors.Join(err, removeSecrets(dir, req.Name, 0))
		}
	}()
	names := namesOf(req.Secrets)
	names.into(&f, dir, 0)
	w, err := n.newFeed(f, n.feeds.kept.Numbered)
	if err != nil {
		return badSecrets(), "bad-request", nil
	}
	w.added, w.sensors = true, sensorsOf(req.Name, req.Feed)
	before, kept := n.feeds.kept, n.feeds.kept
	kept.Added = append(slices.Clone(kept.Added), keptFeed{Name: req.Name, FeedSettings: *req.Feed, Secrets: names})
	if err := n.keepFeeds(kept); err != nil {
		return r, "", err
	}
	one := config.Config{Feeds: []config.Feed{f}, Sensors: w.sensors, Time: n.cfg.Time}
	told, sensors := feedConfigs(&one)[0], sensorConfigs(&one)
	code, err = n.loop.change(ctx, func(ctx context.Context) string { return n.loop.addFeed(ctx, told, sensors, w) })
	if code != "" || err != nil {
		return r, code, errors.Join(err, n.keepFeeds(before))
	}
	n.feeds.list = append(n.feeds.list, w)
	n.feeds.start(w)
	return r, "", nil
}

// addable says what keeps a feed from being added while the node runs, and under
// which key; "" is nothing.
func addable(f *config.Feed, sensors []config.Sensor) (key, what string) {
	k := feed.Kind(f.Kind)
	switch t := k.Transport(); {
	case len(sensors) > 0 && k.Content() != feed.ContentASTERIX:
		return "sensors", "only ASTERIX has radars"
	case len(sensors) > maxFeedSensors:
		return "sensors", fmt.Sprintf("want up to %d", maxFeedSensors)
	case t.Once() || t == feed.Stdin || t == feed.Serial:
		return "kind", "files, devices and what is piped in stand in the configuration file"
	}
	for i := range sensors {
		if _, what := sensors[i].Problem(); what != "" {
			return "sensors", fmt.Sprintf("%s: %s", sensors[i].ID, what)
		}
		if slices.ContainsFunc(sensors[:i], func(s config.Sensor) bool { return s.ID == sensors[i].ID }) {
			return "sensors", sensors[i].ID + " stands twice"
		}
	}
	return f.Problem()
}

// maxFeedSensors bounds the radars of an added feed.
const maxFeedSensors = 64

// sensorsOf returns the radars of a feed as they would stand in the
// configuration file.
func sensorsOf(name string, s *console.FeedSettings) (list []config.Sensor) {
	for _, r := range s.Sensors {
		list = append(list, config.Sensor{
			Feed: name, ID: r.ID, Lat: r.Lat, Lon: r.Lon, HeightM: r.HeightM, RangeNM: r.RangeNM,
			Period: config.Duration(min(r.PeriodS, 3600) * float64(time.Second)), SigmaRangeM: r.SigmaRangeM, SigmaAzimuth: r.SigmaAzimuth,
		})
	}
	return list
}

// configured returns a feed as it would stand in the configuration file.
func configured(name string, s *console.FeedSettings) config.Feed {
	f := config.Feed{
		Name: name, Kind: s.Kind, Addr: s.Addr, Exercise: s.Exercise, Marks: s.Marks, Interface: s.Interface, MaxRate: s.MaxRate,
		Stale: seconds(s.StaleS), Every: seconds(s.EveryS), Topics: s.Topics, QoS: s.QoS, ClientID: s.ClientID, User: s.User,
		Editions: s.Editions, EditionOf: s.EditionOf,
	}
	if s.ClockLimitS != nil {
		limit := config.Duration(max(-1, min(*s.ClockLimitS, 3600)) * float64(time.Second)) // beyond is out of bounds as well
		f.ClockLimit = &limit
	}
	if p := s.Receiver; p != nil {
		f.Receiver = &config.Receiver{Lat: p.Lat, Lon: p.Lon, RangeNM: p.RangeNM}
	}
	return f
}

func seconds(n uint32) config.Duration { return config.Duration(time.Duration(n) * time.Second) }

// trialTime is how long a feed is tried, and trialQueue what may wait meanwhile.
const (
	trialTime  = 5 * time.Second
	trialQueue = 1024
)

// tryFeed takes what comes of a feed in a few seconds, or until a hundred frames
// have come, and decodes it for nobody.
func (n *Node) tryFeed(ctx context.Context, f config.Feed, sensors []config.Sensor) (*console.FeedTrial, error) {
	const enough = 100
	one := config.Config{Feeds: []config.Feed{f}, Sensors: sensors}
	d, err := decode.New(decode.Config{Sources: map[string]decode.Source{f.Name: feedConfigs(&one)[0].Source}})
	if err != nil {
		return nil, err
	}
	cfg, err := feedSettings(&f, nil)
	if err != nil {
		return nil, err
	}
	frames := make(chan frame.Frame, trialQueue)
	cfg.Now, cfg.Follow = n.clock.now, false
	trial := feed.New(cfg, frames)
	ctx, cancel := context.WithCancel(ctx)
	over := time.NewTimer(trialTime)
	defer over.Stop()
	var run sync.WaitGroup
	run.Go(func() { _ = trial.Run(ctx) }) // it returns nil
	defer run.Wait()
	defer cancel()
	c := counter{d: d, refused: make(map[string]*console.FeedRefusal), editions: dump.NewProber()}
	for c.frames < enough {
		select {
		case fr := <-frames:
			c.take(&fr)
			continue
		case <-over.C:
		case <-ctx.Done():
		}
		break
	}
	return c.found(trial.Health())
}

// counter counts what a trial decodes.
type counter struct {
	d             *decode.Decoder
	frames, plots uint64
	refused       map[string]*console.FeedRefusal
	dst           []plot.Plot
	sweeps        []plot.Sweep
	editions      *dump.Prober
}

func (c *counter) take(f *frame.Frame) {
	var err error
	c.dst, c.sweeps, err = c.d.Decode(f, c.dst[:0], c.sweeps[:0])
	c.frames++
	c.plots += uint64(len(c.dst))
	if f.Format == frame.ASTERIX {
		for b, err := range asterix.Blocks(f.Data) {
			if err == nil {
				c.editions.Try(b)
			}
		}
	}
	var refusal *decode.Refusal
	if !errors.As(err, &refusal) {
		return
	}
	for _, r := range refusal.All() {
		c.refuse(console.FeedRefusal{Reason: r.Reason, Item: r.Item, Count: 1, Offset: f.Offset + r.Offset})
	}
}

func (c *counter) refuse(r console.FeedRefusal) {
	if was := c.refused[r.Reason]; was != nil {
		r.Count += was.Count
	}
	c.refused[r.Reason] = &r
}

func (c *counter) found(h feed.Health) (*console.FeedTrial, error) {
	for _, r := range h.Refused {
		c.refuse(console.FeedRefusal{Reason: r.Reason, Count: r.Count, Offset: r.Offset})
	}
	t := &console.FeedTrial{Up: h.Up || h.Ended, Frames: c.frames, Plots: c.plots, Refused: []console.FeedRefusal{}}
	for _, reason := range slices.Concat(feed.Reasons(), decode.Reasons()) {
		if r := c.refused[reason]; r != nil {
			t.Refused = append(t.Refused, *r)
		}
	}
	editions, err := c.editions.Found()
	for _, e := range editions {
		t.Editions = append(t.Editions, console.FeedEdition(e))
	}
	return t, err
}
