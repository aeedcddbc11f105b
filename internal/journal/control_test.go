// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kuroshio-watch/kuroshio/internal/journal"
	"github.com/kuroshio-watch/kuroshio/internal/record"
)

func TestControlLeavesComeBackAsTheyWere(t *testing.T) {
	beat := journal.Beat{Time: 1756350245, Epoch: 3, Records: 42, Batches: 17}
	it, err := beat.Leaf(2, 9)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := journal.ReadBeat(it); !ok || got != beat {
		t.Errorf("ReadBeat = %+v, %v; want %+v", got, ok, beat)
	}
	quote := &journal.Succession{Epoch: 1, Root: make([]byte, 32)}
	first, err := quote.Leaf(2)
	if err != nil {
		t.Fatal(err)
	}
	got, err := journal.ReadSuccession(first)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(quote, got); d != "" {
		t.Errorf("ReadSuccession (-want +got):\n%s", d)
	}
}

func TestWhatIsNoControlLeafIsNotTaken(t *testing.T) {
	good := func() *record.Item {
		it, err := journal.Beat{Time: 1, Records: 1}.Leaf(1, 5)
		if err != nil {
			t.Fatal(err)
		}
		return it
	}
	for name, spoil := range map[string]func(it *record.Item){
		"with a key":              func(it *record.Item) { it.Key = make([]byte, 32) },
		"of another place":        func(it *record.Item) { it.Seq++ },
		"with another header":     func(it *record.Item) { it.Header = []byte{1} },
		"with a cut body":         func(it *record.Item) { it.Ciphertext = it.Ciphertext[:1] },
		"with something behind":   func(it *record.Item) { it.Ciphertext = append(it.Ciphertext, 0) },
		"that is far too long":    func(it *record.Item) { it.Ciphertext = make([]byte, 1<<16) },
		"whose body is something": func(it *record.Item) { it.Ciphertext = []byte{0x63, 'f', 'o', 'o'} },
	} {
		it := good()
		spoil(it)
		if b, ok := journal.ReadBeat(it); ok {
			t.Errorf("a heartbeat %s was taken: %+v", name, b)
		}
	}
	if _, err := journal.ReadSuccession(good()); !errors.Is(err, journal.ErrMalformed) {
		t.Errorf("a heartbeat as a succession: %v, want ErrMalformed", err)
	}
	for name, s := range map[string]*journal.Succession{
		"a size without a receipt": {Epoch: 1, Size: 3, Root: make([]byte, 32)},
		"a short root":             {Epoch: 1, Root: make([]byte, 31)},
		"a receipt that is none":   {Epoch: 1, Size: 3, Root: make([]byte, 32), Receipt: []byte("yes")},
	} {
		it, err := s.Leaf(2)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := journal.ReadSuccession(it); !errors.Is(err, journal.ErrMalformed) {
			t.Errorf("a succession with %s: %v, want ErrMalformed", name, err)
		}
	}
}

// FuzzControl lets a partner say anything in a control leaf.
func FuzzControl(f *testing.F) {
	beat, err := journal.Beat{Time: 1756350245, Epoch: 1, Records: 42, Batches: 17}.Leaf(1, 8)
	if err != nil {
		f.Fatal(err)
	}
	first, err := (&journal.Succession{Epoch: 1, Root: make([]byte, 32)}).Leaf(2)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(beat.Header, beat.Ciphertext, beat.Seq)
	f.Add(first.Header, first.Ciphertext, first.Seq)
	f.Fuzz(func(t *testing.T, header, body []byte, seq uint64) {
		it := &record.Item{Seq: seq, Header: header, Ciphertext: body}
		b, isBeat := journal.ReadBeat(it)
		s, err := journal.ReadSuccession(it)
		if isBeat && err == nil {
			t.Error("one leaf is two things")
		}
		if isBeat && (b.Time < 0 || b.Records > 1<<63-1) {
			t.Errorf("heartbeat out of range: %+v", b)
		}
		if err == nil && len(s.Root) != 32 {
			t.Errorf("succession out of range: %+v", s)
		}
	})
}
