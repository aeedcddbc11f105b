// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/sim"
)

const (
	aSensor   = "sensor tw-r party=tw site=24.5,121.1 height=2600m range=245NM period=12s sectors=8 sigma-range=80m sigma-azimuth=0.08deg sigma-height=1500ft pd=0.9 pd-ssr=0.97 clutter=1.5 sac=116 sic=1"
	aReceiver = "receiver tw-a kind=adsb party=tw site=24.5,121.1 height=100m range=170NM pd=0.9"
	aUAV      = "object uav kind=uav seen=tw,jp radar=psr"
	aVessel   = "object ship kind=vessel seen=tw mmsi=416999101 name=\"EXERCISE A\" type=80 class=B"
)

func TestParse(t *testing.T) {
	got := parse(
		t, "# a comment", `note "says what is # invented"`, "plans jp x.csv", "policy tw coast-guard", aSensor, aReceiver,
		aUAV, "  at 00:10 24.5 122.5 FL160 # first", "  at 24:40:30 25.5 122.5 FL170",
		aVessel, "  at 00:00 24.5 122.5", "  at 01:00 24.6 122.5",
		"act at 00:30 jp officer log text=\"telephone call\"",
		"act when tw.track.confirmed +90s tw officer identify uav standard=suspect type=BZK-005 presumed=no",
		"fault 00:10-00:12 tw-r cut", "fault 00:20:05 tw-a malformed 3",
	)
	at := func(d time.Duration) time.Time { return time.Date(2023, 8, 28, 0, 0, 0, 0, time.UTC).Add(d) }
	want := &sim.Scenario{
		Name: "t", Title: "test", Start: at(0), End: at(time.Hour), Seed: 7,
		Notes: []string{"says what is # invented"}, Parties: []party.ID{"tw", "jp"}, Plans: map[party.ID]string{"jp": "x.csv"},
		Policies: map[party.ID]string{"tw": "coast-guard"},
		Sensors: []sim.Sensor{{
			ID: "tw-r", Party: "tw", Source: asterix.Source{SAC: 116, SIC: 1}, Site: geo.Point{LatDeg: 24.5, LonDeg: 121.1}, Height: 2600,
			Range: 245 * 1852, Period: 12 * time.Second, Sectors: 8, SigmaRange: 80, SigmaAzimuth: 0.08, SigmaHeight: 1500,
			PdPrimary: 0.9, PdSecondary: 0.97, Clutter: 1.5,
		}},
		Receivers: []sim.Receiver{{
			ID: "tw-a", Kind: sim.ReceiverADSB, Party: "tw", Site: geo.Point{LatDeg: 24.5, LonDeg: 121.1}, Height: 100, Range: 170 * 1852, Pd: 0.9,
		}},
		Objects: []sim.Object{
			{ID: "uav", Kind: sim.UAV, Seen: []party.ID{"tw", "jp"}, Radar: sim.RadarPSR, Category: 0xa3, Route: []sim.Waypoint{
				{Time: at(10 * time.Minute), Pos: geo.Point{LatDeg: 24.5, LonDeg: 122.5}, Height: 16_000},
				{Time: at(24*time.Hour + 40*time.Minute + 30*time.Second), Pos: geo.Point{LatDeg: 25.5, LonDeg: 122.5}, Height: 17_000},
			}},
			{
				ID: "ship", Kind: sim.Vessel, Seen: []party.ID{"tw"}, Radar: sim.RadarNone, MMSI: 416999101, Name: "EXERCISE A", ShipType: 80, ClassB: true,
				Route: []sim.Waypoint{{Time: at(0), Pos: geo.Point{LatDeg: 24.5, LonDeg: 122.5}}, {Time: at(time.Hour), Pos: geo.Point{LatDeg: 24.6, LonDeg: 122.5}}},
			},
		},
		Acts: []sim.Act{
			{Line: 19, When: sim.When{At: at(30 * time.Minute)}, Party: "jp", Login: "officer", Verb: "log", Args: []engine.Arg{{Key: "text", Value: "telephone call"}}},
			{
				Line: 20, When: sim.When{Condition: sim.Condition{Party: "tw", Subject: "track", State: "confirmed"}, Delay: 90 * time.Second}, Party: "tw", Login: "officer",
				Verb: "identify", Object: "uav", Args: []engine.Arg{{Key: "standard", Value: "suspect"}, {Key: "type", Value: "BZK-005"}, {Key: "presumed", Value: "no"}},
			},
		},
		Faults: []sim.Fault{
			{Feed: "tw-r", Kind: sim.FaultCut, From: at(10 * time.Minute), To: at(12 * time.Minute)},
			{Feed: "tw-a", Kind: sim.FaultMalformed, From: at(20*time.Minute + 5*time.Second), Count: 3},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
	if c := got.Acts[1].When.Condition.String(); c != "tw.track.confirmed" {
		t.Errorf("Condition.String = %q", c)
	}
	if v := got.Acts[1].Arg("type"); v != "BZK-005" {
		t.Errorf("Arg(type) = %q", v)
	}
}

func TestParseCut(t *testing.T) {
	sc, err := sim.Parse("t.scenario", []byte(head+"cut 00:10-00:20 tw cell"))
	if err != nil {
		t.Fatal(err)
	}
	want := []sim.Cut{{From: sc.Start.Add(10 * time.Minute), To: sc.Start.Add(20 * time.Minute), Between: [2]party.ID{"tw", "cell"}}}
	if d := cmp.Diff(want, sc.Cuts); d != "" {
		t.Error(d)
	}
}

func TestParseRefuses(t *testing.T) {
	swap := func(line, old, with string) string {
		if !strings.Contains(line, old) {
			t.Fatalf("%q is not in %q", old, line)
		}
		return strings.Replace(line, old, with, 1)
	}
	tests := map[string]struct{ text, want string }{
		"an unknown word":                 {"hello", `:7: unknown word "hello"`},
		"an open quote":                   {`note "x`, ":7: quote is not closed"},
		"a control character":             {"note \x01", ":7: control character"},
		"a start given twice":             {"start 2023-08-28T00:00:00Z", ":7: start is given twice"},
		"an end given twice":              {"end 2023-08-28T01:00:00Z", ":7: end is given twice"},
		"a seed given twice":              {"seed 8", ":7: seed is given twice"},
		"a seed that is no number":        {"seed x", ":7: "},
		"a title given twice":             {"title x", ":7: title is given twice"},
		"a party given twice":             {"party tw", ":7: party tw is given twice"},
		"a party with capitals":           {"party TW", `:7: party "TW"`},
		"two words for one":               {"note a b", ":7: note: want 1 words"},
		"plans of nobody":                 {"plans ph x.csv", ":7: party ph is not declared"},
		"plans outside of the folder":     {"plans tw ../x.csv", ":7: plans \"../x.csv\""},
		"plans given twice":               {"plans tw x.csv\nplans tw y.csv", ":8: plans of tw are given twice"},
		"a sensor without id":             {"sensor", ":7: sensor: want an id"},
		"a sensor of nobody":              {swap(aSensor, "party=tw", "party=ph"), ":7: sensor tw-r: party ph is not declared"},
		"a number without unit":           {swap(aSensor, "2600m", "2600"), `:7: sensor tw-r: height "2600": want 0m to 9000m`},
		"a number out of range":           {swap(aSensor, "245NM", "256NM"), `:7: sensor tw-r: range "256NM"`},
		"NaN":                             {swap(aSensor, "pd=0.9", "pd=NaN"), `:7: sensor tw-r: pd "NaN"`},
		"a missing key":                   {swap(aSensor, "sac=116 ", ""), ":7: sensor tw-r: sac is missing"},
		"an unknown key":                  {aSensor + " colour=red", `:7: sensor tw-r: unknown key "colour"`},
		"a key given twice":               {aSensor + " sac=1", ":7: sensor tw-r: sac is given twice"},
		"a word without value":            {aSensor + " x", `:7: sensor tw-r: "x": want key=value`},
		"sectors that are no power of 2":  {swap(aSensor, "sectors=8", "sectors=9"), ":7: sensor tw-r: sectors 9"},
		"an id taken":                     {aSensor + "\n" + aSensor, ":8: id tw-r is taken in line 7"},
		"a bad id":                        {"object Uav kind=uav seen=tw", `:7: id "Uav"`},
		"a pole":                          {swap(aSensor, "24.5,", "89,"), ":7: sensor tw-r: site"},
		"a receiver of another kind":      {swap(aReceiver, "adsb", "uat"), `:7: receiver tw-a: kind "uat"`},
		"an object of another kind":       {swap(aUAV, "kind=uav", "kind=ufo"), `:7: object uav: kind "ufo"`},
		"an object seen twice":            {swap(aUAV, "tw,jp", "tw,tw"), ":7: object uav: seen: tw is given twice"},
		"an aircraft with an MMSI":        {aUAV + " mmsi=416999101", `:7: object uav: unknown key "mmsi"`},
		"ADS-B without address":           {aUAV + " adsb=yes", ":7: object uav: address is missing"},
		"an address of all ones":          {aUAV + " address=ffffff", `:7: object uav: address "ffffff"`},
		"a long callsign":                 {aUAV + " callsign=EXERCISE1", `:7: object uav: callsign`},
		"a squawk with an 8":              {aUAV + " squawk=1238", `:7: object uav: squawk "1238"`},
		"a vessel with Mode S":            {aVessel + " radar=modes", ":7: object ship: radar modes"},
		"an MMSI of no ship":              {swap(aVessel, "416999101", "000999101"), ":7: object ship: mmsi"},
		"small letters in a name":         {swap(aVessel, "EXERCISE A", "Exercise"), ":7: object ship: name"},
		"a waypoint without object":       {"at 00:00 24.5 122.5 FL160", ":7: at: no object"},
		"a waypoint after another line":   {aUAV + "\nnote x\nat 00:00 24.5 122.5 FL160", ":9: at: no object"},
		"a waypoint without height":       {aUAV + "\nat 00:00 24.5 122.5", ":8: at: want HH:MM lat lon FLxxx"},
		"a vessel with height":            {aVessel + "\nat 00:00 24.5 122.5 FL000", ":8: at: want HH:MM lat lon"},
		"a height in feet":                {aUAV + "\nat 00:00 24.5 122.5 16000ft", `:8: height "16000ft"`},
		"a time without colon":            {aUAV + "\nat 0000 24.5 122.5 FL160", `:8: time "0000"`},
		"61 minutes":                      {aUAV + "\nat 00:61 24.5 122.5 FL160", `:8: time "00:61"`},
		"time going back":                 {aUAV + "\nat 00:10 24.5 122.5 FL160\nat 00:10 24.6 122.5 FL160", ":9: at 00:10: not after"},
		"too fast":                        {aVessel + "\nat 00:00 24.5 122.5\nat 00:10 24.9 122.5", ":9: at 00:10: 144 kt"},
		"one waypoint":                    {aUAV + "\nat 00:00 24.5 122.5 FL160", ":7: object uav: want two or more waypoints"},
		"an act of nobody":                {"act at 00:10 ph officer log text=x", ":7: act: party ph is not declared"},
		"an act without time":             {"act tw officer log", `:7: act: "tw": want at or when`},
		"an act after the end":            {"act at 01:01 tw officer log text=x", `:7: act: time "01:01" is outside`},
		"an act that ends early":          {"act at 00:10 tw officer", ":7: act: want at TIME"},
		"an unknown verb":                 {"act at 00:10 tw officer sing", `:7: act: verb "sing"`},
		"an unknown condition":            {"act when tw.weather.fine tw officer log text=x", ":7: act: condition"},
		"a condition in two parts":        {"act when tw.track tw officer log text=x", ":7: act: condition"},
		"a delay without unit":            {"act when tw.link.up +5 tw officer log text=x", `:7: act: delay "+5"`},
		"an act on no object":             {"act at 00:10 tw officer acknowledge balloon", `:7: act: no object "balloon"`},
		"identify without object":         {"act at 00:10 tw officer identify standard=unknown", ":7: act: identify: want an object"},
		"identify without standard":       {"act at 00:10 tw officer identify uav", ":7: act: identify: standard is missing"},
		"a standard outside of the words": {"act at 00:10 tw officer identify uav standard=enemy", `:7: act: identify: standard "enemy"`},
		"a posture outside of the words":  {"act at 00:10 tw officer posture posture=attack", `:7: act: posture: posture "attack"`},
		"propose without lead":            {"act at 00:10 tw officer propose partner=jp", ":7: act: propose: lead is missing"},
		"a lead of nobody":                {"act at 00:10 tw officer propose lead=ph", ":7: act: propose: party ph is not declared"},
		"an argument that nobody knows":   {"act at 00:10 tw officer log text=x speed=9", `:7: act: log: argument "speed": nothing is called "speed"; there are a`},
		"a cut of one party":              {"cut 00:10-00:20 tw tw", ":7: cut: want two parties"},
		"a cut of a name that is none":    {"cut 00:10-00:20 tw JP", ":7: cut: "},
		"a line cut that ends first":      {"cut 00:10-00:09 tw jp", ":7: cut: it ends before"},
		"a line cut without its end":      {"cut 00:10 tw jp", ":7: cut: time"},
		"a line cut of one word":          {"cut 00:10-00:20 tw", ":7: cut: want HH:MM-HH:MM and two parties"},
		"a fault of no feed":              {"fault 00:10 tw-x garbage 3", `:7: fault: no feed "tw-x"`},
		"a fault of no kind":              {"fault 00:10 tw-x fire 3", `:7: fault: kind "fire"`},
		"a cut without end":               {"fault 00:10 tw-x cut", ":7: fault: cut: want"},
		"a cut that ends first":           {"fault 00:10-00:09 tw-x cut", ":7: fault: cut ends"},
		"garbage without count":           {"fault 00:10 tw-x garbage", ":7: fault: garbage: want"},
		"too much garbage":                {"fault 00:10 tw-x garbage 1e9", `:7: fault: "1e9"`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := sim.Parse("t.scenario", []byte(head+tc.text))
			if err == nil || !strings.HasPrefix(err.Error(), "t.scenario:") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Parse(%q) = %v, want t.scenario%s", tc.text, err, tc.want)
			}
		})
	}
}

func TestParseRefusesHeaders(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing":          {"", "t.scenario:1: start is missing"},
		"no end":           {"start 2023-08-28T00:00:00Z", "t.scenario:1: end is missing"},
		"no seed":          {"start 2023-08-28T00:00:00Z\nend 2023-08-28T01:00:00Z", "t.scenario:2: seed is missing"},
		"no party":         {"start 2023-08-28T00:00:00Z\nend 2023-08-28T01:00:00Z\nseed 1", "t.scenario:3: party is missing"},
		"end first":        {"end 2023-08-28T01:00:00Z", "t.scenario:1: end stands before start"},
		"end before start": {"start 2023-08-28T00:00:00Z\nend 2023-08-27T01:00:00Z", "t.scenario:2: end: want after start"},
		"a month":          {"start 2023-08-28T00:00:00Z\nend 2023-09-28T01:00:00Z", "t.scenario:2: end: want after start and within"},
		"a local time":     {"start 2023-08-28 00:00", "t.scenario:1: start: want 1 words"},
		"a day":            {"start 2023-08-28", `t.scenario:1: start "2023-08-28": want RFC 3339`},
		"a sensor first":   {aSensor, "t.scenario:1: sensor stands before start"},
		"a megabyte":       {strings.Repeat("#", 1<<20+1), "t.scenario: longer than"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := sim.Parse("t.scenario", []byte(tc.text)); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("Parse = %v, want %s", err, tc.want)
			}
		})
	}
}

func TestOpenNamesTheFile(t *testing.T) {
	if _, err := sim.Open(fstest.MapFS{}, "none.scenario"); err == nil || !strings.Contains(err.Error(), "none.scenario") {
		t.Errorf("Open of a file that is not there: %v", err)
	}
}

// FuzzParse holds that no text makes the parser or the world it describes
// panic: what Parse accepts can be encoded.
func FuzzParse(f *testing.F) {
	// Small texts: the engine spends its time on changing them, not on making
	// long ones short.
	f.Add([]byte(head + aSensor + "\n" + aUAV + " adsb=yes address=f00001 squawk=7700\n at 00:00 24.5 121.1 FL500\n at 00:01 24.5 121.1 FL000\n" + aVessel + "\nat 00:00 24.5 180\nat 01:00 24.5 -180\n"))
	f.Add([]byte(head + aReceiver + "\nobject e kind=airliner seen=tw radar=modes adsb=yes address=f00001 callsign=E squawk=2101\nat 00:00 24.5 121 FL100\nat 00:09 24.6 122 FL350"))
	f.Add([]byte(head + "receiver k kind=ais party=jp site=24.5,123 height=9m range=9NM\n" + aVessel + "\nat 00:00 24.5 123\nat 00:09 24.6 123\nfault 00:00:09 k garbage 9\nfault 00:00:09 k malformed 9\nfault 00:00-00:09 k cut"))
	f.Add([]byte(head + "act when tw.track.confirmed +90s tw officer log text=\"a b\"\nplans tw x.csv\nnote x # y"))
	f.Fuzz(func(t *testing.T, b []byte) {
		sc, err := sim.Parse("f.scenario", b)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f.scenario:") {
				t.Errorf("error without a place: %v", err)
			}
			return
		}
		w := sim.New(sc)
		w.Until(sc.Start.Add(30*time.Second), func(e sim.Emission) {
			if e.Time.Before(sc.Start) || e.Feed == "" || e.Frames < 0 {
				t.Errorf("emission %+v", e)
			}
		})
	})
}

func TestNumbersOfTheObject(t *testing.T) {
	sc, err := sim.Parse("t.scenario", []byte(head+aUAV+"\nat 00:00 24.5 122.5 FL160\nat 00:30 24.6 122.5 FL160\nact at 00:10 tw officer merge uav incident=$incident from=2 track=$track"))
	if err != nil {
		t.Fatal(err)
	}
	a := &sc.Acts[0]
	if !a.Needs("$track") || a.Needs("$object") {
		t.Errorf("needs of %+v", a)
	}
	got, err := a.Command(7, 9)
	if err != nil || got.Track != 7 || got.Incident != 9 || got.From != 2 {
		t.Errorf("Command(7, 9) = %+v, %v", got, err)
	}
}
