// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
)

// everything lets a party tell both others everything, with an onward mark for
// all: even so nothing is passed on.
func everything(self party.ID, others ...party.ID) string {
	var said, to []string
	for _, k := range release.RuleKinds() {
		if k != record.KindTrack && k != record.KindIncident && k != record.KindFacility {
			said = append(said, fmt.Sprintf("%q", k.String()))
		}
	}
	for _, o := range others {
		to = append(to, fmt.Sprintf("%q", o))
	}
	list := strings.Join(to, ", ")
	text := policyHead + policyRule("picture", list, `"track", "incident", "facility"`, "") + "onward = [" + list + "]\n" +
		fmt.Sprintf("[[rule]]\nid = \"said\"\neffect = \"allow\"\nto = [%s]\nkinds = [%s]\n[rule.then]\ndelay = \"0s\"\nonward = [%s]\n", list, strings.Join(said, ", "), list)
	return strings.Replace(text, `party = "tw"`, fmt.Sprintf("party = %q", self), 1)
}

// partyEngine is one of three.
type partyEngine struct {
	id   party.ID
	e    *engine.Engine
	n    uint64
	seqs map[party.ID]map[record.Lane]uint64
	raw  map[party.ID][]byte
	said map[party.ID][][]byte
}

// three are engines of tw, jp and cell that are all linked with each other.
type three struct {
	t   *testing.T
	all map[party.ID]*partyEngine
	now time.Time
}

var threeParties = []party.ID{"cell", "jp", "tw"}

func newThree(t *testing.T) *three {
	t.Helper()
	w := &three{t: t, all: make(map[party.ID]*partyEngine), now: start}
	for _, id := range threeParties {
		own := func(to party.ID, kind record.Kind, number uint64) record.ID { // each under its own secret
			x := idOf(to, kind, number)
			x[6] ^= id[0]
			return x
		}
		p := &partyEngine{id: id, e: engine.New(id, own), seqs: make(map[party.ID]map[record.Lane]uint64), raw: make(map[party.ID][]byte), said: make(map[party.ID][][]byte)}
		w.all[id] = p
		others := slices.DeleteFunc(slices.Clone(threeParties), func(o party.ID) bool { return o == id })
		cfg := config(t)
		cfg.Partners = others
		cfg.Policy = &engine.Text{Name: "p", Data: []byte(everything(id, others...))}
		if out := w.step(p, &engine.Input{Config: cfg}); out.Reply.Code != "" {
			t.Fatalf("%s: %+v", id, out)
		}
	}
	return w
}

// step steps one engine and delivers what leaves it.
func (w *three) step(p *partyEngine, in *engine.Input) engine.Outputs {
	w.t.Helper()
	p.n++
	in.At = w.now
	out := p.e.Step(p.n, in)
	for _, s := range out.Sealed {
		p.raw[s.To()] = append(p.raw[s.To()], s.Plain()...)
		p.said[s.To()] = append(p.said[s.To()], s.Plain())
		w.deliver(p.id, s.To(), s.Lane(), s.Plain())
	}
	return out
}

func (w *three) deliver(from, to party.ID, lane record.Lane, b []byte) {
	w.t.Helper()
	p := w.all[to]
	if p.seqs[from] == nil {
		p.seqs[from] = make(map[record.Lane]uint64)
	}
	p.seqs[from][lane]++
	w.step(p, &engine.Input{Partner: &engine.Partner{From: from, Lane: lane, Seq: p.seqs[from][lane], Body: b}})
}

func (w *three) pass(d time.Duration) {
	for end := w.now.Add(d); w.now.Before(end); {
		w.now = w.now.Add(10 * time.Second)
		for _, id := range threeParties {
			w.step(w.all[id], &engine.Input{Tick: &engine.Tick{}})
		}
	}
}

func (w *three) do(id party.ID, c engine.Command) engine.Reply {
	w.t.Helper()
	c.By, c.Role = "WANG", engine.Supervisor
	out := w.step(w.all[id], &engine.Input{Command: &c})
	if out.Reply.Code != "" {
		w.t.Fatalf("%s at %s: %+v", c.Verb, id, out.Reply)
	}
	return out.Reply
}

// marked is a record of jp to tw of each kind, with a mark in every text and in
// every place that no sensor of tw could give.
func marked(k record.Kind, now time.Time, tw record.Ref) record.Record {
	bin, ref := record.Bin{Start: now, Width: time.Minute}, record.Ref{Originator: "jp", ID: theirID("jp", record.KindIncident, 1)}
	refs := []record.Ref{tw, ref}
	cell := record.Cell{LatE5: 24_51717, LonE5: 122_51717, GridM: 5000}
	corner := record.Corner{LatE5: 24_51717, LonE5: 122_51717}
	area := record.Area{Centre: &corner, RadiusM: 9260}
	freq, persons := uint32(123_717), uint16(7)
	var r record.Record
	switch k {
	case record.KindTrack:
		r.Track = &record.Track{Domain: "air", Cell: cell, Bin: bin, Callsign: "QQCALL", Name: "QQNAME", Identity: &record.Identity{Standard: "suspect", Type: "QQTYPE"}, Near: &record.Near{Place: "QQPLACE"}}
	case record.KindIncident:
		r.Incident = &record.Incident{State: "open", Outcome: "QQOUT", Opened: bin, Sector: "QQSECTOR", Domain: "air", Events: []record.Event{{Rule: "QQRULE", Zone: "QQZONE", Bin: bin}}, Identity: &record.Identity{Standard: "suspect", Type: "QQTYPE"}, Tracks: []record.ID{theirID("jp", record.KindTrack, 1)}, Near: &record.Near{Place: "QQPLACE"}}
	case record.KindLink:
		r.Link = &record.Link{Ours: ref.ID, Theirs: tw.ID}
	case record.KindDialogue:
		r.Dialogue = &record.Dialogue{Incident: refs, Step: "propose", Epoch: 1, Lead: "jp", Giver: "tw", Reason: "QQREASON"}
	case record.KindPosture:
		r.Posture = &record.Posture{Incident: refs, Posture: "on-scene"}
	case record.KindDistress:
		r.Distress = &record.Distress{LatDeg: 24.51717, LonDeg: 122.51717, Nature: "QQNATURE", Contact: "QQCONTACT", Persons: &persons}
	case record.KindActivity:
		r.Activity = &record.Activity{State: "planned", Kind: "coast-guard-patrol", Domain: "air", From: now, To: now.Add(time.Hour), Area: area, Height: &record.Block{BaseFt: 1000, TopFt: 3000}, Count: 2, ContactKHz: &freq}
	case record.KindSearchArea:
		r.SearchArea = &record.SearchArea{Incident: refs, State: "active", Object: "fishing-vessel", Datum: corner, DatumAt: now, DatumErrorM: 1852, Area: &area, Pattern: "expanding-square", Coordinator: "jp", CoordinateOn: &freq}
	case record.KindMessage:
		r.Message = &record.Message{To: "tw", Precedence: "routine", Incident: []record.Ref{tw}, Text: "QQTEXT"}
	case record.KindMessageState:
		r.MessageState = &record.MessageState{Message: tw, State: "read", Desk: "air"}
	case record.KindHotline:
		r.Hotline = &record.Hotline{Step: "request", Asked: now}
	case record.KindSupport:
		r.Support = &record.Support{Request: record.Ref{Originator: "jp", ID: record.ID{9}}, Step: "request", Rev: 1, Ask: &record.SupportAsk{Situation: "disaster", Category: "fuel", Unit: "litre", Amount: 71_717, From: now, Until: now.Add(time.Hour), Place: "QQPLACE", Note: "QQNOTE", Settlement: "pay"}, Match: &record.SupportMatch{Agreement: "ag-1", Clause: "a4", Text: "00ff"}}
	case record.KindFacility:
		r.Facility = &record.Facility{Kind: "port", Name: "QQPORT", Cell: &cell, Contact: "QQCONTACT"}
	case record.KindPlan:
		r.Plan = &record.Plan{Act: record.PlanDeclare, Number: 1, Preamble: record.PlanPreamble, Comment: "QQCOMMENT", Parts: []record.PlanPart{{Name: "sectors", Digest: record.Digest{0xE7, 0xE7, 0x71, 0x71}}}}
	case record.KindRecall:
		r.Recall = &record.Recall{Records: []record.ID{{0xE7, 0xE7, 0x71, 8}}}
	case record.KindRecallReceipt:
		r.RecallReceipt = &record.RecallReceipt{Recall: record.ID{0xE7, 0xE7, 0x71, 9}, Gone: []record.ID{{0xE7, 0xE7, 0x71, 8}}}
	}
	return r
}

// TestWhatOnePartySaysReachesNoOther has jp say a record of every kind to tw,
// each carrying an onward mark for all. Nothing of it may be in what tw tells
// cell, nor in what tw tells jp itself, though tw talks with both about the same
// case; and each item that anybody holds is marked with its originator.
func TestWhatOnePartySaysReachesNoOther(t *testing.T) {
	w := newThree(t)
	tw := w.all["tw"]
	n := w.do("tw", engine.Command{Verb: "open", Domain: "air", Text: "own report"}).Incident
	w.pass(3 * time.Minute)
	own := record.Ref{Originator: "tw", ID: findTold(t, tw.said["jp"], record.KindIncident)}
	taken := make(map[string]int)
	for i, k := range record.Kinds() {
		r := marked(k, w.now, own)
		r.Envelope = record.Envelope{
			Version: record.Protocol, Kind: k, ID: record.ID{0xE7, 0xE7, byte(i + 1)}, Object: theirID("jp", k, 1), Epoch: 1, Originator: "jp",
			Label: record.Label{Policy: "QQPOLICY", Classification: "QQCLASS", Purpose: "QQPURPOSE", Retention: time.Hour}, Time: w.now,
			Onward: []party.ID{"cell", "jp", "tw"},
		}
		b, err := record.Encode(&r)
		if err != nil {
			t.Fatalf("no good record of kind %s to send: add it to marked: %v", k, err)
		}
		before := tw.e.View()
		w.deliver("jp", "tw", k.Lane(), b)
		if after := tw.e.View(); refusedOf(after, "jp") == refusedOf(before, "jp") {
			taken[k.String()]++
		}
		w.pass(20 * time.Second)
	}
	for _, k := range []string{"track", "incident", "link", "dialogue", "posture", "distress"} {
		if taken[k] == 0 {
			t.Errorf("tw did not take jp's %s: nothing is shown", k)
		}
	}
	// tw's people work the cases and talk with both.
	for _, inc := range tw.e.View().Incidents {
		if inc.State == "open" && inc.N != n {
			w.do("tw", engine.Command{Verb: "merge", Incident: n, From: inc.N})
		}
	}
	w.do("tw", engine.Command{Verb: "posture", Incident: n, Posture: "watching"})
	w.pass(5 * time.Minute)
	w.do("tw", engine.Command{Verb: "close", Incident: n, Outcome: "identified"})
	w.pass(5 * time.Minute)
	t.Logf("taken of jp: %v", taken)

	for _, to := range []party.ID{"cell", "jp"} {
		if len(tw.said[to]) < 3 {
			t.Fatalf("tw told %s only %d records", to, len(tw.said[to]))
		}
		for what, secret := range map[string][]byte{
			"a word": []byte("QQ"), "a record's id": {0xE7, 0xE7}, "its place": {0x1a, 0x00, 0x25, 0x68, 0xe5},
		} {
			if i := bytes.Index(tw.raw[to], secret); i >= 0 && !(to == "jp" && what == "a record's id" && receiptOnly(tw.said[to], secret)) {
				t.Errorf("tw told %s %s of jp: %q", to, what, tw.raw[to][max(0, i-20):min(i+20, len(tw.raw[to]))])
			}
		}
		for _, b := range tw.said[to] {
			r, err := record.Decode(b)
			if err != nil || r.Originator != "tw" {
				t.Errorf("tw told %s a record of %q: %v", to, r.Originator, err)
			}
		}
	}
	b, err := json.Marshal(w.all["cell"].e.View())
	if err != nil {
		t.Fatal(err)
	}
	if i := bytes.Index(b, []byte("QQ")); i >= 0 {
		t.Errorf("cell shows %q", b[max(0, i-40):i+20])
	}
	originators(t, tw.e.View())
}

// receiptOnly reports whether ids are in receipts of recalls alone: those name
// what was recalled to the party that recalled it.
func receiptOnly(said [][]byte, secret []byte) bool {
	for _, b := range said {
		if r, err := record.Decode(b); err != nil || bytes.Contains(b, secret) && r.Kind != record.KindRecallReceipt {
			return false
		}
	}
	return true
}

func refusedOf(v *engine.View, p party.ID) uint64 {
	for _, l := range v.Links {
		if l.Party == p {
			return l.Refused
		}
	}
	return 0
}

func findTold(t *testing.T, said [][]byte, k record.Kind) record.ID {
	t.Helper()
	for _, b := range said {
		if r, err := record.Decode(b); err == nil && r.Kind == k {
			return r.Object
		}
	}
	t.Fatalf("no %s was told", k)
	return record.ID{}
}

// originators holds that all that a partner said is shown with its name.
func originators(t *testing.T, v *engine.View) {
	t.Helper()
	for _, p := range v.PartnerTracks {
		if p.Party != "jp" || p.Label.Policy != "QQPOLICY" || p.Handling.Known {
			t.Errorf("partner's track by %q with label %+v, handled %+v", p.Party, p.Label, p.Handling)
		}
	}
	parts := 0
	for _, inc := range v.Incidents {
		for _, p := range inc.Partners {
			parts++
			if p.Party != "jp" || p.Label.Classification != "QQCLASS" || p.Handling.Known || p.Handling.Ours == "" || len(p.Onward) != 3 {
				t.Errorf("partner's part by %q with label %+v, handled %+v, onward %v", p.Party, p.Label, p.Handling, p.Onward)
			}
		}
		for _, ev := range inc.Events {
			if strings.Contains(fmt.Sprint(ev), "QQ") && !slices.Equal(ev.Originators, []party.ID{"jp"}) {
				t.Errorf("event %+v is not marked as jp's", ev)
			}
		}
	}
	if parts == 0 {
		t.Error("no part of jp is shown")
	}
}
