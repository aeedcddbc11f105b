// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// forge encodes a record without the checks that ours pass.
func forge(t testing.TB, r *record.Record) []byte {
	t.Helper()
	enc, err := cbor.EncOptions{Sort: cbor.SortCoreDeterministic, Time: cbor.TimeUnixMicro}.EncMode()
	if err != nil {
		t.Fatal(err)
	}
	b, err := enc.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (f *floor) trackFrom(p party.ID, n uint64, bin time.Time) *record.Record {
	r := f.from(p, record.KindTrack, n)
	r.Track = &record.Track{
		Domain: "air", Cell: record.Cell{LatE5: 2450000, LonE5: 12250000, GridM: 5000}, Bin: record.Bin{Start: bin, Width: time.Minute},
	}
	return r
}

func (f *floor) postureFrom(p party.ID, refs ...record.Ref) *record.Record {
	r := f.from(p, record.KindPosture, f.seq)
	r.Posture = &record.Posture{Incident: refs, Posture: "on-scene"}
	return r
}

func (f *floor) linkFrom(p party.ID, ours, theirs record.ID, apart bool) *record.Record {
	r := f.from(p, record.KindLink, f.seq)
	r.Link = &record.Link{Ours: ours, Theirs: theirs, Apart: apart}
	return r
}

func TestNoRecordBreaksPictureOrSnapshot(t *testing.T) {
	far := map[string]time.Time{
		"year 36812":  time.Unix(1<<40, 0),
		"before 0":    time.Unix(-1<<40, 0),
		"year 2199":   time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC),
		"in two days": start.Add(48 * time.Hour),
	}
	for name, at := range far {
		t.Run("it handles "+name, func(t *testing.T) {
			f := newFloor(t, openPolicy())
			list := []*record.Record{f.incidentFrom("jp", 1), f.incidentFrom("jp", 2, event("A06", at)), f.trackFrom("jp", 3, at), f.from("jp", record.KindDistress, 4)}
			list[0].Incident.Opened.Start = at
			list[3].Distress = &record.Distress{LatDeg: 24.5, LonDeg: 122.5, Nature: "x"}
			list[3].Time = at
			for _, r := range list {
				if why := f.takeBytes("jp", r.Kind.Lane(), forge(t, r)); why == "" {
					t.Errorf("%s of %s was taken", r.Kind, name)
				}
			}
			f.pass(time.Minute)
			if _, err := f.e.Snapshot(); err != nil {
				t.Errorf("Snapshot: %v", err)
			}
			if _, err := json.Marshal(f.e.View()); err != nil {
				t.Errorf("picture: %v", err)
			}
			if got := f.e.View().Links[1].Refused; got != 4 {
				t.Errorf("%d refusals are shown, want 4", got)
			}
		})
	}
}

func TestPictureDoesNotDependOnTheMachinesZone(t *testing.T) {
	local := time.Local
	defer func() { time.Local = local }()
	picture := func(zone *time.Location) []byte {
		time.Local = zone
		f := newFloor(t, openPolicy())
		f.must("jp", f.incidentFrom("jp", 1, event("A06", f.now)))
		f.must("jp", f.trackFrom("jp", 3, f.now))
		b, err := f.e.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		// The same update again after a restart brings nothing new.
		r, err := engine.Restore("tw", idOf, b)
		if err != nil {
			t.Fatal(err)
		}
		f.e = r
		f.must("jp", f.incidentFrom("jp", 1, event("A06", f.now)))
		if got := len(f.incident(1).Events); got != 2 {
			t.Errorf("%d events after a restart in %s, want 2: opened and A06", got, zone)
		}
		return b
	}
	utc, taipei := picture(time.UTC), picture(time.FixedZone("CST", 8*3600))
	if !bytes.Equal(utc, taipei) {
		t.Error("snapshots of two time zones differ")
	}
}

func TestPartnerHasOnlyItsShareOfTheBook(t *testing.T) {
	tests := map[string]func(f *floor, i uint64){
		"it handles incidents": func(f *floor, i uint64) { f.take("jp", f.incidentFrom("jp", i)) },
		"it handles incidents about one object": func(f *floor, i uint64) {
			r := f.incidentFrom("jp", i)
			r.Incident.Tracks = []record.ID{theirID("jp", record.KindTrack, 1)}
			f.take("jp", r)
		},
		"it handles incidents that end at once": func(f *floor, i uint64) {
			f.take("jp", f.incidentFrom("jp", i))
			r := f.incidentFrom("jp", i)
			r.Incident.State, r.Incident.Outcome = "closed", "merged"
			f.take("jp", r)
		},
		"it handles new events without end": func(f *floor, i uint64) {
			f.take("jp", f.incidentFrom("jp", 1, event(fmt.Sprint("R", i), f.now)))
		},
		"it handles incidents about one object with many events": func(f *floor, i uint64) {
			var list []record.Event
			for j := range 60 {
				list = append(list, event(fmt.Sprint("R", i, ".", j), f.now))
			}
			r := f.incidentFrom("jp", i, list...)
			r.Incident.Tracks = []record.ID{theirID("jp", record.KindTrack, 1)}
			f.take("jp", r)
		},
		"it handles postures without end": func(f *floor, i uint64) {
			if i == 1 {
				f.must("jp", f.incidentFrom("jp", 1))
			}
			f.take("jp", f.postureFrom("jp", record.Ref{Originator: "jp", ID: theirID("jp", record.KindIncident, 1)}))
		},
		"it handles links to one of ours": func(f *floor, i uint64) {
			f.take("jp", f.linkFrom("jp", theirID("jp", record.KindIncident, i+10), idOf("jp", record.KindIncident, 1), false))
		},
		"it handles links said and taken back": func(f *floor, i uint64) {
			theirs := theirID("jp", record.KindIncident, i+10)
			f.take("jp", f.linkFrom("jp", theirs, idOf("jp", record.KindIncident, 1), false))
			f.take("jp", f.incidentFrom("jp", i+10))
			f.take("jp", f.linkFrom("jp", theirs, idOf("jp", record.KindIncident, 1), true))
		},
		"it handles distress without end": func(f *floor, i uint64) {
			r := f.from("jp", record.KindDistress, i)
			r.Distress = &record.Distress{LatDeg: 24.5, LonDeg: 122.5, Nature: "x"}
			f.take("jp", r)
		},
	}
	for name, flood := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFloor(t, openPolicy())
			f.do(engine.Command{Verb: "open", Text: "ours"})
			for i := uint64(1); i <= 1500; i++ {
				flood(f, i)
			}
			f.pass(10 * time.Second)
			b, err := f.e.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			if len(b) > 4<<20 {
				t.Errorf("state has %d octets after a flood", len(b))
			}
			var kept struct {
				State struct {
					Book struct {
						Incidents []json.RawMessage `json:"incidents"`
					} `json:"book"`
				} `json:"state"`
			}
			if err := json.Unmarshal(b, &kept); err != nil {
				t.Fatal(err)
			}
			if n := len(kept.State.Book.Incidents); n > 1100 {
				t.Errorf("%d incidents are kept after a flood", n)
			}
			v := f.e.View()
			open, parts, events := 0, 0, 0
			for _, inc := range v.Incidents {
				if inc.State == "open" {
					open++
				}
				parts += len(inc.Partners)
				events = max(events, len(inc.Events))
			}
			if open > 300 || parts > 300+200 || events > 1100 || len(v.Alarms) > 250 {
				t.Errorf("after a flood: %d open incidents, %d parts, %d events in one, %d alarms", open, parts, events, len(v.Alarms))
			}
			if v.Links[1].Refused == 0 && name != "it handles incidents that end at once" {
				t.Error("nothing was refused and counted")
			}
			// The other partner is not pressed out.
			if why := f.take("cell", f.incidentFrom("cell", 1)); why != "" {
				t.Errorf("cell's incident is refused after jp's flood: %s", why)
			}
		})
	}
}

func TestFloodOfLinksLeavesUsAbleToAnswer(t *testing.T) {
	f := newFloor(t, openPolicy())
	own := f.do(engine.Command{Verb: "open", Text: "ours"}).Incident
	f.pass(2 * time.Minute)
	for i := range uint64(200) {
		f.take("jp", f.linkFrom("jp", theirID("jp", record.KindIncident, i+10), idOf("jp", record.KindIncident, uint64(own)), false))
	}
	f.do(engine.Command{Verb: "propose", Incident: own, Partner: "jp", Lead: "jp"})
	if len(f.kinds("jp", record.KindDialogue)) == 0 {
		t.Error("our proposal did not leave")
	}
}

func TestPartnerSpeaksOnlyOfItsOwnCases(t *testing.T) {
	f := newFloor(t, openPolicy())
	f.must("jp", f.incidentFrom("jp", 1))
	own := f.do(engine.Command{Verb: "open", Text: "ours"}).Incident
	refs := map[string]record.Ref{
		"it handles a third party's id":                  {Originator: "jp", ID: theirID("jp", record.KindIncident, 1)},
		"it handles a third party's id as its own":       {Originator: "cell", ID: theirID("jp", record.KindIncident, 1)},
		"it handles our id as a third party knows it":    {Originator: "tw", ID: idOf("jp", record.KindIncident, uint64(own))},
		"it handles an id of nothing":                    {Originator: "tw", ID: record.ID{1}},
		"it handles our incident that we never numbered": {Originator: "tw", ID: idOf("cell", record.KindIncident, 99)},
	}
	for name, ref := range refs {
		t.Run(name, func(t *testing.T) {
			before, err := json.Marshal(f.e.View().Incidents)
			if err != nil {
				t.Fatal(err)
			}
			if why := f.take("cell", f.postureFrom("cell", ref)); why != "no-incident" {
				t.Errorf("posture: %q, want no-incident", why)
			}
			d := f.from("cell", record.KindDialogue, 9)
			d.Dialogue = &record.Dialogue{Incident: []record.Ref{ref}, Step: "propose", Epoch: 1, Lead: "cell", Giver: "tw"}
			if why := f.take("cell", d); why != "no-incident" {
				t.Errorf("dialogue: %q, want no-incident", why)
			}
			if why := f.take("cell", f.linkFrom("cell", theirID("cell", record.KindIncident, 5), ref.ID, false)); why != "no-incident" {
				t.Errorf("link: %q, want no-incident", why)
			}
			after, err := json.Marshal(f.e.View().Incidents)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(before, after) {
				t.Error("the incidents changed")
			}
		})
	}
}

func TestForgedEnvelopesAreRefused(t *testing.T) {
	f := newFloor(t, openPolicy())
	r := f.incidentFrom("jp", 1)
	b := forge(t, r)
	tests := map[string]struct {
		from party.ID
		lane record.Lane
		body []byte
		want string
	}{
		"it handles another's originator": {"cell", record.LaneRecord, b, "originator"},
		"it handles the wrong lane":       {"jp", record.LaneState, b, "kind"},
		"it handles rubbish":              {"jp", record.LaneRecord, []byte{0xff, 0x00}, "malformed"},
		"it handles nothing":              {"jp", record.LaneRecord, []byte{}, "malformed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := f.takeBytes(tt.from, tt.lane, tt.body); got != tt.want {
				t.Errorf("refused as %q, want %q", got, tt.want)
			}
		})
	}
	if n := len(f.e.View().Incidents); n != 0 {
		t.Errorf("%d incidents opened, want none", n)
	}
}

func TestExerciseAndLiveNeverMix(t *testing.T) {
	for _, exercise := range []bool{false, true} {
		t.Run(fmt.Sprintf("it handles an incident whose exercise mark is %v", exercise), func(t *testing.T) {
			f := newFloor(t, openPolicy())
			inc := f.incidentFrom("jp", 1)
			inc.Exercise = exercise
			f.must("jp", inc)
			own := f.do(engine.Command{Verb: "open", Text: "ours", Exercise: exercise}).Incident
			tr := f.trackFrom("jp", 2, f.now)
			tr.Exercise = exercise
			f.must("jp", tr)
			ref := record.Ref{Originator: "jp", ID: inc.Object}
			d := f.from("jp", record.KindDialogue, 3)
			d.Dialogue = &record.Dialogue{Incident: []record.Ref{ref}, Step: "propose", Epoch: 1, Lead: "jp", Giver: "tw"}
			for _, r := range []*record.Record{
				f.trackFrom("jp", 2, f.now.Add(time.Minute)), f.incidentFrom("jp", 1), f.postureFrom("jp", ref), d,
				f.linkFrom("jp", inc.Object, idOf("jp", record.KindIncident, uint64(own)), false),
			} {
				r.Exercise = !exercise
				if why := f.take("jp", r); why == "" {
					t.Errorf("%s with the other mark was taken", r.Kind)
				}
			}
			for _, pt := range f.e.View().PartnerTracks {
				if pt.Exercise != exercise {
					t.Error("the track turned")
				}
			}
			if got := f.incident(1); len(got.Postures) != 0 || got.Lead.State != "none" {
				t.Errorf("posture %v and lead %v were taken", got.Postures, got.Lead)
			}
		})
	}
}

func TestOldReportDoesNotChangeTheLabel(t *testing.T) {
	f := newFloor(t, openPolicy())
	strict := f.trackFrom("jp", 2, f.now)
	strict.Label.Classification = "STRICT"
	f.must("jp", strict)
	old := f.trackFrom("jp", 2, f.now.Add(-time.Hour))
	old.Label.Classification = "LOOSE"
	f.take("jp", old)
	f.pass(10 * time.Second)
	if got := f.e.View().PartnerTracks[0].Label.Classification; got != "STRICT" {
		t.Errorf("label %q on the newer report, want its own", got)
	}
}

func TestLeadOutlivesTheMachinesMerger(t *testing.T) {
	f := newFloor(t, openPolicy())
	inc := f.incidentFrom("jp", 1)
	f.must("jp", inc)
	own := f.do(engine.Command{Verb: "open", Text: "ours"}).Incident
	f.do(engine.Command{Verb: "take", Incident: 1})
	f.do(engine.Command{Verb: "posture", Incident: 1, Posture: "watching"})
	f.must("jp", f.linkFrom("jp", inc.Object, idOf("jp", record.KindIncident, uint64(own)), false))
	if got := f.incident(1); got.Outcome != "merged" {
		t.Fatalf("jp's link did not merge the two: %+v", got)
	}
	if got := f.incident(own); got.Lead.Holder != "tw" || len(got.Postures) != 1 {
		t.Errorf("after the merger: lead %+v, postures %v; want tw and its posture", got.Lead, got.Postures)
	}
	// What the partner says of the one that was merged is said of the other.
	f.must("jp", f.postureFrom("jp", record.Ref{Originator: "tw", ID: idOf("jp", record.KindIncident, 1)}))
	if got := f.incident(own); len(got.Postures) != 2 {
		t.Errorf("postures %v, want jp's as well", got.Postures)
	}
}

func TestLeadOutlivesTheMergerOfOneObject(t *testing.T) {
	f := newFloor(t, openPolicy())
	inc := f.incidentFrom("jp", 1)
	inc.Incident.Tracks = []record.ID{theirID("jp", record.KindTrack, 7)}
	f.must("jp", inc)
	pos, address := geo.Point{LatDeg: 25.2, LonDeg: 123.2}, uint32(0x780001)
	for i := range 12 {
		pos = f.fly(0x780001, pos, 45, 0o7700, time.Minute)
		if i == 0 {
			f.do(engine.Command{Verb: "take", Incident: 1})
			f.do(engine.Command{Verb: "identify", Track: f.e.View().Tracks[0].N, Standard: "suspect"})
		}
		r := f.trackFrom("jp", 7, f.now.Add(-30*time.Second))
		r.Track.Address, r.Track.Bin.Width = &address, 30*time.Second
		r.Track.Cell = record.Cell{LatE5: int32(pos.LatDeg * 1e5), LonE5: int32(pos.LonDeg * 1e5), GridM: 5000}
		f.must("jp", r)
	}
	if got := f.incident(1); got.Outcome != "merged" {
		t.Fatalf("two incidents of one object stay apart: %+v", got)
	}
	got := f.incident(2)
	if got.Lead.Holder != "tw" || len(got.Identities) == 0 || got.Identities[0].By != "WANG" {
		t.Errorf("after the merger: lead %+v, identities %+v; want tw's, and a person's", got.Lead, got.Identities)
	}
}

func TestForgottenIncidentsLeaveNothingBehind(t *testing.T) {
	f := newFloor(t, openPolicy())
	f.fly(0x780001, geo.Point{LatDeg: 24.6, LonDeg: 122.6}, 45, 0o7700, time.Minute)
	f.do(engine.Command{Verb: "close", Incident: 1, Outcome: "identified"})
	f.now = f.now.Add(31 * 24 * time.Hour)
	f.pass(time.Minute)
	b, err := f.e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		State struct {
			Identities map[string]any `json:"identities"`
			Sensors    map[string]any `json:"sensors"`
		} `json:"state"`
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	if len(f.e.View().Incidents) != 0 || len(s.State.Identities) != 0 || len(s.State.Sensors) != 0 {
		t.Errorf("%d incidents, identities %v and sensors %v are kept", len(f.e.View().Incidents), s.State.Identities, s.State.Sensors)
	}
}

func TestWhoIsNoPartnerAnyMoreIsNotHeard(t *testing.T) {
	f := newFloor(t, openPolicy())
	f.must("jp", f.trackFrom("jp", 1, f.now))
	f.must("cell", f.trackFrom("cell", 1, f.now))
	f.cfg.Partners = []party.ID{"cell"}
	if out := f.step(&engine.Input{Config: f.cfg}); out.Reply.Code != "" {
		t.Fatalf("Config refused: %+v", out)
	}
	f.take("jp", f.incidentFrom("jp", 2))
	f.do(engine.Command{Verb: "open", Text: "ours"})
	f.pass(2 * time.Minute)
	v := f.e.View()
	if len(v.PartnerTracks) != 1 || v.PartnerTracks[0].Party != "cell" || len(v.Incidents) != 1 || len(v.Links) != 1 {
		t.Errorf("the picture holds %d partner tracks, %d incidents, %d links; want cell's track and link and our incident", len(v.PartnerTracks), len(v.Incidents), len(v.Links))
	}
	if len(f.sent["jp"]) != 0 {
		t.Error("a record left for jp")
	}
}

func TestRepeatedRecordChangesNothing(t *testing.T) {
	f := newFloor(t, openPolicy())
	r := f.incidentFrom("jp", 1, event("A06", f.now))
	f.must("jp", r)
	f.do(engine.Command{Verb: "acknowledge", Incident: 1})
	before := len(f.incident(1).Events)
	for range 10 {
		f.take("jp", r)
	}
	if got := f.incident(1); len(got.Events) != before || got.Alarm != "acknowledged" {
		t.Errorf("a repeated record made %d events and alarm %q, want %d and acknowledged", len(got.Events), got.Alarm, before)
	}
}
