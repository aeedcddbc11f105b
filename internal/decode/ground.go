// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat010"
	"github.com/kuroshio-watch/kuroshio/asterix/cat020"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
)

// surface makes a plot of the record in rec10: surface movement radars, coastal
// and harbour radars among them, and multilateration. The track velocity is left
// out as that of category 048 is, and so is a place in a plane (I010/042) whose
// origin no item tells.
func (d *Decoder) surface(s *source, f *frame.Frame) *Refusal {
	const targetReport = 1 // I010/000
	r := &d.rec10
	switch {
	case r.Has&cat010.Item010 == 0:
		return refuse("I010/010", AsterixNoSource)
	case r.Has&cat010.Item000 != 0 && r.I000 != targetReport:
		return refuse("I010/000", AsterixService)
	case r.Has&cat010.Item020 == 0:
		return refuse("I010/020", AsterixKind)
	}
	const groundVehicle = 2 // I010/020/TOT
	m := marks{
		simulated: r.I020.SIM != 0, test: r.I020.TST != 0, monitor: r.I020.RAB != 0, vehicle: r.I020.TOT == groundVehicle,
		coasted: r.Has&cat010.Item170 != 0 && r.I170.CST != 0,
	}
	if why := m.against(s); why != "" {
		return refuse("I010/020", why)
	}
	if r.Has&cat010.Item170 != 0 && r.I170.GHO != 0 {
		return refuse("I010/170", AsterixDoubtful)
	}
	p := s.base(f)
	if p.Kind = surfaceKind(r.I020.TYP); p.Kind == 0 {
		return refuse("I010/020", AsterixKind)
	}
	id := asterix.Source{SAC: r.I010.SAC, SIC: r.I010.SIC}
	if !s.when(&p, id, r.I140.Seconds(), r.Has&cat010.Item140 != 0) {
		return refuse("I010/140", ImplausibleTime)
	}
	p.Sensor = s.sensorID(id)
	switch {
	case p.Kind == plot.Radar && r.Has&cat010.Item040 != 0:
		s.measured(&p, id, geo.Metres(r.I040.RhoMetres()), geo.Degrees(r.I040.THDeg()))
	case r.Has&cat010.Item041 == 0:
		return refuse("I010/041", AsterixNoRange)
	case !s.setPlace(&p, geo.Point{LatDeg: r.I041.LatDeg(), LonDeg: r.I041.LonDeg()}, d.surfaceSigma()):
		return refuse("I010/041", AsterixPosition)
	}
	setHeight(&p, r.I090.FLFlightLevel()*100, plot.Barometric, r.Has&cat010.Item090 != 0 && r.I090.V|r.I090.G == 0)
	setModeA(&p, r.I060.MODE3A, r.Has&cat010.Item060 != 0 && r.I060.V|r.I060.G|r.I060.L == 0)
	setAddress(&p, uint32(r.I220), r.Has&cat010.Item220 != 0)
	setCallsign(&p, r.I245.CHR, r.Has&cat010.Item245 != 0 && r.I245.STI == 0)
	p.Emergency = emergency(&p)
	p.Domain = domainOf(&p, p.Kind != plot.Radar)
	d.taken.plot(&p)
	return nil
}

// surfaceKind turns I010/020/TYP into a kind, 0 for what has none: magnetic
// loops, and what is not said.
func surfaceKind(typ uint8) plot.Kind {
	switch typ {
	case 0, 1, 5: // of SSR, Mode S and HF replies
		return plot.MLAT
	case 2:
		return plot.ADSB
	case 3:
		return plot.Radar
	}
	return 0
}

// surfaceSigma returns one standard deviation of the place in rec10, 0 where it
// tells none: the tracker has one for each kind.
func (d *Decoder) surfaceSigma() geo.Metres {
	r := &d.rec10
	if r.Has&cat010.Item500 == 0 {
		return 0
	}
	return told(max(r.I500.DevxMetres(), r.I500.DevyMetres()))
}

// told bounds a standard deviation that a station gives; 0 stays unknown.
func told(sigma float64) geo.Metres {
	if sigma == 0 {
		return 0
	}
	return min(max(geo.Metres(sigma), minSigma), maxSigma)
}

// multilaterated makes a plot of the record in rec20. As of category 010 the
// velocity and a place in a plane (I020/042) are left out.
func (d *Decoder) multilaterated(s *source, f *frame.Frame) *Refusal {
	r := &d.rec20
	if r.Has&cat020.Item010 == 0 {
		return refuse("I020/010", AsterixNoSource)
	}
	m := marks{vehicle: r.Has&cat020.Item300 != 0, coasted: r.Has&cat020.Item170 != 0 && r.I170.CST != 0}
	if r.Has&cat020.Item020 != 0 {
		m.simulated, m.test, m.monitor = r.I020.SIM != 0, r.I020.TST != 0, r.I020.RAB != 0
	}
	if why := m.against(s); why != "" {
		return refuse("I020/020", why)
	}
	if r.Has&cat020.Item170 != 0 && r.I170.GHO != 0 {
		return refuse("I020/170", AsterixDoubtful)
	}
	p := s.base(f)
	id := asterix.Source{SAC: r.I010.SAC, SIC: r.I010.SIC}
	if !s.when(&p, id, r.I140.Seconds(), r.Has&cat020.Item140 != 0) {
		return refuse("I020/140", ImplausibleTime)
	}
	p.Kind, p.Domain = plot.MLAT, plot.Air
	p.Sensor = s.sensorID(id)
	var sigma geo.Metres
	if r.Has&cat020.Item500 != 0 && r.I500.Has&cat020.I500HasSDP != 0 {
		sigma = told(max(r.I500.SDP.XMetres(), r.I500.SDP.YMetres()))
	}
	switch {
	case r.Has&cat020.Item041 == 0:
		return refuse("I020/041", AsterixNoRange)
	case !s.setPlace(&p, geo.Point{LatDeg: r.I041.LatDeg(), LonDeg: r.I041.LonDeg()}, sigma):
		return refuse("I020/041", AsterixPosition)
	}
	setHeight(&p, r.I090.FLFlightLevel()*100, plot.Barometric, r.Has&cat020.Item090 != 0 && r.I090.V|r.I090.G == 0)
	setHeight(&p, r.I105.Feet(), plot.Geometric, r.Has&cat020.Item105 != 0)
	setModeA(&p, r.I070.MODE3A, r.Has&cat020.Item070 != 0 && r.I070.V|r.I070.G|r.I070.L == 0)
	setAddress(&p, uint32(r.I220), r.Has&cat020.Item220 != 0)
	downlinked := r.I245.STI == 1 || r.I245.STI == 2 // registration, callsign
	setCallsign(&p, r.I245.CHR, r.Has&cat020.Item245 != 0 && downlinked)
	p.Emergency = emergency(&p)
	d.taken.plot(&p)
	return nil
}
