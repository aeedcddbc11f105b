// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/leaktest"
	"github.com/kuroshio-watch/kuroshio/internal/message"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

// classified says of every field of what a node holds how the canary treats it. A
// field that is not here fails the test: whoever adds one says what it is.
//
//	plant   a value of its own is planted and must be found nowhere outside
//	place   the exact value is planted; cells alone may leave
//	time    leaves as bins alone, which the properties of release hold
//	small   too short to be looked for: a bit, a kind, a count, a word of a fixed list
//	own     numbers and ids of our own, of which release has no field
//	made    worked out of planted ones
//	said    what a person says to the partner on purpose
//	told    as said, and planted by TestCanaryOfWhatIsSaid: no other partner hears it
//	coarse  the exact value is planted there; cells alone may leave
const classified = `
plot.Plot Time:time Received:time Source:plant Sensor:plant Seq:plant Index:small Kind:small Domain:small Has:small
plot.Plot SlantRange:plant Azimuth:plant SigmaRange:plant SigmaAzimuth:plant Pos:place SigmaPos:plant Height:place HeightKind:small
plot.Plot Speed:plant Course:plant Address:plant ModeA:small Callsign:plant MMSI:plant Name:plant ShipType:small NACp:small NIC:small Category:small Emergency:small Exercise:small
plot.Sweep Time:time Source:plant Sensor:plant Azimuth:plant Period:small
track.Sensor Source:plant ID:plant Pos:place Height:plant MaxRange:plant Period:small SigmaRange:plant SigmaAzimuth:plant PD:plant Clutter:plant
decode.Source Format:small Exercise:small Receiver:place RangeNM:plant Sensors:made Editions:small EditionsOf:made ClockLimit:small
engine.FeedConfig Name:plant Kind:small Source:made
zone.Override ID:small Names:plant Hide:small
zone.Zone ID:small Kind:small Party:small Names:plant Version:small Rings:small Line:small DistanceNM:small From:small LeftToRight:small RightToLeft:small Hidden:small Source:small PrecisionM:small Note:small
track.Track Number:own Domain:small State:small FirstSeen:time Time:time LastPlot:time Pos:made SigmaPos:made Cov:made HasHeight:small Height:made HeightKind:small
track.Track HasVelocity:small Speed:made Course:made HasReported:small Reported:made ReportedAt:time HasAddress:small Address:made HasModeA:small ModeA:small
track.Track Former:made Callsign:made HasMMSI:small MMSI:made Name:made HasShipType:small ShipType:small Sources:small Emergency:small Exercise:small Identity:made Plots:small Flags:small HasTrust:small Trust:small Reasons:small Class:small Confidence:small
track.Identity Standard:small Type:plant Presumed:small By:plant At:time
incident.Incident Number:own State:small Outcome:small OutcomeText:plant MergedInto:own Opened:time Entered:time Updated:time Closed:time Priority:small
incident.Incident Domain:small Sector:small DomainFrom:small SectorFrom:small Exercise:small ByHand:small Pos:place HasPos:small Alarm:small AckBy:plant AckAt:time
incident.Incident Tracks:own Seen:made Objects:own Partner:made Links:made References:made Active:made Events:made
incident.Seen Track:own At:time Pos:made Speed:made Course:made HasVelocity:small
incident.Event Seq:own At:time Entered:time Kind:small Rule:small Zone:small ZoneVersion:small Direction:small Track:own Incident:own Originators:small By:plant Text:plant Cleared:small Record:own
incident.LogEntry N:own At:time Entered:time Desk:plant By:plant Text:plant Incident:own Struck:made Code:small Record:own
incident.Strike By:plant Reason:plant At:time
engine.Command Verb:small By:plant Role:small Desk:plant Track:own Tracks:own Incident:own From:own Partner:small Lead:small Standard:small Type:plant
engine.Command Presumed:small Posture:said Outcome:said Text:plant Domain:small Lat:place Lon:place Time:time Entry:own Alarm:small Contact:said Persons:said Exercise:small
engine.PolicyAct Text:plant ID:small Reason:plant
engine.MessageArgs Precedence:small Code:small Params:made Answers:own Corrects:own NoDuff:small Number:own
engine.ParamArgs Name:small Place:small Lat:coarse Lon:coarse Track:own Object:own Time:said Number:told Measure:small Unit:told Frequency:told Bearing:small
engine.SupportArgs Request:own Situation:small Category:small Unit:small Amount:told From:said Until:said Place:told Settlement:small Entry:own Price:said Currency:small
engine.ActivityArgs Number:own Object:own To:small Kind:small Domain:small From:said Until:said Corners:told Centre:told RadiusM:small
engine.ActivityArgs BaseFt:small TopFt:small Count:small ContactKHz:told State:small Aside:small
engine.Dialogue At:said Place:small
message.Message Number:own ID:own Partner:small Ours:small Precedence:small Exercise:small NoDuff:small Incident:own At:time Left:time Gone:small State:small StateAt:time
message.Message Record:own Phrase:said Text:said Desk:said By:plant Answers:own Corrects:own
`

// walked are the values whose types' fields are held against classified.
func walked() []any {
	return []any{
		plot.Plot{},
		plot.Sweep{},
		track.Sensor{},
		decode.Source{},
		engine.FeedConfig{},
		zone.Override{},
		zone.Zone{},
		track.Track{},
		track.Identity{},
		incident.Incident{},
		incident.Seen{},
		incident.Event{},
		incident.LogEntry{},
		incident.Strike{},
		engine.PolicyAct{},
		engine.MessageArgs{},
		engine.ParamArgs{},
		engine.SupportArgs{},
		engine.ActivityArgs{},
		engine.Dialogue{},
		engine.Command{},
		message.Message{},
	}
}

// nested are the arguments of a command's verbs that are structs of their own.
func nested(f reflect.StructField) bool {
	return f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct
}

func classes(t *testing.T) map[string]string {
	t.Helper()
	m := make(map[string]string)
	for _, line := range strings.Split(strings.TrimSpace(classified), "\n") {
		words := strings.Fields(line)
		for _, w := range words[1:] {
			field, class, ok := strings.Cut(w, ":")
			if !ok || m[words[0]+"."+field] != "" {
				t.Fatalf("%s %s is no class, or stands twice", words[0], w)
			}
			m[words[0]+"."+field] = class
		}
	}
	return m
}

func TestEveryFieldIsClassified(t *testing.T) {
	known, seen := classes(t), make(map[string]bool)
	for _, v := range walked() {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			name := typ.String() + "." + typ.Field(i).Name
			seen[name] = true
			if typ.String() == "engine.Command" && nested(typ.Field(i)) {
				continue
			}
			if known[name] == "" {
				t.Errorf("%s is not classified: say in canary_test.go whether it may leave", name)
			}
		}
	}
	for name := range known {
		if !seen[name] {
			t.Errorf("%s is classified and does not exist", name)
		}
	}
}

// canary plants values and knows each again.
type canary struct {
	t       *testing.T
	classes map[string]string
	s       *leaktest.Searcher
	n       int
	planted map[string]any // a value of each field

	air, sea plot.Plot
}

func newCanary(t *testing.T) *canary {
	t.Helper()
	return &canary{t: t, classes: classes(t), s: leaktest.New(), planted: make(map[string]any)}
}

func (c *canary) text(field string) string {
	c.n++
	s := fmt.Sprintf("cnry%03dzq", c.n)
	c.s.AddText("canary", field, s)
	c.planted[field] = s
	return s
}

func (c *canary) number(field string) uint32 {
	c.n++
	v := 0xC40000 + uint32(c.n)*257 //nolint:gosec // some hundred
	c.s.AddNumber("canary", field, v)
	c.s.AddBrief("canary", field, float64(v))
	c.planted[field] = v
	return v
}

// float plants a number as it is, so that the caller can keep it plausible.
func (c *canary) float(field string, x float64) float64 {
	c.s.AddFloat("canary", field, x)
	c.s.AddBrief("canary", field, x)
	c.planted[field] = x
	return x
}

func (c *canary) place(field string, p geo.Point) geo.Point {
	c.s.AddPosition("canary", field, p.LatDeg, p.LonDeg)
	for _, x := range []float64{p.LatDeg, p.LonDeg} {
		c.float(field, x)
	}
	return p
}

// fill plants a value into every field of a struct that is of class plant and is
// not set yet.
func (c *canary) fill(v any) {
	c.t.Helper()
	val := reflect.ValueOf(v).Elem()
	for i := range val.NumField() {
		name := val.Type().String() + "." + val.Type().Field(i).Name
		f := val.Field(i)
		if c.classes[name] != "plant" || !f.IsZero() {
			continue
		}
		c.n++
		switch f.Kind() {
		case reflect.String:
			f.SetString(c.text(name))
		case reflect.Uint32, reflect.Uint64:
			f.SetUint(uint64(c.number(name)))
		case reflect.Float64:
			f.SetFloat(c.float(name, 137.313131+float64(c.n)*1.0371))
		case reflect.Map:
			f.Set(reflect.ValueOf(map[string]string{"en": c.text(name)}))
		default:
			c.t.Fatalf("%s is a %s: teach the canary to plant it", name, f.Kind())
		}
	}
}

// flying is what is seen at one moment: an aircraft and a vessel, with everything
// that a plot can hold.
func (c *canary) flying(at time.Time, i int) []plot.Plot {
	air, sea := c.air, c.sea
	air.Time, air.Received, sea.Time, sea.Received = at, at, at, at
	air.Pos = c.place("plot.Plot.Pos", geo.Point{LatDeg: 24.41237 + float64(i)*0.0091317, LonDeg: 122.31771 + float64(i)*0.0117713})
	sea.Pos = c.place("plot.Plot.Pos", geo.Point{LatDeg: 24.20711 + float64(i)*0.00051317, LonDeg: 122.50531 + float64(i)*0.00041771})
	return []plot.Plot{air, sea}
}

// into puts plots and sweeps into an engine as if its feeds had just delivered
// them, and returns what the engine then held.
func into(t *testing.T, e *engine.Engine, plots []plot.Plot, sweeps []plot.Sweep) (*engine.Engine, []byte) {
	t.Helper()
	b, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	var whole, state map[string]json.RawMessage
	if err := json.Unmarshal(b, &whole); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(whole["state"], &state); err != nil {
		t.Fatal(err)
	}
	put := func(v any) json.RawMessage {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	state["plots"], state["sweeps"] = put(plots), put(sweeps)
	whole["state"] = put(state)
	b = put(whole)
	if e, err = engine.Restore("tw", idOf, b); err != nil {
		t.Fatal(err)
	}
	return e, b
}

// bare grants nothing but that something is, in a cell of 5 km and a minute.
const bare = policyHead + `
[[rule]]
id = "bare"
effect = "allow"
to = ["jp", "cell"]
kinds = ["track", "incident", "link", "dialogue", "posture"]
[rule.then]
grid = "5km"
time_bin = "60s"
slot = "0s"
delay = "0s"
`

// sing plants into all that a node takes in, lets it run, and returns the floor
// and what it held of its own.
func (c *canary) sing() (*floor, []byte) {
	t := c.t
	t.Helper()
	f := newFloor(t, bare)
	cfg := *f.cfg
	feed := engine.FeedConfig{Kind: "beast", Source: decode.Source{Format: frame.ModeS}}
	c.fill(&feed)
	receiver := c.place("decode.Source.Receiver", geo.Point{LatDeg: 24.98713, LonDeg: 121.51137})
	feed.Source.Receiver = &receiver
	c.fill(&feed.Source)
	sensor := track.Sensor{
		Pos: c.place("track.Sensor.Pos", geo.Point{LatDeg: 24.48761, LonDeg: 121.09113}), Period: 12 * time.Second,
		PD: c.float("track.Sensor.PD", 0.8713131), SigmaAzimuth: geo.Degrees(c.float("track.Sensor.SigmaAzimuth", 0.0813171)),
	}
	c.fill(&sensor)
	override := zone.Override{ID: "gap_c"}
	c.fill(&override)
	cfg.Feeds, cfg.Sensors, cfg.Overrides = []engine.FeedConfig{feed}, []track.Sensor{sensor}, []zone.Override{override}
	if out := f.step(&engine.Input{Config: &cfg}); out.Reply.Code != "" {
		t.Fatalf("Config refused: %+v", out)
	}
	common := plot.Plot{Kind: plot.Radar, Has: plot.HasPosition, SigmaPos: geo.Metres(c.float("plot.Plot.SigmaPos", 91.7131))}
	c.air, c.sea = common, common
	c.air.Domain, c.air.HeightKind, c.air.ModeA = plot.Air, plot.Barometric, 0o4321
	c.air.Has |= plot.HasHeight | plot.HasVelocity | plot.HasAddress | plot.HasModeA | plot.HasCallsign
	c.air.Height = geo.Feet(c.float("plot.Plot.Height", 31234.5671))
	c.air.Speed, c.air.Course = geo.Knots(c.float("plot.Plot.Speed", 321.4567)), geo.Degrees(c.float("plot.Plot.Course", 48.713131))
	c.sea.Domain, c.sea.ShipType = plot.Sea, 30
	c.sea.Has |= plot.HasMMSI | plot.HasName | plot.HasShipType
	c.fill(&c.air)
	c.fill(&c.sea)
	sweep := plot.Sweep{Period: 12 * time.Second}
	c.fill(&sweep)
	var own []byte
	for i := range 24 {
		f.now = f.now.Add(10 * time.Second)
		sweep.Time = f.now
		var held []byte
		f.e, held = into(t, f.e, c.flying(f.now, i), []plot.Sweep{sweep})
		own = append(own, held...)
		f.step(&engine.Input{Tick: &engine.Tick{}})
	}
	return f, append(own, c.work(f)...)
}

// work lets people do what they do, with planted words.
func (c *canary) work(f *floor) []byte {
	t := c.t
	t.Helper()
	do := func(cmd engine.Command) engine.Reply {
		t.Helper()
		cmd.By, cmd.Desk, cmd.Role = c.text("engine.Command.By"), c.text("engine.Command.Desk"), engine.Supervisor
		out := f.step(&engine.Input{Command: &cmd})
		if out.Reply.Code != "" {
			t.Fatalf("%s: %+v", cmd.Verb, out.Reply)
		}
		f.pass(70 * time.Second)
		return out.Reply
	}
	text := func() string { return c.text("engine.Command.Text") }
	for _, tr := range f.e.View().Tracks {
		do(engine.Command{Verb: "identify", Track: tr.N, Standard: "suspect", Type: c.text("engine.Command.Type")})
	}
	p := geo.Point{LatDeg: c.float("engine.Command.Lat", 24.31713), LonDeg: c.float("engine.Command.Lon", 122.61337)}
	c.s.AddPosition("canary", "engine.Command.Lat", p.LatDeg, p.LonDeg)
	n := do(engine.Command{Verb: "open", Domain: "air", Text: text(), Lat: &p.LatDeg, Lon: &p.LonDeg}).Incident
	do(engine.Command{Verb: "take", Incident: n})
	do(engine.Command{Verb: "posture", Incident: n, Posture: "watching"})
	entry := do(engine.Command{Verb: "log", Incident: n, Text: text()}).Entry
	do(engine.Command{Verb: "strike", Entry: entry, Text: text()})
	do(engine.Command{Verb: "policy-propose", Policy: &engine.PolicyAct{
		Text: numbered("2") + "# " + c.text("engine.PolicyAct.Text") + "\n", Reason: c.text("engine.PolicyAct.Reason"),
	}})
	do(engine.Command{Verb: "close", Incident: n, Outcome: "identified", Text: text()})
	b, err := f.e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// outside is all that the partners read, as it travels and spelled out.
func outside(t *testing.T, f *floor) []leaktest.Hay {
	t.Helper()
	var all []leaktest.Hay
	for _, to := range []party.ID{"jp", "cell"} {
		for i, r := range f.sent[to] {
			b, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, leaktest.Hay{Name: fmt.Sprintf("record %d to %s as JSON", i, to), Bytes: b, Payload: true})
		}
		all = append(all, leaktest.Hay{Name: "payloads to " + string(to), Bytes: f.raw[to], Payload: true})
	}
	return all
}

// TestCanary plants a value of its own into every field of plots, sensors,
// zones, incidents and acts and looks for each in what leaves; then it leaks
// each on purpose, in every encoding, and must find it.
func TestCanary(t *testing.T) {
	c := newCanary(t)
	f, own := c.sing()
	kinds := make(map[string]int)
	for _, r := range f.sent["jp"] {
		kinds[r.Kind.String()]++
	}
	if kinds["track"] < 4 || kinds["incident"] < 2 || kinds["posture"] == 0 {
		t.Fatalf("told %v: too little to search", kinds)
	}
	for _, find := range c.s.FindAll(outside(t, f), nil) {
		t.Errorf("leak: %s", find)
	}
	held := make(map[string]bool)
	for _, find := range c.s.FindAll([]leaktest.Hay{{Name: "own state", Bytes: own, Payload: true}}, nil) {
		held[find.What] = true
	}
	for field, class := range c.classes {
		if _, ok := c.planted[field]; (class == "plant" || class == "place") && !ok && reaches(field) {
			t.Errorf("%s is to be planted and is not", field)
		}
	}
	for field := range c.planted {
		if !held[field] && field != "engine.PolicyAct.Text" { // its text stands in base64
			t.Errorf("%s was planted and the node never held it", field)
		}
	}
	c.leakEach(f.raw["jp"])
}

// reaches reports whether a field is planted as itself; the others are what
// people's acts become inside.
func reaches(field string) bool {
	for _, inside := range []string{"track.Identity.", "incident.", "zone.Zone.", "message."} {
		if strings.HasPrefix(field, inside) {
			return false
		}
	}
	return true
}

// leakEach hands each planted value through a wrapper that leaks it.
func (c *canary) leakEach(payload []byte) {
	t := c.t
	t.Helper()
	leaks := 0
	for field, value := range c.planted {
		for how, b := range encodings(t, value) {
			leaks++
			middle := len(payload) / 2
			leaky := slices.Concat(payload[:middle], b, payload[middle:])
			finds := c.s.FindAll([]leaktest.Hay{{Name: "a leaky payload", Bytes: leaky, Payload: true}}, nil)
			if !slices.ContainsFunc(finds, func(f leaktest.Find) bool { return f.What == field }) {
				t.Errorf("%s is leaked as %s and not found", field, how)
			}
		}
	}
	t.Logf("%d fields, %d needles, %d leaks on purpose, each found", len(c.planted), len(c.s.Needles()), leaks)
}

// encodings are the ways in which a value can travel.
func encodings(t *testing.T, v any) map[string][]byte {
	t.Helper()
	in := func(v any) []byte {
		b, err := cbor.Marshal(map[int]any{7: v})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	switch x := v.(type) {
	case uint32:
		return map[string][]byte{
			"text": []byte(fmt.Sprintf(" %d ", x)), "CBOR": in(x), "varint": binary.AppendUvarint(nil, uint64(x)), "float32": in(float32(x)),
			"octets": binary.BigEndian.AppendUint32(nil, x), "hexadecimal": []byte(fmt.Sprintf(" %06x ", x)),
		}
	case float64:
		m := map[string][]byte{
			"text": []byte(" " + strconv.FormatFloat(x, 'f', -1, 64) + " "), "CBOR": in(x), "float32": in(float32(x)),
			"little-endian": binary.LittleEndian.AppendUint64(nil, math.Float64bits(x)),
		}
		if math.Abs(x) > 2 && math.Abs(x) < 2e4 {
			m["scaled by 1e5, CBOR"] = in(int64(math.Round(x * 1e5)))
			m["scaled by 1e5, varint"] = binary.AppendVarint(nil, int64(math.Round(x*1e5)))
		}
		return m
	}
	return map[string][]byte{"text": []byte(fmt.Sprint(" ", v, " ")), "CBOR": in(v)}
}
