// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

const (
	maxDatagram = 64 << 10
	// socketBytes is what is asked of the system, which may give less; the
	// queue behind it takes bursts that the socket alone would lose.
	socketBytes = 8 << 20
	queueLen    = 1 << 14  // datagrams; full: the newest is dropped and counted
	queueBytes  = 32 << 20 // octets in the queue; full: as above
)

type datagram struct {
	at       int64
	from     netip.AddrPort
	received time.Time
	data     []byte
}

// listen takes in datagrams until the socket fails or ctx ends. One goroutine
// empties the socket, this one sends on and may have to wait.
func (f *Feed) listen(ctx context.Context) error {
	addr, err := net.ResolveUDPAddr("udp", f.cfg.Addr)
	if err != nil {
		return fmt.Errorf("resolve address: %w", err)
	}
	conn, err := f.socket(addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetReadBuffer(socketBytes); err != nil {
		return fmt.Errorf("enlarge socket buffer: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	f.setUp(true, conn.LocalAddr().String(), "")

	queue := make(chan datagram, queueLen)
	var held atomic.Int64
	failed := make(chan error, 1)
	go func() {
		defer close(queue)
		failed <- f.receive(conn, queue, &held)
	}()
	var received time.Time
	s := &sender{now: func() time.Time { return received }}
	var from netip.AddrPort
	for d := range queue {
		if d.from != from {
			from, s.mark = d.from, time.Time{} // one sender's time is not another's
		}
		f.queued.Add(-1)
		held.Add(-int64(len(d.data)))
		received = d.received
		if !f.datagram(ctx, s, d.at, d.data) {
			cancel() // and empty the queue
		}
	}
	return <-failed
}

// receive empties the socket into the queue until it is closed or fails.
func (f *Feed) receive(conn *net.UDPConn, queue chan<- datagram, held *atomic.Int64) error {
	buf := make([]byte, maxDatagram)
	var kept slab
	var at int64
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return fmt.Errorf("read feed: %w", err)
		}
		came := at
		at += int64(n)
		if held.Load()+int64(n) > queueBytes {
			f.refuse(came, ReasonQueueFull)
			continue
		}
		d := datagram{came, from, f.cfg.Now(), kept.keep(buf[:n])}
		held.Add(int64(n))
		f.queued.Add(1)
		select {
		case queue <- d:
		default:
			f.queued.Add(-1)
			held.Add(-int64(n))
			f.refuse(d.at, ReasonQueueFull)
		}
	}
}

// socket listens on an address, or joins the group that it is.
func (f *Feed) socket(addr *net.UDPAddr) (*net.UDPConn, error) {
	if f.transport != Multicast {
		return net.ListenUDP("udp", addr)
	}
	return join(addr, f.cfg.Interface)
}
