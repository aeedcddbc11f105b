// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// TestALineThatIsUpAndCarriesNothingIsFound steps the judge of the counters
// through half an hour, a look each half minute.
func TestALineThatIsUpAndCarriesNothingIsFound(t *testing.T) {
	start := time.Date(2026, 8, 28, 3, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		at   func(minute float64, now time.Time) (up bool, c store.Flow)
		want map[float64]string // from that minute on
	}{
		"all flows": {func(m float64, now time.Time) (bool, store.Flow) {
			n := uint64(m)
			return true, store.Flow{Records: n, TookRecords: n, Batches: n, TookBatches: n, Heard: now}
		}, map[float64]string{0: flowOK}},
		"nothing to send": {func(_ float64, now time.Time) (bool, store.Flow) {
			return true, store.Flow{Records: 7, TookRecords: 7, Heard: now}
		}, map[float64]string{0: flowOK}},
		"its engine is a beat behind": {func(m float64, now time.Time) (bool, store.Flow) {
			n := uint64(m)
			return true, store.Flow{Records: n + 10, TookRecords: n + 9, Heard: now}
		}, map[float64]string{0: flowOK}},
		"its engine gives no sign": {func(m float64, _ time.Time) (bool, store.Flow) {
			return true, store.Flow{Records: uint64(m), Heard: start.Add(-time.Hour)}
		}, map[float64]string{0: flowOK, 3.5: flowSilent}},
		"its engine stops at minute 10": {func(m float64, now time.Time) (bool, store.Flow) {
			if m > 10 {
				now = start.Add(10 * time.Minute)
			}
			n := uint64(min(m, 10))
			return true, store.Flow{Records: uint64(m), TookRecords: n, Heard: now}
		}, map[float64]string{0: flowOK, 13.5: flowSilent}},
		"it takes no record, but gives signs": {func(m float64, now time.Time) (bool, store.Flow) {
			return true, store.Flow{Records: 5, TookRecords: 4, Heard: now}
		}, map[float64]string{0: flowOK, 3.5: flowStuck}},
		"it takes records, but no states": {func(m float64, now time.Time) (bool, store.Flow) {
			n := uint64(m)
			return true, store.Flow{Records: n, TookRecords: n, Batches: n + 1, TookBatches: 0, Heard: now}
		}, map[float64]string{0: flowOK, 3.5: flowStuck}},
		"it was stuck and goes on": {func(m float64, now time.Time) (bool, store.Flow) {
			took := uint64(4)
			if m >= 6 {
				took = 5
			}
			return true, store.Flow{Records: 5, TookRecords: took, Heard: now}
		}, map[float64]string{0: flowOK, 3.5: flowStuck, 6: flowOK}},
		"the line is down": {func(float64, time.Time) (bool, store.Flow) {
			return false, store.Flow{Records: 5}
		}, map[float64]string{0: flowOK}},
		"the line comes back at minute 10": {func(m float64, _ time.Time) (bool, store.Flow) {
			return m >= 10, store.Flow{Records: 5, Heard: start}
		}, map[float64]string{0: flowOK, 13.5: flowSilent}},
		"our log began anew": {func(m float64, now time.Time) (bool, store.Flow) {
			if m < 2 {
				return true, store.Flow{Records: 500, TookRecords: 499, Heard: now}
			}
			return true, store.Flow{Records: 3, TookRecords: 3, Heard: now}
		}, map[float64]string{0: flowOK}},
	} {
		t.Run(name, func(t *testing.T) {
			var f flow
			want := flowOK
			for m := 0.0; m < 30; m += 0.5 {
				now := start.Add(time.Duration(m * float64(time.Minute)))
				if w, ok := test.want[m]; ok {
					want = w
				}
				up, c := test.at(m, now)
				if got := f.look(now, up, c, time.Minute); got != want {
					t.Fatalf("minute %v: %q, want %q", m, got, want)
				}
			}
		})
	}
}
