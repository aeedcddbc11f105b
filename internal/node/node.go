// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package node runs one party's node: it opens what the configuration names,
// brings the engine to where the tape ends, and wires it to feeds, links,
// console and store. It is the only package that knows all the others. It
// decides nothing, and does not know whether it is a demonstration.
package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/internal/tape"
)

// Options is what Run needs besides the configuration.
type Options struct {
	Version    string
	Passphrase []byte // of the keystore
	Log        *slog.Logger
	Stdin      io.Reader // of a feed that is piped in
	Faults     Faults    // nil outside tests
}

// Faults lets a test fail each write to tape and store.
type Faults interface {
	BeforeWrite(op string) error
}

// Node is a node that is open. Run works it.
type Node struct {
	cfg    *config.Config
	opt    Options
	engCfg *engine.Config
	land   []byte

	keys  *keystore.Store
	tape  *tape.Tape
	store *store.Store
	clock *clock
	loop  *loop
	known time.Time // when the keystore's folder had changed last; owned by loop
	links map[party.ID]*link.Link
	gates map[party.ID]*gate
	peers *link.Server
	feeds intake
}

// folderMode is that of every folder that a node makes.
const folderMode = 0o700

// Open opens keystore, tape and store and brings the engine to where the tape
// ends. It starts nothing. Close what it returns.
func Open(ctx context.Context, cfg *config.Config, opt Options) (*Node, error) {
	n := &Node{
		cfg: cfg, opt: opt, links: make(map[party.ID]*link.Link), gates: make(map[party.ID]*gate),
		clock: &clock{stepped: cfg.Time.Mode == "stepped"},
	}
	var err error
	if n.feeds.kept, err = readKept(cfg.Node.Data); err != nil {
		return nil, err
	}
	if err := n.feeds.kept.sweepSecrets(cfg.Node.Data); err != nil {
		return nil, err
	}
	if n.cfg, err = n.feeds.kept.into(cfg); err != nil {
		return nil, err
	}
	if n.engCfg, n.land, err = Assemble(n.cfg); err != nil {
		return nil, err
	}
	if err := n.open(ctx); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (n *Node) open(ctx context.Context) error {
	if err := os.MkdirAll(n.cfg.Node.Data, folderMode); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	var err error
	if n.keys, err = keystore.Open(n.cfg.Keystore.Dir, n.opt.Passphrase); err != nil {
		return err
	}
	sc := store.DefaultConfig()
	sc.OutboxRows, sc.OutboxBytes = uint64(n.cfg.Link.MaxRecords), uint64(n.cfg.Link.MaxBytes)
	sc.KeepPast = time.Duration(n.cfg.Policy.KeepPast)
	sc.Quota, sc.Quotas = quotas(n.cfg)
	sc.Witness, sc.Now, sc.Faults = n.keys, n.clock.now, n.opt.Faults
	if sc.Audit, err = n.keys.AuditSigner(); err != nil {
		return fmt.Errorf("read audit key: %w", err)
	}
	if n.store, err = store.Open(ctx, n.cfg.Node.Data, n.keys, sc); err != nil {
		return err
	}
	committed, err := n.store.Committed(ctx)
	if err != nil {
		return err
	}
	if err := n.adoptAll(ctx); err != nil {
		return err
	}
	tc := tape.DefaultConfig()
	tc.Synced, tc.Faults = committed, n.opt.Faults
	if n.tape, err = tape.Open(filepath.Join(n.cfg.Node.Data, "tape"), tc); err != nil {
		return err
	}
	if n.clock.stepped {
		start, err := time.Parse(time.RFC3339, n.cfg.Time.Start)
		if err != nil {
			return fmt.Errorf("read time.start: %w", err)
		}
		n.clock.set(start)
	}
	n.loop = n.newLoop()
	if n.loop.policies, err = openPolicies(n.cfg.Node.Data, party.ID(n.cfg.Node.Party), n.keys); err != nil {
		return err
	}
	if err := n.loop.recover(ctx, party.ID(n.cfg.Node.Party), n.ids, committed); err != nil {
		return err
	}
	return n.openLinks()
}

// ids gives the id under which a partner knows one of our things. A partner
// that is not paired gives the zero id, with which no record can be made.
func (n *Node) ids(to party.ID, kind record.Kind, number uint64) record.ID {
	id, err := n.keys.ID(to, kind, number)
	if err != nil {
		return record.ID{}
	}
	return id
}

func (n *Node) newLoop() *loop {
	l := &loop{
		log: n.opt.Log, tape: n.tape, store: n.store, stepped: n.clock.stepped, now: n.clock,
		frames: make(chan frame.Frame, frameQueue), commands: make(chan commandRequest, commandQueue),
		events: make(chan engine.Event, eventQueue), steps: make(chan stepRequest), queries: make(chan query),
		changes: make(chan changeRequest),
		inbox:   make(chan struct{}, 1), done: make(chan struct{}), changed: newBroadcast(), taped: make(map[string]uint64),
		pressure: make(map[party.ID]bool), flows: make(map[party.ID]*flow), heartbeat: time.Duration(n.cfg.Link.Heartbeat), partners: n.cfg.PartnerIDs(), config: n.engCfg,
		stopping: make(map[party.ID]*atomic.Int32), show: time.NewTimer(time.Hour), tickGap: busyTickMin, keys: n.lookAtKeys,
		retention: config.Tape{Keep: max(n.cfg.Tape.Keep, n.cfg.Policy.KeepPast), MaxBytes: n.cfg.Tape.MaxBytes},
	}
	l.show.Stop()
	for _, p := range l.partners {
		l.stopping[p] = new(atomic.Int32)
	}
	l.linkState = func(p party.ID) link.State {
		if k := n.links[p]; k != nil {
			return k.Status().State
		}
		return ""
	}
	l.paired = func(p party.ID) bool {
		_, ok := n.keys.Pin(p)
		return ok
	}
	l.notify = func(p party.ID) {
		if k := n.links[p]; k != nil {
			k.Notify()
		}
	}
	l.stop = func(p party.ID) {
		if k := n.links[p]; k != nil {
			k.Stop()
		}
	}
	l.resume = func(p party.ID) {
		if k := n.links[p]; k != nil {
			k.Resume()
		}
	}
	l.sent = sentWatch{unsent: make(map[party.ID]uint64), through: func(p party.ID) uint64 {
		if k := n.links[p]; k != nil {
			return k.Status().Through
		}
		return 0
	}}
	return l
}

// openLinks makes a link for each partner that is configured and paired.
func (n *Node) openLinks() error {
	states := n.loop.eng.LinkStates()
	old := n.oldBackups()
	if n.cfg.Link.Listen != "" {
		n.peers = link.NewServer(n.cfg.Link.Listen, n.keys)
	}
	for _, p := range n.cfg.Partners {
		id := party.ID(p.ID)
		if _, paired := n.keys.Pin(id); !paired {
			n.opt.Log.Warn("partner is not paired; no link to it", slog.String("partner", p.ID))
			continue
		}
		var problem link.Problem
		if old[id] {
			problem = link.ProblemBackup
		}
		g := newGate(n.store, !n.clock.stepped)
		k, err := link.New(link.Config{
			Self: party.ID(n.cfg.Node.Party), Partner: id, Dial: p.Dial, Stopped: states[id] == "stopped" || old[id], Problem: problem,
			Keys: n.keys, Outbox: g, Inbox: n.store, Now: n.clock.now, Timing: link.DefaultTiming(),
			Versions:   n.versions(),
			OnReceived: func(party.ID) { n.loop.received() },
			OnStatus:   n.linkStatus,
			OnProblem: func(from party.ID, pr link.Problem) {
				n.opt.Log.Error("link has a problem", slog.String("partner", string(from)), slog.String("problem", string(pr)))
			},
		})
		if err != nil {
			return err
		}
		n.links[id], n.gates[id] = k, g
		if n.peers != nil {
			n.peers.Add(k)
		}
	}
	return nil
}

// adoptAll ends the logs of earlier pairings: a partner that lost its node was
// paired anew. The tape, which is read after it, may name what was under the old
// keys.
func (n *Node) adoptAll(ctx context.Context) error {
	for _, id := range n.keys.Partners() {
		pairing, err := n.keys.Pairing(id)
		if err != nil {
			return err
		}
		ended, err := n.store.Adopt(ctx, id, pairing)
		if err != nil {
			return err
		}
		if ended {
			n.opt.Log.WarnContext(ctx, "partner is paired anew; the logs of the earlier pairing have ended and are kept", slog.String("partner", string(id)))
		}
	}
	return nil
}

// oldBackups returns the partners whose journal is older than what the keystore
// has witnessed: an old backup was restored. Nothing is sent to them until a
// person has looked.
func (n *Node) oldBackups() map[party.ID]bool {
	old := make(map[party.ID]bool)
	for _, log := range n.store.Problems() {
		n.opt.Log.Error("journal is older than its witness; its link stays stopped", slog.String("log", log))
		for _, p := range n.cfg.PartnerIDs() {
			if strings.HasPrefix(log, string(p)+"-") {
				old[p] = true
			}
		}
	}
	return old
}

// lookAtKeys stops the links of partners that another process has unpaired
// since the last look. Their keys are gone, so they can't come back.
func (n *Node) lookAtKeys(ctx context.Context) {
	info, err := os.Stat(n.cfg.Keystore.Dir)
	if err != nil || info.ModTime().Equal(n.known) {
		return
	}
	if err := n.keys.Reload(); err != nil {
		n.opt.Log.WarnContext(ctx, "keystore not read; tried again", slog.Any("err", err))
		return
	}
	n.known = info.ModTime()
	for id, k := range n.links {
		if _, ok := n.keys.Pin(id); ok {
			k.KeysChanged()
			continue
		}
		if k.Status().State == link.Stopped {
			continue
		}
		n.opt.Log.WarnContext(ctx, "partner is unpaired; its link is closed", slog.String("partner", string(id)))
		k.Stop()
		if n.peers != nil {
			n.peers.Remove(id)
		}
	}
}

// linkStatus tells the engine how a link is.
func (n *Node) linkStatus(from party.ID, s link.Status) {
	n.opt.Log.Info("link changed", slog.String("partner", string(from)), slog.String("state", string(s.State)))
	n.loop.tell(engine.Event{Kind: "link", Partner: from, State: string(s.State), Problem: string(s.Problem)})
}

// Close closes what Open opened.
func (n *Node) Close() error {
	var errs []error
	if n.tape != nil {
		errs = append(errs, n.tape.Close())
	}
	if n.store != nil {
		errs = append(errs, n.store.Close())
	}
	return errors.Join(errs...)
}

// What a stop may take: feeds, engine, and links with listeners, one after the
// other.
const (
	stopFeeds  = time.Second
	stopEngine = 2 * time.Second
	stopOuter  = 1500 * time.Millisecond
)

// Run works the node until ctx is done or a part fails. It stops in reverse
// order of the data's flow: feeds, engine, links, console.
func (n *Node) Run(ctx context.Context) error {
	failed := make(chan error, 16)
	feeds := newGroup("feeds", stopFeeds, failed)
	core := newGroup("engine", stopEngine, failed)
	outer := newGroup("links and listeners", stopOuter, failed)

	if err := n.serveAll(outer); err != nil {
		return errors.Join(err, outer.stop())
	}
	if err := n.startFeeds(feeds); err != nil {
		return errors.Join(err, feeds.stop(), outer.stop())
	}
	core.start("engine", n.loop.run)
	for id, k := range n.links {
		outer.start("link "+string(id), k.Run)
	}
	if n.peers != nil {
		outer.start("link server", n.peers.Run)
	}
	n.opt.Log.Info("node runs", slog.String("party", n.cfg.Node.Party))

	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	return errors.Join(err, feeds.stop(), core.stop(), outer.stop())
}

// group is parts that stop together.
type group struct {
	name   string
	limit  time.Duration   // of their stop
	ctx    context.Context //nolint:containedctx // it is the group's life, made and ended by Run
	cancel context.CancelFunc
	wg     sync.WaitGroup
	failed chan<- error

	mu    sync.Mutex // guards ended
	ended bool
}

func newGroup(name string, limit time.Duration, failed chan<- error) *group {
	ctx, cancel := context.WithCancel(context.Background())
	return &group{name: name, limit: limit, ctx: ctx, cancel: cancel, failed: failed}
}

// start runs one part. A group that has been stopped starts nothing.
func (g *group) start(name string, run func(context.Context) error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		return
	}
	g.wg.Go(func() {
		if err := run(g.ctx); err != nil && g.ctx.Err() == nil {
			select {
			case g.failed <- fmt.Errorf("%s: %w", name, err):
			default: // another part has failed before
			}
		}
	})
}

// stop ends the group's parts and waits for them.
func (g *group) stop() error {
	g.mu.Lock()
	g.ended = true
	g.mu.Unlock()
	g.cancel()
	done := make(chan struct{})
	go func() {
		g.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-time.After(g.limit):
		return fmt.Errorf("stop node: %s did not stop within %s", g.name, g.limit)
	}
}

// serveAll opens the listeners of conductor, console and admin; admin last, so
// that a node that answers there is whole.
func (n *Node) serveAll(g *group) error {
	if n.clock.stepped {
		secret, err := os.ReadFile(n.cfg.Time.Token)
		if err != nil {
			return fmt.Errorf("read conductor's secret: %w", err)
		}
		h := newControl(n, bytes.TrimSpace(secret))
		if err := n.serve(g, "control", n.cfg.Time.Control, h, "", ""); err != nil {
			return err
		}
	}
	if n.cfg.Console.Listen != "" {
		h, err := n.consoleHandler()
		if err != nil {
			return err
		}
		if err := n.serve(g, "console", n.cfg.Console.Listen, h, n.cfg.Console.Cert, n.cfg.Console.Key); err != nil {
			return err
		}
	}
	if n.cfg.Admin.Listen == "" {
		return nil
	}
	return n.serve(g, "admin", n.cfg.Admin.Listen, newAdmin(n.View, n.store), "", "")
}

func (n *Node) serve(g *group, name, addr string, h http.Handler, cert, key string) error {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(n.opt.Log.Handler(), slog.LevelDebug)}
	g.start(name, func(ctx context.Context) error {
		failed := make(chan error, 1)
		go func() {
			if cert != "" {
				failed <- srv.ServeTLS(ln, cert, key)
				return
			}
			failed <- srv.Serve(ln)
		}()
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
			graceful, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			if srv.Shutdown(graceful) != nil {
				return srv.Close()
			}
			return nil
		}
	})
	return nil
}
