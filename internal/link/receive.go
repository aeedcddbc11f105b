// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"errors"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// How long the committer insists on a store that fails: 6 s in all.
const (
	storeRetry = 200 * time.Millisecond
	storeTries = 6
)

// committer is the receiving side of a session; its fields are owned by the
// commit goroutine.
type committer struct {
	*session
	held  LogState     // the partner's log as we hold it
	batch record.Batch // being put together; N is 0 when there is none

	full       bool        // the partner has used up its share: what it sends is not taken
	checkpoint []byte      // the partner's last, of what we hold; nil when it is receipted
	rest       time.Time   // before it no receipt is made
	due        *time.Timer // fires when one may be
}

// A receipt costs the disk more than the records do. After one the committer
// rests from receipts for a multiple of the time that it took, so that records
// come first under load and a receipt comes at once without.
const (
	restFactor = 2
	restMax    = 50 * time.Millisecond
)

// commit takes in what the reader queued, and notes acknowledgements, until the
// session ends.
func (s *session) commit(ctx context.Context) error {
	c := &committer{session: s, due: time.NewTimer(time.Hour)}
	defer c.due.Stop()
	var err error
	if c.held, err = s.link.cfg.Inbox.Received(ctx, s.link.cfg.Partner); err != nil {
		return s.link.storeError(ctx, "read received log", err)
	}
	room := time.NewTicker(s.link.cfg.Timing.Ping)
	defer room.Stop()
	for {
		select {
		case f := <-s.in:
			err = c.frames(ctx, f)
		case <-room.C:
			err = c.room(ctx)
		case <-s.acked:
			err = c.acknowledgements(ctx)
		case <-c.due.C:
			err = c.receipt(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
		if errors.Is(err, errOrder) {
			s.link.refuse(RefusedOrder)
		}
		if err != nil {
			return err
		}
	}
}

// stubborn writes to the store, again and again while it fails: the partner
// waits, and nothing is acknowledged before it is on the disk. A person is told
// when it is not over at once. It gives up after some seconds, so that a new
// session starts from what the store then has.
func (c *committer) stubborn(ctx context.Context, what string, write func() error) error {
	pause := storeRetry
	for try := 1; ; try++ {
		err := write()
		if err == nil {
			if try > 1 {
				c.link.stored()
			}
			return nil
		}
		if final(err) {
			return err
		}
		if try >= 2 {
			if err := c.link.storeError(ctx, what, err); ctx.Err() != nil || try == storeTries {
				return err
			}
		}
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
		pause = min(2*pause, 8*storeRetry)
	}
}

// final reports whether the inbox has decided, so that to ask again is of no use.
func final(err error) bool {
	return errors.Is(err, ErrQuota) || errors.Is(err, ErrNotAgreed) || errors.Is(err, journal.ErrRoot)
}

// frames takes f and whatever records have come since in one commit.
func (c *committer) frames(ctx context.Context, f Frame) error {
	if f.States != nil {
		return c.states(ctx, f.States)
	}
	merged := *f.Records
	for len(merged.Items) < maxMerge {
		select {
		case f = <-c.in:
		default:
			return c.records(ctx, &merged)
		}
		if f.States != nil {
			if err := c.records(ctx, &merged); err != nil {
				return err
			}
			return c.states(ctx, f.States)
		}
		if f.Records.Epoch != merged.Epoch {
			return errOrder
		}
		merged.Items = append(merged.Items, f.Records.Items...)
		merged.Checkpoint = f.Records.Checkpoint
	}
	return c.records(ctx, &merged)
}

// records commits records; the receipt follows, now or soon.
func (c *committer) records(ctx context.Context, r *Records) error {
	cfg := &c.link.cfg
	if c.full {
		c.link.refuse(RefusedQuota)
		return nil
	}
	if c.held.Size > 0 && r.Epoch > c.held.Epoch && len(r.Items) > 0 {
		if err := c.nextEpoch(ctx, r); err != nil {
			return err
		}
	}
	for i := range r.Items {
		if r.Items[i].Seq != c.held.Size+1+uint64(i) {
			return errOrder
		}
	}
	if c.held.Size > 0 && r.Epoch != c.held.Epoch {
		return errOrder
	}
	if len(r.Items) > 0 {
		if err := c.stubborn(ctx, "take records", func() (err error) {
			held, err := cfg.Inbox.TakeRecords(ctx, cfg.Partner, r.Epoch, r.Items)
			if err == nil {
				c.held = held
			}
			return err
		}); err != nil {
			return c.overQuota(err)
		}
		c.received(func(st *Status) { st.Received += uint64(len(r.Items)) })
	}
	c.checkpoint = r.Checkpoint
	c.clock(r.Checkpoint)
	if wait := time.Until(c.rest); wait > 0 {
		c.due.Reset(wait)
		return nil
	}
	return c.receipt(ctx)
}

// received tells of a commit to the inbox.
func (c *committer) received(count func(st *Status)) {
	c.link.stored()
	c.link.clear(ProblemQuota)
	c.link.update(count)
	if c.link.cfg.OnReceived != nil {
		c.link.cfg.OnReceived(c.link.cfg.Partner)
	}
}

// receipt compares the partner's checkpoint with what we hold and cosigns it.
func (c *committer) receipt(ctx context.Context) error {
	if c.checkpoint == nil {
		return nil
	}
	cfg, began := &c.link.cfg, time.Now()
	cosigned, err := journal.Cosign(c.checkpoint, c.keys.receipts.theirs, c.held, c.keys.receipts.signer)
	switch {
	case errors.Is(err, journal.ErrRoot):
		return &haltError{problem: ProblemRoot, reason: StopJournal}
	case err != nil:
		return &haltError{problem: ProblemSignature, reason: StopJournal}
	}
	if err := c.stubborn(ctx, "keep checkpoint", func() error {
		return cfg.Inbox.Checkpoint(ctx, cfg.Partner, c.held.Size, cosigned)
	}); err != nil {
		return err
	}
	c.checkpoint = nil
	took := time.Since(began)
	c.rest = time.Now().Add(min(restFactor*took, restMax))
	c.mu.Lock()
	c.ack = &Ack{Size: c.held.Size, Cosigned: cosigned}
	c.mu.Unlock()
	c.wake()
	return nil
}

// states puts a batch together and commits it when it is complete.
func (c *committer) states(ctx context.Context, p *States) error {
	cfg := &c.link.cfg
	if c.full {
		c.link.refuse(RefusedQuota)
		return nil
	}
	if c.batch.N != 0 && c.batch.N != p.N || len(c.batch.Items)+len(p.Items) > MaxStates {
		return errOrder
	}
	c.batch.N = p.N
	c.batch.Items = append(c.batch.Items, p.Items...)
	if !p.Last {
		return nil
	}
	b := c.batch
	c.batch = record.Batch{}
	if err := c.stubborn(ctx, "take states", func() error {
		return cfg.Inbox.TakeStates(ctx, cfg.Partner, &b)
	}); err != nil {
		return c.overQuota(err)
	}
	c.received(func(st *Status) { st.Batches++ })
	c.mu.Lock()
	c.statesAck = &StatesAck{N: b.N}
	c.mu.Unlock()
	c.wake()
	return nil
}

// acknowledgements notes what the partner has of ours.
func (c *committer) acknowledgements(ctx context.Context) error {
	c.mu.Lock()
	ack, batch, roll, rolled := c.gotAck, c.gotStates, c.gotRoll, c.gotRolled
	attest, attested := c.gotAttest, c.gotAttested
	c.gotAck, c.gotStates, c.gotRoll, c.gotRolled = nil, 0, nil, 0
	c.gotAttested = nil
	c.mu.Unlock()
	cfg := &c.link.cfg
	if err := c.rolls(roll, rolled); err != nil {
		return err
	}
	if ack != nil {
		if err := c.acknowledged(ctx, ack); err != nil {
			return err
		}
	}
	if batch != 0 {
		if err := c.stubborn(ctx, "note acknowledged states", func() error {
			return cfg.Outbox.StatesAcknowledged(ctx, cfg.Partner, batch)
		}); err != nil {
			return err
		}
		c.mu.Lock()
		c.inFlight = 0
		c.mu.Unlock()
	}
	if err := c.attestations(ctx, attest, attested); err != nil {
		return err
	}
	c.link.stored()
	c.wake()
	return nil
}

// acknowledged checks and keeps the partner's receipt.
func (c *committer) acknowledged(ctx context.Context, a *Ack) error {
	cfg := &c.link.cfg
	cp, err := journal.OpenCosigned(a.Cosigned, c.keys.receipts.own, c.keys.receipts.theirs)
	if err != nil {
		return &haltError{problem: ProblemSignature, reason: StopJournal}
	}
	if cp.Size != a.Size || !c.wasSigned(cp.LogState) {
		return errOrder // an old receipt, or of another session: it proves nothing new
	}
	if err := c.stubborn(ctx, "note receipt", func() error {
		return cfg.Outbox.Acknowledged(ctx, cfg.Partner, a.Size, a.Cosigned)
	}); err != nil {
		return err
	}
	c.mu.Lock()
	c.receipted = max(c.receipted, a.Size)
	c.attestDue = true
	c.mu.Unlock()
	return nil
}

// wasSigned reports whether we sent a checkpoint of that state in this session
// and its receipt is outstanding; those up to it are so no longer.
func (c *committer) wasSigned(state LogState) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, s := range c.signed {
		if s == state {
			c.signed = c.signed[i+1:]
			return true
		}
	}
	return false
}

// nextEpoch ends the log that we hold and begins the partner's next, if its
// first record quotes what we have cosigned of the old one and a person agrees.
func (c *committer) nextEpoch(ctx context.Context, r *Records) error {
	quote, err := journal.ReadSuccession(&r.Items[0])
	if err != nil {
		return errOrder
	}
	cfg := &c.link.cfg
	err = c.stubborn(ctx, "begin the partner's new epoch", func() (err error) {
		held, err := cfg.Inbox.NextEpoch(ctx, cfg.Partner, r.Epoch, quote)
		if err == nil {
			c.held = held
		}
		return err
	})
	switch {
	case errors.Is(err, ErrNotAgreed):
		return &haltError{problem: ProblemReopen, reason: StopJournal}
	case errors.Is(err, journal.ErrRoot):
		return &haltError{problem: ProblemRoot, reason: StopJournal}
	}
	return err
}

// overQuota takes no more of the partner's lanes when its share of the day is
// used up: what it sends stays in its outbox, and nothing is lost. Our own lanes
// and the signs of life go on. Any other error is returned.
func (c *committer) overQuota(err error) error {
	if !errors.Is(err, ErrQuota) {
		return err
	}
	c.full, c.checkpoint = true, nil
	c.link.refuse(RefusedQuota)
	c.link.problem(ProblemQuota)
	return nil
}

// room ends the session when the partner has a share again, so that the next one
// begins with what was not taken.
func (c *committer) room(ctx context.Context) error {
	if !c.full {
		return nil
	}
	cfg := &c.link.cfg
	ok, err := cfg.Inbox.Room(ctx, cfg.Partner)
	if err != nil || !ok {
		return nil //nolint:nilerr // looked at again soon
	}
	c.link.clear(ProblemQuota)
	return errAgain
}

// maxClock is how far the partner's clock may be from ours before a person is
// told. The journal's times and the slots of release rest on both.
const maxClock = time.Minute

// clock compares the time of a checkpoint with ours. It is a claim: it is shown,
// and changes nothing else.
func (c *committer) clock(signed []byte) {
	cp, err := journal.Unverified(signed)
	if err != nil {
		return // receipt says what is wrong
	}
	ahead := cp.Time.Sub(c.link.cfg.Now())
	c.link.update(func(st *Status) { st.Clock, st.HasClock = ahead, true })
	if ahead.Abs() > maxClock {
		c.link.problem(ProblemClock)
		return
	}
	c.link.clear(ProblemClock)
}
