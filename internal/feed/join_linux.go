// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// join listens to a group on one interface, "" for the system's choice. The
// socket is bound to the group: net.ListenMulticastUDP binds to every address,
// and would take what anybody sends to the port alone. It takes the group from
// that interface only: by default Linux gives each socket what any program here
// has joined, on whatever interface (ip(7), IP_MULTICAST_ALL).
func join(group *net.UDPAddr, name string) (*net.UDPConn, error) {
	index := 0
	if name == "" {
		name = group.Zone
	}
	if name != "" {
		ifi, err := net.InterfaceByName(name)
		if err != nil {
			return nil, err
		}
		index = ifi.Index
	}
	family := unix.AF_INET
	if group.IP.To4() == nil {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	file := os.NewFile(uintptr(fd), "multicast") //nolint:gosec // a descriptor is no negative number
	defer func() { _ = file.Close() }()          // FilePacketConn has its own
	if err := enter(fd, group, index); err != nil {
		return nil, fmt.Errorf("join group: %w", err)
	}
	conn, err := net.FilePacketConn(file)
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}

// enter binds the socket to the group and joins it; others here may as well.
func enter(fd int, group *net.UDPAddr, index int) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	if ip := group.IP.To4(); ip != nil {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0); err != nil {
			return err
		}
		if err := unix.Bind(fd, &unix.SockaddrInet4{Port: group.Port, Addr: [4]byte(ip)}); err != nil {
			return err
		}
		return unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, &unix.IPMreqn{
			Multiaddr: [4]byte(ip), Ifindex: int32(index), //nolint:gosec // an index is small
		})
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL, 0); err != nil {
		return err
	}
	ip, zone := [16]byte(group.IP.To16()), uint32(index) //nolint:gosec // an index is small
	if err := unix.Bind(fd, &unix.SockaddrInet6{Port: group.Port, Addr: ip, ZoneId: zone}); err != nil {
		return err
	}
	return unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, &unix.IPv6Mreq{Multiaddr: ip, Interface: zone})
}
