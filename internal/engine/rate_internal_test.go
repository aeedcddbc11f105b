// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
)

// weekly is a feed that is looked at once a minute.
type weekly struct {
	t   feedTable
	now time.Time
}

var radarOnly = []FeedConfig{{Name: "radar", Kind: "asterix-udp", Source: decode.Source{Format: frame.ASTERIX}}}

func newWeekly() *weekly {
	w := &weekly{t: newFeedTable(), now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	w.t.configure(radarOnly)
	w.t.up("radar", true)
	return w
}

func (w *weekly) rate() *rateState { return &w.t.get("radar").Rate }

// hours lets so many pass with so many frames in each minute.
func (w *weekly) hours(n, perMinute int) {
	for range n * 60 {
		w.t.look(w.now)
		for range perMinute {
			w.t.took(&frame.Frame{Source: "radar"}, w.now, 1)
		}
		w.now = w.now.Add(time.Minute)
	}
	w.t.look(w.now)
}

func TestRateNeedsThreeWeeks(t *testing.T) {
	w := newWeekly()
	w.hours(1, 60)
	if rate, ok := w.rate().rate(); !ok || rate != 1 {
		t.Errorf("rate %v, %v, want 1/s", rate, ok)
	}
	w.hours(hours-1, 60)
	w.hours(hours, 60)
	// The first hour of all was not seen from its start.
	w.hours(2, 60)
	if usual, ok := w.rate().usual(w.now); ok {
		t.Errorf("two weeks make %v usual", usual)
	}
	w.hours(hours, 60)
	if usual, ok := w.rate().usual(w.now); !ok || usual != 1 {
		t.Errorf("usual %v, %v after three weeks, want 1/s", usual, ok)
	}
	w.hours(1, 6)
	if pct, ok := w.rate().percent(w.now); !ok || math.Abs(pct-10) > 1e-9 {
		t.Errorf("%v %%, %v, want 10", pct, ok)
	}
	h := w.t.health(radarOnly, w.now)
	if len(h) != 1 || !h[0].HasRate || math.Abs(h[0].RatePct-10) > 1e-9 {
		t.Errorf("health %+v, want what rule C06 judges by", h)
	}
	v := w.t.get("radar").view(&radarOnly[0], nil, w.now)
	if v.Rate == nil || *v.Rate != 0.1 || v.Usual == nil || *v.Usual != 1 {
		t.Errorf("view %+v, want 0.1/s and 1/s", v)
	}
	if len(w.rate().Mean) != hours || len(w.rate().Weeks) != hours {
		t.Errorf("%d and %d hours kept, want %d", len(w.rate().Mean), len(w.rate().Weeks), hours)
	}
}

// TestUsualFollowsSlowly has a new rate count for a quarter after a week.
func TestUsualFollowsSlowly(t *testing.T) {
	w := newWeekly()
	w.hours(4*hours, 60)
	w.hours(hours, 120)
	if usual, ok := w.rate().usual(w.now); !ok || math.Abs(usual-1.25) > 1e-9 {
		t.Errorf("usual %v, %v, want 1.25/s", usual, ok)
	}
}

// TestHoursNotSeenWholeTeachNothing has the node down, then the feed.
func TestHoursNotSeenWholeTeachNothing(t *testing.T) {
	for name, away := range map[string]func(*weekly){
		"a node that was down": func(w *weekly) { w.now = w.now.Add(30 * time.Minute) },
		"a feed that was down": func(w *weekly) {
			w.t.up("radar", false)
			w.t.look(w.now)
			w.t.up("radar", true)
		},
		"a node that slept through hours": func(w *weekly) { w.now = w.now.Add(5 * time.Hour) },
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			w := newWeekly()
			w.hours(3, 60) // the first not whole
			before := append([]uint8(nil), w.rate().Weeks...)
			away(w)
			for end := w.now.Truncate(time.Hour).Add(time.Hour); w.now.Before(end); w.now = w.now.Add(time.Minute) {
				w.t.look(w.now)
			}
			w.t.look(w.now)
			if diff := cmp.Diff(before, w.rate().Weeks); diff != "" {
				t.Errorf("hours learned (-want +got):\n%s", diff)
			}
			w.hours(1, 60)
			learned := 0
			for _, n := range w.rate().Weeks {
				learned += int(n)
			}
			if learned != 3 {
				t.Errorf("%d hours learned, want the next whole one too", learned)
			}
		})
	}
}

// TestRareFeedsAreNotJudged has a feed of so few frames that chance may leave
// none in five minutes.
func TestRareFeedsAreNotJudged(t *testing.T) {
	w := newWeekly()
	w.hours(4*hours, 9)
	if _, ok := w.rate().usual(w.now); !ok {
		t.Fatal("nothing is usual after four weeks")
	}
	if pct, ok := w.rate().percent(w.now); ok {
		t.Errorf("45 frames in five minutes are judged: %v %%", pct)
	}
	w = newWeekly()
	w.hours(4*hours, 10)
	if _, ok := w.rate().percent(w.now); !ok {
		t.Error("50 frames in five minutes are not judged")
	}
}

func TestRatesSurviveARestart(t *testing.T) {
	w := newWeekly()
	w.hours(3*hours+7, 30)
	b, err := json.Marshal(w.rate())
	if err != nil {
		t.Fatal(err)
	}
	var again rateState
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*w.rate(), again); diff != "" || !again.sound() {
		t.Errorf("rates (-want +got):\n%s", diff)
	}
	again.Mean = again.Mean[:5]
	if again.sound() {
		t.Error("five hours pass for a week")
	}
}
