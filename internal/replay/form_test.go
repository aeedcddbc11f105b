// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package replay_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/replay"
	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/modes/avr"
	"github.com/kuroshio-watch/kuroshio/modes/beast"
)

// TestClocks reads what the clocks of recordings do that clocks should not.
func TestClocks(t *testing.T) {
	id := modes.EncodeIdentification(0x899101, "EXR101", 0xA3)
	tod := func(seconds int) []byte {
		r := cat048.Record{Has: cat048.Item010 | cat048.Item140, I140: cat048.I140(seconds * 128)}
		b, err := r.Append(nil)
		if err == nil {
			b, err = asterix.AppendBlock(nil, cat048.Category, b)
		}
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	second := uint64(12_000_000)
	tests := map[string]struct {
		spec    string
		content []byte
		want    []time.Duration // from noon
	}{
		"a counter that starts anew": {
			"avr:x?start=2026-11-25T12:00:00Z",
			slices.Concat(avr.AppendWithTicks(nil, id[:], 1e6*second), avr.AppendWithTicks(nil, id[:], (1e6+2)*second), avr.AppendWithTicks(nil, id[:], 5), avr.AppendWithTicks(nil, id[:], 5+second)),
			[]time.Duration{0, 2 * time.Second, 2 * time.Second, 3 * time.Second},
		},
		"a counter that goes back a little": {
			"avr:x?start=2026-11-25T12:00:00Z",
			slices.Concat(avr.AppendWithTicks(nil, id[:], 3*second), avr.AppendWithTicks(nil, id[:], 2*second), avr.Append(nil, id[:]), avr.AppendWithTicks(nil, id[:], 4*second)),
			[]time.Duration{0, -time.Second, -time.Second, time.Second},
		},
		"no counter": {
			"avr:x?start=2026-11-25T12:00:00Z", slices.Concat(avr.Append(nil, id[:]), avr.Append(nil, id[:])),
			[]time.Duration{0, time.Millisecond},
		},
		"times of day that go back": {
			"asterix:x?start=2026-11-25", slices.Concat(tod(43210), tod(43209), []byte{62, 0, 4, 0x80}, tod(43211)),
			[]time.Duration{10 * time.Second, 10 * time.Second, 10 * time.Second, 11 * time.Second},
		},
		"a log clock and a tag block": {
			"nmea:x", appendTagged([]byte("[2026-11-25 12:00:07.5] "), noon, ships(t)[0].data), []time.Duration{7500 * time.Millisecond},
		},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			f, err := replay.ParseFeed(tt.spec)
			if err != nil {
				t.Fatal(err)
			}
			r, err := replay.NewReader(&f, bytes.NewReader(tt.content))
			if err != nil {
				t.Fatal(err)
			}
			var got []time.Duration
			for {
				var fr frame.Frame
				if err := r.Next(&fr); err != nil {
					if !errors.Is(err, io.EOF) {
						t.Errorf("Next() = %v", err)
					}
					break
				}
				got = append(got, fr.Received.Sub(noon))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("times from noon (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseFeed(t *testing.T) {
	tests := map[string]struct {
		spec string
		ok   bool
	}{
		"a plain file":            {"beast:a/b.gz", true},
		"all options":             {"asterix:x?name=r&start=2026-01-02&exercise=true&receiver=24,123&range=100&port=7&sensor=1/2,24,123,100,200,4&sensor=1/3,24,123,0,200,4", true},
		"a start with time":       {"avr:x?start=2026-01-02T03:04:05Z", true},
		"no file":                 {"beast:", false},
		"no kind":                 {"x.beast", false},
		"an unknown kind":         {"sbs:x", false},
		"an unknown option":       {"beast:x?color=red", false},
		"an option twice":         {"beast:x?name=a&name=b", false},
		"a start that is none":    {"beast:x?start=noon", false},
		"half a position":         {"beast:x?receiver=24", false},
		"a position of words":     {"beast:x?receiver=a,b", false},
		"a port beyond ports":     {"pcap:x?port=70000", false},
		"a sensor without an id":  {"asterix:x?sensor=a,24,123,100,200,4", false},
		"a sensor beyond numbers": {"asterix:x?sensor=300/1,24,123,100,200,4", false},
		"a sensor without a turn": {"asterix:x?sensor=1/2,24,123,100,200", false},
		"a broken option":         {"beast:x?a=%zz", false},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			if _, err := replay.ParseFeed(tt.spec); (err == nil) != tt.ok {
				t.Errorf("ParseFeed(%q) = %v", tt.spec, err)
			}
		})
	}
	feeds, err := replay.ParseFeeds([]string{"beast:a", "asterix:x?name=r&start=2026-01-02&exercise=true&sensor=1/2,24,123,100,200,4"})
	if err != nil {
		t.Fatal(err)
	}
	s := replay.Sensors(feeds)
	if feeds[0].Name != "beast1" || len(s) != 1 || s[0].ID != "001/002" || s[0].Source != "r" || s[0].Period != 4*time.Second || s[0].MaxRange != 370400 {
		t.Errorf("feeds %+v, sensors %+v", feeds, s)
	}
	if src := replay.Sources(feeds)["r"]; !src.Exercise || src.Format != frame.ASTERIX || !feeds[1].Start.Equal(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("feed = %+v", feeds[1])
	}
	if _, err := replay.ParseFeeds([]string{"beast:a?name=x", "avr:b?name=x"}); err == nil {
		t.Error("ParseFeeds took two feeds of one name")
	}
	for _, kind := range replay.Kinds() {
		if _, err := replay.ParseFeed(kind + ":x"); err != nil {
			t.Errorf("ParseFeed refuses kind %s: %v", kind, err)
		}
	}
}

func TestErrors(t *testing.T) {
	good := "tsv:" + write(t, "a", tsvAt(0, 5000))
	var r recorder
	if _, err := record(t, &r, "tsv:"+filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Run() = %v without the file", err)
	}
	noGzip := filepath.Join(t.TempDir(), "x.gz")
	if err := os.WriteFile(noGzip, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := record(t, &r, good, "tsv:"+noGzip); !errors.Is(err, gzip.ErrHeader) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Run() = %v of a file that is not packed", err)
	}
	for _, call := range []string{"tsv1", "tick"} {
		if _, err := record(t, &recorder{fail: call}, good); !errors.Is(err, errFail) {
			t.Errorf("Run() = %v when %s fails", err, call)
		}
	}
	feeds, err := replay.ParseFeeds([]string{good})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	wait := func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	if _, err := replay.Run(ctx, replay.Config{Feeds: feeds, Stepper: &r, Speed: 1, Wait: wait}); !errors.Is(err, context.Canceled) {
		t.Errorf("Run() = %v after the end of its context", err)
	}
	if _, err := replay.Run(ctx, replay.Config{Feeds: feeds, Stepper: &r}); !errors.Is(err, context.Canceled) {
		t.Errorf("Run() = %v after the end of its context, as fast as it can", err)
	}
	for name, cfg := range map[string]replay.Config{
		"no feed":         {Stepper: &r},
		"no stepper":      {Feeds: feeds},
		"speed below 0":   {Feeds: feeds, Stepper: &r, Speed: -1},
		"speed no number": {Feeds: feeds, Stepper: &r, Speed: math.NaN()},
	} {
		if _, err := replay.Run(context.Background(), cfg); err == nil {
			t.Errorf("Run took %s", name)
		}
	}
	e, err := replay.NewEngine("me", "", feeds)
	if err != nil {
		t.Fatal(err)
	}
	full := writerFunc(func([]byte) (int, error) { return 0, errFail })
	if _, err := replay.Run(context.Background(), replay.Config{Feeds: feeds, Stepper: e, Tracks: full}); !errors.Is(err, errFail) {
		t.Errorf("Run() = %v when the tracks cannot be written", err)
	}
	if _, err := replay.NewEngine("me", "atlantis", feeds); err == nil {
		t.Error("NewEngine took an unknown pack")
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestRefusedOffset has a wrong checksum in the second line.
func TestRefusedOffset(t *testing.T) {
	good := string(ships(t)[0].data)
	out, st, _ := play(t, 0, "nmea:"+write(t, "a", []byte(good+good[:20]+"0"+good[21:])))
	at := int64(len(good) + strings.IndexByte(good, '*') + 1)
	if want := []replay.Count{{Feed: "nmea1", Reason: "nmea-checksum", Count: 1, Offset: at}}; !cmp.Equal(want, st.Refused) {
		t.Errorf("refused %+v, want %+v", st.Refused, want)
	}
	for _, l := range parseLines(t, out) {
		if l.Kind == "refused" && (l.Refused.Offset != at || l.Refused.Seq != 2 || l.T == "") {
			t.Errorf("line %+v", l.Refused)
		}
	}
}

// TestCutGzip takes what is there of a file that was cut off.
func TestCutGzip(t *testing.T) {
	whole := write(t, "a.tsv.gz", tsvAt(0, 1000, 2000))
	b, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.tsv.gz")
	if err := os.WriteFile(cut, b[:len(b)-10], 0o600); err != nil {
		t.Fatal(err)
	}
	var r recorder
	st, err := record(t, &r, "tsv:"+cut)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.seen) == 0 || len(st.Refused) != 1 || st.Refused[0].Reason != replay.ReasonCut {
		t.Errorf("%d frames, refused %+v", len(r.seen), st.Refused)
	}
}

// TestWithoutDetail leaves tracks and objects only, and closes each track that
// goes with a line of its own.
func TestWithoutDetail(t *testing.T) {
	frames, _ := squitters()
	late := timed{noon.Add(3 * time.Hour), frames[0].data} // all tracks are dropped until then
	feeds, err := replay.ParseFeeds([]string{recordings(t, append(frames, late))["tsv"]})
	if err != nil {
		t.Fatal(err)
	}
	e, err := replay.NewEngine("me", "", feeds)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := replay.Run(context.Background(), replay.Config{Feeds: feeds, Stepper: e, Tracks: &out}); err != nil {
		t.Fatal(err)
	}
	kinds, last, dropped := map[string]int{}, map[uint32]string{}, 0
	before := map[uint32]replay.TrackLine{}
	for _, l := range parseLines(t, out.Bytes()) {
		kinds[l.Kind]++
		if l.Kind != "track" {
			continue
		}
		last[l.N] = l.State
		if l.State == "dropped" {
			dropped++
		}
		if cmp.Equal(l.TrackLine, before[l.N]) {
			t.Errorf("at %s track %d is written again as it was", l.T, l.N)
		}
		before[l.N] = l.TrackLine
	}
	if dropped != 2 {
		t.Errorf("%d lines of dropped tracks, want 2", dropped)
	}
	if kinds["aircraft"] != 3 || kinds["track"] < 200 || len(kinds) != 2 {
		t.Errorf("lines by kind: %v", kinds)
	}
	if want := map[uint32]string{1: "dropped", 2: "dropped"}; !cmp.Equal(want, last) {
		t.Errorf("tracks end as %v, want %v", last, want)
	}
	if v := e.View(); v.Exercise || len(v.Feeds) != 1 || v.Feeds[0].Frames != uint64(len(frames)+1) {
		t.Errorf("view of the feeds: %+v", v.Feeds)
	}
}

// FuzzReader reads any octets as any kind of recording: it ends, and says
// where what it refuses lies.
func FuzzReader(f *testing.F) {
	frames, _ := squitters()
	id := frames[0].data
	f.Add(uint8(0), beast.Append(beast.AppendTime(nil, noon.UnixMilli()), beast.Message{Type: beast.TypeLong, Data: id}))
	f.Add(uint8(1), avr.AppendWithTicks(avr.Append(nil, id), id, 1<<47))
	f.Add(uint8(2), tsvAt(0, 1<<40, 5))
	f.Add(uint8(3), ships(f)[0].data)
	f.Add(uint8(4), radar(f)[0].data)
	f.Add(uint8(5), appendPacket(nil, noon, 1, []byte("x")))
	f.Fuzz(func(t *testing.T, kind uint8, b []byte) {
		feed := replay.Feed{Name: "x", Kind: replay.Kinds()[int(kind)%len(replay.Kinds())]}
		r, err := replay.NewReader(&feed, bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; ; n++ {
			var fr frame.Frame
			err := r.Next(&fr)
			var bad *replay.Bad
			switch {
			case errors.As(err, &bad):
				if bad.Offset < 0 || bad.Offset > int64(len(b)) || bad.Reason == "" {
					t.Errorf("bad %+v of %d octets", bad, len(b))
				}
			case err != nil:
				return
			case fr.Offset < 0 || fr.Offset+int64(len(fr.Data)) > int64(2*len(b)) || len(fr.Data) > len(b) || fr.Received.Year() > 10889:
				t.Errorf("frame %+v of %d octets", fr, len(b))
			}
			if n > len(b) {
				t.Fatalf("%d results of %d octets", n, len(b))
			}
		}
	})
}

func BenchmarkReplay(b *testing.B) {
	frames, _ := squitters()
	feeds, err := replay.ParseFeeds([]string{recordings(b, frames)["Beast with marks"]})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		b.StopTimer() // zones and rules are read once a run, however long
		e, err := replay.NewEngine("me", "", feeds)
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if _, err := replay.Run(context.Background(), replay.Config{Feeds: feeds, Stepper: e, Tracks: io.Discard}); err != nil {
			b.Fatal(err)
		}
		n += len(frames)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "frames/s")
}
