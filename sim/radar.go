// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat034"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/geo"
)

// rho040 is the end of the range of I048/040 in its unit of 1/256 NM.
const rho040 = 1<<16 - 1

// height110 is the largest height of I048/110 in its unit of 25 ft.
const height110 = 1<<13 - 1

// radar is one turning antenna. It sends one datagram per sector, when the beam
// leaves it: the plots of the sector, then the sector message of the next one,
// with the north marker before it when that is at north.
type radar struct {
	sc     *Scenario
	s      *Sensor
	rng    *rand.Rand
	scan   time.Time // when the beam was last at north
	sector int       // that the beam is about to leave
	plots  [][]found // of this scan by sector, in the order of time
	seen   []*Object
}

// found is one plot before it is encoded.
type found struct {
	at     time.Time
	rho    geo.Metres
	theta  geo.Degrees
	o      *Object // nil for clutter
	truth  Truth
	second bool // heard by the secondary radar
	first  bool // echo found by the primary radar
	height geo.Feet
	has3D  bool
}

func newRadar(sc *Scenario, s *Sensor) *radar {
	r := &radar{sc: sc, s: s, rng: random(sc.Seed, "radar", s.ID), scan: sc.Start, plots: make([][]found, s.Sectors)}
	for i := range sc.Objects {
		o := &sc.Objects[i]
		if o.SeenBy(s.Party) && o.Radar != RadarNone {
			r.seen = append(r.seen, o)
		}
	}
	return r
}

// emit is called when the beam enters sector r.sector; the first call is at the
// start, at north, with nothing swept yet.
func (r *radar) emit(t time.Time, send func(Emission)) time.Time {
	var b []byte
	if t.After(r.sc.Start) {
		last := r.sector - 1
		if last < 0 {
			last = r.s.Sectors - 1
		}
		b = r.appendPlots(b, r.plots[last])
	}
	if r.sector == 0 {
		r.scan = t
		r.look()
	}
	b = r.appendService(b, t)
	send(Emission{Party: r.s.Party, Feed: r.s.ID, Kind: UDPASTERIX, Time: t, Bytes: b, Frames: 1})
	r.sector = (r.sector + 1) % r.s.Sectors
	if r.sector == 0 {
		return r.scan.Add(r.s.Period)
	}
	return r.scan.Add(r.s.Period * time.Duration(r.sector) / time.Duration(r.s.Sectors))
}

// look finds the plots of the scan that begins.
func (r *radar) look() {
	for i := range r.plots {
		r.plots[i] = r.plots[i][:0]
	}
	for _, o := range r.seen {
		if p, ok := r.find(o); ok {
			r.file(p)
		}
	}
	for range poisson(r.rng, r.s.Clutter) {
		azi := geo.Degrees(r.rng.Float64() * 360)
		p := found{at: r.passage(azi), theta: azi, rho: clutterRange(r.rng, r.s.Range), first: true}
		if r.s.SigmaHeight > 0 {
			p.height, p.has3D = geo.Feet(r.rng.Float64()*30_000), true
		}
		r.file(p)
	}
	for i := range r.plots {
		slices.SortStableFunc(r.plots[i], func(a, b found) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	}
}

// clutterRange is uniform in range and so, over the area, heavier near the
// radar, as clutter is.
func clutterRange(rng *rand.Rand, end geo.Metres) geo.Metres {
	const least = 10_000
	return least + geo.Metres(rng.Float64())*(end-least)
}

// poisson draws from the Poisson distribution (Knuth's method; mean is small).
func poisson(rng *rand.Rand, mean float64) int {
	limit, n := math.Exp(-mean), 0
	for p := rng.Float64(); p > limit; p *= rng.Float64() {
		n++
	}
	return n
}

func (r *radar) passage(azi geo.Degrees) time.Time {
	return r.scan.Add(time.Duration(float64(azi) / 360 * float64(r.s.Period)))
}

// file puts a plot into the sector where the beam was.
func (r *radar) file(p found) {
	turn := float64(p.at.Sub(r.scan)) / float64(r.s.Period)
	i := min(max(int(turn*float64(r.s.Sectors)), 0), r.s.Sectors-1)
	r.plots[i] = append(r.plots[i], p)
}

// find measures one object where the beam meets it in this scan.
func (r *radar) find(o *Object) (found, bool) {
	at := r.scan
	var s Truth
	var rho geo.Metres
	var azi geo.Degrees
	for range 4 { // the object moves while the beam turns: a few steps settle it
		var ok bool
		if s, ok = o.Truth(at); !ok {
			return found{}, false
		}
		rho, azi = geo.SlantRange(r.s.Site, r.s.Height, s.Pos, s.Height.Metres())
		at = r.passage(azi)
	}
	if !visible(r.s.Site, r.s.Height, r.s.Range, &s) {
		return found{}, false
	}
	// All numbers are drawn in any case, so that one object's luck does not
	// change that of the next.
	u1, u2 := r.rng.Float64(), r.rng.Float64()
	n1, n2, n3 := r.rng.NormFloat64(), r.rng.NormFloat64(), r.rng.NormFloat64()
	p := found{
		at: at, o: o, truth: s,
		first:  u1 < r.s.PdPrimary,
		second: (o.Radar == RadarSSR || o.Radar == RadarMode) && u2 < r.s.PdSecondary,
		rho:    rho + geo.Metres(n1)*r.s.SigmaRange,
		theta:  (azi + geo.Degrees(n2)*r.s.SigmaAzimuth).Norm360(),
	}
	if p.first && r.s.SigmaHeight > 0 && o.Kind != Vessel {
		p.height, p.has3D = s.Height+geo.Feet(n3)*r.s.SigmaHeight, true
	}
	return p, p.first || p.second
}

func (r *radar) appendPlots(b []byte, plots []found) []byte {
	records := make([][]byte, 0, len(plots))
	for i := range plots {
		rec := r.record(&plots[i])
		enc, err := rec.Append(nil)
		if err != nil {
			panic("sim: encode plot: " + err.Error()) // Parse bounds every value: a bug in this file
		}
		records = append(records, enc)
	}
	return appendBlock(b, 48, records)
}

func (r *radar) record(p *found) cat048.Record {
	rec := cat048.Record{Has: cat048.Item010 | cat048.Item140 | cat048.Item020 | cat048.Item040}
	rec.I010 = cat048.I010{SAC: r.s.Source.SAC, SIC: r.s.Source.SIC}
	rec.I140 = cat048.I140(timeOfDay(p.at))
	rec.I020 = cat048.I020{TYP: detection(p), SIM: 1}
	rec.I040 = cat048.I040{
		RHO:   uint16(min(max(math.Round(p.rho.NM()*256), 1), rho040)),
		THETA: uint16(int(math.Round(float64(p.theta)*8192/45)) & 0xffff),
	}
	if p.has3D {
		rec.Has |= cat048.Item110
		rec.I110.Height3D = int16(min(max(math.Round(float64(p.height)/25), -height110), height110))
	}
	if !p.second {
		return rec
	}
	rec.Has |= cat048.Item090
	rec.I090.FL = int16(math.Round(float64(p.truth.Height) / 25))
	if p.o.HasCode {
		rec.Has |= cat048.Item070
		rec.I070.MODE3A = uint16(p.o.Squawk)
	}
	if p.o.Radar == RadarMode {
		rec.Has |= cat048.Item220 | cat048.Item230
		rec.I220 = cat048.I220(p.o.Address)
		rec.I230 = cat048.I230{COM: 1, MSSC: 1, ARC: 1, AIC: 1}
		if id, ok := asterix.PackIdentification(p.o.Callsign, 8); ok && p.o.Callsign != "" {
			rec.Has |= cat048.Item240
			rec.I240 = cat048.I240(id)
		}
	}
	return rec
}

// detection returns I048/020/TYP.
func detection(p *found) uint8 {
	switch {
	case !p.second:
		return 1 // PSR
	case p.o.Radar == RadarSSR && p.first:
		return 3 // SSR+PSR
	case p.o.Radar == RadarSSR:
		return 2 // SSR
	case p.first:
		return 7 // roll-call+PSR
	}
	return 5 // roll-call
}

func (r *radar) appendService(b []byte, t time.Time) []byte {
	rec := cat034.Record{Has: cat034.Item010 | cat034.Item000 | cat034.Item030 | cat034.Item041}
	rec.I010 = cat034.I010{SAC: r.s.Source.SAC, SIC: r.s.Source.SIC}
	rec.I030 = cat034.I030(timeOfDay(t))
	rec.I041 = cat034.I041(math.Round(r.s.Period.Seconds() * 128))
	var records [][]byte
	add := func() {
		enc, err := rec.Append(nil)
		if err != nil {
			panic("sim: encode service message: " + err.Error()) // as in appendPlots
		}
		records = append(records, enc)
	}
	if r.sector == 0 {
		rec.I000 = cat034.I000(cat034.NorthMarker)
		add()
	}
	rec.I000 = cat034.I000(cat034.SectorCrossing)
	rec.Has |= cat034.Item020
	rec.I020 = cat034.I020(r.sector * 256 / r.s.Sectors)
	add()
	return appendBlock(b, 34, records)
}

func appendBlock(b []byte, category byte, records [][]byte) []byte {
	if len(records) == 0 {
		return b
	}
	b, err := asterix.AppendBlock(b, category, records...)
	if err != nil {
		panic("sim: build block: " + err.Error()) // Parse bounds objects and clutter
	}
	return b
}

// timeOfDay returns UTC since midnight in the unit of I048/140 and I034/030,
// 1/128 s.
func timeOfDay(t time.Time) uint32 {
	t = t.UTC()
	midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return uint32(t.Sub(midnight) * 128 / time.Second)
}
