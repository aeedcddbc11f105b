// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// receivers are antennas of which each has a feed of its own, and a drill.
func receivers(t testing.TB) *decode.Decoder {
	t.Helper()
	d, err := decode.New(decode.Config{Sources: map[string]decode.Source{
		"east": {Format: frame.ModeS}, "west": {Format: frame.ModeS}, "drill": {Format: frame.ModeS, Exercise: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// hear takes a frame and returns how many plots came of it.
func hear(t testing.TB, d *decode.Decoder, source string, receiver uint64, at time.Time, data []byte) []plot.Plot {
	t.Helper()
	plots, _, err := d.Decode(&frame.Frame{Source: source, Format: frame.ModeS, Received: at, Data: data, Receiver: receiver}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return plots
}

func TestCopiesOfOtherReceivers(t *testing.T) {
	id := long(modes.EncodeIdentification(0x899123, "EXR101", 0xA3))
	type copyOf struct {
		source   string
		receiver uint64
		after    time.Duration
		plots    int
	}
	for name, list := range map[string][]copyOf{
		"two feeds":                {{"east", 0, 0, 1}, {"west", 0, 300 * time.Millisecond, 0}},
		"the same feed again":      {{"east", 0, 0, 1}, {"east", 0, 300 * time.Millisecond, 1}, {"west", 0, 400 * time.Millisecond, 0}},
		"one feed of two":          {{"east", 7, 0, 1}, {"east", 8, 300 * time.Millisecond, 0}, {"east", 7, 400 * time.Millisecond, 1}},
		"a copy that is too late":  {{"east", 0, 0, 1}, {"west", 0, 1100 * time.Millisecond, 1}},
		"a copy that comes before": {{"east", 0, time.Second, 1}, {"west", 0, 500 * time.Millisecond, 0}},
		"an exercise":              {{"east", 0, 0, 1}, {"drill", 0, 100 * time.Millisecond, 1}},
		"a clock hours ahead":      {{"east", 0, 5 * time.Hour, 1}, {"west", 0, 0, 1}, {"east", 0, 0, 0}},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			d := receivers(t)
			merged := uint64(0)
			for i, c := range list {
				if got := len(hear(t, d, c.source, c.receiver, noon.Add(c.after), id)); got != c.plots {
					t.Errorf("copy %d: %d plots, want %d", i, got, c.plots)
				}
				merged += uint64(1 - c.plots)
			}
			if got := d.Merged("east") + d.Merged("west") + d.Merged("drill"); got != merged {
				t.Errorf("%d merged, want %d", got, merged)
			}
		})
	}
}

// TestPairsAcrossCopies has one receiver miss the second of two positions: the
// other's copy of the first must have been decoded for it, though it was merged.
func TestPairsAcrossCopies(t *testing.T) {
	d := receivers(t)
	even := long(modes.EncodeAirbornePosition(0x899123, taxi, 16000, false))
	odd := long(modes.EncodeAirbornePosition(0x899123, taxi, 16000, true))
	hear(t, d, "east", 0, noon, even)
	hear(t, d, "west", 0, noon.Add(100*time.Millisecond), even)
	plots := hear(t, d, "west", 0, noon.Add(500*time.Millisecond), odd)
	if len(plots) != 1 || plots[0].Has&plot.HasPosition == 0 {
		t.Errorf("plots = %+v, want a position", plots)
	}
}

func TestReceiversAreRemembered(t *testing.T) {
	d := receivers(t)
	id := long(modes.EncodeIdentification(0x899123, "EXR101", 0xA3))
	hear(t, d, "west", 0, noon, id)
	hear(t, d, "east", 0xAB, noon.Add(100*time.Millisecond), id)
	want := []string{"east/00000000000000ab", "west"}
	if diff := cmp.Diff(want, d.Receivers(0x899123, noon.Add(time.Second))); diff != "" {
		t.Errorf("receivers (-want +got):\n%s", diff)
	}
	st := kept(t, d)
	again := receivers(t)
	if err := again.Restore(st); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, again.Receivers(0x899123, noon.Add(time.Second))); diff != "" || again.Merged("east") != 1 {
		t.Errorf("receivers after a restart (-want +got):\n%s", diff)
	}
	if n := len(hear(t, again, "east", 0, noon.Add(200*time.Millisecond), id)); n != 0 {
		t.Errorf("a restart made %d plots of a copy", n)
	}
	if got := d.Receivers(0x899123, noon.Add(61*time.Second)); len(got) != 0 {
		t.Errorf("%v heard it a minute ago", got)
	}
	for i := range 20 {
		hear(t, d, "east", uint64(i+1), noon.Add(time.Duration(i+2)*time.Second), id)
	}
	got := d.Receivers(0x899123, noon.Add(22*time.Second))
	if len(got) != 8 || got[0] != fmt.Sprintf("east/%016x", 13) {
		t.Errorf("%d receivers, want the 8 latest: %v", len(got), got)
	}
	st.Copies.Frames[0].Key = "zz"
	if err := again.Restore(st); err == nil {
		t.Error("Restore() took a frame that is none")
	}
}

// TestCopiesAreBounded hears more frames in a second than are kept, and more
// aircraft.
func TestCopiesAreBounded(t *testing.T) {
	d := receivers(t)
	send := func(source string, n int, at time.Time) (plots int) {
		return len(hear(t, d, source, 0, at, long(modes.EncodeIdentification(modes.ICAO(0x100000+n), "A", 0xA3))))
	}
	const frames = 1<<14 + 10
	for i := range frames {
		send("east", i, noon)
	}
	st := d.Snapshot()
	if n := len(st.Copies.Frames); n != 1<<14 {
		t.Errorf("%d frames kept, want %d", n, 1<<14)
	}
	if send("west", 5, noon) != 0 || send("west", frames-1, noon) != 1 {
		t.Error("want a copy merged that is known, and taken as a frame that is not")
	}
	send("east", 1, noon.Add(2*time.Second))
	if n := len(d.Snapshot().Copies.Frames); n != 1 {
		t.Errorf("%d frames kept two seconds later, want 1", n)
	}
	for i := range 1<<15 + 10 {
		send("east", i, noon.Add(3*time.Second))
	}
	if n := len(d.Snapshot().Copies.Aircraft); n > 1<<15+2 {
		t.Errorf("receivers of %d aircraft kept, want at most %d", n, 1<<15)
	}
	if send("east", 1<<20, noon.Add(90*time.Second)); len(d.Receivers(0x100000+1<<20, noon.Add(90*time.Second))) != 1 {
		t.Error("no room for a new aircraft after the others went")
	}
}

// What each receiver of a feed brought is counted, also over a restart; beyond a
// number of receivers they count as one.
func TestReceiversAreCounted(t *testing.T) {
	d := receivers(t)
	id := long(modes.EncodeIdentification(0x899123, "EXR101", 0xA3))
	hear(t, d, "west", 0, noon, id)
	hear(t, d, "east", 0xAB, noon.Add(100*time.Millisecond), id)
	hear(t, d, "east", 0xAB, noon.Add(2*time.Second), id)
	hear(t, d, "east", 0xCD, noon.Add(2*time.Second), id)
	st := kept(t, d)
	again := receivers(t)
	if err := again.Restore(st); err != nil {
		t.Fatal(err)
	}
	want := []decode.Receiver{
		{ID: "00000000000000ab", Frames: 2, Copies: 1, Last: noon.Add(2 * time.Second)},
		{ID: "00000000000000cd", Frames: 1, Copies: 1, Last: noon.Add(2 * time.Second)},
	}
	for name, d := range map[string]*decode.Decoder{"before": d, "after": again} {
		if diff := cmp.Diff(want, d.Heard("east")); diff != "" {
			t.Errorf("east %s a restart (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff([]decode.Receiver{{Frames: 1, Last: noon}}, d.Heard("west")); diff != "" {
			t.Errorf("west %s a restart (-want +got):\n%s", name, diff)
		}
	}
	if got := d.Heard("nobody"); got != nil {
		t.Errorf("no feed brought %v", got)
	}
	for i := range 100 {
		hear(t, d, "east", uint64(i+1), noon.Add(time.Minute), id)
	}
	if got := d.Heard("east"); len(got) != 65 || got[0].ID != "" || got[0].Frames != 38 {
		t.Errorf("%d receivers, the first %+v, want 64 and 38 frames of others", len(got), got[0])
	}
	for i := range st.Sources {
		for k := range st.Sources[i].Heard {
			st.Sources[i].Heard[k].ID = "x"
		}
	}
	if err := again.Restore(st); err == nil {
		t.Error("Restore() took a receiver of no sound name")
	}
}
