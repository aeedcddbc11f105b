// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/fuse"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// Peer is what was learnt of one partner's places in one domain, from objects
// that both hold; exercise and live apart. It is used here alone and told to
// nobody.
type Peer struct {
	Party    party.ID
	Domain   string
	Exercise bool
	Offset   fuse.Offset
	// Known and Unknown are how good its places are of objects that it tells an
	// address or MMSI of, and of others.
	Known, Unknown fuse.Accuracy
}

const (
	// clockSigma is one standard deviation in s of how late a partner's times
	// are, before any is learnt.
	clockSigma = 5
	// leastSights is from when on what was learnt takes the place of the
	// configured bias.
	leastSights = 5
	// sightEvery is how often one object counts: its errors last.
	sightEvery = 30 * time.Second
	// differs is how many of the last bins must have differed from our track
	// before a partner's is taken for a measurement of its own.
	differs = 2
)

func (p *Peer) compare(o *Peer) int {
	return cmp.Or(cmp.Compare(p.Party, o.Party), cmp.Compare(p.Domain, o.Domain), boolOrder(p.Exercise)-boolOrder(o.Exercise))
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

// accuracy returns that of a partner's track.
func (p *Peer) accuracy(f *foreign) *fuse.Accuracy {
	if f.self() != 0 {
		return &p.Known
	}
	return &p.Unknown
}

// self returns the address or MMSI that a partner tells of its object, 0 for
// none.
func (f *foreign) self() uint64 {
	switch {
	case f.Body.MMSI != nil:
		return selfMMSI(*f.Body.MMSI)
	case f.Body.Address != nil:
		return uint64(*f.Body.Address)
	}
	return 0
}

// selfMMSI keeps MMSIs apart from addresses.
func selfMMSI(mmsi uint32) uint64 { return 1<<40 | uint64(mmsi) }

// self returns the address or MMSI of the self-reports that our track rests on,
// 0 where it rests on none.
func (w *own) self() uint64 {
	const told = 1<<plot.ADSB | 1<<plot.TISB | 1<<plot.MLAT | 1<<plot.AIS | 1<<plot.RemoteID
	switch {
	case w.Sources&told == 0:
		return 0
	case w.HasMMSI:
		return selfMMSI(w.MMSI)
	case w.HasAddress:
		return uint64(w.Address)
	}
	return 0
}

// peer returns what was learnt of the partner of an object, of its kind; nil for
// nothing.
func (p *partnerTable) peer(f *foreign) *Peer {
	if i, ok := p.findPeer(f); ok {
		return p.peers[i]
	}
	return nil
}

func (p *partnerTable) findPeer(f *foreign) (int, bool) {
	return slices.BinarySearchFunc(p.peers, &Peer{Party: f.Key.Party, Domain: f.Body.Domain, Exercise: f.Exercise}, (*Peer).compare)
}

// peerOrNew returns what was learnt of a partner, new where it is nothing.
func (t *Table) peerOrNew(f *foreign) *Peer {
	p := &t.partners
	i, ok := p.findPeer(f)
	if !ok {
		domain := f.Body.Domain
		first := float64(t.cfg.Partner.accuracy(domain))
		p.peers = slices.Insert(p.peers, i, &Peer{
			Party: f.Key.Party, Domain: domain, Exercise: f.Exercise,
			Offset: fuse.NewOffset(t.cfg.Partner.bias(domain), clockSigma),
			Known:  fuse.NewAccuracy(first), Unknown: fuse.NewAccuracy(first),
		})
	}
	return p.peers[i]
}

// unlearn forgets what objects of a partner taught.
func (p *partnerTable) unlearn(id party.ID) {
	p.peers = slices.DeleteFunc(p.peers, func(o *Peer) bool { return o.Party == id })
}

// corrected returns a partner's place without what its places are off, for an
// object that moves with (east, north) m/s, and how well that is known.
func (t *Table) corrected(f *foreign, b *Bin, east, north float64) (geo.Point, fuse.Cov) {
	p := t.partners.peer(f)
	if p == nil || p.Offset.Sights < leastSights {
		return b.Pos, fuse.Round(t.cfg.Partner.bias(f.Body.Domain))
	}
	e, n, c := p.Offset.Apart(east, north)
	return shifted(b.Pos, -e, -n), c
}

// doubt returns how far a partner's place and ours may lie apart, one standard
// deviation of the distance, beside our own error and the partner's cell.
func (t *Table) doubt(f *foreign, offset fuse.Cov) float64 {
	bias := t.cfg.Partner.bias(f.Body.Domain)
	p := t.partners.peer(f)
	if p == nil || p.Offset.Sights < leastSights {
		return bias
	}
	s := p.accuracy(f).Sigma(float64(leastAccuracy))
	return math.Min(bias, math.Sqrt(offset.Trace()+2*s*s))
}

// astray returns one standard deviation, in m, of our place at a time after our
// last plot: the tracker's, which knows how far an object may turn. It is 0 for
// a time before.
func (t *Table) astray(w *own, at int64) float64 {
	if at <= w.Time.UnixNano() {
		return 0
	}
	e, _ := t.tracker.EstimateAt(mtt.ID(w.Number), time.Unix(0, at))
	return float64(e.SigmaPos)
}

// shifted returns the place so many metres east and north.
func shifted(p geo.Point, east, north float64) geo.Point {
	d := math.Hypot(east, north)
	if d < 0.01 {
		return p
	}
	return geo.Direct(p, geo.Degrees(math.Atan2(east, north)*180/math.Pi).Norm360(), geo.Metres(d))
}

// between returns how many metres b lies east and north of a.
func between(a, b geo.Point) (east, north float64) {
	d, azi := geo.Inverse(a, b)
	sin, cos := math.Sincos(azi.Radians())
	return float64(d) * sin, float64(d) * cos
}

// rounding returns the covariance of a place that may lie anywhere in its cell.
func (b *Bin) rounding() fuse.Cov { return fuse.Round(b.Grid / math.Sqrt(12)) }

// learn compares a judged bin with our track of the same object: whether the
// two measure apart, how far off the partner's places lie, and how good they
// are.
func (t *Table) learn(f *foreign, b *Bin) {
	v := f.ballot(f.own)
	mid, ok := t.at(f.own, time.Unix(0, b.At))
	if v == nil || !ok || mid.Sigma <= 0 {
		return
	}
	e, n := between(mid.pos(), b.Pos)
	sigma := float64(mid.Sigma)
	w := t.tracks[f.own]
	t.tellApart(v, w, b, math.Max(math.Abs(e), math.Abs(n)), sigma)
	if !mid.Motion || b.At > w.Time.UnixNano() || f.sighted != 0 && b.At-f.sighted < int64(sightEvery) || f.State == Ended {
		return // where no plot followed, our own place is a guess
	}
	f.sighted = b.At
	p := t.peerOrNew(f)
	a := p.accuracy(f)
	ve, vn := float64(mid.East), float64(mid.North)
	de, dn, known := p.Offset.Apart(ve, vn)
	if p.Offset.Sights >= leastSights {
		a.Learn(e-de, n-dn, fuse.Round(sigma), known.Add(b.rounding()))
	}
	if relate(&w.Track, &f.Body) == same && w.Flags&Doubted == 0 { // a false place teaches nothing of the partner's
		s := a.Sigma(float64(leastAccuracy))
		p.Offset.Learn(b.At, e, n, ve, vn, fuse.Round(math.Hypot(sigma, s)).Add(b.rounding()))
	}
}

// leastAccuracy is the best that a partner's places are taken to be.
const leastAccuracy = geo.Metres(30)

// tellApart notes whether a partner's place lay farther from ours than a copy of
// our track could. Where that was so in two of the last bins the partner
// measures on its own, and its places are averaged with ours from then on;
// before, they are taken for what we know already.
func (t *Table) tellApart(v *Ballot, w *own, b *Bin, distance, sigma float64) {
	v.Apart = v.Apart << 1 & (1<<t.cfg.Partner.Bins - 1)
	if distance > 0.75*b.Grid+sigma+t.loose(w, b.At) {
		v.Apart |= 1
	}
	v.Proven = v.Proven || bits.OnesCount8(v.Apart) >= differs
}

// Peers returns what was learnt of partners' places, by party and domain, live
// before exercise.
func (t *Table) Peers() []Peer {
	var out []Peer
	for _, p := range t.partners.peers {
		out = append(out, *p)
	}
	return out
}
