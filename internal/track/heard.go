// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track

import (
	"cmp"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

const (
	heardFor = 10 * time.Minute
	maxHeard = 5000
)

// heardTable keeps aircraft that told no position yet.
type heardTable struct {
	byAddress map[uint32]*Heard
	checked   time.Time
}

func newHeardTable() heardTable { return heardTable{byAddress: make(map[uint32]*Heard)} }

func (h *heardTable) hear(p *plot.Plot) {
	if p.Has&plot.HasAddress == 0 || !usableAddress(p) {
		return
	}
	e := h.byAddress[p.Address]
	if e == nil {
		if len(h.byAddress) >= maxHeard {
			return
		}
		e = &Heard{Address: p.Address, FirstSeen: p.Time, Exercise: p.Exercise}
		h.byAddress[p.Address] = e
	}
	e.Plots++
	if p.Time.After(e.Time) {
		e.Time = p.Time
	}
	if p.Has&plot.HasModeA != 0 {
		e.HasModeA, e.ModeA = true, p.ModeA
	}
	if usableCallsign(p) {
		e.Callsign = p.Callsign
	}
	if p.Has&plot.HasHeight != 0 {
		e.HasHeight, e.Height = true, p.Height
	}
}

// forget takes out an aircraft that has a track now.
func (h *heardTable) forget(p *plot.Plot) {
	if p.Has&plot.HasAddress != 0 {
		delete(h.byAddress, p.Address)
	}
}

func (h *heardTable) expire(now time.Time) {
	if now.Sub(h.checked) < 10*time.Second {
		return
	}
	h.checked = now
	for address, e := range h.byAddress {
		if now.Sub(e.Time) > heardFor {
			delete(h.byAddress, address)
		}
	}
}

func (h *heardTable) all(dst []Heard) []Heard {
	base := len(dst)
	for _, e := range h.byAddress {
		dst = append(dst, *e)
	}
	slices.SortFunc(dst[base:], func(a, b Heard) int { return cmp.Compare(a.Address, b.Address) })
	return dst
}
