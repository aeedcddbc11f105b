// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package asterix_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/asterix/internal/cat254"
)

// walk writes what Blocks yields, one line a turn.
func walk(d []byte) []string {
	var out []string
	for b, err := range asterix.Blocks(d) {
		s := fmt.Sprintf("%d @%d %x", b.Category, b.Offset, b.Data)
		if err != nil {
			s += " ! " + err.Error()
		}
		out = append(out, s)
	}
	return out
}

func TestBlocks(t *testing.T) {
	for name, tt := range map[string]struct {
		in   []byte
		want []string
	}{
		"an empty datagram": {},
		"one block":         {[]byte{48, 0, 5, 1, 2}, []string{"48 @0 0102"}},
		"blocks of two categories": {
			[]byte{48, 0, 4, 1, 34, 0, 5, 2, 3},
			[]string{"48 @0 01", "34 @4 0203"},
		},
		"trailing octets": {
			[]byte{48, 0, 4, 1, 0, 0},
			[]string{"48 @0 01", "0 @4 0000 ! asterix cat 000 at octet 4: 2 trailing octets are no block"},
		},
		"a block without records, then another": {
			[]byte{48, 0, 3, 34, 0, 4, 9},
			[]string{"48 @0  ! asterix cat 048 at octet 0: block without a record", "34 @3 09"},
		},
		"LEN below the header": {
			[]byte{48, 0, 2, 1},
			[]string{"48 @0 01 ! asterix cat 048 at octet 0: LEN 2 is shorter than the header"},
		},
		"LEN one beyond the end": {
			append(make([]byte, 0, 99), 48, 0, 5, 1),
			[]string{"48 @0 01 ! asterix cat 048 at octet 0: LEN 5 exceeds the 4 octets left"},
		},
		"LEN beyond the end, and keeps the sender": {
			[]byte{34, 0, 4, 9, 48, 0, 90, 0x81, 0x80, 20, 129, 7},
			[]string{"34 @0 09", "48 @4 81801481" +
				"07 ! asterix cat 048 at octet 4, source 20/129: LEN 90 exceeds the 8 octets left"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, walk(tt.in)); diff != "" {
				t.Errorf("Blocks(%x) (-want +got):\n%s", tt.in, diff)
			}
		})
	}
}

// TestBadRecordSparesTheNextBlock holds the resynchronisation on LEN: the bad
// block is refused with offset, item, reason and sender.
func TestBadRecordSparesTheNextBlock(t *testing.T) {
	good := []byte{0x80, 20, 129}
	var d []byte
	for _, records := range [][][]byte{{good, {0x90, 20, 130, 1, 2}, good}, {good}} {
		var err error
		if d, err = asterix.AppendBlock(d, 48, records...); err != nil {
			t.Fatal(err)
		}
	}
	// The second record lacks a part of item 040; the third is taken for it.
	d = append(d[:len(d)-9], d[len(d)-6:]...)
	d[2] -= 3
	var offs []int
	var refused *asterix.Error
	var rec cat048.Record
	for b, err := range asterix.Blocks(d) {
		if err != nil {
			t.Fatal(err)
		}
		for off, err := range asterix.Records(b, &rec) {
			if err == nil {
				offs = append(offs, off)
				continue
			}
			if !errors.As(err, &refused) {
				t.Fatalf("error %v is no *Error", err)
			}
			if src, ok := rec.Source(); !ok || src.SIC != 130 {
				t.Errorf("Source = %v, %v after the error, want 20/130", src, ok)
			}
			if rec.Has != cat048.Item010 {
				t.Errorf("Has = %x after the error, want item 010 alone", rec.Has)
			}
		}
	}
	want := &asterix.Error{
		Category: 48, Offset: 9, Item: "040", Reason: asterix.ReasonCut, Detail: "needs 4 octets, 2 left",
		Source: asterix.Source{SAC: 20, SIC: 130}, SourceKnown: true,
	}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{3, 14}, offs); diff != "" {
		t.Errorf("offsets of records (-want +got):\n%s", diff)
	}
}

// TestUnknownSlot holds that nothing behind a slot that the UAP does not use is
// taken for an item: its length is not known.
func TestUnknownSlot(t *testing.T) {
	d := []byte{0xd0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0}
	var rec cat254.Record
	_, err := rec.Decode(d)
	want := "asterix cat 254 at octet 9, source 1/2: field reference number 2 is not in use"
	if err == nil || err.Error() != want {
		t.Errorf("Decode: %v, want %s", err, want)
	}
	if rec.Has != cat254.Item010 {
		t.Errorf("Has = %x after the error, want item 010 alone", rec.Has)
	}
	rec.Has |= 1 << 62
	if b, err := rec.Append(nil); err == nil {
		t.Errorf("Append = %x, want the slot refused", b)
	}
}

func TestAppendBlockRefuses(t *testing.T) {
	for name, records := range map[string][][]byte{
		"no record":           {},
		"more than LEN holds": {bytes.Repeat([]byte{1}, 40000), bytes.Repeat([]byte{1}, 25533)},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := asterix.AppendBlock(nil, 48, records...); err == nil {
				t.Errorf("AppendBlock = %d octets, want an error", len(got))
			}
		})
	}
	b, err := asterix.AppendBlock(nil, 48, bytes.Repeat([]byte{1}, 65532))
	if err != nil || len(b) != asterix.MaxBlockLen {
		t.Errorf("AppendBlock of the longest = %d octets, %v", len(b), err)
	}
}

func TestPeekSource(t *testing.T) {
	for name, tt := range map[string]struct {
		in   []byte
		want string
	}{
		"a short FSPEC":          {[]byte{0x80, 1, 2}, "1/2 true"},
		"a long FSPEC":           {[]byte{0x81, 0x01, 0x02, 1, 2}, "1/2 true"},
		"a record without 010":   {[]byte{0x40, 1, 2}, "0/0 false"},
		"nothing":                {nil, "0/0 false"},
		"an endless FSPEC":       {[]byte{0x81, 0xff, 0xff}, "0/0 false"},
		"half of the identifier": {[]byte{0x80, 1}, "0/0 false"},
	} {
		t.Run(name, func(t *testing.T) {
			s, ok := asterix.PeekSource(tt.in)
			if got := fmt.Sprint(s, " ", ok); got != tt.want {
				t.Errorf("PeekSource(%x) = %s, want %s", tt.in, got, tt.want)
			}
		})
	}
}

func TestTimeOfDay(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for name, tt := range map[string]struct {
		received string
		seconds  float64
		want     string
	}{
		"the same day":                   {"2026-03-01T08:00:01Z", 28800.8515625, "2026-03-01T08:00:00.8515625Z"},
		"a report from before midnight":  {"2026-03-01T00:00:00.5Z", 86399.5, "2026-02-28T23:59:59.5Z"},
		"a sender's clock ahead":         {"2026-02-28T23:59:59Z", 1, "2026-03-01T00:00:01Z"},
		"a receiver in another zone":     {"2026-03-01T08:30:00+09:00", 84600, "2026-02-28T23:30:00Z"},
		"a leap second":                  {"2026-12-31T23:59:59Z", 86400.5, "2027-01-01T00:00:00.5Z"},
		"exactly midnight":               {"2026-03-01T00:00:00Z", 0, "2026-03-01T00:00:00Z"},
		"nothing beyond the day":         {"2026-03-01T00:00:00Z", 86401, "0001-01-01T00:00:00Z"},
		"nothing that is not a number":   {"2026-03-01T00:00:00Z", math.NaN(), "0001-01-01T00:00:00Z"},
		"nothing negative":               {"2026-03-01T00:00:00Z", -1, "0001-01-01T00:00:00Z"},
		"a clock that is 26 minutes off": {"2026-03-01T00:10:00Z", 86400 - 16*60, "2026-02-28T23:44:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			got := asterix.TimeOfDay(at(tt.received), tt.seconds)
			if !got.Equal(at(tt.want)) {
				t.Errorf("TimeOfDay(%s, %v) = %s, want %s", tt.received, tt.seconds, got, tt.want)
			}
		})
	}
}

// TestTimeOfDayIsNearest: any instant comes back from its time of day when the
// receipt is less than half a day away.
func TestTimeOfDayIsNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ticks := rapid.Int64Range(0, 4e9*128).Draw(t, "ticks")
		want := time.Unix(ticks/128, ticks%128*7812500).UTC()
		off := time.Duration(rapid.Int64Range(-43199e9, 43199e9).Draw(t, "offset"))
		seconds := float64(ticks%(86400*128)) / 128
		if got := asterix.TimeOfDay(want.Add(off), seconds); !got.Equal(want) {
			t.Errorf("TimeOfDay = %s, want %s", got, want)
		}
	})
}

// TestTruncatedTimeOfDay: any instant comes back from the lower 16 bits of its
// time of day when the receipt is less than 256 s away, or in the last turn of a
// day, of 384 s, 192 s.
func TestTruncatedTimeOfDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.Int64Range(0, 40000).Draw(t, "day")
		tick := rapid.OneOf(rapid.Int64Range(0, 86400*128-1), rapid.Int64Range(86400*128-70000, 86400*128-1), rapid.Int64Range(0, 70000)).Draw(t, "tick")
		want := time.Unix(days*86400, tick*7812500).UTC()
		off := time.Duration(rapid.Int64Range(-191e9, 191e9).Draw(t, "offset"))
		got := asterix.TruncatedTimeOfDay(want.Add(off), float64(tick%65536)/128)
		if !got.Equal(want) {
			t.Errorf("TruncatedTimeOfDay = %s, want %s", got, want)
		}
	})
	if got := asterix.TruncatedTimeOfDay(time.Unix(1e9, 0), 512); !got.IsZero() {
		t.Errorf("TruncatedTimeOfDay of 512 s = %s", got)
	}
}

func TestIdentification(t *testing.T) {
	for name, tt := range map[string]struct {
		raw  uint64
		want string
	}{
		"letters and digits": {0x48f534c75820, "ROT415"},
		"zeros as blanks":    {0, ""},
		"undefined codes":    {0x48f534c7583f, "ROT415 ?"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := asterix.Identification(tt.raw, 8); got != tt.want {
				t.Errorf("Identification(%x) = %q, want %q", tt.raw, got, tt.want)
			}
		})
	}
	for _, bad := range []string{"lower", "AB-1", "NINECHARS", "é"} {
		if raw, ok := asterix.PackIdentification(bad, 8); ok {
			t.Errorf("PackIdentification(%q) = %x, want it refused", bad, raw)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[A-Z0-9]([A-Z0-9 ]{0,6}[A-Z0-9])?`).Draw(t, "text")
		raw, ok := asterix.PackIdentification(s, 8)
		if got := asterix.Identification(raw, 8); !ok || got != s {
			t.Errorf("Identification(PackIdentification(%q)) = %q, %v", s, got, ok)
		}
	})
}

// FuzzBlocks: blocks never overlap, never reach past their LEN, and together
// with the headers they are the datagram when none is refused.
func FuzzBlocks(f *testing.F) {
	f.Add([]byte{48, 0, 5, 1, 2})
	f.Add([]byte{48, 0, 4, 1, 34, 0, 4, 9})
	f.Add([]byte{48, 0, 3, 34, 0, 4, 9})
	f.Add([]byte{48, 0xff, 0xff, 0x81})
	// More than 64 KiB: the longest block and another.
	f.Add(slices.Concat([]byte{48, 0xff, 0xff}, make([]byte, asterix.MaxBlockLen-3), []byte{34, 0, 4, 9}))
	f.Fuzz(func(t *testing.T, d []byte) {
		var again []byte
		refused := false
		end := 0
		for b, err := range asterix.Blocks(d) {
			if b.Offset != end && !refused {
				t.Fatalf("block at %d, want %d", b.Offset, end)
			}
			if err != nil {
				refused = true
				if !strings.HasPrefix(err.Error(), "asterix cat") {
					t.Fatalf("error %q", err)
				}
				continue
			}
			end = b.Offset + 3 + len(b.Data)
			if cap(b.Data) != len(b.Data) || end > len(d) {
				t.Fatalf("block [%d, %d) reaches past its LEN", b.Offset, end)
			}
			if again, err = asterix.AppendBlock(again, b.Category, b.Data); err != nil {
				t.Fatal(err)
			}
		}
		if !refused && !bytes.Equal(again, d) {
			t.Fatalf("blocks %x of datagram %x", again, d)
		}
	})
}
