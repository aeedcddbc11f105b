// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package replay_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/internal/replay"
)

// line is any line of the output.
type line struct {
	Kind string `json:"kind"`
	T    string `json:"t"`
	replay.TrackLine
	Plot    replay.PlotLine    `json:"-"`
	Message replay.MessageLine `json:"-"`
	Refused replay.RefusedLine `json:"-"`
	Object  replay.ObjectLine  `json:"-"`
}

func parseLines(t testing.TB, b []byte) []line {
	t.Helper()
	var list []line
	for text := range bytes.Lines(b) {
		var head struct {
			Kind string `json:"kind"`
			T    string `json:"t"`
		}
		err := json.Unmarshal(text, &head)
		l := line{Kind: head.Kind, T: head.T}
		var into any
		switch head.Kind {
		case "track":
			into = &l.TrackLine
		case "plot":
			into = &l.Plot
		case "message":
			into = &l.Message
		case "refused":
			into = &l.Refused
		case "aircraft", "vessel":
			into = &l.Object
		default:
			t.Fatalf("line of kind %q: %s", head.Kind, text)
		}
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			t.Fatalf("line %s: %v", text, err)
		}
		list = append(list, l)
	}
	return list
}

// play replays feeds through an engine with all details and returns the
// output. The wall is a number.
func play(t testing.TB, speed float64, specs ...string) ([]byte, *replay.Stats, time.Duration) {
	t.Helper()
	feeds, err := replay.ParseFeeds(specs)
	if err != nil {
		t.Fatal(err)
	}
	e, err := replay.NewEngine("me", "", feeds)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var wall time.Duration
	st, err := replay.Run(context.Background(), replay.Config{
		Feeds: feeds, Speed: speed, Stepper: e, Tracks: &out, Detail: true,
		Wait: func(_ context.Context, since time.Duration) error {
			if since < wall {
				t.Errorf("waits for %v after %v", since, wall)
			}
			wall = since
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), st, wall
}

func TestCorpusModeS(t *testing.T) {
	dir := filepath.Join(corpustest.Dir(t), "modes")
	tests := map[string]struct{ feeds []string }{
		// The antenna flies along; it stands at the airport when surface
		// positions need it.
		"toulouse": {[]string{"tsv:toulouse.tsv.gz?receiver=43.63,1.37", "beast:toulouse.sync.beast.gz?receiver=43.63,1.37"}},
		"ulss7":    {[]string{"tsv:ulss7.tsv.gz", "beast:ulss7.beast.gz?start=2018-04-03T19:15:48Z"}},
	}
	for name, tt := range tests {
		for i, spec := range tt.feeds {
			kind, file, _ := strings.Cut(spec, ":")
			t.Run(name+"/"+kind, func(t *testing.T) {
				out, st, _ := play(t, 0, kind+":"+filepath.Join(dir, file))
				lines := parseLines(t, out)
				checkAircraft(t, lines, filepath.Join(dir, "expected", "aircraft-"+name+".json.gz"))
				// A Beast recording has the frames of the other one in the same
				// order.
				checkPositions(t, lines, filepath.Join(dir, "expected", "consensus-"+name+".jsonl.gz"))
				t.Logf("%d ticks, %d lines, refused %+v", st.Ticks, len(lines), st.Refused)
				if i == 0 {
					checkSpeeds(t, out, kind+":"+filepath.Join(dir, file), st)
				}
				corpustest.Check(t)
			})
		}
	}
}

// checkAircraft compares the set of aircraft with the expected.
func checkAircraft(t *testing.T, lines []line, path string) {
	t.Helper()
	want := map[string]json.RawMessage{}
	readJSON(t, path, &want)
	got := map[string]bool{}
	for _, l := range lines {
		if l.Kind == "aircraft" { // the corpus writes "1" before what is no ICAO address
			got[strings.Replace(l.Object.Address, "~", "1", 1)] = true
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("aircraft (-expected +replayed):\n%s", diff)
	}
	t.Logf("%d aircraft", len(got))
}

// checkPositions compares each frame's position with the consensus.
func checkPositions(t *testing.T, lines []line, path string) {
	t.Helper()
	at := map[uint64]geo.Point{}
	for _, l := range lines {
		if l.Kind == "plot" && l.Plot.Lat != nil {
			at[l.Plot.Seq] = geo.Point{LatDeg: *l.Plot.Lat, LonDeg: *l.Plot.Lon}
		}
	}
	positions, near := 0, 0
	dec := json.NewDecoder(open(t, path))
	for dec.More() {
		var w struct {
			I        uint64
			Lat, Lon *float64
		}
		if err := dec.Decode(&w); err != nil {
			t.Fatal(err)
		}
		if w.Lat == nil {
			continue
		}
		positions++
		if p, ok := at[w.I+1]; ok && apart(p, geo.Point{LatDeg: *w.Lat, LonDeg: *w.Lon}) <= 5 {
			near++
		}
	}
	t.Logf("%d of %d consensus positions within 5 m", near, positions)
	if positions == 0 || float64(near) < 0.99*float64(positions) {
		t.Errorf("%d of %d consensus positions within 5 m, want 99 %%", near, positions)
	}
}

// checkSpeeds plays again at x1 and x100.
func checkSpeeds(t *testing.T, want []byte, spec string, st *replay.Stats) {
	t.Helper()
	for _, speed := range []float64{1, 100} {
		got, _, wall := play(t, speed, spec)
		if !bytes.Equal(got, want) {
			t.Errorf("at x%v other bytes come out", speed)
		}
		span := time.Duration(float64(st.Last.Sub(st.First)) / speed)
		if off := wall - span; off < -time.Second || off > 2*time.Second {
			t.Errorf("at x%v the replay took %v, want %v", speed, wall, span)
		}
	}
}

func apart(a, b geo.Point) float64 {
	d, _ := geo.Inverse(a, b)
	return float64(d)
}

// agreedAIS holds the fields on which independent decoders agree.
type agreedAIS struct {
	I                       int
	Type                    *float64
	MMSI                    *uint32
	Lat, Lon, SOG, COG, Hdg *float64
	Sec, Acc, RAIM, Status  *float64
	Turn                    *float64
	Name, Callsign, Dest    *string
	IMO, ShipType, Draught  *float64
	Bow, Stern              *float64
}

func TestCorpusAIS(t *testing.T) {
	dir := filepath.Join(corpustest.Dir(t), "ais")
	out, st, _ := play(t, 0, "nmea:"+filepath.Join(dir, "zenju_japan.log.gz")+"?receiver=35.5,139.8")
	var want []agreedAIS
	dec := json.NewDecoder(open(t, filepath.Join(dir, "expected", "ais_consensus-zenju_japan.jsonl.gz")))
	for dec.More() {
		var w agreedAIS
		if err := dec.Decode(&w); err != nil {
			t.Fatal(err)
		}
		want = append(want, w)
	}
	// Each assembled message gives one line: what it says, or why it was
	// refused.
	n, fields := 0, 0
	refused := map[int]string{}
	for _, l := range parseLines(t, out) {
		switch {
		case l.Kind == "message":
			if n < len(want) {
				fields += compareAIS(t, &l.Message, &want[n])
			}
			n++
		case l.Kind == "refused" && strings.HasPrefix(l.Refused.Reason, "ais-"):
			if l.Refused.Reason != "ais-unsupported" {
				refused[n] = l.Refused.Reason
			}
			n++
		}
	}
	if n != len(want) {
		t.Errorf("%d messages, want %d", n, len(want))
	}
	// 17 is the impossible one; 48 is cut off; 32, 80 and 465 contradict what
	// the same ship said before and after.
	if diff := cmp.Diff(map[int]string{17: "ais-mmsi", 48: "ais-short", 32: "ais-position-speed", 80: "ais-position-speed", 465: "ais-position-speed"}, refused); diff != "" {
		t.Errorf("refused messages (-want +got):\n%s", diff)
	}
	if fields < 11000 {
		t.Errorf("%d fields compared, want 11000", fields)
	}
	t.Logf("%d messages, %d agreed fields equal, refused %+v", n, fields, st.Refused)
	if !slices.ContainsFunc(st.Refused, func(c replay.Count) bool { return c.Reason == "ais-mmsi" && c.Count == 1 }) {
		t.Errorf("the impossible message is not counted: %+v", st.Refused)
	}
	corpustest.Check(t)
}

// compareAIS returns how many fields were compared. A field that is unknown
// here must have the code for unknown there, or one beyond the range.
func compareAIS(t *testing.T, m *replay.MessageLine, w *agreedAIS) (fields int) {
	t.Helper()
	number := func(field string, want, got *float64, unknown float64) {
		if want == nil {
			return
		}
		fields++
		switch {
		case got != nil && math.Abs(*got-*want) > 0.5000001e-6:
			t.Errorf("message %d: %s = %v, want %v", w.I, field, *got, *want)
		case got == nil && (unknown > 0 && *want < unknown || unknown == 0 && *want != 0):
			t.Errorf("message %d: %s is unknown, want %v", w.I, field, *want)
		}
	}
	text := func(field string, want *string, got string) {
		if want == nil {
			return
		}
		if fields++; got != *want {
			t.Errorf("message %d: %s = %q, want %q", w.I, field, got, *want)
		}
	}
	typ := float64(m.Type)
	number("type", w.Type, &typ, 0)
	if w.MMSI != nil {
		mmsi := fmt.Sprintf("%09d", *w.MMSI)
		text("mmsi", &mmsi, m.MMSI)
	}
	number("lat", w.Lat, m.Lat, 91)
	number("lon", w.Lon, m.Lon, 181)
	number("sog", w.SOG, m.SOGKt, 102.3)
	number("cog", w.COG, m.COGDeg, 360)
	number("hdg", w.Hdg, m.HeadingDeg, 360)
	number("sec", w.Sec, asFloat(m.Second), 60)
	if m.Accuracy != nil {
		number("acc", w.Acc, bit(*m.Accuracy), 0)
		number("raim", w.RAIM, bit(*m.RAIM), 0)
	}
	number("status", w.Status, asFloat(m.NavStatus), 15)
	turn := m.TurnDegMin
	if turn == nil {
		turn = asFloat(m.ROT)
	}
	if w.Turn != nil && turn != nil && math.Abs(*turn-*w.Turn) <= 0.55 { // the others round to whole degrees
		turn = w.Turn
	}
	number("turn", w.Turn, turn, 0)
	number("imo", w.IMO, asFloat(m.IMO), 0)
	number("shiptype", w.ShipType, asFloat(m.ShipType), 0)
	number("draught", w.Draught, m.DraughtM, 0)
	number("bow", w.Bow, asFloat(m.BowM), 0)
	number("stern", w.Stern, asFloat(m.SternM), 0)
	text("name", w.Name, m.Name)
	text("callsign", w.Callsign, m.Callsign)
	text("dest", w.Dest, m.Destination)
	return fields
}

func asFloat[T int8 | uint8 | uint16 | uint32](v *T) *float64 {
	if v == nil {
		return nil
	}
	f := float64(*v)
	return &f
}

func bit(b bool) *float64 {
	f := 0.0
	if b {
		f = 1
	}
	return &f
}

// barcelona is the recording's one radar: a turn in 4 s.
const barcelona = "asterix:%s?start=2020-01-01&sensor=020/129,41.3007022,2.1020582,50,256,4"

func TestCorpusRadar(t *testing.T) {
	dir := filepath.Join(corpustest.Dir(t), "asterix")
	out, st, _ := play(t, 0, fmt.Sprintf(barcelona, filepath.Join(dir, "bcn_cat048_first11000.ast.gz")))
	all, tracked := tracksOf(t, parseLines(t, out), 30*time.Second)
	t.Logf("%d plots, %d addresses, %d with a track of 30 s or more, refused %+v", st.Plots["asterix1"], len(all), len(tracked), st.Refused)
	if len(all) < 50 || float64(len(tracked)) < 0.95*float64(len(all)) {
		t.Errorf("%d of %d addresses have a track of 30 s or more, want 95 %%; without: %v", len(tracked), len(all), missing(all, tracked))
	}
	if st.Frames["asterix1"] == 0 || st.Plots["asterix1"]+counted(st) != 11000 {
		t.Errorf("%d plots and %d refused, want 11000 together", st.Plots["asterix1"], counted(st))
	}
	corpustest.Check(t)
}

func counted(st *replay.Stats) (n uint64) {
	for _, c := range st.Refused {
		n += c.Count
	}
	return n
}

func missing(all, tracked map[string]int) (list []string) {
	for a, plots := range all {
		if tracked[a] == 0 {
			list = append(list, fmt.Sprintf("%s (%d plots)", a, plots))
		}
	}
	slices.Sort(list)
	return list
}

// tracksOf returns the addresses in the plots, with their number, and those
// that have a confirmed or coasting track for so long.
func tracksOf(t *testing.T, lines []line, least time.Duration) (all, tracked map[string]int) {
	t.Helper()
	all, tracked = map[string]int{}, map[string]int{}
	type life struct{ first, last time.Time }
	lives := map[string]map[uint32]*life{}
	for _, l := range lines {
		switch {
		case l.Kind == "plot" && l.Plot.Address != "":
			all[l.Plot.Address]++
		case l.Kind == "track" && l.Address != "" && (l.State == "confirmed" || l.State == "coasting"):
			at, err := time.Parse(time.RFC3339, l.T)
			if err != nil {
				t.Fatal(err)
			}
			if lives[l.Address] == nil {
				lives[l.Address] = map[uint32]*life{}
			}
			if lives[l.Address][l.N] == nil {
				lives[l.Address][l.N] = &life{first: at}
			}
			x := lives[l.Address][l.N]
			x.last = at
			if x.last.Sub(x.first) >= least {
				tracked[l.Address]++
			}
		}
	}
	return all, tracked
}

func open(t testing.TB, path string) io.Reader {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func readJSON(t testing.TB, path string, v any) {
	t.Helper()
	if err := json.NewDecoder(open(t, path)).Decode(v); err != nil {
		t.Fatal(err)
	}
}
