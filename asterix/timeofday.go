// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package asterix

import (
	"math"
	"time"
)

const day = 24 * time.Hour

// leapDaySeconds bounds the time of day: 86,400 s and one leap second.
const leapDaySeconds = 86401

// TimeOfDay turns seconds since UTC midnight into the instant closest to the
// time of receipt, so that a report of 23:59:59 that arrives after midnight
// belongs to the day before. A sender's clock may be wrong by less than 12 h.
// It returns the zero Time when seconds is no time of day.
func TimeOfDay(received time.Time, seconds float64) time.Time {
	if !(seconds >= 0 && seconds < leapDaySeconds) { // also refuses NaN
		return time.Time{}
	}
	received = received.UTC()
	y, m, d := received.Date()
	t := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Add(time.Duration(math.Round(seconds * 1e9)))
	switch diff := t.Sub(received); {
	case diff > day/2:
		return t.Add(-day)
	case diff < -day/2:
		return t.Add(day)
	}
	return t
}

// truncatedSeconds is when a time of day of 16 bits, 1/128 s each, starts anew
// (I001/141).
const truncatedSeconds = 512

// TruncatedTimeOfDay turns seconds since UTC midnight modulo 512, as category 001
// sends them, into the instant closest to the time of receipt. A sender's clock
// may be wrong by less than 256 s, and by less in the last, shorter turn of a
// day. It returns the zero Time when seconds is not below 512.
func TruncatedTimeOfDay(received time.Time, seconds float64) time.Time {
	if !(seconds >= 0 && seconds < truncatedSeconds) {
		return time.Time{}
	}
	received = received.UTC()
	y, m, d := received.Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	const turn = truncatedSeconds * time.Second
	part := time.Duration(math.Round(seconds * 1e9))
	k := received.Sub(midnight) / turn
	best, bestDiff := time.Time{}, time.Duration(math.MaxInt64)
	try := func(start time.Time, of time.Duration) {
		if of < 0 || of >= day {
			return
		}
		t := start.Add(of)
		if diff := t.Sub(received).Abs(); diff < bestDiff {
			best, bestDiff = t, diff
		}
	}
	for i := k - 1; i <= k+1; i++ {
		try(midnight, i*turn+part)
	}
	const turns = day / turn // the last one of a day is cut off
	try(midnight.Add(-day), turns*turn+part)
	try(midnight.Add(-day), (turns-1)*turn+part)
	try(midnight.Add(day), part)
	return best
}
