// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track

import (
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// partnerTable keeps what partners told and which of it is ours too.
type partnerTable struct {
	objects map[PartnerKey]*foreign
	order   []*foreign // by key
	pairs   map[[2]PartnerKey]*Ballot
	peers   []*Peer // in the order of Peer.compare
	checked time.Time
}

func newPartnerTable() partnerTable {
	return partnerTable{objects: make(map[PartnerKey]*foreign), pairs: make(map[[2]PartnerKey]*Ballot)}
}

// foreign is one object of a partner.
type foreign struct {
	PartnerTrack
	bins  []Bin // by time
	votes []Ballot
	own   Number
	since time.Time
	// sighted is the time of the last bin that something was learnt from, ns.
	sighted int64
}

// Bin is one place that a partner told.
type Bin struct {
	At        int64 // middle, Unix time in ns
	Width     int64
	Pos       geo.Point
	Grid      float64 // m
	HasCourse bool
	Course    geo.Degrees
	HasSpeed  bool
	Speed     geo.Knots
	Received  int64
	Judged    bool
}

// Ballot holds the last bins in which a partner's track was judged against
// another track: ours, or a second partner's.
type Ballot struct {
	Own    Number
	Bits   uint8 // newest in bit 0
	Apart  uint8 // where it lay apart from ours, newest in bit 0
	Proven bool  // it is no copy of ours
	Joined bool  // two partners' tracks alone
	Since  time.Time
}

const (
	maxBins    = 16
	maxBallots = 8
	// settle is how long a bin waits for those of the same sending slot.
	settle = 2 * time.Second
)

// PartnerUpdate takes the newest that a partner told of one of its objects.
// What is older than what is held is refused and counted.
func (t *Table) PartnerUpdate(from party.ID, object record.ID, body *record.Track, exercise bool, now time.Time) {
	key := PartnerKey{from, object}
	f := t.partners.objects[key]
	switch {
	case body == nil,
		f == nil && t.partners.count(from) >= t.cfg.Partner.MaxTracks,
		f != nil && body.Bin.Start.Before(f.Body.Bin.Start):
		t.stats.Partner++
		return
	}
	if f == nil {
		f = &foreign{}
		t.partners.objects[key] = f
		i, _ := slices.BinarySearchFunc(t.partners.order, key, compareKey)
		t.partners.order = slices.Insert(t.partners.order, i, f)
	}
	f.PartnerTrack = PartnerTrack{Key: key, Body: *body, Exercise: exercise, Received: now, State: Fresh}
	if body.Ended {
		f.State = Ended
	}
	f.addBin(body, now)
}

func compareKey(f *foreign, k PartnerKey) int { return f.Key.Compare(k) }

func (p *partnerTable) count(id party.ID) int {
	n := 0
	for _, f := range p.order {
		if f.Key.Party == id {
			n++
		}
	}
	return n
}

func (f *foreign) addBin(body *record.Track, now time.Time) {
	b := Bin{
		At: body.Bin.Start.Add(body.Bin.Width / 2).UnixNano(), Width: int64(body.Bin.Width),
		Pos:      geo.Point{LatDeg: float64(body.Cell.LatE5) / 1e5, LonDeg: float64(body.Cell.LonE5) / 1e5},
		Grid:     float64(body.Cell.GridM),
		Received: now.UnixNano(),
	}
	if body.Course != nil {
		b.HasCourse, b.Course = true, geo.Degrees(*body.Course)
	}
	if body.SpeedKt != nil {
		b.HasSpeed, b.Speed = true, geo.Knots(*body.SpeedKt)
	}
	if n := len(f.bins); n > 0 && f.bins[n-1].At == b.At {
		b.Judged = f.bins[n-1].Judged // a correction gets no second vote
		f.bins[n-1] = b
		return
	}
	if len(f.bins) == maxBins {
		copy(f.bins, f.bins[1:])
		f.bins = f.bins[:maxBins-1]
	}
	f.bins = append(f.bins, b)
}

// PartnerForget takes out everything that a partner told.
func (t *Table) PartnerForget(id party.ID) {
	for _, f := range slices.Clone(t.partners.order) {
		if f.Key.Party == id {
			t.partners.remove(f)
		}
	}
	t.partners.unlearn(id)
}

// PartnerForgetObject takes out one object of a partner's and reports whether it
// was held. What was learnt of the partner's places goes with it: they may be
// told from nothing else.
func (t *Table) PartnerForgetObject(k PartnerKey) bool {
	t.partners.unlearn(k.Party)
	f := t.partners.objects[k]
	if f != nil {
		t.partners.remove(f)
	}
	return f != nil
}

func (p *partnerTable) remove(f *foreign) {
	delete(p.objects, f.Key)
	if i, ok := slices.BinarySearchFunc(p.order, f.Key, compareKey); ok {
		p.order = slices.Delete(p.order, i, i+1)
	}
	for k := range p.pairs {
		if k[0] == f.Key || k[1] == f.Key {
			delete(p.pairs, k)
		}
	}
}

// Partner returns all partners' tracks by party and object.
func (t *Table) Partner() []PartnerTrack {
	out := make([]PartnerTrack, 0, len(t.partners.order))
	for _, f := range t.partners.order {
		out = append(out, f.PartnerTrack)
	}
	return out
}

// PartnerOf returns a partner's track.
func (t *Table) PartnerOf(k PartnerKey) (PartnerTrack, bool) {
	f := t.partners.objects[k]
	if f == nil {
		return PartnerTrack{}, false
	}
	return f.PartnerTrack, true
}

// passPartners ages partners' tracks and judges the bins that have settled.
func (t *Table) passPartners(now time.Time) {
	p, cfg := &t.partners, &t.cfg.Partner
	if now.Sub(p.checked) >= time.Second {
		p.checked = now
		for _, f := range slices.Clone(p.order) {
			silent := now.Sub(f.Received)
			switch {
			case f.State == Ended && silent > cfg.EndedFor, silent > cfg.ForgetAt:
				p.remove(f)
			case f.State == Fresh && silent > max(cfg.StaleAfter, 3*f.Body.Bin.Width):
				f.State = Stale
			}
		}
	}
	for _, f := range p.order {
		for i := range f.bins {
			b := &f.bins[i]
			if !b.Judged && now.UnixNano()-b.Received >= int64(settle) {
				b.Judged = true
				t.judge(f, b, now)
			}
		}
	}
}

// follow makes associations of a joined track those of the one that goes on.
func (p *partnerTable) follow(n, into Number) {
	for _, f := range p.order {
		had := f.ballot(into) != nil
		for i := range f.votes {
			if f.votes[i].Own == n && !had {
				f.votes[i].Own = into
			}
		}
		if f.own == n {
			f.own = into
		}
	}
	p.unfollow(n)
}

// unfollow ends associations with a track of ours.
func (p *partnerTable) unfollow(n Number) {
	for _, f := range p.order {
		f.votes = slices.DeleteFunc(f.votes, func(b Ballot) bool { return b.Own == n })
		if f.own == n {
			f.own, f.since = 0, time.Time{}
		}
	}
}

func (f *foreign) ballot(n Number) *Ballot {
	for i := range f.votes {
		if f.votes[i].Own == n {
			return &f.votes[i]
		}
	}
	return nil
}

// Associations returns which tracks are held to be one object, by our number
// and the partner's key; those between two partners first.
func (t *Table) Associations() []Association {
	var out []Association
	for k, b := range t.partners.pairs {
		if b.Joined {
			out = append(out, Association{Partner: k[0], Second: k[1], Since: b.Since})
		}
	}
	for _, f := range t.partners.order {
		if f.own != 0 {
			out = append(out, Association{Own: f.own, Partner: f.Key, Since: f.since})
		}
	}
	slices.SortFunc(out, compareAssociation)
	return out
}

func compareAssociation(a, b Association) int {
	if a.Own != b.Own {
		return int(int64(a.Own) - int64(b.Own))
	}
	if c := a.Partner.Compare(b.Partner); c != 0 {
		return c
	}
	return a.Second.Compare(b.Second)
}

// Objects returns every object with its tracks: ours that are not tentative by
// number, then those that only partners hold, by their first key.
func (t *Table) Objects() []Object {
	var out []Object
	at := make(map[Number]int)
	for _, w := range t.order {
		if w.State != Tentative {
			at[w.Number] = len(out)
			out = append(out, Object{Own: w.Number})
		}
	}
	group := make(map[PartnerKey]int)
	for _, f := range t.partners.order {
		if i, ok := at[f.own]; ok {
			out[i].Partners = append(out[i].Partners, f.Key)
			continue
		}
		i, ok := -1, false
		for _, o := range t.partners.order {
			if b := t.partners.pairs[pairOf(f.Key, o.Key)]; b != nil && b.Joined {
				if i, ok = group[o.Key]; ok {
					break
				}
			}
		}
		if !ok {
			i = len(out)
			out = append(out, Object{})
		}
		group[f.Key] = i
		out[i].Partners = append(out[i].Partners, f.Key)
	}
	return out
}

func pairOf(a, b PartnerKey) [2]PartnerKey {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	return [2]PartnerKey{a, b}
}
