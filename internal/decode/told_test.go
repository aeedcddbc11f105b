// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package decode_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/ais"
	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/modes/sbs"
)

// line is a line of an airborne aircraft, changed.
func line(t testing.TB, change func(*sbs.Message)) []byte {
	t.Helper()
	m := sbs.Message{
		Type: 3, ICAO: 0x899123, Has: sbs.HasPosition | sbs.HasAltitude | sbs.HasSpeed | sbs.HasTrack | sbs.HasSquawk | sbs.HasCallsign,
		Position: taxi, Altitude: 33000, GroundSpeed: 418, Track: 170, Squawk: 0o4321, Callsign: [8]byte{'E', 'X', 'R', '1', ' ', ' ', ' ', ' '},
	}
	if change != nil {
		change(&m)
	}
	return sbs.Append(nil, &m)
}

func TestSBS(t *testing.T) {
	early := func(age time.Duration) func(*sbs.Message) {
		return func(m *sbs.Message) {
			m.Has |= sbs.HasGenerated | sbs.HasLogged
			m.Generated = time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC) // of another zone
			m.Logged = m.Generated.Add(age)
		}
	}
	at := func(lon float64, more func(*sbs.Message)) []byte {
		return line(t, func(m *sbs.Message) {
			m.Position.LonDeg = lon
			if more != nil {
				more(m)
			}
		})
	}
	plots, _, refused := run(
		t, newDecoder(t), "lines", frame.SBS,
		line(t, early(1500*time.Millisecond)),
		line(t, func(m *sbs.Message) { m.Type, m.Has, m.NonICAO = 3, sbs.HasAltitude, true }),
		at(122.905, func(m *sbs.Message) { m.Emergency, m.Has = true, m.Has|sbs.HasEmergency }),
		at(122.91, early(2*time.Minute)),
		line(t, func(m *sbs.Message) {
			m.Type, m.Has, m.OnGround = 2, sbs.HasPosition|sbs.HasAltitude|sbs.HasGround, true
		}),
		[]byte("STA,,,,,\r\n"),
	)
	if diff := cmp.Diff([]string{decode.ToldStale}, reasons(refused)); diff != "" || len(plots) != 4 {
		t.Fatalf("%d plots, refused %v (-want +got):\n%s", len(plots), refused, diff)
	}
	a := plots[0]
	full := plot.HasAddress | plot.HasPosition | plot.HasHeight | plot.HasVelocity | plot.HasModeA | plot.HasCallsign
	if a.Has != full || a.Address != 0x899123 || a.Pos != taxi || a.Height != 33000 || a.HeightKind != plot.Barometric || a.Speed != 418 ||
		a.Course != 170 || a.ModeA != 0o4321 || a.Callsign != "EXR1" || a.Kind != plot.ADSB || a.Domain != plot.Air || a.Emergency {
		t.Errorf("plot %+v", a)
	}
	if !a.Time.Equal(noon.Add(-1500*time.Millisecond)) || math.Abs(float64(a.SigmaPos)-378) > 1 {
		t.Errorf("holds at %v ± %v m, want 1.5 s before noon and the accuracy of nobody's word", a.Time, a.SigmaPos)
	}
	if plots[1].Has != plot.HasHeight {
		t.Errorf("of an address that ICAO did not give: %b", plots[1].Has)
	}
	if !plots[2].Emergency || plots[3].Has != plot.HasAddress|plot.HasPosition {
		t.Errorf("emergency %v; on the ground %b", plots[2].Emergency, plots[3].Has)
	}
}

// TestSBSRefusals also says where in the line it is wrong.
func TestSBSRefusals(t *testing.T) {
	bad := bytes.Replace(line(t, nil), []byte(",4321,"), []byte(",4329,"), 1)
	far := line(t, func(m *sbs.Message) { m.Position.LatDeg = 35 })
	jump := line(t, func(m *sbs.Message) { m.Position.LatDeg = 24.9 })
	for name, tt := range map[string]struct {
		lines  [][]byte
		want   []string
		offset int64
	}{
		"no line":               {[][]byte{[]byte("hello")}, []string{decode.SBSLine}, 0},
		"a field that can't be": {[][]byte{bad}, []string{decode.SBSLine}, int64(bytes.Index(bad, []byte("4329")))},
		"a place out of range":  {[][]byte{far}, []string{decode.ToldRange}, 0},
		"a jump":                {[][]byte{line(t, nil), jump}, []string{decode.ToldSpeed}, 0},
		"jumps that don't end":  {[][]byte{line(t, nil), jump, jump, jump, jump}, []string{decode.ToldSpeed, decode.ToldSpeed, decode.ToldSpeed}, 0},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			_, _, refused := run(t, newDecoder(t), "lines", frame.SBS, tt.lines...)
			if diff := cmp.Diff(tt.want, reasons(refused)); diff != "" {
				t.Fatalf("refused %v (-want +got):\n%s", refused, diff)
			}
			if refused[0].Offset != tt.offset {
				t.Errorf("offset %d, want %d", refused[0].Offset, tt.offset)
			}
		})
	}
}

// state is an aircraft as readsb holds it when it is asked at noon, changed.
func state(change map[string]any) []byte {
	m := map[string]any{
		"now": float64(noon.Unix()), "hex": "899123", "type": "adsb_icao", "flight": "EXR101  ", "alt_baro": 33000, "alt_geom": 33425, "gs": 418.5, "track": 170.5,
		"squawk": "4321", "emergency": "none", "lat": taxi.LatDeg, "lon": taxi.LonDeg, "nic": 8, "rc": 186, "seen_pos": 1.5, "nac_p": 9, "seen": 0.5,
		"mlat": []string{}, "tisb": []string{},
	}
	for k, v := range change {
		if v == nil {
			delete(m, k)
		} else {
			m[k] = v
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // no value of these tests
	}
	return b
}

type changed = map[string]any

// polls returns what the same aircraft's state is at noon and in the seconds
// after it, each changed.
func polls(list ...changed) (states [][]byte) {
	for i, c := range list {
		all := changed{"now": float64(noon.Unix() + int64(i))}
		for k, v := range c {
			all[k] = v
		}
		states = append(states, state(all))
	}
	return states
}

func TestReadsb(t *testing.T) {
	plots, _, refused := run(t, newDecoder(t), "state", frame.Readsb, state(nil))
	if len(refused) > 0 || len(plots) != 1 {
		t.Fatalf("%d plots, refused %v", len(plots), refused)
	}
	p := plots[0]
	full := plot.HasAddress | plot.HasPosition | plot.HasHeight | plot.HasVelocity | plot.HasModeA | plot.HasCallsign | plot.HasNACp | plot.HasNIC
	if p.Has != full || p.Address != 0x899123 || p.Pos != taxi || p.Height != 33000 || p.HeightKind != plot.Barometric || p.Speed != 418.5 ||
		p.Course != 170.5 || p.ModeA != 0o4321 || p.Callsign != "EXR101" || p.NACp != 9 || p.NIC != 8 || p.Kind != plot.ADSB || p.Domain != plot.Air || p.Emergency {
		t.Errorf("plot %+v", p)
	}
	if !p.Time.Equal(noon.Add(-1500*time.Millisecond)) || !p.Received.Equal(noon) || math.Abs(float64(p.SigmaPos)-30/2.45) > 0.1 {
		t.Errorf("holds at %v ± %v m, received %v", p.Time, p.SigmaPos, p.Received)
	}
}

// TestReadsbCategory takes what an aircraft says that it is: a letter and a
// number, 0 for nothing.
func TestReadsbCategory(t *testing.T) {
	for name, tt := range map[string]struct {
		change changed
		want   uint8
	}{
		"a rotorcraft":         {changed{"category": "A7"}, 0xA7},
		"an uncrewed aircraft": {changed{"category": "B6"}, 0xB6},
		"none told":            {changed{"category": "A0"}, 0},
		"a ground station's":   {changed{"category": "A7", "tisb": []string{"category"}}, 0},
		"none":                 {nil, 0},
		"no category":          {changed{"category": "helicopter"}, 0},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			plots, _, _ := run(t, newDecoder(t), "state", frame.Readsb, state(tt.change))
			if len(plots) != 1 || plots[0].Category != tt.want || (plots[0].Has&plot.HasCategory != 0) != (tt.want != 0) {
				t.Errorf("plots %+v, want one of category %x", plots, tt.want)
			}
		})
	}
}

// TestReadsbProvenance mixes no ways: a place that was computed stands with what
// was computed with it and with what the transponder itself said.
func TestReadsbProvenance(t *testing.T) {
	const identity = plot.HasAddress | plot.HasModeA | plot.HasCallsign
	for name, tt := range map[string]struct {
		change changed
		kind   plot.Kind
		has    plot.Has
		sigma  float64
	}{
		"all computed": {
			changed{"type": "mlat", "mlat": []string{"lat", "lon", "gs", "track", "nic", "rc", "nac_p"}},
			plot.MLAT,
			identity | plot.HasPosition | plot.HasHeight | plot.HasVelocity, 378,
		},
		"a computed place beside the aircraft's own speed": {
			changed{"type": "mode_s", "mlat": []string{"lat", "lon"}}, plot.MLAT, identity | plot.HasPosition | plot.HasHeight, 378,
		},
		"a computed speed beside the aircraft's own place": {
			changed{"mlat": []string{"gs", "track", "alt_geom"}}, plot.ADSB, identity | plot.HasPosition | plot.HasHeight | plot.HasNACp | plot.HasNIC, 30 / 2.45,
		},
		"a ground station's word": {
			changed{"type": "tisb_icao", "tisb": []string{"lat", "lon", "gs", "track", "altitude", "flight", "squawk"}, "alt_geom": nil, "rc": 0, "nic": 0},
			plot.TISB,
			plot.HasAddress | plot.HasPosition | plot.HasHeight | plot.HasVelocity, 185.2 / 2.45,
		},
		"a repeated report":    {changed{"type": "adsr_icao"}, plot.ADSB, identity | plot.HasPosition | plot.HasHeight | plot.HasVelocity | plot.HasNACp | plot.HasNIC, 30 / 2.45},
		"an unknown way":       {changed{"type": "other", "nac_p": nil, "nic": nil, "rc": nil}, plot.ADSB, identity | plot.HasPosition | plot.HasHeight | plot.HasVelocity, 378},
		"a height of GNSS":     {changed{"alt_baro": nil, "squawk": nil, "flight": nil, "gs": nil, "nac_p": nil, "nic": nil}, plot.ADSB, plot.HasAddress | plot.HasPosition | plot.HasHeight, 186.0 / 5},
		"an anonymous address": {changed{"hex": "~899123", "type": "adsb_other", "flight": nil, "squawk": nil}, plot.ADSB, plot.HasPosition | plot.HasHeight | plot.HasVelocity | plot.HasNACp | plot.HasNIC, 30 / 2.45},
		"no place":             {changed{"lat": nil, "lon": nil}, plot.ADSB, identity, 0},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			plots, _, refused := run(t, newDecoder(t), "state", frame.Readsb, state(tt.change))
			if len(refused) > 0 || len(plots) != 1 {
				t.Fatalf("%d plots, refused %v", len(plots), refused)
			}
			p := plots[0]
			if p.Kind != tt.kind || p.Has != tt.has || math.Abs(float64(p.SigmaPos)-tt.sigma) > 1 {
				t.Errorf("%v with %012b ± %v m, want %v with %012b ± %v m", p.Kind, p.Has, p.SigmaPos, tt.kind, tt.has, tt.sigma)
			}
		})
	}
}

// TestPolledStates makes one plot of each place, however often it is told.
func TestPolledStates(t *testing.T) {
	east := 122.905
	d := newDecoder(t)
	plots, _, refused := run(
		t, d, "state", frame.Readsb, polls(
			changed{},
			changed{"seen_pos": 2.6, "seen": 1.5}, // the same, with an age rounded elsewhere
			changed{"seen_pos": 3.5, "seen": 0.1}, // heard again, nothing of its place
			changed{"lon": east, "seen_pos": 0.2, "seen": 0.2},
			changed{"lon": east, "seen_pos": 0.1, "seen": 0.1}, // it stands, and says so
		)...,
	)
	const identity = plot.HasAddress | plot.HasModeA | plot.HasCallsign
	var has []plot.Has
	var times []time.Duration
	for _, p := range plots {
		has, times = append(has, p.Has&(identity|plot.HasPosition)), append(times, p.Time.Sub(noon))
	}
	s := time.Second
	want := []plot.Has{identity | plot.HasPosition, identity, identity | plot.HasPosition, identity | plot.HasPosition}
	if diff := cmp.Diff(want, has); diff != "" {
		t.Errorf("plots (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]time.Duration{-1500 * time.Millisecond, 1900 * time.Millisecond, 2800 * time.Millisecond, 3900 * time.Millisecond}, times); diff != "" {
		t.Errorf("times after noon (-want +got):\n%s", diff)
	}
	if len(refused) > 0 {
		t.Errorf("refused %v", refused)
	}
	old := state(changed{"lon": east, "seen_pos": 3.1, "seen": 3.0, "now": float64(noon.Add(7 * s).Unix())})
	again := newDecoder(t)
	if err := again.Restore(roundTrip(t, d.Snapshot())); err != nil {
		t.Fatal(err)
	}
	if plots, _, refused := run(t, again, "state", frame.Readsb, old); len(plots)+len(refused) > 0 {
		t.Errorf("after a restart: %v, refused %v; want nothing new", plots, refused)
	}
	if plots, _, _ := run(t, newDecoder(t), "state", frame.Readsb, old); len(plots) != 1 {
		t.Errorf("who never heard it makes %d plots, want 1", len(plots))
	}
	_, _, refused = run(t, d, "state", frame.Readsb, state(changed{"lon": east, "now": 0.5}))         // its clock was set back to 1970
	if diff := cmp.Diff([]string{decode.ToldStale, decode.ToldStale}, reasons(refused)); diff != "" { // place and report
		t.Errorf("refused (-want +got):\n%s", diff)
	}
}

func roundTrip(t *testing.T, st decode.State) (out decode.State) {
	t.Helper()
	b, err := json.Marshal(st)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestReadsbRefusals(t *testing.T) {
	ahead := float64(noon.Unix() + 90)
	for name, tt := range map[string]struct {
		data []byte
		want []string
		left int // plots
	}{
		"no JSON":               {[]byte("hello"), []string{decode.ReadsbSyntax}, 0},
		"no address":            {state(changed{"hex": "x"}), []string{decode.ReadsbAddress}, 0},
		"a value out of bounds": {state(changed{"gs": -1}), []string{decode.ReadsbValue}, 0},
		"a place of old":        {state(changed{"seen_pos": 61}), []string{decode.ToldStale}, 1},
		"all of old":            {state(changed{"seen_pos": 61, "seen": 61}), []string{decode.ToldStale, decode.ToldStale}, 0},
		"a clock ahead":         {state(changed{"now": ahead}), []string{decode.ImplausibleTime, decode.ImplausibleTime}, 0},
		"a place out of range":  {state(changed{"lat": 35}), []string{decode.ToldRange}, 1},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			plots, _, refused := run(t, newDecoder(t), "state", frame.Readsb, tt.data)
			if diff := cmp.Diff(tt.want, reasons(refused)); diff != "" {
				t.Errorf("refused %v (-want +got):\n%s", refused, diff)
			}
			if len(plots) != tt.left || tt.left == 1 && plots[0].Has&plot.HasPosition != 0 {
				t.Errorf("plots %+v, want %d without a place", plots, tt.left)
			}
		})
	}
}

// TestTooManyTold refuses the aircraft after the last that is remembered, and
// takes it when the others are long gone.
func TestTooManyTold(t *testing.T) {
	d := newDecoder(t)
	const room = 1 << 15
	tell := func(i int, at time.Time) ([]plot.Plot, error) {
		f := frame.Frame{Source: "lines", Format: frame.SBS, Received: at, Data: fmt.Appendf(nil, "MSG,3,1,1,%06X,1,,,,,,1000,,,24.4,122.9,,,,,,", i+1)}
		plots, _, err := d.Decode(&f, nil, nil)
		return plots, err
	}
	for i := range room {
		if plots, err := tell(i, noon); err != nil || len(plots) != 1 {
			t.Fatalf("aircraft %d: %d plots, %v", i, len(plots), err)
		}
	}
	var r *decode.Refusal
	if plots, err := tell(room, noon.Add(time.Second)); !errors.As(err, &r) || r.Reason != decode.ToldTooMany || len(plots) != 1 || plots[0].Has&plot.HasPosition != 0 {
		t.Errorf("one more: %v, %v", plots, err)
	}
	if plots, err := tell(room, noon.Add(11*time.Minute)); err != nil || plots[0].Has&plot.HasPosition == 0 {
		t.Errorf("later: %v, %v", plots, err)
	}
}

// caught is a message as AIS-catcher writes it down.
func caught(t testing.TB, m ais.Message, at time.Time) []byte {
	t.Helper()
	return fmt.Appendf(nil, `{"class":"AIS","rxuxtime":%d,"mmsi":1,"nmea":["%s"]}`, at.Unix(), sentence(t, m, nil))
}

// TestCatcher takes the sentences and the station's time, not the numbers beside.
func TestCatcher(t *testing.T) {
	m := vessel()
	m.Has &^= ais.HasSecond
	d := newDecoder(t)
	named := bytes.Replace(caught(t, m, noon.Add(-3*time.Second)), []byte(`"mmsi":1`), []byte(`"station_id":7`), 1)
	plots, _, refused := run(t, d, "shore", frame.Catcher, named)
	if len(refused) > 0 || len(plots) != 1 {
		t.Fatalf("%d plots, refused %v", len(plots), refused)
	}
	p := plots[0]
	if p.MMSI != 416000123 || p.Kind != plot.AIS || !p.Time.Equal(noon.Add(-3*time.Second)) || p.Speed != 12.5 {
		t.Errorf("plot %+v", p)
	}
	if d, _ := geo.Inverse(p.Pos, m.Position); d > 1 {
		t.Errorf("%v m off", d)
	}
	if st := d.Snapshot(); len(st.Sources) == 0 || !slices.ContainsFunc(st.Sources, func(s decode.SourceState) bool {
		return s.Name == "shore" && len(s.Clocks) == 1 && s.Clocks[0].Station == "7"
	}) {
		t.Errorf("the station's clock is not measured: %+v", st.Sources)
	}
}

func TestCatcherRefusals(t *testing.T) {
	broken := bytes.Replace(caught(t, vessel(), noon), []byte("!AIVDM"), []byte("?AIVDM"), 1)
	jump := vessel()
	jump.Position.LatDeg++
	good := caught(t, vessel(), noon)
	many := fmt.Appendf(nil, `{"msgs":[%s]}`, bytes.TrimSuffix(bytes.Repeat([]byte(`{"nmea":["$GPZDA,120000.00,25,11,2026,00,00*60"]},`), 17), []byte(",")))
	for name, tt := range map[string]struct {
		data   [][]byte
		want   []string
		offset int64
	}{
		"no JSON":           {[][]byte{[]byte("hello")}, []string{decode.CatcherSyntax}, 0},
		"no sentences":      {[][]byte{[]byte(`{"mmsi":416000123,"lat":24.2}`)}, []string{decode.CatcherNoNMEA}, 0},
		"a broken sentence": {[][]byte{broken}, []string{decode.NMEAStart}, int64(bytes.IndexByte(broken, '?'))},
		"an old message":    {[][]byte{caught(t, vessel(), noon.Add(-2*time.Hour))}, []string{decode.ImplausibleTime}, int64(bytes.IndexByte(good, '!'))},
		"a jump":            {[][]byte{good, caught(t, jump, noon.Add(time.Second))}, []string{decode.AISJump}, int64(bytes.IndexByte(good, '!'))},
		"a crowd":           {[][]byte{many}, []string{decode.CatcherSyntax}, 0},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			_, _, refused := run(t, newDecoder(t), "shore", frame.Catcher, tt.data...)
			if diff := cmp.Diff(tt.want, reasons(refused)); diff != "" {
				t.Fatalf("refused %v (-want +got):\n%s", refused, diff)
			}
			if refused[0].Offset != tt.offset {
				t.Errorf("offset %d, want %d", refused[0].Offset, tt.offset)
			}
		})
	}
}

const (
	position = `{"path":"navigation.position","value":{"latitude":24.25,"longitude":122.5}},{"path":"navigation.speedOverGround","value":5},` +
		`{"path":"navigation.courseOverGroundTrue","value":1}`
	shipName = `{"path":"","value":{"name":"EXERCISE ONE"}}`
)

func deltaOf(context string, at time.Time, values string) []byte {
	return fmt.Appendf(nil, `{"context":"%s:416000123","updates":[{"$source":"ais","timestamp":"%s","values":[%s]}]}`, context, at.Format(time.RFC3339Nano), values)
}

func delta(at time.Time, values string) []byte {
	return deltaOf("vessels.urn:mrn:imo:mmsi", at, values)
}

// TestSignalK makes one plot of each place, and none of a speed by itself.
func TestSignalK(t *testing.T) {
	at := noon.Add(-3 * time.Second)
	plots, _, refused := run(
		t, newDecoder(t), "ship", frame.SignalK,
		delta(at, position), delta(at, position), delta(at, `{"path":"navigation.speedOverGround","value":5}`),
		delta(at, shipName), delta(at.Add(time.Minute), position), deltaOf("atons.urn:mrn:imo:mmsi", at, position),
	)
	if len(refused) > 0 || len(plots) != 3 {
		t.Fatalf("%d plots, refused %v", len(plots), refused)
	}
	p := plots[0]
	if p.Has != plot.HasMMSI|plot.HasPosition|plot.HasVelocity || p.MMSI != 416000123 || p.Pos != (geo.Point{LatDeg: 24.25, LonDeg: 122.5}) ||
		!p.Time.Equal(at) || p.Kind != plot.AIS || p.Domain != plot.Sea || math.Abs(float64(p.Speed)-9.72) > 0.01 {
		t.Errorf("plot %+v", p)
	}
	if plots[1].Name != "EXERCISE ONE" || plots[1].Has != plot.HasMMSI|plot.HasName || plots[2].Has&plot.HasPosition == 0 {
		t.Errorf("plots %+v", plots[1:])
	}
}

func TestSignalKRefusals(t *testing.T) {
	far := `{"path":"navigation.position","value":{"latitude":35,"longitude":139}}`
	jump := `{"path":"navigation.position","value":{"latitude":25.25,"longitude":122.5}}`
	empty := `{"timestamp":"2026-11-25T12:00:00Z","values":[]}`
	many := fmt.Appendf(nil, `{"context":"vessels.urn:mrn:imo:mmsi:416000123","updates":[%s%s]}`, bytes.Repeat([]byte(empty+","), 64), empty)
	for name, tt := range map[string]struct {
		data [][]byte
		want []string
	}{
		"no JSON":              {[][]byte{[]byte("hello")}, []string{decode.SignalKSyntax}},
		"the own ship":         {[][]byte{deltaOf("vessels.urn:mrn:signalk:uuid", noon, position)}, []string{decode.SignalKContext}},
		"a value of text":      {[][]byte{delta(noon, `{"path":"navigation.speedOverGround","value":"fast"}`)}, []string{decode.SignalKValue}},
		"what was held long":   {[][]byte{delta(noon.Add(-11*time.Minute), position)}, []string{decode.ToldStale}},
		"a clock ahead":        {[][]byte{delta(noon.Add(2*time.Minute), position)}, []string{decode.ImplausibleTime}},
		"a place out of range": {[][]byte{delta(noon, far)}, []string{decode.AISHorizon}},
		"a jump":               {[][]byte{delta(noon, position), delta(noon.Add(time.Second), jump)}, []string{decode.AISJump}},
		"a crowd":              {[][]byte{many}, []string{decode.SignalKSyntax}},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			_, _, refused := run(t, newDecoder(t), "ship", frame.SignalK, tt.data...)
			if diff := cmp.Diff(tt.want, reasons(refused)); diff != "" {
				t.Errorf("refused %v (-want +got):\n%s", refused, diff)
			}
		})
	}
}

// TestOlderSnapshot goes on with what a node before these feeds remembered.
func TestOlderSnapshot(t *testing.T) {
	d := newDecoder(t)
	run(t, d, "adsb", frame.ModeS, steady(t)[0].Data)
	st := d.Snapshot()
	st.Version = 1
	again := newDecoder(t)
	if err := again.Restore(st); err != nil {
		t.Fatal(err)
	}
	if plots, _, _ := run(t, again, "adsb", frame.ModeS, steady(t)[1].Data); len(plots) != 1 || plots[0].Has&plot.HasPosition == 0 {
		t.Errorf("plots %+v, want the pair of the frame before", plots)
	}
	st.Version = 0
	if err := again.Restore(st); err == nil {
		t.Error("a snapshot of no version is restored")
	}
}
