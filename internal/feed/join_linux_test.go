// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed_test

import (
	"net"
	"slices"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/feed"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
)

// TestMulticast joins a group on loopback.
func TestMulticast(t *testing.T) {
	ifis, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(ifis, func(i net.Interface) bool { return i.Flags&net.FlagLoopback != 0 })
	if i < 0 {
		t.Fatal("there is no loopback")
	}
	r := start(t, feed.Config{Kind: "cot-multicast", Addr: "239.2.3.1:0", Interface: ifis[i].Name}, 0)
	r.wait(true)
	_, port, err := net.SplitHostPort(r.Health().LocalAddr)
	if err != nil {
		t.Fatal(err)
	}
	group, err := net.ResolveUDPAddr("udp4", net.JoinHostPort("239.2.3.1", port))
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, group)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	// What is sent to the port alone is not the group's.
	stray, err := net.Dial("udp4", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stray.Close() }()
	_, _ = stray.Write([]byte("<stray/>")) // may be told that nobody listens
	send(t, c, []byte("<event/>"))
	if f := r.frames(1)[0]; string(f.Data) != "<event/>" || f.Format != frame.CoT {
		t.Errorf("frame = %+v", f)
	}
}
