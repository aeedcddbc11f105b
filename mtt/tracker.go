// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// Tracker turns measurements into tracks. Use New.
type Tracker struct {
	cfg     Config
	sensors []sensor
	tracks  []*track      // by TrackState.ID
	byID    map[ID]*track // by TrackState.ID, as tracks
	numbers map[ID]*track // by TrackState.Number
	grid    grid
	ids     map[uint64]claims // tracks by address or MMSI
	reg     register
	slots   []int   // sensor of each radar in reg
	sights  []Sight // that wait to be learnt from
	state   Core
	stats   Stats
	events  []Event
	free    []*track
	given   ID          // the last number given
	demoted map[ID]bool // tracks told to be confirmed that a rollback made tentative
	log     inputs
	ahead   *ahead // with Config.Do
	formed  formations

	spare   []*Alone
	solos   int // tracks with Alone
	lows    int // tracks with a claim that is not trusted, or more
	lone    pair
	told    []told
	near    []neighbour
	cells   []*cell
	erring  []*track
	pairs   []pair
	group   []*Measurement
	index   []int // of each in what Observe was given
	aims    []aim
	links   []link
	out     []int
	rowOf   []int
	colOf   []*track
	root    []int
	assigns assigner
	joint   marginals
	ranks   ranker
	weights []float64
	likely  []float64 // of each link, its probability
}

// Core is the part of a Tracker's state that is neither track nor sensor.
type Core struct {
	Next    ID    // the last TrackState.ID given
	Sweep   int64 // ns, of the last Advance that looked at every track
	Looked  int64 // ns, of the last search for doubles
	Watched int64 // ns, the greatest time seen by Advance
}

// Stats counts measurements by verdict since the Tracker was made or restored
// from a State, which holds them.
type Stats struct {
	Verdicts [TooManySame + 1]uint64 // by Verdict
	Started  uint64
	Lost     uint64
	Merged   uint64
	// SightsShed counts comparisons of a radar that found no room.
	SightsShed uint64
	// LeftOut is how many radars are not registered: see Registration.LeftOut.
	LeftOut int
	// MatesShed counts looks at which a track found no room for one more with which
	// it flies.
	MatesShed uint64
	Log       LogStats
}

// TrackState is a track as snapshots hold it. Times are Unix times in ns, 0 for
// never.
type TrackState struct {
	ID        ID // by the order of the log; a rollback gives it again
	Number    ID // by which the track is known outside; 0 when it is ID
	Phase     Phase
	Domain    Domain
	Group     uint8
	Anchor    geo.Point // origin of the tangent plane
	Time      int64     // of Filter
	First     int64
	Hit       int64 // the last measurement
	Ended     int64 // when it became lost
	Filter    Filter
	Score     float64 // log odds of existence
	Hits      uint32
	Window    uint8 // the last opportunities, newest in bit 0; 1 is a hit
	Chances   uint8 // opportunities in Window, at most 8
	Cell      uint32
	Bucketed  int64 // when Cell was found
	HeightAt  int64 // last height; 0 when there was none
	Geometric bool  // kind of the last height
	Velocity  bool  // a velocity was measured
	Identity  Keys
	KeyAt     int64 // the last measurement that carried the address or MMSI
	KeyGap    int64 // ns, the longest time of late between two that did
	Same      bool  // Estimate.SameAddress
	TwinOf    ID    // perhaps the same object as this track
	Twin      int16 // how often in a row that looked so
	Contacts  [maxContacts]Contact
	Told      Told
	Rival     Rival
	Claim     Claim
	Class     ClassState
	Flight    Flight
	Alone     *Alone // nil when claims or radars alone hold the track
}

// Keys are what measurements said of an object's identity.
type Keys struct {
	Has      Has // HasAddress, HasModeA, HasCallsign, HasMMSI
	Address  uint32
	ModeA    uint16
	Callsign string
	MMSI     uint32
}

const maxContacts = 6

// Contact is what one sensor has seen of a track.
type Contact struct {
	Sensor int32 // index + 1; 0 is a free place
	Hit    int64 // ns
	Chance int64 // ns, last time it should have given a plot
	Misses uint8 // in a row
	Plot   Plot  // the last, of a radar
	Shared bool  // the last hit was one plot of several objects
	Silent int64 // ns, when the track was last in the sensor's cone of silence; 0 for never
}

type track struct {
	TrackState
	frame  frame
	pos    geo.Point // of the filter's mean at Time
	cell   *cell     // in the grid, and where in it
	slot   int
	mark   int  // column in the group at hand, plus 1
	shares bool // a plot of the group at hand with another track
}

// New returns a Tracker without tracks.
func New(cfg Config) (*Tracker, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Sensors = slices.Clone(cfg.Sensors)
	t := &Tracker{
		cfg:  cfg,
		byID: make(map[ID]*track), numbers: make(map[ID]*track), demoted: make(map[ID]bool),
		grid: newGrid(),
		ids:  make(map[uint64]claims),

		formed: formations{sizes: make(map[FormationID]int)},
	}
	for i, s := range cfg.Sensors {
		t.sensors = append(t.sensors, newSensor(s))
		if s.Polar && cfg.Bias != (Bias{}) && len(t.slots) < maxRegistered {
			t.sensors[i].slot = len(t.slots)
			t.slots = append(t.slots, i)
		}
	}
	t.reg = newRegister(len(t.slots), cfg.Bias)
	t.correctSensors()
	t.log.stale = notStale
	if t.logs() {
		t.save(0)
	}
	return t, nil
}

// logs reports whether late input is put right by rollbacks.
func (t *Tracker) logs() bool { return t.cfg.Rollback > 0 }

// Observe takes measurements, in any order with a Config.Rollback and else in
// that of time, and appends one Outcome for each to dst. What a measurement that
// came late led to is put right at once or by Advance.
func (t *Tracker) Observe(ms []Measurement, dst []Outcome) []Outcome {
	base := len(dst)
	dst = slices.Grow(dst, len(ms))[:base+len(ms)]
	if t.logs() {
		t.observeLogged(ms, dst[base:])
	} else {
		t.run(ms, dst[base:])
	}
	return dst
}

// run gives measurements to tracks, in the order given but for those that are
// taken together.
func (t *Tracker) run(ms []Measurement, out []Outcome) {
	clear(out)
	for i := range ms {
		if i%aheadOf == 0 {
			t.lookAhead(ms, i)
		}
		if out[i].Verdict == 0 {
			t.collect(ms, out, i)
			t.observe(out)
		}
	}
	for i := range out {
		if tr := t.byID[out[i].Track]; tr != nil {
			out[i].Track = tr.Number
		}
	}
}

// Plots of one sensor are given to tracks together: those of a sector, and
// those beyond it as long as they follow closely, so that a formation is not
// torn apart.
const (
	sectorsOfTurn = 40  // a group begins with a sector of this share of a turn
	closePlots    = 360 // plots nearer in time than this share of a turn belong together
	groupSpan     = int64(time.Second)
)

// collect makes a group of measurement first and of those after it that are of
// the same sector of the same sensor, of which a track can have only one.
func (t *Tracker) collect(ms []Measurement, done []Outcome, first int) {
	t.group, t.index = append(t.group[:0], &ms[first]), append(t.index[:0], first)
	n := ms[first].Sensor
	if n < 0 || n >= len(t.sensors) || !t.sensors[n].Polar {
		return
	}
	s := &t.sensors[n]
	begun := ms[first].Time.UnixNano()
	last := begun
	if t.logs() && !t.log.redo.on && s.open.joins(begun, s) {
		t.log.spoil(begun)
	}
	sector, near := s.span()
	defer t.arrange(ms)
	for i := first + 1; i < len(ms) && len(t.group) < maxGroup; i++ {
		at := ms[i].Time.UnixNano()
		if absInt(at-begun) > groupSpan {
			return
		}
		if ms[i].Sensor != n || done[i].Verdict != 0 {
			continue
		}
		if absInt(at-begun) > sector && absInt(at-last) > near {
			return
		}
		t.group, t.index = append(t.group, &ms[i]), append(t.index, i)
		last = at
	}
}

// arrange puts the group in an order that does not depend on the one it came
// in.
func (t *Tracker) arrange(ms []Measurement) {
	first, last := t.group[0], t.group[len(t.group)-1]
	t.sensors[first.Sensor].open = OpenGroup{first.Time.UnixNano(), last.Time.UnixNano(), len(t.group)}
	slices.SortStableFunc(t.index, func(i, k int) int {
		a, b := &ms[i], &ms[k]
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Range, b.Range), cmp.Compare(a.Azimuth, b.Azimuth), cmp.Compare(a.Address, b.Address))
	})
	for n, i := range t.index {
		t.group[n] = &ms[i]
	}
}

// observe gives the group to tracks and writes its outcomes to out.
func (t *Tracker) observe(out []Outcome) {
	t.aims, t.pairs = t.aims[:0], t.pairs[:0]
	for _, m := range t.group {
		t.aims = append(t.aims, t.aimOf(m))
	}
	for i := range t.aims {
		if t.aims[i].refused == 0 {
			t.gather(i)
		}
	}
	t.associate()
	for i, at := range t.index {
		if out[at] = (Outcome{Verdict: t.aims[i].refused}); t.aims[i].refused == 0 {
			out[at] = t.settle(i)
			t.vet(i, out[at])
		}
		t.stats.Verdicts[out[at].Verdict]++
	}
}

// settle updates, resumes or begins a track with measurement i.
func (t *Tracker) settle(i int) Outcome {
	m, a := t.group[i], &t.aims[i]
	if a.pair >= 0 {
		p := &t.pairs[a.pair]
		if p.also == 0 {
			t.witness(i, p.tr)
			t.keepAlone(m, a, p.tr)
			return t.update(m, a, p, false)
		}
		t.divide(p)
		for q := t.next(p); q != nil; q = t.next(q) {
			t.update(m, a, q, true)
		}
		return t.update(m, a, p, true)
	}
	t.witness(i, nil)
	if tr := t.defend(m, a); tr != nil {
		t.hit(tr, m, a)
		return Outcome{Updated, tr.ID}
	}
	t.note(m, a)
	switch {
	case a.again != nil:
		t.reacquire(a.again, m, a)
		return Outcome{Updated, a.again.ID}
	case a.tooLate:
		return Outcome{Verdict: TooLate}
	case a.where == nowhere:
		return t.refine(m)
	}
	return t.stand(m, a)
}

// claims are the tracks that hold one address or MMSI, by ID.
type claims struct {
	n  int
	id [4]ID
}

func keyOf(has Has, address, mmsi uint32) (uint64, bool) {
	switch {
	case has&HasMMSI != 0 && mmsi != 0:
		return 1<<40 | uint64(mmsi), true
	case has&HasAddress != 0 && address != 0:
		return uint64(address), true
	}
	return 0, false
}

func (m *Measurement) key() (uint64, bool) { return keyOf(m.Has, m.Address, m.MMSI) }

func (k *Keys) key() (uint64, bool) { return keyOf(k.Has, k.Address, k.MMSI) }

// claim notes that tr holds its key. It is false when four tracks do already.
func (t *Tracker) claim(tr *track) bool {
	key, ok := tr.Identity.key()
	if !ok {
		return true
	}
	c := t.ids[key]
	if slices.Contains(c.id[:c.n], tr.ID) {
		return true
	}
	if c.n == len(c.id) {
		return false
	}
	c.id[c.n] = tr.ID
	c.n++
	slices.Sort(c.id[:c.n])
	t.ids[key] = c
	return true
}

// disclaim takes tr's key away.
func (t *Tracker) disclaim(tr *track) {
	key, ok := tr.Identity.key()
	if !ok {
		return
	}
	c := t.ids[key]
	at := slices.Index(c.id[:c.n], tr.ID)
	if at < 0 {
		return
	}
	copy(c.id[at:], c.id[at+1:c.n])
	c.n--
	c.id[c.n] = 0
	if c.n == 0 {
		delete(t.ids, key)
	} else {
		t.ids[key] = c
	}
}

// Lookup appends the tracks that hold an address (or, with mmsi, an MMSI) to
// dst, by ID.
func (t *Tracker) Lookup(value uint32, mmsi bool, dst []ID) []ID {
	has := HasAddress
	if mmsi {
		has = HasMMSI
	}
	key, ok := keyOf(has, value, value)
	if !ok {
		return dst
	}
	c, base := t.ids[key], len(dst)
	for _, id := range c.id[:c.n] {
		dst = append(dst, t.byID[id].Number)
	}
	slices.Sort(dst[base:])
	return dst
}

// Len returns the number of tracks, tentative and lost ones included.
func (t *Tracker) Len() int { return len(t.tracks) }

// IDs appends the IDs of all tracks to dst, in order.
func (t *Tracker) IDs(dst []ID) []ID {
	base := len(dst)
	for _, tr := range t.tracks {
		dst = append(dst, tr.Number)
	}
	slices.Sort(dst[base:])
	return dst
}

// Stats returns the counters. A rollback counts no measurement twice, so that
// the number of a verdict may fall.
func (t *Tracker) Stats() Stats {
	s := t.stats
	s.Log = t.log.stats
	s.Verdicts[Malformed] += s.Log.Malformed
	for i := range t.sensors {
		if r := &t.sensors[i]; r.Polar && r.slot < 0 && t.cfg.Bias != (Bias{}) {
			s.LeftOut++
		}
	}
	return s
}

// Estimate returns what is held of a track at the time of its last update.
func (t *Tracker) Estimate(id ID) (Estimate, bool) {
	tr := t.numbers[id]
	if tr == nil {
		return Estimate{}, false
	}
	x, p := tr.Filter.moments()
	t.spread(tr, &x, &p, tr.Time)
	return tr.estimate(&x, &p, tr.pos, tr.Time), true
}

// EstimateAt returns what is held of a track, moved to a time at or after its
// last update; an earlier time gives that of the update.
func (t *Tracker) EstimateAt(id ID, at time.Time) (Estimate, bool) {
	tr := t.numbers[id]
	if tr == nil {
		return Estimate{}, false
	}
	when := max(at.UnixNano(), tr.Time)
	f := tr.Filter
	k := tr.motion()
	f.predict(seconds(when-tr.Time), &k, tr.HeightAt != 0)
	x, p := f.moments()
	t.spread(tr, &x, &p, when)
	return tr.estimate(&x, &p, tr.frame.point(x[iE], x[iN]), when), true
}

func (tr *track) estimate(x *Vec, p *Mat, pos geo.Point, at int64) Estimate {
	k := motion(tr.Domain)
	east, north := tr.frame.aloft(x[iE], x[iH], x[iVE], x[iVN])
	sv := math.Sqrt((p[iVE][iVE] + p[iVN][iVN]) / 2)
	trust, why := tr.Claim.trust()
	class, confidence := tr.Class.given(tr.Claim.Low)
	return Estimate{
		ID: tr.Number, Phase: tr.Phase, Domain: tr.Domain, Group: tr.Group,
		FirstSeen: stamp(tr.First), Time: stamp(at), LastHit: stamp(tr.Hit),
		Pos: pos, SigmaPos: geo.Metres(math.Sqrt((p[iE][iE] + p[iN][iN]) / 2)), Cov: [3]float64{p[iE][iE], p[iE][iN], p[iN][iN]},
		East: geo.MetresPerSecond(east), North: geo.MetresPerSecond(north),
		HasVelocity: tr.Velocity || tr.Hits > 1 && sv < k.sigmaV/2,
		SigmaSpeed:  geo.MetresPerSecond(sv), CovVelocity: [3]float64{p[iVE][iVE], p[iVE][iVN], p[iVN][iVN]},
		HasHeight: tr.HeightAt != 0, Height: geo.Metres(x[iH]),
		Hits: tr.Hits, Existence: 1 / (1 + math.Exp(-tr.Score)),
		SameAddress: tr.Same, HasTrust: tr.Claim.live(at), Trust: trust, Reasons: why, Doubted: tr.Claim.Low && tr.Claim.live(at),
		Class: class, Confidence: confidence, Formation: tr.Flight.Formation,
	}
}

func stamp(ns int64) time.Time { return time.Unix(0, ns).UTC() }

func seconds(ns int64) float64 { return float64(ns) / 1e9 }

// add puts a new track into all indexes.
func (t *Tracker) add(tr *track) {
	t.tracks = append(t.tracks, tr) // IDs rise
	t.byID[tr.ID], t.numbers[tr.Number] = tr, tr
	t.claim(tr)
}

// fresh returns an empty track with the next ID.
func (t *Tracker) fresh() *track {
	t.state.Next++
	tr := t.blank()
	tr.ID, tr.Number = t.state.Next, t.nextNumber()
	return tr
}

// blank returns an empty track that is nowhere.
func (t *Tracker) blank() *track {
	var tr *track
	if n := len(t.free); n > 0 {
		tr, t.free = t.free[n-1], t.free[:n-1]
		*tr = track{}
	} else {
		tr = &track{}
	}
	tr.Cell = noCell
	return tr
}

// maxFree bounds the tracks whose memory is kept: a rollback in clutter takes
// back some thousand that it begins again.
const maxFree = 4096

// recycle keeps the memory of a track that is in no index any more.
func (t *Tracker) recycle(tr *track) {
	delete(t.byID, tr.ID)
	delete(t.numbers, tr.Number)
	if len(t.free) < maxFree {
		t.free = append(t.free, tr)
	}
}

// sweepOut forgets tracks whose Phase is 0.
func (t *Tracker) sweepOut() {
	t.tracks = slices.DeleteFunc(t.tracks, func(tr *track) bool {
		if tr.Phase != 0 {
			return false
		}
		t.recycle(tr)
		return true
	})
}

// byIdentity orders tracks by ID.
func byIdentity(a, b *track) int { return cmp.Compare(a.ID, b.ID) }
