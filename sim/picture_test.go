// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/modes/beast"
	"github.com/kuroshio-watch/kuroshio/sim"
)

// side is one party's decoder and tracker, fed with what sim sends.
type side struct {
	t     *testing.T
	dec   *decode.Decoder
	table *track.Table
	seq   map[string]uint64
	split map[string]*beast.Splitter
	plots []plot.Plot
	sweep []plot.Sweep
}

func newSide(t *testing.T, sc *sim.Scenario, p party.ID) *side {
	t.Helper()
	cfg := decode.Config{Sources: map[string]decode.Source{}}
	tcfg := track.DefaultConfig()
	s := &side{t: t, seq: map[string]uint64{}, split: map[string]*beast.Splitter{}}
	for _, f := range sc.Feeds() {
		if f.Party != p {
			continue
		}
		src := decode.Source{Exercise: true, Format: frame.ASTERIX}
		switch f.Kind {
		case sim.UDPASTERIX:
			x := f.Sensor
			id := sim.SensorID(x.Source)
			src.Sensors = map[string]decode.Sensor{id: {SigmaRange: x.SigmaRange, SigmaAzimuth: x.SigmaAzimuth}}
			tcfg.Sensors = append(tcfg.Sensors, track.Sensor{
				Source: f.ID, ID: id, Pos: x.Site, Height: x.Height, MaxRange: x.Range, Period: x.Period,
				SigmaRange: x.SigmaRange, SigmaAzimuth: x.SigmaAzimuth, PD: x.PdPrimary, Clutter: x.Clutter,
			})
		default:
			src.Format = map[sim.Kind]frame.Format{sim.TCPBeast: frame.ModeS, sim.UDPNMEA: frame.NMEA}[f.Kind]
			// A coded position may lie a little beyond the true one.
			src.Receiver, src.RangeNM = &f.Receiver.Site, f.Receiver.Range.NM()+5
			s.split[f.ID] = &beast.Splitter{}
		}
		cfg.Sources[f.ID] = src
	}
	var err error
	if s.dec, err = decode.New(cfg); err != nil {
		t.Fatal(err)
	}
	s.table = track.NewTable(tcfg)
	return s
}

func (s *side) take(e sim.Emission) {
	n := 0
	feed := func(format frame.Format, at time.Time, b []byte) {
		n++
		s.seq[e.Feed]++
		f := frame.Frame{Source: e.Feed, Seq: s.seq[e.Feed], Format: format, Received: at, Data: b}
		var err error
		if s.plots, s.sweep, err = s.dec.Decode(&f, s.plots, s.sweep); err != nil {
			s.t.Errorf("%s at %v: %v", e.Feed, at, err)
		}
	}
	switch e.Kind {
	case sim.UDPASTERIX:
		feed(frame.ASTERIX, e.Time, e.Bytes)
	case sim.TCPBeast:
		s.split[e.Feed].Push(e.Bytes, func(m beast.Message) {
			feed(frame.ModeS, time.UnixMilli(m.SyntheticMillis).UTC(), m.Data)
		}, nil)
	case sim.UDPNMEA:
		for b := e.Bytes; len(b) > 0; {
			var line []byte
			line, b = nmea.Next(b)
			feed(frame.NMEA, e.Time, line)
		}
	}
	if n != e.Frames {
		s.t.Errorf("%s: %d frames, told %d", e.Feed, n, e.Frames)
	}
}

func (s *side) tick(now time.Time) []track.Change {
	changes := s.table.Update(s.plots, s.sweep, now)
	changes = append(changes, s.table.Tick(now)...)
	s.plots, s.sweep = s.plots[:0], s.sweep[:0]
	return changes
}

// TestEachSideTracksWhatItSees runs the passage of the gate through both
// sides' decoders and trackers: nothing is refused, each object that can be seen
// has one track near it, and there is no track of nothing for long.
func TestEachSideTracksWhatItSees(t *testing.T) {
	sc := open(t, scenarioUnderTest)
	for _, p := range sc.Parties {
		s := newSide(t, sc, p)
		w := sim.New(sc)
		held := map[string]int{}
		numbers := map[string]map[track.Number]bool{}
		ghosts, total := 0, 0
		for now := sc.Start; !w.Done(); now = now.Add(time.Second) {
			w.Until(now, func(e sim.Emission) {
				if e.Party == p {
					s.take(e)
				}
			})
			s.tick(now)
			if now.Second() != 0 || now.Sub(sc.Start) < 2*time.Minute {
				continue
			}
			total++
			ghosts += s.compare(sc, p, now, held, numbers)
		}
		uav := "uav-" + string(p)
		there := 0
		for now := sc.Start.Add(2 * time.Minute); now.Before(sc.End); now = now.Add(time.Minute) {
			if _, ok := sc.Object(uav).Truth(now); ok {
				there++
			}
		}
		t.Logf("%s: %s held in %d of %d minutes by tracks %v; %d minutes of ghosts in %d minutes; %v", p, uav, held[uav], there, numbers[uav], ghosts, total, numbers)
		if held[uav] < there*95/100 || len(numbers[uav]) != 1 || ghosts > total/20 {
			t.Errorf("%s: the picture is not the story", p)
		}
	}
}

const scenarioUnderTest = "short.scenario"

// compare counts which objects are held by a confirmed track, and the confirmed
// tracks that are near nothing.
func (s *side) compare(sc *sim.Scenario, p party.ID, now time.Time, held map[string]int, numbers map[string]map[track.Number]bool) (ghosts int) {
	for _, tr := range s.table.All(nil) {
		if tr.State != track.Confirmed {
			continue
		}
		if !tr.Exercise {
			s.t.Errorf("%s: track %d is not marked exercise", p, tr.Number)
		}
		near := ""
		for i := range sc.Objects {
			o := &sc.Objects[i]
			if at, ok := o.Truth(tr.Time); ok && o.SeenBy(p) && distance(at.Pos, tr.Pos) < geo.FromNM(4) {
				near = o.ID
			}
		}
		if near == "" {
			ghosts++
			continue
		}
		held[near]++
		if numbers[near] == nil {
			numbers[near] = map[track.Number]bool{}
		}
		numbers[near][tr.Number] = true
	}
	return ghosts
}
