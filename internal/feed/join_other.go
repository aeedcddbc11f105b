// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package feed

import (
	"errors"
	"net"
)

// join refuses: where a socket can't be bound to the group alone, it would take
// what anybody sends to the port.
func join(*net.UDPAddr, string) (*net.UDPConn, error) {
	return nil, errors.New("multicast is taken on Linux only")
}
