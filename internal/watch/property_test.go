// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package watch_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
	"github.com/kuroshio-watch/kuroshio/packs"
)

// step is one thing that happens before a watch.
type step struct {
	now       time.Time
	tracks    []track.Track
	changes   []track.Change
	assoc     []track.Association
	feeds     []watch.Feed
	incidents []watch.OpenIncident
}

// drawStep lets up to five tracks wander around the zones, with jumps, losses
// and all kinds of state.
func drawStep(rt *rapid.T, now time.Time, tracks map[track.Number]track.Track) step {
	s := step{now: now}
	for n := track.Number(1); n <= 5; n++ {
		tr, ok := tracks[n]
		label := fmt.Sprint(n)
		switch {
		case !ok:
			tr = uav(n, rapid.Float64Range(119, 126).Draw(rt, "lon"+label))
			tr.FirstSeen = now
		case rapid.IntRange(0, 60).Draw(rt, "drop"+label) == 0:
			delete(tracks, n)
			s.changes = append(s.changes, track.Change{Number: n, Kind: track.Dropped, Into: track.Number(rapid.IntRange(0, 5).Draw(rt, "into"+label))})
			continue
		}
		jump := 0.005
		if rapid.IntRange(0, 20).Draw(rt, "jump"+label) == 0 {
			jump = 1
		}
		tr.Pos.LonDeg += jump * rapid.Float64Range(-1, 1.5).Draw(rt, "dlon"+label)
		tr.Time = now.Add(-time.Duration(rapid.IntRange(0, 20).Draw(rt, "late"+label)) * time.Second)
		tr.State = track.State(rapid.IntRange(1, 4).Draw(rt, "state"+label)/2 + 1)
		tr.Speed = geo.Knots(rapid.IntRange(50, 200).Draw(rt, "speed"+label))
		tr.Emergency = rapid.IntRange(0, 5).Draw(rt, "emergency"+label) == 0
		if rapid.IntRange(0, 15).Draw(rt, "identify"+label) == 0 {
			tr.Identity = track.Identity{Standard: rapid.SampledFrom(record.Standards()).Draw(rt, "identity"+label), By: rapid.SampledFrom([]string{"", "lin"}).Draw(rt, "by"+label)}
		}
		if rapid.IntRange(0, 15).Draw(rt, "plan"+label) == 0 {
			tr.Callsign = rapid.SampledFrom([]string{"", "EVA198"}).Draw(rt, "callsign"+label)
		}
		tracks[n] = tr
		s.changes = append(s.changes, track.Change{Number: n, Kind: track.Updated})
		if rapid.IntRange(0, 3).Draw(rt, "associated"+label) == 0 {
			s.assoc = append(s.assoc, track.Association{Own: n, Partner: track.PartnerKey{Party: "jp", Object: record.ID{byte(n)}}, Since: now})
		}
		s.incidents = append(s.incidents, watch.OpenIncident{Number: uint32(n), Opened: t0, HasLead: rapid.Bool().Draw(rt, "lead"+label)})
	}
	for n := track.Number(1); n <= 5; n++ {
		if tr, ok := tracks[n]; ok {
			s.tracks = append(s.tracks, tr)
		}
	}
	s.feeds = []watch.Feed{{Name: "radar-1", Has: true, LastMessage: now.Add(-time.Duration(rapid.IntRange(0, 90).Draw(rt, "silent")) * time.Second)}}
	return s
}

func drawSteps(rt *rapid.T) []step {
	tracks := make(map[track.Number]track.Track)
	steps := make([]step, rapid.IntRange(10, 60).Draw(rt, "steps"))
	now := t0
	for i := range steps {
		now = now.Add(time.Duration(rapid.IntRange(1, 40).Draw(rt, "dt")) * time.Second)
		steps[i] = drawStep(rt, now, tracks)
	}
	return steps
}

func (s *step) run(w *watch.Watch) []watch.Alert {
	tb := newTable()
	for _, tr := range s.tracks {
		tb.tracks[tr.Number] = tr
	}
	tb.assoc = s.assoc
	alerts := w.Observe(s.now, tb, s.changes)
	return append(alerts, w.Tick(s.now, tb, s.feeds, s.incidents)...)
}

func TestReplayAndRestoreGiveTheSame(t *testing.T) {
	cfg := watch.Config{Self: "tw", Rules: shippedRules(t), Zones: someZones(), ADIZ: "adiz", HasPlanFeed: true, Plans: somePlans(t)}
	encodings := map[string]func(watch.Snapshot) (watch.Snapshot, error){
		"json": func(s watch.Snapshot) (out watch.Snapshot, err error) {
			b, err := json.Marshal(s)
			if err != nil {
				return out, err
			}
			return out, json.Unmarshal(b, &out)
		},
		"cbor": func(s watch.Snapshot) (out watch.Snapshot, err error) {
			enc, err := cbor.EncOptions{Time: cbor.TimeRFC3339NanoUTC}.EncMode()
			if err != nil {
				return out, err
			}
			b, err := enc.Marshal(s)
			if err != nil {
				return out, err
			}
			return out, cbor.Unmarshal(b, &out)
		},
	}
	for name, through := range encodings {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				steps := drawSteps(rt)
				first, second := watch.New(cfg), watch.New(cfg)
				cut := rapid.IntRange(0, len(steps)-1).Draw(rt, "cut")
				for i := range steps {
					if i == cut { // the second is stopped and started
						s, err := through(second.Snapshot())
						if err != nil {
							rt.Fatal(err)
						}
						second = watch.New(cfg)
						second.Restore(s)
					}
					if d := cmp.Diff(steps[i].run(first), steps[i].run(second)); d != "" {
						rt.Fatalf("step %d differs:\n%s", i, d)
					}
				}
				if d := cmp.Diff(first.Snapshot(), second.Snapshot()); d != "" {
					rt.Fatalf("snapshots differ:\n%s", d)
				}
				if d := cmp.Diff(first.Proposals(), second.Proposals()); d != "" {
					rt.Fatalf("proposals differ:\n%s", d)
				}
			})
		})
	}
}

// TestAlertsAlternate holds that an alert is raised before it clears, never
// twice in a row, and that the machine proposes nothing beyond its power.
func TestAlertsAlternate(t *testing.T) {
	cfg := watch.Config{Self: "tw", Rules: shippedRules(t), Zones: someZones(), ADIZ: "adiz", HasPlanFeed: true, Plans: somePlans(t)}
	rapid.Check(t, func(rt *rapid.T) {
		w := watch.New(cfg)
		active := make(map[watch.Key]bool)
		for _, s := range drawSteps(rt) {
			by := make(map[track.Number]string)
			for _, tr := range s.tracks {
				by[tr.Number] = tr.Identity.By
			}
			for _, a := range s.run(w) {
				switch {
				case a.Event:
					if !a.Active || a.Rule != watch.GateTransit {
						rt.Fatalf("event %+v", a)
					}
				case a.Active == active[a.Key]:
					rt.Fatalf("%+v raised or cleared twice", a.Key)
				default:
					active[a.Key] = a.Active
				}
				if len(a.Originators) == 0 || a.Raised != s.now || a.At.After(s.now) || a.At.IsZero() || a.Domain == "" {
					rt.Fatalf("alert %+v at %v", a, s.now)
				}
			}
			for _, p := range w.Proposals() {
				if by[p.Track] != "" || (p.Standard != "pending" && p.Standard != "unknown" && p.Standard != "neutral") {
					rt.Fatalf("proposal %+v", p)
				}
			}
		}
	})
}

func BenchmarkObserve(b *testing.B) {
	const tracks = 1000
	shipped, err := packs.Load("taiwan-ryukyu")
	if err != nil {
		b.Fatal(err)
	}
	zones, err := zone.Parse(shipped.Zones)
	if err != nil {
		b.Fatal(err)
	}
	w := watch.New(watch.Config{Self: "tw", Rules: shippedRules(b), Zones: zones, ADIZ: "adiz_tw_working", HasPlanFeed: true, Plans: somePlans(b)})
	tb := newTable()
	changes := make([]track.Change, tracks)
	for i := range changes {
		n := track.Number(i + 1)
		tr := uav(n, 118+8*float64(i)/tracks)
		if i%10 != 0 { // most are airliners with a plan
			tr.Callsign, tr.Sources, tr.Speed = "EVA198", 1<<plot.ADSB, 450
		}
		tb.tracks[n] = tr
		changes[i] = track.Change{Number: n, Kind: track.Updated}
	}
	now := t0
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Second)
		for n, tr := range tb.tracks {
			tr.Time = now
			tr.Pos.LonDeg += 1e-5
			tb.tracks[n] = tr
		}
		w.Observe(now, tb, changes)
		w.Proposals()
	}
	b.ReportMetric(float64(tracks)*float64(b.N)/b.Elapsed().Seconds(), "tracks/s")
}
