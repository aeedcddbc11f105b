// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package cat001 decodes ASTERIX category 001, plots and tracks of an older
// radar (EUROCONTROL-SPEC-0149-2a): it tells plots from tracks, which have
// different user application profiles, and hands on the source of a block, which
// later records may leave out.
//
// It does not unwrap the truncated time of day, item 141:
// asterix.TruncatedTimeOfDay does.
package cat001

import (
	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat001plot"
	"github.com/kuroshio-watch/kuroshio/asterix/cat001track"
)

// Category is the category number.
const Category = 1

// Record is a plot or a track.
type Record struct {
	IsTrack bool
	Plot    cat001plot.Record  // unless IsTrack
	Track   cat001track.Record // when IsTrack

	source asterix.Source
	known  bool
}

// Begin forgets the source of the block before. Call it for each block.
func (r *Record) Begin() { r.source, r.known = asterix.Source{}, false }

// Decode reads the record at the start of b and returns its length. I001/020/TYP
// says whether it is a track; a record without it is a plot. Its *asterix.Error
// is that of the profile.
func (r *Record) Decode(b []byte) (int, error) {
	r.IsTrack = isTrack(b)
	var n int
	var err error
	if r.IsTrack {
		n, err = r.Track.Decode(b)
	} else {
		n, err = r.Plot.Decode(b)
	}
	if s, ok := r.own(); ok {
		r.source, r.known = s, true
	}
	return n, err
}

// Append appends the record to dst as its profile does.
func (r *Record) Append(dst []byte) ([]byte, error) {
	if r.IsTrack {
		return r.Track.Append(dst)
	}
	return r.Plot.Append(dst)
}

// Items yields the octets of each item of the record that was decoded.
func (r *Record) Items(yield func(item string, raw []byte) bool) {
	if r.IsTrack {
		r.Track.Items(yield)
		return
	}
	r.Plot.Items(yield)
}

// Source returns the radar station, I001/010: the record's own, or that of the
// last record of the block that had one.
func (r *Record) Source() (asterix.Source, bool) { return r.source, r.known }

func (r *Record) own() (asterix.Source, bool) {
	if r.IsTrack {
		return asterix.Source{SAC: r.Track.I010.SAC, SIC: r.Track.I010.SIC}, r.Track.Has&cat001track.Item010 != 0
	}
	return asterix.Source{SAC: r.Plot.I010.SAC, SIC: r.Plot.I010.SIC}, r.Plot.Has&cat001plot.Item010 != 0
}

// TimeOfDaySeconds returns the truncated time of day, I001/141: seconds since
// UTC midnight modulo 512. asterix.TruncatedTimeOfDay makes an instant of it.
func (r *Record) TimeOfDaySeconds() (float64, bool) {
	if r.IsTrack {
		return r.Track.I141.Seconds(), r.Track.Has&cat001track.Item141 != 0
	}
	return r.Plot.I141.Seconds(), r.Plot.Has&cat001plot.Item141 != 0
}

// isTrack reads I001/020/TYP, the first bit of the second item; the first item
// has two octets.
func isTrack(b []byte) bool {
	const has010, has020 = 0x80, 0x40
	if len(b) == 0 || b[0]&has020 == 0 {
		return false
	}
	at := 1
	for at < len(b) && b[at-1]&1 != 0 {
		at++
	}
	if b[0]&has010 != 0 {
		at += 2
	}
	return at < len(b) && b[at]&0x80 != 0
}
