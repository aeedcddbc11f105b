// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// lanes is a side whose records are in a real store and whose states are in
// memory: only a policy can make a sealed state.
type lanes struct {
	*stored
	states *linktest.Memory
}

func (l *lanes) States(ctx context.Context, to party.ID, limit int) (*record.Batch, error) {
	return l.states.States(ctx, to, limit)
}

func (l *lanes) StatesAcknowledged(ctx context.Context, to party.ID, n uint64) error {
	return l.states.StatesAcknowledged(ctx, to, n)
}

func (l *lanes) TakeStates(ctx context.Context, from party.ID, b *record.Batch) error {
	return l.states.TakeStates(ctx, from, b)
}

func (l *lanes) LastStates(ctx context.Context, from party.ID) (uint64, error) {
	return l.states.LastStates(ctx, from)
}

// spoke is one link of the hub's, or a partner's.
type spoke struct {
	*lanes
	link *link.Link
}

// hub is one node with many partners, on real stores.
type hub struct {
	t      testing.TB
	keys   *keystore.Store
	store  *stored
	server *link.Server
	addr   string
	spokes map[party.ID]*spoke // the hub's ends
	ends   map[party.ID]*spoke // the partners' ends
	wg     sync.WaitGroup
	ctx    context.Context //nolint:containedctx // the life of the test
}

func newHub(t testing.TB, partners ...party.ID) *hub {
	t.Helper()
	h := &hub{t: t, keys: linktest.Keystore(t), spokes: make(map[party.ID]*spoke), ends: make(map[party.ID]*spoke)}
	ln := listen(t)
	h.addr = ln.Addr().String()
	h.store = openFor(t, h.keys, "jp", partners...)
	h.server = link.NewServer("", h.keys)
	ctx, cancel := context.WithCancel(context.Background())
	h.ctx = ctx
	t.Cleanup(func() {
		cancel()
		h.wg.Wait()
	})
	h.wg.Go(func() {
		if err := h.server.Serve(ctx, ln); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return h
}

// openFor is openStored for a side with several partners.
func openFor(t testing.TB, keys *keystore.Store, self party.ID, partners ...party.ID) *stored {
	t.Helper()
	cfg := store.DefaultConfig()
	cfg.Witness, cfg.OutboxRows, cfg.InboxRows = keys, 1<<30, 1<<30
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "store"), keys, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	return &stored{Store: s, desk: releaseDesk(t, keys, self, partners...)}
}

// join pairs a partner with the hub and runs both ends; the partner dials line,
// or the hub itself where it is empty. A partner of nil keys is the test's own.
func (h *hub) join(id party.ID, line func(target string) string) {
	h.t.Helper()
	keys := linktest.Keystore(h.t)
	pairUp(h.t, h.keys, "jp", keys, id)
	h.spoke(id)
	dial := h.addr
	if line != nil {
		dial = line(h.addr)
	}
	end := &spoke{lanes: &lanes{openFor(h.t, keys, id, "jp"), linktest.NewMemory(1)}}
	end.link = h.run(link.Config{Self: id, Partner: "jp", Dial: dial, Keys: keys, Outbox: end, Inbox: end})
	h.ends[id] = end
}

// spoke makes the hub's end of the link to a partner.
func (h *hub) spoke(id party.ID) {
	s := &spoke{lanes: &lanes{h.store, linktest.NewMemory(1)}}
	s.link = h.run(link.Config{Self: "jp", Partner: id, Keys: h.keys, Outbox: s, Inbox: s})
	h.server.Add(s.link)
	h.spokes[id] = s
}

func (h *hub) run(c link.Config) *link.Link {
	h.t.Helper()
	c.Now, c.Timing = time.Now, link.DefaultTiming()
	c.Timing.Dead, c.Timing.Hello = patience, patience // a busy machine is no dead line
	l, err := link.New(c)
	if err != nil {
		h.t.Fatal(err)
	}
	h.wg.Go(func() {
		if err := l.Run(h.ctx); err != nil {
			h.t.Errorf("run: %v", err)
		}
	})
	return l
}

func pairUp(t testing.TB, ka *keystore.Store, a party.ID, kb *keystore.Store, b party.ID) {
	t.Helper()
	pa, errA := keystore.NewPair()
	pb, errB := keystore.NewPair()
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	linktest.Keep(t, ka, b, pa, pb)
	linktest.Keep(t, kb, a, pb, pa)
}

// TestFivePartnersAtOnce runs a node with five partners over loopback, with real
// stores and both lanes: one has a slow line, one is hostile. The others notice
// neither, nothing is lost, doubled or out of order, and memory stays flat.
func TestFivePartnersAtOnce(t *testing.T) {
	good := []party.ID{"pa", "pb", "pc"}
	h := newHub(t, append(slices.Clone(good), "slow", "tw")...)
	for _, id := range good {
		h.join(id, nil)
	}
	h.join("slow", func(target string) string {
		p := linktest.NewProxy(t, target)
		p.Trickle = 200_000
		return p.Addr()
	})
	foe := linktest.Keystore(t)
	pairUp(t, h.keys, "jp", foe, "tw")
	h.spoke("tw")
	stop := h.molest(foe)

	const rounds, each = 6, 50
	round := func(n int) {
		var wg sync.WaitGroup
		for id, end := range h.ends {
			wg.Go(func() {
				for i := range each / 10 {
					object := record.ID{byte(i + 1)}
					end.put(t, "jp", 10)
					end.states.AddState(object, linktest.Body(uint64(n*each+i), 300))
					h.spokes[id].states.AddState(object, linktest.Body(uint64(n*each+i), 300))
					h.store.put(t, id, 10)
					end.link.Notify()
					h.spokes[id].link.Notify()
				}
			})
		}
		wg.Wait()
		h.quiet(good)
	}
	round(0)
	before := heap()
	for n := range rounds - 1 {
		round(n + 1)
	}
	h.quiet([]party.ID{"slow"})
	grown := heap() - before
	stop()
	t.Logf("%d records each way with each of four, a hostile fifth refused %d times: the heap grew by %d KB",
		rounds*each, h.spokes["tw"].link.Status().Refused, grown/1024)
	if grown > 24<<20 {
		t.Errorf("the heap grew by %d octets", grown)
	}
	h.check(rounds*each, rounds-1)
	if h.spokes["tw"].link.Status().Refused == 0 {
		t.Error("the hostile partner was not noticed")
	}
}

// molest lets the hostile partner do its worst until the function it returns is
// called.
func (h *hub) molest(keys *keystore.Store) (stop func()) {
	ctx, cancel := context.WithCancel(h.ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			f := attack(h.t, keys, &node{addr: h.addr})
			f.hello()
			for range 20 {
				f.send([]byte{0xff})
				f.frame(link.Frame{Ping: &link.Ping{N: 1}})
			}
			f.send(make([]byte, 2*link.MaxFrame))
			f.frame(f.records(5, 9, nil))
			f.close()
			select { // as fast as a caller without manners, not faster than two cores can bear
			case <-time.After(20 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	})
	return func() {
		cancel()
		wg.Wait()
	}
}

func (h *hub) quiet(list []party.ID) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 6*patience)
	defer cancel()
	for _, id := range list {
		for _, l := range []*link.Link{h.ends[id].link, h.spokes[id].link} {
			if err := l.Quiet(ctx); err != nil {
				h.t.Fatalf("%s: %v; status %+v", id, err, l.Status())
			}
		}
	}
}

// check compares what both ends hold.
func (h *hub) check(n, last int) {
	h.t.Helper()
	ctx := context.Background()
	pending, err := h.store.Pending(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	for id, end := range h.ends {
		sent, err1 := h.store.Sent(ctx, id)
		held, err2 := end.Received(ctx, "jp")
		back, err3 := end.Sent(ctx, "jp")
		got, err4 := h.store.Received(ctx, id)
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			h.t.Fatal(err)
		}
		if sent != held || back != got || sent.Size != uint64(n) || back.Size != uint64(n) {
			h.t.Errorf("%s: hub sent %d, held %d; sent back %d, held %d; want %d each, with equal roots", id, sent.Size, held.Size, back.Size, got.Size, n)
		}
		seq := uint64(0)
		for _, x := range pending {
			if x.Partner != id {
				continue
			}
			if seq++; x.Seq != seq {
				h.t.Fatalf("%s: record %d where %d must be", id, x.Seq, seq)
			}
		}
		for _, m := range []*linktest.Memory{end.states, h.spokes[id].states} {
			if got := m.State(record.ID{1}); got == nil || linktest.Number(got) != uint64(last*50) {
				h.t.Errorf("%s: the newest state did not come", id)
			}
		}
		for _, l := range []*link.Link{end.link, h.spokes[id].link} {
			if st := l.Status(); st.Problem != "" || st.Refused != 0 || st.State != link.Up {
				h.t.Errorf("%s: status %+v", id, st)
			}
		}
	}
	rep, err := h.store.Verify(ctx, h.keys)
	if err != nil || !rep.Verified {
		h.t.Errorf("journal of the hub: %+v, %v", rep, err)
	}
}
