// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"math"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/track"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

const (
	// maxLook is the longest time between two looks at the local picture. It
	// is well inside what a track remembers of its way, so that the middle of
	// a bin of any width is still known.
	maxLook = time.Minute
	// keepEnded is how long what was told of an ended track is kept.
	keepEnded = time.Hour
)

// Observe looks at the local picture at fixed times and at the incidents, and
// puts what the policy allows to the pending releases.
func (d *Desk) Observe(now time.Time, src Sources) {
	if d.policy == nil {
		return
	}
	if look := min(d.policy.minBin, maxLook); look > 0 {
		if at := floor(now, look); at.After(d.checked) {
			d.checked = at
			d.observeTracks(at, look, src)
		}
	}
	for i := range src.Cases {
		for _, to := range d.cfg.Partners {
			d.observeCase(now, to, &src.Cases[i], src)
		}
	}
	d.observeFacilities(now, src)
}

func (d *Desk) observeTracks(at time.Time, look time.Duration, src Sources) {
	d.tracks = src.Tracks.All(d.tracks[:0])
	rescued := make(map[party.ID]map[track.Number]bool, len(d.cfg.Partners))
	for _, to := range d.cfg.Partners {
		rescued[to] = src.rescued(d.cfg.Self, to)
	}
	for i := range d.tracks {
		t := &d.tracks[i]
		if t.State != track.Confirmed && t.State != track.Coasting {
			continue
		}
		for _, to := range d.cfg.Partners {
			d.observeTrack(at, look, to, t, rescued[to][t.Number], src)
		}
	}
	for _, to := range d.cfg.Partners {
		d.observeEnded(at, to)
		d.forget(at, to, src.Cases)
	}
}

// place is where a track was at one time, and the zones there.
type place struct {
	number track.Number
	time   time.Time
	pos    geo.Point
	ok     bool
	zones  []zone.ID
}

// placeAt remembers the last place, which the partners mostly share.
func (d *Desk) placeAt(t *track.Track, at time.Time, src Sources) *place {
	p := &d.place
	if p.number == t.Number && p.time.Equal(at) {
		return p
	}
	p.number, p.time = t.Number, at
	p.pos, p.ok = src.Tracks.At(t.Number, at)
	p.ok = p.ok && p.pos.Valid() && (!t.HasHeight || finite(float64(t.Height)))
	p.zones = p.zones[:0]
	if p.ok {
		p.zones = src.Zones.At(p.pos, p.zones)
	}
	return p
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// observeTrack decides about a track at the middle of the newest bin that is
// half over. Which bin that is follows from the rules, and they from the place:
// it looks with the finest bin and then with the one that the rules ask for.
func (d *Desk) observeTrack(at time.Time, look time.Duration, to party.ID, t *track.Track, rescued bool, src Sources) {
	key := objectKey{record.KindTrack, uint64(t.Number)}
	o := d.objects[to][key]
	if o != nil {
		o.Seen = true
		if o.HeldBack {
			d.withhold(to, Decision{Reason: Recalled})
			return
		}
	}
	f := Facts{
		To: to, Kind: record.KindTrack, Domain: t.Domain, Standard: t.Identity.Standard, Sources: t.Sources,
		Exercise: t.Exercise, Emergency: t.Emergency, Rescue: rescued, Age: at.Sub(t.FirstSeen),
	}
	bin := d.policy.minBin
	for range 4 {
		end := floor(at.Add((bin-look)/2), bin)
		mid := end.Add(-bin / 2)
		if mid.Before(t.FirstSeen) {
			return
		}
		p := d.placeAt(t, mid, src)
		if !p.ok {
			d.withhold(to, Decision{Reason: Failed})
			return
		}
		f.Zones = p.zones
		dec := d.policy.Decide(&f)
		if !dec.Allow {
			d.refuse(to, key, &f, dec)
			return
		}
		if dec.Then.Bin == bin {
			d.take(to, key, &f, dec, sampleOf(t, p.pos, mid, end))
			return
		}
		bin = dec.Then.Bin
	}
	d.withhold(to, Decision{Reason: Superseded}) // on its way between rules of different bins
}

// refuse counts a denial. What an explicit rule denies now does not leave from
// the pending releases either, nor is the partner told when it ends.
func (d *Desk) refuse(to party.ID, key objectKey, f *Facts, dec Decision) {
	d.withhold(to, dec)
	o := d.objects[to][key]
	if o == nil {
		return
	}
	o.Facts = *f
	o.Facts.Zones = slices.Clone(f.Zones)
	if dec.Reason == DeniedByRule && !o.Denied {
		o.Denied = true
		d.drop(to, key, dec)
	}
}

// take puts a sample to the pending releases, once for each bin.
func (d *Desk) take(to party.ID, key objectKey, f *Facts, dec Decision, s sample) {
	o := d.object(to, key)
	if o == nil {
		return
	}
	o.Seen, o.Denied = true, false
	if !s.End.After(o.LastBin) {
		return
	}
	facts := *f
	facts.Zones = slices.Clone(f.Zones)
	o.LastBin, o.Sample, o.Facts = s.End, &s, facts
	p := pending{To: to, Kind: key.kind, Number: key.number, Made: s.Mid, Facts: facts, Sample: &s}
	p.Due = d.turnAt(&p, dec.Then)
	if dec.Then.Rate > 0 {
		d.relieve(&p)
	}
	d.push(p)
}

func sampleOf(t *track.Track, pos geo.Point, mid, end time.Time) sample {
	s := sample{
		Pos: pos, Mid: mid, End: end, Domain: t.Domain, HasHeight: t.HasHeight, Height: t.Height,
		Standard: t.Identity.Standard, Type: t.Identity.Type, Presumed: t.Identity.Presumed,
		Callsign: t.Callsign, Name: t.Name,
	}
	if t.HasAddress {
		a := t.Address
		s.Address = &a
	}
	if t.HasMMSI {
		m := t.MMSI
		s.MMSI = &m
	}
	return s
}

// observeEnded tells partners that a track they were told of is gone.
func (d *Desk) observeEnded(at time.Time, to party.ID) {
	for _, key := range sortedKeys(d.objects[to]) {
		o := d.objects[to][key]
		seen := o.Seen
		o.Seen = false
		if key.kind == record.KindTrack && o.HeldBack && !seen {
			delete(d.objects[to], key) // gone, and nobody is to be told
			continue
		}
		if key.kind != record.KindTrack || seen || o.Sample == nil || o.Sample.Ended {
			continue
		}
		gone := *o.Sample
		gone.Ended = true
		o.Sample = &gone
		dec := d.policy.Decide(&o.Facts)
		if !dec.Allow {
			d.withhold(to, dec)
			continue
		}
		// It went at some moment up to this look.
		p := pending{To: to, Kind: key.kind, Number: key.number, Made: at.Add(-time.Nanosecond), Facts: o.Facts, Sample: &gone}
		p.Due = p.readyAt(dec.Then)
		d.push(p)
	}
}

// forget drops what was told of tracks that ended long ago, unless an incident
// or a pending release still refers to it, of incidents that the book has
// forgotten, and what people said long ago.
func (d *Desk) forget(at time.Time, to party.ID, cases []Case) {
	var held map[uint64]bool
	for key, o := range d.objects[to] {
		if key.kind != record.KindTrack && d.spent(at, to, key, o, cases) {
			delete(d.objects[to], key)
			continue
		}
		if key.kind != record.KindTrack || o.Sample == nil || !o.Sample.Ended || at.Sub(o.LastBin) < keepEnded {
			continue
		}
		if held == nil {
			held = d.held(to, cases)
		}
		if !held[key.number] {
			delete(d.objects[to], key)
		}
	}
}

// keepSaid is how long statements stay in what a partner is shown to hold, and
// keepAmended those that have newer versions: as long as a closed incident, and
// far longer than a notice may lie ahead. The number of a version goes with
// them.
const (
	keepSaid    = 24 * time.Hour
	keepAmended = 31 * 24 * time.Hour
)

// spent reports whether nothing can come any more of what a partner was told
// that is no track: the incident is forgotten, the statement is old.
func (d *Desk) spent(at time.Time, to party.ID, key objectKey, o *object, cases []Case) bool {
	waits := slices.ContainsFunc(d.pendings, func(p pending) bool { return p.To == to && p.Kind == key.kind && p.Number == key.number })
	if waits {
		return false
	}
	if key.kind == record.KindIncident {
		return !slices.ContainsFunc(cases, func(c Case) bool { return c.Number == key.number })
	}
	keep := keepSaid
	if asWritten(1 << key.kind) {
		keep = keepAmended
	}
	return o.Last != nil && at.Sub(o.Last.Time) > keep
}

// held returns the numbers of the tracks that incidents or pending releases
// refer to.
func (d *Desk) held(to party.ID, cases []Case) map[uint64]bool {
	held := make(map[uint64]bool)
	for i := range cases {
		for _, n := range cases[i].Tracks {
			held[uint64(n)] = true
		}
	}
	for i := range d.pendings {
		if p := &d.pendings[i]; p.To == to && p.Kind == record.KindTrack {
			held[p.Number] = true
		}
	}
	return held
}
