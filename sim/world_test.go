// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/scenarios"
	"github.com/kuroshio-watch/kuroshio/sim"
)

func digest(es []sim.Emission) string {
	h := sha256.New()
	for _, e := range es {
		fmt.Fprintf(h, "%s %s %s %d %d %x\n", e.Party, e.Feed, e.Kind, e.Time.UnixNano(), e.Frames, e.Bytes)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func TestSameSeedSameBytes(t *testing.T) {
	sc := open(t, "faults.scenario")
	once := digest(all(sc))
	if again := digest(all(sc)); again != once {
		t.Error("two worlds of one scenario differ")
	}
	w := sim.New(sc)
	var steps []sim.Emission
	for now := sc.Start; !w.Done(); now = now.Add(700 * time.Millisecond) {
		steps = append(steps, collect(w, now)...)
	}
	if digest(steps) != once {
		t.Error("many small steps and one large step differ")
	}
	sc.Seed++
	if digest(all(sc)) == once {
		t.Error("another seed gives the same bytes")
	}
}

func TestAnotherReceiverChangesNothingElsewhere(t *testing.T) {
	sc := open(t, "short.scenario")
	before := all(sc)
	more := sc.Receivers[0]
	more.ID = "tw-more"
	sc.Receivers = append(sc.Receivers, more)
	after := all(sc)
	for _, f := range sc.Feeds()[:len(sc.Feeds())-1] {
		if digest(onFeed(before, f.ID)) != digest(onFeed(after, f.ID)) {
			t.Errorf("feed %s changed", f.ID)
		}
	}
	if len(onFeed(after, "tw-more")) == 0 {
		t.Error("the new receiver hears nothing")
	}
}

func TestUntilKeepsTheOrderOfTime(t *testing.T) {
	sc := open(t, "2023-08-28.scenario")
	w := sim.New(sc)
	mid := sc.Start.Add(time.Hour)
	first := collect(w, mid)
	if !w.Now().Equal(mid) || w.Done() {
		t.Errorf("Now = %v, Done = %v after %v", w.Now(), w.Done(), mid)
	}
	if n := len(collect(w, mid.Add(-time.Minute))); n != 0 || !w.Now().Equal(mid) {
		t.Errorf("a step back emits %d", n)
	}
	rest := collect(w, sc.End)
	if !w.Done() || !w.Now().Equal(sc.End) {
		t.Errorf("Now = %v, Done = %v at the end", w.Now(), w.Done())
	}
	if n := len(collect(w, sc.End.Add(5*time.Minute))); n == 0 {
		t.Error("the sensors see nothing after the scenario's end")
	}
	order := map[string]int{}
	for i, f := range sc.Feeds() {
		order[f.ID] = i
	}
	last, feed := sc.Start, 0
	for i, e := range append(first, rest...) {
		if e.Time.Equal(last) && order[e.Feed] < feed {
			t.Fatalf("emission %d: feed %s out of order at %v", i, e.Feed, e.Time)
		}
		feed = order[e.Feed]
		if e.Time.Before(last) || e.Time.After(sc.End) || i < len(first) && e.Time.After(mid) {
			t.Fatalf("emission %d at %v, after %v", i, e.Time, last)
		}
		last = e.Time
	}
}

// TestVolume holds that a node can take the whole day in less than a minute.
func TestVolume(t *testing.T) {
	sc := open(t, "2023-08-28.scenario")
	frames := map[string]int{}
	for _, e := range all(sc) {
		frames[string(e.Party)] += e.Frames
		frames[e.Feed] += e.Frames
	}
	for _, p := range sc.Parties {
		if n := frames[string(p)]; n < 10_000 || n > 150_000 {
			t.Errorf("party %s: %d frames, want 10,000 to 150,000", p, n)
		}
	}
	for _, f := range sc.Feeds() {
		if frames[f.ID] < 1000 {
			t.Errorf("feed %s: %d frames", f.ID, frames[f.ID])
		}
	}
}

func TestAllShippedScenariosOpen(t *testing.T) {
	names, err := fs.Glob(scenarios.FS, "*.scenario")
	if err != nil || len(names) < 6 {
		t.Fatalf("scenarios: %v, %v", names, err)
	}
	for _, name := range names {
		w, err := sim.Open(scenarios.FS, name)
		if err != nil {
			t.Error(err)
			continue
		}
		sc := w.Scenario()
		if sc.Title == "" || len(sc.Notes) == 0 || (flies(sc) && len(sc.Plans) != len(sc.Parties)) {
			t.Errorf("%s: title %q, %d notes, %d plans", name, sc.Title, len(sc.Notes), len(sc.Plans))
		}
		if len(collect(w, sc.Start.Add(time.Minute))) == 0 {
			t.Errorf("%s: nothing in the first minute", name)
		}
	}
}

// flies reports whether anything in the scenario is an aircraft.
func flies(sc *sim.Scenario) bool {
	return slices.ContainsFunc(sc.Objects, func(o sim.Object) bool { return o.Kind != sim.Vessel })
}

func BenchmarkWorld(b *testing.B) {
	sc := open(b, "2023-08-28.scenario")
	b.ReportAllocs()
	var emissions, frames int
	for b.Loop() {
		sim.New(sc).Until(sc.End, func(e sim.Emission) {
			emissions++
			frames += e.Frames
		})
	}
	b.ReportMetric(float64(emissions)/b.Elapsed().Seconds(), "emissions/s")
	b.ReportMetric(float64(frames)/b.Elapsed().Seconds(), "frames/s")
	b.ReportMetric(0, "ns/op")
}

// TestNoFeedFallsSilent holds that the rule "feed lost" (60 s) stays quiet in a
// scenario without faults.
func TestNoFeedFallsSilent(t *testing.T) {
	for _, name := range []string{"2023-08-28", "short", "refusal", "other-route", "other-hour"} {
		sc := open(t, name+".scenario")
		last := map[string]time.Time{}
		for _, e := range all(sc) {
			last[e.Feed] = longest(t, name, e.Feed, last[e.Feed], e.Time, sc)
		}
		for _, f := range sc.Feeds() {
			longest(t, name, f.ID, last[f.ID], sc.End, sc)
		}
	}
}

func longest(t *testing.T, name, feed string, last, now time.Time, sc *sim.Scenario) time.Time {
	t.Helper()
	if last.IsZero() {
		last = sc.Start
	}
	if d := now.Sub(last); d > 50*time.Second {
		t.Errorf("%s: feed %s is silent for %v before %v", name, feed, d, now.Format(time.TimeOnly))
	}
	return now
}
