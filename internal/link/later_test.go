// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// shutOutbox loses the acknowledgement of states while it is shut, as a node
// does that dies then, and does not show any.
type shutOutbox struct {
	*linktest.Memory

	mu    sync.Mutex
	shut  bool
	asked bool          // for states, while shut
	tried chan struct{} // holds one: an acknowledgement was lost
}

func (o *shutOutbox) States(ctx context.Context, to party.ID, limit int) (*record.Batch, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.shut {
		o.asked = true
		return nil, link.ErrLater
	}
	return o.Memory.States(ctx, to, limit)
}

func (o *shutOutbox) StatesAcknowledged(ctx context.Context, to party.ID, n uint64) error {
	o.mu.Lock()
	lost := o.tried != nil
	tried := o.tried
	o.mu.Unlock()
	if lost {
		set(tried)
		return errors.New("lost in a crash")
	}
	return o.Memory.StatesAcknowledged(ctx, to, n)
}

func (o *shutOutbox) change(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f()
}

// TestABatchWhoseAcknowledgementWasLostIsNoLogBehind opens a session while the
// outbox may not show what the partner already holds.
func TestABatchWhoseAcknowledgementWasLostIsNoLogBehind(t *testing.T) {
	ka, kb := linktest.Paired(t, "tw", "jp")
	lb := listen(t)
	p := linktest.NewProxy(t, lb.Addr().String())
	out := &shutOutbox{Memory: linktest.NewMemory(1), tried: make(chan struct{}, 1)}
	b := run(t, sideConfig{self: "jp", partner: "tw", keys: kb, memory: linktest.NewMemory(1), listener: lb})
	a := run(t, sideConfig{self: "tw", partner: "jp", keys: ka, memory: out.Memory, listener: listen(t), dial: p.Addr(), outbox: out, inbox: out.Memory})
	id := record.ID{1}
	out.AddState(id, linktest.Body(1, 100))
	a.link.Notify()
	<-out.tried // jp has the batch
	p.Cut()
	eventually(t, "the session's end", func() bool { return a.link.Status().State != link.Up })
	out.change(func() { out.shut, out.tried = true, nil })
	p.Heal()
	eventually(t, "a question for states", func() bool {
		out.mu.Lock()
		defer out.mu.Unlock()
		return out.asked
	})
	out.AddState(id, linktest.Body(2, 100))
	out.change(func() { out.shut = false })
	a.link.Notify()
	waitQuiet(t, a)
	if list := a.Problems(); len(list) > 0 && list[len(list)-1] == link.ProblemLogBehind || a.link.Status().State != link.Up {
		t.Errorf("problems %v, status %+v", list, a.link.Status())
	}
	if got := b.memory.State(id); got == nil || linktest.Number(got) != 2 {
		t.Errorf("jp holds %v, want the second state", got)
	}
}
