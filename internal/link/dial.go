// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"connectrpc.com/connect"
)

// maxAttempts bounds the attempts to connect that are under way at once.
const maxAttempts = 8

// brief is how long a session must last to count as one that worked.
const brief = time.Second

// dialLoop dials whenever there is no session, until ctx ends. Without an
// address it only waits.
func (l *Link) dialLoop(ctx context.Context) {
	if l.cfg.Dial == "" {
		<-ctx.Done()
		return
	}
	fails := 0 // sessions in a row that did not work
	for l.waitToDial(ctx) {
		began := time.Now()
		err := l.dial(ctx)
		switch {
		case errors.Is(err, errBusy), errors.Is(err, errAgain), err == nil, time.Since(began) > brief:
			fails = 0
		default:
			fails++
		}
		pause := l.cfg.Timing.Retry / 4
		if fails > 3 { // the line is there, but the partner does not want us
			pause = min(l.cfg.Timing.RetryLate, l.cfg.Timing.Retry<<min(fails-3, 8))
		}
		if !sleep(ctx, jitter(pause)) {
			return
		}
	}
}

// waitToDial returns true when there is no session and the link is not stopped.
func (l *Link) waitToDial(ctx context.Context) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.halted || l.session != nil {
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		l.mu.Lock()
		if ctx.Err() != nil {
			return false
		}
	}
	return ctx.Err() == nil
}

// jitter keeps two nodes from trying in step.
func jitter(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/2+1) //nolint:gosec // no secret
}

// sleep returns false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// dial connects, opens a session and works it to its end.
func (l *Link) dial(ctx context.Context) error {
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	l.mu.Lock()
	if l.halted || l.session != nil {
		l.mu.Unlock()
		return errBusy
	}
	l.giveUp = giveUp
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		l.giveUp, l.dialling = nil, 0
		l.mu.Unlock()
	}()
	conn, keys, err := l.connect(ctx)
	if err != nil {
		return err
	}
	raw := conn.NetConn()
	defer l.untrack(raw)
	defer raw.Close() //nolint:errcheck // over; tls.Conn.Close would wait for the line
	return l.openDialled(ctx, conn, keys)
}

// openDialled sends our Hello and, when the partner answers with its own, works
// the session.
func (l *Link) openDialled(ctx context.Context, conn *tls.Conn, keys pins) error {
	l.mu.Lock()
	if l.halted || l.session != nil {
		l.mu.Unlock()
		return errBusy
	}
	l.number++
	number := l.number
	l.dialling = number
	l.mu.Unlock()

	raw := conn.NetConn()
	ours, err := l.hello(ctx, number)
	if err != nil {
		return err
	}
	st := openStream(ctx, conn)
	if err := send(st, ours); err != nil {
		return fmt.Errorf("write hello: %w", err)
	}
	f, err := l.receiveHello(st, raw)
	if err != nil {
		return err
	}
	if f.Stop != nil {
		l.mu.Lock()
		l.number = max(l.number, f.Stop.Session)
		l.mu.Unlock()
		if f.Stop.Reason == StopProtocol {
			l.refusedVersion(f.Stop)
		}
		return stopError(f.Stop)
	}
	if f.Hello == nil || f.Hello.Session != number {
		l.refuse(RefusedOrder)
		return errOrder
	}
	version, ok := l.agree(f.Hello)
	if !ok {
		return errors.Join(errRefused, send(st, l.refuseVersion()))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := l.newSession(st, raw, *f.Hello, cancel)
	s.version, s.pins = version, keys
	if !l.admit(s, true) {
		return errBusy
	}
	return s.work(ctx)
}

// openStream starts the remote procedure over a connection that is already
// there.
func openStream(ctx context.Context, conn *tls.Conn) stream {
	unused := make(chan *tls.Conn, 1)
	unused <- conn
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	transport := &http.Transport{
		DialTLSContext: func(context.Context, string, string) (net.Conn, error) {
			select {
			case c := <-unused:
				return c, nil
			default:
				return nil, errors.New("one connection is one session")
			}
		},
		Protocols:          protocols,
		HTTP2:              http2Config(),
		DisableCompression: true,
	}
	client := connect.NewClient[message, message](&http.Client{Transport: transport}, "https://link"+procedure, clientOptions())
	st := client.CallBidiStream(ctx)
	st.RequestHeader().Set("User-Agent", "") // versions are nobody's business
	return st
}

// connect returns a connection to the partner's server. While the line is down
// an attempt may hang, so a new one is begun at every Retry beside those under
// way; the first to succeed is taken.
func (l *Link) connect(ctx context.Context) (*tls.Conn, pins, error) {
	ctx, cancel := context.WithCancel(ctx)
	type result struct {
		conn *tls.Conn
		keys pins
		err  error
	}
	results := make(chan result, maxAttempts) // each attempt has a place: none blocks
	pending := 0
	defer func() {
		cancel()
		for ; pending > 0; pending-- {
			if r := <-results; r.conn != nil {
				l.untrack(r.conn.NetConn())
				_ = r.conn.NetConn().Close() // another was taken
			}
		}
	}()
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-next.C:
			if pending < maxAttempts {
				pending++
				go func() {
					c, keys, err := l.attempt(ctx)
					results <- result{c, keys, err}
				}()
			}
			next.Reset(jitter(l.cfg.Timing.Retry))
		case r := <-results:
			pending--
			if r.err == nil {
				return r.conn, r.keys, nil
			}
			if errors.Is(r.err, errPin) {
				l.problem(ProblemPin)
				return nil, pins{}, r.err // it is not the line
			}
		case <-ctx.Done():
			return nil, pins{}, ctx.Err()
		}
	}
}

// attempt makes one connection within the time for it.
func (l *Link) attempt(ctx context.Context) (conn *tls.Conn, keys pins, err error) {
	config, err := clientTLS(l.cfg.Keys, l.cfg.Partner, func(own, theirs [32]byte) { keys = pins{own, theirs} })
	if err != nil {
		l.problem(ProblemKeys)
		return nil, keys, err
	}
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Timing.Connect)
	defer cancel()
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", l.cfg.Dial)
	if err != nil {
		return nil, keys, fmt.Errorf("connect: %w", err)
	}
	tune(raw)
	if err := l.track(raw); err != nil {
		_ = raw.Close() // err says why
		return nil, keys, err
	}
	conn = tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		l.untrack(raw)
		_ = raw.Close() // err says why
		return nil, keys, fmt.Errorf("connect: %w", err)
	}
	return conn, keys, nil
}
