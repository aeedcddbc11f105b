// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package trial

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/gospa"
	"github.com/kuroshio-watch/kuroshio/internal/drawing"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// maxPairs is the number of pairs of truth and track at one time above which
// no error is computed.
const maxPairs = 4_000_000

// picture gathers what a run's picture shows. It sees the steps of the run and
// the truth; the run does not see it.
type picture struct {
	meta  *meta
	truth []gospa.Row // sorted by time
	every float64     // s
	begun float64     // Unix s of the first step

	left   []gospa.Row // truths that no error was computed of yet
	newest []gospa.Row // tracks of the newest step
	at     float64     // its time

	radar, self []geo.Point // plots, and what aircraft told
	paths       map[mtt.ID]int
	tracks      [][]seen
	errors      errorSeries
	skipped     int // times with more pairs than maxPairs
}

// seen is where a track was.
type seen struct {
	t   float64 // Unix s
	pos geo.Point
}

// errorSeries are values over time; X is seconds since the first step.
type errorSeries struct {
	gospa, missed, extra []drawing.Point // m
	distance, stated     []drawing.Point // m
	truths, tracks       []drawing.Point // numbers
}

func newPicture(cfg *Config, m *meta) (*picture, error) {
	p := &picture{meta: m, every: cfg.Every.Seconds(), paths: make(map[mtt.ID]int), begun: math.NaN()}
	if cfg.Truth == nil {
		return p, nil
	}
	var err error
	p.truth, err = readTruth(cfg.Truth)
	p.left = p.truth
	return p, err
}

// truthLine is one line of the truth.
type truthLine struct {
	T   *float64 `json:"t"`
	ID  string   `json:"id"`
	Lat *float64 `json:"lat"`
	Lon *float64 `json:"lon"`
	VX  float64  `json:"vx"`
	VY  float64  `json:"vy"`
}

// readTruth reads where objects really were; the first line that says nothing
// ends it.
func readTruth(in io.Reader) ([]gospa.Row, error) {
	r, err := unpacked(in)
	if err != nil {
		return nil, fmt.Errorf("truth: %w", err)
	}
	var out []gospa.Row
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 1<<16), maxLine)
	for n := 1; sc.Scan(); n++ {
		var l truthLine
		if err := json.Unmarshal(sc.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("read truth, line %d: %w", n, err)
		}
		if l.T == nil || l.Lat == nil || l.Lon == nil || !inTime(*l.T) {
			return nil, fmt.Errorf("read truth, line %d: no time or place", n)
		}
		row := gospa.Row{Time: *l.T, HasVelocity: true}
		row.ID, row.Pos = l.ID, geo.Point{LatDeg: *l.Lat, LonDeg: *l.Lon}
		row.East, row.North = geo.MetresPerSecond(l.VX), geo.MetresPerSecond(l.VY)
		if !row.Pos.Valid() {
			return nil, fmt.Errorf("read truth, line %d: place out of range", n)
		}
		out = append(out, row)
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("read truth: %w", err)
	}
	slices.SortStableFunc(out, func(a, b gospa.Row) int { return cmp.Compare(a.Time, b.Time) })
	return out, nil
}

// step takes in one step of the run.
func (p *picture) step(now time.Time, ms []mtt.Measurement, tracks []mtt.Estimate) error {
	t := float64(now.UnixMilli()) / 1000
	if math.IsNaN(p.begun) {
		p.begun = t
	}
	if err := p.compare(t); err != nil {
		return err
	}
	for i := range ms {
		p.plot(&ms[i])
	}
	p.newest, p.at = p.newest[:0], t
	variance := 0.0
	for i := range tracks {
		e := &tracks[i]
		row := gospa.Row{Time: t, HasVelocity: true}
		row.ID, row.Pos, row.East, row.North = name(e.ID), e.Pos, e.East, e.North
		p.newest = append(p.newest, row)
		variance += e.Cov[0] + e.Cov[2]
		p.follow(t, e)
	}
	s := &p.errors
	s.tracks = append(s.tracks, drawing.Point{X: t - p.begun, Y: float64(len(tracks))})
	s.stated = append(s.stated, drawing.Point{X: t - p.begun, Y: math.Sqrt(variance / float64(len(tracks)))})
	return nil
}

// plot keeps where a measurement was: of one without height at the height that
// the description assumes.
func (p *picture) plot(m *mtt.Measurement) {
	if m.Has&mtt.HasPosition != 0 {
		p.self = append(p.self, m.Pos)
		return
	}
	r := &p.meta.Radars[m.Sensor-1]
	site, height := geo.Point{LatDeg: r.Lat, LonDeg: r.Lon}, geo.Metres(r.AltM)
	h := m.Height
	if m.Has&mtt.HasHeight == 0 {
		h = height
		if p.meta.AssumedAlt != nil {
			h = geo.Metres(*p.meta.AssumedAlt)
		}
	}
	pos, ok := geo.FromPolar(site, height, m.Range, m.Azimuth, h)
	if !ok { // nearer than it is high: above the radar
		pos = site
	}
	p.radar = append(p.radar, pos)
}

func (p *picture) follow(t float64, e *mtt.Estimate) {
	i, ok := p.paths[e.ID]
	if !ok {
		i = len(p.tracks)
		p.paths[e.ID] = i
		p.tracks = append(p.tracks, nil)
	}
	p.tracks[i] = append(p.tracks[i], seen{t, e.Pos})
}

// compare computes the error at each time of the truth before t, from the
// tracks that were written last.
func (p *picture) compare(t float64) error {
	for len(p.left) > 0 && p.left[0].Time < t {
		n := 1
		for n < len(p.left) && p.left[n].Time == p.left[0].Time {
			n++
		}
		rows := p.left[:n]
		p.left = p.left[n:]
		if rows[0].Time < p.begun {
			continue
		}
		if n*len(p.newest) > maxPairs {
			p.skipped++
			continue
		}
		if err := p.compareAt(rows); err != nil {
			return err
		}
	}
	return nil
}

func (p *picture) compareAt(truth []gospa.Row) error {
	frames := gospa.Sample(truth, p.newest, p.every, false)
	rep, err := gospa.Evaluate(frames, gospa.DefaultParams(), nil)
	if err != nil {
		return err
	}
	s, x := &p.errors, truth[0].Time-p.begun
	at := func(y float64) drawing.Point { return drawing.Point{X: x, Y: y} }
	s.gospa = append(s.gospa, at(rep.GOSPA.Mean))
	s.missed = append(s.missed, at(rep.GOSPA.Missed))
	s.extra = append(s.extra, at(rep.GOSPA.False))
	s.truths = append(s.truths, at(float64(len(truth))))
	distance := rep.GOSPA.PerHit
	if rep.GOSPA.MissedMean == float64(len(truth)) {
		distance = math.NaN() // no pair has a distance
	}
	s.distance = append(s.distance, at(distance))
	return nil
}

// write draws what was gathered.
func (p *picture) write(w io.Writer, st *Stats) error {
	if err := p.compare(math.Nextafter(p.at, math.Inf(1))); err != nil {
		return err
	}
	if math.IsNaN(p.begun) {
		return errors.New("draw picture: no measurements")
	}
	f := drawing.Figure{
		Title:  "Truth, plots and tracks",
		Note:   fmt.Sprintf("%d measurements, %d tracks, %.0f s", st.Measurements, st.Tracks, p.at-p.begun),
		Panels: append([]drawing.Panel{p.chart()}, p.overTime()...),
	}
	if p.truth == nil {
		f.Title = "Plots and tracks"
	}
	if p.skipped > 0 {
		f.Note += fmt.Sprintf("; no errors at %d times with more than %d pairs", p.skipped, maxPairs)
	}
	return drawing.Write(w, f)
}

// Colours that can be told apart with any kind of colour vision: Okabe and
// Ito, Color Universal Design, 2008.
const (
	black  = "#000000"
	blue   = "#0072b2"
	orange = "#d55e00"
	green  = "#009e73"
	sky    = "#56b4e9"
	grey   = "#c8c8c8"
	dark   = "#777777"
)

var trackColours = []string{blue, orange, green, "#cc79a7", "#e69f00"}

// chart is the panel of places.
func (p *picture) chart() drawing.Panel {
	centre := p.centre()
	flat := func(list []geo.Point) []drawing.Point {
		out := make([]drawing.Point, len(list))
		for i, at := range list {
			out[i] = onPlane(centre, at)
		}
		return out
	}
	panel := drawing.Panel{
		X:      fmt.Sprintf("km east of %.4f°", centre.LonDeg),
		Y:      fmt.Sprintf("km north of %.4f°", centre.LatDeg),
		Square: true, Unit: "km",
	}
	truths := p.truthPaths(centre)
	if truths != nil {
		panel.Layers = append(panel.Layers, drawing.Layer{Name: "truth", Colours: []string{grey}, Width: 4, Lines: truths})
	}
	tracks := make([][]drawing.Point, len(p.tracks))
	for i, path := range p.tracks {
		for k, s := range path {
			if k > 0 && s.t-path[k-1].t > 1.5*p.every {
				tracks[i] = append(tracks[i], drawing.Point{X: math.NaN()})
			}
			tracks[i] = append(tracks[i], onPlane(centre, s.pos))
		}
	}
	for _, l := range []drawing.Layer{
		{Name: "plots of radars", Colours: []string{dark}, Width: 1.2, Dots: flat(p.radar)},
		{Name: "positions told", Colours: []string{sky}, Width: 1.2, Dots: flat(p.self)},
		{Name: "tracks, one colour each", Colours: trackColours, Width: 1.4, Lines: tracks},
	} {
		if len(l.Dots)+len(l.Lines) > 0 {
			panel.Layers = append(panel.Layers, l)
		}
	}
	for i := range p.meta.Radars {
		r := &p.meta.Radars[i]
		panel.Labels = append(panel.Labels, drawing.Label{At: onPlane(centre, geo.Point{LatDeg: r.Lat, LonDeg: r.Lon}), Text: r.ID})
	}
	return panel
}

// truthPaths returns the way of each truth.
func (p *picture) truthPaths(centre geo.Point) [][]drawing.Point {
	index := make(map[string]int)
	var out [][]drawing.Point
	for i := range p.truth {
		r := &p.truth[i]
		k, ok := index[r.ID]
		if !ok {
			k = len(out)
			index[r.ID] = k
			out = append(out, nil)
		}
		out[k] = append(out[k], onPlane(centre, r.Pos))
	}
	return out
}

// overTime returns the panels over time: errors only with a truth.
func (p *picture) overTime() []drawing.Panel {
	s := &p.errors
	line := func(name, colour string, values []drawing.Point) drawing.Layer {
		return drawing.Layer{Name: name, Colours: []string{colour}, Width: 1.3, Lines: [][]drawing.Point{values}}
	}
	distance := drawing.Panel{Y: "distance, m"}
	number := drawing.Panel{Y: "number"}
	var out []drawing.Panel
	if p.truth != nil {
		out = append(out, drawing.Panel{Y: "GOSPA, m", Layers: []drawing.Layer{
			line("GOSPA, cut-off 1000 m", black, s.gospa), line("its part of missed truths", orange, s.missed), line("its part of false tracks", blue, s.extra),
		}})
		distance.Layers = []drawing.Layer{line("track to its truth, RMS", black, s.distance)}
		number.Layers = []drawing.Layer{line("truths", grey, s.truths)}
		number.Layers[0].Width = 4
	}
	distance.Layers = append(distance.Layers, line("deviation that tracks state, RMS", green, s.stated))
	number.Layers = append(number.Layers, line("tracks", blue, s.tracks))
	out = append(out, distance, number)
	for i := range out {
		out[i].Max.X = p.at - p.begun
		out[i].X = fmt.Sprintf("seconds since %s", time.UnixMilli(int64(p.begun*1000)).UTC().Format(time.RFC3339))
	}
	return out
}

// centre is the first place there is: a radar's, else the truth's, else that
// of a position told.
func (p *picture) centre() geo.Point {
	switch {
	case len(p.meta.Radars) > 0:
		return geo.Point{LatDeg: p.meta.Radars[0].Lat, LonDeg: p.meta.Radars[0].Lon}
	case len(p.truth) > 0:
		return p.truth[0].Pos
	case len(p.self) > 0:
		return p.self[0]
	}
	return geo.Point{}
}

// onPlane returns km east and north of a centre, with meridians drawn
// parallel: for the eye, not for measuring.
func onPlane(centre, p geo.Point) drawing.Point {
	const kmPerDeg = 111.2
	dlon := math.Mod(p.LonDeg-centre.LonDeg+540, 360) - 180
	return drawing.Point{
		X: dlon * kmPerDeg * math.Cos(geo.Degrees(centre.LatDeg).Radians()),
		Y: (p.LatDeg - centre.LatDeg) * kmPerDeg,
	}
}
