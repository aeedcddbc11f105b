// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// quick makes a dead line show within a short test.
func quick() link.Timing {
	return link.Timing{
		Ping: 200 * time.Millisecond, Dead: 600 * time.Millisecond, Send: time.Second,
		Connect: 2 * time.Second, Hello: time.Second,
		Retry: 100 * time.Millisecond, RetryLate: 500 * time.Millisecond,
	}
}

// node is one side of a test.
type node struct {
	keys   *keystore.Store
	memory *linktest.Memory
	link   *link.Link
	server *link.Server
	addr   string
	end    func() // stops link and server

	mu       sync.Mutex
	problems []link.Problem
	received chan struct{} // holds one
	told     chan struct{} // a problem came; holds one
}

func (n *node) Problems() []link.Problem {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]link.Problem(nil), n.problems...)
}

// listen opens the node's port, so that its address is known before it runs.
func listen(t testing.TB) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

type sideConfig struct {
	self, partner party.ID
	keys          *keystore.Store
	memory        *linktest.Memory
	dial          string
	listener      net.Listener
	timing        link.Timing
	versions      link.Versions
	linkKeys      link.Keys        // keys when nil
	now           func() time.Time // this machine's when nil
	outbox        link.Outbox      // memory when nil
	inbox         link.Inbox
}

// run starts a node; it stops with the test.
func run(t testing.TB, c sideConfig) *node {
	t.Helper()
	n := &node{
		keys: c.keys, memory: c.memory, addr: c.listener.Addr().String(),
		received: make(chan struct{}, 1), told: make(chan struct{}, 1),
	}
	if c.timing == (link.Timing{}) {
		c.timing = quick()
	}
	if c.outbox == nil {
		c.outbox, c.inbox = c.memory, c.memory
	}
	if c.linkKeys == nil {
		c.linkKeys = c.keys
	}
	if c.now == nil {
		c.now = time.Now
	}
	var err error
	n.link, err = link.New(link.Config{
		Self: c.self, Partner: c.partner, Dial: c.dial, Keys: c.linkKeys, Outbox: c.outbox, Inbox: c.inbox,
		Now: c.now, Timing: c.timing, Versions: c.versions,
		OnReceived: func(party.ID) { set(n.received) },
		OnProblem: func(_ party.ID, p link.Problem) {
			n.mu.Lock()
			n.problems = append(n.problems, p)
			n.mu.Unlock()
			set(n.told)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	n.server = link.NewServer("", c.linkKeys)
	n.server.Add(n.link)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := n.server.Serve(ctx, c.listener); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	wg.Go(func() {
		if err := n.link.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	n.end = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
	})
	t.Cleanup(n.end)
	return n
}

func set(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// twoNodes starts a pair of which the first dials the second through the proxy.
func twoNodes(t testing.TB, delay time.Duration, timing link.Timing) (a, b *node, p *linktest.Proxy) {
	t.Helper()
	ka, kb := linktest.Paired(t, "tw", "jp")
	lb := listen(t)
	p = linktest.NewProxy(t, lb.Addr().String())
	p.Delay = delay
	b = run(t, sideConfig{self: "jp", partner: "tw", keys: kb, memory: linktest.NewMemory(1), listener: lb, timing: timing})
	a = run(t, sideConfig{self: "tw", partner: "jp", keys: ka, memory: linktest.NewMemory(1), listener: listen(t), dial: p.Addr(), timing: timing})
	return a, b, p
}

func waitQuiet(t testing.TB, nodes ...*node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, n := range nodes {
		if err := n.link.Quiet(ctx); err != nil {
			t.Fatalf("%v; status %+v", err, n.link.Status())
		}
	}
}

// eventually waits for what has no event to wait for.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	end := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// checkTaken fails unless n records came, each once and in order.
func checkTaken(t testing.TB, m *linktest.Memory, n int) {
	t.Helper()
	taken := m.Taken()
	if len(taken) != n {
		t.Errorf("%d records came, want %d", len(taken), n)
	}
	for i, b := range taken {
		if got := linktest.Number(b); got != uint64(i)+1 {
			t.Fatalf("record %d is number %d", i+1, got)
		}
	}
	if _, twice, _ := m.Counts(); twice != 0 {
		t.Errorf("%d records came twice", twice)
	}
}

func TestRecordsGoBothWaysInOrderWithReceipts(t *testing.T) {
	a, b, _ := twoNodes(t, 0, quick())
	const n = 3000
	for i := uint64(1); i <= n; i++ {
		a.memory.AddRecord(linktest.Body(i, 200))
		b.memory.AddRecord(linktest.Body(i, 50))
	}
	a.link.Notify()
	b.link.Notify()
	waitQuiet(t, a, b)
	for _, side := range []*node{a, b} {
		checkTaken(t, side.memory, n)
		if _, _, receipted := side.memory.Counts(); receipted != n {
			t.Errorf("receipt up to %d, want %d", receipted, n)
		}
		st := side.link.Status()
		if st.State != link.Up || st.Sent != n || st.Received != n || st.Queued != 0 || st.Refused != 0 || st.Problem != "" || st.LastHeard.IsZero() {
			t.Errorf("status %+v", st)
		}
	}
	eventually(t, "a measured round trip", func() bool { return a.link.Status().RTT > 0 && b.link.Status().RTT > 0 })
}

func TestStatesComeAsNewestInBatches(t *testing.T) {
	a, b, _ := twoNodes(t, 0, quick())
	const objects, rounds = 700, 5
	for round := range uint64(rounds) {
		for o := range objects {
			a.memory.AddState(record.ID{byte(o), byte(o >> 8), 1}, linktest.Body(round*objects+uint64(o), 600))
		}
		a.link.Notify()
	}
	waitQuiet(t, a)
	for o := range objects {
		got := b.memory.State(record.ID{byte(o), byte(o >> 8), 1})
		if got == nil || linktest.Number(got) != (rounds-1)*objects+uint64(o) {
			t.Fatalf("object %d has state %v", o, got)
		}
	}
	if batches, _, _ := b.memory.Counts(); batches < 3 || batches > rounds*3 {
		t.Errorf("%d batches of at most %d for %d objects", batches, link.MaxStates, objects)
	}
}

func TestQuietSaysWhenTheLinkIsStopped(t *testing.T) {
	a, _, p := twoNodes(t, 0, quick())
	p.Cut()
	a.memory.AddRecord(linktest.Body(1, 8))
	a.link.Notify()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := a.link.Quiet(ctx); err == nil || ctx.Err() == nil {
		t.Errorf("Quiet with the line down: %v", err)
	}
	a.link.Stop()
	if err := a.link.Quiet(context.Background()); err != link.ErrStopped { //nolint:errorlint // as documented
		t.Errorf("Quiet of a stopped link: %v", err)
	}
}
