// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/modes/beast"
	"github.com/kuroshio-watch/kuroshio/sim"
)

func at(sc *sim.Scenario, d time.Duration) time.Time { return sc.Start.Add(d) }

func TestCutFeedIsSilent(t *testing.T) {
	sc := open(t, "faults.scenario")
	from, to := at(sc, 10*time.Minute), at(sc, 14*time.Minute)
	before, after := 0, 0
	for _, e := range onFeed(all(sc), "jp-miyako") {
		switch {
		case e.Time.Before(from):
			before++
		case e.Time.Before(to):
			t.Fatalf("emission at %v", e.Time)
		default:
			after++
		}
	}
	if before == 0 || after == 0 {
		t.Errorf("%d emissions before and %d after the cut", before, after)
	}
}

// faulty returns what a fault sent: the emissions at that very moment.
func faulty(t *testing.T, sc *sim.Scenario, feed string, moment time.Time, n int) []sim.Emission {
	t.Helper()
	var out []sim.Emission
	for _, e := range onFeed(all(sc), feed) {
		if e.Time.Equal(moment) {
			out = append(out, e)
		}
	}
	if len(out) != n {
		t.Fatalf("feed %s at %v: %d emissions, want %d", feed, moment, len(out), n)
	}
	return out
}

func TestBadASTERIXIsRefused(t *testing.T) {
	sc := open(t, "faults.scenario")
	bad := faulty(t, sc, "tw-leshan", at(sc, 5*time.Minute+time.Second), 3)
	bad = append(bad, faulty(t, sc, "tw-leshan", at(sc, 5*time.Minute+2*time.Second), 1)...)
	for _, e := range bad {
		refused := false
		for b, err := range asterix.Blocks(e.Bytes) {
			refused = refused || err != nil || b.Category != 48
			if err != nil || b.Category != 48 {
				continue
			}
			var rec cat048.Record
			for _, err := range asterix.Records(b, &rec) {
				refused = refused || err != nil
			}
		}
		if !refused || e.Frames != 1 {
			t.Errorf("%x is not refused (%d frames)", e.Bytes, e.Frames)
		}
	}
}

func TestBadNMEAIsRefused(t *testing.T) {
	sc := open(t, "faults.scenario")
	bad := faulty(t, sc, "tw-ais", at(sc, 5*time.Minute+5*time.Second), 3)
	bad = append(bad, faulty(t, sc, "tw-ais", at(sc, 5*time.Minute+6*time.Second), 1)...)
	for i, e := range bad {
		line, rest := nmea.Next(e.Bytes)
		var s nmea.Sentence
		var why *nmea.Error
		if err := nmea.Parse(line, &s); !errors.As(err, &why) || len(rest) != 0 || e.Frames != 1 {
			t.Errorf("%q: %v, rest %q, %d frames", line, err, rest, e.Frames)
		} else if i < 3 && why.Reason != nmea.ReasonChecksum {
			t.Errorf("%q: refused for %s", line, why.Reason)
		}
	}
}

func TestBadBeastIsRefusedAndTheStreamGoesOn(t *testing.T) {
	sc := open(t, "faults.scenario")
	b, frames := stream(onFeed(all(sc), "tw-adsb"))
	rd := beast.NewReader(bytes.NewReader(b))
	n, refused, unreadable := 0, 0, 0
	for {
		m, err := rd.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		var why *beast.FrameError
		if errors.As(err, &why) {
			unreadable++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		n++
		if _, err := modes.Parse(m.Data); err != nil {
			refused++
		}
	}
	if n != frames || refused != 3 || unreadable == 0 || rd.Stats().Garbage != 200 {
		t.Errorf("%d messages (%d told), %d refused, %d unreadable parts, %+v", n, frames, refused, unreadable, rd.Stats())
	}
}
