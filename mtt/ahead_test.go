// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/mtt"
)

// pool runs functions on so many goroutines.
func pool(workers int) func(n int, f func(i int)) {
	return func(n int, f func(i int)) {
		var next atomic.Int64
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
					f(i)
				}
			})
		}
		wg.Wait()
	}
}

// A dense crowd with clutter, one measurement in five late, must give the same
// tracks whoever predicts them.
func TestAnyNumberOfWorkersGivesTheSame(t *testing.T) {
	asked := 0
	backwards := func(n int, f func(i int)) {
		asked += n
		for i := n - 1; i >= 0; i-- {
			f(i)
		}
	}
	run := func(do func(n int, f func(i int))) mtt.State {
		c := newCrowd(120, 3, 1e5)
		c.late, c.cfg.Do = 0.2, do
		tr, err := mtt.New(c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 12 {
			tr.Observe(c.second(n), nil)
			tr.Advance(sec(float64(n)+0.95), nil)
		}
		return tr.Snapshot()
	}
	want := run(nil)
	if len(want.Tracks) < 120 || want.Stats.Log.Rollbacks == 0 {
		t.Fatalf("%d tracks, %d rollbacks", len(want.Tracks), want.Stats.Log.Rollbacks)
	}
	for name, do := range map[string]func(n int, f func(i int)){
		"one worker": pool(1), "two": pool(2), "three": pool(3), "eight": pool(8), "backwards": backwards,
	} {
		if diff := cmp.Diff(want, run(do)); diff != "" {
			t.Errorf("%s:\n%.2000s", name, diff)
		}
	}
	if asked < 1000 {
		t.Errorf("%d measurements were looked at ahead", asked)
	}
}

// What was found ahead counts, as long as it holds.
func TestWhatWasFoundAheadIsUsed(t *testing.T) {
	c := newCrowd(300, 0, 1.5e6)
	c.cfg.Do = pool(1)
	tr, err := mtt.New(c.cfg)
	if err != nil {
		t.Fatal(err)
	}
	var held, not int
	for n := range 20 {
		tr.Observe(c.second(n), nil)
		tr.Advance(sec(float64(n)+0.95), nil)
		if n >= 10 {
			h, a := tr.Ahead(c.second(n + 1))
			held, not = held+h, not+a
		}
	}
	if held < 1000 || not > held/10 {
		t.Errorf("%d pairs found ahead, %d not", held, not)
	}
}
