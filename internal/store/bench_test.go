// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/store"
	"github.com/kuroshio-watch/kuroshio/internal/store/storetest"
)

func batch(n int, kind record.Kind) []store.Outgoing {
	var out []store.Outgoing
	for i := range n {
		out = append(out, storetest.Record{Partner: "jp", Of: kind, About: storetest.Object(i), Text: strings.Repeat("r", 200)})
	}
	return out
}

func openBench(b *testing.B) (x, y *storetest.Node) {
	cfg := store.DefaultConfig()
	cfg.OutboxRows, cfg.OutboxBytes, cfg.InboxRows = 1<<30, 1<<40, 1<<30
	n := sqlite().Start(b, cfg, "tw", "jp")
	return n[0], n[1]
}

// BenchmarkCommit100 commits a hundred records of 200 octets, with fsync.
func BenchmarkCommit100(b *testing.B) {
	for name, kind := range map[string]record.Kind{"records": record.KindIncident, "states": record.KindTrack} {
		b.Run(name, func(b *testing.B) {
			x, _ := openBench(b)
			out := batch(100, kind)
			tape := uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				tape++
				must(b, x.Store.(*store.Store).CommitOutgoing(b.Context(), store.Commit{Tape: tape, Now: storetest.Now()}, out))
			}
			b.ReportMetric(float64(100*b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkTakeRecords500 takes five hundred records of 200 octets, with fsync.
func BenchmarkTakeRecords500(b *testing.B) {
	x, y := openBench(b)
	tape, held := uint64(0), uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		tape++
		must(b, x.Store.(*store.Store).CommitOutgoing(b.Context(), store.Commit{Tape: tape, Now: storetest.Now()}, batch(500, record.KindIncident)))
		items, err := x.Records(b.Context(), "jp", held, 500)
		must(b, err)
		b.StartTimer()
		s, err := y.TakeRecords(b.Context(), "tw", 1, items)
		must(b, err)
		held = s.Size
	}
	b.ReportMetric(float64(500*b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkRecords500 reads five hundred records with their keys.
func BenchmarkRecords500(b *testing.B) {
	x, _ := openBench(b)
	must(b, x.Store.(*store.Store).CommitOutgoing(b.Context(), store.Commit{Tape: 1, Now: storetest.Now()}, batch(500, record.KindIncident)))
	b.ReportAllocs()
	for b.Loop() {
		if items, err := x.Records(b.Context(), "jp", 0, 500); err != nil || len(items) != 500 {
			b.Fatal(len(items), err)
		}
	}
	b.ReportMetric(float64(500*b.N)/b.Elapsed().Seconds(), "records/s")
}
