// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package nmea_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/ais/nmea"
)

// push is one line and what it completes ("" for nothing).
type push struct {
	ms     int
	source string
	line   string
	want   string
}

func fragment(total, number int, seq, channel, payload string) string {
	return sentence(fmt.Sprintf("AIVDM,%d,%d,%s,%s,%s,0", total, number, seq, channel, payload))
}

func TestAssembler(t *testing.T) {
	tests := map[string]struct {
		pushes []push
		lost   uint64
	}{
		"a single sentence": {pushes: []push{{0, "x", fragment(1, 1, "", "A", "17"), "17"}}},
		"two fragments":     {pushes: []push{{0, "x", fragment(2, 1, "3", "A", "17"), ""}, {1, "x", fragment(2, 2, "3", "A", "18"), "1718"}}},
		"no sequence":       {pushes: []push{{0, "x", fragment(2, 1, "", "A", "17"), ""}, {1, "x", fragment(2, 2, "", "A", "18"), "1718"}}},
		"any order": {pushes: []push{
			{0, "x", fragment(3, 3, "3", "A", "19"), ""},
			{0, "x", fragment(3, 1, "3", "A", "17"), ""},
			{0, "x", fragment(3, 2, "3", "A", "18"), "171819"},
		}},
		"messages in between": {pushes: []push{
			{0, "x", fragment(2, 1, "3", "A", "17"), ""},
			{0, "x", fragment(1, 1, "", "A", "10"), "10"},
			{0, "x", fragment(2, 1, "4", "A", "27"), ""},
			{0, "x", fragment(2, 2, "3", "A", "18"), "1718"},
			{0, "x", fragment(2, 2, "4", "A", "28"), "2728"},
		}},
		"other sources": {pushes: []push{
			{0, "x", fragment(2, 1, "3", "A", "17"), ""},
			{0, "y", fragment(2, 2, "3", "A", "28"), ""},
			{0, "y", fragment(2, 1, "3", "A", "27"), "2728"},
			{0, "x", fragment(2, 2, "3", "A", "18"), "1718"},
		}},
		"other channels": {pushes: []push{
			{0, "x", fragment(2, 1, "3", "A", "17"), ""},
			{0, "x", fragment(2, 2, "3", "B", "28"), ""},
			{0, "x", fragment(2, 2, "3", "A", "18"), "1718"},
		}},
		"other totals": {pushes: []push{
			{0, "x", fragment(3, 1, "3", "A", "17"), ""},
			{0, "x", fragment(2, 2, "3", "A", "18"), ""},
		}},
		"other talkers": {pushes: []push{
			{0, "x", sentence("AIVDM,2,1,3,A,17,0"), ""},
			{0, "x", sentence("BSVDM,2,2,3,A,18,0"), ""},
			{0, "x", sentence("AIVDO,2,2,3,A,18,0"), ""},
		}},
		"other stations": {pushes: []push{
			{0, "x", tag("s:a") + fragment(2, 1, "3", "A", "17"), ""},
			{0, "x", tag("s:b") + fragment(2, 2, "3", "A", "28"), ""},
			{0, "x", tag("s:a") + fragment(2, 2, "3", "A", "18"), "1718"},
		}},
		"a station said once": {pushes: []push{
			{0, "x", tag("s:a,c:1509501036") + fragment(2, 1, "3", "A", "17"), ""},
			{0, "x", fragment(2, 2, "3", "A", "18"), "1718"},
		}},
		"other groups": {pushes: []push{
			{0, "x", tag("g:1-2-1") + fragment(2, 1, "3", "A", "17"), ""},
			{0, "x", tag("g:2-2-2") + fragment(2, 2, "3", "A", "28"), ""},
			{0, "x", tag("g:2-2-1") + fragment(2, 2, "3", "A", "18"), "1718"},
		}},
		"a rest in time":  {pushes: []push{{0, "x", fragment(2, 1, "3", "A", "17"), ""}, {2000, "x", fragment(2, 2, "3", "A", "18"), "1718"}}},
		"a rest too late": {lost: 1, pushes: []push{{0, "x", fragment(2, 1, "3", "A", "17"), ""}, {2001, "x", fragment(2, 2, "3", "A", "18"), ""}}},
		"a clock set back": {lost: 1, pushes: []push{
			{9000, "x", fragment(2, 1, "3", "A", "17"), ""},
			{0, "x", fragment(2, 2, "3", "A", "18"), ""},
		}},
		"a fragment heard twice": {pushes: []push{
			{0, "x", fragment(2, 1, "3", "A", "17"), ""},
			{0, "x", fragment(2, 1, "3", "A", "17"), ""},
			{0, "x", fragment(2, 2, "3", "A", "18"), "1718"},
		}},
		"a sequence that came round": {lost: 1, pushes: []push{
			{0, "x", fragment(3, 1, "3", "A", "17"), ""},
			{0, "x", fragment(3, 2, "3", "A", "18"), ""},
			{0, "x", fragment(3, 1, "3", "A", "27"), ""},
			{0, "x", fragment(3, 3, "3", "A", "29"), ""},
			{0, "x", fragment(3, 2, "3", "A", "28"), "272829"},
		}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var a nmea.Assembler
			for i, p := range tc.pushes {
				got := run(t, &a, p)
				if got != p.want {
					t.Errorf("push %d gave %q, want %q", i, got, p.want)
				}
				a = again(t, a)
			}
			if a.Lost() != tc.lost {
				t.Errorf("lost %d messages, want %d", a.Lost(), tc.lost)
			}
		})
	}
}

func run(t *testing.T, a *nmea.Assembler, p push) string {
	t.Helper()
	var s nmea.Sentence
	if err := nmea.Parse([]byte(p.line), &s); err != nil {
		t.Fatalf("Parse(%q): %v", p.line, err)
	}
	payload, _, complete, err := a.Push(time.UnixMilli(int64(p.ms)), p.source, &s)
	if err != nil || complete != (payload != nil) {
		t.Fatalf("Push(%q) = %q, %v, %v", p.line, payload, complete, err)
	}
	return string(payload)
}

// again returns the assembler after a snapshot, JSON and a restore.
func again(t *testing.T, a nmea.Assembler) (b nmea.Assembler) {
	t.Helper()
	raw, err := json.Marshal(a.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	var st nmea.AssemblerState
	if err := json.Unmarshal(raw, &st); err != nil {
		t.Fatal(err)
	}
	if err := b.Restore(st); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a.Snapshot(), b.Snapshot()); d != "" {
		t.Fatalf("after restore (-want +got):\n%s", d)
	}
	return b
}

func TestAssemblerKeepsTag(t *testing.T) {
	var a nmea.Assembler
	var s nmea.Sentence
	run(t, &a, push{0, "x", tag("s:rSTN,c:1509501036") + fragment(2, 1, "3", "A", "17"), ""})
	if err := nmea.Parse([]byte(fragment(2, 2, "3", "A", "18")), &s); err != nil {
		t.Fatal(err)
	}
	if _, _, complete, err := a.Push(time.UnixMilli(0), "x", &s); !complete || err != nil {
		t.Fatalf("Push: %v, %v", complete, err)
	}
	if string(s.Tag.Source) != "rSTN" || !s.Tag.HasTime || s.Tag.Time.Unix() != 1509501036 {
		t.Errorf("tag = %+v, want that of the first fragment", s.Tag)
	}
}

func TestAssemblerIsBounded(t *testing.T) {
	var a nmea.Assembler
	for i := range 3 * nmea.MaxPending {
		run(t, &a, push{i, fmt.Sprint("s", i), fragment(2, 1, "3", "A", "17"), ""})
	}
	st := a.Snapshot()
	if len(st.Pending) != nmea.MaxPending || a.Lost() != 2*nmea.MaxPending {
		t.Fatalf("%d messages wait and %d were lost, want %d and %d", len(st.Pending), a.Lost(), nmea.MaxPending, 2*nmea.MaxPending)
	}
	for _, p := range st.Pending {
		if p.Started.Before(time.UnixMilli(2 * nmea.MaxPending)) {
			t.Errorf("kept a message of %v, but dropped newer ones", p.Started)
		}
	}
}

func TestAssemblerRefuses(t *testing.T) {
	long := strings.Repeat("0", 300)
	var a nmea.Assembler
	tests := []struct {
		s    nmea.Sentence
		want nmea.Reason
	}{
		{nmea.Sentence{Total: 2, Number: 1, Fill: 2, Payload: []byte("1")}, nmea.ReasonFill},
		{nmea.Sentence{Total: 0, Number: 0}, nmea.ReasonFragment},
		{nmea.Sentence{Total: 10, Number: 10}, nmea.ReasonFragment},
		{nmea.Sentence{Total: 2, Number: 3}, nmea.ReasonFragment},
		{nmea.Sentence{Total: 2, Number: 1, Payload: []byte(long)}, ""},
		{nmea.Sentence{Total: 2, Number: 2, Payload: []byte(long)}, nmea.ReasonPayloadSize},
	}
	for i, tc := range tests {
		_, _, complete, err := a.Push(time.UnixMilli(0), "x", &tc.s)
		var e *nmea.Error
		if complete || tc.want != "" && (!errors.As(err, &e) || e.Reason != tc.want) || tc.want == "" && err != nil {
			t.Errorf("push %d = %v, %v, want %s", i, complete, err, tc.want)
		}
	}
	if n := len(a.Snapshot().Pending); n != 0 {
		t.Errorf("%d messages wait, want none", n)
	}
}

func TestRestoreRefuses(t *testing.T) {
	good := nmea.Pending{
		Talker: "AI", Formatter: nmea.VDM, Total: 2, Seq: 1,
		Fragments: []nmea.PendingFragment{{Number: 1, Payload: "17"}},
	}
	tests := map[string]func(*nmea.Pending){
		"a talker of one letter": func(p *nmea.Pending) { p.Talker = "A" },
		"another formatter":      func(p *nmea.Pending) { p.Formatter = 9 },
		"one part":               func(p *nmea.Pending) { p.Total = 1 },
		"ten parts":              func(p *nmea.Pending) { p.Total = 10 },
		"no fragment":            func(p *nmea.Pending) { p.Fragments = nil },
		"a fragment over":        func(p *nmea.Pending) { p.Fragments[0].Number = 3 },
		"a fragment twice": func(p *nmea.Pending) {
			p.Total = 3
			p.Fragments = append(p.Fragments, p.Fragments[0])
		},
		"no armour":      func(p *nmea.Pending) { p.Fragments[0].Payload = "," },
		"a long payload": func(p *nmea.Pending) { p.Fragments[0].Payload = strings.Repeat("0", 600) },
		"fill bits":      func(p *nmea.Pending) { p.Fill = 6 },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			bad := good
			bad.Fragments = append([]nmea.PendingFragment(nil), good.Fragments...)
			change(&bad)
			var a nmea.Assembler
			if err := a.Restore(nmea.AssemblerState{Pending: []nmea.Pending{bad}}); err == nil {
				t.Errorf("Restore(%+v) was taken", bad)
			}
		})
	}
	var a nmea.Assembler
	if err := a.Restore(nmea.AssemblerState{Pending: make([]nmea.Pending, nmea.MaxPending+1)}); err == nil {
		t.Error("Restore of too many was taken")
	}
}

// TestAssemblerForgetsOldEnds lets datagrams overtake each other, but does not
// join a beginning with the end of a message that was lost before.
func TestAssemblerForgetsOldEnds(t *testing.T) {
	parse := func(body string) *nmea.Sentence {
		var s nmea.Sentence
		if err := nmea.Parse([]byte(sentence(body)), &s); err != nil {
			t.Fatal(err)
		}
		return &s
	}
	for name, tc := range map[string]struct {
		gap  time.Duration
		want string
	}{
		"at once": {nmea.MaxSwap, "5533old"},
		"later":   {nmea.MaxSwap + time.Millisecond, "5533new"},
	} {
		t.Run(name, func(t *testing.T) {
			var a nmea.Assembler
			now := time.Unix(1_780_000_000, 0)
			got := ""
			for _, step := range []struct {
				body string
				gap  time.Duration
			}{{"AIVDM,2,2,3,B,old,2", tc.gap}, {"AIVDM,2,1,3,B,5533,0", 0}, {"AIVDM,2,2,3,B,new,2", 0}} {
				payload, _, complete, err := a.Push(now, "x", parse(step.body))
				if err != nil {
					t.Fatal(err)
				}
				if complete {
					got = string(payload)
					break
				}
				now = now.Add(step.gap)
			}
			if got != tc.want {
				t.Errorf("joined %q, want %q", got, tc.want)
			}
		})
	}
}
