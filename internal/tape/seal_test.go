// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package tape_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/tape"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// hours appends an entry every 20 minutes, for so many hours.
func hours(t testing.TB, tp *tape.Tape, n int) {
	t.Helper()
	for i := range 3 * n {
		tp.Roll(noon.Add(time.Duration(i) * 20 * time.Minute))
		if _, err := tp.Append(bodies(1, i+1)); err != nil {
			t.Fatal(err)
		}
	}
}

func segments(t testing.TB, tp *tape.Tape) []tape.Segment {
	t.Helper()
	list, err := tp.Segments()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func seal(t testing.TB, dir, name string) (s tape.Seal, sum string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	h := sha256.Sum256(b)
	return s, hex.EncodeToString(h[:])
}

func hashOf(t testing.TB, path string) (int64, string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.Sum256(b)
	return int64(len(b)), hex.EncodeToString(h[:])
}

func TestEachHourIsSealed(t *testing.T) {
	dir := t.TempDir()
	tp := open(t, dir, tape.DefaultConfig())
	hours(t, tp, 3)
	var previous string
	for i, first := range []string{"00000000000000000001", "00000000000000000004"} {
		s, sum := seal(t, dir, first+".seal")
		octets, hash := hashOf(t, filepath.Join(dir, first+".tape"))
		n := uint64(3*i + 1)
		want := tape.Seal{First: n, Last: n + 2, Octets: octets, SHA256: hash, Hour: noon.Add(time.Duration(i) * time.Hour), Previous: previous}
		if diff := cmp.Diff(want, s); diff != "" {
			t.Errorf("seal (-want +got):\n%s", diff)
		}
		previous = sum
	}
	if _, err := os.Stat(filepath.Join(dir, "00000000000000000007.seal")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the segment that is written to has a seal: %v", err)
	}
	// Time that goes back is not another hour.
	tp.Roll(noon)
	if _, err := tp.Append(bodies(1, 10)); err != nil {
		t.Fatal(err)
	}
	if n := len(segments(t, tp)); n != 3 {
		t.Errorf("%d segments after the clock went back, want 3", n)
	}
	if diff := cmp.Diff(texts(bodies(10, 1)), read(t, tp, 1)); diff != "" {
		t.Error(diff)
	}
}

// TestTheHourGoesOnAfterARestart restarts within an hour and after it.
func TestTheHourGoesOnAfterARestart(t *testing.T) {
	dir := t.TempDir()
	want := []int{1, 1, 2}
	for i, at := range []time.Time{noon, noon.Add(50 * time.Minute), noon.Add(70 * time.Minute)} {
		tp := open(t, dir, tape.DefaultConfig())
		if i > 0 {
			tp.Roll(noon.Add(time.Minute)) // the last input's time, as the node knows it
		}
		tp.Roll(at)
		if _, err := tp.Append(bodies(1, i+1)); err != nil {
			t.Fatal(err)
		}
		if n := len(segments(t, tp)); n != want[i] {
			t.Errorf("start %d: %d segments, want %d", i, n, want[i])
		}
		if err := tp.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if s, _ := seal(t, dir, "00000000000000000001.seal"); s.Last != 2 || !s.Hour.Equal(noon) {
		t.Errorf("seal = %+v, want entries 1 and 2 of noon", s)
	}
}

// TestATapeWithoutSealsIsSealed opens what earlier versions wrote, and what a
// crash between the end of a segment and its seal leaves.
func TestATapeWithoutSealsIsSealed(t *testing.T) {
	dir := t.TempDir()
	tp := open(t, dir, tape.DefaultConfig())
	hours(t, tp, 4)
	if err := tp.Close(); err != nil {
		t.Fatal(err)
	}
	first, _ := seal(t, dir, "00000000000000000001.seal")
	for _, name := range []string{"00000000000000000001.seal", "00000000000000000004.seal", "00000000000000000007.seal"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	stray := filepath.Join(dir, "00000000000000000010.seal") // of the segment that is written to
	if err := os.WriteFile(stray, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	tp = open(t, dir, tape.DefaultConfig())
	again, _ := seal(t, dir, "00000000000000000001.seal")
	first.Hour = time.Time{} // nobody knows it any more
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
	for _, s := range segments(t, tp)[:3] {
		if !s.Sealed {
			t.Errorf("%s is not sealed", s.Name)
		}
	}
	if _, err := os.Stat(stray); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("stray seal: %v", err)
	}
	if err := tp.Prune(7); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.seal"))
	if err != nil || len(left) != 1 {
		t.Errorf("seals after Prune: %v, %v", left, err)
	}
}

// TestASealThatCannotBeWrittenHoldsEntriesBack fails each seal once.
func TestASealThatCannotBeWrittenHoldsEntriesBack(t *testing.T) {
	dir := t.TempDir()
	cfg := tape.DefaultConfig()
	failed := 0
	cfg.Faults = &faults{fail: func(_ int, op string) bool {
		if op == "seal" {
			failed++
		}
		return op == "seal" && failed%2 == 1
	}}
	tp := open(t, dir, cfg)
	refused := 0
	for i := range 6 {
		tp.Roll(noon.Add(time.Duration(i) * time.Hour))
		for {
			_, err := tp.Append(bodies(1, i+1))
			if err == nil {
				break
			}
			if !errors.Is(err, errFault) {
				t.Fatal(err)
			}
			refused++
		}
	}
	if refused != 5 {
		t.Errorf("%d times refused, want once for each seal", refused)
	}
	if diff := cmp.Diff(texts(bodies(6, 1)), read(t, tp, 1)); diff != "" {
		t.Error(diff)
	}
	checkAll(t, dir)
}

// checkAll checks each segment; damaged are those with a fault.
func checkAll(t testing.TB, dir string, damaged ...string) {
	t.Helper()
	r, err := tape.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Segments() {
		err := r.Check(s)
		if bad := errors.Is(err, tape.ErrCorrupt); bad != slices.Contains(damaged, s.Name) || err != nil && !bad {
			t.Errorf("Check(%s) = %v", s.Name, err)
		}
	}
}

func TestCheckFindsWhatIsNotAsSealed(t *testing.T) {
	const one, four, seven = "00000000000000000001", "00000000000000000004", "00000000000000000007"
	tests := map[string]struct {
		damage func(t *testing.T, dir string)
		found  []string
	}{
		"a whole tape":         {damage: func(*testing.T, string) {}},
		"an entry":             {damage: flip(four+".tape", 33), found: []string{four + ".tape"}},
		"a seal's hash":        {damage: reseal(four+".seal", func(s *tape.Seal) { s.SHA256 = "00" }), found: []string{four + ".tape", seven + ".tape"}},
		"a seal's last number": {damage: reseal(one+".seal", func(s *tape.Seal) { s.Last++ }), found: []string{one + ".tape", four + ".tape"}},
		"a seal written anew":  {damage: reseal(one+".seal", func(s *tape.Seal) { s.Hour = noon.Add(time.Second) }), found: []string{four + ".tape"}},
		"a segment cut short":  {damage: cut(seven+".tape", 60), found: []string{seven + ".tape"}},
	}
	for name, tt := range tests {
		t.Run("it handles "+name, func(t *testing.T) {
			dir := t.TempDir()
			tp := open(t, dir, tape.DefaultConfig())
			hours(t, tp, 4)
			tt.damage(t, dir)
			checkAll(t, dir, tt.found...)
		})
	}
}

func reseal(name string, change func(*tape.Seal)) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		s, _ := seal(t, dir, name)
		change(&s)
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		edit(t, filepath.Join(dir, name), func([]byte) []byte { return append(b, '\n') })
	}
}

// TestReaderReadsBesideTheWriter reads a tape that is open, and leaves out a
// write that goes on.
func TestReaderReadsBesideTheWriter(t *testing.T) {
	dir := t.TempDir()
	tp := open(t, dir, tape.DefaultConfig())
	hours(t, tp, 2)
	path := filepath.Join(dir, "00000000000000000004.tape")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(whole, 0, 0, 0, 9, 1, 2), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := tape.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.First() != 1 || r.Last() != 6 || r.Torn() != 6 {
		t.Errorf("entries %d to %d and %d torn octets, want 1, 6, 6", r.First(), r.Last(), r.Torn())
	}
	var got []string
	if err := r.Read(2, func(_ uint64, b []byte) error { got = append(got, string(b)); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(texts(bodies(5, 2)), got); diff != "" {
		t.Error(diff)
	}
	if err := tp.Prune(4); err != nil {
		t.Fatal(err)
	}
	if err := r.Read(1, func(uint64, []byte) error { return nil }); !errors.Is(err, tape.ErrPruned) {
		t.Errorf("Read of what is pruned = %v, want ErrPruned", err)
	}
	if _, err := tape.OpenReader(t.TempDir()); err == nil {
		t.Error("OpenReader of an empty folder = nil")
	}
}

// TestTheFirstFormatIsRead holds the bytes of a segment as the first version
// wrote it.
func TestTheFirstFormatIsRead(t *testing.T) {
	b, err := hex.DecodeString("4b555254415045310000000000000001c32299540000000778f37d25" + hex.EncodeToString([]byte("input 1")))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "00000000000000000001.tape"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	tp := open(t, dir, tape.DefaultConfig())
	if diff := cmp.Diff([]string{"input 1"}, read(t, tp, 1)); diff != "" {
		t.Error(diff)
	}
}
