// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package track

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/fuse"
	"github.com/kuroshio-watch/kuroshio/internal/plot"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// Table holds our tracks and the partners'. It is not safe for concurrent use.
type Table struct {
	cfg     Config
	tracker *mtt.Tracker
	sensors map[sensorKey]int
	hears   map[string]uint8 // mtt.Measurement.Receiver by source
	tracks  map[Number]*own
	order   []*own // by number
	heard   heardTable
	stats   Stats

	partners partnerTable

	sorted   []plot.Plot
	ms       []mtt.Measurement
	from     []int // the plot of each measurement
	outcomes []mtt.Outcome
	events   []mtt.Event
	moved    []Number
	revised  []mtt.ID
}

// own is one of our tracks with what the tracker does not hold.
type own struct {
	Track
	history     []Past
	jump        float32 // see Past.Jump; since the newest of history
	emergencyAt time.Time
	addressed   Spell // by its address
	numbered    Spell // by its MMSI
}

// Spell is when something was first and last told.
type Spell struct{ Since, Until time.Time }

// NewTable returns an empty Table. The configuration must be valid
// (Config.Validate); an invalid one panics.
func NewTable(cfg Config) *Table {
	t, err := newTable(cfg)
	if err != nil {
		panic(err)
	}
	return t
}

func newTable(cfg Config) (*Table, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m, sensors, err := cfg.tracker()
	if err != nil {
		return nil, err
	}
	tracker, err := mtt.New(m)
	if err != nil {
		return nil, err
	}
	return &Table{
		cfg: cfg, tracker: tracker, sensors: sensors, hears: cfg.hears(),
		tracks:   make(map[Number]*own),
		heard:    newHeardTable(),
		stats:    Stats{Refused: make(map[string]uint64)},
		partners: newPartnerTable(),
	}, nil
}

// Update takes plots and sweeps and lets time pass to now. Plots may come in
// any order: they are taken by plot.Less. The changes are in the order in
// which they happened, those of kind Updated last and by number.
func (t *Table) Update(plots []plot.Plot, sweeps []plot.Sweep, now time.Time) []Change {
	t.sorted = append(t.sorted[:0], plots...)
	slices.SortStableFunc(t.sorted, func(a, b plot.Plot) int {
		switch {
		case plot.Less(&a, &b):
			return -1
		case plot.Less(&b, &a):
			return 1
		}
		return 0
	})
	t.moved = t.moved[:0]
	for _, s := range sweeps {
		if i, ok := t.sensor(s.Source, s.Sensor); ok {
			t.tracker.Sweep(mtt.Sweep{Time: s.Time, Sensor: i, Azimuth: s.Azimuth, Period: s.Period})
		}
	}
	var changes []Change
	for rest := t.sorted; len(rest) > 0; {
		n := chunk(rest)
		t.observe(rest[:n])
		changes = t.take(rest[:n], changes)
		rest = rest[n:]
	}
	changes = t.pass(now, changes)
	return t.appendUpdated(changes)
}

// Tick lets time pass without plots.
func (t *Table) Tick(now time.Time) []Change { return t.Update(nil, nil, now) }

// chunk returns how many plots span at most a second: the history has no finer
// steps than a call of the tracker.
func chunk(plots []plot.Plot) int {
	for i := range plots {
		if plots[i].Time.Sub(plots[0].Time) > time.Second {
			return i
		}
	}
	return len(plots)
}

func (t *Table) sensor(source, id string) (int, bool) {
	i, ok := t.sensors[sensorKey{source, id}]
	if !ok {
		i, ok = t.sensors[sensorKey{source, ""}]
	}
	return i, ok
}

// observe gives plots to the tracker.
func (t *Table) observe(plots []plot.Plot) {
	t.ms, t.from = t.ms[:0], t.from[:0]
	for i := range plots {
		m, ok := t.measurement(&plots[i])
		if !ok {
			t.stats.Refused["unknown sensor"]++
			continue
		}
		t.ms, t.from = append(t.ms, m), append(t.from, i)
	}
	t.outcomes = t.tracker.Observe(t.ms, t.outcomes[:0])
}

// take brings our tracks up to the tracker's after observe.
func (t *Table) take(plots []plot.Plot, changes []Change) []Change {
	t.events = t.tracker.Events(t.events[:0])
	changes = t.apply(changes)
	for i, o := range t.outcomes {
		p := &plots[t.from[i]]
		switch o.Verdict {
		case mtt.Updated, mtt.NewTrack, mtt.TooLate:
			t.stats.Plots++
			if w := t.tracks[Number(o.Track)]; w != nil {
				t.heard.forget(p)
				w.learn(p)
				t.moved = append(t.moved, w.Number)
			}
		case mtt.NoPosition:
			t.stats.Plots++
			t.heard.hear(p)
		default:
			t.stats.Refused[o.Verdict.String()]++
		}
	}
	slices.Sort(t.moved)
	t.moved = slices.Compact(t.moved)
	for _, n := range t.moved {
		if w := t.tracks[n]; w != nil {
			t.correct(w)
			t.remember(w)
		}
	}
	return changes
}

// pass lets time pass in all parts.
func (t *Table) pass(now time.Time, changes []Change) []Change {
	t.events = t.tracker.Advance(now, t.events[:0])
	changes = t.apply(changes)
	for _, e := range t.events {
		if w := t.tracks[Number(e.Track)]; w != nil {
			t.refresh(w)
		}
	}
	t.revise()
	t.heard.expire(now)
	t.passPartners(now)
	return changes
}

// revise brings tracks up to the tracker's where late plots changed what it
// holds of them.
func (t *Table) revise() {
	t.revised = t.tracker.Revised(t.revised[:0])
	for _, id := range t.revised {
		w := t.tracks[Number(id)]
		if w == nil {
			continue
		}
		before := w.Pos
		t.correct(w)
		if w.Pos != before {
			t.moved = append(t.moved, w.Number)
		}
	}
	slices.Sort(t.moved)
	t.moved = slices.Compact(t.moved)
}

// Registration returns what is known of the bias of a radar; false for one that
// is not listed.
func (t *Table) Registration(source, id string) (mtt.Registration, bool) {
	i, ok := t.sensors[sensorKey{source, id}]
	if !ok {
		return mtt.Registration{}, false
	}
	return t.tracker.Registration(i)
}

// Radar is one of our radars with what is known of its bias.
type Radar struct {
	Source, ID string
	mtt.Registration
}

// LeftOut returns how many radars the tracker has no room to register.
func (t *Table) LeftOut() int { return t.tracker.Stats().LeftOut }

// Registrations returns the radars whose biases are learnt, and those that are
// left out, by source and id.
func (t *Table) Registrations() []Radar {
	var list []Radar
	for _, s := range t.cfg.Sensors {
		if r, ok := t.Registration(s.Source, s.ID); ok {
			list = append(list, Radar{s.Source, s.ID, r})
		}
	}
	slices.SortFunc(list, func(a, b Radar) int { return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID)) })
	return list
}

// apply turns the tracker's events into changes.
func (t *Table) apply(changes []Change) []Change {
	for _, e := range t.events {
		n := Number(e.Track)
		if n == 0 {
			continue // of a radar
		}
		c := Change{Number: n}
		switch e.Kind {
		case mtt.Started:
			w := &own{Track: Track{Number: n, State: Tentative}}
			t.tracks[n] = w
			t.order = append(t.order, w) // numbers rise
			c.Kind = New
		case mtt.NowConfirmed, mtt.Resumed:
			c.Kind = NowConfirmed
		case mtt.NowCoasting:
			c.Kind = NowCoasting
		case mtt.NowLost:
			c.Kind = NowLost
		case mtt.Dropped, mtt.Merged:
			c.Kind, c.Into = Dropped, Number(e.Into)
			t.drop(n, c.Into)
		}
		changes = append(changes, c)
	}
	return changes
}

// drop removes a track; the one that goes on inherits what is known.
func (t *Table) drop(n, into Number) {
	w := t.tracks[n]
	if w == nil {
		return
	}
	if heir := t.tracks[into]; heir != nil {
		heir.inherit(w)
		t.refresh(heir)
		t.partners.follow(n, into)
	} else {
		t.partners.unfollow(n)
	}
	delete(t.tracks, n)
	if i, ok := slices.BinarySearchFunc(t.order, n, func(w *own, n Number) int { return cmp.Compare(w.Number, n) }); ok {
		t.order = slices.Delete(t.order, i, i+1)
	}
}

// appendUpdated adds a change for each track that plots moved, unless it began
// in this call.
func (t *Table) appendUpdated(changes []Change) []Change {
	had := len(changes)
	for _, n := range t.moved {
		isNew := slices.ContainsFunc(changes[:had], func(c Change) bool { return c.Number == n && c.Kind == New })
		if t.tracks[n] != nil && !isNew {
			changes = append(changes, Change{Number: n, Kind: Updated})
		}
	}
	return changes
}

// measurement translates a plot.
func (t *Table) measurement(p *plot.Plot) (mtt.Measurement, bool) {
	m := mtt.Measurement{Time: p.Time, Domain: mtt.Domain(p.Domain), Sensor: int(p.Kind) - 1}
	if p.Kind < plot.Radar || p.Kind > plot.CoT {
		return m, false
	}
	if p.Exercise {
		m.Group = 1
	}
	radar, known := -1, false
	if p.Kind == plot.Radar {
		radar, known = t.sensor(p.Source, p.Sensor)
	}
	switch {
	case known && p.Has&plot.HasPolar != 0:
		m.Sensor, m.Has = radar, mtt.HasPolar
		m.Range, m.Azimuth, m.SigmaRange, m.SigmaAzimuth = p.SlantRange, p.Azimuth, p.SigmaRange, p.SigmaAzimuth
	case p.Has&plot.HasPosition != 0:
		m.Has, m.Pos, m.SigmaPos = mtt.HasPosition, p.Pos, p.SigmaPos
	case p.Has&plot.HasPolar != 0:
		return m, false
	}
	if p.Has&plot.HasHeight != 0 {
		m.Has |= mtt.HasHeight
		m.Height, m.Geometric = p.Height.Metres(), p.HeightKind == plot.Geometric
	}
	if p.Has&plot.HasVelocity != 0 {
		m.Has |= mtt.HasVelocity
		m.Speed, m.Course = p.Speed.MetresPerSecond(), p.Course
	}
	if p.Has&plot.HasNACp != 0 {
		m.Has, m.NACp = m.Has|mtt.HasNACp, p.NACp
	}
	if p.Has&plot.HasNIC != 0 {
		m.Has, m.NIC = m.Has|mtt.HasNIC, p.NIC
	}
	m.Receiver = t.hears[p.Source]
	identify(&m, p)
	return m, true
}

// refresh copies the tracker's estimate.
func (t *Table) refresh(w *own) {
	e, ok := t.tracker.Estimate(mtt.ID(w.Number))
	if !ok {
		return
	}
	w.State, w.Domain, w.Exercise = State(e.Phase), plot.Domain(e.Domain), e.Group == 1
	w.FirstSeen, w.Time, w.LastPlot = e.FirstSeen, e.Time, e.LastHit
	w.Pos, w.SigmaPos = e.Pos, e.SigmaPos
	w.Cov = fuse.Cov{EE: e.Cov[0], EN: e.Cov[1], NN: e.Cov[2]}
	if w.HasHeight {
		w.Height = e.Height.Feet()
	}
	if w.HasVelocity = e.HasVelocity; w.HasVelocity {
		speed := geo.MetresPerSecond(math.Hypot(float64(e.East), float64(e.North)))
		w.Speed = speed.Knots()
		w.Course = geo.Degrees(math.Atan2(float64(e.East), float64(e.North)) * 180 / math.Pi).Norm360()
	}
	w.Class, w.Confidence = e.Class, e.Confidence
	w.Flags = 0
	if e.SameAddress {
		w.Flags |= SameAddress
	}
	if e.Doubted {
		w.Flags |= Doubted
	}
	w.HasTrust, w.Trust, w.Reasons = e.HasTrust, 0, 0
	if e.HasTrust {
		w.Trust, w.Reasons = e.Trust, e.Reasons
	}
}

// Get returns a track by its number.
func (t *Table) Get(n Number) (Track, bool) {
	w := t.tracks[n]
	if w == nil {
		return Track{}, false
	}
	return w.Track, true
}

// All appends all tracks to dst, by number; tentative and lost ones included.
func (t *Table) All(dst []Track) []Track {
	for _, w := range t.order {
		dst = append(dst, w.Track)
	}
	return dst
}

// Formations appends to dst, by ID, the tracks that move together at a time. The
// IDs of members are the numbers of tracks. It is for our own screens: no Track
// tells it.
func (t *Table) Formations(at time.Time, dst []mtt.Formation) []mtt.Formation {
	return t.tracker.Formations(at, dst)
}

// Len returns the number of tracks.
func (t *Table) Len() int { return len(t.order) }

// Heard appends to dst, by address, the aircraft that were heard in the last
// minutes but have told no position.
func (t *Table) Heard(dst []Heard) []Heard { return t.heard.all(dst) }

// Stats returns the counters.
func (t *Table) Stats() Stats {
	s := t.stats
	s.Refused = make(map[string]uint64, len(t.stats.Refused))
	for k, v := range t.stats.Refused {
		s.Refused[k] = v
	}
	return s
}

// SetIdentity notes what a person holds a track to be. The standard must be
// one of record.Standards.
func (t *Table) SetIdentity(n Number, id Identity) error {
	w := t.tracks[n]
	if w == nil {
		return fmt.Errorf("set identity: track %d unknown", n)
	}
	if !slices.Contains(record.Standards(), id.Standard) {
		return fmt.Errorf("set identity: standard %q unknown", id.Standard)
	}
	w.Identity = id
	return nil
}
