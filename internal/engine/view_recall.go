// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/recall"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
)

// RecallView is one recall of ours with what its receipts say.
type RecallView struct {
	N       uint64    `json:"n"`
	To      party.ID  `json:"to"`
	By      string    `json:"by"`
	Reason  string    `json:"reason"`
	How     string    `json:"how"` // "record", "rule", "time", "all"
	Rule    string    `json:"rule,omitempty"`
	At      time.Time `json:"at"`
	Named   int       `json:"named"`
	Waiting int       `json:"waiting"` // records of the recall that have not left
	Missing int       `json:"missing"` // receipts that are not there
	Gone    int       `json:"gone"`
	Kept    int       `json:"kept"`
	Unknown int       `json:"unknown"`
	Late    bool      `json:"late,omitempty"`
}

// HoldingView counts what waits for a partner and what became of what it told
// us.
type HoldingView struct {
	Party    party.ID `json:"party"`
	Pending  int      `json:"pending"`   // releases that wait
	HeldBack int      `json:"held_back"` // tracks and incidents that are not told since their recall
	recall.Counts
}

// maxRecallsShown bounds the recalls of the picture.
const maxRecallsShown = 100

func (e *Engine) viewRecalls(v *View) {
	for _, a := range slices.Backward(e.ledger.Acts()) {
		if len(v.Recalls) == maxRecallsShown {
			break
		}
		r := RecallView{N: a.Number, To: a.To, By: a.By, Reason: a.Reason, How: a.How, Rule: a.Rule, At: a.At, Late: a.Late && !a.Answered()}
		for _, p := range a.Parts {
			r.Named, r.Gone, r.Kept, r.Unknown = r.Named+p.Named, r.Gone+p.Gone, r.Kept+p.Kept, r.Unknown+p.Unknown
			if p.Left.IsZero() {
				r.Waiting++
			}
			if p.Answered.IsZero() {
				r.Missing++
			}
		}
		v.Recalls = append(v.Recalls, r)
	}
	for _, p := range e.cfg.Partners {
		v.Holdings = append(v.Holdings, HoldingView{p, e.release.Pending(p), e.release.HeldBack(p), e.shelf.Counts(p)})
	}
	v.StopCases = append(v.StopCases, e.stopCases...)
}

// PeerItem is one thing that a partner was told, with what we know of what
// became of it there.
type PeerItem struct {
	ID       record.ID      `json:"id"`
	Kind     string         `json:"kind"`
	Lane     string         `json:"lane"`             // "record", "state"
	Number   uint64         `json:"number"`           // ours: a track, an incident, a dialogue
	Record   uint64         `json:"record,omitempty"` // its number in our log; record lane
	At       time.Time      `json:"at"`
	Until    time.Time      `json:"until"`
	Rules    []string       `json:"rules"`
	State    string         `json:"state"` // "held", "recalled", "gone", "kept", "unknown", "expired", "withdrawn"
	Why      string         `json:"why,omitempty"`
	Receipt  bool           `json:"receipt"` // the partner has receipted it
	Told     *record.Record `json:"told,omitempty"`
	Object   record.ID      `json:"object,omitzero"`
	Recalled uint64         `json:"recall,omitempty"` // by which recall of ours
}

// PeerView is what a partner holds of ours, as far as we know, in order of
// leaving: the record lane, then the newest of each object of the state lane.
type PeerView struct {
	Party    party.ID   `json:"party"`
	Seq      uint64     `json:"seq"`      // of the last input
	Records  uint64     `json:"records"`  // leaves of our log
	Cosigned uint64     `json:"cosigned"` // of them, receipted
	Unlisted uint64     `json:"unlisted"` // older records that this list has no room for
	Items    []PeerItem `json:"items"`
}

// PeerView returns what a partner holds. Record numbers and receipts are the
// store's to add.
func (e *Engine) PeerView(to party.ID) PeerView {
	v := PeerView{Party: to, Seq: e.seq, Items: []PeerItem{}}
	told, unlisted := e.release.Told(to)
	v.Unlisted = unlisted
	for i := range told {
		t := &told[i]
		v.Items = append(v.Items, PeerItem{
			ID: t.ID, Kind: t.Kind.String(), Lane: "record", Number: t.Number, At: t.At, Until: t.Until, Rules: t.Rules,
			State: e.peerState(t.Recall, t.Fate, t.Until), Why: t.Why, Recalled: t.Recall,
		})
	}
	for _, o := range e.release.ToldObjects(to) {
		v.Items = append(v.Items, PeerItem{
			ID: o.Last.ID, Kind: o.Last.Kind.String(), Lane: "state", Number: o.Number, At: o.Last.Time, Until: o.Until, Rules: o.Rules,
			State: e.peerState(o.Recall, o.Fate, o.Until), Object: o.Last.Object, Recalled: o.Recall,
		})
	}
	return v
}

func (e *Engine) peerState(number uint64, fate release.Fate, until time.Time) string {
	switch {
	case fate == release.Gone || fate == release.Unknown:
		return string(fate)
	case !e.now.Before(until):
		return "expired"
	case fate == release.Kept:
		return string(fate)
	case number != 0:
		return "recalled"
	}
	return "held"
}

// Received lists what the node knows of a partner's records, in order of
// arrival.
func (e *Engine) Received(from party.ID) []recall.Received { return e.shelf.List(from) }

// Evidence returns where a recalled record rests that was sealed.
func (e *Engine) Evidence(from party.ID, id record.ID) (seq uint64, ok bool) {
	r, ok := e.shelf.Find(from, id)
	return r.Seq, ok && r.State == recall.Kept
}
