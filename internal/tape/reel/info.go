// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package reel

import (
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/engine"
	"github.com/kuroshio-watch/kuroshio/internal/tape"
)

// Info says what is on a tape.
type Info struct {
	First    uint64            `json:"first"`
	Last     uint64            `json:"last"`
	Octets   int64             `json:"octets"`
	Torn     int64             `json:"torn"` // octets after the last whole entry
	Kinds    map[string]uint64 `json:"kinds"`
	Feeds    map[string]uint64 `json:"feeds"` // frames
	Segments []SegmentInfo     `json:"segments"`
	Good     bool              `json:"good"` // every entry and every seal fits
}

// SegmentInfo says what is in a segment.
type SegmentInfo struct {
	Name    string    `json:"name"`
	First   uint64    `json:"first"`
	Last    uint64    `json:"last"`
	Octets  int64     `json:"octets"`
	From    time.Time `json:"from,omitzero"` // of the first entry
	To      time.Time `json:"to,omitzero"`   // of the last entry
	Sealed  bool      `json:"sealed"`
	Problem string    `json:"problem,omitempty"` // what does not fit
}

// Look reads a tape, checks every entry and every seal, and counts. Damage is
// told in Info.
func Look(r *tape.Reader) *Info {
	info := &Info{First: r.First(), Last: r.Last(), Torn: r.Torn(), Kinds: make(map[string]uint64), Feeds: make(map[string]uint64), Good: true}
	for _, s := range r.Segments() {
		out := SegmentInfo{Name: s.Name, First: s.First, Last: s.Last, Octets: s.Octets, Sealed: s.Sealed}
		info.Octets += s.Octets
		err := r.Check(s)
		if err == nil && s.Last >= s.First {
			err = read(r, Span{From: s.First, To: s.Last}, func(_ uint64, _ []byte, in *engine.Input) error {
				info.count(in)
				if out.From.IsZero() {
					out.From = in.At
				}
				out.To = in.At
				return nil
			})
		}
		if err != nil {
			out.Problem, info.Good = err.Error(), false
		}
		info.Segments = append(info.Segments, out)
	}
	return info
}

func (i *Info) count(in *engine.Input) {
	i.Kinds[kindOf(in)]++
	if in.Frame != nil {
		i.Feeds[in.Frame.Source]++
	}
}
