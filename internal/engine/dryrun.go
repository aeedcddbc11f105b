// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
)

// DryRun steps the same past inputs through two engines that differ in their
// policy alone, and compares what leaves. Nothing of it is sent.
type DryRun struct {
	present, changed *dryEngine
	from, to         time.Time
	inputs           uint64
}

// DryRow is one release that one of the two policies makes and the other does
// not.
type DryRow struct {
	Only   string        `json:"only"` // "present" or "changed"
	At     time.Time     `json:"at"`   // when it leaves
	To     party.ID      `json:"to"`
	Kind   string        `json:"kind"`
	Number uint64        `json:"number"` // ours: of the track, the incident or the dialogue
	Record record.Record `json:"record"` // ids and epoch are left out
}

// DrySum counts the releases of one kind to one partner.
type DrySum struct {
	To      party.ID `json:"to"`
	Kind    string   `json:"kind"`
	Same    int      `json:"same"`
	Present int      `json:"present"` // by the present policy only
	Changed int      `json:"changed"` // by the changed one only
}

// DryResult is what a dry run found.
type DryResult struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Present string    `json:"present"` // the policies
	Changed string    `json:"changed"`
	Inputs  uint64    `json:"inputs"`
	Sums    []DrySum  `json:"sums"`
	Rows    []DryRow  `json:"rows"`
	LeftOff int       `json:"left_off,omitempty"` // rows beyond the first MaxDryRows
}

// ErrPast is wrapped when a time lies before what the node keeps.
var ErrPast = errors.New("neither tape nor snapshot goes back so far")

// MaxDryRows bounds the rows of a result; sums count all.
const MaxDryRows = 5000

type dryThing struct {
	kind   record.Kind
	number uint64
}

type dryEngine struct {
	e      *Engine
	policy *Text
	id     string
	things map[record.ID]dryThing
	found  map[string]DryRow
}

// NewDryRun begins from a snapshot, nil for the beginning of the tape; a nil
// policy releases nothing but distress. It
// compares what leaves from one time up to and without another.
func NewDryRun(self party.ID, ids IDs, snapshot []byte, present, changed *Text, from, to time.Time) (*DryRun, error) {
	d := &DryRun{from: from.UTC(), to: to.UTC()}
	for _, side := range []struct {
		at     **dryEngine
		policy *Text
	}{{&d.present, present}, {&d.changed, changed}} {
		var p *release.Policy
		if side.policy != nil {
			var err error
			if p, err = release.Parse(side.policy.Name, side.policy.Data, nil); err != nil {
				return nil, err
			}
		}
		s := &dryEngine{policy: side.policy, id: p.ID(), things: make(map[record.ID]dryThing), found: make(map[string]DryRow)}
		noted := func(to party.ID, kind record.Kind, number uint64) record.ID {
			id := ids(to, kind, number)
			if kind != 0 { // ids of records are not objects
				s.things[id] = dryThing{kind, number}
			}
			return id
		}
		s.e = New(self, noted)
		if snapshot != nil {
			var err error
			if s.e, err = Restore(self, noted, snapshot); err != nil {
				return nil, err
			}
			cfg := s.e.Config()
			cfg.Policy = side.policy
			if out := s.e.Step(s.e.Seq(), &Input{At: s.e.Now(), Config: &cfg}); out.Reply.Code != "" {
				return nil, fmt.Errorf("take policy: %s", out.Reply.Code)
			}
		}
		*side.at = s
	}
	return d, nil
}

// Step takes input number n of the tape. Its policies are not the tape's: a
// policy that was proposed or activated then is passed over.
func (d *DryRun) Step(n uint64, in *Input) {
	if in.Command != nil && strings.HasPrefix(in.Command.Verb, "policy-") {
		return
	}
	d.inputs++
	for _, s := range []*dryEngine{d.present, d.changed} {
		own := *in
		if in.Config != nil {
			cfg := *in.Config
			cfg.Policy = s.policy
			own.Config = &cfg
		}
		out := s.e.Step(n, &own)
		if now := s.e.Now(); now.Before(d.from) || !now.Before(d.to) {
			continue
		}
		for i := range out.Sealed {
			s.note(out.Sealed[i].To(), out.Sealed[i].Plain())
		}
	}
}

// note keeps what leaves under all that the partner would read of it, but for
// ids and label.
func (s *dryEngine) note(to party.ID, plain []byte) {
	r, err := record.Decode(plain)
	if err != nil {
		return // release makes none that does not decode
	}
	row := DryRow{At: s.e.Now(), To: to, Kind: r.Kind.String(), Number: s.things[r.Object].number, Record: *r}
	row.Record.ID, row.Record.Object, row.Record.Epoch, row.Record.Label = record.ID{}, record.ID{}, 0, record.Label{}
	b, err := json.Marshal(&row)
	if err != nil {
		return // a decoded record has no value that JSON lacks
	}
	row.Record.Label = r.Label
	s.found[string(b)] = row
}

// Result compares what was found.
func (d *DryRun) Result() DryResult {
	res := DryResult{
		From: d.from, To: d.to, Inputs: d.inputs, Rows: []DryRow{}, Sums: []DrySum{},
		Present: d.present.id, Changed: d.changed.id,
	}
	sums := make(map[[2]string]*DrySum)
	sum := func(r *DryRow) *DrySum {
		k := [2]string{string(r.To), r.Kind}
		if sums[k] == nil {
			sums[k] = &DrySum{To: r.To, Kind: r.Kind}
		}
		return sums[k]
	}
	for key, r := range d.present.found {
		if _, both := d.changed.found[key]; both {
			sum(&r).Same++
			continue
		}
		sum(&r).Present++
		r.Only = "present"
		res.Rows = append(res.Rows, r)
	}
	for key, r := range d.changed.found {
		if _, both := d.present.found[key]; both {
			continue
		}
		sum(&r).Changed++
		r.Only = "changed"
		res.Rows = append(res.Rows, r)
	}
	for _, s := range sums {
		res.Sums = append(res.Sums, *s)
	}
	slices.SortFunc(res.Sums, func(a, b DrySum) int { return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(a.Kind, b.Kind)) })
	slices.SortFunc(res.Rows, func(a, b DryRow) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.To, b.To), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Number, b.Number), cmp.Compare(a.Only, b.Only))
	})
	if len(res.Rows) > MaxDryRows {
		res.LeftOff = len(res.Rows) - MaxDryRows
		res.Rows = res.Rows[:MaxDryRows]
	}
	return res
}

// Collection is a GeoJSON FeatureCollection (RFC 7946).
type Collection struct {
	Type     string    `json:"type"`
	Features []Feature `json:"features"`
}

// Feature is one cell of a Collection.
type Feature struct {
	Type       string         `json:"type"`
	Geometry   Geometry       `json:"geometry"`
	Properties map[string]any `json:"properties"`
}

// Geometry is a polygon.
type Geometry struct {
	Type        string         `json:"type"`
	Coordinates [][][2]float64 `json:"coordinates"` // longitude, latitude
}

// GeoJSON returns the cells that one of the two policies tells and the other
// does not. What has no place is in the rows only.
func (r *DryResult) GeoJSON() Collection {
	c := Collection{Type: "FeatureCollection", Features: []Feature{}}
	for i := range r.Rows {
		row := &r.Rows[i]
		if row.Record.Track == nil {
			continue
		}
		c.Features = append(c.Features, Feature{
			Type: "Feature", Geometry: square(row.Record.Track.Cell),
			Properties: map[string]any{
				"only": row.Only, "at": row.At, "to": row.To, "number": row.Number, "grid_m": row.Record.Track.Cell.GridM,
				"bin_start": row.Record.Track.Bin.Start, "bin_s": row.Record.Track.Bin.Width.Seconds(), "domain": row.Record.Track.Domain,
			},
		})
	}
	return c
}

// square returns the cell as people can lay it over a map.
func square(c record.Cell) Geometry {
	a, b := release.Corners(c)
	return Geometry{Type: "Polygon", Coordinates: [][][2]float64{{
		{a.LonDeg, a.LatDeg}, {b.LonDeg, a.LatDeg}, {b.LonDeg, b.LatDeg}, {a.LonDeg, b.LatDeg}, {a.LonDeg, a.LatDeg},
	}}}
}
