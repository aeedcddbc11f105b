// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package mtt_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/mtt"
)

// cluster draws gains by row and column; NaN is no link.
func cluster(t *rapid.T, most int) [][]float64 {
	rows, cols := rapid.IntRange(1, most).Draw(t, "rows"), rapid.IntRange(1, most).Draw(t, "columns")
	out := make([][]float64, rows)
	for r := range out {
		for range cols {
			g := math.NaN()
			if rapid.IntRange(0, 3).Draw(t, "linked") > 0 {
				g = rapid.Float64Range(-5, 12).Draw(t, "gain")
			}
			out[r] = append(out[r], g)
		}
	}
	return out
}

// everyWay calls yield with each way to give rows to columns, and its gain.
func everyWay(gains [][]float64, yield func(way []int, gain float64)) {
	way := make([]int, len(gains))
	var next func(r int, gain float64)
	next = func(r int, gain float64) {
		if r == len(gains) {
			yield(way, gain)
			return
		}
		for c := -1; c < len(gains[0]); c++ {
			if way[r] = c; c < 0 {
				next(r+1, gain)
			} else if !math.IsNaN(gains[r][c]) && !slices.Contains(way[:r], c) {
				next(r+1, gain+gains[r][c])
			}
		}
	}
	next(0, 0)
}

// forced returns the probability of each pairing by counting all ways.
func forced(gains [][]float64) [][]float64 {
	out := make([][]float64, len(gains))
	for r := range out {
		out[r] = make([]float64, len(gains[0]))
	}
	total := 0.0
	everyWay(gains, func(way []int, gain float64) {
		total += math.Exp(gain)
		for r, c := range way {
			if c >= 0 {
				out[r][c] += math.Exp(gain)
			}
		}
	})
	for r := range out {
		for c := range out[r] {
			out[r][c] /= total
		}
	}
	return out
}

func worst(a, b [][]float64) float64 {
	most := 0.0
	for r := range a {
		for c := range a[r] {
			most = math.Max(most, math.Abs(a[r][c]-b[r][c]))
		}
	}
	return most
}

func TestMarginalsOfSmallClustersAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gains := cluster(t, 4)
		if got, want := mtt.Marginals(gains, false), forced(gains); !(worst(got, want) < 1e-9) {
			t.Fatalf("probabilities %v, want %v", got, want)
		}
	})
}

// Belief propagation is an approximation: 0.5 is left between two plots of two
// tracks that fit each other alike, and it is within a tenth in the mean.
func TestBeliefIsNearTheMarginals(t *testing.T) {
	sum, n := 0.0, 0
	rapid.Check(t, func(t *rapid.T) {
		gains := cluster(t, 4)
		off := worst(mtt.Marginals(gains, true), forced(gains))
		if !(off < 0.35) {
			t.Fatalf("a probability is %.3f off", off)
		}
		sum, n = sum+off, n+1
	})
	t.Logf("the worst of a cluster is %.4f off in the mean", sum/float64(n))
	if sum/float64(n) > 0.06 {
		t.Errorf("the worst of a cluster is %.4f off in the mean, want at most 0.06", sum/float64(n))
	}
}

// A cluster of more than 4096 ways goes to belief propagation; with gains so
// great nothing may overflow.
func TestMarginalsOfManyWaysAreProbabilities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(7, 12).Draw(t, "size")
		gains := make([][]float64, n)
		for r := range gains {
			for range n {
				gains[r] = append(gains[r], rapid.Float64Range(-1000, 1000).Draw(t, "gain"))
			}
		}
		cols := make([]float64, n)
		for r, row := range mtt.Marginals(gains, false) {
			for c, p := range row {
				if !(p >= 0 && p <= 1+1e-9) {
					t.Fatalf("probability %v of row %d and column %d", p, r, c)
				}
				cols[c] += p
			}
		}
		if most := slices.Max(cols); most > 1+1e-9 {
			t.Fatalf("a column has %v rows", most)
		}
	})
}

func TestTheBestAssignmentsAreFoundInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gains := cluster(t, 4)
		k := rapid.IntRange(1, 12).Draw(t, "k")
		var want []float64
		everyWay(gains, func(_ []int, gain float64) { want = append(want, gain) })
		slices.SortFunc(want, func(a, b float64) int { return int(math.Copysign(1, b-a)) })
		ways, got := mtt.KBest(gains, k)
		if len(got) != min(k, len(want)) {
			t.Fatalf("%d ways, want %d of %d", len(got), k, len(want))
		}
		for i, w := range ways {
			sum := 0.0
			for r, c := range w {
				if c >= 0 {
					sum += gains[r][c]
				}
			}
			if math.Abs(got[i]-want[i]) > 1e-9 || math.Abs(sum-got[i]) > 1e-9 {
				t.Fatalf("way %d is %v with %v (told %v), want %v", i, w, sum, got[i], want[i])
			}
			for _, before := range ways[:i] {
				if slices.Equal(before, w) {
					t.Fatalf("%v is found twice", w)
				}
			}
		}
	})
}

// After the first time nothing is allocated.
func TestJointWaysAreFoundWithoutAllocation(t *testing.T) {
	if n := mtt.JointAllocations(); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
