// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/nmea"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// claimFloor is an engine with two receivers of ADS-B, two of AIS and a radar,
// so that the rules of claims fire through decoder, tracker and watch.
type claimFloor struct {
	slipping
	sec int // since the start
}

func newClaimFloor(t *testing.T) *claimFloor {
	t.Helper()
	f := &claimFloor{slipping: slipping{radarFloor: radarFloor{t: t, e: engine.New("tw", ids), now: start, seq: 1}}}
	f.radar = floorRadar
	cfg := config(t)
	cfg.Sensors = []track.Sensor{f.radar}
	for _, name := range []string{"adsb", "adsb2"} {
		cfg.Feeds = append(cfg.Feeds, engine.FeedConfig{Name: name, Kind: "mode-s", Source: decode.Source{Format: frame.ModeS}})
	}
	for _, name := range []string{"ais", "ais2"} {
		cfg.Feeds = append(cfg.Feeds, engine.FeedConfig{Name: name, Kind: "nmea-udp", Source: decode.Source{Format: frame.NMEA}})
	}
	cfg.Feeds = append(cfg.Feeds, engine.FeedConfig{Name: "radar", Kind: "asterix-udp", Source: decode.Source{Format: frame.ASTERIX, Sensors: map[string]decode.Sensor{
		f.radar.ID: {SigmaRange: 100, SigmaAzimuth: 0.12},
	}}})
	if out := f.e.Step(1, &engine.Input{At: start, Config: cfg}); out.Reply.Code != "" {
		t.Fatalf("Config refused: %+v", out)
	}
	return f
}

// play lets time pass; send gives what is heard in each second.
func (f *claimFloor) play(seconds int, send func(sec int)) {
	f.t.Helper()
	for range seconds {
		f.sec++
		f.now = start.Add(time.Duration(f.sec) * time.Second)
		send(f.sec)
		f.tick()
	}
}

// Airliners that fly together are told as one formation, and one by itself is not.
func TestFormationsAreShown(t *testing.T) {
	f := newClaimFloor(t)
	lead, alone := geo.Point{LatDeg: 24.4, LonDeg: 122.4}, geo.Point{LatDeg: 23.9, LonDeg: 122.9}
	const mates = 3
	f.play(90, func(sec int) {
		for i := range mates {
			f.airliner("adsb", modes.ICAO(0x899200+i), from(geo.Direct(lead, 135, geo.Metres(900*i)), 90, 420, sec), 9)
		}
		f.airliner("adsb", 0x899300, from(alone, 90, 420, sec), 9)
	})
	told := make(map[string]engine.FormationView)
	for _, v := range f.e.View().Tracks {
		if v.Formation != nil {
			told[v.Address] = *v.Formation
		}
	}
	want := engine.FormationView{N: told["899200"].N, Least: mates, Most: mates}
	if len(told) != mates || want.N == 0 || told["899200"] != want || told["899201"] != want || told["899202"] != want {
		t.Errorf("formations of %d tracks, %+v, want %+v of the %d", len(told), told, want, mates)
	}
}

// from is where an object is that moves straight for so many seconds.
func from(p geo.Point, course geo.Degrees, speed geo.Knots, sec int) geo.Point {
	return geo.Direct(p, course, geo.Metres(float64(speed.MetresPerSecond())*float64(sec)))
}

// airliner tells a place and how good it is.
func (f *claimFloor) airliner(feed string, icao modes.ICAO, pos geo.Point, nacp uint8) {
	place := modes.EncodeAirbornePosition(icao, pos, airlinerFeet, f.sec%2 == 1)
	status := modes.EncodeStatus(icao, nacp, 3, false)
	for _, raw := range [][]byte{status[:], place[:]} {
		f.frame(feed, frame.ModeS, raw)
	}
}

// ship tells a place and motion.
func (f *claimFloor) ship(feed string, mmsi ais.MMSI, pos geo.Point, course geo.Degrees, speed geo.Knots) {
	f.t.Helper()
	m := ais.Message{
		Type: 1, MMSI: mmsi, Position: pos, COG: course, SOG: speed, Second: uint8(f.now.Second()), Fix: ais.FixTimed,
		Has: ais.HasPosition | ais.HasSOG | ais.HasCOG | ais.HasSecond,
	}
	f.tell(feed, &m)
}

func (f *claimFloor) tell(feed string, m *ais.Message) {
	f.t.Helper()
	b, fill, err := ais.Encode(nil, m)
	if err != nil {
		f.t.Fatal(err)
	}
	b = nmea.Format(nil, nmea.Header{Seq: f.sec % 10, Channel: 'A'}, b, fill)
	for len(b) > 0 {
		var line []byte
		line, b = nmea.Next(b)
		f.frame(feed, frame.NMEA, line)
	}
}

// echo sends what the radar measures of an object: an echo without any reply.
func (f *claimFloor) echo(pos geo.Point, height geo.Metres) {
	f.t.Helper()
	r := f.measured(geo.SlantRange(f.radar.Pos, f.radar.Height, pos, height))
	r.I020.TYP = 1
	f.plot(&r)
}

// raised returns rule, domain and, of a name, what is wrong and both names, sorted.
func (f *claimFloor) raised() (list []string) {
	for _, inc := range f.e.View().Incidents {
		for _, ev := range inc.Events {
			if ev.Kind == "alert" && !ev.Cleared && ev.Rule[0] != 'C' {
				text := ev.Rule + " " + inc.Domain
				if ev.Direction != "" {
					text += " " + ev.Direction
				}
				if ev.Text != "" {
					text += " " + ev.Text
				}
				list = append(list, text)
			}
		}
	}
	slices.Sort(list)
	return list
}

// Each rule of claims fires on frames that show what it is about, and neither
// on honest frames nor on one disturbed reading among them.
func TestRulesOfClaimsFireOnFrames(t *testing.T) {
	base := geo.Point{LatDeg: 24.4, LonDeg: 122.4}
	for name, tt := range map[string]struct {
		seconds int
		send    func(f *claimFloor, sec int)
		want    []string
	}{
		"A10 says that an address is told at two places": {90, func(f *claimFloor, sec int) {
			f.airliner("adsb", 0x899100, from(base, 90, 400, sec), 9)
			f.airliner("adsb2", 0x899100, from(geo.Direct(base, 0, 150_000), 90, 400, sec), 9)
		}, []string{"A10 air two-places"}},
		"A10 is silent of one aircraft that two receivers hear": {90, func(f *claimFloor, sec int) {
			f.airliner("adsb", 0x899100, from(base, 90, 400, sec), 9)
			f.airliner("adsb2", 0x899100, from(base, 90, 400, sec), 9)
		}, nil},
		"A10 says that a callsign changes":        {120, callsigns(func(sec int) bool { return sec > 60 }), []string{"A10 air callsign EXR101 → EXR202"}},
		"A10 is silent of one disturbed callsign": {120, callsigns(func(sec int) bool { return sec == 60 }), nil},

		"A19 says that a claim leaves what a radar sees": {180, drifting(func(sec int) geo.Metres { return geo.Metres(40 * max(0, sec-60)) }), []string{"A19 air"}},
		"A19 is silent of an honest aircraft":            {180, drifting(func(int) geo.Metres { return 0 }), nil},
		"A19 is silent of one disturbed place":           {180, drifting(once(90, 3000)), nil},

		"A20 says that many become inaccurate together": {120, jammed(4, func(_, sec int) bool { return sec > 60 }), []string{"A20 air"}},
		"A20 is silent of one that becomes inaccurate":  {120, jammed(4, func(k, sec int) bool { return k == 0 && sec > 60 }), nil},
		"A20 is silent of one disturbed status of all":  {120, jammed(4, func(_, sec int) bool { return sec == 60 }), nil},

		"S02 says that a ship is not where its speed takes it": {400, sailing(70, func(int) geo.Metres { return 0 }), []string{"S02 sea"}},
		"S02 is silent of an honest ship":                      {400, sailing(12, func(int) geo.Metres { return 0 }), nil},
		"S02 is silent of one disturbed place":                 {400, sailing(12, once(300, 900)), nil},

		"S03 says that an MMSI is told at two places": {300, func(f *claimFloor, sec int) {
			if sec%10 == 0 {
				f.ship("ais", 416000001, from(base, 90, 12, sec), 90, 12)
				f.ship("ais2", 416000001, from(geo.Direct(base, 0, 20_000), 90, 12, sec), 90, 12)
			}
		}, []string{"S03 sea two-places"}},
		"S03 is silent of one ship that two receivers hear": {300, func(f *claimFloor, sec int) {
			if sec%10 == 0 {
				f.ship("ais", 416000001, from(base, 90, 12, sec), 90, 12)
				f.ship("ais2", 416000001, from(base, 90, 12, sec), 90, 12)
			}
		}, nil},
		"S03 says that a ship under a radar changes its MMSI": {480, renamed(func(sec int) bool { return sec > 240 }), []string{"S03 sea mmsi 416000001 → 412000002"}},
		"S03 is silent of one disturbed MMSI":                 {480, renamed(func(sec int) bool { return sec == 240 }), nil},

		"A10 says that an aircraft changes its address": {240, readdressed(true, func(sec int) bool { return sec > 90 }), []string{"A10 air address 899100 → 780555"}},
		"A10 says so where the radar hears no replies":  {240, readdressed(false, func(sec int) bool { return sec > 90 }), []string{"A10 air address 899100 → 780555"}},
		"A10 is silent of one disturbed address":        {240, readdressed(true, func(sec int) bool { return sec == 90 }), nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := newClaimFloor(t)
			f.play(tt.seconds, func(sec int) { tt.send(f, sec) })
			if got := f.raised(); !slices.Equal(got, tt.want) {
				t.Errorf("alerts %v, want %v", got, tt.want)
			}
			if n := len(f.e.View().Tracks); n == 0 {
				t.Error("no track: nothing was watched")
			}
		})
	}
}

// What an object told to be before is shown with its times, each kind in its own
// words.
func TestFormerNamesAreShown(t *testing.T) {
	for name, tt := range map[string]struct {
		seconds, at int
		send        func(f *claimFloor, sec int)
		want        engine.FormerView
	}{
		"an address": {240, 90, readdressed(true, func(sec int) bool { return sec > 90 }), engine.FormerView{Address: "899100"}},
		"an MMSI":    {480, 240, renamed(func(sec int) bool { return sec > 240 }), engine.FormerView{MMSI: "416000001"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newClaimFloor(t)
			f.play(tt.seconds, func(sec int) { tt.send(f, sec) })
			var got []engine.FormerView
			for _, v := range f.e.View().Tracks {
				got = append(got, v.Former...)
			}
			if len(got) != 1 || got[0].Address != tt.want.Address || got[0].MMSI != tt.want.MMSI {
				t.Fatalf("former names %+v, want %+v", got, tt.want)
			}
			last := start.Add(time.Duration(tt.at) * time.Second)
			if got[0].Since.After(start.Add(15*time.Second)) || got[0].Until.Before(last.Add(-15*time.Second)) || got[0].Until.After(last.Add(15*time.Second)) {
				t.Errorf("told from %v to %v, want %v to about %v", got[0].Since, got[0].Until, start, last)
			}
		})
	}
}

// once is an error in one second.
func once(at int, by geo.Metres) func(sec int) geo.Metres {
	return func(sec int) geo.Metres {
		if sec == at {
			return by
		}
		return 0
	}
}

// callsigns is an aircraft that tells another callsign in some seconds.
func callsigns(other func(sec int) bool) func(f *claimFloor, sec int) {
	return func(f *claimFloor, sec int) {
		f.airliner("adsb", 0x899100, from(geo.Point{LatDeg: 24.4, LonDeg: 122.4}, 90, 400, sec), 9)
		if sec%5 != 0 {
			return
		}
		call := "EXR101"
		if other(sec) {
			call = "EXR202"
		}
		raw := modes.EncodeIdentification(0x899100, call, 0xA3)
		f.frame("adsb", frame.ModeS, raw[:])
	}
}

// drifting is an aircraft before the radar that tells a place so far off its
// own.
func drifting(off func(sec int) geo.Metres) func(f *claimFloor, sec int) {
	return func(f *claimFloor, sec int) {
		pos := from(geo.Direct(f.radar.Pos, 300, 60_000), 90, airlinerKnots, sec)
		f.airliner("adsb", 0x899100, geo.Direct(pos, 0, off(sec)), 9)
		if sec%4 == 0 {
			f.seen(0x899100, pos)
		}
	}
}

// readdressed is an aircraft before the radar that tells another address in some
// seconds, by itself and, where it is asked, to the radar.
func readdressed(asked bool, other func(sec int) bool) func(f *claimFloor, sec int) {
	return func(f *claimFloor, sec int) {
		icao, pos := modes.ICAO(0x899100), from(geo.Direct(f.radar.Pos, 300, 60_000), 90, airlinerKnots, sec)
		if other(sec) {
			icao = 0x780555
		}
		f.airliner("adsb", icao, pos, 9)
		switch {
		case sec%4 != 0:
		case asked:
			f.seen(icao, pos)
		default:
			f.echo(pos, geo.Feet(airlinerFeet).Metres())
		}
	}
}

// jammed is so many aircraft of which some tell a poor accuracy.
func jammed(aircraft int, poor func(k, sec int) bool) func(f *claimFloor, sec int) {
	return func(f *claimFloor, sec int) {
		for k := range aircraft {
			nacp := uint8(9)
			if poor(k, sec) {
				nacp = 1
			}
			f.airliner("adsb", modes.ICAO(0x899100+k), from(geo.Direct(f.radar.Pos, geo.Degrees(90*k), 30_000), 90, 400, sec), nacp)
		}
	}
}

// sailing is a ship that moves at a speed, tells 12 kn, and tells a place so far
// off its own.
func sailing(speed geo.Knots, off func(sec int) geo.Metres) func(f *claimFloor, sec int) {
	return func(f *claimFloor, sec int) {
		if sec%10 == 0 {
			f.ship("ais", 416000001, geo.Direct(from(geo.Point{LatDeg: 24.4, LonDeg: 122.4}, 90, speed, sec), 0, off(sec)), 90, 12)
		}
	}
}

// renamed is a ship that a radar sees and that tells another MMSI in some
// seconds.
func renamed(other func(sec int) bool) func(f *claimFloor, sec int) {
	return func(f *claimFloor, sec int) {
		pos := from(geo.Direct(f.radar.Pos, 60, 20_000), 90, 12, sec)
		if sec%4 == 0 {
			f.echo(pos, 0)
		}
		if sec%10 == 0 {
			mmsi := ais.MMSI(416000001)
			if other(sec) {
				mmsi = 412000002
			}
			f.ship("ais", mmsi, pos, 90, 12)
		}
	}
}
