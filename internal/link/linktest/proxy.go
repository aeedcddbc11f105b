// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package linktest

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Proxy is a TCP line with faults between a dialler and a target. It can be
// cut, swallow (hold back) everything, delay and trickle.
type Proxy struct {
	ln     net.Listener
	target string
	wg     sync.WaitGroup

	// Delay is added to each direction; Trickle, when positive, is the number of
	// octets per second of each direction. Set both before the first connection.
	Delay   time.Duration
	Trickle int

	toTarget, toDialler Flow

	mu    sync.Mutex
	cut   bool
	hole  chan struct{} // non-nil while something is held back; closed to go on
	only  *Flow         // the one direction that is held back; nil: both
	conns map[net.Conn]struct{}
}

// Flow counts what passed in one direction.
type Flow struct {
	octets atomic.Int64
	last   atomic.Int64 // Unix nanoseconds
	resets atomic.Int64
}

// Octets returns how many octets came in.
func (f *Flow) Octets() int64 { return f.octets.Load() }

// Last returns when the last of them came in.
func (f *Flow) Last() time.Time { return time.Unix(0, f.last.Load()) }

// Resets returns how many connections were reset rather than closed: what their
// kernel had not sent was thrown away.
func (f *Flow) Resets() int64 { return f.resets.Load() }

func (f *Flow) noteReset(err error) {
	if errors.Is(err, syscall.ECONNRESET) {
		f.resets.Add(1)
	}
}

// NewProxy returns a line to target that is torn down with the test.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{ln: ln, target: target, conns: make(map[net.Conn]struct{})}
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		_ = ln.Close() // accept ends
		p.Cut()
		p.wg.Wait()
	})
	return p
}

// Addr returns where to dial.
func (p *Proxy) Addr() string { return p.ln.Addr().String() }

// ToTarget counts what the dialler sent.
func (p *Proxy) ToTarget() *Flow { return &p.toTarget }

// ToDialler counts what the target sent.
func (p *Proxy) ToDialler() *Flow { return &p.toDialler }

// Cut resets every connection, and each new one, until Heal.
func (p *Proxy) Cut() {
	p.Heal()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for c := range p.conns {
		_ = c.Close() // cut
	}
}

// BlackHole holds back everything, while connections seem to work, until Heal.
// What was connected before goes on then; what connects meanwhile never does.
func (p *Proxy) BlackHole() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.only = nil
	if p.hole == nil {
		p.hole = make(chan struct{})
	}
}

// HoldBack is BlackHole for one direction: the other still works on what was
// connected before.
func (p *Proxy) HoldBack(f *Flow) {
	p.BlackHole()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.only = f
}

// Heal ends Cut, BlackHole and HoldBack.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
	if p.hole != nil {
		close(p.hole)
		p.hole = nil
	}
}

func (p *Proxy) accept() {
	for {
		in, err := p.ln.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.target)
		if err != nil || !p.add(in, out) {
			_ = in.Close() // as a cut line does
			if err == nil {
				_ = out.Close() // likewise
			}
			continue
		}
		if p.holed(nil) != nil {
			continue // what begins in a black hole stays in it: its packets are gone
		}
		p.wg.Go(func() { p.pipe(in, out, &p.toTarget, &p.toDialler) })
		p.wg.Go(func() { p.pipe(out, in, &p.toDialler, &p.toTarget) })
	}
}

func (p *Proxy) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.conns[c] = struct{}{}
	}
	return !p.cut
}

type chunk struct {
	b  []byte
	at time.Time
}

// pipe carries one direction until either end closes.
func (p *Proxy) pipe(from, to net.Conn, flow, back *Flow) {
	chunks := make(chan chunk, 256) // full: the sender waits, as on a real line
	p.wg.Go(func() { p.deliver(chunks, to, flow, back) })
	defer close(chunks)
	for {
		b := make([]byte, 16<<10)
		n, err := from.Read(b)
		if n > 0 {
			flow.octets.Add(int64(n))
			flow.last.Store(time.Now().UnixNano())
			chunks <- chunk{b[:n], time.Now().Add(p.Delay)}
		}
		if err != nil {
			flow.noteReset(err)
			return
		}
	}
}

func (p *Proxy) waitForHeal(f *Flow) {
	if hole := p.holed(f); hole != nil {
		<-hole
	}
}

// holed returns what is closed when the black hole heals, nil when there is
// none for that direction. No direction is either.
func (p *Proxy) holed(f *Flow) chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f != nil && p.only != nil && p.only != f {
		return nil
	}
	return p.hole
}

func (p *Proxy) deliver(chunks <-chan chunk, to net.Conn, flow, back *Flow) {
	var failed error
	for c := range chunks {
		if failed != nil {
			continue // so that the reader is never stuck
		}
		time.Sleep(time.Until(c.at))
		if p.Trickle > 0 {
			time.Sleep(time.Duration(len(c.b)) * time.Second / time.Duration(p.Trickle))
		}
		p.waitForHeal(flow)
		_, failed = to.Write(c.b)
		back.noteReset(failed) // it is told once, to whoever asks first
	}
	p.waitForHeal(flow) // an end is held back too
	if err := to.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return // the other direction closed it
	}
}
