// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// joint opens an incident that jp holds, too.
func (f *floor) joint() uint32 {
	n := f.do(engine.Command{Verb: "open", Text: "ours"}).Incident
	f.pass(2 * time.Minute)
	f.must("jp", f.incidentFrom("jp", 1))
	f.must("jp", f.linkFrom("jp", theirID("jp", record.KindIncident, 1), idOf("jp", record.KindIncident, uint64(n)), false))
	return n
}

// hears takes a step of the dialogue from jp.
func (f *floor) hears(n uint32, d record.Dialogue) string {
	r := f.from("jp", record.KindDialogue, 50)
	d.Incident = []record.Ref{{Originator: "tw", ID: idOf("jp", record.KindIncident, uint64(n))}}
	r.Dialogue = &d
	return f.take("jp", r)
}

// said returns the steps that left for jp, but for receipts.
func (f *floor) said() (list []string) {
	for _, r := range f.kinds("jp", record.KindDialogue) {
		if r.Dialogue.Step != "receipt" {
			list = append(list, r.Dialogue.Step)
		}
	}
	return list
}

func (f *floor) link(state string) {
	f.step(&engine.Input{At: f.e.Now(), Event: &engine.Event{Kind: "link", Partner: "jp", State: state}})
}

// restart goes on from the snapshot.
func (f *floor) restart(t *testing.T) {
	t.Helper()
	b, err := f.e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Restore("tw", idOf, b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := e.Snapshot()
	if err != nil || !bytes.Equal(b, again) {
		t.Fatalf("the snapshot changes when it is restored (%v)", err)
	}
	f.e = e
}

func TestCounterProposalWithTimeAndPlace(t *testing.T) {
	f := newFloor(t, openPolicy())
	n := f.joint()
	if why := f.hears(n, record.Dialogue{Step: "propose", Epoch: 1, Lead: "tw", Giver: "jp"}); why != "" {
		t.Fatal(why)
	}
	f.do(engine.Command{Verb: "standby", Incident: n})
	if l := f.incident(n).Lead; !l.Standby || l.ByUs {
		t.Errorf("lead after STANDBY = %+v", l)
	}
	at := f.e.Now().Add(10 * time.Minute).Truncate(time.Second)
	f.do(engine.Command{Verb: "counter", Incident: n, Lead: "tw", Dialogue: &engine.Dialogue{At: at.Format(time.RFC3339)}})
	f.restart(t)
	l := f.incident(n).Lead
	if l.State != "proposed" || !l.ByUs || l.At == nil || !l.At.Equal(at) {
		t.Fatalf("lead after COUNTER = %+v", l)
	}
	if why := f.hears(n, record.Dialogue{Step: "receipt", Of: "counter", Epoch: 2, Lead: "tw", Giver: "jp"}); why != "" {
		t.Fatal(why)
	}
	if s := f.incident(n).Lead.Sent; s == nil || s.Step != "counter" || s.Word != "receipt" {
		t.Errorf("our step = %+v, want the partner's machine to have it", s)
	}
	if why := f.hears(n, record.Dialogue{Step: "accept", Epoch: 2, Lead: "tw", Giver: "jp"}); why != "" {
		t.Fatal(why)
	}
	f.pass(9 * time.Minute)
	if slices.Contains(f.said(), "assume") || f.incident(n).Lead.Alarm {
		t.Errorf("before the agreed time: %v, %+v", f.said(), f.incident(n).Lead)
	}
	f.pass(90 * time.Second)
	if !slices.Contains(f.said(), "assume") {
		t.Errorf("at the agreed time %v left, want ASSUME", f.said())
	}
	f.restart(t)
	if why := f.hears(n, record.Dialogue{Step: "confirm", Epoch: 2, Lead: "tw", Giver: "jp"}); why != "" {
		t.Fatal(why)
	}
	if l := f.incident(n).Lead; l.State != "confirmed" || l.Holder != "tw" || l.Epoch != 2 || l.With != "jp" {
		t.Errorf("lead = %+v, want tw's, confirmed in epoch 2", l)
	}
}

func TestVoiceAgreementIsOneSidedUntilCountersigned(t *testing.T) {
	f := newFloor(t, openPolicy())
	n := f.joint()
	f.do(engine.Command{Verb: "voice", Incident: n, Partner: "jp", Lead: "jp"})
	l := f.incident(n).Lead
	if l.State != "proposed" || !l.Voice || l.Spoken == nil || l.Holder != "" || l.Deadline != nil {
		t.Errorf("lead = %+v, want it one-sided and nobody confirmed", l)
	}
	f.pass(20 * time.Minute)
	if l := f.incident(n).Lead; l.State != "proposed" || !l.Alarm {
		t.Errorf("after 20 min = %+v, want it to stand with its alarm", l)
	}
	if why := f.hears(n, record.Dialogue{Step: "accept", Epoch: 1, Lead: "jp", Giver: "tw"}); why != "order" {
		t.Errorf("ACCEPT of a voice agreement = %q, want order", why)
	}
	for _, step := range []string{"countersign", "assume"} {
		if why := f.hears(n, record.Dialogue{Step: step, Epoch: 1, Lead: "jp", Giver: "tw"}); why != "" {
			t.Fatalf("%s: %s", step, why)
		}
	}
	if l := f.incident(n).Lead; l.State != "confirmed" || l.Holder != "jp" || l.Voice {
		t.Errorf("lead = %+v, want jp's, confirmed", l)
	}
}

func TestSectorTableWhileTheLineIsDown(t *testing.T) {
	f := newFloor(t, openPolicy())
	lat, lon := 24.5, 122.5
	n := f.do(engine.Command{Verb: "open", Text: "ours", Domain: "air", Lat: &lat, Lon: &lon}).Incident
	f.pass(2 * time.Minute)
	f.link("up")
	f.pass(10 * time.Second)
	if l := f.incident(n).Lead; l.Table != "" || l.PartnerBelieves != nil {
		t.Errorf("with the line up the lead is %+v", l)
	}
	f.link("down")
	f.pass(10 * time.Second)
	l := f.incident(n).Lead
	if f.incident(n).Sector == "" {
		t.Fatal("the incident lies in no sector: the table has nothing to say")
	}
	if l.Table == "" || l.TableSince == nil || l.State != "none" {
		t.Fatalf("with the line down the lead is %+v, want that of the table", l)
	}
	if want := []engine.Belief{{Party: "jp", Leads: []party.ID{l.Table}}}; !gocmp.Equal(l.PartnerBelieves, want) {
		t.Errorf("partner believes %+v, want %+v", l.PartnerBelieves, want)
	}
	f.restart(t)
	f.link("up")
	f.pass(20 * time.Second)
	if l.Table == "tw" {
		if got := f.incident(n).Lead; got.State != "local" || got.Holder != "tw" || got.Table != "" || !slices.Contains(f.said(), "notify") {
			t.Errorf("with the line back the lead is %+v and %v left, want NOTIFY", got, f.said())
		}
	}
}

func TestTwoThatLeadKnowItAndOneYields(t *testing.T) {
	f := newFloor(t, openPolicy())
	n := f.joint()
	f.do(engine.Command{Verb: "take", Incident: n})
	f.pass(10 * time.Second)
	if !slices.Contains(f.said(), "notify") {
		t.Errorf("%v left, want NOTIFY", f.said())
	}
	if why := f.hears(n, record.Dialogue{Step: "notify", Lead: "jp", Giver: "tw", Claim: "leads", Seq: 1}); why != "" {
		t.Fatal(why)
	}
	l := f.incident(n).Lead // no sector: the lower party id stands, which is jp
	if l.State != "told" || l.Holder != "jp" || l.Rival != "" {
		t.Errorf("lead = %+v, want ours to yield", l)
	}
	f.pass(10 * time.Second)
	released := slices.ContainsFunc(f.kinds("jp", record.KindDialogue), func(r *record.Record) bool { return r.Dialogue.Claim == "released" })
	if !released {
		t.Error("the partner is not told that we no longer lead")
	}
}
