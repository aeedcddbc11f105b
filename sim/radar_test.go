// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"math"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat034"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/sim"
)

// target is one decoded CAT048 record with what it was sent with.
type target struct {
	cat048.Record
	at, sent time.Time
}

// readRadar decodes datagrams with the project's own reader.
func readRadar(t testing.TB, es []sim.Emission) (targets []target, service []cat034.Record) {
	t.Helper()
	for _, e := range es {
		if e.Kind != sim.UDPASTERIX || e.Frames != 1 {
			t.Fatalf("emission %+v", e)
		}
		for b, err := range asterix.Blocks(e.Bytes) {
			if err != nil {
				t.Fatal(err)
			}
			switch b.Category {
			case 48:
				var rec cat048.Record
				for _, err := range asterix.Records(b, &rec) {
					if err != nil {
						t.Fatal(err)
					}
					s, _ := rec.TimeOfDaySeconds()
					targets = append(targets, target{rec, asterix.TimeOfDay(e.Time, s), e.Time})
				}
			case 34:
				var rec cat034.Record
				for _, err := range asterix.Records(b, &rec) {
					if err != nil {
						t.Fatal(err)
					}
					service = append(service, rec)
				}
			default:
				t.Fatalf("category %d", b.Category)
			}
		}
	}
	return targets, service
}

const (
	quiet  = "sensor r party=tw site=24.5,121.1 height=2600m range=245NM period=12s sectors=8 sigma-range=80m sigma-azimuth=0.08deg sigma-height=1500ft pd=0.8 pd-ssr=0.9 clutter=0 sac=116 sic=1"
	drone  = "object uav kind=uav seen=tw radar=psr\nat 00:00 25.9 122.5 FL160\nat 01:00 24.4 122.7 FL160"
	liner  = "object exr1 kind=airliner seen=tw radar=modes address=f00001 callsign=EXR1 squawk=2101\nat 00:00 25.1 121.2 FL350\nat 01:00 25.9 127.6 FL350"
	oldie  = "object exr2 kind=airliner seen=tw radar=ssr squawk=1200\nat 00:00 24.0 122.0 FL100\nat 01:00 26.0 122.0 FL200"
	unseen = "object uav kind=uav seen=jp radar=psr\nat 00:00 25.9 122.5 FL160\nat 01:00 24.4 122.7 FL160"
)

// moments holds the mean and the standard deviation of numbers that should be
// drawn from the standard normal distribution.
type moments struct{ n, sum, squares, worst float64 }

func (m *moments) add(x float64) {
	m.n++
	m.sum += x
	m.squares += x * x
	m.worst = max(m.worst, math.Abs(x))
}

func (m *moments) check(t *testing.T, what string) {
	t.Helper()
	mean := m.sum / m.n
	sd := math.Sqrt(m.squares/m.n - mean*mean)
	if m.n < 100 || math.Abs(mean) > 4/math.Sqrt(m.n) || math.Abs(sd-1) > 4/math.Sqrt(2*m.n) || m.worst > 5 {
		t.Errorf("%s: %.0f residuals, mean %.3f, deviation %.3f, worst %.1f in units of sigma", what, m.n, mean, sd, m.worst)
	}
}

func TestPlotsKeepToTheStatedErrors(t *testing.T) {
	for name, tc := range map[string]struct{ object, id string }{
		"drone": {drone, "uav"}, "airliner": {liner, "exr1"}, "Mode A/C": {oldie, "exr2"},
	} {
		t.Run(name, func(t *testing.T) {
			sc := parse(t, quiet, tc.object)
			s := &sc.Sensors[0]
			targets, _ := readRadar(t, all(sc))
			var rho, theta, height moments
			for i := range targets {
				p := &targets[i]
				want := truth(t, sc, tc.id, p.at)
				r, a := geo.SlantRange(s.Site, s.Height, want.Pos, want.Height.Metres())
				gotR, _ := p.RhoNM()
				gotA, _ := p.ThetaDeg()
				rho.add(float64(geo.FromNM(gotR)-r) / float64(s.SigmaRange))
				theta.add(float64((geo.Degrees(gotA) - a).Norm180() / s.SigmaAzimuth))
				if h, ok := p.HeightFeet(); ok {
					height.add((h - float64(want.Height)) / float64(s.SigmaHeight))
				}
				if beam := p.at.Sub(sc.Start).Seconds() / 12; math.Abs(float64((geo.Degrees(beam*360) - a).Norm180())) > 0.5 {
					t.Fatalf("plot at %v: the beam is not at %.2f", p.at, float64(a))
				}
				if d := p.sent.Sub(p.at); d < -10*time.Millisecond || d > 1510*time.Millisecond {
					t.Fatalf("plot at %v is sent %v later", p.at, d)
				}
			}
			rho.check(t, "range")
			theta.check(t, "azimuth")
			height.check(t, "height")
		})
	}
}

// share reports whether found of n trials fits the probability p.
func share(t *testing.T, what string, found, n int, p float64) {
	t.Helper()
	if tol := 4 * math.Sqrt(p*(1-p)*float64(n)); math.Abs(float64(found)-p*float64(n)) > tol {
		t.Errorf("%s: %d of %d, want %.3f", what, found, n, p)
	}
}

func TestPlotsSayWhatWasDetected(t *testing.T) {
	sc := parse(t, quiet, liner)
	targets, _ := readRadar(t, all(sc))
	kinds := map[cat048.Detection]int{}
	for i := range targets {
		p := &targets[i]
		if !p.Simulated() {
			t.Fatal("a report without the simulated bit")
		}
		typ, _ := p.Detection()
		kinds[typ]++
		a, hasAddress := p.Address()
		call, hasCall := p.Callsign()
		code, valid, hasCode := p.Mode3A()
		fl, validFL, hasFL := p.FlightLevelFeet()
		if !typ.HasSSR() {
			if hasAddress || hasCall || hasCode || hasFL {
				t.Fatal("a primary plot with an identity")
			}
			continue
		}
		if a != 0xf00001 || call != "EXR1" || code != 0o2101 || fl != 35_000 || !valid || !validFL {
			t.Fatalf("address %06x, callsign %q, code %04o (%v), height %v (%v)", a, call, code, valid, fl, validFL)
		}
		if ground, ok := p.OnGround(); !ok || ground {
			t.Fatal("not airborne")
		}
	}
	// The airliner leaves the range before the hour ends: count the scans that
	// could see it.
	scans := 0
	s := &sc.Sensors[0]
	for at := sc.Start; at.Before(sc.End); at = at.Add(s.Period) {
		if distance(s.Site, truth(t, sc, "exr1", at).Pos) < s.Range {
			scans++
		}
	}
	share(t, "roll-call", kinds[cat048.ModeSRollCall], scans, 0.9*0.2)
	share(t, "roll-call and primary", kinds[cat048.ModeSRollCallPSR], scans, 0.9*0.8)
	share(t, "primary", kinds[cat048.PSR], scans, 0.1*0.8)
	if last := targets[len(targets)-1]; distance(s.Site, truth(t, sc, "exr1", last.at).Pos) > s.Range+1000 || last.at.After(sc.End.Add(-5*time.Minute)) {
		t.Error("seen beyond the range")
	}
}

func TestModeACHasNoAddress(t *testing.T) {
	sc := parse(t, quiet, oldie)
	targets, _ := readRadar(t, all(sc))
	kinds := map[cat048.Detection]int{}
	for i := range targets {
		typ, _ := targets[i].Detection()
		kinds[typ]++
		if _, ok := targets[i].Address(); ok {
			t.Fatal("a Mode A/C target with an address")
		}
		if code, _, ok := targets[i].Mode3A(); ok && modes.Squawk(code) != 0o1200 {
			t.Fatalf("code %04o", code)
		}
	}
	if kinds[cat048.SSR] == 0 || kinds[cat048.SSRPSR] == 0 || kinds[cat048.PSR] == 0 || len(kinds) != 3 {
		t.Errorf("detections %v", kinds)
	}
}

func TestDroneIsAnEchoOnly(t *testing.T) {
	sc := parse(t, quiet, drone)
	targets, _ := readRadar(t, all(sc))
	share(t, "primary", len(targets), 300, 0.8)
	for i := range targets {
		if typ, _ := targets[i].Detection(); typ != cat048.PSR {
			t.Fatalf("detection %v", typ)
		}
	}
}

func TestNothingIsSeenOfTheOtherSide(t *testing.T) {
	if targets, _ := readRadar(t, all(parse(t, quiet, unseen))); len(targets) != 0 {
		t.Errorf("%d plots of an object that only jp sees", len(targets))
	}
}

func TestHorizonHidesLowObjects(t *testing.T) {
	low := "object low kind=uav seen=tw radar=psr\nat 00:00 24.5 122.5 FL010\nat 01:00 24.5 124.0 FL010"
	sea := "sensor r party=tw site=24.5,122.0 height=30m range=245NM period=12s sectors=8 sigma-range=80m sigma-azimuth=0.08deg pd=1 clutter=0 sac=116 sic=1"
	sc := parse(t, sea, low)
	s := &sc.Sensors[0]
	limit := geo.RadarHorizon(30, geo.Feet(1000).Metres())
	targets, _ := readRadar(t, all(sc))
	if len(targets) == 0 {
		t.Fatal("nothing seen")
	}
	far := distance(s.Site, truth(t, sc, "low", targets[len(targets)-1].at).Pos)
	if far > limit || far < limit-1500 {
		t.Errorf("last seen at %.0f m, horizon %.0f m", far, limit)
	}
	if _, ok := targets[0].HeightFeet(); ok {
		t.Error("a radar without heights measures one")
	}
}

func TestClutter(t *testing.T) {
	sc := parse(t, "sensor r party=tw site=24.5,121.1 height=2600m range=200NM period=12s sectors=8 sigma-range=80m sigma-azimuth=0.08deg pd=0.8 clutter=3 sac=116 sic=1")
	targets, _ := readRadar(t, all(sc))
	if n := float64(len(targets)); math.Abs(n-3*300) > 4*math.Sqrt(3*300) {
		t.Errorf("%v false plots in 300 scans, want about 900", n)
	}
	near := 0
	for i := range targets {
		rho, _ := targets[i].RhoNM()
		if rho > 200 {
			t.Fatalf("clutter at %v NM", rho)
		}
		if rho < 100 {
			near++
		}
		if typ, _ := targets[i].Detection(); typ != cat048.PSR || !targets[i].Simulated() {
			t.Fatalf("clutter of type %v", typ)
		}
	}
	if n := len(targets); near < n*4/10 {
		t.Errorf("%d of %d in the inner half of the range, a quarter of the area", near, n)
	}
}

func TestServiceMessagesTellOfEachSector(t *testing.T) {
	sc := parse(t, quiet)
	_, service := readRadar(t, all(sc))
	north, sector, at := 0, 0, 0.0
	for i := range service {
		rec := &service[i]
		typ, _ := rec.MessageType()
		s, _ := rec.TimeOfDaySeconds()
		if period, ok := rec.RotationSeconds(); !ok || period != 12 {
			t.Fatalf("rotation %v", period)
		}
		if src, _ := rec.Source(); src != (asterix.Source{SAC: 116, SIC: 1}) {
			t.Fatalf("source %v", src)
		}
		if typ == cat034.NorthMarker {
			if north++; s != float64(north-1)*12 || sector%8 != 0 {
				t.Fatalf("north marker %d at %v s", north, s)
			}
			continue
		}
		deg, ok := rec.SectorDeg()
		if typ != cat034.SectorCrossing || !ok || deg != float64(sector%8)*45 || s < at || math.Abs(s-float64(sector)*1.5) > 0.01 {
			t.Fatalf("message %v: sector %v at %v s", typ, deg, s)
		}
		sector++
		at = s
	}
	if north != 301 || sector != 2401 {
		t.Errorf("%d north markers, %d sectors", north, sector)
	}
}

func TestTimeOfDayGoesOverMidnight(t *testing.T) {
	sc := open(t, "other-hour.scenario")
	targets, _ := readRadar(t, onFeed(all(sc), "tw-leshan"))
	before, after := 0, 0
	midnight := time.Date(2023, 8, 29, 0, 0, 0, 0, time.UTC)
	for i := range targets {
		p := &targets[i]
		if d := p.sent.Sub(p.at); d < -10*time.Millisecond || d > 2*time.Second {
			t.Fatalf("plot of %v sent at %v", p.at, p.sent)
		}
		if p.at.Before(midnight) {
			before++
		} else {
			after++
		}
	}
	if before == 0 || after == 0 {
		t.Errorf("%d plots before and %d after midnight", before, after)
	}
}
