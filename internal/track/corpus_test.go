// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// The flight of 28 August 2023 as both sides published it: the lines lie up to
// ten miles apart. Times are not published; both are flown at 95 kt and pass
// the Taiwan–Yonaguni gate together.
func TestPublishedLinesOfOneFlightJoin(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(corpustest.Dir(t), "record", "2023-08-28.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Features []struct {
			Properties struct{ Publisher string }
			Geometry   struct {
				Type        string
				Coordinates json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	var tw, jp []geo.Point
	for _, f := range file.Features {
		switch {
		case tw == nil && f.Geometry.Type == "LineString":
			var c [][2]float64
			if err := json.Unmarshal(f.Geometry.Coordinates, &c); err != nil {
				t.Fatal(err)
			}
			tw = walk(c)
		case f.Geometry.Type == "MultiLineString":
			var c [][][2]float64
			if err := json.Unmarshal(f.Geometry.Coordinates, &c); err != nil {
				t.Fatal(err)
			}
			jp = walk(c[0])
		}
	}
	for name, tc := range map[string][2][]geo.Point{"seen from tw": {tw, jp}, "seen from jp": {jp, tw}} {
		t.Run(name, func(t *testing.T) { publishedLines(t, tc[0], tc[1]) })
	}
	corpustest.Check(t)
}

func publishedLines(t *testing.T, ours, theirs []geo.Point) {
	const gate = 24.45 // degrees north
	shift := passes(theirs, gate) - passes(ours, gate)
	tb := track.NewTable(track.DefaultConfig())
	var joined, after int
	for sec := 0; sec < len(ours); sec += 12 {
		now := stamp(float64(sec))
		if at := sec - 600; at >= 0 && at%300 == 0 {
			if i := at + shift + 150; i >= 0 && i < len(theirs) {
				b := flight{}.body(float64(at), 300)
				b.Cell.LatE5, b.Cell.LonE5 = int32(theirs[i].LatDeg*1e5), int32(theirs[i].LonDeg*1e5)
				tb.PartnerUpdate("xx", objectID(1), &b, false, now)
			}
		}
		tb.Update([]plot.Plot{seen(float64(sec), ours[sec])}, nil, now.Add(time.Second))
		if d := sec - passes(ours, gate); d >= 600 && d < 600+1800 {
			after++
			joined += len(tb.Associations())
		}
	}
	if joined < after {
		t.Errorf("joined in %d of %d looks in the half hour after the gate was told", joined, after)
	}
}

// walk returns the place at each second of a flight along turning points.
func walk(turns [][2]float64) []geo.Point {
	var out []geo.Point
	v := float64(geo.Knots(95).MetresPerSecond())
	for i := 1; i < len(turns); i++ {
		a := geo.Point{LatDeg: turns[i-1][1], LonDeg: turns[i-1][0]}
		b := geo.Point{LatDeg: turns[i][1], LonDeg: turns[i][0]}
		d, azi := geo.Inverse(a, b)
		for s := 0.0; s < float64(d); s += v {
			out = append(out, geo.Direct(a, azi, geo.Metres(s)))
		}
	}
	return out
}

// passes returns the second at which a southbound flight passes a latitude.
func passes(path []geo.Point, lat float64) int {
	for i, p := range path {
		if i > 0 && p.LonDeg > 122.3 && path[i-1].LatDeg >= lat && p.LatDeg < lat {
			return i
		}
	}
	return 0
}
