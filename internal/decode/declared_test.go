// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/cot"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/remoteid"
)

func drone() remoteid.Message {
	return remoteid.Message{Type: remoteid.TypeBasicID, Version: 2, IDType: remoteid.IDSerial, ID: remoteid.NewText("1588E040445AC004418")}
}

func place() remoteid.Message {
	return remoteid.Message{
		Type: remoteid.TypeLocation, Version: 2, Status: remoteid.StatusAirborne, Position: taxi,
		Has:   remoteid.HasPosition | remoteid.HasTrack | remoteid.HasSpeed | remoteid.HasGeodeticAltitude | remoteid.HasTimeInHour,
		Track: 90, SpeedMS: 10, GeodeticAltitude: 100, HorizontalCode: 8, TimeInHour: 59*time.Minute + 59*time.Second,
	}
}

// heard is a receiver's line with messages of one transmitter.
func heard(t testing.TB, transmitter string, counter uint8, list ...remoteid.Message) []byte {
	t.Helper()
	b, err := remoteid.EncodePack(nil, list)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `{"mac":%q,"counter":%d,"hex":"%x"}`, transmitter, counter, b)
}

func TestRemoteID(t *testing.T) {
	emergency := place()
	emergency.Status, emergency.HorizontalCode, emergency.TimeInHour = remoteid.StatusEmergency, 0, 30*time.Minute
	emergency.Has &^= remoteid.HasTrack | remoteid.HasGeodeticAltitude
	operator := remoteid.Message{Type: remoteid.TypeSystem, Version: 2, Has: remoteid.HasOperatorPosition, OperatorPosition: coast}
	multirotor := drone()
	multirotor.UAType = 2
	plots, _, refused := run(
		t, newDecoder(t), "drone", frame.RemoteID,
		heard(t, "903ae65bc8a8", 1, multirotor),
		heard(t, "903ae65bc8a8", 2, place(), operator),
		heard(t, "903ae65bc8a8", 2, place(), operator), // once more
		heard(t, "903ae65bc8a9", 2, emergency),         // another, whose name nobody has heard
		heard(t, "903ae65bc8a8", 3, operator),
	)
	hundred := geo.Metres(100)
	want := []plot.Plot{
		{
			Time: noon.Add(-time.Second), Received: noon.Add(time.Second), Source: "drone", Seq: 2, Kind: plot.RemoteID, Domain: plot.Air,
			Has: plot.HasPosition | plot.HasHeight | plot.HasVelocity | plot.HasCallsign | plot.HasCategory, Category: 2, Pos: taxi, SigmaPos: 92.6 / 2.45,
			Height: hundred.Feet(), HeightKind: plot.Geometric, Speed: geo.MetresPerSecond(10).Knots(), Course: 90, Callsign: "1588E040445AC004418",
		},
		{
			Time: noon.Add(3 * time.Second), Received: noon.Add(3 * time.Second), Source: "drone", Seq: 4, Kind: plot.RemoteID, Domain: plot.Air,
			Has: plot.HasPosition, Pos: taxi, SigmaPos: 185.2 / 2.45, Emergency: true,
		},
	}
	if diff := cmp.Diff(want, plots); diff != "" || len(refused) > 0 {
		t.Errorf("refused %v; plots (-want +got):\n%s", refused, diff)
	}
}

func TestRemoteIDRefusals(t *testing.T) {
	far, binary := place(), drone()
	far.Position = geo.Point{LatDeg: 10, LonDeg: 122}
	binary.ID = remoteid.NewText("\x01\x02")
	for name, tt := range map[string]struct {
		line []byte
		want []string
	}{
		"no line":               {[]byte("hello"), []string{decode.RemoteIDLine}},
		"a reserved type":       {fmt.Appendf(nil, `{"mac":"903ae65bc8a8","hex":"%050x"}`, 0x77), nil},
		"a message too short":   {[]byte(`{"mac":"903ae65bc8a8","hex":"1200"}`), []string{decode.RemoteIDMessage}},
		"beyond the receiver":   {heard(t, "903ae65bc8a8", 1, far), []string{decode.RemoteIDRange}},
		"a name of odd letters": {heard(t, "903ae65bc8a8", 1, binary), nil},
	} {
		plots, _, refused := run(t, newDecoder(t), "drone", frame.RemoteID, tt.line)
		if diff := cmp.Diff(tt.want, reasons(refused)); diff != "" || len(plots) > 0 {
			t.Errorf("%s: %d plots; refused (-want +got):\n%s", name, len(plots), diff)
		}
	}
	plots, _, _ := run(t, newDecoder(t), "drone", frame.RemoteID, heard(t, "903ae65bc8a8", 1, binary, place()))
	if len(plots) != 1 || plots[0].Has&plot.HasCallsign != 0 {
		t.Errorf("plots = %+v, want one without a name", plots)
	}
}

// TestNameOutlivesARestart joins a place after a restart with a name before it.
func TestNameOutlivesARestart(t *testing.T) {
	d := newDecoder(t)
	run(t, d, "drone", frame.RemoteID, heard(t, "903ae65bc8a8", 1, drone()))
	e := newDecoder(t)
	if err := e.Restore(d.Snapshot()); err != nil {
		t.Fatal(err)
	}
	plots, _, _ := run(t, e, "drone", frame.RemoteID, heard(t, "903ae65bc8a8", 2, place()))
	if len(plots) != 1 || plots[0].Callsign != "1588E040445AC004418" {
		t.Errorf("plots = %+v", plots)
	}
	if diff := cmp.Diff(d.Snapshot(), d.Snapshot()); diff != "" {
		t.Error(diff)
	}
}

// event is a report of a device, with what change makes of it.
func event(t testing.TB, change func(*cot.Event)) []byte {
	t.Helper()
	return eventBy(t, cot.AppendXML, change)
}

// eventBy is the same in a form of the format.
func eventBy(t testing.TB, write func([]byte, *cot.Event) ([]byte, error), change func(*cot.Event)) []byte {
	t.Helper()
	e := cot.Event{
		UID: cot.Text("ANDROID-1"), Type: cot.Text("a-f-S-X"), How: cot.Text("m-g"), Time: noon.Add(-time.Second), Start: noon.Add(-time.Second), Stale: noon.Add(time.Minute),
		Has: cot.HasPosition | cot.HasCE | cot.HasHeight | cot.HasCourse | cot.HasSpeed, Position: taxi, CE: 12, Height: 3, Course: 45, SpeedMS: 5, Callsign: cot.Text(" PATROL 2 "),
	}
	if change != nil {
		change(&e)
	}
	b, err := write(nil, &e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCoT(t *testing.T) {
	air := func(e *cot.Event) { e.Type, e.Has, e.Callsign = cot.Text("a-h-A"), cot.HasPosition|cot.HasHeight, nil }
	plots, _, refused := run(t, newDecoder(t), "mesh", frame.CoT, event(t, nil), event(t, air))
	three := geo.Metres(3)
	want := []plot.Plot{
		{
			Time: noon.Add(-time.Second), Received: noon, Source: "mesh", Seq: 1, Kind: plot.CoT, Domain: plot.Sea,
			Has: plot.HasPosition | plot.HasVelocity | plot.HasCallsign, Pos: taxi, SigmaPos: 12,
			Speed: geo.MetresPerSecond(5).Knots(), Course: 45, Callsign: "PATROL 2",
		},
		{
			Time: noon.Add(-time.Second), Received: noon.Add(time.Second), Source: "mesh", Seq: 2, Kind: plot.CoT, Domain: plot.Air,
			Has: plot.HasPosition | plot.HasHeight, Pos: taxi, SigmaPos: 185.2 / 2.45, Height: three.Feet(), HeightKind: plot.Geometric,
		},
	}
	if diff := cmp.Diff(want, plots); diff != "" || len(refused) > 0 {
		t.Errorf("refused %v; plots (-want +got):\n%s", refused, diff)
	}
}

func TestCoTRefusals(t *testing.T) {
	type change = func(*cot.Event)
	for name, tt := range map[string]struct {
		source string
		data   []byte
		want   string // a reason; "" for nothing at all
	}{
		"no event":               {"mesh", []byte("<x/>"), decode.CoTSyntax},
		"an event of no type":    {"mesh", []byte(`<event version="2.0" uid="a"/>`), decode.CoTValue},
		"a strike":               {"mesh", []byte(`<event version="2.0" uid="a" type="t-k-d" how="m-g" time="2026-11-25T12:00:00Z" start="2026-11-25T12:00:00Z" stale="2026-11-25T12:01:00Z"><point lat="1" lon="2" hae="0" ce="1" le="1"/></event>`), decode.CoTForbidden},
		"a label":                {"mesh", event(t, func(e *cot.Event) { e.Access = cot.Text("Restricted") }), decode.CoTLabel},
		"a caveat":               {"mesh", event(t, func(e *cot.Event) { e.Caveat = cot.Text("X") }), decode.CoTLabel},
		"a list of nations":      {"mesh", event(t, func(e *cot.Event) { e.ReleasableTo = cot.Text("X") }), decode.CoTLabel},
		"an exercise":            {"mesh", event(t, func(e *cot.Event) { e.Opex = cot.Text("e-X") }), decode.SimulatedOnLive},
		"a simulation":           {"mesh", event(t, func(e *cot.Event) { e.Opex = cot.Text("s") }), decode.SimulatedOnLive},
		"the past":               {"mesh", event(t, func(e *cot.Event) { e.Time = noon.Add(-11 * time.Minute) }), decode.ImplausibleTime},
		"the future":             {"mesh", event(t, func(e *cot.Event) { e.Time = noon.Add(6 * time.Minute) }), decode.ImplausibleTime},
		"what is over":           {"mesh", event(t, func(e *cot.Event) { e.Stale = noon.Add(-11 * time.Second); e.Start = e.Stale }), decode.CoTStale},
		"a place set by hand":    {"mesh", event(t, func(e *cot.Event) { e.How = cot.Text("h-e") }), ""},
		"a vehicle":              {"mesh", event(t, func(e *cot.Event) { e.Type = cot.Text("a-f-G-U") }), ""},
		"a type cut short":       {"mesh", event(t, func(e *cot.Event) { e.Type = cot.Text("a-f-") }), ""},
		"a type of another word": {"mesh", event(t, func(e *cot.Event) { e.Type = cot.Text("a-f-Air") }), ""},
		"a drawing":              {"mesh", event(t, func(e *cot.Event) { e.Type = cot.Text("u-d-f") }), ""},
		"no place":               {"mesh", event(t, func(e *cot.Event) { e.Has &^= cot.HasPosition }), ""},
		"a control message":      {"mesh", []byte{0xBF, 1, 0xBF, 0x0A, 2, 0x08, 1}, ""},
	} {
		plots, _, refused := run(t, newDecoder(t), tt.source, frame.CoT, tt.data)
		if len(plots) > 0 || (tt.want == "") != (len(refused) == 0) || tt.want != "" && refused[0].Reason != tt.want {
			t.Errorf("%s: %d plots, refused %v, want %q", name, len(plots), refused, tt.want)
		}
	}
	for name, c := range map[string]change{
		"an exercise in an exercise": func(e *cot.Event) { e.Opex = cot.Text("e-X") },
		"access that is free":        func(e *cot.Event) { e.Access = cot.Text("Unrestricted") },
	} {
		if plots, _, refused := run(t, newDecoder(t), "game", frame.CoT, event(t, c)); len(plots) != 1 || !plots[0].Exercise {
			t.Errorf("%s: plots %+v, refused %v", name, plots, refused)
		}
	}
}
