// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package gospa

import (
	"errors"
	"fmt"
	"math"
)

// Report is the comparison over all frames. Lengths are metres, speeds metres
// per second, times seconds. What is not defined is NaN: errors without a
// match, ANEES without covariances.
type Report struct {
	Frames  int
	GOSPA   GOSPA
	OSPA    float64 // mean over time
	SIAP    SIAP
	Clear   Clear
	Classes map[string]Class // by class of the truth; nil without classes
}

// GOSPA sums up the metric over time.
type GOSPA struct {
	Mean                             float64 // mean over time of the metric
	RMS, Localisation, Missed, False float64 // p-means: RMS^p is the sum of the others' p-th powers
	MissedMean, FalseMean            float64 // objects per time
	PerHit                           float64 // p-mean of the distances of all hits
}

// Class is the CLEAR figures of the truths of one class.
type Class struct {
	N            int // truths and times
	Completeness float64
	RMSPosition  float64
	RMSVelocity  float64
}

// Evaluate compares tracks with truth over frames that rise in time. class
// names a truth's class; it may be nil.
func Evaluate(frames []Frame, p Params, class func(id string) string) (Report, error) {
	if err := p.Validate(); err != nil {
		return Report{}, err
	}
	if err := check(frames); err != nil {
		return Report{}, err
	}
	r := Report{Frames: len(frames)}
	ds := make([][][]float64, len(frames))
	var sum Distance
	var square, hits float64
	for k := range frames {
		ds[k] = p.distances(&frames[k])
		d := p.at(&frames[k], ds[k])
		r.GOSPA.Mean += d.Total
		square += math.Pow(d.Total, p.Order)
		sum.Localisation += d.Localisation
		sum.Missed += d.Missed
		sum.False += d.False
		r.GOSPA.MissedMean += float64(d.Misses)
		r.GOSPA.FalseMean += float64(d.Extra)
		hits += float64(d.Hits)
		r.OSPA += d.OSPA
	}
	n := float64(max(1, len(frames)))
	root := func(x float64) float64 { return math.Pow(x, 1/p.Order) }
	g := &r.GOSPA
	g.RMS, g.Localisation, g.Missed, g.False = root(square/n), root(sum.Localisation/n), root(sum.Missed/n), root(sum.False/n)
	g.PerHit = root(sum.Localisation / math.Max(1, hits))
	g.Mean, g.MissedMean, g.FalseMean, r.OSPA = g.Mean/n, g.MissedMean/n, g.FalseMean/n, r.OSPA/n
	r.SIAP = p.siap(frames, ds)
	r.Clear, r.Classes = p.clear(frames, ds, class)
	return r, nil
}

func check(frames []Frame) error {
	for k := range frames {
		f := &frames[k]
		if math.IsNaN(f.Time) || k > 0 && f.Time <= frames[k-1].Time {
			return errors.New("gospa: times do not rise")
		}
		for _, list := range [2][]State{f.Truth, f.Tracks} {
			seen := make(map[string]bool, len(list))
			for i := range list {
				if seen[list[i].ID] {
					return fmt.Errorf("gospa: %q is twice in the frame of %v", list[i].ID, f.Time)
				}
				seen[list[i].ID] = true
			}
		}
	}
	return nil
}
