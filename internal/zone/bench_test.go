// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package zone_test

import (
	"math/rand/v2"
	"testing"

	"github.com/golang/geo/s2"

	"github.com/kuroshio-watch/kuroshio/geo"
	"github.com/kuroshio-watch/kuroshio/internal/zone"
)

func BenchmarkAt1000(b *testing.B)  { benchmarkAt(b, 1_000) }
func BenchmarkAt10000(b *testing.B) { benchmarkAt(b, 10_000) }

func somewhere(rng *rand.Rand, n int) []geo.Point {
	points := make([]geo.Point, n)
	for i := range points {
		points[i] = at(19+12*rng.Float64(), 117+15*rng.Float64())
	}
	return points
}

func benchmarkAt(b *testing.B, n int) {
	rng := rand.New(rand.NewPCG(1, 2))
	set := newSet(b, generated(rng, n)...)
	points := somewhere(rng, 4096)
	ids := make([]zone.ID, 0, 64)
	i, hits := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		ids = set.At(points[i%len(points)], ids[:0])
		hits += len(ids)
		i++
	}
	b.ReportMetric(float64(hits)/float64(i), "hits/point")
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "points/s")
}

// BenchmarkAtS2 asks the same of S2's index, for the comparison that chose ours.
func BenchmarkAtS2(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	index := s2.NewShapeIndex()
	for _, z := range generated(rng, 1_000) {
		var pts []s2.Point
		for _, p := range z.Rings[0][1:] {
			pts = append(pts, s2.PointFromLatLng(s2.LatLngFromDegrees(p.LatDeg, p.LonDeg)))
		}
		loop := s2.LoopFromPoints(pts)
		loop.Normalize()
		index.Add(s2.PolygonFromLoops([]*s2.Loop{loop}))
	}
	index.Build()
	query := s2.NewContainsPointQuery(index, s2.VertexModelSemiOpen)
	points := somewhere(rng, 4096)
	i, hits := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		p := points[i%len(points)]
		hits += len(query.ContainingShapes(s2.PointFromLatLng(s2.LatLngFromDegrees(p.LatDeg, p.LonDeg))))
		i++
	}
	b.ReportMetric(float64(hits)/float64(i), "hits/point")
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "points/s")
}

func BenchmarkAtShipped(b *testing.B) {
	set := shipped(b)
	points := somewhere(rand.New(rand.NewPCG(1, 2)), 4096)
	ids := make([]zone.ID, 0, 64)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		ids = set.At(points[i%len(points)], ids[:0])
		i++
	}
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "points/s")
}

// BenchmarkCrossings takes steps of four seconds at 250 m/s in the shipped pack.
func BenchmarkCrossings(b *testing.B) {
	set := shipped(b)
	rng := rand.New(rand.NewPCG(1, 2))
	from := somewhere(rng, 4096)
	to := make([]geo.Point, len(from))
	for i, p := range from {
		to[i] = geo.Direct(p, geo.Degrees(360*rng.Float64()), 1000)
	}
	crossings := make([]zone.Crossing, 0, 16)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		crossings = set.Crossings(from[i%len(from)], to[i%len(to)], crossings[:0])
		i++
	}
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "steps/s")
}

func BenchmarkDistance(b *testing.B) {
	set := shipped(b)
	points := somewhere(rand.New(rand.NewPCG(1, 2)), 4096)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		set.Distance("coast_taiwan", points[i%len(points)])
		i++
	}
}

func BenchmarkParse(b *testing.B) {
	pack := readPack(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := zone.Parse(pack); err != nil {
			b.Fatal(err)
		}
	}
}
