// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package trial runs recorded or synthetic measurements through the tracker
// and writes tracks that a scorer can compare with the truth. It is for
// measuring the tracker: no node uses it. It does not score, and the tracker
// knows no truth: of the description it reads where sensors stand and how well
// they measure, and nothing about targets, biases or origins. A truth is read
// for the picture of a run alone.
package trial

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

// Config sets up a run.
type Config struct {
	Meta         io.Reader
	Inputs       []io.Reader   // JSON lines, gzip or plain; merged by time
	Out          io.Writer     // receives the rows; nil writes none
	Arrival      bool          // a measurement counts from its arrival (rx), not from its time of applicability (t)
	HideIdentity bool          // addresses, codes and categories are not read
	NoClasses    bool          // no track moves by the models of its class
	Every        time.Duration // spacing of the rows; 0 takes 1 s
	Watch        func(Step)    // sees each step; nil for none
	Picture      io.Writer     // receives an SVG drawing of the run; nil draws none
	Truth        io.Reader     // JSON lines, gzip or plain, for the picture alone; nil for none
}

// Step is what Watch sees: measurements that were taken in up to Now, and the
// tracks that a row was written of. Both are valid until Watch returns.
type Step struct {
	Now          time.Time
	Measurements []mtt.Measurement
	Outcomes     []mtt.Outcome
	Tracks       []mtt.Estimate
	// Registration returns what is known of the bias of the radar with an index
	// in the description, from 0.
	Registration func(radar int) (mtt.Registration, bool)
}

// Stats counts what a run did.
type Stats struct {
	Measurements int            // taken
	Refused      map[string]int // by reason: see Reasons
	Rows         int
	Tracks       int
	Used         time.Duration // inside the tracker
}

// Row is one line of the output. A row at T is made from what was known at T
// and is never revised.
type Row struct {
	T   float64    `json:"t"` // Unix s
	ID  string     `json:"id"`
	Lat float64    `json:"lat"`
	Lon float64    `json:"lon"`
	Alt *float64   `json:"alt_m,omitempty"`
	VX  float64    `json:"vx"`  // m/s east
	VY  float64    `json:"vy"`  // m/s north
	Cov [3]float64 `json:"cov"` // ee, en, nn of the position, m²
}

// endRow ends a track.
type endRow struct {
	T   float64 `json:"t"`
	ID  string  `json:"id"`
	End bool    `json:"end"`
}

// Run reads everything, tracks it and writes a row of each confirmed track at
// every whole multiple of Config.Every from the first measurement to the last.
func Run(cfg Config) (Stats, error) {
	st := Stats{Refused: make(map[string]int)}
	if cfg.Every == 0 {
		cfg.Every = time.Second
	}
	if cfg.Every < 10*time.Millisecond || cfg.Every > time.Hour {
		return st, errors.New("trial: spacing of the rows out of range")
	}
	meta, err := readMeta(cfg.Meta)
	if err != nil {
		return st, err
	}
	ms, err := readAll(&cfg, meta, &st)
	if err != nil || len(ms) == 0 {
		return st, err
	}
	setup := meta.config()
	if cfg.NoClasses {
		setup.ClassFrom = 0
	}
	tracker, err := mtt.New(setup)
	if err != nil {
		return st, err
	}
	r := runner{cfg: &cfg, tracker: tracker, stats: &st, live: make(map[mtt.ID]int64)}
	if cfg.Out != nil {
		r.out = bufio.NewWriterSize(cfg.Out, 1<<16)
		r.enc = json.NewEncoder(r.out)
	}
	if cfg.Picture != nil {
		if r.picture, err = newPicture(&cfg, meta); err != nil {
			return st, err
		}
	}
	if err := r.run(ms); err != nil {
		return st, err
	}
	if r.out != nil {
		if err := r.out.Flush(); err != nil {
			return st, fmt.Errorf("write tracks: %w", err)
		}
	}
	if r.picture != nil {
		err = r.picture.write(cfg.Picture, &st)
	}
	return st, err
}

// runner is a run in progress.
type runner struct {
	cfg     *Config
	tracker *mtt.Tracker
	stats   *Stats
	out     *bufio.Writer
	enc     *json.Encoder
	live    map[mtt.ID]int64 // tracks with rows and no end: time of the newest row
	picture *picture         // nil draws none

	batch    []mtt.Measurement
	outcomes []mtt.Outcome
	events   []mtt.Event
	ids      []mtt.ID
	tracks   []mtt.Estimate
}

// pause is how long rows go on without measurements: after it, no track is
// left, and time jumps to the next one.
const pause = 15 * time.Minute

func (r *runner) run(ms []timed) error {
	step := int64(r.cfg.Every)
	now := ms[0].counts / step * step
	heard := now
	for last := ms[len(ms)-1].counts; ; now += step {
		r.batch = r.batch[:0]
		for len(ms) > 0 && ms[0].counts <= now {
			r.batch = append(r.batch, ms[0].Measurement)
			heard = now
			ms = ms[1:]
		}
		if err := r.step(time.Unix(0, now).UTC()); err != nil {
			return err
		}
		if now >= last {
			return nil
		}
		if now-heard > int64(pause) && ms[0].counts-now > step {
			now = (ms[0].counts - 1) / step * step
		}
	}
}

func (r *runner) step(now time.Time) error {
	slices.SortStableFunc(r.batch, func(a, b mtt.Measurement) int { return a.Time.Compare(b.Time) })
	begun := time.Now()
	r.outcomes = r.tracker.Observe(r.batch, r.outcomes[:0])
	r.events = r.tracker.Advance(now, r.events[:0])
	r.stats.Used += time.Since(begun)
	r.tracks, r.ids = r.tracks[:0], r.tracker.IDs(r.ids[:0])
	for _, id := range r.ids {
		e, ok := r.tracker.EstimateAt(id, now)
		if ok && (e.Phase == mtt.Confirmed || e.Phase == mtt.Coasting) {
			r.tracks = append(r.tracks, e)
		}
	}
	if r.cfg.Watch != nil {
		r.cfg.Watch(Step{now, r.batch, r.outcomes, r.tracks, func(radar int) (mtt.Registration, bool) {
			return r.tracker.Registration(radar + 1) // the first sensor is that of self-reports
		}})
	}
	if r.picture != nil {
		if err := r.picture.step(now, r.batch, r.tracks); err != nil {
			return err
		}
	}
	return r.write(now)
}

// write writes the rows of one time, ends first.
func (r *runner) write(now time.Time) error {
	t := float64(now.UnixMilli()) / 1000
	for i := range r.tracks {
		if _, ok := r.live[r.tracks[i].ID]; !ok {
			r.stats.Tracks++
		}
		r.live[r.tracks[i].ID] = now.UnixNano()
	}
	var ended []mtt.ID
	for id, at := range r.live {
		if at != now.UnixNano() {
			ended = append(ended, id)
		}
	}
	slices.SortFunc(ended, cmp.Compare)
	for _, id := range ended {
		delete(r.live, id)
		if err := r.encode(endRow{t, name(id), true}); err != nil {
			return err
		}
	}
	for i := range r.tracks {
		e := &r.tracks[i]
		row := Row{
			T: t, ID: name(e.ID), Lat: round(e.Pos.LatDeg, 7), Lon: round(e.Pos.LonDeg, 7),
			VX: round(float64(e.East), 3), VY: round(float64(e.North), 3),
		}
		for k, v := range e.Cov {
			row.Cov[k] = round(v, 2)
		}
		if e.HasHeight {
			h := round(float64(e.Height), 1)
			row.Alt = &h
		}
		if err := r.encode(row); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) encode(v any) error {
	r.stats.Rows++
	if r.enc == nil {
		return nil
	}
	if err := r.enc.Encode(v); err != nil {
		return fmt.Errorf("write tracks: %w", err)
	}
	return nil
}

func name(id mtt.ID) string { return strconv.FormatUint(uint64(id), 10) }

func round(x float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(x*scale) / scale
}

// metresOf returns feet in metres.
func metresOf(feet float64) geo.Metres { return geo.Feet(feet).Metres() }
