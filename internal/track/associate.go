// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track

import (
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

// relation is what identities say about two tracks being one object.
type relation int8

const (
	conflict relation = iota - 1
	neutral
	same
)

// candidate is a track that a partner's bin may belong to.
type candidate struct {
	own      Number
	other    *foreign
	distance float64 // m
	sigma    float64 // m, one standard deviation of the difference
	relation relation
}

// How much wider than usual the gate is.
const (
	farIdentity = 3   // where address, MMSI or callsign agree
	stayJoined  = 1.4 // for tracks that are joined already
)

// judge lets one bin of a partner's track vote on which track of ours it is,
// and, where it is none of ours, on which track of another partner.
func (t *Table) judge(f *foreign, b *Bin, now time.Time) {
	if f.State == Ended && f.own == 0 {
		return
	}
	list := t.candidates(f, b)
	t.vote(f, b, list, now)
	if f.own == 0 {
		t.judgePartners(f, b, now)
	} else {
		t.partPartners(f)
		t.learn(f, b)
	}
}

// candidates returns our tracks inside the gate at the bin's time, nearest
// first.
func (t *Table) candidates(f *foreign, b *Bin) []candidate {
	var out []candidate
	for _, w := range t.order {
		if w.State == Tentative || w.Exercise != f.Exercise || w.Domain != 0 && w.Domain.String() != f.Body.Domain {
			continue
		}
		if !w.near(b) {
			continue
		}
		if c, ok := t.compare(w, f, b); ok {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b candidate) int {
		switch {
		case a.relation != b.relation:
			return int(b.relation - a.relation)
		case a.distance < b.distance:
			return -1
		case a.distance > b.distance:
			return 1
		}
		return 0
	})
	return out
}

// near is a cheap test that leaves out what is certainly too far.
func (w *own) near(b *Bin) bool {
	age := math.Abs(w.Time.Sub(time.Unix(0, b.At)).Seconds())
	reach := 200_000 + b.Grid + 350*age
	return math.Abs(w.Pos.LatDeg-b.Pos.LatDeg)*110_000 < reach
}

// compare measures one of our tracks against a bin; false when it is outside
// the gate, or identity or course say no.
func (t *Table) compare(w *own, f *foreign, b *Bin) (candidate, bool) {
	r := relate(&w.Track, &f.Body)
	if r == conflict {
		return candidate{}, false
	}
	c := candidate{own: w.Number, relation: r, distance: math.Inf(1)}
	mid, found := t.at(w.Number, time.Unix(0, b.At))
	pos, off := t.corrected(f, b, float64(mid.East), float64(mid.North))
	// The place may be that of any moment of the bin.
	for _, at := range [3]int64{b.At - b.Width/2, b.At + b.Width/2, b.At} {
		p, ok := t.at(w.Number, time.Unix(0, at))
		if !ok {
			continue
		}
		d, _ := geo.Inverse(p.pos(), pos)
		c.distance = min(c.distance, float64(d))
		if !found {
			mid, found = p, true
		}
	}
	if !found {
		return c, false
	}
	speed := math.Hypot(float64(mid.East), float64(mid.North))
	if !mid.Motion {
		speed = b.speed(f.Body.Domain)
	}
	doubt := t.cfg.Partner.bias(f.Body.Domain)
	if r != same { // one identity may lie farther apart than what was learnt says
		doubt = t.doubt(f, off)
	}
	c.sigma = spread(doubt, max(float64(mid.Sigma), t.astray(w, b.At)), b, speed)
	gate := t.cfg.Partner.Gate * c.sigma
	if r == same {
		return c, c.distance <= farIdentity*gate
	}
	if f.own == w.Number {
		gate *= stayJoined
	}
	if mid.Motion && speed > slow && b.HasCourse {
		course := geo.Degrees(math.Atan2(float64(mid.East), float64(mid.North)) * 180 / math.Pi)
		if math.Abs(float64((course - b.Course).Norm180())) > float64(t.cfg.Partner.MaxCourse) {
			return c, false
		}
	}
	return c, c.distance <= gate
}

// slow is the speed in m/s below which a course means little.
const slow = 8

// speed returns the partner's speed, or a usual one, in m/s.
func (b *Bin) speed(domain string) float64 {
	switch {
	case b.HasSpeed:
		return float64(b.Speed.MetresPerSecond())
	case domain == plot.Sea.String():
		return 8
	}
	return 100
}

// spread returns the standard deviation of the distance between our position
// and a partner's cell: our covariance, the cell in both axes, the way within
// the bin, and the bias between two parties, below which nothing is taken to
// be known.
func spread(bias, sigma float64, b *Bin, speed float64) float64 {
	way := speed * float64(b.Width) / 1e9
	return math.Sqrt(sigma*sigma + 2*b.Grid*b.Grid/12 + way*way/12 + bias*bias)
}

// relate compares identities. A track of ours that is known by address or MMSI
// is not one that the partner tells without it.
func relate(w *Track, body *record.Track) relation {
	if w.HasAddress || w.HasMMSI {
		addresses := w.HasAddress && body.Address != nil
		mmsis := w.HasMMSI && body.MMSI != nil
		switch {
		case !addresses && !mmsis,
			addresses && w.Address != *body.Address,
			mmsis && w.MMSI != *body.MMSI:
			return conflict
		}
		return same
	}
	if w.Callsign != "" && body.Callsign != "" {
		if w.Callsign == body.Callsign {
			return same
		}
		return conflict
	}
	return neutral
}

// vote counts one bin and joins or parts.
func (t *Table) vote(f *foreign, b *Bin, list []candidate, now time.Time) {
	if f.own != 0 {
		// Where we cannot say where ours was, the bin says nothing of it.
		if _, ok := t.at(f.own, time.Unix(0, b.At)); !ok && !slices.ContainsFunc(list, func(c candidate) bool { return c.own == f.own }) {
			return
		}
	}
	winner := t.winner(f, b, list)
	if winner != 0 && f.ballot(winner) == nil {
		if len(f.votes) == maxBallots {
			f.votes = f.votes[1:]
		}
		f.votes = append(f.votes, Ballot{Own: winner})
	}
	mask := uint8(1)<<t.cfg.Partner.Bins - 1
	for i := range f.votes {
		v := &f.votes[i]
		v.Bits <<= 1
		if v.Own == winner {
			v.Bits |= 1
		}
		v.Bits &= mask
	}
	t.joinOrPart(f, winner, list, now)
	f.votes = slices.DeleteFunc(f.votes, func(v Ballot) bool { return v.Bits == 0 && v.Own != f.own })
}

func (t *Table) joinOrPart(f *foreign, winner Number, list []candidate, now time.Time) {
	cfg := &t.cfg.Partner
	if f.own != 0 {
		v := f.ballot(f.own)
		if v == nil || bits.OnesCount8(v.Bits) <= cfg.Bins-cfg.Votes || t.conflicts(f) {
			f.own, f.since = 0, time.Time{}
		}
	}
	if f.own != 0 || winner == 0 {
		return
	}
	certain := len(list) > 0 && list[0].own == winner && list[0].relation == same
	if certain || bits.OnesCount8(f.ballot(winner).Bits) >= cfg.Votes {
		f.own, f.since = winner, now
		// A join by identity is as good as a full set of bins.
		if v := f.ballot(winner); certain {
			v.Bits = uint8(1)<<cfg.Bins - 1
		}
	}
}

// conflicts reports whether the identities of joined tracks came to differ.
func (t *Table) conflicts(f *foreign) bool {
	w := t.tracks[f.own]
	return w == nil || relate(&w.Track, &f.Body) == conflict
}

// winner returns the track of ours that a bin speaks for, or 0 where none is
// clearly nearest.
func (t *Table) winner(f *foreign, b *Bin, list []candidate) Number {
	if len(list) == 0 {
		return 0
	}
	best := list[0]
	for _, c := range list[1:] {
		if c.own == f.own && best.relation == c.relation && c.distance <= best.distance+c.sigma {
			return c.own // what is joined stays while it is about as near
		}
	}
	if best.own == f.own {
		return best.own
	}
	if best.relation == same {
		return best.own
	}
	if len(list) > 1 && list[1].relation == best.relation && list[1].distance <= best.distance+best.sigma {
		return 0
	}
	if t.contested(f, b, best) {
		return 0
	}
	return best.own
}

// contested reports whether another track of the same partner is about as
// near to our track, or has it already.
func (t *Table) contested(f *foreign, b *Bin, best candidate) bool {
	w := t.tracks[best.own]
	for _, o := range t.partners.order {
		if o == f || o.Key.Party != f.Key.Party || o.Exercise != f.Exercise || o.Body.Domain != f.Body.Domain {
			continue
		}
		if o.own == best.own {
			return true
		}
		if o.own != 0 || o.State == Ended {
			continue
		}
		at := o.matching(b)
		if at == nil {
			continue
		}
		if c, ok := t.compare(w, o, at); ok && c.distance <= best.distance+best.sigma {
			return true
		}
	}
	return false
}

// matching returns the bin of the same time, or nil.
func (f *foreign) matching(b *Bin) *Bin {
	for i := range f.bins {
		o := &f.bins[i]
		if d := o.At - b.At; max(d, -d) <= max(o.Width, b.Width)/2 {
			return o
		}
	}
	return nil
}

// judgePartners lets a bin vote on which tracks of other partners are the same
// object.
func (t *Table) judgePartners(f *foreign, b *Bin, now time.Time) {
	var list []candidate
	for _, o := range t.partners.order {
		if o.Key.Party == f.Key.Party || o.own != 0 || o.Exercise != f.Exercise || o.Body.Domain != f.Body.Domain {
			continue
		}
		m := o.matching(b)
		if m == nil {
			continue
		}
		c, ok := t.compareBins(f, b, o, m)
		if ok {
			list = append(list, c)
		} else if v := t.partners.pairs[pairOf(f.Key, o.Key)]; v != nil {
			t.ballotPair(f, o, false, false, now)
		}
	}
	for _, c := range list {
		ok := !slices.ContainsFunc(list, func(d candidate) bool {
			return d.other != c.other && d.other.Key.Party == c.other.Key.Party && c.relation <= d.relation && d.distance <= c.distance+c.sigma
		})
		t.ballotPair(f, c.other, ok, c.relation == same, now)
	}
}

// compareBins measures two partners' bins of one time against each other.
func (t *Table) compareBins(f *foreign, b *Bin, o *foreign, m *Bin) (candidate, bool) {
	r := relateBodies(&f.Body, &o.Body)
	if r == conflict {
		return candidate{}, false
	}
	d, _ := geo.Inverse(b.Pos, m.Pos)
	speed := max(b.speed(f.Body.Domain), m.speed(o.Body.Domain))
	mine := spread(t.cfg.Partner.bias(f.Body.Domain), 0, b, speed)
	// The bias is that between the two, so it counts once.
	grid := 2 * m.Grid * m.Grid / 12
	way := speed * float64(m.Width) / 1e9
	c := candidate{other: o, distance: float64(d), relation: r, sigma: math.Sqrt(mine*mine + grid + way*way/12)}
	gate := t.cfg.Partner.Gate * c.sigma
	if r == same {
		return c, c.distance <= farIdentity*gate
	}
	fast := b.HasSpeed && m.HasSpeed && min(b.Speed.MetresPerSecond(), m.Speed.MetresPerSecond()) > slow
	if fast && b.HasCourse && m.HasCourse && math.Abs(float64((b.Course-m.Course).Norm180())) > float64(t.cfg.Partner.MaxCourse) {
		return c, false
	}
	return c, c.distance <= gate
}

// relateBodies compares identities that two partners told.
func relateBodies(a, b *record.Track) relation {
	out := neutral
	for _, pair := range [2][2]*uint32{{a.Address, b.Address}, {a.MMSI, b.MMSI}} {
		switch {
		case (pair[0] == nil) != (pair[1] == nil):
			return conflict
		case pair[0] == nil:
		case *pair[0] != *pair[1]:
			return conflict
		default:
			out = same
		}
	}
	if out == neutral && a.Callsign != "" && b.Callsign != "" {
		if a.Callsign == b.Callsign {
			return same
		}
		return conflict
	}
	return out
}

func (t *Table) ballotPair(f, o *foreign, yes, certain bool, now time.Time) {
	key, cfg := pairOf(f.Key, o.Key), &t.cfg.Partner
	v := t.partners.pairs[key]
	if v == nil {
		if !yes {
			return
		}
		v = &Ballot{}
		t.partners.pairs[key] = v
	}
	mask := uint8(1)<<cfg.Bins - 1
	v.Bits = v.Bits << 1 & mask
	if yes {
		v.Bits |= 1
		if certain {
			v.Bits = mask
		}
	}
	ones := bits.OnesCount8(v.Bits)
	switch {
	case v.Joined && ones <= cfg.Bins-cfg.Votes:
		delete(t.partners.pairs, key)
	case !v.Joined && ones >= cfg.Votes && !t.taken(f, o) && !t.taken(o, f):
		v.Joined, v.Since = true, now
	case v.Bits == 0:
		delete(t.partners.pairs, key)
	}
}

// taken reports whether f is joined to another track of o's party already.
func (t *Table) taken(f, o *foreign) bool {
	for k, v := range t.partners.pairs {
		if !v.Joined {
			continue
		}
		if k[0] == f.Key && k[1].Party == o.Key.Party || k[1] == f.Key && k[0].Party == o.Key.Party {
			return true
		}
	}
	return false
}

// partPartners takes back what was held about a track that is now known to be
// one of ours.
func (t *Table) partPartners(f *foreign) {
	for k := range t.partners.pairs {
		if k[0] == f.Key || k[1] == f.Key {
			delete(t.partners.pairs, k)
		}
	}
}
