// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/incident"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/recall"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/track"
)

// RecallArgs are the arguments of a recall, of a resume and of the answer to a
// distress case.
type RecallArgs struct {
	Records []record.ID `cbor:"1,keyasint,omitempty" json:"records,omitempty"`
	Rule    string      `cbor:"2,keyasint,omitempty" json:"rule,omitempty"`
	From    string      `cbor:"3,keyasint,omitempty" json:"from,omitempty"` // RFC 3339: what left from then on
	To      string      `cbor:"4,keyasint,omitempty" json:"to,omitempty"`   // and before then
	All     bool        `cbor:"5,keyasint,omitempty" json:"all,omitempty"`
	Pending string      `cbor:"6,keyasint,omitempty" json:"pending,omitempty"` // resume: "release" or "discard"
	Answer  string      `cbor:"7,keyasint,omitempty" json:"answer,omitempty"`  // distress case: "pass" or "hold"
}

// Destroyed is a received record of the record lane whose key must be destroyed,
// with the outputs of the same step and not before a snapshot without its
// content is kept.
type Destroyed struct {
	From party.ID
	Seq  uint64
}

// Withdrawal is what of the outbox must not become readable any more, as far as
// the partner has not receipted it: certain records and objects, or all but
// recalls and their receipts.
type Withdrawal struct {
	To      party.ID
	Records []record.ID // of the record lane
	Objects []record.ID // of the state lane
	All     bool
}

var (
	errRecalled = errors.New("it was recalled before it came")
	errForged   = errors.New("receipt answers no recall of ours")
)

// maxNamed bounds what one act may name; the console's page shows fewer.
const maxNamed = 1000

// selection reads what an act takes back.
func (a *RecallArgs) selection() (sel release.Selection, how, code string) {
	given := 0
	for _, set := range []bool{len(a.Records) > 0, a.Rule != "", a.From != "" || a.To != "", a.All} {
		if set {
			given++
		}
	}
	if given != 1 || len(a.Records) > maxNamed {
		return sel, "", "bad-request"
	}
	switch {
	case len(a.Records) > 0:
		return release.Selection{Records: a.Records}, "record", ""
	case a.Rule != "":
		return release.Selection{Rule: a.Rule}, "rule", checkWords(maxWord, "", a.Rule)
	case a.All:
		return release.Selection{All: true}, "all", ""
	}
	from, errFrom := time.Parse(time.RFC3339, a.From)
	to, errTo := time.Parse(time.RFC3339, a.To)
	if errFrom != nil || errTo != nil || from.Year() < 2000 || !from.Before(to) {
		return sel, "", "bad-time"
	}
	return release.Selection{From: from.UTC(), To: to.UTC()}, "time", ""
}

// actRecall takes back what a partner was told. It works while release is
// stopped, too: the recall leaves when it is resumed.
func (e *Engine) actRecall(c *Command, out *Outputs) string {
	if !slices.Contains(e.cfg.Partners, c.Partner) {
		return "no-such-partner"
	}
	if c.Recall == nil {
		return "bad-request"
	}
	sel, how, code := c.Recall.selection()
	switch {
	case code != "":
		return code
	case c.Text == "":
		return "text-missing"
	case e.ledger.Full():
		return "too-many-recalls"
	}
	number := e.ledger.Next()
	taken := e.release.Recall(c.Partner, sel, number, e.now)
	if taken.Empty() && !sel.All {
		return "nothing-to-recall"
	}
	bodies := bodiesOf(&taken, sel.All)
	named := make([]int, len(bodies))
	for i := range bodies {
		named[i] = len(bodies[i].Records) + len(bodies[i].Objects)
	}
	parts, err := e.ledger.Add(recall.Act{
		To: c.Partner, By: c.By, Reason: c.Text, How: how, Rule: c.Recall.Rule, At: e.now,
	}, named)
	if err != nil {
		return "too-many-recalls"
	}
	for i, n := range parts {
		e.sayControl(c.Partner, record.KindRecall, n, record.Record{Recall: &bodies[i]}, out)
	}
	w := Withdrawal{To: c.Partner, Records: taken.Records}
	for _, o := range taken.Objects {
		w.Objects = append(w.Objects, o.Object)
	}
	out.Withdraw = append(out.Withdraw, w)
	out.Audit = append(out.Audit, Audit{e.now, c.By, "recall", fmt.Sprintf("%d to %s by %s %s: %d records, %d objects; reason: %s",
		number, c.Partner, how, c.Recall.Rule, len(taken.Records), len(taken.Objects), clip(c.Text, maxText))})
	out.Reply.Recall, out.Reply.Named = number, len(taken.Records)+len(taken.Objects)
	return ""
}

// bodiesOf puts what is taken back into as many records as it needs. The last
// one reaches all that came before it.
func bodiesOf(t *release.Taken, all bool) []record.Recall {
	n := max((len(t.Records)+record.MaxRecalled-1)/record.MaxRecalled, (len(t.Objects)+record.MaxRecalled-1)/record.MaxRecalled, 1)
	list := make([]record.Recall, n)
	for i := range list {
		list[i] = record.Recall{Records: page(t.Records, i), Objects: page(t.Objects, i), All: all && i == n-1}
	}
	return list
}

func page[T any](list []T, i int) []T {
	from := min(i*record.MaxRecalled, len(list))
	return list[from:min(from+record.MaxRecalled, len(list))]
}

// sayControl puts a recall or a receipt to the pending releases.
func (e *Engine) sayControl(to party.ID, kind record.Kind, number uint64, body record.Record, out *Outputs) {
	if err := e.release.Say(to, kind, number, body, release.Facts{}, e.now); err != nil {
		out.Audit = append(out.Audit, Audit{e.now, "node", "release-withheld", err.Error()})
	}
}

// recallsLeft notes the ids under which recalls are on their way.
func (e *Engine) recallsLeft(sealed []release.Sealed) {
	for _, s := range sealed {
		if s.Kind() == record.KindRecall {
			e.ledger.Left(s.To(), func(n uint64) bool { return e.ids(s.To(), record.KindRecall, n) == s.Object() }, s.ID(), e.now)
		}
	}
}

// actLiftRecall lets what was recalled be told again, where the policy allows
// it.
func (e *Engine) actLiftRecall(c *Command, out *Outputs) string {
	if !slices.Contains(e.cfg.Partners, c.Partner) {
		return "no-such-partner"
	}
	out.Reply.Named = e.release.Lift(c.Partner)
	return ""
}

// takeReceipt takes a partner's answer to a recall of ours.
func (e *Engine) takeReceipt(p *Partner, r *record.Record) error {
	number, err := e.ledger.Answer(p.From, r.RecallReceipt, e.now)
	if err != nil {
		return errForged
	}
	e.release.Settle(p.From, number, r.RecallReceipt)
	if a, ok := e.ledger.Get(number); ok && a.Answered() {
		e.recallAlarm(&a, false)
	}
	return nil
}

func (e *Engine) recallAlarm(a *recall.Act, active bool) {
	e.system("recall/"+string(a.To)+"/"+strconv.FormatUint(a.Number, 10), "recall", string(a.To), 2, active)
}

// concern notes which incident the record is about that is being taken.
func (e *Engine) concern(n incident.Number) { e.concerns = n }

// begin notes the record on which rests what follows.
func (e *Engine) begin(r *record.Record) {
	e.concerns = 0
	e.book.Source(r.ID)
}

// malformedFor is how long a record is kept that says no retention of its own.
const malformedFor = 24 * time.Hour

// shelve ends what begin began: the record, taken or refused, is held until it
// is recalled or its retention ends. r is nil where it could not be read.
func (e *Engine) shelve(p *Partner, r *record.Record) {
	e.book.Source(record.ID{})
	if p.Lane != record.LaneRecord || (r != nil && (r.Kind == record.KindRecall || r.Kind == record.KindRecallReceipt)) {
		return
	}
	x := recall.Received{Seq: p.Seq, Until: e.now.Add(malformedFor)}
	if r != nil {
		x.ID, x.Kind, x.Object, x.Incident, x.Until = r.ID, r.Kind, r.Object, uint32(e.concerns), e.until(r)
	}
	if early, displaced := e.shelf.Take(p.From, x); displaced {
		e.early = append(e.early, recall.Of{From: p.From, Received: early})
	}
	if r != nil && e.concerns != 0 && e.isDistress(p.From, e.concerns) {
		e.rely(p.From, "distress", e.concerns)
	}
}

// until returns when the retention of a record ends. It counts from the record's
// own time, at both sides, but for one that lies ahead of all clocks.
func (e *Engine) until(r *record.Record) time.Time {
	return earlier(r.Time, e.now.Add(maxAhead)).Add(r.Label.Retention)
}

// rely notes that an act of ours rests on what a partner told of an incident.
func (e *Engine) rely(from party.ID, why string, n incident.Number) {
	e.shelf.Rely(from, why, func(r recall.Received) bool {
		into, ok := e.book.Resolve(incident.Number(r.Incident))
		return ok && into == n
	})
}

// isDistress reports whether an incident is a distress case that a partner told
// us, or that we told it.
func (e *Engine) isDistress(p party.ID, n incident.Number) bool {
	inc, ok := e.book.Get(n)
	if !ok {
		return false
	}
	theirs := slices.ContainsFunc(inc.Events, func(ev incident.Event) bool {
		return ev.Kind == incident.EventDistress && slices.Contains(ev.Originators, p)
	})
	return theirs || slices.Contains(e.release.Holders(record.KindDistress, uint64(n)), p)
}

// stillOpen reports whether an incident is worked on.
func (e *Engine) stillOpen(i uint32) bool {
	n, ok := e.book.Resolve(incident.Number(i))
	if !ok {
		return false
	}
	inc, ok := e.book.Get(n)
	return ok && inc.State == incident.Open
}

// takeRecall destroys what a partner takes back, as far as no act of ours rests
// on it, and answers. It comes in order with what it names and never blocks the
// lane. One of too many in a minute is refused: its sender misses the receipt.
func (e *Engine) takeRecall(p *Partner, r *record.Record, out *Outputs) error {
	e.book.Source(record.ID{}) // what stands for the rest is not the recall's own
	if !e.shelf.Allow(p.From, e.now) {
		return errFlood
	}
	res := e.shelf.Recall(p.From, p.Seq, r.Recall, e.stillOpen)
	e.remove(p.From, res.Gone, incident.EventRecalled, out)
	for _, x := range res.Kept {
		if x.Open { // people work with it: it is sealed when the case ends
			e.enter(incident.Number(x.Incident), incident.Event{Kind: incident.EventRecalled, Text: "1", Originators: []party.ID{p.From}})
			continue
		}
		e.forget(p.From, []recall.Received{x}, incident.EventRecalled)
		out.Cleanse = true
	}
	objects := 0
	for _, o := range res.Objects {
		if e.forgetObject(track.PartnerKey{Party: p.From, Object: o.Object}, o.Epoch, incident.EventRecalled) {
			objects++
		}
		out.Cleanse = true // older reports of it rest in the inbox
	}
	if r.Recall.All {
		objects += e.forgetObjects(p.From, incident.EventRecalled)
		out.Cleanse = true
	}
	if n := len(res.Gone) + len(res.Kept) + objects; n > 0 {
		e.book.Entomb(p.From, incident.EventRecalled, n, e.now)
		out.Audit = append(out.Audit, Audit{e.now, "node", "recalled", fmt.Sprintf("by %s: %d records gone, %d sealed, %d objects", p.From, len(res.Gone), len(res.Kept), objects)})
	}
	for _, receipt := range res.Receipts(r.ID) {
		e.sayControl(p.From, record.KindRecallReceipt, p.Seq, record.Record{RecallReceipt: &receipt}, out)
	}
	return nil
}

// remove takes the content of records out of the state and asks for the
// destruction of their keys.
func (e *Engine) remove(from party.ID, list []recall.Received, kind string, out *Outputs) {
	if len(list) == 0 {
		return
	}
	e.forget(from, list, kind)
	for _, x := range list {
		out.Destroy = append(out.Destroy, Destroyed{from, x.Seq})
	}
	out.Cleanse = true
}

// forget takes the content of records out of the state. Each part that keeps
// content of partners has its line here.
func (e *Engine) forget(from party.ID, list []recall.Received, kind string) {
	ids := make(incident.IDs, len(list))
	for _, x := range list {
		ids[x.ID] = true
		e.messages.Forget(from, x.ID) // only a message has it
	}
	e.book.Forget(from, ids, kind, e.now)
	e.forgetSupport(from, func(id record.ID) bool { return ids[id] })
	for _, x := range list {
		e.activities.Forget(from, x.ID)
		e.searches.Forget(from, x.ID)
		e.messages.Forget(from, x.ID)
		if kind == incident.EventRecalled || !e.inForce(from) { // a plan in force is ours as well, byte for byte
			e.joint.Forget(from, x.ID, e.now)
		}
		if x.Kind == record.KindPosture && !e.shelf.Newer(from, x) {
			if n, ok := e.book.Resolve(incident.Number(x.Incident)); ok {
				e.responses.ForgetPosture(from, uint32(n))
			}
		}
	}
}

// inForce reports whether a joint plan with a partner is in force.
func (e *Engine) inForce(with party.ID) bool {
	_, ok := e.joint.InForce(with)
	return ok
}

// forgetObject takes one object of a partner's out, up to an epoch, and reports
// whether it was held.
func (e *Engine) forgetObject(k track.PartnerKey, epoch uint32, kind string) bool {
	if l, ok := e.labels[k]; ok && l.Epoch > epoch {
		return false // told again since
	}
	delete(e.labels, k)
	held := e.tracks.PartnerForgetObject(k)
	e.book.ForgetObject(k, kind, e.now)
	return held
}

func (e *Engine) forgetObjects(from party.ID, kind string) int {
	n := 0
	for _, t := range e.tracks.Partner() {
		if t.Key.Party == from && e.forgetObject(t.Key, ^uint32(0), kind) {
			n++
		}
	}
	return n
}

// sweepEvery is how often the ends of retentions are looked for: each costs a
// snapshot.
const sweepEvery = time.Minute

// sweep takes out what may be held no longer, seals the evidence of cases that
// have ended, and raises the alarm for receipts that are missing.
func (e *Engine) sweep(out *Outputs) {
	for _, a := range e.ledger.Late(e.now) {
		e.recallAlarm(&a, true)
	}
	at := e.now.Truncate(sweepEvery)
	if !at.After(e.swept) {
		return
	}
	e.swept = at
	over := append(e.early, e.shelf.Expire(e.now)...)
	e.early = nil
	byParty := make(map[party.ID][]recall.Received)
	for _, x := range over {
		byParty[x.From] = append(byParty[x.From], x.Received)
	}
	objects := e.expireObjects(out)
	for _, from := range slices.Sorted(maps.Keys(e.links)) {
		e.remove(from, byParty[from], incident.EventExpired, out)
		if n := len(byParty[from]) + objects[from]; n > 0 {
			e.book.Entomb(from, incident.EventExpired, n, e.now)
			out.Audit = append(out.Audit, Audit{e.now, "node", "expired", fmt.Sprintf("of %s: %d records, %d objects", from, len(byParty[from]), objects[from])})
		}
	}
	for _, x := range e.shelf.Close(e.stillOpen) {
		e.forget(x.From, []recall.Received{x.Received}, incident.EventRecalled)
		out.Cleanse = true
	}
	out.Cleanse = out.Cleanse || e.barred
	e.barred = false
}

// expireObjects takes out the objects of the state lane whose retention has
// ended, and returns how many by partner.
func (e *Engine) expireObjects(out *Outputs) map[party.ID]int {
	n := make(map[party.ID]int)
	for _, t := range e.tracks.Partner() {
		if l, ok := e.labels[t.Key]; ok && !e.now.Before(l.Until) {
			e.forgetObject(t.Key, l.Epoch, incident.EventExpired)
			n[t.Key.Party]++
			out.Cleanse = true
		}
	}
	return n
}
