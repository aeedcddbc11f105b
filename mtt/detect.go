// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import "math"

// A radar does not see equally well everywhere. How likely it gives a plot is
// learnt for each cell of range, azimuth and height, from tracks that it goes on
// seeing: the misses at the end of a track say nothing, since the object may be
// gone.

const (
	pdPrior  = 20.0 // turns that the configured probability counts for
	pdMemory = 100  // turns; older ones fade
	longGap  = 4    // misses that one gap counts for
	mostWait = 1.5  // how much longer a silence is borne where a radar sees less
)

// seen counts a turn in which a radar saw a track, and those before it in which
// it did not.
func (s *sensor) seen(tr *track, index int) {
	if tr.Phase != Confirmed && tr.Phase != Coasting {
		return
	}
	cell := s.cover(tr)
	s.turned(tr, cell, true)
	hits, gaps := &s.state.Hits[cell], &s.state.Gaps[cell]
	*hits++
	if c := tr.contact(index); c != nil {
		*gaps += min(c.Misses, longGap)
	}
	if *hits+*gaps >= pdMemory {
		*hits, *gaps = *hits/2, *gaps/2
	}
}

// missed counts a turn in which a radar did not see a track that it holds.
func (s *sensor) missed(tr *track) {
	if tr.Phase == Confirmed || tr.Phase == Coasting {
		s.turned(tr, s.cover(tr), false)
	}
}

// pd returns how likely the sensor gives a plot of a track at its place.
func (s *sensor) pd(tr *track) float64 {
	if !s.Polar {
		return s.PD
	}
	cell := s.cover(tr)
	hits, gaps := float64(s.state.Hits[cell]), float64(s.state.Gaps[cell])
	return (hits + pdPrior*s.PD) / (hits + gaps + pdPrior)
}

// longer returns how many times as long as elsewhere a silence is borne where
// the sensor sees less than configured: as long as it is as unlikely, within
// limits.
func (s *sensor) longer(tr *track) float64 {
	if !s.Polar {
		return 1
	}
	return math.Max(1, math.Min(mostWait, math.Log(1-s.PD)/math.Log(1-s.pd(tr))))
}
