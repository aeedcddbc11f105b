// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"time"
)

const (
	rateSlot  = 5 * time.Minute // over which the present rate is counted
	hours     = 7 * 24          // of a week; hour 0 begins on Thursday, as 1970 did, in UTC
	rateShare = 4               // the newest week's share in the mean is one in so many
	// rateWeeks is how many weeks an hour must have been seen before it is usual:
	// of two nobody knows which one was out of the ordinary.
	rateWeeks = 3
	// rateLeast is the least number of frames that must be usual in a slot for it
	// to be judged. Of 50 chance alone leaves 20 % about never (√50 ≈ 7).
	rateLeast = 50
	// rateGap is how long nobody may look at a feed before what was counted is no
	// longer all that came: the node was down.
	rateGap = 2 * time.Minute
)

// rateState is how many frames a feed gives, beside what it gave in the same
// hour of past weeks.
type rateState struct {
	Looked time.Time `json:"looked,omitzero"`
	Slot   span      `json:"slot"`
	Hour   span      `json:"hour"`
	// Recent is what came in the last slot that was seen whole; nil for none.
	Recent *uint64   `json:"recent,omitempty"`
	Mean   []float64 `json:"mean,omitempty"`  // frames in an hour, by hour of the week; nil before the first
	Weeks  []uint8   `json:"weeks,omitempty"` // how many made it, up to rateWeeks
}

// span is a piece of time that is being counted.
type span struct {
	N     int64  `json:"n"` // since 1970, in units of its length
	Count uint64 `json:"count"`
	Whole bool   `json:"whole"` // seen from its start, with the feed up
}

// next begins the span that holds now and reports whether the one before has
// just ended and was seen whole.
func (s *span) next(now time.Time, length time.Duration, seen bool) (ended bool, count uint64) {
	s.Whole = s.Whole && seen
	n := now.Unix() / int64(length/time.Second)
	if n == s.N {
		return false, 0
	}
	ended, count = s.Whole, s.Count
	*s = span{N: n, Whole: seen}
	return ended, count
}

// look lets time pass for a feed that is up or not.
func (r *rateState) look(now time.Time, up bool) {
	seen := up && !r.Looked.IsZero() && now.Sub(r.Looked) <= rateGap
	r.Looked = now
	slot := r.Slot.N
	if ended, n := r.Slot.next(now, rateSlot, seen); ended {
		r.Recent = &n
	} else if r.Slot.N != slot {
		r.Recent = nil
	}
	hour := r.Hour.N
	if ended, n := r.Hour.next(now, time.Hour, seen); ended {
		r.learn(int(hour%hours), float64(n))
	}
}

func (r *rateState) learn(hour int, frames float64) {
	if r.Mean == nil {
		r.Mean, r.Weeks = make([]float64, hours), make([]uint8, hours)
	}
	if r.Weeks[hour] == 0 {
		r.Mean[hour] = frames
	} else {
		r.Mean[hour] += (frames - r.Mean[hour]) / rateShare
	}
	r.Weeks[hour] = min(r.Weeks[hour]+1, rateWeeks)
}

func (r *rateState) took() {
	r.Slot.Count++
	r.Hour.Count++
}

// rate returns frames a second of the last whole slot; ok is false for none.
func (r *rateState) rate() (perSecond float64, ok bool) {
	if r.Recent == nil {
		return 0, false
	}
	return float64(*r.Recent) / rateSlot.Seconds(), true
}

// usual returns the mean of this hour of past weeks in frames a second; ok is
// false before there are enough of them.
func (r *rateState) usual(now time.Time) (perSecond float64, ok bool) {
	if r.Mean == nil {
		return 0, false
	}
	hour := (now.Unix() / 3600) % hours
	return r.Mean[hour] / time.Hour.Seconds(), r.Weeks[hour] >= rateWeeks
}

// percent returns the rate in percent of the usual one, where that is enough to
// judge by.
func (r *rateState) percent(now time.Time) (pct float64, ok bool) {
	usual, known := r.usual(now)
	rate, counted := r.rate()
	if !known || !counted || usual*rateSlot.Seconds() < rateLeast {
		return 0, false
	}
	return 100 * rate / usual, true
}

// sound reports whether a state can have been made by look and learn.
func (r *rateState) sound() bool {
	return (r.Mean == nil) == (r.Weeks == nil) && (r.Mean == nil || len(r.Mean) == hours && len(r.Weeks) == hours)
}

// clone returns a copy that shares nothing.
func (r *rateState) clone() rateState {
	out := *r
	out.Mean, out.Weeks = slices.Clone(r.Mean), slices.Clone(r.Weeks)
	return out
}
