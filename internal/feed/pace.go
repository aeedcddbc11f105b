// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"math"
	"time"
)

// paceOver is the time over which a pace is a mean: what is older counts less
// and less.
const paceOver = time.Minute

// pace is how many frames come in a second.
type pace struct {
	level float64 // at the last one
	at    time.Time
}

// add counts one frame.
func (p *pace) add(now time.Time) {
	p.level = p.now(now) + 1/paceOver.Seconds()
	p.at = now
}

// now returns the pace at a time.
func (p *pace) now(now time.Time) float64 {
	since := max(now.Sub(p.at), 0)
	return p.level * math.Exp(-since.Seconds()/paceOver.Seconds())
}
