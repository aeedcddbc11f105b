// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/modes"
	"github.com/kuroshio-watch/kuroshio/packs/phrasebook"
)

// trio is three nodes' engines and the lines between them. A record arrives
// delay after it was sent.
type trio struct {
	t     testing.TB
	e     map[party.ID]*engine.Engine
	skew  map[party.ID]time.Duration // of a party's clock
	now   time.Time
	delay time.Duration
	cut   bool
	line  []parcel
	seq   uint64
	raw   map[party.ID][]byte // all that was sent to a party
}

type parcel struct {
	from, to party.ID
	lane     record.Lane
	body     []byte
	at       time.Time
}

var trioParties = []party.ID{"tw", "jp", "cell"}

// idsOf are different for each party and each partner.
func idsOf(self party.ID) engine.IDs {
	return func(to party.ID, kind record.Kind, number uint64) record.ID {
		id := idOf(to, kind, number)
		copy(id[3:7], self)
		return id
	}
}

func trioConfig(t testing.TB, self party.ID, grid string) *engine.Config {
	cfg := config(t)
	cfg.Partners = nil
	var to []string
	for _, p := range trioParties {
		if p != self {
			cfg.Partners, to = append(cfg.Partners, p), append(to, fmt.Sprintf("%q", p))
		}
	}
	slices.Sort(cfg.Partners)
	text := strings.Replace(policyHead, `"tw"`, fmt.Sprintf("%q", self), 1) +
		policyRule("all", strings.Join(to, ", "), `"track", "incident", "dialogue", "posture", "link"`, "") +
		fmt.Sprintf("[[rule]]\nid = \"words\"\neffect = \"allow\"\nto = [%s]\nkinds = [\"message\", \"message-state\", \"hotline\"]\n[rule.then]\n%s\ndelay = \"0s\"\n", strings.Join(to, ", "), grid)
	cfg.Policy = &engine.Text{Name: "policy.toml", Data: []byte(text)}
	cfg.Phrasebook = &engine.Text{Name: phrasebook.Name, Data: phrasebook.Text()}
	cfg.Hotline = engine.HotlineConfig{Auto: true}
	cfg.Feeds = []engine.FeedConfig{{Name: "adsb", Kind: "beast", Source: decode.Source{Format: frame.ModeS}}}
	return cfg
}

func newTrio(t testing.TB) *trio {
	t.Helper()
	n := &trio{t: t, e: map[party.ID]*engine.Engine{}, skew: map[party.ID]time.Duration{}, now: start, raw: map[party.ID][]byte{}}
	for _, p := range trioParties {
		n.e[p] = engine.New(p, idsOf(p))
		if out := n.step(p, &engine.Input{Config: trioConfig(t, p, `grid = "5km"`)}); out.Reply.Code != "" {
			t.Fatalf("Config of %s refused: %+v", p, out)
		}
		for _, q := range trioParties {
			if q != p {
				n.step(p, &engine.Input{Event: &engine.Event{Kind: "link", Partner: q, State: "up"}})
			}
		}
	}
	return n
}

func (n *trio) step(p party.ID, in *engine.Input) engine.Outputs {
	n.t.Helper()
	in.At = n.now.Add(n.skew[p])
	out := n.e[p].Step(n.e[p].Seq()+1, in)
	for _, s := range out.Sealed {
		n.raw[s.To()] = append(n.raw[s.To()], s.Plain()...)
		n.line = append(n.line, parcel{p, s.To(), s.Lane(), s.Plain(), n.now.Add(n.delay)})
	}
	return out
}

// deliver hands over what has arrived, and the answers to it.
func (n *trio) deliver() {
	n.t.Helper()
	for !n.cut {
		i := slices.IndexFunc(n.line, func(p parcel) bool { return !p.at.After(n.now) })
		if i < 0 {
			return
		}
		p := n.line[i]
		n.line = slices.Delete(n.line, i, i+1)
		n.seq++
		out := n.step(p.to, &engine.Input{Partner: &engine.Partner{From: p.from, Lane: p.lane, Seq: n.seq, Body: p.body}})
		for _, r := range out.Refused {
			n.t.Errorf("%s refused a record of %s: %s", p.to, p.from, r.Reason)
		}
	}
}

func (n *trio) pass(d, tick time.Duration) {
	n.t.Helper()
	for end := n.now.Add(d); n.now.Before(end); {
		n.now = n.now.Add(tick)
		n.deliver()
		for _, p := range trioParties {
			n.step(p, &engine.Input{Tick: &engine.Tick{}})
		}
		n.deliver()
	}
}

func (n *trio) try(p party.ID, c engine.Command) engine.Reply {
	n.t.Helper()
	c.By, c.Role = "WANG", engine.Officer
	return n.step(p, &engine.Input{Command: &c}).Reply
}

func (n *trio) do(p party.ID, c engine.Command) engine.Reply {
	n.t.Helper()
	r := n.try(p, c)
	if r.Code != "" {
		n.t.Fatalf("%s at %s = %+v, want done", c.Verb, p, r)
	}
	return r
}

func say(to party.ID, text string, a engine.MessageArgs) engine.Command {
	if a.Precedence == "" {
		a.Precedence = "routine"
	}
	return engine.Command{Verb: "message", Partner: to, Text: text, Message: &a}
}

func (n *trio) message(p party.ID, number uint64) engine.MessageView {
	n.t.Helper()
	for _, m := range n.e[p].Messages("") {
		if m.N == number {
			return m
		}
	}
	n.t.Fatalf("%s has no message %d", p, number)
	return engine.MessageView{}
}

// last returns the newest message at a party.
func (n *trio) last(p party.ID) engine.MessageView {
	n.t.Helper()
	l := n.e[p].Messages("")
	if len(l) == 0 {
		n.t.Fatalf("%s has no message", p)
	}
	return l[len(l)-1]
}

func (n *trio) alarm(p party.ID, key string) (engine.AlarmView, bool) {
	for _, a := range n.e[p].View().Alarms {
		if a.Key == key {
			return a, true
		}
	}
	return engine.AlarmView{}, false
}

func TestMessageGoesFromQueuedToReadAndReachesNobodyElse(t *testing.T) {
	n := newTrio(t)
	n.cut = true
	r := n.do("tw", say("jp", "請確認 QQMARK\n第二行", engine.MessageArgs{Precedence: "flash"}))
	if s := n.message("tw", r.Message).State; s != "queued" {
		t.Errorf("state = %s before the line took it, want queued", s)
	}
	if !n.e["tw"].Unsent("jp") || n.e["tw"].Unsent("cell") {
		t.Error("Unsent does not name jp alone")
	}
	n.step("tw", &engine.Input{Event: &engine.Event{Kind: "sent", Partner: "jp", Count: 1}})
	if s := n.message("tw", r.Message).State; s != "queued" {
		t.Errorf("state = %s with one waiting, want queued", s)
	}
	n.step("tw", &engine.Input{Event: &engine.Event{Kind: "sent", Partner: "jp"}})
	if s := n.message("tw", r.Message).State; s != "sent" {
		t.Errorf("state = %s, want sent", s)
	}
	n.cut = false
	n.pass(10*time.Second, 10*time.Second)
	if s := n.message("tw", r.Message).State; s != "received" {
		t.Errorf("state = %s, want received", s)
	}
	got := n.last("jp")
	if got.Text != "請確認 QQMARK\n第二行" || got.State != "received" || got.By != "" || got.Party != "tw" || got.Ours {
		t.Errorf("jp has %+v", got)
	}
	if a, ok := n.alarm("jp", "message/tw/flash"); !ok || a.Priority != 1 || a.State != "unacknowledged" {
		t.Errorf("jp's alarm = %+v, %t; want priority 1", a, ok)
	}
	n.do("jp", engine.Command{Verb: "message-read", Desk: "air", Message: &engine.MessageArgs{Number: got.N}})
	n.pass(10*time.Second, 10*time.Second)
	if m := n.message("tw", r.Message); m.State != "read" || m.Desk != "air" || m.By != "WANG" {
		t.Errorf("tw has %+v, want read at air", m)
	}
	if a, ok := n.alarm("jp", "message/tw/flash"); ok && a.State != "returned" {
		t.Errorf("jp's alarm stays %s after it was read", a.State)
	}
	if l := n.e["cell"].Messages(""); len(l) != 0 {
		t.Errorf("the third party has %+v", l)
	}
	if b := n.raw["cell"]; len(b) != 0 {
		t.Errorf("the third party was sent %q", b)
	}
	for p, b := range n.raw {
		if bytes.Contains(b, []byte("WANG")) {
			t.Errorf("a person's name was sent to %s", p)
		}
	}
}

func TestAlarmOfUnreadMessageRepeatsThoughAcknowledged(t *testing.T) {
	n := newTrio(t)
	n.do("tw", say("jp", "answer", engine.MessageArgs{Precedence: "flash"}))
	n.pass(10*time.Second, 10*time.Second)
	n.do("jp", engine.Command{Verb: "acknowledge-alarm", Alarm: "message/tw/flash"})
	n.pass(30*time.Second, 10*time.Second)
	if a, _ := n.alarm("jp", "message/tw/flash"); a.State != "acknowledged" {
		t.Errorf("alarm = %s after half a minute, want acknowledged", a.State)
	}
	n.pass(time.Minute, 10*time.Second)
	if a, _ := n.alarm("jp", "message/tw/flash"); a.State != "unacknowledged" {
		t.Errorf("alarm = %s after a minute unread, want it to sound again", a.State)
	}
	if _, ok := n.alarm("tw", "message-unread/jp/flash"); ok {
		t.Error("the sender is alarmed before its time")
	}
	n.pass(10*time.Minute, 10*time.Second)
	if a, ok := n.alarm("tw", "message-unread/jp/flash"); !ok || a.Priority != 1 || a.Subject != "jp" {
		t.Errorf("the sender's alarm = %+v, %t", a, ok)
	}
}

func TestPhraseIsPutIntoTheReadersWords(t *testing.T) {
	n := newTrio(t)
	lat, lon, course, speed := 24.51, 122.52, uint16(45), 12.0
	n.do("tw", say("jp", "", engine.MessageArgs{Code: "301"}))
	for _, c := range []engine.MessageArgs{
		{Code: "204", Params: []engine.ParamArgs{{Name: "where", Place: "gap_c"}}},
		{Code: "204", Params: []engine.ParamArgs{{Name: "where", Lat: &lat, Lon: &lon}}},
		{Code: "609", Params: []engine.ParamArgs{{Name: "course", Bearing: &course}, {Name: "speed", Number: &speed, Measure: "kt"}}},
		{Code: "211", Params: []engine.ParamArgs{{Name: "at", Time: "2026-03-01T05:00:00+09:00"}}},
	} {
		n.do("tw", say("jp", "", c))
	}
	n.pass(10*time.Second, 10*time.Second)
	l := n.e["jp"].Messages("tw")
	if len(l) != 5 {
		t.Fatalf("jp has %d messages, want 5", len(l))
	}
	if d := cmp.Diff(map[string]string{"en": "Roger.", "ja": "了解。", "zh-Hant": "收到。"}, l[0].Texts); d != "" {
		t.Errorf("texts: %s", d)
	}
	for i, want := range []string{"了解。", "", "5 キロ格子", "漂流方向 045°、速さ 12 ノット。", "2026-02-28 20:00Z"} {
		if !strings.Contains(l[i].Texts["ja"], want) {
			t.Errorf("message %d = %q, want %q in it", i, l[i].Texts["ja"], want)
		}
	}
	if strings.Contains(l[1].Texts["ja"], "gap_c") || strings.Contains(l[1].Texts["zh-Hant"], "gap_c") {
		t.Errorf("place is named by its id: %v", l[1].Texts)
	}
	if bytes.Contains(n.raw["jp"], []byte("24.51")) {
		t.Error("the place was sent as it was given")
	}
}

func TestReaderOfAnotherEditionSeesTheCode(t *testing.T) {
	n := newTrio(t)
	old := trioConfig(t, "jp", `grid = "5km"`)
	old.Phrasebook.Data = []byte("edition = \"2020.1\"\n[[phrase]]\ncode = \"301\"\ngroup = \"answer\"\nen = \"Roger.\"\nja = \"了解。\"\nzh-Hant = \"收到。\"\n")
	n.step("jp", &engine.Input{Config: old})
	n.do("tw", say("jp", "", engine.MessageArgs{Code: "204", Params: []engine.ParamArgs{{Name: "where", Place: "gap_c"}}}))
	n.pass(10*time.Second, 10*time.Second)
	m := n.last("jp")
	if !strings.HasPrefix(m.Texts["en"], "204 (2026.1) where: ") || m.Code != "204" {
		t.Errorf("jp shows %q", m.Texts["en"])
	}
}

func TestMessagesThatCannotBeSentSayWhy(t *testing.T) {
	n := newTrio(t)
	lat := 24.5
	theirs := n.do("jp", say("tw", "x", engine.MessageArgs{}))
	n.pass(10*time.Second, 10*time.Second)
	at := n.last("tw").N
	_ = theirs
	tests := map[string]struct {
		cmd  engine.Command
		want string
	}{
		"no arguments":              {engine.Command{Verb: "message", Partner: "jp", Text: "x"}, "bad-request"},
		"an unknown partner":        {say("kr", "x", engine.MessageArgs{}), "no-such-partner"},
		"ourselves":                 {say("tw", "x", engine.MessageArgs{}), "no-such-partner"},
		"a precedence that is none": {say("jp", "x", engine.MessageArgs{Precedence: "asap"}), "bad-precedence"},
		"nothing to say":            {say("jp", "", engine.MessageArgs{}), "text-missing"},
		"text beside a phrase":      {say("jp", "x", engine.MessageArgs{Code: "301"}), "bad-request"},
		"a text too long":           {say("jp", strings.Repeat("長", 1001), engine.MessageArgs{}), "text-too-long"},
		"a text that turns round":   {say("jp", "a\u202eb", engine.MessageArgs{}), "bad-request"},
		"an unknown code":           {say("jp", "", engine.MessageArgs{Code: "999"}), "no-such-code"},
		"a parameter too few":       {say("jp", "", engine.MessageArgs{Code: "204"}), "bad-parameter"},
		"a parameter of no value":   {say("jp", "", engine.MessageArgs{Code: "204", Params: []engine.ParamArgs{{Name: "where"}}}), "bad-parameter"},
		"a place that is none":      {say("jp", "", engine.MessageArgs{Code: "204", Params: []engine.ParamArgs{{Name: "where", Place: "atlantis"}}}), "no-such-place"},
		"half a position":           {say("jp", "", engine.MessageArgs{Code: "204", Params: []engine.ParamArgs{{Name: "where", Lat: &lat}}}), "bad-position"},
		"a time that is none":       {say("jp", "", engine.MessageArgs{Code: "211", Params: []engine.ParamArgs{{Name: "at", Time: "noon"}}}), "bad-time"},
		"a track that is none":      {say("jp", "", engine.MessageArgs{Code: "202", Params: []engine.ParamArgs{{Name: "object", Track: 9}}}), "no-such-track"},
		"an object that is none":    {say("jp", "", engine.MessageArgs{Code: "202", Params: []engine.ParamArgs{{Name: "object", Object: record.ID{7}}}}), "no-such-track"},
		"a callsign too long":       {say("jp", "", engine.MessageArgs{Code: "212", Params: []engine.ParamArgs{{Name: "name", Unit: strings.Repeat("x", 33)}}}), "text-too-long"},
		"too many parameters":       {say("jp", "", engine.MessageArgs{Code: "212", Params: make([]engine.ParamArgs, 9)}), "bad-request"},
		"an answer to nothing":      {say("jp", "x", engine.MessageArgs{Answers: 99}), "no-such-message"},
		"an answer to another's":    {say("cell", "x", engine.MessageArgs{Answers: at}), "no-such-message"},
		"a correction of theirs":    {say("jp", "x", engine.MessageArgs{Corrects: at}), "no-such-message"},
		"an incident that is none":  {engine.Command{Verb: "message", Partner: "jp", Incident: 9, Text: "x", Message: &engine.MessageArgs{Precedence: "routine"}}, "no-such-incident"},
		"no duff without the mark":  {say("jp", "", engine.MessageArgs{Code: "803"}), "no-duff-missing"},
		"reading what is none":      {engine.Command{Verb: "message-read", Message: &engine.MessageArgs{Number: 99}}, "no-such-message"},
		"reading without a number":  {engine.Command{Verb: "message-read"}, "bad-request"},
		"acknowledging no test":     {engine.Command{Verb: "hotline-acknowledge", Partner: "jp"}, "no-test"},
		"testing no partner":        {engine.Command{Verb: "hotline", Partner: "kr"}, "no-such-partner"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if r := n.try("tw", tt.cmd); r.Code != tt.want {
				t.Errorf("%s = %q, want %q", tt.cmd.Verb, r.Code, tt.want)
			}
		})
	}
	quiet := trioConfig(t, "tw", `grid = "5km"`)
	quiet.Policy.Data = []byte(openPolicy())
	n.step("tw", &engine.Input{Config: quiet})
	if r := n.try("tw", say("jp", "x", engine.MessageArgs{})); r.Code != "withheld" {
		t.Errorf("message without a rule = %q, want withheld", r.Code)
	}
	if r := n.try("tw", engine.Command{Verb: "hotline", Partner: "jp"}); r.Code != "withheld" {
		t.Errorf("hotline test without a rule = %q, want withheld", r.Code)
	}
	n.step("tw", &engine.Input{Config: trioConfig(t, "tw", "")})
	lon := 122.5
	where := engine.MessageArgs{Code: "204", Params: []engine.ParamArgs{{Name: "where", Lat: &lat, Lon: &lon}}}
	if r := n.try("tw", say("jp", "", where)); r.Code != "place-not-released" {
		t.Errorf("a position without a grid = %q, want place-not-released", r.Code)
	}
	where.Params[0] = engine.ParamArgs{Name: "where", Place: "gap_c"}
	n.do("tw", say("jp", "", where))
}

// An object is named as the partner knows it, and only one that it knows.
func TestOnlyReleasedTracksCanBeNamed(t *testing.T) {
	f := newFloor(t, policyHead+policyRule("tracks", `"jp"`, `"track"`, "")+policyRule("words", both, `"message", "message-state", "hotline"`, ""))
	f.cfg.Phrasebook = &engine.Text{Name: phrasebook.Name, Data: phrasebook.Text()}
	f.step(&engine.Input{Config: f.cfg})
	pos := f.fly(0x780abc, geo.Point{LatDeg: 24.5, LonDeg: 122.5}, 90, 0, time.Minute)
	number := f.e.View().Tracks[0].N
	hold := engine.MessageArgs{Code: "102", Params: []engine.ParamArgs{{Name: "object", Track: number}}}
	f.fly(0x780abc, pos, 90, 0, 4*time.Minute)
	if len(f.kinds("jp", record.KindTrack)) == 0 {
		t.Fatal("the track was not released")
	}
	f.do(say("jp", "", hold))
	if r := f.try(say("cell", "", hold)); r.Code != "track-not-released" {
		t.Errorf("naming a track that cell does not hold = %q, want track-not-released", r.Code)
	}
	m := f.kinds("jp", record.KindMessage)[0].Message
	if got, want := *m.Phrase.Params[0].Track, (record.Ref{Originator: "tw", ID: idOf("jp", record.KindTrack, uint64(number))}); got != want {
		t.Errorf("the object travels as %v, want %v", got, want)
	}
	if got := f.e.Messages("jp")[0].Texts["en"]; got != fmt.Sprintf("We hold T%04d.", number) {
		t.Errorf("our own thread says %q", got)
	}
	// A partner's own object is named to it, and to nobody else.
	f.must("jp", f.trackFrom("jp", 5, f.now))
	theirs := engine.MessageArgs{Code: "102", Params: []engine.ParamArgs{{Name: "object", Object: theirID("jp", record.KindTrack, 5)}}}
	f.do(say("jp", "", theirs))
	if r := f.try(say("cell", "", theirs)); r.Code != "no-such-track" {
		t.Errorf("naming jp's object to cell = %q, want no-such-track", r.Code)
	}
	if len(f.kinds("cell", record.KindMessage)) != 0 {
		t.Error("cell was sent a message")
	}
}

// Whatever a person asks for, a message holds no object that its partner was
// not told of before, no place finer than the grid, and no words that the
// person did not write.
func TestNoUnreleasedObjectAndNoFinePlaceLeavesByMessage(tb *testing.T) {
	f := newFloor(tb, policyHead+policyRule("tracks", `"jp"`, `"track"`, "")+policyRule("words", both, `"message"`, ""))
	f.cfg.Phrasebook = &engine.Text{Name: phrasebook.Name, Data: phrasebook.Text()}
	f.step(&engine.Input{Config: f.cfg})
	for i, d := range []time.Duration{5 * time.Minute, time.Minute, 30 * time.Second} { // the last are too new to be released
		f.fly(modes.ICAO(0x780a01+i), geo.Point{LatDeg: 24.5, LonDeg: 121.5 + float64(i)}, 90, 0, d)
	}
	told := map[party.ID]map[record.ID]bool{"jp": {}, "cell": {}}
	for to, list := range f.sent {
		for _, r := range list {
			if r.Track != nil {
				told[to][r.Object] = true
			}
		}
		f.sent[to] = nil
	}
	before, err := f.e.Snapshot()
	if err != nil {
		tb.Fatal(err)
	}
	named, checks := 0, 0
	rapid.Check(tb, func(t *rapid.T) {
		if checks++; checks%100 == 0 { // what was said before only makes it slow
			if f.e, err = engine.Restore("tw", idOf, before); err != nil {
				tb.Fatal(err)
			}
			f.n = f.e.Seq()
		}
		for range 4 {
			p := rapid.SampledFrom(f.e.Phrasebook().Phrases()).Draw(t, "phrase")
			a := engine.MessageArgs{Precedence: "routine", Code: p.Code, NoDuff: p.NoDuff}
			for _, q := range p.Params {
				arg := engine.ParamArgs{Name: q.Name}
				lat, lon := rapid.Float64Range(20, 30).Draw(t, "lat"), rapid.Float64Range(118, 128).Draw(t, "lon")
				one, kHz, deg := 1.0, uint32(121_500), uint16(90)
				switch q.Type {
				case "place":
					arg.Lat, arg.Lon = &lat, &lon
				case "track":
					arg.Track = rapid.Uint32Range(1, 3).Draw(t, "track")
				case "time":
					arg.Time = f.now.Format(time.RFC3339)
				case "unit":
					arg.Unit = "PL-9"
				case "frequency":
					arg.Frequency = &kHz
				case "bearing":
					arg.Bearing = &deg
				default:
					arg.Number = &one
					if len(q.Measures) > 0 {
						arg.Measure = q.Measures[0]
					}
				}
				a.Params = append(a.Params, arg)
			}
			f.try(engine.Command{Verb: "message", Partner: rapid.SampledFrom([]party.ID{"jp", "cell"}).Draw(t, "to"), Message: &a})
		}
		for to, list := range f.sent {
			for _, r := range list {
				if r.Message == nil || r.Message.Phrase == nil {
					continue
				}
				for _, q := range r.Message.Phrase.Params {
					if q.Track != nil {
						named++
						if !told[to][q.Track.ID] {
							t.Errorf("%s is told of an object that it does not know: %v", to, q.Track)
						}
					}
					if q.Place != nil && q.Place.Cell != nil && q.Place.Cell.GridM < 5000 {
						t.Errorf("%s is told a place as fine as %d m", to, q.Place.Cell.GridM)
					}
				}
			}
			f.sent[to] = nil
		}
	})
	if named == 0 {
		tb.Error("no object was ever named: the test shows nothing")
	}
}

func TestNoDuffBreaksTheExerciseAtBothSides(t *testing.T) {
	n := newTrio(t)
	n.do("tw", engine.Command{Verb: "open", Text: "drill", Domain: "air", Exercise: true})
	n.pass(2*time.Minute, 10*time.Second)
	if v := n.e["jp"].View(); len(v.Incidents) != 1 || !v.Incidents[0].Exercise {
		t.Fatalf("jp has incidents %+v, want the exercise's", v.Incidents)
	}
	about := func(a engine.MessageArgs, text string) engine.Command {
		c := say("jp", text, a)
		c.Incident = 1
		return c
	}
	n.do("tw", about(engine.MessageArgs{}, "only a drill"))
	n.pass(10*time.Second, 10*time.Second)
	if m := n.last("jp"); !m.Exercise || m.Incident != 1 {
		t.Errorf("jp has %+v, want an exercise's message about its incident 1", m)
	}
	r := n.do("tw", about(engine.MessageArgs{Code: "803", NoDuff: true}, ""))
	n.pass(10*time.Second, 10*time.Second)
	m := n.last("jp")
	if m.Exercise || !m.NoDuff || m.Incident != 1 {
		t.Errorf("jp has %+v, want a live message about the exercise's incident", m)
	}
	if n.message("tw", r.Message).Exercise {
		t.Error("tw marks its no-duff message exercise")
	}
	for p, partner := range map[party.ID]party.ID{"tw": "jp", "jp": "tw"} {
		if a, ok := n.alarm(p, "no-duff/"+string(partner)+"/any"); !ok || a.Priority != 1 || a.State != "unacknowledged" {
			t.Errorf("%s's alarm = %+v, %t; want priority 1", p, a, ok)
		}
		v := n.e[p].View()
		i := slices.IndexFunc(v.Messages.Partners, func(t engine.ThreadsView) bool { return t.Party == partner })
		if v.Messages.Partners[i].Broken == nil {
			t.Errorf("%s does not show that the exercise is broken", p)
		}
		if !slices.ContainsFunc(v.Incidents[0].Events, func(e engine.EventView) bool { return e.Kind == "no-duff" }) {
			t.Errorf("%s's time line does not say so", p)
		}
	}
	n.do("jp", say("tw", "", engine.MessageArgs{Code: "804"}))
	n.pass(10*time.Second, 10*time.Second)
	for _, p := range []party.ID{"tw", "jp"} {
		for _, th := range n.e[p].View().Messages.Partners {
			if th.Broken != nil {
				t.Errorf("%s shows the exercise broken after the phrase that lets it go on", p)
			}
		}
	}
}

func TestThreadsFollowTheIncident(t *testing.T) {
	n := newTrio(t)
	n.do("tw", engine.Command{Verb: "open", Text: "call", Domain: "air"})
	if r := n.try("tw", engine.Command{Verb: "message", Partner: "jp", Incident: 1, Text: "x", Message: &engine.MessageArgs{Precedence: "routine"}}); r.Code != "no-such-partner" {
		t.Errorf("message about an incident that jp does not know = %q, want no-such-partner", r.Code)
	}
	n.pass(2*time.Minute, 10*time.Second)
	c := say("jp", "about it", engine.MessageArgs{})
	c.Incident = 1
	first := n.do("tw", c)
	n.do("tw", say("jp", "in general", engine.MessageArgs{Corrects: first.Message}))
	n.pass(10*time.Second, 10*time.Second)
	l := n.e["jp"].Messages("tw")
	if len(l) != 2 || l[0].Incident != 1 || l[1].Incident != 0 || l[1].Corrects != l[0].N || l[0].Corrected != l[1].N {
		t.Errorf("jp has %+v", l)
	}
	n.do("jp", say("tw", "which?", engine.MessageArgs{Answers: l[1].N}))
	n.pass(10*time.Second, 10*time.Second)
	if m := n.last("tw"); m.Answers != first.Message+1 {
		t.Errorf("tw has %+v, want an answer to message %d", m, first.Message+1)
	}
	n.do("jp", engine.Command{Verb: "open", Text: "same", Domain: "air"})
	n.do("jp", engine.Command{Verb: "merge", Incident: 2, From: 1})
	if m := n.e["jp"].Messages("tw")[0]; m.Incident != 2 {
		t.Errorf("the thread stays with incident %d after the merger into 2", m.Incident)
	}
}

// Words about stopping are words: the machine does nothing.
func TestStopPhrasesMakeNoMachineAct(t *testing.T) {
	n := newTrio(t)
	for _, p := range n.e["tw"].Phrasebook().Phrases() {
		if p.Group == "stop" && len(p.Params) == 0 {
			n.do("tw", say("jp", "", engine.MessageArgs{Code: p.Code}))
		}
	}
	before := n.e["jp"].View().Links
	n.pass(10*time.Second, 10*time.Second)
	for _, p := range []party.ID{"tw", "jp"} {
		for _, l := range n.e[p].View().Links {
			if l.State != "up" {
				t.Errorf("%s's link to %s is %s", p, l.Party, l.State)
			}
		}
	}
	if len(n.e["jp"].Messages("tw")) != 4 || len(before) != 2 {
		t.Errorf("jp has %d messages", len(n.e["jp"].Messages("tw")))
	}
	n.do("jp", say("tw", "still here", engine.MessageArgs{}))
	n.pass(10*time.Second, 10*time.Second)
	if n.last("tw").Text != "still here" {
		t.Error("nothing passes any more")
	}
}

func TestMessageThatThePolicyNoLongerAllowsIsToldToItsWriter(t *testing.T) {
	n := newTrio(t)
	slow := trioConfig(t, "tw", `grid = "5km"`)
	slow.Policy.Data = bytes.Replace(slow.Policy.Data, []byte("grid = \"5km\"\ndelay = \"0s\"\n"), []byte("grid = \"5km\"\ndelay = \"60s\"\n"), 1)
	n.step("tw", &engine.Input{Config: slow})
	r := n.do("tw", say("jp", "x", engine.MessageArgs{Precedence: "flash"}))
	quiet := trioConfig(t, "tw", `grid = "5km"`)
	quiet.Policy.Data = []byte(openPolicy())
	n.step("tw", &engine.Input{Config: quiet})
	n.pass(2*time.Minute, 10*time.Second)
	if s := n.message("tw", r.Message).State; s != "withheld" {
		t.Errorf("state = %s, want withheld", s)
	}
	if a, ok := n.alarm("tw", "message-withheld/jp"); !ok || a.Priority != 1 {
		t.Errorf("alarm = %+v, %t", a, ok)
	}
	if len(n.e["jp"].Messages("")) != 0 {
		t.Error("it has left")
	}
}

func TestForgedMessagesAreRefused(t *testing.T) {
	f := newFloor(t, policyHead+policyRule("words", both, `"message", "message-state", "hotline"`, ""))
	msg := func(n uint64, spoil func(*record.Record)) *record.Record {
		r := f.from("jp", record.KindMessage, n)
		r.Message = &record.Message{To: "tw", Precedence: "routine", Text: "x"}
		spoil(r)
		return r
	}
	f.must("jp", msg(1, func(*record.Record) {}))
	other := record.Ref{Originator: "cell", ID: theirID("cell", record.KindIncident, 1)}
	tests := map[string]struct {
		r    *record.Record
		want string
	}{
		"one to another party":       {msg(2, func(r *record.Record) { r.Message.To = "cell" }), "addressed"},
		"one again":                  {msg(1, func(*record.Record) {}), "stale"},
		"no duff that is a drill":    {msg(3, func(r *record.Record) { r.Exercise, r.Message.NoDuff = true, true }), "exercise"},
		"a state of nothing":         {&record.Record{MessageState: &record.MessageState{Message: record.Ref{Originator: "tw", ID: record.ID{1}}, State: "received"}}, "stale"},
		"an answer to no test":       {&record.Record{Hotline: &record.Hotline{Step: "answer", Test: &record.Ref{Originator: "tw", ID: record.ID{1}}, Asked: start, Received: &start, Answered: &start}}, "stale"},
		"an acknowledgement of none": {&record.Record{Hotline: &record.Hotline{Step: "acknowledge", Test: &record.Ref{Originator: "tw", ID: record.ID{1}}, Asked: start, Desk: "air"}}, "stale"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := tt.r
			for kind, has := range map[record.Kind]bool{record.KindMessageState: r.MessageState != nil, record.KindHotline: r.Hotline != nil} {
				if has {
					r.Envelope = f.from("jp", kind, 70).Envelope
				}
			}
			if got := f.take("jp", r); got != tt.want {
				t.Errorf("refused as %q, want %q", got, tt.want)
			}
		})
	}
	// An incident that we do not know leaves the message in the general thread.
	f.must("jp", msg(4, func(r *record.Record) { r.Message.Incident = []record.Ref{other} }))
	if l := f.e.Messages("jp"); len(l) != 2 || l[1].Incident != 0 {
		t.Errorf("messages = %+v", l)
	}
	for i := range uint64(300) {
		f.take("jp", msg(100+i, func(*record.Record) {}))
	}
	if got := f.take("jp", msg(999, func(*record.Record) {})); got != "flood" || len(f.e.Messages("jp")) != 200 {
		t.Errorf("flood = %q with %d messages, want flood at 200", got, len(f.e.Messages("jp")))
	}
}

func TestMessagesOutlastARestart(t *testing.T) {
	n := newTrio(t)
	n.do("jp", say("tw", "x", engine.MessageArgs{Precedence: "immediate"}))
	n.do("tw", say("jp", "", engine.MessageArgs{Code: "803", NoDuff: true}))
	n.do("tw", engine.Command{Verb: "hotline", Partner: "cell"})
	n.pass(time.Minute, 10*time.Second)
	b, err := n.e["tw"].Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	again, err := engine.Restore("tw", idsOf("tw"), b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(n.e["tw"].Messages(""), again.Messages("")); d != "" {
		t.Errorf("messages differ: %s", d)
	}
	for i := range 200 {
		at := n.now.Add(time.Duration(i) * time.Minute)
		for _, e := range []*engine.Engine{n.e["tw"], again} {
			e.Step(e.Seq()+1, &engine.Input{At: at, Tick: &engine.Tick{}})
		}
	}
	one, _ := n.e["tw"].Snapshot()
	two, _ := again.Snapshot()
	if !bytes.Equal(one, two) {
		i := 0
		for one[i] == two[i] {
			i++
		}
		t.Errorf("engines differ after a restore: %.200s, %.200s", one[i-60:], two[i-60:])
	}
	if d := cmp.Diff(n.e["tw"].View().Messages, again.View().Messages); d != "" {
		t.Errorf("pictures differ: %s", d)
	}
}
