// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/leaktest"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/packs/phrasebook"
)

// wordsPolicy lets jp hear what people say, with places in cells of 5 km; cell
// may be sent messages alone, without a place and without an object.
const wordsPolicy = policyHead + `
[[rule]]
id = "picture"
effect = "allow"
to = ["jp"]
kinds = ["track", "incident", "link", "dialogue", "posture"]
[rule.then]
grid = "5km"
time_bin = "60s"
slot = "0s"
delay = "0s"
[[rule]]
id = "messages"
effect = "allow"
to = ["jp"]
kinds = ["message", "message-state", "hotline"]
[rule.then]
grid = "5km"
delay = "0s"
[[rule]]
id = "agreed"
effect = "allow"
to = ["jp"]
kinds = ["support", "activity", "plan"]
[rule.then]
delay = "0s"
[[rule]]
id = "words-for-cell"
effect = "allow"
to = ["cell"]
kinds = ["message", "message-state", "hotline"]
[rule.then]
delay = "0s"
`

// Where a planted value may be found, before the name of its field.
const (
	saidToJP = "said to jp: "
	atHome   = "at home: "
)

// speaker plants values into what people say and do.
type speaker struct {
	*canary
	f *floor
}

// frequency plants kilohertz, which are too short for most encodings.
func (c *canary) frequency(field string, khz uint32) *uint32 {
	c.s.AddText("canary", field, strconv.Itoa(int(khz)))
	c.s.AddBytes("canary", field, binary.BigEndian.AppendUint32([]byte{0x1a}, khz))
	c.planted[field] = strconv.Itoa(int(khz))
	return &khz
}

// here plants a position as a command or a parameter holds it.
func (c *canary) here(field string, lat, lon float64) (*float64, *float64) {
	lat, lon = c.float(field+".Lat", lat), c.float(field+".Lon", lon)
	c.s.AddPosition("canary", field+".Lat", lat, lon)
	return &lat, &lon
}

// try does an act of a person who is named nowhere outside.
func (s *speaker) try(c engine.Command, want string) {
	s.t.Helper()
	c.By, c.Desk, c.Role = s.text(atHome+"engine.Command.By"), s.text(atHome+"engine.Command.Desk"), engine.Supervisor
	if r := s.f.step(&engine.Input{Command: &c}).Reply; r.Code != want {
		s.t.Fatalf("%s = %+v, want %q", c.Verb, r, want)
	}
	s.f.pass(10 * time.Second)
}

// coded is a message of a phrase.
func coded(to party.ID, code string, params ...engine.ParamArgs) engine.Command {
	return say(to, "", engine.MessageArgs{Code: code, Params: params})
}

// talk says things to jp, and what the policy keeps from leaving to both.
func (s *speaker) talk(number uint32) {
	object := engine.ParamArgs{Name: "object", Track: number}
	unit := func(who string) engine.ParamArgs {
		return engine.ParamArgs{Name: "name", Unit: s.text(who + "engine.ParamArgs.Unit")}
	}
	where := func(lat, lon float64) engine.ParamArgs {
		q := engine.ParamArgs{Name: "where"}
		q.Lat, q.Lon = s.here(atHome+"engine.ParamArgs", lat, lon)
		return q
	}
	s.try(say("jp", s.text(saidToJP+"engine.Command.Text"), engine.MessageArgs{}), "")
	s.try(coded("jp", "101", object, where(24.51731, 122.61937)), "") // goes as a cell
	s.try(coded("jp", "109", object, unit(saidToJP)), "")
	count := s.float(saidToJP+"engine.ParamArgs.Number", 1234.567891)
	s.try(coded("jp", "602", engine.ParamArgs{Name: "count", Number: &count}), "")
	s.try(coded("jp", "209", engine.ParamArgs{Name: "frequency", Frequency: s.frequency(saidToJP+"engine.ParamArgs.Frequency", 271_813)}), "")
	// Refused, so that nothing of it goes anywhere.
	s.try(coded("cell", "109", object, unit(atHome)), "track-not-released")
	s.try(coded("cell", "204", where(24.71317, 122.81919)), "place-not-released")
	s.try(engine.Command{Verb: "recall", Partner: "jp", Text: s.text(atHome + "recall: engine.Command.Text"), Recall: &engine.RecallArgs{Rule: "messages"}}, "")
}

// work enters what is agreed with jp alone.
func (s *speaker) work(incident uint32) {
	at := s.f.now.Add(10 * time.Minute).UTC().Format(time.RFC3339)
	lead := engine.Command{Verb: "propose", Incident: incident, Partner: "jp", Lead: "jp", Dialogue: &engine.Dialogue{At: at}}
	lead.Lat, lead.Lon = s.here(atHome+"engine.Command", 24.43719, 122.57131)
	s.try(lead, "")
	s.try(engine.Command{Verb: "cancel", Incident: incident, Text: s.text(saidToJP + "cancel: engine.Command.Text")}, "")

	notice := s.f.ownNotice("jp")
	notice.Activity.Corners = nil
	for i := range 3 {
		p := geo.Point{LatDeg: 23.31713 + 0.30171*float64(i%2), LonDeg: 122.41517 + 0.31373*float64(i)}
		notice.Activity.Corners = append(notice.Activity.Corners, s.place(saidToJP+"engine.ActivityArgs.Corners", p))
	}
	notice.Activity.ContactKHz = s.frequency(saidToJP+"engine.ActivityArgs.ContactKHz", 314_159)
	s.try(notice, "")
	circle := s.f.ownNotice("jp")
	centre := s.place(saidToJP+"engine.ActivityArgs.Centre", geo.Point{LatDeg: 22.91713, LonDeg: 123.11937})
	circle.Activity.Corners, circle.Activity.Centre, circle.Activity.RadiusM = nil, &centre, 20_000
	s.try(circle, "")
	kept := s.f.ownNotice("cell")
	kept.Activity.ContactKHz = s.frequency(atHome+"engine.ActivityArgs.ContactKHz", 299_792)
	s.try(kept, "withheld-kept")

	request := func(to party.ID, who, want string) {
		a := askFuel(s.f.now, uint64(s.number(who+"engine.SupportArgs.Amount")))
		a.Place = s.text(who + "engine.SupportArgs.Place")
		s.try(engine.Command{Verb: "support-request", Partner: to, Support: &a, Text: s.text(who + "support: engine.Command.Text")}, want)
	}
	request("jp", saidToJP, "")
	request("cell", atHome, "withheld")
	s.try(engine.Command{Verb: "plan-declare", Partner: "jp"}, "")
}

// TestCanaryOfWhatIsSaid plants a value of its own into what people say to one
// partner and looks for each in what goes to the other, and for what stays at
// home in what goes to either; then it leaks each on purpose.
func TestCanaryOfWhatIsSaid(t *testing.T) {
	c := newCanary(t)
	f := newFloor(t, wordsPolicy)
	cfg := *f.cfg
	cfg.Phrasebook = &engine.Text{Name: phrasebook.Name, Data: phrasebook.Text()}
	cfg.Joint = &engine.Text{Name: "plan.toml", Data: []byte(fmt.Sprintf(
		"version = 1\nparty = \"tw\"\n[[plan]]\nwith = \"jp\"\ncomment = %q\n[[plan.contact]]\nfrom = \"00:00\"\nto = \"12:00\"\nhow = %q\n",
		c.text(saidToJP+"plan comment"), c.text(saidToJP+"plan contact")))}
	if out := f.step(&engine.Input{Config: &cfg}); out.Reply.Code != "" {
		t.Fatalf("Config refused: %+v", out)
	}
	n := f.do(engine.Command{Verb: "open", Domain: "air", Text: "seen"}).Incident
	f.fly(0x780abc, geo.Point{LatDeg: 24.5, LonDeg: 122.5}, 90, 0, 5*time.Minute)
	s := &speaker{canary: c, f: f}
	s.talk(f.e.View().Tracks[0].N)
	s.work(n)
	f.pass(5 * time.Minute)

	hays := make(map[party.ID][]leaktest.Hay)
	for _, h := range outside(t, f) {
		to := party.ID("jp")
		if strings.Contains(h.Name, "cell") {
			to = "cell"
		}
		hays[to] = append(hays[to], h)
	}
	heard := make(map[string]bool)
	for _, find := range c.s.FindAll(hays["jp"], nil) {
		if heard[find.What] = true; strings.HasPrefix(find.What, atHome) {
			t.Errorf("leak to jp: %s", find)
		}
	}
	for _, find := range c.s.FindAll(hays["cell"], nil) {
		t.Errorf("leak to cell: %s", find)
	}
	for field := range c.planted {
		if strings.HasPrefix(field, saidToJP) && !heard[field] {
			t.Errorf("jp was not told %s: nothing is shown", field)
		}
	}
	f.do(say("cell", "all well", engine.MessageArgs{}))
	f.pass(time.Minute)
	if len(f.kinds("cell", record.KindMessage)) != 1 {
		t.Error("cell hears nothing at all: nothing is shown")
	}
	c.saidOrKept()
	c.leakEach(f.raw["cell"])
}

// saidOrKept holds that each field of words that is to be planted was.
func (c *canary) saidOrKept() {
	c.t.Helper()
	fields := make([]string, 0, len(c.planted))
	for field := range c.planted {
		fields = append(fields, field)
	}
	for field, class := range c.classes {
		if (class == "told" && !slices.Contains(fields, saidToJP+field)) || (class == "coarse" && !slices.Contains(fields, atHome+field)) {
			c.t.Errorf("%s is of class %s and was not planted", field, class)
		}
	}
}
