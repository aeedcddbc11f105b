// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// The log holds what the Tracker was given within Config.Rollback, in an order
// that is not that of arrival: by time, sensor and content. Input that comes in
// that order is processed at once and for good. Other input is put into the
// log and the state made that of the log by rollBack, if that may be done; else
// it is processed as well as can be, and from its time on the state is stale
// until a rollback.

// inputs is the log. Measurements of a tick's time and before come before the
// tick; sweeps count at the tick after them.
type inputs struct {
	ms     []Measurement
	keys   []int64   // ns: where each of ms stands, its time but for what is far off
	outs   []Outcome // of each of ms, as told
	sweeps []KeyedSweep
	ticks  []int64 // ns, calls of Advance that looked at every track

	points []*checkpoint // oldest first, all before stale
	stale  int64         // ns; notStale for never
	ticked int64         // ns, the last tick
	late   int64         // ns, the last tick at which the state was stale
	deep   bool          // since the last tick came what lies before it
	early  bool          // since the last tick Observe rolled back
	apart  int64         // ns: until then it does not
	credit int64         // measurements that rollbacks may process again
	stats  LogStats
	redo   replay

	order []slot // of one call of Observe
	batch []Measurement
	did   []Outcome
	spare []*checkpoint
}

// slot is where a measurement of one call of Observe comes from, and goes.
type slot struct {
	key      int64
	from, to int
}

// KeyedSweep is a sweep and where it stands in the log.
type KeyedSweep struct {
	Sweep
	Key int64 // ns
}

// LogStats counts what the log did. No rollback takes it back.
type LogStats struct {
	Rollbacks uint64
	Replayed  uint64 // measurements processed again
	Beyond    uint64 // measurements and sweeps older than the log
	Shed      uint64 // inputs that left the log early because it was full
	Malformed uint64 // measurements that were never in it
}

const (
	notStale = math.MaxInt64
	// What claims to be later than this after the last Advance stands in the log
	// as if it were not.
	mostAhead = int64(5 * time.Second)

	// Rollbacks may process again three measurements for each two that come,
	// and so many for each tick whatever comes; to copy so many tracks costs as
	// much as a measurement.
	creditOfTwo  = 3
	creditOfTick = 2000
	tracksCopied = 8
)

// compare is the order of the log.
func (m *Measurement) compare(o *Measurement) int {
	return cmp.Or(
		m.Time.Compare(o.Time), m.Sensor-o.Sensor,
		cmp.Compare(m.Range, o.Range), cmp.Compare(m.Azimuth, o.Azimuth), cmp.Compare(m.Address, o.Address), cmp.Compare(m.MMSI, o.MMSI),
		cmp.Compare(m.Pos.LatDeg, o.Pos.LatDeg), cmp.Compare(m.Pos.LonDeg, o.Pos.LonDeg),
		cmp.Compare(m.Has, o.Has), cmp.Compare(m.Domain, o.Domain), cmp.Compare(m.Group, o.Group),
		cmp.Compare(m.SigmaRange, o.SigmaRange), cmp.Compare(m.SigmaAzimuth, o.SigmaAzimuth), cmp.Compare(m.SigmaPos, o.SigmaPos),
		cmp.Compare(m.Height, o.Height), cmp.Compare(m.SigmaHeight, o.SigmaHeight), rank(m.Geometric)-rank(o.Geometric),
		cmp.Compare(m.Speed, o.Speed), cmp.Compare(m.Course, o.Course), cmp.Compare(m.SigmaVelocity, o.SigmaVelocity),
		cmp.Compare(m.ModeA, o.ModeA), cmp.Compare(m.Callsign, o.Callsign),
		cmp.Compare(m.Class, o.Class), cmp.Compare(m.NACp, o.NACp), cmp.Compare(m.NIC, o.NIC), cmp.Compare(m.Receiver, o.Receiver),
	)
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// bare returns m without what stands in fields that are absent: it is no part
// of the input, and need not be a number.
func (m *Measurement) bare() Measurement {
	b := Measurement{Time: stamp(m.Time.UnixNano()), Sensor: m.Sensor, Domain: m.Domain, Group: m.Group, Has: m.Has, Receiver: m.Receiver}
	if m.Has&HasPolar != 0 {
		b.Range, b.Azimuth, b.SigmaRange, b.SigmaAzimuth = m.Range, m.Azimuth, m.SigmaRange, m.SigmaAzimuth
	}
	if m.Has&HasPosition != 0 {
		b.Pos, b.SigmaPos = m.Pos, m.SigmaPos
	}
	if m.Has&HasHeight != 0 {
		b.Height, b.SigmaHeight, b.Geometric = m.Height, m.SigmaHeight, m.Geometric
	}
	if m.Has&HasVelocity != 0 {
		b.Speed, b.Course, b.SigmaVelocity = m.Speed, m.Course, m.SigmaVelocity
	}
	if m.Has&HasAddress != 0 {
		b.Address = m.Address
	}
	if m.Has&HasModeA != 0 {
		b.ModeA = m.ModeA
	}
	if m.Has&HasCallsign != 0 {
		b.Callsign = m.Callsign
	}
	if m.Has&HasMMSI != 0 {
		b.MMSI = m.MMSI
	}
	if m.Has&HasClass != 0 {
		b.Class = m.Class
	}
	if m.Has&HasNACp != 0 {
		b.NACp = m.NACp
	}
	if m.Has&HasNIC != 0 {
		b.NIC = m.NIC
	}
	return b
}

// keyFor returns where an input of a time stands in the log; false when the log
// does not reach back so far.
func (t *Tracker) keyFor(at int64) (int64, bool) {
	if at <= t.log.points[0].at {
		return 0, false
	}
	if t.log.ticked != 0 {
		at = min(at, t.log.ticked+mostAhead)
	}
	return at, true
}

// newest returns the greatest key in the log.
func (l *inputs) newest() int64 {
	if n := len(l.keys); n > 0 {
		return max(l.ticked, l.keys[n-1])
	}
	return l.ticked
}

// after returns the index of the first measurement behind a key.
func (l *inputs) after(key int64) int {
	n, _ := slices.BinarySearch(l.keys, key+1) // the first of equals
	return n
}

// spoil notes that the state is not that of the log from a key on.
func (l *inputs) spoil(key int64) {
	l.deep = l.deep || key <= l.ticked
	if key = max(key, l.points[0].at+1); key >= l.stale {
		return
	}
	l.stale = key
	for n := len(l.points); n > 1 && l.points[n-1].at >= key; n = len(l.points) {
		l.drop(n - 1)
	}
}

// drop takes a checkpoint away.
func (l *inputs) drop(i int) {
	l.spare = append(l.spare, l.points[i])
	l.points = slices.Delete(l.points, i, i+1)
}

// observeLogged is Observe with a log.
func (t *Tracker) observeLogged(ms []Measurement, out []Outcome) {
	l := &t.log
	t.makeRoom(len(ms))
	t.line(ms, out)
	n := len(l.order)
	if n == 0 {
		return
	}
	l.credit = min(int64(t.cfg.MaxLog), l.credit+int64(n*creditOfTwo+1)/2)
	first := l.order[0].key
	l.did = resize(l.did, n)
	if had := len(l.ms); first <= l.ticked || had > 0 && (first < l.keys[had-1] || first == l.keys[had-1] && l.batch[0].compare(&l.ms[had-1]) < 0) {
		l.spoil(first)
		if t.rollBackEarly() {
			for _, s := range l.order {
				out[s.from] = l.outs[s.to]
			}
			return
		}
	}
	t.run(l.batch, l.did)
	for i, s := range l.order {
		out[s.from] = l.did[i]
	}
	if n > t.cfg.MaxLog {
		l.stats.Shed += uint64(n)
		t.rebase()
		return
	}
	l.merge()
}

// rollBackEarly puts a batch that is late into the log and rolls back at once:
// what it would do to a stale state need not be done. So it is once between two
// ticks, and not for a while where more of what is late came after it.
func (t *Tracker) rollBackEarly() bool {
	l := &t.log
	n := len(l.batch)
	if l.ticked == 0 || l.early || l.ticked < l.apart || n > t.cfg.MaxLog || !t.affordable(l.ticked, n) {
		return false
	}
	l.early = true
	clear(l.did)
	l.merge()
	t.rollBack(true)
	return true
}

// line puts measurements into the batch in the order of the log. Those that
// are malformed stay outside, as what cannot be compared or kept.
func (t *Tracker) line(ms []Measurement, out []Outcome) {
	l := &t.log
	l.order = l.order[:0]
	newest, beyond := l.newest(), 0
	for i := range ms {
		if !ms[i].sane(len(t.sensors)) {
			out[i] = Outcome{Verdict: Malformed}
			l.stats.Malformed++
			continue
		}
		key, ok := t.keyFor(ms[i].Time.UnixNano())
		if ok {
			newest = max(newest, key)
		} else {
			key = notStale
			beyond++
		}
		l.order = append(l.order, slot{key: key, from: i})
	}
	slices.SortFunc(l.order, func(a, b slot) int {
		return cmp.Or(cmp.Compare(a.key, b.key), ms[a.from].compare(&ms[b.from]))
	})
	// What is older than the log counts from its arrival.
	for i := len(l.order) - beyond; i < len(l.order); i++ {
		l.order[i].key = newest + 1
	}
	l.stats.Beyond += uint64(beyond)
	l.batch = l.batch[:0]
	for _, s := range l.order {
		l.batch = append(l.batch, ms[s.from].bare())
	}
}

// merge puts the batch into the log.
func (l *inputs) merge() {
	had, n := len(l.ms), len(l.batch)
	l.ms, l.keys, l.outs = append(l.ms, l.batch...), slices.Grow(l.keys, n)[:had+n], append(l.outs, l.did...)
	i, k := had-1, n-1
	for at := had + n - 1; k >= 0; at-- {
		key := l.order[k].key
		if i >= 0 && (l.keys[i] > key || l.keys[i] == key && l.ms[i].compare(&l.batch[k]) > 0) {
			l.ms[at], l.keys[at], l.outs[at] = l.ms[i], l.keys[i], l.outs[i]
			i--
			continue
		}
		l.ms[at], l.keys[at], l.outs[at] = l.batch[k], key, l.did[k]
		l.order[k].to = at
		k--
	}
}

// sweepLogged is Sweep with a log.
func (t *Tracker) sweepLogged(sw Sweep) {
	l := &t.log
	t.makeRoom(1)
	key, ok := t.keyFor(sw.Time.UnixNano())
	if !ok {
		l.stats.Beyond++
		return
	}
	sw.Time = stamp(sw.Time.UnixNano())
	one := KeyedSweep{sw, key}
	at, _ := slices.BinarySearchFunc(l.sweeps, one, compareSweeps)
	l.sweeps = slices.Insert(l.sweeps, at, one)
	if key <= l.ticked {
		l.spoil(key)
	}
}

func compareSweeps(a, b KeyedSweep) int {
	return cmp.Or(cmp.Compare(a.Key, b.Key), a.Time.Compare(b.Time), a.Sensor-b.Sensor, cmp.Compare(a.Azimuth, b.Azimuth), cmp.Compare(a.Period, b.Period))
}

// applySweeps gives the sweeps between two ticks to their sensors.
func (t *Tracker) applySweeps(from, to int64) {
	for i := range t.log.sweeps {
		if s := &t.log.sweeps[i]; s.Key > from && s.Key <= to {
			t.swept(s.Sweep)
		}
	}
}

// makeRoom lets the oldest inputs go where n more would not fit.
func (t *Tracker) makeRoom(n int) {
	l := &t.log
	for len(l.ms)+len(l.sweeps)+n > t.cfg.MaxLog {
		had := len(l.ms) + len(l.sweeps)
		if len(l.points) > 1 {
			l.drop(0)
			l.trim()
			l.stats.Shed += uint64(had - len(l.ms) - len(l.sweeps))
			continue
		}
		l.stats.Shed += uint64(had)
		t.rebase()
		return
	}
}

// rebase begins the log anew, with the state as it is for that of the last tick.
func (t *Tracker) rebase() {
	l := &t.log
	t.applySweeps(l.ticked, math.MaxInt64)
	for len(l.points) > 0 {
		l.drop(0)
	}
	l.ms, l.keys, l.outs = emptied(l.ms), l.keys[:0], l.outs[:0]
	l.sweeps, l.ticks, l.stale = l.sweeps[:0], l.ticks[:0], notStale
	t.closeGroups()
	t.save(l.ticked)
}

func emptied(ms []Measurement) []Measurement {
	clear(ms)
	return ms[:0]
}

// trim lets the inputs go that the oldest checkpoint holds.
func (l *inputs) trim() {
	from := l.points[0].at
	n := l.after(from)
	l.ms, l.keys, l.outs = slices.Delete(l.ms, 0, n), slices.Delete(l.keys, 0, n), slices.Delete(l.outs, 0, n)
	l.ticks = slices.DeleteFunc(l.ticks, func(at int64) bool { return at <= from })
	l.sweeps = slices.DeleteFunc(l.sweeps, func(s KeyedSweep) bool { return s.Key <= from })
}

// advanceLogged is Advance with a log.
func (t *Tracker) advanceLogged(at int64) {
	l := &t.log
	tick := at-l.ticked >= tendEvery
	if tick {
		if n := len(l.keys); n > 0 && l.keys[n-1] > at {
			l.spoil(at)
		}
		l.credit = min(int64(t.cfg.MaxLog), l.credit+creditOfTick)
	}
	from := l.ticked
	if tick && from == 0 {
		for i := range l.keys {
			l.keys[i] = min(l.keys[i], at+mostAhead)
		}
	}
	if tick {
		l.ticks, l.ticked = append(l.ticks, at), at
	}
	stale, deep := l.stale != notStale, l.deep
	if stale || l.early {
		l.late = max(l.late, at)
	}
	if stale && l.early {
		l.apart = at + int64(t.cfg.Rollback)
	}
	if tick {
		l.deep, l.early = false, false
	}
	switch {
	case at < l.ticked && at > l.ticked-int64(t.cfg.Rollback):
		return // one step of several up to now: the last rolls back for all
	case stale && t.affordable(at, 0):
		t.rollBack(!deep)
	case tick:
		t.tick(from, at)
		if !stale && !deep && l.due(at, int64(t.cfg.Rollback)) {
			t.save(at)
		}
	default:
		return
	}
	t.forgetInputs(at)
}

// calm is the distance of checkpoints as long as nothing comes late: a copy of
// all tracks costs as much as some hundred measurements. The first rollback after
// it goes back so much farther.
const calm = int64(4 * time.Second)

// due reports whether a checkpoint is to be made at a tick. After one before
// which something came late there is none: more will, and make it worthless.
func (l *inputs) due(at, window int64) bool {
	return at-l.late < window || at-l.points[len(l.points)-1].at >= min(calm, window/2)
}

// tick lets time pass, after the sweeps since the tick before.
func (t *Tracker) tick(from, at int64) {
	t.applySweeps(from, at)
	t.closeGroups()
	t.pass(at)
}

// affordable reports whether a rollback, with so many measurements more than the
// log holds, may be done now: as long as rollbacks cost little beside the
// measurements that come, or when the log will soon not reach back so far. A
// state that is left stale is only less good.
func (t *Tracker) affordable(now int64, more int) bool {
	l := &t.log
	cost := int64(more + len(l.ms) - l.after(l.points[len(l.points)-1].at) + len(t.tracks)/tracksCopied)
	if cost > l.credit && l.stale > now-int64(t.cfg.Rollback)*4/5 {
		return false
	}
	l.credit = max(l.credit-cost, -int64(t.cfg.MaxLog))
	return true
}

// forgetInputs lets checkpoints and inputs go that lie outside the window.
func (t *Tracker) forgetInputs(now int64) {
	l := &t.log
	had := l.points[0].at
	l.thin()
	for len(l.points) > 1 && l.points[1].at <= now-int64(t.cfg.Rollback) {
		l.drop(0)
	}
	if l.points[0].at != had {
		l.trim()
	}
}

const (
	maxPoints = 6
	// Most of what is late is late by no more than this.
	allOf = int64(3 * time.Second)
)

// thin keeps all checkpoints of the last seconds and, of those before, some at
// distances that grow with their age, so that a rollback goes back little
// farther than it must.
func (l *inputs) thin() {
	for i := 1; i+1 < len(l.points); {
		gap, age := l.points[i+1].at-l.points[i-1].at, l.ticked-l.points[i+1].at
		if l.ticked-l.points[i].at > allOf && gap <= 2*age {
			l.drop(i)
		} else {
			i++
		}
	}
	for len(l.points) > maxPoints {
		l.drop(1)
	}
}
