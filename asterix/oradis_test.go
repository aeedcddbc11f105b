// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package asterix_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat001"
	"github.com/kuroshio-watch/kuroshio/asterix/cat002"
	"github.com/kuroshio-watch/kuroshio/internal/corpustest"
)

func TestDatagramBlocks(t *testing.T) {
	for name, tt := range map[string]struct {
		in   []byte
		want string
	}{
		"bare blocks":            {[]byte{48, 0, 4, 1, 34, 0, 4, 9}, "48 @0 01 <nil>; 34 @4 09 <nil>; "},
		"ORADIS frames":          {[]byte{0, 10, 1, 2, 3, 4, 48, 0, 4, 1, 0, 11, 1, 2, 3, 4, 34, 0, 5, 8, 9}, "48 @6 01 <nil>; 34 @16 0809 <nil>; "},
		"a frame without record": {[]byte{0, 9, 1, 2, 3, 4, 48, 0, 3}, "48 @6  asterix cat 048 at octet 6: block without a record; "},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			for b, err := range asterix.DatagramBlocks(tt.in) {
				got += fmt.Sprintf("%d @%d %x %v; ", b.Category, b.Offset, b.Data, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("blocks (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIsORADISRefuses(t *testing.T) {
	for name, in := range map[string][]byte{
		"nothing":              nil,
		"a frame that is cut":  {0, 10, 1, 2, 3, 4, 48, 0, 4},
		"lengths that differ":  {0, 10, 1, 2, 3, 4, 48, 0, 5, 1},
		"octets behind frames": {0, 10, 1, 2, 3, 4, 48, 0, 4, 1, 0},
	} {
		if asterix.IsORADIS(in) {
			t.Errorf("%s was taken for ORADIS", name)
		}
	}
}

// TestORADISCorpus decodes a recorded datagram of plots and sector messages.
func TestORADISCorpus(t *testing.T) {
	var plots cat001.Record
	var service cat002.Record
	records := map[byte]int{}
	forEachDatagram(t, filepath.Join(corpustest.Dir(t), "asterix", "cat_001_002.pcap"), func(_ int, d []byte) {
		for b, err := range asterix.DatagramBlocks(d) {
			if err != nil {
				t.Fatal(err)
			}
			plots.Begin()
			var rec asterix.Decoder = &plots
			if b.Category == cat002.Category {
				rec = &service
			}
			for _, err := range asterix.Records(b, rec) {
				if err != nil {
					t.Fatal(err)
				}
				records[b.Category]++
				if s, ok := plots.Source(); b.Category == 1 && (!ok || s.SAC != 0x19) {
					t.Errorf("Source = %v, %v", s, ok)
				}
			}
		}
	})
	if records[1] < 5 || records[2] != 1 {
		t.Errorf("records by category: %v", records)
	}
	corpustest.Check(t)
}

// FuzzDatagramBlocks: no block reaches past its datagram.
func FuzzDatagramBlocks(f *testing.F) {
	f.Add([]byte{0, 10, 1, 2, 3, 4, 48, 0, 4, 1})
	f.Add([]byte{0, 9, 1, 2, 3, 4, 48, 0, 3})
	f.Add([]byte{48}) // one octet that is no block
	f.Add([]byte{48, 0, 9, 1})
	f.Fuzz(func(t *testing.T, d []byte) {
		d = append(make([]byte, 0, len(d)+16), d...) // as in a buffer that was read into
		for b, err := range asterix.DatagramBlocks(d) {
			if e := (*asterix.Error)(nil); err != nil && !errors.As(err, &e) {
				t.Fatal(err)
			}
			if b.Offset+len(b.Data) > len(d) || cap(b.Data) > len(d)-b.Offset {
				t.Fatalf("block at %d of %d octets in %d", b.Offset, len(b.Data), len(d))
			}
		}
	})
}
