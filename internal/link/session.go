// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sync/errgroup"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// Bounds of what a session holds.
const (
	window       = 20_000                 // records sent and not receipted
	inQueue      = 6                      // frames read and not committed; the reader then waits, and so does the partner
	maxMerge     = 2_000                  // records in one commit
	maxMalformed = 32                     // malformed frames before the session is ended
	farewell     = 500 * time.Millisecond // for the partner to read a Stop
)

// Errors that end a session.
var (
	errRefused = errors.New("the partner refused the session")
	errBusy    = errors.New("another session is the one")
	errDead    = errors.New("nothing heard")
	errOrder   = errors.New("frame out of place")
	errAgain   = errors.New("a new session is wanted at once")
)

// haltError ends a session and stops the link until a person has looked.
type haltError struct {
	problem Problem
	reason  StopReason // told to the partner; 0 for nothing
}

func (e *haltError) Error() string { return "link stopped: " + string(e.problem) }

// session is one stream that both sides have opened.
type session struct {
	link    *Link
	stream  stream
	conn    net.Conn
	number  uint64
	theirs  Hello  // what the partner holds of us; Size is 0 once a new epoch is begun
	version uint16 // of the protocol
	pins    pins
	keys    sessionKeys

	cancel context.CancelFunc
	done   chan struct{} // closed when all goroutines have ended
	left   chan struct{} // closed when the partner has hung up
	kick   chan struct{} // the writer has something to do; holds one, more are the same
	in     chan Frame    // Records and States; see inQueue
	acked  chan struct{} // the committer has an acknowledgement to note; holds one

	mu        sync.Mutex
	halt      *haltError // the first; a goroutine may find it when another has ended the session already
	lastHeard time.Time
	pingDue   bool
	pings     map[uint64]time.Time // sent, not answered; at most the last few
	pingN     uint64
	pong      *Ping      // to be sent; the last one counts
	ack       *Ack       // to be sent; the last one counts
	statesAck *StatesAck // to be sent; the last one counts
	gotAck    *Ack       // received; the last one counts
	gotStates uint64     // received StatesAck
	offerDue  bool       // new keys may be there to be offered
	rolled    uint64     // to be told: the partner's rollover that we hold
	gotRoll   *Roll      // received; the last one counts
	gotRolled uint64     // received
	sent      uint64     // records sent, by number of the last
	receipted uint64     // records receipted
	inFlight  uint64     // batch of states sent and not acknowledged
	signed    []LogState // checkpoints sent and not receipted, by size

	attestDue   bool                 // leaves may be there to be attested
	asked       *journal.Attestation // sent and not answered
	gotAttest   *Attest              // received, not answered
	gotAttested *Attested            // received; the last one counts
	attested    *Attested            // to be sent
}

// newSession returns a session that is not admitted yet; theirs is the
// partner's Hello.
func (l *Link) newSession(st stream, c net.Conn, theirs Hello, cancel context.CancelFunc) *session {
	return &session{
		link: l, stream: st, conn: c, number: theirs.Session, theirs: theirs, sent: theirs.Size, cancel: cancel,
		done: make(chan struct{}), left: make(chan struct{}), kick: make(chan struct{}, 1),
		in: make(chan Frame, inQueue), acked: make(chan struct{}, 1),
		lastHeard: time.Now(), pings: make(map[uint64]time.Time), offerDue: true, attestDue: true,
	}
}

func (s *session) wake() { signal(s.kick) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is set
	}
}

func (s *session) queued() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queuedLocked()
}

// through returns the number of the last record that was sent.
func (s *session) through() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent
}

// queuedLocked returns how many records of this session lack a receipt.
func (s *session) queuedLocked() uint64 {
	return s.sent - min(s.sent, max(s.receipted, s.theirs.Size))
}

// receiveHello reads the other side's first frame within the time for it.
func (l *Link) receiveHello(st stream, c net.Conn) (Frame, error) {
	late := time.AfterFunc(l.cfg.Timing.Hello, func() { _ = c.Close() }) // Receive reports it
	defer late.Stop()
	m, err := st.Receive()
	if err != nil {
		return Frame{}, fmt.Errorf("read hello: %w", err)
	}
	f, err := m.frame()
	if err != nil {
		l.refuse(RefusedMalformed)
	}
	return f, err
}

func send(st stream, f *Frame) error {
	b, err := EncodeFrame(f)
	if err != nil {
		return err
	}
	return st.Send(&message{out: b})
}

// hello returns our own first frame of a session.
func (l *Link) hello(ctx context.Context, number uint64) (*Frame, error) {
	log, err := l.cfg.Inbox.Received(ctx, l.cfg.Partner)
	if err != nil {
		return nil, l.storeError(ctx, "read received log", err)
	}
	states, err := l.cfg.Inbox.LastStates(ctx, l.cfg.Partner)
	if err != nil {
		return nil, l.storeError(ctx, "read received states", err)
	}
	receipt, err := l.cfg.Inbox.Receipt(ctx, l.cfg.Partner)
	if err != nil {
		return nil, l.storeError(ctx, "read last receipt", err)
	}
	return &Frame{Hello: &Hello{
		Protocol: l.cfg.Versions.Highest, Lowest: l.cfg.Versions.Lowest, Session: number,
		Epoch: log.Epoch, Size: log.Size, Root: log.Root[:], States: states, Receipt: receipt,
	}}, nil
}

// storeError raises ProblemStore unless the call was given up.
func (l *Link) storeError(ctx context.Context, what string, err error) error {
	if ctx.Err() == nil {
		l.problem(ProblemStore)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// noteKeys make and check notes of one form.
type noteKeys struct {
	signer      note.Signer
	own, theirs note.Verifiers
}

// sessionKeys are the journal's: of checkpoints and receipts, and of
// attestations.
type sessionKeys struct{ receipts, proof noteKeys }

func (s *session) loadKeys() error {
	cfg := &s.link.cfg
	err := cfg.Keys.Settle(cfg.Partner, s.pins.own, s.pins.theirs)
	if err == nil {
		s.keys.proof, err = loadKeys(cfg.Partner, cfg.Keys.JournalSigner, cfg.Keys.Current)
	}
	s.keys.receipts = s.keys.proof
	if err == nil && s.version >= versionPaired {
		s.keys.receipts, err = loadKeys(cfg.Partner, cfg.Keys.ReceiptSigner, cfg.Keys.CurrentReceipts)
	}
	if err != nil {
		s.link.problem(ProblemKeys)
		return fmt.Errorf("read keys: %w", err)
	}
	return nil
}

func loadKeys(partner party.ID, signer func(party.ID) (note.Signer, error),
	current func(party.ID) (own, theirs note.Verifiers, err error),
) (k noteKeys, err error) {
	if k.signer, err = signer(partner); err == nil {
		k.own, k.theirs, err = current(partner)
	}
	return k, err
}

// run works an admitted session until it ends and says why. It owns the
// session's goroutines.
func (s *session) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx) // its cause is the first error
	g.Go(func() error {
		<-ctx.Done()
		s.hangUp(ctx)
		return nil
	})
	if err := s.loadKeys(); err != nil {
		return err
	}
	s.link.up()
	for _, work := range []func(context.Context) error{s.read, s.commit, s.write, s.watch} {
		g.Go(func() error { return s.noteHalt(work(ctx)) })
	}
	return s.ended(g.Wait())
}

// ended returns why the session ended, given the first error of its goroutines.
func (s *session) ended(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.halt != nil {
		return s.halt
	}
	return err
}

// noteHalt keeps err when it must stop the link, whatever else ended the session
// before: the partner may know of it, and stop.
func (s *session) noteHalt(err error) error {
	var h *haltError
	if errors.As(err, &h) {
		s.mu.Lock()
		s.halt = cmp.Or(s.halt, h)
		s.mu.Unlock()
	}
	return err
}

// hangUp closes the connection when the session is over, so that reader and
// writer return. A partner that must know why gets a moment to read it.
func (s *session) hangUp(ctx context.Context) {
	if halted(ctx) == nil {
		_ = s.conn.Close() // the reader reports it
		return
	}
	late := time.NewTimer(farewell)
	defer late.Stop()
	select {
	case <-late.C:
	case <-s.left:
	}
	_ = s.conn.Close() // the reader reports it
}

// halted returns why the session ended, when the partner must be told.
func halted(ctx context.Context) *haltError {
	var h *haltError
	if errors.As(context.Cause(ctx), &h) && h.reason != 0 {
		return h
	}
	return nil
}

// watch sends pings and gives the session up when the partner is not heard.
func (s *session) watch(ctx context.Context) error {
	t := s.link.cfg.Timing
	ticker := time.NewTicker(t.Ping / 5)
	defer ticker.Stop()
	var pinged time.Time
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case now := <-ticker.C:
			s.mu.Lock()
			silent := now.Sub(s.lastHeard)
			due := now.Sub(pinged) >= t.Ping
			s.pingDue = s.pingDue || due
			s.mu.Unlock()
			if silent > t.Dead {
				return errDead
			}
			if silent > t.Ping*3/2 {
				s.link.setState(Degraded)
			}
			if due {
				pinged = now
				s.wake()
			}
		}
	}
}

// read takes frames off the stream.
func (s *session) read(ctx context.Context) error {
	defer close(s.left)
	malformed := 0
	for {
		m, err := s.stream.Receive()
		if err != nil {
			if connect.CodeOf(err) == connect.CodeResourceExhausted {
				s.link.refuse(RefusedOversize)
			}
			return fmt.Errorf("read link: %w", err)
		}
		if ctx.Err() != nil {
			s.last(m)
			continue // over; what else the partner still sends is its next session's
		}
		s.mu.Lock()
		s.lastHeard = time.Now()
		s.mu.Unlock()
		s.link.heard(s.link.cfg.Now())
		f, err := m.frame()
		if err != nil {
			s.link.refuse(RefusedMalformed)
			if malformed++; malformed > maxMalformed {
				return fmt.Errorf("read link: too much: %w", err)
			}
			continue // the framing holds: the partner stays
		}
		if err := s.take(ctx, f); err != nil {
			if errors.Is(err, errOrder) {
				s.link.refuse(RefusedOrder)
			}
			return err
		}
	}
}

// last looks at what comes when the session is over: that the partner found a
// problem of the journal counts.
func (s *session) last(m *message) {
	if f, err := m.frame(); err == nil && f.Stop != nil {
		_ = s.noteHalt(stopError(f.Stop)) // a Stop of another reason ends what is over
	}
}

// take hands one frame on.
func (s *session) take(ctx context.Context, f Frame) error {
	if f.Records != nil || f.States != nil {
		select {
		case s.in <- f:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if f.Pong != nil {
		s.ponged(f.Pong.N)
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case f.Ack != nil:
		if f.Ack.Size > s.sent {
			return errOrder
		}
		s.gotAck = f.Ack
		signal(s.acked)
	case f.StatesAck != nil:
		if f.StatesAck.N != s.inFlight || s.inFlight == 0 {
			return errOrder
		}
		s.gotStates = f.StatesAck.N
		signal(s.acked)
	case f.Roll != nil:
		s.gotRoll = f.Roll
		signal(s.acked)
	case f.Rolled != nil:
		s.gotRolled = f.Rolled.N
		signal(s.acked)
	case f.Attest != nil:
		if s.version < versionPaired || s.gotAttest != nil {
			return errOrder
		}
		s.gotAttest = f.Attest
		signal(s.acked)
	case f.Attested != nil:
		if s.asked == nil {
			return errOrder
		}
		s.gotAttested = f.Attested
		signal(s.acked)
	case f.Ping != nil:
		s.pong = f.Ping
		s.wake()
	case f.Stop != nil:
		return stopError(f.Stop)
	default: // a second hello
		return errOrder
	}
	return nil
}

// ponged notes how long a ping took. The link's lock is never taken under the
// session's: Status takes them the other way round.
func (s *session) ponged(n uint64) {
	s.mu.Lock()
	at, ok := s.pings[n]
	if ok {
		clear(s.pings)
	}
	s.mu.Unlock()
	if !ok {
		return // of a ping given up
	}
	rtt := time.Since(at)
	s.link.update(func(st *Status) { st.RTT = rtt })
}

// stopError returns what a Stop of the partner means for us.
func stopError(f *Stop) error {
	switch f.Reason {
	case StopJournal:
		return &haltError{problem: ProblemPartner}
	case StopBusy:
		return errBusy
	}
	return errRefused
}
