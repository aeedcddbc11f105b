// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais/nmea"
)

// Count is what a [Sender] has sent on one feed.
type Count struct {
	Feed      string
	Emissions uint64
	Frames    uint64 // as Emission.Frames counts them
	Bytes     uint64
}

// Sender puts emissions on sockets: datagrams to the addresses of a node, and
// Beast streams to the node that connects. It is used by one goroutine at a
// time.
type Sender struct {
	feeds map[string]*wire
	order []string
}

// wire is one feed's socket.
type wire struct {
	count Count

	udp *net.UDPConn
	to  *net.UDPAddr

	listener net.Listener
	conn     net.Conn      // the client that is served; owned by the caller of Send
	clients  chan net.Conn // of one: the newest client; an older one is closed
	accept   sync.WaitGroup
}

// OpenSender opens the sockets of the feeds. addrs holds, by feed, where a
// node receives datagrams or, for a Beast stream, where to listen for it; a port
// of 0 takes any, see Addr. A feed without an address is an error.
func OpenSender(feeds []Feed, addrs map[string]string) (*Sender, error) {
	s := &Sender{feeds: make(map[string]*wire)}
	for _, f := range feeds {
		addr, ok := addrs[f.ID]
		if !ok {
			return nil, errors.Join(fmt.Errorf("open feed %s: no address", f.ID), s.Close())
		}
		w, err := openWire(f, addr)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open feed %s: %w", f.ID, err), s.Close())
		}
		s.feeds[f.ID] = w
		s.order = append(s.order, f.ID)
	}
	return s, nil
}

func openWire(f Feed, addr string) (*wire, error) {
	w := &wire{count: Count{Feed: f.ID}}
	if f.Kind != TCPBeast {
		to, err := net.ResolveUDPAddr("udp", addr)
		if err != nil {
			return nil, err
		}
		// Not connected: a node that is not there yet must not fail the write.
		w.to = to
		w.udp, err = net.ListenUDP("udp", &net.UDPAddr{IP: localIP(to.IP)})
		return w, err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	w.listener, w.clients = l, make(chan net.Conn, 1)
	w.accept.Go(w.acceptAll)
	return w, nil
}

// localIP keeps datagrams to loopback on loopback.
func localIP(to net.IP) net.IP {
	if to.IsLoopback() {
		return to
	}
	return nil
}

// acceptAll ends when the listener is closed.
func (w *wire) acceptAll() {
	for {
		c, err := w.listener.Accept()
		if err != nil {
			return
		}
		select {
		case old := <-w.clients:
			old.Close() // never served
		default:
		}
		w.clients <- c // only this goroutine sends, so there is room
	}
}

// Addr returns where a feed's socket is: for a Beast stream where it listens,
// else where the datagrams go. It is "" for an unknown feed.
func (s *Sender) Addr(feed string) string {
	w := s.feeds[feed]
	switch {
	case w == nil:
		return ""
	case w.listener != nil:
		return w.listener.Addr().String()
	}
	return w.to.String()
}

// Connected waits until a client of a Beast stream is there; other feeds need
// none.
func (s *Sender) Connected(ctx context.Context, feed string) error {
	w := s.feeds[feed]
	if w == nil {
		return fmt.Errorf("feed %s is not open", feed)
	}
	if w.listener == nil {
		return nil
	}
	return w.client(ctx)
}

// Send sends one emission. A Beast stream waits for its client: nothing is
// dropped for want of one. When the client breaks off, Send waits for the next
// and sends the emission to it from its beginning; what the old one had not
// read is lost, see [Emission.After] for sending it again.
func (s *Sender) Send(ctx context.Context, e Emission) error {
	w := s.feeds[e.Feed]
	if w == nil {
		return fmt.Errorf("send: feed %s is not open", e.Feed)
	}
	if len(e.Bytes) == 0 {
		return nil
	}
	var err error
	if w.listener != nil {
		err = w.stream(ctx, e.Bytes)
	} else {
		_, err = w.udp.WriteToUDP(e.Bytes, w.to)
	}
	if err != nil {
		return fmt.Errorf("send on feed %s: %w", e.Feed, err)
	}
	w.count.Emissions++
	w.count.Frames += uint64(e.Frames)
	w.count.Bytes += uint64(len(e.Bytes))
	return nil
}

// client makes w.conn the newest client, and waits for one when there is none.
func (w *wire) client(ctx context.Context) error {
	select {
	case c := <-w.clients:
		w.drop()
		w.conn = c
		return nil
	default:
	}
	if w.conn != nil {
		return nil
	}
	select {
	case w.conn = <-w.clients:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *wire) drop() {
	if w.conn != nil {
		w.conn.Close() // a client that is gone; nothing to tell
		w.conn = nil
	}
}

func (w *wire) stream(ctx context.Context, b []byte) error {
	for {
		if err := w.client(ctx); err != nil {
			return err
		}
		conn := w.conn
		stop := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
		_, err := conn.Write(b)
		stop()
		if err == nil {
			return nil
		}
		w.drop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// Counts returns what was sent, in the order of the feeds.
func (s *Sender) Counts() []Count {
	out := make([]Count, 0, len(s.order))
	for _, id := range s.order {
		out = append(out, s.feeds[id].count)
	}
	return out
}

// Close closes all sockets.
func (s *Sender) Close() error {
	var errs []error
	for _, id := range s.order {
		w := s.feeds[id]
		if w.udp != nil {
			errs = append(errs, w.udp.Close())
			continue
		}
		errs = append(errs, w.listener.Close())
		w.accept.Wait()
		select {
		case c := <-w.clients:
			c.Close() // never served
		default:
		}
		w.drop()
	}
	return errors.Join(errs...)
}

// After returns what is left of an emission whose first frames were received,
// so that a conductor can send again what a node that was killed has not kept:
// the same scenario opened anew gives the same emissions.
func (e Emission) After(frames int) Emission {
	if frames <= 0 {
		return e
	}
	if frames >= e.Frames {
		e.Bytes, e.Frames = nil, 0
		return e
	}
	for range frames { // only NMEA has several in one emission
		_, e.Bytes = nmea.Next(e.Bytes)
		e.Frames--
	}
	return e
}
