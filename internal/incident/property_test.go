// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package incident_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/watch"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// act is one thing that happens to a book. Errors are part of what it returns.
type act func(b *incident.Book) string

// drawAct makes an act of any kind, sensible or not.
func drawAct(rt *rapid.T, i int, tb table) act {
	now := t0.Add(time.Duration(i) * 20 * time.Second)
	number := func(label string) incident.Number {
		return incident.Number(rapid.IntRange(1, 8).Draw(rt, label))
	}
	n := track.Number(rapid.IntRange(1, 6).Draw(rt, "track"))
	tb.put(n, rapid.Float64Range(0, 40).Draw(rt, "east"), now)
	at := make(table, len(tb))
	for k, v := range tb {
		v.Exercise = k == 6
		at[k] = v
	}
	switch kind := rapid.IntRange(0, 15).Draw(rt, "kind"); kind {
	case 0, 1, 2, 3:
		a := at.alert(watch.RuleID(rapid.SampledFrom([]string{"A01", "A02", "A11", "A13", "A17"}).Draw(rt, "rule")), n, now)
		a.Priority = rapid.IntRange(1, 3).Draw(rt, "priority")
		a.Active = rapid.IntRange(0, 2).Draw(rt, "active") > 0
		if rapid.Bool().Draw(rt, "event") {
			a = transit(a, zone.ID(rapid.SampledFrom([]string{"gate_miyako", "gate_bashi"}).Draw(rt, "gate")), "out")
		}
		return func(b *incident.Book) string { return fmt.Sprint(b.Raise(a, now, at)) }
	case 4, 5:
		r := told(byte(rapid.IntRange(1, 3).Draw(rt, "id")), uint32(rapid.IntRange(1, 5).Draw(rt, "epoch")), uavBody(byte(rapid.IntRange(1, 3).Draw(rt, "object")),
			gateEvent("A06", rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "zone"), "in")))
		r.Incident.State = rapid.SampledFrom([]string{"open", "closed"}).Draw(rt, "state")
		if r.Incident.State == "closed" {
			r.Incident.Outcome = rapid.SampledFrom([]string{"", "merged"}).Draw(rt, "outcome")
		}
		r.Exercise = rapid.IntRange(0, 9).Draw(rt, "exercise") == 0
		return func(b *incident.Book) string { return fmt.Sprint(b.Partner("jp", r, now)) }
	case 6:
		list := []track.Association{same(n, byte(rapid.IntRange(1, 3).Draw(rt, "object")))}
		return func(b *incident.Book) string { return fmt.Sprint(b.Associate(list, now, at)) }
	case 7:
		ours, theirs, apart := number("ours"), record.ID{byte(rapid.IntRange(1, 3).Draw(rt, "theirs"))}, rapid.Bool().Draw(rt, "apart")
		return func(b *incident.Book) string { return fmt.Sprint(b.Link("jp", ours, theirs, apart, now)) }
	case 8:
		into, from := number("into"), number("from")
		return func(b *incident.Book) string { return fmt.Sprint(b.Merge(into, from, "lin", now)) }
	case 9:
		from := number("from")
		return func(b *incident.Book) string { return fmt.Sprint(b.Split(from, []track.Number{n}, "lin", now)) }
	case 10:
		from, theirs := number("from"), record.ID{byte(rapid.IntRange(1, 3).Draw(rt, "theirs"))}
		return func(b *incident.Book) string { return fmt.Sprint(b.SplitPartner(from, "jp", theirs, "lin", now)) }
	case 11:
		which := number("which")
		return func(b *incident.Book) string { return fmt.Sprint(b.Close(which, "identified", "", "lin", now)) }
	case 12:
		which := number("which")
		return func(b *incident.Book) string { return fmt.Sprint(b.Reopen(which, "sato", now)) }
	case 13:
		which := number("which")
		return func(b *incident.Book) string { return fmt.Sprint(b.Acknowledge(which, "sato", now)) }
	case 14:
		o := incident.Opening{Text: "call", By: "lin", Exercise: rapid.Bool().Draw(rt, "exercise"), HasPos: rapid.Bool().Draw(rt, "pos"), Pos: geo.Point{LatDeg: 25, LonDeg: 123}}
		return func(b *incident.Book) string { return fmt.Sprint(b.OpenByHand(o, now, at)) }
	default:
		entry, into := uint64(rapid.IntRange(1, 4).Draw(rt, "entry")), track.Number(rapid.IntRange(1, 6).Draw(rt, "into"))
		return func(b *incident.Book) string {
			b.Follow([]track.Change{{Number: n, Kind: track.Dropped, Into: into}}, at)
			_, err := b.Note(incident.LogEntry{By: "lin", Text: "note"}, now)
			return fmt.Sprint(err, b.Strike(entry, "sato", "wrong", now))
		}
	}
}

func drawActs(rt *rapid.T) []act {
	tb := table{}
	acts := make([]act, rapid.IntRange(5, 60).Draw(rt, "acts"))
	for i := range acts {
		acts[i] = drawAct(rt, i, tb)
	}
	return acts
}

func TestInvariants(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := newBook("tw", "jp")
		var before incident.Snapshot
		for i, do := range drawActs(rt) {
			got := do(b)
			after := b.Snapshot()
			if err := checkStep(before, after); err != nil {
				rt.Fatalf("act %d (%s): %v", i, got, err)
			}
			before = after
		}
	})
}

// checkStep holds what no act may break.
func checkStep(before, after incident.Snapshot) error {
	held := make(map[uint64]bool)
	for _, inc := range after.Incidents {
		if inc.MergedInto != 0 {
			continue // its events must live on elsewhere
		}
		for _, e := range inc.Events {
			held[e.Seq] = true
		}
	}
	for _, inc := range before.Incidents {
		for _, e := range inc.Events {
			if inc.MergedInto == 0 && !held[e.Seq] {
				return fmt.Errorf("event %d of incident %d is lost", e.Seq, inc.Number)
			}
		}
	}
	if len(after.Log) < len(before.Log) {
		return fmt.Errorf("the log shrank")
	}
	for i, e := range before.Log {
		now := after.Log[i]
		if e.Struck != nil && (now.Struck == nil || *now.Struck != *e.Struck) {
			return fmt.Errorf("the strike of entry %d changed", e.N)
		}
		e.Struck, now.Struck = nil, nil
		if e != now {
			return fmt.Errorf("entry %d changed", e.N)
		}
	}
	if after.Next < before.Next || len(after.Incidents) < len(before.Incidents) {
		return fmt.Errorf("an incident is gone")
	}
	return checkBook(after)
}

func checkBook(s incident.Snapshot) error {
	tracks, parts := make(map[track.Number]incident.Number), make(map[record.ID]incident.Number)
	last := incident.Number(0)
	for _, inc := range s.Incidents {
		if inc.Number <= last || inc.Number >= s.Next {
			return fmt.Errorf("number %d after %d, next is %d", inc.Number, last, s.Next)
		}
		last = inc.Number
		for _, p := range inc.Partner {
			if other, twice := parts[p.ID]; twice {
				return fmt.Errorf("part %v is in %d and %d", p.ID, other, inc.Number)
			}
			parts[p.ID] = inc.Number
			if p.Exercise != inc.Exercise {
				return fmt.Errorf("incident %d mixes exercise and live", inc.Number)
			}
		}
		if inc.State == incident.Open {
			for _, n := range inc.Tracks {
				if other, twice := tracks[n]; twice {
					return fmt.Errorf("track %d is in %d and %d", n, other, inc.Number)
				}
				tracks[n] = inc.Number
				if (n == 6) != inc.Exercise {
					return fmt.Errorf("incident %d mixes exercise and live", inc.Number)
				}
			}
		} else if inc.Alarm != incident.Normal {
			return fmt.Errorf("closed incident %d is %s", inc.Number, inc.Alarm)
		}
		if !slices.IsSortedFunc(inc.Events, func(a, b incident.Event) int { return a.At.Compare(b.At) }) {
			return fmt.Errorf("time line of %d is out of order", inc.Number)
		}
		if (inc.State == incident.Closed) != !inc.Closed.IsZero() || inc.Priority < 1 || inc.Priority > 3 {
			return fmt.Errorf("incident %d is %+v", inc.Number, inc)
		}
	}
	return nil
}

func TestReplayAndRestoreGiveTheSame(t *testing.T) {
	enc, err := cbor.EncOptions{Time: cbor.TimeRFC3339NanoUTC}.EncMode()
	must(t, err)
	through := map[string]func(s incident.Snapshot) (out incident.Snapshot, err error){
		"json": func(s incident.Snapshot) (out incident.Snapshot, err error) {
			b, err := json.Marshal(s)
			if err != nil {
				return out, err
			}
			return out, json.Unmarshal(b, &out)
		},
		"cbor": func(s incident.Snapshot) (out incident.Snapshot, err error) {
			b, err := enc.Marshal(s)
			if err != nil {
				return out, err
			}
			return out, cbor.Unmarshal(b, &out)
		},
	}
	for name, code := range through {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				acts := drawActs(rt)
				cut := rapid.IntRange(0, len(acts)-1).Draw(rt, "cut")
				first, second := newBook("tw", "jp"), newBook("tw", "jp")
				for i, do := range acts {
					if i == cut { // the second is stopped and started
						s, err := code(second.Snapshot())
						if err != nil {
							rt.Fatal(err)
						}
						second = newBook("tw", "jp")
						second.Restore(s)
					}
					if a, b := do(first), do(second); a != b {
						rt.Fatalf("act %d gives %s and %s", i, a, b)
					}
				}
				if d := cmp.Diff(first.Snapshot(), second.Snapshot()); d != "" {
					rt.Fatalf("snapshots differ:\n%s", d)
				}
			})
		})
	}
}
