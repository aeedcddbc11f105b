// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"time"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat001plot"
	"github.com/kuroshio-watch/kuroshio/asterix/cat001track"
	"github.com/kuroshio-watch/kuroshio/asterix/cat002"
	"github.com/kuroshio-watch/kuroshio/asterix/cat034"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

// target makes a plot of the record in rec48.
func (d *Decoder) target(s *source, f *frame.Frame) *Refusal {
	r := &d.rec48
	id, ok := r.Source()
	if !ok {
		return refuse("I048/010", AsterixNoSource)
	}
	typ, hasTyp := r.Detection()
	m := marks{
		simulated: r.Simulated(), test: r.Test(), monitor: r.FieldMonitor(),
		coasted: hasTyp && typ == cat048.NoDetection, // the station's own guess, no measurement
	}
	if why := m.against(s); why != "" {
		return refuse("I048/020", why)
	}
	rho, hasRange := r.RhoNM()
	theta, _ := r.ThetaDeg()
	if !hasRange || r.RangeExceeded() {
		return refuse("I048/040", AsterixNoRange)
	}
	p := s.base(f)
	tod, hasTime := r.TimeOfDaySeconds()
	if !s.when(&p, id, tod, hasTime) {
		return refuse("I048/140", ImplausibleTime)
	}
	s.measured(&p, id, geo.FromNM(rho), geo.Degrees(theta))
	d.describe(&p)
	p.Domain = domainOf(&p, hasTyp && typ.HasSSR())
	d.taken.plot(&p)
	return nil
}

// measured sets what a radar measured.
func (s *source) measured(p *plot.Plot, id asterix.Source, rng geo.Metres, azimuth geo.Degrees) {
	p.Sensor = s.sensorID(id)
	x := s.Sensors[p.Sensor]
	p.Kind, p.Has = plot.Radar, p.Has|plot.HasPolar
	p.SlantRange, p.Azimuth = rng, azimuth
	p.SigmaRange, p.SigmaAzimuth = x.SigmaRange, x.SigmaAzimuth
}

// describe sets what the record in rec48 says besides the place. The station's
// own track velocity (I048/200) is left out: it is no measurement of this plot.
func (d *Decoder) describe(p *plot.Plot) {
	r := &d.rec48
	level, valid, ok := r.FlightLevelFeet()
	setHeight(p, level, plot.Barometric, ok && valid)
	height, ok := r.HeightFeet()
	setHeight(p, height, plot.Geometric, ok)
	code, valid, ok := r.Mode3A()
	setModeA(p, code, ok && valid)
	a, ok := r.Address()
	setAddress(p, a, ok)
	setCallsign(p, uint64(r.I240), r.Has&cat048.Item240 != 0)
	p.Emergency = emergency(p) || r.MilitaryEmergency()
}

// lowest is the height from which something that only a radar's beam has
// measured is taken to fly. Below it may be a ship.
const lowest geo.Feet = 500

// domainOf says where the object moves. An echo of primary radar alone and
// without a height may be an aircraft or a ship: unknown.
func domainOf(p *plot.Plot, transponder bool) plot.Domain {
	height := p.Has&plot.HasHeight != 0
	if transponder || p.Has&plot.HasAddress != 0 || height && (p.HeightKind == plot.Barometric || p.Height >= lowest) {
		return plot.Air
	}
	return 0
}

// oldTarget makes a plot of the record in rec1, a plot or a track of category
// 001. Of a track the measured place counts (I001/040), not the smoothed one
// (I001/042), nor its velocity. Its time is the turn of 512 s nearest to what the
// station's clock shows, where category 002 has told it, else to receipt.
func (d *Decoder) oldTarget(s *source, f *frame.Frame) *Refusal {
	id, ok := d.rec1.Source()
	if !ok {
		return refuse("I001/010", AsterixNoSource)
	}
	r := &d.rec1.Plot
	if d.rec1.IsTrack {
		asPlot(&d.rec1.Track, r)
	}
	const primary, none = 1, 0 // I001/020/SSRPSR
	has20 := r.Has&cat001plot.Item020 != 0
	m := marks{}
	if has20 {
		m = marks{simulated: r.I020.SIM != 0, test: r.I020.TST != 0, monitor: r.I020.RAB != 0, coasted: r.I020.SSRPSR == none}
	}
	if why := m.against(s); why != "" {
		return refuse("I001/020", why)
	}
	if r.Has&cat001plot.Item040 == 0 {
		return refuse("I001/040", AsterixNoRange)
	}
	p := s.base(f)
	if r.Has&cat001plot.Item141 != 0 {
		p.Time = asterix.TruncatedTimeOfDay(s.reference(id, p.Received), r.I141.Seconds())
		if !plausible(p.Received, p.Time) {
			return refuse("I001/141", ImplausibleTime)
		}
	}
	s.measured(&p, id, geo.FromNM(r.I040.RhoNM()), geo.Degrees(r.I040.ThetaDeg()))
	setHeight(&p, r.I090.HgtFlightLevel()*100, plot.Barometric, r.Has&cat001plot.Item090 != 0 && r.I090.V|r.I090.G == 0)
	setModeA(&p, r.I070.MODE3A, r.Has&cat001plot.Item070 != 0 && r.I070.V|r.I070.G|r.I070.L == 0)
	p.Emergency = emergency(&p) || has20 && (r.I020.DS1DS2 != 0 || r.I020.ME != 0)
	p.Domain = domainOf(&p, has20 && r.I020.SSRPSR > primary)
	d.taken.plot(&p)
	return nil
}

// inBoth lists the items that plots and tracks of category 001 have in common
// and that plots are made of.
var inBoth = [...]struct {
	track cat001track.Items
	plot  cat001plot.Items
}{
	{cat001track.Item020, cat001plot.Item020},
	{cat001track.Item040, cat001plot.Item040},
	{cat001track.Item070, cat001plot.Item070},
	{cat001track.Item090, cat001plot.Item090},
	{cat001track.Item141, cat001plot.Item141},
}

// asPlot sets r to what a track says that a plot can say too.
func asPlot(t *cat001track.Record, r *cat001plot.Record) {
	r.Has = 0
	for _, x := range inBoth {
		if t.Has&x.track != 0 {
			r.Has |= x.plot
		}
	}
	r.I020 = cat001plot.I020(t.I020)
	r.I040 = cat001plot.I040(t.I040)
	r.I070 = cat001plot.I070(t.I070)
	r.I090 = cat001plot.I090(t.I090)
	r.I141 = cat001plot.I141(t.I141)
}

// oldService makes a sweep of the record in rec2, if it is a north marker or a
// sector crossing.
func (d *Decoder) oldService(s *source, f *frame.Frame) *Refusal {
	const northMarker, sectorCrossing = 1, 2 // I002/000
	r := &d.rec2
	if r.Has&cat002.Item010 == 0 {
		return refuse("I002/010", AsterixNoSource)
	}
	id := asterix.Source{SAC: r.I010.SAC, SIC: r.I010.SIC}
	sw := plot.Sweep{Time: f.Received.UTC(), Source: f.Source}
	switch {
	case r.Has&cat002.Item000 != 0 && r.I000 == northMarker:
	case r.Has&cat002.Item000 != 0 && r.I000 == sectorCrossing:
		if r.Has&cat002.Item020 == 0 {
			return refuse("I002/020", AsterixNoRange)
		}
		sw.Azimuth = geo.Degrees(r.I020.Deg())
	default:
		return refuse("I002/000", AsterixService)
	}
	if r.Has&cat002.Item030 != 0 {
		var ok bool
		if sw.Time, ok = s.timeOfDay(id, sw.Time, r.I030.Seconds()); !ok {
			return refuse("I002/030", ImplausibleTime)
		}
	}
	if r.Has&cat002.Item041 != 0 && r.I041 != 0 {
		sw.Period = time.Duration(r.I041.Seconds() * float64(time.Second))
	}
	sw.Sensor = s.sensorID(id)
	d.taken.sweeps = append(d.taken.sweeps, sw)
	return nil
}

// service makes a sweep of the record in rec34, if it is a north marker or a
// sector crossing.
func (d *Decoder) service(s *source, f *frame.Frame) *Refusal {
	r := &d.rec34
	id, ok := r.Source()
	if !ok {
		return refuse("I034/010", AsterixNoSource)
	}
	kind, _ := r.MessageType()
	sw := plot.Sweep{Time: f.Received.UTC(), Source: f.Source}
	switch kind {
	case cat034.NorthMarker:
	case cat034.SectorCrossing:
		azimuth, has := r.SectorDeg()
		if !has {
			return refuse("I034/020", AsterixNoRange)
		}
		sw.Azimuth = geo.Degrees(azimuth)
	default: // filters, strobes
		return refuse("I034/000", AsterixService)
	}
	if r.Inhibited() {
		return refuse("I034/050", AsterixInhibited)
	}
	if tod, has := r.TimeOfDaySeconds(); has {
		if sw.Time, ok = s.timeOfDay(id, sw.Time, tod); !ok {
			return refuse("I034/030", ImplausibleTime)
		}
	}
	if seconds, has := r.RotationSeconds(); has {
		sw.Period = time.Duration(seconds * float64(time.Second))
	}
	sw.Sensor = s.sensorID(id)
	d.taken.sweeps = append(d.taken.sweeps, sw)
	return nil
}
