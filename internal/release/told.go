// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"cmp"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// Fate is what became of a record at the partner, as its receipts say.
type Fate string

// The fates. A record that nobody took back has none.
const (
	Held    Fate = ""        // as far as we know
	Gone    Fate = "gone"    // destroyed after a recall
	Kept    Fate = "kept"    // recalled, and sealed as evidence
	Unknown Fate = "unknown" // recalled; the partner did not hold it
)

// Told is one record of the record lane that left for a partner. Rules and
// numbers stay home; the partner knows the id alone.
type Told struct {
	ID     record.ID   `json:"id"`
	Kind   record.Kind `json:"kind"`
	Number uint64      `json:"number"`
	At     time.Time   `json:"at"`    // the record's own time: both sides count its retention from it
	Until  time.Time   `json:"until"` // the end of its retention
	Rules  []string    `json:"rules,omitempty"`
	Recall uint64      `json:"recall,omitempty"` // the number of the recall that names it, 0 for none
	Fate   Fate        `json:"fate,omitempty"`
	Why    string      `json:"why,omitempty"` // why it is kept
}

// maxTold bounds the records of one partner in the register. Those that are
// over leave it first; a recall of all reaches the others too.
const maxTold = 10_000

// controls reports whether records of a kind steer the record lane itself. They
// hold no content, so that no policy decides about them and no recall takes
// them back: a recall names ids that the partner was given, a receipt ids that
// the partner gave.
func controls(k record.Kind) bool { return k == record.KindRecall || k == record.KindRecallReceipt }

// controlLabel marks what recalls and their receipts say.
func controlLabel() record.Label {
	return record.Label{Policy: "kuroshio", Classification: "recall", Purpose: "recall", Retention: 30 * 24 * time.Hour}
}

// cumulative reports whether a record of a kind says again what the earlier ones
// of the same thing said: they are taken back together.
func cumulative(k record.Kind) bool {
	return k == record.KindTrack || k == record.KindIncident || k == record.KindSupport || k == record.KindFacility
}

// register notes a record that leaves.
func (d *Desk) register(to party.ID, number uint64, r *record.Record, rules []string) {
	if r.Kind.Lane() == record.LaneState || controls(r.Kind) {
		return
	}
	list := append(d.left[to], Told{
		ID: r.ID, Kind: r.Kind, Number: number, At: r.Time, Until: r.Time.Add(r.Label.Retention), Rules: rules,
	})
	if len(list) > maxTold {
		i := max(0, slices.IndexFunc(list, func(t Told) bool { return t.over(r.Time) }))
		if !list[i].over(r.Time) {
			d.unlisted[to]++
		}
		list = slices.Delete(list, i, i+1)
	}
	d.left[to] = list
}

// over reports whether the partner holds no content of a record any more.
func (t *Told) over(now time.Time) bool {
	return t.Fate == Gone || t.Fate == Unknown || !now.Before(t.Until)
}

// Told returns the records of the record lane that left for a partner and are
// in the register, in order, and how many left it while the partner still held
// them.
func (d *Desk) Told(to party.ID) (list []Told, unlisted uint64) {
	return slices.Clone(d.left[to]), d.unlisted[to]
}

// ToldObject is what a partner was told last of an object of the state lane.
type ToldObject struct {
	Number uint64
	Last   record.Record
	First  time.Time // when the first report left
	Until  time.Time
	Rules  []string // of all reports since then
	Recall uint64
	Fate   Fate
}

// ToldObjects returns the objects of the state lane that a partner was told of,
// by number.
func (d *Desk) ToldObjects(to party.ID) []ToldObject {
	var list []ToldObject
	for _, key := range sortedKeys(d.objects[to]) {
		o := d.objects[to][key]
		if key.kind.Lane() == record.LaneState && o.Last != nil {
			list = append(list, ToldObject{
				Number: key.number, Last: *o.Last, First: o.First, Until: o.Last.Time.Add(o.Last.Label.Retention),
				Rules: o.ToldRules, Recall: o.Recall, Fate: o.Fate,
			})
		}
	}
	return list
}

// Selection says which of what a partner was told is taken back. Exactly one
// part of it is set.
type Selection struct {
	Records []record.ID // ids of records, of either lane
	Rule    string
	From    time.Time // with To: what left from From on and before To
	To      time.Time
	All     bool
}

func (s *Selection) takes(id record.ID, first, last time.Time, rules []string) bool {
	switch {
	case s.All:
		return true
	case s.Rule != "":
		return slices.Contains(rules, s.Rule)
	case !s.From.IsZero():
		return !last.Before(s.From) && first.Before(s.To)
	}
	return slices.Contains(s.Records, id)
}

// Taken is what a recall takes back.
type Taken struct {
	Records []record.ID   // of the record lane
	Objects []record.Past // of the state lane
}

// Empty reports whether it takes nothing back.
func (t *Taken) Empty() bool { return len(t.Records)+len(t.Objects) == 0 }

// Recall takes back what the selection names, under the recall's number: what
// waits of it is dropped, the partner is shown to hold none of it, and tracks
// and incidents among it are not told again until Lift. What was taken back
// before is not taken twice.
func (d *Desk) Recall(to party.ID, sel Selection, number uint64, now time.Time) Taken {
	var taken Taken
	things := make(map[objectKey]bool)
	for _, key := range sortedKeys(d.objects[to]) {
		o := d.objects[to][key]
		if key.kind.Lane() != record.LaneState || o.Last == nil || o.Recall != 0 {
			continue
		}
		if sel.takes(o.Last.ID, o.First, o.Last.Time, o.ToldRules) {
			things[key] = true
			taken.Objects = append(taken.Objects, record.Past{Object: o.Last.Object, Epoch: o.Last.Epoch})
			o.Recall, o.Fate = number, Held
		}
	}
	list := d.left[to]
	for i := range list {
		if t := &list[i]; t.Recall == 0 && cumulative(t.Kind) && sel.takes(t.ID, t.At, t.At, t.Rules) {
			things[objectKey{t.Kind, t.Number}] = true
		}
	}
	for i := range list {
		t := &list[i]
		key := objectKey{t.Kind, t.Number}
		if t.Recall != 0 || t.over(now) || !(things[key] || sel.takes(t.ID, t.At, t.At, t.Rules)) {
			continue
		}
		t.Recall = number
		taken.Records = append(taken.Records, t.ID)
		things[key] = true
	}
	for key := range things {
		d.withdraw(to, key)
	}
	return taken
}

// withdraw makes a thing one that the partner was never told of, as far as the
// desk's reports go.
func (d *Desk) withdraw(to party.ID, key objectKey) {
	o := d.objects[to][key]
	if o == nil {
		return
	}
	o.Recalled = true
	if cumulative(key.kind) {
		o.HeldBack, o.Told, o.Noted, o.Facility = true, nil, nil, nil
		d.drop(to, key, Decision{Reason: Recalled})
	}
}

// Lift lets tracks and incidents that were recalled be told again, where the
// policy allows it. It returns how many there are.
func (d *Desk) Lift(to party.ID) int {
	n := 0
	for _, o := range d.objects[to] {
		if o.HeldBack {
			o.HeldBack = false
			n++
		}
	}
	return n
}

// HeldBack returns how many tracks and incidents are not told since their
// recall.
func (d *Desk) HeldBack(to party.ID) int {
	n := 0
	for _, o := range d.objects[to] {
		if o.HeldBack {
			n++
		}
	}
	return n
}

// Settle notes what a partner's receipt for a recall says. What the recall does
// not name is passed over.
func (d *Desk) Settle(to party.ID, number uint64, r *record.RecallReceipt) {
	fates := make(map[record.ID]Told)
	for _, id := range r.Gone {
		fates[id] = Told{Fate: Gone}
	}
	for _, id := range r.Unknown {
		fates[id] = Told{Fate: Unknown}
	}
	for _, k := range r.Kept {
		fates[k.ID] = Told{Fate: Kept, Why: k.Reason}
	}
	for i := range d.left[to] {
		if t := &d.left[to][i]; t.Recall == number {
			if f, ok := fates[t.ID]; ok {
				t.Fate, t.Why = f.Fate, f.Why
			}
		}
	}
	for _, o := range d.objects[to] {
		if o.Recall == number && o.Last != nil && slices.Contains(r.Objects, o.Last.Object) {
			o.Fate = Gone
		}
	}
}

// Discard drops what is pending for a partner, but recalls and their receipts,
// and returns how many. Later reports of a track or an incident tell of it as it
// is then.
func (d *Desk) Discard(to party.ID) int {
	before := len(d.pendings)
	d.pendings = slices.DeleteFunc(d.pendings, func(p pending) bool {
		if p.To != to || controls(p.Kind) {
			return false
		}
		d.waiting[to]--
		d.withhold(to, Decision{Reason: Discarded})
		return true
	})
	return before - len(d.pendings)
}

// DropStatement takes a pending statement back and reports whether there was
// one.
func (d *Desk) DropStatement(to party.ID, kind record.Kind, number uint64) bool {
	before := len(d.pendings)
	d.pendings = slices.DeleteFunc(d.pendings, func(p pending) bool {
		drop := p.Body != nil && p.To == to && p.Kind == kind && p.Number == number
		if drop {
			d.waiting[to]--
			d.withhold(to, Decision{Reason: Discarded})
		}
		return drop
	})
	return len(d.pendings) < before
}

// Waiting returns the numbers of the things of a kind that wait for a partner,
// sorted.
func (d *Desk) Waiting(to party.ID, kind record.Kind) []uint64 {
	var list []uint64
	for i := range d.pendings {
		if p := &d.pendings[i]; p.To == to && p.Kind == kind {
			list = append(list, p.Number)
		}
	}
	slices.SortFunc(list, cmp.Compare)
	return slices.Compact(list)
}
