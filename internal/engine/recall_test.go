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

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/recall"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// back hands in a partner's recall and returns what it asks of the node and the
// receipt, which leaves with it.
func (f *floor) back(p party.ID, r record.Recall) (engine.Outputs, *record.RecallReceipt) {
	f.t.Helper()
	rec := f.from(p, record.KindRecall, f.seq)
	rec.Recall = &r
	b, err := record.Encode(rec)
	if err != nil {
		f.t.Fatal(err)
	}
	f.seq++
	before := len(f.kinds(p, record.KindRecallReceipt))
	out := f.step(&engine.Input{Partner: &engine.Partner{From: p, Lane: record.LaneRecord, Seq: f.seq, Body: b}})
	if len(out.Refused) > 0 {
		f.t.Fatalf("recall refused: %+v", out.Refused)
	}
	f.pass(10 * time.Second)
	list := f.kinds(p, record.KindRecallReceipt)
	if len(list) != before+1 || list[before].RecallReceipt.Recall != rec.ID {
		f.t.Fatalf("%d receipts after the recall, want one more than %d", len(list), before)
	}
	return out, list[before].RecallReceipt
}

func (f *floor) holding(p party.ID) engine.HoldingView {
	v := f.e.View()
	i := slices.IndexFunc(v.Holdings, func(h engine.HoldingView) bool { return h.Party == p })
	return v.Holdings[i]
}

// planted gives one record of each kind that holds words, with word in as many
// fields as fit.
func (f *floor) planted(word string) map[string]*record.Record {
	m := make(map[string]*record.Record)
	add := func(r *record.Record) *record.Record {
		m[r.Kind.String()] = r
		return r
	}
	inc := add(f.incidentFrom("jp", 1, record.Event{Rule: word, Zone: word, ZoneVersion: word, Bin: record.Bin{Start: f.now, Width: time.Minute}}))
	inc.Incident.Sector, inc.Incident.Outcome = word, word
	inc.Incident.Identity = &record.Identity{Standard: "unknown", Type: word}
	ref := record.Ref{Originator: "jp", ID: inc.Object}
	d := add(f.from("jp", record.KindDialogue, 2))
	d.Dialogue = &record.Dialogue{Incident: []record.Ref{ref}, Step: "propose", Epoch: 1, Lead: "tw", Giver: "jp", Reason: word}
	add(f.postureFrom("jp", ref))
	t := add(f.trackFrom("jp", 3, f.now))
	t.Track.Callsign, t.Track.Name = word, word
	t.Track.Identity = &record.Identity{Standard: "unknown", Type: word}
	msg := add(f.from("jp", record.KindMessage, 4))
	msg.Message = &record.Message{To: "tw", Precedence: record.Precedences()[0], Text: word}
	fac := add(f.from("jp", record.KindFacility, 5))
	fac.Facility = &record.Facility{Kind: "port", Name: word, Contact: word}
	area := add(f.from("jp", record.KindSupport, 6))
	area.Support = &record.Support{
		Request: record.Ref{Originator: "jp", ID: record.ID{77}}, Step: "request", Rev: 1, Match: &record.SupportMatch{Failed: []string{"quota"}},
		Ask: &record.SupportAsk{Situation: "disaster", Category: "fuel", Unit: "litre", Amount: 1, From: f.now, Until: f.now.Add(time.Hour), Place: word, Note: word},
	}
	return m
}

// TestRecalledContentOfEachKindIsGoneFromTheState plants a word in each kind of
// record in turn, recalls the record, and looks for the word in the snapshot.
func TestRecalledContentOfEachKindIsGoneFromTheState(t *testing.T) {
	const word = "ZZCANARY"
	for name := range newFloor(t, openPolicy()).planted(word) {
		t.Run("it handles "+name, func(t *testing.T) {
			f := newFloor(t, openPolicy())
			all := f.planted("harmless")
			r := f.planted(word)[name]
			for _, k := range []string{"incident", "dialogue", "posture", "track", "message", "facility", "support"} {
				x := all[k]
				if k == name {
					r.ID, r.Object = record.ID{99, byte(len(k))}, x.Object
					x = r
				}
				if why := f.take("jp", x); why != "" && k == name {
					t.Fatalf("%s refused: %s", k, why)
				}
			}
			f.pass(20 * time.Second)
			held := bytes.Contains(state(t, f.e), []byte(word))
			if !held && name != "posture" && name != "dialogue" { // of these no word is kept
				t.Fatal("the search does not find what is there")
			}
			what := record.Recall{Records: []record.ID{r.ID}}
			if name == "track" {
				what = record.Recall{Objects: []record.Past{{Object: r.Object, Epoch: r.Epoch}}}
			}
			out, receipt := f.back("jp", what)
			if name == "track" {
				if !slices.Contains(receipt.Objects, r.Object) || len(f.e.View().PartnerTracks) != 0 {
					t.Errorf("receipt %+v, objects %+v", receipt, f.e.View().PartnerTracks)
				}
			} else if !slices.Contains(receipt.Gone, r.ID) || len(out.Destroy) != 1 {
				t.Errorf("receipt %+v, to destroy %+v", receipt, out.Destroy)
			}
			if !out.Cleanse {
				t.Error("no cleansed snapshot is asked for")
			}
			b := state(t, f.e)
			if i := bytes.Index(b, []byte(word)); i >= 0 {
				t.Errorf("the state still holds it: …%s…", b[max(0, i-200):min(len(b), i+100)])
			}
			if !strings.Contains(fmt.Sprint(f.e.View().Log), "recalled") {
				t.Errorf("the watch log does not tell: %+v", f.e.View().Log)
			}
		})
	}
}

// TestWhatAnActRestsOnIsSealed accepts a lead and then gets it recalled.
func TestWhatAnActRestsOnIsSealed(t *testing.T) {
	f := newFloor(t, openPolicy())
	all := f.planted("ZZCANARY")
	inc, propose := all["incident"], all["dialogue"]
	f.must("jp", inc)
	f.must("jp", propose)
	f.do(engine.Command{Verb: "accept", Incident: 1})
	f.pass(10 * time.Second)
	later := f.postureFrom("jp", record.Ref{Originator: "jp", ID: inc.Object})
	f.must("jp", later)
	out, receipt := f.back("jp", record.Recall{Records: []record.ID{inc.ID, propose.ID, later.ID}})
	want := []record.KeptRecord{{ID: inc.ID, Reason: "accept"}, {ID: propose.ID, Reason: "accept"}}
	if d := cmp.Diff(want, receipt.Kept); d != "" || !slices.Equal(receipt.Gone, []record.ID{later.ID}) {
		t.Errorf("receipt: %+v, %s", receipt, d)
	}
	if len(out.Destroy) != 1 || !out.Cleanse {
		t.Errorf("to destroy: %+v", out.Destroy)
	}
	if bytes.Contains(state(t, f.e), []byte("ZZCANARY")) {
		t.Error("sealed content is still in the state")
	}
	if _, ok := f.e.Evidence("jp", inc.ID); !ok {
		t.Error("the evidence is not found")
	}
	if _, ok := f.e.Evidence("jp", later.ID); ok {
		t.Error("what is gone is found as evidence")
	}
	if _, ok := f.e.Evidence("cell", inc.ID); ok {
		t.Error("the evidence is found under another partner")
	}
}

// TestARecalledDistressCaseIsWorkedOnUntilItEnds keeps the place of people in
// danger on the screen.
func TestARecalledDistressCaseIsWorkedOnUntilItEnds(t *testing.T) {
	f := newFloor(t, openPolicy())
	r := f.from("jp", record.KindDistress, 1)
	r.Distress = &record.Distress{LatDeg: 24.5, LonDeg: 122.5, Nature: "ZZCANARY"}
	f.must("jp", r)
	_, receipt := f.back("jp", record.Recall{Records: []record.ID{r.ID}})
	if len(receipt.Kept) != 1 || receipt.Kept[0].Reason != "distress" {
		t.Errorf("receipt: %+v", receipt)
	}
	if !bytes.Contains(state(t, f.e), []byte("ZZCANARY")) {
		t.Error("the open case has lost what it rests on")
	}
	f.do(engine.Command{Verb: "close", Incident: 1, Outcome: "identified"})
	f.pass(2 * time.Minute)
	if bytes.Contains(state(t, f.e), []byte("ZZCANARY")) {
		t.Error("the ended case still shows what was recalled")
	}
}

func TestAForgedRecallTakesNothing(t *testing.T) {
	f := newFloor(t, openPolicy())
	mine := f.incidentFrom("cell", 1, event("A06", f.now))
	f.must("cell", mine)
	theirs := f.trackFrom("cell", 2, f.now)
	f.must("cell", theirs)
	_, receipt := f.back("jp", record.Recall{
		Records: []record.ID{mine.ID, {42}}, Objects: []record.Past{{Object: theirs.Object, Epoch: 9}}, All: true,
	})
	if !slices.Equal(receipt.Unknown, []record.ID{mine.ID, {42}}) || len(receipt.Gone)+len(receipt.Kept) != 0 || receipt.Others != 0 {
		t.Errorf("receipt: %+v", receipt)
	}
	if v := f.e.View(); len(v.PartnerTracks) != 1 || len(v.Incidents[0].Partners) != 1 {
		t.Error("one partner's recall took what another told")
	}
	if got := f.holding("jp").Unknown; got != 2 {
		t.Errorf("%d unknown ids are counted, want 2", got)
	}
	bad := f.from("jp", record.KindRecallReceipt, 3)
	bad.RecallReceipt = &record.RecallReceipt{Recall: record.ID{1}, Gone: []record.ID{{2}}}
	if why := f.take("jp", bad); why != "forged-receipt" {
		t.Errorf("a receipt for no recall of ours = %q", why)
	}
	f.must("jp", f.incidentFrom("jp", 7, event("A06", f.now))) // the lane goes on
}

// TestAStateThatComesAfterItsRecallIsNotTaken covers the lanes overtaking each
// other.
func TestAStateThatComesAfterItsRecallIsNotTaken(t *testing.T) {
	f := newFloor(t, openPolicy())
	early := f.trackFrom("jp", 1, f.now)
	f.back("jp", record.Recall{Objects: []record.Past{{Object: early.Object, Epoch: early.Epoch}}})
	if why := f.take("jp", early); why != "recalled" {
		t.Errorf("a recalled state = %q", why)
	}
	f.pass(time.Minute)
	later := f.trackFrom("jp", 1, f.now)
	f.must("jp", later) // told again since
	if n := len(f.e.View().PartnerTracks); n != 1 {
		t.Errorf("%d objects, want the one that was told again", n)
	}
}

// TestOurRecall takes back by record, rule and time, and follows the receipts.
func TestOurRecall(t *testing.T) {
	f := newFloor(t, openPolicy())
	for _, text := range []string{"one", "two", "three"} {
		f.do(engine.Command{Verb: "open", Text: text, Domain: "air"})
		f.pass(time.Minute)
	}
	told := f.kinds("jp", record.KindIncident)
	if len(told) != 3 {
		t.Fatalf("jp was told %d incidents", len(told))
	}
	take := func(a engine.RecallArgs, code string) engine.Reply {
		t.Helper()
		r := f.try(engine.Command{Verb: "recall", Partner: "jp", Text: "wrong", Recall: &a})
		if r.Code != code {
			t.Fatalf("recall %+v = %+v, want %q", a, r, code)
		}
		return r
	}
	take(engine.RecallArgs{}, "bad-request")
	take(engine.RecallArgs{All: true, Rule: "all"}, "bad-request")
	take(engine.RecallArgs{From: "x", To: "y"}, "bad-time")
	take(engine.RecallArgs{Records: []record.ID{{5}}}, "nothing-to-recall")
	take(engine.RecallArgs{Rule: "other"}, "nothing-to-recall")
	if r := f.try(engine.Command{Verb: "recall", Partner: "jp", Recall: &engine.RecallArgs{All: true}}); r.Code != "text-missing" {
		t.Errorf("a recall without a reason = %+v", r)
	}
	if r := f.try(engine.Command{Verb: "recall", Partner: "xx", Text: "x", Recall: &engine.RecallArgs{All: true}}); r.Code != "no-such-partner" {
		t.Errorf("a recall from nobody = %+v", r)
	}

	take(engine.RecallArgs{Records: []record.ID{told[0].ID}}, "")
	at := told[1].Time
	take(engine.RecallArgs{From: at.Add(-time.Second).Format(time.RFC3339), To: at.Add(time.Second).Format(time.RFC3339)}, "")
	take(engine.RecallArgs{Rule: "all"}, "")
	f.pass(10 * time.Second)
	sent := f.kinds("jp", record.KindRecall)
	if len(sent) != 3 {
		t.Fatalf("%d recalls left", len(sent))
	}
	for i, s := range sent {
		if !slices.Equal(s.Recall.Records, []record.ID{told[i].ID}) || s.Recall.All {
			t.Errorf("recall %d names %+v", i, s.Recall)
		}
	}
	if len(f.kinds("cell", record.KindRecall)) != 0 {
		t.Error("another partner was told")
	}
	if list := f.e.PartnerRecords("jp"); slices.ContainsFunc(list, func(r record.Record) bool { return r.Incident != nil }) {
		t.Errorf("jp is still shown to hold %+v", list)
	}

	// What was recalled is not told again, until that is lifted.
	before := len(f.kinds("jp", record.KindIncident))
	f.do(engine.Command{Verb: "close", Incident: 1, Outcome: "identified"})
	f.pass(2 * time.Minute)
	if n := len(f.kinds("jp", record.KindIncident)); n != before {
		t.Errorf("%d reports left of what was recalled", n-before)
	}
	if r := f.do(engine.Command{Verb: "lift-recall", Partner: "jp"}); r.Named != 3 {
		t.Errorf("lifted %d", r.Named)
	}
	f.pass(2 * time.Minute)
	if n := len(f.kinds("jp", record.KindIncident)); n != before+3 {
		t.Errorf("%d reports left after the recall was lifted, want 3", n-before)
	}

	// The second receipt does not come.
	answer := func(i int) {
		r := f.from("jp", record.KindRecallReceipt, uint64(i))
		r.RecallReceipt = &record.RecallReceipt{Recall: sent[i].ID, Gone: sent[i].Recall.Records}
		f.must("jp", r)
		if why := f.take("jp", r); why != "forged-receipt" {
			t.Errorf("a receipt that comes twice = %q", why)
		}
	}
	answer(0)
	answer(2)
	f.pass(5 * time.Minute)
	v := f.e.View()
	missing := []int{v.Recalls[0].Missing, v.Recalls[1].Missing, v.Recalls[2].Missing}
	if d := cmp.Diff([]int{0, 1, 0}, missing); d != "" || !v.Recalls[1].Late {
		t.Errorf("receipts missing: %s", d)
	}
	alarms := func() (n int) {
		for _, a := range f.e.View().Alarms {
			if a.Rule == "recall" && a.State == "unacknowledged" {
				n++
			}
		}
		return n
	}
	if alarms() != 1 {
		t.Errorf("%d alarms for a missing receipt", alarms())
	}
	again, err := engine.Restore("tw", idOf, state(t, f.e))
	if err != nil {
		t.Fatal(err)
	}
	f.e = again
	answer(1)
	if alarms() != 0 {
		t.Error("the alarm does not end with the receipt")
	}
	states := map[string]int{}
	for _, i := range f.e.PeerView("jp").Items {
		states[i.State]++
	}
	if d := cmp.Diff(map[string]int{"gone": 3, "held": 3}, states); d != "" {
		t.Errorf("peer view: %s", d)
	}
}

// TestATrackIsRecalledWhole takes back what was told of an aircraft that flies
// on.
func TestATrackIsRecalledWhole(t *testing.T) {
	f := newFloor(t, openPolicy())
	pos := f.fly(0x780001, geo.Point{LatDeg: 24.6, LonDeg: 122.6}, 45, 0, 3*time.Minute)
	told := f.kinds("jp", record.KindTrack)
	if len(told) == 0 {
		t.Fatal("jp was told of no track")
	}
	last := told[len(told)-1]
	out := f.step(&engine.Input{Command: &engine.Command{
		Verb: "recall", Partner: "jp", Text: "ours", By: "lin", Role: engine.Supervisor, Recall: &engine.RecallArgs{Records: []record.ID{last.ID}},
	}})
	if out.Reply.Code != "" || len(out.Withdraw) != 1 || !slices.Equal(out.Withdraw[0].Objects, []record.ID{last.Object}) {
		t.Fatalf("recall: %+v", out)
	}
	f.fly(0x780001, pos, 45, 0, 3*time.Minute)
	if n := len(f.kinds("jp", record.KindTrack)); n != len(told) {
		t.Errorf("%d reports left after the recall", n-len(told))
	}
	if n := len(f.kinds("cell", record.KindTrack)); n <= len(told) {
		t.Errorf("cell was told %d times: the recall was not for it", n)
	}
	r := f.kinds("jp", record.KindRecall)
	want := []record.Past{{Object: last.Object, Epoch: last.Epoch}}
	if len(r) != 1 || !slices.Equal(r[0].Recall.Objects, want) {
		t.Errorf("recalls: %+v", r)
	}
	if got := f.e.View().Tracks[0].Released; slices.Contains(got, party.ID("jp")) {
		t.Errorf("the track is shown as released to %v", got)
	}
}

// TestManyRecordsNeedSeveralRecalls takes back more than one record can name.
func TestManyRecordsNeedSeveralRecalls(t *testing.T) {
	f := newFloor(t, openPolicy())
	for i := range 150 {
		f.do(engine.Command{Verb: "open", Text: fmt.Sprint("case ", i), Domain: "air"})
	}
	f.pass(2 * time.Minute)
	reply := f.do(engine.Command{Verb: "recall", Partner: "jp", Text: "all wrong", Recall: &engine.RecallArgs{All: true}})
	f.pass(10 * time.Second)
	sent, named := f.kinds("jp", record.KindRecall), 0
	for i, r := range sent {
		named += len(r.Recall.Records)
		if r.Recall.All != (i == len(sent)-1) {
			t.Errorf("recall %d of %d reaches all: %t", i+1, len(sent), r.Recall.All)
		}
	}
	if len(sent) != 3 || named != 150 || reply.Named != 150 {
		t.Errorf("%d recalls name %d, the reply says %d", len(sent), named, reply.Named)
	}
}

// TestARecallWaitsForAStoppedPartner keeps it through a discard.
func TestARecallWaitsForAStoppedPartner(t *testing.T) {
	f := newFloor(t, openPolicy())
	f.do(engine.Command{Verb: "open", Text: "call", Domain: "air"})
	f.pass(2 * time.Minute)
	f.do(engine.Command{Verb: "stop-all"})
	f.do(engine.Command{Verb: "open", Text: "another", Domain: "air"})
	f.do(engine.Command{Verb: "recall", Partner: "jp", Text: "wrong", Recall: &engine.RecallArgs{All: true}})
	f.pass(2 * time.Minute)
	if n := len(f.kinds("jp", record.KindRecall)); n != 0 {
		t.Fatal("a recall left for a stopped partner")
	}
	if got := f.e.View().Recalls[0]; got.Waiting != 1 {
		t.Errorf("recall: %+v", got)
	}
	if r := f.try(engine.Command{Verb: "resume", Partner: "jp"}); r.Code != "pending-undecided" {
		t.Errorf("resume = %+v", r)
	}
	told := len(f.kinds("jp", record.KindIncident))
	f.do(engine.Command{Verb: "resume", Partner: "jp", Recall: &engine.RecallArgs{Pending: "discard"}})
	f.pass(2 * time.Minute)
	if n := len(f.kinds("jp", record.KindRecall)); n != 1 {
		t.Errorf("%d recalls left after the resume", n)
	}
	if n := len(f.kinds("jp", record.KindIncident)); n != told {
		t.Errorf("%d reports left that were discarded", n-told)
	}
	if f.e.LinkStates()["cell"] != "stopped" {
		t.Error("the stop of all has not stopped cell")
	}
}

// TestRetentionEndsInTheState covers tracks, incidents and the versions of one.
func TestRetentionEndsInTheState(t *testing.T) {
	f := newFloor(t, openPolicy())
	track := f.trackFrom("jp", 1, f.now)
	track.Label.Retention = 2 * time.Minute
	track.Track.Name = "ZZTRACK"
	f.must("jp", track)
	first := f.incidentFrom("jp", 2, event("ZZOLD", f.now), event("ZZBOTH", f.now))
	first.Label.Retention = 5 * time.Minute
	f.must("jp", first)
	second := f.incidentFrom("jp", 2, first.Incident.Events[1], event("ZZNEW", f.now))
	f.must("jp", second)
	has := func(words ...string) {
		t.Helper()
		b := state(t, f.e)
		for _, w := range []string{"ZZTRACK", "ZZOLD", "ZZBOTH", "ZZNEW"} {
			if bytes.Contains(b, []byte(w)) != slices.Contains(words, w) {
				t.Errorf("after %s the state holds %s: %t", f.now.Sub(start), w, !slices.Contains(words, w))
			}
		}
	}
	has("ZZTRACK", "ZZOLD", "ZZBOTH", "ZZNEW")
	f.pass(4 * time.Minute)
	has("ZZOLD", "ZZBOTH", "ZZNEW")
	f.pass(3 * time.Minute)
	has("ZZBOTH", "ZZNEW")
	var rules []string // of the time line: what the newer version says again stays in it
	for _, ev := range f.incident(1).Events {
		if strings.HasPrefix(ev.Rule, "ZZ") {
			rules = append(rules, ev.Rule)
		}
	}
	slices.Sort(rules)
	if d := cmp.Diff([]string{"ZZBOTH", "ZZNEW"}, rules); d != "" {
		t.Errorf("time line: %s", d)
	}
	f.pass(time.Hour)
	has()
	if h := f.holding("jp"); h.Expired != 2 {
		t.Errorf("counts: %+v", h)
	}
	want := map[recall.State]int{recall.Expired: 2}
	got := map[recall.State]int{}
	for _, r := range f.e.Received("jp") {
		got[r.State]++
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if len(f.kinds("jp", record.KindRecallReceipt)) != 0 {
		t.Error("the end of a retention was receipted")
	}
}
