// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cat021_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/asterix/cat021"
)

// old is a record of edition 2.1 with a length and width of odd number, which a
// reader of later editions takes for an extension, and an item behind it.
//
//	FSPEC 81 01 01 01 01 70: 010; 271, 132, 250 (FRN 37 to 39)
//	010   19 0A
//	271   21 0B: POA, and 11
//	132   F6: -10 dBm
//	250   01 and eight octets
func old() []byte {
	return []byte{0x81, 0x01, 0x01, 0x01, 0x01, 0x70, 0x19, 0x0A, 0x21, 0x0B, 0xF6, 0x01, 1, 2, 3, 4, 5, 6, 7, 0x40}
}

func TestEdition21(t *testing.T) {
	for name, tt := range map[string]struct {
		record []byte
		want   int // length
		lw     uint8
		has    cat021.Items
	}{
		"a length and width of odd number": {old(), 20, 11, cat021.Item010 | cat021.Item271 | cat021.Item132 | cat021.Item250},
		"a first octet alone":              {[]byte{0x81, 1, 1, 1, 1, 0x60, 0x19, 0x0A, 0x20, 0xF6}, 10, 0, cat021.Item010 | cat021.Item271 | cat021.Item132},
		"no item 271":                      {[]byte{0x81, 1, 1, 1, 1, 0x20, 0x19, 0x0A, 0xF6}, 9, 0, cat021.Item010 | cat021.Item132},
		"a short specification":            {[]byte{0x80, 0x19, 0x0A}, 3, 0, cat021.Item010},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			var r cat021.Record
			e := cat021.Edition21{Record: &r}
			for _, rest := range []int{0, 3, 5000} { // other records behind it
				b := append(bytes.Clone(tt.record), bytes.Repeat([]byte{0xFF}, rest)...)
				kept := bytes.Clone(b)
				n, err := e.Decode(b)
				if err != nil || n != tt.want || r.Has != tt.has || r.I271.LW != tt.lw {
					t.Errorf("%d octets behind: Decode() = %d, %v; has %x, want %x; LW %d, want %d", rest, n, err, r.Has, tt.has, r.I271.LW, tt.lw)
				}
				if !bytes.Equal(b, kept) {
					t.Error("the octets were changed")
				}
			}
		})
	}
}

// TestEdition21Refuses gives it records that end too early: an error as from
// Record, and no more of it.
func TestEdition21Refuses(t *testing.T) {
	whole := old()
	for n := range whole {
		var r cat021.Record
		if got, err := (&cat021.Edition21{Record: &r}).Decode(whole[:n]); err == nil {
			t.Errorf("the first %d octets are a record of %d", n, got)
		}
	}
}

// TestEdition21ReadsTheOthersAlike compares with later editions where no record
// has item 271.
func TestEdition21ReadsTheOthersAlike(t *testing.T) {
	r := cat021.Record{Has: cat021.Item010 | cat021.Item131 | cat021.Item170, I010: cat021.I010{SAC: 25, SIC: 10}}
	r.I131 = cat021.I131{LAT: 1 << 27, LON: -(1 << 28)}
	b, err := r.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	var later, earlier cat021.Record
	n, err := later.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	m, err := (&cat021.Edition21{Record: &earlier}).Decode(b)
	if diff := cmp.Diff(later, earlier); err != nil || m != n || diff != "" {
		t.Errorf("Decode() = %d, %v, want %d (-later +2.1):\n%s", m, err, n, diff)
	}
}

// TestEdition21LongRecord reads one that is longer than is copied at first.
func TestEdition21LongRecord(t *testing.T) {
	b := []byte{0x81, 1, 1, 1, 1, 0x50, 0x19, 0x0A, 0x21, 0x0B, 255}
	b = append(b, make([]byte, 8*255)...)
	b = append(b, bytes.Repeat([]byte{0xFF}, 100)...)
	var r cat021.Record
	if n, err := (&cat021.Edition21{Record: &r}).Decode(b); err != nil || n != 11+8*255 || r.I271.LW != 11 || len(r.I250) != 255 {
		t.Errorf("Decode() = %d, %v; LW %d, %d registers", n, err, r.I271.LW, len(r.I250))
	}
}

func FuzzEdition21(f *testing.F) {
	f.Add(old())
	f.Add([]byte{0x81, 1, 1, 1, 1, 0x60, 0x19, 0x0A, 0x20, 0xF6})
	f.Add([]byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF})
	f.Fuzz(func(t *testing.T, b []byte) {
		var r, later cat021.Record
		e := cat021.Edition21{Record: &r}
		kept := bytes.Clone(b)
		n, err := e.Decode(b)
		if n > len(b) || err == nil && n == 0 {
			t.Fatalf("Decode() = %d, %v of %d octets", n, err, len(b))
		}
		if !bytes.Equal(b, kept) {
			t.Fatal("the octets were changed")
		}
		if err != nil || r.Has&cat021.Item271 != 0 {
			return
		}
		if m, err := later.Decode(b); err != nil || m != n {
			t.Errorf("without item 271 it reads %d octets, later editions %d, %v", n, m, err)
		}
	})
}
