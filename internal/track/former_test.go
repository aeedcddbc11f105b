// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// An aircraft that a radar sees and that tells three addresses one after the
// other is one track that remembers each with its times, also over a snapshot.
func TestFormerAddressesAreKept(t *testing.T) {
	site := makeRadar("a", geo.Direct(start, 200, 60_000))
	cfg := config(site)
	tb := track.NewTable(cfg)
	addresses := []uint32{0x899100, 0x780555, 0x780666}
	for sec := range 300 {
		pos := straight(start, 90, 400, float64(sec))
		p := told(float64(sec), addresses[sec/100], pos)
		p.Has |= plot.HasHeight
		p.Height, p.HeightKind = 30_000, plot.Barometric
		plots := []plot.Plot{p}
		if sec%int(site.Period.Seconds()) == 0 {
			rng, azi := geo.SlantRange(site.Pos, site.Height, pos, geo.Feet(30_000).Metres())
			plots = append(plots, plot.Plot{
				Time: stamp(float64(sec)), Source: site.Source, Sensor: site.ID, Kind: plot.Radar, Domain: plot.Air,
				Has: plot.HasPolar, SlantRange: rng, Azimuth: azi,
			})
		}
		tb.Update(plots, nil, stamp(float64(sec)+0.5))
		if sec%50 != 25 {
			continue
		}
		b, err := json.Marshal(tb.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		var s track.Snapshot
		if err := json.Unmarshal(b, &s); err != nil {
			t.Fatal(err)
		}
		if tb, err = track.Restore(cfg, s); err != nil {
			t.Fatal(err)
		}
	}
	all := tb.All(nil)
	if len(all) != 1 || all[0].Number != 1 || all[0].Address != 0x780666 {
		t.Fatalf("tracks %+v, want track 1 alone with the last address", all)
	}
	want := []track.Former{
		{Address: 0x899100, Since: stamp(0), Until: stamp(99)},
		{Address: 0x780555, Since: stamp(100), Until: stamp(199)},
	}
	if d := cmp.Diff(want, all[0].Former); d != "" {
		t.Errorf("former addresses (-want +got):\n%s", d)
	}
}

// Names are kept in the order of their times, whatever the order in which two
// tracks become one; of many, the newest.
func TestNamesOfOneTrackAreInOrder(t *testing.T) {
	aircraft := func(address uint32, since, until float64) track.Former {
		return track.Former{Address: address, Since: stamp(since), Until: stamp(until)}
	}
	vessel := track.Former{MMSI: 416000001, Since: stamp(0), Until: stamp(9)}
	a, b, c := aircraft(1, 0, 9), aircraft(2, 10, 19), aircraft(3, 20, 29)
	var many []track.Former
	for i := range track.MostFormer + 3 {
		many = append(many, aircraft(uint32(10+i), float64(10*i), float64(10*i+9)))
	}
	last := len(many) - 1
	tests := map[string]struct{ told, now, before []track.Former }{
		"it goes by the last":                        {[]track.Former{a, b, c}, []track.Former{c}, []track.Former{a, b}},
		"it goes by the last, though told first":     {[]track.Former{c, b, a}, []track.Former{c}, []track.Former{a, b}},
		"it goes by one, over the whole time":        {[]track.Former{b, aircraft(2, 25, 29), aircraft(2, 1, 3)}, []track.Former{aircraft(2, 1, 29)}, nil},
		"an MMSI stands beside an address":           {[]track.Former{b, vessel}, []track.Former{b, vessel}, nil},
		"of many it keeps the newest":                {many, many[last:], many[last-track.MostFormer : last]},
		"of many told backwards it keeps the newest": {reversed(many), many[last:], many[last-track.MostFormer : last]},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			now, before := track.Named(tc.told...)
			if d := cmp.Diff(tc.now, now); d != "" {
				t.Errorf("names now (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tc.before, before); d != "" {
				t.Errorf("former names (-want +got):\n%s", d)
			}
		})
	}
}

func reversed(list []track.Former) []track.Former {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}
