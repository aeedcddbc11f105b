// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/keystore"
	"github.com/kuroshio-watch/kuroshio/internal/link"
	"github.com/kuroshio-watch/kuroshio/internal/link/linktest"
	"github.com/kuroshio-watch/kuroshio/internal/party"
	"github.com/kuroshio-watch/kuroshio/internal/record"
	"github.com/kuroshio-watch/kuroshio/internal/release"
	"github.com/kuroshio-watch/kuroshio/internal/store"
)

// stored is a side with the real store, fed by the real release desk.
type stored struct {
	*store.Store
	mu   sync.Mutex
	desk *release.Desk
	tape uint64
	n    uint64
}

func openStored(t testing.TB, keys *keystore.Store, self, partner party.ID) *stored {
	t.Helper()
	cfg := store.DefaultConfig()
	cfg.Witness = keys
	cfg.OutboxRows, cfg.InboxRows = 1<<30, 1<<30
	s, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "store"), keys, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	return &stored{Store: s, desk: releaseDesk(t, keys, self, partner)}
}

func releaseDesk(t testing.TB, keys *keystore.Store, self party.ID, partners ...party.ID) *release.Desk {
	return release.NewDesk(release.Config{
		Self: self, Partners: partners, MaxPending: 1 << 20,
		IDs: func(to party.ID, kind record.Kind, n uint64) record.ID {
			id, err := keys.ID(to, kind, n)
			if err != nil {
				t.Error(err)
			}
			return id
		},
	})
}

// put commits n distress reports, the one record that needs no policy.
func (s *stored) put(t testing.TB, to party.ID, n int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for range n {
		s.n++
		body := record.Record{Distress: &record.Distress{LatDeg: 24.5, LonDeg: 122.9, Nature: "sinking", Contact: "VHF 16"}}
		if err := s.desk.Say(to, record.KindDistress, s.n, body, release.Facts{}, now); err != nil {
			t.Fatal(err)
		}
	}
	sealed, _ := s.desk.Due(now, release.Sources{})
	if len(sealed) != n {
		t.Fatalf("%d records sealed, want %d", len(sealed), n)
	}
	s.tape++
	if err := s.Commit(context.Background(), store.Commit{Tape: s.tape, Now: now, Sealed: sealed}); err != nil {
		t.Fatal(err)
	}
}

func TestMemoryKeepsTheContract(t *testing.T) {
	linktest.Test(t, linktest.Driver{
		New: func(testing.TB) (tw, jp linktest.Side) { return linktest.NewMemory(1), linktest.NewMemory(1) },
		PutRecord: func(_ testing.TB, tw linktest.Side, n uint64) {
			tw.(*linktest.Memory).AddRecord(linktest.Body(n, 20))
		},
		PutState: func(_ testing.TB, tw linktest.Side, object, version uint64) {
			tw.(*linktest.Memory).AddState(record.ID{byte(object)}, linktest.Body(version, 20))
		},
	})
}

func TestTheStoreKeepsTheContract(t *testing.T) {
	linktest.Test(t, linktest.Driver{
		New: func(t testing.TB) (tw, jp linktest.Side) {
			ka, kb := linktest.Paired(t, "tw", "jp")
			return openStored(t, ka, "tw", "jp"), openStored(t, kb, "jp", "tw")
		},
		PutRecord: func(t testing.TB, tw linktest.Side, _ uint64) { tw.(*stored).put(t, "jp", 1) },
	})
}

// twoStored starts two nodes with real stores on a line with that round trip.
func twoStored(t testing.TB, rtt time.Duration) (sa, sb *stored, a, b *node, p *linktest.Proxy) {
	t.Helper()
	ka, kb := linktest.Paired(t, "tw", "jp")
	sa, sb = openStored(t, ka, "tw", "jp"), openStored(t, kb, "jp", "tw")
	lb := listen(t)
	p = linktest.NewProxy(t, lb.Addr().String())
	p.Delay = rtt / 2
	b = run(t, sideConfig{self: "jp", partner: "tw", keys: kb, outbox: sb, inbox: sb, listener: lb, timing: link.DefaultTiming()})
	a = run(t, sideConfig{self: "tw", partner: "jp", keys: ka, outbox: sa, inbox: sa, listener: listen(t), dial: p.Addr(), timing: link.DefaultTiming()})
	return sa, sb, a, b, p
}

func TestTheWholeWayWithStoresAndJournals(t *testing.T) {
	sa, sb, a, b, p := twoStored(t, 0)
	for i := range 20 {
		sa.put(t, "jp", 10)
		sb.put(t, "tw", 3)
		a.link.Notify()
		b.link.Notify()
		if i == 10 {
			p.Cut()
			sa.put(t, "jp", 50)
			p.Heal()
		}
	}
	waitQuiet(t, a, b)
	checkStores(t, sa, sb, a, b)
	if held, err := sa.Received(context.Background(), "jp"); err != nil || held.Size != 60 {
		t.Errorf("%d records the other way, %v; want 60", held.Size, err)
	}
}

// TestFaultsWithStores is TestFaults with real stores: each side's journal
// verifies afterwards, and both hold the same.
func TestFaultsWithStores(t *testing.T) {
	fault, within := 1200*time.Millisecond, 10*time.Second // a busy disk is no fault of the link
	if os.Getenv("KUROSHIO_SOAK") != "" {
		fault, within = 30*time.Second, time.Second
	}
	for name, hurt := range map[string]func(p *linktest.Proxy){
		"cut":        (*linktest.Proxy).Cut,
		"black hole": (*linktest.Proxy).BlackHole,
	} {
		t.Run(name, func(t *testing.T) {
			sa, sb, a, b, p := twoStored(t, 20*time.Millisecond)
			took := latencies(t, sa, sb, a, b, 500, 5, fault/4)
			ctx, stop := context.WithCancel(context.Background())
			var wg sync.WaitGroup
			wg.Go(func() {
				tick := time.NewTicker(10 * time.Millisecond)
				defer tick.Stop()
				for {
					select {
					case <-tick.C:
						sa.put(t, "jp", 5)
						a.link.Notify()
					case <-ctx.Done():
						return
					}
				}
			})
			hurt(p)
			<-time.After(fault)
			stop()
			wg.Wait()
			began := time.Now()
			p.Heal()
			waitQuiet(t, a)
			healed := time.Since(began)
			sent, err := sa.Sent(context.Background(), "jp")
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("500 records/s at 20 ms: p50 %.1f ms, p99 %.1f ms; %s of %v, %d records in all, caught up after %v",
				quantile(took, 0.5), quantile(took, 0.99), name, fault, sent.Size, healed.Round(time.Millisecond))
			if healed > within {
				t.Errorf("caught up after %v, want at most %v", healed, within)
			}
			checkStores(t, sa, sb, a, b)
		})
	}
}

// checkStores fails unless both journals verify and the inbox of sb holds what
// sa sent, each once and in order.
func checkStores(t *testing.T, sa, sb *stored, a, b *node) {
	t.Helper()
	ctx := context.Background()
	for s, keys := range map[*stored]*keystore.Store{sa: a.keys, sb: b.keys} {
		rep, err := s.Verify(ctx, keys)
		if err != nil || !rep.Verified {
			t.Errorf("journal: %+v, %v", rep, err)
		}
	}
	sent, err1 := sa.Sent(ctx, "jp")
	held, err2 := sb.Received(ctx, "tw")
	list, err3 := sb.Pending(ctx)
	if err := errors.Join(err1, err2, err3); err != nil || sent != held || uint64(len(list)) != sent.Size {
		t.Fatalf("sent %d, held %d, %d wait for the tape, %v", sent.Size, held.Size, len(list), err)
	}
	seen := make(map[record.ID]bool)
	for i, x := range list {
		plain, ok, err := sb.Body(ctx, x.Partner, x.Lane, x.Seq)
		if err != nil || !ok || x.Seq != uint64(i)+1 {
			t.Fatalf("record %d of %d: %v, %v", x.Seq, i+1, ok, err)
		}
		r, err := record.Decode(plain)
		if err != nil || r.Originator != "tw" || r.Distress == nil || seen[r.ID] {
			t.Fatalf("record %d: %+v, %v", x.Seq, r, err)
		}
		seen[r.ID] = true
	}
}

// latencies feeds records at a rate for a while, a few in each commit as an
// engine's step does, and returns how long each took from before its commit at
// the sender until after its commit at the receiver.
func latencies(t testing.TB, sa, sb *stored, a, b *node, perSecond, perCommit int, long time.Duration) []time.Duration {
	t.Helper()
	ctx := context.Background()
	start, err := sa.Sent(ctx, "jp")
	if err != nil {
		t.Fatal(err)
	}
	total := int(long.Seconds() * float64(perSecond))
	var mu sync.Mutex
	var put []time.Time
	took := make([]time.Duration, 0, total)
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(time.Second * time.Duration(perCommit) / time.Duration(perSecond))
		defer tick.Stop()
		for n := 0; n < total; n += perCommit {
			<-tick.C
			mu.Lock()
			now := time.Now()
			for range perCommit {
				put = append(put, now)
			}
			mu.Unlock()
			sa.put(t, "jp", perCommit)
			a.link.Notify()
		}
	})
	end := time.After(long + patience)
	for len(took) < total {
		select {
		case <-b.received:
		case <-end:
			t.Fatalf("%d of %d records came", len(took), total)
		}
		now := time.Now()
		held, err := sb.Received(ctx, "tw")
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		for len(took) < int(held.Size-start.Size) {
			took = append(took, now.Sub(put[len(took)]))
		}
		mu.Unlock()
	}
	wg.Wait()
	slices.Sort(took)
	return took
}

func quantile(sorted []time.Duration, q float64) float64 {
	return float64(sorted[int(q*float64(len(sorted)-1))].Microseconds()) / 1000
}

// BenchmarkLink measures with real stores, fsync and cosigned checkpoints on a
// line with a round trip of 20 ms.
func BenchmarkLink(b *testing.B) {
	b.Run("500 records/s", func(b *testing.B) {
		sa, sb, na, nb, _ := twoStored(b, 20*time.Millisecond)
		latencies(b, sa, sb, na, nb, 500, 5, time.Second) // begins when the session stands
		b.ReportAllocs()
		var took []time.Duration
		for b.Loop() {
			took = append(took, latencies(b, sa, sb, na, nb, 500, 5, 10*time.Second)...)
		}
		slices.Sort(took)
		b.ReportMetric(quantile(took, 0.5), "p50-ms")
		b.ReportMetric(quantile(took, 0.99), "p99-ms")
		b.ReportMetric(quantile(took, 1), "max-ms")
	})
	b.Run("30 s cut at 500 records/s", func(b *testing.B) {
		sa, _, na, _, p := twoStored(b, 20*time.Millisecond)
		var took time.Duration
		runs := 0
		for b.Loop() {
			p.Cut()
			for range 30 * 100 { // five each ten milliseconds
				tick := time.After(10 * time.Millisecond)
				sa.put(b, "jp", 5)
				na.link.Notify()
				<-tick
			}
			p.Heal()
			began := time.Now()
			waitQuiet(b, na)
			took += time.Since(began)
			runs++
		}
		b.ReportMetric(float64(took.Milliseconds())/float64(runs), "catch-up-ms")
	})
	b.Run("burst", func(b *testing.B) {
		const n = 20_000
		sa, sb, na, _, p := twoStored(b, 20*time.Millisecond)
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			p.Cut()
			for range n / 500 {
				sa.put(b, "jp", 500)
			}
			na.link.Notify()
			p.Heal()
			b.StartTimer()
			waitQuiet(b, na)
		}
		held, err := sb.Received(context.Background(), "tw")
		if err != nil || held.Size != uint64(b.N)*n {
			b.Fatalf("%d records came, %v; want %d", held.Size, err, b.N*n)
		}
		b.ReportMetric(float64(held.Size)/b.Elapsed().Seconds(), "records/s")
	})
}
