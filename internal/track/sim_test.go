// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

var t0 = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)

// leg is straight flight or a turn at a constant rate.
type leg struct {
	seconds float64
	turn    geo.Degrees // in all; 0 is straight
}

// object is one truth: its place each second.
type object struct {
	kind    plot.Kind // how it reports itself; plot.Radar: not at all
	height  geo.Metres
	knots   geo.Knots
	address uint32
	mmsi    uint32
	path    []geo.Point
	course  []geo.Degrees
}

func fly(start geo.Point, course geo.Degrees, o object, legs ...leg) object {
	v := float64(o.knots.MetresPerSecond())
	p := start
	for _, l := range legs {
		for range int(l.seconds) {
			o.path, o.course = append(o.path, p), append(o.course, course)
			p = geo.Direct(p, course, geo.Metres(v))
			course = (course + l.turn/geo.Degrees(l.seconds)).Norm360()
		}
	}
	return o
}

func (o *object) at(sec float64) (geo.Point, bool) {
	i := int(sec)
	if sec < 0 || i+1 >= len(o.path) {
		return geo.Point{}, false
	}
	f := sec - float64(i)
	a, b := o.path[i], o.path[i+1]
	return geo.Point{LatDeg: a.LatDeg + f*(b.LatDeg-a.LatDeg), LonDeg: a.LonDeg + f*(b.LonDeg-a.LonDeg)}, true
}

type radar struct {
	track.Sensor
	pd      float64
	clutter float64 // a turn
	blind   func(p geo.Point) bool
}

func makeRadar(id string, p geo.Point) radar {
	return radar{
		Sensor: track.Sensor{
			Source: "radar", ID: id, Pos: p, Height: 300, MaxRange: 370_000, Period: 12 * time.Second,
			SigmaRange: 150, SigmaAzimuth: 0.15,
		},
		pd: 0.9, clutter: 5,
	}
}

// world makes the plots of a second at a time.
type world struct {
	rng     *rand.Rand
	objects []object
	radars  []radar
	seq     uint64
}

func (w *world) second(sec int) ([]plot.Plot, []plot.Sweep) {
	var plots []plot.Plot
	var sweeps []plot.Sweep
	for i := range w.radars {
		p, s := w.scan(&w.radars[i], sec)
		plots, sweeps = append(plots, p...), append(sweeps, s...)
	}
	for i := range w.objects {
		if p, ok := w.report(&w.objects[i], i, sec); ok {
			plots = append(plots, p)
		}
	}
	return plots, sweeps
}

// scan is the part of a turn that takes one second.
func (w *world) scan(r *radar, sec int) ([]plot.Plot, []plot.Sweep) {
	var plots []plot.Plot
	period := r.Period.Seconds()
	from := math.Mod(float64(sec), period) / period * 360
	to := from + 360/period
	for i := range w.objects {
		o := &w.objects[i]
		p, ok := o.at(float64(sec))
		if !ok || o.kind == plot.AIS { // the radars filter out what does not move like an aircraft
			continue
		}
		_, azi := geo.SlantRange(r.Pos, r.Height, p, o.height)
		if float64(azi) < from || float64(azi) >= to {
			continue
		}
		when := float64(sec) + (float64(azi)-from)/360*period
		if p, ok = o.at(when); !ok {
			continue
		}
		rng, azi := geo.SlantRange(r.Pos, r.Height, p, o.height)
		ground, _ := geo.Inverse(r.Pos, p)
		if rng > r.MaxRange || ground > geo.RadarHorizon(r.Height, o.height) || w.rng.Float64() > r.pd || r.blind != nil && r.blind(p) {
			continue
		}
		plots = append(plots, w.plot(r, when,
			rng+geo.Metres(w.rng.NormFloat64())*r.SigmaRange,
			azi+geo.Degrees(w.rng.NormFloat64())*r.SigmaAzimuth))
	}
	for w.rng.Float64() < r.clutter/period/(1+r.clutter/period) { // geometric, mean clutter/period
		rng := float64(r.MaxRange) * math.Sqrt(w.rng.Float64())
		azi := from + w.rng.Float64()*(to-from)
		plots = append(plots, w.plot(r, float64(sec)+(azi-from)/360*period, geo.Metres(math.Max(1000, rng)), geo.Degrees(azi)))
	}
	sweep := plot.Sweep{Time: stamp(float64(sec + 1)), Source: r.Source, Sensor: r.ID, Azimuth: geo.Degrees(to).Norm360(), Period: r.Period}
	return plots, []plot.Sweep{sweep}
}

func stamp(sec float64) time.Time {
	return t0.Add(time.Duration(math.Round(sec*1000)) * time.Millisecond)
}

func (w *world) plot(r *radar, when float64, rng geo.Metres, azi geo.Degrees) plot.Plot {
	w.seq++
	return plot.Plot{
		Time: stamp(when), Received: stamp(when + 0.5), Source: r.Source, Sensor: r.ID, Seq: w.seq,
		Kind: plot.Radar, Domain: plot.Air, Has: plot.HasPolar, SlantRange: rng, Azimuth: azi.Norm360(),
		SigmaRange: r.SigmaRange, SigmaAzimuth: r.SigmaAzimuth,
	}
}

// report is what an object tells of itself, aircraft every second and vessels
// every ten.
func (w *world) report(o *object, i, sec int) (plot.Plot, bool) {
	p, ok := o.at(float64(sec))
	if !ok || o.kind == plot.Radar || o.kind == plot.AIS && sec%10 != i%10 || w.rng.Float64() > 0.95 {
		return plot.Plot{}, false
	}
	w.seq++
	sigma := 10.0
	p = geo.Direct(p, geo.Degrees(w.rng.Float64()*360), geo.Metres(math.Abs(w.rng.NormFloat64())*sigma))
	out := plot.Plot{
		Time: stamp(float64(sec)), Source: o.kind.String(), Seq: w.seq, Kind: o.kind, Domain: plot.Air,
		Has: plot.HasPosition | plot.HasVelocity, Pos: p, SigmaPos: geo.Metres(sigma), Speed: o.knots, Course: o.course[sec],
	}
	if o.kind == plot.AIS {
		out.Domain, out.Has, out.MMSI = plot.Sea, out.Has|plot.HasMMSI, o.mmsi
		return out, true
	}
	out.Has |= plot.HasAddress | plot.HasHeight
	out.Address, out.Height, out.HeightKind = o.address, o.height.Feet(), plot.Barometric
	return out, true
}

func config(radars ...radar) track.Config {
	cfg := track.DefaultConfig()
	for _, r := range radars {
		cfg.Sensors = append(cfg.Sensors, r.Sensor)
	}
	return cfg
}

// score follows what a picture is worth against the truth.
type score struct {
	seen    int // seconds with a truth since its first confirmed track
	held    int // of those, with exactly one confirmed track near it
	double  int
	numbers []track.Number
	sumSq   float64
}

const nearTruth = 3000 // m

func (s *score) add(all []track.Track, tb *track.Table, o *object, truth geo.Point, at time.Time) {
	n := 0
	for _, tr := range all {
		if (tr.Domain == plot.Sea) != (o.kind == plot.AIS) || tr.State != track.Confirmed && tr.State != track.Coasting {
			continue
		}
		p, ok := tb.At(tr.Number, at)
		if !ok {
			continue
		}
		if d, _ := geo.Inverse(p, truth); d < nearTruth {
			n++
			s.sumSq += float64(d * d)
			if !slices.Contains(s.numbers, tr.Number) {
				s.numbers = append(s.numbers, tr.Number)
			}
		}
	}
	if len(s.numbers) == 0 {
		return
	}
	s.seen++
	switch n {
	case 1:
		s.held++
	case 0:
	default:
		s.double++
	}
}

func (s *score) share() float64 { return float64(s.held) / float64(max(1, s.seen)) }

// uav is a 95 kt flight of about four hours with turns of 60 to 90 degrees.
func uav() object {
	o := object{kind: plot.Radar, height: 5500, knots: 95}
	var legs []leg
	for i := range 14 {
		turn := geo.Degrees(60 + 10*(i%4))
		if i%3 == 2 {
			turn = -turn
		}
		legs = append(legs, leg{seconds: 980}, leg{seconds: 40, turn: turn})
	}
	return fly(geo.Point{LatDeg: 24.6, LonDeg: 122.2}, 140, o, legs...)
}

func logf(t *testing.T, name string, s *score) {
	t.Helper()
	t.Logf("%s: one track %.1f %% of %d s, two %d s, numbers %v, rms %.0f m", name, 100*s.share(), s.seen, s.double, s.numbers,
		math.Sqrt(s.sumSq/float64(max(1, s.held+s.double))))
}
