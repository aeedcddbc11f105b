// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/recall"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// recallModel is what a floor must hold of jp, in plain words.
type recallModel struct {
	f        *floor
	list     []modelled
	good     []*record.Record // of them, those that were taken
	named    []record.ID
	back     []*record.Record // recalls that were worked
	counts   recall.Counts
	received uint64
	refused  uint64
	destroy  int
}

// modelled is one record of jp on the shelf. One that can't be read has no id.
type modelled struct {
	id    record.ID
	state recall.State
	kept  bool // it would be kept
}

// hand gives the floor what came off the link and returns why it was refused.
func (m *recallModel) hand(b []byte) string {
	m.f.seq++
	out := m.f.step(&engine.Input{Partner: &engine.Partner{From: "jp", Lane: record.LaneRecord, Seq: m.f.seq, Body: b}})
	m.received++
	m.destroy += len(out.Destroy)
	if len(out.Refused) == 0 {
		return ""
	}
	m.refused++
	return out.Refused[0].Reason
}

func encoded(t *rapid.T, r *record.Record) []byte {
	b, err := record.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// want hands in a record of which the answer is known.
func (m *recallModel) want(t *rapid.T, r *record.Record, why string) {
	if got := m.hand(encoded(t, r)); got != why {
		t.Fatalf("a %s = %q, want %q", r.Kind, got, why)
	}
}

func (m *recallModel) unreadable() { m.list = append(m.list, modelled{state: recall.Held}) }

// record hands in what must be taken, whatever came before it.
func (m *recallModel) record(t *rapid.T) {
	f := m.f
	r := f.incidentFrom("jp", f.seq, event("A06", f.now))
	distress := rapid.IntRange(0, 9).Draw(t, "distress") == 0
	if distress {
		r = f.from("jp", record.KindDistress, f.seq)
		r.Distress = &record.Distress{LatDeg: 24.5, LonDeg: 122.5, Nature: "adrift"}
	}
	m.want(t, r, "")
	m.list = append(m.list, modelled{r.ID, recall.Held, distress})
	m.named = append(m.named, r.ID)
	if !distress {
		m.good = append(m.good, r)
	}
}

// recall hands in a recall that names some of jp's records, some of nobody's and
// one of cell's, or all.
func (m *recallModel) recall(t *rapid.T, notTheirs record.ID) {
	r := m.f.from("jp", record.KindRecall, m.f.seq)
	r.Recall = &record.Recall{All: rapid.IntRange(0, 5).Draw(t, "all") == 0}
	names := rapid.SliceOfNDistinct(rapid.SampledFrom(append(m.named, notTheirs, record.ID{42}, record.ID{43})), 1, 3, rapid.ID)
	r.Recall.Records = names.Draw(t, "names")
	m.want(t, r, "")
	m.back = append(m.back, r)
	m.apply(r.Recall)
}

// apply is what a recall does.
func (m *recallModel) apply(r *record.Recall) {
	found := make(map[record.ID]bool)
	names := make(map[record.ID]bool)
	for _, id := range r.Records {
		names[id] = true
	}
	for i := range m.list {
		x := &m.list[i]
		if x.state == recall.Gone || !(r.All || names[x.id]) {
			continue
		}
		found[x.id] = true
		switch {
		case x.state == recall.Kept:
		case x.kept:
			x.state = recall.Kept
			m.counts.Sealed++
		default:
			x.state = recall.Gone
			m.counts.Recalled++
		}
	}
	for id := range names {
		if !found[id] {
			m.counts.Unknown++
		}
	}
}

// check compares the floor with the model.
func (m *recallModel) check(t *rapid.T) {
	m.f.pass(10 * time.Second)
	var states, want []modelled
	for _, r := range m.f.e.Received("jp") {
		states = append(states, modelled{id: r.ID, state: r.State})
	}
	for _, x := range m.list {
		want = append(want, modelled{id: x.id, state: x.state})
	}
	if d := cmp.Diff(want, states, cmp.AllowUnexported(modelled{})); d != "" {
		t.Fatalf("held: %s", d)
	}
	if n := len(m.f.kinds("jp", record.KindRecallReceipt)); n != len(m.back) {
		t.Fatalf("%d receipts to %d recalls", n, len(m.back))
	}
	if uint64(m.destroy) != m.counts.Recalled {
		t.Fatalf("%d keys destroyed, want %d", m.destroy, m.counts.Recalled)
	}
	v := m.f.e.View()
	if d := cmp.Diff(m.counts, v.Holdings[1].Counts); d != "" {
		t.Fatalf("counts: %s", d)
	}
	if l := v.Links[1]; l.Received != m.received || l.Refused != m.refused {
		t.Fatalf("the link counts %d and refused %d, want %d and %d", l.Received, l.Refused, m.received, m.refused)
	}
}

// TestARecallNeverBlocksTheLane mixes records with recalls, forged ones and
// replays: what comes after them is taken, and the counts are right.
func TestARecallNeverBlocksTheLane(t *testing.T) {
	f := newFloor(t, openPolicy())
	theirs := f.incidentFrom("cell", 1, event("A06", f.now))
	f.must("cell", theirs)
	fresh := state(t, f.e)
	begun := f.now
	did := make(map[string]int)
	var m *recallModel
	checks, whole := 0, false
	rapid.Check(t, func(rt *rapid.T) {
		if checks++; !whole || checks%40 == 0 { // a restart is slow: most checks go on where the last one was right
			e, err := engine.Restore("tw", idOf, fresh)
			if err != nil {
				rt.Fatal(err)
			}
			f.e, f.n, f.now = e, e.Seq(), begun
			clear(f.sent)
			clear(f.raw)
			m = &recallModel{f: f}
		}
		whole = false
		was := m.counts
		ops := map[string]func(){
			"record": func() { m.record(rt) },
			"recall": func() { m.recall(rt, theirs.ID) },
			"forged recall": func() {
				r := f.from("cell", record.KindRecall, f.seq)
				r.Recall = &record.Recall{Records: append([]record.ID{theirs.ID}, m.named[max(0, len(m.named)-50):]...), All: true}
				m.want(rt, r, "originator")
				m.unreadable()
			},
			"forged receipt": func() {
				r := f.from("jp", record.KindRecallReceipt, f.seq)
				r.RecallReceipt = &record.RecallReceipt{Recall: record.ID{44}, Gone: []record.ID{{45}}}
				m.want(rt, r, "forged-receipt")
			},
			"broken": func() {
				b := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(rt, "octets")
				if why := m.hand(append([]byte{0xff}, b...)); why != "malformed" {
					rt.Fatalf("broken octets = %q", why)
				}
				m.unreadable()
			},
			"replayed recall": func() {
				if len(m.back) > 0 {
					r := rapid.SampledFrom(m.back).Draw(rt, "which")
					m.want(rt, r, "")
					m.back = append(m.back, r)
					m.apply(r.Recall)
				}
			},
			"replayed record": func() {
				if len(m.good) > 0 {
					r := rapid.SampledFrom(m.good).Draw(rt, "which")
					m.hand(encoded(rt, r)) // taken or refused, it is held
					m.list = append(m.list, modelled{id: r.ID, state: recall.Held})
				}
			},
			"time": func() { f.pass(10 * time.Second) },
		}
		names := []string{"record", "record", "recall", "recall", "forged recall", "forged receipt", "broken", "replayed recall", "replayed record", "time"}
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(names), 1, 12).Draw(rt, "acts") {
			ops[name]()
			did[name]++
		}
		m.record(rt)
		m.check(rt)
		if l := f.e.Received("cell"); len(l) != 1 || l[0].State != recall.Held {
			rt.Fatalf("of cell is held %+v", l)
		}
		did["gone"] += int(m.counts.Recalled - was.Recalled)
		did["kept"] += int(m.counts.Sealed - was.Sealed)
		whole = true
	})
	t.Logf("did %v", did)
	for _, name := range []string{"forged recall", "replayed recall", "replayed record", "gone", "kept"} {
		if did[name] == 0 {
			t.Errorf("never: %s", name)
		}
	}
}

// TestAFloodOfRecallsIsRefused gives a partner so many in a minute.
func TestAFloodOfRecallsIsRefused(t *testing.T) {
	const most = 314
	f := newFloor(t, openPolicy())
	f.now = f.now.Truncate(time.Minute)
	held := f.incidentFrom("jp", 1, event("A06", f.now))
	f.must("jp", held)
	give := func(p string, ids ...record.ID) string {
		r := f.from("jp", record.KindRecall, f.seq)
		r.Recall = &record.Recall{Records: ids, All: p == "all"}
		return f.take("jp", r)
	}
	work := func(n int) (worked int) {
		for range n {
			switch why := give("", record.ID{42}); why {
			case "":
				worked++
			case "flood":
			default:
				t.Fatalf("a recall of too many = %q", why)
			}
		}
		return worked
	}
	if n := work(most + 50); n != most {
		t.Errorf("%d recalls are worked in a minute, want %d", n, most)
	}
	again, err := engine.Restore("tw", idOf, state(t, f.e)) // a restart gives nothing
	if err != nil {
		t.Fatal(err)
	}
	f.e = again
	if why := give("", held.ID); why != "flood" {
		t.Errorf("after a restart = %q", why)
	}
	if l := f.e.Received("jp"); len(l) != 1 || l[0].State != recall.Held {
		t.Errorf("a refused recall has taken: %+v", l)
	}
	f.must("jp", f.incidentFrom("jp", 2, event("A06", f.now))) // the lane goes on
	other := f.from("cell", record.KindRecall, f.seq)
	other.Recall = &record.Recall{Records: []record.ID{{42}}}
	f.must("cell", other) // and another partner's recall
	if v := f.e.View().Links[1]; v.Refused != 51 {
		t.Errorf("%d are counted as refused, want 51", v.Refused)
	}
	f.pass(time.Minute)
	if n := len(f.kinds("jp", record.KindRecallReceipt)); n != most {
		t.Errorf("%d receipts, want %d", n, most)
	}
	if why := give("all"); why != "" || f.e.Received("jp")[0].State != recall.Gone {
		t.Errorf("in the next minute = %q, %+v", why, f.e.Received("jp"))
	}
	if n := work(most); n != most-1 {
		t.Errorf("%d more are worked in the next minute, want %d", n, most-1)
	}
}

// TestPeerViewOfTheStateLaneIsWhatThePartnerHolds compares the objects told with
// those that a second engine took, record by record.
func TestPeerViewOfTheStateLaneIsWhatThePartnerHolds(t *testing.T) {
	f := newFloor(t, openPolicy())
	jp := &floor{t: t, e: engine.New("jp", idOf), now: f.now, sent: map[party.ID][]*record.Record{}, raw: map[party.ID][]byte{}}
	cfg := config(t)
	cfg.Partners = []party.ID{"tw"} // it has no policy: receipts leave without one
	if out := jp.step(&engine.Input{Config: cfg}); out.Reply.Code != "" {
		t.Fatalf("Config refused: %+v", out)
	}
	given := 0
	carry := func() {
		jp.now = f.now
		for ; given < len(f.sent["jp"]); given++ {
			jp.must("tw", f.sent["jp"][given])
		}
		jp.step(&engine.Input{Tick: &engine.Tick{}})
	}
	compare := func(when string, states ...string) (objects []engine.PeerItem) {
		t.Helper()
		theirs, ours := make(map[record.ID]bool), make(map[record.ID]bool)
		for _, p := range jp.e.View().PartnerTracks {
			theirs[p.Object] = true
		}
		var got []string
		for _, i := range f.e.PeerView("jp").Items {
			if i.Lane != "state" {
				continue
			}
			objects, got = append(objects, i), append(got, i.State)
			if i.State == "held" {
				ours[i.Object] = true
			}
		}
		if d := cmp.Diff(theirs, ours); d != "" {
			t.Errorf("%s: theirs and our list of it differ: %s", when, d)
		}
		if d := cmp.Diff(states, got); d != "" {
			t.Errorf("%s: %s", when, d)
		}
		return objects
	}
	f.fly(0x780001, geo.Point{LatDeg: 24.6, LonDeg: 122.6}, 45, 0, 3*time.Minute)
	f.fly(0x780002, geo.Point{LatDeg: 24.6, LonDeg: 122.4}, 90, 0, time.Minute)
	carry()
	told := compare("at first", "held", "held")
	f.do(engine.Command{Verb: "recall", Partner: "jp", Text: "ours", Recall: &engine.RecallArgs{Records: []record.ID{told[0].ID}}})
	f.pass(10 * time.Second)
	carry()
	compare("before the receipt", "recalled", "held")
	for _, r := range jp.kinds("tw", record.KindRecallReceipt) {
		f.must("jp", r)
	}
	compare("after the receipt", "gone", "held")
}
