// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/frame"
	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/modes"
)

// floor is a watch floor "tw" with the partners "jp" and "cell". What it says
// to them is kept in sent.
type floor struct {
	t    testing.TB
	e    *engine.Engine
	cfg  *engine.Config
	n    uint64
	now  time.Time
	sent map[party.ID][]*record.Record
	raw  map[party.ID][]byte
	seq  uint64

	taped []*engine.Input // nil: not kept
}

// idOf is a keyed hash for tests, without key and hash.
func idOf(to party.ID, kind record.Kind, number uint64) (id record.ID) {
	copy(id[:7], to)
	id[7] = byte(kind) + 1
	binary.BigEndian.PutUint64(id[8:], number)
	return id
}

const policyHead = `version = 1
party = "tw"
distress = true
[label]
policy = "p"
classification = "c"
purpose = "x"
retention = "24h"
`

// policyRule allows the kinds to both partners at once, with all fields;
// where is put under [rule.when].
func policyRule(id string, to, kinds, where string) string {
	return fmt.Sprintf(`
[[rule]]
id = %q
effect = "allow"
to = [%s]
kinds = [%s]
[rule.when]
%s
[rule.then]
grid = "5km"
height_band = "1000ft"
time_bin = "60s"
slot = "0s"
delay = "0s"
fields = ["identity", "type", "course", "speed", "height", "callsign", "address", "mmsi", "name", "zone", "rule", "count"]
`, id, to, kinds, where)
}

const both = `"jp", "cell"`

func openPolicy() string {
	return policyHead + policyRule("all", both, `"track", "incident", "dialogue", "posture", "link", "support", "facility"`, "")
}

func newFloor(t testing.TB, policy string) *floor {
	t.Helper()
	return newFloorOf(t, policy, "cell", "jp")
}

func newFloorOf(t testing.TB, policy string, partners ...party.ID) *floor {
	t.Helper()
	cfg := config(t)
	cfg.Partners = partners
	cfg.Policy = &engine.Text{Name: "policy.toml", Data: []byte(policy)}
	cfg.Feeds = []engine.FeedConfig{{Name: "adsb", Kind: "beast", Source: decode.Source{Format: frame.ModeS}}}
	f := &floor{t: t, e: engine.New("tw", idOf), cfg: cfg, now: start, sent: map[party.ID][]*record.Record{}, raw: map[party.ID][]byte{}}
	if out := f.step(&engine.Input{Config: cfg}); out.Reply.Code != "" {
		t.Fatalf("Config refused: %+v", out)
	}
	return f
}

func (f *floor) step(in *engine.Input) engine.Outputs {
	f.t.Helper()
	f.n++
	in.At = f.now
	if f.taped != nil {
		f.taped = append(f.taped, in)
	}
	out := f.e.Step(f.n, in)
	for _, s := range out.Sealed {
		r, err := record.Decode(s.Plain())
		if err != nil {
			f.t.Fatalf("sent a record that the partner refuses: %v", err)
		}
		f.sent[s.To()] = append(f.sent[s.To()], r)
		f.raw[s.To()] = append(f.raw[s.To()], s.Plain()...)
	}
	return out
}

// pass lets time go by in ticks of ten seconds.
func (f *floor) pass(d time.Duration) {
	f.t.Helper()
	for end := f.now.Add(d); f.now.Before(end); {
		f.now = f.now.Add(10 * time.Second)
		f.step(&engine.Input{Tick: &engine.Tick{}})
	}
}

// do is an officer's act that must succeed.
func (f *floor) do(c engine.Command) engine.Reply {
	f.t.Helper()
	r := f.try(c)
	if r.Code != "" {
		f.t.Fatalf("%s = %+v, want done", c.Verb, r)
	}
	return r
}

func (f *floor) try(c engine.Command) engine.Reply {
	f.t.Helper()
	c.By, c.Role = "WANG", engine.Supervisor
	return f.step(&engine.Input{Command: &c}).Reply
}

// from makes a partner's record about object number n.
func (f *floor) from(p party.ID, kind record.Kind, n uint64) *record.Record {
	f.seq++
	return &record.Record{Envelope: record.Envelope{
		Version: record.Protocol, Kind: kind, ID: idOf("tw", 0, f.seq), Object: theirID(p, kind, n), Epoch: uint32(f.seq), Originator: p,
		Label: record.Label{Policy: "QQPOLICY", Classification: "QQWORD", Purpose: "QQPURPOSE", Retention: time.Hour}, Time: f.now,
	}}
}

// theirID is the id of a partner's thing on the link to us.
func theirID(p party.ID, kind record.Kind, n uint64) record.ID {
	id := idOf("tw", kind, n)
	copy(id[3:7], p)
	return id
}

func (f *floor) incidentFrom(p party.ID, n uint64, events ...record.Event) *record.Record {
	r := f.from(p, record.KindIncident, n)
	r.Incident = &record.Incident{
		State: "open", Opened: record.Bin{Start: f.now.Add(-3 * time.Hour), Width: time.Minute}, Sector: "gap_c", Domain: "air", Events: events,
	}
	return r
}

func event(rule string, at time.Time) record.Event {
	return record.Event{Rule: rule, Zone: "QQZONE", Bin: record.Bin{Start: at, Width: time.Minute}}
}

// take hands a partner's record in and returns why it was refused, "" when it
// was not.
func (f *floor) take(from party.ID, r *record.Record) string {
	f.t.Helper()
	b, err := record.Encode(r)
	if err != nil {
		f.t.Fatal(err)
	}
	return f.takeBytes(from, r.Kind.Lane(), b)
}

func (f *floor) takeBytes(from party.ID, lane record.Lane, b []byte) string {
	f.t.Helper()
	f.seq++
	out := f.step(&engine.Input{Partner: &engine.Partner{From: from, Lane: lane, Seq: f.seq, Body: b}})
	if len(out.Refused) == 0 {
		return ""
	}
	return out.Refused[0].Reason
}

func (f *floor) must(from party.ID, r *record.Record) {
	f.t.Helper()
	if why := f.take(from, r); why != "" {
		f.t.Fatalf("record %s of %s refused: %s", r.Kind, from, why)
	}
}

func (f *floor) incident(n uint32) *engine.IncidentView {
	f.t.Helper()
	v := f.e.View()
	i := slices.IndexFunc(v.Incidents, func(i engine.IncidentView) bool { return i.N == n })
	if i < 0 {
		f.t.Fatalf("no incident %d", n)
	}
	return &v.Incidents[i]
}

func (f *floor) kinds(to party.ID, kind record.Kind) []*record.Record {
	var list []*record.Record
	for _, r := range f.sent[to] {
		if r.Kind == kind {
			list = append(list, r)
		}
	}
	return list
}

// fly sends an aircraft's ADS-B for d, one position each two seconds, and a
// squawk where it has one.
func (f *floor) fly(icao modes.ICAO, from geo.Point, course geo.Degrees, squawk modes.Squawk, d time.Duration) geo.Point {
	f.t.Helper()
	const speed = 400 // kt
	seq := f.e.LastSeqs()["adsb"]
	pos := from
	for i, end := 0, f.now.Add(d); f.now.Before(end); i++ {
		f.now = f.now.Add(2 * time.Second)
		pos = geo.Direct(pos, course, geo.Metres(float64(geo.Knots(speed).MetresPerSecond())*2))
		p, v := modes.EncodeAirbornePosition(icao, pos, 9000, i%2 == 1), modes.EncodeVelocity(icao, speed, course, 0)
		frames := [][]byte{p[:], v[:]}
		if squawk != 0 {
			s := modes.EncodeSquawk(icao, squawk, 1)
			frames = append(frames, s[:])
		}
		for _, b := range frames {
			seq++
			f.step(&engine.Input{Frame: &frame.Frame{Source: "adsb", Seq: seq, Format: frame.ModeS, Received: f.now, Data: b}})
		}
		f.step(&engine.Input{Tick: &engine.Tick{}})
	}
	return pos
}

func TestPartnersWordsReachNoThirdParty(t *testing.T) {
	f := newFloor(t, openPolicy())
	// jp says everything that it can say, each text with a mark in it.
	inc := f.incidentFrom("jp", 1, event("QQRULE", f.now.Add(-2*time.Hour)))
	inc.Incident.Sector, inc.Incident.Outcome = "QQSECTOR", "QQOUTCOME"
	inc.Incident.Identity = &record.Identity{Standard: "suspect", Type: "QQTYPE"}
	inc.Incident.Tracks = []record.ID{theirID("jp", record.KindTrack, 7)}
	f.must("jp", inc)
	tr := f.from("jp", record.KindTrack, 7)
	tr.Track = &record.Track{
		Domain: "air", Cell: record.Cell{LatE5: 2450000, LonE5: 12250000, GridM: 5000}, Bin: record.Bin{Start: f.now, Width: time.Minute},
		Callsign: "QQCALL", Name: "QQNAME", Identity: &record.Identity{Standard: "suspect", Type: "QQTYPE"},
	}
	f.must("jp", tr)
	d := f.from("jp", record.KindDistress, 2)
	d.Distress = &record.Distress{LatDeg: 24.5, LonDeg: 122.5, Nature: "QQNATURE", Contact: "QQCONTACT"}
	f.must("jp", d)
	// Our people make both part of a case that cell is told of, and talk with
	// cell about it.
	own := f.do(engine.Command{Verb: "open", Text: "call"}).Incident
	f.pass(2 * time.Minute)
	f.do(engine.Command{Verb: "merge", Incident: own, From: 1})
	f.do(engine.Command{Verb: "merge", Incident: own, From: 2})
	f.do(engine.Command{Verb: "posture", Incident: own, Posture: "watching"})
	f.do(engine.Command{Verb: "propose", Incident: own, Partner: "cell", Lead: "cell"})
	dlg := f.from("jp", record.KindPosture, 1)
	dlg.Posture = &record.Posture{Incident: []record.Ref{{Originator: "jp", ID: inc.Object}}, Posture: "on-scene"}
	f.must("jp", dlg)
	f.pass(5 * time.Minute)
	f.do(engine.Command{Verb: "close", Incident: own, Outcome: "identified"})
	f.pass(5 * time.Minute)

	if len(f.kinds("cell", record.KindIncident)) == 0 || len(f.kinds("cell", record.KindPosture)) == 0 || len(f.kinds("cell", record.KindDialogue)) == 0 {
		t.Fatal("cell was told nothing: the test shows nothing")
	}
	if i := bytes.Index(f.raw["cell"], []byte("QQ")); i >= 0 {
		t.Errorf("cell got words of jp: %q", f.raw["cell"][i:min(i+20, len(f.raw["cell"]))])
	}
	for name, id := range map[string]record.ID{"incident": inc.Object, "track": tr.Object, "distress": d.Object, "record": inc.ID} {
		if bytes.Contains(f.raw["cell"], id[:]) {
			t.Errorf("cell got the id of jp's %s", name)
		}
	}
	for _, r := range f.kinds("cell", record.KindIncident) {
		b := r.Incident
		if b.Sector != "" || b.Domain != "" || b.Identity != nil || len(b.Events) != 1 || b.Opened.Start.Before(start) {
			t.Errorf("cell was told %+v, want one report of ours without place, domain and identity", b)
		}
	}
}

func TestPartnersDistressGoesBackToItAlone(t *testing.T) {
	f := newFloor(t, openPolicy())
	d := f.from("jp", record.KindDistress, 2)
	d.Distress = &record.Distress{LatDeg: 24.5, LonDeg: 122.5, Nature: "engine fire"}
	f.must("jp", d)
	f.pass(5 * time.Minute)
	if got := f.sent["cell"]; len(got) != 0 {
		t.Errorf("cell was told %d records of jp's distress case, want none: %+v", len(got), got[0].Incident)
	}
	if got := f.kinds("jp", record.KindIncident); len(got) != 1 {
		t.Errorf("jp was told %d times that we work on its case, want once", len(got))
	}
}

func TestIncidentOfPartnerAloneIsNeverReleased(t *testing.T) {
	f := newFloor(t, openPolicy())
	f.must("jp", f.incidentFrom("jp", 1, event("A06", f.now.Add(-time.Hour))))
	for _, c := range []engine.Command{
		{Verb: "acknowledge", Incident: 1},
		{Verb: "take", Incident: 1},
		{Verb: "log", Incident: 1, Text: "seen"},
		{Verb: "posture", Incident: 1, Posture: "going-to-look"},
	} {
		f.do(c)
	}
	f.pass(5 * time.Minute) // nobody leads: C01 would come
	f.do(engine.Command{Verb: "close", Incident: 1, Outcome: "identified"})
	f.do(engine.Command{Verb: "reopen", Incident: 1})
	f.pass(5 * time.Minute)
	if got := f.sent["cell"]; len(got) != 0 {
		t.Errorf("cell was told %d records, want none: %+v", len(got), got[0])
	}
	if got := append(f.kinds("jp", record.KindIncident), f.kinds("jp", record.KindLink)...); len(got) != 0 {
		t.Errorf("jp was told %d incidents and links, want none: %+v", len(got), got[0])
	}
	if got := f.kinds("jp", record.KindPosture); len(got) != 1 {
		t.Errorf("jp was told %d postures, want 1", len(got))
	}
}

func TestPartnersWordOpensNoRuleTowardsThirdParty(t *testing.T) {
	tests := map[string]struct{ where string }{
		"it handles a sector told by a partner":    {`zones = ["gap_c"]`},
		"it handles a domain told by a partner":    {`domain = "air"`},
		"it handles a beginning told by a partner": {`min_age = "2h"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFloor(t, policyHead+policyRule("some", `"cell"`, `"incident", "posture"`, tt.where)+policyRule("seen", both, `"incident"`, `zones = ["gap_n"]`))
			f.must("jp", f.incidentFrom("jp", 1, event("A06", f.now.Add(-3*time.Hour))))
			own := f.do(engine.Command{Verb: "open", Text: "call"}).Incident
			f.do(engine.Command{Verb: "merge", Incident: own, From: 1})
			f.pass(3 * time.Minute)
			if got := f.sent["cell"]; len(got) != 0 {
				t.Errorf("cell was told %+v, want nothing", got[0].Incident)
			}
		})
	}
}

func TestNothingOfOurPeopleLeaves(t *testing.T) {
	f := newFloor(t, openPolicy())
	lat, lon := 24.512345, 122.512345
	n := f.do(engine.Command{Verb: "open", Text: "WORDS of a fisherman", Domain: "air", Lat: &lat, Lon: &lon, Desk: "DESK"}).Incident
	f.pass(2 * time.Minute)
	for _, c := range []engine.Command{
		{Verb: "take", Incident: n},
		{Verb: "log", Incident: n, Text: "WORDS", Desk: "DESK"},
		{Verb: "posture", Incident: n, Posture: "watching"},
		{Verb: "propose", Incident: n, Partner: "jp", Lead: "jp"},
		{Verb: "close", Incident: n, Outcome: "other", Text: "WORDS of the end"},
	} {
		f.do(c)
		f.pass(2 * time.Minute)
	}
	if len(f.kinds("jp", record.KindIncident)) < 2 || len(f.kinds("jp", record.KindDialogue)) == 0 {
		t.Fatal("jp was told too little: the test shows nothing")
	}
	for _, word := range []string{"WANG", "WORDS", "DESK", "fisherman"} {
		if bytes.Contains(f.raw["jp"], []byte(word)) {
			t.Errorf("jp got %q", word)
		}
	}
}

func TestEndOfIncidentLeavesAfterItsTrackIsGone(t *testing.T) {
	f := newFloor(t, policyHead+policyRule("seen", both, `"incident"`, `source = ["adsb"]`))
	f.fly(0x780001, geo.Point{LatDeg: 24.6, LonDeg: 122.6}, 45, 0o7700, 3*time.Minute)
	if len(f.e.View().Incidents) == 0 {
		t.Fatal("the emergency opened no incident")
	}
	n := f.e.View().Incidents[0].N
	f.pass(2 * time.Minute)
	if len(f.kinds("jp", record.KindIncident)) == 0 {
		t.Fatal("jp was not told of the incident")
	}
	f.pass(40 * time.Minute)
	if tracks := f.e.View().Tracks; len(tracks) != 0 {
		t.Fatalf("track is still there: %+v", tracks)
	}
	f.do(engine.Command{Verb: "close", Incident: n, Outcome: "identified"})
	f.pass(3 * time.Minute)
	list := f.kinds("jp", record.KindIncident)
	if last := list[len(list)-1].Incident; last.State != "closed" {
		t.Errorf("jp was told last that the incident is %q, want closed", last.State)
	}
}

func TestTypeThatNoRecordHoldsIsRefused(t *testing.T) {
	f := newFloor(t, openPolicy())
	f.fly(0x780001, geo.Point{LatDeg: 24.6, LonDeg: 122.6}, 45, 0, time.Minute)
	n := f.e.View().Tracks[0].N
	for name, typ := range map[string]string{"it handles a long type": strings.Repeat("x", 201), "it handles lines": "a\nb"} {
		t.Run(name, func(t *testing.T) {
			if r := f.try(engine.Command{Verb: "identify", Track: n, Standard: "suspect", Type: typ}); r.Code == "" {
				t.Error("identify took a type that would keep every report of the track at home")
			}
		})
	}
}

func TestStopOutlastsTheLine(t *testing.T) {
	f := newFloor(t, openPolicy())
	f.do(engine.Command{Verb: "open", Text: "call", Domain: "air"})
	f.do(engine.Command{Verb: "stop", Partner: "jp"})
	for _, ev := range []engine.Event{
		{Kind: "link", Partner: "jp", State: "up"}, // was under way when the stop came
		{Kind: "link", Partner: "jp", State: "down"},
		{Kind: "pressure", Partner: "jp", State: "full"},
		{Kind: "pressure", Partner: "jp", State: "ok"},
	} {
		f.step(&engine.Input{Event: &ev})
	}
	f.pass(5 * time.Minute)
	if len(f.sent["jp"]) != 0 {
		t.Error("records left for jp after the stop")
	}
	if got := f.e.LinkStates()["jp"]; got != "stopped" {
		t.Errorf("link state %q, want stopped: a restart would open it", got)
	}
	f.do(engine.Command{Verb: "resume", Partner: "jp", Recall: &engine.RecallArgs{Pending: "release"}})
	f.step(&engine.Input{Event: &engine.Event{Kind: "link", Partner: "jp", State: "up"}})
	f.pass(2 * time.Minute)
	if len(f.sent["jp"]) == 0 || f.e.LinkStates()["jp"] != "up" {
		t.Error("nothing left after resume")
	}
}

func TestReferenceRestsOnWhatBothKnow(t *testing.T) {
	tests := map[string]struct {
		policy string
		ours   bool
	}{
		"it handles a link statement that leaves":  {policyHead + policyRule("all", `"zz"`, `"incident", "link"`, ""), true},
		"it handles a link statement that is kept": {policyHead + policyRule("inc", `"zz"`, `"incident"`, ""), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFloorOf(t, tt.policy, "zz") // the reference follows from the lowest id: ours
			r := f.incidentFrom("zz", 1, event("A06", f.now))
			f.must("zz", r)
			own := f.do(engine.Command{Verb: "open", Text: "call"}).Incident
			f.do(engine.Command{Verb: "merge", Incident: own, From: 1})
			f.pass(time.Minute)
			refs := []record.Ref{{Originator: "zz", ID: r.Object}}
			if tt.ours {
				refs = append(refs, record.Ref{Originator: "tw", ID: idOf("zz", record.KindIncident, uint64(own))})
			}
			var got string
			for _, ref := range f.incident(own).References {
				if ref.Party == "zz" {
					got = ref.Ref
				}
			}
			if want := incident.Reference(refs); got != want {
				t.Errorf("spoken reference %q, want %q, as the partner says", got, want)
			}
			if got := len(f.kinds("zz", record.KindLink)) > 0; got != tt.ours {
				t.Errorf("link statement left: %v, want %v", got, tt.ours)
			}
		})
	}
}

func TestOurOwnPlaceIsToldOverThePartners(t *testing.T) {
	f := newFloor(t, openPolicy())
	f.must("jp", f.incidentFrom("jp", 1, event("A06", f.now)))
	lat, lon := 25.8, 123.2
	own := f.do(engine.Command{Verb: "open", Text: "call", Domain: "sea", Lat: &lat, Lon: &lon}).Incident
	want := f.incident(own).Sector
	if want == "" || want == f.incident(1).Sector {
		t.Fatalf("our sector is %q, the partner's %q: the test shows nothing", want, f.incident(1).Sector)
	}
	f.do(engine.Command{Verb: "merge", Incident: 1, From: own})
	f.pass(2 * time.Minute)
	for _, r := range f.kinds("cell", record.KindIncident) {
		if r.Object == idOf("cell", record.KindIncident, 1) && (r.Incident.Sector != want || r.Incident.Domain != "sea") {
			t.Errorf("cell was told sector %q and domain %q, want %q and sea, ours", r.Incident.Sector, r.Incident.Domain, want)
		}
	}
	if got := f.incident(1); got.Sector != want {
		t.Errorf("sector %q, want %q: our own evidence says more than a partner's word", got.Sector, want)
	}
}

// flyTogether flies an aircraft for twelve minutes that jp reports as its
// object n as well.
func (f *floor) flyTogether(icao modes.ICAO, n uint64, squawk modes.Squawk) {
	f.t.Helper()
	pos, address := geo.Point{LatDeg: 25.2, LonDeg: 123.2}, uint32(icao)
	for range 12 {
		pos = f.fly(icao, pos, 45, squawk, time.Minute)
		r := f.from("jp", record.KindTrack, n)
		r.Track = &record.Track{
			Domain: "air", Bin: record.Bin{Start: f.now.Add(-30 * time.Second), Width: 30 * time.Second}, Address: &address,
			Cell: record.Cell{LatE5: int32(pos.LatDeg * 1e5), LonE5: int32(pos.LonDeg * 1e5), GridM: 5000},
		}
		f.must("jp", r)
	}
}

func TestThirdPartyDoesNotSeeThatAPartnerKnewBefore(t *testing.T) {
	f := newFloor(t, openPolicy())
	inc := f.incidentFrom("jp", 1)
	inc.Incident.Tracks = []record.ID{theirID("jp", record.KindTrack, 7)}
	f.must("jp", inc)
	f.flyTogether(0x780001, 7, 0o7700)
	f.pass(3 * time.Minute)
	if f.incident(1).Outcome != "merged" && f.incident(2).Outcome != "merged" {
		t.Fatal("the two incidents did not merge: the test shows nothing")
	}
	list := f.kinds("cell", record.KindIncident)
	if len(list) == 0 {
		t.Fatal("cell was told nothing")
	}
	for _, r := range list {
		if r.Incident.State != "open" || r.Object != list[0].Object {
			t.Errorf("cell was told that ours became part of an older one: %+v", r.Incident)
		}
	}
}

func TestTrackThatAPartnerJoinedIsNotTold(t *testing.T) {
	f := newFloor(t, openPolicy())
	inc := f.incidentFrom("jp", 1)
	inc.Incident.Tracks = []record.ID{theirID("jp", record.KindTrack, 7)}
	f.must("jp", inc)
	f.flyTogether(0x780001, 7, 0)
	if len(f.incident(1).Tracks) != 1 {
		t.Fatal("our track did not join jp's incident: the test shows nothing")
	}
	own := f.do(engine.Command{Verb: "open", Text: "call", Domain: "air"}).Incident
	f.do(engine.Command{Verb: "merge", Incident: own, From: 1})
	f.pass(3 * time.Minute)
	list := f.kinds("cell", record.KindIncident)
	if len(list) == 0 {
		t.Fatal("cell was told nothing")
	}
	for _, r := range list {
		if len(r.Incident.Tracks) != 0 || r.Incident.Count != nil {
			t.Errorf("cell was told of the track that jp's incident brought: %+v", r.Incident)
		}
	}
}

func TestObjectHeldByBothIsToldToNobody(t *testing.T) {
	f := newFloor(t, openPolicy())
	f.flyTogether(0x780001, 7, 0)
	f.pass(3 * time.Minute)
	held := false
	for _, inc := range f.e.View().Incidents {
		for _, ev := range inc.Events {
			held = held || ev.Rule == "A17"
		}
	}
	if !held {
		t.Fatal("no A17: the test shows nothing")
	}
	for to, list := range f.sent {
		for _, r := range list {
			if r.Incident == nil {
				continue
			}
			for _, ev := range r.Incident.Events {
				if ev.Rule == "A17" {
					t.Errorf("%s was told that jp holds the object as well", to)
				}
			}
		}
	}
}
