// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// TestGroupOfOwnInterface looks at the socket's option: two interfaces with the
// same group can't be had on loopback.
func TestGroupOfOwnInterface(t *testing.T) {
	for _, c := range []struct {
		group         string
		level, option int
	}{
		{"239.2.3.1", unix.IPPROTO_IP, unix.IP_MULTICAST_ALL},
		{"ff01::2:3", unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL},
	} {
		conn, err := join(&net.UDPAddr{IP: net.ParseIP(c.group)}, "lo")
		if err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skipf("join %s on loopback: %v", c.group, err)
		}
		raw, err := conn.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var all int
		var got error
		err = raw.Control(func(fd uintptr) { all, got = unix.GetsockoptInt(int(fd), c.level, c.option) }) //nolint:gosec // a descriptor
		if err != nil || got != nil || all != 0 {
			t.Errorf("%s: takes what others joined = %d, %v, %v", c.group, all, err, got)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}
