// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// LogState is the log of a Tracker in a State: where it begins, and what came
// since. Times are Unix times in ns.
type LogState struct {
	At           int64
	Base         State // without events and log
	Measurements []Measurement
	Keys         []int64
	Outcomes     []Outcome
	Sweeps       []KeyedSweep
	Ticks        []int64
	Points       []int64 // checkpoints after At
	Stale        int64   // math.MaxInt64 for never
	Ticked       int64
	Late         int64 // the last tick at which the state was stale; 0 for none
	Deep         bool  // since the last tick came what lies before it
	Early        bool  // since the last tick Observe rolled back
	Apart        int64 // ns: until then it does not
	Credit       int64
	Demoted      []ID
	Sensors      []SensorLog
}

// SensorLog is what the log holds of a sensor.
type SensorLog struct {
	Open  OpenGroup
	Jumps uint32 // that were told
}

func (t *Tracker) logState() *LogState {
	l := &t.log
	s := &LogState{
		At: l.points[0].at, Base: t.stateOf(l.points[0]),
		Measurements: slices.Clone(l.ms), Keys: slices.Clone(l.keys), Outcomes: slices.Clone(l.outs),
		Sweeps: slices.Clone(l.sweeps), Ticks: slices.Clone(l.ticks),
		Stale: l.stale, Ticked: l.ticked, Late: l.late, Deep: l.deep, Early: l.early, Apart: l.apart, Credit: l.credit, Demoted: slices.Sorted(maps.Keys(t.demoted)),
	}
	s.Base.Given = t.given
	for _, c := range l.points[1:] {
		s.Points = append(s.Points, c.at)
	}
	for i := range t.sensors {
		s.Sensors = append(s.Sensors, SensorLog{t.sensors[i].open, t.sensors[i].jumps})
	}
	return s
}

// restoreLog takes over a log and makes its checkpoints anew.
func (t *Tracker) restoreLog(cfg Config, s *LogState) error {
	b, err := restore(cfg, &s.Base)
	if err != nil {
		return err
	}
	l := &b.log
	l.ms, l.keys, l.outs = slices.Clone(s.Measurements), slices.Clone(s.Keys), slices.Clone(s.Outcomes)
	l.sweeps, l.ticks = slices.Clone(s.Sweeps), slices.Clone(s.Ticks)
	l.stale, l.ticked, l.late, l.credit, l.stats = s.Stale, s.Ticked, s.Late, s.Credit, t.log.stats
	l.deep, l.early, l.apart = s.Deep, s.Early, s.Apart
	if err := s.check(t); err != nil {
		return err
	}
	l.drop(0)
	b.save(s.At)
	if n := len(s.Points); n > 0 {
		if err := b.restorePoints(s.At, s.Points); err != nil {
			return err
		}
	}
	t.log = *l
	for _, id := range s.Demoted {
		t.demoted[id] = true
	}
	for i, one := range s.Sensors {
		t.sensors[i].open, t.sensors[i].jumps = one.Open, one.Jumps
	}
	return nil
}

// restorePoints makes checkpoints by processing the log again.
func (t *Tracker) restorePoints(from int64, points []int64) error {
	l := &t.log
	last := points[len(points)-1]
	first := l.after(from)
	l.redo.outs = resize(l.redo.outs, l.after(last)-first)
	l.redo.on = true
	known := true
	t.replay(from, last, func(tick int64) bool { return slices.Contains(points, tick) }, func(at, n int) {
		for i := at; i < n; i++ {
			out, told := l.redo.outs[i-first], l.outs[i].Track
			if out.Verdict != NewTrack {
				continue
			}
			tr := t.numbers[out.Track]
			delete(t.numbers, tr.Number)
			known = known && told != 0 && told <= t.given && t.numbers[told] == nil
			tr.Number = told
			t.numbers[told] = tr
		}
	})
	l.redo = replay{}
	if !known || len(l.points) != len(points)+1 {
		return errors.New("its tracks or checkpoints are not those of its measurements")
	}
	return nil
}

// check reports what is wrong with a log for a tracker.
func (s *LogState) check(t *Tracker) error {
	rising := func(list []int64) bool {
		return slices.IsSorted(list) && (len(list) == 0 || list[0] > s.At && (s.Ticked >= s.At))
	}
	switch {
	case len(s.Keys) != len(s.Measurements) || len(s.Outcomes) != len(s.Measurements) || len(s.Sensors) != len(t.sensors):
		return errors.New("lengths differ")
	case !rising(s.Keys) || !rising(s.Ticks) || !rising(s.Points) || s.Stale <= s.At:
		return errors.New("times out of order")
	case len(s.Points) > 0 && s.Points[len(s.Points)-1] >= s.Stale:
		return errors.New("checkpoint of a stale state")
	}
	for i := range s.Measurements {
		if !s.Measurements[i].sane(len(t.sensors)) {
			return fmt.Errorf("measurement %d is malformed", i)
		}
	}
	for i := range s.Sweeps {
		if sw := &s.Sweeps[i]; sw.Sensor < 0 || sw.Sensor >= len(t.sensors) {
			return fmt.Errorf("sweep %d of no sensor", i)
		}
	}
	if !slices.IsSortedFunc(s.Sweeps, func(a, b KeyedSweep) int { return cmp.Compare(a.Key, b.Key) }) {
		return errors.New("sweeps out of order")
	}
	return nil
}
