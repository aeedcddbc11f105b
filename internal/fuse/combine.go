// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package fuse

import "slices"

// Pedigree says on what an estimate rests, as far as it matters for counting
// nothing twice. The zero Pedigree rests on measurements that nobody shares.
type Pedigree struct {
	// Self is the object that told its own place, by its address or MMSI; 0 when
	// none did. Two that heard the same object hold one measurement.
	Self uint64
	// Degraded: a policy rounded or delayed the place on purpose. Such an error
	// stays the same from report to report and is no noise.
	Degraded bool
}

// Source is one party's estimate of an object.
type Source struct {
	Estimate
	Pedigree Pedigree
}

// Method says how an estimate was made of several.
type Method uint8

// The methods, from the one that trusts the inputs most.
const (
	Alone   Method = iota // one of the sources as it stands
	Inverse               // inverse covariance intersection of two
	Careful               // covariance intersection, of all or of what remained
)

// String returns the method's name in lower case.
func (m Method) String() string {
	switch m {
	case Alone:
		return "alone"
	case Inverse:
		return "inverse-covariance-intersection"
	case Careful:
		return "covariance-intersection"
	}
	return "invalid"
}

// Combine makes one estimate of all sources of one object; it must be given at
// least one, with valid covariances, and reorders them. Of those that heard the
// same self-report the best one stands for all. The two best of the others that
// no policy degraded are joined by ICI, whose proof is for two, and everything
// else by CI. The order of the sources does not matter.
func Combine(sources []Source) (Estimate, Method) {
	list := heardOnce(sources)
	slices.SortFunc(list, compareSource)
	out, method, degraded := list[0].Estimate, Alone, list[0].Pedigree.Degraded
	for _, s := range list[1:] {
		kind, join := Careful, CI
		if method == Alone && !degraded && !s.Pedigree.Degraded {
			kind, join = Inverse, ICI
		}
		switch next := join(out, s.Estimate); next {
		case out:
		case s.Estimate:
			out, method, degraded = next, Alone, s.Pedigree.Degraded
		default:
			out, method = next, kind
		}
	}
	return out, method
}

func compareSource(a, b Source) int {
	switch {
	case a.Pedigree.Degraded != b.Pedigree.Degraded && a.Pedigree.Degraded:
		return 1
	case a.Pedigree.Degraded != b.Pedigree.Degraded:
		return -1
	}
	return compare(a.Estimate, b.Estimate)
}

// heardOnce leaves of the sources with one self-report the best.
func heardOnce(sources []Source) []Source {
	out := sources[:0]
	for _, s := range sources {
		i := -1
		if s.Pedigree.Self != 0 {
			i = slices.IndexFunc(out, func(o Source) bool { return o.Pedigree.Self == s.Pedigree.Self })
		}
		switch {
		case i < 0:
			out = append(out, s)
		case compareSource(s, out[i]) < 0:
			out[i] = s
		}
	}
	return out
}
