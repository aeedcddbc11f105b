// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package watch_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

func TestADIZEntry(t *testing.T) {
	tests := map[string]struct {
		track func(*track.Track)
		cfg   func(*watch.Config)
		want  string
	}{
		"raises for an aircraft without plan": {want: "+"},
		"is silent for a planned callsign":    {track: func(t *track.Track) { t.Callsign = "eva198" }},
		"is silent for a planned address":     {track: func(t *track.Track) { t.HasAddress, t.Address = true, 0x899001 }},
		"raises for a plan of another hour": {track: func(t *track.Track) {
			t.Callsign = "EVA198"
			t.FirstSeen, t.Time = t0.Add(9*time.Hour), t0.Add(9*time.Hour)
		}, want: "+"},
		"raises for a plan on another route":    {track: func(t *track.Track) { t.Callsign = "EVA198"; t.Pos.LatDeg = 24 }, want: "+"},
		"raises for a callsign flown by others": {track: func(t *track.Track) { t.Callsign = "EVA198"; t.HasAddress, t.Address = true, 0x780001 }, want: "+"},
		"is silent for a person's identity":     {track: func(t *track.Track) { t.Identity = track.Identity{Standard: "suspect", By: "lin"} }},
		"raises for a machine's identity":       {track: func(t *track.Track) { t.Identity = track.Identity{Standard: "unknown"} }, want: "+"},
		"is silent for tentative tracks":        {track: func(t *track.Track) { t.State = track.Tentative }},
		"is silent for vessels":                 {track: func(t *track.Track) { t.Domain = plot.Sea; t.Speed = 20 }},
		"is out of service without plan feed":   {cfg: func(c *watch.Config) { c.HasPlanFeed = false }},
		"is out of service without any plan":    {cfg: func(c *watch.Config) { c.Plans = nil }},
		"is out of service without its zone":    {cfg: func(c *watch.Config) { c.ADIZ = "adiz_xx" }},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(c *watch.Config) {
				if tc.cfg != nil {
					tc.cfg(c)
				}
			})
			tr := uav(1, 119.9)
			if tc.track != nil {
				tc.track(&tr)
			}
			r.fly(&tr, 120.3)
			r.want(watch.ADIZEntry, tc.want)
		})
	}
}

func TestADIZEntryWaitsForThePlan(t *testing.T) {
	t.Run("a minute from the first report", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 120.5)
		tr.FirstSeen = t0.Add(12 * time.Second)
		r.hold(&tr, 2*time.Minute)
		if after := r.of(watch.ADIZEntry)[0].Raised.Sub(tr.FirstSeen); after != 60*time.Second {
			t.Errorf("raised after %v, want 60 s", after)
		}
	})
	t.Run("and for 30 s of plausible positions", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 120.5)
		r.hold(&tr, 36*time.Second)
		tr.Pos.LonDeg = 122 // it was another's echo
		r.hold(&tr, 2*time.Minute)
		if after := r.of(watch.ADIZEntry)[0].Raised.Sub(t0); after != 84*time.Second {
			t.Errorf("raised after %v, want 84 s", after)
		}
	})
}

func TestADIZEntryAlert(t *testing.T) {
	r := newRig(t)
	tr := uav(7, 119.99)
	r.fly(&tr, 120.2)
	got := r.of(watch.ADIZEntry)
	if len(got) != 1 {
		t.Fatalf("raised %d alerts, want 1", len(got))
	}
	a := got[0]
	if wait := a.Raised.Sub(a.At); wait < 30*time.Second || wait > 50*time.Second {
		t.Errorf("raised %v after the entry, want 30 s and at most a scan or two", wait)
	}
	if a.Raised.Sub(t0) < 60*time.Second {
		t.Errorf("raised %v after the first report, want at least 60 s", a.Raised.Sub(t0))
	}
	want := watch.Alert{
		Key: watch.Key{Rule: "A01", Track: 7, Zone: "adiz"}, At: a.At, Raised: a.Raised, Priority: 2, Domain: "air",
		ZoneVersion: "test/1#adiz", Pos: a.Pos, HasPos: true, Active: true, Originators: []party.ID{"tw"}, Exercise: true,
	}
	if d := cmp.Diff(want, a); d != "" {
		t.Errorf("alert (-want +got):\n%s", d)
	}
}

func TestADIZEntryClears(t *testing.T) {
	t.Run("five minutes after leaving its margin", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 120.05)
		r.hold(&tr, 2*time.Minute)
		r.want(watch.ADIZEntry, "+")
		r.fly(&tr, 119.98) // 1.1 nm outside: within the margin of 2 nm
		r.hold(&tr, 10*time.Minute)
		r.want(watch.ADIZEntry, "+")
		r.fly(&tr, 119.95)
		r.hold(&tr, 4*time.Minute)
		r.want(watch.ADIZEntry, "+")
		r.hold(&tr, 2*time.Minute)
		r.want(watch.ADIZEntry, "+-")
	})
	t.Run("when a person identifies", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 120.5)
		r.hold(&tr, 2*time.Minute)
		tr.Identity = track.Identity{Standard: "unknown", By: "lin"}
		r.hold(&tr, 12*time.Second)
		r.want(watch.ADIZEntry, "+-")
	})
	t.Run("when the track is dropped", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 120.5)
		r.hold(&tr, 2*time.Minute)
		r.alerts = append(r.alerts, r.w.Observe(tr.Time, r.tb, []track.Change{{Number: 1, Kind: track.Dropped}})...)
		r.want(watch.ADIZEntry, "+-")
	})
	t.Run("and goes on with the track that goes on", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 120.5)
		r.hold(&tr, 2*time.Minute)
		r.alerts = append(r.alerts, r.w.Observe(tr.Time, r.tb, []track.Change{{Number: 1, Kind: track.Dropped, Into: 2}})...)
		tr.Number, tr.FirstSeen = 2, tr.Time
		r.hold(&tr, 2*time.Minute)
		r.want(watch.ADIZEntry, "+-+")
		if a := r.alerts[2]; a.Track != 2 || !a.At.Equal(r.alerts[0].At) {
			t.Errorf("went on as %+v", a)
		}
	})
	t.Run("when the track is gone at a tick", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 120.5)
		r.hold(&tr, 2*time.Minute)
		delete(r.tb.tracks, 1)
		r.alerts = append(r.alerts, r.w.Tick(tr.Time, r.tb, nil, nil)...)
		r.want(watch.ADIZEntry, "+-")
	})
}

func TestLineCrossing(t *testing.T) {
	t.Run("raises west to east and clears five minutes after the return", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 119.4)
		r.fly(&tr, 119.6)
		r.want(watch.LineCrossing, "+")
		if a := r.of(watch.LineCrossing)[0]; a.Direction != "eastward" || a.Priority != 1 || a.Zone != "median_2019" {
			t.Errorf("alert is %+v", a)
		}
		r.fly(&tr, 119.46)
		r.fly(&tr, 119.54) // and over again within five minutes
		r.hold(&tr, 6*time.Minute)
		r.fly(&tr, 119.46)
		r.want(watch.LineCrossing, "+")
		r.hold(&tr, 6*time.Minute)
		r.want(watch.LineCrossing, "+-")
	})
	t.Run("ignores the way back", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 119.6)
		r.fly(&tr, 119.4)
		r.hold(&tr, 6*time.Minute)
		r.want(watch.LineCrossing, "")
	})
	t.Run("ignores noise along the line", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 119.495)
		for i := range 40 {
			tr.Time = tr.Time.Add(12 * time.Second)
			tr.Pos.LonDeg = 119.495 + 0.01*float64(i%2)
			r.see(tr)
		}
		r.want(watch.LineCrossing, "")
	})
	t.Run("ignores a step over and back", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 119.4)
		r.fly(&tr, 119.505)
		r.fly(&tr, 119.3)
		r.want(watch.LineCrossing, "")
	})
	t.Run("waits for 30 s of plausible positions", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 119.48)
		tr.Speed = 500
		r.see(tr)
		r.fly(&tr, 119.7)
		r.want(watch.LineCrossing, "+")
		if after := r.of(watch.LineCrossing)[0].Raised.Sub(t0); after != 36*time.Second {
			t.Errorf("raised after %v, want 36 s", after)
		}
	})
	t.Run("passes over a planned aircraft", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 119.4)
		tr.Callsign = "EVA198"
		r.fly(&tr, 119.6)
		r.want(watch.LineCrossing, "")
	})
}

func TestGateTransit(t *testing.T) {
	r := newRig(t)
	tr := uav(1, 122.4)
	r.fly(&tr, 122.6)
	r.fly(&tr, 122.4)
	got := r.of(watch.GateTransit)
	if len(got) != 2 {
		t.Fatalf("raised %d events, want 2: %+v", len(got), got)
	}
	for i, want := range []string{"out", "in"} {
		a := got[i]
		if a.Direction != want || !a.Event || !a.Active || a.Zone != "gate_yonaguni_taiwan" || a.ZoneVersion == "" {
			t.Errorf("event %d is %+v, want direction %q", i, a, want)
		}
		if d := a.Pos.LonDeg - 122.5; d*d > 1e-12 {
			t.Errorf("event %d happened at %v, want 122.5E", i, a.Pos)
		}
	}
	// 0.1 degree at 95 kt is 206 s.
	if at := got[0].At.Sub(t0); at < 205*time.Second || at > 208*time.Second {
		t.Errorf("first passage after %v, want about 206 s", at)
	}
	if !got[0].Raised.After(got[0].At) {
		t.Errorf("raised at %v, before the event at %v left the margin", got[0].Raised, got[0].At)
	}
}

func TestGateTransitWithoutPlanFeed(t *testing.T) {
	noPlans := func(c *watch.Config) { c.HasPlanFeed = false }
	r := newRig(t, noPlans)
	airliner := uav(1, 122.4)
	airliner.Sources |= 1 << plot.ADSB
	r.fly(&airliner, 122.6)
	r.want(watch.GateTransit, "")

	silent := uav(2, 122.4)
	r.fly(&silent, 122.6)
	r.want(watch.GateTransit, "+")

	suspect := uav(3, 122.4)
	suspect.Sources |= 1 << plot.ADSB
	suspect.Identity = track.Identity{Standard: "suspect", By: "lin"}
	r.fly(&suspect, 122.6)
	r.want(watch.GateTransit, "++")
}

func TestUncrewedInGap(t *testing.T) {
	tests := map[string]struct {
		track func(*track.Track)
		want  string
	}{
		"raises for a slow silent aircraft":    {want: "+"},
		"raises where the height is unknown":   {track: func(t *track.Track) { t.HasHeight = false }, want: "+"},
		"is silent below 5,000 ft":             {track: func(t *track.Track) { t.Height = 3000 }},
		"is silent for a fast aircraft":        {track: func(t *track.Track) { t.Speed = 400 }},
		"is silent for a very slow one":        {track: func(t *track.Track) { t.Speed = 40 }},
		"is silent where the speed is unknown": {track: func(t *track.Track) { t.HasVelocity = false }},
		"is silent for ADS-B":                  {track: func(t *track.Track) { t.Sources |= 1 << plot.ADSB }},
		"raises for a type a person set": {
			track: func(t *track.Track) {
				t.Speed = 400
				t.Identity = track.Identity{Standard: "suspect", Type: "WZ-7", By: "lin"}
			},
			want: "+",
		},
		"is silent for a friend": {track: func(t *track.Track) { t.Identity = track.Identity{Standard: "friend", By: "lin"} }},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			tr := uav(1, 123.3)
			if tc.track != nil {
				tc.track(&tr)
			}
			r.hold(&tr, 2*time.Minute)
			r.want(watch.UncrewedInGap, tc.want)
		})
	}
}

func TestUncrewedInGapIsOneAlertForAllSectors(t *testing.T) {
	r := newRig(t)
	tr := uav(1, 123.8)
	r.fly(&tr, 124.2)
	tr.Speed = 200 // a spell of wrong speed does not end it
	r.hold(&tr, time.Minute)
	tr.Speed = 95
	r.fly(&tr, 124.6)
	r.hold(&tr, 6*time.Minute)
	r.want(watch.UncrewedInGap, "+")
	if a := r.of(watch.UncrewedInGap)[0]; a.Zone != "gap_c" || a.Priority != 1 {
		t.Errorf("alert is %+v, want zone gap_c, priority 1", a)
	}
	r.hold(&tr, 3*time.Minute)
	r.want(watch.UncrewedInGap, "+-")
}

func TestPositionalAlertsNeedTwoPlausiblePositions(t *testing.T) {
	t.Run("a single position", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 123.5)
		tr.Time = t0.Add(time.Hour)
		if got := r.see(tr); len(got) > 0 {
			t.Errorf("raised %+v", got)
		}
	})
	t.Run("a single position where the rules ask for no time", func(t *testing.T) {
		r := newRig(t, func(c *watch.Config) {
			for i := range c.Rules {
				c.Rules[i].Params.MinConfirmed, c.Rules[i].Params.Grace = 0, 0
			}
		})
		if got := r.see(uav(1, 122)); len(got) > 0 {
			t.Errorf("in the ADIZ: raised %+v", got)
		}
		if got := r.see(uav(2, 123.5)); len(got) > 0 {
			t.Errorf("in the gap: raised %+v", got)
		}
		again := uav(1, 122)
		again.Time = t0.Add(12 * time.Second)
		if got := r.see(again); len(got) != 1 {
			t.Errorf("at the second position: raised %+v", got)
		}
	})
	t.Run("a jump over a gate and back", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 122.0)
		r.hold(&tr, time.Minute)
		tr.Time, tr.Pos.LonDeg = tr.Time.Add(12*time.Second), 123.2 // 65 nm in 12 s
		r.see(tr)
		tr.Time, tr.Pos.LonDeg = tr.Time.Add(12*time.Second), 122.0
		r.hold(&tr, time.Minute)
		r.want(watch.GateTransit, "")
		r.want(watch.UncrewedInGap, "")
	})
	t.Run("a late position", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 122.49)
		r.hold(&tr, time.Minute)
		tr.Time, tr.Pos.LonDeg = tr.Time.Add(-30*time.Second), 122.53
		for range 5 {
			r.see(tr)
		}
		r.want(watch.GateTransit, "")
	})
	t.Run("a late position does not undo a crossing", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 122.45)
		r.fly(&tr, 122.51)
		late := tr
		late.Time, late.Pos.LonDeg = tr.Time.Add(-time.Minute), 122.505
		r.see(late)
		r.fly(&tr, 122.6)
		r.want(watch.GateTransit, "+")
	})
	t.Run("positions that are no positions", func(t *testing.T) {
		r := newRig(t)
		tr := uav(1, 200)
		r.hold(&tr, 5*time.Minute)
		tr = uav(2, math.NaN())
		tr.Emergency = true
		r.hold(&tr, 5*time.Minute)
		if len(r.alerts) > 0 {
			t.Errorf("raised %+v", r.alerts)
		}
	})
}

func TestEmergency(t *testing.T) {
	r := newRig(t)
	tr := uav(1, 118)
	tr.Emergency = true
	r.see(tr)
	r.want(watch.Emergency, "")
	r.hold(&tr, 12*time.Second)
	r.want(watch.Emergency, "+")
	tr.Emergency = false
	r.hold(&tr, 48*time.Second)
	tr.Emergency = true // a spell without the code is no end
	r.hold(&tr, 12*time.Second)
	r.want(watch.Emergency, "+")
	tr.Emergency = false
	r.hold(&tr, 84*time.Second)
	r.want(watch.Emergency, "+-")
}

func TestEmergencyIsHeldFirst(t *testing.T) {
	r := newRig(t)
	tr := uav(1, 118)
	for i := range 20 { // a flickering code
		tr.Time, tr.Emergency = tr.Time.Add(4*time.Second), i%2 == 0
		r.see(tr)
	}
	r.want(watch.Emergency, "")
}

func TestHeldByBoth(t *testing.T) {
	r := newRig(t)
	tr := uav(1, 123.5)
	r.see(tr)
	planned := uav(2, 122)
	planned.Callsign = "EVA198"
	r.see(planned)
	theirs := track.PartnerKey{Party: "jp", Object: record.ID{1}}
	since := t0.Add(-time.Minute)
	r.tb.assoc = []track.Association{
		{Own: 0, Partner: theirs, Second: track.PartnerKey{Party: "us", Object: record.ID{9}}},
		{Own: 1, Partner: theirs, Since: since},
		{Own: 2, Partner: track.PartnerKey{Party: "jp", Object: record.ID{2}}, Since: since},
	}
	for range 3 {
		r.alerts = append(r.alerts, r.w.Tick(t0, r.tb, nil, nil)...)
	}
	r.want(watch.HeldByBoth, "+")
	a := r.of(watch.HeldByBoth)[0]
	want := watch.Alert{
		Key: watch.Key{Rule: "A17", Track: 1, Partner: theirs}, At: since, Raised: t0, Priority: 2, Domain: "air",
		Pos: tr.Pos, HasPos: true, Active: true, Originators: []party.ID{"jp", "tw"}, Exercise: true,
	}
	if d := cmp.Diff(want, a); d != "" {
		t.Errorf("alert (-want +got):\n%s", d)
	}
	r.tb.assoc = nil
	r.alerts = append(r.alerts, r.w.Tick(t0, r.tb, nil, nil)...)
	r.want(watch.HeldByBoth, "+-")
}

func TestWithoutLead(t *testing.T) {
	r := newRig(t)
	tick := func(after time.Duration, list ...watch.OpenIncident) {
		r.alerts = append(r.alerts, r.w.Tick(t0.Add(after), r.tb, nil, list)...)
	}
	inc := watch.OpenIncident{Number: 4, Opened: t0, Exercise: true}
	led := watch.OpenIncident{Number: 5, Opened: t0, HasLead: true}
	tick(119*time.Second, inc, led)
	r.want(watch.WithoutLead, "")
	tick(120*time.Second, inc, led)
	tick(130*time.Second, inc, led)
	r.want(watch.WithoutLead, "+")
	if a := r.of(watch.WithoutLead)[0]; a.Incident != 4 || !a.At.Equal(t0.Add(2*time.Minute)) || !a.Exercise || a.Priority != 1 {
		t.Errorf("alert is %+v", a)
	}
	inc.HasLead = true
	tick(140*time.Second, inc, led)
	r.want(watch.WithoutLead, "+-")
}

// Two leads are two that lead, for longer than their words cross on the line.
func TestTwoLead(t *testing.T) {
	r := newRig(t)
	tick := func(after time.Duration, two bool) {
		inc := watch.OpenIncident{Number: 4, Opened: t0, HasLead: true, TwoLead: two}
		r.alerts = append(r.alerts, r.w.Tick(t0.Add(after), r.tb, nil, []watch.OpenIncident{inc})...)
	}
	tick(0, true)
	tick(20*time.Second, false)
	tick(25*time.Second, true)
	tick(54*time.Second, true)
	r.want(watch.TwoLead, "")
	tick(55*time.Second, true)
	tick(90*time.Second, true)
	r.want(watch.TwoLead, "+")
	if a := r.of(watch.TwoLead)[0]; a.Incident != 4 || !a.At.Equal(t0.Add(25*time.Second)) || a.Priority != 1 {
		t.Errorf("alert is %+v", a)
	}
	tick(100*time.Second, false)
	r.want(watch.TwoLead, "+-")
	r.want(watch.WithoutLead, "")
}

func TestFeedLost(t *testing.T) {
	tests := map[string]struct {
		at   []time.Duration // of ticks
		feed func(now time.Duration) watch.Feed
		want string
		last time.Duration // of the last alert
	}{
		"raises after 60 s of silence": {
			at: []time.Duration{0, 59 * time.Second, 60 * time.Second, 70 * time.Second},
			feed: func(time.Duration) watch.Feed {
				return watch.Feed{Name: "radar-1", Has: true, LastMessage: t0}
			},
			want: "+", last: 60 * time.Second,
		},
		"raises for a feed that never spoke": {
			at:   []time.Duration{0, 50 * time.Second, 61 * time.Second},
			feed: func(time.Duration) watch.Feed { return watch.Feed{Name: "radar-1"} },
			want: "+", last: 61 * time.Second,
		},
		"clears 60 s after the return, not sooner": {
			at: []time.Duration{0, 60 * time.Second, 70 * time.Second, 129 * time.Second, 130 * time.Second},
			feed: func(now time.Duration) watch.Feed {
				if now < 70*time.Second {
					return watch.Feed{Name: "radar-1"}
				}
				return watch.Feed{Name: "radar-1", Has: true, LastMessage: t0.Add(now)}
			},
			want: "+-", last: 130 * time.Second,
		},
		"raises for a low rate": {
			at: []time.Duration{0, time.Second},
			feed: func(now time.Duration) watch.Feed {
				return watch.Feed{Name: "radar-1", Has: true, LastMessage: t0.Add(now), HasRate: true, RatePct: 19}
			},
			want: "+",
		},
		"is silent where the rate is unknown": {
			at: []time.Duration{0, time.Second},
			feed: func(now time.Duration) watch.Feed {
				return watch.Feed{Name: "radar-1", Has: true, LastMessage: t0.Add(now)}
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			for _, after := range tc.at {
				r.alerts = append(r.alerts, r.w.Tick(t0.Add(after), r.tb, []watch.Feed{tc.feed(after)}, nil)...)
			}
			r.want(watch.FeedLost, tc.want)
			if n := len(r.alerts); n > 0 && tc.last > 0 && r.alerts[n-1].Raised.Sub(t0) != tc.last {
				t.Errorf("last alert after %v, want %v", r.alerts[n-1].Raised.Sub(t0), tc.last)
			}
			for _, a := range r.alerts {
				if a.Feed != "radar-1" || a.Domain != "system" {
					t.Errorf("alert is %+v", a)
				}
			}
		})
	}
}

// A feed is silent as soon as rule C06 alarms for its silence, and no longer
// when it speaks again, though the alarm is held; a low rate is no silence.
func TestSilentSince(t *testing.T) {
	r := newRig(t)
	spoke := t0.Add(10 * time.Second)
	feeds := []watch.Feed{{Name: "mute"}, {Name: "radar-1", Has: true, LastMessage: spoke}, {Name: "weak", Has: true, LastMessage: t0.Add(80 * time.Second), HasRate: true, RatePct: 5}}
	if since, ok := r.w.SilentSince(feeds[0], t0.Add(time.Hour)); ok {
		t.Errorf("a feed that no tick has seen is silent since %v", since)
	}
	r.w.Tick(t0, r.tb, feeds, nil)
	for _, tt := range []struct {
		feed  watch.Feed
		after time.Duration
		since time.Time // zero: not silent
	}{
		{feeds[0], 59 * time.Second, time.Time{}},
		{feeds[0], 60 * time.Second, t0},
		{feeds[1], 69 * time.Second, time.Time{}},
		{feeds[1], 70 * time.Second, spoke},
		{watch.Feed{Name: "radar-1", Has: true, LastMessage: t0.Add(75 * time.Second)}, 80 * time.Second, time.Time{}},
		{feeds[2], 80 * time.Second, time.Time{}},
	} {
		since, ok := r.w.SilentSince(tt.feed, t0.Add(tt.after))
		if ok != !tt.since.IsZero() || ok && !since.Equal(tt.since) {
			t.Errorf("%s after %v: silent since %v, %v; want %v", tt.feed.Name, tt.after, since, ok, tt.since)
		}
	}
}

func TestFeedTakenAway(t *testing.T) {
	r := newRig(t)
	r.alerts = append(r.alerts, r.w.Tick(t0, r.tb, []watch.Feed{{Name: "x"}}, nil)...)
	r.alerts = append(r.alerts, r.w.Tick(t0.Add(time.Hour), r.tb, []watch.Feed{{Name: "x"}}, nil)...)
	r.alerts = append(r.alerts, r.w.Tick(t0.Add(time.Hour), r.tb, nil, nil)...)
	r.want(watch.FeedLost, "+-")
}

func TestOutOfService(t *testing.T) {
	tests := map[string]struct {
		change func(*watch.Config)
		want   []watch.OutOfService
	}{
		"lists nothing where all is there": {change: func(*watch.Config) {}},
		"lists A01 without a plan feed": {
			change: func(c *watch.Config) { c.HasPlanFeed = false },
			want:   []watch.OutOfService{{Rule: "A01", Reason: "no-plan-feed"}},
		},
		"lists A01 without plans": {
			change: func(c *watch.Config) { c.Plans = nil },
			want:   []watch.OutOfService{{Rule: "A01", Reason: "no-plans"}},
		},
		"lists positional rules without zones": {
			change: func(c *watch.Config) { c.Zones = nil },
			want: []watch.OutOfService{
				{Rule: "A01", Reason: "no-zone"},
				{Rule: "A02", Reason: "no-zone"},
				{Rule: "A06", Reason: "no-zone"},
				{Rule: "A13", Reason: "no-zone"},
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, tc.change)
			if d := cmp.Diff(tc.want, r.w.OutOfService()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			tr := uav(1, 122.3) // and nothing breaks
			r.fly(&tr, 123.3)
		})
	}
}

func TestProposals(t *testing.T) {
	vessel := track.Track{Number: 2, Domain: plot.Sea, State: track.Confirmed, FirstSeen: t0, HasMMSI: true, Pos: geo.Point{LatDeg: 25, LonDeg: 122}}
	planned := uav(3, 122)
	planned.Callsign = "EVA198"
	person := uav(4, 122)
	person.Identity = track.Identity{Standard: "suspect", By: "lin"}
	personPlanned := planned
	personPlanned.Number, personPlanned.Identity = 5, person.Identity
	settled := uav(6, 122)
	settled.Identity.Standard = "unknown"
	lost := uav(7, 122)
	lost.Identity.Standard = "neutral" // by a plan that no longer explains it

	r := newRig(t)
	all := []track.Track{uav(1, 122), vessel, planned, person, personPlanned, settled, lost}
	for _, tr := range all {
		tr.Time = t0
		r.see(tr)
	}
	want := []watch.Proposal{
		{Track: 1, Standard: "pending", Reason: "new"},
		{Track: 2, Standard: "neutral", Reason: "ais"},
		{Track: 3, Standard: "neutral", Reason: "plan"},
		{Track: 6, Standard: "pending", Reason: "new"},
		{Track: 7, Standard: "pending", Reason: "new"},
	}
	if d := cmp.Diff(want, r.w.Proposals()); d != "" {
		t.Errorf("new tracks (-want +got):\n%s", d)
	}
	r.w.Tick(t0.Add(60*time.Second), r.tb, nil, nil)
	want = []watch.Proposal{
		{Track: 1, Standard: "unknown", Reason: "unidentified"},
		{Track: 2, Standard: "neutral", Reason: "ais"},
		{Track: 3, Standard: "neutral", Reason: "plan"},
		{Track: 7, Standard: "unknown", Reason: "unidentified"},
	}
	if d := cmp.Diff(want, r.w.Proposals()); d != "" {
		t.Errorf("after a minute (-want +got):\n%s", d)
	}
	if got := r.w.Proposals(); len(got) != 0 {
		t.Errorf("Proposals() again = %v, want none", got)
	}
}

var _ watch.Zones = (*zone.Set)(nil)
