// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// TestAPortIsOfOneRunAlone asks for every port there is: none is given twice,
// though nobody listens on any, until its run has ended.
func TestAPortIsOfOneRunAlone(t *testing.T) {
	p := ports{given: make(map[int]bool)}
	open := func(string) (io.Closer, error) { return io.NopCloser(nil), nil }
	seen := make(map[int]bool)
	for {
		got, err := p.free(open)
		if err != nil {
			break
		}
		if seen[got.number] {
			t.Fatalf("port %d was given twice", got.number)
		}
		seen[got.number] = true
	}
	if len(seen) < portRange/2 {
		t.Fatalf("ports ran out after %d", len(seen))
	}
	one := firstPort
	for !seen[one] {
		one++
	}
	p.giveBack([]int{one})
	if !p.take(one) {
		t.Errorf("port %d of a run that has ended is not given again", one)
	}
}

// TestAPortInUseIsNotKept looks for a port where all are in use by others.
func TestAPortInUseIsNotKept(t *testing.T) {
	p := ports{given: make(map[int]bool)}
	inUse := errors.New("address in use")
	_, err := p.free(func(string) (io.Closer, error) { return nil, inUse })
	if !errors.Is(err, inUse) || !strings.Contains(err.Error(), "find free port") {
		t.Errorf("no port: %v", err)
	}
	if len(p.given) != 0 {
		t.Errorf("%d ports are kept that nobody got", len(p.given))
	}
}
