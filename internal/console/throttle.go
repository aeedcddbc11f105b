// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// Limits of logins that fail. One person at one address is locked soon, an
// address that tries many names later, and a name that is tried from many
// addresses last, so that nobody can lock out an officer from one machine.
const (
	pairTries    = 5
	addressTries = 30
	nameTries    = 100
	triesWindow  = 15 * time.Minute // failures older than the last by this are forgotten
	lockTime     = 5 * time.Minute
	maxTries     = 4096 // entries; the one touched longest ago gives way
)

type tryKey struct{ name, address string }

type tries struct {
	count int
	last  time.Time
	until time.Time // locked until then
}

// throttle counts logins that have not succeeded.
type throttle struct {
	mu sync.Mutex
	m  map[tryKey]*tries
}

func newThrottle() *throttle { return &throttle{m: make(map[tryKey]*tries)} }

func limits(name, address string) map[tryKey]int {
	return map[tryKey]int{{name, address}: pairTries, {"", address}: addressTries, {name, ""}: nameTries}
}

// begin counts an attempt before it is checked, so that attempts at once count
// as well. It returns how long the way is locked; 0 lets the attempt pass.
func (t *throttle) begin(name, address string) time.Duration {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	keys := limits(name, address)
	var wait time.Duration
	for k := range keys {
		if e := t.m[k]; e != nil {
			wait = max(wait, e.until.Sub(now))
		}
	}
	if wait > 0 {
		return wait
	}
	for k, limit := range keys {
		e := t.entry(k, now)
		e.count++
		e.last = now
		if e.count >= limit {
			e.until = now.Add(lockTime)
		}
	}
	return 0
}

// succeeded takes back an attempt. Only the pair is forgiven its earlier ones:
// a person with a login cannot clear the way to try other names.
func (t *throttle) succeeded(name, address string) {
	t.takeBack(name, address)
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.m, tryKey{name, address})
}

// takeBack uncounts an attempt that was not checked.
func (t *throttle) takeBack(name, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, limit := range limits(name, address) {
		e := t.m[k]
		if e == nil {
			continue
		}
		e.count--
		if e.count < limit {
			e.until = time.Time{}
		}
	}
}

func (t *throttle) entry(k tryKey, now time.Time) *tries {
	e := t.m[k]
	if e != nil && now.Sub(e.last) < triesWindow {
		return e
	}
	if e == nil && len(t.m) >= maxTries {
		t.makeRoom(now)
	}
	e = new(tries)
	t.m[k] = e
	return e
}

// makeRoom forgets what no longer counts, and at least one entry.
func (t *throttle) makeRoom(now time.Time) {
	var oldest tryKey
	var last time.Time
	for k, e := range t.m {
		if now.Sub(e.last) >= triesWindow {
			delete(t.m, k)
			continue
		}
		if last.IsZero() || e.last.Before(last) {
			oldest, last = k, e.last
		}
	}
	if len(t.m) >= maxTries {
		delete(t.m, oldest)
	}
}

// addressOf returns whom attempts are counted for: the address, or the /64 of
// an IPv6 address, which one machine may hold whole.
func addressOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
