// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package link carries sealed records to one partner and takes the partner's:
// a mutually authenticated stream over HTTP/2 and TLS 1.3 with two lanes.
// Records go every one, in order, once, and each is receipted by the partner's
// cosignature on the journal; states go as numbered batches of the newest.
// Either side may dial. A link stopped by an officer is silent at once.
//
// It does not decide what may leave and cannot read it: what it sends comes
// sealed from the outbox, what it receives goes as it is into the inbox, and
// its own frames have no field for text. It writes no log.
package link

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"time"
)

// maxConns bounds the connections of one link, half-open ones included.
const maxConns = 16

// errRunning is returned by a second Run.
var errRunning = errors.New("link runs already")

// Link is the link to one partner. New makes it, Run works it; the other
// methods may be called from any goroutine at any time.
type Link struct {
	cfg Config

	mu       sync.Mutex
	running  bool
	halted   bool               // stopped, until Resume
	session  *session           // the one live session, nil when there is none
	number   uint64             // highest session number used or seen
	dialling uint64             // number of our own attempt whose Hello is out; 0 when there is none
	giveUp   context.CancelFunc // ends our own attempt
	accepts  int                // sessions that the server runs for us
	notified uint64             // rises with each Notify
	quiet    uint64             // value of notified at which all was sent and receipted
	status   Status
	problems []Problem     // to be told
	changed  chan struct{} // closed and replaced at each change

	connMu sync.Mutex // taken last, and never held over a Close
	conns  map[net.Conn]struct{}
}

// New returns a link that does nothing until Run.
func New(cfg Config) (*Link, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	l := &Link{
		cfg: cfg, halted: cfg.Stopped, notified: 1,
		conns: make(map[net.Conn]struct{}), changed: make(chan struct{}),
	}
	if cfg.Versions == (Versions{}) {
		l.cfg.Versions = Versions{Oldest, Protocol}
	}
	l.status = Status{State: Down, Since: cfg.Now()}
	if cfg.Stopped {
		l.status.State, l.status.Problem = Stopped, cfg.Problem
	}
	return l, nil
}

// Run works the link until ctx ends. It returns when everything has stopped.
func (l *Link) Run(ctx context.Context) error {
	l.mu.Lock()
	if l.running {
		l.mu.Unlock()
		return errRunning
	}
	l.running = true
	l.mu.Unlock()

	var wg sync.WaitGroup
	telling, stopTelling := context.WithCancel(context.WithoutCancel(ctx))
	wg.Go(func() { l.tell(telling) })
	l.dialLoop(ctx)

	l.mu.Lock()
	l.running = false
	l.killLocked()
	l.mu.Unlock()
	l.await(func() bool { return l.accepts == 0 && l.session == nil })
	stopTelling()
	wg.Wait()
	return nil
}

// Notify tells that there may be something new in the outbox.
func (l *Link) Notify() {
	l.mu.Lock()
	l.notified++
	s := l.session
	l.mu.Unlock()
	if s != nil {
		s.wake()
	}
}

// Quiet returns when everything that was in the outbox at the last Notify is
// receipted and no batch of states is on its way. It returns ErrStopped while
// the link is stopped, and the error of ctx when that ends first.
func (l *Link) Quiet(ctx context.Context) error {
	l.mu.Lock()
	want := l.notified
	for l.quiet < want {
		if l.halted {
			l.mu.Unlock()
			return ErrStopped
		}
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for the link to be quiet: %w", ctx.Err())
		}
		l.mu.Lock()
	}
	l.mu.Unlock()
	return nil
}

// Status returns how the link is.
func (l *Link) Status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.statusLocked()
}

func (l *Link) statusLocked() Status {
	st := l.status
	if l.session != nil {
		st.Queued, st.Through = l.session.queued(), l.session.through()
	}
	return st
}

// Stop closes the link at once, throwing away what the kernel has not sent, and
// keeps it closed until Resume. Nothing tells the partner why.
func (l *Link) Stop() { l.halt("") }

// Resume ends a Stop, or a stop by a Problem, and clears the Problem.
func (l *Link) Resume() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.halted {
		l.halted = false
		l.status.Problem = ""
		l.setStateLocked(Down)
	}
}

// Unpair stops the link and destroys the keys made for the partner: it cannot
// come back, and what rests of its records cannot be read.
func (l *Link) Unpair() error {
	l.Stop()
	if err := l.cfg.Keys.Forget(l.cfg.Partner); err != nil {
		return fmt.Errorf("unpair %s: %w", l.cfg.Partner, err)
	}
	return nil
}

// halt stops the link, because of a problem if there is one.
func (l *Link) halt(p Problem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.halted = true
	l.killLocked()
	if p != "" {
		l.problemLocked(p)
	}
	l.setStateLocked(Stopped)
}

// killLocked closes every connection so that nothing more leaves.
func (l *Link) killLocked() {
	l.connMu.Lock()
	conns := slices.Collect(maps.Keys(l.conns))
	l.connMu.Unlock()
	for _, c := range conns {
		kill(c)
	}
	if l.giveUp != nil {
		l.giveUp()
	}
	if l.session != nil {
		l.session.cancel()
	}
}

// problem raises a problem that does not stop the link.
func (l *Link) problem(p Problem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.problemLocked(p)
}

func (l *Link) problemLocked(p Problem) {
	if l.status.Problem == p {
		return // told, and not over
	}
	l.status.Problem = p
	l.problems = append(l.problems, p) // bounded: emptied by tell, and a repeat is left out
	l.changedLocked()
}

// stored tells that our store works.
func (l *Link) stored() { l.clear(ProblemStore) }

// clear ends a problem, if it is the present one.
func (l *Link) clear(p Problem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.status.Problem == p {
		l.status.Problem = ""
		l.changedLocked()
	}
}

func (l *Link) refuse(r Refusal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.status.Refused++
	l.status.Refusal = r
	l.changedLocked()
}

func (l *Link) setState(s State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.setStateLocked(s)
}

func (l *Link) setStateLocked(s State) {
	if l.halted {
		s = Stopped
	}
	if l.status.State != s {
		l.status.State = s
		l.status.Since = l.cfg.Now()
	}
	l.changedLocked()
}

// up notes that a session is open, which ends the problems of opening one.
func (l *Link) up() {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.status.Problem {
	case ProblemPin, ProblemProtocol, ProblemKeys, ProblemRoll:
		l.status.Problem = ""
	}
	l.setStateLocked(Up)
}

// update changes the counters of the status.
func (l *Link) update(f func(s *Status)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(&l.status)
}

func (l *Link) changedLocked() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// generation returns a number that rises with each Notify.
func (l *Link) generation() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.notified
}

// setQuiet notes that all that was there at generation gen is receipted.
func (l *Link) setQuiet(gen uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.quiet < gen {
		l.quiet = gen
		l.changedLocked()
	}
}

// await returns when ok, which is called with mu held, does.
func (l *Link) await(ok func() bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !ok() {
		changed := l.changed
		l.mu.Unlock()
		<-changed
		l.mu.Lock()
	}
}

// tell calls OnStatus and OnProblem, one at a time and in order, from a
// goroutine of its own, so that they may call back. It ends with ctx, after
// telling the last change.
func (l *Link) tell(ctx context.Context) {
	var told Status
	for {
		changed := l.tellOnce(&told)
		select {
		case <-changed:
		case <-ctx.Done():
			l.tellOnce(&told)
			return
		}
	}
}

// tellOnce tells what has changed since told, and returns what is closed at the
// next change.
func (l *Link) tellOnce(told *Status) <-chan struct{} {
	l.mu.Lock()
	now, problems, changed := l.statusLocked(), l.problems, l.changed
	l.problems = nil
	l.mu.Unlock()
	for _, p := range problems {
		if l.cfg.OnProblem != nil {
			l.cfg.OnProblem(l.cfg.Partner, p)
		}
	}
	differs := now.State != told.State || now.Problem != told.Problem || !now.Since.Equal(told.Since)
	if differs && l.cfg.OnStatus != nil {
		l.cfg.OnStatus(l.cfg.Partner, now)
	}
	*told = now
	return changed
}

// track adds a connection of this link; Stop closes it. It fails while the link
// does not run, is stopped or has too many.
func (l *Link) track(c net.Conn) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.halted {
		return ErrStopped
	}
	if !l.running {
		return errors.New("link does not run")
	}
	l.connMu.Lock()
	defer l.connMu.Unlock()
	if len(l.conns) >= maxConns {
		return errors.New("too many connections of one partner")
	}
	l.conns[c] = struct{}{}
	return nil
}

func (l *Link) untrack(c net.Conn) {
	l.connMu.Lock()
	defer l.connMu.Unlock()
	delete(l.conns, c)
}

func (l *Link) heard(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.status.LastHeard = at
	if l.status.State == Degraded {
		l.setStateLocked(Up)
	}
}
