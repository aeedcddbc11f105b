// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/mtt"
)

const theOther = 0x780555

// An object that tells another address under the eyes of a radar goes on as the
// track that it was. Two identities are two objects wherever they may be.
func TestAnotherIdentityOfOneObject(t *testing.T) {
	start := geo.Direct(placeA, 20, 80_000)
	const change, end = 100, 200
	behind := func(metres geo.Metres) geo.Point { return geo.Direct(start, 270, metres) }
	rng := func() *rand.Rand { return rand.New(rand.NewPCG(7, 7)) }
	replies := func(ms []mtt.Measurement) []mtt.Measurement {
		for i := range ms {
			ms[i].Has, ms[i].Address = ms[i].Has|mtt.HasAddress, theClaim
			if ms[i].Time.After(sec(change)) {
				ms[i].Address = theOther
			}
		}
		return ms
	}
	tests := map[string]struct {
		ms   []mtt.Measurement
		same bool // one track has both
	}{
		"it is one of which a radar sees one echo": {slices.Concat(
			flight(theClaim, start, 0, change, nil), flight(theOther, start, change, end, nil), radarOf(radarA, start, 0, end, rng())), true},
		"it is one that answers radars alone": {replies(radarOf(radarA, start, 0, end, rng())), true},
		"it is one with another code too":     {recoded(replies(radarOf(radarA, start, 0, end, rng()))), true},
		"it is two without a radar":           {append(flight(theClaim, start, 0, change, nil), flight(theOther, start, change, end, nil)...), false},
		"it is two of which the radar saw the first long ago": {slices.Concat(
			flight(theClaim, start, 0, change, nil), flight(theOther, start, change, end, nil), radarOf(radarA, start, 0, change-20, rng())), false},
		"it is two of which the radar saw the first long ago, and sees the other": {slices.Concat(
			flight(theClaim, start, 0, change, nil), flight(theOther, start, change, end, nil), radarOf(radarA, start, 0, change-20, rng()),
			replies(radarOf(radarA, start, change+4, end, rng()))), false},
		"it is two of which the radar sees none any more": {slices.Concat(
			flight(theClaim, start, 0, change, nil), flight(theOther, start, change, end, nil), radarOf(radarA, start, 0, change+2, rng())), false},
		"it is two that are told at once":    {slices.Concat(flight(theClaim, start, 0, end, nil), flight(theOther, start, change, end, nil), radarOf(radarA, start, 0, end, rng())), false},
		"it is two of which one stops later": {slices.Concat(flight(theClaim, start, 0, change+20, nil), flight(theOther, start, change, end, nil), radarOf(radarA, start, 0, end, rng())), false},
		"it is two after a silence that is usual": {slices.Concat(rarely(flight(theClaim, start, 0, change+1, nil)), rarely(flight(theClaim, start, change+40, end, nil)),
			flight(theOther, start, change+1, end, nil), radarOf(radarA, start, 0, end, rng())), false},
		"it is two of which the first was told once, so that its pauses are not known": {slices.Concat(
			flight(theClaim, start, change-1, change, nil), flight(theOther, start, change, end, nil), radarOf(radarA, start, 0, end, rng())), false},
		"it is two that a radar sees one beside the other": {slices.Concat(flight(theClaim, start, 0, change, nil), flight(theOther, behind(2000), change, end, nil),
			radarOf(radarA, start, 0, end, rng()), radarOf(radarA, behind(2000), change, end, rng())), false},
		"it is two where the other is told elsewhere too": {slices.Concat(flight(theClaim, start, 0, change, nil), flight(theOther, start, change, end, nil),
			flight(theOther, geo.Direct(start, 0, 150_000), 0, end, nil), radarOf(radarA, start, 0, end, rng())), false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			tr := newTracker(t)
			var first mtt.ID
			playAll(tr, tc.ms, func(at int) {
				if at == change {
					first = claimed(t, tr, theClaim).ID
				}
			})
			ids := tr.Lookup(theOther, false, nil)
			if len(ids) == 0 {
				t.Fatal("the other identity has no track")
			}
			if same := slices.Contains(ids, first); same != tc.same || tc.same && len(ids)+len(tr.Lookup(theClaim, false, nil)) != 1 {
				t.Errorf("tracks %v have the other identity, %v the first, which track %d had", ids, tr.Lookup(theClaim, false, nil), first)
			}
			if e, _ := tr.EstimateAt(first, sec(end)); tc.same && (e.Phase != mtt.Confirmed || apart(e.Pos, straight(start, 90, 200, end)) > 500) {
				t.Errorf("the track is %+v", e)
			}
		})
	}
}

// rarely leaves one claim of twenty.
func rarely(ms []mtt.Measurement) (some []mtt.Measurement) {
	for i := 0; i < len(ms); i += 20 {
		some = append(some, ms[i])
	}
	return some
}

// recoded gives plots a code, another one with the other address.
func recoded(ms []mtt.Measurement) []mtt.Measurement {
	for i := range ms {
		ms[i].Has, ms[i].ModeA = ms[i].Has|mtt.HasModeA, 0o1234
		if ms[i].Address == theOther {
			ms[i].ModeA = 0o4321
		}
	}
	return ms
}
