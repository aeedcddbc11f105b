// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// writer is the sending side of a session; its fields are owned by the write
// goroutine.
type writer struct {
	*session
	epoch        uint32        // of our log
	next         []record.Item // read from the outbox, not sent
	recordsEmpty uint64        // generation at which the outbox had no more records
	statesEmpty  uint64        // generation at which the outbox had no more states
	statesAsked  bool          // the outbox was asked for states in this session
	late         *time.Timer   // gives the session up when one frame takes too long
}

// write sends until the session ends.
func (s *session) write(ctx context.Context) error {
	w := &writer{session: s}
	w.late = time.AfterFunc(time.Hour, func() { _ = s.conn.Close() }) // Send reports it
	w.late.Stop()
	defer w.late.Stop()
	if err := w.open(ctx); err != nil {
		return w.farewell(ctx, err)
	}
	for {
		sent, err := w.step(ctx)
		if err != nil {
			return w.farewell(ctx, err)
		}
		if sent && ctx.Err() == nil {
			continue
		}
		select {
		case <-s.kick:
		case <-ctx.Done():
			return w.farewell(ctx, ctx.Err())
		}
	}
}

// farewell tells the partner that the logs do not agree, if that is why the
// session ends, and returns err.
func (w *writer) farewell(ctx context.Context, err error) error {
	h := halted(ctx)
	var own *haltError
	if errors.As(err, &own) && own.reason != 0 {
		h = own
	}
	if h != nil {
		_ = w.send(&Frame{Stop: &Stop{Reason: h.reason, Session: w.number}}) // the line may be gone
	}
	return err
}

// send sends one frame within the time for it.
func (w *writer) send(f *Frame) error {
	w.late.Reset(w.link.cfg.Timing.Send)
	defer w.late.Stop()
	if err := send(w.stream, f); err != nil {
		return fmt.Errorf("write link: %w", err)
	}
	return nil
}

// open compares what the partner holds with our own log and asks for the
// receipt of it.
func (w *writer) open(ctx context.Context) error {
	cfg, theirs := &w.link.cfg, w.theirs
	ours, err := cfg.Outbox.Sent(ctx, cfg.Partner)
	if err != nil {
		return w.link.storeError(ctx, "read sent log", err)
	}
	w.epoch = ours.Epoch
	if ours, reopened, err := w.reopen(ctx); err != nil {
		return err
	} else if reopened {
		w.fromTheStart(ours.Epoch)
		return nil
	}
	if theirs.Size == 0 {
		return nil
	}
	if theirs.Epoch < ours.Epoch {
		// The partner judges whether our log follows the one that it holds.
		w.fromTheStart(ours.Epoch)
		return nil
	}
	if theirs.Epoch == ours.Epoch && theirs.Size > ours.Size {
		return &haltError{problem: ProblemLogBehind, reason: StopJournal}
	}
	if theirs.Epoch != ours.Epoch {
		return &haltError{problem: ProblemLogDiffers, reason: StopJournal}
	}
	root, err := cfg.Outbox.SentAt(ctx, cfg.Partner, theirs.Size)
	if err != nil {
		return w.link.storeError(ctx, "read root of sent log", err)
	}
	if !bytes.Equal(root[:], theirs.Root) {
		return &haltError{problem: ProblemLogDiffers, reason: StopJournal}
	}
	return w.sendRecords(ctx, theirs.Size, nil)
}

// reopen begins a new epoch of our log where a person has ordered it. The
// partner quotes what it has cosigned last, which we must have signed once.
func (w *writer) reopen(ctx context.Context) (LogState, bool, error) {
	cfg, theirs := &w.link.cfg, &w.theirs
	quote := &journal.Succession{Epoch: theirs.Epoch, Root: make([]byte, 32), Receipt: theirs.Receipt}
	if len(theirs.Receipt) > 0 {
		own, others, err := cfg.Keys.Verifiers(cfg.Partner) // the receipt may be of an earlier day
		if err != nil {
			w.link.problem(ProblemKeys)
			return LogState{}, false, fmt.Errorf("read keys: %w", err)
		}
		cp, err := journal.OpenCosigned(theirs.Receipt, own, others)
		if err != nil {
			return LogState{}, false, &haltError{problem: ProblemSignature, reason: StopJournal}
		}
		quote.Epoch, quote.Size, quote.Root = cp.Epoch, cp.Size, cp.Root[:]
	}
	state, ok, err := cfg.Outbox.Reopen(ctx, cfg.Partner, quote, theirs.States)
	if err != nil {
		return state, ok, w.link.storeError(ctx, "begin a new epoch", err)
	}
	return state, ok, nil
}

// fromTheStart sends the log of that epoch from its first record.
func (w *writer) fromTheStart(epoch uint32) {
	w.epoch = epoch
	w.mu.Lock()
	defer w.mu.Unlock()
	w.theirs.Size, w.sent, w.receipted = 0, 0, 0
}

// step sends what is due: control frames first, then one part of each lane. It
// reports whether it sent anything of the lanes.
func (w *writer) step(ctx context.Context) (bool, error) {
	gen := w.link.generation()
	if err := w.control(); err != nil {
		return false, err
	}
	if err := w.attest(ctx); err != nil {
		return false, err
	}
	states, err := w.states(ctx, gen)
	if err != nil {
		return false, err
	}
	records, err := w.records(ctx, gen)
	if err != nil {
		return false, err
	}
	w.mu.Lock()
	idle := w.recordsEmpty == gen && w.statesEmpty == gen && w.inFlight == 0 &&
		len(w.next) == 0 && w.receipted >= w.sent
	w.mu.Unlock()
	if idle {
		w.link.setQuiet(gen)
	}
	return states || records, nil
}

// control sends what the other goroutines of the session left to be sent. They
// never wait for the line, so that two full lanes cannot block each other.
func (w *writer) control() error {
	w.mu.Lock()
	var due []*Frame
	if w.pong != nil {
		due = append(due, &Frame{Pong: w.pong})
	}
	if w.ack != nil {
		due = append(due, &Frame{Ack: w.ack})
	}
	if w.statesAck != nil {
		due = append(due, &Frame{StatesAck: w.statesAck})
	}
	if w.pingDue {
		w.pingN++
		if len(w.pings) > 8 {
			clear(w.pings)
		}
		w.pings[w.pingN] = time.Now()
		due = append(due, &Frame{Ping: &Ping{N: w.pingN}})
	}
	if w.rolled != 0 {
		due = append(due, &Frame{Rolled: &Rolled{N: w.rolled}})
	}
	if w.attested != nil {
		due = append(due, &Frame{Attested: w.attested})
	}
	offer := w.offerDue
	w.pong, w.ack, w.statesAck, w.pingDue, w.rolled, w.offerDue, w.attested = nil, nil, nil, false, 0, false, nil
	w.mu.Unlock()
	if offer {
		f, err := w.offer()
		if err != nil {
			return err
		}
		if f != nil {
			due = append(due, f)
		}
	}
	for _, f := range due {
		if err := w.send(f); err != nil {
			return err
		}
	}
	return nil
}

// records sends one frame of records, if the window is open.
func (w *writer) records(ctx context.Context, gen uint64) (bool, error) {
	w.mu.Lock()
	sent, open := w.sent, w.queuedLocked() < window
	w.mu.Unlock()
	if !open {
		return false, nil
	}
	if len(w.next) == 0 && w.recordsEmpty != gen {
		items, err := w.link.cfg.Outbox.Records(ctx, w.link.cfg.Partner, sent, MaxRecords)
		if err != nil {
			return false, w.link.storeError(ctx, "read outbox", err)
		}
		w.next = items
		if len(items) == 0 {
			w.recordsEmpty = gen
		}
	}
	if len(w.next) == 0 {
		return false, nil
	}
	n := cut(w.next, MaxRecords)
	items := w.next[:n]
	w.next = w.next[n:]
	if err := w.sendRecords(ctx, items[n-1].Seq, items); err != nil {
		return false, err
	}
	w.link.update(func(st *Status) { st.Sent += uint64(n) })
	return true, nil
}

// sendRecords sends items with the signed checkpoint of our log at size.
func (w *writer) sendRecords(ctx context.Context, size uint64, items []record.Item) error {
	cfg := &w.link.cfg
	root, err := cfg.Outbox.SentAt(ctx, cfg.Partner, size)
	if err != nil {
		return w.link.storeError(ctx, "read root of sent log", err)
	}
	state := LogState{Epoch: w.epoch, Size: size, Root: root}
	checkpoint, err := journal.Sign(state, cfg.Now(), w.keys.receipts.signer)
	if err != nil {
		return &haltError{problem: ProblemKeys}
	}
	w.mu.Lock()
	w.sent = size // before the line: a receipt may be faster than the return of send
	w.signed = append(w.signed, state)
	w.mu.Unlock()
	return w.send(&Frame{Records: &Records{Epoch: w.epoch, Items: items, Checkpoint: checkpoint}})
}

// states sends the batch of states, when none is on its way.
func (w *writer) states(ctx context.Context, gen uint64) (bool, error) {
	w.mu.Lock()
	busy := w.inFlight != 0
	w.mu.Unlock()
	if busy || w.statesEmpty == gen {
		return false, nil
	}
	cfg := &w.link.cfg
	b, err := cfg.Outbox.States(ctx, cfg.Partner, MaxStates)
	if errors.Is(err, ErrLater) {
		w.statesEmpty = gen
		return false, nil
	}
	first := !w.statesAsked
	w.statesAsked = true
	if err != nil {
		return false, w.link.storeError(ctx, "read outbox of states", err)
	}
	if b == nil {
		w.statesEmpty = gen
		return false, nil
	}
	w.statesEmpty = 0
	if b.N < w.theirs.States || b.N == w.theirs.States && !first {
		return false, &haltError{problem: ProblemLogBehind, reason: StopJournal}
	}
	if b.N == w.theirs.States { // its acknowledgement was lost
		if err := cfg.Outbox.StatesAcknowledged(ctx, cfg.Partner, b.N); err != nil {
			return false, w.link.storeError(ctx, "note acknowledged states", err)
		}
		return true, nil
	}
	w.mu.Lock()
	w.inFlight = b.N
	w.mu.Unlock()
	for items := b.Items; ; {
		n := cut(items, MaxStates)
		if err := w.send(&Frame{States: &States{N: b.N, Items: items[:n], Last: n == len(items)}}); err != nil {
			return false, err
		}
		if items = items[n:]; len(items) == 0 {
			return true, nil
		}
	}
}
