// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !race

// encoding/json keeps its scanners in a sync.Pool, which forgets at random under
// the race detector.

package feed

import (
	"testing"
)

// From the socket's buffer to the plot a record costs no allocation: its octets
// lie with others in a slab, of which some thousand records need one.
func TestRecordAllocatesNothing(t *testing.T) {
	for name, l := range intakes(t) {
		t.Run(name, func(t *testing.T) {
			l.take(t)
			l.got = 0
			n := testing.AllocsPerRun(20, func() { l.take(t) })
			if per := n / float64(l.records); per > 0.02 {
				t.Errorf("%v allocations a record", per)
			}
			if l.got < 21*l.records/2 {
				t.Errorf("%d plots of %d records", l.got, 21*l.records)
			}
		})
	}
}
