// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"sync"
)

// Ports are taken from below the range from which systems give connections
// their own end: a port that a node leaves and takes again, when it is started
// anew, must not be in use by then.
const (
	firstPort = 20_000
	portRange = 12_000
	portTries = 200
)

// ports gives each run of this process ports that no other has. That a port is
// free does not say so: between the moment in which it is let go and that in
// which its node listens on it, it is free for all.
type ports struct {
	mu    sync.Mutex
	given map[int]bool
}

var allPorts = ports{given: make(map[int]bool)}

func (p *ports) tcp() (port, error) {
	return p.free(func(addr string) (io.Closer, error) { return net.Listen("tcp", addr) })
}

func (p *ports) udp() (port, error) {
	return p.free(func(addr string) (io.Closer, error) { return net.ListenPacket("udp", addr) })
}

// port is a loopback port that is held until its user is about to listen on it.
type port struct {
	number int
	held   io.Closer
}

func (p port) addr() string { return fmt.Sprintf("127.0.0.1:%d", p.number) }

func (p *ports) free(listen func(addr string) (io.Closer, error)) (port, error) {
	err := errors.New("all are given")
	for range portTries {
		n := firstPort + mathrand.IntN(portRange)
		if !p.take(n) {
			continue
		}
		found := port{number: n}
		if found.held, err = listen(found.addr()); err == nil {
			return found, nil
		}
		p.giveBack([]int{n})
	}
	return port{}, fmt.Errorf("find free port: %w", err)
}

func (p *ports) take(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.given[n] {
		return false
	}
	p.given[n] = true
	return true
}

// giveBack lets others have the ports of a run that has ended.
func (p *ports) giveBack(numbers []int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range numbers {
		delete(p.given, n)
	}
}

// letGo gives held ports to whoever is to listen on them.
func letGo(held *[]io.Closer) error {
	var errs []error
	for _, c := range *held {
		errs = append(errs, c.Close())
	}
	*held = nil
	return errors.Join(errs...)
}
