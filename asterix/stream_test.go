// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package asterix_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/asterix"
)

// stream writes what a Reader yields, one line a turn, as walk does.
func stream(t *testing.T, r io.Reader) []string {
	t.Helper()
	var out []string
	blocks := asterix.NewReader(r)
	for {
		b, err := blocks.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		s := fmt.Sprintf("%d @%d %x", b.Category, b.Offset, b.Data)
		if err != nil {
			s += " ! " + err.Error()
		}
		if out = append(out, s); len(out) > 1000 {
			t.Fatal("the stream does not end")
		}
	}
}

// TestReaderIsBlocks holds that a stream yields what a slice does, however it
// arrives.
func TestReaderIsBlocks(t *testing.T) {
	long := append([]byte{48, 0xff, 0xff}, bytes.Repeat([]byte{7}, 65532)...)
	for name, in := range map[string][]byte{
		"nothing":               nil,
		"blocks":                {48, 0, 5, 1, 2, 34, 0, 4, 9},
		"trailing octets":       {48, 0, 4, 1, 0, 0},
		"a block of no record":  {48, 0, 3, 34, 0, 4, 9},
		"LEN below the header":  {48, 0, 2},
		"a LEN beyond the end":  {34, 0, 4, 9, 48, 0, 90, 0x80, 1, 2},
		"more than 64 KiB":      append(bytes.Clone(long), long...),
		"the header at the end": {34, 0, 4, 9, 48, 0, 90},
	} {
		t.Run(name, func(t *testing.T) {
			want := walk(in)
			if diff := cmp.Diff(want, stream(t, bytes.NewReader(in))); diff != "" {
				t.Errorf("blocks (-slice +stream):\n%s", diff)
			}
			if diff := cmp.Diff(want, stream(t, iotest.OneByteReader(bytes.NewReader(in)))); diff != "" {
				t.Errorf("blocks octet by octet (-slice +stream):\n%s", diff)
			}
		})
	}
}

func TestReaderTellsFaults(t *testing.T) {
	fault := errors.New("disk")
	for _, ok := range [][]byte{nil, {48, 0}, {48, 0, 90, 1}} {
		r := asterix.NewReader(io.MultiReader(bytes.NewReader(ok), iotest.ErrReader(fault)))
		if _, err := r.Next(); !errors.Is(err, fault) {
			t.Errorf("Next after %x: %v", ok, err)
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("Next after the fault: %v", err)
		}
	}
}
