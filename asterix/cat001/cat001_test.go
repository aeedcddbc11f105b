// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cat001_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat001"
)

func octets(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBlock decodes a block of a track, a plot without a source and a plot with
// one. The octets and the values were worked out by hand from the document: track
// 010, 020, 161, 040 and 141; plots 020 and 040, with 010 in the last.
func TestBlock(t *testing.T) {
	b := asterix.Block{Category: 1, Data: octets(t, "f1 40 1907 a0 0123 2800 4000 8080"+
		"60 20 0280 c000"+
		"e0 1908 20 0180 8000")}
	var r cat001.Record
	r.Begin()
	type got struct {
		track   bool
		source  string
		rho, th float64
	}
	var all []got
	for _, err := range asterix.Records(b, &r) {
		if err != nil {
			t.Fatal(err)
		}
		s, _ := r.Source()
		g := got{r.IsTrack, s.String(), r.Plot.I040.RhoNM(), r.Plot.I040.ThetaDeg()}
		if r.IsTrack {
			g.rho, g.th = r.Track.I040.RhoNM(), r.Track.I040.ThetaDeg()
			if sec, ok := r.TimeOfDaySeconds(); sec != 257 || !ok {
				t.Errorf("TimeOfDaySeconds = %v, %v, want 257", sec, ok)
			}
		}
		all = append(all, g)
		n := 0
		r.Items(func(_ string, raw []byte) bool { n += len(raw); return true })
		again, err := r.Append(nil)
		if err != nil || !bytes.Contains(b.Data, again) || n >= len(again) || n == 0 {
			t.Errorf("Append = %x, %v, of which %d octets are items", again, err, n)
		}
	}
	want := []got{{true, "25/7", 80, 90}, {false, "25/7", 5, 270}, {false, "25/8", 3, 180}}
	if len(all) != len(want) {
		t.Fatalf("records %v, want %v", all, want)
	}
	for i := range want {
		if all[i] != want[i] {
			t.Errorf("record %d = %v, want %v", i, all[i], want[i])
		}
	}
	if _, ok := r.TimeOfDaySeconds(); ok {
		t.Error("a plot without item 141 has a time")
	}
	r.Begin()
	if _, ok := r.Source(); ok {
		t.Error("the source outlived its block")
	}
}

// FuzzDecode: what is accepted is encoded to the same octets.
func FuzzDecode(f *testing.F) {
	f.Add(octets(f, "f1401907a00123280040008080"))
	f.Add(octets(f, "602002 80c000"))
	f.Add(octets(f, "81 0102 190702 0101 0220"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r cat001.Record
		n, err := r.Decode(b)
		if err != nil {
			if e := (*asterix.Error)(nil); !errors.As(err, &e) || e.Reason == asterix.ReasonDisagreement || e.Offset > len(b) {
				t.Fatalf("Decode(%x): %v", b, err)
			}
			return
		}
		if again, err := r.Append(nil); err != nil || !bytes.Equal(again, b[:n]) {
			t.Fatalf("Append = %x, %v, want %x", again, err, b[:n])
		}
	})
}
