// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package tape_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/internal/tape"
)

func open(t testing.TB, dir string, cfg tape.Config) *tape.Tape {
	t.Helper()
	tp, err := tape.Open(dir, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tp.Close(); err != nil {
			t.Error(err)
		}
	})
	return tp
}

func small() tape.Config {
	cfg := tape.DefaultConfig()
	cfg.SegmentBytes = 128
	return cfg
}

func bodies(n, from int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = fmt.Appendf(nil, "input %d", from+i)
	}
	return out
}

func read(t testing.TB, tp *tape.Tape, from uint64) []string {
	t.Helper()
	var got []string
	next := max(from, 1)
	err := tp.Read(from, func(n uint64, body []byte) error {
		if n != next {
			t.Fatalf("Read(%d) gave entry %d after %d", from, n, next-1)
		}
		next++
		got = append(got, string(body))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func texts(b [][]byte) []string {
	var out []string
	for _, x := range b {
		out = append(out, string(x))
	}
	return out
}

func TestTapeKeepsEntriesInOrderAcrossSegmentsAndRestarts(t *testing.T) {
	dir := t.TempDir()
	var want []string
	for round := range 8 {
		tp := open(t, dir, small())
		if got := tp.Last(); got != uint64(len(want)) {
			t.Fatalf("round %d: Last() = %d, want %d", round, got, len(want))
		}
		b := bodies(5, len(want)+1)
		first, err := tp.Append(b)
		if err != nil {
			t.Fatal(err)
		}
		if first != uint64(len(want))+1 {
			t.Fatalf("Append gave %d, want %d", first, len(want)+1)
		}
		want = append(want, texts(b)...)
		if diff := cmp.Diff(want, read(t, tp, 0)); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(want[3:], read(t, tp, 4)); diff != "" {
			t.Fatal(diff)
		}
		if err := tp.Close(); err != nil {
			t.Fatal(err)
		}
	}
	segs, err := filepath.Glob(filepath.Join(dir, "*.tape"))
	if err != nil || len(segs) < 3 {
		t.Errorf("%d segments (%v), want several", len(segs), err)
	}
	for _, s := range append(segs, filepath.Join(dir, "lock")) {
		info, err := os.Stat(s)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", s, info.Mode().Perm())
		}
	}
}

func TestTapeIsHeldByOneProcess(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, small())
	if _, err := tape.Open(dir, small()); !errors.Is(err, tape.ErrInUse) {
		t.Errorf("second Open: %v, want ErrInUse", err)
	}
}

func TestTornEndIsCutOff(t *testing.T) {
	dir := t.TempDir()
	tp := open(t, dir, tape.DefaultConfig())
	if _, err := tp.Append(bodies(3, 1)); err != nil {
		t.Fatal(err)
	}
	if err := tp.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "00000000000000000001.tape")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const entry = 8 + len("input 1")
	for size := range whole {
		if err := os.WriteFile(path, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		tp := open(t, dir, tape.DefaultConfig())
		want := max(0, size-20) / entry
		if got := tp.Last(); got != uint64(want) {
			t.Fatalf("cut to %d octets: Last() = %d, want %d", size, got, want)
		}
		if _, err := tp.Append(bodies(1, want+1)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(texts(bodies(want+1, 1)), read(t, tp, 1)); diff != "" {
			t.Fatalf("cut to %d octets: %s", size, diff)
		}
		if err := tp.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDamageIsFound(t *testing.T) {
	tests := map[string]struct {
		damage func(t *testing.T, dir string)
		synced uint64
		open   bool // found by Open already
	}{
		"in the middle of an older segment":      {damage: flip("00000000000000000001.tape", 40)},
		"in the header of an older segment":      {damage: flip("00000000000000000001.tape", 9)},
		"in the header of the last segment":      {damage: flip("00000000000000000015.tape", 2), open: true},
		"in what the store knows to be synced":   {damage: flip("00000000000000000015.tape", 30), synced: 16, open: true},
		"an older segment cut short":             {damage: cut("00000000000000000001.tape", 60)},
		"an older segment gone":                  {damage: remove("00000000000000000008.tape")},
		"a segment under another's name":         {damage: swap("00000000000000000001.tape", "00000000000000000008.tape")},
		"a file with a name that is no number":   {damage: swap("00000000000000000001.tape", "x.tape"), open: true},
		"the last segment gone behind the store": {damage: remove("00000000000000000015.tape"), synced: 16, open: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			tp := open(t, dir, small())
			for i := range 16 {
				if _, err := tp.Append(bodies(1, i+10)); err != nil {
					t.Fatal(err)
				}
			}
			if err := tp.Close(); err != nil {
				t.Fatal(err)
			}
			tt.damage(t, dir)
			cfg := small()
			cfg.Synced = tt.synced
			tp, err := tape.Open(dir, cfg)
			if err == nil {
				t.Cleanup(func() {
					if err := tp.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			if tt.open {
				if !errors.Is(err, tape.ErrCorrupt) {
					t.Fatalf("Open: %v, want ErrCorrupt", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := tp.Read(tp.First(), func(uint64, []byte) error { return nil }); !errors.Is(err, tape.ErrCorrupt) {
				t.Errorf("Read: %v, want ErrCorrupt", err)
			}
		})
	}
}

func flip(name string, at int) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		edit(t, filepath.Join(dir, name), func(b []byte) []byte { b[at] ^= 1; return b })
	}
}

func cut(name string, size int) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		edit(t, filepath.Join(dir, name), func(b []byte) []byte { return b[:size] })
	}
}

func edit(t *testing.T, path string, fn func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, fn(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(name string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func swap(a, b string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		if err := os.Rename(filepath.Join(dir, a), filepath.Join(dir, b)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPruneDropsWholeSegmentsOnly(t *testing.T) {
	tp := open(t, t.TempDir(), small())
	for i := range 30 {
		if _, err := tp.Append(bodies(1, i+1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tp.Prune(20); err != nil {
		t.Fatal(err)
	}
	first := tp.First()
	if first == 1 || first > 20 {
		t.Fatalf("First() = %d after Prune(20), want 2..20", first)
	}
	if diff := cmp.Diff(texts(bodies(11, 20)), read(t, tp, 20)); diff != "" {
		t.Error(diff)
	}
	if err := tp.Read(first-1, nil); !errors.Is(err, tape.ErrPruned) {
		t.Errorf("Read(%d): %v, want ErrPruned", first-1, err)
	}
	if err := tp.Prune(1000); err != nil {
		t.Fatal(err)
	}
	if got := tp.Last(); got != 30 {
		t.Errorf("Last() = %d after Prune, want 30", got)
	}
}

func TestReadReturnsTheCallersError(t *testing.T) {
	tp := open(t, t.TempDir(), small())
	if _, err := tp.Append(bodies(3, 1)); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	calls := 0
	err := tp.Read(1, func(uint64, []byte) error { calls++; return stop })
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("Read = %v after %d calls, want the caller's error after one", err, calls)
	}
}

func TestAppendRefusesWhatIsTooLarge(t *testing.T) {
	tp := open(t, t.TempDir(), small())
	if _, err := tp.Append([][]byte{make([]byte, tape.MaxBody+1)}); err == nil {
		t.Error("Append took an entry larger than MaxBody")
	}
	if got := tp.Last(); got != 0 {
		t.Errorf("Last() = %d, want 0", got)
	}
}

// faults fails the writes whose turn (counted from 1) is in fail.
type faults struct {
	n    int
	fail func(n int, op string) bool
}

var errFault = errors.New("injected")

func (f *faults) BeforeWrite(op string) error {
	f.n++
	if f.fail(f.n, op) {
		return fmt.Errorf("%s: %w", op, errFault)
	}
	return nil
}

// TestFailedWriteLeavesNothing fails each pattern of writes in turn: whatever
// fails, numbers stay contiguous, an acknowledged entry is there and one that
// was refused is not.
func TestFailedWriteLeavesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		failing := rapid.SliceOfN(rapid.Bool(), 60, 60).Draw(rt, "failing")
		f := &faults{fail: func(n int, _ string) bool { return n < len(failing) && failing[n] }}
		cfg := small()
		tp, err := tape.Open(dir, cfg)
		if err != nil {
			rt.Fatal(err)
		}
		if err := tp.Close(); err != nil {
			rt.Fatal(err)
		}
		cfg.Faults = f
		var want []string
		tries := 0
		for range 4 {
			if tp, err = tape.Open(dir, cfg); err != nil {
				rt.Fatal(err)
			}
			for range 5 {
				tries++
				body := fmt.Sprintf("try %d", tries)
				first, err := tp.Append([][]byte{[]byte(body)})
				if err != nil {
					if !errors.Is(err, errFault) {
						rt.Fatal(err)
					}
					continue
				}
				want = append(want, body)
				if first != uint64(len(want)) {
					rt.Fatalf("Append gave number %d, want %d", first, len(want))
				}
			}
			got := read(t, tp, 1)
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatal(diff)
			}
			// An entry whose repair failed too is still in the file. It was refused,
			// so nothing may stand after it; the next open must not be tried here.
			if _, err := tp.Append(nil); err != nil {
				rt.Fatal(err)
			}
			f.fail = func(int, string) bool { return false }
			if _, err := tp.Append([][]byte{[]byte("end")}); err != nil {
				rt.Fatal(err)
			}
			want = append(want, "end")
			f.fail = func(n int, _ string) bool { return n < len(failing) && failing[n] }
			if err := tp.Close(); err != nil {
				rt.Fatal(err)
			}
		}
	})
}

func BenchmarkAppend100(b *testing.B) {
	tp := open(b, b.TempDir(), tape.DefaultConfig())
	batch := make([][]byte, 100)
	for i := range batch {
		batch[i] = make([]byte, 120)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tp.Append(batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(100*b.N)/b.Elapsed().Seconds(), "frames/s")
}

func BenchmarkRead(b *testing.B) {
	tp := open(b, b.TempDir(), tape.DefaultConfig())
	batch := make([][]byte, 10000)
	for i := range batch {
		batch[i] = make([]byte, 120)
	}
	if _, err := tp.Append(batch); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := tp.Read(1, func(uint64, []byte) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(batch)*b.N)/b.Elapsed().Seconds(), "frames/s")
}

// FuzzSegment opens and reads any file as a segment: it is refused or gives
// whole entries, and the tape can be written to after it.
func FuzzSegment(f *testing.F) {
	dir := f.TempDir()
	tp, err := tape.Open(dir, tape.DefaultConfig())
	if err != nil {
		f.Fatal(err)
	}
	if _, err := tp.Append(bodies(3, 1)); err != nil {
		f.Fatal(err)
	}
	if err := tp.Close(); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, "00000000000000000001.tape"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:25])
	f.Add(append(whole[:20:20], 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "00000000000000000001.tape"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		tp, err := tape.Open(dir, tape.DefaultConfig())
		if err != nil {
			if !errors.Is(err, tape.ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		defer func() {
			if err := tp.Close(); err != nil {
				t.Fatal(err)
			}
		}()
		before := read(t, tp, 1)
		if uint64(len(before)) != tp.Last() {
			t.Fatalf("Read gave %d entries, Last() = %d", len(before), tp.Last())
		}
		if _, err := tp.Append(bodies(1, 1)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(append(before, "input 1"), read(t, tp, 1)); diff != "" {
			t.Fatal(diff)
		}
	})
}
