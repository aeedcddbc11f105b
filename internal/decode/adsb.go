// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat021"
	"github.com/kuroshio-watch/kuroshio/asterix/cat021v026"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

// adsb makes a plot of the record in rec21, editions 2.2 to 2.7. A position that
// is missing or refused leaves the rest of the plot standing, as of a Mode S
// frame.
func (d *Decoder) adsb(s *source, f *frame.Frame) *Refusal {
	r := &d.rec21
	if r.Has&cat021.Item010 == 0 {
		return refuse("I021/010", AsterixNoSource)
	}
	const surfaceVehicle = 2 // I021/040/ATP
	t := &r.I040
	has40 := r.Has&cat021.Item040 != 0
	if has40 {
		m := marks{simulated: t.SIM != 0, test: t.TST != 0, monitor: t.RAB != 0, vehicle: t.ATP == surfaceVehicle}
		if why := m.against(s); why != "" {
			return refuse("I021/040", why)
		}
	}
	p := s.base(f)
	id := asterix.Source{SAC: r.I010.SAC, SIC: r.I010.SIC}
	if item, ok := d.adsbTime(s, id, &p); !ok {
		return refuse(item, ImplausibleTime)
	}
	p.Kind, p.Domain = plot.ADSB, plot.Air
	p.Sensor = s.sensorID(id)
	const icao = 0 // I021/040/ATP
	setAddress(&p, uint32(r.I080), r.Has&cat021.Item080 != 0 && has40 && t.ATP == icao)
	setHeight(&p, r.I145.FlightLevel()*100, plot.Barometric, r.Has&cat021.Item145 != 0)
	setHeight(&p, r.I140.Feet(), plot.Geometric, r.Has&cat021.Item140 != 0 && r.I140 != beyondItem)
	setModeA(&p, r.I070.MODE3A, r.Has&cat021.Item070 != 0)
	setCallsign(&p, uint64(r.I170), r.Has&cat021.Item170 != 0)
	setMotion(&p, r.I160.GSNMPerSecond(), r.I160.TADeg(), r.Has&cat021.Item160 != 0 && r.I160.RE == 0)
	setCategory(&p, uint8(r.I020), r.Has&cat021.Item020 != 0)
	p.Emergency = emergency(&p) || r.Has&cat021.Item200 != 0 && (r.I200.ME != 0 || priority(r.I200.PS))
	var at geo.Point
	switch {
	case r.Has&cat021.Item131 != 0:
		at = geo.Point{LatDeg: r.I131.LatDeg(), LonDeg: r.I131.LonDeg()}
	case r.Has&cat021.Item130 != 0:
		at = geo.Point{LatDeg: r.I130.LatDeg(), LonDeg: r.I130.LonDeg()}
	default:
		d.taken.plot(&p)
		return nil
	}
	const suspect = 1 // I021/040/CL
	var refused *Refusal
	switch {
	case has40 && (t.CL == suspect || t.RC != 0 || t.RCF != 0 || t.CPR != 0 || t.IPC != 0 || t.NOGO != 0):
		refused = refuse("I021/040", AsterixDoubtful)
	case !s.setPlace(&p, at, d.adsbSigma()):
		refused = refuse("I021/130", AsterixPosition)
	}
	d.adsbQuality(&p)
	d.taken.plot(&p)
	return refused
}

// adsbQuality adds the categories of the position in rec21 (I021/090). Of MOPS
// version 0 they are others.
func (d *Decoder) adsbQuality(p *plot.Plot) {
	q := &d.rec21.I090
	if p.Has&plot.HasPosition == 0 || d.rec21.Has&cat021.Item090 == 0 || d.rec21.Has&cat021.Item210 == 0 || d.rec21.I210.VN == 0 {
		return
	}
	if q.NUCPNIC <= maxCategory {
		p.Has, p.NIC = p.Has|plot.HasNIC, q.NUCPNIC
	}
	if q.Extents >= 2 && q.NACP <= maxCategory {
		p.Has, p.NACp = p.Has|plot.HasNACp, q.NACP
	}
}

// beyondItem stands in I021/140 for a height above what it can hold.
const beyondItem = 0x7FFF

// priority turns the priority status of I021/200 into an emergency, as that of
// an aircraft's own report is (6: downed aircraft).
func priority(ps uint8) bool { return ps >= 1 && ps <= 6 }

func setMotion(p *plot.Plot, nmPerSecond, course float64, has bool) {
	if has && nmPerSecond >= 0 {
		p.Speed, p.Course = geo.Knots(nmPerSecond*3600), geo.Degrees(course)
		p.Has |= plot.HasVelocity
	}
}

// setCategory sets the emitter category of I021/020 as aircraft themselves write
// it. Its numbers are others, and those of editions before 2.0 are some of them.
func setCategory(p *plot.Plot, ecat uint8, has bool) {
	written := [...]uint8{
		1: 0xA1, 2: 0xA2, 3: 0xA3, 4: 0xA4, 5: 0xA5, 6: 0xA6, 10: 0xA7,
		11: 0xB1, 12: 0xB2, 13: 0xB6, 14: 0xB7, 15: 0xB4, 16: 0xB3,
		20: 0xC1, 21: 0xC2, 22: 0xC3, 23: 0xC4, 24: 0xC5,
	}
	if has && int(ecat) < len(written) && written[ecat] != 0 {
		p.Has, p.Category = p.Has|plot.HasCategory, written[ecat]
	}
}

// adsbTime sets the time of the record in rec21: when its position held, else
// when the station received it, else its velocity, else when it sent the report.
func (d *Decoder) adsbTime(s *source, id asterix.Source, p *plot.Plot) (item string, ok bool) {
	r := &d.rec21
	times := [...]struct {
		item    string
		has     bool
		seconds float64
	}{
		{"I021/071", r.Has&cat021.Item071 != 0, r.I071.Seconds()},
		{"I021/073", r.Has&cat021.Item073 != 0, r.I073.Seconds()},
		{"I021/072", r.Has&cat021.Item072 != 0, r.I072.Seconds()},
		{"I021/075", r.Has&cat021.Item075 != 0, r.I075.Seconds()},
		{"I021/077", r.Has&cat021.Item077 != 0, r.I077.Seconds()},
	}
	for _, t := range times {
		if t.has {
			return t.item, s.when(p, id, t.seconds, true)
		}
	}
	return "", true
}

// adsbSigma returns one standard deviation of the position in rec21: of MOPS
// version 0 from NUCp, later from NACp (I021/090, I021/210), else a cautious
// one.
func (d *Decoder) adsbSigma() geo.Metres {
	r := &d.rec21
	if r.Has&cat021.Item090 == 0 || r.Has&cat021.Item210 == 0 {
		return unknownSigma
	}
	var bound geo.Metres
	switch {
	case r.I210.VN == 0:
		bound = uncertaintyNUC(r.I090.NUCPNIC)
	case r.I090.Extents >= 2:
		bound = uncertainty(r.I090.NACP)
	}
	if bound == 0 {
		return unknownSigma
	}
	return min(max(bound/toSigma, minSigma), maxSigma)
}

// uncertaintyNUC returns the 95 % bound that NUCp, the navigation uncertainty
// category for position of MOPS version 0, stands for (ICAO Doc 9871, table C-43:
// NUCp 9 to 0 is type code 9 to 18), 0 when it is unknown.
func uncertaintyNUC(nuc uint8) geo.Metres {
	const nm = geo.MetresPerNauticalMile
	bounds := [...]geo.Metres{0, 10 * nm, 5 * nm, nm, 0.5 * nm, 0.25 * nm, 0.1 * nm, 0.05 * nm, 10, 3}
	if int(nuc) < len(bounds) {
		return bounds[nuc]
	}
	return 0
}

// adsb023 makes a plot of the record in rec21v3, edition 0.23: that of 0.26 with
// coarser positions and two items fewer at its end. What both have stands in the
// same places of the profile.
func (d *Decoder) adsb023(s *source, f *frame.Frame) *Refusal {
	in, r := &d.rec21v3, &d.rec21v6
	r.Has = cat021v026.Items(in.Has)
	r.I010 = cat021v026.I010(in.I010)
	r.I020 = cat021v026.I020(in.I020)
	r.I030 = cat021v026.I030(in.I030)
	r.I040 = cat021v026.I040(in.I040)
	r.I080 = cat021v026.I080(in.I080)
	r.I130 = cat021v026.I130{LAT: in.I130.LAT * finer, LON: in.I130.LON * finer}
	r.I140 = cat021v026.I140(in.I140)
	r.I145 = cat021v026.I145(in.I145)
	r.I160 = cat021v026.I160(in.I160)
	r.I170 = cat021v026.I170(in.I170)
	r.I200 = cat021v026.I200(in.I200)
	return d.adsb026(s, f)
}

// finer is how many units of I021/130 in edition 0.26 make one in 0.23: 24 bits
// became 26 of the same full scale.
const finer = 4

// adsb026 makes a plot of the record in rec21v6, editions 0.24 to 0.26. What its
// figure of merit (I021/090) bounds depends on the station: accuracy is unknown.
func (d *Decoder) adsb026(s *source, f *frame.Frame) *Refusal {
	r := &d.rec21v6
	if r.Has&cat021v026.Item010 == 0 {
		return refuse("I021/010", AsterixNoSource)
	}
	const icao, surfaceVehicle = 1, 2 // I021/040/ATP
	t := &r.I040
	has40 := r.Has&cat021v026.Item040 != 0
	if has40 {
		m := marks{simulated: t.SIM != 0, test: t.TST != 0, monitor: t.RAB != 0, vehicle: t.ATP == surfaceVehicle}
		if why := m.against(s); why != "" {
			return refuse("I021/040", why)
		}
	}
	p := s.base(f)
	id := asterix.Source{SAC: r.I010.SAC, SIC: r.I010.SIC}
	if !s.when(&p, id, r.I030.Seconds(), r.Has&cat021v026.Item030 != 0) {
		return refuse("I021/030", ImplausibleTime)
	}
	p.Kind, p.Domain = plot.ADSB, plot.Air
	p.Sensor = s.sensorID(id)
	setAddress(&p, uint32(r.I080), r.Has&cat021v026.Item080 != 0 && has40 && t.ATP == icao)
	setHeight(&p, r.I145.FlightLevel()*100, plot.Barometric, r.Has&cat021v026.Item145 != 0)
	setHeight(&p, r.I140.Feet(), plot.Geometric, r.Has&cat021v026.Item140 != 0 && r.I140 != beyondItem)
	setModeA(&p, r.I070.MODE3A, r.Has&cat021v026.Item070 != 0 && r.I070.V|r.I070.G|r.I070.L == 0)
	setCallsign(&p, uint64(r.I170), r.Has&cat021v026.Item170 != 0)
	setMotion(&p, r.I160.GSNMPerSecond(), r.I160.TADeg(), r.Has&cat021v026.Item160 != 0)
	setCategory(&p, uint8(r.I020), r.Has&cat021v026.Item020 != 0)
	p.Emergency = emergency(&p) || r.Has&cat021v026.Item200 != 0 && priority(uint8(r.I200))
	var refused *Refusal
	if r.Has&cat021v026.Item130 != 0 && !s.setPlace(&p, geo.Point{LatDeg: r.I130.LatDeg(), LonDeg: r.I130.LonDeg()}, unknownSigma) {
		refused = refuse("I021/130", AsterixPosition)
	}
	d.taken.plot(&p)
	return refused
}
