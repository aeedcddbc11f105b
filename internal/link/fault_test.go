// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// load puts records and states into both outboxes at a rate until stop is
// called, which returns how many records each has.
func load(perSecond int, nodes ...*node) (stop func() int) {
	ctx, cancel := context.WithCancel(context.Background())
	count := 0
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(perSecond))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			count++
			for _, n := range nodes {
				n.memory.AddRecord(linktest.Body(uint64(count), 200))
				n.memory.AddState(record.ID{byte(count)}, linktest.Body(uint64(count), 100))
				n.link.Notify()
			}
		}
	})
	return func() int {
		cancel()
		wg.Wait()
		return count
	}
}

// TestFaults cuts and black-holes the line under load. KUROSHIO_SOAK=1 makes it
// the 30 seconds that the design asks for, with the times of a live node.
func TestFaults(t *testing.T) {
	fault, timing, within := 1200*time.Millisecond, quick(), 5*time.Second
	soak := os.Getenv("KUROSHIO_SOAK") != ""
	if soak {
		fault, timing, within = 30*time.Second, link.DefaultTiming(), time.Second
	}
	for name, hurt := range map[string]func(p *linktest.Proxy){
		"cut":        (*linktest.Proxy).Cut,
		"black hole": (*linktest.Proxy).BlackHole,
	} {
		t.Run(name, func(t *testing.T) {
			a, b, p := twoNodes(t, 10*time.Millisecond, timing)
			stop := load(500, a, b)
			eventually(t, "the first records", func() bool { return len(a.memory.Taken()) > 100 && len(b.memory.Taken()) > 100 })
			hurt(p)
			<-time.After(fault)
			n := stop()
			down := a.link.Status()
			began := time.Now()
			p.Heal()
			waitQuiet(t, a, b)
			took := time.Since(began)
			t.Logf("%s of %v under 500 records/s each way: %d records each way, caught up after %v", name, fault, n, took.Round(time.Millisecond))
			if down.State != link.Down {
				t.Errorf("state %q during the fault", down.State)
			}
			if took > within {
				t.Errorf("caught up after %v, want at most %v", took, within)
			}
			for _, side := range []*node{a, b} {
				checkTaken(t, side.memory, n)
				if got := side.memory.State(record.ID{byte(n)}); got == nil || linktest.Number(got) != uint64(n) {
					t.Errorf("the newest state did not come: %v", got)
				}
				if p := side.Problems(); len(p) != 0 {
					t.Errorf("problems %v", p)
				}
			}
		})
	}
}

func TestABadLineIsOnlySlow(t *testing.T) {
	ka, kb := linktest.Paired(t, "tw", "jp")
	lb := listen(t)
	p := linktest.NewProxy(t, lb.Addr().String())
	p.Trickle = 40_000
	b := run(t, sideConfig{self: "jp", partner: "tw", keys: kb, memory: linktest.NewMemory(1), listener: lb, timing: link.DefaultTiming()})
	a := run(t, sideConfig{self: "tw", partner: "jp", keys: ka, memory: linktest.NewMemory(1), listener: listen(t), dial: p.Addr(), timing: link.DefaultTiming()})
	for i := range uint64(100) {
		a.memory.AddRecord(linktest.Body(i+1, 200))
	}
	a.link.Notify()
	waitQuiet(t, a)
	checkTaken(t, b.memory, 100)
}

func TestEitherSideMayDialAndBothAtOnceIsOneSession(t *testing.T) {
	for name, dials := range map[string][2]bool{"lower": {true, false}, "higher": {false, true}, "both": {true, true}} {
		t.Run(name, func(t *testing.T) {
			ka, kb := linktest.Paired(t, "jp", "tw")
			la, lb := listen(t), listen(t)
			ca := sideConfig{self: "jp", partner: "tw", keys: ka, memory: linktest.NewMemory(1), listener: la}
			cb := sideConfig{self: "tw", partner: "jp", keys: kb, memory: linktest.NewMemory(1), listener: lb}
			if dials[0] {
				ca.dial = lb.Addr().String()
			}
			if dials[1] {
				cb.dial = la.Addr().String()
			}
			a, b := run(t, ca), run(t, cb)
			const rounds, each = 20, 25
			for i := uint64(1); i <= rounds*each; i++ {
				a.memory.AddRecord(linktest.Body(i, 20))
				b.memory.AddRecord(linktest.Body(i, 20))
				a.link.Notify()
				b.link.Notify()
				if i%each == 0 {
					waitQuiet(t, a, b)
				}
			}
			checkTaken(t, a.memory, rounds*each)
			checkTaken(t, b.memory, rounds*each)
			if a.link.Status().State != link.Up || b.link.Status().State != link.Up {
				t.Errorf("states %v and %v", a.link.Status().State, b.link.Status().State)
			}
		})
	}
}

func TestARestartedNodeTakesOverItsOldSession(t *testing.T) {
	ka, kb := linktest.Paired(t, "tw", "jp")
	lb := listen(t)
	p := linktest.NewProxy(t, lb.Addr().String())
	timing := quick()
	timing.Ping, timing.Dead = time.Hour, 2*time.Hour // the old session would seem alive for ever
	b := run(t, sideConfig{self: "jp", partner: "tw", keys: kb, memory: linktest.NewMemory(1), listener: lb, timing: timing})
	memory := linktest.NewMemory(1)
	cfg := sideConfig{self: "tw", partner: "jp", keys: ka, memory: memory, listener: listen(t), dial: p.Addr(), timing: timing}
	for i := uint64(1); i <= 4; i++ {
		memory.AddRecord(linktest.Body(i, 20))
		a := run(t, cfg)
		waitQuiet(t, a)
		p.BlackHole() // the end of a does not reach b
		a.end()
		p = linktest.NewProxy(t, b.addr)
		cfg.dial, cfg.listener = p.Addr(), listen(t)
	}
	checkTaken(t, b.memory, 4)
}

func TestStopIsSilentAtOnceUntilResume(t *testing.T) {
	a, b, p := twoNodes(t, 0, quick())
	stop := load(2000, a)
	eventually(t, "the first records", func() bool { return len(b.memory.Taken()) > 200 })
	before := time.Now()
	a.link.Stop()
	returned := time.Since(before)
	eventually(t, "100 ms", func() bool { return time.Since(before) > 100*time.Millisecond })
	octets, taken := p.ToTarget().Octets(), len(b.memory.Taken())
	<-time.After(500 * time.Millisecond)
	if more := p.ToTarget().Octets() - octets; more != 0 {
		t.Errorf("%d octets left later than 100 ms after the stop", more)
	}
	if p.ToTarget().Resets() == 0 {
		t.Error("the connection was closed, not reset: what the kernel held could still leave")
	}
	last := p.ToTarget().Last().Sub(before)
	t.Logf("Stop returned after %v; the last octet left %v after it was called", returned.Round(time.Microsecond), last.Round(time.Microsecond))
	if got := len(b.memory.Taken()); got != taken {
		t.Errorf("%d more records came", got-taken)
	}
	if s := a.link.Status().State; s != link.Stopped {
		t.Errorf("state %q", s)
	}
	n := stop()
	a.link.Resume()
	waitQuiet(t, a)
	checkTaken(t, b.memory, n)
}

// A stopped node's server gives a partner that dials nothing but a refusal.
func TestAStoppedNodeRefusesItsPartner(t *testing.T) {
	a, b, _ := twoNodes(t, 0, quick())
	a.memory.AddRecord(linktest.Body(1, 20))
	a.link.Notify()
	waitQuiet(t, a)
	b.link.Stop()
	eventually(t, "the partner's attempts", func() bool { return b.server.Refused() > 2 })
	b.memory.AddRecord(linktest.Body(1, 20))
	b.link.Notify()
	if len(a.memory.Taken()) != 0 {
		t.Error("a record left a stopped node")
	}
	if st := a.link.Status(); st.State != link.Down || st.Problem != "" {
		t.Errorf("status of the partner %+v", st)
	}
	b.link.Resume()
	waitQuiet(t, b)
	checkTaken(t, a.memory, 1)
}

func TestANodeStartedStoppedStaysSo(t *testing.T) {
	ka, kb := linktest.Paired(t, "tw", "jp")
	_ = kb
	m := linktest.NewMemory(1)
	l, err := link.New(link.Config{Self: "tw", Partner: "jp", Dial: "127.0.0.1:1", Keys: ka, Outbox: m, Inbox: m, Now: time.Now, Timing: quick(), Stopped: true})
	if err != nil {
		t.Fatal(err)
	}
	if s := l.Status().State; s != link.Stopped {
		t.Errorf("state %q", s)
	}
	l.Resume()
	if s := l.Status().State; s != link.Down {
		t.Errorf("state %q after Resume", s)
	}
}

func TestAnUnpairedPartnerCannotComeBack(t *testing.T) {
	a, b, _ := twoNodes(t, 0, quick())
	a.memory.AddRecord(linktest.Body(1, 20))
	a.link.Notify()
	waitQuiet(t, a)
	if err := b.link.Unpair(); err != nil {
		t.Fatal(err)
	}
	refused := b.server.Refused()
	eventually(t, "refused attempts", func() bool { return b.server.Refused() > refused+2 })
	b.link.Resume() // even so: the keys are gone
	refused = b.server.Refused()
	a.memory.AddRecord(linktest.Body(2, 20))
	a.link.Notify()
	eventually(t, "refused attempts", func() bool { return b.server.Refused() > refused+2 })
	checkTaken(t, b.memory, 1)
	if _, ok := b.keys.Pin("tw"); ok {
		t.Error("the pin is still there")
	}
}

func TestAStrangerIsRefused(t *testing.T) {
	ka, kb := linktest.Paired(t, "tw", "jp")
	_, stranger := linktest.Paired(t, "jp", "tw")
	lb := listen(t)
	b := run(t, sideConfig{self: "jp", partner: "tw", keys: kb, memory: linktest.NewMemory(1), listener: lb})
	t.Run("that dials with another key", func(t *testing.T) {
		// It knows the name of the server's key, but does not hold the partner's.
		pin, _ := ka.Pin("jp")
		own, err := ka.Peer("jp")
		if err != nil || own.Pin != pin {
			t.Fatal(err)
		}
		s := linktest.Keystore(t)
		linktest.KeepPeer(t, s, "jp", own)
		x := run(t, sideConfig{self: "tw", partner: "jp", keys: s, memory: linktest.NewMemory(1), listener: listen(t), dial: b.addr})
		x.memory.AddRecord(linktest.Body(1, 20))
		x.link.Notify()
		eventually(t, "refusals", func() bool { return b.server.Refused() > 2 })
		x.end()
	})
	t.Run("that asks for a key that is not there", func(t *testing.T) {
		refused := b.server.Refused()
		x := run(t, sideConfig{self: "tw", partner: "jp", keys: stranger, memory: linktest.NewMemory(1), listener: listen(t), dial: b.addr})
		eventually(t, "refusals", func() bool { return b.server.Refused() > refused+2 })
		x.end()
	})
	if n := len(b.memory.Taken()); n != 0 {
		t.Errorf("%d records of a stranger", n)
	}
	if s := b.link.Status().State; s != link.Down {
		t.Errorf("state %q", s)
	}
}

func TestSomebodyElseAtThePartnersAddressIsFound(t *testing.T) {
	ka, _ := linktest.Paired(t, "tw", "jp")
	impostor := linktest.Impostor(t)
	a := run(t, sideConfig{self: "tw", partner: "jp", keys: ka, memory: linktest.NewMemory(1), listener: listen(t), dial: impostor})
	eventually(t, "the problem", func() bool { return slices.Contains(a.Problems(), link.ProblemPin) })
}

// journalCases are the ways in which the two logs can disagree.
func TestLogsThatDisagreeStopTheLinkAtBothSides(t *testing.T) {
	type sides struct{ a, b *linktest.Memory }
	for name, test := range map[string]struct {
		spoil func(s sides)
		want  link.Problem
	}{
		"sender restored an old backup": {func(s sides) { s.a.Truncate(3) }, link.ProblemLogBehind},
		"sender has another history": {func(s sides) {
			s.a.Truncate(3)
			for i := range uint64(10) {
				s.a.AddRecord(linktest.Body(100+i, 20))
			}
		}, link.ProblemLogDiffers},
	} {
		t.Run(name, func(t *testing.T) {
			ka, kb := linktest.Paired(t, "tw", "jp")
			ma, mb := linktest.NewMemory(1), linktest.NewMemory(1)
			start := func() (a, b *node) {
				lb := listen(t)
				b = run(t, sideConfig{self: "jp", partner: "tw", keys: kb, memory: mb, listener: lb})
				a = run(t, sideConfig{self: "tw", partner: "jp", keys: ka, memory: ma, listener: listen(t), dial: b.addr})
				return a, b
			}
			for i := range uint64(5) {
				ma.AddRecord(linktest.Body(i+1, 20))
			}
			a, b := start()
			waitQuiet(t, a, b)
			a.end()
			b.end()
			test.spoil(sides{ma, mb})
			a, b = start()
			eventually(t, "the problem at both", func() bool { return len(a.Problems()) > 0 && len(b.Problems()) > 0 })
			if got := a.Problems()[0]; got != test.want {
				t.Errorf("problem %q, want %q", got, test.want)
			}
			if got := b.Problems()[0]; got != link.ProblemPartner {
				t.Errorf("problem %q at the partner, want %q", got, link.ProblemPartner)
			}
			for _, n := range []*node{a, b} {
				if s := n.link.Status(); s.State != link.Stopped || s.Problem == "" {
					t.Errorf("status %+v", s)
				}
			}
			checkTaken(t, mb, 5)
		})
	}
}

func TestAFullDiskLosesNothingAndRecovers(t *testing.T) {
	a, b, _ := twoNodes(t, 0, quick())
	stop := load(200, a)
	eventually(t, "the first records", func() bool { return len(b.memory.Taken()) > 20 })
	b.memory.Fail(fmt.Errorf("disk full"))
	eventually(t, "the problem", func() bool { return slices.Contains(b.Problems(), link.ProblemStore) })
	_, _, receipted := a.memory.Counts()
	if held := len(b.memory.Taken()); uint64(held) < receipted {
		t.Errorf("receipt for %d, but %d held", receipted, held)
	}
	n := stop()
	b.memory.Fail(nil)
	waitQuiet(t, a)
	checkTaken(t, b.memory, n)
	eventually(t, "the problem's end", func() bool { return b.link.Status().Problem == "" })
	if s := a.link.Status(); s.Problem != "" {
		t.Errorf("problem %q at the sender", s.Problem)
	}
}
