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
