// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/openapi"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/modes/beast"
	"github.com/kuroshio-watch/kuroshio/packs/policies"
	"github.com/kuroshio-watch/kuroshio/scenarios"
	"github.com/kuroshio-watch/kuroshio/sim"
)

// play is the inputs of one party in a scenario, tick by tick.
type play struct {
	config *engine.Config
	start  time.Time
	ticks  [][]*engine.Input // frames, then one tick
	frames int
}

// film plays the scenario up to a time and keeps what one party's feeds
// bring, with a tick after each step.
func film(t testing.TB, id party.ID, until, step time.Duration) *play {
	t.Helper()
	w, err := sim.Open(scenarios.FS, "short.scenario")
	if err != nil {
		t.Fatal(err)
	}
	sc := w.Scenario()
	p := &play{config: config(t), start: sc.Start}
	text, ok := policies.Text("demo-" + string(id))
	if !ok {
		t.Fatalf("no policy for %s", id)
	}
	p.config.Partners = []party.ID{"cell", "jp"}
	p.config.Policy = &engine.Text{Name: "policy.toml", Data: text}
	feeds := addFeeds(p.config, sc, id)
	for now := sc.Start; now.Before(sc.Start.Add(until)); {
		at := now
		now = now.Add(step)
		var list []*engine.Input
		w.Until(now, func(e sim.Emission) {
			if f := feeds[e.Feed]; f != nil {
				for _, fr := range f.frames(t, e) {
					list = append(list, &engine.Input{At: at, Frame: &fr})
				}
			}
		})
		p.frames += len(list)
		p.ticks = append(p.ticks, append(list, &engine.Input{At: now, Tick: &engine.Tick{}}))
	}
	return p
}

// source cuts the emissions of one feed into frames.
type source struct {
	kind   sim.Kind
	name   string
	format frame.Format
	seq    uint64
	offset int64
	split  beast.Splitter
}

func (s *source) frames(t testing.TB, e sim.Emission) (list []frame.Frame) {
	add := func(b []byte) {
		s.seq++
		list = append(list, frame.Frame{Source: s.name, Seq: s.seq, Format: s.format, Received: e.Time, Offset: s.offset, Data: bytes.Clone(b)})
	}
	switch s.kind {
	case sim.TCPBeast:
		s.split.Push(e.Bytes, func(m beast.Message) {
			if m.Type == beast.TypeShort || m.Type == beast.TypeLong {
				add(m.Data)
			}
		}, func(f *beast.FrameError) { t.Fatal(f) })
	case sim.UDPNMEA:
		for _, line := range bytes.Fields(bytes.ReplaceAll(e.Bytes, []byte("\r\n"), []byte("\n"))) {
			add(line)
		}
	default:
		add(e.Bytes)
	}
	s.offset += int64(len(e.Bytes))
	return list
}

func addFeeds(c *engine.Config, sc *sim.Scenario, id party.ID) map[string]*source {
	feeds := make(map[string]*source)
	formats := map[sim.Kind]frame.Format{sim.TCPBeast: frame.ModeS, sim.UDPNMEA: frame.NMEA, sim.UDPASTERIX: frame.ASTERIX}
	for _, f := range sc.Feeds() {
		if f.Party != id {
			continue
		}
		src := decode.Source{Format: formats[f.Kind], Exercise: true}
		if r := f.Receiver; r != nil {
			src.Receiver, src.RangeNM = &r.Site, r.Range.NM()
		}
		if s := f.Sensor; s != nil {
			name := sim.SensorID(s.Source)
			src.Sensors = map[string]decode.Sensor{name: {SigmaRange: s.SigmaRange, SigmaAzimuth: s.SigmaAzimuth}}
			c.Sensors = append(c.Sensors, track.Sensor{
				Source: f.ID, ID: name, Pos: s.Site, Height: s.Height, MaxRange: s.Range, Period: s.Period,
				SigmaRange: s.SigmaRange, SigmaAzimuth: s.SigmaAzimuth,
			})
		}
		c.Feeds = append(c.Feeds, engine.FeedConfig{Name: f.ID, Kind: string(f.Kind), Source: src})
		feeds[f.ID] = &source{kind: f.Kind, name: f.ID, format: formats[f.Kind]}
	}
	return feeds
}

// begin returns an engine with the play's configuration.
func (p *play) begin(t testing.TB) *engine.Engine {
	t.Helper()
	e := engine.New("tw", ids)
	if out := e.Step(1, &engine.Input{At: p.start, Config: p.config}); out.Reply.Code != "" {
		t.Fatalf("configuration refused: %+v", out)
	}
	return e
}

// run steps the ticks from number n on, and describes all that comes out.
func run(e *engine.Engine, ticks [][]*engine.Input) string {
	var b bytes.Buffer
	for _, list := range ticks {
		for _, in := range list {
			out := e.Step(e.Seq()+1, in)
			for _, s := range out.Sealed {
				fmt.Fprintf(&b, "%d sealed %s %s %x\n", e.Seq(), s.To(), s.Kind(), s.Object())
			}
			fmt.Fprintf(&b, "%+v%+v", out.Audit, out.Refused)
		}
	}
	return b.String()
}

func state(t testing.TB, e *engine.Engine) []byte {
	t.Helper()
	b, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestScenariosGiveTheSameBytesInTwentyRuns(t *testing.T) {
	p := film(t, "tw", 6*time.Minute, 10*time.Second)
	var outputs string
	var want []byte
	for i := range 20 {
		e := p.begin(t)
		out := run(e, p.ticks)
		if i%2 == 1 {
			e.View() // looking changes nothing
		}
		got := state(t, e)
		if i == 0 {
			outputs, want = out, got
			if v := e.View(); len(v.Tracks) < 5 {
				t.Fatalf("the scenario gives %d tracks: too few to prove anything", len(v.Tracks))
			}
		}
		if out != outputs {
			t.Fatalf("run %d: outputs differ", i)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("run %d: snapshots differ", i)
		}
	}
}

// Looking at the picture between the ticks must not change the state either.
func TestAViewBetweenTicksChangesNothing(t *testing.T) {
	p := film(t, "tw", 4*time.Minute, 10*time.Second)
	quiet, watched := p.begin(t), p.begin(t)
	for _, tick := range p.ticks {
		run(quiet, [][]*engine.Input{tick})
		run(watched, [][]*engine.Input{tick})
		watched.View()
		watched.ExplainTrack(1)
		watched.PartnerRecords("jp")
	}
	if !bytes.Equal(state(t, quiet), state(t, watched)) {
		t.Error("snapshots differ")
	}
}

// Within a tick the order in which feeds deliver is chance: the tracks do not
// depend on it.
func TestTheOrderOfFeedsWithinATickDoesNotMatter(t *testing.T) {
	p := film(t, "tw", 5*time.Minute, 10*time.Second)
	e := p.begin(t)
	run(e, p.ticks)
	want := e.View()
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 1))
		e := p.begin(t)
		for _, tick := range p.ticks {
			run(e, [][]*engine.Input{shuffleFeeds(tick, r)})
		}
		if d := gocmp.Diff(want.Tracks, e.View().Tracks); d != "" {
			t.Errorf("seed %d: tracks differ: %s", seed, d)
		}
	}
}

// shuffleFeeds interleaves the feeds by chance and keeps the order within each.
func shuffleFeeds(tick []*engine.Input, r *rand.Rand) []*engine.Input {
	frames, last := slices.Clone(tick[:len(tick)-1]), tick[len(tick)-1]
	by := make(map[string][]*engine.Input)
	r.Shuffle(len(frames), func(i, j int) { frames[i], frames[j] = frames[j], frames[i] })
	for _, in := range frames {
		by[in.Frame.Source] = append(by[in.Frame.Source], in)
	}
	for _, list := range by {
		slices.SortFunc(list, func(a, b *engine.Input) int { return cmp.Compare(a.Frame.Seq, b.Frame.Seq) })
	}
	var out []*engine.Input
	for _, in := range frames { // the shuffle decides whose turn it is
		name := in.Frame.Source
		out = append(out, by[name][0])
		by[name] = by[name][1:]
	}
	return append(out, last)
}

// A restart at any tick, from a snapshot and the tape after it, goes on as if
// nothing had happened: outputs and state.
func TestARestartAnywhereGoesOnAsIfNothingHadHappened(t *testing.T) {
	p := film(t, "tw", 5*time.Minute, 10*time.Second)
	for _, cut := range []int{1, 7, 13, 22, len(p.ticks) - 1} {
		live := p.begin(t)
		run(live, p.ticks[:cut])
		// Half a tick more: plots that wait are part of the state.
		half := p.ticks[cut][:len(p.ticks[cut])/2]
		run(live, [][]*engine.Input{half})
		back, err := engine.Restore("tw", ids, state(t, live))
		if err != nil {
			t.Fatalf("tick %d: %v", cut, err)
		}
		rest := append([][]*engine.Input{p.ticks[cut][len(half):]}, p.ticks[cut+1:]...)
		if a, b := run(live, rest), run(back, viaTape(t, rest)); a != b {
			t.Errorf("tick %d: outputs differ after a restart", cut)
		}
		if !bytes.Equal(state(t, live), state(t, back)) {
			t.Errorf("tick %d: snapshots differ after a restart", cut)
		}
		if d := gocmp.Diff(live.View(), back.View()); d != "" {
			t.Errorf("tick %d: pictures differ: %s", cut, d)
		}
	}
}

// viaTape passes the inputs through the tape's format.
func viaTape(t testing.TB, ticks [][]*engine.Input) [][]*engine.Input {
	t.Helper()
	var all [][]*engine.Input
	for _, list := range ticks {
		var back []*engine.Input
		for _, in := range list {
			b, err := engine.MarshalInput(in)
			if err != nil {
				t.Fatal(err)
			}
			got, err := engine.UnmarshalInput(b)
			if err != nil {
				t.Fatal(err)
			}
			back = append(back, got)
		}
		all = append(all, back)
	}
	return all
}

// A new configuration keeps tracks, incidents, the watch log and identities.
func TestANewConfigurationKeepsTheState(t *testing.T) {
	p := film(t, "tw", 4*time.Minute, 10*time.Second)
	e := p.begin(t)
	run(e, p.ticks)
	lat, lon := 24.5, 122.5
	for _, c := range []engine.Command{
		{Verb: "identify", Track: e.View().Tracks[0].N, Standard: "suspect", Type: "BZK-005"},
		{Verb: "open", Text: "a call", Domain: "air", Lat: &lat, Lon: &lon},
		{Verb: "log", Text: "noted"},
	} {
		c.By, c.Role = "wang", engine.Officer
		if out := e.Step(e.Seq()+1, &engine.Input{At: e.Now(), Command: &c}); out.Reply.Code != "" {
			t.Fatalf("%s = %q", c.Verb, out.Reply.Code)
		}
	}
	before := e.View()
	changed := *p.config
	changed.T1, changed.Policy, changed.Sensors = time.Minute, nil, slices.Clone(changed.Sensors)
	changed.Sensors[0].SigmaRange = geo.Metres(55)
	if out := e.Step(e.Seq()+1, &engine.Input{At: e.Now(), Config: &changed}); out.Reply.Code != "" {
		t.Fatalf("configuration refused: %+v", out)
	}
	after := e.View()
	if after.PolicyVersion != "none" {
		t.Errorf("policy in force = %q, want none", after.PolicyVersion)
	}
	if d := gocmp.Diff(before.Tracks, after.Tracks); d != "" {
		t.Errorf("tracks changed: %s", d)
	}
	if d := gocmp.Diff(before.Incidents, after.Incidents); d != "" {
		t.Errorf("incidents changed: %s", d)
	}
	if d := gocmp.Diff(before.Log, after.Log); d != "" {
		t.Errorf("watch log changed: %s", d)
	}

	bad := changed
	bad.Rules.Data = []byte("{")
	if out := e.Step(e.Seq()+1, &engine.Input{At: e.Now(), Config: &bad}); out.Reply.Code != "bad-request" {
		t.Errorf("a broken configuration = %q, want bad-request", out.Reply.Code)
	}
	if d := gocmp.Diff(after.Tracks, e.View().Tracks); d != "" {
		t.Errorf("a refused configuration changed the tracks: %s", d)
	}
}

// A sky of 10,000 aircraft, heard round after round, is seen whole: nothing
// that is bounded on the way may be smaller than what the tracker holds.
func TestAFullSkyIsSeen(t *testing.T) {
	e, _ := crowd(t, tenThousand)
	if n := len(e.View().Tracks); n != tenThousand {
		t.Errorf("engine holds %d tracks of %d aircraft", n, tenThousand)
	}
}

// What the console's OpenAPI file says of the picture holds for each picture of
// a scenario: nothing beside it, no list that is null.
func TestThePictureIsAsItsTypesDescribeIt(t *testing.T) {
	types := make(openapi.Types)
	s := types.Of(reflect.TypeFor[engine.View]())
	p := film(t, "tw", 15*time.Minute, 10*time.Second)
	e := p.begin(t)
	seen := 0
	for i, tick := range p.ticks {
		for _, in := range tick {
			e.Step(e.Seq()+1, in)
		}
		if i%5 != 0 {
			continue
		}
		v := e.View()
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := types.Check(s, b); err != nil {
			t.Fatalf("tick %d: %v", i, err)
		}
		seen += len(v.Tracks) + len(v.Incidents)
	}
	if seen == 0 {
		t.Error("no picture showed anything")
	}
}
