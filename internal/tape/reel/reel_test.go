// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package reel_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/tape"
	"github.com/kuroshio-watch/kuroshio/internal/tape/reel"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// secret is what a partner's record says.
const secret = "the partner's own words"

// inputs returns one of each kind, a quarter of an hour apart.
func inputs(feed string) []*engine.Input {
	list := []*engine.Input{
		{Config: &engine.Config{Feeds: []engine.FeedConfig{{Name: feed}}}},
		{Frame: &frame.Frame{Source: feed, Seq: 1, Format: frame.NMEA, Received: noon, Data: []byte{0xAB, 0xCD}}},
		{Partner: &engine.Partner{From: "jp", Lane: record.LaneRecord, Seq: 7, Body: []byte(secret)}},
		{Command: &engine.Command{Verb: "log", By: "wang", Role: engine.Officer, Text: "typed here"}},
		{Event: &engine.Event{Kind: "feed", Feed: feed, State: "up"}},
		{Tick: &engine.Tick{}},
		{Frame: &frame.Frame{Source: feed, Seq: 2, Format: frame.NMEA, Received: noon, Offset: 9, Data: []byte{1}}},
		{Event: &engine.Event{Kind: "refused", Feed: "other", Reason: "avr-line", Count: 2}},
	}
	for i, in := range list {
		in.At = noon.Add(time.Duration(i) * 15 * time.Minute)
	}
	return list
}

// write makes a tape as a node does.
func write(t testing.TB, list []*engine.Input) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "tape")
	tp, err := tape.Open(dir, tape.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range list {
		b, err := engine.MarshalInput(in)
		if err != nil {
			t.Fatal(err)
		}
		tp.Roll(in.At)
		if _, err := tp.Append([][]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	if err := tp.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func open(t testing.TB, dir string) *tape.Reader {
	t.Helper()
	r, err := tape.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func cat(t testing.TB, dir string, f reel.Filter) string {
	t.Helper()
	var b bytes.Buffer
	if err := reel.Cat(&b, open(t, dir), f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func numbers(t testing.TB, text string) (list []uint64) {
	t.Helper()
	for line := range strings.Lines(text) {
		var l reel.Line
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		list = append(list, l.N)
	}
	return list
}

func TestCatPrintsWhatIsAskedFor(t *testing.T) {
	dir := write(t, inputs("ais-1"))
	want := `{"n":1,"at":"2026-11-28T12:00:00Z","kind":"config","config":{"partners":null,"feeds":["ais-1"],"octets":`
	if got := cat(t, dir, reel.Filter{}); !strings.HasPrefix(got, want) {
		t.Errorf("config line = %s", got[:200])
	}
	lines := map[uint64]string{
		2: `{"n":2,"at":"2026-11-28T12:15:00Z","kind":"frame","frame":{"feed":"ais-1","seq":1,"format":"nmea","received":"2026-11-28T12:00:00Z","offset":0,"data":"abcd"}}`,
		3: `{"n":3,"at":"2026-11-28T12:30:00Z","kind":"partner","partner":{"from":"jp","lane":"record","seq":7}}`,
		4: `{"n":4,"at":"2026-11-28T12:45:00Z","kind":"command","command":{"by":"wang","role":"officer","act":{"verb":"log","text":"typed here"}}}`,
		5: `{"n":5,"at":"2026-11-28T13:00:00Z","kind":"event","event":{"of":"feed","feed":"ais-1","state":"up"}}`,
		6: `{"n":6,"at":"2026-11-28T13:15:00Z","kind":"tick"}`,
	}
	for n, want := range lines {
		if got := cat(t, dir, reel.Filter{Span: reel.Span{From: n, To: n}}); got != want+"\n" {
			t.Errorf("entry %d = %s, want %s", n, got, want)
		}
	}
	tests := map[string]struct {
		f    reel.Filter
		want []uint64
	}{
		"kinds":        {reel.Filter{Kinds: []string{"frame", "tick"}}, []uint64{2, 6, 7}},
		"a feed":       {reel.Filter{Feeds: []string{"ais-1"}}, []uint64{2, 5, 7}},
		"another feed": {reel.Filter{Feeds: []string{"other"}}, []uint64{8}},
		"times":        {reel.Filter{Span: reel.Span{Since: noon.Add(30 * time.Minute), Until: noon.Add(time.Hour)}}, []uint64{3, 4}},
	}
	for name, tt := range tests {
		if diff := cmp.Diff(tt.want, numbers(t, cat(t, dir, tt.f))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for name, f := range map[string]reel.Filter{
		"an unknown kind": {Kinds: []string{"fax"}},
		"numbers":         {Span: reel.Span{From: 5, To: 4}},
		"times reversed":  {Span: reel.Span{Since: noon, Until: noon}},
	} {
		if err := reel.Cat(&bytes.Buffer{}, open(t, dir), f); err == nil {
			t.Errorf("Cat with %s = nil", name)
		}
	}
}

// TestPartnersWordsAreNowhere looks for them in what is printed, in the tape's
// files, and in what is cut and joined from them.
func TestPartnersWordsAreNowhere(t *testing.T) {
	dir := write(t, inputs("ais-1"))
	out := filepath.Join(t.TempDir(), "cut")
	if _, err := reel.Cut(out, open(t, dir), reel.Span{}); err != nil {
		t.Fatal(err)
	}
	texts := []string{cat(t, dir, reel.Filter{}), cat(t, out, reel.Filter{})}
	for _, d := range []string{dir, out} {
		names, err := filepath.Glob(filepath.Join(d, "*"))
		if err != nil || len(names) < 4 {
			t.Fatalf("files of %s: %v, %v", d, names, err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(b))
		}
	}
	found := 0
	for i, text := range texts {
		if strings.Contains(text, secret) {
			t.Errorf("text %d holds what the partner said", i)
		}
		if strings.Contains(text, "typed here") {
			found++
		}
	}
	if found < 4 { // the control: what people typed here is on both tapes and in both prints
		t.Errorf("our own words are in %d texts, want 4", found)
	}
}

func TestCutPartsJoinToTheSameTape(t *testing.T) {
	dir := write(t, inputs("ais-1"))
	a, b := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	if n, err := reel.Cut(a, open(t, dir), reel.Span{To: 5}); err != nil || n != 5 {
		t.Fatalf("Cut = %d, %v", n, err)
	}
	if n, err := reel.Cut(b, open(t, dir), reel.Span{Since: noon.Add(45 * time.Minute)}); err != nil || n != 5 {
		t.Fatalf("Cut = %d, %v", n, err)
	}
	if diff := cmp.Diff([]uint64{4, 5, 6, 7, 8}, numbers(t, cat(t, b, reel.Filter{}))); diff != "" {
		t.Error(diff)
	}
	whole := filepath.Join(t.TempDir(), "whole")
	if n, err := reel.Join(whole, []*tape.Reader{open(t, b), open(t, a)}); err != nil || n != 8 {
		t.Fatalf("Join = %d, %v", n, err)
	}
	if got, want := cat(t, whole, reel.Filter{}), cat(t, dir, reel.Filter{}); got != want {
		t.Errorf("joined:\n%s\nwant\n%s", got, want)
	}
	if info := reel.Look(open(t, whole)); !info.Good || len(info.Segments) != 2 || !info.Segments[0].Sealed {
		t.Errorf("joined tape = %+v, want two segments, the first sealed", info)
	}
}

func TestJoinRefusesWhatDoesNotFit(t *testing.T) {
	dir := write(t, inputs("ais-1"))
	part := func(s reel.Span, from string) *tape.Reader {
		out := filepath.Join(t.TempDir(), "part")
		if _, err := reel.Cut(out, open(t, from), s); err != nil {
			t.Fatal(err)
		}
		return open(t, out)
	}
	other := write(t, inputs("ais-2"))
	tests := map[string]struct {
		parts []*tape.Reader
		want  string
	}{
		"a gap":          {[]*tape.Reader{part(reel.Span{To: 3}, dir), part(reel.Span{From: 6}, dir)}, "entries 4 to 5 are in no part"},
		"another's tape": {[]*tape.Reader{part(reel.Span{To: 3}, dir), part(reel.Span{From: 2}, other)}, "entry 2 differs"},
	}
	for name, tt := range tests {
		if _, err := reel.Join(filepath.Join(t.TempDir(), "x"), tt.parts); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Join of %s = %v, want %q", name, err, tt.want)
		}
	}
	if _, err := reel.Join(dir, []*tape.Reader{open(t, other)}); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("Join into a tape = %v, want refused", err)
	}
	if _, err := reel.Cut(filepath.Join(t.TempDir(), "x"), open(t, dir), reel.Span{From: 99}); err == nil {
		t.Error("Cut of nothing = nil")
	}
}

func TestFramesOfSeveralNodesGoByTime(t *testing.T) {
	late := inputs("ais-2")
	for _, in := range late {
		in.At = in.At.Add(5 * time.Minute)
	}
	a, b := write(t, inputs("ais-1")), write(t, late)
	out := filepath.Join(t.TempDir(), "out")
	if n, err := reel.Frames(out, []*tape.Reader{open(t, b), open(t, a)}); err != nil || n != 4 {
		t.Fatalf("Frames = %d, %v", n, err)
	}
	var got []string
	for line := range strings.Lines(cat(t, out, reel.Filter{})) {
		var l reel.Line
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		got = append(got, l.Frame.Feed)
	}
	if diff := cmp.Diff([]string{"ais-1", "ais-2", "ais-1", "ais-2"}, got); diff != "" {
		t.Error(diff)
	}
	if _, err := reel.Frames(filepath.Join(t.TempDir(), "x"), []*tape.Reader{open(t, a), open(t, a)}); err == nil || !strings.Contains(err.Error(), "ais-1 is on two") {
		t.Errorf("Frames of one feed twice = %v", err)
	}
}

func TestLookFindsDamage(t *testing.T) {
	dir := write(t, inputs("ais-1"))
	info := reel.Look(open(t, dir))
	if !info.Good || info.Kinds["frame"] != 2 || info.Feeds["ais-1"] != 2 || info.Last != 8 || !info.Segments[0].To.Equal(noon.Add(45*time.Minute)) {
		t.Errorf("Look = %+v", info)
	}
	path := filepath.Join(dir, "00000000000000000001.tape")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if info = reel.Look(open(t, dir)); info.Good || info.Segments[0].Problem == "" || info.Segments[1].Problem != "" {
		t.Errorf("Look = %+v, want the first segment damaged", info)
	}
}
