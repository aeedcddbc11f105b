// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

const (
	dialTimeout = 10 * time.Second
	readBytes   = 32 << 10
	// maxSenders bounds who may send to a feed that listens; one more is refused.
	maxSenders = 16
	// idleSender is how long a sender may be silent before its place is given to
	// another, where Config.Stale does not say. It may come again.
	idleSender = 10 * time.Minute
)

// dial connects and reads until the connection or ctx ends.
func (f *Feed) dial(ctx context.Context) error {
	var secure *tls.Config
	if f.transport == TLS {
		secure = f.cfg.TLS
	}
	conn, err := f.connect(ctx, f.cfg.Addr, secure)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { hangUp(conn) })()
	defer hangUp(conn)
	f.setUp(true, "", conn.RemoteAddr().String())
	return f.read(ctx, deadlined{conn, f.cfg.Stale})
}

// hangUp closes a connection at once: of TLS without a farewell, for which a
// peer that does not read would have to be waited for.
func hangUp(conn net.Conn) {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	_ = conn.Close()
}

// connect dials an address that Validate has read, with TLS unless secure is
// nil.
func (f *Feed) connect(ctx context.Context, addr string, secure *tls.Config) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	plain, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("dial feed: %w", err)
	}
	if secure == nil {
		return plain, nil
	}
	cfg := secure.Clone()
	if cfg.ServerName == "" {
		cfg.ServerName, _, _ = net.SplitHostPort(addr)
	}
	conn, err := f.handshake(ctx, tls.Client(plain, cfg))
	if err != nil {
		_ = plain.Close()
	}
	return conn, err
}

// handshake makes a TLS connection ready to read.
func (f *Feed) handshake(ctx context.Context, conn *tls.Conn) (net.Conn, error) {
	within, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if err := conn.HandshakeContext(within); err != nil {
		if ctx.Err() == nil {
			f.refuse(0, ReasonTLS)
		}
		return nil, fmt.Errorf("tls handshake: %w", err)
	}
	return conn, nil
}

// line is what octets come on: a connection, or a serial line.
type line interface {
	io.Reader
	SetReadDeadline(t time.Time) error
}

// deadlined is a line on which something must come within a time.
type deadlined struct {
	line
	within time.Duration // 0: for ever
}

func (c deadlined) Read(b []byte) (int, error) {
	if c.within > 0 {
		if err := c.SetReadDeadline(time.Now().Add(c.within)); err != nil {
			return 0, err
		}
	}
	return c.line.Read(b)
}

// read cuts one sender's stream until it or ctx ends.
func (f *Feed) read(ctx context.Context, r io.Reader) error {
	c := f.cutter(ctx, &sender{now: f.cfg.Now})
	buf := make([]byte, readBytes)
	for {
		n, err := r.Read(buf)
		if err := c.push(buf[:n]); err != nil {
			return err
		}
		switch {
		case errors.Is(err, io.EOF):
			return errors.New("sender closed the connection")
		case err != nil:
			return fmt.Errorf("read feed: %w", err)
		}
	}
}

// serve takes what senders bring until the listener fails or ctx ends.
func (f *Feed) serve(ctx context.Context) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", f.cfg.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer func() { _ = ln.Close() }() // also where ctx goes on: it is listened on again
	ctx, cancel := context.WithCancel(ctx)
	var senders sync.WaitGroup
	defer senders.Wait()
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = ln.Close() })()
	f.setUp(true, ln.Addr().String(), "")
	room := make(chan struct{}, maxSenders)
	for {
		conn, err := ln.Accept()
		if err != nil {
			return fmt.Errorf("accept sender: %w", err)
		}
		select {
		case room <- struct{}{}:
		default:
			f.refuse(0, ReasonSenders)
			_ = conn.Close()
			continue
		}
		senders.Go(func() {
			defer func() { <-room }()
			err := f.receiveFrom(ctx, conn)
			f.log.DebugContext(ctx, "sender gone", "err", err)
		})
	}
}

// receiveFrom reads one sender that came to us.
func (f *Feed) receiveFrom(ctx context.Context, plain net.Conn) error {
	defer context.AfterFunc(ctx, func() { _ = plain.Close() })()
	defer func() { _ = plain.Close() }()
	conn := plain
	if f.transport == TLSServer {
		var err error
		if conn, err = f.handshake(ctx, tls.Server(plain, f.cfg.TLS)); err != nil {
			return err
		}
	}
	f.addSender(1)
	defer f.addSender(-1)
	return f.read(ctx, deadlined{conn, f.idle})
}

func (f *Feed) addSender(n int) {
	f.mu.Lock()
	f.health.Senders += n
	f.mu.Unlock()
}
