// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// ErrWithheld is wrapped by every error of Say: the statement does not leave.
var ErrWithheld = errors.New("withheld")

// Say puts a statement by a person or by the dialogue's machine steps to the
// pending releases: a body of kind dialogue, posture, link or distress. It is
// decided by the rules of its kind, now and again when due; distress needs
// none.
func (d *Desk) Say(to party.ID, kind record.Kind, number uint64, body record.Record, f Facts, now time.Time) error {
	f.To, f.Kind = to, kind
	f.Zones = slices.Clone(f.Zones)
	body.Kind = kind
	p := pending{To: to, Kind: kind, Number: number, Made: now, Facts: f, Body: &body}
	dec := d.decide(&p)
	var err error
	if dec.Allow {
		if err = d.sound(&body, now); err != nil {
			dec = Decision{Reason: Failed}
		}
	}
	if !dec.Allow {
		d.withhold(to, dec)
		if err != nil {
			return fmt.Errorf("release %s to %s: %w: %w", kind, to, ErrWithheld, err)
		}
		return fmt.Errorf("release %s to %s: %w: %s", kind, to, ErrWithheld, dec.Reason)
	}
	p.Due = p.readyAt(dec.Then)
	if reason, ok := d.push(p); !ok {
		return fmt.Errorf("release %s to %s: %w: %s", kind, to, ErrWithheld, reason)
	}
	return nil
}

// sound reports what is wrong with a statement, so that who makes it learns so
// at once. Tracks and incidents are never said: they come from the picture.
func (d *Desk) sound(body *record.Record, now time.Time) error {
	if pictured(body.Kind) {
		return errors.New("not a statement")
	}
	r := *body
	r.Envelope = record.Envelope{
		Version: record.Protocol, Kind: body.Kind, ID: record.ID{1}, Object: record.ID{1},
		Originator: d.cfg.Self, Label: distressLabel(), Time: now,
	}
	_, err := record.Encode(&r)
	return err
}

// readyAt returns the first slot at which a release may leave: the bin in
// which it became known is over and the delay has passed. So the moment of
// sending tells no more than the bin does.
func (p *pending) readyAt(o Obligations) time.Time {
	from := p.Made
	if p.Body == nil && o.Bin > 0 {
		from = floor(from, o.Bin).Add(o.Bin)
	}
	return slotAt(from.Add(o.Delay), o.Slot)
}

// turnAt is readyAt, but no report of an object leaves in a window of the rate
// in which another has left.
func (d *Desk) turnAt(p *pending, o Obligations) time.Time {
	at := p.readyAt(o)
	if p.Body != nil || o.Rate <= 0 {
		return at
	}
	if held := d.objects[p.To][objectKey{p.Kind, p.Number}]; held != nil && held.Last != nil {
		at = slotAt(later(at, floor(held.Last.Time, o.Rate).Add(o.Rate)), o.Slot)
	}
	return at
}

// relieve drops a pending state that would leave at the same moment as a newer
// one of the same thing, so that a rate does not heap them up.
func (d *Desk) relieve(p *pending) {
	i, _ := slices.BinarySearchFunc(d.pendings, p.Due, func(q pending, due time.Time) int { return q.Due.Compare(due) })
	for ; i < len(d.pendings) && d.pendings[i].Due.Equal(p.Due); i++ {
		if q := &d.pendings[i]; q.Body == nil && q.To == p.To && q.Kind == p.Kind && q.Number == p.Number {
			d.pendings = slices.Delete(d.pendings, i, i+1)
			d.waiting[p.To]--
			d.withhold(p.To, Decision{Reason: Superseded})
			return
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// push adds a pending release in order. It reports false when there is no
// room: a state gives way to a newer one of the same thing, a record is
// refused before it is lost.
func (d *Desk) push(p pending) (Reason, bool) {
	if d.objects[p.To] == nil {
		d.withhold(p.To, Decision{Reason: NoPolicy})
		return NoPolicy, false
	}
	if d.waiting[p.To] >= d.room(p.Kind) && !d.conflate(&p) {
		d.withhold(p.To, Decision{Reason: Full})
		return Full, false
	}
	d.nextID++
	p.ID = d.nextID
	d.keep(p)
	return AllowedByRule, true
}

// room returns how many releases may wait before one of a kind is refused.
// Recalls and their receipts have a tenth to themselves.
func (d *Desk) room(k record.Kind) int {
	if controls(k) {
		return d.cfg.MaxPending + d.cfg.MaxPending/10 + 1
	}
	return d.cfg.MaxPending
}

// conflate makes room for a state by dropping the oldest of the same thing.
func (d *Desk) conflate(p *pending) bool {
	if p.Body != nil {
		return false
	}
	i := slices.IndexFunc(d.pendings, func(q pending) bool {
		return q.Body == nil && q.To == p.To && q.Kind == p.Kind && q.Number == p.Number
	})
	if i < 0 {
		return false
	}
	d.pendings = slices.Delete(d.pendings, i, i+1)
	d.waiting[p.To]--
	d.withhold(p.To, Decision{Reason: Superseded})
	return true
}

// drop takes every pending state of a thing back.
func (d *Desk) drop(to party.ID, key objectKey, dec Decision) {
	d.pendings = slices.DeleteFunc(d.pendings, func(p pending) bool {
		if p.Body != nil || p.To != to || p.Kind != key.kind || p.Number != key.number {
			return false
		}
		d.waiting[to]--
		d.withhold(to, dec)
		return true
	})
}

// keep puts a pending release in its place.
func (d *Desk) keep(p pending) {
	i, _ := slices.BinarySearchFunc(d.pendings, p, byDue)
	d.pendings = slices.Insert(d.pendings, i, p)
	d.waiting[p.To]++
}

func byDue(a, b pending) int {
	return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID))
}

// Due decides again about everything whose slot has come and returns what
// leaves, in order.
func (d *Desk) Due(now time.Time, src Sources) ([]Sealed, []Entry) {
	n := 0
	for n < len(d.pendings) && !d.pendings[n].Due.After(now) {
		n++
	}
	if n == 0 {
		return nil, nil
	}
	due := slices.Clone(d.pendings[:n])
	d.pendings = slices.Delete(d.pendings, 0, n)
	type thing struct {
		to  party.ID
		key objectKey
	}
	newest := make(map[thing]uint64)
	for i := range due {
		p := &due[i]
		d.waiting[p.To]--
		if p.Body == nil {
			newest[thing{p.To, objectKey{p.Kind, p.Number}}] = p.ID
		}
	}
	var out []Sealed
	var log []Entry
	for i := range due {
		p := &due[i]
		switch {
		case p.Body == nil && newest[thing{p.To, objectKey{p.Kind, p.Number}}] != p.ID:
			d.withhold(p.To, Decision{Reason: Superseded})
		case d.frozen[p.To]:
			d.keep(*p)
		default:
			s, e := d.decideAgain(now, p, src)
			out = append(out, s...)
			log = append(log, e...)
		}
	}
	return out, log
}

func (d *Desk) decideAgain(now time.Time, p *pending, src Sources) ([]Sealed, []Entry) {
	dec := d.decide(p)
	if dec.Allow && p.Sample != nil && p.Sample.End.Sub(p.Sample.Mid) != dec.Then.Bin/2 {
		dec = Decision{Reason: Superseded} // taken for a bin that the policy no longer has
	}
	if !dec.Allow {
		return nil, d.withheld(p, dec)
	}
	// The policy in force may be slower than the one before, or have other slots.
	p.Due = slotAt(later(p.Due, d.turnAt(p, dec.Then)), dec.Then.Slot)
	if p.Due.After(now) {
		d.keep(*p)
		return nil, nil
	}
	r, changed := d.build(now, p, dec, src)
	if !changed {
		return nil, nil
	}
	plain, err := record.Encode(r)
	if err != nil {
		return nil, d.withheld(p, Decision{Reason: Failed})
	}
	d.told(p, r, dec)
	return []Sealed{{to: p.To, kind: p.Kind, id: r.ID, object: r.Object, plain: plain}}, []Entry{{p.To, p.Kind, p.Number, d.rulesOf(dec), dec.Reason}}
}

func (d *Desk) withheld(p *pending, dec Decision) []Entry {
	d.withhold(p.To, dec)
	return []Entry{{p.To, p.Kind, p.Number, d.policy.Rules(dec), dec.Reason}}
}

// decide is the policy's decision, but for distress, which ships enabled and
// needs no policy.
func (d *Desk) decide(p *pending) Decision {
	if controls(p.Kind) {
		return Decision{Allow: true, Reason: Control}
	}
	if p.Kind != record.KindDistress {
		return withGrid(d.policy.Decide(&p.Facts), p.Body)
	}
	if d.policy != nil && !d.policy.distress {
		return Decision{Reason: DeniedByRule}
	}
	return Decision{Allow: true, Reason: Distress}
}

func (d *Desk) rulesOf(dec Decision) []string {
	switch dec.Reason {
	case Distress:
		return []string{"distress"}
	case Control:
		return []string{"recall"}
	}
	return d.policy.Rules(dec)
}

// told notes what the partner now holds.
func (d *Desk) told(p *pending, r *record.Record, dec Decision) {
	key := objectKey{p.Kind, p.Number}
	o := d.object(p.To, key)
	o.Epoch, o.Last, o.Rules = r.Epoch, r, d.rulesOf(dec)
	if o.Recalled || o.First.IsZero() {
		o.First, o.ToldRules = r.Time, nil
	}
	o.Recalled, o.Recall, o.Fate = false, 0, Held
	d.register(p.To, p.Number, r, o.Rules)
	if r.Track != nil {
		o.Told = append(o.Told, past{r.Track.Cell, r.Track.Bin})
		o.Told = slices.Delete(o.Told, 0, max(0, len(o.Told)-pastCells))
		o.ToldRules = slices.Compact(slices.Sorted(slices.Values(slices.Concat(o.ToldRules, o.Rules))))
	}
	for _, rule := range o.Rules {
		d.stat(p.To, rule).Released++
	}
}
