// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package signalk_test

import (
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/ais/signalk"
	"github.com/kuroshio-watch/kuroshio/geo"
)

const context = `{"context":"vessels.urn:mrn:imo:mmsi:431004000","updates":[`

func one(t *testing.T, in string) signalk.Update {
	t.Helper()
	var got signalk.Update
	n := 0
	err := signalk.Parse([]byte(in), &got, func(err error) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	})
	if err != nil || n != 1 {
		t.Fatalf("Parse: %v, %d updates", err, n)
	}
	return got
}

func TestParse(t *testing.T) {
	u := one(t, context+`{"$source":"ais.AI","timestamp":"2026-05-28T20:26:40.250Z","values":[
		{"path":"navigation.position","value":{"latitude":25.5,"longitude":122.25}},
		{"path":"navigation.speedOverGround","value":5.144444},
		{"path":"navigation.courseOverGroundTrue","value":-1.5707963},
		{"path":"navigation.headingTrue","value":1.5707963},
		{"path":"navigation.state","value":"anchored"},
		{"path":"communication.callsignVhf","value":"7JOR"},
		{"path":"navigation.destination.commonName","value":"naha"},
		{"path":"registrations.imo","value":"IMO 9617038"},
		{"path":"design.aisShipType","value":{"id":80,"name":"Tanker"}},
		{"path":"design.draft","value":{"maximum":13.7}},
		{"path":"sensors.ais.class","value":"A"},
		{"path":"","value":{"name":"TOKYO MARU","mmsi":"431004000"}}]}]}`)
	m := &u.Message
	known := ais.HasPosition | ais.HasSOG | ais.HasCOG | ais.HasHeading | ais.HasNavStatus | ais.HasCallsign | ais.HasDestination | ais.HasIMO |
		ais.HasShipType | ais.HasDraught | ais.HasName
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-3 }
	if m.Has != known || m.MMSI != 431_004_000 || m.Position != (geo.Point{LatDeg: 25.5, LonDeg: 122.25}) || !near(float64(m.SOG), 10) ||
		!near(float64(m.COG), 270) || !near(float64(m.Heading), 90) || m.NavStatus != ais.AtAnchor || m.Callsign.String() != "7JOR" ||
		m.Destination.String() != "NAHA" || m.IMO != 9_617_038 || m.ShipType != 80 || m.Draught != 13.7 || m.Name.String() != "TOKYO MARU" {
		t.Errorf("message %+v", m)
	}
	if want := time.UnixMilli(1_780_000_000_250).UTC(); !u.Time.Equal(want) || string(u.Source) != "ais.AI" || u.Ignored != 1 || u.Kind != signalk.Vessels {
		t.Errorf("update at %v by %q, %d ignored", u.Time, u.Source, u.Ignored)
	}
}

// TestWithdrawn holds that null says that a value is no longer so, and that it is
// not taken for zero.
func TestLongSourceIsNone(t *testing.T) {
	for length, want := range map[int]int{256: 256, 257: 0} {
		u := one(t, context+`{"$source":"`+strings.Repeat("s", length)+`","timestamp":"2026-05-28T20:26:40Z","values":[]}]}`)
		if len(u.Source) != want {
			t.Errorf("a source of %d octets gives one of %d, want %d", length, len(u.Source), want)
		}
	}
}

func TestWithdrawn(t *testing.T) {
	u := one(t, context+`{"source":{"label":"ais","talker":"AI"},"timestamp":"2026-05-28T20:26:40Z","values":[
		{"path":"navigation.speedOverGround","value":3},
		{"path":"navigation.speedOverGround","value":null},
		{"path":"navigation.position","value":null},
		{"path":"name","value":""},
		{"path":"navigation.state","value":"parked"}]}]}`)
	if u.Message.Has != 0 || u.Withdrawn != ais.HasSOG|ais.HasPosition|ais.HasName || u.Ignored != 1 || string(u.Source) != "ais.AI" {
		t.Errorf("%+v", u)
	}
}

func TestContexts(t *testing.T) {
	for root, want := range map[string]signalk.Kind{
		"vessels": signalk.Vessels, "atons": signalk.AtoN, "sar": signalk.SAR, "shore": signalk.Shore, "aircraft": signalk.Aircraft,
	} {
		u := one(t, `{"context":"`+root+`.urn:mrn:imo:mmsi:992441102","updates":[{"timestamp":"2026-05-28T20:26:40Z","values":[{"path":"x","value":1}]}]}`)
		if u.Kind != want || u.Message.MMSI != 992_441_102 {
			t.Errorf("%s: kind %v of %v", root, u.Kind, u.Message.MMSI)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	value := func(path, v string) string {
		return context + `{"timestamp":"2026-05-28T20:26:40Z","values":[{"path":"` + path + `","value":` + v + `}]}]}`
	}
	for name, tc := range map[string]struct {
		in   string
		want error
	}{
		"no JSON":                 {"hello", signalk.ErrSyntax},
		"the server's greeting":   {`{"name":"signalk-server","version":"2.0"}`, signalk.ErrSyntax},
		"a long delta":            {strings.Repeat(" ", signalk.MaxDelta+1), signalk.ErrTooLong},
		"the own ship":            {`{"context":"vessels.urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d","updates":[]}`, signalk.ErrContext},
		"a context of no root":    {`{"context":"urn:mrn:imo:mmsi:431004000","updates":[]}`, signalk.ErrContext},
		"an MMSI of ten digits":   {`{"context":"vessels.urn:mrn:imo:mmsi:4310040001","updates":[]}`, signalk.ErrContext},
		"an update that is 7":     {context + `7]}`, signalk.ErrSyntax},
		"values that are no list": {context + `{"timestamp":"2026-05-28T20:26:40Z","values":{}}]}`, signalk.ErrSyntax},
		"a value that is 7":       {context + `{"timestamp":"2026-05-28T20:26:40Z","values":[7]}]}`, signalk.ErrSyntax},
		"an update of no time":    {context + `{"values":[{"path":"x","value":1}]}]}`, signalk.ErrTime},
		"a position of a text":    {value("navigation.position", `"here"`), signalk.ErrValue},
		"a latitude alone":        {value("navigation.position", `{"latitude":1}`), signalk.ErrValue},
		"a latitude of 91":        {value("navigation.position", `{"latitude":91,"longitude":1}`), signalk.ErrValue},
		"zero and zero":           {value("navigation.position", `{"latitude":0,"longitude":0}`), signalk.ErrValue},
		"a speed below zero":      {value("navigation.speedOverGround", "-1"), signalk.ErrValue},
		"a course in degrees":     {value("navigation.courseOverGroundTrue", "270"), signalk.ErrValue},
		"a state of a number":     {value("navigation.state", "1"), signalk.ErrValue},
		"an IMO number of text":   {value("registrations.imo", `"IMO"`), signalk.ErrValue},
		"a ship type of none":     {value("design.aisShipType", `{}`), signalk.ErrValue},
		"a draught of 1000 m":     {value("design.draft", `{"current":1000}`), signalk.ErrValue},
		"a name of another set":   {value("name", `"船"`), signalk.ErrValue},
		"a list without any path": {value("", `[1]`), signalk.ErrValue},
	} {
		t.Run(name, func(t *testing.T) {
			var last error
			err := signalk.Parse([]byte(tc.in), new(signalk.Update), func(bad error) { last = bad })
			if got := errors.Join(err, last); !errors.Is(got, tc.want) || !errors.Is(got, signalk.ErrRefused) {
				t.Errorf("Parse: %v, want %v", got, tc.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(context + `{"timestamp":"2026-05-28T20:26:40Z","values":[{"path":"navigation.position","value":{"latitude":25.5,"longitude":122.25}}]}]}`))
	f.Add([]byte(context + `{"timestamp":"2026-05-28T20:26:40Z","values":[{"path":"","value":{"name":"A","communication":{"callsignVhf":null}}}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var u signalk.Update
		_ = signalk.Parse(b, &u, func(err error) {
			if err == nil && (u.Message.Has&u.Withdrawn != 0 || u.Message.Known(ais.HasPosition) && !u.Message.Position.Valid() || u.Ignored > len(b)) {
				t.Errorf("%+v", u)
			}
		})
	})
}

// TestMemory holds that many empty parts take no memory of many times their
// size, and no more time than the limit of parts.
func TestMemory(t *testing.T) {
	in := []byte(context + strings.Repeat("0,", 1<<18) + `0]}`)
	var before, held runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 0
	err := signalk.Parse(in, new(signalk.Update), func(error) {
		if n++; n == 1 {
			runtime.ReadMemStats(&held)
		}
	})
	if grown := held.TotalAlloc - before.TotalAlloc; !errors.Is(err, signalk.ErrTooLong) || n == 0 || grown > 4*uint64(len(in)) {
		t.Errorf("%d octets allocated at the first of %d parts of %d octets: %v", grown, n, len(in), err)
	}
}
