// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/internal/tape"
)

// Sizes of the loop's queues and batches.
const (
	frameQueue   = 4096 // frames; full: a TCP feed waits, a UDP feed drops the newest and counts it
	commandQueue = 64   // commands; full: the console waits
	eventQueue   = 256  // events; full: the adapter waits
	maxBatch     = 2048 // inputs of one tape write
)

// How often a live node ticks while frames wait, and while none do; how often
// it makes a picture and a snapshot; how long it waits before it tries a failed
// write again. Ticks and pictures that cost more come less often, up to the
// larger value.
const (
	busyTickMin   = 40 * time.Millisecond
	busyTickMax   = 500 * time.Millisecond
	idleTick      = time.Second
	viewMin       = 50 * time.Millisecond
	viewMax       = 500 * time.Millisecond
	snapshotEvery = 20_000 // inputs
	retryMin      = 10 * time.Millisecond
	retryMax      = 500 * time.Millisecond
	storeAlarm    = time.Second // a failure that lasts so long is on record afterwards
)

// share is the part of a core that ticks, and that pictures, may take: one in
// share.
const share = 8

// errStopping answers whoever asks a loop that has ended.
var errStopping = errors.New("node is stopping")

type commandRequest struct {
	cmd   engine.Command
	reply chan engine.Reply // buffered, size 1
}

type stepRequest struct {
	StepRequest
	ctx  context.Context //nolint:containedctx // bounds this one step
	done chan stepResult // buffered, size 1
}

type stepResult struct {
	reply StepReply
	err   error
}

// query runs on the loop, which owns the engine.
type query struct {
	run  func(*engine.Engine)
	done chan struct{}
}

// loop owns the engine. Everything that changes it passes through one
// goroutine: append to the tape, step, commit the outputs, publish the view.
type loop struct {
	log     *slog.Logger
	eng     *engine.Engine // owned by run
	tape    *tape.Tape     // owned by run
	store   *store.Store
	stepped bool
	sent    sentWatch

	frames   chan frame.Frame
	commands chan commandRequest
	events   chan engine.Event
	steps    chan stepRequest
	queries  chan query
	changes  chan changeRequest
	inbox    chan struct{} // size 1: records have come in
	done     chan struct{} // closed when run has ended

	view    atomic.Pointer[engine.View]
	changed *broadcast
	notify  func(party.ID) // something for this partner is in the outbox
	stop    func(party.ID) // close this link at once
	resume  func(party.ID)

	linkState func(party.ID) link.State // "" where there is none
	figures   atomic.Pointer[map[party.ID]engine.LinkFigures]

	paired func(party.ID) bool
	keys   func(context.Context) // looks whether a partner was unpaired by another process

	// stopping counts, by partner, the stops that are asked for and not taken
	// yet: a resume that was asked for before must not open the link again.
	stopping map[party.ID]*atomic.Int32

	// What follows is owned by run, and by Open before it.
	waiting   []frame.Frame // stepped: gathered for the next step
	held      []engine.Command
	taped     map[string]uint64
	lastView  time.Time
	viewGap   time.Duration
	tickGap   time.Duration
	tickAt    time.Time   // when the next tick comes
	ticked    time.Time   // when the last came
	stale     bool        // there is a newer picture than the published one
	show      *time.Timer // fires when a stale picture may be replaced
	lastSnap  uint64
	problem   string    // what is wrong with tape or store, "" when nothing is
	since     time.Time // of problem
	mended    bool      // a long problem has ended and is not on record yet
	failure   error     // why Open could not write
	opening   bool
	halted    bool // outputs of taped inputs are not committed: the next start makes them again
	again     bool // the inbox could not be read
	pressure  map[party.ID]bool
	flows     map[party.ID]*flow
	heartbeat time.Duration
	partners  []party.ID
	feeds     []*watched // set before run
	finishing bool
	minute    time.Time // up to which states are digested
	kept      time.Time // when the house was kept last
	scrub     bool      // the write-ahead log may hold pages of what was destroyed
	now       *clock
	config    *engine.Config
	policies  *policies
	retention config.Tape
}

// run serves the queues until ctx is done.
func (l *loop) run(ctx context.Context) error {
	defer l.changed.close()
	defer close(l.done)
	l.resumePressure()
	l.resumeFlow()
	if !l.stepped {
		l.received() // what came in before the last stop
	}
	l.tickAt = time.Now().Add(idleTick)
	timer := time.NewTimer(idleTick)
	defer timer.Stop()
	defer l.show.Stop()
	armed := l.tickAt
	for {
		l.takeHeld(ctx)
		if l.tickBeforeRelease(); l.tickAt != armed {
			armed = l.tickAt
			timer.Reset(time.Until(armed))
		}
		select {
		case <-ctx.Done():
			l.finish()
			return nil
		case f := <-l.frames:
			if l.stepped {
				l.waiting = append(l.waiting, f)
				continue
			}
			l.takeFrames(ctx, f)
			l.tickWithin(l.tickGap)
		case <-l.inbox:
			if !l.stepped {
				l.takeInbox(ctx)
			}
		case r := <-l.commands:
			r.reply <- l.runCommand(ctx, r.cmd)
		case ev := <-l.events:
			l.process(ctx, []*engine.Input{{At: l.clock(), Event: &ev}})
			l.publish(true)
		case q := <-l.queries:
			q.run(l.eng)
			close(q.done)
		case r := <-l.changes:
			r.reply <- r.do(ctx)
		case r := <-l.steps:
			reply, err := l.runStep(ctx, r)
			r.done <- stepResult{reply, err}
		case <-l.show.C:
			if l.stale {
				l.publish(true)
			}
		case <-timer.C:
			if !l.stepped {
				l.liveTick(ctx)
			}
			l.tickAt = time.Now().Add(idleTick)
		}
	}
}

// tickWithin brings the next tick forward.
func (l *loop) tickWithin(d time.Duration) {
	if at := time.Now().Add(d); at.Before(l.tickAt) {
		l.tickAt = at
	}
}

// tickBeforeRelease brings the next tick forward to where something falls due
// for a partner: it leaves when the policy says, not at the next idle tick.
func (l *loop) tickBeforeRelease() {
	if l.stepped {
		return
	}
	if due, ok := l.eng.NextRelease(); ok {
		l.tickWithin(max(due.Sub(l.clock()), l.tickGap-time.Since(l.ticked)))
	}
}

// liveTick lets a live node's time pass. What a tick costs says how soon the
// next may come.
func (l *loop) liveTick(ctx context.Context) {
	l.ticked = time.Now()
	l.process(ctx, []*engine.Input{{At: l.clock(), Tick: &engine.Tick{}}})
	l.tickGap = min(max(share*time.Since(l.ticked), busyTickMin), busyTickMax)
	if time.Since(l.kept) < idleTick/2 {
		return
	}
	l.kept = time.Now()
	l.housekeep(ctx)
	if l.again {
		l.again = false
		l.received()
	}
}

// clock returns the node's time: this machine's, or the conductor's.
func (l *loop) clock() time.Time {
	return l.now.now()
}

// takeFrames processes f and whatever else waits, up to a batch.
func (l *loop) takeFrames(ctx context.Context, f frame.Frame) {
	batch := []*engine.Input{{At: l.clock(), Frame: &f}}
	for len(batch) < maxBatch {
		select {
		case more := <-l.frames:
			batch = append(batch, &engine.Input{At: l.clock(), Frame: &more})
			continue
		default:
		}
		break
	}
	l.process(ctx, batch)
}

func (l *loop) runCommand(ctx context.Context, cmd engine.Command) engine.Reply {
	defer l.stopTaken(&cmd)
	outs := l.process(ctx, []*engine.Input{{At: l.clock(), Command: &cmd}})
	switch {
	case len(outs) > 0:
	case l.halted:
		return engine.Reply{Code: "stopping"} // on the tape: the next start does it
	default:
		return engine.Reply{Code: "store-failed"}
	}
	l.publish(true)
	return outs[0].Reply
}

// stopTaken notes that a stop is on the tape, or never will be.
func (l *loop) stopTaken(c *engine.Command) {
	for _, p := range l.stops(c) {
		l.stopping[p].Add(-1)
	}
}

// stops returns the partners whose links a command closes.
func (l *loop) stops(c *engine.Command) []party.ID {
	switch {
	case !engine.Allowed(c.Role, c.Verb):
	case c.Verb == "stop-all":
		return l.partners
	case c.Verb == "stop" && l.stopping[c.Partner] != nil:
		return []party.ID{c.Partner}
	}
	return nil
}

// takeHeld puts the stops on record that were asked for while tape or store
// did not work. Their links are closed since.
func (l *loop) takeHeld(ctx context.Context) {
	for len(l.held) > 0 && ctx.Err() == nil {
		c := l.held[0]
		l.held = l.held[1:]
		l.runCommand(ctx, c)
	}
}

// runStep gathers the frames that the conductor sent, takes them ordered by
// source and number, then the partners' records, then ticks.
func (l *loop) runStep(ctx context.Context, req stepRequest) (StepReply, error) {
	if missing := l.gather(ctx, req.ctx, req.Expect); len(missing) > 0 {
		return StepReply{Missing: missing}, fmt.Errorf("%w: %v", errMissing, missing)
	}
	before, now := l.clock(), req.Now.UTC()
	slices.SortStableFunc(l.waiting, func(a, b frame.Frame) int {
		if c := strings.Compare(a.Source, b.Source); c != 0 {
			return c
		}
		return int(int64(a.Seq) - int64(b.Seq)) //nolint:gosec // numbers of one run, far below 2^63
	})
	var inputs []*engine.Input
	for i := range l.waiting {
		inputs = append(inputs, &engine.Input{At: before, Frame: &l.waiting[i]})
	}
	records, _ := l.partnerInputs(ctx, before)
	inputs = append(inputs, records...)
	inputs = append(inputs, &engine.Input{At: now, Tick: &engine.Tick{}})
	l.waiting = nil
	l.now.set(now)
	if outs := l.process(ctx, inputs); len(outs) != len(inputs) {
		return StepReply{}, fmt.Errorf("store inputs: %s", l.problem)
	}
	l.housekeep(ctx)
	l.publish(true)
	return StepReply{Seq: l.eng.Seq(), Now: l.eng.Now(), Taped: l.tapedCopy()}, nil
}

// gather waits until each feed has delivered what the conductor sent, and
// returns what is missing when the time is over.
func (l *loop) gather(ctx, limit context.Context, expect map[string]uint64) map[string]uint64 {
	for {
		missing := l.missing(expect)
		if len(missing) == 0 {
			return nil
		}
		select {
		case f := <-l.frames:
			l.waiting = append(l.waiting, f)
		case ev := <-l.events:
			l.process(ctx, []*engine.Input{{At: l.clock(), Event: &ev}})
		case q := <-l.queries:
			q.run(l.eng)
			close(q.done)
		case <-limit.Done():
			return missing
		case <-ctx.Done():
			return missing
		}
	}
}

func (l *loop) missing(expect map[string]uint64) map[string]uint64 {
	have := l.tapedCopy()
	for i := range l.waiting {
		have[l.waiting[i].Source] = max(have[l.waiting[i].Source], l.waiting[i].Seq)
	}
	missing := make(map[string]uint64)
	for feed, want := range expect {
		if have[feed] < want {
			missing[feed] = want - have[feed]
		}
	}
	return missing
}

func (l *loop) tapedCopy() map[string]uint64 {
	m := make(map[string]uint64, len(l.taped))
	for k, v := range l.taped {
		m[k] = v
	}
	return m
}
