// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package gospa

import (
	"cmp"
	"math"
	"slices"

	"github.com/kuroshio-watch/kuroshio/geo"
)

// Row is one report of a truth or a track.
type Row struct {
	Time float64 // s
	State
	HasVelocity bool
	End         bool // the track is dropped at Time
}

// Sample returns a frame for each time of the truth. Of each track the newest
// row at or before the time counts, moved on with its own velocity, unless it
// is older than maxAge seconds or an end. A row that was moved loses its
// covariance. Tracks are in order of their IDs.
func Sample(truth, tracks []Row, maxAge float64, planar bool) []Frame {
	truth, tracks = byTime(truth), byTime(tracks)
	live := make(map[string]*Row)
	var fs []Frame
	for i, q := 0, 0; i < len(truth); {
		f := Frame{Time: truth[i].Time}
		for ; i < len(truth) && truth[i].Time == f.Time; i++ {
			f.Truth = append(f.Truth, truth[i].State)
		}
		for ; q < len(tracks) && tracks[q].Time <= f.Time+tick; q++ {
			live[tracks[q].ID] = &tracks[q]
		}
		for id, r := range live {
			age := f.Time - r.Time
			if r.End || age > maxAge {
				delete(live, id)
				continue
			}
			f.Tracks = append(f.Tracks, r.at(age, planar))
		}
		slices.SortFunc(f.Tracks, func(a, b State) int { return cmp.Compare(a.ID, b.ID) })
		fs = append(fs, f)
	}
	return fs
}

// tick is the difference of times in s that does not count.
const tick = 1e-6

func byTime(rows []Row) []Row {
	out := slices.Clone(rows)
	slices.SortStableFunc(out, func(a, b Row) int { return cmp.Compare(a.Time, b.Time) })
	return out
}

// at returns the row's state age seconds later.
func (r *Row) at(age float64, planar bool) State {
	s := r.State
	if age <= tick {
		return s
	}
	if !r.HasVelocity {
		return s
	}
	s.HasCov = false
	e, n := float64(s.East)*age, float64(s.North)*age
	if planar {
		s.X += geo.Metres(e)
		s.Y += geo.Metres(n)
		return s
	}
	lat := geo.Degrees(s.Pos.LatDeg)
	rn, rm := radii(lat)
	s.Pos.LatDeg += n / rm * 180 / math.Pi
	s.Pos.LonDeg += e / (rn * math.Cos(lat.Radians())) * 180 / math.Pi
	return s
}
