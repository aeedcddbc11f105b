// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package trial_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/internal/trial"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// Two minutes of S2 as they arrived, up to 2.5 s late, end in the state of the
// same by time.
func TestArrivalEndsInTheStateOfTime(t *testing.T) {
	r := table(t)["S2"][0]
	cfg, all := trial.Read(t, r.meta, r.inputs...)
	begun := all[0].Came / 1e9 * 1e9
	end := begun + 120e9
	all = slices.DeleteFunc(all, func(g trial.Given) bool { return g.Time.UnixNano() > end })
	run := func(arrival bool) (mtt.State, mtt.Stats) {
		tr, err := mtt.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for now := begun; now <= end+5e9; now += 1e9 {
			var batch []mtt.Measurement
			for i := range all {
				at := all[i].Time.UnixNano()
				if arrival {
					at = all[i].Came
				}
				if at > now-1e9 && at <= now || now == begun && at <= now {
					batch = append(batch, all[i].Measurement)
				}
			}
			tr.Observe(batch, nil)
			tr.Advance(time.Unix(0, now), nil)
		}
		s := tr.Snapshot()
		s.Log, s.Given, s.Stats.Log = nil, 0, mtt.LogStats{}
		for i := range s.Tracks {
			s.Tracks[i].Number = 0
		}
		return s, tr.Stats()
	}
	byTime, _ := run(false)
	byArrival, st := run(true)
	if diff := cmp.Diff(byTime, byArrival); diff != "" || len(byTime.Tracks) < 100 || st.Log.Rollbacks < 100 {
		t.Errorf("%d tracks, %+v\n%s", len(byTime.Tracks), st.Log, diff)
	}
	corpustest.Check(t)
}
