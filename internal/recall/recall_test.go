// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package recall_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/recall"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

var start = time.Date(2026, 3, 1, 4, 30, 0, 0, time.UTC)

func id(n int) record.ID { return record.ID{1, byte(n >> 8), byte(n)} }

func received(n int) recall.Received {
	return recall.Received{ID: id(n), Seq: uint64(n), Kind: record.KindIncident, Incident: uint32(n), Until: start.Add(time.Hour)}
}

func shelf(from party.ID, n int) *recall.Shelf {
	s := recall.NewShelf()
	for i := 1; i <= n; i++ {
		s.Take(from, received(i))
	}
	return s
}

func closed(uint32) bool { return false }

func states(s *recall.Shelf, from party.ID) map[record.ID]recall.State {
	m := make(map[record.ID]recall.State)
	for _, r := range s.List(from) {
		m[r.ID] = r.State
	}
	return m
}

func TestARecallReachesWhatItNamesAndNothingElse(t *testing.T) {
	s := shelf("jp", 5)
	s.Take("tw", received(1)) // another's, of the same id
	s.Rely("jp", "accept", func(r recall.Received) bool { return r.Incident == 2 })
	r := s.Recall("jp", 5, &record.Recall{Records: []record.ID{id(1), id(2), id(5), id(9)}, Objects: []record.Past{{Object: id(70), Epoch: 3}}}, closed)
	want := []record.RecallReceipt{{
		Recall: id(100), Gone: []record.ID{id(1)}, Kept: []record.KeptRecord{{ID: id(2), Reason: "accept"}},
		Unknown: []record.ID{id(5), id(9)}, Objects: []record.ID{id(70)}, // 5 is not before it
	}}
	if d := cmp.Diff(want, r.Receipts(id(100))); d != "" {
		t.Errorf("receipt: %s", d)
	}
	if d := cmp.Diff(map[record.ID]recall.State{id(1): recall.Gone, id(2): recall.Kept, id(3): recall.Held, id(4): recall.Held, id(5): recall.Held}, states(s, "jp")); d != "" {
		t.Errorf("shelf: %s", d)
	}
	if got := states(s, "tw")[id(1)]; got != recall.Held {
		t.Errorf("another partner's record of that id is %s", got)
	}
	if d := cmp.Diff(recall.Counts{Recalled: 2, Sealed: 1, Unknown: 2}, s.Counts("jp")); d != "" {
		t.Errorf("counts: %s", d)
	}
	for epoch, barred := range map[uint32]bool{2: true, 3: true, 4: false} {
		if s.Barred("jp", id(70), epoch) != barred || s.Barred("tw", id(70), epoch) {
			t.Errorf("epoch %d of a recalled object: barred is not %t", epoch, barred)
		}
	}
	again := s.Recall("jp", 6, &record.Recall{Records: []record.ID{id(1), id(2)}}, closed)
	if len(again.Gone) != 0 || len(again.Kept) != 0 {
		t.Errorf("the second time it takes %+v", again)
	}
	if got := again.Receipts(id(101))[0]; !slices.Contains(got.Unknown, id(1)) || got.Kept[0].ID != id(2) {
		t.Errorf("second receipt: %+v", got)
	}
}

func TestARecallOfAllAnswersInAsManyReceiptsAsItTakes(t *testing.T) {
	s := shelf("jp", 200)
	s.Rely("jp", "assume", func(r recall.Received) bool { return r.Incident <= 150 })
	r := s.Recall("jp", 500, &record.Recall{All: true}, closed)
	if len(r.Gone) != 50 || len(r.Kept) != 150 {
		t.Fatalf("it takes %d and keeps %d", len(r.Gone), len(r.Kept))
	}
	kept := 0
	for i, rc := range r.Receipts(id(100)) {
		full := record.Record{Envelope: record.Envelope{
			Version: 1, Kind: record.KindRecallReceipt, ID: id(1), Object: id(2), Originator: "tw", Time: start,
			Label: record.Label{Policy: "p", Classification: "c", Purpose: "u", Retention: time.Hour},
		}, RecallReceipt: &rc}
		if err := full.Validate(); err != nil {
			t.Errorf("receipt %d: %v", i, err)
		}
		kept += len(rc.Kept)
	}
	if kept != 150 || r.Receipts(id(100))[0].Others != 50 {
		t.Errorf("the receipts name %d kept and %d others", kept, r.Receipts(id(100))[0].Others)
	}
}

func TestEvidenceOfADistressCaseIsShownUntilItEnds(t *testing.T) {
	s := shelf("jp", 1)
	s.Rely("jp", "distress", func(recall.Received) bool { return true })
	open := true
	r := s.Recall("jp", 9, &record.Recall{Records: []record.ID{id(1)}}, func(uint32) bool { return open })
	if len(r.Kept) != 1 || !r.Kept[0].Open {
		t.Fatalf("kept: %+v", r.Kept)
	}
	if l := s.Close(func(uint32) bool { return open }); len(l) != 0 {
		t.Errorf("sealed while the case is open: %+v", l)
	}
	open = false
	if l := s.Close(func(uint32) bool { return open }); len(l) != 1 || l[0].ID != id(1) {
		t.Errorf("sealed when it ended: %+v", l)
	}
	if l := s.Close(func(uint32) bool { return open }); len(l) != 0 {
		t.Errorf("sealed twice: %+v", l)
	}
}

func TestRetentionEnds(t *testing.T) {
	s := shelf("jp", 2)
	s.Rely("jp", "accept", func(r recall.Received) bool { return r.Incident == 2 })
	s.Recall("jp", 9, &record.Recall{Records: []record.ID{id(2)}}, closed)
	later := received(3)
	later.Until = start.Add(2 * time.Hour)
	s.Take("jp", later)
	if l := s.Expire(start.Add(time.Hour - 1)); len(l) != 0 {
		t.Errorf("expired early: %+v", l)
	}
	if l := s.Expire(start.Add(time.Hour)); len(l) != 2 {
		t.Errorf("expired at the hour: %+v", l)
	}
	if l := s.Expire(start.Add(2 * time.Hour)); len(l) != 1 || l[0].ID != id(3) {
		t.Errorf("expired an hour later: %+v", l)
	}
	s.Expire(start.Add(30 * 24 * time.Hour))
	if n := len(s.List("jp")); n != 0 {
		t.Errorf("a month later the shelf remembers %d", n)
	}
}

func TestThePilesAreBounded(t *testing.T) {
	s := recall.NewShelf()
	displaced := 0
	for i := 1; i <= 10_050; i++ {
		if _, ok := s.Take("jp", received(i)); ok {
			displaced++
		}
	}
	if n := len(s.List("jp")); n != 10_000 || displaced != 50 || s.Counts("jp").Early != 50 {
		t.Errorf("it holds %d, displaced %d, counts %+v", n, displaced, s.Counts("jp"))
	}
	for i := range 5100 {
		s.Recall("jp", 1, &record.Recall{Objects: []record.Past{{Object: id(i), Epoch: 1}}}, closed)
	}
	if n := len(s.Snapshot().Piles[0].Floors); n != 5000 {
		t.Errorf("it remembers %d recalled objects", n)
	}
}

// TestAShelfGoesOnAfterASnapshot does the same acts with and without.
func TestAShelfGoesOnAfterASnapshot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := recall.NewShelf(), recall.NewShelf()
		now, seq := start, uint64(0)
		for range rapid.IntRange(1, 40).Draw(t, "acts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3600).Draw(t, "pause")) * time.Second)
			n := rapid.IntRange(1, 12).Draw(t, "n")
			seq++
			do := func(s *recall.Shelf) any { return nil }
			switch rapid.IntRange(0, 3).Draw(t, "act") {
			case 0:
				r := recall.Received{ID: id(n), Seq: seq, Kind: record.KindIncident, Incident: uint32(n), Until: now.Add(time.Hour)}
				do = func(s *recall.Shelf) any { s.Take("jp", r); return nil }
			case 1:
				do = func(s *recall.Shelf) any {
					s.Rely("jp", "accept", func(r recall.Received) bool { return int(r.Incident) == n })
					return nil
				}
			case 2:
				all := rapid.Bool().Draw(t, "all")
				do = func(s *recall.Shelf) any {
					return s.Recall("jp", seq, &record.Recall{Records: []record.ID{id(n)}, All: all}, closed).Receipts(id(99))
				}
			case 3:
				do = func(s *recall.Shelf) any { return s.Expire(now) }
			}
			if d := cmp.Diff(do(a), do(b)); d != "" {
				t.Fatalf("they answer differently: %s", d)
			}
			raw, err := json.Marshal(b.Snapshot())
			if err != nil {
				t.Fatal(err)
			}
			var st recall.ShelfState
			if err := json.Unmarshal(raw, &st); err != nil {
				t.Fatal(err)
			}
			b.Restore(st)
			if d := cmp.Diff(a.Snapshot(), b.Snapshot()); d != "" {
				t.Fatalf("they differ: %s", d)
			}
		}
		for _, r := range a.List("jp") {
			if r.State == recall.Held && r.Until.Before(start) {
				t.Errorf("%+v is held", r)
			}
		}
	})
}

func left(l *recall.Ledger, number uint64, id record.ID) {
	l.Left("jp", func(n uint64) bool { return n == number }, id, start)
}

func TestAReceiptAnswersOnce(t *testing.T) {
	l := recall.NewLedger()
	n, err := l.Add(recall.Act{To: "jp", By: "lin", How: "record", At: start}, []int{2, 3})
	if err != nil || len(n) != 2 {
		t.Fatalf("Add = %v, %v", n, err)
	}
	r := &record.RecallReceipt{Recall: id(1), Gone: []record.ID{id(2)}, Kept: []record.KeptRecord{{ID: id(3), Reason: "accept"}}}
	if _, err := l.Answer("jp", r, start); !errors.Is(err, recall.ErrForged) {
		t.Errorf("a receipt before the recall left: %v", err)
	}
	left(l, n[0], id(1))
	left(l, n[1], id(9))
	if _, err := l.Answer("cell", r, start); !errors.Is(err, recall.ErrForged) {
		t.Errorf("another's receipt: %v", err)
	}
	if act, err := l.Answer("jp", r, start); err != nil || act != 1 {
		t.Errorf("Answer = %d, %v", act, err)
	}
	if _, err := l.Answer("jp", r, start); !errors.Is(err, recall.ErrForged) {
		t.Errorf("a replay: %v", err)
	}
	more := &record.RecallReceipt{Recall: id(1), Kept: []record.KeptRecord{{ID: id(5), Reason: "accept"}}}
	if _, err := l.Answer("jp", more, start); !errors.Is(err, recall.ErrForged) {
		t.Errorf("more than the recall named: %v", err)
	}
	if late := l.Late(start.Add(5*time.Minute - 1)); len(late) != 0 {
		t.Errorf("alarm before its time: %+v", late)
	}
	if late := l.Late(start.Add(5 * time.Minute)); len(late) != 1 {
		t.Errorf("no alarm for a missing receipt")
	}
	if late := l.Late(start.Add(6 * time.Minute)); len(late) != 0 {
		t.Errorf("the alarm comes twice")
	}
	if _, err := l.Answer("jp", &record.RecallReceipt{Recall: id(9), Unknown: []record.ID{id(4)}}, start); err != nil {
		t.Error(err)
	}
	a, _ := l.Get(1)
	if !a.Answered() || a.Parts[0].Gone != 1 || a.Parts[0].Kept != 1 || a.Parts[1].Unknown != 1 {
		t.Errorf("the act is %+v", a)
	}
}

func TestTheLedgerIsBounded(t *testing.T) {
	l := recall.NewLedger()
	for i := range 500 {
		n, err := l.Add(recall.Act{To: "jp", At: start}, []int{1})
		if err != nil {
			t.Fatal(err)
		}
		if i == 7 {
			left(l, n[0], id(1))
			if _, err := l.Answer("jp", &record.RecallReceipt{Recall: id(1)}, start); err != nil {
				t.Fatal(err)
			}
		}
	}
	if l.Full() {
		t.Error("full, though one is answered")
	}
	if _, err := l.Add(recall.Act{To: "jp", At: start}, []int{1}); err != nil {
		t.Errorf("no room where one is answered: %v", err)
	}
	if !l.Full() {
		t.Error("not full")
	}
	if _, err := l.Add(recall.Act{To: "jp", At: start}, []int{1}); !errors.Is(err, recall.ErrFull) {
		t.Errorf("Add to a full ledger = %v", err)
	}
	if _, ok := l.Get(8); ok {
		t.Error("the answered one is still there")
	}
}
