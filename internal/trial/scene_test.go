// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package trial_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/gospa"
)

// scene is a made scenario: what flies, and what measures it.
type scene struct {
	seconds int
	every   int // s between truths
	crafts  []*craft
	radars  []station
}

// craft is one aircraft; its path is a sequence of legs.
type craft struct {
	id, class      string
	pos            geo.Point
	height         float64 // m
	speed, course  float64 // m/s, radians
	legs           []leg
	icao, modeA    string
	adsb           int    // NACp; 0 tells nothing
	emitter        string // emitter category that goes with its address; "" tells none
	mmsi           uint32 // of a vessel; its reports carry it in place of the address
	weak           float64
	path           []gospa.Row // every tenth of a second
	heights        []float64   // m, beside path
	from           float64     // s after the beginning
	transponderOff bool
	ghost          bool                                  // told, and not there
	lie            func(t float64) (east, north float64) // m by which what it tells is off
	silent         func(t float64) bool                  // when it tells nothing
	poor           func(t float64) bool                  // when it tells NACp 0
}

// leg is a flight of some seconds with a turn rate in rad/s, and changes of speed
// and height in m/s² and m/s.
type leg struct{ seconds, turn, accel, climb float64 }

// station is a radar.
type station struct {
	id              string
	pos             geo.Point
	alt             float64
	scan, phase     float64
	psrMax, ssrMax  float64
	sr, sa          float64 // m, degrees
	pd              float64
	clutter         int
	cell, cellDeg   float64
	biasR, biasA    float64 // m, degrees
	biasT           float64 // s by which time stamps are late
	latMin, latSpan float64
	any             bool                      // its primary plots may be of vessels
	dim             func(azi float64) float64 // factor of pd in a direction, degrees; nil for none
}

const begin = 1_700_000_000.0

// fly integrates the path on the ellipsoid.
func (c *craft) fly(seconds int) {
	const dt = 0.1
	at, v, speed, height := c.pos, c.course, c.speed, c.height
	n := 0
	for _, l := range append(slices.Clone(c.legs), leg{seconds: 1e6}) {
		for range int(l.seconds / dt) {
			if float64(n)*dt > float64(seconds)-c.from+20 {
				return
			}
			row := gospa.Row{Time: begin + c.from + float64(n)*dt, HasVelocity: true}
			row.ID, row.Pos = c.id, at
			row.East, row.North = geo.MetresPerSecond(speed*math.Sin(v)), geo.MetresPerSecond(speed*math.Cos(v))
			c.path, c.heights = append(c.path, row), append(c.heights, height)
			over := speed / (1 + height/float64(geo.EquatorialRadius)) // the ground below
			at = geo.Direct(at, geo.Degrees(v*180/math.Pi), geo.Metres(over*dt))
			v, speed, height = v+l.turn*dt, max(0, speed+l.accel*dt), height+l.climb*dt
			n++
		}
	}
}

// at returns the state t seconds after the beginning.
func (c *craft) at(t float64) (gospa.Row, bool) {
	i := int(math.Round((t - c.from) * 10))
	if i < 0 || i >= len(c.path) {
		return gospa.Row{}, false
	}
	r := c.path[i]
	off := t - c.from - float64(i)/10
	r.Pos.LatDeg += float64(r.North) * off / 110_800
	r.Pos.LonDeg += float64(r.East) * off / (111_300 * math.Cos(r.Pos.LatDeg*math.Pi/180))
	return r, true
}

// up returns the height t seconds after the beginning, when at holds.
func (c *craft) up(t float64) float64 { return c.heights[int(math.Round((t-c.from)*10))] }

// plotLine is one line of the measurement file.
type plotLine map[string]any

// made is a scene played once.
type made struct {
	lines []plotLine
	truth []gospa.Row
	meta  []byte
	class map[string]string
}

func (s *scene) play(seed uint64) *made {
	rng := rand.New(rand.NewPCG(seed, 77))
	m := &made{class: map[string]string{}}
	for _, c := range s.crafts {
		c.path, c.heights = nil, nil
		c.fly(s.seconds)
		m.class[c.id] = c.class
	}
	for t := 0; t <= s.seconds; t += s.every {
		for _, c := range s.crafts {
			if r, ok := c.at(float64(t)); ok && !c.ghost {
				m.truth = append(m.truth, r)
			}
		}
	}
	for i := range s.radars {
		m.lines = append(m.lines, s.radars[i].watch(s, rng)...)
	}
	for _, c := range s.crafts {
		m.lines = append(m.lines, c.tell(s.seconds, rng)...)
	}
	slices.SortStableFunc(m.lines, func(a, b plotLine) int { return cmp.Compare(a["t"].(float64), b["t"].(float64)) })
	m.meta = s.describe()
	return m
}

func (s *scene) describe() []byte {
	var radars []map[string]any
	for i := range s.radars {
		r := &s.radars[i]
		radars = append(radars, map[string]any{
			"id": r.id, "lat": r.pos.LatDeg, "lon": r.pos.LonDeg, "alt_m": r.alt, "scan_s": r.scan, "phase_s": r.phase,
			"psr": true, "psr_max_m": r.psrMax, "psr_sigma_range_m": r.sr, "psr_sigma_az_deg": r.sa, "psr_pd": r.pd,
			"ssr": r.ssrMax > 0, "ssr_max_m": r.ssrMax, "ssr_sigma_range_m": 30, "ssr_sigma_az_deg": 0.05, "ssr_pd": 0.97,
			"psr_resolution_m": r.cell, "psr_resolution_az_deg": r.cellDeg, "clutter_per_scan": r.clutter,
			"bias_range_m": r.biasR, "bias_az_deg": r.biasA, "bias_time_s": r.biasT,
		})
	}
	var targets []map[string]any
	for _, c := range s.crafts {
		targets = append(targets, map[string]any{"id": c.id, "class": c.class})
	}
	out, err := json.Marshal(map[string]any{"assumed_alt_m": 5000, "name": "made", "origin_seed": 1, "radars": radars, "targets": targets})
	if err != nil {
		panic(err)
	}
	return out
}

// echo is a detection before plots are merged.
type echo struct{ t, rng, azi float64 }

func (r *station) watch(s *scene, rng *rand.Rand) []plotLine {
	var out []plotLine
	for k := 0; float64(k)*r.scan+r.phase < float64(s.seconds); k++ {
		start := float64(k)*r.scan + r.phase
		var echoes []echo
		for _, c := range s.crafts {
			t, d, azi, ok := r.pass(c, start)
			if !ok || t < 0 || t > float64(s.seconds) {
				continue
			}
			pd := r.pd * cmp.Or(c.weak, 1)
			if r.dim != nil {
				pd *= r.dim(azi)
			}
			primary := d < r.psrMax && rng.Float64() < pd
			secondary := c.icao != "" && !c.transponderOff && d < r.ssrMax && rng.Float64() < 0.97
			switch {
			case secondary:
				out = append(out, r.line(rng, t, d+rng.NormFloat64()*30, azi+rng.NormFloat64()*0.05, c))
			case primary:
				echoes = append(echoes, echo{t, d + rng.NormFloat64()*r.sr, azi + rng.NormFloat64()*r.sa})
			}
		}
		for _, e := range r.merge(echoes) {
			out = append(out, r.line(rng, e.t, e.rng, e.azi, nil))
		}
		for range r.clutter {
			d := r.psrMax * math.Sqrt(rng.Float64())
			if rng.Float64() < 0.3 {
				d = 2000 + 38_000*rng.Float64()
			}
			azi := rng.Float64() * 360
			if t := start + azi/360*r.scan; t >= 0 && t <= float64(s.seconds) {
				out = append(out, r.line(rng, t, d, azi, nil))
			}
		}
	}
	return out
}

// pass returns when the beam meets a craft in the scan that begins at start.
func (r *station) pass(c *craft, start float64) (t, d, azi float64, ok bool) {
	if c.ghost {
		return 0, 0, 0, false
	}
	t = start
	h := 0.0
	for range 3 {
		row, there := c.at(max(t, c.from))
		if !there {
			return 0, 0, 0, false
		}
		h = c.up(max(t, c.from))
		rng, a := geo.SlantRange(r.pos, geo.Metres(r.alt), row.Pos, geo.Metres(h))
		d, azi = float64(rng), float64(a.Norm360())
		t = start + azi/360*r.scan
	}
	sees := d < max(r.psrMax, r.ssrMax) && d < float64(geo.RadarHorizon(geo.Metres(r.alt), geo.Metres(h)))
	return t, d, azi, sees && t >= c.from
}

// merge makes one plot at the mean of echoes inside one resolution cell.
func (r *station) merge(list []echo) []echo {
	var out []echo
	used := make([]bool, len(list))
	for i := range list {
		if used[i] {
			continue
		}
		sum, n := echo{}, 0.0
		for j := i; j < len(list); j++ {
			if used[j] || math.Abs(list[j].rng-list[i].rng) > r.cell || math.Abs(list[j].azi-list[i].azi) > r.cellDeg {
				continue
			}
			used[j] = true
			sum.t, sum.rng, sum.azi, n = sum.t+list[j].t, sum.rng+list[j].rng, sum.azi+list[j].azi, n+1
		}
		out = append(out, echo{sum.t / n, sum.rng / n, sum.azi / n})
	}
	return out
}

func (r *station) line(rng *rand.Rand, t, d, azi float64, c *craft) plotLine {
	l := plotLine{
		"t": round(begin+t+r.biasT, 4), "rx": round(begin+t+0.2+r.latMin+rng.Float64()*(0.5+r.latSpan), 3), "sensor": r.id, "kind": "psr",
		"rho_m": round(d+r.biasR, 1), "az_deg": round(math.Mod(azi+r.biasA+360, 360), 4),
	}
	if c != nil {
		l["kind"], l["icao"], l["mode3a"] = "modes", c.icao, c.modeA
		l["modec_ft"] = 25 * math.Round(float64(geo.Metres(c.up(t)).Feet())/25)
		if c.emitter != "" {
			l["emitter"] = c.emitter
		}
	} else if r.any {
		l["domain"] = "unknown"
	}
	return l
}

func round(x float64, digits int) float64 {
	return math.Round(x*math.Pow10(digits)) / math.Pow10(digits)
}

// tell makes the craft's own reports, about one a second.
func (c *craft) tell(seconds int, rng *rand.Rand) []plotLine {
	if c.adsb == 0 || c.transponderOff {
		return nil
	}
	var out []plotLine
	sigma := map[int]float64{10: 4, 9: 12, 8: 30}[c.adsb]
	for t := c.from + rng.Float64(); t < float64(seconds); t += 0.95 + 0.1*rng.Float64() {
		r, ok := c.at(t)
		if !ok || rng.Float64() > 0.95 || c.silent != nil && c.silent(t) {
			continue
		}
		nacp := c.adsb
		if c.poor != nil && c.poor(t) {
			nacp = 0
		}
		if c.lie != nil {
			c.mislead(&r, t)
		}
		l := plotLine{
			"t": round(begin+t, 3), "rx": round(begin+t+0.2+0.4*rng.Float64(), 3), "sensor": "ADSB", "kind": "adsb", "icao": c.icao,
			"lat":    round(r.Pos.LatDeg+rng.NormFloat64()*sigma/110_800, 6),
			"lon":    round(r.Pos.LonDeg+rng.NormFloat64()*sigma/(111_300*math.Cos(r.Pos.LatDeg*math.Pi/180)), 6),
			"alt_ft": 25 * math.Round(float64(geo.Metres(c.up(t)).Feet())/25), "nacp": nacp,
			"ve": round(float64(r.East)+rng.NormFloat64(), 1), "vn": round(float64(r.North)+rng.NormFloat64(), 1),
		}
		if c.emitter != "" {
			l["emitter"] = c.emitter
		}
		if c.mmsi != 0 {
			delete(l, "icao")
			l["mmsi"] = c.mmsi
		}
		out = append(out, l)
	}
	return out
}

// mislead shifts what a craft tells, velocity included.
func (c *craft) mislead(r *gospa.Row, t float64) {
	e0, n0 := c.lie(t)
	e1, n1 := c.lie(t + 1)
	r.East, r.North = r.East+geo.MetresPerSecond(e1-e0), r.North+geo.MetresPerSecond(n1-n0)
	r.Pos = geo.Direct(r.Pos, geo.Degrees(math.Atan2(e0, n0)*180/math.Pi), geo.Metres(math.Hypot(e0, n0)))
}

// file returns the lines as a measurement file.
func (m *made) file() []byte {
	var b bytes.Buffer
	for _, l := range m.lines {
		raw, err := json.Marshal(l)
		if err != nil {
			panic(err)
		}
		b.Write(append(raw, '\n'))
	}
	return b.Bytes()
}

// around returns a place in a ring about a station.
func around(rng *rand.Rand, p geo.Point, least, most float64) geo.Point {
	return geo.Direct(p, geo.Degrees(rng.Float64()*360), geo.Metres(least+(most-least)*rng.Float64()))
}

var places = [3]geo.Point{{LatDeg: 24.4, LonDeg: 123.0}, {LatDeg: 24.8, LonDeg: 125.3}, {LatDeg: 24.0, LonDeg: 121.6}}

// dogfights is one radar in clutter without heights: straight flights, turns
// of a few g, slow drones.
func dogfights(seed uint64) *scene {
	rng := rand.New(rand.NewPCG(seed, 5))
	s := &scene{seconds: 420, every: 1}
	s.radars = []station{{
		id: "A", pos: places[0], alt: 200, scan: 4, psrMax: 180_000, sr: 60, sa: 0.12, pd: 0.85, clutter: 60, cell: 150, cellDeg: 1, latSpan: -0.1,
	}}
	for i := range 8 {
		s.crafts = append(s.crafts, &craft{
			id: fmt.Sprintf("liner%d", i), class: "liner", pos: around(rng, places[0], 40_000, 150_000), height: 7000 + 4000*rng.Float64(),
			speed: 170 + 80*rng.Float64(), course: rng.Float64() * 2 * math.Pi,
			legs: []leg{{seconds: 100 + 100*rng.Float64()}, {seconds: 40, turn: 0.03}},
		})
	}
	for i := range 6 {
		s.crafts = append(s.crafts, fighter(rng, fmt.Sprintf("fighter%d", i), around(rng, places[0], 40_000, 130_000)))
	}
	for i := range 2 {
		s.crafts = append(s.crafts, &craft{
			id: fmt.Sprintf("drone%d", i), class: "drone", pos: around(rng, places[0], 20_000, 60_000), height: 1500, weak: 0.85,
			speed: 35 + 20*rng.Float64(), course: rng.Float64() * 2 * math.Pi, legs: []leg{{seconds: 150}, {seconds: 60, turn: -0.02}},
		})
	}
	return s
}

// shadowed is one radar, half blind in a quarter of its turn, and liners that
// tell nothing.
func shadowed(seed uint64) *scene {
	rng := rand.New(rand.NewPCG(seed, 8))
	s := &scene{seconds: 900, every: 1}
	s.radars = []station{{
		id: "A", pos: places[0], alt: 200, scan: 4, psrMax: 180_000, sr: 60, sa: 0.12, pd: 0.9, clutter: 60, cell: 150, cellDeg: 1, latSpan: -0.1,
		dim: func(azi float64) float64 {
			if azi > 90 && azi < 180 {
				return 0.4
			}
			return 1
		},
	}}
	for i := range 16 {
		s.crafts = append(s.crafts, &craft{
			id: fmt.Sprintf("liner%d", i), class: "liner", pos: around(rng, places[0], 30_000, 150_000), height: 3000 + 4000*rng.Float64(),
			speed: 120 + 80*rng.Float64(), course: rng.Float64() * 2 * math.Pi,
			legs: []leg{{seconds: 100 + 300*rng.Float64()}, {seconds: 60, turn: 0.03}, {seconds: 100 + 100*rng.Float64()}, {seconds: 60, turn: -0.03}},
		})
	}
	return s
}

// fighter turns at 3 to 6 g between straight flights.
func fighter(rng *rand.Rand, id string, p geo.Point) *craft {
	c := &craft{
		id: id, class: "fighter", pos: p, height: 4000 + 5000*rng.Float64(),
		speed: 220 + 60*rng.Float64(), course: rng.Float64() * 2 * math.Pi,
	}
	for range 8 {
		c.legs = append(c.legs, leg{seconds: 20 + 40*rng.Float64()})
		g := 3 + 3*rng.Float64()
		turn := 9.81 * math.Sqrt(g*g-1) / c.speed
		if rng.IntN(2) == 0 {
			turn = -turn
		}
		c.legs = append(c.legs, leg{seconds: (math.Pi/2 + math.Pi*rng.Float64()) / math.Abs(turn), turn: turn})
	}
	return c
}

// formations is two radars without heights: four-ships that fly close, part
// and turn, and singles that cross.
func formations(seed uint64) *scene {
	rng := rand.New(rand.NewPCG(seed, 6))
	s := &scene{seconds: 420, every: 1}
	s.radars = []station{
		{id: "A", pos: places[0], alt: 230, scan: 4, phase: -0.7, psrMax: 200_000, sr: 60, sa: 0.08, pd: 0.9, clutter: 40, cell: 120, cellDeg: 0.7},
		{id: "B", pos: places[1], alt: 120, scan: 10, phase: -4.2, psrMax: 250_000, sr: 70, sa: 0.1, pd: 0.85, clutter: 40, cell: 150, cellDeg: 1, latSpan: 0.7},
	}
	for f, spacing := range []float64{500, 900, 300} {
		lead := around(rng, places[0], 50_000, 110_000)
		course, speed := rng.Float64()*2*math.Pi, 210+40*rng.Float64()
		part := 120 + 60*rng.Float64()
		for i := range 4 {
			p := geo.Direct(lead, geo.Degrees((course+math.Pi/2)*180/math.Pi), geo.Metres(spacing*float64(i)))
			p = geo.Direct(p, geo.Degrees((course+math.Pi)*180/math.Pi), geo.Metres(spacing*0.7*float64(i%2)))
			turn := 9.81 * 4.9 / speed
			if i%2 == 0 {
				turn = -turn
			}
			s.crafts = append(s.crafts, &craft{
				id: fmt.Sprintf("f%d%d", f, i), class: "fighter", pos: p, height: 5000 + 150*float64(i), speed: speed, course: course,
				legs: []leg{
					{seconds: part + float64(10*(i/2))},
					{seconds: 0.5 / math.Abs(turn), turn: turn},
					{seconds: 30},
					{seconds: 0.5 / math.Abs(turn), turn: -turn},
					{seconds: 60},
					{seconds: 1.5 / math.Abs(turn), turn: turn},
				},
			})
		}
	}
	for i := range 4 {
		s.crafts = append(s.crafts, &craft{
			id: fmt.Sprintf("single%d", i), class: "fighter", pos: around(rng, places[0], 40_000, 90_000), height: 6000,
			speed: 200 + 60*rng.Float64(), course: rng.Float64() * 2 * math.Pi,
		})
	}
	return s
}

// network is three radars and self-reports over 600 km.
func network(seed uint64, civil, dark int) *scene {
	rng := rand.New(rand.NewPCG(seed, 7))
	s := &scene{seconds: 300, every: 2}
	s.radars = []station{
		{id: "A", pos: places[2], alt: 600, scan: 12, phase: -3.1, psrMax: 370_000, ssrMax: 460_000, sr: 90, sa: 0.12, pd: 0.8, clutter: 80, cell: 200, cellDeg: 1.2, latSpan: 0.7},
		{id: "B", pos: places[0], alt: 230, scan: 10, phase: -7.7, psrMax: 400_000, sr: 70, sa: 0.1, pd: 0.85, clutter: 60, cell: 150, cellDeg: 1, latSpan: 1.7},
		{id: "C", pos: places[1], alt: 120, scan: 4, phase: -1.3, psrMax: 110_000, ssrMax: 370_000, sr: 80, sa: 0.15, pd: 0.9, clutter: 40, cell: 180, cellDeg: 1.4},
	}
	centre := geo.Point{LatDeg: 25, LonDeg: 124.3}
	for i := range civil {
		s.crafts = append(s.crafts, &craft{
			id: fmt.Sprintf("civil%d", i), class: "civil", pos: around(rng, centre, 0, 280_000), height: 8000 + 3500*rng.Float64(),
			speed: 200 + 50*rng.Float64(), course: rng.Float64() * 2 * math.Pi, legs: []leg{{seconds: 100}, {seconds: 30, turn: 0.02}},
			icao: fmt.Sprintf("%06x", 0x780000+i*77), modeA: fmt.Sprintf("%04o", 0o1001+i*5), adsb: []int{10, 9, 8, 0}[i%4],
		})
	}
	for i := range dark {
		s.crafts = append(s.crafts, fighter(rng, fmt.Sprintf("dark%d", i), around(rng, centre, 0, 250_000)))
	}
	return s
}
